//! The package that everybody may read: without the figures of subjects about whom too few people answered.
//!
//! Of such a subject the counts go, and with them its scores, from which the counts could be worked out backwards. What
//! it came to is given instead, so that ranks, quotas and everybody else can still be recomputed. All its counts go, not
//! the small ones alone: what is left of a sum tells what was taken out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Package, PublicOf};
use crate::canonical;
use crate::decide::decide;
use crate::inputs::{GivenLabel, Inputs, WaivedGap, Withheld};
use crate::outcome::{Decision, FEW, Outcome, Truth3};
use crate::scheme::Scheme;
use crate::snapshot::Snapshot;

/// Subjects whose results rest on what would be withheld, in a way that cannot be given: say a tie that a withheld
/// figure breaks. Nothing can be published then without showing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// Their codes.
    pub subjects: Vec<String>,
}

impl fmt::Display for Dependent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the results of `{}` cannot be recomputed without figures of fewer than {FEW} answers",
            self.subjects.join("`, `")
        )
    }
}

/// Withholds what few answers would give away.
///
/// # Errors
/// [`Dependent`] if somebody's result could not be recomputed from what is left.
pub fn publish(package: Package) -> Result<Package, Dependent> {
    let everyone = || Dependent {
        subjects: (package.inputs.subjects.iter())
            .map(|subject| subject.code.clone())
            .collect(),
    };
    let scheme = Scheme::parse(&package.scheme).map_err(|_| everyone())?;
    let full = package.outcome.to_canonical().map_err(|_| everyone())?;
    let public_of = Some(PublicOf {
        inputs_digest: package.outcome.inputs_digest.to_string(),
        outcome_digest: hex::encode(Sha256::digest(&full)),
    });
    // A ballot shows what one person answered about everybody on it: what they come to together is shown.
    let counted = Snapshot::count_ballots(&scheme, &package.inputs).map_err(|_| everyone())?;
    let few = about_whom_few_answered(&counted);
    let mut inputs = withhold(counted, &package.outcome, &few);
    let again = |inputs: &Inputs| {
        let snapshot = Snapshot::build(&scheme, inputs).map_err(|_| everyone())?;
        Ok(decide(&scheme, &snapshot))
    };
    let mut outcome = again(&inputs)?;
    let unranked = labels_without_ranks(&package.outcome, &outcome);
    if !unranked.is_empty() {
        inputs.given_labels = holders(&package.outcome, &unranked);
        outcome = again(&inputs)?;
    }
    let subjects = differing(&package.outcome, &outcome);
    if !subjects.is_empty() {
        return Err(Dependent { subjects });
    }
    Ok(Package {
        inputs,
        outcome,
        public_of,
        sheets: None,
        ..package
    })
}

/// Subjects of whom some question was answered by somebody, but by fewer than [`FEW`], in one panel on one channel; or
/// about whom fewer than that answered who bear a mark.
fn about_whom_few_answered(inputs: &Inputs) -> BTreeSet<String> {
    let mut answers: BTreeMap<_, u64> = BTreeMap::new();
    for row in &inputs.tallies {
        let group = (
            &row.subject,
            &row.survey,
            &row.panel,
            row.channel,
            &row.question,
        );
        let count = answers.entry(group).or_default();
        *count = count.saturating_add(row.count);
    }
    let few = |count: &u64| (1..FEW).contains(count);
    let small = answers.into_iter().filter(|(_, count)| few(count));
    let marked = inputs.sheets.iter().filter(|row| {
        let counts = row.marks.values().chain(row.returned_marks.values());
        counts.into_iter().any(few)
    });
    (small.map(|((subject, ..), _)| subject))
        .chain(marked.map(|row| &row.subject))
        .cloned()
        .collect()
}

fn withhold(mut inputs: Inputs, outcome: &Outcome, few: &BTreeSet<String>) -> Inputs {
    if few.is_empty() {
        return inputs;
    }
    let shown = |subject: &String| !few.contains(subject);
    inputs.scores.retain(|row| shown(&row.subject));
    inputs.checklists.retain(|row| shown(&row.subject));
    inputs.duty_lists.retain(|row| shown(&row.subject));
    inputs.tallies.retain(|row| shown(&row.subject));
    inputs.sheets.retain(|row| shown(&row.subject));
    inputs.turnouts.retain(|row| shown(&row.subject));
    inputs.waivers.retain(|row| {
        let of_value = matches!(
            row.gap,
            WaivedGap::Item(_) | WaivedGap::Rule(_) | WaivedGap::Batch(_)
        );
        shown(&row.subject) || !of_value
    });
    for subject in few {
        inputs.withheld.extend(outcome.find(subject).map(given));
    }
    inputs
}

/// Labels for which somebody was ranked who now is not.
fn labels_without_ranks(decided: &Outcome, published: &Outcome) -> BTreeSet<Arc<str>> {
    let pairs = decided.decisions.iter().zip(&published.decisions);
    let lost = pairs.flat_map(|(decided, published)| {
        let ranks = decided.label_ranks.iter().map(|rank| &rank.label);
        ranks.filter(|label| {
            !published
                .label_ranks
                .iter()
                .any(|rank| rank.label == **label)
        })
    });
    lost.cloned().collect()
}

fn holders(decided: &Outcome, labels: &BTreeSet<Arc<str>>) -> Vec<GivenLabel> {
    let held = decided.decisions.iter().flat_map(|decision| {
        let labels = decision
            .labels
            .iter()
            .filter(|label| labels.contains(*label));
        labels.map(|label| GivenLabel {
            label: label.to_string(),
            subject: decision.subject.to_string(),
        })
    });
    held.collect()
}

fn given(decision: &Decision) -> Withheld {
    let fired = decision.rules.iter();
    let fired = fired.filter(|result| result.fired == Truth3::True);
    Withheld {
        subject: decision.subject.to_string(),
        total: decision.total,
        unscaled: decision.unscaled,
        maximum: decision.maximum,
        fired: fired.map(|result| result.rule.to_string()).collect(),
    }
}

/// Whose published results are others than those that were decided.
fn differing(decided: &Outcome, published: &Outcome) -> Vec<String> {
    let pairs = decided.decisions.iter().zip(&published.decisions);
    let differing = pairs.filter(|(decided, published)| {
        if published.withheld {
            came_to(decided) != came_to(published)
        } else {
            let mut decided = (*decided).clone();
            // Ranks for a label are not kept where the group holds a withheld value; who holds it is compared.
            decided.label_ranks.retain(|rank| {
                let mut kept = published.label_ranks.iter();
                kept.any(|other| other.label == rank.label)
            });
            // As they are written: what was read from a file may hold the same in another shape.
            written(&decided) != written(published)
        }
    });
    differing
        .map(|(decided, _)| decided.subject.to_string())
        .collect()
}

fn written(decision: &Decision) -> Option<Vec<u8>> {
    canonical::to_vec(decision).ok()
}

/// What is published of a subject whose figures are withheld.
fn came_to(decision: &Decision) -> impl PartialEq + use<> {
    (
        decision.total,
        decision.rank,
        decision.base_grade.clone(),
        decision.grade.clone(),
        decision.eligible,
        decision.disqualified,
        decision.labels.clone(),
        decision.status,
    )
}
