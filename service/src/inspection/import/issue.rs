//! A table of counts that no sheet can tell: how many were invited, issued, attending and entitled. Quorums and shares
//! of those invited are taken from them.

use std::collections::{BTreeMap, BTreeSet};

use domain::correction::InputKind;
use domain::id::{self, Id};
use domain::scheme::file::Channel;
use domain::survey::Definition;
use entity::survey_issue;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::table::{Columns, Reading};
use super::{Found, Row, RowReport, Task};
use crate::database::WriteTransaction;
use crate::frame::Frame;
use crate::freeze::{Touch, touch};
use crate::inspection::digest;
use crate::survey::channel_word;
use crate::survey::contact::ask_about;
use crate::{Fault, audit};

const NEEDED: [&str; 3] = ["subject", "panel", "channel"];
const OPTIONAL: [&str; 4] = ["invited", "issued", "attended", "entitled"];

/// Before the code of a mark: how many of the invited bear it.
const MARKED: &str = "invited:";

/// Rows in one statement, below the number of values that SQLite binds.
const ROWS: usize = 3_000;

impl Task<'_> {
    /// Returns whether the rows were stored. A count that is left empty is taken back.
    pub(super) async fn issues(
        &self,
        id: Id<id::Survey>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        let Found {
            row,
            definition,
            frame,
            snapshot,
        } = self.find_survey(id).await?;
        let round = frame.id();
        snapshot.finish().await?;
        let permit = ask_about(&frame, self.actor, &reading.subjects(&frame))?;
        let marked = marked_columns(&frame, &definition);
        let optional = OPTIONAL.into_iter();
        let optional: Vec<&str> = optional.chain(marked.iter().map(String::as_str)).collect();
        reading.check_columns(&Columns {
            needed: &NEEDED,
            optional: &optional,
            others: false,
        });
        let rows = read(reading, &frame, (row.id, &definition), &marked);
        if self.stops(reading) || rows.is_empty() {
            return Ok(false);
        }
        let transaction = self.service.database.begin_write().await?;
        let now = self.service.clock.now();
        let answers = [InputKind::Survey(row.code.clone())];
        touch(&transaction, round, Touch::Change(&answers), now).await?;
        let after = digest(&rows);
        let reason = format!("{} counts", rows.len());
        let is_web =
            |row: &survey_issue::ActiveModel| *row.channel.as_ref() == channel_word(Channel::Web);
        let (web, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(is_web);
        let mut columns = vec![
            survey_issue::Column::Invited,
            survey_issue::Column::Attended,
            survey_issue::Column::Entitled,
            survey_issue::Column::InvitedMarks,
        ];
        put(&transaction, &web, &columns).await?;
        columns.push(survey_issue::Column::Issued);
        put(&transaction, &others, &columns).await?;
        let object = id.to_string();
        let entry = audit::Entry {
            after: Some(after),
            reason: Some(&reason),
            ..permit.entry(now, "survey.report_issues", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Puts counts in place of earlier ones.
async fn put(
    transaction: &WriteTransaction,
    rows: &[survey_issue::ActiveModel],
    columns: &[survey_issue::Column],
) -> Result<(), Fault> {
    for part in rows.chunks(ROWS) {
        let mut replacing = OnConflict::columns([
            survey_issue::Column::SurveyId,
            survey_issue::Column::SubjectId,
            survey_issue::Column::Panel,
            survey_issue::Column::Channel,
        ]);
        replacing.update_columns(columns.iter().copied());
        survey_issue::Entity::insert_many(part.to_vec())
            .on_conflict(replacing)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// A column for each mark that the scheme knows of the survey's respondents.
fn marked_columns(frame: &Frame, definition: &Definition) -> Vec<String> {
    let surveys = frame.scheme.file.survey.iter();
    let survey = surveys.filter(|survey| survey.code == definition.code);
    let marks = survey.flat_map(|survey| &survey.mark);
    marks.map(|mark| format!("{MARKED}{}", mark.code)).collect()
}

/// How many of the invited bear each mark, as it is stored; refused where more do than were invited.
fn read_marks<'a>(
    reading: &mut Reading<'a>,
    row: &'a Row,
    marked: &[String],
    invited: Option<i64>,
) -> Option<String> {
    let mut marks: BTreeMap<&str, u32> = BTreeMap::new();
    for column in marked {
        let Some(count) = reading.parse::<u32>(row, column) else {
            continue;
        };
        if invited.is_none_or(|invited| i64::from(count) > invited) {
            let what = "more bear the mark than were invited".to_owned();
            reading.fault(fault(row, column, ("MARKED_ABOVE_INVITED", what)));
        }
        if let Some(mark) = column.strip_prefix(MARKED) {
            marks.insert(mark, count);
        }
    }
    if marks.is_empty() {
        return None;
    }
    serde_json::to_string(&marks).ok()
}

fn read(
    reading: &mut Reading<'_>,
    frame: &Frame,
    (survey, definition): (i64, &Definition),
    marked: &[String],
) -> Vec<survey_issue::ActiveModel> {
    let subjects = frame.by_code();
    let mut rows = Vec::with_capacity(reading.rows.len());
    let mut seen = BTreeSet::new();
    for row in reading.rows {
        reading.used += 1;
        let cells = [
            reading.need(row, "subject"),
            reading.need(row, "panel"),
            reading.need(row, "channel"),
        ];
        let counts = ["invited", "issued", "attended", "entitled"]
            .map(|column| reading.parse::<u32>(row, column).map(i64::from));
        let marks = read_marks(reading, row, marked, counts[0]);
        let [Some(subject), Some(panel), Some(channel)] = cells else {
            continue;
        };
        let subject_id = subjects.get(subject).map(|one| one.id);
        let found = find_channel(channel).filter(|channel| definition.takes(*channel));
        let wrong = if subject_id.is_none() {
            Some((
                "subject",
                "UNKNOWN_SUBJECT",
                "is not on the roster of the round",
            ))
        } else if definition.panel(panel).is_none() {
            Some(("panel", "PANEL_UNKNOWN", "is no panel of the survey"))
        } else if found.is_none() {
            Some(("channel", "CHANNEL_UNKNOWN", "is no channel of the survey"))
        } else if !seen.insert((subject, panel, found.map(channel_word))) {
            Some((
                "subject",
                "ROW_TWICE",
                "has a row above for this panel and channel",
            ))
        } else {
            None
        };
        // Invitations are counted when they are made; a report would overwrite that.
        let is_counted = found == Some(Channel::Web) && counts[1].is_some();
        if let Some((column, code, what)) = wrong {
            let cell = reading.cell(row, column).unwrap_or_default();
            reading.fault(fault(row, column, (code, format!("`{cell}` {what}"))));
        } else if is_counted {
            let what = "invitations to the page are counted when they are made".to_owned();
            reading.fault(fault(row, "issued", ("ISSUED_IS_COUNTED", what)));
        } else if let (Some(subject_id), Some(channel)) = (subject_id, found) {
            let [invited, issued, attended, entitled] = counts;
            rows.push(survey_issue::ActiveModel {
                survey_id: Set(survey),
                subject_id: Set(subject_id),
                panel: Set(panel.to_owned()),
                channel: Set(channel_word(channel).to_owned()),
                invited: Set(invited),
                issued: Set(issued),
                attended: Set(attended),
                entitled: Set(entitled),
                invited_marks: Set(marks),
            });
        }
    }
    rows
}

fn fault(row: &Row, column: &str, (code, what): (&str, String)) -> RowReport {
    let mend = match code {
        "ISSUED_IS_COUNTED" => "leave the cell empty",
        "ROW_TWICE" => "keep one of the rows",
        "MARKED_ABOVE_INVITED" => {
            "report how many were invited, and of them how many bear the mark"
        }
        _ => "compare the cell with the survey and its round",
    };
    RowReport {
        row: row.number,
        column: Some(column.to_owned()),
        code: code.to_owned(),
        what,
        mend: mend.to_owned(),
    }
}

/// A channel as people write it.
pub(super) fn find_channel(word: &str) -> Option<Channel> {
    match word {
        "paper" | "纸质" => Some(Channel::Paper),
        "phone" | "电话" => Some(Channel::Phone),
        "web" | "网络" => Some(Channel::Web),
        _ => None,
    }
}
