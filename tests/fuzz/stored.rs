//! Files of tables on their whole way into a database: stored whole with nothing wrong, or not at all, with every fault
//! at a row and a column of the file. What was stored can be decided on.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use api::sheet::read_table;
use domain::access::{Actor, Grant, Role};
use domain::id::{self, Id};
use domain::scheme::Scheme;
use domain::survey::Definition;
use service::clock::FixedClock;
use service::database::DatabaseSettings;
use service::inspection::import::{ImportKind, Report, Request, Table};
use service::survey::{self, NewSurvey};
use service::{Fault, IdSource, Service};
use sqlx::{Connection, SqliteConnection};
use support::Database;
use support::plant::{Plan, ROUND, add_staff, plant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::change::Stock;
use super::draw::Draw;
use super::watch::Watch;

const SCHEME: &str = include_str!("../it/stand.toml");
const UNITS: usize = 3;
const MOST: usize = 64 * 1024;
const MOST_FAULTS: usize = 1_000;

pub struct Stored {
    runtime: Runtime,
    folder: TempDir,
    /// A database with an open round and a survey, as it lies on the disk.
    planted: Vec<u8>,
    survey: Id<id::Survey>,
    /// The one in use: a copy in which nothing was stored yet.
    open: Option<Open>,
    copies: u64,
    stock: Stock,
}

struct Open {
    service: Service,
    /// Looks from beside whether anything is written.
    beside: SqliteConnection,
    file: PathBuf,
}

impl Stored {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("planted.db");
        let survey = runtime.block_on(async {
            let database = Database::fresh_at(&file).await;
            let service = connect(&database.url).await;
            add_staff(&service, &[(1, "ins-1"), (2, "ins-2")]).await;
            let transaction = service.database.begin_write().await.expect("a transaction");
            let plan = Plan {
                scheme: SCHEME,
                units: UNITS,
            };
            plant(&transaction, plan).await;
            let scheme = Scheme::parse(SCHEME).expect("a scheme");
            let definition = Definition::of(&scheme.file.survey[0], &scheme.file.scale);
            let new = NewSurvey {
                round: ROUND,
                definition: &definition.expect("a survey"),
                opens_at: None,
                closes_at: None,
            };
            let added = survey::add(&transaction, &service.ids, new).await;
            let survey = added.expect("a survey");
            survey::open(&transaction, survey).await.expect("it opens");
            transaction.commit().await.expect("a commit");
            service.database.close().await;
            survey
        });
        let mut draw = Draw::seeded(5);
        let tables = (0..400).map(|_| table(&mut draw));
        Self {
            planted: std::fs::read(&file).expect("the database"),
            runtime,
            folder,
            survey,
            open: None,
            copies: 0,
            stock: Stock::new(tables.collect::<Vec<String>>(), MOST),
        }
    }

    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        match draw.below(4) {
            0 => self.stock.make(draw),
            1 => self.stock.change(table(draw).into_bytes(), draw),
            _ => table(draw).into_bytes(),
        }
    }

    /// Returns whether the table was stored, or would be.
    pub fn judge(&mut self, input: &[u8], watch: &mut Watch) -> bool {
        // How it is sent stands on a line of its own, so that it can be had again from the bytes.
        let end = input.iter().position(|byte| *byte == b'\n');
        let (how, file) = input.split_at(end.map_or(input.len(), |end| end + 1));
        let how = String::from_utf8_lossy(how);
        let kind = ImportKind::ALL
            .into_iter()
            .find(|kind| how.contains(kind.word()));
        let kind = kind.unwrap_or(ImportKind::Roster);
        let Ok(table) = watch.time("reading", || read_table(file, kind)) else {
            return false;
        };
        let request = Request {
            round: Some(ROUND),
            survey: Some(self.survey),
            kind,
            table: table.clone(),
            dry_run: how.contains("dry"),
            leave_out: how.contains("leave"),
            sample: None,
        };
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.copy(),
        };
        let (dry_run, leave_out) = (request.dry_run, request.leave_out);
        let (report, is_written) = self.runtime.block_on(async {
            let before = version(&mut open.beside).await;
            let report = open.service.import(&Actor::Operator, request).await;
            (report, version(&mut open.beside).await != before)
        });
        let report = match report {
            Ok(report) => report,
            Err(Fault::Refused(refusals)) => {
                assert!(!refusals.is_empty() && !is_written, "{refusals:?}");
                self.open = Some(open);
                return false;
            }
            Err(fault) => panic!("{kind:?}: {fault:?}"),
        };
        assert_eq!(report.stored, is_written, "{report:?}");
        assert!(!(report.stored && dry_run), "{report:?}");
        let may_differ = leave_out && kind == ImportKind::Contacts;
        assert!(
            report.faults.is_empty() || !report.stored || may_differ,
            "{report:?}"
        );
        hold_to_places(&table, &report);
        if report.stored {
            self.runtime.block_on(async {
                let looked = open.service.preflight(&administrator(), ROUND).await;
                looked.unwrap_or_else(|fault| panic!("{kind:?} was stored, then {fault:?}"));
                open.service.database.close().await;
            });
            std::fs::remove_file(open.file).expect("a database to remove");
        } else {
            self.open = Some(open);
        }
        report.faults.is_empty()
    }

    /// A database of its own.
    fn copy(&mut self) -> Open {
        self.copies += 1;
        let file = self.folder.path().join(format!("{}.db", self.copies));
        std::fs::write(&file, &self.planted).expect("a copy");
        let url = format!("sqlite://{}", file.display());
        self.runtime.block_on(async {
            Open {
                service: connect(&url).await,
                beside: SqliteConnection::connect(&url).await.expect("a connection"),
                file,
            }
        })
    }
}

async fn connect(url: &str) -> Service {
    let database = service::Database::open(DatabaseSettings::new(url)).await;
    let now = "2026-03-02T01:00:00Z".parse().expect("an instant");
    Service {
        clock: Arc::new(FixedClock::at(now)),
        ids: Arc::new(IdSource::seeded(7)),
        smallest_panel: 1,
        ..Service::new(database.expect("the database opens"))
    }
}

/// Changes whenever another connection has written.
async fn version(connection: &mut SqliteConnection) -> i64 {
    let asked = sqlx::query_scalar("PRAGMA data_version");
    asked.fetch_one(connection).await.expect("a version")
}

fn administrator() -> Actor {
    Actor::Staff {
        id: Id::new(1),
        login: "ins-1".to_owned(),
        grants: vec![Grant {
            role: Role::RoundAdministrator,
            region: None,
            category: None,
            round: None,
            subject: None,
        }],
    }
}

/// Every fault says what is wrong, and where in the file.
fn hold_to_places(table: &Table, report: &Report) {
    assert!(
        report.faults.len() <= MOST_FAULTS,
        "{}",
        report.faults.len()
    );
    assert!(report.rows <= table.rows.len(), "{report:?}");
    let rows: BTreeSet<u32> = table.rows.iter().map(|row| row.number).collect();
    for fault in &report.faults {
        assert!(fault.row == 0 || rows.contains(&fault.row), "{fault:?}");
        assert!(
            !fault.code.is_empty() && !fault.what.is_empty(),
            "{fault:?}"
        );
        assert!(!fault.mend.is_empty(), "{fault:?}");
        assert!(
            fault.what.chars().count() < 10_000,
            "what is shown is cut short"
        );
        // Of several columns, of which there may be one, none is to blame.
        assert!(
            fault.column.is_some() || fault.code == "ONE_WAY_NEEDED",
            "{fault:?}"
        );
        // A fault of the table as a whole is one of its columns.
        let of_columns = fault.code.starts_with("COLUMN") || fault.code == "ONE_WAY_NEEDED";
        assert!(fault.row > 0 || of_columns, "{fault:?}");
    }
    let mut names: Vec<&str> = table.columns.iter().map(|name| name.trim()).collect();
    names.retain(|name| !name.is_empty());
    let alone: BTreeSet<&str> = names.iter().copied().collect();
    let is_twice = alone.len() < names.len();
    assert!(
        !(is_twice && report.faults.is_empty()),
        "a column is there twice"
    );
}

/// Names of columns, each with cells that are right below it.
type Columns<'a> = &'a [(&'a str, &'a [&'a str])];

/// A table as it is sent, mostly right.
fn table(draw: &mut Draw) -> String {
    let kinds: [(&str, Columns); 9] = [
        (
            "roster",
            &[
                ("code", &["u-001", "u-004", "u-005", "n1"]),
                ("kind", &["unit", "单位", "person"]),
                ("category", &["organ"]),
                ("region", &["r"]),
                ("name", &["虚构一局", "局"]),
                ("name_en", &["Bureau"]),
            ],
        ),
        (
            "duty-lists",
            &[
                ("subject", UNIT),
                ("item", &["A1"]),
                ("task", &["一", "二"]),
            ],
        ),
        (
            "scores",
            &[
                ("subject", UNIT),
                ("item", &["A1"]),
                ("inspector", &["ins-1", "ins-2"]),
                ("points", &["1.5", "60", "0", "12"]),
                ("note", &["", "好"]),
            ],
        ),
        (
            "scores",
            &[
                ("单位代码", UNIT),
                ("考评人员", &["ins-1"]),
                ("A1", &["", "3", "4.5"]),
            ],
        ),
        (
            "measures",
            &[
                ("subject", UNIT),
                ("measure", &["meetings"]),
                ("period", &["round"]),
                ("value", &["4", "0", "3"]),
            ],
        ),
        (
            "facts",
            &[
                ("subject", UNIT),
                ("kind", &["case"]),
                ("reference", &["f-1", "f-2", "f-3", "f-4"]),
                ("decision_on", &["2026-02-01", "2025-01-31"]),
                ("persons", &["1", "2", ""]),
                ("status", &["confirmed", "alleged", ""]),
            ],
        ),
        (
            "history",
            &[
                ("series", &["r"]),
                ("round", &["r0", "r-1", "r1", "r0"]),
                ("closed_on", &["2025-12-31"]),
                ("subject", UNIT),
                ("grade", &["good", "poor"]),
                ("points", &["88", ""]),
            ],
        ),
        (
            "answers",
            &[
                ("channel", &["web"]),
                ("subject", UNIT),
                ("panel", &["users"]),
                ("overall", &["good", "bad", "满意", "Dissatisfied"]),
            ],
        ),
        (
            "contacts",
            &[
                ("subject", UNIT),
                ("panel", &["users"]),
                ("name", &["", "甲"]),
                ("mail", &["a@example.com", "b@example.com", "c@example.cn"]),
            ],
        ),
    ];
    let issues: (&str, Columns) = (
        "issues",
        &[
            ("subject", UNIT),
            ("panel", &["users"]),
            ("channel", &["web"]),
            ("invited", &["10", ""]),
            ("issued", &["10", "12"]),
        ],
    );
    let place = draw.place(kinds.len() + 1);
    let (kind, columns) = kinds.get(place).copied().unwrap_or(issues);
    let how = ["", " dry", " leave", ""][draw.place(4)];
    let mut columns: Vec<(&str, &[&str])> = columns.to_vec();
    match draw.below(24) {
        0 => drop(columns.remove(draw.place(columns.len()))),
        1 => columns.push(columns[draw.place(columns.len())]),
        2 => columns.push(("x", &["1", ""])),
        3 => columns.reverse(),
        _ => {}
    }
    let mut text = format!("{kind}{how}\n");
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    text.push_str(&names.join(","));
    let rows = match draw.below(32) {
        0 => 300,
        _ => 5,
    };
    for _ in 0..=draw.place(rows) {
        for (place, (_, values)) in columns.iter().enumerate() {
            text.push(if place == 0 { '\n' } else { ',' });
            if draw.below(40) == 0 {
                text.push_str(ODD[draw.place(ODD.len())]);
            } else {
                text.push_str(values[draw.place(values.len())]);
            }
        }
    }
    text
}

const UNIT: &[&str] = &["u-001", "u-002", "u-003"];

/// Cells that are wrong anywhere, or strange.
const ODD: [&str; 30] = [
    "",
    "u-009",
    "-1",
    "0.00001",
    "922337203685477.5807",
    "922337203685477.5808",
    "9223372036854775807",
    "9223372036854775808",
    "4294967296",
    "2147483648",
    "1/3",
    "1/0",
    "100%",
    "1e9",
    "１",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "\u{1}",
    "\u{7f}",
    "\u{202e}x",
    "\u{feff}u-001",
    "U-001",
    "e\u{301}",
    "=1+1",
    "'x",
    "\"a\"\"b\"",
    "\"两\n行\"",
    "a@b",
    "A@Example.COM",
];
