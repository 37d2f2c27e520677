//! What is given of subjects whose figures are withheld, in the inputs that everybody may read.

use std::collections::BTreeSet;

use super::WithheldData;
use super::build::{Builder, places};
use super::fault::{Contradiction, Row};

impl Builder<'_> {
    /// Tells who holds labels that cannot be ranked: by label, then subject.
    pub fn lay_withheld(&mut self) -> BTreeSet<(usize, usize)> {
        let inputs = self.inputs;
        for (row, given) in inputs.withheld.iter().enumerate() {
            let row = Row::of("withheld", row);
            let mut fired = BTreeSet::new();
            for code in &given.fired {
                let rule = self.rules.get(code.as_str()).copied();
                fired.extend(self.name(row, rule, (Contradiction::Rule, code)));
            }
            let Some(subject) = self.subject(row, &given.subject) else {
                continue;
            };
            let known = WithheldData {
                total: given.total,
                unscaled: given.unscaled,
                maximum: given.maximum,
                fired,
            };
            let before = self
                .data(subject)
                .and_then(|data| data.withheld.replace(Box::new(known)));
            if before.is_some() {
                self.fault(row, Contradiction::WithheldTwice, [&given.subject]);
            }
        }
        self.refuse_rows_of_withheld();
        let labels = places(self.scheme.labels.iter().map(|label| &label.code));
        let mut holders = BTreeSet::new();
        for (row, given) in inputs.given_labels.iter().enumerate() {
            let row = Row::of("given_labels", row);
            let label = labels.get(given.label.as_str()).copied();
            let label = self.name(row, label, (Contradiction::Label, &given.label));
            let subject = self.subject(row, &given.subject);
            holders.extend(label.zip(subject));
        }
        holders
    }

    /// Withheld is withheld: a row beside it would either show what was to be hidden or say something else.
    fn refuse_rows_of_withheld(&mut self) {
        let inputs = self.inputs;
        if inputs.withheld.is_empty() {
            return;
        }
        let hidden: BTreeSet<&str> = (inputs.withheld.iter())
            .map(|given| given.subject.as_str())
            .collect();
        let scores = inputs.scores.iter().map(|row| &row.subject);
        let checklists = inputs.checklists.iter().map(|row| &row.subject);
        let duty_lists = inputs.duty_lists.iter().map(|row| &row.subject);
        let tallies = inputs.tallies.iter().map(|row| &row.subject);
        let sheets = inputs.sheets.iter().map(|row| &row.subject);
        let rows = (numbered("scores", scores))
            .chain(numbered("checklists", checklists))
            .chain(numbered("duty_lists", duty_lists))
            .chain(numbered("tallies", tallies))
            .chain(numbered("sheets", sheets));
        for (row, subject) in rows {
            if hidden.contains(subject.as_str()) {
                self.fault(row, Contradiction::WithheldRow, [subject]);
            }
        }
    }
}

/// The rows of a list, each with whom it is about.
fn numbered<'a>(
    list: &'static str,
    subjects: impl Iterator<Item = &'a String>,
) -> impl Iterator<Item = (Row, &'a String)> {
    let rows = subjects.enumerate();
    rows.map(move |(row, subject)| (Row::of(list, row), subject))
}
