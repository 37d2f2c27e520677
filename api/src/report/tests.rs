//! Files of a report: named for every system, and whole or not at all.

use domain::access::{CombinedRoles, Role, RolePair};
use domain::inputs::Inputs;
use domain::outcome::ENGINE;
use domain::package::{FORMAT, Package};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;

use super::folder::Making;
use super::{Origin, Report, ReportFault, name_files};

fn package() -> Package {
    let text = include_str!("../../../schemes/ouhai/organ.toml");
    let scheme = Scheme::parse(text).unwrap();
    let inputs = Inputs::parse(include_str!("../../../schemes/ouhai/organ.sample.json")).unwrap();
    let outcome = domain::decide::decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    Package {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        revision: 2,
        scheme: text.to_owned(),
        inputs,
        outcome,
        combined_roles: None,
        public_of: None,
        sheets: None,
    }
}

#[test]
fn files_are_named_by_code_where_every_system_takes_it() {
    let mut package = package();
    for (place, code) in ["A-1", "a-1", "../etc", "局", "index", "b_2"]
        .into_iter()
        .enumerate()
    {
        package.inputs.subjects[place].code = code.to_owned();
    }
    package.inputs.subjects.truncate(6);
    let files = name_files(&package);
    let file = |code: &str| files[code].as_str();
    assert_eq!(file("A-1"), "A-1.html");
    assert_eq!(file("a-1"), "00002.html");
    assert_eq!(file("../etc"), "00003.html");
    assert_eq!(file("局"), "00004.html");
    assert_eq!(file("index"), "00005.html");
    assert_eq!(file("b_2"), "b_2.html");
}

#[test]
fn a_deadline_in_calendar_days_has_a_last_day() {
    let package = package();
    let origin = Origin {
        closed_on: chrono::NaiveDate::from_ymd_opt(2026, 1, 31),
        demo: true,
    };
    let report = Report::new(&package, origin).unwrap();
    let explainer = report.explainer();
    let failed = package
        .outcome
        .decisions
        .iter()
        .find(|decision| {
            decision
                .consequences
                .iter()
                .any(|one| one.within_days == Some(90))
        })
        .unwrap();
    let sheet = report.draw_sheet(failed, &explainer).unwrap();
    for words in ["截止 2026-05-01", "until 2026-05-01", "第 2 版"] {
        assert!(sheet.contains(words), "`{words}` is missing");
    }
}

#[test]
fn a_folder_that_was_begun_and_not_finished_leaves_nothing() {
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("sheets");
    let making = Making::begin(&folder).unwrap();
    making.add("one.html", b"one").unwrap();
    drop(making);
    assert_eq!(std::fs::read_dir(around.path()).unwrap().count(), 0);

    // Somebody else fills it in the meantime.
    let making = Making::begin(&folder).unwrap();
    making.add("one.html", b"one").unwrap();
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("theirs"), "theirs").unwrap();
    assert!(matches!(making.finish(), Err(ReportFault::Folder(..))));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(around.path()).unwrap().count(), 1);
}

#[test]
fn roles_that_one_person_holds_together_are_told_first_of_all_in_both_languages() {
    let mut package = package();
    package.combined_roles = Some(CombinedRoles {
        roles: RolePair::new(Role::SecurityAdministrator, Role::Reviewer).unwrap(),
        reason: "<三人>".to_owned(),
    });
    let origin = Origin {
        closed_on: None,
        demo: false,
    };
    let report = Report::new(&package, origin).unwrap();
    let explainer = report.explainer();
    let sheet = report
        .draw_sheet(&package.outcome.decisions[0], &explainer)
        .unwrap();
    assert!(
        sheet.contains("同一人可以兼任复核员和账号管理员，理由：&#60;三人&#62;"),
        "{sheet}"
    );
    assert!(sheet.contains("may be both reviewer and security administrator"));
}
