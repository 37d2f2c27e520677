//! Moving an open round to another version of its scheme, where the one that it was opened under has an error.
//!
//! Two people, whatever the scheme says of closing: one proposes, another moves to just that. What the surveys ask stays
//! what people have answered, so the versions must ask the same. Scores whose item or maximum is another are listed and
//! become missing; everything else that was put in must fit the new version as it stands. Deliberately absent: moving a
//! reopened round, for a correction is decided under the version of its revision.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor};
use domain::id::{self, Id, Staff};
use domain::scheme::Scheme;
use domain::scheme::diff::{LostBecause, categories_of, lost_scores};
use domain::survey::Definition;
use entity::{
    checklist_result, close_proposal, round, round_subject, scheme_version, score, survey,
    version_proposal,
};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QuerySelect, QueryTrait,
};

use super::{Round, RoundAt, RoundState, ask_for, get_at, require_state};
use crate::closeout::refuse_unfit;
use crate::database::WriteTransaction;
use crate::frame::{compile, staff_of};
use crate::proposal::{self, Proposed, Sentences};
use crate::text::digest_of;
use crate::{Fault, Refusal, Service, audit, clock};

/// To which version a round is to move, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionMove {
    /// The round, as it was read.
    pub at: RoundAt,
    /// The version.
    pub version: Id<id::SchemeVersion>,
    /// Why; stays in the log.
    pub reason: String,
}

/// Scores of one item, or of a part of one, that become missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostScores {
    /// The item, or `item/part`.
    pub item: String,
    /// Why.
    pub why: LostBecause,
    /// How many rows of points or tasks there are.
    pub rows: u64,
}

/// A proposal to move a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionProposal {
    /// The version.
    pub version: Id<id::SchemeVersion>,
    /// Why.
    pub reason: String,
    /// Who proposed; absent where it was the command line.
    pub by: Option<Id<Staff>>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A round that has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedRound {
    /// The round.
    pub round: Round,
    /// What became missing.
    pub lost: Vec<LostScores>,
}

impl VersionMove {
    fn digest(&self) -> [u8; 32] {
        let (round, version) = (self.at.id.to_string(), self.version.to_string());
        digest_of(&[&round, &version, &self.reason])
    }
}

impl Service {
    /// Proposes to move an open round to another version of its scheme, in place of an earlier proposal, and lists the
    /// scores that would become missing. Another person then moves it.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING`, `ROUND_NOT_OPEN`, `SCHEME_VERSION_UNKNOWN`, `SCHEME_DIFFERS`,
    /// `VERSION_SAME`, `SURVEYS_DIFFER`; [`Fault::Conflict`] if the round changed since it was read; [`Fault::Denied`];
    /// [`Fault::NotFound`].
    pub async fn propose_version(
        &self,
        actor: &Actor,
        wanted: &VersionMove,
    ) -> Result<(VersionProposal, Vec<LostScores>), Fault> {
        let permit = ask_for(actor, Action::ChangeRound, wanted.at.id)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let step = Step::begin(&transaction, wanted).await?;
        let lost = step.count_lost(&transaction).await?;
        let by = staff_of(actor);
        let row = version_proposal::ActiveModel {
            round_id: Set(wanted.at.id.number()),
            scheme_version_id: Set(wanted.version.number()),
            reason: Set(wanted.reason.clone()),
            by_staff_id: Set(by.map(Id::number)),
            proposed_at: Set(clock::micros(now)),
        };
        let latest = OnConflict::column(version_proposal::Column::RoundId)
            .update_columns([
                version_proposal::Column::SchemeVersionId,
                version_proposal::Column::Reason,
                version_proposal::Column::ByStaffId,
                version_proposal::Column::ProposedAt,
            ])
            .to_owned();
        version_proposal::Entity::insert(row)
            .on_conflict(latest)
            .exec_without_returning(&transaction)
            .await?;
        let object = wanted.at.id.to_string();
        let entry = audit::Entry {
            after: Some(wanted.digest()),
            reason: Some(&wanted.reason),
            ..permit.entry(now, "round.propose_version", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        let proposal = VersionProposal {
            version: wanted.version,
            reason: wanted.reason.clone(),
            by,
            at: now,
        };
        Ok((proposal, lost))
    }

    /// Moves an open round to the version that another person proposed, for the same reason. Scores whose item or maximum
    /// is another are removed, and said which; a proposal to close the round lapses.
    ///
    /// # Errors
    /// As [`Service::propose_version`], and `PROPOSAL_MISSING`, `SAME_PERSON`, `PROPOSAL_DIFFERS`, or every row that was
    /// put in and contradicts the new version.
    pub async fn move_version(
        &self,
        actor: &Actor,
        wanted: &VersionMove,
    ) -> Result<MovedRound, Fault> {
        let permit = ask_for(actor, Action::Confirm, wanted.at.id)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let step = Step::begin(&transaction, wanted).await?;
        let proposer = find_proposer(&transaction, actor, wanted).await?;
        let lost = step.count_lost(&transaction).await?;
        step.remove_lost(&transaction).await?;
        let mut after = step.before.clone();
        after.content.scheme_version = wanted.version;
        after.row_version = after.row_version.saturating_add(1);
        let number = wanted.at.id.number();
        round::Entity::update_many()
            .col_expr(
                round::Column::SchemeVersionId,
                Expr::value(wanted.version.number()),
            )
            .col_expr(round::Column::RowVersion, Expr::value(after.row_version))
            .col_expr(
                round::Column::InputsChangedAt,
                Expr::value(clock::micros(now)),
            )
            .filter(round::Column::Id.eq(number))
            .exec(&transaction)
            .await?;
        // Both were made for the version that the round leaves.
        close_proposal::Entity::delete_by_id(number)
            .exec(&transaction)
            .await?;
        version_proposal::Entity::delete_by_id(number)
            .exec(&transaction)
            .await?;
        refuse_unfit(&transaction, wanted.at.id).await?;
        let listed: Vec<String> = lost
            .iter()
            .map(|one| format!("{} ({})", one.item, one.rows))
            .collect();
        let reason = match listed.as_slice() {
            [] => wanted.reason.clone(),
            listed => format!("{}; missing now: {}", wanted.reason, listed.join(", ")),
        };
        let object = wanted.at.id.to_string();
        let approver = proposal::name_of(proposer);
        let entry = audit::Entry {
            before: Some(step.before.digest()),
            after: Some(after.digest()),
            reason: Some(&reason),
            approver: Some(&approver),
            ..permit.entry(now, "round.move_version", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(MovedRound { round: after, lost })
    }

    /// The proposal to move a round that was made last. One statement.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn find_version_proposal(
        &self,
        actor: &Actor,
        id: Id<id::Round>,
    ) -> Result<Option<VersionProposal>, Fault> {
        ask_for(actor, Action::Preflight, id)?;
        let row = version_proposal::Entity::find_by_id(id.number())
            .one(&self.database.reader())
            .await?;
        row.map(read).transpose()
    }
}

fn read(row: version_proposal::Model) -> Result<VersionProposal, Fault> {
    Ok(VersionProposal {
        version: Id::new(row.scheme_version_id),
        reason: row.reason,
        by: row.by_staff_id.map(Id::new),
        at: clock::instant(row.proposed_at)?,
    })
}

/// Who proposed just this; nothing where that was the command line.
async fn find_proposer(
    transaction: &WriteTransaction,
    actor: &Actor,
    wanted: &VersionMove,
) -> Result<Option<Id<Staff>>, Fault> {
    let row = version_proposal::Entity::find_by_id(wanted.at.id.number())
        .one(transaction)
        .await?;
    let proposal = row.map(read).transpose()?;
    let proposed = proposal.map(|one| Proposed {
        by: one.by,
        is_this: (one.version, &one.reason) == (wanted.version, &wanted.reason),
    });
    let sentences = Sentences {
        missing: "it takes two people: let one propose the version, then another move the round",
        same_person: "whoever proposed the version does not decide it: let another person move the round",
        another: (
            "PROPOSAL_DIFFERS",
            "another version or another reason was proposed: move to just that, or propose anew",
        ),
    };
    proposal::find_proposer(actor, proposed, &sentences)
}

/// A move that may be made.
struct Step {
    before: Round,
    new: Arc<Scheme>,
    /// By item or `item/part`.
    lost: BTreeMap<String, LostBecause>,
}

impl Step {
    /// Locks the round, and refuses what cannot be.
    async fn begin(transaction: &WriteTransaction, wanted: &VersionMove) -> Result<Self, Fault> {
        if wanted.reason.trim().is_empty() {
            let message = "say why; it stays in the log";
            return Err(Fault::refused(
                Refusal::new("REASON_MISSING", message).at(["reason"]),
            ));
        }
        let before = get_at(transaction, wanted.at).await?;
        require_state(&before, RoundState::Open)?;
        let refuse = |code: &str, message: String| {
            Fault::refused(Refusal::new(code, message).at(["schemeVersionId"]))
        };
        if before.content.scheme_version == wanted.version {
            let message = "the round is under this version already".to_owned();
            return Err(refuse("VERSION_SAME", message));
        }
        let old = find_scheme(transaction, before.content.scheme_version).await?;
        let old = old.ok_or_else(|| Fault::internal("a round has no scheme"))?;
        let new = find_scheme(transaction, wanted.version).await?;
        let new = new.ok_or_else(|| {
            let message = "there is no such version of a scheme: add it first".to_owned();
            refuse("SCHEME_VERSION_UNKNOWN", message)
        })?;
        if old.code() != new.code() {
            let message = format!(
                "the round is decided by `{}`: name another version of that, and none of `{}`",
                old.code(),
                new.code()
            );
            return Err(refuse("SCHEME_DIFFERS", message));
        }
        let others = list_other_surveys(transaction, wanted.at.id, &new).await?;
        if !others.is_empty() {
            let message = format!(
                "the versions do not ask the same in {}: what people have answered stays what they were asked",
                others.into_iter().collect::<Vec<_>>().join(", ")
            );
            return Err(refuse("SURVEYS_DIFFER", message));
        }
        let lost = lost_scores(&old, &new).into_iter();
        Ok(Self {
            before,
            lost: lost.map(|one| (one.item, one.why)).collect(),
            new,
        })
    }

    /// The rows of a table of scores that are lost, by its columns of round, subject, item and part.
    fn rows<C: ColumnTrait>(&self, [round, subject, item, part]: [C; 4]) -> Condition {
        let mut lost = Condition::any();
        for (name, why) in &self.lost {
            let (of_item, of_part) = name.split_once('/').unwrap_or((name.as_str(), ""));
            let mut rows = Condition::all().add(item.eq(of_item)).add(part.eq(of_part));
            if *why == LostBecause::Categories {
                rows = rows.add(subject.in_subquery(self.without(of_item)));
            }
            lost = lost.add(rows);
        }
        // An empty "any" would hold for every row.
        if self.lost.is_empty() {
            lost = lost.add(Expr::val(1).eq(0));
        }
        Condition::all()
            .add(round.eq(self.before.id.number()))
            .add(lost)
    }

    /// The subjects for whom the new version has no such item.
    fn without(&self, item: &str) -> SelectStatement {
        let categories = categories_of(&self.new, item);
        round_subject::Entity::find()
            .select_only()
            .column(round_subject::Column::SubjectId)
            .filter(round_subject::Column::RoundId.eq(self.before.id.number()))
            .filter(round_subject::Column::Category.is_not_in(categories))
            .into_query()
    }

    /// The scores that become missing; items without any are left out. Two statements.
    async fn count_lost(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<Vec<LostScores>, Fault> {
        let points: Vec<Counted> = score::Entity::find()
            .select_only()
            .columns([score::Column::Item, score::Column::Part])
            .column_as(score::Column::SubjectId.count(), "rows")
            .filter(self.rows(POINTS))
            .group_by(score::Column::Item)
            .group_by(score::Column::Part)
            .into_tuple()
            .all(connection)
            .await?;
        let tasks: Vec<Counted> = checklist_result::Entity::find()
            .select_only()
            .columns([
                checklist_result::Column::Item,
                checklist_result::Column::Part,
            ])
            .column_as(checklist_result::Column::SubjectId.count(), "rows")
            .filter(self.rows(TASKS))
            .group_by(checklist_result::Column::Item)
            .group_by(checklist_result::Column::Part)
            .into_tuple()
            .all(connection)
            .await?;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (item, part, rows) in points.into_iter().chain(tasks) {
            let name = match part.as_str() {
                "" => item,
                part => format!("{item}/{part}"),
            };
            let sum = counts.entry(name).or_default();
            *sum = sum.saturating_add(u64::try_from(rows).map_err(Fault::internal)?);
        }
        let lost = counts.into_iter().filter_map(|(item, rows)| {
            let why = *self.lost.get(&item)?;
            Some(LostScores { item, why, rows })
        });
        Ok(lost.collect())
    }

    /// Two statements.
    async fn remove_lost(&self, transaction: &WriteTransaction) -> Result<(), Fault> {
        score::Entity::delete_many()
            .filter(self.rows(POINTS))
            .exec(transaction)
            .await?;
        checklist_result::Entity::delete_many()
            .filter(self.rows(TASKS))
            .exec(transaction)
            .await?;
        Ok(())
    }
}

/// Item, part, and how many rows.
type Counted = (String, String, i64);

const POINTS: [score::Column; 4] = [
    score::Column::RoundId,
    score::Column::SubjectId,
    score::Column::Item,
    score::Column::Part,
];

const TASKS: [checklist_result::Column; 4] = [
    checklist_result::Column::RoundId,
    checklist_result::Column::SubjectId,
    checklist_result::Column::Item,
    checklist_result::Column::Part,
];

async fn find_scheme(
    connection: &impl ConnectionTrait,
    id: Id<id::SchemeVersion>,
) -> Result<Option<Arc<Scheme>>, Fault> {
    let row = scheme_version::Entity::find_by_id(id.number())
        .one(connection)
        .await?;
    row.map(|row| compile(&row.source)).transpose()
}

/// Codes of surveys that the round has and the version has not, or has with other questions or rules.
async fn list_other_surveys(
    connection: &impl ConnectionTrait,
    round: Id<id::Round>,
    new: &Scheme,
) -> Result<BTreeSet<String>, Fault> {
    let rows: Vec<(String, String)> = survey::Entity::find()
        .select_only()
        .columns([survey::Column::Code, survey::Column::Definition])
        .filter(survey::Column::RoundId.eq(round.number()))
        .into_tuple()
        .all(connection)
        .await?;
    let held: BTreeMap<String, String> = rows.into_iter().collect();
    let mut asked: BTreeMap<String, String> = BTreeMap::new();
    for survey in &new.file.survey {
        let definition = Definition::of(survey, &new.file.scale).map_err(Fault::internal)?;
        let text = serde_json_canonicalizer::to_string(&definition).map_err(Fault::internal)?;
        asked.insert(definition.code, text);
    }
    let codes: BTreeSet<&String> = held.keys().chain(asked.keys()).collect();
    let others = codes
        .into_iter()
        .filter(|code| held.get(*code) != asked.get(*code));
    Ok(others.cloned().collect())
}
