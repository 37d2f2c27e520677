//! Putting scores, tasks done, measures, nil reports and proposed grades into an open round.

use async_graphql::{Context, InputObject, Object};
use domain::id;
use service::inspection::{self, Put};

use super::score::Score;
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::scalar::{Points, Rational};

/// Points to be awarded, changed or taken back.
#[derive(Debug, InputObject)]
pub struct ScoreInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Code of the item.
    item: String,
    /// Code of the part, where the item has parts.
    part: Option<String>,
    /// The stretch that they are for, such as `2026-Q1`, where points are awarded for each by itself.
    period: Option<String>,
    /// How many; leave it out to take an earlier award back.
    points: Option<Points>,
    /// A remark.
    note: Option<String>,
    /// `version` of the score as it was read; leave it out for a first award.
    version: Option<String>,
}

impl TryFrom<ScoreInput> for inspection::ScoreChange {
    type Error = GraphqlFault;

    fn try_from(input: ScoreInput) -> Result<Self, GraphqlFault> {
        let row_version = input
            .version
            .map(|version| {
                version.parse().map_err(|_| {
                    GraphqlFault::bad_input("`version` is taken from the score as it was read")
                })
            })
            .transpose()?;
        Ok(Self {
            subject: input.subject_id.0,
            item: input.item,
            part: input.part,
            period: input.period,
            points: input.points.map(|points| points.0),
            note: input.note,
            row_version,
        })
    }
}

/// Tasks done, to be recorded or taken back.
#[derive(Debug, InputObject)]
pub struct ChecklistInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Code of the item.
    item: String,
    /// Code of the part, where the item has parts.
    part: Option<String>,
    /// How many are done; leave it out to take back what was recorded.
    done: Option<u32>,
    /// Of how many.
    #[graphql(default)]
    tasks: u32,
    /// Numbers, from 1, of those that are not done: each of them where the list is the subject's own.
    #[graphql(default)]
    undone: Vec<u32>,
}

/// A value of a measure, to be reported or taken back.
#[derive(Debug, InputObject)]
pub struct MeasureInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Code of the measure.
    measure: String,
    /// `round`, `last_year`, or a stretch such as `2026-Q1`.
    period: String,
    /// The value; leave it out to take back what was reported.
    value: Option<Rational>,
}

/// A confirmation that there was no fact of a kind (零报告), or its taking back.
#[derive(Debug, InputObject)]
pub struct NilReportInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Code of the kind of fact.
    kind: String,
    /// Whether there was none; `false` takes the confirmation back.
    none: bool,
}

/// A grade to be recorded as proposed, or taken back.
#[derive(Debug, InputObject)]
pub struct ProposedGradeInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Code of the grade; leave it out to take the proposal back.
    grade: Option<String>,
}

payload! {
    /// What came of changing scores.
    ScoresChangePayload {
        /// The scores as they are now, without those taken back.
        scores: Vec<Score>
    }
}

payload! {
    /// What came of changing rows.
    RowsChangePayload {
        /// How many rows were changed.
        rows: Rows
    }
}

/// How many rows were changed.
#[derive(Debug, Clone, Copy, async_graphql::SimpleObject)]
pub struct Rows {
    /// So many.
    count: usize,
}

impl Rows {
    /// A single one.
    pub const ONE: Self = Self::of(1);

    /// So many.
    pub const fn of(count: usize) -> Self {
        Self { count }
    }
}

/// The part of the mutation root about what is put into a round.
#[derive(Debug, Default)]
pub struct InspectionMutation;

#[Object]
impl InspectionMutation {
    /// Awards, changes and takes back points of the inspector who asks: all or nothing, at most 250 at once.
    async fn scores_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
        #[graphql(desc = "What is to be changed.")] scores: Vec<ScoreInput>,
    ) -> Result<ScoresChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let changes = scores
            .into_iter()
            .map(TryInto::try_into)
            .collect::<Result<_, _>>()?;
        let done = service(context)?
            .change_scores(actor, round_id.0, changes)
            .await;
        let shown = done.map(|scores| scores.into_iter().map(Score::from).collect::<Vec<_>>());
        ScoresChangePayload::of(shown)
    }

    /// Records or takes back tasks done: all or nothing, at most 250 at once.
    async fn checklists_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
        #[graphql(desc = "What is to be changed.")] checklists: Vec<ChecklistInput>,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let rows = Rows::of(checklists.len());
        let change = |input: ChecklistInput| {
            let row = inspection::Checklist {
                subject: input.subject_id.0,
                item: input.item,
                part: input.part,
                done: input.done.unwrap_or(0),
                tasks: input.tasks,
                undone: input.undone,
            };
            put(input.done.is_some(), row)
        };
        let changes = checklists.into_iter().map(change).collect();
        let done = service(context)?
            .change_checklists(actor, round_id.0, changes)
            .await;
        RowsChangePayload::of(done.map(|()| rows))
    }

    /// Reports or takes back values of measures: all or nothing, at most 250 at once.
    async fn measures_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
        #[graphql(desc = "What is to be changed.")] measures: Vec<MeasureInput>,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let rows = Rows::of(measures.len());
        let change = |input: MeasureInput| {
            let is_put = input.value.is_some();
            let row = inspection::Measure {
                subject: input.subject_id.0,
                measure: input.measure,
                period: input.period,
                value: input
                    .value
                    .map_or_else(domain::number::Ratio::zero, |value| value.0),
            };
            put(is_put, row)
        };
        let changes = measures.into_iter().map(change).collect();
        let done = service(context)?
            .change_measures(actor, round_id.0, changes)
            .await;
        RowsChangePayload::of(done.map(|()| rows))
    }

    /// Confirms that there was no fact of a kind, or takes that back: all or nothing, at most 250 at once.
    async fn nil_reports_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
        #[graphql(desc = "What is to be changed.")] nil_reports: Vec<NilReportInput>,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let rows = Rows::of(nil_reports.len());
        let change = |input: NilReportInput| {
            let row = inspection::NilReport {
                subject: input.subject_id.0,
                kind: input.kind,
            };
            put(input.none, row)
        };
        let changes = nil_reports.into_iter().map(change).collect();
        let done = service(context)?
            .change_nil_reports(actor, round_id.0, changes)
            .await;
        RowsChangePayload::of(done.map(|()| rows))
    }

    /// Records grades as proposed, or takes them back: all or nothing, at most 250 at once.
    async fn proposed_grades_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
        #[graphql(desc = "What is to be changed.")] proposed_grades: Vec<ProposedGradeInput>,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let rows = Rows::of(proposed_grades.len());
        let change = |input: ProposedGradeInput| {
            let is_put = input.grade.is_some();
            let row = inspection::ProposedGrade {
                subject: input.subject_id.0,
                grade: input.grade.unwrap_or_default(),
            };
            put(is_put, row)
        };
        let changes = proposed_grades.into_iter().map(change).collect();
        let done = service(context)?
            .change_proposed_grades(actor, round_id.0, changes)
            .await;
        RowsChangePayload::of(done.map(|()| rows))
    }
}

pub(in crate::graphql) fn put<T>(is_put: bool, row: T) -> Put<T> {
    if is_put {
        Put::Put(row)
    } else {
        Put::TakeBack(row)
    }
}
