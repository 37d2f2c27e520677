//! A table of sheets: from paper, from the telephone, or from whoever else held the survey. A row is a sheet, a column a
//! question.
//!
//! An option is written by its code or by its label in either language. A sheet may bear the code of an invitation, and
//! is then about whom that was made for; without one nobody knows whether its person has answered before.

use std::collections::{BTreeMap, BTreeSet};

use domain::correction::InputKind;
use domain::id::{self, Id};
use domain::scheme::file::{Channel, OnePerson};
use domain::survey::{Answers, Asked, Definition, Entries, FaultCode, Marks, Question, parse};
use entity::invitation;

use super::ballot::BALLOT_COLUMNS;
use super::issue::find_channel;
use super::mark;
use super::table::{Columns, Reading};
use super::{Found, Row, RowReport, Task};
use crate::frame::Participant;
use crate::freeze::{Touch, touch};
use crate::intake::InvitationToken;
use crate::survey::Stored;
use crate::survey::contact::ask_about;
use crate::survey::entry::{
    Batch, Became, EnteredAnswers, EnteredSheet, Invitations, Invited, find_invitations, foresee,
    is_late, store,
};
use crate::text::digest_of;
use crate::{Fault, audit, clock};

/// Beside a column for each question.
const COLUMNS: Columns<'_> = Columns {
    needed: &["channel"],
    optional: &["subject", "panel", mark::COLUMN, "code", "note"],
    others: true,
};

/// What stands between several choices.
const BETWEEN: [char; 5] = [';', '；', '、', '|', '\n'];

impl Task<'_> {
    /// Returns whether the rows were stored.
    pub(super) async fn answers(
        &self,
        id: Id<id::Survey>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        let Found {
            row,
            definition,
            frame,
            snapshot,
        } = self.find_survey(id).await?;
        let round = frame.id();
        let hashes: BTreeSet<[u8; 32]> = (reading.rows.iter())
            .filter_map(|row| read_code(reading.cell(row, "code")?, id))
            .collect();
        let found = find_invitations(&snapshot, (id, &definition), &hashes).await?;
        let stored = Stored::of(&snapshot, id, &definition).await?;
        snapshot.finish().await?;
        let mut subjects = reading.subjects(&frame);
        for one in found.values() {
            subjects.extend(stored.whom(one.about)?);
        }
        let permit = ask_about(&frame, self.actor, &subjects)?;
        let now = self.service.clock.now();
        let late = is_late(&row, clock::micros(now))?;
        let sheets = Sheets {
            survey: id,
            subjects: frame.by_code(),
            definition: &definition,
            found: &found,
        };
        let sheets = match &stored.ballots {
            None => {
                check_columns(reading, (&COLUMNS, &definition));
                sheets.read(reading)
            }
            Some(ballots) => {
                check_columns(reading, (&BALLOT_COLUMNS, &definition));
                sheets.read_ballots(reading, ballots)
            }
        };
        if self.stops(reading) || sheets.is_empty() {
            if !reading.has_faults() {
                reading.made = Some(describe(&foresee(&definition, &sheets, (&found, late))));
            }
            return Ok(false);
        }
        let transaction = self.service.database.begin_write().await?;
        let answers = [InputKind::Survey(row.code.clone())];
        touch(&transaction, round, Touch::Change(&answers), now).await?;
        let batch = Batch {
            survey: id,
            definition: &definition,
            stored: &stored,
            sheets,
            digest: digest(reading),
        };
        let (count, table) = (batch.sheets.len(), batch.digest);
        let became = describe(&store(self.service, &transaction, batch).await?);
        // How many of each, never which: a table of one row says no more than that there was one.
        let reason = format!("{count} sheets");
        let object = id.to_string();
        let entry = audit::Entry {
            after: Some(table),
            reason: Some(&reason),
            ..permit.entry(now, "survey.enter_sheets", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        reading.made = Some(became);
        Ok(true)
    }
}

/// How many sheets there are of each kind: `valid 37, invalid 2`.
fn describe(became: &Became) -> String {
    let parts: Vec<String> = became
        .iter()
        .map(|(state, count)| format!("{} {count}", state.word()))
        .collect();
    parts.join(", ")
}

/// SHA-256 over everything that the table says.
fn digest(reading: &Reading<'_>) -> [u8; 32] {
    let mut parts = reading.column_names();
    for row in reading.rows {
        parts.push("");
        parts.extend(row.cells.iter().map(|cell| cell.trim()));
    }
    digest_of(&parts)
}

/// Reports questions that the survey does not ask, and required ones that nobody answered.
fn check_columns(reading: &mut Reading<'_>, (columns, definition): (&Columns<'_>, &Definition)) {
    reading.check_columns(columns);
    let fault = |column: &str, code: &str, (what, mend): (String, String)| RowReport {
        row: 0,
        column: Some(column.to_owned()),
        code: code.to_owned(),
        what,
        mend,
    };
    for name in reading.other_columns(columns) {
        if definition.question(name).is_none() {
            let known: Vec<&str> = (definition.questions.iter())
                .map(|question| question.code.as_str())
                .collect();
            let what = format!("the survey has no question `{name}`");
            let mend = format!(
                "remove the column, or name it after one of {}",
                known.join(", ")
            );
            reading.fault(fault(name, "COLUMN_UNKNOWN", (what, mend)));
        }
    }
    for question in &definition.questions {
        if question.required && !reading.has_column(&question.code) {
            let what = format!("the required question `{}` has no column", question.code);
            let mend =
                "add the column; where a sheet has no answer, leave its cell empty".to_owned();
            reading.fault(fault(&question.code, "COLUMN_MISSING", (what, mend)));
        }
    }
}

/// The hash of the code on a sheet, as it was typed or as a scanner read its address; nothing if it is no code of this
/// survey.
fn read_code(text: &str, survey: Id<id::Survey>) -> Option<[u8; 32]> {
    let code = text.rsplit_once("/i/").map_or(text, |(_, code)| code);
    let code = code.split(['?', '#']).next().unwrap_or_default();
    InvitationToken::parse(code)
        .filter(|token| token.survey() == survey)
        .map(|token| token.hash())
}

/// What rows are read by.
pub(super) struct Sheets<'a> {
    survey: Id<id::Survey>,
    pub subjects: BTreeMap<&'a str, &'a Participant>,
    pub definition: &'a Definition,
    found: &'a Invitations,
}

/// What is wrong with a cell: its column, a code, what, and how to mend it.
pub(super) type CellFault = (&'static str, &'static str, String, String);

/// Whom a sheet is about, and who answered.
struct Whom {
    about: i64,
    panel: String,
    marks: Marks,
    invitation: Option<[u8; 32]>,
}

impl Sheets<'_> {
    fn read(&self, reading: &mut Reading<'_>) -> Vec<EnteredSheet> {
        let mut sheets = Vec::with_capacity(reading.rows.len());
        let mut codes = BTreeSet::new();
        for row in reading.rows {
            reading.used += 1;
            let channel = self.read_channel(reading, row);
            let whom = self.read_whom(reading, row, &mut codes);
            let answers = self.read_answers(reading, row);
            let whom = match whom {
                Ok(whom) => Some(whom),
                Err(fault) => {
                    reading.fault(report(row.number, fault));
                    None
                }
            };
            let (Some(channel), Some(whom), Some(answers)) = (channel, whom, answers) else {
                continue;
            };
            sheets.push(EnteredSheet {
                about: whom.about,
                panel: whom.panel,
                channel,
                marks: whom.marks,
                invitation: whom.invitation,
                answers: EnteredAnswers::Alone(answers),
            });
        }
        sheets
    }

    pub(super) fn read_channel<'r>(
        &self,
        reading: &mut Reading<'r>,
        row: &'r Row,
    ) -> Option<Channel> {
        let word = reading.need(row, "channel")?;
        let channel = find_channel(word);
        let taken = channel.filter(|channel| self.definition.takes(*channel));
        if taken.is_none() {
            reading.fault(RowReport {
                row: row.number,
                column: Some("channel".to_owned()),
                code: "CHANNEL_UNKNOWN".to_owned(),
                what: format!("the survey takes no sheets by `{word}`"),
                mend: "write `paper`, `phone` or `web`, one that the survey has".to_owned(),
            });
        }
        taken
    }

    /// Whom a sheet is about, and what its invitation says of who answered.
    fn read_whom<'r>(
        &self,
        reading: &Reading<'r>,
        row: &'r Row,
        codes: &mut BTreeSet<[u8; 32]>,
    ) -> Result<Whom, CellFault> {
        let subject = reading.cell(row, "subject");
        let panel = reading.cell(row, "panel");
        if let Some(code) = reading.cell(row, "code") {
            let (hash, invitation) = self.read_invitation(code, codes)?;
            let named = subject
                .and_then(|code| self.subjects.get(code))
                .map(|one| one.id);
            let other_subject = subject.is_some() && named != Some(invitation.about);
            if other_subject || panel.is_some_and(|panel| panel != invitation.panel) {
                let column = if other_subject { "subject" } else { "panel" };
                let (what, mend) = of_another();
                return Err((column, "CODE_OF_ANOTHER", what, mend));
            }
            return Ok(Whom {
                about: invitation.about,
                panel: invitation.panel.clone(),
                marks: self.read_marks(reading, row, Some(invitation))?,
                invitation: Some(hash),
            });
        }
        let needed = |column| {
            let what = "a sheet without a code says whom it is about and from which panel it is";
            let mend = "fill the cell in, or give the code of its invitation";
            (column, "CELL_EMPTY", what.to_owned(), mend.to_owned())
        };
        let code = subject.ok_or_else(|| needed("subject"))?;
        let panel = panel.ok_or_else(|| needed("panel"))?;
        let subject = self.subjects.get(code).ok_or_else(|| {
            let what = format!("`{code}` is not on the roster of the round");
            let mend = "use a code of the round's roster".to_owned();
            ("subject", "UNKNOWN_SUBJECT", what, mend)
        })?;
        let categories = self.definition.categories.as_ref();
        if categories.is_some_and(|asked| !asked.contains(&subject.category)) {
            let what = format!("the survey is not about the category of `{code}`");
            return Err((
                "subject",
                "NOT_ASKED_ABOUT",
                what,
                "remove the row".to_owned(),
            ));
        }
        self.check_panel(panel)?;
        Ok(Whom {
            about: subject.id,
            panel: panel.to_owned(),
            marks: self.read_marks(reading, row, None)?,
            invitation: None,
        })
    }

    /// The marks of whoever answered, which an invitation knows.
    pub(super) fn read_marks(
        &self,
        reading: &Reading<'_>,
        row: &Row,
        invitation: Option<&Invited>,
    ) -> Result<Marks, CellFault> {
        let marks = mark::read_marks(reading, row, self.definition)?;
        match invitation {
            Some(invitation) if marks == Marks::NONE || marks == invitation.marks => {
                Ok(invitation.marks)
            }
            Some(_) => {
                let (what, mend) = of_another();
                Err((mark::COLUMN, "CODE_OF_ANOTHER", what, mend))
            }
            None => Ok(marks),
        }
    }

    pub(super) fn check_panel(&self, panel: &str) -> Result<(), CellFault> {
        if self.definition.panel(panel).is_some() {
            return Ok(());
        }
        let panels: Vec<&str> = (self.definition.panels.iter())
            .map(|panel| panel.code.as_str())
            .collect();
        let what = format!("the survey has no panel `{panel}`");
        let mend = format!("write one of {}", panels.join(", "));
        Err(("panel", "PANEL_UNKNOWN", what, mend))
    }

    pub(super) fn read_invitation(
        &self,
        code: &str,
        codes: &mut BTreeSet<[u8; 32]>,
    ) -> Result<([u8; 32], &Invited), CellFault> {
        let unknown = || {
            let what = "this is no code of an invitation to this survey".to_owned();
            let mend = "compare it with the paper; letters and digits alone matter".to_owned();
            ("code", "CODE_UNKNOWN", what, mend)
        };
        let hash = read_code(code, self.survey).ok_or_else(unknown)?;
        let invitation = self.found.get(hash.as_slice()).ok_or_else(unknown)?;
        if invitation.state == invitation::State::Revoked {
            let what = "this invitation was withdrawn".to_owned();
            let mend = "remove the row".to_owned();
            return Err(("code", "CODE_WITHDRAWN", what, mend));
        }
        let is_used = !codes.insert(hash) || invitation.state == invitation::State::Used;
        // Nothing leads from an invitation to the sheet that it admitted, so that one can only stay.
        let keeps_first = self
            .definition
            .one_person
            .is_none_or(|rule| rule == OnePerson::First);
        if is_used && !keeps_first {
            let what = "somebody has answered by this invitation, and the survey would count another sheet than the first";
            let mend = "remove the row: which sheet was the first is not kept";
            return Err(("code", "CODE_USED", what.to_owned(), mend.to_owned()));
        }
        Ok((hash, invitation))
    }

    /// What the cells of the questions say.
    pub(super) fn read_entries(&self, reading: &Reading<'_>, row: &Row) -> Entries {
        let mut entries = Entries::default();
        for question in &self.definition.questions {
            let cell = reading.cell(row, &question.code).unwrap_or_default();
            for value in values(question, cell) {
                entries.add(&question.code, value);
            }
        }
        entries
    }

    fn read_answers<'r>(&self, reading: &mut Reading<'r>, row: &'r Row) -> Option<Answers> {
        let entries = self.read_entries(reading, row);
        match parse(self.definition, &entries) {
            Ok(answers) => Some(answers),
            Err(faults) => {
                for fault in faults {
                    let (what, mend) = explain(self.definition, &fault.question, fault.code);
                    reading.fault(RowReport {
                        row: row.number,
                        column: Some(fault.question),
                        code: fault.code.word().to_owned(),
                        what,
                        mend,
                    });
                }
                None
            }
        }
    }
}

/// What is wrong with a cell that says something else than the invitation, and how to mend it.
pub(super) fn of_another() -> (String, String) {
    (
        "the invitation was made for another one".to_owned(),
        "leave the cell empty: the code says it; or correct the code".to_owned(),
    )
}

pub(super) fn report(row: u32, (column, code, what, mend): CellFault) -> RowReport {
    RowReport {
        row,
        column: Some(column.to_owned()),
        code: code.to_owned(),
        what,
        mend,
    }
}

/// What a cell says, options by their codes.
pub(super) fn values(question: &Question, cell: &str) -> Vec<String> {
    let option = |text: &str| {
        let text = text.trim();
        let known = question.options().iter().find(|option| {
            option.code == text
                || option.label.zh == text
                || option.label.en.eq_ignore_ascii_case(text)
        });
        known.map_or_else(|| text.to_owned(), |option| option.code.clone())
    };
    match &question.asked {
        Asked::Words { .. } => vec![cell.to_owned()],
        Asked::Rated(_) | Asked::One(_) => vec![option(cell)],
        Asked::Several(_) => cell
            .split(BETWEEN)
            .filter(|part| !part.trim().is_empty())
            .map(option)
            .collect(),
    }
}

pub(super) fn explain(
    definition: &Definition,
    question: &str,
    code: FaultCode,
) -> (String, String) {
    let options = definition
        .question(question)
        .map_or_else(String::new, |(_, question)| {
            let options = question.options().iter();
            let named: Vec<String> = options
                .map(|option| format!("{} ({})", option.code, option.label.zh))
                .collect();
            named.join(", ")
        });
    match code {
        FaultCode::TooLong { longest, found } => (
            format!("{found} characters, where {longest} are allowed"),
            "shorten it".to_owned(),
        ),
        FaultCode::ControlCharacter => (
            "it holds a character that cannot be shown".to_owned(),
            "type it anew".to_owned(),
        ),
        FaultCode::UnknownOption | FaultCode::TooMany => (
            "the question has no such option".to_owned(),
            format!("write one of {options}; leave the cell empty where nothing was ticked"),
        ),
        FaultCode::Missing | FaultCode::UnknownQuestion => (
            "the question is not asked like this".to_owned(),
            "compare the column with the survey".to_owned(),
        ),
    }
}
