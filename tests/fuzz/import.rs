//! Tables in CSV and XLSX: refused in words, or read whole within every bound, and then the same table again when it is
//! written in another way: in another encoding, with every cell in quotes, as a workbook.

use std::io::{Cursor, Read, Write};

use api::sheet::{MOST_ROWS, Table, read, read_table};
use encoding_rs::GB18030;
use rust_xlsxwriter::Workbook;
use service::inspection::import::ImportKind;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::change::Stock;
use super::draw::Draw;
use super::watch::Watch;

/// Files may be larger and take longer in proportion; what is unpacked from them counts.
const MOST: usize = 64 * 1024;

const MOST_COLUMNS: usize = 400;
const MOST_CHARACTERS: usize = 4_000;

pub struct Import {
    tables: Stock,
    /// Workbooks in parts: their names and what is in them.
    workbooks: Vec<Vec<(String, Vec<u8>)>>,
    /// What changes inside of a workbook are taken from.
    parts: Stock,
}

impl Import {
    pub fn new() -> Self {
        let mut draw = Draw::seeded(4);
        let tables: Vec<Vec<u8>> = (0..400).map(|_| table(&mut draw)).collect();
        let workbooks: Vec<Vec<(String, Vec<u8>)>> = (0..24).map(|_| workbook(&mut draw)).collect();
        let mut parts: Vec<Vec<u8>> = workbooks
            .iter()
            .flatten()
            .map(|(_, bytes)| bytes.clone())
            .collect();
        parts.extend(CELLS.map(|cells| cells.as_bytes().to_vec()));
        Self {
            tables: Stock::new(tables, MOST),
            workbooks,
            parts: Stock::new(parts, MOST),
        }
    }

    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        match draw.below(16) {
            0 => {
                let mut parts = self.workbooks[draw.place(self.workbooks.len())].clone();
                for _ in 0..=draw.place(2) {
                    let place = draw.place(parts.len());
                    let (_, part) = &mut parts[place];
                    *part = if draw.below(3) == 0 {
                        between(part, b"<sheetData>", CELLS[draw.place(CELLS.len())])
                    } else {
                        self.parts.change(std::mem::take(part), draw)
                    };
                }
                if draw.below(8) == 0 {
                    let place = draw.place(parts.len());
                    parts.remove(place);
                }
                let packed = pack(&parts, draw.below(2) == 0);
                if draw.below(8) == 0 {
                    self.parts.change(packed, draw)
                } else {
                    packed
                }
            }
            1..4 => table(draw),
            _ => self.tables.make(draw),
        }
    }

    /// Returns whether a table was read.
    pub fn judge(input: &[u8], watch: &mut Watch) -> bool {
        let table = match watch.time("reading", || read(input)) {
            Ok(table) => table,
            Err(fault) => {
                assert!(!fault.message.is_empty(), "{fault:?}");
                assert!(
                    fault.message.chars().count() < 2_000,
                    "what is shown is cut short: {}",
                    fault.message.len()
                );
                let codes = [
                    "FILE_EMPTY",
                    "FILE_TOO_LARGE",
                    "FILE_UNREADABLE",
                    "ROW_TOO_LONG",
                    "CELL_UNREADABLE",
                ];
                assert!(codes.contains(&fault.code), "{fault:?}");
                if matches!(fault.code, "ROW_TOO_LONG" | "CELL_UNREADABLE") {
                    let place = ["line ", "row "].iter().any(|word| {
                        let rest = fault.message.strip_prefix(word);
                        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
                    });
                    assert!(place, "{fault:?}");
                }
                return false;
            }
        };
        hold_to_bounds(&table);
        for kind in [ImportKind::Scores, ImportKind::Roster] {
            let rows = watch.time("what the columns mean", || read_table(input, kind));
            let Ok(rows) = rows else {
                assert_eq!(kind, ImportKind::Scores, "only scores are laid out anew");
                continue;
            };
            let lines = table.rows.iter().map(|row| row.line);
            let lines: std::collections::BTreeSet<u32> = lines.collect();
            for row in &rows.rows {
                assert_eq!(row.cells.len(), rows.columns.len(), "{row:?}");
                assert!(lines.contains(&row.number), "a row of the file: {row:?}");
            }
        }
        hold_to_other_ways(&table, input.len());
        true
    }
}

fn hold_to_bounds(table: &Table) {
    let columns = table.header.len();
    assert!((1..=MOST_COLUMNS).contains(&columns), "{columns} columns");
    assert!(table.header.last().is_some_and(|name| !name.is_empty()));
    assert!(table.rows.len() <= MOST_ROWS, "{} rows", table.rows.len());
    let mut before = 0;
    for row in &table.rows {
        assert!(row.line > before, "line {} after {before}", row.line);
        before = row.line;
        assert_eq!(row.cells.len(), columns, "line {}", row.line);
        assert!(!row.cells[0].starts_with('#'), "a note: {row:?}");
        assert!(row.cells.iter().any(|cell| !cell.is_empty()), "{row:?}");
    }
    let rows = table.rows.iter().flat_map(|row| &row.cells);
    for cell in table.header.iter().chain(rows) {
        assert_eq!(cell.trim(), cell);
        assert!(cell.chars().count() <= MOST_CHARACTERS);
        assert!(!cell.contains('\0'), "{cell:?}");
    }
}

/// Writes the table in other ways, which read to the same cells.
fn hold_to_other_ways(table: &Table, size: usize) {
    // The header decides what stands between cells: where its names hold such marks themselves, it may be another one.
    let is_plain = |name: &String| !name.contains([',', ';', '\t', '\n', '\r', '"', '\u{feff}']);
    if !table.header.iter().all(is_plain) || table.header[0].starts_with('#') {
        return;
    }
    let mut written = Vec::new();
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(&mut written);
    writer.write_record(&table.header).expect("a record");
    for row in &table.rows {
        writer.write_record(&row.cells).expect("a record");
    }
    writer.flush().expect("in memory");
    drop(writer);
    assert_alike(table, &written, "with every cell in quotes");
    let marked = [b"\xef\xbb\xbf", written.as_slice()].concat();
    assert_alike(table, &marked, "with the mark of UTF-8");
    let text = String::from_utf8_lossy(&written);
    let (chinese, _, unknown) = GB18030.encode(&text);
    // What is UTF-8 by chance is taken for it.
    if !unknown && std::str::from_utf8(&chinese).is_err() {
        assert_alike(table, &chinese, "in GB18030");
    }
    // Dear, so now and then.
    if size.is_multiple_of(16) {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let rows = table.rows.iter().map(|row| &row.cells);
        for (line, cells) in (0..).zip([&table.header].into_iter().chain(rows)) {
            for (column, cell) in (0..).zip(cells) {
                sheet
                    .write_string(line, column, cell)
                    .expect("within its bounds");
            }
        }
        assert_alike(
            table,
            &workbook.save_to_buffer().expect("a workbook"),
            "as a workbook",
        );
    }
}

fn assert_alike(table: &Table, bytes: &[u8], what: &str) {
    let again = read(bytes).unwrap_or_else(|fault| panic!("{what}: {fault:?}"));
    assert_eq!(again.header, table.header, "{what}");
    let cells = |table: &Table| -> Vec<Vec<String>> {
        table.rows.iter().map(|row| row.cells.clone()).collect()
    };
    assert_eq!(cells(&again), cells(table), "{what}");
}

/// What the sheet of a workbook may hold: cells of every kind, in places where they belong and elsewhere.
const CELLS: [&str; 16] = [
    r#"<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#,
    r#"<row r="1"><c r="A1"><f t="shared" ref="A1" si="4000000000">1</f><v>1</v></c></row>"#,
    r#"<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>"#,
    r#"<row r="0"><c r="A0"><v>1</v></c></row>"#,
    r#"<row r="4294967296"><c r="AAAAAAAA4294967296"><v>1</v></c></row>"#,
    r#"<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"#,
    r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>4294967295</v></c></row>"#,
    r#"<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="e"><v>#REF!</v></c></row>"#,
    r#"<row r="1"><c r="A1" t="d"><v>2026-03-31T00:00:00</v></c><c r="B1" t="inlineStr"><is><t>x</t></is></c></row>"#,
    r#"<row r="1"><c r="A1"><v>1e308</v></c><c r="B1"><v>-0.0</v></c><c r="C1"><v>NaN</v></c></row>"#,
    r#"<row r="1"><c r="A1" s="1"><v>46112</v></c><c r="B1" s="1"><v>-1</v></c><c r="C1" s="1"><v>99999999999</v></c></row>"#,
    r#"<row r="1"><c r="A1" t="str"><v>_x0000__x0009_a_xD83D_</v></c></row>"#,
    r#"<row r="1"><c r="A1" t="inlineStr"><is><r><t xml:space="preserve"> a </t></r><rPh><t>b</t></rPh></is></c></row>"#,
    r#"<row r="1"><c r="A1" t="str"><v>&lt;&amp;&#0;&#x110000;&nbsp;</v></c></row>"#,
    r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><row r="1"><c r="A1" t="str"><v>&b;</v></c></row>"#,
    r#"<row r="1"><c r="A1" t="str"><v><![CDATA[x]]></v></c><c r="A1"><v>2</v></c></row>"#,
];

/// A part with this put behind a mark; or at its end where it has none.
fn between(part: &[u8], mark: &[u8], inner: &str) -> Vec<u8> {
    let found = part.windows(mark.len()).position(|window| window == mark);
    let at = found.map_or(part.len(), |place| place + mark.len());
    [&part[..at], inner.as_bytes(), &part[at..]].concat()
}

/// A table as a person would make it, in one of the ways in which programs write it.
fn table(draw: &mut Draw) -> Vec<u8> {
    let rows = rows(draw);
    let between = [",", ",", ";", "\t"][draw.place(4)];
    let end = ["\n", "\r\n", "\r"][draw.place(3)];
    let mut text = String::new();
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            text.push_str(if place == 0 { "" } else { between });
            let needs_quotes = cell.contains([',', ';', '\t', '"', '\n', '\r']);
            if needs_quotes && draw.below(32) > 0 {
                text.push('"');
                text.push_str(&cell.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(cell);
            }
        }
        text.push_str(end);
    }
    match draw.below(4) {
        0 => GB18030.encode(&text).0.into_owned(),
        1 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        _ => text.into_bytes(),
    }
}

/// The parts of a workbook as a program writes it.
fn workbook(draw: &mut Draw) -> Vec<(String, Vec<u8>)> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let day = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for (line, row) in (0..).zip(rows(draw)) {
        for (column, cell) in (0..).zip(row) {
            let number = cell.parse::<f64>().ok().filter(|_| draw.below(2) == 0);
            let written = match number {
                Some(number) if draw.below(4) == 0 => {
                    sheet.write_number_with_format(line, column, number, &day)
                }
                Some(number) => sheet.write_number(line, column, number),
                None => sheet.write_string(line, column, &cell),
            };
            written.expect("within its bounds");
        }
    }
    let packed = workbook.save_to_buffer().expect("a workbook");
    let mut archive = ZipArchive::new(Cursor::new(packed)).expect("an archive");
    let mut parts = Vec::new();
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).expect("a part");
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("its bytes");
        let name = part.name().expect("a name").into_owned();
        parts.push((name, bytes));
    }
    parts
}

fn pack(parts: &[(String, Vec<u8>)], squeezed: bool) -> Vec<u8> {
    let method = if squeezed {
        CompressionMethod::Deflated
    } else {
        CompressionMethod::Stored
    };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        // A name that is there twice is refused by the writer, not by us.
        if archive.start_file(name, options).is_ok() {
            archive.write_all(bytes).expect("in memory");
        }
    }
    archive.finish().expect("in memory").into_inner()
}

/// Columns that imports know, in either language, with others among them, and cells of every kind.
fn rows(draw: &mut Draw) -> Vec<Vec<String>> {
    const NAMES: [&str; 24] = [
        "code",
        "kind",
        "subject",
        "item",
        "points",
        "done",
        "panel",
        "A1.2",
        "A1.2 完成数/4",
        "A1.2 任务数",
        "A1.2 未完成序号",
        "b/x@2026-Q1",
        "代码",
        "单位代码",
        "单位名称",
        "考评项",
        "考评人员",
        "得分",
        "等次",
        "结束日期",
        "手机号",
        "",
        "a b",
        "#",
    ];
    const CELLS: [&str; 32] = [
        "",
        "",
        "",
        "u-001",
        "u-002",
        "虚构区一局",
        "1.5",
        "-1",
        "0",
        "12",
        "1e5",
        "不适用",
        "2026-03-31",
        "网络",
        "paper",
        "a@example.com",
        "13800138000",
        "=1+1",
        "@x",
        "#note",
        "两\n行",
        "逗,号",
        "分;号",
        "引\"号",
        " 空 ",
        "\u{3000}宽",
        "𠮷",
        "\t",
        "2; 5",
        "沪",
        "é",
        "１２",
    ];
    let columns = match draw.below(32) {
        0 => 398 + draw.place(6),
        _ => draw.place(8) + 1,
    };
    let count = match draw.below(32) {
        0 => draw.place(400),
        _ => draw.place(12),
    };
    let mut rows = vec![
        (0..columns)
            .map(|_| NAMES[draw.place(NAMES.len())].to_owned())
            .collect::<Vec<String>>(),
    ];
    for _ in 0..count {
        let cells = match draw.below(16) {
            0 => columns + 1,
            1 => draw.place(columns + 1),
            _ => columns,
        };
        let cell = |draw: &mut Draw| match draw.below(512) {
            0 => "长".repeat(3_990 + draw.place(20)),
            _ => CELLS[draw.place(CELLS.len())].to_owned(),
        };
        rows.push((0..cells).map(|_| cell(draw)).collect());
    }
    rows
}
