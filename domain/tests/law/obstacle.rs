//! What an explanation says would help does help, and less does not.

use std::collections::BTreeMap;

use domain::number::{Points, Ratio};
use domain::outcome::{Change, Decision, Status};
use domain::scheme::Scheme;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Draw, SCHEME, code, draws, lay, outcome, place};

/// Rules of every kind beside those of the scheme of laws, and a fact that is worth a ten-thousandth of a point.
const MORE: &str = include_str!("obstacle.toml");

fn rich() -> Scheme {
    let (before, quotas) = SCHEME.split_once("# Quotas").unwrap();
    Scheme::parse(&format!("{before}{MORE}{quotas}")).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Does to the inputs what the obstacles of a subject say; false where one of them cannot be counted.
fn follow(inputs: &mut Value, subject: &str, decision: &Decision) -> bool {
    let mut lift = 0;
    let mut answers: BTreeMap<&str, u64> = BTreeMap::new();
    let mut fewer: BTreeMap<String, i64> = BTreeMap::new();
    for obstacle in &decision.obstacles {
        let compared = obstacle.compared.as_ref();
        let what = compared.map_or("", |one| one.what.as_ref());
        let mut parts = what.split('/').skip(1);
        let name = parts.next().unwrap_or("");
        let mine = |row: &Value| row["subject"] == subject;
        match &obstacle.change {
            Change::Points(points) if what == "points/i" => {
                for row in rows(inputs, "scores")
                    .iter_mut()
                    .filter(|row| mine(row) && row["item"] == "i")
                {
                    let before: Points = row["points"].to_string().parse().unwrap();
                    row["points"] = json!(before.add(*points).unwrap().to_string());
                }
            }
            Change::Points(points) => lift = lift.max(points.e4()),
            Change::Ahead(ahead) => match ahead.short {
                Some(short) => lift = lift.max(short.e4()),
                None => return false,
            },
            Change::Answers(count) => {
                let figure = parts.next().unwrap();
                let most = answers
                    .entry(if figure == "satisfaction_rate" {
                        "s"
                    } else {
                        "d"
                    })
                    .or_default();
                *most = (*most).max(*count);
            }
            Change::Facts(count) => {
                let most = fewer.entry(name.to_owned()).or_default();
                *most = (*most).max(*count);
            }
            Change::Gap(gap) if what.starts_with("measure/") => {
                for row in rows(inputs, "measures")
                    .iter_mut()
                    .filter(|row| mine(row) && row["period"] == "round")
                {
                    let before: Ratio = row["value"].to_string().parse().unwrap();
                    row["value"] = json!(before.add(gap).to_string());
                }
            }
            Change::Finding => {
                for row in rows(inputs, "investigations")
                    .iter_mut()
                    .filter(|row| mine(row))
                {
                    row["finding"] = json!("unfounded");
                }
            }
            Change::Earlier => rows(inputs, "history").retain(|row| !mine(row)),
            Change::Related(other) => rows(inputs, "relations").retain(|row| {
                let ends = [row["from"].as_str().unwrap(), row["to"].as_str().unwrap()];
                !(ends.contains(&subject) && ends.contains(&other.as_ref()))
            }),
            Change::Committee => rows(inputs, "adjustments").retain(|row| !mine(row)),
            _ => return false,
        }
    }
    for (kind, count) in fewer {
        for _ in 0..count {
            let mine = |row: &Value| row["subject"] == subject && row["kind"] == kind.as_str();
            let at = rows(inputs, "facts").iter().position(mine).unwrap();
            rows(inputs, "facts").remove(at);
        }
        // Where nothing happened, that has to be said.
        let nil = json!({ "subject": subject, "kind": kind });
        if kind == "nil" && !rows(inputs, "nil_reports").contains(&nil) {
            rows(inputs, "nil_reports").push(nil);
        }
    }
    let fewer = answers.get("d").copied().unwrap_or(0);
    let more = answers.get("s").copied().unwrap_or(0);
    convert(inputs, subject, &["d"], fewer);
    convert(inputs, subject, &["n", "d"], more.saturating_sub(fewer));
    if lift > 0 {
        let fact = json!({ "subject": subject, "kind": "lift", "reference": "lift", "event_on": "2026-06-01", "persons": lift });
        rows(inputs, "facts").push(fact);
    }
    true
}

/// Turns so many answers about a subject into satisfied ones.
fn convert(inputs: &mut Value, subject: &str, from: &[&str], count: u64) {
    for _ in 0..count {
        let tallies = rows(inputs, "tallies");
        let found = tallies.iter_mut().find(|row| {
            row["subject"] == subject
                && from.contains(&row["option"].as_str().unwrap())
                && row["count"] != 0
        });
        let found = found.unwrap();
        found["count"] = json!(found["count"].as_u64().unwrap() - 1);
        let question = found["question"].clone();
        let satisfied = |row: &&mut Value| {
            row["subject"] == subject && row["option"] == "s" && row["question"] == question
        };
        let to = tallies.iter_mut().find(satisfied).unwrap();
        to["count"] = json!(to["count"].as_u64().unwrap() + 1);
    }
}

fn rows<'v>(inputs: &'v mut Value, list: &str) -> &'v mut Vec<Value> {
    inputs[list].as_array_mut().unwrap()
}

/// With nothing missing.
fn whole(mut draw: Draw) -> Draw {
    draw.scores.0 = draw.scores.0.or(Some(50));
    draw.nil = true;
    draw.answers[0] += 3;
    draw.answers[2] += 1;
    if draw.investigation == 3 {
        draw.investigation = 1;
    }
    draw
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn doing_all_that_is_listed_lifts_the_grade(draws in draws()) {
        let scheme = rich();
        let mut inputs = lay(&draws.into_iter().map(whole).collect::<Vec<_>>());
        let mut before = outcome(&scheme, &inputs);
        // What the committee wanted and cannot have.
        if before.blocking().next().is_some() {
            inputs["adjustments"] = json!([]);
            before = outcome(&scheme, &inputs);
        }
        // Contradictions are left in most draws, which leave others beside them open.
        if before.blocking().next().is_some() {
            return Ok(());
        }
        for who in 0..before.decisions.len() {
            let decision = before.find(&code(who)).unwrap();
            let best = decision.grade.as_deref() == Some("good");
            let listed = decision.obstacles.iter().any(|one| one.grade.is_some());
            prop_assert!(best != listed, "{:?}", decision);
            let mut changed = inputs.clone();
            if listed && follow(&mut changed, &code(who), decision) {
                let after = outcome(&scheme, &changed);
                let lifted = after.find(&code(who)).unwrap();
                // Rules that contradict each other do so once there is a grade to be torn between, and floors that give
                // more seats than there are once the subject is recognised.
                let hidden = decision.disqualified || decision.obstacles.iter().any(|one| one.grade.is_none());
                if hidden && lifted.status == Status::Undetermined {
                    continue;
                }
                prop_assert!(place(lifted) < place(decision), "{:?} {:?}\n{:?} {:?}", decision.steps, decision.obstacles, lifted.steps, lifted.obstacles);
            }
        }
    }

    #[test]
    fn answers_that_an_obstacle_names_lift_the_grade_and_fewer_do_not(n in 0_u64..40, rest in 0_u64..40, op in 0_usize..4, bound in 1_u64..100) {
        let signs = ["less_than", "at_most", "more_than", "at_least"];
        let scheme = small(&format!("{{ survey = {{ of = \"v\", figure = \"satisfaction_rate\", question = \"q\" }}, {} = \"{bound}%\" }}", signs[op]));
        let up = op < 2;
        let graded = |satisfied: u64| {
            let tally = |option: &str, count: u64| json!({ "survey": "v", "subject": "u", "panel": "p", "channel": "web", "question": "q", "option": option, "count": count });
            let mut inputs = one_unit(90);
            inputs["tallies"] = json!([tally("s", satisfied), tally("d", n + rest - satisfied)]);
            inputs["sheets"] = json!([{ "survey": "v", "subject": "u", "panel": "p", "channel": "web", "valid": n + rest, "rated": n + rest, "invalid": 0, "replaced": 0, "late": 0 }]);
            outcome(&scheme, &inputs).find("u").unwrap().clone()
        };
        let decision = graded(n);
        if let [obstacle] = decision.obstacles.as_slice() && let Change::Answers(needed) = obstacle.change {
            let turned = |by: u64| if up { n.checked_add(by) } else { n.checked_sub(by) };
            let lifted = turned(needed).map(&graded).and_then(|decision| decision.grade);
            prop_assert_eq!(lifted.as_deref(), Some("good"));
            let short = needed.checked_sub(1).and_then(turned).map(&graded).and_then(|decision| decision.grade);
            prop_assert_eq!(short.as_deref(), Some("fair"));
        }
    }

    #[test]
    fn the_gap_of_a_weighted_rate_is_what_lifts_the_grade(first in 0_u64..12, second in 0_u64..12, bound in 1_u64..100) {
        let panels = "panel = [{ code = \"p\", name = { zh = \"p\", en = \"p\" }, weight = 3 }, { code = \"o\", name = { zh = \"o\", en = \"o\" }, weight = 1 }]";
        let when = format!("{{ survey = {{ of = \"v\", figure = \"satisfaction_rate\", question = \"q\" }}, less_than = \"{bound}%\" }}");
        let text = small_text(&when).replace("panel = [{ code = \"p\", name = { zh = \"p\", en = \"p\" } }]", &format!("{panels}\nweighting = {{ undefined_stratum = \"undefined\" }}"));
        let scheme = Scheme::parse(&text).unwrap();
        let graded = |first: u64| {
            let mut inputs = one_unit(90);
            let tally = |panel: &str, option: &str, count: u64| json!({ "survey": "v", "subject": "u", "panel": panel, "channel": "web", "question": "q", "option": option, "count": count });
            inputs["tallies"] = json!([tally("p", "s", first), tally("p", "d", 12 - first), tally("o", "s", second), tally("o", "d", 12 - second)]);
            let sheets = |panel: &str| json!({ "survey": "v", "subject": "u", "panel": panel, "channel": "web", "valid": 12, "rated": 12, "invalid": 0, "replaced": 0, "late": 0 });
            inputs["sheets"] = json!([sheets("p"), sheets("o")]);
            outcome(&scheme, &inputs).find("u").unwrap().clone()
        };
        let rate = |first: u64| Ratio::of_counts(3 * first + second, 48).unwrap();
        if let [obstacle] = graded(first).obstacles.as_slice() {
            let Change::Gap(gap) = &obstacle.change else { panic!("{obstacle:?}") };
            for more in first..=12 {
                let lifted = graded(more).grade.as_deref() == Some("good");
                prop_assert_eq!(lifted, rate(more).sub(&rate(first)) >= *gap);
            }
        }
    }

    #[test]
    fn points_that_an_obstacle_names_lift_the_grade_and_fewer_do_not(points in 0_i64..800_000) {
        let scheme = small("{ points = \"total\", less_than = 0 }");
        let graded = |e4: i64| {
            let mut inputs = one_unit(0);
            inputs["scores"][0]["points"] = json!(Points::from_e4(e4).to_string());
            outcome(&scheme, &inputs).find("u").unwrap().clone()
        };
        let decision = graded(points);
        let Change::Points(needed) = &decision.obstacles[0].change else { panic!("{:?}", decision.obstacles) };
        prop_assert!(place(&graded(points + needed.e4())) < place(&decision));
        prop_assert_eq!(place(&graded(points + needed.e4() - 1)), place(&decision));
    }
}

/// A scheme of one item and one cap at fair.
fn small(when: &str) -> Scheme {
    Scheme::parse(&small_text(when)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn small_text(when: &str) -> String {
    let (head, _) = SCHEME.split_once("\n[[measure]]").unwrap();
    let (head, tail) = head.split_once("demand = { least_valid = 3 }\n").unwrap();
    let table = "\n[[section]]\ncode = \"s\"\nkind = \"common\"\nname = { zh = \"s\", en = \"s\" }\nmax = 100\n\n[[item]]\ncode = \"i\"\nin = \"s\"\nname = { zh = \"i\", en = \"i\" }\nmax = 100\ngraded = { step = \"0.0001\", several = \"mean\" }\n\n[[fact]]\ncode = \"f\"\nname = { zh = \"f\", en = \"f\" }\ndated_by = \"event\"\ncounts = \"case\"\n\n[[rule]]\ncode = \"r\"\nname = { zh = \"r\", en = \"r\" }\nclause = \"1\"\neffect = { cap = \"fair\" }\nwords = { zh = \"r\", en = \"r\" }\n";
    format!("{head}{tail}{table}when = {when}\n")
}

fn one_unit(points: u8) -> Value {
    let mut inputs = lay(&[]);
    inputs["subjects"] =
        json!([{ "code": "u", "kind": "unit", "category": "unit", "region": "r0", "name": "u" }]);
    inputs["scores"] = json!([{ "subject": "u", "item": "i", "inspector": "a", "points": points }]);
    inputs
}

#[test]
fn facts_that_an_obstacle_names_lift_the_grade() {
    for (sign, bound, count) in [
        ("at_least", 1_i64, 3_i64),
        ("more_than", 1, 3),
        ("at_most", 2, 1),
        ("less_than", 2, 1),
        ("equal_to", 2, 2),
    ] {
        let scheme = small(&format!(
            "{{ facts = {{ kind = \"f\", back = {{ period = true }} }}, {sign} = {bound} }}"
        ));
        let graded = |count: i64| {
            let mut inputs = one_unit(90);
            inputs["facts"] = (0..count).map(|n| json!({ "subject": "u", "kind": "f", "reference": n.to_string(), "event_on": "2026-01-01", "persons": 1 })).collect();
            outcome(&scheme, &inputs).find("u").unwrap().clone()
        };
        let decision = graded(count);
        let Change::Facts(fewer) = decision.obstacles[0].change else {
            panic!("{sign}: {:?}", decision.obstacles)
        };
        assert_eq!(
            graded(count - fewer).grade.as_deref(),
            Some("good"),
            "{sign}"
        );
    }
}

#[test]
fn what_a_negated_condition_lacks_is_named() {
    let scheme = small(
        "{ not = { survey = { of = \"v\", figure = \"satisfaction_rate\", question = \"q\" }, at_least = \"90%\" } }",
    );
    let mut inputs = one_unit(90);
    let tally = |option: &str, count: u64| json!({ "survey": "v", "subject": "u", "panel": "p", "channel": "web", "question": "q", "option": option, "count": count });
    inputs["tallies"] = json!([tally("s", 612), tally("d", 388)]);
    inputs["sheets"] = json!([{ "survey": "v", "subject": "u", "panel": "p", "channel": "web", "valid": 1000, "rated": 1000, "invalid": 0, "replaced": 0, "late": 0 }]);
    let outcome = outcome(&scheme, &inputs);
    let obstacles = &outcome.find("u").unwrap().obstacles;
    assert_eq!(obstacles.len(), 1);
    assert_eq!(obstacles[0].change, Change::Answers(288));
}

#[test]
fn a_seat_takes_just_more_than_whoever_stands_at_the_line() {
    let quota = "\n[[quota]]\ncode = \"one\"\nname = { zh = \"one\", en = \"one\" }\nclause = \"1\"\ngrade = \"good\"\ngroup = \"everyone\"\nseats = 1\ncount_disqualified = false\ntie = \"all_fall\"\nsoft = false\nhand_on = false\n";
    let scheme = Scheme::parse(&format!(
        "{}{quota}",
        small_text("{ points = \"total\", less_than = 0 }")
    ))
    .unwrap();
    let graded = |points: &str| {
        let mut inputs = one_unit(0);
        let unit = |code: &str| json!({ "code": code, "kind": "unit", "category": "unit", "region": "r0", "name": code });
        inputs["subjects"] = json!([unit("first"), unit("u")]);
        let score = |subject: &str, points: &str| json!({ "subject": subject, "item": "i", "inspector": "a", "points": points });
        inputs["scores"] = json!([score("first", "90.5"), score("u", points)]);
        outcome(&scheme, &inputs).find("u").unwrap().clone()
    };
    // Below the band too: the total and the seat are both named, each with its own distance.
    for (points, expected) in [("88", vec!["2.5001"]), ("70", vec!["10", "20.5001"])] {
        let decision = graded(points);
        let told: Vec<String> = decision
            .obstacles
            .iter()
            .map(|obstacle| match &obstacle.change {
                Change::Points(points) => points.to_string(),
                Change::Ahead(ahead) => {
                    assert_eq!(ahead.line.as_deref(), Some("first"));
                    ahead.short.unwrap().to_string()
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, expected);
    }
    assert_eq!(graded("90.5").grade.as_deref(), Some("fair"));
    assert_eq!(graded("90.5001").grade.as_deref(), Some("good"));
}

#[test]
fn one_of_all_and_every_one_of_any_is_named() {
    let facts = "{ facts = { kind = \"f\", back = { period = true } }, at_least = 1 }";
    let total = "{ points = \"total\", at_least = 0 }";
    let named = |when: &str| {
        let mut inputs = one_unit(90);
        inputs["facts"] = json!([{ "subject": "u", "kind": "f", "reference": "1", "event_on": "2026-01-01", "persons": 1 }]);
        let outcome = outcome(&small(when), &inputs);
        outcome.find("u").unwrap().obstacles.len()
    };
    assert_eq!(named(&format!("{{ all = [{total}, {facts}] }}")), 1);
    assert_eq!(named(&format!("{{ any = [{total}, {facts}] }}")), 2);
    assert_eq!(
        named(&format!(
            "{{ not = {{ any = [{{ not = {total} }}, {{ not = {facts} }}] }} }}"
        )),
        1
    );
}
