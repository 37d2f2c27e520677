//! Renames, mergers and transfers (更名、合并、划转): recorded steps by which a subject keeps its history.
//!
//! A rename or transfer leaves the subject itself, with another name or region. A merger ends it: from that day it takes
//! part in no round, and whoever it was merged into carries its cases on, and its grades where the step says so. Closed
//! rounds stay as they are; open ones notice. Deliberately absent: splitting a subject in two, which hands no history on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::access::{Action, Actor, Scope};
use domain::correction::InputKind;
use domain::id::{self, Id};
use domain::inputs::{self, SuccessionKind};
use entity::{round, round_subject, subject, succession};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Statement,
};

use crate::database::WriteTransaction;
use crate::frame::{parse_date, staff_of};
use crate::freeze::takes;
use crate::inspection::touch_rounds_of;
use crate::permit::{Permit, ask_somewhere};
use crate::scope::path_of;
use crate::text::{Refusals, digest_of};
use crate::{Fault, Refusal, Service, audit, clock};

/// A step to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessionDraft {
    /// The subject that is renamed, transferred or merged into another.
    pub subject: Id<id::Subject>,
    /// What happens to it.
    pub change: SuccessionChange,
    /// The day from which.
    pub on: NaiveDate,
    /// Why, such as the decision that ordered it.
    pub reason: String,
}

/// What happens to a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuccessionChange {
    /// It goes by another name.
    Rename {
        /// In Chinese.
        name: String,
        /// In English.
        name_en: String,
    },
    /// It is merged into another subject of its kind.
    Merger {
        /// Which carries it on.
        into: Id<id::Subject>,
        /// Whether its grades continue as those of the other.
        grades: bool,
    },
    /// It comes under another region.
    Transfer {
        /// Which.
        region: Id<id::Region>,
    },
}

/// A step on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// What happened.
    pub kind: SuccessionKind,
    /// To whom.
    pub predecessor: Id<id::Subject>,
    /// Who carries on; the same but for a merger.
    pub subject: Id<id::Subject>,
    /// What it was called before.
    pub name: String,
    /// The day from which.
    pub on: NaiveDate,
    /// Whether its grades continue.
    pub grades: bool,
    /// Why.
    pub reason: String,
    /// Who recorded it; absent where it was the command line.
    pub by: Option<Id<id::Staff>>,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

impl Service {
    /// Records a rename, merger or transfer. Open rounds notice: on their rosters a renamed subject takes its new name,
    /// and one that is merged leaves on that day. A transfer reaches later rounds only, for the roster is frozen.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING`, `NAME_UNFIT`, `REGION_UNKNOWN`, `SUBJECT_UNKNOWN`, `KIND_DIFFERS`,
    /// `CIRCLE`, `MERGED_ALREADY` or `STEP_TAKEN`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn record_succession(
        &self,
        actor: &Actor,
        draft: SuccessionDraft,
    ) -> Result<Succession, Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let mut concerned = BTreeSet::from([draft.subject.number()]);
        if let SuccessionChange::Merger { into, .. } = &draft.change {
            concerned.insert(into.number());
        }
        // Rounds before anything else, as everywhere: two that lock in one order never wait for each other.
        touch_rounds_of(&transaction, &concerned, now).await?;
        let rows = subject::Entity::find()
            .filter(subject::Column::Id.is_in(concerned))
            .order_by_asc(subject::Column::Id)
            .lock_exclusive()
            .all(&transaction)
            .await?;
        let find = |id: Id<id::Subject>| rows.iter().find(|row| row.id == id.number());
        let before = find(draft.subject).ok_or(Fault::NotFound)?;
        let permit = ask_for(&transaction, actor, (before.region_id, &before.category)).await?;
        let mut refusals = Refusals::default();
        if draft.reason.trim().is_empty() {
            refusals.add(reason_missing());
        }
        let into = match &draft.change {
            SuccessionChange::Rename { name, name_en } => {
                refusals.name("name", name);
                refusals.name("nameEn", name_en);
                before
            }
            SuccessionChange::Transfer { region } => {
                ask_for(&transaction, actor, (region.number(), &before.category)).await?;
                before
            }
            SuccessionChange::Merger { into, .. } => {
                let Some(other) = find(*into) else {
                    let message = "there is no such subject: add it first";
                    return Err(Fault::refused(
                        Refusal::new("SUBJECT_UNKNOWN", message).at(["intoId"]),
                    ));
                };
                ask_for(&transaction, actor, (other.region_id, &other.category)).await?;
                if other.kind != before.kind {
                    let message = "a unit is merged into a unit, a team into a team: name one of the same kind";
                    refusals.add(Refusal::new("KIND_DIFFERS", message).at(["intoId"]));
                }
                let heirs = list_heirs(&transaction, other.id).await?;
                if heirs.contains(&before.id) {
                    let message =
                        "this subject carries the other on, so it cannot be merged into it";
                    refusals.add(Refusal::new("CIRCLE", message).at(["intoId"]));
                }
                other
            }
        };
        refusals.settle()?;
        refuse_known(&transaction, &draft).await?;
        let recorded = Succession {
            kind: draft.change.kind(),
            predecessor: draft.subject,
            subject: Id::new(into.id),
            name: before.name.clone(),
            on: draft.on,
            grades: !matches!(draft.change, SuccessionChange::Merger { grades: false, .. }),
            reason: draft.reason.clone(),
            by: staff_of(actor),
            recorded_at: clock::instant(clock::micros(now))?,
        };
        succession::Entity::insert(recorded.row(now))
            .exec_without_returning(&transaction)
            .await?;
        apply(&transaction, &draft).await?;
        let object = draft.subject.to_string();
        let entry = audit::Entry {
            after: Some(recorded.digest()),
            reason: Some(&draft.reason),
            ..permit.entry(now, draft.change.logged(), &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(recorded)
    }

    /// Takes a merger back that was recorded by mistake: the subject stands for itself again, and is on the rosters of
    /// open rounds as before. A rename or transfer is mended by another one.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_MISSING` or `NOT_MERGED`; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn take_back_merger(
        &self,
        actor: &Actor,
        predecessor: Id<id::Subject>,
        reason: &str,
    ) -> Result<(), Fault> {
        ask_somewhere(actor, Action::ChangeRoster)?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        touch_rounds_of(&transaction, &BTreeSet::from([predecessor.number()]), now).await?;
        let row = subject::Entity::find_by_id(predecessor.number())
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let permit = ask_for(&transaction, actor, (row.region_id, &row.category)).await?;
        if reason.trim().is_empty() {
            return Err(Fault::refused(reason_missing()));
        }
        let step = succession::Entity::find()
            .filter(succession::Column::PredecessorId.eq(predecessor.number()))
            .filter(succession::Column::Kind.eq(SuccessionKind::Merger.word()))
            .one(&transaction)
            .await?;
        let Some(step) = step else {
            let message =
                "this subject was not merged; a rename or transfer is mended by another one";
            return Err(Fault::refused(
                Refusal::new("NOT_MERGED", message).at(["subjectId"]),
            ));
        };
        let before = Succession::of(step.clone())?;
        succession::Entity::delete_by_id((step.predecessor_id, step.effective_on.clone()))
            .exec(&transaction)
            .await?;
        round_subject::Entity::update_many()
            .col_expr(round_subject::Column::LeftOn, Expr::value(None::<String>))
            .filter(round_subject::Column::SubjectId.eq(predecessor.number()))
            .filter(round_subject::Column::LeftOn.eq(step.effective_on.as_str()))
            .filter(round_subject::Column::RoundId.in_subquery(open_rounds(&step.effective_on)))
            .exec(&transaction)
            .await?;
        let object = predecessor.to_string();
        let entry = audit::Entry {
            before: Some(before.digest()),
            reason: Some(reason),
            ..permit.entry(now, "subject.take_merger_back", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await
    }

    /// The steps by which subjects came to carry on others, or themselves under another name: of these subjects, by day.
    /// Two statements.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub async fn list_successions(
        &self,
        actor: &Actor,
        subjects: &[Id<id::Subject>],
    ) -> Result<BTreeMap<Id<id::Subject>, Vec<Succession>>, Fault> {
        let seen = self.find_subjects(actor, subjects).await?;
        let rows = succession::Entity::find()
            .filter(succession::Column::SubjectId.is_in(seen.keys().map(|id| id.number())))
            .order_by_asc(succession::Column::EffectiveOn)
            .order_by_asc(succession::Column::PredecessorId)
            .all(&self.database.reader())
            .await?;
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in rows {
            let step = Succession::of(row)?;
            found.entry(step.subject).or_default().push(step);
        }
        Ok(found)
    }
}

impl SuccessionChange {
    const fn kind(&self) -> SuccessionKind {
        match self {
            Self::Rename { .. } => SuccessionKind::Rename,
            Self::Merger { .. } => SuccessionKind::Merger,
            Self::Transfer { .. } => SuccessionKind::Transfer,
        }
    }

    const fn logged(&self) -> &'static str {
        match self {
            Self::Rename { .. } => "subject.rename",
            Self::Merger { .. } => "subject.merge",
            Self::Transfer { .. } => "subject.transfer",
        }
    }
}

impl Succession {
    fn of(row: succession::Model) -> Result<Self, Fault> {
        let kind = SuccessionKind::find(&row.kind)
            .ok_or_else(|| Fault::internal(format!("`{}` is no kind of step", row.kind)))?;
        Ok(Self {
            kind,
            predecessor: Id::new(row.predecessor_id),
            subject: Id::new(row.subject_id),
            name: row.name,
            on: parse_date(&row.effective_on)?.0,
            grades: row.grades_continue,
            reason: row.reason,
            by: row.recorded_by.map(Id::new),
            recorded_at: clock::instant(row.recorded_at)?,
        })
    }

    fn row(&self, now: DateTime<Utc>) -> succession::ActiveModel {
        succession::ActiveModel {
            predecessor_id: Set(self.predecessor.number()),
            effective_on: Set(self.on.to_string()),
            subject_id: Set(self.subject.number()),
            kind: Set(self.kind.word().to_owned()),
            name: Set(self.name.clone()),
            grades_continue: Set(self.grades),
            reason: Set(self.reason.clone()),
            recorded_by: Set(self.by.map(Id::number)),
            recorded_at: Set(clock::micros(now)),
        }
    }

    fn digest(&self) -> [u8; 32] {
        digest_of(&[
            self.kind.word(),
            &self.predecessor.to_string(),
            &self.subject.to_string(),
            &self.name,
            &self.on.to_string(),
            if self.grades { "grades" } else { "" },
            &self.reason,
        ])
    }
}

fn reason_missing() -> Refusal {
    Refusal::new(
        "REASON_MISSING",
        "say why, such as the decision that ordered it; it stays on record",
    )
    .at(["reason"])
}

/// Asks whether the actor may change subjects of a category in a region.
async fn ask_for(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    (region, category): (i64, &str),
) -> Result<Permit, Fault> {
    let regions = path_of(connection, Id::new(region)).await?;
    if regions.is_empty() {
        let message = "there is no such region: add it first";
        return Err(Fault::refused(
            Refusal::new("REGION_UNKNOWN", message).at(["regionId"]),
        ));
    }
    let scope = Scope {
        regions: &regions,
        category: Some(category),
        round: None,
        ..Scope::default()
    };
    Permit::ask(actor, Action::ChangeRoster, &scope)
}

/// A second step of one subject on one day, or any step of one that was merged, has no meaning.
async fn refuse_known(
    transaction: &WriteTransaction,
    draft: &SuccessionDraft,
) -> Result<(), Fault> {
    let steps = succession::Entity::find()
        .filter(succession::Column::PredecessorId.eq(draft.subject.number()))
        .all(transaction)
        .await?;
    if steps
        .iter()
        .any(|step| step.kind == SuccessionKind::Merger.word())
    {
        let message = "this subject was merged into another; record the step of that one, or take the merger back";
        return Err(Fault::refused(
            Refusal::new("MERGED_ALREADY", message).at(["subjectId"]),
        ));
    }
    let day = draft.on.to_string();
    if steps.iter().any(|step| step.effective_on == day) {
        let message = "another step of this subject is recorded for that day; give another day";
        return Err(Fault::refused(
            Refusal::new("STEP_TAKEN", message).at(["on"]),
        ));
    }
    Ok(())
}

/// A subject and everybody who carries it on, one after the other. One statement.
async fn list_heirs(
    connection: &impl ConnectionTrait,
    subject: i64,
) -> Result<BTreeSet<i64>, Fault> {
    #[derive(FromQueryResult)]
    struct Heir {
        id: i64,
    }
    let statement = Statement::from_string(
        connection.get_database_backend(),
        heirs_of(&[subject].into()),
    );
    let heirs = Heir::find_by_statement(statement).all(connection).await?;
    Ok(heirs.into_iter().map(|heir| heir.id).collect())
}

/// A query of subjects and of everybody who carries them on. `UNION` rather than `UNION ALL`: it ends even if rows
/// formed a ring.
pub(crate) fn heirs_of(subjects: &BTreeSet<i64>) -> String {
    // Numbers cannot break out of a statement. Nobody is 0: ids are positive.
    let list: Vec<String> = std::iter::once(0)
        .chain(subjects.iter().copied())
        .map(|id| id.to_string())
        .collect();
    format!(
        "WITH RECURSIVE heir (id) AS (SELECT id FROM subject WHERE id IN ({}) UNION
         SELECT s.subject_id FROM succession AS s JOIN heir ON s.predecessor_id = heir.id) SELECT id FROM heir",
        list.join(", ")
    )
}

/// Rounds whose rosters may change and that have not ended by that day.
fn open_rounds(on: &str) -> sea_orm::sea_query::SelectStatement {
    round::Entity::find()
        .select_only()
        .column(round::Column::Id)
        .filter(takes(&InputKind::Roster))
        .filter(round::Column::PeriodToOn.gte(on))
        .into_query()
}

/// Changes the subject and the rosters of open rounds.
async fn apply(transaction: &WriteTransaction, draft: &SuccessionDraft) -> Result<(), Fault> {
    let id = draft.subject.number();
    let on = draft.on.to_string();
    let roster = round_subject::Entity::update_many()
        .filter(round_subject::Column::SubjectId.eq(id))
        .filter(round_subject::Column::RoundId.in_subquery(open_rounds(&on)));
    let subjects = subject::Entity::update_many().filter(subject::Column::Id.eq(id));
    match &draft.change {
        SuccessionChange::Rename { name, name_en } => {
            subjects
                .col_expr(subject::Column::Name, Expr::value(name.clone()))
                .col_expr(subject::Column::NameEn, Expr::value(name_en.clone()))
                .exec(transaction)
                .await?;
            roster
                .col_expr(round_subject::Column::Name, Expr::value(name.clone()))
                .col_expr(round_subject::Column::NameEn, Expr::value(name_en.clone()))
                .exec(transaction)
                .await?;
        }
        SuccessionChange::Transfer { region } => {
            subjects
                .col_expr(subject::Column::RegionId, Expr::value(region.number()))
                .exec(transaction)
                .await?;
        }
        SuccessionChange::Merger { .. } => {
            roster
                .col_expr(round_subject::Column::LeftOn, Expr::value(on.clone()))
                .filter(round_subject::Column::LeftOn.is_null())
                .exec(transaction)
                .await?;
        }
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct StepRow {
    predecessor_id: i64,
    predecessor: String,
    subject_id: i64,
    subject: String,
    kind: String,
    name: String,
    effective_on: String,
    grades_continue: bool,
    reason: String,
    login: Option<String>,
}

/// The steps that take effect by a day, with the ids of predecessor and subject. One statement.
pub(crate) async fn list_until(
    connection: &impl ConnectionTrait,
    day: &str,
) -> Result<Vec<(i64, i64, inputs::Succession)>, Fault> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT s.predecessor_id, p.code AS predecessor, s.subject_id, c.code AS subject, s.kind, s.name,
             s.effective_on, s.grades_continue, s.reason, staff.login
         FROM succession AS s JOIN subject AS p ON p.id = s.predecessor_id JOIN subject AS c ON c.id = s.subject_id
         LEFT JOIN staff ON staff.id = s.recorded_by
         WHERE s.effective_on <= $1",
        [day.into()],
    );
    let rows = StepRow::find_by_statement(statement)
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let kind = SuccessionKind::find(&row.kind)
                .ok_or_else(|| Fault::internal(format!("`{}` is no kind of step", row.kind)))?;
            let step = inputs::Succession {
                kind,
                subject: row.subject,
                predecessor: row.predecessor,
                name: row.name,
                on: parse_date(&row.effective_on)?,
                grades: row.grades_continue,
                reason: row.reason,
                by: row.login,
            };
            Ok((row.predecessor_id, row.subject_id, step))
        })
        .collect()
}
