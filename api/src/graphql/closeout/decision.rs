//! A decision with every reason.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Enum, Object, SimpleObject};
use domain::explain::Explainer;
use domain::outcome;
use domain::scheme::file;
use service::decision::{StoredDecision, Vocabulary};
use service::standing;

use crate::graphql::asker::reads_as_unit;
use crate::graphql::error::GraphqlFault;
use crate::graphql::inspection::{Entry, by_round};
use crate::graphql::loader::Batch;
use crate::graphql::scalar::{Date, Instant, Points};

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

impl From<standing::Source> for Source {
    fn from(source: standing::Source) -> Self {
        match source {
            standing::Source::Live { as_of } => Self::as_live(as_of),
            standing::Source::Revision { number } => Self::of_revision(number),
        }
    }
}

/// A decision, or what would be one.
#[derive(Debug, Clone)]
pub struct Decision {
    pub(super) decision: Arc<outcome::Decision>,
    pub(super) words: Arc<Vocabulary>,
    pub(super) source: Source,
    /// Whether figures of few answers are kept from whoever asked.
    pub(super) withholding: bool,
}

impl Decision {
    fn of_stored(stored: StoredDecision, withholding: bool) -> Self {
        Self {
            decision: stored.decision,
            words: stored.words,
            source: Source::of_revision(stored.revision),
            withholding,
        }
    }

    fn explainer(&self) -> Explainer<'_> {
        let explainer = self.words.explainer();
        if self.withholding {
            explainer.withholding()
        } else {
            explainer
        }
    }
}

/// What stands in place of a figure that is withheld.
const WITHHELD: &str = "*";

/// A step that set or changed a grade.
#[derive(Debug, Clone, SimpleObject)]
pub struct GradeStep {
    /// Which step: `base`, `rule`, `related_cap`, `quota`, `tie_falls`, `not_chosen`,
    /// `chosen`, `handed_on`, `adjustment` or `disqualified`.
    step: String,
    /// The grade before.
    from: Option<String>,
    /// The grade after.
    to: Option<String>,
    /// Code of the rule or quota that did it.
    by: Option<String>,
    /// The same in words.
    words: Words,
}

/// Two values that were compared.
#[derive(Debug, Clone, SimpleObject)]
pub struct Comparison {
    /// What was looked at, such as `survey/public/satisfaction_rate`.
    what: String,
    /// Its exact value; `?` where there is none, `*` where it rests on fewer than 10 answers and the asker is not staff.
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
    /// What settled it where its condition was undetermined: `scheme` or `waiver`.
    settled_by: Option<String>,
    /// Whether it fired and a waiver of a contradiction says that it yields.
    yields: bool,
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

impl From<outcome::Row<'_, outcome::NodeResult>> for NodePoints {
    fn from(node: outcome::Row<'_, outcome::NodeResult>) -> Self {
        Self {
            node: node.code.to_string(),
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
    /// The values behind it, in words.
    words: Words,
    /// Tasks that are known not to be done, each with its number and, where the list is the subject's own (责任清单),
    /// the task itself.
    undone: Vec<Words>,
}

/// Lines of ballots about a subject. Counts are texts, for they may exceed what a number of JSON holds.
#[derive(Debug, Clone, SimpleObject)]
pub struct BallotLines {
    /// Those on valid sheets.
    valid: String,
    /// Those with a rated answer.
    rated: String,
    /// Those left blank as a whole: abstentions.
    abstained: String,
}

/// A figure of a survey.
#[derive(Debug, Clone, SimpleObject)]
pub struct SurveyFigure {
    /// What it is, such as `survey/public/satisfaction_rate`.
    what: String,
    /// Its exact value; `?` where it is undefined, `*` where it is withheld.
    value: String,
    /// The same cut for reading, such as `93.33%`; `*` where it is withheld.
    text: String,
    /// Whether it is withheld: it rests on fewer than 10 answers and the asker is not staff.
    withheld: bool,
    /// Beside the satisfaction rate of a ballot its lines, abstentions apart; null elsewhere or where it is withheld.
    lines: Option<BallotLines>,
    /// What it is the weighted mean of: shares times values add up to it. Empty where it is none; null where one of them
    /// rests on fewer than 10 answers and the asker is not staff.
    terms: Option<Vec<FigureTerm>>,
    /// Why it is undefined.
    why: Option<Words>,
}

impl SurveyFigure {
    /// A figure with the words for why it is undefined, or that it is withheld.
    pub fn new(
        figure: &outcome::FigureResult,
        why: Option<file::Words>,
        withholding: bool,
    ) -> Self {
        let withheld = withholding && figure.few;
        let shown = |text: String| {
            if withheld { WITHHELD.to_owned() } else { text }
        };
        Self {
            what: figure.what.to_string(),
            value: shown(figure.value.to_string()),
            text: shown(figure.text.to_string()),
            withheld,
            lines: figure
                .lines
                .as_deref()
                .filter(|_| !withheld)
                .map(|lines| BallotLines {
                    valid: lines.valid.to_string(),
                    rated: lines.rated.to_string(),
                    abstained: lines.abstained.to_string(),
                }),
            terms: figure
                .shown_terms(withholding)
                .map(|terms| terms.iter().map(FigureTerm::from).collect()),
            why: why.map(Words::from),
        }
    }
}

/// A question, panel or channel of a survey among those that a figure is the weighted mean of.
#[derive(Debug, Clone, SimpleObject)]
pub struct FigureTerm {
    /// What it is, such as `survey/public/satisfaction_rate/question=manner/panel=users`.
    what: String,
    /// What it weighs of the whole, exactly; `0` where nobody answered and the others share its weight.
    share: String,
    /// Its own figure, exactly; `?` where nobody answered.
    value: String,
}

impl From<&outcome::Term> for FigureTerm {
    fn from(term: &outcome::Term) -> Self {
        Self {
            what: term.what.to_string(),
            share: term.share.to_string(),
            value: term.value.to_string(),
        }
    }
}

/// Something that stands between a subject and the next grade, or its recognition.
#[derive(Debug, Clone, SimpleObject)]
pub struct Obstacle {
    /// The grade that is out of reach; null where the subject keeps its grade and is not recognised.
    grade: Option<String>,
    /// Code of the rule or quota; null where it is the total or the committee.
    by: Option<String>,
    /// The smallest change that would clear it, in words.
    words: Words,
}

/// How a subject was ranked for a label.
#[derive(Debug, Clone, SimpleObject)]
pub struct LabelRank {
    /// Code of the label.
    label: String,
    /// The rank, from the top for a label of the best, from the bottom for one of the worst; equal values share it.
    rank: u32,
    /// How many were ranked.
    of: u32,
    /// Whether it is given.
    given: bool,
    /// The same in words, with the value.
    words: Words,
}

/// What comes of a decision.
#[derive(Debug, Clone, SimpleObject)]
pub struct Consequence {
    /// Code of the rule.
    rule: String,
    /// `alert`, or the kind of follow-up.
    kind: String,
    /// The name of the kind.
    kind_name: Words,
    /// Reference of the case that it comes of, where the rule is asked for each.
    event: Option<String>,
    /// Codes of the subjects that it concerns.
    subjects: Vec<String>,
    /// The day whose relations say so; null where the scheme names none.
    as_of: Option<Date>,
    /// Calendar days to do it in.
    within_days: Option<u32>,
    /// Working days to do it in.
    within_working_days: Option<u32>,
    /// Points on the record.
    record_points: Option<Points>,
    /// The highest grade left open in another appraisal.
    limit: Option<String>,
    /// The name of that grade.
    limit_name: Option<Words>,
    /// How many answers it comes of, where the rule is asked for each; null also where it is withheld.
    answers: Option<i32>,
    /// The same in words.
    words: Words,
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

    /// How it was ranked for each label.
    async fn label_ranks(&self) -> Vec<LabelRank> {
        let explainer = self.explainer();
        let rank = |one: &outcome::LabelRank| LabelRank {
            label: one.label.to_string(),
            rank: one.rank,
            of: one.of,
            given: one.given,
            words: explainer.label(one).into(),
        };
        self.decision.label_ranks.iter().map(rank).collect()
    }

    /// All of it in one sentence that a person from the subject understands.
    async fn sentence(&self) -> Words {
        self.explainer().sentence(&self.decision).into()
    }

    /// What each step did to the grade.
    async fn steps(&self) -> Vec<GradeStep> {
        let explainer = self.explainer();
        let step = |step: &outcome::GradeStep| GradeStep {
            words: explainer.step(step).into(),
            step: word(&step.step),
            from: step.from.as_deref().map(str::to_owned),
            to: step.to.as_deref().map(str::to_owned),
            by: step.by.as_deref().map(str::to_owned),
        };
        self.decision.steps.iter().map(step).collect()
    }

    /// Every rule for its category with its outcome.
    async fn rules(&self) -> Vec<RuleOutcome> {
        let explainer = self.explainer();
        let compared = |one: &outcome::Comparison| Comparison {
            what: one.what.to_string(),
            left: if explainer.is_withheld(one.few) {
                WITHHELD.to_owned()
            } else {
                one.left.to_string()
            },
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
            settled_by: result.settled_by.as_ref().map(word),
            yields: result.yields,
        };
        self.decision.rules.iter().map(rule).collect()
    }

    /// Points of sections and indicators, in the scheme's order.
    async fn nodes(&self) -> Vec<NodePoints> {
        self.decision.nodes.iter().map(NodePoints::from).collect()
    }

    /// Points of items, in the scheme's order.
    async fn items(&self) -> Vec<ItemPoints> {
        let explainer = self.explainer();
        let item = |item: outcome::Row<'_, outcome::ItemResult>| ItemPoints {
            words: explainer.item(item).into(),
            undone: explainer
                .undone(item)
                .into_iter()
                .map(Words::from)
                .collect(),
            item: item.code.to_string(),
            points: item.points.map(Points),
            state: word(&item.state),
        };
        self.decision.items.iter().map(item).collect()
    }

    /// Figures of surveys.
    async fn figures(&self) -> Vec<SurveyFigure> {
        let explainer = self.explainer();
        self.decision
            .figures
            .iter()
            .map(|figure| {
                let why = figure.why.as_ref().map(|why| explainer.reason(why));
                SurveyFigure::new(figure, why, self.withholding)
            })
            .collect()
    }

    /// What stands between it and the next grade, and its recognition.
    async fn obstacles(&self) -> Vec<Obstacle> {
        let explainer = self.explainer();
        let obstacle = |one: &outcome::Obstacle| Obstacle {
            grade: one.grade.as_deref().map(str::to_owned),
            by: one.by.as_deref().map(str::to_owned),
            words: explainer.obstacle(one).into(),
        };
        self.decision.obstacles.iter().map(obstacle).collect()
    }

    /// What comes of it.
    async fn consequences(&self) -> Vec<Consequence> {
        let explainer = self.explainer();
        let consequence = |one: &outcome::Consequence| Consequence {
            words: explainer.consequence(one).into(),
            event: one.event.as_deref().map(str::to_owned),
            as_of: one.as_of.map(|day| day.0.into()),
            record_points: one.record_points.map(Points),
            limit: one.limit.as_deref().map(str::to_owned),
            limit_name: (one.limit.as_deref())
                .map(|limit| explainer.limit_name(&one.kind, limit).into()),
            kind_name: explainer.follow_up_name(&one.kind).into(),
            answers: (one.answers)
                .filter(|_| !explainer.is_withheld(one.few))
                .map(|count| i32::try_from(count).unwrap_or(i32::MAX)),
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
pub struct DecisionKey {
    /// Who, in which round.
    pub entry: Entry,
    /// Number of an earlier revision; without it, of the one that stands.
    pub revision: Option<u32>,
}

impl Loader<DecisionKey> for Batch {
    type Value = Decision;
    type Error = GraphqlFault;

    async fn load(
        &self,
        keys: &[DecisionKey],
    ) -> Result<HashMap<DecisionKey, Decision>, GraphqlFault> {
        let mut all = HashMap::new();
        let withholding = reads_as_unit(&self.actor);
        let revisions: BTreeSet<Option<u32>> = keys.iter().map(|key| key.revision).collect();
        for revision in revisions {
            let wanted = keys.iter().filter(|key| key.revision == revision);
            for (round, subjects) in by_round(wanted.map(|key| &key.entry)) {
                let found = self
                    .service
                    .list_decisions(&self.actor, (round, revision), &subjects)
                    .await?;
                for (subject, decision) in found {
                    let entry = Entry { round, subject };
                    let decision = Decision::of_stored(decision, withholding);
                    all.insert(DecisionKey { entry, revision }, decision);
                }
            }
        }
        Ok(all)
    }
}
