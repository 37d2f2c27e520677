//! Points that inspectors awarded.

use std::collections::{BTreeMap, HashMap};

use async_graphql::SimpleObject;
use async_graphql::dataloader::Loader;
use domain::id::{self, Id};
use service::inspection;

use crate::graphql::closeout::Source;
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::Batch;
use crate::graphql::scalar::{Instant, Points};

/// Points that an inspector awarded for an item.
#[derive(Debug, Clone, SimpleObject)]
pub struct Score {
    /// Code of the item.
    item: String,
    /// Code of the part, where the item has parts.
    part: Option<String>,
    /// The stretch that they are for, such as `2026-Q1`; null where points are awarded once for the round.
    period: Option<String>,
    /// The account that awarded them.
    inspector_id: Key<id::Staff>,
    /// How many.
    points: Points,
    /// Stands for the score as it was read; give it back with a change.
    version: String,
    /// When they were awarded or last changed.
    awarded_at: Instant,
    /// A remark.
    note: Option<String>,
    /// Whether they are those of the revision that stands, or live: the round is open or reopened for scores.
    source: Source,
}

impl From<inspection::Score> for Score {
    fn from(score: inspection::Score) -> Self {
        Self {
            item: score.item,
            part: score.part,
            period: score.period,
            inspector_id: score.inspector.into(),
            points: score.points.into(),
            version: score.row_version.to_string(),
            awarded_at: score.awarded_at.into(),
            note: score.note,
            source: score.source.into(),
        }
    }
}

/// A subject in a round, for loaders of what was put in about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The round.
    pub round: Id<id::Round>,
    /// The subject.
    pub subject: Id<id::Subject>,
}

/// Subjects by round: nearly always a single one.
pub fn by_round<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> BTreeMap<Id<id::Round>, Vec<Id<id::Subject>>> {
    let mut rounds: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in entries {
        rounds.entry(entry.round).or_default().push(entry.subject);
    }
    rounds
}

/// Loads scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScoresKey(pub Entry);

impl Loader<ScoresKey> for Batch {
    type Value = Vec<Score>;
    type Error = GraphqlFault;

    async fn load(
        &self,
        keys: &[ScoresKey],
    ) -> Result<HashMap<ScoresKey, Vec<Score>>, GraphqlFault> {
        let mut all = HashMap::new();
        for (round, subjects) in by_round(keys.iter().map(|key| &key.0)) {
            let found = self
                .service
                .list_scores(&self.actor, round, &subjects)
                .await?;
            for (subject, scores) in found {
                let key = ScoresKey(Entry { round, subject });
                all.insert(key, scores.into_iter().map(Score::from).collect());
            }
        }
        Ok(all)
    }
}
