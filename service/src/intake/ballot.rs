//! Ballots at the door: which subjects stand on one, and what admits to it.

use std::sync::Arc;

use domain::id::{Id, Subject};
use domain::scheme::file::{Channel, Words};
use domain::survey::{BallotAnswers, Marks};
use entity::{ballot_invitation, ballot_link, invitation};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Statement};

use super::door::{Admitted, Door, KnownSurvey, Standing, Way};
use super::{Beside, FormKey, InvitationToken};
use crate::{Fault, Service};

/// A ballot whose lines are at hand.
#[derive(Debug)]
pub struct KnownBallot {
    /// Its number within the survey.
    pub number: i64,
    /// Whom its lines are about, with their names in the round.
    pub subjects: Vec<(Id<Subject>, Words)>,
}

/// An open link to a ballot: whoever has it may answer.
#[derive(Debug)]
pub struct BallotLink {
    /// The code in the link.
    pub code: String,
    /// The survey.
    pub survey: Arc<KnownSurvey>,
    /// The ballot.
    pub ballot: Arc<KnownBallot>,
    /// The panel that the link was given to.
    pub panel: String,
    /// The channel that its answers count under.
    pub channel: Channel,
    /// The marks of those to whom the link was given.
    pub marks: Marks,
}

/// What admits to a ballot, with what can change.
#[derive(Debug, Clone)]
pub struct BallotState {
    /// What it admits to.
    pub admitted: Admitted,
    /// Whether it is an invitation that was used up.
    pub is_used: bool,
    /// Whether the survey takes answers, at most a second old.
    pub standing: Standing,
}

/// A respondent's ballot, ready to be booked.
#[derive(Debug, Clone)]
pub struct BallotSubmission {
    /// What lets the respondent in.
    pub admitted: Admitted,
    /// The key that the form carried.
    pub key: FormKey,
    /// A line for each subject on the ballot, read by the survey's definition.
    pub answers: BallotAnswers,
    /// What is counted apart from them.
    pub beside: Beside,
}

#[derive(FromQueryResult)]
struct LineRow {
    subject_id: i64,
    name: String,
    name_en: String,
}

impl Door {
    pub(super) async fn find_ballot_link(
        &self,
        service: &Service,
        code: &str,
    ) -> Result<Option<BallotState>, Fault> {
        let link = match self.ballot_links.get(code) {
            Some(link) => link,
            None => match self.read_ballot_link(service, code).await? {
                Some(link) => link,
                None => return Ok(None),
            },
        };
        let standing = self.ask_standing(service, &link.survey).await?;
        Ok(Some(BallotState {
            admitted: Admitted {
                survey: link.survey.clone(),
                way: Way::BallotLink(link),
            },
            is_used: false,
            standing,
        }))
    }

    async fn read_ballot_link(
        &self,
        service: &Service,
        code: &str,
    ) -> Result<Option<Arc<BallotLink>>, Fault> {
        let row = ballot_link::Entity::find_by_id(code.to_owned())
            .one(&service.database.reader())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(survey) = self.find_survey(service, Id::new(row.survey_id)).await? else {
            return Ok(None);
        };
        let link = BallotLink {
            code: row.code,
            ballot: self.find_ballot(service, &survey, row.ballot_no).await?,
            survey,
            panel: row.panel,
            channel: crate::survey::parse_channel(&row.channel)?,
            marks: crate::survey::parse_marks(row.marks)?,
        };
        Ok(Some(self.ballot_links.keep(code.to_owned(), link)))
    }

    /// The lines are needed to read a form, so the invitation is asked for here already, and again when it is booked.
    pub(super) async fn admit_to_ballot(
        &self,
        service: &Service,
        token: &InvitationToken,
        survey: Arc<KnownSurvey>,
    ) -> Result<Option<Admitted>, Fault> {
        let found = self.read_invitation(service, token, survey).await?;
        Ok(found.map(|(admitted, _)| admitted))
    }

    pub(super) async fn find_ballot_invitation(
        &self,
        service: &Service,
        token: &InvitationToken,
    ) -> Result<Option<BallotState>, Fault> {
        let survey = self.find_survey(service, token.survey()).await?;
        let Some(survey) = survey.filter(|survey| survey.definition.ballot.is_some()) else {
            return Ok(None);
        };
        let found = self.read_invitation(service, token, survey).await?;
        let Some((admitted, state)) = found else {
            return Ok(None);
        };
        Ok(Some(BallotState {
            standing: self.ask_standing(service, &admitted.survey).await?,
            is_used: state == invitation::State::Used,
            admitted,
        }))
    }

    async fn read_invitation(
        &self,
        service: &Service,
        token: &InvitationToken,
        survey: Arc<KnownSurvey>,
    ) -> Result<Option<(Admitted, invitation::State)>, Fault> {
        let key = (survey.id.number(), token.hash().to_vec());
        let row = ballot_invitation::Entity::find_by_id(key)
            .one(&service.database.reader())
            .await?;
        let Some(row) = row.filter(|row| row.state != invitation::State::Revoked) else {
            return Ok(None);
        };
        let ballot = self.find_ballot(service, &survey, row.ballot_no).await?;
        let admitted = Admitted {
            survey,
            way: Way::BallotInvitation(token.hash(), ballot),
        };
        Ok(Some((admitted, row.state)))
    }

    pub(super) async fn find_ballot(
        &self,
        service: &Service,
        survey: &KnownSurvey,
        number: i64,
    ) -> Result<Arc<KnownBallot>, Fault> {
        let key = (survey.id.number(), number);
        if let Some(known) = self.ballots.get(&key) {
            return Ok(known);
        }
        let reader = service.database.reader();
        let statement = Statement::from_sql_and_values(
            reader.get_database_backend(),
            "SELECT line.subject_id, entry.name, entry.name_en FROM ballot_line AS line
             JOIN round_subject AS entry ON entry.round_id = $1 AND entry.subject_id = line.subject_id
             WHERE line.survey_id = $2 AND line.ballot_no = $3 ORDER BY line.line_no",
            [survey.round_id.into(), key.0.into(), number.into()],
        );
        let lines = LineRow::find_by_statement(statement).all(&reader).await?;
        if lines.is_empty() {
            return Err(Fault::internal("a ballot has no lines"));
        }
        let name = |row: LineRow| {
            let words = Words {
                zh: row.name,
                en: row.name_en,
            };
            (Id::new(row.subject_id), words)
        };
        let ballot = KnownBallot {
            number,
            subjects: lines.into_iter().map(name).collect(),
        };
        Ok(self.ballots.keep(key, ballot))
    }
}
