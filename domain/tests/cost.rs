//! What deciding costs grows as the round does: counted in memory that is asked for, since time depends on the machine.

use std::alloc::System;

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[path = "../../tests/bench/repeat.rs"]
mod repeat;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often memory is asked for, and how much of it.
fn cost(scheme: &Scheme, sample: &Inputs, subjects: usize) -> (usize, usize) {
    let inputs = repeat::repeat(sample, subjects);
    let snapshot = Snapshot::build(scheme, &inputs).unwrap();
    let counted = Region::new(COUNTED);
    let outcome = decide(scheme, &snapshot);
    let cost = counted.change();
    assert_eq!(outcome.decisions.len(), subjects);
    (cost.allocations + cost.reallocations, cost.bytes_allocated)
}

/// All in one process and one after the other: whatever runs beside it is counted too.
#[test]
fn four_times_the_subjects_cost_four_times_as_much_and_a_subject_no_more_than_it_did() {
    // How often a subject asks for memory and for how many bytes, a twentieth above what it was when it was last
    // lowered: a copy of each item, of each comparison or of each text would be seen.
    let tables = [
        (
            "ouhai/organ",
            include_str!("../../schemes/ouhai/organ.toml"),
            include_str!("../../schemes/ouhai/organ.sample.json"),
            (63, 13_900),
        ),
        (
            "bortala/county",
            include_str!("../../schemes/bortala/county.toml"),
            include_str!("../../schemes/bortala/county.sample.json"),
            (60, 11_300),
        ),
    ];
    for (name, table, sample, (times, bytes)) in tables {
        let scheme = Scheme::parse(table).unwrap();
        let sample = Inputs::parse(sample).unwrap();
        let (few, many) = (cost(&scheme, &sample, 600), cost(&scheme, &sample, 2_400));
        for (what, few, many, each) in [
            ("times", few.0, many.0, times),
            ("bytes", few.1, many.1, bytes),
        ] {
            let most = few * 4 * 21 / 20;
            assert!(
                many <= most,
                "{name}: {what} {few}, then {many} of at most {most}"
            );
            let subject = many.div_ceil(2_400);
            assert!(
                subject <= each,
                "{name}: {what} {subject} a subject, of at most {each}"
            );
        }
    }
}
