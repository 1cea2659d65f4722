//! How much of the machine each unit may reach, by systemd's own score.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::inside::{packaging, tried};

/// The most that a unit may be exposed, in tenths.
const THRESHOLD: u32 = 15;

/// What Debian 12 does not know yet and passes over: pauses that grow, and a folder for what is
/// temporary without waiting for /var.
const NEWER: [&str; 3] = ["RestartSteps", "RestartMaxDelaySec", "disconnected"];

/// A unit's score and whether it is below the threshold.
fn score(unit: &Path) -> (f32, bool) {
    let (well, said) = tried(
        Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(format!("--threshold={THRESHOLD}"))
            .arg(unit),
    );
    let line = said
        .lines()
        .find(|line| line.contains("Overall exposure level for"))
        .unwrap_or_else(|| panic!("no score for {}: {said}", unit.display()));
    let words: Vec<&str> = line.split_whitespace().collect();
    let score = words
        .iter()
        .find_map(|word| word.parse().ok())
        .unwrap_or_else(|| panic!("no score in: {line}"));
    (score, well)
}

/// The services in `packaging/systemd`, all owners'.
fn services() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(packaging("systemd"))
        .expect("the units' folder")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|end| end == "service"))
        .collect();
    found.sort();
    assert!(found.len() > 10, "only {found:?}");
    found
}

#[test]
fn every_unit_scores_one_and_a_half_or_less() {
    let mut too_much = vec![];
    println!("exposure  unit");
    for unit in services() {
        let (score, well) = score(&unit);
        let name = unit.file_name().expect("it was listed").to_string_lossy();
        println!("{score:8.1}  {name}");
        if !well || score > 1.5 {
            too_much.push(format!("{name} {score}"));
        }
    }
    assert!(too_much.is_empty(), "over 1.5: {too_much:?}");
}

#[test]
fn a_unit_without_its_measures_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unit = "sealpoint-uplink@.service";
    let text = fs::read_to_string(packaging("systemd").join(unit)).expect("a unit");
    for gone in ["SystemCallFilter=", "CapabilityBoundingSet="] {
        let less: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with(gone))
            .collect();
        let path = folder.path().join(unit);
        fs::write(&path, less.join("\n")).expect("a file in a temporary folder");
        let (score, well) = score(&path);
        assert!(!well && score > 1.5, "without {gone} it is {score}");
    }
}

#[test]
fn the_card_service_is_locked_down_as_well() {
    // Debian 12's unit, which takes nothing from it, and what the package adds.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unit = folder.path().join("pcscd.service");
    let theirs = "[Service]\nExecStart=/usr/sbin/pcscd --foreground --auto-exit\n";
    fs::write(&unit, theirs).expect("a file in a temporary folder");
    let (before, _) = score(&unit);
    assert!(before > 9.0, "{before}");
    let ours = packaging("systemd/pcscd.service.d/50-sealpoint.conf");
    let ours = fs::read_to_string(ours).expect("the drop-in");
    fs::write(&unit, format!("{theirs}{ours}")).expect("a file in a temporary folder");
    let (after, well) = score(&unit);
    println!("{before:8.1}  pcscd.service as Debian 12 has it\n{after:8.1}  with the package");
    assert!(well && after <= 1.5, "{after}");
}

#[test]
fn a_till_that_has_the_screen_itself_stays_below_as_well() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unit = folder.path().join("sealpoint-till.service");
    let till = packaging("systemd/sealpoint-till.service");
    let till = fs::read_to_string(till).expect("the till's unit");
    let more = packaging(
        "image/mkosi.profiles/kms/mkosi.extra/usr/lib/systemd/system/sealpoint-till.service.d/50-kms.conf",
    );
    let more = fs::read_to_string(more).expect("what the profile kms gives it");
    fs::write(&unit, format!("{till}\n{more}")).expect("a file in a temporary folder");
    let (with, well) = score(&unit);
    println!("{with:8.1}  sealpoint-till.service in the profile kms");
    assert!(well && with <= 1.5, "{with}");
    // The score saw the profile's words: the same with more of them is found.
    let more = more.replace("DeviceAllow=char-drm rw", "DevicePolicy=auto\nDeviceAllow=");
    let more = format!("{more}\nSystemCallFilter=\nNoNewPrivileges=no\nCapabilityBoundingSet=~\n");
    fs::write(&unit, format!("{till}\n{more}")).expect("a file in a temporary folder");
    let (without, well) = score(&unit);
    assert!(!well && without > 1.5, "{without}");
}

#[test]
fn every_right_that_a_unit_keeps_is_explained() {
    for unit in services() {
        let text = fs::read_to_string(&unit).expect("a unit");
        let kept = text.lines().filter(|line| line.starts_with("# Kept: "));
        assert!(kept.count() > 1, "{} says nothing", unit.display());
    }
}

#[test]
fn systemd_understands_every_unit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for unit in services() {
        let text = fs::read_to_string(&unit).expect("a unit");
        let name = unit.file_name().expect("it was listed");
        // The programs are not on this machine.
        let text = text.replace("ExecStart=/usr/", "ExecStart=-/usr/");
        let name = name.to_string_lossy().replace("@.", "@1.");
        let path = folder.path().join(&*name);
        fs::write(&path, text).expect("a file in a temporary folder");
        let (_, said) = tried(
            Command::new("systemd-analyze")
                .args(["verify", "--man=no", "--recursive-errors=no"])
                .arg(&path),
        );
        for fault in ["Unknown", "Failed to parse", "Invalid", "lvalue"] {
            let line = said.lines().find(|line| {
                line.contains(fault) && !NEWER.iter().any(|newer| line.contains(newer))
            });
            assert_eq!(line, None, "{name}");
        }
    }
}
