//! Documents of inputs: refused in words, or read to one canonical form that reads to the same, whatever the order of
//! their rows. What a scheme takes of them is decided on, and what it does not take is named, row by row.

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use support::project;

use super::canonical::assert_same;
use super::change::Stock;
use super::draw::Draw;
use super::watch::Watch;

const MOST: usize = 64 * 1024;

/// Faults are listed up to so many.
const MOST_FAULTS: usize = 1_000;

pub struct Documents {
    schemes: Vec<Scheme>,
    stock: Stock,
}

impl Documents {
    pub fn new() -> Self {
        let root = project::root().join("tests/corpus");
        let read = |folder: &str| project::files_ending(&root.join(folder), "json");
        let mut schemes = Vec::new();
        let mut documents = Vec::new();
        let mut add = |scheme: &std::path::Path, inputs: &std::path::Path| {
            let Ok(scheme) = Scheme::parse(&project::read(scheme)) else {
                return;
            };
            // The number of the scheme on a line of its own, so that the document can be had again from its bytes.
            documents.push(format!("{}\n{}", schemes.len(), project::read(inputs)));
            schemes.push(scheme);
        };
        for inputs in read("scheme/good") {
            if inputs.ends_with("inputs.json") {
                add(&inputs.with_file_name("scheme.toml"), &inputs);
            }
        }
        for inputs in read("inputs") {
            add(&root.join("inputs/scheme.toml"), &inputs);
        }
        Self {
            schemes,
            stock: Stock::new(documents, MOST),
        }
    }

    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        self.stock.make(draw)
    }

    /// Returns whether the inputs were decided on.
    pub fn judge(&self, input: &[u8], watch: &mut Watch) -> bool {
        let text = String::from_utf8_lossy(input);
        let (number, text) = text.split_once('\n').unwrap_or(("0", &text));
        let number: usize = number.parse().unwrap_or(0);
        let scheme = &self.schemes[number % self.schemes.len()];
        let inputs = match watch.time("reading", || Inputs::parse(text)) {
            Ok(inputs) => inputs,
            Err(why) => {
                assert!(!why.is_empty(), "refused without a word");
                return false;
            }
        };
        let written = watch.time("writing", || inputs.to_canonical());
        let mut turned = inputs.clone();
        turn(&mut turned);
        if let Ok(written) = &written {
            let source = std::str::from_utf8(written).expect("JSON is text");
            let again = Inputs::parse(source).expect("what was written can be read");
            assert_same(
                written,
                &again.to_canonical().expect("the same"),
                "written again",
            );
            assert_same(
                written,
                &turned.to_canonical().expect("the same"),
                "in another order",
            );
        }
        let snapshot = match watch.time("laying out", || Snapshot::build(scheme, &inputs)) {
            Ok(snapshot) => snapshot,
            Err(faults) => {
                assert!((1..=MOST_FAULTS).contains(&faults.len()), "a bounded list");
                for fault in &faults {
                    let said = [&fault.message, &fault.message_zh];
                    assert!(said.iter().all(|words| !words.is_empty()), "{fault:?}");
                    // A number that cannot be written is a fault of the document as a whole.
                    let placed = fault.code == "overflow" || !fault.path.is_empty();
                    assert!(placed && is_place(&fault.path, text), "{fault:?}");
                }
                assert!(
                    Snapshot::build(scheme, &turned).is_err(),
                    "in another order"
                );
                return false;
            }
        };
        let outcome = watch.time("deciding", || decide(scheme, &snapshot));
        let turned = Snapshot::build(scheme, &turned).expect("taken in another order as well");
        assert!(outcome == decide(scheme, &turned), "in another order");
        true
    }
}

/// Whether a path names a list of the document and a row that it has.
fn is_place(path: &str, text: &str) -> bool {
    let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let mut parts = path.split('/');
    let list = parts.next().unwrap_or_default();
    let row = parts.next().and_then(|row| row.parse::<usize>().ok());
    match (row, document.get(list)) {
        (Some(row), Some(serde_json::Value::Array(rows))) => row < rows.len(),
        (Some(_), _) => false,
        (None, _) => true,
    }
}

/// Puts every list into another order.
fn turn(inputs: &mut Inputs) {
    macro_rules! reverse {
        ($($list:ident),*) => { $(inputs.$list.reverse();)* };
    }
    reverse!(
        regions,
        subjects,
        relations,
        successions,
        scores,
        checklists,
        duty_lists,
        measures,
        facts,
        nil_reports,
        tallies,
        sheets,
        ballots,
        turnouts,
        investigations,
        history,
        closed_rounds,
        closed_results,
        proposed,
        waivers,
        adjustments,
        tie_choices,
        withheld,
        given_labels
    );
}
