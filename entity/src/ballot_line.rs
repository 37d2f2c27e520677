//! A line of a ballot: a subject and its place. Frozen with the roster.

use sea_orm::entity::prelude::*;

/// A row of `ballot_line`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ballot_line")]
pub struct Model {
    /// The survey.
    #[sea_orm(primary_key, auto_increment = false)]
    pub survey_id: i64,
    /// The ballot.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ballot_no: i64,
    /// Its place, from 1; the answers of a sheet lie in this order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_no: i64,
    /// Whom it is about; on one ballot of a survey at most.
    pub subject_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}
