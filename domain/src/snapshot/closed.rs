//! Results of closed rounds that composed items look at, each round in one named revision.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use super::build::Builder;
use super::fault::{Contradiction, Row};
use super::{ClosedData, ClosedResultData};
use crate::number::Points;
use crate::scheme::model::Way;

impl<'a> Builder<'a> {
    /// The closed rounds by code with their results by subject, so that the order of rows leaves no trace.
    pub fn lay_closed(&mut self, regions: &BTreeMap<&'a str, usize>) -> Vec<ClosedData> {
        let inputs = self.inputs;
        let wanted: BTreeSet<&str> = self
            .scheme
            .items
            .iter()
            .flat_map(|item| &item.parts)
            .filter_map(|part| match &part.way {
                Way::Composed(plan) => Some(&plan.written.closed),
                _ => None,
            })
            .flatten()
            .map(String::as_str)
            .collect();
        let mut rounds: BTreeMap<&'a str, (ClosedData, BTreeMap<&'a str, ClosedResultData>)> =
            BTreeMap::new();
        for (row, closed) in inputs.closed_rounds.iter().enumerate() {
            let row = Row::of("closed_rounds", row);
            if closed.round == inputs.round.code {
                self.fault(row, Contradiction::ClosedByItself, [&closed.round]);
            }
            if !wanted.contains(closed.scheme.as_str()) {
                let values: [&dyn Display; 2] = [&closed.scheme, &closed.round];
                self.fault(row, Contradiction::ClosedRoundUnused, values);
            }
            if closed.revision == 0 {
                self.fault(row, Contradiction::ClosedRevision, []);
            }
            let mut digits = closed.outcome_digest.bytes();
            let is_digest = closed.outcome_digest.len() == 64
                && digits.all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !is_digest {
                self.fault(row, Contradiction::ClosedDigest, []);
            }
            let data = ClosedData {
                round: Arc::from(closed.round.as_str()),
                revision: closed.revision,
                scheme: Arc::from(closed.scheme.as_str()),
                categories: closed.categories.clone(),
                results: Vec::new(),
            };
            let known = rounds.insert(closed.round.as_str(), (data, BTreeMap::new()));
            if known.is_some() {
                self.fault(row, Contradiction::ClosedRoundTwice, [&closed.round]);
            }
        }
        // One subject in two rounds under one scheme would count twice.
        let mut seen: BTreeMap<(Arc<str>, &'a str), &'a str> = BTreeMap::new();
        for (row, result) in inputs.closed_results.iter().enumerate() {
            let row = Row::of("closed_results", row);
            let found = regions.get(result.region.as_str()).copied();
            let region = self.name(row, found, (Contradiction::Region, result.region.as_str()));
            if result.maximum < Points::ZERO {
                self.fault(row, Contradiction::ClosedMaximum, [&result.maximum]);
            }
            for (measure, size) in &result.sizes {
                if size.is_negative() {
                    self.fault(row, Contradiction::ClosedSize, [size, measure]);
                }
            }
            let Some((data, results)) = rounds.get_mut(result.round.as_str()) else {
                self.fault(row, Contradiction::ClosedRound, [&result.round]);
                continue;
            };
            let scheme = data.scheme.clone();
            if let Some(region) = region {
                let found = ClosedResultData {
                    subject: Arc::from(result.subject.as_str()),
                    category: Arc::from(result.category.as_str()),
                    region,
                    share: result
                        .total
                        .and_then(|total| total.to_ratio().div(&result.maximum.to_ratio())),
                    sizes: result.sizes.clone(),
                };
                results.insert(result.subject.as_str(), found);
            }
            let key = (scheme, result.subject.as_str());
            if let Some(first) = seen.insert(key, result.round.as_str()) {
                let values: [&dyn Display; 3] = [&result.subject, &first, &result.round];
                self.fault(row, Contradiction::ClosedResultTwice, values);
            }
        }
        rounds
            .into_values()
            .map(|(data, results)| ClosedData {
                results: results.into_values().collect(),
                ..data
            })
            .collect()
    }
}
