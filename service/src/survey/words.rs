//! What people wrote: for those entitled, once a survey is closed, without panel, channel, time or order.
//!
//! Texts are of valid sheets. What points at a person is removed by rule ([`domain::survey::redact`]); whoever looks at
//! the texts may decide of one that it is hidden, or released as it was written. A text is named by a hash that nobody
//! can make from a receipt, and lists are in the order of these. About a subject with fewer valid sheets than may be
//! shown there is no list. Each reading is in the log.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, Scope};
use domain::id::{self, Id};
use domain::outcome::FEW;
use domain::survey::{Asked, Definition, redact};
use entity::{ballot_line, sheet, sheet_tally, survey, text_decision};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    Statement,
};

use super::add_up;
use super::run::ask_about;
use crate::database::WriteTransaction;
use crate::intake::{Secret, find_or_make_secret};
use crate::page::{Page, Part};
use crate::permit::{Permit, ask_somewhere};
use crate::{Fault, Refusal, Service, audit, clock, code};

/// What is authenticated: the name of a text is no form key.
const WORDS: &[u8] = b"words";

/// Answers in words to one question about one subject.
#[derive(Debug, Clone)]
pub struct WordsWanted {
    /// The survey.
    pub survey: Id<id::Survey>,
    /// Whom they are about.
    pub subject: Id<id::Subject>,
    /// The question, by its code.
    pub question: String,
}

/// The name of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextId([u8; 16]);

impl std::str::FromStr for TextId {
    type Err = NotATextId;

    fn from_str(text: &str) -> Result<Self, NotATextId> {
        code::read(text).map(Self).ok_or(NotATextId)
    }
}

/// A text that is no name of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no name of a text: take it from the list")]
pub struct NotATextId;

impl std::fmt::Display for TextId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&code::write(&self.0))
    }
}

/// What was decided about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextDecision {
    /// Nobody reads it.
    Hide,
    /// It is read as it was written.
    Release,
    /// As the rule has it, as before any decision.
    ByRule,
}

/// An answer in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its name.
    pub id: TextId,
    /// What may be read of it; nothing where it is hidden.
    pub text: Option<String>,
    /// How many places the rule removed from it.
    pub removed: u32,
    /// What was decided about it, and why.
    pub decision: Option<(TextDecision, String)>,
}

/// Why there is no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordsWithheld {
    /// The survey is not closed.
    NotClosed,
    /// Fewer than ten valid sheets are about the subject.
    Few,
    /// The survey has no question of that code that is answered in words.
    NotInWords,
}

/// Answers in words, or why they are withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// In the order of their names, which is that of chance.
    Shown(Part<Text>),
    /// Nothing is shown.
    Withheld(WordsWithheld),
}

/// A decision about a text.
#[derive(Debug, Clone)]
pub struct TextDecisionDraft {
    /// Where it is.
    pub of: WordsWanted,
    /// Which one.
    pub text: TextId,
    /// What holds.
    pub decision: TextDecision,
    /// Why; it stays in the log.
    pub reason: String,
}

/// What was written about a subject in answer to a question.
#[derive(Debug, Clone)]
pub struct WordsOf {
    /// Whom it is about.
    pub subject: Id<id::Subject>,
    /// The question, by its code.
    pub question: String,
    /// In the order of their names.
    pub texts: Vec<Text>,
}

impl Service {
    /// Answers in words to a question about a subject. The reading is logged, also that of a list that is withheld.
    /// Eight statements.
    ///
    /// # Errors
    /// [`Fault::NotFound`], also for whom the round does not evaluate; [`Fault::Denied`].
    pub async fn read_words(
        &self,
        actor: &Actor,
        wanted: &WordsWanted,
        page: Page<TextId>,
    ) -> Result<Words, Fault> {
        ask_somewhere(actor, Action::ReadWords)?;
        let secret = find_or_make_secret(self).await?;
        let transaction = self.database.begin_write().await?;
        let asked = ask(&transaction, actor, (Action::ReadWords, wanted)).await?;
        let withheld = find_withheld(&transaction, &asked, wanted).await?;
        let words = if let Some(why) = withheld {
            Words::Withheld(why)
        } else {
            let texts = asked.list_texts(&transaction, &secret, wanted).await?;
            let decided = list_decided(&transaction, wanted.survey).await?;
            let mut texts = decide(&decided, texts);
            if let Some(after) = page.after {
                texts.retain(|text| text.id > after);
            }
            Words::Shown(page.cut(texts))
        };
        let object = wanted.survey.to_string();
        let read = match &words {
            Words::Shown(part) => part.rows.len(),
            Words::Withheld(_) => 0,
        };
        let reason = format!(
            "{read} answers to `{}` about {}",
            wanted.question, wanted.subject
        );
        let entry = audit::Entry {
            reason: Some(&reason),
            ..asked
                .permit
                .entry(self.clock.now(), "survey.read_words", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(words)
    }

    /// Hides a text, releases it, or takes such a decision back.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `REASON_NEEDED`, or `TEXT_UNKNOWN` if there is no such text, also while there is no list;
    /// [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn decide_text(
        &self,
        actor: &Actor,
        draft: &TextDecisionDraft,
    ) -> Result<Text, Fault> {
        ask_somewhere(actor, Action::ReviewWords)?;
        let reason = draft.reason.trim();
        if reason.is_empty() {
            return Err(Fault::refused(
                Refusal::new("REASON_NEEDED", "say why: the reason stays in the log")
                    .at(["reason"]),
            ));
        }
        let secret = find_or_make_secret(self).await?;
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let wanted = &draft.of;
        let asked = ask(&transaction, actor, (Action::ReviewWords, wanted)).await?;
        let texts = match find_withheld(&transaction, &asked, wanted).await? {
            Some(_) => BTreeMap::new(),
            None => asked.list_texts(&transaction, &secret, wanted).await?,
        };
        let Some(written) = texts.get(&draft.text) else {
            let message = format!("there is no text `{}` here", draft.text);
            return Err(Fault::refused(
                Refusal::new("TEXT_UNKNOWN", message).at(["textId"]),
            ));
        };
        let text = Text::of(
            draft.text,
            written,
            Some((draft.decision, reason.to_owned())),
        );
        store(&transaction, (draft, reason), now).await?;
        let object = wanted.survey.to_string();
        let told = format!("text {}: {reason}", draft.text);
        let action = match draft.decision {
            TextDecision::Hide => "survey.hide_text",
            TextDecision::Release => "survey.release_text",
            TextDecision::ByRule => "survey.leave_text",
        };
        let entry = audit::Entry {
            reason: Some(&told),
            ..asked.permit.entry(now, action, &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(text)
    }

    /// Everything that people wrote, by subject and question, for whoever may read all of the round; subjects with few
    /// sheets are left out. The reading is logged once. Seven statements, eight of ballots.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SURVEY_NOT_CLOSED`; [`Fault::NotFound`], [`Fault::Denied`].
    pub async fn read_all_words(
        &self,
        actor: &Actor,
        survey: Id<id::Survey>,
    ) -> Result<Vec<WordsOf>, Fault> {
        ask_somewhere(actor, Action::ReadWords)?;
        let secret = find_or_make_secret(self).await?;
        let transaction = self.database.begin_write().await?;
        let row = survey::Entity::find_by_id(survey.number())
            .one(&transaction)
            .await?
            .ok_or(Fault::NotFound)?;
        let scope = Scope {
            round: Some(Id::new(row.round_id)),
            ..Scope::default()
        };
        let permit = Permit::ask(actor, Action::ReadWords, &scope)?;
        if row.state != survey::State::Closed {
            let message = "what people wrote is read once the survey is closed";
            return Err(Fault::refused(
                Refusal::new("SURVEY_NOT_CLOSED", message).at(["survey"]),
            ));
        }
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        let counts = count_valid(&transaction, &row, None).await?;
        let written = list_written(&transaction, (&row, &definition), None).await?;
        let mut groups: BTreeMap<(i64, usize), BTreeMap<TextId, String>> = BTreeMap::new();
        for one in written {
            let Some(question) = definition.questions.get(one.question) else {
                continue;
            };
            if counts.get(&one.subject).is_some_and(|count| *count >= FEW) {
                let id = name(&secret, &one, (row.id, &question.code));
                let group = groups.entry((one.subject, one.question)).or_default();
                group.insert(id, one.text);
            }
        }
        let decided = list_decided(&transaction, survey).await?;
        let words: Vec<WordsOf> = (groups.into_iter())
            .filter_map(|((subject, question), texts)| {
                Some(WordsOf {
                    subject: Id::new(subject),
                    question: definition.questions.get(question)?.code.clone(),
                    texts: decide(&decided, texts),
                })
            })
            .collect();
        let object = survey.to_string();
        let read: usize = words.iter().map(|group| group.texts.len()).sum();
        let reason = format!("all {read} answers in words");
        let entry = audit::Entry {
            reason: Some(&reason),
            ..permit.entry(self.clock.now(), "survey.read_words", &object)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        Ok(words)
    }
}

/// Permission for what was written about a subject.
struct AskedFor {
    permit: Permit,
    row: survey::Model,
    definition: Definition,
    /// The number of the question; nothing where it is not answered in words.
    question: Option<usize>,
}

async fn ask(
    connection: &impl ConnectionTrait,
    actor: &Actor,
    (action, wanted): (Action, &WordsWanted),
) -> Result<AskedFor, Fault> {
    let row = survey::Entity::find_by_id(wanted.survey.number())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)?;
    let found = ask_about(connection, actor, (action, &row, wanted.subject)).await?;
    let (permit, _) = found.ok_or(Fault::NotFound)?;
    let definition: Definition = serde_json::from_str(&row.definition).map_err(Fault::internal)?;
    let found = definition.question(&wanted.question);
    let in_words = found.filter(|(_, question)| matches!(question.asked, Asked::Words { .. }));
    let question = in_words.map(|(place, _)| place);
    Ok(AskedFor {
        permit,
        row,
        definition,
        question,
    })
}

async fn find_withheld(
    connection: &impl ConnectionTrait,
    asked: &AskedFor,
    wanted: &WordsWanted,
) -> Result<Option<WordsWithheld>, Fault> {
    if asked.question.is_none() {
        return Ok(Some(WordsWithheld::NotInWords));
    }
    if asked.row.state != survey::State::Closed {
        return Ok(Some(WordsWithheld::NotClosed));
    }
    let about = wanted.subject.number();
    let counts = count_valid(connection, &asked.row, Some(about)).await?;
    let is_few = counts.get(&about).copied().unwrap_or(0) < FEW;
    Ok(is_few.then_some(WordsWithheld::Few))
}

/// Valid sheets by subject, of all or of one.
async fn count_valid(
    connection: &impl ConnectionTrait,
    row: &survey::Model,
    about: Option<i64>,
) -> Result<BTreeMap<i64, u64>, Fault> {
    let mut query = sheet_tally::Entity::find()
        .filter(sheet_tally::Column::SurveyId.eq(row.id))
        .filter(sheet_tally::Column::State.eq(sheet::State::Valid));
    if let Some(about) = about {
        query = query.filter(sheet_tally::Column::SubjectId.eq(about));
    }
    add_up(query.all(connection).await?)
}

/// A text with the sheet that it stands on.
struct Written {
    sheet: i64,
    subject: i64,
    question: usize,
    text: String,
}

#[derive(FromQueryResult)]
struct WordsRow {
    sheet_no: i64,
    about: i64,
    words: String,
}

/// What was written on valid sheets, about all subjects or about one.
async fn list_written(
    connection: &impl ConnectionTrait,
    (row, definition): (&survey::Model, &Definition),
    subject: Option<i64>,
) -> Result<Vec<Written>, Fault> {
    // Of ballots the subjects by ballot and line, which are numbered from 1 and kept from 0.
    let mut lines: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    if definition.ballot.is_some() {
        let mut query =
            ballot_line::Entity::find().filter(ballot_line::Column::SurveyId.eq(row.id));
        if let Some(subject) = subject {
            query = query.filter(ballot_line::Column::SubjectId.eq(subject));
        }
        for line in query.all(connection).await? {
            lines.insert((line.ballot_no, line.line_no - 1), line.subject_id);
        }
    }
    let (table, column) = match definition.ballot {
        None => ("sheet", "subject_id"),
        Some(_) => ("ballot_sheet", "ballot_no"),
    };
    let about = match (definition.ballot, subject) {
        (None, Some(subject)) => Some(subject),
        (Some(_), Some(_)) => Some(lines.keys().next().map_or(0, |(ballot, _)| *ballot)),
        (_, None) => None,
    };
    let only = about.map_or_else(String::new, |about| format!("AND {column} = {about}"));
    let sql = format!(
        "SELECT sheet_no, {column} AS about, words FROM {table}
         WHERE survey_id = $1 AND state = 'valid' AND words IS NOT NULL {only}"
    );
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [row.id.into()]);
    let rows = WordsRow::find_by_statement(statement)
        .all(connection)
        .await?;
    let mut written = Vec::new();
    for row in rows {
        let mut add = |subject: i64, texts: BTreeMap<usize, String>| {
            written.extend(texts.into_iter().map(|(question, text)| Written {
                sheet: row.sheet_no,
                subject,
                question,
                text,
            }));
        };
        if definition.ballot.is_none() {
            add(
                row.about,
                serde_json::from_str(&row.words).map_err(Fault::internal)?,
            );
            continue;
        }
        let of_lines: BTreeMap<i64, BTreeMap<usize, String>> =
            serde_json::from_str(&row.words).map_err(Fault::internal)?;
        for (line, texts) in of_lines {
            if let Some(subject) = lines.get(&(row.about, line)) {
                add(*subject, texts);
            }
        }
    }
    Ok(written)
}

/// The name of a text, which nobody else can make.
fn name(secret: &Secret, written: &Written, (survey, question): (i64, &str)) -> TextId {
    let numbers = [survey, written.sheet, written.subject].map(i64::to_be_bytes);
    let parts: Vec<u8> = numbers.iter().flatten().copied().collect();
    TextId(secret.derive(WORDS, &[&parts, question.as_bytes()]))
}

impl AskedFor {
    /// What was written in answer to the question, by the names of the texts.
    async fn list_texts(
        &self,
        connection: &impl ConnectionTrait,
        secret: &Secret,
        wanted: &WordsWanted,
    ) -> Result<BTreeMap<TextId, String>, Fault> {
        let about = Some(wanted.subject.number());
        let written = list_written(connection, (&self.row, &self.definition), about).await?;
        let asked = (written.into_iter()).filter(|one| Some(one.question) == self.question);
        let named = asked.map(|one| {
            let id = name(secret, &one, (self.row.id, &wanted.question));
            (id, one.text)
        });
        Ok(named.collect())
    }
}

type Decided = BTreeMap<Vec<u8>, (TextDecision, String)>;

/// What was decided about texts of a survey, by their names.
async fn list_decided(
    connection: &impl ConnectionTrait,
    survey: Id<id::Survey>,
) -> Result<Decided, Fault> {
    let rows = text_decision::Entity::find()
        .filter(text_decision::Column::SurveyId.eq(survey.number()))
        .all(connection)
        .await?;
    let decided = rows.into_iter().map(|row| {
        let decision = match row.decision {
            text_decision::Decision::Hide => TextDecision::Hide,
            text_decision::Decision::Release => TextDecision::Release,
        };
        (row.text_id, (decision, row.reason))
    });
    Ok(decided.collect())
}

/// What may be read of texts, in the order of their names.
fn decide(decided: &Decided, texts: BTreeMap<TextId, String>) -> Vec<Text> {
    let texts = texts.into_iter().map(|(id, written)| {
        let decision = decided.get(id.0.as_slice()).cloned();
        Text::of(id, &written, decision)
    });
    texts.collect()
}

impl Text {
    fn of(id: TextId, written: &str, decision: Option<(TextDecision, String)>) -> Self {
        let by_rule = redact(written);
        let decision = decision.filter(|(decision, _)| *decision != TextDecision::ByRule);
        let text = match decision.as_ref().map(|(decision, _)| *decision) {
            Some(TextDecision::Hide) => None,
            Some(TextDecision::Release) => Some(written.to_owned()),
            Some(TextDecision::ByRule) | None => Some(by_rule.text),
        };
        Self {
            id,
            text,
            removed: by_rule.removed,
            decision,
        }
    }
}

async fn store(
    transaction: &WriteTransaction,
    (draft, reason): (&TextDecisionDraft, &str),
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    use text_decision::Column;
    let survey = draft.of.survey.number();
    let id = draft.text.0.to_vec();
    let decision = match draft.decision {
        TextDecision::Hide => text_decision::Decision::Hide,
        TextDecision::Release => text_decision::Decision::Release,
        TextDecision::ByRule => {
            text_decision::Entity::delete_by_id((survey, id))
                .exec(transaction)
                .await?;
            return Ok(());
        }
    };
    let row = text_decision::ActiveModel {
        survey_id: Set(survey),
        text_id: Set(id),
        decision: Set(decision),
        reason: Set(reason.to_owned()),
        decided_at: Set(clock::micros(now)),
    };
    let mut otherwise = OnConflict::columns([Column::SurveyId, Column::TextId]);
    otherwise.update_columns([Column::Decision, Column::Reason, Column::DecidedAt]);
    text_decision::Entity::insert(row)
        .on_conflict(otherwise)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}
