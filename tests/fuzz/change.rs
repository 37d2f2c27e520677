//! Changes good documents into doubtful ones: bytes, tokens, lines and brackets are put in, taken out, repeated, moved,
//! and taken from other documents.

use super::draw::Draw;

/// What is put in anywhere: values at the edges of their range, and characters that mean something to some reader.
const WORDS: [&[u8]; 62] = [
    b"0",
    b"-1",
    b"-0",
    b"01",
    b"1e309",
    b"1e-400",
    b"0.1",
    b"0.00001",
    b"1/3",
    b"1/0",
    b"100%",
    b"9007199254740991",
    b"9007199254740992",
    b"-9007199254740992",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"340282366920938463463374607431768211456",
    b"922337203685477.5807",
    b"922337203685477.5808",
    b"0x7fffffff",
    b"1_000",
    b"NaN",
    b"inf",
    b"null",
    b"true",
    b"false",
    b"2026-02-29",
    b"2024-02-29",
    b"9999-12-31",
    b"0000-00-00",
    b"262143-12-31",
    b"1979-05-27T07:32:00Z",
    b"\"",
    b"\"\"",
    b"\"\"\"",
    b"'''",
    b"\\",
    b"\\\"",
    b"\\u0000",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\t",
    b"\0",
    b"\x01",
    b"\x7f",
    b"#",
    b"=cmd|' /C calc'!A0",
    "\u{feff}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{e000}\u{1f600}".as_bytes(),
    "e\u{301}é鉴𠮷".as_bytes(),
    "；、，".as_bytes(),
    // Characters that break off, and half of a pair.
    b"\xe9\x89",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\x81\x30\x81",
];

/// What opens and what closes; also what a reader may take for it.
const PAIRS: [(&[u8], &[u8]); 10] = [
    (b"[", b"]"),
    (b"{", b"}"),
    (b"(", b")"),
    (b"{\"a\":", b"}"),
    (b"{a:", b"}"),
    (b"{a", b"}"),
    (b"[[", b"]]"),
    (b"a.", b""),
    (b"<c>", b"</c>"),
    (b"{ a = ", b" }"),
];

/// Documents that changes begin with.
#[derive(Debug)]
pub struct Stock {
    documents: Vec<Vec<u8>>,
    /// Most bytes of what comes out.
    most: usize,
}

impl Stock {
    /// From good documents; what comes out has at most so many bytes.
    pub fn new(documents: impl IntoIterator<Item = impl Into<Vec<u8>>>, most: usize) -> Self {
        let mut documents: Vec<Vec<u8>> = documents.into_iter().map(Into::into).collect();
        documents.retain(|document| !document.is_empty());
        documents.sort_by_key(Vec::len);
        assert!(!documents.is_empty(), "something to begin with");
        Self { documents, most }
    }

    /// One of the documents. Short ones come far more often: they cost less and reach as much.
    pub fn draw(&self, draw: &mut Draw) -> &[u8] {
        let count = self.documents.len();
        let place = match draw.below(64) {
            0 => draw.place(count),
            _ => (0..3).map(|_| draw.place(count)).min().unwrap_or(0),
        };
        &self.documents[place]
    }

    /// One of the documents with some changes, now and then with none.
    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        let document = self.draw(draw).to_vec();
        self.change(document, draw)
    }

    /// A document with some changes.
    pub fn change(&self, mut document: Vec<u8>, draw: &mut Draw) -> Vec<u8> {
        let changes = match draw.below(16) {
            0 => 0,
            1..9 => 1,
            9..13 => 2,
            13 => 3,
            _ => draw.below(12),
        };
        for _ in 0..changes {
            self.change_once(&mut document, draw);
            document.truncate(self.most);
        }
        document
    }

    fn change_once(&self, document: &mut Vec<u8>, draw: &mut Draw) {
        let length = document.len();
        let at = draw.place(length + 1);
        match draw.below(16) {
            0 if length > 0 => document[at.min(length - 1)] ^= 1 << draw.below(8),
            1 if length > 0 => document[at.min(length - 1)] = byte(draw),
            2 => drop(document.drain(part(length, draw))),
            3 => {
                let repeated = document[part(length, draw)].to_vec();
                self.put(document, at, &repeated.repeat(times(draw)));
            }
            4 => {
                let other = self.draw(draw);
                let taken = other[part(other.len(), draw)].to_vec();
                self.put(document, at, &taken);
            }
            5 => {
                // The first half of one, the second of another.
                let other = self.draw(draw);
                document.truncate(at);
                document.extend_from_slice(&other[draw.place(other.len() + 1)..]);
            }
            6 => document.truncate(at),
            7 => self.put(document, at, WORDS[draw.place(WORDS.len())]),
            8 => {
                let (open, close) = PAIRS[draw.place(PAIRS.len())];
                let deep = times(draw) * times(draw);
                let token = token(document, at);
                let inner = document[token.clone()].to_vec();
                let nested = [open.repeat(deep), inner, close.repeat(deep)].concat();
                document.drain(token.clone());
                self.put(document, token.start, &nested);
            }
            9 | 10 => {
                let token = token(document, at);
                document.drain(token.clone());
                self.put(document, token.start, WORDS[draw.place(WORDS.len())]);
            }
            11 | 12 => {
                // Another token, of this document or of another.
                let other = if draw.below(2) == 0 {
                    document.clone()
                } else {
                    self.draw(draw).to_vec()
                };
                let taken = other[token(&other, draw.place(other.len() + 1))].to_vec();
                let given = token(document, at);
                document.drain(given.clone());
                self.put(document, given.start, &taken);
            }
            13 => drop(document.drain(line(document, at))),
            14 => {
                let line = line(document, at);
                let repeated = document[line.clone()].to_vec();
                self.put(document, line.end, &repeated.repeat(times(draw)));
            }
            _ => {
                let moved: Vec<u8> = document.drain(line(document, at)).collect();
                let to = line(document, draw.place(document.len() + 1)).start;
                self.put(document, to, &moved);
            }
        }
    }

    fn put(&self, document: &mut Vec<u8>, at: usize, bytes: &[u8]) {
        let fits = self.most.saturating_sub(document.len()).min(bytes.len());
        document.splice(at..at, bytes[..fits].iter().copied());
    }
}

/// Any byte; rather one that means something.
fn byte(draw: &mut Draw) -> u8 {
    const MARKS: &[u8] =
        b"\"\\'{}[]()<>:=,;.#$@!&|%+-*/_ \t\r\n\0\x7f\x80\xbf\xc2\xe4\xef\xf0\xff09azAZ";
    match draw.below(2) {
        0 => MARKS[draw.place(MARKS.len())],
        _ => u8::try_from(draw.below(256)).unwrap_or(0),
    }
}

/// How often something is repeated: mostly once or twice, seldom hundreds of times.
fn times(draw: &mut Draw) -> usize {
    match draw.below(16) {
        0 => draw.place(300) + 1,
        1..4 => draw.place(20) + 1,
        _ => draw.place(2) + 1,
    }
}

/// A part of so many bytes, mostly a short one.
fn part(length: usize, draw: &mut Draw) -> std::ops::Range<usize> {
    let from = draw.place(length + 1);
    let longest = match draw.below(4) {
        0 => length,
        _ => 12,
    };
    from..(from + draw.place(longest + 1)).min(length)
}

/// The token around a place: a word, a number, a text in quotes, or a single mark.
fn token(document: &[u8], at: usize) -> std::ops::Range<usize> {
    let Some(here) = document.get(at) else {
        return document.len()..document.len();
    };
    if *here == b'"' {
        let rest = document[at + 1..].iter().take(200);
        let end = rest.take_while(|byte| **byte != b'"').count() + at + 1;
        return at..(end + 1).min(document.len());
    }
    let is_word =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | 0x80..);
    if !is_word(here) {
        return at..at + 1;
    }
    let before = document[..at].iter().rev().take(80);
    let start = at - before.take_while(|byte| is_word(byte)).count();
    let after = document[at..].iter().take(80);
    start..at + after.take_while(|byte| is_word(byte)).count()
}

/// The line around a place, with its end.
fn line(document: &[u8], at: usize) -> std::ops::Range<usize> {
    let at = at.min(document.len());
    let start = document[..at].iter().rposition(|byte| *byte == b'\n');
    let end = document[at..].iter().position(|byte| *byte == b'\n');
    start.map_or(0, |place| place + 1)..end.map_or(document.len(), |place| at + place + 1)
}
