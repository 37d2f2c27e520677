//! Says in words what was decided and why, in Chinese and English.
//!
//! Every sentence is made from the outcome and the scheme's own names, so it can be made again at any time and never
//! says what the outcome does not hold.

mod carried;
pub mod change;
mod composed;
mod condition;
mod ground;
mod key;
mod name;
mod obstacle;
mod part;
pub mod trial;
mod value;

use std::collections::BTreeMap;

use crate::outcome::{
    Action, COMPOSED, Comparison, Decision, FEW, Gap, GapKind, GradeStep, RuleResult, Settled,
    Shown, Sign, Status, Step, Truth3,
};
use crate::scheme::Scheme;
use crate::scheme::file::{Effect, GradedBy, Rule, Words};

/// Puts outcomes into words: the scheme's names, and those of subjects where they are known.
#[derive(Debug)]
pub struct Explainer<'a> {
    scheme: &'a Scheme,
    names: BTreeMap<&'a str, &'a str>,
    withholding: bool,
}

impl<'a> Explainer<'a> {
    /// For a scheme, with subjects' names by code; a subject without one is called by its code.
    pub fn new(scheme: &'a Scheme, names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self {
            scheme,
            names: names.into_iter().collect(),
            withholding: false,
        }
    }

    /// The same for those who are not staff: of a figure that rests on fewer than [`FEW`] answers it says whether it was
    /// met, and no more.
    #[must_use]
    pub const fn withholding(mut self) -> Self {
        self.withholding = true;
        self
    }

    /// What a subject got, in one sentence that a person in it understands.
    pub fn sentence(&self, decision: &Decision) -> Words {
        let mut parts: Vec<Words> = (decision.predecessors.iter())
            .map(|one| Self::predecessor(&decision.subject, one))
            .collect();
        parts.push(Self::total(decision));
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
        if decision.withheld {
            parts.push(pair(
                format!("因答卷不足{FEW}份，得分和评价数据不予公开"),
                format!("scores and figures are withheld, since fewer than {FEW} people answered"),
            ));
        }
        parts.push(self.verdict(decision));
        let zh: Vec<&str> = parts.iter().map(|words| words.zh.as_str()).collect();
        let en: Vec<&str> = parts.iter().map(|words| words.en.as_str()).collect();
        Words {
            zh: format!("{}。", zh.join("；")),
            en: capitalise(&format!("{}.", en.join("; "))),
        }
    }

    fn total(decision: &Decision) -> Words {
        let Some(total) = decision.total else {
            return pair("总分未能确定", "the total is undetermined");
        };
        let rank = decision.rank.map_or_else(Words::default_empty, |rank| {
            pair(
                format!("，同类第{rank}名"),
                format!(", rank {rank} in its category"),
            )
        });
        pair(
            format!("总分{total}分（满分{}分）{}", decision.maximum, rank.zh),
            format!("total {total} of {} points{}", decision.maximum, rank.en),
        )
    }

    /// What a step did to the grade.
    pub fn step(&self, step: &GradeStep) -> Words {
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
                format!("因名额“{}”已满，等次降为“{}”", by.zh, to.zh),
                format!(
                    "the seats of “{}” are taken, so the grade is “{}”",
                    by.en, to.en
                ),
            ),
            Step::TieFalls => pair(
                format!(
                    "在名额“{}”的线上并列，按规定并列者均不取得，等次降为“{}”",
                    by.zh, to.zh
                ),
                format!(
                    "it is tied at the line of “{}”, where all who are tied fall, so the grade is “{}”",
                    by.en, to.en
                ),
            ),
            Step::NotChosen => pair(
                format!(
                    "在名额“{}”的线上并列，评定会议选定了他人，等次降为“{}”",
                    by.zh, to.zh
                ),
                format!(
                    "it is tied at the line of “{}” and the committee chose others, so the grade is “{}”",
                    by.en, to.en
                ),
            ),
            Step::Chosen => pair(
                format!("在名额“{}”的线上并列，由评定会议选定取得名额", by.zh),
                format!(
                    "it is tied at the line of “{}” and the committee chose it for a seat",
                    by.en
                ),
            ),
            Step::HandedOn => pair(
                format!("递补名额“{}”，等次为“{}”", by.zh, to.zh),
                format!("a freed seat of “{}” makes the grade “{}”", by.en, to.en),
            ),
            Step::Adjustment => pair(
                format!("经酌定，等次为“{}”", to.zh),
                format!("the committee adjusts the grade to “{}”", to.en),
            ),
        }
    }

    fn verdict(&self, decision: &Decision) -> Words {
        if decision.disqualified {
            return pair(
                "不具备参评资格，不评定等次",
                "it is not eligible and holds no grade",
            );
        }
        match (decision.status, decision.grade.as_ref(), decision.eligible) {
            (Status::Held, _, _) => pair("暂缓评定", "the decision is held"),
            (Status::Undetermined, _, _) | (_, None, _) => pair(
                "因有缺项，尚不能评定",
                "something is missing, so it cannot be decided yet",
            ),
            (_, Some(grade), eligible) => {
                let name = self.grade(Some(grade));
                let (zh, en) = match eligible {
                    // Where every grade is recognised there is nothing to be eligible for.
                    Some(true) if !self.recognises() => ("", ""),
                    Some(true) => ("，符合认定条件", " and it is eligible"),
                    Some(false) => ("，不符合认定条件", " and it is not eligible"),
                    None => (
                        "，是否符合认定条件尚不能确定",
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
    pub fn recognises(&self) -> bool {
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
        // A condition on related subjects alone compares nothing where there is none.
        let values = if compared.is_empty() {
            pair("没有关联对象", "nobody is related")
        } else {
            joined(&compared, "；", "; ")
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
        let settled = settled(result);
        pair(
            format!(
                "{zh}{}（依据：{}；{}）。",
                settled.zh, rule.clause, values.zh
            ),
            capitalise(&format!(
                "{en}{} (clause: {}; {}).",
                settled.en, rule.clause, values.en
            )),
        )
    }

    /// A comparison with its values, such as `满意率 612/1000(61.2%)< 9/10(90%)`.
    pub fn comparison(&self, one: &Comparison) -> Words {
        let what = self.what(&one.what);
        let of = one.of().map(|code| self.subject(code)).unwrap_or_default();
        let whose = if of.is_empty() {
            Words::default_empty()
        } else {
            pair(format!("{of}的"), format!("{of}: "))
        };
        let sign = one.op.text();
        let right = self.bound(&one.what, &one.right);
        if self.is_withheld(one.few) {
            let met = if one.holds == Truth3::True {
                pair("符合", "met")
            } else {
                pair(
                    format!("不符合，答卷不足{FEW}份"),
                    format!("not met, fewer than {FEW} answers"),
                )
            };
            return pair(
                format!("{}{} {sign} {}：{}", whose.zh, what.zh, right.zh, met.zh),
                format!("{}{} {sign} {}: {}", whose.en, what.en, right.en, met.en),
            );
        }
        if one.op == Sign::Equal
            && let Shown::Word(_) | Shown::Missing = one.left
            && one.why().is_none()
        {
            return self.word_comparison(one, (&whose, &what, &right));
        }
        let left = self.value(&one.what, &one.left);
        let why = one.why().map_or_else(Words::default_empty, |why| {
            let words = self.reason(why);
            pair(format!("（{}）", words.zh), format!(" ({})", words.en))
        });
        let grounds = self.grounds(one.counted());
        let turned = if one.holds == Truth3::False {
            pair("，不成立", ", which does not hold")
        } else {
            Words::default_empty()
        };
        pair(
            format!(
                "{}{}{}{} {sign} {}{}{}",
                whose.zh, what.zh, left.zh, grounds.zh, right.zh, why.zh, turned.zh
            ),
            format!(
                "{}{} {}{} {sign} {}{}{}",
                whose.en, what.en, left.en, grounds.en, right.en, why.en, turned.en
            ),
        )
    }

    /// What something is, and what it would have to be where it is not.
    fn word_comparison(
        &self,
        one: &Comparison,
        (whose, what, right): (&Words, &Words, &Words),
    ) -> Words {
        let left = match &one.left {
            Shown::Word(word) => self.word(word),
            _ => pair("暂无", "not there yet"),
        };
        let grounds = self.grounds(one.counted());
        let wanted = if one.holds == Truth3::True {
            Words::default_empty()
        } else {
            let right = (right.zh.trim(), right.en.trim());
            pair(
                format!("，须为“{}”", right.0),
                format!(", where “{}” is asked for", right.1),
            )
        };
        pair(
            format!(
                "{}{}：{}{}{}",
                whose.zh,
                what.zh,
                left.zh.trim(),
                grounds.zh,
                wanted.zh
            ),
            format!(
                "{}{}: {}{}{}",
                whose.en,
                what.en,
                left.en.trim(),
                grounds.en,
                wanted.en
            ),
        )
    }

    /// Whether a figure of so few answers is kept from whoever reads this.
    pub const fn is_withheld(&self, few: bool) -> bool {
        self.withholding && few
    }

    /// What stands in the way of closing, and what to do.
    pub fn gap(&self, gap: &Gap) -> Words {
        let who = gap
            .subject
            .as_ref()
            .map(|code| self.subject(code))
            .unwrap_or_default();
        let place = self.place(gap);
        let looked_at = gap.what.as_ref();
        let looked_at = looked_at.filter(|_| gap.kind != GapKind::Unconfirmed);
        let what = looked_at.map_or_else(Words::default_empty, |what| {
            let words = self.what(what);
            pair(format!("{}：", words.zh), format!("{}: ", words.en))
        });
        let reason = self.reason(&gap.reason);
        let action = action(gap.action);
        let whose = if who.is_empty() {
            Words::default_empty()
        } else {
            pair(format!("{who}："), format!("{who}: "))
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
            GapKind::MissingValue | GapKind::FewAnswers => self.item_name(code),
            GapKind::OpenSurvey | GapKind::TallyMismatch | GapKind::MoreThanIssued => {
                self.survey_name(code)
            }
            GapKind::LabelConflict | GapKind::UndeterminedLabel => self.label_name(code),
            GapKind::AdjustmentRefused => pair("酌定", "adjustment"),
            GapKind::OutdatedSource => pair(format!("轮次 {code}"), format!("round {code}")),
            GapKind::Unconfirmed => self.carried(gap),
            GapKind::Overflow => pair("总分", "total"),
            GapKind::Contradiction if code == COMPOSED => pair("合成得分", "composed points"),
            _ => self.rule_or_quota(&gap.place),
        }
    }
}

/// What settled a rule whose condition was undetermined, or that it yields.
fn settled(result: &RuleResult) -> Words {
    if result.yields {
        return pair(
            "，但依豁免让步，不产生作用",
            ", but by a waiver it yields and does nothing",
        );
    }
    match result.settled_by {
        Some(Settled::Scheme) => pair(
            "（条件未能确定，由评价体系规定）",
            " (its condition is undetermined, and the scheme says what then holds)",
        ),
        Some(Settled::Waiver) => pair(
            "（条件未能确定，由豁免规定）",
            " (its condition is undetermined, and a waiver says what then holds)",
        ),
        Some(Settled::Withheld) => pair(
            "（因答卷过少，所依据的数据不予公开）",
            " (the figures behind it are withheld, since too few people answered)",
        ),
        None => Words::default_empty(),
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
            "请收集更多答卷，或说明理由予以豁免",
            "Collect more answers, or waive it with a reason",
        ),
        Action::OpenInvestigation => pair("请启动专项调查", "Open the investigation"),
        Action::RecordFinding => pair(
            "请录入专项调查结论",
            "Record the finding of the investigation",
        ),
        Action::Waive => pair(
            "如无法补齐，请说明理由予以豁免",
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
        Action::ConfirmCarried => pair("请确认沿用，或予以撤回", "Confirm it, or withdraw it"),
        Action::Look => pair("仅供知悉", "For information"),
    }
}

fn pair(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words {
        zh: zh.into(),
        en: en.into(),
    }
}

/// Words one after the other, with what stands between them in each language.
fn joined(list: &[Words], zh: &str, en: &str) -> Words {
    let each = |pick: fn(&Words) -> &str, between: &str| {
        list.iter().map(pick).collect::<Vec<_>>().join(between)
    };
    pair(each(|words| &words.zh, zh), each(|words| &words.en, en))
}

fn same(text: &str) -> Words {
    pair(text, text)
}

fn capitalise(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
