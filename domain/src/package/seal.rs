//! Whether the sheets of a package are those that were sealed when their survey closed.
//!
//! The signature is not checked here, which `mingjian-verify` does: a package recomputes without any key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Difference, SheetGroup, SurveySheets};
use crate::seal::{Content, Leaf, leaf, signed_lines};
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
    for group in &survey.groups {
        if group.state != SheetState::Late.word() {
            let part = leaves_of(survey, group, &salt).ok_or_else(|| unreadable("the receipts"))?;
            leaves.extend(part);
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

/// The leaves of a group's sheets, whose receipts stand in the order of the sheets.
fn leaves_of(survey: &SurveySheets, group: &SheetGroup, salt: &Hash) -> Option<Vec<Leaf>> {
    let state = SheetState::parse(&group.state)?;
    let answers = hex::decode(&group.answers).ok()?;
    let receipts = hex::decode(&group.receipts).ok()?;
    let (receipts, rest) = receipts.as_chunks::<32>();
    let sheets = answers.chunks(survey.definition.width().max(1));
    if !rest.is_empty() || sheets.len() != receipts.len() {
        return None;
    }
    let leaves = receipts.iter().zip(sheets).map(|(receipt, answers)| {
        let content = Content {
            subjects: &group.subject,
            panel: &group.panel,
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
