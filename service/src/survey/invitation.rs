//! One-time invitations: made in numbers, handed out once, known to the database by their hashes alone.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{Id, Subject, Survey};
use domain::scheme::file::Channel;
use domain::survey::Definition;
use entity::{contact, contact_list, invitation, subject, survey_issue};
use sea_orm::sea_query::{Expr, JoinType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};

use super::{channel_word, read_marks};
use crate::database::WriteTransaction;
use crate::intake::InvitationToken;
use crate::{Fault, Refusal, Service};

/// Most invitations made in one transaction: each costs a row, and other writers wait meanwhile.
const MOST: usize = 100_000;

/// Rows in one statement, below the number of values that SQLite binds.
const ROWS: usize = 5_000;

/// Groups of too few people that are told at once.
const MOST_FEW: usize = 20;

/// Invitations to be made.
#[derive(Debug, Clone)]
pub struct NewInvitations {
    /// The survey.
    pub survey: Id<Survey>,
    /// Whom the answers are about.
    pub subject: Id<Subject>,
    /// The panel to which the invited belong.
    pub panel: String,
    /// The codes of the marks that all of them bear.
    pub marks: Vec<String>,
    /// How many.
    pub count: usize,
}

/// An invitation, told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedInvitation {
    /// For `/i/<token>`; whoever has it may answer once.
    pub token: InvitationToken,
}

/// Makes invitations, counts them as issued, and returns their tokens. They are stored nowhere: lost is lost.
///
/// # Errors
/// [`Fault::Refused`] with `TOO_MANY_INVITATIONS` beyond 100,000 at once, `MARK_UNKNOWN`; [`Fault::Conflict`] if survey or subject do
/// not exist.
pub async fn issue_invitations(
    service: &Service,
    transaction: &WriteTransaction,
    (new, definition): (&NewInvitations, &Definition),
) -> Result<Vec<IssuedInvitation>, Fault> {
    refuse_too_many(new.count)?;
    let marks = read_marks(definition, &new.marks)?.number();
    let mut issued = Vec::with_capacity(new.count);
    let mut rows = Vec::with_capacity(new.count);
    for _ in 0..new.count {
        let token = InvitationToken::make(service, new.survey)?;
        rows.push(invitation::ActiveModel {
            survey_id: Set(new.survey.number()),
            token_hash: Set(token.hash().to_vec()),
            subject_id: Set(new.subject.number()),
            panel: Set(new.panel.clone()),
            state: Set(invitation::State::Issued),
            marks: Set(marks),
        });
        issued.push(IssuedInvitation { token });
    }
    insert_invitations(transaction, rows).await?;
    let issue = Issue {
        survey: new.survey.number(),
        subject: new.subject.number(),
        panel: new.panel.clone(),
        channel: channel_word(Channel::Web),
    };
    let count = i64::try_from(new.count).map_err(Fault::internal)?;
    let counts = BTreeMap::from([(issue, count)]);
    count_issued(transaction, counts, Change::Issued).await?;
    Ok(issued)
}

/// Stores invitations. Rows in the order of their hashes tell nothing about the order in which tokens were handed out.
pub(crate) async fn insert_invitations(
    transaction: &WriteTransaction,
    mut rows: Vec<invitation::ActiveModel>,
) -> Result<(), Fault> {
    rows.sort_by(|one, other| one.token_hash.as_ref().cmp(other.token_hash.as_ref()));
    for part in rows.chunks(ROWS) {
        invitation::Entity::insert_many(part.to_vec())
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// # Errors
/// [`Fault::Refused`] with `TOO_MANY_INVITATIONS`.
pub(super) fn refuse_too_many(count: usize) -> Result<(), Fault> {
    if count <= MOST {
        return Ok(());
    }
    let message = format!("{count} invitations are too many at once; make at most {MOST}");
    Err(Fault::refused(
        Refusal::new("TOO_MANY_INVITATIONS", message).at(["count"]),
    ))
}

/// To whom sheets or invitations were issued.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Issue {
    pub survey: i64,
    pub subject: i64,
    pub panel: String,
    pub channel: &'static str,
}

/// Whether invitations were made, or made void.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    Issued,
    Revoked,
}

/// Adds to the numbers of sheets issued, from which quorums are taken, or takes off what was counted before. A statement
/// for some thousand groups.
pub(crate) async fn count_issued(
    transaction: &WriteTransaction,
    counts: BTreeMap<Issue, i64>,
    change: Change,
) -> Result<(), Fault> {
    let sum = match change {
        Change::Issued => "coalesce(survey_issue.issued, 0) + excluded.issued",
        Change::Revoked => "survey_issue.issued - excluded.issued",
    };
    let rows: Vec<_> = counts
        .into_iter()
        .map(|(issue, count)| survey_issue::ActiveModel {
            survey_id: Set(issue.survey),
            subject_id: Set(issue.subject),
            panel: Set(issue.panel),
            channel: Set(issue.channel.to_owned()),
            issued: Set(Some(count)),
            ..Default::default()
        })
        .collect();
    for part in rows.chunks(ROWS) {
        let mut adding = OnConflict::columns([
            survey_issue::Column::SurveyId,
            survey_issue::Column::SubjectId,
            survey_issue::Column::Panel,
            survey_issue::Column::Channel,
        ]);
        adding.value(survey_issue::Column::Issued, Expr::cust(sum));
        survey_issue::Entity::insert_many(part.to_vec())
            .on_conflict(adding)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// A subject and the panel that answers about it.
type Respondents = (i64, String);

/// Refuses these groups if so few are asked that it could be told who said what. Counted are all to whom sheets were
/// issued on any way, and those on lists that are not confirmed yet. A statement, and two more where a group is small.
///
/// # Errors
/// [`Fault::Refused`] with `PANEL_TOO_SMALL` for each group.
pub(super) async fn refuse_few(
    service: &Service,
    transaction: &WriteTransaction,
    survey: i64,
    asked: impl IntoIterator<Item = Respondents>,
) -> Result<(), Fault> {
    let asked: BTreeSet<Respondents> = asked.into_iter().collect();
    let issued: Vec<(i64, String, i64)> = survey_issue::Entity::find()
        .select_only()
        .column(survey_issue::Column::SubjectId)
        .column(survey_issue::Column::Panel)
        .column(survey_issue::Column::Issued)
        .filter(survey_issue::Column::SurveyId.eq(survey))
        .filter(survey_issue::Column::Issued.gt(0))
        .into_tuple()
        .all(transaction)
        .await?;
    let mut people: BTreeMap<Respondents, i64> = BTreeMap::new();
    for (subject, panel, count) in issued {
        let group = (subject, panel);
        if asked.contains(&group) {
            *people.entry(group).or_default() += count;
        }
    }
    let least = i64::from(service.smallest_panel);
    people.retain(|_, count| *count < least);
    if people.is_empty() {
        return Ok(());
    }
    let drafted: Vec<(i64, String)> = contact::Entity::find()
        .select_only()
        .column(contact::Column::SubjectId)
        .column(contact::Column::Panel)
        .join(JoinType::InnerJoin, contact::Relation::ContactList.def())
        .filter(contact::Column::SurveyId.eq(survey))
        .filter(contact_list::Column::State.eq(contact_list::State::Draft))
        .into_tuple()
        .all(transaction)
        .await?;
    for group in drafted {
        people.entry(group).and_modify(|count| *count += 1);
    }
    people.retain(|_, count| *count < least);
    let few: Vec<_> = people.into_iter().take(MOST_FEW).collect();
    if few.is_empty() {
        return Ok(());
    }
    let codes: BTreeMap<i64, String> = subject::Entity::find()
        .select_only()
        .column(subject::Column::Id)
        .column(subject::Column::Code)
        .filter(subject::Column::Id.is_in(few.iter().map(|((subject, _), _)| *subject)))
        .order_by_asc(subject::Column::Id)
        .into_tuple()
        .all(transaction)
        .await?
        .into_iter()
        .collect();
    let refusals = few.into_iter().map(|((subject, panel), count)| {
        let code = codes.get(&subject).map_or("", String::as_str);
        let message = format!(
            "of the panel `{panel}` {count} would be asked about `{code}`, and of so few it could be told who said \
             what: ask at least {least} of them, or ask them as part of a larger panel"
        );
        Refusal::new("PANEL_TOO_SMALL", message).at(["panel"])
    });
    Err(Fault::Refused(refusals.collect()))
}
