//! Counts of sheets and of their answers, kept up while sheets come in and made again from the sheets at the end.

use std::collections::BTreeMap;

use super::answer::{Answer, Answers};
use super::mark::Marks;
use super::sheet::{self, SheetError};
use super::{Asked, Definition, Question};
use crate::scheme::file::AnswerClass;

/// What became of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SheetState {
    /// It counts.
    Valid,
    /// A validity rule speaks against it.
    Invalid,
    /// Another sheet of the same person counts.
    Replaced,
    /// It was entered after the survey closed.
    Late,
    /// A program seems to have sent it, until somebody decides.
    Quarantined,
    /// Its own respondent has put another in its place. Unlike one that was replaced, it is not another sheet that was
    /// returned.
    Changed,
}

impl SheetState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Valid,
        Self::Invalid,
        Self::Replaced,
        Self::Late,
        Self::Quarantined,
        Self::Changed,
    ];

    /// The word that is stored and exported.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Replaced => "replaced",
            Self::Late => "late",
            Self::Quarantined => "quarantined",
            Self::Changed => "changed",
        }
    }

    /// Whether it is one of the sheets that were returned: not late, and not one in whose place its respondent has put
    /// another, which came back once.
    pub const fn came_back(self) -> bool {
        !matches!(self, Self::Late | Self::Changed)
    }

    /// The state of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// How a sheet was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// What became of it.
    pub state: SheetState,
    /// The marks of whoever answered.
    pub marks: Marks,
}

/// Where a tally counts the valid sheets with at least one rated answer, beside the answers themselves: beyond the
/// number of any question.
pub const RATED: (u16, u16) = (32_767, 0);

/// Where the tally of a ballot counts the valid lines that were left blank as a whole.
pub const ABSTAINED: (u16, u16) = (32_767, 1);

/// Where a tally counts sheets by mark: twice the place of the mark for valid ones, one more for all that came back.
pub(super) const MARKED: u16 = 32_766;

/// Counts of one group of sheets, say of one subject, panel and channel.
///
/// Only the answers of valid sheets are counted; silence is no answer and is not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Sheets by what became of them; a state without sheets is absent.
    pub sheets: BTreeMap<SheetState, u64>,
    /// Answers by the number of the question and the place of the option; none counted are absent. Of a question
    /// answered in words option 0 counts the sheets that hold words. [`RATED`] and [`ABSTAINED`] count sheets or lines,
    /// not answers, and beside them stand the sheets by mark.
    pub answers: BTreeMap<(u16, u16), u64>,
}

impl Tally {
    /// Counts a sheet, or a line of a ballot, by its bytes.
    ///
    /// # Errors
    /// [`SheetError`] if the bytes are not of this definition; nothing is counted then.
    pub fn add(
        &mut self,
        definition: &Definition,
        booked: Booked,
        bytes: &[u8],
    ) -> Result<(), SheetError> {
        self.add_answers(definition, booked.state, &sheet::decode(definition, bytes)?);
        self.add_marks(booked, 1);
        Ok(())
    }

    /// Counts the marks of so many sheets that were booked alike.
    pub fn add_marks(&mut self, booked: Booked, sheets: u64) {
        for place in booked.marks.places() {
            self.add_mark(booked.state, place, sheets);
        }
    }

    /// Counts sheets in a state whose respondents bear the mark at a place of the definition; none that did not come back.
    pub fn add_mark(&mut self, state: SheetState, place: u16, sheets: u64) {
        if !state.came_back() || sheets == 0 {
            return;
        }
        let [valid, returned] = marked(place);
        if state == SheetState::Valid {
            *self.answers.entry(valid).or_default() += sheets;
        }
        *self.answers.entry(returned).or_default() += sheets;
    }

    /// How many sheets there are by each mark of the definition that somebody bears: valid ones, and all that came back.
    pub fn marks<'a>(
        &'a self,
        definition: &'a Definition,
    ) -> impl Iterator<Item = (&'a str, [u64; 2])> {
        let marks = (0_u16..).zip(&definition.marks);
        marks
            .map(|(place, code)| {
                let counts = marked(place).map(|(number, option)| self.count(number, option));
                (code.as_str(), counts)
            })
            .filter(|(_, [_, returned])| *returned > 0)
    }

    /// The same with answers that were read by this definition.
    pub(crate) fn add_answers(
        &mut self,
        definition: &Definition,
        state: SheetState,
        answers: &Answers,
    ) {
        *self.sheets.entry(state).or_default() += 1;
        if state != SheetState::Valid {
            return;
        }
        let rated = definition
            .questions
            .iter()
            .zip(&answers.0)
            .any(|(question, answer)| match answer {
                Answer::One(place) => is_rated(question, usize::from(*place)),
                _ => false,
            });
        if rated {
            *self.answers.entry(RATED).or_default() += 1;
        }
        if definition.ballot.is_some() && answers.is_blank() {
            *self.answers.entry(ABSTAINED).or_default() += 1;
        }
        for (number, answer) in answers.iter().enumerate() {
            for option in options(answer) {
                let number = u16::try_from(number).unwrap_or(u16::MAX);
                *self.answers.entry((number, option)).or_default() += 1;
            }
        }
    }

    /// Adds the counts of other sheets of the same group.
    pub fn add_all(&mut self, part: &Self) {
        for (state, count) in &part.sheets {
            *self.sheets.entry(*state).or_default() += count;
        }
        for (place, count) in &part.answers {
            *self.answers.entry(*place).or_default() += count;
        }
    }

    /// The answers as a row of numbers, the same places in the same order for every tally of a survey: first the sheets
    /// with a rated answer, on a ballot the lines left blank, then the options of each question in their order, then by
    /// mark the valid sheets and those that came back.
    pub fn line_up(&self, definition: &Definition) -> Vec<u64> {
        places(definition)
            .map(|place| self.answers.get(&place).copied().unwrap_or(0))
            .collect()
    }

    /// The answers of a row of numbers that [`Self::line_up`] made.
    ///
    /// # Errors
    /// [`LineLength`] if the row was made for another survey.
    pub fn read_line(
        definition: &Definition,
        line: &[u64],
    ) -> Result<BTreeMap<(u16, u16), u64>, LineLength> {
        let expected = places(definition).count();
        if line.len() != expected {
            return Err(LineLength {
                expected,
                found: line.len(),
            });
        }
        Ok(places(definition)
            .zip(line.iter().copied())
            .filter(|(_, count)| *count > 0)
            .collect())
    }

    /// How many answers to this question took this option.
    pub fn count(&self, question: u16, option: u16) -> u64 {
        self.answers.get(&(question, option)).copied().unwrap_or(0)
    }

    /// Sheets in this state.
    pub fn sheets(&self, state: SheetState) -> u64 {
        self.sheets.get(&state).copied().unwrap_or(0)
    }
}

/// A row of counts is not one of this survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a kept tally has `{found}` counts where the survey has `{expected}`; count it again from the sheets"
)]
pub struct LineLength {
    /// As many as the survey has places.
    pub expected: usize,
    /// As many as there are.
    pub found: usize,
}

/// What a survey counts, in the order of [`Tally::line_up`].
fn places(definition: &Definition) -> impl Iterator<Item = (u16, u16)> {
    let options = (0_u16..)
        .zip(&definition.questions)
        .flat_map(|(number, question)| {
            // A question answered in words counts the sheets that hold words.
            let options = question.options().len().max(1);
            (0_u16..).take(options).map(move |option| (number, option))
        });
    let abstained = definition.ballot.map(|_| ABSTAINED);
    let marks = (0_u16..).zip(&definition.marks);
    let marks = marks.flat_map(|(place, _)| marked(place));
    std::iter::once(RATED)
        .chain(abstained)
        .chain(options)
        .chain(marks)
}

/// Where the valid sheets with a mark are counted, and where all that came back.
const fn marked(place: u16) -> [(u16, u16); 2] {
    let first = place.saturating_mul(2);
    [(MARKED, first), (MARKED, first.saturating_add(1))]
}

/// Whether this option of a question is a rated answer: on a scale, and not "I do not know".
fn is_rated(question: &Question, place: usize) -> bool {
    let Asked::Rated(options) = &question.asked else {
        return false;
    };
    options
        .get(place)
        .is_some_and(|option| option.class != Some(AnswerClass::NoOpinion))
}

/// By column of a sheet and value of its byte: whether that is a rated answer.
fn rated_bytes(definition: &Definition) -> Vec<[bool; 256]> {
    let mut table = Vec::with_capacity(definition.width());
    for question in &definition.questions {
        for byte_place in 0..question.width() {
            let mut column = [false; 256];
            for (value, rated) in column.iter_mut().enumerate().skip(1) {
                *rated = byte_place == 0 && is_rated(question, value - 1);
            }
            table.push(column);
        }
    }
    table
}

fn options(answer: &Answer) -> impl Iterator<Item = u16> {
    let bits = match answer {
        Answer::Several(bits) => *bits,
        Answer::Silent | Answer::One(_) | Answer::Words(_) => 0,
    };
    let one = match answer {
        Answer::One(place) => Some(u16::from(*place)),
        Answer::Words(_) => Some(0),
        Answer::Silent | Answer::Several(_) => None,
    };
    one.into_iter()
        .chain((0..64_u16).filter(move |place| (bits >> place) & 1 == 1))
}

/// Counts many sheets of one group, or lines of ballots about one subject, that lie one behind the other, as fast as memory allows.
///
/// # Errors
/// [`SheetError`] if the bytes are not whole sheets of this definition, or a byte is no answer.
pub fn recount(
    definition: &Definition,
    state: SheetState,
    sheets: &[u8],
) -> Result<Tally, SheetError> {
    let width = definition.width();
    if width == 0 || !sheets.len().is_multiple_of(width) {
        return Err(SheetError::Width {
            expected: width,
            found: sheets.len(),
        });
    }
    // How often each byte value stands in each column; what the values mean is asked once at the end.
    let mut columns = vec![[0_u64; 256]; width];
    let table = rated_bytes(definition);
    let (mut count, mut rated, mut blank) = (0_u64, 0_u64, 0_u64);
    for sheet in sheets.chunks_exact(width) {
        count += 1;
        let mut has_rated = false;
        for ((column, byte), rated) in columns.iter_mut().zip(sheet).zip(&table) {
            let value = usize::from(*byte);
            if let Some(cell) = column.get_mut(value) {
                *cell += 1;
            }
            has_rated |= rated.get(value) == Some(&true);
        }
        rated += u64::from(has_rated);
        if definition.ballot.is_some() {
            blank += u64::from(sheet.iter().all(|byte| *byte == 0));
        }
    }
    let mut tally = Tally::default();
    if count > 0 {
        tally.sheets.insert(state, count);
    }
    if rated > 0 && state == SheetState::Valid {
        tally.answers.insert(RATED, rated);
    }
    if blank > 0 && state == SheetState::Valid {
        tally.answers.insert(ABSTAINED, blank);
    }
    let mut columns = columns.into_iter();
    for (number, question) in definition.questions.iter().enumerate() {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        let unknown = || SheetError::Option(question.code.clone());
        for (byte_place, column) in columns.by_ref().take(question.width()).enumerate() {
            for (value, cell) in column
                .into_iter()
                .enumerate()
                .filter(|(value, cell)| *cell > 0 && *value > 0)
            {
                let value = u16::try_from(value).map_err(|_| unknown())?;
                for option in meaning(&question.asked, byte_place, value) {
                    if usize::from(option) >= question.options().len().max(1) {
                        return Err(unknown());
                    }
                    if state == SheetState::Valid {
                        *tally.answers.entry((number, option)).or_default() += cell;
                    }
                }
            }
        }
    }
    Ok(tally)
}

/// The options that a byte other than 0 stands for.
fn meaning(asked: &Asked, byte_place: usize, value: u16) -> Vec<u16> {
    match asked {
        Asked::Rated(_) | Asked::One(_) | Asked::Words { .. } => vec![value - 1],
        Asked::Several(_) => {
            let first = u16::try_from(byte_place)
                .unwrap_or(u16::MAX)
                .saturating_mul(8);
            (0..8)
                .filter(|bit| (value >> bit) & 1 == 1)
                .map(|bit| first.saturating_add(bit))
                .collect()
        }
    }
}
