//! The Laohekou table says what its report says: six carriers, 41 indicators, hard standards and two schools.

use std::collections::{BTreeMap, BTreeSet};

use domain::number::{Points, Ratio};
use domain::scheme::Scheme;
use domain::scheme::file::{Effect, Indicator, Rule, SchemeFile, SubjectKind};

const TABLE: &str = include_str!("../../schemes/laohekou/six-clean.toml");

/// The carriers that the report names, and the clinic that it tells of.
const CARRIERS: [&str; 6] = [
    "organ", "school", "village", "family", "company", "hospital",
];

fn file() -> SchemeFile {
    Scheme::parse(TABLE).unwrap().file
}

/// Indicators below the sections that are for one category alone.
fn own<'a>(file: &'a SchemeFile, category: &'a str) -> impl Iterator<Item = &'a Indicator> {
    let sections: BTreeSet<&str> = file
        .section
        .iter()
        .filter(|section| section.categories.as_deref() == Some(&[category.to_owned()]))
        .map(|section| section.code.as_str())
        .collect();
    file.indicator
        .iter()
        .filter(move |indicator| sections.contains(indicator.parent.as_str()))
}

fn rule<'a>(file: &'a SchemeFile, code: &str) -> &'a Rule {
    file.rule.iter().find(|rule| rule.code == code).unwrap()
}

#[test]
fn six_carriers_have_41_indicators_between_them() {
    let file = file();
    let carriers: Vec<&str> = file
        .category
        .iter()
        .filter(|category| category.kind != SubjectKind::Person)
        .map(|category| category.code.as_str())
        .collect();
    assert_eq!(carriers, CARRIERS);
    assert_eq!(file.indicator.len(), 41);
    // Each is scored by something.
    let scored: BTreeSet<&str> = file.item.iter().map(|item| item.parent.as_str()).collect();
    let idle: Vec<&str> = file
        .indicator
        .iter()
        .map(|indicator| indicator.code.as_str())
        .filter(|code| !scored.contains(code))
        .collect();
    assert_eq!(idle, Vec::<&str>::new());
}

#[test]
fn lists_and_fields_are_as_many_as_the_report_counts() {
    let file = file();
    let school: Vec<&str> = own(&file, "school").map(|i| i.name.zh.as_str()).collect();
    let beginning = |word: &str| school.iter().filter(|name| name.starts_with(word)).count();
    assert_eq!((beginning("负面清单"), beginning("正面清单")), (4, 5));
    assert_eq!(school.len(), 9);
    assert_eq!(own(&file, "company").count(), 7);
    let virtues: Vec<&str> = own(&file, "family_member")
        .map(|indicator| indicator.name.zh.as_str())
        .collect();
    assert_eq!(virtues, ["社会公德", "职业道德", "家庭美德", "个人品德"]);
}

#[test]
fn every_category_has_100_points() {
    let file = file();
    let mut sums: BTreeMap<&str, Points> = BTreeMap::new();
    for section in &file.section {
        for category in section.categories.as_ref().unwrap() {
            let sum = sums.entry(category.as_str()).or_default();
            *sum = sum.add(section.max.unwrap()).unwrap();
        }
    }
    assert_eq!(sums.len(), 7);
    let hundred = Points::from_whole(100).unwrap();
    assert!(sums.values().all(|sum| *sum == hundred), "{sums:?}");
}

#[test]
fn ninety_percent_is_demanded_of_all_six_and_includes_its_bound() {
    let file = file();
    let rule = rule(&file, "satisfaction_90");
    assert!(matches!(rule.effect, Effect::Require));
    assert_eq!(rule.categories.as_deref().unwrap(), CARRIERS);
    assert_eq!(
        rule.when.at_least,
        Some("90%".parse::<Ratio>().unwrap()),
        "below it nothing is recognised, at it everything is"
    );
}

#[test]
fn the_veto_leaves_a_unit_in_the_evaluation_and_too_few_events_do_not() {
    let file = file();
    let veto = rule(&file, "cadre_veto");
    assert_eq!(veto.categories.as_deref().unwrap(), ["organ"]);
    assert!(matches!(&veto.effect, Effect::Cap(grade) if grade == "met"));
    let out = rule(&file, "warning_education_short");
    assert!(matches!(out.effect, Effect::Disqualify));
}

#[test]
fn two_schools_are_chosen() {
    let file = file();
    let [quota] = file.quota.as_slice() else {
        panic!("one quota")
    };
    assert_eq!(quota.seats, Some(2));
    assert_eq!(quota.categories.as_deref().unwrap(), ["school"]);
    assert!(!quota.soft);
}

#[test]
fn what_the_report_does_not_name_says_that_it_is_an_example() {
    let file = file();
    let examples = file.item.iter().filter(|item| {
        let clause = item.clause.as_deref().unwrap_or_default();
        clause.starts_with("示例：")
    });
    let indicators: BTreeSet<&str> = examples.map(|item| item.parent.as_str()).collect();
    // Of organs, schools, villages, firms and hospitals: 5 + 5 + 3 + 4 + 5.
    assert_eq!(indicators.len(), 22);
}
