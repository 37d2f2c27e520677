//! The rows themselves: what each holds, where it lies, and how it becomes an input of the decision.

use domain::access::Action;
use domain::correction::InputKind;
use domain::id::{Id, Subject};
use domain::inputs::{self, Inputs};
use domain::number::Ratio;
use entity::{checklist_result, measure_value, nil_report, proposed_grade};
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::Fault;
use crate::closeout::load::WHOLE_ROUND;
use crate::freeze::Touch;

/// Tasks of a list that are done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checklist {
    /// Whom they are about.
    pub subject: Id<Subject>,
    /// The item.
    pub item: String,
    /// The part of it, where it has parts.
    pub part: Option<String>,
    /// How many are done.
    pub done: u32,
    /// Of how many.
    pub tasks: u32,
    /// Numbers, from 1, of those that are not done; each where the list is the subject's own.
    pub undone: Vec<u32>,
}

/// A value of a measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The measure.
    pub measure: String,
    /// `round`, `last_year`, or a stretch: `2026`, `2026-H1`, `2026-Q1`, `2026-01`.
    pub period: String,
    /// The value.
    pub value: Ratio,
}

/// A confirmation that there was no fact of a kind (零报告).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NilReport {
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The kind of fact.
    pub kind: String,
}

/// A grade that was recorded as proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedGrade {
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The grade.
    pub grade: String,
}

/// Puts a row in, in place of an earlier one, or takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put<T> {
    /// This stands from now on.
    Put(T),
    /// What stands for the same subject and thing is taken back; its other fields are not looked at.
    TakeBack(T),
}

/// A change of tasks done.
pub type ChecklistChange = Put<Checklist>;
/// A change of a measure.
pub type MeasureChange = Put<Measure>;
/// A change of a nil report.
pub type NilReportChange = Put<NilReport>;
/// A change of a proposed grade.
pub type ProposedGradeChange = Put<ProposedGrade>;

/// What was reported about one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Tasks done, by item.
    pub checklists: Vec<Checklist>,
    /// Measures, by measure and period.
    pub measures: Vec<Measure>,
    /// Nil reports, by kind.
    pub nil_reports: Vec<NilReport>,
    /// The proposed grade.
    pub proposed: Option<ProposedGrade>,
}

/// A row about a subject of a round, of which the last word stands. In its table the round and the subject lead the
/// primary key.
pub(crate) trait Row: Clone + std::fmt::Debug {
    /// What a list of them is called in the input of a request.
    const LIST: &'static str;
    /// What the log calls a change of them.
    const LOGGED: &'static str;
    /// What whoever changes them must be allowed to.
    const ACTION: Action;
    /// What they change of a round.
    const TOUCH: Touch<'static>;
    /// Whether what is right depends on the lists of tasks that subjects have of their own.
    const NEEDS_LISTS: bool = false;
    /// Where they lie.
    type Table: EntityTrait;
    fn write(&self, round: i64) -> <Self::Table as EntityTrait>::ActiveModel;
    fn read(row: <Self::Table as EntityTrait>::Model) -> Result<Self, Fault>;
    fn subject(&self) -> Id<Subject>;
    /// Adds the row to the inputs that are checked and decided by.
    fn add_to(self, inputs: &mut Inputs, subject: String);
    /// Adds the row to what is told about its subject.
    fn tell(self, evidence: &mut Evidence);
}

impl Row for Checklist {
    const LIST: &'static str = "checklists";
    const LOGGED: &'static str = "round.change_checklists";
    const ACTION: Action = Action::AwardScore;
    const TOUCH: Touch<'static> = Touch::Change(&[InputKind::Checklists]);
    const NEEDS_LISTS: bool = true;
    type Table = checklist_result::Entity;

    fn write(&self, round: i64) -> checklist_result::ActiveModel {
        checklist_result::ActiveModel {
            round_id: Set(round),
            subject_id: Set(self.subject.number()),
            item: Set(self.item.clone()),
            part: Set(self.part.clone().unwrap_or_default()),
            done: Set(i64::from(self.done)),
            tasks: Set(i64::from(self.tasks)),
            undone: Set(format!("{:?}", self.undone)),
        }
    }

    fn read(row: checklist_result::Model) -> Result<Self, Fault> {
        Ok(Self {
            subject: Id::new(row.subject_id),
            item: row.item,
            part: Some(row.part).filter(|part| !part.is_empty()),
            done: u32::try_from(row.done).map_err(Fault::internal)?,
            tasks: u32::try_from(row.tasks).map_err(Fault::internal)?,
            undone: serde_json::from_str(&row.undone).map_err(Fault::internal)?,
        })
    }

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(self, inputs: &mut Inputs, subject: String) {
        inputs.checklists.push(inputs::ChecklistResult {
            subject,
            item: self.item,
            part: self.part,
            done: self.done,
            tasks: self.tasks,
            undone: self.undone,
        });
    }

    fn tell(self, evidence: &mut Evidence) {
        evidence.checklists.push(self);
    }
}

impl Row for Measure {
    const LIST: &'static str = "measures";
    const LOGGED: &'static str = "round.change_measures";
    const ACTION: Action = Action::ReportEvidence;
    const TOUCH: Touch<'static> = Touch::Change(&[InputKind::Measures]);
    type Table = measure_value::Entity;

    fn write(&self, round: i64) -> measure_value::ActiveModel {
        measure_value::ActiveModel {
            round_id: Set(round),
            subject_id: Set(self.subject.number()),
            measure: Set(self.measure.clone()),
            period: Set(stored_period(&self.period)),
            value: Set(self.value.to_string()),
        }
    }

    fn read(row: measure_value::Model) -> Result<Self, Fault> {
        Ok(Self {
            subject: Id::new(row.subject_id),
            measure: row.measure,
            period: if row.period.is_empty() {
                WHOLE_ROUND.to_owned()
            } else {
                row.period
            },
            value: row.value.parse().map_err(Fault::internal)?,
        })
    }

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(self, inputs: &mut Inputs, subject: String) {
        inputs.measures.push(inputs::MeasureValue {
            subject,
            measure: self.measure,
            period: self.period,
            value: self.value,
        });
    }

    fn tell(self, evidence: &mut Evidence) {
        evidence.measures.push(self);
    }
}

impl Row for NilReport {
    const LIST: &'static str = "nilReports";
    const LOGGED: &'static str = "round.change_nil_reports";
    const ACTION: Action = Action::ReportEvidence;
    const TOUCH: Touch<'static> = Touch::Change(&[InputKind::Facts]);
    type Table = nil_report::Entity;

    fn write(&self, round: i64) -> nil_report::ActiveModel {
        nil_report::ActiveModel {
            round_id: Set(round),
            subject_id: Set(self.subject.number()),
            kind: Set(self.kind.clone()),
        }
    }

    fn read(row: nil_report::Model) -> Result<Self, Fault> {
        Ok(Self {
            subject: Id::new(row.subject_id),
            kind: row.kind,
        })
    }

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(self, inputs: &mut Inputs, subject: String) {
        let kind = self.kind;
        inputs.nil_reports.push(inputs::NilReport { subject, kind });
    }

    fn tell(self, evidence: &mut Evidence) {
        evidence.nil_reports.push(self);
    }
}

impl Row for ProposedGrade {
    const LIST: &'static str = "proposedGrades";
    const LOGGED: &'static str = "round.change_proposed_grades";
    const ACTION: Action = Action::ReportEvidence;
    const TOUCH: Touch<'static> = Touch::Change(&[InputKind::ProposedGrades]);
    type Table = proposed_grade::Entity;

    fn write(&self, round: i64) -> proposed_grade::ActiveModel {
        proposed_grade::ActiveModel {
            round_id: Set(round),
            subject_id: Set(self.subject.number()),
            grade: Set(self.grade.clone()),
        }
    }

    fn read(row: proposed_grade::Model) -> Result<Self, Fault> {
        Ok(Self {
            subject: Id::new(row.subject_id),
            grade: row.grade,
        })
    }

    fn subject(&self) -> Id<Subject> {
        self.subject
    }

    fn add_to(self, inputs: &mut Inputs, subject: String) {
        let grade = self.grade;
        inputs
            .proposed
            .push(inputs::ProposedGrade { subject, grade });
    }

    fn tell(self, evidence: &mut Evidence) {
        evidence.proposed = Some(self);
    }
}

/// The column is empty where a measure has one value for the whole round.
fn stored_period(period: &str) -> String {
    if period == WHOLE_ROUND {
        String::new()
    } else {
        period.to_owned()
    }
}
