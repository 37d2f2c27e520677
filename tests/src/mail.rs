//! A mail server that keeps what it is sent: SMTP as far as one client in plain text needs it. It can be told to
//! misbehave, message by message.
//!
//! Deliberately absent: TLS, log-in and limits. It listens on loopback.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How long to wait between two looks for new messages.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// One message as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The address behind `MAIL FROM`.
    pub sender: String,
    /// The addresses behind `RCPT TO`, in their order.
    pub recipients: Vec<String>,
    /// Headers and body, lines ending in `\n`, still encoded.
    pub text: String,
}

/// What goes wrong with one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is closed without a word.
    Refused,
    /// The server greets with a temporary failure.
    Busy,
    /// The recipient is refused for now (451).
    Later,
    /// The recipient is refused for good (550).
    NoSuchAddress,
    /// The message is refused for good, whoever it is to (554).
    Unwanted,
    /// Nothing is answered any more.
    Silent,
    /// The message is kept, and the connection closed before that is said.
    DroppedAfterData,
}

/// A mail server on a free port of loopback; it goes with the runtime.
#[derive(Debug, Clone)]
pub struct MailCatcher {
    /// Where it listens.
    pub address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
    refused: Arc<Mutex<Vec<String>>>,
    troubles: Arc<Mutex<VecDeque<Trouble>>>,
}

impl MailCatcher {
    /// Starts listening on `address`; port 0 takes a free one.
    pub async fn start(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let catcher = Self {
            address: listener.local_addr()?,
            messages: Arc::default(),
            refused: Arc::default(),
            troubles: Arc::default(),
        };
        let kept = catcher.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that hangs up early has sent nothing to keep.
                let catcher = kept.clone();
                let trouble = catcher.take_trouble();
                tokio::spawn(converse(stream, catcher, trouble));
            }
        });
        Ok(catcher)
    }

    /// Makes the next connections fail, one after the other; the ones after them do well again.
    pub fn fail_next(&self, troubles: impl IntoIterator<Item = Trouble>) {
        let mut waiting = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(troubles);
    }

    /// Forgets the troubles that have not happened yet, and says how many they were.
    pub fn calm(&self) -> usize {
        let mut waiting = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let left = waiting.len();
        waiting.clear();
        left
    }

    /// How many troubles have not happened yet.
    pub fn troubles_left(&self) -> usize {
        let waiting = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.len()
    }

    fn take_trouble(&self) -> Option<Trouble> {
        let mut waiting = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }

    /// What has come so far, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The addresses that were refused for good, each as often as it was.
    pub fn refused(&self) -> Vec<String> {
        let refused = self.refused.lock();
        refused.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `count` messages have come, ten seconds at most.
    ///
    /// # Panics
    /// Fewer came.
    pub async fn wait_for(&self, count: usize) -> Vec<Message> {
        for _ in 0..200 {
            let messages = self.messages();
            if messages.len() >= count {
                return messages;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        panic!("waited for {count} messages, got {:#?}", self.messages());
    }

    /// Waits, for ever if need be, until more than `count` messages have come; returns those after
    /// the first `count`.
    pub async fn wait_beyond(&self, count: usize) -> Vec<Message> {
        loop {
            let messages = self.messages();
            if messages.len() > count {
                return messages.into_iter().skip(count).collect();
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

async fn converse(
    stream: TcpStream,
    catcher: MailCatcher,
    mut trouble: Option<Trouble>,
) -> std::io::Result<()> {
    if trouble == Some(Trouble::Refused) {
        return Ok(());
    }
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut message = Message::default();
    if trouble == Some(Trouble::Busy) {
        return write.write_all(b"421 too busy\r\n").await;
    }
    write.write_all(b"220 catcher ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        if verb == "MAIL" && trouble.is_none() {
            // A connection that is used again fails as well.
            trouble = catcher.take_trouble();
        }
        let has = |this| trouble == Some(this);
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-catcher\r\n250 8BITMIME\r\n",
            "MAIL" if has(Trouble::Refused) => return Ok(()),
            "MAIL" if has(Trouble::Busy) => return write.write_all(b"421 too busy\r\n").await,
            "MAIL" => {
                message = Message {
                    sender: address(&line),
                    ..Message::default()
                };
                b"250 ok\r\n"
            }
            "RCPT" if has(Trouble::Later) => {
                trouble = None;
                b"451 later\r\n"
            }
            "RCPT" if has(Trouble::NoSuchAddress) => {
                let mut refused = (catcher.refused.lock()).unwrap_or_else(PoisonError::into_inner);
                refused.push(address(&line));
                trouble = None;
                b"550 nobody here\r\n"
            }
            "RCPT" if has(Trouble::Silent) => {
                // The client gives up in the end and hangs up.
                while lines.next_line().await?.is_some() {}
                return Ok(());
            }
            "RCPT" => {
                message.recipients.push(address(&line));
                b"250 ok\r\n"
            }
            "DATA" if has(Trouble::Unwanted) => {
                trouble = None;
                b"554 not wanted\r\n"
            }
            "DATA" => {
                write.write_all(b"354 end with a dot\r\n").await?;
                loop {
                    let Some(line) = lines.next_line().await? else {
                        // Half a message is none.
                        return Ok(());
                    };
                    if line == "." {
                        break;
                    }
                    // A dot at the start of a line is doubled on the way.
                    message
                        .text
                        .push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.text.push('\n');
                }
                let whole = std::mem::take(&mut message);
                catcher
                    .messages
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(whole);
                if has(Trouble::DroppedAfterData) {
                    return Ok(());
                }
                trouble = None;
                b"250 kept\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                break;
            }
            _ => b"250 ok\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
