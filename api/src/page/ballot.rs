//! The form of a ballot: a line for each subject, drawn from the survey's frozen definition, and read again.
//!
//! Everything of a line lies in one fieldset, whose legend names the subject, so that a screen reader says whom an
//! option is about. A line is blank from the start and stays so unless something is chosen in it.

use askama::Template;
use axum::extract::{Form, Path};
use axum::response::Response;
use chrono::NaiveDateTime;
use domain::scheme::file::Words;
use domain::survey::{Asked, Entries, LineFault, Question, validate_ballot, without_controls};
use http::StatusCode;
use service::intake::{
    Admitted, BallotState, BallotSubmission, ChangeState, FormKey, InvitationToken, KnownBallot,
};

use super::form::{
    Banner, BannerView, Entrance, FaultView, Kind, MOST_VALUES, OnlyIf, OptionView, Secrets, TOLD,
    TRAP, draw_banner, draw_only_if, draw_told, read_told, tell,
};
use super::language::Value;
use super::notice::Notice;
use super::view::{Keeping, Manner, View};
use super::{
    FormPart, Outcome, Pages, PathPart, beside, form, refuse_again, refuse_unless_open, settle,
};
use crate::http::ClientAddress;

/// Before the number of a line and the code of a question in the name of a field.
const LINE: &str = "l.";

/// Options that fit beside each other on the narrowest phone.
const MOST_BESIDE: usize = 6;
const LONGEST_BESIDE: usize = 4;

/// A ballot and the address that leads to it.
struct About {
    state: BallotState,
    path: String,
    /// The code of an open link.
    link: Option<String>,
    /// What a change is sent with.
    change: Option<Secrets>,
    /// Whether it is only looked at.
    is_preview: bool,
}

impl About {
    fn admitted(&self) -> &Admitted {
        &self.state.admitted
    }

    /// The code of an open link, with the end of its survey.
    fn link_code(&self) -> Option<(&str, Option<NaiveDateTime>)> {
        let ends_on = self.admitted().survey().ends_on();
        Some((self.link.as_deref()?, ends_on.map(|(at, _)| at)))
    }

    fn lines(&self) -> &[(domain::id::Id<domain::id::Subject>, Words)] {
        let ballot: Option<&KnownBallot> = self.admitted().ballot().map(AsRef::as_ref);
        ballot.map_or(&[], |ballot| ballot.subjects.as_slice())
    }
}

pub(super) async fn show_link(pages: &Pages, path: &PathPart, view: View) -> Response {
    match find_link(pages, path).await {
        Ok(about) => show(pages, view, &about),
        Err(notice) => notice.draw(view),
    }
}

pub(super) async fn show_invitation(pages: &Pages, path: &PathPart, view: View) -> Response {
    let token = path
        .as_ref()
        .ok()
        .and_then(|Path(text)| InvitationToken::parse(text));
    let Some(token) = token else {
        return Notice::Unknown.draw(view);
    };
    match find_invitation(pages, &token).await {
        Ok(about) => show(pages, view, &about),
        Err(notice) => notice.draw(view),
    }
}

fn show(pages: &Pages, view: View, about: &About) -> Response {
    if let Err(notice) = refuse_unless_answerable(about) {
        return notice.draw(view);
    }
    let write = |key| {
        let drawn = Drawn {
            key,
            lines: vec![Entries::default(); about.lines().len()],
            told: None,
            banner: None,
        };
        page(view, about, drawn).render()
    };
    match pages.intake.make_key(about.admitted()) {
        Ok(key) => pages.skeletons.draw(view, about.link_code(), &key, write),
        Err(fault) => Notice::of(&fault).draw(view),
    }
}

pub(super) async fn answer_link(
    pages: &Pages,
    path: &PathPart,
    view: View,
    (sent, address): (FormPart, ClientAddress),
) -> Response {
    match find_link(pages, path).await {
        Ok(about) => answer(pages, view, &about, (sent, Some(address))).await,
        Err(notice) => notice.draw(view),
    }
}

pub(super) async fn answer_invitation(
    pages: &Pages,
    token: &InvitationToken,
    view: View,
    (sent, address): (FormPart, ClientAddress),
) -> Response {
    match find_invitation(pages, token).await {
        Ok(about) => answer(pages, view, &about, (sent, Some(address))).await,
        Err(notice) => notice.draw(view),
    }
}

async fn find_link(pages: &Pages, path: &PathPart) -> Result<About, Notice> {
    let Ok(Path(code)) = path else {
        return Err(Notice::Unknown);
    };
    let found = pages.intake.find_ballot_link(code).await;
    let state = found.map_err(|fault| Notice::of(&fault))?;
    Ok(About {
        state: state.ok_or(Notice::Unknown)?,
        path: format!("/s/{code}"),
        link: Some(code.clone()),
        change: None,
        is_preview: false,
    })
}

async fn find_invitation(pages: &Pages, token: &InvitationToken) -> Result<About, Notice> {
    let found = pages.intake.find_ballot_invitation(token).await;
    let state = found.map_err(|fault| Notice::of(&fault))?;
    Ok(About {
        state: state.ok_or(Notice::Unknown)?,
        path: format!("/i/{}", token.expose()),
        link: None,
        change: None,
        is_preview: false,
    })
}

/// A ballot that was sent before, to be filled in anew or with what is sent in its place.
pub(super) async fn change(
    pages: &Pages,
    view: View,
    (state, secrets): (ChangeState, Secrets),
    sent: Option<FormPart>,
) -> Response {
    let about = About {
        state: BallotState {
            admitted: state.admitted,
            is_used: state.is_over,
            standing: state.standing,
        },
        path: "/change".to_owned(),
        link: None,
        change: Some(secrets),
        is_preview: false,
    };
    match sent {
        Some(sent) => answer(pages, view, &about, (sent, None)).await,
        // Its address does not lead back to it.
        None => show(pages, view.without_links(), &about),
    }
}

fn refuse_unless_answerable(about: &About) -> Result<(), Notice> {
    if about.state.is_used {
        return Err(match about.change {
            None => Notice::AlreadyAnswered,
            Some(_) => Notice::Changed,
        });
    }
    refuse_unless_open(about.state.standing)
}

/// What came with a form.
struct Sent {
    key: Option<FormKey>,
    lines: Vec<Entries>,
    /// Whether a ballot without an answer is meant to be one.
    blank: bool,
    /// Whether somebody told the respondent what to answer.
    told: Option<bool>,
    /// Whether a field came filled in that no person sees.
    is_trapped: bool,
}

fn read(sent: FormPart, view: &mut View, lines: usize) -> Result<Sent, Notice> {
    let Form(fields) = sent.map_err(|rejection| form::refuse(&rejection))?;
    let mut read = Sent {
        key: None,
        lines: vec![Entries::default(); lines],
        blank: false,
        told: None,
        is_trapped: false,
    };
    view.large = false;
    for (name, value) in fields.into_iter().take(MOST_VALUES) {
        let in_line = name
            .strip_prefix(LINE)
            .and_then(|rest| rest.split_once('.'));
        match (in_line, name.as_str()) {
            (Some((line, question)), _) => {
                let place = line
                    .parse::<usize>()
                    .ok()
                    .and_then(|line| line.checked_sub(1));
                if let Some(entries) = place.and_then(|place| read.lines.get_mut(place)) {
                    entries.add(question, value);
                }
            }
            (None, "key") => read.key = FormKey::parse(&value),
            (None, "print") => view.large = value == "large",
            (None, TRAP) => read.is_trapped |= !value.trim().is_empty(),
            (None, TOLD) => read.told = read_told(&value),
            (None, "blank") => read.blank = value == "yes",
            // Fields that browsers and their helpers add mean nothing.
            _ => {}
        }
    }
    Ok(read)
}

async fn answer(
    pages: &Pages,
    mut view: View,
    about: &About,
    (sent, address): (FormPart, Option<ClientAddress>),
) -> Response {
    let sent = match read(sent, &mut view, about.lines().len()) {
        Ok(sent) => sent,
        Err(notice) => return notice.draw(view),
    };
    // Not refused here where it is closed: a retry may come late, and must still find its receipt.
    let banner = match book(pages, view, about, (&sent, address)).await {
        Outcome::Booked(page) => return page.draw(view),
        Outcome::Refused(notice) => return notice.draw(view),
        Outcome::Again(banner) => banner,
    };
    if let Err(notice) = refuse_again(&banner, refuse_unless_answerable(about)) {
        return notice.draw(view);
    }
    let key = match sent.key {
        Some(key) if banner.keeps_key() => Ok(key),
        _ => pages.intake.make_key(about.admitted()),
    };
    let status = banner.status();
    match key {
        Ok(key) => {
            let drawn = Drawn {
                key: key.to_string(),
                lines: sent.lines,
                told: sent.told,
                banner: Some(banner),
            };
            draw(view, about, drawn, status)
        }
        Err(fault) => Notice::of(&fault).draw(view),
    }
}

async fn book(
    pages: &Pages,
    view: View,
    about: &About,
    (sent, address): (&Sent, Option<ClientAddress>),
) -> Outcome {
    let definition = &about.admitted().survey().definition;
    let answers = match validate_ballot(definition, &sent.lines) {
        Ok(answers) => answers,
        Err(faults) => return Outcome::Again(Banner::LineFaults(faults)),
    };
    let filled = answers.filled();
    if filled == 0 && !sent.blank {
        return Outcome::Again(Banner::AllBlank);
    }
    let Some(key) = sent.key else {
        return Outcome::Again(Banner::ForeignForm);
    };
    let said = summary(view, "ballot-sent", filled, sent.lines.len());
    let submission = BallotSubmission {
        admitted: about.admitted().clone(),
        key,
        answers,
        beside: beside((sent.told, sent.is_trapped), address),
    };
    let booked = pages.intake.book_ballot(submission).await;
    match settle(pages, about.admitted().survey(), booked) {
        Outcome::Booked(thanks) => Outcome::Booked(super::receipt::Thanks {
            said: Some(said),
            ..thanks
        }),
        other => other,
    }
}

/// What a form shows.
struct Drawn {
    key: String,
    lines: Vec<Entries>,
    told: Option<bool>,
    banner: Option<Banner>,
}

#[derive(Template)]
#[template(path = "ballot.html")]
struct Page<'a> {
    view: View,
    title: String,
    banner: Option<BannerView>,
    faults: Vec<FaultView>,
    asks_blank: bool,
    round: &'a str,
    survey: &'a str,
    intro: Option<&'a str>,
    /// What is asked, where that is one thing, said once and not in each line.
    asked_once: Option<&'a str>,
    promises: Vec<String>,
    action: String,
    key: String,
    change: Option<&'a Secrets>,
    submit: &'static str,
    submit_hint: &'static str,
    /// How many are filled in, where `#` stands for those and `~` for the others.
    counts: String,
    lines: Vec<LineView<'a>>,
    told: Option<Vec<OptionView>>,
    is_preview: bool,
}

struct LineView<'a> {
    id: String,
    number: usize,
    name: &'a str,
    is_wrong: bool,
    asks: Vec<AskView<'a>>,
}

/// A question in a line.
struct AskView<'a> {
    id: String,
    name: String,
    text: &'a str,
    help: Option<&'a str>,
    only_if: Option<OnlyIf>,
    is_required: bool,
    fault: Option<String>,
    several: bool,
    kind: Kind,
}

impl AskView<'_> {
    fn input(&self) -> &'static str {
        if self.several { "checkbox" } else { "radio" }
    }

    fn role(&self) -> &'static str {
        if self.several { "group" } else { "radiogroup" }
    }

    /// Whether its options stand beside each other, or below.
    fn is_beside(&self) -> bool {
        match &self.kind {
            Kind::Options(options) => {
                options.len() <= MOST_BESIDE
                    && (options.iter()).all(|one| one.label.chars().count() <= LONGEST_BESIDE)
            }
            Kind::Words(_) => false,
        }
    }

    fn target(&self) -> String {
        match &self.kind {
            Kind::Options(_) => format!("{}-1", self.id),
            Kind::Words(_) => format!("{}-w", self.id),
        }
    }
}

fn draw(view: View, about: &About, drawn: Drawn, status: StatusCode) -> Response {
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

fn page<'a>(view: View, about: &'a About, drawn: Drawn) -> Page<'a> {
    let survey = about.admitted().survey();
    let definition = &survey.definition;
    let language = view.language;
    let faults: &[LineFault] = match &drawn.banner {
        Some(Banner::LineFaults(faults)) => faults,
        _ => &[],
    };
    let asked_once = match definition.questions.as_slice() {
        [question] => Some(language.of(&question.text)),
        _ => None,
    };
    let subjects = about.lines();
    let lines: Vec<LineView<'a>> = (1..)
        .zip(subjects.iter().zip(&drawn.lines))
        .map(|(number, ((_, name), entries))| {
            let faults: Vec<&LineFault> = faults
                .iter()
                .filter(|fault| fault.line + 1 == number)
                .collect();
            LineView {
                id: format!("l{number}"),
                number,
                name: language.of(name),
                is_wrong: !faults.is_empty(),
                asks: (1..)
                    .zip(&definition.questions)
                    .map(|(place, question)| {
                        let found = faults
                            .iter()
                            .find(|one| one.fault.question == question.code);
                        let fault = found.map(|one| tell(view, question, one.fault.code));
                        draw_ask(
                            view,
                            (number, place),
                            (&definition.questions, question),
                            (entries, fault),
                        )
                    })
                    .collect(),
            }
        })
        .collect();
    let listed = lines.iter().flat_map(|line| {
        let wrong = line.asks.iter().filter(|ask| ask.fault.is_some());
        wrong.map(|ask| FaultView {
            target: ask.target(),
            question: format!("{} · {}", line.name, ask.text),
        })
    });
    Page {
        title: view.say_with(
            "ballot-title",
            [("survey", Value::Text(language.of(&definition.name)))],
        ),
        faults: listed.collect(),
        asks_blank: matches!(drawn.banner, Some(Banner::AllBlank)),
        banner: drawn
            .banner
            .as_ref()
            .map(|banner| draw_banner(view, banner)),
        round: language.of(&survey.round),
        survey: language.of(&definition.name),
        intro: definition.intro.as_ref().map(|intro| language.of(intro)),
        asked_once,
        promises: promise(view, about),
        action: view.to(&about.path),
        key: drawn.key,
        change: about.change.as_ref(),
        submit: if about.change.is_some() {
            "change-submit"
        } else {
            "submit"
        },
        submit_hint: if definition.changeable {
            "ballot-hint-changeable"
        } else {
            "ballot-hint"
        },
        counts: view.say("ballot-counts"),
        told: draw_told(view, survey, (about.change.is_some(), drawn.told)),
        lines,
        is_preview: about.is_preview,
        view,
    }
}

/// What a ballot is and what happens with it, said before the first line, and no more than is true.
fn promise(view: View, about: &About) -> Vec<String> {
    let count = about.lines().len();
    let mut promises = vec![
        view.say_with("ballot-length", [("count", Value::Count(count))]),
        view.say("ballot-abstain"),
        view.say("ballot-use"),
    ];
    let entrance = match (&about.change, &about.link) {
        (Some(_), _) => Entrance::Change,
        (None, Some(_)) => Entrance::Link,
        (None, None) => Entrance::Invitation,
    };
    let survey = about.admitted().survey();
    promises.extend(form::promise_admission(view, survey, entrance));
    promises
}

fn summary(view: View, name: &str, filled: usize, lines: usize) -> String {
    view.say_with(
        name,
        [
            ("filled", Value::Count(filled)),
            ("blank", Value::Count(lines.saturating_sub(filled))),
        ],
    )
}

fn draw_ask<'a>(
    view: View,
    (line, place): (usize, usize),
    (questions, question): (&[Question], &'a Question),
    (entries, fault): (&Entries, Option<String>),
) -> AskView<'a> {
    let id = format!("l{line}q{place}");
    let several = matches!(question.asked, Asked::Several(_));
    let kind = match &question.asked {
        Asked::Words { .. } => {
            let entered = entries.get(&question.code).first();
            Kind::Words(without_controls(entered.map_or("", String::as_str)))
        }
        Asked::Rated(_) | Asked::One(_) | Asked::Several(_) => {
            Kind::Options(draw_options(view, &id, question, entries))
        }
    };
    AskView {
        name: format!("{LINE}{line}.{}", question.code),
        text: view.language.of(&question.text),
        help: question.help.as_ref().map(|help| view.language.of(help)),
        only_if: draw_only_if(view, questions, question, &format!("{LINE}{line}.")),
        is_required: question.required,
        fault,
        several,
        kind,
        id,
    }
}

fn draw_options(view: View, id: &str, question: &Question, entries: &Entries) -> Vec<OptionView> {
    let mut options: Vec<OptionView> = (1..)
        .zip(question.options())
        .map(|(place, option)| OptionView {
            id: format!("{id}-{place}"),
            value: option.code.clone(),
            label: view.language.of(&option.label).to_owned(),
            is_chosen: entries.holds(&question.code, &option.code),
        })
        .collect();
    // A chosen circle cannot be cleared, and a line may be left blank whatever its questions need.
    if !matches!(question.asked, Asked::Several(_)) {
        options.push(OptionView {
            id: format!("{id}-0"),
            value: String::new(),
            label: view.say("ballot-blank"),
            is_chosen: options.iter().all(|option| !option.is_chosen),
        });
    }
    options
}

/// An empty ballot to be looked at.
pub(super) fn draw_preview(view: View, state: BallotState) -> Response {
    let about = About {
        state,
        path: String::new(),
        link: Some(String::new()),
        change: None,
        is_preview: true,
    };
    let drawn = Drawn {
        key: String::new(),
        lines: vec![Entries::default(); about.lines().len()],
        told: None,
        banner: None,
    };
    let manner = Manner {
        status: StatusCode::OK,
        keeping: Keeping::Nobody,
    };
    view.answer(&page(view, &about, drawn), manner)
}
