//! A small share of the faults that `tests/fault` makes in large numbers: enough to notice what breaks.

#[path = "../fault/draw.rs"]
mod draw;
#[path = "../fault/hostile.rs"]
mod hostile;
#[path = "../fault/kill.rs"]
mod kill;
#[path = "../fault/race.rs"]
mod race;

use std::time::Duration;

use draw::Draw;
use support::{World, on_both};

on_both!(
    no_acknowledged_answer_is_lost_or_doubled_by_kills,
    answers_racing_a_closing_are_in_the_tally_or_refused_as_closed,
    copies_of_a_form_sent_at_once_make_one_sheet,
    of_several_people_who_close_a_round_one_does,
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

async fn others_are_served_while_hostile_documents_come_in(world: World) {
    let fared = hostile::run(&world.database, 40, Draw::seeded(4)).await;
    println!(
        "p99 of others: {:.1} ms, then {:.1} ms",
        fared.before, fared.during
    );
    assert!(fared.worst < Duration::from_secs(5), "{fared:?}");
}
