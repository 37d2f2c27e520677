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
    if new.count > MOST {
        let message = format!(
            "{} invitations are too many at once; make at most {MOST}",
            new.count
        );
        return Err(Fault::refused(
            Refusal::new("TOO_MANY_INVITATIONS", message).at(["count"]),
        ));
    }
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
    count_issued(transaction, new).await?;
    Ok(issued)
}

/// Adds to the number of sheets issued, from which quorums are taken.
async fn count_issued(transaction: &WriteTransaction, new: &NewInvitations) -> Result<(), Fault> {
    let count = i64::try_from(new.count).map_err(Fault::internal)?;
    let channel = channel_word(Channel::Web).to_owned();
    let row = survey_issue::ActiveModel {
        survey_id: Set(new.survey.number()),
        subject_id: Set(new.subject.number()),
        panel: Set(new.panel.clone()),
        channel: Set(channel.clone()),
        ..Default::default()
    };
    survey_issue::Entity::insert(row)
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
        .filter(survey_issue::Column::SurveyId.eq(new.survey.number()))
        .filter(survey_issue::Column::SubjectId.eq(new.subject.number()))
        .filter(survey_issue::Column::Panel.eq(new.panel.clone()))
        .filter(survey_issue::Column::Channel.eq(channel))
        .exec(transaction)
        .await?;
    Ok(())
}
