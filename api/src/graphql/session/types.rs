//! Tokens, and the viewer.

use async_graphql::{Context, Object, SimpleObject};
use domain::access::Actor;

use crate::auth::session::Granted;
use crate::graphql::asker::Asker;
use crate::graphql::error::GraphqlFault;
use crate::graphql::loader::load;
use crate::graphql::scalar::Instant;
use crate::graphql::staff::{Staff, StaffKey};

/// What somebody who is logged in sends with later requests.
#[derive(Debug, SimpleObject)]
pub struct Session {
    /// For the header `Authorization: Bearer …`, or `token` of `connection_init`. Good for some minutes.
    access_token: String,
    /// When the access token ends.
    access_expires_at: Instant,
    /// For `sessionRefresh`, once. Keep it where no script reads it.
    refresh_token: String,
    /// When the refresh token ends if it is not used.
    refresh_expires_at: Instant,
}

impl From<Granted> for Session {
    fn from(granted: Granted) -> Self {
        Self {
            access_token: granted.access.text.expose().to_owned(),
            access_expires_at: granted.access.expires_at.into(),
            refresh_token: granted.refresh_token.expose().to_owned(),
            refresh_expires_at: granted.refresh_expires_at.into(),
        }
    }
}

/// The part of the query root about who is asking.
#[derive(Debug, Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who is asking, with their roles as they are at this moment; null for somebody who is not logged in.
    async fn viewer(&self, context: &Context<'_>) -> Option<Result<Staff, GraphqlFault>> {
        let id = match &Asker::of(context) {
            Ok(Asker {
                actor: Actor::Staff { id, .. },
                ..
            }) => *id,
            Ok(_) => return None,
            Err(fault) => return Some(Err(fault.clone())),
        };
        load(context, StaffKey(id)).await.transpose()
    }
}
