//! The sheet that inspectors fill in: subjects below, items across.
//!
//! Its first row is for the program, the notes below it, which begin with `#`, for people. Whoever fills it in may
//! leave cells empty, copy rows for a second inspector, sort, or delete what is not theirs.

use chrono::NaiveDate;
use domain::scheme::Scheme;
use domain::scheme::file::{Checklist, Graded, Item};
use domain::snapshot::stretches;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, Format, FormatAlign,
    FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::{MOST_CELLS, Row, SheetFault, Table};

/// What a column of a task list asks for, beside the item's code.
const DONE: &str = "完成数";
const TASKS: &str = "任务数";
const UNDONE: &str = "未完成序号";

/// A cell that is not to be filled in.
const NOT_APPLICABLE: &str = "—";

/// The columns of scores as the import takes them: one row for each subject and item.
const LONG: [&str; 10] = [
    "subject",
    "item",
    "part",
    "period",
    "points",
    "inspector",
    "done",
    "tasks",
    "undone",
    "note",
];

/// The round that the sheet is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreRound {
    /// Its name.
    pub name: String,
    /// First day of its period.
    pub period_from: NaiveDate,
    /// Last day of its period.
    pub period_to: NaiveDate,
}

/// A subject on the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreSubject {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its category, which decides what is asked of it.
    pub category: String,
}

/// A column of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreColumn {
    /// The item's code, with the part's after a slash and the stretch that points are for after an `@`.
    pub code: String,
    name: String,
    what: What,
    categories: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Points { max: String, step: String },
    Done { tasks: Option<u32> },
    Tasks,
    Undone,
}

/// An empty sheet.
#[derive(Debug, Clone)]
pub struct ScoreSheet {
    /// What it is for, such as the round's name.
    pub title: String,
    /// Across.
    pub columns: Vec<ScoreColumn>,
    /// Below.
    pub subjects: Vec<ScoreSubject>,
}

impl ScoreSheet {
    /// The sheet of a round: every item of the scheme that people award, and these subjects.
    pub fn new(scheme: &Scheme, round: ScoreRound, subjects: Vec<ScoreSubject>) -> Self {
        let items = scheme.file.item.iter();
        Self {
            columns: items.flat_map(|item| columns_of(item, &round)).collect(),
            title: round.name,
            subjects,
        }
    }

    /// The sheet as an XLSX workbook.
    ///
    /// # Errors
    /// It is larger than a workbook may be.
    pub fn write(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("评分表")?;
        let styles = Styles::new();
        for (place, head) in ["单位代码", "单位名称", "考评人员"].into_iter().enumerate()
        {
            sheet.write_string_with_format(0, column(place)?, head, &styles.head)?;
        }
        for (line, note) in (1..).zip(["#名称", "#满分", "#分档"]) {
            sheet.write_string_with_format(line, 0, note, &styles.note)?;
        }
        write_text(sheet, (1, 1), &self.title, &styles.note)?;
        sheet.write_string_with_format(2, 1, "空格表示未评", &styles.note)?;
        sheet.write_string_with_format(3, 1, "考评人员填登录名", &styles.note)?;
        for (place, item) in self.columns.iter().enumerate() {
            self.write_column(sheet, column(place + 3)?, item, &styles)?;
        }
        for (line, subject) in (FIRST_ROW..).zip(&self.subjects) {
            write_text(sheet, (line, 0), &subject.code, &styles.plain)?;
            write_text(sheet, (line, 1), &subject.name, &styles.plain)?;
        }
        sheet.set_column_width(0, 14)?;
        sheet.set_column_width(1, 30)?;
        sheet.set_column_width(2, 14)?;
        sheet.set_row_height(1, 60)?;
        sheet.set_freeze_panes(FIRST_ROW, 3)?;
        workbook.save_to_buffer()
    }

    /// The same as CSV, in UTF-8 with its mark, for programs that do not read XLSX. Text that a spreadsheet would take
    /// for a formula gets an apostrophe before it.
    ///
    /// # Errors
    /// Never, as far as is known: it is written into memory.
    pub fn write_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut out = b"\xef\xbb\xbf".to_vec();
        let mut writer = csv::Writer::from_writer(&mut out);
        let row = |front: [&str; 3], cell: &dyn Fn(&ScoreColumn) -> String| {
            let front = front.into_iter().map(without_formula);
            let cells = self.columns.iter().map(|item| without_formula(&cell(item)));
            front.chain(cells).collect::<Vec<String>>()
        };
        writer.write_record(row(
            ["单位代码", "单位名称", "考评人员"],
            &ScoreColumn::head,
        ))?;
        writer.write_record(row(["#名称", &self.title, ""], &|item| item.name.clone()))?;
        writer.write_record(row(["#满分", "空格表示未评", ""], &|item| {
            item.limits().0
        }))?;
        writer.write_record(row(["#分档", "考评人员填登录名", ""], &|item| {
            item.limits().1
        }))?;
        for subject in &self.subjects {
            let cell = |item: &ScoreColumn| {
                let mark = if item.is_for(subject) {
                    ""
                } else {
                    NOT_APPLICABLE
                };
                mark.to_owned()
            };
            writer.write_record(row([&subject.code, &subject.name, ""], &cell))?;
        }
        writer.flush()?;
        drop(writer);
        Ok(out)
    }

    fn write_column(
        &self,
        sheet: &mut Worksheet,
        at: u16,
        item: &ScoreColumn,
        styles: &Styles,
    ) -> Result<(), XlsxError> {
        sheet.write_string_with_format(0, at, item.head(), &styles.head)?;
        write_text(sheet, (1, at), &item.name, &styles.note)?;
        let (max, step) = item.limits();
        let rule = match &item.what {
            What::Points { max, .. } => max.parse().ok().map(|max: f64| {
                DataValidation::new().allow_decimal_number(DataValidationRule::Between(0.0, max))
            }),
            What::Done { tasks: Some(tasks) } => i32::try_from(*tasks).ok().map(|tasks| {
                DataValidation::new().allow_whole_number(DataValidationRule::Between(0, tasks))
            }),
            What::Done { tasks: None } | What::Tasks | What::Undone => None,
        };
        sheet.write_string_with_format(2, at, &max, &styles.note)?;
        sheet.write_string_with_format(3, at, &step, &styles.note)?;
        for (line, subject) in (FIRST_ROW..).zip(&self.subjects) {
            if !item.is_for(subject) {
                sheet.write_string_with_format(line, at, NOT_APPLICABLE, &styles.shut)?;
            }
        }
        let last = FIRST_ROW.saturating_add(u32::try_from(self.subjects.len()).unwrap_or(0));
        if let Some(rule) = rule {
            let rule = rule
                .set_error_title("超出范围")?
                .set_error_message(format!("{}：0 至 {max}", item.head()))?
                .set_error_style(DataValidationErrorStyle::Stop);
            // Room for the rows of further inspectors.
            sheet.add_data_validation(FIRST_ROW, at, last.saturating_add(1_000), at, &rule)?;
        }
        Ok(())
    }
}

/// The first row of subjects, from 0.
const FIRST_ROW: u32 = 4;

struct Styles {
    head: Format,
    note: Format,
    shut: Format,
    plain: Format,
}

impl Styles {
    fn new() -> Self {
        let grey = Color::RGB(0x00EE_EEEE);
        Self {
            head: Format::new()
                .set_bold()
                .set_border_bottom(FormatBorder::Thin),
            note: Format::new()
                .set_text_wrap()
                .set_align(FormatAlign::Top)
                .set_background_color(grey),
            shut: Format::new()
                .set_align(FormatAlign::Center)
                .set_background_color(grey),
            plain: Format::new(),
        }
    }
}

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A text that no spreadsheet takes for a formula.
pub(crate) fn without_formula(text: &str) -> String {
    let mark = if text.starts_with(FORMULA) { "'" } else { "" };
    format!("{mark}{text}")
}

/// Writes text that people gave. It is stored as text and, where a program would take it for a formula once it is
/// edited, marked as such.
pub(crate) fn write_text(
    sheet: &mut Worksheet,
    (line, at): (u32, u16),
    text: &str,
    style: &Format,
) -> Result<(), XlsxError> {
    let quoted = style.clone().set_quote_prefix();
    let style = if text.starts_with(FORMULA) {
        &quoted
    } else {
        style
    };
    sheet.write_string_with_format(line, at, text, style)?;
    Ok(())
}

fn column(place: usize) -> Result<u16, XlsxError> {
    u16::try_from(place).map_err(|_| XlsxError::RowColumnLimitError)
}

impl ScoreColumn {
    /// The most that can be put in, and the step, as people read them.
    fn limits(&self) -> (String, String) {
        match &self.what {
            What::Points { max, step } => (max.clone(), step.clone()),
            What::Done { tasks: Some(tasks) } => (format!("共 {tasks} 项"), "1".to_owned()),
            What::Done { tasks: None } | What::Tasks => (String::new(), "1".to_owned()),
            What::Undone => (String::new(), "如 2、5".to_owned()),
        }
    }

    fn is_for(&self, subject: &ScoreSubject) -> bool {
        self.categories
            .as_ref()
            .is_none_or(|list| list.contains(&subject.category))
    }

    fn head(&self) -> String {
        match self.what {
            What::Points { .. } => self.code.clone(),
            What::Done { tasks: Some(tasks) } => format!("{} {DONE}/{tasks}", self.code),
            What::Done { tasks: None } => format!("{} {DONE}", self.code),
            What::Tasks => format!("{} {TASKS}", self.code),
            What::Undone => format!("{} {UNDONE}", self.code),
        }
    }
}

/// The columns of an item: none where its points come from elsewhere, one for each stretch where points are awarded for
/// each by itself.
fn columns_of(item: &Item, round: &ScoreRound) -> Vec<ScoreColumn> {
    let mut columns = Vec::new();
    let mut add = |part: Option<(&str, &str)>,
                   max: String,
                   graded: Option<&Graded>,
                   list: Option<&Checklist>| {
        let code = part.map_or(item.code.clone(), |(code, _)| {
            format!("{}/{code}", item.code)
        });
        let name = part.map_or(item.name.zh.clone(), |(_, name)| {
            format!("{}·{name}", item.name.zh)
        });
        let mut push = |stretch: Option<&str>, what| {
            let code = code.clone();
            columns.push(ScoreColumn {
                code: stretch.map_or(code.clone(), |stretch| format!("{code}@{stretch}")),
                name: stretch.map_or(name.clone(), |stretch| format!("{name}·{stretch}")),
                what,
                categories: item.categories.clone(),
            });
        };
        if let Some(graded) = graded {
            let what = What::Points {
                max,
                step: graded.step.to_string(),
            };
            match graded.every {
                None => push(None, what),
                Some(every) => stretches(every, round.period_from, round.period_to)
                    .iter()
                    .for_each(|stretch| push(Some(stretch), what.clone())),
            }
        } else if let Some(list) = list {
            push(None, What::Done { tasks: list.tasks });
            if list.tasks.is_none() {
                push(None, What::Tasks);
                push(None, What::Undone);
            }
        }
    };
    let max = item.max.map(|max| max.to_string()).unwrap_or_default();
    add(None, max, item.graded.as_ref(), item.checklist.as_ref());
    for part in &item.part {
        let named = Some((part.code.as_str(), part.name.zh.as_str()));
        add(
            named,
            part.max.to_string(),
            part.graded.as_ref(),
            part.checklist.as_ref(),
        );
    }
    columns
}

impl Table {
    /// Turns a filled-in sheet, with items across, into one row for each subject and item. Another table, which names
    /// its item in a column, stays as it is.
    ///
    /// # Errors
    /// It has far more scores than a round can have.
    pub fn unfold_scores(self) -> Result<Self, SheetFault> {
        let is =
            |name: &str, words: [&str; 2]| words.iter().any(|word| name.eq_ignore_ascii_case(word));
        let find = |words: [&str; 2]| self.header.iter().position(|name| is(name, words));
        let Some(subject) = find(["subject", "单位代码"]) else {
            return Ok(self);
        };
        if find(["item", "考评项"]).is_some() {
            return Ok(self);
        }
        let inspector = find(["inspector", "考评人员"]);
        let name = find(["name", "单位名称"]);
        let mut rows = Vec::new();
        for row in &self.rows {
            let cell = |place: usize| row.cells.get(place).map_or("", String::as_str);
            // Columns of one item, what is done, of how many and what is not, belong together.
            let mut lists: Vec<(&str, [&str; 3])> = Vec::new();
            for (place, head) in self.header.iter().enumerate() {
                let value = cell(place);
                let known = [Some(subject), inspector, name].contains(&Some(place));
                if known || head.is_empty() || value.is_empty() || value == NOT_APPLICABLE {
                    continue;
                }
                let (code, asked) = head.split_once(' ').unwrap_or((head, ""));
                // Where the scheme says how many tasks there are, the head says so too.
                let (asked, of) = asked.split_once('/').unwrap_or((asked, ""));
                let slot = match asked {
                    DONE => 0,
                    TASKS => 1,
                    UNDONE => 2,
                    _ => {
                        rows.push(long_row(
                            row,
                            [cell(subject), head, inspector.map_or("", cell)],
                            &Given::Points(value),
                        ));
                        continue;
                    }
                };
                if let Some((_, given)) = lists.iter_mut().find(|(known, _)| *known == code) {
                    given[slot] = value;
                } else {
                    let mut given = ["", of, ""];
                    given[slot] = value;
                    lists.push((code, given));
                }
            }
            for (code, given) in lists {
                rows.push(long_row(
                    row,
                    [cell(subject), code, inspector.map_or("", cell)],
                    &Given::Tasks(given),
                ));
            }
            if rows.len() > MOST_CELLS {
                return Err(SheetFault::too_large(format!(
                    "the sheet has more than {MOST_CELLS} scores"
                )));
            }
        }
        Ok(Self {
            header: LONG.map(str::to_owned).to_vec(),
            rows,
        })
    }
}

enum Given<'a> {
    Points(&'a str),
    /// Done, of how many, and which not.
    Tasks([&'a str; 3]),
}

fn long_row(row: &Row, [subject, code, inspector]: [&str; 3], given: &Given<'_>) -> Row {
    let (code, period) = code.split_once('@').unwrap_or((code, ""));
    let (item, part) = code.split_once('/').unwrap_or((code, ""));
    let (points, [done, tasks, undone]) = match given {
        Given::Points(points) => (*points, [""; 3]),
        Given::Tasks(tasks) => ("", *tasks),
    };
    let cells = [
        subject, item, part, period, points, inspector, done, tasks, undone, "",
    ];
    Row {
        line: row.line,
        cells: cells.map(str::to_owned).to_vec(),
    }
}
