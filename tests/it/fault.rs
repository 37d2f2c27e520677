//! A small share of the faults that `tests/fault` makes in large numbers: enough to notice what breaks.

#[path = "../fault/draw.rs"]
mod draw;
#[path = "../fault/hostile.rs"]
mod hostile;
#[path = "../fault/kill.rs"]
mod kill;
#[path = "../fault/mail.rs"]
mod mail;
#[path = "../fault/outage.rs"]
mod outage;
#[path = "../fault/race.rs"]
mod race;
#[path = "../fault/slow.rs"]
mod slow;

use std::time::Duration;

use draw::Draw;
use support::{World, on_both};

on_both!(
    no_acknowledged_answer_is_lost_or_doubled_by_kills,
    answers_racing_a_closing_are_in_the_tally_or_refused_as_closed,
    copies_of_a_form_sent_at_once_make_one_sheet,
    of_several_people_who_close_a_round_one_does,
    mails_come_under_one_name_through_faults_and_deaths,
    a_full_disk_loses_nothing_and_the_server_recovers,
    others_are_served_while_connections_dawdle,
    others_are_served_while_hostile_documents_come_in
);

async fn no_acknowledged_answer_is_lost_or_doubled_by_kills(world: World) {
    kill::run(&world.database, 10, Draw::seeded(1)).await;
}

async fn answers_racing_a_closing_are_in_the_tally_or_refused_as_closed(world: World) {
    race::closing(&world.database, 400, Draw::seeded(2)).await;
}

async fn copies_of_a_form_sent_at_once_make_one_sheet(world: World) {
    race::copies(&world.database, 5, 20).await;
}

async fn of_several_people_who_close_a_round_one_does(world: World) {
    race::closers(&world.database, Draw::seeded(3)).await;
}

async fn mails_come_under_one_name_through_faults_and_deaths(world: World) {
    let went = mail::run(&world.database, 12, Draw::seeded(5)).await;
    assert!(went.troubles > 10 && went.again > 0, "{went:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_of_postgresql_lose_nothing_and_the_server_recovers() {
    let went = outage::restarts(3, Draw::seeded(6)).await;
    assert_eq!(went.acknowledged, 600);
}

async fn a_full_disk_loses_nothing_and_the_server_recovers(world: World) {
    match outage::full_disks(world.backend(), 3, Draw::seeded(7)).await {
        Some(went) => assert_eq!(went.acknowledged, 600),
        None => println!("not run: a disk can be mounted by root alone"),
    }
}

async fn others_are_served_while_connections_dawdle(world: World) {
    let slowed = slow::run(&world.database, 600).await;
    println!(
        "p99 of others: {:.1} ms, then {:.1} ms",
        slowed.before, slowed.during
    );
    assert!(slowed.memory < 300, "{slowed:?}");
}

async fn others_are_served_while_hostile_documents_come_in(world: World) {
    let fared = hostile::run(&world.database, 40, Draw::seeded(4)).await;
    println!(
        "p99 of others: {:.1} ms, then {:.1} ms",
        fared.before, fared.during
    );
    assert!(fared.worst < Duration::from_secs(5), "{fared:?}");
}
