//! Labels: who is ranked by what, and what may come from it.

use std::sync::Arc;

use super::super::file::{Label, Words};
use super::super::model::{
    Cases, ConditionPlan, EffectPlan, ItemPlan, LabelPhase, LabelPlan, RulePhase, RulePlan,
    ValueKind, Way,
};
use super::Checker;
use super::sight::{Sight, collect_findings};

impl Checker {
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
            self.faults.say(
                &path,
                "one_of",
                Words::new(
                    "称号须恰好写 `best` 或 `worst` 之一",
                    "a label is for the `best` or for the `worst` so many",
                ),
            );
        }
        for (key, so_many) in [("best", label.best), ("worst", label.worst)] {
            if so_many == Some(0) {
                self.faults.say(
                    &format!("{path}/{key}"),
                    "wrong_scale",
                    Words::new(
                        "称号至少授予 1 个名次：写 0 就无人可得",
                        "a label is for 1 place or more: with 0 nobody ever holds it",
                    ),
                );
            }
        }
        let phase = self.label_phase(place);
        if label.rank_disqualified.is_none() && phase != LabelPhase::AmongEligible {
            self.faults.say(
                &path,
                "setting_missing",
                Words::new(
                    "请写明被取消参评资格的对象是否参加排名：`rank_disqualified = false`",
                    "say whether disqualified subjects are ranked: `rank_disqualified = false`",
                ),
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
                self.faults.say(
                    &format!("{path}/against"),
                    "bounds_contradict",
                    Words::new("称号不能与自身互斥", "a label cannot exclude itself"),
                );
            }
            if against.is_some_and(|other| self.label_phase(other) != phase) {
                self.faults.say(&format!("{path}/against"), "bounds_contradict", Words::new(format!("`{code}` 在另一步授予，那时此称号已授予或尚未可知：互斥的称号须依据同一类数据"), format!("`{code}` is given at another step, when this one is already held or not yet known: labels that exclude each other look at the same kind of thing")));
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
            missing: label.missing,
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
            self.faults.say(path, "looks_too_far", Words::new("评定等次之前授予的称号不能依据其他称号或调查结论：请写 `among_eligible = true`，或改写为规则", "a label given before grades sees neither other labels nor findings: write `among_eligible = true`, or a rule"));
        }
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
                self.faults.say(
                    &path,
                    "looks_too_far",
                    Words::new(
                        format!("称号 `{code}` 依据得分，不能反过来产生得分"),
                        format!(
                            "the label `{code}` looks at points, so points cannot come from it"
                        ),
                    ),
                );
            }
        }
    }

    /// A requirement that fails takes labels for the best back, and whoever is due the other end of the same ranking at a
    /// later step keeps neither. What has looked at such a label by then would stay while the label goes.
    pub(super) fn check_taken_back(
        &mut self,
        items: &[ItemPlan],
        labels: &[LabelPlan],
        rules: &[RulePlan],
    ) {
        for (place, label) in labels.iter().enumerate() {
            let Some(by) = self.looker(place, label, items, rules) else {
                continue;
            };
            let late = rules.iter().filter(|rule| {
                label.best.is_some()
                    && matches!(rule.effect, EffectPlan::Require)
                    && overlap([&rule.applies, &label.applies])
                    && waits_longer(&rule.when, place, label.phase, rules)
            });
            let code = &label.code;
            for rule in late {
                self.faults.say(&format!("rule/{}/when", rule.code), "looks_too_far", Words::new(format!("不满足这项要求的对象会失去称号 `{code}`，而 `{by}` 在这项要求可知之前已依据该称号：要求只能依据授予该称号时已知的内容"), format!("whoever fails this requirement loses the label `{code}`, at which `{by}` has looked before the requirement can be asked: let it look only at what is known when the label is given")));
            }
            let later = labels.iter().filter(|other| {
                label.are_two_ends(other)
                    && other.phase > label.phase
                    && overlap([&other.applies, &label.applies])
            });
            for other in later {
                self.faults.say(&format!("label/{}", other.code), "looks_too_far", Words::new(format!("与 `{code}` 是同一排名的两端，两者兼得的都不得，而 `{by}` 那时已依据 `{code}`：两个称号须在同一步授予"), format!("with `{code}` it makes two ends of one ranking, and whoever is due both gets neither, when `{by}` has looked at `{code}`: let both labels be given at the same step")));
            }
        }
    }

    /// The first item or rule that looks at a label before grades are settled.
    fn looker(
        &self,
        label: usize,
        plan: &LabelPlan,
        items: &[ItemPlan],
        rules: &[RulePlan],
    ) -> Option<String> {
        let asks = |condition: &ConditionPlan| {
            let mut asks = false;
            condition.each_leaf(&mut |leaf| asks |= *leaf == ConditionPlan::Label(label));
            asks
        };
        let item = self.file.item.iter().zip(items).find(|(_, item)| {
            let counts = |way: &Way| matches!(way, Way::PerCase(plan) if matches!(plan.cases, Cases::Label(of) if of == label));
            item.parts.iter().any(|part| counts(&part.way)) || item.gate.as_ref().is_some_and(asks)
        });
        if let Some((item, _)) = item {
            return Some(format!("item/{}", item.code));
        }
        let rule = rules.iter().find(|rule| {
            let settles = matches!(
                rule.effect,
                EffectPlan::Disqualify
                    | EffectPlan::Investigate
                    | EffectPlan::Points { .. }
                    | EffectPlan::Cap(_)
                    | EffectPlan::Floor(_)
                    | EffectPlan::Set(_)
            );
            // Of those related to it somebody else may look.
            let reaches = rule.again || overlap([&rule.applies, &plan.applies]);
            settles && rule.phase != RulePhase::RelatedCaps && reaches && asks(&rule.when)
        });
        rule.map(|rule| format!("rule/{}", rule.code))
    }
}

/// Whether some category is in both.
fn overlap([one, other]: [&Vec<bool>; 2]) -> bool {
    one.iter().zip(other).any(|(one, other)| *one && *other)
}

/// Whether a condition looks at what is settled only after a label of this phase is given: at other labels, at points, at
/// disqualifications and findings that look at either.
fn waits_longer(
    condition: &ConditionPlan,
    label: usize,
    phase: LabelPhase,
    rules: &[RulePlan],
) -> bool {
    let settled = match phase {
        LabelPhase::BeforeScores => RulePhase::BeforeScores,
        LabelPhase::AfterTotals | LabelPhase::AmongEligible => RulePhase::AfterTotals,
    };
    let mut waits = false;
    condition.each_leaf(&mut |leaf| {
        waits |= match leaf {
            ConditionPlan::Label(other) => *other != label,
            ConditionPlan::Compare(value, ..) => {
                let points = matches!(
                    value.kind,
                    ValueKind::Item(_) | ValueKind::Node(_) | ValueKind::Total
                );
                points && phase == LabelPhase::BeforeScores
            }
            ConditionPlan::Disqualified(_) => rules
                .iter()
                .any(|rule| matches!(rule.effect, EffectPlan::Disqualify) && rule.phase > settled),
            ConditionPlan::Finding { rule, .. } => {
                rules.get(*rule).is_some_and(|rule| rule.phase > settled)
            }
            _ => false,
        };
    });
    waits
}
