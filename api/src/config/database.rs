//! Settings of the database.

use super::Secret;
use super::reader::Reader;

/// The database. URLs hold passwords, hence [`Secret`].
#[derive(Debug, Clone)]
pub struct Database {
    /// Role that runs.
    pub url: Secret,
    /// Role that migrates.
    pub migrate_url: Secret,
    /// Greatest number of connections.
    pub connections: u32,
}

pub(super) fn read(reader: &mut Reader) -> Database {
    let url = read_database_url(
        reader,
        ["database.url", "database.url_file"],
        [
            "`sqlite:FILE` or `postgres://…`, of the role that runs",
            "file that holds `database.url`",
        ],
    );
    let url = url.unwrap_or_else(|| Secret::new("sqlite:mingjian.db".to_owned()));
    let migrate_url = read_database_url(
        reader,
        ["database.migrate_url", "database.migrate_url_file"],
        [
            "the same of the role that migrates; `database.url` where left out",
            "file that holds `database.migrate_url`",
        ],
    );
    Database {
        migrate_url: migrate_url.unwrap_or_else(|| url.clone()),
        url,
        connections: reader.number(
            "database.connections",
            16,
            2..=1_000,
            "greatest number of database connections",
        ),
    }
}

fn read_database_url(
    reader: &mut Reader,
    [key, file_key]: [&'static str; 2],
    [meaning, file_meaning]: [&'static str; 2],
) -> Option<Secret> {
    let direct: Option<String> = reader.optional(key, meaning);
    let from_file = reader.secret_file(file_key, file_meaning);
    let chosen = match (direct, from_file) {
        (Some(_), Some(_)) => {
            reader.fault(
                key,
                format!("is given twice: keep it or `{file_key}`, not both"),
            );
            None
        }
        (Some(text), None) => Some(Secret::new(text)),
        (None, secret) => secret,
    }?;
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known
        .iter()
        .any(|scheme| chosen.expose().starts_with(scheme))
    {
        return Some(chosen);
    }
    // The value may hold a password, so the message does not repeat it.
    reader.fault(
        key,
        "is no database address: it starts with `sqlite:` or `postgres://`",
    );
    None
}
