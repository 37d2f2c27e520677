//! Signs of interference with a survey, for staff and for those who supervise it.
//!
//! Arrivals are counted with each batch of answers, by a number that stands for the network of a respondent. It is made
//! with a key that is destroyed when the survey closes, so that nobody can try addresses out afterwards, and it is so
//! short that many networks share it. No count leads to a sheet. While a survey takes answers, counts move by ten and more
//! at a time, and of a sealed one there are none.

use std::collections::BTreeMap;

use domain::access::{Action, Actor};
use domain::id::{self, Id};
use domain::inputs::Date;
use domain::outcome::FEW;
use domain::survey::{
    Alike, Arrival, Definition, SPAN_SECONDS, Signs, Told, read_signs, read_signs_so_far, show_told,
};
use entity::{arrival, network_key, round, survey, told_count};
use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    Statement,
};

use super::parse_channel;
use super::run::ask_for_survey;
use crate::database::WriteTransaction;
use crate::frame::local_day;
use crate::{Fault, Service, clock};

/// Stands for the network of sheets that staff put in.
pub(crate) const NO_NETWORK: i64 = -1;

/// Groups of sheets that are alike are listed at most: the greatest.
const MOST_ALIKE: i64 = 20;

/// Where fewer questions are asked, sheets are alike by themselves.
const LEAST_QUESTIONS: usize = 3;

/// Whom answers are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnsweredAbout {
    /// A subject.
    Subject(Id<id::Subject>),
    /// Everybody on the ballot of this number.
    Ballot(i64),
}

impl AnsweredAbout {
    pub(super) fn of(definition: &Definition, number: i64) -> Self {
        match definition.ballot {
            None => Self::Subject(Id::new(number)),
            Some(_) => Self::Ballot(number),
        }
    }
}

/// Signs of interference with a survey.
#[derive(Debug, Clone)]
pub struct Interference {
    /// What the counts of arrivals say.
    pub signs: Signs,
    /// Whole sheets that are alike, the largest groups first; nothing until the survey is closed, and none where it asks
    /// little.
    pub alike: Option<Vec<Alike<AnsweredAbout>>>,
}

impl Service {
    /// The signs of interference with a survey; nothing while it is sealed and takes answers. Four statements, of which
    /// one reads every sheet once it is closed.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn read_interference(
        &self,
        actor: &Actor,
        id: Id<id::Survey>,
    ) -> Result<Option<Interference>, Fault> {
        let reading = self.database.begin_long_read().await?;
        ask_for_survey(&reading, actor, Action::ReadInterference, id).await?;
        let found = survey::Entity::find_by_id(id.number())
            .find_also_related(round::Entity)
            .one(&reading)
            .await?;
        let Some((row, Some(round))) = found else {
            return Err(Fault::NotFound);
        };
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        if is_hidden(&row, &definition) {
            return Ok(None);
        }
        let rows = arrival::Entity::find()
            .filter(arrival::Column::SurveyId.eq(id.number()))
            .all(&reading)
            .await?;
        let arrivals: Vec<Arrival> = rows
            .into_iter()
            .map(|row| read_arrival(&row, &round.time_zone))
            .collect::<Result<_, Fault>>()?;
        let found = if row.state == survey::State::Closed {
            Interference {
                signs: read_signs(&arrivals),
                alike: Some(find_alike(&reading, id, &definition).await?),
            }
        } else {
            let now = clock::micros(self.clock.now());
            let today = Date(local_day(now, &round.time_zone)?);
            Interference {
                signs: read_signs_so_far(&arrivals, (span_of(now), today)),
                alike: None,
            }
        };
        reading.finish().await?;
        Ok(Some(found))
    }

    /// How many respondents said that somebody told them what to answer: of all together, then about each subject or on
    /// each ballot. Nothing where the survey does not ask it, and until it is closed: nobody notes when it was said, so
    /// two looks would tell of one respondent. For those alone who supervise. Two statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn read_told(
        &self,
        actor: &Actor,
        id: Id<id::Survey>,
    ) -> Result<Option<Vec<Told<AnsweredAbout>>>, Fault> {
        let reading = self.database.begin_read().await?;
        let asked = ask_for_survey(&reading, actor, Action::ReadPressure, id).await?;
        let row = asked.row;
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        if !definition.asks_whether_told || row.state != survey::State::Closed {
            return Ok(None);
        }
        let rows = told_count::Entity::find()
            .filter(told_count::Column::SurveyId.eq(id.number()))
            .all(&reading)
            .await?;
        let mut counts: BTreeMap<AnsweredAbout, (u64, u64)> = BTreeMap::new();
        for row in rows {
            let count = u64::try_from(row.count).map_err(Fault::internal)?;
            let said = counts
                .entry(AnsweredAbout::of(&definition, row.about))
                .or_default();
            if row.said == said_word(true) {
                said.0 = count;
            } else {
                said.1 = count;
            }
        }
        Ok(Some(show_told(&counts)))
    }
}

/// Whether nobody may see what became of a survey's sheets: it is sealed, and takes answers.
pub(super) fn is_hidden(row: &survey::Model, definition: &Definition) -> bool {
    definition.sealed && row.state != survey::State::Closed
}

/// The word that is stored for what was said.
pub(crate) const fn said_word(told: bool) -> &'static str {
    if told { "yes" } else { "no" }
}

/// The quarter of an hour of an instant in microseconds.
pub(crate) const fn span_of(micros: i64) -> i64 {
    micros.div_euclid(SPAN_SECONDS * 1_000_000)
}

fn read_arrival(row: &arrival::Model, time_zone: &str) -> Result<Arrival, Fault> {
    let begins = row.span.saturating_mul(SPAN_SECONDS * 1_000_000);
    Ok(Arrival {
        channel: parse_channel(&row.channel)?,
        span: row.span,
        day: Date(local_day(begins, time_zone)?),
        network: u16::try_from(row.network).ok(),
        answers: u64::try_from(row.answers).map_err(Fault::internal)?,
        fast: u64::try_from(row.fast).map_err(Fault::internal)?,
    })
}

/// Valid sheets with the very same answers, by whom they are about. One statement.
async fn find_alike(
    connection: &impl ConnectionTrait,
    id: Id<id::Survey>,
    definition: &Definition,
) -> Result<Vec<Alike<AnsweredAbout>>, Fault> {
    if definition.questions.len() < LEAST_QUESTIONS {
        return Ok(Vec::new());
    }
    let (table, about) = match definition.ballot {
        None => ("sheet", "subject_id"),
        Some(_) => ("ballot_sheet", "ballot_no"),
    };
    let sql = format!(
        "SELECT about, sheets, valid FROM (
             SELECT {about} AS about, answers, count(*) AS sheets,
                 CAST(sum(count(*)) OVER (PARTITION BY {about}) AS BIGINT) AS valid
             FROM {table} WHERE survey_id = $1 AND state = 'valid' GROUP BY {about}, answers
         ) AS same WHERE sheets >= $2 ORDER BY sheets DESC, about LIMIT $3"
    );
    let few = i64::try_from(FEW).map_err(Fault::internal)?;
    let values = [id.number().into(), few.into(), MOST_ALIKE.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let mut alike = Vec::new();
    for row in connection.query_all_raw(statement).await? {
        let count = |name: &str| {
            let count: i64 = row.try_get("", name)?;
            u64::try_from(count).map_err(Fault::internal)
        };
        alike.push(Alike {
            subject: AnsweredAbout::of(definition, row.try_get("", "about")?),
            sheets: count("sheets")?,
            of: count("valid")?,
        });
    }
    Ok(alike)
}

/// Counts sheets that staff put in now, by channel. One statement.
pub(crate) async fn count_entered(
    transaction: &WriteTransaction,
    (survey, now): (Id<id::Survey>, i64),
    sheets: &BTreeMap<&'static str, i64>,
) -> Result<(), Fault> {
    let rows = sheets
        .iter()
        .map(|(channel, answers)| arrival::ActiveModel {
            survey_id: Set(survey.number()),
            channel: Set((*channel).to_owned()),
            span: Set(span_of(now)),
            network: Set(NO_NETWORK),
            answers: Set(*answers),
            fast: Set(0),
        });
    let mut adding = OnConflict::columns([
        arrival::Column::SurveyId,
        arrival::Column::Channel,
        arrival::Column::Span,
        arrival::Column::Network,
    ]);
    adding.value(
        arrival::Column::Answers,
        Expr::cust("arrival.answers + excluded.answers"),
    );
    arrival::Entity::insert_many(rows)
        .on_conflict(adding)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// What the networks of a survey's respondents are hashed with, made where there is none; nothing once it is closed.
pub(crate) async fn find_or_make_key(
    service: &Service,
    survey: Id<id::Survey>,
) -> Result<Option<Vec<u8>>, Fault> {
    let reader = service.database.reader();
    let kept = network_key::Entity::find_by_id(survey.number())
        .one(&reader)
        .await?;
    if let Some(row) = kept {
        return Ok(Some(row.key));
    }
    // Whoever comes after the end must not make it write.
    let row = survey::Entity::find_by_id(survey.number())
        .one(&reader)
        .await?;
    if row.is_none_or(|row| row.state != survey::State::Open) {
        return Ok(None);
    }
    let fresh: [u8; 32] = service.ids.bytes()?;
    let transaction = service.database.begin_write().await?;
    // Held, so that no key is made behind the back of whoever closes it.
    let row = survey::Entity::find_by_id(survey.number())
        .lock(LockType::Share)
        .one(&transaction)
        .await?;
    if row.is_none_or(|row| row.state != survey::State::Open) {
        return Ok(None);
    }
    let row = network_key::ActiveModel {
        survey_id: Set(survey.number()),
        key: Set(fresh.to_vec()),
    };
    let mut otherwise = OnConflict::column(network_key::Column::SurveyId);
    otherwise.do_nothing();
    network_key::Entity::insert(row)
        .on_conflict(otherwise)
        .exec_without_returning(&transaction)
        .await?;
    let kept = network_key::Entity::find_by_id(survey.number())
        .one(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(kept.map(|row| row.key))
}

/// From now on nobody can tell which network a number stands for. One statement.
pub(crate) async fn destroy_key(
    transaction: &WriteTransaction,
    survey: Id<id::Survey>,
) -> Result<(), Fault> {
    network_key::Entity::delete_by_id(survey.number())
        .exec(transaction)
        .await?;
    Ok(())
}
