//! Whatever is changed in an exported log or a package is found. `VERIFY_CASES=100000 cargo test -p mingjian-verify`
//! tries as many; without it a small share is tried.
//!
//! The files are made here and not by the program, so that these tests stand on the formats alone.

mod forge;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forge::{Export, KEYS, ORIGIN, Said, digest, export, root_of, sign};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tlog_tiles::record_hash;
use verify::finding::Finding;
use verify::kept::Kept;
use verify::log::{Log, Trust};
use verify::note::Keys;

/// How many changes are tried.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test says how much, and there is no other way to tell it"
)]
fn cases() -> ProptestConfig {
    let count = std::env::var("VERIFY_CASES").ok();
    let cases = count.map_or(300, |count| {
        count.parse().expect("VERIFY_CASES is a number")
    });
    ProptestConfig {
        cases,
        // One change in fifty leaves the file as it was, and is drawn again.
        max_global_rejects: cases.saturating_add(1024),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What an adversary does to a file, somewhere in it.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    CutOff(Index),
    RemoveLine(Index),
    RepeatLine(Index, Index),
    SwapLines(Index, Index),
    TakeLine(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || any::<Index>();
    prop_oneof![
        4 => (place(), any::<u8>()).prop_map(|(place, byte)| Change::Byte(place, byte)),
        2 => (place(), 1..40_usize).prop_map(|(place, length)| Change::Remove(place, length)),
        2 => (place(), prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(place, bytes)| Change::Insert(place, bytes)),
        1 => place().prop_map(Change::CutOff),
        2 => place().prop_map(Change::RemoveLine),
        2 => (place(), place()).prop_map(|(from, to)| Change::RepeatLine(from, to)),
        2 => (place(), place()).prop_map(|(one, other)| Change::SwapLines(one, other)),
        2 => (place(), place()).prop_map(|(from, to)| Change::TakeLine(from, to)),
    ]
}

/// The file after a change; lines may be taken from another file.
fn alter(file: &[u8], other: &[u8], change: &Change) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut mine = lines(file);
    match change {
        Change::Byte(place, byte) => {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
            return bytes;
        }
        Change::Remove(place, length) => {
            let place = place.index(bytes.len());
            let end = (place + length).min(bytes.len());
            bytes.drain(place..end);
            return bytes;
        }
        Change::Insert(place, new) => {
            let place = place.index(bytes.len() + 1);
            bytes.splice(place..place, new.iter().copied());
            return bytes;
        }
        Change::CutOff(place) => {
            bytes.truncate(place.index(bytes.len()));
            return bytes;
        }
        Change::RemoveLine(place) => {
            mine.remove(place.index(mine.len()));
        }
        Change::RepeatLine(from, to) => {
            let line = mine[from.index(mine.len())].clone();
            mine.insert(to.index(mine.len() + 1), line);
        }
        Change::SwapLines(one, other) => {
            let (one, other) = (one.index(mine.len()), other.index(mine.len()));
            mine.swap(one, other);
        }
        Change::TakeLine(from, to) => {
            let theirs = lines(other);
            let place = to.index(mine.len());
            mine[place].clone_from(&theirs[from.index(theirs.len())]);
        }
    }
    mine.concat()
}

fn ordinary(count: usize) -> Vec<Said> {
    (0..count)
        .map(|number| Said::new("score.award", &format!("sub_{number}"), digest(&[0])))
        .collect()
}

fn check(file: &[u8], last: &str) -> Result<Log, Vec<Finding>> {
    let trust = Trust {
        keys: None,
        kept: vec![Kept::find(last).unwrap()],
    };
    verify::log::check(file, &trust)
}

fn words(findings: &[Finding]) -> String {
    let words: Vec<&str> = findings.iter().map(|found| found.en.as_str()).collect();
    words.join("\n")
}

#[test]
fn a_log_that_nobody_touched_holds() {
    for count in 1..20 {
        let Export { file, last } = export(0, &ordinary(count));
        let log = check(file.as_bytes(), &last).unwrap_or_else(|found| panic!("{}", words(&found)));
        assert_eq!(log.keys.list(), [KEYS[0].1]);
    }
}

#[test]
fn a_log_signed_anew_with_another_key_is_not_believed() {
    let Export { last, .. } = export(0, &ordinary(7));
    let forged = export(1, &ordinary(7)).file;
    let found = check(forged.as_bytes(), &last).unwrap_err();
    assert!(
        words(&found).contains("no key that is believed"),
        "{}",
        words(&found)
    );
    let trust = Trust {
        keys: Some(Keys::read([KEYS[0].1.to_owned()]).unwrap()),
        kept: Vec::new(),
    };
    verify::log::check(forged.as_bytes(), &trust).unwrap_err();
}

#[test]
fn entries_behind_the_last_checkpoint_are_not_vouched_for() {
    let Export { file, last } = export(0, &ordinary(5));
    let longer = format!(
        "{file}{}\n",
        r#"{"action":"score.award","at":"","object":"sub_1","seq":"7","who":"stf_1"}"#
    );
    let found = check(longer.as_bytes(), &last).unwrap_err();
    assert!(words(&found).contains("not signed"), "{}", words(&found));
}

#[test]
fn every_checkpoint_must_be_there() {
    let Export { file, last } = export(0, &ordinary(8));
    let mut lines: Vec<&str> = file.split_inclusive('\n').collect();
    let first = lines
        .iter()
        .position(|line| line.starts_with(r#"{"checkpoint"#))
        .unwrap();
    lines.remove(first);
    let found = check(lines.concat().as_bytes(), &last).unwrap_err();
    assert!(
        words(&found).contains("in the log alone"),
        "{}",
        words(&found)
    );
}

#[test]
fn a_kept_checkpoint_is_found_in_a_mail_and_in_a_line() {
    let Export { file, last } = export(0, &ordinary(4));
    let mail = format!(
        "各位好：\r\n\r\n-----\r\n{}\r\n再见\r\n",
        last.replace('\n', "\r\n")
    );
    check(file.as_bytes(), &mail).unwrap();
    assert!(Kept::find("nothing of that kind").is_err());
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_change_to_a_log_is_found(count in 1..14_usize, change in change()) {
        let Export { file, last } = export(0, &ordinary(count));
        let other = export(1, &ordinary(count + 3)).file;
        let altered = alter(file.as_bytes(), other.as_bytes(), &change);
        prop_assume!(altered != file.as_bytes());
        prop_assert!(check(&altered, &last).is_err(), "{}", String::from_utf8_lossy(&altered));
    }

    #[test]
    fn any_change_to_a_proof_is_found(place in 0..9_usize, change in change()) {
        let (code, file) = proof(place);
        let altered = alter(file.as_bytes(), proof((place + 1) % 9).1.as_bytes(), &change);
        prop_assume!(altered != file.as_bytes());
        let keys = Keys::read([KEYS[0].1.to_owned()]).unwrap();
        let altered = String::from_utf8_lossy(&altered);
        prop_assert!(verify::receipt::check(&altered, &code, &keys).is_err(), "{altered}");
    }

    #[test]
    fn any_change_to_a_package_is_found(change in change()) {
        let (file, log) = (package(), log_of(&package()));
        let other = serde_json::to_vec_pretty(&package()).unwrap();
        let altered = alter(&canonical(&file), &other, &change);
        let same = altered.strip_suffix(b"\n").unwrap_or(&altered) == canonical(&file);
        prop_assume!(!same);
        prop_assert!(verify::package::check(&altered, &log).is_err());
    }
}

/// A receipt code and the proof for it, in a list of nine.
fn proof(place: usize) -> (String, String) {
    let code = |number: u8| [number; 16];
    let leaf = |number: u8| {
        let tag = Sha256::digest(code(number));
        [&tag[..], &[1], &Sha256::digest([number])[..]].concat()
    };
    let leaves: Vec<Vec<u8>> = (0..9).map(leaf).collect();
    let hashes: Vec<_> = leaves.iter().map(|leaf| record_hash(leaf)).collect();
    let mut lines = vec![
        "c2sp.org/tlog-proof@v1".to_owned(),
        format!("extra {}", STANDARD.encode(&leaves[place])),
        format!("index {place}"),
    ];
    let mut path = Vec::new();
    let (mut part, mut at) = (&hashes[..], place);
    while part.len() > 1 {
        let (left, right) = part.split_at(1 << (part.len() - 1).ilog2());
        if at < left.len() {
            path.push(root_of(right).to_string());
            part = left;
        } else {
            at -= left.len();
            path.push(root_of(left).to_string());
            part = right;
        }
    }
    lines.extend(path.into_iter().rev());
    let head = format!("{ORIGIN}/survey/svy_1\n9\n{}\n", root_of(&hashes));
    let number = u8::try_from(place).unwrap();
    let file = format!("{}\n\n{}", lines.join("\n"), sign(0, &head));
    (write_code(code(number)), file)
}

/// Sixteen bytes and twelve bits that depend on them, in Crockford's digits.
fn write_code(code: [u8; 16]) -> String {
    let check = Sha256::new()
        .chain_update("receipt")
        .chain_update(code)
        .finalize();
    let bytes = [&code[..], &check[..2]].concat();
    let bit = |place: usize| usize::from((bytes[place / 8] >> (7 - place % 8)) & 1);
    let digit = |place: usize| (0..5).fold(0, |digit, more| digit * 2 + bit(place * 5 + more));
    let digits: Vec<u8> = (0..28)
        .map(|place| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit(place)])
        .collect();
    String::from_utf8(digits).unwrap()
}

#[test]
fn a_proof_holds_for_its_receipt_alone() {
    let keys = Keys::read([KEYS[0].1.to_owned()]).unwrap();
    for place in 0..9 {
        let (code, file) = proof(place);
        let proven = verify::receipt::check(&file, &code, &keys).unwrap();
        assert_eq!((proven.place, proven.size), (place as u64 + 1, 9));
        let (other, _) = proof((place + 1) % 9);
        verify::receipt::check(&file, &other, &keys).unwrap_err();
        let typo = format!("Z{}", &code[1..]);
        verify::receipt::check(&file, &typo, &keys).unwrap_err();
        let strangers = Keys::read([KEYS[1].1.to_owned()]).unwrap();
        verify::receipt::check(&file, &code, &strangers).unwrap_err();
    }
}

fn canonical(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap()
}

const SALT: [u8; 32] = [3; 32];

/// A closed round with a sealed survey of three sheets, one of which is not counted, and a late one.
fn package() -> Value {
    let definition = json!({ "code": "public", "questions": [{ "code": "overall" }] });
    let tag = |number: u8| Sha256::digest([number; 16]);
    let group = |subject: &str, state: &str, sheets: &[(u8, u8)]| {
        let answers: String = sheets
            .iter()
            .map(|(_, answer)| hex::encode([*answer]))
            .collect();
        let receipts: String = sheets
            .iter()
            .map(|(number, _)| hex::encode(tag(*number)))
            .collect();
        json!({ "answers": answers, "channel": "web", "panel": "users", "receipts": receipts, "state": state,
            "subject": subject })
    };
    let mut late = group("u-1", "late", &[(4, 1)]);
    late.as_object_mut().unwrap().remove("receipts");
    let groups = [
        group("u-1", "valid", &[(1, 1), (2, 2)]),
        group("u-2", "invalid", &[(3, 1)]),
        late,
    ];
    let mut leaves: Vec<([u8; 32], Vec<u8>)> = Vec::new();
    for (subject, state, number, answer) in [
        ("u-1", "valid", 1_u8, 1_u8),
        ("u-1", "valid", 2, 2),
        ("u-2", "invalid", 3, 1),
    ] {
        let text = format!(
            "users\nweb\n{state}\n{subject}\n{}\n",
            hex::encode([answer])
        );
        let commitment = Sha256::new()
            .chain_update("mingjian-sheet/1\n")
            .chain_update(SALT)
            .chain_update(tag(number))
            .chain_update(text)
            .finalize();
        let leaf = [
            &tag(number)[..],
            &[u8::from(state == "valid")],
            &commitment[..],
        ]
        .concat();
        leaves.push((tag(number).into(), leaf));
    }
    leaves.sort();
    let hashes: Vec<_> = leaves.iter().map(|(_, leaf)| record_hash(leaf)).collect();
    let head = format!(
        "{ORIGIN}/survey/svy_1\n3\n{}\ndefinition {}\nsalt {}\n",
        root_of(&hashes),
        digest(&canonical(&definition)),
        digest(&SALT)
    );
    let inputs = json!({ "sheets": [{ "survey": "public" }], "tallies": [] });
    let scheme = "code = \"organ\"";
    json!({
        "engine": "1",
        "format": "mingjian-package/1",
        "outcome": { "engine": "1", "inputs_digest": digest(&canonical(&inputs)), "round": "r1",
            "scheme_digest": digest(scheme.as_bytes()) },
        "inputs": inputs,
        "revision": 1,
        "scheme": scheme,
        "sheets": [{ "definition": definition, "groups": groups,
            "seal": { "note": sign(0, &head), "salt": hex::encode(SALT), "survey": "svy_1" } }],
    })
}

/// The log of a round in which this package was taken out, whatever was done to it before.
fn log_of(taken_out: &Value) -> Log {
    let honest = package();
    let note = honest["sheets"][0]["seal"]["note"].as_str().unwrap();
    let keys = Keys::read([KEYS[0].1.to_owned()]).unwrap();
    let root = hex::encode(keys.check(note).unwrap().root);
    let said = [
        Said::new("survey.seal", "svy_1", root),
        Said::new(
            "round.close",
            "rnd_1",
            digest(&canonical(&honest["outcome"])),
        ),
        Said::new("round.export", "rnd_1", digest(&canonical(taken_out))),
    ];
    let Export { file, last } = export(0, &said);
    check(file.as_bytes(), &last).unwrap()
}

#[test]
fn a_package_that_nobody_touched_holds() {
    let package = package();
    let checked = verify::package::check(&canonical(&package), &log_of(&package));
    let checked = checked.unwrap_or_else(|found| panic!("{}", words(&found)));
    assert_eq!((checked.round.as_str(), checked.sheets), ("r1", 3));
}

#[test]
fn whoever_takes_a_changed_package_out_through_the_program_is_found_too() {
    type Forge = fn(&mut Value);
    let forgeries: [(&str, Forge, &str); 10] = [
        (
            "outcome",
            |p| p["outcome"]["round"] = json!("r2"),
            "closed with",
        ),
        (
            "scheme",
            |p| p["scheme"] = json!("code = \"other\""),
            "the scheme is not",
        ),
        (
            "inputs",
            |p| p["inputs"]["tallies"] = json!([{ "survey": "public" }]),
            "the inputs are not",
        ),
        (
            "engine",
            |p| p["engine"] = json!("2"),
            "version of the engine",
        ),
        ("revision", |p| p["revision"] = json!(2), "closed with"),
        (
            "an answer",
            |p| p["sheets"][0]["groups"][0]["answers"] = json!("0102".replace("02", "01")),
            "that were sealed",
        ),
        (
            "a state",
            |p| p["sheets"][0]["groups"][1]["state"] = json!("valid"),
            "that were sealed",
        ),
        (
            "a sheet more",
            |p| {
                let groups = p["sheets"][0]["groups"].as_array_mut().unwrap();
                let mut more = groups[1].clone();
                more["receipts"] = json!(digest(b"more"));
                groups.push(more);
            },
            "that were sealed",
        ),
        (
            "a question",
            |p| p["sheets"][0]["definition"]["questions"] = json!([]),
            "with these questions",
        ),
        (
            "the seal",
            |p| {
                p["sheets"][0].as_object_mut().unwrap().remove("seal");
            },
            "not sealed",
        ),
    ];
    for (what, forge, expected) in forgeries {
        let mut forged = package();
        forge(&mut forged);
        let found = verify::package::check(&canonical(&forged), &log_of(&forged)).unwrap_err();
        assert!(
            words(&found).contains(expected),
            "{what}: {}",
            words(&found)
        );
    }
    let mut without = package();
    without["sheets"] = json!([]);
    let found = verify::package::check(&canonical(&without), &log_of(&without)).unwrap_err();
    assert!(words(&found).contains("are missing"), "{}", words(&found));
}
