//! Access tokens: JWT, signed with Ed25519, good for minutes.
//!
//! A token says which session is asking and nothing of roles: what a person may do is read from the database. The time
//! is passed in, so the library's own checks of it are off and stand here instead.

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
        let unreadable = || KeyFault::Unreadable { key };
        let inner = pem
            .expose()
            .trim()
            .strip_prefix("-----BEGIN PRIVATE KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"))
            .ok_or_else(unreadable)?;
        let packed: String = inner.split_whitespace().collect();
        let document = STANDARD.decode(packed).map_err(|_| unreadable())?;
        let pair = Ed25519KeyPair::from_pkcs8(&document).map_err(|_| unreadable())?;
        Self::from_pair(&pair)
    }
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

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::config::{Purpose, Settings, Sources};

    const ISSUER: &str = "https://pj.example.org";
    const BEARER: Bearer<'_> = Bearer {
        staff: "stf_0000000000001",
        session: "7",
    };
    fn pem() -> String {
        let document = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
        let packed = STANDARD.encode(document);
        format!("-----BEGIN PRIVATE KEY-----\n{packed}\n-----END PRIVATE KEY-----\n")
    }

    fn settings(key: Option<&str>, previous: Option<&str>) -> Auth {
        let auth = Settings::load(Sources::default(), Purpose::Tool)
            .unwrap()
            .auth;
        let secret = |text: &str| Secret::new(text.to_owned());
        Auth {
            key: key.map(secret),
            previous_key: previous.map(secret),
            ..auth
        }
    }

    fn tokens() -> Tokens {
        Tokens::new(&settings(Some(&pem()), None), ISSUER).unwrap()
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn issue(tokens: &Tokens) -> String {
        tokens
            .issue(&BEARER, at(0))
            .unwrap()
            .text
            .expose()
            .to_owned()
    }

    /// A token with one claim or header field replaced, and a right signature.
    fn forge(tokens: &Tokens, change: impl FnOnce(&mut Header, &mut Value)) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(tokens.signing_id.clone());
        let now = at(0).timestamp();
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "stf_1", "sid": "7", "iat": now, "nbf": now, "exp": now + 300,
        });
        change(&mut header, &mut claims);
        encode(&header, &claims, &tokens.signing).unwrap()
    }

    #[test]
    fn a_token_is_known_again() {
        let tokens = tokens();
        let claims = tokens.verify(&issue(&tokens), at(1)).unwrap();
        assert_eq!(
            (claims.sub.as_str(), claims.sid.as_str()),
            (BEARER.staff, BEARER.session)
        );
        assert!(tokens.verify(&forge(&tokens, |_, _| {}), at(1)).is_ok());
    }

    #[test]
    fn it_holds_from_its_beginning_to_its_end_and_five_seconds_around() {
        let tokens = tokens();
        let token = issue(&tokens);
        for (second, expected) in [
            (-6, Err(TokenFault::NotYet)),
            (-5, Ok(())),
            (304, Ok(())),
            (305, Err(TokenFault::Expired)),
            (100_000, Err(TokenFault::Expired)),
        ] {
            assert_eq!(
                tokens.verify(&token, at(second)).map(|_| ()),
                expected,
                "{second}"
            );
        }
    }

    #[test]
    fn each_claim_must_be_there_and_right() {
        let tokens = tokens();
        for claim in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"] {
            let without = forge(&tokens, |_, claims| {
                claims.as_object_mut().unwrap().remove(claim);
            });
            assert_eq!(
                tokens.verify(&without, at(1)),
                Err(TokenFault::Invalid),
                "{claim}"
            );
        }
        for claim in ["iss", "aud"] {
            let other = forge(&tokens, |_, claims| {
                claims[claim] = json!("https://other.example")
            });
            assert_eq!(
                tokens.verify(&other, at(1)),
                Err(TokenFault::Invalid),
                "{claim}"
            );
        }
    }

    #[test]
    fn a_token_of_another_kind_or_of_an_unknown_key_is_refused() {
        let tokens = tokens();
        for kind in [None, Some("JWT"), Some("id+jwt")] {
            let token = forge(&tokens, |header, _| header.typ = kind.map(str::to_owned));
            assert_eq!(
                tokens.verify(&token, at(1)),
                Err(TokenFault::Invalid),
                "{kind:?}"
            );
        }
        for key in [None, Some("0000000000000000".to_owned())] {
            let token = forge(&tokens, |header, _| header.kid = key);
            assert_eq!(tokens.verify(&token, at(1)), Err(TokenFault::Invalid));
        }
    }

    #[test]
    fn a_token_signed_otherwise_or_not_at_all_is_refused() {
        let tokens = tokens();
        let token = issue(&tokens);
        let parts: Vec<&str> = token.split('.').collect();
        // Signed with another key of the same algorithm, under our key's name.
        let stranger = Tokens::new(&settings(None, None), ISSUER).unwrap();
        let foreign = forge(&stranger, |header, _| {
            header.kid = Some(tokens.signing_id.clone())
        });
        // The public key as a secret of HMAC, and no algorithm at all.
        let rewritten = |header: Value| {
            format!(
                "{}.{}.{}",
                URL_SAFE_NO_PAD.encode(header.to_string()),
                parts[1],
                parts[2]
            )
        };
        let id = &tokens.signing_id;
        for wrong in [
            foreign,
            rewritten(json!({ "alg": "HS256", "typ": TYPE, "kid": id })),
            rewritten(json!({ "alg": "none", "typ": TYPE, "kid": id })),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode("{}"), parts[2]),
            String::new(),
            "x".repeat(5_000),
        ] {
            assert_eq!(
                tokens.verify(&wrong, at(1)),
                Err(TokenFault::Invalid),
                "{wrong}"
            );
        }
    }

    #[test]
    fn tokens_of_the_previous_key_hold_while_it_is_configured() {
        let pem = pem();
        let old = Tokens::new(&settings(Some(&pem), None), ISSUER).unwrap();
        let token = issue(&old);
        let rotated = Tokens::new(&settings(None, Some(&pem)), ISSUER).unwrap();
        assert!(rotated.verify(&token, at(1)).is_ok());
        assert_eq!(rotated.key_ids().len(), 2);
        let forgotten = Tokens::new(&settings(None, None), ISSUER).unwrap();
        assert_eq!(forgotten.verify(&token, at(1)), Err(TokenFault::Invalid));
    }

    #[test]
    fn a_file_that_is_no_key_names_its_setting() {
        for wrong in [
            "",
            "hello",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        ] {
            let fault = Tokens::new(&settings(Some(wrong), None), ISSUER).unwrap_err();
            assert!(fault.to_string().contains("auth.key_file"), "{fault}");
        }
    }
}
