//! Keeps ARCHITECTURE.md true: the tests read its tables and hold the code against them.
//!
//! Every test collects all it finds wrong before it fails, so that one run shows the whole list.

mod crates;
mod source;
mod text;

use support::project;

/// Fails with everything that was found, one fault a line.
fn assert_none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}

/// The cells of the table in ARCHITECTURE.md whose first heading is `heading`.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = project::read(&project::root().join("ARCHITECTURE.md"));
    let cells = |line: &str| -> Vec<String> {
        line.trim()
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let rows: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with(&format!("| {heading} |")))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect();
    assert!(
        !rows.is_empty(),
        "ARCHITECTURE.md has no table headed `{heading}`"
    );
    rows
}

/// The names in backticks of one cell.
fn names(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}
