//! Rules that leave no grade between them: a floor above a cap, an exact grade outside them, two exact grades.

use std::collections::BTreeMap;

use super::super::file::{Finding, RuleHolds, Words};
use super::super::load::Faults;
use super::super::model::{ConditionPlan, EffectPlan, RulePlan, Scheme};
use super::bound::{Bounds, Known, Root, name};

/// Pairs of rules that are compared; a scheme with more has other troubles.
const MOST_PAIRS: usize = 20_000;

/// Ways of holding that are tried for one pair.
const MOST_BRANCHES: usize = 200;

pub(super) fn review(scheme: &Scheme, bounds: &[Bounds<'_>], faults: &mut Faults) {
    let rules: Vec<&RulePlan> = scheme
        .rules
        .iter()
        .filter(|rule| {
            matches!(
                rule.effect,
                EffectPlan::Cap(_) | EffectPlan::Floor(_) | EffectPlan::Set(_)
            )
        })
        .collect();
    let pairs = rules.iter().enumerate().flat_map(|(place, first)| {
        let later = rules.iter().skip(place.saturating_add(1));
        later.map(move |second| (*first, *second))
    });
    for (first, second) in pairs.take(MOST_PAIRS) {
        if !leave_nothing(&first.effect, &second.effect) {
            continue;
        }
        let together = bounds
            .iter()
            .filter(|bounds| bounds.applies(&first.applies) && bounds.applies(&second.applies))
            .map(|bounds| together(scheme, bounds, first, second))
            .max()
            .unwrap_or(Together::Never);
        let path = format!("rule/{}/effect", second.code);
        let (one, other) = (&first.code, &second.code);
        match together {
            Together::Never => {}
            Together::Perhaps => faults.warn(
                &path,
                "rules_may_contradict",
                Words::new(
                    format!("规则 `{one}` 与 `{other}` 若同时触发，两者之间没有可取的等次：请确认，或在条件中写明何者让步"),
                    format!("if the rules `{one}` and `{other}` fire together they leave no grade between them: make sure, or say in a condition which one yields"),
                ),
            ),
            Together::Surely => faults.say(
                &path,
                "rules_contradict",
                Words::new(
                    format!("规则 `{one}` 与 `{other}` 可以同时触发，而两者之间没有可取的等次：请在条件中写明何者让步"),
                    format!("the rules `{one}` and `{other}` can fire together and leave no grade between them: say in a condition which one yields"),
                ),
            ),
        }
    }
}

/// Whether two rules can fire for one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Together {
    Never,
    /// Nothing rules it out, and nothing shows that it can be.
    Perhaps,
    /// There are values for which both do.
    Surely,
}

/// Whether no grade meets both. Places count from 0, the best.
fn leave_nothing(one: &EffectPlan, other: &EffectPlan) -> bool {
    use EffectPlan::{Cap, Floor, Set};
    match (one, other) {
        (Cap(cap), Floor(at) | Set(at)) | (Floor(at) | Set(at), Cap(cap)) => at < cap,
        (Floor(floor), Set(at)) | (Set(at), Floor(floor)) => at > floor,
        (Set(one), Set(other)) => one != other,
        _ => false,
    }
}

fn together(scheme: &Scheme, bounds: &Bounds<'_>, first: &RulePlan, second: &RulePlan) -> Together {
    // What waits for a word of the scheme may fire without its condition.
    let settled = [first, second]
        .iter()
        .any(|rule| rule.undetermined == Some(RuleHolds::Fired) && bounds.can_miss(&rule.when));
    let both = ConditionPlan::All(vec![first.when.clone(), second.when.clone()]);
    if !bounds.can(&both, true, &Known::new()) {
        return if settled {
            Together::Perhaps
        } else {
            Together::Never
        };
    }
    if first.when == second.when {
        return Together::Surely;
    }
    let mut search = Search {
        bounds,
        left: MOST_BRANCHES,
        found: None,
    };
    search.go(vec![(&both, true)], Case::default());
    match search.found {
        Some(case) if !surely_disqualified(scheme, bounds, &case.known) => Together::Surely,
        _ => Together::Perhaps,
    }
}

/// Whether a rule disqualifies whoever has these values: then no grade is left to be torn between.
fn surely_disqualified(scheme: &Scheme, bounds: &Bounds<'_>, known: &Known) -> bool {
    scheme.rules.iter().any(|rule| {
        matches!(rule.effect, EffectPlan::Disqualify)
            && bounds.applies(&rule.applies)
            && !bounds.can(&rule.when, false, known)
    })
}

/// A choice of values that can be reported all at once, since nothing ties one to another.
#[derive(Debug, Clone, Default)]
struct Case {
    known: Known,
    /// The one value that is looked at of each survey, measure and kind of fact.
    free: BTreeMap<Root, String>,
    findings: BTreeMap<usize, Finding>,
    earlier: bool,
}

struct Search<'a> {
    bounds: &'a Bounds<'a>,
    left: usize,
    found: Option<Case>,
}

impl<'a> Search<'a> {
    /// Tries to make every condition of a list come true, one branch of "any" after the other.
    fn go(&mut self, mut open: Vec<(&'a ConditionPlan, bool)>, mut case: Case) {
        while let Some((condition, wanted)) = open.pop() {
            match (condition, wanted) {
                (ConditionPlan::Not(inner), _) => open.push((inner, !wanted)),
                (ConditionPlan::All(list), true) | (ConditionPlan::Any(list), false) => {
                    open.extend(list.iter().map(|inner| (inner, wanted)));
                }
                (ConditionPlan::All(list), false) | (ConditionPlan::Any(list), true) => {
                    for inner in list {
                        if self.found.is_some() || self.left == 0 {
                            return;
                        }
                        self.left = self.left.saturating_sub(1);
                        let mut branch = open.clone();
                        branch.push((inner, wanted));
                        self.go(branch, case.clone());
                    }
                    return;
                }
                _ => {
                    if !case.take(self.bounds, condition, wanted) {
                        return;
                    }
                }
            }
        }
        self.found = Some(case);
    }
}

impl Case {
    /// Takes a condition in; false where it contradicts the case, or hangs together with it in ways not gone into.
    fn take(&mut self, bounds: &Bounds<'_>, condition: &ConditionPlan, wanted: bool) -> bool {
        match (condition, wanted) {
            (ConditionPlan::Compare(value, ..), _) => {
                let Some(root) = bounds.root(value) else {
                    return false;
                };
                let name = name(value);
                let known = self.free.entry(root).or_insert_with(|| name.clone());
                *known == name && bounds.narrow(condition, wanted, &mut self.known)
            }
            (ConditionPlan::Finding { rule, is }, true) => {
                *self.findings.entry(*rule).or_insert(*is) == *is
            }
            (
                ConditionPlan::Earlier {
                    with_this_round: false,
                    grades,
                    ..
                },
                true,
            ) => !grades.is_empty() && !std::mem::replace(&mut self.earlier, true),
            _ => false,
        }
    }
}
