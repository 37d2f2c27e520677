//! Removes from what people wrote what points at a person: numbers of telephones and documents, addresses of mail and
//! sites, number plates, accounts, rooms.
//!
//! A rule knows shapes and no names, so somebody looks at the texts besides. Where it is in doubt it removes: a long
//! number that was a price can be released by whoever looks, one that was a telephone cannot be called back.

/// What stands in place of what was removed.
pub const REMOVED: &str = "〔…〕";

/// A text without what points at a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The rest.
    pub text: String,
    /// How many places were removed.
    pub removed: u32,
}

/// Fewer digits than this in a row are an amount, a year or a number of a paragraph.
const LONG_NUMBER: usize = 7;
/// Chinese numerals, of which as many in a row are read out digit by digit.
const NUMERALS: &str = "零〇一二三四五六七八九幺两";
/// What a number plate begins with.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领";
/// What an account stands behind.
const ACCOUNTS: [&str; 8] = [
    "微信号",
    "微信",
    "wechat",
    "weixin",
    "qq",
    "抖音号",
    "账号",
    "帐号",
];
/// What follows the number of a building, a part of it, or a room in it.
const PLACES: [&str; 7] = ["号楼", "单元", "栋", "幢", "室", "座", "号院"];

/// Removes what points at a person.
pub fn redact(text: &str) -> Redacted {
    let signs: Vec<char> = text.chars().collect();
    let plain: Vec<char> = signs.iter().copied().map(narrow).collect();
    let mut kept = String::with_capacity(text.len());
    let (mut at, mut removed) = (0, 0_u32);
    while let (Some(rest), Some(sign)) = (plain.get(at..), signs.get(at)) {
        let before = at
            .checked_sub(1)
            .and_then(|place| plain.get(place))
            .copied();
        match find_length(before, rest) {
            0 => {
                kept.push(*sign);
                at += 1;
            }
            length => {
                kept.push_str(REMOVED);
                removed = removed.saturating_add(1);
                at += length;
            }
        }
    }
    Redacted {
        text: kept,
        removed,
    }
}

/// The wide forms of a Chinese keyboard as the narrow ones, letters small.
fn narrow(sign: char) -> char {
    let sign = match sign {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(sign).saturating_sub(0xfee0)).unwrap_or(sign)
        }
        '\u{3000}' => ' ',
        '。' => '.',
        other => other,
    };
    sign.to_ascii_lowercase()
}

/// Says how many signs from here on are of one shape; 0 where none are.
type Finder = fn(&[char]) -> usize;

/// How many signs from here on point at a person; 0 where none do.
fn find_length(before: Option<char>, rest: &[char]) -> usize {
    let behind = |is_in: fn(&char) -> bool| before.as_ref().is_some_and(is_in);
    let in_word = behind(char::is_ascii_alphanumeric);
    let finders: [(bool, Finder); 7] = [
        (in_word, site),
        (in_word, mail),
        (behind(char::is_ascii_alphabetic), account),
        (false, plate),
        (behind(char::is_ascii_digit), place),
        (behind(char::is_ascii_digit), number),
        (false, numerals),
    ];
    let mut open = finders.iter().filter(|(within, _)| !within);
    open.find_map(|(_, find)| Some(find(rest)).filter(|length| *length > 0))
        .unwrap_or(0)
}

fn starts_with(rest: &[char], word: &str) -> bool {
    let mut signs = rest.iter();
    word.chars().all(|sign| signs.next() == Some(&sign))
}

fn run(rest: &[char], is_in: impl Fn(char) -> bool) -> usize {
    rest.iter().take_while(|sign| is_in(**sign)).count()
}

/// An address of a site, up to what cannot be in one.
fn site(rest: &[char]) -> usize {
    let marks = ["http://", "https://", "www."];
    if !marks.iter().any(|mark| starts_with(rest, mark)) {
        return 0;
    }
    // Wide commas and brackets are narrow by now.
    run(rest, |sign| {
        sign.is_ascii_graphic() && !",;()<>\"'".contains(sign)
    })
}

/// An address of mail.
fn mail(rest: &[char]) -> usize {
    let local = run(rest, |sign| {
        sign.is_ascii_alphanumeric() || "._%+-".contains(sign)
    });
    if local == 0 || rest.get(local) != Some(&'@') {
        return 0;
    }
    let after = rest.get(local + 1..).unwrap_or_default();
    let domain = run(after, |sign| {
        sign.is_ascii_alphanumeric() || ".-".contains(sign)
    });
    if domain == 0 { 0 } else { local + 1 + domain }
}

/// What stands behind the name of a service that people are found by, with that name.
fn account(rest: &[char]) -> usize {
    let Some(name) = ACCOUNTS.iter().find(|name| starts_with(rest, name)) else {
        return 0;
    };
    let name = name.chars().count();
    let after = rest.get(name..).unwrap_or_default();
    let between = run(after, |sign| matches!(sign, ' ' | ':' | '是' | '为' | '号'));
    let token = after.get(between..).unwrap_or_default();
    let token = run(token, |sign| {
        sign.is_ascii_alphanumeric() || "_-".contains(sign)
    });
    if token < 5 { 0 } else { name + between + token }
}

/// A number plate, with or without a sign behind its second place.
fn plate(rest: &[char]) -> usize {
    let [province, letter, after @ ..] = rest else {
        return 0;
    };
    if !PROVINCES.contains(*province) || !letter.is_ascii_alphabetic() {
        return 0;
    }
    let between = run(after, |sign| "·.- ".contains(sign)).min(1);
    let number = after.get(between..).unwrap_or_default();
    let length = run(number, |sign| sign.is_ascii_alphanumeric());
    let digits = (number.iter().take(length))
        .filter(|sign| sign.is_ascii_digit())
        .count();
    if (4..=6).contains(&length) && digits >= 3 {
        2 + between + length
    } else {
        0
    }
}

/// A number that is read out in Chinese.
fn numerals(rest: &[char]) -> usize {
    let length = run(rest, |sign| NUMERALS.contains(sign));
    if length >= LONG_NUMBER { length } else { 0 }
}

/// A building with its part and its room.
fn place(rest: &[char]) -> usize {
    let (mut length, mut parts) = (0, 0);
    loop {
        let here = rest.get(length..).unwrap_or_default();
        let digits = run(here, |sign| sign.is_ascii_digit() || sign == '-');
        let after = here.get(digits..).unwrap_or_default();
        let Some(word) = PLACES
            .iter()
            .find(|word| starts_with(after, word))
            .filter(|_| digits > 0)
        else {
            break;
        };
        length += digits + word.chars().count();
        parts += 1;
        // A room may stand without a word behind it.
        let bare = rest.get(length..).unwrap_or_default();
        let bare = run(bare, |sign| sign.is_ascii_digit());
        if bare > 0
            && !PLACES
                .iter()
                .any(|word| starts_with(rest.get(length + bare..).unwrap_or_default(), word))
        {
            length += bare;
            parts += 1;
            break;
        }
    }
    if parts > 1 { length } else { 0 }
}

/// A long number, whose digits may stand in groups, with the letter that ends the number of an identity card. A date is
/// none.
fn number(rest: &[char]) -> usize {
    let (mut length, mut digits, mut at) = (0, 0_usize, run(rest, |sign| "+(".contains(sign)));
    loop {
        match rest.get(at) {
            Some(sign) if sign.is_ascii_digit() => {
                digits += 1;
                at += 1;
                length = at;
            }
            // At most two signs between groups, as in `(010) 6655`.
            Some(sign) if digits > 0 && " -().—–".contains(*sign) && at < length + 2 => at += 1,
            // The number of an identity card ends with it.
            Some('x') if digits == 17 && at == length => {
                length = at + 1;
                break;
            }
            _ => break,
        }
    }
    if digits < LONG_NUMBER || is_date(rest.get(..length).unwrap_or_default()) {
        0
    } else {
        length
    }
}

/// `2026-03-02`, `2026.3.2`.
fn is_date(signs: &[char]) -> bool {
    let text: String = signs.iter().collect();
    let parts: Vec<&str> = text.split(['-', '.']).collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let between = |part: &str, from: u32, to: u32| {
        part.parse::<u32>()
            .is_ok_and(|number| (from..=to).contains(&number))
    };
    year.len() == 4 && between(year, 1900, 2100) && between(month, 1, 12) && between(day, 1, 31)
}
