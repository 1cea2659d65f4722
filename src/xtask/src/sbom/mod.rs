//! `cargo xtask sbom`: what an image or a package is made of, as CycloneDX 1.6 in JSON.
//!
//! Programs with their SHA-256, the crates that Cargo links into exactly these programs, the crates
//! that only took part in building them (scope `excluded`), and Debian's packages, each with version,
//! origin and licence, and who depends on whom. The same input gives the same bytes: the time is
//! SOURCE_DATE_EPOCH or the last commit's, the serial number comes from what the document says.
//!
//! It needs no library beyond `xtask`'s own: Cargo, git, date and sha256sum are asked.

mod crates;
mod debian;
mod document;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use serde_json::{Value, json};

use crate::cargo::Workspace;
use crate::say;
use document::Document;

/// A program that is shipped.
struct Shipped {
    /// The file's name.
    name: &'static str,
    /// The room's package.
    package: &'static str,
    /// The feature that a release asks for, or nothing.
    feature: &'static str,
    /// Programs of one group are built by one command, as `cargo xtask deb` does it.
    group: &'static str,
}

const fn shipped(
    name: &'static str,
    package: &'static str,
    feature: &'static str,
    group: &'static str,
) -> Shipped {
    Shipped {
        name,
        package,
        feature,
        group,
    }
}

const PROGRAMS: &[Shipped] = &[
    shipped("till", "sealpoint-terminal", "wayland", "till"),
    shipped("lane", "sealpoint-lane", "", "till"),
    shipped("uplink", "sealpoint-sync", "", "till"),
    shipped("attest", "sealpoint-attest", "", "till"),
    shipped("tillctl", "sealpoint-tillctl", "", "till"),
    shipped("collector", "sealpoint-collector", "", "collector"),
    shipped("till-kms", "sealpoint-terminal", "kms", "till-kms"),
];

/// Programs with their files, by group.
type Groups<'a> = BTreeMap<&'static str, Vec<(&'static Shipped, &'a Path)>>;

/// What `cargo xtask sbom` can be told.
#[derive(Args)]
pub struct Arguments {
    /// What the document is about, such as sealpoint-till
    #[arg(long)]
    pub name: String,
    /// Its version
    #[arg(long)]
    pub release: String,
    /// Debian's packages in it: what dpkg-query said , or mkosi's manifest
    #[arg(long, value_name = "FILE")]
    pub packages: Vec<PathBuf>,
    /// The folder with PACKAGE/copyright of those packages
    #[arg(long, value_name = "FOLDER")]
    pub copyright: Option<PathBuf>,
    /// Where the document goes
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The programs in it, by the names that they are shipped under
    #[arg(required = true, value_name = "PROGRAM")]
    pub programs: Vec<PathBuf>,
}

/// Writes the document.
///
/// # Errors
/// What cannot be read or is not known, with what to do.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    write(&Workspace::find()?, arguments)
}

/// Writes the document; for other commands of `xtask`.
///
/// # Errors
/// What cannot be read or is not known, with what to do.
pub fn write(workspace: &Workspace, arguments: &Arguments) -> Result<(), String> {
    let packages = debian::read(&arguments.packages)?;
    let kind = if packages.is_empty() {
        "application"
    } else {
        "operating-system"
    };
    let mut document = Document::new(kind, &arguments.name, &arguments.release);
    let locked = crates::locked(&workspace.root)?;
    let library = add_library(&mut document, workspace)?;
    let mut programs = BTreeSet::new();
    for (group, shipped) in groups(&arguments.programs)? {
        let asked: Vec<(&str, &str)> = shipped
            .iter()
            .map(|(one, _)| (one.package, one.feature))
            .collect();
        let forest =
            crates::Forest::of(workspace, &asked).map_err(|why| format!("{group}: {why}"))?;
        for (one, path) in shipped {
            let own = format!("program:{}", one.name);
            document.add(
                &own,
                json!({
                    "type": "application",
                    "bom-ref": own,
                    "name": one.name,
                    "version": arguments.release,
                    "hashes": [{"alg": "SHA-256", "content": sha256_of(path)?}],
                }),
            );
            let root = forest.add_to(&mut document, (one.name, one.package), &locked)?;
            document.depend(&own, &root);
            document.depend(&own, &library);
            programs.insert(own);
        }
    }
    let ours = debian::add_to(&mut document, &packages, arguments.copyright.as_deref())?;
    for program in &programs {
        // In an image the programs come with our own packages.
        match ours.as_deref() {
            Some(package) => document.depend(package, program),
            None => document.depend_of_root(program),
        }
    }
    let text = document.finish(&time(workspace)?, sha256)?;
    fs::write(&arguments.out, text)
        .map_err(|why| format!("{} cannot be written: {why}", arguments.out.display()))?;
    say::note(&format!(
        "{}: {} programs, {} packages",
        arguments.out.display(),
        programs.len(),
        packages.len()
    ));
    Ok(())
}

/// Rust's own library, which every program has in it, with the crates that it brings along.
fn add_library(document: &mut Document, workspace: &Workspace) -> Result<String, String> {
    let compiler = said(
        Command::new("rustc")
            .arg("--version")
            .current_dir(&workspace.root),
    )?;
    let version = compiler
        .split(' ')
        .nth(1)
        .ok_or("rustc does not say its version. Install it with rustup.")?;
    let reference = format!("library:rust-std@{version}");
    document.add(
        &reference,
        json!({
            "type": "library",
            "bom-ref": reference,
            "name": "rust-std",
            "version": version,
            "licenses": licence("MIT OR Apache-2.0"),
            "properties": [{"name": "rust:compiler", "value": compiler}],
        }),
    );
    Ok(reference)
}

/// The programs given, by the command that builds them.
fn groups(paths: &[PathBuf]) -> Result<Groups<'_>, String> {
    let mut groups = Groups::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let one = PROGRAMS
            .iter()
            .find(|one| one.name == name)
            .ok_or_else(|| {
                format!("{name} is no program of the house. Name it in src/xtask/src/sbom/mod.rs.")
            })?;
        groups
            .entry(one.group)
            .or_default()
            .push((one, path.as_path()));
    }
    Ok(groups)
}

/// When it was made, which two builds of one commit have in common (RFC 3339, in UTC).
fn time(workspace: &Workspace) -> Result<String, String> {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    let seconds = match given {
        Some(seconds) => seconds,
        None => said(
            Command::new("git")
                .args(["log", "-1", "--format=%ct"])
                .current_dir(&workspace.root),
        )?,
    };
    if seconds.is_empty() || !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(
            "SOURCE_DATE_EPOCH is no number of seconds. Set it, or build in a clone.".into(),
        );
    }
    said(Command::new("date").args([
        "--utc",
        "--date",
        &format!("@{seconds}"),
        "+%Y-%m-%dT%H:%M:%SZ",
    ]))
}

/// What a command says, without the line's end.
fn said(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let out = command
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("{program} cannot be started: {why}. Install it."))?;
    if !out.status.success() {
        let why = String::from_utf8_lossy(&out.stderr);
        return Err(format!("{program} failed: {}", why.trim()));
    }
    String::from_utf8(out.stdout)
        .map(|text| text.trim_end().to_owned())
        .map_err(|_| format!("{program} did not answer with text."))
}

fn sha256_of(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path)
        .map_err(|why| format!("{} cannot be read: {why}. Build it first.", path.display()))?;
    sha256(&bytes)
}

/// SHA-256 in hexadecimal digits (FIPS 180-4), by coreutils, so that `xtask` needs no crate for it.
///
/// # Errors
/// If it cannot be run.
pub fn sha256(bytes: &[u8]) -> Result<String, String> {
    let cannot =
        |why: std::io::Error| format!("sha256sum cannot be used: {why}. Install coreutils.");
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(bytes).map_err(cannot)?;
    }
    let out = child.wait_with_output().map_err(cannot)?;
    let text = String::from_utf8_lossy(&out.stdout);
    match text.split(' ').next() {
        Some(digits) if out.status.success() && digits.len() == 64 => Ok(digits.to_owned()),
        _ => Err("sha256sum did not answer with a hash.".to_owned()),
    }
}

/// A licence as CycloneDX wants it: an expression of SPDX, or nothing.
fn licence(expression: &str) -> Option<Value> {
    // "MIT/Apache-2.0" is how it was written before SPDX.
    let expression = expression.replace('/', " OR ");
    (!expression.is_empty()).then(|| json!([{"expression": expression}]))
}

#[cfg(test)]
mod tests {
    use super::{licence, sha256};
    use serde_json::json;

    #[test]
    fn a_hash_is_the_one_of_the_standard() {
        assert_eq!(
            sha256(b"abc").as_deref(),
            Ok("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
    }

    #[test]
    fn a_licence_of_old_style_becomes_an_expression() {
        assert_eq!(
            licence("MIT/Apache-2.0"),
            Some(json!([{"expression": "MIT OR Apache-2.0"}]))
        );
        assert_eq!(licence(""), None);
    }
}
