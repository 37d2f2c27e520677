//! Items whose tasks are each subject's own (责任清单).

use std::fmt;

use super::Scheme;
use super::model::Way;

/// An item, or a part of one, whose tasks are each subject's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnList {
    /// Code of the item.
    pub item: String,
    /// Code of the part, where the item has parts.
    pub part: Option<String>,
}

impl fmt::Display for OwnList {
    /// `item`, or `item/part`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.item)?;
        self.part.iter().try_for_each(|part| write!(f, "/{part}"))
    }
}

impl Scheme {
    /// The items and parts for which every subject of a category needs an approved list of tasks, in the order of the
    /// file; none for a category that the scheme does not have.
    pub fn own_lists(&self, category: &str) -> Vec<OwnList> {
        let mut categories = self.categories.iter();
        let Some(plan) = categories.find(|plan| plan.code.as_ref() == category) else {
            return Vec::new();
        };
        let items = self.items.iter().zip(&plan.item_place);
        items
            .filter(|(_, place)| place.is_some())
            .flat_map(|(item, _)| {
                let parts = item.parts.iter();
                let own =
                    parts.filter(|part| matches!(part.way, Way::Checklist { tasks: None, .. }));
                own.map(|part| OwnList {
                    item: item.code.to_string(),
                    part: part.code.as_deref().map(str::to_owned),
                })
            })
            .collect()
    }
}
