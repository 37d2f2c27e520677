//! Conditions: names resolved, exactly one of each choice, bounds on the right scale.

use std::sync::Arc;

use super::super::file::{
    Condition, Figure, GradeTest, MeasureUnit, Quantifier, Related, Test, Value, Words,
};
use super::super::model::{ConditionPlan, GradeBound, TestPlan, ValueKind, ValuePlan};
use super::Checker;
use crate::number::{Points, Ratio};
use crate::outcome::{Asked, Sign};

impl Checker {
    /// A test: exactly one of its keys.
    pub(super) fn test(&mut self, path: &str, test: &Test) -> Option<TestPlan> {
        let given = [
            (Sign::AtLeast, &test.at_least),
            (Sign::MoreThan, &test.more_than),
            (Sign::AtMost, &test.at_most),
            (Sign::LessThan, &test.less_than),
            (Sign::Equal, &test.equal_to),
        ];
        let mut found = given
            .into_iter()
            .filter_map(|(op, bound)| bound.as_ref().map(|bound| (op, bound)));
        if let (Some((op, bound)), None) = (found.next(), found.next()) {
            Some(plan_test(op, bound))
        } else {
            self.faults.say(path, "one_of", Words::new("比较须恰好写 `at_least`、`more_than`、`at_most`、`less_than`、`equal_to` 中的一个", "a comparison is exactly one of `at_least`, `more_than`, `at_most`, `less_than`, `equal_to`"));
            None
        }
    }

    /// A condition with everything below it.
    pub(super) fn condition(&mut self, path: &str, condition: &Condition) -> Option<ConditionPlan> {
        let Condition {
            all,
            any,
            not,
            survey,
            points,
            facts,
            measure,
            answers,
            label,
            finding,
            earlier,
            grade,
            rank_at_most,
            eligible,
            disqualified,
            related,
            ..
        } = condition;
        let compared = survey.is_some() || points.is_some() || facts.is_some() || measure.is_some();
        let test = Test {
            at_least: condition.at_least.clone(),
            more_than: condition.more_than.clone(),
            at_most: condition.at_most.clone(),
            less_than: condition.less_than.clone(),
            equal_to: condition.equal_to.clone(),
        };
        let tested = [
            &test.at_least,
            &test.more_than,
            &test.at_most,
            &test.less_than,
            &test.equal_to,
        ]
        .iter()
        .any(|bound| bound.is_some());
        let heads = [
            all.is_some(),
            any.is_some(),
            not.is_some(),
            compared,
            label.is_some(),
            finding.is_some(),
            earlier.is_some(),
            grade.is_some(),
            rank_at_most.is_some(),
            eligible.is_some(),
            disqualified.is_some(),
            related.is_some(),
            answers.is_some(),
        ];
        if heads.iter().filter(|head| **head).count() != 1 {
            self.faults.say(
                path,
                "one_of",
                Words::new(
                    "一个条件只看一件事：几件事请用 `all` 或 `any` 连接",
                    "a condition looks at exactly one thing: join several with `all` or `any`",
                ),
            );
            return None;
        }
        if compared {
            let value = Value {
                survey: survey.clone(),
                points: points.clone(),
                facts: facts.clone(),
                measure: measure.clone(),
            };
            let value = self.value(path, &value);
            let test = self.test(path, &test);
            let (value, test) = (value?, test?);
            self.check_test(path, &value, &test);
            let asked = asked(&value, &test);
            return Some(ConditionPlan::Compare(value, test, asked));
        }
        if let Some(answers) = answers {
            let value = self.answers_value(&format!("{path}/answers"), answers);
            let test = self.test(path, &test);
            let (value, test) = (value?, test?);
            let asked = asked(&value, &test);
            return Some(ConditionPlan::Compare(value, test, asked));
        }
        if tested {
            self.faults.say(
                path,
                "one_of",
                Words::new(
                    "这里写了界限，却没有与之比较的数值",
                    "there is a bound here, yet nothing that is compared with it",
                ),
            );
        }
        if let Some(list) = all {
            return self
                .conditions(&format!("{path}/all"), list)
                .map(ConditionPlan::All);
        }
        if let Some(list) = any {
            return self
                .conditions(&format!("{path}/any"), list)
                .map(ConditionPlan::Any);
        }
        if let Some(inner) = not {
            return self
                .condition(&format!("{path}/not"), inner)
                .map(|inner| ConditionPlan::Not(Box::new(inner)));
        }
        if let Some(code) = label {
            let found = self.labels.get(code).copied();
            return self
                .known(&format!("{path}/label"), "label", code, found)
                .map(ConditionPlan::Label);
        }
        if let Some(test) = finding {
            let found = self.rules.get(&test.of).copied();
            let rule = self.known(&format!("{path}/finding/of"), "rule", &test.of, found)?;
            let opens = matches!(
                self.file.rule.get(rule).map(|r| &r.effect),
                Some(super::super::file::Effect::Investigate)
            );
            if !opens {
                self.faults.say(
                    &format!("{path}/finding/of"),
                    "no_investigation",
                    Words::new(
                        format!("规则 `{}` 不启动专项调查", test.of),
                        format!("the rule `{}` opens no investigation", test.of),
                    ),
                );
            }
            return Some(ConditionPlan::Finding { rule, is: test.is });
        }
        if let Some(earlier) = earlier {
            let place = format!("{path}/earlier");
            if earlier.in_a_row == 0 {
                self.faults.say(
                    &place,
                    "wrong_scale",
                    Words::new("连续轮次至少为 1", "a run is at least 1 round long"),
                );
            }
            if earlier.grades.is_empty() {
                self.faults.say(
                    &format!("{place}/grades"),
                    "empty_list",
                    Words::new("请至少写一个等次", "name at least one grade"),
                );
            }
            let grades = earlier
                .grades
                .iter()
                .filter_map(|code| self.grade(&place, code))
                .collect();
            return Some(ConditionPlan::Earlier {
                grades,
                in_a_row: earlier.in_a_row,
                gap: earlier.gap,
                with_this_round: earlier.with_this_round,
                asked: Arc::new(Asked {
                    what: Arc::from(format!("earlier/{}", earlier.grades.join(","))),
                    op: Sign::AtLeast,
                    right: Arc::from(earlier.in_a_row.to_string()),
                }),
            });
        }
        if let Some(test) = grade {
            return self
                .grade_bound(&format!("{path}/grade"), test)
                .map(ConditionPlan::Grade);
        }
        if let Some(rank) = rank_at_most {
            let asked = Asked {
                what: Arc::from("rank"),
                op: Sign::AtMost,
                right: Arc::from(rank.to_string()),
            };
            return Some(ConditionPlan::RankAtMost(*rank, Arc::new(asked)));
        }
        if let Some(eligible) = eligible {
            return Some(ConditionPlan::Eligible(*eligible));
        }
        if let Some(disqualified) = disqualified {
            return Some(ConditionPlan::Disqualified(*disqualified));
        }
        related
            .as_ref()
            .and_then(|related| self.related(&format!("{path}/related"), related))
    }

    fn conditions(&mut self, path: &str, list: &[Condition]) -> Option<Vec<ConditionPlan>> {
        if list.is_empty() {
            self.faults.say(
                path,
                "empty_list",
                Words::new(
                    "列表为空：请至少写一个条件",
                    "there is nothing in this list: name at least one condition",
                ),
            );
        }
        let plans: Vec<Option<ConditionPlan>> = list
            .iter()
            .enumerate()
            .map(|(number, inner)| self.condition(&format!("{path}/{number}"), inner))
            .collect();
        plans.into_iter().collect()
    }

    fn grade_bound(&mut self, path: &str, test: &GradeTest) -> Option<GradeBound> {
        match (&test.at_most, &test.at_least, &test.is) {
            (Some(code), None, None) => self.grade(path, code).map(GradeBound::AtMost),
            (None, Some(code), None) => self.grade(path, code).map(GradeBound::AtLeast),
            (None, None, Some(code)) => self.grade(path, code).map(GradeBound::Is),
            _ => {
                self.faults.say(
                    path,
                    "one_of",
                    Words::new(
                        "等次的比较须恰好写 `at_most`、`at_least`、`is` 中的一个",
                        "a grade is compared by exactly one of `at_most`, `at_least`, `is`",
                    ),
                );
                None
            }
        }
    }

    fn related(&mut self, path: &str, related: &Related) -> Option<ConditionPlan> {
        if related.by.is_empty() {
            self.faults.say(
                &format!("{path}/by"),
                "empty_list",
                Words::new(
                    "请写明经由哪些关系，如 `[\"led_by\", \"headed_by\"]`",
                    "name the relations that lead there, such as `[\"led_by\", \"headed_by\"]`",
                ),
            );
        }
        if related.nobody.is_some() && !matches!(related.hold, Quantifier::All | Quantifier::None) {
            self.faults.say(
                &format!("{path}/nobody"),
                "setting_not_used",
                Words::new(
                    "没有关联对象时 `any` 和 `at_least` 即不成立：请删去 `nobody`",
                    "where nobody is reached, `any` and `at_least` are false: leave `nobody` out",
                ),
            );
        }
        let that = self.condition(&format!("{path}/that"), &related.that)?;
        Some(ConditionPlan::Related {
            by: related.by.clone(),
            hold: related.hold,
            nobody: related.nobody,
            that: Box::new(that),
        })
    }

    /// Whether a test fits what it compares.
    pub(super) fn check_test(&mut self, path: &str, value: &ValuePlan, test: &TestPlan) {
        self.check_scale(path, value, test);
        if test.op != Sign::AtLeast {
            self.refuse_lower_bound(path, Some(value));
        }
    }

    /// The lower bound of an interval is compared by `at_least` and has no other use.
    pub(super) fn refuse_lower_bound(&mut self, path: &str, value: Option<&ValuePlan>) {
        let figure = match value.map(|value| &value.kind) {
            Some(ValueKind::Figure(figure)) => self.figures.get(*figure),
            _ => None,
        };
        if figure.is_some_and(|figure| figure.lower_bound) {
            self.faults.say(path, "lower_bound", Words::new("置信下限只能用 `at_least` 比较，不能用来排名或计分", "a lower bound is compared by `at_least` and neither ranks nor scores by itself"));
        }
    }

    /// A bound that its value can never reach is on the wrong scale: `90` where a rate is compared.
    pub(super) fn check_scale(&mut self, path: &str, value: &ValuePlan, test: &TestPlan) {
        let measure_unit = |place: usize| self.file.measure.get(place).map(|m| m.unit);
        let (most, zh, en) = match &value.kind {
            ValueKind::Figure(figure) => match self.figures.get(*figure).map(|f| f.figure) {
                Some(Figure::MeanScore) => (
                    Ratio::from_whole(100),
                    "平均得分在 0 至 100 之间",
                    "a mean score lies between 0 and 100",
                ),
                _ => (
                    Ratio::one(),
                    "比率在 0 至 1 之间，请写成 `90%` 这样",
                    "a rate lies between 0 and 1: write `90%`",
                ),
            },
            ValueKind::Measure {
                measure,
                versus: None,
                ..
            } if measure_unit(*measure) == Some(MeasureUnit::Rate) => (
                Ratio::one(),
                "这一数据是 0 至 1 之间的比率，请写成 `90%` 这样",
                "this measure is a rate between 0 and 1: write `90%`",
            ),
            _ => return,
        };
        if test.bound.is_negative() || test.bound > most {
            let bound = self.faults.bound_as_written(path, test);
            self.faults.say(
                path,
                "wrong_scale",
                Words::new(
                    format!("`{bound}` 永远取不到：{zh}"),
                    format!("`{bound}` can never be reached: {en}"),
                ),
            );
        }
    }
}

pub(super) fn plan_test(op: Sign, bound: &Ratio) -> TestPlan {
    let text = bound.to_string();
    let points: Option<Points> = text.parse().ok().or_else(|| {
        // A bound such as 179/2 is a point value too.
        let e4 = bound.mul(&Ratio::from_whole(10_000));
        let whole = e4.floor()?;
        (Ratio::from_whole(whole) == e4).then(|| Points::from_e4(whole))
    });
    TestPlan {
        op,
        bound: bound.clone(),
        points,
        text: Arc::from(text),
    }
}

/// A bound given outside a condition.
pub(super) fn bound_plan(at_least: Option<&Ratio>, more_than: Option<&Ratio>) -> Option<TestPlan> {
    match (at_least, more_than) {
        (Some(bound), None) => Some(plan_test(Sign::AtLeast, bound)),
        (None, Some(bound)) => Some(plan_test(Sign::MoreThan, bound)),
        _ => None,
    }
}

/// What a comparison with a bound asks.
fn asked(value: &ValuePlan, test: &TestPlan) -> Arc<Asked> {
    Arc::new(Asked {
        what: value.what.clone(),
        op: test.op,
        right: test.text.clone(),
    })
}
