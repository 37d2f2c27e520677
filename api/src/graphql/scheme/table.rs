//! What a scheme's table holds: sections, indicators, items.
//!
//! Everything here is read from the compiled file and costs no statement. How an item is scored is told by a word; the
//! whole of it stands in the file.

use std::sync::Arc;

use async_graphql::{Enum, Object};
use domain::scheme::Scheme as Compiled;
use domain::scheme::file::{self, SectionKind as Kind};

use crate::graphql::scalar::Points;
use crate::graphql::subject::SubjectKind;

/// What a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Kind")]
pub enum SectionKind {
    /// 共性: for all alike.
    Common,
    /// 个性: for some.
    Specific,
    /// 负面清单: takes points away.
    Deduction,
    /// 加分: adds points.
    Bonus,
}

/// How an item is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ItemWay {
    /// Inspectors award points.
    Graded,
    /// Tasks are done or not.
    Checklist,
    /// From a measure or a count of facts.
    Measured,
    /// From a figure of a survey.
    Surveyed,
    /// So many points for each case.
    PerCase,
    /// From the results of other subjects.
    Composed,
    /// In parts, each in a way of its own.
    Parts,
}

/// A category of subjects.
#[derive(Debug, Clone)]
pub struct SchemeCategory(pub file::Category);

/// A category of subjects (类别).
#[Object]
impl SchemeCategory {
    /// Its code.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What kind of subject belongs to it.
    async fn kind(&self) -> SubjectKind {
        self.0.kind.into()
    }

    /// Name in Chinese.
    async fn name(&self) -> &str {
        &self.0.name.zh
    }

    /// Name in English.
    async fn name_en(&self) -> &str {
        &self.0.name.en
    }
}

/// A survey as the scheme describes it.
#[derive(Debug, Clone)]
pub struct SchemeSurvey(pub file::Survey);

/// A survey (满意度测评) as the scheme describes it.
#[Object]
impl SchemeSurvey {
    /// Its code.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Title in Chinese.
    async fn name(&self) -> &str {
        &self.0.name.zh
    }

    /// Title in English.
    async fn name_en(&self) -> &str {
        &self.0.name.en
    }
}

/// A section, found by its place in the file.
#[derive(Debug, Clone)]
pub struct SchemeSection {
    scheme: Arc<Compiled>,
    section: file::Section,
}

/// The sections of a scheme, in the order of the file.
pub fn sections_of(scheme: &Arc<Compiled>) -> Vec<SchemeSection> {
    let section = |section: &file::Section| SchemeSection {
        scheme: scheme.clone(),
        section: section.clone(),
    };
    scheme.file.section.iter().map(section).collect()
}

fn indicators_in(scheme: &Arc<Compiled>, parent: &str) -> Vec<SchemeIndicator> {
    let children = scheme
        .file
        .indicator
        .iter()
        .filter(|indicator| indicator.parent == parent);
    children
        .map(|indicator| SchemeIndicator {
            scheme: scheme.clone(),
            indicator: indicator.clone(),
        })
        .collect()
}

fn items_in(scheme: &Arc<Compiled>, parent: &str) -> Vec<SchemeItem> {
    let children = scheme.file.item.iter().filter(|item| item.parent == parent);
    children.cloned().map(SchemeItem).collect()
}

/// A section of the table: common, specific, deductions or bonus.
#[Object]
impl SchemeSection {
    /// Its code.
    async fn code(&self) -> &str {
        &self.section.code
    }

    /// What it is.
    async fn kind(&self) -> SectionKind {
        self.section.kind.into()
    }

    /// Name in Chinese.
    async fn name(&self) -> &str {
        &self.section.name.zh
    }

    /// Name in English.
    async fn name_en(&self) -> &str {
        &self.section.name.en
    }

    /// The sum of its children's maxima; null on deductions.
    async fn maximum(&self) -> Option<Points> {
        self.section.max.map(Points)
    }

    /// Its indicators.
    #[graphql(complexity = "10 * child_complexity")]
    async fn indicators(&self) -> Vec<SchemeIndicator> {
        indicators_in(&self.scheme, &self.section.code)
    }

    /// Items that lie in no indicator.
    #[graphql(complexity = "5 * child_complexity")]
    async fn items(&self) -> Vec<SchemeItem> {
        items_in(&self.scheme, &self.section.code)
    }
}

/// An indicator.
#[derive(Debug, Clone)]
pub struct SchemeIndicator {
    scheme: Arc<Compiled>,
    indicator: file::Indicator,
}

/// An indicator (指标): a node between a section and items.
#[Object]
impl SchemeIndicator {
    /// Its code.
    async fn code(&self) -> &str {
        &self.indicator.code
    }

    /// Name in Chinese.
    async fn name(&self) -> &str {
        &self.indicator.name.zh
    }

    /// Name in English.
    async fn name_en(&self) -> &str {
        &self.indicator.name.en
    }

    /// The sum of its children's maxima; null below deductions.
    async fn maximum(&self) -> Option<Points> {
        self.indicator.max.map(Points)
    }

    /// Indicators below it.
    #[graphql(complexity = "5 * child_complexity")]
    async fn indicators(&self) -> Vec<SchemeIndicator> {
        indicators_in(&self.scheme, &self.indicator.code)
    }

    /// Its items.
    #[graphql(complexity = "5 * child_complexity")]
    async fn items(&self) -> Vec<SchemeItem> {
        items_in(&self.scheme, &self.indicator.code)
    }
}

/// An item.
#[derive(Debug, Clone)]
pub struct SchemeItem(file::Item);

/// An item (考评项): a leaf of the table.
#[Object]
impl SchemeItem {
    /// Its code.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Name in Chinese.
    async fn name(&self) -> &str {
        &self.0.name.zh
    }

    /// Name in English.
    async fn name_en(&self) -> &str {
        &self.0.name.en
    }

    /// What is looked at, in Chinese.
    async fn text(&self) -> Option<&str> {
        Some(&self.0.text.as_ref()?.zh)
    }

    /// What is looked at, in English.
    async fn text_en(&self) -> Option<&str> {
        Some(&self.0.text.as_ref()?.en)
    }

    /// The clause that it comes from.
    async fn clause(&self) -> Option<&str> {
        self.0.clause.as_deref()
    }

    /// The most it can be worth; null on an item of deductions.
    async fn maximum(&self) -> Option<Points> {
        self.0.max.map(Points)
    }

    /// How it is scored; null where another place of the file says so.
    async fn way(&self) -> Option<ItemWay> {
        let item = &self.0;
        let ways = [
            (item.graded.is_some(), ItemWay::Graded),
            (item.checklist.is_some(), ItemWay::Checklist),
            (item.measured.is_some(), ItemWay::Measured),
            (item.surveyed.is_some(), ItemWay::Surveyed),
            (item.per_case.is_some(), ItemWay::PerCase),
            (item.composed.is_some(), ItemWay::Composed),
            (!item.part.is_empty(), ItemWay::Parts),
        ];
        ways.into_iter()
            .find(|(is_this, _)| *is_this)
            .map(|(_, way)| way)
    }
}
