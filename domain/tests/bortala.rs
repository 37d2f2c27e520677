//! The rules of Bortala say what their document says. What holds of every place is asked in `place.rs`.

use domain::decide::decide;
use domain::explain::Explainer;
use domain::inputs::Inputs;
use domain::number::Ratio;
use domain::scheme::Scheme;
use domain::scheme::file::{
    Among, Condition, Effect, Finding, GradedBy, Quota, Rule, Step, SubjectKind,
};
use domain::snapshot::Snapshot;

const RULES: &str = include_str!("../../schemes/bortala/county.toml");
const SAMPLE: &str = include_str!("../../schemes/bortala/county.sample.json");

fn scheme() -> Scheme {
    Scheme::parse(RULES).unwrap()
}

fn rule(scheme: &Scheme, code: &str) -> Rule {
    let found = scheme.file.rule.iter().find(|rule| rule.code == code);
    found.unwrap_or_else(|| panic!("no rule `{code}`")).clone()
}

fn ratio(text: &str) -> Ratio {
    text.parse().unwrap()
}

/// The grade beyond which a rule lets nobody rise.
fn cap(rule: &Rule) -> &str {
    match &rule.effect {
        Effect::Cap(grade) => grade,
        other => panic!("`{}` is no cap: {other:?}", rule.code),
    }
}

/// Whom a rule looks at, and the worst grade that it looks for there.
fn looks_at(condition: &Condition) -> (Vec<Step>, Option<String>) {
    let related = condition.related.as_ref().unwrap();
    let grade = related.that.grade.as_ref();
    let at_most = grade.and_then(|grade| grade.at_most.clone());
    (related.by.clone(), at_most)
}

#[test]
fn teams_principals_and_deputies_hold_one_of_four_grades() {
    let scheme = scheme();
    let grades: Vec<&str> = scheme
        .file
        .grade
        .iter()
        .map(|grade| grade.name.zh.as_str())
        .collect();
    assert_eq!(grades, ["好", "较好", "一般", "差"]);
    let categories: Vec<(&str, SubjectKind)> = scheme
        .file
        .category
        .iter()
        .map(|category| (category.code.as_str(), category.kind))
        .collect();
    let person = SubjectKind::Person;
    assert_eq!(
        categories,
        [
            ("team", SubjectKind::Team),
            ("principal", person),
            ("deputy", person)
        ]
    );
    assert_eq!(scheme.file.grading.by, GradedBy::Proposed);
}

#[test]
fn a_third_of_teams_and_fifteen_percent_of_officials_are_good_and_that_only_generally() {
    let scheme = scheme();
    let quota = |quota: &Quota| (quota.share.clone(), quota.grade.clone(), quota.soft);
    let found: Vec<_> = scheme.file.quota.iter().map(quota).collect();
    let of = |share| (Some(ratio(share)), "good".to_owned(), true);
    assert_eq!(found, [of("1/3"), of("15%")]);
}

#[test]
fn the_two_cross_caps_look_at_each_other() {
    let scheme = scheme();
    let poor = Some("poor".to_owned());
    let team = rule(&scheme, "poor_principal");
    assert_eq!(cap(&team), "fairly_good");
    assert_eq!(looks_at(&team.when), (vec![Step::HeadedBy], poor.clone()));
    let members = rule(&scheme, "poor_team");
    assert_eq!(cap(&members), "fairly_good");
    assert_eq!(looks_at(&members.when), (vec![Step::MemberOf], poor));
}

#[test]
fn more_than_a_third_dissatisfied_caps_once_it_was_found_true() {
    let scheme = scheme();
    let opens = rule(&scheme, "many_dissatisfied");
    assert!(matches!(opens.effect, Effect::Investigate));
    assert_eq!(opens.when.more_than, Some(ratio("1/3")));
    let caps = rule(&scheme, "dissatisfaction_verified");
    assert_eq!(cap(&caps), "fairly_good");
    let finding = caps.when.finding.unwrap();
    assert_eq!(finding.of, "many_dissatisfied");
    assert_eq!(finding.is, Finding::Verified);
    // Closing waits for the finding.
    assert!(caps.undetermined.is_none());
}

#[test]
fn half_of_those_invited_come_from_the_front_line() {
    let scheme = scheme();
    let survey = scheme
        .file
        .survey
        .iter()
        .find(|survey| survey.code == "public_opinion");
    let [share] = survey.unwrap().demand.share.as_slice() else {
        panic!("one share is demanded");
    };
    assert_eq!(share.mark.as_deref(), Some("front_line"));
    assert_eq!(share.among, Among::Invited);
    assert_eq!(share.at_least, ratio("50%"));
}

#[test]
fn poor_two_years_running_is_counted_with_this_year() {
    let scheme = scheme();
    for code in ["team_poor_twice", "person_poor_twice"] {
        let earlier = rule(&scheme, code).when.earlier.unwrap();
        assert_eq!(earlier.in_a_row, 2, "{code}");
        assert!(earlier.with_this_round, "{code}");
        assert_eq!(earlier.grades, ["poor"], "{code}");
    }
}

#[test]
fn a_team_reads_what_was_proposed_and_why_it_fell() {
    let scheme = scheme();
    let inputs = Inputs::parse(SAMPLE).unwrap();
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let explainer = Explainer::new(&scheme, []);
    let sentence = |subject: &str| explainer.sentence(outcome.find(subject).unwrap());
    let criticised = sentence("team-11");
    assert_eq!(
        criticised.zh,
        "总分89.83分（满分100分），同类第5名；提出的等次为“好”；因“被通报批评，班子不得评好”等次定为“较好”；最终等次“较好”。"
    );
    assert_eq!(
        criticised.en,
        "Total 89.83 of 100 points, rank 5 in its category; the grade proposed is “Good”; “Criticised: team not good” makes the grade “Fairly good”; the grade is “Fairly good”."
    );
    let poor = sentence("team-08").zh;
    assert!(poor.ends_with("；最终等次“差”。"), "{poor}");
}
