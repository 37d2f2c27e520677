//! Intake: the way of a citizen's answer from the page into the database.
//!
//! One task per process books answers. It takes whatever waits, books all of it in one transaction and answers each
//! sender only after the commit, so concurrent answers share one flush to disk and a lone citizen waits for nobody. No
//! timer is involved, and no write is ever cancelled: a sender that goes away only stops listening.
//!
//! What must hold is held by the database: an invitation is spent by compare-and-set, a receipt is unique within its
//! survey, a survey is open in the very transaction that stores the answer. A second attempt with the same form finds
//! the first one and gets the same receipt.
//!
//! Deliberately absent: who the respondent is, and any record of which answer came from which invitation.

mod ballot;
mod batch;
mod change;
mod door;
mod key;
mod postgres;
mod preview;
mod sqlite;
mod writer;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::survey::{Answers, BallotAnswers, encode, judge, judge_ballot};
use tokio::sync::{Mutex, Notify, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::{Fault, Service};

pub use ballot::{BallotLink, BallotState, BallotSubmission, KnownBallot};
pub use change::ChangeState;
pub use door::{Admitted, InvitationState, KnownSurvey, Link, LinkState, Standing};
pub use key::{ChangeCode, FormKey, InvitationToken, Receipt};
pub(crate) use key::{Secret, find_or_make_secret};
pub use preview::{Preview, PreviewPass, PreviewWanted};

pub use crate::survey::seal::{Proof, Sealed};

use batch::{Admission, Candidate, Outcome};
use door::Door;
use writer::Waiting;

/// How much the intake may hold.
#[derive(Debug, Clone, Copy)]
pub struct IntakeSettings {
    /// Answers that may wait to be booked; beyond them senders are told to come back.
    pub queue: usize,
    /// Most answers booked in one transaction.
    pub batch: usize,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            queue: 4_096,
            batch: 256,
        }
    }
}

/// How long a sender that was turned away should wait before the next attempt.
pub const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The intake of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    service: Service,
    door: Arc<Door>,
    secret: Arc<Secret>,
    sender: mpsc::Sender<Waiting>,
    changes: Arc<Semaphore>,
    stop: Arc<Notify>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// A respondent's answers, ready to be booked.
#[derive(Debug, Clone)]
pub struct Submission {
    /// What lets the respondent in, by a link or by [`Intake::admit`].
    pub admitted: Admitted,
    /// The key that the form carried.
    pub key: FormKey,
    /// The answers, read by the survey's definition.
    pub answers: Answers,
    /// What is counted apart from them.
    pub beside: Beside,
}

/// What comes with answers, and is counted apart from them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside {
    /// The network that they came from: an address, or of IPv6 the part that one subscriber owns. It is stored nowhere.
    pub network: Option<IpAddr>,
    /// Whether somebody told the respondent what to answer; nothing where that was not answered.
    pub told: Option<bool>,
    /// Whether a field came filled in that no person sees: the sheet is held back until somebody decides.
    pub is_trapped: bool,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booking {
    /// The answers are stored, now or by an earlier attempt with the same form.
    Booked(Receipt),
    /// They are not, and will not be.
    Refused(RefusedAnswer),
}

/// Why answers are not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedAnswer {
    /// The survey is not open.
    Closed,
    /// The invitation has been used.
    AlreadyAnswered,
    /// There is no such invitation, or it was revoked.
    Unknown,
    /// The form was already sent with other answers.
    OtherAnswers,
    /// The form was not made here, or for another survey: draw it again.
    ForeignForm,
    /// The sheet to be changed was changed before; the receipt of the last change leads to what holds.
    Changed,
}

/// Whether a receipt's answers count. Never what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptStatus {
    /// Stored and counted.
    Counted,
    /// Stored, but a rule of validity speaks against them.
    NotCounted,
    /// Another sheet counts in its place.
    Replaced,
    /// No such receipt.
    Unknown,
}

impl Intake {
    /// Starts the task that books answers. The database must be migrated.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if the database cannot be reached.
    pub async fn start(service: Service, settings: IntakeSettings) -> Result<Self, Fault> {
        let secret = Arc::new(find_or_make_secret(&service).await?);
        let (sender, receiver) = mpsc::channel(settings.queue.max(1));
        let stop = Arc::new(Notify::new());
        let desk = writer::Desk::new(&service, settings.batch.max(1));
        let writer = tokio::spawn(desk.run(receiver, stop.clone()));
        Ok(Self {
            door: Arc::new(Door::default()),
            service,
            secret,
            sender,
            changes: Arc::new(Semaphore::new(change::AT_ONCE)),
            stop,
            writer: Arc::new(Mutex::new(Some(writer))),
        })
    }

    /// What stands behind an open link; nothing if there is no such link. Asks the database at most once a second for
    /// each survey once the link is known.
    pub async fn find_link(&self, code: &str) -> Result<Option<LinkState>, Fault> {
        self.door.find_link(&self.service, code).await
    }

    /// What stands behind an invitation, without using it up; nothing if the token is unknown or revoked. One
    /// statement.
    pub async fn find_invitation(
        &self,
        token: &InvitationToken,
    ) -> Result<Option<InvitationState>, Fault> {
        self.door.find_invitation(&self.service, token).await
    }

    /// The survey of an invitation, to read a form by; whether the invitation is good is asked when the answers are
    /// booked. Without a statement once the survey is known.
    pub async fn admit(&self, token: &InvitationToken) -> Result<Option<Admitted>, Fault> {
        self.door.admit(&self.service, token).await
    }

    /// What stands behind an open link to a ballot; nothing if there is none of that code. Costs what [`Self::find_link`]
    /// does.
    pub async fn find_ballot_link(&self, code: &str) -> Result<Option<BallotState>, Fault> {
        self.door.find_ballot_link(&self.service, code).await
    }

    /// What stands behind an invitation to a ballot, without using it up; nothing if the token is unknown, revoked, or of
    /// a survey that is no ballot.
    pub async fn find_ballot_invitation(
        &self,
        token: &InvitationToken,
    ) -> Result<Option<BallotState>, Fault> {
        self.door.find_ballot_invitation(&self.service, token).await
    }

    /// A key for a form that is about to be drawn.
    pub fn make_key(&self, admitted: &Admitted) -> Result<FormKey, Fault> {
        FormKey::make(&self.service, &self.secret, admitted)
    }

    /// Books answers, durably, and returns once they are. May be repeated with the same form until it succeeds.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if too many wait or the database cannot be used; the answers may or may not be stored,
    /// and a repetition finds out.
    pub async fn book(&self, submission: Submission) -> Result<Booking, Fault> {
        let Submission {
            admitted,
            key,
            answers,
            beside,
        } = submission;
        let receipt = key.receipt(&self.secret, &admitted);
        let Some(receipt) = receipt.filter(|_| admitted.ballot().is_none()) else {
            return Ok(Booking::Refused(RefusedAnswer::ForeignForm));
        };
        let definition = &admitted.survey().definition;
        let seconds = key.seconds_until(self.service.clock.now());
        let (network, told) = self.read_beside(&admitted, beside).await;
        let candidate = Candidate {
            network,
            told,
            is_trapped: beside.is_trapped,
            survey: admitted.survey().clone(),
            ballot: None,
            admission: admitted.admission(),
            verdict: judge(definition, &answers, Some(seconds)),
            bytes: encode(definition, &answers),
            words: write_words(&answers)?,
            receipt_hash: receipt.hash(),
            body_hash: answers.digest(definition),
        };
        self.send(candidate, receipt).await
    }

    /// Books a ballot as [`Self::book`] does answers about one subject.
    ///
    /// # Errors
    /// As [`Self::book`].
    pub async fn book_ballot(&self, submission: BallotSubmission) -> Result<Booking, Fault> {
        let BallotSubmission {
            admitted,
            key,
            answers,
            beside,
        } = submission;
        let (Some(receipt), Some(ballot)) =
            (key.receipt(&self.secret, &admitted), admitted.ballot())
        else {
            return Ok(Booking::Refused(RefusedAnswer::ForeignForm));
        };
        let definition = &admitted.survey().definition;
        let seconds = key.seconds_until(self.service.clock.now());
        let (network, told) = self.read_beside(&admitted, beside).await;
        let candidate = Candidate {
            network,
            told,
            is_trapped: beside.is_trapped,
            survey: admitted.survey().clone(),
            ballot: Some(ballot.clone()),
            admission: admitted.admission(),
            verdict: judge_ballot(definition, &answers, Some(seconds)),
            bytes: answers.encode(definition),
            words: write_ballot_words(&answers)?,
            receipt_hash: receipt.hash(),
            body_hash: answers.digest(definition),
        };
        self.send(candidate, receipt).await
    }

    /// The code by which answers of this receipt can be changed; nothing where the survey does not allow it.
    pub fn change_code(&self, survey: &KnownSurvey, receipt: &Receipt) -> Option<ChangeCode> {
        let code = ChangeCode::of(&self.secret, receipt);
        survey.definition.changeable.then_some(code)
    }

    /// The sheet that a receipt and the code beside it allow to change; nothing where they do not belong together, or
    /// the survey allows no changes. One statement once the survey is known.
    pub async fn find_change(
        &self,
        receipt: &Receipt,
        code: &ChangeCode,
    ) -> Result<Option<ChangeState>, Fault> {
        if !code.fits(&self.secret, receipt) {
            return Ok(None);
        }
        self.door.find_change(&self.service, receipt).await
    }

    /// What is counted beside a sheet. A change was counted when it was first sent.
    async fn read_beside(
        &self,
        admitted: &Admitted,
        beside: Beside,
    ) -> (Option<u16>, Option<bool>) {
        let survey = admitted.survey();
        if matches!(admitted.admission(), Admission::Change { .. }) {
            return (None, None);
        }
        let network = match beside.network {
            // Nobody is turned away because their network could not be counted.
            Some(network) => survey
                .number_of(&self.service, network)
                .await
                .ok()
                .flatten(),
            None => None,
        };
        let told = beside.told.filter(|_| survey.definition.asks_whether_told);
        (network, told)
    }

    async fn send(&self, candidate: Candidate, receipt: Receipt) -> Result<Booking, Fault> {
        let outcome = if let Admission::Change { receipt_hash } = candidate.admission {
            self.change(receipt_hash, candidate).await?
        } else {
            let (reply, outcome) = oneshot::channel();
            let waiting = Waiting { candidate, reply };
            if self.sender.try_send(waiting).is_err() {
                // Full, or the process is about to end. Not logged one by one: a crowd would fill the disk with it.
                return Err(Fault::Unavailable);
            }
            outcome.await.map_err(|_| Fault::Unavailable)??
        };
        Ok(match outcome {
            Outcome::Booked => Booking::Booked(receipt),
            Outcome::Refused(reason) => Booking::Refused(reason),
        })
    }

    /// In a task of its own, for no write is cancelled when its sender goes away.
    async fn change(&self, before: [u8; 32], candidate: Candidate) -> Result<Outcome, Fault> {
        let permit = self.changes.clone().try_acquire_owned();
        let permit = permit.map_err(|_| Fault::Unavailable)?;
        let service = self.service.clone();
        let task = tokio::spawn(async move {
            let outcome = change::book(&service, before, &candidate).await;
            drop(permit);
            outcome
        });
        match task.await {
            Ok(outcome) => outcome,
            Err(_) => Err(Fault::Unavailable),
        }
    }

    /// Whether the answers of a receipt count. One statement, which does the same work whatever it finds.
    pub async fn find_receipt(&self, receipt: &Receipt) -> Result<ReceiptStatus, Fault> {
        door::find_receipt(&self.service, receipt).await
    }

    /// The proof that the answers of a receipt are in the sealed list of their survey. Four statements.
    ///
    /// # Errors
    /// [`Fault::Internal`] where the sheets are not those that were sealed.
    pub async fn prove_receipt(&self, receipt: &Receipt) -> Result<Proof, Fault> {
        crate::survey::seal::prove(&self.service, receipt.hash()).await
    }

    /// Whether the task that books answers is at work and has room.
    pub fn is_ready(&self) -> bool {
        !self.sender.is_closed() && self.sender.capacity() > 0
    }

    /// How many answers wait to be booked.
    pub fn waiting(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }

    /// Books what waits, turns away what comes later, and returns once all of it is durable.
    pub async fn finish(&self) {
        let all = u32::try_from(change::AT_ONCE).unwrap_or(u32::MAX);
        // Once all permits are back none is given out any more.
        let _over = self.changes.acquire_many(all).await;
        self.changes.close();
        self.stop.notify_one();
        if let Some(task) = self.writer.lock().await.take() {
            let _: Result<(), _> = task.await;
        }
    }
}

/// The same of a ballot, by line and then by question.
pub(crate) fn write_ballot_words(answers: &BallotAnswers) -> Result<Option<String>, Fault> {
    let lines = answers.lines().iter().enumerate();
    let words: BTreeMap<usize, BTreeMap<usize, &str>> = lines
        .map(|(line, answers)| (line, answers.words().collect()))
        .filter(|(_, words): &(usize, BTreeMap<usize, &str>)| !words.is_empty())
        .collect();
    if words.is_empty() {
        return Ok(None);
    }
    (serde_json::to_string(&words).map(Some)).map_err(Fault::internal)
}

/// What was answered in words, as a sheet holds it: a JSON object by the number of the question.
pub(crate) fn write_words(answers: &Answers) -> Result<Option<String>, Fault> {
    let words: BTreeMap<usize, &str> = answers.words().collect();
    if words.is_empty() {
        return Ok(None);
    }
    (serde_json::to_string(&words).map(Some)).map_err(Fault::internal)
}
