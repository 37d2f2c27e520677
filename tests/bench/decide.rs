//! `decide` alone: subjects under a whole table against one pass that adds up the same scores in memory.
//!
//! `cargo bench -p mingjian-domain --bench decide` measures 1,000, 10,000 and 100,000 subjects under the tables of
//! Ouhai, with the most items, of Bortala, with the most rules, and of Bortala made as wide as Ouhai's is for one kind of
//! unit; numbers behind `--` choose other sizes, `ouhai`, `bortala` and `wide` one of the tables. Inputs are the sample round's subjects repeated under new codes, so that surveys, facts,
//! vetoes, relations, measures and investigations all take part. Reading and laying out the inputs is not part of the
//! figure and is told beside it.

#![expect(clippy::disallowed_types, reason = "seconds are not points")]

mod measure;
mod repeat;

use std::fmt::Write;
use std::time::{Duration, Instant};

use domain::decide::decide;
use domain::inputs::{Inputs, Score};
use domain::number::Points;
use domain::outcome::Outcome;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;

use measure::{Aim, Figure};
use repeat::repeat;

const OUHAI: (&str, &str) = (
    include_str!("../../schemes/ouhai/organ.toml"),
    include_str!("../../schemes/ouhai/organ.sample.json"),
);
const BORTALA: (&str, &str) = (
    include_str!("../../schemes/bortala/county.toml"),
    include_str!("../../schemes/bortala/county.sample.json"),
);

/// Leaves of the table of points that a subject of the wide table is marked on.
const WIDE: usize = 67;
/// What everything in a table has, for what nobody reads.
const NAMED: &str = "name = { zh = \"宽\", en = \"Wide\" }\n";

/// The pass is over before the clock has moved, so it is made often.
const PASSES: u32 = 50;

/// One score as a table of a database holds it.
#[derive(Clone, Copy)]
struct ScoreRow {
    subject: u32,
    #[expect(dead_code, reason = "the pass goes over whole rows, as the rows are")]
    item: u32,
    points: Points,
}

fn main() {
    let mut sizes: Vec<usize> = std::env::args()
        .filter_map(|word| word.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = [1_000, 10_000, 100_000].map(measure::scaled).to_vec();
    }
    let words: Vec<String> = std::env::args().collect();
    let named = |name: &str| words.iter().any(|word| word == name);
    let tables = [
        ("ouhai", read(OUHAI)),
        ("bortala", read(BORTALA)),
        ("wide", widen(BORTALA)),
    ];
    let any = tables.iter().any(|(name, _)| named(name));
    let mut figures = Vec::new();
    for (name, (scheme, sample)) in tables {
        if any && !named(name) {
            continue;
        }
        let mut each = Vec::new();
        for &size in &sizes {
            let (figure, subject) = take(name, &scheme, &repeat(&sample, size));
            figures.push(figure);
            each.push(subject);
        }
        if let (Some(few), Some(many)) = (each.first(), each.last()) {
            println!(
                "{name}: a subject among the most costs {:.2} times one among the fewest",
                many / few
            );
        }
    }
    measure::save("decide", &figures);
}

fn read((table, sample): (&str, &str)) -> (Scheme, Inputs) {
    (
        Scheme::parse(table).expect("the table is a scheme"),
        Inputs::parse(sample).expect("the sample round can be read"),
    )
}

/// The same with as many more items in each category, all of them marked, as make [`WIDE`] for each subject.
fn widen((table, sample): (&str, &str)) -> (Scheme, Inputs) {
    let (scheme, mut inputs) = read((table, sample));
    let snapshot = Snapshot::build(&scheme, &inputs).expect("inputs that fit the scheme");
    let narrow = decide(&scheme, &snapshot);
    let mut table = table.to_owned();
    for category in &scheme.file.category {
        let code = &category.code;
        let subjects: Vec<String> = (inputs.subjects.iter())
            .filter(|subject| subject.category == *code)
            .map(|subject| subject.code.clone())
            .collect();
        let has = (narrow.decisions.iter())
            .find(|decision| subjects.iter().any(|one| **one == *decision.subject))
            .map_or(0, |decision| decision.items.iter().count());
        let more = WIDE - has;
        write!(
            table,
            "\n[[section]]\ncode = \"wide-{code}\"\nkind = \"specific\"\nfor = [\"{code}\"]\nmax = {more}\n{NAMED}"
        )
        .expect("text grows");
        for number in 0..more {
            let item = format!("wide-{code}-{number}");
            write!(
                table,
                "\n[[item]]\ncode = \"{item}\"\nin = \"wide-{code}\"\nmax = 1\n{NAMED}\
                 text = {{ zh = \"宽\", en = \"wide\" }}\ngraded = {{ step = \"0.5\", several = \"mean\" }}\n"
            )
            .expect("text grows");
            for (place, subject) in subjects.iter().enumerate() {
                let halves = i64::try_from((place + number) % 3).expect("fewer than three");
                inputs.scores.push(Score {
                    subject: subject.clone(),
                    item: item.clone(),
                    part: None,
                    period: None,
                    inspector: "group-1".to_owned(),
                    points: Points::from_e4(halves * 5_000),
                    order: 0,
                    note: None,
                });
            }
        }
    }
    inputs.sort();
    let scheme = Scheme::parse(&table).expect("the wide table is a scheme");
    (scheme, inputs)
}

/// One figure, and how many microseconds a subject costs.
fn take(name: &str, scheme: &Scheme, inputs: &Inputs) -> (Figure, f64) {
    let size = inputs.subjects.len();
    let (layout, snapshot) =
        time(|| Snapshot::build(scheme, inputs).expect("inputs that fit the scheme"));
    let rows = rows(&decide(scheme, &snapshot));
    let mut measured = Vec::new();
    let mut against = Vec::new();
    for _ in 0..measure::pairs() {
        let (took, outcome) = time(|| decide(scheme, &snapshot));
        drop(outcome);
        measured.push(took.as_secs_f64());
        let (took, ()) = time(|| {
            for _ in 0..PASSES {
                std::hint::black_box(add_up(&rows, size));
            }
        });
        against.push((took / PASSES).as_secs_f64());
    }
    let (work, pass) = (median(&measured), median(&against));
    #[expect(clippy::cast_precision_loss, reason = "sizes are small")]
    let subject = work / size as f64 * 1e6;
    let layout = layout.as_secs_f64();
    println!(
        "{name}, {size} subjects, {} scores: decide {work:.4} s, one pass {pass:.5} s, ratio {:.1}; {subject:.2} µs a subject; laid out in {layout:.2} s",
        rows.len(),
        work / pass,
    );
    let figure = Figure {
        part: "C".to_owned(),
        job: format!("`decide` alone: {size} subjects of the table {name}"),
        baseline: "one pass that adds up the same scores in memory".to_owned(),
        unit: "s".to_owned(),
        measured,
        against,
        aim: Some(Aim::AtMost(30.0)),
        then: Some(Aim::AtMost(10.0)),
        note: format!("{subject:.2} µs a subject; inputs laid out in {layout:.2} s"),
    };
    (figure, subject)
}

/// The points of every item, subject by subject.
fn rows(outcome: &Outcome) -> Vec<ScoreRow> {
    let mut rows = Vec::new();
    for (subject, decision) in (0..).zip(&outcome.decisions) {
        for (item, result) in (0..).zip(&decision.items) {
            if let Some(points) = result.points {
                rows.push(ScoreRow {
                    subject,
                    item,
                    points,
                });
            }
        }
    }
    rows
}

/// The baseline.
fn add_up(rows: &[ScoreRow], subjects: usize) -> Vec<i64> {
    let mut totals = vec![0_i64; subjects];
    for row in rows {
        totals[row.subject as usize] += row.points.e4();
    }
    totals
}

/// Runs `work` and returns how long it took with what it made, so that the caller throws that away untimed.
fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let (start, ran) = (Instant::now(), on_cpu());
    let made = std::hint::black_box(work());
    let passed = start.elapsed();
    let ran = on_cpu()
        .zip(ran)
        .map(|(then, before)| then.saturating_sub(before));
    (ran.unwrap_or(passed), made)
}

/// How long this thread has run, where the system tells it: on a machine that others use, time that passes says how
/// busy they are. Work and baseline are one thread's pure computing.
fn on_cpu() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = told.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
