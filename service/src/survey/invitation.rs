//! One-time invitations: made in numbers, handed out once, known to the database by their hashes alone.

use std::collections::BTreeMap;

use domain::id::{Id, Subject, Survey};
use domain::scheme::file::Channel;
use entity::{invitation, survey_issue};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::channel_word;
use crate::database::WriteTransaction;
use crate::intake::InvitationToken;
use crate::{Fault, Refusal, Service};

/// Most invitations made in one transaction: each costs a row, and other writers wait meanwhile.
const MOST: usize = 100_000;

/// Rows in one statement, below the number of values that SQLite binds.
const ROWS: usize = 5_000;

/// Invitations to be made.
#[derive(Debug, Clone)]
pub struct NewInvitations {
    /// The survey.
    pub survey: Id<Survey>,
    /// Whom the answers are about.
    pub subject: Id<Subject>,
    /// The panel to which the invited belong.
    pub panel: String,
    /// How many.
    pub count: usize,
}

/// An invitation, told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedInvitation {
    /// For `/i/<token>`; whoever has it may answer once.
    pub token: InvitationToken,
}

/// Makes invitations, counts them as issued, and returns their tokens. They are stored nowhere: lost is lost.
///
/// # Errors
/// [`Fault::Refused`] with `TOO_MANY_INVITATIONS` beyond 100,000 at once; [`Fault::Conflict`] if survey or subject do
/// not exist.
pub async fn issue_invitations(
    service: &Service,
    transaction: &WriteTransaction,
    new: &NewInvitations,
) -> Result<Vec<IssuedInvitation>, Fault> {
    refuse_too_many(new.count)?;
    let mut issued = Vec::with_capacity(new.count);
    let mut rows = Vec::with_capacity(new.count);
    for _ in 0..new.count {
        let token = InvitationToken::make(service, new.survey)?;
        rows.push(invitation::ActiveModel {
            survey_id: Set(new.survey.number()),
            token_hash: Set(token.hash().to_vec()),
            subject_id: Set(new.subject.number()),
            panel: Set(new.panel.clone()),
            state: Set(invitation::State::Issued),
        });
        issued.push(IssuedInvitation { token });
    }
    insert_invitations(transaction, rows).await?;
    let issue = Issue {
        survey: new.survey.number(),
        subject: new.subject.number(),
        panel: new.panel.clone(),
        channel: channel_word(Channel::Web),
    };
    let count = i64::try_from(new.count).map_err(Fault::internal)?;
    let counts = BTreeMap::from([(issue, count)]);
    count_issued(transaction, counts, Change::Issued).await?;
    Ok(issued)
}

/// Stores invitations. Rows in the order of their hashes tell nothing about the order in which tokens were handed out.
pub(crate) async fn insert_invitations(
    transaction: &WriteTransaction,
    mut rows: Vec<invitation::ActiveModel>,
) -> Result<(), Fault> {
    rows.sort_by(|one, other| one.token_hash.as_ref().cmp(other.token_hash.as_ref()));
    for part in rows.chunks(ROWS) {
        invitation::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// # Errors
/// [`Fault::Refused`] with `TOO_MANY_INVITATIONS`.
pub(super) fn refuse_too_many(count: usize) -> Result<(), Fault> {
    if count <= MOST {
        return Ok(());
    }
    let message = format!("{count} invitations are too many at once; make at most {MOST}");
    Err(Fault::refused(
        Refusal::new("TOO_MANY_INVITATIONS", message).at(["count"]),
    ))
}

/// To whom sheets or invitations were issued.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Issue {
    pub survey: i64,
    pub subject: i64,
    pub panel: String,
    pub channel: &'static str,
}

/// Whether invitations were made, or made void.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Issued,
    Revoked,
}

/// Adds to the numbers of sheets issued, from which quorums are taken, or takes off what was counted before. A statement
/// for some thousand groups.
pub(crate) async fn count_issued(
    transaction: &WriteTransaction,
    counts: BTreeMap<Issue, i64>,
    change: Change,
) -> Result<(), Fault> {
    let sum = match change {
        Change::Issued => "coalesce(survey_issue.issued, 0) + excluded.issued",
        Change::Revoked => "survey_issue.issued - excluded.issued",
    };
    let rows: Vec<_> = counts
        .into_iter()
        .map(|(issue, count)| survey_issue::ActiveModel {
            survey_id: Set(issue.survey),
            subject_id: Set(issue.subject),
            panel: Set(issue.panel),
            channel: Set(issue.channel.to_owned()),
            issued: Set(Some(count)),
            ..Default::default()
        })
        .collect();
    for part in rows.chunks(ROWS) {
        let mut adding = OnConflict::columns([
            survey_issue::Column::SurveyId,
            survey_issue::Column::SubjectId,
            survey_issue::Column::Panel,
            survey_issue::Column::Channel,
        ]);
        adding.value(survey_issue::Column::Issued, Expr::cust(sum));
        survey_issue::Entity::insert_many(part.to_vec())
            .on_conflict(adding)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}
