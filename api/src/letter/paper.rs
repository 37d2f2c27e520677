//! What is printed or handed to others: letters, posters, and lists of numbers for a service that sends short messages.

use askama::Template;
use service::code::in_groups;
use service::survey::{About, HandedOut, PersonalLink, PosterLink, Way};

use super::code::{CodeFault, draw_svg};
use super::{Half, Sender, until};
use crate::page::language::Language;
use crate::sheet::without_formula;

/// Why something for paper could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PaperFault {
    /// A page cannot be drawn.
    #[error("a page cannot be drawn: {0}")]
    Page(#[from] askama::Error),
    /// An address does not fit into its picture.
    #[error("{0}; choose a shorter `http.public_url`")]
    Code(#[from] CodeFault),
    /// A table cannot be written.
    #[error("the table cannot be written: {0}")]
    Table(#[from] csv::Error),
}

/// A letter to one person.
struct Letter {
    name: String,
    to: String,
    address: String,
    code: String,
    picture: String,
    halves: [Half; 2],
}

#[derive(Template)]
#[template(path = "letters.html")]
struct Letters<'a> {
    title: &'a str,
    letters: &'a [Letter],
    fictional: bool,
}

/// Letters to print, one to a page.
///
/// # Errors
/// [`PaperFault`].
pub fn draw_letters(
    about: &About,
    links: &[PersonalLink],
    sender: &Sender,
) -> Result<String, PaperFault> {
    let mut letters = Vec::with_capacity(links.len());
    for link in links {
        let address = sender.link(link);
        letters.push(Letter {
            picture: draw_svg(&address, &Language::Chinese.say("letter-scan"))?,
            code: in_groups(&link.token.expose(), "-"),
            name: link.name.clone(),
            to: link.address.clone(),
            halves: Half::both(about, link),
            address,
        });
    }
    let page = Letters {
        title: &about.survey.zh,
        letters: &letters,
        fictional: is_fictional(about),
    };
    Ok(page.render()?)
}

/// A poster for one link.
struct Poster {
    subject: [String; 2],
    address: String,
    picture: String,
}

#[derive(Template)]
#[template(path = "posters.html")]
struct Posters<'a> {
    title: &'a str,
    round: [&'a str; 2],
    survey: [&'a str; 2],
    until: [Option<String>; 2],
    posters: &'a [Poster],
    fictional: bool,
    zh: Language,
    en: Language,
}

/// Posters to print, one to a page.
///
/// # Errors
/// [`PaperFault`].
pub fn draw_posters(
    about: &About,
    links: &[PosterLink],
    sender: &Sender,
) -> Result<String, PaperFault> {
    let mut posters = Vec::with_capacity(links.len());
    for link in links {
        let address = sender.open_link(&link.code);
        posters.push(Poster {
            subject: both(|language| language.of(&link.subject).to_owned()),
            picture: draw_svg(&address, &Language::Chinese.say("poster-scan"))?,
            address,
        });
    }
    let page = Posters {
        title: &about.survey.zh,
        round: both(|language| language.of(&about.round)),
        survey: both(|language| language.of(&about.survey)),
        until: both(|language| until(language, about)),
        posters: &posters,
        fictional: is_fictional(about),
        zh: Language::Chinese,
        en: Language::English,
    };
    Ok(page.render()?)
}

/// What was handed out of a list: letters, or numbers with their links.
///
/// # Errors
/// [`PaperFault`].
pub fn write_handed_out(handed_out: &HandedOut, sender: &Sender) -> Result<Vec<u8>, PaperFault> {
    match handed_out.way {
        Way::Letter => Ok(draw_letters(&handed_out.about, &handed_out.links, sender)?.into_bytes()),
        Way::Mail | Way::Phone => write_numbers(handed_out, sender),
    }
}

/// Numbers with their links, as CSV for a service that sends short messages.
///
/// # Errors
/// [`PaperFault::Table`].
fn write_numbers(handed_out: &HandedOut, sender: &Sender) -> Result<Vec<u8>, PaperFault> {
    // The mark makes spreadsheets read it as UTF-8.
    let mut out = b"\xef\xbb\xbf".to_vec();
    let mut writer = csv::Writer::from_writer(&mut out);
    let heads = ["phone", "name", "subject", "link"];
    writer.write_record(heads.map(|head| Language::Chinese.say(&format!("handout-{head}"))))?;
    for link in &handed_out.links {
        writer.write_record([
            // A number from abroad begins with a plus sign and is no formula.
            link.address.clone(),
            without_formula(&link.name),
            without_formula(&link.subject.zh),
            sender.link(link),
        ])?;
    }
    writer.flush().map_err(csv::Error::from)?;
    drop(writer);
    Ok(out)
}

fn both<T>(of: impl Fn(Language) -> T) -> [T; 2] {
    [of(Language::Chinese), of(Language::English)]
}

/// A sample on its way through files carries no mark but its name.
pub(super) fn is_fictional(about: &About) -> bool {
    about.round.zh.contains("虚构")
}
