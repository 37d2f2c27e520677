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
    let mut lines = Lines::of(&text);
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
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.count_to(usize::try_from(start).unwrap_or(usize::MAX));
        builder.add(line, record.iter().map(str::to_owned).collect())?;
    }
}

/// Counts lines. The reader's own count knows no line that a lone carriage return ends, and is taken before the line ends
/// that it skips.
struct Lines<'a> {
    text: &'a [u8],
    /// So far they are counted.
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of a record that the reader says begins here, which is no earlier than the one before.
    fn count_to(&mut self, start: usize) -> u32 {
        while let Some(byte) = self.text.get(self.at) {
            let is_end = matches!(byte, b'\r' | b'\n');
            if self.at >= start && !is_end {
                break;
            }
            self.at += 1;
            let is_half = *byte == b'\r' && self.text.get(self.at) == Some(&b'\n');
            self.line += u32::from(is_end && !is_half);
        }
        self.line
    }
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
    let mut lines = text.split(['\r', '\n']);
    let header = lines.find(|line| !line.trim().is_empty()).unwrap_or("");
    let count = |delimiter: char| header.matches(delimiter).count();
    [(b',', count(',')), (b'\t', count('\t')), (b';', count(';'))]
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(delimiter, _)| delimiter)
}
