//! What the kernel is told once it runs, and who the image says it is.

use std::collections::BTreeMap;

use crate::image::Image;
use crate::tree::{Kind, Tree};

/// Settings of sysctl(8): the name, the values that will do, and what would be possible otherwise.
const WANTED: &[(&str, &[&str], &str)] = &[
    ("kernel.sysrq", &["0"], "keys that kill, reboot or dump"),
    (
        "kernel.core_pattern",
        &["", "|/bin/false"],
        "memory written to a disk",
    ),
    (
        "fs.suid_dumpable",
        &["0"],
        "memory of a changed process written to a disk",
    ),
    (
        "kernel.yama.ptrace_scope",
        &["3"],
        "one process reading another",
    ),
    (
        "kernel.kexec_load_disabled",
        &["1"],
        "another kernel without Secure Boot",
    ),
    (
        "kernel.unprivileged_bpf_disabled",
        &["1", "2"],
        "programs in the kernel",
    ),
    ("kernel.dmesg_restrict", &["1"], "addresses of the kernel"),
    ("kernel.kptr_restrict", &["2"], "addresses of the kernel"),
    (
        "kernel.perf_event_paranoid",
        &["3", "4"],
        "watching other processes",
    ),
    (
        "net.core.bpf_jit_harden",
        &["2"],
        "constants in the kernel's generated code",
    ),
    ("fs.protected_hardlinks", &["1"], "links to others' files"),
    ("fs.protected_symlinks", &["1"], "links in shared folders"),
    ("fs.protected_fifos", &["2"], "pipes in shared folders"),
    ("fs.protected_regular", &["2"], "files in shared folders"),
    (
        "dev.tty.ldisc_autoload",
        &["0"],
        "drivers that a terminal loads",
    ),
    ("net.ipv4.ip_forward", &["0"], "packets passed on"),
];

/// Where settings lie; of two files with one name, the one in the earlier folder counts.
const FOLDERS: &[&str] = &["etc/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d"];

/// What systemd-sysctl would set, against what is wanted.
pub fn sysctl(image: &Image) -> Result<Vec<String>, String> {
    let settings = effective(&image.root)?;
    Ok(WANTED
        .iter()
        .filter_map(|(name, values, why)| {
            let set = settings.get(*name).map(String::as_str);
            let well = set.is_some_and(|set| values.contains(&set));
            (!well).then(|| {
                format!(
                    "{name} is {}, not {}: {why}",
                    set.unwrap_or("not set"),
                    values.join(" or ")
                )
            })
        })
        .collect())
}

/// All files in the order of their names, later lines over earlier ones (sysctl.d(5)).
fn effective(root: &Tree) -> Result<BTreeMap<String, String>, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for folder in FOLDERS {
        for (name, entry) in root.folder(folder) {
            if name.ends_with(".conf") && entry.kind != Kind::Folder {
                files
                    .entry(name.to_owned())
                    .or_insert_with(|| format!("{folder}/{name}"));
            }
        }
    }
    let mut settings = BTreeMap::new();
    for path in files.values() {
        // A link to /dev/null takes a file out.
        if let Some(Kind::Link(to)) = root.entry(path).map(|entry| &entry.kind)
            && to == "/dev/null"
        {
            continue;
        }
        for line in root.text(path)?.lines() {
            let line = line.trim().trim_start_matches('-');
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                continue;
            };
            settings.insert(name.trim().replace('/', "."), value.trim().to_owned());
        }
    }
    Ok(settings)
}

/// The retailer's root of trust, our programs, and a version that all say alike.
pub fn identity(image: &Image) -> Result<Vec<String>, String> {
    let root = &image.root;
    let mut faults = vec![];
    for path in [
        "etc/sealpoint/retailer.pub.toml",
        "usr/share/sealpoint/image.toml",
        "usr/lib/sealpoint/till",
        "usr/lib/sealpoint/lane",
        "usr/lib/sealpoint/uplink",
        "usr/bin/tillctl",
    ] {
        match root.resolve(path).and_then(|at| root.entry(&at)) {
            Some(entry) if entry.kind == Kind::File && !entry.bytes()?.is_empty() => {}
            Some(_) => faults.push(format!("{path}: empty or no file")),
            None => faults.push(format!("{path}: not there")),
        }
    }
    let release = root.text("etc/os-release")?;
    let field = |name: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches(['"', '\'']).to_owned())
    };
    if field("IMAGE_ID").as_deref() != Some("sealpoint") {
        faults.push("etc/os-release: IMAGE_ID is not sealpoint".to_owned());
    }
    let version = field("IMAGE_VERSION").unwrap_or_default();
    if version.is_empty() {
        faults.push("etc/os-release: no IMAGE_VERSION".to_owned());
    }
    if let Ok(text) = root.text("usr/share/sealpoint/image.toml") {
        faults.extend(image_file(&text, &version));
    }
    Ok(faults)
}

/// What updates go by: the version, the index that never goes back, the journals that it can read.
fn image_file(text: &str, version: &str) -> Vec<String> {
    let at = "usr/share/sealpoint/image.toml";
    let Ok(said) = text.parse::<toml::Table>() else {
        return vec![format!("{at}: not TOML")];
    };
    let mut faults = vec![];
    if said.get("version").and_then(toml::Value::as_str) != Some(version) {
        faults.push(format!("{at}: another version than etc/os-release"));
    }
    if said
        .get("rollback_index")
        .and_then(toml::Value::as_integer)
        .is_none()
    {
        faults.push(format!("{at}: no rollback_index"));
    }
    let journals = said.get("journal_reads").and_then(toml::Value::as_array);
    if journals.is_none_or(Vec::is_empty) {
        faults.push(format!("{at}: no journal_reads"));
    }
    faults
}
