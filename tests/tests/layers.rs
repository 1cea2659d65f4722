//! Who may import whom: the import table of the house, held against what Cargo
//! says, and `deny.toml`, held against the same, so that the policy is tested
//! on a machine without cargo-deny.
//!
//! Normal and build dependencies count, optional ones too. Dev-dependencies may
//! be wider, for a room's tests may drive its neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

/// Each room and the rooms that it may import. A new room gets a line here, a
/// room that goes takes its line with it.
const ROOMS: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("sale", &[]),
    ("emv", &["secret"]),
    ("wire", &["sale"]),
    ("vault", &["secret", "wire"]),
    ("shield", &["wire"]),
    ("tls", &[]),
    ("attest", &["wire", "shield"]),
    (
        "lane",
        &["emv", "vault", "wire", "sale", "secret", "shield"],
    ),
    (
        "tillctl",
        &[
            "lane", "emv", "vault", "wire", "sale", "secret", "shield", "journal", "tls",
        ],
    ),
    ("journal", &["wire", "sale"]),
    ("sync", &["wire", "shield", "tls"]),
    ("till", &["sale", "wire"]),
    ("screens", &[]),
    (
        "terminal",
        &["screens", "till", "journal", "sale", "wire", "shield"],
    ),
    ("acquirer", &["wire"]),
    ("collector", &["wire", "acquirer", "sale", "tls"]),
    ("cardsim", &["secret", "readersim"]),
    ("readersim", &[]),
    ("hostsim", &["secret", "wire", "acquirer", "cardsim"]),
    ("xtask", &[]),
    // End to end tests: everything by way of dev-dependencies.
    ("tests", &[]),
];

/// Rooms that can never hold card data in clear, because not even a chain of
/// imports leads them to its types.
const CANNOT_NAME_SECRET: &[&str] = &["till", "terminal", "journal", "sync", "collector"];

/// Simulators hold test keys: no room of a production image reaches them.
const SIMULATORS: &[&str] = &["cardsim", "readersim", "hostsim"];

/// Crates of others that only the named rooms may import. `deny.toml` says the
/// same to cargo-deny, and a test below keeps the two equal.
const RESERVED: &[(&str, &[&str])] = &[
    ("slint", &["screens", "terminal"]),
    ("slint-build", &["screens"]),
    ("pcsc", &["lane"]),
    ("rusqlite", &["journal", "collector"]),
    ("postgres", &["collector"]),
    ("async-nats", &["collector"]),
    ("tokio", &["sync", "collector"]),
    ("tokio-rustls", &["sync", "collector"]),
    ("hyper", &["sync", "collector"]),
    ("axum", &["collector"]),
    ("rustls", &["sync", "collector", "tls", "tillctl"]),
    ("ring", &["vault", "cardsim", "tls", "collector"]),
    ("libcrux-ml-kem", &["vault", "tls"]),
    ("hpke", &["hostsim"]),
    ("crypto-bigint", &["emv"]),
    ("landlock", &["shield"]),
    ("seccompiler", &["shield"]),
];

const PREFIX: &str = "sealpoint-";

#[test]
fn every_room_has_its_line_in_the_table() {
    let house = House::read();
    let built: BTreeSet<&str> = house.rooms().map(|(name, _)| name).collect();
    let listed: BTreeSet<&str> = ROOMS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        built, listed,
        "left: rooms that Cargo builds, right: rooms in the table"
    );
}

#[test]
fn no_room_imports_what_the_table_forbids() {
    let house = House::read();
    let mut wrong = Vec::new();
    for (room, package) in house.rooms() {
        for import in imports_of(package).filter_map(|name| name.strip_prefix(PREFIX)) {
            if !allowed(ROOMS, room).contains(&import) {
                wrong.push(format!("{room} imports {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn screen_journal_and_network_rooms_cannot_name_a_card_number() {
    let house = House::read();
    for room in CANNOT_NAME_SECRET {
        let reached = house.rooms_reached_from(room);
        assert!(
            !reached.contains("secret"),
            "{room} reaches secret by way of {reached:?}"
        );
    }
}

#[test]
fn no_production_room_reaches_a_simulator() {
    let house = House::read();
    for (room, _) in house.rooms().filter(|(room, _)| !SIMULATORS.contains(room)) {
        let reached = house.rooms_reached_from(room);
        for simulator in SIMULATORS {
            assert!(!reached.contains(*simulator), "{room} reaches {simulator}");
        }
    }
}

#[test]
fn reserved_crates_stay_in_their_rooms() {
    let house = House::read();
    let mut wrong = Vec::new();
    for (room, package) in house.rooms() {
        for import in imports_of(package) {
            if RESERVED
                .iter()
                .any(|(name, rooms)| *name == import && !rooms.contains(&room))
            {
                wrong.push(format!("{room} imports {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_dependency_policy_says_the_same_as_the_table() {
    let policy = Policy::read();
    for (name, rooms) in RESERVED {
        let wrappers = policy
            .wrappers(name)
            .unwrap_or_else(|| panic!("deny.toml lacks {name}"));
        let said: BTreeSet<&str> = wrappers
            .iter()
            .filter_map(|w| w.strip_prefix(PREFIX))
            .collect();
        assert_eq!(
            said,
            rooms.iter().copied().collect(),
            "rooms that may import {name}"
        );
    }
}

#[test]
fn banned_crates_come_only_through_their_wrappers() {
    let (house, policy) = (House::read(), Policy::read());
    let mut wrong = Vec::new();
    for ban in &policy.bans.deny {
        for (parent, child) in house.shipped_edges() {
            if house.name(child) == ban.name
                && !ban.wrappers.contains(&house.name(parent).to_owned())
            {
                wrong.push(format!("{} links {}", house.name(parent), ban.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_linked_licence_is_accepted() {
    let (house, policy) = (House::read(), Policy::read());
    let mut wrong = Vec::new();
    for id in house.shipped() {
        let package = &house.packages[id];
        let said = package.license.as_deref().unwrap_or("nothing");
        let accepted = Expression::parse_mode(said, ParseMode::LAX).is_ok_and(|terms| {
            terms.evaluate(|one| policy.accepts(&package.name, &one.to_string()))
        });
        if !accepted {
            wrong.push(format!("{} {}: {said}", package.name, package.version));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_slint_and_the_till_are_excepted_for_the_gpl() {
    for exception in Policy::read().licenses.exceptions {
        let gpl = exception
            .allow
            .iter()
            .any(|licence| licence.starts_with("GPL"));
        let slint = ["slint", "i-slint-", "sealpoint-terminal"]
            .iter()
            .any(|start| exception.name.starts_with(start));
        assert!(!gpl || slint, "{} is excepted for the GPL", exception.name);
    }
}

#[test]
fn the_gpl_reaches_no_binary_but_the_till() {
    let house = House::read();
    for (room, package) in house
        .rooms()
        .filter(|(room, _)| !["screens", "terminal"].contains(room))
    {
        let linked = house.reached([package.id.clone()]);
        let slint = linked
            .iter()
            .map(|id| house.name(id))
            .find(|name| name.contains("slint"));
        assert_eq!(
            slint, None,
            "{room} links Slint and so would be under the GPL"
        );
    }
}

#[test]
fn every_crate_comes_from_the_one_registry_or_this_repository() {
    let (house, policy) = (House::read(), Policy::read());
    for package in house.packages.values() {
        let Some(source) = &package.source else {
            assert!(
                package.name.starts_with(PREFIX),
                "{} lies outside the house",
                package.name
            );
            continue;
        };
        assert!(
            source.is_crates_io(),
            "{} comes from {source}",
            package.name
        );
    }
    assert!(
        policy.sources.allow_git.is_empty(),
        "deny.toml allows git sources"
    );
    assert_eq!(
        (policy.sources.unknown_registry, policy.sources.unknown_git),
        ("deny".into(), "deny".into())
    );
}

/// The fuzzers are a workspace of their own, so no build of ours brings their lock file up to date:
/// a fuzzer that is built with `--locked` then does not build.
#[test]
fn the_fuzzers_lock_file_knows_what_they_link() {
    let house = House::read();
    let lock: Lock = read_toml("tests/fuzz/Cargo.lock");
    let manifest: Manifest = read_toml("tests/fuzz/Cargo.toml");
    let mut wrong = Vec::new();
    for Locked { name, dependencies } in &lock.package {
        let Some(room) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let links: Vec<&str> = match house.rooms().find(|(found, _)| *found == room) {
            Some((_, package)) => package
                .dependencies
                .iter()
                .filter(|dep| dep.kind != DependencyKind::Development && !dep.optional)
                .map(|dep| dep.name.as_str())
                .collect(),
            None => manifest.dependencies.keys().map(String::as_str).collect(),
        };
        // A crate that is there in several versions has its version behind its name.
        let known = |link: &str| {
            dependencies
                .iter()
                .any(|dep| dep.split(' ').next() == Some(link))
        };
        wrong.extend(
            links
                .into_iter()
                .filter(|link| !known(link))
                .map(|link| format!("{name} links {link}")),
        );
    }
    assert!(
        wrong.is_empty(),
        "run cargo metadata in tests/fuzz and commit its Cargo.lock: {wrong:#?}"
    );
}

/// The workspace as Cargo resolves it for this machine, from the lock file.
struct House {
    packages: BTreeMap<PackageId, Package>,
    members: BTreeSet<PackageId>,
    /// Parent to child, normal and build dependencies alone.
    edges: BTreeMap<PackageId, Vec<PackageId>>,
}

impl House {
    fn read() -> Self {
        let metadata = metadata();
        let resolve = metadata
            .resolve
            .expect("cargo metadata resolves unless told not to");
        let edges = resolve.nodes.into_iter().map(|node| {
            let shipped = |kind: &DependencyKind| *kind != DependencyKind::Development;
            let children = node
                .deps
                .into_iter()
                .filter(|dep| dep.dep_kinds.iter().any(|k| shipped(&k.kind)));
            (node.id, children.map(|dep| dep.pkg).collect())
        });
        House {
            edges: edges.collect(),
            members: metadata.workspace_members.into_iter().collect(),
            packages: metadata
                .packages
                .into_iter()
                .map(|package| (package.id.clone(), package))
                .collect(),
        }
    }

    fn rooms(&self) -> impl Iterator<Item = (&str, &Package)> {
        let members = self.members.iter().map(|id| &self.packages[id]);
        members.map(|package| {
            (
                package.name.strip_prefix(PREFIX).unwrap_or(&package.name),
                package,
            )
        })
    }

    fn name(&self, id: &PackageId) -> &str {
        &self.packages[id].name
    }

    /// The rooms that a chain of imports leads to, by declaration and so with
    /// every feature on.
    fn rooms_reached_from(&self, room: &str) -> BTreeSet<String> {
        let rooms: BTreeMap<&str, &Package> = self.rooms().collect();
        let (mut reached, mut open) = (BTreeSet::new(), vec![room.to_owned()]);
        while let Some(package) = open
            .pop()
            .and_then(|name| rooms.get(name.as_str()).copied())
        {
            for import in imports_of(package).filter_map(|name| name.strip_prefix(PREFIX)) {
                if reached.insert(import.to_owned()) {
                    open.push(import.to_owned());
                }
            }
        }
        reached
    }

    /// All that the given packages link, themselves included.
    fn reached(&self, from: impl IntoIterator<Item = PackageId>) -> BTreeSet<PackageId> {
        let (mut reached, mut open) = (BTreeSet::new(), Vec::from_iter(from));
        while let Some(id) = open.pop() {
            if reached.insert(id.clone()) {
                open.extend(self.edges.get(&id).into_iter().flatten().cloned());
            }
        }
        reached
    }

    /// Every package that is linked into something that we ship.
    fn shipped(&self) -> impl Iterator<Item = &PackageId> {
        let linked = self.reached(self.members.iter().cloned());
        self.edges.keys().filter(move |id| linked.contains(*id))
    }

    fn shipped_edges(&self) -> impl Iterator<Item = (&PackageId, &PackageId)> {
        self.shipped()
            .flat_map(|parent| self.edges[parent].iter().map(move |child| (parent, child)))
    }
}

/// A lock file.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The part of a manifest that these tests read.
#[derive(Deserialize)]
struct Manifest {
    dependencies: BTreeMap<String, toml::Value>,
}

/// The parts of `deny.toml` that these tests read.
#[derive(Deserialize)]
struct Policy {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    wrappers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    unknown_registry: String,
    unknown_git: String,
    allow_git: Vec<String>,
}

impl Policy {
    fn read() -> Self {
        read_toml("deny.toml")
    }

    fn wrappers(&self, name: &str) -> Option<&[String]> {
        self.bans
            .deny
            .iter()
            .find(|ban| ban.name == name)
            .map(|ban| ban.wrappers.as_slice())
    }

    fn accepts(&self, name: &str, licence: &str) -> bool {
        let exceptions = self
            .licenses
            .exceptions
            .iter()
            .filter(|exception| exception.name == name);
        self.licenses
            .allow
            .iter()
            .chain(exceptions.flat_map(|exception| &exception.allow))
            .any(|one| one == licence)
    }
}

fn allowed<'a>(table: &[(&str, &'a [&'a str])], room: &str) -> &'a [&'a str] {
    table
        .iter()
        .find(|(name, _)| *name == room)
        .map_or(&[], |(_, imports)| *imports)
}

fn imports_of(package: &Package) -> impl Iterator<Item = &str> {
    let shipped = package
        .dependencies
        .iter()
        .filter(|dep| dep.kind != DependencyKind::Development);
    shipped.map(|dep| dep.name.as_str())
}

fn read_toml<T: serde::de::DeserializeOwned>(path: &str) -> T {
    let text = std::fs::read_to_string(root().join(path)).expect("a file of ours");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Asks Cargo for this machine's dependencies, without touching the lock file.
///
/// It asks without network first. On a fresh clone that fails: the list has
/// crates that no feature of ours builds, so nothing has downloaded them yet.
fn metadata() -> Metadata {
    let ask = |options: &[&str]| {
        MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .other_options(
                options
                    .iter()
                    .copied()
                    .map(String::from)
                    .collect::<Vec<_>>(),
            )
            .exec()
    };
    let host = host();
    let options = ["--locked", "--filter-platform", &host, "--offline"];
    ask(&options).or_else(|_| ask(&options[..3])).unwrap_or_else(|error| {
        panic!("{error}. If Cargo.lock is out of date, run cargo check and commit it; if a download failed, run cargo fetch")
    })
}

fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs, for it built this test");
    let text = String::from_utf8(output.stdout).expect("rustc prints UTF-8");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc -vV names its host");
    line.to_owned()
}
