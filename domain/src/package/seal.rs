//! Whether the sheets of a package are those that were sealed when their survey closed.
//!
//! The signature is not checked here, which `mingjian-verify` does: a package recomputes without any key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{BallotGroup, Difference, SurveySheets};
use crate::scheme::file::Channel;
use crate::seal::{Content, Leaf, leaf, line_mark, signed_lines};
use crate::survey::SheetState;
use crate::tree::{Frontier, Hash, leaf_hash};

/// Makes the tree over the sheets of a survey again, and compares it with the one that was signed. Nothing to compare
/// where no seal is there.
///
/// # Errors
/// The first [`Difference`].
pub(super) fn compare(survey: &SurveySheets) -> Result<(), Box<Difference>> {
    let Some(seal) = &survey.seal else {
        return Ok(());
    };
    let path = format!("sheets/{}/seal", survey.definition.code);
    let differ = |stored: String, again: String| Box::new(Difference::new(&path, stored, again));
    let unreadable =
        |what: &str| differ(what.to_owned(), "hexadecimal of another length".to_owned());
    let salt: Hash = read(&seal.salt).ok_or_else(|| unreadable("the salt"))?;
    let mut leaves: Vec<Leaf> = Vec::new();
    let groups = survey.groups.iter().map(|group| Sealed {
        subjects: group.subject.clone(),
        lines: 1,
        panel: &group.panel,
        channel: group.channel,
        state: &group.state,
        answers: &group.answers,
        receipts: &group.receipts,
    });
    let ballots = survey.ballots.iter().map(|group| Sealed {
        subjects: mark_lines(group, &salt),
        lines: group.subjects.len(),
        panel: &group.panel,
        channel: group.channel,
        state: &group.state,
        answers: &group.answers,
        receipts: &group.receipts,
    });
    for group in groups.chain(ballots) {
        if group.state != SheetState::Late.word() {
            let width = survey.definition.width().saturating_mul(group.lines);
            let part = leaves_of(&group, width, &salt);
            leaves.extend(part.ok_or_else(|| unreadable("the receipts"))?);
        }
    }
    for other in &seal.others {
        leaves.push(read(other).ok_or_else(|| unreadable("a leaf"))?);
    }
    // By the digests of their receipts, with which leaves begin.
    leaves.sort_unstable();
    let mut tree = Frontier::default();
    tree.extend(leaves.iter().map(|leaf| leaf_hash(leaf)));
    let lines = signed_lines(&survey.definition, &salt)
        .map_err(|error| differ("a number".to_owned(), error.to_string()))?;
    let again = format!("{}\n{}\n{lines}", tree.size(), STANDARD.encode(tree.root()));
    let text = seal.note.split_once("\n\n").map_or("", |(text, _)| text);
    let stored = text.split_once('\n').map_or("", |(_, rest)| rest);
    if format!("{stored}\n") == again {
        Ok(())
    } else {
        Err(differ(stored.to_owned(), again))
    }
}

/// Sheets of either kind that lie together.
struct Sealed<'a> {
    /// As [`Content::subjects`].
    subjects: String,
    lines: usize,
    panel: &'a str,
    channel: Channel,
    state: &'a str,
    answers: &'a str,
    receipts: &'a str,
}

/// The marks of a ballot's lines, those of whoever left as they are given.
fn mark_lines(group: &BallotGroup, salt: &Hash) -> String {
    let mut gone = group.gone.iter();
    let marks: Vec<String> = (group.subjects.iter())
        .map(|code| match code.as_str() {
            "" => gone.next().cloned().unwrap_or_default(),
            code => line_mark(salt, code),
        })
        .collect();
    marks.join(" ")
}

/// The leaves of a group's sheets, whose receipts stand in the order of the sheets.
fn leaves_of(group: &Sealed<'_>, width: usize, salt: &Hash) -> Option<Vec<Leaf>> {
    let state = SheetState::parse(group.state)?;
    let answers = hex::decode(group.answers).ok()?;
    let receipts = hex::decode(group.receipts).ok()?;
    let (receipts, rest) = receipts.as_chunks::<32>();
    let sheets = answers.chunks(width.max(1));
    if !rest.is_empty() || sheets.len() != receipts.len() {
        return None;
    }
    let leaves = receipts.iter().zip(sheets).map(|(receipt, answers)| {
        let content = Content {
            subjects: &group.subjects,
            panel: group.panel,
            channel: group.channel,
            state,
            answers,
        };
        leaf(salt, receipt, &content)
    });
    Some(leaves.collect())
}

fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text).ok()?.try_into().ok()
}
