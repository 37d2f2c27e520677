//! The Dinghai schemes hold the numbers that their source names: eight types of unit, 4×4, 61 and 60 tasks, three
//! aspects, three dimensions, five aspects, the one-hour measure, points on a doctor's record, and a district index.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::decide;
use domain::explain::Explainer;
use domain::inputs::Inputs;
use domain::number::Points;
use domain::outcome::{ENGINE, Outcome};
use domain::package::{self, Package};
use domain::scheme::Scheme;
use domain::scheme::file::{Effect, Item, SectionKind, SubjectKind};
use domain::snapshot::Snapshot;

/// Each file with its sample round, the district last: it rests on the others.
const FILES: [(&str, &str, &str); 8] = [
    (
        "firm",
        include_str!("../../schemes/dinghai/firm.toml"),
        include_str!("../../schemes/dinghai/firm.sample.json"),
    ),
    (
        "village-community",
        include_str!("../../schemes/dinghai/village-community.toml"),
        include_str!("../../schemes/dinghai/village-community.sample.json"),
    ),
    (
        "organ",
        include_str!("../../schemes/dinghai/organ.toml"),
        include_str!("../../schemes/dinghai/organ.sample.json"),
    ),
    (
        "state-firm",
        include_str!("../../schemes/dinghai/state-firm.toml"),
        include_str!("../../schemes/dinghai/state-firm.sample.json"),
    ),
    (
        "school",
        include_str!("../../schemes/dinghai/school.toml"),
        include_str!("../../schemes/dinghai/school.sample.json"),
    ),
    (
        "hospital",
        include_str!("../../schemes/dinghai/hospital.toml"),
        include_str!("../../schemes/dinghai/hospital.sample.json"),
    ),
    (
        "transport",
        include_str!("../../schemes/dinghai/transport.toml"),
        include_str!("../../schemes/dinghai/transport.sample.json"),
    ),
    (
        "district",
        include_str!("../../schemes/dinghai/district.toml"),
        include_str!("../../schemes/dinghai/district.sample.json"),
    ),
];

fn scheme(name: &str) -> Scheme {
    let (_, table, _) = FILES.iter().find(|file| file.0 == name).unwrap();
    Scheme::parse(table).unwrap_or_else(|faults| panic!("{name}: {faults:#?}"))
}

/// Aspects with their names and how many tasks or items of a category each has.
fn aspects(scheme: &Scheme, category: &str) -> Vec<(String, usize)> {
    let is_for = |categories: Option<&Vec<String>>| {
        categories.is_none_or(|list| list.iter().any(|code| code == category))
    };
    let file = &scheme.file;
    let indicators = file
        .indicator
        .iter()
        .filter(|one| is_for(one.categories.as_ref()));
    indicators
        .map(|indicator| {
            let items = file
                .item
                .iter()
                .filter(|item| item.parent == indicator.code && is_for(item.categories.as_ref()));
            (indicator.name.zh.clone(), items.count())
        })
        .collect()
}

fn names(aspects: &[(String, usize)]) -> Vec<&str> {
    aspects.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn firms_are_judged_by_four_aspects_of_four_items_each() {
    let aspects = aspects(&scheme("firm"), "firm");
    assert_eq!(
        names(&aspects),
        ["经营有法度", "管理有力度", "教育有深度", "创新有亮度"]
    );
    assert!(aspects.iter().all(|(_, items)| *items == 4), "{aspects:?}");
}

#[test]
fn what_was_adjusted_after_a_year_is_a_second_version_of_the_same_scheme() {
    let first = scheme("firm");
    let second = Scheme::parse(include_str!("../../schemes/dinghai/firm-2.toml")).unwrap();
    assert_eq!(first.code(), second.code());
    assert_eq!((first.version(), second.version()), ("1", "2"));
    assert_eq!(aspects(&first, "firm"), aspects(&second, "firm"));
}

#[test]
fn villages_have_61_tasks_and_communities_60_in_four_aspects_each() {
    let scheme = scheme("village-community");
    for (category, tasks) in [("village", 61), ("community", 60)] {
        let aspects = aspects(&scheme, category);
        assert_eq!(aspects.len(), 4);
        let found: usize = aspects.iter().map(|(_, tasks)| tasks).sum();
        assert_eq!(found, tasks, "{category}");
    }
}

#[test]
fn a_local_museum_is_credited_to_the_item_that_the_source_names() {
    let scheme = scheme("village-community");
    let mut items = scheme.file.item.iter();
    let item = items.find(|item| item.name.zh == "文化育人清新").unwrap();
    assert!(item.graded.is_some());
}

#[test]
fn organs_state_firms_and_schools_have_the_aspects_that_the_source_names() {
    for (file, category, expected) in [
        (
            "organ",
            "organ",
            ["“关键少数”管理", "作风建设", "机关党建"].as_slice(),
        ),
        (
            "state-firm",
            "state_firm",
            ["责任落实", "阵地建设", "业务体系"].as_slice(),
        ),
        (
            "school",
            "school",
            ["党建", "自治", "监督", "作风", "文化"].as_slice(),
        ),
    ] {
        let aspects = aspects(&scheme(file), category);
        assert_eq!(names(&aspects), expected, "{file}");
    }
}

#[test]
fn the_one_hour_mechanism_is_scored_by_what_was_counted() {
    let scheme = scheme("transport");
    let mut measured = scheme.file.item.iter().filter(|item| {
        let value = item.measured.as_ref().map(|shaped| &shaped.value);
        let figure = value.and_then(|value| value.measure.as_ref());
        figure.is_some_and(|figure| figure.of == "within_one_hour")
    });
    assert!(measured.next().is_some());
}

#[test]
fn points_on_a_doctors_record_lead_to_a_talk_a_suspension_and_a_demotion() {
    let scheme = scheme("hospital");
    let doctor = scheme.file.category.iter().find(|one| one.code == "doctor");
    assert_eq!(doctor.unwrap().kind, SubjectKind::Person);
    let kinds: Vec<&str> = scheme
        .file
        .rule
        .iter()
        .filter(|rule| rule.code.starts_with("record_"))
        .filter_map(|rule| match &rule.effect {
            Effect::FollowUp(follow_up) => Some(follow_up.kind.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["talk", "suspend", "demote"]);
    let recorded = scheme
        .file
        .rule
        .iter()
        .filter_map(|rule| match &rule.effect {
            Effect::FollowUp(follow_up) => follow_up.record_points,
            _ => None,
        });
    let recorded: Vec<Points> = recorded.collect();
    assert_eq!(recorded, [Points::from_whole(12).unwrap()]);
}

#[test]
fn every_type_is_measured_with_100_points() {
    for (name, ..) in FILES {
        let scheme = scheme(name);
        for category in &scheme.file.category {
            let sections = scheme.file.section.iter().filter(|section| {
                matches!(section.kind, SectionKind::Common | SectionKind::Specific)
                    && section
                        .categories
                        .as_ref()
                        .is_none_or(|list| list.contains(&category.code))
            });
            let sum = sections
                .filter_map(|section| section.max)
                .try_fold(Points::ZERO, Points::add);
            assert_eq!(
                sum,
                Ok(Points::from_whole(100).unwrap()),
                "{name} {}",
                category.code
            );
        }
    }
}

fn closed(item: &Item) -> &[String] {
    item.composed
        .as_ref()
        .map(|composed| composed.closed.as_slice())
        .unwrap_or_default()
}

#[test]
fn the_district_is_composed_of_the_eight_types_each_under_its_own_scheme() {
    let district = scheme("district");
    let composed: Vec<&Item> = district
        .file
        .item
        .iter()
        .filter(|item| item.composed.is_some())
        .collect();
    assert_eq!(composed.len(), 8);
    let of: BTreeSet<&String> = composed.iter().flat_map(|item| closed(item)).collect();
    let others: Vec<Scheme> = FILES
        .iter()
        .filter(|file| file.0 != "district")
        .map(|file| scheme(file.0))
        .collect();
    let known: BTreeSet<&String> = others.iter().map(|scheme| &scheme.file.code).collect();
    assert_eq!(of, known);
    // Categories and sizes belong to the other schemes, where no check of this one looks.
    for item in composed {
        let composed = item.composed.as_ref().unwrap();
        let of = others
            .iter()
            .find(|scheme| closed(item) == [scheme.file.code.clone()])
            .unwrap();
        for category in &composed.categories {
            assert!(
                of.file.category.iter().any(|one| one.code == *category),
                "{}: {category}",
                item.code
            );
        }
        if let Some(size) = &composed.size {
            assert!(
                of.file.measure.iter().any(|one| one.code == *size),
                "{}: {size}",
                item.code
            );
        }
    }
}

#[test]
fn the_district_sample_rests_on_what_the_other_samples_come_to() {
    let (_, _, district) = FILES.iter().find(|file| file.0 == "district").unwrap();
    let district = Inputs::parse(district).unwrap();
    let mut totals: BTreeMap<(String, String), Option<Points>> = BTreeMap::new();
    for (name, _, sample) in FILES.iter().filter(|file| file.0 != "district") {
        let inputs = Inputs::parse(sample).unwrap();
        let scheme = scheme(name);
        let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
        for decision in &outcome.decisions {
            let key = (inputs.round.code.clone(), decision.subject.to_string());
            totals.insert(key, decision.total);
        }
    }
    assert!(!district.closed_results.is_empty());
    for result in &district.closed_results {
        let key = (result.round.clone(), result.subject.clone());
        assert_eq!(totals.get(&key), Some(&result.total), "{key:?}");
    }
}

fn district() -> (Scheme, Inputs, Outcome) {
    let (_, _, sample) = FILES.iter().find(|file| file.0 == "district").unwrap();
    let (scheme, inputs) = (scheme("district"), Inputs::parse(sample).unwrap());
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    (scheme, inputs, outcome)
}

#[test]
fn composed_points_name_the_closed_rounds_and_revisions_that_they_rest_on() {
    let (scheme, _, outcome) = district();
    let decision = outcome.find("district-01").unwrap();
    let explainer = Explainer::new(&scheme, []);
    let words = |code: &str| {
        let mut items = decision.items.iter();
        let item = items.find(|item| item.code.as_ref() == code).unwrap();
        let parts = &item.trace.as_ref().unwrap().parts;
        explainer.composed(&parts[0]).unwrap()
    };
    insta::assert_snapshot!(words("school").zh, @"“学校”（轮次 sample-school-2026 第 2 版）：计入 7 个，平均得分率 90.75%，权重 1；无总分 0 个。");
    insta::assert_snapshot!(words("school").en, @"“School” in sample-school-2026 (revision 2): 7 counted, mean result 90.75%, weight 1; 0 without a total.");
    insta::assert_snapshot!(words("village").zh, @"“村”（轮次 sample-village-community-2026 第 1 版）：计入 6 个，平均得分率 90.26%，权重 10050；无总分 0 个。");
    insta::assert_snapshot!(words("hospital").en, @"“Township clinic” in sample-hospital-2026 (revision 1): 3 counted, mean result 91.67%, weight 1; 0 without a total. “Hospital” in sample-hospital-2026 (revision 1): 3 counted, mean result 91.33%, weight 3; 0 without a total.");
}

#[test]
fn a_package_of_composed_points_recomputes_and_a_changed_result_of_a_closed_round_is_found() {
    let (_, inputs, outcome) = district();
    let (_, table, _) = FILES.iter().find(|file| file.0 == "district").unwrap();
    let mut package = Package {
        format: package::FORMAT.to_owned(),
        engine: ENGINE.to_owned(),
        revision: 1,
        scheme: (*table).to_owned(),
        inputs,
        outcome,
        combined_roles: None,
        public_of: None,
        sheets: None,
    };
    package::replay(&package.to_canonical().unwrap()).unwrap();
    package.inputs.closed_results[0].total = Some(Points::ZERO);
    assert!(package::replay(&package.to_canonical().unwrap()).is_err());
}

#[test]
fn a_sum_is_not_called_a_number_of_cases() {
    let (_, table, sample) = FILES.iter().find(|file| file.0 == "hospital").unwrap();
    let scheme = Scheme::parse(table).unwrap();
    let inputs: Inputs = serde_json::from_str(sample).unwrap();
    let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
    let explainer = Explainer::new(&scheme, []);
    let rules = outcome.decisions.iter().flat_map(|one| &one.rules);
    let said: BTreeSet<[String; 2]> = rules
        .flat_map(|rule| rule.compared.iter())
        .filter(|one| one.what.starts_with("facts/breach/") && one.what.contains("/sum="))
        .map(|one| explainer.comparison(one))
        .map(|words| [words.zh, words.en].map(|text| before_the_number(&text)))
        .collect();
    let expected = [
        [
            "医者违规行为·记分合计",
            "sum of “Points on the record” over Breach by a doctor",
        ],
        [
            "医者违规行为·违规采购药品、耗材·涉及金额（元）合计",
            "sum of “Amount in yuan” over Breach by a doctor, Drugs or supplies bought in breach of rules",
        ],
    ];
    assert_eq!(
        said,
        BTreeSet::from(expected.map(|pair| pair.map(str::to_owned)))
    );
}

fn before_the_number(text: &str) -> String {
    let number = text.find(|one: char| one.is_ascii_digit());
    text[..number.unwrap_or(text.len())].trim_end().to_owned()
}
