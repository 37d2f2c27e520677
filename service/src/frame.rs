//! What a use-case about a round stands on: the round's row, its compiled scheme, the regions, and who takes part.
//!
//! Compiled schemes are kept in memory by the digest of their text: a scheme version never changes, so neither does
//! what is compiled from it. Deliberately absent: anything that is put in while the round is open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::NaiveDate;
use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
use domain::inputs::{self, Date, Inputs};
use domain::scheme::Scheme;
use domain::scheme::file::{SubjectKind, Words};
use entity::{region, round, scheme_version, subject};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Statement, Value};

use crate::{Fault, clock};

/// Compiled schemes that are kept. Beyond it all are forgotten: a district has a handful.
const MOST_SCHEMES: usize = 64;

/// Whom a use-case is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whom<'a> {
    /// The whole roster.
    Everybody,
    /// These subjects, as far as they take part. At most a few hundred: each is a value of the statement.
    These(&'a BTreeSet<i64>),
}

/// A round with what it is judged by and who takes part.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub round: round::Model,
    pub source: String,
    pub scheme: Arc<Scheme>,
    pub regions: BTreeMap<i64, region::Model>,
    /// By the id of the subject.
    pub participants: BTreeMap<i64, Participant>,
}

/// A subject in the frozen roster of a round, without those who left before its end.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct Participant {
    pub id: i64,
    pub code: String,
    pub kind: subject::Kind,
    pub category: String,
    pub region_id: i64,
    pub name: String,
    pub name_en: String,
    pub left_on: Option<String>,
}

impl Participant {
    /// Its name in the round.
    pub(crate) fn words(&self) -> Words {
        Words {
            zh: self.name.clone(),
            en: self.name_en.clone(),
        }
    }
}

impl Frame {
    /// Reads a round. Four statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub(crate) async fn load(
        connection: &impl ConnectionTrait,
        id: Id<id::Round>,
        whom: Whom<'_>,
    ) -> Result<Self, Fault> {
        let round = get_round(connection, id).await?;
        let version = scheme_version::Entity::find_by_id(round.scheme_version_id)
            .one(connection)
            .await?
            .ok_or_else(|| Fault::internal("the scheme of a round is gone"))?;
        let regions = region::Entity::find().all(connection).await?;
        let mut values: Vec<Value> = vec![id.number().into()];
        let mut sql = String::from(
            "SELECT s.id, s.code, s.kind, r.category, r.region_id, r.name, r.name_en, r.left_on
             FROM round_subject AS r JOIN subject AS s ON s.id = r.subject_id WHERE r.round_id = $1",
        );
        if let Whom::These(subjects) = whom {
            let places: Vec<String> = (2..subjects.len() + 2).map(|n| format!("${n}")).collect();
            let list = if places.is_empty() {
                "NULL".to_owned()
            } else {
                places.join(", ")
            };
            sql = format!("{sql} AND s.id IN ({list})");
            values.extend(subjects.iter().map(|id| Value::from(*id)));
        }
        let statement =
            Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
        let roster = Participant::find_by_statement(statement)
            .all(connection)
            .await?;
        let last_day = round.period_to_on.clone();
        Ok(Self {
            round,
            scheme: compile(&version.source)?,
            source: version.source,
            regions: regions.into_iter().map(|row| (row.id, row)).collect(),
            participants: roster
                .into_iter()
                .filter(|row| row.left_on.as_ref().is_none_or(|left| *left > last_day))
                .map(|row| (row.id, row))
                .collect(),
        })
    }

    /// The round's id.
    pub(crate) fn id(&self) -> Id<id::Round> {
        Id::new(self.round.id)
    }

    /// The participants by their codes.
    pub(crate) fn by_code(&self) -> BTreeMap<&str, &Participant> {
        self.participants
            .values()
            .map(|one| (one.code.as_str(), one))
            .collect()
    }

    /// The code of a participant.
    pub(crate) fn code(&self, subject: i64) -> Option<&str> {
        self.participants.get(&subject).map(|one| one.code.as_str())
    }

    /// A region, then each region above it.
    pub(crate) fn region_line(&self, region: i64) -> Vec<Id<id::Region>> {
        region_line(&self.regions, region)
    }

    /// Whether the actor may do something to each of these subjects. Asks once for each region and category, however
    /// many subjects share them.
    ///
    /// # Errors
    /// [`Fault::Denied`].
    pub(crate) fn allow(
        &self,
        actor: &Actor,
        action: Action,
        subjects: impl IntoIterator<Item = i64>,
    ) -> Result<(), Fault> {
        let mut asked = BTreeSet::new();
        for subject in subjects {
            let Some(one) = self.participants.get(&subject) else {
                continue;
            };
            if !asked.insert((one.region_id, one.category.as_str())) {
                continue;
            }
            let scope = Scope {
                regions: &self.region_line(one.region_id),
                category: Some(&one.category),
                round: Some(self.id()),
                ..Scope::default()
            };
            if !actor.may(action, &scope) {
                return Err(Fault::Denied);
            }
        }
        Ok(())
    }

    fn region_code(&self, id: i64) -> Result<String, Fault> {
        let row = self.regions.get(&id);
        row.map(|row| row.code.clone())
            .ok_or_else(|| Fault::internal("a region is gone"))
    }

    fn regions_of(&self, needed: &BTreeSet<Id<id::Region>>) -> Result<Vec<inputs::Region>, Fault> {
        let rows = needed
            .iter()
            .filter_map(|id| self.regions.get(&id.number()));
        rows.map(|row| {
            let parent = row.parent_id.map(|parent| self.region_code(parent));
            Ok(inputs::Region {
                code: row.code.clone(),
                parent: parent.transpose()?,
                name: row.name.clone(),
            })
        })
        .collect()
    }

    /// Adds regions, each with those above it, that no participant lies in.
    ///
    /// # Errors
    /// [`Fault::Internal`] if a region is gone.
    pub(crate) fn add_regions(
        &self,
        inputs: &mut Inputs,
        needed: &BTreeSet<Id<id::Region>>,
    ) -> Result<(), Fault> {
        let more = self.regions_of(needed)?;
        inputs.regions.extend(more);
        inputs.regions.sort();
        inputs.regions.dedup();
        Ok(())
    }

    /// The inputs of the round as far as they are known here: round, regions and subjects.
    ///
    /// # Errors
    /// [`Fault::Internal`] if the round's row holds no dates.
    pub(crate) fn begin_inputs(&self) -> Result<Inputs, Fault> {
        let mut needed = BTreeSet::new();
        for one in self.participants.values() {
            needed.extend(self.region_line(one.region_id));
        }
        let regions = self.regions_of(&needed)?;
        let subjects = self
            .participants
            .values()
            .map(|one| {
                Ok(inputs::Subject {
                    code: one.code.clone(),
                    kind: kind_of(one.kind),
                    category: one.category.clone(),
                    region: self.region_code(one.region_id)?,
                    name: one.name.clone(),
                })
            })
            .collect::<Result<_, Fault>>()?;
        Ok(Inputs {
            format: inputs::FORMAT.to_owned(),
            round: inputs::Round {
                code: self.round.code.clone(),
                series: self.round.series.clone(),
                name: self.round.name.clone(),
                period_from: parse_date(&self.round.period_from_on)?,
                period_to: parse_date(&self.round.period_to_on)?,
                time_zone: self.round.time_zone.clone(),
                open_surveys: Vec::new(),
                earlier: Vec::new(),
            },
            regions,
            subjects,
            relations: Vec::new(),
            successions: Vec::new(),
            scores: Vec::new(),
            checklists: Vec::new(),
            duty_lists: Vec::new(),
            measures: Vec::new(),
            facts: Vec::new(),
            nil_reports: Vec::new(),
            tallies: Vec::new(),
            sheets: Vec::new(),
            ballots: Vec::new(),
            turnouts: Vec::new(),
            investigations: Vec::new(),
            history: Vec::new(),
            closed_rounds: Vec::new(),
            closed_results: Vec::new(),
            proposed: Vec::new(),
            waivers: Vec::new(),
            adjustments: Vec::new(),
            tie_choices: Vec::new(),
            withheld: Vec::new(),
            given_labels: Vec::new(),
        })
    }
}

/// A region of these, then each region above it.
pub(crate) fn region_line(
    regions: &BTreeMap<i64, region::Model>,
    region: i64,
) -> Vec<Id<id::Region>> {
    let mut line = Vec::new();
    let mut next = Some(region);
    while let Some(id) = next {
        // A circle in the tree must not hang the server.
        if line.len() > regions.len() {
            break;
        }
        line.push(Id::new(id));
        next = regions.get(&id).and_then(|row| row.parent_id);
    }
    line
}

/// A round's row. One statement.
///
/// # Errors
/// [`Fault::NotFound`].
pub(crate) async fn get_round(
    connection: &impl ConnectionTrait,
    id: Id<id::Round>,
) -> Result<round::Model, Fault> {
    round::Entity::find_by_id(id.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// The compiled scheme of a round. One statement.
///
/// # Errors
/// [`Fault::Internal`] if the version is gone.
pub(crate) async fn get_scheme(
    connection: &impl ConnectionTrait,
    round: &round::Model,
) -> Result<Arc<Scheme>, Fault> {
    let version = scheme_version::Entity::find_by_id(round.scheme_version_id)
        .one(connection)
        .await?
        .ok_or_else(|| Fault::internal("the scheme of a round is gone"))?;
    compile(&version.source)
}

/// The compiled scheme of a text.
///
/// # Errors
/// [`Fault::Internal`] if the text is no scheme: it was checked before it was stored.
pub(crate) fn compile(source: &str) -> Result<Arc<Scheme>, Fault> {
    use sha2::{Digest, Sha256};
    static KNOWN: OnceLock<Mutex<BTreeMap<[u8; 32], Arc<Scheme>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    let digest: [u8; 32] = Sha256::digest(source.as_bytes()).into();
    if let Some(scheme) = known
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&digest)
    {
        return Ok(scheme.clone());
    }
    let scheme = Arc::new(Scheme::parse(source).map_err(|faults| {
        let first = faults.first().map_or_else(String::new, ToString::to_string);
        Fault::internal(format!("a stored scheme does not load: {first}"))
    })?);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST_SCHEMES {
        known.clear();
    }
    known.insert(digest, scheme.clone());
    Ok(scheme)
}

/// The word of the domain for a kind of subject.
pub(crate) const fn kind_of(kind: subject::Kind) -> SubjectKind {
    match kind {
        subject::Kind::Unit => SubjectKind::Unit,
        subject::Kind::Team => SubjectKind::Team,
        subject::Kind::Person => SubjectKind::Person,
        subject::Kind::Family => SubjectKind::Family,
    }
}

/// A date from a column.
pub(crate) fn parse_date(text: &str) -> Result<Date, Fault> {
    text.parse().map_err(|error: String| Fault::internal(error))
}

/// The day of an instant in a round's time zone.
pub(crate) fn local_day(micros: i64, time_zone: &str) -> Result<NaiveDate, Fault> {
    let zone: chrono_tz::Tz = time_zone
        .parse()
        .map_err(|_| Fault::internal(format!("`{time_zone}` is no time zone")))?;
    Ok(clock::instant(micros)?.with_timezone(&zone).date_naive())
}

/// Who did something, as the log names it: the typed id of a member of staff, or a word.
pub(crate) fn who(actor: &Actor) -> String {
    match actor {
        Actor::Staff { id, .. } => id.to_string(),
        Actor::Program { id, .. } => id.to_string(),
        Actor::Operator | Actor::Anonymous => actor.name().to_owned(),
    }
}

/// The account of an actor, where there is one.
pub(crate) const fn staff_of(actor: &Actor) -> Option<Id<id::Staff>> {
    match actor {
        Actor::Staff { id, .. } => Some(*id),
        Actor::Operator | Actor::Anonymous | Actor::Program { .. } => None,
    }
}
