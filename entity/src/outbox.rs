//! Work for later, written in the transaction that makes it necessary.

use sea_orm::entity::prelude::*;

/// A row of `outbox`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    /// Random positive key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// What it needs, as canonical JSON; `null` once it is done or given up.
    pub body: String,
    /// Not before this instant, microseconds since the epoch.
    pub due_at: i64,
    /// How often it was claimed; also tells one claim from the next.
    pub attempts: i64,
    /// A worker has it until this instant, microseconds since the epoch.
    pub claimed_until_at: Option<i64>,
    /// When it was done or given up, microseconds since the epoch.
    pub done_at: Option<i64>,
    /// What went wrong last; with `done_at` it means that the work was given up.
    pub fault: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
