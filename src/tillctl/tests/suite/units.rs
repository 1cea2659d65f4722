//! The units of a till as one machine starts them: systemd's own check finds no circle in their
//! order. A circle is broken by leaving a unit out, which one shows at the next start alone.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::bench::folder;

/// The machine's own units.
const SYSTEM: &str = "/usr/lib/systemd/system";

/// All units of a till in a folder, wanted by whom they say.
fn installed() -> TempDir {
    let folder = folder();
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/systemd");
    for entry in fs::read_dir(units).expect("the units").flatten() {
        let name = entry.file_name().into_string().expect("text");
        if !entry.path().is_file() || name.contains("collector") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).expect("text");
        fs::write(folder.path().join(&name), &text).expect("written");
        for (key, kind) in [("WantedBy=", "wants"), ("RequiredBy=", "requires")] {
            for target in text.lines().filter_map(|line| line.strip_prefix(key)) {
                let wants = folder.path().join(format!("{target}.{kind}"));
                fs::create_dir_all(&wants).expect("made");
                symlink(format!("../{name}"), wants.join(&name)).expect("linked");
            }
        }
    }
    let networkd = "systemd-networkd.service";
    let wants = folder.path().join("multi-user.target.wants");
    symlink(Path::new(SYSTEM).join(networkd), wants.join(networkd)).expect("linked");
    folder
}

/// What systemd says of circles when all of that starts.
fn circles(units: &Path) -> Vec<String> {
    let path = format!("{}:{SYSTEM}", units.display());
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "multi-user.target"])
        .env("SYSTEMD_UNIT_PATH", path)
        .output()
        .expect("the Debian package systemd is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let of_circles = |line: &&str| line.contains("cycle");
    said.lines().filter(of_circles).map(str::to_owned).collect()
}

#[test]
fn the_units_of_a_till_start_in_an_order_that_exists() {
    let units = installed();
    assert_eq!(circles(units.path()), Vec::<String>::new());
}

/// The check can fail: a service that a socket is to wait for.
#[test]
fn a_circle_in_the_order_is_found() {
    let units = installed();
    let unit: PathBuf = units.path().join("sealpoint-keys.service");
    let text = fs::read_to_string(&unit).expect("there");
    let circle = text.replacen("[Unit]\n", "[Unit]\nBefore=sealpoint-lane.socket\n", 1);
    fs::write(&unit, circle).expect("written");
    assert_ne!(circles(units.path()), Vec::<String>::new());
}
