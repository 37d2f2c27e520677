//! Who the owner of an account is at a provider of identities.

use sea_orm::entity::prelude::*;

/// A row of `staff_identity`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "staff_identity")]
pub struct Model {
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub staff_id: i64,
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// The person, as the provider's tokens name them.
    pub subject: String,
    /// When they were bound together, microseconds since the epoch.
    pub bound_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
