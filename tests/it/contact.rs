//! Lists of people whom a survey is sent to: put in, confirmed, mailed, reminded, handed out, withdrawn and erased.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use api::job::Worker;
use api::mail::Mailer;
use chrono::TimeDelta;
use domain::access::Actor;
use domain::id::{self, Id};
use domain::survey::{Entries, SheetState, validate};
use sea_orm::{ConnectionTrait, Statement};
use service::inspection::import::{ImportKind, Report, Request, Row, Sample, Table};
use service::intake::{Beside, Booking, InvitationToken, RefusedAnswer, Submission};
use service::survey::{ContactList, ListState, NewInvitations, Way};
use service::{Service, outbox};
use sha2::{Digest, Sha256};
use support::mail::{MailCatcher, Trouble};
use support::plant::Plan;
use support::post;
use support::{World, on_both};

use crate::stand::{ROUND, Stand, progress, refusals};

pub mod linking;

on_both!(
    nothing_leaves_before_a_list_is_confirmed_and_then_everybody_gets_one_mail,
    rows_that_cannot_be_written_to_are_listed_and_left_out_only_if_that_is_asked_for,
    reminders_go_to_those_who_have_not_answered_and_carry_the_same_link,
    mail_faults_lose_nothing_and_double_nothing,
    so_few_people_that_they_could_be_told_apart_are_not_asked,
    numbers_are_handed_out_once,
    a_withdrawn_list_leaves_no_link_that_works,
    addresses_are_erased_thirty_days_after_the_end,
    addresses_go_when_the_hours_of_a_survey_or_its_round_are_over,
    a_sample_is_drawn_again_by_whoever_has_the_table_and_the_seed
);

const OPERATOR: &Actor = &Actor::Operator;

/// A survey with what carries its mails.
pub struct Post {
    pub stand: Stand,
    worker: Worker,
    mailer: Mailer,
}

impl Post {
    pub async fn new(world: World) -> Self {
        Self::with(world, post::in_memory()).await
    }

    /// Under another scheme, which has a survey like the stand's.
    pub async fn under(world: World, scheme: &str) -> Self {
        let plan = Plan { scheme, units: 2 };
        Self::of(Stand::of(world, plan).await, post::in_memory())
    }

    async fn with(world: World, mailer: Mailer) -> Self {
        Self::of(Stand::new(world).await, mailer)
    }

    pub fn of(stand: Stand, mailer: Mailer) -> Self {
        let worker = post::worker(stand.world.service.clone(), mailer.clone());
        Self {
            stand,
            worker,
            mailer,
        }
    }

    async fn import(&self, table: Table, (dry_run, leave_out): (bool, bool)) -> Report {
        let request = Request {
            round: None,
            survey: Some(self.stand.survey),
            kind: ImportKind::Contacts,
            table,
            dry_run,
            leave_out,
            sample: None,
        };
        let imported = self.stand.world.service.import(OPERATOR, request).await;
        imported.unwrap()
    }

    /// A stored list.
    pub async fn list(&self, column: &str, addresses: &[&str]) -> Id<id::ContactList> {
        let report = self.import(table(column, addresses), (false, false)).await;
        assert!(report.stored, "{report:?}");
        report.made.unwrap().parse().unwrap()
    }

    pub async fn confirm(&self, list: Id<id::ContactList>) -> ContactList {
        let confirmed = (self.stand.world.service).confirm_contact_list(OPERATOR, list);
        confirmed.await.unwrap()
    }

    /// Works as long as anything is due.
    pub async fn deliver(&self) {
        while self.worker.work().await.unwrap() {}
    }

    async fn lists(&self) -> Vec<ContactList> {
        let lists = (self.stand.world.service).list_contact_lists(OPERATOR, self.stand.survey);
        lists.await.unwrap()
    }

    /// The links that were mailed, by address, in the order of the mails.
    pub fn mailed(&self) -> Vec<(String, InvitationToken)> {
        let sent = self.mailer.sent().into_iter();
        sent.map(|message| {
            let token = token_in(&message.text);
            assert_eq!(token_in(&message.html.unwrap()), token);
            (message.to, token)
        })
        .collect()
    }

    pub async fn answer(&self, token: &InvitationToken, option: &str) -> Booking {
        let admitted = self.stand.intake.admit(token).await.unwrap().unwrap();
        let key = self.stand.intake.make_key(&admitted).unwrap();
        let entries: Entries = [("overall", option)].into_iter().collect();
        let submission = Submission {
            admitted,
            key,
            answers: validate(&self.stand.definition, &entries).unwrap(),
            beside: Beside::default(),
        };
        self.stand.intake.book(submission).await.unwrap()
    }

    pub async fn later(&self, days: i64) {
        let by = TimeDelta::days(days).to_std().unwrap();
        self.stand.world.clock.advance(by);
        self.deliver().await;
    }
}

fn token_in(text: &str) -> InvitationToken {
    let (_, after) = text.split_once("https://pj.example.org/i/").unwrap();
    let token: String = after
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    InvitationToken::parse(&token).unwrap()
}

/// A list of addresses; they are asked about the first two units in turn.
pub fn table(column: &str, addresses: &[&str]) -> Table {
    let rows = addresses.iter().enumerate().map(|(place, address)| Row {
        number: u32::try_from(place + 2).unwrap(),
        cells: vec![
            format!("u-00{}", place % 2 + 1),
            "users".to_owned(),
            (*address).to_owned(),
        ],
    });
    Table {
        columns: ["subject", "panel", column].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

async fn nothing_leaves_before_a_list_is_confirmed_and_then_everybody_gets_one_mail(world: World) {
    let post = Post::new(world).await;
    let addresses = ["a@example.com", "b@example.com", "c@example.com"];
    let dry = post.import(table("mail", &addresses), (true, false)).await;
    assert_eq!((dry.rows, dry.stored, dry.made), (3, false, None));
    assert_eq!(post.lists().await, []);

    let list = post.list("mail", &addresses).await;
    post.deliver().await;
    assert_eq!(post.mailed(), []);
    let stored = &post.lists().await[0];
    assert_eq!(
        (stored.way, stored.state, stored.contacts),
        (Way::Mail, ListState::Draft, 3)
    );

    let confirmed = post.confirm(list).await;
    assert_eq!(
        (confirmed.state, confirmed.waiting),
        (ListState::Confirmed, 3)
    );
    let again = (post.stand.world.service)
        .confirm_contact_list(OPERATOR, list)
        .await;
    assert_eq!(refusals(again)[0].code, "LIST_CONFIRMED");
    post.deliver().await;
    post.deliver().await;
    let mailed: BTreeMap<String, InvitationToken> = post.mailed().into_iter().collect();
    assert_eq!(post.mailed().len(), 3);
    assert!(mailed.keys().eq(&addresses));
    assert_eq!(post.lists().await[0].waiting, 0);

    // Each link is somebody's own and admits one answer, about the unit of its row.
    for (place, token) in mailed.values().enumerate() {
        let state = post
            .stand
            .intake
            .find_invitation(token)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(state.subject_name.zh, format!("{} 局", place % 2 + 1));
        assert!(matches!(
            post.answer(token, "good").await,
            Booking::Booked(_)
        ));
        assert_eq!(
            post.answer(token, "good").await,
            Booking::Refused(RefusedAnswer::AlreadyAnswered)
        );
    }
    let progress = progress(&post.stand.world.service, post.stand.survey).await;
    let counts: Vec<_> = progress
        .iter()
        .map(|group| (group.issued, group.sheets.get(&SheetState::Valid).copied()))
        .collect();
    assert_eq!(counts, [(Some(2), Some(2)), (Some(1), Some(1))]);
}

async fn rows_that_cannot_be_written_to_are_listed_and_left_out_only_if_that_is_asked_for(
    world: World,
) {
    let post = Post::new(world).await;
    post.list("mail", &["known@example.com"]).await;
    let mut addresses = table(
        "mail",
        &[
            "Known@example.com",
            "not an address",
            "new@example.com",
            "unit 2",
            "new@example.com",
            "=HYPERLINK(\"http://x\")",
        ],
    );
    let refused = post.import(addresses.clone(), (false, false)).await;
    let told = |report: &Report| -> Vec<(u32, String)> {
        let faults = report.faults.iter();
        faults
            .map(|fault| (fault.row, fault.code.clone()))
            .collect()
    };
    let expected = [
        (2, "ADDRESS_KNOWN"),
        (3, "ADDRESS_MALFORMED"),
        (5, "ADDRESS_MALFORMED"),
        (6, "ADDRESS_TWICE"),
        (7, "ADDRESS_MALFORMED"),
    ]
    .map(|(row, code)| (row, code.to_owned()));
    assert_eq!(told(&refused), expected);
    assert!(refused.faults.iter().all(|fault| !fault.mend.is_empty()));
    assert!(!refused.stored);
    assert_eq!(post.lists().await.len(), 1);

    // A row that asks about nobody keeps the list out, whatever is left out.
    let mut foreign = addresses.clone();
    "u-999".clone_into(&mut foreign.rows[2].cells[0]);
    let refused = post.import(foreign, (false, true)).await;
    assert!(!refused.stored);
    assert!(told(&refused).contains(&(4, "UNKNOWN_SUBJECT".to_owned())));

    let stored = post.import(addresses.clone(), (false, true)).await;
    assert_eq!(told(&stored), expected);
    assert!(stored.stored);
    assert_eq!(post.lists().await[1].contacts, 1);

    addresses.columns.push("phone".to_owned());
    let refused = post.import(addresses, (false, true)).await;
    assert_eq!(told(&refused), [(0, "ONE_WAY_NEEDED".to_owned())]);
    let request = Request {
        round: Some(ROUND),
        survey: None,
        kind: ImportKind::Contacts,
        table: table("mail", &["x@example.com"]),
        dry_run: false,
        leave_out: false,
        sample: None,
    };
    let nowhere = post.stand.world.service.import(OPERATOR, request).await;
    assert_eq!(refusals(nowhere)[0].code, "SURVEY_NEEDED");
}

async fn reminders_go_to_those_who_have_not_answered_and_carry_the_same_link(world: World) {
    let post = Post::new(world).await;
    let list = post
        .list("mail", &["a@example.com", "b@example.com", "c@example.com"])
        .await;
    let service = post.stand.world.service.clone();
    let early = service.remind_contact_list(OPERATOR, list).await;
    assert_eq!(refusals(early)[0].code, "LIST_NOT_CONFIRMED");
    post.confirm(list).await;
    post.deliver().await;
    let first: BTreeMap<_, _> = post.mailed().into_iter().collect();
    let hasty = service.remind_contact_list(OPERATOR, list).await;
    assert_eq!(refusals(hasty)[0].code, "REMINDED_TOO_SOON");

    assert!(matches!(
        post.answer(&first["a@example.com"], "bad").await,
        Booking::Booked(_)
    ));
    post.later(1).await;
    let reminded = service.remind_contact_list(OPERATOR, list).await.unwrap();
    // The list does not tell who has answered: everybody's reminder waits, and only the mail decides.
    assert_eq!(reminded.waiting, 3);
    assert!(matches!(
        post.answer(&first["b@example.com"], "good").await,
        Booking::Booked(_)
    ));
    post.deliver().await;
    let all = post.mailed();
    assert_eq!(all.len(), 4);
    assert_eq!(all[3], ("c@example.com".to_owned(), first["c@example.com"]));
    assert!(post.mailer.sent()[3].subject.starts_with("提醒："));
    assert_eq!(post.lists().await[0].waiting, 0);

    post.later(1).await;
    service.remind_contact_list(OPERATOR, list).await.unwrap();
    post.stand.close_survey().await;
    post.deliver().await;
    assert_eq!(
        post.mailed().len(),
        4,
        "nobody is asked to answer a closed survey"
    );
    let late = service.remind_contact_list(OPERATOR, list).await;
    assert_eq!(refusals(late)[0].code, "SURVEY_CLOSED");
}

async fn mail_faults_lose_nothing_and_double_nothing(world: World) {
    let catcher = MailCatcher::start((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .unwrap();
    let post = Post::with(world, post::smtp(catcher.address)).await;
    catcher.fail_next([
        Trouble::Refused,
        Trouble::Busy,
        Trouble::Later,
        Trouble::NoSuchAddress,
        Trouble::Unwanted,
        Trouble::Silent,
        Trouble::DroppedAfterData,
        Trouble::Later,
        Trouble::DroppedAfterData,
    ]);
    let addresses: Vec<String> = (0..8).map(|n| format!("p{n}@example.com")).collect();
    let named: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let list = post.list("mail", &named).await;
    post.confirm(list).await;
    let database = &post.stand.world.service.database;
    for _ in 0..10 {
        post.deliver().await;
        post.stand.world.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(outbox::count_waiting(&database.reader()).await.unwrap(), 0);
    assert_eq!(catcher.troubles_left(), 0);

    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let messages = catcher.messages();
    for message in &messages {
        let id = message
            .text
            .lines()
            .find(|line| line.starts_with("Message-ID:"));
        let [recipient] = &message.recipients[..] else {
            panic!("{message:?}");
        };
        ids.entry(recipient.clone())
            .or_default()
            .insert(id.unwrap().to_owned());
        assert!(
            message.text.contains("multipart/alternative"),
            "{}",
            message.text
        );
    }
    // Whoever lives there got one message; two that were dropped came again under the same name.
    let failed = post.lists().await[0].failed.clone();
    assert_eq!(failed.len(), 1);
    let expected: BTreeSet<&String> = addresses
        .iter()
        .filter(|address| !failed.contains(address))
        .collect();
    assert_eq!(ids.keys().collect::<BTreeSet<_>>(), expected);
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    assert_eq!(messages.len(), 7 + 2);
}

async fn so_few_people_that_they_could_be_told_apart_are_not_asked(world: World) {
    let post = Post::new(world).await;
    let service = Service {
        smallest_panel: 3,
        ..post.stand.world.service.clone()
    };
    let one = NewInvitations {
        survey: post.stand.survey,
        subject: Id::new(2),
        panel: "users".to_owned(),
        marks: Vec::new(),
        count: 1,
    };
    let few = refusals(service.issue_survey_invitations(OPERATOR, &one).await);
    assert_eq!(few[0].code, "PANEL_TOO_SMALL");

    // Three people about the first unit and two about the second, who are too few.
    let names: Vec<String> = (0..6).map(|n| format!("p{n}@example.com")).collect();
    let five: Vec<&str> = names[..5].iter().map(String::as_str).collect();
    let list = post.list("mail", &five).await;
    let refused = refusals(service.confirm_contact_list(OPERATOR, list).await);
    assert_eq!((refused.len(), &*refused[0].code), (1, "PANEL_TOO_SMALL"));
    assert!(
        refused[0]
            .message
            .contains("2 would be asked about `u-002`")
    );
    assert_eq!(post.lists().await[0].state, ListState::Draft);
    let anybody = post.stand.world.service.clone();
    (anybody.issue_survey_invitations(OPERATOR, &one).await).unwrap();

    // With the one who was invited on paper, and who waits on another list, they are enough.
    let confirmed = service.confirm_contact_list(OPERATOR, list).await.unwrap();
    assert_eq!(confirmed.state, ListState::Confirmed);
    let other = post.list("phone", &["13800000001", "13800000002"]).await;
    let confirmed = service.confirm_contact_list(OPERATOR, other).await.unwrap();
    assert_eq!(confirmed.state, ListState::Confirmed);
}

async fn numbers_are_handed_out_once(world: World) {
    let post = Post::new(world).await;
    let list = post
        .list("phone", &["138 0013 8000", "+86 139-0013-9000"])
        .await;
    let service = &post.stand.world.service;
    let early = service.hand_out_contact_list(OPERATOR, list).await;
    assert_eq!(refusals(early)[0].code, "LIST_NOT_CONFIRMED");
    post.confirm(list).await;
    post.deliver().await;
    assert_eq!(post.mailed(), []);

    let handed_out = service.hand_out_contact_list(OPERATOR, list).await.unwrap();
    let numbers: BTreeSet<&str> = handed_out
        .links
        .iter()
        .map(|link| link.address.as_str())
        .collect();
    assert_eq!(numbers, BTreeSet::from(["13800138000", "13900139000"]));
    for link in &handed_out.links {
        assert!(matches!(
            post.answer(&link.token, "good").await,
            Booking::Booked(_)
        ));
    }
    let again = refusals(service.hand_out_contact_list(OPERATOR, list).await);
    assert_eq!(again[0].code, "HANDED_OUT_BEFORE");
    assert!(again[0].message.contains("withdraw the list"));
    let remind = refusals(service.remind_contact_list(OPERATOR, list).await);
    assert_eq!(remind[0].code, "NOT_BY_MAIL");

    let log = everything(&post.stand.world, "SELECT body AS text FROM audit_event").await;
    assert!(log.iter().any(|body| {
        body.contains("contact_list.hand_out") && body.contains("2 personal links")
    }));
    assert!(
        !log.iter().any(|body| body.contains("13800138000")),
        "{log:?}"
    );
    let mails = post.list("mail", &["a@example.com"]).await;
    post.confirm(mails).await;
    let by_mail = refusals(service.hand_out_contact_list(OPERATOR, mails).await);
    assert_eq!(by_mail[0].code, "SENT_BY_MAIL");
}

async fn a_withdrawn_list_leaves_no_link_that_works(world: World) {
    let post = Post::new(world).await;
    let addresses = ["13800138000", "13900139000", "13700137000"];
    let list = post.list("phone", &addresses).await;
    post.confirm(list).await;
    let service = &post.stand.world.service;
    let links = service
        .hand_out_contact_list(OPERATOR, list)
        .await
        .unwrap()
        .links;
    assert!(matches!(
        post.answer(&links[0].token, "good").await,
        Booking::Booked(_)
    ));
    let silent = service.withdraw_contact_list(OPERATOR, list, " ").await;
    assert_eq!(refusals(silent)[0].code, "REASON_NEEDED");
    let withdrawn = service
        .withdraw_contact_list(OPERATOR, list, "the file was lost")
        .await;
    assert_eq!(withdrawn.unwrap().state, ListState::Withdrawn);

    // What was answered stays; the others admit nobody and no longer count as issued.
    let unused = post.answer(&links[1].token, "good").await;
    assert_eq!(unused, Booking::Refused(RefusedAnswer::Unknown));
    let progress = progress(service, post.stand.survey).await;
    let issued: u64 = progress.iter().filter_map(|group| group.issued).sum();
    assert_eq!(issued, 1);
    let rows = everything(&post.stand.world, "SELECT address AS text FROM contact").await;
    assert_eq!(rows, Vec::<String>::new());

    let again = post.list("phone", &addresses).await;
    post.confirm(again).await;
    let fresh = service
        .hand_out_contact_list(OPERATOR, again)
        .await
        .unwrap()
        .links;
    assert!(
        fresh
            .iter()
            .all(|new| links.iter().all(|old| old.token != new.token))
    );
}

async fn addresses_are_erased_thirty_days_after_the_end(world: World) {
    let post = Post::new(world).await;
    let list = post.list("mail", &["secret-person@example.com"]).await;
    post.confirm(list).await;
    let service = post.stand.world.service.clone();
    let days = TimeDelta::days(30);
    post.later(40).await;
    assert_eq!(
        service.erase_contacts(days).await.unwrap(),
        0,
        "the survey is open"
    );
    service.remind_contact_list(OPERATOR, list).await.unwrap();
    service
        .close_survey(OPERATOR, post.stand.survey, None)
        .await
        .unwrap();
    post.stand
        .world
        .clock
        .advance((days - TimeDelta::seconds(1)).to_std().unwrap());
    assert_eq!(service.erase_contacts(days).await.unwrap(), 0);
    post.stand.world.clock.advance(Duration::from_secs(1));
    assert_eq!(service.erase_contacts(days).await.unwrap(), 1);
    assert_eq!(service.erase_contacts(days).await.unwrap(), 0);

    let left = &post.lists().await[0];
    assert_eq!((left.state, left.contacts), (ListState::Erased, 1));
    // A reminder that still waited finds nobody.
    post.deliver().await;
    assert_eq!(post.mailed().len(), 1);
    let reader = service.database.reader();
    assert_eq!(outbox::count_waiting(&reader).await.unwrap(), 0);
    for (table, values) in linking::dump(&post.stand.world).await {
        let text = format!("{values:?}");
        assert!(!text.contains("secret-person"), "{table}");
    }
    let secrets = everything(
        &post.stand.world,
        "SELECT 'x' AS text FROM contact_list WHERE secret IS NOT NULL",
    );
    assert_eq!(secrets.await, Vec::<String>::new());
    let withdraw = service.withdraw_contact_list(OPERATOR, list, "late").await;
    assert_eq!(refusals(withdraw)[0].code, "LIST_ERASED");
}

async fn addresses_go_when_the_hours_of_a_survey_or_its_round_are_over(world: World) {
    for end in [
        "UPDATE survey SET closes_at = {now}",
        "UPDATE round SET state = 'closed', closed_at = {now}",
    ] {
        let post = Post::new(World::fresh(world.backend()).await).await;
        let list = post.list("mail", &["a@example.com"]).await;
        post.confirm(list).await;
        let service = &post.stand.world.service;
        let transaction = service.database.begin_write().await.unwrap();
        let now = post.stand.world.now().timestamp_micros().to_string();
        transaction
            .execute_unprepared(&end.replace("{now}", &now))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(service.erase_contacts(TimeDelta::days(1)).await.unwrap(), 0);
        post.stand.world.clock.advance(Duration::from_hours(24));
        assert_eq!(
            service.erase_contacts(TimeDelta::days(1)).await.unwrap(),
            1,
            "{end}"
        );
        post.deliver().await;
        assert_eq!(post.mailed(), []);
    }
}

/// The column `text` of a statement.
async fn everything(world: &World, sql: &str) -> Vec<String> {
    let reader = world.service.database.reader();
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let rows = reader.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "text").unwrap())
        .collect()
}

async fn a_sample_is_drawn_again_by_whoever_has_the_table_and_the_seed(world: World) {
    let post = Post::new(world).await;
    let addresses: Vec<String> = (0..60).map(|n| format!("p{n}@example.com")).collect();
    let named: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let draw = async |seed: Option<&str>| {
        let request = Request {
            round: None,
            survey: Some(post.stand.survey),
            kind: ImportKind::Contacts,
            table: table("mail", &named),
            dry_run: false,
            leave_out: false,
            sample: Some(Sample {
                size: 5,
                seed: seed.map(str::to_owned),
            }),
        };
        let service = &post.stand.world.service;
        let report = service.import(OPERATOR, request).await.unwrap();
        let list = report.made.unwrap().parse().unwrap();
        let sql = "SELECT address AS text FROM contact ORDER BY address";
        let drawn = everything(&post.stand.world, sql).await;
        service
            .withdraw_contact_list(OPERATOR, list, "again")
            .await
            .unwrap();
        drawn
    };
    let first = draw(Some("2026-03-02")).await;
    assert_eq!(first.len(), 10, "five about each of two units");
    assert_eq!(draw(Some("2026-03-02")).await, first);
    assert_ne!(draw(Some("2026-03-03")).await, first);

    // As it is written down for those who draw it again.
    let mut by_unit: BTreeMap<usize, Vec<(Vec<u8>, &str)>> = BTreeMap::new();
    for (place, address) in named.iter().enumerate() {
        let unit = place % 2 + 1;
        let code = format!("u-00{unit}");
        let mut text = String::new();
        for part in ["2026-03-02", &code, "users", address] {
            write!(text, "{}:{part}", part.len()).unwrap();
        }
        let rank = Sha256::digest(text.as_bytes()).to_vec();
        by_unit.entry(unit).or_default().push((rank, address));
    }
    let mut expected = Vec::new();
    for ranked in by_unit.values_mut() {
        ranked.sort();
        expected.extend(ranked.iter().take(5).map(|(_, address)| *address));
    }
    expected.sort_unstable();
    assert_eq!(first, expected);

    let own = draw(None).await;
    assert_eq!(own.len(), 10);
    let lists = post.lists().await;
    let drawn: Vec<_> = lists.into_iter().filter_map(|list| list.drawn).collect();
    assert!(drawn.iter().all(|drawn| drawn.from == 60));
    // Nobody said with what, so that was drawn too.
    let drawn = drawn
        .iter()
        .find(|drawn| !drawn.seed.starts_with("2026"))
        .unwrap();
    assert_eq!(drawn.seed.len(), 32);
    let log = everything(&post.stand.world, "SELECT body AS text FROM audit_event").await;
    assert!(log.iter().any(|body| body.contains(&drawn.seed)));
}
