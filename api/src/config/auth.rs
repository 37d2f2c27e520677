//! Settings of staff log-in.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::access::{CombinedRoles, Role, RolePair};

use super::reader::Reader;
use super::{Purpose, Secret};

/// Staff log-in.
#[derive(Debug, Clone)]
pub struct Auth {
    /// PKCS#8 PEM of the Ed25519 key that signs access tokens; `None` makes one that lives as long as the process.
    pub key: Option<Secret>,
    /// The key before it, whose tokens are still accepted while they last.
    pub previous_key: Option<Secret>,
    /// What seals the secrets of second factors, 32 bytes in hexadecimal; without it nobody can have one.
    pub factor_key: Option<Secret>,
    /// Roles that grant nothing to an account without a second factor.
    pub factor_roles: BTreeSet<Role>,
    /// The roles that one person may hold together here, though others keep them apart.
    pub combined_roles: Option<CombinedRoles>,
    /// How lately a second factor must have been shown for a step that cannot be taken back or gives rights.
    pub fresh_factor: Duration,
    /// Life of an access token.
    pub access_lifetime: Duration,
    /// Life of a refresh token, counted from log-in or from the last use.
    pub refresh_lifetime: Duration,
    /// Life of an invitation, and of the link to the very first account.
    pub invitation_lifetime: Duration,
    /// Life of a link to a new password.
    pub reset_lifetime: Duration,
    /// Log-ins per minute from one address.
    pub address_logins_per_minute: u32,
    /// Log-ins per minute for one account.
    pub account_logins_per_minute: u32,
}

/// A line on every result.
const LONGEST_REASON: usize = 200;

pub(super) fn read(reader: &mut Reader, purpose: Purpose) -> Auth {
    let key = reader.secret_file(
        "auth.key_file",
        "PEM file (PKCS#8) of the Ed25519 key that signs access tokens; required by `serve`. \
         Make one with `openssl genpkey -algorithm ed25519`",
    );
    if key.is_none() && purpose == Purpose::Production {
        reader.fault(
            "auth.key_file",
            "is missing: make a key with `openssl genpkey -algorithm ed25519 -out FILE`",
        );
    }
    let factor_key = reader.secret_file(
        "auth.factor_key_file",
        "file of the key that seals second factors in the database, 32 bytes in hexadecimal; without it nobody can have one. \
         Make one with `openssl rand -hex 32`, and keep it for good",
    );
    let words: Vec<String> = reader.value(
        "auth.factor_roles",
        Vec::new(),
        "roles that grant nothing to an account without a second factor, as `security_administrator,auditor`",
    );
    let mut factor_roles = BTreeSet::new();
    for word in &words {
        match Role::find(word) {
            Some(role) => {
                factor_roles.insert(role);
            }
            None => reader.fault("auth.factor_roles", format!("`{word}` is no role")),
        }
    }
    if factor_key.is_none() && !factor_roles.is_empty() {
        reader.fault(
            "auth.factor_roles",
            "goes together with `auth.factor_key_file`: without a key nobody can have a second factor",
        );
    }
    let combined_roles = read_combined(reader);
    Auth {
        combined_roles,
        factor_key,
        factor_roles,
        key,
        previous_key: reader.secret_file(
            "auth.previous_key_file",
            "the key before it, while its tokens still last",
        ),
        fresh_factor: reader.seconds(
            "auth.fresh_factor_seconds",
            900,
            60..=86_400,
            "how lately whoever has a second factor must have shown it to close, reopen, publish or adjust, or to change \
             accounts",
        ),
        access_lifetime: reader.seconds(
            "auth.access_seconds",
            300,
            30..=3_600,
            "life of an access token",
        ),
        refresh_lifetime: reader.seconds(
            "auth.refresh_seconds",
            43_200,
            300..=2_592_000,
            "life of a refresh token",
        ),
        invitation_lifetime: reader.seconds(
            "auth.invitation_seconds",
            259_200,
            600..=2_592_000,
            "life of an invitation, and of the link to the very first account",
        ),
        reset_lifetime: reader.seconds(
            "auth.reset_seconds",
            3_600,
            300..=86_400,
            "life of a link to a new password",
        ),
        address_logins_per_minute: reader.number(
            "auth.address_logins_per_minute",
            30,
            1..=100_000,
            "log-ins per minute from one address; as many requests for a new password",
        ),
        account_logins_per_minute: reader.number(
            "auth.account_logins_per_minute",
            6,
            1..=100_000,
            "log-ins per minute for one account; as many requests for a new password",
        ),
    }
}

fn read_combined(reader: &mut Reader) -> Option<CombinedRoles> {
    const ROLES: &str = "auth.combined_roles";
    const REASON: &str = "auth.combined_roles_reason";
    let words: Vec<String> = reader.value(
        ROLES,
        Vec::new(),
        "the two roles that a small office lets one person hold together, as `round_administrator,reviewer`; every result \
         says so",
    );
    let reason: String = reader.value(
        REASON,
        String::new(),
        "why, in the words that every result shows",
    );
    let reason = reason.trim().to_owned();
    if words.is_empty() && reason.is_empty() {
        return None;
    }
    let roles: Option<Vec<Role>> = words.iter().map(|word| Role::find(word)).collect();
    let pair = match roles.as_deref() {
        Some([one, other]) => RolePair::new(*one, *other),
        _ => None,
    };
    if pair.is_none() {
        let message = "name two of `round_administrator`, `reviewer` and `security_administrator`: an auditor writes \
                       nothing, and other roles may be held together anyway";
        reader.fault(ROLES, message);
    }
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        let message =
            format!("goes together with `{ROLES}`: say why in at most {LONGEST_REASON} characters");
        reader.fault(REASON, message);
    }
    pair.map(|roles| CombinedRoles { roles, reason })
}
