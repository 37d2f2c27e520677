//! Reads cells of a table and gathers what is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use domain::snapshot::RowFault;

use super::{MOST_FAULTS, Report, Row, RowReport, Table};
use crate::Refusal;
use crate::frame::Frame;
use crate::inspection::check::place_of;

/// A table that is being read.
pub(super) struct Reading<'a> {
    columns: BTreeMap<&'a str, usize>,
    /// Columns whose name another one has already.
    twice: Vec<&'a str>,
    pub rows: &'a [Row],
    /// Rows that hold something.
    pub used: usize,
    /// What the rows became.
    pub made: Option<String>,
    faults: Vec<RowReport>,
}

/// Which columns a table may have.
pub(super) struct Columns<'a> {
    pub needed: &'a [&'a str],
    pub optional: &'a [&'a str],
    /// Whether others may stand there too.
    pub others: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        let mut columns = BTreeMap::new();
        let mut twice = Vec::new();
        for (place, name) in table.columns.iter().enumerate() {
            let name = name.trim();
            if columns.insert(name, place).is_some() && !name.is_empty() {
                twice.push(name);
            }
        }
        Self {
            columns,
            twice,
            rows: &table.rows,
            used: 0,
            made: None,
            faults: Vec::new(),
        }
    }

    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// How many faults there are so far.
    pub(super) fn fault_count(&self) -> usize {
        self.faults.len()
    }

    /// The names of the columns, sorted.
    pub(super) fn column_names(&self) -> Vec<&'a str> {
        self.columns.keys().copied().collect()
    }

    /// Whether the table has a column of this name.
    pub(super) fn has_column(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    pub(super) fn fault(&mut self, fault: RowReport) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }

    /// Reports columns that are missing or unknown, or there twice.
    pub(super) fn check_columns(&mut self, wanted: &Columns<'_>) {
        for name in std::mem::take(&mut self.twice) {
            self.fault(RowReport {
                row: 0,
                column: Some(name.to_owned()),
                code: "COLUMN_TWICE".to_owned(),
                what: format!("two columns are named `{name}`, also where one is so in Chinese"),
                mend: "keep one of them".to_owned(),
            });
        }
        let missing: Vec<&str> = wanted
            .needed
            .iter()
            .filter(|name| !self.columns.contains_key(*name))
            .copied()
            .collect();
        for name in missing {
            self.fault(RowReport {
                row: 0,
                column: Some(name.to_owned()),
                code: "COLUMN_MISSING".to_owned(),
                what: format!("the column `{name}` is missing"),
                mend: "add it to the first row; templates have every column".to_owned(),
            });
        }
        let known = |name: &str| wanted.needed.contains(&name) || wanted.optional.contains(&name);
        let unknown: Vec<&str> = self
            .columns
            .keys()
            .filter(|name| !wanted.others && !name.is_empty() && !known(name))
            .copied()
            .collect();
        for name in unknown {
            let all: Vec<&str> = wanted
                .needed
                .iter()
                .chain(wanted.optional)
                .copied()
                .collect();
            self.fault(RowReport {
                row: 0,
                column: Some(name.to_owned()),
                code: "COLUMN_UNKNOWN".to_owned(),
                what: format!("`{name}` is no column of this table"),
                mend: format!("remove it, or write one of {}", all.join(", ")),
            });
        }
    }

    /// The columns that are not among these, with a name.
    pub(super) fn other_columns(&self, known: &Columns<'_>) -> Vec<&'a str> {
        self.columns
            .keys()
            .filter(|name| {
                !name.is_empty() && !known.needed.contains(name) && !known.optional.contains(name)
            })
            .copied()
            .collect()
    }

    /// The participants that the table names: whoever may not act on them is told nothing of its rows.
    pub(super) fn subjects(&self, frame: &Frame) -> Vec<i64> {
        let known = frame.by_code();
        self.rows
            .iter()
            .filter_map(|row| known.get(self.cell(row, "subject")?))
            .map(|one| one.id)
            .collect()
    }

    /// A cell, unless it is empty.
    pub(super) fn cell(&self, row: &'a Row, column: &str) -> Option<&'a str> {
        let place = self.columns.get(column)?;
        let text = row.cells.get(*place)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// A cell that must not be empty.
    pub(super) fn need(&mut self, row: &'a Row, column: &str) -> Option<&'a str> {
        let cell = self.cell(row, column);
        if cell.is_none() {
            self.fault(RowReport {
                row: row.number,
                column: Some(column.to_owned()),
                code: "CELL_EMPTY".to_owned(),
                what: "the cell is empty".to_owned(),
                mend: "fill it in, or remove the whole row".to_owned(),
            });
        }
        cell
    }

    /// A cell that is empty or of a form.
    pub(super) fn parse<T>(&mut self, row: &'a Row, column: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.cell(row, column)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let shown: String = text.chars().take(40).collect();
                self.fault(RowReport {
                    row: row.number,
                    column: Some(column.to_owned()),
                    code: "CELL_UNREADABLE".to_owned(),
                    what: format!("`{shown}`: {error}"),
                    mend: example(column).to_owned(),
                });
                None
            }
        }
    }

    /// What the domain found; `rows` says for each of its lists which rows of the table stand there.
    pub(super) fn add_domain_faults(
        &mut self,
        faults: Vec<RowFault>,
        rows: &BTreeMap<&str, Vec<u32>>,
    ) {
        for fault in faults {
            let (place, field) = place_of(&fault);
            let list = fault.path.split('/').next().unwrap_or_default();
            let row = place
                .and_then(|place| rows.get(list)?.get(place))
                .copied()
                .unwrap_or(0);
            let column = match field {
                "date" => "decision_on",
                other => other,
            };
            self.fault(RowReport {
                row,
                column: Some(column.to_owned()),
                code: fault.code.to_uppercase(),
                what: fault.message,
                mend: mend(fault.code).to_owned(),
            });
        }
    }

    /// What a use-case refused; `rows` says which rows of the table its list holds.
    pub(super) fn add_refusals(&mut self, refusals: Vec<Refusal>, rows: &[u32]) {
        for refusal in refusals {
            let place: Option<usize> = refusal.path.get(1).and_then(|place| place.parse().ok());
            self.fault(RowReport {
                row: place
                    .and_then(|place| rows.get(place))
                    .copied()
                    .unwrap_or(0),
                column: refusal.path.last().cloned(),
                mend: mend(&refusal.code.to_lowercase()).to_owned(),
                code: refusal.code,
                what: refusal.message,
            });
        }
    }

    pub(super) fn report(mut self, stored: bool) -> Report {
        self.faults.sort();
        self.faults.dedup();
        Report {
            rows: self.used,
            stored,
            faults: self.faults,
            made: self.made,
        }
    }
}

/// What a readable cell looks like.
fn example(column: &str) -> &'static str {
    match column {
        "points" => "write points such as `1.5`, with at most four decimals",
        "value" => "write a number such as `12`, `93.5`, `93%` or `1/3`",
        "done" | "tasks" | "persons" => "write a whole number such as `3`",
        "event_on" | "decision_on" | "closed_on" => "write a day such as `2026-03-31`",
        _ => "write it as the template shows",
    }
}

/// How to mend what the domain found.
fn mend(code: &str) -> &'static str {
    match code {
        "unknown_subject" => "use a code of the round's roster",
        "unknown_name" => "use a code of the scheme; the template lists them",
        "above_maximum" => "lower the value to what the scheme allows",
        "off_step" => "round it to the step of the item",
        "not_applicable" => "remove the row: the item is not for this category",
        "way_not_possible" => "leave the item out: it is not scored this way",
        "row_twice" => "keep one of the rows",
        "unknown_period" => "use one of the stretches named",
        "wrong_scale" => "write a number of the measure's unit",
        "date_missing" => "fill in the date that places the fact in time",
        "field_missing" => "fill in the field, in a column of its name",
        "other_number" => "write the number of tasks that the scheme names",
        "fact_differs" => "withdraw the fact on record first, or give this one its own reference",
        _ => "correct the cell",
    }
}
