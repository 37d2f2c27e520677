//! What the citizen pages answer, by status and content; how they look and feel is tested in a browser.

use std::time::Duration;

use api::config::{Purpose, Settings, Sources};
use domain::survey::SheetState;
use reqwest::{Client, Response};
use service::intake::Intake;
use support::{World, on_both};

use crate::intake::Stand;

on_both!(
    looking_at_an_invitation_never_uses_it_up_whoever_looks,
    an_invitation_is_answered_once_and_the_form_may_be_sent_again,
    what_is_wrong_comes_back_with_what_was_entered,
    a_closed_survey_is_gone_and_nothing_is_kept,
    a_busy_server_gives_the_form_back_and_names_a_time,
    a_warm_link_is_shown_without_a_statement,
    an_answer_is_changed_from_its_receipt_and_no_address_holds_a_code,
    codes_that_open_nothing_are_asked_for_again,
    the_page_says_until_when_answers_are_taken_by_the_clocks_of_the_round
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
        Self::of(Stand::new(world).await).await
    }

    async fn of(stand: Stand) -> Self {
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

/// Programs that open links: those that citizens read messages in, and those that look before a citizen does.
const LOOKERS: [(&str, &str); 6] = [
    (
        "WeChat on Android",
        "Mozilla/5.0 (Linux; Android 9; Phone) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/86.0.4240.99 \
         XWEB/4317 MMWEBSDK/20220903 Mobile Safari/537.36 MicroMessenger/8.0.28.2240 NetType/WIFI Language/zh_CN",
    ),
    (
        "WeChat on iOS",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
         MicroMessenger/8.0.29 NetType/4G Language/zh_CN",
    ),
    (
        "Alipay",
        "Mozilla/5.0 (Linux; U; Android 10; zh-CN; Phone) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
         Chrome/69.0.3497.100 UWS/3.22.1.57 Mobile Safari/537.36 AlipayDefined AliApp(AP/10.2.8) AlipayClient/10.2.8 \
         Language/zh-Hans",
    ),
    (
        "an old Chrome",
        "Mozilla/5.0 (Linux; Android 6.0) AppleWebKit/537.36 Chrome/70.0.3538.80 Mobile Safari/537.36",
    ),
    (
        "a scanner of mails",
        "Mozilla/5.0 (compatible; LinkScanner/1.0)",
    ),
    ("nobody who says so", ""),
];

async fn looking_at_an_invitation_never_uses_it_up_whoever_looks(world: World) {
    let site = Site::new(world).await;
    let path = format!("/i/{}", site.stand.invite(1).await[0].expose());
    let url = format!("{}{path}", site.origin);
    let mut pages = std::collections::BTreeSet::new();
    for (who, agent) in LOOKERS {
        for purpose in ["", "prefetch", "prefetch;prerender"] {
            let look = |request: reqwest::RequestBuilder| {
                request
                    .header("user-agent", agent)
                    .header("sec-purpose", purpose)
                    .header("purpose", purpose)
                    .header("x-moz", purpose)
                    .send()
            };
            let head = look(site.client.head(&url)).await.unwrap();
            assert_eq!(head.status(), 200, "{who}");
            let page = look(site.client.get(&url)).await.unwrap();
            assert_eq!(page.status(), 200, "{who}");
            let text = page.text().await.unwrap();
            assert!(
                text.contains("<form id=\"answer\" method=\"post\""),
                "{who}"
            );
            // The key alone differs: nobody is shown another form.
            let (before, after) = text.split_once("name=\"key\" value=\"").unwrap();
            let (_, after) = after.split_once('"').unwrap();
            pages.insert(format!("{before}{after}"));
        }
    }
    assert_eq!(pages.len(), 1);
    let states = site.stand.sheets().await;
    assert_eq!(states, [].into());

    let key = site.open(&path).await;
    let fields = [("key", key.as_str()), ("q.speed", "good")];
    let sent = site
        .client
        .post(&url)
        .header("user-agent", LOOKERS[0].1)
        .form(&fields);
    let sent = sent.send().await.unwrap();
    assert_eq!(sent.status(), 200);
    // Used up now, for whoever looks.
    for (who, agent) in LOOKERS {
        let page = site.client.get(&url).header("user-agent", agent);
        assert_eq!(page.send().await.unwrap().status(), 409, "{who}");
    }
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
    // Nor do the figures that are kept of it ask the database.
    let _begun: Result<_, _> = api::metric::Metrics::start();
    let before = site.stand.world.service.database.statement_count();
    for _ in 0..20 {
        assert_eq!(site.get(&path).await.status(), 200);
    }
    assert_eq!(site.stand.world.service.database.statement_count(), before);
}

/// What a hidden field of a page holds.
fn hidden(page: &str, name: &str) -> String {
    let (_, after) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    after.split_once('"').unwrap().0.to_owned()
}

async fn an_answer_is_changed_from_its_receipt_and_no_address_holds_a_code(world: World) {
    let site = Site::of(Stand::changeable(world).await).await;
    let path = format!("/i/{}", site.stand.invite(1).await[0].expose());
    let key = site.open(&path).await;
    let thanks = site
        .send(
            &path,
            &[("key", &key), ("q.speed", "good"), ("q.more", "保密")],
        )
        .await;
    let thanks = thanks.text().await.unwrap();
    let (code, change) = (hidden(&thanks, "code"), hidden(&thanks, "change"));
    for tag in thanks
        .split('<')
        .filter(|tag| tag.contains("href=") || tag.contains("action="))
    {
        assert!(!tag.contains(&code) && !tag.contains(&change), "{tag}");
    }

    // As the button of that page sends it.
    let codes = [("code", code.as_str()), ("change", change.as_str())];
    let form = site.send("/change", &codes).await;
    assert_eq!(form.status(), 200);
    assert_eq!(form.headers()["referrer-policy"], "no-referrer");
    let form = form.text().await.unwrap();
    assert!(
        !form.contains("checked") && !form.contains("保密"),
        "nothing of what was said is shown"
    );
    let (again, over) = (hidden(&form, "code"), hidden(&form, "change"));
    assert_eq!((&again, &over), (&code, &change));
    let key = hidden(&form, "key");
    site.stand.world.clock.advance(Duration::from_secs(10));
    let incomplete = [codes[0], codes[1], ("key", &key), ("q.manner", "bad")];
    let back = site.send("/change", &incomplete).await;
    assert_eq!(back.status(), 422);
    let back = back.text().await.unwrap();
    assert!(
        back.contains("value=\"bad\" checked") && back.contains(&key),
        "{back}"
    );
    let complete = [
        incomplete[0],
        incomplete[1],
        incomplete[2],
        ("q.speed", "bad"),
    ];
    let first = site.send("/change", &complete).await;
    assert_eq!(first.status(), 200);
    let first = first.text().await.unwrap();
    let new = hidden(&first, "code");
    assert_ne!(new, code);
    let retry = site.send("/change", &complete).await.text().await.unwrap();
    assert_eq!(hidden(&retry, "code"), new);
    assert_eq!(
        site.stand.sheets().await,
        [(SheetState::Valid, 1), (SheetState::Changed, 1)].into()
    );

    // The first receipt says so, and changes nothing any more.
    let lookup = site
        .send("/receipt", &[("code", &code)])
        .await
        .text()
        .await
        .unwrap();
    assert!(lookup.contains("已被代替"), "{lookup}");
    assert_eq!(site.send("/change", &codes).await.status(), 409);
    site.stand.close().await;
    site.stand.world.clock.advance(Duration::from_secs(2));
    let codes = [
        ("code", new.as_str()),
        ("change", &hidden(&first, "change")),
    ];
    assert_eq!(site.send("/change", &codes).await.status(), 410);
}

async fn codes_that_open_nothing_are_asked_for_again(world: World) {
    let site = Site::of(Stand::changeable(world).await).await;
    let path = format!("/s/{}", site.stand.link);
    let mut pages = Vec::new();
    for _ in 0..2 {
        let key = site.open(&path).await;
        let sent = site
            .send(&path, &[("key", &key), ("q.speed", "good")])
            .await;
        pages.push(sent.text().await.unwrap());
    }
    assert_eq!(site.get("/change").await.status(), 200);
    let (code, change) = (hidden(&pages[0], "code"), hidden(&pages[1], "change"));
    for (code, change, said) in [
        (code.as_str(), change.as_str(), "这两个码对不上"),
        (&code, "ABCD", "有一个码写错了"),
        ("ABCD", &change, "有一个码写错了"),
        ("", "", "有一个码写错了"),
    ] {
        let back = site
            .send("/change", &[("code", code), ("change", change)])
            .await;
        assert_eq!(back.status(), 422);
        let text = back.text().await.unwrap();
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(site.stand.sheets().await, [(SheetState::Valid, 2)].into());
}

async fn the_page_says_until_when_answers_are_taken_by_the_clocks_of_the_round(world: World) {
    use sea_orm::ConnectionTrait;
    let site = Site::new(world).await;
    let path = format!("/s/{}", site.stand.link);
    assert!(!site.get(&path).await.text().await.unwrap().contains("为止"));
    // 18:30 in Shanghai; moved while forms of the same link are kept.
    for (end, zh, en) in [
        (
            "2031-03-01T10:30:00Z",
            "2031年3月1日 18:30（北京时间）",
            "2031-3-1, 18:30 (Beijing time)",
        ),
        (
            "2031-03-01T17:00:00Z",
            "2031年3月2日 01:00（北京时间）",
            "2031-3-2, 01:00 (Beijing time)",
        ),
    ] {
        let at = chrono::DateTime::parse_from_rfc3339(end).unwrap();
        let transaction = site
            .stand
            .world
            .service
            .database
            .begin_write()
            .await
            .unwrap();
        let sql = format!("UPDATE survey SET closes_at = {}", at.timestamp_micros());
        transaction.execute_unprepared(&sql).await.unwrap();
        transaction.commit().await.unwrap();
        site.stand.world.clock.advance(Duration::from_secs(2));
        for (query, said) in [("", zh), ("?lang=en", en)] {
            let text = site
                .get(&format!("{path}{query}"))
                .await
                .text()
                .await
                .unwrap();
            assert!(text.contains(said), "{text}");
        }
    }
}
