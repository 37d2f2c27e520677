//! Seals of closed surveys: one signed hash over all sheets, by which anybody with a receipt sees that the answers were
//! in, and an auditor that the counts come from exactly these sheets.
//!
//! Sheets are read in the order of the digests of their receipts, which is random, and the tree is built as they come:
//! a million of them need no more memory than a page. Only the hash of each page is kept. For a proof the sheets of one
//! page are read again, which also shows at once if one of them was changed since.

use std::collections::BTreeMap;

use domain::id::{self, Id};
use domain::scheme::file::Channel;
use domain::seal::{Content, LEAF_BYTES, Leaf, leaf, line_mark, signed_lines};
use domain::survey::{Definition, Marks, SheetState};
use domain::tree::{Frontier, Hash, leaf_hash, prove_inclusion, root_of};
use entity::{round_subject, seal_page, subject, survey, survey_seal};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Statement,
};
use serde::{Deserialize, Serialize};

use super::{parse_channel, parse_marks};
use crate::audit::note::{Signer, TreeHead, write_proof};
use crate::audit::{self, checkpoint};
use crate::database::WriteTransaction;
use crate::outbox::{self, NewJob};
use crate::{Fault, Refusal, Service, clock};

/// The kind of a job that asks for the seals of surveys.
pub const JOB: &str = "seal";

/// Sheets of a page.
const PAGE: usize = 1_024;

/// Sheets that are read in one statement: some pages.
const SHEETS_AT_ONCE: usize = 32 * PAGE;

/// A seal as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The survey.
    pub survey: Id<id::Survey>,
    /// Its number, from 1.
    pub number: i64,
    /// How many sheets it takes in.
    pub size: i64,
    /// The hash of the tree over them.
    pub root: Hash,
    /// What salts the commitments.
    pub(crate) salt: Hash,
    /// The signed note.
    pub note: String,
    /// The public half of the key that signed, as C2SP writes it.
    pub verifier_key: String,
}

/// What a job carries.
#[derive(Debug, Serialize, Deserialize)]
struct Wanted {
    surveys: Vec<String>,
}

impl Service {
    /// Seals the sheets of a closed survey; nothing where the last seal already is over just these sheets.
    ///
    /// # Errors
    /// [`Fault::Refused`] with `SURVEY_NOT_CLOSED`; [`Fault::NotFound`]; [`Fault::Conflict`] where another process seals
    /// the same survey.
    pub async fn seal_survey(
        &self,
        signer: &Signer,
        id: Id<id::Survey>,
    ) -> Result<Option<Seal>, Fault> {
        let origin = self.find_or_draw_log_origin().await?;
        let reading = self.database.begin_long_read().await?;
        let row = survey::Entity::find_by_id(id.number())
            .one(&reading)
            .await?
            .ok_or(Fault::NotFound)?;
        if row.state != survey::State::Closed {
            let message = "the survey is open; its sheets are sealed once it is closed";
            return Err(Fault::refused(Refusal::new("SURVEY_NOT_CLOSED", message)));
        }
        let definition: Definition =
            serde_json::from_str(&row.definition).map_err(Fault::internal)?;
        let kind = SheetKind::of(&definition);
        let last = find_last(&reading, id).await?;
        let salt = match &last {
            Some(last) => last.salt,
            None => self.ids.bytes()?,
        };
        let subjects = Subjects::of_round(&reading, (id, row.round_id), (kind, &salt)).await?;
        let mut tree = Growing::default();
        let mut after = Vec::new();
        loop {
            let part = read_part(&reading, (id, kind), &after).await?;
            let Some(end) = part.last() else { break };
            after.clone_from(&end.receipt_hash);
            for sheet in part.iter().filter(|sheet| sheet.is_sealed()) {
                tree.push(sheet.leaf(&salt, &subjects)?)?;
            }
        }
        reading.finish().await?;
        let (size, root, pages) = tree.finish();
        if last.as_ref().is_some_and(|last| last.root == root) {
            return Ok(None);
        }
        let extension = signed_lines(&definition, &salt).map_err(Fault::internal)?;
        let head = TreeHead {
            origin: &format!("{origin}/survey/{id}"),
            size,
            root,
            extension: &extension,
        };
        let seal = Seal {
            survey: id,
            number: last.map_or(1, |last| last.number + 1),
            size: i64::try_from(size).map_err(Fault::internal)?,
            root,
            salt,
            note: signer.sign(&origin, &head),
            verifier_key: signer.verifier_key(&origin),
        };
        self.store_seal(&seal, pages).await?;
        Ok(Some(seal))
    }

    /// Does what a job of [`JOB`] asks for.
    ///
    /// # Errors
    /// As [`Service::seal_survey`].
    pub async fn seal_wanted(&self, signer: &Signer, job: &str) -> Result<(), Fault> {
        let wanted: Wanted = serde_json::from_str(job).map_err(Fault::internal)?;
        for survey in wanted.surveys {
            let survey = survey.parse().map_err(Fault::internal)?;
            self.seal_survey(signer, survey).await?;
        }
        Ok(())
    }

    async fn store_seal(&self, seal: &Seal, pages: Vec<(Hash, Hash)>) -> Result<(), Fault> {
        let now = self.clock.now();
        let transaction = self.database.begin_write().await?;
        let row = survey_seal::ActiveModel {
            survey_id: Set(seal.survey.number()),
            number: Set(seal.number),
            size: Set(seal.size),
            root: Set(seal.root.to_vec()),
            salt: Set(seal.salt.to_vec()),
            note: Set(seal.note.clone()),
            verifier_key: Set(seal.verifier_key.clone()),
            sealed_at: Set(clock::micros(now)),
        };
        survey_seal::Entity::insert(row)
            .exec_without_returning(&transaction)
            .await?;
        let rows: Vec<seal_page::ActiveModel> = (0..)
            .zip(pages)
            .map(|(page_no, (first, root))| seal_page::ActiveModel {
                survey_id: Set(seal.survey.number()),
                number: Set(seal.number),
                page_no: Set(page_no),
                first_receipt_hash: Set(first.to_vec()),
                root: Set(root.to_vec()),
            })
            .collect();
        // Below the number of values that SQLite binds in one statement.
        for part in rows.chunks(5_000) {
            seal_page::Entity::insert_many(part.to_vec())
                .exec_without_returning(&transaction)
                .await?;
        }
        let entry = audit::Entry {
            at: now,
            who: "program",
            action: "survey.seal",
            object: &seal.survey.to_string(),
            after: Some(seal.root),
            ..audit::Entry::default()
        };
        audit::append(&transaction, &entry).await?;
        checkpoint::request(self, &transaction).await?;
        transaction.commit().await
    }
}

/// Asks for the seals of surveys as soon as a worker comes to it, once this transaction is committed.
pub(crate) async fn request(
    service: &Service,
    transaction: &WriteTransaction,
    surveys: impl IntoIterator<Item = Id<id::Survey>>,
) -> Result<(), Fault> {
    let surveys = surveys.into_iter().map(|id| id.to_string()).collect();
    let job = NewJob {
        kind: JOB,
        body: &Wanted { surveys },
        due_at: service.clock.now(),
    };
    outbox::add(transaction, &service.ids, job).await?;
    Ok(())
}

/// What there is about a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The answers are in the sealed list.
    Sealed(Box<Sealed>),
    /// The list has not been made yet, or the answers came late.
    NotSealed,
    /// No such receipt.
    Unknown,
}

/// The place of a receipt's answers in the sealed list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The place, from 1.
    pub place: usize,
    /// How many there are.
    pub size: usize,
    /// Whether they are counted.
    pub is_counted: bool,
    /// The proof as a file that `mingjian-verify` reads.
    pub file: String,
    /// The public half of the key that signed.
    pub verifier_key: String,
}

/// The proof for the digest of a receipt. Four statements; reads the sheets of one page.
///
/// # Errors
/// [`Fault::Internal`] where a sheet of the page was changed since it was sealed.
pub(crate) async fn prove(service: &Service, receipt_hash: Hash) -> Result<Proof, Fault> {
    let reading = service.database.begin_read().await?;
    let Some((survey, kind)) = find_survey_of(&reading, receipt_hash).await? else {
        return Ok(Proof::Unknown);
    };
    let Some(seal) = find_last(&reading, survey).await? else {
        return Ok(Proof::NotSealed);
    };
    let pages = seal_page::Entity::find()
        .filter(seal_page::Column::SurveyId.eq(survey.number()))
        .filter(seal_page::Column::Number.eq(seal.number))
        .order_by_asc(seal_page::Column::PageNo)
        .all(&reading)
        .await?;
    let after =
        pages.partition_point(|page| page.first_receipt_hash.as_slice() <= &receipt_hash[..]);
    let before = pages.iter().enumerate().take(after).next_back();
    let Some((page_place, page)) = before else {
        return Ok(Proof::NotSealed);
    };
    let end = pages.get(after).map(|next| next.first_receipt_hash.clone());
    let ends = (page.first_receipt_hash.as_slice(), end.as_deref());
    let sheets = read_page(&reading, (survey, kind), ends).await?;
    let subjects = Subjects::of_sheets(&reading, (survey, kind), &seal.salt, &sheets).await?;
    reading.finish().await?;
    let mut leaves = Vec::with_capacity(sheets.len());
    for sheet in &sheets {
        leaves.push(sheet.leaf(&seal.salt, &subjects)?);
    }
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    if root_of(&hashes).as_slice() != page.root {
        return Err(Fault::internal(format!(
            "sheets of the survey {survey} are not those that were sealed (page {page_place})"
        )));
    }
    let found = leaves
        .iter()
        .enumerate()
        .find(|(_, leaf)| leaf.starts_with(&receipt_hash));
    let Some((place, leaf)) = found else {
        return Ok(Proof::NotSealed);
    };
    let roots = pages
        .iter()
        .map(|page| read_hash(&page.root))
        .collect::<Result<Vec<Hash>, Fault>>()?;
    let above = prove_inclusion(&roots, page_place).unwrap_or_default();
    let mut path = prove_inclusion(&hashes, place).unwrap_or_default();
    path.extend(above);
    let index = page_place * PAGE + place;
    Ok(Proof::Sealed(Box::new(Sealed {
        place: index + 1,
        size: usize::try_from(seal.size).map_err(Fault::internal)?,
        is_counted: leaf.get(receipt_hash.len()) == Some(&1),
        file: write_proof(leaf, index, &path, &seal.note),
        verifier_key: seal.verifier_key,
    })))
}

/// The answers of a sheet and the digest of its receipt.
pub(crate) type Answered = (Vec<u8>, Vec<u8>);

/// Whom sheets are about, who answered, on what way, and what became of them.
pub(crate) type Lying = (i64, String, Channel, SheetState);

/// Sheets that lie together, and how many of them are of respondents with each mark: counts alone, for which sheets
/// these are goes into no package.
#[derive(Default)]
pub(crate) struct Part {
    pub sheets: Vec<Answered>,
    pub marks: BTreeMap<String, u64>,
}

impl Part {
    /// Adds sheets in one state whose respondents bear the same marks. The marks of those that did not come back, which
    /// no share is taken of, are nobody's concern.
    pub fn add(
        &mut self,
        (definition, state, marks): (&Definition, SheetState, Marks),
        sheets: impl IntoIterator<Item = Answered>,
    ) {
        for sheet in sheets {
            self.sheets.push(sheet);
            for code in marks.codes(definition).filter(|_| state.came_back()) {
                *self.marks.entry(code.to_owned()).or_default() += 1;
            }
        }
    }
}

/// The sheets of a sealed survey as an auditor gets them.
pub(crate) struct Collected {
    /// Every sheet with the digest of its receipt, which a late one has not.
    pub parts: BTreeMap<Lying, Part>,
    /// Leaves of sheets that are left out.
    pub others: Vec<String>,
    /// What stands in the leaves of a ballot for its lines, by its number, parted by spaces.
    pub line_marks: BTreeMap<i64, String>,
}

/// Every sheet of a sealed survey for an auditor. Whoever `is_there` says has left the round is left out, unless they
/// stand on a ballot with others. Thirty-two thousand sheets in a statement.
///
/// # Errors
/// [`Fault::Internal`] if a sheet does not fit its survey.
pub(crate) async fn collect(
    connection: &impl ConnectionTrait,
    (round_id, definition): (i64, &Definition),
    seal: &Seal,
    is_there: impl Fn(i64) -> bool,
) -> Result<Collected, Fault> {
    let kind = SheetKind::of(definition);
    let of = (seal.survey, round_id);
    let subjects = Subjects::of_round(connection, of, (kind, &seal.salt)).await?;
    let mut collected = Collected {
        parts: BTreeMap::new(),
        others: Vec::new(),
        line_marks: BTreeMap::new(),
    };
    let mut after = Vec::new();
    loop {
        let part = read_part(connection, (seal.survey, kind), &after).await?;
        let Some(end) = part.last() else { break };
        after.clone_from(&end.receipt_hash);
        for sheet in part {
            let is_sealed = sheet.is_sealed();
            if kind == SheetKind::Alone && !is_there(sheet.about) {
                // The tree holds the sheet all the same.
                if is_sealed {
                    let leaf = sheet.leaf(&seal.salt, &subjects)?;
                    collected.others.push(hex::encode(leaf));
                }
                continue;
            }
            let state = sheet.state()?;
            let key = (
                sheet.about,
                sheet.panel.clone(),
                parse_channel(&sheet.channel)?,
                state,
            );
            let receipt = if is_sealed {
                sheet.receipt_hash
            } else {
                Vec::new()
            };
            let marks = parse_marks(sheet.marks)?;
            let part = collected.parts.entry(key).or_default();
            part.add((definition, state, marks), [(sheet.answers, receipt)]);
        }
    }
    if kind == SheetKind::Ballot {
        collected.line_marks = subjects.0;
    }
    Ok(collected)
}

/// The last seal of a survey. One statement.
pub(crate) async fn find_last(
    connection: &impl ConnectionTrait,
    survey: Id<id::Survey>,
) -> Result<Option<Seal>, Fault> {
    let row = survey_seal::Entity::find()
        .filter(survey_seal::Column::SurveyId.eq(survey.number()))
        .order_by_desc(survey_seal::Column::Number)
        .one(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Seal {
        survey,
        number: row.number,
        size: row.size,
        root: read_hash(&row.root)?,
        salt: read_hash(&row.salt)?,
        note: row.note,
        verifier_key: row.verifier_key,
    }))
}

fn read_hash(bytes: &[u8]) -> Result<Hash, Fault> {
    bytes.try_into().map_err(Fault::internal)
}

/// The tree while it grows, and its pages: the first receipt of each and the hash over it.
#[derive(Default)]
struct Growing {
    tree: Frontier,
    size: u64,
    page: Frontier,
    first: Hash,
    pages: Vec<(Hash, Hash)>,
}

impl Growing {
    fn push(&mut self, leaf: Leaf) -> Result<(), Fault> {
        if self.page.size() == 0 {
            let (first, _) = leaf.split_at(LEAF_BYTES - 33);
            self.first = first.try_into().map_err(Fault::internal)?;
        }
        self.page.push(leaf_hash(&leaf));
        self.size += 1;
        if self.page.size() == PAGE as u64 {
            self.turn();
        }
        Ok(())
    }

    /// Ends a page. A full one is a complete subtree, and the last one may be smaller: the tree over the pages is the
    /// tree over their leaves.
    fn turn(&mut self) {
        let root = std::mem::take(&mut self.page).root();
        self.pages.push((self.first, root));
        self.tree.push(root);
    }

    fn finish(mut self) -> (u64, Hash, Vec<(Hash, Hash)>) {
        if self.page.size() > 0 {
            self.turn();
        }
        (self.size, self.tree.root(), self.pages)
    }
}

/// Where the sheets of a survey lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SheetKind {
    /// About one subject each.
    Alone,
    /// Ballots.
    Ballot,
}

impl SheetKind {
    fn of(definition: &Definition) -> Self {
        match definition.ballot {
            None => Self::Alone,
            Some(_) => Self::Ballot,
        }
    }
}

/// What stands in a leaf for whom a sheet is about: by the subject, or by the number of the ballot.
struct Subjects(BTreeMap<i64, String>);

impl Subjects {
    /// Everybody on a round's roster, those who left included, or every ballot of the survey. One statement.
    async fn of_round(
        connection: &impl ConnectionTrait,
        (survey, round_id): (Id<id::Survey>, i64),
        (kind, salt): (SheetKind, &Hash),
    ) -> Result<Self, Fault> {
        match kind {
            SheetKind::Ballot => Self::of_ballots(connection, survey, salt).await,
            SheetKind::Alone => {
                let rows: Vec<(i64, String)> = subject::Entity::find()
                    .join_rev(JoinType::InnerJoin, round_subject::Relation::Subject.def())
                    .filter(round_subject::Column::RoundId.eq(round_id))
                    .select_only()
                    .columns([subject::Column::Id, subject::Column::Code])
                    .into_tuple()
                    .all(connection)
                    .await?;
                Ok(Self(rows.into_iter().collect()))
            }
        }
    }

    /// Those whom these sheets are about. One statement.
    async fn of_sheets(
        connection: &impl ConnectionTrait,
        (survey, kind): (Id<id::Survey>, SheetKind),
        salt: &Hash,
        sheets: &[SealedSheet],
    ) -> Result<Self, Fault> {
        if kind == SheetKind::Ballot {
            return Self::of_ballots(connection, survey, salt).await;
        }
        let mut ids: Vec<i64> = sheets.iter().map(|sheet| sheet.about).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows: Vec<(i64, String)> = subject::Entity::find()
            .filter(subject::Column::Id.is_in(ids))
            .select_only()
            .columns([subject::Column::Id, subject::Column::Code])
            .into_tuple()
            .all(connection)
            .await?;
        Ok(Self(rows.into_iter().collect()))
    }

    async fn of_ballots(
        connection: &impl ConnectionTrait,
        survey: Id<id::Survey>,
        salt: &Hash,
    ) -> Result<Self, Fault> {
        let statement = Statement::from_sql_and_values(
            connection.get_database_backend(),
            "SELECT line.ballot_no, subject.code FROM ballot_line AS line \
             JOIN subject ON subject.id = line.subject_id \
             WHERE line.survey_id = $1 ORDER BY line.ballot_no, line.line_no",
            [survey.number().into()],
        );
        let mut marks: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for row in connection.query_all_raw(statement).await? {
            let code: String = row.try_get_by_index(1)?;
            let of_ballot = marks.entry(row.try_get_by_index(0)?).or_default();
            of_ballot.push(line_mark(salt, &code));
        }
        let joined = marks
            .into_iter()
            .map(|(ballot, marks)| (ballot, marks.join(" ")));
        Ok(Self(joined.collect()))
    }
}

/// A sheet as it is read.
struct SealedSheet {
    receipt_hash: Vec<u8>,
    /// The subject, or the number of the ballot.
    about: i64,
    panel: String,
    channel: String,
    state: String,
    answers: Vec<u8>,
    marks: i64,
}

impl SealedSheet {
    /// A sheet that came late was not there when the survey closed.
    fn is_sealed(&self) -> bool {
        self.state != SheetState::Late.word()
    }

    fn state(&self) -> Result<SheetState, Fault> {
        SheetState::parse(&self.state)
            .ok_or_else(|| Fault::internal("a sheet is in an unknown state"))
    }

    fn leaf(&self, salt: &Hash, subjects: &Subjects) -> Result<Leaf, Fault> {
        let receipt = read_hash(&self.receipt_hash)?;
        let subjects = subjects.0.get(&self.about).ok_or_else(|| {
            Fault::internal("a sheet is about a subject that is not on the roster")
        })?;
        let content = Content {
            subjects,
            panel: &self.panel,
            channel: parse_channel(&self.channel)?,
            state: self.state()?,
            answers: &self.answers,
        };
        Ok(leaf(salt, &receipt, &content))
    }
}

/// The next sheets behind a receipt, in the order of receipts; none are left when it is empty. One statement.
async fn read_part(
    connection: &impl ConnectionTrait,
    (survey, kind): (Id<id::Survey>, SheetKind),
    after: &[u8],
) -> Result<Vec<SealedSheet>, Fault> {
    let limit = i64::try_from(SHEETS_AT_ONCE).map_err(Fault::internal)?;
    let values = [survey.number().into(), after.to_vec().into(), limit.into()];
    let which = "receipt_hash > $2 ORDER BY receipt_hash LIMIT $3";
    read_sheets(connection, (kind, which), values).await
}

/// The sheets from one receipt on, up to and without another. One statement.
async fn read_page(
    connection: &impl ConnectionTrait,
    (survey, kind): (Id<id::Survey>, SheetKind),
    (first, end): (&[u8], Option<&[u8]>),
) -> Result<Vec<SealedSheet>, Fault> {
    // Nothing is greater than 33 bytes of ones among digests of 32.
    let end = end.map_or_else(|| vec![u8::MAX; 33], <[u8]>::to_vec);
    let values = [survey.number().into(), first.to_vec().into(), end.into()];
    let which = "receipt_hash >= $2 AND receipt_hash < $3 ORDER BY receipt_hash";
    let mut sheets = read_sheets(connection, (kind, which), values).await?;
    sheets.retain(SealedSheet::is_sealed);
    Ok(sheets)
}

async fn read_sheets(
    connection: &impl ConnectionTrait,
    (kind, which): (SheetKind, &str),
    values: [sea_orm::Value; 3],
) -> Result<Vec<SealedSheet>, Fault> {
    let (table, about) = match kind {
        SheetKind::Alone => ("sheet", "subject_id"),
        SheetKind::Ballot => ("ballot_sheet", "ballot_no"),
    };
    let sql = format!(
        "SELECT receipt_hash, {about}, panel, channel, state, answers, marks FROM {table} \
         WHERE survey_id = $1 AND {which}"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    let mut sheets = Vec::with_capacity(rows.len());
    for row in rows {
        sheets.push(SealedSheet {
            receipt_hash: row.try_get_by_index(0)?,
            about: row.try_get_by_index(1)?,
            panel: row.try_get_by_index(2)?,
            channel: row.try_get_by_index(3)?,
            state: row.try_get_by_index(4)?,
            answers: row.try_get_by_index(5)?,
            marks: row.try_get_by_index(6)?,
        });
    }
    Ok(sheets)
}

/// The survey of a receipt, and where its sheets lie. One statement, as the look-up of its state.
async fn find_survey_of(
    connection: &impl ConnectionTrait,
    receipt_hash: Hash,
) -> Result<Option<(Id<id::Survey>, SheetKind)>, Fault> {
    let statement = Statement::from_sql_and_values(
        connection.get_database_backend(),
        "SELECT survey_id, 0 AS kind FROM sheet
         WHERE survey_id IN (SELECT id FROM survey) AND receipt_hash = $1
         UNION ALL
         SELECT survey_id, 1 FROM ballot_sheet
         WHERE survey_id IN (SELECT id FROM survey) AND receipt_hash = $1",
        [receipt_hash.to_vec().into()],
    );
    let Some(row) = connection.query_one_raw(statement).await? else {
        return Ok(None);
    };
    let kind = match row.try_get_by_index::<i32>(1)? {
        0 => SheetKind::Alone,
        _ => SheetKind::Ballot,
    };
    Ok(Some((Id::new(row.try_get_by_index(0)?), kind)))
}
