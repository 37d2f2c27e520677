//! Whole tables at once: the roster, scores, measures, facts, grades of earlier rounds and whom a survey is sent to, as
//! rows of text.
//!
//! A table is stored whole or not at all, and every fault is reported with its row, its column, what is wrong and how
//! to mend it. A dry run does the same and stores nothing. Sending a table again changes nothing that it does not say
//! differently.

mod answer;
mod ballot;
mod contact;
mod duty;
mod evidence;
mod history;
mod issue;
mod mark;
mod roster;
mod score;
mod table;

use domain::access::{Action, Actor};
use domain::id::{self, Id};
use domain::survey::Definition;
use entity::survey;
use sea_orm::EntityTrait;

use crate::database::ReadTransaction;
use crate::frame::{Frame, Whom};
use crate::permit::ask_somewhere;
use crate::{Fault, Refusal, Service};

use table::Reading;

/// Faults that are reported at once.
const MOST_FAULTS: usize = 1_000;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    /// Subjects: `code`, `kind`, `category`, `region`, `name`, `name_en`. Added, or changed where the code is known.
    Roster,
    /// Tasks that subjects have of their own (责任清单), one row for each task in its order: `subject`, `item`, `part`,
    /// `task`. Recorded before the round opens, and then approved by another person.
    DutyLists,
    /// Points and tasks done: `subject`, `item`, `part`, `inspector`, `points` or `done`, `tasks` and `undone`, `note`. A row
    /// that gives neither is skipped. Without `inspector` they are those of whoever imports.
    Scores,
    /// Values of measures: `subject`, `measure`, `period`, `value`.
    Measures,
    /// Facts: `subject`, `kind`, `reference`, `event_on`, `decision_on`, `persons`, `status`; every other column is a
    /// field of the kind.
    Facts,
    /// Grades of rounds that were held before: `series`, `round`, `closed_on`, `subject`, `grade`, `points`.
    History,
    /// Whom a survey is sent to: `subject` (of ballots `ballot`), `panel`, `name`, and one of `mail`, `phone` and `postal`. A table becomes a
    /// list, and nothing is sent until that is confirmed.
    Contacts,
    /// Sheets of a survey: `channel`, `subject` and `panel` or the `code` of an invitation, and a column for each
    /// question.
    Answers,
    /// How many were invited, issued, attending and entitled: `subject`, `panel`, `channel`, `invited`, `issued`,
    /// `attended`, `entitled`.
    Issues,
}

impl ImportKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Roster,
        Self::DutyLists,
        Self::Scores,
        Self::Measures,
        Self::Facts,
        Self::History,
        Self::Contacts,
        Self::Answers,
        Self::Issues,
    ];

    /// The word for it in commands and addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Roster => "roster",
            Self::DutyLists => "duty-lists",
            Self::Scores => "scores",
            Self::Measures => "measures",
            Self::Facts => "facts",
            Self::History => "history",
            Self::Contacts => "contacts",
            Self::Answers => "answers",
            Self::Issues => "issues",
        }
    }

    /// The kind of a word.
    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Rows of text below named columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns, in any order.
    pub columns: Vec<String>,
    /// What stands below.
    pub rows: Vec<Row>,
}

/// A row of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number as whoever made the table counts.
    pub number: u32,
    /// Its cells, in the order of the columns; those that are missing at the end are empty.
    pub cells: Vec<String>,
}

/// A table to be imported.
#[derive(Debug, Clone)]
pub struct Request {
    /// The round; needed for duty lists, scores, measures and facts.
    pub round: Option<Id<id::Round>>,
    /// The survey; needed for contacts, answers and issues.
    pub survey: Option<Id<id::Survey>>,
    /// What the table holds.
    pub kind: ImportKind,
    /// The table.
    pub table: Table,
    /// Whether nothing is to be stored.
    pub dry_run: bool,
    /// Whether rows with an address that cannot be used are left out, instead of keeping all the others out. For
    /// contacts alone.
    pub leave_out: bool,
    /// A random sample of the contacts instead of all of them.
    pub sample: Option<Sample>,
}

impl Request {
    /// To store all of a table that is of no round and no survey.
    pub const fn of(kind: ImportKind, table: Table) -> Self {
        Self {
            round: None,
            survey: None,
            kind,
            table,
            dry_run: false,
            leave_out: false,
            sample: None,
        }
    }
}

/// A random sample to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How many for each subject and panel.
    pub size: usize,
    /// With what, so that it can be drawn again; drawn itself where nobody says.
    pub seed: Option<String>,
}

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many rows hold something.
    pub rows: usize,
    /// Whether they were stored: not in a dry run, and not if there is a single fault.
    pub stored: bool,
    /// Everything that is wrong, by row; at most a thousand.
    pub faults: Vec<RowReport>,
    /// What the rows became, or in a dry run of answers would become: the id of a list of contacts, or how many sheets
    /// count and how many do not.
    pub made: Option<String>,
}

/// Something that is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowReport {
    /// The row; 0 for the columns themselves.
    pub row: u32,
    /// The column.
    pub column: Option<String>,
    /// Stable code in capitals.
    pub code: String,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl Service {
    /// Imports a table, whole or not at all. The number of statements grows with thousands of rows, not with rows.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NEEDED`, `SURVEY_NEEDED`, `ROUND_NOT_OPEN`, `SURVEY_CLOSED`; [`Fault::Denied`] if a single row lies outside the
    /// actor's grants; [`Fault::NotFound`]. What is wrong with rows is no error but in the [`Report`].
    pub async fn import(&self, actor: &Actor, request: Request) -> Result<Report, Fault> {
        let mut reading = Reading::new(&request.table);
        let task = Task {
            service: self,
            actor,
            dry_run: request.dry_run,
            leave_out: request.leave_out,
            sample: request.sample,
        };
        let outcome = match (request.kind, request.round) {
            (ImportKind::Roster, _) => task.roster(&mut reading).await,
            (ImportKind::History, _) => task.history(&mut reading).await,
            (ImportKind::Contacts | ImportKind::Answers | ImportKind::Issues, _) => {
                match request.survey {
                    Some(survey) => task.of_survey(request.kind, survey, &mut reading).await,
                    None => Err(Fault::refused(
                        Refusal::new("SURVEY_NEEDED", "say which survey the rows are for")
                            .at(["survey"]),
                    )),
                }
            }
            (ImportKind::DutyLists, Some(round)) => task.duty_lists(round, &mut reading).await,
            (ImportKind::Scores, Some(round)) => task.scores(round, &mut reading).await,
            (ImportKind::Measures, Some(round)) => task.measures(round, &mut reading).await,
            (ImportKind::Facts, Some(round)) => task.facts(round, &mut reading).await,
            (_, None) => Err(Fault::refused(
                Refusal::new("ROUND_NEEDED", "say which round the rows are for").at(["round"]),
            )),
        };
        let stored = outcome?;
        Ok(reading.report(stored))
    }
}

/// An import that is under way.
struct Task<'a> {
    service: &'a Service,
    actor: &'a Actor,
    dry_run: bool,
    leave_out: bool,
    sample: Option<Sample>,
}

/// A survey as it is found, and what it was read in.
struct Found {
    row: survey::Model,
    definition: Definition,
    frame: Frame,
    snapshot: ReadTransaction,
}

impl Task<'_> {
    /// The tables that are about one survey.
    async fn of_survey(
        &self,
        kind: ImportKind,
        survey: Id<id::Survey>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        match kind {
            ImportKind::Answers => self.answers(survey, reading).await,
            ImportKind::Issues => self.issues(survey, reading).await,
            _ => self.contacts(survey, reading).await,
        }
    }

    /// The survey that a table is about, for whoever runs surveys somewhere.
    async fn find_survey(&self, id: Id<id::Survey>) -> Result<Found, Fault> {
        ask_somewhere(self.actor, Action::RunSurvey)?;
        let snapshot = self.service.database.begin_read().await?;
        let row = survey::Entity::find_by_id(id.number())
            .one(&snapshot)
            .await?
            .ok_or(Fault::NotFound)?;
        Ok(Found {
            definition: serde_json::from_str(&row.definition).map_err(Fault::internal)?,
            frame: Frame::load(&snapshot, Id::new(row.round_id), Whom::Everybody).await?,
            row,
            snapshot,
        })
    }

    /// Whether anything is left to do after the rows were read and checked.
    fn stops(&self, reading: &Reading<'_>) -> bool {
        self.dry_run || reading.has_faults()
    }
}
