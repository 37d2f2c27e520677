//! Whether the time of an answer tells that something is there: log-in, forgotten password, a link for staff, an
//! invitation of a citizen, a receipt. Each is asked for what is there and for what is not, by turns, and the medians
//! are told. Nothing is refused by it: how far they may lie apart depends on the machine.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::access::Actor;
use service::intake::Receipt;
use service::staff::StaffDraft;
use service::staff::link::{INVITATION_JOB, Lifetimes};
use support::Database;
use support::client::{self, Client};
use support::poll::Poll;
use support::server::Server;

use super::draw::Draw;
use super::kill::find_receipt;

/// A pair of requests: for what is there, and for what is not.
struct Pair {
    what: &'static str,
    there: Vec<u8>,
    not_there: Vec<u8>,
}

/// Tries so many of each and tells the medians.
pub async fn run(database: &Database, count: usize, mut draw: Draw) -> String {
    let poll = Poll::open(database, 1).await;
    let link = staff_link(&poll).await;
    let invitations = poll.invite(2).await;
    let forms = poll.fill_in(&invitations[..1]).await;
    let settings = [
        ("MINGJIAN_AUTH_ADDRESS_LOGINS_PER_MINUTE", "100000"),
        ("MINGJIAN_AUTH_ACCOUNT_LOGINS_PER_MINUTE", "100000"),
        ("MINGJIAN_GRAPHQL_COST_PER_SECOND", "0"),
    ];
    let server = Server::start_with(database, &settings).await;
    let mut connection = Client::connect(server.address).await.expect("a server");
    let answer = connection.send(&forms[0].request(server.address)).await;
    let receipt = find_receipt(answer.expect("an answer").body).expect("a receipt");
    let pairs = pairs(server.address, &link, &invitations[1].expose(), &receipt);

    let mut told = format!("{count} tries each; medians in µs");
    for pair in &pairs {
        let mut times = [Vec::with_capacity(count), Vec::with_capacity(count)];
        for _ in 0..count {
            // In either order, or the second would find everything warm.
            let first = usize::from(draw.below(2) == 1);
            for which in [first, 1 - first] {
                let request = if which == 0 {
                    &pair.there
                } else {
                    &pair.not_there
                };
                let begun = Instant::now();
                connection.send(request).await.expect("an answer");
                times[which].push(begun.elapsed());
            }
        }
        let [there, not_there] = times.map(median);
        let apart = there.abs_diff(not_there).as_secs_f64() / there.max(not_there).as_secs_f64();
        let _infallible = write!(
            told,
            "; {}: {} and {}, {:.1} % apart",
            pair.what,
            there.as_micros(),
            not_there.as_micros(),
            apart * 100.0
        );
    }
    poll.close().await;
    told
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The token of a link to an account that was invited.
async fn staff_link(poll: &Poll) -> String {
    let service = &poll.service;
    let draft = StaffDraft {
        login: "known".to_owned(),
        name: "Leader 01 (fictional)".to_owned(),
        email: Some("known@example.com".to_owned()),
        // Argon2id with the parameters of this program, of a password that nobody tries.
        password_hash: Some(
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b5dWRWJTmaaJObG".to_owned(),
        ),
        grants: Vec::new(),
    };
    let operator = &Actor::Operator;
    let known = service.add_staff(operator, draft.clone()).await;
    known.expect("an account");
    let invited = StaffDraft {
        login: "invited".to_owned(),
        email: Some("invited@example.com".to_owned()),
        password_hash: None,
        ..draft
    };
    let invited = service.add_staff(operator, invited).await;
    let body = serde_json::json!({ "staff": invited.expect("an account").id.to_string() });
    let lifetimes = Lifetimes {
        invitation: Duration::from_hours(24),
        reset: Duration::from_hours(1),
    };
    let made = service
        .make_wanted_link(INVITATION_JOB, &body.to_string(), &lifetimes)
        .await;
    made.expect("a database").expect("a link").token
}

fn pairs(address: SocketAddr, link: &str, invitation: &str, receipt: &Receipt) -> Vec<Pair> {
    let log_in = |login: &str| {
        let query = format!(
            "mutation {{ sessionOpen(input: {{ login: \"{login}\", password: \"a wrong password\" }}) {{ refusals {{ code }} }} }}"
        );
        let body = serde_json::json!({ "query": query }).to_string();
        client::post(address, "/graphql", "application/json", &body)
    };
    let reset = |login: &str| client::post_form(address, "/reset", &format!("login={login}"));
    let known = receipt.to_string();
    let unknown = another_receipt(&known);
    let look_up = |code: &str| client::post_form(address, "/receipt", &format!("code={code}"));
    vec![
        Pair {
            what: "log-in",
            there: log_in("known"),
            not_there: log_in("nobody"),
        },
        Pair {
            what: "forgotten password",
            there: reset("known"),
            not_there: reset("nobody"),
        },
        Pair {
            what: "link for staff",
            there: client::get(address, &format!("/account/{link}")),
            not_there: client::get(address, &format!("/account/{}", another(link))),
        },
        Pair {
            what: "invitation",
            there: client::get(address, &format!("/i/{invitation}")),
            not_there: client::get(address, &format!("/i/{}", another(invitation))),
        },
        Pair {
            what: "receipt",
            there: look_up(&known),
            not_there: look_up(&unknown),
        },
    ]
}

/// A code of the same shape that nobody was given: one character in the middle differs.
fn another(code: &str) -> String {
    let (before, after) = code.split_at(code.len() / 2);
    let other = if after.starts_with('0') { '1' } else { '0' };
    format!("{before}{other}{}", &after[1..])
}

/// The same for a receipt, whose last three characters follow from the others.
fn another_receipt(known: &str) -> String {
    const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let changed = another(known);
    let (body, _) = changed.split_at(changed.len() - 3);
    let all = DIGITS.chars().flat_map(|one| {
        let rest = DIGITS.chars().map(move |other| (one, other));
        rest.flat_map(|(one, other)| DIGITS.chars().map(move |last| [one, other, last]))
    });
    let mut ends = all.map(|end| format!("{body}{}", end.iter().collect::<String>()));
    ends.find(|code| Receipt::parse(code).is_ok_and(|receipt| receipt.to_string() == *code))
        .expect("some end fits")
}
