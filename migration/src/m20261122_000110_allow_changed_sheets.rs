//! Respondents may change their answers: a sheet in whose place its own respondent has put another is `changed`.

use sea_orm_migration::{
    MigrationName, MigrationTrait, SchemaManager,
    sea_orm::{ConnectionTrait, DbErr, Statement},
};

use crate::dialect;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261122_000110_allow_changed_sheets"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            if dialect::is_sqlite(manager) {
                make_anew(manager, table).await?;
            } else {
                let sql = format!(
                    "ALTER TABLE {table} DROP CONSTRAINT {table}_state_check, \
                     ADD CONSTRAINT {table}_state_check CHECK (state IN ({KNOWN}, {NEW}))"
                );
                manager.get_connection().execute_unprepared(&sql).await?;
            }
        }
        Ok(())
    }
}

const TABLES: [&str; 3] = ["sheet", "ballot_sheet", "sheet_tally"];

const KNOWN: &str = "'valid', 'invalid', 'replaced', 'late', 'quarantined'";
const NEW: &str = "'changed'";

/// SQLite changes no constraint of a table that there is. Nothing refers to these tables, so each is made anew with its
/// rows.
async fn make_anew(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = $1",
        [table.into()],
    );
    let row = connection.query_one_raw(statement).await?;
    let made: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    let wider = made
        .filter(|sql| sql.contains(KNOWN))
        .and_then(|sql| {
            Some(
                sql.split_once('(')?
                    .1
                    .replacen(KNOWN, &format!("{KNOWN}, {NEW}"), 1),
            )
        })
        .ok_or_else(|| DbErr::Migration(format!("the table `{table}` is not as it was made")))?;
    for sql in [
        format!("CREATE TABLE {table}_anew ({wider}"),
        format!("INSERT INTO {table}_anew SELECT * FROM {table}"),
        format!("DROP TABLE {table}"),
        format!("ALTER TABLE {table}_anew RENAME TO {table}"),
    ] {
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}
