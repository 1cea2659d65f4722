//! What a document must name, from other sources than the one that made it.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId, TargetKind};
use serde_json::Value;

/// Every component of a document.
pub fn components(document: &Value) -> impl Iterator<Item = &Value> {
    document["components"].as_array().into_iter().flatten()
}

/// References in the dependencies that no component has.
pub fn dangling(document: &Value) -> Vec<String> {
    let mut known: BTreeSet<&str> = components(document)
        .filter_map(|one| one["bom-ref"].as_str())
        .collect();
    known.extend(document["metadata"]["component"]["bom-ref"].as_str());
    let lines = document["dependencies"].as_array().into_iter().flatten();
    let named: BTreeSet<&str> = lines
        .flat_map(|line| {
            let on = line["dependsOn"].as_array().into_iter().flatten();
            on.chain([&line["ref"]]).filter_map(Value::as_str)
        })
        .collect();
    named
        .difference(&known)
        .map(|one| (*one).to_owned())
        .collect()
}

/// Packages that are installed and not named, and the other way round.
pub fn packages(document: &Value, installed: &BTreeSet<String>) -> Vec<String> {
    let named: BTreeSet<String> = components(document)
        .filter(|one| {
            one["bom-ref"]
                .as_str()
                .is_some_and(|r| r.starts_with("deb:"))
        })
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default();
            format!("{} {}", text("name"), text("version"))
        })
        .collect();
    let missing = installed
        .difference(&named)
        .map(|one| format!("{one} is not named"));
    let extra = named
        .difference(installed)
        .map(|one| format!("{one} is not installed"));
    missing.chain(extra).collect()
}

/// `name@version` of the crates that a document says were linked into a program.
pub fn linked(document: &Value, program: &str) -> BTreeSet<String> {
    components(document)
        .filter(|one| {
            let said = one["properties"].as_array().into_iter().flatten();
            one["scope"] == "required"
                && said
                    .into_iter()
                    .any(|p| p["name"] == "sealpoint:linked-into" && p["value"] == program)
        })
        .filter_map(|one| one["bom-ref"].as_str()?.strip_prefix("crate:"))
        .map(str::to_owned)
        .collect()
}

/// The crates that a package must link, whatever its features, and those that it may.
pub struct Bounds {
    must: BTreeSet<String>,
    may: BTreeSet<String>,
}

impl Bounds {
    /// Asks Cargo for its metadata, which knows nothing of a release's features.
    pub fn of(package: &str) -> Self {
        let metadata = MetadataCommand::new()
            .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
            .other_options(vec![
                "--filter-platform".to_owned(),
                "x86_64-unknown-linux-gnu".to_owned(),
            ])
            .exec()
            .expect("Cargo knows its workspace");
        let root = metadata
            .workspace_packages()
            .into_iter()
            .find(|one| one.name.as_str() == package)
            .expect("a package of the house")
            .id
            .clone();
        Self {
            must: reached(&metadata, &root, true),
            may: reached(&metadata, &root, false),
        }
    }

    /// Where the document says something else.
    pub fn faults(&self, document: &Value, program: &str) -> Vec<String> {
        let said = linked(document, program);
        let missing = self
            .must
            .difference(&said)
            .map(|one| format!("{one} is not named among the crates of {program}"));
        let extra = said
            .difference(&self.may)
            .map(|one| format!("{one} is named and is no part of {program}"));
        missing.chain(extra).collect()
    }
}

/// What is linked by normal dependencies: `certain` leaves optional ones and those of some platforms
/// out. What a macro crate needs runs in the compiler and is not linked.
fn reached(metadata: &Metadata, root: &PackageId, certain: bool) -> BTreeSet<String> {
    let packages: BTreeMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p)).collect();
    let resolve = metadata.resolve.as_ref().expect("with dependencies");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut found = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        let package = packages[id];
        let is_macro = |p: &cargo_metadata::Package| {
            p.targets
                .iter()
                .any(|t| t.kind.contains(&TargetKind::ProcMacro))
        };
        if is_macro(package) || !found.insert(format!("{}@{}", package.name, package.version)) {
            continue;
        }
        for dep in &nodes[id].deps {
            let normal = dep
                .dep_kinds
                .iter()
                .any(|of| of.kind == DependencyKind::Normal);
            let sure = package.dependencies.iter().any(|declared| {
                declared.name == packages[&dep.pkg].name.as_str()
                    && declared.kind == DependencyKind::Normal
                    && !declared.optional
                    && declared.target.is_none()
            });
            if normal && (sure || !certain) {
                waiting.push(&dep.pkg);
            }
        }
    }
    found
}
