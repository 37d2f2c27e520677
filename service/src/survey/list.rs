//! Which surveys a round has.

use domain::access::{Action, Actor, Scope};
use domain::id::{Id, Round, Survey};
use entity::survey;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::permit::Permit;
use crate::{Fault, Service};

/// A survey of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyOf {
    /// Its id.
    pub id: Id<Survey>,
    /// Its code in the scheme.
    pub code: String,
    /// Whether it takes answers.
    pub is_open: bool,
}

impl Service {
    /// The surveys of a round by code. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_surveys(
        &self,
        actor: &Actor,
        round: Id<Round>,
    ) -> Result<Vec<SurveyOf>, Fault> {
        let scope = Scope {
            round: Some(round),
            ..Scope::default()
        };
        Permit::ask(actor, Action::ReadRound, &scope)?;
        let rows = survey::Entity::find()
            .filter(survey::Column::RoundId.eq(round.number()))
            .order_by_asc(survey::Column::Code)
            .all(&self.database.reader())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| SurveyOf {
                id: Id::new(row.id),
                code: row.code,
                is_open: row.state == survey::State::Open,
            })
            .collect())
    }
}
