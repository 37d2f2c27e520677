//! Accounts from the first start on: invitations and forgotten passwords, over real mail and real pages.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::access::{Action, Actor, CombinedRoles, Grant, Role, RolePair};
use domain::id::Id;
use reqwest::{Client, Response, StatusCode};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use service::audit::Page;
use service::session::OpenedSession;
use service::staff::identity::Identity;
use service::staff::link::{INVITATION_JOB, Lifetimes, RESET_JOB};
use service::staff::{Staff, StaffChange, StaffDraft};
use service::{Fault, Service};
use support::server::Server;
use support::{World, on_both};

use crate::stand::{Stand, subject};

on_both!(
    the_first_start_prints_a_link_by_which_the_first_administrator_is_made,
    an_invitation_comes_by_mail_and_is_used_up_by_a_password_and_not_by_looking,
    a_forgotten_password_is_reset_by_mail_and_ends_all_sessions,
    nobody_learns_from_a_reset_whether_there_is_an_account,
    links_run_out_and_are_taken_back,
    an_account_gets_only_so_many_links_to_a_new_password,
    of_two_with_a_link_to_the_first_account_one_makes_it,
    an_invitation_is_taken_up_by_an_identity_in_place_of_a_password,
    an_identity_is_bound_by_somebody_else_and_belongs_to_one_account,
    without_a_password_an_account_is_used_by_its_identity_alone,
    whoever_speaks_for_a_unit_names_it_and_no_other_role_does,
    a_small_office_lets_one_person_hold_the_pair_that_it_names_and_no_other,
);

const LONG: &str = "a long password of these tests";
const LIFETIMES: Lifetimes = Lifetimes {
    invitation: Duration::from_hours(72),
    reset: Duration::from_hours(1),
};

fn keeper() -> Grant {
    Grant {
        role: Role::SecurityAdministrator,
        region: None,
        category: None,
        round: None,
        subject: None,
    }
}

fn draft(login: &str) -> StaffDraft {
    StaffDraft {
        login: login.to_owned(),
        name: "Leader 01 (fictional)".to_owned(),
        email: Some(format!("{login}@example.com")),
        password_hash: None,
        grants: vec![keeper()],
    }
}

/// The link in a mail or on a terminal.
pub fn link_in(text: &str) -> &str {
    let start = text.find("http://").unwrap_or_else(|| panic!("{text}"));
    text[start..].split_whitespace().next().unwrap()
}

/// The text of a mail as its reader sees it.
pub fn body(message: &support::mail::Message) -> String {
    let (head, body) = message.text.split_once("\n\n").unwrap();
    if head.contains("base64") {
        use base64::Engine;
        let packed: String = body.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(packed);
        return String::from_utf8(bytes.unwrap()).unwrap();
    }
    assert!(head.contains("quoted-printable"), "{head}");
    // Only the link is looked at, in which nothing but `=` and the ends of lines is written otherwise.
    body.replace("=\n", "").replace("=3D", "=")
}

async fn post(link: &str, fields: &[(&str, &str)]) -> Response {
    Client::new().post(link).form(fields).send().await.unwrap()
}

async fn choose(link: &str, password: &str) -> StatusCode {
    let fields = [("password", password), ("again", password)];
    post(link, &fields).await.status()
}

async fn ask(server: &Server, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables });
    let request = Client::new().post(server.url("/graphql")).json(&body);
    request.send().await.unwrap().json().await.unwrap()
}

/// Logs in and returns the refresh token.
async fn log_in(server: &Server, login: &str, password: &str) -> Option<String> {
    let query =
        "mutation($i: SessionOpenInput!) { sessionOpen(input: $i) { session { refreshToken } } }";
    let input = json!({ "i": { "login": login, "password": password } });
    let answer = ask(server, query, input).await;
    let token = &answer["data"]["sessionOpen"]["session"]["refreshToken"];
    token.as_str().map(str::to_owned)
}

/// What was logged, as action and who; checkpoints come when they come.
async fn logged(world: &World) -> Vec<(String, String)> {
    let page = Page {
        after: 0,
        limit: 100,
    };
    let entries = service::audit::list(&world.service.database.reader(), page)
        .await
        .unwrap();
    let read = |entry: service::audit::LoggedEntry| {
        assert!(!entry.body.contains("example.com"), "{}", entry.body);
        let body: Value = serde_json::from_str(&entry.body).unwrap();
        (
            body["action"].as_str().unwrap().to_owned(),
            body["who"].as_str().unwrap().to_owned(),
        )
    };
    let mut logged: Vec<(String, String)> = entries.into_iter().map(read).collect();
    logged.retain(|(action, _)| action != "log.checkpoint");
    logged
}

async fn the_first_start_prints_a_link_by_which_the_first_administrator_is_made(world: World) {
    let mut server = world.server().await;
    let said = server.log();
    let link = link_in(&said[said.find("first administrator").unwrap()..]).to_owned();
    let page = Client::new().get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["cache-control"], "no-store");

    let fields = |login: &'static str, again: &'static str| {
        [
            ("login", login),
            ("name", "Leader 01 (fictional)"),
            ("password", LONG),
            ("again", again),
        ]
    };
    // Nothing that is wrong uses the link up.
    for (login, again) in [("chief", "another password"), ("无", LONG)] {
        let page = post(&link, &fields(login, again)).await;
        assert_eq!(page.status(), 422);
        let text = page.text().await.unwrap();
        assert!(text.contains(login) && !text.contains(LONG), "{text}");
    }
    assert_eq!(post(&link, &fields("Chief", LONG)).await.status(), 200);
    assert_eq!(post(&link, &fields("second", LONG)).await.status(), 404);
    assert!(log_in(&server, "chief", LONG).await.is_some());
    assert!(log_in(&server, "second", LONG).await.is_none());

    let actions: Vec<String> = logged(&world).await.into_iter().map(|(it, _)| it).collect();
    assert_eq!(actions[..2], ["staff.print_first_link", "staff.add_first"]);
    // The next start has nothing to print.
    server.kill().await;
    server.restart().await;
    assert_eq!(server.log().matches("/account/").count(), 1);
}

async fn an_invitation_comes_by_mail_and_is_used_up_by_a_password_and_not_by_looking(world: World) {
    let invited = world
        .service
        .add_staff(&Actor::Operator, draft("leader01"))
        .await
        .unwrap();
    assert!(invited.is_invited());
    let server = world.server().await;
    // Before it is taken up there is no password that would be right.
    assert!(log_in(&server, "leader01", "").await.is_none());
    let messages = server.mail.wait_for(1).await;
    assert_eq!(messages[0].recipients, ["leader01@example.com"]);
    let text = body(&messages[0]);
    assert!(text.contains("leader01"), "{text}");
    let link = link_in(&text).to_owned();

    for _ in 0..2 {
        let page = Client::new().get(&link).send().await.unwrap();
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("value=\"leader01\""));
    }
    assert_eq!(choose(&link, "too short").await, 422);
    assert_eq!(choose(&link, &"长".repeat(100)).await, 422);
    assert_eq!(choose(&link, LONG).await, 200);
    assert_eq!(choose(&link, "another long password").await, 404);
    let page = Client::new().get(&link).send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(log_in(&server, "leader01", LONG).await.is_some());

    let id = invited.id.to_string();
    let expected = [
        ("staff.invite", "operator"),
        ("session.refuse", "anonymous"),
        ("staff.mail_invitation", "program"),
        ("staff.set_password", &id),
        ("session.open", &id),
    ];
    let mut logged = logged(&world).await;
    let mut expected = expected.map(|(action, who)| (action.to_owned(), who.to_owned()));
    // The mail may leave before somebody tries to log in.
    logged[1..3].sort();
    expected[1..3].sort();
    assert_eq!(logged, expected);
}

async fn a_forgotten_password_is_reset_by_mail_and_ends_all_sessions(world: World) {
    let hash = api::auth::password::Passwords::new()
        .unwrap()
        .hash(api::config::Secret::new(LONG.to_owned()))
        .await
        .unwrap();
    let known = StaffDraft {
        password_hash: Some(hash),
        ..draft("leader01")
    };
    world
        .service
        .add_staff(&Actor::Operator, known)
        .await
        .unwrap();
    let server = world.server().await;
    let session = log_in(&server, "leader01", LONG).await.unwrap();

    // Of both ways in, one by the address and one by the name.
    let page = post(&server.url("/reset"), &[("login", "Leader01@Example.com")]).await;
    assert_eq!(page.status(), 200);
    let query = "mutation { passwordRequestReset(login: \"leader01\") { done refusals { code } } }";
    let answer = ask(&server, query, json!({})).await;
    assert_eq!(answer["data"]["passwordRequestReset"]["done"], true);
    let messages = server.mail.wait_for(2).await;
    let links: Vec<String> = messages
        .iter()
        .map(|message| link_in(&body(message)).to_owned())
        .collect();
    assert_ne!(links[0], links[1]);
    // The old password works until another is chosen.
    assert!(log_in(&server, "leader01", LONG).await.is_some());

    let other = "another long password";
    assert_eq!(choose(&links[0], other).await, 200);
    // Choosing takes back the other link as well.
    assert_eq!(choose(&links[1], "a third long password").await, 404);
    assert!(log_in(&server, "leader01", LONG).await.is_none());
    let refresh =
        "mutation($t: String!) { sessionRefresh(refreshToken: $t) { refusals { code } } }";
    let answer = ask(&server, refresh, json!({ "t": session })).await;
    let refused = &answer["data"]["sessionRefresh"]["refusals"][0]["code"];
    assert_eq!(refused, "REFRESH_REFUSED");
    assert!(log_in(&server, "leader01", other).await.is_some());
    let actions: Vec<String> = logged(&world).await.into_iter().map(|(it, _)| it).collect();
    for action in ["staff.mail_reset", "staff.set_password"] {
        assert!(actions.iter().any(|it| it == action), "{actions:?}");
    }
}

/// The bodies in the outbox.
async fn jobs(world: &World) -> Vec<String> {
    let reader = world.service.database.reader();
    let sql = "SELECT body FROM outbox ORDER BY due_at, body";
    let rows = reader
        .query_all_raw(Statement::from_string(reader.get_database_backend(), sql))
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.try_get("", "body").unwrap())
        .collect()
}

async fn nobody_learns_from_a_reset_whether_there_is_an_account(world: World) {
    let service = &world.service;
    let known = StaffDraft {
        password_hash: Some("a hash".to_owned()),
        ..draft("known")
    };
    service.add_staff(&Actor::Operator, known).await.unwrap();
    let mut counts = Vec::new();
    for name in ["known", "nobody", "known@example.com"] {
        let before = service.database.statement_count();
        service.request_password_reset(name).await.unwrap();
        counts.push(service.database.statement_count() - before);
    }
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[1], counts[2]);

    // Whoever is there gets a link, and what was typed is kept no longer than the work takes.
    let server = world.server().await;
    server.mail.wait_for(2).await;
    for _ in 0..200 {
        if jobs(&world).await == ["null", "null", "null"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(jobs(&world).await, ["null", "null", "null"]);
    assert_eq!(server.mail.messages().len(), 2);

    let page = async |login: &str| {
        let answer = post(&server.url("/reset"), &[("login", login)]).await;
        (answer.status(), answer.text().await.unwrap())
    };
    let (one, other) = (page("known").await, page("nobody").await);
    assert_eq!(one, other);
    assert_eq!(one.0, StatusCode::OK);
    // And whoever asks too often is told so, for either.
    for login in ["known", "nobody"] {
        let mut last = StatusCode::OK;
        for _ in 0..10 {
            last = page(login).await.0;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "{login}");
    }
}

/// A link to a new password, as the worker makes it.
async fn make_reset(service: &Service, login: &str) -> Option<String> {
    let body = json!({ "typed": login }).to_string();
    let made = service
        .make_wanted_link(RESET_JOB, &body, &LIFETIMES)
        .await
        .unwrap();
    made.map(|made| made.token)
}

async fn holds(service: &Service, token: &str) -> bool {
    service.find_staff_link(token).await.unwrap().is_some()
}

fn change(staff: &Staff) -> StaffChange {
    StaffChange {
        id: staff.id,
        row_version: staff.row_version,
        name: None,
        email: None,
        is_active: None,
        password_hash: None,
        grants: None,
    }
}

async fn links_run_out_and_are_taken_back(world: World) {
    let service = &world.service;
    let known = StaffDraft {
        password_hash: Some("a hash".to_owned()),
        ..draft("known")
    };
    let staff = service.add_staff(&Actor::Operator, known).await.unwrap();
    let start: DateTime<Utc> = world.now();

    let token = make_reset(service, "known").await.unwrap();
    world.clock.set(start + LIFETIMES.reset);
    assert!(!holds(service, &token).await);
    service
        .set_password(&token, "new".to_owned())
        .await
        .unwrap_err();
    assert_eq!(service.purge_staff_links().await.unwrap(), 1);

    // Another address, another state, another password: each takes back what is on its way.
    let mut now = staff;
    for part in 0..3 {
        let token = make_reset(service, "known").await.unwrap();
        assert!(holds(service, &token).await);
        let mut change = change(&now);
        match part {
            0 => change.email = Some("other@example.com".to_owned()),
            1 => change.password_hash = Some("another hash".to_owned()),
            _ => change.is_active = Some(false),
        }
        now = service
            .change_staff(&Actor::Operator, change)
            .await
            .unwrap();
        assert!(!holds(service, &token).await, "{part}");
    }
    assert_eq!(make_reset(service, "known").await, None, "disabled");
    assert_eq!(make_reset(service, "nobody").await, None);

    // An address belongs to one account.
    let refused = service
        .add_staff(
            &Actor::Operator,
            StaffDraft {
                email: Some("Other@example.com".to_owned()),
                ..draft("second")
            },
        )
        .await;
    let codes: Vec<String> = crate::stand::refusals(refused)
        .into_iter()
        .map(|refusal| refusal.code)
        .collect();
    assert_eq!(codes, ["EMAIL_TAKEN"]);
    for unfit in [
        "",
        "nobody",
        "a@b",
        "a b@example.com",
        "a@example.com,b@example.com",
    ] {
        let draft = StaffDraft {
            email: Some(unfit.to_owned()),
            ..draft("second")
        };
        let refused = service.add_staff(&Actor::Operator, draft).await;
        assert_eq!(crate::stand::refusals(refused)[0].code, "EMAIL_UNFIT");
    }
}

async fn an_account_gets_only_so_many_links_to_a_new_password(world: World) {
    let service = &world.service;
    let known = StaffDraft {
        password_hash: Some("a hash".to_owned()),
        ..draft("known")
    };
    service.add_staff(&Actor::Operator, known).await.unwrap();
    let mut links = Vec::new();
    for _ in 0..3 {
        links.push(make_reset(service, "known").await.unwrap());
    }
    assert_eq!(make_reset(service, "known").await, None);
    // The mail of one did not leave, so there is room for another.
    service.remove_staff_link(&links[0]).await.unwrap();
    assert!(make_reset(service, "known").await.is_some());
}

async fn of_two_with_a_link_to_the_first_account_one_makes_it(world: World) {
    let service = &world.service;
    let mut made = Vec::new();
    for login in ["one", "other"] {
        let token = service
            .make_first_link(LIFETIMES.invitation)
            .await
            .unwrap()
            .unwrap();
        made.push((login, token));
    }
    let attempts = made.into_iter().map(|(login, token)| {
        let service = service.clone();
        tokio::spawn(async move {
            let first = service::staff::link::FirstAccount {
                login: login.to_owned(),
                name: login.to_owned(),
                password_hash: "a hash".to_owned(),
            };
            service.add_first_staff(&token, first).await.is_ok()
        })
    });
    let mut done = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        done.push(attempt.await.unwrap());
    }
    done.sort_unstable();
    assert_eq!(done, [false, true]);
    assert_eq!(
        service.make_first_link(LIFETIMES.reset).await.unwrap(),
        None
    );
    let page = service::page::Page {
        after: None,
        first: 10,
    };
    let all = service.list_staff(&Actor::Operator, page).await.unwrap();
    let [only] = all.rows.as_slice() else {
        panic!("{all:?}")
    };
    let actor = Actor::Staff {
        id: only.id,
        login: only.login.clone(),
        grants: only.grants.clone(),
    };
    assert!(actor.may_somewhere(Action::ChangeStaff) && !actor.may_somewhere(Action::ReadRound));
}

fn identity(subject: &str) -> Identity {
    Identity {
        issuer: "https://id.example.com".to_owned(),
        subject: subject.to_owned(),
    }
}

/// The code of the refusal.
fn refusal<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> String {
    match outcome {
        Err(Fault::Refused(refusals)) => refusals[0].code.clone(),
        other => panic!("not refused: {other:?}"),
    }
}

async fn come(service: &Service, subject: &str) -> Result<OpenedSession, Fault> {
    let lifetime = Duration::from_hours(1);
    service
        .open_session_by_identity(&identity(subject), None, lifetime)
        .await
}

async fn invite(service: &Service, login: &str) -> (Staff, String) {
    let invited = service
        .add_staff(&Actor::Operator, draft(login))
        .await
        .unwrap();
    let body = json!({ "staff": invited.id.to_string() }).to_string();
    let made = service
        .make_wanted_link(INVITATION_JOB, &body, &LIFETIMES)
        .await;
    (invited, made.unwrap().unwrap().token)
}

async fn an_invitation_is_taken_up_by_an_identity_in_place_of_a_password(world: World) {
    let service = &world.service;
    let (one, token) = invite(service, "leader01").await;
    assert_eq!(refusal(come(service, "first").await), "LOGIN_REFUSED");
    let unfit = service.take_up_by_identity(&token, &identity("")).await;
    assert_eq!(refusal(unfit), "IDENTITY_UNFIT");
    service
        .take_up_by_identity(&token, &identity("first"))
        .await
        .unwrap();
    assert_eq!(come(service, "first").await.unwrap().staff, one.id);
    // Used up, and for nobody else.
    let again = service
        .take_up_by_identity(&token, &identity("second"))
        .await;
    assert_eq!(refusal(again), "LINK_OVER");
    let (_, other) = invite(service, "leader02").await;
    let taken = service
        .take_up_by_identity(&other, &identity("first"))
        .await;
    assert_eq!(refusal(taken), "IDENTITY_TAKEN");
    // A link to a new password is no invitation.
    assert!(make_reset(service, "leader01").await.is_none());
    let actions: Vec<String> = logged(&world).await.into_iter().map(|(it, _)| it).collect();
    assert_eq!(
        actions[..4],
        [
            "staff.invite",
            "staff.mail_invitation",
            "staff.bind_identity",
            "session.open"
        ]
    );
}

async fn an_identity_is_bound_by_somebody_else_and_belongs_to_one_account(world: World) {
    let service = &world.service;
    let (one, token) = invite(service, "leader01").await;
    let (other, _) = invite(service, "leader02").await;
    let own = Actor::Staff {
        id: one.id,
        login: one.login.clone(),
        grants: vec![keeper()],
    };
    let bind = async |actor: &Actor, staff, subject| {
        service.bind_identity(actor, staff, identity(subject)).await
    };
    assert_eq!(refusal(bind(&own, one.id, "first").await), "OWN_ACCOUNT");
    let bound = bind(&Actor::Operator, one.id, "first").await.unwrap();
    assert_eq!(
        (bound.is_invited(), bound.identity),
        (false, Some(identity("first")))
    );
    assert!(!holds(service, &token).await);
    let operator = &Actor::Operator;
    assert_eq!(
        refusal(bind(operator, one.id, "second").await),
        "IDENTITY_PRESENT"
    );
    assert_eq!(
        refusal(bind(operator, other.id, "first").await),
        "IDENTITY_TAKEN"
    );
    assert!(matches!(
        bind(operator, Id::new(1), "third").await,
        Err(Fault::NotFound)
    ));

    let session = come(service, "first").await.unwrap();
    let left = service.remove_identity(operator, one.id).await.unwrap();
    assert_eq!((left.is_invited(), left.identity), (true, None));
    assert_eq!(refusal(come(service, "first").await), "LOGIN_REFUSED");
    let refreshed = service
        .refresh_session(&session.refresh_token, Duration::from_hours(1))
        .await;
    assert_eq!(refusal(refreshed), "REFRESH_REFUSED");
    let gone = service.remove_identity(operator, one.id).await;
    assert_eq!(refusal(gone), "IDENTITY_ABSENT");
}

async fn without_a_password_an_account_is_used_by_its_identity_alone(world: World) {
    let service = &world.service;
    let known = StaffDraft {
        password_hash: Some("a hash".to_owned()),
        ..draft("leader01")
    };
    let operator = &Actor::Operator;
    let known = service.add_staff(operator, known).await.unwrap();
    let alone = service.remove_password(operator, known.id).await;
    assert_eq!(refusal(alone), "IDENTITY_ABSENT");
    let bound = service.bind_identity(operator, known.id, identity("first"));
    assert!(bound.await.unwrap().has_password);
    assert!(make_reset(service, "leader01").await.is_some());
    let left = service.remove_password(operator, known.id).await.unwrap();
    assert_eq!((left.has_password, left.is_invited()), (false, false));
    let credentials = service.find_credentials("leader01").await.unwrap().unwrap();
    assert_eq!(credentials.password_hash, None);
    let by_password = service.open_session(&credentials, None, Duration::from_hours(1));
    assert_eq!(refusal(by_password.await), "LOGIN_REFUSED");
    assert!(make_reset(service, "leader01").await.is_none());
    assert!(come(service, "first").await.is_ok());
    // Disabled is disabled, whoever recognises them.
    let change = StaffChange {
        id: known.id,
        row_version: left.row_version,
        name: None,
        email: None,
        is_active: Some(false),
        password_hash: None,
        grants: None,
    };
    service.change_staff(operator, change).await.unwrap();
    assert_eq!(refusal(come(service, "first").await), "LOGIN_REFUSED");
}

/// Why an account with these roles is not added; nothing if it is.
async fn refused(service: &Service, login: &str, grants: Vec<Grant>) -> Vec<String> {
    let new = StaffDraft {
        grants,
        ..draft(login)
    };
    match service.add_staff(&Actor::Operator, new).await {
        Ok(_) => Vec::new(),
        Err(Fault::Refused(refusals)) => refusals.into_iter().map(|one| one.code).collect(),
        Err(fault) => panic!("{fault:?}"),
    }
}

async fn whoever_speaks_for_a_unit_names_it_and_no_other_role_does(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let of_unit = Grant {
        role: Role::UnitReporter,
        subject: Some(subject(1)),
        ..keeper()
    };
    let without = Grant {
        subject: None,
        ..of_unit.clone()
    };
    assert_eq!(
        refused(service, "a", vec![without]).await,
        ["SUBJECT_UNFIT"]
    );
    let keeper_of_unit = Grant {
        subject: Some(subject(1)),
        ..keeper()
    };
    assert_eq!(
        refused(service, "a", vec![keeper_of_unit]).await,
        ["SUBJECT_UNFIT"]
    );
    let unknown = Grant {
        subject: Some(subject(99)),
        ..of_unit.clone()
    };
    assert_eq!(
        refused(service, "a", vec![unknown]).await,
        ["SCOPE_UNKNOWN"]
    );
    let in_category = Grant {
        category: Some("organ".to_owned()),
        ..of_unit.clone()
    };
    assert_eq!(
        refused(service, "a", vec![in_category]).await,
        ["SCOPE_UNFIT"]
    );
    let both = vec![of_unit.clone(), keeper()];
    assert_eq!(refused(service, "a", both).await, ["ROLES_INCOMPATIBLE"]);

    assert!(
        refused(service, "a", vec![of_unit.clone()])
            .await
            .is_empty()
    );
    let page = service::page::Page {
        after: None,
        first: 10,
    };
    let listed = service.list_staff(&Actor::Operator, page).await.unwrap();
    let found = listed.rows.iter().find(|staff| staff.login == "a").unwrap();
    assert_eq!(found.grants, [of_unit]);
    // All roles are replaced, this one too.
    let change = StaffChange {
        id: found.id,
        row_version: found.row_version,
        name: None,
        email: None,
        is_active: None,
        password_hash: None,
        grants: Some(vec![keeper()]),
    };
    let changed = service.change_staff(&Actor::Operator, change).await;
    assert_eq!(changed.unwrap().grants, [keeper()]);
    let found = service.find_staff(&Actor::Operator, &[found.id]).await;
    let grants: Vec<Grant> = found
        .unwrap()
        .into_values()
        .flat_map(|one| one.grants)
        .collect();
    assert_eq!(grants, [keeper()]);
}

async fn a_small_office_lets_one_person_hold_the_pair_that_it_names_and_no_other(world: World) {
    let with = |role| Grant { role, ..keeper() };
    let pairs = [
        [Role::Reviewer, Role::RoundAdministrator],
        [Role::Reviewer, Role::SecurityAdministrator],
        [Role::Reviewer, Role::Auditor],
    ];
    let small = Service {
        combined_roles: Some(CombinedRoles {
            roles: RolePair::new(Role::RoundAdministrator, Role::Reviewer).unwrap(),
            reason: "three people in all".to_owned(),
        }),
        ..world.service.clone()
    };
    for (number, roles) in (0..).zip(pairs) {
        let login = format!("leader{number}");
        let grants = roles.map(with).to_vec();
        let everywhere = refused(&world.service, &login, grants.clone()).await;
        assert_eq!(everywhere, ["ROLES_INCOMPATIBLE"]);
        let here = refused(&small, &login, grants).await;
        assert_eq!(here.is_empty(), number == 0, "{roles:?}: {here:?}");
    }
}
