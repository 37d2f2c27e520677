//! A mail server that keeps what it is sent: SMTP as far as one client in plain text needs it.
//!
//! Deliberately absent: TLS, log-in and limits. It listens on loopback.

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

/// A mail server on a free port of loopback; it goes with the runtime.
#[derive(Debug, Clone)]
pub struct MailCatcher {
    /// Where it listens.
    pub address: SocketAddr,
    messages: Arc<Mutex<Vec<Message>>>,
}

impl MailCatcher {
    /// Starts listening on `address`; port 0 takes a free one.
    pub async fn start(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let catcher = Self {
            address: listener.local_addr()?,
            messages: Arc::default(),
        };
        let messages = catcher.messages.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that hangs up early has sent nothing to keep.
                tokio::spawn(converse(stream, messages.clone()));
            }
        });
        Ok(catcher)
    }

    /// What has come so far, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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

async fn converse(stream: TcpStream, messages: Arc<Mutex<Vec<Message>>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut message = Message::default();
    write.write_all(b"220 catcher ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-catcher\r\n250 8BITMIME\r\n",
            "MAIL" => {
                message.sender = address(&line);
                b"250 ok\r\n"
            }
            "RCPT" => {
                message.recipients.push(address(&line));
                b"250 ok\r\n"
            }
            "DATA" => {
                write.write_all(b"354 end with a dot\r\n").await?;
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    // A dot at the start of a line is doubled on the way.
                    message
                        .text
                        .push_str(line.strip_prefix('.').unwrap_or(&line));
                    message.text.push('\n');
                }
                let whole = std::mem::take(&mut message);
                messages
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(whole);
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
