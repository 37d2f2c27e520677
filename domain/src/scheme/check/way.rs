//! The ways of scoring: exactly one for each item or part, with shapes on the scale of what they look at.

use std::sync::Arc;

use super::super::file::{
    Checklist, Composed, Every, Graded, PerCase, SectionKind, Shape, Shaped, Start, Words,
};
use super::super::model::{Cases, PerCasePlan, ShapePlan, TestPlan, ValueKind, ValuePlan, Way};
use super::Checker;
use super::condition::plan_test;
use crate::number::{Points, Ratio};
use crate::outcome::Sign;

/// The ways that an item or a part names.
pub(super) struct Ways<'a> {
    pub graded: Option<&'a Graded>,
    pub checklist: Option<&'a Checklist>,
    pub measured: Option<&'a Shaped>,
    pub surveyed: Option<&'a Shaped>,
    pub per_case: Option<&'a PerCase>,
    pub composed: Option<&'a Composed>,
}

impl Checker {
    pub(super) fn way(
        &mut self,
        path: &str,
        ways: &Ways<'_>,
        max: Option<Points>,
        kind: SectionKind,
    ) -> Option<(Way, Arc<str>)> {
        if ways.count() != 1 {
            self.faults.say(path, "one_of", Words::new("考评项须恰好用一种方式计分：`graded`、`checklist`、`measured`、`surveyed`、`per_case` 或 `composed`", "an item is scored in exactly one way: `graded`, `checklist`, `measured`, `surveyed`, `per_case` or `composed`"));
            return None;
        }
        if max.is_none() && ways.per_case.is_none() && kind != SectionKind::Deduction {
            // Of common and specific items it was said already.
            if kind == SectionKind::Bonus {
                self.say_no_max(path);
            }
            return None;
        }
        if kind == SectionKind::Deduction && ways.per_case.is_none() {
            self.faults.say(
                path,
                "way_not_possible",
                Words::new(
                    "负面清单的条目须按件（`per_case`）计分",
                    "an entry of a deduction list is scored `per_case`",
                ),
            );
        }
        if let Some(graded) = ways.graded {
            return Some(self.graded(path, graded, max));
        }
        if let Some(checklist) = ways.checklist {
            if checklist.tasks == Some(0) {
                self.faults.say(
                    &format!("{path}/checklist/tasks"),
                    "wrong_scale",
                    Words::new("清单至少有一项任务", "a list has at least one task"),
                );
            }
            let way = Way::Checklist {
                slot: self.take_slot(),
                tasks: checklist.tasks,
                all_or_nothing: checklist.all_or_nothing,
            };
            return Some((way, Arc::from("checklist")));
        }
        if let Some(shaped) = ways.measured {
            return self.shaped(
                &format!("{path}/measured"),
                shaped,
                max,
                ("量化数据或事实", "a measure or facts"),
            );
        }
        if let Some(shaped) = ways.surveyed {
            return self.shaped(
                &format!("{path}/surveyed"),
                shaped,
                max,
                ("测评", "a survey"),
            );
        }
        if let Some(per_case) = ways.per_case {
            return self.per_case(&format!("{path}/per_case"), per_case, (kind, max));
        }
        Some(self.composed(&format!("{path}/composed"), ways.composed?))
    }

    fn take_slot(&mut self) -> usize {
        let slot = self.slots;
        self.slots = self.slots.saturating_add(1);
        slot
    }

    fn graded(&mut self, path: &str, graded: &Graded, max: Option<Points>) -> (Way, Arc<str>) {
        let fits =
            graded.step > Points::ZERO && max.is_none_or(|max| max.is_multiple_of(graded.step));
        if !fits {
            let max = max.map_or_else(String::new, |max| max.to_string());
            self.faults.say(
                &format!("{path}/graded/step"),
                "wrong_step",
                Words::new(
                    format!("步长 `{}` 凑不成 {max}：请选能整除它的步长", graded.step),
                    format!(
                        "steps of `{}` never reach {max}: choose a step that divides it",
                        graded.step
                    ),
                ),
            );
        }
        let dated = match (graded.every, graded.over) {
            (None, None) => None,
            (Some(Every::Round), _) => {
                self.faults.say(
                    &format!("{path}/graded/every"),
                    "setting_not_used",
                    Words::new(
                        "整轮本来就只评一次分：请去掉 `every` 和 `over`",
                        "points are awarded once for the round anyway: leave `every` and `over` out",
                    ),
                );
                None
            }
            (Some(_), None) => {
                self.faults.say(
                    &format!("{path}/graded"),
                    "setting_missing",
                    Words::new(
                        "分数评定多次：请写明 `over = \"mean\"`、`\"least\"` 或 `\"last\"`",
                        "points are awarded several times: say `over = \"mean\"`, `\"least\"` or `\"last\"`",
                    ),
                );
                None
            }
            (None, Some(_)) => {
                self.faults.say(
                    &format!("{path}/graded/over"),
                    "setting_not_used",
                    Words::new(
                        "整轮只评一次分：请写明 `every`，或去掉 `over`",
                        "points are awarded once for the round: say `every`, or leave `over` out",
                    ),
                );
                None
            }
            (Some(every), Some(over)) => Some((every, over)),
        };
        let what = dated.map_or_else(
            || Arc::from("graded"),
            |(every, over)| Arc::from(format!("graded/{}/{}", over.word(), every.word())),
        );
        let way = Way::Graded {
            slot: self.take_slot(),
            step: graded.step,
            several: graded.several,
            dated,
        };
        (way, what)
    }

    fn shaped(
        &mut self,
        path: &str,
        shaped: &Shaped,
        max: Option<Points>,
        (zh, en): (&str, &str),
    ) -> Option<(Way, Arc<str>)> {
        let value = self.value(&format!("{path}/value"), &shaped.value);
        let shape = self.shape(&format!("{path}/shape"), &shaped.shape, max);
        let (value, shape) = (value?, shape?);
        self.check_shape(&format!("{path}/shape"), &value, &shape);
        let fits = match value.kind {
            ValueKind::Figure(_) => path.ends_with("surveyed"),
            ValueKind::Facts(_) | ValueKind::Measure { .. } => path.ends_with("measured"),
            _ => false,
        };
        if !fits {
            self.faults.say(
                &format!("{path}/value"),
                "way_not_possible",
                Words::new(
                    format!("这种评分方式只能依据{zh}"),
                    format!("this way of scoring looks at {en}"),
                ),
            );
        }
        let what = value.what.clone();
        Some((Way::Shaped { value, shape }, what))
    }

    /// Whether the bounds of a shape lie on the scale of its value.
    fn check_shape(&mut self, path: &str, value: &ValuePlan, shape: &ShapePlan) {
        match shape {
            ShapePlan::Line { zero_at, full_at } => {
                for (key, bound) in [("zero_at", zero_at), ("full_at", full_at)] {
                    let place = format!("{path}/line/{key}");
                    self.check_scale(&place, value, &plan_test(Sign::AtLeast, bound));
                }
                self.refuse_lower_bound(path, Some(value));
            }
            ShapePlan::Threshold(test) => {
                self.check_test(&format!("{path}/threshold"), value, test);
            }
            ShapePlan::Bands(bands) => {
                for (number, (test, _)) in bands.iter().enumerate() {
                    self.check_test(&format!("{path}/bands/{number}/when"), value, test);
                }
            }
        }
    }

    fn shape(&mut self, path: &str, shape: &Shape, max: Option<Points>) -> Option<ShapePlan> {
        match shape {
            Shape::Line { zero_at, full_at } => {
                if zero_at == full_at {
                    self.faults.say(
                        &format!("{path}/line"),
                        "wrong_scale",
                        Words::new(
                            "直线需要两个不同的数值：一步到位请写 `threshold`",
                            "a line needs two different values: for a step write `threshold`",
                        ),
                    );
                    return None;
                }
                Some(ShapePlan::Line {
                    zero_at: zero_at.clone(),
                    full_at: full_at.clone(),
                })
            }
            Shape::Threshold(test) => self
                .test(&format!("{path}/threshold"), test)
                .map(ShapePlan::Threshold),
            Shape::Bands(bands) => {
                let mut plans: Vec<(TestPlan, Points)> = Vec::new();
                for (number, band) in bands.iter().enumerate() {
                    let place = format!("{path}/bands/{number}");
                    if max.is_some_and(|max| band.points > max || band.points < Points::ZERO) {
                        let max = max.unwrap_or_default();
                        self.faults.say(
                            &place,
                            "band_above_max",
                            Words::new(
                                format!("`{}` 分不在 0 至满分 {max} 之间", band.points),
                                format!(
                                    "`{}` points do not lie between 0 and the item's {max}",
                                    band.points
                                ),
                            ),
                        );
                    }
                    if let Some(test) = self.test(&format!("{place}/when"), &band.when) {
                        if plans.iter().any(|(earlier, _)| covers(earlier, &test)) {
                            self.faults.say(&place, "band_out_of_reach", Words::new("前面的分段已包括这一分段的全部数值：请把较窄的写在前面", "an earlier band takes every value of this one: write the narrower band first"));
                        }
                        plans.push((test, band.points));
                    }
                }
                if bands.is_empty() {
                    self.faults.say(
                        path,
                        "empty_list",
                        Words::new("这里没有分段", "there is no band here"),
                    );
                }
                (plans.len() == bands.len()).then_some(ShapePlan::Bands(plans))
            }
        }
    }

    /// Cases take points away where the section is for that, and where an item starts from all that it can be worth.
    fn check_direction(&mut self, path: &str, per_case: &PerCase, kind: SectionKind) {
        let points = per_case.points;
        let adds = points > Points::ZERO;
        let words = if adds && kind == SectionKind::Deduction {
            Words::new(
                format!("负面清单按件扣分，`{points}` 却是加分：请写负数"),
                format!(
                    "a deduction list takes points away, yet `{points}` adds: write a negative number"
                ),
            )
        } else if adds && per_case.start == Start::Full {
            Words::new(
                format!(
                    "从满分起只能往下扣，`{points}` 却是加分：请写负数，或写 `start = \"zero\"`"
                ),
                format!(
                    "nothing adds to the maximum, yet `{points}` would: write a negative number, or `start = \"zero\"`"
                ),
            )
        } else if points < Points::ZERO && kind == SectionKind::Bonus {
            Words::new(
                format!("加分项按件加分，`{points}` 却是扣分：请写正数，或移到负面清单"),
                format!(
                    "a bonus adds points, yet `{points}` takes away: write a positive number, or move it to a deduction list"
                ),
            )
        } else {
            return;
        };
        self.faults
            .say(&format!("{path}/points"), "wrong_scale", words);
    }

    fn per_case(
        &mut self,
        path: &str,
        per_case: &PerCase,
        (kind, max): (SectionKind, Option<Points>),
    ) -> Option<(Way, Arc<str>)> {
        self.check_bounds(path, ("floor", per_case.floor), per_case.ceiling);
        self.check_floor(path, per_case.floor, (per_case.ceiling, max));
        self.check_direction(path, per_case, kind);
        if per_case.start == Start::Full && max.is_none() {
            self.faults.say(
                &format!("{path}/start"),
                "setting_missing",
                Words::new(
                    "从满分起扣，考评项须有 `max`",
                    "to start from the maximum the item needs a `max`",
                ),
            );
        }
        let (cases, what): (Cases, Arc<str>) = match (&per_case.facts, &per_case.label) {
            (Some(facts), None) => {
                if facts.sum.is_some() {
                    self.faults.say(
                        &format!("{path}/facts/sum"),
                        "setting_not_used",
                        Words::new(
                            "按件计分数的是件数：合计请用 `measured`",
                            "points are per case, of which there is a count: for a sum use `measured`",
                        ),
                    );
                }
                let plan = self.facts_plan(&format!("{path}/facts"), facts)?;
                let mut what = format!("facts/{}", facts.kind);
                for (field, values) in &facts.filter {
                    what = format!("{what}/{field}={}", values.join(","));
                }
                (Cases::Facts(plan), Arc::from(what))
            }
            (None, Some(code)) => {
                let found = self.labels.get(code).copied();
                let label = self.known(&format!("{path}/label"), "label", code, found)?;
                (Cases::Label(label), Arc::from(format!("label/{code}")))
            }
            _ => {
                self.faults.say(
                    path,
                    "one_of",
                    Words::new(
                        "案件须恰好取自 `facts` 或 `label` 之一",
                        "cases are exactly one of `facts`, `label`",
                    ),
                );
                return None;
            }
        };
        let plan = PerCasePlan {
            start: per_case.start,
            points: per_case.points,
            once: per_case.once,
            cases,
            floor: per_case.floor,
            ceiling: per_case.ceiling,
        };
        Some((Way::PerCase(Box::new(plan)), what))
    }
}

impl Ways<'_> {
    pub(super) fn count(&self) -> usize {
        [
            self.graded.is_some(),
            self.checklist.is_some(),
            self.measured.is_some(),
            self.surveyed.is_some(),
            self.per_case.is_some(),
            self.composed.is_some(),
        ]
        .into_iter()
        .filter(|given| *given)
        .count()
    }
}

/// Whether every value that passes `later` passes `earlier` too.
fn covers(earlier: &TestPlan, later: &TestPlan) -> bool {
    let (e, l): (&Ratio, &Ratio) = (&earlier.bound, &later.bound);
    match (earlier.op, later.op) {
        (Sign::AtLeast, Sign::AtLeast | Sign::MoreThan | Sign::Equal)
        | (Sign::MoreThan, Sign::MoreThan) => l >= e,
        (Sign::MoreThan, Sign::AtLeast | Sign::Equal) => l > e,
        (Sign::AtMost, Sign::AtMost | Sign::LessThan | Sign::Equal)
        | (Sign::LessThan, Sign::LessThan) => l <= e,
        (Sign::LessThan, Sign::AtMost | Sign::Equal) => l < e,
        (Sign::Equal, Sign::Equal) => l == e,
        _ => false,
    }
}
