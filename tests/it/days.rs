//! When the sheets of a survey came in: by days, from counts that a worker writes down after midnight.

use std::time::Duration;

use domain::access::Actor;
use domain::survey::Days;
use sea_orm::{ConnectionTrait, EntityTrait};
use service::intake::Booking;
use support::{World, on_both};

use crate::stand::{Stand, subject};

on_both!(
    sheets_are_counted_by_days_once_the_survey_is_closed,
    a_day_is_counted_once_however_many_workers_look,
);

const OPERATOR: &Actor = &Actor::Operator;

async fn answer(stand: &Stand, unit: usize, count: usize) {
    for _ in 0..count {
        let booked = stand.answer(unit, "good").await;
        assert!(matches!(booked, Booking::Booked(_)), "{booked:?}");
    }
}

/// The next day begins, and a worker looks.
async fn sleep(stand: &Stand) {
    stand.world.clock.advance(Duration::from_hours(24));
    stand.world.service.count_survey_days().await.unwrap();
}

#[expect(clippy::unnecessary_wraps, reason = "what is withheld is nothing")]
fn days(list: &[(&str, &str, u64)]) -> Option<Vec<Days>> {
    let days = list.iter().map(|(from, to, sheets)| Days {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        sheets: *sheets,
    });
    Some(days.collect())
}

async fn sheets_are_counted_by_days_once_the_survey_is_closed(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    service.count_survey_days().await.unwrap();
    answer(&stand, 1, 12).await;
    answer(&stand, 2, 4).await;
    sleep(&stand).await;
    sleep(&stand).await;
    answer(&stand, 1, 3).await;
    answer(&stand, 2, 7).await;
    sleep(&stand).await;
    answer(&stand, 1, 9).await;
    // Two more were not valid, so they are counted in a row of their own.
    let transaction = service.database.begin_write().await.unwrap();
    let sql = format!(
        "INSERT INTO sheet_tally (survey_id, subject_id, panel, channel, state, count) \
         VALUES ({}, 1, 'users', 'web', 'invalid', 2)",
        stand.survey.number()
    );
    transaction.execute_unprepared(&sql).await.unwrap();
    transaction.commit().await.unwrap();
    let lines = async || {
        let found = service.list_time_lines_of(OPERATOR, &[stand.survey]).await;
        found.unwrap().remove(&stand.survey)
    };
    assert_eq!(lines().await, None);
    service
        .close_survey(OPERATOR, stand.survey, None)
        .await
        .unwrap();
    let found = lines().await.unwrap();
    assert_eq!(
        found.each[&subject(1)],
        days(&[
            ("2026-03-02", "2026-03-02", 12),
            ("2026-03-03", "2026-03-05", 14)
        ])
    );
    assert_eq!(
        found.each[&subject(2)],
        days(&[("2026-03-02", "2026-03-05", 11)])
    );
    // Cut after the first day all together would tell of the four.
    assert_eq!(
        found.all,
        days(&[
            ("2026-03-02", "2026-03-04", 26),
            ("2026-03-05", "2026-03-05", 11)
        ])
    );
}

async fn a_day_is_counted_once_however_many_workers_look(world: World) {
    let stand = Stand::new(world).await;
    let service = &stand.world.service;
    answer(&stand, 1, 3).await;
    stand.world.clock.advance(Duration::from_hours(24));
    let looks = (0..8).map(|_| service.count_survey_days());
    let counted = futures_util::future::join_all(looks).await;
    let counted: usize = counted.into_iter().map(Result::unwrap).sum();
    assert_eq!(counted, 1);
    answer(&stand, 1, 3).await;
    let database = &service.database;
    let before = database.statement_count();
    assert_eq!(service.count_survey_days().await.unwrap(), 0);
    assert_eq!(database.statement_count() - before, 1);
    let rows = entity::sheet_day::Entity::find()
        .all(&database.reader())
        .await;
    let rows: Vec<(i64, String, i64)> = (rows.unwrap().into_iter())
        .map(|row| (row.subject_id, row.day_on, row.sheets))
        .collect();
    assert_eq!(rows, [(1, "2026-03-02".to_owned(), 3)]);
}
