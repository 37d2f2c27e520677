//! What people are sent or shown to bring them to a survey: mails, letters, posters and lists for short messages.
//!
//! Chinese first and then English, each in words of `letter.ftl`. Nothing here fetches anything from anywhere: a mail
//! has no picture that would tell when it was read, and what is printed stands alone.
//! Deliberately absent: who is sent what and when, which the use-cases decide.

mod code;
mod form;
mod mail;
mod paper;
mod warning;

#[cfg(test)]
mod tests;

use service::survey::{About, InvitationMail, PersonalLink};

use crate::page::language::{Language, Value};

pub use code::draw_svg;
pub use form::{PaperForm, PaperLine, draw_forms};
pub use mail::write_mail;
pub use paper::{PaperFault, draw_letters, draw_posters, write_handed_out};
pub use warning::write_warning;

/// What every letter knows beside what it is about.
#[derive(Debug, Clone)]
pub struct Sender {
    /// What people type, without a slash at the end.
    pub public_url: String,
    /// How many days after the end of a survey addresses are erased.
    pub contact_days: u32,
}

impl Sender {
    /// The address of an open link with this code.
    pub fn open_link(&self, code: &str) -> String {
        format!("{}/s/{code}", self.public_url)
    }

    /// The address of a personal link.
    pub fn link(&self, link: &PersonalLink) -> String {
        format!("{}/i/{}", self.public_url, link.token.expose())
    }
}

/// A letter in one language.
struct Half {
    language: Language,
    greeting: String,
    ask: String,
    until: Option<String>,
}

impl Half {
    fn new(language: Language, about: &About, (name, subject): (&str, &str)) -> Self {
        let greeting = if name.is_empty() {
            language.say("letter-greeting")
        } else {
            language.say_with("letter-greeting-name", [("name", Value::Text(name))])
        };
        Self {
            language,
            greeting,
            ask: language.say_with(
                "letter-ask",
                [
                    ("round", Value::Text(language.of(&about.round))),
                    ("survey", Value::Text(language.of(&about.survey))),
                    ("subject", Value::Text(subject)),
                ],
            ),
            until: until(language, about),
        }
    }

    /// Both, the Chinese one first.
    fn both(about: &About, link: &PersonalLink) -> [Self; 2] {
        [Language::Chinese, Language::English]
            .map(|language| Self::new(language, about, (&link.name, language.of(&link.subject))))
    }

    fn say(&self, name: &str) -> String {
        self.language.say(name)
    }

    const fn tag(&self) -> &'static str {
        self.language.tag()
    }
}

fn until(language: Language, about: &About) -> Option<String> {
    let until = about.until?.format("%Y-%m-%d %H:%M").to_string();
    Some(language.say_with("letter-until", [("until", Value::Text(&until))]))
}

/// The subject line of a mail.
fn subject_line(mail: &InvitationMail) -> String {
    let name = if mail.is_reminder {
        "letter-subject-reminder"
    } else {
        "letter-subject"
    };
    let subject = &mail.link.subject;
    let line = |language: Language| {
        let subject = Value::Text(language.of(subject));
        language.say_with(name, [("subject", subject)])
    };
    format!("{} / {}", line(Language::Chinese), line(Language::English))
}
