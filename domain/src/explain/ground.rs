//! What values are made of, in words: cases, earlier rounds, predecessors, single awards.

use super::{Explainer, joined, pair};
use crate::inputs::SuccessionKind;
use crate::outcome::{Award, Former, Ground, Predecessor};
use crate::scheme::file::{Several, Words};

impl Explainer<'_> {
    /// Whose history a subject carries on: `“X”于 2025-06-01 并入,延续其等次`.
    pub fn predecessor(subject: &str, one: &Predecessor) -> Words {
        let Predecessor { name, on, kind, .. } = one;
        let (zh, en) = match kind {
            SuccessionKind::Rename => (
                format!("{on} 起更名，原名“{name}”"),
                format!("renamed on {on}; before, it was called “{name}”"),
            ),
            SuccessionKind::Transfer => (
                format!("{on} 起划转，原为“{name}”"),
                format!("transferred on {on}; before, it was “{name}”"),
            ),
            SuccessionKind::Merger => {
                let (zh, en) = if one.grades {
                    ("延续其等次", "whose grades continue")
                } else {
                    ("不延续其等次", "whose grades do not continue")
                };
                (
                    format!("“{name}”于 {on} 并入，{zh}"),
                    format!("“{name}” was merged into it on {on}, {en}"),
                )
            }
        };
        let into = &one.into;
        if one.subject == *into || into.as_ref() == subject {
            return pair(zh, en);
        }
        // A step of a predecessor is told with the code of whom it led to.
        pair(
            format!("{zh}（当时为 {into}）"),
            format!("{en} (then {into})"),
        )
    }

    /// What a value is made of, in brackets; nothing where nothing single is behind it.
    pub(super) fn grounds(&self, counted: &[Ground]) -> Words {
        if counted.is_empty() {
            return Words::default_empty();
        }
        let told: Vec<Words> = counted.iter().map(|ground| self.ground(ground)).collect();
        let each = joined(&told, "、", ", ");
        pair(format!("[{}]", each.zh), format!(" [{}]", each.en))
    }

    /// A case, an earlier round or a predecessor's value.
    pub fn ground(&self, ground: &Ground) -> Words {
        match ground {
            Ground::Case(case) => {
                let code = &case.reference;
                let on = case.on.map_or_else(Words::default_empty, |day| {
                    pair(format!("（{day}）"), format!(" of {day}"))
                });
                let amount = case.amount.as_ref();
                let amount = amount.map_or_else(Words::default_empty, |amount| {
                    pair(format!("计 {amount}"), format!(" counting {amount}"))
                });
                let words = pair(
                    format!("案件 {code}{}{}", on.zh, amount.zh),
                    format!("case {code}{}{}", on.en, amount.en),
                );
                before(words, case.of.as_ref())
            }
            Ground::Round(one) => {
                let grade = self.grade(one.grade.as_ref());
                let revision = one.revision.map_or_else(Words::default_empty, |number| {
                    pair(format!("第 {number} 版"), format!(" (revision {number})"))
                });
                let words = pair(
                    format!("轮次 {}{}：{}", one.round, revision.zh, grade.zh),
                    format!("{}{}: {}", one.round, revision.en, grade.en),
                );
                before(words, one.of.as_ref())
            }
            Ground::LastYear { of, value } => before(
                pair(format!("上年数 {value}"), format!("last year {value}")),
                Some(of),
            ),
        }
    }

    /// What inspectors awarded, each by number and not by name, and how that was combined.
    pub(super) fn awards(&self, item: &str, part: Option<&str>, awards: &[Award]) -> Words {
        if awards.is_empty() {
            return Words::default_empty();
        }
        let told: Vec<Words> = awards
            .iter()
            .zip(1..)
            .map(|(one, n)| award(one, n))
            .collect();
        let each = joined(&told, "、", ", ");
        let how = if awards.len() > 1 {
            self.several(item, part)
        } else {
            Words::default_empty()
        };
        pair(
            format!("[{}{}]", each.zh, how.zh),
            format!(" [{}{}]", each.en, how.en),
        )
    }

    fn several(&self, item: &str, part: Option<&str>) -> Words {
        let mut items = self.scheme.file.item.iter();
        let found = items.find(|one| one.code == item);
        let graded = match (found, part) {
            (Some(item), Some(part)) => {
                let mut parts = item.part.iter();
                parts
                    .find(|one| one.code == part)
                    .and_then(|one| one.graded.as_ref())
            }
            (Some(item), None) => item.graded.as_ref(),
            (None, _) => None,
        };
        match graded.map(|graded| graded.several) {
            Some(Several::Mean) => pair("；取平均分", "; their mean counts"),
            Some(Several::Median) => pair("；取中位数", "; their median counts"),
            Some(Several::Trimmed) => pair(
                "；三人以上去掉一个最高分和一个最低分后取平均",
                "; their mean counts, from three on without the highest and the lowest",
            ),
            Some(Several::Latest) => pair("；取最后一次", "; the last one counts"),
            None => Words::default_empty(),
        }
    }
}

fn award(one: &Award, number: u32) -> Words {
    let note = one.note.as_ref().map_or_else(Words::default_empty, |note| {
        pair(format!("（“{note}”）"), format!(" (“{note}”)"))
    });
    pair(
        format!("考评人员{number}：{}分{}", one.points, note.zh),
        format!("inspector {number}: {}{}", one.points, note.en),
    )
}

/// Names the predecessor that something was of.
fn before(words: Words, of: Option<&Former>) -> Words {
    let Some(Former { name, kind, on, .. }) = of else {
        return words;
    };
    let (zh, en) = match kind {
        SuccessionKind::Rename => ("更名", "renamed"),
        SuccessionKind::Merger => ("并入", "merged"),
        SuccessionKind::Transfer => ("划转", "transferred"),
    };
    pair(
        format!("{}（属前身“{name}”，{on} {zh}）", words.zh),
        format!("{} (of “{name}”, {en} on {on})", words.en),
    )
}
