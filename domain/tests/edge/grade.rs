//! Caps, floors and exact grades: which of several counts, when they contradict, and what a waiver then does.

use domain::outcome::{GapKind, Status, Step};
use serde_json::json;

use super::case::{Round, Table, decision, gaps, grades, rule};

#[test]
fn of_several_caps_the_lowest_counts_in_any_order() {
    for (first, second) in [("good", "fair"), ("fair", "good")] {
        let table = Table::new()
            .on_fact("one", &format!("{{ cap = \"{first}\" }}"))
            .on_fact("two", &format!("{{ cap = \"{second}\" }}"));
        let round = Round::of(&[("a", Some(95))])
            .fact("a", "one")
            .fact("a", "two");
        assert_eq!(grades(&round.decide(&table)), "fair");
    }
}

#[test]
fn of_several_floors_the_highest_counts_in_any_order() {
    for (first, second) in [("good", "fair"), ("fair", "good")] {
        let table = Table::new()
            .on_fact("one", &format!("{{ floor = \"{first}\" }}"))
            .on_fact("two", &format!("{{ floor = \"{second}\" }}"));
        let round = Round::of(&[("a", Some(10))])
            .fact("a", "one")
            .fact("a", "two");
        assert_eq!(grades(&round.decide(&table)), "good");
    }
}

#[test]
fn of_several_that_say_the_same_the_first_is_named() {
    for effect in ["cap", "floor", "set"] {
        let (grade, points) = if effect == "floor" {
            ("good", 10)
        } else {
            ("fair", 95)
        };
        let effect = format!("{{ {effect} = \"{grade}\" }}");
        let table = Table::new().on_fact("one", &effect).on_fact("two", &effect);
        let round = Round::of(&[("a", Some(points))])
            .fact("a", "one")
            .fact("a", "two");
        let outcome = round.decide(&table);
        assert!(outcome.gaps.is_empty());
        let steps = &decision(&outcome, "a").steps;
        assert_eq!(
            steps.last().and_then(|step| step.by.as_deref()),
            Some("one")
        );
    }
}

#[test]
fn a_cap_and_a_floor_leave_alone_whoever_is_within_them() {
    let table = Table::new()
        .on_fact("cap", "{ cap = \"good\" }")
        .on_fact("floor", "{ floor = \"fair\" }");
    for (points, grade, steps) in [
        (95, "good", 2),
        (85, "good", 1),
        (75, "fair", 1),
        (10, "fair", 2),
    ] {
        let round = Round::of(&[("a", Some(points))])
            .fact("a", "cap")
            .fact("a", "floor");
        let outcome = round.decide(&table);
        let decision = decision(&outcome, "a");
        assert_eq!(
            (decision.grade.as_deref(), decision.steps.len()),
            (Some(grade), steps)
        );
    }
    // A cap alone never lifts.
    let outcome = Round::of(&[("a", Some(10))])
        .fact("a", "cap")
        .decide(&table);
    assert_eq!(grades(&outcome), "poor");
}

#[test]
fn an_exact_grade_is_a_step_even_where_it_was_reached() {
    let table = Table::new().on_fact("set", "{ set = \"good\" }");
    let outcome = Round::of(&[("a", Some(85))])
        .fact("a", "set")
        .decide(&table);
    let steps: Vec<Step> = decision(&outcome, "a")
        .steps
        .iter()
        .map(|step| step.step)
        .collect();
    assert_eq!(steps, [Step::Base, Step::Rule]);
}

fn torn() -> Table {
    Table::new()
        .on_fact("cap", "{ cap = \"fair\" }")
        .on_fact("floor", "{ floor = \"good\" }")
        .on_fact("out", "\"disqualify\"")
        .on_fact("other", "\"alert\"")
}

#[test]
fn whoever_holds_no_grade_is_not_torn_between_two_rules() {
    let round = Round::of(&[("a", Some(95)), ("b", Some(95))])
        .fact("a", "cap")
        .fact("a", "floor")
        .fact("b", "cap")
        .fact("b", "floor")
        .fact("b", "out");
    let outcome = round.decide(&torn());
    assert_eq!(gaps(&outcome, GapKind::Contradiction), ["a cap"]);
    let held = round
        .waiver("a", &json!("grade"), &json!("held"))
        .decide(&torn());
    assert!(gaps(&held, GapKind::Contradiction).is_empty());
    assert_eq!(decision(&held, "a").status, Status::Held);
}

#[test]
fn whichever_rule_yields_by_a_waiver_says_so_and_no_other_does() {
    let round = Round::of(&[("a", Some(75))])
        .fact("a", "cap")
        .fact("a", "floor")
        .fact("a", "other");
    for (code, grade) in [("cap", "good"), ("floor", "fair")] {
        let waived = round
            .clone()
            .waiver("a", &json!("contradiction"), &json!({ "yields": code }));
        let outcome = waived.decide(&torn());
        assert_eq!(grades(&outcome), grade);
        for other in ["cap", "floor", "other", "out"] {
            assert_eq!(rule(&outcome, "a", other).yields, other == code, "{other}");
        }
    }
    let waived = round.waiver("a", &json!("contradiction"), &json!("held"));
    assert_eq!(grades(&waived.decide(&torn())), "-");
}

#[test]
fn whoever_is_held_counts_in_the_group_and_takes_no_seat() {
    let table = Table::new().and(
        "[[quota]]\ncode = \"q\"\nname = { zh = \"名额\", en = \"quota\" }\nclause = \"1\"\ngrade = \"best\"\ngroup = \"category\"\nshare = \"1/2\"\nrounding = \"floor\"\nleast_seats = 0\ncount_disqualified = false\ntie = \"all_fall\"\nsoft = false\nhand_on = false",
    );
    let round = Round::of(&[("a", Some(99)), ("b", Some(95))]);
    assert_eq!(grades(&round.decide(&table)), "best good");
    let held = round
        .waiver("a", &json!("grade"), &json!("held"))
        .decide(&table);
    assert_eq!(grades(&held), "- best");
    assert_eq!(held.quotas[0].size, 2);
}

#[test]
fn a_waiver_of_something_else_holds_nobody() {
    let table = Table::new().rule(
        "open",
        "{ earlier = { grades = [\"poor\"], in_a_row = 1, gap = \"undetermined\" } }",
        "\"alert\"",
        "",
    );
    let round = Round::of(&[("a", None), ("b", Some(95))]).waiver(
        "a",
        &json!({ "item": "i" }),
        &json!({ "points": 85 }),
    );
    let outcome = round.decide(&table);
    assert_eq!(decision(&outcome, "a").grade.as_deref(), Some("good"));
    assert_eq!(decision(&outcome, "a").status, Status::Decided);
}

#[test]
fn a_waiver_of_a_contradiction_that_is_none_holds_nobody() {
    let round = Round::of(&[("a", Some(95))]);
    let waived = round.waiver("a", &json!("contradiction"), &json!("held"));
    assert_eq!(grades(&waived.decide(&torn())), "best");
}

#[test]
fn a_rule_that_yields_takes_back_the_grade_that_it_gave() {
    // Beneath a related cap: with the floor or the exact grade gone, the base is what is left, not the cap.
    for effect in ["{ floor = \"good\" }", "{ set = \"good\" }"] {
        let table = Table::new().on_fact("up", effect).rule(
            "works",
            "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"poor\" } } } }",
            "{ cap = \"fair\" }",
            "for = [\"person\"]",
        );
        let of = |points: u32| {
            let round = Round::of(&[("u", Some(10))])
                .subject("person", "p", Some(points))
                .relation("works_in", "p", "u")
                .fact("p", "up")
                .waiver("p", &json!("contradiction"), &json!({ "yields": "up" }));
            let outcome = round.decide(&table);
            let decision = decision(&outcome, "p");
            let steps: Vec<Step> = decision.steps.iter().map(|one| one.step).collect();
            (decision.grade.clone().unwrap().to_string(), steps)
        };
        assert_eq!(of(10), ("poor".to_owned(), vec![Step::Base]), "{effect}");
        let capped = vec![Step::Base, Step::RelatedCap];
        assert_eq!(of(95), ("fair".to_owned(), capped), "{effect}");
    }
}

#[test]
fn what_others_lowered_stays_lowered_when_a_rule_yields_to_a_quota() {
    let table = Table::new()
        .quota("q", "fair", 1, &["for = [\"person\"]"])
        .on_fact("cap", "{ cap = \"good\" }")
        .on_fact("floor", "{ floor = \"fair\" }")
        .rule(
            "works",
            "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"poor\" } } } }",
            "{ cap = \"fair\" }",
            "for = [\"person\"]",
        );
    let round = Round::of(&[("u", Some(10))])
        .subject("person", "o", Some(75))
        .subject("person", "p", Some(95))
        .relation("works_in", "p", "u")
        .fact("o", "floor")
        .fact("p", "cap")
        .fact("p", "floor")
        .waiver("p", &json!("contradiction"), &json!({ "yields": "floor" }));
    let outcome = round.decide(&table);
    let decision = decision(&outcome, "p");
    let steps: Vec<(Step, Option<&str>)> = (decision.steps.iter())
        .map(|one| (one.step, one.to.as_deref()))
        .collect();
    assert_eq!(
        steps,
        [
            (Step::Base, Some("best")),
            (Step::Rule, Some("good")),
            (Step::RelatedCap, Some("fair")),
            (Step::Quota, Some("poor"))
        ]
    );
}

#[test]
fn nothing_waits_for_what_is_open_of_somebody_who_is_held() {
    let table = Table::new().kind("nil", "nil_report = true").rule(
        "out",
        "{ facts = { kind = \"nil\", back = { period = true } }, at_least = 1 }",
        "{ cap = \"poor\" }",
        "",
    );
    let round = Round::of(&[("a", None), ("b", Some(95))])
        .row("nil_reports", json!({ "subject": "b", "kind": "nil" }));
    assert!(round.decide(&table).blocking().next().is_some());
    let held = round.waiver("a", &json!("grade"), &json!("held"));
    let outcome = held.decide(&table);
    assert_eq!(decision(&outcome, "a").status, Status::Held);
    assert!(outcome.blocking().next().is_none());
    // What is open is still told.
    assert_eq!(gaps(&outcome, GapKind::MissingValue), ["a i"]);
}
