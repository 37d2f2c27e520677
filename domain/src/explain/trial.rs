//! A trial of a version of a scheme in words.

use super::{Explainer, joined, pair};
use crate::number::Points;
use crate::outcome::Status;
use crate::scheme::file::Words;
use crate::trial::{Because, Changed, SetAside, Standing};

/// What a subject got and would get, without the reasons; both versions lend their names.
pub fn changed(old: &Explainer<'_>, new: &Explainer<'_>, changed: &Changed) -> Words {
    let who = new.subject(&changed.subject);
    let before = old.standing(&changed.before);
    let after = changed.after.as_ref().map_or_else(
        || pair("不参评", "takes no part"),
        |after| new.standing(after),
    );
    pair(
        format!("{who}（{}）：{} → {}", changed.subject, before.zh, after.zh),
        format!("{who} ({}): {} → {}", changed.subject, before.en, after.en),
    )
}

/// What makes the difference.
pub fn because(old: &Explainer<'_>, new: &Explainer<'_>, because: &Because) -> Words {
    match because {
        Because::NoCategory => pair(
            "新版本没有它的类别",
            "the new version has no category for it",
        ),
        Because::Item {
            item,
            before,
            after,
        } => {
            let name = named(new.item_name(item), || old.item_name(item), item);
            points_changed(&name, *before, *after)
        }
        Because::Node {
            node,
            before,
            after,
        } => {
            let name = named(new.item_name(node), || old.item_name(node), node);
            points_changed(&name, *before, *after)
        }
        Because::RuleFires(result) | Because::RuleOpen(result) => new.rule_sentence(result),
        Because::RuleDoesNot(rule) => {
            let name = old.rule_or_quota(rule);
            pair(
                format!("规则“{}”不再触发", name.zh),
                format!("the rule “{}” no longer fires", name.en),
            )
        }
        Because::Bands => pair("等次的分数线不同", "the bands of the grades are others"),
        Because::Step { step, after } => {
            let (owner, zh, en) = if *after {
                (new, "现", "now")
            } else {
                (old, "原", "before")
            };
            let step = owner.step(step);
            pair(format!("{zh}：{}", step.zh), format!("{en}: {}", step.en))
        }
        Because::Labels { before, after } => {
            let (before, after) = (old.labels_held(before), new.labels_held(after));
            pair(
                format!("称号：{} → {}", before.zh, after.zh),
                format!("labels: {} → {}", before.en, after.en),
            )
        }
        Because::FollowUp { consequence, after } => {
            let (owner, zh, en) = if *after {
                (new, "现有结果运用", "now there is")
            } else {
                (old, "原有结果运用", "before there was")
            };
            let one = owner.consequence(consequence);
            pair(format!("{zh}：{}", one.zh), format!("{en}: {}", one.en))
        }
        Because::Settings => pair(
            "认定的最低等次或总分的设置不同",
            "the least eligible grade, or a setting of totals, is another",
        ),
    }
}

/// Rows that the new version has no place for.
pub fn set_aside(set_aside: &SetAside) -> Words {
    let SetAside {
        list,
        name,
        code,
        message,
        rows,
    } = set_aside;
    let zh = match code.as_str() {
        "item_gone" => "新版本没有此项",
        "maximum_changed" => "此项满分不同，得分须重新评定",
        "way_changed" => "此项评分方式不同，得分须重新评定",
        "unknown_name" => "新版本没有这一名称",
        "unknown_subject" => "对象在新版本中不参评",
        "not_applicable" => "此项不适用于该类别",
        "above_maximum" => "超出新的满分",
        "off_step" => "不合新的步长",
        _ => "与新版本不符",
    };
    pair(
        format!("{list} {name}：{rows} 行，{zh}"),
        format!("{list} {name}: {rows} rows, {message}"),
    )
}

/// A name of the new version, or of the old one where the new has none.
fn named(name: Words, old: impl Fn() -> Words, code: &str) -> Words {
    if name.zh == code { old() } else { name }
}

fn points_changed(name: &Words, before: Option<Points>, after: Option<Points>) -> Words {
    let shown = |points: Option<Points>| {
        points.map_or_else(
            || pair("缺", "missing"),
            |points| pair(points.to_string(), points.to_string()),
        )
    };
    let (before, after) = (shown(before), shown(after));
    pair(
        format!("“{}”得分 {} → {}", name.zh, before.zh, after.zh),
        format!("points of “{}” {} → {}", name.en, before.en, after.en),
    )
}

impl Explainer<'_> {
    fn labels_held(&self, labels: &[std::sync::Arc<str>]) -> Words {
        if labels.is_empty() {
            return pair("无", "none");
        }
        let names: Vec<Words> = labels.iter().map(|code| self.label_name(code)).collect();
        joined(&names, "、", ", ")
    }

    fn standing(&self, standing: &Standing) -> Words {
        let total = standing.total.map_or_else(
            || pair("总分未定", "no total"),
            |total| pair(format!("{total}分"), format!("{total} points")),
        );
        let grade = match (standing.status, &standing.grade) {
            _ if standing.disqualified => pair("取消参评资格", "disqualified"),
            (Status::Held, _) => pair("暂缓", "held"),
            (Status::Undetermined, _) => pair("未定", "undetermined"),
            (Status::Decided, grade) => self.grade(grade.as_ref()),
        };
        let eligible = match standing.eligible {
            Some(true) => pair("符合认定条件", "eligible"),
            Some(false) => pair("不符合认定条件", "not eligible"),
            None => pair("认定未定", "eligibility open"),
        };
        pair(
            format!("{}，{}，{}", total.zh, grade.zh, eligible.zh),
            format!("{}, {}, {}", total.en, grade.en, eligible.en),
        )
    }
}
