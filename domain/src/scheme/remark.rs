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

/// An English message under the Chinese heading of its code; where there is none the code itself is the heading.
pub(super) fn headed(code: &str, message: String) -> Words {
    let heading = match code {
        "band_above_max" => "分段给分超出满分",
        "band_missing" => "等次缺少分数线",
        "band_not_used" => "分数线没有作用",
        "band_out_of_reach" => "分段永远取不到",
        "bands_out_of_order" => "等次或分段次序不对",
        "bounds_contradict" => "上下限互相矛盾",
        "cap_without_effect" => "封顶没有作用",
        "circle" => "规则之间循环等待",
        "code_used_twice" => "代码重复",
        "empty_list" => "列表为空",
        "floor_without_effect" => "保底没有作用",
        "looks_too_far" => "此处不能依据这一数据",
        "lower_bound" => "置信下限用法不对",
        "lowest_band" => "最低等次不写分数线",
        "malformed_code" => "代码不合规范",
        "missing_key" => "缺少必填项",
        "no_investigation" => "所指规则不启动专项调查",
        "one_of" => "几项之中须恰好写一项",
        "overflow" => "数值过大",
        "reserved_code" => "代码已作他用",
        "setting_missing" => "缺少设置",
        "setting_not_used" => "此设置没有作用",
        "sums_differ" => "分值合计不符",
        "syntax" => "文件格式有误",
        "unknown_format" => "格式版本不识别",
        "unknown_key" => "没有这一项",
        "unknown_name" => "所指名称不存在",
        "unknown_setting" => "所指设置不存在",
        "way_not_possible" => "此处不能用这种方式",
        "wider_than_parent" => "适用类别超出上级",
        "wrong_order" => "次序不对",
        "wrong_scale" => "数值不在应有的范围",
        "wrong_step" => "步长不能整除满分",
        "wrong_type" => "类型不对",
        "wrong_value" => "取值不对",
        other => other,
    };
    Words::new(format!("{heading}（{message}）"), message)
}
