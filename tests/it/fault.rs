//! A small share of the faults that `tests/fault` makes in large numbers: enough to notice what breaks.

#[path = "../fault/draw.rs"]
pub(super) mod draw;
#[path = "../fault/hostile.rs"]
mod hostile;
#[path = "../fault/kill.rs"]
mod kill;
#[path = "../fault/mail.rs"]
mod mail;
#[path = "../fault/outage.rs"]
mod outage;
#[path = "../fault/power/mod.rs"]
mod power;
#[path = "../fault/race.rs"]
mod race;
#[path = "../fault/slow.rs"]
mod slow;

use std::time::Duration;

use draw::Draw;
use power::disk::{Disk, Files};
use power::trace::Event;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_of_the_power_lose_nothing_acknowledged_on_sqlite() {
    match power::run(10, Draw::seeded(8)).await {
        Some(went) => assert!(
            went.cuts == 10 && went.lacking > 0 && went.looked_for > 0,
            "{went:?}"
        ),
        None => println!("not run: the shim that records what is written is for Linux"),
    }
}

#[test]
fn after_a_cut_what_was_synced_is_there_and_what_was_not_may_be() {
    let write = |inode, offset, byte| Event::Write {
        inode,
        offset,
        bytes: vec![byte; 1024],
    };
    let name = || "new".to_owned();
    let events = [
        Event::Open {
            inode: 2,
            name: "old".to_owned(),
        },
        write(2, 0, b'A'),
        Event::Sync { inode: 2 },
        write(2, 1024, b'B'),
        Event::Create {
            inode: 3,
            name: name(),
        },
        write(3, 0, b'C'),
        Event::Sync { inode: 3 },
        Event::SyncFolder,
        Event::Unlink { name: name() },
    ];
    let before = Files::from([("old".to_owned(), vec![b'.'; 2048])]);
    let mut draw = Draw::seeded(9);
    let mut cut = |end: usize| {
        let mut disk = Disk::with(&before);
        events[..end].iter().for_each(|event| disk.take(event));
        disk.cut(&mut draw)
    };
    let (mut all, mut none, mut torn) = (0, 0, 0);
    let (mut named, mut removed) = (0, 0);
    for _ in 0..200 {
        let found = cut(events.len() - 2);
        let (synced, other) = found.files["old"].split_at(1024);
        assert_eq!(synced, [b'A'; 1024], "synced");
        let sectors: Vec<bool> = (other.chunks(512))
            .map(|sector| {
                let reached = sector == [b'B'; 512];
                assert!(reached || sector == [b'.'; 512], "whole sectors");
                reached
            })
            .collect();
        match sectors[..] {
            [true, true] => all += 1,
            [false, false] => none += 1,
            _ => torn += 1,
        }
        // A file is synced, its name is not.
        match found.files.get("new") {
            Some(bytes) => {
                assert_eq!(*bytes, [b'C'; 1024], "synced");
                named += 1;
            }
            None => assert!(found.lacks, "a name is missing"),
        }
        assert!(
            cut(events.len() - 1).files.contains_key("new"),
            "the folder is synced"
        );
        removed += usize::from(!cut(events.len()).files.contains_key("new"));
    }
    let seen = [all, none, torn, named, removed];
    assert!(
        seen.iter().all(|count| (1..200).contains(count)),
        "each now and then: {seen:?}"
    );
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
