//! Lists that are taken out: CSV for programs, a workbook for people, of the same columns and lines.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::{without_formula, write_text};

/// A list of lines under `N` columns.
#[derive(Debug)]
pub(crate) struct ListTable<const N: usize> {
    /// What the workbook's sheet is called.
    pub name: &'static str,
    /// What stands above it.
    pub title: String,
    /// Names of the columns, for people and for programs.
    pub columns: [(&'static str, &'static str); N],
    /// The first column of numbers; beyond the last where there are none.
    pub numbers: usize,
    /// The lines below the header.
    pub lines: Vec<[String; N]>,
}

impl<const N: usize> ListTable<N> {
    /// As CSV, with a mark in front by which spreadsheets know it as UTF-8.
    pub(crate) fn write_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::from("\u{feff}"));
        writer.write_record(self.columns.map(|(_, name)| name))?;
        for line in &self.lines {
            writer.write_record(line.iter().map(|cell| without_formula(cell)))?;
        }
        writer
            .into_inner()
            .map_err(|error| error.into_error().into())
    }

    /// As a workbook.
    pub(crate) fn write_workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name(self.name)?;
        let (bold, plain) = (Format::new().set_bold(), Format::new());
        write_text(sheet, (0, 0), &self.title, &bold)?;
        for (at, (zh, en)) in (0_u16..).zip(self.columns) {
            write_text(sheet, (1, at), &format!("{zh} {en}"), &bold)?;
        }
        sheet.set_freeze_panes(2, 0)?;
        for (row, line) in (2_u32..).zip(&self.lines) {
            for (at, (place, cell)) in (0_u16..).zip(line.iter().enumerate()) {
                match cell.parse::<f64>() {
                    Ok(value) if place >= self.numbers => {
                        sheet.write_number(row, at, value)?;
                    }
                    _ => write_text(sheet, (row, at), cell, &plain)?,
                }
            }
        }
        sheet.autofit();
        book.save_to_buffer()
    }
}
