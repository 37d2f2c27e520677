//! Surveys of a round: made frozen when it opens, opened and closed, with links and invitations, and counted.
//!
//! The functions that change something take part in the transaction of a larger use-case, such as the opening of a
//! round, which asks for permission and writes the log. Taking answers in is deliberately absent: that is
//! [`crate::intake`].

mod ballot;
mod campaign;
pub(crate) mod contact;
mod count;
mod days;
pub(crate) mod entry;
mod hours;
pub(crate) mod interference;
mod invitation;
pub(crate) mod kept;
pub(crate) mod line;
mod live;
pub(crate) mod quarantine;
mod result;
mod run;
pub mod seal;
mod warning;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{Id, Round, Subject, Survey};
use domain::scheme::file::Channel;
use domain::survey::{Definition, Marks};
use entity::{round_subject, sheet_tally, survey, survey_link};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter,
    sea_query::Expr,
};
use sha2::{Digest, Sha256};

use crate::database::WriteTransaction;
use crate::{Fault, IdSource, Refusal, code};

pub use ballot::{Ballot, BallotFor, BallotLink, NewBallotInvitations};
pub(crate) use ballot::{find_ballots, freeze_ballots};
pub use campaign::{
    NewLinks, PanelProgress, PosterLink, Posters, Survey as RoundSurvey, SurveyState,
};
pub use contact::{
    About, ContactList, Delivery, Drawn, HandedOut, InvitationMail, ListState, MAIL_JOB,
    PersonalLink, Way,
};
pub use count::{
    Difference, Group, GroupProgress, Recount, count_from_sheets, list_progress, list_tallies,
};
pub(crate) use count::{Stored, list_tallies_of, read_sheet_part};
pub use hours::NewHours;
pub use interference::{AnsweredAbout, Interference};
pub use invitation::{IssuedInvitation, NewInvitations, issue_invitations};
pub(crate) use live::list_shown_of;
pub use quarantine::{HeldSheet, SheetDecision};
pub use result::{QuestionResult, SurveyResults};
pub use warning::{RaisedWarning, WARNING_JOB, WarningMail};
pub use words::{
    NotATextId, Text, TextDecision, TextDecisionDraft, TextId, Words, WordsOf, WordsWanted,
    WordsWithheld,
};

/// A survey to be made.
#[derive(Debug, Clone)]
pub struct NewSurvey<'a> {
    /// The round.
    pub round: Id<Round>,
    /// What it asks; never changed afterwards.
    pub definition: &'a Definition,
    /// The first instant at which answers are taken; without it, as soon as it is open.
    pub opens_at: Option<DateTime<Utc>>,
    /// The first instant at which none are taken any more; without it, when it is closed by hand.
    pub closes_at: Option<DateTime<Utc>>,
}

/// Makes a survey, which takes no answers yet. One statement.
///
/// # Errors
/// [`Fault::Conflict`] if the round has a survey of that code.
pub async fn add(
    transaction: &WriteTransaction,
    ids: &IdSource,
    new: NewSurvey<'_>,
) -> Result<Id<Survey>, Fault> {
    let (id, row) = row_of(ids, &new)?;
    survey::Entity::insert(row)
        .exec_without_returning(transaction)
        .await?;
    Ok(id)
}

/// Makes several surveys, which take no answers yet, and says which. One statement, none if there are no surveys.
///
/// # Errors
/// [`Fault::Conflict`] if the round has a survey of one of the codes.
pub async fn add_all<'a>(
    transaction: &WriteTransaction,
    ids: &IdSource,
    new: impl IntoIterator<Item = NewSurvey<'a>>,
) -> Result<Vec<Id<Survey>>, Fault> {
    let (made, rows): (Vec<_>, Vec<_>) = new
        .into_iter()
        .map(|new| row_of(ids, &new))
        .collect::<Result<Vec<_>, Fault>>()?
        .into_iter()
        .unzip();
    if !rows.is_empty() {
        survey::Entity::insert_many(rows)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(made)
}

fn row_of(ids: &IdSource, new: &NewSurvey<'_>) -> Result<(Id<Survey>, survey::ActiveModel), Fault> {
    let definition =
        serde_json_canonicalizer::to_string(new.definition).map_err(Fault::internal)?;
    let id = ids.draw()?;
    let row = survey::ActiveModel {
        id: Set(id),
        round_id: Set(new.round.number()),
        code: Set(new.definition.code.clone()),
        state: Set(survey::State::Draft),
        opens_at: Set(new.opens_at.map(|at| at.timestamp_micros())),
        closes_at: Set(new.closes_at.map(|at| at.timestamp_micros())),
        closed_at: Set(None),
        definition_digest: Set(Sha256::digest(definition.as_bytes()).to_vec()),
        definition: Set(definition),
    };
    Ok((Id::new(id), row))
}

/// Lets a survey take answers. One statement, two if it is refused.
///
/// # Errors
/// [`Fault::Refused`] with `SURVEY_NOT_DRAFT` if it is open already or was closed, [`Fault::NotFound`].
pub async fn open(transaction: &WriteTransaction, id: Id<Survey>) -> Result<(), Fault> {
    let step = Step {
        from: survey::State::Draft,
        to: survey::State::Open,
    };
    let refusal = Refusal::new(
        "SURVEY_NOT_DRAFT",
        "the survey is open already or was closed; a closed survey stays closed",
    );
    change_state(transaction, id, step, refusal).await
}

/// Lets a closed survey take more answers, for a correction. Its hours are over by then, so they hold no more.
pub(crate) async fn reopen(transaction: &WriteTransaction, id: Id<Survey>) -> Result<(), Fault> {
    let step = Step {
        from: survey::State::Closed,
        to: survey::State::Open,
    };
    let refusal = Refusal::new("SURVEY_NOT_CLOSED", "the survey takes answers already");
    change_state(transaction, id, step, refusal).await?;
    live::begin_anew(transaction, id, &get_definition(transaction, id).await?).await?;
    survey::Entity::update_many()
        .col_expr(survey::Column::ClosesAt, Expr::val(None::<i64>))
        .filter(survey::Column::Id.eq(id.number()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Ends a survey. Waits for answers that are being booked: after it returns and the transaction is committed, none
/// comes in. Answers that were acknowledged are in.
///
/// # Errors
/// [`Fault::Refused`] with `SURVEY_NOT_OPEN`, [`Fault::NotFound`].
pub async fn close(transaction: &WriteTransaction, id: Id<Survey>) -> Result<(), Fault> {
    let step = Step {
        from: survey::State::Open,
        to: survey::State::Closed,
    };
    let refusal = Refusal::new(
        "SURVEY_NOT_OPEN",
        "the survey is not open, so it cannot be closed",
    );
    change_state(transaction, id, step, refusal).await?;
    interference::destroy_key(transaction, id).await
}

struct Step {
    from: survey::State,
    to: survey::State,
}

/// Compare-and-set: of two that change the state at once, one is refused.
async fn change_state(
    transaction: &WriteTransaction,
    id: Id<Survey>,
    step: Step,
    refusal: Refusal,
) -> Result<(), Fault> {
    let done = survey::Entity::update_many()
        .col_expr(survey::Column::State, Expr::val(step.to))
        .filter(
            survey::Column::Id
                .eq(id.number())
                .and(survey::Column::State.eq(step.from)),
        )
        .exec(transaction)
        .await?;
    if done.rows_affected == 1 {
        return Ok(());
    }
    match survey::Entity::find_by_id(id.number())
        .one(transaction)
        .await?
    {
        Some(_) => Err(Fault::refused(refusal)),
        None => Err(Fault::NotFound),
    }
}

/// The frozen definition of a survey. One statement.
///
/// # Errors
/// [`Fault::NotFound`].
pub async fn get_definition(
    connection: &impl ConnectionTrait,
    id: Id<Survey>,
) -> Result<Definition, Fault> {
    let row = survey::Entity::find_by_id(id.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    serde_json::from_str(&row.definition).map_err(Fault::internal)
}

/// Whom an open link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFor {
    /// Whom the answers are about.
    pub subject: Id<Subject>,
    /// The panel that the link is given to.
    pub panel: String,
    /// The codes of the marks of those to whom it is given.
    pub marks: Vec<String>,
}

/// An open link: whoever has it may answer, and as often as they like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLink {
    /// The code, for `/s/<code>`.
    pub code: String,
    /// Whom it is for.
    pub link: LinkFor,
}

/// Makes an open link for each of these. One statement.
///
/// # Errors
/// [`Fault::Refused`] with `MARK_UNKNOWN`.
pub async fn add_links(
    transaction: &WriteTransaction,
    ids: &IdSource,
    (survey, definition): (Id<Survey>, &Definition),
    links: Vec<LinkFor>,
) -> Result<Vec<OpenLink>, Fault> {
    let mut made = Vec::with_capacity(links.len());
    let mut rows = Vec::with_capacity(links.len());
    for link in links {
        // Ten characters: short enough for a poster, and nobody finds one by trying.
        let random: [u8; 6] = ids.bytes()?;
        let code = code::write(&random).to_lowercase();
        rows.push(survey_link::ActiveModel {
            code: Set(code.clone()),
            survey_id: Set(survey.number()),
            subject_id: Set(link.subject.number()),
            panel: Set(link.panel.clone()),
            channel: Set(channel_word(Channel::Web).to_owned()),
            marks: Set(read_marks(definition, &link.marks)?.number()),
        });
        made.push(OpenLink { code, link });
    }
    // Below the number of values that SQLite binds in one statement.
    for part in rows.chunks(5_000) {
        survey_link::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(made)
}

/// Whoever a survey is not about has no figure of it, so nobody is asked about them.
///
/// # Errors
/// [`Fault::Refused`] with `SURVEY_NOT_ABOUT_SUBJECT`, which names them all.
pub(crate) fn refuse_not_about<'a>(
    definition: &Definition,
    subjects: impl IntoIterator<Item = &'a round_subject::Model>,
    field: &'static str,
) -> Result<(), Fault> {
    let others: Vec<String> = (subjects.into_iter())
        .filter(|subject| !definition.is_about(&subject.category))
        .map(|subject| format!("{} (`{}`)", subject.name_en, subject.category))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let about = definition.categories.as_deref().unwrap_or_default();
    let message = format!(
        "the survey `{}` is about subjects of {}, and not about {}: leave them out",
        definition.code,
        about.join(", "),
        others.join(", ")
    );
    Err(Fault::refused(
        Refusal::new("SURVEY_NOT_ABOUT_SUBJECT", message).at([field]),
    ))
}

/// The marks of these codes.
///
/// # Errors
/// [`Fault::Refused`] with `MARK_UNKNOWN`.
pub(crate) fn read_marks(definition: &Definition, codes: &[String]) -> Result<Marks, Fault> {
    Marks::of(definition, codes.iter().map(String::as_str)).map_err(|unknown| {
        let known = match definition.marks.as_slice() {
            [] => "leave marks out".to_owned(),
            marks => format!("it does of {}", marks.join(", ")),
        };
        let message = format!("{unknown}: {known}");
        Fault::refused(Refusal::new("MARK_UNKNOWN", message).at(["marks"]))
    })
}

/// The marks of a stored number.
pub(crate) fn parse_marks(stored: i64) -> Result<Marks, Fault> {
    Marks::parse(stored).ok_or_else(|| Fault::internal(format!("`{stored}` stands for no marks")))
}

/// The codes of the marks of a stored number.
pub(crate) fn mark_codes(definition: &Definition, stored: i64) -> Result<Vec<String>, Fault> {
    let marks = parse_marks(stored)?;
    Ok(marks.codes(definition).map(str::to_owned).collect())
}

/// The word that is stored for a channel.
pub(crate) const fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "web",
        Channel::Paper => "paper",
        Channel::Phone => "phone",
    }
}

/// The channel of a stored word.
pub(crate) fn parse_channel(word: &str) -> Result<Channel, Fault> {
    [Channel::Web, Channel::Paper, Channel::Phone]
        .into_iter()
        .find(|channel| channel_word(*channel) == word)
        .ok_or_else(|| Fault::internal(format!("`{word}` is no channel")))
}

/// Sheets by subject, of all panels, channels and states that were read.
fn add_up(rows: Vec<sheet_tally::Model>) -> Result<BTreeMap<i64, u64>, Fault> {
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for row in rows {
        let count = u64::try_from(row.count).map_err(Fault::internal)?;
        let sum = counts.entry(row.subject_id).or_default();
        *sum = sum.saturating_add(count);
    }
    Ok(counts)
}
