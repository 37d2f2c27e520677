//! Counts of surveys: sheets, answers, people.

use super::ballot::{Counted, Group};
use super::build::Builder;
use super::fault::{Contradiction, Row};
use super::{SetAside, Sheets, Stratum, SurveyData};
use crate::canonical::LARGEST;
use crate::inputs::{SheetCount, Tally, Turnout, WaivedGap};
use crate::number::Ratio;
use crate::scheme::file::{AnswerClass, Channel};
use crate::scheme::model::SurveyPlan;

/// Where a row of counts belongs.
#[derive(Clone, Copy)]
struct About<'a> {
    subject: usize,
    survey: usize,
    plan: &'a SurveyPlan,
    panel: usize,
}

impl About<'_> {
    const fn group(self, channel: Channel) -> Group {
        Group {
            subject: self.subject,
            survey: self.survey,
            panel: self.panel,
            channel,
        }
    }
}

/// How often an option was chosen. Places are small, since there are more of these than of anything else.
pub(super) struct Cell {
    pub question: u32,
    pub panel: u32,
    pub channel: Channel,
    pub option: u32,
    pub count: u64,
    pub row: Row,
}

impl Cell {
    const fn stratum(&self) -> (u32, u32, Channel) {
        (self.question, self.panel, self.channel)
    }

    const fn key(&self) -> ((u32, u32, Channel), u32) {
        (self.stratum(), self.option)
    }
}

pub(super) fn small(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn large(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

impl<'a> Builder<'a> {
    pub fn lay_surveys(&mut self) {
        let inputs = self.inputs;
        for (row, sheets) in inputs.sheets.iter().enumerate() {
            self.lay_sheets(Row::of("sheets", row), sheets);
        }
        let counted = self.lay_ballots();
        let lists = self
            .subjects
            .len()
            .saturating_mul(self.scheme.surveys.len());
        self.cells.resize_with(lists, Vec::new);
        for (row, tally) in inputs.tallies.iter().enumerate() {
            self.lay_tally(row, tally, &counted);
        }
        self.add_ballots(counted);
        for (row, turnout) in inputs.turnouts.iter().enumerate() {
            self.lay_turnout(Row::of("turnouts", row), turnout);
        }
        self.add_up_answers();
    }

    fn survey_data(&mut self, about: About<'_>) -> Option<&mut SurveyData> {
        self.data(about.subject)?.surveys.get_mut(about.survey)
    }

    fn lay_sheets(&mut self, row: Row, counts: &'a SheetCount) {
        let names = (
            counts.subject.as_str(),
            counts.survey.as_str(),
            counts.panel.as_str(),
        );
        let Some(about) = self.about(row, names) else {
            return;
        };
        self.check_channel(row, about.plan, counts.channel);
        if counts.rated > counts.valid {
            self.fault(
                row,
                Contradiction::RatedSheets,
                [&counts.rated, &counts.valid],
            );
        }
        let blank_or_rated = counts.rated.saturating_add(counts.abstained);
        if counts.abstained > 0 && blank_or_rated > counts.valid {
            self.fault(
                row,
                Contradiction::AbstainedLines,
                [&counts.rated, &counts.abstained, &counts.valid],
            );
        }
        if counts.abstained > 0 && about.plan.ballot.is_none() {
            self.fault(row, Contradiction::AbstainedSheets, [&counts.survey]);
        }
        for (mark, count) in &counts.marks {
            if *count > counts.valid {
                self.fault(
                    row,
                    Contradiction::MarkedSheets,
                    [count, mark, &counts.valid],
                );
            }
        }
        let returned = counts
            .valid
            .saturating_add(counts.invalid)
            .saturating_add(counts.replaced);
        for (mark, count) in &counts.returned_marks {
            if *count > returned {
                self.fault(row, Contradiction::ReturnedMarks, [count, mark, &returned]);
            }
        }
        let sheets = Sheets {
            panel: about.panel,
            channel: counts.channel,
            valid: counts.valid,
            rated: counts.rated,
            abstained: counts.abstained,
            returned,
            marks: counts.marks.clone(),
            returned_marks: counts.returned_marks.clone(),
        };
        if self.add_sheets((about.subject, about.survey), row, sheets) {
            self.fault(row, Contradiction::SheetsTwice, []);
        }
    }

    /// Adds counts of sheets; whether there were some of the same panel and channel.
    pub fn add_sheets(
        &mut self,
        (subject, survey): (usize, usize),
        row: Row,
        sheets: Sheets,
    ) -> bool {
        let data = self.data(subject);
        let Some(data) = data.and_then(|data| data.surveys.get_mut(survey)) else {
            return false;
        };
        let same = |known: &Sheets| (known.panel, known.channel) == (sheets.panel, sheets.channel);
        let twice = data.sheets.iter().any(same);
        // Whoever adds these up later need not ask again whether the sum still fits.
        let sum = |sum: u64, sheets: &Sheets| sum.saturating_add(sheets.returned);
        let all = data.sheets.iter().fold(sheets.returned, sum);
        data.sheets.push(sheets);
        if all > LARGEST {
            self.fault(row, Contradiction::Counts, [&LARGEST]);
        }
        twice
    }

    fn lay_tally(&mut self, row: usize, tally: &'a Tally, ballots: &Counted) {
        let at = Row::of("tallies", row);
        let names = (
            tally.subject.as_str(),
            tally.survey.as_str(),
            tally.panel.as_str(),
        );
        let Some(about) = self.about(at, names) else {
            return;
        };
        let mut questions = about.plan.questions.iter().enumerate();
        let asked = questions.find(|(_, asked)| asked.code.as_ref() == tally.question);
        let Some((question, asked)) = asked else {
            self.fault(
                at,
                Contradiction::Question,
                [&tally.survey, &tally.question],
            );
            return;
        };
        let mut options = asked.options.iter();
        let option = options.position(|(code, _, _)| code.as_ref() == tally.option);
        let Some(option) = option else {
            self.fault(at, Contradiction::Option, [&tally.question, &tally.option]);
            return;
        };
        self.check_channel(at, about.plan, tally.channel);
        if ballots.contains_key(&about.group(tally.channel)) {
            self.fault(
                at,
                Contradiction::BallotWithCounts,
                [&tally.subject, &tally.survey],
            );
        }
        let cell = Cell {
            question: small(question),
            panel: small(about.panel),
            channel: tally.channel,
            option: small(option),
            count: tally.count,
            row: at,
        };
        self.add_cell((about.subject, about.survey), cell);
    }

    pub fn add_cell(&mut self, (subject, survey): (usize, usize), cell: Cell) {
        let place = subject.saturating_mul(self.scheme.surveys.len());
        if let Some(cells) = self.cells.get_mut(place.saturating_add(survey)) {
            cells.push(cell);
        }
    }

    fn lay_turnout(&mut self, row: Row, turnout: &'a Turnout) {
        let names = (
            turnout.subject.as_str(),
            turnout.survey.as_str(),
            turnout.panel.as_str(),
        );
        let Some(about) = self.about(row, names) else {
            return;
        };
        if let (Some(attended), Some(entitled)) = (turnout.attended, turnout.entitled)
            && attended > entitled
        {
            self.fault(row, Contradiction::Attended, [&attended, &entitled]);
        }
        for (mark, count) in &turnout.marks {
            if let Some(invited) = turnout.invited.filter(|invited| count > invited) {
                self.fault(row, Contradiction::Invited, [count, mark, &invited]);
            }
        }
        let Some(data) = self.survey_data(about) else {
            return;
        };
        let twice = data.turnouts.iter().any(|(panel, _)| *panel == about.panel);
        data.turnouts.push((about.panel, turnout.clone()));
        let most = |turnout: &Turnout| {
            let counts = [
                turnout.entitled,
                turnout.attended,
                turnout.invited,
                turnout.issued,
            ];
            let marks = turnout.marks.values().copied();
            counts.into_iter().flatten().chain(marks).max().unwrap_or(0)
        };
        let all = data.turnouts.iter().fold(0, |sum: u64, (_, turnout)| {
            sum.saturating_add(most(turnout))
        });
        if twice {
            self.fault(row, Contradiction::PeopleTwice, []);
        }
        if all > LARGEST {
            self.fault(row, Contradiction::Counts, [&LARGEST]);
        }
    }

    pub fn check_channel(&mut self, row: Row, plan: &'a SurveyPlan, channel: Channel) {
        if !plan.channels.iter().any(|(known, _)| *known == channel) {
            self.fault(row, Contradiction::Channel, [&plan.code, &channel.word()]);
        }
    }

    fn about(
        &mut self,
        row: Row,
        (subject, survey, panel): (&'a str, &'a str, &'a str),
    ) -> Option<About<'a>> {
        let subject = self.subject(row, subject);
        let place = self.surveys.get(survey).copied();
        let place = self.name(row, place, (Contradiction::Survey, survey))?;
        let plan = self.scheme.surveys.get(place)?;
        let found = plan
            .panels
            .iter()
            .position(|(code, _)| code.as_ref() == panel);
        if found.is_none() {
            self.fault(row, Contradiction::Panel, [&survey, &panel]);
        }
        let subject = subject?;
        if !self.applies(&plan.applies, subject) {
            let code = self.subjects.get(subject).map(|data| data.code.clone());
            let code = code.unwrap_or_default();
            self.fault(row, Contradiction::NotAbout, [&survey, &code]);
            return None;
        }
        Some(About {
            subject,
            survey: place,
            plan,
            panel: found?,
        })
    }

    /// Adds up the answers about each subject. In order they show which are counted twice, and which to one question
    /// are more than there are valid sheets.
    fn add_up_answers(&mut self) {
        let scheme = self.scheme;
        let surveys = (0..self.subjects.len())
            .flat_map(|subject| (scheme.surveys.iter().enumerate()).map(move |one| (subject, one)));
        let mut all_cells = std::mem::take(&mut self.cells);
        for ((subject, (survey, plan)), cells) in surveys.zip(&mut all_cells) {
            let set_aside = self.overfull(subject, survey);
            let counts_not = |panel: usize| set_aside.iter().any(|one| one.panel == panel);
            cells.sort_unstable_by_key(|cell| (cell.key(), cell.row));
            for pair in cells.windows(2) {
                if let [one, other] = pair
                    && one.key() == other.key()
                {
                    self.fault(other.row, Contradiction::AnswersTwice, []);
                }
            }
            let counted = cells.iter().filter(|cell| !counts_not(large(cell.panel)));
            self.count_answers((subject, survey), &counted);
            let mut strata = Vec::new();
            let mut all = 0_u64;
            for cells in cells.chunk_by(|one, other| one.stratum() == other.stratum()) {
                let Some(last) = cells.last() else { continue };
                let at = last.row;
                let stratum = add_up(plan, cells);
                let sum = stratum
                    .classes
                    .iter()
                    .flatten()
                    .fold(0, |sum: u64, count| sum.saturating_add(*count));
                all = all.saturating_add(sum);
                if all > LARGEST {
                    self.fault(at, Contradiction::Counts, [&LARGEST]);
                }
                let (valid, sheets_rated) = self.sheets_of(subject, survey, &stratum);
                let rated = stratum.rated();
                let more = if sum > valid {
                    Some((Contradiction::MoreAnswers, sum, valid))
                } else if rated > sheets_rated {
                    Some((Contradiction::MoreRated, rated, sheets_rated))
                } else {
                    None
                };
                if let Some((what, more, than)) = more {
                    let code = self.subjects.get(subject).map(|data| data.code.clone());
                    let code = code.unwrap_or_default();
                    self.fault(at, what, [&code, &plan.code, &more, &than]);
                }
                if !counts_not(stratum.panel) {
                    strata.push(stratum);
                }
            }
            let data = self.subjects.get_mut(subject);
            if let Some(counts) = data.and_then(|data| data.surveys.get_mut(survey)) {
                counts.strata = strata;
                for sheets in &mut counts.sheets {
                    if counts_not(sheets.panel) {
                        (sheets.valid, sheets.rated, sheets.abstained) = (0, 0, 0);
                        sheets.marks.clear();
                    }
                }
                counts.set_aside = set_aside;
            }
        }
    }

    /// Panels of which more sheets about a subject came back than were issued, where the scheme lets none of such a
    /// batch count and no waiver says otherwise.
    fn overfull(&self, subject: usize, survey: usize) -> Vec<SetAside> {
        let (Some(file), Some(plan), Some(data)) = (
            self.scheme.file.survey.get(survey),
            self.scheme.surveys.get(survey),
            self.subjects.get(subject),
        ) else {
            return Vec::new();
        };
        let Some(counts) = data
            .surveys
            .get(survey)
            .filter(|_| file.validity.batch_within_issued)
        else {
            return Vec::new();
        };
        let waived = |panel: usize| {
            let panel = plan.panels.get(panel).map_or("", |(code, _)| code.as_ref());
            let name = format!("{}/{panel}", plan.code);
            self.inputs.waivers.iter().any(|waiver| {
                waiver.subject == *data.code
                    && matches!(&waiver.gap, WaivedGap::Batch(batch) if *batch == name)
            })
        };
        let over = |(panel, turnout): &(usize, Turnout)| {
            let sheets = counts.sheets.iter().filter(|one| one.panel == *panel);
            let returned = sheets.fold(0, |sum: u64, one| sum.saturating_add(one.returned));
            let issued = turnout.issued?;
            (returned > issued && !waived(*panel)).then_some(SetAside {
                panel: *panel,
                returned,
                issued,
            })
        };
        counts.turnouts.iter().filter_map(over).collect()
    }

    /// Counts the answers that rules look at one by one. Nothing else of a single answer is kept.
    fn count_answers<'c>(
        &mut self,
        (subject, survey): (usize, usize),
        cells: &(impl Iterator<Item = &'c Cell> + Clone),
    ) {
        for (place, plan) in self.scheme.answers.iter().enumerate() {
            if plan.survey != survey {
                continue;
            }
            let chosen = cells.clone().filter(|cell| {
                large(cell.question) == plan.question
                    && plan.options.contains(&large(cell.option))
                    && plan.panel.is_none_or(|panel| panel == large(cell.panel))
                    && plan.channel.is_none_or(|channel| channel == cell.channel)
            });
            let count = chosen.fold(0, |sum: u64, cell| sum.saturating_add(cell.count));
            let data = self.subjects.get_mut(subject);
            if let Some(known) = data.and_then(|data| data.answers.get_mut(place)) {
                *known = count;
            }
        }
    }

    /// The valid sheets of a stratum, and those of them that rate anything.
    fn sheets_of(&self, subject: usize, survey: usize, stratum: &Stratum) -> (u64, u64) {
        let data = self.subjects.get(subject);
        let counts = data.and_then(|data| data.surveys.get(survey));
        let sheets = counts
            .map(|counts| counts.sheets.as_slice())
            .unwrap_or_default();
        let here =
            |sheets: &&Sheets| (sheets.panel, sheets.channel) == (stratum.panel, stratum.channel);
        sheets
            .iter()
            .filter(here)
            .fold((0, 0), |(valid, rated), sheets| {
                (
                    valid.saturating_add(sheets.valid),
                    rated.saturating_add(sheets.rated),
                )
            })
    }
}

/// What the cells of one stratum come to.
fn add_up(plan: &SurveyPlan, cells: &[Cell]) -> Stratum {
    let first = cells.first();
    let question = first.map_or(0, |cell| large(cell.question));
    let options = plan
        .questions
        .get(question)
        .map(|asked| asked.options.as_slice());
    let mut classes = [None; 4];
    let mut weight = Ratio::zero();
    for cell in cells {
        let Some((_, class, worth)) = options.and_then(|list| list.get(large(cell.option))) else {
            continue;
        };
        for (known, count) in AnswerClass::ALL.iter().zip(&mut classes) {
            if known == class {
                *count = Some(count.unwrap_or(0_u64).saturating_add(cell.count));
            }
        }
        weight = weight.add(&worth.mul(&Ratio::of_count(cell.count)));
    }
    Stratum {
        question,
        panel: first.map_or(0, |cell| large(cell.panel)),
        channel: first.map_or(Channel::Web, |cell| cell.channel),
        classes,
        weight,
    }
}
