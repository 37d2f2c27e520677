//! `mingjian staff`: accounts, by a password that is shown once or by an invitation that is mailed. There is no default
//! password anywhere.

use std::path::Path;

use clap::Subcommand;
use domain::access::{Actor, Grant, Role};
use domain::id::{Id, Subject};
use service::page::Page;
use service::staff::identity::Identity;
use service::staff::{Staff, StaffDraft};
use service::{IdSource, Service};

use super::database::{load_settings, of_fault, open_migrated};
use super::{Failure, print};
use crate::auth::password::Passwords;
use crate::config::{Purpose, Secret};

/// What can be done with accounts from the terminal.
#[derive(Debug, Subcommand)]
pub(super) enum StaffCommand {
    /// Add an account; its password is made up and printed once.
    Add {
        /// The name to log in with.
        login: String,
        /// The name to show.
        #[arg(long)]
        name: String,
        /// A role: `round_administrator`, `inspector`, `reviewer`, `auditor`, `security_administrator` or `unit_reporter`.
        /// May be repeated.
        #[arg(long = "role", required = true, value_name = "ROLE", value_parser = parse_role)]
        roles: Vec<Role>,
        /// Limit the roles to one category.
        #[arg(long)]
        category: Option<String>,
        /// Code of the unit that a `unit_reporter` speaks for.
        #[arg(long)]
        subject: Option<String>,
    },
    /// Remove the second factor of somebody who lost it, and end the account's sessions.
    RemoveFactor {
        /// The name to log in with.
        login: String,
    },
    /// Let the owner of an account log in by the provider of OpenID Connect that the settings name.
    BindIdentity {
        /// The name to log in with.
        login: String,
        /// The provider, as its tokens name it: its address.
        #[arg(long)]
        issuer: String,
        /// The person, as the provider's tokens name them; whoever comes with an unknown one is told it.
        #[arg(long)]
        subject: String,
    },
    /// Take that away again, and end the account's sessions.
    RemoveIdentity {
        /// The name to log in with.
        login: String,
    },
    /// Add an account whose owner chooses the password by a link that a worker mails.
    Invite {
        /// The name to log in with.
        login: String,
        /// The name to show.
        #[arg(long)]
        name: String,
        /// The address to which the link is mailed.
        #[arg(long)]
        email: String,
        /// A role, as for `add`. May be repeated.
        #[arg(long = "role", required = true, value_name = "ROLE", value_parser = parse_role)]
        roles: Vec<Role>,
        /// Limit the roles to one category.
        #[arg(long)]
        category: Option<String>,
        /// Code of the unit that a `unit_reporter` speaks for.
        #[arg(long)]
        subject: Option<String>,
    },
}

fn parse_role(word: &str) -> Result<Role, String> {
    Role::find(word).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.into_iter().map(Role::word).collect();
        format!("there are: {}", known.join(", "))
    })
}

/// Does it.
pub(super) async fn run(config: Option<&Path>, command: StaffCommand) -> Result<(), Failure> {
    let settings = load_settings(config, Purpose::Tool)?;
    let service = open_migrated(&settings).await?;
    let said = match command {
        StaffCommand::Add {
            login,
            name,
            roles,
            category,
            subject,
        } => {
            let subject = find_subject(&service, subject.as_deref()).await?;
            let account = NewAccount {
                login,
                name,
                grants: grants_of(roles, category.as_deref(), subject),
            };
            let passwords = Passwords::new().map_err(|fault| Failure::new(fault.to_string()))?;
            let (staff, password) = add(&service, &passwords, account).await?;
            format!(
                "login: {}\npassword: {}\nThe password is shown this once; only its hash is kept.\n",
                staff.login,
                password.expose()
            )
        }
        StaffCommand::BindIdentity {
            login,
            issuer,
            subject,
        } => {
            let staff = get(&service, &login).await?;
            let identity = Identity { issuer, subject };
            let bound = service.bind_identity(&Actor::Operator, staff.id, identity);
            let bound = bound.await.map_err(|fault| of_fault(&fault))?;
            format!("{}: logs in by the provider of identities\n", bound.login)
        }
        StaffCommand::RemoveIdentity { login } => {
            let staff = get(&service, &login).await?;
            let left = service.remove_identity(&Actor::Operator, staff.id);
            let left = left.await.map_err(|fault| of_fault(&fault))?;
            format!("{}: no identity any more\n", left.login)
        }
        StaffCommand::RemoveFactor { login } => {
            let staff = get(&service, &login).await?;
            service
                .remove_factor(&Actor::Operator, staff.id)
                .await
                .map_err(|fault| of_fault(&fault))?;
            format!("{}: no second factor any more\n", staff.login)
        }
        StaffCommand::Invite {
            login,
            name,
            email,
            roles,
            category,
            subject,
        } => {
            let subject = find_subject(&service, subject.as_deref()).await?;
            let draft = StaffDraft {
                login,
                name,
                email: Some(email),
                password_hash: None,
                grants: grants_of(roles, category.as_deref(), subject),
            };
            let staff = service
                .add_staff(&Actor::Operator, draft)
                .await
                .map_err(|fault| of_fault(&fault))?;
            format!(
                "login: {}\nThe server or the worker mails the link.\n",
                staff.login
            )
        }
    };
    service.database.close().await;
    print(said.as_bytes())
}

/// The account of a log-in name.
async fn get(service: &Service, login: &str) -> Result<Staff, Failure> {
    let mut after = None;
    loop {
        let page = Page { after, first: 500 };
        let part = service
            .list_staff(&Actor::Operator, page)
            .await
            .map_err(|fault| of_fault(&fault))?;
        after = part.rows.last().map(|staff| staff.login.clone());
        if let Some(found) = part.rows.into_iter().find(|staff| staff.login == login) {
            return Ok(found);
        }
        if !part.has_more {
            return Err(Failure::new(format!("there is no account `{login}`")));
        }
    }
}

/// The subject of a code.
async fn find_subject(
    service: &Service,
    code: Option<&str>,
) -> Result<Option<Id<Subject>>, Failure> {
    let Some(code) = code else {
        return Ok(None);
    };
    super::subject::find(service, code).await.map(Some)
}

fn grants_of(roles: Vec<Role>, category: Option<&str>, subject: Option<Id<Subject>>) -> Vec<Grant> {
    let grant = |role| Grant {
        role,
        region: None,
        category: category.map(str::to_owned),
        round: None,
        subject: subject.filter(|_| role == Role::UnitReporter),
    };
    roles.into_iter().map(grant).collect()
}

/// An account that does not have a password yet.
pub(super) struct NewAccount {
    pub login: String,
    pub name: String,
    pub grants: Vec<Grant>,
}

/// Adds an account and says its password.
pub(super) async fn add(
    service: &Service,
    passwords: &Passwords,
    account: NewAccount,
) -> Result<(Staff, Secret), Failure> {
    let password = make_password(&service.ids)?;
    let password_hash = passwords
        .hash(password.clone())
        .await
        .map_err(|fault| Failure::new(fault.to_string()))?;
    let draft = StaffDraft {
        login: account.login,
        name: account.name,
        email: None,
        password_hash: Some(password_hash),
        grants: account.grants,
    };
    let staff = service
        .add_staff(&Actor::Operator, draft)
        .await
        .map_err(|fault| of_fault(&fault))?;
    Ok((staff, password))
}

/// Letters and digits that nobody takes for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// 16 characters with 80 random bits, in groups that can be read out.
fn make_password(ids: &IdSource) -> Result<Secret, Failure> {
    let bytes: [u8; 16] = ids.bytes().map_err(|fault| of_fault(&fault))?;
    let mut text = String::new();
    for (place, byte) in bytes.into_iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte & 31)]));
    }
    Ok(Secret::new(text))
}
