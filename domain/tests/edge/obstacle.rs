//! What stands in the way of the next grade, with the smallest change that clears it.

use domain::explain::Explainer;
use domain::number::Points;
use domain::outcome::{Change, Outcome};
use serde_json::json;

use super::case::{Round, Table, decision};

/// Each as `by what change`; `total` and `-` where there is no rule and nothing was compared.
fn obstacles(outcome: &Outcome, subject: &str) -> Vec<String> {
    let obstacles = decision(outcome, subject).obstacles.iter();
    obstacles
        .map(|obstacle| {
            let by = obstacle.by.as_deref().unwrap_or("total");
            let what = obstacle
                .compared
                .as_ref()
                .map_or("-", |one| one.what.as_ref());
            let change = match &obstacle.change {
                Change::Points(points) => format!("{points} points"),
                Change::Answers(count) => format!("{count} answers"),
                Change::Facts(count) => format!("{count} facts"),
                Change::Gap(gap) => format!("gap of {gap}"),
                Change::Ahead(ahead) => {
                    let line = ahead.line.as_deref().unwrap_or("nobody");
                    let short = ahead
                        .short
                        .map_or_else(|| "-".to_owned(), |points: Points| points.to_string());
                    format!("behind {line} by {short}")
                }
                other => format!("{other:?}").to_lowercase(),
            };
            format!("{by} {what} {change}")
        })
        .collect()
}

/// A unit of 95 points whose only obstacle is a cap by this condition.
fn capped(table: Table, round: &Round, when: &str) -> Vec<String> {
    let table = table.rule("cap", when, "{ cap = \"good\" }", "");
    obstacles(&round.decide(&table), "a")
}

/// The same where a requirement is not met.
fn required(table: Table, round: &Round, when: &str) -> Vec<String> {
    let table = table.rule("must", when, "\"require\"", "");
    obstacles(&round.decide(&table), "a")
}

fn one() -> Round {
    Round::of(&[("a", Some(95))])
}

#[test]
fn points_turn_at_the_next_hundredth_where_results_are_rounded_to_it() {
    for (test, change) in [
        ("at_least = 90", "-5.01"),
        ("more_than = 90", "-5"),
        ("at_most = 96", "1.01"),
        ("less_than = 96", "1"),
        ("equal_to = 95", "0.01"),
    ] {
        let when = format!("{{ points = \"i\", {test} }}");
        assert_eq!(
            capped(Table::new(), &one(), &when),
            [format!("cap points/i {change} points")]
        );
    }
    for (test, change) in [
        ("at_least = 96", "1"),
        ("more_than = 96", "1.01"),
        ("at_most = 90", "-5"),
        ("less_than = 90", "-5.01"),
        ("equal_to = 90", "-5"),
    ] {
        let when = format!("{{ points = \"i\", {test} }}");
        assert_eq!(
            required(Table::new(), &one(), &when),
            [format!("must points/i {change} points")]
        );
    }
    // Between two ten-thousandths nothing lies.
    let when = "{ points = \"i\", equal_to = \"90.00005\" }";
    assert_eq!(
        required(Table::new(), &one(), when),
        ["must points/i other"]
    );
}

#[test]
fn points_turn_by_what_they_can_differ_by() {
    let cap = |table: Table| capped(table, &one(), "{ points = \"i\", at_least = 90 }");
    let step = |step: &str| Table::new().with("step = \"0.01\"", &format!("step = \"{step}\""));
    let fewer = |points: &str| vec![format!("cap points/i -{points} points")];
    // Steps are coarser than the digits that a mean of several inspectors is rounded to.
    assert_eq!(cap(step("0.5")), fewer("5.01"));
    // Awards in steps that are finer are not rounded.
    assert_eq!(cap(step("0.005")), fewer("5.005"));
    let decimals =
        |decimals: u8| step("0.5").with("decimals = 2", &format!("decimals = {decimals}"));
    assert_eq!(cap(decimals(0)), fewer("5.5"));
    assert_eq!(cap(decimals(1)), fewer("5.1"));
    assert_eq!(cap(decimals(4)), fewer("5.0001"));
    // Whatever a table adds or takes away may leave totals between: points of cases and rules, and for missing values.
    let cases = "{ kind = \"late\", back = { period = true } }";
    let late = || decimals(0).kind("late", "");
    let section = |kind: &str, keys: &str| {
        format!(
            "[[section]]\ncode = \"x\"\nkind = \"{kind}\"\nname = {{ zh = \"另\", en = \"other\" }}\n{keys}"
        )
    };
    let item = |keys: &str| {
        format!(
            "[[item]]\ncode = \"j\"\nin = \"x\"\nname = {{ zh = \"项\", en = \"item\" }}\n{keys}"
        )
    };
    let with = |table: Table, kind: &str, more: &str, keys: &str| {
        cap(table.and(&section(kind, more)).and(&item(keys)))
    };
    let minus = format!(
        "per_case = {{ start = \"zero\", points = \"-0.3\", once = false, facts = {cases} }}"
    );
    assert_eq!(with(late(), "deduction", "", &minus), fewer("5.1"));
    let whole =
        format!("per_case = {{ start = \"zero\", points = -1, once = false, facts = {cases} }}");
    assert_eq!(
        with(late(), "deduction", "floor = \"-2.25\"", &whole),
        fewer("5.25")
    );
    let rule = late().rule(
        "less",
        &format!("{{ facts = {cases}, at_least = 1 }}"),
        "{ deduct = { node = \"i\", points = \"0.125\" } }",
        "",
    );
    assert_eq!(cap(rule), fewer("5.125"));
}

#[test]
fn of_several_ways_the_nearest_is_named() {
    let any = |parts: &[&str]| {
        capped(
            Table::new(),
            &one(),
            &format!("{{ all = [{}] }}", parts.join(", ")),
        )
    };
    // Either turned suffices, and 90 is nearer than 80.
    let found = any(&[
        "{ points = \"i\", at_least = 80 }",
        "{ points = \"total\", at_least = 90 }",
    ]);
    assert_eq!(found, ["cap points/total -5.01 points"]);
    let found = any(&[
        "{ points = \"total\", at_most = 99 }",
        "{ points = \"i\", at_least = 90 }",
    ]);
    assert_eq!(found, ["cap points/total 4.01 points"]);
    // Of ways that are as far the first, and what is counted otherwise is not weighed against points.
    let found = any(&[
        "{ points = \"total\", at_least = 90 }",
        "{ points = \"i\", at_least = 90 }",
    ]);
    assert_eq!(found, ["cap points/total -5.01 points"]);
    let late = "{ facts = { kind = \"late\", back = { period = true } }, at_most = 7 }";
    let table = || Table::new().kind("late", "");
    for (parts, change) in [
        (
            [late, "{ points = \"i\", at_least = 90 }"],
            "cap facts/late -8 facts",
        ),
        (
            ["{ points = \"i\", at_least = 90 }", late],
            "cap points/i -5.01 points",
        ),
    ] {
        let found = capped(
            table(),
            &one(),
            &format!("{{ all = [{}] }}", parts.join(", ")),
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with(&change[..8])
                && found[0].ends_with(change.rsplit(' ').next().unwrap()),
            "{found:?}"
        );
    }
}

#[test]
fn of_cases_the_fewest_are_asked_for() {
    let round = ["x", "y", "z"].into_iter().fold(one(), |round, case| {
        let row = json!({ "subject": "a", "kind": "late", "reference": case, "event_on": "2026-06-01", "persons": 1 });
        round.row("facts", row)
    });
    let late = |test: &str| {
        format!("{{ facts = {{ kind = \"late\", back = {{ period = true }} }}, {test} }}")
    };
    for (first, second, change) in [
        ("at_least = 1", "at_least = 3", "1 facts"),
        ("at_least = 3", "at_least = 1", "1 facts"),
        ("at_least = 1", "at_most = 4", "-2 facts"),
    ] {
        let when = format!("{{ all = [{}, {}] }}", late(first), late(second));
        let found = capped(Table::new().kind("late", ""), &round, &when);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].ends_with(&format!(" {change}")), "{found:?}");
    }
}

#[test]
fn of_answers_and_of_what_a_measure_lacks_the_least_is_asked_for() {
    let measure = "[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"yuan\"\nevery = \"round\"";
    let table = || Table::new().survey(&[]).and(measure);
    let round = one()
        .answers("a", ("p", "web"), [[45, 0, 5, 0], [45, 0, 5, 0]])
        .row(
            "measures",
            json!({ "subject": "a", "measure": "m", "period": "round", "value": "5.5" }),
        );
    let rate = "survey = { of = \"v\", figure = \"satisfaction_rate\" }";
    let value = "measure = { of = \"m\" }";
    for (of, far, near, change) in [
        (
            rate,
            "at_least = \"50%\"",
            "at_least = \"80%\"",
            " 11 answers",
        ),
        (value, "at_least = 1", "at_least = 4", " gap of -3/2"),
        (value, "at_least = 1", "at_most = 7", " gap of 3/2"),
    ] {
        for [first, second] in [[far, near], [near, far]] {
            let when = format!("{{ all = [{{ {of}, {first} }}, {{ {of}, {second} }}] }}");
            let found = capped(table(), &round, &when);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].ends_with(change), "{found:?}");
        }
    }
}

#[test]
fn an_adjustment_to_the_grade_that_is_aimed_at_is_not_in_the_way() {
    // Lowered to good, and then capped below it since somebody else was lowered as well.
    let table = Table::new().rule(
        "works",
        "{ related = { by = [\"works_in\"], hold = \"any\", that = { grade = { at_most = \"poor\" } } } }",
        "{ cap = \"fair\" }",
        "for = [\"person\"]",
    );
    let outcome = Round::of(&[("u", Some(95))])
        .subject("person", "p", Some(95))
        .relation("works_in", "p", "u")
        .adjusted("p", "good")
        .adjusted("u", "poor")
        .decide(&table);
    assert_eq!(decision(&outcome, "p").grade.as_deref(), Some("fair"));
    let found = obstacles(&outcome, "p");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("works "), "{found:?}");
}

#[test]
fn facts_turn_by_whole_cases() {
    let table = || Table::new().kind("late", "");
    let three = ["x", "y", "z"].into_iter().fold(one(), |round, case| {
        round.row("facts", json!({ "subject": "a", "kind": "late", "reference": case, "event_on": "2026-06-01", "persons": 1 }))
    });
    let when = |test: &str| {
        format!("{{ facts = {{ kind = \"late\", back = {{ period = true }} }}, {test} }}")
    };
    for (test, count) in [
        ("at_least = 2", 2),
        ("more_than = 2", 1),
        ("at_most = 3", -1),
        ("less_than = 5", -2),
        ("equal_to = 3", 1),
    ] {
        let found = capped(table(), &three, &when(test));
        assert_eq!(found.len(), 1);
        assert!(
            found[0].ends_with(&format!(" {count} facts")),
            "{test}: {found:?}"
        );
    }
    for (test, change) in [
        ("equal_to = 1", "2 facts"),
        ("equal_to = \"1.5\"", "other"),
        ("at_most = 1", "2 facts"),
    ] {
        let found = required(table(), &three, &when(test));
        assert!(
            found[0].ends_with(&format!(" {change}")),
            "{test}: {found:?}"
        );
    }
}

fn surveyed(test: &str) -> String {
    format!("{{ survey = {{ of = \"v\", question = \"a\", {test} }}")
}

#[test]
fn rates_turn_by_whole_answers_and_means_by_a_gap() {
    let table = || Table::new().survey(&[]);
    let round = || one().answers("a", ("p", "web"), [[60, 0, 40, 0], [0, 0, 0, 0]]);
    for (test, change) in [
        (
            "figure = \"satisfaction_rate\" }, equal_to = \"75%\"",
            "15 answers",
        ),
        (
            "figure = \"satisfaction_rate\" }, equal_to = \"1/3\"",
            "other",
        ),
        ("figure = \"mean_score\" }, equal_to = 80", "gap of 20"),
        ("figure = \"mean_score\" }, at_least = 80", "gap of 20"),
    ] {
        let found = required(table(), &round(), &surveyed(test));
        assert!(
            found[0].ends_with(&format!(" {change}")),
            "{test}: {found:?}"
        );
    }
}

#[test]
fn the_lower_end_of_an_interval_turns_at_the_answer_that_carries_it_across() {
    let table = || Table::new().survey(&[]);
    let of = |satisfied, dissatisfied| {
        one().answers(
            "a",
            ("p", "web"),
            [[satisfied, 0, dissatisfied, 0], [0, 0, 0, 0]],
        )
    };
    let when = surveyed("figure = \"satisfaction_rate\", lower_bound = true }, at_least = \"90%\"");
    // 96 of 100 reach it and 95 do not; of ten nothing does.
    for (satisfied, dissatisfied, change) in [
        (90, 10, "6 answers"),
        (95, 5, "1 answers"),
        (9, 1, "other"),
        (10, 0, "other"),
    ] {
        let found = required(table(), &of(satisfied, dissatisfied), &when);
        assert!(
            found[0].ends_with(&format!(" {change}")),
            "{satisfied}: {found:?}"
        );
    }
    for (satisfied, dissatisfied, change) in [(98, 2, "3 answers"), (96, 4, "1 answers")] {
        let found = capped(table(), &of(satisfied, dissatisfied), &when);
        assert!(
            found[0].ends_with(&format!(" {change}")),
            "{satisfied}: {found:?}"
        );
    }
}

#[test]
fn what_nobody_can_count_is_named_for_what_it_is() {
    let label = "[[label]]\ncode = \"l\"\nname = { zh = \"称号\", en = \"title\" }\ngroup = \"everyone\"\nworst = 1\nby = { points = \"total\" }\nrank_disqualified = false";
    let found = capped(Table::new().and(label), &one(), "{ label = \"l\" }");
    assert_eq!(found, ["cap label/l label"]);
    let earlier = json!([{ "code": "e1", "closed_on": "2025-12-31" }]);
    let round = one().earlier(&earlier).row(
        "history",
        json!({ "subject": "a", "round": "e1", "grade": "poor" }),
    );
    let when = "{ earlier = { grades = [\"poor\"], in_a_row = 1, gap = \"breaks\" } }";
    assert_eq!(
        capped(Table::new(), &round, when),
        ["cap earlier/poor earlier"]
    );
}

#[test]
fn as_few_comparisons_as_will_do_are_named() {
    let (i, s) = (
        "{ points = \"i\", at_least = 90 }",
        "{ points = \"s\", more_than = 94 }",
    );
    let (of_i, of_s) = ("cap points/i -5.01 points", "cap points/s -1 points");
    for (when, expected) in [
        // The nearer, wherever it is written.
        (format!("{{ all = [{i}, {s}] }}"), vec![of_s]),
        (format!("{{ all = [{s}, {i}] }}"), vec![of_s]),
        (format!("{{ any = [{i}, {s}] }}"), vec![of_i, of_s]),
        (
            format!("{{ not = {{ any = [{{ not = {i} }}, {{ not = {s} }}] }} }}"),
            vec![of_s],
        ),
    ] {
        assert_eq!(capped(Table::new(), &one(), &when), expected, "{when}");
    }
}

#[test]
fn what_can_be_counted_is_named_before_what_others_decide_and_that_before_what_nothing_changes() {
    let label = "[[label]]\ncode = \"l\"\nname = { zh = \"称号\", en = \"title\" }\ngroup = \"everyone\"\nworst = 1\nby = { points = \"total\" }\nrank_disqualified = false";
    let round = one()
        .earlier(&json!([{ "code": "e1", "closed_on": "2025-12-31" }]))
        .row(
            "history",
            json!({ "subject": "a", "round": "e1", "grade": "poor" }),
        );
    let earlier = "{ earlier = { grades = [\"poor\"], in_a_row = 1, gap = \"breaks\" } }";
    let points = "{ points = \"i\", at_least = 90 }";
    for (when, expected) in [
        (
            format!("{{ all = [{earlier}, {{ label = \"l\" }}, {points}] }}"),
            "cap points/i -5.01 points",
        ),
        (
            format!("{{ all = [{earlier}, {{ label = \"l\" }}] }}"),
            "cap label/l label",
        ),
    ] {
        assert_eq!(capped(Table::new().and(label), &round, &when), [expected]);
    }
}

#[test]
fn of_related_subjects_as_many_are_named_as_would_have_to_be_better() {
    let round = Round::of(&[("a", Some(95))])
        .subject("person", "p", Some(10))
        .subject("person", "q", Some(10))
        .relation("works_in", "p", "a")
        .relation("works_in", "q", "a");
    for (hold, expected) in [
        (
            "\"any\"",
            vec!["cap grade related(\"p\")", "cap grade related(\"q\")"],
        ),
        ("\"all\"", vec!["cap grade related(\"p\")"]),
        ("{ at_least = 2 }", vec!["cap grade related(\"p\")"]),
    ] {
        let when = format!(
            "{{ related = {{ by = [\"workers\"], hold = {hold}, that = {{ grade = {{ at_most = \"poor\" }} }} }} }}"
        );
        let table = Table::new().rule("cap", &when, "{ cap = \"good\" }", "for = [\"unit\"]");
        assert_eq!(obstacles(&round.decide(&table), "a"), expected, "{hold}");
    }
}

#[test]
fn only_what_is_in_the_way_of_the_next_grade_is_named() {
    let table = Table::new()
        .on_fact("good", "{ cap = \"good\" }")
        .on_fact("fair", "{ cap = \"fair\" }")
        .on_fact("out", "\"disqualify\"")
        .on_fact("other", "\"disqualify\"");
    // From fair to good the cap at good is no obstacle.
    let round = one().fact("a", "good").fact("a", "fair");
    let found = obstacles(&round.decide(&table), "a");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("fair "));
    // Of two rules that disqualify the one that did.
    let found = obstacles(&one().fact("a", "out").decide(&table), "a");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("out "));
}

#[test]
fn a_rule_that_yields_by_a_waiver_is_no_obstacle() {
    let table = Table::new()
        .on_fact("cap", "{ cap = \"fair\" }")
        .on_fact("floor", "{ floor = \"good\" }");
    let round = Round::of(&[("a", Some(85))])
        .fact("a", "cap")
        .fact("a", "floor")
        .waiver("a", &json!("contradiction"), &json!({ "yields": "cap" }));
    assert_eq!(obstacles(&round.decide(&table), "a"), ["total - 5 points"]);
}

#[test]
fn an_adjustment_to_the_grade_aimed_at_is_no_obstacle_and_one_below_it_is() {
    let table = Table::new().on_fact("cap", "{ cap = \"good\" }");
    let refused = one().fact("a", "cap").adjusted("a", "best").decide(&table);
    let found = obstacles(&refused, "a");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("cap "));
    let lowered = one().adjusted("a", "good").decide(&table);
    assert_eq!(obstacles(&lowered, "a"), ["total - committee"]);
}

#[test]
fn bands_are_shares_of_what_applies_to_the_subject() {
    let table = Table::new()
        .with("grading = { by = \"total\" }", "grading = { by = \"total\", scale_not_applicable = false }")
        .with("max = 100\ngraded", "max = 60\ngraded")
        .and("[[item]]\ncode = \"j\"\nin = \"s\"\nname = { zh = \"项\", en = \"item\" }\nmax = 40\ngraded = { step = 1, several = \"mean\" }\nmissing = \"not_applicable\"");
    // 40 of 60 is poor; 70 % of 60 is 42. With the other item it is 70 of 100.
    let round = Round::of(&[("a", Some(40)), ("b", Some(40))]).row(
        "scores",
        json!({ "subject": "b", "item": "j", "inspector": "a", "points": 20 }),
    );
    let outcome = round.decide(&table);
    assert_eq!(obstacles(&outcome, "a"), ["total - 2 points"]);
    assert_eq!(obstacles(&outcome, "b"), ["total - 10 points"]);
}

#[test]
fn whoever_was_ahead_at_the_line_is_named_with_the_points_that_pass_it() {
    let table = Table::new().quota("q", "best", 1, &[]);
    let outcome = Round::of(&[("a", Some(92)), ("b", Some(95)), ("c", Some(85))]).decide(&table);
    assert_eq!(
        obstacles(&outcome, "a"),
        ["q points/total behind b by 3.01"]
    );
    assert!(obstacles(&outcome, "b").is_empty());
    // Five points carry it to the best, and ten past the one who sits there.
    assert_eq!(
        obstacles(&outcome, "c"),
        ["total - 5 points", "q points/total behind b by 10.01"]
    );
}

#[test]
fn seats_by_right_are_nobodys_to_pass() {
    let table = Table::new()
        .quota("q", "good", 1, &[])
        .on_fact("floor", "{ floor = \"good\" }");
    let round = Round::of(&[("a", Some(75)), ("b", Some(99))]).fact("a", "floor");
    let outcome = round.decide(&table);
    assert_eq!(obstacles(&outcome, "a"), ["total - 15 points"]);
    assert_eq!(obstacles(&outcome, "b"), ["q - behind nobody by -"]);
}

#[test]
fn an_exact_grade_takes_its_seat_along_when_it_goes() {
    let table = Table::new()
        .quota("q", "best", 1, &[])
        .on_fact("set", "{ set = \"good\" }");
    let round = Round::of(&[("a", Some(75)), ("b", Some(95))]).fact("a", "set");
    let found = obstacles(&round.decide(&table), "a");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "total - 15 points");
    assert!(found[1].starts_with("set "));
    assert_eq!(found[2], "q points/total behind b by 20.01");
}

#[test]
fn whoever_sits_on_a_wider_seat_competes_for_no_other() {
    let table = Table::new()
        .quota("wide", "good", 1, &["tie = \"committee\""])
        .on_fact("cap", "{ cap = \"good\" }");
    let round = Round::of(&[("a", Some(95)), ("b", Some(95))])
        .fact("a", "cap")
        .fact("b", "cap")
        .row("tie_choices", json!({ "quota": "wide", "subject": "a" }));
    let outcome = round.decide(&table);
    let found = obstacles(&outcome, "a");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("cap "));
    // The other would have to be chosen; no points decide between them.
    assert!(
        obstacles(&outcome, "b")
            .iter()
            .any(|one| one.starts_with("wide "))
    );
}

#[test]
fn a_quota_of_others_is_no_obstacle() {
    let table = Table::new().quota("q", "best", 1, &["for = [\"team\"]"]);
    let outcome = Round::of(&[("a", Some(85))])
        .subject("team", "t", Some(95))
        .decide(&table);
    assert_eq!(obstacles(&outcome, "a"), ["total - 5 points"]);
}

/// Two measures break ties, the first upwards and the second downwards.
fn ties(keys: &str) -> Table {
    Table::new()
        .with("grading = { by = \"total\" }", &format!("grading = {{ by = \"total\", tie_breakers = [{keys}] }}"))
        .and("[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"count\"\nevery = \"round\"")
        .quota("q", "best", 1, &[])
}

#[test]
fn of_equal_totals_the_tie_breaker_decides_and_points_still_help() {
    let measure = |round: Round, subject: &str, value: u32| {
        round.row(
            "measures",
            json!({ "subject": subject, "measure": "m", "period": "round", "value": value }),
        )
    };
    let round = Round::of(&[("a", Some(95)), ("b", Some(95))]);
    let round = measure(measure(round, "a", 1), "b", 2);
    // What no points move is not what is asked for: a little more of the total is.
    let by_measure = ties("{ value = { measure = { of = \"m\" } } }");
    assert_eq!(
        obstacles(&round.decide(&by_measure), "a"),
        ["q points/total behind b by 0.01"]
    );
    let both = ties("{ value = { points = \"s\" } }, { value = { measure = { of = \"m\" } } }");
    assert_eq!(
        obstacles(&round.decide(&both), "a"),
        ["q points/total behind b by 0.01"]
    );
}

#[test]
fn where_maxima_differ_shares_are_compared() {
    let table = Table::new()
        .with("grading = { by = \"total\" }", "grading = { by = \"total\", scale_not_applicable = false }")
        .with("max = 100\ngraded", "max = 60\ngraded")
        .and("[[item]]\ncode = \"j\"\nin = \"s\"\nname = { zh = \"项\", en = \"item\" }\nmax = 40\ngraded = { step = 1, several = \"mean\" }\nmissing = \"not_applicable\"")
        .quota("q", "best", 1, &[]);
    let round = Round::of(&[("a", Some(57)), ("b", Some(58))]).row(
        "scores",
        json!({ "subject": "b", "item": "j", "inspector": "a", "points": 40 }),
    );
    // 57/60 = 95 % against 98 %: 58.8001 of 60 would pass it.
    assert_eq!(
        obstacles(&round.decide(&table), "a"),
        ["q share behind b by 1.81"]
    );
}

#[test]
fn a_related_part_that_reaches_nobody_leaves_the_rest_to_be_counted() {
    let points = "{ points = \"i\", at_least = 90 }";
    let related = |hold: &str| {
        format!(
            "{{ related = {{ by = [\"workers\"], hold = {hold}, that = {{ disqualified = true }} }} }}"
        )
    };
    // Nobody of nobody: that part does not hold, and the points alone are in the way.
    for hold in ["\"any\"", "{ at_least = 1 }"] {
        let when = format!("{{ any = [{}, {points}] }}", related(hold));
        let found = capped(Table::new(), &one(), &when);
        assert_eq!(found, ["cap points/i -5.01 points"], "{hold}");
    }
    // None of nobody holds already where it should.
    let low = "{ points = \"i\", at_least = 96 }";
    let when = format!("{{ all = [{}, {low}] }}", related("\"none\""));
    let found = required(Table::new(), &one(), &when);
    assert_eq!(found, ["must points/i 1 points"]);
    // Where it would have to turn itself, nothing here does.
    let found = capped(Table::new(), &one(), &related("\"none\""));
    assert_eq!(found, ["cap - other"]);
}

#[test]
fn of_no_cases_there_cannot_be_fewer() {
    let when = "{ facts = { kind = \"f\", back = { period = true } }, equal_to = 0 }";
    let kind = || Table::new().kind("f", "");
    let found = capped(kind(), &one(), when);
    assert!(found[0].ends_with("-1 facts"), "{found:?}");
    let found = capped(kind(), &one().fact("a", "f"), &when.replace("= 0", "= 1"));
    assert!(found[0].ends_with(" 1 facts"), "{found:?}");
}

#[test]
fn whoever_is_disqualified_is_told_what_else_bars_the_grade() {
    let table = Table::new()
        .on_fact("out", "\"disqualify\"")
        .on_fact("cap", "{ cap = \"fair\" }");
    let round = one().fact("a", "out").fact("a", "cap");
    let found = obstacles(&round.decide(&table), "a");
    let by: Vec<&str> = found
        .iter()
        .filter_map(|one| one.split(' ').next())
        .collect();
    assert_eq!(by, ["out", "cap"]);
}

#[test]
fn an_adjustment_that_was_refused_stands_in_nobodys_way() {
    let table = Table::new().on_fact("floor", "{ floor = \"good\" }");
    let round = Round::of(&[("a", Some(85))])
        .fact("a", "floor")
        .adjusted("a", "poor");
    let found = obstacles(&round.decide(&table), "a");
    assert_eq!(found, ["total - 5 points"]);
}

#[test]
fn a_value_on_its_bound_is_said_to_lie_there_and_not_to_be_off_by_nothing() {
    let told = |test: &str, value: &str| {
        let when = format!("{{ measure = {{ of = \"m\" }}, {test} }}");
        let table = Table::new()
            .and("[[measure]]\ncode = \"m\"\nname = { zh = \"数据\", en = \"measure\" }\nunit = \"count\"\nevery = \"round\"")
            .rule("low", &when, "{ cap = \"good\" }", "");
        let round = Round::of(&[("a", Some(95))]).row(
            "measures",
            json!({ "subject": "a", "measure": "m", "period": "round", "value": value }),
        );
        let outcome = round.decide(&table);
        let scheme = table.scheme();
        let obstacle = &decision(&outcome, "a").obstacles[0];
        let words = Explainer::new(&scheme, []).obstacle(obstacle);
        let said = words.en.rsplit([';', ':', '—']).next().unwrap();
        said.trim().trim_end_matches('.').to_owned()
    };
    for (test, value, expected) in [
        ("equal_to = 0", "0", "any other value would clear it"),
        (
            "at_most = 3",
            "3",
            "it lies on the bound and has to be above it",
        ),
        (
            "at_least = 3",
            "3",
            "it lies on the bound and has to be below it",
        ),
        ("at_most = 3", "1", "it falls short by more than 2"),
        ("less_than = 3", "1", "it falls short by 2"),
        ("at_least = 3", "4", "it is too high by more than 1"),
        ("more_than = 3", "4", "it is too high by 1"),
    ] {
        assert_eq!(told(test, value), expected, "{test}");
    }
}
