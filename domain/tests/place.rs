//! Every scheme in `schemes/` keeps the promises that a scheme makes: it loads, names its source and its clauses, says
//! everything in two languages, and its sample round comes to what was worked out without the engine.
//!
//! Nothing here names a place: `schemes/<place>/<scheme>.toml` is found with `<scheme>.sample.json` and
//! `<scheme>.expected.json` beside it. What one document says and no other is asked in the test of that place.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::number::Points;
use domain::outcome::{
    Action, Consequence, ENGINE, Gap, GapKind, GradeStep, Outcome, QuotaResult, Status, Step,
    Truth3,
};
use domain::package::{self, Package};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The kind of the consequence that warns.
const ALERT: &str = "alert";

/// A scheme with its sample round.
struct Place {
    /// `ouhai/organ`.
    name: String,
    /// The text of the scheme file.
    table: String,
    sample: String,
    expected: String,
}

impl Place {
    fn scheme(&self) -> Scheme {
        Scheme::parse(&self.table).unwrap_or_else(|faults| panic!("{}: {faults:#?}", self.name))
    }

    fn decide(&self, inputs: &Inputs) -> Outcome {
        let scheme = self.scheme();
        let snapshot = Snapshot::build(&scheme, inputs)
            .unwrap_or_else(|faults| panic!("{}: {faults:#?}", self.name));
        decide(&scheme, &snapshot)
    }

    fn outcome(&self) -> Outcome {
        let inputs =
            Inputs::parse(&self.sample).unwrap_or_else(|why| panic!("{}: {why}", self.name));
        self.decide(&inputs)
    }

    fn expected(&self) -> Expected {
        serde_json::from_str(&self.expected).unwrap_or_else(|why| panic!("{}: {why}", self.name))
    }
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn places() -> Vec<Place> {
    let schemes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemes");
    let mut places = Vec::new();
    for folder in listed(&schemes).iter().filter(|path| path.is_dir()) {
        let tables = listed(folder);
        let tables = tables.iter().filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        for table in tables {
            let name = table.strip_prefix(&schemes).unwrap().with_extension("");
            places.push(Place {
                name: name.to_str().unwrap().to_owned(),
                table: read(table),
                sample: read(&table.with_extension("sample.json")),
                expected: read(&table.with_extension("expected.json")),
            });
        }
    }
    assert!(!places.is_empty(), "no scheme in {}", schemes.display());
    places
}

/// `<scheme>.expected.json`: what the sample round comes to, worked out without the engine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    round: String,
    decisions: Vec<ExpectedDecision>,
    /// What keeps the round from being closed; nothing unless it is there to show that.
    #[serde(default)]
    blocking: Vec<ExpectedGap>,
    /// How every quota was filled.
    #[serde(default)]
    quotas: Option<Vec<QuotaResult>>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedGap {
    subject: Option<String>,
    kind: GapKind,
    place: String,
    action: Action,
}

/// What a subject gets. What is not named is not compared, save `disqualified`, `undetermined` and `held`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedDecision {
    subject: String,
    /// What the subject is there to show.
    case: String,
    total: Option<Points>,
    grade: Option<String>,
    rank: Option<u32>,
    disqualified: bool,
    eligible: Option<bool>,
    labels: Vec<String>,
    /// Rules that fired, in the order of the scheme.
    fired: Vec<String>,
    /// Points of the items of interest; `null` where one has none.
    #[serde(default)]
    items: BTreeMap<String, Option<Points>>,
    /// Whether something is missing or contradictory.
    #[serde(default)]
    undetermined: bool,
    /// Whether a waiver holds it.
    #[serde(default)]
    held: bool,
    /// Points of sections and indicators of interest.
    #[serde(default)]
    nodes: BTreeMap<String, Option<Points>>,
    /// Rules whose condition stayed undetermined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undetermined_rules: Option<Vec<String>>,
    /// The grade that the total or the proposal gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_grade: Option<String>,
    /// Rules that held the grade down, in the order in which they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caps: Option<Vec<String>>,
    /// Everything that was done to the grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<GradeStep>>,
    /// Rules that warn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alerts: Option<Vec<String>>,
    /// What comes of it, warnings left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    follow_ups: Option<Vec<Consequence>>,
}

/// What the engine says of the same things.
fn found(outcome: &Outcome, expected: &ExpectedDecision) -> ExpectedDecision {
    let decision = outcome
        .find(&expected.subject)
        .unwrap_or_else(|| panic!("no decision on `{}`", expected.subject));
    let fired = |truth: Truth3| -> Vec<String> {
        let rules = decision.rules.iter().filter(|rule| rule.fired == truth);
        rules.map(|rule| rule.rule.to_string()).collect()
    };
    let (alerts, follow_ups): (Vec<Consequence>, Vec<Consequence>) = decision
        .consequences
        .iter()
        .cloned()
        .partition(|consequence| consequence.kind.as_ref() == ALERT);
    ExpectedDecision {
        subject: decision.subject.to_string(),
        case: expected.case.clone(),
        total: decision.total,
        grade: decision.grade.as_deref().map(str::to_owned),
        rank: decision.rank,
        disqualified: decision.disqualified,
        eligible: decision.eligible,
        labels: decision.labels.iter().map(ToString::to_string).collect(),
        fired: fired(Truth3::True),
        items: decision
            .items
            .iter()
            .filter(|item| expected.items.contains_key(item.code.as_ref()))
            .map(|item| (item.code.to_string(), item.points))
            .collect(),
        undetermined: decision.status == Status::Undetermined,
        held: decision.status == Status::Held,
        nodes: decision
            .nodes
            .iter()
            .filter(|node| expected.nodes.contains_key(node.code.as_ref()))
            .map(|node| (node.code.to_string(), node.points))
            .collect(),
        undetermined_rules: expected
            .undetermined_rules
            .as_ref()
            .map(|_| fired(Truth3::Undetermined)),
        base_grade: expected
            .base_grade
            .as_ref()
            .and(decision.base_grade.as_deref().map(str::to_owned)),
        caps: expected.caps.as_ref().map(|_| {
            let capped = decision
                .steps
                .iter()
                .filter(|step| matches!(step.step, Step::Rule | Step::RelatedCap))
                .filter(|step| step.from != step.to);
            capped
                .filter_map(|step| Some(step.by.as_ref()?.to_string()))
                .collect()
        }),
        steps: expected.steps.as_ref().map(|_| decision.steps.clone()),
        alerts: expected
            .alerts
            .as_ref()
            .map(|_| alerts.iter().map(|alert| alert.rule.to_string()).collect()),
        follow_ups: expected.follow_ups.as_ref().map(|_| follow_ups),
    }
}

#[test]
fn every_sample_round_comes_to_what_was_worked_out_without_the_engine() {
    let mut wrong = Vec::new();
    for place in places() {
        let expected = place.expected();
        let outcome = place.outcome();
        assert_eq!(outcome.round.as_ref(), expected.round, "{}", place.name);
        let named: Vec<&str> = expected
            .decisions
            .iter()
            .map(|decision| decision.subject.as_str())
            .collect();
        let decided: Vec<&str> = outcome
            .decisions
            .iter()
            .map(|decision| decision.subject.as_ref())
            .collect();
        assert_eq!(decided, named, "{}", place.name);
        for decision in &expected.decisions {
            let found = found(&outcome, decision);
            if found != *decision {
                let text = |decision| serde_json::to_string(decision).unwrap();
                wrong.push(format!(
                    "{} {}\n expected {}\n found    {}",
                    place.name,
                    decision.subject,
                    text(decision),
                    text(&found)
                ));
            }
        }
        if let Some(quotas) = &expected.quotas {
            assert_eq!(outcome.quotas, *quotas, "{}", place.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_keeps_a_sample_round_from_being_closed_but_what_it_is_there_to_show() {
    for place in places() {
        let blocking: Vec<ExpectedGap> =
            place.outcome().blocking().map(ExpectedGap::from).collect();
        assert_eq!(blocking, place.expected().blocking, "{}", place.name);
    }
}

impl From<&Gap> for ExpectedGap {
    fn from(gap: &Gap) -> Self {
        Self {
            subject: gap.subject.as_deref().map(str::to_owned),
            kind: gap.kind,
            place: gap.place.to_string(),
            action: gap.action,
        }
    }
}

#[test]
fn every_scheme_names_its_source_and_the_clause_of_everything() {
    for place in places() {
        let name = &place.name;
        let file = place.scheme().file;
        assert!(!file.source.is_empty(), "{name}: no source");
        assert!(
            file.source
                .iter()
                .all(|source| !source.title.trim().is_empty()),
            "{name}: a source without a title"
        );
        assert!(file.about.is_some(), "{name}: does not say what it is for");
        let items = file
            .item
            .iter()
            .map(|item| ("item", &item.code, item.clause.as_deref().unwrap_or("")));
        let labels = file
            .label
            .iter()
            .map(|label| ("label", &label.code, label.clause.as_deref().unwrap_or("")));
        let rules = file
            .rule
            .iter()
            .map(|rule| ("rule", &rule.code, rule.clause.as_str()));
        let quotas = file
            .quota
            .iter()
            .map(|quota| ("quota", &quota.code, quota.clause.as_str()));
        let without: Vec<String> = items
            .chain(labels)
            .chain(rules)
            .chain(quotas)
            .filter(|(_, _, clause)| clause.trim().is_empty())
            .map(|(kind, code, _)| format!("{kind}/{code}"))
            .collect();
        assert!(without.is_empty(), "{name}: no clause at {without:?}");
    }
}

#[test]
fn every_item_says_what_is_looked_at() {
    for place in places() {
        let file = place.scheme().file;
        let without: Vec<&str> = file
            .item
            .iter()
            .filter(|item| item.text.is_none())
            .map(|item| item.code.as_str())
            .collect();
        assert!(without.is_empty(), "{}: no text at {without:?}", place.name);
    }
}

const fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}')
}

/// Words in which one language stands in for the other.
fn one_language(path: &str, value: &Value, wrong: &mut Vec<String>) {
    match value {
        Value::Object(keys) => {
            if let (Some(Value::String(zh)), Some(Value::String(en))) =
                (keys.get("zh"), keys.get("en"))
            {
                let says_nothing = |text: &str| !text.chars().any(char::is_alphabetic);
                let untranslated = !zh.chars().any(is_han) && !says_nothing(zh);
                if untranslated || en.chars().any(is_han) {
                    wrong.push(format!("{path}: {zh} | {en}"));
                }
            }
            for (key, value) in keys {
                one_language(&format!("{path}/{key}"), value, wrong);
            }
        }
        Value::Array(rows) => {
            for (position, row) in rows.iter().enumerate() {
                let name = row.get("code").or_else(|| row.get("setting"));
                let name = name
                    .and_then(Value::as_str)
                    .map_or_else(|| position.to_string(), str::to_owned);
                one_language(&format!("{path}/{name}"), row, wrong);
            }
        }
        _ => {}
    }
}

#[test]
fn every_word_of_a_scheme_is_there_in_chinese_and_in_english() {
    for place in places() {
        let file = serde_json::to_value(place.scheme().file).unwrap();
        let mut wrong = Vec::new();
        one_language(&place.name, &file, &mut wrong);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn a_rule_that_its_document_does_not_have_is_named_as_an_assumption() {
    for place in places() {
        let file = place.scheme().file;
        let own = file
            .rule
            .iter()
            .filter(|rule| rule.clause.starts_with("原文件未规定"));
        for rule in own {
            let path = format!("rule/{}", rule.code);
            let named = file
                .assumption
                .iter()
                .any(|assumption| assumption.setting == path);
            assert!(named, "{}: {path}", place.name);
        }
    }
}

#[test]
fn every_scheme_and_sample_is_fit_for_the_published_schemas() {
    let validator = |schema: schemars::Schema| {
        jsonschema::validator_for(&serde_json::to_value(schema).unwrap()).unwrap()
    };
    let (of_tables, of_samples) = (
        validator(Scheme::json_schema()),
        validator(Inputs::json_schema()),
    );
    for place in places() {
        let table: Value = toml::from_str(&place.table).unwrap();
        let sample: Value = serde_json::from_str(&place.sample).unwrap();
        let faults: Vec<String> = of_tables
            .iter_errors(&table)
            .chain(of_samples.iter_errors(&sample))
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", place.name);
    }
}

/// Deals the rows of every list anew; the earlier rounds of the series keep their order, which has a meaning.
fn shuffle(inputs: &Value, seed: u64) -> Value {
    let mut state = seed;
    let mut draw = move |below: usize| {
        // Knuth's MMIX generator: any order will do, as long as a failure comes again.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut inputs = inputs.clone();
    for list in inputs.as_object_mut().unwrap().values_mut() {
        if let Value::Array(rows) = list {
            for place in (1..rows.len()).rev() {
                rows.swap(place, draw(place + 1));
            }
        }
    }
    inputs
}

fn digest(outcome: &Outcome) -> String {
    let bytes = serde_json_canonicalizer::to_vec(outcome).unwrap();
    hex::encode(Sha256::digest(bytes))
}

#[test]
fn a_sample_round_gives_the_same_bytes_in_any_order_of_rows() {
    for place in places() {
        let kept = serde_json::from_str::<Value>(&place.sample).unwrap();
        let golden = digest(&place.outcome());
        let mut dealt_anew = false;
        for seed in 1..=8 {
            let shuffled = shuffle(&kept, seed);
            dealt_anew |= shuffled != kept;
            let again = place.decide(&Inputs::parse(&shuffled.to_string()).unwrap());
            assert_eq!(digest(&again), golden, "{}, seed {seed}", place.name);
        }
        assert!(dealt_anew, "{}: nothing was shuffled", place.name);
    }
}

#[test]
fn a_sample_round_comes_to_its_golden_digests() {
    for place in places() {
        let outcome = place.outcome();
        let digests = json!({
            "inputs": outcome.inputs_digest.as_ref(),
            "outcome": digest(&outcome),
            "scheme": outcome.scheme_digest.as_ref(),
        });
        let name = format!("golden_{}", place.name.replace('/', "_"));
        insta::assert_snapshot!(name, format!("{digests:#}"));
    }
}

#[test]
fn threads_leave_no_trace_in_a_sample_round() {
    let places = places();
    let each = || -> Vec<String> {
        let outcomes = places.iter().map(Place::outcome);
        outcomes.map(|outcome| digest(&outcome)).collect()
    };
    let alone = each();
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..3).map(|_| scope.spawn(each)).collect();
        for other in others {
            assert_eq!(other.join().unwrap(), alone);
        }
    });
}

#[test]
fn time_zone_and_locale_of_a_machine_leave_no_trace_in_a_sample_round() {
    // They hold for a process, so this program asks itself once more from another place.
    let program = std::env::current_exe().unwrap();
    for (zone, locale, threads) in [
        ("Pacific/Kiritimati", "tr_TR.UTF-8", "1"),
        ("America/St_Johns", "zh_CN.GB18030", "8"),
    ] {
        let told = Command::new(&program)
            .arg("a_sample_round_comes_to_its_golden_digests")
            .env("TZ", zone)
            .env("LC_ALL", locale)
            .env("LANG", locale)
            .env("RUST_TEST_THREADS", threads)
            .env("INSTA_UPDATE", "no")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success(), "{zone}: {text}");
        assert!(text.contains("1 passed"), "{zone}: {text}");
    }
}

/// Nothing that everybody may read counts fewer than ten answers, and all of it recomputes.
#[test]
fn what_is_published_of_a_sample_round_recomputes_and_counts_no_few_answers() {
    let (mut withheld, mut counted) = (0, 0);
    for place in places() {
        let inputs = Inputs::parse(&place.sample).unwrap();
        let outcome = place.decide(&inputs);
        if outcome.blocking().next().is_some() {
            continue;
        }
        counted += usize::from(!inputs.ballots.is_empty());
        let full = Package {
            format: package::FORMAT.to_owned(),
            engine: ENGINE.to_owned(),
            revision: 1,
            scheme: place.table.clone(),
            inputs,
            outcome,
            combined_roles: None,
            public_of: None,
            sheets: None,
        };
        let public = package::publish(full).unwrap_or_else(|why| panic!("{}: {why}", place.name));
        assert!(public.inputs.ballots.is_empty(), "{}", place.name);
        withheld += public.inputs.withheld.len();
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for row in &public.inputs.tallies {
            let group = (
                &row.survey,
                &row.subject,
                &row.panel,
                row.channel,
                &row.question,
            );
            *counts.entry(group).or_default() += row.count;
        }
        let few = counts.values().filter(|count| (1..10).contains(*count));
        assert_eq!(few.count(), 0, "{}", place.name);
        let same = package::replay(&public.to_canonical().unwrap());
        let same = same.unwrap_or_else(|why| panic!("{}: {why}", place.name));
        assert_eq!(same.withheld, public.inputs.withheld.len());
    }
    assert!(
        withheld > 0 && counted > 0,
        "no sample has a subject about whom few answered, or none has ballots"
    );
}
