//! Warnings while a survey runs: raised once, mailed once to those who run it, and seen by whoever watches the round.

use std::net::Ipv4Addr;
use std::time::Duration;

use chrono::TimeDelta;
use domain::access::{Actor, Role};
use domain::id::Id;
use sea_orm::ConnectionTrait;
use service::intake::Booking;
use service::survey::NewHours;
use support::mail::{MailCatcher, Trouble};
use support::plant::Plan;
use support::post;
use support::{World, on_both};

use crate::contact::Post;
use crate::stand::{ROUND, SCHEME, Stand, staff, subject};

on_both!(
    a_warning_is_raised_and_mailed_once_however_often_a_worker_starts_again,
    few_answers_are_told_of_when_the_end_is_near,
    a_sealed_survey_warns_of_nothing,
);

const OPERATOR: &Actor = &Actor::Operator;

const WARNINGS: &str = r#"
[[survey.warning]]
code = "angry"
name = { zh = "不满意超过三分之一", en = "More than a third are dissatisfied" }
dissatisfied_above = "1/3"

[[survey.warning]]
code = "few"
name = { zh = "临近结束，答卷太少", en = "Few have answered and the end is near" }
fewer_than = 30
hours_before_end = 48

[[survey.question]]"#;

fn scheme() -> String {
    SCHEME.replacen("[[survey.question]]", WARNINGS.trim_start(), 1)
}

async fn stand(world: World, scheme: &str) -> Stand {
    let stand = Stand::of(world, Plan { scheme, units: 2 }).await;
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    for sql in [
        "UPDATE staff SET email = 'admin@example.com' WHERE id = 3",
        "UPDATE staff SET email = 'inspector@example.com' WHERE id = 1",
        "INSERT INTO staff_role (id, staff_id, role) VALUES (1, 3, 'round_administrator'), (2, 1, 'inspector')",
    ] {
        transaction.execute_unprepared(sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    stand
}

async fn answer(stand: &Stand, unit: usize, option: &str, count: usize) {
    for _ in 0..count {
        let booked = stand.answer(unit, option).await;
        assert!(matches!(booked, Booking::Booked(_)), "{booked:?}");
    }
}

/// What a worker does about once a second.
async fn work(stand: &Stand) -> usize {
    let service = &stand.world.service;
    service.advance_live_figures().await.unwrap();
    service.raise_survey_warnings().await.unwrap()
}

async fn a_warning_is_raised_and_mailed_once_however_often_a_worker_starts_again(world: World) {
    let catcher = MailCatcher::start((Ipv4Addr::LOCALHOST, 0).into()).await;
    let catcher = catcher.unwrap();
    let post = Post::of(stand(world, &scheme()).await, post::smtp(catcher.address));
    let stand = &post.stand;
    let service = &stand.world.service;
    answer(stand, 1, "bad", 12).await;
    // Twelve are too few for a figure to be shown, so nothing is known to warn of.
    assert_eq!(work(stand).await, 0);
    answer(stand, 1, "good", 12).await;
    assert_eq!(work(stand).await, 1);
    let workers = (0..4).map(|_| service.raise_survey_warnings());
    let again = futures_util::future::join_all(workers).await;
    assert!(again.into_iter().all(|count| count.unwrap() == 0));
    // The server does not take the mail at first.
    catcher.fail_next([Trouble::Later]);
    post.deliver().await;
    stand.world.clock.advance(Duration::from_mins(1));
    post.deliver().await;
    stand.world.clock.advance(Duration::from_mins(1));
    post.deliver().await;
    let messages = catcher.messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].recipients, ["admin@example.com"]);
    answer(stand, 1, "bad", 20).await;
    assert_eq!(work(stand).await, 0);
    post.deliver().await;
    assert_eq!(catcher.messages().len(), 1);
    let raised = service
        .list_warnings_of(&stand.administrator, &[stand.survey])
        .await
        .unwrap();
    let warning = &raised[&stand.survey][0];
    assert_eq!(
        (
            warning.subject,
            warning.warning.code.as_str(),
            warning.found.as_str()
        ),
        (subject(1), "angry", "12/12 (100%)")
    );
    let progress = service.get_progress(OPERATOR, ROUND).await.unwrap();
    assert_eq!(progress.warnings, 1);
}

async fn few_answers_are_told_of_when_the_end_is_near(world: World) {
    let stand = stand(world, &scheme()).await;
    let service = &stand.world.service;
    let hours = NewHours {
        survey: stand.survey,
        opens_at: None,
        closes_at: Some(service.clock.now() + TimeDelta::hours(72)),
        reason: "a date".to_owned(),
    };
    service.set_survey_hours(OPERATOR, &hours).await.unwrap();
    answer(&stand, 1, "good", 30).await;
    answer(&stand, 2, "good", 3).await;
    assert_eq!(work(&stand).await, 0);
    stand.world.clock.advance(Duration::from_hours(25));
    assert_eq!(work(&stand).await, 1);
    let raised = service.list_warnings_of(OPERATOR, &[stand.survey]).await;
    let raised = raised.unwrap().remove(&stand.survey).unwrap();
    assert_eq!(
        (raised[0].subject, raised[0].found.as_str()),
        (subject(2), "3 < 30")
    );
    // Whoever has no part in the round is told nothing of it.
    let elsewhere = match staff(9, "x", Role::RoundAdministrator) {
        Actor::Staff {
            id,
            login,
            mut grants,
        } => {
            grants[0].round = Some(Id::new(99));
            Actor::Staff { id, login, grants }
        }
        other => other,
    };
    let none = service.list_warnings_of(&elsewhere, &[stand.survey]).await;
    assert!(none.unwrap().is_empty());
}

async fn a_sealed_survey_warns_of_nothing(world: World) {
    // A scheme with both is refused; one that was taken on before would stay silent.
    let sealed = scheme().replacen(
        "combine = \"pooled\"",
        "combine = \"pooled\"\nsealed = true",
        1,
    );
    let faults = domain::scheme::Scheme::parse(&sealed).unwrap_err();
    assert!(
        faults
            .iter()
            .any(|fault| fault.code == "sealed_survey_warns")
    );
    let stand = stand(world, &scheme()).await;
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared(
            "UPDATE survey SET definition = replace(definition, '\"warnings\":', '\"sealed\":true,\"warnings\":')",
        )
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    answer(&stand, 1, "bad", 30).await;
    assert_eq!(work(&stand).await, 0);
}
