//! The Jiangbei table says what its report says: a yearly list of 13 groups and 60 entries, checks each quarter, half-year
//! and year, a vote of two kinds of voters, and a double inquiry after a case.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::decide;
use domain::explain::Explainer;
use domain::inputs::Inputs;
use domain::number::Points;
use domain::outcome::{Change, GapKind, Truth3};
use domain::scheme::Scheme;
use domain::scheme::file::{BallotScope, Effect, Every, OverAwards, SectionKind};
use domain::snapshot::Snapshot;

const TABLE: &str = include_str!("../../schemes/jiangbei/first-in-command.toml");
const SAMPLE: &str = include_str!("../../schemes/jiangbei/first-in-command.sample.json");

fn scheme() -> Scheme {
    Scheme::parse(TABLE).unwrap()
}

#[test]
fn the_duty_list_has_13_groups_and_60_entries_of_the_leaders_own() {
    let file = scheme().file;
    let groups: Vec<&str> = file
        .indicator
        .iter()
        .filter(|indicator| indicator.parent == "perform")
        .map(|indicator| indicator.code.as_str())
        .collect();
    assert_eq!(groups.len(), 13);
    let mut sum = Points::ZERO;
    for item in file
        .item
        .iter()
        .filter(|item| groups.contains(&item.parent.as_str()))
    {
        let list = item.checklist.as_ref().unwrap();
        assert_eq!(list.tasks, None, "{}: the list is personal", item.code);
        sum = sum.add(item.max.unwrap()).unwrap();
    }
    assert_eq!(sum, Points::from_whole(60).unwrap());
    // In the sample round everybody's list has 60 entries, however they are grouped.
    let inputs = Inputs::parse(SAMPLE).unwrap();
    for subject in inputs
        .subjects
        .iter()
        .filter(|s| s.code.starts_with("leader"))
    {
        let lists = inputs.checklists.iter();
        let own = lists.filter(|list| list.subject == subject.code);
        assert_eq!(
            own.map(|list| list.tasks).sum::<u32>(),
            60,
            "{}",
            subject.code
        );
    }
}

#[test]
fn a_dozen_entries_or_more_of_every_list_are_the_leaders_own() {
    let inputs = Inputs::parse(SAMPLE).unwrap();
    let mut whose: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for list in &inputs.duty_lists {
        for task in &list.tasks {
            whose.entry(task).or_default().insert(&list.subject);
        }
    }
    let leaders: BTreeSet<&str> = whose.values().flatten().copied().collect();
    assert_eq!(leaders.len(), 16);
    for leader in leaders {
        let only = BTreeSet::from([leader]);
        let own = whose.values().filter(|those| **those == only).count();
        assert!(own >= 12, "{leader}: {own}");
    }
}

#[test]
fn what_a_leader_did_not_do_is_told_in_the_words_of_the_own_list_whatever_the_order() {
    let scheme = scheme();
    let mut inputs = Inputs::parse(SAMPLE).unwrap();
    let told = |inputs: &Inputs| {
        let outcome = decide(&scheme, &Snapshot::build(&scheme, inputs).unwrap());
        let decision = outcome.find("leader-06").unwrap().clone();
        let explainer = Explainer::new(&scheme, []);
        let undone = (decision.items.iter())
            .map(|item| (item.code.to_string(), explainer.undone(item)))
            .filter(|(_, undone)| !undone.is_empty())
            .map(|(code, undone)| {
                (
                    code,
                    undone.into_iter().map(|one| (one.zh, one.en)).collect(),
                )
            })
            .collect::<BTreeMap<String, Vec<(String, String)>>>();
        (undone, decision.items)
    };
    let (undone, items) = told(&inputs);
    let own = |item: &str| {
        let lists = inputs.duty_lists.iter();
        let mut own = lists.filter(|list| list.subject == "leader-06" && list.item == item);
        own.next().unwrap().tasks.clone()
    };
    let line = |item: &str, number: usize| {
        let task = &own(item)[number - 1];
        (
            format!("未完成：第{number}项，{task}"),
            format!("not done: {number}. {task}"),
        )
    };
    assert_eq!(undone["G04.1"], [line("G04.1", 4), line("G04.1", 5)]);
    assert_eq!(undone["G07.1"], [line("G07.1", 3), line("G07.1", 4)]);
    assert!(!undone.contains_key("G05.1"), "all of it is done");
    for list in &mut inputs.checklists {
        list.undone.reverse();
    }
    assert_eq!(told(&inputs), (undone, items));
}

#[test]
fn checks_are_dated_by_quarter_half_year_and_year() {
    let file = scheme().file;
    let dated = |code: &str| {
        let item = file.item.iter().find(|item| item.code == code).unwrap();
        let graded = item.graded.as_ref().unwrap();
        (graded.every, graded.over)
    };
    assert_eq!(
        dated("S1"),
        (Some(Every::Quarter), Some(OverAwards::Mean)),
        "a reminder each quarter"
    );
    assert_eq!(
        dated("S2"),
        (Some(Every::HalfYear), Some(OverAwards::Least)),
        "a review each half-year"
    );
    assert_eq!(dated("S3"), (None, None), "a check at the end of the year");
}

#[test]
fn a_quarter_that_nobody_checked_keeps_the_round_open_and_is_named() {
    let scheme = scheme();
    let mut inputs = Inputs::parse(SAMPLE).unwrap();
    inputs
        .scores
        .retain(|score| score.subject != "leader-01" || score.period.as_deref() != Some("2026-Q3"));
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let gaps: Vec<(&str, &str, String)> = outcome
        .blocking()
        .filter(|gap| gap.kind == GapKind::MissingValue)
        .map(|gap| {
            (
                gap.subject.as_deref().unwrap(),
                gap.place.as_ref(),
                gap.reason.words().zh,
            )
        })
        .collect();
    assert_eq!(gaps, [("leader-01", "S1", "2026-Q3 尚未打分".to_owned())]);
}

#[test]
fn the_district_head_is_not_voted_on_by_the_commission() {
    let file = scheme().file;
    let survey = file.survey.first().unwrap();
    assert_eq!(
        survey.categories.as_deref().unwrap(),
        ["department_head", "street_head"]
    );
    let panels: Vec<&str> = survey
        .panel
        .iter()
        .map(|panel| panel.code.as_str())
        .collect();
    assert_eq!(panels, ["commission_team", "commission_member"]);
}

#[test]
fn every_leader_stands_on_the_ballot_and_what_is_left_blank_is_told_apart() {
    let scheme = scheme();
    let survey = scheme.file.survey.first().unwrap();
    assert_eq!(survey.ballot.unwrap().one_for, BallotScope::Round);
    let inputs = Inputs::parse(SAMPLE).unwrap();
    assert!(inputs.tallies.is_empty() && inputs.sheets.is_empty());
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let lines = |subject: &str| {
        let figures = &outcome.find(subject).unwrap().figures;
        let what = "survey/appraisal/satisfaction_rate";
        let figure = figures.iter().find(|one| one.what.as_ref() == what);
        let lines = figure.unwrap().lines.as_deref().unwrap();
        [lines.valid, lines.rated, lines.abstained]
    };
    // Of 20 members one began a line and did not finish it and one knew too little: neither counts for anybody. Nor does
    // a second sheet of the same person, nor one that came late.
    assert_eq!(lines("leader-01"), [27, 27, 0]);
    assert_eq!(lines("leader-07"), [27, 18, 9]);
    assert_eq!(lines("leader-14"), [27, 26, 1]);
}

#[test]
fn a_case_in_the_unit_opens_an_inquiry_into_its_leader_and_into_nobody_else() {
    let scheme = scheme();
    let inputs = Inputs::parse(SAMPLE).unwrap();
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let inquired: Vec<&str> = outcome
        .decisions
        .iter()
        .filter(|decision| {
            let rules = decision.rules.iter();
            let mut opened = rules.filter(|rule| rule.rule.as_ref() == "double_inquiry");
            opened.any(|rule| rule.fired == Truth3::True)
        })
        .map(|decision| decision.subject.as_ref())
        .collect();
    assert_eq!(inquired, ["leader-02", "leader-03"]);
    let capped = outcome.find("leader-02").unwrap();
    assert!(
        capped
            .obstacles
            .iter()
            .any(|obstacle| obstacle.change == Change::Finding),
        "what stands in the way is the finding: {:?}",
        capped.obstacles
    );
}

#[test]
fn reminders_exposure_and_handling_have_deadlines() {
    let file = scheme().file;
    let mut follow_ups = 0;
    for rule in &file.rule {
        if let Effect::FollowUp(follow_up) = &rule.effect {
            let days = [follow_up.within_days, follow_up.within_working_days];
            assert_eq!(days.iter().flatten().count(), 1, "{}", rule.code);
            follow_ups += 1;
        }
    }
    assert_eq!(follow_ups, 6);
    assert!(
        file.section
            .iter()
            .any(|section| section.kind == SectionKind::Deduction)
    );
}
