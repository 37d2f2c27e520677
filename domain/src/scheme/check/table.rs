//! The table: sections, indicators, items and parts.

use std::sync::Arc;

use super::super::file::{GradedBy, Item, Missing, Part, SectionKind, Words};
use super::super::model::{ItemPlan, NodePlan, PartPlan};
use super::Checker;
use super::sight::Sight;
use super::way::Ways;
use crate::number::Points;

/// The table as laid out.
pub(super) struct TablePlan {
    pub nodes: Vec<NodePlan>,
    pub items: Vec<ItemPlan>,
    /// For each category its nodes and items in the scheme's order.
    pub of_category: Vec<(Vec<usize>, Vec<usize>)>,
}

/// A node before it is laid out.
pub(super) struct Written {
    pub path: String,
    pub parent: Option<usize>,
    pub applies: Vec<bool>,
    pub max: Option<Points>,
}

impl Written {
    pub fn is_for(&self, category: usize) -> bool {
        self.applies.get(category) == Some(&true)
    }
}

impl Checker {
    pub(super) fn check_table(&mut self) -> Option<TablePlan> {
        let (nodes, written) = self.check_nodes();
        let items = self.file.item.clone();
        let mut plans = Vec::new();
        let mut applies = Vec::new();
        for item in &items {
            let path = format!("item/{}", item.code);
            let found = self.nodes.get(&item.parent).copied();
            let node = self.known(
                &format!("{path}/in"),
                "section or indicator",
                &item.parent,
                found,
            );
            let own = self.applies(&path, item.categories.as_ref());
            let inherited = node.and_then(|n| written.get(n)).map(|w| w.applies.clone());
            let mask = self.narrow(&path, own, inherited, item.categories.is_some());
            let kind = node
                .and_then(|n| nodes.get(n))
                .map_or(SectionKind::Common, |n: &NodePlan| n.kind);
            let plan = self.item_plan(&path, item, node.unwrap_or(0), kind);
            plans.push(plan);
            applies.push((node, mask));
        }
        self.check_sums(&nodes, &written, &items, &applies);
        let grading = &self.file.grading;
        self.check_bounds(
            "grading",
            ("total_floor", grading.total_floor),
            grading.total_ceiling,
        );
        let of_category = self.order(&written, &applies);
        if applies.iter().all(|(node, _)| node.is_some()) {
            self.refuse_without_items(&written, &of_category);
        }
        let items: Option<Vec<ItemPlan>> = plans.into_iter().collect();
        Some(TablePlan {
            nodes,
            items: items?,
            of_category,
        })
    }

    /// Where grades are read off totals, a category of which nothing is scored has none.
    fn refuse_without_items(
        &mut self,
        written: &[Written],
        of_category: &[(Vec<usize>, Vec<usize>)],
    ) {
        let whole = self.lost.is_empty() && self.lost_in.is_empty();
        if !whole || self.file.grading.by == GradedBy::Proposed || self.file.item.is_empty() {
            return;
        }
        let codes: Vec<String> = (self.file.category.iter().zip(of_category))
            // Of a node with a maximum and nothing in it the sums are wrong, which is said there.
            .filter(|(_, (nodes, items))| {
                let max = |node: &usize| written.get(*node).and_then(|node| node.max);
                items.is_empty() && nodes.iter().filter_map(max).all(|max| max <= Points::ZERO)
            })
            .map(|(category, _)| category.code.clone())
            .collect();
        for code in codes {
            self.faults.say(
                &format!("category/{code}"),
                "category_without_items",
                Words::new(
                    format!("没有任何考评项适用于类别 `{code}`，它的对象没有总分可定等次"),
                    format!("no item is for the category `{code}`, so its subjects have no total to read a grade off"),
                ),
            );
        }
    }

    fn check_nodes(&mut self) -> (Vec<NodePlan>, Vec<Written>) {
        let mut plans: Vec<NodePlan> = Vec::new();
        let mut written: Vec<Written> = Vec::new();
        for section in self.file.section.clone() {
            let path = format!("section/{}", section.code);
            let applies = self.applies(&path, section.categories.as_ref());
            self.check_max(&path, section.kind, section.max);
            self.check_bounds(&path, ("floor", section.floor), section.ceiling);
            self.check_floor(&path, section.floor, (section.ceiling, section.max));
            written.push(Written {
                path,
                parent: None,
                applies,
                max: section.max,
            });
            plans.push(NodePlan {
                code: Arc::from(section.code),
                parent: None,
                kind: section.kind,
                floor: section.floor,
                ceiling: section.ceiling,
            });
        }
        for indicator in self.file.indicator.clone() {
            let path = format!("indicator/{}", indicator.code);
            let own = self.applies(&path, indicator.categories.as_ref());
            let found = self.nodes.get(&indicator.parent).copied();
            let place = plans.len();
            let parent = self.known(&format!("{path}/in"), "section or indicator", &indicator.parent, found).filter(|parent| {
                let before = *parent < place;
                if !before {
                    self.faults.say(&format!("{path}/in"), "wrong_order", Words::new(format!("`{}` 在后面才出现：请把指标写在它所属的指标之后", indicator.parent), format!("`{}` stands further down: write each indicator after the one it belongs to", indicator.parent)));
                }
                before
            });
            let above = parent.and_then(|p| plans.get(p)).map(|p| p.kind);
            let kind = above.unwrap_or(SectionKind::Common);
            let inherited = parent
                .and_then(|p| written.get(p))
                .map(|w| w.applies.clone());
            let applies = self.narrow(&path, own, inherited, indicator.categories.is_some());
            self.check_max(&path, kind, indicator.max);
            self.check_bounds(&path, ("floor", indicator.floor), indicator.ceiling);
            self.check_floor(&path, indicator.floor, (indicator.ceiling, indicator.max));
            written.push(Written {
                path,
                parent,
                applies,
                max: indicator.max,
            });
            plans.push(NodePlan {
                code: Arc::from(indicator.code),
                parent,
                kind,
                floor: indicator.floor,
                ceiling: indicator.ceiling,
            });
        }
        (plans, written)
    }

    fn check_max(&mut self, path: &str, kind: SectionKind, max: Option<Points>) {
        match (kind, max) {
            (SectionKind::Deduction, Some(_)) => self.faults.say(
                &format!("{path}/max"),
                "setting_not_used",
                Words::new(
                    "扣分没有满分：请用 `floor` 设下限",
                    "deductions have no maximum: bound them by `floor`",
                ),
            ),
            (SectionKind::Common | SectionKind::Specific, None) => self.say_no_max(path),
            (_, Some(max)) if max < Points::ZERO => self.faults.say(
                &format!("{path}/max"),
                "wrong_scale",
                Words::new(format!("`{max}` 小于 0"), format!("`{max}` is below 0")),
            ),
            _ => {}
        }
    }

    pub(super) fn say_no_max(&mut self, path: &str) {
        self.faults.say(
            path,
            "setting_missing",
            Words::new(
                "请写明满分：如 `max = \"10\"`",
                "say how many points this is worth: `max = \"10\"`",
            ),
        );
    }

    pub(super) fn check_bounds(
        &mut self,
        path: &str,
        (key, floor): (&str, Option<Points>),
        ceiling: Option<Points>,
    ) {
        if let (Some(floor), Some(ceiling)) = (floor, ceiling)
            && floor > ceiling
        {
            self.faults.say(
                &format!("{path}/{key}"),
                "bounds_contradict",
                Words::new(
                    format!("下限 `{floor}` 高于上限 `{ceiling}`"),
                    format!("the floor `{floor}` lies above the ceiling `{ceiling}`"),
                ),
            );
        }
    }

    /// A floor above what something can be worth; where it lies above the ceiling too, that was said.
    pub(super) fn check_floor(
        &mut self,
        path: &str,
        floor: Option<Points>,
        (ceiling, max): (Option<Points>, Option<Points>),
    ) {
        if let (Some(floor), Some(max)) = (floor, max)
            && floor > max
            && ceiling.is_none_or(|ceiling| floor <= ceiling)
        {
            self.faults.say(
                &format!("{path}/floor"),
                "bounds_contradict",
                Words::new(
                    format!("下限 `{floor}` 高于满分 {max}"),
                    format!("the floor `{floor}` lies above the maximum, {max}"),
                ),
            );
        }
    }

    /// Where something is for categories that what it belongs to is not for, it could never count.
    fn narrow(
        &mut self,
        path: &str,
        own: Vec<bool>,
        inherited: Option<Vec<bool>>,
        named: bool,
    ) -> Vec<bool> {
        let Some(inherited) = inherited else {
            return own;
        };
        if named
            && own
                .iter()
                .zip(&inherited)
                .any(|(own, above)| *own && !above)
        {
            self.faults.say(
                &format!("{path}/for"),
                "wider_than_parent",
                Words::new(
                    "适用类别超出了它所属部分的适用类别",
                    "this is for a category that the part it belongs to is not for",
                ),
            );
        }
        own.into_iter()
            .zip(inherited)
            .map(|(own, above)| own && above)
            .collect()
    }

    fn item_plan(
        &mut self,
        path: &str,
        item: &Item,
        node: usize,
        kind: SectionKind,
    ) -> Option<ItemPlan> {
        self.check_max(path, kind, item.max);
        let ways = Ways {
            graded: item.graded.as_ref(),
            checklist: item.checklist.as_ref(),
            measured: item.measured.as_ref(),
            surveyed: item.surveyed.as_ref(),
            per_case: item.per_case.as_ref(),
            composed: item.composed.as_ref(),
        };
        self.check_missing(path, item.missing.as_ref(), (kind, item.max));
        if !item.part.is_empty() && matches!(item.missing, Some(Missing::Points(_))) {
            self.faults.say(
                &format!("{path}/missing"),
                "setting_not_used",
                Words::new(
                    "这一分值指哪个分项？请写在各分项上",
                    "which part would these points stand for? say it on each part",
                ),
            );
        }
        let gate = match &item.gate {
            Some(condition) => {
                let place = format!("{path}/gate");
                let plan = self.condition(&place, condition);
                if let Some(plan) = &plan {
                    self.check_sight(&place, plan, Sight::Gate);
                }
                Some(plan?)
            }
            None => None,
        };
        if item.gate.is_none() && item.gate_undetermined.is_some() {
            self.faults.say(
                &format!("{path}/gate_undetermined"),
                "setting_not_used",
                Words::new("这里没有前提条件", "there is no gate here"),
            );
        }
        let mut parts = Vec::new();
        if item.part.is_empty() {
            let (way, what) = self.way(path, &ways, item.max, kind)?;
            parts.push(PartPlan {
                code: None,
                max: item.max,
                missing: None,
                way,
                what,
            });
        } else {
            if ways.count() != 0 {
                self.faults.say(
                    path,
                    "one_of",
                    Words::new(
                        "有分项的考评项自身不再计分：请给每个分项写评分方式",
                        "an item with parts is not scored in a way of its own: give each part one",
                    ),
                );
            }
            parts = self.parts(path, item, kind)?;
        }
        Some(ItemPlan {
            code: Arc::from(item.code.as_str()),
            node,
            kind,
            max: item.max,
            missing: item.missing.clone(),
            gate,
            gate_undetermined: item.gate_undetermined,
            parts,
        })
    }

    fn parts(&mut self, path: &str, item: &Item, kind: SectionKind) -> Option<Vec<PartPlan>> {
        let mut sum = Some(Points::ZERO);
        let mut seen = std::collections::BTreeSet::new();
        let mut plans = Vec::new();
        for part in &item.part {
            let place = format!("{path}/part/{}", part.code);
            super::check_code(&mut self.faults, &format!("{path}/part"), &part.code);
            if !seen.insert(part.code.as_str()) {
                self.faults.say(
                    &place,
                    "code_used_twice",
                    Words::new(
                        format!("分项 `{}` 出现了两次", part.code),
                        format!("the part `{}` is there twice", part.code),
                    ),
                );
            }
            sum = sum.and_then(|sum| sum.add(part.max).ok());
            self.check_missing(&place, part.missing.as_ref(), (kind, Some(part.max)));
            if part.missing == Some(Missing::NotApplicable) {
                self.faults.say(
                    &format!("{place}/missing"),
                    "way_not_possible",
                    Words::new(
                        "考评项整体适用或不适用：`not_applicable` 请写在考评项上",
                        "an item applies or not as a whole: say `not_applicable` on the item",
                    ),
                );
            }
            plans.push(self.part_plan(&place, part, kind));
        }
        match (sum, item.max) {
            (Some(sum), Some(max)) if sum != max => {
                self.faults.say(
                    &format!("{path}/max"),
                    "sums_differ",
                    Words::new(
                        format!("各分项合计 {sum}，而考评项写的是 {max}"),
                        format!("the parts add up to {sum}, while the item says {max}"),
                    ),
                );
            }
            (None, _) => self.faults.say(
                path,
                "overflow",
                Words::new(
                    "各分项合计超出可计范围",
                    "the parts add up to more than can be counted",
                ),
            ),
            _ => {}
        }
        plans.into_iter().collect()
    }

    fn part_plan(&mut self, path: &str, part: &Part, kind: SectionKind) -> Option<PartPlan> {
        let ways = Ways {
            graded: part.graded.as_ref(),
            checklist: part.checklist.as_ref(),
            measured: part.measured.as_ref(),
            surveyed: part.surveyed.as_ref(),
            per_case: part.per_case.as_ref(),
            composed: part.composed.as_ref(),
        };
        let (way, what) = self.way(path, &ways, Some(part.max), kind)?;
        Some(PartPlan {
            code: Some(Arc::from(part.code.as_str())),
            max: Some(part.max),
            missing: part.missing.clone(),
            way,
            what,
        })
    }

    fn check_missing(
        &mut self,
        path: &str,
        missing: Option<&Missing>,
        (kind, max): (SectionKind, Option<Points>),
    ) {
        if let (Some(Missing::Points(points)), None) = (missing, max)
            && kind == SectionKind::Deduction
            && *points > Points::ZERO
        {
            self.faults.say(
                &format!("{path}/missing"),
                "wrong_scale",
                Words::new(
                    format!("扣分项不能得 {points} 分：请写 0 或负数"),
                    format!(
                        "a deduction cannot be worth {points} points: write 0 or a negative number"
                    ),
                ),
            );
        }
        if let (Some(Missing::Points(points)), Some(max)) = (missing, max)
            && (*points > max || *points < Points::ZERO)
        {
            self.faults.say(
                &format!("{path}/missing"),
                "wrong_scale",
                Words::new(
                    format!("`{points}` 不在 0 至 {max} 之间"),
                    format!("`{points}` does not lie between 0 and {max}"),
                ),
            );
        }
        if missing == Some(&Missing::Full) && max.is_none() {
            self.faults.say(
                &format!("{path}/missing"),
                "setting_missing",
                Words::new(
                    "没有 `max` 就没有满分：请写明分数，如 `missing = { points = \"0\" }`",
                    "without a `max` there is no full score: say the points, `missing = { points = \"0\" }`",
                ),
            );
        }
        if missing == Some(&Missing::NotApplicable)
            && self.file.grading.scale_not_applicable.is_none()
        {
            self.faults.say(
                &format!("{path}/missing"),
                "setting_missing",
                Words::new(
                    "此项可能不适用：请在 `[grading]` 中写明 `scale_not_applicable`",
                    "an item may not apply here: say `scale_not_applicable` in `[grading]`",
                ),
            );
        }
    }

    /// Nodes and items of each category as one reads the table: a node, what is in it, the next node.
    fn order(
        &self,
        written: &[Written],
        applies: &[(Option<usize>, Vec<bool>)],
    ) -> Vec<(Vec<usize>, Vec<usize>)> {
        let mut roots = Vec::new();
        let mut below = vec![(Vec::new(), Vec::new()); written.len()];
        // From the back, so that the first is taken off a stack first.
        for (node, here) in written.iter().enumerate().rev() {
            let list = match here.parent {
                None => Some(&mut roots),
                Some(parent) => below.get_mut(parent).map(|(nodes, _)| nodes),
            };
            if let Some(list) = list {
                list.push(node);
            }
        }
        for (item, (parent, _)) in applies.iter().enumerate() {
            if let Some((_, items)) = parent.and_then(|parent| below.get_mut(parent)) {
                items.push(item);
            }
        }
        (0..self.file.category.len())
            .map(|place| {
                let (mut nodes, mut items) = (Vec::new(), Vec::new());
                let mut open: Vec<usize> = roots.clone();
                while let Some(node) = open.pop() {
                    if !written.get(node).is_some_and(|node| node.is_for(place)) {
                        continue;
                    }
                    nodes.push(node);
                    let Some((inner, leaves)) = below.get(node) else {
                        continue;
                    };
                    items.extend(leaves.iter().copied().filter(|item| {
                        applies.get(*item).and_then(|(_, mask)| mask.get(place)) == Some(&true)
                    }));
                    open.extend(inner);
                }
                (nodes, items)
            })
            .collect()
    }
}
