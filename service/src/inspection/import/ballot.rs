//! A table of ballots: a row is a line of a ballot, and the rows of one ballot bear the same word in the column `sheet`.
//!
//! Whoever is on the ballot and has no row was left blank. Panel, channel and the code of an invitation stand on the first
//! row of a ballot, and may stand on the others.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{self, Id};
use domain::survey::{Entries, Marks, parse_ballot};

use super::answer::{CellFault, Sheets, explain, of_another, report};
use super::mark;
use super::table::{Columns, Reading};
use super::{Row, RowReport};
use crate::survey::entry::{EnteredAnswers, EnteredSheet};

/// Beside a column for each question.
pub(super) const BALLOT_COLUMNS: Columns<'_> = Columns {
    needed: &["sheet", "subject", "channel"],
    optional: &["panel", mark::COLUMN, "code", "note"],
    others: true,
};

/// What stands once for a whole ballot.
const ONCE: [&str; 4] = ["channel", "panel", mark::COLUMN, "code"];

/// The ballots of a survey by their numbers, with the subjects of their lines.
type Ballots = BTreeMap<i64, Vec<Id<id::Subject>>>;

/// Who answered, and what an invitation says of it if there is one: the ballot and the hash of its token.
struct FromWhom {
    panel: String,
    marks: Marks,
    invitation: Option<(i64, [u8; 32])>,
}

/// The number of a ballot, and the rows by the places of their lines.
type Placed<'r> = (i64, BTreeMap<usize, &'r Row>);

/// What is wrong with a cell of a row.
type RowFault = (u32, CellFault);

/// The rows of one ballot, at least one.
struct Rows<'r> {
    first: &'r Row,
    others: Vec<&'r Row>,
}

impl<'r> Rows<'r> {
    fn all(&self) -> impl Iterator<Item = &'r Row> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

impl Sheets<'_> {
    pub(super) fn read_ballots(
        &self,
        reading: &mut Reading<'_>,
        ballots: &Ballots,
    ) -> Vec<EnteredSheet> {
        let mut codes = BTreeSet::new();
        let mut sheets = Vec::new();
        for rows in gather(reading) {
            let read = self.read_ballot(reading, &rows, (ballots, &mut codes));
            match read {
                Ok(sheet) => sheets.extend(sheet),
                Err((row, fault)) => reading.fault(report(row, fault)),
            }
        }
        sheets
    }

    /// Nothing where what is wrong was reported.
    fn read_ballot<'r>(
        &self,
        reading: &mut Reading<'r>,
        rows: &Rows<'r>,
        (ballots, codes): (&Ballots, &mut BTreeSet<[u8; 32]>),
    ) -> Result<Option<EnteredSheet>, RowFault> {
        let first = rows.first;
        for row in &rows.others {
            let differs = |column: &&str| {
                let cell = reading.cell(row, column);
                cell.is_some() && cell != reading.cell(first, column)
            };
            if let Some(column) = ONCE.into_iter().find(|column| differs(column)) {
                let what = format!("the rows of one ballot differ in `{column}`");
                let mend = "give each ballot a word of its own in the column `sheet`".to_owned();
                return Err((row.number, (column, "SHEET_MIXED", what, mend)));
            }
        }
        let channel = self.read_channel(reading, first);
        let at_first = |fault| (first.number, fault);
        let whom = self
            .read_from_whom(reading, first, codes)
            .map_err(at_first)?;
        let named = whom.invitation.map(|(ballot, _)| ballot);
        let (number, lines) = self.place_lines(reading, rows, (ballots, named))?;
        let length = ballots.get(&number).map_or(0, Vec::len);
        let mut entries = vec![Entries::default(); length];
        for (place, row) in &lines {
            if let Some(line) = entries.get_mut(*place) {
                *line = self.read_entries(reading, row);
            }
        }
        match (channel, parse_ballot(self.definition, &entries)) {
            (Some(channel), Ok(answers)) => Ok(Some(EnteredSheet {
                about: number,
                panel: whom.panel,
                channel,
                marks: whom.marks,
                invitation: whom.invitation.map(|(_, hash)| hash),
                answers: EnteredAnswers::Ballot(answers),
            })),
            (None, Ok(_)) => Ok(None),
            (_, Err(faults)) => {
                for found in faults {
                    let row = lines
                        .get(&found.line)
                        .map_or(first.number, |row| row.number);
                    let (what, mend) =
                        explain(self.definition, &found.fault.question, found.fault.code);
                    reading.fault(RowReport {
                        row,
                        column: Some(found.fault.question),
                        code: found.fault.code.word().to_owned(),
                        what,
                        mend,
                    });
                }
                Ok(None)
            }
        }
    }

    /// Panel and marks, as the code of an invitation has them if there is one.
    fn read_from_whom(
        &self,
        reading: &Reading<'_>,
        first: &Row,
        codes: &mut BTreeSet<[u8; 32]>,
    ) -> Result<FromWhom, CellFault> {
        let panel = reading.cell(first, "panel");
        if let Some(code) = reading.cell(first, "code") {
            let (hash, invited) = self.read_invitation(code, codes)?;
            if panel.is_some_and(|panel| panel != invited.panel) {
                let (what, mend) = of_another();
                return Err(("panel", "CODE_OF_ANOTHER", what, mend));
            }
            return Ok(FromWhom {
                panel: invited.panel.clone(),
                marks: self.read_marks(reading, first, Some(invited))?,
                invitation: Some((invited.about, hash)),
            });
        }
        let panel = panel.ok_or_else(|| {
            let what = "a ballot without a code says from which panel it is".to_owned();
            let mend = "fill the cell in, or give the code of its invitation".to_owned();
            ("panel", "CELL_EMPTY", what, mend)
        })?;
        self.check_panel(panel)?;
        Ok(FromWhom {
            panel: panel.to_owned(),
            marks: self.read_marks(reading, first, None)?,
            invitation: None,
        })
    }

    /// The ballot on which all of these rows have a line, and its rows by the places of their lines.
    fn place_lines<'r>(
        &self,
        reading: &Reading<'r>,
        rows: &Rows<'r>,
        (ballots, named): (&Ballots, Option<i64>),
    ) -> Result<Placed<'r>, RowFault> {
        let mut number = named;
        let mut lines: BTreeMap<usize, &Row> = BTreeMap::new();
        for row in rows.all() {
            let fault = |code: &'static str, what: String, mend: &str| {
                Err((row.number, ("subject", code, what, mend.to_owned())))
            };
            let Some(code) = reading.cell(row, "subject") else {
                let what = "a row of a ballot says whom its line is about".to_owned();
                return fault("CELL_EMPTY", what, "fill it in, or remove the whole row");
            };
            let known = self.subjects.get(code).map(|one| Id::new(one.id));
            let place = known.and_then(|subject| {
                ballots.iter().find_map(|(ballot, subjects)| {
                    let place = subjects.iter().position(|one| *one == subject)?;
                    Some((*ballot, place))
                })
            });
            let Some((ballot, place)) = place else {
                let what = format!("`{code}` stands on no ballot of the survey");
                return fault(
                    "NOT_ON_BALLOT",
                    what,
                    "use a code of somebody on the ballot",
                );
            };
            if *number.get_or_insert(ballot) != ballot {
                let what = format!("`{code}` stands on another ballot than this one");
                let mend = "give each ballot a word of its own in the column `sheet`";
                return fault("NOT_ON_BALLOT", what, mend);
            }
            if lines.insert(place, row).is_some() {
                let what = format!("`{code}` has two rows on this ballot");
                return fault("LINE_TWICE", what, "keep one of the rows");
            }
        }
        // There is a first row, which has named one.
        Ok((number.unwrap_or_default(), lines))
    }
}

/// The rows by their ballots, in the order in which these come first.
fn gather<'r>(reading: &mut Reading<'r>) -> Vec<Rows<'r>> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut gathered: Vec<Rows<'r>> = Vec::new();
    for row in reading.rows {
        reading.used += 1;
        let Some(name) = reading.need(row, "sheet") else {
            continue;
        };
        let known = places.get(name).copied();
        if let Some(rows) = known.and_then(|place| gathered.get_mut(place)) {
            rows.others.push(row);
        } else {
            places.insert(name, gathered.len());
            gathered.push(Rows {
                first: row,
                others: Vec::new(),
            });
        }
    }
    gathered
}
