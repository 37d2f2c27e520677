//! What `schema.graphql` says, for tests that must not forget a field.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};
use serde_json::Value;
use support::project;

/// The object types with their fields, in the schema's order.
pub struct Sdl(BTreeMap<String, Vec<Field>>);

/// A field of an object type.
pub struct Field {
    pub name: String,
    /// The name of its type, without lists and marks.
    of: String,
    /// The arguments that must be given.
    required: Vec<String>,
}

impl Sdl {
    pub fn read() -> Self {
        let text = project::read(&project::root().join("schema.graphql"));
        let document = async_graphql::parser::parse_schema(text).unwrap();
        let mut types = BTreeMap::new();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let definition = definition.node;
            let TypeKind::Object(object) = definition.kind else {
                continue;
            };
            let fields = object.fields.into_iter().map(|field| {
                let field = field.node;
                let must = |ty: &Type, has_default: bool| !ty.nullable && !has_default;
                Field {
                    name: field.name.node.to_string(),
                    of: name_of(&field.ty.node),
                    required: field
                        .arguments
                        .iter()
                        .map(|argument| &argument.node)
                        .filter(|one| must(&one.ty.node, one.default_value.is_some()))
                        .map(|one| one.name.node.to_string())
                        .collect(),
                }
            });
            types.insert(definition.name.node.to_string(), fields.collect());
        }
        Self(types)
    }

    /// The fields of a type; none of a scalar, an enumeration or an interface.
    pub fn fields(&self, of: &str) -> &[Field] {
        self.0.get(of).map_or(&[], Vec::as_slice)
    }

    /// The names of a root's fields.
    pub fn roots(&self, of: &str) -> BTreeSet<String> {
        self.fields(of)
            .iter()
            .map(|field| field.name.clone())
            .collect()
    }

    /// Every field of every object type as `Type.field`, but the roots.
    pub fn all(&self) -> BTreeSet<String> {
        let is_root = |name: &str| matches!(name, "Query" | "Mutation" | "Subscription");
        self.0
            .iter()
            .filter(|(name, _)| !is_root(name))
            .flat_map(|(name, fields)| {
                fields
                    .iter()
                    .map(move |field| format!("{name}.{}", field.name))
            })
            .collect()
    }

    /// Asks for everything below a root field, but what `skipped` names as `Type.field`. A type within itself is only
    /// asked for its name, or there would be no end.
    pub fn select(&self, root: &str, field: &str, skipped: &[&str]) -> String {
        let fields = self.fields(root);
        let found = fields.iter().find(|one| one.name == field);
        let of = &found.unwrap_or_else(|| panic!("no `{field}` in {root}")).of;
        self.below(of, skipped, &mut Vec::new())
    }

    fn below(&self, of: &str, skipped: &[&str], path: &mut Vec<String>) -> String {
        let fields = self.fields(of);
        if fields.is_empty() {
            return String::new();
        }
        if path.iter().any(|above| above == of) {
            return " { __typename }".to_owned();
        }
        if of.ends_with("Edge") {
            return " { cursor node { __typename } }".to_owned();
        }
        path.push(of.to_owned());
        let asked = fields
            .iter()
            .filter(|field| !skipped.contains(&format!("{of}.{}", field.name).as_str()))
            // What is compared with another version or revision is asked for by a test of its own.
            .filter(|field| {
                !field
                    .required
                    .iter()
                    .any(|name| name == "version" || name == "earlier")
            })
            .map(|field| {
                let below = self.below(&field.of, skipped, path);
                format!("{}{}{below}", field.name, arguments(field))
            });
        let asked: Vec<String> = asked.collect();
        path.pop();
        format!(" {{ {} }}", asked.join(" "))
    }

    /// Notes every field that has shown a value: not null, and no empty list.
    pub fn note(&self, root: &str, field: &str, value: &Value, shown: &mut BTreeSet<String>) {
        if let Some(field) = self.fields(root).iter().find(|one| one.name == field) {
            self.note_below(&field.of, value, shown);
        }
    }

    fn note_below(&self, of: &str, value: &Value, shown: &mut BTreeSet<String>) {
        match value {
            Value::Array(list) => list.iter().for_each(|one| self.note_below(of, one, shown)),
            Value::Object(object) => {
                for field in self.fields(of) {
                    let Some(value) = object.get(&field.name) else {
                        continue;
                    };
                    if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
                        shown.insert(format!("{of}.{}", field.name));
                        self.note_below(&field.of, value, shown);
                    }
                }
            }
            _ => {}
        }
    }
}

fn arguments(field: &Field) -> String {
    let given: Vec<&str> = field
        .required
        .iter()
        .map(|name| match name.as_str() {
            "first" => "first: 5",
            "category" => "category: \"organ\"",
            other => panic!("say here what to give for `{}({other})`", field.name),
        })
        .collect();
    if given.is_empty() {
        String::new()
    } else {
        format!("({})", given.join(", "))
    }
}

fn name_of(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => name_of(inner),
    }
}
