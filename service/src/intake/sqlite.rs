//! The statements of a batch for SQLite. The transaction holds the only write lock, so no row needs one of its own.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::batch::{Additions, Admission, Inserted, Key, NewSheet, SurveyRow, Tables, hash_of};

/// A transaction that began as `IMMEDIATE`.
pub(super) struct SqliteTables<'a>(pub &'a mut SqliteConnection);

/// One statement whatever the number of rows: they come as one JSON text.
const ADD_TALLIES: &str = "INSERT INTO tally (survey_id, subject_id, panel, channel, question, option, count) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 \
     FROM json_each(?1) WHERE true \
     ON CONFLICT (survey_id, subject_id, panel, channel, question, option) \
     DO UPDATE SET count = tally.count + excluded.count";

const ADD_SHEET_TALLIES: &str = "INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 \
     FROM json_each(?1) WHERE true \
     ON CONFLICT (survey_id, subject_id, panel, channel, state) \
     DO UPDATE SET count = sheet_tally.count + excluded.count";

const ADD_WORDS: &str = "INSERT INTO sheet_text (survey_id, sheet_no, question, text) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)";

impl Tables for SqliteTables<'_> {
    async fn lock_surveys(&mut self, ids: &[i64]) -> Result<Vec<SurveyRow>, sqlx::Error> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT id, state, opens_at, closes_at FROM survey WHERE id IN (",
        );
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")");
        let rows = query.build().fetch_all(&mut *self.0).await?;
        rows.iter()
            .map(|row| {
                Ok(SurveyRow {
                    id: row.try_get(0)?,
                    state: row.try_get(1)?,
                    opens_at: row.try_get(2)?,
                    closes_at: row.try_get(3)?,
                })
            })
            .collect()
    }

    async fn insert_sheets(
        &mut self,
        sheets: &[NewSheet<'_>],
    ) -> Result<Vec<Inserted>, sqlx::Error> {
        let spent = spend(self.0, sheets).await?;
        let ready: Vec<Ready<'_>> = sheets
            .iter()
            .filter_map(|sheet| ready(sheet, &spent))
            .collect();
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::<Sqlite>::new(
            "INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, state, reason, receipt_hash, body_hash) ",
        );
        query.push_values(
            &ready,
            |mut row,
             Ready {
                 sheet,
                 subject_id,
                 panel,
             }| {
                row.push_bind(sheet.survey_id())
                    .push_bind(sheet.sheet_no)
                    .push_bind(*subject_id)
                    .push_bind(*panel)
                    .push_bind(sheet.channel())
                    .push_bind(sheet.candidate.bytes.as_slice())
                    .push_bind(sheet.state().word())
                    .push_bind(sheet.reason())
                    .push_bind(sheet.candidate.receipt_hash.as_slice())
                    .push_bind(sheet.candidate.body_hash.as_slice());
            },
        );
        query.push(" ON CONFLICT (survey_id, receipt_hash) DO NOTHING RETURNING sheet_no, subject_id, panel");
        let rows = query.build().fetch_all(&mut *self.0).await?;
        rows.iter()
            .map(|row| {
                Ok(Inserted {
                    sheet_no: row.try_get(0)?,
                    subject_id: row.try_get(1)?,
                    panel: row.try_get(2)?,
                })
            })
            .collect()
    }

    async fn add(&mut self, additions: &Additions<'_>) -> Result<(), sqlx::Error> {
        let mut answers = Vec::new();
        let mut sheets = Vec::new();
        for (stratum, tally) in &additions.tallies {
            let key = (
                stratum.survey_id,
                stratum.subject_id,
                &stratum.panel,
                stratum.channel,
            );
            for ((question, option), count) in &tally.answers {
                answers.push((key.0, key.1, key.2, key.3, question, option, count));
            }
            for (state, count) in &tally.sheets {
                sheets.push((key.0, key.1, key.2, key.3, state.word(), count));
            }
        }
        let words: Vec<_> = additions
            .words
            .iter()
            .map(|words| (words.survey_id, words.sheet_no, words.question, words.text))
            .collect();
        add_json(self.0, ADD_TALLIES, &answers).await?;
        add_json(self.0, ADD_SHEET_TALLIES, &sheets).await?;
        add_json(self.0, ADD_WORDS, &words).await
    }

    async fn find_bodies(
        &mut self,
        receipts: &[Key],
    ) -> Result<BTreeMap<Key, Vec<u8>>, sqlx::Error> {
        let mut query = wanted(receipts);
        query.push(
            "SELECT sheet.survey_id, sheet.receipt_hash, sheet.body_hash FROM wanted \
             JOIN sheet ON sheet.survey_id = wanted.survey_id AND sheet.receipt_hash = wanted.hash",
        );
        let rows = query.build().fetch_all(&mut *self.0).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    (row.try_get(0)?, hash_of(row.try_get(1)?)?),
                    row.try_get(2)?,
                ))
            })
            .collect()
    }

    async fn find_invitations(
        &mut self,
        tokens: &[Key],
    ) -> Result<BTreeMap<Key, String>, sqlx::Error> {
        let mut query = wanted(tokens);
        query.push(
            "SELECT invitation.survey_id, invitation.token_hash, invitation.state FROM wanted \
             JOIN invitation ON invitation.survey_id = wanted.survey_id AND invitation.token_hash = wanted.hash",
        );
        let rows = query.build().fetch_all(&mut *self.0).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    (row.try_get(0)?, hash_of(row.try_get(1)?)?),
                    row.try_get(2)?,
                ))
            })
            .collect()
    }

    async fn write_something(&mut self) -> Result<(), sqlx::Error> {
        // What another transaction of this file committed was flushed before this one could begin.
        Ok(())
    }
}

/// A sheet whose admission is good.
struct Ready<'a> {
    sheet: &'a NewSheet<'a>,
    subject_id: i64,
    panel: &'a str,
}

fn ready<'a>(
    sheet: &'a NewSheet<'a>,
    spent: &'a BTreeMap<Key, (i64, String)>,
) -> Option<Ready<'a>> {
    let (subject_id, panel) = match &sheet.candidate.admission {
        Admission::Link {
            subject_id, panel, ..
        } => (*subject_id, panel),
        Admission::Invitation { token_hash } => {
            let (subject_id, panel) = spent.get(&(sheet.survey_id(), *token_hash))?;
            (*subject_id, panel)
        }
    };
    Some(Ready {
        sheet,
        subject_id,
        panel,
    })
}

/// Spends the invitations that are still good; their subjects and panels.
async fn spend(
    connection: &mut SqliteConnection,
    sheets: &[NewSheet<'_>],
) -> Result<BTreeMap<Key, (i64, String)>, sqlx::Error> {
    let tokens: Vec<Key> = sheets
        .iter()
        .filter_map(|sheet| Some((sheet.survey_id(), *sheet.token_hash()?)))
        .collect();
    if tokens.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut query = wanted(&tokens);
    // A join and not `IN` over pairs, for which SQLite walks the whole table.
    query.push(
        "UPDATE invitation SET state = 'used' FROM wanted \
         WHERE invitation.survey_id = wanted.survey_id AND invitation.token_hash = wanted.hash AND state = 'issued' \
         RETURNING invitation.survey_id, token_hash, subject_id, panel",
    );
    let rows = query.build().fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok((
                (row.try_get(0)?, hash_of(row.try_get(1)?)?),
                (row.try_get(2)?, row.try_get(3)?),
            ))
        })
        .collect()
}

fn wanted(keys: &[Key]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new("WITH wanted (survey_id, hash) AS (");
    query.push_values(keys, |mut row, (survey_id, hash)| {
        row.push_bind(*survey_id).push_bind(hash.to_vec());
    });
    query.push(") ");
    query
}

async fn add_json<T: serde::Serialize + Sync>(
    connection: &mut SqliteConnection,
    statement: &'static str,
    rows: &[T],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let json = serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query(statement)
        .bind(json)
        .execute(connection)
        .await?;
    Ok(())
}
