//! The questions of a survey to be answered on paper, with the code of an invitation on each copy.

use askama::Template;
use domain::scheme::file::Words;
use domain::survey::{Asked, Definition, Question};
use service::code::in_groups;
use service::survey::{About, PersonalLink};

use super::Sender;
use super::code::draw_svg;
use super::paper::{PaperFault, is_fictional};
use crate::page::language::{Language, Value};

#[derive(Template)]
#[template(path = "paper_form.html")]
struct Forms<'a> {
    about: &'a About,
    definition: &'a Definition,
    forms: &'a [Form<'a>],
    fictional: bool,
    zh: Language,
    en: Language,
}

/// One copy.
struct Form<'a> {
    subject: [String; 2],
    code: String,
    picture: String,
    lines: &'a [PaperLine],
}

/// An invitation to be answered on paper.
#[derive(Debug, Clone)]
pub struct PaperForm {
    /// The invitation.
    pub link: PersonalLink,
    /// The lines of the ballot that it admits to; none where a sheet is about one subject.
    pub lines: Vec<PaperLine>,
}

/// A line of a ballot.
#[derive(Debug, Clone)]
pub struct PaperLine {
    /// The code of whom it is about, for whoever types it in.
    pub code: String,
    /// The name.
    pub name: Words,
}

impl Forms<'_> {
    #[expect(
        clippy::unused_self,
        reason = "a template reaches nothing but its fields"
    )]
    fn takes_several(&self, question: &Question) -> bool {
        matches!(question.asked, Asked::Several(_))
    }

    #[expect(
        clippy::unused_self,
        reason = "a template reaches nothing but its fields"
    )]
    fn english<'a>(&self, words: &'a Words) -> &'a str {
        Language::English.of(words)
    }

    /// The heading of the table that begins with this question.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template passes references"
    )]
    fn heading(&self, place: &usize) -> Option<&Words> {
        let matrix = |place: usize| self.definition.questions.get(place)?.matrix.as_ref();
        let before = place.checked_sub(1).and_then(matrix);
        matrix(*place).filter(|heading| before != Some(*heading))
    }

    /// After which answer a question is asked, in both languages.
    fn condition(&self, question: &Question) -> Option<[String; 2]> {
        let shown = question.show_if.as_ref()?;
        let asked = self.definition.questions.get(shown.question)?;
        Some([Language::Chinese, Language::English].map(|language| {
            let options: Vec<&str> = (shown.any_of.iter())
                .filter_map(|place| asked.options().get(usize::from(*place)))
                .map(|option| language.of(&option.label))
                .collect();
            let options = options.join(" / ");
            let values = [
                ("number", Value::Count(shown.question + 1)),
                ("options", Value::Text(&options)),
            ];
            language.say_with("form-paper-if", values)
        }))
    }
}

/// Copies to print, each on a page of its own and, where there are many questions, on the next ones.
///
/// # Errors
/// [`PaperFault`].
pub fn draw_forms(
    (about, definition): (&About, &Definition),
    papers: &[PaperForm],
    sender: &Sender,
) -> Result<String, PaperFault> {
    let mut forms = Vec::with_capacity(papers.len());
    for PaperForm { link, lines } in papers {
        forms.push(Form {
            lines,
            subject: [Language::Chinese, Language::English]
                .map(|language| language.of(&link.subject).to_owned()),
            code: in_groups(&link.token.expose(), "-"),
            picture: draw_svg(&sender.link(link), &Language::Chinese.say("letter-scan"))?,
        });
    }
    let page = Forms {
        about,
        definition,
        forms: &forms,
        fictional: is_fictional(about),
        zh: Language::Chinese,
        en: Language::English,
    };
    Ok(page.render()?)
}
