//! A list of people whom a survey is sent to, by mail, telephone or letter.

use sea_orm::entity::prelude::*;

/// How its contacts are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Way {
    /// `mail`
    #[sea_orm(string_value = "mail")]
    Mail,
    /// `phone`
    #[sea_orm(string_value = "phone")]
    Phone,
    /// `letter`
    #[sea_orm(string_value = "letter")]
    Letter,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// `draft`
    #[sea_orm(string_value = "draft")]
    Draft,
    /// `confirmed`
    #[sea_orm(string_value = "confirmed")]
    Confirmed,
    /// `withdrawn`
    #[sea_orm(string_value = "withdrawn")]
    Withdrawn,
    /// `erased`
    #[sea_orm(string_value = "erased")]
    Erased,
}

/// A row of `contact_list`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_list")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The survey.
    pub survey_id: i64,
    /// How its contacts are reached.
    pub way: Way,
    /// How far it has come.
    pub state: State,
    /// How many contacts it had when it was stored.
    pub contacts: i64,
    /// With what it was drawn at random; absent where everybody is on it.
    pub seed: Option<String>,
    /// From how many contacts it was drawn.
    pub drawn_from: Option<i64>,
    /// From which the tokens of its contacts follow, 32 bytes; gone once the contacts are.
    pub secret: Option<Vec<u8>>,
    /// When it was stored, microseconds since the epoch.
    pub added_at: i64,
    /// When mails to its contacts were queued last, microseconds since the epoch.
    pub mailed_at: Option<i64>,
    /// When its numbers or letters were handed out, microseconds since the epoch.
    pub handed_out_at: Option<i64>,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "survey_id", to = "id")]
    pub survey: BelongsTo<super::survey::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
