//! The ranking: a page with links to the sheets, and a workbook.

use askama::Template;
use domain::explain::Explainer;
use domain::outcome::Decision;
use domain::scheme::file::Words;
use rust_xlsxwriter::{Format, FormatAlign, Workbook};

use super::{Head, Report, ReportFault};
use crate::page::language::Language;
use crate::sheet::write_text;

#[derive(Template)]
#[template(path = "ranking.html")]
struct Ranking<'a> {
    head: &'a Head<'a>,
    zh: Language,
    en: Language,
    columns: Vec<Column>,
    groups: Vec<Group<'a>>,
}

struct Column {
    zh: String,
    en: String,
    number: bool,
}

/// A category.
struct Group<'a> {
    zh: &'a str,
    en: &'a str,
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    rank: String,
    name: &'a str,
    file: &'a str,
    total: String,
    maximum: String,
    grade: Words,
    eligible: Words,
    labels: Words,
}

/// Names of the columns, and whether they hold numbers.
const COLUMNS: [(&str, bool); 7] = [
    ("report-rank", true),
    ("report-name", false),
    ("report-total", true),
    ("report-maximum", true),
    ("report-grade", false),
    ("report-eligible", false),
    ("report-labels", false),
];

impl Report<'_> {
    /// The page of the ranking.
    pub(super) fn draw_ranking(&self, explainer: &Explainer<'_>) -> Result<String, ReportFault> {
        let columns = COLUMNS
            .iter()
            .map(|(name, number)| Column {
                zh: Language::Chinese.say(name),
                en: Language::English.say(name),
                number: *number,
            })
            .collect();
        let groups = self.scheme.file.category.iter().map(|category| Group {
            zh: &category.name.zh,
            en: &category.name.en,
            lines: self
                .ranked(&category.code)
                .into_iter()
                .map(|decision| self.line(decision, explainer))
                .collect(),
        });
        let page = Ranking {
            head: &self.head,
            zh: Language::Chinese,
            en: Language::English,
            columns,
            groups: groups.filter(|group| !group.lines.is_empty()).collect(),
        };
        Ok(page.render()?)
    }

    /// Decisions of a category, the first rank first, those without a rank last.
    fn ranked(&self, category: &str) -> Vec<&Decision> {
        let mut decisions: Vec<&Decision> = self
            .package
            .outcome
            .decisions
            .iter()
            .filter(|decision| *decision.category == *category)
            .collect();
        // Stable: those of equal rank stay in the order of codes.
        decisions.sort_by_key(|decision| decision.rank.unwrap_or(u32::MAX));
        decisions
    }

    fn line<'l>(&'l self, decision: &'l Decision, explainer: &Explainer<'_>) -> Line<'l> {
        let both = |say: &dyn Fn(Language) -> String| Words {
            zh: say(Language::Chinese),
            en: say(Language::English),
        };
        Line {
            rank: decision
                .rank
                .map_or_else(|| "—".to_owned(), |rank| rank.to_string()),
            name: self
                .names
                .get(&*decision.subject)
                .copied()
                .unwrap_or(&decision.subject),
            file: self.file(&decision.subject),
            total: decision
                .total
                .map_or_else(|| "—".to_owned(), |total| total.to_string()),
            maximum: decision.maximum.to_string(),
            grade: both(&|language| Self::grade(explainer, decision, language)),
            eligible: both(&|language| Self::eligible(explainer, decision, language)),
            labels: both(&|language| Self::labels(explainer, decision, language)),
        }
    }

    /// The same as a workbook, with the points of every section.
    pub(super) fn write_workbook(&self, explainer: &Explainer<'_>) -> Result<Vec<u8>, ReportFault> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name("排名 Ranking")?;
        let bold = Format::new().set_bold();
        let plain = Format::new();
        let number = Format::new().set_align(FormatAlign::Right);
        let mut title = format!(
            "{} · {}",
            self.head.round_name,
            Language::Chinese.say("report-index-title")
        );
        let marks =
            [Language::Chinese, Language::English].map(|language| self.head.marks(language));
        for mark in marks.concat() {
            title = format!("{title} · {mark}");
        }
        write_text(sheet, (0, 0), &title, &bold)?;
        let sections = &self.scheme.file.section;
        let heads = ["report-category", "report-code"]
            .into_iter()
            .chain(COLUMNS.iter().map(|(name, _)| *name))
            .map(|name| {
                format!(
                    "{} {}",
                    Language::Chinese.say(name),
                    Language::English.say(name)
                )
            })
            .chain(
                sections
                    .iter()
                    .map(|section| format!("{} {}", section.name.zh, section.name.en)),
            );
        for (at, head) in (0_u16..).zip(heads) {
            write_text(sheet, (1, at), &head, &bold)?;
        }
        sheet.set_freeze_panes(2, 0)?;
        let mut row = 2;
        for category in &self.scheme.file.category {
            for decision in self.ranked(&category.code) {
                let line = self.line(decision, explainer);
                let both = |words: &Words| format!("{} {}", words.zh, words.en).trim().to_owned();
                let cells = [
                    both(&category.name),
                    decision.subject.to_string(),
                    line.rank.clone(),
                    line.name.to_owned(),
                    line.total.clone(),
                    line.maximum.clone(),
                    both(&line.grade),
                    both(&line.eligible),
                    both(&line.labels),
                ];
                let points = sections.iter().map(|section| {
                    let found = decision
                        .nodes
                        .iter()
                        .find(|node| **node.code == *section.code)
                        .and_then(|node| node.points);
                    found.map_or_else(String::new, |points| points.to_string())
                });
                for (at, cell) in (0_u16..).zip(cells.into_iter().chain(points)) {
                    // Ranks and points are numbers, so that the table can be sorted by them.
                    let is_number = at == 2 || at == 4 || at == 5 || at > 8;
                    match cell.parse::<f64>() {
                        Ok(value) if is_number => {
                            sheet.write_number_with_format(row, at, value, &number)?;
                        }
                        _ => write_text(sheet, (row, at), &cell, &plain)?,
                    }
                }
                row += 1;
            }
        }
        sheet.autofit();
        Ok(book.save_to_buffer()?)
    }
}
