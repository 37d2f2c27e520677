//! The hours of a survey: set, moved with a reason, and kept by the clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Actor;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::Value;
use service::intake::{Booking, RefusedAnswer};
use service::survey::NewHours;
use service::{Fault, audit};
use support::{World, on_both};

use crate::stand::{Stand, refusals};

on_both!(
    the_end_moves_with_a_reason_while_a_survey_runs_and_never_once_it_is_over,
    a_survey_is_closed_by_the_clock_once_its_hours_are_over,
    closing_before_the_time_needs_a_reason,
);

const OPERATOR: &Actor = &Actor::Operator;

/// Moves the end.
async fn set(stand: &Stand, closes_at: Option<DateTime<Utc>>, reason: &str) -> Result<(), Fault> {
    let new = NewHours {
        survey: stand.survey,
        opens_at: None,
        closes_at,
        reason: reason.to_owned(),
    };
    stand.world.service.set_survey_hours(OPERATOR, &new).await
}

fn code(result: Result<(), Fault>) -> String {
    refusals(result)[0].code.clone()
}

/// The reasons that the log gives for changes of a kind.
async fn reasons(stand: &Stand, action: &str) -> Vec<String> {
    let page = audit::Page {
        after: 0,
        limit: 100,
    };
    let log = audit::list(&stand.world.service.database.reader(), page).await;
    let entries = log.unwrap().into_iter();
    let bodies = entries.map(|entry| serde_json::from_str::<Value>(&entry.body).unwrap());
    bodies
        .filter(|body| body["action"] == action)
        .filter_map(|body| body["reason"].as_str().map(str::to_owned))
        .collect()
}

async fn the_end_moves_with_a_reason_while_a_survey_runs_and_never_once_it_is_over(world: World) {
    let stand = Stand::new(world).await;
    let now = stand.world.service.clock.now();
    let hour = TimeDelta::hours(1);
    assert_eq!(
        code(set(&stand, Some(now + hour), " ").await),
        "REASON_NEEDED"
    );
    assert_eq!(code(set(&stand, Some(now), "late").await), "HOURS_OVER");
    let earlier = NewHours {
        survey: stand.survey,
        opens_at: Some(now + hour),
        closes_at: Some(now + hour * 2),
        reason: "later".to_owned(),
    };
    let service = &stand.world.service;
    assert_eq!(
        code(service.set_survey_hours(OPERATOR, &earlier).await),
        "SURVEY_BEGUN"
    );
    set(&stand, Some(now + hour), "one hour").await.unwrap();
    set(&stand, Some(now + hour * 2), "storm").await.unwrap();
    stand.world.clock.advance(Duration::from_mins(90));
    assert!(matches!(stand.answer(1, "good").await, Booking::Booked(_)));
    stand.world.clock.advance(Duration::from_mins(30));
    assert_eq!(
        stand.answer(1, "good").await,
        Booking::Refused(RefusedAnswer::Closed)
    );
    let now = stand.world.service.clock.now();
    assert_eq!(
        code(set(&stand, Some(now + hour), "more").await),
        "SURVEY_CLOSED"
    );
    assert_eq!(
        stand.answer(1, "good").await,
        Booking::Refused(RefusedAnswer::Closed)
    );
    let told = reasons(&stand, "survey.set_hours").await;
    assert_eq!(told.len(), 2);
    assert!(told[1].ends_with("; storm"), "{told:?}");
}

async fn a_survey_is_closed_by_the_clock_once_its_hours_are_over(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let now = service.clock.now();
    set(&stand, Some(now + TimeDelta::hours(1)), "an hour")
        .await
        .unwrap();
    stand.world.clock.advance(Duration::from_mins(59));
    assert_eq!(service.close_due_surveys().await.unwrap(), 0);
    stand.world.clock.advance(Duration::from_mins(1));
    assert_eq!(service.close_due_surveys().await.unwrap(), 1);
    assert_eq!(service.close_due_surveys().await.unwrap(), 0);
    let results = service.list_results_of(OPERATOR, &[stand.survey]).await;
    assert_eq!(results.unwrap().len(), 1);
    assert_eq!(
        reasons(&stand, "survey.close").await,
        ["its hours are over"]
    );
    // Its seal is asked for.
    let jobs = entity::outbox::Entity::find()
        .all(&service.database.reader())
        .await
        .unwrap();
    assert!(jobs.iter().any(|job| job.kind == "seal"));
}

async fn closing_before_the_time_needs_a_reason(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let now = service.clock.now();
    set(&stand, Some(now + TimeDelta::hours(1)), "an hour")
        .await
        .unwrap();
    let close =
        async |reason: Option<&str>| service.close_survey(OPERATOR, stand.survey, reason).await;
    assert_eq!(code(close(None).await), "REASON_NEEDED");
    assert_eq!(code(close(Some("  ")).await), "REASON_NEEDED");
    assert!(matches!(stand.answer(1, "good").await, Booking::Booked(_)));
    close(Some("everybody has answered")).await.unwrap();
    assert_eq!(
        reasons(&stand, "survey.close").await,
        ["everybody has answered"]
    );
    // By hand and without hours no reason is asked for.
    let transaction = service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared("UPDATE survey SET state = 'open', closes_at = NULL")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    close(None).await.unwrap();
}
