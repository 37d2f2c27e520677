//! Seats: as many as are wanted and no more, ties at the line, who is undetermined, seats handed on.

use domain::outcome::{GapKind, Outcome, Status, Step};
use serde_json::json;

use super::case::{Round, Table, decision, gaps, grades, rule};

fn one_best(keys: &[&str]) -> Table {
    Table::new().quota("q", "best", 1, keys)
}

#[test]
fn an_undetermined_subject_leaves_open_only_seats_that_it_could_take_from_others() {
    let round = Round::of(&[("a", Some(95)), ("b", None)]);
    let two = round.decide(&Table::new().quota("q", "best", 2, &[]));
    assert_eq!(grades(&two), "best -");
    assert_eq!(gaps(&two, GapKind::QuotaUndetermined), ["- q"]);
    let one = round.decide(&one_best(&[]));
    assert_eq!(decision(&one, "a").status, Status::Undetermined);
}

#[test]
fn whoever_holds_a_grade_by_right_may_fill_all_seats_but_no_more() {
    let table = one_best(&[]).on_fact("floor", "{ floor = \"best\" }");
    let round = Round::of(&[("a", Some(95)), ("b", Some(10))]).fact("b", "floor");
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "good best");
    assert!(outcome.gaps.is_empty(), "{:?}", outcome.gaps);
    let outcome = round.clone().fact("a", "floor").decide(&table);
    assert_eq!(gaps(&outcome, GapKind::QuotaContradiction), ["- q"]);
    assert_eq!(grades(&outcome), "- -");
    // Where there is a seat for each nothing contradicts, and no rule yields.
    let waived = round.waiver("b", &json!("contradiction"), &json!({ "yields": "floor" }));
    let outcome = waived.decide(&table);
    assert_eq!(grades(&outcome), "good best");
    assert!(!rule(&outcome, "b", "floor").yields);
}

#[test]
fn whoever_finds_no_seat_at_the_lowest_grade_has_nowhere_to_fall() {
    let table = Table::new().quota("q", "poor", 1, &[]);
    let outcome = Round::of(&[("a", Some(20)), ("b", Some(10))]).decide(&table);
    assert_eq!(grades(&outcome), "poor poor");
}

#[test]
fn a_committee_picks_among_those_tied_no_more_than_there_are_seats() {
    let table = Table::new().quota("q", "best", 2, &["tie = \"committee\""]);
    let round = Round::of(&[("a", Some(95)), ("b", Some(95)), ("c", Some(95))]);
    let chosen = |list: &[&str]| {
        let choose = |round: Round, subject: &&str| {
            round.row("tie_choices", json!({ "quota": "q", "subject": subject }))
        };
        list.iter().fold(round.clone(), choose).decide(&table)
    };
    assert_eq!(grades(&chosen(&["a", "c"])), "best good best");
    assert_eq!(grades(&chosen(&["b"])), "good best good");
    let steps = |outcome: &Outcome| {
        ["a", "b", "c"].map(|subject| decision(outcome, subject).steps.last().map(|one| one.step))
    };
    let (out, seat) = (Some(Step::NotChosen), Some(Step::Chosen));
    assert_eq!(steps(&chosen(&["b"])), [out, seat, out]);
    // Nobody is tied where a class has seats for all or for none.
    let table = Table::new().quota("q", "best", 1, &["tie = \"committee\""]);
    let clear = Round::of(&[("a", Some(96)), ("b", Some(95)), ("c", Some(95))]).decide(&table);
    let out = Some(Step::Quota);
    assert_eq!(steps(&clear), [Some(Step::Base), out, out]);
    for none in [chosen(&[]), chosen(&["a", "b", "c"])] {
        assert_eq!(gaps(&none, GapKind::TieToDecide), ["- q"]);
        assert_eq!(grades(&none), "- - -");
        // Nobody was passed over by a choice that was not made.
        let out = Some(Step::Quota);
        assert_eq!(steps(&none), [out, out, out]);
    }
}

#[test]
fn all_who_are_tied_across_the_line_fall_and_are_told_so() {
    let table = Table::new().quota("q", "best", 2, &[]);
    let round = Round::of(&[("a", Some(97)), ("b", Some(95)), ("c", Some(95))]);
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "best good good");
    let step = |subject| decision(&outcome, subject).steps.last().map(|one| one.step);
    assert_eq!(
        [step("a"), step("b"), step("c")],
        [Some(Step::Base), Some(Step::TieFalls), Some(Step::TieFalls)]
    );
}

/// Two persons sit on the seats. The unit `u` finds none of its own, and then `x` loses its seat to a cap that looks at
/// the unit it works in.
fn handed_on() -> (Table, Round) {
    let table = Table::new()
        .quota("units", "best", 1, &["for = [\"unit\"]"])
        .quota("q", "best", 2, &["for = [\"person\"]", "hand_on = true"])
        .rule(
            "kin",
            "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"good\" } } } }",
            "{ cap = \"good\" }",
            "for = [\"person\"]",
        );
    let round = Round::of(&[("u", Some(95)), ("v", Some(100))])
        .subject("person", "x", Some(99))
        .subject("person", "y", Some(98))
        .relation("works_in", "x", "u");
    (table, round)
}

#[test]
fn a_freed_seat_goes_to_the_next_who_fell_by_that_quota() {
    let (table, round) = handed_on();
    let round = round
        .subject("person", "z", Some(97))
        .subject("person", "zz", Some(96));
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "good best good best best good");
    let steps = &decision(&outcome, "z").steps;
    assert_eq!(steps.last().map(|step| step.step), Some(Step::HandedOn));
}

#[test]
fn a_seat_is_not_handed_on_where_that_removes_a_ground_further_down_the_chain() {
    // A team is capped by whoever of it found no seat, the unit that it leads by the team, and `x` by the unit.
    let low = |by: &str| {
        format!(
            "{{ related = {{ by = [\"{by}\"], hold = \"any\", that = {{ grade = {{ at_most = \"good\" }} }} }} }}"
        )
    };
    let with_units = |seats: &str| {
        let table = handed_on().0.with("seats = 1", seats);
        table
            .rule(
                "staff",
                &low("members"),
                "{ cap = \"good\" }",
                "for = [\"team\"]",
            )
            .rule(
                "led",
                &low("led_by"),
                "{ cap = \"good\" }",
                "for = [\"unit\"]",
            )
    };
    let round = handed_on()
        .1
        .subject("person", "z", Some(97))
        .subject("team", "t", Some(95))
        .relation("member_of", "z", "t")
        .relation("leads", "t", "u");
    // With seats for both units `u` falls by `z` alone: with the seat of `x` for `z` nothing would have freed it.
    let outcome = round.decide(&with_units("seats = 2"));
    assert_eq!(grades(&outcome), "good good best good best good");
    // Where another of the team has no seat either the caps stand without `z`.
    let other = round
        .subject("person", "zz", Some(70))
        .relation("member_of", "zz", "t");
    let outcome = other.decide(&with_units("seats = 2"));
    assert_eq!(grades(&outcome), "good good best good best best fair");
}

#[test]
fn a_freed_seat_is_not_split_among_several_who_are_next_together() {
    let (table, round) = handed_on();
    let round = round
        .subject("person", "z", Some(97))
        .subject("person", "zz", Some(97));
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "good best good best good good");
}

#[test]
fn several_who_are_next_together_are_handed_as_many_seats() {
    let (table, round) = handed_on();
    let round = round
        .relation("works_in", "y", "u")
        .subject("person", "z", Some(97))
        .subject("person", "zz", Some(97));
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "good best good good best best");
}

#[test]
fn two_seats_go_to_the_next_and_the_one_after() {
    let (table, round) = handed_on();
    let round = round
        .relation("works_in", "y", "u")
        .subject("person", "z", Some(97))
        .subject("person", "zz", Some(96))
        .subject("person", "zzz", Some(95));
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "good best good good best best good");
}

#[test]
fn whoever_a_cap_stops_is_handed_no_seat() {
    let (table, round) = handed_on();
    // Who works in `v` is not capped by it; `z` is by a rule of its own, so it never fell by the quota.
    let table = table.on_fact("low", "{ cap = \"good\" }");
    let round = round
        .subject("person", "z", Some(97))
        .fact("z", "low")
        .subject("person", "zz", Some(96));
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "good best good best good best");
}

#[test]
fn a_seat_may_be_handed_on_within_a_wider_quota_that_has_room() {
    let (table, round) = handed_on();
    let table = table.quota("all", "best", 3, &["group = \"everyone\""]);
    let outcome = round.subject("person", "z", Some(97)).decide(&table);
    assert_eq!(grades(&outcome), "good best good best best");
}

#[test]
fn a_full_quota_of_others_or_of_a_better_grade_keeps_nobody_from_a_seat() {
    let (table, round) = handed_on();
    // The only seat of the units is taken by `v`, and the persons' seats of the best are those in question.
    let table = table.quota("teams", "fair", 1, &["for = [\"team\"]"]);
    let round = round
        .subject("team", "a", Some(75))
        .subject("person", "z", Some(97));
    let outcome = round.decide(&table);
    assert_eq!(grades(&outcome), "fair good best good best best");
}

#[test]
fn a_holder_whom_a_cap_leaves_on_its_seat_frees_none() {
    let (table, round) = handed_on();
    let table = table.with(
        "code = \"q\"\nname = { zh = \"名额\", en = \"quota\" }\nclause = \"1\"\ngrade = \"best\"",
        "code = \"q\"\nname = { zh = \"名额\", en = \"quota\" }\nclause = \"1\"\ngrade = \"good\"",
    );
    let outcome = round.subject("person", "z", Some(85)).decide(&table);
    // `x` goes from best to good, where it sits as before.
    assert_eq!(grades(&outcome), "good best good best fair");
}

#[test]
fn whoever_fell_by_two_quotas_fell_by_nothing_else_and_is_handed_a_seat_of_the_first() {
    let (table, round) = handed_on();
    let table = table
        .with("{ cap = \"good\" }", "{ cap = \"fair\" }")
        .on_fact("low", "{ cap = \"good\" }")
        .quota("wide", "good", 3, &["for = [\"person\"]"]);
    let round = round
        .subject("person", "z", Some(97))
        .fact("z", "low")
        .subject("person", "zz", Some(96));
    assert_eq!(
        grades(&round.decide(&table)),
        "good best fair best good best"
    );
}

#[test]
fn two_seats_that_are_free_are_handed_to_nobody_who_was_a_ground_of_either() {
    // `t` loses its seat by `z`, who found none; `x` by its unit.
    let low = |by: &str| {
        format!(
            "{{ related = {{ by = [\"{by}\"], hold = \"any\", that = {{ grade = {{ at_most = \"good\" }} }} }} }}"
        )
    };
    let table = |swapped: bool| {
        let (t, x) = if swapped { (99, 98) } else { (98, 99) };
        let table = Table::new()
            .quota("units", "best", 1, &["for = [\"unit\"]"])
            .quota(
                "q",
                "best",
                2,
                &[
                    "group = \"everyone\"",
                    "for = [\"person\", \"team\"]",
                    "hand_on = true",
                ],
            )
            .rule(
                "kin",
                &low("works_in"),
                "{ cap = \"good\" }",
                "for = [\"person\"]",
            )
            .rule(
                "staff",
                &low("members"),
                "{ cap = \"fair\" }",
                "for = [\"team\"]",
            );
        let round = Round::of(&[("u", Some(95)), ("v", Some(100))])
            .subject("person", "x", Some(x))
            .subject("team", "t", Some(t))
            .subject("person", "y", Some(97))
            .subject("person", "z", Some(96))
            .relation("works_in", "x", "u")
            .relation("member_of", "z", "t");
        let outcome = round.decide(&table);
        ["x", "t", "y", "z"].map(|code| decision(&outcome, code).grade.clone().unwrap().to_string())
    };
    for swapped in [false, true] {
        assert_eq!(table(swapped), ["good", "fair", "best", "good"]);
    }
}

#[test]
fn a_full_quota_of_a_better_grade_keeps_nobody_from_a_seat_below_it() {
    let table = Table::new()
        .quota("units", "best", 1, &["for = [\"unit\"]"])
        .quota("top", "best", 1, &["for = [\"person\"]"])
        .quota("q", "good", 2, &["for = [\"person\"]", "hand_on = true"])
        .rule(
            "kin",
            "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"good\" } } } }",
            "{ cap = \"fair\" }",
            "for = [\"person\"]",
        );
    let round = Round::of(&[("u", Some(95)), ("v", Some(100))])
        .subject("person", "w", Some(99))
        .subject("person", "x", Some(85))
        .subject("person", "z", Some(84))
        .relation("works_in", "x", "u");
    assert_eq!(grades(&round.decide(&table)), "good best best fair good");
}

#[test]
fn where_more_hold_a_grade_by_right_than_there_are_seats_a_waiver_says_whose_rule_yields() {
    let table = one_best(&[])
        .on_fact("floor", "{ floor = \"best\" }")
        .on_fact("other", "{ floor = \"best\" }");
    let round = Round::of(&[("a", Some(85)), ("b", Some(82))])
        .fact("a", "floor")
        .fact("b", "other");
    assert_eq!(
        gaps(&round.decide(&table), GapKind::QuotaContradiction),
        ["- q"]
    );
    let waived = |holds: serde_json::Value| {
        let waived = round.clone().waiver("b", &json!("contradiction"), &holds);
        waived.decide(&table)
    };
    let yielded = waived(json!({ "yields": "other" }));
    assert_eq!(grades(&yielded), "best good");
    assert!(yielded.gaps.is_empty() && rule(&yielded, "b", "other").yields);
    let held = waived(json!("held"));
    assert_eq!(grades(&held), "best -");
    assert_eq!(decision(&held, "b").status, Status::Held);
    // Another rule of the subject's does not help.
    let other = waived(json!({ "yields": "floor" }));
    assert_eq!(gaps(&other, GapKind::QuotaContradiction), ["- q"]);
}
