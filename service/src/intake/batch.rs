//! One batch of answers in one transaction: what is asked of the database, in which order, and what follows from it.
//!
//! The number of statements does not grow with the number of answers. The two databases differ in how a statement is
//! written, never in what is decided; hence [`Tables`], which each of them implements.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use domain::scheme::file::Channel;
use domain::survey::{SheetState, Tally, Verdict};
use entity::{invitation, survey};

use super::RefusedAnswer;
use super::door::{KnownSurvey, Standing, standing_of};
use crate::Fault;

/// Answers that wait to be booked.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub survey: Arc<KnownSurvey>,
    pub admission: Admission,
    pub verdict: Verdict,
    pub bytes: Vec<u8>,
    /// Free answers by the number of their question.
    pub words: Vec<(usize, String)>,
    pub receipt_hash: [u8; 32],
    pub body_hash: [u8; 32],
}

/// What lets a respondent in, and what follows for the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admission {
    Link {
        subject_id: i64,
        panel: String,
        channel: Channel,
    },
    Invitation {
        token_hash: [u8; 32],
    },
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Booked,
    Refused(RefusedAnswer),
}

/// A sheet to insert, if its invitation can be spent.
#[derive(Debug)]
pub(super) struct NewSheet<'a> {
    pub sheet_no: i64,
    pub candidate: &'a Candidate,
}

impl NewSheet<'_> {
    pub(super) fn survey_id(&self) -> i64 {
        self.candidate.survey.id.number()
    }

    pub(super) fn token_hash(&self) -> Option<&[u8; 32]> {
        match &self.candidate.admission {
            Admission::Link { .. } => None,
            Admission::Invitation { token_hash } => Some(token_hash),
        }
    }

    pub(super) fn channel(&self) -> &'static str {
        crate::survey::channel_word(match &self.candidate.admission {
            Admission::Link { channel, .. } => *channel,
            // Invitations are links, so they are answered on a page.
            Admission::Invitation { .. } => Channel::Web,
        })
    }

    pub(super) fn state(&self) -> SheetState {
        match self.candidate.verdict {
            Verdict::Valid => SheetState::Valid,
            Verdict::Invalid(_) => SheetState::Invalid,
        }
    }

    pub(super) fn reason(&self) -> Option<&'static str> {
        match self.candidate.verdict {
            Verdict::Valid => None,
            Verdict::Invalid(reason) => Some(reason.word()),
        }
    }
}

/// A sheet that was inserted, with what its admission said.
#[derive(Debug)]
pub(super) struct Inserted {
    pub sheet_no: i64,
    pub subject_id: i64,
    pub panel: String,
}

/// A group of sheets that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stratum {
    pub survey_id: i64,
    pub subject_id: i64,
    pub panel: String,
    pub channel: &'static str,
}

/// What is stored beside the sheets of a batch. Sorted by key, so that servers of one database lock in one order.
#[derive(Debug, Default)]
pub(super) struct Additions<'a> {
    pub tallies: BTreeMap<Stratum, Tally>,
    pub words: Vec<Words<'a>>,
}

/// A free answer.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub survey_id: i64,
    pub sheet_no: i64,
    pub question: i16,
    pub text: &'a str,
}

/// What stands in the row of a survey.
pub(super) struct SurveyRow {
    pub id: i64,
    pub state: String,
    pub opens_at: Option<i64>,
    pub closes_at: Option<i64>,
}

/// The survey and the hash of a token or a receipt.
pub(super) type Key = (i64, [u8; 32]);

/// The statements of one transaction, in one database's words.
pub(super) trait Tables: Send {
    /// The surveys' rows, locked until the end of the transaction against being closed.
    fn lock_surveys(
        &mut self,
        ids: &[i64],
    ) -> impl Future<Output = Result<Vec<SurveyRow>, sqlx::Error>> + Send;

    /// Spends invitations and inserts the sheets of those that were still good, and of links. A sheet whose receipt is
    /// already there is left out.
    fn insert_sheets(
        &mut self,
        sheets: &[NewSheet<'_>],
    ) -> impl Future<Output = Result<Vec<Inserted>, sqlx::Error>> + Send;

    /// Adds to the tallies and stores free answers.
    fn add(
        &mut self,
        additions: &Additions<'_>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The hashes of the answers under these receipts.
    fn find_bodies(
        &mut self,
        receipts: &[Key],
    ) -> impl Future<Output = Result<BTreeMap<Key, Vec<u8>>, sqlx::Error>> + Send;

    /// The states of these invitations.
    fn find_invitations(
        &mut self,
        tokens: &[Key],
    ) -> impl Future<Output = Result<BTreeMap<Key, String>, sqlx::Error>> + Send;

    /// Makes the transaction one that writes although it found everything in place. An answer to a retry says that
    /// the first attempt is durable, so it too must wait until that holds wherever commits have to wait.
    fn write_something(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Books a batch: one outcome for each candidate, in their order. Nothing is durable before the caller commits.
///
/// # Errors
/// The database's, and then nothing of the batch may be committed.
pub(super) async fn book(
    tables: &mut impl Tables,
    candidates: &[Candidate],
    at: Moment,
) -> Result<Vec<Outcome>, Fault> {
    let open = find_open(tables, candidates, at.now).await?;
    let chosen = choose(candidates, &open);
    let sheets: Vec<NewSheet<'_>> = (at.first_sheet_no..)
        .zip(&chosen)
        .filter_map(|(sheet_no, place)| {
            candidates.get(*place).map(|candidate| NewSheet {
                sheet_no,
                candidate,
            })
        })
        .collect();
    let inserted = if sheets.is_empty() {
        Vec::new()
    } else {
        tables.insert_sheets(&sheets).await?
    };

    let mut additions = Additions::default();
    let mut outcomes: Vec<Option<Outcome>> = vec![None; candidates.len()];
    for row in inserted {
        let offset = row
            .sheet_no
            .checked_sub(at.first_sheet_no)
            .and_then(|offset| usize::try_from(offset).ok());
        let known = offset.and_then(|offset| {
            Some((sheets.get(offset)?, outcomes.get_mut(*chosen.get(offset)?)?))
        });
        let (sheet, outcome) =
            known.ok_or_else(|| Fault::internal("the database named a sheet that was not sent"))?;
        *outcome = Some(Outcome::Booked);
        count(&mut additions, sheet, row)?;
    }
    if !additions.tallies.is_empty() {
        tables.add(&additions).await?;
    }
    let rest: Vec<usize> = outcomes
        .iter()
        .enumerate()
        .filter(|(_, outcome)| outcome.is_none())
        .map(|(place, _)| place)
        .collect();
    if !rest.is_empty() {
        explain_rest(tables, candidates, &open, &rest, &mut outcomes).await?;
    }
    outcomes
        .into_iter()
        .map(|outcome| outcome.ok_or_else(|| Fault::internal("an answer has no outcome")))
        .collect()
}

/// When a batch is booked, and the number of its first sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// In microseconds since the epoch.
    pub now: i64,
    pub first_sheet_no: i64,
}

async fn find_open(
    tables: &mut impl Tables,
    candidates: &[Candidate],
    now: i64,
) -> Result<BTreeSet<i64>, Fault> {
    let ids: BTreeSet<i64> = candidates
        .iter()
        .map(|candidate| candidate.survey.id.number())
        .collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let rows = tables.lock_surveys(&ids).await?;
    let mut open = BTreeSet::new();
    for row in rows {
        let state = survey_state(&row.state)?;
        if standing_of(state, row.opens_at, row.closes_at, now) == Standing::Open {
            open.insert(row.id);
        }
    }
    Ok(open)
}

fn survey_state(word: &str) -> Result<survey::State, Fault> {
    match word {
        "draft" => Ok(survey::State::Draft),
        "open" => Ok(survey::State::Open),
        "closed" => Ok(survey::State::Closed),
        _ => Err(Fault::internal(format!(
            "a survey is in the unknown state `{word}`"
        ))),
    }
}

/// The places of the candidates to try: one for each receipt and for each invitation, the first to come. What becomes
/// of the others is asked after these are in.
fn choose(candidates: &[Candidate], open: &BTreeSet<i64>) -> Vec<usize> {
    let mut receipts = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    let mut chosen = Vec::with_capacity(candidates.len());
    for (place, candidate) in candidates.iter().enumerate() {
        let survey_id = candidate.survey.id.number();
        let is_first = match &candidate.admission {
            Admission::Link { .. } => true,
            Admission::Invitation { token_hash } => tokens.insert((survey_id, *token_hash)),
        };
        if open.contains(&survey_id)
            && is_first
            && receipts.insert((survey_id, candidate.receipt_hash))
        {
            chosen.push(place);
        }
    }
    chosen
}

fn count<'a>(
    additions: &mut Additions<'a>,
    sheet: &NewSheet<'a>,
    row: Inserted,
) -> Result<(), Fault> {
    let candidate = sheet.candidate;
    let stratum = Stratum {
        survey_id: sheet.survey_id(),
        subject_id: row.subject_id,
        panel: row.panel,
        channel: sheet.channel(),
    };
    let tally = additions.tallies.entry(stratum).or_default();
    tally
        .add(
            &candidate.survey.definition,
            sheet.state(),
            &candidate.bytes,
        )
        .map_err(Fault::internal)?;
    for (question, text) in &candidate.words {
        let question = i16::try_from(*question).map_err(Fault::internal)?;
        additions.words.push(Words {
            survey_id: sheet.survey_id(),
            sheet_no: sheet.sheet_no,
            question,
            text,
        });
    }
    Ok(())
}

/// Says why candidates were not inserted: a retry, a spent invitation, a closed survey.
async fn explain_rest(
    tables: &mut impl Tables,
    candidates: &[Candidate],
    open: &BTreeSet<i64>,
    rest: &[usize],
    outcomes: &mut [Option<Outcome>],
) -> Result<(), Fault> {
    let rest = || {
        rest.iter()
            .filter_map(|place| candidates.get(*place).map(|candidate| (*place, candidate)))
    };
    let receipts: Vec<Key> = rest()
        .map(|(_, candidate)| (candidate.survey.id.number(), candidate.receipt_hash))
        .collect();
    let tokens: Vec<Key> = rest()
        .filter_map(|(_, candidate)| match candidate.admission {
            Admission::Link { .. } => None,
            Admission::Invitation { token_hash } => {
                Some((candidate.survey.id.number(), token_hash))
            }
        })
        .collect();
    let bodies = tables.find_bodies(&receipts).await?;
    let states = if tokens.is_empty() {
        BTreeMap::new()
    } else {
        tables.find_invitations(&tokens).await?
    };
    if !bodies.is_empty() {
        tables.write_something().await?;
    }
    for (place, candidate) in rest() {
        let survey_id = candidate.survey.id.number();
        let reason = match (
            bodies.get(&(survey_id, candidate.receipt_hash)),
            &candidate.admission,
        ) {
            (Some(body), _) if body.as_slice() == candidate.body_hash => None,
            (Some(_), _) => Some(RefusedAnswer::OtherAnswers),
            (None, Admission::Invitation { token_hash }) => {
                match states.get(&(survey_id, *token_hash)) {
                    Some(state) if *state == word(invitation::State::Used) => {
                        Some(RefusedAnswer::AlreadyAnswered)
                    }
                    Some(state) if *state == word(invitation::State::Issued) => {
                        Some(RefusedAnswer::Closed)
                    }
                    _ => Some(RefusedAnswer::Unknown),
                }
            }
            (None, Admission::Link { .. }) => Some(RefusedAnswer::Closed),
        };
        // An open survey, a good admission and no sheet: nothing that was asked explains it.
        if reason == Some(RefusedAnswer::Closed) && open.contains(&survey_id) {
            return Err(Fault::internal(
                "an answer to an open survey was neither stored nor refused",
            ));
        }
        if let Some(outcome) = outcomes.get_mut(place) {
            *outcome = Some(reason.map_or(Outcome::Booked, Outcome::Refused));
        }
    }
    Ok(())
}

/// The word in the database.
fn word(state: invitation::State) -> String {
    sea_orm::ActiveEnum::to_value(&state)
}

/// 32 bytes that came from a column of hashes.
pub(super) fn hash_of(bytes: &[u8]) -> Result<[u8; 32], sqlx::Error> {
    bytes
        .try_into()
        .map_err(|_| sqlx::Error::Decode("a hash is not 32 bytes long".into()))
}
