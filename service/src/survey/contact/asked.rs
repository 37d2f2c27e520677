//! What the people of a list are asked about: one subject each, or a ballot with several.
//!
//! A contact always names one subject. Of a survey that is a ballot it is the first on the ballot, which stands for all of
//! them: a subject stands on one ballot of a survey alone.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::Id;
use domain::scheme::file::{Channel, Words};
use domain::survey::Definition;
use entity::{ballot_invitation, contact, invitation, survey};
use sea_orm::{ActiveValue::Set, ConnectionTrait, FromQueryResult, Statement, Value};

use crate::Fault;
use crate::database::WriteTransaction;
use crate::frame::Frame;
use crate::survey::ballot::{Ballot, find_ballots, insert_ballot_invitations};
use crate::survey::channel_word;
use crate::survey::invitation::{Issue, insert_invitations};

/// What the contacts of a survey are asked about.
pub(crate) enum Asked {
    /// One subject each.
    Subject,
    /// Ballots, by the subject that stands for each.
    Ballot(BTreeMap<i64, Ballot>),
}

/// A contact, and the hash of the token that is theirs.
pub(super) type Invited<'a> = (&'a contact::Model, [u8; 32]);

impl Asked {
    /// Of a survey. Two statements where it is a ballot.
    pub(crate) async fn of(
        connection: &impl ConnectionTrait,
        survey: &survey::Model,
        definition: &Definition,
    ) -> Result<Self, Fault> {
        if definition.ballot.is_none() {
            return Ok(Self::Subject);
        }
        let id = Id::new(survey.id);
        let ballots = find_ballots(connection, &[id]).await?.remove(&id);
        let standing = |ballot: Ballot| Some((ballot.subjects.first()?.number(), ballot));
        let ballots = ballots.unwrap_or_default().into_iter();
        Ok(Self::Ballot(ballots.filter_map(standing).collect()))
    }

    /// The subjects for which one stands.
    pub(crate) fn subjects(&self, standing: i64) -> Vec<i64> {
        match self {
            Self::Subject => vec![standing],
            Self::Ballot(ballots) => {
                let ballot = ballots.get(&standing);
                let subjects = ballot.map(|ballot| ballot.subjects.as_slice());
                subjects
                    .into_iter()
                    .flatten()
                    .map(|id| id.number())
                    .collect()
            }
        }
    }

    /// The subjects for which these stand, each once.
    pub(crate) fn all_subjects(&self, standing: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let all = standing.into_iter().flat_map(|one| self.subjects(one));
        all.collect::<BTreeSet<i64>>().into_iter().collect()
    }

    /// How it is called in a letter; nothing if nobody of it takes part any more.
    pub(super) fn words(&self, frame: &Frame, standing: i64) -> Option<Words> {
        let subjects = self.subjects(standing);
        let present: Vec<Words> = subjects
            .iter()
            .filter_map(|id| Some(frame.participants.get(id)?.words()))
            .collect();
        let first = present.first()?.clone();
        Some(match present.len() {
            1 => first,
            count => Words {
                zh: format!("{}等 {count} 个对象", first.zh),
                en: format!("{} and {} more", first.en, count - 1),
            },
        })
    }

    /// What an invitation of a contact counts as issued: a ballot once about each subject on it.
    pub(super) fn issues(&self, contact: &contact::Model) -> Vec<Issue> {
        let issue = |subject| Issue {
            survey: contact.survey_id,
            subject,
            panel: contact.panel.clone(),
            channel: channel_word(Channel::Web),
        };
        self.subjects(contact.subject_id)
            .into_iter()
            .map(issue)
            .collect()
    }

    /// Stores the invitations of contacts. A statement for some thousand.
    pub(super) async fn invite(
        &self,
        transaction: &WriteTransaction,
        invited: Vec<Invited<'_>>,
    ) -> Result<(), Fault> {
        match self {
            Self::Subject => {
                let row = |(contact, hash): Invited<'_>| invitation::ActiveModel {
                    survey_id: Set(contact.survey_id),
                    token_hash: Set(hash.to_vec()),
                    subject_id: Set(contact.subject_id),
                    panel: Set(contact.panel.clone()),
                    state: Set(invitation::State::Issued),
                    marks: Set(contact.marks),
                };
                insert_invitations(transaction, invited.into_iter().map(row).collect()).await
            }
            Self::Ballot(ballots) => {
                let row = |(contact, hash): Invited<'_>| {
                    let ballot = ballots.get(&contact.subject_id);
                    let ballot =
                        ballot.ok_or_else(|| Fault::internal("a contact has no ballot"))?;
                    Ok(ballot_invitation::ActiveModel {
                        survey_id: Set(contact.survey_id),
                        token_hash: Set(hash.to_vec()),
                        ballot_no: Set(ballot.number),
                        panel: Set(contact.panel.clone()),
                        state: Set(invitation::State::Issued),
                        marks: Set(contact.marks),
                    })
                };
                let rows = invited.into_iter().map(row).collect::<Result<_, Fault>>()?;
                insert_ballot_invitations(transaction, rows).await
            }
        }
    }

    /// The table of the invitations.
    const fn table(&self) -> &'static str {
        match self {
            Self::Subject => "invitation",
            Self::Ballot(_) => "ballot_invitation",
        }
    }

    /// The hashes of the unused invitations of a survey, or of this one alone. One statement.
    pub(super) async fn list_unused(
        &self,
        connection: &impl ConnectionTrait,
        (survey, hash): (i64, Option<[u8; 32]>),
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let mut sql = format!(
            "SELECT token_hash FROM {} WHERE survey_id = $1 AND state = 'issued'",
            self.table()
        );
        let mut values: Vec<Value> = vec![survey.into()];
        if let Some(hash) = hash {
            sql.push_str(" AND token_hash = $2");
            values.push(hash.to_vec().into());
        }
        read_hashes(connection, sql, values).await
    }

    /// Makes these invitations void, and says which of them were unused still: whoever answered meanwhile has answered.
    /// One statement.
    pub(super) async fn revoke(
        &self,
        transaction: &WriteTransaction,
        (survey, hashes): (i64, &[Vec<u8>]),
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let places: Vec<String> = (2..hashes.len() + 2)
            .map(|place| format!("${place}"))
            .collect();
        let sql = format!(
            "UPDATE {} SET state = 'revoked' WHERE survey_id = $1 AND state = 'issued' AND token_hash IN ({})
             RETURNING token_hash",
            self.table(),
            places.join(", ")
        );
        let values = std::iter::once(survey.into());
        let values = values.chain(hashes.iter().map(|hash| hash.clone().into()));
        read_hashes(transaction, sql, values.collect()).await
    }
}

#[derive(FromQueryResult)]
struct HashRow {
    token_hash: Vec<u8>,
}

async fn read_hashes(
    connection: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
) -> Result<Vec<Vec<u8>>, Fault> {
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let rows = HashRow::find_by_statement(statement)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.token_hash).collect())
}
