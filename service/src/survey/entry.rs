//! Sheets that staff put in: from paper, from the telephone, or from whoever else held the survey.
//!
//! They are judged and counted as those that citizens send. Whoever has answered by an invitation is not counted again
//! when the same invitation comes in on paper, and the other way round: the first one counts. After the survey has
//! closed a sheet is kept as late and counts nowhere.
//!
//! Deliberately absent: a mark on the sheet of the table that it came from, and the order of the rows.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{self, Id};
use domain::scheme::file::Channel;
use domain::survey::{Answers, Definition, SheetState, Tally, Verdict, encode, judge};
use entity::{invitation, sheet, sheet_batch, sheet_tally, survey, tally};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};
use sha2::{Digest, Sha256};

use super::{channel_word, line};
use crate::database::WriteTransaction;
use crate::intake::write_words;
use crate::{Fault, Refusal, Service, clock};

/// Rows in one statement, below the number of values that SQLite binds.
const ROWS: usize = 2_500;

/// A sheet as it was put in.
#[derive(Debug, Clone)]
pub(crate) struct EnteredSheet {
    pub subject: i64,
    pub panel: String,
    pub channel: Channel,
    /// The hash of the invitation's token, where the paper bears one.
    pub invitation: Option<[u8; 32]>,
    pub answers: Answers,
}

/// Invitations as they are found before sheets are put in, by the hashes of their tokens.
pub(crate) type Invitations = BTreeMap<Vec<u8>, invitation::Model>;

/// Sheets by what becomes of them.
pub(crate) type Became = BTreeMap<SheetState, usize>;

/// The invitations of these hashes. A statement for some thousand.
pub(crate) async fn find_invitations(
    connection: &impl ConnectionTrait,
    survey: Id<id::Survey>,
    hashes: &BTreeSet<[u8; 32]>,
) -> Result<Invitations, Fault> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    let mut found = Invitations::new();
    for part in hashes.chunks(ROWS) {
        let rows = invitation::Entity::find()
            .filter(invitation::Column::SurveyId.eq(survey.number()))
            .filter(invitation::Column::TokenHash.is_in(part.to_vec()))
            .all(connection)
            .await?;
        found.extend(rows.into_iter().map(|row| (row.token_hash.clone(), row)));
    }
    Ok(found)
}

/// What a survey does with sheets that are put in at an instant.
///
/// # Errors
/// [`Fault::Refused`] with `SURVEY_NOT_OPEN` before it has begun.
pub(crate) fn is_late(survey: &survey::Model, now: i64) -> Result<bool, Fault> {
    let not_begun = survey.opens_at.is_some_and(|opens_at| now < opens_at);
    match survey.state {
        survey::State::Draft => Err(not_open()),
        survey::State::Open if not_begun => Err(not_open()),
        survey::State::Open => Ok(survey.closes_at.is_some_and(|closes_at| now >= closes_at)),
        survey::State::Closed => Ok(true),
    }
}

fn not_open() -> Fault {
    let message = "the survey takes no answers yet: open it first";
    Fault::refused(Refusal::new("SURVEY_NOT_OPEN", message).at(["survey"]))
}

/// What would become of sheets, given the invitations as they were found. The first sheet of an invitation counts.
pub(crate) fn foresee(
    definition: &Definition,
    sheets: &[EnteredSheet],
    (found, late): (&Invitations, bool),
) -> Became {
    let mut spent: BTreeSet<&[u8]> = BTreeSet::new();
    let mut became = Became::new();
    for sheet in sheets {
        let is_first = sheet.invitation.as_ref().is_none_or(|hash| {
            let unused = (found.get(hash.as_slice()))
                .is_some_and(|row| row.state == invitation::State::Issued);
            spent.insert(hash) && unused
        });
        *became
            .entry(state_of(definition, sheet, (is_first, late)).0)
            .or_default() += 1;
    }
    became
}

fn state_of(
    definition: &Definition,
    sheet: &EnteredSheet,
    (is_first, late): (bool, bool),
) -> (SheetState, Option<&'static str>) {
    if late {
        return (SheetState::Late, None);
    }
    if !is_first {
        return (SheetState::Replaced, None);
    }
    // Nobody measured how long it took.
    match judge(definition, &sheet.answers, None) {
        Verdict::Valid => (SheetState::Valid, None),
        Verdict::Invalid(reason) => (SheetState::Invalid, Some(reason.word())),
    }
}

/// Sheets that come in together.
pub(crate) struct Batch<'a> {
    pub survey: Id<id::Survey>,
    pub definition: &'a Definition,
    pub sheets: Vec<EnteredSheet>,
    /// SHA-256 of the table that they came in.
    pub digest: [u8; 32],
}

/// Stores and counts sheets. Whoever closes the survey waits for it. A statement for some thousand rows of each table.
///
/// # Errors
/// [`Fault::Refused`] with `TABLE_KNOWN` if the table was put in before, `SURVEY_NOT_OPEN`; [`Fault::NotFound`].
pub(crate) async fn store(
    service: &Service,
    transaction: &WriteTransaction,
    batch: Batch<'_>,
) -> Result<Became, Fault> {
    let now = clock::micros(service.clock.now());
    let survey = survey::Entity::find_by_id(batch.survey.number())
        .lock(LockType::Share)
        .one(transaction)
        .await?
        .ok_or(Fault::NotFound)?;
    let late = is_late(&survey, now)?;
    note_table(transaction, &batch, now).await?;
    // A late sheet does not count, so it takes nobody's place.
    let mut unused = if late {
        BTreeSet::new()
    } else {
        spend(transaction, &batch).await?
    };
    let mut rows = Vec::with_capacity(batch.sheets.len());
    let mut tallies: BTreeMap<Stratum<'_>, Tally> = BTreeMap::new();
    let mut became = Became::new();
    for one in &batch.sheets {
        let is_first = (one.invitation.as_ref()).is_none_or(|hash| unused.remove(hash.as_slice()));
        let (state, reason) = state_of(batch.definition, one, (is_first, late));
        let bytes = encode(batch.definition, &one.answers);
        let stratum = Stratum {
            subject: one.subject,
            panel: &one.panel,
            channel: channel_word(one.channel),
        };
        let tally = tallies.entry(stratum).or_default();
        tally
            .add(batch.definition, state, &bytes)
            .map_err(Fault::internal)?;
        *became.entry(state).or_default() += 1;
        // Nobody holds a receipt for paper; it only keeps the rows apart and out of order.
        let receipt: [u8; 16] = service.ids.bytes()?;
        rows.push(sheet::ActiveModel {
            survey_id: Set(batch.survey.number()),
            sheet_no: Set(0),
            subject_id: Set(one.subject),
            panel: Set(one.panel.clone()),
            channel: Set(channel_word(one.channel).to_owned()),
            answers: Set(bytes),
            words: Set(write_words(&one.answers)?),
            state: Set(stored(state)),
            reason: Set(reason.map(str::to_owned)),
            receipt_hash: Set(Sha256::digest(receipt).to_vec()),
            body_hash: Set(one.answers.digest(batch.definition).to_vec()),
        });
    }
    insert_sheets(service, transaction, rows).await?;
    add_tallies(transaction, &batch, &tallies).await?;
    add_sheet_tallies(transaction, &batch, &tallies).await?;
    Ok(became)
}

async fn note_table(
    transaction: &WriteTransaction,
    batch: &Batch<'_>,
    now: i64,
) -> Result<(), Fault> {
    let row = sheet_batch::ActiveModel {
        survey_id: Set(batch.survey.number()),
        digest: Set(batch.digest.to_vec()),
        sheets: Set(i64::try_from(batch.sheets.len()).map_err(Fault::internal)?),
        entered_at: Set(now),
    };
    match sheet_batch::Entity::insert(row)
        .exec_without_returning(transaction)
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if crate::fault::is_duplicate(&error) => {
            let message = "this very table was put in before; if its sheets are others that happen to be alike, put \
                           them in together with more of them, or with a remark in the column `note`";
            Err(Fault::refused(Refusal::new("TABLE_KNOWN", message)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Uses up the invitations of a batch; returns those that had not been used.
async fn spend(
    transaction: &WriteTransaction,
    batch: &Batch<'_>,
) -> Result<BTreeSet<Vec<u8>>, Fault> {
    let hashes: BTreeSet<Vec<u8>> = (batch.sheets.iter())
        .filter_map(|one| one.invitation.map(|hash| hash.to_vec()))
        .collect();
    let hashes: Vec<Vec<u8>> = hashes.into_iter().collect();
    let mut unused = BTreeSet::new();
    for part in hashes.chunks(ROWS) {
        let spent = invitation::Entity::update_many()
            .col_expr(
                invitation::Column::State,
                Expr::val(invitation::State::Used),
            )
            .filter(invitation::Column::SurveyId.eq(batch.survey.number()))
            .filter(invitation::Column::TokenHash.is_in(part.to_vec()))
            .filter(invitation::Column::State.eq(invitation::State::Issued))
            .exec_with_returning(transaction)
            .await?;
        unused.extend(spent.into_iter().map(|row| row.token_hash));
    }
    Ok(unused)
}

async fn insert_sheets(
    service: &Service,
    transaction: &WriteTransaction,
    mut rows: Vec<sheet::ActiveModel>,
) -> Result<(), Fault> {
    rows.sort_by(|one, other| one.receipt_hash.as_ref().cmp(other.receipt_hash.as_ref()));
    // The low bits count; the high ones are drawn, as each server that takes answers in draws its own.
    let first = ((service.ids.draw()? >> 40) << 40) | 1;
    for (row, number) in rows.iter_mut().zip(first..) {
        row.sheet_no = Set(number);
    }
    for part in rows.chunks(ROWS) {
        sheet::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// Sheets that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stratum<'a> {
    subject: i64,
    panel: &'a str,
    channel: &'static str,
}

/// Adds to the kept counts: the groups are made where there are none, then locked in the order of their keys, read, and
/// written again.
async fn add_tallies(
    transaction: &WriteTransaction,
    batch: &Batch<'_>,
    tallies: &BTreeMap<Stratum<'_>, Tally>,
) -> Result<(), Fault> {
    let zero = Tally::default().line_up(batch.definition);
    let groups: Vec<(&Stratum<'_>, &Tally)> = tallies.iter().collect();
    for part in groups.chunks(ROWS) {
        let none = part.iter().map(|(stratum, _)| (**stratum, zero.clone()));
        put_lines(transaction, batch.survey, none.collect(), "NOTHING").await?;
        let mut these = Condition::any();
        for (stratum, _) in part {
            these = these.add(
                tally::Column::SubjectId
                    .eq(stratum.subject)
                    .and(tally::Column::Panel.eq(stratum.panel))
                    .and(tally::Column::Channel.eq(stratum.channel)),
            );
        }
        let kept = tally::Entity::find()
            .filter(tally::Column::SurveyId.eq(batch.survey.number()))
            .filter(these)
            .order_by_asc(tally::Column::SubjectId)
            .order_by_asc(tally::Column::Panel)
            .order_by_asc(tally::Column::Channel)
            .lock(LockType::Update)
            .all(transaction)
            .await?;
        let mut sums = Vec::with_capacity(part.len());
        for row in &kept {
            let new = part.iter().find(|(stratum, _)| {
                (stratum.subject, stratum.panel, stratum.channel)
                    == (row.subject_id, row.panel.as_str(), row.channel.as_str())
            });
            if let Some((stratum, tally)) = new {
                let sum = line::add(&line::parse(&row.counts)?, &tally.line_up(batch.definition))?;
                sums.push((**stratum, sum));
            }
        }
        let update = "UPDATE SET counts = excluded.counts";
        put_lines(transaction, batch.survey, sums, update).await?;
    }
    Ok(())
}

/// Puts lines of counts. The text of a line is what PostgreSQL reads as an array.
async fn put_lines(
    transaction: &WriteTransaction,
    survey: Id<id::Survey>,
    lines: Vec<(Stratum<'_>, Vec<u64>)>,
    otherwise: &str,
) -> Result<(), Fault> {
    if lines.is_empty() {
        return Ok(());
    }
    let backend = transaction.get_database_backend();
    let cast = match backend {
        DbBackend::Sqlite => "TEXT",
        _ => "BIGINT[]",
    };
    let mut values: Vec<Value> = vec![survey.number().into()];
    let mut rows = Vec::with_capacity(lines.len());
    for (stratum, counts) in lines {
        let at = values.len();
        rows.push(format!(
            "($1, ${}, ${}, ${}, CAST(${} AS {cast}))",
            at + 1,
            at + 2,
            at + 3,
            at + 4
        ));
        values.extend([
            stratum.subject.into(),
            stratum.panel.into(),
            stratum.channel.into(),
            line::write(&counts).into(),
        ]);
    }
    let sql = format!(
        "INSERT INTO tally (survey_id, subject_id, panel, channel, counts) VALUES {} \
         ON CONFLICT (survey_id, subject_id, panel, channel) DO {otherwise}",
        rows.join(", ")
    );
    transaction
        .execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(())
}

async fn add_sheet_tallies(
    transaction: &WriteTransaction,
    batch: &Batch<'_>,
    tallies: &BTreeMap<Stratum<'_>, Tally>,
) -> Result<(), Fault> {
    let mut rows = Vec::new();
    for (stratum, tally) in tallies {
        for (state, count) in &tally.sheets {
            rows.push(sheet_tally::ActiveModel {
                survey_id: Set(batch.survey.number()),
                subject_id: Set(stratum.subject),
                panel: Set(stratum.panel.to_owned()),
                channel: Set(stratum.channel.to_owned()),
                state: Set(stored(*state)),
                count: Set(i64::try_from(*count).map_err(Fault::internal)?),
            });
        }
    }
    for part in rows.chunks(ROWS) {
        let mut adding = OnConflict::columns([
            sheet_tally::Column::SurveyId,
            sheet_tally::Column::SubjectId,
            sheet_tally::Column::Panel,
            sheet_tally::Column::Channel,
            sheet_tally::Column::State,
        ]);
        adding.value(
            sheet_tally::Column::Count,
            Expr::cust("sheet_tally.count + excluded.count"),
        );
        sheet_tally::Entity::insert_many(part.to_vec())
            .on_conflict(adding)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// The word of the database for a state.
const fn stored(state: SheetState) -> sheet::State {
    match state {
        SheetState::Valid => sheet::State::Valid,
        SheetState::Invalid => sheet::State::Invalid,
        SheetState::Replaced => sheet::State::Replaced,
        SheetState::Late => sheet::State::Late,
        SheetState::Quarantined => sheet::State::Quarantined,
    }
}
