//! What another version of a scheme would make of a closed round.

use async_graphql::{Object, SimpleObject};
use domain::explain;
use domain::trial::Count;
use service::closeout;

use super::decision::Words;
use super::reopening::RevisionChange;
use crate::graphql::connection::{Connection, Window, page_cost};
use crate::graphql::error::GraphqlFault;

/// A number of subjects before and after.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct TrialCount {
    /// As it was decided.
    before: usize,
    /// As the version that is tried would have it.
    after: usize,
}

impl From<Count> for TrialCount {
    fn from(count: Count) -> Self {
        Self {
            before: count.before,
            after: count.after,
        }
    }
}

/// How many subjects hold a grade.
#[derive(Debug, Clone, SimpleObject)]
pub struct TrialGrade {
    /// Code of the grade.
    grade: String,
    /// How many held it.
    before: usize,
    /// How many would.
    after: usize,
}

/// Something that the version that is tried lacks, so that the round could not be closed under it.
#[derive(Debug, Clone, SimpleObject)]
pub struct TrialGap {
    /// Code of the subject; null where it is of the round as a whole.
    subject_code: Option<String>,
    /// The item, rule or quota.
    place: String,
    /// All of it in words, with what to do.
    words: Words,
}

/// Rows of the round's inputs that the version that is tried has no place for.
#[derive(Debug, Clone, SimpleObject)]
pub struct TrialSetAside {
    /// The list of the inputs, such as `scores`.
    list: String,
    /// What the rows are of: an item, a measure, a kind of fact.
    name: String,
    /// How many rows.
    rows: usize,
    /// Why, in one line.
    words: Words,
}

/// A trial of a version.
#[derive(Debug)]
pub struct SchemeTrial(pub closeout::SchemeTrial);

/// What another version of a scheme would make of a closed round: a trial, never a decision, and nothing of it is stored.
#[Object]
impl SchemeTrial {
    /// Number of the revision that it was tried on.
    async fn revision(&self) -> u32 {
        self.0.revision
    }

    /// Code of the scheme that is tried.
    async fn scheme_code(&self) -> &str {
        let [code, _] = &self.0.trial.after;
        code
    }

    /// Its version.
    async fn scheme_version(&self) -> &str {
        let [_, version] = &self.0.trial.after;
        version
    }

    /// How many subjects there are.
    async fn subject_count(&self) -> usize {
        self.0.trial.subjects
    }

    /// How many of them would get another grade, eligibility, disqualification or total.
    async fn change_count(&self) -> usize {
        self.0.trial.changed.len()
    }

    /// How many subjects hold each grade, in the order of the version that is tried, then those that only the other has.
    async fn grades(&self) -> Vec<TrialGrade> {
        let grades = self.0.trial.grades.iter();
        let grades = grades.map(|one| TrialGrade {
            grade: one.grade.clone(),
            before: one.count.before,
            after: one.count.after,
        });
        grades.collect()
    }

    /// How many are eligible.
    async fn eligible(&self) -> TrialCount {
        self.0.trial.eligible.into()
    }

    /// How many are disqualified.
    async fn disqualified(&self) -> TrialCount {
        self.0.trial.disqualified.into()
    }

    /// How many are undetermined.
    async fn undetermined(&self) -> TrialCount {
        self.0.trial.undetermined.into()
    }

    /// Who would get something else, by code, and why.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn changes(
        &self,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<RevisionChange>, GraphqlFault> {
        let window = Window { first, after };
        let words = (self.0.before.explainer(), self.0.after.explainer());
        Connection::of_rows("trial_change", &window, &self.0.trial.changed, |one| {
            RevisionChange::of(one, (&words.0, &words.1))
        })
    }

    /// What would keep the round from being closed under the version that is tried.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn gaps(
        &self,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<TrialGap>, GraphqlFault> {
        let window = Window { first, after };
        let explainer = self.0.after.explainer();
        Connection::of_rows("trial_gap", &window, &self.0.trial.gaps, |gap| TrialGap {
            subject_code: gap.subject.as_deref().map(str::to_owned),
            place: gap.place.to_string(),
            words: explainer.gap(gap).into(),
        })
    }

    /// What the version that is tried has no place for, by list and name.
    #[graphql(complexity = "page_cost(first, child_complexity)")]
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn set_aside(
        &self,
        #[graphql(desc = "How many, 1 to 100.")] first: i32,
        #[graphql(desc = "Only those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<TrialSetAside>, GraphqlFault> {
        let window = Window { first, after };
        Connection::of_rows("trial_set_aside", &window, &self.0.trial.set_aside, |row| {
            TrialSetAside {
                list: row.list.clone(),
                name: row.name.clone(),
                rows: row.rows,
                words: explain::trial::set_aside(row).into(),
            }
        })
    }
}
