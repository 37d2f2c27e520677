//! A package on paper: sheets, ranking, and why.

use std::fs;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx};
use domain::decide::decide;
use domain::inputs::Inputs;
use domain::outcome::ENGINE;
use domain::package::{FORMAT, Package};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use support::project;

use super::{mingjian, text};

/// The sample round of Ouhai as a package.
fn package(folder: &Path) -> PathBuf {
    package_of("ouhai/organ", folder)
}

fn package_of(place: &str, folder: &Path) -> PathBuf {
    let read = |end: &str| project::read(&project::root().join(format!("schemes/{place}{end}")));
    let scheme = read(".toml");
    let inputs = Inputs::parse(&read(".sample.json")).unwrap();
    let parsed = Scheme::parse(&scheme).unwrap();
    let outcome = decide(&parsed, &Snapshot::build(&parsed, &inputs).unwrap());
    let package = Package {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        revision: 1,
        scheme,
        inputs,
        outcome,
        combined_roles: None,
        public_of: None,
        sheets: None,
    };
    let file = folder.join("package.json");
    fs::write(&file, package.to_canonical().unwrap()).unwrap();
    file
}

fn report(package: &Path, folder: &Path) -> std::process::Output {
    let arguments = [
        "report",
        "--package",
        package.to_str().unwrap(),
        "--folder",
        folder.to_str().unwrap(),
    ];
    mingjian(&arguments, project::root())
}

#[test]
fn a_package_becomes_a_sheet_for_each_unit_and_a_ranking() {
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path());
    let sheets = folder.path().join("sheets");
    let output = report(&package, &sheets);
    assert!(output.status.success(), "{}", text(&output.stderr));

    let sheet = fs::read_to_string(sheets.join("organ-04.html")).unwrap();
    for words in [
        "<html lang=\"zh-CN\">",
        "<article lang=\"en\" class=\"english\">",
        "虚构区四局",
        "最终等次“良好”",
        "取决于专项调查的结论",
        "it rests on what the investigation found",
        "均为虚构",
        "role=\"img\"",
    ] {
        assert!(sheet.contains(words), "`{words}` is missing");
    }
    // It stands alone.
    for outside in ["<script", "src=", "http:", "https:", "@import", "url("] {
        assert!(!sheet.contains(outside), "`{outside}`");
    }
    let index = fs::read_to_string(sheets.join("index.html")).unwrap();
    assert!(index.contains("<a href=\"organ-04.html\">虚构区四局</a>"));

    let mut book: Xlsx<_> = calamine::open_workbook(sheets.join("ranking.xlsx")).unwrap();
    let table = book.worksheet_range("排名 Ranking").unwrap();
    let first: Vec<&Data> = table.rows().nth(2).unwrap().iter().collect();
    assert_eq!(first[1], &Data::String("organ-01".to_owned()));
    assert_eq!(first[2], &Data::Float(1.0));
    assert_eq!(first[4], &Data::Float(97.12));
    assert_eq!(first[5], &Data::Float(100.0));
}

#[test]
fn sheets_of_two_rounds_never_get_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path());
    let sheets = folder.path().join("sheets");
    fs::create_dir(&sheets).unwrap();
    // An empty folder is as good as none.
    assert!(report(&package, &sheets).status.success());
    let before = fs::read(sheets.join("index.html")).unwrap();
    let again = report(&package, &sheets);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("is not empty"));
    assert_eq!(fs::read(sheets.join("index.html")).unwrap(), before);
}

#[test]
fn what_cannot_be_drawn_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path());
    let broken = fs::read_to_string(&package)
        .unwrap()
        .replace("max = 65", "max = 66");
    fs::write(&package, broken).unwrap();
    let output = report(&package, &folder.path().join("sheets"));
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("fault"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_decision_is_explained_from_a_package() {
    let folder = tempfile::tempdir().unwrap();
    let package = package(folder.path());
    let explain =
        |code: &str| mingjian(&["explain", package.to_str().unwrap(), code], folder.path());
    let output = explain("organ-04");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.starts_with("为什么 Why: organ-04 虚构区四局\n"),
        "{said}"
    );
    assert!(said.contains("101/300（33.67%） > 1/3（33.33%）"), "{said}");
    let unknown = explain("organ-99");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("`organ-99`"));
}

#[test]
fn people_read_what_falls_on_them_by_their_team_and_what_was_waived_or_adjusted() {
    let folder = tempfile::tempdir().unwrap();
    let package = package_of("bortala/county", folder.path());
    let sheets = folder.path().join("sheets");
    assert!(report(&package, &sheets).status.success());
    let explained = |code: &str| {
        let output = mingjian(&["explain", package.to_str().unwrap(), code], folder.path());
        text(&output.stdout)
    };
    let both = |code: &str| {
        let sheet = fs::read_to_string(sheets.join(format!("{code}.html"))).unwrap();
        [explained(code), sheet]
    };
    for said in both("head-10") {
        assert!(said.contains("来自“虚构州第十局领导班子”的评定"), "{said}");
        assert!(said.contains("From the decision on"), "{said}");
    }
    for said in both("team-05") {
        assert!(
            said.contains("专项调查未完，会议决定先按未查实结账"),
            "{said}"
        );
        assert!(said.contains("评定会议选定了他人"), "{said}");
        // Nobody is recognised apart from others there.
        assert!(!said.contains("符合认定条件"), "{said}");
    }
    for said in both("team-07") {
        assert!(
            said.contains("2027-01-15 由虚构州委会议酌定为“好”"),
            "{said}"
        );
    }
}
