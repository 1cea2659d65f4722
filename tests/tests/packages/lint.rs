//! What Debian's own checker says of the packages, and whether they come out the same twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::inside::{packaging, run, tried};
use crate::made::{NEW, made, pack};

/// What lintian complains of, a line each.
fn complaints(changes: &Path) -> (bool, Vec<String>) {
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on=error,warning", "--allow-root", "--color=never"]);
    let (well, said) = tried(lintian.arg(changes));
    let complaint = |line: &&str| line.starts_with("E: ") || line.starts_with("W: ");
    (
        well,
        said.lines().filter(complaint).map(str::to_owned).collect(),
    )
}

#[test]
fn lintian_has_nothing_to_say() {
    let (well, said) = complaints(&made().changes());
    assert!(well && said.is_empty(), "{said:#?}");
}

#[test]
fn each_override_has_its_reason() {
    for entry in fs::read_dir(packaging("debian")).expect("the folder") {
        let path = entry.expect("it can be listed").path();
        if path
            .extension()
            .is_none_or(|end| end != "lintian-overrides")
        {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a file of ours");
        let mut explained = false;
        for line in text.lines() {
            match line {
                "" => explained = false,
                line if line.starts_with('#') => explained = true,
                line => assert!(explained, "{}: {line}", path.display()),
            }
        }
    }
}

#[test]
fn a_defect_is_found() {
    let made = made();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tree = folder.path().join("tree");
    let package = made.package("sealpoint-collector", NEW);
    run(Command::new("dpkg-deb").arg("-R").arg(package).arg(&tree));
    // A program that runs as its owner, whoever starts it; and no word on its licence.
    run(Command::new("chmod")
        .arg("4755")
        .arg(tree.join("usr/bin/collector")));
    fs::remove_file(tree.join("usr/share/doc/sealpoint-collector/copyright")).expect("it is there");
    let bad = folder.path().join("bad.deb");
    let mut build = Command::new("dpkg-deb");
    run(build
        .args(["--root-owner-group", "-Zgzip", "-z1", "-b"])
        .arg(&tree)
        .arg(&bad));
    let (well, said) = complaints(&bad);
    assert!(!well);
    for tag in ["elevated-privileges", "no-copyright-file"] {
        assert!(
            said.iter().any(|line| line.contains(tag)),
            "{tag}: {said:#?}"
        );
    }
}

#[test]
fn the_same_tree_makes_the_same_bytes() {
    let made = made();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let again = folder.path().join("elsewhere");
    pack(&again, NEW);
    for name in ["sealpoint-till", "sealpoint-collector"] {
        let first = fs::read(made.package(name, NEW)).expect("it was made");
        let second = again.join(format!("{name}_{NEW}_amd64.deb"));
        let second = fs::read(second).expect("it was made again");
        assert!(first == second, "{name} differs from itself");
    }
}
