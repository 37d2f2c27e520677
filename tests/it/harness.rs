//! What every other test takes for granted about its database and its mail.

use std::net::Ipv4Addr;

use support::mail::MailCatcher;
use support::{Database, World, on_both};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both!(
    a_fresh_database_is_migrated,
    two_databases_are_strangers,
    a_removed_database_is_gone,
    a_killed_server_comes_back_on_the_same_address
);

async fn a_fresh_database_is_migrated(world: World) {
    let pending = world.service.database.pending_migrations().await.unwrap();
    assert_eq!(pending, Vec::<String>::new());
}

async fn two_databases_are_strangers(world: World) {
    let other = Database::fresh(world.backend()).await;
    assert_ne!(world.database.url, other.url);
    other.remove().await;
    world.service.database.ping().await.unwrap();
}

async fn a_removed_database_is_gone(world: World) {
    let other = Database::fresh(world.backend()).await;
    let settings = service::database::DatabaseSettings::new(&other.url);
    let path = other.url.trim_start_matches("sqlite://").to_owned();
    other.remove().await;
    match world.backend() {
        support::Backend::Sqlite => assert!(!std::path::Path::new(&path).exists()),
        support::Backend::Postgresql => drop(service::Database::open(settings).await.unwrap_err()),
    }
}

async fn a_killed_server_comes_back_on_the_same_address(world: World) {
    let mut server = world.server().await;
    let url = server.url("/healthz");
    assert_eq!(
        reqwest::get(&url).await.unwrap().text().await.unwrap(),
        "ok\n"
    );
    server.kill().await;
    reqwest::get(&url).await.unwrap_err();
    server.restart().await;
    assert_eq!(
        reqwest::get(&url).await.unwrap().text().await.unwrap(),
        "ok\n"
    );
}

#[tokio::test]
async fn the_mail_catcher_keeps_what_it_is_sent() {
    let catcher = MailCatcher::start((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .unwrap();
    let mut client = TcpStream::connect(catcher.address).await.unwrap();
    let talk = "EHLO me\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\n\
                DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
    client.write_all(talk.as_bytes()).await.unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.unwrap();
    assert!(answers.ends_with("221 bye\r\n"), "{answers}");

    let messages = catcher.wait_for(1).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].sender, "a@example.com");
    assert_eq!(messages[0].recipients, ["b@example.com", "c@example.com"]);
    assert_eq!(messages[0].text, "Subject: x\n\n.dot\n");
}
