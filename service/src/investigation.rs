//! Special investigations (专项调查): opened because a rule fires or by hand, and decided by what they found.
//!
//! Whether a rule fires is asked of the engine, on the figures of the moment. Carrying an investigation out is
//! deliberately absent: only its beginning and its finding are recorded.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::correction::InputKind;
use domain::id::{self, Id, Round, Subject};
use domain::inputs;
use domain::outcome::GapKind;
use domain::scheme::file::Finding;
use entity::{investigation, round_subject};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::closeout::decide_now;
use crate::closeout::load::{finding_of, load};
use crate::frame::{Frame, Whom};
use crate::freeze::{Touch, touch};
use crate::inspection::{Change, Done, Request, digest};
use crate::permit::ask_somewhere;
use crate::round::place;
use crate::scope::within;
use crate::{Fault, Refusal, Service, clock};

/// What investigations change of a round.
const FINDINGS: Touch<'static> = Touch::Change(&[InputKind::Investigations]);

/// An investigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Investigation {
    /// Its id.
    pub id: Id<id::Investigation>,
    /// The round.
    pub round: Id<Round>,
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The rule that it belongs to.
    pub rule: String,
    /// Whether a person opened it, not the rule.
    pub by_hand: bool,
    /// What it found; absent while it is open.
    pub finding: Option<Finding>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was decided so.
    pub reason: Option<String>,
}

/// An investigation to be opened by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvestigationDraft {
    /// The round.
    pub round: Id<Round>,
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The rule that it belongs to: one that opens investigations.
    pub rule: String,
    /// Why it is opened though the rule does not fire; goes into the log.
    pub reason: String,
}

/// What an investigation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingDraft {
    /// Which investigation.
    pub id: Id<id::Investigation>,
    /// What it found.
    pub finding: Finding,
    /// Why.
    pub reason: String,
}

impl Service {
    /// Opens an investigation by hand.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `UNKNOWN_NAME` for a rule that opens none, `SUBJECT_OUTSIDE_ROUND`,
    /// `INVESTIGATION_EXISTS`, `REASON_MISSING`, `ROUND_NOT_OPEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn open_investigation(
        &self,
        actor: &Actor,
        draft: InvestigationDraft,
    ) -> Result<Investigation, Fault> {
        need_reason(&draft.reason)?;
        let request = Request::about_one(
            actor,
            Action::Investigate,
            (draft.round, draft.subject),
            FINDINGS,
        );
        let change = Change::begin(self, &request).await?;
        let code = change.code_of(draft.subject)?;
        change.check_one("investigations", |inputs| {
            inputs.investigations.push(inputs::Investigation {
                subject: code,
                rule: draft.rule.clone(),
                by_hand: true,
                finding: None,
            });
        })?;
        let known = investigation::Entity::find()
            .filter(investigation::Column::RoundId.eq(draft.round.number()))
            .filter(investigation::Column::SubjectId.eq(draft.subject.number()))
            .filter(investigation::Column::Rule.eq(draft.rule.clone()))
            .one(&change.transaction)
            .await?;
        if known.is_some() {
            change.transaction.rollback().await?;
            return Err(Fault::refused(
                Refusal::new(
                    "INVESTIGATION_EXISTS",
                    "this rule already has an investigation of this subject; record its finding",
                )
                .at(["rule"]),
            ));
        }
        let row = new_row(
            self,
            &change.frame,
            Opening {
                subject: draft.subject.number(),
                rule: draft.rule.clone(),
                by: investigation::OpenedBy::Hand,
                at: change.now,
            },
        )?;
        let opened = read(row.clone())?;
        investigation::Entity::insert(set(row))
            .exec_without_returning(&change.transaction)
            .await?;
        let done = Done {
            action: "investigation.open",
            digest: digest(&draft),
            reason: Some(&draft.reason),
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(opened)
    }

    /// Opens every investigation of a round that a rule now asks for and that is not open yet, and returns those.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NOT_OPEN`; [`Fault::Denied`] unless the actor may investigate in the whole round;
    /// [`Fault::NotFound`].
    pub async fn open_due_investigations(
        &self,
        actor: &Actor,
        round: Id<Round>,
    ) -> Result<Vec<Investigation>, Fault> {
        let scope = domain::access::Scope {
            round: Some(round),
            ..domain::access::Scope::default()
        };
        if !actor.may(Action::Investigate, &scope) {
            return Err(Fault::Denied);
        }
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        touch(&transaction, round, FINDINGS, now).await?;
        let loaded = load(&transaction, round).await?;
        let (frame, inputs) = (loaded.frame, loaded.inputs);
        let scheme = frame.scheme.clone();
        let decided = tokio::task::spawn_blocking(move || decide_now(scheme, &inputs))
            .await
            .map_err(Fault::internal)??;
        let subjects = frame.by_code();
        let mut rows = Vec::new();
        for gap in &decided.outcome.gaps {
            let subject = gap.subject.as_deref().and_then(|code| subjects.get(code));
            let (GapKind::InvestigationDue, Some(subject)) = (gap.kind, subject) else {
                continue;
            };
            rows.push(new_row(
                self,
                &frame,
                Opening {
                    subject: subject.id,
                    rule: gap.place.to_string(),
                    by: investigation::OpenedBy::Rule,
                    at: now,
                },
            )?);
        }
        let opened = rows
            .iter()
            .cloned()
            .map(read)
            .collect::<Result<Vec<_>, _>>()?;
        let change = Change {
            transaction,
            frame: frame.clone(),
            now,
        };
        if rows.is_empty() {
            change.transaction.rollback().await?;
            return Ok(opened);
        }
        // Seven values that are set in each row: below what SQLite binds at once.
        for part in rows.chunks(2_000) {
            investigation::Entity::insert_many(part.iter().cloned().map(set))
                .exec_without_returning(&change.transaction)
                .await?;
        }
        let request = Request {
            actor,
            action: Action::Investigate,
            round,
            subjects: BTreeSet::new(),
            touch: FINDINGS,
        };
        let done = Done {
            action: "round.open_due_investigations",
            digest: digest(&opened),
            reason: None,
            approver: None,
        };
        change.finish(&request, done).await?;
        Ok(opened)
    }

    /// Records what an investigation found. Once: a finding is not changed.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `FINDING_RECORDED`, `REASON_MISSING`, `ROUND_NOT_OPEN`; [`Fault::Denied`];
    /// [`Fault::NotFound`].
    pub async fn record_finding(
        &self,
        actor: &Actor,
        draft: FindingDraft,
    ) -> Result<Investigation, Fault> {
        need_reason(&draft.reason)?;
        if !actor.may_somewhere(Action::Investigate) {
            return Err(Fault::Denied);
        }
        let row = investigation::Entity::find_by_id(draft.id.number())
            .one(&self.database.reader())
            .await?
            .ok_or(Fault::NotFound)?;
        let request = Request::about_one(
            actor,
            Action::Investigate,
            (Id::new(row.round_id), Id::new(row.subject_id)),
            FINDINGS,
        );
        let change = Change::begin(self, &request).await?;
        let finding = match draft.finding {
            Finding::Verified => investigation::Finding::Verified,
            Finding::Unfounded => investigation::Finding::Unfounded,
        };
        let at = clock::micros(change.now);
        let changed = investigation::Entity::update_many()
            .col_expr(investigation::Column::Finding, Expr::val(finding))
            .col_expr(investigation::Column::DecidedAt, Expr::val(at))
            .col_expr(
                investigation::Column::Reason,
                Expr::val(draft.reason.clone()),
            )
            .filter(investigation::Column::Id.eq(row.id))
            .filter(investigation::Column::Finding.eq(investigation::Finding::Open))
            .exec(&change.transaction)
            .await?;
        if changed.rows_affected == 0 {
            change.transaction.rollback().await?;
            return Err(Fault::refused(
                Refusal::new(
                    "FINDING_RECORDED",
                    "the investigation already has a finding, and it stands",
                )
                .at(["finding"]),
            ));
        }
        let done = Done {
            action: "investigation.record_finding",
            digest: digest(&draft),
            reason: Some(&draft.reason),
            approver: None,
        };
        change.finish(&request, done).await?;
        read(investigation::Model {
            finding,
            decided_at: Some(at),
            reason: Some(draft.reason.clone()),
            ..row
        })
    }

    /// Takes a finding back while its round is reopened: the investigation is open again.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING`, `NO_FINDING`, `ROUND_NOT_REOPENED`, `ROUND_NOT_OPEN`;
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn withdraw_finding(
        &self,
        actor: &Actor,
        id: Id<id::Investigation>,
        reason: &str,
    ) -> Result<Investigation, Fault> {
        need_reason(reason)?;
        if !actor.may_somewhere(Action::Investigate) {
            return Err(Fault::Denied);
        }
        let row = investigation::Entity::find_by_id(id.number())
            .one(&self.database.reader())
            .await?
            .ok_or(Fault::NotFound)?;
        let about = (Id::new(row.round_id), Id::new(row.subject_id));
        let request = Request::about_one(actor, Action::Investigate, about, Touch::Withdraw);
        let change = Change::begin(self, &request).await?;
        if change.frame.round.correcting.is_none() {
            let message = "a finding stands; only a correction of the closed round takes one back";
            return Err(Fault::refused(
                Refusal::new("ROUND_NOT_REOPENED", message).at(["id"]),
            ));
        }
        let changed = investigation::Entity::update_many()
            .col_expr(
                investigation::Column::Finding,
                Expr::val(investigation::Finding::Open),
            )
            .col_expr(investigation::Column::DecidedAt, Expr::val(None::<i64>))
            .col_expr(investigation::Column::Reason, Expr::val(None::<String>))
            .filter(investigation::Column::Id.eq(row.id))
            .filter(investigation::Column::Finding.ne(investigation::Finding::Open))
            .exec(&change.transaction)
            .await?;
        if changed.rows_affected == 0 {
            let message = "the investigation has no finding that could be taken back";
            return Err(Fault::refused(
                Refusal::new("NO_FINDING", message).at(["id"]),
            ));
        }
        let done = Done {
            action: "investigation.withdraw_finding",
            digest: digest(&(id, reason)),
            reason: Some(reason),
            approver: None,
        };
        change.finish(&request, done).await?;
        read(investigation::Model {
            finding: investigation::Finding::Open,
            decided_at: None,
            reason: None,
            ..row
        })
    }

    /// The investigations of these ids, those that exist and about whose subjects, as they stand on the round's
    /// roster, the actor may read evidence. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn find_investigations(
        &self,
        actor: &Actor,
        ids: &[Id<id::Investigation>],
    ) -> Result<BTreeMap<Id<id::Investigation>, Investigation>, Fault> {
        ask_somewhere(actor, Action::ReadEvidence)?;
        let seen = round_subject::Entity::find()
            .select_only()
            .columns([
                round_subject::Column::RoundId,
                round_subject::Column::SubjectId,
            ])
            .filter(within(actor, Action::ReadEvidence, &place()))
            .into_query();
        let whose = Expr::tuple([
            Expr::col(investigation::Column::RoundId),
            Expr::col(investigation::Column::SubjectId),
        ]);
        let rows = investigation::Entity::find()
            .filter(investigation::Column::Id.is_in(ids.iter().map(|id| id.number())))
            .filter(whose.in_subquery(seen))
            .all(&self.database.reader())
            .await?;
        rows.into_iter()
            .map(|row| read(row).map(|found| (found.id, found)))
            .collect()
    }

    /// The investigations about these subjects in a round, by subject, then rule. A fixed number of statements.
    ///
    /// # Errors
    /// [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn list_investigations(
        &self,
        actor: &Actor,
        round: Id<Round>,
        subjects: &[Id<Subject>],
    ) -> Result<BTreeMap<Id<Subject>, Vec<Investigation>>, Fault> {
        if !actor.may_somewhere(Action::ReadEvidence) {
            return Err(Fault::Denied);
        }
        let ids: BTreeSet<i64> = subjects.iter().map(|id| id.number()).collect();
        let reading = self.database.begin_read().await?;
        let frame = Frame::load(&reading, round, Whom::These(&ids)).await?;
        frame.allow(actor, Action::ReadEvidence, ids.iter().copied())?;
        let rows = investigation::Entity::find()
            .filter(investigation::Column::RoundId.eq(round.number()))
            .filter(investigation::Column::SubjectId.is_in(ids))
            .order_by_asc(investigation::Column::Rule)
            .all(&reading)
            .await?;
        reading.finish().await?;
        let mut all: BTreeMap<Id<Subject>, Vec<Investigation>> = BTreeMap::new();
        for row in rows {
            all.entry(Id::new(row.subject_id))
                .or_default()
                .push(read(row)?);
        }
        Ok(all)
    }
}

struct Opening {
    subject: i64,
    rule: String,
    by: investigation::OpenedBy,
    at: DateTime<Utc>,
}

fn new_row(
    service: &Service,
    frame: &Frame,
    opening: Opening,
) -> Result<investigation::Model, Fault> {
    Ok(investigation::Model {
        id: service.ids.draw()?,
        round_id: frame.round.id,
        subject_id: opening.subject,
        rule: opening.rule,
        opened_by: opening.by,
        finding: investigation::Finding::Open,
        opened_at: clock::micros(opening.at),
        decided_at: None,
        reason: None,
    })
}

fn set(row: investigation::Model) -> investigation::ActiveModel {
    investigation::ActiveModel {
        id: Set(row.id),
        round_id: Set(row.round_id),
        subject_id: Set(row.subject_id),
        rule: Set(row.rule),
        opened_by: Set(row.opened_by),
        finding: Set(row.finding),
        opened_at: Set(row.opened_at),
        decided_at: Set(row.decided_at),
        reason: Set(row.reason),
    }
}

fn read(row: investigation::Model) -> Result<Investigation, Fault> {
    Ok(Investigation {
        id: Id::new(row.id),
        round: Id::new(row.round_id),
        subject: Id::new(row.subject_id),
        rule: row.rule,
        by_hand: row.opened_by == investigation::OpenedBy::Hand,
        finding: finding_of(row.finding),
        opened_at: clock::instant(row.opened_at)?,
        decided_at: row.decided_at.map(clock::instant).transpose()?,
        reason: row.reason,
    })
}

fn need_reason(reason: &str) -> Result<(), Fault> {
    if reason.trim().is_empty() {
        return Err(Fault::refused(
            Refusal::new("REASON_MISSING", "give the reason; it stays on record").at(["reason"]),
        ));
    }
    Ok(())
}
