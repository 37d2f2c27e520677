//! How an item came to its points, what a survey found, and what comes of a decision, in words.

use std::sync::Arc;

use super::{Explainer, joined, pair, same};
use crate::inputs::{Adjustment, Inputs, WaivedGap, Waiver};
use crate::number::Ratio;
use crate::outcome::{
    Consequence, FEW, FigureResult, ItemResult, ItemState, LabelRank, LineCounts, PartResult, Row,
    Term,
};
use crate::scheme::file::Words;

impl Explainer<'_> {
    /// How an item came to its points: the values behind it, part by part, and what a scheme or a waiver said where one
    /// was missing.
    pub fn item(&self, item: Row<'_, ItemResult>) -> Words {
        let state = match item.state {
            ItemState::Scored => None,
            ItemState::Gated => Some(pair(
                "前提条件不成立，计0分",
                "the condition for it does not hold, so it is worth 0",
            )),
            ItemState::ByScheme => Some(pair(
                "缺少数据，按评价体系的规定计分",
                "a value is missing, and the scheme says what then holds",
            )),
            ItemState::ByWaiver => Some(pair(
                "缺少数据，按豁免的规定计分",
                "a value is missing, and a waiver says what then holds",
            )),
            ItemState::NotApplicable => Some(pair(
                "不适用于本对象，不计入满分",
                "it does not apply, and the maximum is less by it",
            )),
            ItemState::Missing => Some(pair("尚缺", "it is missing")),
        };
        let mut told: Vec<Words> = state.into_iter().collect();
        let Some(trace) = &item.trace else {
            if told.is_empty() {
                told.push(pair("考评人员打分", "awarded by inspectors"));
            }
            return joined(&told, "；", "; ");
        };
        told.extend(trace.parts.iter().map(|part| self.part(item.code, part)));
        told.extend(trace.gate.iter().map(|one| {
            let words = self.comparison(one);
            pair(
                format!("前提条件：{}", words.zh),
                format!("condition: {}", words.en),
            )
        }));
        joined(&told, "；", "; ")
    }

    /// The tasks of an item that are known not to be done, each in its own words.
    pub fn undone(&self, item: Row<'_, ItemResult>) -> Vec<Words> {
        let parts = item.trace.iter().flat_map(|trace| trace.parts.iter());
        let tasks = parts.flat_map(|part| {
            let name = part
                .part
                .as_ref()
                .map(|code| self.part_name(item.code, code));
            part.beside().undone.iter().map(move |one| {
                let number = one.number;
                let (zh, en) = one.task.as_ref().map_or_else(Default::default, |task| {
                    (format!("，{task}"), format!(". {task}"))
                });
                let of = name.as_ref().map_or_else(Words::default_empty, |name| {
                    pair(format!("{}：", name.zh), format!("{}: ", name.en))
                });
                pair(
                    format!("{}未完成：第{number}项{zh}", of.zh),
                    format!("{}not done: {number}{en}", of.en),
                )
            })
        });
        tasks.collect()
    }

    fn part(&self, item: &str, part: &PartResult) -> Words {
        let what = self.what(&part.what);
        let beside = part.beside();
        let value = if self.is_withheld(part.few) {
            after_a_colon(&withheld())
        } else if let Some(why) = &beside.why {
            after_a_colon(&self.reason(why))
        } else {
            let value = self.value(&part.what, &part.value);
            let grounds = self.grounds(&beside.counted);
            let awards = self.awards(item, part.part.as_deref(), &beside.awards);
            let members = self
                .composed(part)
                .map_or_else(Words::default_empty, |words| {
                    pair(format!("[{}]", words.zh), format!(" [{}]", words.en))
                });
            pair(
                format!("{}{}{}{}", value.zh, grounds.zh, awards.zh, members.zh),
                format!(" {}{}{}{}", value.en, grounds.en, awards.en, members.en),
            )
        };
        let stretches: Vec<Words> = (beside.stretches.iter())
            .filter(|one| !one.awards.is_empty())
            .map(|one| {
                let awards = self.awards(item, part.part.as_deref(), &one.awards);
                pair(
                    format!("{}{}", one.period, awards.zh),
                    format!("{}{}", one.period, awards.en),
                )
            })
            .collect();
        let value = if stretches.is_empty() {
            value
        } else {
            let told = joined(&stretches, "；", "; ");
            pair(
                format!("{}；{}", value.zh, told.zh),
                format!("{}; {}", value.en, told.en),
            )
        };
        let Some(code) = &part.part else {
            return pair(
                format!("{}{}", what.zh, value.zh),
                format!("{}{}", what.en, value.en),
            );
        };
        let name = self.part_name(item, code);
        let points = part.points.map_or_else(Words::default_empty, |points| {
            let worth = (beside.exact.as_ref())
                .map_or_else(|| points.to_string(), |exact| format!("{exact}≈{points}"));
            pair(format!("，计{worth}分"), format!(", worth {worth}"))
        });
        pair(
            format!("{}：{}{}{}", name.zh, what.zh, value.zh, points.zh),
            format!("{}: {}{}{}", name.en, what.en, value.en, points.en),
        )
    }

    fn part_name(&self, item: &str, part: &Arc<str>) -> Words {
        let found = self
            .scheme
            .file
            .item
            .iter()
            .find(|one| one.code == item)
            .and_then(|one| one.part.iter().find(|one| one.code == part.as_ref()));
        found.map_or_else(|| same(part), |found| found.name.clone())
    }

    /// A figure of a survey: its exact value and what it comes to, why there is none, or that it is withheld.
    pub fn figure(&self, figure: &FigureResult) -> Words {
        if self.is_withheld(figure.few) {
            return withheld();
        }
        if let Some(why) = &figure.why {
            return self.reason(why);
        }
        let words = self.value(&figure.what, &figure.value);
        let lines =
            (figure.lines.as_deref().copied()).map_or_else(Words::default_empty, lines_words);
        let open = if self.seeks_duplicates(&figure.what) {
            Words::default_empty()
        } else {
            pair(
                "（匿名公开参加，不查重）",
                " (anonymous and open: no duplicates are sought)",
            )
        };
        let terms = self.terms(figure);
        pair(
            format!(
                "{}{}{}{}",
                words.zh.trim_start(),
                terms.zh,
                lines.zh,
                open.zh
            ),
            format!("{}{}{}{}", words.en, terms.en, lines.en, open.en),
        )
    }

    /// What a figure is the weighted mean of: each part with its figure and what it weighs of the whole.
    fn terms(&self, figure: &FigureResult) -> Words {
        let Some(terms) = figure.shown_terms(self.is_withheld(true)) else {
            return pair(
                format!("（由几部分加权平均，其中有的答卷不足{FEW}份，各部分不公开）"),
                format!(
                    " (a weighted mean; some part has fewer than {FEW} answers, so the parts are withheld)"
                ),
            );
        };
        if terms.is_empty() {
            return Words::default_empty();
        }
        let each: Vec<Words> = terms.iter().map(|term| self.term(term)).collect();
        let each = joined(&each, "；", "; ");
        pair(
            format!("（加权平均：{}）", each.zh),
            format!(" (the weighted mean of: {})", each.en),
        )
    }

    fn term(&self, term: &Term) -> Words {
        let name = self.stratum_of(&term.what);
        if term.share.is_zero() {
            return pair(
                format!("{}无人作答，权重由其余分担", name.zh),
                format!(
                    "{}: nobody answered, and the others share its weight",
                    name.en
                ),
            );
        }
        let value = self.value(&term.what, &term.value);
        let percent = term.share.to_percent_text(2);
        let share = match percent.parse::<Ratio>() {
            Ok(read) if read == term.share => percent,
            _ => term.share.to_string(),
        };
        pair(
            format!("{}{}，占{share}", name.zh, value.zh),
            format!("{} {}, weighing {share}", name.en, value.en.trim_start()),
        )
    }

    /// Whether of one person's answers to the survey of a figure one counts; what no survey says is taken to.
    fn seeks_duplicates(&self, figure: &str) -> bool {
        let survey = figure.split('/').nth(1);
        let mut surveys = self.scheme.file.survey.iter();
        let found = surveys.find(|one| Some(one.code.as_str()) == survey);
        found.is_none_or(|one| one.one_person.is_some())
    }

    /// How a subject was ranked for a label, and whether it holds it.
    pub fn label(&self, one: &LabelRank) -> Words {
        let name = self.label_name(&one.label);
        let what = self.what(&one.what);
        let value = if self.is_withheld(one.few) {
            after_a_colon(&withheld())
        } else {
            let value = self.value(&one.what, &one.value);
            let grounds = self.grounds(&one.counted);
            pair(value.zh + &grounds.zh, value.en + &grounds.en)
        };
        let from_top = self
            .scheme
            .file
            .label
            .iter()
            .any(|label| label.code == *one.label && label.best.is_some());
        let (rank, of) = (one.rank, one.of);
        let place = if from_top {
            pair(
                format!("在{of}个对象中从前往后第{rank}"),
                format!("rank {rank} from the top of {of}"),
            )
        } else {
            pair(
                format!("在{of}个对象中从后往前第{rank}"),
                format!("rank {rank} from the bottom of {of}"),
            )
        };
        let given = if one.given {
            pair("授予", "given")
        } else {
            pair("不授予", "not given")
        };
        let mut told = vec![pair(
            format!(
                "“{}”：{}{}，{}，{}",
                name.zh, what.zh, value.zh, place.zh, given.zh
            ),
            format!(
                "“{}”: {} {}, {}, {}",
                name.en, what.en, value.en, place.en, given.en
            ),
        )];
        told.extend(one.compared.iter().map(|one| self.comparison(one)));
        joined(&told, "；", "; ")
    }

    /// The same of another subject's decision that falls on this one.
    pub fn consequence_from(&self, source: &str, one: &Consequence) -> Words {
        let (source, words) = (self.subject(source), self.consequence(one));
        pair(
            format!("来自“{source}”的评定，{}", words.zh),
            format!("From the decision on “{source}”: {}", words.en),
        )
    }

    /// What was waived for a subject and how it was adjusted, with who and why: these stay on the result.
    pub fn recorded(&self, inputs: &Inputs, subject: &str) -> Vec<Words> {
        let waivers = inputs.waivers.iter().filter(|one| one.subject == subject);
        let adjustments = inputs
            .adjustments
            .iter()
            .filter(|one| one.subject == subject);
        waivers
            .map(|one| self.waiver(one))
            .chain(adjustments.map(|one| self.adjustment(one)))
            .collect()
    }

    /// What was waived, what then holds is told where it does, and why.
    fn waiver(&self, waiver: &Waiver) -> Words {
        let what = match &waiver.gap {
            WaivedGap::Item(code) => self.item_title(code),
            WaivedGap::Rule(code) => self.rule_name(code),
            WaivedGap::Contradiction | WaivedGap::Grade => pair("等次", "grade"),
            WaivedGap::Batch(name) => same(name),
        };
        let reason = &waiver.reason;
        pair(
            format!("豁免“{}”：{reason}", what.zh),
            format!("Waived, “{}”: {reason}", what.en),
        )
    }

    /// What the committee adjusted, who, when and why.
    fn adjustment(&self, one: &Adjustment) -> Words {
        let grade = self.grade(Some(&Arc::from(one.grade.as_str())));
        let Adjustment { by, on, reason, .. } = one;
        pair(
            format!("{on} 由{by}酌定为“{}”：{reason}", grade.zh),
            format!("Adjusted to “{}” by {by} on {on}: {reason}", grade.en),
        )
    }

    /// What comes of a decision: the rule's own words, whom it concerns, and until when.
    pub fn consequence(&self, one: &Consequence) -> Words {
        let said = self
            .rule(&one.rule)
            .map_or_else(|| same(&one.rule), |rule| rule.words.clone());
        let kind = self.follow_up_name(&one.kind);
        let mut told = vec![pair(
            format!("{}：{}", kind.zh, said.zh.trim_end_matches('。')),
            format!("{}: {}", kind.en, said.en.trim_end_matches('.')),
        )];
        if let Some(count) = one.answers {
            told.push(if self.is_withheld(one.few) {
                withheld()
            } else {
                pair(
                    format!("{count}份答卷如此作答，每份一次"),
                    format!("{count} answers say so, once for each"),
                )
            });
        }
        if let Some(event) = &one.event {
            told.push(pair(format!("案件：{event}"), format!("case {event}")));
        }
        if let Some(day) = one.as_of {
            told.push(pair(
                format!("以{day}的任职等关系为准"),
                format!("by who held which post on {day}"),
            ));
        }
        if !one.subjects.is_empty() {
            let names: Vec<&str> = one.subjects.iter().map(|code| self.subject(code)).collect();
            told.push(pair(
                format!("对象：{}", names.join("、")),
                format!("for {}", names.join(", ")),
            ));
        }
        if let Some(days) = one.within_days {
            told.push(pair(
                format!("期限：结束考评后{days}日内"),
                format!("within {days} days of the close-out"),
            ));
        }
        if let Some(days) = one.within_working_days {
            told.push(pair(
                format!("期限：结束考评后{days}个工作日内"),
                format!("within {days} working days of the close-out"),
            ));
        }
        if let Some(points) = one.record_points {
            told.push(pair(
                format!("记{points}分"),
                format!("{points} points on the record"),
            ));
        }
        if let Some(limit) = &one.limit {
            let limit = self.limit_name(&one.kind, limit);
            told.push(pair(
                format!("其他考核等次不高于“{}”", limit.zh),
                format!("at most “{}” in the other appraisal", limit.en),
            ));
        }
        joined(&told, "；", "; ")
    }
}

/// How many lines of ballots stand behind a figure, abstentions apart.
fn lines_words(lines: LineCounts) -> Words {
    let LineCounts {
        valid,
        rated,
        abstained,
    } = lines;
    pair(
        format!("；有效评议票{valid}张，其中{rated}张作了评价，{abstained}张整行留空（弃权）"),
        format!(
            "; of {valid} valid ballots {rated} rate the subject and {abstained} abstain by a blank line"
        ),
    )
}

fn after_a_colon(words: &Words) -> Words {
    pair(format!("：{}", words.zh), format!(": {}", words.en))
}

fn withheld() -> Words {
    pair(
        format!("答卷不足{FEW}份，数值不公开"),
        format!("fewer than {FEW} answers, so the figure is withheld"),
    )
}
