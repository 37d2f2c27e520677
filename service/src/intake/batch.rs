//! One batch of answers: what the database is asked, what follows from it, and what is then stored at once.
//!
//! Looking, deciding and storing are three steps. What was looked at is decided upon here, in memory, one answer after
//! the other, so that the second use of an invitation within a batch fares as it would in the next one. Storing is all
//! or nothing: if what was looked at no longer holds, nothing is stored, and the batch begins again.
//!
//! The number of statements does not grow with the number of answers. The two databases differ in how a statement is
//! written, never in what is decided.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::scheme::file::Channel;
use domain::survey::{Booked, Invalidity, Marks, SheetState, Tally, Verdict};
use entity::{invitation, survey};
use sea_orm::ActiveEnum;
use sqlx::{ColumnIndex, Database, Decode, Row, Type};

use super::RefusedAnswer;
use super::ballot::KnownBallot;
use super::door::{KnownSurvey, Standing, standing_of};
use crate::Fault;
use crate::survey::interference::{self, NO_NETWORK};
use crate::survey::line;

/// The reason on a sheet with which a field came that no person sees.
const HONEYPOT: &str = "honeypot";

/// Answers that wait to be booked.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub survey: Arc<KnownSurvey>,
    /// The ballot that it is a sheet of; nothing where it is about one subject.
    pub ballot: Option<Arc<KnownBallot>>,
    pub admission: Admission,
    pub verdict: Verdict,
    pub bytes: Vec<u8>,
    /// What was answered in words, as the sheet holds it.
    pub words: Option<String>,
    pub receipt_hash: [u8; 32],
    pub body_hash: [u8; 32],
    /// Whether a program seems to have sent it.
    pub is_trapped: bool,
    /// What stands for the respondent's network.
    pub network: Option<u16>,
    /// Whether somebody told the respondent what to answer, where that was asked and answered.
    pub told: Option<bool>,
}

/// Kinds of sheet, which lie in tables of their own. A batch is of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// About one subject.
    Sheet,
    /// Of a ballot.
    Ballot,
}

/// What lets a respondent in, and what follows for the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admission {
    Link {
        /// The subject, or the number of the ballot.
        about: i64,
        panel: String,
        channel: Channel,
        marks: Marks,
    },
    Invitation {
        token_hash: [u8; 32],
    },
    /// In place of another sheet, by the digest of its receipt. Booked apart from the others.
    Change {
        receipt_hash: [u8; 32],
    },
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Booked,
    Refused(RefusedAnswer),
}

impl Candidate {
    pub(super) fn survey_id(&self) -> i64 {
        self.survey.id.number()
    }

    pub(super) fn kind(&self) -> Kind {
        match self.ballot {
            None => Kind::Sheet,
            Some(_) => Kind::Ballot,
        }
    }

    /// The hash of the invitation's token; none with a link.
    pub(super) fn token_hash(&self) -> Option<&[u8; 32]> {
        match &self.admission {
            Admission::Link { .. } | Admission::Change { .. } => None,
            Admission::Invitation { token_hash } => Some(token_hash),
        }
    }

    /// What becomes of its sheet, and why it does not count.
    pub(super) fn become_of(&self) -> (SheetState, Option<&'static str>) {
        match self.verdict {
            _ if self.is_trapped => (SheetState::Quarantined, Some(HONEYPOT)),
            Verdict::Valid => (SheetState::Valid, None),
            Verdict::Invalid(reason) => (SheetState::Invalid, Some(reason.word())),
        }
    }

    /// The subjects that its answers are about, each with the bytes of these: one, or those of a ballot in their order.
    ///
    /// # Errors
    /// [`Fault::Internal`] if the answers are those of another ballot.
    fn lines(&self, about: i64) -> Result<impl Iterator<Item = (i64, &[u8])>, Fault> {
        self.lines_of(about, &self.bytes)
    }

    /// The same with other answers to the same questions.
    pub(super) fn lines_of<'a>(
        &'a self,
        about: i64,
        bytes: &'a [u8],
    ) -> Result<impl Iterator<Item = (i64, &'a [u8])>, Fault> {
        let of_ballot = match &self.ballot {
            None => None,
            Some(ballot) => {
                let width = self.survey.definition.width();
                let whole = width.checked_mul(ballot.subjects.len());
                if ballot.number != about || whole != Some(bytes.len()) {
                    return Err(Fault::internal("the answers are those of another ballot"));
                }
                let subjects = ballot.subjects.iter().map(|(subject, _)| subject.number());
                Some(subjects.zip(bytes.chunks(width.max(1))))
            }
        };
        let alone = of_ballot.is_none().then_some((about, bytes));
        Ok(alone.into_iter().chain(of_ballot.into_iter().flatten()))
    }
}

/// What the database says about one candidate.
#[derive(Debug)]
pub(super) struct Found {
    survey_state: Option<survey::State>,
    opens_at: Option<i64>,
    closes_at: Option<i64>,
    invitation: Option<Invitation>,
    /// The hash of the answers that are stored under its receipt.
    body: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Invitation {
    state: invitation::State,
    about: i64,
    panel: String,
    marks: Marks,
}

/// The statement whose rows [`Found::read`] reads. It is given, in one database's words, where the candidates come
/// from: their place in the batch, their survey, the hash of their token if they have one, and that of their receipt.
/// Then where sheets and invitations of their kind lie, and the column that says what these are about.
macro_rules! look {
    ($candidates:literal, $sheet:literal, $invitation:literal, $about:literal) => {
        concat!(
            "WITH wanted (place, survey_id, token_hash, receipt_hash) AS (",
            $candidates,
            ") SELECT survey.state, survey.opens_at, survey.closes_at, \
             invitation.state, invitation.",
            $about,
            ", invitation.panel, invitation.marks, sheet.body_hash \
             FROM wanted LEFT JOIN survey ON survey.id = wanted.survey_id \
             LEFT JOIN ",
            $invitation,
            " AS invitation ON invitation.survey_id = wanted.survey_id \
                 AND invitation.token_hash = wanted.token_hash \
             LEFT JOIN ",
            $sheet,
            " AS sheet ON sheet.survey_id = wanted.survey_id AND sheet.receipt_hash = wanted.receipt_hash \
             ORDER BY wanted.place"
        )
    };
}
pub(super) use look;

impl Found {
    /// Reads a row of [`look!`].
    pub(super) fn read<'r, R>(row: &'r R) -> Result<Self, sqlx::Error>
    where
        R: Row,
        usize: ColumnIndex<R>,
        Option<String>: Decode<'r, R::Database> + Type<R::Database>,
        Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
        Option<Vec<u8>>: Decode<'r, R::Database> + Type<R::Database>,
        R::Database: Database,
    {
        let survey_state: Option<String> = row.try_get(0)?;
        let invitation: (Option<String>, Option<i64>, Option<String>, Option<i64>) = (
            row.try_get(3)?,
            row.try_get(4)?,
            row.try_get(5)?,
            row.try_get(6)?,
        );
        let invitation = match invitation {
            (Some(state), Some(about), Some(panel), Some(marks)) => Some(Invitation {
                state: word(&state)?,
                about,
                panel,
                marks: Marks::parse(marks)
                    .ok_or_else(|| sqlx::Error::Decode("marks beyond their bits".into()))?,
            }),
            _ => None,
        };
        Ok(Self {
            survey_state: survey_state.as_deref().map(word).transpose()?,
            opens_at: row.try_get(1)?,
            closes_at: row.try_get(2)?,
            invitation,
            body: row.try_get(7)?,
        })
    }
}

/// The state behind a word of the database.
fn word<S: ActiveEnum<Value = String>>(word: &str) -> Result<S, sqlx::Error> {
    S::try_from_value(&word.to_owned()).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A sheet to insert.
#[derive(Debug)]
pub(super) struct NewSheet<'a> {
    pub sheet_no: i64,
    pub candidate: &'a Candidate,
    /// The subject, or the number of the ballot.
    pub about: i64,
    pub panel: &'a str,
    pub channel: &'static str,
    pub marks: Marks,
}

impl NewSheet<'_> {
    pub(super) fn state(&self) -> SheetState {
        self.candidate.become_of().0
    }

    pub(super) fn reason(&self) -> Option<&'static str> {
        self.candidate.become_of().1
    }
}

/// A group of sheets that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stratum<'a> {
    pub survey_id: i64,
    pub subject_id: i64,
    pub panel: &'a str,
    pub channel: &'static str,
}

/// What a batch adds to a group.
#[derive(Debug)]
pub(super) struct Addition {
    /// As [`Tally::line_up`] has them.
    pub counts: Vec<u64>,
    pub sheets: BTreeMap<SheetState, u64>,
}

impl Addition {
    /// The counts as they are stored.
    pub(super) fn line(&self) -> String {
        line::write(&self.counts)
    }
}

/// What is to be stored of a batch, and what is then answered.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub sheets: Vec<NewSheet<'a>>,
    /// Sorted by key, so that servers of one database lock in one order.
    pub additions: BTreeMap<Stratum<'a>, Addition>,
    /// Arrivals, sorted likewise: how many, and how many of them too fast.
    pub arrivals: BTreeMap<ArrivedAt, (i64, i64)>,
    /// What was said of being told what to answer: by survey, by whom the answers are about, and by word.
    pub told: BTreeMap<(i64, i64, &'static str), i64>,
    /// Whether an answer is acknowledged that an earlier batch stored.
    pub has_retry: bool,
    /// One for each candidate, in their order, once the rest is durable.
    pub outcomes: Vec<Outcome>,
}

/// Where an arrival is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ArrivedAt {
    pub survey_id: i64,
    pub channel: &'static str,
    pub span: i64,
    pub network: i64,
}

/// When a batch is booked, and the number of its first sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// In microseconds since the epoch.
    pub now: i64,
    pub first_sheet_no: i64,
}

/// The survey and the hash of a token or a receipt.
type Key = (i64, [u8; 32]);

/// What earlier candidates of the same batch have changed.
#[derive(Default)]
struct Changed<'a> {
    spent: std::collections::BTreeSet<Key>,
    bodies: BTreeMap<Key, &'a [u8; 32]>,
}

/// Decides what becomes of each candidate, given what was found about them, in the same order.
///
/// # Errors
/// [`Fault::Internal`] if an answer does not fit its survey's definition.
pub(super) fn plan<'a>(
    candidates: &'a [Candidate],
    found: &'a [Found],
    at: Moment,
) -> Result<Plan<'a>, Fault> {
    if candidates.len() != found.len() {
        return Err(Fault::internal("the database left a candidate out"));
    }
    let mut changed = Changed::default();
    let mut plan = Plan {
        sheets: Vec::with_capacity(candidates.len()),
        additions: BTreeMap::new(),
        arrivals: BTreeMap::new(),
        told: BTreeMap::new(),
        has_retry: false,
        outcomes: Vec::with_capacity(candidates.len()),
    };
    let mut tallies: BTreeMap<Stratum<'a>, (&'a Candidate, Tally)> = BTreeMap::new();
    for ((candidate, found), sheet_no) in candidates.iter().zip(found).zip(at.first_sheet_no..) {
        let place = match judge(candidate, found, &changed, at.now) {
            Judgement::Book(place) => place,
            Judgement::Stored => {
                plan.has_retry = true;
                plan.outcomes.push(Outcome::Booked);
                continue;
            }
            Judgement::Refuse(reason) => {
                plan.outcomes.push(Outcome::Refused(reason));
                continue;
            }
        };
        let survey_id = candidate.survey_id();
        if let Some(token_hash) = candidate.token_hash() {
            changed.spent.insert((survey_id, *token_hash));
        }
        (changed.bodies).insert((survey_id, candidate.receipt_hash), &candidate.body_hash);
        let sheet = NewSheet {
            sheet_no,
            candidate,
            about: place.about,
            panel: place.panel,
            channel: crate::survey::channel_word(place.channel),
            marks: place.marks,
        };
        let booked = Booked {
            state: sheet.state(),
            marks: place.marks,
        };
        for (subject_id, bytes) in candidate.lines(place.about)? {
            let stratum = Stratum {
                survey_id,
                subject_id,
                panel: place.panel,
                channel: sheet.channel,
            };
            let (_, tally) = tallies
                .entry(stratum)
                .or_insert_with(|| (candidate, Tally::default()));
            tally
                .add(&candidate.survey.definition, booked, bytes)
                .map_err(Fault::internal)?;
        }
        let arrived_at = ArrivedAt {
            survey_id,
            channel: sheet.channel,
            span: interference::span_of(at.now),
            network: candidate.network.map_or(NO_NETWORK, i64::from),
        };
        let (arrived, fast) = plan.arrivals.entry(arrived_at).or_default();
        *arrived += 1;
        *fast += i64::from(candidate.verdict == Verdict::Invalid(Invalidity::TooFast));
        if let Some(told) = candidate.told {
            let said = (survey_id, place.about, interference::said_word(told));
            *plan.told.entry(said).or_default() += 1;
        }
        plan.sheets.push(sheet);
        plan.outcomes.push(Outcome::Booked);
    }
    let lined_up = |(candidate, tally): (&Candidate, Tally)| Addition {
        counts: tally.line_up(&candidate.survey.definition),
        sheets: tally.sheets,
    };
    plan.additions = tallies
        .into_iter()
        .map(|(stratum, counted)| (stratum, lined_up(counted)))
        .collect();
    Ok(plan)
}

/// What is to become of a candidate.
enum Judgement<'a> {
    /// It makes a sheet that belongs here.
    Book(Place<'a>),
    /// Its sheet is there already.
    Stored,
    Refuse(RefusedAnswer),
}

/// Where a sheet belongs.
struct Place<'a> {
    /// The subject, or the number of the ballot.
    about: i64,
    panel: &'a str,
    channel: Channel,
    marks: Marks,
}

fn judge<'a>(
    candidate: &'a Candidate,
    found: &'a Found,
    changed: &Changed<'_>,
    now: i64,
) -> Judgement<'a> {
    let survey_id = candidate.survey_id();
    let stored = found.body.as_deref().or_else(|| {
        let body = changed.bodies.get(&(survey_id, candidate.receipt_hash))?;
        Some(body.as_slice())
    });
    match stored {
        Some(body) if body == candidate.body_hash => return Judgement::Stored,
        Some(_) => return Judgement::Refuse(RefusedAnswer::OtherAnswers),
        None => {}
    }
    let sheet = match (&candidate.admission, &found.invitation) {
        (
            Admission::Link {
                about,
                panel,
                channel,
                marks,
            },
            _,
        ) => Judgement::Book(Place {
            about: *about,
            panel,
            channel: *channel,
            marks: *marks,
        }),
        (Admission::Invitation { token_hash }, Some(invitation)) => {
            let is_spent = changed.spent.contains(&(survey_id, *token_hash));
            match invitation.state {
                invitation::State::Issued if !is_spent => {
                    // Invitations are links, so they are answered on a page.
                    Judgement::Book(Place {
                        about: invitation.about,
                        panel: &invitation.panel,
                        channel: Channel::Web,
                        marks: invitation.marks,
                    })
                }
                invitation::State::Issued | invitation::State::Used => {
                    return Judgement::Refuse(RefusedAnswer::AlreadyAnswered);
                }
                invitation::State::Revoked => return Judgement::Refuse(RefusedAnswer::Unknown),
            }
        }
        (Admission::Invitation { .. }, None) | (Admission::Change { .. }, _) => {
            return Judgement::Refuse(RefusedAnswer::Unknown);
        }
    };
    let standing = found
        .survey_state
        .map(|state| standing_of(state, found.opens_at, found.closes_at, now));
    if standing == Some(Standing::Open) {
        sheet
    } else {
        Judgement::Refuse(RefusedAnswer::Closed)
    }
}
