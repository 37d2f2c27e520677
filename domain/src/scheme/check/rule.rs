//! Labels, rules and quotas: what each may look at, and what contradicts.

use std::sync::Arc;

use super::super::file::{Effect, GradedBy, Label, NodePoints, Quota, Rule};
use super::super::model::{
    ConditionPlan, EffectPlan, GradeBound, LabelPhase, LabelPlan, QuotaPlan, RulePhase, RulePlan,
    Seats, Target, ValueKind,
};
use super::Checker;
use crate::number::{Points, Ratio};

/// What a condition may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A gate: facts, measures, surveys, labels that look at surveys.
    Gate,
    /// Points added and taken away: the same, and single items.
    Scores,
    /// Everything of the subject but grade, rank and eligibility.
    Own,
    /// The same, asked before it is settled who is disqualified.
    Before,
    /// The same, and related subjects' disqualification.
    Disqualify,
    /// The same as own, and related subjects' grades as "at most".
    Cap,
    /// Everything.
    Late,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
struct Seen {
    /// Points of items, nodes or the total, or labels that do.
    points: bool,
    /// Points of a node or the total, or labels by them.
    totals: bool,
    /// Labels, which are given once it is known who is disqualified.
    labels: bool,
    /// Own grade, rank, eligibility, or labels among the eligible.
    standing: bool,
    /// Earlier rounds or findings.
    record: bool,
    /// Related subjects at all.
    related: bool,
    related_grade: bool,
    related_disqualified: bool,
    /// A related grade under a negation, or as "at least" or "is".
    grade_turned: bool,
    /// A related disqualification under a negation, or as false.
    disqualification_turned: bool,
}

impl Checker {
    fn look(&self, condition: &ConditionPlan) -> Seen {
        let mut seen = Seen::default();
        self.look_into(
            condition,
            &mut seen,
            Place {
                related: false,
                negated: false,
            },
        );
        seen
    }

    fn look_into(&self, condition: &ConditionPlan, seen: &mut Seen, place: Place) {
        match condition {
            ConditionPlan::All(list) | ConditionPlan::Any(list) => list
                .iter()
                .for_each(|inner| self.look_into(inner, seen, place)),
            ConditionPlan::Not(inner) => self.look_into(
                inner,
                seen,
                Place {
                    negated: true,
                    ..place
                },
            ),
            ConditionPlan::Compare(value, _) => match value.kind {
                ValueKind::Item(_) => seen.points = true,
                ValueKind::Node(_) | ValueKind::Total => {
                    seen.points = true;
                    seen.totals = true;
                }
                _ => {}
            },
            ConditionPlan::Label(label) => {
                seen.labels = true;
                match self.label_phase(*label) {
                    LabelPhase::BeforeScores => {}
                    LabelPhase::AfterTotals => {
                        seen.points = true;
                        seen.totals = true;
                    }
                    LabelPhase::AmongEligible => seen.standing = true,
                }
            }
            ConditionPlan::Finding { .. } | ConditionPlan::Earlier { .. } => seen.record = true,
            ConditionPlan::Grade(bound) => {
                if place.related {
                    seen.related_grade = true;
                    seen.grade_turned |= place.negated || !matches!(bound, GradeBound::AtMost(_));
                } else {
                    seen.standing = true;
                }
            }
            ConditionPlan::RankAtMost(_) | ConditionPlan::Eligible(_) => seen.standing = true,
            ConditionPlan::Disqualified(is) => {
                if place.related {
                    seen.related_disqualified = true;
                    seen.disqualification_turned |= place.negated || !*is;
                } else {
                    seen.standing = true;
                }
            }
            ConditionPlan::Related { hold, that, .. } => {
                seen.related = true;
                // `none` turns what it holds of; `all` and `any` do not. Turned twice is still refused: a reader
                // should not have to count.
                let none = matches!(hold, super::super::file::Quantifier::None);
                self.look_into(
                    that,
                    seen,
                    Place {
                        related: true,
                        negated: place.negated || none,
                    },
                );
            }
        }
    }

    fn label_phase(&self, label: usize) -> LabelPhase {
        let Some(written) = self.file.label.get(label) else {
            return LabelPhase::BeforeScores;
        };
        if written.among_eligible {
            return LabelPhase::AmongEligible;
        }
        if written.by.points.is_some() || written.when.as_ref().is_some_and(looks_at_points) {
            LabelPhase::AfterTotals
        } else {
            LabelPhase::BeforeScores
        }
    }

    /// Refuses what a condition in this place may not look at.
    pub(super) fn check_sight(&mut self, path: &str, condition: &ConditionPlan, sight: Sight) {
        let seen = self.look(condition);
        let mut refuse = |code: &'static str, message: &str| self.faults.add(path, code, message);
        let narrow = matches!(sight, Sight::Gate | Sight::Scores);
        if sight == Sight::Gate && seen.points {
            refuse(
                "looks_too_far",
                "a gate sees facts, measures, surveys and labels that look at surveys, not points",
            );
        }
        if sight == Sight::Scores && seen.totals {
            refuse(
                "looks_too_far",
                "a rule that changes points sees single items, not indicators, sections or totals",
            );
        }
        if narrow && (seen.record || seen.related) {
            refuse(
                "looks_too_far",
                "what changes points sees neither earlier rounds, findings nor related subjects",
            );
        }
        if sight != Sight::Late {
            if seen.standing {
                refuse(
                    "looks_too_far",
                    "only follow-ups and alerts look at the subject's own grade, rank or eligibility",
                );
            }
            if seen.related_grade && sight != Sight::Cap {
                refuse(
                    "looks_too_far",
                    "only caps, follow-ups and alerts look at related subjects' grades",
                );
            }
            if seen.grade_turned {
                refuse(
                    "looks_too_far",
                    "related grades are seen as `at_most`, never under `not` or `none`: else the result would depend on who goes first",
                );
            }
            // Once grades are read it is settled who is disqualified, and a rule may say "nobody".
            if seen.disqualification_turned && matches!(sight, Sight::Disqualify | Sight::Before) {
                refuse(
                    "looks_too_far",
                    "while disqualifications spread they are seen as true, never under `not` or `none`: else the result would depend on who goes first",
                );
            }
        }
    }

    pub(super) fn check_labels(&mut self) -> Vec<LabelPlan> {
        let labels = self.file.label.clone();
        let plans: Vec<Option<LabelPlan>> = labels
            .iter()
            .enumerate()
            .map(|(place, label)| self.label_plan(place, label))
            .collect();
        plans.into_iter().flatten().collect()
    }

    fn label_plan(&mut self, place: usize, label: &Label) -> Option<LabelPlan> {
        let path = format!("label/{}", label.code);
        let applies = self.applies(&path, label.categories.as_ref());
        let by = self.value(&format!("{path}/by"), &label.by);
        if label.best.is_some() == label.worst.is_some() {
            self.faults.add(
                &path,
                "one_of",
                "a label is for the `best` or for the `worst` so many",
            );
        }
        let phase = self.label_phase(place);
        if label.rank_disqualified.is_none() && phase != LabelPhase::AmongEligible {
            self.faults.add(
                &path,
                "setting_missing",
                "say whether disqualified subjects are ranked: `rank_disqualified = false`",
            );
        }
        let mut when = None;
        if let Some(condition) = &label.when {
            let place = format!("{path}/when");
            let plan = self.condition(&place, condition)?;
            let sight = if phase == LabelPhase::AmongEligible {
                Sight::Late
            } else {
                Sight::Before
            };
            self.check_sight(&place, &plan, sight);
            if phase != LabelPhase::AmongEligible {
                self.check_label_sight(&place, &plan);
            }
            when = Some(plan);
        }
        let mut against = None;
        if let Some(code) = &label.against {
            let found = self.labels.get(code).copied();
            against = self.known(&format!("{path}/against"), "label", code, found);
            if against == Some(place) {
                self.faults.add(
                    &format!("{path}/against"),
                    "bounds_contradict",
                    "a label cannot exclude itself",
                );
            }
            if against.is_some_and(|other| self.label_phase(other) != phase) {
                self.faults.add(
                    &format!("{path}/against"),
                    "bounds_contradict",
                    format!("`{code}` is given at another step, when this one is already held or not yet known: labels that exclude each other look at the same kind of thing"),
                );
            }
        }
        self.refuse_lower_bound(&format!("{path}/by"), by.as_ref());
        Some(LabelPlan {
            code: Arc::from(label.code.as_str()),
            applies,
            group: label.group,
            best: label.best,
            worst: label.worst,
            by: by?,
            rank_disqualified: label.rank_disqualified.unwrap_or(false),
            when,
            against,
            phase,
        })
    }

    /// What is given before grades cannot wait for other labels or findings, which may be given later.
    fn check_label_sight(&mut self, path: &str, condition: &ConditionPlan) {
        let mut findings = Vec::new();
        collect_findings(condition, &mut findings);
        if self.look(condition).labels || !findings.is_empty() {
            self.faults.add(
                path,
                "looks_too_far",
                "a label given before grades sees neither other labels nor findings: write `among_eligible = true`, or a rule",
            );
        }
    }

    /// Rules that look at a finding come no earlier than the rule that opens the investigation; in a circle none
    /// could be first.
    fn settle_phases(&mut self, plans: &mut [RulePlan]) {
        let waits: Vec<Vec<usize>> = plans
            .iter()
            .map(|plan| {
                let mut findings = Vec::new();
                if matches!(
                    plan.effect,
                    EffectPlan::Disqualify | EffectPlan::Investigate
                ) {
                    collect_findings(&plan.when, &mut findings);
                }
                findings
            })
            .collect();
        // As many passes as there are rules carry a phase along the longest chain.
        for _ in 0..plans.len() {
            for (rule, before) in waits.iter().enumerate() {
                let latest = before
                    .iter()
                    .filter_map(|other| plans.get(*other).map(|plan| plan.phase))
                    .max();
                if let (Some(latest), Some(plan)) = (latest, plans.get_mut(rule)) {
                    plan.phase = plan.phase.max(latest);
                }
            }
        }
        let mut open: Vec<usize> = (0..plans.len()).collect();
        loop {
            let (still, done): (Vec<usize>, Vec<usize>) = open.iter().partition(|rule| {
                let waits = waits.get(**rule).map(Vec::as_slice).unwrap_or_default();
                waits.iter().any(|other| open.contains(other))
            });
            if done.is_empty() {
                break;
            }
            open = still;
        }
        for rule in open {
            if let Some(plan) = plans.get(rule) {
                let path = format!("rule/{}/when", plan.code);
                self.faults.add(
                    &path,
                    "circle",
                    "this rule waits for a finding that waits for this rule",
                );
            }
        }
    }

    pub(super) fn check_rules(&mut self, labels: &[LabelPlan]) -> Option<Vec<RulePlan>> {
        let complete = labels.len() == self.file.label.len();
        let rules = self.file.rule.clone();
        let plans: Vec<Option<RulePlan>> = rules.iter().map(|rule| self.rule_plan(rule)).collect();
        self.check_contradictions(&rules);
        let mut plans: Vec<RulePlan> = plans.into_iter().collect::<Option<_>>()?;
        self.settle_phases(&mut plans);
        complete.then_some(plans)
    }

    fn rule_plan(&mut self, rule: &Rule) -> Option<RulePlan> {
        let path = format!("rule/{}", rule.code);
        let applies = self.applies(&path, rule.categories.as_ref());
        let place = format!("{path}/when");
        let when = self.condition(&place, &rule.when);
        let effect = self.effect(&format!("{path}/effect"), &rule.effect);
        let (when, effect) = (when?, effect?);
        let seen = self.look(&when);
        let (sight, phase) = match &effect {
            EffectPlan::Points { .. } => (Sight::Scores, RulePhase::Scores),
            EffectPlan::Disqualify => (
                Sight::Disqualify,
                if seen.points || seen.labels {
                    RulePhase::AfterTotals
                } else {
                    RulePhase::BeforeScores
                },
            ),
            EffectPlan::Investigate => (
                Sight::Before,
                if seen.points || seen.labels {
                    RulePhase::AfterTotals
                } else {
                    RulePhase::BeforeScores
                },
            ),
            EffectPlan::Cap(_) => (
                Sight::Cap,
                if seen.related_grade {
                    RulePhase::RelatedCaps
                } else {
                    RulePhase::Grades
                },
            ),
            EffectPlan::Floor(_) | EffectPlan::Set(_) => (Sight::Own, RulePhase::Grades),
            EffectPlan::Require => (Sight::Own, RulePhase::Eligibility),
            EffectPlan::Alert | EffectPlan::FollowUp(_) => (Sight::Late, RulePhase::Consequences),
        };
        self.check_sight(&place, &when, sight);
        if rule.per_event
            && !matches!(
                effect,
                EffectPlan::Alert | EffectPlan::Investigate | EffectPlan::FollowUp(_)
            )
        {
            self.faults.add(
                &format!("{path}/per_event"),
                "way_not_possible",
                "a rule for each event can alert, investigate or follow up, nothing else",
            );
        }
        Some(RulePlan {
            code: Arc::from(rule.code.as_str()),
            applies,
            again: seen.related || seen.record,
            when,
            effect,
            undetermined: rule.undetermined,
            disqualified: rule.disqualified,
            per_event: rule.per_event,
            phase,
        })
    }

    fn effect(&mut self, path: &str, effect: &Effect) -> Option<EffectPlan> {
        let last = self.file.grade.len().saturating_sub(1);
        match effect {
            Effect::Disqualify => Some(EffectPlan::Disqualify),
            Effect::Require => Some(EffectPlan::Require),
            Effect::Investigate => Some(EffectPlan::Investigate),
            Effect::Alert => Some(EffectPlan::Alert),
            Effect::FollowUp(follow_up) => Some(EffectPlan::FollowUp(Box::new(follow_up.clone()))),
            Effect::Cap(code) => {
                let grade = self.grade(path, code)?;
                if grade == 0 {
                    self.faults.add(
                        path,
                        "cap_without_effect",
                        format!("`{code}` is the best grade, so a cap at it never lowers anyone"),
                    );
                }
                Some(EffectPlan::Cap(grade))
            }
            Effect::Floor(code) => {
                let grade = self.grade(path, code)?;
                if grade == last {
                    self.faults.add(
                        path,
                        "floor_without_effect",
                        format!(
                            "`{code}` is the lowest grade, so a floor at it never lifts anyone"
                        ),
                    );
                }
                Some(EffectPlan::Floor(grade))
            }
            Effect::Set(code) => self.grade(path, code).map(EffectPlan::Set),
            Effect::Deduct(points) => self.node_points(&format!("{path}/deduct"), points, true),
            Effect::Add(points) => self.node_points(&format!("{path}/add"), points, false),
        }
    }

    fn node_points(
        &mut self,
        path: &str,
        written: &NodePoints,
        negative: bool,
    ) -> Option<EffectPlan> {
        if written.points <= Points::ZERO {
            self.faults.add(
                &format!("{path}/points"),
                "wrong_scale",
                format!(
                    "`{}` is not above 0: `deduct` and `add` say the direction",
                    written.points
                ),
            );
        }
        let points = if negative {
            written.points.negate().ok()?
        } else {
            written.points
        };
        if let Some(item) = self.items.get(&written.node) {
            return Some(EffectPlan::Points {
                target: Target::Item(*item),
                points,
            });
        }
        let found = self.nodes.get(&written.node).copied();
        let node = self.known(
            &format!("{path}/node"),
            "item, indicator or section",
            &written.node,
            found,
        )?;
        Some(EffectPlan::Points {
            target: Target::Node(node),
            points,
        })
    }

    /// Two rules that fire together and leave no grade.
    fn check_contradictions(&mut self, rules: &[Rule]) {
        let texts: Vec<Option<String>> = rules
            .iter()
            .map(|rule| serde_json::to_string(&rule.when).ok())
            .collect();
        for (first, a) in rules.iter().enumerate() {
            for (second, b) in rules.iter().enumerate().skip(first.saturating_add(1)) {
                let same = texts.get(first) == texts.get(second);
                let overlap = match (&a.categories, &b.categories) {
                    (Some(a), Some(b)) => a.iter().any(|code| b.contains(code)),
                    _ => true,
                };
                if !same || !overlap {
                    continue;
                }
                if let Some(message) = self
                    .contradiction(a, b)
                    .or_else(|| self.contradiction(b, a))
                {
                    self.faults.add(
                        &format!("rule/{}/effect", b.code),
                        "rules_contradict",
                        message,
                    );
                }
            }
        }
    }

    fn contradiction(&self, a: &Rule, b: &Rule) -> Option<String> {
        let place = |code: &String| self.grades.get(code).copied();
        let clash = match (&a.effect, &b.effect) {
            (Effect::Cap(cap), Effect::Floor(other) | Effect::Set(other)) => {
                place(other)? < place(cap)?
            }
            (Effect::Floor(floor), Effect::Set(other)) => place(other)? > place(floor)?,
            (Effect::Set(one), Effect::Set(other)) => place(one)? != place(other)?,
            _ => false,
        };
        clash.then(|| format!("the rules `{}` and `{}` fire on the same condition and leave no grade between them", a.code, b.code))
    }

    pub(super) fn check_quotas(&mut self) -> Vec<QuotaPlan> {
        let quotas = self.file.quota.clone();
        let mut plans: Vec<QuotaPlan> = Vec::new();
        for (number, quota) in quotas.iter().enumerate() {
            if quotas.iter().take(number).any(|q| q.code == quota.code) {
                self.faults.add_twice(
                    &format!("quota/{}", quota.code),
                    number,
                    format!("the quota `{}` is there twice", quota.code),
                );
            }
            plans.extend(self.quota_plan(quota));
        }
        if self.file.grading.by == GradedBy::Proposed
            && self.file.grading.tie_breakers.is_empty()
            && !quotas.is_empty()
        {
            self.faults.add(
                "grading/tie_breakers",
                "setting_missing",
                "grades are proposed, so say what ranks subjects where a quota draws a line: `tie_breakers`",
            );
        }
        // From the highest grade down and, within a grade, as written.
        plans.sort_by_key(|plan| plan.grade);
        plans
    }

    fn quota_plan(&mut self, quota: &Quota) -> Option<QuotaPlan> {
        let path = format!("quota/{}", quota.code);
        let applies = self.applies(&path, quota.categories.as_ref());
        let grade = self.grade(&format!("{path}/grade"), &quota.grade);
        let seats = match (&quota.share, quota.seats) {
            (None, Some(seats)) => Some(Seats::Fixed(seats)),
            (Some(share), None) => {
                if share.is_negative() || *share > Ratio::one() {
                    self.faults.add(
                        &format!("{path}/share"),
                        "wrong_scale",
                        format!("`{share}` is not a share: write `1/3` or `15%`"),
                    );
                }
                if let (Some(rounding), Some(least)) = (quota.rounding, quota.least_seats) {
                    Some(Seats::Share {
                        share: share.clone(),
                        rounding,
                        least,
                    })
                } else {
                    self.faults.add(
                        &path,
                        "setting_missing",
                        "say how a share becomes seats: `rounding` and `least_seats`",
                    );
                    None
                }
            }
            _ => {
                self.faults.add(
                    &path,
                    "one_of",
                    "a quota is exactly one of `share`, `seats`",
                );
                None
            }
        };
        Some(QuotaPlan {
            code: Arc::from(quota.code.as_str()),
            grade: grade?,
            applies,
            group: quota.group,
            seats: seats?,
            count_disqualified: quota.count_disqualified,
            tie: quota.tie,
            soft: quota.soft,
            hand_on: quota.hand_on,
        })
    }

    /// Items fed by labels need labels that are given before scores.
    pub(super) fn check_label_cases(&mut self) {
        let fed: Vec<(String, String)> = self
            .file
            .item
            .iter()
            .flat_map(|item| {
                let own = item
                    .per_case
                    .iter()
                    .map(move |case| (format!("item/{}/per_case/label", item.code), case));
                let parts = item.part.iter().flat_map(move |part| {
                    part.per_case.iter().map(move |case| {
                        (
                            format!("item/{}/part/{}/per_case/label", item.code, part.code),
                            case,
                        )
                    })
                });
                own.chain(parts)
            })
            .filter_map(|(path, case)| case.label.clone().map(|label| (path, label)))
            .collect();
        for (path, code) in fed {
            let late = self
                .labels
                .get(&code)
                .is_some_and(|label| self.label_phase(*label) != LabelPhase::BeforeScores);
            if late {
                self.faults.add(
                    &path,
                    "looks_too_far",
                    format!("the label `{code}` looks at points, so points cannot come from it"),
                );
            }
        }
    }
}

/// The rules whose findings a condition looks at.
fn collect_findings(condition: &ConditionPlan, found: &mut Vec<usize>) {
    match condition {
        ConditionPlan::All(list) | ConditionPlan::Any(list) => {
            for inner in list {
                collect_findings(inner, found);
            }
        }
        ConditionPlan::Not(inner) => collect_findings(inner, found),
        ConditionPlan::Related { that, .. } => collect_findings(that, found),
        ConditionPlan::Finding { rule, .. } => found.push(*rule),
        _ => {}
    }
}

#[derive(Clone, Copy)]
struct Place {
    related: bool,
    negated: bool,
}

fn looks_at_points(condition: &super::super::file::Condition) -> bool {
    let inner = |list: &Option<Vec<super::super::file::Condition>>| {
        list.as_ref()
            .is_some_and(|list| list.iter().any(looks_at_points))
    };
    condition.points.is_some()
        || inner(&condition.all)
        || inner(&condition.any)
        || condition
            .not
            .as_ref()
            .is_some_and(|not| looks_at_points(not))
        || condition
            .related
            .as_ref()
            .is_some_and(|related| looks_at_points(&related.that))
}
