//! An open survey with ten questions and room for words, and forms to answer it with, ready to be sent.
//!
//! Load and faults need one that has nothing to do with any scheme. Forms are made here with the secret that lies in
//! the database, so that each costs the server one request.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use domain::id::{self, Id};
use domain::scheme::Scheme;
use domain::survey::{Definition, SheetState};
use sea_orm::ConnectionTrait;
use service::Service;
use service::database::{DatabaseSettings, SetupError};
use service::intake::{Intake, IntakeSettings, InvitationToken};
use service::survey::{self, LinkFor, NewInvitations, NewSurvey, Recount};

use crate::client;
use crate::database::Database;
use crate::plant::{Plan, ROUND, plant};

/// The beginning of a scheme whose items are worth nothing where nobody scored them or answered, so that the round can
/// always be closed.
const SCHEME: &str = r#"
format = "mingjian-scheme/1"
code = "load"
version = "1"
name = { zh = "压力测试表（虚构）", en = "Table for load (fictional)" }

[numbers]
decimals = 2
mode = "half_up"

[grading]
by = "total"
minimum = "good"
scale_not_applicable = true

[closing]
two_people = false

[[grade]]
code = "good"
name = { zh = "良好", en = "Good" }
from = 60

[[grade]]
code = "poor"
name = { zh = "较差", en = "Poor" }

[[category]]
code = "organ"
kind = "unit"
name = { zh = "机关", en = "Organ" }

[[section]]
code = "all"
kind = "common"
name = { zh = "共性", en = "Common" }
max = 100

[[indicator]]
code = "S"
in = "all"
name = { zh = "满意度", en = "Satisfaction" }
max = 10

[[item]]
code = "S1"
in = "S"
name = { zh = "满意率", en = "Satisfaction rate" }
max = 10
missing = "zero"
surveyed = { value = { survey = { of = "load", figure = "satisfaction_rate" } }, shape = { line = { zero_at = 0, full_at = "100%" } } }

[[scale]]
code = "five"
option = [
  { code = "5", label = { zh = "很满意", en = "Very satisfied" }, class = "satisfied", weight = "100" },
  { code = "4", label = { zh = "满意", en = "Satisfied" }, class = "satisfied", weight = "80" },
  { code = "3", label = { zh = "一般", en = "Neither" }, class = "neutral", weight = "60" },
  { code = "2", label = { zh = "不满意", en = "Dissatisfied" }, class = "dissatisfied", weight = "30" },
  { code = "0", label = { zh = "不了解", en = "I do not know" }, class = "no_opinion" },
]

[[survey]]
code = "load"
name = { zh = "满意度测评", en = "Satisfaction survey" }
denominator = "rated"
combine = "pooled"
panel = [{ code = "users", name = { zh = "服务对象", en = "Service users" } }]
channel = [{ code = "web" }]
"#;

/// How many indicators are scored, `I0` and so on, each by an item `A0` and so on of nine points.
pub const INDICATORS: usize = 10;
/// How many questions have options; one more asks for words.
const RATED: usize = 10;
const OPTIONS: [&str; 5] = ["5", "4", "3", "2", "0"];

/// An open survey.
#[derive(Debug)]
pub struct Poll {
    /// On the poll's database, with the machine's clock and randomness.
    pub service: Service,
    /// The survey.
    pub survey: Id<id::Survey>,
    /// What it asks.
    pub definition: Definition,
    /// How many subjects the invitations go round.
    pub subjects: usize,
}

/// A poll that nobody holds.
#[derive(Debug, Clone)]
pub struct Left {
    survey: Id<id::Survey>,
    definition: Definition,
    subjects: usize,
}

impl Left {
    /// Takes it up again.
    ///
    /// # Panics
    /// The database cannot be opened.
    pub async fn join(self, database: &Database) -> Poll {
        self.try_join(database).await.expect("the database opens")
    }

    /// The same where the database may be broken.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn try_join(self, database: &Database) -> Result<Poll, SetupError> {
        Ok(Poll {
            service: try_connect(database).await?,
            survey: self.survey,
            definition: self.definition,
            subjects: self.subjects,
        })
    }
}

/// A form that was handed out, filled in.
#[derive(Debug, Clone)]
pub struct FilledForm {
    /// Where it is sent.
    pub path: String,
    /// What is sent.
    pub body: String,
}

impl FilledForm {
    /// The request that sends it.
    pub fn request(&self, address: SocketAddr) -> Vec<u8> {
        client::post_form(address, &self.path, &self.body)
    }
}

impl Poll {
    /// Opens a survey about so many subjects in an empty database.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn open(database: &Database, subjects: usize) -> Self {
        let service = connect(database).await;
        let definition = definition();
        let transaction = service.database.begin_write().await.expect("a transaction");
        let plan = Plan {
            scheme: &scheme_text(),
            units: subjects,
        };
        plant(&transaction, plan).await;
        let new = NewSurvey {
            round: ROUND,
            definition: &definition,
            opens_at: None,
            closes_at: None,
        };
        let survey = survey::add(&transaction, &service.ids, new)
            .await
            .expect("a survey");
        survey::open(&transaction, survey)
            .await
            .expect("an open survey");
        transaction.commit().await.expect("a commit");
        Self {
            service,
            survey,
            definition,
            subjects,
        }
    }

    /// Issues so many invitations, their subjects in turn.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn invite(&self, count: usize) -> Vec<InvitationToken> {
        let mut tokens = Vec::with_capacity(count);
        let each = count.div_ceil(self.subjects);
        for subject in (1..).take(self.subjects) {
            let transaction = (self.service.database.begin_write().await).expect("a transaction");
            let new = NewInvitations {
                survey: self.survey,
                subject: Id::new(subject),
                panel: "users".to_owned(),
                marks: Vec::new(),
                count: each.min(count - tokens.len()),
            };
            let issued =
                survey::issue_invitations(&self.service, &transaction, (&new, &self.definition))
                    .await
                    .expect("invitations");
            transaction.commit().await.expect("a commit");
            tokens.extend(issued.into_iter().map(|issued| issued.token));
        }
        tokens
    }

    /// The path of an open link about the first subject.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn link(&self) -> String {
        let transaction = (self.service.database.begin_write().await).expect("a transaction");
        let wanted = LinkFor {
            subject: Id::new(1),
            panel: "users".to_owned(),
            marks: Vec::new(),
        };
        let links = survey::add_links(
            &transaction,
            &self.service.ids,
            (self.survey, &self.definition),
            vec![wanted],
        )
        .await
        .expect("a link");
        transaction.commit().await.expect("a commit");
        format!("/s/{}", links[0].code)
    }

    /// A form for each invitation, filled in, each a little differently.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn fill_in(&self, tokens: &[InvitationToken]) -> Vec<FilledForm> {
        let intake = Intake::start(self.service.clone(), IntakeSettings::default())
            .await
            .expect("an intake");
        let mut forms = Vec::with_capacity(tokens.len());
        for (number, token) in tokens.iter().enumerate() {
            let admitted = (intake.admit(token).await.expect("an answer")).expect("a survey");
            let key = intake.make_key(&admitted).expect("a key");
            let mut body = format!("key={key}");
            for question in 0..RATED {
                let option = OPTIONS[(number * 7 + question * 3) % OPTIONS.len()];
                let _written = write!(body, "&q.q{question}={option}");
            }
            // 窗口太少, in the way a browser writes it.
            body.push_str("&q.words=%E7%AA%97%E5%8F%A3%E5%A4%AA%E5%B0%91");
            forms.push(FilledForm {
                path: format!("/i/{}", token.expose()),
                body,
            });
        }
        intake.finish().await;
        forms
    }

    /// Counts the survey again from its sheets.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn recount(&self) -> Recount {
        let read = (self.service.database.begin_long_read().await).expect("a transaction");
        let recount = survey::count_from_sheets(&read, self.survey, &self.definition)
            .await
            .expect("a recount");
        read.finish().await.expect("an end");
        recount
    }

    /// Closes the survey.
    ///
    /// # Panics
    /// The database refuses.
    pub async fn close(&self) {
        let transaction = (self.service.database.begin_write().await).expect("a transaction");
        survey::close(&transaction, self.survey)
            .await
            .expect("a closed survey");
        transaction.commit().await.expect("a commit");
    }

    /// Lets go of the database: while a server is killed, nobody else may hold its file open.
    pub async fn leave(self) -> Left {
        self.service.database.close().await;
        Left {
            survey: self.survey,
            definition: self.definition,
            subjects: self.subjects,
        }
    }
}

/// What has been answered is shown as if it had been shown before, however little it is.
///
/// # Panics
/// If the database cannot be written to.
pub async fn show_answers(service: &Service) {
    let transaction = service.database.begin_write().await.expect("a transaction");
    transaction
        .execute_unprepared("DELETE FROM shown_tally")
        .await
        .expect("nothing that is shown");
    transaction
        .execute_unprepared(
            "INSERT INTO shown_tally (survey_id, subject_id, panel, channel, shown_sheets, shown_counts, next_sheets, \
             next_counts, next_valid, steps) \
             SELECT s.survey_id, s.subject_id, s.panel, s.channel, '{\"valid\":' || s.count || '}', \
             CAST(t.counts AS TEXT), '{\"valid\":' || s.count || '}', CAST(t.counts AS TEXT), s.count, 1 \
             FROM sheet_tally AS s JOIN tally AS t ON t.survey_id = s.survey_id AND t.subject_id = s.subject_id \
             AND t.panel = s.panel AND t.channel = s.channel WHERE s.state = 'valid'",
        )
        .await
        .expect("rows of what is shown");
    transaction.commit().await.expect("an end");
}

/// How many valid sheets a recount found.
pub fn valid_sheets(recount: &Recount) -> u64 {
    let of = |tally: &domain::survey::Tally| tally.sheets.get(&SheetState::Valid).copied();
    recount.tallies.values().filter_map(of).sum()
}

/// A service on a database that servers use as well.
///
/// # Panics
/// The database cannot be opened.
pub async fn connect(database: &Database) -> Service {
    try_connect(database).await.expect("the database opens")
}

async fn try_connect(database: &Database) -> Result<Service, SetupError> {
    let mut settings = DatabaseSettings::new(&database.url);
    settings.migrate_url = Some(database.migrate_url.clone());
    Ok(Service {
        database: service::Database::open(settings).await?,
        clock: Arc::new(service::clock::SystemClock),
        ids: Arc::new(service::IdSource::system()),
        smallest_panel: 1,
        combined_roles: None,
    })
}

fn scheme_text() -> String {
    let mut text = SCHEME.to_owned();
    for number in 0..INDICATORS {
        let _written = write!(
            text,
            "[[indicator]]\ncode = \"I{number}\"\nin = \"all\"\nname = {{ zh = \"指标\", en = \"Indicator\" }}\nmax = 9\n\
             [[item]]\ncode = \"A{number}\"\nin = \"I{number}\"\nname = {{ zh = \"检查\", en = \"Inspection\" }}\nmax = 9\n\
             missing = \"zero\"\ngraded = {{ step = \"0.5\", several = \"mean\" }}\n"
        );
    }
    for question in 0..RATED {
        let _written = write!(
            text,
            "[[survey.question]]\ncode = \"q{question}\"\ntext = {{ zh = \"您对办事速度是否满意？\", en = \"Are you satisfied?\" }}\n\
             scale = \"five\"\nrequired = true\n"
        );
    }
    text.push_str(
        "[[survey.question]]\ncode = \"words\"\ntext = { zh = \"建议\", en = \"Suggestions\" }\nlongest = 200\n",
    );
    text
}

fn definition() -> Definition {
    let scheme = Scheme::parse(&scheme_text()).unwrap_or_else(|faults| panic!("{faults:?}"));
    Definition::of(&scheme.file.survey[0], &scheme.file.scale).expect("a definition")
}
