//! Rankings: of an open round interim ones, of a closed round those of its revision.

use std::fmt;
use std::str::FromStr;

use async_graphql::{Context, Object, SimpleObject};
use domain::id;
use domain::outcome::{FigureResult, NodeResult, Row};
use service::page::Part;
use service::standing::{self, Figures};

use super::decision::{DecisionStatus, NodePoints, Source, SurveyFigure};
use crate::graphql::asker::Asker;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::scalar::Points;

/// A ranking of one category.
#[derive(SimpleObject)]
pub struct Ranking {
    /// What the figures are of: live, or of which revision.
    source: Source,
    /// The subjects by rank; those without one come last.
    places: Connection<RankingPlace>,
}

impl Ranking {
    /// A page of it.
    pub fn new(window: &Window, page: standing::Page) -> Self {
        let part = Part {
            rows: page.places,
            has_more: page.more,
        };
        Self {
            source: page.source.into(),
            places: Connection::new("ranking", window, part, |place| {
                Cursor(standing::Cursor {
                    rank: place.rank,
                    code: place.code.clone(),
                })
            }),
        }
    }
}

/// A place in a ranking as its cursor holds it: the rank, or `-`, and the subject's code.
pub struct Cursor(pub standing::Cursor);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.rank {
            Some(rank) => write!(f, "{rank}:{}", self.0.code),
            None => write!(f, "-:{}", self.0.code),
        }
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (rank, code) = text.split_once(':').ok_or(())?;
        let rank = match rank {
            "-" => None,
            rank => Some(rank.parse().map_err(|_| ())?),
        };
        Ok(Self(standing::Cursor {
            rank,
            code: code.to_owned(),
        }))
    }
}

/// A subject in a ranking.
#[derive(Debug, Clone)]
pub struct RankingPlace(standing::Place);

impl From<standing::Place> for RankingPlace {
    fn from(place: standing::Place) -> Self {
        Self(place)
    }
}

/// A subject in a ranking, with the figures behind its place.
#[Object]
impl RankingPlace {
    /// The subject.
    async fn subject_id(&self) -> Key<id::Subject> {
        self.0.subject.into()
    }

    /// Its code.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Its name in Chinese.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its name in English.
    async fn name_en(&self) -> &str {
        &self.0.name_en
    }

    /// The rank within the category; equal totals share it.
    async fn rank(&self) -> Option<u32> {
        self.0.rank
    }

    /// The total.
    async fn total(&self) -> Option<Points> {
        self.0.total.map(Points)
    }

    /// The most that the total can be without bonuses.
    async fn maximum(&self) -> Option<Points> {
        self.0.maximum.map(Points)
    }

    /// Code of the grade.
    async fn grade(&self) -> Option<&str> {
        self.0.figures.grade.as_deref()
    }

    /// Whether it could be decided.
    async fn status(&self) -> DecisionStatus {
        self.0.figures.status.into()
    }

    /// Whether it is eligible; null while undetermined.
    async fn eligible(&self) -> Option<bool> {
        self.0.figures.eligible
    }

    /// Whether it is disqualified.
    async fn disqualified(&self) -> bool {
        self.0.figures.disqualified
    }

    /// Codes of the labels that it holds.
    async fn labels(&self) -> &[String] {
        &self.0.figures.labels
    }

    /// Points of sections and indicators, in the scheme's order.
    async fn nodes(
        &self,
        #[graphql(desc = "Only these, by code; all without it.")] codes: Option<Vec<String>>,
    ) -> Vec<NodePoints> {
        let wanted = |node: &Row<'_, NodeResult>| {
            codes
                .as_ref()
                .is_none_or(|codes| codes.iter().any(|code| *code == **node.code))
        };
        self.0
            .figures
            .nodes
            .iter()
            .filter(wanted)
            .map(NodePoints::from)
            .collect()
    }

    /// Figures of surveys.
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn figures(&self, context: &Context<'_>) -> Result<Vec<SurveyFigure>, GraphqlFault> {
        let withholding = Asker::of(context)?.reads_as_unit();
        let Figures { surveys, whys, .. } = &self.0.figures;
        let figure = |figure: &FigureResult| {
            let why = whys.get(figure.what.as_ref()).cloned();
            SurveyFigure::new(figure, why, withholding)
        };
        Ok(surveys.iter().map(figure).collect())
    }
}
