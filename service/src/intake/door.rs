//! What stands behind links and invitations, kept in memory while it cannot change.
//!
//! Definitions, links and the roster are frozen once a survey is open, so they are read once. Whether a survey is open
//! is asked again once a second, for pages alone: what counts is asked when answers are booked.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use chrono::{DateTime, NaiveDateTime, Utc};
use domain::id::{Id, Subject, Survey};
use domain::scheme::file::{Channel, Words};
use domain::survey::{Definition, Marks};
use entity::{invitation, round, round_subject, sheet, survey, survey_link};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect, Statement};
use sha2::{Digest, Sha256};

use super::ballot::{BallotLink, KnownBallot};
use super::batch::Admission;
use super::{InvitationToken, Receipt, ReceiptStatus};
use crate::survey::interference;
use crate::{Fault, Service};

/// In place of a standing that nobody has asked for yet.
const NEVER_ASKED: u8 = 3;

/// How long pages may show that a survey is open after it was closed, in microseconds.
const STANDING_LASTS: i64 = 1_000_000;

/// Entries of each kind that are kept. Beyond it all are forgotten and read again: simpler than an order of use, and
/// a district has fewer.
const MOST_KNOWN: usize = 50_000;

/// Whether a survey takes answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not yet.
    NotYetOpen,
    /// Now.
    Open,
    /// No longer.
    Closed,
}

/// A survey whose definition is at hand.
#[derive(Debug)]
pub struct KnownSurvey {
    /// The survey.
    pub id: Id<Survey>,
    /// The name of its round.
    pub round: Words,
    /// What it asks.
    pub definition: Definition,
    pub(super) round_id: i64,
    zone: chrono_tz::Tz,
    standing: AtomicU8,
    /// [`i64::MAX`] where it is closed by hand.
    closes_at: AtomicI64,
    /// What networks are hashed with, once somebody has answered and until it is known to be closed.
    network_key: NetworkKey,
    asked_at: AtomicI64,
}

#[derive(Default)]
struct NetworkKey(RwLock<Option<Vec<u8>>>);

// It is destroyed in the end, and must not outlive that in a log.
impl std::fmt::Debug for NetworkKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("NetworkKey(***)")
    }
}

/// An open link: whoever has it may answer.
#[derive(Debug)]
pub struct Link {
    /// The code in the link.
    pub code: String,
    /// The survey.
    pub survey: Arc<KnownSurvey>,
    /// Whom the answers are about.
    pub subject: Id<Subject>,
    /// Its name in the round.
    pub subject_name: Words,
    /// The panel that the link was given to.
    pub panel: String,
    /// The channel that its answers count under.
    pub channel: Channel,
    /// The marks of those to whom the link was given.
    pub marks: Marks,
}

/// An open link, with what can change.
#[derive(Debug, Clone)]
pub struct LinkState {
    /// The link.
    pub link: Arc<Link>,
    /// Whether the survey takes answers, at most a second old.
    pub standing: Standing,
}

/// An invitation that exists and was not revoked.
#[derive(Debug)]
pub struct InvitationState {
    /// What it admits to.
    pub admitted: Admitted,
    /// The name of whom the answers are about.
    pub subject_name: Words,
    /// Whether it was used up.
    pub is_used: bool,
    /// Whether the survey takes answers, at most a second old.
    pub standing: Standing,
}

/// What lets a respondent in: a survey, and the way to it.
#[derive(Debug, Clone)]
pub struct Admitted {
    pub(super) survey: Arc<KnownSurvey>,
    pub(super) way: Way,
}

#[derive(Debug, Clone)]
pub(super) enum Way {
    Link(Arc<Link>),
    Invitation([u8; 32]),
    BallotLink(Arc<BallotLink>),
    BallotInvitation([u8; 32], Arc<KnownBallot>),
    /// In place of the sheet with this digest of its receipt; with the ballot that it is of, if it is of one.
    Change([u8; 32], Option<Arc<KnownBallot>>),
}

impl Admitted {
    /// The survey.
    pub fn survey(&self) -> &Arc<KnownSurvey> {
        &self.survey
    }

    /// By an open link.
    pub fn by_link(link: Arc<Link>) -> Self {
        Self {
            survey: link.survey.clone(),
            way: Way::Link(link),
        }
    }

    /// By an open link to a ballot.
    pub(super) fn by_ballot_link(link: Arc<BallotLink>) -> Self {
        Self {
            survey: link.survey.clone(),
            way: Way::BallotLink(link),
        }
    }

    pub(super) fn admission(&self) -> Admission {
        match &self.way {
            Way::Link(link) => Admission::Link {
                about: link.subject.number(),
                panel: link.panel.clone(),
                channel: link.channel,
                marks: link.marks,
            },
            Way::BallotLink(link) => Admission::Link {
                about: link.ballot.number,
                panel: link.panel.clone(),
                channel: link.channel,
                marks: link.marks,
            },
            Way::Invitation(token_hash) | Way::BallotInvitation(token_hash, _) => {
                Admission::Invitation {
                    token_hash: *token_hash,
                }
            }
            Way::Change(receipt_hash, _) => Admission::Change {
                receipt_hash: *receipt_hash,
            },
        }
    }

    /// The ballot; nothing where a sheet is about one subject.
    pub fn ballot(&self) -> Option<&Arc<KnownBallot>> {
        match &self.way {
            Way::Link(_) | Way::Invitation(_) => None,
            Way::BallotLink(link) => Some(&link.ballot),
            Way::BallotInvitation(_, ballot) => Some(ballot),
            Way::Change(_, ballot) => ballot.as_ref(),
        }
    }

    /// What a form key is bound to.
    pub(super) fn context(&self) -> [u8; 32] {
        let hash = Sha256::new().chain_update(self.survey.id.number().to_be_bytes());
        let by_link =
            |hash: Sha256, code: &str| hash.chain_update(b"link").chain_update(code.as_bytes());
        match &self.way {
            Way::Link(link) => by_link(hash, &link.code),
            Way::BallotLink(link) => by_link(hash, &link.code),
            Way::Invitation(token_hash) | Way::BallotInvitation(token_hash, _) => {
                hash.chain_update(b"invitation").chain_update(token_hash)
            }
            Way::Change(receipt_hash, _) => hash.chain_update(b"change").chain_update(receipt_hash),
        }
        .finalize()
        .into()
    }
}

impl KnownSurvey {
    /// One that takes no answers yet and may not even be made: for its form to be looked at.
    pub(super) fn unopened(
        round: Words,
        definition: Definition,
        (zone, closes_at): (chrono_tz::Tz, Option<i64>),
    ) -> Self {
        Self {
            id: Id::new(0),
            round,
            definition,
            round_id: 0,
            zone,
            standing: AtomicU8::new(0),
            closes_at: AtomicI64::new(closes_at.unwrap_or(i64::MAX)),
            network_key: NetworkKey::default(),
            asked_at: AtomicI64::new(0),
        }
    }

    /// What was found last; nothing before anybody has asked with success.
    fn standing(&self) -> Option<Standing> {
        match self.standing.load(Ordering::Relaxed) {
            0 => Some(Standing::NotYetOpen),
            1 => Some(Standing::Open),
            NEVER_ASKED => None,
            _ => Some(Standing::Closed),
        }
    }

    /// When it ends, by the clocks of its round, and the name of their time zone; nothing where it is closed by hand. At
    /// most a second old, as what is known of its standing.
    pub fn ends_on(&self) -> Option<(NaiveDateTime, &'static str)> {
        let closes_at = self.closes_at.load(Ordering::Relaxed);
        let instant = DateTime::<Utc>::from_timestamp_micros(closes_at);
        let instant = instant.filter(|_| closes_at != i64::MAX)?;
        Some((
            instant.with_timezone(&self.zone).naive_local(),
            self.zone.name(),
        ))
    }

    fn keep_key(&self, key: Option<Vec<u8>>) {
        let mut kept = (self.network_key.0.write()).unwrap_or_else(PoisonError::into_inner);
        *kept = key;
    }

    /// A number that stands for a network, and for many others; nothing once the survey is closed. Asks the database for
    /// the key once, with the first answer.
    pub(super) async fn number_of(
        &self,
        service: &Service,
        network: IpAddr,
    ) -> Result<Option<u16>, Fault> {
        let known = || {
            let key = (self.network_key.0.read()).unwrap_or_else(PoisonError::into_inner);
            key.as_deref().map(|key| hash_network(key, network))
        };
        if let Some(number) = known() {
            return Ok(Some(number));
        }
        let key = interference::find_or_make_key(service, self.id).await?;
        self.keep_key(key);
        Ok(known())
    }

    fn note(&self, standing: Standing, closes_at: Option<i64>, now: i64) {
        let number = match standing {
            Standing::NotYetOpen => 0,
            Standing::Open => 1,
            Standing::Closed => 2,
        };
        self.standing.store(number, Ordering::Relaxed);
        let closes_at = closes_at.unwrap_or(i64::MAX);
        self.closes_at.store(closes_at, Ordering::Relaxed);
        if standing == Standing::Closed {
            // Destroyed in the database too.
            self.keep_key(None);
        }
        self.asked_at.store(now, Ordering::Relaxed);
    }
}

/// Two bytes: one network in a district stands out by what it sends, and no number leads back to one.
fn hash_network(key: &[u8], network: IpAddr) -> u16 {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, network.to_string().as_bytes());
    let mut bytes = tag.as_ref().iter().copied();
    u16::from_be_bytes([bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)])
}

/// Whether a survey in this state takes answers at this instant.
pub(super) fn standing_of(
    state: survey::State,
    opens_at: Option<i64>,
    closes_at: Option<i64>,
    now: i64,
) -> Standing {
    match state {
        survey::State::Draft => Standing::NotYetOpen,
        survey::State::Closed => Standing::Closed,
        survey::State::Open if opens_at.is_some_and(|opens_at| now < opens_at) => {
            Standing::NotYetOpen
        }
        survey::State::Open if closes_at.is_some_and(|closes_at| now >= closes_at) => {
            Standing::Closed
        }
        survey::State::Open => Standing::Open,
    }
}

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct Door {
    surveys: Known<i64, KnownSurvey>,
    links: Known<String, Link>,
    subjects: Known<(i64, i64), Words>,
    pub(super) ballots: Known<(i64, i64), KnownBallot>,
    pub(super) ballot_links: Known<String, BallotLink>,
}

#[derive(Debug)]
pub(super) struct Known<K, V>(RwLock<HashMap<K, Arc<V>>>);

impl<K, V> Default for Known<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: std::hash::Hash + Eq, V> Known<K, V> {
    pub(super) fn get<Q>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: std::borrow::Borrow<Q>,
        Q: std::hash::Hash + Eq + ?Sized,
    {
        // A panic elsewhere cannot leave a map half changed.
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    /// What is known by now, if another task was faster.
    pub(super) fn keep(&self, key: K, value: V) -> Arc<V> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.entry(key).or_insert_with(|| Arc::new(value)).clone()
    }
}

impl Door {
    pub(super) async fn find_link(
        &self,
        service: &Service,
        code: &str,
    ) -> Result<Option<LinkState>, Fault> {
        let link = match self.links.get(code) {
            Some(link) => link,
            None => match self.read_link(service, code).await? {
                Some(link) => link,
                None => return Ok(None),
            },
        };
        let standing = self.ask_standing(service, &link.survey).await?;
        Ok(Some(LinkState { link, standing }))
    }

    async fn read_link(&self, service: &Service, code: &str) -> Result<Option<Arc<Link>>, Fault> {
        let row = survey_link::Entity::find_by_id(code.to_owned())
            .one(&service.database.reader())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(survey) = self.find_survey(service, Id::new(row.survey_id)).await? else {
            return Ok(None);
        };
        let Some(subject_name) = self.find_subject(service, &survey, row.subject_id).await? else {
            return Ok(None);
        };
        let link = Link {
            code: row.code,
            survey,
            subject: Id::new(row.subject_id),
            subject_name: Words::clone(&subject_name),
            panel: row.panel,
            channel: crate::survey::parse_channel(&row.channel)?,
            marks: crate::survey::parse_marks(row.marks)?,
        };
        Ok(Some(self.links.keep(code.to_owned(), link)))
    }

    pub(super) async fn admit(
        &self,
        service: &Service,
        token: &InvitationToken,
    ) -> Result<Option<Admitted>, Fault> {
        let Some(survey) = self.find_survey(service, token.survey()).await? else {
            return Ok(None);
        };
        if survey.definition.ballot.is_some() {
            return self.admit_to_ballot(service, token, survey).await;
        }
        Ok(Some(Admitted {
            survey,
            way: Way::Invitation(token.hash()),
        }))
    }

    pub(super) async fn find_invitation(
        &self,
        service: &Service,
        token: &InvitationToken,
    ) -> Result<Option<InvitationState>, Fault> {
        let Some(admitted) = self.admit(service, token).await? else {
            return Ok(None);
        };
        let row = invitation::Entity::find_by_id((token.survey().number(), token.hash().to_vec()))
            .one(&service.database.reader())
            .await?;
        let Some(row) = row.filter(|row| row.state != invitation::State::Revoked) else {
            return Ok(None);
        };
        let found = self.find_subject(service, &admitted.survey, row.subject_id);
        let Some(subject_name) = found.await? else {
            return Ok(None);
        };
        Ok(Some(InvitationState {
            subject_name: Words::clone(&subject_name),
            is_used: row.state == invitation::State::Used,
            standing: self.ask_standing(service, &admitted.survey).await?,
            admitted,
        }))
    }

    pub(super) async fn find_survey(
        &self,
        service: &Service,
        id: Id<Survey>,
    ) -> Result<Option<Arc<KnownSurvey>>, Fault> {
        if let Some(known) = self.surveys.get(&id.number()) {
            return Ok(Some(known));
        }
        let found = survey::Entity::find_by_id(id.number())
            .find_also_related(round::Entity)
            .one(&service.database.reader())
            .await?;
        let Some((row, Some(round))) = found else {
            return Ok(None);
        };
        let definition = serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        let known = KnownSurvey {
            id,
            round: Words {
                zh: round.name,
                en: round.name_en,
            },
            definition,
            round_id: row.round_id,
            zone: (round.time_zone.parse())
                .map_err(|_| Fault::internal("a round names a time zone that there is not"))?,
            standing: AtomicU8::new(NEVER_ASKED),
            closes_at: AtomicI64::new(i64::MAX),
            network_key: NetworkKey::default(),
            asked_at: AtomicI64::new(i64::MIN),
        };
        Ok(Some(self.surveys.keep(id.number(), known)))
    }

    /// Names of a subject; nothing where the survey is not about it, as if nobody could be asked.
    pub(super) async fn find_subject(
        &self,
        service: &Service,
        survey: &KnownSurvey,
        subject_id: i64,
    ) -> Result<Option<Arc<Words>>, Fault> {
        if let Some(known) = self.subjects.get(&(survey.id.number(), subject_id)) {
            return Ok(Some(known));
        }
        let row = round_subject::Entity::find_by_id((survey.round_id, subject_id))
            .one(&service.database.reader())
            .await?
            .ok_or_else(|| {
                Fault::internal(
                    "a survey is about a subject that is not on the roster of its round",
                )
            })?;
        if !survey.definition.is_about(&row.category) {
            return Ok(None);
        }
        let name = Words {
            zh: row.name,
            en: row.name_en,
        };
        Ok(Some(
            self.subjects.keep((survey.id.number(), subject_id), name),
        ))
    }

    /// Whether the survey takes answers. One task asks when a second has passed; the others go by what was known.
    pub(super) async fn ask_standing(
        &self,
        service: &Service,
        known: &KnownSurvey,
    ) -> Result<Standing, Fault> {
        let now = service.clock.now().timestamp_micros();
        let asked_at = known.asked_at.load(Ordering::Relaxed);
        let is_fresh = asked_at != i64::MIN && now.saturating_sub(asked_at) < STANDING_LASTS;
        let mine = !is_fresh
            && known
                .asked_at
                .compare_exchange(asked_at, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        // Until the first answer has come there is nothing to go by, so everybody asks.
        if let Some(standing) = known.standing()
            && !mine
        {
            return Ok(standing);
        }
        let row: Option<(survey::State, Option<i64>, Option<i64>)> =
            survey::Entity::find_by_id(known.id.number())
                .select_only()
                .columns([
                    survey::Column::State,
                    survey::Column::OpensAt,
                    survey::Column::ClosesAt,
                ])
                .into_tuple()
                .one(&service.database.reader())
                .await?;
        let closes_at = row.and_then(|(_, _, closes_at)| closes_at);
        let standing = row.map_or(Standing::Closed, |(state, opens_at, closes_at)| {
            standing_of(state, opens_at, closes_at, now)
        });
        known.note(standing, closes_at, now);
        Ok(standing)
    }
}

/// Looks a receipt up in every survey, for it does not say which one it is of.
pub(super) async fn find_receipt(
    service: &Service,
    receipt: &Receipt,
) -> Result<ReceiptStatus, Fault> {
    let reader = service.database.reader();
    let statement = Statement::from_sql_and_values(
        reader.get_database_backend(),
        "SELECT state FROM sheet WHERE survey_id IN (SELECT id FROM survey) AND receipt_hash = $1
         UNION ALL
         SELECT state FROM ballot_sheet WHERE survey_id IN (SELECT id FROM survey) AND receipt_hash = $1",
        [receipt.hash().to_vec().into()],
    );
    let row = reader.query_one_raw(statement).await?;
    let state: Option<sheet::State> = row.map(|row| row.try_get("", "state")).transpose()?;
    Ok(match state {
        Some(sheet::State::Valid) => ReceiptStatus::Counted,
        Some(sheet::State::Replaced | sheet::State::Changed) => ReceiptStatus::Replaced,
        Some(_) => ReceiptStatus::NotCounted,
        None => ReceiptStatus::Unknown,
    })
}
