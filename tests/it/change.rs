//! Changing an answer while the survey is open: the code that comes with the receipt, and nothing else, lets another
//! sheet take the place of the first.

use std::time::Duration;

use domain::survey::SheetState;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};
use service::intake::{
    Admitted, Booking, ChangeCode, FormKey, Receipt, ReceiptStatus, RefusedAnswer, Standing,
};
use service::survey;
use support::{World, on_both};

use crate::intake::{GOOD, Stand, definition, receipt};

on_both!(
    what_was_changed_is_kept_and_the_counts_follow,
    a_retry_of_a_change_gets_the_same_receipt,
    of_many_changes_of_one_sheet_at_once_one_is_booked,
    copies_of_one_change_sent_at_once_make_one_sheet,
    only_the_code_that_came_with_the_receipt_changes_anything,
    a_survey_that_allows_no_changes_gives_no_codes,
    changes_racing_the_closing_are_in_or_refused,
    a_change_may_be_changed_again,
);

const BAD: &[(&str, &str)] = &[("speed", "bad"), ("more", "想过以后")];

/// An answer by an invitation, with what it takes to change it.
async fn answered(stand: &Stand) -> (Receipt, Admitted) {
    let token = stand.invite(1).await.remove(0);
    let admitted = stand.by_invitation(&token).await;
    let receipt = receipt(&stand.book(&admitted, stand.form(&admitted), GOOD).await);
    let change = open(stand, &admitted, receipt).await;
    (receipt, change)
}

/// What lets the holder of a receipt change its answers.
async fn open(stand: &Stand, answered: &Admitted, receipt: Receipt) -> Admitted {
    let code = stand
        .intake
        .change_code(answered.survey(), &receipt)
        .unwrap();
    // As somebody types it who wrote it down.
    let typed = ChangeCode::parse(&code.expose().to_lowercase().replace('-', " ")).unwrap();
    let state = stand
        .intake
        .find_change(&receipt, &typed)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((state.is_over, state.standing), (false, Standing::Open));
    assert_eq!(state.subject_name.unwrap().zh, "甲局");
    state.admitted
}

async fn status(stand: &Stand, receipt: Receipt) -> ReceiptStatus {
    stand.intake.find_receipt(&receipt).await.unwrap()
}

async fn what_was_changed_is_kept_and_the_counts_follow(world: World) {
    let stand = Stand::changeable(world).await;
    let (old, change) = answered(&stand).await;
    let invitations = list_invitations(&stand).await;
    let new = receipt(&stand.book(&change, stand.form(&change), BAD).await);
    assert_ne!(new, old);
    assert_eq!(
        [status(&stand, old).await, status(&stand, new).await],
        [ReceiptStatus::Replaced, ReceiptStatus::Counted]
    );
    assert_eq!(
        stand.sheets().await,
        [(SheetState::Valid, 1), (SheetState::Changed, 1)].into()
    );
    let reader = stand.world.service.database.reader();
    let tallies = survey::list_tallies(&reader, stand.survey, &definition())
        .await
        .unwrap();
    let tally = tallies.values().next().unwrap();
    // Speed was good and is bad, manner was bad and has no answer, and there are words now.
    assert_eq!(
        [
            tally.count(0, 0),
            tally.count(0, 1),
            tally.count(1, 1),
            tally.count(2, 0)
        ],
        [0, 1, 0, 1]
    );
    assert_eq!(
        list_invitations(&stand).await,
        invitations,
        "no invitation has a part in it"
    );

    // Too fast: the new sheet does not count, and what it took the place of does not either.
    let change = open(&stand, &change, new).await;
    let key = stand.intake.make_key(&change).unwrap();
    let fast = receipt(&stand.book(&change, key, GOOD).await);
    assert_eq!(status(&stand, fast).await, ReceiptStatus::NotCounted);
    assert_eq!(
        stand.sheets().await,
        [(SheetState::Invalid, 1), (SheetState::Changed, 2)].into()
    );
}

/// Every invitation as it stands in the database.
async fn list_invitations(stand: &Stand) -> Vec<(Vec<u8>, String)> {
    let reader = stand.world.service.database.reader();
    let sql = "SELECT token_hash, state FROM invitation ORDER BY token_hash";
    let statement = Statement::from_string(reader.get_database_backend(), sql);
    let rows = reader.query_all_raw(statement).await.unwrap();
    rows.iter()
        .map(|row| {
            (
                row.try_get_by_index(0).unwrap(),
                row.try_get_by_index(1).unwrap(),
            )
        })
        .collect()
}

async fn a_retry_of_a_change_gets_the_same_receipt(world: World) {
    let stand = Stand::changeable(world).await;
    let (_, change) = answered(&stand).await;
    let key = stand.form(&change);
    let first = stand.book(&change, key, BAD).await;
    receipt(&first);
    assert_eq!(stand.book(&change, key, BAD).await, first);
    let other = stand.book(&change, key, GOOD).await;
    assert_eq!(other, Booking::Refused(RefusedAnswer::OtherAnswers));
    stand.close().await;
    assert_eq!(
        stand.book(&change, key, BAD).await,
        first,
        "also once it is closed"
    );
    assert_eq!(
        stand.sheets().await,
        [(SheetState::Valid, 1), (SheetState::Changed, 1)].into()
    );
}

async fn of_many_changes_of_one_sheet_at_once_one_is_booked(world: World) {
    let stand = Stand::changeable(world).await;
    let (old, change) = answered(&stand).await;
    let keys: Vec<FormKey> = (0..16).map(|_| stand.form(&change)).collect();
    let sent = keys.into_iter().map(|key| stand.book(&change, key, BAD));
    let bookings = join_all(sent).await;
    let late = Booking::Refused(RefusedAnswer::Changed);
    assert_eq!(bookings.iter().filter(|one| **one == late).count(), 15);
    assert_eq!(
        stand.sheets().await,
        [(SheetState::Valid, 1), (SheetState::Changed, 1)].into()
    );
    assert_eq!(status(&stand, old).await, ReceiptStatus::Replaced);
    let code = stand.intake.change_code(change.survey(), &old).unwrap();
    let state = stand
        .intake
        .find_change(&old, &code)
        .await
        .unwrap()
        .unwrap();
    assert!(state.is_over);
}

async fn copies_of_one_change_sent_at_once_make_one_sheet(world: World) {
    let stand = Stand::changeable(world).await;
    let (_, change) = answered(&stand).await;
    let key = stand.form(&change);
    let bookings = join_all((0..32).map(|_| stand.book(&change, key, BAD))).await;
    for booking in &bookings {
        assert_eq!(receipt(booking), receipt(&bookings[0]));
    }
    assert_eq!(
        stand.sheets().await,
        [(SheetState::Valid, 1), (SheetState::Changed, 1)].into()
    );
}

async fn only_the_code_that_came_with_the_receipt_changes_anything(world: World) {
    let stand = Stand::changeable(world).await;
    let token = stand.invite(1).await.remove(0);
    let admitted = stand.by_invitation(&token).await;
    let mine = receipt(&stand.book(&admitted, stand.form(&admitted), GOOD).await);
    let again = stand.book(&admitted, stand.form(&admitted), BAD).await;
    assert_eq!(
        again,
        Booking::Refused(RefusedAnswer::AlreadyAnswered),
        "not the invitation"
    );
    let link = stand.by_link().await;
    let other = receipt(&stand.book(&link, stand.form(&link), GOOD).await);
    let code = stand.intake.change_code(link.survey(), &other).unwrap();
    assert!(
        stand
            .intake
            .find_change(&mine, &code)
            .await
            .unwrap()
            .is_none(),
        "not another's code"
    );
    // A form that was drawn for another sheet.
    let change = open(&stand, &link, other).await;
    let foreign = stand.form(&admitted);
    let refused = stand.book(&change, foreign, BAD).await;
    assert_eq!(refused, Booking::Refused(RefusedAnswer::ForeignForm));
    assert_eq!(stand.sheets().await, [(SheetState::Valid, 2)].into());
    assert_eq!(format!("{code:?}"), "ChangeCode(***)");
}

async fn a_survey_that_allows_no_changes_gives_no_codes(world: World) {
    let stand = Stand::new(world).await;
    let link = stand.by_link().await;
    let receipt = receipt(&stand.book(&link, stand.form(&link), GOOD).await);
    assert!(stand.intake.change_code(link.survey(), &receipt).is_none());
}

async fn changes_racing_the_closing_are_in_or_refused(world: World) {
    let stand = Stand::changeable(world).await;
    let link = stand.by_link().await;
    let mut sent = Vec::new();
    for _ in 0..24 {
        let old = receipt(&stand.book(&link, stand.form(&link), GOOD).await);
        let change = open(&stand, &link, old).await;
        let key = stand.form(&change);
        sent.push((change, key));
    }
    let bookings = join_all(sent.iter().enumerate().map(|(place, (change, key))| {
        let stand = &stand;
        async move {
            if place == 8 {
                stand.close().await;
            }
            stand.book(change, *key, BAD).await
        }
    }))
    .await;
    let closed = Booking::Refused(RefusedAnswer::Closed);
    let refused = bookings.iter().filter(|one| **one == closed).count();
    let booked = bookings
        .iter()
        .filter(|one| matches!(one, Booking::Booked(_)))
        .count();
    assert_eq!(booked + refused, 24);
    assert!(refused > 0, "the one that closed it comes too late itself");
    let sheets = stand.sheets().await;
    assert_eq!(sheets[&SheetState::Valid], 24);
    let changed = sheets.get(&SheetState::Changed).copied().unwrap_or(0);
    assert_eq!(changed, u64::try_from(booked).unwrap());
}

async fn a_change_may_be_changed_again(world: World) {
    let stand = Stand::changeable(world).await;
    let (mut last, mut change) = answered(&stand).await;
    for round in 0..3 {
        let pairs = if round % 2 == 0 { BAD } else { GOOD };
        last = receipt(&stand.book(&change, stand.form(&change), pairs).await);
        change = open(&stand, &change, last).await;
        stand.world.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(status(&stand, last).await, ReceiptStatus::Counted);
    assert_eq!(
        stand.sheets().await,
        [(SheetState::Valid, 1), (SheetState::Changed, 3)].into()
    );
}
