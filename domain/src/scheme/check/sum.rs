//! Whether the parts of the table add up, in every category.

use std::collections::{BTreeMap, BTreeSet};

use super::super::file::{Item, SectionKind, Words};
use super::super::model::NodePlan;
use super::Checker;
use super::table::Written;
use crate::number::{NumberError, Points};

impl Checker {
    /// What the children of each node add up to, in each category. One pass over the table for each category.
    pub(super) fn check_sums(
        &mut self,
        nodes: &[NodePlan],
        written: &[Written],
        items: &[Item],
        applies: &[(Option<usize>, Vec<bool>)],
    ) {
        let blind = self.blind_nodes(written);
        let mut reported: BTreeMap<usize, (Result<Points, NumberError>, Vec<String>)> =
            BTreeMap::new();
        for (place, category) in self.file.category.iter().enumerate() {
            let mut sums = vec![Ok(Points::ZERO); written.len()];
            let mut add = |parent: Option<usize>, max: Option<Points>| {
                if let Some(sum) = parent.and_then(|parent| sums.get_mut(parent)) {
                    *sum = sum.clone().and_then(|sum| sum.add(max.unwrap_or_default()));
                }
            };
            for node in written.iter().filter(|node| node.is_for(place)) {
                add(node.parent, node.max);
            }
            for (item, (parent, mask)) in items.iter().zip(applies) {
                if mask.get(place) == Some(&true) {
                    add(*parent, item.max);
                }
            }
            for (node, (here, sum)) in written.iter().zip(sums).enumerate() {
                let counted = nodes
                    .get(node)
                    .is_some_and(|node| node.kind != SectionKind::Deduction);
                let wrong = here.max.is_some_and(|max| sum != Ok(max));
                if counted && wrong && here.is_for(place) {
                    let (_, categories) = reported.entry(node).or_insert((sum, Vec::new()));
                    categories.push(category.code.clone());
                }
            }
        }
        for (node, (sum, categories)) in reported {
            // A part that could not be read makes the sum above it wrong, and that fault is listed already.
            let Some(here) = written.get(node).filter(|_| !blind.contains(&node)) else {
                continue;
            };
            let max = here.max.unwrap_or_default();
            let (zh, en) = match sum {
                Ok(sum) => (sum.to_string(), sum.to_string()),
                Err(_) => (
                    "超出可计范围的数".to_owned(),
                    "more than can be counted".to_owned(),
                ),
            };
            let message = Words::new(
                format!(
                    "下级合计 {zh}（类别：{}），而 `max` 写的是 {max}",
                    categories.join("、")
                ),
                format!(
                    "the parts add up to {en} for {}, while `max` says {max}",
                    categories.join(", ")
                ),
            );
            self.faults
                .say(&format!("{}/max", here.path), "sums_differ", message);
        }
    }

    /// Nodes with a part that could not be read; all of them where it is not known what such a part belongs to.
    fn blind_nodes(&self, written: &[Written]) -> BTreeSet<usize> {
        let mut blind = BTreeSet::new();
        for parent in &self.lost_in {
            match parent.as_ref().and_then(|code| self.nodes.get(code)) {
                Some(node) => blind.insert(*node),
                // What belongs to a lost part is not summed up either.
                None if parent.as_ref().is_some_and(|code| self.lost.contains(code)) => false,
                None => return (0..written.len()).collect(),
            };
        }
        blind
    }
}
