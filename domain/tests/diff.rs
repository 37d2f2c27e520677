//! What changed between two versions of a scheme: everything, part by part, and in words.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::explain::{Explainer, change};
use domain::scheme::Scheme;
use domain::scheme::diff::{Change, Kind, LostBecause, Part, diff, lost_scores};

const TABLE: &str = include_str!("../../schemes/ouhai/organ.toml");

fn scheme(text: &str) -> Scheme {
    Scheme::parse(text).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The table with some of its text replaced; each replacement has to be there once.
fn with(replacements: &[(&str, &str)]) -> Scheme {
    let mut text = TABLE.to_owned();
    for (from, to) in replacements {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replacen(from, to, 1);
    }
    scheme(&text)
}

fn said(old: &Scheme, new: &Scheme, changes: &[Change]) -> Vec<[String; 2]> {
    let (old, new) = (Explainer::new(old, []), Explainer::new(new, []));
    changes
        .iter()
        .map(|one| {
            let words = change::change(&old, &new, one);
            [words.zh, words.en]
        })
        .collect()
}

#[test]
fn a_version_does_not_differ_from_itself_nor_by_its_comments_and_number() {
    let old = scheme(TABLE);
    assert_eq!(diff(&old, &old), []);
    let other = format!(
        "# Another comment.\n{}",
        TABLE.replacen("version = \"1\"", "version = \"2\"", 1)
    );
    assert_eq!(diff(&old, &scheme(&other)), []);
    assert_eq!(lost_scores(&old, &old), []);
}

#[test]
fn a_band_that_is_written_otherwise_is_the_same() {
    let old = scheme(TABLE);
    assert_eq!(
        diff(&old, &with(&[("from = 90\n", "from = \"90.0\"\n")])),
        []
    );
}

#[test]
fn every_change_is_named_with_what_was_and_what_is() {
    let old = scheme(TABLE);
    let new = with(&[
        ("from = 90\n", "from = 92\n"),
        ("total_floor = 0\n", "total_floor = 5\n"),
    ]);
    let changes = diff(&old, &new);
    let found: Vec<(Part, &str, &Kind)> = changes
        .iter()
        .map(|one| (one.part, one.code.as_str(), &one.kind))
        .collect();
    assert_eq!(
        found,
        [
            (
                Part::Setting,
                "grading",
                &Kind::Setting("total_floor".to_owned())
            ),
            (
                Part::Grade,
                "excellent",
                &Kind::Threshold("from".to_owned())
            ),
        ]
    );
    insta::assert_debug_snapshot!(said(&old, &new, &changes));
}

/// Every kind of change at once, on a table of two items.
const BEFORE: &str = include_str!("diff/before.toml");
const AFTER: &str = include_str!("diff/after.toml");

#[test]
fn a_new_table_reads_in_words_of_both_languages() {
    let (old, new) = (scheme(BEFORE), scheme(AFTER));
    let changes = diff(&old, &new);
    insta::assert_debug_snapshot!(said(&old, &new, &changes));
    for [zh, en] in said(&old, &new, &changes) {
        assert!(!zh.is_empty() && !en.is_empty());
    }
}

#[test]
fn what_came_goes_when_the_two_are_turned() {
    let (old, new) = (scheme(BEFORE), scheme(AFTER));
    let (there, back) = (diff(&old, &new), diff(&new, &old));
    assert_eq!(there.len(), back.len());
    for one in &there {
        let turned = match one.kind {
            Kind::Added => Kind::Removed,
            Kind::Removed => Kind::Added,
            ref same => same.clone(),
        };
        let other = back
            .iter()
            .find(|other| other.part == one.part && other.code == one.code && other.kind == turned)
            .unwrap_or_else(|| panic!("{one:?}"));
        assert_eq!((&one.old, &one.new), (&other.new, &other.old));
    }
}

#[test]
fn scores_of_changed_items_become_missing_and_others_stay() {
    let lost = lost_scores(&scheme(BEFORE), &scheme(AFTER));
    let found: Vec<(&str, LostBecause)> = lost
        .iter()
        .map(|one| (one.item.as_str(), one.why))
        .collect();
    assert_eq!(
        found,
        [
            ("gate", LostBecause::Maximum),
            ("gone", LostBecause::Gone),
            ("max", LostBecause::Maximum),
            ("narrow", LostBecause::Categories),
            ("parts/one", LostBecause::Maximum),
            ("parts/two", LostBecause::Maximum),
            ("step", LostBecause::Way),
            ("way", LostBecause::Gone),
        ]
    );
}

/// Choices of which one may stand for the other, so that a file with one of them changed is still a scheme.
const CHOICES: [&[&str]; 12] = [
    &["category", "category_region", "kind", "everyone"],
    &["all_fall", "committee"],
    &["pooled", "mean_of_questions"],
    &["valid", "rated", "rated_and_no_opinion"],
    &["first", "last", "channel_order"],
    &["undefined", "share_out"],
    &["fired", "not_fired"],
    &["mean", "median", "latest", "trimmed"],
    &["zero", "not_applicable", "full"],
    &["floor", "ceiling", "half_up"],
    &["breaks", "skipped", "undetermined"],
    &["true", "false"],
];

/// What might stand in place of a value: a number one larger, another choice, a percentage a hair away.
fn others(value: &str) -> Vec<String> {
    if let Ok(number) = value.parse::<i64>() {
        return vec![(number + 1).to_string()];
    }
    let bare = value.trim_matches('"');
    if let Some(percent) = bare.strip_suffix('%') {
        return vec![format!("\"{percent}.0001%\"")];
    }
    let lists = CHOICES.iter().filter(|list| list.contains(&bare));
    let others = lists.flat_map(|list| list.iter().filter(|one| **one != bare));
    others.map(|one| value.replace(bare, one)).collect()
}

/// The keys of a file that have one plain value, each with where its value stands.
fn assigned(text: &str) -> Vec<(&str, Range<usize>)> {
    let key_before = |place: usize| text[..place].rsplit([' ', '{', '\n']).next().unwrap();
    text.match_indices(" = ")
        .map(|(place, sign)| {
            let start = place + sign.len();
            let rest = &text[start..];
            let long = match rest.strip_prefix('"') {
                Some(quoted) => quoted.find('"').unwrap() + 2,
                None => rest.find([',', ' ', '\n']).unwrap(),
            };
            (key_before(place), start..start + long)
        })
        .collect()
}

#[test]
fn no_change_reads_the_same_before_and_after() {
    let files = [
        TABLE,
        include_str!("../../schemes/bortala/county.toml"),
        include_str!("../../schemes/laohekou/six-clean.toml"),
        include_str!("../../schemes/dinghai/hospital.toml"),
        include_str!("../../schemes/jiangbei/first-in-command.toml"),
    ];
    let mut tried = BTreeMap::<String, usize>::new();
    let mut seen = 0;
    for text in files {
        let old = scheme(text);
        for (key, value) in assigned(text) {
            let count = tried.entry(key.to_owned()).or_default();
            *count += 1;
            // The format has fewer keys than the files have lines.
            if *count > 12 {
                continue;
            }
            for other in others(&text[value.clone()]) {
                let mut changed = text.to_owned();
                changed.replace_range(value.clone(), &other);
                let Ok(new) = Scheme::parse(&changed) else {
                    continue;
                };
                for one in diff(&old, &new) {
                    if matches!(one.kind, Kind::Added | Kind::Removed | Kind::Reordered) {
                        continue;
                    }
                    let there = said(&old, &new, std::slice::from_ref(&one));
                    let turned = Change {
                        old: one.new.clone(),
                        new: one.old.clone(),
                        ..one
                    };
                    let back = said(&new, &old, &[turned]);
                    for ([zh, en], [zh_back, en_back]) in there.iter().zip(&back) {
                        assert_ne!(zh, zh_back);
                        assert_ne!(en, en_back);
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 200, "{seen} changes of {} keys", tried.len());
}
