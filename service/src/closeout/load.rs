//! Reads everything that a close-out looks at, in a fixed number of statements inside one transaction.

use std::collections::BTreeMap;

use domain::correction::InputKind;
use domain::id::{Id, Round};
use domain::inputs::{self, Date, Inputs};
use domain::number::Points;
use domain::package::CountedGroup;
use domain::scheme::file::{FactDate, Finding};
use domain::survey::{Definition, Tally};
use entity::{fact, investigation, past_grade, round_relation, survey, survey_issue, waiver};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, Statement,
};

use super::correction::Correction;
use crate::Fault;
use crate::composition;
use crate::frame::{Frame, Whom, local_day, parse_date};
use crate::freeze::list_named;
use crate::inspection::{Checklist, Measure, NilReport, ProposedGrade, Row, read_rows};
use crate::round::list_approved;
use crate::succession;
use crate::survey::{Group, list_shown_of, list_tallies_of};

/// The value of `period` in the inputs where a measure has one value for the whole round; the column is empty then.
pub(crate) const WHOLE_ROUND: &str = "round";
/// The value of `period` of last year's value.
const LAST_YEAR: &str = "last_year";

/// Everything about a round at one moment.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub frame: Frame,
    pub inputs: Inputs,
    pub surveys: Vec<LoadedSurvey>,
    /// Present while the round is reopened; the inputs are then those that the correction would be decided by.
    pub correction: Option<Correction>,
}

/// A survey of the round with the counts that were kept up, or while it takes answers with those that may be shown.
#[derive(Debug)]
pub(crate) struct LoadedSurvey {
    pub id: i64,
    pub state: survey::State,
    pub definition: Definition,
    pub kept: BTreeMap<Group, Tally>,
}

/// Reads a round. Twenty-four statements, however large it is; a few more where it is composed of closed rounds, or
/// reopened: then what is not named is as the revision holds that is corrected.
pub(crate) async fn load(
    connection: &impl ConnectionTrait,
    id: Id<Round>,
) -> Result<Loaded, Fault> {
    let frame = Frame::load(connection, id, Whom::Everybody).await?;
    let named = match frame.round.correcting {
        Some(revision) => Some((revision, list_named(connection, id, revision).await?)),
        None => None,
    };
    let mut inputs = frame.begin_inputs()?;
    let steps = succession::list_until(connection, &frame.round.period_to_on).await?;
    let reading = Reading {
        connection,
        frame: &frame,
        round: id.number(),
        former: former_of(&frame, &steps),
    };
    inputs.successions = (steps.into_iter())
        .filter(|(_, heir, _)| reading.code_or_former(*heir).is_some())
        .map(|(_, _, step)| step)
        .collect();
    let anew = (named.iter()).any(|(_, named)| named.contains(&InputKind::Relations));
    inputs.relations = reading.relations(anew).await?;
    inputs.scores = reading.scores().await?;
    reading.add::<Checklist>(&mut inputs).await?;
    inputs.duty_lists = list_approved(connection, reading.frame, Whom::Everybody).await?;
    reading.measures(&mut inputs).await?;
    inputs.facts = reading.facts().await?;
    reading.add::<NilReport>(&mut inputs).await?;
    reading.add::<ProposedGrade>(&mut inputs).await?;
    reading.decided_by_people(&mut inputs).await?;
    let surveys = reading.surveys(&mut inputs).await?;
    reading.history(&mut inputs).await?;
    composition::add_to(connection, &frame, &mut inputs).await?;
    inputs.sort();
    let mut loaded = Loaded {
        frame,
        inputs,
        surveys,
        correction: None,
    };
    if let Some((revision, named)) = named {
        loaded.hold(connection, revision, &named).await?;
    }
    Ok(loaded)
}

struct Reading<'a, C> {
    connection: &'a C,
    frame: &'a Frame,
    round: i64,
    /// Those whom participants carry on, by id.
    former: BTreeMap<i64, String>,
}

#[derive(FromQueryResult)]
struct ScoreRow {
    subject_id: i64,
    item: String,
    part: String,
    period: String,
    login: String,
    points_e4: i64,
    awarded_at: i64,
    note: Option<String>,
}

#[derive(FromQueryResult)]
struct AdjustmentRow {
    subject_id: i64,
    grade: String,
    login: String,
    made_at: i64,
    reason: String,
}

#[derive(FromQueryResult)]
struct TieChoiceRow {
    quota: String,
    subject_id: i64,
    login: String,
    made_at: i64,
    reason: String,
}

#[derive(FromQueryResult)]
struct EarlierRow {
    code: String,
    period_to_on: String,
    closed_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct EarlierGrade {
    code: String,
    revision: i64,
    subject_id: i64,
    grade: Option<String>,
}

impl<C: ConnectionTrait> Reading<'_, C> {
    fn statement(&self, sql: &str, values: Vec<sea_orm::Value>) -> Statement {
        Statement::from_sql_and_values(self.connection.get_database_backend(), sql, values)
    }

    fn code(&self, subject: i64) -> Option<String> {
        self.frame.code(subject).map(str::to_owned)
    }

    fn code_or_former(&self, subject: i64) -> Option<String> {
        let former = || self.former.get(&subject).cloned();
        self.code(subject).or_else(former)
    }

    /// Rows about participants and whom they carry on, each with the code of its subject.
    fn about_all<R>(&self, rows: Vec<R>, whom: impl Fn(&R) -> i64) -> Vec<(String, R)> {
        rows.into_iter()
            .filter_map(|row| Some((self.code_or_former(whom(&row))?, row)))
            .collect()
    }

    /// Rows about participants, each with the code of its subject.
    fn about<R>(&self, rows: Vec<R>, whom: impl Fn(&R) -> i64) -> Vec<(String, R)> {
        rows.into_iter()
            .filter_map(|row| Some((self.code(whom(&row))?, row)))
            .collect()
    }

    /// What was reported about the participants, of one kind.
    async fn add<T: Row>(&self, inputs: &mut Inputs) -> Result<(), Fault> {
        let everything = (self.frame.id(), Whom::Everybody);
        let rows = read_rows::<T>(self.connection, everything).await?;
        for (subject, row) in self.about(rows, |row| row.subject().number()) {
            row.add_to(inputs, subject);
        }
        Ok(())
    }

    /// Measures; of those whom participants carry on last year's values alone.
    async fn measures(&self, inputs: &mut Inputs) -> Result<(), Fault> {
        let everything = (self.frame.id(), Whom::Everybody);
        let rows = read_rows::<Measure>(self.connection, everything).await?;
        for (subject, row) in self.about_all(rows, |row| row.subject().number()) {
            if row.period == LAST_YEAR || self.code(row.subject().number()).is_some() {
                row.add_to(inputs, subject);
            }
        }
        Ok(())
    }

    /// Relations between participants that held at some time of the period: those that were frozen with the roster, or
    /// anew those that are known now.
    async fn relations(&self, anew: bool) -> Result<Vec<inputs::Relation>, Fault> {
        let round = &self.frame.round;
        let query = round_relation::Entity::find();
        let rows = if anew {
            let sql = "SELECT CAST($1 AS BIGINT) AS round_id, kind, from_subject_id, to_subject_id, from_on, to_on
                 FROM relation";
            let statement = self.statement(sql, vec![self.round.into()]);
            query.from_raw_sql(statement).all(self.connection).await?
        } else {
            let query = query.filter(round_relation::Column::RoundId.eq(self.round));
            query.all(self.connection).await?
        };
        let mut relations: Vec<inputs::Relation> = rows
            .into_iter()
            .filter(|row| {
                row.from_on <= round.period_to_on
                    && row
                        .to_on
                        .as_ref()
                        .is_none_or(|to| *to >= round.period_from_on)
            })
            .filter_map(|row| {
                Some(inputs::Relation {
                    kind: relation_kind(&row.kind.to_value())?,
                    from: self.code(row.from_subject_id)?,
                    to: self.code(row.to_subject_id)?,
                    from_on: row.from_on.parse().ok(),
                    to_on: row.to_on.and_then(|day| day.parse().ok()),
                })
            })
            .collect();
        relations.sort();
        relations.dedup();
        Ok(relations)
    }

    async fn scores(&self) -> Result<Vec<inputs::Score>, Fault> {
        let statement = self.statement(
            "SELECT score.subject_id, score.item, score.part, score.period, staff.login, score.points_e4, score.awarded_at,
                 score.note
             FROM score JOIN staff ON staff.id = score.inspector_id WHERE score.round_id = $1
             ORDER BY score.subject_id, score.item, score.part, score.period, score.awarded_at, staff.login",
            vec![self.round.into()],
        );
        let rows = ScoreRow::find_by_statement(statement)
            .all(self.connection)
            .await?;
        let mut scores: Vec<inputs::Score> = Vec::with_capacity(rows.len());
        let mut last: Option<(i64, String, String, String, i64, u32)> = None;
        for row in rows {
            let order = match &last {
                Some((subject, item, part, period, at, order))
                    if (*subject, item, part, period)
                        == (row.subject_id, &row.item, &row.part, &row.period) =>
                {
                    order.saturating_add(u32::from(*at < row.awarded_at))
                }
                _ => 0,
            };
            last = Some((
                row.subject_id,
                row.item.clone(),
                row.part.clone(),
                row.period.clone(),
                row.awarded_at,
                order,
            ));
            let Some(subject) = self.code(row.subject_id) else {
                continue;
            };
            scores.push(inputs::Score {
                subject,
                item: row.item,
                part: Some(row.part).filter(|part| !part.is_empty()),
                period: Some(row.period).filter(|period| !period.is_empty()),
                inspector: row.login,
                points: Points::from_e4(row.points_e4),
                order,
                note: row.note,
            });
        }
        Ok(scores)
    }

    /// Confirmed facts of the participants, and of those whom they carry on, up to the end of the period, of the kinds that the scheme knows.
    async fn facts(&self) -> Result<Vec<inputs::Fact>, Fault> {
        let rows = fact::Entity::find()
            .from_raw_sql(self.statement(
                "SELECT fact.* FROM fact JOIN round_subject AS r ON r.subject_id = fact.subject_id
                 WHERE r.round_id = $1 AND fact.status = 'confirmed'
                 UNION ALL
                 SELECT fact.* FROM fact JOIN succession AS s ON s.predecessor_id = fact.subject_id
                 WHERE s.kind = 'merger' AND fact.status = 'confirmed'
                     AND fact.subject_id NOT IN (SELECT subject_id FROM round_subject WHERE round_id = $1)",
                vec![self.round.into()],
            ))
            .all(self.connection)
            .await?;
        let kinds: BTreeMap<&str, FactDate> = self
            .frame
            .scheme
            .file
            .fact
            .iter()
            .map(|kind| (kind.code.as_str(), kind.dated_by))
            .collect();
        let mut facts = Vec::with_capacity(rows.len());
        for (subject, row) in self.about_all(rows, |row| row.subject_id) {
            let Some(dated_by) = kinds.get(row.kind.as_str()) else {
                continue;
            };
            let day = match dated_by {
                FactDate::Event => &row.event_on,
                FactDate::Decision => &row.decision_on,
            };
            if day
                .as_ref()
                .is_some_and(|day| *day > self.frame.round.period_to_on)
            {
                continue;
            }
            facts.push(inputs::Fact {
                subject,
                kind: row.kind,
                reference: row.reference,
                event_on: date(row.event_on.as_deref())?,
                decision_on: date(row.decision_on.as_deref())?,
                persons: small(row.persons)?,
                fields: serde_json::from_str(&row.fields).map_err(Fault::internal)?,
            });
        }
        Ok(facts)
    }

    /// Investigations, waivers, adjustments and choices among the tied.
    async fn decided_by_people(&self, inputs: &mut Inputs) -> Result<(), Fault> {
        let rows = investigation::Entity::find()
            .filter(investigation::Column::RoundId.eq(self.round))
            .all(self.connection)
            .await?;
        for (subject, row) in self.about(rows, |row| row.subject_id) {
            inputs.investigations.push(inputs::Investigation {
                subject,
                rule: row.rule,
                by_hand: row.opened_by == investigation::OpenedBy::Hand,
                finding: finding_of(row.finding),
            });
        }
        let rows = waiver::Entity::find()
            .filter(waiver::Column::RoundId.eq(self.round))
            .all(self.connection)
            .await?;
        // A waiver of a whole round has no subject, and no use yet.
        for (subject, row) in self.about(rows, |row| row.subject_id.unwrap_or_default()) {
            inputs.waivers.push(inputs::Waiver {
                subject,
                gap: serde_json::from_str(&row.gap).map_err(Fault::internal)?,
                holds: serde_json::from_str(&row.holds).map_err(Fault::internal)?,
                reason: row.reason,
            });
        }
        let statement = self.statement(
            "SELECT a.subject_id, a.grade, staff.login, a.made_at, a.reason
             FROM adjustment AS a JOIN staff ON staff.id = a.by_staff_id WHERE a.round_id = $1",
            vec![self.round.into()],
        );
        let rows = AdjustmentRow::find_by_statement(statement)
            .all(self.connection)
            .await?;
        for (subject, row) in self.about(rows, |row| row.subject_id) {
            inputs.adjustments.push(inputs::Adjustment {
                subject,
                grade: row.grade,
                by: row.login,
                on: Date(local_day(row.made_at, &self.frame.round.time_zone)?),
                reason: row.reason,
            });
        }
        let statement = self.statement(
            "SELECT t.quota, t.subject_id, staff.login, t.made_at, t.reason
             FROM tie_choice AS t JOIN staff ON staff.id = t.by_staff_id WHERE t.round_id = $1",
            vec![self.round.into()],
        );
        let rows = TieChoiceRow::find_by_statement(statement)
            .all(self.connection)
            .await?;
        for (subject, row) in self.about(rows, |row| row.subject_id) {
            inputs.tie_choices.push(inputs::TieChoice {
                quota: row.quota,
                subject,
                by: Some(row.login),
                on: Some(Date(local_day(row.made_at, &self.frame.round.time_zone)?)),
                reason: Some(row.reason),
            });
        }
        Ok(())
    }

    /// Counts of answers and of people, for every survey of the round: of a closed one the kept tallies, of one that takes
    /// answers what may be shown.
    async fn surveys(&self, inputs: &mut Inputs) -> Result<Vec<LoadedSurvey>, Fault> {
        let rows = survey::Entity::find()
            .filter(survey::Column::RoundId.eq(self.round))
            .all(self.connection)
            .await?;
        let mut surveys: BTreeMap<i64, LoadedSurvey> = BTreeMap::new();
        for row in rows {
            let definition = serde_json::from_str(&row.definition).map_err(Fault::internal)?;
            if row.state != survey::State::Closed {
                inputs.round.open_surveys.push(row.code);
            }
            let loaded = LoadedSurvey {
                id: row.id,
                state: row.state,
                definition,
                kept: BTreeMap::new(),
            };
            surveys.insert(row.id, loaded);
        }
        let ids: Vec<i64> = surveys.keys().copied().collect();
        let definitions = |is_closed: bool| {
            let all = surveys.iter();
            all.filter(|(_, survey)| (survey.state == survey::State::Closed) == is_closed)
                .map(|(id, survey)| (*id, &survey.definition))
                .collect()
        };
        let mut counts = list_tallies_of(self.connection, &definitions(true)).await?;
        counts.extend(list_shown_of(self.connection, &definitions(false)).await?);
        for (id, kept) in counts {
            if let Some(survey) = surveys.get_mut(&id) {
                survey.kept = kept;
            }
        }
        for survey in surveys.values() {
            for (group, tally) in &survey.kept {
                let Some(subject) = self.frame.code(group.subject.number()) else {
                    continue;
                };
                let counted = CountedGroup {
                    definition: &survey.definition,
                    subject,
                    panel: &group.panel,
                    channel: group.channel,
                };
                counted.add_to(inputs, tally);
            }
        }
        let rows = survey_issue::Entity::find()
            .filter(survey_issue::Column::SurveyId.is_in(ids))
            .all(self.connection)
            .await?;
        self.add_turnouts(inputs, &surveys, rows)?;
        Ok(surveys.into_values().collect())
    }

    /// People are counted by panel: channels are added up, and what no channel reports stays absent.
    fn add_turnouts(
        &self,
        inputs: &mut Inputs,
        surveys: &BTreeMap<i64, LoadedSurvey>,
        rows: Vec<survey_issue::Model>,
    ) -> Result<(), Fault> {
        let mut turnouts: BTreeMap<(i64, i64, String), inputs::Turnout> = BTreeMap::new();
        for row in rows {
            let (Some(survey), Some(subject)) =
                (surveys.get(&row.survey_id), self.code(row.subject_id))
            else {
                continue;
            };
            let turnout = turnouts
                .entry((row.survey_id, row.subject_id, row.panel.clone()))
                .or_insert_with(|| inputs::Turnout {
                    survey: survey.definition.code.clone(),
                    subject,
                    panel: row.panel.clone(),
                    entitled: None,
                    attended: None,
                    invited: None,
                    issued: None,
                    marks: BTreeMap::new(),
                });
            add(&mut turnout.entitled, row.entitled)?;
            add(&mut turnout.attended, row.attended)?;
            add(&mut turnout.invited, row.invited)?;
            add(&mut turnout.issued, row.issued)?;
            let marks: BTreeMap<String, u64> = match row.invited_marks.as_deref() {
                Some(text) => serde_json::from_str(text).map_err(Fault::internal)?,
                None => BTreeMap::new(),
            };
            for (mark, count) in marks {
                let sum = turnout.marks.entry(mark).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        inputs.turnouts = turnouts.into_values().collect();
        Ok(())
    }

    /// Grades of earlier rounds of the series: of those held here by their latest revision, of the others as imported.
    async fn history(&self, inputs: &mut Inputs) -> Result<(), Fault> {
        let round = &self.frame.round;
        let statement = self.statement(
            "SELECT code, period_to_on, closed_at FROM round
             WHERE series = $1 AND id <> $2 AND state <> 'draft' AND period_to_on < $3",
            vec![
                round.series.clone().into(),
                round.id.into(),
                round.period_from_on.clone().into(),
            ],
        );
        let held = EarlierRow::find_by_statement(statement)
            .all(self.connection)
            .await?;
        // By the day that places it among the others: the day of closing, or the last day of an open one.
        let mut earlier: BTreeMap<String, (Date, Option<Date>)> = BTreeMap::new();
        for row in held {
            let closed_on = match row.closed_at {
                Some(at) => Some(Date(local_day(at, &round.time_zone)?)),
                None => None,
            };
            let day = match closed_on {
                Some(day) => day,
                None => parse_date(&row.period_to_on)?,
            };
            earlier.insert(row.code, (day, closed_on));
        }
        let statement = self.statement(
            "SELECT e.code, d.revision, d.subject_id, d.grade
             FROM round AS e
             JOIN decision AS d ON d.round_id = e.id
                 AND d.revision = (SELECT max(number) FROM revision WHERE revision.round_id = e.id)
             WHERE e.series = $1 AND e.id <> $2 AND e.state = 'closed' AND e.period_to_on < $3
                 AND (d.subject_id IN (SELECT subject_id FROM round_subject WHERE round_id = $2)
                     OR d.subject_id IN (SELECT predecessor_id FROM succession WHERE kind = 'merger'))",
            vec![
                round.series.clone().into(),
                round.id.into(),
                round.period_from_on.clone().into(),
            ],
        );
        let graded = EarlierGrade::find_by_statement(statement)
            .all(self.connection)
            .await?;
        for (subject, row) in self.about_all(graded, |row| row.subject_id) {
            let Some(grade) = row.grade else {
                continue;
            };
            inputs.history.push(inputs::PastGrade {
                subject,
                round: row.code,
                revision: Some(small(row.revision)?),
                grade,
            });
        }
        let rows = past_grade::Entity::find()
            .filter(past_grade::Column::Series.eq(round.series.clone()))
            .filter(past_grade::Column::ClosedOn.lt(round.period_to_on.clone()))
            .all(self.connection)
            .await?;
        let held: std::collections::BTreeSet<String> = earlier.keys().cloned().collect();
        for row in rows {
            if held.contains(&row.round_code) || row.round_code == round.code {
                continue;
            }
            let day = parse_date(&row.closed_on)?;
            let known = earlier
                .entry(row.round_code.clone())
                .or_insert((day, Some(day)));
            *known = (known.0.max(day), Some(known.0.max(day)));
            let (Some(subject), Some(grade)) = (self.code_or_former(row.subject_id), row.grade)
            else {
                continue;
            };
            inputs.history.push(inputs::PastGrade {
                subject,
                round: row.round_code,
                revision: None,
                grade,
            });
        }
        let mut order: Vec<(Date, String, Option<Date>)> = earlier
            .into_iter()
            .map(|(code, (day, closed_on))| (day, code, closed_on))
            .collect();
        order.sort_by(|one, other| other.cmp(one));
        inputs.round.earlier = order
            .into_iter()
            .map(|(_, code, closed_on)| inputs::EarlierRound { code, closed_on })
            .collect();
        Ok(())
    }
}

/// Whom participants carry on, and those whom these carried on, by id.
fn former_of(frame: &Frame, steps: &[(i64, i64, inputs::Succession)]) -> BTreeMap<i64, String> {
    let heirs: BTreeMap<i64, i64> = (steps.iter())
        .filter(|(predecessor, heir, _)| predecessor != heir)
        .map(|(predecessor, heir, _)| (*predecessor, *heir))
        .collect();
    let ends_here = |predecessor: i64| {
        let mut here = predecessor;
        // A ring of rows must not hang the server.
        for _ in 0..=heirs.len() {
            match heirs.get(&here) {
                Some(onward) => here = *onward,
                None => break,
            }
        }
        here != predecessor && frame.participants.contains_key(&here)
    };
    (steps.iter())
        .filter(|(predecessor, _, _)| ends_here(*predecessor))
        .map(|(predecessor, _, step)| (*predecessor, step.predecessor.clone()))
        .collect()
}

fn relation_kind(word: &str) -> Option<inputs::RelationKind> {
    use inputs::RelationKind::{BelongsTo, Heads, Leads, MemberOf, PartOf, WorksIn};
    Some(match word {
        "heads" => Heads,
        "member_of" => MemberOf,
        "works_in" => WorksIn,
        "belongs_to" => BelongsTo,
        "leads" => Leads,
        "part_of" => PartOf,
        _ => return None,
    })
}

pub(crate) const fn finding_of(finding: investigation::Finding) -> Option<Finding> {
    match finding {
        investigation::Finding::Open => None,
        investigation::Finding::Verified => Some(Finding::Verified),
        investigation::Finding::Unfounded => Some(Finding::Unfounded),
    }
}

fn date(text: Option<&str>) -> Result<Option<Date>, Fault> {
    text.map(parse_date).transpose()
}

fn small(number: i64) -> Result<u32, Fault> {
    u32::try_from(number).map_err(Fault::internal)
}

fn add(sum: &mut Option<u64>, part: Option<i64>) -> Result<(), Fault> {
    if let Some(part) = part {
        let part = u64::try_from(part).map_err(Fault::internal)?;
        *sum = Some(sum.unwrap_or(0).saturating_add(part));
    }
    Ok(())
}
