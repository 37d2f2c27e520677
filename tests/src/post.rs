//! A worker as the program has one, with a mailer of the test's choice.

use std::net::SocketAddr;

use api::auth::link::Links;
use api::config::{Purpose, Settings, Sources};
use api::job::{Tools, Worker};
use api::letter::Sender;
use api::mail::Mailer;
use api::notary::Notary;
use chrono::TimeDelta;
use service::Service;

/// Where the links of mails lead.
pub const PUBLIC_URL: &str = "https://pj.example.org";

/// Settings of a tool: the defaults and these.
///
/// # Panics
/// One of them does not fit.
pub fn settings(changed: &[(&str, String)]) -> Settings {
    let mut sources = Sources::default();
    for (key, value) in changed {
        sources.overrides.insert((*key).to_owned(), value.clone());
    }
    Settings::load(sources, Purpose::Tool).expect("settings")
}

/// A mailer that keeps what it is given.
///
/// # Panics
/// Never with settings as they are.
pub fn in_memory() -> Mailer {
    let memory = settings(&[("mail.transport", "memory".to_owned())]);
    Mailer::new(&memory.mail).expect("a mailer")
}

/// A mailer that sends to the server at this address and waits a second for each of its answers.
///
/// # Panics
/// Never with settings as they are.
pub fn smtp(address: SocketAddr) -> Mailer {
    let smtp = settings(&[
        ("mail.host", address.ip().to_string()),
        ("mail.port", address.port().to_string()),
        ("mail.security", "plain".to_owned()),
        ("mail.timeout_seconds", "1".to_owned()),
    ]);
    Mailer::new(&smtp.mail).expect("a mailer")
}

/// A worker that keeps addresses and done jobs for thirty days.
///
/// # Panics
/// No key can be made to sign with.
pub fn worker(service: Service, mailer: Mailer) -> Worker {
    let defaults = settings(&[]);
    let tools = Tools {
        mailer,
        notary: Notary::find_or_make(&defaults.checkpoint).expect("a key"),
        letters: Sender {
            public_url: PUBLIC_URL.to_owned(),
            contact_days: 30,
        },
        links: Links::new(&defaults),
        kept: TimeDelta::days(30),
    };
    Worker::new(service, tools)
}
