//! Sheets that a program seems to have sent: held back, and decided about one by one with a reason.

use std::time::Duration;

use domain::access::Actor;
use domain::survey::SheetState;
use sea_orm::{ConnectionTrait, Statement};
use service::intake::{Beside, Receipt, ReceiptStatus, Submission};
use service::survey::SheetDecision;
use support::{World, on_both};

use crate::intake::{GOOD, Stand, answers, receipt};
use crate::stand::refusals;

on_both!(
    a_field_that_nobody_sees_holds_a_sheet_back,
    a_sheet_that_is_held_back_counts_once_somebody_decides_so,
    a_decision_needs_a_reason_and_sheets_that_are_held_back,
    a_decision_after_the_survey_has_closed_asks_for_another_seal,
);

const OPERATOR: &Actor = &Actor::Operator;

/// An answer that a program seems to have sent.
async fn trapped(stand: &Stand, pairs: &[(&str, &str)]) -> Receipt {
    let admitted = stand.by_link().await;
    let submission = Submission {
        key: stand.form(&admitted),
        admitted,
        answers: answers(pairs),
        beside: Beside {
            is_trapped: true,
            ..Beside::default()
        },
    };
    receipt(&stand.intake.book(submission).await.unwrap())
}

async fn held(stand: &Stand) -> Vec<String> {
    let service = &stand.world.service;
    let held = service.list_held_sheets(OPERATOR, stand.survey).await;
    held.unwrap()
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect()
}

fn decision(stand: &Stand, sheets: Vec<String>, count: bool) -> SheetDecision {
    SheetDecision {
        survey: stand.survey,
        sheets,
        count,
        reason: "looked into".to_owned(),
    }
}

async fn a_field_that_nobody_sees_holds_a_sheet_back(world: World) {
    let stand = Stand::new(world).await;
    let origin = crate::page::serve(stand.intake.clone()).await;
    let address = format!("{origin}/s/{}", stand.link);
    let client = reqwest::Client::new();
    for (filled, state) in [("", SheetState::Valid), ("Acme", SheetState::Quarantined)] {
        let page = client
            .get(&address)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let (_, after) = page.split_once("name=\"key\" value=\"").unwrap();
        let key = after.split_once('"').unwrap().0;
        stand.world.clock.advance(Duration::from_secs(10));
        let fields = [("key", key), ("q.speed", "good"), ("reference", filled)];
        let done = client.post(&address).form(&fields).send().await.unwrap();
        // Whoever sent it is told nothing of it.
        assert_eq!(done.status(), 200);
        assert!(done.text().await.unwrap().contains("class=\"receipt\""));
        assert_eq!(stand.sheets().await[&state], 1);
    }
    let service = &stand.world.service;
    let [sheet] = &service
        .list_held_sheets(OPERATOR, stand.survey)
        .await
        .unwrap()
        .unwrap()[..]
    else {
        panic!("one is held back");
    };
    assert_eq!(
        (sheet.reason.as_str(), sheet.panel.as_str()),
        ("honeypot", "users")
    );
    assert_eq!(sheet.name.len(), 20);
}

async fn a_sheet_that_is_held_back_counts_once_somebody_decides_so(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let good = trapped(&stand, GOOD).await;
    assert_eq!(
        stand.intake.find_receipt(&good).await.unwrap(),
        ReceiptStatus::NotCounted
    );
    let done = service
        .decide_sheets(OPERATOR, &decision(&stand, held(&stand).await, true))
        .await;
    assert_eq!(done.unwrap(), None, "how many count is told at the end");
    assert_eq!(
        stand.intake.find_receipt(&good).await.unwrap(),
        ReceiptStatus::Counted
    );
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 1)].into());

    trapped(&stand, GOOD).await;
    trapped(&stand, &[("speed", "bad")]).await;
    let names = held(&stand).await;
    let one = vec![names[0].clone()];
    let done = service
        .decide_sheets(OPERATOR, &decision(&stand, one, false))
        .await;
    assert_eq!(done.unwrap(), None);
    assert_eq!(held(&stand).await, names[1..]);
    assert_eq!(
        stand.sheets().await,
        [
            (SheetState::Valid, 1),
            (SheetState::Invalid, 1),
            (SheetState::Quarantined, 1)
        ]
        .into()
    );
    // The log names the sheet as it was listed, and the reason; never a receipt or an answer.
    let reader = service.database.reader();
    let sql = "SELECT body FROM audit_event ORDER BY seq DESC LIMIT 1";
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let row = reader.query_one_raw(statement).await.unwrap().unwrap();
    let body: String = row.try_get_by_index(0).unwrap();
    assert!(
        body.contains(&format!("set aside {}: looked into", names[0])),
        "{body}"
    );
}

async fn a_decision_needs_a_reason_and_sheets_that_are_held_back(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    trapped(&stand, GOOD).await;
    let names = held(&stand).await;
    let silent = SheetDecision {
        reason: "  ".to_owned(),
        ..decision(&stand, names.clone(), true)
    };
    let unknown = decision(&stand, vec![names[0].clone(), "other".to_owned()], true);
    for (wrong, code) in [
        (silent, "REASON_NEEDED"),
        (unknown, "SHEET_UNKNOWN"),
        (decision(&stand, Vec::new(), true), "SHEET_UNKNOWN"),
        (
            decision(&stand, vec!["x".to_owned(); 101], true),
            "TOO_MANY_SHEETS",
        ),
    ] {
        let refused = service.decide_sheets(OPERATOR, &wrong).await;
        assert_eq!(refusals(refused)[0].code, code);
    }
    let once = decision(&stand, names, true);
    service.decide_sheets(OPERATOR, &once).await.unwrap();
    let twice = service.decide_sheets(OPERATOR, &once).await;
    assert_eq!(refusals(twice)[0].code, "SHEET_UNKNOWN");
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 1)].into());
}

async fn a_decision_after_the_survey_has_closed_asks_for_another_seal(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let receipt = trapped(&stand, GOOD).await;
    stand.close().await;
    let signer = service::audit::note::Signer::generate().unwrap();
    let first = service
        .seal_survey(&signer, stand.survey)
        .await
        .unwrap()
        .unwrap();
    let done = service
        .decide_sheets(OPERATOR, &decision(&stand, held(&stand).await, true))
        .await;
    assert_eq!(done.unwrap(), Some(1));
    let reader = service.database.reader();
    let sql = "SELECT count(*) FROM outbox WHERE kind = 'seal'";
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let row = reader.query_one_raw(statement).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 1);
    let second = service
        .seal_survey(&signer, stand.survey)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(second.root, first.root);
    assert_eq!(
        stand.intake.find_receipt(&receipt).await.unwrap(),
        ReceiptStatus::Counted
    );
}
