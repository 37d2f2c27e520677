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
use domain::survey::{
    Answers, BallotAnswers, Booked, Definition, Marks, SheetState, Verdict, encode, judge,
    judge_ballot,
};
use entity::{invitation, sheet_batch, survey};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QuerySelect, Statement, Value};
use sha2::{Digest, Sha256};

use super::interference::count_entered;
use super::kept::{Kept, NewSheet, Shifts, Stratum};
use super::{Stored, channel_word, parse_marks};
use crate::database::WriteTransaction;
use crate::intake::{write_ballot_words, write_words};
use crate::{Fault, Refusal, Service, clock};

/// Rows in one statement, below the number of values that SQLite binds.
const ROWS: usize = 2_500;

/// A sheet as it was put in.
#[derive(Debug, Clone)]
pub(crate) struct EnteredSheet {
    /// The subject, or the number of the ballot.
    pub about: i64,
    pub panel: String,
    pub channel: Channel,
    pub marks: Marks,
    /// The hash of the invitation's token, where the paper bears one.
    pub invitation: Option<[u8; 32]>,
    pub answers: EnteredAnswers,
}

/// What was put in.
#[derive(Debug, Clone)]
pub(crate) enum EnteredAnswers {
    /// About one subject.
    Alone(Answers),
    /// On a ballot.
    Ballot(BallotAnswers),
}

impl EnteredAnswers {
    /// Nobody measured how long it took.
    fn judge(&self, definition: &Definition) -> Verdict {
        match self {
            Self::Alone(answers) => judge(definition, answers, None),
            Self::Ballot(answers) => judge_ballot(definition, answers, None),
        }
    }

    fn encode(&self, definition: &Definition) -> Vec<u8> {
        match self {
            Self::Alone(answers) => encode(definition, answers),
            Self::Ballot(answers) => answers.encode(definition),
        }
    }

    fn digest(&self, definition: &Definition) -> [u8; 32] {
        match self {
            Self::Alone(answers) => answers.digest(definition),
            Self::Ballot(answers) => answers.digest(definition),
        }
    }

    fn words(&self) -> Result<Option<String>, Fault> {
        match self {
            Self::Alone(answers) => write_words(answers),
            Self::Ballot(answers) => write_ballot_words(answers),
        }
    }
}

/// An invitation as it is found before sheets are put in.
#[derive(Debug)]
pub(crate) struct Invited {
    /// The subject, or the number of the ballot.
    pub about: i64,
    pub panel: String,
    pub marks: Marks,
    pub state: invitation::State,
}

/// By the hashes of their tokens.
pub(crate) type Invitations = BTreeMap<Vec<u8>, Invited>;

/// Where the invitations to a survey lie, and what says what they are about.
const fn place_of(definition: &Definition) -> (&'static str, &'static str) {
    match definition.ballot {
        None => ("invitation", "subject_id"),
        Some(_) => ("ballot_invitation", "ballot_no"),
    }
}

/// A statement about some of the invitations to a survey; `sql` is given the places of their hashes.
fn about_invitations(
    connection: &impl ConnectionTrait,
    survey: Id<id::Survey>,
    hashes: &[Vec<u8>],
    sql: impl FnOnce(&str) -> String,
) -> Statement {
    let places: Vec<String> = (2..)
        .take(hashes.len())
        .map(|place| format!("${place}"))
        .collect();
    let hashes = hashes.iter().map(|hash| Value::from(hash.clone()));
    let values: Vec<Value> = std::iter::once(survey.number().into())
        .chain(hashes)
        .collect();
    let sql = sql(&places.join(", "));
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// Sheets by what becomes of them.
pub(crate) type Became = BTreeMap<SheetState, usize>;

/// The invitations of these hashes. A statement for some thousand.
pub(crate) async fn find_invitations(
    connection: &impl ConnectionTrait,
    (survey, definition): (Id<id::Survey>, &Definition),
    hashes: &BTreeSet<[u8; 32]>,
) -> Result<Invitations, Fault> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    let (table, about) = place_of(definition);
    let mut found = Invitations::new();
    for part in hashes.chunks(ROWS) {
        let statement = about_invitations(connection, survey, part, |places| {
            format!(
                "SELECT token_hash, {about} AS about, panel, marks, state FROM {table} \
                 WHERE survey_id = $1 AND token_hash IN ({places})"
            )
        });
        for row in connection.query_all_raw(statement).await? {
            let invited = Invited {
                about: row.try_get("", "about")?,
                panel: row.try_get("", "panel")?,
                marks: parse_marks(row.try_get("", "marks")?)?,
                state: row.try_get("", "state")?,
            };
            found.insert(row.try_get("", "token_hash")?, invited);
        }
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
    match sheet.answers.judge(definition) {
        Verdict::Valid => (SheetState::Valid, None),
        Verdict::Invalid(reason) => (SheetState::Invalid, Some(reason.word())),
    }
}

/// Sheets that come in together.
pub(crate) struct Batch<'a> {
    pub survey: Id<id::Survey>,
    pub definition: &'a Definition,
    /// Whom sheets are about.
    pub stored: &'a Stored,
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
    let mut shifts = Shifts::new();
    let mut became = Became::new();
    for one in &batch.sheets {
        let is_first = (one.invitation.as_ref()).is_none_or(|hash| unused.remove(hash.as_slice()));
        let (state, reason) = state_of(batch.definition, one, (is_first, late));
        let booked = Booked {
            state,
            marks: one.marks,
        };
        let bytes = one.answers.encode(batch.definition);
        let width = batch.definition.width().max(1);
        let subjects = batch.stored.whom(one.about)?;
        for (subject, line) in subjects.into_iter().zip(bytes.chunks(width)) {
            let stratum = Stratum {
                subject,
                panel: &one.panel,
                channel: channel_word(one.channel),
            };
            let added = &mut shifts.entry(stratum).or_default().added;
            (added.add(batch.definition, booked, line)).map_err(Fault::internal)?;
        }
        *became.entry(state).or_default() += 1;
        // Nobody holds a receipt for paper; it only keeps the rows apart and out of order.
        let receipt: [u8; 16] = service.ids.bytes()?;
        rows.push(NewSheet {
            about: one.about,
            panel: one.panel.clone(),
            channel: channel_word(one.channel),
            marks: one.marks,
            answers: bytes,
            words: one.answers.words()?,
            state,
            reason,
            receipt_hash: Sha256::digest(receipt).into(),
            body_hash: one.answers.digest(batch.definition),
        });
    }
    let kept = Kept {
        survey: batch.survey,
        definition: batch.definition,
    };
    if !late {
        let mut arrived: BTreeMap<&'static str, i64> = BTreeMap::new();
        for row in &rows {
            *arrived.entry(row.channel).or_default() += 1;
        }
        count_entered(transaction, (batch.survey, now), &arrived).await?;
    }
    kept.insert(service, transaction, rows).await?;
    kept.shift(transaction, &shifts).await?;
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
    let (table, _) = place_of(batch.definition);
    let mut unused = BTreeSet::new();
    for part in hashes.chunks(ROWS) {
        let statement = about_invitations(transaction, batch.survey, part, |places| {
            format!(
                "UPDATE {table} SET state = 'used' WHERE survey_id = $1 AND state = 'issued' \
                 AND token_hash IN ({places}) RETURNING token_hash"
            )
        });
        for row in transaction.query_all_raw(statement).await? {
            unused.insert(row.try_get_by_index(0)?);
        }
    }
    Ok(unused)
}
