//! What is put into an open round: points, tasks done, measures, facts, nil reports and proposed grades, one by one or
//! as a whole table.
//!
//! Every row is checked by the domain against the round's own scheme, the same check as at the close-out, so nothing
//! that is stored here is refused there. Several rows are stored together or not at all. Whoever writes takes the
//! round's row first and thereby waits for a close-out, or finds the round closed.
//!
//! Deliberately absent: reading files. Tables come in as rows of text.

mod check;
mod evidence;
mod fact;
pub mod import;

mod score;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::id::{Id, Round, Subject};
use domain::inputs::Inputs;

pub(crate) use check::{Named, find_faults, refuse, settle};
pub use evidence::{Checklist, ChecklistChange, Evidence, Measure, MeasureChange, NilReport};
pub use evidence::{NilReportChange, ProposedGrade, ProposedGradeChange, Put};
pub(crate) use evidence::{Row, read_rows};
pub(crate) use fact::touch_rounds_of;
pub use fact::{AddedFact, Fact, FactDraft, FactStatus, Place as FactPlace};
pub use score::{Score, ScoreChange};

use crate::database::WriteTransaction;
use crate::frame::{Frame, Whom, who};
use crate::freeze::{Touch, touch};
use crate::{Fault, Refusal, Service, audit};

/// Rows that one request may put in, outside imports.
pub const MOST_ROWS: usize = 250;

/// A change that is being made to an open round.
pub(crate) struct Change {
    pub transaction: WriteTransaction,
    pub frame: Frame,
    pub now: DateTime<Utc>,
}

/// What is to be changed, and by whom.
pub(crate) struct Request<'a> {
    pub actor: &'a Actor,
    pub action: Action,
    pub round: Id<Round>,
    /// The subjects that it is about.
    pub subjects: BTreeSet<i64>,
    /// What of the round it changes.
    pub touch: Touch<'a>,
}

impl<'a> Request<'a> {
    /// About one subject.
    pub fn about_one(
        actor: &'a Actor,
        action: Action,
        (round, subject): (Id<Round>, Id<Subject>),
        touch: Touch<'a>,
    ) -> Self {
        Self {
            actor,
            action,
            round,
            subjects: BTreeSet::from([subject.number()]),
            touch,
        }
    }
}

impl Change {
    /// Takes the round, reads it with the subjects that the change is about, and asks for permission.
    ///
    /// # Errors
    /// [`Fault::Denied`]; [`Fault::NotFound`]; [`Fault::Refused`] with `ROUND_NOT_OPEN` or `INPUT_FROZEN`.
    pub async fn begin(service: &Service, request: &Request<'_>) -> Result<Self, Fault> {
        if !request.actor.may_somewhere(request.action) {
            return Err(Fault::Denied);
        }
        let now = service.clock.now();
        let transaction = service.database.begin_write().await?;
        touch(&transaction, request.round, request.touch, now).await?;
        let whom = Whom::These(&request.subjects);
        let frame = Frame::load(&transaction, request.round, whom).await?;
        frame.allow(
            request.actor,
            request.action,
            request.subjects.iter().copied(),
        )?;
        Ok(Self {
            transaction,
            frame,
            now,
        })
    }

    /// The code of a subject of the round.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SUBJECT_OUTSIDE_ROUND`.
    pub fn code_of(&self, subject: Id<Subject>) -> Result<String, Fault> {
        self.frame
            .code(subject.number())
            .map(str::to_owned)
            .ok_or_else(|| {
                Fault::refused(
                    Refusal::new(
                        "SUBJECT_OUTSIDE_ROUND",
                        "this subject takes no part in the round; name one of its roster",
                    )
                    .at(["subject"]),
                )
            })
    }

    /// Refuses a single row that the round's scheme does not take; `fill` puts it first into its list.
    pub fn check_one(&self, list: &str, fill: impl FnOnce(&mut Inputs)) -> Result<(), Fault> {
        let faults = find_faults(&self.frame, fill)?;
        settle(refuse(faults, Named { list, rows: &[0] }))
    }

    /// Writes the log and makes everything durable.
    pub async fn finish(self, request: &Request<'_>, done: Done<'_>) -> Result<(), Fault> {
        audit::append(
            &self.transaction,
            &audit::Entry {
                at: self.now,
                who: &who(request.actor),
                action: done.action,
                object: &request.round.to_string(),
                after: Some(done.digest),
                reason: done.reason,
                approver: done.approver,
                ..audit::Entry::default()
            },
        )
        .await?;
        self.transaction.commit().await
    }
}

/// What the log says about a change.
pub(crate) struct Done<'a> {
    pub action: &'a str,
    /// SHA-256 of what was put in.
    pub digest: [u8; 32],
    pub reason: Option<&'a str>,
    /// Who proposed it, as the log names them, where another person decided.
    pub approver: Option<&'a str>,
}

/// Refuses more rows than one request may put in.
pub(crate) fn refuse_too_many(rows: usize, list: &str) -> Result<(), Fault> {
    if rows <= MOST_ROWS {
        return Ok(());
    }
    let message =
        format!("{rows} rows are too many at once; send at most {MOST_ROWS}, or import a table");
    Err(Fault::refused(
        Refusal::new("TOO_MANY_ROWS", message).at([list]),
    ))
}

/// SHA-256 of values as they are logged.
pub(crate) fn digest(values: &impl std::fmt::Debug) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(format!("{values:?}").as_bytes()).into()
}
