//! Quotas: how many of a group may hold a grade.

use std::sync::Arc;

use super::super::file::{GradedBy, Quota, Words};
use super::super::model::{QuotaPlan, Seats};
use super::Checker;
use crate::number::Ratio;

impl Checker {
    pub(super) fn check_quotas(&mut self) -> Vec<QuotaPlan> {
        let quotas = self.file.quota.clone();
        let mut plans: Vec<QuotaPlan> = Vec::new();
        for (number, quota) in quotas.iter().enumerate() {
            if quotas.iter().take(number).any(|q| q.code == quota.code) {
                self.faults.add_twice(
                    &format!("quota/{}", quota.code),
                    number,
                    Words::new(
                        format!("名额 `{}` 出现了两次", quota.code),
                        format!("the quota `{}` is there twice", quota.code),
                    ),
                );
            }
            plans.extend(self.quota_plan(quota));
        }
        if self.file.grading.by == GradedBy::Proposed
            && self.file.grading.tie_breakers.is_empty()
            && !quotas.is_empty()
        {
            self.faults.say("grading/tie_breakers", "setting_missing", Words::new("等次为拟定等次，请写明名额按什么排序：`tie_breakers`", "grades are proposed, so say what ranks subjects where a quota draws a line: `tie_breakers`"));
        }
        // From the highest grade down and, within a grade, as written.
        plans.sort_by_key(|plan| plan.grade);
        plans
    }

    fn quota_plan(&mut self, quota: &Quota) -> Option<QuotaPlan> {
        let path = format!("quota/{}", quota.code);
        let applies = self.applies(&path, quota.categories.as_ref());
        let grade = self.grade(&format!("{path}/grade"), &quota.grade);
        let seats = match (&quota.share, quota.seats) {
            (None, Some(seats)) => Some(Seats::Fixed(seats)),
            (Some(share), None) => {
                if share.is_negative() || *share > Ratio::one() {
                    let share = self.faults.as_written(&format!("{path}/share"), share);
                    self.faults.say(
                        &format!("{path}/share"),
                        "wrong_scale",
                        Words::new(
                            format!("`{share}` 不是占比：请写成 `1/3` 或 `15%`"),
                            format!("`{share}` is not a share: write `1/3` or `15%`"),
                        ),
                    );
                }
                if quota.least_seats.is_some_and(|least| least > 1) {
                    self.faults.say(
                        &format!("{path}/least_seats"),
                        "wrong_scale",
                        Words::new(
                            "占比折算的名额最少为 0 或 1",
                            "of a share there are at least 0 seats or 1",
                        ),
                    );
                }
                if let (Some(rounding), Some(least)) = (quota.rounding, quota.least_seats) {
                    Some(Seats::Share {
                        share: share.clone(),
                        rounding,
                        least,
                    })
                } else {
                    self.faults.say(
                        &path,
                        "setting_missing",
                        Words::new(
                            "请写明占比如何折算为名额：`rounding` 和 `least_seats`",
                            "say how a share becomes seats: `rounding` and `least_seats`",
                        ),
                    );
                    None
                }
            }
            _ => {
                self.faults.say(
                    &path,
                    "one_of",
                    Words::new(
                        "名额须恰好写 `share` 或 `seats` 之一",
                        "a quota is exactly one of `share`, `seats`",
                    ),
                );
                None
            }
        };
        Some(QuotaPlan {
            code: Arc::from(quota.code.as_str()),
            grade: grade?,
            applies,
            group: quota.group,
            seats: seats?,
            count_disqualified: quota.count_disqualified,
            tie: quota.tie,
            soft: quota.soft,
            hand_on: quota.hand_on,
        })
    }
}
