//! What the code may not say: borders that no manifest can express.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

use super::assert_none;
use support::project;

#[test]
fn the_domain_touches_nothing_outside_itself() {
    let mut faults = Vec::new();
    for path in project::files_ending(&project::root().join("domain/src"), "rs") {
        let mut search = Impurity::default();
        search.visit_file(&parse(&path));
        faults.extend(
            search
                .found
                .into_iter()
                .map(|what| format!("{}: {what}", project::relative(&path))),
        );
    }
    assert_none("`domain` is pure", &faults);
}

#[test]
fn the_service_hands_out_no_type_of_the_database() {
    let mut faults = Vec::new();
    read_public(&project::root().join("service/src/lib.rs"), &mut faults);
    assert_none("`service` hands out a type of the database layer", &faults);
}

#[test]
fn no_resolver_returns_a_result_of_an_option() {
    let mut faults = Vec::new();
    for path in project::files_ending(&project::root().join("api/src"), "rs") {
        let mut search = Resolvers::default();
        search.visit_file(&parse(&path));
        faults.extend(search.found.into_iter().map(|name| {
            format!(
                "{}: `{name}` returns `Result<Option<…>>`: turn it round",
                project::relative(&path)
            )
        }));
    }
    assert_none(
        "an error in a nullable field would null the object around it",
        &faults,
    );
}

#[test]
fn domain_and_service_deny_panics() {
    let mut faults = Vec::new();
    for (name, lints) in [("domain", &["float_arithmetic"][..]), ("service", &[])] {
        let text = project::read(&project::root().join(name).join("src/lib.rs"));
        let denied = text
            .split_once("#![deny(")
            .and_then(|(_, rest)| rest.split_once(")]"))
            .map_or("", |(list, _)| list);
        let common = [
            "unwrap_used",
            "expect_used",
            "panic",
            "indexing_slicing",
            "string_slice",
            "unreachable",
            "todo",
            "unimplemented",
        ];
        let missing = common
            .iter()
            .chain(lints)
            .filter(|lint| !denied.contains(&format!("clippy::{lint}")));
        faults.extend(
            missing.map(|lint| format!("{name}/src/lib.rs does not deny `clippy::{lint}`")),
        );
    }
    assert_none("lints", &faults);
}

fn parse(path: &Path) -> syn::File {
    syn::parse_file(&project::read(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect()
}

/// Every full path that a `use` brings in, by the name it has afterwards.
fn imports(tree: &syn::UseTree, before: &[String], found: &mut BTreeMap<String, Vec<String>>) {
    let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
    match tree {
        syn::UseTree::Path(path) => imports(&path.tree, &with(&path.ident), found),
        syn::UseTree::Name(name) if name.ident == "self" => {
            found.insert(before.last().cloned().unwrap_or_default(), before.to_vec());
        }
        syn::UseTree::Name(name) => {
            found.insert(name.ident.to_string(), with(&name.ident));
        }
        syn::UseTree::Rename(name) => {
            found.insert(name.rename.to_string(), with(&name.ident));
        }
        syn::UseTree::Glob(_) => {
            found.insert(format!("{}::*", before.join("::")), before.to_vec());
        }
        syn::UseTree::Group(group) => group
            .items
            .iter()
            .for_each(|tree| imports(tree, before, found)),
    }
}

/// Looks for the world outside and for floats, unit tests apart.
#[derive(Default)]
struct Impurity {
    found: Vec<String>,
}

impl Impurity {
    fn judge(&mut self, path: &[String]) {
        const OUTSIDE: [&str; 7] = ["env", "fs", "net", "os", "process", "thread", "time"];
        // The traits of `std::io` are words for writing into memory too; its streams are the world outside.
        const STREAMS: [&str; 6] = ["stdin", "stdout", "stderr", "Stdin", "Stdout", "Stderr"];
        let [first, second, ..] = path else { return };
        if path.iter().any(|name| STREAMS.contains(&name.as_str())) {
            self.found.push(format!("names `{}`", path.join("::")));
        }
        // Durations are values; only clocks are the world outside.
        let duration = second == "time" && path.get(2).is_some_and(|name| name == "Duration");
        if first == "std" && OUTSIDE.contains(&second.as_str()) && !duration {
            self.found.push(format!("names `{}`", path.join("::")));
        }
    }
}

impl<'ast> Visit<'ast> for Impurity {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut found = BTreeMap::new();
        imports(&item.tree, &[], &mut found);
        for path in found.values() {
            self.judge(path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.judge(&segments(path));
        visit::visit_path(self, path);
    }

    fn visit_lit_float(&mut self, literal: &'ast syn::LitFloat) {
        self.found.push(format!("contains the float `{literal}`"));
    }
}

/// Looks for resolvers of the wrong shape.
#[derive(Default)]
struct Resolvers {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Resolvers {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        const RESOLVERS: [&str; 3] = ["Object", "ComplexObject", "Subscription"];
        let resolves = item.attrs.iter().any(|attribute| {
            attribute
                .path()
                .segments
                .last()
                .is_some_and(|last| RESOLVERS.iter().any(|name| last.ident == name))
        });
        if !resolves {
            return;
        }
        for member in &item.items {
            let syn::ImplItem::Fn(method) = member else {
                continue;
            };
            let syn::ReturnType::Type(_, output) = &method.sig.output else {
                continue;
            };
            if argument_of(output, "Result")
                .and_then(|inner| argument_of(inner, "Option"))
                .is_some()
            {
                self.found.push(method.sig.ident.to_string());
            }
        }
    }
}

/// `T` of `name<T, …>`.
fn argument_of<'a>(kind: &'a syn::Type, name: &str) -> Option<&'a syn::Type> {
    let syn::Type::Path(path) = kind else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == name)?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(inner) => Some(inner),
        _ => None,
    })
}

/// Reads a module's public items and, through `pub mod`, those below it.
fn read_public(path: &Path, faults: &mut Vec<String>) {
    let file = parse(path);
    let mut search = Signatures {
        file: project::relative(path),
        imports: BTreeMap::new(),
        faults,
    };
    for item in &file.items {
        if let syn::Item::Use(item) = item {
            imports(&item.tree, &[], &mut search.imports);
        }
    }
    for item in &file.items {
        search.judge_item(item);
        if let syn::Item::Mod(module) = item
            && is_public(&module.vis)
            && module.content.is_none()
        {
            read_public(&below(path, &module.ident.to_string()), search.faults);
        }
    }
}

/// The file of `mod name;` in `path`.
fn below(path: &Path, name: &str) -> PathBuf {
    let folder = path.parent().expect("a file lies in a folder");
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = if stem == "lib" || stem == "mod" {
        folder.to_path_buf()
    } else {
        folder.join(&*stem)
    };
    let file = folder.join(format!("{name}.rs"));
    if file.exists() {
        file
    } else {
        folder.join(name).join("mod.rs")
    }
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// Judges what one file's public items return, hold or re-export.
struct Signatures<'a> {
    file: String,
    imports: BTreeMap<String, Vec<String>>,
    faults: &'a mut Vec<String>,
}

impl Signatures<'_> {
    fn judge_item(&mut self, item: &syn::Item) {
        match item {
            syn::Item::Fn(item) if is_public(&item.vis) => self.visit_return_type(&item.sig.output),
            syn::Item::Struct(item) if is_public(&item.vis) => {
                item.fields
                    .iter()
                    .filter(|field| is_public(&field.vis))
                    .for_each(|field| self.visit_type(&field.ty));
            }
            syn::Item::Enum(item) if is_public(&item.vis) => {
                item.variants
                    .iter()
                    .flat_map(|variant| &variant.fields)
                    .for_each(|field| self.visit_type(&field.ty));
            }
            syn::Item::Type(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            syn::Item::Const(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            syn::Item::Static(item) if is_public(&item.vis) => self.visit_type(&item.ty),
            syn::Item::Trait(item) if is_public(&item.vis) => self.visit_item_trait(item),
            // A re-export hands out as well as a signature does.
            syn::Item::Use(item) if is_public(&item.vis) => {
                let mut found = BTreeMap::new();
                imports(&item.tree, &[], &mut found);
                for path in found.values() {
                    self.judge_path(path);
                }
            }
            syn::Item::Impl(item) if item.trait_.is_none() => {
                for member in &item.items {
                    match member {
                        syn::ImplItem::Fn(method) if is_public(&method.vis) => {
                            self.visit_return_type(&method.sig.output);
                        }
                        syn::ImplItem::Const(constant) if is_public(&constant.vis) => {
                            self.visit_type(&constant.ty);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn judge_path(&mut self, path: &[String]) {
        const DATABASE: [&str; 6] = [
            "sea_orm",
            "sea_orm_migration",
            "sea_query",
            "sqlx",
            "entity",
            "migration",
        ];
        let full = path
            .first()
            .and_then(|first| self.imports.get(first))
            .map_or(path, Vec::as_slice);
        if full
            .first()
            .is_some_and(|first| DATABASE.contains(&first.as_str()))
        {
            self.faults
                .push(format!("{}: `{}`", self.file, full.join("::")));
        }
    }
}

impl<'ast> Visit<'ast> for Signatures<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.judge_path(&segments(path));
        visit::visit_path(self, path);
    }

    // Neither bodies nor arguments hand anything out: what a caller cannot name it cannot pass.
    fn visit_block(&mut self, _: &'ast syn::Block) {}
    fn visit_fn_arg(&mut self, _: &'ast syn::FnArg) {}
    fn visit_generics(&mut self, _: &'ast syn::Generics) {}
}
