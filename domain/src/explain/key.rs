//! Keys of a scheme file and the words that may stand at them, for reading: in English the file's own.

use super::{pair, same};
use crate::scheme::file::Words;

/// A key of the file in words.
#[expect(
    clippy::match_same_arms,
    reason = "a table, by key: what two keys are called alike is chance"
)]
pub(super) fn key_word(key: &str) -> Words {
    let zh = match key {
        "at_least" => return same("≥"),
        "more_than" => return same(">"),
        "at_most" => return same("≤"),
        "less_than" => return same("<"),
        "equal_to" => return same("="),
        "about" => "说明",
        "add" => "加分",
        "against" => "比照",
        "all" => "同时满足",
        "all_or_nothing" => "全完成才得分",
        "among" => "以…为准",
        "among_eligible" => "只计符合条件的",
        "answers" => "回答",
        "any" => "满足其一",
        "any_of" => "选了",
        "as_of" => "所取时点",
        "asks_whether_told" => "询问是否被打招呼",
        "assumption" => "假定",
        "attended" => "到会",
        "back" => "回溯",
        "ballot" => "评议票",
        "bands" => "分段",
        "batch_within_issued" => "每批不超发放数",
        "best" => "最好",
        "by" => "按",
        "calendar_years" => "日历年",
        "cap" => "等次上限",
        "categories" => "类别",
        "category" => "类别",
        "ceiling" => "上限",
        "changeable" => "可改答",
        "channel" => "渠道",
        "checklist" => "任务清单",
        "choice" => "选择题",
        "class" => "类别",
        "clause" => "条款",
        "closed" => "已截止",
        "closing" => "结束",
        "code" => "代码",
        "combine" => "汇总",
        "composed" => "由其他对象合成",
        "count_disqualified" => "计入被取消资格的",
        "counts" => "计数单位",
        "dated_by" => "计日依据",
        "decimals" => "小数位数",
        "deduct" => "扣分",
        "demand" => "要求",
        "denominator" => "分母",
        "disqualified" => "取消资格",
        "dissatisfied_above" => "不满意高于",
        "dissatisfied_to" => "不满意至",
        "earlier" => "往轮等次",
        "effect" => "效果",
        "eligible" => "符合认定条件",
        "en" => "英文",
        "every" => "每隔",
        "fact" => "事实",
        "facts" => "事实",
        "fewer_than" => "少于",
        "field" => "字段",
        "figure" => "指标",
        "finding" => "专项调查",
        "floor" => "下限",
        "follow_up" => "结果运用",
        "for" => "适用",
        "format" => "格式",
        "from" => "分数线",
        "full_at" => "得满分处",
        "gap" => "缺等次时",
        "gate" => "前提",
        "gate_undetermined" => "前提未定时",
        "grade" => "等次",
        "graded" => "现场打分",
        "grades" => "等次",
        "grading" => "定等",
        "group" => "分组",
        "hand_on" => "移交",
        "help" => "填写说明",
        "hold" => "须成立的范围",
        "hours_before_end" => "截止前小时数",
        "in" => "归属",
        "in_a_row" => "连续",
        "indicator" => "指标",
        "intro" => "导语",
        "is" => "为",
        "item" => "考评项",
        "kind" => "种类",
        "label" => "称号",
        "ladder" => "阶梯",
        "last_year" => "上年",
        "least" => "最少",
        "least_seats" => "最少名额",
        "least_seconds" => "最短秒数",
        "least_valid" => "最少有效答卷",
        "limit" => "限制",
        "line" => "直线",
        "longest" => "最长",
        "lower_bound" => "置信下限",
        "lowest" => "最低",
        "mark" => "标记",
        "matrix" => "矩阵题",
        "max" => "满分",
        "measure" => "量化数据",
        "measured" => "量化数据",
        "minimum" => "认定的最低等次",
        "missing" => "缺项时",
        "mode" => "舍入",
        "months" => "月数",
        "most_no_opinion" => "不了解最高占比",
        "name" => "名称",
        "nil_report" => "零报告",
        "nobody" => "无相关对象时",
        "node" => "计分处",
        "not" => "并非",
        "numbers" => "数值",
        "of" => "取自",
        "on" => "依据",
        "once" => "只计一次",
        "one_for" => "一票所含",
        "one_of" => "其中之一",
        "one_person" => "一人多答时",
        "option" => "选项",
        "optional" => "可不答",
        "options" => "选项",
        "order" => "次序",
        "over" => "多次取值",
        "panel" => "群体",
        "panels" => "群体",
        "part" => "分项",
        "per_case" => "按件计分",
        "per_event" => "逐件",
        "period" => "期间",
        "plain" => "不加权",
        "points" => "分值",
        "published" => "公开",
        "publisher" => "发布单位",
        "question" => "题目",
        "quota" => "名额",
        "rank_at_most" => "名次不低于",
        "rank_disqualified" => "被取消资格的也排名",
        "record_points" => "记分",
        "region" => "地区",
        "related" => "关联对象",
        "required" => "必答",
        "returned" => "回收",
        "returned_within_issued" => "回收不超发放",
        "rounding" => "取整",
        "rule" => "规则",
        "satisfied_from" => "满意起于",
        "scale" => "等级",
        "scale_not_applicable" => "不适用项折算",
        "sealed" => "截止前封存",
        "seats" => "名额数",
        "section" => "部分",
        "set" => "等次定为",
        "setting" => "设置",
        "several" => "多人打分",
        "shape" => "得分线",
        "share" => "比例",
        "show_if" => "显示条件",
        "size" => "规模",
        "soft" => "软名额",
        "source" => "依据文件",
        "start" => "起始",
        "step" => "步长",
        "straight_line" => "全部同选",
        "sum" => "求和",
        "survey" => "测评",
        "surveyed" => "测评",
        "tasks" => "任务数",
        "text" => "内容",
        "that" => "满足",
        "threshold" => "门槛",
        "tie" => "并列时",
        "tie_breakers" => "并列时先后",
        "title" => "标题",
        "to" => "至",
        "total_ceiling" => "总分上限",
        "total_floor" => "总分下限",
        "two_people" => "双人结束",
        "undefined_stratum" => "缺少的群体",
        "undetermined" => "未定时",
        "unit" => "单位",
        "validity" => "有效性",
        "value" => "依据",
        "version" => "版本",
        "versus" => "比较方式",
        "warning" => "提醒",
        "weight" => "权重",
        "weighting" => "加权",
        "when" => "条件",
        "where" => "其中",
        "with_this_round" => "含本轮",
        "within_days" => "限期天数",
        "within_working_days" => "限期工作日数",
        "without_total" => "无总分的",
        "words" => "告知用语",
        "worst" => "最差",
        "zero_at" => "得零分处",
        "zh" => "中文",
        // A column of a table that the scheme declares bears the scheme's own code.
        other => other,
    };
    pair(zh, key.replace('_', " "))
}

/// A choice of the file in words; nothing where `text` is no choice at `key` but a code, a number or free text.
pub(super) fn choice_word(key: &str, text: &str) -> Option<Words> {
    if !CHOSEN.contains(&key) {
        return None;
    }
    let zh = match text {
        "alert" => "预警",
        "all" => "全部",
        "all_fall" => "并列的都不入",
        "any" => "任一",
        "belongs_to" => "所属家庭",
        "bonus" => "加分项",
        "breaks" => "即中断",
        "case" => "件",
        "category" => "同类别",
        "category_region" => "同类别同地区",
        "ceiling" => "向上",
        "change" => "变化率",
        "channel_order" => "按渠道次序",
        "committee" => "由委员会决定",
        "common" => "共性",
        "count" => "个",
        "days" => "天",
        "decision" => "决定日",
        "deduction" => "扣分项",
        "difference" => "差值",
        "disqualify" => "取消参评资格",
        "dissatisfied" => "不满意",
        "dissatisfied_share" => "不满意率",
        "down" => "舍去",
        "event" => "发生时",
        "everyone" => "全体",
        "false" => "不成立",
        "family" => "家庭",
        "family_members" => "家庭成员",
        "fired" => "视为触发",
        "first" => "取最先",
        "floor" => "向下",
        "full" => "满分",
        "half_even" => "四舍六入五成双",
        "half_up" => "四舍五入",
        "half_year" => "半年",
        "headed_by" => "负责人",
        "heads" => "所任负责人的班子",
        "investigate" => "启动专项调查",
        "invited" => "受邀人数",
        "kind" => "同种类",
        "last" => "取最后",
        "latest" => "取最近一次",
        "leads" => "所领导的单位",
        "least" => "取最低",
        "led_by" => "领导班子",
        "left_out" => "不列入",
        "mean" => "平均",
        "mean_of_questions" => "各题平均",
        "mean_score" => "平均得分",
        "median" => "中位数",
        "member_of" => "所在班子",
        "members" => "成员",
        "minutes" => "分钟",
        "month" => "月",
        "neutral" => "一般",
        "no_opinion" => "不了解",
        "none" => "无一",
        "not_applicable" => "不适用",
        "not_fired" => "视为未触发",
        "open" => "视为满足",
        "paper" => "纸质",
        "part_of" => "上级单位",
        "parts" => "下属单位",
        "period_end" => "期末",
        "period_start" => "期初",
        "person" => "人",
        "phone" => "电话",
        "pooled" => "合并计算",
        "proposed" => "拟定等次",
        "quarter" => "季度",
        "rate" => "比率",
        "rated" => "作出评价的",
        "rated_and_no_opinion" => "作出评价及不了解的",
        "region" => "地区",
        "require" => "须满足",
        "returned" => "回收数",
        "round" => "轮次",
        "satisfaction_rate" => "满意率",
        "satisfied" => "满意",
        "share" => "比例",
        "share_out" => "由其他群体分摊",
        "shut" => "视为不满足",
        "skipped" => "跳过",
        "specific" => "个性",
        "sum" => "求和",
        "team" => "班子",
        "total" => "总分",
        "trimmed" => "去掉最高最低后平均",
        "true" => "成立",
        "undefined" => "不予计算",
        "undetermined" => "未定",
        "unfounded" => "不属实",
        "unit" => "单位",
        "unranked" => "不排名",
        "up" => "进一",
        "valid" => "有效答卷",
        "verified" => "属实",
        "web" => "网上",
        "workers" => "工作人员",
        "works_in" => "所在单位",
        "year" => "年",
        "yuan" => "元",
        "zero" => "零分",
        _ => return None,
    };
    Some(pair(zh, text.replace('_', " ")))
}

/// The keys at which one of several words of the format is chosen.
const CHOSEN: [&str; 36] = [
    "among",
    "as_of",
    "by",
    "channel",
    "class",
    "code",
    "combine",
    "counts",
    "dated_by",
    "denominator",
    "disqualified",
    "effect",
    "every",
    "figure",
    "gap",
    "gate_undetermined",
    "group",
    "hold",
    "is",
    "kind",
    "missing",
    "mode",
    "nobody",
    "on",
    "one_for",
    "one_person",
    "over",
    "rounding",
    "several",
    "start",
    "tie",
    "undefined_stratum",
    "undetermined",
    "unit",
    "versus",
    "without_total",
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::{CHOSEN, choice_word, key_word};

    const FORMAT: &str = include_str!("../../../schemes/scheme.schema.json");

    /// The keys of the format, each with the words that may be chosen at it.
    fn keys(format: &Value) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        visit(format, format, &mut found);
        found
    }

    fn visit(format: &Value, at: &Value, found: &mut BTreeMap<String, BTreeSet<String>>) {
        match at {
            Value::Object(map) => {
                let keys = map.get("properties").and_then(Value::as_object);
                for (key, what) in keys.into_iter().flatten() {
                    choices(format, what, found.entry(key.clone()).or_default());
                }
                map.values().for_each(|inner| visit(format, inner, found));
            }
            Value::Array(list) => list.iter().for_each(|inner| visit(format, inner, found)),
            _ => {}
        }
    }

    fn choices(format: &Value, what: &Value, found: &mut BTreeSet<String>) {
        if let Some(name) = what.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or(name);
            let definition = format.pointer(&format!("/$defs/{name}"));
            // What holds objects has keys of its own, which are visited by themselves.
            if let Some(definition) = definition.filter(|one| one.get("properties").is_none()) {
                choices(format, definition, found);
            }
        }
        let one = what.get("const").into_iter();
        let several = what.get("enum").and_then(Value::as_array);
        let words = one.chain(several.into_iter().flatten());
        found.extend(words.filter_map(Value::as_str).map(str::to_owned));
        for key in ["anyOf", "oneOf", "allOf"] {
            let list = what.get(key).and_then(Value::as_array);
            for inner in list.into_iter().flatten() {
                choices(format, inner, found);
            }
        }
        if let Some(inner) = what.get("items") {
            choices(format, inner, found);
        }
    }

    fn is_chinese(text: &str) -> bool {
        !text.is_empty() && !text.contains(|one: char| one.is_ascii_alphabetic())
    }

    #[test]
    fn every_key_and_every_choice_of_the_format_has_a_chinese_word() {
        let format: Value = serde_json::from_str(FORMAT).expect("the format");
        let keys = keys(&format);
        assert!(keys.len() > 150, "{}", keys.len());
        let mut missing = Vec::new();
        for (key, choices) in &keys {
            if !is_chinese(&key_word(key).zh) {
                missing.push(key.clone());
            }
            for choice in choices {
                if choice_word(key, choice).is_none_or(|word| !is_chinese(&word.zh)) {
                    missing.push(format!("{key} = {choice}"));
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new());
        let chosen: Vec<&str> = keys
            .iter()
            .filter(|(_, choices)| !choices.is_empty())
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(chosen, CHOSEN);
    }

    #[test]
    fn a_code_that_looks_like_a_choice_stays_a_code() {
        assert_eq!(choice_word("code_of_item", "total"), None);
        assert_eq!(choice_word("tie", "a code of the scheme"), None);
    }
}
