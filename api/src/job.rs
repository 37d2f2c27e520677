//! Work that nobody waits for: jobs of the outbox, checkpoints of the log, figures of open rounds, and the removal of
//! sessions and links that are over.
//!
//! Any number of workers may run, inside `serve` and beside it; the database hands each job to one of them. A job may
//! run twice, so each is written to bear that. Deliberately absent: making jobs. They are written in the transaction
//! that makes them necessary.

use std::time::Duration;

use chrono::TimeDelta;
use service::audit::checkpoint;
use service::outbox::{self, Claim, Failure, Fate, Job};
use service::staff::link::{INVITATION_JOB, RESET_JOB};
use service::standing::Seen;
use service::survey::{Delivery, MAIL_JOB, WARNING_JOB, seal};
use service::{Fault, Service};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::auth::link::Links;
use crate::http::shutdown::Shutdown;
use crate::letter::{Sender, write_mail, write_warning};
use crate::mail::{MailFault, Mailer, Message};
use crate::metric;
use crate::notary::Notary;

/// How often to look for work.
const PAUSE: Duration = Duration::from_secs(1);

/// How often to remove what has expired. Until then it lies there without effect.
const PURGE: Duration = Duration::from_hours(1);

/// How often to look whether a checkpoint is due.
const LOOK_AT_LOG: Duration = Duration::from_mins(1);

/// How long a claimed job stays ours.
const LEASE: Duration = Duration::from_mins(2);

/// How long one job may take, well within the lease of all that were claimed with it.
const PATIENCE: Duration = Duration::from_secs(25);

/// A mail that is whole, as the outbox holds it.
const MESSAGE_JOB: &str = "mail";

/// Every kind of job.
pub(crate) const KINDS: [&str; 7] = [
    MESSAGE_JOB,
    checkpoint::JOB,
    seal::JOB,
    MAIL_JOB,
    INVITATION_JOB,
    RESET_JOB,
    WARNING_JOB,
];

/// Jobs claimed at once.
const BATCH: u32 = 4;

/// Does the work of the outbox, keeps the interim figures of open rounds fresh, and clears away.
#[derive(Debug)]
pub struct Worker {
    service: Service,
    tools: Tools,
    seen: Seen,
}

/// What a worker works with.
#[derive(Debug)]
pub struct Tools {
    /// Sends mail.
    pub mailer: Mailer,
    /// Signs checkpoints and seals.
    pub notary: Notary,
    /// Who invites citizens.
    pub letters: Sender,
    /// Writes mails with links for staff.
    pub links: Links,
    /// How long jobs stay in the outbox once they are done or given up.
    pub kept: TimeDelta,
}

impl Worker {
    /// A worker on this database.
    pub fn new(service: Service, tools: Tools) -> Self {
        Self {
            service,
            tools,
            seen: Seen::default(),
        }
    }

    /// Works until the end is announced; a job that has begun is finished.
    pub async fn run(self, shutdown: Shutdown) {
        let mut tick = interval(PAUSE);
        // After an outage once is enough: nothing is gained by catching up.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut purge = interval(PURGE);
        purge.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut log = interval(LOOK_AT_LOG);
        log.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                _ = purge.tick() => {
                    let _in_the_log: Result<u64, Fault> =
                        metric::count_run("sessions", self.service.purge_sessions().await);
                    let days = TimeDelta::days(i64::from(self.tools.letters.contact_days));
                    let _in_the_log: Result<u64, Fault> =
                        metric::count_run("contacts", self.service.erase_contacts(days).await);
                    let _in_the_log: Result<u64, Fault> =
                        metric::count_run("staff_links", self.service.purge_staff_links().await);
                    let until = self.service.clock.now() - self.tools.kept;
                    let removed = outbox::remove_done(&self.service.database, until).await;
                    let _in_the_log: Result<u64, Fault> = metric::count_run("done_jobs", removed);
                    continue;
                }
                _ = log.tick() => {
                    let made = self.tools.notary.make_due(&self.service).await;
                    let _in_the_log: Result<_, Fault> = metric::count_run("checkpoint", made);
                    continue;
                }
                () = shutdown.triggered() => return,
            }
            // Faults are in the log already; the next round tries again.
            let _in_the_log: Result<usize, Fault> =
                metric::count_run("due_surveys", self.service.close_due_surveys().await);
            while let Ok(true) = metric::count_run("outbox", self.work().await) {}
            let counted = self.service.count_survey_days().await;
            let _in_the_log: Result<usize, Fault> = metric::count_run("survey_days", counted);
            let moved = self.service.advance_live_figures().await;
            let _in_the_log: Result<usize, Fault> = metric::count_run("live_figures", moved);
            let raised = self.service.raise_survey_warnings().await;
            let _in_the_log: Result<usize, Fault> = metric::count_run("survey_warnings", raised);
            let refreshed = self.service.refresh_standings(&self.seen).await;
            let _in_the_log: Result<usize, Fault> = metric::count_run("standings", refreshed);
        }
    }

    /// Does what is due. True if there may be more.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if the database cannot be used.
    pub async fn work(&self) -> Result<bool, Fault> {
        let claim = Claim {
            now: self.service.clock.now(),
            lease: LEASE,
            limit: BATCH,
        };
        let jobs = outbox::claim(&self.service.database, claim).await?;
        for job in &jobs {
            self.settle(job).await?;
        }
        Ok(!jobs.is_empty())
    }

    async fn settle(&self, job: &Job) -> Result<(), Fault> {
        let outcome = match timeout(PATIENCE, self.perform(job)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("took too long".to_owned()),
        };
        let now = self.service.clock.now();
        let database = &self.service.database;
        match outcome {
            Ok(()) => {
                outbox::finish(database, job, now).await?;
                metric::count_job(&job.kind, "done");
            }
            Err(fault) => {
                let failure = Failure { now, fault: &fault };
                let fate = outbox::fail(database, job, failure).await?;
                let given_up = fate == Fate::GivenUp;
                metric::count_job(&job.kind, if given_up { "given_up" } else { "failed" });
                if given_up && job.kind == MAIL_JOB {
                    self.service
                        .note_invitation_mail(&job.body, Delivery::Failed)
                        .await?;
                }
                tracing::warn!(
                    kind = job.kind,
                    attempt = job.attempt,
                    fault,
                    given_up,
                    "a job failed"
                );
            }
        }
        Ok(())
    }

    /// Makes a link and mails it. Each attempt mails a link of its own, so each is a message of its own.
    async fn mail_link(&self, job: &Job) -> Result<(), String> {
        let lifetimes = self.tools.links.lifetimes();
        let made = self
            .service
            .make_wanted_link(&job.kind, &job.body, lifetimes)
            .await
            .map_err(|_| "no link could be made".to_owned())?;
        // For whom there is no account, or none that may have one, there is nothing to send.
        let Some(made) = made else {
            return Ok(());
        };
        let key = format!("job-{}-{}", job.id, job.attempt);
        let sent = self
            .tools
            .mailer
            .send(&self.tools.links.write_mail(&made), &key)
            .await;
        if let Err(fault) = sent {
            let _in_the_log: Result<(), Fault> = self.service.remove_staff_link(&made.token).await;
            return match fault {
                MailFault::NoSuchAddress(_) | MailFault::Unfit(_) => {
                    tracing::warn!(%fault, "a link for staff has nowhere to go");
                    Ok(())
                }
                other => Err(other.to_string()),
            };
        }
        Ok(())
    }

    async fn perform(&self, job: &Job) -> Result<(), String> {
        match job.kind.as_str() {
            MESSAGE_JOB => {
                let message: Message = serde_json::from_str(&job.body)
                    .map_err(|_| "the job is no message".to_owned())?;
                let key = format!("job-{}", job.id);
                self.tools
                    .mailer
                    .send(&message, &key)
                    .await
                    .map_err(|fault| fault.to_string())
            }
            checkpoint::JOB => match self.tools.notary.make(&self.service).await {
                Ok(_) => Ok(()),
                Err(_) => Err("no checkpoint of the log could be made".to_owned()),
            },
            seal::JOB => {
                let signer = self.tools.notary.signer();
                match self.service.seal_wanted(signer, &job.body).await {
                    Ok(()) => Ok(()),
                    Err(_) => Err("a survey could not be sealed".to_owned()),
                }
            }
            MAIL_JOB => self.invite(job).await,
            WARNING_JOB => self.warn(job).await,
            INVITATION_JOB | RESET_JOB => self.mail_link(job).await,
            other => Err(format!(
                "`{other}` is no kind of job that this version knows"
            )),
        }
    }

    /// Mails warnings to one of those who run a survey.
    async fn warn(&self, job: &Job) -> Result<(), String> {
        let found = self.service.find_warning_mail(&job.body).await;
        let found = found.map_err(|_| "the warnings could not be read".to_owned())?;
        let Some(mail) = found else { return Ok(()) };
        let message = write_warning(&mail, &self.tools.letters);
        let key = format!("job-{}", job.id);
        match self.tools.mailer.send(&message, &key).await {
            Err(fault @ (MailFault::NoSuchAddress(_) | MailFault::Unfit(_))) => {
                tracing::warn!(%fault, "a warning has nowhere to go");
                Ok(())
            }
            sent => sent.map_err(|fault| fault.to_string()),
        }
    }

    /// Sends an invitation or a reminder, unless it is no longer needed. If the worker dies between the two, the same
    /// message leaves again under the same name, by which mail programs show it once.
    async fn invite(&self, job: &Job) -> Result<(), String> {
        let broken = |_: Fault| "the database cannot be used".to_owned();
        let mail = self.service.find_invitation_mail(&job.body).await;
        let mut became = Delivery::Sent;
        if let Some(mail) = mail.map_err(broken)? {
            let message =
                write_mail(&mail, &self.tools.letters).map_err(|error| error.to_string())?;
            let key = format!("job-{}", job.id);
            match self.tools.mailer.send(&message, &key).await {
                Ok(()) => {}
                Err(fault @ (MailFault::NoSuchAddress(_) | MailFault::Unfit(_))) => {
                    tracing::warn!(%fault, "an invitation has nowhere to go");
                    became = Delivery::Failed;
                }
                Err(fault) => return Err(fault.to_string()),
            }
        }
        let noted = self.service.note_invitation_mail(&job.body, became).await;
        noted.map_err(broken)
    }
}
