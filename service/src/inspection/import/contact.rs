//! A table of whom a survey is sent to.
//!
//! An address is checked by its form alone: whether somebody reads it shows when it is written to. A list that could
//! not be sent whole is refused whole, unless whoever imports says that such rows be left out; they are reported either
//! way.

use std::collections::{BTreeMap, BTreeSet};

use domain::correction::InputKind;
use domain::id::{self, Id};
use domain::survey::{Definition, clean};
use entity::survey;

use super::answer::report;
use super::mark::{self, read_marks};
use super::table::{Columns, Reading};
use super::{Found, Row, RowReport, Task};
use crate::frame::{Frame, Participant};
use crate::freeze::{Touch, touch};
use crate::survey::contact::{Asked, NewContact, NewList, add_list, ask_about, known_contacts};
use crate::survey::{Ballot, Drawn, Way};
use crate::text::digest_of;
use crate::{Fault, Refusal, audit};

const COLUMNS: Columns<'_> = Columns {
    needed: &["subject", "panel"],
    optional: &[mark::COLUMN, "name", "mail", "phone", "postal"],
    others: false,
};

/// Of a survey that is a ballot. Which one may be left out where there is one alone.
const OF_BALLOTS: Columns<'_> = Columns {
    needed: &["panel"],
    optional: &["ballot", mark::COLUMN, "name", "mail", "phone", "postal"],
    others: false,
};

/// The columns of addresses; a table has one of them.
const WAYS: [(&str, Way); 3] = [
    ("mail", Way::Mail),
    ("phone", Way::Phone),
    ("postal", Way::Letter),
];

/// Longest name and postal address, in characters.
const LONGEST: usize = 200;

impl Task<'_> {
    /// Returns whether the rows were stored.
    pub(super) async fn contacts(
        &self,
        id: Id<id::Survey>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, Fault> {
        let Found {
            row,
            definition,
            frame,
            snapshot,
        } = self.find_survey(id).await?;
        let round = frame.id();
        let known = known_contacts(&snapshot, id).await?;
        let asked = Asked::of(&snapshot, &row, &definition).await?;
        snapshot.finish().await?;
        // Whoever may not ask about somebody is told nothing of the rows.
        let whom = match &asked {
            Asked::Subject => reading.subjects(&frame),
            Asked::Ballot(ballots) => asked.all_subjects(
                reading
                    .rows
                    .iter()
                    .filter_map(|row| find_ballot(ballots, reading, row).ok()),
            ),
        };
        let permit = ask_about(&frame, self.actor, &whom)?;
        if row.state == survey::State::Closed {
            let message = "the survey is closed and takes no more answers";
            return Err(Fault::refused(Refusal::new("SURVEY_CLOSED", message)));
        }
        reading.check_columns(match asked {
            Asked::Subject => &COLUMNS,
            Asked::Ballot(_) => &OF_BALLOTS,
        });
        let Some((column, way)) = find_way(reading) else {
            return Ok(false);
        };
        let read = Rows {
            subjects: frame.by_code(),
            asked: &asked,
            definition: &definition,
            column,
            way,
        }
        .read(reading, &known);
        let unfit = if self.leave_out { read.unfit } else { 0 };
        if self.dry_run || reading.fault_count() > unfit || read.contacts.is_empty() {
            return Ok(false);
        }
        let (contacts, drawn) = self.draw(&frame, read.contacts)?;
        let transaction = self.service.database.begin_write().await?;
        let now = self.service.clock.now();
        let answers = [InputKind::Survey(row.code.clone())];
        touch(&transaction, round, Touch::Change(&answers), now).await?;
        let count = contacts.len();
        let new = NewList {
            survey: row.id,
            way,
            contacts,
            drawn: drawn.clone(),
        };
        let list = add_list(self.service, &transaction, new).await?.to_string();
        let how = drawn.map_or_else(String::new, |drawn| {
            format!(", drawn from {} with the seed `{}`", drawn.from, drawn.seed)
        });
        let reason = format!("{count} contacts for {id}{how}");
        let entry = audit::Entry {
            reason: Some(&reason),
            ..permit.entry(now, "contact_list.add", &list)
        };
        audit::append(&transaction, &entry).await?;
        transaction.commit().await?;
        reading.made = Some(list);
        Ok(true)
    }
}

impl Task<'_> {
    /// All of the contacts, or a random sample of them.
    fn draw(
        &self,
        frame: &Frame,
        contacts: Vec<NewContact>,
    ) -> Result<(Vec<NewContact>, Option<Drawn>), Fault> {
        let Some(sample) = &self.sample else {
            return Ok((contacts, None));
        };
        let seed = match &sample.seed {
            Some(seed) => clean(seed).filter(|seed| (1..=LONGEST).contains(&seed.chars().count())),
            None => Some(hex::encode(self.service.ids.bytes::<16>()?)),
        };
        let seed = seed.ok_or_else(|| {
            let message = format!("write a seed of 1 to {LONGEST} characters");
            Fault::refused(Refusal::new("SEED_UNFIT", message).at(["seed"]))
        })?;
        let from = u64::try_from(contacts.len()).map_err(Fault::internal)?;
        let rank = |one: &NewContact| {
            let code = frame.code(one.subject).unwrap_or_default();
            digest_of(&[&seed, code, &one.panel, &one.address.to_lowercase()])
        };
        let mut ranked: Vec<([u8; 32], NewContact)> =
            contacts.into_iter().map(|one| (rank(&one), one)).collect();
        ranked.sort_unstable_by_key(|(rank, _)| *rank);
        let mut taken: BTreeMap<(i64, String), usize> = BTreeMap::new();
        let drawn = ranked.into_iter().map(|(_, one)| one).filter(|one| {
            let taken = taken.entry((one.subject, one.panel.clone())).or_default();
            *taken += 1;
            *taken <= sample.size
        });
        Ok((
            drawn.collect(),
            Some(Drawn {
                seed: seed.clone(),
                from,
            }),
        ))
    }
}

fn wrong(row: &Row, (column, code): (&str, &str), what: String, mend: String) -> RowReport {
    RowReport {
        row: row.number,
        column: Some(column.to_owned()),
        code: code.to_owned(),
        what,
        mend,
    }
}

/// The subject that stands for the ballot of a row, or what is wrong with its cell. An empty one means the only ballot.
fn find_ballot(
    ballots: &BTreeMap<i64, Ballot>,
    reading: &Reading<'_>,
    row: &Row,
) -> Result<i64, (&'static str, String)> {
    let cell = reading.cell(row, "ballot");
    let mut found = ballots
        .iter()
        .filter(|(_, ballot)| cell.is_none_or(|cell| cell == ballot.number.to_string()));
    match (cell, found.next(), found.next()) {
        (_, Some((standing, _)), None) => Ok(*standing),
        (None, ..) => Err(("CELL_EMPTY", "the survey has several ballots".to_owned())),
        (Some(cell), ..) => {
            let shown: String = cell.chars().take(40).collect();
            Err((
                "BALLOT_UNKNOWN",
                format!("the survey has no ballot `{shown}`"),
            ))
        }
    }
}

/// The one column of addresses.
fn find_way(reading: &mut Reading<'_>) -> Option<(&'static str, Way)> {
    let mut found = WAYS.iter().filter(|(column, _)| reading.has_column(column));
    if let (Some(way), None) = (found.next(), found.next()) {
        return Some(*way);
    }
    reading.fault(RowReport {
        row: 0,
        column: None,
        code: "ONE_WAY_NEEDED".to_owned(),
        what: "a list has one column of addresses: `mail`, `phone` or `postal`".to_owned(),
        mend: "keep one of them, and make a list of its own for each of the others".to_owned(),
    });
    None
}

/// What rows are read by.
struct Rows<'a> {
    subjects: BTreeMap<&'a str, &'a Participant>,
    asked: &'a Asked,
    definition: &'a Definition,
    column: &'static str,
    way: Way,
}

/// What rows say.
struct Read {
    contacts: Vec<NewContact>,
    /// How many of the faults are of addresses alone.
    unfit: usize,
}

impl Rows<'_> {
    fn read(&self, reading: &mut Reading<'_>, known: &BTreeSet<(i64, String)>) -> Read {
        let before = reading.fault_count();
        let (mut contacts, mut unfit) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for row in reading.rows {
            reading.used += 1;
            let whom = self.read_whom(reading, row);
            let marks = match read_marks(reading, row, self.definition) {
                Ok(marks) => marks,
                Err(fault) => {
                    reading.fault(report(row.number, fault));
                    continue;
                }
            };
            let Some((subject, panel, name)) = whom else {
                continue;
            };
            let address = reading.cell(row, self.column).unwrap_or_default();
            let key = match write_address(self.way, address) {
                Ok(address) => (subject, address),
                Err((what, mend)) => {
                    unfit.push(self.fault(row, "ADDRESS_MALFORMED", (what, mend)));
                    continue;
                }
            };
            let folded = (key.0, key.1.to_lowercase());
            let twice = if known.contains(&folded) {
                Some((
                    "ADDRESS_KNOWN",
                    "another list asks this person about the same already",
                ))
            } else if seen.contains(&folded) {
                Some((
                    "ADDRESS_TWICE",
                    "a row above asks this person about the same already",
                ))
            } else {
                None
            };
            if let Some((code, what)) = twice {
                let what = (what.to_owned(), "remove the row: one person, one answer");
                unfit.push(self.fault(row, code, what));
                continue;
            }
            seen.insert(folded);
            contacts.push(NewContact {
                subject,
                panel,
                marks,
                name,
                address: key.1,
            });
        }
        let others = reading.fault_count() - before;
        for fault in unfit {
            reading.fault(fault);
        }
        Read {
            contacts,
            unfit: reading.fault_count() - before - others,
        }
    }

    /// The subject that a row is about, or the one that stands for its ballot.
    fn read_subject<'r>(&self, reading: &mut Reading<'r>, row: &'r Row) -> Option<i64> {
        if let Asked::Ballot(ballots) = self.asked {
            return match find_ballot(ballots, reading, row) {
                Ok(standing) => Some(standing),
                Err((code, what)) => {
                    let numbers = ballots.values().map(|ballot| ballot.number.to_string());
                    let numbers: Vec<String> = numbers.collect();
                    let mend = format!("write one of {}", numbers.join(", "));
                    reading.fault(wrong(row, ("ballot", code), what, mend));
                    None
                }
            };
        }
        let code = reading.need(row, "subject")?;
        let subject = self.subjects.get(code);
        let categories = self.definition.categories.as_ref();
        let is_asked = |category: &String| categories.is_none_or(|asked| asked.contains(category));
        match subject {
            Some(subject) if is_asked(&subject.category) => Some(subject.id),
            Some(_) => {
                reading.fault(wrong(
                    row,
                    ("subject", "NOT_ASKED_ABOUT"),
                    format!("the survey is not about the category of `{code}`"),
                    "remove the row".to_owned(),
                ));
                None
            }
            None => {
                reading.fault(wrong(
                    row,
                    ("subject", "UNKNOWN_SUBJECT"),
                    format!("`{code}` is not on the roster of the round"),
                    "use a code of the round's roster".to_owned(),
                ));
                None
            }
        }
    }

    /// Whom the person is asked about, the panel, and the name.
    fn read_whom<'r>(
        &self,
        reading: &mut Reading<'r>,
        row: &'r Row,
    ) -> Option<(i64, String, String)> {
        let subject = self.read_subject(reading, row);
        let panel = reading.need(row, "panel")?;
        let has_panel = self.definition.panel(panel).is_some();
        if !has_panel {
            let known: Vec<&str> = (self.definition.panels.iter())
                .map(|panel| panel.code.as_str())
                .collect();
            reading.fault(wrong(
                row,
                ("panel", "PANEL_UNKNOWN"),
                format!("the survey has no panel `{panel}`"),
                format!("write one of {}", known.join(", ")),
            ));
        }
        let name = clean(reading.cell(row, "name").unwrap_or_default());
        let name = name.filter(|name| name.chars().count() <= LONGEST);
        if name.is_none() {
            reading.fault(wrong(
                row,
                ("name", "CELL_UNREADABLE"),
                format!("the name has control characters or more than {LONGEST} characters"),
                "write the name as it should stand on a letter".to_owned(),
            ));
        }
        Some((subject?, panel.to_owned(), name?)).filter(|_| has_panel)
    }

    fn fault(&self, row: &Row, code: &str, (what, mend): (String, &str)) -> RowReport {
        RowReport {
            row: row.number,
            column: Some(self.column.to_owned()),
            code: code.to_owned(),
            what,
            mend: mend.to_owned(),
        }
    }
}

/// An address in the one spelling in which it is stored, or what is wrong with it and how to mend it.
fn write_address(way: Way, text: &str) -> Result<String, (String, &'static str)> {
    let shown: String = text.chars().take(60).collect();
    match way {
        Way::Mail => write_mail(text).ok_or((
            format!("`{shown}` is no mail address"),
            "write it like `name@example.com`, in half-width letters and without a name before it",
        )),
        Way::Phone => write_phone(text).ok_or((
            format!("`{shown}` is no telephone number"),
            "write a mobile number of eleven digits, or one from abroad like `+852 5123 4567`",
        )),
        Way::Letter => clean(text)
            .filter(|text| !text.is_empty() && text.chars().count() <= LONGEST)
            .ok_or((
                format!("`{shown}` is no postal address"),
                "write to whom the letter goes, in at most 200 characters",
            )),
    }
}

/// The form that mail servers everywhere take: plain letters, one `@`, a domain of at least two labels.
fn write_mail(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let is_atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let local_fits = local.len() <= 64
        && local
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(is_atom));
    // Formulas of a spreadsheet would pass for letters and signs.
    let starts_plain = local.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let is_label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let domain_fits = labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && labels
            .last()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    (local_fits && starts_plain && domain_fits && text.len() <= 254)
        .then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
}

/// Digits alone, or `+` and digits for a number from abroad.
fn write_phone(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '\u{a0}' | '\u{3000}'))
        .collect();
    let mobile = plain.strip_prefix("+86").unwrap_or(&plain);
    let are_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if mobile.len() == 11
        && are_digits(mobile)
        && mobile.starts_with('1')
        && !mobile.starts_with("10")
        && !mobile.starts_with("11")
        && !mobile.starts_with("12")
    {
        return Some(mobile.to_owned());
    }
    let abroad = plain.strip_prefix('+')?;
    ((8..=15).contains(&abroad.len())
        && are_digits(abroad)
        && !abroad.starts_with('0')
        && !abroad.starts_with("86"))
    .then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_taken_as_servers_take_them() {
        for (text, stored) in [
            ("a.b@Example.COM", "a.b@example.com"),
            ("zhang+1@qq.com", "zhang+1@qq.com"),
            (
                "Leader_01@mail.example.gov.cn",
                "Leader_01@mail.example.gov.cn",
            ),
        ] {
            assert_eq!(write_mail(text).as_deref(), Some(stored));
        }
        for wrong in [
            "",
            "a",
            "@example.com",
            "a@example",
            "a@@example.com",
            "a b@example.com",
            "甲@example.com",
            "a＠example.com",
            "a@example..com",
            "a@-x.com",
            "a@1.2",
            ".a@example.com",
            "=HYPERLINK(1)@example.com",
            "=1+1@example.com",
            "Li <li@example.com>",
            "a@example.com,b@example.com",
            "a@example.com\nBcc: b@example.com",
            &format!("{}@example.com", "a".repeat(65)),
        ] {
            assert_eq!(write_mail(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn telephone_numbers_have_one_spelling() {
        for (text, stored) in [
            ("138 0013 8000", "13800138000"),
            ("+86 138-0013-8000", "13800138000"),
            ("+852 5123 4567", "+85251234567"),
        ] {
            assert_eq!(write_phone(text).as_deref(), Some(stored));
        }
        for wrong in [
            "",
            "1380013800",
            "138001380000",
            "12800138000",
            "+86 1380",
            "=1",
            "电话",
            "+0123456789",
        ] {
            assert_eq!(write_phone(wrong), None, "{wrong}");
        }
    }
}
