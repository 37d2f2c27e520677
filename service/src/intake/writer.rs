//! The one task that books answers.

use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite};
use tokio::sync::{Notify, mpsc, oneshot};

use super::batch::{self, Candidate, Kind, Moment, Outcome};
use super::{postgres, sqlite};
use crate::database::{Database, Pools};
use crate::{Clock, Fault, IdSource, Service};

/// How often a batch is tried when another server of the same database was in its way; after that its answers are
/// booked one by one, as often each.
const ATTEMPTS: usize = 4;

/// Batches after which others may write to a file too, in the order in which they asked.
const TURNS: usize = 8;

/// The low bits of a sheet's number, which count; the high ones are drawn for each process, so that servers of one
/// database need not agree.
const COUNTING_BITS: u32 = 40;

/// Answers that wait, and who waits for them.
pub(super) struct Waiting {
    pub candidate: Candidate,
    pub reply: oneshot::Sender<Result<Outcome, Fault>>,
}

/// What the task works with.
pub(super) struct Desk {
    database: Database,
    clock: Arc<dyn Clock>,
    ids: Arc<IdSource>,
    most: usize,
    next_sheet_no: Option<i64>,
    /// Kept from one batch to the next while answers wait: giving it back costs a round trip, and another one has to
    /// prepare the statements again.
    connection: Option<PoolConnection<Postgres>>,
    /// Likewise the only connection that writes, for [`TURNS`] batches: others want to write too.
    file: Option<PoolConnection<Sqlite>>,
    turns: usize,
}

impl Desk {
    pub(super) fn new(service: &Service, most: usize) -> Self {
        Self {
            database: service.database.clone(),
            clock: service.clock.clone(),
            ids: service.ids.clone(),
            most,
            next_sheet_no: None,
            connection: None,
            file: None,
            turns: 0,
        }
    }

    /// Books until told to stop, then books what still waits.
    pub(super) async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>, stop: Arc<Notify>) {
        let mut waiting = Vec::with_capacity(self.most);
        loop {
            let taken = tokio::select! {
                biased;
                taken = receiver.recv_many(&mut waiting, self.most) => taken,
                () = stop.notified() => {
                    receiver.close();
                    continue;
                }
            };
            if taken == 0 {
                return;
            }
            // Those of ballots behind the others, for a batch is of one kind.
            waiting.sort_by_key(|waiting: &Waiting| waiting.candidate.kind() == Kind::Ballot);
            let (candidates, replies): (Vec<_>, Vec<_>) = waiting
                .drain(..)
                .map(|waiting| (waiting.candidate, waiting.reply))
                .unzip();
            let ballots = candidates.partition_point(|one| one.kind() == Kind::Sheet);
            let (sheets, ballots) = candidates.split_at(ballots);
            let mut outcomes = self.book_all(sheets).await;
            outcomes.extend(self.book_all(ballots).await);
            for (reply, outcome) in replies.into_iter().zip(outcomes) {
                // A sender that has gone away does not undo its answer.
                let _: Result<(), _> = reply.send(outcome);
            }
            self.turns += 1;
            let is_over = receiver.is_empty();
            if is_over {
                self.connection = None;
            }
            if is_over || self.turns >= TURNS {
                sqlite::give_back(&mut self.file).await;
                self.turns = 0;
            }
        }
    }

    /// Books a batch of one kind, or, where something in it is broken, its answers one by one, so that one cannot keep the others
    /// out.
    async fn book_all(&mut self, candidates: &[Candidate]) -> Vec<Result<Outcome, Fault>> {
        let Some(first) = candidates.first() else {
            return Vec::new();
        };
        let kind = first.kind();
        match self.book(kind, candidates).await {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(Fault::Internal(_) | Fault::Conflict) if candidates.len() > 1 => {
                let mut outcomes = Vec::with_capacity(candidates.len());
                for candidate in candidates {
                    let alone = self.book(kind, std::slice::from_ref(candidate)).await;
                    outcomes.push(
                        alone.and_then(|mut outcomes| outcomes.pop().ok_or(Fault::Unavailable)),
                    );
                }
                outcomes
            }
            // A failed commit may have succeeded; the sender's next attempt will find out.
            Err(_) => candidates.iter().map(|_| Err(Fault::Unavailable)).collect(),
        }
    }

    async fn book(&mut self, kind: Kind, candidates: &[Candidate]) -> Result<Vec<Outcome>, Fault> {
        let mut attempt = 1;
        loop {
            match self.book_once(kind, candidates).await {
                // What was looked at has changed, or another process drew the same numbers.
                Err(Fault::Conflict) if attempt < ATTEMPTS => {
                    self.next_sheet_no = None;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    async fn book_once(
        &mut self,
        kind: Kind,
        candidates: &[Candidate],
    ) -> Result<Vec<Outcome>, Fault> {
        let at = Moment {
            now: self.clock.now().timestamp_micros(),
            first_sheet_no: self.take_numbers(candidates.len())?,
        };
        match self.database.pools() {
            Pools::Sqlite { write, .. } => {
                // What another transaction of this file committed was flushed before this one could begin, so a retry
                // needs no more.
                let kept = &mut self.file;
                let outcomes = sqlite::book(kept, write, kind, candidates, at).await?;
                self.database.count_statements(sqlite::STATEMENTS);
                Ok(outcomes)
            }
            Pools::Postgres { write, .. } => {
                let mut connection = match self.connection.take() {
                    Some(connection) => connection,
                    None => write.acquire().await?,
                };
                let found = postgres::look(&mut connection, kind, candidates).await?;
                let plan = batch::plan(candidates, &found, at)?;
                if !plan.sheets.is_empty() {
                    postgres::store(&mut connection, kind, &plan, at.now).await?;
                } else if plan.has_retry {
                    postgres::confirm(&mut connection).await?;
                }
                self.database.count_statements(postgres::STATEMENTS);
                self.connection = Some(connection);
                Ok(plan.outcomes)
            }
        }
    }

    /// The first of so many numbers for sheets.
    fn take_numbers(&mut self, count: usize) -> Result<i64, Fault> {
        let count = i64::try_from(count).map_err(Fault::internal)?;
        let first = match self.next_sheet_no {
            // The numbers drawn by this process are used up after a million million sheets.
            Some(next) if next >> COUNTING_BITS == (next + count) >> COUNTING_BITS => next,
            _ => ((self.ids.draw()? >> COUNTING_BITS) << COUNTING_BITS) | 1,
        };
        self.next_sheet_no = Some(first + count);
        Ok(first)
    }
}
