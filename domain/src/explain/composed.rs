//! Whom composed points rest on, and of which closed rounds.

use super::{Explainer, joined, pair};
use crate::outcome::{Members, PartResult};
use crate::scheme::file::Words;

impl Explainer<'_> {
    /// Whom the points of a part are composed of: one sentence for each category. Nothing where it is scored otherwise.
    pub fn composed(&self, part: &PartResult) -> Option<Words> {
        let members = &part.beside().members;
        if members.is_empty() {
            return None;
        }
        let sentences: Vec<Words> = members.iter().map(|one| self.members(one)).collect();
        Some(joined(&sentences, "", " "))
    }

    fn members(&self, one: &Members) -> Words {
        let category = one
            .name
            .clone()
            .unwrap_or_else(|| self.category_name(&one.category));
        let list = |word: fn(&str, u32) -> String, between: &str| {
            let named = one.rounds.iter();
            let named: Vec<String> = named.map(|(round, number)| word(round, *number)).collect();
            named.join(between)
        };
        let rounds = if one.rounds.is_empty() {
            pair("本轮", "in this round")
        } else {
            let zh = list(|round, number| format!("轮次 {round} 第 {number} 版"), "、");
            let en = list(|round, number| format!("{round} (revision {number})"), ", ");
            pair(zh, format!("in {en}"))
        };
        let mean = one
            .mean
            .as_ref()
            .map_or_else(|| "–".to_owned(), |mean| mean.to_percent_text(2));
        pair(
            format!(
                "“{}”（{}）：计入 {} 个，平均得分率 {mean}，权重 {}；无总分 {} 个。",
                category.zh, rounds.zh, one.counted, one.weight, one.without_total
            ),
            format!(
                "“{}” {}: {} counted, mean result {mean}, weight {}; {} without a total.",
                category.en, rounds.en, one.counted, one.weight, one.without_total
            ),
        )
    }

    /// The name of a category; its code where nobody told what another scheme calls it.
    fn category_name(&self, code: &str) -> Words {
        let mut categories = self.scheme.file.category.iter();
        categories
            .find(|category| category.code == code)
            .map_or_else(|| pair(code, code), |category| category.name.clone())
    }
}
