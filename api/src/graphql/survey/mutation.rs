//! Running surveys.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use domain::access::Actor;
use domain::id::{self, Id};
use service::intake::{PreviewPass, PreviewWanted};
use service::survey::{IssuedInvitation, NewHours, NewInvitations, NewLinks};
use service::{Fault, Service};

use super::ballot::{
    SurveyAddBallotLinkInput, SurveyAddBallotLinkPayload, SurveyInviteToBallotInput,
};
use super::types::{Survey, SurveyLink};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::{Refusal, payload, settle};
use crate::graphql::scalar::Instant;

payload! {
    /// What came of opening a survey.
    SurveyOpenPayload {
        /// The survey, open.
        survey: Survey
    }
}

payload! {
    /// What came of closing a survey.
    SurveyClosePayload {
        /// The survey, closed.
        survey: Survey
    }
}

payload! {
    /// What came of setting the hours of a survey.
    SurveySetHoursPayload {
        /// The survey with its hours.
        survey: Survey
    }
}

/// The hours that a survey is to have.
#[derive(Debug, InputObject)]
pub struct SurveySetHoursInput {
    /// The survey.
    survey_id: Key<id::Survey>,
    /// The first moment at which answers are taken; null for as soon as it is open. It cannot change once it has come.
    opens_at: Option<Instant>,
    /// The first moment at which none are taken any more; null for when it is closed.
    closes_at: Option<Instant>,
    /// Why; needed once the survey is open. It stays in the log.
    reason: Option<String>,
}

/// Invitations to be made.
#[derive(Debug, InputObject)]
pub struct SurveyInviteInput {
    /// The survey.
    survey_id: Key<id::Survey>,
    /// Whom the answers are about.
    subject_id: Key<id::Subject>,
    /// The panel to which the invited belong, by its code.
    panel: String,
    /// The marks that all of them bear, by their codes; of those whose share the survey demands among its sheets, which
    /// then carry them.
    #[graphql(default, validator(max_items = 32))]
    marks: Vec<String>,
    /// How many, 1 to 1,000.
    #[graphql(validator(minimum = 1, maximum = 1000))]
    count: i32,
}

/// What came of making invitations.
#[derive(Debug, SimpleObject)]
pub struct SurveyInvitePayload {
    /// The tokens; citizens open `/i/` followed by one, and can answer once. Told this once and stored nowhere. Null
    /// when it was refused.
    tokens: Option<Vec<String>>,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

/// Open links to be made.
#[derive(Debug, InputObject)]
pub struct SurveyAddLinksInput {
    /// The survey.
    survey_id: Key<id::Survey>,
    /// The panel to which the links are given, by its code.
    panel: String,
    /// The marks of those to whom they are given, by their codes; of those whose share the survey demands among its
    /// sheets, which then carry them.
    #[graphql(default, validator(max_items = 32))]
    marks: Vec<String>,
    /// For whom, 1 to 250 subjects.
    #[graphql(validator(min_items = 1, max_items = 250))]
    subject_ids: Vec<Key<id::Subject>>,
}

/// What came of making links.
#[derive(SimpleObject)]
pub struct SurveyAddLinksPayload {
    /// The links, one for each subject, in the order of the input. Null when it was refused.
    links: Option<Vec<SurveyLink>>,
    /// Why nothing was changed. Empty when it was done.
    refusals: Vec<Refusal>,
}

/// A form to be looked at.
#[derive(Debug, InputObject)]
pub struct SurveyMakePreviewInput {
    /// The round, also while it is a draft.
    round_id: Key<id::Round>,
    /// The survey, by its code in the round's scheme.
    survey: String,
    /// Whom the answers would be about; null for the first by code.
    subject_id: Option<Key<id::Subject>>,
}

/// Where the form of a survey can be looked at before it opens.
#[derive(Debug, SimpleObject)]
pub struct SurveyPreview {
    /// The path on this server, good for whoever has it. Nothing can be sent from there.
    path: String,
    /// Until when.
    until: Instant,
}

payload! {
    /// What came of asking for a preview.
    SurveyMakePreviewPayload {
        /// Where the form can be looked at.
        preview: SurveyPreview
    }
}

impl From<PreviewPass> for SurveyPreview {
    fn from(pass: PreviewPass) -> Self {
        Self {
            path: pass.path,
            until: Instant(pass.until),
        }
    }
}

/// The part of the mutation root about surveys.
#[derive(Debug, Default)]
pub struct SurveyMutation;

#[Object]
impl SurveyMutation {
    /// Lets a survey take answers.
    async fn survey_open(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which survey.")] id: Key<id::Survey>,
    ) -> Result<SurveyOpenPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let service = service(context)?;
        let outcome = service.open_survey(actor, id.0).await;
        SurveyOpenPayload::of(find_after(service, actor, id.0, outcome).await)
    }

    /// Makes an address under which the form of a survey can be looked at as citizens will see it, for an hour, until the
    /// survey opens. Nothing is stored.
    async fn survey_make_preview(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The form to be looked at.")] input: SurveyMakePreviewInput,
    ) -> Result<SurveyMakePreviewPayload, GraphqlFault> {
        let wanted = PreviewWanted {
            round: input.round_id.0,
            survey: input.survey,
            subject: input.subject_id.map(|key| key.0),
        };
        let actor = &Asker::of(context)?.actor;
        SurveyMakePreviewPayload::of(service(context)?.make_preview(actor, &wanted).await)
    }

    /// Sets the hours of a survey, or moves its end while it runs. At its end it is closed by itself.
    async fn survey_set_hours(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The hours to be.")] input: SurveySetHoursInput,
    ) -> Result<SurveySetHoursPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let service = service(context)?;
        let new = NewHours {
            survey: input.survey_id.0,
            opens_at: input.opens_at.map(|at| at.0),
            closes_at: input.closes_at.map(|at| at.0),
            reason: input.reason.unwrap_or_default(),
        };
        let outcome = service.set_survey_hours(actor, &new).await;
        SurveySetHoursPayload::of(find_after(service, actor, new.survey, outcome).await)
    }

    /// Ends a survey for ever. An answer on its way is either in or refused as closed.
    async fn survey_close(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which survey.")] id: Key<id::Survey>,
        #[graphql(desc = "Why; needed where it is before the survey's time. It stays in the log.")]
        reason: Option<String>,
    ) -> Result<SurveyClosePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let service = service(context)?;
        let outcome = service.close_survey(actor, id.0, reason.as_deref()).await;
        SurveyClosePayload::of(find_after(service, actor, id.0, outcome).await)
    }

    /// Makes one-time invitations.
    async fn survey_invite(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The invitations to be.")] input: SurveyInviteInput,
    ) -> Result<SurveyInvitePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let new = NewInvitations {
            survey: input.survey_id.0,
            subject: input.subject_id.0,
            panel: input.panel,
            marks: input.marks,
            count: usize::try_from(input.count).unwrap_or(0),
        };
        let (issued, refusals) = settle(
            service(context)?
                .issue_survey_invitations(actor, &new)
                .await,
        )?;
        Ok(SurveyInvitePayload {
            tokens: issued.as_deref().map(expose),
            refusals,
        })
    }

    /// Makes one-time invitations to a ballot.
    async fn survey_invite_to_ballot(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The invitations to be.")] input: SurveyInviteToBallotInput,
    ) -> Result<SurveyInvitePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let issued = service(context)?
            .issue_ballot_invitations(actor, &input.invitations())
            .await;
        let (issued, refusals) = settle(issued)?;
        Ok(SurveyInvitePayload {
            tokens: issued.as_deref().map(expose),
            refusals,
        })
    }

    /// Makes an open link to a ballot, through which anybody may answer.
    async fn survey_add_ballot_link(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The link to be.")] input: SurveyAddBallotLinkInput,
    ) -> Result<SurveyAddBallotLinkPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let made = service(context)?
            .add_ballot_link(actor, &input.wanted())
            .await;
        let (link, refusals) = settle(made)?;
        Ok(SurveyAddBallotLinkPayload {
            link: link.map(Into::into),
            refusals,
        })
    }

    /// Makes open links, through which anybody may answer.
    async fn survey_add_links(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The links to be.")] input: SurveyAddLinksInput,
    ) -> Result<SurveyAddLinksPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let new = NewLinks {
            survey: input.survey_id.0,
            panel: input.panel,
            marks: input.marks,
            subjects: input.subject_ids.iter().map(|key| key.0).collect(),
        };
        let (made, refusals) = settle(service(context)?.make_links(actor, &new).await)?;
        let links = made.map(|made| made.into_iter().map(SurveyLink::from).collect());
        Ok(SurveyAddLinksPayload { links, refusals })
    }
}

fn expose(issued: &[IssuedInvitation]) -> Vec<String> {
    issued.iter().map(|one| one.token.expose()).collect()
}

/// The survey after a change that says nothing of it.
pub(super) async fn find_after(
    service: &Service,
    actor: &Actor,
    id: Id<id::Survey>,
    outcome: Result<(), Fault>,
) -> Result<service::survey::RoundSurvey, Fault> {
    outcome?;
    let found = service.find_surveys(actor, &[id]).await?.remove(&id);
    found.ok_or(Fault::NotFound)
}
