//! What a survey found as a table: a line for each subject, group of respondents, question and option.

use std::collections::BTreeMap;

use domain::id::{Id, Subject};
use domain::number::Ratio;
use domain::scheme::file::Words;
use domain::survey::{Definition, Line, Part, Question};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use service::survey::SurveyResults;

use super::{without_formula, write_text};

/// Names of the columns, for people and for programs.
const COLUMNS: [(&str, &str); 15] = [
    ("单位代码", "subject"),
    ("单位名称", "name"),
    ("英文名称", "name_en"),
    ("评议群体", "panel"),
    ("渠道", "channel"),
    ("题目代码", "question"),
    ("题目", "text"),
    ("选项代码", "option"),
    ("选项", "label"),
    ("回答数", "answers"),
    ("选择数", "count"),
    ("占比", "share"),
    ("百分比", "percent"),
    ("95%区间下限", "low"),
    ("95%区间上限", "high"),
];

/// The first column of numbers.
const NUMBERS: usize = 9;

/// What stands in place of figures that are withheld.
const WITHHELD: &str = "withheld";

/// A table of results.
#[derive(Debug)]
pub(crate) struct ResultTable {
    title: String,
    /// Its lines below the header.
    pub(crate) lines: Vec<[String; 15]>,
}

impl ResultTable {
    /// The table of a survey's results, with the codes and names of its subjects.
    pub(crate) fn of(
        definition: &Definition,
        results: &SurveyResults,
        named: &BTreeMap<Id<Subject>, (String, Words)>,
    ) -> Self {
        let mut lines = Vec::new();
        for result in &results.questions {
            for line in &result.lines {
                let subject = line.subject.map(|subject| {
                    let known = named.get(&subject).cloned();
                    known.unwrap_or_else(|| (subject.to_string(), Words::new("", "")))
                });
                let front = front(definition, (subject, line), &result.question);
                lines.extend(figures(line, &result.question).map(|end| {
                    let mut cells = front.iter().cloned().chain(end);
                    std::array::from_fn(|_| cells.next().unwrap_or_default())
                }));
            }
        }
        Self {
            title: format!("{} {}", definition.name.zh, definition.name.en),
            lines,
        }
    }

    /// As CSV, with a mark in front by which spreadsheets know it as UTF-8.
    pub(crate) fn write_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::from("\u{feff}"));
        writer.write_record(COLUMNS.map(|(_, name)| name))?;
        for line in &self.lines {
            writer.write_record(line.iter().map(|cell| without_formula(cell)))?;
        }
        writer
            .into_inner()
            .map_err(|error| error.into_error().into())
    }

    /// As a workbook.
    pub(crate) fn write_workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name("测评结果 Results")?;
        let (bold, plain) = (Format::new().set_bold(), Format::new());
        write_text(sheet, (0, 0), &self.title, &bold)?;
        for (at, (zh, en)) in (0_u16..).zip(COLUMNS) {
            write_text(sheet, (1, at), &format!("{zh} {en}"), &bold)?;
        }
        sheet.set_freeze_panes(2, 0)?;
        for (row, line) in (2_u32..).zip(&self.lines) {
            for (at, (place, cell)) in (0_u16..).zip(line.iter().enumerate()) {
                match cell.parse::<f64>() {
                    Ok(value) if place >= NUMBERS => {
                        sheet.write_number(row, at, value)?;
                    }
                    _ => write_text(sheet, (row, at), cell, &plain)?,
                }
            }
        }
        sheet.autofit();
        book.save_to_buffer()
    }
}

/// Whom a line is about, whose answers it counts, and to what.
fn front(
    definition: &Definition,
    (subject, line): (Option<(String, Words)>, &Line<Id<Subject>>),
    question: &Question,
) -> [String; 7] {
    let (code, name) = subject.unwrap_or_else(|| (String::new(), Words::new("全部", "All")));
    let panel = match &line.part {
        Part::Panel(code) => {
            let panel = definition.panel(code);
            panel.map_or_else(|| code.clone(), |panel| panel.name.zh.clone())
        }
        Part::Whole | Part::Channel(_) => String::new(),
    };
    let channel = match line.part {
        Part::Channel(channel) => channel.word().to_owned(),
        Part::Whole | Part::Panel(_) => String::new(),
    };
    [
        code,
        name.zh,
        name.en,
        panel,
        channel,
        question.code.clone(),
        question.text.zh.clone(),
    ]
}

/// The ends of the lines of a group: one for each option, or one for all where it is answered in words.
fn figures(line: &Line<Id<Subject>>, question: &Question) -> impl Iterator<Item = [String; 8]> {
    let options = question.options();
    let names: Vec<[String; 2]> = if options.is_empty() {
        vec![Default::default()]
    } else {
        let names = options.iter();
        names
            .map(|option| [option.code.clone(), option.label.zh.clone()])
            .collect()
    };
    let counts = line.counts.clone();
    names
        .into_iter()
        .enumerate()
        .map(move |(place, [code, label])| {
            let Some(counts) = &counts else {
                let [answers, count, share, percent, low, high] = std::array::from_fn(|at| {
                    if at == 0 {
                        WITHHELD.to_owned()
                    } else {
                        String::new()
                    }
                });
                return [code, label, answers, count, share, percent, low, high];
            };
            let choice = counts.choice(place);
            let share = choice.share();
            let percent = |ratio: Option<Ratio>| {
                ratio.map_or_else(String::new, |ratio| ratio.to_percent_text(2))
            };
            let (low, high) = choice.bounds().unzip();
            [
                code,
                label,
                counts.of.to_string(),
                choice.count.to_string(),
                share
                    .as_ref()
                    .map_or_else(String::new, |_| format!("{}/{}", choice.count, choice.of)),
                percent(share),
                percent(low),
                percent(high),
            ]
        })
}
