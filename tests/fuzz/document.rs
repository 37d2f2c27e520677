//! Writes GraphQL documents: valid ones by the schema, and wild ones by the grammar alone.

use std::collections::BTreeMap;
use std::fmt::Write;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};
use support::project;

use super::draw::Draw;

/// The types of the schema.
pub struct Documents(BTreeMap<String, TypeKind>);

impl Documents {
    pub fn new() -> Self {
        let source = project::read(&project::root().join("schema.graphql"));
        let parsed = parse_schema(&source).expect("the schema");
        let types = parsed.definitions.into_iter().filter_map(|one| match one {
            TypeSystemDefinition::Type(of) => Some((of.node.name.node.to_string(), of.node.kind)),
            _ => None,
        });
        Self(types.collect())
    }

    /// A document that asks for what there is.
    pub fn make(&self, draw: &mut Draw) -> String {
        let (word, root) = match draw.below(3) {
            0 => ("mutation", "Mutation"),
            _ => ("query", "Query"),
        };
        let mut text = word.to_owned();
        self.select(&mut text, (root, 6), draw);
        text
    }

    fn fields(&self, of: &str) -> &[Positioned<FieldDefinition>] {
        match self.0.get(of) {
            Some(TypeKind::Object(object)) => &object.fields,
            Some(TypeKind::Interface(interface)) => &interface.fields,
            _ => &[],
        }
    }

    /// A selection in braces.
    fn select(&self, text: &mut String, (of, deep): (&str, usize), draw: &mut Draw) {
        text.push_str("{ ");
        let fields = self.fields(of);
        if let Some(TypeKind::Union(union)) = self.0.get(of) {
            for member in &union.members {
                let _written = write!(text, "... on {} ", member.node);
                self.select(text, (&member.node, deep.saturating_sub(1)), draw);
            }
        }
        let many = if draw.below(16) == 0 { 40 } else { 4 };
        let wanted = if of == "Mutation" {
            1
        } else {
            draw.place(many) + 1
        };
        for _ in 0..wanted.min(fields.len() * 2) {
            let field = &fields[draw.place(fields.len())].node;
            let inner = name_of(&field.ty.node);
            let is_leaf = matches!(
                self.0.get(inner),
                None | Some(TypeKind::Scalar | TypeKind::Enum(_))
            );
            if !is_leaf && deep == 0 {
                continue;
            }
            if draw.below(8) == 0 {
                let _written = write!(text, "a{}: ", draw.below(100));
            }
            text.push_str(&field.name.node);
            self.give(text, &field.arguments, draw);
            if draw.below(32) == 0 {
                text.push_str(" @include(if: true)");
            }
            if !is_leaf {
                self.select(text, (inner, deep - 1), draw);
            }
            text.push(' ');
        }
        text.push_str("__typename }");
    }

    fn give(
        &self,
        text: &mut String,
        wanted: &[Positioned<InputValueDefinition>],
        draw: &mut Draw,
    ) {
        let mut given = 0;
        for argument in wanted {
            let of = &argument.node.ty.node;
            let is_needed = !of.nullable && argument.node.default_value.is_none();
            if !is_needed && draw.below(4) > 0 {
                continue;
            }
            text.push_str(if given == 0 { "(" } else { ", " });
            given += 1;
            let _written = write!(text, "{}: ", argument.node.name.node);
            self.value(text, (of, 4), draw);
        }
        text.push_str(if given == 0 { " " } else { ") " });
    }

    fn value(&self, text: &mut String, (of, deep): (&Type, usize), draw: &mut Draw) {
        if of.nullable && (deep == 0 || draw.below(8) == 0) {
            text.push_str("null");
            return;
        }
        let name = match &of.base {
            BaseType::Named(name) => name,
            BaseType::List(inner) => {
                let many = if draw.below(64) == 0 { 300 } else { 3 };
                text.push('[');
                for _ in 0..draw.place(many) {
                    self.value(text, (inner, deep.saturating_sub(1)), draw);
                    text.push(' ');
                }
                text.push(']');
                return;
            }
        };
        match self.0.get(name.as_str()) {
            Some(TypeKind::Enum(of)) => {
                text.push_str(&of.values[draw.place(of.values.len())].node.value.node);
            }
            Some(TypeKind::InputObject(object)) => {
                text.push('{');
                for field in &object.fields {
                    let of = &field.node.ty.node;
                    if of.nullable && draw.below(2) == 0 {
                        continue;
                    }
                    let _written = write!(text, "{}: ", field.node.name.node);
                    self.value(text, (of, deep.saturating_sub(1)), draw);
                    text.push(' ');
                }
                text.push('}');
            }
            _ => {
                const TEXTS: [&str; 8] = [
                    "\"\"",
                    "\"rnd_0000000000001\"",
                    "\"sub_0000000000001\"",
                    "\"2026-03-31\"",
                    "\"2026-03-31T00:00:00Z\"",
                    "\"1.5\"",
                    "\"\"\"\n  两行\n  \\\"\"\" \"\"\"",
                    "\"\\u0000\\ud83d\"",
                ];
                match name.as_str() {
                    "Int" => {
                        let _written = write!(text, "{}", draw.below(200));
                    }
                    "Boolean" => text.push_str("true"),
                    _ => text.push_str(TEXTS[draw.place(TEXTS.len())]),
                }
            }
        }
    }

    /// A document of operations and fragments that name each other, in sizes around the limits, by the grammar alone.
    pub fn make_wild(draw: &mut Draw) -> String {
        let mut wild = Wild {
            text: String::new(),
            fragments: match draw.below(4) {
                0 => 0,
                1 => draw.place(40),
                _ => draw.place(6),
            },
            left: match draw.below(4) {
                0 => 2_500,
                1 => 300,
                _ => 40,
            },
            // Forward alone, or in circles too.
            circles: draw.below(4) == 0,
        };
        for _ in 0..=draw.place(2) {
            wild.operation(draw);
        }
        for number in 0..wild.fragments {
            let _written = write!(wild.text, "\nfragment f{number} on Query");
            wild.directives(draw);
            wild.left = wild.left.max(4);
            wild.set((number + 1, 0), draw);
        }
        wild.text
    }
}

fn name_of(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => name_of(inner),
    }
}

struct Wild {
    text: String,
    fragments: usize,
    /// So many more selections and values.
    left: usize,
    circles: bool,
}

impl Wild {
    fn operation(&mut self, draw: &mut Draw) {
        let name = if draw.below(2) == 0 { "" } else { " a" };
        let word = ["query", "mutation", "subscription", "{"][draw.place(4)];
        if word != "{" {
            self.text.push_str(word);
            self.text.push_str(name);
            if draw.below(3) == 0 {
                let deep = if draw.below(8) == 0 { 34 } else { 3 };
                let deep = draw.place(deep);
                let _written = write!(
                    self.text,
                    "($v: {}Int{} = ",
                    "[".repeat(deep),
                    "]".repeat(deep)
                );
                self.value(0, draw);
                self.directives(draw);
                self.text.push(')');
            }
            self.directives(draw);
        }
        self.set((0, 0), draw);
    }

    fn directives(&mut self, draw: &mut Draw) {
        let many = match draw.below(64) {
            0 => 60,
            1..6 => 3,
            _ => 1,
        };
        for _ in 0..draw.place(many) {
            self.text.push_str(" @skip(if: ");
            self.value(0, draw);
            self.text.push(')');
        }
    }

    /// Selections in braces; a fragment names those that come after it.
    fn set(&mut self, (after, deep): (usize, usize), draw: &mut Draw) {
        self.text.push_str(" {");
        let many = match draw.below(32) {
            0 => 400,
            1..8 => 20,
            _ => 4,
        };
        for _ in 0..=draw.place(many) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            match draw.below(8) {
                0..3 if self.fragments > 0 => {
                    let from = if self.circles { 0 } else { after };
                    let to = match draw.below(8) {
                        0 => draw.place(self.fragments + 1).max(from),
                        _ => from + draw.place(2),
                    };
                    let _written = write!(self.text, " ...f{to}");
                    self.directives(draw);
                }
                3 => {
                    let on = ["", " on Query", " on Node"][draw.place(3)];
                    let _written = write!(self.text, " ...{on}");
                    self.directives(draw);
                    self.set((after, deep + 1), draw);
                }
                _ => self.field((after, deep), draw),
            }
        }
        self.text.push_str(" __typename }");
    }

    fn field(&mut self, (after, deep): (usize, usize), draw: &mut Draw) {
        const NAMES: [&str; 6] = ["rounds", "node", "viewer", "__schema", "a", "__typename"];
        self.text.push(' ');
        if draw.below(8) == 0 {
            let _written = write!(self.text, "b{}: ", draw.below(3));
        }
        self.text.push_str(NAMES[draw.place(NAMES.len())]);
        if draw.below(4) == 0 {
            self.text.push_str("(first: ");
            self.value(0, draw);
            self.text.push(')');
        }
        self.directives(draw);
        let deepest = if draw.below(16) == 0 { 40 } else { 6 };
        if deep < deepest && draw.below(3) == 0 {
            self.set((after, deep + 1), draw);
        }
    }

    fn value(&mut self, deep: usize, draw: &mut Draw) {
        const LEAVES: [&str; 9] = [
            "1",
            "-1.5e3",
            "$v",
            "RED",
            "true",
            "null",
            "\"[{(#\\\"\"",
            "\"\"\"[{( \\\"\"\" #\n\"\"\"",
            "# [{(\r 7",
        ];
        let many = match draw.below(64) {
            0 => 300,
            _ => 4,
        };
        let deepest = if draw.below(16) == 0 { 40 } else { 4 };
        match draw.below(4) {
            0 if deep < deepest => {
                self.text.push('[');
                for _ in 0..draw.place(many) {
                    self.value(deep + 1, draw);
                    self.text.push(' ');
                }
                self.text.push(']');
            }
            1 if deep < deepest => {
                self.text.push('{');
                for number in 0..draw.place(3) {
                    let _written = write!(self.text, "k{number}: ");
                    self.value(deep + 1, draw);
                    self.text.push(' ');
                }
                self.text.push('}');
            }
            _ => self.text.push_str(LEAVES[draw.place(LEAVES.len())]),
        }
    }
}
