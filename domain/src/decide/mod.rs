//! Decides a round: a pure and total function of a scheme and a snapshot.
//!
//! The order of evaluation is fixed and is told by [`decide`]. It never fails: what cannot be decided is listed as a
//! gap with the action that clears it, and the decision says *undetermined*.

mod adjustment;
mod ask;
mod award;
mod cap;
mod composed;
mod consequence;
mod demand;
mod eligibility;
mod fact;
mod figure;
mod gap;
mod grade;
mod label;
mod look;
mod obstacle;
mod quota;
mod result;
mod score;
mod total;
mod word;

use std::collections::BTreeMap;
use std::iter::Copied;
use std::slice::Iter;
use std::sync::Arc;

use crate::number::Points;
use crate::outcome::{
    Gap, GradeStep, ItemResult, LabelRank, NodeResult, Outcome, QuotaResult, RuleResult, Step,
    Truth3,
};
use crate::scheme::Scheme;
use crate::scheme::model::{EffectPlan, LabelPhase, RulePhase};
use crate::snapshot::Snapshot;

use consequence::Looks;
use figure::FigureValue;
use word::Vocabulary;

/// Decides a round.
pub fn decide(scheme: &Scheme, snapshot: &Snapshot) -> Outcome {
    let phases = Phases::of(scheme);
    let mut engine = Engine::new(scheme, snapshot, &phases);
    // Surveys, and what looks at no points.
    engine.tally();
    engine.disqualify(RulePhase::BeforeScores);
    engine.give_labels(LabelPhase::BeforeScores);
    // Items, what is added and taken away, totals.
    engine.score();
    engine.disqualify(RulePhase::AfterTotals);
    engine.give_labels(LabelPhase::AfterTotals);
    engine.disqualify(RulePhase::AfterLabels);
    // Grades: read off, ruled, capped by others, seated.
    engine.read_grades();
    engine.apply_rules();
    engine.ask_requirements();
    engine.apply_related_caps();
    engine.fill_quotas();
    engine.apply_related_caps();
    engine.hand_on_seats();
    engine.adjust();
    // What follows.
    engine.list_undetermined_caps();
    engine.rank();
    engine.decide_eligibility();
    engine.give_labels(LabelPhase::AmongEligible);
    engine.draw_consequences();
    engine.into_outcome()
}

/// Which rules are asked in each phase, in the scheme's order, and which of them of whom.
struct Phases {
    rules: BTreeMap<RulePhase, Vec<usize>>,
    /// By rule of the scheme: what a rule for each case looks at; nothing of any other.
    looks: Vec<Option<Looks>>,
    /// By category.
    places: Vec<Places>,
}

/// Where the results for one category lie: of rules there are only as many as are for it.
struct Places {
    /// By rule of the scheme.
    place: Vec<Option<usize>>,
    count: usize,
    /// Codes of the category's items and nodes, which all its subjects share.
    items: Arc<[Arc<str>]>,
    nodes: Arc<[Arc<str>]>,
}

impl Phases {
    fn of(scheme: &Scheme) -> Self {
        let mut rules: BTreeMap<RulePhase, Vec<usize>> = BTreeMap::new();
        for (place, rule) in scheme.rules.iter().enumerate() {
            // What happens at each event happened then; a finding still asks whether its rule fires.
            if !rule.per_event || matches!(rule.effect, EffectPlan::Investigate) {
                rules.entry(rule.phase).or_default().push(place);
            }
        }
        let places = scheme
            .categories
            .iter()
            .enumerate()
            .map(|(category, plan)| {
                let mut count = 0_usize;
                let places = scheme.rules.iter().map(|rule| {
                    let place = (rule.applies.get(category) == Some(&true)).then_some(count)?;
                    count = place.saturating_add(1);
                    Some(place)
                });
                let place = places.collect();
                let items = plan.items.iter().filter_map(|item| scheme.items.get(*item));
                let nodes = plan.nodes.iter().filter_map(|node| scheme.nodes.get(*node));
                Places {
                    place,
                    count,
                    items: items.map(|item| item.code.clone()).collect(),
                    nodes: nodes.map(|node| node.code.clone()).collect(),
                }
            });
        let places = places.collect();
        let looks = (scheme.rules.iter())
            .map(|rule| rule.per_event.then(|| Looks::of(&rule.when)))
            .collect();
        Self {
            rules,
            looks,
            places,
        }
    }
}

/// The work in progress.
struct Engine<'a> {
    scheme: &'a Scheme,
    snapshot: &'a Snapshot,
    phases: &'a Phases,
    words: Vocabulary,
    /// By subject. What is asked of everyone again and again lies close together, here and in `truths`: subjects and
    /// states are too large to stay in the processor's caches from one pass over a round to the next.
    categories: Vec<usize>,
    /// By subject, and there by rule of the scheme: what it came to, once it was asked.
    truths: Vec<Option<Truth3>>,
    states: Vec<State>,
    gaps: Vec<Gap>,
    quotas: Vec<FilledQuota>,
}

/// A quota as it was filled in one group.
#[derive(Clone)]
struct FilledQuota {
    group: [usize; 2],
    result: QuotaResult,
}

/// What is known so far about one subject.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
struct State {
    /// By figure of the scheme.
    figures: Vec<FigureValue>,
    /// By place in the category's items.
    items: Vec<ItemResult>,
    /// Items as scored, before any rule added or took away; empty while none did.
    scored: Vec<Option<Points>>,
    /// By place in the category's nodes.
    nodes: Vec<NodeResult>,
    total: Option<Points>,
    unscaled: Option<Points>,
    maximum: Points,
    full_maximum: Points,
    disqualified: bool,
    held: bool,
    /// Whether the committee's adjustment was refused, so that it is not in force.
    refused: bool,
    undetermined: bool,
    labels: Vec<usize>,
    /// How it was ranked for each label, with the label's place.
    label_ranks: Vec<(usize, LabelRank)>,
    /// By place among the rules for the category.
    rules: Vec<Option<RuleResult>>,
    base: Option<usize>,
    grade: Option<usize>,
    /// The best grade that caps leave open; 0 leaves all.
    cap: usize,
    floor: Option<usize>,
    exact: Option<usize>,
    /// Requirements hold: the subject may take a seat.
    recognised: Option<bool>,
    steps: Vec<GradeStep>,
    rank: Option<u32>,
    eligible: Option<bool>,
    consequences: Vec<crate::outcome::Consequence>,
}

impl State {
    /// Points of an item as it was scored, by its place in the category's items.
    fn scored(&self, place: usize) -> Option<Points> {
        match self.scored.get(place) {
            Some(points) => *points,
            None => self.items.get(place)?.points,
        }
    }
}

impl<'a> Engine<'a> {
    fn new(scheme: &'a Scheme, snapshot: &'a Snapshot, phases: &'a Phases) -> Self {
        let states = snapshot
            .subjects
            .iter()
            .map(|data| {
                let rules = phases.places.get(data.category);
                State {
                    rules: vec![None; rules.map_or(0, |places| places.count)],
                    ..State::default()
                }
            })
            .collect();
        Self {
            scheme,
            snapshot,
            phases,
            words: Vocabulary::of(scheme),
            categories: snapshot.subjects.iter().map(|data| data.category).collect(),
            truths: vec![None; snapshot.subjects.len().saturating_mul(scheme.rules.len())],
            states,
            gaps: Vec::new(),
            quotas: Vec::new(),
        }
    }

    fn state(&mut self, subject: usize) -> Option<&mut State> {
        self.states.get_mut(subject)
    }

    fn category(&self, subject: usize) -> usize {
        self.categories.get(subject).copied().unwrap_or(0)
    }

    /// Whether a mask over categories takes a subject in.
    fn applies(&self, mask: &[bool], subject: usize) -> bool {
        mask.get(self.category(subject)) == Some(&true)
    }

    fn grade_code(&self, grade: Option<usize>) -> Option<Arc<str>> {
        self.scheme.grades.get(grade?).map(|plan| plan.code.clone())
    }

    /// Changes a grade and remembers which step did it.
    fn step(&mut self, subject: usize, step: Step, to: Option<usize>, by: Option<Arc<str>>) {
        let from = self.states.get(subject).and_then(|state| state.grade);
        let entry = GradeStep {
            step,
            from: self.grade_code(from),
            to: self.grade_code(to),
            by,
        };
        if let Some(state) = self.state(subject) {
            state.grade = to;
            // Of most there is one.
            if state.steps.is_empty() {
                state.steps.reserve_exact(1);
            }
            state.steps.push(entry);
        }
    }

    /// Disqualifications and investigations of one phase. They may look at findings and spread along relations, so
    /// they are asked again until nothing changes; since disqualifications are never negated this ends.
    fn disqualify(&mut self, phase: RulePhase) {
        let mut rules: Vec<usize> = self.rules_of(phase).collect();
        // What was asked before may be reached by what is settled now; where nothing is, nothing is asked again.
        let again = |rule: &usize| self.scheme.rules.get(*rule).is_some_and(|r| r.again);
        if !rules.is_empty() {
            let mut earlier = vec![RulePhase::BeforeScores, RulePhase::AfterTotals];
            earlier.retain(|before| *before < phase);
            for before in earlier {
                rules.extend(self.rules_of(before).filter(again));
            }
        }
        // Findings belong to investigations, so these come first.
        let (first, then): (Vec<usize>, Vec<usize>) = rules.iter().partition(|rule| {
            let plan = self.scheme.rules.get(**rule);
            plan.is_some_and(|plan| matches!(plan.effect, EffectPlan::Investigate))
        });
        self.ask_until_settled(&first);
        let all: Vec<usize> = then
            .iter()
            .copied()
            .chain(first.into_iter().filter(again))
            .collect();
        self.ask_until_settled(&all);
        for subject in 0..self.states.len() {
            for &rule in &rules {
                self.list_undetermined(subject, rule);
            }
        }
        self.list_investigations(&rules);
    }

    fn ask_until_settled(&mut self, rules: &[usize]) {
        let mut rules = rules.to_vec();
        // Each pass carries a result one step further along relations and findings.
        let most = self
            .states
            .len()
            .saturating_add(rules.len())
            .saturating_add(1);
        for _ in 0..most {
            let mut changed = false;
            for subject in 0..self.states.len() {
                for &rule in &rules {
                    changed |= self.ask_and_keep(subject, rule);
                }
            }
            rules.retain(|rule| self.scheme.rules.get(*rule).is_some_and(|r| r.again));
            if !changed || rules.is_empty() {
                break;
            }
        }
    }

    /// Asks a rule, disqualifies if it says so, and tells whether its outcome is another one than before.
    fn ask_and_keep(&mut self, subject: usize, rule: usize) -> bool {
        let Some(plan) = self.scheme.rules.get(rule) else {
            return false;
        };
        if !self.applies(&plan.applies, subject) {
            return false;
        }
        let result = self.ask(subject, rule);
        let fired = result.fired;
        if fired == Truth3::True
            && matches!(plan.effect, EffectPlan::Disqualify)
            && self.states.get(subject).is_some_and(|s| !s.disqualified)
        {
            if let Some(state) = self.state(subject) {
                state.disqualified = true;
            }
            let by = plan.code.clone();
            self.step(subject, Step::Disqualified, None, Some(by));
        }
        let before = self.keep(subject, rule, result);
        before.map(|result| result.fired) != Some(fired)
    }

    /// The rules of a phase, in the scheme's order.
    fn rules_of(&self, phase: RulePhase) -> Copied<Iter<'a, usize>> {
        let rules = self.phases.rules.get(&phase).map(Vec::as_slice);
        rules.unwrap_or_default().iter().copied()
    }

    /// Asks the rules of a phase of every subject, keeps their results and lists what is undetermined.
    fn ask_all(&mut self, phase: RulePhase) {
        for subject in 0..self.states.len() {
            self.ask_each(subject, phase);
        }
    }

    /// The same of one subject.
    fn ask_each(&mut self, subject: usize, phase: RulePhase) {
        for rule in self.rules_of(phase) {
            let plan = self.scheme.rules.get(rule);
            if !plan.is_some_and(|plan| self.applies(&plan.applies, subject)) {
                continue;
            }
            let result = self.ask(subject, rule);
            let open = result.fired == Truth3::Undetermined;
            self.keep(subject, rule, result);
            if open {
                self.list_undetermined(subject, rule);
            }
        }
    }

    /// The outcome of a rule for a subject, once it was asked.
    fn result(&self, subject: usize, rule: usize) -> Option<&RuleResult> {
        let place = self.rule_place(subject, rule)?;
        self.states.get(subject)?.rules.get(place)?.as_ref()
    }

    /// Where the result of a rule for a subject lies.
    fn rule_place(&self, subject: usize, rule: usize) -> Option<usize> {
        let places = self.phases.places.get(self.category(subject))?;
        *places.place.get(rule)?
    }

    /// Keeps the outcome of a rule and returns the one before.
    fn keep(&mut self, subject: usize, rule: usize, result: RuleResult) -> Option<RuleResult> {
        let place = self.rule_place(subject, rule)?;
        if let Some(at) = self.truth_place(subject, rule)
            && let Some(truth) = self.truths.get_mut(at)
        {
            *truth = Some(result.fired);
        }
        self.state(subject)?.rules.get_mut(place)?.replace(result)
    }

    /// What a rule came to for a subject, once it was asked.
    fn truth_of(&self, subject: usize, rule: usize) -> Option<Truth3> {
        *self.truths.get(self.truth_place(subject, rule)?)?
    }

    fn truth_place(&self, subject: usize, rule: usize) -> Option<usize> {
        (subject.checked_mul(self.scheme.rules.len())?).checked_add(rule)
    }

    /// Whether a rule has fired for a subject.
    fn fired(&self, subject: usize, rule: usize) -> bool {
        self.truth_of(subject, rule) == Some(Truth3::True)
    }
}
