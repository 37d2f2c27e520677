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
use domain::survey::{Answers, Definition, SheetState, Verdict, encode, judge};
use entity::{invitation, sheet_batch, survey};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};
use sha2::{Digest, Sha256};

use super::channel_word;
use super::interference::count_entered;
use super::kept::{Kept, NewSheet, Shifts, Stratum};
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
    let mut shifts = Shifts::new();
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
        let added = &mut shifts.entry(stratum).or_default().added;
        (added.add(batch.definition, state, &bytes)).map_err(Fault::internal)?;
        *became.entry(state).or_default() += 1;
        // Nobody holds a receipt for paper; it only keeps the rows apart and out of order.
        let receipt: [u8; 16] = service.ids.bytes()?;
        rows.push(NewSheet {
            about: one.subject,
            panel: one.panel.clone(),
            channel: channel_word(one.channel),
            answers: bytes,
            words: write_words(&one.answers)?,
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
    let mut arrived: BTreeMap<&'static str, i64> = BTreeMap::new();
    for row in &rows {
        *arrived.entry(row.channel).or_default() += 1;
    }
    count_entered(transaction, (batch.survey, now), &arrived).await?;
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
