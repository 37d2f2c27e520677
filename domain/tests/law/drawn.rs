//! Laws say little where what they speak of is rarely drawn: how often it is, out of rounds drawn as the laws draw them.

use domain::outcome::{Decision, Outcome, Status, Truth3};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{Draw, draws, fired, lay, outcome, place, scheme, without_quotas};

const ROUNDS: usize = 120;

/// So many rounds, the same on every machine.
fn rounds() -> Vec<Vec<Draw>> {
    let mut runner = TestRunner::deterministic();
    let strategy = draws();
    (0..ROUNDS)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// In how many of a hundred rounds this is so.
fn share(outcomes: &[Outcome], is: impl Fn(&Outcome) -> bool) -> usize {
    outcomes.iter().filter(|one| is(one)).count() * 100 / outcomes.len()
}

fn any(outcome: &Outcome, is: impl Fn(&Decision) -> bool) -> bool {
    outcome.decisions.iter().any(is)
}

#[test]
fn what_the_laws_speak_of_is_drawn_often_enough() {
    let (whole, open) = (scheme(), without_quotas());
    let rounds = rounds();
    let under = |scheme| -> Vec<Outcome> {
        let inputs = rounds.iter().map(|draws| lay(draws));
        inputs.map(|inputs| outcome(scheme, &inputs)).collect()
    };
    let (seated, free) = (under(&whole), under(&open));
    let holds_good = |one: &Decision| one.status == Status::Decided && place(one) == 0;
    let told = [
        (
            "undetermined",
            30,
            share(&seated, |one| {
                any(one, |d| d.status == Status::Undetermined)
            }),
        ),
        (
            "decided",
            30,
            share(&seated, |one| {
                any(one, |d| d.status == Status::Decided && d.grade.is_some())
            }),
        ),
        (
            "rule open",
            30,
            share(&seated, |one| {
                any(one, |d| {
                    d.rules.iter().any(|r| r.fired == Truth3::Undetermined)
                })
            }),
        ),
        (
            "settled by a word",
            20,
            share(&seated, |one| {
                any(one, |d| d.rules.iter().any(|r| r.settled_by.is_some()))
            }),
        ),
        (
            "eligible",
            30,
            share(&free, |one| any(one, |d| d.eligible == Some(true))),
        ),
        (
            "good to be capped",
            30,
            share(&free, |one| any(one, holds_good)),
        ),
        (
            "capped",
            20,
            share(&free, |one| {
                any(one, |d| fired(d, "cap") == Some(Truth3::True))
            }),
        ),
        (
            "spread",
            5,
            share(&free, |one| {
                any(one, |d| fired(d, "spread") == Some(Truth3::True))
            }),
        ),
        (
            "fell by a quota",
            20,
            share(&seated, |one| {
                one.quotas.iter().any(|quota| !quota.fallen.is_empty())
            }),
        ),
        (
            "two of a rank",
            5,
            share(&free, |one| {
                let mut ranks: Vec<_> = one
                    .decisions
                    .iter()
                    .filter_map(|d| Some((d.category.clone(), d.rank?)))
                    .collect();
                ranks.sort();
                ranks.windows(2).any(|two| two[0] == two[1])
            }),
        ),
        (
            "two in a category",
            60,
            share(&free, |one| {
                any(one, |d| d.rank.is_some_and(|rank| rank > 1))
            }),
        ),
        (
            "label",
            30,
            share(&free, |one| any(one, |d| !d.labels.is_empty())),
        ),
        (
            "obstacle",
            30,
            share(&seated, |one| any(one, |d| !d.obstacles.is_empty())),
        ),
    ];
    let rare: Vec<_> = told
        .iter()
        .filter(|(_, least, found)| found < least)
        .collect();
    assert!(
        rare.is_empty(),
        "too rare, of a hundred: {rare:?}\n{told:?}"
    );
}
