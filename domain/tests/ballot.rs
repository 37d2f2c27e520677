//! Ballots decide as the tallies of their lines do, however they are counted.

use std::collections::BTreeMap;

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::outcome::Decision;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

const SCHEME: &str = include_str!("../../tests/corpus/scheme/good/ballots/scheme.toml");
const INPUTS: &str = include_str!("../../tests/corpus/scheme/good/ballots/inputs.json");
const SUBJECTS: [&str; 3] = ["u", "v", "w"];
const OPTIONS: [&str; 4] = ["s", "n", "d", "x"];

/// The answers to both questions; none where a place is beyond the options.
type Line = [usize; 2];

#[derive(Debug, Clone)]
struct Sheet {
    panel: bool,
    paper: bool,
    seconds: u32,
    lines: Vec<Line>,
}

fn sheet() -> impl Strategy<Value = Sheet> {
    // Half of the answers are none, so that blank and begun lines are as common as whole ones.
    let answer = prop_oneof![0_usize..4, Just(4)];
    let line = [answer.clone(), answer];
    (
        any::<bool>(),
        any::<bool>(),
        8_u32..13,
        proptest::collection::vec(line, 3),
    )
        .prop_map(|(panel, paper, seconds, lines)| Sheet {
            panel,
            paper,
            seconds,
            lines,
        })
}

impl Sheet {
    fn panel(&self) -> &'static str {
        if self.panel { "p" } else { "o" }
    }

    fn channel(&self) -> &'static str {
        if self.paper { "paper" } else { "web" }
    }

    fn row(&self) -> Value {
        let lines: Vec<Value> = SUBJECTS
            .iter()
            .zip(&self.lines)
            .map(|(subject, line)| {
                let mut answers = serde_json::Map::new();
                for (question, place) in ["q", "r"].iter().zip(line) {
                    if let Some(option) = OPTIONS.get(*place) {
                        answers.insert((*question).to_owned(), json!(option));
                    }
                }
                json!({ "subject": subject, "answers": answers })
            })
            .collect();
        let mut row = json!({ "survey": "b", "panel": self.panel(), "channel": self.channel(), "lines": lines });
        if !self.paper {
            row["seconds"] = json!(self.seconds);
        }
        row
    }

    /// By the words of the scheme, not by the code that reads it.
    fn is_valid(&self) -> bool {
        let answers: Vec<usize> = self.lines.iter().flatten().copied().collect();
        let begun = self.lines.iter().any(|line| line[0] == 4 && line[1] != 4);
        let unknown = answers.iter().filter(|place| **place == 3).count();
        let rated: Vec<&usize> = answers.iter().filter(|place| **place < 3).collect();
        let straight = rated.len() >= 6 && rated.iter().all(|place| **place == 0);
        let fast = !self.paper && self.seconds < 10;
        !(begun || unknown > 2 || straight || fast)
    }
}

fn inputs() -> Value {
    let mut inputs: Value = serde_json::from_str(INPUTS).unwrap();
    for list in ["ballots", "sheets", "tallies"] {
        inputs[list] = json!([]);
    }
    inputs
}

fn decisions(inputs: &Value) -> Vec<Decision> {
    decisions_under(SCHEME, inputs)
}

fn decisions_under(scheme: &str, inputs: &Value) -> Vec<Decision> {
    let scheme = Scheme::parse(scheme).unwrap();
    let inputs = Inputs::parse(&inputs.to_string()).unwrap();
    decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap()).decisions
}

fn as_ballots(sheets: &[Sheet]) -> Value {
    let mut inputs = inputs();
    inputs["ballots"] = sheets.iter().map(Sheet::row).collect();
    inputs
}

/// The same, counted by hand.
fn as_tallies(sheets: &[Sheet]) -> Value {
    let mut counts: BTreeMap<(usize, &str, &str), [u64; 4]> = BTreeMap::new();
    let mut answers: BTreeMap<(usize, &str, &str, usize, usize), u64> = BTreeMap::new();
    for sheet in sheets {
        for (place, line) in sheet.lines.iter().enumerate() {
            let [valid, rated, abstained, invalid] = counts
                .entry((place, sheet.panel(), sheet.channel()))
                .or_default();
            if !sheet.is_valid() {
                *invalid += 1;
                continue;
            }
            *valid += 1;
            *rated += u64::from(line.iter().any(|place| *place < 3));
            *abstained += u64::from(*line == [4, 4]);
            for (question, option) in line.iter().enumerate().filter(|(_, option)| **option < 4) {
                let key = (place, sheet.panel(), sheet.channel(), question, *option);
                *answers.entry(key).or_default() += 1;
            }
        }
    }
    let mut inputs = inputs();
    inputs["sheets"] = counts
        .iter()
        .map(|((place, panel, channel), [valid, rated, abstained, invalid])| {
            json!({ "survey": "b", "subject": SUBJECTS[*place], "panel": panel, "channel": channel, "valid": valid,
                "rated": rated, "abstained": abstained, "invalid": invalid, "replaced": 0, "late": 0 })
        })
        .collect();
    inputs["tallies"] = answers
        .iter()
        .map(|((place, panel, channel, question, option), count)| {
            json!({ "survey": "b", "subject": SUBJECTS[*place], "panel": panel, "channel": channel,
                "question": (["q", "r"][*question]), "option": OPTIONS[*option], "count": count })
        })
        .collect();
    inputs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn ballots_decide_as_the_tallies_of_their_lines(sheets in proptest::collection::vec(sheet(), 0..25)) {
        prop_assert_eq!(decisions(&as_ballots(&sheets)), decisions(&as_tallies(&sheets)));
    }

    #[test]
    fn the_order_of_ballots_and_of_their_lines_leaves_no_trace(
        sheets in proptest::collection::vec(sheet(), 1..12), turn in 0_usize..12,
    ) {
        let straight = as_ballots(&sheets);
        let mut turned = straight.clone();
        let rows = turned["ballots"].as_array_mut().unwrap();
        let length = rows.len();
        rows.rotate_left(turn % length);
        for row in rows {
            row["lines"].as_array_mut().unwrap().reverse();
        }
        prop_assert_eq!(decisions(&straight), decisions(&turned));
    }
}

#[test]
fn one_sheet_of_a_person_counts_the_first_the_last_or_that_of_the_first_channel() {
    let row = |(order, channel, option): (u32, &str, &str)| {
        json!({ "survey": "b", "panel": "p", "channel": channel, "respondent": "a", "order": order,
            "lines": [{ "subject": "u", "answers": { "q": option } }] })
    };
    let of = |rows: &[(u32, &str, &str)]| {
        let mut inputs = inputs();
        inputs["ballots"] = rows.iter().copied().map(row).collect();
        inputs
    };
    let sheets = [
        (3, "paper", "d"),
        (1, "paper", "s"),
        (2, "web", "n"),
        (4, "web", "s"),
    ];
    for (word, counted) in [
        ("first", (1, "paper", "s")),
        ("last", (4, "web", "s")),
        // Of one channel the first.
        ("channel_order", (2, "web", "n")),
    ] {
        let scheme = SCHEME.replace("one_person = \"last\"", &format!("one_person = \"{word}\""));
        let decide = |rows: &[(u32, &str, &str)]| decisions_under(&scheme, &of(rows));
        assert_eq!(decide(&sheets), decide(&[counted]), "{word}");
        let others = sheets
            .iter()
            .filter(|one| **one != counted && one.2 != counted.2);
        for other in others {
            assert_ne!(decide(&sheets), decide(&[*other]), "{word}");
        }
    }
}
