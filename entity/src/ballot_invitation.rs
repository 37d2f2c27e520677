//! A one-time admission to a ballot; deliberately without time, order or address.

use sea_orm::entity::prelude::*;

use super::invitation::State;

/// A row of `ballot_invitation`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ballot_invitation")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// SHA-256 of the token, 32 bytes; the token itself is stored nowhere.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    /// The ballot.
    pub ballot_no: i64,
    /// The panel to which the invited person belongs.
    pub panel: String,
    /// Whether it still admits.
    pub state: State,
    /// The marks of the invited person whose share the survey demands among sheets: a bit for each, the first of them lowest.
    pub marks: i64,
}

impl ActiveModelBehavior for ActiveModel {}
