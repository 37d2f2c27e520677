//! How far an open round has come, as it happens.
//!
//! Progress is read from the counts kept beside the sheets once a second, whatever the number of sheets; only what has
//! changed is sent. Deliberately absent: a channel between processes. Whoever listens may be connected to another
//! server than the one that books the answers.

use std::time::Duration;

use async_graphql::{Context, SimpleObject, Subscription};
use domain::id;
use futures_util::Stream;
use futures_util::stream::unfold;
use service::standing::RoundProgress as Progress;

use crate::graphql::asker::{Asker, service};
use crate::graphql::error::GraphqlFault;
use crate::graphql::key::Key;
use crate::graphql::scalar::Instant;

/// How often is looked.
const EVERY: Duration = Duration::from_secs(1);

/// How far a round has come.
#[derive(Debug, Clone, SimpleObject)]
pub struct RoundProgress {
    /// The round.
    round_id: Key<id::Round>,
    /// The moment of these counts: they are live.
    as_of: Instant,
    /// Whether the round is closed; then nothing more follows.
    closed: bool,
    /// Subjects that take part.
    subjects: u64,
    /// Answer sheets that count, over all surveys that are closed: of an open one that would tell of single answers.
    valid_sheets: u64,
    /// Answer sheets that came in, over all surveys.
    sheets: u64,
    /// Points that inspectors awarded.
    scores: u64,
    /// Warnings that its surveys have raised.
    warnings: u64,
}

impl From<Progress> for RoundProgress {
    fn from(progress: Progress) -> Self {
        Self {
            round_id: progress.round.into(),
            as_of: progress.as_of.into(),
            closed: progress.closed,
            subjects: progress.subjects,
            valid_sheets: progress.valid_sheets,
            sheets: progress.sheets,
            scores: progress.scores,
            warnings: progress.warnings,
        }
    }
}

/// The part of the subscription root about rounds.
#[derive(Debug, Default)]
pub struct ProgressSubscription;

/// What a listener has been told.
enum State {
    Started,
    Told(Progress),
    Ended,
}

#[Subscription]
impl ProgressSubscription {
    /// How far a round has come: at once, then whenever that has changed, until it is closed.
    #[expect(clippy::unused_async, reason = "the interface awaits it")]
    async fn round_progress(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The round.")] id: Key<id::Round>,
    ) -> Result<impl Stream<Item = Result<RoundProgress, GraphqlFault>> + use<>, GraphqlFault> {
        let actor = Asker::of(context)?.actor.clone();
        let service = service(context)?.clone();
        Ok(unfold(State::Started, move |state| {
            let (actor, service) = (actor.clone(), service.clone());
            async move {
                let told = match state {
                    State::Started => None,
                    State::Told(progress) if progress.closed => return None,
                    State::Told(progress) => Some(progress),
                    State::Ended => return None,
                };
                loop {
                    if told.is_some() {
                        tokio::time::sleep(EVERY).await;
                    }
                    match service.get_progress(&actor, id.0).await {
                        Ok(now) if told.as_ref().is_some_and(|told| told.is_like(&now)) => {}
                        Ok(now) => {
                            let shown = RoundProgress::from(now.clone());
                            return Some((Ok(shown), State::Told(now)));
                        }
                        Err(fault) => return Some((Err(fault.into()), State::Ended)),
                    }
                }
            }
        }))
    }
}
