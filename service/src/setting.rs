//! Settings that are changed while the system runs, and marks that must live in the database itself, such as the one
//! of a demonstration.
//!
//! Configuration of a process (addresses, secrets, limits) is deliberately not here: it must be known before there is
//! a database.

use entity::setting;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};

use crate::{Fault, Service, database::WriteTransaction};

/// The setting that marks a database whose people and answers are made up.
const DEMO: Setting<'_> = Setting {
    name: "demo",
    value: "yes",
};

impl Service {
    /// Whether the database was marked by [`Service::mark_as_demo`]. One statement.
    pub async fn is_demo(&self) -> Result<bool, Fault> {
        let value = find(&self.database.reader(), DEMO.name).await?;
        Ok(value.is_some())
    }

    /// Marks the database, for good, as one whose people and answers are made up.
    pub async fn mark_as_demo(&self) -> Result<(), Fault> {
        let transaction = self.database.begin_write().await?;
        put(&transaction, DEMO).await?;
        transaction.commit().await
    }
}

/// The value of a setting, if it was ever put.
pub async fn find(connection: &impl ConnectionTrait, name: &str) -> Result<Option<String>, Fault> {
    let row = setting::Entity::find_by_id(name.to_owned())
        .one(connection)
        .await?;
    Ok(row.map(|row| row.value))
}

/// Puts a setting, in place of an earlier value.
pub async fn put(transaction: &WriteTransaction, new: Setting<'_>) -> Result<(), Fault> {
    let row = setting::ActiveModel {
        name: Set(new.name.to_owned()),
        value: Set(new.value.to_owned()),
    };
    setting::Entity::insert(row)
        .on_conflict(
            OnConflict::column(setting::Column::Name)
                .update_column(setting::Column::Value)
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// The value of a setting that is drawn once for each database: what is stored, or else what is given here. Of two
/// processes that start at once both end up with the one that was stored.
pub async fn keep(transaction: &WriteTransaction, fresh: Setting<'_>) -> Result<String, Fault> {
    let row = setting::ActiveModel {
        name: Set(fresh.name.to_owned()),
        value: Set(fresh.value.to_owned()),
    };
    setting::Entity::insert(row)
        .on_conflict(
            OnConflict::column(setting::Column::Name)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    find(transaction, fresh.name)
        .await?
        .ok_or_else(|| Fault::internal(format!("the setting `{}` is not kept", fresh.name)))
}

/// A setting to put.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its new value.
    pub value: &'a str,
}
