//! The log: numbered without gaps, and only ever added to.

use sea_orm::ConnectionTrait;
use service::audit::{self, Entry, LoggedEntry, Page, leaf_hash};
use service::database::Engine;
use support::{World, on_both};

on_both!(
    numbers_have_no_gaps_whoever_writes_and_whoever_rolls_back,
    an_entry_says_its_own_number_and_carries_its_leaf,
    an_entry_names_the_request_in_which_it_was_made,
    a_number_out_of_turn_is_refused,
    the_log_is_listed_page_by_page,
);

const ENTRY: Entry<'static> = Entry {
    at: chrono::DateTime::<chrono::Utc>::UNIX_EPOCH,
    who: "stf_1",
    role: Some("inspector"),
    action: "score.add",
    object: "sub_1",
    before: None,
    after: None,
    reason: None,
    approver: None,
};

async fn entries(world: &World) -> Vec<LoggedEntry> {
    let page = Page {
        after: 0,
        limit: 1_000,
    };
    audit::list(&world.service.database.reader(), page)
        .await
        .unwrap()
}

async fn numbers_have_no_gaps_whoever_writes_and_whoever_rolls_back(world: World) {
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let database = world.service.database.clone();
            tokio::spawn(async move {
                let transaction = database.begin_write().await.unwrap();
                let seq = audit::append(&transaction, &ENTRY).await.unwrap();
                if number % 4 == 0 {
                    transaction.rollback().await.unwrap();
                    return None;
                }
                transaction.commit().await.unwrap();
                Some(seq)
            })
        })
        .collect();
    let mut given = Vec::new();
    for task in tasks {
        given.extend(task.await.unwrap());
    }
    given.sort_unstable();
    let expected: Vec<i64> = (1..=48).collect();
    assert_eq!(given, expected);
    let logged: Vec<i64> = entries(&world)
        .await
        .iter()
        .map(|entry| entry.seq)
        .collect();
    assert_eq!(logged, expected);
}

async fn an_entry_says_its_own_number_and_carries_its_leaf(world: World) {
    for _ in 0..3 {
        let transaction = world.service.database.begin_write().await.unwrap();
        audit::append(&transaction, &ENTRY).await.unwrap();
        transaction.commit().await.unwrap();
    }
    for entry in entries(&world).await {
        let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap();
        assert_eq!(body["seq"], entry.seq.to_string());
        assert_eq!(body["who"], "stf_1");
        assert_eq!(entry.leaf_hash, leaf_hash(entry.body.as_bytes()));
    }
}

async fn an_entry_names_the_request_in_which_it_was_made(world: World) {
    let database = &world.service.database;
    for database in [database, &database.of_request("a-request")] {
        let transaction = database.begin_write().await.unwrap();
        audit::append(&transaction, &ENTRY).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let named: Vec<serde_json::Value> = entries(&world)
        .await
        .iter()
        .map(|entry| serde_json::from_str::<serde_json::Value>(&entry.body).unwrap())
        .map(|body| body["request_id"].clone())
        .collect();
    assert_eq!(named, [serde_json::Value::Null, "a-request".into()]);
}

async fn a_number_out_of_turn_is_refused(world: World) {
    let hash = match world.service.database.engine() {
        Engine::Sqlite => "zeroblob(32)",
        Engine::Postgres => "decode(repeat('00', 32), 'hex')",
    };
    for seq in [0, 2, 7] {
        let transaction = world.service.database.begin_write().await.unwrap();
        let sql = format!(
            "INSERT INTO audit_event (seq, body, leaf_hash) VALUES ({seq}, '{{}}', {hash})"
        );
        transaction.execute_unprepared(&sql).await.unwrap_err();
    }
}

async fn the_log_is_listed_page_by_page(world: World) {
    let transaction = world.service.database.begin_write().await.unwrap();
    for _ in 0..5 {
        audit::append(&transaction, &ENTRY).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let reader = world.service.database.reader();
    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = audit::list(&reader, Page { after, limit: 2 })
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = last.seq;
        pages.push(page.len());
    }
    assert_eq!(pages, [2, 2, 1]);
}
