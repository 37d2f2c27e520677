//! Things that happen at the same time: answers and a closing, copies of one form, people who close one round.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::access::{Actor, Grant, Role};
use domain::id::Id;
use futures_util::future::join_all;
use support::Database;
use support::client::Client;
use support::plant;
use support::poll::{self, FilledForm, Poll};
use support::server::Server;

use super::draw::Draw;
use super::kill::find_receipt;

/// So many answers race a closing, which begins once some of them were answered, however fast the machine is; returns how
/// many came before it.
pub async fn closing(database: &Database, count: usize, mut draw: Draw) -> usize {
    const CONNECTIONS: usize = 16;
    let poll = Poll::open(database, 5).await;
    let tokens = poll.invite(count).await;
    let forms = Arc::new(poll.fill_in(&tokens).await);
    let server = Server::start(database).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|first| {
            let places = (first, CONNECTIONS);
            tokio::spawn(answer(
                server.address,
                forms.clone(),
                places,
                answered.clone(),
            ))
        })
        .collect();
    let before = usize::try_from(draw.below(u64::try_from(count).unwrap_or(1))).unwrap_or(0);
    while answered.load(Ordering::Relaxed) < before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    poll.close().await;
    let mut booked = 0;
    for sender in senders {
        booked += sender.await.expect("a sender ends");
    }
    let recount = poll.recount().await;
    assert_eq!(recount.differences, [], "tallies and sheets");
    assert_eq!(
        usize::try_from(poll::valid_sheets(&recount)).ok(),
        Some(booked),
        "in the tally or refused as closed"
    );
    poll.leave().await;
    booked
}

async fn answer(
    address: SocketAddr,
    forms: Arc<Vec<FilledForm>>,
    (first, step): (usize, usize),
    answered: Arc<AtomicUsize>,
) -> usize {
    let mut connection = Client::connect(address).await.expect("a server");
    let mut booked = 0;
    for form in forms.iter().skip(first).step_by(step) {
        let answer = (connection.send(&form.request(address)).await).expect("an answer");
        answered.fetch_add(1, Ordering::Relaxed);
        match answer.status {
            200 => booked += 1,
            410 => {}
            other => panic!("status {other}"),
        }
    }
    booked
}

/// Copies of each of so many forms are sent at once: one sheet each, the same receipt, and other answers under the
/// same form are refused.
pub async fn copies(database: &Database, forms: usize, copies: usize) {
    let poll = Poll::open(database, 5).await;
    let tokens = poll.invite(forms).await;
    let filled = poll.fill_in(&tokens).await;
    let server = Server::start(database).await;
    let address = server.address;
    for form in &filled {
        let request = form.request(address);
        let sent = join_all((0..copies).map(|_| async {
            let mut connection = Client::connect(address).await.expect("a server");
            let answer = connection.send(&request).await.expect("an answer");
            (answer.status, find_receipt(answer.body))
        }))
        .await;
        assert!(sent[0].1.is_some(), "a receipt, status {}", sent[0].0);
        assert!(
            sent.iter().all(|one| *one == sent[0]),
            "the same receipt for each copy"
        );
        let other = FilledForm {
            path: form.path.clone(),
            body: form.body.replace("&q.words=", "&q.words=%E4%B8%8D"),
        };
        let mut connection = Client::connect(address).await.expect("a server");
        let refused = connection
            .send(&other.request(address))
            .await
            .expect("an answer");
        assert_eq!(refused.status, 409, "other answers under the same form");
    }
    let recount = poll.recount().await;
    assert_eq!(
        usize::try_from(poll::valid_sheets(&recount)).ok(),
        Some(forms),
        "one sheet each"
    );
    poll.leave().await;
}

/// Two to eight people close one round at once: one close-out, which all of them see.
pub async fn closers(database: &Database, mut draw: Draw) {
    let poll = Poll::open(database, 3).await;
    let people: Vec<i64> = (1..=2 + i64::try_from(draw.below(7)).unwrap_or(0)).collect();
    let names: Vec<String> = people.iter().map(|id| format!("admin-{id}")).collect();
    let accounts: Vec<(i64, &str)> = (people.iter().copied())
        .zip(names.iter().map(String::as_str))
        .collect();
    plant::add_staff(&poll.service, &accounts).await;
    poll.close().await;
    let closings = join_all(people.iter().map(|person| {
        let service = poll.service.clone();
        let actor = Actor::Staff {
            id: Id::new(*person),
            login: format!("admin-{person}"),
            grants: vec![Grant {
                role: Role::RoundAdministrator,
                region: None,
                category: None,
                round: None,
                subject: None,
            }],
        };
        async move {
            service
                .close_round(&actor, Id::new(1))
                .await
                .expect("a close-out")
        }
    }))
    .await;
    let winners = closings
        .iter()
        .filter(|closing| closing.by_this_request)
        .count();
    assert_eq!(winners, 1, "one of {} closes the round", people.len());
    assert!(
        closings
            .iter()
            .all(|closing| closing.revision == closings[0].revision),
        "all see the same"
    );
    poll.leave().await;
}
