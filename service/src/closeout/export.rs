//! Takes a closed round out as a package that recomputes without a database.

use std::collections::BTreeMap;

use domain::access::{Action, Actor};
use domain::id::{Id, Round, Subject};
use domain::inputs::Inputs;
use domain::package::{BallotGroup, FORMAT, Package, SheetGroup, SheetSeal, SurveySheets, publish};
use entity::{kept_sheets, revision, round, survey};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};

use super::allow;
use super::revision::unknown_revision;
use super::store;
use crate::frame::{Frame, Whom, who};
use crate::survey::seal::{self, Lying, Part};
use crate::survey::{Stored, read_sheet_part};
use crate::{Fault, Refusal, Service, audit};

/// What a package holds beside inputs and outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageKind {
    /// Counts, without those of subjects about whom too few people answered: for everybody.
    Public,
    /// Every count: for staff.
    Counts,
    /// Every answer sheet, so that the counts can be made again: for auditors.
    Sheets,
}

impl PackageKind {
    /// How the log tells them apart.
    const fn word(self) -> &'static str {
        match self {
            Self::Public => "for everybody",
            Self::Counts => "every count",
            Self::Sheets => "with every answer sheet",
        }
    }
}

impl Service {
    /// The package of a closed round's current revision, as canonical JSON. Taking one out is logged.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `ROUND_NOT_CLOSED`, or `NOT_PUBLISHABLE` where results rest on withheld figures in a way
    /// that cannot be given; [`Fault::Denied`]; [`Fault::NotFound`].
    pub async fn export_round(
        &self,
        actor: &Actor,
        id: Id<Round>,
        kind: PackageKind,
    ) -> Result<Vec<u8>, Fault> {
        self.export_revision(actor, (id, None), kind).await
    }

    /// The package of one revision, without a number of the current one. That of an earlier revision is the same as ever.
    ///
    /// # Errors
    /// As [`Service::export_round`], and `REVISION_UNKNOWN`.
    pub async fn export_revision(
        &self,
        actor: &Actor,
        (id, number): (Id<Round>, Option<u32>),
        kind: PackageKind,
    ) -> Result<Vec<u8>, Fault> {
        allow(actor, Action::ExportRound, id)?;
        let reading = self.database.begin_long_read().await?;
        let frame = Frame::load(&reading, id, Whom::Everybody).await?;
        let mut wanted = revision::Entity::find()
            .filter(revision::Column::RoundId.eq(id.number()))
            .order_by_desc(revision::Column::Number);
        if let Some(number) = number {
            wanted = wanted.filter(revision::Column::Number.eq(number));
        }
        let stored = wanted.one(&reading).await?.ok_or_else(|| {
            match number.filter(|_| frame.round.state == round::State::Closed) {
                Some(number) => unknown_revision(number),
                None => Fault::refused(
                    Refusal::new("ROUND_NOT_CLOSED", "only a closed round can be exported")
                        .at(["round"]),
                ),
            }
        })?;
        let inputs: Inputs = serde_json::from_str(&stored.inputs).map_err(Fault::internal)?;
        let sheets = match kind {
            PackageKind::Public | PackageKind::Counts => None,
            PackageKind::Sheets => Some(read_sheets(&reading, &frame, stored.number).await?),
        };
        reading.finish().await?;
        let package = Package {
            format: FORMAT.to_owned(),
            engine: stored.engine_version,
            revision: u32::try_from(stored.number).map_err(Fault::internal)?,
            scheme: frame.source,
            inputs,
            outcome: serde_json::from_str(&stored.outcome).map_err(Fault::internal)?,
            combined_roles: store::read_combined(stored.combined_roles.as_deref())?,
            public_of: None,
            sheets,
        };
        let package = match kind {
            PackageKind::Public => tokio::task::spawn_blocking(|| publish(package))
                .await
                .map_err(Fault::internal)?
                .map_err(|why| Fault::refused(Refusal::new("NOT_PUBLISHABLE", why.to_string())))?,
            PackageKind::Counts | PackageKind::Sheets => package,
        };
        let bytes = package.to_canonical().map_err(Fault::internal)?;
        self.log_export(actor, id, (kind, &bytes)).await?;
        Ok(bytes)
    }

    /// Who has taken out what: with the digest of the file, so that it can be told from one that was changed, and with
    /// whether answer sheets were in it.
    async fn log_export(
        &self,
        actor: &Actor,
        id: Id<Round>,
        (kind, bytes): (PackageKind, &[u8]),
    ) -> Result<(), Fault> {
        let transaction = self.database.begin_write().await?;
        audit::append(
            &transaction,
            &audit::Entry {
                at: self.clock.now(),
                who: &who(actor),
                action: "round.export",
                object: &id.to_string(),
                after: Some(Sha256::digest(bytes).into()),
                reason: Some(kind.word()),
                ..audit::Entry::default()
            },
        )
        .await?;
        transaction.commit().await
    }
}

/// The sheets of a revision: of a survey that a later correction let more into those that were put by then, else those
/// that lie there.
async fn read_sheets(
    connection: &impl ConnectionTrait,
    frame: &Frame,
    number: i64,
) -> Result<Vec<SurveySheets>, Fault> {
    let rows = kept_sheets::Entity::find()
        .filter(kept_sheets::Column::RoundId.eq(frame.round.id))
        .filter(kept_sheets::Column::Revision.gte(number))
        .order_by_desc(kept_sheets::Column::Revision)
        .all(connection)
        .await?;
    // Of several corrections the first one after the revision put by what it was counted from.
    let kept: BTreeMap<i64, String> = rows
        .into_iter()
        .map(|row| (row.survey_id, row.body))
        .collect();
    let lying = |row: &survey::Model| !kept.contains_key(&row.id);
    let mut surveys: Vec<SurveySheets> = collect_sheets(connection, frame, lying)
        .await?
        .into_iter()
        .map(|(_, sheets)| sheets)
        .collect();
    for body in kept.values() {
        surveys.push(serde_json::from_str(body).map_err(Fault::internal)?);
    }
    surveys.sort_by(|one, other| one.definition.code.cmp(&other.definition.code));
    Ok(surveys)
}

/// Every sheet about a participant of some surveys, each survey with its id, in an order that tells nothing about when a
/// sheet came in.
pub(super) async fn collect_sheets(
    connection: &impl ConnectionTrait,
    frame: &Frame,
    wanted: impl Fn(&survey::Model) -> bool,
) -> Result<Vec<(i64, SurveySheets)>, Fault> {
    let rows = survey::Entity::find()
        .filter(survey::Column::RoundId.eq(frame.round.id))
        .order_by_asc(survey::Column::Code)
        .all(connection)
        .await?;
    let mut surveys = Vec::with_capacity(rows.len());
    for row in rows.into_iter().filter(wanted) {
        let definition: domain::survey::Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        let stored = Stored::of(connection, Id::new(row.id), &definition).await?;
        let sealed = seal::find_last(connection, Id::new(row.id)).await?;
        let (parts, line_marks, seal) = match &sealed {
            None => (
                read_unsealed(connection, &definition, &stored).await?,
                BTreeMap::new(),
                None,
            ),
            Some(seal) => {
                let of = (frame.round.id, &definition);
                let is_there = |subject| frame.code(subject).is_some();
                let collected = seal::collect(connection, of, seal, is_there).await?;
                let sheet_seal = SheetSeal {
                    note: seal.note.clone(),
                    others: collected.others,
                    salt: hex::encode(seal.salt),
                    survey: seal.survey.to_string(),
                };
                (collected.parts, collected.line_marks, Some(sheet_seal))
            }
        };
        let (mut groups, mut ballots) = (Vec::new(), Vec::new());
        for ((about, panel, channel, state), Part { mut sheets, marks }) in parts {
            sheets.sort_unstable();
            let state = state.word().to_owned();
            let (answers, receipts): (String, String) = sheets
                .into_iter()
                .map(|(answers, receipt)| (hex::encode(answers), hex::encode(receipt)))
                .unzip();
            if stored.ballots.is_some() {
                // Whoever left the round is not named in it; the lines of the others keep their places.
                let code = |subject: &Id<Subject>| frame.code(subject.number()).unwrap_or_default();
                let subjects = stored
                    .subjects(about)?
                    .iter()
                    .map(|one| code(one).to_owned());
                let subjects: Vec<String> = subjects.collect();
                let line_marks = line_marks.get(&about).map_or("", String::as_str);
                let gone = subjects
                    .iter()
                    .zip(line_marks.split(' '))
                    .filter(|(code, _)| code.is_empty());
                let gone = gone
                    .map(|(_, mark)| mark.to_owned())
                    .filter(|mark| !mark.is_empty());
                let gone = gone.collect();
                ballots.push(BallotGroup {
                    subjects,
                    panel,
                    channel,
                    state,
                    answers,
                    receipts,
                    gone,
                    marks,
                });
            } else if let Some(subject) = frame.code(about) {
                groups.push(SheetGroup {
                    subject: subject.to_owned(),
                    panel,
                    channel,
                    state,
                    answers,
                    receipts,
                    marks,
                });
            }
        }
        groups.sort_unstable();
        ballots.sort_unstable();
        let sheets = SurveySheets {
            definition,
            groups,
            ballots,
            seal,
        };
        surveys.push((row.id, sheets));
    }
    Ok(surveys)
}

/// The sheets of a survey that was not sealed, without receipts.
async fn read_unsealed(
    connection: &impl ConnectionTrait,
    definition: &domain::survey::Definition,
    stored: &Stored,
) -> Result<BTreeMap<Lying, Part>, Fault> {
    let mut parts: BTreeMap<Lying, Part> = BTreeMap::new();
    let mut after = 0;
    loop {
        let read = read_sheet_part(connection, stored, after).await?;
        if read.is_empty() {
            return Ok(parts);
        }
        for part in read {
            after = after.max(part.last_no);
            let lines = match stored.ballots {
                None => 1,
                Some(_) => stored.subjects(part.about)?.len(),
            };
            let width = definition.width().saturating_mul(lines).max(1);
            let sheets = part
                .bytes
                .chunks(width)
                .map(|sheet| (sheet.to_vec(), Vec::new()));
            let key = (part.about, part.panel, part.channel, part.state);
            let booked = (definition, part.state, part.marks);
            parts.entry(key).or_default().add(booked, sheets);
        }
    }
}
