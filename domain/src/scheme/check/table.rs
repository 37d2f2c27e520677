//! The table: sections, indicators, items and parts; sums for every category.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::file::{
    Checklist, Composed, Graded, GradedBy, Item, Missing, Part, PerCase, SectionKind, Shape,
    Shaped, Start,
};
use super::super::model::{
    Cases, ItemPlan, NodePlan, PartPlan, PerCasePlan, ShapePlan, TestPlan, ValueKind, ValuePlan,
    Way,
};
use super::Checker;
use super::condition::plan_test;
use super::rule::Sight;
use crate::number::{Points, Ratio};
use crate::outcome::Sign;

/// The table as laid out.
pub(super) struct TablePlan {
    pub nodes: Vec<NodePlan>,
    pub items: Vec<ItemPlan>,
    /// For each category its nodes and items in the scheme's order.
    pub of_category: Vec<(Vec<usize>, Vec<usize>)>,
}

/// The ways that an item or a part names.
struct Ways<'a> {
    graded: Option<&'a Graded>,
    checklist: Option<&'a Checklist>,
    measured: Option<&'a Shaped>,
    surveyed: Option<&'a Shaped>,
    per_case: Option<&'a PerCase>,
    composed: Option<&'a Composed>,
}

/// A node before it is laid out.
struct Written {
    path: String,
    parent: Option<usize>,
    applies: Vec<bool>,
    max: Option<Points>,
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
        self.check_reach(&nodes, &written);
        let of_category = self.order(&written, &applies);
        let items: Option<Vec<ItemPlan>> = plans.into_iter().collect();
        Some(TablePlan {
            nodes,
            items: items?,
            of_category,
        })
    }

    fn check_nodes(&mut self) -> (Vec<NodePlan>, Vec<Written>) {
        let mut plans: Vec<NodePlan> = Vec::new();
        let mut written: Vec<Written> = Vec::new();
        for section in self.file.section.clone() {
            let path = format!("section/{}", section.code);
            let applies = self.applies(&path, section.categories.as_ref());
            self.check_max(&path, section.kind, section.max);
            self.check_bounds(&path, section.floor, section.ceiling);
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
                    self.faults.add(&format!("{path}/in"), "wrong_order", format!("`{}` stands further down: write each indicator after the one it belongs to", indicator.parent));
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
            self.check_bounds(&path, indicator.floor, indicator.ceiling);
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
            (SectionKind::Deduction, Some(_)) => self.faults.add(
                &format!("{path}/max"),
                "setting_not_used",
                "deductions have no maximum: bound them by `floor`",
            ),
            (SectionKind::Common | SectionKind::Specific, None) => {
                self.faults.add(
                    path,
                    "setting_missing",
                    "say how many points this is worth: `max = \"10\"`",
                );
            }
            (_, Some(max)) if max < Points::ZERO => self.faults.add(
                &format!("{path}/max"),
                "wrong_scale",
                format!("`{max}` is below 0"),
            ),
            _ => {}
        }
    }

    fn check_bounds(&mut self, path: &str, floor: Option<Points>, ceiling: Option<Points>) {
        if let (Some(floor), Some(ceiling)) = (floor, ceiling)
            && floor > ceiling
        {
            self.faults.add(
                &format!("{path}/floor"),
                "bounds_contradict",
                format!("the floor `{floor}` lies above the ceiling `{ceiling}`"),
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
            self.faults.add(
                &format!("{path}/for"),
                "wider_than_parent",
                "this is for a category that the part it belongs to is not for",
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
        self.check_missing(path, item.missing.as_ref(), item.max);
        if !item.part.is_empty() && matches!(item.missing, Some(Missing::Points(_))) {
            self.faults.add(
                &format!("{path}/missing"),
                "setting_not_used",
                "which part would these points stand for? say it on each part",
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
            self.faults.add(
                &format!("{path}/gate_undetermined"),
                "setting_not_used",
                "there is no gate here",
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
                self.faults.add(
                    path,
                    "one_of",
                    "an item with parts is not scored in a way of its own: give each part one",
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
                self.faults.add(
                    &place,
                    "code_used_twice",
                    format!("the part `{}` is there twice", part.code),
                );
            }
            sum = sum.and_then(|sum| sum.add(part.max).ok());
            self.check_missing(&place, part.missing.as_ref(), Some(part.max));
            if part.missing == Some(Missing::NotApplicable) {
                self.faults.add(
                    &format!("{place}/missing"),
                    "way_not_possible",
                    "an item applies or not as a whole: say `not_applicable` on the item",
                );
            }
            plans.push(self.part_plan(&place, part, kind));
        }
        match (sum, item.max) {
            (Some(sum), Some(max)) if sum != max => {
                self.faults.add(
                    &format!("{path}/max"),
                    "sums_differ",
                    format!("the parts add up to {sum}, while the item says {max}"),
                );
            }
            (None, _) => self.faults.add(
                path,
                "overflow",
                "the parts add up to more than can be counted",
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

    fn check_missing(&mut self, path: &str, missing: Option<&Missing>, max: Option<Points>) {
        if let (Some(Missing::Points(points)), Some(max)) = (missing, max)
            && (*points > max || *points < Points::ZERO)
        {
            self.faults.add(
                &format!("{path}/missing"),
                "wrong_scale",
                format!("`{points}` does not lie between 0 and {max}"),
            );
        }
        if missing == Some(&Missing::NotApplicable)
            && self.file.grading.scale_not_applicable.is_none()
        {
            self.faults.add(
                &format!("{path}/missing"),
                "setting_missing",
                "an item may not apply here: say `scale_not_applicable` in `[grading]`",
            );
        }
    }

    fn way(
        &mut self,
        path: &str,
        ways: &Ways<'_>,
        max: Option<Points>,
        kind: SectionKind,
    ) -> Option<(Way, Arc<str>)> {
        if ways.count() != 1 {
            self.faults.add(path, "one_of", "an item is scored in exactly one way: `graded`, `checklist`, `measured`, `surveyed`, `per_case` or `composed`");
            return None;
        }
        if max.is_none() && ways.per_case.is_none() && kind != SectionKind::Deduction {
            return None;
        }
        if kind == SectionKind::Deduction && ways.per_case.is_none() {
            self.faults.add(
                path,
                "way_not_possible",
                "an entry of a deduction list is scored `per_case`",
            );
        }
        if let Some(graded) = ways.graded {
            return Some(self.graded(path, graded, max));
        }
        if let Some(checklist) = ways.checklist {
            if checklist.tasks == Some(0) {
                self.faults.add(
                    &format!("{path}/checklist/tasks"),
                    "wrong_scale",
                    "a list has at least one task",
                );
            }
            let way = Way::Checklist {
                slot: self.take_slot(),
                tasks: checklist.tasks,
                all_or_nothing: checklist.all_or_nothing,
            };
            return Some((way, Arc::from("checklist")));
        }
        if let Some(shaped) = ways.measured {
            return self.shaped(
                &format!("{path}/measured"),
                shaped,
                max,
                "a measure or facts",
            );
        }
        if let Some(shaped) = ways.surveyed {
            return self.shaped(&format!("{path}/surveyed"), shaped, max, "a survey");
        }
        if let Some(per_case) = ways.per_case {
            return self.per_case(&format!("{path}/per_case"), per_case, max);
        }
        Some(self.composed(&format!("{path}/composed"), ways.composed?))
    }

    fn take_slot(&mut self) -> usize {
        let slot = self.slots;
        self.slots = self.slots.saturating_add(1);
        slot
    }

    fn graded(&mut self, path: &str, graded: &Graded, max: Option<Points>) -> (Way, Arc<str>) {
        let fits =
            graded.step > Points::ZERO && max.is_none_or(|max| max.is_multiple_of(graded.step));
        if !fits {
            let max = max.map_or_else(String::new, |max| max.to_string());
            self.faults.add(
                &format!("{path}/graded/step"),
                "wrong_step",
                format!(
                    "steps of `{}` never reach {max}: choose a step that divides it",
                    graded.step
                ),
            );
        }
        let way = Way::Graded {
            slot: self.take_slot(),
            step: graded.step,
            several: graded.several,
        };
        (way, Arc::from("graded"))
    }

    fn shaped(
        &mut self,
        path: &str,
        shaped: &Shaped,
        max: Option<Points>,
        wanted: &str,
    ) -> Option<(Way, Arc<str>)> {
        let value = self.value(&format!("{path}/value"), &shaped.value);
        let shape = self.shape(&format!("{path}/shape"), &shaped.shape, max);
        let (value, shape) = (value?, shape?);
        self.check_shape(&format!("{path}/shape"), &value, &shape);
        let fits = match value.kind {
            ValueKind::Figure(_) => path.ends_with("surveyed"),
            ValueKind::Facts(_) | ValueKind::Measure { .. } => path.ends_with("measured"),
            _ => false,
        };
        if !fits {
            self.faults.add(
                &format!("{path}/value"),
                "way_not_possible",
                format!("this way of scoring looks at {wanted}"),
            );
        }
        let what = value.what.clone();
        Some((Way::Shaped { value, shape }, what))
    }

    /// Whether the bounds of a shape lie on the scale of its value.
    fn check_shape(&mut self, path: &str, value: &ValuePlan, shape: &ShapePlan) {
        match shape {
            ShapePlan::Line { zero_at, full_at } => {
                for (key, bound) in [("zero_at", zero_at), ("full_at", full_at)] {
                    let place = format!("{path}/line/{key}");
                    self.check_scale(&place, value, &plan_test(Sign::AtLeast, bound));
                }
                self.refuse_lower_bound(path, Some(value));
            }
            ShapePlan::Threshold(test) => {
                self.check_test(&format!("{path}/threshold"), value, test);
            }
            ShapePlan::Bands(bands) => {
                for (number, (test, _)) in bands.iter().enumerate() {
                    self.check_test(&format!("{path}/bands/{number}/when"), value, test);
                }
            }
        }
    }

    fn shape(&mut self, path: &str, shape: &Shape, max: Option<Points>) -> Option<ShapePlan> {
        match shape {
            Shape::Line { zero_at, full_at } => {
                if zero_at == full_at {
                    self.faults.add(
                        &format!("{path}/line"),
                        "wrong_scale",
                        "a line needs two different values: for a step write `threshold`",
                    );
                    return None;
                }
                Some(ShapePlan::Line {
                    zero_at: zero_at.clone(),
                    full_at: full_at.clone(),
                })
            }
            Shape::Threshold(test) => self
                .test(&format!("{path}/threshold"), test)
                .map(ShapePlan::Threshold),
            Shape::Bands(bands) => {
                let mut plans: Vec<(TestPlan, Points)> = Vec::new();
                for (number, band) in bands.iter().enumerate() {
                    let place = format!("{path}/bands/{number}");
                    if max.is_some_and(|max| band.points > max || band.points < Points::ZERO) {
                        let max = max.unwrap_or_default();
                        self.faults.add(
                            &place,
                            "band_above_max",
                            format!(
                                "`{}` points do not lie between 0 and the item's {max}",
                                band.points
                            ),
                        );
                    }
                    if let Some(test) = self.test(&format!("{place}/when"), &band.when) {
                        if plans.iter().any(|(earlier, _)| covers(earlier, &test)) {
                            self.faults.add(&place, "band_out_of_reach", "an earlier band takes every value of this one: write the narrower band first");
                        }
                        plans.push((test, band.points));
                    }
                }
                if bands.is_empty() {
                    self.faults.add(path, "empty_list", "there is no band here");
                }
                (plans.len() == bands.len()).then_some(ShapePlan::Bands(plans))
            }
        }
    }

    fn per_case(
        &mut self,
        path: &str,
        per_case: &PerCase,
        max: Option<Points>,
    ) -> Option<(Way, Arc<str>)> {
        self.check_bounds(path, per_case.floor, per_case.ceiling);
        if per_case.start == Start::Full && max.is_none() {
            self.faults.add(
                &format!("{path}/start"),
                "setting_missing",
                "to start from the maximum the item needs a `max`",
            );
        }
        let (cases, what): (Cases, Arc<str>) = match (&per_case.facts, &per_case.label) {
            (Some(facts), None) => {
                let plan = self.facts_plan(&format!("{path}/facts"), facts)?;
                let mut what = format!("facts/{}", facts.kind);
                for (field, values) in &facts.filter {
                    what = format!("{what}/{field}={}", values.join(","));
                }
                (Cases::Facts(plan), Arc::from(what))
            }
            (None, Some(code)) => {
                let found = self.labels.get(code).copied();
                let label = self.known(&format!("{path}/label"), "label", code, found)?;
                (Cases::Label(label), Arc::from(format!("label/{code}")))
            }
            _ => {
                self.faults
                    .add(path, "one_of", "cases are exactly one of `facts`, `label`");
                return None;
            }
        };
        let plan = PerCasePlan {
            start: per_case.start,
            points: per_case.points,
            once: per_case.once,
            cases,
            floor: per_case.floor,
            ceiling: per_case.ceiling,
        };
        Some((Way::PerCase(Box::new(plan)), what))
    }

    /// What the children of each node add up to, in each category.
    fn check_sums(
        &mut self,
        nodes: &[NodePlan],
        written: &[Written],
        items: &[Item],
        applies: &[(Option<usize>, Vec<bool>)],
    ) {
        let blind = self.blind_nodes(written);
        let mut reported: BTreeMap<usize, (Points, Vec<String>)> = BTreeMap::new();
        for (place, category) in self.file.category.iter().enumerate() {
            for (node, here) in written.iter().enumerate() {
                let counted = nodes
                    .get(node)
                    .is_some_and(|n| n.kind != SectionKind::Deduction);
                let (Some(max), true, Some(true)) =
                    (here.max, counted, here.applies.get(place).copied())
                else {
                    continue;
                };
                let below = written
                    .iter()
                    .filter(|w| w.parent == Some(node) && w.applies.get(place) == Some(&true))
                    .map(|w| w.max);
                let leaves = items
                    .iter()
                    .zip(applies)
                    .filter(|(_, (parent, mask))| {
                        *parent == Some(node) && mask.get(place) == Some(&true)
                    })
                    .map(|(item, _)| item.max);
                let sum = below
                    .chain(leaves)
                    .flatten()
                    .try_fold(Points::ZERO, Points::add);
                match sum {
                    Ok(sum) if sum == max => {}
                    Ok(sum) => {
                        reported
                            .entry(node)
                            .or_insert_with(|| (sum, Vec::new()))
                            .1
                            .push(category.code.clone());
                    }
                    Err(_) => {
                        reported
                            .entry(node)
                            .or_insert_with(|| (Points::ZERO, Vec::new()))
                            .1
                            .push(category.code.clone());
                    }
                }
            }
        }
        for (node, (sum, categories)) in reported {
            // A part that could not be read makes the sum above it wrong, and that fault is listed already.
            if blind.contains(&node) {
                continue;
            }
            let Some(here) = written.get(node) else {
                continue;
            };
            let max = here.max.unwrap_or_default();
            let message = format!(
                "the parts add up to {sum} for {}, while `max` says {max}",
                categories.join(", ")
            );
            self.faults
                .add(&format!("{}/max", here.path), "sums_differ", message);
        }
    }

    /// Nodes with a part that could not be read; all of them where it is not known what such a part belongs to.
    fn blind_nodes(&self, written: &[Written]) -> std::collections::BTreeSet<usize> {
        let mut blind = std::collections::BTreeSet::new();
        for parent in &self.lost_in {
            match parent.as_ref().and_then(|code| self.nodes.get(code)) {
                Some(node) => blind.insert(*node),
                // What belongs to a lost part is not summed up either.
                None if parent.as_ref().is_some_and(|code| self.lost.contains(code)) => false,
                None => return (0..written.len()).collect(),
            };
        }
        blind
    }

    /// A grade that no total can reach contradicts the table.
    fn check_reach(&mut self, nodes: &[NodePlan], written: &[Written]) {
        let grading = &self.file.grading;
        if let (Some(floor), Some(ceiling)) = (grading.total_floor, grading.total_ceiling)
            && floor > ceiling
        {
            self.faults.add(
                "grading/total_floor",
                "bounds_contradict",
                format!("the floor `{floor}` lies above the ceiling `{ceiling}`"),
            );
        }
        // What could not be read might be what makes a grade reachable.
        if !self.lost.is_empty() || !self.lost_in.is_empty() {
            return;
        }
        if self.file.grading.by == GradedBy::Proposed {
            return;
        }
        // A bonus without a maximum or a ceiling of its own could give anything.
        let unbounded_bonus = |section: usize| {
            nodes.get(section).is_some_and(|n| {
                n.kind == SectionKind::Bonus
                    && n.ceiling.is_none()
                    && written.get(section).is_some_and(|w| w.max.is_none())
            })
        };
        let mut best: Option<Points> = None;
        for place in 0..self.file.category.len() {
            let mut most = Points::ZERO;
            for (section, here) in written.iter().enumerate() {
                if here.parent.is_some() || here.applies.get(place) != Some(&true) {
                    continue;
                }
                if unbounded_bonus(section) {
                    return;
                }
                let node = nodes.get(section);
                let worth = match (here.max, node.and_then(|n| n.ceiling)) {
                    (Some(max), Some(ceiling)) => max.min(ceiling),
                    (Some(max), None) => max,
                    (None, Some(ceiling)) => ceiling,
                    (None, None) => Points::ZERO,
                };
                most = most.add(worth).unwrap_or(most);
            }
            if let Some(ceiling) = self.file.grading.total_ceiling {
                most = most.min(ceiling);
            }
            best = best.max(Some(most));
        }
        let adds = self
            .file
            .rule
            .iter()
            .any(|rule| matches!(rule.effect, super::super::file::Effect::Add(_)));
        let Some(best) = best.filter(|_| !adds && self.file.grading.by == GradedBy::Total) else {
            return;
        };
        for grade in self.file.grade.clone() {
            if grade
                .from
                .as_ref()
                .is_some_and(|from| *from > best.to_ratio())
            {
                let message = format!(
                    "no total can reach this grade: the most that the table gives is {best}"
                );
                self.faults.add(
                    &format!("grade/{}/from", grade.code),
                    "grade_out_of_reach",
                    message,
                );
            }
        }
    }

    /// Nodes and items of each category as one reads the table: a node, what is in it, the next node.
    fn order(
        &self,
        written: &[Written],
        applies: &[(Option<usize>, Vec<bool>)],
    ) -> Vec<(Vec<usize>, Vec<usize>)> {
        (0..self.file.category.len())
            .map(|place| {
                let (mut nodes, mut items) = (Vec::new(), Vec::new());
                let mut open: Vec<usize> = (0..written.len())
                    .rev()
                    .filter(|n| written.get(*n).is_some_and(|w| w.parent.is_none()))
                    .collect();
                while let Some(node) = open.pop() {
                    if written.get(node).and_then(|w| w.applies.get(place)) != Some(&true) {
                        continue;
                    }
                    nodes.push(node);
                    let here = applies.iter().enumerate().filter(|(_, (parent, mask))| {
                        *parent == Some(node) && mask.get(place) == Some(&true)
                    });
                    items.extend(here.map(|(item, _)| item));
                    open.extend(
                        (0..written.len())
                            .rev()
                            .filter(|n| written.get(*n).is_some_and(|w| w.parent == Some(node))),
                    );
                }
                (nodes, items)
            })
            .collect()
    }
}

impl Ways<'_> {
    fn count(&self) -> usize {
        [
            self.graded.is_some(),
            self.checklist.is_some(),
            self.measured.is_some(),
            self.surveyed.is_some(),
            self.per_case.is_some(),
            self.composed.is_some(),
        ]
        .into_iter()
        .filter(|given| *given)
        .count()
    }
}

/// Whether every value that passes `later` passes `earlier` too.
fn covers(earlier: &TestPlan, later: &TestPlan) -> bool {
    let (e, l): (&Ratio, &Ratio) = (&earlier.bound, &later.bound);
    match (earlier.op, later.op) {
        (Sign::AtLeast, Sign::AtLeast | Sign::MoreThan | Sign::Equal)
        | (Sign::MoreThan, Sign::MoreThan) => l >= e,
        (Sign::MoreThan, Sign::AtLeast | Sign::Equal) => l > e,
        (Sign::AtMost, Sign::AtMost | Sign::LessThan | Sign::Equal)
        | (Sign::LessThan, Sign::LessThan) => l <= e,
        (Sign::LessThan, Sign::AtMost | Sign::Equal) => l < e,
        (Sign::Equal, Sign::Equal) => l == e,
        _ => false,
    }
}
