//! Rows that contradict the scheme or each other: which row, what kind of fault, and words in both languages.

use std::collections::BTreeSet;

use crate::reason::fill;

/// More faults than this help nobody.
const MOST_FAULTS: usize = 1_000;

/// A row of the inputs that contradicts the scheme or the other rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct RowFault {
    /// The row, such as `scores/17`; lists count from 0.
    pub path: String,
    /// What kind of fault, for programs.
    pub code: &'static str,
    /// What is wrong and what to do, in English.
    pub message: String,
    /// The same in Chinese.
    pub message_zh: String,
}

/// A place in the inputs: a list and a row of it, or a field of the document. It becomes text only where it is blamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row(pub &'static str, pub Option<usize>);

impl Row {
    /// A row of a list.
    pub const fn of(list: &'static str, row: usize) -> Self {
        Self(list, Some(row))
    }

    fn path(self) -> String {
        let Self(list, row) = self;
        row.map_or_else(|| list.to_owned(), |row| format!("{list}/{row}"))
    }
}

/// Faults found so far, each once, in the order of lists and rows.
#[derive(Default)]
pub(super) struct Faults(BTreeSet<(Row, Contradiction, Vec<String>)>);

impl Faults {
    pub fn add(&mut self, row: Row, what: Contradiction, values: Vec<String>) {
        if self.0.len() < MOST_FAULTS {
            self.0.insert((row, what, values));
        }
    }

    pub fn into_list(self) -> Vec<RowFault> {
        let told = |(row, what, values): (Row, Contradiction, Vec<String>)| {
            let words = fill(what.templates(), &values);
            RowFault {
                path: row.path(),
                code: what.code(),
                message: words.en,
                message_zh: words.zh,
            }
        };
        self.0.into_iter().map(told).collect()
    }
}

macro_rules! contradictions {
    ($($name:ident $code:literal: $zh:literal, $en:literal;)*) => {
        /// What rows can contradict.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Contradiction {
            $(#[doc = $en] $name,)*
        }

        impl Contradiction {
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What kind of fault, for programs: several contradictions may be of one kind.
            const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Chinese and English words, with `{0}`, `{1}` … where values go.
            const fn templates(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($zh, $en),)* }
            }
        }
    };
}

contradictions! {
    // The document and the round.
    Format "unknown_format": "无法读取格式 `{0}`：请写 `{1}`", "`{0}` is not read here: write `{1}`";
    Period "wrong_period": "考评期的截止日早于起始日", "the period ends before it begins";
    TimeZone "unknown_zone": "`{0}` 不是时区：请写 `Asia/Shanghai`", "`{0}` is not a time zone: write `Asia/Shanghai`";
    RoundTwice "row_twice": "往期考评 `{0}` 重复出现", "the earlier round `{0}` is there twice";
    Digest "overflow": "有数值大于 {0}，无法精确写出", "a number is larger than {0}, which cannot be written exactly";
    // Names.
    Subject "unknown_subject": "`{0}` 未参加本轮考评", "`{0}` takes no part in this round";
    Category "unknown_name": "评价体系中没有类别 `{0}`", "there is no category `{0}` in the scheme";
    Region "unknown_region": "数据中没有地区 `{0}`", "there is no region `{0}` in these inputs";
    Item "unknown_name": "评价体系中没有考评项 `{0}`", "there is no item `{0}` in the scheme";
    Part "unknown_name": "考评项 `{0}` 没有子项 `{1}`", "the item `{0}` has no part `{1}`";
    WhichPart "unknown_name": "考评项 `{0}` 含有子项：请写明是哪一个", "the item `{0}` has parts: say which one";
    Measure "unknown_name": "评价体系中没有量化数据 `{0}`", "there is no measure `{0}` in the scheme";
    Kind "unknown_name": "评价体系中没有事实类型 `{0}`", "there is no kind of fact `{0}` in the scheme";
    Survey "unknown_name": "评价体系中没有测评 `{0}`", "there is no survey `{0}` in the scheme";
    Panel "unknown_name": "测评 `{0}` 没有评议群体 `{1}`", "the survey `{0}` has no panel `{1}`";
    Channel "unknown_name": "测评 `{0}` 不使用渠道 `{1}`", "the survey `{0}` does not use the channel `{1}`";
    Question "unknown_name": "测评 `{0}` 没有可评分的题目 `{1}`", "the survey `{0}` has no rated question `{1}`";
    Option "unknown_name": "题目 `{0}` 没有选项 `{1}`", "the question `{0}` has no option `{1}`";
    Grade "unknown_name": "评价体系中没有等次 `{0}`", "there is no grade `{0}` in the scheme";
    Rule "unknown_name": "评价体系中没有规则 `{0}`", "there is no rule `{0}` in the scheme";
    Opener "unknown_name": "没有启动专项调查的规则 `{0}`", "there is no rule `{0}` that opens investigations";
    Quota "unknown_name": "评价体系中没有名额 `{0}`", "there is no quota `{0}` in the scheme";
    Earlier "unknown_name": "`{0}` 不在往期考评之列", "`{0}` is not among the earlier rounds of these inputs";
    // Closed rounds that this one is composed of.
    ClosedRound "unknown_name": "`{0}` 不在所用的已结轮次之列", "`{0}` is not among the closed rounds of these inputs";
    ClosedRoundTwice "row_twice": "已结轮次 `{0}` 重复出现：只能使用它的一个版次", "the closed round `{0}` is there twice: name one revision of it";
    ClosedRoundUnused "not_used": "评价体系中没有由 `{0}` 的轮次组成的考评项：请去掉 `{1}`", "no item of this scheme is composed of rounds under `{0}`: leave `{1}` out";
    ClosedByItself "circle": "`{0}` 不能由自身组成", "`{0}` cannot be composed of itself";
    ClosedRevision "wrong_scale": "版次从 1 起：请写明使用哪一版", "revisions count from 1: name the one whose results are used";
    ClosedDigest "malformed_digest": "`outcome_digest` 是该版次结果的 SHA-256，即 64 位数字 0-9、a-f", "`outcome_digest` is the SHA-256 of the revision's outcome: 64 digits 0-9, a-f";
    ClosedMaximum "wrong_scale": "满分 `{0}` 小于 0", "the maximum `{0}` is below 0";
    ClosedSize "wrong_scale": "`{1}` 的规模 `{0}` 小于 0", "the size `{0}` by `{1}` is below 0";
    ClosedResultTwice "row_twice": "`{0}` 在 `{1}` 和 `{2}` 中都有结果：同一评价体系下每个对象只计一次", "`{0}` has a result in `{1}` and in `{2}`: under one scheme a subject counts once";
    // Subjects, regions, relations.
    SubjectTwice "row_twice": "考评对象 `{0}` 重复出现", "the subject `{0}` is there twice";
    SubjectKind "wrong_kind": "`{0}` 与类别 `{1}` 的对象种类不同", "`{0}` is of another kind than the category `{1}`";
    RegionTwice "row_twice": "地区 `{0}` 重复出现", "the region `{0}` is there twice";
    RegionCircle "circle": "地区 `{0}` 隶属于自身", "the region `{0}` lies in itself";
    RegionDepth "circle": "地区 `{0}` 的上级超过 {1} 层", "the region `{0}` lies more than {1} levels deep";
    RelationTwice "row_twice": "此关系重复出现", "this relation is there twice";
    RelationKinds "wrong_kind": "此关系不能连接这两种对象：请见关系列表", "this relation joins other kinds of subject: see the list of relations";
    RelatedToItself "circle": "`{0}` 不能与自身有关系", "`{0}` cannot be related to itself";
    RelationDays "days_out_of_order": "此关系的终止日早于起始日", "this relation ends before it begins";
    PartsInCircle "circle": "`{0}` 与 `{1}` 经由其他单位互为组成部分", "`{0}` and `{1}` are part of each other by way of others";
    // Renames, mergers, transfers.
    SuccessionLate "days_out_of_order": "这一步自 {0} 起生效，晚于本轮考评期：请留待下一轮", "this step takes effect on {0}, after the period: leave it to a later round";
    GradesContinue "setting_not_used": "更名或划转后等次必然延续：请写 `grades = true`", "a rename or transfer always continues grades: write `grades = true`";
    SuccessionReason "reason_missing": "更名、合并、划转须写明依据", "a rename, merger or transfer needs its reason";
    FormerName "name_missing": "请写明原来的名称", "say what the predecessor was called";
    MergedIntoItself "circle": "`{0}` 不能与自身合并", "`{0}` cannot be merged into itself";
    PredecessorPresent "contradiction": "`{0}` 已并入或改为 `{1}`，不能再参加本轮考评", "`{0}` is carried on by `{1}`, so it cannot take part in this round itself";
    CarriedOnTwice "row_twice": "`{0}` 既由 `{1}` 又由 `{2}` 承续：只能有一个", "`{0}` is carried on by `{1}` and by `{2}`: there can be one only";
    GradesOfTwo "contradiction": "`{0}` 在 {1} 同时延续两个对象的等次：只能延续一个", "`{0}` continues the grades of two on {1}: name one of them";
    SuccessionCircle "circle": "`{0}` 经由其他对象承续自身", "`{0}` carries itself on by way of others";
    SuccessionDepth "circle": "连续更名、合并、划转超过 {0} 次", "more than {0} steps follow one after the other";
    PredecessorMeasure "unknown_period": "`{0}` 已不参加本轮考评：只能填报它的上年数", "`{0}` takes no part in this round: only last year's value of it is reported";
    LastYearMerged "wrong_scale": "`{0}` 的上年数不能相加：合并后请直接填报新对象的上年数", "last year's values of `{0}` cannot be added up: report that of the merged subject itself";
    LastYearOfTwo "row_twice": "`{0}` 的上年数重复：更名或划转前后只填一个", "last year's value of `{0}` is there twice: one subject under two names reports it once";
    LastYearTwice "row_twice": "该对象已填报 `{0}` 的上年数，其前身又填报了一次：只填其一", "last year's value of `{0}` is reported by the subject and by its predecessor: report one of them";
    // Scores and tasks.
    ScoreTwice "row_twice": "`{0}` 对 `{2}` 的 `{1}` 重复打分", "`{0}` has scored `{1}` of `{2}` twice";
    SameOrder "same_order": "`{1}` 的 `{0}` 有两人打分次序相同：以最后一次为准，请各写不同的 `order`", "two inspectors awarded points for `{0}` of `{1}` in the same place: the latest counts, so give each its own `order`";
    AwardStretch "unknown_period": "`{0}` 按时段打分：请写 {1} 之一", "points for `{0}` are awarded for each stretch: write one of {1}";
    AwardedOnce "unknown_period": "`{0}` 全期只打一次分：请勿填写时段", "points for `{0}` are awarded once for the round: leave the period out";
    NotForCategory "not_applicable": "考评项 `{0}` 不适用于该对象的类别", "the item `{0}` is not for this subject's category";
    NotInspected "way_not_possible": "`{0}` 不由考评人员打分", "`{0}` is not scored by inspectors";
    NotTasks "way_not_possible": "`{0}` 不是任务清单", "`{0}` is not a list of tasks";
    Points "above_maximum": "`{0}` 分不在 0 与 `{2}` 的满分 {1} 之间", "`{0}` points do not lie between 0 and the {1} of `{2}`";
    Step "off_step": "`{0}` 分不是 `{2}` 的打分单位 {1} 的倍数", "`{0}` points are no multiple of the step {1} of `{2}`";
    TasksDone "above_maximum": "{1} 项任务不可能完成 {0} 项", "{0} of {1} tasks cannot be done";
    TasksListed "other_number": "评价体系在此列有 {0} 项任务，而不是 {1} 项", "the scheme lists {0} tasks here, not {1}";
    TasksOwn "other_number": "该对象的责任清单有 {0} 项任务，而不是 {1} 项", "the subject's own list has {0} tasks here, not {1}";
    TasksUndone "undone_unnamed": "{1} 项任务完成 {0} 项：请在 `undone` 中逐一写明未完成任务的序号", "{0} of {1} tasks are done: name the number of each one that is not in `undone`";
    DutyListMissing "duty_list_missing": "`{1}` 在 `{0}` 没有批准的责任清单：请先录入并批准", "`{1}` has no approved list of tasks of its own for `{0}`: record one and have it approved";
    DutyListUnused "not_used": "`{0}` 的任务数由评价体系规定：请去掉该对象的清单", "the scheme itself says how many tasks `{0}` has: leave this list out";
    DutyListEmpty "empty_list": "`{0}` 的责任清单没有任务，或有任务没有写明内容", "the list for `{0}` has no task, or one without words";
    DutyListTwice "row_twice": "`{1}` 的 `{0}` 责任清单重复出现", "the list of `{1}` for `{0}` is there twice";
    TasksTwice "row_twice": "`{1}` 的 `{0}` 任务完成情况重复出现", "the tasks of `{0}` for `{1}` are there twice";
    // Measures and facts.
    Stretch "unknown_period": "`{0}` 不是此数据的时段：请写 {1} 之一", "`{0}` is no stretch of this measure: write one of {1}";
    MeasureNegative "wrong_scale": "`{1}` 不能是负数 `{0}`", "`{1}` cannot be negative, as `{0}` is";
    MeasureRate "wrong_scale": "`{1}` 是比率，应在 0 与 1 之间，`{0}` 不是", "`{1}` is a rate between 0 and 1, which `{0}` is not";
    MeasureWhole "wrong_scale": "`{1}` 是件数，应为整数，`{0}` 不是", "`{1}` is a count of whole things, which `{0}` is not";
    MeasureTwice "row_twice": "`{1}` 的 `{0}` 在 `{2}` 重复出现", "`{0}` of `{1}` for `{2}` is there twice";
    ReferenceMissing "reference_missing": "事实没有编号，无法区分各个案件", "the fact has no reference, so cases cannot be told apart";
    DateMissing "date_missing": "此类事实以 `{0}` 为准，请填写", "facts of this kind are dated by `{0}`: fill it in";
    NoPersons "wrong_scale": "此类事实按人计数，至少涉及 1 人", "facts of this kind are counted by the people in them: there is at least one";
    FieldMissing "field_missing": "缺少字段 `{0}`", "the field `{0}` is missing";
    FieldNumber "wrong_scale": "字段 `{1}` 的 `{0}` 不是数字", "`{0}` in the field `{1}` is not a number";
    FieldValue "unknown_name": "字段 `{1}` 没有 `{0}` 这一取值", "`{0}` is no value of the field `{1}`";
    Field "unknown_name": "此类事实没有字段 `{0}`", "facts of this kind have no field `{0}`";
    NilTwice "row_twice": "`{1}` 的 `{0}` 零报告重复出现", "the nil report of `{0}` for `{1}` is there twice";
    // Surveys.
    SheetsTwice "row_twice": "这些答卷重复计数", "these sheets are counted twice";
    AnswersTwice "row_twice": "这些答案重复计数", "these answers are counted twice";
    PeopleTwice "row_twice": "这些人数重复计数", "these people are counted twice";
    RatedSheets "above_maximum": "{1} 份有效答卷中不可能有 {0} 份作了评价", "{0} rated sheets cannot be among {1} valid ones";
    MarkedSheets "above_maximum": "{2} 份有效答卷中不可能有 {0} 份来自 `{1}`", "{0} sheets of `{1}` cannot be among {2} valid ones";
    ReturnedMarks "above_maximum": "收回的 {2} 份答卷中不可能有 {0} 份来自 `{1}`", "{0} sheets of `{1}` cannot be among {2} returned ones";
    AbstainedLines "above_maximum": "{2} 行有效评议中不可能有 {0} 行作了评价、{1} 行留空", "{0} rated and {1} blank lines cannot be among {2} valid ones";
    AbstainedSheets "not_a_ballot": "测评 `{0}` 不是评议票，没有弃权的行", "the survey `{0}` is not a ballot, so no line of it can be blank";
    NotABallot "not_a_ballot": "测评 `{0}` 不是评议票：请在评价体系中写明 `ballot`", "the survey `{0}` is not a ballot: say `ballot` in the scheme";
    BallotWithCounts "row_twice": "`{0}` 在 `{1}` 中既有评议票又有统计数：每个群体和渠道只能用一种", "`{0}` has both ballots and counts in `{1}`: of one panel and channel give either";
    BallotEmpty "empty_list": "评议票没有一行", "the ballot has no line";
    LineTwice "row_twice": "`{0}` 在同一张评议票上出现两次", "`{0}` stands on the ballot twice";
    NotAbout "not_applicable": "测评 `{0}` 不评议 `{1}` 所属的类别", "the survey `{0}` is not about the category of `{1}`";
    BallotQuestion "unknown_name": "测评没有题目 `{1}`（`{0}` 一行）", "the survey has no question `{1}` (line of `{0}`)";
    BallotOption "unknown_name": "题目 `{1}` 没有这样的选项（`{0}` 一行）", "the question `{1}` has no such option (line of `{0}`)";
    BallotAnswers "more_answers_than_asked": "题目 `{1}` 只能选一项（`{0}` 一行）", "the question `{1}` takes one answer (line of `{0}`)";
    BallotWords "malformed_words": "题目 `{1}` 的文字太长或含有无法显示的字符（`{0}` 一行）", "the words for `{1}` are too long or hold characters that cannot be shown (line of `{0}`)";
    RespondentUnused "not_used": "测评 `{0}` 不查一人一票（没有 `one_person`）：请去掉 `respondent`", "the survey `{0}` does not look for several sheets of one person (it has no `one_person`): leave `respondent` out";
    RespondentOrder "same_order": "`{0}` 的两张评议票次序相同：请各写不同的 `order`", "two ballots of `{0}` came in the same place: give each its own `order`";
    Attended "above_maximum": "应到 {1} 人，不可能到会 {0} 人", "{0} cannot have attended of {1} entitled";
    Invited "above_maximum": "邀请 {2} 人，其中不可能有 {0} 人来自 `{1}`", "{0} of `{1}` cannot be among {2} invited";
    MoreAnswers "more_answers_than_sheets": "`{0}` 在 `{1}` 的一道题上有 {2} 个答案，而有效答卷只有 {3} 份", "`{0}` has {2} answers to one question of `{1}`, yet {3} valid sheets";
    MoreRated "more_answers_than_sheets": "`{0}` 在 `{1}` 的一道题上有 {2} 个评价，而作了评价的答卷只有 {3} 份", "`{0}` has {2} rated answers to one question of `{1}`, yet {3} sheets that rate anything";
    Counts "overflow": "这些数目相加大于 {0}，无法计算", "these counts add up to more than {0}, which is not counted";
    // What is on record.
    InvestigationTwice "row_twice": "`{0}` 因 `{1}` 启动的专项调查重复出现", "the investigation of `{0}` for `{1}` is there twice";
    HistoryTwice "row_twice": "`{0}` 在 `{1}` 的等次重复出现", "the grade of `{0}` in `{1}` is there twice";
    ProposedTwice "row_twice": "`{0}` 有两个拟定等次", "two grades are proposed for `{0}`";
    WaivedTwice "row_twice": "`{0}` 的这一缺口重复豁免", "this gap of `{0}` is waived twice";
    WaiverFits "waiver_does_not_fit": "豁免的结果与豁免的内容不符：考评项可定分数或不适用，规则可定触发或不触发，矛盾可定哪条规则让步或暂挂", "what holds does not fit what is waived: points or not applicable for an item, fired or not for a rule, which rule yields or held for a contradiction";
    WaiverUnscaled "waiver_does_not_fit": "体系没有说明有考评项不适用时如何折算：请豁免为分数，或在体系的 `[grading]` 中写明 `scale_not_applicable`", "the scheme does not say what becomes of the total where an item does not apply: waive it as points, or say `scale_not_applicable` in the scheme's `[grading]`";
    DeductionAdds "wrong_scale": "`{0}` 是扣分项，不能豁免为 {1} 分：请写 0 或负数", "`{0}` is a deduction and cannot be waived as {1} points: write 0 or a negative number";
    WaiverReason "reason_missing": "豁免须写明理由，并保留在结果中", "a waiver needs a reason, which stays on the result";
    RuleNotFor "not_applicable": "规则 `{0}` 不适用于该对象的类别", "the rule `{0}` is not for this subject's category";
    AdjustedTwice "row_twice": "`{0}` 重复酌定", "`{0}` is adjusted twice";
    AdjustmentReason "reason_missing": "酌定须写明由谁决定和理由", "an adjustment needs who decided and why";
    QuotaNotFor "not_applicable": "名额 `{0}` 不适用于该对象的类别", "the quota `{0}` is not for this subject's category";
    Label "unknown_label": "评价体系中没有称号 `{0}`", "the scheme has no label `{0}`";
    WithheldTwice "row_twice": "`{0}` 的数据重复标为不公开", "`{0}` is withheld twice";
    WithheldRow "not_applicable": "`{0}` 的数据已标为不公开，此处不应再有这一行：请删去", "the figures of `{0}` are withheld: leave this row out";
    ChosenTwice "row_twice": "`{0}` 在名额 `{1}` 中重复选定", "`{0}` is chosen twice for the quota `{1}`";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_name_what_was_found() {
        for what in Contradiction::ALL {
            let (zh, en) = what.templates();
            for place in 0..4 {
                let mark = format!("{{{place}}}");
                assert_eq!(zh.contains(&mark), en.contains(&mark), "{what:?}");
            }
        }
    }

    #[test]
    fn faults_stand_in_the_order_of_rows_each_once() {
        let mut faults = Faults::default();
        for row in [10, 9, 10] {
            faults.add(
                Row::of("scores", row),
                Contradiction::Subject,
                vec!["x".to_owned()],
            );
        }
        let list = faults.into_list();
        let paths: Vec<&str> = list.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["scores/9", "scores/10"]);
        assert_eq!(list[0].message_zh, "`x` 未参加本轮考评");
    }
}
