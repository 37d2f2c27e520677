//! Free text from strangers, made fit for both databases and for the eyes of those who read it later.
//!
//! The only place that decides which characters a citizen's words may hold. SQLite stores a NUL that PostgreSQL
//! refuses; marks of writing direction can make a line read as something else.

use unicode_normalization::UnicodeNormalization;

/// One spelling of a text: composed characters, line feeds as line ends, plain spaces for tabs, no blank edges and
/// no invisible marks of writing direction.
///
/// Nothing if the text holds a control character.
pub fn clean(text: &str) -> Option<String> {
    let plain: String = text
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| !is_direction_mark(*c))
        .map(straighten)
        .nfc()
        .collect();
    let plain = plain.trim();
    if plain.chars().any(is_control) {
        None
    } else {
        Some(plain.to_owned())
    }
}

/// The text without what [`clean`] refuses, to be shown again to the one who entered it.
pub fn without_controls(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(straighten)
        .filter(|c| !is_control(*c))
        .collect()
}

fn straighten(c: char) -> char {
    match c {
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        '\t' => ' ',
        other => other,
    }
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\n'
}

/// Marks that telephones and word processors put into pasted text and that nobody sees.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
