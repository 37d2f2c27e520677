//! Tables as comma-separated text, in UTF-8 or in GB18030 as Chinese spreadsheets write it.

use std::borrow::Cow;

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::GB18030;

use super::{Builder, SheetFault, Table};

/// Reads a table.
pub(super) fn read(bytes: &[u8]) -> Result<Table, SheetFault> {
    let text = decode(bytes)?;
    if text.contains('\0') {
        return Err(SheetFault::new(
            "FILE_UNREADABLE",
            "the file is neither CSV text nor an XLSX workbook",
        ));
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut builder = Builder::default();
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record).map_err(|error| {
            SheetFault::new(
                "FILE_UNREADABLE",
                format!("the CSV text is broken: {error}"),
            )
        })?;
        if !more {
            return builder.finish();
        }
        let line = record.position().map_or(0, |start| line_of(&text, start));
        let cells = record.iter().map(str::to_owned).collect();
        builder.add(u32::try_from(line).unwrap_or(u32::MAX), cells)?;
    }
}

/// The line on which a record begins. The reader's own count is taken before the line ends that it skips.
fn line_of(text: &str, start: &csv::Position) -> u64 {
    let from = usize::try_from(start.byte()).unwrap_or(usize::MAX);
    let skipped = text.as_bytes().get(from..).unwrap_or_default();
    let ends = skipped
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .filter(|byte| **byte == b'\n')
        .count();
    start.line() + u64::try_from(ends).unwrap_or(0)
}

/// UTF-8 where it is that, with or without its mark; else GB18030. Text of one is hardly ever valid in the other.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetFault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    GB18030
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(|| {
            SheetFault::new(
                "FILE_UNREADABLE",
                "the text is neither UTF-8 nor GB18030: save it as “CSV UTF-8”",
            )
        })
}

/// Spreadsheets write semicolons or tabs where the comma is taken. The header decides.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or("");
    let count = |delimiter: char| header.matches(delimiter).count();
    [(b',', count(',')), (b'\t', count('\t')), (b';', count(';'))]
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(delimiter, _)| delimiter)
}
