//! Items and totals: points that a single rule adds, members that weigh nothing, which action fills what is missing.

use domain::number::Points;
use domain::outcome::{Action, GapKind, Shown};
use domain::reason::ReasonCode;
use serde_json::json;

use super::case::{Round, Table, decision, gaps};

#[test]
fn a_single_rule_adds_to_an_item_or_to_a_section() {
    for node in ["i", "s"] {
        let table = Table::new().on_fact(
            "plus",
            &format!("{{ add = {{ node = \"{node}\", points = 3 }} }}"),
        );
        let round = Round::of(&[("a", Some(90))]).fact("a", "plus");
        let outcome = round.decide(&table);
        assert_eq!(decision(&outcome, "a").total.unwrap().to_string(), "93");
    }
}

fn item(table: Table, way: &str) -> Table {
    table.with("graded = { step = \"0.01\", several = \"mean\" }", way)
}

#[test]
fn what_is_missing_names_the_action_that_fills_it() {
    let line = "shape = { line = { zero_at = 0, full_at = 1 } }";
    let ways = [
        (
            format!(
                "surveyed = {{ value = {{ survey = {{ of = \"v\", figure = \"satisfaction_rate\" }} }}, {line} }}"
            ),
            (Action::CollectAnswers, ReasonCode::NoAnswers),
        ),
        (
            format!(
                "measured = {{ value = {{ facts = {{ kind = \"nil\", back = {{ period = true }} }} }}, {line} }}"
            ),
            (Action::ConfirmNone, ReasonCode::NotConfirmed),
        ),
        (
            format!("measured = {{ value = {{ measure = {{ of = \"m\" }} }}, {line} }}"),
            (Action::EnterMeasure, ReasonCode::MeasureMissing),
        ),
    ];
    for (way, expected) in ways {
        let table = item(Table::new(), &way)
            .survey(&[])
            .kind("nil", "nil_report = true")
            .and("[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"rate\"\nevery = \"round\"");
        let outcome = Round::of(&[("a", None)]).decide(&table);
        let gap = outcome
            .gaps
            .iter()
            .find(|gap| gap.kind == GapKind::MissingValue);
        let found = gap.map(|gap| (gap.action, gap.reason.code));
        assert_eq!(found, Some(expected), "{way}");
    }
}

#[test]
fn a_mean_of_nobody_and_a_mean_of_sizes_of_nothing_have_different_reasons() {
    let composed = "composed = { by = [\"workers\"], size = \"m\", without_total = \"left_out\" }\nfor = [\"unit\"]";
    let table = item(Table::new(), composed)
        .and("[[item]]\ncode = \"own\"\nin = \"s\"\nname = { zh = \"项\", en = \"item\" }\nmax = 100\ngraded = { step = 1, several = \"mean\" }\nfor = [\"team\", \"person\"]")
        .and("[[measure]]\ncode = \"m\"\nname = { zh = \"人数\", en = \"people\" }\nunit = \"count\"\nevery = \"round\"");
    let round = Round::of(&[("a", None), ("b", None)])
        .subject("person", "p", None)
        .subject("person", "q", None)
        .relation("works_in", "p", "a")
        .relation("works_in", "q", "b")
        .row(
            "measures",
            json!({ "subject": "p", "measure": "m", "period": "round", "value": 0 }),
        )
        .row(
            "measures",
            json!({ "subject": "q", "measure": "m", "period": "round", "value": 0 }),
        )
        .row(
            "scores",
            json!({ "subject": "p", "item": "own", "inspector": "a", "points": 90 }),
        );
    let outcome = round.decide(&table);
    let action = |subject: &str| {
        let mut gaps = outcome.gaps.iter();
        let gap = gaps.find(|gap| gap.subject.as_deref() == Some(subject));
        gap.map(|gap| gap.action)
    };
    // `p` has a total and is of size 0; `q` has none, so there is nobody to be a mean of.
    assert_eq!(action("a"), Some(Action::EnterMeasure));
    assert_eq!(action("b"), Some(Action::SettleRelated));
    assert_eq!(gaps(&outcome, GapKind::MissingValue).len(), 3);
}

#[test]
fn what_an_inspector_noted_is_told_with_the_points_and_nothing_where_nothing_was_said() {
    let told = |note: Option<&str>| {
        let row =
            json!({ "subject": "a", "item": "i", "inspector": "x", "points": 90, "note": note });
        let outcome = Round::of(&[("a", None)])
            .row("scores", row)
            .decide(&Table::new());
        let traces = decision(&outcome, "a")
            .items
            .iter()
            .filter_map(|item| item.trace.clone());
        let parts = traces.flat_map(|trace| trace.parts.to_vec());
        let awards = parts.flat_map(|part| part.beside().awards.to_vec());
        let notes = awards.map(|award| {
            (
                award.points.to_string(),
                award.note.map(|note| note.to_string()),
            )
        });
        notes.collect::<Vec<_>>()
    };
    assert_eq!(
        told(Some("缺记录")),
        [("90".to_owned(), Some("缺记录".to_owned()))]
    );
    assert_eq!(told(None), []);
}

#[test]
fn digits_are_lost_only_where_something_is_divided() {
    let whole = |way: &str| {
        let table = item(Table::new(), way).with("decimals = 2", "decimals = 0");
        let award = |inspector: &str, period: Option<&str>, points: &str, order: u32| {
            let mut row = json!({ "subject": "a", "item": "i", "inspector": inspector, "points": points, "order": order });
            if let Some(period) = period {
                row["period"] = json!(period);
            }
            row
        };
        (table, award)
    };
    let total = |round: &Round, table: &Table| {
        let outcome = round.decide(table);
        decision(&outcome, "a").total.unwrap().to_string()
    };
    // One award, with a note and without one.
    let (table, award) = whole("graded = { step = \"0.5\", several = \"mean\" }");
    let one = Round::of(&[("a", None)]).row("scores", award("x", None, "79.5", 0));
    assert_eq!(total(&one, &table), "79.5");
    let mut noted = award("x", None, "79.5", 0);
    noted["note"] = json!("seen");
    let one = Round::of(&[("a", None)]).row("scores", noted);
    assert_eq!(total(&one, &table), "79.5");
    // A mean is divided, a middle one and a last one are not.
    let several = |way: &str, points: &[&str]| {
        let (table, award) = whole(&format!(
            "graded = {{ step = \"0.5\", several = \"{way}\" }}"
        ));
        let inspectors = ["x", "y", "z"];
        let mut round = Round::of(&[("a", None)]);
        for ((order, inspector), points) in (0..).zip(inspectors).zip(points) {
            round = round.row("scores", award(inspector, None, points, order));
        }
        total(&round, &table)
    };
    assert_eq!(several("mean", &["79.5", "79.5"]), "80");
    assert_eq!(several("latest", &["60", "79.5"]), "79.5");
    assert_eq!(several("median", &["60", "79.5", "90"]), "79.5");
    assert_eq!(several("median", &["79.5", "79.5"]), "80");
    assert_eq!(several("trimmed", &["60", "79.5", "90"]), "79.5");
    // Over stretches likewise.
    let over = |over: &str| {
        let (table, award) = whole(&format!(
            "graded = {{ step = \"0.5\", several = \"mean\", every = \"half_year\", over = \"{over}\" }}"
        ));
        let round = Round::of(&[("a", None)])
            .row("scores", award("x", Some("2026-H1"), "79.5", 0))
            .row("scores", award("x", Some("2026-H2"), "90.5", 0));
        total(&round, &table)
    };
    assert_eq!(
        [over("least"), over("last"), over("mean")],
        ["79.5", "90.5", "85"]
    );
    // The mean of one stretch is that stretch.
    let (table, award) =
        whole("graded = { step = \"0.5\", several = \"mean\", every = \"year\", over = \"mean\" }");
    let round = Round::of(&[("a", None)]).row("scores", award("x", Some("2026"), "79.5", 0));
    assert_eq!(total(&round, &table), "79.5");
}

#[test]
fn a_gate_names_all_that_it_waits_for_and_what_brings_it() {
    let measure = "[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"rate\"\nevery = \"round\"";
    let table = Table::new()
        .kind("nil", "nil_report = true")
        .with("graded =", "gate = { all = [{ measure = { of = \"m\" }, at_least = \"50%\" }, { facts = { kind = \"nil\", back = { period = true } }, at_most = 1 }] }\ngraded =")
        .and(measure);
    let outcome = Round::of(&[("a", Some(90))]).decide(&table);
    let found: Vec<(Action, &str)> = (outcome.gaps.iter())
        .filter(|gap| gap.kind == GapKind::MissingValue)
        .map(|gap| (gap.action, gap.what.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].0 == Action::ConfirmNone && found[0].1.starts_with("facts/nil"));
    assert!(found[1].0 == Action::EnterMeasure && found[1].1.starts_with("measure/m"));
}

#[test]
fn an_item_is_waived_as_not_applicable_only_where_the_scheme_says_what_then_becomes_of_the_total() {
    let waived =
        Round::of(&[("a", None)]).waiver("a", &json!({ "item": "i" }), &json!("not_applicable"));
    assert_eq!(
        waived.faults(&Table::new()),
        ["waivers/0: waiver_does_not_fit"]
    );
    let said = Table::new().with(
        "by = \"total\"",
        "by = \"total\", scale_not_applicable = false",
    );
    assert_eq!(decision(&waived.decide(&said), "a").total, None);
}

/// A point is taken off for each case that is counted.
fn months_back(months: u32, to: &str, day: &str) -> bool {
    let when =
        format!("{{ facts = {{ kind = \"f\", back = {{ months = {months} }} }}, at_least = 1 }}");
    let table = Table::new()
        .kind("f", "")
        .rule("back", &when, "\"alert\"", "");
    let round = Round::of(&[("a", Some(90))]).until(to).row(
        "facts",
        json!({ "subject": "a", "kind": "f", "reference": "c", "event_on": day, "persons": 1 }),
    );
    let outcome = round.decide(&table);
    super::case::rule(&outcome, "a", "back").fired == domain::outcome::Truth3::True
}

#[test]
fn months_back_begin_on_the_day_after_or_with_a_month() {
    // To, months, the first day that counts, the day before it.
    for (to, months, first, before) in [
        ("2024-02-28", 12, "2023-03-01", "2023-02-28"),
        ("2024-02-29", 12, "2023-03-01", "2023-02-28"),
        ("2023-02-28", 12, "2022-03-01", "2022-02-28"),
        ("2023-02-28", 1, "2023-02-01", "2023-01-31"),
        ("2023-03-30", 1, "2023-03-01", "2023-02-28"),
        ("2023-03-31", 1, "2023-03-01", "2023-02-28"),
        ("2023-06-30", 6, "2023-01-01", "2022-12-31"),
        ("2023-06-15", 6, "2022-12-16", "2022-12-15"),
    ] {
        assert!(months_back(months, to, first), "{first} {to}");
        assert!(!months_back(months, to, before), "{before} {to}");
    }
}

#[test]
fn points_that_cannot_be_counted_show_what_they_were_for() {
    let table = Table::new().kind("late", "").with(
        "graded = { step = \"0.01\", several = \"mean\" }",
        "per_case = { start = \"full\", points = \"-900000000000000\", once = false, floor = 0, facts = { kind = \"late\", back = { period = true } } }",
    );
    let late = |round: Round, case: &str| {
        round.row(
            "facts",
            json!({ "subject": "a", "kind": "late", "reference": case, "event_on": "2026-06-01", "persons": 1 }),
        )
    };
    let one = late(Round::of(&[("a", None)]), "x");
    assert_eq!(decision(&one.decide(&table), "a").total, Some(Points::ZERO));
    let outcome = late(one, "y").decide(&table);
    assert_eq!(decision(&outcome, "a").total, None);
    let items = &decision(&outcome, "a").items;
    let item = items.iter().find(|item| item.code.as_ref() == "i").unwrap();
    let part = &item.trace.as_ref().unwrap().parts[0];
    assert_eq!((part.points, &part.value), (None, &Shown::Whole(2)));
}
