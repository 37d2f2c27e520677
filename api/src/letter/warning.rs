//! Warnings of a survey that runs, by mail to those who run it.

use std::fmt::Write;

use domain::scheme::file::Words;
use service::survey::WarningMail;

use super::Sender;
use crate::mail::Message;
use crate::page::language::{Language, Value};

/// The mail to one person: Chinese first, and no figure of an answer but those that may be shown.
pub fn write_warning(mail: &WarningMail, sender: &Sender) -> Message {
    let half = |language: Language| {
        let named = |words: &Words| language.of(words).to_owned();
        let about = [
            ("round", Value::Text(language.of(&mail.round))),
            ("survey", Value::Text(language.of(&mail.survey))),
        ];
        let mut text = language.say_with("warning-about", about);
        text.push('\n');
        for (warning, subject, found) in &mail.warnings {
            let (warning, subject) = (named(warning), named(subject));
            // A `String` takes whatever is written.
            let _written = writeln!(text, "- {subject}: {warning} ({found})");
        }
        text.push_str(&language.say("warning-steps"));
        text
    };
    let subject = |language: Language| {
        let survey = Value::Text(language.of(&mail.survey));
        language.say_with("warning-subject", [("survey", survey)])
    };
    Message {
        to: mail.to.clone(),
        subject: format!(
            "{} / {}",
            subject(Language::Chinese),
            subject(Language::English)
        ),
        text: format!(
            "{}\n\n{}\n\n{}\n",
            half(Language::Chinese),
            half(Language::English),
            sender.public_url
        ),
        html: None,
    }
}
