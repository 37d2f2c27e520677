//! Renames, mergers and transfers: steps by which a subject keeps its history.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use domain::id;
use domain::inputs;
use service::succession::{self, SuccessionChange, SuccessionDraft};

use super::types::{Subject, SubjectKey};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::loader::{load_referred, loader};
use crate::graphql::payload::payload;
use crate::graphql::scalar::{Date, Instant};

/// How a subject came to carry on another, or itself under another name or superior.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "inputs::SuccessionKind")]
pub enum SuccessionKind {
    /// 更名: it goes by another name.
    Rename,
    /// 合并: it was merged into another.
    Merger,
    /// 划转: it came under another region.
    Transfer,
}

/// A recorded step.
#[derive(Debug, Clone)]
pub struct Succession(succession::Succession);

impl From<succession::Succession> for Succession {
    fn from(step: succession::Succession) -> Self {
        Self(step)
    }
}

/// A rename, merger or transfer (更名、合并、划转) by which a subject keeps its history.
#[Object]
impl Succession {
    /// What happened.
    async fn kind(&self) -> SuccessionKind {
        self.0.kind.into()
    }

    /// To whom.
    async fn predecessor(&self, context: &Context<'_>) -> Option<Result<Subject, GraphqlFault>> {
        Some(load_referred(context, SubjectKey(self.0.predecessor)).await)
    }

    /// Who carries on; the same but for a merger.
    async fn subject(&self, context: &Context<'_>) -> Option<Result<Subject, GraphqlFault>> {
        Some(load_referred(context, SubjectKey(self.0.subject)).await)
    }

    /// What it was called before.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The day from which.
    async fn on(&self) -> Date {
        self.0.on.into()
    }

    /// Whether its grades continue as those of whoever carries on.
    async fn grades_continue(&self) -> bool {
        self.0.grades
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Global id of the account that recorded it; null where it was the command line.
    async fn recorded_by(&self) -> Option<ID> {
        self.0.by.map(|id| id.to_string().into())
    }

    /// When.
    async fn recorded_at(&self) -> Instant {
        Instant(self.0.recorded_at)
    }
}

loader! {
    /// Loads the steps that led to a subject.
    pub SuccessionsKey(id::Subject) -> Vec<Succession>: list_successions, |list: Vec<_>| list.into_iter().map(Succession).collect()
}

/// Another name for a subject.
#[derive(Debug, InputObject)]
pub struct SubjectRenameInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Name in Chinese from that day, 1 to 200 characters.
    name: String,
    /// Name in English from that day, 1 to 200 characters.
    name_en: String,
    /// The day from which.
    on: Date,
    /// Why, such as the decision that ordered it.
    reason: String,
}

/// A subject that ends in another.
#[derive(Debug, InputObject)]
pub struct SubjectMergeInput {
    /// The subject that ends.
    subject_id: Key<id::Subject>,
    /// The subject of the same kind that carries it on.
    into_id: Key<id::Subject>,
    /// Whether the grades of the first continue as those of the second; its cases always count.
    grades_continue: bool,
    /// The day from which.
    on: Date,
    /// Why, such as the decision that ordered it.
    reason: String,
}

/// Another region for a subject.
#[derive(Debug, InputObject)]
pub struct SubjectTransferInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// The region from that day.
    region_id: Key<id::Region>,
    /// The day from which.
    on: Date,
    /// Why, such as the decision that ordered it.
    reason: String,
}

payload! {
    /// What came of recording a rename, merger or transfer.
    SuccessionPayload {
        /// The step on record.
        succession: Succession
    }
}

payload! {
    /// What came of taking a merger back.
    SubjectTakeMergerBackPayload {
        /// Whether it was taken back.
        done: bool
    }
}

/// The part of the mutation root about renames, mergers and transfers.
#[derive(Debug, Default)]
pub struct SuccessionMutation;

#[Object]
impl SuccessionMutation {
    /// Records that a subject goes by another name. Rosters of open rounds take it over.
    async fn subject_rename(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The name.")] input: SubjectRenameInput,
    ) -> Result<SuccessionPayload, GraphqlFault> {
        let change = SuccessionChange::Rename {
            name: input.name,
            name_en: input.name_en,
        };
        let draft = SuccessionDraft {
            subject: input.subject_id.0,
            change,
            on: input.on.0,
            reason: input.reason,
        };
        record(context, draft).await
    }

    /// Records that a subject was merged into another: it leaves the rosters of open rounds, and its cases count as
    /// those of the other.
    async fn subject_merge(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who is merged into whom.")] input: SubjectMergeInput,
    ) -> Result<SuccessionPayload, GraphqlFault> {
        let change = SuccessionChange::Merger {
            into: input.into_id.0,
            grades: input.grades_continue,
        };
        let draft = SuccessionDraft {
            subject: input.subject_id.0,
            change,
            on: input.on.0,
            reason: input.reason,
        };
        record(context, draft).await
    }

    /// Records that a subject came under another region. Open rounds do not notice.
    async fn subject_transfer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The region.")] input: SubjectTransferInput,
    ) -> Result<SuccessionPayload, GraphqlFault> {
        let change = SuccessionChange::Transfer {
            region: input.region_id.0,
        };
        let draft = SuccessionDraft {
            subject: input.subject_id.0,
            change,
            on: input.on.0,
            reason: input.reason,
        };
        record(context, draft).await
    }

    /// Takes a merger back that was recorded by mistake.
    async fn subject_take_merger_back(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The subject that had ended.")] subject_id: Key<id::Subject>,
        #[graphql(desc = "Why.")] reason: String,
    ) -> Result<SubjectTakeMergerBackPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let done = service(context)?
            .take_back_merger(actor, subject_id.0, &reason)
            .await;
        SubjectTakeMergerBackPayload::of(done.map(|()| true))
    }
}

async fn record(
    context: &Context<'_>,
    draft: SuccessionDraft,
) -> Result<SuccessionPayload, GraphqlFault> {
    let actor = &Asker::of(context)?.actor;
    SuccessionPayload::of(service(context)?.record_succession(actor, draft).await)
}
