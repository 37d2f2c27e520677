//! Conditions and effects of a scheme in words: what would have to be, apart from any subject.

use super::{Explainer, joined, pair, same};
use crate::number::Ratio;
use crate::scheme::file::{Effect, Finding, Gap, Quantifier, Step, Words};
use crate::scheme::model::{ConditionPlan, GradeBound, TestPlan, ValueKind, ValuePlan};

impl Explainer<'_> {
    /// A condition, such as `all of: (public survey: satisfaction rate < 90%; …)`.
    pub(crate) fn condition(&self, condition: &ConditionPlan) -> Words {
        match condition {
            ConditionPlan::All(list) => self.of_list(list, "同时满足", "all of"),
            ConditionPlan::Any(list) => self.of_list(list, "满足其一", "one of"),
            ConditionPlan::Not(inner) => {
                let inner = self.condition(inner);
                pair(
                    format!("并非（{}）", inner.zh),
                    format!("not ({})", inner.en),
                )
            }
            ConditionPlan::Compare(value, test, _) => {
                let what = self.what(&value.what);
                let test = Self::test(value, test);
                pair(
                    format!("{} {}", what.zh, test.zh),
                    format!("{} {}", what.en, test.en),
                )
            }
            ConditionPlan::Label(label) => {
                let code = self.scheme.labels.get(*label).map(|plan| &plan.code);
                let name = self.label_name(code.map_or("", |code| code.as_ref()));
                pair(
                    format!("持有称号“{}”", name.zh),
                    format!("it holds “{}”", name.en),
                )
            }
            ConditionPlan::Finding { rule, is } => {
                let code = self.scheme.rules.get(*rule).map(|plan| plan.code.clone());
                let name = code.map_or_else(Words::default_empty, |code| self.rule_or_quota(&code));
                let (zh, en) = match is {
                    Finding::Verified => ("属实", "verified"),
                    Finding::Unfounded => ("不属实", "unfounded"),
                };
                pair(
                    format!("“{}”专项调查结论为{zh}", name.zh),
                    format!("the finding on “{}” is {en}", name.en),
                )
            }
            ConditionPlan::Earlier {
                grades,
                in_a_row,
                gap,
                with_this_round,
                ..
            } => {
                let names: Vec<Words> = grades.iter().map(|grade| self.grade_at(*grade)).collect();
                let zh: Vec<&str> = names.iter().map(|name| name.zh.as_str()).collect();
                let en: Vec<&str> = names.iter().map(|name| name.en.as_str()).collect();
                let (from_zh, from_en) = if *with_this_round {
                    ("含本轮", "this round included")
                } else {
                    ("不含本轮", "before this one")
                };
                let (gap_zh, gap_en) = match gap {
                    Gap::Breaks => ("缺等次即中断", "a round without a grade breaks the run"),
                    Gap::Skipped => ("缺等次跳过", "a round without a grade is skipped"),
                    Gap::Undetermined => ("缺等次则未定", "a round without a grade leaves it open"),
                };
                pair(
                    format!(
                        "连续{in_a_row}轮等次为“{}”（{from_zh}，{gap_zh}）",
                        zh.join("”或“")
                    ),
                    format!(
                        "{in_a_row} rounds in a row “{}” ({from_en}; {gap_en})",
                        en.join("” or “")
                    ),
                )
            }
            ConditionPlan::Grade(bound) => {
                let (zh, en, grade) = match bound {
                    GradeBound::AtMost(grade) => ("不高于", "at most", grade),
                    GradeBound::AtLeast(grade) => ("不低于", "at least", grade),
                    GradeBound::Is(grade) => ("为", "just", grade),
                };
                let name = self.grade_at(*grade);
                pair(
                    format!("等次{zh}“{}”", name.zh),
                    format!("the grade is {en} “{}”", name.en),
                )
            }
            ConditionPlan::RankAtMost(rank, _) => pair(
                format!("名次在前{rank}名以内"),
                format!("the rank is at most {rank}"),
            ),
            ConditionPlan::Eligible(true) => pair("符合认定条件", "it is eligible"),
            ConditionPlan::Eligible(false) => pair("不符合认定条件", "it is not eligible"),
            ConditionPlan::Disqualified(true) => pair("被取消参评资格", "it is disqualified"),
            ConditionPlan::Disqualified(false) => {
                pair("未被取消参评资格", "it is not disqualified")
            }
            ConditionPlan::Related { by, hold, that, .. } => {
                let that = self.condition(that);
                let (zh, en) = match hold {
                    Quantifier::Any => ("有一个".to_owned(), "any".to_owned()),
                    Quantifier::All => ("每一个都".to_owned(), "each".to_owned()),
                    Quantifier::None => ("没有一个".to_owned(), "none".to_owned()),
                    Quantifier::AtLeast(least) => {
                        (format!("至少{least}个"), format!("at least {least}"))
                    }
                };
                let path = path(by);
                pair(
                    format!("{}中{zh}：{}", path.zh, that.zh),
                    format!("of its {} {en}: {}", path.en, that.en),
                )
            }
        }
    }

    fn of_list(&self, list: &[ConditionPlan], zh: &str, en: &str) -> Words {
        let parts: Vec<Words> = list.iter().map(|inner| self.condition(inner)).collect();
        if let [only] = parts.as_slice() {
            return only.clone();
        }
        let each = joined(&parts, "；", "; ");
        pair(
            format!("{zh}（{}）", each.zh),
            format!("{en} ({})", each.en),
        )
    }

    /// A sign and a bound; what lies between 0 and 1 by nature is shown as a percentage too.
    fn test(value: &ValuePlan, test: &TestPlan) -> Words {
        let is_rate = match value.kind {
            ValueKind::Figure(_) => !value.what.contains("mean_score"),
            ValueKind::Measure { .. } => test.bound < Ratio::one(),
            _ => false,
        };
        let (op, bound) = (test.op.text(), bound(&test.bound, is_rate));
        pair(format!("{op} {}", bound.zh), format!("{op} {}", bound.en))
    }

    fn grade_at(&self, place: usize) -> Words {
        self.grade(self.scheme.grades.get(place).map(|plan| &plan.code))
    }

    /// What a rule does.
    pub(crate) fn effect(&self, effect: &Effect) -> Words {
        let grade = |code: &String| {
            let grade = self
                .scheme
                .file
                .grade
                .iter()
                .find(|grade| grade.code == *code);
            grade.map_or_else(
                || pair(code.clone(), code.clone()),
                |grade| grade.name.clone(),
            )
        };
        match effect {
            Effect::Disqualify => pair("取消参评资格", "disqualify"),
            Effect::Require => pair("须满足，否则不予认定", "required for recognition"),
            Effect::Cap(code) => {
                let grade = grade(code);
                pair(
                    format!("等次最高为“{}”", grade.zh),
                    format!("the grade is at most “{}”", grade.en),
                )
            }
            Effect::Floor(code) => {
                let grade = grade(code);
                pair(
                    format!("等次最低为“{}”", grade.zh),
                    format!("the grade is at least “{}”", grade.en),
                )
            }
            Effect::Set(code) => {
                let grade = grade(code);
                pair(
                    format!("等次定为“{}”", grade.zh),
                    format!("the grade is “{}”", grade.en),
                )
            }
            Effect::Deduct(on) => {
                let node = self.item_title(&on.node);
                pair(
                    format!("在“{}”上扣{}分", node.zh, on.points),
                    format!("take {} points off “{}”", on.points, node.en),
                )
            }
            Effect::Add(on) => {
                let node = self.item_title(&on.node);
                pair(
                    format!("在“{}”上加{}分", node.zh, on.points),
                    format!("add {} points to “{}”", on.points, node.en),
                )
            }
            Effect::Investigate => pair("启动专项调查", "open an investigation"),
            Effect::Alert => pair("预警", "an alert"),
            Effect::FollowUp(follow_up) => {
                let mut kinds = self.scheme.file.follow_up.iter();
                let kind = kinds.find(|kind| kind.code == follow_up.kind);
                let name = kind.map_or_else(|| same(&follow_up.kind), |kind| kind.name.clone());
                pair(
                    format!("结果运用：{}", name.zh),
                    format!("follow up: {}", name.en),
                )
            }
        }
    }
}

/// A bound for reading: `9/10 (90%)`, `85`.
fn bound(value: &Ratio, is_rate: bool) -> Words {
    let text = value.to_string();
    if !is_rate || !text.contains('/') {
        return same(&text);
    }
    let percent = value.to_percent_text(2);
    pair(
        format!("{text}（{percent}）"),
        format!("{text} ({percent})"),
    )
}

/// Where a path of relations leads.
fn path(steps: &[Step]) -> Words {
    let (zh, en): (Vec<&str>, Vec<&str>) = steps
        .iter()
        .map(|step| match step {
            Step::Heads => ("所任负责人的班子", "teams headed"),
            Step::HeadedBy => ("负责人", "heads"),
            Step::MemberOf => ("所在班子", "teams"),
            Step::Members => ("成员", "members"),
            Step::WorksIn => ("所在单位", "unit"),
            Step::Workers => ("工作人员", "staff"),
            Step::BelongsTo => ("家庭", "family"),
            Step::FamilyMembers => ("家庭成员", "family members"),
            Step::Leads => ("所领导的单位", "unit led"),
            Step::LedBy => ("领导班子", "leading team"),
            Step::PartOf => ("上级单位", "parent unit"),
            Step::Parts => ("下属单位", "parts"),
        })
        .unzip();
    pair(zh.join("的"), en.join(" → "))
}
