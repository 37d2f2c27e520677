//! Signs of interference: counted beside the answers, shown in groups, and of no use to find out who answered what.

use std::net::IpAddr;
use std::time::Duration;

use domain::access::{Actor, Grant, Role};
use domain::id::Id;
use domain::scheme::file::Channel;
use domain::survey::Definition;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use service::Fault;
use service::intake::{Beside, Booking, IntakeSettings, Submission};
use service::survey::{AnsweredAbout, Interference};
use support::{World, on_both};

use crate::intake::{GOOD, Stand, answers, definition, receipt};

on_both!(
    arrivals_are_counted_by_network_and_the_key_is_destroyed_at_closing,
    what_one_network_sends_stands_out_from_ten_answers_on,
    sheets_that_are_alike_are_told_once_the_survey_is_closed,
    being_told_what_to_answer_is_counted_apart_and_shown_to_supervisors_alone,
    a_retry_and_a_change_are_counted_once,
    arrivals_cost_no_statement_for_each_answer,
    the_page_asks_whether_anybody_told_the_respondent_what_to_answer,
);

const OFFICE: [u8; 4] = [192, 0, 2, 7];

fn actor(role: Role) -> Actor {
    Actor::Staff {
        id: Id::new(1),
        login: "one".to_owned(),
        grants: vec![Grant {
            role,
            region: None,
            category: None,
            round: None,
            subject: None,
        }],
    }
}

fn from(network: [u8; 4], told: Option<bool>) -> Beside {
    Beside {
        network: Some(IpAddr::from(network)),
        told,
        is_trapped: false,
    }
}

async fn answer(stand: &Stand, pairs: &[(&str, &str)], beside: Beside) -> Booking {
    let admitted = stand.by_link().await;
    let key = stand.form(&admitted);
    let submission = Submission {
        admitted,
        key,
        answers: answers(pairs),
        beside,
    };
    stand.intake.book(submission).await.unwrap()
}

async fn asking_whether_told(world: World) -> Stand {
    let definition = Definition {
        asks_whether_told: true,
        changeable: true,
        ..definition()
    };
    Stand::asking(world, IntakeSettings::default(), &definition).await
}

/// The signs of a survey that is not sealed.
async fn look(stand: &Stand, who: &Actor) -> Interference {
    let found = (stand.world.service).read_interference(who, stand.survey);
    found.await.unwrap().unwrap()
}

/// What a query of one number gives.
async fn number(stand: &Stand, sql: &str) -> i64 {
    let reader = stand.world.service.database.reader();
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let row = reader.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn arrivals_are_counted_by_network_and_the_key_is_destroyed_at_closing(world: World) {
    let stand = Stand::new(world).await;
    for network in [OFFICE, OFFICE, [198, 51, 100, 1]] {
        receipt(&answer(&stand, GOOD, from(network, None)).await);
    }
    receipt(&answer(&stand, GOOD, Beside::default()).await);
    stand.world.clock.advance(Duration::from_mins(15));
    receipt(&answer(&stand, GOOD, from(OFFICE, None)).await);
    assert_eq!(
        number(&stand, "SELECT CAST(sum(answers) AS BIGINT) FROM arrival").await,
        5
    );
    assert_eq!(number(&stand, "SELECT count(*) FROM arrival").await, 4);
    assert_eq!(
        number(&stand, "SELECT count(*) FROM arrival WHERE network = -1").await,
        1
    );
    assert_eq!(number(&stand, "SELECT max(answers) FROM arrival").await, 2);
    assert_eq!(number(&stand, "SELECT count(*) FROM network_key").await, 1);

    let late = stand.by_link().await;
    let key = stand.form(&late);
    stand.close().await;
    assert_eq!(number(&stand, "SELECT count(*) FROM network_key").await, 0);
    // Whoever comes too late makes no new one, not even where this server does not know yet that the survey is closed.
    for _ in 0..2 {
        let submission = Submission {
            admitted: late.clone(),
            key,
            answers: answers(GOOD),
            beside: from(OFFICE, None),
        };
        let refused = stand.intake.book(submission).await.unwrap();
        assert!(matches!(refused, Booking::Refused(_)));
        stand.world.clock.advance(Duration::from_secs(2));
        stand.intake.find_link(&stand.link).await.unwrap();
    }
    assert_eq!(number(&stand, "SELECT count(*) FROM network_key").await, 0);
    assert_eq!(number(&stand, "SELECT count(*) FROM arrival").await, 4);
}

async fn what_one_network_sends_stands_out_from_ten_answers_on(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let auditor = actor(Role::Auditor);
    let look = || async { look(&stand, &auditor).await };
    for place in 0..9 {
        receipt(&answer(&stand, GOOD, from(OFFICE, None)).await);
        receipt(&answer(&stand, GOOD, from([203, 0, 113, place], None)).await);
        stand.world.clock.advance(Duration::from_mins(16));
    }
    assert_eq!(look().await.signs.networks, [], "nine are few");
    receipt(&answer(&stand, GOOD, from(OFFICE, None)).await);
    assert_eq!(look().await.signs.networks, [], "the quarter is not over");
    stand.world.clock.advance(Duration::from_mins(16));
    receipt(&answer(&stand, GOOD, from(OFFICE, None)).await);
    let found = look().await;
    assert_eq!(
        found.signs.networks,
        [],
        "no ten have come since the way moved"
    );
    assert_eq!(found.signs.channels[0].answers, 10);
    stand.world.clock.advance(Duration::from_mins(16));
    let found = look().await;
    let [network] = found.signs.networks[..] else {
        panic!("{found:?}");
    };
    assert_eq!((network.channel, network.answers), (Channel::Web, 10));
    assert!(network.spans >= 9);
    assert_eq!(found.signs.channels[0].answers, 20);
    assert!(found.alike.is_none(), "not before the survey is closed");

    let administrator = actor(Role::RoundAdministrator);
    service
        .read_interference(&administrator, stand.survey)
        .await
        .unwrap();
    for role in [Role::Inspector, Role::SecurityAdministrator] {
        let denied = service.read_interference(&actor(role), stand.survey).await;
        assert!(matches!(denied, Err(Fault::Denied)), "{role:?}");
    }
}

async fn sheets_that_are_alike_are_told_once_the_survey_is_closed(world: World) {
    let stand = Stand::new(world).await;
    for _ in 0..10 {
        answer(&stand, GOOD, Beside::default()).await;
    }
    for _ in 0..9 {
        answer(&stand, &[("speed", "bad")], Beside::default()).await;
    }
    stand.close().await;
    let found = look(&stand, &actor(Role::Auditor)).await;
    assert_eq!(found.signs.channels[0].answers, 19);
    let [alike] = found.alike.as_deref().unwrap() else {
        panic!("{found:?}");
    };
    assert_eq!((alike.sheets, alike.of), (10, 19));
    assert_eq!(alike.subject, AnsweredAbout::Subject(Id::new(1)));
}

async fn being_told_what_to_answer_is_counted_apart_and_shown_to_supervisors_alone(world: World) {
    let stand = asking_whether_told(world).await;
    let service = &stand.world.service;
    let auditor = actor(Role::Auditor);
    for place in 0..9 {
        answer(&stand, GOOD, from(OFFICE, Some(place < 4))).await;
    }
    // Who does not say is not counted.
    answer(&stand, GOOD, from(OFFICE, None)).await;
    answer(&stand, GOOD, from(OFFICE, Some(true))).await;
    let early = service.read_told(&auditor, stand.survey).await.unwrap();
    assert_eq!(early, None, "two looks would tell of one respondent");
    stand.close().await;
    let told = service
        .read_told(&auditor, stand.survey)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(told.len(), 2, "of all, and of the one subject");
    assert!(told.iter().all(|one| one.said == Some((5, 5))), "{told:?}");

    for role in [
        Role::RoundAdministrator,
        Role::Inspector,
        Role::SecurityAdministrator,
    ] {
        let denied = service.read_told(&actor(role), stand.survey).await;
        assert!(matches!(denied, Err(Fault::Denied)), "{role:?}");
    }
    // The sheets hold the questions of the survey and nothing else.
    let width = i64::try_from(definition().width()).unwrap();
    assert_eq!(
        number(
            &stand,
            "SELECT CAST(max(length(answers)) AS BIGINT) FROM sheet"
        )
        .await,
        width
    );
}

async fn a_retry_and_a_change_are_counted_once(world: World) {
    let stand = asking_whether_told(world).await;
    let link = stand.by_link().await;
    let submission = Submission {
        key: stand.form(&link),
        admitted: link.clone(),
        answers: answers(GOOD),
        beside: from(OFFICE, Some(true)),
    };
    let first = receipt(&stand.intake.book(submission.clone()).await.unwrap());
    assert_eq!(
        receipt(&stand.intake.book(submission).await.unwrap()),
        first
    );
    let code = stand.intake.change_code(link.survey(), &first).unwrap();
    let change = stand
        .intake
        .find_change(&first, &code)
        .await
        .unwrap()
        .unwrap()
        .admitted;
    let submission = Submission {
        key: stand.form(&change),
        admitted: change,
        answers: answers(GOOD),
        beside: from(OFFICE, Some(true)),
    };
    receipt(&stand.intake.book(submission).await.unwrap());
    assert_eq!(
        number(&stand, "SELECT CAST(sum(answers) AS BIGINT) FROM arrival").await,
        1
    );
    assert_eq!(
        number(&stand, "SELECT CAST(sum(count) AS BIGINT) FROM told_count").await,
        1
    );
}

async fn arrivals_cost_no_statement_for_each_answer(world: World) {
    let stand = asking_whether_told(world).await;
    answer(&stand, GOOD, from(OFFICE, Some(true))).await;
    let admitted = stand.by_link().await;
    let sent = (0..100).map(|place| Submission {
        key: stand.form(&admitted),
        admitted: admitted.clone(),
        answers: answers(GOOD),
        beside: from([10, 0, 0, place], Some(true)),
    });
    let sent: Vec<Submission> = sent.collect();
    let database = &stand.world.service.database;
    let before = database.statement_count();
    for booking in join_all(sent.into_iter().map(|one| stand.intake.book(one))).await {
        receipt(&booking.unwrap());
    }
    let cost = database.statement_count() - before;
    // How many groups a hundred make depends on the moment; alone each would take several statements.
    assert!(cost < 100, "{cost} statements for a hundred answers");
}

async fn the_page_asks_whether_anybody_told_the_respondent_what_to_answer(world: World) {
    let stand = asking_whether_told(world).await;
    let origin = crate::page::serve(stand.intake.clone()).await;
    let client = reqwest::Client::new();
    let address = format!("{origin}/s/{}", stand.link);
    for (told, expected) in [("yes", 1), ("", 1), ("no", 2), ("perhaps", 2)] {
        let page = client
            .get(&address)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(page.contains("替您作答") && page.contains("name=\"told\" value=\"yes\""));
        let (_, after) = page.split_once("name=\"key\" value=\"").unwrap();
        let key = after.split_once('"').unwrap().0;
        stand.world.clock.advance(Duration::from_secs(10));
        // What is wrong comes back with what was said.
        let back = client.post(&address).form(&[("key", key), ("told", told)]);
        let back = back.send().await.unwrap().text().await.unwrap();
        let is_kept = back.contains(&format!("value=\"{told}\" checked"));
        assert_eq!(is_kept, ["yes", "no"].contains(&told), "{back}");
        let fields = [("key", key), ("q.speed", "good"), ("told", told)];
        let done = client.post(&address).form(&fields).send().await.unwrap();
        assert_eq!(done.status(), 200);
        let counted = "SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM told_count";
        assert_eq!(number(&stand, counted).await, expected, "{told}");
    }
    // One network of this machine, four answers.
    assert_eq!(
        number(&stand, "SELECT CAST(sum(answers) AS BIGINT) FROM arrival").await,
        4
    );
    assert_eq!(
        number(&stand, "SELECT count(*) FROM arrival WHERE network >= 0").await,
        1
    );
}
