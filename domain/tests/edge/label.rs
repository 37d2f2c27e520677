//! Labels: two that exclude each other, what they demand besides, and requirements that stand in the way.

use domain::outcome::{Action, GapKind, Ground, Status};
use serde_json::json;

use super::case::{Round, Table, decision, gaps};

fn label(table: Table, code: &str, keys: &str) -> Table {
    table.and(&format!(
        "[[label]]\ncode = \"{code}\"\nname = {{ zh = \"称号\", en = \"title\" }}\ngroup = \"everyone\"\nby = {{ points = \"total\" }}\nrank_disqualified = false\n{keys}"
    ))
}

fn labels(table: &Table, round: &Round, subject: &str) -> Vec<String> {
    let outcome = round.decide(table);
    let labels = &decision(&outcome, subject).labels;
    labels.iter().map(ToString::to_string).collect()
}

#[test]
fn whoever_is_due_two_labels_that_exclude_each_other_gets_neither_and_keeps_a_third() {
    // One of them says so, whichever stands first.
    for (first, second) in [("against = \"two\"", ""), ("", "against = \"one\"")] {
        let table = label(Table::new(), "one", &format!("best = 1\n{first}"));
        let table = label(
            table,
            "two",
            &format!("best = 9\nwhen = {{ points = \"total\", at_most = 95 }}\n{second}"),
        );
        let table = label(table, "three", "best = 1");
        let alone = Round::of(&[("a", Some(95))]);
        assert_eq!(labels(&table, &alone, "a"), ["three"]);
        let outcome = alone.decide(&table);
        assert_eq!(gaps(&outcome, GapKind::LabelConflict), ["a one", "a two"]);
        let two = Round::of(&[("a", Some(96)), ("b", Some(10))]);
        assert_eq!(labels(&table, &two, "a"), ["one", "three"]);
        assert_eq!(labels(&table, &two, "b"), ["two"]);
    }
}

#[test]
fn the_best_and_the_worst_of_one_value_exclude_each_other_unsaid() {
    let table = label(Table::new(), "top", "best = 1");
    let table = label(table, "bottom", "worst = 1");
    let alone = Round::of(&[("a", Some(95))]);
    assert!(labels(&table, &alone, "a").is_empty());
    let told = gaps(&alone.decide(&table), GapKind::LabelConflict);
    assert_eq!(told, ["a bottom", "a top"]);
    let two = Round::of(&[("a", Some(95)), ("b", Some(10))]);
    assert_eq!(labels(&table, &two, "a"), ["top"]);
    assert_eq!(labels(&table, &two, "b"), ["bottom"]);
    // Of another group, or by another value, each is its own.
    let table =
        label(Table::new(), "top", "best = 1").with("group = \"everyone\"", "group = \"category\"");
    let table = label(table, "bottom", "worst = 1");
    assert_eq!(labels(&table, &alone, "a"), ["bottom", "top"]);
}

/// The worst by a measure that has to be reported, and a rule that deducts from who that is.
fn by_measure(keys: &str) -> Table {
    Table::new()
        .and("[[measure]]\ncode = \"m\"\nname = { zh = \"指标\", en = \"measure\" }\nunit = \"count\"\nevery = \"round\"")
        .and(&format!(
            "[[label]]\ncode = \"last\"\nname = {{ zh = \"称号\", en = \"title\" }}\ngroup = \"everyone\"\nworst = 1\nby = {{ measure = {{ of = \"m\" }} }}\nrank_disqualified = true\n{keys}"
        ))
}

#[test]
fn a_value_that_ranks_and_is_not_there_is_waited_for_unless_the_scheme_says_that_it_is_not_ranked()
{
    let measured = |round: Round, subject: &str, value: u32| {
        round.row(
            "measures",
            json!({ "subject": subject, "measure": "m", "period": "round", "value": value.to_string() }),
        )
    };
    let round = measured(Round::of(&[("a", Some(95)), ("b", Some(85))]), "b", 7);
    let outcome = round.decide(&by_measure(""));
    assert_eq!(gaps(&outcome, GapKind::UndeterminedLabel), ["a last"]);
    assert_eq!(outcome.gaps[0].action, Action::EnterMeasure);
    assert_eq!(decision(&outcome, "a").status, Status::Undetermined);
    // With the value it is another that holds it.
    let reported = measured(round.clone(), "a", 3);
    assert_eq!(labels(&by_measure(""), &reported, "a"), ["last"]);
    // Whoever is held takes no part, and where the scheme says so nobody waits.
    let held = round.clone().waiver("a", &json!("grade"), &json!("held"));
    let outcome = held.decide(&by_measure(""));
    assert!(gaps(&outcome, GapKind::UndeterminedLabel).is_empty());
    let unranked = by_measure("missing = \"unranked\"");
    assert!(round.decide(&unranked).gaps.is_empty());
    assert_eq!(labels(&unranked, &round, "b"), ["last"]);
}

#[test]
fn a_label_whose_demand_is_undetermined_leaves_its_subject_undetermined() {
    let table = Table::new()
        .kind("nil", "nil_report = true")
        .kind("late", "");
    let of = |kind: &str| {
        format!("{{ facts = {{ kind = \"{kind}\", back = {{ period = true }} }}, at_most = 0 }}")
    };
    let when = format!(
        "best = 1\nwhen = {{ all = [{}, {}] }}",
        of("late"),
        of("nil")
    );
    let table = label(table, "clean", &when);
    let round = Round::of(&[("a", Some(95)), ("b", Some(85))]);
    let outcome = round.decide(&table);
    assert_eq!(gaps(&outcome, GapKind::UndeterminedLabel), ["a clean"]);
    let gap = &outcome.gaps[0];
    assert!(
        gap.what.as_deref().unwrap().starts_with("facts/nil"),
        "{gap:?}"
    );
    assert_eq!(decision(&outcome, "a").status, Status::Undetermined);
    assert_eq!(decision(&outcome, "b").status, Status::Decided);
    let reported = round.row(
        "nil_reports",
        serde_json::json!({ "subject": "a", "kind": "nil" }),
    );
    assert_eq!(labels(&table, &reported, "a"), ["clean"]);
}

#[test]
fn whoever_lacks_a_requirement_gets_no_label_for_the_best_and_may_get_one_for_the_worst() {
    let table = Table::new().kind("late", "").rule(
        "punctual",
        "{ facts = { kind = \"late\", back = { period = true } }, at_most = 0 }",
        "\"require\"",
        "for = [\"unit\"]",
    );
    let table = label(table, "top", "best = 1");
    let table = label(table, "last", "worst = 1");
    let round = Round::of(&[("a", Some(95)), ("b", Some(85))]).subject("person", "p", Some(90));
    assert_eq!(labels(&table, &round, "a"), ["top"]);
    let late = round
        .clone()
        .fact("a", "late")
        .fact("b", "late")
        .fact("p", "late");
    assert!(labels(&table, &late, "a").is_empty());
    // The requirement is not for persons.
    assert_eq!(labels(&table, &late, "p"), ["top"]);
    assert_eq!(labels(&table, &late, "b"), ["last"]);
}

#[test]
fn a_requirement_that_asks_for_a_label_is_not_asked_before_the_label_is_given() {
    for when in [
        "{ not = { label = \"last\" } }",
        "{ all = [{ not = { label = \"last\" } }] }",
        "{ any = [{ not = { label = \"last\" } }, { points = \"total\", at_least = 99 }] }",
        "{ related = { by = [\"works_in\"], hold = \"none\", that = { label = \"last\" } } }",
    ] {
        let table = label(Table::new(), "last", "worst = 1");
        let table = label(table, "top", "best = 1").rule("not_last", when, "\"require\"", "");
        let round = Round::of(&[("u", Some(10))])
            .subject("person", "p", Some(95))
            .relation("works_in", "p", "u");
        let outcome = round.decide(&table);
        let recognised = !when.contains("related");
        assert_eq!(decision(&outcome, "p").eligible, Some(recognised), "{when}");
        let expected: &[&str] = if recognised { &["top"] } else { &[] };
        assert_eq!(labels(&table, &round, "p"), expected, "{when}");
    }
}

#[test]
fn a_label_among_the_eligible_ranks_nobody_else() {
    let table = Table::new()
        .with(
            "grading = { by = \"total\" }",
            "grading = { by = \"total\", minimum = \"fair\" }",
        )
        .on_fact("out", "\"disqualify\"");
    let table = label(table, "last", "worst = 1\namong_eligible = true")
        .with("rank_disqualified = false", "rank_disqualified = true");
    let round = Round::of(&[
        ("a", Some(95)),
        ("b", Some(75)),
        ("c", Some(10)),
        ("d", Some(5)),
    ])
    .fact("d", "out");
    assert_eq!(labels(&table, &round, "b"), ["last"]);
    assert!(labels(&table, &round, "c").is_empty() && labels(&table, &round, "d").is_empty());
}

#[test]
fn a_requirement_to_hold_a_label_keeps_nobody_from_being_ranked_for_it() {
    for when in [
        "{ label = \"star\" }",
        "{ all = [{ label = \"star\" }] }",
        "{ any = [{ label = \"star\" }, { points = \"total\", at_least = 99 }] }",
        "{ not = { not = { label = \"star\" } } }",
        "{ related = { by = [\"works_in\"], hold = \"any\", that = { label = \"unit\" } } }",
    ] {
        let table = label(Table::new(), "star", "best = 1\nfor = [\"person\"]");
        let table = label(table, "unit", "best = 1\nfor = [\"unit\"]");
        let table = table.rule("must", when, "\"require\"", "for = [\"person\"]");
        let round = Round::of(&[("u", Some(10))])
            .subject("person", "p", Some(95))
            .relation("works_in", "p", "u");
        assert_eq!(labels(&table, &round, "p"), ["star"], "{when}");
    }
}

#[test]
fn whoever_is_disqualified_along_a_chain_is_not_ranked_for_a_label_by_a_survey() {
    let table = Table::new()
        .survey(&[])
        .on_fact("out", "\"disqualify\"")
        .rule(
            "spread",
            "{ related = { by = [\"parts\"], hold = \"any\", that = { disqualified = true } } }",
            "\"disqualify\"",
            "",
        );
    let table = label(table, "top", "best = 1").with(
        "by = { points = \"total\" }\nrank",
        "by = { survey = { of = \"v\", figure = \"satisfaction_rate\" } }\nrank",
    );
    for codes in [["a", "b", "c", "d"], ["d", "c", "b", "a"]] {
        let mut round = Round::of(&codes.map(|code| (code, Some(95))))
            .subject("unit", "e", Some(95))
            .fact(codes[0], "out");
        for pair in codes.windows(2) {
            round = round.relation("part_of", pair[0], pair[1]);
        }
        for (code, dissatisfied) in codes.iter().zip(0..).chain([(&"e", 9)]) {
            round = round.answers(code, ("p", "web"), [[10, 0, dissatisfied, 0]; 2]);
        }
        assert_eq!(labels(&table, &round, "e"), ["top"], "{codes:?}");
    }
}

#[test]
fn a_label_by_cases_tells_the_cases_that_it_counted() {
    let table = label(Table::new().kind("late", ""), "often", "best = 1").with(
        "by = { points = \"total\" }",
        "by = { facts = { kind = \"late\", back = { period = true } } }",
    );
    let outcome = Round::of(&[("a", Some(95)), ("b", Some(85))])
        .fact("b", "late")
        .decide(&table);
    let counted = |subject| {
        let ranks = &decision(&outcome, subject).label_ranks;
        let grounds = ranks.iter().flat_map(|rank| rank.counted.iter());
        let cases = grounds.map(|ground| match ground {
            Ground::Case(case) => case.reference.to_string(),
            Ground::Round(_) | Ground::LastYear { .. } => String::new(),
        });
        cases.collect::<Vec<_>>()
    };
    assert_eq!(counted("a"), Vec::<String>::new());
    assert_eq!(counted("b"), ["case"]);
}

#[test]
fn whoever_its_total_disqualifies_is_not_ranked_for_a_label_by_totals() {
    let round = || Round::of(&[("a", Some(95)), ("b", Some(50)), ("c", Some(10))]);
    let low = "{ points = \"total\", at_most = 20 }";
    let table = label(Table::new(), "last", "worst = 1").rule("low", low, "\"disqualify\"", "");
    assert!(labels(&table, &round(), "c").is_empty());
    assert_eq!(labels(&table, &round(), "b"), ["last"]);
    let ranked = table.with("rank_disqualified = false", "rank_disqualified = true");
    assert_eq!(labels(&ranked, &round(), "c"), ["last"]);
    // What comes from the label itself comes after it, and reaches on along relations.
    let held = "{ label = \"last\" }";
    let near =
        "{ related = { by = [\"part_of\"], hold = \"any\", that = { disqualified = true } } }";
    let table = label(Table::new(), "last", "worst = 1")
        .rule("near", near, "\"disqualify\"", "")
        .rule("held", held, "\"disqualify\"", "");
    let outcome = round().relation("part_of", "a", "c").decide(&table);
    let out = ["a", "b", "c"].map(|subject| decision(&outcome, subject).disqualified);
    assert_eq!(out, [true, false, true]);
    assert_eq!(labels(&table, &round(), "c"), ["last"]);
}

#[test]
fn a_requirement_of_points_is_not_asked_before_there_are_any() {
    let table = Table::new()
        .survey(&[])
        .and("[[label]]\ncode = \"top\"\nname = { zh = \"称号\", en = \"title\" }\ngroup = \"everyone\"\nbest = 1\nby = { survey = { of = \"v\", figure = \"satisfaction_rate\" } }\nrank_disqualified = false")
        .rule("must", "{ points = \"i\", at_least = 60 }", "\"require\"", "undetermined = \"fired\"");
    let round = Round::of(&[("a", Some(95)), ("b", Some(95))])
        .answers("a", ("p", "web"), [[10, 0, 0, 0]; 2])
        .answers("b", ("p", "web"), [[5, 5, 0, 0]; 2]);
    assert_eq!(labels(&table, &round, "a"), ["top"]);
}

#[test]
fn whoever_a_label_by_a_survey_disqualifies_is_not_ranked_for_one_by_totals() {
    let table = label(Table::new().survey(&[]), "praised", "best = 1")
        .and("[[label]]\ncode = \"low\"\nname = { zh = \"称号\", en = \"title\" }\ngroup = \"everyone\"\nworst = 1\nby = { survey = { of = \"v\", figure = \"satisfaction_rate\" } }\nrank_disqualified = false")
        .rule("veto", "{ label = \"low\" }", "\"disqualify\"", "");
    let round = Round::of(&[("a", Some(95)), ("b", Some(50))])
        .answers("a", ("p", "web"), [[0, 0, 10, 0]; 2])
        .answers("b", ("p", "web"), [[10, 0, 0, 0]; 2]);
    assert_eq!(labels(&table, &round, "a"), ["low"]);
    assert_eq!(labels(&table, &round, "b"), ["praised"]);
}
