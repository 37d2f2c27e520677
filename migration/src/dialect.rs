//! The words in which the two databases differ, and the statements that cannot be shared at all.
//!
//! | written here | SQLite | PostgreSQL |
//! |---|---|---|
//! | `{integer}` | `INTEGER` | `BIGINT` |
//! | `{small}` | `INTEGER` | `SMALLINT` |
//! | `{boolean}` | `INTEGER` | `BOOLEAN` |
//! | `{bytes}` | `BLOB` | `BYTEA` |
//! | `{counts}` | `TEXT`, as PostgreSQL writes an array | `BIGINT[]` |
//! | `{are_counts}` | such a text, without a sign | none below 0 |
//! | `{strict}` | `STRICT` | |
//! | `{clustered}` | `STRICT, WITHOUT ROWID` | |
//! | `{clustered_hot}` | `STRICT, WITHOUT ROWID` | `WITH (fillfactor = 70)` |
//!
//! `STRICT` makes SQLite refuse a text in a column of numbers, as PostgreSQL does. `{clustered}` keeps a row inside its
//! primary key: such a table has no row number, hence no order of arrival, and a scan by the leading columns of the
//! key reads neighbouring pages. A hot table is updated in place all the time: room on each page of PostgreSQL lets it
//! do so without touching the indexes.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

const ON_SQLITE: [(&str, &str); 9] = [
    ("{integer}", "INTEGER"),
    ("{small}", "INTEGER"),
    ("{boolean}", "INTEGER"),
    ("{bytes}", "BLOB"),
    ("{counts}", "TEXT"),
    (
        "{are_counts}",
        "counts GLOB '{[0-9]*}' AND counts NOT GLOB '*[^0-9,{}]*'",
    ),
    ("{strict}", "STRICT"),
    ("{clustered}", "STRICT, WITHOUT ROWID"),
    ("{clustered_hot}", "STRICT, WITHOUT ROWID"),
];

const ON_POSTGRES: [(&str, &str); 9] = [
    ("{integer}", "BIGINT"),
    ("{small}", "SMALLINT"),
    ("{boolean}", "BOOLEAN"),
    ("{bytes}", "BYTEA"),
    ("{counts}", "BIGINT[]"),
    ("{are_counts}", "0 <= ALL (counts)"),
    ("{strict}", ""),
    ("{clustered}", ""),
    ("{clustered_hot}", "WITH (fillfactor = 70)"),
];

/// Runs statements that both databases understand once the words above are filled in.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let words = if is_sqlite(manager) {
        ON_SQLITE
    } else {
        ON_POSTGRES
    };
    for statement in statements {
        let sql = words
            .iter()
            .fold((*statement).to_owned(), |sql, (word, text)| {
                sql.replace(word, text)
            });
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Makes a table one to which rows can only be added: the database itself refuses to change or remove them, whichever
/// program asks.
pub(crate) async fn freeze_rows(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if is_sqlite(manager) {
        for verb in ["UPDATE", "DELETE"] {
            let name = verb.to_lowercase();
            let sql = format!(
                "CREATE TRIGGER {table}_refuses_{name} BEFORE {verb} ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or removed'); END"
            );
            connection.execute_unprepared(&sql).await?;
        }
        return Ok(());
    }
    let function = format!(
        "CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN RAISE EXCEPTION 'rows of {table} are never changed or removed' \
         USING ERRCODE = 'restrict_violation'; END $$"
    );
    connection.execute_unprepared(&function).await?;
    for (level, verb) in [("ROW", "UPDATE OR DELETE"), ("STATEMENT", "TRUNCATE")] {
        let name = level.to_lowercase();
        let sql = format!(
            "CREATE TRIGGER {table}_refuses_by_{name} BEFORE {verb} ON {table} \
             FOR EACH {level} EXECUTE FUNCTION {table}_refuse()"
        );
        connection.execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Whether the step runs on SQLite; otherwise it runs on PostgreSQL, the only other database there is.
pub(crate) fn is_sqlite(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Sqlite
}
