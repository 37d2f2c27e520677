//! What another version would have made of a closed round: who gets something else and why, what is lacking, what is
//! set aside. On the round of Ouhai, with its table changed here and there.

use domain::decide::decide;
use domain::explain::{Explainer, trial as words};
use domain::inputs::Inputs;
use domain::outcome::{ENGINE, GapKind, Status};
use domain::package::{FORMAT, Package};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use domain::trial::{Because, Trial, try_on};

const TABLE: &str = include_str!("../../schemes/ouhai/organ.toml");
const SAMPLE: &str = include_str!("../../schemes/ouhai/organ.sample.json");

fn scheme(text: &str) -> Scheme {
    Scheme::parse(text).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn package() -> Package {
    let inputs = Inputs::parse(SAMPLE).unwrap();
    let scheme = scheme(TABLE);
    Package {
        format: FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        revision: 1,
        scheme: TABLE.to_owned(),
        outcome: decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap()),
        inputs,
        combined_roles: None,
        public_of: None,
        sheets: None,
    }
}

fn changed(replacements: &[(&str, &str)]) -> Scheme {
    let mut text = TABLE.replacen("version = \"1\"", "version = \"trial\"", 1);
    for (from, to) in replacements {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replacen(from, to, 1);
    }
    scheme(&text)
}

fn tried(replacements: &[(&str, &str)]) -> Trial {
    try_on(&changed(replacements), &package()).unwrap()
}

fn who(trial: &Trial) -> Vec<&str> {
    trial
        .changed
        .iter()
        .map(|one| one.subject.as_ref())
        .collect()
}

#[test]
fn the_same_rules_give_everybody_the_same() {
    let trial = tried(&[]);
    assert!(trial.trial);
    assert_eq!(who(&trial), [] as [&str; 0]);
    assert!(trial.gaps.is_empty() && trial.set_aside.is_empty());
    assert!(
        trial
            .grades
            .iter()
            .all(|one| one.count.before == one.count.after)
    );
}

#[test]
fn a_higher_band_takes_the_grade_of_those_below_it() {
    let trial = tried(&[("from = 90\n", "from = 96\n")]);
    assert_eq!(who(&trial), ["organ-03", "organ-06"]);
    for one in &trial.changed {
        assert_eq!(one.because, [Because::Bands]);
        assert_eq!(one.after.as_ref().unwrap().grade.as_deref(), Some("good"));
    }
    let counts: Vec<(&str, usize, usize)> = trial
        .grades
        .iter()
        .map(|one| (one.grade.as_str(), one.count.before, one.count.after))
        .collect();
    assert_eq!(
        counts,
        [
            ("excellent", 8, 6),
            ("good", 2, 4),
            ("pass", 0, 0),
            ("fail", 1, 1)
        ]
    );
}

#[test]
fn a_rule_that_now_fires_is_named_with_its_values() {
    let trial = tried(&[(
        "back = { period = true } }, at_least = 1 }\neffect = \"disqualify\"",
        "back = { period = true } }, at_least = 2 }\neffect = \"disqualify\"",
    )]);
    assert_eq!(who(&trial), ["organ-07"]);
    let one = &trial.changed[0];
    assert!(one.before.disqualified && !one.after.as_ref().unwrap().disqualified);
    assert!(
        one.because
            .contains(&Because::RuleDoesNot("leader_veto".into())),
        "{:?}",
        one.because
    );
    let turned = tried(&[("effect = { cap = \"good\" }", "effect = { cap = \"pass\" }")]);
    assert_eq!(who(&turned), ["organ-04"]);
}

#[test]
fn scores_of_an_item_with_another_maximum_are_set_aside_and_lacking() {
    // The point goes from one item to its neighbour.
    let trial = tried(&[
        (
            "政治纪律和政治规矩·2\"\nmax = 1\n",
            "政治纪律和政治规矩·2\"\nmax = 2\n",
        ),
        (
            "code = \"A1.3\"\nin = \"A1\"",
            "code = \"A1.9\"\nin = \"A1\"",
        ),
        (
            "政治纪律和政治规矩·3\"\nmax = 1\ngraded = { step = \"0.25\", several = \"mean\" }",
            "政治纪律和政治规矩·3\"\nmax = 0\ngraded = { step = \"0.25\", several = \"mean\" }",
        ),
    ]);
    let aside: Vec<(&str, &str)> = trial
        .set_aside
        .iter()
        .map(|one| (one.name.as_str(), one.code.as_str()))
        .collect();
    assert_eq!(aside, [("A1.2", "maximum_changed"), ("A1.3", "item_gone")]);
    let subjects = trial.subjects;
    assert!(trial.set_aside.iter().all(|one| one.rows >= subjects));
    assert!(
        trial
            .gaps
            .iter()
            .any(|gap| gap.kind == GapKind::MissingValue && gap.place.as_ref() == "A1.2")
    );
    // Whoever was disqualified stays so; nobody else can be decided.
    assert_eq!(trial.undetermined.after, subjects - 1);
    let after = trial.changed[0].after.as_ref().unwrap();
    assert_eq!((after.status, after.total), (Status::Undetermined, None));
}

#[test]
fn what_the_new_version_does_not_know_is_set_aside_row_by_row() {
    let trial = tried(&[
        (
            "code = \"station\"\nkind = \"unit\"",
            "code = \"hall\"\nkind = \"unit\"",
        ),
        (
            "setting = \"category/station\"",
            "setting = \"category/hall\"",
        ),
        ("code = \"online_offices\"", "code = \"offices_online\""),
        ("of = \"online_offices\"", "of = \"offices_online\""),
    ]);
    assert_eq!(
        who(&trial)
            .iter()
            .filter(|who| who.starts_with("station"))
            .count(),
        3
    );
    for one in trial.changed.iter().filter(|one| one.after.is_none()) {
        assert_eq!(one.because, [Because::NoCategory]);
    }
    let found = |list: &str, name: &str| {
        let mut rows = trial.set_aside.iter();
        rows.any(|one| one.list == list && one.name == name)
    };
    assert!(found("subjects", "station"), "{:?}", trial.set_aside);
    assert!(found("measures", "online_offices"), "{:?}", trial.set_aside);
}

#[test]
fn a_trial_reads_in_words_of_both_languages() {
    let new = changed(&[
        ("from = 90\n", "from = 96\n"),
        ("effect = { cap = \"good\" }", "effect = { cap = \"pass\" }"),
    ]);
    let (old, package) = (scheme(TABLE), package());
    let trial = try_on(&new, &package).unwrap();
    let (before, after) = (Explainer::new(&old, []), Explainer::new(&new, []));
    let said: Vec<Vec<[String; 2]>> = trial
        .changed
        .iter()
        .map(|one| {
            let first = words::changed(&before, &after, one);
            let rest = one
                .because
                .iter()
                .map(|because| words::because(&before, &after, because));
            std::iter::once(first)
                .chain(rest)
                .map(|words| [words.zh, words.en])
                .collect()
        })
        .collect();
    insta::assert_debug_snapshot!(said);
}

#[test]
fn another_deadline_and_another_label_are_something_else() {
    let read = |trial: &Trial| -> Vec<String> {
        let (old, new) = (scheme(TABLE), changed(&[]));
        let explainers = (Explainer::new(&old, []), Explainer::new(&new, []));
        let all = trial.changed.iter().flat_map(|one| &one.because);
        all.map(|one| words::because(&explainers.0, &explainers.1, one).zh)
            .collect()
    };
    let deadline = tried(&[(
        "kind = \"rectify\", within_days = 90",
        "kind = \"rectify\", within_days = 30",
    )]);
    assert!(!deadline.changed.is_empty());
    for one in &deadline.changed {
        assert_eq!(Some(&one.before), one.after.as_ref());
        assert!(matches!(
            one.because[..],
            [
                Because::FollowUp { after: false, .. },
                Because::FollowUp { after: true, .. }
            ]
        ));
    }
    let said = read(&deadline);
    assert!(
        said[0].starts_with("原有结果运用：") && said[0].contains("90日内"),
        "{said:?}"
    );
    assert!(
        said[1].starts_with("现有结果运用：") && said[1].contains("30日内"),
        "{said:?}"
    );
    let fewer = tried(&[("best = 3", "best = 1")]);
    let labels = read(&fewer);
    assert!(
        labels.contains(&"称号：满意单位 → 无".to_owned()),
        "{labels:?}"
    );
}
