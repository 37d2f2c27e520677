//! Decisions as they were stored, with what is needed to put them into words.
//!
//! Only those of closed rounds: of an open one the dry run says what would be decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::access::{Action, Actor, Scope};
use domain::explain::Explainer;
use domain::id::{Id, Round, Subject};
use domain::outcome::{Change, Decision};
use domain::scheme::Scheme;
use entity::{decision, round_subject, subject};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::closeout::{Revision, list_heads};
use crate::frame::get_scheme;
use crate::standing::{Shown, find_own_source, find_source};
use crate::{Fault, Service};

/// A stored decision.
#[derive(Debug, Clone)]
pub struct StoredDecision {
    /// Whom it is about.
    pub subject: Id<Subject>,
    /// The number of the revision that it is of.
    pub revision: u32,
    /// What was decided, and why.
    pub decision: Arc<Decision>,
    /// What puts it into words.
    pub words: Arc<Vocabulary>,
}

/// The names that decisions of one revision are put into words with.
#[derive(Debug)]
pub struct Vocabulary {
    /// The scheme that decided.
    pub scheme: Arc<Scheme>,
    /// Names of subjects by code, in Chinese.
    pub names: BTreeMap<String, String>,
}

impl Vocabulary {
    /// What makes sentences.
    pub fn explainer(&self) -> Explainer<'_> {
        Explainer::new(
            &self.scheme,
            self.names
                .iter()
                .map(|(code, name)| (code.as_str(), name.as_str())),
        )
    }
}

impl Service {
    /// The revision of a round that this actor is shown, the one that stands or the wanted one; none while it is open.
    /// Three statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also where this actor may not see the results, or there is no such revision.
    pub async fn find_revision(
        &self,
        actor: &Actor,
        round: Id<Round>,
        wanted: Option<u32>,
    ) -> Result<Option<Revision>, Fault> {
        let reading = self.database.begin_read().await?;
        let shown = find_source(&reading, actor, (round, wanted)).await?;
        let heads = list_heads(&reading, round).await?;
        reading.finish().await?;
        let mut heads = heads.into_iter();
        Ok(heads.find(|one| Some(one.number) == shown.revision))
    }

    /// The decisions about these subjects in the revision of a round that this actor is shown, the one that stands or the
    /// wanted one; none while it is open. Whoever speaks for a unit is shown its own even before the round is published.
    /// Six statements; one more for an actor with a subject of their own.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also where this actor may not see the results.
    pub async fn list_decisions(
        &self,
        actor: &Actor,
        (round, wanted): (Id<Round>, Option<u32>),
        subjects: &[Id<Subject>],
    ) -> Result<BTreeMap<Id<Subject>, StoredDecision>, Fault> {
        let (own, others): (Vec<_>, Vec<_>) = subjects
            .iter()
            .copied()
            .partition(|subject| owns(actor, round, *subject));
        let reading = self.database.begin_read().await?;
        let mut found = Vec::new();
        let mut shown = None;
        if !own.is_empty() {
            let whole = find_own_source(&reading, (round, wanted)).await?;
            found.extend(read_decisions(&reading, &whole, &own).await?);
            shown = Some(whole);
        }
        if !others.is_empty() {
            let public = find_source(&reading, actor, (round, wanted)).await?;
            found.extend(read_decisions(&reading, &public, &others).await?);
            shown = Some(public);
        }
        let Some(shown) = shown.filter(|_| !found.is_empty()) else {
            return Ok(BTreeMap::new());
        };
        let mentioned = found
            .iter()
            .flat_map(|one| mentioned_in(&one.decision))
            .collect();
        let words = Arc::new(Vocabulary {
            scheme: get_scheme(&reading, &shown.round).await?,
            names: names_of(&reading, round, mentioned).await?,
        });
        reading.finish().await?;
        Ok(found
            .into_iter()
            .map(|one| {
                let stored = StoredDecision {
                    subject: one.subject,
                    revision: one.revision,
                    decision: one.decision,
                    words: words.clone(),
                };
                (one.subject, stored)
            })
            .collect())
    }
}

/// A decision as it lies there.
struct Lying {
    subject: Id<Subject>,
    revision: u32,
    decision: Arc<Decision>,
}

/// Whether a subject is the actor's own in a round, however little they may see of the others.
fn owns(actor: &Actor, round: Id<Round>, subject: Id<Subject>) -> bool {
    let scope = Scope {
        round: Some(round),
        subject: Some(subject),
        ..Scope::default()
    };
    matches!(actor, Actor::Staff { .. }) && actor.may(Action::ReadOwnResult, &scope)
}

/// The decisions about these subjects in what is shown of a round; none while it is open. At most one statement.
async fn read_decisions(
    connection: &impl ConnectionTrait,
    shown: &Shown,
    subjects: &[Id<Subject>],
) -> Result<Vec<Lying>, Fault> {
    let Some(revision) = shown.revision else {
        return Ok(Vec::new());
    };
    let rows = decision::Entity::find()
        .filter(decision::Column::RoundId.eq(shown.round.id))
        .filter(decision::Column::Revision.eq(i64::from(revision)))
        .filter(decision::Column::SubjectId.is_in(subjects.iter().map(|id| id.number())))
        .all(connection)
        .await?;
    let read = rows.into_iter().map(|row| {
        Ok(Lying {
            subject: Id::new(row.subject_id),
            revision,
            decision: Arc::new(serde_json::from_str(&row.body).map_err(Fault::internal)?),
        })
    });
    read.collect()
}

/// The subjects that the reasons of a decision name.
fn mentioned_in(decision: &Decision) -> BTreeSet<String> {
    let compared = decision
        .rules
        .iter()
        .flat_map(|rule| &rule.compared)
        .filter_map(|one| one.of().map(AsRef::as_ref));
    let ahead = decision
        .obstacles
        .iter()
        .flat_map(|obstacle| match &obstacle.change {
            Change::Ahead(ahead) => ahead.line.iter().map(AsRef::as_ref).collect(),
            Change::Related(code) => vec![code.as_ref()],
            _ => Vec::new(),
        });
    let concerned = decision
        .consequences
        .iter()
        .flat_map(|one| &one.subjects)
        .map(AsRef::as_ref);
    compared
        .chain(ahead)
        .chain(concerned)
        .map(str::to_owned)
        .collect()
}

/// Names at the time of the round, by code. One statement.
async fn names_of(
    connection: &impl ConnectionTrait,
    round: Id<Round>,
    codes: BTreeSet<String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let rows: Vec<(String, String)> = round_subject::Entity::find()
        .inner_join(subject::Entity)
        .select_only()
        .column(subject::Column::Code)
        .column(round_subject::Column::Name)
        .filter(round_subject::Column::RoundId.eq(round.number()))
        .filter(subject::Column::Code.is_in(codes))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}
