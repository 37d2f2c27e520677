//! `mingjian token`: tokens by which programs of front-end teams read.

use std::path::Path;

use clap::Subcommand;
use domain::access::Actor;
use service::Service;
use service::page::Page;
use service::program::{ServiceToken, ServiceTokenDraft};

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print, region, round};
use crate::config::Purpose;

/// What can be done with tokens from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token; it is printed once.
    Add {
        /// What it is called.
        name: String,
        /// How many days it holds, at most 366.
        #[arg(long)]
        days: u32,
        /// It reads rounds that are not published as well.
        #[arg(long)]
        live: bool,
        /// Only within the region of this code.
        #[arg(long, value_name = "CODE", requires = "live")]
        region: Option<String>,
        /// Only the round of this code.
        #[arg(long, value_name = "CODE", requires = "live")]
        round: Option<String>,
    },
    /// List the tokens.
    List,
    /// Revoke a token at once.
    Revoke {
        /// What it is called.
        name: String,
    },
}

/// Does it.
pub(super) async fn run(config: Option<&Path>, command: TokenCommand) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let said = match command {
        TokenCommand::Add {
            name,
            days,
            live,
            region,
            round,
        } => {
            let draft = ServiceTokenDraft {
                name,
                reads_live: live,
                region: match region {
                    Some(code) => Some(region::get(&service, &code).await?.id),
                    None => None,
                },
                round: match round {
                    Some(code) => Some(round::get(&service, &code).await?.id),
                    None => None,
                },
                days,
            };
            let made = service
                .add_service_token(&Actor::Operator, draft)
                .await
                .map_err(|fault| of_fault(&fault))?;
            format!(
                "{}\nThe token is shown this once; only its hash is kept. It ends at {}.\n",
                made.secret, made.token.expires_at
            )
        }
        TokenCommand::List => list(&service).await?.iter().map(describe).collect(),
        TokenCommand::Revoke { name } => {
            let all = list(&service).await?;
            let token = all.iter().find(|token| token.name == name);
            let token = token.ok_or_else(|| Failure::new(format!("there is no token `{name}`")))?;
            service
                .revoke_service_token(&Actor::Operator, token.id)
                .await
                .map_err(|fault| of_fault(&fault))?;
            format!("{name}: revoked\n")
        }
    };
    service.database.close().await;
    print(said.as_bytes())
}

async fn list(service: &Service) -> Result<Vec<ServiceToken>, Failure> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = Page { after, first: 500 };
        let part = service
            .list_service_tokens(&Actor::Operator, page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        after = part.rows.last().map(|token| token.name.clone());
        all.extend(part.rows);
        if !part.has_more {
            return Ok(all);
        }
    }
}

fn describe(token: &ServiceToken) -> String {
    let reads = if token.reads_live {
        "live"
    } else {
        "published"
    };
    let used = token
        .used_on
        .map_or_else(|| "never used".to_owned(), |day| format!("used {day}"));
    let revoked = if token.is_revoked { ", revoked" } else { "" };
    format!(
        "{}: {reads}, ends {}, {used}{revoked}\n",
        token.name,
        token.expires_at.date_naive()
    )
}
