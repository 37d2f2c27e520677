//! Surveys for staff: what there is, how far it has come, and links for many subjects at once.
//!
//! Answers are never shown one by one; what is counted here is how many came in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
use domain::scheme::file::{Channel, Words};
use domain::survey::{Definition, SheetState};
use entity::{ballot_line, round_subject, sheet_tally, survey, survey_issue, survey_link};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, JoinType, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait,
};

use super::contact::{About, about, ask_about};
use super::{LinkFor, OpenLink, get_definition, mark_codes, parse_channel};
use crate::frame::{Frame, Whom};
use crate::page::{Page, Part};
use crate::permit::{Permit, ask_somewhere};
use crate::round::{ask_for, place, readable};
use crate::scope::{paths_of, within};
use crate::{Fault, Refusal, Service, audit, clock};

/// Most links made at once by naming subjects.
const MOST_LINKS: usize = 250;

/// Whether a survey takes answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurveyState {
    /// Not yet.
    Draft,
    /// Now, if its times allow it.
    Open,
    /// Never again.
    Closed,
}

/// A survey of a round.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Its id.
    pub id: Id<id::Survey>,
    /// The round.
    pub round: Id<id::Round>,
    /// What it asks, frozen.
    pub definition: Definition,
    /// Whether it takes answers.
    pub state: SurveyState,
    /// The first instant at which answers are taken.
    pub opens_at: Option<DateTime<Utc>>,
    /// The first instant at which none are taken any more.
    pub closes_at: Option<DateTime<Utc>>,
}

/// How far a survey has come in one panel and channel, over all subjects that the reader may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelProgress {
    /// Who answers.
    pub panel: String,
    /// On what way.
    pub channel: Channel,
    /// How many sheets or invitations were issued; none where nobody counted.
    pub issued: Option<u64>,
    /// Sheets that came in.
    pub returned: u64,
    /// The same by what became of them, once the survey is closed: before, this would tell of single answers.
    pub sheets: Option<BTreeMap<SheetState, u64>>,
}

/// What the posters of a survey are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posters {
    /// What they ask for.
    pub about: About,
    /// In the order of the subjects' codes.
    pub links: Vec<PosterLink>,
}

/// An open link that a poster leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PosterLink {
    /// For `/s/<code>`.
    pub code: String,
    /// The panel that it was given to.
    pub panel: String,
    /// The code of whom the answers are about.
    pub subject_code: String,
    /// Its name.
    pub subject: Words,
}

/// Open links to be made.
#[derive(Debug, Clone)]
pub struct NewLinks {
    /// The survey.
    pub survey: Id<id::Survey>,
    /// The panel to which the links are given.
    pub panel: String,
    /// The codes of the marks of those to whom they are given.
    pub marks: Vec<String>,
    /// For whom.
    pub subjects: Vec<Id<id::Subject>>,
}

impl Survey {
    fn of(row: &survey::Model) -> Result<Self, Fault> {
        Ok(Self {
            id: Id::new(row.id),
            round: Id::new(row.round_id),
            definition: serde_json::from_str(&row.definition).map_err(Fault::internal)?,
            state: match row.state {
                survey::State::Draft => SurveyState::Draft,
                survey::State::Open => SurveyState::Open,
                survey::State::Closed => SurveyState::Closed,
            },
            opens_at: row.opens_at.map(clock::instant).transpose()?,
            closes_at: row.closes_at.map(clock::instant).transpose()?,
        })
    }
}

#[derive(Debug, FromQueryResult)]
struct CountRow {
    survey_id: i64,
    survey_state: survey::State,
    panel: String,
    channel: String,
    state: Option<String>,
    count: Option<i64>,
}

impl Service {
    /// The surveys of these rounds, as far as the actor may read the rounds, by round and in the order of their codes.
    /// One statement.
    pub async fn list_surveys_of(
        &self,
        actor: &Actor,
        rounds: &[Id<id::Round>],
    ) -> Result<BTreeMap<Id<id::Round>, Vec<Survey>>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = survey::Entity::find()
            .join(JoinType::InnerJoin, survey::Relation::Round.def())
            .filter(survey::Column::RoundId.is_in(rounds.iter().map(|id| id.number())))
            .filter(readable(actor))
            .order_by_asc(survey::Column::Code)
            .all(&self.database.reader())
            .await?;
        let mut found: BTreeMap<Id<id::Round>, Vec<Survey>> = BTreeMap::new();
        for row in rows {
            let survey = Survey::of(&row)?;
            found.entry(survey.round).or_default().push(survey);
        }
        Ok(found)
    }

    /// The surveys of these ids, those that exist and whose rounds the actor may read. One statement.
    pub async fn find_surveys(
        &self,
        actor: &Actor,
        ids: &[Id<id::Survey>],
    ) -> Result<BTreeMap<Id<id::Survey>, Survey>, Fault> {
        ask_somewhere(actor, Action::ReadPublished)?;
        let rows = survey::Entity::find()
            .join(JoinType::InnerJoin, survey::Relation::Round.def())
            .filter(survey::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .filter(readable(actor))
            .all(&self.database.reader())
            .await?;
        let read = rows
            .into_iter()
            .map(|row| Survey::of(&row).map(|survey| (survey.id, survey)));
        read.collect()
    }

    /// How far these surveys have come, over the subjects that lie in the actor's grants, from the kept tallies. Two
    /// statements, whose cost does not grow with the sheets.
    ///
    /// # Errors
    /// [`Fault::Denied`] for whoever may read no rounds that are not published: interim counts are for staff.
    pub async fn list_progress_of(
        &self,
        actor: &Actor,
        surveys: &[Id<id::Survey>],
    ) -> Result<BTreeMap<Id<id::Survey>, Vec<PanelProgress>>, Fault> {
        ask_somewhere(actor, Action::ReadRound)?;
        let reader = self.database.reader();
        let sheets = CountRow::find_by_statement(build(&reader, &sheets_of(actor, surveys)))
            .all(&reader)
            .await?;
        let issued = CountRow::find_by_statement(build(&reader, &issued_of(actor, surveys)))
            .all(&reader)
            .await?;
        let mut found: BTreeMap<(i64, String, String), PanelProgress> = BTreeMap::new();
        for row in sheets.into_iter().chain(issued) {
            let channel = parse_channel(&row.channel)?;
            let key = (row.survey_id, row.panel.clone(), row.channel);
            let progress = found.entry(key).or_insert_with(|| PanelProgress {
                panel: row.panel,
                channel,
                issued: None,
                returned: 0,
                sheets: (row.survey_state == survey::State::Closed).then(BTreeMap::new),
            });
            let count = row.count.and_then(|count| u64::try_from(count).ok());
            match row.state.as_deref().map(SheetState::parse) {
                None => progress.issued = count,
                Some(Some(state)) => {
                    let count = count.unwrap_or(0);
                    // What a sheet said before it was changed is no other sheet.
                    if state != SheetState::Changed {
                        progress.returned = progress.returned.saturating_add(count);
                    }
                    if let Some(sheets) = &mut progress.sheets {
                        sheets.insert(state, count);
                    }
                }
                Some(None) => return Err(Fault::internal("a tally is of an unknown state")),
            }
        }
        let mut by_survey: BTreeMap<Id<id::Survey>, Vec<PanelProgress>> = BTreeMap::new();
        for ((survey, _, _), progress) in found {
            by_survey.entry(Id::new(survey)).or_default().push(progress);
        }
        Ok(by_survey)
    }

    /// Makes an open link for each subject.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SUBJECT_NOT_IN_ROUND`, `SURVEY_NOT_ABOUT_SUBJECT`, `PANEL_UNKNOWN`, `SURVEY_CLOSED`,
    /// `MARK_UNKNOWN`, `TOO_MANY_LINKS`;
    /// [`Fault::NotFound`].
    pub async fn make_links(&self, actor: &Actor, new: &NewLinks) -> Result<Vec<OpenLink>, Fault> {
        ask_somewhere(actor, Action::RunSurvey)?;
        if new.subjects.is_empty() || new.subjects.len() > MOST_LINKS {
            let message = format!("name 1 to {MOST_LINKS} subjects");
            return Err(Fault::refused(
                Refusal::new("TOO_MANY_LINKS", message).at(["subjectIds"]),
            ));
        }
        let transaction = self.database.begin_write().await?;
        let target = Target {
            survey: new.survey,
            panel: &new.panel,
            subjects: &new.subjects,
        };
        let (permit, survey) = ask_about_subjects(&transaction, actor, &target).await?;
        let links = new.subjects.iter().map(|subject| LinkFor {
            subject: *subject,
            panel: new.panel.clone(),
            marks: new.marks.clone(),
        });
        let asked = (new.survey, &survey.definition);
        let made = super::add_links(&transaction, &self.ids, asked, links.collect()).await?;
        let object = new.survey.to_string();
        let reason = format!("{} links ({})", made.len(), new.panel);
        let entry = audit::Entry {
            reason: Some(&reason),
            ..permit.entry(self.clock.now(), "survey.link", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// The open links of a survey, all of them, for posters. Six statements.
    ///
    /// # Errors
    /// [`Fault::Denied`] if one of the subjects lies outside the actor's grants; [`Fault::NotFound`].
    pub async fn list_posters(&self, actor: &Actor, id: Id<id::Survey>) -> Result<Posters, Fault> {
        ask_somewhere(actor, Action::RunSurvey)?;
        let snapshot = self.database.begin_read().await?;
        let row = survey::Entity::find_by_id(id.number())
            .one(&snapshot)
            .await?
            .ok_or(Fault::NotFound)?;
        let frame = Frame::load(&snapshot, Id::new(row.round_id), Whom::Everybody).await?;
        let rows = survey_link::Entity::find()
            .filter(survey_link::Column::SurveyId.eq(id.number()))
            .all(&snapshot)
            .await?;
        snapshot.finish().await?;
        let subjects: Vec<i64> = rows.iter().map(|row| row.subject_id).collect();
        ask_about(&frame, actor, &subjects)?;
        let mut links = Vec::with_capacity(rows.len());
        for link in rows {
            // Whoever left the round is asked about no more.
            if let Some(subject) = frame.participants.get(&link.subject_id) {
                links.push(PosterLink {
                    code: link.code,
                    panel: link.panel,
                    subject_code: subject.code.clone(),
                    subject: subject.words(),
                });
            }
        }
        links.sort_by(|one, other| {
            (&one.subject_code, &one.panel, &one.code).cmp(&(
                &other.subject_code,
                &other.panel,
                &other.code,
            ))
        });
        Ok(Posters {
            about: about(&frame, &row)?,
            links,
        })
    }

    /// The open links of a survey that lie in the actor's grants, in the order of their codes. One statement, two where
    /// some are given to people with marks.
    pub async fn list_survey_links(
        &self,
        actor: &Actor,
        survey: Id<id::Survey>,
        page: Page<String>,
    ) -> Result<Part<OpenLink>, Fault> {
        ask_somewhere(actor, Action::RunSurvey)?;
        let mut query = survey_link::Entity::find()
            .join(JoinType::InnerJoin, survey_link::Relation::Survey.def())
            .filter(survey_link::Column::SurveyId.eq(survey.number()))
            .filter(sees_subject(
                actor,
                Action::RunSurvey,
                Expr::col((survey_link::Entity, survey_link::Column::SubjectId)),
            ))
            .order_by_asc(survey_link::Column::Code)
            .limit(page.limit());
        if let Some(after) = &page.after {
            query = query.filter(survey_link::Column::Code.gt(after.as_str()));
        }
        let reader = self.database.reader();
        let rows = query.all(&reader).await?;
        let definition = if rows.iter().any(|row| row.marks != 0) {
            Some(get_definition(&reader, survey).await?)
        } else {
            None
        };
        let links = rows.into_iter().map(|row| {
            let marks = definition.as_ref();
            let marks = marks.map(|definition| mark_codes(definition, row.marks));
            Ok(OpenLink {
                code: row.code,
                link: LinkFor {
                    subject: Id::new(row.subject_id),
                    panel: row.panel,
                    marks: marks.transpose()?.unwrap_or_default(),
                },
            })
        });
        Ok(page.cut(links.collect::<Result<_, Fault>>()?))
    }
}

/// Whom links are for.
struct Target<'a> {
    survey: Id<id::Survey>,
    panel: &'a str,
    subjects: &'a [Id<id::Subject>],
}

/// Asks for each of the subjects, which must all be on the roster. Three statements.
async fn ask_about_subjects(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    target: &Target<'_>,
) -> Result<(Permit, Survey), Fault> {
    let row = survey::Entity::find_by_id(target.survey.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    let round = Id::new(row.round_id);
    let roster = round_subject::Entity::find()
        .filter(round_subject::Column::RoundId.eq(row.round_id))
        .filter(
            round_subject::Column::SubjectId.is_in(target.subjects.iter().map(|id| id.number())),
        )
        .all(connection)
        .await?;
    let paths = paths_of(
        connection,
        roster.iter().map(|entry| Id::new(entry.region_id)),
    )
    .await?;
    let mut permit = None;
    for entry in &roster {
        let scope = Scope {
            regions: paths
                .get(&Id::new(entry.region_id))
                .map_or(&[], Vec::as_slice),
            category: Some(&entry.category),
            round: Some(round),
            ..Scope::default()
        };
        permit = Some(Permit::ask(actor, Action::RunSurvey, &scope)?);
    }
    let wanted: BTreeSet<i64> = target.subjects.iter().map(|id| id.number()).collect();
    let permit = match permit {
        Some(permit) if wanted.len() == roster.len() => permit,
        _ => {
            // Whether somebody is on a roster is told only to those who may run the whole round.
            ask_for(actor, Action::RunSurvey, round)?;
            let message = "a subject is not on the roster of the round";
            return Err(Fault::refused(
                Refusal::new("SUBJECT_NOT_IN_ROUND", message).at(["subjectId"]),
            ));
        }
    };
    if row.state == survey::State::Closed {
        let message = "the survey is closed, so nobody can answer it any more";
        return Err(Fault::refused(
            Refusal::new("SURVEY_CLOSED", message).at(["surveyId"]),
        ));
    }
    let survey = Survey::of(&row)?;
    super::ballot::refuse_ballot(&survey.definition)?;
    super::refuse_not_about(&survey.definition, &roster, "subjectIds")?;
    if survey.definition.panel(target.panel).is_none() {
        let known: Vec<&str> = survey
            .definition
            .panels
            .iter()
            .map(|panel| panel.code.as_str())
            .collect();
        let message = format!(
            "the survey has no panel `{}`; it has {}",
            target.panel,
            known.join(", ")
        );
        return Err(Fault::refused(
            Refusal::new("PANEL_UNKNOWN", message).at(["panel"]),
        ));
    }
    Ok((permit, survey))
}

/// Whether a subject of the survey's round lies in the actor's grants; the statement joins `survey`.
pub(super) fn sees_subject(actor: &Actor, action: Action, subject: Expr) -> Cond {
    let column = |column| Expr::col((round_subject::Entity, column));
    let entry = Query::select()
        .expr(Expr::val(1))
        .from(round_subject::Entity)
        .and_where(
            column(round_subject::Column::RoundId)
                .equals((survey::Entity, survey::Column::RoundId)),
        )
        .and_where(column(round_subject::Column::SubjectId).eq(subject))
        .cond_where(within(actor, action, &place()))
        .to_owned();
    Cond::all().add(Expr::exists(entry))
}

fn sheets_of(actor: &Actor, surveys: &[Id<id::Survey>]) -> SelectStatement {
    use sheet_tally::{Column, Entity};
    Query::select()
        .columns([
            (Entity, Column::SurveyId),
            (Entity, Column::Panel),
            (Entity, Column::Channel),
            (Entity, Column::State),
        ])
        .expr_as(survey_state(), Alias::new("survey_state"))
        .expr_as(sum(Expr::col((Entity, Column::Count))), Alias::new("count"))
        .from(Entity)
        .inner_join(
            survey::Entity,
            Expr::col((survey::Entity, survey::Column::Id)).equals((Entity, Column::SurveyId)),
        )
        .and_where(
            Expr::col((Entity, Column::SurveyId)).is_in(surveys.iter().map(|id| id.number())),
        )
        .cond_where(sees_subject(
            actor,
            Action::ReadRound,
            Expr::col((Entity, Column::SubjectId)),
        ))
        .and_where(counts_sheet(
            Expr::col((Entity, Column::SurveyId)),
            Expr::col((Entity, Column::SubjectId)),
        ))
        .group_by_columns([
            (Entity, Column::SurveyId),
            (Entity, Column::Panel),
            (Entity, Column::Channel),
            (Entity, Column::State),
        ])
        .add_group_by([survey_state()])
        .to_owned()
}

fn issued_of(actor: &Actor, surveys: &[Id<id::Survey>]) -> SelectStatement {
    use survey_issue::{Column, Entity};
    Query::select()
        .columns([
            (Entity, Column::SurveyId),
            (Entity, Column::Panel),
            (Entity, Column::Channel),
        ])
        .expr_as(survey_state(), Alias::new("survey_state"))
        .expr_as(Expr::cust("CAST(NULL AS TEXT)"), Alias::new("state"))
        .expr_as(
            sum(Expr::col((Entity, Column::Issued))),
            Alias::new("count"),
        )
        .from(Entity)
        .inner_join(
            survey::Entity,
            Expr::col((survey::Entity, survey::Column::Id)).equals((Entity, Column::SurveyId)),
        )
        .and_where(
            Expr::col((Entity, Column::SurveyId)).is_in(surveys.iter().map(|id| id.number())),
        )
        .cond_where(sees_subject(
            actor,
            Action::ReadRound,
            Expr::col((Entity, Column::SubjectId)),
        ))
        .and_where(counts_sheet(
            Expr::col((Entity, Column::SurveyId)),
            Expr::col((Entity, Column::SubjectId)),
        ))
        .group_by_columns([
            (Entity, Column::SurveyId),
            (Entity, Column::Panel),
            (Entity, Column::Channel),
        ])
        .add_group_by([survey_state()])
        .to_owned()
}

fn survey_state() -> Expr {
    Expr::col((survey::Entity, survey::Column::State))
}

/// Leaves out all lines of a ballot but the first: a ballot counts once, though it is about many.
fn counts_sheet(survey: Expr, subject: Expr) -> Expr {
    use ballot_line::{Column, Entity};
    let later = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::SurveyId)).eq(survey))
        .and_where(Expr::col((Entity, Column::SubjectId)).eq(subject))
        .and_where(Expr::col((Entity, Column::LineNo)).gt(1))
        .to_owned();
    Expr::exists(later).not()
}

/// A sum of BIGINT, which PostgreSQL would widen.
fn sum(column: Expr) -> Expr {
    column.sum().cast_as(Alias::new("BIGINT"))
}

fn build(connection: &impl ConnectionTrait, query: &SelectStatement) -> sea_orm::Statement {
    connection.get_database_backend().build(query)
}
