//! What the committee may and may not adjust.

use domain::outcome::{GapKind, Outcome, Step};

use super::case::{Round, Table, decision, gaps, grades};

fn refused(outcome: &Outcome) -> Vec<String> {
    gaps(outcome, GapKind::AdjustmentRefused)
}

#[test]
fn an_exact_grade_is_not_adjusted_and_to_itself_is_nothing() {
    let table = Table::new().on_fact("set", "{ set = \"good\" }");
    let round = Round::of(&[("a", Some(75))]).fact("a", "set");
    for (to, list) in [("best", 1), ("fair", 1), ("good", 0)] {
        let outcome = round.clone().adjusted("a", to).decide(&table);
        assert_eq!(
            (grades(&outcome).as_str(), refused(&outcome).len()),
            ("good", list)
        );
    }
}

#[test]
fn a_lowering_reaches_the_floor_and_not_below() {
    let table = Table::new().on_fact("floor", "{ floor = \"good\" }");
    let round = Round::of(&[("a", Some(95))]).fact("a", "floor");
    for (to, grade, list) in [("good", "good", 0), ("fair", "best", 1)] {
        let outcome = round.clone().adjusted("a", to).decide(&table);
        assert_eq!(
            (grades(&outcome).as_str(), refused(&outcome).len()),
            (grade, list)
        );
    }
}

#[test]
fn a_raise_reaches_the_cap_and_not_above() {
    let table = Table::new()
        .on_fact("cap", "{ cap = \"good\" }")
        .on_fact("other", "{ cap = \"poor\" }");
    // `b` alone has the other cap.
    let round = Round::of(&[("a", Some(75)), ("b", Some(75))])
        .fact("a", "cap")
        .fact("b", "other");
    for (to, grade, list) in [("good", "good", 0), ("best", "fair", 1)] {
        let outcome = round.clone().adjusted("a", to).decide(&table);
        let found = decision(&outcome, "a").grade.as_deref();
        assert_eq!((found, refused(&outcome).len()), (Some(grade), list));
    }
}

#[test]
fn a_cap_for_others_bars_nobody_else() {
    let when = "{ points = \"total\", at_least = 0 }";
    let table = Table::new().rule("teams", when, "{ cap = \"fair\" }", "for = [\"team\"]");
    let outcome = Round::of(&[("a", Some(75))])
        .adjusted("a", "best")
        .decide(&table);
    assert_eq!(
        (grades(&outcome).as_str(), refused(&outcome).len()),
        ("best", 0)
    );
}

#[test]
fn a_waived_cap_bars_no_raise() {
    let table = Table::new()
        .on_fact("cap", "{ cap = \"fair\" }")
        .on_fact("floor", "{ floor = \"good\" }");
    let round = Round::of(&[("a", Some(75))])
        .fact("a", "cap")
        .fact("a", "floor")
        .waiver(
            "a",
            &serde_json::json!("contradiction"),
            &serde_json::json!({ "yields": "cap" }),
        );
    let outcome = round.adjusted("a", "best").decide(&table);
    assert_eq!(
        (grades(&outcome).as_str(), refused(&outcome).len()),
        ("best", 0)
    );
}

#[test]
fn a_raise_into_a_full_hard_quota_is_refused_and_into_a_soft_one_is_on_record() {
    let round = Round::of(&[("a", Some(95)), ("b", Some(85))]).adjusted("b", "best");
    let hard = round.decide(&Table::new().quota("q", "best", 1, &[]));
    assert_eq!(grades(&hard), "best good");
    assert_eq!(refused(&hard), ["b adjustment"]);
    let soft = round.decide(&Table::new().quota("q", "best", 1, &["soft = true"]));
    assert_eq!(grades(&soft), "best best");
    let excess: Vec<&domain::outcome::Gap> = soft.gaps.iter().collect();
    assert_eq!(excess.len(), 1);
    assert!(excess[0].kind == GapKind::QuotaContradiction && !excess[0].blocks);
    let free = round.decide(&Table::new().quota("q", "best", 2, &[]));
    assert_eq!((grades(&free).as_str(), free.gaps.len()), ("best best", 0));
}

#[test]
fn a_raise_below_a_full_quota_or_within_it_or_for_others_is_free() {
    // The quota of the best is full; a raise from poor to fair does not enter it.
    let full = Table::new().quota("q", "best", 1, &[]);
    let outcome = Round::of(&[("a", Some(95)), ("b", Some(10))])
        .adjusted("b", "fair")
        .decide(&full);
    assert_eq!(
        (grades(&outcome).as_str(), outcome.gaps.len()),
        ("best fair", 0)
    );
    // From good to best, both on the seats of good or better.
    let within = Table::new().quota("q", "good", 2, &[]);
    let outcome = Round::of(&[("a", Some(85)), ("b", Some(85))])
        .adjusted("b", "best")
        .decide(&within);
    assert_eq!(
        (grades(&outcome).as_str(), outcome.gaps.len()),
        ("good best", 0)
    );
    let others = Table::new().quota("q", "best", 1, &["for = [\"team\"]"]);
    let outcome = Round::of(&[("a", Some(85))])
        .subject("team", "t", Some(95))
        .adjusted("a", "best")
        .decide(&others);
    assert_eq!(
        (grades(&outcome).as_str(), outcome.gaps.len()),
        ("best best", 0)
    );
}

#[test]
fn seats_of_another_group_and_holders_of_lower_grades_fill_no_quota() {
    let table = Table::new().quota("q", "best", 1, &[]);
    let outcome = Round::of(&[("a", Some(85)), ("b", Some(85))])
        .subject("team", "t", Some(95))
        .adjusted("a", "best")
        .decide(&table);
    assert_eq!(
        (grades(&outcome).as_str(), outcome.gaps.len()),
        ("best good best", 0)
    );
}

#[test]
fn whoever_is_not_recognised_takes_no_seat_and_overfills_no_quota() {
    let table = Table::new()
        .quota("q", "best", 1, &[])
        .kind("late", "")
        .rule(
            "punctual",
            "{ facts = { kind = \"late\", back = { period = true } }, at_most = 0 }",
            "\"require\"",
            "",
        );
    let round = Round::of(&[("a", Some(95)), ("b", Some(85))])
        .fact("b", "late")
        .adjusted("b", "best");
    let outcome = round.decide(&table);
    assert_eq!(
        (grades(&outcome).as_str(), outcome.gaps.len()),
        ("best best", 0)
    );
}

#[test]
fn what_is_refused_is_no_ground_for_another() {
    // `b` may rise only if `a` leaves the seat, and `a` may not go below its floor.
    let table = Table::new()
        .quota("q", "best", 1, &[])
        .on_fact("floor", "{ floor = \"best\" }");
    let round = Round::of(&[("a", Some(95)), ("b", Some(85)), ("c", Some(75))])
        .fact("a", "floor")
        .adjusted("a", "good")
        .adjusted("b", "best")
        .adjusted("c", "good");
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "best good good");
    assert_eq!(refused(&outcome), ["a adjustment", "b adjustment"]);
    let steps = &decision(&outcome, "c").steps;
    assert_eq!(steps.last().map(|step| step.step), Some(Step::Adjustment));
}

#[test]
fn a_cap_whose_ground_was_lifted_is_listed_and_one_that_stands_is_not() {
    let table = Table::new().rule(
        "works",
        "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"fair\" } } } }",
        "{ cap = \"good\" }",
        "for = [\"person\"]",
    );
    let round = Round::of(&[("a", Some(75)), ("b", Some(75))])
        .subject("person", "p", Some(95))
        .subject("person", "q", Some(95))
        .relation("works_in", "p", "a")
        .relation("works_in", "q", "b")
        .adjusted("a", "good");
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "good fair good good");
    assert_eq!(gaps(&outcome, GapKind::CapWithoutGround), ["p works"]);
    assert!(outcome.blocking().next().is_none());
    // Once the committee has raised the person too there is nothing left to tell.
    let both = round.adjusted("p", "best").decide(&table);
    assert_eq!(grades(&both), "good fair best good");
    assert!(gaps(&both, GapKind::CapWithoutGround).is_empty());
}

#[test]
fn a_raise_looks_at_the_seats_of_its_own_group() {
    let table = Table::new().and(
        "[[quota]]\ncode = \"q\"\nname = { zh = \"名额\", en = \"quota\" }\nclause = \"1\"\ngrade = \"best\"\ngroup = \"category\"\nshare = \"1/2\"\nrounding = \"floor\"\nleast_seats = 0\ncount_disqualified = false\ntie = \"all_fall\"\nsoft = false\nhand_on = false",
    );
    // One seat of two units, two of four teams.
    let mut round = Round::of(&[("a", Some(95)), ("b", Some(85))]);
    for (code, points) in [("t", 95), ("u", 85), ("v", 85), ("w", 85)] {
        round = round.subject("team", code, Some(points));
    }
    let outcome = round
        .adjusted("b", "best")
        .adjusted("u", "best")
        .decide(&table);
    assert_eq!(grades(&outcome), "best good best best good good");
    assert_eq!(refused(&outcome), ["b adjustment"]);
}

#[test]
fn only_whoever_enters_a_soft_quota_by_a_raise_is_on_record() {
    // `a` sat there already, and `b` is one too many.
    let table = Table::new().quota("q", "good", 1, &["soft = true"]);
    let outcome = Round::of(&[("a", Some(85)), ("b", Some(75))])
        .adjusted("a", "best")
        .adjusted("b", "good")
        .decide(&table);
    assert_eq!(grades(&outcome), "best good");
    assert_eq!(gaps(&outcome, GapKind::QuotaContradiction), ["b q"]);
}

#[test]
fn every_soft_quota_that_a_raise_exceeds_is_recorded() {
    let table = Table::new()
        .quota("one", "best", 1, &["soft = true"])
        .quota("two", "good", 2, &["soft = true"]);
    let round =
        Round::of(&[("a", Some(95)), ("b", Some(85)), ("c", Some(75))]).adjusted("c", "best");
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "best good best");
    assert_eq!(
        gaps(&outcome, GapKind::QuotaContradiction),
        ["c one", "c two"]
    );
}
