//! Access tokens: JWT, signed with Ed25519, good for minutes.
//!
//! A token says which session is asking and nothing of roles: what a person may do is read from the database. The time
//! is passed in, so the library's own checks of it are off and stand here instead.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{Auth, Secret};

/// For whom our tokens are. Another program that shares the key by mistake has another name.
const AUDIENCE: &str = "mingjian";

/// RFC 9068: a token of another kind, as an identity token, is no access token.
const TYPE: &str = "at+jwt";

/// Clocks of two servers may differ by this much, in seconds.
const LEEWAY: i64 = 5;

/// Ours have some 400 bytes; a longer one is not looked at.
const MAXIMUM_BYTES: usize = 2_048;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it: the public URL.
    pub iss: String,
    /// For whom: this program.
    pub aud: String,
    /// The staff member's id, `stf_…`.
    pub sub: String,
    /// The session's id.
    pub sid: String,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Not before, likewise.
    pub nbf: i64,
    /// Not from then on, likewise.
    pub exp: i64,
}

/// For whom a token is issued.
#[derive(Debug, Clone, Copy)]
pub struct Bearer<'a> {
    /// The staff member's id, `stf_…`.
    pub staff: &'a str,
    /// The session's id.
    pub session: &'a str,
}

/// A token and its end.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// What the client sends back.
    pub text: Secret,
    /// From when on it is refused.
    pub expires_at: DateTime<Utc>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It was ours and is over.
    #[error("the token has expired: refresh it or log in again")]
    Expired,
    /// Its time has not come: the clocks of two servers differ.
    #[error("the token is not valid yet: check the server's clock")]
    NotYet,
    /// It is none of ours.
    #[error("the token is not valid: log in again")]
    Invalid,
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The file holds something else.
    #[error(
        "`{key}` is no Ed25519 key in PKCS#8 PEM: make one with `openssl genpkey -algorithm ed25519`"
    )]
    Unreadable {
        /// The setting.
        key: &'static str,
    },
    /// The file holds something else than 32 bytes in hexadecimal.
    #[error("`{key}` is no 32 bytes in hexadecimal: make some with `openssl rand -hex 32`")]
    NotHexadecimal {
        /// The setting.
        key: &'static str,
    },
    /// The machine gives no random bytes, or the library refuses its own key.
    #[error("no key could be made")]
    NotMade,
    /// Signing failed.
    #[error("the token could not be signed: {0}")]
    NotSigned(jsonwebtoken::errors::Error),
}

/// Issues and verifies access tokens.
pub struct Tokens {
    signing: EncodingKey,
    signing_id: String,
    verifying: BTreeMap<String, DecodingKey>,
    issuer: String,
    lifetime: Duration,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The name of a key may be seen, the key may not.
        out.debug_struct("Tokens")
            .field("signing_id", &self.signing_id)
            .finish_non_exhaustive()
    }
}

struct Key {
    id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl Key {
    fn from_pair(pair: &Ed25519KeyPair) -> Result<Self, KeyFault> {
        let document = pair.to_pkcs8v1().map_err(|_| KeyFault::NotMade)?;
        let public = pair.public_key().as_ref();
        Ok(Self {
            // A name that follows from the key cannot be given to two.
            id: hex::encode(Sha256::digest(public).get(..8).unwrap_or_default()),
            signing: EncodingKey::from_ed_der(document.as_ref()),
            verifying: DecodingKey::from_ed_der(public),
        })
    }

    fn read(pem: &Secret, key: &'static str) -> Result<Self, KeyFault> {
        let document = read_key_document(pem, key)?;
        let pair =
            Ed25519KeyPair::from_pkcs8(&document).map_err(|_| KeyFault::Unreadable { key })?;
        Self::from_pair(&pair)
    }
}

/// The PKCS#8 document in a PEM text.
pub(crate) fn read_key_document(pem: &Secret, key: &'static str) -> Result<Vec<u8>, KeyFault> {
    let unreadable = || KeyFault::Unreadable { key };
    let inner = pem
        .expose()
        .trim()
        .strip_prefix("-----BEGIN PRIVATE KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"))
        .ok_or_else(unreadable)?;
    let packed: String = inner.split_whitespace().collect();
    STANDARD.decode(packed).map_err(|_| unreadable())
}

impl Tokens {
    /// Keys from the settings; without one, a key that lives as long as the process. `issuer` is the public URL.
    ///
    /// # Errors
    /// A key file holds something else.
    pub fn new(settings: &Auth, issuer: &str) -> Result<Self, KeyFault> {
        super::install_crypto();
        let current = match &settings.key {
            Some(pem) => Key::read(pem, "auth.key_file")?,
            None => Key::from_pair(&Ed25519KeyPair::generate().map_err(|_| KeyFault::NotMade)?)?,
        };
        let mut verifying = BTreeMap::from([(current.id.clone(), current.verifying)]);
        if let Some(pem) = &settings.previous_key {
            let previous = Key::read(pem, "auth.previous_key_file")?;
            verifying.insert(previous.id, previous.verifying);
        }
        Ok(Self {
            signing: current.signing,
            signing_id: current.id,
            verifying,
            issuer: issuer.to_owned(),
            lifetime: settings.access_lifetime,
        })
    }

    /// Issues a token that holds from `now` on.
    ///
    /// # Errors
    /// The library cannot sign.
    pub fn issue(&self, bearer: &Bearer<'_>, now: DateTime<Utc>) -> Result<AccessToken, KeyFault> {
        let issued = now.timestamp();
        let expires = issued.saturating_add_unsigned(self.lifetime.as_secs());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: bearer.staff.to_owned(),
            sid: bearer.session.to_owned(),
            iat: issued,
            nbf: issued,
            exp: expires,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.signing_id.clone());
        let text = encode(&header, &claims, &self.signing).map_err(KeyFault::NotSigned)?;
        let expires_at = DateTime::from_timestamp(expires, 0).unwrap_or(DateTime::<Utc>::MAX_UTC);
        Ok(AccessToken {
            text: Secret::new(text),
            expires_at,
        })
    }

    /// Verifies signature, kind, issuer, audience and time.
    ///
    /// # Errors
    /// The token does not hold at `now`. Which of several reasons it was is told only for the time.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenFault> {
        if token.len() > MAXIMUM_BYTES {
            return Err(TokenFault::Invalid);
        }
        let header = decode_header(token).map_err(|_| TokenFault::Invalid)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(TokenFault::Invalid);
        }
        // Each key verifies one algorithm; the header chooses the key, never the algorithm.
        let key = header
            .kid
            .and_then(|id| self.verifying.get(&id))
            .ok_or(TokenFault::Invalid)?;
        let claims = decode::<Claims>(token, key, &self.rules())
            .map_err(|_| TokenFault::Invalid)?
            .claims;
        let now = now.timestamp();
        if now >= claims.exp.saturating_add(LEEWAY) {
            return Err(TokenFault::Expired);
        }
        if now.saturating_add(LEEWAY) < claims.nbf {
            return Err(TokenFault::NotYet);
        }
        Ok(claims)
    }

    fn rules(&self) -> Validation {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "nbf", "exp"]);
        // By the clock that is passed in, in `verify`.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules
    }

    /// The names of the keys whose tokens are accepted, for `doctor`.
    pub fn key_ids(&self) -> BTreeSet<&str> {
        self.verifying.keys().map(String::as_str).collect()
    }
}
