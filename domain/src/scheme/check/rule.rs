//! Rules: when each is asked, what it does, and what contradicts.

use std::sync::Arc;

use super::super::file::{AsOf, Effect, NodePoints, Rule, Words};
use super::super::model::{EffectPlan, LabelPlan, RulePhase, RulePlan, Target};
use super::Checker;
use super::sight::{Sight, collect_findings};
use crate::number::Points;

impl Checker {
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
                self.faults.say(
                    &path,
                    "circle",
                    Words::new(
                        "这条规则等待一项调查结论，而那项调查又等待这条规则",
                        "this rule waits for a finding that waits for this rule",
                    ),
                );
            }
        }
    }

    pub(super) fn check_rules(&mut self, labels: &[LabelPlan]) -> Option<Vec<RulePlan>> {
        let complete = labels.len() == self.file.label.len();
        let rules = self.file.rule.clone();
        let plans: Vec<Option<RulePlan>> = rules.iter().map(|rule| self.rule_plan(rule)).collect();
        let mut plans: Vec<RulePlan> = plans.into_iter().collect::<Option<_>>()?;
        self.settle_phases(&mut plans);
        complete.then_some(plans)
    }

    fn rule_plan(&mut self, rule: &Rule) -> Option<RulePlan> {
        let path = format!("rule/{}", rule.code);
        let applies = self.applies(&path, rule.categories.as_ref());
        let place = format!("{path}/when");
        self.per_event = rule.per_event;
        let when = self.condition(&place, &rule.when);
        self.per_event = false;
        let effect = self.effect(&format!("{path}/effect"), &rule.effect);
        let (when, effect) = (when?, effect?);
        let seen = self.look(&when);
        let (sight, phase) = match &effect {
            EffectPlan::Points { .. } => (Sight::Scores, RulePhase::Scores),
            EffectPlan::Disqualify | EffectPlan::Investigate => {
                let phase = if seen.late_labels {
                    RulePhase::AfterLabels
                } else if seen.points || seen.labels {
                    RulePhase::AfterTotals
                } else {
                    RulePhase::BeforeScores
                };
                let disqualifies = matches!(effect, EffectPlan::Disqualify);
                let sight = if disqualifies {
                    Sight::Disqualify
                } else {
                    Sight::Before
                };
                (sight, phase)
            }
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
            self.faults.say(
                &format!("{path}/per_event"),
                "way_not_possible",
                Words::new(
                    "逐件触发的规则只能预警、启动专项调查或作结果运用",
                    "a rule for each event can alert, investigate or follow up, nothing else",
                ),
            );
        }
        if let EffectPlan::FollowUp(follow_up) = &effect
            && follow_up.within_days.is_some()
            && follow_up.within_working_days.is_some()
        {
            self.faults.say(
                &format!("{path}/effect/follow_up/within_working_days"),
                "one_of",
                Words::new(
                    "期限只有一个：请在 `within_days` 与 `within_working_days` 中写一个",
                    "there is one deadline: write `within_days` or `within_working_days`",
                ),
            );
        }
        if let EffectPlan::FollowUp(follow_up) = &effect
            && follow_up.as_of == Some(AsOf::Event)
            && !rule.per_event
        {
            self.faults.say(
                &format!("{path}/effect"),
                "way_not_possible",
                Words::new(
                    "`as_of = \"event\"` 只用于 `per_event = true` 的规则：请另写一天",
                    "`as_of = \"event\"` is for a rule with `per_event = true`: name another day",
                ),
            );
        }
        if let EffectPlan::FollowUp(follow_up) = &effect
            && follow_up.as_of == Some(AsOf::Event)
            && seen.answers
        {
            self.faults.say(
                &format!("{path}/effect"),
                "way_not_possible",
                Words::new(
                    "答卷不记日期：请为 `as_of` 另写一天",
                    "no day is kept of an answer: name another day as `as_of`",
                ),
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
                    self.faults.say(
                        path,
                        "cap_without_effect",
                        Words::new(
                            format!("`{code}` 是最高等次，封顶于此不会降低任何对象"),
                            format!(
                                "`{code}` is the best grade, so a cap at it never lowers anyone"
                            ),
                        ),
                    );
                }
                Some(EffectPlan::Cap(grade))
            }
            Effect::Floor(code) => {
                let grade = self.grade(path, code)?;
                if grade == last {
                    self.faults.say(
                        path,
                        "floor_without_effect",
                        Words::new(
                            format!("`{code}` 是最低等次，保底于此不会抬高任何对象"),
                            format!(
                                "`{code}` is the lowest grade, so a floor at it never lifts anyone"
                            ),
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
            self.faults.say(
                &format!("{path}/points"),
                "wrong_scale",
                Words::new(
                    format!(
                        "`{}` 不大于 0：方向由 `deduct` 和 `add` 表示",
                        written.points
                    ),
                    format!(
                        "`{}` is not above 0: `deduct` and `add` say the direction",
                        written.points
                    ),
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
}
