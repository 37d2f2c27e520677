//! Mail out: to a mail server, into a folder, or into memory.
//!
//! Production knows the first alone; the settings refuse the others. Deliberately absent: retries and waiting, which
//! the outbox does, and any mail in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message as Envelope, Tokio1Executor,
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::config::{self, MailSecurity, Transport};

/// A message to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Address, with or without a name.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same for programs that show more than plain text.
    pub html: Option<String>,
}

/// Why a message did not leave. Never holds an address: it is kept beside the job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// The settings name no server, or none that can be used.
    #[error("`{key}` does not fit: {message}")]
    Settings {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The message itself cannot be sent, now or later.
    #[error("the message cannot be written: {0}")]
    Unfit(String),
    /// The server says that there is no such address, now or later.
    #[error("the mail server knows no such address: it answered {0}")]
    NoSuchAddress(String),
    /// The server refused or could not be reached.
    #[error("the mail server did not take the message: {0}")]
    NotTaken(String),
}

/// Sends mail. Cheap to clone: the clones share their connections.
#[derive(Debug, Clone)]
pub struct Mailer {
    sender: Mailbox,
    way: Way,
    patience: Duration,
}

#[derive(Debug, Clone)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    File(AsyncFileTransport<Tokio1Executor>),
    Memory(Arc<Mutex<Vec<Message>>>),
}

impl Mailer {
    /// A mailer by the settings; connects to nothing yet.
    ///
    /// # Errors
    /// [`MailFault::Settings`].
    pub fn new(settings: &config::Mail) -> Result<Self, MailFault> {
        let sender = settings.sender.as_deref().unwrap_or("mingjian@localhost");
        let sender = sender
            .parse()
            .map_err(|error: lettre::address::AddressError| MailFault::Settings {
                key: "mail.sender",
                message: format!("{error}; write it like `明鉴 <pj@example.gov.cn>`"),
            })?;
        let way = match settings.transport {
            Transport::Smtp => Way::Smtp(open_smtp(settings)?),
            Transport::File => Way::File(AsyncFileTransport::new(&settings.folder)),
            Transport::Memory => Way::Memory(Arc::default()),
        };
        Ok(Self {
            sender,
            way,
            patience: settings.timeout,
        })
    }

    /// Sends a message. `key` names the job: a message that is sent twice carries the same id, by which mail programs
    /// show it once.
    ///
    /// # Errors
    /// [`MailFault::Unfit`], [`MailFault::NoSuchAddress`], [`MailFault::NotTaken`].
    pub async fn send(&self, message: &Message, key: &str) -> Result<(), MailFault> {
        let to: Mailbox = message
            .to
            .parse()
            .map_err(|_| MailFault::Unfit("the address is no mail address".to_owned()))?;
        let domain = self.sender.email.domain();
        let envelope = Envelope::builder()
            .from(self.sender.clone())
            .to(to)
            .subject(&message.subject)
            .message_id(Some(format!("<{key}@{domain}>")));
        let envelope = match &message.html {
            Some(html) => envelope.multipart(MultiPart::alternative_plain_html(
                message.text.clone(),
                html.clone(),
            )),
            None => envelope.body(message.text.clone()),
        };
        let envelope = envelope.map_err(|error| MailFault::Unfit(error.to_string()))?;
        match &self.way {
            Way::Smtp(smtp) => {
                // The client's own limit is one for connecting alone.
                let taken = timeout(self.patience, smtp.send(envelope)).await;
                let taken =
                    taken.map_err(|_| MailFault::NotTaken("it took too long".to_owned()))?;
                taken.map_err(|error| fault_of(&error))?;
            }
            Way::File(file) => {
                let taken = file.send(envelope).await;
                taken.map_err(|error| MailFault::NotTaken(error.to_string()))?;
            }
            Way::Memory(kept) => kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(message.clone()),
        }
        Ok(())
    }

    /// Whether a message could leave now: greets the server, sends nothing.
    ///
    /// # Errors
    /// [`MailFault::NotTaken`].
    pub async fn check(&self) -> Result<(), MailFault> {
        match &self.way {
            Way::Smtp(smtp) => match smtp.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err(MailFault::NotTaken("it does not answer".to_owned())),
                Err(error) => Err(MailFault::NotTaken(describe(&error))),
            },
            Way::File(_) | Way::Memory(_) => Ok(()),
        }
    }

    /// What was sent, where it is kept in memory.
    pub fn sent(&self) -> Vec<Message> {
        match &self.way {
            Way::Memory(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Way::Smtp(_) | Way::File(_) => Vec::new(),
        }
    }
}

fn open_smtp(settings: &config::Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailFault> {
    let host = settings
        .host
        .as_deref()
        .ok_or_else(|| MailFault::Settings {
            key: "mail.host",
            message: "it is missing: give the mail server".to_owned(),
        })?;
    let builder = match settings.security {
        MailSecurity::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
        MailSecurity::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
        MailSecurity::Plain => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(
            host,
        )),
    };
    let mut builder = builder
        .map_err(|error| MailFault::Settings {
            key: "mail.host",
            message: error.to_string(),
        })?
        .port(settings.port)
        .timeout(Some(settings.timeout));
    if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}

/// Three answers speak of the address alone and for good (RFC 5321, 4.2.3); all others may speak of the server, so the
/// message is worth another attempt.
fn fault_of(error: &lettre::transport::smtp::Error) -> MailFault {
    match error.status().map(|code| code.to_string()) {
        Some(code) if matches!(code.as_str(), "550" | "551" | "553") => {
            MailFault::NoSuchAddress(code)
        }
        _ => MailFault::NotTaken(describe(error)),
    }
}

/// What went wrong, without the server's own words where it refused: they tend to repeat the address.
fn describe(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("it answered {code}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Purpose, Settings, Sources};

    fn mailer(settings: &[(&str, &str)]) -> Result<Mailer, MailFault> {
        let mut sources = Sources::default();
        for (key, value) in settings {
            sources
                .overrides
                .insert((*key).to_owned(), (*value).to_owned());
        }
        Mailer::new(&Settings::load(sources, Purpose::Tool).unwrap().mail)
    }

    fn message(to: &str) -> Message {
        Message {
            to: to.to_owned(),
            subject: "邀请您参加测评".to_owned(),
            text: "虚构示例".to_owned(),
            html: None,
        }
    }

    #[tokio::test]
    async fn memory_keeps_what_was_sent() {
        let mailer = mailer(&[("mail.transport", "memory")]).unwrap();
        mailer
            .send(&message("a@example.com"), "job-1")
            .await
            .unwrap();
        assert_eq!(mailer.sent(), [message("a@example.com")]);
    }

    #[tokio::test]
    async fn a_folder_gets_one_file_for_each_message() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let mailer = mailer(&[("mail.transport", "file"), ("mail.folder", path)]).unwrap();
        mailer
            .send(&message("a@example.com"), "job-1")
            .await
            .unwrap();
        let file = std::fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(text.contains("Message-ID: <job-1@localhost>"), "{text}");
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_not_repeated() {
        let mailer = mailer(&[("mail.transport", "memory")]).unwrap();
        let fault = mailer
            .send(&message("no address"), "job-1")
            .await
            .unwrap_err();
        assert!(!fault.to_string().contains("no address"));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_does_not_take_mail() {
        let settings = [
            ("mail.host", "127.0.0.1"),
            ("mail.port", "1"),
            ("mail.security", "plain"),
        ];
        let mailer = mailer(&settings).unwrap();
        assert!(matches!(mailer.check().await, Err(MailFault::NotTaken(_))));
    }

    #[test]
    fn smtp_without_a_server_is_refused() {
        assert!(matches!(
            mailer(&[]),
            Err(MailFault::Settings {
                key: "mail.host",
                ..
            })
        ));
    }
}
