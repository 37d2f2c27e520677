//! What a survey has brought in: the tallies kept up while answers come in, and the same counts made again from the
//! sheets.

use std::collections::BTreeMap;

use domain::id::{Id, Subject, Survey};
use domain::scheme::file::Channel;
use domain::survey::{Booked, Definition, Marks, SheetState, Tally, recount, recount_ballots};
use entity::{sheet, sheet_tally, survey_issue, tally};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement};

use super::{line, parse_channel, parse_marks};
use crate::Fault;

/// Sheets that are read in one statement. More would hold more memory and save nothing.
const SHEETS_AT_ONCE: i64 = 200_000;

/// Sheets that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Whom the answers are about.
    pub subject: Id<Subject>,
    /// Who answered.
    pub panel: String,
    /// On what way.
    pub channel: Channel,
}

/// How far a survey has come in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupProgress {
    /// The group.
    pub group: Group,
    /// How many sheets or invitations were issued, where anybody counted.
    pub issued: Option<u64>,
    /// Sheets that came in, by what became of them.
    pub sheets: BTreeMap<SheetState, u64>,
}

/// Where the kept tallies and the sheets disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The group.
    pub group: Group,
    /// As kept up.
    pub kept: Tally,
    /// As counted from the sheets.
    pub counted: Tally,
}

/// The counts made from the sheets, set against those kept up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// The counts made from the sheets.
    pub tallies: BTreeMap<Group, Tally>,
    /// Every group in which the kept ones differ; empty if all is well.
    pub differences: Vec<Difference>,
}

/// How far a survey has come, in the order of the groups. Two statements, whose cost does not grow with the sheets.
pub async fn list_progress(
    connection: &impl ConnectionTrait,
    survey: Id<Survey>,
) -> Result<Vec<GroupProgress>, Fault> {
    let mut progress: BTreeMap<Group, GroupProgress> = BTreeMap::new();
    let start = |group: Group| GroupProgress {
        group,
        issued: None,
        sheets: BTreeMap::new(),
    };
    let issues = survey_issue::Entity::find()
        .filter(survey_issue::Column::SurveyId.eq(survey.number()))
        .all(connection)
        .await?;
    for row in issues {
        let group = group_of(row.subject_id, row.panel, &row.channel)?;
        let entry = progress
            .entry(group.clone())
            .or_insert_with(|| start(group));
        entry.issued = row.issued.and_then(|issued| u64::try_from(issued).ok());
    }
    let counts = list_sheet_counts(connection, &[survey.number()]).await?;
    for (group, tally) in counts.into_values().flatten() {
        let entry = progress
            .entry(group.clone())
            .or_insert_with(|| start(group));
        entry.sheets = tally.sheets;
    }
    Ok(progress.into_values().collect())
}

/// The tallies kept up while answers come in. Two statements, whose cost does not grow with the sheets.
///
/// # Errors
/// [`Fault::Internal`] if a tally was not made by this definition.
pub async fn list_tallies(
    connection: &impl ConnectionTrait,
    survey: Id<Survey>,
    definition: &Definition,
) -> Result<BTreeMap<Group, Tally>, Fault> {
    let definitions = BTreeMap::from([(survey.number(), definition)]);
    let mut tallies = list_tallies_of(connection, &definitions).await?;
    Ok(tallies.remove(&survey.number()).unwrap_or_default())
}

/// The same for several surveys by their numbers, in no more statements. A survey without tallies is absent.
pub(crate) async fn list_tallies_of(
    connection: &impl ConnectionTrait,
    definitions: &BTreeMap<i64, &Definition>,
) -> Result<BTreeMap<i64, BTreeMap<Group, Tally>>, Fault> {
    let ids: Vec<i64> = definitions.keys().copied().collect();
    let mut tallies = list_sheet_counts(connection, &ids).await?;
    let rows = tally::Entity::find()
        .filter(tally::Column::SurveyId.is_in(ids))
        .all(connection)
        .await?;
    for row in rows {
        let definition = definitions
            .get(&row.survey_id)
            .ok_or_else(|| Fault::internal("the database named a survey that was not asked for"))?;
        let counts = line::parse(&row.counts)?;
        let answers = Tally::read_line(definition, &counts).map_err(Fault::internal)?;
        let group = group_of(row.subject_id, row.panel, &row.channel)?;
        if !answers.is_empty() {
            let of_survey = tallies.entry(row.survey_id).or_default();
            of_survey.entry(group).or_default().answers = answers;
        }
    }
    Ok(tallies)
}

async fn list_sheet_counts(
    connection: &impl ConnectionTrait,
    surveys: &[i64],
) -> Result<BTreeMap<i64, BTreeMap<Group, Tally>>, Fault> {
    let rows = sheet_tally::Entity::find()
        .filter(sheet_tally::Column::SurveyId.is_in(surveys.iter().copied()))
        .all(connection)
        .await?;
    let mut tallies: BTreeMap<i64, BTreeMap<Group, Tally>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.count > 0) {
        tallies
            .entry(row.survey_id)
            .or_default()
            .entry(group_of(row.subject_id, row.panel, &row.channel)?)
            .or_default()
            .sheets
            .insert(state_of(row.state), unsigned(row.count)?);
    }
    Ok(tallies)
}

pub(super) fn group_of(subject_id: i64, panel: String, channel: &str) -> Result<Group, Fault> {
    Ok(Group {
        subject: Id::new(subject_id),
        panel,
        channel: parse_channel(channel)?,
    })
}

/// Counts a survey again from its sheets and sets the result against the kept tallies. Reads every sheet, two hundred
/// thousand in a statement; run it in a reading transaction, so that both sides are of one moment.
///
/// # Errors
/// [`Fault::Internal`] if a sheet does not fit the survey's definition.
pub async fn count_from_sheets(
    connection: &impl ConnectionTrait,
    survey: Id<Survey>,
    definition: &Definition,
) -> Result<Recount, Fault> {
    let mut counted: BTreeMap<Group, Tally> = BTreeMap::new();
    let stored = Stored::of(connection, survey, definition).await?;
    let mut after = 0_i64;
    loop {
        let parts = read_sheet_part(connection, &stored, after).await?;
        if parts.is_empty() {
            break;
        }
        for part in parts {
            after = after.max(part.last_no);
            for (subject, tally) in stored.count(definition, &part)? {
                let group = Group {
                    subject,
                    panel: part.panel.clone(),
                    channel: part.channel,
                };
                counted.entry(group).or_default().add_all(&tally);
            }
        }
    }
    let kept = list_tallies(connection, survey, definition).await?;
    let differences = compare(&kept, &counted);
    Ok(Recount {
        tallies: counted,
        differences,
    })
}

/// Where the sheets of a survey lie, and whom they are about.
#[derive(Debug)]
pub(crate) struct Stored {
    survey: Id<Survey>,
    /// The subjects of each ballot in the order of its lines; nothing where sheets are about one subject.
    pub ballots: Option<BTreeMap<i64, Vec<Id<Subject>>>>,
}

impl Stored {
    /// Those of this survey. No statement, two where it is a ballot.
    pub(crate) async fn of(
        connection: &impl ConnectionTrait,
        survey: Id<Survey>,
        definition: &Definition,
    ) -> Result<Self, Fault> {
        let ballots = if definition.ballot.is_some() {
            let mut found = super::find_ballots(connection, &[survey]).await?;
            let ballots = found.remove(&survey).unwrap_or_default().into_iter();
            Some(ballots.map(|one| (one.number, one.subjects)).collect())
        } else {
            None
        };
        Ok(Self { survey, ballots })
    }

    /// The subjects that sheets of a ballot are about.
    pub(crate) fn subjects(&self, ballot: i64) -> Result<&[Id<Subject>], Fault> {
        let ballots = self.ballots.as_ref();
        ballots
            .and_then(|ballots| ballots.get(&ballot))
            .map(Vec::as_slice)
            .ok_or_else(|| Fault::internal("a sheet is of a ballot that its survey does not have"))
    }

    /// Whom a sheet is about: one subject, or those of its ballot in the order of its lines.
    pub(crate) fn whom(&self, about: i64) -> Result<Vec<i64>, Fault> {
        match self.ballots {
            None => Ok(vec![about]),
            Some(_) => Ok(self
                .subjects(about)?
                .iter()
                .map(|one| one.number())
                .collect()),
        }
    }

    fn count(
        &self,
        definition: &Definition,
        part: &SheetPart,
    ) -> Result<Vec<(Id<Subject>, Tally)>, Fault> {
        let booked = Booked {
            state: part.state,
            marks: part.marks,
        };
        let with_marks = |mut tally: Tally| {
            tally.add_marks(booked, tally.sheets(part.state));
            tally
        };
        if self.ballots.is_none() {
            let tally = recount(definition, part.state, &part.bytes).map_err(Fault::internal)?;
            return Ok(vec![(Id::new(part.about), with_marks(tally))]);
        }
        let subjects = self.subjects(part.about)?;
        let lines = recount_ballots(definition, subjects.len(), part.state, &part.bytes);
        let lines = lines.map_err(Fault::internal)?.into_iter();
        Ok(subjects
            .iter()
            .copied()
            .zip(lines.map(with_marks))
            .collect())
    }
}

/// Sheets of one group, state and marks that were read together.
#[derive(Debug)]
pub(crate) struct SheetPart {
    /// The subject, or the number of the ballot.
    pub about: i64,
    pub panel: String,
    pub channel: Channel,
    pub state: SheetState,
    pub marks: Marks,
    /// One behind the other, each as wide as the survey's definition says.
    pub bytes: Vec<u8>,
    /// The highest number among them.
    pub last_no: i64,
}

/// The next sheets after a number, two hundred thousand or fewer; none are left when it is empty. One statement.
pub(crate) async fn read_sheet_part(
    connection: &impl ConnectionTrait,
    stored: &Stored,
    after: i64,
) -> Result<Vec<SheetPart>, Fault> {
    let backend = connection.get_database_backend();
    let rows = connection
        .query_all_raw(read_sheets(backend, stored, after))
        .await?;
    let mut parts = Vec::with_capacity(rows.len());
    for row in rows {
        let state: String = row.try_get("", "state")?;
        parts.push(SheetPart {
            about: row.try_get("", "about")?,
            panel: row.try_get("", "panel")?,
            channel: parse_channel(&row.try_get::<String>("", "channel")?)?,
            state: SheetState::parse(&state)
                .ok_or_else(|| Fault::internal("a sheet is in an unknown state"))?,
            marks: parse_marks(row.try_get("", "marks")?)?,
            bytes: match backend {
                DbBackend::Sqlite => {
                    hex::decode(row.try_get::<String>("", "answers")?).map_err(Fault::internal)?
                }
                _ => row.try_get("", "answers")?,
            },
            last_no: row.try_get("", "last_no")?,
        });
    }
    Ok(parts)
}

/// Some sheets in the order of their numbers, those of one group, state and marks one behind the other in a
/// single value: a
/// row for each sheet would cost more than reading it.
fn read_sheets(backend: DbBackend, stored: &Stored, after: i64) -> Statement {
    let (table, about) = match stored.ballots {
        None => ("sheet", "subject_id"),
        Some(_) => ("ballot_sheet", "ballot_no"),
    };
    let together = match backend {
        DbBackend::Sqlite => "group_concat(hex(answers), '')",
        _ => "string_agg(answers, ''::bytea)",
    };
    let sql = format!(
        "SELECT about, panel, channel, state, marks, {together} AS answers, max(sheet_no) AS last_no
         FROM (SELECT sheet_no, {about} AS about, panel, channel, state, marks, answers FROM {table}
               WHERE survey_id = $1 AND sheet_no > $2 ORDER BY sheet_no LIMIT $3) AS part
         GROUP BY about, panel, channel, state, marks"
    );
    Statement::from_sql_and_values(
        backend,
        sql,
        [
            stored.survey.number().into(),
            after.into(),
            SHEETS_AT_ONCE.into(),
        ],
    )
}

fn compare(kept: &BTreeMap<Group, Tally>, counted: &BTreeMap<Group, Tally>) -> Vec<Difference> {
    let groups: std::collections::BTreeSet<&Group> = kept.keys().chain(counted.keys()).collect();
    let side =
        |tallies: &BTreeMap<Group, Tally>, group| tallies.get(group).cloned().unwrap_or_default();
    groups
        .into_iter()
        .map(|group| Difference {
            group: group.clone(),
            kept: side(kept, group),
            counted: side(counted, group),
        })
        .filter(|difference| difference.kept != difference.counted)
        .collect()
}

fn state_of(state: sheet::State) -> SheetState {
    use sea_orm::ActiveEnum;
    let word: String = state.to_value();
    SheetState::parse(&word).unwrap_or(SheetState::Quarantined)
}

pub(super) fn unsigned<N, M>(number: N) -> Result<M, Fault>
where
    M: TryFrom<N>,
    M::Error: std::error::Error + Send + Sync + 'static,
{
    M::try_from(number).map_err(Fault::internal)
}
