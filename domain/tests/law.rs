//! Laws that hold whatever the inputs are: order leaves no trace, a veto makes nobody eligible, seats are never
//! exceeded, caps only lower, and what an explanation says would help does help.

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::number::{Points, Ratio};
use domain::outcome::{Decision, ENGINE, GapKind, Outcome, Shown, Status, Step, Truth3};
use domain::package::{self, Package};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "law/drawn.rs"]
mod drawn;
#[path = "law/obstacle.rs"]
mod obstacle;

const SCHEME: &str = include_str!("law/scheme.toml");
const GRADES: [&str; 3] = ["good", "fair", "poor"];

fn scheme() -> Scheme {
    Scheme::parse(SCHEME).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn without_quotas() -> Scheme {
    let (text, _) = SCHEME.split_once("# Quotas").unwrap();
    Scheme::parse(text).unwrap()
}

/// What is known about one subject, drawn at random.
#[derive(Debug, Clone)]
struct Draw {
    category: usize,
    region: usize,
    scores: (Option<u16>, Vec<u16>),
    answers: [u8; 4],
    measure: (Option<u8>, Option<u8>),
    /// One bit for each kind of fact and for what else is there or not.
    facts: u8,
    nil: bool,
    history: [usize; 2],
    investigation: usize,
    adjustment: usize,
    kin: usize,
}

fn draw() -> impl Strategy<Value = Draw> {
    let scores = (
        prop_oneof![1 => Just(None), 6 => (30_u16..=60).prop_map(Some), 3 => (55_u16..=60).prop_map(Some)],
        proptest::collection::vec(0_u16..=20, 0..4),
    );
    // Bits of facts that are rare, so that most subjects can be decided.
    let facts = proptest::collection::vec(0_u8..8, 5).prop_map(|draws| {
        draws.iter().enumerate().fold(0, |bits, (place, draw)| {
            bits | (u8::from(*draw == 0) << place)
        })
    });
    (
        (
            0_usize..3,
            0_usize..2,
            scores,
            proptest::array::uniform4(0_u8..20),
        ),
        (
            proptest::option::of(0_u8..25),
            proptest::option::of(0_u8..25),
        ),
        (facts, proptest::bool::weighted(0.9)),
        (
            proptest::array::uniform2(0_usize..4),
            0_usize..8,
            0_usize..12,
            0_usize..8,
        ),
    )
        .prop_map(
            |((category, region, scores, answers), measure, (facts, nil), rest)| Draw {
                category,
                region,
                scores,
                answers,
                measure,
                facts,
                nil,
                history: rest.0,
                investigation: rest.1,
                adjustment: rest.2,
                kin: rest.3,
            },
        )
}

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    // Some are like the one before in everything, so that there are ties.
    proptest::collection::vec((draw(), 0_u8..5), 1..14).prop_map(|drawn| {
        let mut draws: Vec<Draw> = Vec::with_capacity(drawn.len());
        for (draw, like) in drawn {
            let before = draws.last().filter(|_| like == 0).cloned();
            draws.push(before.unwrap_or(draw));
        }
        draws
    })
}

fn code(place: usize) -> String {
    format!("s{place:02}")
}

fn fact(subject: &str, kind: &str) -> Value {
    json!({ "subject": subject, "kind": kind, "reference": "case", "event_on": "2026-06-01", "persons": 1 })
}

fn lay(draws: &[Draw]) -> Value {
    let kinds = ["unit", "team", "person"];
    let mut rows: [Vec<Value>; 12] = Default::default();
    let [
        subjects,
        relations,
        scores,
        measures,
        facts,
        nil,
        tallies,
        sheets,
        history,
        investigations,
        adjustments,
        turnouts,
    ] = &mut rows;
    for (place, draw) in draws.iter().enumerate() {
        let subject = code(place);
        let kind = kinds[draw.category];
        subjects.push(json!({ "code": subject, "kind": kind, "category": kind, "region": format!("r{}", draw.region), "name": subject }));
        // The first team from there on.
        let from = (0..draws.len()).map(|step| (draw.kin + step) % draws.len());
        let kin = from.into_iter().find(|kin| draws[*kin].category == 1);
        if let Some(kin) = kin.filter(|_| kind == "person") {
            let relation = if draw.kin % 2 == 0 {
                "heads"
            } else {
                "member_of"
            };
            relations.push(json!({ "kind": relation, "from": subject, "to": code(kin) }));
        }
        if let Some(points) = draw.scores.0 {
            scores.push(
                json!({ "subject": subject, "item": "i", "inspector": "a", "points": points }),
            );
        }
        for (inspector, points) in draw.scores.1.iter().enumerate() {
            scores.push(json!({ "subject": subject, "item": "j", "inspector": format!("i{inspector}"), "points": points }));
        }
        for (period, value) in [("round", draw.measure.0), ("last_year", draw.measure.1)] {
            if let Some(value) = value {
                measures.push(
                    json!({ "subject": subject, "measure": "m", "period": period, "value": value }),
                );
            }
        }
        for (bit, fact_kind) in ["veto", "cap", "floor", "late", "nil"].iter().enumerate() {
            if draw.facts & (1 << bit) != 0 {
                facts.push(fact(&subject, fact_kind));
            }
        }
        if draw.nil {
            nil.push(json!({ "subject": subject, "kind": "nil" }));
        }
        let sum: u64 = draw.answers.iter().map(|n| u64::from(*n)).sum();
        for question in ["q", "r"] {
            for (option, count) in ["s", "n", "d", "x"].iter().zip(draw.answers) {
                tallies.push(json!({ "survey": "v", "subject": subject, "panel": "p", "channel": "web", "question": question, "option": option, "count": count }));
            }
        }
        sheets.push(json!({ "survey": "v", "subject": subject, "panel": "p", "channel": "web", "valid": sum, "rated": sum - u64::from(draw.answers[3]), "invalid": 1, "replaced": 0, "late": 0 }));
        for (round, grade) in ["e2", "e1"].iter().zip(draw.history) {
            if let Some(grade) = GRADES.get(grade) {
                history.push(json!({ "subject": subject, "round": round, "grade": grade }));
            }
        }
        let finding = match draw.investigation {
            0 => json!({ "by_hand": true, "finding": "verified" }),
            1 => json!({ "by_hand": false, "finding": "verified" }),
            2 => json!({ "by_hand": false, "finding": "unfounded" }),
            3 => json!({ "by_hand": false }),
            _ => Value::Null,
        };
        if let Value::Object(mut row) = finding {
            row.insert("subject".to_owned(), json!(subject));
            row.insert("rule".to_owned(), json!("third"));
            investigations.push(row.into());
        }
        if let Some(grade) = GRADES.get(draw.adjustment) {
            adjustments.push(json!({ "subject": subject, "grade": grade, "by": "committee", "on": "2027-01-10", "reason": "recorded" }));
        }
        turnouts.push(json!({ "survey": "v", "subject": subject, "panel": "p", "issued": 100 }));
    }
    let [
        subjects,
        relations,
        scores,
        measures,
        facts,
        nil,
        tallies,
        sheets,
        history,
        investigations,
        adjustments,
        turnouts,
    ] = rows;
    json!({
        "format": "mingjian-inputs/1",
        "round": { "code": "r", "series": "r", "name": "r", "period_from": "2026-01-01", "period_to": "2026-12-31", "time_zone": "Asia/Shanghai",
                   "earlier": [{ "code": "e2", "closed_on": "2025-12-31" }, { "code": "e1", "closed_on": "2024-12-31" }] },
        "regions": [{ "code": "r0", "name": "r0" }, { "code": "r1", "name": "r1", "parent": "r0" }],
        "subjects": subjects, "relations": relations, "scores": scores, "measures": measures, "facts": facts, "nil_reports": nil,
        "tallies": tallies, "sheets": sheets, "turnouts": turnouts, "history": history, "investigations": investigations, "adjustments": adjustments,
    })
}

fn outcome(scheme: &Scheme, inputs: &Value) -> Outcome {
    let inputs = Inputs::parse(&inputs.to_string()).unwrap();
    let snapshot = Snapshot::build(scheme, &inputs).unwrap_or_else(|faults| panic!("{faults:?}"));
    decide(scheme, &snapshot)
}

fn bytes(outcome: &Outcome) -> Vec<u8> {
    serde_json::to_vec(outcome).unwrap()
}

/// Every list of rows the other way round, and turned by some.
fn stirred(inputs: &Value, by: usize) -> Value {
    let mut inputs = inputs.clone();
    for (_, rows) in inputs.as_object_mut().unwrap() {
        if let Value::Array(rows) = rows {
            rows.reverse();
            let by = if rows.is_empty() { 0 } else { by % rows.len() };
            rows.rotate_left(by);
        }
    }
    inputs
}

/// The place of a grade, the best first; after the last where there is none.
fn place(decision: &Decision) -> usize {
    let grade = decision.grade.as_deref();
    GRADES
        .iter()
        .position(|code| Some(*code) == grade)
        .unwrap_or(GRADES.len())
}

fn fired(decision: &Decision, rule: &str) -> Option<Truth3> {
    decision
        .rules
        .iter()
        .find(|result| result.rule.as_ref() == rule)
        .map(|result| result.fired)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_rows_leaves_no_trace(draws in draws(), by in 0_usize..7) {
        let inputs = lay(&draws);
        let scheme = scheme();
        let first = bytes(&outcome(&scheme, &inputs));
        prop_assert_eq!(&first, &bytes(&outcome(&scheme, &stirred(&inputs, by))));
    }

    #[test]
    fn whoever_is_undetermined_keeps_the_round_open(draws in draws()) {
        let outcome = outcome(&scheme(), &lay(&draws));
        let open = outcome.decisions.iter().any(|decision| decision.status == Status::Undetermined);
        prop_assert!(!open || outcome.blocking().next().is_some());
        for decision in &outcome.decisions {
            prop_assert!(decision.status != Status::Undetermined || decision.grade.is_none());
            prop_assert!(!decision.disqualified || (decision.grade.is_none() && decision.rank.is_none() && decision.eligible == Some(false)));
        }
    }

    #[test]
    fn whoever_is_undetermined_is_told_of_something_that_blocks(draws in draws()) {
        // A quota leaves others undetermined too, and tells that of the group. An adjustment may settle a cap by one
        // relation while another is open, and then the open one is told.
        let mut inputs = lay(&draws);
        inputs["adjustments"] = json!([]);
        let outcome = outcome(&without_quotas(), &inputs);
        for decision in outcome.decisions.iter().filter(|decision| decision.status == Status::Undetermined) {
            let told = outcome.blocking().any(|gap| gap.subject.as_ref() == Some(&decision.subject));
            prop_assert!(told, "{} {:?}", decision.subject, decision.rules);
        }
    }

    #[test]
    fn what_is_undetermined_is_never_taken_for_false(draws in draws()) {
        for decision in outcome(&scheme(), &lay(&draws)).decisions {
            for result in decision.rules.iter().filter(|result| result.settled_by.is_none()) {
                let unknown = result.compared.iter().all(|one| one.holds == Truth3::Undetermined);
                let missing = result.compared.iter().filter(|one| one.left == Shown::Missing);
                prop_assert!(missing.clone().all(|one| one.holds == Truth3::Undetermined), "{:?}", result);
                prop_assert!(result.compared.is_empty() || !unknown || result.fired == Truth3::Undetermined, "{:?}", result);
            }
        }
    }

    #[test]
    fn a_veto_never_makes_its_subject_eligible(draws in draws(), who in 0_usize..14) {
        let mut inputs = lay(&draws);
        let subject = code(who % draws.len());
        inputs["facts"].as_array_mut().unwrap().push(json!({ "subject": subject, "kind": "veto", "reference": "another", "event_on": "2026-12-31", "persons": 1 }));
        let after = outcome(&scheme(), &inputs);
        let decision = after.find(&subject).unwrap();
        prop_assert!(decision.disqualified && decision.eligible == Some(false) && decision.grade.is_none());
    }

    #[test]
    fn a_veto_makes_nobody_eligible_where_no_seats_are_counted(draws in draws(), who in 0_usize..14) {
        // A label that feeds points goes to the next when its holder falls out, so it feeds none here.
        let (text, _) = SCHEME.split_once("# Quotas").unwrap();
        let fed = "start = \"zero\", points = 2, once = true";
        assert!(text.contains(fed));
        let scheme = Scheme::parse(&text.replacen(fed, "start = \"zero\", points = 0, once = true", 1)).unwrap();
        let mut inputs = lay(&draws);
        inputs["adjustments"] = json!([]);
        let before = outcome(&scheme, &inputs);
        let subject = code(who % draws.len());
        inputs["facts"].as_array_mut().unwrap().push(json!({ "subject": subject, "kind": "veto", "reference": "another", "event_on": "2026-12-31", "persons": 1 }));
        let after = outcome(&scheme, &inputs);
        for (before, after) in before.decisions.iter().zip(&after.decisions) {
            prop_assert!(after.eligible != Some(true) || before.eligible == Some(true), "{}", after.subject);
        }
    }

    #[test]
    fn seats_are_never_exceeded(draws in draws()) {
        let scheme = scheme();
        let outcome = outcome(&scheme, &lay(&draws));
        for quota in &outcome.quotas {
            let contradicts = |gap: &domain::outcome::Gap| gap.kind == GapKind::QuotaContradiction && gap.place == quota.quota;
            if outcome.gaps.iter().any(contradicts) {
                continue;
            }
            let limit = usize::from(quota.quota.as_ref() == "q_fair");
            let by_region = quota.quota.as_ref() == "q_region";
            let sitting = outcome.decisions.iter().filter(|decision| {
                let group = if by_region { format!("{}/{}", decision.category, decision.region) } else { decision.category.to_string() };
                group == quota.group.as_ref() && place(decision) <= limit && fired(decision, "punctual") == Some(Truth3::False)
            });
            prop_assert!(sitting.count() <= usize::try_from(quota.seats).unwrap(), "{:?}", quota);
        }
    }

    #[test]
    fn a_cap_never_lifts_its_subject(draws in draws(), who in 0_usize..14) {
        let scheme = without_quotas();
        let mut inputs = lay(&draws);
        let before = outcome(&scheme, &inputs);
        // Whoever holds the best grade, if anybody does: nobody else is lowered by this cap.
        let turn = |step: usize| code((who + step) % draws.len());
        let best = |subject: &String| place(before.find(subject).unwrap()) == 0;
        let subject = (0..draws.len()).map(turn).find(best).unwrap_or_else(|| turn(0));
        inputs["facts"].as_array_mut().unwrap().push(json!({ "subject": subject, "kind": "cap", "reference": "another", "event_on": "2026-12-31", "persons": 1 }));
        let after = outcome(&scheme, &inputs);
        let (before, after) = (before.find(&subject).unwrap(), after.find(&subject).unwrap());
        prop_assert!(place(after) >= place(before));
        // A floor may hold against it, and then it is a contradiction.
        prop_assert!(place(after) > 0, "{:?}", after.steps);
    }

    #[test]
    fn a_higher_score_never_lowers_total_or_rank(draws in draws(), who in 0_usize..14, from in 30_u16..60, by in 1_u16..30) {
        let scheme = without_quotas();
        let mut draws = draws;
        let who = who % draws.len();
        draws[who].scores.0 = Some(from);
        let before = outcome(&scheme, &lay(&draws));
        draws[who].scores.0 = Some((from + by).min(60));
        let after = outcome(&scheme, &lay(&draws));
        let (before, after) = (before.find(&code(who)).unwrap(), after.find(&code(who)).unwrap());
        prop_assert!(after.total > before.total || before.total.is_none());
        prop_assert!(after.rank <= before.rank || before.rank.is_none());
    }

    #[test]
    fn what_is_replayed_is_what_was_decided_and_what_was_altered_is_not(draws in draws(), who in 0_usize..14) {
        let inputs = Inputs::parse(&lay(&draws).to_string()).unwrap();
        let package = Package {
            format: package::FORMAT.to_owned(),
            engine: ENGINE.to_owned(),
            revision: 1,
            scheme: SCHEME.to_owned(),
            outcome: outcome(&scheme(), &lay(&draws)),
            inputs,
            combined_roles: None,
            public_of: None,
            sheets: None,
        };
        let same = package::replay(&package.to_canonical().unwrap()).map_err(|found| TestCaseError::fail(found.to_string()))?;
        prop_assert_eq!(same.subjects, draws.len());
        let mut altered = package;
        let decision = &mut altered.outcome.decisions[who % draws.len()];
        decision.rank = Some(decision.rank.unwrap_or(0) + 1);
        let found = package::replay(&altered.to_canonical().unwrap()).unwrap_err();
        prop_assert_eq!(found.path, format!("outcome/decisions/{}/rank", code(who % draws.len())));
    }

    #[test]
    fn rates_are_compared_exactly(n in any::<u64>(), d in 1_u64.., p in any::<u64>(), q in 1_u64.., near in any::<bool>()) {
        let (n, d) = if near { (p.saturating_sub(n % 2), q.saturating_sub(d % 2).max(1)) } else { (n, d) };
        let (rate, bound) = (Ratio::of_counts(n, d).unwrap(), Ratio::of_counts(p, q).unwrap());
        let crosswise = (u128::from(n) * u128::from(q)).cmp(&(u128::from(p) * u128::from(d)));
        prop_assert_eq!(rate.cmp(&bound), crosswise);
    }

    #[test]
    fn what_a_review_rules_out_never_comes_to_pass(draws in draws(), rules in proptest::collection::vec(condition(), 1..5), settings in settings()) {
        let text = with_rules(&rules, &settings);
        let scheme = Scheme::parse(&text).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
        let review = Scheme::review(&text);
        let outcome = outcome(&scheme, &lay(&draws));
        let found = |code: &str, path: &str| review.faults.iter().any(|fault| fault.code == code && fault.path == path);
        for decision in &outcome.decisions {
            for result in decision.rules.iter().filter(|result| result.fired == Truth3::True) {
                prop_assert!(!found("rule_never_fires", &format!("rule/{}/when", result.rule)), "{} fires\n{}", result.rule, text);
            }
            for result in decision.rules.iter().filter(|result| result.fired == Truth3::False) {
                prop_assert!(!found("rule_always_fires", &format!("rule/{}/when", result.rule)), "{} rests\n{}", result.rule, text);
            }
            // The committee may give what no table does.
            let adjusted = decision.steps.iter().any(|step| step.step == Step::Adjustment);
            if let Some(grade) = decision.grade.as_ref().filter(|_| !adjusted) {
                let paths = [format!("grade/{grade}"), format!("grade/{grade}/from")];
                prop_assert!(!paths.iter().any(|path| found("grade_out_of_reach", path)), "{grade} is given\n{text}");
            }
            let range = review.totals.iter().find(|range| range.category == decision.category.as_ref());
            if let Some(total) = decision.total.map(Points::to_ratio) {
                let range = range.expect("what has a total has a range");
                prop_assert!(range.least.as_ref().is_none_or(|least| *least <= total), "{total} in {range:?}\n{text}");
                prop_assert!(range.most.as_ref().is_none_or(|most| *most >= total), "{total} in {range:?}\n{text}");
            }
        }
    }

    #[test]
    fn any_text_is_a_scheme_or_a_list_of_faults(text in "[\\[\\]{}a-z=\". \n#0-9-]{0,400}") {
        prop_assert!(Scheme::parse(&text).is_err_and(|faults| !faults.is_empty()));
    }
}

/// A condition in the words of a file, three levels deep at most.
fn condition() -> impl Strategy<Value = String> {
    let values = prop_oneof![
        Just("points = \"total\"".to_owned()),
        Just("points = \"s\"".to_owned()),
        Just("points = \"j\"".to_owned()),
        Just("points = \"d\"".to_owned()),
        Just("facts = { kind = \"late\", back = { period = true } }".to_owned()),
        Just("facts = { kind = \"late\", back = { calendar_years = 2 } }".to_owned()),
        Just("measure = { of = \"m\" }".to_owned()),
        Just("measure = { of = \"m\", versus = \"change\" }".to_owned()),
    ];
    let rates = prop_oneof![
        Just("survey = { of = \"v\", figure = \"satisfaction_rate\" }"),
        Just("survey = { of = \"v\", figure = \"dissatisfied_share\", question = \"q\" }"),
    ];
    let signs = ["at_least", "more_than", "at_most", "less_than", "equal_to"];
    let sign = move || proptest::sample::select(signs.to_vec());
    let leaf = prop_oneof![
        3 => (values, sign(), -2_i32..3, 0_usize..4).prop_map(|(value, sign, small, by)| {
            format!("{{ {value}, {sign} = {} }}", small * [1, 1, 10, 60][by])
        }),
        2 => (rates, sign(), 0_u32..=4).prop_map(|(rate, sign, quarters)| {
            format!("{{ {rate}, {sign} = \"{}%\" }}", quarters * 25)
        }),
        1 => Just("{ label = \"best\" }".to_owned()),
        1 => Just("{ related = { by = [\"members\"], hold = \"all\", that = { measure = { of = \"m\" }, less_than = 0 } } }".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            2 => proptest::collection::vec(inner.clone(), 1..4).prop_map(|list| format!("{{ all = [{}] }}", list.join(", "))),
            2 => proptest::collection::vec(inner.clone(), 1..4).prop_map(|list| format!("{{ any = [{}] }}", list.join(", "))),
            1 => inner.prop_map(|inner| format!("{{ not = {inner} }}")),
        ]
    })
}

/// Bounds of totals and bands, and what becomes of items that do not apply.
fn settings() -> impl Strategy<Value = (String, [i32; 2], bool)> {
    let bounds = prop_oneof![
        3 => Just(String::new()),
        1 => Just(", total_floor = 65".to_owned()),
        1 => Just(", total_ceiling = 75".to_owned()),
        1 => Just(", total_floor = 0, total_ceiling = 40".to_owned()),
    ];
    let scaled = proptest::option::of(any::<bool>()).prop_map(|scale| {
        scale.map_or_else(String::new, |scale| {
            format!(", scale_not_applicable = {scale}")
        })
    });
    let bands = prop_oneof![
        Just([80, 60]),
        Just([120, 60]),
        Just([103, 90]),
        Just([80, -10])
    ];
    (bounds, scaled, bands, any::<bool>())
        .prop_map(|(bounds, scaled, bands, floors)| (format!("{bounds}{scaled}"), bands, floors))
}

/// The scheme of these laws with rules of these conditions: alerts, points, requirements and floors.
fn with_rules(conditions: &[String], settings: &(String, [i32; 2], bool)) -> String {
    let (grading, [good, fair], floors) = settings;
    let mut text = SCHEME
        .replacen(
            "minimum = \"fair\"",
            &format!("minimum = \"fair\"{grading}"),
            1,
        )
        .replacen("from = \"80\"", &format!("from = \"{good}\""), 1)
        .replacen("from = \"60\"", &format!("from = \"{fair}\""), 1);
    if grading.contains("scale_not_applicable") {
        // The item by the survey then does not apply where nobody answered.
        text = text.replacen(
            "missing = { points = 4 }",
            "missing = \"not_applicable\"",
            1,
        );
    }
    // A title for the best that gives points must not wait for a requirement that looks at them.
    text = text.replacen("best = 1\nby = { survey", "worst = 1\nby = { survey", 1);
    for (place, when) in conditions.iter().enumerate() {
        let narrow = !when.contains("points = \"total\"")
            && !when.contains("points = \"s\"")
            && !when.contains("points = \"d\"")
            && !when.contains("related");
        let effect = match place {
            0 if narrow => "{ add = { node = \"j\", points = 7 } }",
            1 if narrow => "{ deduct = { node = \"s\", points = 30 } }",
            2 => "\"require\"",
            3 if *floors => "{ floor = \"good\" }",
            _ => "\"alert\"",
        };
        let code = format!("random{place}");
        let rule = format!(
            "\n[[rule]]\ncode = \"{code}\"\nname = {{ zh = \"r\", en = \"r\" }}\nclause = \"1\"\nwhen = {when}\neffect = {effect}\nwords = {{ zh = \"r\", en = \"r\" }}\nundetermined = \"not_fired\"\n"
        );
        text.push_str(&rule);
    }
    text
}

#[test]
fn three_values_keep_the_laws_of_logic() {
    use Truth3::{False, True, Undetermined};
    let all = [True, False, Undetermined];
    for a in all {
        assert_eq!(a.negate().negate(), a);
        assert_eq!((a.and(True), a.or(False)), (a, a));
        assert_eq!((a.and(False), a.or(True)), (False, True));
        for b in all {
            assert_eq!((a.and(b), a.or(b)), (b.and(a), b.or(a)));
            assert_eq!(a.and(b).negate(), a.negate().or(b.negate()));
            for c in all {
                assert_eq!(a.and(b).and(c), a.and(b.and(c)));
                assert_eq!(a.or(b).or(c), a.or(b.or(c)));
                assert_eq!(a.and(b.or(c)), a.and(b).or(a.and(c)));
            }
        }
    }
}

#[test]
fn threads_leave_no_trace() {
    let scheme = scheme();
    let draw = |n: usize| Draw {
        category: n % 3,
        region: n % 2,
        scores: (Some(50), vec![20]),
        answers: [9, 1, 1, 0],
        measure: (Some(20), Some(10)),
        facts: 0,
        nil: true,
        history: [0, 0],
        investigation: 9,
        adjustment: 9,
        kin: n,
    };
    let inputs = lay(&(0..12).map(draw).collect::<Vec<_>>());
    let alone = bytes(&outcome(&scheme, &inputs));
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| bytes(&outcome(&scheme, &inputs))))
            .collect();
        for other in others {
            assert_eq!(other.join().unwrap(), alone);
        }
    });
}

#[test]
fn a_megabyte_of_noise_and_a_deep_nest_are_refused() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + u8::try_from((state >> 24) % 95).unwrap())
    };
    let noise: String = (0..1_000_000).map(|_| next()).collect();
    let nests = [
        "a = ".to_owned() + &"[".repeat(200_000),
        "a = ".to_owned() + &"{a=".repeat(200_000),
        "[".repeat(200_000),
        "a.".repeat(200_000) + "b = 1",
    ];
    for text in nests
        .into_iter()
        .chain([noise, "[[item]]\n".repeat(100_000)])
    {
        let faults = Scheme::parse(&text).err().unwrap();
        assert!(!faults.is_empty() && faults.len() <= 200);
    }
}
