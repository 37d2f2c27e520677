//! A round of three units whose scheme has something of everything, and somebody of each role.

use domain::access::Role;
use serde_json::{Value, json};
use support::World;
use support::plant::Plan;

use super::{Site, Token, everywhere};
use crate::stand::{ROUND, Stand, elsewhere, subject};

/// At most 50 points by inspection, 20 by meetings, 20 by the survey, 10 by a list of tasks; a label, a veto, an
/// investigation with a cap, an alert and two follow-ups.
pub const SCHEME: &str = include_str!("wire.toml");

pub struct Scene {
    pub site: Site,
    pub stand: Stand,
    pub administrator: Token,
    pub inspector: Token,
    pub auditor: Token,
    pub keeper: Token,
}

impl Scene {
    /// An open round with an open survey.
    pub async fn new(world: World) -> Self {
        Self::under(world, SCHEME).await
    }

    /// The same under another scheme.
    pub async fn under(world: World, scheme: &str) -> Self {
        let plan = Plan { scheme, units: 3 };
        let stand = Stand::of(world.clone(), plan).await;
        elsewhere::plant(&world).await;
        let site = Site::new(world).await;
        // Of these it is enough that they can log in.
        for role in [Role::Reviewer, Role::UnitReporter] {
            site.add(role.word(), vec![everywhere(role)]).await;
        }
        Self {
            administrator: site.token(Role::RoundAdministrator).await,
            inspector: site.token(Role::Inspector).await,
            auditor: site.token(Role::Auditor).await,
            keeper: site.token(Role::SecurityAdministrator).await,
            site,
            stand,
        }
    }

    /// The same with everything in it that closing needs, but that the survey is open and that the investigation of the
    /// second unit is due. The first unit has 95 points; of the second half are dissatisfied; the third has a case.
    pub async fn filled(world: World) -> Self {
        let scene = Self::new(world).await;
        let scores = json!([award(1, "50"), award(2, "30"), award(3, "20")]);
        scene
            .change("scoresChange", "scores: [ScoreInput!]!", "scores", scores)
            .await;
        let meetings = |unit: i64, value: &str| json!({ "subjectId": subject(unit).to_string(), "measure": "meetings", "period": "round", "value": value });
        let measures = json!([meetings(1, "4"), meetings(2, "1"), meetings(3, "1")]);
        scene
            .change(
                "measuresChange",
                "measures: [MeasureInput!]!",
                "measures",
                measures,
            )
            .await;
        let tasks = |unit: i64, done: u32| json!({ "subjectId": subject(unit).to_string(), "item": "A4", "done": done, "tasks": 3 });
        let checklists = json!([tasks(1, 3), tasks(2, 1), tasks(3, 2)]);
        scene
            .change(
                "checklistsChange",
                "checklists: [ChecklistInput!]!",
                "checklists",
                checklists,
            )
            .await;
        let none = |unit: i64| json!({ "subjectId": subject(unit).to_string(), "kind": "case", "none": true });
        let reports = json!([none(1), none(2)]);
        scene
            .change(
                "nilReportsChange",
                "nilReports: [NilReportInput!]!",
                "nilReports",
                reports,
            )
            .await;
        let facts = json!([case("f-1")]);
        scene
            .change("factsAdd", "facts: [FactInput!]!", "facts", facts)
            .await;
        for (unit, answers) in [
            (1, ["good", "good", "good", "bad"]),
            (2, ["good", "bad", "good", "bad"]),
        ] {
            for option in answers {
                scene.stand.answer(unit, option).await;
            }
        }
        scene.stand.show_answers().await;
        // Nobody was asked about the third.
        let waive = "mutation($input: WaiverInput!) { waiverAdd(input: $input) { refusals { code path message } } }";
        for input in [waiver(), unasked()] {
            let waived = scene
                .site
                .get(&scene.administrator, waive, json!({ "input": input }))
                .await;
            assert_eq!(waived["refusals"], json!([]));
        }
        scene
    }

    /// A change of rows of the round that must not be refused, by whoever inspects.
    async fn change(&self, field: &str, declared: &str, name: &str, rows: Value) -> Value {
        let query = format!(
            "mutation($round: ID!, ${declared}) {{ {field}(roundId: $round, {name}: ${name}) {{ refusals {{ code path }} }} }}"
        );
        let variables = json!({ "round": ROUND.to_string(), name: rows });
        let done = self.site.get(&self.inspector, &query, variables).await;
        assert_eq!(done["refusals"], json!([]), "{field}");
        done
    }
}

/// Points for the item that is inspected.
pub fn award(unit: i64, points: &str) -> Value {
    json!({ "subjectId": subject(unit).to_string(), "item": "A1", "points": points })
}

/// A confirmed case of the third unit.
pub fn case(reference: &str) -> Value {
    json!({ "subjectId": subject(3).to_string(), "kind": "case", "reference": reference, "decisionOn": "2026-02-01",
        "confirmed": true, "fields": [{ "code": "form", "value": "first" }] })
}

/// Five points for the third unit, about which nobody was asked.
pub fn waiver() -> Value {
    json!({ "roundId": ROUND.to_string(), "subjectId": subject(3).to_string(), "gap": { "item": "A3" },
        "holds": { "points": "5" }, "reason": "nobody could be asked" })
}

/// What was not asked about the third unit cannot have been found.
fn unasked() -> Value {
    let mut waiver = waiver();
    waiver["gap"] = json!({ "rule": "verified" });
    waiver["holds"] = json!({ "fired": false });
    waiver
}
