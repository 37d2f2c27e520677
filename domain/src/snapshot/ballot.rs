//! Ballots, sheet by sheet: which one of a person counts, which are valid, and what their lines come to.

use std::collections::{BTreeMap, BTreeSet};

use super::Sheets;
use super::answer::{Cell, small};
use super::build::Builder;
use super::fault::{Contradiction, Row};
use crate::inputs::{Ballot, Inputs};
use crate::package::CountedGroup;
use crate::scheme::file::{Channel, OnePerson};
use crate::scheme::model::SurveyPlan;
use crate::survey::{
    ABSTAINED, BallotAnswers, Definition, Entries, FaultCode, LineFault, RATED, SheetState, Tally,
    Verdict, judge_ballot, parse_ballot,
};

/// Lines that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub subject: usize,
    pub survey: usize,
    pub panel: usize,
    pub channel: Channel,
}

/// What the ballots come to, by group; with the first row that adds to it.
pub(super) type Counted = BTreeMap<Group, Lines>;

/// What the lines of one group come to.
pub(super) struct Lines {
    row: Row,
    tally: Tally,
    marks: BTreeMap<String, u64>,
    returned_marks: BTreeMap<String, u64>,
}

/// A ballot whose names are known.
struct Read<'a> {
    row: Row,
    written: &'a Ballot,
    survey: usize,
    panel: usize,
    subjects: Vec<usize>,
    answers: BallotAnswers,
}

/// Sheets of one person on one ballot.
type Person<'a> = (usize, Option<&'a str>, &'a str);

impl<'a> Builder<'a> {
    /// Counts the ballots line by line.
    pub fn lay_ballots(&mut self) -> Counted {
        let inputs = self.inputs;
        if inputs.ballots.is_empty() {
            return Counted::new();
        }
        let definitions = self.definitions();
        let mut ballots = Vec::with_capacity(inputs.ballots.len());
        for (row, ballot) in inputs.ballots.iter().enumerate() {
            ballots.extend(self.read_ballot(Row::of("ballots", row), ballot, &definitions));
        }
        let replaced = self.replaced(&ballots);
        let mut counted = Counted::new();
        for (place, ballot) in ballots.iter().enumerate() {
            let Some(Some(definition)) = definitions.get(ballot.survey) else {
                continue;
            };
            let seconds = ballot.written.seconds.map(u64::from);
            let state = if ballot.written.late {
                SheetState::Late
            } else if replaced.contains(&place) {
                SheetState::Replaced
            } else {
                match judge_ballot(definition, &ballot.answers, seconds) {
                    Verdict::Valid => SheetState::Valid,
                    Verdict::Invalid(_) => SheetState::Invalid,
                }
            };
            count(&mut counted, definition, ballot, state);
        }
        counted
    }

    /// By survey, what is asked; nothing where it is no ballot.
    fn definitions(&self) -> Vec<Option<Definition>> {
        let file = &self.scheme.file;
        let ballots = file.survey.iter().map(|survey| {
            let is_ballot = survey.ballot.is_some();
            is_ballot.then(|| Definition::of(survey, &file.scale).ok())?
        });
        ballots.collect()
    }

    fn read_ballot(
        &mut self,
        row: Row,
        written: &'a Ballot,
        definitions: &[Option<Definition>],
    ) -> Option<Read<'a>> {
        let found = self.surveys.get(written.survey.as_str()).copied();
        let survey = self.name(row, found, (Contradiction::Survey, &written.survey))?;
        let plan = self.scheme.surveys.get(survey)?;
        let Some(Some(definition)) = definitions.get(survey) else {
            self.fault(row, Contradiction::NotABallot, [&written.survey]);
            return None;
        };
        let mut panels = plan.panels.iter();
        let panel = panels.position(|(code, _)| code.as_ref() == written.panel);
        if panel.is_none() {
            self.fault(row, Contradiction::Panel, [&written.survey, &written.panel]);
        }
        self.check_channel(row, plan, written.channel);
        if plan.one_person.is_none() && written.respondent.is_some() {
            self.fault(row, Contradiction::RespondentUnused, [&written.survey]);
        }
        if written.lines.is_empty() {
            self.fault(row, Contradiction::BallotEmpty, []);
        }
        let subjects = self.read_lines(row, written, plan);
        let entries: Vec<Entries> = written
            .lines
            .iter()
            .map(|line| {
                let answers = line.answers.iter();
                let pairs = answers.flat_map(|(question, entered)| {
                    let values = entered.values().iter();
                    values.map(move |value| (question.as_str(), value.as_str()))
                });
                pairs.collect()
            })
            .collect();
        let answers = match parse_ballot(definition, &entries) {
            Ok(answers) => answers,
            Err(faults) => {
                for fault in faults {
                    self.blame_line(row, written, &fault);
                }
                return None;
            }
        };
        Some(Read {
            row,
            written,
            survey,
            panel: panel?,
            subjects: subjects?,
            answers,
        })
    }

    /// The subjects of the lines; nothing if one of them is not known.
    fn read_lines(
        &mut self,
        row: Row,
        written: &'a Ballot,
        plan: &'a SurveyPlan,
    ) -> Option<Vec<usize>> {
        let mut seen = BTreeSet::new();
        let mut subjects = Vec::with_capacity(written.lines.len());
        for line in &written.lines {
            if !seen.insert(line.subject.as_str()) {
                self.fault(row, Contradiction::LineTwice, [&line.subject]);
                continue;
            }
            let Some(subject) = self.subject(row, &line.subject) else {
                continue;
            };
            if !self.applies(&plan.applies, subject) {
                self.fault(
                    row,
                    Contradiction::NotAbout,
                    [&written.survey, &line.subject],
                );
            }
            subjects.push(subject);
        }
        (subjects.len() == written.lines.len()).then_some(subjects)
    }

    fn blame_line(&mut self, row: Row, written: &Ballot, found: &LineFault) {
        let what = match found.fault.code {
            FaultCode::UnknownQuestion => Contradiction::BallotQuestion,
            FaultCode::UnknownOption => Contradiction::BallotOption,
            // Whether a required answer is missing is a question of validity.
            FaultCode::TooMany | FaultCode::Missing => Contradiction::BallotAnswers,
            FaultCode::TooLong { .. } | FaultCode::ControlCharacter => Contradiction::BallotWords,
        };
        let line = written.lines.get(found.line);
        let subject = line.map_or("", |line| line.subject.as_str());
        self.fault(row, what, [&subject, &found.fault.question]);
    }

    /// Ballots in whose place another one of the same person counts. Late ones take no part.
    fn replaced(&mut self, ballots: &[Read<'a>]) -> BTreeSet<usize> {
        let mut people: BTreeMap<Person<'a>, Vec<usize>> = BTreeMap::new();
        for (place, ballot) in ballots.iter().enumerate() {
            if let (false, Some(who)) = (ballot.written.late, &ballot.written.respondent) {
                let person = (
                    ballot.survey,
                    ballot.written.ballot.as_deref(),
                    who.as_str(),
                );
                people.entry(person).or_default().push(place);
            }
        }
        let mut replaced = BTreeSet::new();
        for ((survey, _, who), mut places) in people {
            let plan = self.scheme.surveys.get(survey);
            let Some((plan, rule)) = plan.and_then(|plan| Some((plan, plan.one_person?))) else {
                continue;
            };
            let key = |place: &usize| {
                let written = ballots.get(*place).map(|ballot| ballot.written);
                written.map(|written| {
                    let mut channels = plan.channels.iter();
                    let channel = channels.position(|(code, _)| *code == written.channel);
                    match rule {
                        OnePerson::ChannelOrder => (channel, written.order),
                        OnePerson::First | OnePerson::Last => (None, written.order),
                    }
                })
            };
            places.sort_by_key(key);
            for pair in places.windows(2) {
                if let [one, other] = pair
                    && key(one) == key(other)
                    && let Some(ballot) = ballots.get(*other)
                {
                    self.fault(ballot.row, Contradiction::RespondentOrder, [&who]);
                }
            }
            match rule {
                OnePerson::Last => places.pop(),
                OnePerson::First | OnePerson::ChannelOrder if !places.is_empty() => {
                    Some(places.remove(0))
                }
                OnePerson::First | OnePerson::ChannelOrder => None,
            };
            replaced.extend(places);
        }
        replaced
    }

    /// What the ballots come to, as rows of the inputs in place of the sheets.
    pub fn count_ballots(&mut self) -> Inputs {
        let mut inputs = self.inputs.clone();
        let definitions = self.definitions();
        for (group, lines) in self.lay_ballots() {
            let plan = self.scheme.surveys.get(group.survey);
            let panel = plan.and_then(|plan| plan.panels.get(group.panel));
            let (Some(Some(definition)), Some(subject), Some((panel, _))) = (
                definitions.get(group.survey),
                self.subjects.get(group.subject),
                panel,
            ) else {
                continue;
            };
            let counted = CountedGroup {
                definition,
                subject: &subject.code,
                panel,
                channel: group.channel,
            };
            counted.add_to(&mut inputs, &lines.tally);
            if let Some(sheets) = inputs.sheets.last_mut() {
                sheets.marks = lines.marks;
                sheets.returned_marks = lines.returned_marks;
            }
        }
        inputs.ballots.clear();
        inputs.sort();
        inputs
    }

    /// Puts what the ballots come to where counts of the same kind stand.
    pub fn add_ballots(&mut self, counted: Counted) {
        for (group, lines) in counted {
            let count = |state| lines.tally.sheets(state);
            let (valid, invalid) = (count(SheetState::Valid), count(SheetState::Invalid));
            let sheets = Sheets {
                panel: group.panel,
                channel: group.channel,
                valid,
                rated: lines.tally.count(RATED.0, RATED.1),
                abstained: lines.tally.count(ABSTAINED.0, ABSTAINED.1),
                returned: valid
                    .saturating_add(invalid)
                    .saturating_add(count(SheetState::Replaced)),
                marks: lines.marks,
                returned_marks: lines.returned_marks,
            };
            let about = (group.subject, group.survey);
            let Some(plan) = self.scheme.surveys.get(group.survey) else {
                continue;
            };
            if self.add_sheets(about, lines.row, sheets) {
                let code = self
                    .subjects
                    .get(group.subject)
                    .map(|data| data.code.clone());
                let code = code.unwrap_or_default();
                self.fault(
                    lines.row,
                    Contradiction::BallotWithCounts,
                    [&code, &plan.code],
                );
            }
            for ((question, option), count) in &lines.tally.answers {
                if let Some(question) = self.rated_place(group.survey, *question) {
                    let cell = Cell {
                        question: small(question),
                        panel: small(group.panel),
                        channel: group.channel,
                        option: u32::from(*option),
                        count: *count,
                        row: lines.row,
                    };
                    self.add_cell(about, cell);
                }
            }
        }
    }

    /// Where a question of the survey stands among those that are rated.
    fn rated_place(&self, survey: usize, question: u16) -> Option<usize> {
        let questions = &self.scheme.file.survey.get(survey)?.question;
        let asked = questions.get(usize::from(question))?;
        let mut rated = self.scheme.surveys.get(survey)?.questions.iter();
        rated.position(|plan| plan.code.as_ref() == asked.code)
    }
}

fn count(counted: &mut Counted, definition: &Definition, ballot: &Read<'_>, state: SheetState) {
    for (subject, line) in ballot.subjects.iter().zip(ballot.answers.lines()) {
        let group = Group {
            subject: *subject,
            survey: ballot.survey,
            panel: ballot.panel,
            channel: ballot.written.channel,
        };
        let lines = counted.entry(group).or_insert_with(|| Lines {
            row: ballot.row,
            tally: Tally::default(),
            marks: BTreeMap::new(),
            returned_marks: BTreeMap::new(),
        });
        lines.tally.add_answers(definition, state, line);
        for mark in &ballot.written.marks {
            if state == SheetState::Valid {
                *lines.marks.entry(mark.clone()).or_default() += 1;
            }
            if state.came_back() {
                *lines.returned_marks.entry(mark.clone()).or_default() += 1;
            }
        }
    }
}
