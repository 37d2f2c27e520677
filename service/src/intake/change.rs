//! Changing an answer while its survey is open, with the code that came with the receipt.
//!
//! The new sheet takes the place of the old one in one transaction: the old one is marked as changed by compare-and-set,
//! and the counts move from one to the other. Of two changes of one sheet at once one is booked. A retry finds the sheet
//! of its first attempt and gets the same receipt.
//!
//! Deliberately absent: what was said before, which whoever holds the code could be made to show; any invitation, which
//! was used up by the first answer and admits to no change; a mark on the new sheet that it is one.

use domain::id::Id;
use domain::scheme::file::Words;
use domain::survey::{Booked, Marks, SheetState};
use entity::survey;
use sea_orm::sea_query::LockType;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryResult, QuerySelect, Statement};

use super::batch::{Candidate, Kind, Outcome};
use super::door::{Admitted, Door, Standing, Way, standing_of};
use super::{Receipt, RefusedAnswer, postgres};
use crate::database::WriteTransaction;
use crate::survey::kept::{Kept, NewSheet, Shifts, Stratum};
use crate::survey::{channel_word, parse_channel, parse_marks};
use crate::{Fault, Service, clock};

/// How many changes are booked at once; beyond them senders are told to come back.
pub(super) const AT_ONCE: usize = 64;

/// How often a change is tried when others were in its way.
const ATTEMPTS: usize = 4;

/// A sheet that may be changed, with what can change about it.
#[derive(Debug, Clone)]
pub struct ChangeState {
    /// What the new answers are sent with.
    pub admitted: Admitted,
    /// The name of whom the answers are about; nothing on a ballot.
    pub subject_name: Option<Words>,
    /// Whether it was changed or replaced before, or is held back.
    pub is_over: bool,
    /// Whether the survey takes answers, at most a second old.
    pub standing: Standing,
}

impl Door {
    pub(super) async fn find_change(
        &self,
        service: &Service,
        receipt: &Receipt,
    ) -> Result<Option<ChangeState>, Fault> {
        let reader = service.database.reader();
        let statement = Statement::from_sql_and_values(
            reader.get_database_backend(),
            "SELECT survey_id, subject_id AS about, state FROM sheet
             WHERE survey_id IN (SELECT id FROM survey) AND receipt_hash = $1
             UNION ALL
             SELECT survey_id, ballot_no, state FROM ballot_sheet
             WHERE survey_id IN (SELECT id FROM survey) AND receipt_hash = $1",
            [receipt.hash().to_vec().into()],
        );
        let Some(row) = reader.query_one_raw(statement).await? else {
            return Ok(None);
        };
        let survey = Id::new(row.try_get("", "survey_id")?);
        let about: i64 = row.try_get("", "about")?;
        let Some(survey) = self.find_survey(service, survey).await? else {
            return Ok(None);
        };
        if !survey.definition.changeable {
            return Ok(None);
        }
        let (ballot, subject_name) = if survey.definition.ballot.is_some() {
            (Some(self.find_ballot(service, &survey, about).await?), None)
        } else {
            let Some(name) = self.find_subject(service, &survey, about).await? else {
                return Ok(None);
            };
            (None, Some(Words::clone(&name)))
        };
        let state = state_of(&row)?;
        let standing = self.ask_standing(service, &survey).await?;
        Ok(Some(ChangeState {
            admitted: Admitted {
                survey,
                way: Way::Change(receipt.hash(), ballot),
            },
            subject_name,
            is_over: !may_change(state),
            standing,
        }))
    }
}

/// A sheet that was replaced, came late or is quarantined is no longer its respondent's to change.
const fn may_change(state: SheetState) -> bool {
    matches!(state, SheetState::Valid | SheetState::Invalid)
}

fn state_of(row: &QueryResult) -> Result<SheetState, Fault> {
    let word: String = row.try_get("", "state")?;
    SheetState::parse(&word).ok_or_else(|| Fault::internal("a sheet is in an unknown state"))
}

/// Books answers in place of the sheet with this digest of its receipt, durably.
pub(super) async fn book(
    service: &Service,
    before: [u8; 32],
    candidate: &Candidate,
) -> Result<Outcome, Fault> {
    let mut attempt = 1;
    loop {
        match book_once(service, before, candidate).await {
            Err(Fault::Conflict) if attempt < ATTEMPTS => attempt += 1,
            // A failed commit may have succeeded; the sender's next attempt will find out.
            Err(_) => return Err(Fault::Unavailable),
            done => return done,
        }
    }
}

async fn book_once(
    service: &Service,
    before: [u8; 32],
    candidate: &Candidate,
) -> Result<Outcome, Fault> {
    let transaction = service.database.begin_write().await?;
    let survey = survey::Entity::find_by_id(candidate.survey_id())
        .lock(LockType::Share)
        .one(&transaction)
        .await?;
    let old = lock_sheet(&transaction, candidate, before).await?;
    // Asked once the old sheet is held: whoever held it before has written by now.
    if let Some(stored) = find_body(&transaction, candidate).await? {
        return settle_retry(transaction, candidate, &stored).await;
    }
    let now = clock::micros(service.clock.now());
    let standing = survey.map(|row| standing_of(row.state, row.opens_at, row.closes_at, now));
    if standing != Some(Standing::Open) {
        return Ok(Outcome::Refused(RefusedAnswer::Closed));
    }
    let Some(old) = old else {
        return Ok(Outcome::Refused(RefusedAnswer::Unknown));
    };
    if !may_change(old.state) {
        return Ok(Outcome::Refused(RefusedAnswer::Changed));
    }
    replace(service, &transaction, candidate, &old).await?;
    transaction.commit().await?;
    Ok(Outcome::Booked)
}

/// The sheet of an earlier attempt is there.
async fn settle_retry(
    transaction: WriteTransaction,
    candidate: &Candidate,
    stored: &[u8],
) -> Result<Outcome, Fault> {
    if stored != candidate.body_hash {
        return Ok(Outcome::Refused(RefusedAnswer::OtherAnswers));
    }
    // The answer says that the first attempt is durable.
    if transaction.get_database_backend() != DbBackend::Sqlite {
        transaction.execute_unprepared(postgres::CONFIRM).await?;
    }
    transaction.commit().await?;
    Ok(Outcome::Booked)
}

/// The sheet to be changed.
struct Old {
    sheet_no: i64,
    about: i64,
    panel: String,
    channel: &'static str,
    marks: Marks,
    answers: Vec<u8>,
    state: SheetState,
}

/// Where sheets of a kind lie, and what says what they are about.
const fn place_of(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Sheet => ("sheet", "subject_id"),
        Kind::Ballot => ("ballot_sheet", "ballot_no"),
    }
}

async fn lock_sheet(
    transaction: &WriteTransaction,
    candidate: &Candidate,
    receipt_hash: [u8; 32],
) -> Result<Option<Old>, Fault> {
    let (table, about) = place_of(candidate.kind());
    let backend = transaction.get_database_backend();
    let lock = match backend {
        DbBackend::Sqlite => "",
        _ => " FOR UPDATE",
    };
    let sql = format!(
        "SELECT sheet_no, {about} AS about, panel, channel, marks, answers, state FROM {table} \
         WHERE survey_id = $1 AND receipt_hash = $2{lock}"
    );
    let values = [candidate.survey_id().into(), receipt_hash.to_vec().into()];
    let row = transaction
        .query_one_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    let Some(row) = row else { return Ok(None) };
    let channel: String = row.try_get("", "channel")?;
    Ok(Some(Old {
        sheet_no: row.try_get("", "sheet_no")?,
        about: row.try_get("", "about")?,
        panel: row.try_get("", "panel")?,
        channel: channel_word(parse_channel(&channel)?),
        marks: parse_marks(row.try_get("", "marks")?)?,
        answers: row.try_get("", "answers")?,
        state: state_of(&row)?,
    }))
}

/// The digest of the answers that are stored under the new receipt.
async fn find_body(
    transaction: &WriteTransaction,
    candidate: &Candidate,
) -> Result<Option<Vec<u8>>, Fault> {
    let (table, _) = place_of(candidate.kind());
    let values = [
        candidate.survey_id().into(),
        candidate.receipt_hash.to_vec().into(),
    ];
    let statement = Statement::from_sql_and_values(
        transaction.get_database_backend(),
        format!("SELECT body_hash FROM {table} WHERE survey_id = $1 AND receipt_hash = $2"),
        values,
    );
    let row = transaction.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

async fn replace(
    service: &Service,
    transaction: &WriteTransaction,
    candidate: &Candidate,
    old: &Old,
) -> Result<(), Fault> {
    let (table, _) = place_of(candidate.kind());
    let statement = Statement::from_sql_and_values(
        transaction.get_database_backend(),
        format!(
            "UPDATE {table} SET state = 'changed', reason = NULL WHERE survey_id = $1 AND sheet_no = $2"
        ),
        [candidate.survey_id().into(), old.sheet_no.into()],
    );
    transaction.execute_raw(statement).await?;
    let definition = &candidate.survey.definition;
    let (state, reason) = candidate.become_of();
    // The same person answers, so that the new sheet bears the marks of the old one.
    let booked = |state| Booked {
        state,
        marks: old.marks,
    };
    let mut shifts = Shifts::new();
    let stratum = |subject| Stratum {
        subject,
        panel: &old.panel,
        channel: old.channel,
    };
    for (subject, bytes) in candidate.lines_of(old.about, &old.answers)? {
        let shift = shifts.entry(stratum(subject)).or_default();
        let taken = shift.taken.add(definition, booked(old.state), bytes);
        let kept = (shift.added).add(definition, booked(SheetState::Changed), bytes);
        taken.and(kept).map_err(Fault::internal)?;
    }
    for (subject, bytes) in candidate.lines_of(old.about, &candidate.bytes)? {
        let added = &mut shifts.entry(stratum(subject)).or_default().added;
        (added.add(definition, booked(state), bytes)).map_err(Fault::internal)?;
    }
    let new = NewSheet {
        about: old.about,
        panel: old.panel.clone(),
        channel: old.channel,
        marks: old.marks,
        answers: candidate.bytes.clone(),
        words: candidate.words.clone(),
        state,
        reason,
        receipt_hash: candidate.receipt_hash,
        body_hash: candidate.body_hash,
    };
    let kept = Kept {
        survey: candidate.survey.id,
        definition,
    };
    kept.insert(service, transaction, vec![new]).await?;
    kept.shift(transaction, &shifts).await
}
