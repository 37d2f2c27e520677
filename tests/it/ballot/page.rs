//! Ballots on pages: filled in, sent back with what is wrong, and changed.

use std::time::Duration;

use api::config::{Purpose, Settings, Sources};
use reqwest::{Client, Response};
use support::{World, on_both};

use super::{OPERATOR, Stand};

on_both!(
    a_page_of_thirty_lines_is_small_and_says_what_a_blank_line_is,
    what_is_wrong_in_a_line_comes_back_with_all_lines,
    a_ballot_without_an_answer_is_asked_about_once,
    a_ballot_is_changed_line_by_line_and_was_returned_once
);

/// The pages in front of a stand.
struct Site {
    stand: Stand,
    client: Client,
    origin: String,
    path: String,
}

impl Site {
    async fn new(world: World, heads: usize) -> Self {
        let stand = Stand::with(world, heads).await.unwrap();
        let settings = Settings::load(Sources::default(), Purpose::Tool)
            .unwrap()
            .http;
        let routes = api::page::routes(stand.intake.clone());
        let router = api::http::assemble(routes, &settings, api::http::always_ready());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (trigger, shutdown) = api::http::shutdown::channel();
        tokio::spawn(async move {
            // As long as the test runs: the task ends with its runtime.
            let _kept = trigger;
            api::http::serve(listener, router, &settings, shutdown).await;
        });
        let token = stand.invite(1).await.remove(0);
        Self {
            path: format!("/i/{}", token.expose()),
            stand,
            client: Client::new(),
            origin,
        }
    }

    /// Opens the form, waits as long as a person needs, and returns its key.
    async fn open(&self) -> String {
        let page = self.client.get(format!("{}{}", self.origin, self.path));
        let page = page.send().await.unwrap();
        assert_eq!(page.status(), 200);
        let text = page.text().await.unwrap();
        let (_, after) = text.split_once("name=\"key\" value=\"").unwrap();
        self.stand.world.clock.advance(Duration::from_secs(10));
        after.split_once('"').unwrap().0.to_owned()
    }

    async fn send(&self, fields: &[(&str, &str)]) -> Response {
        let request = self.client.post(format!("{}{}", self.origin, self.path));
        request.form(fields).send().await.unwrap()
    }
}

async fn a_page_of_thirty_lines_is_small_and_says_what_a_blank_line_is(world: World) {
    let site = Site::new(world, 30).await;
    // As a link, whose form is kept between two citizens.
    let link = site
        .stand
        .world
        .service
        .add_ballot_link(OPERATOR, &site.stand.wanted(1))
        .await
        .unwrap();
    for path in [site.path.clone(), format!("/s/{}", link.code)] {
        let request = site.client.get(format!("{}{path}", site.origin));
        let answer = request
            .header("accept-encoding", "gzip")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        let packed = answer.bytes().await.unwrap();
        // Style and script come beside it, some 4 KB together.
        assert!(packed.len() < 20_000, "{} bytes", packed.len());
        let plain = site
            .client
            .get(format!("{}{path}", site.origin))
            .send()
            .await;
        let text = plain.unwrap().text().await.unwrap();
        assert_eq!(text.matches("<fieldset").count(), 30);
        assert!(text.contains("留空就是弃权"), "{path}");
        assert!(text.contains("干部 30"));
    }
}

async fn what_is_wrong_in_a_line_comes_back_with_all_lines(world: World) {
    let site = Site::new(world, 3).await;
    let key = site.open().await;
    let fields = [
        ("key", key.as_str()),
        ("l.1.duty", "good"),
        ("l.1.work", "bad"),
        ("l.2.duty", "good"),
        ("l.2.more", "还可以"),
    ];
    let back = site.send(&fields).await;
    assert_eq!(back.status(), 422);
    let text = back.text().await.unwrap();
    assert!(text.contains("href=\"#l2q2-1\""), "{text}");
    assert!(!text.contains("href=\"#l1"), "the first line is whole");
    assert!(!text.contains("href=\"#l3"), "the third is blank");
    assert!(text.contains("还可以"));
    let mended: Vec<(&str, &str)> = fields.into_iter().chain([("l.2.work", "good")]).collect();
    let done = site.send(&mended).await;
    assert_eq!(done.status(), 200);
    let text = done.text().await.unwrap();
    assert!(
        text.contains("您评议了 2 位,留空(弃权)1 位")
            || text.contains("您评议了 2 位，留空（弃权）1 位")
    );
    // The same form once more: the same receipt.
    assert_eq!(site.send(&mended).await.text().await.unwrap(), text);
    assert_eq!(
        site.stand.first_ballot().await,
        [[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    );
}

async fn a_ballot_without_an_answer_is_asked_about_once(world: World) {
    let site = Site::new(world, 3).await;
    let key = site.open().await;
    let back = site.send(&[("key", key.as_str())]).await;
    assert_eq!(back.status(), 422);
    assert!(back.text().await.unwrap().contains("name=\"blank\""));
    let done = site.send(&[("key", key.as_str()), ("blank", "yes")]).await;
    assert_eq!(done.status(), 200);
    assert_eq!(site.stand.first_ballot().await, [[1, 0, 1, 0]; 3]);
}

async fn a_ballot_is_changed_line_by_line_and_was_returned_once(world: World) {
    let site = Site::new(world, 3).await;
    let key = site.open().await;
    let first = [
        ("key", key.as_str()),
        ("l.1.duty", "good"),
        ("l.1.work", "good"),
    ];
    let thanks = site.send(&first).await.text().await.unwrap();
    let hidden = |page: &str, name: &str| {
        let (_, after) = page
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap();
        after.split_once('"').unwrap().0.to_owned()
    };
    let change = format!("{}/change", site.origin);
    let codes = [hidden(&thanks, "code"), hidden(&thanks, "change")];
    let fields = vec![("code", codes[0].as_str()), ("change", &codes[1])];
    let form = site
        .client
        .post(&change)
        .form(&fields)
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), 200);
    let form = form.text().await.unwrap();
    assert_eq!(form.matches("<fieldset").count(), 3);
    let key = hidden(&form, "key");
    site.stand.world.clock.advance(Duration::from_secs(10));
    let mut fields = fields;
    fields.extend([
        ("key", key.as_str()),
        ("l.2.duty", "bad"),
        ("l.2.work", "good"),
    ]);
    let done = site
        .client
        .post(&change)
        .form(&fields)
        .send()
        .await
        .unwrap();
    assert_eq!(done.status(), 200);
    assert_eq!(
        site.stand.first_ballot().await,
        [[1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    );
    // One was issued and one came back, so the demand that no more come back than were issued is met.
    let service = &site.stand.world.service;
    for survey in [site.stand.meeting.id, site.stand.public.id] {
        service.close_survey(OPERATOR, survey, None).await.unwrap();
    }
    let preflight = service.preflight(OPERATOR, site.stand.round).await.unwrap();
    let total = preflight.outcome.find("head-002").unwrap().total;
    assert_eq!(total, Some("50".parse().unwrap()));
}
