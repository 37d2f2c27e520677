//! The column `marks` of a table: which marks somebody bears, of those whose share a survey demands among its sheets.

use domain::survey::{Definition, Marks};

use super::Row;
use super::answer::CellFault;
use super::table::Reading;

/// The column.
pub(super) const COLUMN: &str = "marks";

/// What stands between several.
const BETWEEN: [char; 7] = [';', '；', '、', '|', ',', ' ', '\n'];

/// The marks of a row, none where the cell is empty.
///
/// # Errors
/// `MARK_UNKNOWN` if the survey does not count one of them.
pub(super) fn read_marks(
    reading: &Reading<'_>,
    row: &Row,
    definition: &Definition,
) -> Result<Marks, CellFault> {
    let cell = reading.cell(row, COLUMN).unwrap_or_default();
    let codes = cell.split(BETWEEN).map(str::trim);
    Marks::of(definition, codes.filter(|code| !code.is_empty())).map_err(|unknown| {
        let mend = match definition.marks.as_slice() {
            [] => "leave the cell empty".to_owned(),
            known => format!("write one or some of {}", known.join(", ")),
        };
        (COLUMN, "MARK_UNKNOWN", unknown.to_string(), mend)
    })
}
