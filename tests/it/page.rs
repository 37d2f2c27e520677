//! What the citizen pages answer, by status and content; how they look and feel is tested in a browser.

use std::time::Duration;

use api::config::{Purpose, Settings, Sources};
use domain::survey::SheetState;
use reqwest::{Client, Response};
use service::intake::Intake;
use support::{World, on_both};

use crate::intake::Stand;

on_both!(
    an_invitation_is_answered_once_and_the_form_may_be_sent_again,
    what_is_wrong_comes_back_with_what_was_entered,
    a_closed_survey_is_gone_and_nothing_is_kept,
    a_busy_server_gives_the_form_back_and_names_a_time,
    a_warm_link_is_shown_without_a_statement
);

/// Serves the pages as long as the test runs, and tells where.
pub async fn serve(intake: Intake) -> String {
    let settings = Settings::load(Sources::default(), Purpose::Tool)
        .unwrap()
        .http;
    let routes = api::page::routes(intake);
    let router = api::http::assemble(routes, &settings, api::http::always_ready());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (trigger, shutdown) = api::http::shutdown::channel();
    tokio::spawn(async move {
        // The task ends with the runtime of the test.
        let _kept = trigger;
        api::http::serve(listener, router, &settings, shutdown).await;
    });
    origin
}

struct Site {
    stand: Stand,
    client: Client,
    origin: String,
}

impl Site {
    async fn new(world: World) -> Self {
        let stand = Stand::new(world).await;
        let origin = serve(stand.intake.clone()).await;
        Self {
            stand,
            client: Client::new(),
            origin,
        }
    }

    async fn get(&self, path: &str) -> Response {
        self.client
            .get(format!("{}{path}", self.origin))
            .send()
            .await
            .unwrap()
    }

    /// Opens a form, waits as long as a person needs, and returns its key.
    async fn open(&self, path: &str) -> String {
        let page = self.get(path).await;
        assert_eq!(page.status(), 200);
        let text = page.text().await.unwrap();
        let (_, after) = text.split_once("name=\"key\" value=\"").unwrap();
        self.stand.world.clock.advance(Duration::from_secs(10));
        after.split_once('"').unwrap().0.to_owned()
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        self.client
            .post(format!("{}{path}", self.origin))
            .form(fields)
            .send()
            .await
            .unwrap()
    }
}

fn receipt(page: &str) -> String {
    let (_, after) = page.split_once("class=\"receipt\"").unwrap();
    after.split_once("</p>").unwrap().0.to_owned()
}

async fn an_invitation_is_answered_once_and_the_form_may_be_sent_again(world: World) {
    let site = Site::new(world).await;
    let path = format!("/i/{}", site.stand.invite(1).await[0].expose());
    let (key, other_key) = (site.open(&path).await, site.open(&path).await);
    let sent = site
        .send(&path, &[("key", &key), ("q.speed", "good")])
        .await;
    assert_eq!(sent.status(), 200);
    assert_eq!(sent.headers()["cache-control"], "no-store");
    let first = receipt(&sent.text().await.unwrap());
    let again = site
        .send(&path, &[("key", &key), ("q.speed", "good")])
        .await;
    assert_eq!(
        (
            again.status().as_u16(),
            receipt(&again.text().await.unwrap())
        ),
        (200, first)
    );

    let changed = site.send(&path, &[("key", &key), ("q.speed", "bad")]).await;
    assert_eq!(changed.status(), 409);
    let other = site
        .send(&path, &[("key", &other_key), ("q.speed", "good")])
        .await;
    assert_eq!(other.status(), 409);
    assert_eq!(site.get(&path).await.status(), 409);
    assert_eq!(site.stand.sheets().await, [(SheetState::Valid, 1)].into());
}

async fn what_is_wrong_comes_back_with_what_was_entered(world: World) {
    let site = Site::new(world).await;
    let path = format!("/s/{}", site.stand.link);
    let key = site.open(&path).await;
    let long = "长".repeat(201);
    for (fields, shown) in [
        (vec![("q.manner", "bad")], "value=\"bad\" checked"),
        (
            vec![("q.speed", "great"), ("q.more", "好\u{0}的")],
            "好的</textarea>",
        ),
        (vec![("q.speed", "good"), ("q.more", &long)], long.as_str()),
        (
            vec![("q.speed", "good"), ("q.nosuch", "1")],
            "value=\"good\" checked",
        ),
        (
            vec![("q.speed", "good"), ("q.speed", "bad")],
            "value=\"good\" checked",
        ),
    ] {
        let mut fields = fields;
        fields.push(("key", &key));
        let page = site.send(&path, &fields).await;
        assert_eq!(page.status(), 422);
        let text = page.text().await.unwrap();
        assert!(
            text.contains(shown) && text.contains(&key) && !text.contains('\u{0}'),
            "{text}"
        );
    }
    // A form that was not made here is drawn anew, with a key of its own.
    let page = site
        .send(&path, &[("key", "made up"), ("q.speed", "bad")])
        .await;
    assert_eq!(page.status(), 422);
    assert!(page.text().await.unwrap().contains("value=\"bad\" checked"));
    let huge = "x".repeat(200_000);
    assert_eq!(site.send(&path, &[("q.more", &huge)]).await.status(), 413);
    assert_eq!(site.stand.sheets().await, [].into());
    assert_eq!(
        site.send(&path, &[("key", &key), ("q.speed", "good")])
            .await
            .status(),
        200
    );
}

async fn a_closed_survey_is_gone_and_nothing_is_kept(world: World) {
    let site = Site::new(world).await;
    let link = format!("/s/{}", site.stand.link);
    let invitation = format!("/i/{}", site.stand.invite(1).await[0].expose());
    let keys = [site.open(&link).await, site.open(&invitation).await];
    site.stand.close().await;
    for (path, key) in [&link, &invitation].into_iter().zip(&keys) {
        assert_eq!(
            site.send(path, &[("key", key), ("q.speed", "good")])
                .await
                .status(),
            410
        );
        site.stand.world.clock.advance(Duration::from_secs(2));
        assert_eq!(site.get(path).await.status(), 410);
    }
    assert_eq!(site.get("/s/nosuchlink").await.status(), 404);
    assert_eq!(site.stand.sheets().await, [].into());
}

async fn a_busy_server_gives_the_form_back_and_names_a_time(world: World) {
    let site = Site::new(world).await;
    let path = format!("/s/{}", site.stand.link);
    let key = site.open(&path).await;
    // Whatever the reason: the task that books takes nothing more.
    site.stand.intake.finish().await;
    let page = site
        .send(
            &path,
            &[("key", &key), ("q.speed", "good"), ("q.more", "办得快")],
        )
        .await;
    assert_eq!(page.status(), 503);
    assert_eq!(page.headers()["retry-after"], "2");
    let text = page.text().await.unwrap();
    assert!(
        text.contains(&key) && text.contains("办得快") && text.contains("value=\"good\" checked"),
        "{text}"
    );
}

async fn a_warm_link_is_shown_without_a_statement(world: World) {
    let site = Site::new(world).await;
    let path = format!("/s/{}", site.stand.link);
    assert_eq!(site.get(&path).await.status(), 200);
    let before = site.stand.world.service.database.statement_count();
    for _ in 0..20 {
        assert_eq!(site.get(&path).await.status(), 200);
    }
    assert_eq!(site.stand.world.service.database.statement_count(), before);
}
