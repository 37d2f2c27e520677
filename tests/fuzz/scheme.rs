//! Scheme files: refused whole, with a place in the file for every fault, or loaded; and then the same scheme again when
//! the file is written in another way.

use domain::scheme::{Scheme, diff};
use support::project;

use super::change::Stock;
use super::draw::Draw;
use super::watch::Watch;

/// Larger files are measured by `scripts/bench`; what is read here is a good deal larger than any known scheme.
const MOST: usize = 128 * 1024;

/// Faults are listed up to so many.
const MOST_FAULTS: usize = 200;

pub struct Schemes {
    stock: Stock,
    /// Pieces that begin with `[[`.
    pieces: Vec<String>,
}

impl Schemes {
    pub fn new() -> Self {
        let root = project::root();
        let mut files = project::files_ending(&root.join("tests/corpus"), "toml");
        files.extend(project::files_ending(&root.join("schemes"), "toml"));
        let texts: Vec<String> = files.iter().map(|file| project::read(file)).collect();
        let pieces = texts.iter().flat_map(|text| pieces(text)).collect();
        Self {
            stock: Stock::new(texts, MOST),
            pieces,
        }
    }

    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        if draw.below(3) > 0 {
            return self.stock.make(draw);
        }
        // Whole elements: taken out, doubled, moved, and taken from other schemes.
        let text = String::from_utf8_lossy(self.stock.draw(draw)).into_owned();
        let mut pieces = pieces(&text);
        for _ in 0..=draw.place(3) {
            let count = pieces.len();
            match draw.below(4) {
                0 if count > 1 => drop(pieces.remove(draw.place(count))),
                1 => pieces.push(pieces[draw.place(count)].clone()),
                2 => pieces.swap(draw.place(count), draw.place(count)),
                _ => {
                    let other = self.pieces[draw.place(self.pieces.len())].clone();
                    pieces.insert(draw.place(count + 1), other);
                }
            }
        }
        let document = pieces.concat().into_bytes();
        if draw.below(2) == 0 {
            return document;
        }
        self.stock.change(document, draw)
    }

    /// Returns whether the scheme was loaded.
    pub fn judge(input: &[u8], watch: &mut Watch) -> bool {
        let text = String::from_utf8_lossy(input);
        let loaded = watch.time("loading", || Scheme::parse(&text));
        let review = watch.time("the review", || Scheme::review(&text));
        let ends = text.bytes().filter(|byte| *byte == b'\n').count();
        let lines = u32::try_from(ends).unwrap_or(u32::MAX) + 1;
        let at = |line: u32, column: u32| (1..=lines).contains(&line) && column >= 1;
        for fault in review
            .faults
            .iter()
            .chain(loaded.as_ref().err().into_iter().flatten())
        {
            assert!(at(fault.line, fault.column), "{fault:?}");
            let said = [&fault.message.zh, &fault.message.en];
            assert!(said.iter().all(|words| !words.is_empty()), "{fault:?}");
        }
        for warning in &review.warnings {
            assert!(at(warning.line, warning.column), "{warning:?}");
        }
        assert_eq!(review.scheme.is_some(), review.faults.is_empty(), "whole");
        let scheme = match loaded {
            Ok(scheme) => scheme,
            Err(faults) => {
                assert!((1..=MOST_FAULTS).contains(&faults.len()), "a bounded list");
                assert!(review.scheme.is_none(), "a review takes no more than this");
                return false;
            }
        };
        // The same tree in another layout: keys sorted, comments gone, numbers and texts in their plainest form.
        let tree: toml::Table = text.parse().expect("what was loaded is TOML");
        let written = toml::to_string(&tree).expect("what was read can be written");
        let again = match Scheme::parse(&written) {
            Ok(again) => again,
            Err(faults) => panic!("refused in another layout: {faults:?}\n{written}"),
        };
        assert_eq!(diff::diff(&scheme, &again), [], "in another layout");
        assert_eq!(
            said(&scheme),
            said(&again).replace(&*again.digest, &scheme.digest),
            "in another layout"
        );
        true
    }
}

/// All that a scheme is.
fn said(scheme: &Scheme) -> String {
    format!("{scheme:?}")
}

/// A file in pieces, each from one `[[` at the beginning of a line to the next.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for line in text.split_inclusive('\n') {
        if line.starts_with("[[") {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(line);
        }
    }
    pieces
}
