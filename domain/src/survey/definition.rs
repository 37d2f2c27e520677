//! The frozen definition of a survey: what is asked, with which options, and what makes a sheet invalid.
//!
//! It is made from the scheme file when a round opens and never changes afterwards. Scales are written out in each
//! question, so that it can be read without the scheme.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::mark::MOST_MARKS;
use crate::number::Ratio;
use crate::scheme::file::{
    self, Among, AnswerClass, Ballot, Channel, Combine, Demand, Denominator, OnePerson,
    SurveyWarning, Validity, Weighting, Words,
};

/// The value of `format` in a definition that this engine writes.
pub const FORMAT: &str = "mingjian-survey/1";

/// One byte tells a single answer and zero means none, so no question has more options.
const MOST_OPTIONS: usize = 255;
/// What one question may take in answers of several choices: eight bytes of bits.
const MOST_CHOICES: usize = 64;
/// The database counts questions in a small integer; a form beyond this is no form.
const MOST_QUESTIONS: usize = 500;
/// A free answer beyond this does not fit beside the others into one request.
const LONGEST_TEXT: u32 = 4_000;

/// A frozen survey.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Always [`FORMAT`].
    pub format: String,
    /// The survey's code in its scheme.
    pub code: String,
    /// Its title.
    pub name: Words,
    /// What the respondent is told first.
    pub intro: Option<Words>,
    /// Which categories it is about; all without it.
    pub categories: Option<Vec<String>>,
    /// Whether one person rates several subjects on it, and which; without it a sheet is about one subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ballot: Option<Ballot>,
    /// What rates and shares are divided by.
    pub denominator: Denominator,
    /// How the survey's own figure comes from its questions.
    pub combine: Combine,
    /// How strata weigh; plain counts without it.
    pub weighting: Option<Weighting>,
    /// Which answer of one person counts.
    pub one_person: Option<OnePerson>,
    /// Whether respondents may change their answers until the survey closes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changeable: bool,
    /// Whether respondents are asked if anybody told them what to answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asks_whether_told: bool,
    /// Whether nobody sees any figure of it before it closes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The groups of respondents.
    pub panels: Vec<Named>,
    /// The marks of respondents of which a least share is demanded among sheets, in the order of the demands. Sheets
    /// carry them, each in a bit by its place here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// The ways in which sheets come in.
    pub channels: Vec<ChannelWeight>,
    /// The questions, in the order in which they are asked. Their place here is their number in the database.
    pub questions: Vec<Question>,
    /// When a sheet counts as invalid.
    pub validity: Validity,
    /// What must hold for the survey to have figures at all.
    pub demand: Demand,
    /// What those who run it are warned of while it takes answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<SurveyWarning>,
}

/// A group of respondents with its weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Words,
    /// Its weight, where the survey weighs.
    pub weight: Option<Ratio>,
}

/// A channel with its weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelWeight {
    /// Which.
    pub code: Channel,
    /// Its weight, where the survey weighs.
    pub weight: Option<Ratio>,
}

/// A question (题目).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its code.
    pub code: String,
    /// What is asked.
    pub text: Words,
    /// Whether a sheet without an answer to it is sent back.
    pub required: bool,
    /// Its weight in the mean of the questions; 1 without it.
    pub weight: Option<Ratio>,
    /// How it is answered.
    pub asked: Asked,
    /// What helps to answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Words>,
    /// Whether it is asked of some respondents alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_if: Option<ShowIf>,
    /// The heading of the table that it is a row of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Words>,
}

/// When a question is asked, by places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowIf {
    /// The place of an earlier question.
    pub question: usize,
    /// The places of the options of it, of which one was chosen.
    pub any_of: Vec<u8>,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Asked {
    /// By one option of a scale.
    Rated(Vec<Opt>),
    /// By one of these choices, which are not rated.
    One(Vec<Opt>),
    /// By any number of these choices, which are not rated.
    Several(Vec<Opt>),
    /// In words.
    Words {
        /// At most so many characters.
        longest: u32,
    },
}

/// An option of a question. Its place in the question is its number in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opt {
    /// Its code.
    pub code: String,
    /// What the citizen reads.
    pub label: Words,
    /// Where it counts; only on a scale.
    pub class: Option<AnswerClass>,
    /// What it is worth in a mean score, 0 to 100; absent on `no_opinion`.
    pub weight: Option<Ratio>,
}

/// Why no definition can be made from a scheme's survey.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// The scheme has no such scale.
    #[error("question `{question}` names the scale `{scale}`, which the scheme does not have")]
    UnknownScale {
        /// The question.
        question: String,
        /// The scale.
        scale: String,
    },
    /// None or several ways of answering.
    #[error("question `{0}` needs exactly one of `scale`, `choice` and `longest`")]
    NotOneWay(String),
    /// Too few or too many options.
    #[error("question `{question}` has {found} options, where 1 to {most} are possible")]
    OptionCount {
        /// The question.
        question: String,
        /// How many it has.
        found: usize,
        /// How many it may have.
        most: usize,
    },
    /// A text limit that is zero or beyond what a form carries.
    #[error("question `{question}` allows {found} characters, where 1 to {most} are possible")]
    TextLength {
        /// The question.
        question: String,
        /// What it allows.
        found: u32,
        /// What it may allow.
        most: u32,
    },
    /// No question, or too many.
    #[error("the survey has {found} questions, where 1 to {most} are possible")]
    QuestionCount {
        /// How many it has.
        found: usize,
        /// How many it may have.
        most: usize,
    },
    /// Shares of more marks than a sheet can carry.
    #[error("the survey demands shares of {found} marks, where at most {most} are possible")]
    MarkCount {
        /// How many it names.
        found: usize,
        /// How many it may name.
        most: usize,
    },
    /// A question that is asked if another one is answered so, which does not stand before it or has no such option.
    #[error(
        "question `{question}` is asked by an answer to `{other}` that no question before it has"
    )]
    ShowIf {
        /// The question.
        question: String,
        /// The one that it looks at.
        other: String,
    },
    /// Two things of one code.
    #[error("`{0}` stands twice, give each question and each option of a question its own code")]
    Twice(String),
}

impl Definition {
    /// Freezes a survey of a scheme.
    ///
    /// # Errors
    /// The first thing that stands in the way. A scheme that was checked on loading has none.
    pub fn of(survey: &file::Survey, scales: &[file::Scale]) -> Result<Self, DefinitionError> {
        if survey.question.is_empty() || survey.question.len() > MOST_QUESTIONS {
            return Err(DefinitionError::QuestionCount {
                found: survey.question.len(),
                most: MOST_QUESTIONS,
            });
        }
        refuse_twice(survey.question.iter().map(|question| &question.code))?;
        let mut questions: Vec<Question> = Vec::with_capacity(survey.question.len());
        for question in &survey.question {
            let show_if = question.show_if.as_ref();
            let show_if = show_if.map(|show_if| freeze_show_if(question, show_if, &questions));
            let show_if = show_if.transpose()?;
            questions.push(Question {
                show_if,
                ..freeze(question, scales)?
            });
        }
        Ok(Self {
            format: FORMAT.to_owned(),
            code: survey.code.clone(),
            name: survey.name.clone(),
            intro: survey.intro.clone(),
            categories: survey.categories.clone(),
            ballot: survey.ballot,
            denominator: survey.denominator,
            combine: survey.combine,
            weighting: survey.weighting,
            one_person: survey.one_person,
            changeable: survey.changeable,
            asks_whether_told: survey.asks_whether_told,
            sealed: survey.sealed,
            panels: survey
                .panel
                .iter()
                .map(|panel| Named {
                    code: panel.code.clone(),
                    name: panel.name.clone(),
                    weight: panel.weight.clone(),
                })
                .collect(),
            marks: counted_marks(survey)?,
            channels: survey
                .channel
                .iter()
                .map(|channel| ChannelWeight {
                    code: channel.code,
                    weight: channel.weight.clone(),
                })
                .collect(),
            questions,
            validity: survey.validity.clone(),
            demand: survey.demand.clone(),
            warnings: survey.warning.clone(),
        })
    }

    /// The panel of this code.
    pub fn panel(&self, code: &str) -> Option<&Named> {
        self.panels.iter().find(|panel| panel.code == code)
    }

    /// The number and the question of this code.
    pub fn question(&self, code: &str) -> Option<(usize, &Question)> {
        self.questions
            .iter()
            .enumerate()
            .find(|(_, question)| question.code == code)
    }

    /// Whether sheets of this channel are taken.
    pub fn takes(&self, channel: Channel) -> bool {
        self.channels.iter().any(|known| known.code == channel)
    }

    /// Whether it is about a subject of this category.
    pub fn is_about(&self, category: &str) -> bool {
        (self.categories.as_ref()).is_none_or(|known| known.iter().any(|code| code == category))
    }

    /// The length in bytes of the answers of each sheet, or of each line of a ballot.
    pub fn width(&self) -> usize {
        self.questions.iter().map(Question::width).sum()
    }
}

impl Question {
    /// The options, in the order in which they are shown; none for a question that is answered in words.
    pub fn options(&self) -> &[Opt] {
        match &self.asked {
            Asked::Rated(options) | Asked::One(options) | Asked::Several(options) => options,
            Asked::Words { .. } => &[],
        }
    }

    /// Whether it is asked of whoever has answered the questions before it so.
    pub fn is_shown(&self, answers: &[Answer]) -> bool {
        let Some(show_if) = &self.show_if else {
            return true;
        };
        match answers.get(show_if.question) {
            Some(Answer::One(place)) => show_if.any_of.contains(place),
            Some(Answer::Several(bits)) => {
                let mut places = show_if.any_of.iter();
                places.any(|place| bits.checked_shr(u32::from(*place)).unwrap_or(0) & 1 == 1)
            }
            Some(Answer::Silent | Answer::Words(_)) | None => false,
        }
    }

    /// The bytes that an answer to this question takes.
    pub fn width(&self) -> usize {
        match &self.asked {
            Asked::Several(options) => options.len().div_ceil(8),
            Asked::Rated(_) | Asked::One(_) | Asked::Words { .. } => 1,
        }
    }
}

/// The marks of which a share of sheets is demanded. Of those invited it is reported how many bear a mark.
fn counted_marks(survey: &file::Survey) -> Result<Vec<String>, DefinitionError> {
    let mut marks: Vec<String> = Vec::new();
    for share in &survey.demand.share {
        if let (Among::Returned | Among::Valid, Some(mark)) = (share.among, &share.mark)
            && !marks.contains(mark)
        {
            marks.push(mark.clone());
        }
    }
    if marks.len() > MOST_MARKS {
        return Err(DefinitionError::MarkCount {
            found: marks.len(),
            most: MOST_MARKS,
        });
    }
    Ok(marks)
}

fn freeze_show_if(
    question: &file::Question,
    show_if: &file::ShowIf,
    before: &[Question],
) -> Result<ShowIf, DefinitionError> {
    let unknown = || DefinitionError::ShowIf {
        question: question.code.clone(),
        other: show_if.question.clone(),
    };
    let mut earlier = before.iter().enumerate();
    let (place, other) = earlier
        .find(|(_, one)| one.code == show_if.question)
        .ok_or_else(unknown)?;
    let place_of = |code: &String| {
        let mut options = other.options().iter();
        let place = options.position(|option| option.code == *code);
        place.and_then(|place| u8::try_from(place).ok())
    };
    let any_of: Option<Vec<u8>> = show_if.any_of.iter().map(place_of).collect();
    Ok(ShowIf {
        question: place,
        any_of: any_of.filter(|list| !list.is_empty()).ok_or_else(unknown)?,
    })
}

fn freeze(question: &file::Question, scales: &[file::Scale]) -> Result<Question, DefinitionError> {
    let not_one_way = || DefinitionError::NotOneWay(question.code.clone());
    let asked = match (
        &question.scale,
        question.longest,
        question.choice.is_empty(),
    ) {
        (Some(code), None, true) => {
            let scale = scales
                .iter()
                .find(|scale| scale.code == *code)
                .ok_or_else(|| DefinitionError::UnknownScale {
                    question: question.code.clone(),
                    scale: code.clone(),
                })?;
            Asked::Rated(scale.options().iter().map(rated).collect())
        }
        (None, Some(longest), true) => {
            if longest == 0 || longest > LONGEST_TEXT {
                let question = question.code.clone();
                return Err(DefinitionError::TextLength {
                    question,
                    found: longest,
                    most: LONGEST_TEXT,
                });
            }
            Asked::Words { longest }
        }
        (None, None, false) => {
            let options = question.choice.iter().map(chosen).collect();
            if question.several {
                Asked::Several(options)
            } else {
                Asked::One(options)
            }
        }
        _ => return Err(not_one_way()),
    };
    let frozen = Question {
        code: question.code.clone(),
        text: question.text.clone(),
        required: question.required,
        weight: question.weight.clone(),
        asked,
        help: question.help.clone(),
        show_if: None,
        matrix: question.matrix.clone(),
    };
    let most = match frozen.asked {
        Asked::Several(_) => MOST_CHOICES,
        Asked::Rated(_) | Asked::One(_) => MOST_OPTIONS,
        Asked::Words { .. } => return Ok(frozen),
    };
    let found = frozen.options().len();
    if found == 0 || found > most {
        return Err(DefinitionError::OptionCount {
            question: frozen.code,
            found,
            most,
        });
    }
    refuse_twice(frozen.options().iter().map(|option| &option.code))?;
    Ok(frozen)
}

fn rated(option: &file::ScaleOption) -> Opt {
    Opt {
        code: option.code.clone(),
        label: option.label.clone(),
        class: Some(option.class),
        weight: option.weight.clone(),
    }
}

fn chosen(choice: &file::Choice) -> Opt {
    Opt {
        code: choice.code.clone(),
        label: choice.name.clone(),
        class: None,
        weight: None,
    }
}

fn refuse_twice<'a>(codes: impl Iterator<Item = &'a String>) -> Result<(), DefinitionError> {
    let mut seen = BTreeSet::new();
    for code in codes {
        if !seen.insert(code) {
            return Err(DefinitionError::Twice(code.clone()));
        }
    }
    Ok(())
}
