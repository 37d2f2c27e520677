//! Opening a round: the roster, the relations and the surveys are frozen as they are at this moment.

use std::sync::Arc;

use domain::access::{Action, Actor};
use domain::id::{self, Id, Region};
use domain::scheme::Scheme;
use domain::survey::Definition;
use entity::{round, round_relation, scheme_version};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement, Value};

use super::{Round, RoundAt, RoundState, ask_for, duty, get_at, require_state};
use crate::database::WriteTransaction;
use crate::survey::NewSurvey;
use crate::{Fault, Refusal, Service, audit, clock, frame, survey};

/// What a round is opened with.
#[derive(Debug, Clone)]
pub struct RoundOpening {
    /// Which round, as it was read.
    pub at: RoundAt,
    /// Only subjects of this region and those below it; without it, of all regions.
    pub region: Option<Id<Region>>,
}

impl Service {
    /// Opens a round. Every subject whose category and kind the scheme knows goes onto the roster, with the relations
    /// of the period; each survey of the scheme is made, and takes no answers yet.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NOT_DRAFT`, `ROSTER_EMPTY`, `BALLOT_TOO_LONG`, `DUTY_LIST_MISSING` or
    /// `DUTY_LIST_NOT_APPROVED`; [`Fault::Conflict`], [`Fault::NotFound`].
    pub async fn open_round(&self, actor: &Actor, opening: &RoundOpening) -> Result<Round, Fault> {
        let permit = ask_for(actor, Action::ChangeRound, opening.at.id)?;
        let transaction = self.database.begin_write().await?;
        let before = get_at(&transaction, opening.at).await?;
        require_state(&before, RoundState::Draft)?;
        let scheme = get_scheme(&transaction, before.content.scheme_version).await?;
        let now = self.clock.now();
        let after = Round {
            state: RoundState::Open,
            opened_at: Some(now),
            row_version: before.row_version.saturating_add(1),
            ..before.clone()
        };
        if freeze_roster(&transaction, &scheme, opening).await? == 0 {
            let message = "no subject belongs to a category of the scheme: add subjects, or choose another region";
            return Err(Fault::refused(
                Refusal::new("ROSTER_EMPTY", message).at(["regionId"]),
            ));
        }
        let period = [before.content.period_from, before.content.period_to];
        duty::require_approved(&transaction, &scheme, before.id).await?;
        freeze_relations(
            &transaction,
            before.id.number(),
            period.map(|day| day.to_string()),
        )
        .await?;
        let definitions = scheme
            .file
            .survey
            .iter()
            .map(|survey| Definition::of(survey, &scheme.file.scale).map_err(Fault::internal))
            .collect::<Result<Vec<Definition>, Fault>>()?;
        let surveys = definitions.iter().map(|definition| NewSurvey {
            round: before.id,
            definition,
            opens_at: None,
            closes_at: None,
        });
        let made = survey::add_all(&transaction, &self.ids, surveys).await?;
        let made = made.into_iter().zip(&definitions);
        survey::freeze_ballots(&transaction, before.id, made).await?;
        round::Entity::update_many()
            .col_expr(round::Column::State, Expr::value(round::State::Open))
            .col_expr(round::Column::OpenedAt, Expr::value(clock::micros(now)))
            .col_expr(round::Column::RowVersion, Expr::value(after.row_version))
            .col_expr(
                round::Column::InputsChangedAt,
                Expr::value(clock::micros(now)),
            )
            .filter(round::Column::Id.eq(after.id.number()))
            .exec(&transaction)
            .await?;
        let object = after.id.to_string();
        let entry = audit::Entry {
            before: Some(before.digest()),
            after: Some(after.digest()),
            ..permit.entry(now, "round.open", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(after)
    }
}

async fn get_scheme(
    transaction: &WriteTransaction,
    id: Id<id::SchemeVersion>,
) -> Result<Arc<Scheme>, Fault> {
    let row = scheme_version::Entity::find_by_id(id.number())
        .one(transaction)
        .await?
        .ok_or(Fault::NotFound)?;
    frame::compile(&row.source)
}

/// Copies the subjects, in one statement, and says how many. Whoever is merged into another by the end of the period
/// takes no part.
async fn freeze_roster(
    transaction: &WriteTransaction,
    scheme: &Scheme,
    opening: &RoundOpening,
) -> Result<u64, Fault> {
    let mut values: Vec<Value> = vec![opening.at.id.number().into()];
    let mut bind = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let categories: Vec<String> = scheme
        .file
        .category
        .iter()
        .map(|category| {
            let kind = crate::subject::kind_word(category.kind);
            format!(
                "(category = {} AND kind = {})",
                bind(category.code.clone().into()),
                bind(kind.into())
            )
        })
        .collect();
    let region = match opening.region {
        Some(region) => format!(
            " AND region_id IN (WITH RECURSIVE below (id) AS (SELECT id FROM region WHERE id = {} UNION \
             SELECT region.id FROM region JOIN below ON region.parent_id = below.id) SELECT id FROM below)",
            bind(region.number().into())
        ),
        None => String::new(),
    };
    let sql = format!(
        "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en)
         SELECT CAST($1 AS BIGINT), id, category, region_id, name, name_en FROM subject WHERE ({}){region}
             AND NOT EXISTS (SELECT 1 FROM succession AS s WHERE s.predecessor_id = subject.id AND s.kind = 'merger'
                 AND s.effective_on <= (SELECT period_to_on FROM round WHERE id = $1))",
        categories.join(" OR ")
    );
    let statement = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
    Ok(transaction.execute_raw(statement).await?.rows_affected())
}

/// Copies the relations that held on some day of the period and touch the roster, in one statement.
async fn freeze_relations(
    transaction: &WriteTransaction,
    round: i64,
    [from, to]: [String; 2],
) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO round_relation (round_id, kind, from_subject_id, to_subject_id, from_on, to_on)
        SELECT CAST($1 AS BIGINT), kind, from_subject_id, to_subject_id, from_on, to_on FROM relation
        WHERE from_on <= $3 AND (to_on IS NULL OR to_on >= $2)
            AND (from_subject_id IN (SELECT subject_id FROM round_subject WHERE round_id = $1)
                OR to_subject_id IN (SELECT subject_id FROM round_subject WHERE round_id = $1))";
    let values = [round.into(), from.into(), to.into()];
    let statement = Statement::from_sql_and_values(transaction.get_database_backend(), SQL, values);
    transaction.execute_raw(statement).await?;
    Ok(())
}

/// Puts the relations that are known now in place of those that were frozen, for a correction that names them.
pub(crate) async fn freeze_relations_anew(
    transaction: &WriteTransaction,
    round: &round::Model,
) -> Result<(), Fault> {
    round_relation::Entity::delete_many()
        .filter(round_relation::Column::RoundId.eq(round.id))
        .exec(transaction)
        .await?;
    let period = [round.period_from_on.clone(), round.period_to_on.clone()];
    freeze_relations(transaction, round.id, period).await
}
