//! Canonical JSON: the same bytes in whatever order a document is given, the bytes of the library that others check
//! with, and the same again when they are read and written. What it cannot hold exactly it refuses, and nothing else.

use std::collections::BTreeSet;
use std::fmt;

use domain::canonical::{LARGEST, to_vec};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use support::project;

use super::change::Stock;
use super::draw::Draw;
use super::watch::Watch;

const MOST: usize = 64 * 1024;

pub struct Canonical(Stock);

impl Canonical {
    pub fn new() -> Self {
        let files = project::files_ending(&project::root().join("tests/corpus"), "json");
        let mut documents: Vec<String> = files.iter().map(|file| project::read(file)).collect();
        let mut draw = Draw::seeded(2);
        documents.extend((0..500).map(|_| write(&mut draw)));
        Self(Stock::new(documents, MOST))
    }

    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        match draw.below(4) {
            0 => write(draw).into_bytes(),
            1 => self.0.change(write(draw).into_bytes(), draw),
            _ => self.0.make(draw),
        }
    }

    /// Returns whether the document has a canonical form.
    pub fn judge(input: &[u8], watch: &mut Watch) -> bool {
        let Ok(document) = serde_json::from_slice::<Tree>(input) else {
            return false;
        };
        let written = watch.time("writing", || to_vec(&document));
        let Ok(written) = written else {
            assert!(!document.is_exact(), "a document is refused");
            return false;
        };
        assert!(document.is_exact(), "a document is not refused");
        let others = serde_json_canonicalizer::to_vec(&document).expect("exact numbers");
        assert_same(&written, &others, "as the library of others writes it");
        let mut turned = document;
        turned.turn(input.len());
        assert_same(
            &written,
            &to_vec(&turned).expect("the same"),
            "in another order",
        );
        let again: Tree = serde_json::from_slice(&written).expect("JSON");
        assert_same(
            &written,
            &to_vec(&again).expect("the same"),
            "written again",
        );
        let value: serde_json::Value = serde_json::from_slice(&written).expect("JSON");
        assert_same(&written, &to_vec(&value).expect("the same"), "as a value");
        true
    }
}

pub fn assert_same(one: &[u8], other: &[u8], what: &str) {
    assert!(
        one == other,
        "not the same {what}:\n{}\n{}",
        String::from_utf8_lossy(one),
        String::from_utf8_lossy(other)
    );
}

/// A document with its members as they stand there, also those that stand there twice.
enum Tree {
    Null,
    Truth(bool),
    Whole(i64),
    Large(u64),
    Fraction(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn is_exact(&self) -> bool {
        match self {
            Self::Null | Self::Truth(_) | Self::Text(_) => true,
            Self::Whole(number) => number.unsigned_abs() <= LARGEST,
            Self::Large(number) => *number <= LARGEST,
            Self::Fraction(_) => false,
            Self::List(items) => items.iter().all(Self::is_exact),
            Self::Object(members) => {
                let keys: BTreeSet<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
                keys.len() == members.len() && members.iter().all(|(_, one)| one.is_exact())
            }
        }
    }

    /// Puts the members of every object into another order.
    fn turn(&mut self, by: usize) {
        match self {
            Self::List(items) => items.iter_mut().for_each(|item| item.turn(by)),
            Self::Object(members) => {
                members.reverse();
                let count = members.len().max(1);
                members.rotate_left(by % count);
                for (_, one) in members.iter_mut() {
                    one.turn(by);
                }
            }
            _ => {}
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Large(number) => serializer.serialize_u64(*number),
            Self::Fraction(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items
                    .iter()
                    .try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                (members.iter()).try_for_each(|(key, one)| map.serialize_entry(key, one))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Tree, E> {
        Ok(Tree::Truth(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Large(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Object(members))
    }
}

/// A document whose keys and texts hold what needs care.
fn write(draw: &mut Draw) -> String {
    let mut text = String::new();
    let left = match draw.below(32) {
        0 => 2_000,
        _ => 30,
    };
    write_value(&mut text, &mut { left }, 0, draw);
    text
}

fn write_value(text: &mut String, left: &mut usize, deep: usize, draw: &mut Draw) {
    *left = left.saturating_sub(1);
    let many = if draw.below(8) == 0 { 40 } else { 5 };
    let deepest = if draw.below(16) == 0 { 130 } else { 8 };
    match draw.below(8) {
        0..2 if deep < deepest => {
            text.push('[');
            for place in 0..draw.place(many) {
                if *left == 0 {
                    break;
                }
                text.push_str(if place == 0 { "" } else { ", " });
                write_value(text, left, deep + 1, draw);
            }
            text.push(']');
        }
        2..6 if deep < deepest => {
            text.push('{');
            for place in 0..draw.place(many) {
                if *left == 0 {
                    break;
                }
                text.push_str(if place == 0 { "" } else { "," });
                write_text(text, draw);
                text.push(':');
                write_value(text, left, deep + 1, draw);
            }
            text.push('}');
        }
        6 => {
            const LEAVES: [&str; 12] = [
                "null",
                "true",
                "false",
                "0",
                "-0",
                "-1",
                "9007199254740991",
                "-9007199254740991",
                "9007199254740992",
                "18446744073709551615",
                "1.0",
                "12",
            ];
            let place = draw.place(LEAVES.len() * 4);
            text.push_str(LEAVES.get(place).unwrap_or(&"7"));
        }
        _ => write_text(text, draw),
    }
}

fn write_text(text: &mut String, draw: &mut Draw) {
    const PARTS: [&str; 26] = [
        "a",
        "b",
        "c",
        "aa",
        "code",
        "name",
        "A",
        "0",
        "_",
        "é",
        "e\u{301}",
        "鉴",
        "\u{7f}",
        "\u{2028}",
        "\u{e000}",
        "\u{ffff}",
        "😀",
        "𠮷",
        "\\\"",
        "\\\\",
        "\\/",
        "\\u0000",
        "\\u001f",
        "\\b",
        "\\ud83d\\ude00",
        "\\u0061",
    ];
    text.push('"');
    let many = if draw.below(16) == 0 { 30 } else { 4 };
    for _ in 0..draw.place(many) {
        text.push_str(PARTS[draw.place(PARTS.len())]);
    }
    text.push('"');
}
