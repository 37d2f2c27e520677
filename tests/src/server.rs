//! The real program, as a process with an environment of its own.
//!
//! A process and not a task, because some tests kill it, and because its configuration is tested on
//! the way. Benches use the same.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::client::{self, Client};
use crate::database::Database;
use crate::mail::MailCatcher;

/// What every PKCS#8 document of an Ed25519 key begins with; 32 bytes of key follow.
const KEY_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A running server. It is killed when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it answers.
    pub address: SocketAddr,
    /// Where its mail goes.
    pub mail: MailCatcher,
    environment: BTreeMap<String, String>,
    folder: TempDir,
    process: Child,
}

impl Server {
    /// Starts `mingjian serve` on a database and waits until it is ready.
    ///
    /// # Panics
    /// It does not get ready; its log is in the message.
    pub async fn start(database: &Database) -> Self {
        Self::start_with(database, &[]).await
    }

    /// The same with further settings, as names and values of environment variables.
    ///
    /// # Panics
    /// It does not get ready; its log is in the message.
    pub async fn start_with(database: &Database, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mail = MailCatcher::start((Ipv4Addr::LOCALHOST, 0).into())
            .await
            .expect("a mail catcher");
        let address = free_address().expect("a free port");
        let key = folder.path().join("key.pem");
        std::fs::write(&key, key_for_tests()).expect("a key file");

        let mut environment: BTreeMap<String, String> = [
            ("MINGJIAN_HTTP_LISTEN", address.to_string()),
            ("MINGJIAN_HTTP_PUBLIC_URL", format!("http://{address}")),
            ("MINGJIAN_DATABASE_URL", database.url.clone()),
            (
                "MINGJIAN_DATABASE_MIGRATE_URL",
                database.migrate_url.clone(),
            ),
            ("MINGJIAN_AUTH_KEY_FILE", key.display().to_string()),
            ("MINGJIAN_CHECKPOINT_KEY_FILE", key.display().to_string()),
            ("MINGJIAN_MAIL_HOST", mail.address.ip().to_string()),
            ("MINGJIAN_MAIL_PORT", mail.address.port().to_string()),
            ("MINGJIAN_MAIL_SECURITY", "plain".to_owned()),
            // Tests ask two or three people.
            ("MINGJIAN_SURVEY_SMALLEST_PANEL", "1".to_owned()),
            (
                "MINGJIAN_MAIL_SENDER",
                "明鉴测试 <tests@example.com>".to_owned(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        environment.extend(
            settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );

        let process = spawn(&environment, folder.path()).expect("the program starts");
        let mut server = Self {
            address,
            mail,
            environment,
            folder,
            process,
        };
        server.wait_until_ready().await;
        server
    }

    /// The address of a path, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The number of its process; none once it has ended.
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends the process at once, as `kill -9` does.
    ///
    /// # Panics
    /// The system refuses.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("a process can be killed");
    }

    /// Asks the process to stop and waits until it has, as whoever runs it does.
    ///
    /// # Panics
    /// It was not running, or does not end in order.
    pub async fn stop(&mut self) {
        let id = self.process_id().expect("a running server");
        // The shell's own `kill`: there need not be another.
        let asked = Command::new("sh")
            .args(["-c", &format!("kill -TERM {id}")])
            .status()
            .await;
        assert!(
            asked.is_ok_and(|status| status.success()),
            "nobody is asked"
        );
        let status = self.process.wait().await.expect("a process ends");
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// Starts it again after [`Server::kill`] or [`Server::stop`], on the same address and database.
    ///
    /// # Panics
    /// It does not get ready.
    pub async fn restart(&mut self) {
        self.process = spawn(&self.environment, self.folder.path()).expect("the program starts");
        self.wait_until_ready().await;
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    async fn wait_until_ready(&mut self) {
        let request = client::get(self.address, "/readyz");
        for _ in 0..6_000 {
            if let Ok(mut connection) = Client::connect(self.address).await
                && let Ok(answer) = connection.send(&request).await
                && answer.status == 200
            {
                return;
            }
            if let Some(status) = self.process.try_wait().expect("a process has a state") {
                panic!("the server stopped with {status}:\n{}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the server is not ready after 30 seconds:\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of the server:\n{}", self.log());
        }
    }
}

/// The program under test. Cargo builds it beside every test and bench of this crate from the very
/// source of `mingjian`.
///
/// # Panics
/// The running program has no path.
pub fn program() -> PathBuf {
    let here = std::env::current_exe().expect("a test has a path");
    let folder = here.parent().expect("a test lies in a folder");
    let folder = if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    };
    folder.join("mingjian-under-test")
}

fn spawn(environment: &BTreeMap<String, String>, folder: &Path) -> io::Result<Child> {
    let log = File::options()
        .append(true)
        .create(true)
        .open(folder.join("log"))?;
    Command::new(program())
        .arg("serve")
        .current_dir(folder)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
}

/// An address that nobody listens on just now. Another process may take it before the server does;
/// the kernel hands out such ports in turn, so that does not happen.
///
/// # Errors
/// The system has none.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// A key that signs tokens for nothing but tests, so it need not be secret.
pub fn key_for_tests() -> String {
    let document = [&KEY_PREFIX[..], &[7; 32]].concat();
    let text = base64::engine::general_purpose::STANDARD.encode(document);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}
