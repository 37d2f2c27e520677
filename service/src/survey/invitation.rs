//! One-time invitations: made in numbers, handed out once, known to the database by their hashes alone.

use domain::id::{Id, Subject, Survey};
use domain::scheme::file::Channel;
use entity::{invitation, survey_issue};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr,
};

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
    // Rows in the order of their hashes tell nothing about the order in which tokens were handed out.
    rows.sort_by(|one, other| one.token_hash.as_ref().cmp(other.token_hash.as_ref()));
    for part in rows.chunks(ROWS) {
        invitation::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    let subject = [new.subject.number()];
    count_issued(transaction, new.survey, &subject, (&new.panel, new.count)).await?;
    Ok(issued)
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

/// Adds to the number of sheets issued about each of these subjects, from which quorums are taken.
pub(super) async fn count_issued(
    transaction: &WriteTransaction,
    survey: Id<Survey>,
    subjects: &[i64],
    (panel, count): (&str, usize),
) -> Result<(), Fault> {
    let count = i64::try_from(count).map_err(Fault::internal)?;
    let channel = channel_word(Channel::Web).to_owned();
    let rows = subjects.iter().map(|subject| survey_issue::ActiveModel {
        survey_id: Set(survey.number()),
        subject_id: Set(*subject),
        panel: Set(panel.to_owned()),
        channel: Set(channel.clone()),
        ..Default::default()
    });
    survey_issue::Entity::insert_many(rows)
        .on_conflict_do_nothing_on([
            survey_issue::Column::SurveyId,
            survey_issue::Column::SubjectId,
            survey_issue::Column::Panel,
            survey_issue::Column::Channel,
        ])
        .exec_without_returning(transaction)
        .await?;
    survey_issue::Entity::update_many()
        .col_expr(
            survey_issue::Column::Issued,
            Expr::col(survey_issue::Column::Issued)
                .if_null(0_i64)
                .add(count),
        )
        .filter(survey_issue::Column::SurveyId.eq(survey.number()))
        .filter(survey_issue::Column::SubjectId.is_in(subjects.iter().copied()))
        .filter(survey_issue::Column::Panel.eq(panel))
        .filter(survey_issue::Column::Channel.eq(channel))
        .exec(transaction)
        .await?;
    Ok(())
}
