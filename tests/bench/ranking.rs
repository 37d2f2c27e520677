//! Part B: the page of a ranking by GraphQL, live against rows read from the same database, closed against nginx.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api::auth::password::Passwords;
use api::config::Secret;
use domain::access::{Actor, Grant, Role};
use domain::id::{self, Id};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use service::staff::StaffDraft;
use sqlx::{Connection, Row};
use support::client::{self, Client};
use support::cluster::DurableCluster;
use support::poll::{INDICATORS, Poll};
use support::server::Server;
use support::{Backend, Database};

use crate::intake::median;
use crate::load::{Load, cpu_seconds};
use crate::measure::{Aim, Figure, pairs, scaled};
use crate::page::{Nginx, views};
use crate::stored;

const ROUND: Id<id::Round> = Id::new(1);
const PASSWORD: &str = "a password for figures";
const PAGE: usize = 50;
const FEW: usize = 1_000;
const MANY: usize = 10_000;
const VIEWS: usize = 8_000;

/// What a ranking page shows: fifty subjects with ten indicators each. `code` is left out, which is not of the round, so
/// that the answer may be given again while the figures stand.
const QUERY: &str = "query($id: ID!) { round(id: $id) { ranking(category: \"organ\", first: 50) { \
    source { live asOf revision } places { pageInfo { hasNextPage endCursor } nodes { \
    subjectId name nameEn rank total maximum grade status eligible \
    nodes(codes: [\"I0\", \"I1\", \"I2\", \"I3\", \"I4\", \"I5\", \"I6\", \"I7\", \"I8\", \"I9\"]) { node points maximum } \
    figures { what text } } } } } }";

/// The same with the codes of the subjects: put together for each asking.
fn anew() -> String {
    QUERY.replace("subjectId name", "subjectId code name")
}

/// The rows behind that page. The joins say in what order: without statistics SQLite would read every score for each page.
const ROWS: &str = "SELECT place.subject_id, place.rank, place.total_e4, r.name, score.item, score.points_e4 \
    FROM (SELECT subject_id, rank, total_e4 FROM standing WHERE round_id = 1 AND category = 'organ' AND rank IS NOT NULL \
          ORDER BY rank, subject_id LIMIT 50) AS place \
    CROSS JOIN round_subject AS r CROSS JOIN score \
    WHERE r.round_id = 1 AND r.subject_id = place.subject_id \
        AND score.round_id = 1 AND score.subject_id = place.subject_id";

/// Both databases, two sizes, and the closed round.
pub async fn all() -> Vec<Figure> {
    let mut figures = Vec::new();
    let few = Stand::on(Database::fresh(Backend::Sqlite).await, FEW).await;
    let many = Stand::on(Database::fresh(Backend::Sqlite).await, MANY).await;
    figures.extend(live(&few, "SQLite in process, 2 threads").await);
    figures.push(sizes(&few, &many).await);
    drop(many);
    figures.push(closed(few).await);
    let cluster = DurableCluster::start();
    let stand = Stand::on(Database::fresh_in(cluster.cluster()).await, FEW).await;
    figures.extend(live(&stand, "PostgreSQL, 16 connections").await);
    figures
}

/// A server whose round has scores, sheets and live figures, and a member of staff who may read them.
struct Stand {
    database: Database,
    server: Server,
    /// What the server may give again.
    request: Vec<u8>,
    /// What it puts together each time.
    anew: Vec<u8>,
}

impl Stand {
    async fn on(database: Database, subjects: usize) -> Self {
        let poll = Poll::open(&database, subjects).await;
        stored::fill(&poll, 20 * subjects).await;
        let password_hash = (Passwords::new().expect("a hasher"))
            .hash(Secret::new(PASSWORD.to_owned()))
            .await
            .expect("a hash");
        let draft = StaffDraft {
            login: "auditor".to_owned(),
            name: "auditor".to_owned(),
            email: None,
            password_hash: Some(password_hash),
            grants: vec![Grant {
                role: Role::Auditor,
                region: None,
                category: None,
                round: None,
                subject: None,
            }],
        };
        let staff = poll.service.add_staff(&Actor::Operator, draft).await;
        let staff = staff.expect("an account").id.number();
        let transaction = (poll.service.database.begin_write().await).expect("a transaction");
        for indicator in 0..INDICATORS {
            // Totals in steps, so that some share a rank.
            let sql = format!(
                "INSERT INTO score (round_id, subject_id, item, part, inspector_id, points_e4, row_version, awarded_at) \
                 SELECT 1, subject_id, 'A{indicator}', '', {staff}, ((subject_id * 7 + {indicator}) % 19) * 5000, 1, 0 \
                 FROM round_subject"
            );
            transaction.execute_unprepared(&sql).await.expect("scores");
        }
        transaction.commit().await.expect("a commit");
        (poll.service.refresh_standing(ROUND).await).expect("interim figures");
        poll.leave().await;
        let server =
            Server::start_with(&database, &[("MINGJIAN_GRAPHQL_COST_PER_SECOND", "0")]).await;
        settle(&server).await;
        let token = log_in(&server).await;
        let stand = Self {
            database,
            request: page(&server, QUERY, &token),
            anew: page(&server, &anew(), &token),
            server,
        };
        let answer = stand.answer().await;
        let nodes = &answer["data"]["round"]["ranking"]["places"]["nodes"];
        assert_eq!(nodes.as_array().map(Vec::len), Some(PAGE), "{answer}");
        assert_eq!(
            nodes[PAGE - 1]["nodes"].as_array().map(Vec::len),
            Some(INDICATORS)
        );
        assert!(nodes[PAGE - 1]["rank"].is_number(), "{answer}");
        stand
    }

    async fn load(&self, request: &[u8], connections: usize) -> Load {
        let address = self.server.address;
        views(address, request.to_vec(), connections, scaled(VIEWS)).await
    }

    async fn answer(&self) -> Value {
        let mut client = Client::connect(self.server.address)
            .await
            .expect("a connection");
        let answer = client.send(&self.request).await.expect("an answer");
        serde_json::from_slice(answer.body).expect("JSON")
    }
}

/// Waits until the worker inside has written the interim figures.
async fn settle(server: &Server) {
    let process = server.process_id().expect("a running server").to_string();
    let busy = || cpu_seconds(&process).expect("the kernel counts");
    for _ in 0..60 {
        let before = busy();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        if busy() - before < 0.1 {
            return;
        }
    }
    panic!("the server does not come to rest:\n{}", server.log());
}

async fn log_in(server: &Server) -> String {
    let query = "mutation($input: SessionOpenInput!) { sessionOpen(input: $input) { session { accessToken } } }";
    let body = json!({ "query": query, "variables": { "input": { "login": "auditor", "password": PASSWORD } } });
    let request = client::post(
        server.address,
        "/graphql",
        "application/json",
        &body.to_string(),
    );
    let mut client = Client::connect(server.address).await.expect("a connection");
    let answer = client.send(&request).await.expect("an answer");
    let answer: Value = serde_json::from_slice(answer.body).expect("JSON");
    let token = &answer["data"]["sessionOpen"]["session"]["accessToken"];
    token
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

/// The page, by POST and with a token.
fn page(server: &Server, query: &str, token: &str) -> Vec<u8> {
    let address = server.address;
    let body = json!({ "query": query, "variables": { "id": ROUND.to_string() } }).to_string();
    let length = body.len();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn live(stand: &Stand, baseline: &str) -> Vec<Figure> {
    let bytes = stand.answer().await.to_string().len();
    let mut figures = Vec::new();
    for (request, how) in [
        (&stand.request, "given again while its figures stand"),
        (&stand.anew, "put together for each asking"),
    ] {
        let (mut rates, mut against, mut slowest, mut own) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for pair in 0..pairs() {
            let load = stand.load(request, 16).await;
            rates.push(load.rate());
            own.push(load.own_cores);
            slowest.push(stand.load(request, 64).await.latency(990));
            against.push(rows(&stand.database).await);
            println!(
                "pair {pair}, {baseline}: page {how} {:.0}/s, p99 {:.1} ms at 64 connections; rows {:.0}/s",
                rates[pair], slowest[pair], against[pair]
            );
        }
        let rate = Figure {
            part: "B".to_owned(),
            job: format!(
                "B: ranking page by GraphQL, live, {PAGE} of {FEW} subjects, 16 connections, {how}"
            ),
            baseline: format!("500 rows by a prepared statement, {baseline}"),
            unit: "/s".to_owned(),
            measured: rates,
            against,
            aim: Some(Aim::AtLeast(0.4)),
            then: Some(Aim::AtLeast(0.6)),
            note: format!(
                "{bytes} bytes; the generator kept {:.2} cores busy",
                median(&own)
            ),
        };
        figures.push(Figure {
            job: format!("B: its p99 at 64 connections, {baseline}, {how}"),
            baseline: String::new(),
            unit: "ms".to_owned(),
            measured: slowest,
            against: Vec::new(),
            aim: Some(Aim::AtMost(150.0)),
            then: None,
            ..rate.clone()
        });
        figures.push(rate);
    }
    figures
}

/// How often the rows of a page are read in a second.
async fn rows(database: &Database) -> f64 {
    let tasks = if database.backend == Backend::Sqlite {
        2
    } else {
        16
    };
    let count = scaled(4_000);
    let next = Arc::new(AtomicUsize::new(0));
    let url = database.url.clone();
    let begun = Instant::now();
    let work: Vec<_> = (0..tasks)
        .map(|_| {
            let (url, next, backend) = (url.clone(), next.clone(), database.backend);
            tokio::spawn(async move {
                match backend {
                    Backend::Sqlite => {
                        let mut connection = sqlx::SqliteConnection::connect(&url).await?;
                        while next.fetch_add(1, Ordering::Relaxed) < count {
                            let rows = sqlx::query(ROWS).fetch_all(&mut connection).await?;
                            check(rows.iter().map(|row| row.get(5)));
                        }
                    }
                    Backend::Postgresql => {
                        let mut connection = sqlx::PgConnection::connect(&url).await?;
                        while next.fetch_add(1, Ordering::Relaxed) < count {
                            let rows = sqlx::query(ROWS).fetch_all(&mut connection).await?;
                            check(rows.iter().map(|row| row.get(5)));
                        }
                    }
                }
                Ok::<(), sqlx::Error>(())
            })
        })
        .collect();
    for task in work {
        task.await.expect("a task ends").expect("rows");
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    rate
}

fn check(points: impl Iterator<Item = i64>) {
    let (rows, sum) = points.fold((0, 0), |(rows, sum), points| (rows + 1, sum + points));
    assert!(rows == PAGE * INDICATORS && sum > 0, "{rows} rows");
}

async fn sizes(few: &Stand, many: &Stand) -> Figure {
    let (mut measured, mut against) = (Vec::new(), Vec::new());
    for pair in 0..pairs() {
        measured.push(few.load(&few.anew, 16).await.rate());
        against.push(many.load(&many.anew, 16).await.rate());
        println!(
            "pair {pair}: page of {FEW} subjects {:.0}/s, of {MANY} {:.0}/s",
            measured[pair], against[pair]
        );
    }
    Figure {
        part: "B".to_owned(),
        job: format!("B: ranking page of a round with {FEW} subjects"),
        baseline: format!("the same with {MANY} subjects"),
        unit: "/s".to_owned(),
        measured,
        against,
        aim: Some(Aim::AtMost(1.2)),
        then: None,
        note: "SQLite, live, put together for each asking, 16 connections".to_owned(),
    }
}

/// The round is closed and published; everybody reads the page by GET.
async fn closed(stand: Stand) -> Figure {
    let Stand {
        database, server, ..
    } = stand;
    drop(server);
    let service = support::poll::connect(&database).await;
    let transaction = service.database.begin_write().await.expect("a transaction");
    (transaction
        .execute_unprepared("UPDATE survey SET state = 'closed'")
        .await)
        .expect("a closed survey");
    transaction.commit().await.expect("a commit");
    service
        .close_round(&Actor::Operator, ROUND)
        .await
        .expect("a closed round");
    service
        .publish_round(&Actor::Operator, ROUND)
        .await
        .expect("a published round");
    service.database.close().await;
    let server = Server::start_with(&database, &[("MINGJIAN_GRAPHQL_COST_PER_SECOND", "0")]).await;
    let variables = json!({ "id": ROUND.to_string() }).to_string();
    let path = format!(
        "/graphql?query={}&variables={}",
        encode(QUERY),
        encode(&variables)
    );
    let address = server.address;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n\r\n")
            .into_bytes();
    let mut client = Client::connect(address).await.expect("a connection");
    let body = client.send(&request).await.expect("a page").body.to_vec();
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        answer["data"]["round"]["ranking"]["source"]["revision"], 1,
        "{answer}"
    );
    let nginx = Nginx::start(&body).await;
    let (mut measured, mut against, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..pairs() {
        let load = views(address, request.clone(), 16, scaled(3 * VIEWS)).await;
        measured.push(load.rate());
        own.push(load.own_cores);
        against.push(nginx.load(16, scaled(3 * VIEWS)).await.rate());
        println!(
            "pair {pair}: closed page {:.0}/s, nginx {:.0}/s",
            measured[pair], against[pair]
        );
    }
    Figure {
        part: "B".to_owned(),
        job: format!("B: ranking page of a closed round by GET, {PAGE} subjects, 16 connections"),
        baseline: "nginx serving the same bytes as a file".to_owned(),
        unit: "/s".to_owned(),
        measured,
        against,
        aim: Some(Aim::AtLeast(0.5)),
        then: Some(Aim::AtLeast(0.8)),
        note: format!(
            "{} bytes; the generator kept {:.2} cores busy",
            body.len(),
            median(&own)
        ),
    }
}

/// A text as a part of a query string.
fn encode(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(2 * text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _written = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
