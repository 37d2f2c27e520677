//! An open round of a few units with one survey, and who works on it.
//!
//! Its scheme has an item of each of three ways, a rule that opens an investigation, one that caps, and a veto.

use std::collections::BTreeMap;

use domain::access::{Actor, Grant, Role};
use domain::id::{self, Id};
use domain::number::Points;
use domain::scheme::Scheme;
use domain::scheme::file::Finding;
use domain::survey::{Definition, Entries, validate};
use sea_orm::ConnectionTrait;
use service::inspection::import::{Row, Table};
use service::inspection::{FactDraft, FactStatus, Measure, Put, ScoreChange};
use service::intake::{Admitted, Beside, Booking, Intake, IntakeSettings, Submission};
use service::investigation::FindingDraft;
use service::survey::{self, GroupProgress, LinkFor, NewSurvey, Recount};
use service::{Fault, Refusal, Service};
use support::World;
pub use support::plant::ROUND;
use support::plant::{Plan, plant};

/// What the units are judged by: at most 60 points by inspection, 20 by meetings, 20 by the survey.
pub const SCHEME: &str = include_str!("stand.toml");

/// An open round of two units with a survey, and who works on it.
pub struct Stand {
    pub world: World,
    pub intake: Intake,
    pub survey: Id<id::Survey>,
    pub definition: Definition,
    pub links: Vec<String>,
    pub inspector: Actor,
    pub administrator: Actor,
}

/// Somebody with a role everywhere.
pub fn staff(id: i64, login: &str, role: Role) -> Actor {
    Actor::Staff {
        id: Id::new(id),
        login: login.to_owned(),
        grants: vec![Grant {
            role,
            region: None,
            category: None,
            round: None,
            subject: None,
        }],
    }
}

/// A unit.
pub fn subject(number: i64) -> Id<id::Subject> {
    Id::new(number)
}

/// A table as a person numbers its rows, below one of names.
pub fn table(columns: &[&str], rows: &[&[&str]]) -> Table {
    let rows = rows.iter().zip(2..).map(|(cells, number)| Row {
        number,
        cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
    });
    Table {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.collect(),
    }
}

/// Points of a text.
pub fn points(text: &str) -> Points {
    text.parse().unwrap()
}

/// Points for the item that is inspected.
pub fn award(number: i64, points: &str) -> ScoreChange {
    ScoreChange {
        subject: subject(number),
        item: "A1".to_owned(),
        part: None,
        period: None,
        points: Some(points.parse().unwrap()),
        note: None,
        row_version: None,
    }
}

/// A confirmed case of February.
pub fn case(unit: i64, reference: &str) -> FactDraft {
    FactDraft {
        subject: subject(unit),
        kind: "case".to_owned(),
        event_on: None,
        decision_on: Some("2026-02-01".parse().unwrap()),
        fields: BTreeMap::new(),
        persons: 1,
        reference: reference.to_owned(),
        status: FactStatus::Confirmed,
    }
}

/// Why something was refused.
pub fn refusals<T: std::fmt::Debug>(result: Result<T, Fault>) -> Vec<Refusal> {
    match result {
        Err(Fault::Refused(refusals)) => refusals,
        other => panic!("not refused: {other:?}"),
    }
}

/// The counts of a survey made again from its sheets, set against those that are kept.
pub async fn recount(service: &Service, survey: Id<id::Survey>) -> Recount {
    let reading = service.database.begin_read().await.unwrap();
    let definition = survey::get_definition(&reading, survey).await.unwrap();
    let recount = survey::count_from_sheets(&reading, survey, &definition);
    recount.await.unwrap()
}

/// How far a survey has come, with what became of its sheets, whether or not anybody may see it.
pub async fn progress(service: &Service, survey: Id<id::Survey>) -> Vec<GroupProgress> {
    let reading = service.database.begin_read().await.unwrap();
    survey::list_progress(&reading, survey).await.unwrap()
}

impl Stand {
    /// Two units.
    pub async fn new(world: World) -> Self {
        Self::with(world, 2).await
    }

    /// So many units; the first two can be answered about.
    pub async fn with(world: World, units: usize) -> Self {
        let plan = Plan {
            scheme: SCHEME,
            units,
        };
        Self::of(world, plan).await
    }

    /// With another scheme, whose first survey has the panel `users` and the question `overall`.
    pub async fn of(world: World, plan: Plan<'_>) -> Self {
        let definition = definition(plan.scheme);
        let transaction = world.service.database.begin_write().await.unwrap();
        plant(&transaction, plan).await;
        transaction
            .execute_unprepared(
                "INSERT INTO staff (id, login, name, password_hash, state, row_version, failed_logins) VALUES \
                 (1, 'ins-1', '甲', '', 'active', 1, 0), (2, 'ins-2', '乙', '', 'active', 1, 0), \
                 (3, 'admin', '丙', '', 'active', 1, 0)",
            )
            .await
            .unwrap();
        let new = NewSurvey {
            round: ROUND,
            definition: &definition,
            opens_at: None,
            closes_at: None,
        };
        let survey = survey::add(&transaction, &world.service.ids, new)
            .await
            .unwrap();
        survey::open(&transaction, survey).await.unwrap();
        let wanted = (1..=2)
            .map(|unit| LinkFor {
                subject: subject(unit),
                panel: "users".to_owned(),
                marks: Vec::new(),
            })
            .collect();
        let links = survey::add_links(
            &transaction,
            &world.service.ids,
            (survey, &definition),
            wanted,
        )
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        let intake = Intake::start(world.service.clone(), IntakeSettings::default())
            .await
            .unwrap();
        Self {
            world,
            intake,
            survey,
            definition,
            links: links.into_iter().map(|link| link.code).collect(),
            inspector: staff(1, "ins-1", Role::Inspector),
            administrator: staff(3, "admin", Role::RoundAdministrator),
        }
    }

    /// An answer about one of the first two units.
    pub async fn answer(&self, unit: usize, option: &str) -> Booking {
        let state = self
            .intake
            .find_link(&self.links[unit - 1])
            .await
            .unwrap()
            .unwrap();
        let admitted = Admitted::by_link(state.link);
        let key = self.intake.make_key(&admitted).unwrap();
        let entries: Entries = [("overall", option)].into_iter().collect();
        let submission = Submission {
            admitted,
            key,
            answers: validate(&self.definition, &entries).unwrap(),
            beside: Beside::default(),
        };
        self.intake.book(submission).await.unwrap()
    }

    /// Ends the survey.
    pub async fn close_survey(&self) {
        let transaction = self.world.service.database.begin_write().await.unwrap();
        survey::close(&transaction, self.survey).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Everything that the scheme asks for, and a closed survey: unit 1 with 95 points, unit 2 with 60.
    pub async fn fill(&self) {
        self.record(["4", "2"], ["good", "good", "good", "bad"])
            .await;
        for option in ["good", "bad", "good", "bad"] {
            assert!(matches!(self.answer(2, option).await, Booking::Booked(_)));
        }
        self.close_survey().await;
    }

    /// The same with nobody dissatisfied and the survey still open.
    pub async fn fill_without_closing(&self) {
        self.record(["4", "4"], ["good"; 4]).await;
        for _ in 0..4 {
            self.answer(2, "good").await;
        }
        self.show_answers().await;
    }

    /// What has been answered is shown as if it had been shown before, however little it is.
    pub async fn show_answers(&self) {
        support::poll::show_answers(&self.world.service).await;
    }

    /// Points and meetings of both units, and answers about the first.
    async fn record(&self, meetings: [&str; 2], answers: [&str; 4]) {
        let service = &self.world.service;
        service
            .change_scores(&self.inspector, ROUND, vec![award(1, "60"), award(2, "40")])
            .await
            .unwrap();
        let meetings = [1, 2].into_iter().zip(meetings).map(|(unit, value)| {
            Put::Put(Measure {
                subject: subject(unit),
                measure: "meetings".to_owned(),
                period: "round".to_owned(),
                value: value.parse().unwrap(),
            })
        });
        service
            .change_measures(&self.inspector, ROUND, meetings.collect())
            .await
            .unwrap();
        for option in answers {
            assert!(matches!(self.answer(1, option).await, Booking::Booked(_)));
        }
    }

    /// Investigations that are due are opened and decided.
    pub async fn investigate(&self, finding: Finding) {
        let service = &self.world.service;
        let opened = service
            .open_due_investigations(&self.administrator, ROUND)
            .await
            .unwrap();
        for one in opened {
            service
                .record_finding(
                    &self.administrator,
                    FindingDraft {
                        id: one.id,
                        finding,
                        reason: "looked into".to_owned(),
                    },
                )
                .await
                .unwrap();
        }
    }
}

/// What the survey asks.
fn definition(scheme: &str) -> Definition {
    let scheme = Scheme::parse(scheme).unwrap_or_else(|faults| panic!("{faults:?}"));
    Definition::of(&scheme.file.survey[0], &scheme.file.scale).unwrap()
}

/// A region and a draft of a round with nothing in them, for roles that reach there and nowhere else.
pub mod elsewhere {
    use domain::id::{self, Id};
    use sea_orm::ConnectionTrait;
    use support::World;

    pub const REGION: Id<id::Region> = Id::new(2);
    pub const ROUND: Id<id::Round> = Id::new(2);

    pub async fn plant(world: &World) {
        let transaction = world.service.database.begin_write().await.unwrap();
        for sql in [
            "INSERT INTO region (id, code, name, name_en) VALUES (2, 'elsewhere', '他处', 'Elsewhere')",
            "INSERT INTO round (id, code, series, name, name_en, scheme_version_id, period_from_on, period_to_on, \
             time_zone, state, publicity, row_version, inputs_changed_at) VALUES (2, 'elsewhere', 'e', '他轮', \
             'Elsewhere', 1, '2026-01-01', '2026-12-31', 'Asia/Shanghai', 'draft', 'internal', 1, 0)",
        ] {
            transaction.execute_unprepared(sql).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }
}
