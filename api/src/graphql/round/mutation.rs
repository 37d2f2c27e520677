//! Setting rounds up and opening them.

use async_graphql::{Context, InputObject, MergedObject, Object};
use domain::id;
use service::round::{RosterStep, RoundAt, RoundDraft, RoundOpening};

use super::Round;
use super::duty::DutyMutation;
use super::version::VersionMutation;
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;
use crate::graphql::scalar::Date;
use crate::graphql::staff::parse_row_version;

/// What a round is to be.
#[derive(Debug, InputObject)]
pub struct RoundInput {
    /// Code, unique among rounds: 1 to 64 letters, digits, `-`, `_` and `.`.
    code: String,
    /// The series of rounds that it continues, written like a code.
    series: String,
    /// Name in Chinese, 1 to 200 characters.
    name: String,
    /// Name in English, 1 to 200 characters.
    name_en: String,
    /// The version of the scheme that decides.
    scheme_version_id: Key<id::SchemeVersion>,
    /// First day of the period.
    period_from: Date,
    /// Last day of the period.
    period_to: Date,
    /// IANA name of the zone of its days.
    #[graphql(default = "Asia/Shanghai")]
    time_zone: String,
}

impl From<RoundInput> for RoundDraft {
    fn from(input: RoundInput) -> Self {
        Self {
            code: input.code,
            series: input.series,
            name: input.name,
            name_en: input.name_en,
            scheme_version: input.scheme_version_id.0,
            period_from: input.period_from.0,
            period_to: input.period_to.0,
            time_zone: input.time_zone,
        }
    }
}

payload! {
    /// What came of adding a round.
    RoundAddPayload {
        /// The new round, a draft.
        round: Round
    }
}

payload! {
    /// What came of changing a round.
    RoundChangePayload {
        /// The round as it is now.
        round: Round
    }
}

payload! {
    /// What came of opening a round.
    RoundOpenPayload {
        /// The round, open.
        round: Round
    }
}

/// A subject that joins or leaves an open round.
#[derive(Debug, InputObject)]
pub struct RosterStepInput {
    /// The round.
    round_id: Key<id::Round>,
    /// The subject.
    subject_id: Key<id::Subject>,
    /// The day from which, within the period of the round.
    on: Date,
    /// Why.
    reason: String,
}

impl From<RosterStepInput> for RosterStep {
    fn from(input: RosterStepInput) -> Self {
        Self {
            round: input.round_id.0,
            subject: input.subject_id.0,
            on: input.on.0,
            reason: input.reason,
        }
    }
}

payload! {
    /// What came of a subject's joining or leaving a round.
    RosterStepPayload {
        /// Whether it was recorded.
        done: bool
    }
}

/// The part of the mutation root about rounds. Put together here, for each part of the root makes the types of all
/// requests deeper, and the compiler follows them only so far.
#[derive(Debug, Default, MergedObject)]
pub struct RoundMutation(SetupMutation, VersionMutation, DutyMutation);

/// Setting rounds up, and who takes part.
#[derive(Debug, Default)]
pub struct SetupMutation;

#[Object]
impl SetupMutation {
    /// Adds a round as a draft.
    async fn round_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round to be.")] input: RoundInput,
    ) -> Result<RoundAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        RoundAddPayload::of(service(context)?.add_round(actor, input.into()).await)
    }

    /// Changes a draft, unless somebody else did so since it was read: then the error `CONFLICT`.
    async fn round_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round.")] id: Key<id::Round>,
        #[graphql(desc = "`rowVersion` of the round as it was read.")] row_version: String,
        #[graphql(desc = "What the round is to be, all of it.")] input: RoundInput,
    ) -> Result<RoundChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let at = RoundAt {
            id: id.0,
            row_version: parse_row_version(&row_version)?,
        };
        RoundChangePayload::of(
            service(context)?
                .change_round(actor, at, input.into())
                .await,
        )
    }

    /// Opens a draft: every subject of a category of the scheme goes onto the roster with the relations of the period,
    /// and the surveys are made. All of it is frozen then.
    async fn round_open(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which round.")] id: Key<id::Round>,
        #[graphql(desc = "`rowVersion` of the round as it was read.")] row_version: String,
        #[graphql(desc = "Only subjects of this region and those below it.")] region_id: Option<
            Key<id::Region>,
        >,
    ) -> Result<RoundOpenPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let opening = RoundOpening {
            at: RoundAt {
                id: id.0,
                row_version: parse_row_version(&row_version)?,
            },
            region: region_id.map(|key| key.0),
        };
        RoundOpenPayload::of(service(context)?.open_round(actor, &opening).await)
    }

    /// Records that a subject joins an open round: it goes onto the roster as it is now, with its relations.
    async fn round_subject_join(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who joins which round.")] input: RosterStepInput,
    ) -> Result<RosterStepPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?.join_round(actor, &input.into()).await;
        RosterStepPayload::of(done.map(|()| true))
    }

    /// Records that a subject leaves an open round: it is not decided on.
    async fn round_subject_leave(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who leaves which round.")] input: RosterStepInput,
    ) -> Result<RosterStepPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?.leave_round(actor, &input.into()).await;
        RosterStepPayload::of(done.map(|()| true))
    }
}
