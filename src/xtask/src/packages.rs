//! The Debian packages that a command needs, why, and their installation.

use std::env;
use std::io::IsTerminal;
use std::process::{Command, Stdio};

use crate::say;

/// What a package is needed for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Building anything.
    Build,
    /// Asking the collector what it holds, as a till would.
    Compare,
    /// Opening the window on a display.
    Window,
    /// Running the tests.
    Test,
    /// Starting the collector's servers, in tests and to measure them.
    Server,
    /// Installing what only a Python package has.
    Pip,
    /// Making the Debian packages.
    Package,
    /// Building a till that has screen and keys itself.
    Screen,
    /// Measuring.
    Bench,
    /// Building the image of a till.
    Image,
}

/// A Debian package and the reason that it is asked for.
struct Package {
    name: &'static str,
    needed: Use,
    why: &'static str,
}

const fn package(name: &'static str, needed: Use, why: &'static str) -> Package {
    Package { name, needed, why }
}

/// Names are those of Debian 12 and 13.
const PACKAGES: &[Package] = &[
    package(
        "gcc",
        Use::Build,
        "compiles SQLCipher and ring, which are C, and links",
    ),
    package("libc6-dev", Use::Build, "the C library's headers, for both"),
    package(
        "pkg-config",
        Use::Build,
        "tells the build where the libraries below are",
    ),
    package(
        "libssl-dev",
        Use::Build,
        "libcrypto: SQLCipher encrypts the till's journal with it",
    ),
    package(
        "libpcsclite-dev",
        Use::Build,
        "the way to card readers: lane links it",
    ),
    package(
        "libfontconfig-dev",
        Use::Build,
        "finds fonts: Slint's compiler links it, the till opens it",
    ),
    package(
        "curl",
        Use::Compare,
        "asks the collector for its totals with the till's certificate",
    ),
    package(
        "libx11-6",
        Use::Window,
        "the window under X11; opened at start",
    ),
    package(
        "libx11-xcb1",
        Use::Window,
        "the window under X11; opened at start",
    ),
    package("libxcursor1", Use::Window, "the pointer under X11"),
    package("libxi6", Use::Window, "touch under X11"),
    package("libxkbcommon-x11-0", Use::Window, "the keyboard under X11"),
    package("libxkbcommon0", Use::Window, "the keyboard under Wayland"),
    package(
        "libwayland-client0",
        Use::Window,
        "the window under Wayland",
    ),
    package(
        "git",
        Use::Test,
        "lists the files that the style test reads",
    ),
    package(
        "pcscd",
        Use::Test,
        "the card service: the card tests run through a real one",
    ),
    package(
        "vsmartcard-vpcd",
        Use::Test,
        "a reader in software for that card service",
    ),
    package(
        "swtpm",
        Use::Test,
        "a TPM in software: quotes and the roll-back counter",
    ),
    package(
        "iproute2",
        Use::Test,
        "gives that card service a loopback of its own",
    ),
    package(
        "postgresql",
        Use::Server,
        "the collector's store for a chain: tests and benches start servers of their own",
    ),
    package(
        "procps",
        Use::Server,
        "kill and ps, which end those servers",
    ),
    package(
        "strace",
        Use::Test,
        "shows what is on the disk when, and kills a program at each of its calls",
    ),
    package(
        "util-linux",
        Use::Server,
        "setpriv, unshare and mount: other users, and folders that nobody can write to",
    ),
    package(
        "nftables",
        Use::Test,
        "cuts the network between a till, collectors and their servers",
    ),
    package(
        "zstd",
        Use::Test,
        "unpacks the image's first stage, to see what is in it",
    ),
    package(
        "python3-jsonschema",
        Use::Test,
        "holds the list of parts against CycloneDX's schema",
    ),
    package(
        "python3-pip",
        Use::Pip,
        "installs nats-server, which Debian has too old",
    ),
    package(
        "mmdebstrap",
        Use::Image,
        "lays a Debian 13 out in a folder: the image's tools",
    ),
    package(
        "util-linux",
        Use::Image,
        "unshare and mount: entering that folder",
    ),
    package("lintian", Use::Test, "Debian's own look at the packages"),
    package(
        "mmdebstrap",
        Use::Test,
        "a Debian in a folder, to install them in",
    ),
    package(
        "apparmor",
        Use::Package,
        "compiles the profiles that a till is held by",
    ),
    package(
        "udev",
        Use::Test,
        "decides on USB devices; it is asked with the till's rules",
    ),
    package(
        "umockdev",
        Use::Test,
        "USB devices that are not there, for udev",
    ),
    package("systemd", Use::Test, "scores the units, makes the users"),
    package("dpkg-dev", Use::Package, "makes Debian packages"),
    package("debhelper", Use::Package, "puts their files in place"),
    package(
        "dh-apparmor",
        Use::Package,
        "has a package load its AppArmor profiles",
    ),
    package(
        "libinput-dev",
        Use::Screen,
        "keyboards, pointers and touch: a till without a compositor links it",
    ),
    package(
        "libudev-dev",
        Use::Screen,
        "which of them there are, and come and go",
    ),
    package(
        "libxkbcommon-dev",
        Use::Screen,
        "what each key means on the shop's keyboard",
    ),
    package(
        "xvfb",
        Use::Bench,
        "a display in memory, to see the first painted frame",
    ),
    package(
        "xvfb",
        Use::Test,
        "a display in memory: the system hears when a till shows its screen",
    ),
];

/// Checks for the packages of these uses and installs what is missing, after saying so.
///
/// # Errors
/// What is missing and the exact line to run, if it cannot be installed from here.
pub fn ensure(uses: &[Use]) -> Result<(), String> {
    if !runs("dpkg-query", &["--version"]) {
        let names: Vec<&str> = needed(uses).map(|package| package.name).collect();
        say::note("This is no Debian system, so its packages are not checked. Needed are, under");
        say::note(&format!("Debian's names: {}.", names.join(" ")));
        return Ok(());
    }
    let missing: Vec<&Package> = needed(uses)
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    say::heading("Debian packages that are missing");
    for package in &missing {
        say::note(&format!("{:20} {}", package.name, package.why));
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    install(&names)
}

fn needed(uses: &[Use]) -> impl Iterator<Item = &'static Package> {
    PACKAGES
        .iter()
        .filter(move |package| uses.contains(&package.needed))
}

fn is_installed(package: &Package) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package.name])
        .output()
        .is_ok_and(|said| said.stdout == b"installed")
}

fn install(names: &[&str]) -> Result<(), String> {
    let by_hand = format!(
        "apt-get update && apt-get install --yes --no-install-recommends {}",
        names.join(" ")
    );
    let sudo: &[&str] = if is_root() {
        &[]
    } else if !runs("sudo", &["--version"]) {
        return Err(format!(
            "The packages above are missing, and this is neither root nor is there sudo. Run as root: {by_hand}"
        ));
    } else if std::io::stdin().is_terminal() {
        &["sudo"]
    } else {
        // Nobody is there to type a password.
        &["sudo", "--non-interactive"]
    };
    say::note("Installing them now.");
    let update = ["apt-get", "--quiet=2", "update"];
    let install = [
        &["apt-get", "--quiet=2", "install"][..],
        &["--yes", "--no-install-recommends"],
        names,
    ]
    .concat();
    for line in [&update[..], &install] {
        let line = [sudo, line].concat();
        say::note(&format!("$ {}", line.join(" ")));
        if !succeeds(&line) {
            return Err(format!(
                "The packages could not be installed. Run as root, then try again: {by_hand}"
            ));
        }
    }
    Ok(())
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|said| said.stdout.trim_ascii() == b"0")
}

fn succeeds(line: &[&str]) -> bool {
    let Some((program, arguments)) = line.split_first() else {
        return false;
    };
    Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Standard output may be the till's.
        .stdout(Stdio::from(std::io::stderr()))
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether a program is there at all.
pub fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether there is a display to open a window on.
pub fn has_display() -> bool {
    ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}
