//! Ballots: who stands on them is frozen when the round opens; links and invitations admit to one.
//!
//! Which subjects a ballot holds follows from the scheme and the roster, so that nobody chooses whom a respondent gets
//! to see.

use std::collections::BTreeMap;

use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
use domain::scheme::file::{BallotScope, Channel};
use domain::survey::Definition;
use entity::{ballot, ballot_invitation, ballot_line, ballot_link, invitation, survey};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, Statement,
};

use super::invitation::{
    Change, Issue, IssuedInvitation, count_issued, refuse_few, refuse_too_many,
};
use super::{channel_word, mark_codes, read_marks};
use crate::database::WriteTransaction;
use crate::intake::InvitationToken;
use crate::permit::{Permit, ask_somewhere};
use crate::{Fault, Refusal, Service, audit, code, scope};

/// More lines than anybody fills in with care; a round of more subjects gives each region a ballot of its own.
const MOST_LINES: usize = 200;

/// Rows in one statement, below the number of values that SQLite binds.
const ROWS: usize = 5_000;

/// A ballot of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// Its number within the survey.
    pub number: i64,
    /// The region whose subjects stand on it; none on the only ballot of a round.
    pub region: Option<Id<id::Region>>,
    /// The subjects in the order of their lines.
    pub subjects: Vec<Id<id::Subject>>,
}

/// Which ballot a link or an invitation admits to, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotFor {
    /// The survey.
    pub survey: Id<id::Survey>,
    /// The ballot's number.
    pub ballot: i64,
    /// The panel of whoever is admitted.
    pub panel: String,
    /// The codes of the marks of whoever is admitted.
    pub marks: Vec<String>,
}

/// An open link to a ballot: whoever has it may answer, and as often as they like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotLink {
    /// The code, for `/s/<code>`.
    pub code: String,
    /// The ballot's number.
    pub ballot: i64,
    /// The panel that it is given to.
    pub panel: String,
    /// The codes of the marks of those to whom it is given.
    pub marks: Vec<String>,
}

/// Invitations to a ballot to be made.
#[derive(Debug, Clone)]
pub struct NewBallotInvitations {
    /// To which ballot, and whom.
    pub wanted: BallotFor,
    /// How many.
    pub count: usize,
}

#[derive(FromQueryResult)]
struct RosterRow {
    subject_id: i64,
    category: String,
    region_id: i64,
}

/// Freezes the ballots of surveys that are ballots: the subjects that each is about, in the order of their codes. One
/// statement and two more where there is a ballot.
///
/// # Errors
/// [`Fault::Refused`] with `BALLOT_TOO_LONG`.
pub(crate) async fn freeze_ballots<'a>(
    transaction: &WriteTransaction,
    round: Id<id::Round>,
    surveys: impl Iterator<Item = (Id<id::Survey>, &'a Definition)>,
) -> Result<(), Fault> {
    let surveys: Vec<_> = surveys
        .filter_map(|(id, definition)| Some((id, definition, definition.ballot?)))
        .collect();
    if surveys.is_empty() {
        return Ok(());
    }
    let statement = Statement::from_sql_and_values(
        transaction.get_database_backend(),
        "SELECT r.subject_id, r.category, r.region_id FROM round_subject AS r
         JOIN subject AS s ON s.id = r.subject_id WHERE r.round_id = $1 ORDER BY s.code",
        [round.number().into()],
    );
    let roster = RosterRow::find_by_statement(statement)
        .all(transaction)
        .await?;
    let mut ballots = Vec::new();
    let mut lines = Vec::new();
    for (survey, definition, kind) in surveys {
        let mut by_region: BTreeMap<Option<i64>, Vec<i64>> = BTreeMap::new();
        for row in roster
            .iter()
            .filter(|row| definition.is_about(&row.category))
        {
            let region = match kind.one_for {
                BallotScope::Round => None,
                BallotScope::Region => Some(row.region_id),
            };
            by_region.entry(region).or_default().push(row.subject_id);
        }
        for ((region_id, subjects), ballot_no) in by_region.into_iter().zip(1_i64..) {
            if subjects.len() > MOST_LINES {
                return Err(Fault::refused(too_long(&definition.code, subjects.len())));
            }
            ballots.push(ballot::ActiveModel {
                survey_id: Set(survey.number()),
                ballot_no: Set(ballot_no),
                region_id: Set(region_id),
            });
            lines.extend(
                subjects
                    .into_iter()
                    .zip(1_i64..)
                    .map(|(subject_id, line_no)| ballot_line::ActiveModel {
                        survey_id: Set(survey.number()),
                        ballot_no: Set(ballot_no),
                        line_no: Set(line_no),
                        subject_id: Set(subject_id),
                    }),
            );
        }
    }
    for part in ballots.chunks(ROWS) {
        ballot::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    for part in lines.chunks(ROWS) {
        ballot_line::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

fn too_long(survey: &str, found: usize) -> Refusal {
    let message = format!(
        "a ballot of `{survey}` would hold {found} subjects, and nobody fills in more than {MOST_LINES}: let the \
         scheme make one for each region (`ballot = {{ one_for = \"region\" }}`)"
    );
    Refusal::new("BALLOT_TOO_LONG", message)
}

/// The ballots of surveys, in the order of their numbers. Two statements.
pub(crate) async fn find_ballots(
    connection: &impl ConnectionTrait,
    surveys: &[Id<id::Survey>],
) -> Result<BTreeMap<Id<id::Survey>, Vec<Ballot>>, Fault> {
    let ids = || surveys.iter().map(|id| id.number());
    let rows = ballot::Entity::find()
        .filter(ballot::Column::SurveyId.is_in(ids()))
        .order_by_asc(ballot::Column::SurveyId)
        .order_by_asc(ballot::Column::BallotNo)
        .all(connection)
        .await?;
    let lines = ballot_line::Entity::find()
        .filter(ballot_line::Column::SurveyId.is_in(ids()))
        .order_by_asc(ballot_line::Column::SurveyId)
        .order_by_asc(ballot_line::Column::BallotNo)
        .order_by_asc(ballot_line::Column::LineNo)
        .all(connection)
        .await?;
    let mut subjects: BTreeMap<(i64, i64), Vec<Id<id::Subject>>> = BTreeMap::new();
    for line in lines {
        let of_ballot = subjects
            .entry((line.survey_id, line.ballot_no))
            .or_default();
        of_ballot.push(Id::new(line.subject_id));
    }
    let mut found: BTreeMap<Id<id::Survey>, Vec<Ballot>> = BTreeMap::new();
    for row in rows {
        let key = (row.survey_id, row.ballot_no);
        found
            .entry(Id::new(row.survey_id))
            .or_default()
            .push(Ballot {
                number: row.ballot_no,
                region: row.region_id.map(Id::new),
                subjects: subjects.remove(&key).unwrap_or_default(),
            });
    }
    Ok(found)
}

/// Stores invitations to ballots. Rows in the order of their hashes tell nothing about the order in which tokens were
/// handed out.
pub(super) async fn insert_ballot_invitations(
    transaction: &WriteTransaction,
    mut rows: Vec<ballot_invitation::ActiveModel>,
) -> Result<(), Fault> {
    rows.sort_by(|one, other| one.token_hash.as_ref().cmp(other.token_hash.as_ref()));
    for part in rows.chunks(ROWS) {
        ballot_invitation::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

impl Service {
    /// The ballots of these surveys, for those who run surveys somewhere. Two statements.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_ballots_of(
        &self,
        actor: &Actor,
        surveys: &[Id<id::Survey>],
    ) -> Result<BTreeMap<Id<id::Survey>, Vec<Ballot>>, Fault> {
        ask_somewhere(actor, Action::ReadRound)?;
        find_ballots(&self.database.reader(), surveys).await
    }

    /// Makes an open link to a ballot.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `BALLOT_UNKNOWN`, `PANEL_UNKNOWN`, `MARK_UNKNOWN`, `SURVEY_CLOSED`; [`Fault::NotFound`],
    /// [`Fault::Denied`].
    pub async fn add_ballot_link(
        &self,
        actor: &Actor,
        wanted: &BallotFor,
    ) -> Result<BallotLink, Fault> {
        let transaction = self.database.begin_write().await?;
        let asked = ask_for_ballot(&transaction, actor, wanted).await?;
        // As short as the code of any other link, and as hard to guess.
        let random: [u8; 6] = self.ids.bytes()?;
        let made = BallotLink {
            code: code::write(&random).to_lowercase(),
            ballot: wanted.ballot,
            panel: wanted.panel.clone(),
            marks: wanted.marks.clone(),
        };
        let row = ballot_link::ActiveModel {
            code: Set(made.code.clone()),
            survey_id: Set(wanted.survey.number()),
            ballot_no: Set(wanted.ballot),
            panel: Set(wanted.panel.clone()),
            channel: Set(channel_word(Channel::Web).to_owned()),
            marks: Set(asked.marks),
        };
        ballot_link::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        let object = wanted.survey.to_string();
        let reason = format!(
            "link {} to ballot {} ({})",
            made.code, made.ballot, made.panel
        );
        let entry = audit::Entry {
            reason: Some(&reason),
            ..asked.permit.entry(self.clock.now(), "survey.link", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Makes one-time invitations to a ballot; the tokens are told once. The log says how many, never which.
    ///
    /// # Errors
    /// As [`Service::add_ballot_link`], and `TOO_MANY_INVITATIONS`, `PANEL_TOO_SMALL`.
    pub async fn issue_ballot_invitations(
        &self,
        actor: &Actor,
        new: &NewBallotInvitations,
    ) -> Result<Vec<IssuedInvitation>, Fault> {
        refuse_too_many(new.count)?;
        let wanted = &new.wanted;
        let transaction = self.database.begin_write().await?;
        let asked = ask_for_ballot(&transaction, actor, wanted).await?;
        let mut issued = Vec::with_capacity(new.count);
        let mut rows = Vec::with_capacity(new.count);
        for _ in 0..new.count {
            let token = InvitationToken::make(self, wanted.survey)?;
            rows.push(ballot_invitation::ActiveModel {
                survey_id: Set(wanted.survey.number()),
                token_hash: Set(token.hash().to_vec()),
                ballot_no: Set(wanted.ballot),
                panel: Set(wanted.panel.clone()),
                state: Set(invitation::State::Issued),
                marks: Set(asked.marks),
            });
            issued.push(IssuedInvitation { token });
        }
        insert_ballot_invitations(&transaction, rows).await?;
        let count = i64::try_from(new.count).map_err(Fault::internal)?;
        let issues = asked.subjects.iter().map(|subject| Issue {
            survey: wanted.survey.number(),
            subject: *subject,
            panel: wanted.panel.clone(),
            channel: channel_word(Channel::Web),
        });
        let counts = issues.map(|issue| (issue, count)).collect();
        count_issued(&transaction, counts, Change::Issued).await?;
        // As on lists of people, the first stands for all.
        let groups = (asked.subjects.first()).map(|subject| (*subject, wanted.panel.clone()));
        refuse_few(self, &transaction, wanted.survey.number(), groups).await?;
        let object = wanted.survey.to_string();
        let reason = format!(
            "{} invitations to ballot {} ({})",
            issued.len(),
            wanted.ballot,
            wanted.panel
        );
        let entry = audit::Entry {
            reason: Some(&reason),
            ..asked
                .permit
                .entry(self.clock.now(), "survey.invite", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(issued)
    }

    /// The open links to the ballots of a survey, in the order of their codes, for those who run the whole survey. Two
    /// statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn list_ballot_links(
        &self,
        actor: &Actor,
        id: Id<id::Survey>,
    ) -> Result<Vec<BallotLink>, Fault> {
        ask_somewhere(actor, Action::RunSurvey)?;
        let reader = self.database.reader();
        let row = survey::Entity::find_by_id(id.number())
            .one(&reader)
            .await?
            .ok_or(Fault::NotFound)?;
        Permit::ask(actor, Action::RunSurvey, &whole(row.round_id))?;
        let rows = ballot_link::Entity::find()
            .filter(ballot_link::Column::SurveyId.eq(id.number()))
            .order_by_asc(ballot_link::Column::Code)
            .all(&reader)
            .await?;
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        let links = rows.into_iter().map(|row| {
            Ok(BallotLink {
                marks: mark_codes(&definition, row.marks)?,
                code: row.code,
                ballot: row.ballot_no,
                panel: row.panel,
            })
        });
        links.collect()
    }
}

/// Everything in a round.
fn whole(round: i64) -> Scope<'static> {
    Scope {
        round: Some(Id::new(round)),
        ..Scope::default()
    }
}

/// Permission for a ballot, and who stands on it.
struct AskedForBallot {
    permit: Permit,
    subjects: Vec<i64>,
    /// The marks as they are stored.
    marks: i64,
}

/// Asks for a ballot: one of a region belongs to that region, the only one of a round to the whole of it.
async fn ask_for_ballot(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    wanted: &BallotFor,
) -> Result<AskedForBallot, Fault> {
    ask_somewhere(actor, Action::RunSurvey)?;
    let row = survey::Entity::find_by_id(wanted.survey.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    let found = ballot::Entity::find_by_id((row.id, wanted.ballot))
        .one(connection)
        .await?;
    let regions = match found.as_ref().and_then(|ballot| ballot.region_id) {
        Some(region) => scope::path_of(connection, Id::new(region)).await?,
        None => Vec::new(),
    };
    let place = Scope {
        regions: &regions,
        ..whole(row.round_id)
    };
    let permit = Permit::ask(actor, Action::RunSurvey, &place)?;
    let definition: Definition = serde_json::from_str(&row.definition).map_err(Fault::internal)?;
    if found.is_none() {
        let message = format!(
            "the survey has no ballot {}: surveys that are ballots say so in the scheme, and list theirs",
            wanted.ballot
        );
        return Err(Fault::refused(
            Refusal::new("BALLOT_UNKNOWN", message).at(["ballot"]),
        ));
    }
    if row.state == survey::State::Closed {
        return Err(Fault::refused(Refusal::new(
            "SURVEY_CLOSED",
            "the survey is closed and takes no more answers",
        )));
    }
    if definition.panel(&wanted.panel).is_none() {
        let message = format!("the survey has no panel `{}`", wanted.panel);
        return Err(Fault::refused(
            Refusal::new("PANEL_UNKNOWN", message).at(["panel"]),
        ));
    }
    let lines = ballot_line::Entity::find()
        .filter(ballot_line::Column::SurveyId.eq(row.id))
        .filter(ballot_line::Column::BallotNo.eq(wanted.ballot))
        .order_by_asc(ballot_line::Column::LineNo)
        .all(connection)
        .await?;
    Ok(AskedForBallot {
        permit,
        subjects: lines.into_iter().map(|line| line.subject_id).collect(),
        marks: read_marks(&definition, &wanted.marks)?.number(),
    })
}

/// Refuses what would make a link or an invitation about one subject to a survey that is a ballot.
///
/// # Errors
/// [`Fault::Refused`] with `SURVEY_IS_BALLOT`.
pub(crate) fn refuse_ballot(definition: &Definition) -> Result<(), Fault> {
    match definition.ballot {
        None => Ok(()),
        Some(_) => Err(Fault::refused(Refusal::new(
            "SURVEY_IS_BALLOT",
            "the survey is a ballot, which is not about one subject: make links and invitations to one of its ballots",
        ))),
    }
}
