//! The outbox: each job to one worker at a time, until it is done or given up.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use service::outbox::{self, Claim, Failure, Fate, Job, NewJob};
use support::{World, on_both};

on_both!(
    eight_workers_at_once_get_each_job_once,
    a_job_of_a_transaction_that_failed_never_was,
    a_job_is_not_given_out_before_it_is_due,
    a_lease_that_ran_out_passes_the_job_on,
    a_failure_puts_the_job_off_and_the_last_one_gives_it_up,
    what_was_done_long_ago_is_removed_and_what_waits_is_not,
);

const LEASE: Duration = Duration::from_mins(1);

async fn add(world: &World, count: usize) {
    let transaction = world.service.database.begin_write().await.unwrap();
    for number in 0..count {
        let new = NewJob {
            kind: "mail",
            body: &number.to_string(),
            due_at: world.now(),
        };
        outbox::add(&transaction, &world.service.ids, new)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn claim(world: &World, limit: u32) -> Vec<Job> {
    let claim = Claim {
        now: world.now(),
        lease: LEASE,
        limit,
    };
    outbox::claim(&world.service.database, claim).await.unwrap()
}

async fn waiting(world: &World) -> u64 {
    outbox::count_waiting(&world.service.database.reader())
        .await
        .unwrap()
}

async fn eight_workers_at_once_get_each_job_once(world: World) {
    add(&world, 200).await;
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let jobs = claim(&world, 7).await;
                    if jobs.is_empty() {
                        return mine;
                    }
                    for job in jobs {
                        assert!(
                            outbox::finish(&world.service.database, &job, world.now())
                                .await
                                .unwrap()
                        );
                        mine.push(job.body);
                    }
                }
            })
        })
        .collect();
    let mut done = Vec::new();
    for worker in workers {
        done.extend(worker.await.unwrap());
    }
    assert_eq!(done.len(), 200);
    assert_eq!(done.into_iter().collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(waiting(&world).await, 0);
}

async fn a_job_of_a_transaction_that_failed_never_was(world: World) {
    let transaction = world.service.database.begin_write().await.unwrap();
    let new = NewJob {
        kind: "mail",
        body: &(),
        due_at: world.now(),
    };
    outbox::add(&transaction, &world.service.ids, new)
        .await
        .unwrap();
    drop(transaction);
    assert_eq!(claim(&world, 10).await, Vec::new());
}

async fn a_job_is_not_given_out_before_it_is_due(world: World) {
    let transaction = world.service.database.begin_write().await.unwrap();
    for hours in [3, 1, 2] {
        let due_at = world.now() + TimeDelta::hours(hours);
        let new = NewJob {
            kind: "mail",
            body: &hours.to_string(),
            due_at,
        };
        outbox::add(&transaction, &world.service.ids, new)
            .await
            .unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(claim(&world, 10).await, Vec::new());
    world.clock.advance(Duration::from_hours(2));
    let bodies: Vec<String> = claim(&world, 10)
        .await
        .into_iter()
        .map(|job| job.body)
        .collect();
    assert_eq!(bodies, [r#""1""#, r#""2""#], "the longest due first");
    assert_eq!(waiting(&world).await, 3);
}

async fn a_lease_that_ran_out_passes_the_job_on(world: World) {
    let database = &world.service.database;
    add(&world, 1).await;
    let slow = claim(&world, 1).await.remove(0);
    assert_eq!(claim(&world, 1).await, Vec::new(), "the lease lasts");
    world.clock.advance(LEASE);
    let other = claim(&world, 1).await.remove(0);
    assert_eq!((other.id, other.attempt), (slow.id, 2));

    assert!(!outbox::finish(database, &slow, world.now()).await.unwrap());
    let failure = Failure {
        now: world.now(),
        fault: "too slow",
    };
    assert_eq!(
        outbox::fail(database, &slow, failure).await.unwrap(),
        Fate::NotOurs
    );
    assert!(outbox::finish(database, &other, world.now()).await.unwrap());
    assert_eq!(waiting(&world).await, 0);
}

async fn a_failure_puts_the_job_off_and_the_last_one_gives_it_up(world: World) {
    add(&world, 1).await;
    let start = world.now();
    let mut failures = 0;
    loop {
        let job = claim(&world, 1).await.remove(0);
        failures += 1;
        let fault = "no route to host ".repeat(100);
        let failure = Failure {
            now: world.now(),
            fault: &fault,
        };
        match outbox::fail(&world.service.database, &job, failure)
            .await
            .unwrap()
        {
            Fate::RetryAt(due_at) => {
                assert_eq!(claim(&world, 1).await, Vec::new(), "not before it is due");
                world.clock.set(due_at);
            }
            Fate::GivenUp => break,
            Fate::NotOurs => panic!("nobody else works here"),
        }
    }
    assert_eq!(failures, 30);
    assert!(
        world.now() - start > TimeDelta::hours(20),
        "an outage of most of a day is survived"
    );
    assert_eq!(waiting(&world).await, 0);
}

async fn what_was_done_long_ago_is_removed_and_what_waits_is_not(world: World) {
    add(&world, 3).await;
    let database = &world.service.database;
    let jobs = claim(&world, 2).await;
    assert!(
        outbox::finish(database, &jobs[0], world.now())
            .await
            .unwrap()
    );
    world.clock.advance(Duration::from_secs(30));
    assert!(
        outbox::finish(database, &jobs[1], world.now())
            .await
            .unwrap()
    );
    let before = world.now() - TimeDelta::seconds(1);
    assert_eq!(outbox::remove_done(database, before).await.unwrap(), 1);
    assert_eq!(outbox::remove_done(database, world.now()).await.unwrap(), 1);
    world.clock.advance(Duration::from_hours(24 * 365));
    assert_eq!(outbox::remove_done(database, world.now()).await.unwrap(), 0);
    assert_eq!(waiting(&world).await, 1);
}
