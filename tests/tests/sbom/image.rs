//! The image's own document, against the image: its programs and mkosi's list of packages.
//!
//! `cargo xtask image` leaves them beside the root (see the target `image_root`).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sealpoint_tests::built::target;
use serde_json::Value;

use crate::checks;
use crate::rig::{Faults, drop_component, validate};

/// Our programs in the image and the names that the document has for them.
const PROGRAMS: &[(&str, &str)] = &[
    ("usr/lib/sealpoint/till", "till"),
    ("usr/lib/sealpoint/lane", "lane"),
    ("usr/lib/sealpoint/uplink", "uplink"),
    ("usr/bin/tillctl", "tillctl"),
];

/// Where the crates of Rust's own library lay when it was built.
const LIBRARY: &str = "/rust/deps/";

/// The root file system, as the target `image_root` has it.
fn root() -> PathBuf {
    let root = match std::env::var_os("SEALPOINT_IMAGE_ROOT") {
        Some(root) => PathBuf::from(root),
        None => target().join("image/root"),
    };
    assert!(
        root.is_dir(),
        "There is no image at {}. Run `cargo xtask image` first.",
        root.display()
    );
    root
}

fn read(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_slice(&text).expect("JSON")
}

fn document() -> Value {
    read(&root().with_extension("cdx.json"))
}

#[test]
fn the_images_document_is_cyclonedx_and_has_no_loose_end() {
    let document = document();
    assert_eq!(validate(&document), Faults::none());
    assert_eq!(checks::dangling(&document), Vec::<String>::new());
}

#[test]
fn the_images_document_names_every_package_that_its_builder_put_in() {
    let mut document = document();
    let manifest = read(&root().with_extension("manifest"));
    let packages = manifest["packages"].as_array().expect("packages");
    let installed: BTreeSet<String> = packages
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().expect("a name and a version");
            format!("{} {}", text("name"), text("version"))
        })
        .collect();
    assert!(installed.len() > 10, "a whole image has packages");
    // The first stage has a list of its own, so the document may name more.
    let missing = |document: &Value| {
        let all = checks::packages(document, &installed);
        all.into_iter()
            .filter(|line| line.ends_with("is not named"))
            .collect::<Vec<_>>()
    };
    assert_eq!(missing(&document), Vec::<String>::new());
    drop_component(&mut document, "deb:systemd@");
    assert_eq!(missing(&document).len(), 1);
}

#[test]
fn the_images_document_has_the_hash_of_each_program_in_it() {
    let (root, document) = (root(), document());
    for (path, name) in PROGRAMS {
        let said = Command::new("sha256sum").arg(root.join(path)).output();
        let said = said.expect("coreutils");
        assert!(said.status.success(), "{path} is not in the image");
        let program = checks::components(&document)
            .find(|one| one["bom-ref"] == format!("program:{name}"))
            .unwrap_or_else(|| panic!("{name} is not in the document"));
        let hash = program["hashes"][0]["content"].as_str().expect("a hash");
        assert_eq!(&said.stdout[..64], hash.as_bytes(), "{name}");
    }
}

#[test]
fn every_crate_whose_name_stands_in_a_program_is_in_the_images_document() {
    let (root, document) = (root(), document());
    for (path, name) in PROGRAMS {
        let bytes = fs::read(root.join(path)).expect("a program of the image");
        let found = crates_in(&bytes);
        assert!(
            found.len() > 3,
            "{name}: places of panics name crates: {found:?}"
        );
        let said = checks::linked(&document, name);
        let missing: Vec<&String> = found.difference(&said).collect();
        assert_eq!(missing, Vec::<&String>::new(), "{name}");
        // The check can fail.
        let one = found.iter().next().expect("more than three");
        let mut less = document.clone();
        drop_component(&mut less, &format!("crate:{one}"));
        assert!(!checks::linked(&less, name).contains(one));
    }
}

/// `name@version` from paths such as `.../registry/src/INDEX/name-1.2.3/src/lib.rs`, which the compiler
/// leaves where a crate may panic. Those of Rust's own library lie in `/rust/deps`, and go with it.
fn crates_in(bytes: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("/src/") {
        let start = text[..at].rfind('/').map_or(0, |slash| slash + 1);
        if text[..start].ends_with(LIBRARY) {
            continue;
        }
        let Some((name, version)) = split(&text[start..at]) else {
            continue;
        };
        found.insert(format!("{name}@{version}"));
    }
    found
}

/// `name-1.2.3` in two: the version begins at the first hyphen that a digit follows and two points
/// come after.
fn split(folder: &str) -> Option<(&str, &str)> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    if folder.len() > 100 || !folder.chars().all(plain) {
        return None;
    }
    folder.match_indices('-').find_map(|(at, _)| {
        let (name, version) = (&folder[..at], &folder[at + 1..]);
        let numbers: Vec<&str> = version.splitn(3, '.').collect();
        let begins = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
        (numbers.len() == 3 && numbers.iter().all(begins) && !name.is_empty())
            .then_some((name, version))
    })
}

#[test]
fn a_crates_name_and_version_are_read_from_a_path() {
    let bytes = b"\x00/somewhere/registry/src/index-1949cf8c/ring-0.17.14/src/aead.rs\x00\
        /x/aws-lc-rs-1.2.3-rc.1/src/lib.rs /home/me/src/main.rs\
        /rust/deps/gimli-0.32.3/src/read.rs";
    let found: Vec<String> = crates_in(bytes).into_iter().collect();
    assert_eq!(found, ["aws-lc-rs@1.2.3-rc.1", "ring@0.17.14"]);
}
