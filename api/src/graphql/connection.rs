//! Lists in pages, as Relay's specification of connections asks, forward only.
//!
//! A cursor is opaque: it holds the place in the order of its list and the name of the list, so that the cursor of
//! another list is refused. Deliberately absent: `last` and `before`, and a total, which would count what is not shown.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use async_graphql::connection::PageInfo;
use async_graphql::{Object, OutputType, TypeName};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use service::page::{Page, Part};

use super::error::GraphqlFault;

/// The greatest page.
pub const MOST: i32 = 100;

/// What asking for a page costs: as much as asking for each of its nodes. To be used as
/// `#[graphql(complexity = "page_cost(first, child_complexity)")]`.
pub fn page_cost(first: i32, child_complexity: usize) -> usize {
    let nodes = usize::try_from(first.clamp(1, MOST)).unwrap_or(1);
    child_complexity.saturating_mul(nodes).saturating_add(1)
}

/// The arguments of a connection.
#[derive(Debug)]
pub struct Window {
    /// How many nodes; the argument `first`.
    pub first: i32,
    /// Only what comes behind this cursor; the argument `after`.
    pub after: Option<String>,
}

impl Window {
    /// The page to read from the list of that name.
    ///
    /// # Errors
    /// `first` is out of range, or the cursor comes from another list.
    pub fn page<K: FromStr>(&self, list: &str) -> Result<Page<K>, GraphqlFault> {
        if !(1..=MOST).contains(&self.first) {
            let message = format!("`first` is {}: ask for 1 to {MOST}", self.first);
            return Err(GraphqlFault::bad_input(message));
        }
        let after = self
            .after
            .as_deref()
            .map(|cursor| read(list, cursor))
            .transpose()?;
        Ok(Page {
            after,
            first: self.first.unsigned_abs(),
        })
    }
}

fn write(list: &str, place: impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}:{place}"))
}

fn read<K: FromStr>(list: &str, cursor: &str) -> Result<K, GraphqlFault> {
    let place = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| {
        let text = String::from_utf8(bytes).ok()?;
        text.strip_prefix(list)?.strip_prefix(':')?.parse().ok()
    });
    place.ok_or_else(|| {
        GraphqlFault::bad_input("`after` is no cursor of this list: take it from `pageInfo.endCursor` of the same field")
    })
}

/// A page of nodes with their cursors.
#[derive(Debug)]
pub struct Connection<N> {
    edges: Vec<Edge<N>>,
    has_more: bool,
    is_first: bool,
}

/// A node and its cursor.
#[derive(Debug)]
pub struct Edge<N> {
    cursor: String,
    node: N,
}

impl<N> Connection<N> {
    /// From what was read for a [`Window`]; `place` is where a row stands in the list of that name.
    pub fn new<T: Into<N>, K: Display>(
        list: &str,
        window: &Window,
        part: Part<T>,
        place: impl Fn(&T) -> K,
    ) -> Self {
        let edges = part.rows.into_iter().map(|row| Edge {
            cursor: write(list, place(&row)),
            node: row.into(),
        });
        Self {
            edges: edges.collect(),
            has_more: part.has_more,
            is_first: window.after.is_none(),
        }
    }

    /// A page of a list that is at hand whole; `node` makes of a row what is shown.
    ///
    /// # Errors
    /// As [`Window::page`].
    pub fn of_rows<T>(
        list: &str,
        window: &Window,
        rows: &[T],
        node: impl Fn(&T) -> N,
    ) -> Result<Self, GraphqlFault> {
        let page: Page<usize> = window.page(list)?;
        let from = page.after.map_or(0, |after| after.saturating_add(1));
        let first = usize::try_from(page.first).unwrap_or(usize::MAX);
        let edges = rows.iter().enumerate().skip(from).take(first);
        Ok(Self {
            edges: edges
                .map(|(place, row)| Edge {
                    cursor: write(list, place),
                    node: node(row),
                })
                .collect(),
            has_more: rows.len() > from.saturating_add(first),
            is_first: window.after.is_none(),
        })
    }
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

/// One page of a list.
#[Object(name_type)]
impl<N: OutputType> Connection<N> {
    /// The nodes of this page, each with its cursor.
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The nodes of this page.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Whether there is more, and from where on.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: !self.is_first,
            has_next_page: self.has_more,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }
}

/// A node of a list and its place in it.
#[Object(name_type)]
impl<N: OutputType> Edge<N> {
    /// Give this as `after` to go on behind this node.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The node itself.
    async fn node(&self) -> &N {
        &self.node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(first: i32, after: Option<&str>) -> Window {
        Window {
            first,
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_place_in_its_own_list() {
        let part = Part {
            rows: vec!["b".to_owned(), "c".to_owned()],
            has_more: true,
        };
        let page: Connection<String> =
            Connection::new("region", &window(2, None), part, String::clone);
        let end = page.edges.last().map(|edge| edge.cursor.clone());
        let next: Page<String> = window(2, end.as_deref()).page("region").ok().unwrap();
        assert_eq!(next.after.as_deref(), Some("c"));
        assert!(window(2, end.as_deref()).page::<String>("subject").is_err());
        assert!(window(2, Some("%%")).page::<String>("region").is_err());
    }

    #[test]
    fn a_page_has_one_to_a_hundred_nodes() {
        for first in [i32::MIN, -1, 0, 101, i32::MAX] {
            assert!(
                window(first, None).page::<String>("region").is_err(),
                "{first}"
            );
        }
        assert_eq!(page_cost(50, 12), 601);
    }
}
