//! Which crate may stand on which, read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::{assert_none, names, table};
use support::project;

#[test]
fn every_crate_stands_in_the_table() {
    let listed: BTreeSet<String> = rows().into_iter().map(|row| row.name).collect();
    let real: BTreeSet<String> = folders(&metadata()).into_values().collect();
    assert_eq!(
        listed, real,
        "ARCHITECTURE.md lists the crates on the left, the workspace has those on the right"
    );
}

#[test]
fn a_crate_builds_on_exactly_the_crates_the_table_names() {
    let metadata = metadata();
    let folders = folders(&metadata);
    let mut faults = Vec::new();
    for row in rows() {
        let package = package(&metadata, &folders, &row.name);
        let used: BTreeSet<String> = package
            .dependencies
            .iter()
            .filter_map(|dependency| dependency.path.as_ref())
            .map(|path| path.file_name().unwrap_or_default().to_owned())
            .collect();
        if used != row.builds_on {
            faults.push(format!(
                "`{}` builds on {used:?}, the table says {:?}",
                row.name, row.builds_on
            ));
        }
    }
    assert_none(
        "the table of ARCHITECTURE.md and the manifests differ",
        &faults,
    );
}

#[test]
fn no_crate_reaches_or_names_what_its_border_forbids() {
    let metadata = metadata();
    let folders = folders(&metadata);
    let mut faults = Vec::new();
    for row in rows() {
        let package = package(&metadata, &folders, &row.name);
        let reached = reached(&metadata, &package.id);
        let asked_for = asked_for(&package.name);
        for forbidden in &row.never_reaches {
            if let Some(path) = reached.get(forbidden)
                && asked_for.contains(forbidden)
            {
                faults.push(format!("`{}` reaches `{forbidden}`: {path}", row.name));
            }
        }
        for forbidden in &row.never_names {
            if package
                .dependencies
                .iter()
                .any(|dependency| &dependency.name == forbidden)
            {
                faults.push(format!(
                    "`{}` names `{forbidden}` in its manifest",
                    row.name
                ));
            }
        }
    }
    assert_none("a border of ARCHITECTURE.md is crossed", &faults);
}

#[test]
fn every_dependency_is_listed_once_with_its_reason_and_used() {
    let text = project::read(&project::root().join("Cargo.toml"));
    let mut faults = Vec::new();
    let mut listed = BTreeSet::new();
    let lines = text
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1);
    for line in lines.take_while(|line| !line.starts_with('[')) {
        let Some((name, rest)) = line.split_once(" = ") else {
            continue;
        };
        listed.insert(name.to_owned());
        if !rest.contains("path = ") && !rest.contains(" # ") {
            faults.push(format!("`{name}` has no reason behind it (`# …`)"));
        }
    }
    let mut used = BTreeSet::new();
    for manifest in project::files(project::root()) {
        if manifest.file_name().is_none_or(|name| name != "Cargo.toml") {
            continue;
        }
        for (name, inherits) in dependencies(&project::read(&manifest)) {
            if !inherits {
                faults.push(format!(
                    "`{name}` in {} is not `workspace = true`",
                    project::relative(&manifest)
                ));
            }
            used.insert(name);
        }
    }
    faults.extend(
        listed
            .difference(&used)
            .map(|name| format!("no crate uses `{name}`")),
    );
    assert_none("dependencies in the root Cargo.toml", &faults);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let faults: Vec<String> = rows()
        .into_iter()
        .filter(|row| {
            let manifest = project::read(&project::root().join(&row.name).join("Cargo.toml"));
            !manifest.contains("[lints]\nworkspace = true")
        })
        .map(|row| format!("`{}` does not", row.name))
        .collect();
    assert_none("every manifest says `[lints] workspace = true`", &faults);
}

/// A line of the table.
struct Row {
    name: String,
    builds_on: BTreeSet<String>,
    never_reaches: Vec<String>,
    never_names: Vec<String>,
}

fn rows() -> Vec<Row> {
    table("crate")
        .into_iter()
        .map(|cells| Row {
            name: names(&cells[0]).remove(0),
            builds_on: names(&cells[2]).into_iter().collect(),
            never_reaches: names(&cells[3]),
            never_names: names(&cells[4]),
        })
        .collect()
}

/// The graph for the system that the tests run on: crates for others may not even be downloaded.
fn metadata() -> Metadata {
    let version = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc answers");
    let version = String::from_utf8(version.stdout).expect("rustc writes UTF-8");
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc names its host");
    MetadataCommand::new()
        .manifest_path(project::root().join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", host].map(str::to_owned))
        .exec()
        .expect("cargo metadata answers")
}

/// What a crate builds on when it is built alone. The graph of the whole workspace knows features besides that other
/// crates ask of what they share with it.
fn asked_for(package: &str) -> BTreeSet<String> {
    let tree = Command::new("cargo")
        .current_dir(project::root())
        .args(["tree", "--locked", "--offline", "--package", package])
        .args([
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .output()
        .expect("cargo answers");
    let tree = String::from_utf8(tree.stdout).expect("cargo writes UTF-8");
    let names: BTreeSet<String> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert!(names.contains(package), "{package}: {tree}");
    names
}

/// The folder of each crate of the workspace; the crates are named after it in code.
fn folders(metadata: &Metadata) -> BTreeMap<PackageId, String> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let folder = package
                .manifest_path
                .parent()
                .and_then(|folder| folder.file_name());
            (
                package.id.clone(),
                folder.expect("a crate lies in a folder").to_owned(),
            )
        })
        .collect()
}

fn package<'a>(
    metadata: &'a Metadata,
    folders: &BTreeMap<PackageId, String>,
    name: &str,
) -> &'a Package {
    metadata
        .packages
        .iter()
        .find(|package| {
            folders
                .get(&package.id)
                .is_some_and(|folder| folder == name)
        })
        .unwrap_or_else(|| {
            panic!("ARCHITECTURE.md lists `{name}`, the workspace has no such crate")
        })
}

/// Every crate that `start` is built with, tests apart, and the way to it.
fn reached(metadata: &Metadata, start: &PackageId) -> BTreeMap<String, String> {
    let nodes = &metadata
        .resolve
        .as_ref()
        .expect("cargo resolved the graph")
        .nodes;
    let nodes: BTreeMap<&PackageId, _> = nodes.iter().map(|node| (&node.id, node)).collect();
    let mut found: BTreeMap<&PackageId, String> = BTreeMap::new();
    let mut waiting = vec![(start, String::new())];
    while let Some((id, way)) = waiting.pop() {
        for dependency in &nodes[id].deps {
            let built =
                |kind: &cargo_metadata::DepKindInfo| kind.kind != DependencyKind::Development;
            if dependency.dep_kinds.iter().any(built) && !found.contains_key(&dependency.pkg) {
                let way = format!("{way} → {}", metadata[&dependency.pkg].name);
                found.insert(&dependency.pkg, way.clone());
                waiting.push((&dependency.pkg, way));
            }
        }
    }
    found
        .into_iter()
        .map(|(id, way)| (metadata[id].name.to_string(), way))
        .collect()
}

/// Name and "inherited from the workspace" of every dependency that a member's manifest lists.
fn dependencies(manifest: &str) -> Vec<(String, bool)> {
    let document: toml::Table = manifest.parse().expect("a manifest is TOML");
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| document.get(*section)?.as_table())
        .flatten()
        .map(|(name, value)| {
            let inherits = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
            (name.clone(), inherits)
        })
        .collect()
}
