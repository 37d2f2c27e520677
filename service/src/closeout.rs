//! The end of a round: the dry run, the closing itself, publication, and the package that recomputes it.
//!
//! The dry run and the closing are the same function of the same inputs, one with nothing stored. A closing first takes
//! the round's row, and everything that puts something into a round takes it too: what is decided by is what lies there
//! when the round ends, nothing slips between. Counting millions of sheets would hold that row for seconds, so it is
//! done before: the surveys are closed then, and under the lock the counts kept beside the sheets must be those that
//! were counted.
//!
//! A round that was reopened is closed again by the same function: what is decided by is then the revision that is
//! corrected, with the inputs that the reopening names.

mod correction;
mod export;
pub(crate) mod load;
mod proposal;
mod reopening;
mod revision;
mod store;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, CombinedRoles, Scope};
use domain::correction::InputKind;
use domain::decide::decide;
use domain::explain::Explainer;
use domain::id::{Id, Round, Staff};
use domain::inputs::Inputs;
use domain::outcome::{Action as Clearing, Gap, GapKind, Outcome};
use domain::reason::{Reason, ReasonCode};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use domain::survey::Tally;
use entity::{publication, round, survey};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter,
    QuerySelect, sea_query::Expr,
};

use crate::database::WriteTransaction;
use crate::decision::Vocabulary;
use crate::frame::{Frame, get_round, get_scheme, staff_of, who};
use crate::freeze::not_open;
use crate::round::freeze_relations_anew;
use crate::survey::{Group, count_from_sheets, seal};
use crate::{Fault, Refusal, Service, audit, clock, standing};

use correction::list_outdated;
pub use export::PackageKind;
use load::{Loaded, load};
pub use proposal::CloseProposal;
pub use reopening::{Confirmation, ReopenProposal, Reopening, ReopeningDraft};
pub(crate) use revision::list_heads;
pub use revision::{Difference, InputDifference, OutdatedSource};
pub use trial::{SchemeTrial, TrialOf};

/// Refusals that are told at once; more would help nobody, and the dry run lists all.
const MOST_REFUSALS: usize = 250;

/// What closing now would give.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// The round.
    pub round: Id<Round>,
    /// What would be decided, with everything that stands in the way.
    pub outcome: Arc<Outcome>,
    /// What puts it into words.
    pub words: Arc<Vocabulary>,
    /// The instant of the inputs.
    pub as_of: DateTime<Utc>,
}

impl Preflight {
    /// Whether the round could be closed as it is.
    pub fn may_close(&self) -> bool {
        self.outcome.blocking().next().is_none()
    }
}

/// A stored close-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The round.
    pub round: Id<Round>,
    /// Its number, from 1.
    pub number: u32,
    /// The version of the engine that decided.
    pub engine: String,
    /// SHA-256 of the inputs, in hexadecimal.
    pub inputs_digest: String,
    /// SHA-256 of the outcome, in hexadecimal.
    pub outcome_digest: String,
    /// When.
    pub closed_at: DateTime<Utc>,
    /// Who closed; absent where it was the command line.
    pub closed_by: Option<Id<Staff>>,
    /// Why it was closed again; present from the second revision on.
    pub reason: Option<String>,
    /// The roles that one person might hold together when it was closed, and why.
    pub combined_roles: Option<CombinedRoles>,
}

/// What came of asking for a close-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The result that stands.
    pub revision: Revision,
    /// Whether this request closed the round, rather than another one before it.
    pub by_this_request: bool,
}

impl Service {
    /// What closing a round now would give, from the counts kept beside the sheets. Changes nothing; its cost does not
    /// grow with the number of sheets.
    ///
    /// # Errors
    /// [`Fault::Denied`]; [`Fault::NotFound`]; [`Fault::Refused`] with `ROUND_NOT_OPEN` unless it is open or reopened,
    /// `CODE_CHANGED`, or with every row that contradicts the scheme.
    #[tracing::instrument(skip_all)]
    pub async fn preflight(&self, actor: &Actor, id: Id<Round>) -> Result<Preflight, Fault> {
        allow(actor, Action::Preflight, id)?;
        let as_of = self.clock.now();
        let reading = self.database.begin_long_read().await?;
        let loaded = load(&reading, id).await?;
        let mut notes = list_outdated(&reading, &loaded.inputs).await?;
        reading.finish().await?;
        if !is_under_way(&loaded.frame.round) {
            return Err(Fault::refused(
                Refusal::new(
                    "ROUND_NOT_OPEN",
                    "a dry run is of an open or reopened round",
                )
                .at(["round"]),
            ));
        }
        notes.extend(loaded.unconfirmed());
        let words = Vocabulary {
            scheme: loaded.frame.scheme.clone(),
            names: names(&loaded),
        };
        let mut outcome = decide_loaded(loaded).await?.outcome;
        outcome.gaps.extend(notes);
        outcome.gaps.sort();
        Ok(Preflight {
            round: id,
            outcome: Arc::new(outcome),
            words: Arc::new(words),
            as_of,
        })
    }

    /// Closes a round: counts every sheet again, decides, and stores inputs and decisions as a revision that never
    /// changes. Of several requests at once one closes, and all get the same result; a repeat gets the stored one.
    ///
    /// # Errors
    /// [`Fault::Refused`] with one refusal for each gap that blocks, `ROUND_NOT_OPEN` for a draft; where the scheme asks
    /// for two people, `PROPOSAL_MISSING`, `PROPOSAL_LAPSED`, or `SAME_PERSON` as the one who proposed;
    /// [`Fault::Denied`], also to a reviewer where nobody had to propose; [`Fault::NotFound`]; [`Fault::Conflict`] if a
    /// survey was closed in the meantime, so that trying again is safe.
    #[tracing::instrument(skip_all)]
    pub async fn close_round(&self, actor: &Actor, id: Id<Round>) -> Result<Closing, Fault> {
        self.allow_deciding(actor, Action::CloseRound, id).await?;
        // A repeat need not count anything again.
        let reading = self.database.begin_read().await?;
        let (row, found) = (
            get_round(&reading, id).await?,
            find_current(&reading, id).await?,
        );
        reading.finish().await?;
        if let Some(revision) = found.filter(|_| !is_under_way(&row)) {
            return Ok(Closing {
                revision,
                by_this_request: false,
            });
        }
        let counted = self.count_sheets(id).await?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        // The round's row first: whoever comes second waits here, and then finds the round closed.
        let row = round::Entity::find_by_id(id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let found = find_current(&transaction, id).await?;
        if !is_under_way(&row) {
            transaction.rollback().await?;
            return match found {
                Some(revision) => Ok(Closing {
                    revision,
                    by_this_request: false,
                }),
                None => Err(Fault::refused(not_open(row.state))),
            };
        }
        let reopening = reopening::find_reopening(&transaction, &row).await?;
        let loaded = load(&transaction, id).await?;
        let mut standing_in_the_way = compare(&loaded, &counted)?;
        standing_in_the_way.extend(loaded.unconfirmed());
        let inputs = loaded.inputs.clone();
        let surveys: Vec<_> = (loaded.surveys.iter())
            .filter(|survey| survey.state == survey::State::Closed)
            .map(|survey| Id::new(survey.id))
            .collect();
        let frame = loaded.frame.clone();
        let decided = decide_loaded(loaded).await?;
        let refusals = list_refusals(&frame, &standing_in_the_way, &decided);
        if !refusals.is_empty() {
            transaction.rollback().await?;
            return Err(Fault::Refused(refusals));
        }
        let proposer = proposal::find_proposer(&transaction, &frame, &decided, actor).await?;
        let by = staff_of(actor);
        let revision = store::insert(
            &transaction,
            &frame,
            &decided,
            store::Signature {
                number: found.map_or(1, |last| last.number.saturating_add(1)),
                at: now,
                by,
                reason: reopening.as_ref().map(|one| one.reason.clone()),
                combined_roles: self.combined_roles.clone(),
            },
        )
        .await?;
        let key = (row.id, i64::from(revision.number));
        revision::insert_sources(&transaction, key, &inputs).await?;
        if reopening.is_some_and(|one| one.inputs.contains(&InputKind::Relations)) {
            freeze_relations_anew(&transaction, &row).await?;
        }
        end(&transaction, &row, now).await?;
        standing::replace(&transaction, &frame, &decided.outcome, now).await?;
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &who(actor),
                action: "round.close",
                object: &id.to_string(),
                after: Some(decided.outcome_digest),
                approver: proposer.as_deref(),
                ..audit::Entry::default()
            },
        )
        .await?;
        audit::checkpoint::request(self, &transaction).await?;
        // Where a sheet was decided about since its survey closed, the seal is put on anew.
        seal::request(self, &transaction, surveys).await?;
        transaction.commit().await?;
        Ok(Closing {
            revision,
            by_this_request: true,
        })
    }

    /// Lets everybody read the results of a closed round, in the revision that stands: a correction is published again.
    /// Publishing a revision twice is no fault.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NOT_CLOSED`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn publish_round(&self, actor: &Actor, id: Id<Round>) -> Result<(), Fault> {
        allow(actor, Action::PublishRound, id)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let row = round::Entity::find_by_id(id.number())
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let current = find_current(&transaction, id).await?;
        let Some(current) = current.filter(|_| row.state == round::State::Closed) else {
            return Err(Fault::refused(
                Refusal::new("ROUND_NOT_CLOSED", "only a closed round can be published")
                    .at(["round"]),
            ));
        };
        let number = i64::from(current.number);
        let known = publication::Entity::find_by_id((row.id, number))
            .one(&transaction)
            .await?;
        if known.is_some() {
            return transaction.rollback().await;
        }
        publication::Entity::insert(publication::ActiveModel {
            round_id: Set(row.id),
            revision: Set(number),
            published_at: Set(clock::micros(now)),
        })
        .exec_without_returning(&transaction)
        .await?;
        round::Entity::update_many()
            .col_expr(
                round::Column::Publicity,
                Expr::val(round::Publicity::Published),
            )
            .col_expr(
                round::Column::RowVersion,
                Expr::col(round::Column::RowVersion).add(1_i64),
            )
            .filter(round::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        audit::append(
            &transaction,
            &audit::Entry {
                at: now,
                who: &who(actor),
                action: "round.publish",
                object: &id.to_string(),
                reason: Some(&format!("revision {number}")),
                ..audit::Entry::default()
            },
        )
        .await?;
        transaction.commit().await
    }

    /// Counts the sheets of every closed survey of a round, in a snapshot of its own and without any lock.
    async fn count_sheets(&self, id: Id<Round>) -> Result<Counted, Fault> {
        let reading = self.database.begin_long_read().await?;
        let surveys = survey::Entity::find()
            .filter(survey::Column::RoundId.eq(id.number()))
            .filter(survey::Column::State.eq(survey::State::Closed))
            .all(&reading)
            .await?;
        let mut counted = Counted::new();
        // A round has one survey or a few; each is counted in statements of its own, as large as memory allows.
        for row in surveys {
            let definition = serde_json::from_str(&row.definition).map_err(Fault::internal)?;
            let recount = count_from_sheets(&reading, Id::new(row.id), &definition).await?;
            counted.insert(row.id, recount.tallies);
        }
        reading.finish().await?;
        Ok(counted)
    }
}

/// Counts made from sheets, by survey.
type Counted = BTreeMap<i64, BTreeMap<Group, Tally>>;

/// What was decided, with the documents that are stored.
pub(crate) struct Decided {
    pub scheme: Arc<Scheme>,
    pub outcome: Outcome,
    pub inputs: Vec<u8>,
    pub inputs_digest: [u8; 32],
    pub outcome_bytes: Vec<u8>,
    pub outcome_digest: [u8; 32],
}

/// The current revision of a round, if it was closed. One statement.
pub(crate) async fn find_current(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
) -> Result<Option<Revision>, Fault> {
    let heads = list_heads(connection, id).await?;
    Ok(heads.into_iter().next())
}

/// Whether something may still be put into a round, so that it can be closed.
fn is_under_way(round: &round::Model) -> bool {
    round.state == round::State::Open || round.correcting.is_some()
}

/// Writes into the round's row that it is closed. The instant of the first closing places it among other rounds and
/// stays; each revision has its own.
async fn end(
    transaction: &WriteTransaction,
    row: &round::Model,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let closed_at = row.closed_at.unwrap_or_else(|| clock::micros(now));
    round::Entity::update_many()
        .col_expr(round::Column::State, Expr::val(round::State::Closed))
        .col_expr(round::Column::ClosedAt, Expr::val(closed_at))
        .col_expr(round::Column::Correcting, Expr::val(None::<i64>))
        .col_expr(
            round::Column::RowVersion,
            Expr::col(round::Column::RowVersion).add(1_i64),
        )
        .filter(round::Column::Id.eq(row.id))
        .exec(transaction)
        .await?;
    Ok(())
}

impl Service {
    /// Whether somebody may take a step of a round, or else decide on it since another person has to propose it. Two
    /// statements, for the latter alone.
    async fn allow_deciding(
        &self,
        actor: &Actor,
        action: Action,
        round: Id<Round>,
    ) -> Result<(), Fault> {
        if allow(actor, action, round).is_ok() {
            return Ok(());
        }
        allow(actor, Action::Confirm, round)?;
        let reader = self.database.reader();
        let row = get_round(&reader, round).await?;
        let scheme = get_scheme(&reader, &row).await?;
        if scheme.file.closing.two_people {
            Ok(())
        } else {
            Err(Fault::Denied)
        }
    }
}

fn allow(actor: &Actor, action: Action, round: Id<Round>) -> Result<(), Fault> {
    let scope = Scope {
        round: Some(round),
        ..Scope::default()
    };
    if actor.may(action, &scope) {
        Ok(())
    } else {
        Err(Fault::Denied)
    }
}

/// Decides, away from the threads that serve requests: a large round takes a second of pure computing.
async fn decide_loaded(loaded: Loaded) -> Result<Decided, Fault> {
    let Loaded { frame, inputs, .. } = loaded;
    tokio::task::spawn_blocking(move || decide_now(frame.scheme, &inputs))
        .await
        .map_err(Fault::internal)?
}

/// The same, on this thread.
pub(crate) fn decide_now(scheme: Arc<Scheme>, inputs: &Inputs) -> Result<Decided, Fault> {
    use sha2::{Digest, Sha256};
    let snapshot = lay_out(&scheme, inputs)?;
    let outcome = decide(&scheme, &snapshot);
    let inputs = inputs.to_canonical().map_err(Fault::internal)?;
    let outcome_bytes = outcome.to_canonical().map_err(Fault::internal)?;
    Ok(Decided {
        inputs_digest: Sha256::digest(&inputs).into(),
        outcome_digest: Sha256::digest(&outcome_bytes).into(),
        scheme,
        outcome,
        inputs,
        outcome_bytes,
    })
}

/// What a round is decided by, or every row that contradicts the scheme.
fn lay_out(scheme: &Scheme, inputs: &Inputs) -> Result<Snapshot, Fault> {
    Snapshot::build(scheme, inputs).map_err(|faults| {
        let refusals = faults.into_iter().take(MOST_REFUSALS).map(|fault| {
            Refusal::new(fault.code.to_uppercase(), fault.message)
                .at(fault.path.split('/').map(str::to_owned))
        });
        Fault::Refused(refusals.collect())
    })
}

/// Reads a round as closing does, and refuses it where something in it contradicts its scheme.
///
/// # Errors
/// [`Fault::Refused`] with every row.
pub(crate) async fn refuse_unfit(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
) -> Result<(), Fault> {
    let Loaded { frame, inputs, .. } = load(connection, id).await?;
    tokio::task::spawn_blocking(move || lay_out(&frame.scheme, &inputs).map(drop))
        .await
        .map_err(Fault::internal)?
}

/// Where the counts made from the sheets are not those kept beside them.
fn compare(loaded: &Loaded, counted: &Counted) -> Result<Vec<Gap>, Fault> {
    let mut gaps = Vec::new();
    for survey in &loaded.surveys {
        if survey.state != survey::State::Closed {
            continue;
        }
        // Closed between the count and the lock.
        let sheets = counted.get(&survey.id).ok_or(Fault::Conflict)?;
        let groups: std::collections::BTreeSet<&Group> =
            survey.kept.keys().chain(sheets.keys()).collect();
        let none = Tally::default();
        for group in groups {
            let side = |side: &BTreeMap<Group, Tally>| {
                side.get(group).cloned().unwrap_or_else(|| none.clone())
            };
            if side(&survey.kept) != side(sheets) {
                let subject = loaded.frame.code(group.subject.number());
                gaps.push(Gap {
                    subject: subject.map(Arc::from),
                    kind: GapKind::TallyMismatch,
                    place: Arc::from(survey.definition.code.as_str()),
                    what: None,
                    reason: Reason::with(ReasonCode::TalliesDiffer, [group.panel.as_str()]),
                    blocks: true,
                    action: Clearing::Look,
                });
            }
        }
    }
    Ok(gaps)
}

/// Everything that keeps the round from being closed.
fn list_refusals(frame: &Frame, mismatches: &[Gap], decided: &Decided) -> Vec<Refusal> {
    let names = frame
        .participants
        .values()
        .map(|one| (one.code.as_str(), one.name_en.as_str()));
    let explainer = Explainer::new(&decided.scheme, names);
    mismatches
        .iter()
        .chain(decided.outcome.blocking())
        .take(MOST_REFUSALS)
        .map(|gap| refuse(&explainer, gap))
        .collect()
}

/// A gap as a refusal: by its kind, with the subject and place as path.
fn refuse(explainer: &Explainer<'_>, gap: &Gap) -> Refusal {
    let path = std::iter::once("round")
        .chain(gap.subject.as_deref())
        .chain(std::iter::once(gap.place.as_ref()));
    Refusal::new(word(&gap.kind).to_uppercase(), explainer.gap(gap).en).at(path)
}

/// The word of an enumeration in its documents.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn names(loaded: &Loaded) -> BTreeMap<String, String> {
    loaded
        .frame
        .participants
        .values()
        .map(|one| (one.code.clone(), one.name.clone()))
        .collect()
}
