//! `decide` alone: subjects under a whole table against one pass that adds up the same scores in memory.
//!
//! `cargo bench -p mingjian-domain --bench decide` measures 1,000, 10,000 and 100,000 subjects under the tables of
//! Ouhai, with the most items, and of Bortala, with the most rules; numbers behind `--` choose other sizes, `ouhai` and
//! `bortala` one of the tables. Inputs are the sample round's subjects repeated under new codes, so that surveys, facts,
//! vetoes, relations, measures and investigations all take part. Reading and laying out the inputs is not part of the
//! figure and is told beside it.

#![expect(clippy::disallowed_types, reason = "seconds are not points")]

mod measure;
mod repeat;

use std::time::{Duration, Instant};

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::number::Points;
use domain::outcome::Outcome;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;

use measure::{Aim, Figure};
use repeat::repeat;

/// Name, scheme and sample round.
const TABLES: [(&str, &str, &str); 2] = [
    (
        "ouhai",
        include_str!("../../schemes/ouhai/organ.toml"),
        include_str!("../../schemes/ouhai/organ.sample.json"),
    ),
    (
        "bortala",
        include_str!("../../schemes/bortala/county.toml"),
        include_str!("../../schemes/bortala/county.sample.json"),
    ),
];

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
    let any = TABLES.iter().any(|(name, ..)| named(name));
    let mut figures = Vec::new();
    for (name, table, sample) in TABLES {
        if any && !named(name) {
            continue;
        }
        let scheme = Scheme::parse(table).expect("the table is a scheme");
        let sample = Inputs::parse(sample).expect("the sample round can be read");
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
