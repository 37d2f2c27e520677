//! The statements of a batch for PostgreSQL: each takes its rows as arrays, so its text never changes and it is
//! prepared once.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row};

use super::batch::{Additions, Admission, Inserted, Key, NewSheet, SurveyRow, Tables, hash_of};

/// A transaction at `READ COMMITTED`.
pub(super) struct PostgresTables<'a>(pub &'a mut PgConnection);

/// A share lock lets other servers book too, and makes whoever closes the survey wait for all of them.
const LOCK_SURVEYS: &str =
    "SELECT id, state, opens_at, closes_at FROM survey WHERE id = ANY($1) ORDER BY id FOR SHARE";

const INSERT_SHEETS: &str = "WITH sent AS (
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::text[], $6::text[],
                             $7::bytea[], $8::text[], $9::text[], $10::bytea[], $11::bytea[])
            AS t (survey_id, sheet_no, token_hash, subject_id, panel, channel,
                  answers, state, reason, receipt_hash, body_hash)
    ), spent AS (
        UPDATE invitation SET state = 'used' FROM sent
        WHERE invitation.survey_id = sent.survey_id AND invitation.token_hash = sent.token_hash
            AND invitation.state = 'issued'
        RETURNING sent.sheet_no, invitation.subject_id, invitation.panel
    )
    INSERT INTO sheet (survey_id, sheet_no, subject_id, panel, channel, answers, state, reason, receipt_hash, body_hash)
    SELECT sent.survey_id, sent.sheet_no, coalesce(spent.subject_id, sent.subject_id),
        coalesce(spent.panel, sent.panel), sent.channel, sent.answers, sent.state, sent.reason,
        sent.receipt_hash, sent.body_hash
    FROM sent LEFT JOIN spent USING (sheet_no)
    WHERE sent.token_hash IS NULL OR spent.sheet_no IS NOT NULL
    ON CONFLICT (survey_id, receipt_hash) DO NOTHING
    RETURNING sheet_no, subject_id, panel";

const ADD: &str = "WITH counted AS (
        INSERT INTO tally (survey_id, subject_id, panel, channel, question, option, count)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::smallint[], $7::bigint[])
        ON CONFLICT (survey_id, subject_id, panel, channel, question, option)
        DO UPDATE SET count = tally.count + excluded.count
    ), worded AS (
        INSERT INTO sheet_text (survey_id, sheet_no, question, text)
        SELECT * FROM unnest($8::bigint[], $9::bigint[], $10::smallint[], $11::text[])
    )
    INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count)
    SELECT * FROM unnest($12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::bigint[])
    ON CONFLICT (survey_id, subject_id, panel, channel, state)
    DO UPDATE SET count = sheet_tally.count + excluded.count";

const FIND_BODIES: &str = "SELECT sheet.survey_id, sheet.receipt_hash, sheet.body_hash
    FROM unnest($1::bigint[], $2::bytea[]) AS wanted (survey_id, hash)
    JOIN sheet ON sheet.survey_id = wanted.survey_id AND sheet.receipt_hash = wanted.hash";

const FIND_INVITATIONS: &str = "SELECT invitation.survey_id, invitation.token_hash, invitation.state
    FROM unnest($1::bigint[], $2::bytea[]) AS wanted (survey_id, hash)
    JOIN invitation ON invitation.survey_id = wanted.survey_id AND invitation.token_hash = wanted.hash";

/// Goes into the log of the server and nowhere else; the commit waits for standbys as any other does.
const WRITE_SOMETHING: &str = "SELECT pg_logical_emit_message(true, 'mingjian', 'retry')";

impl Tables for PostgresTables<'_> {
    async fn lock_surveys(&mut self, ids: &[i64]) -> Result<Vec<SurveyRow>, sqlx::Error> {
        let rows = sqlx::query(LOCK_SURVEYS)
            .bind(ids)
            .fetch_all(&mut *self.0)
            .await?;
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
        let link = |sheet: &NewSheet<'_>| match &sheet.candidate.admission {
            Admission::Link {
                subject_id, panel, ..
            } => (Some(*subject_id), Some(panel.clone())),
            Admission::Invitation { .. } => (None, None),
        };
        let (subjects, panels): (Vec<Option<i64>>, Vec<Option<String>>) =
            sheets.iter().map(link).unzip();
        let rows = sqlx::query(INSERT_SHEETS)
            .bind(sheets.iter().map(NewSheet::survey_id).collect::<Vec<_>>())
            .bind(
                sheets
                    .iter()
                    .map(|sheet| sheet.sheet_no)
                    .collect::<Vec<_>>(),
            )
            .bind(
                sheets
                    .iter()
                    .map(|sheet| sheet.token_hash().map(|hash| hash.to_vec()))
                    .collect::<Vec<_>>(),
            )
            .bind(subjects)
            .bind(panels)
            .bind(sheets.iter().map(NewSheet::channel).collect::<Vec<_>>())
            .bind(
                sheets
                    .iter()
                    .map(|sheet| sheet.candidate.bytes.clone())
                    .collect::<Vec<_>>(),
            )
            .bind(
                sheets
                    .iter()
                    .map(|sheet| sheet.state().word())
                    .collect::<Vec<_>>(),
            )
            .bind(sheets.iter().map(NewSheet::reason).collect::<Vec<_>>())
            .bind(
                sheets
                    .iter()
                    .map(|sheet| sheet.candidate.receipt_hash.to_vec())
                    .collect::<Vec<_>>(),
            )
            .bind(
                sheets
                    .iter()
                    .map(|sheet| sheet.candidate.body_hash.to_vec())
                    .collect::<Vec<_>>(),
            )
            .fetch_all(&mut *self.0)
            .await?;
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
        let mut answers = Columns::default();
        let (mut questions, mut options) = (Vec::new(), Vec::new());
        let mut sheets = Columns::default();
        let mut states = Vec::new();
        for (stratum, tally) in &additions.tallies {
            for ((question, option), count) in &tally.answers {
                answers.push(stratum, *count);
                questions.push(small(*question)?);
                options.push(small(*option)?);
            }
            for (state, count) in &tally.sheets {
                sheets.push(stratum, *count);
                states.push(state.word());
            }
        }
        let words = &additions.words;
        sqlx::query(ADD)
            .bind(answers.surveys)
            .bind(answers.subjects)
            .bind(answers.panels)
            .bind(answers.channels)
            .bind(questions)
            .bind(options)
            .bind(answers.counts)
            .bind(
                words
                    .iter()
                    .map(|words| words.survey_id)
                    .collect::<Vec<_>>(),
            )
            .bind(words.iter().map(|words| words.sheet_no).collect::<Vec<_>>())
            .bind(words.iter().map(|words| words.question).collect::<Vec<_>>())
            .bind(words.iter().map(|words| words.text).collect::<Vec<_>>())
            .bind(sheets.surveys)
            .bind(sheets.subjects)
            .bind(sheets.panels)
            .bind(sheets.channels)
            .bind(states)
            .bind(sheets.counts)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn find_bodies(
        &mut self,
        receipts: &[Key],
    ) -> Result<BTreeMap<Key, Vec<u8>>, sqlx::Error> {
        let (surveys, hashes) = columns(receipts);
        let rows = sqlx::query(FIND_BODIES)
            .bind(surveys)
            .bind(hashes)
            .fetch_all(&mut *self.0)
            .await?;
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
        let (surveys, hashes) = columns(tokens);
        let rows = sqlx::query(FIND_INVITATIONS)
            .bind(surveys)
            .bind(hashes)
            .fetch_all(&mut *self.0)
            .await?;
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
        sqlx::query(WRITE_SOMETHING).execute(&mut *self.0).await?;
        Ok(())
    }
}

/// The key of a stratum and a count, column by column.
#[derive(Default)]
struct Columns<'a> {
    surveys: Vec<i64>,
    subjects: Vec<i64>,
    panels: Vec<&'a str>,
    channels: Vec<&'static str>,
    counts: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, stratum: &'a super::batch::Stratum, count: u64) {
        self.surveys.push(stratum.survey_id);
        self.subjects.push(stratum.subject_id);
        self.panels.push(&stratum.panel);
        self.channels.push(stratum.channel);
        self.counts.push(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

fn small(number: u16) -> Result<i16, sqlx::Error> {
    i16::try_from(number).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

fn columns(keys: &[Key]) -> (Vec<i64>, Vec<Vec<u8>>) {
    keys.iter()
        .map(|(survey_id, hash)| (*survey_id, hash.to_vec()))
        .unzip()
}
