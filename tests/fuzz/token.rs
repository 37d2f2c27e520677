//! Whatever comes back from outside and says who somebody is, or what something is: access tokens, codes that people
//! type, ids and cursors. None that was not issued is accepted, and what is read is written in one way.

use api::auth::token::{Bearer, Tokens};
use api::config::{Auth, Purpose, Secret, Settings, Sources};
use api::graphql::connection::Window;
use api::graphql::persisted::Digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use domain::id::{self, Id, Kind};
use service::intake::{ChangeCode, FormKey, InvitationToken, Receipt};

use super::change::Stock;
use super::draw::Draw;
use super::watch::Watch;

const ISSUER: &str = "https://pj.example.org";
const MOST: usize = 8 * 1024;

/// What an Ed25519 key in PKCS#8 begins with; its 32 bytes follow.
const KEY: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

pub struct Codes {
    ours: Tokens,
    issued: Vec<String>,
    /// Of another house that has our name: right in everything but the key.
    foreign: Vec<String>,
    now: DateTime<Utc>,
    stock: Stock,
}

impl Codes {
    pub fn new() -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
        let (ours, others) = (tokens(7), tokens(8));
        let issue = |tokens: &Tokens, number: i64| {
            let (staff, session) = (Id::<id::Staff>::new(number), Id::<id::Session>::new(number));
            let bearer = Bearer {
                staff: &staff.to_string(),
                session: &session.to_string(),
            };
            let token = tokens.issue(&bearer, now).expect("a token");
            token.text.expose().to_owned()
        };
        let issued: Vec<String> = (1..40).map(|number| issue(&ours, number)).collect();
        let foreign: Vec<String> = (1..40).map(|number| issue(&others, number)).collect();
        let mut draw = Draw::seeded(3);
        let mut documents = [issued.clone(), foreign.clone()].concat();
        // Codes of every length, ids of every kind, cursors and digests.
        for bytes in [10_usize, 16, 18, 20, 21, 29, 32] {
            let count = (bytes * 8).div_ceil(5);
            documents.extend((0..20).map(|_| code(count, &mut draw)));
        }
        documents.extend((0..40).filter_map(|_| receipt(&mut draw)));
        documents.extend((1..20).map(|number| Id::<id::Subject>::new(number << 40).to_string()));
        documents.extend((1..20).map(|number| Id::<id::Round>::new(i64::MAX - number).to_string()));
        documents.extend((1..20).map(|number| URL_SAFE_NO_PAD.encode(format!("rounds:{number}"))));
        documents.extend((1..9).map(|number| Digest::of(&number.to_string()).to_string()));
        Self {
            ours,
            issued,
            foreign,
            now,
            stock: Stock::new(documents, MOST),
        }
    }

    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        let any = |list: &[String], draw: &mut Draw| list[draw.place(list.len())].clone();
        match draw.below(8) {
            0 => {
                // Parts of different tokens, of ours or of others.
                let mut parts = Vec::new();
                for place in 0..3 {
                    let list = [&self.issued, &self.foreign][draw.place(2)];
                    let token = any(list, draw);
                    parts.extend(token.split('.').nth(place).map(str::to_owned));
                }
                parts.join(".").into_bytes()
            }
            1 | 2 => self.tamper(&any(&self.issued, draw), draw),
            3 => {
                // As people type: other letters, spaces, wide forms.
                let text = String::from_utf8_lossy(self.stock.draw(draw)).into_owned();
                let typed: String = text.chars().map(|c| typed(c, draw)).collect();
                self.stock.change(typed.into_bytes(), draw)
            }
            _ => self.stock.make(draw),
        }
    }

    /// A token with another part inside, written as tokens are: another algorithm, kind, key, bearer or end.
    fn tamper(&self, token: &str, draw: &mut Draw) -> Vec<u8> {
        const OTHERS: [(&str, &str); 12] = [
            ("EdDSA", "none"),
            ("EdDSA", "HS256"),
            ("EdDSA", "ES256"),
            ("at+jwt", "JWT"),
            ("\"kid\"", "\"jku\""),
            ("\"alg\"", "\"crit\":[\"exp\"],\"alg\""),
            ("mingjian", "minjian"),
            ("stf_00", "stf_01"),
            ("ses_00", "ses_01"),
            ("180000", "990000"),
            ("\"exp\"", "\"Exp\""),
            ("https", "http"),
        ];
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        let place = draw.place(3);
        let bytes = URL_SAFE_NO_PAD.decode(&parts[place]).unwrap_or_default();
        let changed = if place == 2 {
            // A signature as a number: the same value in another form must not be another signature.
            let mut bytes = bytes;
            match draw.below(3) {
                0 => add_order(&mut bytes),
                1 => bytes.extend([0; 2]),
                _ => bytes = self.stock.change(bytes, draw),
            }
            bytes
        } else if draw.below(2) == 0 {
            let (from, to) = OTHERS[draw.place(OTHERS.len())];
            let text = String::from_utf8_lossy(&bytes).replace(from, to);
            text.into_bytes()
        } else {
            self.stock.change(bytes, draw)
        };
        parts[place] = match draw.below(4) {
            0 => URL_SAFE.encode(changed),
            1 => STANDARD.encode(changed),
            _ => URL_SAFE_NO_PAD.encode(changed),
        };
        let spare = draw.below(8) == 0;
        if spare && let Some(last) = parts[2].pop() {
            // The last character of a signature has bits to spare.
            let next = char::from_u32(u32::from(last) + 1).unwrap_or(last);
            parts[2].push(next);
        }
        parts.join(".").into_bytes()
    }

    /// Returns whether anything was accepted.
    pub fn judge(&self, input: &[u8], watch: &mut Watch) -> bool {
        let text = String::from_utf8_lossy(input);
        let verified = watch.time("an access token", || self.ours.verify(&text, self.now));
        let is_issued = self.issued.iter().any(|issued| **issued == *text);
        assert_eq!(verified.is_ok(), is_issued, "issued here: {verified:?}");
        let mut known = is_issued;
        if let Ok(claims) = &verified {
            assert!(claims.sub.parse::<Id<id::Staff>>().is_ok(), "{claims:?}");
            let late = self.now + chrono::TimeDelta::days(400);
            assert!(self.ours.verify(&text, late).is_err(), "for ever");
        }
        let mut take = |what: &str, read: Option<String>| {
            let Some(written) = read else { return };
            known = true;
            assert_eq!(plain(&text), plain(&written), "{what} says something else");
        };
        take(
            "an invitation",
            watch
                .time("an invitation", || InvitationToken::parse(&text))
                .map(|one| {
                    let written = one.expose();
                    assert!(InvitationToken::parse(&written) == Some(one));
                    written
                }),
        );
        take(
            "a form key",
            watch
                .time("a form key", || FormKey::parse(&text))
                .map(|one| {
                    let written = one.to_string();
                    assert_eq!(FormKey::parse(&written), Some(one));
                    written
                }),
        );
        take(
            "a receipt",
            watch
                .time("a receipt", || Receipt::parse(&text))
                .ok()
                .map(|one| {
                    let written = one.to_string();
                    assert_eq!(Receipt::parse(&written), Ok(one));
                    written
                }),
        );
        take(
            "a code for changes",
            watch
                .time("a code for changes", || ChangeCode::parse(&text))
                .map(|one| {
                    let written = one.expose();
                    assert!(ChangeCode::parse(&written) == Some(one));
                    written
                }),
        );
        known |= id::<id::Subject>(&text, watch)
            | id::<id::Round>(&text, watch)
            | id::<id::Staff>(&text, watch);
        if let Some(digest) = watch.time("the name of a document", || Digest::parse(&text)) {
            let digits = text.strip_prefix("sha256:").unwrap_or(&text);
            assert!(digest.to_string().eq_ignore_ascii_case(digits));
            known = true;
        }
        let window = Window {
            first: 1,
            after: Some(text.clone().into_owned()),
        };
        let page = watch.time("a cursor", || window.page::<i64>("rounds"));
        if let Some(after) = page.ok().and_then(|page| page.after) {
            let decoded = URL_SAFE_NO_PAD.decode(text.as_bytes()).unwrap_or_default();
            let written = String::from_utf8_lossy(&decoded).into_owned();
            let number = written.strip_prefix("rounds:").map(str::parse);
            assert_eq!(number, Some(Ok(after)), "a place of this list");
            known = true;
        }
        known
    }
}

/// Whether a text is an id of this kind; if so there is no other text for it.
fn id<K: Kind>(text: &str, watch: &mut Watch) -> bool {
    match watch.time("an id", || text.parse::<Id<K>>()) {
        Ok(id) => {
            assert_eq!(id.to_string(), text);
            assert!(id.number() >= 0);
            true
        }
        Err(fault) => {
            assert!(fault.to_string().len() < 400, "what is shown is cut short");
            false
        }
    }
}

/// A code without what people may put in or write otherwise.
fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    };
    let is_between = |c: &char| {
        matches!(
            c,
            ' ' | '-' | '\u{3000}' | '\u{2013}' | '\u{2014}' | '\n' | '\r' | '\t'
        )
    };
    let digit = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    text.chars()
        .map(narrow)
        .filter(|c| !is_between(c))
        .map(digit)
        .collect()
}

fn typed(c: char, draw: &mut Draw) -> char {
    match (draw.below(24), c) {
        (0, '!'..='~') => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        (1, '0') => 'o',
        (2, '1') => ['l', 'I', 'i'][draw.place(3)],
        (3..9, _) => c.to_ascii_lowercase(),
        (9, '-') => ['\u{2013}', ' ', '\u{3000}'][draw.place(3)],
        _ => c,
    }
}

/// A code of so many characters whose last one has no bits to spare.
fn code(count: usize, draw: &mut Draw) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut text: String = (1..count)
        .map(|_| char::from(ALPHABET[draw.place(32)]))
        .collect();
    text.push('0');
    text
}

/// A receipt: a code whose check was found by trying.
fn receipt(draw: &mut Draw) -> Option<String> {
    let body = code(26, draw);
    // Two bits of the body are in its last character and ten more of the check follow it.
    (0..1 << 14).find_map(|check: u32| {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let digit = |bits: u32| char::from(ALPHABET[(bits & 31) as usize]);
        let text: String = body[..25]
            .chars()
            .chain([digit(check >> 10), digit(check >> 5), digit(check)])
            .collect();
        Receipt::parse(&text).ok().map(|one| one.to_string())
    })
}

/// Adds the order of the curve to the number in the second half of a signature.
fn add_order(signature: &mut [u8]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, of_order) in signature.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(of_order) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}

/// Tokens signed with a key that is the same in each run.
fn tokens(key: u8) -> Tokens {
    let document = STANDARD.encode([&KEY[..], &[key; 32]].concat());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{document}\n-----END PRIVATE KEY-----\n");
    let settings = Settings::load(Sources::default(), Purpose::Tool).expect("defaults");
    let settings = Auth {
        key: Some(Secret::new(pem)),
        ..settings.auth
    };
    Tokens::new(&settings, ISSUER).expect("a key")
}
