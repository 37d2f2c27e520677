//! Tables in XLSX workbooks: the first sheet that holds anything.

use std::io::{Cursor, Read, copy, sink};

use calamine::{DataRef, Reader, Xlsx, XlsxError};
use zip::ZipArchive;

use super::{Builder, MOST_COLUMNS, MOST_ROWS, SheetFault, Table};

/// Most bytes that all parts of a workbook unpack to.
const MOST_UNPACKED: u64 = 128 * 1024 * 1024;

/// Most parts.
const MOST_PARTS: usize = 1_000;

/// Reads the first sheet that is not empty.
pub(super) fn read(bytes: &[u8]) -> Result<Table, SheetFault> {
    refuse_bomb(bytes)?;
    let mut workbook: Xlsx<_> =
        Xlsx::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    let names = workbook.sheet_names();
    for name in names {
        let table = read_sheet(&mut workbook, &name)?;
        if !table.header.is_empty() {
            return Ok(table);
        }
    }
    Builder::default().finish()
}

/// Unpacks everything once into nothing. What a part's header says about its size is the sender's word alone.
fn refuse_bomb(bytes: &[u8]) -> Result<(), SheetFault> {
    let broken = |error: &dyn std::fmt::Display| {
        SheetFault::new(
            "FILE_UNREADABLE",
            format!("the workbook is broken: {error}: save it again as .xlsx"),
        )
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    if archive.len() > MOST_PARTS {
        return Err(SheetFault::too_large(format!(
            "the workbook has more than {MOST_PARTS} parts"
        )));
    }
    let mut left = MOST_UNPACKED;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(|error| broken(&error))?;
        let unpacked =
            copy(&mut part.take(left + 1), &mut sink()).map_err(|error| broken(&error))?;
        left = left.checked_sub(unpacked).ok_or_else(|| {
            SheetFault::too_large(format!(
                "the workbook unpacks to more than {MOST_UNPACKED} bytes: split it"
            ))
        })?;
    }
    Ok(())
}

/// Reads cell by cell: a whole range would be laid out densely, and one cell in the last corner is a range of 17
/// thousand million.
fn read_sheet(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Table, SheetFault> {
    let mut reader = match workbook.worksheet_cells_reader(name) {
        Ok(reader) => reader,
        // Charts and dialogs have sheets of their own.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(Table::default()),
        Err(error) => return Err(unreadable(&error)),
    };
    let mut builder = Builder::default();
    let mut current: Option<u32> = None;
    let mut cells: Vec<String> = Vec::new();
    while let Some(cell) = reader.next_cell().map_err(|error| unreadable(&error))? {
        let (row, column) = cell.get_position();
        let text = show(cell.get_value(), Place { row, column })?;
        if text.is_empty() {
            continue;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        // Notes and spare rows may stand among the rows, hence some more than are counted.
        if column >= MOST_COLUMNS || usize::try_from(row).unwrap_or(usize::MAX) > MOST_ROWS + 1_000
        {
            return Err(SheetFault::too_large(format!(
                "the sheet reaches to row {} and column {}, beyond {MOST_ROWS} rows and {MOST_COLUMNS} columns: \
                 delete what lies outside the table",
                row + 1,
                column + 1
            )));
        }
        match current {
            Some(at) if at == row => {}
            // Rows come in order in every workbook that a program for spreadsheets wrote.
            Some(at) if at > row => {
                return Err(SheetFault::new(
                    "FILE_UNREADABLE",
                    format!("the rows of the sheet are out of order at row {}", row + 1),
                ));
            }
            _ => {
                if let Some(at) = current.replace(row) {
                    builder.add(at + 1, std::mem::take(&mut cells))?;
                }
            }
        }
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        if let Some(place) = cells.get_mut(column) {
            *place = text;
        }
    }
    if let Some(at) = current {
        builder.add(at + 1, cells)?;
    }
    Ok(builder.table)
}

#[derive(Clone, Copy)]
struct Place {
    row: u32,
    column: u32,
}

/// A cell as text, as a person reads it on the screen.
fn show(value: &DataRef<'_>, place: Place) -> Result<String, SheetFault> {
    let wrong = |what: &str| {
        SheetFault::new(
            "CELL_UNREADABLE",
            format!("row {}, column {}: {what}", place.row + 1, place.column + 1),
        )
    };
    let text = match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => {
            // Not copied whole: a million cells may share one giant string.
            text.chars().take(super::MOST_CHARACTERS + 1).collect()
        }
        DataRef::Int(whole) => whole.to_string(),
        DataRef::Float(number) => {
            show_number(*number).ok_or_else(|| wrong("the number has too many digits"))?
        }
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(instant) if instant.is_datetime() => {
            let (year, month, day, ..) = instant.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTime(_) | DataRef::DurationIso(_) => {
            return Err(wrong("a length of time is no value here: write it as text"));
        }
        DataRef::DateTimeIso(text) => text.chars().take(10).collect(),
        DataRef::Error(_) => return Err(wrong("the cell shows an error: put a value there")),
        #[expect(
            unreachable_patterns,
            reason = "the library may learn new kinds of cell"
        )]
        _ => return Err(wrong("the cell is of a kind that is not read")),
    };
    Ok(text)
}

/// A number with the 15 digits that a spreadsheet shows: the stored double has more, and 0.1 + 0.2 would show them.
fn show_number(number: f64) -> Option<String> {
    if !number.is_finite() || number.abs() >= 1e15 {
        return None;
    }
    let rounded: f64 = format!("{number:.14e}").parse().ok()?;
    Some(if rounded == 0.0 {
        "0".to_owned()
    } else {
        rounded.to_string()
    })
}

fn unreadable(error: &XlsxError) -> SheetFault {
    SheetFault::new(
        "FILE_UNREADABLE",
        format!("the workbook cannot be read: {error}: save it again as .xlsx"),
    )
}
