//! What a token must be to be accepted, claim by claim.

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
            claims[claim] = json!("https://other.example");
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
        header.kid = Some(tokens.signing_id.clone());
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
