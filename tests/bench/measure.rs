//! How a figure is taken: work and baseline in turn, in one process, so that a noisy machine disturbs both alike.
//!
//! Every bench leaves its figures as JSON lines in `target/bench`; the report is made from those. Deliberately absent:
//! verdicts. A bench tells what it measured, and no test fails by it.

use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Whether a glance is enough: with `--quick` one pair of a tenth of everything, to see that a bench runs.
pub fn is_quick() -> bool {
    std::env::args().any(|word| word == "--quick")
}

/// How often work and baseline are measured in turn.
pub fn pairs() -> usize {
    if is_quick() { 1 } else { 5 }
}

/// So many, or a tenth at a glance.
pub fn scaled(count: usize) -> usize {
    if is_quick() { count / 10 } else { count }
}

/// A figure of the report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Figure {
    /// Its row in the table of targets: `A`, `B`, `C`, or `D` for what costs the machine.
    pub part: String,
    /// What was done.
    pub job: String,
    /// What it is compared with; empty if with nothing.
    pub baseline: String,
    /// What `measured` and `against` count: `/s`, `s`, `ms`, `MiB`.
    pub unit: String,
    /// One value for each pair.
    pub measured: Vec<f64>,
    /// The baseline's values, in the same order; empty if there is none.
    pub against: Vec<f64>,
    /// What is aimed at, for the ratio, or for the value if there is no baseline.
    pub aim: Option<Aim>,
    /// What is aimed at next.
    pub then: Option<Aim>,
    /// What else belongs to the figure: the load generator's own CPU, slowest answers.
    pub note: String,
}

/// A bound that a figure should keep.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// No less than.
    AtLeast(f64),
    /// No more than.
    AtMost(f64),
}

/// Writes the figures of one bench, in place of those that it wrote before.
///
/// # Panics
/// The folder cannot be written.
pub fn save(bench: &str, figures: &[Figure]) {
    let folder = folder();
    std::fs::create_dir_all(&folder).expect("a folder for figures");
    let mut file =
        std::fs::File::create(folder.join(format!("{bench}.jsonl"))).expect("a file for figures");
    for figure in figures {
        let line = serde_json::to_string(figure).expect("a figure is JSON");
        writeln!(file, "{line}").expect("a written figure");
    }
}

/// Where figures and report go: `bench` below the target folder that this program was built in.
pub fn folder() -> PathBuf {
    let program = std::env::current_exe().expect("a program knows its place");
    // target/<profile>/deps/<program>
    program
        .ancestors()
        .nth(3)
        .expect("a program in a target folder")
        .join("bench")
}
