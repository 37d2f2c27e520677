//! Says in words what was decided and why, in Chinese and English.
//!
//! Every sentence is made from the outcome and the scheme's own names, so it can be made again at any time and never
//! says what the outcome does not hold.

pub mod change;
mod composed;
mod condition;
mod name;
pub mod trial;

use std::collections::BTreeMap;

use crate::number::Ratio;
use crate::outcome::{
    Action, COMPOSED, Change, Comparison, Decision, Gap, GapKind, GradeStep, Obstacle, RuleResult,
    Status, Step, Truth3,
};
use crate::scheme::Scheme;
use crate::scheme::file::{Effect, GradedBy, Rule, Words};

/// Puts outcomes into words: the scheme's names, and those of subjects where they are known.
#[derive(Debug)]
pub struct Explainer<'a> {
    scheme: &'a Scheme,
    names: BTreeMap<&'a str, &'a str>,
}

impl<'a> Explainer<'a> {
    /// For a scheme, with subjects' names by code; a subject without one is called by its code.
    pub fn new(scheme: &'a Scheme, names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            scheme,
            names: names.into_iter().collect(),
        }
    }

    /// What a subject got, in one sentence that a person in it understands.
    pub fn sentence(&self, decision: &Decision) -> Words {
        let mut parts = vec![Self::total(decision)];
        for step in &decision.steps {
            parts.push(self.step(step));
        }
        for result in decision
            .rules
            .iter()
            .filter(|result| result.fired == Truth3::True)
        {
            let stands = self
                .rule(&result.rule)
                .filter(|rule| matches!(rule.effect, Effect::Require));
            parts.extend(stands.map(|rule| {
                pair(
                    format!("未满足要求“{}”", rule.name.zh),
                    format!("the requirement “{}” is not met", rule.name.en),
                )
            }));
        }
        parts.push(self.verdict(decision));
        let zh: Vec<&str> = parts.iter().map(|words| words.zh.as_str()).collect();
        let en: Vec<&str> = parts.iter().map(|words| words.en.as_str()).collect();
        Words {
            zh: format!("{}。", zh.join(";")),
            en: capitalise(&format!("{}.", en.join("; "))),
        }
    }

    fn total(decision: &Decision) -> Words {
        let Some(total) = decision.total else {
            return pair("总分未能确定", "the total is undetermined");
        };
        let rank = decision.rank.map_or_else(Words::default_empty, |rank| {
            pair(
                format!(",同类第{rank}名"),
                format!(", rank {rank} in its category"),
            )
        });
        pair(
            format!("总分{total}分(满分{}分){}", decision.maximum, rank.zh),
            format!("total {total} of {} points{}", decision.maximum, rank.en),
        )
    }

    fn step(&self, step: &GradeStep) -> Words {
        let to = self.grade(step.to.as_ref());
        let by = step
            .by
            .as_ref()
            .map_or_else(Words::default_empty, |code| self.rule_or_quota(code));
        match step.step {
            Step::Base if self.scheme.file.grading.by == GradedBy::Proposed => pair(
                format!("提出的等次为“{}”", to.zh),
                format!("the grade proposed is “{}”", to.en),
            ),
            Step::Base => pair(
                format!("对应等次“{}”", to.zh),
                format!("which reads “{}”", to.en),
            ),
            Step::Disqualified => pair(
                format!("因“{}”取消参评资格", by.zh),
                format!("disqualified by “{}”", by.en),
            ),
            Step::Rule | Step::RelatedCap => pair(
                format!("因“{}”等次定为“{}”", by.zh, to.zh),
                format!("“{}” makes the grade “{}”", by.en, to.en),
            ),
            Step::Quota => pair(
                format!("因名额“{}”已满,等次降为“{}”", by.zh, to.zh),
                format!(
                    "the seats of “{}” are taken, so the grade is “{}”",
                    by.en, to.en
                ),
            ),
            Step::HandedOn => pair(
                format!("递补名额“{}”,等次为“{}”", by.zh, to.zh),
                format!("a freed seat of “{}” makes the grade “{}”", by.en, to.en),
            ),
            Step::Adjustment => pair(
                format!("经酌定,等次为“{}”", to.zh),
                format!("the committee adjusts the grade to “{}”", to.en),
            ),
        }
    }

    fn verdict(&self, decision: &Decision) -> Words {
        if decision.disqualified {
            return pair(
                "不具备参评资格,不评定等次",
                "it is not eligible and holds no grade",
            );
        }
        match (decision.status, decision.grade.as_ref(), decision.eligible) {
            (Status::Held, _, _) => pair("暂缓评定", "the decision is held"),
            (Status::Undetermined, _, _) | (_, None, _) => pair(
                "因有缺项,尚不能评定",
                "something is missing, so it cannot be decided yet",
            ),
            (_, Some(grade), eligible) => {
                let name = self.grade(Some(grade));
                let (zh, en) = match eligible {
                    // Where every grade is recognised there is nothing to be eligible for.
                    Some(true) if !self.recognises() => ("", ""),
                    Some(true) => (",符合认定条件", " and it is eligible"),
                    Some(false) => (",不符合认定条件", " and it is not eligible"),
                    None => (
                        ",是否符合认定条件尚不能确定",
                        " and it is undetermined whether it is eligible",
                    ),
                };
                pair(
                    format!("最终等次“{}”{zh}", name.zh),
                    format!("the grade is “{}”{en}", name.en),
                )
            }
        }
    }

    /// Whether the scheme recognises some and not others.
    fn recognises(&self) -> bool {
        let file = &self.scheme.file;
        let bars = |rule: &Rule| matches!(rule.effect, Effect::Require | Effect::Disqualify);
        file.grading.minimum.is_some() || file.rule.iter().any(bars)
    }

    /// What a rule said, with the values that were compared.
    pub fn rule_sentence(&self, result: &RuleResult) -> Words {
        let Some(rule) = self.rule(&result.rule) else {
            return pair(result.rule.to_string(), result.rule.to_string());
        };
        let compared: Vec<Words> = result
            .compared
            .iter()
            .map(|one| self.comparison(one))
            .collect();
        let values = |pick: fn(&Words) -> &str, between: &str| {
            compared.iter().map(pick).collect::<Vec<_>>().join(between)
        };
        let (zh, en) = match result.fired {
            Truth3::True => (
                rule.words.zh.trim_end_matches('。').to_owned(),
                rule.words.en.trim_end_matches('.').to_owned(),
            ),
            Truth3::False => (
                format!("“{}”未触发", rule.name.zh),
                format!("“{}” does not fire", rule.name.en),
            ),
            Truth3::Undetermined => (
                format!("“{}”尚不能确定", rule.name.zh),
                format!("“{}” is undetermined", rule.name.en),
            ),
        };
        pair(
            format!("{zh}(依据:{};{})。", rule.clause, values(|w| &w.zh, ";")),
            capitalise(&format!(
                "{en} (clause: {}; {}).",
                rule.clause,
                values(|w| &w.en, "; ")
            )),
        )
    }

    /// A comparison with its values, such as `满意率 612/1000 < 9/10`.
    pub fn comparison(&self, one: &Comparison) -> Words {
        let what = self.what(&one.what);
        let of = one
            .of
            .as_ref()
            .map(|code| self.subject(code))
            .unwrap_or_default();
        let left = self.value(&one.left);
        let right = self.word(&one.right);
        let sign = one.op.text();
        let why = one.why.as_ref().map_or_else(Words::default_empty, |why| {
            let words = why.words();
            pair(format!("({})", words.zh), format!(" ({})", words.en))
        });
        let whose = if of.is_empty() {
            Words::default_empty()
        } else {
            pair(format!("{of}的"), format!("{of}: "))
        };
        let turned = if one.holds == Truth3::False {
            pair(",不成立", ", which does not hold")
        } else {
            Words::default_empty()
        };
        pair(
            format!(
                "{}{}{} {sign} {}{}{}",
                whose.zh, what.zh, left.zh, right.zh, why.zh, turned.zh
            ),
            format!(
                "{}{} {} {sign} {}{}{}",
                whose.en, what.en, left.en, right.en, why.en, turned.en
            ),
        )
    }

    /// What stands between a subject and the next grade, with the smallest change that would clear it.
    pub fn obstacle(&self, obstacle: &Obstacle) -> Words {
        let grade = self.grade(Some(&obstacle.grade));
        let by = obstacle.by.as_ref().map_or_else(
            || pair("总分", "the total"),
            |code| {
                let words = self.rule_or_quota(code);
                pair(format!("“{}”", words.zh), format!("“{}”", words.en))
            },
        );
        let compared = obstacle
            .compared
            .as_ref()
            .map_or_else(Words::default_empty, |one| {
                let words = self.comparison(one);
                pair(format!("({})", words.zh), format!(" ({})", words.en))
            });
        let change = self.change(&obstacle.change);
        pair(
            format!(
                "未得“{}”的原因:{}{};{}。",
                grade.zh, by.zh, compared.zh, change.zh
            ),
            format!(
                "In the way of “{}”: {}{}; {}.",
                grade.en, by.en, compared.en, change.en
            ),
        )
    }

    fn change(&self, change: &Change) -> Words {
        match change {
            Change::Points(points) => pair(
                format!("还差{points}分"),
                format!("{points} more points would clear it"),
            ),
            Change::Answers(count) => pair(
                format!("在总票数不变时,还需{count}个答案改变"),
                format!("{count} answers would have to change, their number fixed"),
            ),
            Change::Facts(count) if *count >= 0 => pair(
                format!("需少{count}起"),
                format!("{count} cases fewer would clear it"),
            ),
            Change::Facts(count) => pair(
                format!("需多{}起", count.unsigned_abs()),
                format!("{} more would clear it", count.unsigned_abs()),
            ),
            Change::Gap(gap) => pair(
                format!("还差{}", percent(gap)),
                format!("it is {} away", percent(gap)),
            ),
            Change::Ahead(ahead) => {
                let names: Vec<&str> = ahead.iter().map(|code| self.subject(code)).collect();
                pair(
                    format!("名额由排在前面的对象取得:{}", names.join("、")),
                    format!("the seats went to those ahead: {}", names.join(", ")),
                )
            }
            Change::Finding => pair(
                "取决于专项调查的结论",
                "it rests on what the investigation found",
            ),
            Change::Related(code) => pair(
                format!("取决于{}的结果", self.subject(code)),
                format!("it rests on the result of {}", self.subject(code)),
            ),
            Change::Other => pair("无法以增减数量消除", "no count would clear it"),
        }
    }

    /// What stands in the way of closing, and what to do.
    pub fn gap(&self, gap: &Gap) -> Words {
        let who = gap
            .subject
            .as_ref()
            .map(|code| self.subject(code))
            .unwrap_or_default();
        let place = self.place(gap);
        let what = gap.what.as_ref().map_or_else(Words::default_empty, |what| {
            let words = self.what(what);
            pair(format!("{}:", words.zh), format!("{}: ", words.en))
        });
        let reason = gap.reason.words();
        let action = action(gap.action);
        let whose = if who.is_empty() {
            Words::default_empty()
        } else {
            pair(format!("{who}:"), format!("{who}: "))
        };
        pair(
            format!(
                "{}{}——{}{}。{}。",
                whose.zh, place.zh, what.zh, reason.zh, action.zh
            ),
            format!(
                "{}{} – {}{}. {}.",
                whose.en, place.en, what.en, reason.en, action.en
            ),
        )
    }

    fn place(&self, gap: &Gap) -> Words {
        let code = gap.place.as_ref();
        match gap.kind {
            GapKind::MissingValue => self.item_name(code),
            GapKind::OpenSurvey | GapKind::TallyMismatch => self.survey_name(code),
            GapKind::LabelConflict | GapKind::UndeterminedLabel => self.label_name(code),
            GapKind::AdjustmentRefused => pair("酌定", "adjustment"),
            GapKind::Overflow => pair("总分", "total"),
            GapKind::Contradiction if code == COMPOSED => pair("合成得分", "composed points"),
            _ => self.rule_or_quota(&gap.place),
        }
    }
}

impl Words {
    fn default_empty() -> Self {
        Self {
            zh: String::new(),
            en: String::new(),
        }
    }
}

/// What to do about a gap.
pub fn action(action: Action) -> Words {
    match action {
        Action::EnterScore => pair("请录入得分", "Enter the points"),
        Action::EnterMeasure => pair("请填报数据", "Report the measure"),
        Action::ConfirmNone => pair(
            "请登记事实或确认零报告",
            "Record the facts, or confirm that there were none",
        ),
        Action::CloseSurvey => pair("请先结束测评", "Close the survey first"),
        Action::CollectAnswers => pair(
            "请收集更多答卷,或说明理由予以豁免",
            "Collect more answers, or waive it with a reason",
        ),
        Action::OpenInvestigation => pair("请启动专项调查", "Open the investigation"),
        Action::RecordFinding => pair(
            "请录入专项调查结论",
            "Record the finding of the investigation",
        ),
        Action::Waive => pair(
            "如无法补齐,请说明理由予以豁免",
            "Waive it by name with a reason",
        ),
        Action::ChooseByCommittee => pair("请由评定会议确定", "Let the committee choose"),
        Action::MendScheme => pair(
            "请修订评价体系并启用新版本",
            "Mend the scheme in a new version",
        ),
        Action::SettleRelated => pair(
            "请先解决相关对象的缺项",
            "Settle what is missing of the related subjects first",
        ),
        Action::NameClosedRounds => pair(
            "请指明所用的已结轮次及版次",
            "Name the closed rounds that it is composed of, each with its revision",
        ),
        Action::Look => pair("仅供知悉", "For information"),
    }
}

fn pair(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words {
        zh: zh.into(),
        en: en.into(),
    }
}

fn same(text: &str) -> Words {
    pair(text, text)
}

fn percent(value: &Ratio) -> String {
    let magnitude = if value.is_negative() {
        Ratio::zero().sub(value)
    } else {
        value.clone()
    };
    if magnitude < Ratio::one() {
        magnitude.to_percent_text(2)
    } else {
        magnitude.to_string()
    }
}

fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
