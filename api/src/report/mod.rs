//! A closed round on paper: one sheet for each subject, Chinese first and then English, and the ranking.
//!
//! Everything is made from the package of the round, so a sheet says nothing that cannot be recomputed. Sheets go to the
//! units themselves: figures of few answers are withheld. Each file stands alone, with no script and nothing to fetch.
//! Deliberately absent: live figures, and anything about a person beside what the package holds.

pub(crate) mod folder;
mod ranking;
mod sheet;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use domain::access::CombinedRoles;
use domain::explain::Explainer;
use domain::outcome::{Consequence, Decision, Status};
use domain::package::Package;
use domain::scheme::Scheme;
use sha2::{Digest, Sha256};

use crate::page::language::{Language, Value};

/// Why sheets could not be written, in words for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum ReportFault {
    /// The folder holds something already.
    #[error(
        "`{0}` is not empty: sheets of two rounds would get mixed up; name a folder that is not there yet"
    )]
    NotEmpty(String),
    /// The package cannot be read.
    #[error("{0}")]
    Package(String),
    /// A file cannot be written.
    #[error("`{0}` cannot be written: {1}")]
    Folder(String, std::io::Error),
    /// A page cannot be drawn.
    #[error("a sheet cannot be drawn: {0}")]
    Page(#[from] askama::Error),
    /// The workbook cannot be made.
    #[error("the workbook cannot be made: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// What a package does not say about itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin {
    /// The day on which the round was closed, in its own time zone; deadlines are counted from it.
    pub closed_on: Option<NaiveDate>,
    /// Whether it comes from a demonstration.
    pub demo: bool,
}

/// A closed round with what its sheets are made from.
#[derive(Debug)]
pub struct Report<'a> {
    package: &'a Package,
    scheme: Scheme,
    origin: Origin,
    /// Names of subjects by code.
    names: BTreeMap<&'a str, &'a str>,
    /// Names of regions by code.
    regions: BTreeMap<&'a str, &'a str>,
    /// The file of each subject's sheet, by code.
    files: BTreeMap<&'a str, String>,
    /// What comes of decisions on others, by the code of whom it falls on, with whom the decision is on.
    falling: BTreeMap<&'a str, Vec<(&'a str, &'a Consequence)>>,
    head: Head<'a>,
}

/// What stands on every page.
#[derive(Debug)]
struct Head<'a> {
    round_code: &'a str,
    round_name: &'a str,
    period_from: String,
    period_to: String,
    scheme: String,
    scheme_version: &'a str,
    revision: u32,
    closed_on: Option<String>,
    inputs_digest: &'a str,
    outcome_digest: String,
    engine: &'a str,
    fictional: bool,
    combined: Option<&'a CombinedRoles>,
}

impl Head<'_> {
    /// What must be said of the round before anything else.
    fn marks(&self, language: Language) -> Vec<String> {
        let combined = self.combined.map(|combined| {
            let [one, other] = combined.roles.roles().map(|role| {
                let name = format!("report-role-{}", role.word().replace('_', "-"));
                language.say(&name)
            });
            let values = [
                ("one", Value::Text(&one)),
                ("other", Value::Text(&other)),
                ("reason", Value::Text(&combined.reason)),
            ];
            language.say_with("report-combined", values)
        });
        let fictional = self.fictional.then(|| language.say("report-fictional"));
        fictional.into_iter().chain(combined).collect()
    }
}

impl<'a> Report<'a> {
    /// Reads the scheme and the names of a package.
    ///
    /// # Errors
    /// [`ReportFault::Package`].
    pub fn new(package: &'a Package, origin: Origin) -> Result<Self, ReportFault> {
        let scheme = Scheme::parse(&package.scheme).map_err(|faults| {
            let first = faults.first().map_or_else(String::new, ToString::to_string);
            ReportFault::Package(format!("the scheme of the package has a fault: {first}"))
        })?;
        let outcome = package
            .outcome
            .to_canonical()
            .map_err(|error| ReportFault::Package(error.to_string()))?;
        let inputs = &package.inputs;
        let names = inputs
            .subjects
            .iter()
            .map(|subject| (subject.code.as_str(), subject.name.as_str()))
            .collect();
        let regions = inputs
            .regions
            .iter()
            .map(|region| (region.code.as_str(), region.name.as_str()))
            .collect();
        let head = Head {
            round_code: &inputs.round.code,
            round_name: &inputs.round.name,
            period_from: inputs.round.period_from.to_string(),
            period_to: inputs.round.period_to.to_string(),
            scheme: scheme.file.name.zh.clone(),
            scheme_version: &package.outcome.scheme_version,
            revision: package.revision,
            closed_on: origin.closed_on.map(|day| day.to_string()),
            inputs_digest: &package.outcome.inputs_digest,
            outcome_digest: hex::encode(Sha256::digest(&outcome)),
            engine: &package.engine,
            // A sample on its way through files carries no mark but its name.
            fictional: origin.demo || inputs.round.name.contains("虚构"),
            combined: package.combined_roles.as_ref(),
        };
        Ok(Self {
            package,
            scheme,
            origin,
            names,
            regions,
            files: name_files(package),
            falling: falling(package),
            head,
        })
    }

    /// Writes a sheet for each subject, `index.html` and `ranking.xlsx` into a folder: all of it or nothing. Tells how
    /// many sheets there are.
    ///
    /// # Errors
    /// [`ReportFault::NotEmpty`], or what could not be drawn or written.
    pub fn write(&self, folder: &Path) -> Result<usize, ReportFault> {
        let making = folder::Making::begin(folder)?;
        let explainer = self.explainer();
        for decision in &self.package.outcome.decisions {
            let page = self.draw_sheet(decision, &explainer)?;
            making.add(self.file(&decision.subject), page.as_bytes())?;
        }
        making.add("index.html", self.draw_ranking(&explainer)?.as_bytes())?;
        making.add("ranking.xlsx", &self.write_workbook(&explainer)?)?;
        making.finish()?;
        Ok(self.package.outcome.decisions.len())
    }

    /// Says why in words for the unit itself.
    fn explainer(&self) -> Explainer<'_> {
        let names = self.names.iter().map(|(code, name)| (*code, *name));
        Explainer::new(&self.scheme, names).withholding()
    }

    /// What falls on a subject from decisions on others, with whom they are on.
    fn falling_on(&self, subject: &str) -> impl Iterator<Item = (&str, &Consequence)> {
        let falling = self.falling.get(subject).into_iter().flatten();
        falling.map(|(source, one)| (*source, *one))
    }

    fn file(&self, subject: &str) -> &str {
        self.files.get(subject).map_or("", String::as_str)
    }

    /// The grade, or the word for there being none.
    fn grade(explainer: &Explainer<'_>, decision: &Decision, language: Language) -> String {
        match (&decision.grade, decision.disqualified, decision.status) {
            (Some(_), _, _) => {
                let words = explainer.grade(decision.grade.as_ref());
                language.of(&words).to_owned()
            }
            (None, true, _) => language.say("report-disqualified"),
            (None, false, Status::Held) => language.say("report-held"),
            (None, false, _) => language.say("report-no-grade"),
        }
    }

    /// Nothing where the scheme recognises everybody.
    fn eligible(explainer: &Explainer<'_>, decision: &Decision, language: Language) -> String {
        if !explainer.recognises() {
            return String::new();
        }
        language.say(match decision.eligible {
            Some(true) => "report-eligible-yes",
            Some(false) => "report-eligible-no",
            None => "report-eligible-open",
        })
    }

    fn labels(explainer: &Explainer<'_>, decision: &Decision, language: Language) -> String {
        let between = match language {
            Language::Chinese => "、",
            Language::English => ", ",
        };
        let names: Vec<String> = decision
            .labels
            .iter()
            .map(|label| language.of(&explainer.label_name(label)).to_owned())
            .collect();
        names.join(between)
    }
}

fn falling(package: &Package) -> BTreeMap<&str, Vec<(&str, &Consequence)>> {
    let mut found: BTreeMap<&str, Vec<(&str, &Consequence)>> = BTreeMap::new();
    for (source, on, one) in package.outcome.consequences_on_others() {
        found.entry(on).or_default().push((source, one));
    }
    found
}

/// Files are named by code where every system takes it as a name, else by number.
fn name_files(package: &Package) -> BTreeMap<&str, String> {
    let mut taken = BTreeSet::from(["index.html".to_owned(), "ranking.xlsx".to_owned()]);
    let mut files = BTreeMap::new();
    for (place, subject) in package.inputs.subjects.iter().enumerate() {
        let code = subject.code.as_str();
        let plain = !code.is_empty()
            && code.len() <= 100
            && code
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
        let mut name = format!("{code}.html");
        // Some systems do not tell capitals from small letters.
        if !plain || !taken.insert(name.to_ascii_lowercase()) {
            name = format!("{:05}.html", place + 1);
            taken.insert(name.clone());
        }
        files.insert(code, name);
    }
    files
}
