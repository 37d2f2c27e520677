//! A closed round as one file that anybody can recompute: scheme, inputs, outcome, and for auditors the sheets.
//!
//! A package is canonical JSON (RFC 8785), so that it can be compared byte for byte. [`replay`] needs nothing beside
//! it. Where answer sheets are in it, they must be those that were sealed. Checking signatures is deliberately absent: a
//! package proves that its outcome follows from its inputs, not who made it.

mod seal;

mod public;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::access::CombinedRoles;
use crate::canonical;
use crate::decide::decide;
use crate::inputs::{Inputs, SortedInputs, in_order};
use crate::number::NumberError;
use crate::outcome::{ENGINE, Outcome};
use crate::scheme::Scheme;
use crate::scheme::file::Channel;
use crate::snapshot::Snapshot;
use crate::survey::{
    ABSTAINED, Asked, Definition, RATED, SheetState, Tally, UnknownMark, recount, recount_ballots,
};

pub use public::{Dependent, publish};

/// The value of `format` that this engine reads and writes.
pub const FORMAT: &str = "mingjian-package/1";

/// What can be changed between two bytes that are shown of a value.
const LONGEST_SHOWN: usize = 120;

/// A closed round.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Always `mingjian-package/1`.
    pub format: String,
    /// The version of the engine that decided.
    pub engine: String,
    /// The revision that it is of, from 1.
    pub revision: u32,
    /// The text of the scheme file.
    pub scheme: String,
    /// Everything that was looked at.
    pub inputs: Inputs,
    /// Everything that came of it.
    pub outcome: Outcome,
    /// The roles that the office lets one person hold together, though others keep them apart, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combined_roles: Option<CombinedRoles>,
    /// What it was made from, where figures of few answers are withheld so that everybody may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_of: Option<PublicOf>,
    /// The answer sheets of every survey, which the counts are made from; absent where only counts are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheets: Option<Vec<SurveySheets>>,
}

/// The close-out that a public package was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicOf {
    /// SHA-256 of its inputs, in hexadecimal.
    pub inputs_digest: String,
    /// SHA-256 of its outcome, in hexadecimal.
    pub outcome_digest: String,
}

/// The answer sheets of one survey.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveySheets {
    /// What was asked.
    pub definition: Definition,
    /// The sheets by whom they are about, who answered, on what way, and what became of them.
    pub groups: Vec<SheetGroup>,
    /// The sheets of ballots in the same way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ballots: Vec<BallotGroup>,
    /// The seal that was put on them when the survey was closed; absent where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<SheetSeal>,
}

/// Ballots that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BallotGroup {
    /// The subjects' codes in the order of the lines; empty for one that left the round.
    pub subjects: Vec<String>,
    /// The panel.
    pub panel: String,
    /// The channel.
    pub channel: Channel,
    /// What became of them, as in [`SheetGroup`].
    pub state: String,
    /// The sheets as in [`SheetGroup`], each line after line.
    pub answers: String,
    /// The digests of the receipts, as in [`SheetGroup`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipts: String,
    /// What stands in the seal for subjects that left the round, in the order of their lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// As in [`SheetGroup`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, u64>,
}

/// What was signed over the sheets of a survey, and what it takes to make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetSeal {
    /// The signed note (C2SP) with the hash of the tree over all sheets but late ones.
    pub note: String,
    /// Leaves of sheets about subjects that left the round, which are not in the package, in hexadecimal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// What salts the commitments, in hexadecimal.
    pub salt: String,
    /// The survey's id, by which log and note name it.
    pub survey: String,
}

/// Sheets that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetGroup {
    /// The subject's code.
    pub subject: String,
    /// The panel.
    pub panel: String,
    /// The channel.
    pub channel: Channel,
    /// What became of them: `valid`, `invalid`, `replaced`, `late`, `quarantined`, `changed`.
    pub state: String,
    /// The sheets one behind the other in hexadecimal, in the order of their bytes: the order in which they came in
    /// would say who answered when.
    pub answers: String,
    /// The digests of the sheets' receipts in the order of the sheets, 32 bytes each in hexadecimal; empty where nothing
    /// was sealed, and for late sheets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipts: String,
    /// How many of the sheets are of respondents with each mark whose share the survey demands. Counts beside the sheets,
    /// for who answers with a mark may be one person alone: which sheets these are is in no package, nor in the seal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, u64>,
}

/// That a package recomputes to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Same {
    /// How many subjects were decided again.
    pub subjects: usize,
    /// How many of them were not, since their figures are withheld: what they came to is given.
    pub withheld: usize,
    /// How many sheets were counted again.
    pub sheets: u64,
    /// SHA-256 of the inputs, in hexadecimal.
    pub inputs_digest: String,
    /// SHA-256 of the outcome, in hexadecimal.
    pub outcome_digest: String,
}

/// The first place in which a package does not recompute to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, as keys joined by `/`; empty for the file as a whole.
    pub path: String,
    /// What the package says.
    pub stored: String,
    /// What recomputing gives.
    pub recomputed: String,
    /// Both versions, where another version of the engine decided.
    pub engines: Option<(String, String)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.path.is_empty() {
            "the package"
        } else {
            &self.path
        };
        write!(
            f,
            "{place}: stored {}, recomputed {}",
            self.stored, self.recomputed
        )?;
        if let Some((then, now)) = &self.engines {
            write!(f, " (decided by engine {then}, recomputed by engine {now})")?;
        }
        Ok(())
    }
}

impl Difference {
    fn new(
        path: impl Into<String>,
        stored: impl Into<String>,
        recomputed: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            stored: shorten(&stored.into()),
            recomputed: shorten(&recomputed.into()),
            engines: None,
        }
    }
}

impl Package {
    /// The bytes of the file: canonical JSON.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if a count lies beyond what JSON numbers hold exactly.
    pub fn to_canonical(&self) -> Result<Vec<u8>, NumberError> {
        let surveys = self.sheets.as_ref().map(|surveys| {
            let mut sorted: Vec<SortedSheets> = surveys.iter().map(SortedSheets::of).collect();
            sorted.sort_by(|a, b| a.definition.code.cmp(&b.definition.code));
            sorted
        });
        canonical::to_vec(&SortedPackage {
            combined_roles: self.combined_roles.as_ref(),
            engine: &self.engine,
            format: &self.format,
            inputs: SortedInputs::of(&self.inputs),
            outcome: &self.outcome,
            public_of: self.public_of.as_ref(),
            revision: self.revision,
            scheme: &self.scheme,
            sheets: surveys,
        })
    }
}

/// A package with every list in its own order, borrowed.
#[derive(Serialize)]
struct SortedPackage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    combined_roles: Option<&'a CombinedRoles>,
    engine: &'a str,
    format: &'a str,
    inputs: SortedInputs<'a>,
    outcome: &'a Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_of: Option<&'a PublicOf>,
    revision: u32,
    scheme: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sheets: Option<Vec<SortedSheets<'a>>>,
}

#[derive(Serialize)]
struct SortedSheets<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ballots: Vec<&'a BallotGroup>,
    definition: &'a Definition,
    groups: Vec<&'a SheetGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seal: Option<&'a SheetSeal>,
}

impl<'a> SortedSheets<'a> {
    fn of(survey: &'a SurveySheets) -> Self {
        Self {
            ballots: in_order(&survey.ballots),
            definition: &survey.definition,
            groups: in_order(&survey.groups),
            seal: survey.seal.as_ref(),
        }
    }
}

impl Outcome {
    /// The bytes that are stored, digested and compared: canonical JSON.
    ///
    /// # Errors
    /// [`NumberError::Overflow`] if a count lies beyond what JSON numbers hold exactly.
    pub fn to_canonical(&self) -> Result<Vec<u8>, NumberError> {
        canonical::to_vec(self)
    }
}

/// Recomputes a package: counts its sheets again, decides again, and compares with what it says, byte for byte. A line
/// break at the end of the file is no difference.
///
/// # Errors
/// The first [`Difference`], in the order file, scheme, sheets, inputs, outcome.
pub fn replay(bytes: &[u8]) -> Result<Same, Box<Difference>> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let package: Package = serde_json::from_slice(bytes)
        .map_err(|error| Difference::new("", "this file", format!("no package: {error}")))?;
    if package.format != FORMAT {
        return Err(Box::new(Difference::new("format", package.format, FORMAT)));
    }
    compare(&package, bytes).map_err(|mut difference| {
        if package.engine != ENGINE {
            difference.engines = Some((package.engine.clone(), ENGINE.to_owned()));
        }
        difference
    })
}

fn compare(package: &Package, bytes: &[u8]) -> Result<Same, Box<Difference>> {
    let overflow = |error: NumberError| Difference::new("", "a number", error.to_string());
    if package.to_canonical().map_err(overflow)? != bytes {
        return Err(Box::new(canonical_difference(package, bytes)));
    }
    let scheme = Scheme::parse(&package.scheme).map_err(|faults| {
        let first = faults.first().map_or_else(String::new, ToString::to_string);
        Difference::new("scheme", "a scheme", format!("a fault: {first}"))
    })?;
    let sheets = count_again(package)?;
    let snapshot = Snapshot::build(&scheme, &package.inputs).map_err(|faults| {
        let first = faults.first();
        let path = first.map_or_else(String::new, |fault| format!("inputs/{}", fault.path));
        let message = first.map_or_else(String::new, |fault| fault.message.clone());
        Difference::new(path, "a row", format!("a fault: {message}"))
    })?;
    let recomputed = decide(&scheme, &snapshot);
    let stored = package.outcome.to_canonical().map_err(overflow)?;
    let again = recomputed.to_canonical().map_err(overflow)?;
    if stored != again {
        return Err(Box::new(outcome_difference(&stored, &again)));
    }
    Ok(Same {
        subjects: recomputed.decisions.len(),
        withheld: package.inputs.withheld.len(),
        sheets,
        inputs_digest: recomputed.inputs_digest.to_string(),
        outcome_digest: hex::encode(Sha256::digest(&again)),
    })
}

/// Where the bytes of the file are not those of its content.
fn canonical_difference(package: &Package, bytes: &[u8]) -> Difference {
    let stored = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let again = package
        .to_canonical()
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(Value::Null);
    first_difference("", &stored, &again).unwrap_or_else(|| {
        Difference::new(
            "",
            "other spaces, order or spelling of numbers",
            "canonical JSON (RFC 8785)",
        )
    })
}

fn outcome_difference(stored: &[u8], again: &[u8]) -> Difference {
    let read = |bytes| serde_json::from_slice(bytes).unwrap_or(Value::Null);
    first_difference("outcome", &read(stored), &read(again))
        .unwrap_or_else(|| Difference::new("outcome", "other bytes", "other bytes"))
}

/// The first place in which two documents differ. Elements of lists are named by their subject or code where they have
/// one, else by their place from 0.
fn first_difference(path: &str, stored: &Value, again: &Value) -> Option<Difference> {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}/{key}")
        }
    };
    match (stored, again) {
        (Value::Object(stored), Value::Object(again)) => {
            let keys: std::collections::BTreeSet<&String> =
                stored.keys().chain(again.keys()).collect();
            keys.into_iter().find_map(|key| {
                let side = |map: &serde_json::Map<String, Value>| {
                    map.get(key).cloned().unwrap_or(Value::Null)
                };
                first_difference(&below(key), &side(stored), &side(again))
            })
        }
        (Value::Array(stored), Value::Array(again)) => {
            let length = stored.len().max(again.len());
            (0..length).find_map(|place| {
                let (one, other) = (stored.get(place), again.get(place));
                let key = one.and_then(name_of).unwrap_or_else(|| place.to_string());
                let absent = Value::String("nothing".to_owned());
                first_difference(
                    &below(&key),
                    one.unwrap_or(&absent),
                    other.unwrap_or(&absent),
                )
            })
        }
        _ if stored == again => None,
        _ => Some(Difference::new(path, stored.to_string(), again.to_string())),
    }
}

fn name_of(element: &Value) -> Option<String> {
    ["subject", "item", "node", "rule", "what", "quota"]
        .iter()
        .find_map(|key| element.get(key)?.as_str().map(str::to_owned))
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= LONGEST_SHOWN {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(LONGEST_SHOWN).collect();
    cut.push('…');
    cut
}

/// Counts the sheets again; the inputs must say the same. Returns how many there are.
fn count_again(package: &Package) -> Result<u64, Box<Difference>> {
    let Some(surveys) = &package.sheets else {
        return Ok(0);
    };
    let mut counted = Inputs {
        tallies: Vec::new(),
        sheets: Vec::new(),
        ..package.inputs.clone()
    };
    let mut number = 0_u64;
    for survey in surveys {
        seal::compare(survey)?;
        let mut tallies: BTreeMap<(&str, &str, Channel), Tally> = BTreeMap::new();
        for group in &survey.groups {
            let path = format!("sheets/{}/{}", survey.definition.code, group.subject);
            let wrong = |what: String| Difference::new(path.clone(), "sheets", what);
            let state = SheetState::parse(&group.state)
                .ok_or_else(|| wrong(format!("`{}` is no state of a sheet", group.state)))?;
            let bytes = hex::decode(&group.answers).map_err(|error| wrong(error.to_string()))?;
            let mut part = recount(&survey.definition, state, &bytes)
                .map_err(|error| wrong(error.to_string()))?;
            add_marks(&survey.definition, (state, &group.marks), &mut part).map_err(wrong)?;
            number = number.saturating_add(part.sheets(state));
            tallies
                .entry((&group.subject, &group.panel, group.channel))
                .or_default()
                .add_all(&part);
        }
        for group in &survey.ballots {
            let path = format!("sheets/{}/ballots", survey.definition.code);
            let wrong = |what: String| Difference::new(path.clone(), "ballots", what);
            let state = SheetState::parse(&group.state)
                .ok_or_else(|| wrong(format!("`{}` is no state of a sheet", group.state)))?;
            let bytes = hex::decode(&group.answers).map_err(|error| wrong(error.to_string()))?;
            let mut lines =
                recount_ballots(&survey.definition, group.subjects.len(), state, &bytes)
                    .map_err(|error| wrong(error.to_string()))?;
            for line in &mut lines {
                add_marks(&survey.definition, (state, &group.marks), line).map_err(wrong)?;
            }
            let first = lines.first().map_or(0, |line| line.sheets(state));
            number = number.saturating_add(first);
            let named = group.subjects.iter().zip(&lines);
            for (subject, line) in named.filter(|(subject, _)| !subject.is_empty()) {
                tallies
                    .entry((subject, &group.panel, group.channel))
                    .or_default()
                    .add_all(line);
            }
        }
        for ((subject, panel, channel), tally) in tallies {
            let group = CountedGroup {
                definition: &survey.definition,
                subject,
                panel,
                channel,
            };
            group.add_to(&mut counted, &tally);
        }
    }
    counted.sort();
    let mut stored = package.inputs.clone();
    stored.sort();
    let side =
        |inputs: &Inputs| serde_json::json!({ "tallies": inputs.tallies, "sheets": inputs.sheets });
    match first_difference("inputs", &side(&stored), &side(&counted)) {
        Some(difference) => Err(Box::new(difference)),
        None => Ok(number),
    }
}

/// Adds to the counts of a group how many of its sheets bear marks.
///
/// # Errors
/// What is wrong with them.
fn add_marks(
    definition: &Definition,
    (state, marks): (SheetState, &BTreeMap<String, u64>),
    tally: &mut Tally,
) -> Result<(), String> {
    for (mark, count) in marks {
        let mut known = (0_u16..).zip(&definition.marks);
        let Some((place, _)) = known.find(|(_, code)| *code == mark) else {
            return Err(UnknownMark(mark.clone()).to_string());
        };
        if *count > tally.sheets(state) {
            return Err(format!("more sheets with the mark `{mark}` than there are"));
        }
        tally.add_mark(state, place, *count);
    }
    Ok(())
}

/// A group of sheets with the definition that its counts are read by.
#[derive(Debug, Clone, Copy)]
pub struct CountedGroup<'a> {
    /// What was asked.
    pub definition: &'a Definition,
    /// The subject's code.
    pub subject: &'a str,
    /// The panel.
    pub panel: &'a str,
    /// The channel.
    pub channel: Channel,
}

impl CountedGroup<'_> {
    /// Adds a group's counts to the inputs of its round. Only rated questions are decided by; quarantined sheets count
    /// as invalid until somebody decides otherwise.
    pub fn add_to(&self, inputs: &mut Inputs, tally: &Tally) {
        let count = |state| tally.sheets(state);
        let marks = |which: fn([u64; 2]) -> u64| -> BTreeMap<String, u64> {
            let marks = tally.marks(self.definition);
            let counts = marks.map(|(code, counts)| (code.to_owned(), which(counts)));
            counts.filter(|(_, count)| *count > 0).collect()
        };
        inputs.sheets.push(crate::inputs::SheetCount {
            survey: self.definition.code.clone(),
            subject: self.subject.to_owned(),
            panel: self.panel.to_owned(),
            channel: self.channel,
            valid: count(SheetState::Valid),
            rated: tally.count(RATED.0, RATED.1),
            abstained: tally.count(ABSTAINED.0, ABSTAINED.1),
            invalid: count(SheetState::Invalid).saturating_add(count(SheetState::Quarantined)),
            replaced: count(SheetState::Replaced),
            changed: count(SheetState::Changed),
            late: count(SheetState::Late),
            marks: marks(|[valid, _]| valid),
            returned_marks: marks(|[_, returned]| returned),
        });
        for ((question, option), count) in &tally.answers {
            let Some(asked) = self.definition.questions.get(usize::from(*question)) else {
                continue;
            };
            let Asked::Rated(options) = &asked.asked else {
                continue;
            };
            let Some(option) = options.get(usize::from(*option)).filter(|_| *count > 0) else {
                continue;
            };
            inputs.tallies.push(crate::inputs::Tally {
                survey: self.definition.code.clone(),
                subject: self.subject.to_owned(),
                panel: self.panel.to_owned(),
                channel: self.channel,
                question: asked.code.clone(),
                option: option.code.clone(),
                count: *count,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../schemes/ouhai/organ.toml");
    const INPUTS: &str = include_str!("../../schemes/ouhai/organ.sample.json");

    fn package() -> Package {
        let scheme = Scheme::parse(TABLE).unwrap();
        let inputs = Inputs::parse(INPUTS).unwrap();
        let outcome = decide(&scheme, &Snapshot::build(&scheme, &inputs).unwrap());
        Package {
            format: FORMAT.to_owned(),
            engine: ENGINE.to_owned(),
            revision: 1,
            scheme: TABLE.to_owned(),
            inputs,
            outcome,
            combined_roles: None,
            public_of: None,
            sheets: None,
        }
    }

    #[test]
    fn a_package_recomputes_to_itself() {
        let bytes = package().to_canonical().unwrap();
        let same = replay(&bytes).unwrap();
        assert_eq!(same.subjects, package().inputs.subjects.len());
        let mut with_line_break = bytes;
        with_line_break.push(b'\n');
        assert!(replay(&with_line_break).is_ok());
    }

    #[test]
    fn a_changed_score_is_named_by_subject() {
        let mut package = package();
        package.outcome.decisions[2].rank = Some(77);
        let subject = package.outcome.decisions[2].subject.clone();
        let difference = replay(&package.to_canonical().unwrap()).unwrap_err();
        assert_eq!(difference.path, format!("outcome/decisions/{subject}/rank"));
        assert_eq!(difference.stored, "77");
    }

    #[test]
    fn a_file_in_another_spelling_is_not_the_same() {
        let pretty = serde_json::to_vec_pretty(&package()).unwrap();
        assert!(replay(&pretty).is_err());
    }

    #[test]
    fn another_engine_is_named() {
        let mut package = package();
        package.engine = "0".to_owned();
        package.outcome.decisions[0].rank = Some(77);
        let difference = replay(&package.to_canonical().unwrap()).unwrap_err();
        assert_eq!(
            difference.engines,
            Some(("0".to_owned(), ENGINE.to_owned()))
        );
    }
}
