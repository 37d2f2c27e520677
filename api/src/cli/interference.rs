//! Signs of interference with a survey, as lines of a table.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::access::Actor;
use domain::id::{Id, Subject, Survey};
use domain::scheme::file::Channel;
use domain::survey::SPAN_SECONDS;
use service::Service;
use service::survey::AnsweredAbout;

use super::Failure;
use super::database::of_fault;
use super::survey::name_ballot;

/// What the columns are called.
pub(super) const HEAD: [&str; 5] = ["sign", "channel", "where", "answers", "of"];

/// What the columns of sheets that are held back are called.
pub(super) const HELD_HEAD: [&str; 5] = ["sheet", "about", "panel", "channel", "reason"];

/// A line for each sheet that is held back.
pub(super) async fn list_held(
    service: &Service,
    survey: Id<Survey>,
    codes: &BTreeMap<Id<Subject>, String>,
) -> Result<Vec<[String; 5]>, Failure> {
    let held = service.list_held_sheets(&Actor::Operator, survey).await;
    let held = held.map_err(|fault| of_fault(&fault))?.ok_or_else(sealed)?;
    let lines = held.into_iter().map(|one| {
        let about = name_about(codes, one.about);
        let channel = one.channel.word().to_owned();
        [one.name, about, one.panel, channel, one.reason]
    });
    Ok(lines.collect())
}

fn sealed() -> Failure {
    Failure::new("the survey is sealed: until it is closed it only says how many have answered")
}

fn name_about(codes: &BTreeMap<Id<Subject>, String>, about: AnsweredAbout) -> String {
    match about {
        AnsweredAbout::Subject(id) => codes.get(&id).cloned().unwrap_or_default(),
        AnsweredAbout::Ballot(number) => name_ballot(number),
    }
}

/// A line for each sign, in the order of their kinds. `zone` is the round's time zone, `codes` name its subjects.
pub(super) async fn list(
    service: &Service,
    survey: Id<Survey>,
    (zone, codes): (&str, &BTreeMap<Id<Subject>, String>),
) -> Result<Vec<[String; 5]>, Failure> {
    let found = service.read_interference(&Actor::Operator, survey).await;
    let found = found
        .map_err(|fault| of_fault(&fault))?
        .ok_or_else(sealed)?;
    let told = service.read_told(&Actor::Operator, survey).await;
    let told = told.map_err(|fault| of_fault(&fault))?;
    let about = |about| name_about(codes, about);
    let mut lines = Vec::new();
    let mut add = |sign: &str, channel: Option<Channel>, place: String, count: (String, String)| {
        let channel = channel.map_or("", Channel::word).to_owned();
        lines.push([sign.to_owned(), channel, place, count.0, count.1]);
    };
    let whole = |channel: Channel| {
        let arrived = found
            .signs
            .channels
            .iter()
            .find(|one| one.channel == channel);
        arrived.map_or_else(String::new, |one| one.answers.to_string())
    };
    for one in &found.signs.channels {
        let answers = one.answers.to_string();
        add(
            "answers",
            Some(one.channel),
            String::new(),
            (answers.clone(), String::new()),
        );
        if let Some(fast) = one.fast {
            add(
                "too fast",
                Some(one.channel),
                String::new(),
                (fast.to_string(), answers),
            );
        }
    }
    for one in &found.signs.bursts {
        let begins = write_span(one.span, zone)?;
        add(
            "burst",
            Some(one.channel),
            begins,
            (one.answers.to_string(), whole(one.channel)),
        );
    }
    for one in &found.signs.networks {
        let spans = format!("{} quarters of an hour", one.spans);
        add(
            "network",
            Some(one.channel),
            spans,
            (one.answers.to_string(), whole(one.channel)),
        );
    }
    for one in &found.signs.jumps {
        let days = format!("{} to {}", one.from.0, one.to.0);
        let shares = format!("{} to {}", one.before, one.after);
        add("jump", Some(one.channel), days, (shares, String::new()));
    }
    for one in found.alike.iter().flatten() {
        let counts = (one.sheets.to_string(), one.of.to_string());
        add("alike", None, about(one.subject), counts);
    }
    for one in told.iter().flatten() {
        let place = one.about.map_or_else(|| "all".to_owned(), about);
        let counts = match one.said {
            Some((yes, no)) => (yes.to_string(), yes.saturating_add(no).to_string()),
            None => ("fewer than ten".to_owned(), String::new()),
        };
        add("told what to answer", None, place, counts);
    }
    Ok(lines)
}

/// When a quarter of an hour began, on the clock of the round.
fn write_span(span: i64, zone: &str) -> Result<String, Failure> {
    let zone: chrono_tz::Tz =
        (zone.parse()).map_err(|_| Failure::new(format!("`{zone}` is no time zone")))?;
    let begins = DateTime::from_timestamp(span.saturating_mul(SPAN_SECONDS), 0);
    let local = begins.map(|at| at.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string());
    Ok(local.unwrap_or_default())
}
