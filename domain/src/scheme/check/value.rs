//! Values: what is looked at, with its names resolved.

use std::sync::Arc;

use super::super::file::{
    AnswerCount, Combine, Every, Facts, Figure, LookBack, MeasureFigure, Scale, SurveyFigure,
    Value, Words,
};
use super::super::model::{AnswersPlan, Back, FactsPlan, FigurePlan, ValueKind, ValuePlan};
use super::Checker;

impl Checker {
    /// A value: exactly one of its keys.
    pub(super) fn value(&mut self, path: &str, value: &Value) -> Option<ValuePlan> {
        let given = [
            value.survey.is_some(),
            value.points.is_some(),
            value.facts.is_some(),
            value.measure.is_some(),
        ];
        if given.iter().filter(|g| **g).count() != 1 {
            self.faults.say(
                path,
                "one_of",
                Words::new(
                    "数值须恰好取自 `survey`、`points`、`facts`、`measure` 之一",
                    "a value is exactly one of `survey`, `points`, `facts`, `measure`",
                ),
            );
            return None;
        }
        if let Some(figure) = &value.survey {
            return self.survey_value(&format!("{path}/survey"), figure);
        }
        if let Some(code) = &value.points {
            return self.points_value(&format!("{path}/points"), code);
        }
        if let Some(facts) = &value.facts {
            return self.facts_value(&format!("{path}/facts"), facts);
        }
        value
            .measure
            .as_ref()
            .and_then(|measure| self.measure_value(&format!("{path}/measure"), measure))
    }

    fn survey_value(&mut self, path: &str, figure: &SurveyFigure) -> Option<ValuePlan> {
        let found = self.surveys.get(&figure.of).copied();
        let survey = self.known(path, "survey", &figure.of, found)?;
        let written = self.file.survey.get(survey)?.clone();
        let mut what = format!("survey/{}/{}", figure.of, figure_word(figure.figure));
        let mut question = None;
        if let Some(code) = &figure.question {
            let rated: Vec<&str> = written
                .question
                .iter()
                .filter(|q| q.scale.is_some())
                .map(|q| q.code.as_str())
                .collect();
            let found = rated.iter().position(|q| q == code);
            question =
                Some(self.known(&format!("{path}/question"), "rated question", code, found)?);
            what = format!("{what}/question={code}");
        }
        let mut panel = None;
        if let Some(code) = &figure.panel {
            let found = written.panel.iter().position(|p| p.code == *code);
            panel = Some(self.known(&format!("{path}/panel"), "panel", code, found)?);
            what = format!("{what}/panel={code}");
        }
        if let Some(channel) = figure.channel {
            if !written.channel.iter().any(|c| c.code == channel) {
                self.faults.say(
                    &format!("{path}/channel"),
                    "unknown_name",
                    Words::new("此测评不用这一渠道", "the survey does not use this channel"),
                );
            }
            what = format!("{what}/channel={}", channel.word());
        }
        if figure.plain {
            what.push_str("/plain");
        }
        if figure.lower_bound {
            what.push_str("/lower_bound");
            let one_rate = figure.question.is_some() || written.combine == Combine::Pooled;
            let plain = one_rate && (figure.plain || written.weighting.is_none());
            if !plain || figure.figure == Figure::MeanScore {
                self.faults.say(path, "lower_bound", Words::new("只有未加权的比率才有置信区间：请加 `plain = true`，按题平均时写明题目，或直接比较比率", "an interval stands beside plain rates only: add `plain = true` and name the question where questions are averaged, or compare the rate itself"));
            }
        }
        let plan = FigurePlan {
            survey,
            figure: figure.figure,
            question,
            panel,
            channel: figure.channel,
            plain: figure.plain,
            lower_bound: figure.lower_bound,
            what: Arc::from(what.as_str()),
        };
        let place = self
            .figures
            .iter()
            .position(|known| *known == plan)
            .unwrap_or_else(|| {
                self.figures.push(plan);
                self.figures.len().saturating_sub(1)
            });
        Some(ValuePlan {
            kind: ValueKind::Figure(place),
            what: Arc::from(what),
        })
    }

    /// A count of answers. Only rules for each event look at it: everything else looks at rates, which say of how many.
    pub(super) fn answers_value(&mut self, path: &str, written: &AnswerCount) -> Option<ValuePlan> {
        if !self.per_event {
            self.faults.say(path, "way_not_possible", Words::new("答案件数只用于逐件触发的规则：请写 `per_event = true`，或改用比率", "a count of answers is for a rule with `per_event = true`: write that, or look at a rate"));
        }
        let found = self.surveys.get(&written.of).copied();
        let survey = self.known(&format!("{path}/of"), "survey", &written.of, found)?;
        let file = self.file.survey.get(survey)?.clone();
        let rated: Vec<_> = file.question.iter().filter(|q| q.scale.is_some()).collect();
        let found = rated.iter().position(|q| q.code == written.question);
        let place = format!("{path}/question");
        let question = self.known(&place, "rated question", &written.question, found)?;
        let scale = rated.get(question).and_then(|asked| asked.scale.clone());
        let scales = self.file.scale.clone();
        let scale = scales.iter().find(|one| Some(&one.code) == scale.as_ref());
        let there = scale.map(Scale::options).unwrap_or_default();
        let mut options = Vec::with_capacity(written.options.len());
        for code in &written.options {
            let found = there.iter().position(|option| option.code == *code);
            options.extend(self.known(&format!("{path}/options"), "option", code, found));
        }
        if written.options.is_empty() {
            self.faults.say(
                &format!("{path}/options"),
                "empty_list",
                Words::new("请至少写一个选项", "name at least one option"),
            );
        }
        let mut what = format!(
            "answers/{}/question={}/option={}",
            written.of,
            written.question,
            written.options.join(",")
        );
        let mut panel = None;
        if let Some(code) = &written.panel {
            let found = file.panel.iter().position(|p| p.code == *code);
            panel = Some(self.known(&format!("{path}/panel"), "panel", code, found)?);
            what = format!("{what}/panel={code}");
        }
        if let Some(channel) = written.channel {
            what = format!("{what}/channel={}", channel.word());
        }
        self.answers.push(AnswersPlan {
            survey,
            question,
            options,
            panel,
            channel: written.channel,
        });
        Some(ValuePlan {
            kind: ValueKind::Answers(self.answers.len().saturating_sub(1)),
            what: Arc::from(what),
        })
    }

    fn points_value(&mut self, path: &str, code: &str) -> Option<ValuePlan> {
        let what = Arc::from(format!("points/{code}"));
        if code == "total" {
            return Some(ValuePlan {
                kind: ValueKind::Total,
                what,
            });
        }
        if let Some(item) = self.items.get(code) {
            return Some(ValuePlan {
                kind: ValueKind::Item(*item),
                what,
            });
        }
        let found = self.nodes.get(code).copied();
        let node = self.known(path, "item, indicator or section", code, found)?;
        Some(ValuePlan {
            kind: ValueKind::Node(node),
            what,
        })
    }

    fn facts_value(&mut self, path: &str, facts: &Facts) -> Option<ValuePlan> {
        let plan = self.facts_plan(path, facts)?;
        let mut what = format!("facts/{}", facts.kind);
        for (field, values) in &facts.filter {
            what = format!("{what}/{field}={}", values.join(","));
        }
        if let Some(field) = &facts.sum {
            what = format!("{what}/sum={field}");
        }
        Some(ValuePlan {
            kind: ValueKind::Facts(plan),
            what: Arc::from(what),
        })
    }

    pub(super) fn facts_plan(&mut self, path: &str, facts: &Facts) -> Option<FactsPlan> {
        let found = self.facts.get(&facts.kind).copied();
        let kind = self.known(&format!("{path}/kind"), "kind of fact", &facts.kind, found)?;
        let written = self.file.fact.get(kind)?.clone();
        for (field, values) in &facts.filter {
            let place = format!("{path}/where/{field}");
            if values.is_empty() {
                self.faults.say(
                    &place,
                    "empty_list",
                    Words::new(
                        format!("没有写 `{field}` 的任何取值，就没有事实符合：请至少写一个，或删去这一筛选"),
                        format!("no value of `{field}` is named, so no fact fits: name at least one, or leave this out"),
                    ),
                );
            }
            let Some(known) = written.field.iter().find(|f| f.code == *field) else {
                self.faults.say(
                    &place,
                    "unknown_name",
                    Words::new(
                        format!("事实 `{}` 没有字段 `{field}`", written.code),
                        format!(
                            "facts of the kind `{}` have no field `{field}`",
                            written.code
                        ),
                    ),
                );
                continue;
            };
            if known.one_of.is_empty() {
                self.faults.say(
                    &place,
                    "wrong_type",
                    Words::new(
                        format!("`{field}` 是数字：只有列出取值的字段才能筛选"),
                        format!(
                            "`{field}` is a number: only fields with named values can be filtered"
                        ),
                    ),
                );
            }
            for value in values {
                if !known.one_of.is_empty()
                    && !known.one_of.iter().any(|choice| choice.code == *value)
                {
                    self.faults.say(
                        &place,
                        "unknown_name",
                        Words::new(
                            format!("`{value}` 不是字段 `{field}` 的取值"),
                            format!("`{value}` is no value of the field `{field}`"),
                        ),
                    );
                }
            }
        }
        if let Some(field) = &facts.sum {
            match written.field.iter().find(|f| f.code == *field) {
                None => self.faults.say(&format!("{path}/sum"), "unknown_name", Words::new(format!("事实 `{}` 没有字段 `{field}`", written.code), format!(
                        "facts of the kind `{}` have no field `{field}`",
                        written.code
                    ))),
                Some(known) if !known.one_of.is_empty() => {
                    self.faults.say(&format!("{path}/sum"), "wrong_type", Words::new(format!("`{field}` 的取值是名称，不能相加"), format!("`{field}` holds names, which cannot be added up")));
                }
                Some(known) if known.optional => self.faults.say(&format!("{path}/sum"), "setting_missing", Words::new(format!("`{field}` 可以不填，而没有写明不填时加多少：请改为必填"), format!(
                        "`{field}` may be left out, and nothing says what it then adds: require it"
                    ))),
                Some(_) => {}
            }
        }
        let back = self.look_back(&format!("{path}/back"), &facts.back)?;
        Some(FactsPlan {
            kind,
            filter: facts
                .filter
                .iter()
                .map(|(field, values)| (field.clone(), values.clone()))
                .collect(),
            back,
            sum: facts.sum.clone(),
        })
    }

    fn look_back(&mut self, path: &str, back: &LookBack) -> Option<Back> {
        match (back.period, back.calendar_years, back.months) {
            (true, None, None) => Some(Back::Period),
            (false, Some(years), None) if years > 0 => Some(Back::CalendarYears(years)),
            (false, None, Some(months)) if months > 0 => Some(Back::Months(months)),
            _ => {
                self.faults.say(path, "one_of", Words::new("回溯期须恰好写 `period = true`、`calendar_years = 2`、`months = 24` 之一", "a look-back is exactly one of `period = true`, `calendar_years = 2`, `months = 24`"));
                None
            }
        }
    }

    fn measure_value(&mut self, path: &str, figure: &MeasureFigure) -> Option<ValuePlan> {
        let found = self.measures.get(&figure.of).copied();
        let measure = self.known(path, "measure", &figure.of, found)?;
        match (self.is_reported_in_parts(measure), figure.over) {
            (true, None) => self.faults.say(path, "setting_missing", Words::new("此数据有多个数值：请写 `over = \"least\"`、`\"sum\"` 或 `\"last\"`", "this measure has several values: say `over = \"least\"`, `\"sum\"` or `\"last\"`")),
            (false, Some(_)) => self.faults.say(&format!("{path}/over"), "setting_not_used", Words::new("此数据全轮只有一个数值：请删去 `over`", "this measure has one value for the round: leave `over` out")),
            _ => {}
        }
        let written = self.file.measure.get(measure)?;
        if figure.versus.is_some() && !written.last_year {
            self.faults.say(
                path,
                "setting_missing",
                Words::new(
                    "未报上年数：请在该数据上写 `last_year = true`",
                    "last year's value is not reported: write `last_year = true` on the measure",
                ),
            );
        }
        let mut what = format!("measure/{}", figure.of);
        if let Some(over) = figure.over {
            let every = self
                .file
                .measure
                .get(measure)
                .map_or(Every::Round, |m| m.every);
            what = format!("{what}/{}/{}", over.word(), every.word());
        }
        if let Some(versus) = figure.versus {
            what = format!("{what}/{}", versus.word());
        }
        Some(ValuePlan {
            kind: ValueKind::Measure {
                measure,
                over: figure.over,
                versus: figure.versus,
            },
            what: Arc::from(what),
        })
    }
}

fn figure_word(figure: Figure) -> &'static str {
    match figure {
        Figure::SatisfactionRate => "satisfaction_rate",
        Figure::DissatisfiedShare => "dissatisfied_share",
        Figure::MeanScore => "mean_score",
    }
}
