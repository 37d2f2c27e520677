//! Answers on their way into the database: admitted once, booked durably, counted as they come and counted again.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::Actor;
use domain::id::{self, Id};
use domain::scheme::file;
use domain::survey::{Answers, Definition, Entries, SheetState, validate};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use service::Fault;
use service::intake::{
    Admitted, Beside, Booking, FormKey, Intake, IntakeSettings, InvitationToken, Receipt,
    ReceiptStatus, RefusedAnswer, Standing, Submission,
};
use service::survey::{self, LinkFor, NewInvitations, NewLinks, NewSurvey};
use support::{World, on_both};

on_both!(
    an_answer_by_a_link_is_stored_counted_and_found_by_its_receipt,
    an_invitation_admits_one_answer,
    a_retry_of_the_same_form_gets_the_same_receipt,
    other_answers_under_the_same_form_are_refused,
    of_many_uses_of_one_invitation_at_once_one_is_stored,
    copies_of_one_form_sent_at_once_make_one_sheet,
    an_answer_racing_the_closing_is_in_the_tally_or_refused,
    a_retry_after_the_closing_still_gets_its_receipt,
    a_survey_takes_answers_between_its_hours_alone,
    an_answer_that_breaks_a_rule_of_validity_is_kept_and_not_counted,
    a_form_of_another_link_is_refused,
    a_recount_from_the_sheets_notices_a_changed_tally,
    words_are_stored_beside_the_sheet,
    a_full_queue_turns_answers_away_and_what_waits_is_booked_at_the_end,
    one_broken_answer_does_not_keep_the_others_out,
    two_servers_book_into_one_survey,
    the_connection_that_writes_a_file_is_given_back_as_it_was,
    whoever_runs_a_survey_is_asked_for_permission_and_logged,
    a_link_that_could_never_be_answered_is_refused,
    nobody_is_asked_about_a_subject_that_the_survey_is_not_about
);

const SCHEME: &str = r#"
[[scale]]
code = "three"
option = [
  { code = "good", label = { zh = "满意", en = "Satisfied" }, class = "satisfied", weight = "100" },
  { code = "bad", label = { zh = "不满意", en = "Dissatisfied" }, class = "dissatisfied", weight = "0" },
  { code = "unknown", label = { zh = "不了解", en = "I do not know" }, class = "no_opinion" },
]

[survey]
code = "service"
name = { zh = "满意度测评", en = "Satisfaction survey" }
denominator = "rated"
combine = "pooled"
panel = [{ code = "users", name = { zh = "服务对象", en = "Service users" } }]
channel = [{ code = "web" }]
validity = { least_seconds = 3 }

[[survey.question]]
code = "speed"
text = { zh = "速度", en = "Speed" }
scale = "three"
required = true

[[survey.question]]
code = "manner"
text = { zh = "态度", en = "Manner" }
scale = "three"

[[survey.question]]
code = "more"
text = { zh = "建议", en = "Suggestions" }
longest = 200
"#;

pub(crate) fn definition() -> Definition {
    #[derive(serde::Deserialize)]
    struct Part {
        scale: Vec<file::Scale>,
        survey: file::Survey,
    }
    let part: Part = toml::from_str(SCHEME).unwrap();
    Definition::of(&part.survey, &part.scale).unwrap()
}

/// An open survey about two subjects of a round.
pub(crate) struct Stand {
    pub world: World,
    pub intake: Intake,
    pub survey: Id<id::Survey>,
    subject: Id<id::Subject>,
    pub link: String,
}

impl Stand {
    pub async fn new(world: World) -> Self {
        Self::with(world, IntakeSettings::default()).await
    }

    /// Where respondents may change their answers.
    pub async fn changeable(world: World) -> Self {
        let definition = Definition {
            changeable: true,
            ..definition()
        };
        Self::asking(world, IntakeSettings::default(), &definition).await
    }

    async fn with(world: World, settings: IntakeSettings) -> Self {
        Self::asking(world, settings, &definition()).await
    }

    pub async fn asking(world: World, settings: IntakeSettings, definition: &Definition) -> Self {
        let transaction = world.service.database.begin_write().await.unwrap();
        let digest = match transaction.get_database_backend() {
            sea_orm::DbBackend::Sqlite => "zeroblob(32)",
            _ => "decode(repeat('00', 32), 'hex')",
        };
        for sql in [
            "INSERT INTO region (id, code, name, name_en) VALUES (1, 'r', '区', 'District')".to_owned(),
            "INSERT INTO subject (id, code, kind, category, region_id, name, name_en) VALUES \
             (1, 'a', 'unit', 'organ', 1, '甲局', 'Bureau A'), (2, 'b', 'unit', 'organ', 1, '乙局', 'Bureau B')"
                .to_owned(),
            "INSERT INTO scheme (id, code, name, name_en) VALUES (1, 's', '评', 'S')".to_owned(),
            format!(
                "INSERT INTO scheme_version (id, scheme_id, version, source, digest, added_at) \
                 VALUES (1, 1, '1', '', {digest}, 0)"
            ),
            "INSERT INTO round (id, code, series, name, name_en, scheme_version_id, period_from_on, period_to_on, \
             time_zone, state, publicity, opened_at, row_version, inputs_changed_at) VALUES \
             (1, 'r1', 'r', '一轮', 'Round', 1, '2026-01-01', '2026-12-31', 'Asia/Shanghai', 'open', 'internal', 0, 1, 0)"
                .to_owned(),
            "INSERT INTO round_subject (round_id, subject_id, category, region_id, name, name_en) VALUES \
             (1, 1, 'organ', 1, '甲局', 'Bureau A'), (1, 2, 'organ', 1, '乙局', 'Bureau B')"
                .to_owned(),
        ] {
            transaction.execute_unprepared(&sql).await.unwrap();
        }
        let new = NewSurvey {
            round: Id::new(1),
            definition,
            opens_at: None,
            closes_at: None,
        };
        let survey = survey::add(&transaction, &world.service.ids, new)
            .await
            .unwrap();
        survey::open(&transaction, survey).await.unwrap();
        let subject = Id::new(1);
        let wanted = vec![LinkFor {
            subject,
            panel: "users".to_owned(),
            marks: Vec::new(),
        }];
        let links = survey::add_links(
            &transaction,
            &world.service.ids,
            (survey, definition),
            wanted,
        )
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        let intake = Intake::start(world.service.clone(), settings)
            .await
            .unwrap();
        Self {
            world,
            intake,
            survey,
            subject,
            link: links[0].code.clone(),
        }
    }

    pub async fn by_link(&self) -> Admitted {
        let state = self.intake.find_link(&self.link).await.unwrap().unwrap();
        assert_eq!(state.standing, Standing::Open);
        Admitted::by_link(state.link)
    }

    pub async fn invite(&self, count: usize) -> Vec<InvitationToken> {
        let transaction = self.world.service.database.begin_write().await.unwrap();
        let new = NewInvitations {
            survey: self.survey,
            subject: self.subject,
            panel: "users".to_owned(),
            marks: Vec::new(),
            count,
        };
        let issued =
            survey::issue_invitations(&self.world.service, &transaction, (&new, &definition()))
                .await
                .unwrap();
        transaction.commit().await.unwrap();
        issued.into_iter().map(|issued| issued.token).collect()
    }

    pub async fn by_invitation(&self, token: &InvitationToken) -> Admitted {
        self.intake.admit(token).await.unwrap().unwrap()
    }

    /// A form that was drawn long enough ago.
    pub fn form(&self, admitted: &Admitted) -> FormKey {
        let key = self.intake.make_key(admitted).unwrap();
        self.world.clock.advance(std::time::Duration::from_secs(5));
        key
    }

    pub async fn book(&self, admitted: &Admitted, key: FormKey, pairs: &[(&str, &str)]) -> Booking {
        let submission = Submission {
            admitted: admitted.clone(),
            key,
            answers: answers(pairs),
            beside: Beside::default(),
        };
        self.intake.book(submission).await.unwrap()
    }

    pub async fn close(&self) {
        let transaction = self.world.service.database.begin_write().await.unwrap();
        survey::close(&transaction, self.survey).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Counts from the sheets, which must agree with what was kept up.
    pub async fn sheets(&self) -> BTreeMap<SheetState, u64> {
        let read = self.world.service.database.begin_read().await.unwrap();
        let recount = survey::count_from_sheets(&read, self.survey, &definition())
            .await
            .unwrap();
        assert_eq!(recount.differences, []);
        let progress = survey::list_progress(&read, self.survey).await.unwrap();
        let mut sheets = BTreeMap::new();
        for (state, count) in recount.tallies.into_values().flat_map(|tally| tally.sheets) {
            *sheets.entry(state).or_default() += count;
        }
        let mut kept = BTreeMap::new();
        for (state, count) in progress.into_iter().flat_map(|group| group.sheets) {
            *kept.entry(state).or_default() += count;
        }
        assert_eq!(kept, sheets);
        sheets
    }
}

pub(crate) fn answers(pairs: &[(&str, &str)]) -> Answers {
    validate(&definition(), &pairs.iter().copied().collect::<Entries>()).unwrap()
}

pub(crate) fn receipt(booking: &Booking) -> Receipt {
    match booking {
        Booking::Booked(receipt) => *receipt,
        Booking::Refused(reason) => panic!("refused: {reason:?}"),
    }
}

pub(crate) const GOOD: &[(&str, &str)] = &[("speed", "good"), ("manner", "bad")];

async fn an_answer_by_a_link_is_stored_counted_and_found_by_its_receipt(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    let key = FormKey::parse(&stand.form(&admitted).to_string()).unwrap();
    let receipt = receipt(&stand.book(&admitted, key, GOOD).await);

    assert_eq!(stand.sheets().await, [(SheetState::Valid, 1)].into());
    let reader = stand.world.service.database.reader();
    let tallies = survey::list_tallies(&reader, stand.survey, &definition())
        .await
        .unwrap();
    let tally = tallies.values().next().unwrap();
    assert_eq!(
        [tally.count(0, 0), tally.count(1, 1), tally.count(0, 1)],
        [1, 1, 0]
    );

    let typed = Receipt::parse(&receipt.to_string().to_lowercase().replace('-', " ")).unwrap();
    assert_eq!(
        stand.intake.find_receipt(&typed).await.unwrap(),
        ReceiptStatus::Counted
    );
    let elsewhere = Stand::form(&stand, &admitted);
    assert_ne!(elsewhere, key);
    assert!(
        stand
            .intake
            .find_link("nosuchlink")
            .await
            .unwrap()
            .is_none()
    );
}

/// Others must not keep in memory what a statement over all sheets may have to take back.
async fn the_connection_that_writes_a_file_is_given_back_as_it_was(world: World) {
    let stand = Stand::new(world).await;
    let database = &stand.world.service.database;
    let admitted = stand.by_link().await;
    let booked = stand.book(&admitted, stand.form(&admitted), GOOD).await;
    assert!(matches!(booked, Booking::Booked(_)));
    let transaction = database.begin_write().await.unwrap();
    let backend = transaction.get_database_backend();
    if backend == sea_orm::DbBackend::Sqlite {
        let asked = Statement::from_string(backend, "PRAGMA temp_store");
        let told = transaction.query_one_raw(asked).await.unwrap().unwrap();
        assert_eq!(told.try_get_by_index::<i64>(0).unwrap(), 0);
    }
    transaction.rollback().await.unwrap();
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 1)].into());
}

async fn an_invitation_admits_one_answer(world: World) {
    let stand = Stand::new(world).await;
    let token = stand.invite(1).await.remove(0);
    let token = InvitationToken::parse(&token.expose()).unwrap();
    let seen = stand.intake.find_invitation(&token).await.unwrap().unwrap();
    assert_eq!(
        (seen.is_used, seen.standing, seen.subject_name.zh.as_str()),
        (false, Standing::Open, "甲局")
    );

    let admitted = stand.by_invitation(&token).await;
    receipt(&stand.book(&admitted, stand.form(&admitted), GOOD).await);
    let again = stand.book(&admitted, stand.form(&admitted), GOOD).await;
    assert_eq!(again, Booking::Refused(RefusedAnswer::AlreadyAnswered));
    assert!(
        stand
            .intake
            .find_invitation(&token)
            .await
            .unwrap()
            .unwrap()
            .is_used
    );

    let made_up =
        InvitationToken::parse(&format!("{}{}", &token.expose()[..20], "8".repeat(14))).unwrap();
    assert!(
        stand
            .intake
            .find_invitation(&made_up)
            .await
            .unwrap()
            .is_none()
    );
    let admitted = stand.by_invitation(&made_up).await;
    let refused = stand.book(&admitted, stand.form(&admitted), GOOD).await;
    assert_eq!(refused, Booking::Refused(RefusedAnswer::Unknown));
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 1)].into());
}

async fn a_retry_of_the_same_form_gets_the_same_receipt(world: World) {
    let stand = Stand::new(world).await;
    let token = stand.invite(1).await.remove(0);
    for admitted in [stand.by_link().await, stand.by_invitation(&token).await] {
        let key = stand.form(&admitted);
        let first = stand.book(&admitted, key, GOOD).await;
        stand
            .world
            .clock
            .advance(std::time::Duration::from_hours(1));
        assert_eq!(stand.book(&admitted, key, GOOD).await, first);
    }
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 2)].into());
}

async fn other_answers_under_the_same_form_are_refused(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    let key = stand.form(&admitted);
    receipt(&stand.book(&admitted, key, GOOD).await);
    for other in [
        &[("speed", "bad")][..],
        &[("speed", "good"), ("manner", "bad"), ("more", "还有")],
    ] {
        let refused = stand.book(&admitted, key, other).await;
        assert_eq!(refused, Booking::Refused(RefusedAnswer::OtherAnswers));
    }
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 1)].into());
}

async fn of_many_uses_of_one_invitation_at_once_one_is_stored(world: World) {
    let stand = Stand::new(world).await;
    let token = stand.invite(1).await.remove(0);
    let admitted = stand.by_invitation(&token).await;
    let keys: Vec<FormKey> = (0..64).map(|_| stand.form(&admitted)).collect();
    let bookings = join_all(keys.into_iter().map(|key| stand.book(&admitted, key, GOOD))).await;
    let booked = bookings
        .iter()
        .filter(|booking| matches!(booking, Booking::Booked(_)))
        .count();
    let late = Booking::Refused(RefusedAnswer::AlreadyAnswered);
    assert_eq!(
        (
            booked,
            bookings.iter().filter(|booking| **booking == late).count()
        ),
        (1, 63)
    );
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 1)].into());
}

async fn copies_of_one_form_sent_at_once_make_one_sheet(world: World) {
    let stand = Stand::new(world).await;
    let tokens = stand.invite(8).await;
    let mut sent = Vec::new();
    for token in &tokens {
        let admitted = stand.by_invitation(token).await;
        let key = stand.form(&admitted);
        sent.push((admitted, key));
    }
    let copies = (0..100)
        .flat_map(|_| &sent)
        .map(|(admitted, key)| stand.book(admitted, *key, GOOD));
    let bookings = join_all(copies).await;
    for (place, booking) in bookings.iter().enumerate() {
        assert_eq!(receipt(booking), receipt(&bookings[place % 8]));
    }
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 8)].into());
}

async fn an_answer_racing_the_closing_is_in_the_tally_or_refused(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    let keys: Vec<FormKey> = (0..200).map(|_| stand.form(&admitted)).collect();
    let bookings = join_all(keys.into_iter().enumerate().map(|(place, key)| {
        let (stand, admitted) = (&stand, &admitted);
        async move {
            if place == 100 {
                stand.close().await;
            }
            for _ in 0..place % 7 {
                tokio::task::yield_now().await;
            }
            stand.book(admitted, key, GOOD).await
        }
    }))
    .await;
    let booked = bookings
        .iter()
        .filter(|booking| matches!(booking, Booking::Booked(_)))
        .count();
    let closed = Booking::Refused(RefusedAnswer::Closed);
    assert_eq!(
        bookings
            .iter()
            .filter(|booking| **booking == closed)
            .count(),
        200 - booked
    );
    let sheets = stand.sheets().await;
    assert_eq!(
        sheets.get(&SheetState::Valid).copied().unwrap_or(0),
        u64::try_from(booked).unwrap()
    );
    let late = stand.book(&admitted, stand.form(&admitted), GOOD).await;
    assert_eq!(late, closed);
}

async fn a_retry_after_the_closing_still_gets_its_receipt(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    let key = stand.form(&admitted);
    let first = stand.book(&admitted, key, GOOD).await;
    stand.close().await;
    assert_eq!(stand.book(&admitted, key, GOOD).await, first);
    stand.world.clock.advance(std::time::Duration::from_secs(2));
    let state = stand.intake.find_link(&stand.link).await.unwrap().unwrap();
    assert_eq!(state.standing, Standing::Closed);
}

async fn a_survey_takes_answers_between_its_hours_alone(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    let now = stand.world.now();
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    let sql = format!(
        "UPDATE survey SET opens_at = {}, closes_at = {}",
        (now + chrono::TimeDelta::minutes(10)).timestamp_micros(),
        (now + chrono::TimeDelta::minutes(20)).timestamp_micros()
    );
    transaction.execute_unprepared(&sql).await.unwrap();
    transaction.commit().await.unwrap();
    let closed = Booking::Refused(RefusedAnswer::Closed);
    assert_eq!(
        stand.book(&admitted, stand.form(&admitted), GOOD).await,
        closed
    );
    let standing = async || {
        stand
            .intake
            .find_link(&stand.link)
            .await
            .unwrap()
            .unwrap()
            .standing
    };
    assert_eq!(standing().await, Standing::NotYetOpen);
    stand
        .world
        .clock
        .advance(std::time::Duration::from_mins(10));
    receipt(&stand.book(&admitted, stand.form(&admitted), GOOD).await);
    stand
        .world
        .clock
        .advance(std::time::Duration::from_mins(10));
    assert_eq!(
        stand.book(&admitted, stand.form(&admitted), GOOD).await,
        closed
    );
    assert_eq!(standing().await, Standing::Closed);
}

async fn an_answer_that_breaks_a_rule_of_validity_is_kept_and_not_counted(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    let hasty = stand.intake.make_key(&admitted).unwrap();
    let receipt = receipt(&stand.book(&admitted, hasty, GOOD).await);
    assert_eq!(
        stand.intake.find_receipt(&receipt).await.unwrap(),
        ReceiptStatus::NotCounted
    );
    assert_eq!(stand.sheets().await, [(SheetState::Invalid, 1)].into());
}

async fn a_form_of_another_link_is_refused(world: World) {
    let stand = Stand::new(world).await;
    let tokens = stand.invite(2).await;
    let (one, other) = (
        stand.by_invitation(&tokens[0]).await,
        stand.by_invitation(&tokens[1]).await,
    );
    let key = stand.form(&one);
    let refused = stand.book(&other, key, GOOD).await;
    assert_eq!(refused, Booking::Refused(RefusedAnswer::ForeignForm));
    assert_eq!(stand.sheets().await, BTreeMap::new());
}

async fn a_recount_from_the_sheets_notices_a_changed_tally(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    receipt(&stand.book(&admitted, stand.form(&admitted), GOOD).await);
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    transaction
        .execute_unprepared("UPDATE tally SET counts = '{1,5,0,0,0,1,0,0}'")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let reader = stand.world.service.database.reader();
    let recount = survey::count_from_sheets(&reader, stand.survey, &definition())
        .await
        .unwrap();
    assert_eq!(recount.differences.len(), 1);
    assert_eq!(
        (
            recount.differences[0].kept.count(0, 0),
            recount.differences[0].counted.count(0, 0)
        ),
        (5, 1)
    );
}

async fn words_are_stored_beside_the_sheet(world: World) {
    let stand = Stand::new(world).await;
    let admitted = stand.by_link().await;
    let words = "窗口\"太少\"，\r\n排队 \\ 久 🙏";
    let pairs = [("speed", "good"), ("more", words)];
    receipt(&stand.book(&admitted, stand.form(&admitted), &pairs).await);
    let read = stand.world.service.database.begin_read().await.unwrap();
    let sql = "SELECT words FROM sheet";
    let row = read
        .query_one_raw(Statement::from_string(read.get_database_backend(), sql))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&row.try_get::<String>("", "words").unwrap())
            .unwrap(),
        serde_json::json!({ "2": words.replace("\r\n", "\n") })
    );
}

async fn a_full_queue_turns_answers_away_and_what_waits_is_booked_at_the_end(world: World) {
    let stand = Stand::with(world, IntakeSettings { queue: 4, batch: 2 }).await;
    let admitted = stand.by_link().await;
    let keys: Vec<FormKey> = (0..200).map(|_| stand.form(&admitted)).collect();
    let sent = keys.into_iter().map(|key| {
        let submission = Submission {
            admitted: admitted.clone(),
            key,
            answers: answers(GOOD),
            beside: Beside::default(),
        };
        stand.intake.book(submission)
    });
    let (bookings, ()) = futures_util::join!(join_all(sent), stand.intake.finish());
    let booked = bookings.iter().filter(|booking| booking.is_ok()).count();
    assert!((1..200).contains(&booked), "{booked}");
    assert!(
        bookings
            .iter()
            .all(|booking| !matches!(booking, Ok(Booking::Refused(_))))
    );
    assert_eq!(
        stand.sheets().await,
        [(SheetState::Valid, u64::try_from(booked).unwrap())].into()
    );
    assert!(!stand.intake.is_ready());
}

async fn one_broken_answer_does_not_keep_the_others_out(world: World) {
    let stand = Stand::new(world).await;
    let token = stand.invite(1).await.remove(0);
    // A panel of this name breaks the insertion of its sheet alone.
    let transaction = stand.world.service.database.begin_write().await.unwrap();
    let sql = match transaction.get_database_backend() {
        sea_orm::DbBackend::Sqlite => {
            "CREATE TRIGGER broken BEFORE UPDATE ON invitation BEGIN SELECT RAISE(ABORT, 'broken'); END"
        }
        _ => "UPDATE invitation SET panel = 'broken'",
    };
    let is_sqlite = transaction.get_database_backend() == sea_orm::DbBackend::Sqlite;
    transaction.execute_unprepared(sql).await.unwrap();
    transaction.commit().await.unwrap();
    let open = stand.by_link().await;
    let broken = stand.by_invitation(&token).await;
    let (open_key, broken_key) = (stand.form(&open), stand.form(&broken));
    let answers = answers(GOOD);
    let (good, bad) = futures_util::join!(
        stand.intake.book(Submission {
            admitted: open,
            key: open_key,
            answers: answers.clone(),
            beside: Beside::default(),
        }),
        stand.intake.book(Submission {
            admitted: broken,
            key: broken_key,
            answers,
            beside: Beside::default(),
        }),
    );
    assert!(matches!(good, Ok(Booking::Booked(_))));
    assert_eq!(bad.is_err(), is_sqlite);
}

async fn two_servers_book_into_one_survey(world: World) {
    let stand = Stand::new(world).await;
    let other = Intake::start(stand.world.service.clone(), IntakeSettings::default())
        .await
        .unwrap();
    let tokens = stand.invite(60).await;
    let mut sent = Vec::new();
    for token in &tokens {
        let admitted = stand.by_invitation(token).await;
        sent.push((Arc::new(admitted.clone()), stand.form(&admitted)));
    }
    // Each form goes to both, as when a proxy repeats a request elsewhere.
    let bookings = join_all(sent.iter().flat_map(|(admitted, key)| {
        [&stand.intake, &other].map(|intake| {
            let submission = Submission {
                admitted: Admitted::clone(admitted),
                key: *key,
                answers: answers(GOOD),
                beside: Beside::default(),
            };
            intake.book(submission)
        })
    }))
    .await;
    let receipts: Vec<Receipt> = bookings
        .iter()
        .map(|booking| receipt(booking.as_ref().unwrap()))
        .collect();
    assert!(receipts.chunks(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 60)].into());
}

async fn whoever_runs_a_survey_is_asked_for_permission_and_logged(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    assert!(matches!(
        service
            .close_survey(&Actor::Anonymous, stand.survey, None)
            .await,
        Err(Fault::Denied)
    ));
    service
        .close_survey(&Actor::Operator, stand.survey, None)
        .await
        .unwrap();
    let again = service
        .close_survey(&Actor::Operator, stand.survey, None)
        .await;
    assert!(
        matches!(again, Err(Fault::Refused(refusals)) if refusals[0].code == "SURVEY_NOT_OPEN")
    );
    let unknown = service.open_survey(&Actor::Operator, Id::new(7)).await;
    assert!(matches!(unknown, Err(Fault::NotFound)));
    let page = service::audit::Page {
        after: 0,
        limit: 10,
    };
    let log = service::audit::list(&service.database.reader(), page)
        .await
        .unwrap();
    assert_eq!(log.len(), 1);
    assert!(
        log[0].body.contains(r#""action":"survey.close""#),
        "{}",
        log[0].body
    );
    assert_eq!(
        crate::stand::recount(service, stand.survey)
            .await
            .differences,
        []
    );
}

async fn nobody_is_asked_about_a_subject_that_the_survey_is_not_about(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let wanted = LinkFor {
        subject: Id::new(2),
        panel: "users".to_owned(),
        marks: Vec::new(),
    };
    let early = service
        .add_survey_link(&Actor::Operator, stand.survey, wanted.clone())
        .await
        .unwrap();
    let mut about_organs = definition();
    about_organs.categories = Some(vec!["organ".to_owned()]);
    let about_organs = serde_json::to_string(&about_organs).unwrap();
    let transaction = service.database.begin_write().await.unwrap();
    for sql in [
        format!("UPDATE survey SET definition = '{about_organs}'"),
        "UPDATE round_subject SET category = 'station' WHERE subject_id = 2".to_owned(),
    ] {
        transaction.execute_unprepared(&sql).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let told = |refused: Fault| match refused {
        Fault::Refused(refusals) => (refusals[0].code.clone(), refusals[0].message.clone()),
        other => panic!("{other:?}"),
    };
    let (code, message) = told(
        service
            .add_survey_link(&Actor::Operator, stand.survey, wanted)
            .await
            .unwrap_err(),
    );
    assert_eq!(code, "SURVEY_NOT_ABOUT_SUBJECT");
    assert!(message.contains("Bureau B (`station`)"), "{message}");
    let links = NewLinks {
        survey: stand.survey,
        panel: "users".to_owned(),
        marks: Vec::new(),
        subjects: vec![Id::new(1), Id::new(2)],
    };
    let refused = service.make_links(&Actor::Operator, &links).await;
    assert_eq!(told(refused.unwrap_err()).0, "SURVEY_NOT_ABOUT_SUBJECT");
    let invitations = NewInvitations {
        survey: stand.survey,
        subject: Id::new(2),
        panel: "users".to_owned(),
        marks: Vec::new(),
        count: 1,
    };
    let refused = service
        .issue_survey_invitations(&Actor::Operator, &invitations)
        .await;
    assert_eq!(told(refused.unwrap_err()).0, "SURVEY_NOT_ABOUT_SUBJECT");
    // A link from before leads nowhere, and the others are as they were.
    assert!(stand.intake.find_link(&early.code).await.unwrap().is_none());
    assert!(stand.intake.find_link(&stand.link).await.unwrap().is_some());
}

async fn a_link_that_could_never_be_answered_is_refused(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    let wanted = |subject: i64, panel: &str| LinkFor {
        subject: Id::new(subject),
        panel: panel.to_owned(),
        marks: Vec::new(),
    };
    for (subject, panel, code) in [
        (1, "nobody", "PANEL_UNKNOWN"),
        (99, "users", "SUBJECT_NOT_IN_ROUND"),
    ] {
        let refused = service
            .add_survey_link(&Actor::Operator, stand.survey, wanted(subject, panel))
            .await;
        assert!(
            matches!(refused, Err(Fault::Refused(refusals)) if refusals[0].code == code),
            "{code}"
        );
    }
    let link = service
        .add_survey_link(&Actor::Operator, stand.survey, wanted(2, "users"))
        .await
        .unwrap();
    assert_eq!(
        stand
            .intake
            .find_link(&link.code)
            .await
            .unwrap()
            .unwrap()
            .link
            .subject_name
            .zh,
        "乙局"
    );
    let new = NewInvitations {
        survey: stand.survey,
        subject: Id::new(2),
        panel: "users".to_owned(),
        marks: Vec::new(),
        count: 3,
    };
    assert_eq!(
        service
            .issue_survey_invitations(&Actor::Operator, &new)
            .await
            .unwrap()
            .len(),
        3
    );
    let progress = crate::stand::progress(service, stand.survey).await;
    assert_eq!(progress[0].issued, Some(3));
}
