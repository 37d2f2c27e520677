//! The server is killed under load, again and again: nothing acknowledged is lost, nothing is there twice.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use service::intake::{Intake, IntakeSettings, Receipt, ReceiptStatus};
use support::Database;
use support::client::Client;
use support::poll::{self, FilledForm, Poll};
use support::server::Server;

use super::draw::Draw;

/// Forms that are sent around each kill; more than the server can take before it dies.
const FORMS: usize = 600;
const CONNECTIONS: usize = 16;

/// Kills a server so many times and returns how many answers were acknowledged in all.
pub async fn run(database: &Database, count: usize, mut draw: Draw) -> usize {
    let poll = Poll::open(database, 5).await;
    let mut left = poll.leave().await;
    let mut server = Server::start(database).await;
    let mut acknowledged = 0;
    for kill in 0..count {
        let poll = left.join(database).await;
        let tokens = poll.invite(FORMS).await;
        let forms = Arc::new(poll.fill_in(&tokens).await);
        left = poll.leave().await;

        let receipts = Arc::new(Mutex::new(BTreeMap::new()));
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|first| tokio::spawn(send(server.address, forms.clone(), first, receipts.clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(10 + draw.below(150))).await;
        server.kill().await;
        for sender in senders {
            sender.await.expect("a sender ends");
        }
        let before = std::mem::take(&mut *receipts.lock().expect("a whole map"));
        server.restart().await;

        let poll = left.join(database).await;
        let lost = count_lost(&poll, before.values()).await;
        assert_eq!(lost, 0, "kill {kill}: acknowledged answers are lost");
        left = poll.leave().await;
        send_again(server.address, &forms, &before, &format!("kill {kill}")).await;
        acknowledged += FORMS;
        let poll = left.join(database).await;
        let recount = poll.recount().await;
        assert_eq!(recount.differences, [], "kill {kill}: tallies and sheets");
        assert_eq!(
            usize::try_from(poll::valid_sheets(&recount)).ok(),
            Some(acknowledged),
            "kill {kill}: each answer exactly once"
        );
        left = poll.leave().await;
    }
    acknowledged
}

/// Sends every sixteenth form until the server is gone.
async fn send(
    address: std::net::SocketAddr,
    forms: Arc<Vec<FilledForm>>,
    first: usize,
    receipts: Arc<Mutex<BTreeMap<usize, Receipt>>>,
) {
    let Ok(mut connection) = Client::connect(address).await else {
        return;
    };
    for (place, form) in forms.iter().enumerate().skip(first).step_by(CONNECTIONS) {
        let Ok(answer) = connection.send(&form.request(address)).await else {
            return;
        };
        assert_eq!(answer.status, 200, "every invitation is good");
        let receipt = find_receipt(answer.body).expect("a receipt");
        receipts.lock().expect("a whole map").insert(place, receipt);
    }
}

/// Everybody tries once more, as a browser does: whoever had a receipt gets the same one.
pub async fn send_again(
    address: std::net::SocketAddr,
    forms: &[FilledForm],
    before: &BTreeMap<usize, Receipt>,
    label: &str,
) {
    let mut connection = Client::connect(address).await.expect("a server");
    for (place, form) in forms.iter().enumerate() {
        let answer = (connection.send(&form.request(address)).await).expect("an answer");
        let receipt = find_receipt(answer.body).filter(|_| answer.status == 200);
        let receipt =
            receipt.unwrap_or_else(|| panic!("{label}: status {} for form {place}", answer.status));
        if let Some(earlier) = before.get(&place) {
            assert_eq!(
                receipt, *earlier,
                "{label}: another receipt for form {place}"
            );
        }
    }
}

/// How many of these receipts belong to no answer that is counted.
pub async fn count_lost(poll: &Poll, receipts: impl Iterator<Item = &Receipt>) -> usize {
    let intake = Intake::start(poll.service.clone(), IntakeSettings::default())
        .await
        .expect("an intake");
    let mut lost = 0;
    for receipt in receipts {
        let status = intake.find_receipt(receipt).await.expect("an answer");
        lost += usize::from(status != ReceiptStatus::Counted);
    }
    intake.finish().await;
    lost
}

/// The receipt on the page that thanks for the answers.
pub fn find_receipt(page: &[u8]) -> Option<Receipt> {
    let text = std::str::from_utf8(page).ok()?;
    let (_, rest) = text.split_once("<p class=\"receipt\"")?;
    let (shown, _) = rest.split_once("</p>")?;
    // What stands outside of tags, the end of the first one included.
    let words: String = shown
        .split('<')
        .filter_map(|part| Some(part.split_once('>')?.1))
        .collect();
    Receipt::parse(words.trim()).ok()
}
