//! The frozen roster of a round.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::access::{Action, Actor};
use domain::id::{Id, Region, Round, Subject};
use entity::{round, round_subject, subject};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, JoinType};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, RelationDef,
    RelationTrait, Select,
};

use crate::page::{Page, Part};
use crate::permit::ask_somewhere;
use crate::scope::{Place, within};
use crate::subject::{SubjectKind, kind_of};
use crate::{Fault, Service};

/// A subject as it was when the round opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundSubject {
    /// The round.
    pub round: Id<Round>,
    /// The subject.
    pub subject: Id<Subject>,
    /// Its code, which is the same in every round.
    pub code: String,
    /// What it is.
    pub kind: SubjectKind,
    /// Category at the time of opening.
    pub category: String,
    /// Region at the time of opening.
    pub region: Id<Region>,
    /// Name in Chinese at the time of opening.
    pub name: String,
    /// Name in English at the time of opening.
    pub name_en: String,
    /// When it joined; absent when it was there from the start.
    pub joined_on: Option<NaiveDate>,
    /// When it left; absent when it is there to the end.
    pub left_on: Option<NaiveDate>,
}

/// Which part of a roster to list.
#[derive(Debug, Clone, Default)]
pub struct RosterFilter {
    /// Only of this category.
    pub category: Option<String>,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    round_id: i64,
    subject_id: i64,
    code: String,
    kind: subject::Kind,
    category: String,
    region_id: i64,
    name: String,
    name_en: String,
    joined_on: Option<String>,
    left_on: Option<String>,
}

impl From<Row> for RoundSubject {
    fn from(row: Row) -> Self {
        Self {
            round: Id::new(row.round_id),
            subject: Id::new(row.subject_id),
            code: row.code,
            kind: kind_of(row.kind),
            category: row.category,
            region: Id::new(row.region_id),
            name: row.name,
            name_en: row.name_en,
            joined_on: row.joined_on.and_then(|day| day.parse().ok()),
            left_on: row.left_on.and_then(|day| day.parse().ok()),
        }
    }
}

/// Where a row of `round_subject` belongs: as the subject was when the round opened.
pub(crate) fn place() -> Place {
    let column = |column| Expr::col((round_subject::Entity, column));
    Place {
        region: Some(column(round_subject::Column::RegionId)),
        category: Some(column(round_subject::Column::Category)),
        round: Some(column(round_subject::Column::RoundId)),
        subject: Some(column(round_subject::Column::SubjectId)),
    }
}

/// The condition under which an actor may read a row of `round_subject`, joined with `round`: the round is published,
/// a grant takes in the subject as it was when the round opened, or the round is closed and the subject their own.
pub(crate) fn readable(actor: &Actor) -> Condition {
    let column = |column| Expr::col((round::Entity, column));
    let own = Condition::all()
        .add(column(round::Column::State).eq(round::State::Closed))
        .add(within(actor, Action::ReadOwnResult, &place()));
    Condition::any()
        .add(column(round::Column::Publicity).eq(round::Publicity::Published))
        .add(within(actor, Action::ReadRound, &place()))
        .add(own)
}

fn roster(actor: &Actor) -> Select<round_subject::Entity> {
    round_subject::Entity::find()
        .select_only()
        .columns([
            round_subject::Column::RoundId,
            round_subject::Column::SubjectId,
            round_subject::Column::Category,
            round_subject::Column::RegionId,
            round_subject::Column::Name,
            round_subject::Column::NameEn,
            round_subject::Column::JoinedOn,
            round_subject::Column::LeftOn,
        ])
        .columns([subject::Column::Code, subject::Column::Kind])
        .join(JoinType::InnerJoin, to_subject())
        .join(JoinType::InnerJoin, to_round())
        .filter(readable(actor))
}

fn to_subject() -> RelationDef {
    round_subject::Relation::Subject.def()
}

fn to_round() -> RelationDef {
    round_subject::Relation::Round.def()
}

impl Service {
    /// The roster of a round, as far as the actor may read it, in the order of the subjects' codes. One statement.
    pub async fn list_round_subjects(
        &self,
        actor: &Actor,
        round: Id<Round>,
        filter: &RosterFilter,
        page: Page<String>,
    ) -> Result<Part<RoundSubject>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let mut query = roster(actor)
            .filter(round_subject::Column::RoundId.eq(round.number()))
            .order_by_asc(subject::Column::Code)
            .limit(page.limit());
        if let Some(category) = &filter.category {
            query = query.filter(round_subject::Column::Category.eq(category.as_str()));
        }
        if let Some(after) = &page.after {
            query = query.filter(subject::Column::Code.gt(after.as_str()));
        }
        let rows = query
            .into_model::<Row>()
            .all(&self.database.reader())
            .await?;
        Ok(page.cut(rows.into_iter().map(RoundSubject::from).collect()))
    }

    /// The entries of these subjects in these rounds, those that exist and that the actor may read. One statement.
    pub async fn find_round_subjects(
        &self,
        actor: &Actor,
        keys: &[(Id<Round>, Id<Subject>)],
    ) -> Result<BTreeMap<(Id<Round>, Id<Subject>), RoundSubject>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = roster(actor)
            .filter(
                round_subject::Column::RoundId.is_in(keys.iter().map(|(round, _)| round.number())),
            )
            .filter(
                round_subject::Column::SubjectId
                    .is_in(keys.iter().map(|(_, subject)| subject.number())),
            )
            .into_model::<Row>()
            .all(&self.database.reader())
            .await?;
        let found = rows.into_iter().map(RoundSubject::from);
        Ok(found
            .map(|entry| ((entry.round, entry.subject), entry))
            .collect())
    }
}
