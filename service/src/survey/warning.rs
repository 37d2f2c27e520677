//! Warnings while a survey runs: many are dissatisfied, or the end is near and few have answered.
//!
//! A survey says in the scheme of what it warns; one that is sealed warns of nothing. Dissatisfaction is looked at in the
//! figures that may be shown, which move in steps, and returned sheets as they are. Each warning is raised once for a
//! subject, in one transaction with the mails to those who run the survey: whoever starts again finds it raised.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{Action, Actor, Grant, Scope, may};
use domain::id::{self, Id};
use domain::number::Ratio;
use domain::scheme::file::{SurveyWarning, Words};
use domain::survey::{Definition, Tally, WarningGround, find_ground};
use entity::{
    region, round, round_subject, sheet, sheet_tally, staff, staff_role, survey, survey_warning,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};

use super::add_up;
use super::campaign::sees_subject;
use super::live::list_shown_of;
use crate::frame::region_line;
use crate::outbox::{self, NewJob};
use crate::permit::ask_somewhere;
use crate::staff::grant_of;
use crate::{Fault, Service, clock};

/// The kind of a job that mails warnings to one person.
pub const WARNING_JOB: &str = "survey_warning";

/// A warning that was raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaisedWarning {
    /// What it warns of, as the scheme says.
    pub warning: SurveyWarning,
    /// Whom it is about.
    pub subject: Id<id::Subject>,
    /// What was found: a share of answers, or how many sheets had come back.
    pub found: String,
    /// When.
    pub raised_at: DateTime<Utc>,
}

/// A mail about warnings, to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarningMail {
    /// Where it goes.
    pub to: String,
    /// The round.
    pub round: Words,
    /// The survey.
    pub survey: Words,
    /// For each warning its name, whom it is about and what was found.
    pub warnings: Vec<(Words, Words, String)>,
}

/// Whom a mail is for and which warnings it tells: those that were raised at this moment.
#[derive(Debug, Serialize, Deserialize)]
struct Wanted {
    survey: String,
    staff: String,
    raised_at: String,
}

/// A survey that may warn.
struct Watched {
    row: survey::Model,
    definition: Definition,
}

impl Service {
    /// Raises the warnings that are due, and returns how many. Meant to be called about once a second, after the figures
    /// that may be shown have moved. One statement where no open survey warns of anything.
    ///
    /// # Errors
    /// What the database gives.
    pub async fn raise_survey_warnings(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let rows = survey::Entity::find()
            .filter(survey::Column::State.eq(survey::State::Open))
            .order_by_asc(survey::Column::Id)
            .all(&self.database.reader())
            .await?;
        let mut raised = 0;
        for row in rows {
            let definition: Definition =
                serde_json::from_str(&row.definition).map_err(Fault::internal)?;
            if definition.warnings.is_empty() || definition.sealed {
                continue;
            }
            match self.raise(&Watched { row, definition }, now).await {
                Ok(count) => raised += count,
                // Another worker was first.
                Err(Fault::Conflict) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(raised)
    }

    async fn raise(&self, watched: &Watched, now: DateTime<Utc>) -> Result<usize, Fault> {
        let reading = self.database.begin_read().await?;
        let due = list_due(&reading, watched, now).await?;
        if due.is_empty() {
            reading.finish().await?;
            return Ok(0);
        }
        let people = list_people(&reading, &watched.row, &due).await?;
        reading.finish().await?;
        let at = clock::micros(now);
        let rows = due.iter().map(|one| survey_warning::ActiveModel {
            survey_id: Set(watched.row.id),
            subject_id: Set(one.subject),
            code: Set(one.code.clone()),
            found: Set(one.found.clone()),
            raised_at: Set(at),
        });
        let rows: Vec<_> = rows.collect();
        let transaction = self.database.begin_write().await?;
        // Below the number of values that SQLite binds in one statement.
        for part in rows.chunks(5_000) {
            survey_warning::Entity::insert_many(part.to_vec())
                .exec_without_returning(&transaction)
                .await?;
        }
        let bodies: Vec<Wanted> = people
            .into_iter()
            .map(|staff| Wanted {
                survey: watched.row.id.to_string(),
                staff: staff.to_string(),
                raised_at: at.to_string(),
            })
            .collect();
        let jobs = bodies.iter().map(|body| NewJob {
            kind: WARNING_JOB,
            body,
            due_at: now,
        });
        outbox::add_all(&transaction, &self.ids, jobs).await?;
        transaction.commit().await?;
        Ok(due.len())
    }

    /// The mail of a job; nothing where the account is gone or has no address any more, or runs the survey no more. Five
    /// statements.
    ///
    /// # Errors
    /// [`Fault::Internal`] if the job is none of these.
    pub async fn find_warning_mail(&self, body: &str) -> Result<Option<WarningMail>, Fault> {
        let wanted: Wanted = serde_json::from_str(body).map_err(Fault::internal)?;
        let number = |text: &str| text.parse::<i64>().map_err(Fault::internal);
        let (survey, person) = (number(&wanted.survey)?, number(&wanted.staff)?);
        let reading = self.database.begin_read().await?;
        let row = survey::Entity::find_by_id(survey)
            .one(&reading)
            .await?
            .ok_or(Fault::NotFound)?;
        let person = staff::Entity::find_by_id(person)
            .filter(staff::Column::State.eq(staff::State::Active))
            .one(&reading)
            .await?;
        let Some((person, to)) = person.and_then(|one| Some((one.id, one.email?))) else {
            return Ok(None);
        };
        let raised = survey_warning::Entity::find()
            .filter(survey_warning::Column::SurveyId.eq(survey))
            .filter(survey_warning::Column::RaisedAt.eq(number(&wanted.raised_at)?))
            .order_by_asc(survey_warning::Column::Code)
            .order_by_asc(survey_warning::Column::SubjectId)
            .all(&reading)
            .await?;
        let reach = Reach::load(&reading, row.round_id).await?;
        reading.finish().await?;
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        let grants = reach.grants.get(&person).cloned().unwrap_or_default();
        let warnings: Vec<_> = (raised.into_iter())
            .filter(|one| reach.takes_in(&grants, one.subject_id))
            .filter_map(|one| {
                let subject = reach.subjects.get(&one.subject_id)?;
                let warning = definition.warnings.iter().find(|w| w.code == one.code)?;
                let subject = Words::new(subject.name.clone(), subject.name_en.clone());
                Some((warning.name.clone(), subject, one.found))
            })
            .collect();
        if warnings.is_empty() {
            return Ok(None);
        }
        Ok(Some(WarningMail {
            to,
            round: reach.round,
            survey: definition.name,
            warnings,
        }))
    }

    /// The warnings of these surveys about subjects that lie in the actor's grants, the latest first. One statement
    /// beside that of the surveys.
    ///
    /// # Errors
    /// [`Fault::Denied`] for whoever may read no rounds that are not published.
    pub async fn list_warnings_of(
        &self,
        actor: &Actor,
        surveys: &[Id<id::Survey>],
    ) -> Result<BTreeMap<Id<id::Survey>, Vec<RaisedWarning>>, Fault> {
        ask_somewhere(actor, Action::ReadRound)?;
        let surveys = self.find_surveys(actor, surveys).await?;
        let rows = survey_warning::Entity::find()
            .inner_join(survey::Entity)
            .filter(survey_warning::Column::SurveyId.is_in(surveys.keys().map(|id| id.number())))
            .filter(sees_subject(
                actor,
                Action::ReadRound,
                sea_orm::sea_query::Expr::col((
                    survey_warning::Entity,
                    survey_warning::Column::SubjectId,
                )),
            ))
            .order_by_desc(survey_warning::Column::RaisedAt)
            .order_by_asc(survey_warning::Column::Code)
            .order_by_asc(survey_warning::Column::SubjectId)
            .all(&self.database.reader())
            .await?;
        let mut found: BTreeMap<Id<id::Survey>, Vec<RaisedWarning>> = BTreeMap::new();
        for row in rows {
            let id = Id::new(row.survey_id);
            let warnings = surveys.get(&id).map(|survey| &survey.definition.warnings);
            let known = warnings.and_then(|list| list.iter().find(|one| one.code == row.code));
            let Some(warning) = known else { continue };
            found.entry(id).or_default().push(RaisedWarning {
                warning: warning.clone(),
                subject: Id::new(row.subject_id),
                found: row.found,
                raised_at: clock::instant(row.raised_at)?,
            });
        }
        Ok(found)
    }
}

/// A warning that is to be raised.
struct Due {
    subject: i64,
    code: String,
    found: String,
}

/// What is to be raised now and was not before.
async fn list_due(
    connection: &impl ConnectionTrait,
    watched: &Watched,
    now: DateTime<Utc>,
) -> Result<Vec<Due>, Fault> {
    let Watched { row, definition } = watched;
    let ends_in = (row.closes_at.map(clock::instant).transpose()?).map(|end| end - now);
    let is_near = |hours: u32| ends_in.is_some_and(|left| left <= TimeDelta::hours(hours.into()));
    // What needs no look is not looked at.
    let looks_at = |warning: &&SurveyWarning| match warning.hours_before_end {
        Some(hours) => is_near(hours),
        None => true,
    };
    let warnings: Vec<&SurveyWarning> = definition.warnings.iter().filter(looks_at).collect();
    if warnings.is_empty() {
        return Ok(Vec::new());
    }
    let raised = survey_warning::Entity::find()
        .filter(survey_warning::Column::SurveyId.eq(row.id))
        .all(connection)
        .await?;
    let raised: BTreeSet<(i64, String)> = (raised.into_iter())
        .map(|one| (one.subject_id, one.code))
        .collect();
    let definitions = BTreeMap::from([(row.id, definition)]);
    let mut shown = list_shown_of(connection, &definitions).await?;
    let mut tallies: BTreeMap<i64, Tally> = BTreeMap::new();
    for (group, tally) in shown.remove(&row.id).unwrap_or_default() {
        let of_subject = tallies.entry(group.subject.number()).or_default();
        of_subject.add_all(&tally);
    }
    let counted = sheet_tally::Entity::find()
        .filter(sheet_tally::Column::SurveyId.eq(row.id))
        .filter(sheet_tally::Column::State.ne(sheet::State::Changed))
        .all(connection)
        .await?;
    let returned = add_up(counted)?;
    let roster = round_subject::Entity::find()
        .filter(round_subject::Column::RoundId.eq(row.round_id))
        .filter(round_subject::Column::LeftOn.is_null())
        .order_by_asc(round_subject::Column::SubjectId)
        .all(connection)
        .await?;
    let nothing = Tally::default();
    let mut due = Vec::new();
    for subject in roster
        .iter()
        .filter(|one| definition.is_about(&one.category))
    {
        let id = subject.subject_id;
        let tally = tallies.get(&id).unwrap_or(&nothing);
        let returned = returned.get(&id).copied().unwrap_or(0);
        for warning in &warnings {
            let ground = find_ground(definition, warning, (tally, returned));
            let Some(ground) = ground else { continue };
            if !raised.contains(&(id, warning.code.clone())) {
                due.push(Due {
                    subject: id,
                    code: warning.code.clone(),
                    found: tell(&ground),
                });
            }
        }
    }
    Ok(due)
}

fn tell(ground: &WarningGround) -> String {
    match ground {
        WarningGround::Dissatisfied {
            dissatisfied,
            rated,
        } => {
            let share = Ratio::of_counts(*dissatisfied, *rated);
            let share = share.map_or_else(String::new, |share| share.to_percent_text(2));
            format!("{dissatisfied}/{rated} ({share})")
        }
        WarningGround::Few { returned, wanted } => format!("{returned} < {wanted}"),
    }
}

/// Who is on a roster and where, and who runs surveys there.
struct Reach {
    round: Words,
    round_id: i64,
    subjects: BTreeMap<i64, round_subject::Model>,
    /// By the id of the account.
    grants: BTreeMap<i64, Vec<Grant>>,
    regions: BTreeMap<i64, region::Model>,
}

impl Reach {
    async fn load(connection: &impl ConnectionTrait, round: i64) -> Result<Self, Fault> {
        let row = round::Entity::find_by_id(round)
            .one(connection)
            .await?
            .ok_or(Fault::NotFound)?;
        let subjects = round_subject::Entity::find()
            .filter(round_subject::Column::RoundId.eq(round))
            .all(connection)
            .await?;
        let roles = staff_role::Entity::find().all(connection).await?;
        let regions = region::Entity::find().all(connection).await?;
        let mut grants: BTreeMap<i64, Vec<Grant>> = BTreeMap::new();
        for row in roles {
            let staff = row.staff_id;
            let grant = grant_of(row).filter(|grant| may(Some(grant.role), Action::RunSurvey));
            grants.entry(staff).or_default().extend(grant);
        }
        Ok(Self {
            round: Words::new(row.name, row.name_en),
            round_id: round,
            subjects: (subjects.into_iter())
                .map(|row| (row.subject_id, row))
                .collect(),
            grants,
            regions: regions.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    /// Whether a subject lies in one of these grants.
    fn takes_in(&self, grants: &[Grant], subject: i64) -> bool {
        let Some(row) = self.subjects.get(&subject) else {
            return false;
        };
        let regions = region_line(&self.regions, row.region_id);
        let scope = Scope {
            regions: &regions,
            category: Some(&row.category),
            round: Some(Id::new(self.round_id)),
            subject: Some(Id::new(subject)),
        };
        grants.iter().any(|grant| grant.takes_in(&scope))
    }
}

/// Accounts in use that have an address and run surveys about one of these subjects.
async fn list_people(
    connection: &impl ConnectionTrait,
    row: &survey::Model,
    due: &[Due],
) -> Result<Vec<i64>, Fault> {
    let reach = Reach::load(connection, row.round_id).await?;
    let accounts = staff::Entity::find()
        .filter(staff::Column::State.eq(staff::State::Active))
        .filter(staff::Column::Email.is_not_null())
        .order_by_asc(staff::Column::Id)
        .all(connection)
        .await?;
    let runs = |account: &staff::Model| {
        let grants = reach.grants.get(&account.id).map(Vec::as_slice);
        let grants = grants.unwrap_or_default();
        due.iter().any(|one| reach.takes_in(grants, one.subject))
    };
    let people = accounts.into_iter().filter(runs);
    Ok(people.map(|account| account.id).collect())
}
