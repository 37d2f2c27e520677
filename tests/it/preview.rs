//! The form of a survey before it opens: as citizens will see it, for those who run it, with nothing to send.

use std::time::Duration;

use domain::scheme::Scheme;
use domain::survey::Definition;
use service::Fault;
use service::intake::PreviewWanted;
use service::survey::{self, NewSurvey};
use support::plant::Plan;
use support::{World, on_both};

use crate::graphql::SCENE_SCHEME;
use crate::page::serve;
use crate::stand::{ROUND, Stand, elsewhere, refusals};

on_both!(
    a_form_and_a_ballot_are_shown_before_they_open_and_cannot_be_sent,
    a_preview_ends_with_its_hour_and_when_the_survey_opens,
    only_whoever_runs_surveys_makes_a_preview,
);

async fn stand(world: World) -> Stand {
    let plan = Plan {
        scheme: SCENE_SCHEME,
        units: 3,
    };
    let stand = Stand::of(world.clone(), plan).await;
    elsewhere::plant(&world).await;
    stand
}

fn wanted(round: domain::id::Id<domain::id::Round>, survey: &str) -> PreviewWanted {
    PreviewWanted {
        round,
        survey: survey.to_owned(),
        subject: None,
    }
}

async fn get(origin: &str, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{origin}{path}")).await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn a_form_and_a_ballot_are_shown_before_they_open_and_cannot_be_sent(world: World) {
    let stand = stand(world).await;
    let origin = serve(stand.intake.clone()).await;
    let service = &stand.world.service;
    for survey in ["public", "vote"] {
        let wanted = wanted(elsewhere::ROUND, survey);
        let pass = service.make_preview(&stand.administrator, &wanted).await;
        let path = pass.unwrap().path;
        for (language, title, unsent) in [
            ("zh", "这是预览", "预览中不能提交"),
            (
                "en",
                "This is a preview",
                "In a preview nothing can be sent",
            ),
        ] {
            let (status, page) = get(&origin, &format!("{path}?lang={language}")).await;
            assert_eq!(status, 200);
            assert!(page.contains(title) && page.contains(unsent), "{page}");
            assert!(page.contains("type=\"radio\""), "{page}");
            for sends in ["name=\"key\"", "method=\"post\"", "action="] {
                assert!(!page.contains(sends), "{sends}: {page}");
            }
            assert!(page.contains("<button type=\"submit\" disabled>"), "{page}");
        }
        let sent = reqwest::Client::new()
            .post(format!("{origin}{path}"))
            .form(&[("q.overall", "good")])
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 405);
        // Good for this survey and as it was given alone.
        let other = if survey == "public" { "vote" } else { "public" };
        let elsewhere = path.replace(&format!("/{survey}/"), &format!("/{other}/"));
        assert_eq!(get(&origin, &elsewhere).await.0, 404);
        let last = if path.ends_with('0') { "1" } else { "0" };
        let forged = format!("{}{last}", &path[..path.len() - 1]);
        assert_eq!(get(&origin, &forged).await.0, 404);
    }
}

async fn a_preview_ends_with_its_hour_and_when_the_survey_opens(world: World) {
    let stand = stand(world).await;
    let origin = serve(stand.intake.clone()).await;
    let service = &stand.world.service;
    let scheme = Scheme::parse(SCENE_SCHEME).unwrap();
    let vote = Definition::of(&scheme.file.survey[1], &scheme.file.scale).unwrap();
    let transaction = service.database.begin_write().await.unwrap();
    let new = NewSurvey {
        round: ROUND,
        definition: &vote,
        opens_at: None,
        closes_at: None,
    };
    let draft = survey::add(&transaction, &service.ids, new).await.unwrap();
    transaction.commit().await.unwrap();
    let make = async || {
        let wanted = wanted(ROUND, "vote");
        let made = service.make_preview(&stand.administrator, &wanted).await;
        made.unwrap()
    };
    let first = make().await;
    assert_eq!(get(&origin, &first.path).await.0, 200);
    stand.world.clock.advance(Duration::from_secs(3_601));
    assert_eq!(get(&origin, &first.path).await.0, 404);
    let second = make().await;
    assert_eq!(get(&origin, &second.path).await.0, 200);
    let transaction = service.database.begin_write().await.unwrap();
    survey::open(&transaction, draft).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(get(&origin, &second.path).await.0, 404);
    for (survey, code) in [("vote", "SURVEY_NOT_DRAFT"), ("nothing", "SURVEY_UNKNOWN")] {
        let refused = service
            .make_preview(&stand.administrator, &wanted(ROUND, survey))
            .await;
        assert_eq!(refusals(refused)[0].code, code);
    }
}

async fn only_whoever_runs_surveys_makes_a_preview(world: World) {
    let stand = stand(world).await;
    let wanted = wanted(elsewhere::ROUND, "public");
    let denied = stand
        .world
        .service
        .make_preview(&stand.inspector, &wanted)
        .await;
    assert!(matches!(denied, Err(Fault::Denied)));
}
