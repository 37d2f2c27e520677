//! Why not a higher grade, in words.

use super::value::{Unit, decimal};
use super::{Explainer, pair};
use crate::number::{Points, Ratio};
use crate::outcome::{Ahead, Change, Comparison, Obstacle, Sign, Truth3};
use crate::scheme::file::{GradedBy, Words};

impl Explainer<'_> {
    /// What stands between a subject and the next grade, with the smallest change that would clear it.
    pub fn obstacle(&self, obstacle: &Obstacle) -> Words {
        let by = match (&obstacle.by, &obstacle.change) {
            (Some(code), _) => {
                let words = self.rule_or_quota(code);
                pair(format!("“{}”", words.zh), format!("“{}”", words.en))
            }
            (None, Change::Committee) if self.proposes() => {
                pair("提出的等次", "the grade proposed")
            }
            (None, Change::Committee) => pair("评定会议", "the committee"),
            (None, _) => pair("总分不够", "the total is too low"),
        };
        let compared = match &obstacle.compared {
            Some(one) => {
                let words = self.comparison(one);
                pair(format!("（{}）", words.zh), format!(" ({})", words.en))
            }
            None => Words::default_empty(),
        };
        let change = self.change(&obstacle.change, obstacle.compared.as_ref());
        let aim = match &obstacle.grade {
            Some(grade) => {
                let name = self.grade(Some(grade));
                pair(
                    format!("未得“{}”的原因", name.zh),
                    format!("In the way of “{}”", name.en),
                )
            }
            None => pair("未获认定的原因", "In the way of being recognised"),
        };
        pair(
            format!("{}：{}{}；{}。", aim.zh, by.zh, compared.zh, change.zh),
            format!("{}: {}{}; {}.", aim.en, by.en, compared.en, change.en),
        )
    }

    fn change(&self, change: &Change, compared: Option<&Comparison>) -> Words {
        if compared.is_some_and(|one| self.is_withheld(one.few)) {
            return pair(
                "答卷过少，具体数值不公开",
                "there are so few answers that the figures are withheld",
            );
        }
        match change {
            Change::Points(points) => points_short(*points),
            Change::Answers(count) => answers(*count, compared),
            Change::Facts(count) if *count >= 0 => pair(
                format!("少{count}起即可"),
                format!("{count} fewer would clear it"),
            ),
            Change::Facts(count) => pair(
                format!("再有{}起即可", count.unsigned_abs()),
                format!("{} more would clear it", count.unsigned_abs()),
            ),
            Change::Gap(gap) => self.distance(gap, compared),
            Change::Ahead(ahead) => self.seats(ahead),
            Change::Finding => pair(
                "取决于专项调查的结论",
                "it rests on what the investigation found",
            ),
            Change::Related(code) => pair(
                format!("取决于{}的结果", self.subject(code)),
                format!("it rests on the result of {}", self.subject(code)),
            ),
            Change::Earlier => pair(
                "取决于往期等次，本轮无法改变",
                "it rests on earlier rounds, which nothing in this one changes",
            ),
            Change::Label => pair(
                "取决于称号的评定，称号由同组排名产生",
                "it rests on a label, which is given by comparison within the group",
            ),
            Change::Committee if self.proposes() => pair(
                "等次以提出的为准，除非评定会议酌定",
                "the grade is as proposed, unless the committee adjusts it",
            ),
            Change::Committee => pair("等次由评定会议酌定", "the committee adjusted the grade"),
            Change::Missing => pair(
                "缺少数据，按规定如此认定；补齐数据后重新判断",
                "a value is missing, so what the scheme or a waiver says holds; with the value it would be asked again",
            ),
            Change::Other => pair("无法以增减数量消除", "no count would clear it"),
        }
    }

    fn proposes(&self) -> bool {
        self.scheme.file.grading.by == GradedBy::Proposed
    }

    fn seats(&self, ahead: &Ahead) -> Words {
        let Ahead {
            seats,
            taken,
            line,
            short,
        } = ahead;
        let taken = pair(
            format!("本组名额{seats}个，{taken}个已被取得"),
            format!("the group has {seats} seats, of which {taken} are taken"),
        );
        let against = match (line, short) {
            (Some(line), Some(short)) => {
                let name = self.subject(line);
                let short = points_short(*short);
                pair(
                    format!("，在名额线上与{name}相比，{}", short.zh),
                    format!("; at the line it was compared with {name}: {}", short.en),
                )
            }
            (Some(line), None) => {
                let name = self.subject(line);
                pair(
                    format!("，在名额线上与{name}相比"),
                    format!("; at the line it was compared with {name}"),
                )
            }
            (None, _) => pair("，没有可以竞争的名额", "; no seat was left to compete for"),
        };
        pair(
            format!("{}{}", taken.zh, against.zh),
            format!("{}{}", taken.en, against.en),
        )
    }
}

fn points_short(points: Points) -> Words {
    match points.negate() {
        Ok(fewer) if points < Points::ZERO => pair(
            format!("少{fewer}分即可"),
            format!("{fewer} fewer points would clear it"),
        ),
        _ => pair(
            format!("再多{points}分即可"),
            format!("{points} more points would clear it"),
        ),
    }
}

/// Whether a value would have to rise for its comparison to turn.
fn rises(one: &Comparison) -> bool {
    let below = matches!(one.op, Sign::LessThan | Sign::AtMost);
    below == (one.holds == Truth3::True)
}

fn answers(count: u64, compared: Option<&Comparison>) -> Words {
    let fixed = pair(
        "在答案总数不变的情况下",
        "the number of answers being fixed",
    );
    let kind = compared.and_then(|one| {
        let figure = one.what.split('/').nth(2)?;
        Some((figure, rises(one)))
    });
    let turned = match kind {
        Some(("satisfaction_rate", true)) => pair(
            format!("再有{count}个答案为满意即可"),
            format!("{count} more satisfied ones would clear it"),
        ),
        Some(("satisfaction_rate", false)) => pair(
            format!("满意的答案少{count}个即可"),
            format!("{count} fewer satisfied ones would clear it"),
        ),
        Some(("dissatisfied_share", true)) => pair(
            format!("再有{count}个答案为不满意即可"),
            format!("{count} more dissatisfied ones would clear it"),
        ),
        Some(("dissatisfied_share", false)) => pair(
            format!("不满意的答案少{count}个即可"),
            format!("{count} fewer dissatisfied ones would clear it"),
        ),
        _ => pair(
            format!("需{count}个答案改变"),
            format!("{count} of them would have to change"),
        ),
    };
    pair(
        format!("{}，{}", fixed.zh, turned.zh),
        format!("{}, {}", fixed.en, turned.en),
    )
}

impl Explainer<'_> {
    /// How far a value is from its bound, and whether reaching it is enough.
    fn distance(&self, gap: &Ratio, compared: Option<&Comparison>) -> Words {
        let magnitude = if gap.is_negative() {
            Ratio::zero().sub(gap)
        } else {
            gap.clone()
        };
        let unit = compared.map_or(Unit::Plain, |one| self.unit(&one.what));
        let far = match unit {
            Unit::Rate => {
                let points = decimal(&magnitude.mul(&Ratio::from_whole(100)));
                pair(
                    format!("{points}个百分点"),
                    format!("{points} percentage points"),
                )
            }
            Unit::Score | Unit::Plain => pair(decimal(&magnitude), decimal(&magnitude)),
        };
        // At the bound itself: < turns and ≤ does not, ≥ that does not hold turns and > does not.
        let reached = compared.is_none_or(|one| match one.op {
            Sign::LessThan | Sign::MoreThan => one.holds == Truth3::True,
            Sign::AtLeast | Sign::AtMost | Sign::Equal => one.holds != Truth3::True,
        });
        if let Some(one) = compared.filter(|_| !reached && magnitude.is_zero()) {
            return match (one.op, rises(one)) {
                (Sign::Equal, _) => pair("换作别的数值即可", "any other value would clear it"),
                (_, true) => pair(
                    "正好在界线上，须再高一些",
                    "it lies on the bound and has to be above it",
                ),
                (_, false) => pair(
                    "正好在界线上，须再低一些",
                    "it lies on the bound and has to be below it",
                ),
            };
        }
        let enough = if reached {
            Words::default_empty()
        } else {
            pair("以上", "more than ")
        };
        if compared.is_none_or(rises) {
            pair(
                format!("还差{}{}", far.zh, enough.zh),
                format!("it falls short by {}{}", enough.en, far.en),
            )
        } else {
            pair(
                format!("高出{}{}", far.zh, enough.zh),
                format!("it is too high by {}{}", enough.en, far.en),
            )
        }
    }
}
