//! A decision with every reason.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Enum, Object, SimpleObject};
use domain::outcome;
use domain::scheme::file;
use service::decision::{StoredDecision, Vocabulary};

use crate::graphql::error::GraphqlFault;
use crate::graphql::inspection::{Entry, by_round};
use crate::graphql::loader::Batch;
use crate::graphql::scalar::{Instant, Points};

/// The same words in both languages.
#[derive(Debug, Clone, SimpleObject)]
pub struct Words {
    /// Chinese.
    zh: String,
    /// English.
    en: String,
}

impl From<file::Words> for Words {
    fn from(words: file::Words) -> Self {
        Self {
            zh: words.zh,
            en: words.en,
        }
    }
}

/// Whether a subject could be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "outcome::Status")]
pub enum DecisionStatus {
    /// It was.
    Decided,
    /// Something is missing or contradictory.
    Undetermined,
    /// A waiver holds it: no grade, no seat.
    Held,
}

/// A truth value of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "outcome::Truth3")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// A value that it needs is missing.
    Undetermined,
}

/// What a figure is of: never a live one under the name of a closed one.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct Source {
    /// Whether it is interim: the round is open, and it may change.
    live: bool,
    /// The instant of an interim figure; null while nothing was computed.
    as_of: Option<Instant>,
    /// The number of the revision that it is of; null where it is live.
    revision: Option<u32>,
}

impl Source {
    /// Of an open round.
    pub fn as_live(as_of: Option<chrono::DateTime<chrono::Utc>>) -> Self {
        Self {
            live: true,
            as_of: as_of.map(Instant),
            revision: None,
        }
    }

    /// Of a revision of a closed round.
    pub const fn of_revision(number: u32) -> Self {
        Self {
            live: false,
            as_of: None,
            revision: Some(number),
        }
    }
}

/// A decision, or what would be one.
#[derive(Debug, Clone)]
pub struct Decision {
    decision: Arc<outcome::Decision>,
    words: Arc<Vocabulary>,
    source: Source,
}

impl Decision {
    /// With what it is of.
    pub fn new(decision: Arc<outcome::Decision>, words: Arc<Vocabulary>, source: Source) -> Self {
        Self {
            decision,
            words,
            source,
        }
    }
}

impl From<StoredDecision> for Decision {
    fn from(stored: StoredDecision) -> Self {
        Self::new(
            stored.decision,
            stored.words,
            Source::of_revision(stored.revision),
        )
    }
}

/// A step that set or changed a grade.
#[derive(Debug, Clone, SimpleObject)]
pub struct GradeStep {
    /// Which step: `base`, `rule`, `related_cap`, `quota`, `handed_on`, `adjustment` or `disqualified`.
    step: String,
    /// The grade before.
    from: Option<String>,
    /// The grade after.
    to: Option<String>,
    /// Code of the rule or quota that did it.
    by: Option<String>,
}

/// Two values that were compared.
#[derive(Debug, Clone, SimpleObject)]
pub struct Comparison {
    /// What was looked at, such as `survey/public/satisfaction_rate`.
    what: String,
    /// Its exact value; `?` where there is none.
    left: String,
    /// The sign between the two.
    op: String,
    /// What it was compared with.
    right: String,
    /// Whether it holds.
    holds: Truth,
    /// The same in words.
    words: Words,
}

/// The outcome of a rule.
#[derive(Debug, Clone, SimpleObject)]
pub struct RuleOutcome {
    /// Code of the rule.
    rule: String,
    /// Whether it fired.
    fired: Truth,
    /// The same in a sentence.
    sentence: Words,
    /// The exact values that were compared.
    compared: Vec<Comparison>,
}

/// Points of a section or indicator.
#[derive(Debug, Clone, SimpleObject)]
pub struct NodePoints {
    /// Its code.
    node: String,
    /// The sum of what lies below it, before its own floor or ceiling.
    sum: Option<Points>,
    /// What it is worth.
    points: Option<Points>,
    /// The most that it can be worth for this subject; null on deductions.
    maximum: Option<Points>,
}

impl From<&outcome::NodeResult> for NodePoints {
    fn from(node: &outcome::NodeResult) -> Self {
        Self {
            node: node.node.to_string(),
            sum: node.sum.map(Points),
            points: node.points.map(Points),
            maximum: node.maximum.map(Points),
        }
    }
}

/// Points of an item.
#[derive(Debug, Clone, SimpleObject)]
pub struct ItemPoints {
    /// Its code.
    item: String,
    /// What it is worth.
    points: Option<Points>,
    /// How that came about: `scored`, `gated`, `by_scheme`, `by_waiver`, `not_applicable` or `missing`.
    state: String,
}

/// A figure of a survey.
#[derive(Debug, Clone, SimpleObject)]
pub struct SurveyFigure {
    /// What it is, such as `survey/public/satisfaction_rate`.
    what: String,
    /// Its exact value; `?` where it is undefined.
    value: String,
    /// The same cut for reading, such as `93.33%`.
    text: String,
    /// Why it is undefined.
    why: Option<Words>,
}

impl From<&outcome::FigureResult> for SurveyFigure {
    fn from(figure: &outcome::FigureResult) -> Self {
        Self {
            what: figure.what.to_string(),
            value: figure.value.to_string(),
            text: figure.text.to_string(),
            why: figure.why.as_ref().map(|why| why.words().into()),
        }
    }
}

/// Something that stands between a subject and the next grade.
#[derive(Debug, Clone, SimpleObject)]
pub struct Obstacle {
    /// The grade that is out of reach.
    grade: String,
    /// Code of the rule or quota; null where it is the total.
    by: Option<String>,
    /// The smallest change that would clear it, in words.
    words: Words,
}

/// What comes of a decision.
#[derive(Debug, Clone, SimpleObject)]
pub struct Consequence {
    /// Code of the rule.
    rule: String,
    /// `alert`, or the kind of follow-up.
    kind: String,
    /// Codes of the subjects that it concerns.
    subjects: Vec<String>,
    /// Calendar days to do it in.
    within_days: Option<u32>,
    /// Working days to do it in.
    within_working_days: Option<u32>,
}

/// What a subject got, and why; of an open round, what it would get.
#[Object]
impl Decision {
    /// What it is of: live, or of which revision.
    async fn source(&self) -> Source {
        self.source
    }

    /// Code of the subject.
    async fn subject_code(&self) -> &str {
        &self.decision.subject
    }

    /// Whether it could be decided.
    async fn status(&self) -> DecisionStatus {
        self.decision.status.into()
    }

    /// The total.
    async fn total(&self) -> Option<Points> {
        self.decision.total.map(Points)
    }

    /// The most that the total can be without bonuses.
    async fn maximum(&self) -> Points {
        Points(self.decision.maximum)
    }

    /// Code of the grade that the total or the proposal gives.
    async fn base_grade(&self) -> Option<&str> {
        self.decision.base_grade.as_deref()
    }

    /// Code of the grade in the end.
    async fn grade(&self) -> Option<&str> {
        self.decision.grade.as_deref()
    }

    /// The rank within the category; equal totals share it.
    async fn rank(&self) -> Option<u32> {
        self.decision.rank
    }

    /// Whether it is disqualified.
    async fn disqualified(&self) -> bool {
        self.decision.disqualified
    }

    /// Whether it is eligible; null while undetermined.
    async fn eligible(&self) -> Option<bool> {
        self.decision.eligible
    }

    /// Codes of the labels that it holds.
    async fn labels(&self) -> Vec<String> {
        self.decision
            .labels
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// All of it in one sentence that a person from the subject understands.
    async fn sentence(&self) -> Words {
        self.words.explainer().sentence(&self.decision).into()
    }

    /// What each step did to the grade.
    async fn steps(&self) -> Vec<GradeStep> {
        let step = |step: &outcome::GradeStep| GradeStep {
            step: word(&step.step),
            from: step.from.as_deref().map(str::to_owned),
            to: step.to.as_deref().map(str::to_owned),
            by: step.by.as_deref().map(str::to_owned),
        };
        self.decision.steps.iter().map(step).collect()
    }

    /// Every rule for its category with its outcome.
    async fn rules(&self) -> Vec<RuleOutcome> {
        let explainer = self.words.explainer();
        let compared = |one: &outcome::Comparison| Comparison {
            what: one.what.to_string(),
            left: one.left.to_string(),
            op: one.op.text().to_owned(),
            right: one.right.to_string(),
            holds: one.holds.into(),
            words: explainer.comparison(one).into(),
        };
        let rule = |result: &outcome::RuleResult| RuleOutcome {
            rule: result.rule.to_string(),
            fired: result.fired.into(),
            sentence: explainer.rule_sentence(result).into(),
            compared: result.compared.iter().map(compared).collect(),
        };
        self.decision.rules.iter().map(rule).collect()
    }

    /// Points of sections and indicators, in the scheme's order.
    async fn nodes(&self) -> Vec<NodePoints> {
        self.decision.nodes.iter().map(NodePoints::from).collect()
    }

    /// Points of items, in the scheme's order.
    async fn items(&self) -> Vec<ItemPoints> {
        let item = |item: &outcome::ItemResult| ItemPoints {
            item: item.item.to_string(),
            points: item.points.map(Points),
            state: word(&item.state),
        };
        self.decision.items.iter().map(item).collect()
    }

    /// Figures of surveys.
    async fn figures(&self) -> Vec<SurveyFigure> {
        self.decision
            .figures
            .iter()
            .map(SurveyFigure::from)
            .collect()
    }

    /// What stands between it and the next grade.
    async fn obstacles(&self) -> Vec<Obstacle> {
        let explainer = self.words.explainer();
        let obstacle = |one: &outcome::Obstacle| Obstacle {
            grade: one.grade.to_string(),
            by: one.by.as_deref().map(str::to_owned),
            words: explainer.obstacle(one).into(),
        };
        self.decision.obstacles.iter().map(obstacle).collect()
    }

    /// What comes of it.
    async fn consequences(&self) -> Vec<Consequence> {
        let consequence = |one: &outcome::Consequence| Consequence {
            rule: one.rule.to_string(),
            kind: one.kind.to_string(),
            subjects: one.subjects.iter().map(ToString::to_string).collect(),
            within_days: one.within_days,
            within_working_days: one.within_working_days,
        };
        self.decision.consequences.iter().map(consequence).collect()
    }
}

/// The word that an enumeration is written with in documents.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Loads decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DecisionKey(pub Entry);

impl Loader<DecisionKey> for Batch {
    type Value = Decision;
    type Error = GraphqlFault;

    async fn load(
        &self,
        keys: &[DecisionKey],
    ) -> Result<HashMap<DecisionKey, Decision>, GraphqlFault> {
        let mut all = HashMap::new();
        for (round, subjects) in by_round(keys.iter().map(|key| &key.0)) {
            let found = self
                .service
                .list_decisions(&self.actor, round, &subjects)
                .await?;
            for (subject, decision) in found {
                all.insert(DecisionKey(Entry { round, subject }), decision.into());
            }
        }
        Ok(all)
    }
}
