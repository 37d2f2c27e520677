//! Changing subjects.

use async_graphql::{Context, InputObject, Object};
use domain::id;
use service::subject::{SubjectChange, SubjectDraft};

use super::types::{Subject, SubjectKind};
use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::payload::payload;

/// What a subject is to be.
#[derive(Debug, InputObject)]
pub struct SubjectInput {
    /// Code, unique among subjects: 1 to 64 letters, digits, `-`, `_` and `.`.
    code: String,
    /// What it is.
    kind: SubjectKind,
    /// Its category, by the code that schemes give it.
    category: String,
    /// Where it is.
    region_id: Key<id::Region>,
    /// Name in Chinese, 1 to 200 characters.
    name: String,
    /// Name in English, 1 to 200 characters.
    name_en: String,
}

impl From<SubjectInput> for SubjectDraft {
    fn from(input: SubjectInput) -> Self {
        Self {
            code: input.code,
            kind: input.kind.into(),
            category: input.category,
            region: input.region_id.0,
            name: input.name,
            name_en: input.name_en,
        }
    }
}

payload! {
    /// What came of adding a subject.
    SubjectAddPayload {
        /// The new subject.
        subject: Subject
    }
}

payload! {
    /// What came of changing a subject.
    SubjectChangePayload {
        /// The subject as it is now.
        subject: Subject
    }
}

/// The part of the mutation root about subjects.
#[derive(Debug, Default)]
pub struct SubjectMutation;

#[Object]
impl SubjectMutation {
    /// Adds a subject. Rounds that are open already do not notice.
    async fn subject_add(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The subject to be.")] input: SubjectInput,
    ) -> Result<SubjectAddPayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        SubjectAddPayload::of(service(context)?.add_subject(actor, input.into()).await)
    }

    /// Changes a subject, unless somebody else did so since it was read: then the error `CONFLICT`.
    async fn subject_change(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which subject.")] id: Key<id::Subject>,
        #[graphql(desc = "`version` of the subject as it was read.")] version: String,
        #[graphql(desc = "What the subject is to be, all of it.")] input: SubjectInput,
    ) -> Result<SubjectChangePayload, GraphqlFault> {
        let actor = &Asker::of(context)?.actor;
        let change = SubjectChange {
            id: id.0,
            version,
            draft: input.into(),
        };
        SubjectChangePayload::of(service(context)?.change_subject(actor, change).await)
    }
}
