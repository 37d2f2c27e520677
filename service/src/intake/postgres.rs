//! A batch on PostgreSQL: two statements, each a transaction of its own, for a round trip costs more than most of what
//! it asks for.
//!
//! Each takes its rows as arrays, so its text never changes and it is prepared once. Nothing is held between the two;
//! the second stores what was planned exactly if everything that it rests on still holds, and fails otherwise.

use sqlx::PgConnection;

use super::batch::{Candidate, Found, Kind, NewSheet, Plan, look};
use crate::Fault;

/// Statements of a batch.
pub(super) const STATEMENTS: u64 = 2;

/// The statements for one kind of sheet.
struct Statements {
    look: &'static str,
    store: &'static str,
}

macro_rules! statements {
    ($sheet:literal, $invitation:literal, $about:literal) => {
        Statements {
            look: look!(
                "SELECT place, survey_id, token_hash, receipt_hash \
                 FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) \
                 WITH ORDINALITY AS t (survey_id, token_hash, receipt_hash, place)",
                $sheet,
                $invitation,
                $about
            ),
            store: store!($sheet, $invitation, $about),
        }
    };
}

/// The invitation alone says whom its sheet is about, and the survey whether it may be there: where either has changed
/// its mind, a sheet would be about nothing, which its table refuses.
///
/// The share lock on the surveys lets other servers book too, and makes whoever closes one wait for all of them.
/// Invitations are spent in the order of their hashes, so that no two servers wait for each other. What they say of
/// subject or ballot and panel is compared in a way that no index serves: in a young database that one looks as good as the key.
macro_rules! store {
    ($sheet:literal, $invitation:literal, $about:literal) => {
        concat!("WITH held AS MATERIALIZED (
        SELECT id FROM survey
        WHERE id = ANY ($1) AND state = 'open' AND coalesce(opens_at <= $2, true) AND coalesce($2 < closes_at, true)
        ORDER BY id FOR SHARE
    ), sent AS MATERIALIZED (
        SELECT * FROM unnest($1::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::text[], $7::text[],
                             $8::bytea[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::bytea[], $35::bigint[])
            AS t (survey_id, sheet_no, token_hash, about, panel, channel,
                  answers, words, state, reason, receipt_hash, body_hash, marks)
    ), spent AS (
        UPDATE ", $invitation, " AS invitation SET state = 'used'
        FROM (SELECT sent.* FROM sent JOIN held ON held.id = sent.survey_id
              WHERE token_hash IS NOT NULL ORDER BY survey_id, token_hash) AS good
        WHERE invitation.survey_id = good.survey_id AND invitation.token_hash = good.token_hash
            AND invitation.state = 'issued'
            AND (invitation.", $about, ", invitation.panel) IS NOT DISTINCT FROM (good.about, good.panel)
        RETURNING good.sheet_no
    ), counted AS (
        INSERT INTO tally (survey_id, subject_id, panel, channel, counts)
        SELECT survey_id, subject_id, panel, channel, counts::bigint[]
        FROM unnest($14::bigint[], $15::bigint[], $16::text[], $17::text[], $18::text[])
            AS t (survey_id, subject_id, panel, channel, counts)
        ON CONFLICT (survey_id, subject_id, panel, channel)
        DO UPDATE SET counts = (
            SELECT array_agg(kept + new ORDER BY place)
            FROM unnest(tally.counts, excluded.counts) WITH ORDINALITY AS both_of (kept, new, place))
    ), counted_sheets AS (
        INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count)
        SELECT * FROM unnest($19::bigint[], $20::bigint[], $21::text[], $22::text[], $23::text[], $24::bigint[])
        ON CONFLICT (survey_id, subject_id, panel, channel, state)
        DO UPDATE SET count = sheet_tally.count + excluded.count
    ), arrived AS (
        INSERT INTO arrival (survey_id, channel, span, network, answers, fast)
        SELECT * FROM unnest($25::bigint[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[], $30::bigint[])
        ON CONFLICT (survey_id, channel, span, network)
        DO UPDATE SET answers = arrival.answers + excluded.answers, fast = arrival.fast + excluded.fast
    ), told AS (
        INSERT INTO told_count (survey_id, about, said, count)
        SELECT * FROM unnest($31::bigint[], $32::bigint[], $33::text[], $34::bigint[])
        ON CONFLICT (survey_id, about, said) DO UPDATE SET count = told_count.count + excluded.count
    )
    INSERT INTO ", $sheet, " (survey_id, sheet_no, ", $about, ", panel, channel,
                       answers, words, state, reason, receipt_hash, body_hash, marks)
    SELECT sent.survey_id, sent.sheet_no,
        CASE WHEN held.id IS NOT NULL AND (sent.token_hash IS NULL OR spent.sheet_no IS NOT NULL) THEN sent.about END,
        sent.panel, sent.channel, sent.answers, sent.words, sent.state, sent.reason, sent.receipt_hash, sent.body_hash,
        sent.marks
    FROM sent LEFT JOIN held ON held.id = sent.survey_id LEFT JOIN spent ON spent.sheet_no = sent.sheet_no")
    };
}

const SHEETS: Statements = statements!("sheet", "invitation", "subject_id");
const BALLOTS: Statements = statements!("ballot_sheet", "ballot_invitation", "ballot_no");

const fn statements(kind: Kind) -> &'static Statements {
    match kind {
        Kind::Sheet => &SHEETS,
        Kind::Ballot => &BALLOTS,
    }
}

/// SQLSTATE of a column that was given nothing.
const NOT_NULL_VIOLATION: &str = "23502";

/// Goes into the log of the server and nowhere else; the commit waits for standbys as any other does.
pub(super) const CONFIRM: &str = "SELECT pg_logical_emit_message(true, 'mingjian', 'retry')";

/// What stands about each candidate, all of one kind, in their order.
pub(super) async fn look(
    connection: &mut PgConnection,
    kind: Kind,
    candidates: &[Candidate],
) -> Result<Vec<Found>, sqlx::Error> {
    let rows = sqlx::query(statements(kind).look)
        .bind(each(candidates, Candidate::survey_id))
        .bind(each(candidates, |one| {
            one.token_hash().map(<[u8; 32]>::as_slice)
        }))
        .bind(each(candidates, |one| one.receipt_hash.as_slice()))
        .fetch_all(connection)
        .await?;
    rows.iter().map(Found::read).collect()
}

/// Stores a plan with at least one sheet, durably.
///
/// # Errors
/// [`Fault::Conflict`] if what the plan rests on has changed; nothing is stored then.
pub(super) async fn store(
    connection: &mut PgConnection,
    kind: Kind,
    plan: &Plan<'_>,
    now: i64,
) -> Result<(), Fault> {
    let sheets = &plan.sheets;
    let groups: Vec<_> = plan.additions.iter().collect();
    let states: Vec<_> = (plan.additions.iter())
        .flat_map(|(stratum, addition)| {
            addition
                .sheets
                .iter()
                .map(move |(state, count)| (stratum, state.word(), *count))
        })
        .collect();
    let arrivals: Vec<_> = plan.arrivals.iter().collect();
    let told: Vec<_> = plan.told.iter().collect();
    let counts = states
        .iter()
        .map(|(.., count)| i64::try_from(*count))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Fault::internal)?;
    let stored = sqlx::query(statements(kind).store)
        .bind(each(sheets, |sheet| sheet.candidate.survey_id()))
        .bind(now)
        .bind(each(sheets, |sheet| sheet.sheet_no))
        .bind(each(sheets, |sheet| {
            sheet.candidate.token_hash().map(<[u8; 32]>::as_slice)
        }))
        .bind(each(sheets, |sheet| sheet.about))
        .bind(each(sheets, |sheet| sheet.panel))
        .bind(each(sheets, |sheet| sheet.channel))
        .bind(each(sheets, |sheet| sheet.candidate.bytes.as_slice()))
        .bind(each(sheets, |sheet| sheet.candidate.words.as_deref()))
        .bind(each(sheets, |sheet| sheet.state().word()))
        .bind(each(sheets, NewSheet::reason))
        .bind(each(sheets, |sheet| {
            sheet.candidate.receipt_hash.as_slice()
        }))
        .bind(each(sheets, |sheet| sheet.candidate.body_hash.as_slice()))
        .bind(each(&groups, |(stratum, _)| stratum.survey_id))
        .bind(each(&groups, |(stratum, _)| stratum.subject_id))
        .bind(each(&groups, |(stratum, _)| stratum.panel))
        .bind(each(&groups, |(stratum, _)| stratum.channel))
        .bind(each(&groups, |(_, addition)| addition.line()))
        .bind(each(&states, |(stratum, ..)| stratum.survey_id))
        .bind(each(&states, |(stratum, ..)| stratum.subject_id))
        .bind(each(&states, |(stratum, ..)| stratum.panel))
        .bind(each(&states, |(stratum, ..)| stratum.channel))
        .bind(each(&states, |(_, state, _)| *state))
        .bind(counts)
        .bind(each(&arrivals, |(at, _)| at.survey_id))
        .bind(each(&arrivals, |(at, _)| at.channel))
        .bind(each(&arrivals, |(at, _)| at.span))
        .bind(each(&arrivals, |(at, _)| at.network))
        .bind(each(&arrivals, |(_, (answers, _))| *answers))
        .bind(each(&arrivals, |(_, (_, fast))| *fast))
        .bind(each(&told, |((survey_id, _, _), _)| *survey_id))
        .bind(each(&told, |((_, about, _), _)| *about))
        .bind(each(&told, |((_, _, said), _)| *said))
        .bind(each(&told, |(_, count)| **count))
        .bind(each(sheets, |sheet| sheet.marks.number()))
        .execute(connection)
        .await;
    match stored {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| code == NOT_NULL_VIOLATION) =>
        {
            Err(Fault::Conflict)
        }
        Err(error) => Err(error.into()),
    }
}

/// Waits until what other transactions have committed is as durable as a commit of one's own would be: an answer to a
/// retry says that the first attempt is.
pub(super) async fn confirm(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(CONFIRM).execute(connection).await?;
    Ok(())
}

/// A column.
fn each<'a, T, C>(rows: &'a [T], column: impl FnMut(&'a T) -> C) -> Vec<C> {
    rows.iter().map(column).collect()
}
