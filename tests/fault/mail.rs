//! Days on which a mail server fails: it does not answer, puts off, refuses, hangs, and hangs up after it has taken a
//! message; and workers die while they send. Whoever can be written to gets the invitation and the reminder, each
//! under one name, however often it left.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use domain::access::Actor;
use domain::id::{self, Id};
use sea_orm::{ConnectionTrait, Statement};
use service::clock::FixedClock;
use service::inspection::import::{ImportKind, Request, Row, Table};
use service::{Service, outbox};
use support::mail::{MailCatcher, Trouble};
use support::poll::Poll;
use support::{Database, post};

use super::draw::Draw;

/// Looks for work in a day.
const LOOKS: u64 = 6;

/// What goes wrong, in the order in which it is drawn: of twenty troubles one makes the worker wait for a second.
const TROUBLES: [(Trouble, u64); 7] = [
    (Trouble::Refused, 4),
    (Trouble::Busy, 4),
    (Trouble::Later, 4),
    (Trouble::DroppedAfterData, 4),
    (Trouble::NoSuchAddress, 2),
    (Trouble::Unwanted, 1),
    (Trouble::Silent, 1),
];

/// How the days went.
#[derive(Debug, Default)]
pub struct Days {
    /// Mails that were to be sent.
    pub wanted: usize,
    /// Connections that failed.
    pub troubles: usize,
    /// Workers that were dropped in the middle of their work.
    pub deaths: usize,
    /// Messages that came again under their name.
    pub again: usize,
    /// Mails to addresses that the server does not know.
    pub refused: usize,
}

/// Invites a few people on each of so many days, and reminds them two days later.
pub async fn run(database: &Database, days: usize, mut draw: Draw) -> Days {
    let poll = Poll::open(database, 3).await;
    let clock = Arc::new(FixedClock::at(service::Clock::now(&*poll.service.clock)));
    let service = Service {
        clock: clock.clone(),
        ..poll.service.clone()
    };
    let catcher = MailCatcher::start((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .expect("a mail server");
    let worker = post::worker(service.clone(), post::smtp(catcher.address));

    let mut went = Days::default();
    let mut lists = Vec::with_capacity(days);
    for day in 0..days + 2 {
        if day < days {
            let people = 1 + usize::try_from(draw.below(8)).expect("a few");
            lists.push(invite(&service, poll.survey, day, people).await);
            went.wanted += 2 * people;
        }
        if let Some(list) = day.checked_sub(2).and_then(|day| lists.get(day)) {
            let reminded = service.remind_contact_list(&Actor::Operator, *list).await;
            reminded.expect("a reminder");
        }
        for _ in 0..LOOKS {
            if draw.below(2) == 0 {
                let bad = 1 + draw.below(8);
                went.troubles += usize::try_from(bad).expect("a few");
                catcher.fail_next((0..bad).map(|_| trouble(&mut draw)));
            }
            if draw.below(4) == 0 {
                let patience = Duration::from_millis(draw.below(12));
                let died = tokio::time::timeout(patience, worker.work()).await.is_err();
                went.deaths += usize::from(died);
            }
            while worker.work().await.expect("a database") {}
            // Bad weather passes: who still waits after two days is not reminded.
            went.troubles -= catcher.calm();
            clock.advance(Duration::from_mins(120 + draw.below(240)));
        }
    }
    // Fair weather, until nothing waits any more.
    for _ in 0..24 {
        while worker.work().await.expect("a database") {}
        clock.advance(Duration::from_hours(1));
    }
    let waiting = outbox::count_waiting(&service.database.reader()).await;
    assert_eq!(waiting.expect("a count"), 0, "nothing waits any more");
    check(&service, &catcher, &mut went).await;
    poll.leave().await;
    went
}

/// Each mail has come, or was refused because of its address: none is missing, and none came under two names.
async fn check(service: &Service, catcher: &MailCatcher, went: &mut Days) {
    let messages = catcher.messages();
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for message in &messages {
        let [recipient] = &message.recipients[..] else {
            panic!("one recipient: {message:?}");
        };
        let mut lines = message.text.lines();
        let name = lines.find(|line| line.starts_with("Message-ID:"));
        names
            .entry(recipient)
            .or_default()
            .insert(name.expect("a name"));
    }
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    for address in catcher.refused() {
        *refused.entry(address).or_default() += 1;
    }
    let backend = service.database.reader().get_database_backend();
    let rows = (service.database.reader())
        .query_all_raw(Statement::from_string(
            backend,
            "SELECT address, delivery FROM contact ORDER BY address",
        ))
        .await
        .expect("the contacts");
    assert_eq!(rows.len() * 2, went.wanted, "nobody is lost");
    let mut came = 0;
    for row in rows {
        let (address, delivery): (String, String) = row
            .try_get_many("", &["address", "delivery"].map(str::to_owned))
            .expect("a contact");
        let got = names.get(address.as_str()).map_or(0, BTreeSet::len);
        let not = refused.get(&address).copied().unwrap_or(0);
        assert!(got <= 2, "{address} got {got} messages of two");
        assert!(got + not >= 2, "{address} lacks a message");
        assert_ne!(delivery, "waiting", "{address}");
        went.refused += 2 - got;
        came += got;
    }
    went.again = messages.len() - came;
}

/// A confirmed list of so many people.
async fn invite(
    service: &Service,
    survey: Id<id::Survey>,
    day: usize,
    people: usize,
) -> Id<id::ContactList> {
    let rows = (0..people).map(|person| Row {
        number: u32::try_from(person + 2).expect("a row"),
        cells: vec![
            format!("u-00{}", person % 3 + 1),
            "users".to_owned(),
            format!("day{day}-person{person}@example.com"),
        ],
    });
    let request = Request {
        round: None,
        survey: Some(survey),
        kind: ImportKind::Contacts,
        table: Table {
            columns: ["subject", "panel", "mail"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        },
        dry_run: false,
        leave_out: false,
        sample: None,
    };
    let imported = service.import(&Actor::Operator, request).await;
    let made = imported.expect("a report").made.expect("a list");
    let list = made.parse().expect("an id");
    let confirmed = service.confirm_contact_list(&Actor::Operator, list).await;
    confirmed.expect("a confirmed list").id
}

fn trouble(draw: &mut Draw) -> Trouble {
    let weights: u64 = TROUBLES.iter().map(|(_, weight)| weight).sum();
    let mut drawn = draw.below(weights);
    for (trouble, weight) in TROUBLES {
        if drawn < weight {
            return trouble;
        }
        drawn -= weight;
    }
    Trouble::Refused
}
