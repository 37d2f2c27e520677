//! What a survey found as tables: a line for each subject, group of respondents, question and option; and one for each
//! answer in words.

use std::collections::BTreeMap;

use domain::id::{Id, Subject};
use domain::number::Ratio;
use domain::scheme::file::Words;
use domain::survey::{Definition, Line, Part, Question, TimeLine};
use service::survey::{SurveyResults, TextDecision, WordsOf};

use super::ListTable;

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

/// The same of what people wrote.
const WORDS_COLUMNS: [(&str, &str); 8] = [
    ("单位代码", "subject"),
    ("单位名称", "name"),
    ("题目代码", "question"),
    ("题目", "text"),
    ("意见编号", "id"),
    ("意见", "words"),
    ("处理", "decision"),
    ("隐去处数", "removed"),
];

/// The same of the days on which sheets came in.
const DAYS_COLUMNS: [(&str, &str); 5] = [
    ("单位代码", "subject"),
    ("单位名称", "name"),
    ("从", "from"),
    ("到", "to"),
    ("答卷数", "sheets"),
];

/// The first column of numbers.
const NUMBERS: usize = 9;

/// What stands in place of figures that are withheld.
const WITHHELD: &str = "withheld";

/// The table of a survey's results, with the codes and names of its subjects.
pub(crate) fn table_of_results(
    definition: &Definition,
    results: &SurveyResults,
    named: &BTreeMap<Id<Subject>, (String, Words)>,
) -> ListTable<15> {
    let mut lines = Vec::new();
    for result in &results.questions {
        for line in &result.lines {
            let subject = line.subject.map(|subject| name(subject, named));
            let front = front(definition, (subject, line), &result.question);
            lines.extend(figures(line, &result.question).map(|end| {
                let mut cells = front.iter().cloned().chain(end);
                std::array::from_fn(|_| cells.next().unwrap_or_default())
            }));
        }
    }
    ListTable {
        name: "测评结果 Results",
        title: title(definition),
        columns: COLUMNS,
        numbers: NUMBERS,
        lines,
    }
}

/// The table of what people wrote.
pub(crate) fn table_of_words(
    definition: &Definition,
    words: &[WordsOf],
    named: &BTreeMap<Id<Subject>, (String, Words)>,
) -> ListTable<8> {
    let mut lines = Vec::new();
    for group in words {
        let (code, subject) = name(group.subject, named);
        let question = definition.question(&group.question);
        let question = question.map_or("", |(_, question)| question.text.zh.as_str());
        for text in &group.texts {
            let decision = match &text.decision {
                Some((TextDecision::Hide, _)) => "hidden",
                Some((TextDecision::Release, _)) => "released",
                Some((TextDecision::ByRule, _)) | None => "",
            };
            lines.push([
                code.clone(),
                subject.zh.clone(),
                group.question.clone(),
                question.to_owned(),
                text.id.to_string(),
                text.text.clone().unwrap_or_default(),
                decision.to_owned(),
                text.removed.to_string(),
            ]);
        }
    }
    ListTable {
        name: "文字意见 Comments",
        title: title(definition),
        columns: WORDS_COLUMNS,
        numbers: 7,
        lines,
    }
}

/// The table of the days on which sheets came in: of all subjects together, then of each.
pub(crate) fn table_of_days(
    definition: &Definition,
    line: &TimeLine<Id<Subject>>,
    named: &BTreeMap<Id<Subject>, (String, Words)>,
) -> ListTable<5> {
    let each = line.each.iter();
    let each = each.map(|(subject, days)| (name(*subject, named), days));
    let all = (String::new(), Words::new("全部", "All"));
    let mut lines = Vec::new();
    for ((code, subject), days) in std::iter::once((all, &line.all)).chain(each) {
        let row = |from: String, to: String, sheets: String| {
            [code.clone(), subject.zh.clone(), from, to, sheets]
        };
        match days {
            None => lines.push(row(String::new(), String::new(), WITHHELD.to_owned())),
            Some(days) => lines.extend(days.iter().map(|one| {
                row(
                    one.from.to_string(),
                    one.to.to_string(),
                    one.sheets.to_string(),
                )
            })),
        }
    }
    ListTable {
        name: "答卷时间 Days",
        title: title(definition),
        columns: DAYS_COLUMNS,
        numbers: 4,
        lines,
    }
}

fn title(definition: &Definition) -> String {
    format!("{} {}", definition.name.zh, definition.name.en)
}

/// The code and the name of a subject.
fn name(subject: Id<Subject>, named: &BTreeMap<Id<Subject>, (String, Words)>) -> (String, Words) {
    let known = named.get(&subject).cloned();
    known.unwrap_or_else(|| (subject.to_string(), Words::new("", "")))
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
