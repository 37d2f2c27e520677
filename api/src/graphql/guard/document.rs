//! The guard after the parser and before the library's validation: what the document asks for once its fragments are
//! written out, without writing them out.
//!
//! Each fragment is measured once and remembered, so the work is linear even where the expansion is exponential. A
//! plain bound on spreads would not do: clients that keep fragments beside their components use dozens.

use std::collections::BTreeMap;

use async_graphql_parser::Positioned;
use async_graphql_parser::types::{
    Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql_value::{ConstValue, Value};

use super::{Limits, Measure, Refusal};

/// What a piece of a document amounts to with its fragments written out. Sums saturate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    selections: usize,
    aliases: usize,
    directives: usize,
    /// Levels below this piece; a spread is a level, because walking it recurses as well.
    depth: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.selections = self.selections.saturating_add(other.selections);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
    }
}

enum Measured {
    Begun,
    Done(Size),
}

struct Walk<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    fragments: BTreeMap<&'a str, Measured>,
}

/// Judges a parsed document as a whole: all operations, and the fragments that none of them uses, because validation
/// walks those too.
///
/// # Errors
/// The first limit that is exceeded, or a fragment that contains itself.
pub fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Refusal> {
    let mut walk = Walk {
        document,
        limits,
        fragments: BTreeMap::new(),
    };
    let mut total = Size::default();
    for (_, operation) in document.operations.iter() {
        let size = walk.measure_operation(&operation.node)?;
        total.add(size);
    }
    // In order of names, so that the same document always gets the same refusal.
    let names: BTreeMap<&str, &FragmentDefinition> = document
        .fragments
        .iter()
        .map(|(name, fragment)| (name.as_str(), &fragment.node))
        .collect();
    for (name, fragment) in names {
        if !walk.fragments.contains_key(name) {
            let size = walk.measure_fragment(name, fragment)?;
            total.add(size);
        }
    }
    let measures = [
        (Measure::Selections, total.selections, limits.selections),
        (Measure::Aliases, total.aliases, limits.aliases),
        (Measure::Directives, total.directives, limits.directives),
        (Measure::Depth, total.depth, limits.depth),
    ];
    match measures.into_iter().find(|(_, found, limit)| found > limit) {
        Some((measure, _, limit)) => Err(Refusal::TooLarge { measure, limit }),
        None => Ok(()),
    }
}

impl<'a> Walk<'a> {
    fn measure_operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, Refusal> {
        let mut size = self.measure_selections(&operation.selection_set.node)?;
        self.add_directives(&mut size, &operation.directives)?;
        for variable in &operation.variable_definitions {
            self.add_directives(&mut size, &variable.node.directives)?;
            if let Some(default) = &variable.node.default_value {
                check_constant(&default.node, self.limits)?;
            }
        }
        Ok(size)
    }

    /// Recursion is bounded by the tokens of the text, which the text guard has counted.
    fn measure_selections(&mut self, set: &'a SelectionSet) -> Result<Size, Refusal> {
        let mut size = Size::default();
        for selection in &set.items {
            size.selections = size.selections.saturating_add(1);
            let (inner, directives) = match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    size.aliases = size
                        .aliases
                        .saturating_add(usize::from(field.alias.is_some()));
                    for (_, value) in &field.arguments {
                        check_value(&value.node, self.limits)?;
                    }
                    (
                        self.measure_selections(&field.selection_set.node)?,
                        &field.directives,
                    )
                }
                Selection::InlineFragment(fragment) => (
                    self.measure_selections(&fragment.node.selection_set.node)?,
                    &fragment.node.directives,
                ),
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    let inner = match self.document.fragments.get(name) {
                        Some(fragment) => self.measure_fragment(name, &fragment.node)?,
                        // An unknown fragment is reported by validation.
                        None => Size::default(),
                    };
                    (inner, &spread.node.directives)
                }
            };
            self.add_directives(&mut size, directives)?;
            size.add(Size {
                depth: inner.depth.saturating_add(1),
                ..inner
            });
        }
        Ok(size)
    }

    fn measure_fragment(
        &mut self,
        name: &'a str,
        fragment: &'a FragmentDefinition,
    ) -> Result<Size, Refusal> {
        match self.fragments.get(name) {
            Some(Measured::Done(size)) => return Ok(*size),
            Some(Measured::Begun) => {
                return Err(Refusal::Cycle {
                    fragment: name.to_owned(),
                });
            }
            None => {}
        }
        self.fragments.insert(name, Measured::Begun);
        let mut size = self.measure_selections(&fragment.selection_set.node)?;
        self.add_directives(&mut size, &fragment.directives)?;
        self.fragments.insert(name, Measured::Done(size));
        Ok(size)
    }

    fn add_directives(
        &self,
        size: &mut Size,
        directives: &[Positioned<Directive>],
    ) -> Result<(), Refusal> {
        size.directives = size.directives.saturating_add(directives.len());
        directives
            .iter()
            .flat_map(|directive| &directive.node.arguments)
            .try_for_each(|(_, value)| check_value(&value.node, self.limits))
    }
}

fn check_value(value: &Value, limits: &Limits) -> Result<(), Refusal> {
    match value {
        Value::List(items) => {
            check_length(items.len(), limits)?;
            items.iter().try_for_each(|item| check_value(item, limits))
        }
        Value::Object(fields) => fields
            .values()
            .try_for_each(|field| check_value(field, limits)),
        _ => Ok(()),
    }
}

/// Judges an input value: a variable, or the default of one.
///
/// # Errors
/// A list in it is too long.
pub fn check_constant(value: &ConstValue, limits: &Limits) -> Result<(), Refusal> {
    match value {
        ConstValue::List(items) => {
            check_length(items.len(), limits)?;
            items
                .iter()
                .try_for_each(|item| check_constant(item, limits))
        }
        ConstValue::Object(fields) => fields
            .values()
            .try_for_each(|field| check_constant(field, limits)),
        _ => Ok(()),
    }
}

fn check_length(items: usize, limits: &Limits) -> Result<(), Refusal> {
    if items > limits.list_items {
        return Err(Refusal::TooLarge {
            measure: Measure::ListItems,
            limit: limits.list_items,
        });
    }
    Ok(())
}

/// The operation that a request names, or the only one there is.
pub fn find_operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let mut operations = document.operations.iter();
    match name {
        Some(name) => operations
            .find(|(known, _)| known.is_some_and(|known| known.as_str() == name))
            .map(|(_, operation)| &operation.node),
        None if operations.len() == 1 => operations.next().map(|(_, operation)| &operation.node),
        None => None,
    }
}

/// The names of the fields at the operation's root, fragments included. Call it on a document that passed [`check`]: a
/// fragment that contains itself would never end.
pub fn root_fields<'a>(
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
) -> Vec<&'a str> {
    fn gather<'a>(
        document: &'a ExecutableDocument,
        set: &'a SelectionSet,
        found: &mut Vec<&'a str>,
    ) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => found.push(field.node.name.node.as_str()),
                Selection::InlineFragment(fragment) => {
                    gather(document, &fragment.node.selection_set.node, found);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name) {
                        gather(document, &fragment.node.selection_set.node, found);
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    gather(document, &operation.selection_set.node, &mut found);
    found
}

/// Whether the operation changes something.
pub fn is_mutation(operation: &OperationDefinition) -> bool {
    operation.ty == OperationType::Mutation
}
