//! A mail server that prints what it is sent: `mail-catcher 127.0.0.1:2525`. For trying things out
//! without a mail server; tests use the library.

use std::net::{Ipv4Addr, SocketAddr};

use support::mail::MailCatcher;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = match std::env::args().nth(1) {
        Some(address) => address.parse()?,
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    };
    let catcher = MailCatcher::start(address).await?;
    println!("listening on {}", catcher.address);
    let mut seen = 0;
    loop {
        for message in catcher.wait_beyond(seen).await {
            seen += 1;
            println!("to {}\n{}", message.recipients.join(", "), message.text);
        }
    }
}
