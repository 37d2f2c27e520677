//! Citizen pages with something behind them: `survey-stand 127.0.0.1:8090 FOLDER` makes a database in the folder, opens
//! surveys about a fictional unit and serves the pages alone. `FOLDER/links.json` names every link there is.
//!
//! For browser tests and benches, which need surveys in every state without a round being run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::auth::password::Passwords;
use api::auth::session::Sessions;
use api::auth::token::Tokens;
use api::config::{Purpose, Secret, Settings, Sources};
use domain::access::Actor;
use domain::id::{Id, Subject};
use domain::scheme::file;
use domain::survey::Definition;
use sea_orm::ConnectionTrait;
use service::Service;
use service::clock::{Clock, SystemClock};
use service::database::DatabaseSettings;
use service::intake::{Intake, IntakeSettings, PreviewWanted};
use service::staff::StaffDraft;
use service::staff::link::{INVITATION_JOB, Lifetimes};
use service::survey::{self, BallotFor, LinkFor, NewBallotInvitations, NewInvitations, NewSurvey};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Who stand on the ballot.
const LEADERS: i64 = 30;

/// Every way of asking that the scheme's own surveys do not use.
const KINDS: &str = r#"
[[scale]]
code = "ten"
numbers = { from = 1, to = 10, dissatisfied_to = 5, satisfied_from = 8, zero_at = 0, full_at = 10 }
[[scale]]
code = "three"
option = [
  { code = "good", label = { zh = "好", en = "Good" }, class = "satisfied", weight = 100 },
  { code = "fair", label = { zh = "一般", en = "Fair" }, class = "neutral", weight = 60 },
  { code = "poor", label = { zh = "差", en = "Poor" }, class = "dissatisfied", weight = 0 },
]
[[survey]]
code = "kinds"
name = { zh = "各种题目（示例）", en = "Every kind of question (sample)" }
denominator = "rated"
combine = "pooled"
panel = [{ code = "public", name = { zh = "社会公众", en = "General public" } }]
channel = [{ code = "web" }]
[[survey.question]]
code = "score"
text = { zh = "您给这次服务打几分？", en = "How many points does this service deserve?" }
scale = "ten"
[[survey.question]]
code = "ways"
text = { zh = "您通过哪些途径办过事？", en = "On which ways have you had business here?" }
several = true
required = true
choice = [
  { code = "window", name = { zh = "办事大厅窗口", en = "At the counter of the service hall" } },
  { code = "phone", name = { zh = "电话", en = "By telephone" } },
  { code = "net", name = { zh = "网上办事，包括手机小程序和政务服务网", en = "On the network, with a telephone application or the public service site" } },
]
[[survey.question]]
code = "why"
text = { zh = "请说说您的理由。", en = "Please tell us your reasons." }
longest = 20
required = true
[[survey.question]]
code = "hall"
text = { zh = "环境", en = "The hall" }
scale = "three"
matrix = { zh = "请逐项评价办事大厅", en = "Please rate the service hall row by row" }
[[survey.question]]
code = "queue"
text = { zh = "排队", en = "The queue" }
scale = "three"
matrix = { zh = "请逐项评价办事大厅", en = "Please rate the service hall row by row" }
help = { zh = "按您最近一次排队的时间评价。", en = "Think of the last time that you waited." }
[[survey.question]]
code = "long"
text = { zh = "排队大约多久？", en = "How long did you wait?" }
show_if = { question = "queue", any_of = ["fair", "poor"] }
required = true
choice = [
  { code = "hour", name = { zh = "一小时以内", en = "Up to an hour" } },
  { code = "more", name = { zh = "一小时以上", en = "More than an hour" } },
]
"#;

#[derive(serde::Deserialize)]
struct Part {
    scale: Vec<file::Scale>,
    survey: Vec<file::Survey>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let (Some(address), Some(folder), None) = (words.next(), words.next(), words.next()) else {
        return Err("write `survey-stand ADDRESS FOLDER`".into());
    };
    let address: SocketAddr = address.parse()?;
    let folder = PathBuf::from(folder);
    let file = folder.join("stand.db");
    let database = service::Database::open(DatabaseSettings::new(format!(
        "sqlite://{}",
        file.display()
    )))
    .await?;
    database.migrate().await?;
    let service = Service::new(database);
    let links = fill(&service).await.map_err(|fault| format!("{fault:?}"))?;

    let intake = Intake::start(service.clone(), IntakeSettings::default())
        .await
        .map_err(|fault| format!("{fault:?}"))?;
    let mut settings = Settings::load(Sources::default(), Purpose::Tool)?;
    // All browsers of the tests have one address.
    settings.auth.address_logins_per_minute = 1_000;
    settings.auth.account_logins_per_minute = 1_000;
    settings.auth.factor_key = Some(Secret::new("07".repeat(32)));
    let tokens = Arc::new(Tokens::new(&settings.auth, &settings.http.public_url)?);
    let sessions = Sessions::new(service.clone(), tokens, Passwords::new()?, &settings.auth)?;
    let router = api::http::assemble(
        api::page::routes(intake.clone())
            .merge(api::page::account_routes(service.clone(), sessions.clone()))
            .merge(api::page::factor_routes(service, sessions)),
        &settings.http,
        api::http::always_ready(),
    );
    let listener = tokio::net::TcpListener::bind(address).await?;
    // Whoever started this waits for the file.
    std::fs::write(folder.join("links.json"), links)?;
    let (trigger, shutdown) = api::http::shutdown::channel();
    tokio::spawn(async move {
        let _: std::io::Result<()> = tokio::signal::ctrl_c().await;
        trigger.pull();
    });
    api::http::serve(listener, router, &settings.http, shutdown).await;
    intake.finish().await;
    Ok(())
}

async fn fill(service: &Service) -> Result<String, service::Fault> {
    let scheme: Part = toml::from_str(include_str!("../../../schemes/ouhai/organ.toml"))
        .map_err(service::Fault::internal)?;
    let kinds: Part = toml::from_str(KINDS).map_err(service::Fault::internal)?;
    let frozen = |part: &Part, code: &str| {
        let survey = part.survey.iter().find(|survey| survey.code == code);
        let survey = survey.ok_or_else(|| service::Fault::internal("no such survey"))?;
        Definition::of(survey, &part.scale).map_err(service::Fault::internal)
    };
    let transaction = service.database.begin_write().await?;
    for sql in [
        "INSERT INTO region (id, code, name, name_en) VALUES (1, 'sample', '云溪区（虚构）', 'Yunxi (fictional)')",
        "INSERT INTO subject (id, code, kind, category, region_id, name, name_en) VALUES \
         (1, 'A01', 'unit', 'organ', 1, '云溪区行政审批局（虚构）', 'Yunxi Permit Bureau (fictional)')",
        "INSERT INTO scheme (id, code, name, name_en) VALUES (1, 's', '评', 'S')",
        "INSERT INTO scheme_version (id, scheme_id, version, source, digest, added_at) VALUES (1, 1, '1', '', zeroblob(32), 0)",
        "INSERT INTO round (id, code, series, name, name_en, scheme_version_id, period_from_on, period_to_on, time_zone, \
         state, publicity, opened_at, row_version, inputs_changed_at) VALUES (1, 'r1', 'r', '2026 年度清廉机关评价（虚构）', \
         'Clean organs 2026 (fictional)', 1, '2026-01-01', '2026-12-31', 'Asia/Shanghai', 'open', 'internal', 0, 1, 0)",
        "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en) \
         SELECT 1, id, category, region_id, name, name_en FROM subject",
    ] {
        transaction.execute_unprepared(sql).await?;
    }
    let subject: Id<Subject> = Id::new(1);
    let mut links = serde_json::Map::new();
    let mut invitations = Vec::new();
    for (name, part, code) in [
        ("open", &scheme, "public"),
        ("kinds", &kinds, "kinds"),
        ("closed", &scheme, "mass_review"),
        ("draft", &scheme, "public"),
    ] {
        let mut definition = frozen(part, code)?;
        definition.code = format!("{name}-{code}");
        definition.changeable = name == "open";
        definition.asks_whether_told = name == "open";
        let new = NewSurvey {
            round: Id::new(1),
            definition: &definition,
            opens_at: None,
            closes_at: (name == "open").then(|| SystemClock.now() + Duration::from_hours(720)),
        };
        let survey = survey::add(&transaction, &service.ids, new).await?;
        if name != "draft" {
            survey::open(&transaction, survey).await?;
        }
        let wanted = vec![LinkFor {
            subject,
            panel: "public".to_owned(),
            marks: Vec::new(),
        }];
        let made =
            survey::add_links(&transaction, &service.ids, (survey, &definition), wanted).await?;
        links.insert(
            name.to_owned(),
            made.into_iter()
                .map(|link| format!("/s/{}", link.code))
                .collect(),
        );
        if name == "open" {
            let new = NewInvitations {
                survey,
                subject,
                panel: "service".to_owned(),
                marks: Vec::new(),
                count: 200,
            };
            invitations =
                survey::issue_invitations(service, &transaction, (&new, &definition)).await?;
        }
        if name == "closed" {
            survey::close(&transaction, survey).await?;
        }
    }
    let meeting: Part = toml::from_str(include_str!(
        "../../../schemes/jiangbei/first-in-command.toml"
    ))
    .map_err(service::Fault::internal)?;
    let mut appraisal = frozen(&meeting, "appraisal")?;
    appraisal.changeable = true;
    let new = NewSurvey {
        round: Id::new(1),
        definition: &appraisal,
        opens_at: None,
        closes_at: None,
    };
    let vote = survey::add(&transaction, &service.ids, new).await?;
    survey::open(&transaction, vote).await?;
    let number = vote.number();
    transaction
        .execute_unprepared(&format!(
            "INSERT INTO ballot (survey_id, ballot_no) VALUES ({number}, 1)"
        ))
        .await?;
    for line in 1..=LEADERS {
        let id = line + 1;
        for sql in [
            format!(
                "INSERT INTO subject (id, code, kind, category, region_id, name, name_en) VALUES \
                 ({id}, 'L{line:02}', 'person', 'department_head', 1, '干部 {line:02}', 'Leader {line:02}')"
            ),
            format!(
                "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en) \
                 SELECT 1, id, category, region_id, name, name_en FROM subject WHERE id = {id}"
            ),
            format!(
                "INSERT INTO ballot_line (survey_id, ballot_no, line_no, subject_id) VALUES ({number}, 1, {line}, {id})"
            ),
        ] {
            transaction.execute_unprepared(&sql).await?;
        }
    }
    transaction.commit().await?;
    fill_accounts(service, &mut links).await?;
    let wanted = BallotFor {
        survey: vote,
        ballot: 1,
        panel: "commission_member".to_owned(),
        marks: Vec::new(),
    };
    let link = service.add_ballot_link(&Actor::Operator, &wanted).await?;
    links.insert(
        "ballot".to_owned(),
        vec![format!("/s/{}", link.code)].into(),
    );
    let new = NewBallotInvitations { wanted, count: 40 };
    let ballots = service
        .issue_ballot_invitations(&Actor::Operator, &new)
        .await?;
    links.insert(
        "ballots".to_owned(),
        ballots
            .into_iter()
            .map(|issued| format!("/i/{}", issued.token.expose()))
            .collect(),
    );
    links.insert(
        "invitations".to_owned(),
        invitations
            .into_iter()
            .map(|issued| format!("/i/{}", issued.token.expose()))
            .collect(),
    );
    let wanted = PreviewWanted {
        round: Id::new(1),
        survey: "draft-public".to_owned(),
        subject: Some(subject),
    };
    let pass = service.make_preview(&Actor::Operator, &wanted).await?;
    links.insert("preview".to_owned(), vec![pass.path].into());
    serde_json::to_string(&links).map_err(service::Fault::internal)
}

/// A link to the first account, which others go before, and invitations.
async fn fill_accounts(
    service: &Service,
    links: &mut serde_json::Map<String, serde_json::Value>,
) -> Result<(), service::Fault> {
    let lifetimes = Lifetimes {
        invitation: Duration::from_hours(1),
        reset: Duration::from_hours(1),
    };
    let address = |token: String| format!("/account/{token}");
    let first = service.make_first_link(lifetimes.invitation).await?;
    links.insert("first".to_owned(), first.into_iter().map(address).collect());
    let mut invited = Vec::new();
    for number in 1..=20 {
        let login = format!("leader{number:02}");
        let draft = StaffDraft {
            name: format!("Leader {number:02} (fictional)"),
            email: Some(format!("{login}@example.com")),
            login,
            password_hash: None,
            grants: Vec::new(),
        };
        let staff = service.add_staff(&Actor::Operator, draft).await?;
        let body = serde_json::json!({ "staff": staff.id.to_string() }).to_string();
        let made = service
            .make_wanted_link(INVITATION_JOB, &body, &lifetimes)
            .await?;
        invited.extend(made.map(|made| address(made.token)));
    }
    links.insert("accounts".to_owned(), invited.into());
    Ok(())
}
