//! A small table, and rounds under it: one item that is the total, grades by tens, rules that a fact sets off.

use domain::decide::decide;
use domain::inputs::Inputs;
use domain::outcome::{Decision, FigureResult, Gap, GapKind, Outcome, RuleResult};
use domain::scheme::Scheme;
use domain::snapshot::Snapshot;
use serde_json::{Value, json};

const TABLE: &str = r#"
format = "mingjian-scheme/1"
code = "case"
version = "1"
name = { zh = "例", en = "Case" }
numbers = { decimals = 2, mode = "half_up" }
grading = { by = "total" }
closing = { two_people = false }
grade = [
    { code = "best", name = { zh = "优", en = "best" }, from = 90 },
    { code = "good", name = { zh = "良", en = "good" }, from = 80 },
    { code = "fair", name = { zh = "中", en = "fair" }, from = 70 },
    { code = "poor", name = { zh = "差", en = "poor" } },
]
category = [
    { code = "unit", kind = "unit", name = { zh = "单位", en = "unit" } },
    { code = "team", kind = "team", name = { zh = "班子", en = "team" } },
    { code = "person", kind = "person", name = { zh = "个人", en = "person" } },
]

[[section]]
code = "s"
kind = "common"
name = { zh = "共性", en = "common" }
max = 100

[[item]]
code = "i"
in = "s"
name = { zh = "项", en = "item" }
max = 100
graded = { step = "0.01", several = "mean" }
"#;

/// A scheme in the making.
pub struct Table(String);

impl Table {
    pub fn new() -> Self {
        Self(TABLE.to_owned())
    }

    /// The same with another text in place of the first that is like this.
    pub fn with(self, old: &str, new: &str) -> Self {
        assert!(self.0.contains(old), "no `{old}`");
        Self(self.0.replacen(old, new, 1))
    }

    /// The same with more tables at its end.
    pub fn and(self, text: &str) -> Self {
        Self(self.0 + "\n" + text + "\n")
    }

    /// A rule by a condition. Keys besides stand on lines of their own.
    pub fn rule(self, code: &str, when: &str, effect: &str, keys: &str) -> Self {
        self.and(&format!(
            "[[rule]]\ncode = \"{code}\"\nname = {{ zh = \"规则\", en = \"rule\" }}\nclause = \"1\"\nwhen = {when}\neffect = {effect}\nwords = {{ zh = \"依规则。\", en = \"By rule.\" }}\n{keys}"
        ))
    }

    /// A kind of fact, and a rule of this code that one such fact sets off.
    pub fn on_fact(self, code: &str, effect: &str) -> Self {
        let when = format!(
            "{{ facts = {{ kind = \"{code}\", back = {{ period = true }} }}, at_least = 1 }}"
        );
        self.kind(code, "").rule(code, &when, effect, "")
    }

    pub fn kind(self, code: &str, keys: &str) -> Self {
        self.and(&format!(
            "[[fact]]\ncode = \"{code}\"\nname = {{ zh = \"事实\", en = \"fact\" }}\ndated_by = \"event\"\ncounts = \"case\"\n{keys}"
        ))
    }

    /// At most so many of each category at a grade or better; keys given take the place of the usual ones.
    pub fn quota(self, code: &str, grade: &str, seats: u32, keys: &[&str]) -> Self {
        let usual = [
            "group = \"category\"",
            "count_disqualified = false",
            "tie = \"all_fall\"",
            "soft = false",
            "hand_on = false",
        ];
        self.and(&format!(
            "[[quota]]\ncode = \"{code}\"\nname = {{ zh = \"名额\", en = \"quota\" }}\nclause = \"1\"\ngrade = \"{grade}\"\nseats = {seats}\n{}",
            instead(&usual, keys)
        ))
    }

    /// The survey `v` with two questions, panels and channels. Keys given take the place of the usual ones.
    pub fn survey(self, keys: &[&str]) -> Self {
        let usual = [
            "denominator = \"rated\"",
            "combine = \"pooled\"",
            "panel = [{ code = \"p\", name = { zh = \"群众\", en = \"public\" } }, { code = \"q\", name = { zh = \"代表\", en = \"delegates\" } }]",
            "channel = [{ code = \"web\" }, { code = \"paper\" }]",
        ];
        let lines = instead(&usual, keys);
        self.and(&format!(
            r#"
[[scale]]
code = "four"
option = [
    {{ code = "s", label = {{ zh = "满意", en = "satisfied" }}, class = "satisfied", weight = 100 }},
    {{ code = "n", label = {{ zh = "一般", en = "neutral" }}, class = "neutral", weight = 60 }},
    {{ code = "d", label = {{ zh = "不满意", en = "dissatisfied" }}, class = "dissatisfied", weight = 0 }},
    {{ code = "x", label = {{ zh = "不了解", en = "do not know" }}, class = "no_opinion" }},
]

[[survey]]
code = "v"
name = {{ zh = "测评", en = "survey" }}
question = [
    {{ code = "a", text = {{ zh = "甲问", en = "a" }}, scale = "four" }},
    {{ code = "b", text = {{ zh = "乙问", en = "b" }}, scale = "four" }},
]
{lines}
"#
        ))
    }

    /// An alert that looks at a figure of the survey, so that the figure is worked out and shown.
    pub fn look(self, code: &str, figure: &str) -> Self {
        let when = format!("{{ survey = {{ of = \"v\", {figure} }}, at_least = \"1%\" }}");
        self.rule(code, &when, "\"alert\"", "")
    }

    pub fn scheme(&self) -> Scheme {
        Scheme::parse(&self.0).unwrap_or_else(|faults| panic!("{faults:#?}\n{}", self.0))
    }
}

/// Lines of a file, those that are given in place of the usual ones with the same key.
fn instead(usual: &[&str], given: &[&str]) -> String {
    let key = |line: &str| line.split(' ').next().map(str::to_owned);
    let mut lines: Vec<&str> = usual.to_vec();
    lines.retain(|line| !given.iter().any(|given| key(given) == key(line)));
    lines.extend(given);
    lines.join("\n")
}

/// The inputs of a round in the making.
#[derive(Clone)]
pub struct Round(Value);

impl Round {
    /// Units with their points; nothing for a score that is missing.
    pub fn of(units: &[(&str, Option<u32>)]) -> Self {
        let mut round = Self(json!({
            "format": "mingjian-inputs/1",
            "round": { "code": "r", "series": "r", "name": "例", "period_from": "2026-01-01", "period_to": "2026-12-31", "time_zone": "Asia/Shanghai" },
            "regions": [{ "code": "x", "name": "x" }],
        }));
        for (code, points) in units {
            round = round.subject("unit", code, *points);
        }
        round
    }

    pub fn subject(self, kind: &str, code: &str, points: Option<u32>) -> Self {
        let row =
            json!({ "code": code, "kind": kind, "category": kind, "region": "x", "name": code });
        let round = self.row("subjects", row);
        match points {
            Some(points) => round.row(
                "scores",
                json!({ "subject": code, "item": "i", "inspector": "a", "points": points }),
            ),
            None => round,
        }
    }

    /// The same with a period of one day, the last.
    pub fn until(mut self, day: &str) -> Self {
        self.0["round"]["period_from"] = json!(day);
        self.0["round"]["period_to"] = json!(day);
        self
    }

    /// The same while a survey still takes answers.
    pub fn open(mut self, survey: &str) -> Self {
        self.0["round"]["open_surveys"] = json!([survey]);
        self
    }

    pub fn earlier(mut self, rounds: &Value) -> Self {
        self.0["round"]["earlier"] = rounds.clone();
        self
    }

    pub fn fact(self, subject: &str, kind: &str) -> Self {
        let row = json!({ "subject": subject, "kind": kind, "reference": "case", "event_on": "2026-06-01", "persons": 1 });
        self.row("facts", row)
    }

    pub fn relation(self, kind: &str, from: &str, to: &str) -> Self {
        self.row("relations", json!({ "kind": kind, "from": from, "to": to }))
    }

    pub fn waiver(self, subject: &str, gap: &Value, holds: &Value) -> Self {
        let row = json!({ "subject": subject, "gap": gap, "holds": holds, "reason": "recorded" });
        self.row("waivers", row)
    }

    pub fn adjusted(self, subject: &str, grade: &str) -> Self {
        let row = json!({ "subject": subject, "grade": grade, "by": "committee", "on": "2027-01-10", "reason": "recorded" });
        self.row("adjustments", row)
    }

    /// Sheets of a panel and channel, as many answering each of the two questions so: satisfied, neutral, dissatisfied,
    /// without an opinion.
    pub fn answers(
        self,
        subject: &str,
        (panel, channel): (&str, &str),
        counts: [[u32; 4]; 2],
    ) -> Self {
        let mut round = self;
        for (question, counts) in ["a", "b"].iter().zip(counts) {
            for (option, count) in ["s", "n", "d", "x"].iter().zip(counts) {
                round = round.row("tallies", json!({ "survey": "v", "subject": subject, "panel": panel, "channel": channel, "question": question, "option": option, "count": count }));
            }
        }
        let valid = counts
            .map(|counts| counts.iter().sum::<u32>())
            .into_iter()
            .max()
            .unwrap();
        let rated = counts
            .map(|[s, n, d, _]| s + n + d)
            .into_iter()
            .max()
            .unwrap();
        round.row("sheets", json!({ "survey": "v", "subject": subject, "panel": panel, "channel": channel, "valid": valid, "rated": rated, "invalid": 0, "replaced": 0, "late": 0 }))
    }

    pub fn row(mut self, list: &str, row: Value) -> Self {
        match &mut self.0[list] {
            Value::Array(rows) => rows.push(row),
            none => *none = json!([row]),
        }
        self
    }

    pub fn decide(&self, table: &Table) -> Outcome {
        let scheme = table.scheme();
        let inputs = Inputs::parse(&self.0.to_string()).unwrap_or_else(|why| panic!("{why}"));
        let snapshot =
            Snapshot::build(&scheme, &inputs).unwrap_or_else(|faults| panic!("{faults:#?}"));
        decide(&scheme, &snapshot)
    }
}

impl Round {
    /// What keeps the round from being laid out, as `row: code`.
    pub fn faults(&self, table: &Table) -> Vec<String> {
        let inputs = Inputs::parse(&self.0.to_string()).unwrap_or_else(|why| panic!("{why}"));
        let faults = Snapshot::build(&table.scheme(), &inputs).unwrap_err();
        let told = faults
            .iter()
            .map(|fault| format!("{}: {}", fault.path, fault.code));
        told.collect()
    }
}

pub fn decision<'a>(outcome: &'a Outcome, subject: &str) -> &'a Decision {
    outcome
        .find(subject)
        .unwrap_or_else(|| panic!("no `{subject}`"))
}

/// The grades of all in the order of their codes; `-` where there is none.
pub fn grades(outcome: &Outcome) -> String {
    let grades = outcome.decisions.iter();
    let grades = grades.map(|decision| decision.grade.as_deref().unwrap_or("-"));
    grades.collect::<Vec<_>>().join(" ")
}

pub fn rule<'a>(outcome: &'a Outcome, subject: &str, code: &str) -> &'a RuleResult {
    let mut rules = decision(outcome, subject).rules.iter();
    let found = rules.find(|result| result.rule.as_ref() == code);
    found.unwrap_or_else(|| panic!("no `{code}` of `{subject}`"))
}

pub fn figure<'a>(outcome: &'a Outcome, subject: &str, what: &str) -> &'a FigureResult {
    let figures = &decision(outcome, subject).figures;
    let found = figures.iter().find(|figure| figure.what.as_ref() == what);
    found.unwrap_or_else(|| panic!("no `{what}` in {figures:#?}"))
}

/// The gaps of a kind, each as `subject place`.
pub fn gaps(outcome: &Outcome, kind: GapKind) -> Vec<String> {
    let of_kind = |gap: &&Gap| gap.kind == kind;
    let gaps = outcome.gaps.iter().filter(of_kind);
    gaps.map(|gap| format!("{} {}", gap.subject.as_deref().unwrap_or("-"), gap.place))
        .collect()
}
