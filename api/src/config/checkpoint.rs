//! Settings of the log's checkpoints.

use std::time::Duration;

use super::reader::Reader;
use super::{Purpose, Secret};

/// Checkpoints of the log.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// PKCS#8 PEM of the Ed25519 key that signs them.
    pub key: Option<Secret>,
    /// How old the last one may become before the next one is made.
    pub every: Duration,
    /// To whom each of them is mailed.
    pub mail_to: Vec<String>,
}

pub(super) fn read(reader: &mut Reader, purpose: Purpose) -> Checkpoint {
    let key = reader.secret_file(
        "checkpoint.key_file",
        "PEM file (PKCS#8) of the Ed25519 key that signs checkpoints of the log and of closed surveys; required by \
         `serve` and `worker`. Another key than `auth.key_file`, kept for good",
    );
    if key.is_none() && purpose == Purpose::Production {
        reader.fault(
            "checkpoint.key_file",
            "is missing: make a key with `openssl genpkey -algorithm ed25519 -out FILE`",
        );
    }
    let every = reader.seconds(
        "checkpoint.seconds",
        86_400,
        60..=2_592_000,
        "age of the last checkpoint at which the next one is made, if the log has grown; closing makes one at once",
    );
    let mail_to: Vec<String> = reader.value(
        "checkpoint.mail_to",
        Vec::new(),
        "addresses to which every checkpoint is mailed, so that it lies outside the reach of whoever runs the program",
    );
    for address in &mail_to {
        if address.parse::<lettre::message::Mailbox>().is_err() {
            reader.fault(
                "checkpoint.mail_to",
                format!("`{address}` is no mail address: write it like `audit@example.gov.cn`"),
            );
        }
    }
    Checkpoint {
        key,
        every,
        mail_to,
    }
}
