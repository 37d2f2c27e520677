//! Settings of mail.

use std::path::PathBuf;

use chrono::TimeDelta;
use std::time::Duration;

use super::reader::Reader;
use super::{Purpose, Secret};

/// How mail leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// To a mail server.
    Smtp,
    /// One file for each message.
    File,
    /// Kept in memory, for tests and `demo`.
    Memory,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Upgraded before anything is said; refused where the server cannot.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Nothing. Only for a mail catcher on the same machine or network.
    Plain,
}

/// Mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// How it leaves.
    pub transport: Transport,
    /// `Name <address>` of the sender.
    pub sender: Option<String>,
    /// Mail server.
    pub host: Option<String>,
    /// Its port.
    pub port: u16,
    /// Its protection.
    pub security: MailSecurity,
    /// Its user.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// How long the server may take for one step.
    pub timeout: Duration,
    /// Folder of [`Transport::File`].
    pub folder: PathBuf,
    /// Days for which the outbox keeps what is done.
    pub kept_days: u32,
}

impl Mail {
    /// How long the outbox keeps what is done.
    pub fn kept(&self) -> TimeDelta {
        TimeDelta::days(i64::from(self.kept_days))
    }
}

pub(super) fn read(reader: &mut Reader, purpose: Purpose) -> Mail {
    let transports = [
        ("smtp", Transport::Smtp),
        ("file", Transport::File),
        ("memory", Transport::Memory),
    ];
    let securities = [
        ("starttls", MailSecurity::StartTls),
        ("tls", MailSecurity::Tls),
        ("plain", MailSecurity::Plain),
    ];
    let mail = Mail {
        transport: reader
            .word(
                "mail.transport",
                &transports,
                "`smtp`, or for tests `file` or `memory`",
            )
            .unwrap_or(Transport::Smtp),
        sender: reader.optional(
            "mail.sender",
            "`Name <address>` of the sender; required by `serve`",
        ),
        host: reader.optional("mail.host", "mail server; required by `serve`"),
        port: reader.number("mail.port", 587, 1..=u16::MAX, "port of the mail server"),
        security: reader
            .word(
                "mail.security",
                &securities,
                "`starttls`, `tls`, or `plain` for a mail catcher beside the server",
            )
            .unwrap_or(MailSecurity::StartTls),
        user: reader.optional("mail.user", "user at the mail server"),
        password: reader.secret_file(
            "mail.password_file",
            "file that holds the password at the mail server",
        ),
        timeout: reader.seconds(
            "mail.timeout_seconds",
            20,
            1..=20,
            "time that the mail server may take for one message",
        ),
        folder: reader.value(
            "mail.folder",
            PathBuf::from("mail"),
            "folder of the transport `file`",
        ),
        kept_days: reader.number(
            "mail.kept_days",
            30,
            1..=3_650,
            "days for which the outbox keeps that something was sent or given up; what was in it goes at once",
        ),
    };
    if purpose == Purpose::Production {
        if mail.transport != Transport::Smtp {
            reader.fault("mail.transport", "production sends mail by `smtp` only");
        }
        if mail.host.is_none() {
            reader.fault("mail.host", "is missing: give the mail server");
        }
        if mail.sender.is_none() {
            reader.fault(
                "mail.sender",
                "is missing: give it like `明鉴 <pj@example.gov.cn>`",
            );
        }
    }
    if mail.user.is_some() != mail.password.is_some() {
        reader.fault(
            "mail.user",
            "goes together with `mail.password_file`: give both or neither",
        );
    }
    mail
}
