//! A round that is composed of closed ones: which revision of which round is used is a recorded step.

use domain::access::Actor;
use domain::id::{self, Id};
use domain::number::Points;
use domain::outcome::Action;
use domain::package::{self, Package};
use domain::scheme::file::SubjectKind;
use sea_orm::ConnectionTrait;
use service::closeout::PackageKind;
use service::composition::Composition;
use service::inspection::{Measure, Put};
use service::region::RegionDraft;
use service::round::{RoundAt, RoundDraft, RoundOpening};
use service::subject::SubjectDraft;
use service::{Fault, Service};
use support::{World, on_both};

on_both!(
    a_district_is_composed_of_the_revision_that_was_named,
    a_round_that_nothing_is_composed_of_is_refused,
    a_later_revision_is_flagged_and_nothing_is_recomputed
);

const HEAD: &str = r#"
format = "mingjian-scheme/1"
version = "1"
name = { zh = "表", en = "Table" }
numbers = { decimals = 2, mode = "half_up" }
grading = { by = "total" }
closing = { two_people = false }
grade = [
    { code = "good", name = { zh = "好", en = "good" }, from = 60 },
    { code = "poor", name = { zh = "差", en = "poor" } },
]
"#;

/// Each unit gets the rate that is reported of it; a clinic's 100 points, a hospital's too, and a doctor's.
const CARE: &str = r#"
code = "care"
category = [
    { code = "hospital", kind = "unit", name = { zh = "医院", en = "hospital" } },
    { code = "clinic", kind = "unit", name = { zh = "卫生院", en = "clinic" } },
    { code = "doctor", kind = "person", name = { zh = "医者", en = "doctor" } },
]
measure = [
    { code = "rate", name = { zh = "比率", en = "rate" }, unit = "rate", every = "round" },
    { code = "beds", name = { zh = "床位", en = "beds" }, unit = "count", every = "round" },
]
section = [{ code = "s", kind = "common", name = { zh = "共性", en = "common" }, max = 100 }]

[[item]]
code = "i"
in = "s"
name = { zh = "项", en = "i" }
max = 100
measured = { value = { measure = { of = "rate" } }, shape = { line = { zero_at = 0, full_at = 1 } } }
"#;

const DISTRICT: &str = r#"
code = "district"
category = [{ code = "district", kind = "unit", name = { zh = "区", en = "district" } }]
section = [{ code = "s", kind = "common", name = { zh = "共性", en = "common" }, max = 100 }]

[[item]]
code = "weighed"
in = "s"
name = { zh = "分类", en = "weighed" }
max = 50
composed = { closed = ["care"], region = true, categories = ["hospital", "clinic"], weight = { hospital = 3 }, without_total = "left_out" }

[[item]]
code = "sized"
in = "s"
name = { zh = "规模", en = "sized" }
max = 50
composed = { closed = ["care"], region = true, categories = ["hospital", "clinic"], size = "beds", without_total = "left_out" }
"#;

const OPERATOR: &Actor = &Actor::Operator;

/// A closed round of care and an open one of the district that it lies in.
struct Stand {
    world: World,
    care: Id<id::Round>,
    district: Id<id::Round>,
}

async fn add_round(service: &Service, code: &str, scheme: &str) -> Id<id::Round> {
    let version = service
        .add_scheme_version(OPERATOR, &format!("{HEAD}{scheme}"))
        .await
        .unwrap();
    let draft = RoundDraft {
        code: code.to_owned(),
        series: code.to_owned(),
        name: "轮".to_owned(),
        name_en: "Round".to_owned(),
        scheme_version: version.id,
        period_from: chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
        period_to: chrono::NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
        time_zone: "Asia/Shanghai".to_owned(),
    };
    let round = service.add_round(OPERATOR, draft).await.unwrap();
    let opening = RoundOpening {
        at: RoundAt {
            id: round.id,
            row_version: round.row_version,
        },
        region: None,
    };
    service.open_round(OPERATOR, &opening).await.unwrap().id
}

impl Stand {
    async fn new(world: World) -> Self {
        let service = &world.service;
        let region = |code: &str, parent| RegionDraft {
            parent,
            code: code.to_owned(),
            name: "区".to_owned(),
            name_en: "Region".to_owned(),
        };
        let above = service
            .add_region(OPERATOR, region("d", None))
            .await
            .unwrap();
        let below = service
            .add_region(OPERATOR, region("t", Some(above.id)))
            .await
            .unwrap();
        let elsewhere = service
            .add_region(OPERATOR, region("e", None))
            .await
            .unwrap();
        let mut units = Vec::new();
        for (code, category, region) in [
            ("district-1", "district", above.id),
            ("h1", "hospital", below.id),
            ("c1", "clinic", below.id),
            ("h2", "hospital", elsewhere.id),
            ("p1", "doctor", below.id),
        ] {
            let kind = if category == "doctor" {
                SubjectKind::Person
            } else {
                SubjectKind::Unit
            };
            let draft = SubjectDraft {
                code: code.to_owned(),
                kind,
                category: category.to_owned(),
                region,
                name: "单位".to_owned(),
                name_en: "Unit".to_owned(),
            };
            units.push(service.add_subject(OPERATOR, draft).await.unwrap().id);
        }
        let care = add_round(service, "care-2026", CARE).await;
        let put = |unit: usize, measure: &str, value: &str| {
            Put::Put(Measure {
                subject: units[unit],
                measure: measure.to_owned(),
                period: "round".to_owned(),
                value: value.parse().unwrap(),
            })
        };
        let rows = vec![
            put(1, "rate", "90%"),
            put(1, "beds", "300"),
            put(2, "rate", "50%"),
            put(2, "beds", "100"),
            put(3, "rate", "10%"),
            put(4, "rate", "1%"),
        ];
        service.change_measures(OPERATOR, care, rows).await.unwrap();
        service.close_round(OPERATOR, care).await.unwrap();
        let district = add_round(service, "district-2026", DISTRICT).await;
        Self {
            world,
            care,
            district,
        }
    }

    fn draft(&self, revision: u32) -> Composition {
        Composition {
            round: self.district,
            closed: self.care,
            revision,
        }
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    match result {
        Err(Fault::Refused(refusals)) => refusals[0].code.clone(),
        other => panic!("not refused: {other:?}"),
    }
}

async fn a_district_is_composed_of_the_revision_that_was_named(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let before = service.preflight(OPERATOR, stand.district).await.unwrap();
    let actions: Vec<Action> = before.outcome.blocking().map(|gap| gap.action).collect();
    assert_eq!(actions, [Action::NameClosedRounds; 2]);

    let named = service
        .add_composition(OPERATOR, stand.draft(1))
        .await
        .unwrap();
    assert_eq!((named.code.as_str(), named.latest), ("care-2026", 1));
    let listed = service
        .list_compositions(OPERATOR, stand.district)
        .await
        .unwrap();
    assert_eq!(listed, [named]);

    let preflight = service.preflight(OPERATOR, stand.district).await.unwrap();
    assert!(preflight.may_close(), "{:?}", preflight.outcome.gaps);
    // 50 × (3 × 9/10 + 1/2) ÷ 4 = 40, and 50 × (300 × 9/10 + 100 × 1/2) ÷ 400 = 40; the unit elsewhere is not looked at.
    let decision = preflight.outcome.find("district-1").unwrap();
    assert_eq!(decision.total, Some(Points::from_whole(80).unwrap()));

    let closing = service.close_round(OPERATOR, stand.district).await.unwrap();
    let bytes = service
        .export_round(OPERATOR, stand.district, PackageKind::Counts)
        .await
        .unwrap();
    let same = package::replay(&bytes).unwrap();
    assert_eq!(same.outcome_digest, closing.revision.outcome_digest);
    // What the closed round's scheme calls its categories is told along.
    let package: Package = serde_json::from_slice(&bytes).unwrap();
    let names = [
        ("clinic", "卫生院", "clinic"),
        ("doctor", "医者", "doctor"),
        ("hospital", "医院", "hospital"),
    ];
    let told: Vec<(&str, &str, &str)> = (package.inputs.closed_rounds[0].categories.iter())
        .map(|(code, name)| (code.as_str(), name.zh.as_str(), name.en.as_str()))
        .collect();
    assert_eq!(told, names);
    // The doctor's result is nobody's business in a district's index.
    assert!(!String::from_utf8(bytes).unwrap().contains("\"p1\""));
    assert_eq!(
        code(service.add_composition(OPERATOR, stand.draft(1)).await),
        "ROUND_NOT_OPEN"
    );
}

async fn a_round_that_nothing_is_composed_of_is_refused(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    assert_eq!(
        code(service.add_composition(OPERATOR, stand.draft(2)).await),
        "REVISION_UNKNOWN"
    );
    let other = add_round(service, "care-2027", CARE).await;
    let turned = Composition {
        round: other,
        closed: stand.care,
        revision: 1,
    };
    assert_eq!(
        code(service.add_composition(OPERATOR, turned).await),
        "NOT_USED"
    );
    let open = Composition {
        round: stand.district,
        closed: other,
        revision: 1,
    };
    assert_eq!(
        code(service.add_composition(OPERATOR, open).await),
        "REVISION_UNKNOWN"
    );
    service
        .add_composition(OPERATOR, stand.draft(1))
        .await
        .unwrap();
    service
        .remove_composition(OPERATOR, stand.district, stand.care)
        .await
        .unwrap();
    let listed = service
        .list_compositions(OPERATOR, stand.district)
        .await
        .unwrap();
    assert_eq!(listed, []);
    let denied = service
        .add_composition(&Actor::Anonymous, stand.draft(1))
        .await;
    assert!(matches!(denied, Err(Fault::Denied)), "{denied:?}");
}

async fn a_later_revision_is_flagged_and_nothing_is_recomputed(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    service
        .add_composition(OPERATOR, stand.draft(1))
        .await
        .unwrap();
    // Until rounds can be reopened, a second revision is put in by hand.
    let transaction = service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared(
            "INSERT INTO revision (round_id, number, parent, scheme_version_id, engine_version, inputs, inputs_digest,
                 outcome, outcome_digest, closed_at, closed_by, reason)
             SELECT round_id, 2, 1, scheme_version_id, engine_version, inputs, inputs_digest,
                 outcome, outcome_digest, closed_at, closed_by, 'corrected' FROM revision",
        )
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let listed = service
        .list_compositions(OPERATOR, stand.district)
        .await
        .unwrap();
    assert_eq!((listed[0].composition.revision, listed[0].latest), (1, 2));
    let preflight = service.preflight(OPERATOR, stand.district).await.unwrap();
    assert!(preflight.may_close(), "{:?}", preflight.outcome.gaps);
    let renamed = service
        .add_composition(OPERATOR, stand.draft(2))
        .await
        .unwrap();
    assert_eq!((renamed.composition.revision, renamed.latest), (2, 2));
    let listed = service
        .list_compositions(OPERATOR, stand.district)
        .await
        .unwrap();
    assert_eq!(listed, [renamed]);
}
