//! The figures that a ranking shows: of an open round interim ones, rewritten soon after inputs change, and of a closed
//! round those of its current revision, written by the closing itself.
//!
//! A ranking page is read in three statements, however many subjects the round has. Reasons are deliberately absent:
//! they are in the decisions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::correction::InputKind;
use domain::explain::Explainer;
use domain::id::{Id, Round, Subject};
use domain::number::Points;
use domain::outcome::{Coded, Decision, FigureResult, NodeResult, Outcome, Status};
use domain::scheme::file::Words;
use entity::{round, standing};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult,
    QueryFilter, QuerySelect, Statement, Value,
};
use serde::{Deserialize, Serialize};

use crate::closeout::decide_now;
use crate::closeout::load::load;
use crate::database::WriteTransaction;
use crate::frame::{Frame, get_round, get_scheme};
use crate::freeze::list_named;
use crate::{Fault, Refusal, Service, clock};

/// Rows of one statement: eight values each, below what SQLite binds at once.
const ROWS: usize = 2_000;

/// The longest page of a ranking.
pub const LONGEST_PAGE: u32 = 200;

/// What the figures of a ranking are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An open round: interim, as of this instant; absent while nothing was computed yet.
    Live {
        /// When they were computed.
        as_of: Option<DateTime<Utc>>,
    },
    /// A revision of a closed round.
    Revision {
        /// Its number.
        number: u32,
    },
}

/// What tells the figures of a ranking from those before and after: as long as it is the same, so are they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Interim figures. They are rewritten all at once; names and the roster are read beside them and count as inputs.
    Live {
        /// When they were computed, microseconds since the epoch.
        computed_at: i64,
        /// When the inputs of the round last changed, likewise.
        inputs_changed_at: i64,
    },
    /// Those of a revision.
    Revision {
        /// Its number.
        number: u32,
    },
}

/// A page of a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What the figures are of.
    pub source: Source,
    /// Which of them; absent where there are none.
    pub edition: Option<Edition>,
    /// Subjects by rank, then code; those without a rank come last.
    pub places: Vec<Place>,
    /// Whether more follow.
    pub more: bool,
}

/// A subject in a ranking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Who.
    pub subject: Id<Subject>,
    /// Its code.
    pub code: String,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: String,
    /// The total; absent while undefined.
    pub total: Option<Points>,
    /// The subject's own maximum.
    pub maximum: Option<Points>,
    /// The rank within the category; equal totals share it.
    pub rank: Option<u32>,
    /// The figures behind it.
    pub figures: Figures,
}

/// What a ranking shows of a subject beside total and rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The grade.
    pub grade: Option<String>,
    /// Whether it could be decided.
    pub status: Status,
    /// Whether it is eligible; absent while undetermined.
    pub eligible: Option<bool>,
    /// Whether it is disqualified.
    pub disqualified: bool,
    /// Labels that it holds.
    pub labels: Vec<String>,
    /// Points of sections and indicators.
    pub nodes: Coded<NodeResult>,
    /// Figures of surveys.
    pub surveys: Vec<FigureResult>,
    /// Why figures are undefined, in words with the scheme's names, by what they are. Put into words when they are
    /// written: a page of a ranking reads no scheme.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub whys: BTreeMap<String, Words>,
}

impl Figures {
    fn of(decision: &Decision, explainer: &Explainer<'_>) -> Self {
        let why = |figure: &FigureResult| {
            let words = explainer.reason(figure.why.as_ref()?);
            Some((figure.what.to_string(), words))
        };
        Self {
            whys: decision.figures.iter().filter_map(why).collect(),
            grade: decision.grade.as_deref().map(str::to_owned),
            status: decision.status,
            eligible: decision.eligible,
            disqualified: decision.disqualified,
            labels: decision.labels.iter().map(ToString::to_string).collect(),
            nodes: decision.nodes.clone(),
            surveys: decision.figures.clone(),
        }
    }
}

/// Which part of a ranking to read.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The round.
    pub round: Id<Round>,
    /// The category: ranks are within one.
    pub category: String,
    /// Only places after this one.
    pub after: Option<Cursor>,
    /// At most this many, up to [`LONGEST_PAGE`].
    pub first: u32,
    /// Of this revision; without it, of the one that stands, or interim while the round is open.
    pub revision: Option<u32>,
}

/// A place in a ranking: those of equal rank, and those without one, stand in the order of their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The rank; absent among those without one.
    pub rank: Option<u32>,
    /// Code of the subject.
    pub code: String,
}

#[derive(FromQueryResult)]
struct PlaceRow {
    subject_id: i64,
    code: String,
    name: String,
    name_en: String,
    total_e4: Option<i64>,
    maximum_e4: Option<i64>,
    rank: Option<i64>,
    body: String,
    computed_at: i64,
}

impl Service {
    /// A page of a ranking. Two statements, three of a closed round.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also for results that this actor may not see; [`Fault::Refused`] with `PAGE_TOO_LONG`.
    #[tracing::instrument(skip_all)]
    pub async fn list_ranking(&self, actor: &Actor, wanted: &Wanted) -> Result<Page, Fault> {
        if wanted.first > LONGEST_PAGE {
            return Err(Fault::refused(
                Refusal::new(
                    "PAGE_TOO_LONG",
                    format!("ask for at most {LONGEST_PAGE} places at once"),
                )
                .at(["first"]),
            ));
        }
        let reading = self.database.begin_read().await?;
        let shown = find_source(&reading, actor, (wanted.round, wanted.revision)).await?;
        let table = match shown.revision.filter(|_| !shown.stands) {
            Some(number) => Table::Decision(number),
            None => Table::Standing,
        };
        let mut rows = read_places(&reading, wanted, table).await?;
        let scheme = match table {
            Table::Standing => None,
            Table::Decision(_) => Some(get_scheme(&reading, &shown.round).await?),
        };
        let explainer = scheme.as_ref().map(|scheme| Explainer::new(scheme, []));
        reading.finish().await?;
        let first = usize::try_from(wanted.first).unwrap_or(usize::MAX);
        let more = rows.len() > first;
        rows.truncate(first);
        let oldest = rows.iter().map(|row| row.computed_at).min();
        let edition = shown.edition(oldest);
        let source = match shown.revision {
            None => Source::Live {
                as_of: oldest.map(clock::instant).transpose()?,
            },
            Some(number) => Source::Revision { number },
        };
        Ok(Page {
            source,
            edition,
            places: rows
                .into_iter()
                .map(|row| read(row, explainer.as_ref()))
                .collect::<Result<_, _>>()?,
            more,
        })
    }

    /// Which figures this actor is shown of a round: interim ones, those of the revision that stands, or of the wanted
    /// one; none while none were computed. At most two statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also for results that this actor may not see.
    pub async fn find_edition(
        &self,
        actor: &Actor,
        id: Id<Round>,
        wanted: Option<u32>,
    ) -> Result<Option<Edition>, Fault> {
        let reading = self.database.begin_read().await?;
        let shown = find_source(&reading, actor, (id, wanted)).await?;
        let computed_at = match shown.revision {
            Some(_) => None,
            None => find_instant(&reading, id).await?,
        };
        reading.finish().await?;
        Ok(shown.edition(computed_at))
    }

    /// Rewrites the interim figures of every open round whose inputs have changed since `seen` last looked, and returns
    /// how many rounds that were. Meant to be called about once a second by one worker.
    ///
    /// # Errors
    /// What the database gives; figures of a round that cannot be decided are left as they are.
    pub async fn refresh_standings(&self, seen: &Seen) -> Result<usize, Fault> {
        let marks = list_marks(&self.database.reader()).await?;
        let stale: Vec<Mark> = {
            let known = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
            marks
                .into_iter()
                .filter(|mark| known.get(&mark.id) != Some(&(mark.inputs_changed_at, mark.steps)))
                .collect()
        };
        let mut done = 0;
        // Each round is a transaction of its own: one that cannot be decided must not keep the others back.
        for mark in stale {
            match self.refresh_standing(Id::new(mark.id)).await {
                Ok(()) => done += 1,
                Err(Fault::Refused(refusals)) => {
                    let first = refusals.first().map_or("", |one| one.message.as_str());
                    tracing::warn!(round = mark.id, first, "no interim figures");
                }
                Err(fault) => return Err(fault),
            }
            seen.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(mark.id, (mark.inputs_changed_at, mark.steps));
        }
        Ok(done)
    }

    /// Rewrites the interim figures of one open round. Of a closed one nothing is changed.
    ///
    /// # Errors
    /// [`Fault::Refused`] with every row that contradicts the scheme; [`Fault::NotFound`].
    #[tracing::instrument(skip_all)]
    pub async fn refresh_standing(&self, id: Id<Round>) -> Result<(), Fault> {
        let now = self.clock.now();
        let reading = self.database.begin_long_read().await?;
        let loaded = load(&reading, id).await?;
        reading.finish().await?;
        if loaded.frame.round.state != round::State::Open {
            return Ok(());
        }
        let frame = loaded.frame;
        let scheme = frame.scheme.clone();
        let inputs = loaded.inputs;
        let decided = tokio::task::spawn_blocking(move || decide_now(scheme, &inputs))
            .await
            .map_err(Fault::internal)??;
        let transaction = self.database.begin_write().await?;
        // Closed in the meantime: the figures of the revision stand. On PostgreSQL the row is locked, so that a closing
        // waits and then writes its own.
        let mut sql = String::from("SELECT state FROM round WHERE id = $1");
        if transaction.get_database_backend() == DbBackend::Postgres {
            sql.push_str(" FOR SHARE");
        }
        let statement = Statement::from_sql_and_values(
            transaction.get_database_backend(),
            sql,
            [id.number().into()],
        );
        let state: Option<String> = transaction
            .query_one_raw(statement)
            .await?
            .map(|row| row.try_get("", "state"))
            .transpose()?;
        if state.as_deref() != Some("open") {
            return transaction.rollback().await;
        }
        replace(&transaction, &frame, &decided.outcome, now).await?;
        transaction.commit().await
    }
}

/// How far a round has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundProgress {
    /// The round.
    pub round: Id<Round>,
    /// The moment of these counts.
    pub as_of: DateTime<Utc>,
    /// Whether it is closed.
    pub closed: bool,
    /// Subjects that take part.
    pub subjects: u64,
    /// Answer sheets that count, over all surveys that are closed: of an open one that would tell of single answers.
    pub valid_sheets: u64,
    /// Answer sheets that came in, over all surveys.
    pub sheets: u64,
    /// Points that inspectors awarded.
    pub scores: u64,
    /// Warnings that its surveys have raised.
    pub warnings: u64,
}

impl RoundProgress {
    /// Whether the counts are the same, at whatever moment.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.closed, self.subjects, self.valid_sheets)
            == (other.closed, other.subjects, other.valid_sheets)
            && (self.sheets, self.scores, self.warnings)
                == (other.sheets, other.scores, other.warnings)
    }
}

#[derive(FromQueryResult)]
struct ProgressRow {
    state: String,
    subjects: i64,
    valid_sheets: i64,
    sheets: i64,
    scores: i64,
    warnings: i64,
}

impl Service {
    /// How far a round has come, from the counts kept beside the sheets: its cost does not grow with them. One
    /// statement.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also where this actor may not see the round.
    pub async fn get_progress(&self, actor: &Actor, id: Id<Round>) -> Result<RoundProgress, Fault> {
        if !may_read(actor, id) {
            return Err(Fault::NotFound);
        }
        let as_of = self.clock.now();
        let reader = self.database.reader();
        let statement = Statement::from_sql_and_values(
            reader.get_database_backend(),
            "SELECT round.state,
                 (SELECT count(*) FROM round_subject AS r WHERE r.round_id = round.id) AS subjects,
                 CAST(coalesce((SELECT sum(t.count) FROM sheet_tally AS t JOIN survey AS s ON s.id = t.survey_id
                      WHERE s.round_id = round.id AND s.state = 'closed' AND t.state = 'valid'), 0)
                      AS BIGINT) AS valid_sheets,
                 CAST(coalesce((SELECT sum(t.count) FROM sheet_tally AS t JOIN survey AS s ON s.id = t.survey_id
                      WHERE s.round_id = round.id AND t.state <> 'changed'), 0) AS BIGINT) AS sheets,
                 (SELECT count(*) FROM score WHERE score.round_id = round.id) AS scores,
                 (SELECT count(*) FROM survey_warning AS w JOIN survey AS s ON s.id = w.survey_id
                      WHERE s.round_id = round.id) AS warnings
             FROM round WHERE round.id = $1",
            [id.number().into()],
        );
        let row = ProgressRow::find_by_statement(statement)
            .one(&reader)
            .await?
            .ok_or(Fault::NotFound)?;
        let count = |number: i64| u64::try_from(number).map_err(Fault::internal);
        Ok(RoundProgress {
            round: id,
            as_of,
            closed: row.state == "closed",
            subjects: count(row.subjects)?,
            valid_sheets: count(row.valid_sheets)?,
            sheets: count(row.sheets)?,
            scores: count(row.scores)?,
            warnings: count(row.warnings)?,
        })
    }
}

/// What a worker has seen of each open round: how far its inputs and the figures of its surveys had come. A new one has seen nothing.
#[derive(Debug, Default)]
pub struct Seen(Mutex<BTreeMap<i64, (i64, i64)>>);

#[derive(FromQueryResult)]
struct Mark {
    id: i64,
    inputs_changed_at: i64,
    steps: i64,
}

/// How far the inputs of each open round have come. What is shown of surveys is counted apart: the intake never touches
/// the round's row.
async fn list_marks(connection: &impl ConnectionTrait) -> Result<Vec<Mark>, Fault> {
    let statement = Statement::from_string(
        connection.get_database_backend(),
        "SELECT round.id, round.inputs_changed_at,
             CAST(coalesce((SELECT sum(t.steps) FROM shown_tally AS t JOIN survey AS s ON s.id = t.survey_id
                  WHERE s.round_id = round.id), 0) AS BIGINT) AS steps
         FROM round WHERE round.state = 'open' ORDER BY round.id",
    );
    Ok(Mark::find_by_statement(statement).all(connection).await?)
}

/// Writes the figures of every subject of a round in place of those before.
pub(crate) async fn replace(
    transaction: &WriteTransaction,
    frame: &Frame,
    outcome: &Outcome,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    standing::Entity::delete_many()
        .filter(standing::Column::RoundId.eq(frame.round.id))
        .exec(transaction)
        .await?;
    let subjects = frame.by_code();
    let explainer = Explainer::new(&frame.scheme, []);
    let mut rows = Vec::with_capacity(outcome.decisions.len());
    for one in &outcome.decisions {
        let subject = subjects
            .get(one.subject.as_ref())
            .ok_or_else(|| Fault::internal("a decision about nobody"))?;
        rows.push(standing::ActiveModel {
            round_id: Set(frame.round.id),
            subject_id: Set(subject.id),
            category: Set(one.category.to_string()),
            total_e4: Set(one.total.map(Points::e4)),
            maximum_e4: Set(Some(one.maximum.e4())),
            rank: Set(one.rank.map(i64::from)),
            body: Set(
                serde_json::to_string(&Figures::of(one, &explainer)).map_err(Fault::internal)?
            ),
            computed_at: Set(clock::micros(at)),
        });
    }
    for part in rows.chunks(ROWS) {
        standing::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// What an actor is shown of a round.
#[derive(Debug)]
pub(crate) struct Shown {
    /// The round.
    pub round: round::Model,
    /// The number of the revision; absent while the round is open.
    pub revision: Option<u32>,
    /// Whether it is the one that stands, whose figures lie ready.
    pub stands: bool,
}

impl Shown {
    /// With the instant of interim figures, if there are any.
    fn edition(&self, computed_at: Option<i64>) -> Option<Edition> {
        match self.revision {
            Some(number) => Some(Edition::Revision { number }),
            None => computed_at.map(|computed_at| Edition::Live {
                computed_at,
                inputs_changed_at: self.round.inputs_changed_at,
            }),
        }
    }
}

/// When the interim figures of a round were computed: any row tells, for they are written all at once.
async fn find_instant(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
) -> Result<Option<i64>, Fault> {
    let found = standing::Entity::find()
        .select_only()
        .column(standing::Column::ComputedAt)
        .filter(standing::Column::RoundId.eq(id.number()))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found)
}

/// Which revision of a round this actor is shown: the wanted one, else the one that stands, of which everybody sees the
/// latest that was published. One statement, two for a closed round.
///
/// # Errors
/// [`Fault::NotFound`], also where there is no such revision or this actor may not see it.
pub(crate) async fn find_source(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    (id, wanted): (Id<Round>, Option<u32>),
) -> Result<Shown, Fault> {
    let visible = get_visible(connection, actor, id).await?;
    find_shown(connection, visible, wanted).await
}

/// The same for whom a result is their own: as whoever reads all, published or not.
///
/// # Errors
/// [`Fault::NotFound`], also where there is no such revision.
pub(crate) async fn find_own_source(
    connection: &impl ConnectionTrait,
    (id, wanted): (Id<Round>, Option<u32>),
) -> Result<Shown, Fault> {
    let round = get_round(connection, id).await?;
    find_shown(connection, (round, true), wanted).await
}

async fn find_shown(
    connection: &impl ConnectionTrait,
    (round, reads_all): (round::Model, bool),
    wanted: Option<u32>,
) -> Result<Shown, Fault> {
    if round.state != round::State::Closed {
        return match wanted {
            None => Ok(Shown {
                round,
                revision: None,
                stands: true,
            }),
            Some(_) => Err(Fault::NotFound),
        };
    }
    let rows = list_editions(connection, Id::new(round.id)).await?;
    let seen = (rows.iter()).filter(|(_, published)| reads_all || *published);
    let revision = match wanted {
        Some(number) => seen.map(|(one, _)| *one).find(|one| *one == number),
        None => seen.map(|(one, _)| *one).next_back(),
    };
    let last = rows.last().map(|(number, _)| *number);
    if revision.is_none() && last.is_some() {
        return Err(Fault::NotFound);
    }
    Ok(Shown {
        round,
        revision,
        stands: revision == last,
    })
}

/// What rows of a kind of inputs are of that lie in a round now: of the revision that stands, unless the round is open or
/// reopened for them. At most two statements.
pub(crate) async fn find_source_of(
    connection: &impl ConnectionTrait,
    frame: &Frame,
    (kind, as_of): (&InputKind, DateTime<Utc>),
) -> Result<Source, Fault> {
    let live = Source::Live { as_of: Some(as_of) };
    if frame.round.state != round::State::Closed {
        return Ok(live);
    }
    if let Some(revision) = frame.round.correcting
        && list_named(connection, frame.id(), revision)
            .await?
            .contains(kind)
    {
        return Ok(live);
    }
    let last = list_editions(connection, frame.id()).await?.pop();
    Ok(last.map_or(live, |(number, _)| Source::Revision { number }))
}

/// The numbers of the revisions of a round that this actor may see. Two statements.
///
/// # Errors
/// As [`find_source`].
pub(crate) async fn list_shown(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    id: Id<Round>,
) -> Result<BTreeSet<u32>, Fault> {
    let (_, reads_all) = get_visible(connection, actor, id).await?;
    let rows = list_editions(connection, id).await?;
    let seen = rows
        .into_iter()
        .filter(|(_, published)| reads_all || *published);
    Ok(seen.map(|(number, _)| number).collect())
}

/// The round, and whether the actor sees more of it than what was published.
async fn get_visible(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    id: Id<Round>,
) -> Result<(round::Model, bool), Fault> {
    let round = get_round(connection, id).await?;
    let scope = Scope {
        round: Some(id),
        ..Scope::default()
    };
    let published = round.publicity == round::Publicity::Published;
    let reads_all = actor.may_somewhere(Action::ReadRound) && may_read(actor, id);
    if reads_all || published && actor.may(Action::ReadPublished, &scope) {
        Ok((round, reads_all))
    } else {
        Err(Fault::NotFound)
    }
}

#[derive(FromQueryResult)]
struct EditionRow {
    number: i64,
    published: i64,
}

/// The revisions of a round in their order, and whether each was published.
async fn list_editions(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
) -> Result<Vec<(u32, bool)>, Fault> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT r.number, CAST(CASE WHEN p.revision IS NULL THEN 0 ELSE 1 END AS BIGINT) AS published
         FROM revision AS r LEFT JOIN publication AS p ON p.round_id = r.round_id AND p.revision = r.number
         WHERE r.round_id = $1 ORDER BY r.number",
        [id.number().into()],
    );
    let rows = EditionRow::find_by_statement(statement)
        .all(connection)
        .await?;
    let read = rows.into_iter().map(|row| {
        let number = u32::try_from(row.number).map_err(Fault::internal)?;
        Ok((number, row.published != 0))
    });
    read.collect()
}

/// Where the figures of a ranking lie.
#[derive(Debug, Clone, Copy)]
enum Table {
    /// Those that are shown all the time.
    Standing,
    /// Those of a revision that does not stand any more.
    Decision(u32),
}

/// Whether a grant reaches into this round at all; results are shown whole, as they hang in the corridor.
fn may_read(actor: &Actor, id: Id<Round>) -> bool {
    match actor {
        Actor::Staff { grants, .. } | Actor::Program { grants, .. } => grants.iter().any(|grant| {
            domain::access::may(Some(grant.role), Action::ReadRound)
                && grant.round.is_none_or(|round| round == id)
        }),
        Actor::Operator => true,
        Actor::Anonymous => false,
    }
}

/// One place more than wanted, if there is one. Those with a rank and those without are found by the index each for
/// themselves, in one statement; what is shown of them is read once it is known who they are, for many may share a rank.
async fn read_places(
    connection: &impl ConnectionTrait,
    wanted: &Wanted,
    table: Table,
) -> Result<Vec<PlaceRow>, Fault> {
    let mut values: Vec<Value> = vec![
        wanted.round.number().into(),
        wanted.category.clone().into(),
        (i64::from(wanted.first) + 1).into(),
    ];
    let backend = connection.get_database_backend();
    // Codes are compared byte by byte on either database, whatever the server's language is.
    let code = match backend {
        DbBackend::Postgres => "subject.code COLLATE \"C\"",
        _ => "subject.code",
    };
    let ranked = "standing.rank IS NOT NULL".to_owned();
    let unranked = "standing.rank IS NULL";
    let parts = match &wanted.after {
        None => vec![ranked, unranked.to_owned()],
        Some(Cursor {
            rank: Some(rank),
            code: after,
        }) => {
            values.push(i64::from(*rank).into());
            values.push(after.clone().into());
            // The first half alone could be left out; the index can be entered by it.
            let behind = format!("standing.rank >= $4 AND (standing.rank > $4 OR {code} > $5)");
            vec![behind, unranked.to_owned()]
        }
        Some(Cursor {
            rank: None,
            code: after,
        }) => {
            values.push(after.clone().into());
            vec![format!("{unranked} AND {code} > $4")]
        }
    };
    let outer = code.replace("subject.", "place.");
    let (table, instant, of) = match table {
        Table::Standing => (
            "standing AS standing",
            "standing.computed_at",
            String::new(),
        ),
        Table::Decision(number) => (
            "decision AS standing",
            "CAST(0 AS BIGINT) AS computed_at",
            format!(" AND standing.revision = {number}"),
        ),
    };
    let selects: Vec<String> = (0..)
        .zip(parts)
        .map(|(part, condition)| {
            format!(
                "SELECT * FROM (SELECT {part} AS part, standing.subject_id, standing.rank, subject.code
                 FROM {table} CROSS JOIN subject
                 WHERE subject.id = standing.subject_id AND standing.round_id = $1 AND standing.category = $2{of} AND {condition}
                 ORDER BY standing.rank, {code} LIMIT $3) AS part_{part}"
            )
        })
        .collect();
    // In this order on either database: SQLite takes the one that is written where a join is crossed.
    let sql = format!(
        "SELECT place.subject_id, place.code, r.name, r.name_en, standing.total_e4, standing.maximum_e4, standing.rank,
             standing.body, {instant}
         FROM (SELECT * FROM ({}) AS place ORDER BY part, rank, {outer} LIMIT $3) AS place
         CROSS JOIN {table} CROSS JOIN round_subject AS r
         WHERE standing.round_id = $1 AND standing.subject_id = place.subject_id{of}
             AND r.round_id = $1 AND r.subject_id = place.subject_id
         ORDER BY place.part, place.rank, {outer}",
        selects.join(" UNION ALL ")
    );
    let statement = Statement::from_sql_and_values(backend, sql, values);
    Ok(PlaceRow::find_by_statement(statement)
        .all(connection)
        .await?)
}

/// With an explainer from a decision, else from figures that lie ready.
fn read(row: PlaceRow, explainer: Option<&Explainer<'_>>) -> Result<Place, Fault> {
    Ok(Place {
        subject: Id::new(row.subject_id),
        code: row.code,
        name: row.name,
        name_en: row.name_en,
        total: row.total_e4.map(Points::from_e4),
        maximum: row.maximum_e4.map(Points::from_e4),
        rank: row
            .rank
            .map(u32::try_from)
            .transpose()
            .map_err(Fault::internal)?,
        figures: match explainer {
            None => serde_json::from_str(&row.body).map_err(Fault::internal)?,
            Some(explainer) => {
                let decision = serde_json::from_str(&row.body).map_err(Fault::internal)?;
                Figures::of(&decision, explainer)
            }
        },
    })
}
