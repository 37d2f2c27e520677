//! Somebody whom a survey is sent to; erased some time after it ends. Nothing here leads to an invitation or a sheet.

use sea_orm::entity::prelude::*;

/// What became of the last mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Delivery {
    /// `none`
    #[sea_orm(string_value = "none")]
    None,
    /// `waiting`
    #[sea_orm(string_value = "waiting")]
    Waiting,
    /// `sent`
    #[sea_orm(string_value = "sent")]
    Sent,
    /// `failed`
    #[sea_orm(string_value = "failed")]
    Failed,
}

/// A row of `contact`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    /// Random positive key, from which the token follows together with the secret of the list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The list.
    pub list_id: i64,
    /// The survey.
    pub survey_id: i64,
    /// Whom the answer is about.
    pub subject_id: i64,
    /// The panel to which the person belongs.
    pub panel: String,
    /// The marks of the person whose share the survey demands among sheets: a bit for each, the first of them lowest.
    pub marks: i64,
    /// How the person is addressed; empty where nobody said.
    pub name: String,
    /// Mail address, telephone number or postal address.
    pub address: String,
    /// What became of the last mail.
    pub delivery: Delivery,
    /// Loaded on demand.
    #[sea_orm(belongs_to, from = "list_id", to = "id")]
    pub list: BelongsTo<super::contact_list::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
