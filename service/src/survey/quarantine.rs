//! Sheets that are held back until somebody decides about each: those that a program seems to have sent.
//!
//! They are called by words that say nothing of when they came or who sent them, and what they say is not shown: whoever
//! decides must not be able to choose by the answers. Each decision needs a reason and stands in the log. Of a sealed
//! survey they are told, and decided about, once it is closed.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Actor};
use domain::id::{self, Id};
use domain::scheme::file::Channel;
use domain::survey::{
    Booked, Definition, Marks, SheetState, Verdict, decode, decode_ballot, judge, judge_ballot,
};
use entity::survey;
use sea_orm::sea_query::LockType;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QuerySelect, Statement, Value};
use sha2::{Digest, Sha256};

use super::interference::{AnsweredAbout, is_hidden};
use super::kept::{Kept, Shifts, Stratum};
use super::run::{SurveyChange, ask_for_survey};
use super::{Stored, channel_word, parse_channel, parse_marks};
use crate::database::WriteTransaction;
use crate::{Fault, Refusal, Service};

/// Sheets that are listed, and decided about, at once.
const MOST: usize = 100;

/// The reason on a sheet that was decided not to count.
const SET_ASIDE: &str = "set_aside";

/// A sheet that is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSheet {
    /// What it is called. It follows from the digest of the receipt, which nobody can tell from it.
    pub name: String,
    /// Whom it is about.
    pub about: AnsweredAbout,
    /// From which panel it is.
    pub panel: String,
    /// On what way it came.
    pub channel: Channel,
    /// Why it is held back.
    pub reason: String,
}

/// What is to become of sheets that are held back.
#[derive(Debug, Clone)]
pub struct SheetDecision {
    /// The survey.
    pub survey: Id<id::Survey>,
    /// Which sheets, by their names.
    pub sheets: Vec<String>,
    /// Whether they are to count, if no rule of validity speaks against them; otherwise they are set aside.
    pub count: bool,
    /// Why; it stays in the log.
    pub reason: String,
}

impl Service {
    /// Sheets of a survey that are held back, a hundred at most; nothing while it is sealed and takes answers. Three
    /// statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn list_held_sheets(
        &self,
        actor: &Actor,
        id: Id<id::Survey>,
    ) -> Result<Option<Vec<HeldSheet>>, Fault> {
        let reading = self.database.begin_read().await?;
        let asked = ask_for_survey(&reading, actor, Action::ReadInterference, id).await?;
        let row = asked.row;
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        if is_hidden(&row, &definition) {
            return Ok(None);
        }
        let mut held = Vec::new();
        for row in read_held(&reading, (id, &definition))
            .await?
            .into_iter()
            .take(MOST)
        {
            held.push(HeldSheet {
                about: AnsweredAbout::of(&definition, row.about),
                panel: row.panel,
                channel: parse_channel(&row.channel)?,
                reason: row.reason,
                name: row.name,
            });
        }
        Ok(Some(held))
    }

    /// Decides about sheets that are held back. Where the survey is closed its sheets are sealed anew. Returns how many
    /// count now; nothing while it takes answers, for that would tell what a single sheet says.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_NEEDED`, `SHEET_UNKNOWN` if one is not held back, `TOO_MANY_SHEETS`,
    /// `SURVEY_SEALED`, `ROUND_NOT_OPEN`, `INPUT_FROZEN`; [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn decide_sheets(
        &self,
        actor: &Actor,
        decision: &SheetDecision,
    ) -> Result<Option<u64>, Fault> {
        let id = decision.survey;
        let change = SurveyChange::begin(self, actor, id).await?;
        let transaction = &change.transaction;
        let reason = check(decision)?;
        let row = survey::Entity::find_by_id(id.number())
            .lock(LockType::Share)
            .one(transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        if is_hidden(&row, &definition) {
            let message = "the survey is sealed: decide about its sheets once it is closed";
            return Err(Fault::refused(Refusal::new("SURVEY_SEALED", message)));
        }
        let held = read_held(transaction, (id, &definition)).await?;
        let wanted: BTreeSet<&str> = decision.sheets.iter().map(String::as_str).collect();
        let chosen: Vec<&Held> = held
            .iter()
            .filter(|one| wanted.contains(one.name.as_str()))
            .collect();
        if chosen.len() != wanted.len() {
            let message =
                "one of these sheets is not held back: list those that are, and decide about these";
            return Err(Fault::refused(
                Refusal::new("SHEET_UNKNOWN", message).at(["sheets"]),
            ));
        }
        let kept = Kept {
            survey: id,
            definition: &definition,
        };
        let counted = decide(transaction, kept, (&chosen, decision.count)).await?;
        let is_closed = row.state == survey::State::Closed;
        if is_closed {
            super::seal::request(self, transaction, [id]).await?;
        }
        let names: Vec<&str> = wanted.into_iter().collect();
        let word = if decision.count { "count" } else { "set aside" };
        let reason = format!("{word} {}: {reason}", names.join(" "));
        change.finish("survey.decide_sheets", Some(&reason)).await?;
        Ok(is_closed.then_some(counted))
    }
}

/// The reason, without blanks around it.
fn check(decision: &SheetDecision) -> Result<&str, Fault> {
    let refuse =
        |code, message: String, field| Err(Fault::refused(Refusal::new(code, message).at([field])));
    let reason = decision.reason.trim();
    if reason.is_empty() {
        let message = "say why: the reason stays in the log".to_owned();
        return refuse("REASON_NEEDED", message, "reason");
    }
    if decision.sheets.is_empty() {
        let message = "name the sheets that are decided about".to_owned();
        return refuse("SHEET_UNKNOWN", message, "sheets");
    }
    if decision.sheets.len() > MOST {
        let message = format!("decide about {MOST} sheets at most at once");
        return refuse("TOO_MANY_SHEETS", message, "sheets");
    }
    Ok(reason)
}

/// A sheet that is held back, as it lies there.
struct Held {
    sheet_no: i64,
    about: i64,
    panel: String,
    channel: String,
    marks: Marks,
    answers: Vec<u8>,
    reason: String,
    name: String,
}

const fn table_of(definition: &Definition) -> (&'static str, &'static str) {
    match definition.ballot {
        None => ("sheet", "subject_id"),
        Some(_) => ("ballot_sheet", "ballot_no"),
    }
}

/// All that are held back, in the order of their names, which is random. One statement.
async fn read_held(
    connection: &impl ConnectionTrait,
    (id, definition): (Id<id::Survey>, &Definition),
) -> Result<Vec<Held>, Fault> {
    let (table, about) = table_of(definition);
    let sql = format!(
        "SELECT sheet_no, {about} AS about, panel, channel, marks, answers, reason, receipt_hash FROM {table} \
         WHERE survey_id = $1 AND state = 'quarantined'"
    );
    let values = [id.number().into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut held = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let receipt: Vec<u8> = row.try_get("", "receipt_hash")?;
        let reason: Option<String> = row.try_get("", "reason")?;
        held.push(Held {
            sheet_no: row.try_get("", "sheet_no")?,
            about: row.try_get("", "about")?,
            panel: row.try_get("", "panel")?,
            channel: row.try_get("", "channel")?,
            marks: parse_marks(row.try_get("", "marks")?)?,
            answers: row.try_get("", "answers")?,
            reason: reason.unwrap_or_default(),
            name: name_of(&receipt),
        });
    }
    held.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(held)
}

/// Ten bytes of another digest: neither the receipt nor its place can be told from it.
fn name_of(receipt_hash: &[u8]) -> String {
    let digest = Sha256::new()
        .chain_update(b"held sheet")
        .chain_update(receipt_hash)
        .finalize();
    hex::encode(digest.get(..10).unwrap_or_default())
}

/// Moves sheets and their counts. How many count now.
async fn decide(
    transaction: &WriteTransaction,
    kept: Kept<'_>,
    (chosen, count): (&[&Held], bool),
) -> Result<u64, Fault> {
    let stored = Stored::of(transaction, kept.survey, kept.definition).await?;
    let mut shifts = Shifts::new();
    let mut become_of: BTreeMap<(SheetState, Option<&'static str>), Vec<i64>> = BTreeMap::new();
    for sheet in chosen {
        let (state, reason) = if count {
            judge_again(kept.definition, sheet)?
        } else {
            (SheetState::Invalid, Some(SET_ASIDE))
        };
        become_of
            .entry((state, reason))
            .or_default()
            .push(sheet.sheet_no);
        let booked = |state| Booked {
            state,
            marks: sheet.marks,
        };
        let width = kept.definition.width().max(1);
        for (subject, bytes) in stored
            .whom(sheet.about)?
            .into_iter()
            .zip(sheet.answers.chunks(width))
        {
            let stratum = Stratum {
                subject,
                panel: &sheet.panel,
                channel: channel_word(parse_channel(&sheet.channel)?),
            };
            let shift = shifts.entry(stratum).or_default();
            let taken = (shift.taken).add(kept.definition, booked(SheetState::Quarantined), bytes);
            let added = (shift.added).add(kept.definition, booked(state), bytes);
            taken.and(added).map_err(Fault::internal)?;
        }
    }
    let (table, _) = table_of(kept.definition);
    let mut counted = 0;
    // One statement for each outcome, of which there are some.
    for ((state, reason), numbers) in become_of {
        if state == SheetState::Valid {
            counted = u64::try_from(numbers.len()).map_err(Fault::internal)?;
        }
        let mut values: Vec<Value> = vec![
            kept.survey.number().into(),
            state.word().into(),
            reason.into(),
        ];
        let places: Vec<String> = (4..)
            .take(numbers.len())
            .map(|place| format!("${place}"))
            .collect();
        let expected = numbers.len();
        values.extend(numbers.into_iter().map(Value::from));
        let cast = match transaction.get_database_backend() {
            DbBackend::Sqlite => "$3",
            _ => "$3::text",
        };
        let sql = format!(
            "UPDATE {table} SET state = $2, reason = {cast} \
             WHERE survey_id = $1 AND state = 'quarantined' AND sheet_no IN ({})",
            places.join(", ")
        );
        let backend = transaction.get_database_backend();
        let done = transaction
            .execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        // Somebody else has decided about one of them in between.
        if usize::try_from(done.rows_affected()).map_err(Fault::internal)? != expected {
            return Err(Fault::Conflict);
        }
    }
    kept.shift(transaction, &shifts).await?;
    Ok(counted)
}

/// What the rules of validity say of a sheet, but for the time that it took, which is not kept.
fn judge_again(
    definition: &Definition,
    sheet: &Held,
) -> Result<(SheetState, Option<&'static str>), Fault> {
    let verdict = if definition.ballot.is_some() {
        let answers = decode_ballot(definition, &sheet.answers).map_err(Fault::internal)?;
        judge_ballot(definition, &answers, None)
    } else {
        let answers = decode(definition, &sheet.answers).map_err(Fault::internal)?;
        judge(definition, &answers, None)
    };
    Ok(match verdict {
        Verdict::Valid => (SheetState::Valid, None),
        Verdict::Invalid(reason) => (SheetState::Invalid, Some(reason.word())),
    })
}
