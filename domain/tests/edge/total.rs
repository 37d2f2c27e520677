//! Items and totals: points that a single rule adds, members that weigh nothing, which action fills what is missing.

use domain::outcome::{Action, GapKind};
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
