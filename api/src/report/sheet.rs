//! The sheet of one subject: what it got, how, why not more, and what comes of it.

use askama::Template;
use chrono::Days;
use domain::explain::Explainer;
use domain::number::Points;
use domain::outcome::{Consequence, Decision, ItemResult, NodeResult, Row, Truth3};
use domain::scheme::file::{SchemeFile, Words};

use super::{Head, Report, ReportFault};
use crate::page::language::{Language, Value};

/// Both languages of a sheet.
#[derive(Template)]
#[template(path = "report.html")]
struct Sheet<'a> {
    head: &'a Head<'a>,
    name: &'a str,
    region: &'a str,
    total: String,
    halves: [Half; 2],
}

/// A sheet in one language.
struct Half {
    language: Language,
    category: String,
    scheme: String,
    revision: String,
    of: String,
    grade: String,
    rank: String,
    eligible: String,
    labels: String,
    label_ranks: Vec<String>,
    sentence: String,
    sections: Vec<SectionPart>,
    steps: Vec<String>,
    obstacles: Vec<String>,
    fired: Vec<String>,
    quiet: Vec<String>,
    follow_ups: Vec<String>,
    waivers: Vec<String>,
    figures: Vec<FigureRow>,
}

impl Half {
    fn say(&self, name: &str) -> String {
        self.language.say(name)
    }

    const fn tag(&self) -> &'static str {
        self.language.tag()
    }
}

/// A section with its items.
struct SectionPart {
    name: String,
    points: String,
    maximum: String,
    /// Of 300; absent where there is no maximum.
    width: Option<u16>,
    told: String,
    items: Vec<ItemRow>,
}

struct ItemRow {
    name: String,
    points: String,
    maximum: String,
    how: String,
    /// Tasks that are not done.
    undone: Vec<String>,
}

struct FigureRow {
    name: String,
    value: String,
    interval: String,
}

/// What stands where there are no points.
const NONE: &str = "—";

impl Report<'_> {
    /// The sheet of a subject.
    pub(super) fn draw_sheet(
        &self,
        decision: &Decision,
        explainer: &Explainer<'_>,
    ) -> Result<String, ReportFault> {
        let half = |language| self.half(decision, explainer, language);
        let sheet = Sheet {
            head: &self.head,
            name: self
                .names
                .get(&*decision.subject)
                .copied()
                .unwrap_or(&decision.subject),
            region: self
                .regions
                .get(&*decision.region)
                .copied()
                .unwrap_or(&decision.region),
            total: show(decision.total),
            halves: [half(Language::Chinese), half(Language::English)],
        };
        Ok(sheet.render()?)
    }

    fn half(&self, decision: &Decision, explainer: &Explainer<'_>, language: Language) -> Half {
        let of = |words: Words| language.of(&words).to_owned();
        let (fired, quiet): (Vec<_>, Vec<_>) = decision
            .rules
            .iter()
            .partition(|result| result.fired == Truth3::True);
        let sentences = |results: Vec<&domain::outcome::RuleResult>| {
            results
                .into_iter()
                .map(|result| of(explainer.rule_sentence(result)))
                .collect()
        };
        let maximum = decision.maximum.to_string();
        let mut told = language.say_with("report-of", [("maximum", Value::Text(&maximum))]);
        if let Some(unscaled) = decision.unscaled {
            let unscaled = unscaled.to_string();
            let words = language.say_with("report-unscaled", [("points", Value::Text(&unscaled))]);
            let comma = match language {
                Language::Chinese => "，",
                Language::English => ", ",
            };
            told = format!("{told}{comma}{words}");
        }
        let revision = self.head.revision.to_string();
        let version = language.say_with(
            "report-version",
            [("version", Value::Text(self.head.scheme_version))],
        );
        Half {
            language,
            category: self
                .scheme
                .file
                .category
                .iter()
                .find(|category| category.code == *decision.category)
                .map_or_else(
                    || decision.category.to_string(),
                    |category| language.of(&category.name).to_owned(),
                ),
            scheme: format!("{} {version}", language.of(&self.scheme.file.name)),
            revision: language.say_with(
                "report-revision-number",
                [("number", Value::Text(&revision))],
            ),
            of: told,
            grade: Self::grade(explainer, decision, language),
            rank: decision.rank.map_or_else(
                || language.say("report-unranked"),
                |rank| {
                    let rank = rank.to_string();
                    language.say_with("report-rank-number", [("rank", Value::Text(&rank))])
                },
            ),
            eligible: Self::eligible(explainer, decision, language),
            labels: Self::labels(explainer, decision, language),
            label_ranks: decision
                .label_ranks
                .iter()
                .map(|rank| of(explainer.label(rank)))
                .collect(),
            sentence: of(explainer.sentence(decision)),
            sections: self.sections(decision, explainer, language),
            steps: decision
                .steps
                .iter()
                .map(|step| of(explainer.step(step)))
                .collect(),
            obstacles: decision
                .obstacles
                .iter()
                .map(|obstacle| of(explainer.obstacle(obstacle)))
                .collect(),
            fired: sentences(fired),
            quiet: sentences(quiet),
            follow_ups: decision
                .consequences
                .iter()
                .map(|one| self.follow_up(one, &explainer.consequence(one), language))
                .chain(self.falling_on(&decision.subject).map(|(source, one)| {
                    let words = explainer.consequence_from(source, one);
                    self.follow_up(one, &words, language)
                }))
                .collect(),
            waivers: self.waivers(decision, explainer, language),
            figures: decision
                .figures
                .iter()
                .map(|figure| FigureRow {
                    name: of(explainer.what(&figure.what)),
                    value: of(explainer.figure(figure)),
                    interval: figure
                        .wilson_e4
                        .filter(|_| !explainer.is_withheld(figure.few))
                        .map_or_else(String::new, |(low, high)| {
                            format!("{} – {}", percent(low), percent(high))
                        }),
                })
                .collect(),
        }
    }

    fn sections(
        &self,
        decision: &Decision,
        explainer: &Explainer<'_>,
        language: Language,
    ) -> Vec<SectionPart> {
        let file = &self.scheme.file;
        let mut parts = Vec::new();
        for section in &file.section {
            let Some(node) = decision
                .nodes
                .iter()
                .find(|node| **node.code == *section.code)
            else {
                continue;
            };
            let items = decision
                .items
                .iter()
                .filter(|item| section_of(file, item.code) == Some(section.code.as_str()))
                .map(|item| self.item_row(item, explainer, language))
                .collect();
            let (points, maximum) = (show(node.points), show(node.maximum));
            parts.push(SectionPart {
                name: language.of(&section.name).to_owned(),
                told: language.say_with(
                    "report-bar",
                    [
                        ("points", Value::Text(&points)),
                        ("maximum", Value::Text(&maximum)),
                    ],
                ),
                points,
                maximum,
                width: width(&node),
                items,
            });
        }
        parts
    }

    fn item_row(
        &self,
        item: Row<'_, ItemResult>,
        explainer: &Explainer<'_>,
        language: Language,
    ) -> ItemRow {
        let mut written = self.scheme.file.item.iter();
        let written = written.find(|one| *one.code == **item.code);
        ItemRow {
            name: language.of(&explainer.item_title(item.code)).to_owned(),
            points: show(item.points),
            maximum: show(written.and_then(|one| one.max)),
            how: language.of(&explainer.item(item)).to_owned(),
            undone: (explainer.undone(item).iter())
                .map(|task| language.of(task).to_owned())
                .collect(),
        }
    }

    /// What comes of the decision; with the last day, where the day of the close-out is known. Working days depend on a
    /// calendar of holidays, so they stay a number.
    fn follow_up(&self, one: &Consequence, words: &Words, language: Language) -> String {
        let told = language.of(words).to_owned();
        let last = one
            .within_days
            .zip(self.origin.closed_on)
            .and_then(|(days, closed)| closed.checked_add_days(Days::new(days.into())));
        match last {
            Some(day) => {
                let day = day.to_string();
                let until = language.say_with("report-until", [("day", Value::Text(&day))]);
                match language {
                    Language::Chinese => format!("{told}（{until}）"),
                    Language::English => format!("{told} ({until})"),
                }
            }
            None => told,
        }
    }

    /// Waivers and adjustments with their reasons, which stay on the result.
    fn waivers(
        &self,
        decision: &Decision,
        explainer: &Explainer<'_>,
        language: Language,
    ) -> Vec<String> {
        let told = explainer.recorded(&self.package.inputs, &decision.subject);
        let told = told.iter();
        told.map(|words| language.of(words).to_owned()).collect()
    }
}

/// The section that an item belongs to, by way of its indicators.
fn section_of<'f>(file: &'f SchemeFile, item: &str) -> Option<&'f str> {
    let mut parent = file
        .item
        .iter()
        .find(|one| one.code == item)?
        .parent
        .as_str();
    // A checked scheme has no circle; each step leaves an indicator behind.
    for _ in 0..=file.indicator.len() {
        match file.indicator.iter().find(|one| one.code == parent) {
            Some(indicator) => parent = &indicator.parent,
            None => break,
        }
    }
    Some(parent)
}

fn show(points: Option<Points>) -> String {
    points.map_or_else(|| NONE.to_owned(), |points| points.to_string())
}

/// How much of a bar of 300 is full.
fn width(node: &NodeResult) -> Option<u16> {
    let (points, maximum) = (node.points?.e4(), node.maximum?.e4());
    let full = points.clamp(0, maximum.max(0)).checked_mul(300)?;
    u16::try_from(full.checked_div(maximum)?).ok()
}

/// Ten-thousandths as a percentage.
fn percent(e4: u32) -> String {
    format!("{}.{:02}%", e4 / 100, e4 % 100)
}
