//! A round from its first score to its package: what is put in, what is refused, and that it ends once.

use std::collections::BTreeMap;

use domain::access::{Actor, Grant, Role};
use domain::id::{self, Id};
use domain::inputs::{WaivedGap, WaiverHolds};
use domain::number::Points;
use domain::outcome::GapKind;
use domain::package;
use domain::scheme::Scheme;
use domain::scheme::file::Finding;
use domain::survey::{Definition, Entries, validate};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use service::closeout::PackageKind;
use service::inspection::import::{self, ImportKind, Row, Table};
use service::inspection::{FactDraft, FactStatus, Measure, Put, ScoreChange};
use service::intake::{Admitted, Booking, Intake, IntakeSettings, RefusedAnswer, Submission};
use service::investigation::FindingDraft;
use service::standing::{Cursor, Seen, Source, Wanted};
use service::survey::{self, LinkFor, NewSurvey};
use service::waiver::Waiver;
use service::{Fault, Refusal};
use support::{World, on_both};

on_both!(
    a_round_is_scored_closed_once_and_recomputed_from_its_package,
    of_many_who_close_at_once_one_wins_and_all_see_the_same,
    a_round_with_gaps_is_not_closed_and_nothing_is_written,
    scores_that_do_not_fit_are_refused_with_their_place_and_none_is_stored,
    a_score_that_somebody_changed_is_not_overwritten,
    nothing_is_put_into_a_closed_round,
    a_fact_is_recorded_once_however_often_it_is_sent,
    an_investigation_opens_when_the_rule_fires_and_its_finding_caps_the_grade,
    a_waiver_lets_a_round_be_closed_with_its_reason,
    an_answer_racing_the_close_out_is_in_it_or_refused,
    a_tally_that_was_tampered_with_keeps_the_round_open,
    a_table_is_imported_whole_or_not_at_all,
    a_ranking_page_costs_the_same_however_many_subjects,
    nobody_closes_or_scores_without_the_role
);

const SCHEME: &str = r#"
format = "mingjian-scheme/1"
code = "small"
version = "1"
name = { zh = "小表", en = "Small table" }

[numbers]
decimals = 2
mode = "half_up"

[grading]
by = "total"
minimum = "good"
scale_not_applicable = true

[closing]
two_people = false

[[grade]]
code = "excellent"
name = { zh = "优秀", en = "Excellent" }
from = 90

[[grade]]
code = "good"
name = { zh = "良好", en = "Good" }
from = 60

[[grade]]
code = "poor"
name = { zh = "较差", en = "Poor" }

[[category]]
code = "organ"
kind = "unit"
name = { zh = "机关", en = "Organ" }

[[measure]]
code = "meetings"
name = { zh = "会议次数", en = "Meetings" }
unit = "count"
every = "round"

[[fact]]
code = "case"
name = { zh = "案件", en = "Case" }
dated_by = "decision"
counts = "case"

[[scale]]
code = "two"

[[scale.option]]
code = "good"
label = { zh = "满意", en = "Satisfied" }
class = "satisfied"
weight = 100

[[scale.option]]
code = "bad"
label = { zh = "不满意", en = "Dissatisfied" }
class = "dissatisfied"
weight = 0

[[survey]]
code = "public"
name = { zh = "测评", en = "Survey" }
denominator = "rated"
combine = "pooled"
demand = { least_valid = 3 }

[[survey.panel]]
code = "users"
name = { zh = "服务对象", en = "Service users" }

[[survey.channel]]
code = "web"

[[survey.question]]
code = "overall"
text = { zh = "总体", en = "Overall" }
scale = "two"
required = true

[[section]]
code = "all"
kind = "common"
name = { zh = "共性", en = "Common" }
max = 100

[[item]]
code = "A1"
in = "all"
name = { zh = "检查", en = "Inspection" }
max = 60
graded = { step = "0.5", several = "mean" }

[[item]]
code = "A2"
in = "all"
name = { zh = "会议", en = "Meetings" }
max = 20
measured = { value = { measure = { of = "meetings" } }, shape = { line = { zero_at = 0, full_at = 4 } } }

[[item]]
code = "A3"
in = "all"
name = { zh = "测评", en = "Survey" }
max = 20
surveyed = { value = { survey = { of = "public", figure = "satisfaction_rate" } }, shape = { line = { zero_at = 0, full_at = "100%" } } }

[[rule]]
code = "many_dissatisfied"
clause = "1"
name = { zh = "不满意超过三分之一", en = "More than one third dissatisfied" }
when = { survey = { of = "public", figure = "dissatisfied_share", plain = true }, more_than = "1/3" }
effect = "investigate"
words = { zh = "不满意超过三分之一。", en = "More than one third are dissatisfied." }

[[rule]]
code = "verified"
clause = "1"
name = { zh = "调查属实", en = "Found true" }
when = { finding = { of = "many_dissatisfied", is = "verified" } }
effect = { cap = "poor" }
words = { zh = "经调查属实。", en = "The investigation found it true." }

[[rule]]
code = "veto"
clause = "1"
name = { zh = "一票否决", en = "Veto" }
when = { facts = { kind = "case", back = { period = true } }, at_least = 1 }
effect = "disqualify"
words = { zh = "有案件。", en = "There was a case." }
"#;

const ROUND: Id<id::Round> = Id::new(1);

/// An open round of two units with a survey, and who works on it.
struct Stand {
    world: World,
    intake: Intake,
    survey: Id<id::Survey>,
    links: Vec<String>,
    inspector: Actor,
    administrator: Actor,
}

fn staff(id: i64, login: &str, role: Role) -> Actor {
    Actor::Staff {
        id: Id::new(id),
        login: login.to_owned(),
        grants: vec![Grant {
            role,
            region: None,
            category: None,
            round: None,
        }],
    }
}

fn subject(number: i64) -> Id<id::Subject> {
    Id::new(number)
}

fn points(text: &str) -> Points {
    text.parse().unwrap()
}

fn award(number: i64, points: &str) -> ScoreChange {
    ScoreChange {
        subject: subject(number),
        item: "A1".to_owned(),
        part: None,
        points: Some(points.parse().unwrap()),
        note: None,
        row_version: None,
    }
}

fn refusals<T: std::fmt::Debug>(result: Result<T, Fault>) -> Vec<Refusal> {
    match result {
        Err(Fault::Refused(refusals)) => refusals,
        other => panic!("not refused: {other:?}"),
    }
}

impl Stand {
    async fn new(world: World) -> Self {
        Self::with(world, 2).await
    }

    async fn with(world: World, units: i64) -> Self {
        let transaction = world.service.database.begin_write().await.unwrap();
        let digest = match transaction.get_database_backend() {
            sea_orm::DbBackend::Sqlite => "zeroblob(32)",
            _ => "decode(repeat('00', 32), 'hex')",
        };
        let mut statements = vec![
            "INSERT INTO region (id, code, name, name_en) VALUES (1, 'r', '区', 'District')".to_owned(),
            "INSERT INTO staff (id, login, name, password_hash, state, row_version, failed_logins) VALUES \
             (1, 'ins-1', '甲', '', 'active', 1, 0), (2, 'ins-2', '乙', '', 'active', 1, 0), \
             (3, 'admin', '丙', '', 'active', 1, 0)"
                .to_owned(),
            "INSERT INTO scheme (id, code, name, name_en) VALUES (1, 'small', '小表', 'Small table')".to_owned(),
            format!(
                "INSERT INTO scheme_version (id, scheme_id, version, source, digest, added_at) \
                 VALUES (1, 1, '1', '{}', {digest}, 0)",
                SCHEME.replace('\'', "''")
            ),
            "INSERT INTO round (id, code, series, name, name_en, scheme_version_id, period_from_on, period_to_on, \
             time_zone, state, publicity, opened_at, row_version, inputs_changed_at) VALUES \
             (1, 'r1', 'r', '一轮', 'Round', 1, '2026-01-01', '2026-12-31', 'Asia/Shanghai', 'open', 'internal', 0, 1, 0)"
                .to_owned(),
        ];
        for unit in 1..=units {
            statements.push(format!(
                "INSERT INTO subject (id, code, kind, category, region_id, name, name_en) \
                 VALUES ({unit}, 'u-{unit:03}', 'unit', 'organ', 1, '{unit} 局', 'Bureau {unit}')"
            ));
            statements.push(format!(
                "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en) \
                 VALUES (1, {unit}, 'organ', 1, '{unit} 局', 'Bureau {unit}')"
            ));
        }
        for sql in statements {
            transaction.execute_unprepared(&sql).await.unwrap();
        }
        let new = NewSurvey {
            round: ROUND,
            definition: &definition(),
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
            })
            .collect();
        let links = survey::add_links(&transaction, &world.service.ids, survey, wanted)
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
            links: links.into_iter().map(|link| link.code).collect(),
            inspector: staff(1, "ins-1", Role::Inspector),
            administrator: staff(3, "admin", Role::RoundAdministrator),
        }
    }

    async fn answer(&self, unit: usize, option: &str) -> Booking {
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
            answers: validate(&definition(), &entries).unwrap(),
        };
        self.intake.book(submission).await.unwrap()
    }

    async fn close_survey(&self) {
        let transaction = self.world.service.database.begin_write().await.unwrap();
        survey::close(&transaction, self.survey).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Everything that the scheme asks for, and a closed survey: unit 1 with 95 points, unit 2 with 60.
    async fn fill(&self) {
        let service = &self.world.service;
        service
            .change_scores(&self.inspector, ROUND, vec![award(1, "60"), award(2, "40")])
            .await
            .unwrap();
        let meetings = |unit, value: &str| {
            Put::Put(Measure {
                subject: subject(unit),
                measure: "meetings".to_owned(),
                period: "round".to_owned(),
                value: value.parse().unwrap(),
            })
        };
        service
            .change_measures(
                &self.inspector,
                ROUND,
                vec![meetings(1, "4"), meetings(2, "2")],
            )
            .await
            .unwrap();
        for (unit, option) in [
            (1, "good"),
            (1, "good"),
            (1, "good"),
            (1, "bad"),
            (2, "good"),
            (2, "bad"),
            (2, "good"),
            (2, "bad"),
        ] {
            assert!(matches!(
                self.answer(unit, option).await,
                Booking::Booked(_)
            ));
        }
        self.close_survey().await;
    }

    /// Investigations that are due are opened and found untrue.
    async fn investigate(&self, finding: Finding) {
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

fn definition() -> Definition {
    let scheme = Scheme::parse(SCHEME).unwrap();
    Definition::of(&scheme.file.survey[0], &scheme.file.scale).unwrap()
}

async fn a_round_is_scored_closed_once_and_recomputed_from_its_package(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;

    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(preflight.may_close(), "{:?}", preflight.outcome.gaps);
    let first = preflight.outcome.find("u-001").unwrap();
    assert_eq!(first.total, Some(points("95")));

    let closing = service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(closing.by_this_request);
    let again = service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(!again.by_this_request);
    assert_eq!(again.revision, closing.revision);

    for kind in [PackageKind::Counts, PackageKind::Sheets] {
        let bytes = service
            .export_round(&stand.administrator, ROUND, kind)
            .await
            .unwrap();
        let same = package::replay(&bytes).unwrap();
        assert_eq!(same.subjects, 2);
        assert_eq!(same.inputs_digest, closing.revision.inputs_digest);
        assert_eq!(same.outcome_digest, closing.revision.outcome_digest);
        let sheets = if kind == PackageKind::Sheets { 8 } else { 0 };
        assert_eq!(same.sheets, sheets);
    }

    let anonymous = Actor::Anonymous;
    let wanted = Wanted {
        round: ROUND,
        category: "organ".to_owned(),
        after: None,
        first: 50,
    };
    assert!(matches!(
        service.list_ranking(&anonymous, &wanted).await,
        Err(Fault::NotFound)
    ));
    service
        .publish_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let page = service.list_ranking(&anonymous, &wanted).await.unwrap();
    assert_eq!(page.source, Source::Revision { number: 1 });
    let codes: Vec<&str> = page
        .places
        .iter()
        .map(|place| place.code.as_str())
        .collect();
    assert_eq!(codes, ["u-001", "u-002"]);
}

async fn of_many_who_close_at_once_one_wins_and_all_see_the_same(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let closings = join_all((0..6).map(|_| {
        let service = stand.world.service.clone();
        let actor = stand.administrator.clone();
        async move { service.close_round(&actor, ROUND).await.unwrap() }
    }))
    .await;
    let winners = closings.iter().filter(|one| one.by_this_request).count();
    assert_eq!(winners, 1);
    assert!(
        closings
            .iter()
            .all(|one| one.revision == closings[0].revision)
    );
}

async fn a_round_with_gaps_is_not_closed_and_nothing_is_written(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    service
        .change_scores(&stand.inspector, ROUND, vec![award(1, "60")])
        .await
        .unwrap();
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(!preflight.may_close());
    let kinds: Vec<GapKind> = preflight.outcome.blocking().map(|gap| gap.kind).collect();
    assert!(kinds.contains(&GapKind::OpenSurvey) && kinds.contains(&GapKind::MissingValue));

    let refused = refusals(service.close_round(&stand.administrator, ROUND).await);
    assert!(refused.iter().any(|one| one.code == "OPEN_SURVEY"));
    assert!(
        refused
            .iter()
            .any(|one| one.code == "MISSING_VALUE" && one.path == ["round", "u-002", "A1"])
    );
    // Still open.
    service
        .change_scores(&stand.inspector, ROUND, vec![award(2, "40")])
        .await
        .unwrap();
}

async fn scores_that_do_not_fit_are_refused_with_their_place_and_none_is_stored(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let other = |item: &str| ScoreChange {
        item: item.to_owned(),
        ..award(1, "1")
    };
    let changes = vec![
        award(1, "10"),
        award(2, "60.5"),
        other("A9"),
        other("A2"),
        award(77, "1"),
        ScoreChange {
            subject: subject(2),
            part: Some("x".to_owned()),
            ..award(1, "1")
        },
    ];
    let refused = refusals(
        service
            .change_scores(&stand.inspector, ROUND, changes)
            .await,
    );
    let found: BTreeMap<String, &str> = refused
        .iter()
        .map(|one| (one.path.join("/"), one.code.as_str()))
        .collect();
    let expected = [
        ("scores/1/points", "ABOVE_MAXIMUM"),
        ("scores/2/item", "UNKNOWN_NAME"),
        ("scores/3/item", "WAY_NOT_POSSIBLE"),
        ("scores/4/subject", "SUBJECT_OUTSIDE_ROUND"),
        ("scores/5/item", "UNKNOWN_NAME"),
    ];
    let expected: BTreeMap<String, &str> = expected
        .into_iter()
        .map(|(path, code)| (path.to_owned(), code))
        .collect();
    assert_eq!(found, expected);
    let off_step = service
        .change_scores(&stand.inspector, ROUND, vec![award(1, "1.25")])
        .await;
    assert_eq!(refusals(off_step)[0].code, "OFF_STEP");
    let stored = service
        .list_scores(&stand.inspector, ROUND, &[subject(1), subject(2)])
        .await
        .unwrap();
    assert!(stored.is_empty());
    let many = vec![award(1, "1"); 251];
    let refused = refusals(service.change_scores(&stand.inspector, ROUND, many).await);
    assert_eq!(refused[0].code, "TOO_MANY_ROWS");
}

async fn a_score_that_somebody_changed_is_not_overwritten(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let first = service
        .change_scores(&stand.inspector, ROUND, vec![award(1, "10")])
        .await
        .unwrap();
    assert_eq!(first[0].row_version, 1);
    let change = |row_version, points: &str| ScoreChange {
        row_version,
        ..award(1, points)
    };
    let stale = service
        .change_scores(&stand.inspector, ROUND, vec![change(None, "20")])
        .await;
    let refused = refusals(stale);
    assert_eq!(
        (refused[0].code.as_str(), refused[0].path.join("/")),
        ("CHANGED_MEANWHILE", "scores/0/rowVersion".to_owned())
    );
    let second = service
        .change_scores(&stand.inspector, ROUND, vec![change(Some(1), "20")])
        .await
        .unwrap();
    assert_eq!((second[0].row_version, second[0].points), (2, points("20")));
    // Another inspector's score is another row.
    let other = staff(2, "ins-2", Role::Inspector);
    service
        .change_scores(&other, ROUND, vec![award(1, "30")])
        .await
        .unwrap();
    let taken_back = ScoreChange {
        points: None,
        ..change(Some(2), "0")
    };
    service
        .change_scores(&stand.inspector, ROUND, vec![taken_back])
        .await
        .unwrap();
    let stored = service
        .list_scores(&stand.inspector, ROUND, &[subject(1)])
        .await
        .unwrap();
    let left: Vec<Points> = stored[&subject(1)].iter().map(|one| one.points).collect();
    assert_eq!(left, [points("30")]);
}

async fn nothing_is_put_into_a_closed_round(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
    let refused = refusals(
        service
            .change_scores(&stand.inspector, ROUND, vec![award(1, "10")])
            .await,
    );
    assert_eq!(
        (refused[0].code.as_str(), refused[0].path.as_slice()),
        ("ROUND_NOT_OPEN", ["round".to_owned()].as_slice())
    );
    let refused = refusals(
        service
            .add_facts(&stand.inspector, ROUND, vec![case(1, "1")])
            .await,
    );
    assert_eq!(refused[0].code, "ROUND_NOT_OPEN");
}

fn case(unit: i64, reference: &str) -> FactDraft {
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

async fn a_fact_is_recorded_once_however_often_it_is_sent(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let first = service
        .add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")])
        .await
        .unwrap();
    let again = service
        .add_facts(&stand.inspector, ROUND, vec![case(1, "x-1")])
        .await
        .unwrap();
    assert!(!first[0].known && again[0].known);
    assert_eq!(first[0].fact, again[0].fact);
    let differs = FactDraft {
        persons: 2,
        ..case(1, "x-1")
    };
    let refused = refusals(
        service
            .add_facts(&stand.inspector, ROUND, vec![differs])
            .await,
    );
    assert_eq!(refused[0].code, "FACT_DIFFERS");
    let undated = FactDraft {
        decision_on: None,
        ..case(1, "x-2")
    };
    let refused = refusals(
        service
            .add_facts(&stand.inspector, ROUND, vec![undated, case(99, "x-3")])
            .await,
    );
    let found: BTreeMap<String, String> = refused
        .into_iter()
        .map(|one| (one.path.join("/"), one.code))
        .collect();
    assert_eq!(found["facts/0/date"], "DATE_MISSING");
    assert_eq!(found["facts/1/subject"], "SUBJECT_OUTSIDE_ROUND");

    let disqualified =
        |outcome: &domain::outcome::Outcome| outcome.find("u-001").unwrap().disqualified;
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(disqualified(&preflight.outcome));
    service
        .withdraw_fact(&stand.inspector, first[0].fact.id, "another unit")
        .await
        .unwrap();
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert!(!disqualified(&preflight.outcome));
}

async fn an_investigation_opens_when_the_rule_fires_and_its_finding_caps_the_grade(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    let opened = service
        .open_due_investigations(&stand.administrator, ROUND)
        .await
        .unwrap();
    let found: Vec<_> = opened
        .iter()
        .map(|one| (one.subject, one.by_hand))
        .collect();
    assert_eq!(found, [(subject(2), false)]);
    let again = service
        .open_due_investigations(&stand.administrator, ROUND)
        .await
        .unwrap();
    assert_eq!(again, []);
    let finding = FindingDraft {
        id: opened[0].id,
        finding: Finding::Verified,
        reason: "true".to_owned(),
    };
    service
        .record_finding(&stand.administrator, finding.clone())
        .await
        .unwrap();
    let refused = refusals(service.record_finding(&stand.administrator, finding).await);
    assert_eq!(refused[0].code, "FINDING_RECORDED");
    let preflight = service
        .preflight(&stand.administrator, ROUND)
        .await
        .unwrap();
    let decision = preflight.outcome.find("u-002").unwrap();
    assert_eq!(decision.base_grade.as_deref(), Some("good"));
    assert_eq!(decision.grade.as_deref(), Some("poor"));
}

async fn a_waiver_lets_a_round_be_closed_with_its_reason(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let held = service
        .list_scores(&stand.inspector, ROUND, &[subject(2)])
        .await
        .unwrap();
    let taken_back = ScoreChange {
        points: None,
        row_version: Some(held[&subject(2)][0].row_version),
        ..award(2, "0")
    };
    service
        .change_scores(&stand.inspector, ROUND, vec![taken_back])
        .await
        .unwrap();
    let refused = refusals(service.close_round(&stand.administrator, ROUND).await);
    assert!(refused.iter().any(|one| one.code == "MISSING_VALUE"));
    let waiver = |holds| Waiver {
        round: ROUND,
        subject: subject(2),
        gap: WaivedGap::Item("A1".to_owned()),
        holds,
        reason: "nobody could go there".to_owned(),
    };
    let unfit = service
        .add_waiver(&stand.administrator, waiver(WaiverHolds::Fired))
        .await;
    assert_eq!(refusals(unfit)[0].code, "WAIVER_DOES_NOT_FIT");
    service
        .add_waiver(
            &stand.administrator,
            waiver(WaiverHolds::Points(points("30"))),
        )
        .await
        .unwrap();
    service
        .close_round(&stand.administrator, ROUND)
        .await
        .unwrap();
}

async fn an_answer_racing_the_close_out_is_in_it_or_refused(world: World) {
    let stand = Stand::new(world).await;
    stand.fill_without_closing().await;
    let answers = join_all((0..40).map(|_| stand.answer(1, "good")));
    let closing = async {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        stand.close_survey().await;
        stand.investigate(Finding::Unfounded).await;
        stand
            .world
            .service
            .close_round(&stand.administrator, ROUND)
            .await
            .unwrap()
    };
    let (answers, _) = futures_util::future::join(answers, closing).await;
    let booked = answers
        .iter()
        .filter(|booking| match booking {
            Booking::Booked(_) => true,
            Booking::Refused(RefusedAnswer::Closed) => false,
            Booking::Refused(other) => panic!("{other:?}"),
        })
        .count();
    let bytes = stand
        .world
        .service
        .export_round(&stand.administrator, ROUND, PackageKind::Sheets)
        .await
        .unwrap();
    let same = package::replay(&bytes).unwrap();
    assert_eq!(same.sheets, 8 + u64::try_from(booked).unwrap());
}

impl Stand {
    /// As [`Stand::fill`], with the survey still open.
    async fn fill_without_closing(&self) {
        let service = &self.world.service;
        service
            .change_scores(&self.inspector, ROUND, vec![award(1, "60"), award(2, "40")])
            .await
            .unwrap();
        let meetings = |unit| {
            Put::Put(Measure {
                subject: subject(unit),
                measure: "meetings".to_owned(),
                period: "round".to_owned(),
                value: "4".parse().unwrap(),
            })
        };
        service
            .change_measures(&self.inspector, ROUND, vec![meetings(1), meetings(2)])
            .await
            .unwrap();
        for unit in [1, 1, 1, 1, 2, 2, 2, 2] {
            self.answer(unit, "good").await;
        }
    }
}

async fn a_tally_that_was_tampered_with_keeps_the_round_open(world: World) {
    let stand = Stand::new(world).await;
    stand.fill().await;
    stand.investigate(Finding::Unfounded).await;
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared("UPDATE tally SET counts = '{4,3,0}' WHERE subject_id = 1")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let refused = refusals(
        stand
            .world
            .service
            .close_round(&stand.administrator, ROUND)
            .await,
    );
    assert_eq!(refused[0].code, "TALLY_MISMATCH");
    assert_eq!(refused[0].path, ["round", "u-001", "public"]);
}

fn table(columns: &[&str], rows: &[&[&str]]) -> Table {
    Table {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows
            .iter()
            .zip(2..)
            .map(|(cells, number)| Row {
                number,
                cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
            })
            .collect(),
    }
}

async fn a_table_is_imported_whole_or_not_at_all(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    let import = |kind, table, dry_run| import::Request {
        round: Some(ROUND),
        kind,
        table,
        dry_run,
    };
    let columns = ["subject", "item", "inspector", "points"];
    let wrong = table(
        &columns,
        &[
            &["u-001", "A1", "ins-1", "50"],
            &["u-009", "A1", "ins-1", "50"],
            &["u-002", "A1", "nobody", "50"],
            &["u-002", "A1", "ins-1", "fifty"],
            &["u-002", "A1", "ins-2", "61"],
        ],
    );
    let report = service
        .import(&Actor::Operator, import(ImportKind::Scores, wrong, false))
        .await
        .unwrap();
    assert!(!report.stored);
    let found: Vec<(u32, Option<&str>)> = report
        .faults
        .iter()
        .map(|fault| (fault.row, fault.column.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (3, Some("subject")),
            (4, Some("inspector")),
            (5, Some("points")),
            (6, Some("points"))
        ]
    );
    let right = table(
        &columns,
        &[
            &["u-001", "A1", "ins-1", "50"],
            &["u-002", "A1", "ins-1", "40.5"],
        ],
    );
    let dry = service
        .import(
            &Actor::Operator,
            import(ImportKind::Scores, right.clone(), true),
        )
        .await
        .unwrap();
    assert!(!dry.stored && dry.faults.is_empty());
    let stored = || service.list_scores(&stand.inspector, ROUND, &[]);
    assert!(stored().await.unwrap().is_empty());
    let real = service
        .import(&Actor::Operator, import(ImportKind::Scores, right, false))
        .await
        .unwrap();
    assert!(real.stored);
    assert_eq!(real.rows, 2);

    let facts = table(
        &["subject", "kind", "reference", "decision_on", "status"],
        &[&["u-001", "case", "f-1", "2026-02-01", "confirmed"]],
    );
    for _ in 0..2 {
        let report = service
            .import(
                &Actor::Operator,
                import(ImportKind::Facts, facts.clone(), false),
            )
            .await
            .unwrap();
        assert!(report.stored, "{:?}", report.faults);
    }
    let measures = table(
        &["subject", "measure", "period", "value"],
        &[
            &["u-001", "meetings", "round", "3"],
            &["u-001", "meetings", "2026-Q1", "3"],
        ],
    );
    let report = service
        .import(
            &Actor::Operator,
            import(ImportKind::Measures, measures, false),
        )
        .await
        .unwrap();
    assert_eq!(report.faults[0].column.as_deref(), Some("period"));
    let history = table(
        &["series", "round", "closed_on", "subject", "grade"],
        &[&["r", "r-2025", "2025-12-31", "u-001", "good"]],
    );
    let report = service
        .import(
            &Actor::Operator,
            import(ImportKind::History, history, false),
        )
        .await
        .unwrap();
    assert!(report.stored, "{:?}", report.faults);
    let roster = table(
        &["code", "kind", "category", "region", "name", "name_en"],
        &[
            &["n-1", "unit", "organ", "r", "新局", "New Bureau"],
            &["n-2", "unit", "organ", "nowhere", "新局", "New Bureau"],
        ],
    );
    let report = service
        .import(&Actor::Operator, import(ImportKind::Roster, roster, false))
        .await
        .unwrap();
    assert_eq!(report.faults[0].column.as_deref(), Some("region"));
}

async fn a_ranking_page_costs_the_same_however_many_subjects(world: World) {
    let stand = Stand::with(world, 60).await;
    let service = stand.world.service.clone();
    let awards: Vec<ScoreChange> = (1..=60)
        .map(|unit| award(unit, if unit % 3 == 0 { "60" } else { "40" }))
        .collect();
    service
        .change_scores(&stand.inspector, ROUND, awards)
        .await
        .unwrap();
    let seen = Seen::default();
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 1);
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 0);
    stand.answer(1, "good").await;
    assert_eq!(service.refresh_standings(&seen).await.unwrap(), 1);
    let mut wanted = Wanted {
        round: ROUND,
        category: "organ".to_owned(),
        after: None,
        first: 50,
    };
    let before = service.database.statement_count();
    let page = service
        .list_ranking(&stand.administrator, &wanted)
        .await
        .unwrap();
    assert!(service.database.statement_count() - before <= 3);
    assert!(matches!(page.source, Source::Live { as_of: Some(_) }));
    assert_eq!((page.places.len(), page.more), (50, true));
    let last = page.places.last().unwrap();
    wanted.after = Some(Cursor {
        rank: last.rank,
        subject: last.subject,
    });
    let rest = service
        .list_ranking(&stand.administrator, &wanted)
        .await
        .unwrap();
    assert_eq!((rest.places.len(), rest.more), (10, false));
}

async fn nobody_closes_or_scores_without_the_role(world: World) {
    let stand = Stand::new(world).await;
    let service = stand.world.service.clone();
    for actor in [
        Actor::Anonymous,
        stand.inspector.clone(),
        staff(9, "auditor", Role::Auditor),
    ] {
        assert!(matches!(
            service.close_round(&actor, ROUND).await,
            Err(Fault::Denied)
        ));
    }
    assert!(matches!(
        service
            .change_scores(&stand.administrator, ROUND, vec![award(1, "1")])
            .await,
        Err(Fault::Denied)
    ));
    let narrow = Actor::Staff {
        id: Id::new(1),
        login: "ins-1".to_owned(),
        grants: vec![Grant {
            role: Role::Inspector,
            region: Some(Id::new(77)),
            category: None,
            round: None,
        }],
    };
    assert!(matches!(
        service
            .change_scores(&narrow, ROUND, vec![award(1, "1")])
            .await,
        Err(Fault::Denied)
    ));
}
