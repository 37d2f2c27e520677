//! Canonical JSON (RFC 8785): the bytes that are digested, stored and compared.
//!
//! A document is written once, in the order of its fields; where an object's keys are not in order yet, its members
//! are moved when it ends. Numbers are whole and no larger than JSON numbers hold exactly: everything else is written
//! as text, so that fractions and exponents are deliberately absent.

use std::cmp::Ordering;
use std::io::{self, Write};
use std::ops::Range;

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};
use sha2::{Digest, Sha256};

use crate::number::NumberError;

/// The largest whole number that every reader of JSON holds exactly (RFC 7493, 2.2): 2⁵³ − 1.
pub const LARGEST: u64 = (1 << 53) - 1;

/// The canonical bytes of a document. Costs one pass, and a move of each object whose fields are not in order.
///
/// # Errors
/// [`NumberError::Overflow`] if a number lies beyond [`LARGEST`]: rounded it would be another number under the same
/// digest.
pub fn to_vec(document: &impl Serialize) -> Result<Vec<u8>, NumberError> {
    let form = Canonical::default().write(document);
    form.map(|form| form.out).map_err(|_| NumberError::Overflow)
}

/// SHA-256 of the canonical bytes of a document, in hexadecimal. They are never there as a whole, unless the keys of an
/// object that holds more than [`PASSED_ON`] are out of order.
///
/// # Errors
/// As [`to_vec`].
pub fn digest(document: &impl Serialize) -> Result<String, NumberError> {
    digest_by(document, PASSED_ON)
}

/// The digest takes the bytes when so many are written.
fn digest_by(document: &impl Serialize, passed_on: usize) -> Result<String, NumberError> {
    let form = Canonical {
        hash: Some(Sha256::new()),
        passed_on,
        ..Canonical::default()
    };
    let hash = match form.write(document) {
        Ok(mut form) => {
            form.pass_on();
            form.hash.unwrap_or_default()
        }
        Err(_) => Sha256::new_with_prefix(to_vec(document)?),
    };
    Ok(hex::encode(hash.finalize()))
}

/// Bytes that are written before a digest takes them.
const PASSED_ON: usize = 64 * 1024;

/// What is written so far. It holds the bytes itself, since the writer that `serde_json` passes along cannot go back.
#[derive(Default)]
struct Canonical {
    out: Vec<u8>,
    objects: Vec<Object>,
    /// Members of the objects that are open, the innermost last.
    members: Vec<Member>,
    /// For moving members; kept, so that rows cost no allocation.
    moved: Vec<u8>,
    /// What takes the bytes, where only their digest is asked for.
    hash: Option<Sha256>,
    /// How many bytes are written before it takes them.
    passed_on: usize,
    /// How many bytes at the start of `out` are keys that were passed on and may be looked at again.
    kept: usize,
}

struct Object {
    /// Where its first member begins in `out`.
    start: usize,
    /// Its first member in `members`.
    first: usize,
    in_order: bool,
    /// Whether some of it was passed on, so that its members stay where they are.
    is_passed_on: bool,
}

/// Where a member lies in the output: `"key":value`.
struct Member {
    key: Range<usize>,
    end: usize,
    /// The first eight bytes of a plain key as one number, by which most keys can be told apart at once; nothing
    /// where the text of the key has to be read.
    first: Option<u64>,
}

impl Canonical {
    fn write(mut self, document: &impl Serialize) -> serde_json::Result<Self> {
        document.serialize(&mut Serializer::with_formatter(io::sink(), &mut self))?;
        Ok(self)
    }

    /// Lets the digest take what is written. Of the objects that are open only the last key stays: the next one is
    /// compared with it.
    fn pass_on(&mut self) {
        let Some(hash) = &mut self.hash else {
            return;
        };
        hash.update(self.out.get(self.kept..).unwrap_or_default());
        let (mut keys, mut members) = (Vec::new(), Vec::new());
        let mut ends: Vec<usize> = self.objects.iter().map(|object| object.first).collect();
        ends.push(self.members.len());
        for (object, end) in self.objects.iter_mut().zip(ends.into_iter().skip(1)) {
            let last = end.checked_sub(1).filter(|last| *last >= object.first);
            let last = last.and_then(|last| self.members.get(last));
            object.first = members.len();
            object.is_passed_on = true;
            if let Some(member) = last {
                let here = keys.len();
                keys.extend_from_slice(self.out.get(member.key.clone()).unwrap_or_default());
                members.push(Member {
                    key: here..keys.len(),
                    end: keys.len(),
                    first: member.first,
                });
            }
        }
        self.kept = keys.len();
        self.out.clear();
        self.out.extend_from_slice(&keys);
        self.members = members;
    }

    /// A key as it is written, with its quotes.
    fn key(&self, member: &Member) -> &[u8] {
        self.out.get(member.key.clone()).unwrap_or_default()
    }

    /// Keys are ordered by the UTF-16 code units of their text (RFC 8785, 3.2.3), which for plain ASCII are its bytes.
    fn order(&self, one: &Member, other: &Member) -> Ordering {
        if let (Some(a), Some(b)) = (one.first, other.first) {
            // Without the closing quote, which would come after some characters and before others.
            let inner = |member| self.key(member).strip_suffix(b"\"");
            return a.cmp(&b).then_with(|| inner(one).cmp(&inner(other)));
        }
        let units = |member| -> Vec<u16> {
            let text: String = serde_json::from_slice(self.key(member)).unwrap_or_default();
            text.encode_utf16().collect()
        };
        units(one).cmp(&units(other))
    }

    /// Moves the members of an object into the order of their keys.
    fn sort(&mut self, object: &Object) -> io::Result<()> {
        if object.is_passed_on {
            return Err(refused("what was passed on cannot be moved"));
        }
        let mut all = std::mem::take(&mut self.members);
        let members = all.get_mut(object.first..).unwrap_or_default();
        members.sort_by(|one, other| self.order(one, other));
        let twice =
            |pair: &[Member]| matches!(pair, [one, other] if self.order(one, other).is_eq());
        if members.windows(2).any(twice) {
            return Err(refused("a key is there twice"));
        }
        let mut moved = std::mem::take(&mut self.moved);
        moved.clear();
        for (place, member) in members.iter().enumerate() {
            if place > 0 {
                moved.push(b',');
            }
            moved.extend_from_slice(
                self.out
                    .get(member.key.start..member.end)
                    .unwrap_or_default(),
            );
        }
        self.out.truncate(object.start);
        self.out.extend_from_slice(&moved);
        (self.moved, self.members) = (moved, all);
        Ok(())
    }

    fn whole(&mut self, value: i128) -> io::Result<()> {
        match i64::try_from(value) {
            Ok(value) if value.unsigned_abs() <= LARGEST => {
                CompactFormatter.write_i64(&mut self.out, value)
            }
            _ => Err(refused("a number is too large")),
        }
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The first eight bytes of a key that is written without escapes, in plain ASCII.
fn first_bytes(key: &[u8]) -> Option<u64> {
    let text = key.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut first = 0_u64;
    for (place, byte) in text.iter().enumerate() {
        if !byte.is_ascii() || *byte == b'\\' {
            return None;
        }
        if place < 8 {
            first = first << 8 | u64::from(*byte);
        }
    }
    // Shorter keys are filled up with zeros, which no key holds: they come before longer ones.
    let free = u32::try_from(8_usize.saturating_sub(text.len())).ok()?;
    Some(first.checked_shl(8 * free).unwrap_or(0))
}

macro_rules! whole_numbers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, _: &mut W, value: $type) -> io::Result<()> {
            self.whole(value.into())
        })*
    };
}

/// Every method writes to `out` and none to the writer, which is a sink.
impl Formatter for &mut Canonical {
    whole_numbers!(
        write_i8: i8, write_i16: i16, write_i32: i32, write_i64: i64, write_i128: i128,
        write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64
    );

    fn write_u128<W: ?Sized + Write>(&mut self, _: &mut W, value: u128) -> io::Result<()> {
        self.whole(i128::try_from(value).unwrap_or(i128::MAX))
    }

    #[expect(clippy::disallowed_types, reason = "it is named only to be refused")]
    fn write_f32<W: ?Sized + Write>(&mut self, _: &mut W, _: f32) -> io::Result<()> {
        Err(refused("floating point is not exact"))
    }

    #[expect(clippy::disallowed_types, reason = "it is named only to be refused")]
    fn write_f64<W: ?Sized + Write>(&mut self, _: &mut W, _: f64) -> io::Result<()> {
        Err(refused("floating point is not exact"))
    }

    fn write_number_str<W: ?Sized + Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(refused("a number of any size is written as text"))
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(refused("raw JSON may not be canonical"))
    }

    fn write_null<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.out.write_all(b"null")
    }

    fn write_bool<W: ?Sized + Write>(&mut self, _: &mut W, value: bool) -> io::Result<()> {
        self.out.write_all(if value { b"true" } else { b"false" })
    }

    fn begin_string<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.out.write_all(b"\"")
    }

    fn end_string<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.out.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        _: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.out.write_all(fragment.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        _: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        CompactFormatter.write_char_escape(&mut self.out, escape)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.out.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.out.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        self.out.write_all(if first { b"" } else { b"," })
    }

    fn begin_object<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.out.write_all(b"{")?;
        self.objects.push(Object {
            start: self.out.len(),
            first: self.members.len(),
            in_order: true,
            is_passed_on: false,
        });
        Ok(())
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        self.out.write_all(if first { b"" } else { b"," })?;
        let here = self.out.len();
        self.members.push(Member {
            key: here..here,
            end: here,
            first: None,
        });
        Ok(())
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.out.len();
        if let Some(member) = self.members.last_mut() {
            member.key.end = here;
            member.first = first_bytes(self.out.get(member.key.clone()).unwrap_or_default());
        }
        let first = self.objects.last().map_or(0, |object| object.first);
        let in_order = match self.members.get(first..) {
            Some([.., before, this]) => self.order(before, this).is_lt(),
            _ => true,
        };
        if let Some(object) = self.objects.last_mut() {
            object.in_order &= in_order;
        }
        Ok(())
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.out.write_all(b":")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.out.len();
        if let Some(member) = self.members.last_mut() {
            member.end = here;
        }
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(object) = self.objects.pop() {
            if !object.in_order {
                self.sort(&object)?;
            }
            self.members.truncate(object.first);
        }
        self.out.write_all(b"}")?;
        // What an object holds whose keys are out of order is moved when it ends.
        let is_settled = self.hash.is_some() && self.out.len() >= self.passed_on;
        if is_settled && self.objects.iter().all(|object| object.in_order) {
            self.pass_on();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    /// Any document without fractions, in which keys and texts hold what needs care.
    fn document() -> impl Strategy<Value = Value> {
        let text = "[a-c\"\\\\/\\x00-\\x1f\\x7fé鉴\\u{e000}\\u{ffff}\\u{1f600}]{0,4}";
        let small = -(1_i64 << 53) + 1..1_i64 << 53;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            small.prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, move |inner| {
            let member = (text.prop_map(|key| key), inner.clone());
            prop_oneof![
                proptest::collection::vec(inner, 0..6).prop_map(Value::from),
                proptest::collection::vec(member, 0..6)
                    .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
            ]
        })
    }

    /// A struct of which no field stands where its key belongs.
    #[derive(Serialize)]
    struct Turned<'a> {
        z: &'a Value,
        b: Option<&'a Value>,
        #[serde(rename = "é")]
        e: (u8, i64, Points),
        a: std::collections::BTreeMap<u32, &'a Value>,
        way: Way<'a>,
    }

    #[derive(Serialize)]
    struct Within<'a> {
        a: u8,
        b: u8,
        turned: Turned<'a>,
        u: u8,
    }

    #[derive(Serialize)]
    enum Way<'a> {
        Named { y: &'a str, x: char },
    }

    use crate::number::Points;

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_library_that_others_check_with(one in document(), other in document(), text in "\\PC{0,6}") {
            let turned = Turned {
                z: &one,
                b: Some(&other),
                e: (7, -1, Points::from_e4(12_500)),
                a: [(10, &other), (9, &one)].into(),
                way: Way::Named { y: &text, x: '"' },
            };
            prop_assert_eq!(to_vec(&turned).unwrap(), serde_json_canonicalizer::to_vec(&turned).unwrap());
            prop_assert_eq!(to_vec(&one).unwrap(), serde_json_canonicalizer::to_vec(&one).unwrap());
        }
    }

    proptest! {
        #[test]
        fn a_digest_is_that_of_the_bytes_however_many_it_takes_at_once(
            rows in proptest::collection::vec(document(), 0..5),
            passed_on in 0_usize..200,
        ) {
            let in_order: Map<String, Value> =
                (0..rows.len()).map(|from| (from.to_string(), json!(rows[from..]))).collect();
            let in_order = Value::from(in_order);
            let turned = Turned {
                z: &in_order,
                b: Some(&in_order),
                e: (7, -1, Points::from_e4(12_500)),
                a: [(10, &in_order), (9, &in_order)].into(),
                way: Way::Named { y: "", x: 'x' },
            };
            let whole = |bytes: Vec<u8>| hex::encode(Sha256::digest(bytes));
            prop_assert_eq!(digest_by(&in_order, passed_on).unwrap(), whole(to_vec(&in_order).unwrap()));
            prop_assert_eq!(digest_by(&turned, passed_on).unwrap(), whole(to_vec(&turned).unwrap()));
            let within = Within { a: 1, b: 2, turned, u: 3 };
            prop_assert_eq!(digest_by(&within, passed_on).unwrap(), whole(to_vec(&within).unwrap()));
        }
    }

    #[test]
    fn a_digest_holds_only_what_is_being_written() {
        let rows: Vec<Value> = (0..10_000).map(|row| json!({ "row": row })).collect();
        let mut form = Canonical {
            hash: Some(Sha256::new()),
            passed_on: PASSED_ON,
            ..Canonical::default()
        };
        form = form.write(&json!({ "a": rows, "b": rows })).unwrap();
        assert!(form.out.capacity() < 3 * PASSED_ON);
    }

    #[test]
    fn what_no_document_holds_has_no_digest() {
        assert_eq!(digest(&json!([0.5])), Err(NumberError::Overflow));
    }

    #[test]
    fn a_number_that_would_be_rounded_is_refused() {
        let written = |value: Value| to_vec(&json!([value]));
        assert_eq!(written(json!(LARGEST)).unwrap(), b"[9007199254740991]");
        assert_eq!(
            written(json!(-9_007_199_254_740_991_i64)).unwrap(),
            b"[-9007199254740991]"
        );
        assert_eq!(written(json!(LARGEST + 1)), Err(NumberError::Overflow));
        assert_eq!(written(json!(i64::MIN)), Err(NumberError::Overflow));
        assert_eq!(written(json!(0.5)), Err(NumberError::Overflow));
        assert_eq!(to_vec(&u128::MAX), Err(NumberError::Overflow));
    }

    #[test]
    fn keys_are_ordered_by_their_utf_16_units() {
        // In UTF-8 the emoji comes last; in UTF-16 it begins with 0xD83D and stands before 0xE000.
        let keys = json!({ "\u{e000}": 1, "\u{1f600}": 2, "a\"": 3, "a#": 4, "a": 5 });
        let written = String::from_utf8(to_vec(&keys).unwrap()).unwrap();
        assert_eq!(
            written,
            "{\"a\":5,\"a\\\"\":3,\"a#\":4,\"\u{1f600}\":2,\"\u{e000}\":1}"
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        #[derive(Serialize)]
        struct Twice {
            b: u8,
            #[serde(rename = "b")]
            again: u8,
        }
        assert!(to_vec(&Twice { b: 1, again: 2 }).is_err());
    }
}
