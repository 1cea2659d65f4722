//! `cargo xtask deb`: the Debian packages of a till and of the collector.
//!
//! Cargo builds the programs as shipped, without the demo; debhelper puts them in place with what
//! lies in `packaging/`. The same tree gives the same bytes: all times are the last commit's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::cargo::{Profile, Workspace};
use crate::packages::{self, Use};
use crate::{progress, say, sbom};

/// What `cargo xtask deb` can be told.
#[derive(Args)]
pub struct Arguments {
    /// How the programs are built; dev is quick, and for tests of the packages
    #[arg(long, value_enum, default_value = "release")]
    profile: Profile,
    /// Folder that gets the packages; target/deb if not given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder with programs that are built already
    #[arg(long, value_name = "DIR")]
    binaries: Option<PathBuf>,
    /// Also build the till that draws without a compositor, in a target folder of its own
    #[arg(long, conflicts_with = "binaries")]
    kms: bool,
    /// Version of the packages; the changelog's if not given
    #[arg(long, value_name = "VERSION", value_parser = debian_version)]
    version: Option<String>,
}

/// A program, the crate that it comes from, and the package that it goes into.
struct Program {
    name: &'static str,
    from: &'static str,
    package: &'static str,
    /// What of the crate is built in: production, and one display.
    features: Option<&'static str>,
}

const fn program(name: &'static str, from: &'static str, package: &'static str) -> Program {
    Program {
        name,
        from,
        package,
        features: None,
    }
}

const TILL: &str = "sealpoint-till";
const COLLECTOR: &str = "sealpoint-collector";
/// Every program that is shipped.
const PROGRAMS: &[Program] = &[
    Program {
        features: Some("sealpoint-terminal/wayland"),
        ..program("till", "sealpoint-terminal", TILL)
    },
    program("lane", "sealpoint-lane", TILL),
    program("uplink", "sealpoint-sync", TILL),
    program("tillctl", "sealpoint-tillctl", TILL),
    program("attest", "sealpoint-attest", TILL),
    program("collector", "sealpoint-collector", COLLECTOR),
];
/// The till that draws without a compositor, which is the same program with another display
/// (docs/display.md).
const TILL_KMS: Program = Program {
    features: Some("sealpoint-terminal/kms"),
    ..program("till-kms", "sealpoint-terminal", TILL)
};
/// What of the repository goes into the packages beside the programs. The image's own files stay out.
const PARTS: &[&str] = &[
    "packaging/apparmor",
    "packaging/examples",
    "packaging/man",
    "packaging/nftables",
    "packaging/polkit",
    "packaging/sysctl.d",
    "packaging/systemd",
    "packaging/sysusers.d",
    "packaging/tmpfiles.d",
    "packaging/udev",
];

/// Builds both packages.
///
/// # Errors
/// What is missing, or which step failed.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let workspace = Workspace::find()?;
    packages::ensure(&[Use::Build, Use::Package])?;
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => workspace.target.join("deb"),
    };
    let programs = match &arguments.binaries {
        Some(folder) => given(folder),
        None => built(&workspace, arguments.profile, arguments.kms)?,
    };
    let version = arguments.version.as_deref();
    pack(&workspace, &programs, &out, version, arguments.profile)
}

/// The same for the image, which wants programs as tests build them, or as shipped, and with `kms`
/// the till without a compositor too.
///
/// # Errors
/// Which step failed.
pub fn make(workspace: &Workspace, dev: bool, kms: bool, out: &Path) -> Result<(), String> {
    let profile = if dev { Profile::Dev } else { Profile::Release };
    let programs = built(workspace, profile, kms)?;
    for old in made(out) {
        fs::remove_file(&old)
            .map_err(|error| format!("{} cannot be removed: {error}.", old.display()))?;
    }
    pack(workspace, &programs, out, None, profile)
}

fn pack(
    workspace: &Workspace,
    programs: &[Ready<'_>],
    out: &Path,
    version: Option<&str>,
    profile: Profile,
) -> Result<(), String> {
    let source = out.join("source");
    lay_out(workspace, programs, &source).map_err(|error| {
        format!("The packages' source cannot be laid out in {}: {error}. Check that it can be written to.", source.display())
    })?;
    if let Some(version) = version {
        set_version(&source, version)?;
    }
    if profile == Profile::Release {
        list_parts(workspace, programs, &source, version)?;
    }
    say::heading("Packing");
    let mut packing = Command::new("dpkg-buildpackage");
    packing
        .args(["--build=binary", "--no-sign", "--jobs=2"])
        .current_dir(&source)
        // What the environment says of the compiler is nothing to packages of ready programs.
        .env("SOURCE_DATE_EPOCH", last_commit(workspace)?)
        .env("LC_ALL", "C.UTF-8")
        .env("DEB_BUILD_OPTIONS", "nocheck");
    if profile == Profile::Dev {
        // Smaller by the programs' debugging, larger by a quick compressor.
        packing
            .env("SEALPOINT_STRIP", "1")
            .env("DPKG_DEB_COMPRESSOR_LEVEL", "1");
    }
    if !progress::run(&mut packing, "packing", None)?.ok {
        return Err("The packages could not be made; debhelper says why above.".to_owned());
    }
    for package in made(out) {
        say::line(&package.display().to_string());
    }
    Ok(())
}

/// What each package is made of. Packages for tests have stripped programs, of other hashes.
fn list_parts(
    workspace: &Workspace,
    programs: &[Ready<'_>],
    source: &Path,
    version: Option<&str>,
) -> Result<(), String> {
    for package in [TILL, COLLECTOR] {
        let folder = source.join("sbom").join(package);
        fs::create_dir_all(&folder)
            .map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
        let ours = programs.iter().filter(|(one, _)| one.package == package);
        sbom::write(
            workspace,
            &sbom::Arguments {
                name: package.to_owned(),
                release: version.unwrap_or(env!("CARGO_PKG_VERSION")).to_owned(),
                packages: vec![],
                copyright: None,
                out: folder.join("sbom.cdx.json"),
                programs: ours
                    .map(|(one, _)| source.join("programs").join(package).join(one.name))
                    .collect(),
            },
        )?;
    }
    Ok(())
}

/// A program and where it lies.
type Ready<'a> = (&'a Program, PathBuf);

/// The programs in a folder, by name.
fn given(folder: &Path) -> Vec<Ready<'static>> {
    let kms = Some(&TILL_KMS).filter(|kms| folder.join(kms.name).exists());
    PROGRAMS
        .iter()
        .chain(kms)
        .map(|program| (program, folder.join(program.name)))
        .collect()
}

/// Builds the programs. Crates are built where every other command has them; the programs go
/// elsewhere, so that the demo's of the same names stay what they are.
fn built(
    workspace: &Workspace,
    profile: Profile,
    kms: bool,
) -> Result<Vec<Ready<'static>>, String> {
    say::heading("Building the programs as shipped");
    let target = workspace.target.join("package");
    let mut ready = vec![];
    // Each package by itself, so that none gets a feature that another asked for.
    for package in [TILL, COLLECTOR] {
        let ours = |program: &&Program| program.package == package;
        let programs: Vec<&Program> = PROGRAMS.iter().filter(ours).collect();
        let mut cargo = workspace.cargo();
        cargo.env("CARGO_BUILD_BUILD_DIR", &workspace.target);
        let folder = build(workspace, cargo, &target, &programs, profile)?;
        ready.extend(programs.into_iter().map(|p| (p, folder.join(p.name))));
    }
    if kms {
        packages::ensure(&[Use::Screen])?;
        // Slint with another display is another Slint: these crates are nobody else's.
        let target = workspace.target.join("kms");
        let folder = build(workspace, workspace.cargo(), &target, &[&TILL_KMS], profile)?;
        ready.push((&TILL_KMS, folder.join("till")));
    }
    Ok(ready)
}

/// Builds these programs into that target folder; gives the folder that they are in.
fn build(
    workspace: &Workspace,
    mut cargo: Command,
    target: &Path,
    programs: &[&Program],
    profile: Profile,
) -> Result<PathBuf, String> {
    cargo
        .args(["build", "--bins", "--locked", "--no-default-features"])
        .arg(progress::TELL)
        .env("CARGO_TARGET_DIR", target);
    let crates: Vec<&str> = programs.iter().map(|program| program.from).collect();
    for program in programs {
        cargo.args(["--package", program.from]);
        cargo.args(program.features.map(|name| format!("--features={name}")));
    }
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    let ended = progress::run(&mut cargo, "building", workspace.crates(&crates))?;
    if !ended.ok {
        return Err("The build failed; Cargo says why above. Mend it and try again.".to_owned());
    }
    Ok(target.join(match profile {
        Profile::Release => "release",
        Profile::Dev => "debug",
    }))
}

/// Makes the source that debhelper works on: `debian/` in front, the programs beside it.
fn lay_out(workspace: &Workspace, programs: &[Ready<'_>], source: &Path) -> io::Result<()> {
    if source.exists() {
        fs::remove_dir_all(source)?;
    }
    fs::create_dir_all(source.join("packaging"))?;
    copy(
        &workspace.root.join("packaging/debian"),
        &source.join("debian"),
    )?;
    for part in PARTS {
        copy(&workspace.root.join(part), &source.join(part))?;
    }
    for (program, file) in programs {
        let folder = source.join("programs").join(program.package);
        fs::create_dir_all(&folder)?;
        copy(file, &folder.join(program.name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", from.display()));
    if !from.is_dir() {
        return fs::copy(from, to).map(drop).map_err(named);
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from).map_err(named)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

/// Makes this the version of the changelog's newest entry.
fn set_version(source: &Path, version: &str) -> Result<(), String> {
    let path = source.join("debian/changelog");
    let wrong = |error: io::Error| format!("The changelog cannot be changed: {error}.");
    let text = fs::read_to_string(&path).map_err(wrong)?;
    let (Some(begin), Some(end)) = (text.find('('), text.find(')')) else {
        return Err("The changelog names no version: packaging/debian/changelog.".to_owned());
    };
    let mut changed = text;
    changed.replace_range(begin..=end, &format!("({version})"));
    fs::write(&path, changed).map_err(wrong)
}

/// When the last commit was made, seconds; the changelog's date where there is no repository. What
/// SOURCE_DATE_EPOCH says goes before both (reproducible-builds.org, its specification).
pub fn last_commit(workspace: &Workspace) -> Result<String, String> {
    if let Ok(said) = std::env::var("SOURCE_DATE_EPOCH") {
        return Ok(said);
    }
    let said = |program: &str, arguments: &[&str]| {
        let said = Command::new(program)
            .args(arguments)
            .current_dir(&workspace.root)
            .output()
            .ok()
            .filter(|said| said.status.success())?;
        let text = String::from_utf8(said.stdout).ok()?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    said("git", &["log", "-1", "--format=%ct"])
        .or_else(|| {
            let changelog = "-lpackaging/debian/changelog";
            said("dpkg-parsechangelog", &["-STimestamp", changelog])
        })
        .ok_or_else(|| "Neither git nor the changelog says a date.".to_owned())
}

/// The packages in a folder, in order.
fn made(out: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(out)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "deb"))
        .collect();
    found.sort();
    found
}

/// A version without an epoch or a revision (Debian Policy, 5.6.12).
fn debian_version(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".+~".contains(c);
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("a version begins with a digit and has letters, digits, `.`, `+` and `~`".to_owned())
    }
}
