//! Words that one of the two languages lacks.

use serde_json::Value;

use super::super::file::{Effect, SchemeFile, Words};
use super::super::load::Faults;

pub(super) fn review(file: &SchemeFile, faults: &mut Faults) {
    // Whatever has just the keys `zh` and `en` is words: nothing that people read can be forgotten here.
    let Ok(Value::Object(parts)) = serde_json::to_value(file) else {
        return;
    };
    for (key, value) in &parts {
        walk(key, value, faults);
    }
    name_follow_ups(file, faults);
    name_marks(file, faults);
}

/// Kinds of follow-up, and the limits of another appraisal, that people would read as codes.
fn name_follow_ups(file: &SchemeFile, faults: &mut Faults) {
    for rule in &file.rule {
        let Effect::FollowUp(written) = &rule.effect else {
            continue;
        };
        let path = format!("rule/{}/effect/follow_up", rule.code);
        let mut kinds = file.follow_up.iter();
        let Some(kind) = kinds.find(|kind| kind.code == written.kind) else {
            let place = format!("{path}/kind");
            unnamed(faults, &place, &written.kind, "[[follow_up]]");
            continue;
        };
        if let Some(limit) = &written.limit
            && !kind.limit.iter().any(|one| one.code == *limit)
        {
            let place = format!("{path}/limit");
            unnamed(faults, &place, limit, "[[follow_up]] limit");
        }
    }
}

/// Marks of respondents that people would read as codes.
fn name_marks(file: &SchemeFile, faults: &mut Faults) {
    for survey in &file.survey {
        for (place, share) in survey.demand.share.iter().enumerate() {
            if let Some(mark) = &share.mark
                && !survey.mark.iter().any(|one| one.code == *mark)
            {
                let path = format!("survey/{}/demand/share/{place}/mark", survey.code);
                unnamed(faults, &path, mark, "mark");
            }
        }
    }
}

fn unnamed(faults: &mut Faults, path: &str, code: &str, list: &str) {
    faults.warn(
        path,
        "words_missing",
        Words::new(
            format!("`{code}` 没有名称，人们只能读到代码：请在 `{list}` 中写明中英文名称"),
            format!("`{code}` has no name, so people read the code: name it in both languages under `{list}`"),
        ),
    );
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
                    format!("`{language}` 没有文字：中英文都要写"),
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
                "`en` 里只有中文：请写英文",
                "`en` holds Chinese only: write it in English",
            ),
        );
    } else if zh == en && reads(en) {
        faults.warn(
            path,
            "same_words",
            Words::new(
                "中英文完全相同：是否漏了翻译？",
                "the words are the same in both languages: is one not translated?",
            ),
        );
    }
}

/// Whether a letter is a Chinese character (CJK ideographs with their first extension).
const fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}
