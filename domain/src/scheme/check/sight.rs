//! What a condition may look at, so that no result depends on who goes first.

use super::super::file::{Condition, Words};
use super::super::model::{ConditionPlan, GradeBound, LabelPhase, ValueKind};
use super::Checker;

/// What a condition may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// A gate: facts, measures, surveys, labels that look at surveys.
    Gate,
    /// Points added and taken away: the same, and single items.
    Scores,
    /// Everything of the subject but grade, rank and eligibility.
    Own,
    /// The same, asked before it is settled who is disqualified.
    Before,
    /// The same, and related subjects' disqualification.
    Disqualify,
    /// The same as own, and related subjects' grades as "at most".
    Cap,
    /// Everything.
    Late,
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
pub(super) struct Seen {
    /// Points of items, nodes or the total, or labels that do.
    pub points: bool,
    /// Points of a node or the total, or labels by them.
    pub totals: bool,
    /// Labels, which are given once it is known who is disqualified.
    pub labels: bool,
    /// Labels by points, which are given once totals are known.
    pub late_labels: bool,
    /// Own grade, rank, eligibility, or labels among the eligible.
    pub standing: bool,
    /// Earlier rounds or findings.
    pub record: bool,
    /// Single answers.
    pub answers: bool,
    /// Related subjects at all.
    pub related: bool,
    pub related_grade: bool,
    pub related_disqualified: bool,
    /// A related grade under a negation, or as "at least" or "is".
    pub grade_turned: bool,
    /// A related disqualification under a negation, or as false.
    pub disqualification_turned: bool,
}

#[derive(Clone, Copy)]
struct Place {
    related: bool,
    negated: bool,
}

impl Checker {
    pub(super) fn look(&self, condition: &ConditionPlan) -> Seen {
        let mut seen = Seen::default();
        self.look_into(
            condition,
            &mut seen,
            Place {
                related: false,
                negated: false,
            },
        );
        seen
    }

    fn look_into(&self, condition: &ConditionPlan, seen: &mut Seen, place: Place) {
        match condition {
            ConditionPlan::All(list) | ConditionPlan::Any(list) => list
                .iter()
                .for_each(|inner| self.look_into(inner, seen, place)),
            ConditionPlan::Not(inner) => self.look_into(
                inner,
                seen,
                Place {
                    negated: true,
                    ..place
                },
            ),
            ConditionPlan::Compare(value, ..) => match value.kind {
                ValueKind::Answers(_) => seen.answers = true,
                ValueKind::Item(_) => seen.points = true,
                ValueKind::Node(_) | ValueKind::Total => {
                    seen.points = true;
                    seen.totals = true;
                }
                _ => {}
            },
            ConditionPlan::Label(label) => {
                seen.labels = true;
                match self.label_phase(*label) {
                    LabelPhase::BeforeScores => {}
                    LabelPhase::AfterTotals => {
                        seen.points = true;
                        seen.totals = true;
                        seen.late_labels = true;
                    }
                    LabelPhase::AmongEligible => seen.standing = true,
                }
            }
            ConditionPlan::Finding { .. } => seen.record = true,
            ConditionPlan::Earlier {
                with_this_round, ..
            } => {
                seen.record = true;
                // A run that includes this round looks at the grade in it.
                if *with_this_round && place.related {
                    seen.related_grade = true;
                    seen.grade_turned = true;
                } else if *with_this_round {
                    seen.standing = true;
                }
            }
            ConditionPlan::Grade(bound) => {
                if place.related {
                    seen.related_grade = true;
                    seen.grade_turned |= place.negated || !matches!(bound, GradeBound::AtMost(_));
                } else {
                    seen.standing = true;
                }
            }
            ConditionPlan::RankAtMost(..) | ConditionPlan::Eligible(_) => seen.standing = true,
            ConditionPlan::Disqualified(is) => {
                if place.related {
                    seen.related_disqualified = true;
                    seen.disqualification_turned |= place.negated || !*is;
                } else {
                    seen.standing = true;
                }
            }
            ConditionPlan::Related { hold, that, .. } => {
                seen.related = true;
                // `none` turns what it holds of; `all` and `any` do not. Turned twice is still refused: a reader
                // should not have to count.
                let none = matches!(hold, super::super::file::Quantifier::None);
                self.look_into(
                    that,
                    seen,
                    Place {
                        related: true,
                        negated: place.negated || none,
                    },
                );
            }
        }
    }

    pub(super) fn label_phase(&self, label: usize) -> LabelPhase {
        let Some(written) = self.file.label.get(label) else {
            return LabelPhase::BeforeScores;
        };
        if written.among_eligible {
            return LabelPhase::AmongEligible;
        }
        if written.by.points.is_some() || written.when.as_ref().is_some_and(looks_at_points) {
            LabelPhase::AfterTotals
        } else {
            LabelPhase::BeforeScores
        }
    }

    /// Refuses what a condition in this place may not look at.
    pub(super) fn check_sight(&mut self, path: &str, condition: &ConditionPlan, sight: Sight) {
        let seen = self.look(condition);
        let mut refuse = |code: &'static str, zh: &str, en: &str| {
            self.faults.say(path, code, Words::new(zh, en));
        };
        let narrow = matches!(sight, Sight::Gate | Sight::Scores);
        if sight == Sight::Gate && seen.points {
            refuse(
                "looks_too_far",
                "前提只能依据事实、量化数据、测评和依据测评的称号，不能依据得分",
                "a gate sees facts, measures, surveys and labels that look at surveys, not points",
            );
        }
        if sight == Sight::Scores && seen.totals {
            refuse(
                "looks_too_far",
                "改变得分的规则只能依据单个考评项，不能依据指标、部分或总分",
                "a rule that changes points sees single items, not indicators, sections or totals",
            );
        }
        if narrow && (seen.record || seen.related) {
            refuse(
                "looks_too_far",
                "改变得分的规则不能依据往期等次、调查结论或关联对象",
                "what changes points sees neither earlier rounds, findings nor related subjects",
            );
        }
        if sight != Sight::Late {
            if seen.standing {
                refuse(
                    "looks_too_far",
                    "只有结果运用和预警才能依据对象自身的等次、名次或认定结果",
                    "only follow-ups and alerts look at the subject's own grade, rank or eligibility",
                );
            }
            if seen.related_grade && sight != Sight::Cap {
                refuse(
                    "looks_too_far",
                    "只有封顶、结果运用和预警才能依据关联对象的等次",
                    "only caps, follow-ups and alerts look at related subjects' grades",
                );
            }
            if seen.grade_turned {
                refuse(
                    "looks_too_far",
                    "关联对象的等次只能用 `at_most`，且不能置于 `not` 或 `none` 之下：否则结果取决于先后",
                    "related grades are seen as `at_most`, never under `not` or `none`: else the result would depend on who goes first",
                );
            }
            // Once grades are read it is settled who is disqualified, and a rule may say "nobody".
            if seen.disqualification_turned && matches!(sight, Sight::Disqualify | Sight::Before) {
                refuse(
                    "looks_too_far",
                    "取消参评资格在传导时只能作为成立来看，且不能置于 `not` 或 `none` 之下：否则结果取决于先后",
                    "while disqualifications spread they are seen as true, never under `not` or `none`: else the result would depend on who goes first",
                );
            }
        }
    }
}

/// The rules whose findings a condition looks at.
pub(super) fn collect_findings(condition: &ConditionPlan, found: &mut Vec<usize>) {
    condition.each_leaf(&mut |leaf| {
        if let ConditionPlan::Finding { rule, .. } = leaf {
            found.push(*rule);
        }
    });
}

fn looks_at_points(condition: &Condition) -> bool {
    let inner = |list: &Option<Vec<Condition>>| {
        list.as_ref()
            .is_some_and(|list| list.iter().any(looks_at_points))
    };
    condition.points.is_some()
        || inner(&condition.all)
        || inner(&condition.any)
        || condition
            .not
            .as_ref()
            .is_some_and(|not| looks_at_points(not))
        || condition
            .related
            .as_ref()
            .is_some_and(|related| looks_at_points(&related.that))
}
