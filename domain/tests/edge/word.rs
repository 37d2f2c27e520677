//! Conditions that look at words: grades, findings, disqualification; what each shows and whom a gap sends where.

use domain::explain::Explainer;
use domain::outcome::{Action, GapKind, Shown, Sign, Status, Truth3};
use serde_json::json;

use super::case::{Round, Table, decision, gaps, rule};

#[test]
fn a_condition_on_the_own_grade_holds_at_that_grade_and_on_its_side() {
    for (bound, fired) in [
        ("at_most", [false, true, true]),
        ("at_least", [true, true, false]),
        ("is", [false, true, false]),
    ] {
        let when = format!("{{ grade = {{ {bound} = \"good\" }} }}");
        let table = Table::new().rule("talk", &when, "\"alert\"", "");
        let outcome =
            Round::of(&[("a", Some(95)), ("b", Some(85)), ("c", Some(75))]).decide(&table);
        let found = ["a", "b", "c"].map(|code| rule(&outcome, code, "talk").fired == Truth3::True);
        assert_eq!(found, fired, "{bound}");
    }
}

#[test]
fn a_code_is_read_out_where_it_is_a_number_of_the_table_and_not_a_word() {
    let scheme = Table::new()
        .with("max = 100\n\n[[item]]", "max = 100\n\n[[item]]\ncode = \"B1.2\"\nin = \"s\"\nname = { zh = \"检查\", en = \"check\" }\nmax = 10\ngraded = { step = 1, several = \"mean\" }\n\n[[item]]")
        .with("max = 100\ngraded", "max = 90\ngraded")
        .scheme();
    let explainer = Explainer::new(&scheme, []);
    for (code, name, title) in [
        ("B1.2", "B1.2 检查", "B1.2 检查"),
        ("i", "i 项", "项"),
        ("s", "s 共性", "共性"),
        ("none", "none", "none"),
    ] {
        assert_eq!(explainer.item_name(code).zh, name);
        assert_eq!(explainer.item_title(code).zh, title);
    }
}

#[test]
fn where_nobody_is_related_the_sentence_says_so() {
    let when = "{ related = { by = [\"parts\"], hold = \"any\", that = { disqualified = true } } }";
    let table = Table::new().rule("look", when, "\"alert\"", "");
    let scheme = table.scheme();
    let outcome = Round::of(&[("a", Some(95))]).decide(&table);
    let words = Explainer::new(&scheme, []).rule_sentence(rule(&outcome, "a", "look"));
    assert_eq!(words.zh, "“规则”未触发（依据：1；没有关联对象）。");
    assert_eq!(
        words.en,
        "“rule” does not fire (clause: 1; nobody is related)."
    );
}

#[test]
fn disqualification_is_shown_as_it_is_and_holds_as_it_is_asked() {
    for (wanted, of_a, of_b) in [
        ("true", Truth3::True, Truth3::False),
        ("false", Truth3::False, Truth3::True),
    ] {
        let table = Table::new().on_fact("out", "\"disqualify\"").rule(
            "look",
            &format!("{{ related = {{ by = [\"works_in\"], hold = \"all\", that = {{ disqualified = {wanted} }} }} }}"),
            "\"alert\"",
            "for = [\"person\"]",
        );
        let round = Round::of(&[("a", Some(95)), ("b", Some(95))])
            .subject("person", "p", Some(95))
            .subject("person", "q", Some(95))
            .relation("works_in", "p", "a")
            .relation("works_in", "q", "b")
            .fact("a", "out");
        let outcome = round.decide(&table);
        for (code, fired, shown) in [("p", of_a, "yes"), ("q", of_b, "no")] {
            let result = rule(&outcome, code, "look");
            assert_eq!(result.fired, fired);
            assert_eq!(result.compared[0].left, Shown::Word(shown.into()));
        }
    }
}

#[test]
fn a_disqualification_that_is_undetermined_leaves_open_whoever_looks_at_it() {
    let table = Table::new().kind("nil", "nil_report = true").rule(
        "out",
        "{ facts = { kind = \"nil\", back = { period = true } }, at_least = 1 }",
        "\"disqualify\"",
        "for = [\"unit\"]",
    );
    let table = table.rule(
        "look",
        "{ related = { by = [\"works_in\"], hold = \"any\", that = { disqualified = true } } }",
        "\"disqualify\"",
        "for = [\"person\"]",
    );
    let round = Round::of(&[("a", Some(95))])
        .subject("person", "p", Some(95))
        .relation("works_in", "p", "a");
    let outcome = round.decide(&table);
    let result = rule(&outcome, "p", "look");
    assert_eq!(
        (result.fired, &result.compared[0].left),
        (Truth3::Undetermined, &Shown::Missing)
    );
}

#[test]
fn disqualification_spreads_along_a_chain_whichever_way_the_codes_run() {
    let table = Table::new().on_fact("out", "\"disqualify\"").rule(
        "spread",
        "{ related = { by = [\"parts\"], hold = \"any\", that = { disqualified = true } } }",
        "\"disqualify\"",
        "",
    );
    for codes in [["a", "b", "c", "d"], ["d", "c", "b", "a"]] {
        let mut round = Round::of(&codes.map(|code| (code, Some(95)))).fact(codes[0], "out");
        for pair in codes.windows(2) {
            round = round.relation("part_of", pair[0], pair[1]);
        }
        let outcome = round.decide(&table);
        assert!(
            outcome
                .decisions
                .iter()
                .all(|decision| decision.disqualified),
            "{codes:?}"
        );
    }
}

/// An investigation that a rule opens, and a cap once it is verified.
fn investigated(is: &str) -> Table {
    Table::new()
        .kind("nil", "nil_report = true")
        .rule(
            "open",
            "{ facts = { kind = \"nil\", back = { period = true } }, at_least = 1 }",
            "\"investigate\"",
            "",
        )
        .rule(
            "found",
            &format!("{{ finding = {{ of = \"open\", is = \"{is}\" }} }}"),
            "{ cap = \"fair\" }",
            "",
        )
}

#[test]
fn a_finding_that_may_not_count_is_undetermined_only_where_it_would_matter() {
    let row = json!({ "subject": "a", "rule": "open", "by_hand": false, "finding": "verified" });
    let round = Round::of(&[("a", Some(95))]).row("investigations", row);
    for (is, fired) in [
        ("verified", Truth3::Undetermined),
        ("unfounded", Truth3::False),
    ] {
        let outcome = round.decide(&investigated(is));
        assert_eq!(rule(&outcome, "a", "found").fired, fired, "{is}");
    }
}

#[test]
fn a_run_of_grades_shows_its_length_where_it_is_known() {
    let when = "{ earlier = { grades = [\"poor\"], in_a_row = 2, gap = \"undetermined\" } }";
    let table = Table::new().rule(
        "run",
        when,
        "{ cap = \"fair\" }",
        "undetermined = \"not_fired\"",
    );
    let earlier = json!([{ "code": "e2", "closed_on": "2025-12-31" }, { "code": "e1", "closed_on": "2024-12-31" }]);
    let shown = |grades: [Option<&str>; 2]| {
        let mut round = Round::of(&[("a", Some(95))]).earlier(&earlier);
        for (code, grade) in ["e2", "e1"].into_iter().zip(grades) {
            if let Some(grade) = grade {
                round = round.row(
                    "history",
                    json!({ "subject": "a", "round": code, "grade": grade }),
                );
            }
        }
        let outcome = round.decide(&table);
        let one = &rule(&outcome, "a", "run").compared[0];
        (one.left.clone(), one.holds)
    };
    assert_eq!(
        shown([Some("poor"), Some("poor")]),
        (Shown::Whole(2), Truth3::True)
    );
    assert_eq!(
        shown([Some("poor"), Some("best")]),
        (Shown::Whole(1), Truth3::False)
    );
    assert_eq!(
        shown([Some("poor"), None]),
        (Shown::Missing, Truth3::Undetermined)
    );
}

#[test]
fn what_is_undetermined_sends_to_the_one_who_can_settle_it() {
    let cases = [
        (
            "{ survey = { of = \"v\", figure = \"satisfaction_rate\" }, at_least = \"50%\" }",
            Action::CollectAnswers,
        ),
        (
            "{ measure = { of = \"m\" }, at_least = 1 }",
            Action::EnterMeasure,
        ),
        (
            "{ facts = { kind = \"nil\", back = { period = true } }, at_least = 1 }",
            Action::ConfirmNone,
        ),
        ("{ points = \"i\", at_least = 1 }", Action::EnterScore),
        (
            "{ finding = { of = \"open\", is = \"verified\" } }",
            Action::OpenInvestigation,
        ),
        (
            "{ earlier = { grades = [\"poor\"], in_a_row = 1, gap = \"undetermined\" } }",
            Action::Waive,
        ),
    ];
    let earlier = json!([{ "code": "e1", "closed_on": "2025-12-31" }]);
    for (when, action) in cases {
        let table = Table::new()
            .survey(&[])
            .kind("nil", "nil_report = true")
            .kind("case", "")
            .and("[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"count\"\nevery = \"round\"")
            .rule("open", "{ facts = { kind = \"case\", back = { period = true } }, at_least = 1 }", "\"investigate\"", "")
            .rule("asked", when, "{ cap = \"fair\" }", "");
        let outcome = Round::of(&[("a", None)])
            .earlier(&earlier)
            .fact("a", "case")
            .decide(&table);
        let gap = outcome
            .gaps
            .iter()
            .find(|gap| gap.place.as_ref() == "asked");
        assert_eq!(gap.map(|gap| gap.action), Some(action), "{when}");
    }
}

#[test]
fn an_alert_that_looks_at_a_grade_nobody_has_sends_to_whatever_settles_the_grade() {
    for when in [
        "{ grade = { at_most = \"fair\" } }",
        "{ rank_at_most = 3 }",
        "{ eligible = true }",
    ] {
        let table = Table::new().rule("talk", when, "\"alert\"", "");
        let outcome = Round::of(&[("a", None)]).decide(&table);
        let gap = outcome.gaps.iter().find(|gap| gap.place.as_ref() == "talk");
        assert_eq!(
            gap.map(|gap| gap.action),
            Some(Action::SettleRelated),
            "{when}"
        );
    }
}

#[test]
fn a_follow_up_that_is_undetermined_leaves_its_subject_decided() {
    let table = Table::new().kind("nil", "nil_report = true").rule(
        "talk",
        "{ facts = { kind = \"nil\", back = { period = true } }, at_least = 1 }",
        "{ follow_up = { kind = \"talk\", on = [] } }",
        "",
    );
    let outcome = Round::of(&[("a", Some(95))]).decide(&table);
    let decision = decision(&outcome, "a");
    assert_eq!(decision.grade.as_deref(), Some("best"));
    assert_eq!(decision.status, Status::Decided);
    assert!(outcome.blocking().next().is_some());
}

#[test]
fn an_investigation_that_may_be_due_leaves_its_subject_decided() {
    let outcome = Round::of(&[("a", Some(95))]).decide(&investigated("verified"));
    assert_eq!(rule(&outcome, "a", "open").fired, Truth3::Undetermined);
    // What waits for the finding is open; without such a rule nothing is.
    assert_eq!(decision(&outcome, "a").status, Status::Undetermined);
    let table = Table::new().kind("nil", "nil_report = true").rule(
        "open",
        "{ facts = { kind = \"nil\", back = { period = true } }, at_least = 1 }",
        "\"investigate\"",
        "",
    );
    let outcome = Round::of(&[("a", Some(95))]).decide(&table);
    assert_eq!(decision(&outcome, "a").status, Status::Decided);
}

#[test]
fn words_are_compared_with_the_sign_that_they_were_asked_with() {
    let earlier = json!([{ "code": "e1", "closed_on": "2025-12-31" }]);
    for (when, sign) in [
        ("{ grade = { at_least = \"good\" } }", Sign::AtLeast),
        ("{ grade = { at_most = \"good\" } }", Sign::AtMost),
        ("{ grade = { is = \"good\" } }", Sign::Equal),
        ("{ rank_at_most = 3 }", Sign::AtMost),
        (
            "{ earlier = { grades = [\"poor\"], in_a_row = 1, gap = \"breaks\" } }",
            Sign::AtLeast,
        ),
        ("{ eligible = true }", Sign::Equal),
    ] {
        let table = Table::new().rule("look", when, "\"alert\"", "");
        let outcome = Round::of(&[("a", Some(95))])
            .earlier(&earlier)
            .decide(&table);
        assert_eq!(rule(&outcome, "a", "look").compared[0].op, sign, "{when}");
    }
}

#[test]
fn a_rule_per_event_finds_its_cases_however_its_condition_is_built() {
    let of = "{ facts = { kind = \"late\", back = { period = true } }, at_least = 1 }";
    for when in [
        of.to_owned(),
        format!("{{ all = [{of}, {of}] }}"),
        format!("{{ any = [{of}] }}"),
        "{ not = { facts = { kind = \"late\", back = { period = true } }, at_most = 0 } }"
            .to_owned(),
    ] {
        let table =
            Table::new()
                .kind("late", "")
                .rule("each", &when, "\"alert\"", "per_event = true");
        let outcome = Round::of(&[("a", Some(95))])
            .fact("a", "late")
            .decide(&table);
        assert_eq!(decision(&outcome, "a").consequences.len(), 1, "{when}");
    }
}

/// For each case of two persons or more, where besides a measure is low.
fn each_case(effect: &str) -> Table {
    let when = "{ all = [{ facts = { kind = \"f\", back = { period = true } }, at_least = 2 }, { measure = { of = \"m\" }, less_than = 5 }] }";
    Table::new()
        .and("[[fact]]\ncode = \"f\"\nname = { zh = \"事实\", en = \"fact\" }\ndated_by = \"event\"\ncounts = \"person\"")
        .and("[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"count\"\nevery = \"round\"")
        .rule("each", when, effect, "per_event = true")
}

fn case(reference: &str, persons: u32) -> serde_json::Value {
    json!({ "subject": "a", "kind": "f", "reference": reference, "event_on": "2026-06-01", "persons": persons })
}

fn measured(round: Round, value: &str) -> Round {
    round.row(
        "measures",
        json!({ "subject": "a", "measure": "m", "period": "round", "value": value }),
    )
}

#[test]
fn a_rule_per_case_that_waits_for_a_value_is_undetermined_for_the_case_and_not_without_one() {
    let one = Round::of(&[("a", Some(95))]);
    let table = each_case("{ follow_up = { kind = \"talk\" } }");
    let fired = |round: &Round| rule(&round.decide(&table), "a", "each").fired;
    assert_eq!(fired(&one), Truth3::False);
    let open = one.clone().row("facts", case("c", 2));
    assert_eq!(fired(&open), Truth3::Undetermined);
    let told = gaps(&open.decide(&table), GapKind::UndeterminedRule);
    assert_eq!(told, ["a each"]);
    assert_eq!(fired(&measured(open.clone(), "4")), Truth3::True);
    assert_eq!(fired(&measured(open, "5")), Truth3::False);
}

#[test]
fn an_investigation_per_case_is_due_for_one_case_and_not_for_several_together() {
    let table = each_case("\"investigate\"");
    let one = measured(Round::of(&[("a", Some(95))]), "1");
    let apart = one
        .clone()
        .row("facts", case("c", 1))
        .row("facts", case("d", 1));
    let outcome = apart.decide(&table);
    assert_eq!(rule(&outcome, "a", "each").fired, Truth3::False);
    assert!(outcome.gaps.is_empty(), "{:?}", outcome.gaps);
    let together = one.row("facts", case("c", 2)).row("facts", case("d", 1));
    let outcome = together.decide(&table);
    assert_eq!(rule(&outcome, "a", "each").fired, Truth3::True);
    assert_eq!(gaps(&outcome, GapKind::InvestigationDue), ["a each"]);
}

#[test]
fn every_period_for_which_a_measure_is_missing_is_named_at_once() {
    let table = Table::new()
        .and("[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"count\"\nevery = \"half_year\"\nlast_year = true")
        .rule(
            "low",
            "{ measure = { of = \"m\", over = \"sum\", versus = \"difference\" }, less_than = 1 }",
            "{ cap = \"good\" }",
            "",
        );
    let told = |round: &Round| {
        let outcome = round.decide(&table);
        let scheme = table.scheme();
        let explainer = Explainer::new(&scheme, []);
        let reasons = outcome.gaps.iter().map(|gap| explainer.reason(&gap.reason));
        let both = reasons.map(|words| [words.zh, words.en]);
        both.collect::<Vec<_>>()
    };
    let round = Round::of(&[("a", Some(95))]);
    assert_eq!(
        told(&round),
        [[
            "数据 在 2026-H1、2026-H2、上年 的数据未报",
            "measure is not reported for 2026-H1, 2026-H2, last year"
        ]]
    );
    let one = round.row(
        "measures",
        json!({ "subject": "a", "measure": "m", "period": "2026-H1", "value": "3" }),
    );
    assert_eq!(told(&one)[0][0], "数据 在 2026-H2、上年 的数据未报");
}

#[test]
fn a_case_of_several_rows_began_with_the_first_that_is_looked_at() {
    let table = Table::new()
        .and("[[follow_up]]\ncode = \"talk\"\nname = { zh = \"谈话\", en = \"talk\" }")
        .and("[[fact]]\ncode = \"f\"\nname = { zh = \"事实\", en = \"fact\" }\ndated_by = \"event\"\ncounts = \"case\"\nfield = [{ code = \"n\", name = { zh = \"数\", en = \"number\" }, optional = true }]")
        .rule(
            "talk",
            "{ facts = { kind = \"f\", back = { period = true } }, at_least = 1 }",
            "{ follow_up = { kind = \"talk\", as_of = \"event\" } }",
            "per_event = true",
        );
    let row = |day: &str, number: &str| json!({ "subject": "a", "kind": "f", "reference": "c", "event_on": day, "persons": 1, "fields": { "n": number } });
    let round = Round::of(&[("a", Some(95))])
        .row("facts", row("2026-09-01", "3"))
        .row("facts", row("2025-08-01", "1"))
        .row("facts", row("2026-08-01", "2"));
    let outcome = round.decide(&table);
    let days: Vec<String> = decision(&outcome, "a")
        .consequences
        .iter()
        .map(|one| one.as_of.unwrap().to_string())
        .collect();
    assert_eq!(days, ["2026-08-01"]);
}
