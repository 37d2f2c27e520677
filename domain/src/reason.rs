//! Why something is missing, undetermined or refused: a code for programs, with words in both languages.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::outcome::Seldom;
use crate::scheme::file::Words;

/// A reason with the values that its words name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// Which reason.
    pub code: ReasonCode,
    /// Values that the words name, in their order.
    #[serde(default, skip_serializing_if = "Seldom::is_empty")]
    pub values: Seldom<Arc<str>>,
}

impl Reason {
    /// A reason that names values.
    pub fn with<T: Into<Arc<str>>>(code: ReasonCode, values: impl IntoIterator<Item = T>) -> Self {
        Self {
            code,
            values: values.into_iter().map(Into::into).collect(),
        }
    }

    /// The words, with the values put in.
    pub fn words(&self) -> Words {
        let listed: Vec<String> = self.values.iter().map(|value| listed(value)).collect();
        let templates = self.code.templates();
        Words {
            zh: fill(templates, &listed).zh,
            en: fill(templates, &self.values).en,
        }
    }

    /// The same with names in place of values, where there are names for them.
    pub fn words_by(&self, name: impl Fn(usize, &str) -> Option<Words>) -> Words {
        let values = self.values.iter().enumerate();
        let (zh, en): (Vec<String>, Vec<String>) = values
            .map(|(place, value)| {
                name(place, value).map_or_else(
                    || (listed(value), value.to_string()),
                    |words| (words.zh, words.en),
                )
            })
            .unzip();
        let templates = self.code.templates();
        Words {
            zh: fill(templates, &zh).zh,
            en: fill(templates, &en).en,
        }
    }
}

/// A list of codes with the sign that stands between the parts of one in Chinese.
fn listed(value: &str) -> String {
    value.replace(", ", "、")
}

/// Puts values into Chinese and English words, where `{0}`, `{1}` … stand for them.
pub(crate) fn fill((zh, en): (&str, &str), values: &[impl AsRef<str>]) -> Words {
    let fill = |template: &str| {
        let put = |text: String, (place, value): (usize, &_)| {
            text.replace(&format!("{{{place}}}"), AsRef::as_ref(value))
        };
        values.iter().enumerate().fold(template.to_owned(), put)
    };
    Words {
        zh: fill(zh),
        en: fill(en),
    }
}

impl From<ReasonCode> for Reason {
    fn from(code: ReasonCode) -> Self {
        Self {
            code,
            values: Seldom::default(),
        }
    }
}

macro_rules! reasons {
    ($($name:ident: $zh:literal, $en:literal;)*) => {
        /// The reasons.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ReasonCode {
            $(#[doc = $en] $name,)*
        }

        impl ReasonCode {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Chinese and English words, with `{0}`, `{1}` … where values go.
            const fn templates(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($zh, $en),)* }
            }
        }
    };
}

reasons! {
    NoValue: "没有数值", "there is no value";
    // Surveys.
    SurveyNotAbout: "该测评不针对此考评对象", "the survey is not about this subject";
    FewSheets: "有效答卷 {0} 份，少于规定的 {1} 份", "{0} valid sheets are fewer than the {1} that the scheme demands";
    FewRatedLines: "有评价的有效票 {0} 张，少于规定的 {1} 张", "{0} lines with a rated answer are fewer than the {1} that the scheme demands";
    AttendanceUnknown: "未报到会人数或应到人数", "the number attended or entitled is not reported";
    AttendanceShort: "到会 {0}，未达到 {1}", "{0} attended of those entitled, which is not {1}";
    ReturnsUnknown: "未报发出份数", "the number issued is not reported";
    InvitedUnknown: "未报邀请人数", "the number invited is not reported";
    ReturnsShort: "回收 {0}，未达到 {1}", "{0} returned of those issued, which is not {1}";
    ReturnedOverIssued: "回收 {0} 份，多于发出的 {1} 份", "{0} sheets came back of {1} issued";
    BatchOverIssued: "{0}回收 {1} 份，多于发出的 {2} 份，全部不计，待作出决定", "{1} sheets of {0} came back of {2} issued, so none of them counts until that is decided";
    ShareShort: "{1}占比为 {0}，低于 {2}", "{0} come from {1}, less than {2}";
    QuestionUnanswered: "题目 {0} 无人作答", "nobody has answered the question {0}";
    NoAnswers: "没有可作分母的答案", "there are no answers to divide by";
    PointsTellFew: "得分依据的答卷不足 {0} 份，知道计分办法的人可由得分推算答卷内容；评价体系可规定最少有效份数", "the points rest on fewer than {0} answers, and whoever knows how they are scored can work these out; the scheme can demand a least number of valid sheets";
    StratumEmpty: "有一个群体或渠道没有可作分母的答案", "a stratum has no answers to divide by";
    // Scores, measures, facts.
    NoPoints: "{0} 没有得分", "{0} has no points";
    NotConfirmed: "尚未确认为零报告", "it is not confirmed that there was none";
    MeasureMissing: "{0} 在 {1} 的数据未报", "{0} is not reported for {1}";
    LastYearZero: "上年数为 0，无法计算比率", "last year's value is 0, so there is no ratio";
    NoAward: "没有考评人员打分", "no inspector has awarded points";
    AwardMissing: "{0} 尚未打分", "no inspector has awarded points for {0}";
    TasksMissing: "未记录任务完成情况", "the tasks done are not recorded";
    NoTasks: "任务清单为空", "the list has no tasks";
    NoMembers: "其组成对象均无总分", "none of those it is composed of has a total";
    NoClosedRound: "未指明按 {0} 考评的已结轮次及版次", "no closed round under {0} is named, with its revision";
    SizeMissing: "{0} 未报规模数据 {1}", "{0} has no {1} to weigh by";
    SizesZero: "规模数据 {0} 合计为 0，无法加权", "the sizes by {0} add up to 0, so nothing can be weighed";
    ComposedOfItself: "这些对象互为组成部分，无法计分：{0}", "these are composed of each other, so that none can be scored first: {0}";
    RestsOnCircle: "其组成对象互为组成部分：{0}", "it rests on subjects that are composed of each other: {0}";
    Overflow: "数值过大，无法计分", "a value is too large to be counted in points";
    // Grades, ranks, earlier rounds.
    NoGrade: "尚无等次", "there is no grade yet";
    NoGradeDisqualified: "已被取消参评资格，没有等次", "disqualified, so there is no grade";
    DisqualificationUnknown: "是否取消参评资格尚不能确定", "it is undetermined whether it is disqualified";
    NothingApplies: "没有适用的考评项，无法得出总分", "no item applies, so there is no total";
    NoRank: "没有名次", "there is no rank";
    Withheld: "因答卷过少不予公开", "withheld, since too few people answered";
    NoProposal: "没有拟定等次", "no grade is proposed";
    EarlierOpen: "有一轮往期考评尚未结束", "an earlier round is not closed";
    RunHasGap: "往期考评中有一轮没有等次", "a round of the run has no grade";
    // Investigations.
    InvestigationUnknown: "是否需要专项调查尚不能确定", "it is undetermined whether an investigation is due";
    InvestigationDue: "应开展的专项调查尚未启动", "the investigation that is due has not been opened";
    InvestigationOpen: "专项调查尚无结论", "the investigation has no finding yet";
    // Rules and quotas.
    RulesClash: "这些规则之间没有可取的等次：{0}", "these rules leave no grade between them: {0}";
    LabelsExclude: "同时符合互斥的称号，两者均不授予", "due together with a label that excludes it, so neither is given";
    AlertFires: "预警已触发", "the alert fires";
    AlertOfAnswers: "预警已触发：{0} 份答卷如此作答", "the alert fires: {0} answers say so";
    SurveyOpen: "测评尚未结束，数字为中间数，至少每十份答卷变动一次", "the survey is still open, so its figures are interim and move by ten sheets or more at a time";
    SurveySealed: "测评已密封，结束之前不显示任何数字", "the survey is sealed, so it has no figures until it closes";
    GroupUndetermined: "{0} 组内有对象未能确定，名额无法分配", "in {0} somebody is undetermined, so seats cannot be given";
    SeatsByRight: "{0} 组内有 {1} 个对象依规则应得此等次，而名额只有 {2} 个", "in {0} {1} hold the grade by right, yet there are {2} seats";
    TiedForSeats: "{0} 并列争 {1} 个名额", "{0} are tied for {1} seats";
    // Adjustments.
    NothingToAdjust: "没有可酌定的等次", "there is no grade to adjust";
    AdjustedBelowFloor: "酌定等次低于保底等次", "the adjustment lies below a floor";
    AdjustedAboveCap: "酌定等次高于封顶", "a cap stands above the subject";
    QuotaExceeded: "经酌定超出名额：{0} 组 {1} 个名额，{2} 个对象", "exceeded by a recorded decision: in {0} {2} hold {1} seats";
    AdjustedBeyondExact: "酌定等次不同于规则确定的等次", "a rule sets another grade exactly";
    QuotaFull: "名额已满", "the quota is full";
    CapGroundLifted: "因其他对象酌定上调，此封顶的依据已不存在", "another's raise has lifted the ground of this cap";
    // Tallies.
    TalliesDiffer: "逐份复核的票数与累计票数不一致：{0}", "the recount of sheets differs from the tallies kept: {0}";
    // Corrections.
    CarriedOver: "沿用自上一版次，尚未确认", "it is carried over from the revision before, and nobody has confirmed it";
    SourceCorrected: "所用为第 {0} 版次，现已有第 {1} 版次", "its revision {0} was used, and there is a revision {1} by now";
    SourceReopened: "所用为第 {0} 版次，该轮次正在更正", "its revision {0} was used, and that round is being corrected";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_name_the_same_values() {
        for code in ReasonCode::ALL {
            let (zh, en) = code.templates();
            for place in 0..4 {
                let mark = format!("{{{place}}}");
                assert_eq!(zh.contains(&mark), en.contains(&mark), "{code:?}");
            }
        }
        let words = Reason::with(ReasonCode::FewSheets, ["9", "10"]).words();
        assert_eq!(words.zh, "有效答卷 9 份，少于规定的 10 份");
    }
}
