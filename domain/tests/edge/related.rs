//! Caps that look at related subjects' grades: chains of them, whoever may still be capped, caps beneath floors.

use domain::outcome::{GapKind, Status, Step, Truth3};
use serde_json::json;

use super::case::{Round, Table, decision, gaps, grades, rule};

/// A person is at most good where a unit that it works in is at most fair, a team where somebody in it is at most good.
fn table() -> Table {
    Table::new()
        .rule(
            "works",
            "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"fair\" } } } }",
            "{ cap = \"good\" }",
            "for = [\"person\"]",
        )
        .rule(
            "staff",
            "{ related = { by = [\"members\"], hold = \"any\", that = { grade = { at_most = \"good\" } } } }",
            "{ cap = \"fair\" }",
            "for = [\"team\"]",
        )
        .on_fact("floor", "{ floor = \"good\" }")
        .on_fact("higher", "{ floor = \"best\" }")
}

fn round(unit: Option<u32>) -> Round {
    Round::of(&[("a", unit)])
        .subject("person", "p", Some(95))
        .subject("team", "t", Some(95))
        .relation("works_in", "p", "a")
        .relation("member_of", "p", "t")
}

#[test]
fn a_cap_sets_off_the_next_along_a_chain() {
    let mut round = round(Some(75));
    assert_eq!(grades(&round.decide(&table())), "fair good fair");
    // However long the chain, and whichever way the codes run.
    let chain = Table::new().rule(
        "above",
        "{ related = { by = [\"parts\"], hold = \"any\", that = { grade = { at_most = \"good\" } } } }",
        "{ cap = \"good\" }",
        "",
    );
    let codes = ["d", "c", "b", "a"];
    round = Round::of(&[
        ("a", Some(95)),
        ("b", Some(95)),
        ("c", Some(95)),
        ("d", Some(85)),
    ]);
    for pair in codes.windows(2) {
        round = round.relation("part_of", pair[0], pair[1]);
    }
    assert_eq!(grades(&round.decide(&chain)), "good good good good");
}

#[test]
fn whoever_may_still_be_capped_is_undetermined_and_so_is_whoever_looks_at_that() {
    let outcome = round(None).decide(&table());
    for subject in ["a", "p", "t"] {
        assert_eq!(
            decision(&outcome, subject).status,
            Status::Undetermined,
            "{subject}"
        );
    }
    assert_eq!(rule(&outcome, "t", "staff").fired, Truth3::Undetermined);
}

#[test]
fn whoever_cannot_be_capped_is_determined_beside_one_who_is_not() {
    let round = round(None).subject("person", "z", Some(95));
    let outcome = round.decide(&table());
    assert_eq!(decision(&outcome, "z").grade.as_deref(), Some("best"));
}

#[test]
fn a_related_cap_at_the_floor_is_no_contradiction_and_beneath_it_is_one() {
    let round = round(Some(75));
    let at = round.clone().fact("p", "floor").decide(&table());
    assert!(at.gaps.is_empty(), "{:?}", at.gaps);
    assert_eq!(grades(&at), "fair good fair");
    let beneath = round.clone().fact("p", "higher").decide(&table());
    assert_eq!(gaps(&beneath, GapKind::Contradiction), ["p works"]);
    // What looks at the one who is torn is undetermined too.
    assert_eq!(decision(&beneath, "t").status, Status::Undetermined);
}

#[test]
fn a_floor_that_yields_to_a_related_cap_leaves_the_other_floor_standing() {
    let waived = |round: Round, code: &str| {
        round.waiver("p", &json!("contradiction"), &json!({ "yields": code }))
    };
    let torn = round(Some(75)).fact("p", "higher").fact("p", "floor");
    let outcome = waived(torn.clone(), "higher").decide(&table());
    assert_eq!(grades(&outcome), "fair good fair");
    assert!(rule(&outcome, "p", "higher").yields && !rule(&outcome, "p", "floor").yields);
    // Where the other floor stands above the cap as well, yielding one does not help.
    let outcome = waived(torn.clone(), "floor").decide(&table());
    assert_eq!(gaps(&outcome, GapKind::Contradiction), ["p works"]);
    let outcome = waived(torn.clone(), "works").decide(&table());
    assert_eq!(decision(&outcome, "p").grade.as_deref(), Some("best"));
    assert!(rule(&outcome, "p", "works").yields);
    let outcome = torn
        .waiver("p", &json!("contradiction"), &json!("held"))
        .decide(&table());
    assert_eq!(decision(&outcome, "p").status, Status::Held);
}

#[test]
fn a_floor_left_after_one_yields_still_bars_an_adjustment() {
    let torn = round(Some(75))
        .fact("p", "higher")
        .fact("p", "floor")
        .waiver("p", &json!("contradiction"), &json!({ "yields": "higher" }))
        .adjusted("p", "fair");
    let outcome = torn.decide(&table());
    assert_eq!(gaps(&outcome, GapKind::AdjustmentRefused), ["p adjustment"]);
}

#[test]
fn a_related_cap_that_finds_nothing_to_lower_is_no_step() {
    let outcome = Round::of(&[("a", Some(75))])
        .subject("person", "p", Some(85))
        .relation("works_in", "p", "a")
        .decide(&table());
    let steps = &decision(&outcome, "p").steps;
    assert!(steps.iter().all(|step| step.step != Step::RelatedCap));
    assert_eq!(rule(&outcome, "p", "works").fired, Truth3::True);
}

/// At least two of those that it leads.
fn two_of() -> Table {
    Table::new().rule(
        "two",
        "{ related = { by = [\"workers\"], hold = { at_least = 2 }, that = { grade = { at_most = \"poor\" } } } }",
        "{ cap = \"fair\" }",
        "for = [\"unit\"]",
    )
}

#[test]
fn at_least_two_of_several_is_sure_possible_or_out_of_the_question() {
    let of = |points: [Option<u32>; 3]| {
        let mut round = Round::of(&[("a", Some(95))]);
        for (code, points) in ["x", "y", "z"].into_iter().zip(points) {
            round = round
                .subject("person", code, points)
                .relation("works_in", code, "a");
        }
        let outcome = round.decide(&two_of());
        rule(&outcome, "a", "two").fired
    };
    assert_eq!(of([Some(10), Some(10), None]), Truth3::True);
    assert_eq!(of([Some(10), Some(95), None]), Truth3::Undetermined);
    assert_eq!(of([Some(95), Some(95), None]), Truth3::False);
    assert_eq!(of([Some(10), Some(95), Some(95)]), Truth3::False);
}

#[test]
fn of_nobody_all_is_what_the_scheme_says_and_undetermined_if_it_is_silent() {
    for (nobody, fired) in [
        ("", Truth3::Undetermined),
        ("nobody = \"true\", ", Truth3::True),
        ("nobody = \"false\", ", Truth3::False),
    ] {
        let when = format!(
            "{{ related = {{ by = [\"works_in\"], hold = \"all\", {nobody}that = {{ disqualified = true }} }} }}"
        );
        let table = Table::new().rule("all", &when, "\"alert\"", "");
        let outcome = Round::of(&[("a", Some(95))]).decide(&table);
        assert_eq!(rule(&outcome, "a", "all").fired, fired, "{nobody}");
    }
}

#[test]
fn whoever_looks_at_a_grade_that_is_open_is_open_before_seats_are_given_out() {
    let table = table().quota("q", "best", 1, &["for = [\"team\"]"]);
    let open = |round: Round| {
        let outcome = round.subject("team", "t2", Some(94)).decide(&table);
        assert_eq!(gaps(&outcome, GapKind::QuotaUndetermined), ["- q"]);
        assert_eq!(decision(&outcome, "t2").status, Status::Undetermined);
    };
    // The unit has no grade, so neither have the person who works in it and the team that the person is in.
    open(round(None));
    // The person is torn between a cap and a floor.
    open(round(Some(75)).fact("p", "higher"));
}

#[test]
fn a_rule_yields_only_to_one_that_it_contradicts() {
    // The person is capped by the unit; nothing else is said of its grade.
    let waived =
        round(Some(75)).waiver("p", &json!("contradiction"), &json!({ "yields": "works" }));
    let outcome = waived.decide(&table());
    assert_eq!(decision(&outcome, "p").grade.as_deref(), Some("good"));
    assert!(!rule(&outcome, "p", "works").yields);
    assert!(
        decision(&outcome, "p")
            .obstacles
            .iter()
            .any(|one| one.by.as_deref() == Some("works"))
    );
    let raised = waived.adjusted("p", "best").decide(&table());
    assert_eq!(gaps(&raised, GapKind::AdjustmentRefused), ["p adjustment"]);
    assert_eq!(decision(&raised, "p").grade.as_deref(), Some("good"));
}

#[test]
fn a_cap_beneath_a_floor_names_both() {
    let outcome = round(Some(75)).fact("p", "higher").decide(&table());
    let clash = outcome
        .gaps
        .iter()
        .find(|gap| gap.kind == GapKind::Contradiction);
    assert_eq!(clash.unwrap().reason.values.join(" "), "works, higher");
    // A floor at the cap itself contradicts nothing.
    let table = table().on_fact("set", "{ set = \"best\" }");
    let outcome = round(Some(75))
        .fact("p", "floor")
        .fact("p", "set")
        .decide(&table);
    let mut clashes = outcome.gaps.iter();
    let clash = clashes.find(|gap| gap.kind == GapKind::Contradiction);
    assert_eq!(clash.unwrap().reason.values.join(" "), "works, set");
}

#[test]
fn a_relation_counts_that_held_on_some_day_of_the_period_and_a_follow_up_asks_for_its_own_day() {
    let late = "{ facts = { kind = \"late\", back = { calendar_years = 2 } }, at_least = 1 }";
    let follow_up = "{ follow_up = { kind = \"talk\", on = [\"works_in\"], as_of = \"event\" } }";
    let table = table()
        .and("[[follow_up]]\ncode = \"talk\"\nname = { zh = \"谈话\", en = \"talk\" }")
        .kind("late", "")
        .rule(
            "talk",
            late,
            follow_up,
            "for = [\"person\"]\nper_event = true",
        );
    let found = |days: &serde_json::Value, event: &str| {
        let mut row = json!({ "kind": "works_in", "from": "p", "to": "a" });
        for (key, day) in days.as_object().unwrap() {
            row[key] = day.clone();
        }
        let round = Round::of(&[("a", Some(75))])
            .subject("person", "p", Some(95))
            .row("relations", row)
            .row("facts", json!({ "subject": "p", "kind": "late", "reference": "c", "event_on": event, "persons": 1 }));
        let outcome = round.decide(&table);
        let follow_up = &decision(&outcome, "p").consequences[0];
        let on_others: Vec<(&str, &str)> = (outcome.consequences_on_others())
            .map(|(source, on, _)| (source.as_ref(), on.as_ref()))
            .collect();
        assert_eq!(on_others, vec![("p", "a"); follow_up.subjects.len()]);
        let capped = decision(&outcome, "p").grade.as_deref() == Some("good");
        (capped, follow_up.subjects.len())
    };
    assert_eq!(found(&json!({}), "2025-03-01"), (true, 1));
    for (days, event, expected) in [
        (json!({ "to_on": "2025-12-31" }), "2025-12-31", (false, 1)),
        (json!({ "to_on": "2025-12-31" }), "2026-01-01", (false, 0)),
        (json!({ "to_on": "2026-01-01" }), "2026-01-01", (true, 1)),
        (json!({ "from_on": "2026-12-31" }), "2026-06-01", (true, 0)),
        (json!({ "from_on": "2027-01-01" }), "2026-06-01", (false, 0)),
    ] {
        assert_eq!(found(&days, event), expected, "{days} {event}");
    }
}

#[test]
fn what_holds_where_a_related_subject_is_disqualified_is_what_the_scheme_says() {
    let cap = "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"fair\" } } } }";
    let found = |keys: &str, b: Option<u32>| {
        let keys = format!("for = [\"person\"]\n{keys}");
        let table = Table::new().on_fact("out", "\"disqualify\"").rule(
            "works",
            cap,
            "{ cap = \"good\" }",
            &keys,
        );
        let round = Round::of(&[("a", Some(95)), ("b", b)])
            .subject("person", "p", Some(95))
            .fact("a", "out")
            .relation("works_in", "p", "a")
            .relation("works_in", "p", "b");
        rule(&round.decide(&table), "p", "works").fired
    };
    let good = Some(95);
    assert_eq!(found("", good), Truth3::Undetermined);
    assert_eq!(found("disqualified = \"fired\"", good), Truth3::True);
    assert_eq!(found("disqualified = \"not_fired\"", good), Truth3::False);
    // Of another it is known, and one whose grade is missing is another matter.
    let fair = Some(75);
    assert_eq!(found("disqualified = \"not_fired\"", fair), Truth3::True);
    let both = "disqualified = \"fired\"\nundetermined = \"not_fired\"";
    assert_eq!(found(both, good), Truth3::True);
    assert_eq!(found("undetermined = \"not_fired\"", good), Truth3::False);
}

#[test]
fn nobody_is_related_to_itself_however_a_path_leads_back() {
    let cap = "{ related = { by = [\"works_in\", \"workers\"], hold = \"any\", that = { grade = { at_most = \"fair\" } } } }";
    let table = Table::new().rule("near", cap, "{ cap = \"poor\" }", "for = [\"person\"]");
    let alone = Round::of(&[("u", Some(95))])
        .subject("person", "p", Some(75))
        .relation("works_in", "p", "u");
    assert_eq!(grades(&alone.decide(&table)), "fair best");
    let two = alone
        .subject("person", "q", Some(95))
        .relation("works_in", "q", "u");
    // One by the other, and then the other by the one.
    assert_eq!(grades(&two.decide(&table)), "poor poor best");
}

#[test]
fn what_holds_for_a_missing_grade_does_not_hold_for_another_missing_value() {
    let either = "{ any = [{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"fair\" } } } }, { measure = { of = \"m\" }, more_than = 5 }] }";
    let table = Table::new()
        .and("[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"count\"\nevery = \"round\"")
        .on_fact("out", "\"disqualify\"")
        .rule("works", either, "{ cap = \"good\" }", "for = [\"person\"]\ndisqualified = \"not_fired\"");
    let round = Round::of(&[("a", Some(95))])
        .subject("person", "p", Some(95))
        .fact("a", "out")
        .relation("works_in", "p", "a");
    let fired = |round: &Round| rule(&round.decide(&table), "p", "works").fired;
    assert_eq!(fired(&round), Truth3::Undetermined);
    let with = |value: u32| {
        round.clone().row(
            "measures",
            json!({ "subject": "p", "measure": "m", "period": "round", "value": value.to_string() }),
        )
    };
    assert_eq!(fired(&with(5)), Truth3::False);
    assert_eq!(fired(&with(6)), Truth3::True);
}
