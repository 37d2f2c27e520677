//! What changed between two versions, part by part, with words.

use async_graphql::{Enum, Object, SimpleObject};
use domain::explain::{Explainer, change as words};
use domain::scheme::Scheme as Compiled;
use domain::scheme::diff::{self, Change, Kind, Part};
use domain::scheme::file;

use crate::graphql::closeout::Words;

/// A part of a scheme that can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Part")]
pub enum SchemePart {
    /// A setting of the scheme as a whole.
    Setting,
    /// A document that it comes from.
    Source,
    /// A grade.
    Grade,
    /// A category.
    Category,
    /// A measure.
    Measure,
    /// A kind of fact.
    Fact,
    /// A scale.
    Scale,
    /// A survey.
    Survey,
    /// A section.
    Section,
    /// An indicator.
    Indicator,
    /// An item.
    Item,
    /// A label.
    Label,
    /// A kind of consequence.
    FollowUp,
    /// A rule.
    Rule,
    /// A quota.
    Quota,
    /// An assumption.
    Assumption,
}

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SchemeChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It belongs to another section or indicator.
    Moved,
    /// Parts of this kind stand in another order.
    Reordered,
    /// It is worth another maximum.
    Maximum,
    /// It is scored in another way.
    Way,
    /// A value becomes points through another shape.
    Shape,
    /// A bound is another.
    Threshold,
    /// Its condition is another.
    Condition,
    /// It does something else.
    Effect,
    /// It is for other categories.
    Categories,
    /// It is worded otherwise.
    Words,
    /// Something else is set otherwise.
    Setting,
}

/// One change between two versions.
#[derive(Debug, Clone)]
pub struct SchemeChange {
    change: Change,
    words: file::Words,
}

/// One change between two versions of a scheme.
#[Object]
impl SchemeChange {
    /// What kind of part.
    async fn part(&self) -> SchemePart {
        self.change.part.into()
    }

    /// Its code; what is listed below it is `A1/part/x`, a setting of the whole scheme its key.
    async fn code(&self) -> &str {
        &self.change.code
    }

    /// What became of it.
    async fn kind(&self) -> SchemeChangeKind {
        match self.change.kind {
            Kind::Added => SchemeChangeKind::Added,
            Kind::Removed => SchemeChangeKind::Removed,
            Kind::Moved => SchemeChangeKind::Moved,
            Kind::Reordered => SchemeChangeKind::Reordered,
            Kind::Maximum => SchemeChangeKind::Maximum,
            Kind::Way => SchemeChangeKind::Way,
            Kind::Shape => SchemeChangeKind::Shape,
            Kind::Threshold(_) => SchemeChangeKind::Threshold,
            Kind::Condition => SchemeChangeKind::Condition,
            Kind::Effect => SchemeChangeKind::Effect,
            Kind::Categories => SchemeChangeKind::Categories,
            Kind::Words(_) => SchemeChangeKind::Words,
            Kind::Setting(_) => SchemeChangeKind::Setting,
        }
    }

    /// The change in one line, with what was and what is.
    async fn words(&self) -> Words {
        self.words.clone().into()
    }
}

/// A score that an open round would lose by moving to the newer version.
#[derive(Debug, Clone, SimpleObject)]
pub struct LostScore {
    /// The item, or `item/part`.
    item: String,
    /// Why, in one line.
    words: Words,
}

/// What changed from one version to another.
#[derive(Debug, Clone, SimpleObject)]
pub struct SchemeDiff {
    /// Every change, in the order of the file; none where both say the same.
    changes: Vec<SchemeChange>,
    /// Scores that an open round would lose by moving to the newer version.
    lost_scores: Vec<LostScore>,
}

impl SchemeDiff {
    /// Compares two versions.
    pub(super) fn of(old: &Compiled, new: &Compiled) -> Self {
        let (before, after) = (Explainer::new(old, []), Explainer::new(new, []));
        Self {
            changes: diff::diff(old, new)
                .into_iter()
                .map(|change| SchemeChange {
                    words: words::change(&before, &after, &change),
                    change,
                })
                .collect(),
            lost_scores: diff::lost_scores(old, new)
                .into_iter()
                .map(|lost| LostScore {
                    words: words::lost_score(&before, &lost).into(),
                    item: lost.item,
                })
                .collect(),
        }
    }
}
