//! A survey that takes answers, and everything that anybody can read of it: over the wire, at a terminal, in mails and
//! in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use domain::access::{Actor, Role};
use domain::survey::{Entries, validate};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use service::audit;
use service::closeout::PackageKind;
use service::intake::{Admitted, Beside, Booking, Submission};
use service::standing::Seen;
use support::World;
use support::server::program;

use super::Token;
use super::scene::{SCHEME, Scene};
use super::sdl::Sdl;
use super::socket::Socket;
use crate::stand::{ROUND, subject};

/// A survey that has everything that could tell of answers: words, a question whether anybody was told what to answer, a
/// rule of validity, warnings, and in the scheme an investigation, a label and an alert for single answers.
const MORE: &str = r#"[[survey.question]]
code = "more"
text = { zh = "意见", en = "Comments" }
longest = 200

[[survey.warning]]
code = "angry"
name = { zh = "不满意过多", en = "Many are dissatisfied" }
dissatisfied_above = "1/3"

[[survey]]
code = "vote""#;

/// A sealed one warns of nothing, or the scheme is refused.
fn scheme(sealed: bool) -> String {
    let (before, rest) = MORE.split_once("[[survey.warning]]").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let unwarned = [before, after].concat();
    let more = if sealed { &unwarned } else { MORE };
    let more = SCHEME.replacen("[[survey]]\ncode = \"vote\"", more, 1);
    let of_survey = format!(
        "\nvalidity = {{ least_seconds = 5 }}\nasks_whether_told = true\nsealed = {sealed}\ndemand = {{"
    );
    let changed = more.replacen("\ndemand = {", &of_survey, 1);
    assert!(
        changed.contains(&of_survey),
        "the first survey has a demand"
    );
    changed
}

/// What somebody says, and how.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    option: &'static str,
    words: &'static str,
    told: Option<bool>,
    fast: bool,
    trapped: bool,
}

pub const SATISFIED: Said = Said {
    option: "good",
    words: "",
    told: Some(false),
    fast: false,
    trapped: false,
};

pub const DISSATISFIED: Said = Said {
    option: "bad",
    words: "办事太慢",
    told: Some(true),
    fast: false,
    trapped: false,
};

pub const TOO_FAST: Said = Said {
    fast: true,
    told: None,
    ..SATISFIED
};

pub const TRAPPED: Said = Said {
    trapped: true,
    ..DISSATISFIED
};

/// What can be read, by where it is read.
pub type Looks = BTreeMap<String, Value>;

pub struct Place {
    pub scene: Scene,
    seen: Seen,
}

impl Place {
    pub async fn new(world: World, sealed: bool) -> Self {
        let scene = Scene::under(world, &scheme(sealed)).await;
        Self {
            scene,
            seen: Seen::default(),
        }
    }

    /// Ten seconds of somebody who answers about the first unit; then a worker looks, as it does every second.
    pub async fn answer(&self, said: Said) {
        let stand = &self.scene.stand;
        let state = stand.intake.find_link(&stand.links[0]).await.unwrap();
        let admitted = Admitted::by_link(state.unwrap().link);
        let key = stand.intake.make_key(&admitted).unwrap();
        let (takes, rests) = if said.fast { (1, 9) } else { (9, 1) };
        stand.world.clock.advance(Duration::from_secs(takes));
        let entries: Entries = [("overall", said.option), ("more", said.words)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let submission = Submission {
            admitted,
            key,
            answers: validate(&stand.definition, &entries).unwrap(),
            beside: Beside {
                network: Some([192, 0, 2, 7].into()),
                told: said.told,
                is_trapped: said.trapped,
            },
        };
        let booked = stand.intake.book(submission).await.unwrap();
        assert!(matches!(booked, Booking::Booked(_)), "{booked:?}");
        stand.world.clock.advance(Duration::from_secs(rests));
        self.work().await;
    }

    pub async fn work(&self) {
        let service = &self.scene.stand.world.service;
        service.count_survey_days().await.unwrap();
        service.advance_live_figures().await.unwrap();
        service.raise_survey_warnings().await.unwrap();
        service.refresh_standings(&self.seen).await.unwrap();
    }

    /// Later, when what ran is over.
    pub async fn later(&self, by: Duration) {
        self.scene.stand.world.clock.advance(by);
        self.work().await;
    }

    pub async fn look(&self) -> Looks {
        let mut looks = Looks::new();
        self.look_over_the_wire(&mut looks).await;
        self.look_at_a_terminal(&mut looks).await;
        self.look_behind(&mut looks).await;
        looks
    }

    /// Every field of the query root, by everybody, and the subscription.
    async fn look_over_the_wire(&self, looks: &mut Looks) {
        let sdl = Sdl::read();
        let stand = &self.scene.stand;
        let (round, survey) = (ROUND.to_string(), stand.survey.to_string());
        let unit = subject(1).to_string();
        let version = domain::id::Id::<domain::id::SchemeVersion>::new(1);
        // Asked for by themselves: what is dear, and what others than those who run surveys are denied.
        let heavy: &[&str] = &[
            "Round.preflight",
            "Survey.results",
            "Survey.ballotLinks",
            "Survey.contactLists",
            "Survey.links",
        ];
        let calls: [(String, &[&str]); 31] = [
            ("checkpoints(first: 10)".to_owned(), heavy),
            (format!("facts(first: 10, subjectId: \"{unit}\")"), heavy),
            (format!("dutyLists(roundId: \"{round}\", first: 10)"), heavy),
            ("log(first: 10)".to_owned(), heavy),
            (format!("node(id: \"{survey}\")"), heavy),
            ("regions(first: 10)".to_owned(), heavy),
            (format!("round(id: \"{round}\")"), heavy),
            (format!("round(id: \"{round}\") {{ preflight"), heavy),
            (
                format!("roundSubject(roundId: \"{round}\", subjectId: \"{unit}\")"),
                heavy,
            ),
            ("rounds(first: 1)".to_owned(), heavy),
            (
                format!("schemeTrial(roundId: \"{round}\", schemeVersionId: \"{version}\")"),
                heavy,
            ),
            (format!("schemeVersion(id: \"{version}\")"), heavy),
            ("schemes(first: 1)".to_owned(), &["SchemeVersion.sections"]),
            ("serviceTokens(first: 10)".to_owned(), heavy),
            ("sessions(first: 10)".to_owned(), heavy),
            ("staff(first: 10)".to_owned(), heavy),
            ("subjects(first: 10)".to_owned(), heavy),
            (format!("survey(id: \"{survey}\")"), heavy),
            (format!("survey(id: \"{survey}\") {{ ballotLinks"), heavy),
            (format!("survey(id: \"{survey}\") {{ contactLists"), heavy),
            (
                format!("survey(id: \"{survey}\") {{ links(first: 10)"),
                heavy,
            ),
            (format!("survey(id: \"{survey}\") {{ results"), heavy),
            (
                format!("survey(id: \"{survey}\") {{ results(subjectId: \"{unit}\")"),
                heavy,
            ),
            (
                format!("survey(id: \"{survey}\") {{ timeLine(subjectId: \"{unit}\")"),
                heavy,
            ),
            (format!("surveyHeldSheets(id: \"{survey}\")"), heavy),
            (format!("surveyInterference(id: \"{survey}\")"), heavy),
            (format!("surveyPressure(id: \"{survey}\")"), heavy),
            (self.words("overall"), heavy),
            (self.words("more"), heavy),
            ("viewer".to_owned(), heavy),
            (format!("node(id: \"{round}\")"), heavy),
        ];
        // Sessions end while the clock is moved on.
        let mut people: Vec<(&str, Token)> = Vec::new();
        for role in Role::ALL {
            people.push((role.word(), self.scene.site.log_in(role.word()).await));
        }
        let mut called = BTreeSet::new();
        for (call, skipped) in &calls {
            let field = call.split(['(', ' ']).next().unwrap();
            let below = match (field, call.split_once(" { ")) {
                ("node", _) => " { __typename id }".to_owned(),
                (_, None) => sdl.select("Query", field, skipped),
                (_, Some((_, inner))) => {
                    let of = if field == "round" { "Round" } else { "Survey" };
                    let inner = inner.split('(').next().unwrap();
                    sdl.select(of, inner, skipped) + " }"
                }
            };
            let query = format!("query {{ {call}{below} }}");
            let mut let_in = false;
            for (who, token) in &people {
                let mut answer = self.scene.site.ask(token, &query, json!({})).await;
                let_in |= answer.get("errors").is_none();
                cut_chance(&mut answer);
                looks.insert(format!("{who}: {call}"), answer);
            }
            let told = looks.get(&format!("auditor: {call}"));
            assert!(
                let_in || field == "schemeTrial",
                "nobody reads {call}: {told:?}"
            );
            called.insert(field.to_owned());
        }
        assert_eq!(called, sdl.roots("Query"), "every field is looked at");

        assert_eq!(
            sdl.roots("Subscription"),
            ["roundProgress".to_owned()].into()
        );
        let below = sdl.select("Subscription", "roundProgress", &[]);
        let mut socket = Socket::admitted(&self.scene.site, &people[0].1).await;
        let query = format!("subscription {{ roundProgress(id: \"{round}\"){below} }}");
        socket.subscribe("p", &query).await;
        looks.insert("progress over a socket".to_owned(), socket.hear().await);
    }

    fn words(&self, question: &str) -> String {
        let (survey, unit) = (self.scene.stand.survey, subject(1));
        format!(
            "surveyWords(surveyId: \"{survey}\", subjectId: \"{unit}\", question: \"{question}\", first: 10)"
        )
    }

    /// What the commands say that read a round or a survey.
    async fn look_at_a_terminal(&self, looks: &mut Looks) {
        for command in [
            "round preflight r1",
            "round revisions r1",
            "export r1",
            "survey results r1 public",
            "survey days r1 public",
            "survey words r1 public",
            "survey interference r1 public",
            "survey held r1 public",
            "survey contacts r1 public",
        ] {
            let database = self.scene.stand.world.database.clone();
            let output = tokio::task::spawn_blocking(move || {
                let folder = tempfile::tempdir().unwrap();
                Command::new(program())
                    .args(command.split_whitespace())
                    .current_dir(folder.path())
                    .env_clear()
                    .env("MINGJIAN_DATABASE_URL", &database.url)
                    .env("MINGJIAN_DATABASE_MIGRATE_URL", &database.migrate_url)
                    .output()
                    .unwrap()
            });
            let output = output.await.unwrap();
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
            looks.insert(format!("mingjian {command}"), json!(said));
        }
    }

    /// What leaves by mail, what stands in the log, and what is taken out.
    async fn look_behind(&self, looks: &mut Looks) {
        let service = &self.scene.stand.world.service;
        let reader = service.database.reader();
        let statement = Statement::from_string(
            reader.get_database_backend(),
            "SELECT kind || ' ' || body AS job FROM outbox ORDER BY kind, body",
        );
        let rows = reader.query_all_raw(statement).await.unwrap();
        let jobs: Vec<String> = rows
            .iter()
            .map(|row| row.try_get("", "job").unwrap())
            .collect();
        looks.insert("outbox".to_owned(), json!(jobs));
        let page = audit::Page {
            after: 0,
            limit: 1_000,
        };
        let log = audit::list(&reader, page).await.unwrap();
        let log: Vec<String> = log.into_iter().map(|entry| entry.body).collect();
        let mut log = json!(log);
        cut_chance(&mut log);
        looks.insert("log".to_owned(), log);
        for kind in [
            PackageKind::Public,
            PackageKind::Counts,
            PackageKind::Sheets,
        ] {
            let taken = service.export_round(&Actor::Operator, ROUND, kind).await;
            looks.insert(format!("{kind:?} package"), json!(format!("{taken:?}")));
        }
    }

    /// The investigations that are opened because of what was answered.
    pub async fn open_investigations(&self) -> usize {
        let service = &self.scene.stand.world.service;
        let opened = service
            .open_due_investigations(&Actor::Operator, ROUND)
            .await;
        opened.unwrap().len()
    }
}

/// Takes out what chance made: names of requests with the hashes over them, and which errors of several came first.
fn cut_chance(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(cut_chance),
        Value::Object(object) => {
            for name in ["leafHash", "request_id"] {
                object.remove(name);
            }
            if let Some(errors) = object.get_mut("errors") {
                let codes = errors.as_array().into_iter().flatten();
                let codes = codes.map(|error| error["extensions"]["code"].to_string());
                *errors = json!(codes.collect::<BTreeSet<String>>());
            }
            object.values_mut().for_each(cut_chance);
        }
        Value::String(text) if text.starts_with("{\"action\"") => {
            *value = serde_json::from_str(text).unwrap();
            cut_chance(value);
        }
        _ => {}
    }
}
