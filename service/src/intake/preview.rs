//! Forms to be looked at before their survey takes answers, drawn from the same definition as those that citizens get.
//!
//! Whoever runs the survey gets an address that shows its form for an hour, also on a phone. The address is all that it
//! takes, so it is made by those who may and bound to the survey; nothing is stored. It admits to nothing: no key is
//! drawn for such a form, and where none is there is no answer to book.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
use domain::scheme::file::{BallotScope, Channel, Words};
use domain::survey::{Definition, Marks};
use entity::{round, survey};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, Statement};

use super::Intake;
use super::ballot::{BallotLink, BallotState, KnownBallot};
use super::door::{Admitted, KnownSurvey, Link, Standing};
use super::key::{self, Secret};
use crate::frame::get_scheme;
use crate::permit::{Permit, ask_somewhere};
use crate::{Fault, Refusal, Service, code};

/// How long a form may be looked at.
const LASTS: TimeDelta = TimeDelta::hours(1);

/// What is authenticated: a preview is no form key.
const PREVIEW: &[u8] = b"preview";

/// Lines of a ballot whose subjects are not settled yet.
const MOST_LINES: usize = 30;

/// A form to be looked at.
#[derive(Debug, Clone)]
pub struct PreviewWanted {
    /// The round.
    pub round: Id<id::Round>,
    /// The survey, by its code in the round's scheme.
    pub survey: String,
    /// Whom the answers would be about; without it the first by code.
    pub subject: Option<Id<id::Subject>>,
}

/// Where a form can be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewPass {
    /// The path on this server.
    pub path: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// A form to be looked at, with what the pages draw it from.
#[derive(Debug)]
pub enum Preview {
    /// About one subject.
    Sheet(Arc<Link>),
    /// A ballot.
    Ballot(BallotState),
}

impl Service {
    /// An address under which the form of a survey can be looked at for an hour, until the survey opens. Four
    /// statements at most, five where the server has no secret yet.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SURVEY_UNKNOWN` if the scheme has no such survey, `SURVEY_NOT_DRAFT` once it takes or took
    /// answers; [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn make_preview(
        &self,
        actor: &Actor,
        wanted: &PreviewWanted,
    ) -> Result<PreviewPass, Fault> {
        ask_somewhere(actor, Action::RunSurvey)?;
        let scope = Scope {
            round: Some(wanted.round),
            ..Scope::default()
        };
        Permit::ask(actor, Action::RunSurvey, &scope)?;
        let reading = self.database.begin_read().await?;
        find_draft(&reading, wanted).await?;
        reading.finish().await?;
        let secret = key::find_or_make_secret(self).await?;
        let until = self.clock.now() + LASTS;
        let subject = wanted.subject.map_or(0, Id::number);
        let named = Named::new(wanted.round.number(), subject, until.timestamp());
        Ok(PreviewPass {
            path: format!(
                "/preview/{}/{}",
                wanted.survey,
                named.seal(&secret, &wanted.survey)
            ),
            until,
        })
    }
}

impl Intake {
    /// The form of an address that [`Service::make_preview`] gave; nothing once it is over. Four statements at most.
    pub async fn find_preview(&self, survey: &str, text: &str) -> Result<Option<Preview>, Fault> {
        let Some(named) = Named::open(&self.secret, survey, text) else {
            return Ok(None);
        };
        if named.until < self.service.clock.now().timestamp() {
            return Ok(None);
        }
        let wanted = PreviewWanted {
            round: Id::new(named.round),
            survey: survey.to_owned(),
            subject: (named.subject != 0).then(|| Id::new(named.subject)),
        };
        let reading = self.service.database.begin_read().await?;
        let draft = match find_draft(&reading, &wanted).await {
            Ok(draft) => draft,
            Err(Fault::Refused(_) | Fault::NotFound) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let subjects = list_subjects(&reading, &draft, wanted.subject).await?;
        reading.finish().await?;
        Ok(draft.show(subjects))
    }
}

/// What an address says, with a seal that nobody else can make.
#[derive(Clone, Copy)]
struct Named {
    round: i64,
    subject: i64,
    until: i64,
}

impl Named {
    const fn new(round: i64, subject: i64, until: i64) -> Self {
        Self {
            round,
            subject,
            until,
        }
    }

    fn seal(self, secret: &Secret, survey: &str) -> String {
        let parts = [self.round, self.subject, self.until].map(i64::to_be_bytes);
        let said: Vec<u8> = parts.iter().flatten().copied().collect();
        let seal: [u8; 16] = secret.derive(PREVIEW, &[&said, survey.as_bytes()]);
        code::write(&[said.as_slice(), &seal].concat())
    }

    fn open(secret: &Secret, survey: &str, text: &str) -> Option<Self> {
        let bytes: [u8; 40] = code::read(text)?;
        let mut parts = bytes.chunks_exact(8);
        let mut number = || {
            let part: [u8; 8] = parts.next()?.try_into().ok()?;
            Some(i64::from_be_bytes(part))
        };
        let said = Self::new(number()?, number()?, number()?);
        let (expected, found) = (said.seal(secret, survey), text.to_uppercase());
        bool::from(subtle::ConstantTimeEq::ct_eq(
            expected.as_bytes(),
            found.as_bytes(),
        ))
        .then_some(said)
    }
}

/// A survey that takes no answers yet: frozen in a round that is open, or as the scheme of a draft says.
struct Draft {
    round: round::Model,
    definition: Definition,
    /// The first instant at which none are taken any more, as far as it is settled.
    closes_at: Option<i64>,
    /// Whether the roster of the round is frozen.
    is_frozen: bool,
}

async fn find_draft(
    connection: &impl ConnectionTrait,
    wanted: &PreviewWanted,
) -> Result<Draft, Fault> {
    let round = round::Entity::find_by_id(wanted.round.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    let row = survey::Entity::find()
        .filter(survey::Column::RoundId.eq(round.id))
        .filter(survey::Column::Code.eq(wanted.survey.as_str()))
        .one(connection)
        .await?;
    match row {
        Some(row) if row.state == survey::State::Draft => Ok(Draft {
            definition: serde_json::from_str(&row.definition).map_err(Fault::internal)?,
            closes_at: row.closes_at,
            is_frozen: true,
            round,
        }),
        Some(_) => {
            let message = "the survey takes answers, or did: look at it by a link to it";
            Err(Fault::refused(
                Refusal::new("SURVEY_NOT_DRAFT", message).at(["survey"]),
            ))
        }
        None => {
            let scheme = get_scheme(connection, &round).await?;
            let found = (scheme.file.survey.iter()).find(|survey| survey.code == wanted.survey);
            let found = found.filter(|_| round.state == round::State::Draft);
            let Some(survey) = found else {
                let message = format!("the scheme of the round has no survey `{}`", wanted.survey);
                return Err(Fault::refused(
                    Refusal::new("SURVEY_UNKNOWN", message).at(["survey"]),
                ));
            };
            Ok(Draft {
                definition: Definition::of(survey, &scheme.file.scale).map_err(Fault::internal)?,
                closes_at: None,
                is_frozen: false,
                round,
            })
        }
    }
}

#[derive(FromQueryResult)]
struct SubjectRow {
    id: i64,
    category: String,
    region_id: i64,
    name: String,
    name_en: String,
}

/// Whom the form is about: those of the roster, and before there is one whoever might be on it. A name that stands for
/// one where there is nobody.
async fn list_subjects(
    connection: &impl ConnectionTrait,
    draft: &Draft,
    wanted: Option<Id<id::Subject>>,
) -> Result<Vec<(Id<id::Subject>, Words)>, Fault> {
    let columns = "s.id, r.category, r.region_id, r.name, r.name_en";
    let sql = if draft.is_frozen {
        format!(
            "SELECT {columns} FROM round_subject AS r JOIN subject AS s ON s.id = r.subject_id
             WHERE r.round_id = $1 AND r.left_on IS NULL ORDER BY s.code"
        )
    } else {
        format!(
            "SELECT {columns} FROM subject AS s JOIN subject AS r ON r.id = s.id WHERE $1 > 0 ORDER BY s.code"
        )
    };
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [draft.round.id.into()]);
    let rows = SubjectRow::find_by_statement(statement)
        .all(connection)
        .await?;
    let mut about: Vec<SubjectRow> = (rows.into_iter())
        .filter(|row| draft.definition.is_about(&row.category))
        .collect();
    if let Some(wanted) = wanted {
        about.retain(|row| row.id == wanted.number());
    }
    let by_region = draft.definition.ballot.map(|kind| kind.one_for) == Some(BallotScope::Region);
    if let Some(region) = about.first().map(|row| row.region_id).filter(|_| by_region) {
        about.retain(|row| row.region_id == region);
    }
    if !draft.is_frozen {
        about.truncate(MOST_LINES);
    }
    let mut subjects: Vec<_> = about
        .into_iter()
        .map(|row| (Id::new(row.id), Words::new(row.name, row.name_en)))
        .collect();
    if subjects.is_empty() {
        subjects.push((
            Id::new(0),
            Words::new("（考评对象）".to_owned(), "(subject)".to_owned()),
        ));
    }
    Ok(subjects)
}

impl Draft {
    fn show(self, subjects: Vec<(Id<id::Subject>, Words)>) -> Option<Preview> {
        let is_ballot = self.definition.ballot.is_some();
        let panel = self.definition.panels.first()?.code.clone();
        let hours = (self.round.time_zone.parse().ok()?, self.closes_at);
        let round = Words::new(self.round.name, self.round.name_en);
        let survey = Arc::new(KnownSurvey::unopened(round, self.definition, hours));
        if is_ballot {
            let link = BallotLink {
                code: String::new(),
                ballot: Arc::new(KnownBallot {
                    number: 0,
                    subjects,
                }),
                survey,
                panel,
                marks: Marks::NONE,
                channel: Channel::Web,
            };
            return Some(Preview::Ballot(BallotState {
                admitted: Admitted::by_ballot_link(Arc::new(link)),
                is_used: false,
                standing: Standing::NotYetOpen,
            }));
        }
        let (subject, subject_name) = subjects.into_iter().next()?;
        Some(Preview::Sheet(Arc::new(Link {
            code: String::new(),
            survey,
            subject,
            subject_name,
            panel,
            marks: Marks::NONE,
            channel: Channel::Web,
        })))
    }
}
