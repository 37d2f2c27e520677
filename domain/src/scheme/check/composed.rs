//! Composed items: whom they are composed of, and what each weighs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::file::{Composed, Words};
use super::super::model::{ComposedPlan, Way};
use super::{Checker, check_code};
use crate::number::Ratio;

impl Checker {
    /// Categories and sizes of closed rounds belong to other schemes, so only their spelling is looked at.
    pub(super) fn composed(&mut self, path: &str, composed: &Composed) -> (Way, Arc<str>) {
        if composed.by.is_empty() != composed.region {
            self.faults.say(
                path,
                "one_of",
                Words::new(
                    "成员须经由 `by` 所列关系取得，或写 `region = true`，二者取一",
                    "members are reached `by` relations or by `region = true`",
                ),
            );
        }
        let mut seen = BTreeSet::new();
        for code in &composed.closed {
            check_code(&mut self.faults, &format!("{path}/closed"), code);
            if !seen.insert(code) {
                self.faults.say(
                    &format!("{path}/closed"),
                    "code_used_twice",
                    Words::new(
                        format!("评价体系 `{code}` 出现了两次"),
                        format!("the scheme `{code}` is there twice"),
                    ),
                );
            }
        }
        let of_this_round = composed.closed.is_empty();
        for (key, code) in composed
            .categories
            .iter()
            .map(|code| ("categories", code))
            .chain(composed.weight.keys().map(|code| ("weight", code)))
        {
            let place = format!("{path}/{key}");
            if of_this_round {
                let found = self.categories.get(code).copied();
                self.known(&place, "category", code, found);
            } else {
                check_code(&mut self.faults, &place, code);
            }
        }
        self.check_weights(path, composed);
        self.check_size(path, composed);
        let what = if of_this_round {
            Arc::from("composed")
        } else {
            Arc::from(format!("composed/{}", composed.closed.join(",")))
        };
        let plan = ComposedPlan {
            written: composed.clone(),
            // Of closed rounds sizes are recorded with the results.
            size: composed
                .size
                .as_ref()
                .filter(|_| of_this_round)
                .and_then(|code| self.measures.get(code).copied()),
        };
        (Way::Composed(Box::new(plan)), what)
    }

    fn check_weights(&mut self, path: &str, composed: &Composed) {
        let place = format!("{path}/weight");
        let mut sum = Ratio::zero();
        for (code, weight) in &composed.weight {
            if weight.is_negative() {
                self.faults.say(
                    &format!("{place}/{code}"),
                    "wrong_scale",
                    Words::new(
                        format!("`{weight}` 小于 0"),
                        format!("`{weight}` is below 0"),
                    ),
                );
            }
            if !composed.categories.is_empty() && !composed.categories.contains(code) {
                self.faults.say(
                    &format!("{place}/{code}"),
                    "setting_not_used",
                    Words::new(
format!("没有取类别 `{code}` 的成员：请写入 `categories`，或删去它的权重"),
format!("members of the category `{code}` are not taken: name it in `categories` or leave its weight out"),
),
                );
            }
            sum = sum.add(weight);
        }
        let all_named = !composed.categories.is_empty()
            && composed
                .categories
                .iter()
                .all(|code| composed.weight.contains_key(code));
        if all_named && sum.is_zero() {
            self.faults.say(
                &place,
                "wrong_scale",
                Words::new(
                    "权重合计为 0，什么都不计入",
                    "the weights add up to 0, so nothing would count",
                ),
            );
        }
    }

    fn check_size(&mut self, path: &str, composed: &Composed) {
        let Some(code) = &composed.size else {
            return;
        };
        let place = format!("{path}/size");
        if !composed.weight.is_empty() {
            self.faults.say(
                &place,
                "one_of",
                Words::new(
                    "成员按类别或按规模加权：请删去 `weight` 或 `size`",
                    "members weigh by category or by size: leave out `weight` or `size`",
                ),
            );
        }
        if !composed.closed.is_empty() {
            check_code(&mut self.faults, &place, code);
            return;
        }
        let found = self.measures.get(code).copied();
        let Some(measure) = self.known(&place, "measure", code, found) else {
            return;
        };
        if self.is_reported_in_parts(measure) {
            self.faults.say(
                &place,
                "way_not_possible",
                Words::new(
                    format!("规模只有一个数：请让 `{code}` 整轮报一次，`every = \"round\"`"),
                    format!("a size is one number: report `{code}` once, `every = \"round\"`"),
                ),
            );
        }
    }
}
