//! What systemd starts, and what a key or a cable could have it start.

use crate::image::Image;
use crate::tree::{Kind, Tree};

/// Folders of units, later ones first in systemd's eyes.
const FOLDERS: &[&str] = &["usr/lib/systemd/system", "etc/systemd/system"];
/// What begins a unit's name that would offer a console, a login or a debugging port.
const CONSOLES: &[&str] = &[
    "getty",
    "serial-getty@",
    "console-getty",
    "container-getty@",
    "autovt@",
    "debug-shell",
    "emergency.service",
    "rescue.service",
    "ssh",
    "sshd",
    "systemd-homed",
    "systemd-firstboot",
    "systemd-journal-gatewayd",
    "systemd-journal-remote",
];
/// Reached by keys: Ctrl+Alt+Del, Alt+Up.
const KEYS: &[&str] = &["ctrl-alt-del.target", "kbrequest.target"];
/// Ctrl+Alt+Del seven times in two seconds reboots at once, whatever the target's mask says
/// (systemd-system.conf(5)).
const BURST: &str = "CtrlAltDelBurstAction=none";
/// What an image boots into.
const TARGETS: &[&str] = &["graphical.target", "multi-user.target", "sealpoint.target"];

/// Every unit that another one pulls in by a link, against the list; and that its program is there.
pub fn enabled(image: &Image) -> Result<Vec<String>, String> {
    let root = &image.root;
    let mut found = vec![];
    for folder in FOLDERS {
        for (name, entry) in root.folder(folder) {
            let pulls = [".wants", ".requires", ".upholds"];
            if entry.kind != Kind::Folder || !pulls.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            // Targets of the first stage are never reached from the root.
            if name.starts_with("initrd-") || name.starts_with("initrd.") {
                continue;
            }
            for (unit, _) in root.folder(&format!("{folder}/{name}")) {
                if !unit_file(root, unit).is_some_and(|path| is_masked(root, &path)) {
                    found.push(format!("{name}/{unit}"));
                }
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        return Err("no unit is enabled at all".to_owned());
    }
    let mut faults = image
        .lists
        .units
        .compare("unit", found.iter().map(String::as_str));
    for one in &found {
        let unit = one.rsplit('/').next().unwrap_or(one);
        faults.extend(missing_programs(root, unit)?);
    }
    faults.sort_unstable();
    faults.dedup();
    Ok(faults)
}

/// The file that counts for a unit: /etc before /usr, the instance's own before its template's.
fn unit_file(root: &Tree, unit: &str) -> Option<String> {
    let template = unit
        .split_once('@')
        .and_then(|(name, rest)| Some(format!("{name}@.{}", rest.rsplit_once('.')?.1)));
    [Some(unit.to_owned()), template]
        .into_iter()
        .flatten()
        .flat_map(|name| FOLDERS.iter().rev().map(move |f| format!("{f}/{name}")))
        .find(|path| root.entry(path).is_some())
}

/// Programs that a unit starts and that are not in the image, shells above all.
fn missing_programs(root: &Tree, unit: &str) -> Result<Vec<String>, String> {
    let Some(path) = unit_file(root, unit) else {
        return Ok(vec![format!("{unit}: enabled, and there is no such unit")]);
    };
    let mut faults = vec![];
    for line in root.text(&path)?.lines() {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        if !key.starts_with("Exec") || key == "ExecSearchPath" || key == "ExecPaths" {
            continue;
        }
        // Prefixes of systemd.service(5): "-" says that it may be missing.
        let program = value.trim_start_matches(['@', ':', '+', '!', '|']);
        let (Some(program), false) = (program.split_whitespace().next(), program.starts_with('-'))
        else {
            continue;
        };
        if program.starts_with('/') && root.resolve(program).is_none() {
            faults.push(format!("{path}: starts {program}, which is not there"));
        }
    }
    Ok(faults)
}

fn is_masked(root: &Tree, path: &str) -> bool {
    match root.entry(path).map(|entry| (&entry.kind, entry.bytes())) {
        Some((Kind::Link(to), _)) => to == "/dev/null",
        Some((Kind::File, Ok(bytes))) => bytes.is_empty(),
        _ => false,
    }
}

/// Consoles, keys that reach systemd, further virtual terminals, and what is booted into.
pub fn consoles(image: &Image) -> Result<Vec<String>, String> {
    let root = &image.root;
    let mut faults = vec![];
    for folder in FOLDERS {
        for (name, entry) in root.folder(folder) {
            let console = CONSOLES.iter().any(|start| name.starts_with(start));
            if !console || name.ends_with(".target") || entry.kind == Kind::Folder {
                continue;
            }
            let path = unit_file(root, name).unwrap_or_else(|| format!("{folder}/{name}"));
            if !is_masked(root, &path) && reads_keys(root, name, &path)? {
                faults.push(format!("{path}: a console, there and not masked"));
            }
        }
    }
    for key in KEYS {
        // A mask in /etc counts over a unit in /usr.
        let there: Vec<String> = FOLDERS
            .iter()
            .rev()
            .map(|folder| format!("{folder}/{key}"))
            .filter(|path| root.entry(path).is_some())
            .collect();
        if there.first().is_none_or(|path| !is_masked(root, path)) {
            faults.push(format!("{key}: not masked"));
        }
    }
    let boots_into = FOLDERS
        .iter()
        .rev()
        .find_map(|folder| root.resolve(&format!("{folder}/default.target")))
        .ok_or("there is no default.target")?;
    let name = boots_into.rsplit('/').next().unwrap_or_default();
    if !TARGETS.contains(&name) {
        faults.push(format!("default.target: leads to {name}"));
    }
    faults.extend(terminals(root)?);
    if !drop_ins(root, "system.conf.d")?
        .lines()
        .any(|line| line.trim() == BURST)
    {
        faults.push(format!("system.conf.d: {BURST} is not set"));
    }
    Ok(faults)
}

/// The text of all drop-ins of one of systemd's own settings files.
fn drop_ins(root: &Tree, name: &str) -> Result<String, String> {
    let mut said = String::new();
    for above in ["usr/lib/systemd", "etc/systemd"] {
        let folder = format!("{above}/{name}");
        for (file, _) in root.folder(&folder) {
            said.push_str(&root.text(&format!("{folder}/{file}"))?);
            said.push('\n');
        }
    }
    Ok(said)
}

/// Whether a unit, with its drop-ins, has the console as its input. One of ours in a stock unit's place
/// has not.
fn reads_keys(root: &Tree, name: &str, path: &str) -> Result<bool, String> {
    if !path.starts_with("etc/") {
        return Ok(true);
    }
    let mut text = root.text(path)?;
    for folder in FOLDERS {
        let folder = format!("{folder}/{name}.d");
        for (file, _) in root.folder(&folder) {
            text.push_str(&root.text(&format!("{folder}/{file}"))?);
        }
    }
    Ok(text
        .lines()
        .any(|line| line.starts_with("StandardInput=tty") || line.starts_with("TTYPath=")))
}

/// Where there is a logind it makes no terminal when one is switched to.
fn terminals(root: &Tree) -> Result<Option<String>, String> {
    if root.entry("usr/lib/systemd/systemd-logind").is_none() {
        return Ok(None);
    }
    let said = drop_ins(root, "logind.conf.d")?;
    let none = ["NAutoVTs=0", "ReserveVT=0"];
    let well = none
        .iter()
        .all(|line| said.lines().any(|one| one.trim() == *line));
    Ok((!well).then(|| "logind.conf.d: NAutoVTs=0 and ReserveVT=0 are not both set".to_owned()))
}

/// Services that the message bus would start for whoever asks.
pub fn bus(image: &Image) -> Result<Vec<String>, String> {
    let folders = [
        "usr/share/dbus-1/system-services",
        "usr/share/dbus-1/services",
        "etc/dbus-1/system-services",
        "usr/local/share/dbus-1/system-services",
    ];
    let found: Vec<String> = folders
        .iter()
        .flat_map(|folder| image.root.folder(folder))
        .map(|(name, _)| name.to_owned())
        .collect();
    Ok(image
        .lists
        .bus
        .compare("service", found.iter().map(String::as_str)))
}
