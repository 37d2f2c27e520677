//! What changed between two versions of a scheme: everything, part by part, and in words.

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
