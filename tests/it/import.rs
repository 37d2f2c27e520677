//! The routes that take a file: tables and schemes. What an import means is told by the tests of the use-case.

use domain::access::{Actor, Grant, Role};
use reqwest::StatusCode;
use serde_json::{Value, json};
use service::region::RegionDraft;
use service::staff::StaffDraft;
use support::server::Server;
use support::{World, on_both, project};

on_both!(
    a_table_comes_in_whole_by_http_or_not_at_all,
    whoever_may_not_import_is_refused_before_the_file_is_read,
    a_scheme_comes_in_by_http_however_large_it_is_or_with_all_its_faults
);

const PASSWORD: &str = "a password of these tests";

/// Adds an account and logs it in.
async fn log_in(world: &World, server: &Server, role: Role) -> String {
    let hash = api::auth::password::Passwords::new()
        .unwrap()
        .hash(api::config::Secret::new(PASSWORD.to_owned()))
        .await
        .unwrap();
    let draft = StaffDraft {
        login: role.word().to_owned(),
        name: "Leader 01 (fictional)".to_owned(),
        email: None,
        password_hash: Some(hash),
        grants: vec![Grant {
            role,
            region: None,
            category: None,
            round: None,
            subject: None,
        }],
    };
    world
        .service
        .add_staff(&Actor::Operator, draft)
        .await
        .unwrap();
    let query = format!(
        "mutation {{ sessionOpen(input: {{ login: \"{}\", password: \"{PASSWORD}\" }}) {{ session {{ accessToken }} }} }}",
        role.word()
    );
    let answer: Value = reqwest::Client::new()
        .post(server.url("/graphql"))
        .json(&json!({ "query": query }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    answer["data"]["sessionOpen"]["session"]["accessToken"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

async fn post(
    server: &Server,
    path: &str,
    token: Option<&str>,
    body: Vec<u8>,
) -> (StatusCode, Value) {
    let mut request = reqwest::Client::new().post(server.url(path)).body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or(Value::Null))
}

async fn a_table_comes_in_whole_by_http_or_not_at_all(world: World) {
    let region = RegionDraft {
        parent: None,
        code: "demo".to_owned(),
        name: "虚构区".to_owned(),
        name_en: "Fictional District".to_owned(),
    };
    world
        .service
        .add_region(&Actor::Operator, region)
        .await
        .unwrap();
    let server = world.server().await;
    let token = log_in(&world, &server, Role::RoundAdministrator).await;
    let head = "代码,对象类型,类别,地区,名称,英文名称\n";
    let good = "unit-1,单位,organ,demo,虚构区一局,Fictional Bureau 1\n";
    let wrong = "unit-2,单位,organ,nowhere,虚构区二局,Fictional Bureau 2\n";

    let both = format!("{head}{good}{wrong}").into_bytes();
    let (status, report) = post(&server, "/import/roster", Some(&token), both).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{report}");
    assert_eq!(report["stored"], json!(false));
    assert_eq!(report["faults"][0]["row"], json!(3));
    assert_eq!(report["faults"][0]["column"], json!("region"));

    let table = format!("{head}{good}").into_bytes();
    let (status, report) = post(
        &server,
        "/import/roster?dry_run=true",
        Some(&token),
        table.clone(),
    )
    .await;
    assert_eq!(
        (status, &report["stored"]),
        (StatusCode::OK, &json!(false)),
        "{report}"
    );
    let (status, report) = post(&server, "/import/roster", Some(&token), table).await;
    assert_eq!(
        (status, &report["stored"]),
        (StatusCode::OK, &json!(true)),
        "{report}"
    );

    let huge = vec![b'a'; 10 * 1024 * 1024 + 1];
    let (status, _) = post(&server, "/import/roster", Some(&token), huge).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _) = post(&server, "/import/songs", Some(&token), Vec::new()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = post(
        &server,
        "/import/scores?round=sub_1",
        Some(&token),
        Vec::new(),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

async fn whoever_may_not_import_is_refused_before_the_file_is_read(world: World) {
    let server = world.server().await;
    let (status, answer) = post(&server, "/import/roster", None, b"no table".to_vec()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{answer}");
    let token = log_in(&world, &server, Role::Auditor).await;
    let table = "code,kind,category,region,name,name_en\nu,unit,organ,demo,a,b\n";
    let (status, answer) = post(&server, "/import/roster", Some(&token), table.into()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{answer}");
}

async fn a_scheme_comes_in_by_http_however_large_it_is_or_with_all_its_faults(world: World) {
    let server = world.server().await;
    let token = log_in(&world, &server, Role::RoundAdministrator).await;
    let source = project::read(&project::root().join("schemes/ouhai/organ.toml"));
    let known = post(&server, "/schemes", Some(&token), source.clone().into()).await;
    assert_eq!(known.0, StatusCode::OK, "{}", known.1);
    assert_eq!(known.1["faults"], json!([]));
    let again = post(&server, "/schemes", Some(&token), source.clone().into()).await;
    assert_eq!(again, known);
    let other = source.replacen("max = ", "max  = ", 1);
    let (status, taken) = post(&server, "/schemes", Some(&token), other.into()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{taken}");
    assert_eq!(taken["schemeVersion"], Value::Null);
    assert_eq!(taken["faults"][0]["code"], "VERSION_TAKEN");
    assert_eq!(taken["faults"][0]["path"], json!(["version"]));

    let wrong = "format = \"mingjian-scheme/1\"\ncode = 7\nsurprise = true\n";
    let (status, faulty) = post(&server, "/schemes", Some(&token), wrong.into()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{faulty}");
    let faults = faulty["faults"].as_array().unwrap();
    assert!(faults.len() > 2, "{faulty}");
    let second = |fault: &&Value| fault["path"] == json!(["code"]);
    let message = faults.iter().find(second).unwrap()["message"].as_str();
    assert!(message.unwrap().starts_with("line 2, column "), "{faulty}");
    let (_, unreadable) = post(&server, "/schemes", Some(&token), vec![0xff]).await;
    assert_eq!(unreadable["faults"][0]["code"], "SCHEME_UNREADABLE");
    let huge = vec![b'#'; (1 << 20) + 1];
    let (status, _) = post(&server, "/schemes", Some(&token), huge).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);

    let auditor = log_in(&world, &server, Role::Auditor).await;
    let (status, _) = post(&server, "/schemes", Some(&auditor), source.clone().into()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = post(&server, "/schemes", None, source.into()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
