//! Asks whether the parts of a scheme agree, names every place where they do not, and lays out what is left.
//!
//! A scheme with a fault never loads in part: the layout is handed out only when there is no fault at all.

mod composed;
mod condition;
mod label;
mod quota;
mod rule;
mod sight;
mod sum;
mod survey;
mod table;
mod value;
mod way;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::file::{Every, FORMAT, GradedBy, SchemeFile, Words};
use super::load::{Faults, Loaded};
use super::model::{
    CategoryPlan, FactPlan, FigurePlan, GradePlan, MeasurePlan, Scheme, SurveyPlan, grain,
};
use crate::number::Ratio;

/// Checks and lays out a file that was read. What is laid out in spite of a fault is only good for finding more.
pub(super) fn check(text: &str, loaded: Loaded) -> (Option<Scheme>, Faults) {
    let mut checker = Checker::new(loaded);
    let scheme = checker.lay_out(text);
    // What could not be read might be what makes sense of the rest.
    let whole = checker.lost.is_empty() && checker.lost_in.is_empty();
    (scheme.filter(|_| whole), checker.faults)
}

/// Codes of one kind and where they stand in their list.
type Names = BTreeMap<String, usize>;

/// What is needed to resolve names and report faults.
struct Checker {
    file: SchemeFile,
    lost: BTreeSet<String>,
    /// What the lost parts of the table belong to.
    lost_in: Vec<Option<String>>,
    faults: Faults,
    grades: Names,
    categories: Names,
    measures: Names,
    facts: Names,
    surveys: Names,
    /// Sections, then indicators.
    nodes: Names,
    items: Names,
    labels: Names,
    rules: Names,
    figures: Vec<FigurePlan>,
    answers: Vec<super::model::AnswersPlan>,
    /// Whether what is checked now belongs to a rule for each event.
    per_event: bool,
    survey_plans: Vec<SurveyPlan>,
    slots: usize,
}

impl Checker {
    fn new(loaded: Loaded) -> Self {
        let Loaded {
            file,
            lost,
            lost_in,
            faults,
        } = loaded;
        let mut checker = Self {
            file,
            lost,
            lost_in,
            faults,
            grades: Names::new(),
            categories: Names::new(),
            measures: Names::new(),
            facts: Names::new(),
            surveys: Names::new(),
            nodes: Names::new(),
            items: Names::new(),
            labels: Names::new(),
            rules: Names::new(),
            figures: Vec::new(),
            answers: Vec::new(),
            per_event: false,
            survey_plans: Vec::new(),
            slots: 0,
        };
        checker.collect_names();
        checker
    }

    /// Collects the codes of each kind and reports codes that are malformed or used twice.
    fn collect_names(&mut self) {
        let Self { file, faults, .. } = self;
        let list = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let sets = [
            (
                "grade",
                list(file.grade.iter().map(|g| g.code.as_str()).collect()),
            ),
            (
                "category",
                list(file.category.iter().map(|c| c.code.as_str()).collect()),
            ),
            (
                "measure",
                list(file.measure.iter().map(|m| m.code.as_str()).collect()),
            ),
            (
                "fact",
                list(file.fact.iter().map(|f| f.code.as_str()).collect()),
            ),
            (
                "survey",
                list(file.survey.iter().map(|s| s.code.as_str()).collect()),
            ),
            (
                "label",
                list(file.label.iter().map(|l| l.code.as_str()).collect()),
            ),
            (
                "rule",
                list(file.rule.iter().map(|r| r.code.as_str()).collect()),
            ),
        ];
        let mut named: Vec<Names> = sets
            .into_iter()
            .map(|(kind, codes)| name(faults, kind, &codes))
            .collect();
        self.rules = named.pop().unwrap_or_default();
        self.labels = named.pop().unwrap_or_default();
        self.surveys = named.pop().unwrap_or_default();
        self.facts = named.pop().unwrap_or_default();
        self.measures = named.pop().unwrap_or_default();
        self.categories = named.pop().unwrap_or_default();
        self.grades = named.pop().unwrap_or_default();

        // Sections, indicators and items share one name space, since conditions name any of them.
        let mut seen = Names::new();
        let nodes = self
            .file
            .section
            .iter()
            .map(|s| ("section", s.code.clone()))
            .chain(
                self.file
                    .indicator
                    .iter()
                    .map(|i| ("indicator", i.code.clone())),
            );
        let sections = self.file.section.len();
        for (place, (kind, code)) in nodes.collect::<Vec<_>>().into_iter().enumerate() {
            let number = place.checked_sub(sections).unwrap_or(place);
            self.name_once(&mut seen, kind, &code, number);
            self.nodes.entry(code).or_insert(place);
        }
        let items: Vec<String> = self.file.item.iter().map(|i| i.code.clone()).collect();
        for (place, code) in items.into_iter().enumerate() {
            self.name_once(&mut seen, "item", &code, place);
            self.items.entry(code).or_insert(place);
        }
    }

    fn name_once(&mut self, seen: &mut Names, kind: &str, code: &str, number: usize) {
        check_code(&mut self.faults, kind, code);
        if code == "total" {
            self.faults.say(
                &format!("{kind}/{code}"),
                "reserved_code",
                Words::new(
                    "代码 `total` 指整张表：请换一个代码",
                    "the code `total` stands for the whole table: name this part otherwise",
                ),
            );
        }
        if seen.insert(code.to_owned(), 0).is_some() {
            self.faults.add_twice(
                &format!("{kind}/{code}"),
                number,
                Words::new(
                    format!("代码 `{code}` 用了两次：请各用各的代码"),
                    format!("the code `{code}` is used twice: give each part one of its own"),
                ),
            );
        }
    }

    fn lay_out(&mut self, text: &str) -> Option<Scheme> {
        if self.file.format != FORMAT {
            let found = self.file.format.clone();
            self.faults.say(
                "format",
                "unknown_format",
                Words::new(
                    format!("此处不识别 `{found}`：请写 `{FORMAT}`"),
                    format!("`{found}` is not read here: write `{FORMAT}`"),
                ),
            );
        }
        let code = self.file.code.clone();
        // That there is none is told by itself.
        if !code.trim().is_empty() {
            check_code_at(&mut self.faults, "code", &code);
        }
        if self.file.numbers.decimals > 4 {
            self.faults.say(
                "numbers/decimals",
                "wrong_scale",
                Words::new(
                    "分数至多四位小数：请写 0 至 4",
                    "points have at most four decimals: write 0 to 4",
                ),
            );
        }
        let grades = self.check_grades();
        let minimum = self
            .file
            .grading
            .minimum
            .clone()
            .and_then(|code| self.grade("grading/minimum", &code));
        let measures = self.check_measures();
        let facts = self.check_facts();
        self.check_surveys();
        let table = self.check_table();
        let labels = self.check_labels();
        let rules = self.check_rules(&labels);
        let quotas = self.check_quotas();
        self.check_label_cases();
        let tie_breakers = self.check_tie_breakers();
        self.check_assumptions();
        self.check_texts();
        self.add_survey_figures();
        if let (Some(table), Some(rules)) = (&table, &rules) {
            self.check_taken_back(&table.items, &labels, rules);
        }
        let file = self.file.clone();
        let (table, rules) = (table?, rules?);
        let grain = grain(file.numbers, &table.nodes, &table.items, &rules);
        let categories = self
            .file
            .category
            .iter()
            .zip(table.of_category)
            .map(|(category, (nodes, items))| CategoryPlan {
                code: Arc::from(category.code.as_str()),
                kind: category.kind,
                node_place: places(&nodes, table.nodes.len()),
                item_place: places(&items, table.items.len()),
                nodes,
                items,
            })
            .collect();
        Some(Scheme {
            digest: Arc::from(hex::encode(Sha256::digest(text.as_bytes()))),
            file,
            grades,
            minimum,
            categories,
            nodes: table.nodes,
            items: table.items,
            slots: self.slots,
            measures,
            facts,
            surveys: std::mem::take(&mut self.survey_plans),
            figures: std::mem::take(&mut self.figures),
            answers: std::mem::take(&mut self.answers),
            labels,
            rules,
            quotas,
            tie_breakers,
            grain,
        })
    }

    fn check_grades(&mut self) -> Vec<GradePlan> {
        let grades = self.file.grade.clone();
        let last = grades.len().saturating_sub(1);
        let mut above: Option<Ratio> = None;
        for (place, grade) in grades.iter().enumerate() {
            let path = format!("grade/{}", grade.code);
            if self.file.grading.by == GradedBy::Proposed {
                if grade.from.is_some() {
                    self.faults.say(
                        &path,
                        "band_not_used",
                        Words::new(
                            "等次为拟定等次，`from` 没有意义：请删去",
                            "grades are proposed, so `from` has no meaning: leave it out",
                        ),
                    );
                }
                continue;
            }
            match (&grade.from, place == last) {
                (Some(_), true) => self.faults.say(
                    &path,
                    "lowest_band",
                    Words::new(
                        "最低等次包括其余所有：请删去它的 `from`",
                        "the lowest grade takes the rest: leave out its `from`",
                    ),
                ),
                (None, false) => self.faults.say(
                    &path,
                    "band_missing",
                    Words::new(
                        "请写明总分多少可得此等次：如 `from = \"90\"`",
                        "say from which total this grade is earned: write `from = \"90\"`",
                    ),
                ),
                (Some(from), false) => {
                    let written = self.faults.as_written(&format!("{path}/from"), from);
                    if above.as_ref().is_some_and(|above| from >= above) {
                        self.faults.say(&format!("{path}/from"), "bands_out_of_order", Words::new(format!("`{written}` 不低于上一等次的分数线：等次由高到低排列，分数线逐级降低"), format!("`{written}` is not below the bound of the grade above: write grades best first, each with a lower bound")));
                    }
                    if self.file.grading.by == GradedBy::Share
                        && (from.is_negative() || *from > Ratio::one())
                    {
                        self.faults.say(
                            &format!("{path}/from"),
                            "wrong_scale",
                            Words::new(
                                format!("`{written}` 不是占比：请写成 `90%` 这样"),
                                format!("`{written}` is not a share: write `90%`"),
                            ),
                        );
                    }
                    above = Some(from.clone());
                }
                (None, true) => {}
            }
        }
        grades
            .into_iter()
            .map(|grade| GradePlan {
                code: Arc::from(grade.code),
                from: grade.from,
            })
            .collect()
    }

    fn check_measures(&mut self) -> Vec<MeasurePlan> {
        self.file
            .measure
            .iter()
            .map(|m| MeasurePlan {
                code: Arc::from(m.code.as_str()),
                every: m.every,
            })
            .collect()
    }

    fn check_facts(&mut self) -> Vec<FactPlan> {
        let kinds = self.file.fact.clone();
        let mut plans = Vec::new();
        for kind in kinds {
            let path = format!("fact/{}", kind.code);
            let mut fields = BTreeSet::new();
            for field in &kind.field {
                if !fields.insert(field.code.clone()) {
                    self.faults.say(
                        &format!("{path}/field/{}", field.code),
                        "code_used_twice",
                        Words::new(
                            format!("字段 `{}` 出现了两次", field.code),
                            format!("the field `{}` is there twice", field.code),
                        ),
                    );
                }
            }
            if let Some(ladder) = &kind.ladder {
                let place = format!("{path}/ladder");
                match kind.field.iter().find(|f| f.code == ladder.field) {
                    None => self.faults.say(
                        &place,
                        "unknown_name",
                        Words::new(
                            format!("这种事实没有字段 `{}`", ladder.field),
                            format!("there is no field `{}` in this fact", ladder.field),
                        ),
                    ),
                    Some(field) => {
                        for value in &ladder.order {
                            if !field.one_of.iter().any(|choice| choice.code == *value) {
                                self.faults.say(
                                    &place,
                                    "unknown_name",
                                    Words::new(
                                        format!("`{value}` 不是字段 `{}` 的取值", field.code),
                                        format!(
                                            "`{value}` is no value of the field `{}`",
                                            field.code
                                        ),
                                    ),
                                );
                            }
                        }
                    }
                }
            }
            plans.push(FactPlan {
                code: Arc::from(kind.code),
                counts: kind.counts,
                nil_report: kind.nil_report,
                ladder: kind.ladder.map(|ladder| (ladder.field, ladder.order)),
            });
        }
        plans
    }

    fn check_tie_breakers(&mut self) -> Vec<(super::model::ValuePlan, bool)> {
        let breakers = self.file.grading.tie_breakers.clone();
        let mut plans = Vec::new();
        for (number, breaker) in breakers.iter().enumerate() {
            let path = format!("grading/tie_breakers/{number}/value");
            if let Some(value) = self.value(&path, &breaker.value) {
                self.refuse_lower_bound(&path, Some(&value));
                plans.push((value, breaker.lowest));
            }
        }
        plans
    }

    /// Texts that name a scheme or the clause that something comes from.
    fn refuse_blank(&mut self, path: &str, text: &str) {
        // What is not in the file, or could not be read, is named already.
        if text.trim().is_empty() && self.faults.knows(path) && !self.faults.has_below(path) {
            self.faults.say(
                path,
                "blank_text",
                Words::new("这里没有写任何文字", "there are no words here"),
            );
        }
    }

    fn check_texts(&mut self) {
        let file = &self.file;
        let clauses = |kind: &str, list: Vec<(&String, Option<&String>)>| {
            list.into_iter()
                .filter_map(|(code, clause)| {
                    Some((format!("{kind}/{code}/clause"), clause?.clone()))
                })
                .collect::<Vec<_>>()
        };
        let items = file.item.iter().map(|i| (&i.code, i.clause.as_ref()));
        let labels = file.label.iter().map(|l| (&l.code, l.clause.as_ref()));
        let rules = file.rule.iter().map(|r| (&r.code, Some(&r.clause)));
        let quotas = file.quota.iter().map(|q| (&q.code, Some(&q.clause)));
        let mut texts = vec![
            ("code".to_owned(), file.code.clone()),
            ("version".to_owned(), file.version.clone()),
        ];
        texts.extend(clauses("item", items.collect()));
        texts.extend(clauses("label", labels.collect()));
        texts.extend(clauses("rule", rules.collect()));
        texts.extend(clauses("quota", quotas.collect()));
        for (path, text) in texts {
            self.refuse_blank(&path, &text);
        }
    }

    fn check_assumptions(&mut self) {
        let settings: Vec<(usize, String)> = self
            .file
            .assumption
            .iter()
            .map(|a| a.setting.clone())
            .enumerate()
            .collect();
        let mut seen = BTreeSet::new();
        for (number, setting) in settings {
            if !seen.insert(setting.clone()) {
                self.faults.say(
                    &format!("assumption/{number}/setting"),
                    "code_used_twice",
                    Words::new(
                        format!("`{setting}` 已有一条说明：请合并为一条"),
                        format!("there is an assumption about `{setting}` already: make them one"),
                    ),
                );
            }
            if !self.faults.knows(&setting) {
                let path = format!("assumption/{number}/setting");
                self.faults.say(
                    &path,
                    "unknown_setting",
                    Words::new(
                        format!("文件中没有 `{setting}`：请用 `/` 连接各级名称"),
                        format!(
                            "there is nothing at `{setting}` in this file: name keys joined by `/`"
                        ),
                    ),
                );
            }
        }
    }

    /// A grade's place, or a fault.
    fn grade(&mut self, path: &str, code: &str) -> Option<usize> {
        let found = self.grades.get(code).copied();
        self.known(path, "grade", code, found)
    }

    /// Passes on what a name stands for, or reports that it stands for nothing.
    fn known<T>(&mut self, path: &str, kind: &str, code: &str, found: Option<T>) -> Option<T> {
        if found.is_none() && !self.lost.contains(code) {
            self.faults.say(
                path,
                "unknown_name",
                Words::new(
                    format!("本评价体系中没有 `{code}`（{}）", in_chinese(kind)),
                    format!("there is no {kind} `{code}` in this scheme"),
                ),
            );
        }
        found
    }

    /// Which categories something is for: all without a list.
    fn applies(&mut self, path: &str, categories: Option<&Vec<String>>) -> Vec<bool> {
        let Some(codes) = categories else {
            return vec![true; self.file.category.len()];
        };
        if codes.is_empty() {
            self.faults.say(
                &format!("{path}/for"),
                "empty_list",
                Words::new(
                    "没有写任何类别，就不适用于任何对象：请写明类别；适用于所有类别的，删去 `for`",
                    "no category is named, so this is for nobody: name some, or leave `for` out where it is for all",
                ),
            );
            // As though it were left out, so that nothing else is blamed for it.
            return vec![true; self.file.category.len()];
        }
        let mut mask = vec![false; self.file.category.len()];
        for code in codes {
            let found = self.categories.get(code).copied();
            if let Some(place) = self.known(&format!("{path}/for"), "category", code, found)
                && let Some(slot) = mask.get_mut(place)
            {
                *slot = true;
            }
        }
        mask
    }

    fn is_reported_in_parts(&self, measure: usize) -> bool {
        self.file
            .measure
            .get(measure)
            .is_some_and(|m| m.every != Every::Round)
    }
}

fn name(faults: &mut Faults, kind: &str, codes: &[String]) -> Names {
    let mut names = Names::new();
    for (place, code) in codes.iter().enumerate() {
        check_code(faults, kind, code);
        if names.insert(code.clone(), place).is_some() {
            faults.add_twice(
                &format!("{kind}/{code}"),
                place,
                Words::new(
                    format!("`{code}`（{}）出现了两次：请各用各的代码", in_chinese(kind)),
                    format!("the {kind} `{code}` is there twice: give each a code of its own"),
                ),
            );
        }
    }
    names
}

/// What a kind of thing is called in Chinese.
fn in_chinese(kind: &str) -> &str {
    match kind {
        "grade" => "等次",
        "category" => "类别",
        "measure" => "量化数据",
        "fact" | "kind of fact" => "事实种类",
        "scale" => "等级",
        "survey" => "测评",
        "panel" => "评议群体",
        "option" => "选项",
        "rated question" => "有等级的题目",
        "section or indicator" => "部分或指标",
        "item, indicator or section" => "考评项、指标或部分",
        "label" => "称号",
        "rule" => "规则",
        other => other,
    }
}

/// Codes go into paths, file names and addresses.
fn check_code(faults: &mut Faults, kind: &str, code: &str) {
    check_code_at(faults, &format!("{kind}/{code}"), code);
}

fn check_code_at(faults: &mut Faults, path: &str, code: &str) {
    let fits = !code.is_empty()
        && code.len() <= 64
        && code
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if !fits {
        faults.say(
            path,
            "malformed_code",
            Words::new(
                format!("`{code}` 不是代码：请用不超过 64 个的英文字母、数字、`.`、`_`、`-`"),
                format!(
                    "`{code}` is not a code: use up to 64 letters a-z, digits, `.`, `_` or `-`"
                ),
            ),
        );
    }
}

/// Where each of `count` things stands in a list of some of them.
fn places(list: &[usize], count: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; count];
    for (place, thing) in list.iter().enumerate() {
        if let Some(slot) = places.get_mut(*thing) {
            *slot = Some(place);
        }
    }
    places
}
