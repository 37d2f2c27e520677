//! Settings: default < file < environment < command line, all validated before anything starts.
//!
//! One struct per part of the house, so that a part is handed its own settings and no other. Secrets come from files.
//! Deliberately absent: reading a setting anywhere else, and changing one while the server runs.

mod reader;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::http::address::Network;
use reader::Reader;
pub use reader::{Entry, FILE_VARIABLE, Fault, PREFIX, Setting, Sources};

/// A value that must not reach a log: `Debug` shows stars, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// What the settings are for; production asks for more than a look at a scheme file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `serve` and `worker`: real citizens. Keys, mail and the public address must be there.
    Production,
    /// `demo`: loopback only, everything made on the spot.
    Demo,
    /// Commands that touch at most the database.
    Tool,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// HTTP server.
    pub http: Http,
    /// Database.
    pub database: Database,
    /// GraphQL.
    pub graphql: Graphql,
    /// Staff log-in.
    pub auth: Auth,
    /// Mail.
    pub mail: Mail,
    /// Log.
    pub log: Log,
    /// Every setting there is, with its default, in the order in which they are read.
    pub entries: Vec<Entry>,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Http {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// What people type, without a slash at the end: `https://pj.example.gov.cn`.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Further origins, beside the server's own, whose pages may send changes.
    pub allowed_origins: Vec<String>,
    /// Connections at once; more wait in the kernel.
    pub connections: usize,
    /// Time to send all headers, and to stay silent between two requests.
    pub header_timeout: Duration,
    /// Time to send the whole body.
    pub body_timeout: Duration,
    /// Time that running requests get at the end.
    pub shutdown_timeout: Duration,
    /// Greatest body of a request, in bytes, where a route sets no other limit.
    pub body_bytes: usize,
    /// Greatest body of an import, in bytes.
    pub import_bytes: usize,
}

impl Http {
    /// Whether browsers reach this server by TLS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// The database. URLs hold passwords, hence [`Secret`].
#[derive(Debug, Clone)]
pub struct Database {
    /// Role that runs.
    pub url: Secret,
    /// Role that migrates.
    pub migrate_url: Secret,
    /// Greatest number of connections.
    pub connections: u32,
}

/// GraphQL: what a document may cost.
#[derive(Debug, Clone)]
pub struct Graphql {
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Whether `/graphiql` is served.
    pub graphiql: bool,
    /// Whether validation errors suggest names.
    pub suggestions: bool,
    /// The two linear guards.
    pub guard: crate::graphql::guard::Limits,
    /// Greatest complexity of one operation.
    pub complexity: usize,
    /// Complexity that one client may spend per second, 0 for no bound; ten seconds may be saved up.
    pub cost_per_second: u32,
    /// Greatest body of a request, in bytes.
    pub body_bytes: usize,
    /// Greatest answer, in bytes.
    pub response_bytes: usize,
    /// Time for one operation.
    pub deadline: Duration,
    /// Time until a WebSocket client must have introduced itself.
    pub init_timeout: Duration,
    /// WebSockets at once.
    pub sockets: usize,
    /// Operations at once on one WebSocket.
    pub socket_operations: usize,
}

/// Staff log-in.
#[derive(Debug, Clone)]
pub struct Auth {
    /// PKCS#8 PEM of the Ed25519 key that signs access tokens; `None` makes one that lives as long as the process.
    pub key: Option<Secret>,
    /// The key before it, whose tokens are still accepted while they last.
    pub previous_key: Option<Secret>,
    /// Life of an access token.
    pub access_lifetime: Duration,
    /// Life of a refresh token, counted from log-in or from the last use.
    pub refresh_lifetime: Duration,
    /// Log-ins per minute from one address.
    pub address_logins_per_minute: u32,
    /// Log-ins per minute for one account.
    pub account_logins_per_minute: u32,
}

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
    /// Folder of [`Transport::File`].
    pub folder: PathBuf,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The log, on standard error.
#[derive(Debug, Clone)]
pub struct Log {
    /// Its form.
    pub format: LogFormat,
    /// Levels by module, as `info,sqlx=warn`.
    pub filter: String,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub Vec<Fault>);

impl fmt::Display for SettingsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} of the settings cannot be used:", self.0.len())?;
        self.0
            .iter()
            .try_for_each(|fault| write!(out, "\n  {fault}"))
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads and validates all settings.
    ///
    /// # Errors
    /// Every fault there is, each with its key and place.
    pub fn load(sources: Sources, purpose: Purpose) -> Result<Self, SettingsError> {
        let mut reader = Reader::new(sources);
        let http = read_http(&mut reader, purpose);
        let database = read_database(&mut reader);
        let graphql = read_graphql(&mut reader);
        let auth = read_auth(&mut reader, purpose);
        let mail = read_mail(&mut reader, purpose);
        let log = read_log(&mut reader);
        let (faults, entries) = reader.finish();
        if faults.is_empty() {
            Ok(Self {
                http,
                database,
                graphql,
                auth,
                mail,
                log,
                entries,
            })
        } else {
            Err(SettingsError(faults))
        }
    }

    /// The list of all settings, without reading any.
    pub fn catalogue() -> Vec<Entry> {
        Self::load(Sources::default(), Purpose::Tool)
            .map(|settings| settings.entries)
            .unwrap_or_default()
    }
}

fn read_http(reader: &mut Reader, purpose: Purpose) -> Http {
    let listen: SocketAddr = reader.value(
        "http.listen",
        SocketAddr::from(([127, 0, 0, 1], 8080)),
        "address and port to listen on",
    );
    let public_url: Option<String> = reader.optional(
        "http.public_url",
        "address that people type, as `https://pj.example.gov.cn`; required by `serve`",
    );
    if let Some(url) = &public_url {
        if let Err(message) = check_public_url(url) {
            reader.fault("http.public_url", message);
        }
    } else if purpose == Purpose::Production {
        reader.fault(
            "http.public_url",
            "is missing: invitations and receipts carry this address",
        );
    }
    if purpose == Purpose::Demo && !listen.ip().is_loopback() {
        reader.fault(
            "http.listen",
            format!("`{listen}` is open to others: a demo listens on loopback only"),
        );
    }
    let allowed_origins: Vec<String> = reader.value(
        "http.allowed_origins",
        Vec::new(),
        "further origins whose pages may send changes",
    );
    for origin in &allowed_origins {
        if let Err(message) = check_public_url(origin) {
            reader.fault("http.allowed_origins", message);
        }
    }
    Http {
        listen,
        public_url: public_url
            .unwrap_or_else(|| format!("http://{listen}"))
            .trim_end_matches('/')
            .to_owned(),
        trusted_proxies: reader.value(
            "http.trusted_proxies",
            Vec::new(),
            "networks of the proxies whose X-Forwarded-For is believed, as `10.0.0.0/8`",
        ),
        allowed_origins,
        connections: reader.number(
            "http.connections",
            10_000,
            1..=1_000_000,
            "connections at once; more wait in the kernel",
        ),
        header_timeout: reader.seconds(
            "http.header_timeout_seconds",
            15,
            1..=600,
            "time to send all headers",
        ),
        body_timeout: reader.seconds(
            "http.body_timeout_seconds",
            30,
            1..=3600,
            "time to send the whole body",
        ),
        shutdown_timeout: reader.seconds(
            "http.shutdown_timeout_seconds",
            20,
            0..=600,
            "time for running requests at the end",
        ),
        body_bytes: reader.number(
            "http.body_bytes",
            65_536,
            1_024..=1_048_576,
            "greatest body of a request, in bytes",
        ),
        import_bytes: reader.number(
            "http.import_bytes",
            20_971_520,
            1_024..=268_435_456,
            "greatest body of an import, in bytes",
        ),
    }
}

/// An origin: scheme and authority, nothing after them.
fn check_public_url(url: &str) -> Result<(), String> {
    let wrong = || {
        format!(
            "`{url}` is no web address: write it like `https://pj.example.gov.cn`, without a path"
        )
    };
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let scheme_known = matches!(uri.scheme_str(), Some("http" | "https"));
    let bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/");
    let authority = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    if scheme_known && bare && authority {
        Ok(())
    } else {
        Err(wrong())
    }
}

fn read_database(reader: &mut Reader) -> Database {
    let url = read_database_url(
        reader,
        ["database.url", "database.url_file"],
        [
            "`sqlite:FILE` or `postgres://…`, of the role that runs",
            "file that holds `database.url`",
        ],
    );
    let url = url.unwrap_or_else(|| Secret::new("sqlite:mingjian.db".to_owned()));
    let migrate_url = read_database_url(
        reader,
        ["database.migrate_url", "database.migrate_url_file"],
        [
            "the same of the role that migrates; `database.url` where left out",
            "file that holds `database.migrate_url`",
        ],
    );
    Database {
        migrate_url: migrate_url.unwrap_or_else(|| url.clone()),
        url,
        connections: reader.number(
            "database.connections",
            16,
            2..=1_000,
            "greatest number of database connections",
        ),
    }
}

fn read_database_url(
    reader: &mut Reader,
    [key, file_key]: [&'static str; 2],
    [meaning, file_meaning]: [&'static str; 2],
) -> Option<Secret> {
    let direct: Option<String> = reader.optional(key, meaning);
    let from_file = reader.secret_file(file_key, file_meaning);
    let chosen = match (direct, from_file) {
        (Some(_), Some(_)) => {
            reader.fault(
                key,
                format!("is given twice: keep it or `{file_key}`, not both"),
            );
            None
        }
        (Some(text), None) => Some(Secret::new(text)),
        (None, secret) => secret,
    }?;
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known
        .iter()
        .any(|scheme| chosen.expose().starts_with(scheme))
    {
        return Some(chosen);
    }
    // The value may hold a password, so the message does not repeat it.
    reader.fault(
        key,
        "is no database address: it starts with `sqlite:` or `postgres://`",
    );
    None
}

fn read_graphql(reader: &mut Reader) -> Graphql {
    let guard = crate::graphql::guard::Limits::default();
    Graphql {
        introspection: reader.value(
            "graphql.introspection",
            true,
            "whether the schema may be asked for",
        ),
        graphiql: reader.value(
            "graphql.graphiql",
            true,
            "whether the page /graphiql is served",
        ),
        suggestions: reader.value(
            "graphql.suggestions",
            true,
            "whether validation errors suggest names",
        ),
        guard: crate::graphql::guard::Limits {
            bytes: reader.number(
                "graphql.document_bytes",
                guard.bytes,
                256..=1_048_576,
                "greatest document, in bytes",
            ),
            tokens: reader.number(
                "graphql.document_tokens",
                guard.tokens,
                16..=100_000,
                "greatest document, in tokens",
            ),
            // The parser recurses once per bracket; beyond a few hundred its stack ends the process.
            depth: reader.number(
                "graphql.document_depth",
                guard.depth,
                4..=128,
                "deepest nesting of brackets",
            ),
            selections: reader.number(
                "graphql.selections",
                guard.selections,
                16..=100_000,
                "fields of one operation after its fragments are written out",
            ),
            aliases: reader.number(
                "graphql.aliases",
                guard.aliases,
                0..=10_000,
                "aliases of one operation",
            ),
            directives: reader.number(
                "graphql.directives",
                guard.directives,
                0..=10_000,
                "directives of one operation",
            ),
            list_items: reader.number(
                "graphql.list_items",
                guard.list_items,
                1..=10_000,
                "items of a list given as input",
            ),
        },
        complexity: reader.number(
            "graphql.complexity",
            10_000,
            100..=10_000_000,
            "greatest complexity of one operation",
        ),
        cost_per_second: reader.number(
            "graphql.cost_per_second",
            100_000,
            0..=1_000_000_000,
            "complexity that one client may spend per second, 0 for no bound",
        ),
        body_bytes: reader.number(
            "graphql.body_bytes",
            65_536,
            1_024..=1_048_576,
            "greatest request body, in bytes",
        ),
        response_bytes: reader.number(
            "graphql.response_bytes",
            4_194_304,
            65_536..=268_435_456,
            "greatest answer, in bytes",
        ),
        deadline: reader.seconds(
            "graphql.deadline_seconds",
            10,
            1..=300,
            "time for one operation",
        ),
        init_timeout: reader.seconds(
            "graphql.socket_init_seconds",
            10,
            1..=300,
            "time until a WebSocket client must have introduced itself",
        ),
        sockets: reader.number(
            "graphql.sockets",
            2_000,
            0..=1_000_000,
            "WebSockets at once",
        ),
        socket_operations: reader.number(
            "graphql.socket_operations",
            20,
            1..=1_000,
            "operations at once on one WebSocket",
        ),
    }
}

fn read_auth(reader: &mut Reader, purpose: Purpose) -> Auth {
    let key = reader.secret_file(
        "auth.key_file",
        "PEM file (PKCS#8) of the Ed25519 key that signs access tokens; required by `serve`. \
         Make one with `openssl genpkey -algorithm ed25519`",
    );
    if key.is_none() && purpose == Purpose::Production {
        reader.fault(
            "auth.key_file",
            "is missing: make a key with `openssl genpkey -algorithm ed25519 -out FILE`",
        );
    }
    Auth {
        key,
        previous_key: reader.secret_file(
            "auth.previous_key_file",
            "the key before it, while its tokens still last",
        ),
        access_lifetime: reader.seconds(
            "auth.access_seconds",
            300,
            30..=3_600,
            "life of an access token",
        ),
        refresh_lifetime: reader.seconds(
            "auth.refresh_seconds",
            43_200,
            300..=2_592_000,
            "life of a refresh token",
        ),
        address_logins_per_minute: reader.number(
            "auth.address_logins_per_minute",
            30,
            1..=100_000,
            "log-ins per minute from one address",
        ),
        account_logins_per_minute: reader.number(
            "auth.account_logins_per_minute",
            6,
            1..=100_000,
            "log-ins per minute for one account",
        ),
    }
}

fn read_mail(reader: &mut Reader, purpose: Purpose) -> Mail {
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
        folder: reader.value(
            "mail.folder",
            PathBuf::from("mail"),
            "folder of the transport `file`",
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

fn read_log(reader: &mut Reader) -> Log {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let log = Log {
        format: reader
            .word("log.format", &formats, "`text` or `json`")
            .unwrap_or(LogFormat::Text),
        filter: reader.value(
            "log.filter",
            "info".to_owned(),
            "levels by module, as `info,sqlx=warn`",
        ),
    };
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&log.filter) {
        reader.fault("log.filter", format!("`{}`: {error}", log.filter));
    }
    log
}
