//! Tables as people and enemies write them.

use std::io::{Cursor, Write};

use domain::scheme::Scheme;
use rust_xlsxwriter::{Format, Formula, Workbook};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{MOST_ROWS, ScoreRound, ScoreSheet, ScoreSubject, Table, read};

fn texts(table: &Table) -> Vec<Vec<&str>> {
    table
        .rows
        .iter()
        .map(|row| row.cells.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn utf8_with_and_without_its_mark_and_gb18030_read_alike() {
    let text = "code,name\r\no-1,虚构区一局\r\n";
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    let plain = read(text.as_bytes()).unwrap();
    assert_eq!(plain.header, ["code", "name"]);
    assert_eq!(texts(&plain), [["o-1", "虚构区一局"]]);
    assert_eq!(plain.rows[0].line, 2);
    assert_eq!(read(&marked).unwrap(), plain);
    assert_eq!(read(&gb).unwrap(), plain);
}

#[test]
fn semicolons_tabs_and_quoted_lines_are_understood() {
    assert_eq!(texts(&read(b"a;b\n1;2\n").unwrap()), [["1", "2"]]);
    assert_eq!(texts(&read(b"a\tb\n1\t2\n").unwrap()), [["1", "2"]]);
    let table = read(b"a,b\n\"x\ny\",1\n\nz,2\n").unwrap();
    assert_eq!(texts(&table), [["x\ny", "1"], ["z", "2"]]);
    assert_eq!(table.rows[1].line, 5);
}

#[test]
fn lines_that_a_lone_carriage_return_ends_are_counted_as_well() {
    let table = read(b"\r\ra;b\r1;2\r\n\r3;4\n5;6\r").unwrap();
    assert_eq!(texts(&table), [["1", "2"], ["3", "4"], ["5", "6"]]);
    let lines: Vec<u32> = table.rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [4, 6, 7]);
}

#[test]
fn a_short_row_is_filled_up_and_a_long_one_refused() {
    assert_eq!(texts(&read(b"a,b\n1\n").unwrap()), [["1", ""]]);
    assert_eq!(read(b"a,b\n1,2,3\n").unwrap_err().code, "ROW_TOO_LONG");
}

#[test]
fn what_is_no_table_is_refused() {
    for (bytes, code) in [
        (&b""[..], "FILE_EMPTY"),
        (b"\n,,\n", "FILE_EMPTY"),
        (b"a,b\0\n", "FILE_UNREADABLE"),
        (b"\xff\xff\xff", "FILE_UNREADABLE"),
        (b"PK\x03\x04 and no more", "FILE_UNREADABLE"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "FILE_UNREADABLE"),
    ] {
        assert_eq!(read(bytes).unwrap_err().code, code, "{bytes:?}");
    }
    let rows = "1\n".repeat(MOST_ROWS + 1);
    assert_eq!(
        read(format!("a\n{rows}").as_bytes()).unwrap_err().code,
        "FILE_TOO_LARGE"
    );
    assert_eq!(
        read(&vec![b'a'; super::MOST_BYTES + 1]).unwrap_err().code,
        "FILE_TOO_LARGE"
    );
}

#[test]
fn a_workbook_reads_as_it_looks() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet
        .write_row(0, 0, ["text", "number", "day", "formula", "share"])
        .unwrap();
    sheet.write_string(2, 0, "=1+1").unwrap();
    sheet.write_number(2, 1, 0.1 + 0.2).unwrap();
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 3, 31).unwrap();
    sheet
        .write_datetime_with_format(2, 2, &day, &Format::new().set_num_format("yyyy-mm-dd"))
        .unwrap();
    sheet
        .write_formula(
            2,
            3,
            Formula::new("=WEBSERVICE(\"http://example.com\")").set_result("7"),
        )
        .unwrap();
    sheet
        .write_number_with_format(2, 4, 0.95, &Format::new().set_num_format("0%"))
        .unwrap();
    let table = read(&workbook.save_to_buffer().unwrap()).unwrap();
    assert_eq!(texts(&table), [["=1+1", "0.3", "2026-03-31", "7", "0.95"]]);
    assert_eq!(table.rows[0].line, 3);
}

/// A workbook whose only sheet has these cells.
fn workbook(cells: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let parts = [
        ("[Content_Types].xml", r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#.to_owned()),
        (
            "_rels/.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned(),
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>"#.to_owned(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#.to_owned(),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>"#),
        ),
    ];
    for (name, text) in parts {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn hostile_workbooks_are_refused_without_laying_them_out() {
    let far = r#"<row r="1"><c r="A1" t="str"><v>a</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#;
    let fault = read(&workbook(far)).unwrap_err();
    assert_eq!(fault.code, "FILE_TOO_LARGE", "{fault}");
    let shared =
        r#"<row r="1"><c r="A1"><f t="shared" ref="A1" si="4000000000">1</f><v>1</v></c></row>"#;
    assert_eq!(read(&workbook(shared)).unwrap().header, ["1"]);
    let nul =
        r#"<row r="1"><c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b_x0000_</v></c></row>"#;
    let fault = read(&workbook(nul)).unwrap_err();
    assert_eq!(fault.code, "CELL_UNREADABLE", "{fault}");
    assert!(fault.message.starts_with("line 1, column 2: "), "{fault}");
    let bomb = format!(
        r#"<row r="1"><c r="A1" t="str"><v>{}</v></c></row>"#,
        "a".repeat(130 * 1024 * 1024)
    );
    let bytes = workbook(&bomb);
    assert!(bytes.len() < 1_000_000);
    assert_eq!(read(&bytes).unwrap_err().code, "FILE_TOO_LARGE");
    let backwards =
        r#"<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>"#;
    assert_eq!(
        read(&workbook(backwards)).unwrap_err().code,
        "FILE_UNREADABLE"
    );
}

fn round() -> ScoreRound {
    let day = |month, day| chrono::NaiveDate::from_ymd_opt(2026, month, day).unwrap();
    ScoreRound {
        name: "虚构轮次".to_owned(),
        period_from: day(1, 1),
        period_to: day(12, 31),
    }
}

#[test]
fn points_for_each_stretch_have_a_column_each_and_come_back_with_it() {
    let table =
        include_str!("../../../tests/corpus/scheme/good/awards_for_each_stretch/scheme.toml");
    let subject = ScoreSubject {
        code: "l-1".to_owned(),
        name: "领导 01".to_owned(),
        category: "c".to_owned(),
    };
    let sheet = ScoreSheet::new(&Scheme::parse(table).unwrap(), round(), vec![subject]);
    let codes: Vec<&str> = sheet.columns.iter().map(|one| one.code.as_str()).collect();
    // Four quarters, two half-years, twelve months and what is awarded once.
    assert_eq!(codes.len(), 19);
    assert_eq!(
        codes[..5],
        [
            "quarters@2026-Q1",
            "quarters@2026-Q2",
            "quarters@2026-Q3",
            "quarters@2026-Q4",
            "halves@2026-H1",
        ]
    );
    assert_eq!(codes[17..], ["both/months@2026-12", "both/once"]);

    let mut filled = read(&sheet.write().unwrap()).unwrap();
    filled.rows[0].cells.resize(22, String::new());
    for (column, points) in [(4, "3"), (20, "5"), (21, "2")] {
        filled.rows[0].cells[column] = points.to_owned();
    }
    assert_eq!(
        texts(&filled.unfold_scores().unwrap()),
        [
            ["l-1", "quarters", "", "2026-Q2", "3", "", "", "", "", ""],
            ["l-1", "both", "months", "2026-12", "5", "", "", "", "", ""],
            ["l-1", "both", "once", "", "2", "", "", "", "", ""],
        ]
    );
}

#[test]
fn a_filled_in_score_sheet_comes_back_as_scores() {
    let scheme = Scheme::parse(include_str!("../../../schemes/ouhai/organ.toml")).unwrap();
    let subject = |code: &str, name: &str| ScoreSubject {
        code: code.to_owned(),
        name: name.to_owned(),
        category: "organ".to_owned(),
    };
    let sheet = ScoreSheet::new(
        &scheme,
        round(),
        vec![
            subject("o-1", "=cmd|' /C calc'!A0"),
            subject("o-2", "虚构区二局"),
        ],
    );
    // 58 items are awarded by people, one of them as a list of tasks.
    assert_eq!(sheet.columns.len(), 58);
    let table = read(&sheet.write().unwrap()).unwrap();
    assert_eq!(
        table.header[..4],
        ["单位代码", "单位名称", "考评人员", "A1.2"]
    );
    assert_eq!(table.header.last().unwrap(), "F7.3 完成数/4");
    assert_eq!(texts(&table)[0][..2], ["o-1", "=cmd|' /C calc'!A0"]);
    assert!(table.clone().unfold_scores().unwrap().rows.is_empty());
    let plain = read(&sheet.write_csv().unwrap()).unwrap();
    assert_eq!(plain.header, table.header);
    assert_eq!(texts(&plain)[0][..2], ["o-1", "'=cmd|' /C calc'!A0"]);

    let mut filled = table;
    filled.rows[1].cells[2] = "i01".to_owned();
    filled.rows[1].cells[3] = "0.75".to_owned();
    *filled.rows[1].cells.last_mut().unwrap() = "3".to_owned();
    let long = filled.unfold_scores().unwrap();
    assert_eq!(
        texts(&long),
        [
            ["o-2", "A1.2", "", "", "0.75", "i01", "", "", "", ""],
            ["o-2", "F7.3", "", "", "", "i01", "3", "4", "", ""],
        ]
    );
    assert_eq!(long.rows[0].line, 6);
}
