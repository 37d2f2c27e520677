//! Surveys: scales, questions, panels, channels and demands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::file::{
    Among, AnswerClass, Denominator, Figure, NumberScale, Question, Scale, ScaleOption, Survey,
    SurveyFigure, Value, Words,
};
use super::super::model::{DemandPlan, QuestionPlan, SharePlan, SurveyPlan};
use super::Checker;
use super::condition::bound_plan;
use crate::number::Ratio;
use crate::survey::MOST_MARKS;

impl Checker {
    pub(super) fn check_surveys(&mut self) {
        let scales = self.check_scales();
        let surveys = self.file.survey.clone();
        for survey in &surveys {
            let plan = self.survey_plan(survey, &scales);
            self.survey_plans.push(plan);
        }
    }

    fn check_scales(&mut self) -> BTreeMap<String, Vec<ScaleOption>> {
        let scales = self.file.scale.clone();
        let mut known = BTreeMap::new();
        for scale in scales {
            let path = format!("scale/{}", scale.code);
            self.check_numbers(&path, &scale);
            self.check_options(&path, &scale);
            if known.insert(scale.code.clone(), scale.options()).is_some() {
                self.faults.say(
                    &path,
                    "code_used_twice",
                    Words::new(
                        format!("等级 `{}` 出现了两次", scale.code),
                        format!("the scale `{}` is there twice", scale.code),
                    ),
                );
            }
        }
        known
    }

    /// A short way to write numbers has to come to a scale.
    fn check_numbers(&mut self, path: &str, scale: &Scale) {
        let Some(numbers) = scale.numbers else {
            return;
        };
        let path = format!("{path}/numbers");
        let in_order = numbers.from < numbers.to
            && usize::try_from(numbers.to.saturating_sub(numbers.from))
                .is_ok_and(|steps| steps < NumberScale::MOST)
            && numbers.dissatisfied_to < numbers.satisfied_from
            && numbers.zero_at < numbers.full_at;
        if !in_order {
            self.faults.say(
                &path,
                "wrong_scale",
                Words::new(
                    "数字等级须从小到大，至多 200 个：`from` < `to`，`dissatisfied_to` < `satisfied_from`，`zero_at` < `full_at`",
                    "numbers go from the least to the greatest, at most 200 of them: `from` < `to`, `dissatisfied_to` < `satisfied_from`, `zero_at` < `full_at`",
                ),
            );
        }
        if scale
            .option
            .iter()
            .any(|option| option.class != AnswerClass::NoOpinion)
        {
            self.faults.say(
                &path,
                "one_of",
                Words::new(
                    "写了 `numbers` 的等级，`option` 只能是 `no_opinion`",
                    "beside `numbers` an `option` can only be `no_opinion`",
                ),
            );
        }
    }

    fn check_options(&mut self, path: &str, scale: &Scale) {
        let mut seen = BTreeSet::new();
        let mut rated = 0_usize;
        let options = scale.options();
        for option in &options {
            let place = format!("{path}/option/{}", option.code);
            if !seen.insert(option.code.as_str()) {
                self.faults.say(
                    &place,
                    "code_used_twice",
                    Words::new(
                        format!("选项 `{}` 出现了两次", option.code),
                        format!("the option `{}` is there twice", option.code),
                    ),
                );
            }
            match (option.class, &option.weight) {
                (AnswerClass::NoOpinion, Some(_)) => {
                    self.faults.say(
                        &place,
                        "setting_not_used",
                        Words::new(
                            "`no_opinion` 不计分：请删去它的权重",
                            "`no_opinion` is not rated: leave its weight out",
                        ),
                    );
                }
                (AnswerClass::NoOpinion, None) => {}
                (_, None) => {
                    rated = rated.saturating_add(1);
                    self.faults.say(
                        &place,
                        "setting_missing",
                        Words::new(
                            "请写明此选项在平均得分中的分值：如 `weight = \"80\"`",
                            "say what this option is worth in a mean score: `weight = \"80\"`",
                        ),
                    );
                }
                (_, Some(weight)) => {
                    rated = rated.saturating_add(1);
                    if weight.is_negative() || *weight > Ratio::from_whole(100) {
                        let weight = self.faults.as_written(&format!("{place}/weight"), weight);
                        self.faults.say(
                            &format!("{place}/weight"),
                            "wrong_scale",
                            Words::new(
                                format!("`{weight}` 不在 0 至 100 之间"),
                                format!("`{weight}` is not a weight between 0 and 100"),
                            ),
                        );
                    }
                }
            }
        }
        if rated < 2 || options.len() > 200 {
            self.faults.say(
                path,
                "wrong_scale",
                Words::new(
                    "等级至少要有两个计分选项，总数不超过 200",
                    "a scale needs at least two options that are rated, and at most 200 in all",
                ),
            );
        }
    }

    fn survey_plan(
        &mut self,
        survey: &Survey,
        scales: &BTreeMap<String, Vec<ScaleOption>>,
    ) -> SurveyPlan {
        let path = format!("survey/{}", survey.code);
        let applies = self.applies(&path, survey.categories.as_ref());
        let weighs = survey.weighting.is_some();
        let mut questions = Vec::new();
        let mut seen = BTreeSet::new();
        for question in &survey.question {
            let place = format!("{path}/question/{}", question.code);
            if !seen.insert(question.code.as_str()) {
                self.faults.say(
                    &place,
                    "code_used_twice",
                    Words::new(
                        format!("题目 `{}` 出现了两次", question.code),
                        format!("the question `{}` is there twice", question.code),
                    ),
                );
            }
            questions.extend(self.question_plan(&place, question, scales));
        }
        self.check_asking(&path, survey, scales);
        if questions.is_empty() {
            self.faults.say(
                &path,
                "empty_list",
                Words::new(
                    "测评至少要有一道有等级的题目",
                    "a survey needs at least one question with a scale",
                ),
            );
        }
        let mut panels = Vec::new();
        for panel in &survey.panel {
            let place = format!("{path}/panel/{}", panel.code);
            if panels
                .iter()
                .any(|(code, _): &(Arc<str>, Ratio)| code.as_ref() == panel.code)
            {
                self.faults.say(
                    &place,
                    "code_used_twice",
                    Words::new(
                        format!("评议群体 `{}` 出现了两次", panel.code),
                        format!("the panel `{}` is there twice", panel.code),
                    ),
                );
            }
            let weight = self.stratum_weight(&place, weighs, panel.weight.as_ref());
            panels.push((Arc::from(panel.code.as_str()), weight));
        }
        let channels_weigh = survey.channel.iter().any(|c| c.weight.is_some());
        let mut channels: Vec<(super::super::file::Channel, Option<Ratio>)> = Vec::new();
        for (number, channel) in survey.channel.iter().enumerate() {
            let place = format!("{path}/channel/{}", channel.code.word());
            if channels.iter().any(|(code, _)| *code == channel.code) {
                self.faults.say(
                    &format!("{path}/channel/{number}"),
                    "code_used_twice",
                    Words::new(
                        format!("渠道 `{}` 出现了两次", channel.code.word()),
                        format!("the channel `{}` is there twice", channel.code.word()),
                    ),
                );
            }
            // Channels weigh all or none; where none does they are pooled inside each panel.
            let weight = if weighs && !channels_weigh {
                None
            } else {
                Some(self.stratum_weight(&place, weighs, channel.weight.as_ref()))
            };
            channels.push((channel.code, weight));
        }
        self.refuse_no_weight(&format!("{path}/panel"), panels.iter().map(|(_, w)| w));
        self.refuse_no_weight(
            &format!("{path}/channel"),
            channels.iter().filter_map(|(_, w)| w.as_ref()),
        );
        for (list, what, zh) in [
            (panels.is_empty(), "panel", "评议群体"),
            (channels.is_empty(), "channel", "渠道"),
        ] {
            if list {
                self.faults.say(
                    &path,
                    "empty_list",
                    Words::new(
                        format!("测评至少要有一个{zh}（`{what}`）"),
                        format!("a survey needs at least one {what}"),
                    ),
                );
            }
        }
        if let Some(line) = &survey.validity.straight_line {
            for option in &line.options {
                let known = scales.values().flatten().any(|o| o.code == *option);
                if !known && !self.lost.contains(option) {
                    self.faults.say(
                        &format!("{path}/validity/straight_line"),
                        "unknown_name",
                        Words::new(
                            format!("任何等级中都没有选项 `{option}`"),
                            format!("there is no option `{option}` in any scale"),
                        ),
                    );
                }
            }
        }
        let demand = self.demand_plan(&path, survey);
        self.check_warnings(&path, survey);
        SurveyPlan {
            code: Arc::from(survey.code.as_str()),
            applies,
            ballot: survey.ballot,
            one_person: survey.one_person,
            sealed: survey.sealed,
            denominator: survey.denominator,
            combine: survey.combine,
            weighting: survey.weighting.map(|w| w.undefined_stratum),
            panels,
            channels,
            questions,
            demand,
        }
    }

    /// What a survey warns of while it runs.
    fn check_warnings(&mut self, path: &str, survey: &Survey) {
        let mut seen = BTreeSet::new();
        for warning in &survey.warning {
            let place = format!("{path}/warning/{}", warning.code);
            if !seen.insert(warning.code.as_str()) {
                self.faults.say(
                    &place,
                    "code_used_twice",
                    Words::new(
                        format!("预警 `{}` 出现了两次", warning.code),
                        format!("the warning `{}` is there twice", warning.code),
                    ),
                );
            }
            let few = (warning.fewer_than, warning.hours_before_end);
            let is_one = matches!(
                (&warning.dissatisfied_above, few),
                (Some(_), (None, None)) | (None, (Some(_), Some(_)))
            );
            if !is_one {
                self.faults.say(
                    &place,
                    "not_one_way",
                    Words::new(
                        "预警要写 `dissatisfied_above`，或者同时写 `fewer_than` 和 `hours_before_end`，二者取一",
                        "a warning has either `dissatisfied_above`, or `fewer_than` and `hours_before_end`",
                    ),
                );
            }
        }
        if survey.sealed && !survey.warning.is_empty() {
            self.faults.say(
                path,
                "sealed_survey_warns",
                Words::new(
                    "密封的测评在结束前不显示任何数字，也就不能预警：请去掉 `warning` 或 `sealed`",
                    "a sealed survey shows no figure before it closes, so it cannot warn: leave out `warning` or `sealed`",
                ),
            );
        }
    }

    /// Questions that are asked of some, and tables of questions.
    fn check_asking(
        &mut self,
        path: &str,
        survey: &Survey,
        scales: &BTreeMap<String, Vec<ScaleOption>>,
    ) {
        for (number, question) in survey.question.iter().enumerate() {
            let place = format!("{path}/question/{}", question.code);
            let before = survey.question.get(..number).unwrap_or_default();
            if let Some(show_if) = &question.show_if {
                let place = format!("{place}/show_if");
                let earlier = before.iter().find(|one| one.code == show_if.question);
                let has = |option: &String| {
                    earlier.is_some_and(|earlier| {
                        let scale = earlier.scale.as_ref().and_then(|code| scales.get(code));
                        let rated =
                            scale.is_some_and(|list| list.iter().any(|o| o.code == *option));
                        rated || earlier.choice.iter().any(|choice| choice.code == *option)
                    })
                };
                let lost = earlier
                    .and_then(|one| one.scale.as_ref())
                    .is_some_and(|code| !scales.contains_key(code));
                if !lost && (show_if.any_of.is_empty() || !show_if.any_of.iter().all(has)) {
                    self.faults.say(
                        &place,
                        "unknown_name",
                        Words::new(
                            format!("`{}` 不是前面的题目，或者没有所列的选项", show_if.question),
                            format!(
                                "`{}` is not a question before this one, or has no such option",
                                show_if.question
                            ),
                        ),
                    );
                }
                if question.scale.is_some() && survey.denominator == Denominator::Valid {
                    self.faults.say(
                        &place,
                        "way_not_possible",
                        Words::new(
                            "分母为全部有效答卷时，计分题要问所有人：请换分母或去掉 `show_if`",
                            "where every valid sheet is in the denominator a rated question is asked of everybody: choose another `denominator`, or leave `show_if` out",
                        ),
                    );
                }
            }
            if let Some(heading) = &question.matrix {
                let above = before
                    .last()
                    .filter(|one| one.matrix.as_ref() == Some(heading));
                if question.scale.is_none() || above.is_some_and(|one| one.scale != question.scale)
                {
                    self.faults.say(
                        &format!("{place}/matrix"),
                        "one_of",
                        Words::new(
                            "矩阵题的各行须使用同一个 `scale`",
                            "the rows of one table are all answered on the same `scale`",
                        ),
                    );
                }
            }
        }
    }

    fn question_plan(
        &mut self,
        path: &str,
        question: &Question,
        scales: &BTreeMap<String, Vec<ScaleOption>>,
    ) -> Option<QuestionPlan> {
        let kinds = [
            question.scale.is_some(),
            question.longest.is_some(),
            !question.choice.is_empty(),
        ];
        if kinds.iter().filter(|kind| **kind).count() != 1 {
            self.faults.say(path, "one_of", Words::new("题目须恰好用一种方式作答：`scale`、不超过 `longest` 字的文字，或 `choice`", "a question is answered on a `scale`, in words up to `longest` characters, or by `choice`"));
        }
        if question.several && question.choice.is_empty() {
            self.faults.say(
                &format!("{path}/several"),
                "setting_not_used",
                Words::new(
                    "只有选择题才能多选",
                    "several answers are for questions with choices",
                ),
            );
        }
        let code = question.scale.as_ref()?;
        let found = scales.get(code).cloned();
        let options = self.known(&format!("{path}/scale"), "scale", code, found)?;
        let weight = question.weight.clone().unwrap_or_else(Ratio::one);
        if weight.is_negative() || weight.is_zero() {
            self.faults.say(
                &format!("{path}/weight"),
                "wrong_scale",
                Words::new(
                    format!("`{weight}` 不是大于 0 的权重"),
                    format!("`{weight}` is not a weight above 0"),
                ),
            );
        }
        let options = options
            .into_iter()
            .map(|o| {
                (
                    Arc::from(o.code),
                    o.class,
                    o.weight.unwrap_or_else(Ratio::zero),
                )
            })
            .collect();
        Some(QuestionPlan {
            code: Arc::from(question.code.as_str()),
            weight,
            options,
        })
    }

    fn stratum_weight(&mut self, path: &str, weighs: bool, weight: Option<&Ratio>) -> Ratio {
        match (weighs, weight) {
            (true, None) => self.faults.say(
                path,
                "setting_missing",
                Words::new(
                    "此测评按层加权：请写明这一层的权重",
                    "this survey weighs its strata: say how much this one weighs",
                ),
            ),
            (false, Some(_)) => self.faults.say(
                &format!("{path}/weight"),
                "setting_not_used",
                Words::new(
                    "此测评没有 `weighting`，这一权重没有作用",
                    "this survey has no `weighting`, so nothing looks at this weight",
                ),
            ),
            (true, Some(weight)) if weight.is_negative() => {
                self.faults.say(
                    &format!("{path}/weight"),
                    "wrong_scale",
                    Words::new(
                        format!("`{weight}` 小于 0"),
                        format!("`{weight}` is below 0"),
                    ),
                );
            }
            _ => {}
        }
        weight.cloned().unwrap_or_else(Ratio::one)
    }

    /// Where everything weighs nothing there is nothing to divide by.
    fn refuse_no_weight<'r>(&mut self, path: &str, weights: impl Iterator<Item = &'r Ratio>) {
        let mut weights = weights.peekable();
        if weights.peek().is_some() && weights.all(Ratio::is_zero) {
            self.faults.say(
                path,
                "wrong_scale",
                Words::new(
                    "权重全为 0：至少要有一层计入",
                    "every weight is 0: at least one stratum has to count",
                ),
            );
        }
    }

    fn demand_plan(&mut self, path: &str, survey: &Survey) -> DemandPlan {
        let demand = &survey.demand;
        let mut quorum = |bound: &Option<super::super::file::Bound>, key: &str| {
            let bound = bound.as_ref()?;
            let plan = bound_plan(bound.at_least.as_ref(), bound.more_than.as_ref());
            if plan.is_none() {
                self.faults.say(
                    &format!("{path}/demand/{key}"),
                    "one_of",
                    Words::new(
                        "法定人数须恰好写 `at_least` 或 `more_than` 之一",
                        "a quorum is exactly one of `at_least`, `more_than`",
                    ),
                );
            }
            plan
        };
        let attended = quorum(&demand.attended, "attended");
        let returned = quorum(&demand.returned, "returned");
        let counted = demand
            .share
            .iter()
            .filter(|share| share.among != Among::Invited);
        let marks: BTreeSet<&String> = counted.filter_map(|share| share.mark.as_ref()).collect();
        if marks.len() > MOST_MARKS {
            self.faults.say(
                &format!("{path}/demand/share"),
                "too_many",
                Words::new(
                    format!(
                        "答卷至多可带 {MOST_MARKS} 种标记，此处有 {} 种",
                        marks.len()
                    ),
                    format!(
                        "a sheet carries at most {MOST_MARKS} marks, and shares of {} are demanded",
                        marks.len()
                    ),
                ),
            );
        }
        let mut shares = Vec::new();
        for (number, share) in demand.share.iter().enumerate() {
            let place = format!("{path}/demand/share/{number}");
            if share.panels.is_empty() == share.mark.is_none() {
                self.faults.say(
                    &place,
                    "one_of",
                    Words::new(
                        "最低占比须恰好写 `panels` 或 `mark` 之一",
                        "a least share is of `panels` or of a `mark`",
                    ),
                );
            }
            if share.at_least.is_negative() || share.at_least > Ratio::one() {
                self.faults.say(
                    &format!("{place}/at_least"),
                    "wrong_scale",
                    Words::new(
                        format!("`{}` 不是占比：请写成 `50%` 这样", share.at_least),
                        format!("`{}` is not a share: write `50%`", share.at_least),
                    ),
                );
            }
            let mut panels = Vec::new();
            for code in &share.panels {
                let found = survey.panel.iter().position(|p| p.code == *code);
                panels.extend(self.known(&place, "panel", code, found));
            }
            shares.push(SharePlan {
                panels,
                names: share.panels.clone(),
                mark: share.mark.clone(),
                among: share.among,
                at_least: share.at_least.clone(),
            });
        }
        DemandPlan {
            least_valid: demand.least_valid,
            attended,
            returned,
            returned_within_issued: demand.returned_within_issued,
            shares,
        }
    }

    /// Every survey shows its own satisfaction rate and dissatisfied share, whether a rule looks at them or not.
    pub(super) fn add_survey_figures(&mut self) {
        let codes: Vec<String> = self.file.survey.iter().map(|s| s.code.clone()).collect();
        for code in codes {
            for figure in [
                Figure::SatisfactionRate,
                Figure::DissatisfiedShare,
                Figure::MeanScore,
            ] {
                let figure = SurveyFigure {
                    of: code.clone(),
                    figure,
                    question: None,
                    panel: None,
                    channel: None,
                    plain: false,
                    lower_bound: false,
                };
                self.value(
                    &format!("survey/{code}"),
                    &Value {
                        survey: Some(figure),
                        ..Value::default()
                    },
                );
            }
        }
    }
}
