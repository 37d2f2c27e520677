//! An auditor's package counts its sheets again, and says where they are not what the counts say.

use std::collections::BTreeMap;

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::outcome::ENGINE;
use domain::package::{BallotGroup, FORMAT, Package, SheetGroup, SurveySheets, replay};
use domain::scheme::Scheme;
use domain::scheme::file::Channel;
use domain::snapshot::Snapshot;
use domain::survey::Definition;
use serde_json::{Value, json};

const BALLOTS: &str = include_str!("../../tests/corpus/scheme/good/ballots/scheme.toml");

/// The scheme of ballots as one of sheets about one subject each.
fn one_by_one() -> String {
    let text = BALLOTS.replacen("ballot = { one_for = \"round\" }\n", "", 1);
    assert_ne!(text, BALLOTS);
    text
}

fn definition(scheme: &Scheme) -> Definition {
    Definition::of(&scheme.file.survey[0], &scheme.file.scale).unwrap()
}

/// A round about three units, of whose sheets these counts are known.
fn package(text: &str, sheets: &Value, tallies: &Value) -> Package {
    let scheme = Scheme::parse(text).unwrap_or_else(|faults| panic!("{faults:?}"));
    let unit = |code: &str| json!({ "code": code, "kind": "unit", "category": "unit", "region": "x", "name": code });
    let inputs = json!({
        "format": "mingjian-inputs/1",
        "round": { "code": "r", "series": "r", "name": "例", "period_from": "2026-01-01", "period_to": "2026-12-31", "time_zone": "Asia/Shanghai" },
        "regions": [{ "code": "x", "name": "x" }],
        "subjects": [unit("u"), unit("v"), unit("w")],
        "sheets": sheets,
        "tallies": tallies,
    });
    let inputs = Inputs::parse(&inputs.to_string()).unwrap();
    let snapshot = Snapshot::build(&scheme, &inputs).unwrap_or_else(|faults| panic!("{faults:?}"));
    Package {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        revision: 1,
        scheme: text.to_owned(),
        outcome: decide(&scheme, &snapshot),
        inputs,
        combined_roles: None,
        public_of: None,
        sheets: Some(vec![SurveySheets {
            definition: definition(&scheme),
            groups: Vec::new(),
            ballots: Vec::new(),
            seal: None,
        }]),
    }
}

fn sheets(subject: &str, [valid, rated, abstained, invalid, replaced, late]: [u64; 6]) -> Value {
    json!({ "survey": "b", "subject": subject, "panel": "p", "channel": "web", "valid": valid, "rated": rated,
        "abstained": abstained, "invalid": invalid, "replaced": replaced, "late": late })
}

fn tally(subject: &str, question: &str, option: &str, count: u64) -> Value {
    json!({ "survey": "b", "subject": subject, "panel": "p", "channel": "web", "question": question, "option": option,
        "count": count })
}

/// Sheets of two bytes: the first option of a question is 1, silence is 0.
fn group(subject: &str, state: &str, answers: &str) -> SheetGroup {
    SheetGroup {
        subject: subject.to_owned(),
        panel: "p".to_owned(),
        channel: Channel::Web,
        state: state.to_owned(),
        answers: answers.to_owned(),
        receipts: String::new(),
        marks: BTreeMap::new(),
    }
}

/// Two valid sheets about one unit, and one of every other state.
fn counted() -> Package {
    let mut package = package(
        &one_by_one(),
        &json!([sheets("u", [2, 2, 0, 2, 1, 1])]),
        &json!([
            tally("u", "q", "s", 1),
            tally("u", "q", "d", 1),
            tally("u", "r", "n", 1)
        ]),
    );
    package.sheets.as_mut().unwrap()[0].groups = vec![
        group("u", "valid", "01020300"),
        group("u", "invalid", "0400"),
        group("u", "quarantined", "0101"),
        group("u", "replaced", "0101"),
        group("u", "late", "0101"),
    ];
    package
}

/// What replaying says: how many sheets it counted, or where it differs.
fn said(package: &Package) -> Result<u64, (String, String)> {
    match replay(&package.to_canonical().unwrap()) {
        Ok(same) => Ok(same.sheets),
        Err(difference) => Err((difference.path, difference.recomputed)),
    }
}

#[test]
fn sheets_of_every_state_are_counted_again() {
    assert_eq!(said(&counted()), Ok(6));
    let mut without = counted();
    without.sheets = None;
    assert_eq!(said(&without), Ok(0));
}

#[test]
fn a_changed_sheet_is_found_by_what_it_counts() {
    for (place, answers, path) in [
        // Another answer, another question silent, a sheet more, a sheet less.
        (0, "02020300", "inputs/tallies/u/option"),
        (0, "01000300", "inputs/tallies/u"),
        (0, "010203000100", "inputs/sheets/u/rated"),
        (1, "", "inputs/sheets/u/invalid"),
        (2, "01010101", "inputs/sheets/u/invalid"),
        (3, "", "inputs/sheets/u/replaced"),
        (4, "01010101", "inputs/sheets/u/late"),
    ] {
        let mut package = counted();
        package.sheets.as_mut().unwrap()[0].groups[place].answers = answers.to_owned();
        let (found, _) = said(&package).unwrap_err();
        assert_eq!(found, path, "{place} {answers}");
    }
    let mut moved = counted();
    let groups = &mut moved.sheets.as_mut().unwrap()[0].groups;
    groups[0].subject = "v".to_owned();
    assert!(said(&moved).unwrap_err().0.starts_with("inputs/sheets/"));
}

#[test]
fn sheets_that_are_none_are_named() {
    type Spoil = fn(&mut SheetGroup);
    let spoils: [(Spoil, &str); 4] = [
        (
            |group| "lost".clone_into(&mut group.state),
            "`lost` is no state",
        ),
        (
            |group| "0g".clone_into(&mut group.answers),
            "Invalid character",
        ),
        (|group| "010203".clone_into(&mut group.answers), "2"),
        (
            |group| "0109".clone_into(&mut group.answers),
            "an option that it does not have",
        ),
    ];
    for (spoil, what) in spoils {
        let mut package = counted();
        spoil(&mut package.sheets.as_mut().unwrap()[0].groups[0]);
        let (path, said) = said(&package).unwrap_err();
        assert_eq!(path, "sheets/b/u");
        assert!(said.contains(what), "{said}");
    }
}

/// Two valid ballots and a late one about three units; one of the units has left the round since.
fn balloted() -> Package {
    let mut package = package(
        BALLOTS,
        &json!([
            sheets("u", [2, 1, 1, 0, 0, 1]),
            sheets("w", [2, 2, 0, 0, 0, 1])
        ]),
        &json!([
            tally("u", "q", "s", 1),
            tally("u", "r", "s", 1),
            tally("w", "q", "s", 1),
            tally("w", "q", "d", 1)
        ]),
    );
    let ballots = |state: &str, answers: &str| BallotGroup {
        subjects: ["u", "", "w"].map(str::to_owned).to_vec(),
        panel: "p".to_owned(),
        channel: Channel::Web,
        state: state.to_owned(),
        answers: answers.to_owned(),
        receipts: String::new(),
        gone: Vec::new(),
        marks: BTreeMap::new(),
    };
    package.sheets.as_mut().unwrap()[0].ballots = vec![
        ballots("valid", "010103000300000001000100"),
        ballots("late", "010000000000"),
    ];
    package
}

#[test]
fn ballots_are_counted_line_by_line_and_as_one_sheet_each() {
    assert_eq!(said(&balloted()), Ok(3));
}

#[test]
fn a_changed_line_of_a_ballot_is_found_and_one_that_is_none_is_named() {
    let spoilt = |state: &str, answers: &str| {
        let mut package = balloted();
        let group = &mut package.sheets.as_mut().unwrap()[0].ballots[0];
        (group.state, group.answers) = (state.to_owned(), answers.to_owned());
        said(&package).unwrap_err()
    };
    // The unit that left may have been rated otherwise: nothing is counted by it.
    let mut package = balloted();
    let group = &mut package.sheets.as_mut().unwrap()[0].ballots[0];
    "010101000300000001000100".clone_into(&mut group.answers);
    assert_eq!(said(&package), Ok(3));
    for (answers, path) in [
        ("010103000100000001000100", "inputs/tallies/w/option"),
        ("010103000300010001000100", "inputs/sheets/u/abstained"),
        ("010103000300", "inputs/sheets/u/abstained"),
    ] {
        let (found, _) = spoilt("valid", answers);
        assert!(
            found.starts_with(path.rsplit_once('/').unwrap().0),
            "{found} {path}"
        );
    }
    for (state, answers, what) in [
        ("lost", "010103000300", "`lost` is no state"),
        ("valid", "xy", "Invalid character"),
        ("valid", "0101", "6"),
    ] {
        let (path, said) = spoilt(state, answers);
        assert_eq!(path, "sheets/b/ballots");
        assert!(said.contains(what), "{said}");
    }
}

/// The scheme, whose survey demands that half of the valid and half of the returned sheets are from the front line.
fn with_demand(text: &str) -> String {
    let demand = "combine = \"pooled\"\ndemand = { share = [\
        { mark = \"front_line\", among = \"valid\", at_least = \"50%\" }, \
        { mark = \"front_line\", among = \"returned\", at_least = \"50%\" }] }\n";
    let changed = text.replacen("combine = \"pooled\"\n", demand, 1);
    assert_ne!(changed, text);
    changed
}

/// So many of the sheets are from the front line.
fn marked(count: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([("front_line".to_owned(), count)])
}

/// One of two valid sheets from the front line, and of those that came back but are not valid one of two.
fn from_the_front_line() -> Package {
    let mut sheets = sheets("u", [2, 2, 0, 1, 1, 1]);
    sheets["marks"] = json!({ "front_line": 1 });
    sheets["returned_marks"] = json!({ "front_line": 2 });
    let mut package = package(
        &with_demand(&one_by_one()),
        &json!([sheets]),
        &json!([
            tally("u", "q", "s", 1),
            tally("u", "q", "d", 1),
            tally("u", "r", "n", 1)
        ]),
    );
    let with = |state, answers, count| SheetGroup {
        marks: marked(count),
        ..group("u", state, answers)
    };
    package.sheets.as_mut().unwrap()[0].groups = vec![
        with("valid", "01020300", 1),
        with("invalid", "0400", 1),
        group("u", "replaced", "0101"),
        with("late", "0101", 1),
    ];
    package
}

#[test]
fn marks_of_sheets_are_counted_again_and_say_whether_a_share_is_there() {
    let package = from_the_front_line();
    assert_eq!(said(&package), Ok(5));
    let shares: Vec<bool> = [1, 0]
        .into_iter()
        .map(|valid| {
            let mut inputs = package.inputs.clone();
            inputs.sheets[0].marks = marked(valid);
            let scheme = Scheme::parse(&package.scheme).unwrap();
            let snapshot = Snapshot::build(&scheme, &inputs).unwrap();
            let outcome = decide(&scheme, &snapshot);
            let text = serde_json::to_string(&outcome.decisions[0]).unwrap();
            !text.contains("share_short")
        })
        .collect();
    assert_eq!(shares, [true, false]);
}

#[test]
fn a_changed_count_of_marks_is_found_and_one_that_is_none_is_named() {
    for (place, count, path, what) in [
        (0, 2, "inputs/sheets/u/marks/front_line", "2"),
        (
            1,
            2,
            "sheets/b/u",
            "more sheets with the mark `front_line` than there are",
        ),
        (0, 0, "inputs/sheets/u/marks", "null"),
    ] {
        let mut package = from_the_front_line();
        package.sheets.as_mut().unwrap()[0].groups[place].marks = marked(count);
        let (found, said) = said(&package).unwrap_err();
        assert!(found.starts_with(path), "{found}");
        assert!(said.contains(what), "{said}");
    }
    let mut unknown = from_the_front_line();
    unknown.sheets.as_mut().unwrap()[0].groups[0].marks = BTreeMap::from([("new".to_owned(), 1)]);
    let (_, said) = said(&unknown).unwrap_err();
    assert!(
        said.contains("demands no share of sheets with the mark `new`"),
        "{said}"
    );
}
