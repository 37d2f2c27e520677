//! Sheets and their kept counts, outside of the way on which citizens' answers come in by the hundred: sheets that staff
//! put in, and those that are changed or decided about.
//!
//! Rows are made where there are none, then locked in the order of their keys, read, and written again. Counts of
//! sheets go before counts of answers, as those who book answers take them.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{self, Id};
use domain::survey::{Definition, Marks, SheetState, Tally};
use entity::{ballot_sheet, sheet, sheet_tally, tally};
use sea_orm::sea_query::{ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, Value,
};

use super::line;
use crate::database::WriteTransaction;
use crate::{Fault, Service};

/// Rows in one statement, below the number of values that SQLite binds.
const ROWS: usize = 2_500;

/// The low bits of a sheet's number count; the high ones are drawn, as each server that takes answers in draws its own.
const COUNTING_BITS: u32 = 40;

/// A survey whose sheets and counts are changed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub survey: Id<id::Survey>,
    pub definition: &'a Definition,
}

/// A sheet to insert.
#[derive(Debug)]
pub(crate) struct NewSheet {
    /// The subject, or the number of the ballot.
    pub about: i64,
    pub panel: String,
    pub channel: &'static str,
    pub marks: Marks,
    pub answers: Vec<u8>,
    pub words: Option<String>,
    pub state: SheetState,
    pub reason: Option<&'static str>,
    pub receipt_hash: [u8; 32],
    pub body_hash: [u8; 32],
}

/// Sheets, or lines of ballots, that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stratum<'a> {
    pub subject: i64,
    pub panel: &'a str,
    pub channel: &'static str,
}

/// What comes to a group's counts, and what goes from them.
#[derive(Debug, Default)]
pub(crate) struct Shift {
    pub added: Tally,
    pub taken: Tally,
}

/// By group.
pub(crate) type Shifts<'a> = BTreeMap<Stratum<'a>, Shift>;

impl Kept<'_> {
    /// Inserts sheets in the order of their receipts, which is random. A statement for some thousand.
    pub async fn insert(
        self,
        service: &Service,
        transaction: &WriteTransaction,
        mut sheets: Vec<NewSheet>,
    ) -> Result<(), Fault> {
        sheets.sort_unstable_by_key(|sheet| sheet.receipt_hash);
        let mut next = ((service.ids.draw()? >> COUNTING_BITS) << COUNTING_BITS) | 1;
        while !sheets.is_empty() {
            let rest = sheets.split_off(sheets.len().min(ROWS));
            let numbered = (next..).zip(std::mem::replace(&mut sheets, rest));
            if self.definition.ballot.is_some() {
                let rows: Vec<_> = numbered.map(|(no, one)| self.ballot_row(no, one)).collect();
                next += i64::try_from(rows.len()).map_err(Fault::internal)?;
                ballot_sheet::Entity::insert_many(rows)
                    .exec_without_returning(transaction)
                    .await?;
            } else {
                let rows: Vec<_> = numbered.map(|(no, one)| self.row(no, one)).collect();
                next += i64::try_from(rows.len()).map_err(Fault::internal)?;
                sheet::Entity::insert_many(rows)
                    .exec_without_returning(transaction)
                    .await?;
            }
        }
        Ok(())
    }

    fn row(self, sheet_no: i64, new: NewSheet) -> sheet::ActiveModel {
        sheet::ActiveModel {
            survey_id: Set(self.survey.number()),
            sheet_no: Set(sheet_no),
            subject_id: Set(new.about),
            panel: Set(new.panel),
            channel: Set(new.channel.to_owned()),
            answers: Set(new.answers),
            words: Set(new.words),
            state: Set(stored(new.state)),
            reason: Set(new.reason.map(str::to_owned)),
            receipt_hash: Set(new.receipt_hash.to_vec()),
            body_hash: Set(new.body_hash.to_vec()),
            marks: Set(new.marks.number()),
        }
    }

    fn ballot_row(self, sheet_no: i64, new: NewSheet) -> ballot_sheet::ActiveModel {
        ballot_sheet::ActiveModel {
            survey_id: Set(self.survey.number()),
            sheet_no: Set(sheet_no),
            ballot_no: Set(new.about),
            panel: Set(new.panel),
            channel: Set(new.channel.to_owned()),
            answers: Set(new.answers),
            words: Set(new.words),
            state: Set(stored(new.state)),
            reason: Set(new.reason.map(str::to_owned)),
            receipt_hash: Set(new.receipt_hash.to_vec()),
            body_hash: Set(new.body_hash.to_vec()),
            marks: Set(new.marks.number()),
        }
    }

    /// Changes the kept counts. Three statements for some thousand groups, and three more for their sheets.
    ///
    /// # Errors
    /// [`Fault::Internal`] if more would go than is there.
    pub async fn shift(
        self,
        transaction: &WriteTransaction,
        shifts: &Shifts<'_>,
    ) -> Result<(), Fault> {
        let groups: Vec<(&Stratum<'_>, &Shift)> = shifts.iter().collect();
        // A group has some states.
        for part in groups.chunks(ROWS / SheetState::ALL.len()) {
            self.shift_sheets(transaction, part).await?;
        }
        for part in groups.chunks(ROWS) {
            self.shift_answers(transaction, part).await?;
        }
        Ok(())
    }

    async fn shift_sheets(
        self,
        transaction: &WriteTransaction,
        part: &[(&Stratum<'_>, &Shift)],
    ) -> Result<(), Fault> {
        let mut counts: BTreeMap<(Stratum<'_>, &'static str), (SheetState, u64)> = BTreeMap::new();
        for (stratum, shift) in part {
            let states: BTreeSet<SheetState> = (shift.added.sheets.keys())
                .chain(shift.taken.sheets.keys())
                .copied()
                .collect();
            for state in states {
                counts.insert((**stratum, state.word()), (state, 0));
            }
        }
        if counts.is_empty() {
            return Ok(());
        }
        self.put_sheet_counts(transaction, &counts, None).await?;
        let columns = [
            sheet_tally::Column::SubjectId,
            sheet_tally::Column::Panel,
            sheet_tally::Column::Channel,
        ];
        let kept = sheet_tally::Entity::find()
            .filter(sheet_tally::Column::SurveyId.eq(self.survey.number()))
            .filter(among(columns, part))
            .order_by_asc(sheet_tally::Column::SubjectId)
            .order_by_asc(sheet_tally::Column::Panel)
            .order_by_asc(sheet_tally::Column::Channel)
            .order_by_asc(sheet_tally::Column::State)
            .lock(LockType::Update)
            .all(transaction)
            .await?;
        let kept: BTreeMap<_, u64> = kept
            .iter()
            .map(|row| {
                let group = (row.subject_id, row.panel.as_str(), row.channel.as_str());
                let count = u64::try_from(row.count).map_err(Fault::internal)?;
                Ok(((group, row.state), count))
            })
            .collect::<Result<_, Fault>>()?;
        for ((stratum, _), (state, count)) in &mut counts {
            let place = part.binary_search_by_key(stratum, |(one, _)| **one);
            let Some((_, shift)) = place.ok().and_then(|place| part.get(place)) else {
                continue;
            };
            let group = (stratum.subject, stratum.panel, stratum.channel);
            let before = kept.get(&(group, stored(*state))).copied().unwrap_or(0);
            *count = before
                .checked_add(shift.added.sheets(*state))
                .and_then(|sum| sum.checked_sub(shift.taken.sheets(*state)))
                .ok_or_else(wrong_counts)?;
        }
        let column = sheet_tally::Column::Count;
        self.put_sheet_counts(transaction, &counts, Some(column))
            .await
    }

    async fn put_sheet_counts(
        self,
        transaction: &WriteTransaction,
        counts: &BTreeMap<(Stratum<'_>, &'static str), (SheetState, u64)>,
        update: Option<sheet_tally::Column>,
    ) -> Result<(), Fault> {
        let mut rows = Vec::with_capacity(counts.len());
        for ((stratum, _), (state, count)) in counts {
            rows.push(sheet_tally::ActiveModel {
                survey_id: Set(self.survey.number()),
                subject_id: Set(stratum.subject),
                panel: Set(stratum.panel.to_owned()),
                channel: Set(stratum.channel.to_owned()),
                state: Set(stored(*state)),
                count: Set(i64::try_from(*count).map_err(Fault::internal)?),
            });
        }
        let mut otherwise = OnConflict::columns([
            sheet_tally::Column::SurveyId,
            sheet_tally::Column::SubjectId,
            sheet_tally::Column::Panel,
            sheet_tally::Column::Channel,
            sheet_tally::Column::State,
        ]);
        match update {
            Some(column) => otherwise.update_column(column),
            None => otherwise.do_nothing(),
        };
        sheet_tally::Entity::insert_many(rows)
            .on_conflict(otherwise)
            .exec_without_returning(transaction)
            .await?;
        Ok(())
    }

    async fn shift_answers(
        self,
        transaction: &WriteTransaction,
        part: &[(&Stratum<'_>, &Shift)],
    ) -> Result<(), Fault> {
        let zero = Tally::default().line_up(self.definition);
        let none = part.iter().map(|(stratum, _)| (**stratum, zero.clone()));
        self.put_lines(transaction, none.collect(), "NOTHING")
            .await?;
        let columns = [
            tally::Column::SubjectId,
            tally::Column::Panel,
            tally::Column::Channel,
        ];
        let rows = tally::Entity::find()
            .filter(tally::Column::SurveyId.eq(self.survey.number()))
            .filter(among(columns, part))
            .order_by_asc(tally::Column::SubjectId)
            .order_by_asc(tally::Column::Panel)
            .order_by_asc(tally::Column::Channel)
            .lock(LockType::Update)
            .all(transaction)
            .await?;
        let kept: BTreeMap<_, &str> = rows
            .iter()
            .map(|row| {
                let group = (row.subject_id, row.panel.as_str(), row.channel.as_str());
                (group, row.counts.as_str())
            })
            .collect();
        let mut sums = Vec::with_capacity(part.len());
        for (stratum, shift) in part {
            let group = (stratum.subject, stratum.panel, stratum.channel);
            let before = kept.get(&group).copied().ok_or_else(wrong_counts)?;
            let sum = line::add(&line::parse(before)?, &shift.added.line_up(self.definition))?;
            let rest = line::subtract(&sum, &shift.taken.line_up(self.definition))?;
            sums.push((**stratum, rest));
        }
        let update = "UPDATE SET counts = excluded.counts";
        self.put_lines(transaction, sums, update).await
    }

    /// Puts lines of counts. The text of a line is what PostgreSQL reads as an array.
    async fn put_lines(
        self,
        transaction: &WriteTransaction,
        lines: Vec<(Stratum<'_>, Vec<u64>)>,
        otherwise: &str,
    ) -> Result<(), Fault> {
        if lines.is_empty() {
            return Ok(());
        }
        let backend = transaction.get_database_backend();
        let cast = match backend {
            DbBackend::Sqlite => "TEXT",
            _ => "BIGINT[]",
        };
        let mut values: Vec<Value> = vec![self.survey.number().into()];
        let mut rows = Vec::with_capacity(lines.len());
        for (stratum, counts) in lines {
            let at = values.len();
            rows.push(format!(
                "($1, ${}, ${}, ${}, CAST(${} AS {cast}))",
                at + 1,
                at + 2,
                at + 3,
                at + 4
            ));
            values.extend([
                stratum.subject.into(),
                stratum.panel.into(),
                stratum.channel.into(),
                line::write(&counts).into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO tally (survey_id, subject_id, panel, channel, counts) VALUES {} \
             ON CONFLICT (survey_id, subject_id, panel, channel) DO {otherwise}",
            rows.join(", ")
        );
        transaction
            .execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        Ok(())
    }
}

fn wrong_counts() -> Fault {
    Fault::internal("the kept counts of a survey are not those of its sheets; count them again")
}

/// The word of the database for a state.
pub(crate) const fn stored(state: SheetState) -> sheet::State {
    match state {
        SheetState::Valid => sheet::State::Valid,
        SheetState::Invalid => sheet::State::Invalid,
        SheetState::Replaced => sheet::State::Replaced,
        SheetState::Late => sheet::State::Late,
        SheetState::Quarantined => sheet::State::Quarantined,
        SheetState::Changed => sheet::State::Changed,
    }
}

/// That a row is of one of these groups, in a table with these columns of subject, panel and channel.
fn among<C: ColumnTrait>(
    [subject, panel, channel]: [C; 3],
    part: &[(&Stratum<'_>, &Shift)],
) -> Condition {
    part.iter().fold(Condition::any(), |these, (stratum, _)| {
        these.add(
            (subject.eq(stratum.subject))
                .and(panel.eq(stratum.panel))
                .and(channel.eq(stratum.channel)),
        )
    })
}
