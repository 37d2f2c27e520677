//! What is said about a scheme file: faults, which refuse it, and warnings, which do not.

use std::fmt;

use serde::Serialize;

use super::file::Words;

/// A fault of a scheme file: it is refused until this is mended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What kind of fault, for programs.
    pub code: &'static str,
    /// Where, as keys joined by `/`; elements of lists are named by their code.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: Words,
}

/// Something in a scheme file that is doubtful, yet may be meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What kind of doubt, for programs.
    pub code: &'static str,
    /// Where, as in [`Fault`].
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is doubtful and why.
    pub message: Words,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column, path) = (self.line, self.column, &self.path);
        write!(f, "{line}:{column}: {path}: {}", self.message.en)
    }
}

/// What the reading of a file says: in Chinese too where its form is known, else quoted under a heading.
pub(super) fn of_reading(code: &str, message: String) -> Words {
    let zh = in_chinese(&message).unwrap_or_else(|| {
        let heading = match code {
            "syntax" => "文件格式有误",
            "unknown_key" => "没有这一项",
            "missing_key" => "缺少必填项",
            _ => "取值不对",
        };
        format!("{heading}（解析程序的原话：“{message}”）")
    });
    Words::new(zh, message)
}

/// The sentences of numbers, and the commonest of those that serde says.
fn in_chinese(message: &str) -> Option<String> {
    if message == "a value is too large to be counted in points" {
        return Some("数值过大，无法计分".to_owned());
    }
    let after = |start: &str| message.strip_prefix(start);
    if let Some(rest) = after("missing field `") {
        return Some(format!("缺少 `{}`", rest.strip_suffix('`')?));
    }
    if let Some(rest) = after("unknown field `") {
        let (found, known) = rest.split_once('`')?;
        return Some(format!("没有 `{found}` 这一项：{}", choices(known)?));
    }
    if let Some(rest) = after("unknown variant `") {
        let (found, known) = rest.split_once('`')?;
        return Some(format!("`{found}` 不是这里的取值：{}", choices(known)?));
    }
    if let Some((found, "a number in quotes, such as \"2.5\", \"90%\" or \"1/3\"")) =
        after("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        let found = found
            .split('`')
            .nth(1)
            .map(|found| format!("`{found}` 不是数：这里"));
        let here = found.unwrap_or_else(|| "这里".to_owned());
        return Some(format!(
            "{here}应写加引号的数，如 `\"2.5\"`、`\"90%\"`、`\"1/3\"`"
        ));
    }
    let (found, told) = message.strip_prefix('`')?.split_once("` is ")?;
    let told = match told {
        "not a point value: write a decimal with at most four places, such as `2.5`" => {
            "不是分值：请写至多四位小数的数，如 `2.5`"
        }
        "not a number: write `0.9`, `90%` or `9/10`" => "不是数：请写 `0.9`、`90%` 或 `9/10`",
        "floating point, which is not exact: put the number in quotes" => {
            "是浮点数，不精确：请把这个数写在引号里"
        }
        _ => return None,
    };
    Some(format!("`{found}` {told}"))
}

/// What serde expects instead: `, expected one of `a`, `b``.
fn choices(known: &str) -> Option<String> {
    if known == ", there are no fields" || known == ", there are no variants" {
        return Some("这里什么也不能写".to_owned());
    }
    let known = known.strip_prefix(", expected ")?;
    let names: Vec<String> = (known.split('`').skip(1).step_by(2))
        .map(|name| format!("`{name}`"))
        .collect();
    (!names.is_empty()).then(|| format!("可写 {}", names.join("、")))
}
