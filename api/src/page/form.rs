//! The form: drawn from the survey's frozen definition, and read again.

use std::sync::Arc;

use askama::Template;
use axum::extract::Form;
use axum::extract::rejection::FormRejection;
use axum::response::Response;
use chrono::NaiveDateTime;
use domain::scheme::file::Words;
use domain::survey::{
    AnswerFault, Asked, Entries, FaultCode, LineFault, Question, without_controls,
};
use http::StatusCode;
use service::intake::{
    Admitted, ChangeState, FormKey, InvitationState, InvitationToken, KnownSurvey, Link,
};

use super::FormPart;
use super::language::Value;
use super::notice::Notice;
use super::view::{Keeping, Manner, View};

/// Before the code of a question in the name of its field, so that no question is taken for a field of ours.
const QUESTION: &str = "q.";

/// More values than any form has; the rest of a made-up one is not read.
pub(super) const MOST_VALUES: usize = 5_000;

/// What came with a form.
pub(super) struct Sent {
    pub key: Option<FormKey>,
    pub entries: Entries,
    /// Whether somebody told the respondent what to answer.
    pub told: Option<bool>,
    /// Whether a field came filled in that no person sees.
    pub is_trapped: bool,
}

/// Reads the fields of a form.
///
/// # Errors
/// The page to show where there is no form.
pub(super) fn read(sent: FormPart, view: &mut View) -> Result<Sent, Notice> {
    let Form(fields) = sent.map_err(|rejection| refuse(&rejection))?;
    let mut entries = Entries::default();
    let (mut key, mut told, mut is_trapped) = (None, None, false);
    view.large = false;
    for (name, value) in fields.into_iter().take(MOST_VALUES) {
        match name.strip_prefix(QUESTION) {
            Some(question) => entries.add(question, value),
            None if name == "key" => key = FormKey::parse(&value),
            None if name == "print" => view.large = value == "large",
            None if name == TRAP => is_trapped |= !value.trim().is_empty(),
            None if name == TOLD => told = read_told(&value),
            // Fields that browsers and their helpers add mean nothing.
            None => {}
        }
    }
    Ok(Sent {
        key,
        entries,
        told,
        is_trapped,
    })
}

/// A field that no person sees, and that programs fill in which fill in everything. No browser knows the name.
pub(super) const TRAP: &str = "reference";

/// The field of the question whether anybody told the respondent what to answer.
pub(super) const TOLD: &str = "told";

/// What was said to it.
pub(super) fn read_told(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Its options, where a survey asks it and this is no change of what was sent.
pub(super) fn draw_told(
    view: View,
    survey: &KnownSurvey,
    (is_change, told): (bool, Option<bool>),
) -> Option<Vec<OptionView>> {
    let options = [("yes", Some(true)), ("no", Some(false)), ("", None)];
    let draw = |(value, meaning): (&str, Option<bool>)| OptionView {
        id: format!("told-{}", if value.is_empty() { "skip" } else { value }),
        value: value.to_owned(),
        label: view.say(match meaning {
            Some(true) => "told-yes",
            Some(false) => "told-no",
            None => "question-skip",
        }),
        is_chosen: meaning.is_some() && meaning == told,
    };
    let asked = survey.definition.asks_whether_told && !is_change;
    asked.then(|| options.map(draw).into())
}

/// The page for a body that is no form.
pub(super) fn refuse(rejection: &FormRejection) -> Notice {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Notice::TooLarge
    } else {
        Notice::Unreadable
    }
}

/// What a form is about.
pub(super) struct About<'a> {
    admitted: Admitted,
    subject: &'a Words,
    path: String,
    /// The code of an open link.
    link: Option<&'a str>,
    /// What a change is sent with.
    change: Option<Secrets>,
    /// Whether it is only looked at.
    is_preview: bool,
}

/// A receipt and the code beside it, as text.
pub(super) struct Secrets {
    pub receipt: String,
    pub code: String,
}

impl<'a> About<'a> {
    pub(super) fn link(link: &'a Arc<Link>) -> Self {
        Self {
            admitted: Admitted::by_link(link.clone()),
            subject: &link.subject_name,
            path: format!("/s/{}", link.code),
            link: Some(&link.code),
            change: None,
            is_preview: false,
        }
    }

    pub(super) fn invitation(token: &InvitationToken, state: &'a InvitationState) -> Self {
        Self {
            admitted: state.admitted.clone(),
            subject: &state.subject_name,
            path: format!("/i/{}", token.expose()),
            link: None,
            change: None,
            is_preview: false,
        }
    }

    /// Where the database cannot say whom an invitation is about: the survey's name stands in.
    pub(super) fn nameless(token: &InvitationToken, admitted: &'a Admitted) -> Self {
        Self {
            admitted: admitted.clone(),
            subject: &admitted.survey().definition.name,
            path: format!("/i/{}", token.expose()),
            link: None,
            change: None,
            is_preview: false,
        }
    }

    pub(super) fn change(state: &'a ChangeState, secrets: Secrets) -> Self {
        let name = &state.admitted.survey().definition.name;
        Self {
            admitted: state.admitted.clone(),
            subject: state.subject_name.as_ref().unwrap_or(name),
            path: "/change".to_owned(),
            link: None,
            change: Some(secrets),
            is_preview: false,
        }
    }

    pub(super) fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// The code of an open link, with the end of its survey.
    pub(super) fn link_code(&self) -> Option<(&str, Option<NaiveDateTime>)> {
        let ends_on = self.admitted.survey().ends_on();
        Some((self.link?, ends_on.map(|(at, _)| at)))
    }
}

/// Why a form comes back.
pub(super) enum Banner {
    Faults(Vec<AnswerFault>),
    /// Of a ballot.
    LineFaults(Vec<LineFault>),
    /// A ballot without a single answer, and nobody said that this is meant.
    AllBlank,
    ForeignForm,
    Busy,
}

impl Banner {
    /// Whether the same form comes back, so that an attempt that did get through is found again.
    pub(super) const fn keeps_key(&self) -> bool {
        !matches!(self, Self::ForeignForm)
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Faults(_) | Self::LineFaults(_) | Self::AllBlank | Self::ForeignForm => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }
}

/// What a form shows.
pub(super) struct Drawn {
    pub key: String,
    pub entries: Entries,
    pub told: Option<bool>,
    pub banner: Option<Banner>,
}

#[derive(Template)]
#[template(path = "form.html")]
struct Page<'a> {
    view: View,
    title: String,
    banner: Option<BannerView>,
    faults: Vec<FaultView>,
    round: &'a str,
    survey: &'a str,
    subject: &'a str,
    intro: Option<&'a str>,
    promises: Vec<String>,
    action: String,
    key: String,
    change: Option<&'a Secrets>,
    submit: &'static str,
    submit_hint: &'static str,
    questions: Vec<QuestionView>,
    told: Option<Vec<OptionView>>,
    is_preview: bool,
}

pub(super) struct BannerView {
    pub title: String,
    pub text: String,
}

pub(super) struct FaultView {
    pub target: String,
    pub question: String,
}

struct QuestionView {
    id: String,
    name: String,
    number: String,
    text: String,
    is_required: bool,
    hint: Option<String>,
    help: Option<String>,
    only_if: Option<OnlyIf>,
    /// The heading of a table, above its first row.
    heading: Option<String>,
    is_row: bool,
    fault: Option<String>,
    several: bool,
    kind: Kind,
}

/// When a question is asked: said in words, and for the script the name of the field and the values that matter.
pub(super) struct OnlyIf {
    pub said: String,
    pub field: String,
    pub values: String,
}

pub(super) enum Kind {
    Options(Vec<OptionView>),
    Words(String),
}

pub(super) struct OptionView {
    pub id: String,
    pub value: String,
    pub label: String,
    pub is_chosen: bool,
}

impl OptionView {
    pub fn is_blank(&self) -> bool {
        self.value.is_empty()
    }
}

impl QuestionView {
    fn words_id(&self) -> Option<String> {
        matches!(self.kind, Kind::Words(_)).then(|| format!("{}-w", self.id))
    }

    fn input(&self) -> &'static str {
        if self.several { "checkbox" } else { "radio" }
    }

    /// Whether its options fit beside each other on a wide screen.
    fn is_short(&self) -> bool {
        match &self.kind {
            Kind::Options(options) => options
                .iter()
                .all(|option| option.label.chars().count() <= 12),
            Kind::Words(_) => false,
        }
    }

    /// Whether its options stand in one row even on a phone: in a table, or where they are numbers.
    fn is_beside(&self) -> bool {
        match &self.kind {
            Kind::Options(options) => {
                let longest = options
                    .iter()
                    .map(|option| option.label.chars().count())
                    .max();
                self.is_row && options.len() <= 6 && longest.is_some_and(|longest| longest <= 5)
            }
            Kind::Words(_) => false,
        }
    }

    /// Where the list of faults leads: the first thing that can be filled in.
    fn target(&self) -> String {
        match &self.kind {
            Kind::Options(options) => options
                .first()
                .map_or_else(|| self.id.clone(), |option| option.id.clone()),
            Kind::Words(_) => format!("{}-w", self.id),
        }
    }
}

/// Draws a form that comes back.
pub(super) fn draw(view: View, about: &About<'_>, drawn: Drawn, status: StatusCode) -> Response {
    // A page that was answered by its own address: drawing it anew would lose what was entered.
    let view = view.without_links();
    view.answer(
        &page(view, about, drawn),
        Manner {
            status,
            keeping: Keeping::Browser,
        },
    )
}

fn page<'a>(view: View, about: &'a About<'_>, drawn: Drawn) -> Page<'a> {
    let survey = about.admitted.survey();
    let definition = &survey.definition;
    let language = view.language;
    let faults: &[AnswerFault] = match &drawn.banner {
        Some(Banner::Faults(faults)) => faults,
        _ => &[],
    };
    let count = definition.questions.len();
    let questions: Vec<QuestionView> = (1_usize..)
        .zip(&definition.questions)
        .map(|(number, question)| {
            let fault = faults
                .iter()
                .find(|fault| fault.question == question.code)
                .map(|fault| fault.code);
            let above = number
                .checked_sub(2)
                .and_then(|place| definition.questions.get(place));
            let above = above.and_then(|above| above.matrix.as_ref());
            let heading = question.matrix.as_ref().filter(|one| above != Some(one));
            let number = Numbered { number, count };
            draw_question(
                view,
                question,
                number,
                Given {
                    entries: &drawn.entries,
                    fault,
                    questions: &definition.questions,
                    heading,
                },
            )
        })
        .collect();
    let subject = language.of(about.subject);
    let title = view.say_with(
        "form-title",
        [
            ("survey", Value::Text(language.of(&definition.name))),
            ("subject", Value::Text(subject)),
        ],
    );
    Page {
        title,
        banner: drawn
            .banner
            .as_ref()
            .map(|banner| draw_banner(view, banner)),
        faults: questions
            .iter()
            .filter(|question| question.fault.is_some())
            .map(|question| FaultView {
                target: question.target(),
                question: question.text.clone(),
            })
            .collect(),
        round: language.of(&survey.round),
        survey: language.of(&definition.name),
        subject,
        intro: definition.intro.as_ref().map(|intro| language.of(intro)),
        promises: promise(view, about, subject),
        action: view.to(&about.path),
        key: drawn.key,
        change: about.change.as_ref(),
        submit: if about.change.is_some() {
            "change-submit"
        } else {
            "submit"
        },
        submit_hint: if definition.changeable {
            "submit-hint-changeable"
        } else {
            "submit-hint"
        },
        told: draw_told(view, survey, (about.change.is_some(), drawn.told)),
        questions,
        is_preview: about.is_preview,
        view,
    }
}

pub(super) fn draw_banner(view: View, banner: &Banner) -> BannerView {
    let (title, text) = match banner {
        Banner::Faults(faults)
            if faults
                .iter()
                .all(|fault| fault.code == FaultCode::UnknownQuestion) =>
        {
            ("faults-title", "fault-unknown-question")
        }
        Banner::Faults(_) | Banner::LineFaults(_) => ("faults-title", "faults-kept"),
        Banner::AllBlank => ("ballot-blank-title", "ballot-blank-text"),
        Banner::ForeignForm => ("faults-title", "fault-foreign-form"),
        Banner::Busy => ("busy-title", "busy-text"),
    };
    BannerView {
        title: view.say(title),
        text: view.say(text),
    }
}

/// What happens with the answers, said before the first question, and no more than is true.
fn promise(view: View, about: &About<'_>, subject: &str) -> Vec<String> {
    let count = about.admitted.survey().definition.questions.len();
    let mut promises = vec![
        view.say_with("promise-length", [("count", Value::Count(count))]),
        view.say_with("promise-use", [("subject", Value::Text(subject))]),
    ];
    let entrance = match (&about.change, about.link) {
        (Some(_), _) => Entrance::Change,
        (None, Some(_)) => Entrance::Link,
        (None, None) => Entrance::Invitation,
    };
    promises.extend(promise_admission(view, about.admitted.survey(), entrance));
    promises
}

/// The ways to a form or a ballot.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entrance {
    Link,
    Invitation,
    Change,
}

/// What is promised of the way in, be it to a form or to a ballot: an open link keeps less than an invitation.
pub(super) fn promise_admission(
    view: View,
    survey: &KnownSurvey,
    entrance: Entrance,
) -> Vec<String> {
    let changeable = survey.definition.changeable;
    let last = if changeable {
        "promise-changeable"
    } else {
        "promise-final"
    };
    let names: &[&str] = match entrance {
        Entrance::Link => &[last, "promise-link", "promise-link-open", "promise-receipt"],
        Entrance::Invitation => &[
            last,
            "promise-invitation",
            "promise-confidential",
            "promise-receipt",
        ],
        Entrance::Change => &["change-replaces", "change-empty"],
    };
    let until = tell_end(view, survey)
        .map(|when| view.say_with("promise-until", [("when", Value::Text(&when))]));
    let words = names.iter().map(|name| view.say(name));
    until.into_iter().chain(words).collect()
}

/// When a survey ends, in words; nothing where it is closed by hand.
pub(super) fn tell_end(view: View, survey: &KnownSurvey) -> Option<String> {
    let (at, zone) = survey.ends_on()?;
    let zone = match zone {
        "Asia/Shanghai" => view.say("zone-beijing"),
        other => view.say_with("zone-other", [("zone", Value::Text(other))]),
    };
    // As text: a number would be written with signs between its thousands in some languages.
    let [year, month, day, time] =
        ["%Y", "%-m", "%-d", "%H:%M"].map(|part| at.format(part).to_string());
    let values = [
        ("year", Value::Text(&year)),
        ("month", Value::Text(&month)),
        ("day", Value::Text(&day)),
        ("time", Value::Text(&time)),
        ("zone", Value::Text(&zone)),
    ];
    Some(view.say_with("when", values))
}

#[derive(Clone, Copy)]
struct Numbered {
    number: usize,
    count: usize,
}

#[derive(Clone, Copy)]
struct Given<'a> {
    entries: &'a Entries,
    fault: Option<FaultCode>,
    questions: &'a [Question],
    heading: Option<&'a Words>,
}

fn draw_question(
    view: View,
    question: &Question,
    numbered: Numbered,
    given: Given<'_>,
) -> QuestionView {
    let id = format!("q{}", numbered.number);
    let several = matches!(question.asked, Asked::Several(_));
    let hint = match &question.asked {
        Asked::Several(_) => Some(view.say("question-several")),
        Asked::Words { longest } => {
            let longest = usize::try_from(*longest).unwrap_or(usize::MAX);
            Some(view.say_with("question-words", [("longest", Value::Count(longest))]))
        }
        Asked::Rated(_) | Asked::One(_) => None,
    };
    let kind = match &question.asked {
        Asked::Words { .. } => {
            let entered = given
                .entries
                .get(&question.code)
                .first()
                .map(String::as_str);
            Kind::Words(without_controls(entered.unwrap_or_default()))
        }
        Asked::Rated(_) | Asked::One(_) | Asked::Several(_) => {
            Kind::Options(draw_options(view, question, &id, given.entries))
        }
    };
    QuestionView {
        name: format!("{QUESTION}{}", question.code),
        number: view.say_with(
            "question-number",
            [
                ("number", Value::Count(numbered.number)),
                ("count", Value::Count(numbered.count)),
            ],
        ),
        text: view.language.of(&question.text).to_owned(),
        is_required: question.required,
        hint,
        fault: given.fault.map(|fault| tell(view, question, fault)),
        several,
        kind,
        id,
        help: question
            .help
            .as_ref()
            .map(|help| view.language.of(help).to_owned()),
        only_if: draw_only_if(view, given.questions, question, QUESTION),
        heading: given
            .heading
            .map(|heading| view.language.of(heading).to_owned()),
        is_row: question.matrix.is_some(),
    }
}

/// When a question is asked, for people and for the script. `prefix` is what stands before codes in names of fields.
pub(super) fn draw_only_if(
    view: View,
    questions: &[Question],
    question: &Question,
    prefix: &str,
) -> Option<OnlyIf> {
    let show_if = question.show_if.as_ref()?;
    let other = questions.get(show_if.question)?;
    let chosen: Vec<_> = show_if
        .any_of
        .iter()
        .filter_map(|place| other.options().get(usize::from(*place)))
        .collect();
    let labels: Vec<&str> = chosen
        .iter()
        .map(|option| view.language.of(&option.label))
        .collect();
    let codes: Vec<&str> = chosen.iter().map(|option| option.code.as_str()).collect();
    Some(OnlyIf {
        said: view.say_with(
            "question-only-if",
            [
                ("question", Value::Text(view.language.of(&other.text))),
                ("options", Value::Text(&labels.join(" / "))),
            ],
        ),
        field: format!("{prefix}{}", other.code),
        values: codes.join(" "),
    })
}

fn draw_options(view: View, question: &Question, id: &str, entries: &Entries) -> Vec<OptionView> {
    let mut options: Vec<OptionView> = (1..)
        .zip(question.options())
        .map(|(place, option)| OptionView {
            id: format!("{id}-{place}"),
            value: option.code.clone(),
            label: view.language.of(&option.label).to_owned(),
            is_chosen: entries.holds(&question.code, &option.code),
        })
        .collect();
    // A chosen circle cannot be cleared, so whoever chose by mistake needs a way back.
    if !question.required && !matches!(question.asked, Asked::Several(_)) {
        options.push(OptionView {
            id: format!("{id}-0"),
            value: String::new(),
            label: view.say("question-skip"),
            is_chosen: false,
        });
    }
    options
}

pub(super) fn tell(view: View, question: &Question, fault: FaultCode) -> String {
    match fault {
        FaultCode::Missing if question.options().is_empty() => view.say("fault-missing-words"),
        FaultCode::Missing => view.say("fault-missing"),
        FaultCode::UnknownOption => view.say("fault-unknown-option"),
        FaultCode::TooMany => view.say("fault-too-many"),
        FaultCode::TooLong { longest, found } => view.say_with(
            "fault-too-long",
            [
                (
                    "longest",
                    Value::Count(usize::try_from(longest).unwrap_or(usize::MAX)),
                ),
                ("found", Value::Count(found)),
            ],
        ),
        FaultCode::ControlCharacter => view.say("fault-control-character"),
        FaultCode::UnknownQuestion => view.say("fault-unknown-question"),
    }
}

/// An empty form.
pub(super) fn write_empty(
    view: View,
    about: &About<'_>,
    key: String,
) -> Result<String, askama::Error> {
    let drawn = Drawn {
        key,
        entries: Entries::default(),
        told: None,
        banner: None,
    };
    page(view, about, drawn).render()
}

/// An empty form to be looked at.
pub(super) fn draw_preview(view: View, link: &Arc<Link>) -> Response {
    let about = About {
        is_preview: true,
        ..About::link(link)
    };
    let drawn = Drawn {
        key: String::new(),
        entries: Entries::default(),
        told: None,
        banner: None,
    };
    let manner = Manner {
        status: StatusCode::OK,
        keeping: Keeping::Nobody,
    };
    view.answer(&page(view, &about, drawn), manner)
}
