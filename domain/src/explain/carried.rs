//! Words for what a correction carries over.

use std::sync::Arc;

use crate::correction::CarriedKind;
use crate::outcome::Gap;
use crate::scheme::file::Words;

use super::{Explainer, pair};

impl Explainer<'_> {
    /// What is carried over, by its kind.
    pub(super) fn carried(&self, gap: &Gap) -> Words {
        let kind = gap.what.as_deref().and_then(CarriedKind::find);
        let (zh, en, name) = match kind {
            Some(CarriedKind::Finding) => {
                let name = self.rule_or_quota(&gap.place);
                ("专项调查结论", "finding on", name)
            }
            Some(CarriedKind::TieChoice) => {
                let name = self.rule_or_quota(&gap.place);
                ("并列取舍", "choice among those tied for", name)
            }
            Some(CarriedKind::Adjustment) => {
                let name = self.grade(Some(&gap.place));
                ("酌定等次", "adjustment to", name)
            }
            Some(CarriedKind::Waiver) | None => ("豁免", "waiver of", self.waived(&gap.place)),
        };
        pair(format!("{zh}（{}）", name.zh), format!("{en} {}", name.en))
    }

    fn waived(&self, gap: &str) -> Words {
        match gap.split_once('/') {
            Some(("item", code)) => self.item_name(code),
            Some(("rule", code)) => self.rule_or_quota(&Arc::from(code)),
            Some(("batch", code)) => {
                let (survey, _) = code.split_once('/').unwrap_or((code, ""));
                self.survey_name(survey)
            }
            _ if gap == "contradiction" => pair("规则矛盾", "the contradiction"),
            _ => pair("等次", "the grade"),
        }
    }
}
