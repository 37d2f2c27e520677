//! GraphQL documents: what the guards let through is parsed and validated by the library in time, is no larger than they
//! say when its fragments are written out, and what they refuse is too large.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::auth::password::Passwords;
use api::auth::session::Sessions;
use api::auth::token::Tokens;
use api::config::{Purpose, Settings, Sources};
use api::graphql::guard::{Limits, Measure, Refusal, document, text};
use api::graphql::schema::{self, Schema};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, OperationType, Selection, SelectionSet, Type,
};
use async_graphql::{Name, Positioned, Request};
use async_graphql_value::Value;
use futures_util::FutureExt;
use service::Service;
use service::database::DatabaseSettings;

use super::change::Stock;
use super::document::Documents;
use super::draw::Draw;
use super::watch::Watch;

/// The body of a request has at most so many bytes.
const MOST: usize = 64 * 1024;

pub struct Guard {
    documents: Documents,
    stock: Stock,
    limits: Limits,
    schema: Schema,
}

impl Guard {
    pub fn new() -> Self {
        let settings = Settings::load(Sources::default(), Purpose::Tool).expect("defaults");
        let documents = Documents::new();
        let mut draw = Draw::seeded(1);
        let valid = (0..300).map(|_| documents.make(&mut draw));
        let stock = Stock::new(valid.collect::<Vec<String>>(), MOST);
        Self {
            documents,
            stock,
            schema: schema(&settings),
            limits: settings.graphql.guard,
        }
    }

    pub fn make(&self, draw: &mut Draw) -> Vec<u8> {
        match draw.below(4) {
            0 => self.documents.make(draw).into_bytes(),
            1 => Documents::make_wild(draw).into_bytes(),
            2 => {
                let wild = Documents::make_wild(draw).into_bytes();
                self.stock.change(wild, draw)
            }
            _ => self.stock.make(draw),
        }
    }

    /// Returns whether the guards let the document through.
    pub fn judge(&self, input: &[u8], watch: &mut Watch) -> bool {
        let source = String::from_utf8_lossy(input);
        let guarded = watch.time("the guard of the text", || {
            text::check(&source, &self.limits)
        });
        if guarded.is_err() {
            return false;
        }
        let Ok(parsed) = watch.time("the parser", || parse_query(&*source)) else {
            return false;
        };
        assert!(
            nesting(&parsed) <= self.limits.depth,
            "the guard counts too few brackets"
        );
        let checked = watch.time("the guard of the document", || {
            document::check(&parsed, &self.limits)
        });
        self.hold_to_what_is_written_out(&parsed, &checked);
        if checked.is_err() {
            return false;
        }
        let (name, operation) = parsed.operations.iter().next().expect("an operation");
        let fields = watch.time("the fields at the root", || {
            document::root_fields(&parsed, &operation.node).len()
        });
        assert!(fields <= self.limits.selections);
        if operation.node.ty == OperationType::Subscription {
            return false;
        }
        let name = name.map(ToString::to_string);
        let answer = watch.time("the validation", || {
            let mut request = Request::new(&*source);
            request.operation_name.clone_from(&name);
            let answer = schema::answer(&self.schema, request).now_or_never();
            answer.expect("nothing to wait for")
        });
        assert!(
            !answer.errors.is_empty() || is_free(&parsed),
            "nothing is executed"
        );
        true
    }

    /// Writes all fragments out, one by one, which is what the guard of the document spares itself and others.
    fn hold_to_what_is_written_out(
        &self,
        parsed: &ExecutableDocument,
        checked: &Result<(), Refusal>,
    ) {
        let is_cycle = |name: &str| reach(parsed, name).contains(name);
        if let Err(Refusal::Cycle { fragment }) = checked {
            let named = [fragment.as_str()].into_iter();
            let mut spread = reach(parsed, fragment).into_iter().chain(named);
            assert!(spread.any(is_cycle), "`{fragment}` contains itself");
            return;
        }
        let lists = longest_list(parsed);
        if let Err(Refusal::TooLarge {
            measure: Measure::ListItems,
            limit,
        }) = checked
        {
            assert!(
                lists > *limit,
                "a list of {lists} is no longer than {limit}"
            );
            return;
        }
        let mut all = Written::default();
        for root in roots(parsed) {
            let mut one = Written::default();
            one.write_out(parsed, root, 1, self.limits.selections);
            if checked.is_ok() {
                assert!(one.fits(&self.limits), "too much is let through: {one:?}");
            }
            all.add(&one);
        }
        match checked {
            Ok(()) => {
                let names = parsed.fragments.keys();
                assert!(!names.clone().any(|name| is_cycle(name)), "a circle");
                assert!(lists <= self.limits.list_items, "a list of {lists}");
            }
            Err(Refusal::TooLarge { measure, limit }) => {
                let found = match measure {
                    Measure::Selections => all.selections,
                    Measure::Aliases => all.aliases,
                    Measure::Directives => all.directives,
                    Measure::Depth => all.depth,
                    other => panic!("{other:?} is for the guard of the text"),
                };
                // What is written out stops where there is too much of it.
                let stopped = all.selections > self.limits.selections;
                assert!(found > *limit || stopped, "{measure:?}: {all:?}");
            }
            Err(other) => panic!("{other:?} is for the guard of the text"),
        }
    }
}

/// The schema, with nothing behind it: whatever costs anything is too dear, which the library finds when it has held the
/// document to all of its rules.
fn schema(settings: &Settings) -> Schema {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("empty.db").display());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let database = service::Database::open(DatabaseSettings::new(&url));
    let database = runtime.expect("a runtime").block_on(database);
    let service = Service::new(database.expect("the database opens"));
    let tokens = Tokens::new(&settings.auth, &settings.http.public_url).expect("a key");
    let passwords = Passwords::new().expect("passwords");
    let sessions = Sessions::new(service.clone(), Arc::new(tokens), passwords, &settings.auth);
    let parts = schema::Parts {
        service,
        sessions: sessions.expect("no key to read"),
    };
    let nothing = api::config::Graphql {
        complexity: 0,
        ..settings.graphql.clone()
    };
    schema::build(parts, &nothing)
}

/// Whether a document asks for what costs nothing: names of types.
fn is_free(parsed: &ExecutableDocument) -> bool {
    let mut names = roots(parsed).flat_map(|root| &root.set.items);
    names.all(|selection| match &selection.node {
        Selection::Field(field) => field.node.name.node == "__typename",
        _ => true,
    })
}

/// Operations and fragments: whatever the library's rules begin with.
fn roots(parsed: &ExecutableDocument) -> impl Iterator<Item = Root<'_>> {
    let operations = parsed.operations.iter().map(|(_, one)| Root {
        set: &one.node.selection_set.node,
        directives: one.node.directives.len()
            + (one.node.variable_definitions.iter())
                .map(|variable| variable.node.directives.len())
                .sum::<usize>(),
    });
    let fragments = parsed.fragments.values().map(|one| Root {
        set: &one.node.selection_set.node,
        directives: one.node.directives.len(),
    });
    operations.chain(fragments)
}

#[derive(Clone, Copy)]
struct Root<'a> {
    set: &'a SelectionSet,
    directives: usize,
}

/// What there is once fragments are written out.
#[derive(Debug, Default)]
struct Written {
    selections: usize,
    aliases: usize,
    directives: usize,
    depth: usize,
}

impl Written {
    fn fits(&self, limits: &Limits) -> bool {
        self.selections <= limits.selections
            && self.aliases <= limits.aliases
            && self.directives <= limits.directives
            && self.depth <= limits.depth
    }

    fn add(&mut self, other: &Self) {
        self.selections += other.selections;
        self.aliases += other.aliases;
        self.directives += other.directives;
        self.depth = self.depth.max(other.depth);
    }

    fn write_out(
        &mut self,
        parsed: &ExecutableDocument,
        root: Root<'_>,
        level: usize,
        most: usize,
    ) {
        self.directives += root.directives;
        for selection in &root.set.items {
            if self.selections > most {
                return;
            }
            self.selections += 1;
            self.depth = self.depth.max(level);
            let (directives, inner) = match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    let inner = Root {
                        set: &field.node.selection_set.node,
                        directives: 0,
                    };
                    (field.node.directives.len(), Some(inner))
                }
                Selection::InlineFragment(fragment) => {
                    let inner = Root {
                        set: &fragment.node.selection_set.node,
                        directives: 0,
                    };
                    (fragment.node.directives.len(), Some(inner))
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = parsed.fragments.get(&spread.node.fragment_name.node);
                    let inner = fragment.map(|fragment| Root {
                        set: &fragment.node.selection_set.node,
                        directives: fragment.node.directives.len(),
                    });
                    (spread.node.directives.len(), inner)
                }
            };
            self.directives += directives;
            if let Some(inner) = inner {
                self.write_out(parsed, inner, level + 1, most);
            }
        }
    }
}

/// The fragments that a fragment leads to.
fn reach<'a>(parsed: &'a ExecutableDocument, name: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut waiting = Vec::new();
    let look = |name: &str, waiting: &mut Vec<&'a SelectionSet>| {
        let fragment = parsed.fragments.get(name);
        waiting.extend(fragment.map(|one| &one.node.selection_set.node));
    };
    look(name, &mut waiting);
    while let Some(set) = waiting.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => waiting.push(&field.node.selection_set.node),
                Selection::InlineFragment(one) => waiting.push(&one.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if found.insert(name) {
                        look(name, &mut waiting);
                    }
                }
            }
        }
    }
    found
}

/// Every argument, wherever it stands.
fn arguments<'a>(parsed: &'a ExecutableDocument) -> Vec<&'a Value> {
    type Given<'a> = &'a [(Positioned<Name>, Positioned<Value>)];
    let mut found: Vec<&'a Value> = Vec::new();
    let mut take = |given: Given<'a>| found.extend(given.iter().map(|(_, value)| &value.node));
    let mut waiting: Vec<&'a SelectionSet> = roots(parsed).map(|root| root.set).collect();
    let mut directives: Vec<&'a [Positioned<Directive>]> = Vec::new();
    for (_, operation) in parsed.operations.iter() {
        directives.push(&operation.node.directives);
        for variable in &operation.node.variable_definitions {
            directives.push(&variable.node.directives);
        }
    }
    directives.extend(parsed.fragments.values().map(|one| &*one.node.directives));
    while let Some(set) = waiting.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    take(&field.node.arguments);
                    directives.push(&field.node.directives);
                    waiting.push(&field.node.selection_set.node);
                }
                Selection::InlineFragment(one) => {
                    directives.push(&one.node.directives);
                    waiting.push(&one.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => directives.push(&spread.node.directives),
            }
        }
    }
    for directive in directives.into_iter().flatten() {
        take(&directive.node.arguments);
    }
    found
}

fn longest_list(parsed: &ExecutableDocument) -> usize {
    fn longest(value: &Value) -> usize {
        match value {
            Value::List(items) => items
                .iter()
                .map(longest)
                .max()
                .unwrap_or(0)
                .max(items.len()),
            Value::Object(fields) => fields.values().map(longest).max().unwrap_or(0),
            _ => 0,
        }
    }
    let given = arguments(parsed).into_iter().map(longest).max();
    let defaults = parsed.operations.iter().flat_map(|(_, operation)| {
        let variables = operation.node.variable_definitions.iter();
        variables.filter_map(|variable| variable.node.default_value.as_ref())
    });
    let defaults = defaults.map(|value| longest(&value.node.clone().into_value()));
    defaults.max().max(given).unwrap_or(0)
}

/// How deep brackets stand in each other, by what the parser made of them.
fn nesting(parsed: &ExecutableDocument) -> usize {
    fn of_set(set: &SelectionSet) -> usize {
        let inner = set.items.iter().map(|selection| match &selection.node {
            Selection::Field(field) => {
                let given = field.node.arguments.iter();
                let given = given.map(|(_, value)| 1 + of_value(&value.node)).max();
                of_set(&field.node.selection_set.node).max(given.unwrap_or(0))
            }
            Selection::InlineFragment(one) => of_set(&one.node.selection_set.node),
            Selection::FragmentSpread(_) => 0,
        });
        let inner = inner.max();
        inner.map_or(0, |inner| inner + 1)
    }
    fn of_value(value: &Value) -> usize {
        match value {
            Value::List(items) => 1 + items.iter().map(of_value).max().unwrap_or(0),
            Value::Object(fields) => 1 + fields.values().map(of_value).max().unwrap_or(0),
            _ => 0,
        }
    }
    fn of_type(of: &Type) -> usize {
        match &of.base {
            BaseType::Named(_) => 0,
            BaseType::List(inner) => 1 + of_type(inner),
        }
    }
    let sets = roots(parsed).map(|root| of_set(root.set));
    let variables = parsed.operations.iter().flat_map(|(_, operation)| {
        let variables = operation.node.variable_definitions.iter();
        variables.map(|variable| 1 + of_type(&variable.node.var_type.node))
    });
    sets.chain(variables).max().unwrap_or(0)
}
