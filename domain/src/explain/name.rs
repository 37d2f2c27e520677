//! The scheme's own names for what codes stand for.

use std::sync::Arc;

use super::{Explainer, joined, pair, same};
use crate::reason::{Reason, ReasonCode};
use crate::scheme::file::{FactKind, Measure, Rule, Words};

impl<'a> Explainer<'a> {
    /// The name of a thing that was looked at: `survey/public/satisfaction_rate`, `points/B3.3` …
    pub fn what(&self, what: &str) -> Words {
        let mut parts = what.split('/');
        let (kind, code) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        match kind {
            "survey" => {
                let survey = self.survey_name(code);
                let figure = match parts.next().unwrap_or("") {
                    "satisfaction_rate" => pair("满意率", "satisfaction rate"),
                    "dissatisfied_share" => pair("不满意率", "dissatisfied share"),
                    _ => pair("平均得分", "mean score"),
                };
                let stratum: Vec<Words> =
                    parts.filter_map(|part| self.stratum(code, part)).collect();
                let Words { zh, en } = listed(&stratum);
                pair(
                    format!("{}{zh}{}", survey.zh, figure.zh),
                    format!("{}{en}: {}", survey.en, figure.en),
                )
            }
            "points" if code == "total" => pair("总分", "total"),
            "points" => {
                let name = self.item_title(code);
                pair(
                    format!("“{}”得分", name.zh),
                    format!("points of “{}”", name.en),
                )
            }
            "facts" => {
                let found = self.scheme.file.fact.iter().find(|fact| fact.code == code);
                let (sums, fields): (Vec<&str>, Vec<&str>) =
                    parts.partition(|part| part.starts_with("sum="));
                let summed = sums.first().and_then(|part| summed_field(found?, part));
                let fields: Vec<Words> = fields
                    .into_iter()
                    .filter_map(|part| fact_field(found?, part))
                    .collect();
                let name = found.map_or_else(|| same(code), |fact| fact.name.clone());
                let Words { zh, en } = listed(&fields);
                match summed {
                    Some(field) => pair(
                        format!("{}{zh}·{}合计", name.zh, field.zh),
                        format!("sum of “{}” over {}{en}", field.en, name.en),
                    ),
                    None => pair(
                        format!("{}{zh}件数", name.zh),
                        format!("number of {}{en}", name.en),
                    ),
                }
            }
            "answers" => {
                let survey = self.survey_name(code);
                let stratum: Vec<Words> =
                    parts.filter_map(|part| self.stratum(code, part)).collect();
                let Words { zh, en } = listed(&stratum);
                pair(
                    format!("{}{zh}答卷数", survey.zh),
                    format!("number of answers to {}{en}", survey.en),
                )
            }
            "measure" => {
                let name = self
                    .measure(code)
                    .map_or_else(|| same(code), |measure| measure.name.clone());
                let how: Vec<&str> = parts.collect();
                let how = measured_how(&how);
                pair(
                    format!("{}{}", name.zh, how.zh),
                    format!("{}{}", name.en, how.en),
                )
            }
            "label" => {
                let name = self.label_name(code);
                pair(format!("称号“{}”", name.zh), format!("label “{}”", name.en))
            }
            "finding" => {
                let name = self.rule_or_quota(&Arc::from(code));
                pair(
                    format!("“{}”专项调查结论", name.zh),
                    format!("finding on “{}”", name.en),
                )
            }
            "earlier" => pair("连续轮次", "rounds in a row"),
            "share" => pair("总分占满分的比例", "total as a share of the maximum"),
            "grade" => pair("等次", "grade"),
            "rank" => pair("名次", "rank"),
            "eligible" => pair("符合认定条件", "eligible"),
            "disqualified" => pair("取消参评资格", "disqualified"),
            "graded" if code.is_empty() => pair("现场打分", "marks on site"),
            "graded" => {
                let (zh, en) = match code {
                    "least" => ("最低的一次", "the least of the"),
                    "last" => ("最后一次", "the last of the"),
                    _ => ("平均", "the mean of the"),
                };
                let (each_zh, each_en) = match parts.next().unwrap_or("") {
                    "month" => ("各月", "monthly"),
                    "quarter" => ("各季度", "quarterly"),
                    "half_year" => ("各半年", "half-yearly"),
                    _ => ("各年度", "yearly"),
                };
                pair(
                    format!("{each_zh}检查打分，取{zh}"),
                    format!("{en} {each_en} marks"),
                )
            }
            "checklist" => pair("任务完成", "tasks done"),
            "composed" if code.is_empty() => {
                pair("组成对象平均结果", "mean result of those it is composed of")
            }
            "composed" => pair(
                format!("组成对象在已结轮次（{code}）的平均结果"),
                format!("mean result of those it is composed of in closed rounds ({code})"),
            ),
            _ => same(what),
        }
    }

    /// Of the name of a figure the question, panel and channel that it is of, quoted together.
    pub(super) fn stratum_of(&self, what: &str) -> Words {
        let mut parts = what.split('/').skip(1);
        let survey = parts.next().unwrap_or("");
        let named = parts.filter_map(|part| self.stratum(survey, part));
        let named: Vec<Words> = named.collect();
        let each = joined(&named, "·", ", ");
        pair(format!("“{}”", each.zh), format!("“{}”", each.en))
    }

    fn stratum(&self, survey: &str, part: &str) -> Option<Words> {
        let survey = self
            .scheme
            .file
            .survey
            .iter()
            .find(|one| one.code == survey)?;
        match part.split_once('=')? {
            ("question", code) => survey
                .question
                .iter()
                .find(|question| question.code == code)
                .map(|question| question.text.clone()),
            ("option", codes) => {
                let scales = self.scheme.file.scale.iter();
                let options: Vec<_> = scales.flat_map(|scale| &scale.option).collect();
                let named = |code: &str| {
                    let mut options = options.iter();
                    options
                        .find(|option| option.code == code)
                        .map_or_else(|| same(code), |option| option.label.clone())
                };
                let names: Vec<Words> = codes.split(',').map(named).collect();
                let each = joined(&names, "”或“", "” or “");
                Some(pair(format!("“{}”", each.zh), format!("“{}”", each.en)))
            }
            ("panel", code) => survey
                .panel
                .iter()
                .find(|panel| panel.code == code)
                .map(|panel| panel.name.clone()),
            ("channel", "web") => Some(pair("网络", "web")),
            ("channel", "paper") => Some(pair("纸质", "paper")),
            ("channel", _) => Some(pair("电话", "telephone")),
            _ => None,
        }
    }

    pub(super) fn rule(&self, code: &str) -> Option<&'a Rule> {
        self.scheme.file.rule.iter().find(|rule| rule.code == code)
    }

    /// The name of a rule.
    pub fn rule_name(&self, code: &str) -> Words {
        self.rule(code)
            .map_or_else(|| same(code), |rule| rule.name.clone())
    }

    pub(super) fn rule_or_quota(&self, code: &Arc<str>) -> Words {
        let rule = self.rule(code).map(|rule| rule.name.clone());
        let quota = || {
            self.scheme
                .file
                .quota
                .iter()
                .find(|quota| quota.code == code.as_ref())
                .map(|quota| quota.name.clone())
        };
        rule.or_else(quota).unwrap_or_else(|| same(code))
    }

    /// The name of what comes of a decision: an alert, or a kind of follow-up.
    pub fn follow_up_name(&self, kind: &str) -> Words {
        if kind == "alert" {
            return pair("预警", "alert");
        }
        let mut kinds = self.scheme.file.follow_up.iter();
        let found = kinds.find(|one| one.code == kind);
        found.map_or_else(|| same(kind), |one| one.name.clone())
    }

    /// The name of a grade of another appraisal that a kind of follow-up limits.
    pub fn limit_name(&self, kind: &str, limit: &str) -> Words {
        let mut kinds = self.scheme.file.follow_up.iter();
        let found = kinds
            .find(|one| one.code == kind)
            .and_then(|one| one.limit.iter().find(|one| one.code == limit));
        found.map_or_else(|| same(limit), |one| one.name.clone())
    }

    /// A reason, with names in place of codes: of questions, panels, marks, measures and schemes.
    pub fn reason(&self, reason: &Reason) -> Words {
        reason.words_by(|place, value| match (reason.code, place) {
            (ReasonCode::ShareShort, 1) | (ReasonCode::BatchOverIssued, 0) => {
                Some(self.respondents(value))
            }
            (ReasonCode::QuestionUnanswered, 0) => {
                let surveys = self.scheme.file.survey.iter();
                let mut asked = surveys.flat_map(|survey| &survey.question);
                asked
                    .find(|question| question.code == value)
                    .map(|question| question.text.clone())
            }
            (ReasonCode::MeasureMissing | ReasonCode::SizesZero, 0)
            | (ReasonCode::SizeMissing, 1) => {
                let measure = self.measure(value);
                measure.map(|measure| measure.name.clone())
            }
            (ReasonCode::MeasureMissing, 1) | (ReasonCode::AwardMissing, 0) => {
                Some(listed_names(value, |period| match period {
                    "last_year" => pair("上年", "last year"),
                    "round" => pair("本轮", "the round"),
                    period => same(period),
                }))
            }
            (ReasonCode::NoPoints, 0) => Some(match value {
                "the total" => pair("总分", "the total"),
                what => self.what(what),
            }),
            _ => None,
        })
    }

    pub(super) fn measure(&self, code: &str) -> Option<&Measure> {
        let mut measures = self.scheme.file.measure.iter();
        measures.find(|measure| measure.code == code)
    }

    /// A mark of respondents, or panels that count together.
    fn respondents(&self, codes: &str) -> Words {
        let surveys = || self.scheme.file.survey.iter();
        let mark = surveys().flat_map(|survey| &survey.mark);
        let mut named = mark.map(|one| (&one.code, &one.name));
        if let Some((_, name)) = named.find(|(code, _)| *code == codes) {
            return name.clone();
        }
        listed_names(codes, |code| {
            let mut panels = surveys().flat_map(|survey| &survey.panel);
            panels
                .find(|panel| panel.code == code)
                .map_or_else(|| same(code), |panel| panel.name.clone())
        })
    }

    pub(super) fn survey_name(&self, code: &str) -> Words {
        self.scheme
            .file
            .survey
            .iter()
            .find(|survey| survey.code == code)
            .map_or_else(|| same(code), |survey| survey.name.clone())
    }

    /// The name of a label.
    pub fn label_name(&self, code: &str) -> Words {
        self.scheme
            .file
            .label
            .iter()
            .find(|label| label.code == code)
            .map_or_else(|| same(code), |label| label.name.clone())
    }

    /// The name of an item, indicator or section, with its code before it.
    pub fn item_name(&self, code: &str) -> Words {
        self.bare_name(code).map_or_else(
            || same(code),
            |name| pair(format!("{code} {}", name.zh), format!("{code} {}", name.en)),
        )
    }

    /// The same as people read it: with its code where that is a number of the table, such as `A1.2`, and not a word.
    pub fn item_title(&self, code: &str) -> Words {
        if code.contains(|sign: char| sign.is_ascii_digit()) {
            return self.item_name(code);
        }
        self.bare_name(code).unwrap_or_else(|| same(code))
    }

    fn bare_name(&self, code: &str) -> Option<Words> {
        let bare = code.split_once('/').map_or(code, |(item, _)| item);
        let file = &self.scheme.file;
        let item = file
            .item
            .iter()
            .find(|item| item.code == bare)
            .map(|item| &item.name);
        let indicator = || {
            file.indicator
                .iter()
                .find(|indicator| indicator.code == bare)
                .map(|indicator| &indicator.name)
        };
        let section = || {
            file.section
                .iter()
                .find(|section| section.code == bare)
                .map(|section| &section.name)
        };
        item.or_else(indicator).or_else(section).cloned()
    }

    /// The name of a grade.
    pub fn grade(&self, code: Option<&Arc<str>>) -> Words {
        let found = code.and_then(|code| {
            self.scheme
                .file
                .grade
                .iter()
                .find(|grade| grade.code == code.as_ref())
        });
        found.map_or_else(
            || code.map_or_else(|| pair("无", "none"), |code| same(code)),
            |grade| grade.name.clone(),
        )
    }

    /// The name of a subject, or its code where none is known.
    pub fn subject<'s>(&'s self, code: &'s str) -> &'s str {
        self.names.get(code).copied().unwrap_or(code)
    }

    pub(super) fn word(&self, word: &Arc<str>) -> Words {
        match word.as_ref() {
            "yes" => pair("是", "yes"),
            "no" => pair("否", "no"),
            "none" => pair("无", "none"),
            "verified" => pair("属实", "verified"),
            "unfounded" => pair("不属实", "unfounded"),
            code if self
                .scheme
                .file
                .grade
                .iter()
                .any(|grade| grade.code == code) =>
            {
                self.grade(Some(word))
            }
            other => same(other),
        }
    }
}

/// The name of a field that is summed.
fn summed_field(fact: &FactKind, part: &str) -> Option<Words> {
    let code = part.strip_prefix("sum=")?;
    let field = fact.field.iter().find(|one| one.code == code)?;
    Some(field.name.clone())
}

fn fact_field(fact: &FactKind, part: &str) -> Option<Words> {
    let (field, values) = part.split_once('=')?;
    let field = fact.field.iter().find(|one| one.code == field)?;
    let names: Vec<Words> = values
        .split(',')
        .map(|value| {
            field
                .one_of
                .iter()
                .find(|choice| choice.code == value)
                .map_or_else(|| same(value), |choice| choice.name.clone())
        })
        .collect();
    let zh: Vec<&str> = names.iter().map(|words| words.zh.as_str()).collect();
    let en: Vec<&str> = names.iter().map(|words| words.en.as_str()).collect();
    Some(pair(zh.join("、"), en.join(" or ")))
}

/// What is made of the values of a measure, in brackets: of its stretches, and against last year's.
fn measured_how(how: &[&str]) -> Words {
    let (over, versus) = match how {
        [over, every] => (Some((*over, *every)), None),
        [over, every, versus] => (Some((*over, *every)), Some(*versus)),
        [versus] => (None, Some(*versus)),
        _ => (None, None),
    };
    let over = over.map(|(over, every)| {
        let (zh, en) = match every {
            "month" => ("月", "month"),
            "quarter" => ("季度", "quarter"),
            "half_year" => ("半年", "half-year"),
            _ => ("年", "year"),
        };
        match over {
            "least" => pair(format!("最少的一个{zh}"), format!("the least {en}")),
            "sum" => pair(format!("各{zh}合计"), format!("sum of each {en}")),
            _ => pair(format!("最后一个{zh}"), format!("the last {en}")),
        }
    });
    let versus = versus.map(|versus| match versus {
        "change" => pair("与上年相比的变化率", "change against last year"),
        _ => pair("与上年之差", "difference from last year"),
    });
    let told: Vec<Words> = over.into_iter().chain(versus).collect();
    if told.is_empty() {
        return Words::default_empty();
    }
    let each = joined(&told, "，", ", ");
    pair(format!("（{}）", each.zh), format!(" ({})", each.en))
}

/// The names of what a reason lists by code.
fn listed_names(codes: &str, name: impl Fn(&str) -> Words) -> Words {
    let names: Vec<Words> = codes.split(", ").map(name).collect();
    joined(&names, "、", ", ")
}

/// What narrows a name, behind it.
fn listed(words: &[Words]) -> Words {
    let each = |pick: fn(&Words) -> &str, before: &'static str| -> String {
        words.iter().flat_map(|one| [before, pick(one)]).collect()
    };
    pair(each(|words| &words.zh, "·"), each(|words| &words.en, ", "))
}
