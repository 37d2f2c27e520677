//! The guard before the parser: length, tokens, depth of brackets.
//!
//! It reads the document as the library's grammar does where the two could differ about what is a bracket: comments
//! end at a line feed or a carriage return, strings at a quote or the end of the line, block strings at three quotes.
//! Where a document is no GraphQL it counts too much rather than too little, and leaves the message to the parser.

use super::{Limits, Measure, Refusal};

/// Judges a text in one pass.
///
/// # Errors
/// The first limit that is exceeded.
pub fn check(text: &str, limits: &Limits) -> Result<(), Refusal> {
    let too_large = |measure, limit| Err(Refusal::TooLarge { measure, limit });
    if text.len() > limits.bytes {
        return too_large(Measure::Bytes, limits.bytes);
    }
    let mut rest = text.as_bytes();
    let mut tokens = 0_usize;
    let mut depth = 0_usize;
    while let Some((&first, after)) = rest.split_first() {
        rest = match first {
            b' ' | b',' | b'\t' | b'\n' | b'\r' => {
                rest = after;
                continue;
            }
            b'#' => {
                rest = skip_line(after);
                continue;
            }
            b'"' => match after.strip_prefix(b"\"\"") {
                Some(block) => skip_block_string(block)?,
                None => skip_string(after),
            },
            b'.' if after.starts_with(b"..") => after.get(2..).unwrap_or_default(),
            _ if is_name(first) => skip_name(after),
            _ => after,
        };
        tokens += 1;
        if tokens > limits.tokens {
            return too_large(Measure::Tokens, limits.tokens);
        }
        match first {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > limits.depth {
                    return too_large(Measure::Depth, limits.depth);
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn skip_name(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .position(|byte| !is_name(*byte))
        .unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

fn skip_line(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// After the opening quote. A line that ends inside the string makes the parser fail; what follows is counted all the
/// same.
fn skip_string(mut text: &[u8]) -> &[u8] {
    while let Some((&byte, after)) = text.split_first() {
        match byte {
            b'"' => return after,
            b'\n' | b'\r' => return text,
            b'\\' => text = after.get(1..).unwrap_or_default(),
            _ => text = after,
        }
    }
    text
}

/// After the three opening quotes. One that never ends is refused here: the library's grammar would step back and read
/// `"""` as an empty string and a quote, so that brackets hidden in the "string" would count after all.
fn skip_block_string(mut text: &[u8]) -> Result<&[u8], Refusal> {
    while let Some((_, after)) = text.split_first() {
        if let Some(rest) = text.strip_prefix(b"\"\"\"") {
            return Ok(rest);
        }
        text = text.strip_prefix(b"\\\"\"\"").unwrap_or(after);
    }
    Err(Refusal::UnendedText)
}
