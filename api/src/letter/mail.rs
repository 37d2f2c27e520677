//! Invitations and reminders by mail, as plain text and as HTML.

use askama::Template;
use service::survey::InvitationMail;

use super::{Half, Sender, subject_line};
use crate::mail::Message;
use crate::page::language::Value;

#[derive(Template)]
#[template(path = "invitation.txt")]
struct Text<'a> {
    link: &'a str,
    is_reminder: bool,
    days: usize,
    halves: &'a [Half; 2],
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct Html<'a> {
    title: &'a str,
    link: &'a str,
    is_reminder: bool,
    days: usize,
    halves: &'a [Half; 2],
}

impl Half {
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template passes references"
    )]
    fn erased(&self, days: &usize) -> String {
        self.language
            .say_with("letter-erased", [("days", Value::Count(*days))])
    }
}

/// The mail to one person.
///
/// # Errors
/// A template cannot be drawn.
pub fn write_mail(mail: &InvitationMail, sender: &Sender) -> Result<Message, askama::Error> {
    let halves = Half::both(&mail.about, &mail.link);
    let link = sender.link(&mail.link);
    let subject = subject_line(mail);
    let days = usize::try_from(sender.contact_days).unwrap_or(usize::MAX);
    let text = Text {
        link: &link,
        is_reminder: mail.is_reminder,
        days,
        halves: &halves,
    };
    let html = Html {
        title: &subject,
        link: &link,
        is_reminder: mail.is_reminder,
        days,
        halves: &halves,
    };
    Ok(Message {
        to: mail.link.address.clone(),
        text: text.render()?,
        html: Some(html.render()?),
        subject,
    })
}
