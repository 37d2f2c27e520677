//! What another version of a scheme would make of a closed round: a trial, never a decision.
//!
//! The inputs of the round are taken as they are. What the new version has no place for is set aside and listed, and so
//! is every score that moving an open round to it would make missing. Storing anything is deliberately absent.

mod aside;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::decide::decide;
use crate::number::Points;
use crate::outcome::{
    Consequence, Decision, Gap, GradeStep, Outcome, RuleResult, Status, Step, Truth3,
};
use crate::package::Package;
use crate::scheme::Scheme;

use aside::Aside;

/// What came of a trial.
#[derive(Debug, Clone, Serialize)]
pub struct Trial {
    /// Always true: nothing of it is a decision.
    pub trial: bool,
    /// The round's code.
    pub round: Arc<str>,
    /// Code and version of the scheme that the round was decided under.
    pub before: [Arc<str>; 2],
    /// Code and version of the one that is tried.
    pub after: [Arc<str>; 2],
    /// How many subjects there were.
    pub subjects: usize,
    /// How many subjects hold each grade, in the order of the new version, then grades that only the old one has.
    pub grades: Vec<GradeCount>,
    /// How many are eligible.
    pub eligible: Count,
    /// How many are disqualified.
    pub disqualified: Count,
    /// How many are undetermined.
    pub undetermined: Count,
    /// Whose grade, eligibility, disqualification, total or labels would be others, or of whose decision something else
    /// would come, by code.
    pub changed: Vec<Changed>,
    /// What would keep the round from being closed under the new version.
    pub gaps: Vec<Gap>,
    /// What the new version has no place for, by kind and name.
    pub set_aside: Vec<SetAside>,
}

/// A number before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// As decided.
    pub before: usize,
    /// As the new version would have it.
    pub after: usize,
}

/// How many subjects hold a grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GradeCount {
    /// The grade's code.
    pub grade: String,
    /// How many.
    #[serde(flatten)]
    pub count: Count,
}

/// A subject that would get something else.
#[derive(Debug, Clone, Serialize)]
pub struct Changed {
    /// Its code.
    pub subject: Arc<str>,
    /// What it got.
    pub before: Standing,
    /// What it would get; absent where the new version has no category for it.
    pub after: Option<Standing>,
    /// What makes the difference.
    pub because: Vec<Because>,
}

/// What a subject gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Whether it could be decided.
    pub status: Status,
    /// Its total.
    pub total: Option<Points>,
    /// Its grade.
    pub grade: Option<Arc<str>>,
    /// Whether it is eligible.
    pub eligible: Option<bool>,
    /// Whether it is disqualified.
    pub disqualified: bool,
}

/// What makes a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The new version has no category for it.
    NoCategory,
    /// An item has other points; nothing where it has none or is not there.
    Item {
        /// The item.
        item: Arc<str>,
        /// Points before.
        before: Option<Points>,
        /// Points after.
        after: Option<Points>,
    },
    /// A section or indicator is bounded otherwise, or a rule puts other points onto it.
    Node {
        /// The section or indicator.
        node: Arc<str>,
        /// Points before.
        before: Option<Points>,
        /// Points after.
        after: Option<Points>,
    },
    /// A rule fires that did not.
    RuleFires(Box<RuleResult>),
    /// A rule fired that does not.
    RuleDoesNot(Arc<str>),
    /// A rule cannot be decided.
    RuleOpen(Box<RuleResult>),
    /// The same total reads another grade.
    Bands,
    /// A rule, a quota, a freed seat or an adjustment does to the grade what it does not in the other version.
    Step {
        /// The step.
        step: GradeStep,
        /// Whether the new version makes it; else the old one did.
        after: bool,
    },
    /// It holds other labels.
    Labels {
        /// Those it held.
        before: Vec<Arc<str>>,
        /// Those it would hold.
        after: Vec<Arc<str>>,
    },
    /// Something else comes of its decision.
    FollowUp {
        /// What.
        consequence: Box<Consequence>,
        /// Whether it comes of the new version; else it came of the old one.
        after: bool,
    },
    /// The least grade that is eligible, or how totals are bounded or scaled, is another.
    Settings,
}

/// Rows that the new version has no place for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SetAside {
    /// The list of the inputs, such as `scores`.
    pub list: String,
    /// What the rows are of: an item, a measure, a kind of fact …
    pub name: String,
    /// Why, for programs.
    pub code: String,
    /// Why, of the first of them.
    pub message: String,
    /// How many rows.
    pub rows: usize,
}

/// Why nothing can be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialFault {
    /// The scheme of the package cannot be read.
    Scheme(String),
    /// The round itself contradicts the new version.
    Round(String),
}

impl fmt::Display for TrialFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(why) => write!(f, "the scheme in the package cannot be read: {why}"),
            Self::Round(why) => write!(f, "the round does not fit this scheme: {why}"),
        }
    }
}

/// Tries a version of a scheme on a closed round.
///
/// # Errors
/// [`TrialFault`] if the package's own scheme does not load, or if what is left of the inputs still contradicts the new
/// version.
pub fn try_on(new: &Scheme, package: &Package) -> Result<Trial, TrialFault> {
    let old = Scheme::parse(&package.scheme).map_err(|faults| {
        TrialFault::Scheme(faults.first().map_or_else(String::new, ToString::to_string))
    })?;
    let mut aside = Aside::default();
    let inputs = aside.without_lost(&old, new, &package.inputs);
    let snapshot = aside.fit(new, inputs)?;
    let outcome = decide(new, &snapshot);
    let before = &package.outcome;
    let count = |is: &dyn Fn(&Decision) -> bool| Count {
        before: before.decisions.iter().filter(|one| is(one)).count(),
        after: outcome.decisions.iter().filter(|one| is(one)).count(),
    };
    let grades = grade_codes(new, before)
        .into_iter()
        .map(|grade| GradeCount {
            count: count(&|one| one.grade.as_deref() == Some(grade.as_str())),
            grade,
        })
        .collect();
    Ok(Trial {
        trial: true,
        round: before.round.clone(),
        before: [before.scheme.clone(), before.scheme_version.clone()],
        after: [Arc::from(new.code()), Arc::from(new.version())],
        subjects: before.decisions.len(),
        grades,
        eligible: count(&|one| one.eligible == Some(true)),
        disqualified: count(&|one| one.disqualified),
        undetermined: count(&|one| one.status == Status::Undetermined),
        changed: changed(before, &outcome),
        gaps: outcome.blocking().cloned().collect(),
        set_aside: aside.into_list(),
    })
}

fn grade_codes(new: &Scheme, before: &Outcome) -> Vec<String> {
    let mut codes: Vec<String> = new.file.grade.iter().map(|one| one.code.clone()).collect();
    let held: BTreeSet<&Arc<str>> = before
        .decisions
        .iter()
        .filter_map(|one| one.grade.as_ref())
        .collect();
    for grade in held {
        if !codes.iter().any(|code| code == grade.as_ref()) {
            codes.push(grade.to_string());
        }
    }
    codes
}

fn standing(decision: &Decision) -> Standing {
    Standing {
        status: decision.status,
        total: decision.total,
        grade: decision.grade.clone(),
        eligible: decision.eligible,
        disqualified: decision.disqualified,
    }
}

/// Whom two outcomes of one round treat otherwise, by code, and what makes the difference.
pub fn changed(before: &Outcome, after: &Outcome) -> Vec<Changed> {
    let pairs = before
        .decisions
        .iter()
        .map(|decision| (decision, after.find(&decision.subject)));
    pairs
        .filter_map(|(was, is)| {
            let Some(is) = is else {
                return Some(Changed {
                    subject: was.subject.clone(),
                    before: standing(was),
                    after: None,
                    because: vec![Because::NoCategory],
                });
            };
            let other = standing(was) != standing(is)
                || was.labels != is.labels
                || was.consequences != is.consequences;
            other.then(|| Changed {
                subject: was.subject.clone(),
                before: standing(was),
                after: Some(standing(is)),
                because: because(was, is),
            })
        })
        .collect()
}

/// What makes the difference between two decisions on one subject.
fn because(was: &Decision, is: &Decision) -> Vec<Because> {
    let mut found = Vec::new();
    if was.total != is.total {
        found.extend(differences(
            was.items.iter().map(|item| (item.code, item.points)),
            is.items.iter().map(|item| (item.code, item.points)),
            |item, before, after| Because::Item {
                item,
                before,
                after,
            },
        ));
        // Sections and indicators are named where their items do not tell: by what was done to the sum.
        let moved = |decision: &Decision| -> Vec<(Arc<str>, Option<Points>)> {
            let clipped = decision.nodes.iter().filter(|node| node.sum != node.points);
            clipped
                .map(|node| (node.code.clone(), node.points))
                .collect()
        };
        let (old, new) = (moved(was), moved(is));
        found.extend(differences(
            old.iter().map(|(node, points)| (node, *points)),
            new.iter().map(|(node, points)| (node, *points)),
            |node, before, after| Because::Node {
                node,
                before,
                after,
            },
        ));
    }
    let fired = |decision: &Decision, rule: &Arc<str>| {
        let mut rules = decision.rules.iter();
        rules
            .find(|result| result.rule == *rule)
            .map_or(Truth3::False, |result| result.fired)
    };
    for result in &is.rules {
        let before = fired(was, &result.rule);
        match result.fired {
            Truth3::True if before != Truth3::True => {
                found.push(Because::RuleFires(Box::new(result.clone())));
            }
            Truth3::Undetermined if before != Truth3::Undetermined => {
                found.push(Because::RuleOpen(Box::new(result.clone())));
            }
            _ => {}
        }
    }
    for result in &was.rules {
        if result.fired == Truth3::True && fired(is, &result.rule) == Truth3::False {
            found.push(Because::RuleDoesNot(result.rule.clone()));
        }
    }
    if was.total == is.total && was.base_grade != is.base_grade {
        found.push(Because::Bands);
    }
    found.extend(steps(was, is));
    if was.labels != is.labels {
        found.push(Because::Labels {
            before: was.labels.clone(),
            after: is.labels.clone(),
        });
    }
    for (made, other, after) in [(was, is, false), (is, was, true)] {
        let one_alone = made.consequences.iter();
        let one_alone = one_alone.filter(|one| !other.consequences.contains(one));
        found.extend(one_alone.map(|one| Because::FollowUp {
            consequence: Box::new(one.clone()),
            after,
        }));
    }
    if found.is_empty() {
        found.push(Because::Settings);
    }
    found
}

/// What only one of two decisions does to the grade. A rule that fires in one alone is named by that already.
fn steps(was: &Decision, is: &Decision) -> Vec<Because> {
    let fires = |decision: &Decision, code: &Arc<str>| {
        let mut rules = decision.rules.iter();
        rules.any(|result| result.rule == *code && result.fired == Truth3::True)
    };
    let mut found = Vec::new();
    for (made, other, after) in [(was, is, false), (is, was, true)] {
        for step in &made.steps {
            let same =
                |one: &GradeStep| (one.step, &one.by, &one.to) == (step.step, &step.by, &step.to);
            let by_total = matches!(step.step, Step::Base | Step::Disqualified);
            let by_one_alone = matches!(step.step, Step::Rule | Step::RelatedCap)
                && step.by.as_ref().is_some_and(|by| !fires(other, by));
            if !by_total && !by_one_alone && !other.steps.iter().any(same) {
                let step = step.clone();
                found.push(Because::Step { step, after });
            }
        }
    }
    found
}

fn differences<'a>(
    old: impl Iterator<Item = (&'a Arc<str>, Option<Points>)>,
    new: impl Iterator<Item = (&'a Arc<str>, Option<Points>)>,
    make: impl Fn(Arc<str>, Option<Points>, Option<Points>) -> Because,
) -> Vec<Because> {
    let mut sides: BTreeMap<&Arc<str>, (Option<Points>, Option<Points>)> = BTreeMap::new();
    for (name, points) in old {
        sides.entry(name).or_default().0 = points;
    }
    for (name, points) in new {
        sides.entry(name).or_default().1 = points;
    }
    sides
        .into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|(name, (before, after))| make(name.clone(), before, after))
        .collect()
}
