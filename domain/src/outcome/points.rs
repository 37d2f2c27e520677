//! Points of sections, indicators and items, each under its code.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::coded::Named;
use super::{ItemState, ItemTrace};
use crate::number::Points;

/// Points of a section or indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeResult {
    /// The sum of its children, with what rules add or take away.
    pub sum: Option<Points>,
    /// The same after the node's own floor or ceiling.
    pub points: Option<Points>,
    /// The most that it can be worth for this subject; absent on deductions.
    pub maximum: Option<Points>,
}

/// Points of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// What it is worth.
    pub points: Option<Points>,
    /// How that came about.
    pub state: ItemState,
    /// Values and parts behind it, where it is more than points awarded.
    pub trace: Option<Box<ItemTrace>>,
}

/// A section or indicator as it is written and read.
#[derive(Serialize, Deserialize)]
pub struct NodeRow<C> {
    node: C,
    sum: Option<Points>,
    points: Option<Points>,
    maximum: Option<Points>,
}

impl Named for NodeResult {
    type Written<'a> = NodeRow<&'a str>;
    type Read = NodeRow<Arc<str>>;

    fn written<'a>(&'a self, code: &'a str) -> NodeRow<&'a str> {
        NodeRow {
            node: code,
            sum: self.sum,
            points: self.points,
            maximum: self.maximum,
        }
    }

    fn read(read: NodeRow<Arc<str>>) -> (Arc<str>, Self) {
        let result = Self {
            sum: read.sum,
            points: read.points,
            maximum: read.maximum,
        };
        (read.node, result)
    }
}

/// An item as it is written.
#[derive(Serialize)]
pub struct ItemWritten<'a> {
    item: &'a str,
    points: Option<Points>,
    state: ItemState,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a ItemTrace>,
}

/// An item as it is read.
#[derive(Deserialize)]
pub struct ItemRead {
    item: Arc<str>,
    points: Option<Points>,
    state: ItemState,
    #[serde(default)]
    trace: Option<Box<ItemTrace>>,
}

impl Named for ItemResult {
    type Written<'a> = ItemWritten<'a>;
    type Read = ItemRead;

    fn written<'a>(&'a self, code: &'a str) -> ItemWritten<'a> {
        ItemWritten {
            item: code,
            points: self.points,
            state: self.state,
            trace: self.trace.as_deref(),
        }
    }

    fn read(read: ItemRead) -> (Arc<str>, Self) {
        let result = Self {
            points: read.points,
            state: read.state,
            trace: read.trace,
        };
        (read.item, result)
    }
}
