//! The Ouhai table says what its document says. What holds of every place is asked in `place.rs`.

use std::collections::BTreeMap;

use domain::number::Points;
use domain::scheme::Scheme;
use domain::scheme::file::{Item, SectionKind};

const TABLE: &str = include_str!("../../schemes/ouhai/organ.toml");

/// The points of the leaves below each second-level indicator, as the document prints them.
const LEAVES: [(&str, &[i64]); 26] = [
    ("A1", &[1, 1, 1, 1]),
    ("A2", &[2, 2]),
    ("A3", &[1, 2, 1]),
    ("A4", &[1, 1, 1, 1]),
    ("A5", &[1, 1]),
    ("A6", &[1, 1]),
    ("B1", &[2, 1, 1]),
    ("B2", &[2, 2]),
    ("B3", &[2, 1, 1]),
    ("B4", &[1, 1, 1]),
    ("C1", &[1, 1]),
    ("C2", &[2]),
    ("C3", &[1, 1]),
    ("C4", &[2]),
    ("C5", &[1, 1]),
    ("D1", &[1, 1, 1]),
    ("D2", &[1, 2]),
    ("D3", &[1, 1, 1, 1]),
    ("E1", &[4, 2, 2, 2]),
    ("F1", &[3, 3, 2, 2]),
    ("F2", &[1, 1, 1, 1]),
    ("F3", &[2, 2]),
    ("F4", &[4]),
    ("F5", &[2, 2]),
    ("F6", &[2, 2]),
    ("F7", &[2, 2, 1]),
];

fn scheme() -> Scheme {
    Scheme::parse(TABLE).unwrap()
}

fn whole(points: i64) -> Points {
    Points::from_whole(points).unwrap()
}

fn below<'a>(scheme: &'a Scheme, parent: &'a str) -> impl Iterator<Item = &'a Item> {
    scheme
        .file
        .item
        .iter()
        .filter(move |item| item.parent == parent)
}

#[test]
fn every_leaf_has_the_points_of_the_document() {
    let scheme = scheme();
    let mut count = 0;
    for (indicator, points) in LEAVES {
        let expected: Vec<(String, Option<Points>)> = (1_usize..)
            .zip(points)
            .map(|(place, points)| (format!("{indicator}.{place}"), Some(whole(*points))))
            .collect();
        let found: Vec<(String, Option<Points>)> = below(&scheme, indicator)
            .map(|item| (item.code.clone(), item.max))
            .collect();
        assert_eq!(found, expected, "{indicator}");
        count += found.len();
    }
    assert_eq!(count, 67);
    let maxima: BTreeMap<&str, Option<Points>> = scheme
        .file
        .section
        .iter()
        .map(|section| (section.code.as_str(), section.max))
        .collect();
    assert_eq!(maxima["common"], Some(whole(65)));
    assert_eq!(maxima["specific"], Some(whole(35)));
}

#[test]
fn the_negative_list_takes_1_2_4_and_20_for_each_case_and_3_once() {
    let scheme = scheme();
    let negative = scheme
        .file
        .section
        .iter()
        .find(|section| section.kind == SectionKind::Deduction)
        .unwrap();
    let found: Vec<(Points, bool, bool)> = below(&scheme, &negative.code)
        .map(|item| {
            let cases = item.per_case.as_ref().unwrap();
            (cases.points, cases.once, cases.label.is_some())
        })
        .collect();
    let each = |points| (whole(points), false, false);
    assert_eq!(
        found,
        [
            each(-1),
            each(-2),
            each(-4),
            each(-20),
            (whole(-3), true, true)
        ]
    );
}

#[test]
fn what_the_document_counts_is_not_left_to_inspectors() {
    let scheme = scheme();
    for code in ["A1.1", "A3.3", "A4.2", "D3.2", "D3.3", "D3.4", "F7.1"] {
        let item = scheme.file.item.iter().find(|item| item.code == code);
        assert!(item.unwrap().measured.is_some(), "{code}");
    }
    let find = |code: &str| scheme.file.item.iter().find(|item| item.code == code);
    assert!(find("B3.3").unwrap().gate.is_some());
    assert!(find("E1.3").unwrap().surveyed.is_some());
    assert_eq!(find("E1.4").unwrap().part.len(), 3);
}
