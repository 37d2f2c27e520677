//! Figures of the whole system: what it does in a second, and what that costs.
//!
//! `scripts/bench` builds and runs all of it; names behind `--` choose parts, and `--quick` takes a glance at them. Every figure is taken beside a baseline
//! in the same run. Traffic goes to loopback alone, and every run is bounded in number and time.

#![expect(clippy::disallowed_methods, reason = "a bench measures durations")]

mod direct;
mod intake;
mod load;
mod measure;
mod page;
mod preflight;
mod ranking;
mod recount;
mod report;
mod stored;

/// Sheets that are stored already, where it matters how many there are.
const STORED: usize = 1_000_000;

const PARTS: [&str; 9] = [
    "machine",
    "sqlite",
    "postgresql",
    "alone",
    "crowded",
    "page",
    "ranking",
    "preflight",
    "recount",
];

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let unknown = words
        .iter()
        .find(|word| !PARTS.contains(&word.as_str()) && *word != "report");
    assert!(
        unknown.is_none(),
        "no part {unknown:?}; there are {PARTS:?} and `report`"
    );
    // One thread for requests beside the one that waits: the server needs the rest of a small machine.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    for part in PARTS {
        if !words.is_empty() && !words.iter().any(|word| word == part) {
            continue;
        }
        println!("== {part}");
        let figures = runtime.block_on(async {
            match part {
                "machine" => intake::machine().await,
                "sqlite" => intake::sqlite().await,
                "postgresql" => intake::postgresql().await,
                "alone" => intake::alone().await,
                "crowded" => intake::crowded(10 * measure::scaled(STORED)).await,
                "page" => page::first_view().await,
                "ranking" => ranking::all().await,
                "preflight" => preflight::all(measure::scaled(STORED)).await,
                _ => recount::all(measure::scaled(STORED)).await,
            }
        });
        measure::save(part, &figures);
    }
    report::write();
}
