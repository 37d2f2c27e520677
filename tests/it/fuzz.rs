//! A small share of the inputs that `scripts/fuzz` makes by the million: enough to notice what breaks.

#[path = "../fuzz/canonical.rs"]
mod canonical;
#[path = "../fuzz/change.rs"]
mod change;
#[path = "../fuzz/document.rs"]
mod document;
#[path = "../fuzz/guard.rs"]
mod guard;
#[path = "../fuzz/import.rs"]
mod import;
#[path = "../fuzz/inputs.rs"]
mod inputs;
#[path = "../fuzz/run.rs"]
mod run;
#[path = "../fuzz/scheme.rs"]
mod scheme;
#[path = "../fuzz/stored.rs"]
mod stored;
#[path = "../fuzz/token.rs"]
mod token;
#[path = "../fuzz/watch.rs"]
mod watch;

use super::fault::draw;

/// Feeds a target; some inputs have to be accepted and others refused, or little was said.
fn feed(target: &str, count: u64) {
    let went = run::run(target, 1, 0..count, |_| {});
    println!("{target}: {went:?}");
    assert!((1..count).contains(&went.accepted), "{target}: {went:?}");
}

#[test]
fn what_the_guards_let_through_is_parsed_and_validated_within_their_limits() {
    feed("guard", 2_000);
}

#[test]
fn tables_are_refused_in_words_or_read_whole_and_alike_in_every_encoding() {
    feed("import", 2_000);
}

#[test]
fn tables_are_stored_whole_and_can_be_decided_on_or_are_refused_by_their_rows() {
    feed("stored", 300);
}

#[test]
fn scheme_files_are_refused_with_places_or_load_alike_in_every_layout() {
    feed("scheme", 300);
}

#[test]
fn inputs_are_refused_by_their_rows_or_decided_on_alike_in_every_order() {
    feed("inputs", 1_000);
}

#[test]
fn canonical_json_is_the_same_bytes_in_every_order() {
    feed("canonical", 3_000);
}

#[test]
fn no_token_is_accepted_that_was_not_issued_and_no_code_is_read_as_another() {
    feed("token", 3_000);
}

#[test]
fn every_target_is_fed_here() {
    let source = include_str!("fuzz.rs");
    for target in run::TARGETS {
        assert!(source.contains(&format!("feed(\"{target}\"")), "{target}");
        let _built = run::Target::new(target);
    }
}
