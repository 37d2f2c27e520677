//! Random codes that people see: links, invitations, form keys and receipts.
//!
//! Written in Crockford's alphabet, which has no letters that are taken for digits. Reading is lenient where a person
//! may have typed: any case, spaces and hyphens, the wide forms that a Chinese keyboard gives, O for 0, I and L for 1.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Bytes as text, five bits to a character, the last one filled up with zeros.
pub(crate) fn write(bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(digit(held << (5 - bits)));
    }
    text
}

/// The bytes of a text; nothing if a character is no digit, the length is another one, or the text was not written by
/// [`write()`].
pub(crate) fn read<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Longer input cannot be right, and is not worth walking.
    if text.len() > 8 * N + 40 {
        return None;
    }
    let mut bytes = [0; N];
    let mut places = bytes.iter_mut();
    let (mut held, mut bits) = (0_u32, 0_u32);
    let mut count = 0_usize;
    for digit in text.chars().filter_map(meaning) {
        held = (held << 5) | digit.ok()?;
        bits += 5;
        count += 1;
        if bits >= 8 {
            bits -= 8;
            *places.next()? = u8::try_from(held >> bits).ok()?;
            held &= (1 << bits) - 1;
        }
    }
    (places.next().is_none() && count == (N * 8).div_ceil(5) && held == 0).then_some(bytes)
}

/// A code in groups of four characters, to be read out, written down and typed.
pub fn in_groups(code: &str, between: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = characters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(between)
}

fn digit(bits: u32) -> char {
    let place = usize::try_from(bits & 31).unwrap_or(0);
    char::from(ALPHABET.get(place).copied().unwrap_or(b'0'))
}

/// The five bits of a character; nothing for what may stand between two of them.
fn meaning(c: char) -> Option<Result<u32, NotADigit>> {
    // The wide forms lie at a fixed distance from the narrow ones.
    let narrow = match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    };
    let digit = match narrow.to_ascii_uppercase() {
        ' ' | '-' | '\u{3000}' | '\u{2013}' | '\u{2014}' | '\n' | '\r' | '\t' => return None,
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET
        .iter()
        .position(|known| char::from(*known) == digit);
    Some(
        place
            .and_then(|place| u32::try_from(place).ok())
            .ok_or(NotADigit),
    )
}

struct NotADigit;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_its_text_and_lenient_typing() {
        let bytes: [u8; 16] = std::array::from_fn(|place| u8::try_from(place * 17 % 256).unwrap());
        let text = write(&bytes);
        assert_eq!(text.len(), 26);
        assert_eq!(read(&text), Some(bytes));
        assert_eq!(read(&text.to_lowercase()), Some(bytes));
        let wide: String = text
            .chars()
            .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap())
            .collect();
        assert_eq!(read(&format!(" {wide}-\u{3000}")), Some(bytes));
        assert_eq!(read(&text.replace('0', "O").replace('1', "l")), Some(bytes));
    }

    #[test]
    fn what_is_no_code_is_not_read() {
        for wrong in [
            "",
            "0",
            "ABCDEU00",
            "ABCD-EFG",
            "ABCDEFGHK",
            "ABCDEFG\0",
            &"0".repeat(100_000),
        ] {
            assert_eq!(read::<5>(wrong), None, "{wrong}");
        }
        // 16 bytes leave two bits of the last character, which are zero in every code that was written.
        assert_eq!(read::<16>(&format!("{}1", "0".repeat(25))), None);
    }
}
