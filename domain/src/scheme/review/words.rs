//! Words that one of the two languages lacks.

use serde_json::Value;

use super::super::file::{SchemeFile, Words};
use super::super::load::Faults;

pub(super) fn review(file: &SchemeFile, faults: &mut Faults) {
    // Whatever has just the keys `zh` and `en` is words: nothing that people read can be forgotten here.
    let Ok(Value::Object(parts)) = serde_json::to_value(file) else {
        return;
    };
    for (key, value) in &parts {
        walk(key, value, faults);
    }
}

fn walk(path: &str, value: &Value, faults: &mut Faults) {
    match value {
        Value::Object(map) => {
            if let (Some(Value::String(zh)), Some(Value::String(en)), 2) =
                (map.get("zh"), map.get("en"), map.len())
            {
                compare(path, zh, en, faults);
                return;
            }
            for (key, inner) in map {
                walk(&format!("{path}/{key}"), inner, faults);
            }
        }
        Value::Array(list) => {
            for (place, inner) in list.iter().enumerate() {
                let code = inner.get("code").and_then(Value::as_str);
                let name = code.map_or_else(|| place.to_string(), str::to_owned);
                walk(&format!("{path}/{name}"), inner, faults);
            }
        }
        _ => {}
    }
}

fn compare(path: &str, zh: &str, en: &str, faults: &mut Faults) {
    // What is not in the file at all is named already.
    if !faults.knows(path) {
        return;
    }
    let mut missing = false;
    for (language, text) in [("zh", zh), ("en", en)] {
        if text.trim().is_empty() {
            missing = true;
            faults.say(
                &format!("{path}/{language}"),
                "missing_translation",
                Words::new(
                    format!("`{language}` 没有文字:中英文都要写"),
                    format!("there are no words in `{language}`: people read both languages"),
                ),
            );
        }
    }
    if missing {
        return;
    }
    let reads = |text: &str| text.chars().any(|letter| letter.is_ascii_alphabetic());
    if en.chars().any(is_chinese) && !reads(en) {
        faults.say(
            &format!("{path}/en"),
            "missing_translation",
            Words::new(
                "`en` 里只有中文:请写英文",
                "`en` holds Chinese only: write it in English",
            ),
        );
    } else if zh == en && reads(en) {
        faults.warn(
            path,
            "same_words",
            Words::new(
                "中英文完全相同:是否漏了翻译?",
                "the words are the same in both languages: is one not translated?",
            ),
        );
    }
}

/// Whether a letter is a Chinese character (CJK ideographs with their first extension).
const fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}
