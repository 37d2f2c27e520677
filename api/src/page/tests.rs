//! Words and preferences of the pages; their ways are tested with a database and in a browser.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderValue, header};

use super::language::Language;

const CHINESE: &str = concat!(
    include_str!("../../locales/zh-CN/page.ftl"),
    include_str!("../../locales/zh-CN/report.ftl"),
    include_str!("../../locales/zh-CN/letter.ftl")
);
const ENGLISH: &str = concat!(
    include_str!("../../locales/en/page.ftl"),
    include_str!("../../locales/en/report.ftl"),
    include_str!("../../locales/en/letter.ftl")
);

fn names(file: &str) -> BTreeSet<&str> {
    let lines = file
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    lines
        .filter_map(|line| line.split_once(" ="))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn both_languages_say_the_same_things() {
    assert_eq!(names(CHINESE), names(ENGLISH));
    for name in names(ENGLISH) {
        assert_ne!(Language::English.say(name), "", "{name}");
    }
}

#[test]
fn every_word_that_a_template_asks_for_exists() {
    let templates = [
        include_str!("../../templates/page.html"),
        include_str!("../../templates/form.html"),
        include_str!("../../templates/ballot.html"),
        include_str!("../../templates/told.html"),
        include_str!("../../templates/thanks.html"),
        include_str!("../../templates/notice.html"),
        include_str!("../../templates/receipt.html"),
        include_str!("../../templates/change.html"),
        include_str!("../../templates/account.html"),
        include_str!("../../templates/account-done.html"),
        include_str!("../../templates/reset.html"),
        include_str!("../../templates/report.html"),
        include_str!("../../templates/ranking.html"),
        include_str!("../../templates/invitation.txt"),
        include_str!("../../templates/invitation.html"),
        include_str!("../../templates/letters.html"),
        include_str!("../../templates/paper_form.html"),
    ];
    for template in templates {
        for part in template.split("say(\"").skip(1) {
            let name = part.split('"').next().unwrap_or_default();
            assert!(names(CHINESE).contains(name), "{name}");
        }
    }
}

#[test]
fn the_link_decides_the_language_then_the_browser_then_chinese() {
    let accepting = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value));
        headers
    };
    for (link, accepted, expected) in [
        (Some("en"), "zh-CN", Language::English),
        (Some("xx"), "en-GB", Language::English),
        (None, "en;q=0.8, zh;q=0.9", Language::Chinese),
        (None, "zh;q=0.1, en;q=0.25", Language::English),
        (None, "fr, en;q=0.5", Language::English),
        (None, "en;q=0", Language::Chinese),
        (None, "", Language::Chinese),
        (None, ";;;q=,,en;q=x", Language::Chinese),
    ] {
        assert_eq!(
            Language::choose(link, &accepting(accepted)),
            expected,
            "{link:?} {accepted}"
        );
    }
}
