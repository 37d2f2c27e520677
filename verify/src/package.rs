//! A package of a closed round: byte for byte the one that was taken out, with the outcome that was decided, from the
//! inputs that it names, and for auditors from just the answer sheets that were sealed when the survey closed.
//!
//! Deliberately absent: deciding again, which is what `mingjian replay` does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tlog_tiles::{Hash, record_hash};

use crate::finding::Finding;
use crate::log::Log;
use crate::receipt::{leaf, root_of};

/// The value of `format`.
const FORMAT: &str = "mingjian-package/1";

/// What every commitment to a sheet begins with.
const SHEET: &[u8] = b"mingjian-sheet/1\n";

/// A package that was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// The round's code.
    pub round: String,
    /// How many answer sheets were found to be those that were sealed; none in a package without sheets.
    pub sheets: u64,
}

/// Checks a package against a log that was checked.
///
/// # Errors
/// Everything that is wrong with it.
pub fn check(bytes: &[u8], log: &Log) -> Result<Package, Vec<Finding>> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let package: Value = serde_json::from_slice(bytes).map_err(|error| {
        vec![Finding::new(
            format!("这不是考评数据包：{error}"),
            format!("this is no package: {error}"),
        )]
    })?;
    let mut findings = Vec::new();
    let mut expect = |holds: bool, zh: &str, en: &str| {
        if !holds {
            findings.push(Finding::new(zh, en));
        }
    };
    expect(
        canonical(&package) == bytes,
        "不是规范的 JSON（RFC 8785）：有多余的空格、键或写法",
        "this is no canonical JSON (RFC 8785): spaces, keys or spellings are there that do not belong there",
    );
    expect(
        text(&package, "format") == FORMAT,
        "格式不是 mingjian-package/1",
        "the format is not mingjian-package/1",
    );
    let (outcome, inputs) = (&package["outcome"], &package["inputs"]);
    expect(
        text(outcome, "scheme_digest") == digest(text(&package, "scheme").as_bytes()),
        "评价体系与评定所依据的不同",
        "the scheme is not the one that was decided by",
    );
    expect(
        text(outcome, "inputs_digest") == digest(&canonical(inputs)),
        "输入数据与评定所依据的不同",
        "the inputs are not those that were decided by",
    );
    expect(
        text(&package, "engine") == text(outcome, "engine"),
        "评定程序的版本前后不一",
        "the version of the engine is stated in two ways",
    );
    let file = digest(bytes);
    let taken_out = log
        .deeds
        .iter()
        .find(|deed| deed.action == "round.export" && deed.after == file);
    expect(
        taken_out.is_some(),
        "日志里没有导出这份文件的记录：文件被改动过，或者日志比它早",
        "no entry of the log says that this file was taken out: it was changed, or the log is older than it",
    );
    // A public package says what it was made from: figures of few answers are not in it.
    let decided = match package.get("public_of") {
        Some(whole) => text(whole, "outcome_digest").to_owned(),
        None => digest(&canonical(outcome)),
    };
    let object = taken_out.map(|deed| deed.object.as_str());
    let closings: Vec<&str> = (log.deeds.iter())
        .filter(|deed| deed.action == "round.close" && Some(deed.object.as_str()) == object)
        .map(|deed| deed.after.as_str())
        .collect();
    let number = package["revision"]
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    let closing = number.and_then(|number| closings.get(number.checked_sub(1)?));
    expect(
        taken_out.is_none() || closing == Some(&decided.as_str()),
        "评定结果与日志记录的结账结果不同",
        "the outcome is not the one that the log says was closed with",
    );
    let mut sheets = 0;
    if let Some(surveys) = package["sheets"].as_array() {
        match check_surveys(surveys, inputs, log) {
            Ok(number) => sheets = number,
            Err(more) => findings.extend(more),
        }
    }
    if findings.is_empty() {
        Ok(Package {
            round: text(outcome, "round").to_owned(),
            sheets,
        })
    } else {
        Err(findings)
    }
}

/// Every survey must have been sealed, and be there.
fn check_surveys(surveys: &[Value], inputs: &Value, log: &Log) -> Result<u64, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut sheets = 0;
    let there: BTreeSet<&str> = surveys
        .iter()
        .map(|survey| text(&survey["definition"], "code"))
        .collect();
    let counted = ["tallies", "sheets"]
        .into_iter()
        .filter_map(|list| inputs[list].as_array())
        .flatten()
        .map(|row| text(row, "survey"));
    for missing in counted.collect::<BTreeSet<_>>().difference(&there) {
        findings.push(Finding::new(
            format!("缺少测评 `{missing}` 的答卷"),
            format!("the sheets of the survey `{missing}` are missing"),
        ));
    }
    for survey in surveys {
        match check_survey(survey, log) {
            Ok(number) => sheets += number,
            Err(finding) => {
                let code = text(&survey["definition"], "code");
                findings.push(Finding::new(
                    format!("测评 `{code}`：{}", finding.zh),
                    format!("survey `{code}`: {}", finding.en),
                ));
            }
        }
    }
    if findings.is_empty() {
        Ok(sheets)
    } else {
        Err(findings)
    }
}

fn check_survey(survey: &Value, log: &Log) -> Result<u64, Finding> {
    let seal = &survey["seal"];
    if !seal.is_object() {
        return Err(Finding::new(
            "答卷没有封存，无从核对",
            "its sheets were not sealed, so nothing vouches for them",
        ));
    }
    let head = log.keys.check(text(seal, "note"))?;
    let (id, salt) = (text(seal, "survey"), text(seal, "salt"));
    let salt_bytes = hex::decode(salt).unwrap_or_default();
    let signed = [
        format!("definition {}", digest(&canonical(&survey["definition"]))),
        format!("salt {}", digest(&salt_bytes)),
    ];
    if head.origin != format!("{}/survey/{id}", log.origin) || head.extension != signed {
        return Err(Finding::new(
            "封存所签的不是这份测评的题目",
            "what was sealed is not this survey with these questions",
        ));
    }
    let leaves = collect_leaves(survey, &salt_bytes)
        .ok_or_else(|| Finding::new("答卷读不出来", "the sheets cannot be read"))?;
    let number = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    if number != head.size || root_of(&leaves) != Some(Hash(head.root)) {
        return Err(Finding::new(
            format!(
                "{number} 份答卷与封存的 {} 份不同：有改动、增加或删除",
                head.size
            ),
            format!(
                "the {number} sheets are not the {} that were sealed: something was changed, put in or removed",
                head.size
            ),
        ));
    }
    let root = hex::encode(head.root);
    let is_told = (log.deeds.iter())
        .any(|deed| deed.action == "survey.seal" && deed.object == id && deed.after == root);
    if is_told {
        Ok(number)
    } else {
        Err(Finding::new(
            "日志里没有这次封存的记录",
            "no entry of the log tells of this seal",
        ))
    }
}

/// The leaves over all sheets but late ones, in the order of the digests of their receipts.
fn collect_leaves(survey: &Value, salt: &[u8]) -> Option<Vec<Hash>> {
    let mut leaves: BTreeMap<[u8; 32], Hash> = BTreeMap::new();
    for group in survey["groups"].as_array()? {
        let state = text(group, "state");
        let tags = hex::decode(text(group, "receipts")).ok()?;
        let answers = hex::decode(text(group, "answers")).ok()?;
        let (tags, rest) = tags.as_chunks::<32>();
        if state == "late" && tags.is_empty() && rest.is_empty() {
            continue;
        }
        if !rest.is_empty() || tags.is_empty() || answers.len() % tags.len() != 0 {
            return None;
        }
        let width = (answers.len() / tags.len()).max(1);
        let mut answers = answers.chunks(width);
        for tag in tags {
            let commitment = Sha256::new()
                .chain_update(SHEET)
                .chain_update(salt)
                .chain_update(tag)
                .chain_update(format!(
                    "{}\n{}\n{state}\n{}\n{}\n",
                    text(group, "panel"),
                    text(group, "channel"),
                    text(group, "subject"),
                    hex::encode(answers.next().unwrap_or_default())
                ))
                .finalize();
            // No receipt stands twice.
            let leaf = leaf(tag, state == "valid", &commitment.into());
            if leaves.insert(*tag, leaf).is_some() {
                return None;
            }
        }
    }
    // Of subjects that left the round: sealed, and not in the package.
    for other in survey["seal"]["others"].as_array().into_iter().flatten() {
        let bytes = hex::decode(other.as_str()?).ok()?;
        let (tag, _) = bytes.split_first_chunk::<32>()?;
        if bytes.len() != 65 || leaves.insert(*tag, record_hash(&bytes)).is_some() {
            return None;
        }
    }
    Some(leaves.into_values().collect())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn canonical(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap_or_default()
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
