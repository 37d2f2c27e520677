//! An open round in an empty database, put there by statements: a roster and a scheme, nothing recorded yet.
//!
//! By statements and not by use-cases, so that ids are known beforehand and a roster of thousands costs nothing.

use std::fmt::Write;

use domain::id::{self, Id};
use sea_orm::{ConnectionTrait, DbBackend};
use service::Service;
use service::database::WriteTransaction;

/// The round.
pub const ROUND: Id<id::Round> = Id::new(1);

/// The region of all subjects.
pub const REGION: Id<id::Region> = Id::new(1);

/// Subjects of one statement.
const ROWS: usize = 500;

/// What is planted.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The file of the scheme, which knows a category `organ` of units.
    pub scheme: &'a str,
    /// How many units take part. Their ids count from 1, their codes from `u-001`.
    pub units: usize,
}

/// Plants a round of 2026, open, in the series `r`.
///
/// # Panics
/// The database refuses.
pub async fn plant(transaction: &WriteTransaction, plan: Plan<'_>) {
    for sql in statements(transaction.get_database_backend(), plan) {
        transaction
            .execute_unprepared(&sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// Adds active accounts that nobody logs in to, by their ids and log-in names.
///
/// # Panics
/// The database refuses.
pub async fn add_staff(service: &Service, people: &[(i64, &str)]) {
    let transaction = (service.database.begin_write().await).expect("a transaction");
    for (id, login) in people {
        let sql = format!(
            "INSERT INTO staff (id, login, name, password_hash, state, row_version, failed_logins) VALUES \
             ({id}, '{login}', '甲', '', 'active', 1, 0)"
        );
        transaction
            .execute_unprepared(&sql)
            .await
            .expect("an account");
    }
    transaction.commit().await.expect("a commit");
}

fn statements(backend: DbBackend, plan: Plan<'_>) -> Vec<String> {
    let digest = match backend {
        DbBackend::Sqlite => "zeroblob(32)",
        _ => "decode(repeat('00', 32), 'hex')",
    };
    let mut statements = vec![
        "INSERT INTO region (id, code, name, name_en) VALUES (1, 'r', '区（虚构）', 'District (fictional)')".to_owned(),
        "INSERT INTO scheme (id, code, name, name_en) VALUES (1, 'small', '小表', 'Small table')".to_owned(),
        format!(
            "INSERT INTO scheme_version (id, scheme_id, version, source, digest, added_at) \
             VALUES (1, 1, '1', '{}', {digest}, 0)",
            plan.scheme.replace('\'', "''")
        ),
        "INSERT INTO round (id, code, series, name, name_en, scheme_version_id, period_from_on, period_to_on, \
         time_zone, state, publicity, opened_at, row_version, inputs_changed_at) VALUES \
         (1, 'r1', 'r', '一轮', 'Round', 1, '2026-01-01', '2026-12-31', 'Asia/Shanghai', 'open', 'internal', 0, 1, 0)"
            .to_owned(),
    ];
    let units: Vec<usize> = (1..=plan.units).collect();
    for part in units.chunks(ROWS) {
        let mut values = String::new();
        for unit in part {
            let comma = if values.is_empty() { "" } else { ", " };
            let _written = write!(
                values,
                "{comma}({unit}, 'u-{unit:03}', 'unit', 'organ', 1, '{unit} 局', 'Bureau {unit}')"
            );
        }
        statements.push(format!(
            "INSERT INTO subject (id, code, kind, category, region_id, name, name_en) VALUES {values}"
        ));
    }
    statements.push(
        "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en) \
         SELECT 1, id, category, region_id, name, name_en FROM subject"
            .to_owned(),
    );
    statements
}
