//! Lists of tasks that subjects have of their own (责任清单).

use async_graphql::{Context, InputObject, Object, SimpleObject};
use domain::id;
use service::round::{self, DutyListAt};

use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::inspection::{Rows, RowsChangePayload, put};
use crate::graphql::key::Key;
use crate::graphql::scalar::Instant;

/// The tasks that a subject has of its own for an item (责任清单).
#[derive(Debug, Clone, SimpleObject)]
pub struct DutyList {
    /// Global id of the subject.
    subject_id: Key<id::Subject>,
    /// Code of the subject.
    code: String,
    /// Name of the subject in Chinese.
    name: String,
    /// Name of the subject in English.
    name_en: String,
    /// Code of the item.
    item: String,
    /// Code of the part, where the item has parts.
    part: Option<String>,
    /// The tasks in their order, which numbers them from 1.
    tasks: Vec<String>,
    /// When it was recorded.
    recorded_at: Instant,
    /// When another person approved it; null while nobody did.
    approved_at: Option<Instant>,
    /// Stands for the list as it was read, for approving just that.
    version: String,
}

impl From<round::RecordedDutyList> for DutyList {
    fn from(recorded: round::RecordedDutyList) -> Self {
        Self {
            version: recorded.version(),
            subject_id: recorded.list.subject.into(),
            code: recorded.code,
            name: recorded.name,
            name_en: recorded.name_en,
            item: recorded.list.item,
            part: recorded.list.part,
            tasks: recorded.list.tasks,
            recorded_at: recorded.recorded_at.into(),
            approved_at: recorded.approved_at.map(Into::into),
        }
    }
}

/// A list of tasks to be recorded, or taken back.
#[derive(Debug, InputObject)]
pub struct DutyListInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Code of an item whose number of tasks the scheme leaves open.
    item: String,
    /// Code of the part, where the item has parts.
    part: Option<String>,
    /// The tasks in their order, 1 to 200 of at most 500 characters; leave them out to take the list back.
    tasks: Option<Vec<String>>,
}

/// A list of tasks to be approved.
#[derive(Debug, InputObject)]
pub struct DutyListApprovalInput {
    /// The subject.
    subject_id: Key<id::Subject>,
    /// Code of the item.
    item: String,
    /// Code of the part, where the item has parts.
    part: Option<String>,
    /// `version` of the list as it was read.
    version: String,
}

/// The part of the mutation root about lists of tasks.
#[derive(Debug, Default)]
pub struct DutyMutation;

#[Object]
impl DutyMutation {
    /// Records lists of tasks that subjects have of their own, or takes them back: all or nothing, at most 250 at once. A
    /// list that says something else than before has to be approved anew; once the round is open, one that is approved
    /// stays as it is.
    async fn duty_lists_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round, a draft; or one that is open, for whoever joined it.")]
        round_id: Key<id::Round>,
        #[graphql(desc = "What is to be changed.")] lists: Vec<DutyListInput>,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let rows = Rows::of(lists.len());
        let changes = lists.into_iter().map(|input| {
            let is_put = input.tasks.is_some();
            let list = round::DutyList {
                subject: input.subject_id.0,
                item: input.item,
                part: input.part,
                tasks: input.tasks.unwrap_or_default(),
            };
            put(is_put, list)
        });
        let done = service(context)?
            .change_duty_lists(actor, round_id.0, changes.collect())
            .await;
        RowsChangePayload::of(done.map(|()| rows))
    }

    /// Approves lists that another person recorded, each as it was read: all or nothing, at most 250 at once.
    async fn duty_lists_approve(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] round_id: Key<id::Round>,
        #[graphql(desc = "The lists.")] lists: Vec<DutyListApprovalInput>,
    ) -> Result<RowsChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let rows = Rows::of(lists.len());
        let lists = lists.into_iter().map(|input| DutyListAt {
            subject: input.subject_id.0,
            item: input.item,
            part: input.part,
            version: input.version,
        });
        let done = service(context)?
            .approve_duty_lists(actor, round_id.0, lists.collect())
            .await;
        RowsChangePayload::of(done.map(|()| rows))
    }
}
