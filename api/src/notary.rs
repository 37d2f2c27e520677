//! Whoever signs: makes checkpoints of the log when they are due, and mails them to people outside.
//!
//! A checkpoint that lies in somebody else's mailbox shows whether the log was changed or cut off since, even by
//! whoever holds the key. Deliberately absent: what a checkpoint is, which `service` knows.

use std::time::Duration;

use service::audit::checkpoint::Checkpoint;
use service::audit::note::Signer;
use service::{Fault, Service};

use crate::auth::token::{KeyFault, read_key_document};
use crate::config;
use crate::mail::Message;

/// Signs checkpoints of the log.
#[derive(Debug)]
pub struct Notary {
    signer: Signer,
    every: Duration,
    mail_to: Vec<String>,
}

impl Notary {
    /// A notary by the settings; nothing where they name no key.
    ///
    /// # Errors
    /// The key file holds something else.
    pub fn find(settings: &config::Checkpoint) -> Result<Option<Self>, KeyFault> {
        let Some(pem) = &settings.key else {
            return Ok(None);
        };
        let key = "checkpoint.key_file";
        let document = read_key_document(pem, key)?;
        let signer = Signer::read(&document).map_err(|_| KeyFault::Unreadable { key })?;
        Ok(Some(Self::new(signer, settings)))
    }

    /// The same; without a key in the settings, one that lives as long as the process: for demonstrations.
    ///
    /// # Errors
    /// The key file holds something else, or no key can be made.
    pub fn find_or_make(settings: &config::Checkpoint) -> Result<Self, KeyFault> {
        if let Some(notary) = Self::find(settings)? {
            return Ok(notary);
        }
        let signer = Signer::generate().map_err(|_| KeyFault::NotMade)?;
        Ok(Self::new(signer, settings))
    }

    fn new(signer: Signer, settings: &config::Checkpoint) -> Self {
        Self {
            signer,
            every: settings.every,
            mail_to: settings.mail_to.clone(),
        }
    }

    /// What signs.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Makes a checkpoint now and puts it into the outbox for everybody whom the settings name; nothing where the log
    /// has not grown.
    ///
    /// # Errors
    /// As [`Service::add_checkpoint`].
    pub async fn make(&self, service: &Service) -> Result<Option<Checkpoint>, Fault> {
        let write = |made: &Checkpoint| self.write_mail(made);
        service.add_checkpoint(&self.signer, write).await
    }

    /// The same, if the last one is old enough.
    ///
    /// # Errors
    /// As [`Service::add_due_checkpoint`].
    pub async fn make_due(&self, service: &Service) -> Result<Option<Checkpoint>, Fault> {
        let write = |made: &Checkpoint| self.write_mail(made);
        service
            .add_due_checkpoint(&self.signer, self.every, write)
            .await
    }

    fn write_mail(&self, made: &Checkpoint) -> Vec<Message> {
        let message = |to: &String| Message {
            to: to.clone(),
            subject: format!("操作日志检查点 Checkpoint of the log: {}", made.size),
            text: write_text(made),
            html: None,
        };
        self.mail_to.iter().map(message).collect()
    }
}

/// A checkpoint in words, with the signed note below a line. `mingjian-verify` finds the note in it.
pub(crate) fn write_text(made: &Checkpoint) -> String {
    format!(
        "明鉴操作日志检查点。请保存本邮件或打印保管：日后用它可以查出此前的日志是否被改动或删减。\n\
         核对命令：mingjian-verify log 日志文件 --kept 本文件\n\n\
         A checkpoint of Mingjian's log. Keep this mail, or print it: with it you can find out later whether the log up \
         to here was changed or cut off.\n\
         To check: mingjian-verify log LOG_FILE --kept THIS_FILE\n\n\
         简写 short form: {}\n\
         公钥 public key: {}\n\n\
         -----\n{}",
        made.to_short(),
        made.verifier_key,
        made.note
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Purpose, Settings, Sources};

    #[test]
    fn without_a_key_only_a_demonstration_signs() {
        let settings = Settings::load(Sources::default(), Purpose::Tool).unwrap();
        assert!(Notary::find(&settings.checkpoint).unwrap().is_none());
        let one = Notary::find_or_make(&settings.checkpoint).unwrap();
        let other = Notary::find_or_make(&settings.checkpoint).unwrap();
        assert_ne!(
            one.signer.verifier_key("log"),
            other.signer.verifier_key("log")
        );
    }
}
