//! Tables in and out: CSV and XLSX become rows of text, a scheme becomes the sheet that inspectors fill in.
//!
//! A file from outside is hostile until it is read: its size, its rows, its cells and what it unpacks to are bounded
//! before anything is kept. Formulas are never worked out; a cell counts as the value that it last showed.
//! Deliberately absent: what a column means. That is for the use-case that takes the rows.

mod comma;
mod import;
mod list;
mod results;
mod scores;
mod workbook;

#[cfg(test)]
mod tests;

pub use import::{describe, name_inspector, read_table};
pub(crate) use list::ListTable;
pub(crate) use results::{table_of_days, table_of_results, table_of_words};
pub use scores::{ScoreColumn, ScoreRound, ScoreSheet, ScoreSubject};
pub(crate) use scores::{without_formula, write_text};

/// Most bytes of a file.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;

/// Most rows below the header.
pub const MOST_ROWS: usize = 50_000;

/// Most columns.
const MOST_COLUMNS: usize = 400;

/// Most cells that hold something: a score sheet of a large district has 50,000 × 20 or 5,000 × 80.
const MOST_CELLS: usize = 1_000_000;

/// Most characters of a cell.
const MOST_CHARACTERS: usize = 4_000;

/// Most bytes of text in all cells: short strings may be shared by many cells, so the file's size says little.
const MOST_TEXT: usize = 32 * 1024 * 1024;

/// A table of texts. Every row has as many cells as the header, with outer space trimmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns.
    pub header: Vec<String>,
    /// What stands below; wholly empty rows, and notes that begin with `#`, are left out.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its line as a spreadsheet counts, from 1; the header is usually 1.
    pub line: u32,
    /// Its cells.
    pub cells: Vec<String>,
}

/// Why a file is no table, for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SheetFault {
    /// Stable code in capitals.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl SheetFault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    fn too_large(message: impl Into<String>) -> Self {
        Self::new("FILE_TOO_LARGE", message)
    }
}

/// Reads a file; whether it is XLSX or CSV shows in its first bytes, whatever its name says.
///
/// # Errors
/// It is neither, it is too large, or it has no header.
pub fn read(bytes: &[u8]) -> Result<Table, SheetFault> {
    if bytes.len() > MOST_BYTES {
        return Err(SheetFault::too_large(format!(
            "the file has {} bytes and at most {MOST_BYTES} are read: split it",
            bytes.len()
        )));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        workbook::read(bytes)
    } else if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        Err(SheetFault::new(
            "FILE_UNREADABLE",
            "this is a workbook of the old kind (.xls), or one with a password: save it as .xlsx without a password",
        ))
    } else {
        comma::read(bytes)
    }
}

/// Puts rows together while it keeps to the bounds.
#[derive(Default)]
struct Builder {
    table: Table,
    cells: usize,
    text: usize,
}

impl Builder {
    /// Adds a row; the first one that is not empty is the header.
    fn add(&mut self, line: u32, mut cells: Vec<String>) -> Result<(), SheetFault> {
        for (place, cell) in cells.iter_mut().enumerate() {
            let trimmed = cell.trim();
            if trimmed.len() != cell.len() {
                *cell = trimmed.to_owned();
            }
            // Workbooks have a way to write it; one of the two databases stores it and the other does not.
            if cell.contains('\0') {
                return Err(SheetFault::new(
                    "CELL_UNREADABLE",
                    format!(
                        "line {line}, column {}: the cell holds a character without a meaning (NUL): write it anew",
                        place + 1
                    ),
                ));
            }
            if cell.chars().nth(MOST_CHARACTERS).is_some() {
                return Err(SheetFault::too_large(format!(
                    "line {line}, column {}: the cell has more than {MOST_CHARACTERS} characters",
                    place + 1
                )));
            }
            self.cells += usize::from(!cell.is_empty());
            self.text += cell.len();
        }
        if self.cells > MOST_CELLS || self.text > MOST_TEXT {
            return Err(SheetFault::too_large(format!(
                "line {line}: the table has more than {MOST_CELLS} cells or {MOST_TEXT} bytes of text: split it"
            )));
        }
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        let Some(first) = cells.first() else {
            return Ok(());
        };
        if self.table.header.is_empty() {
            if cells.len() > MOST_COLUMNS {
                return Err(SheetFault::too_large(format!(
                    "the header has {} columns and at most {MOST_COLUMNS} are read",
                    cells.len()
                )));
            }
            self.table.header = cells;
            return Ok(());
        }
        if first.starts_with('#') {
            return Ok(());
        }
        if cells.len() > self.table.header.len() {
            return Err(SheetFault::new(
                "ROW_TOO_LONG",
                format!(
                    "line {line} has {} cells and the header {}: a cell too many, or a comma that is not quoted",
                    cells.len(),
                    self.table.header.len()
                ),
            ));
        }
        if self.table.rows.len() == MOST_ROWS {
            return Err(SheetFault::too_large(format!(
                "the table has more than {MOST_ROWS} rows: split it"
            )));
        }
        cells.resize(self.table.header.len(), String::new());
        self.table.rows.push(Row { line, cells });
        Ok(())
    }

    fn finish(self) -> Result<Table, SheetFault> {
        if self.table.header.is_empty() {
            return Err(SheetFault::new(
                "FILE_EMPTY",
                "the file holds no table: its first row names the columns",
            ));
        }
        Ok(self.table)
    }
}
