//! The policies that the kernel is given: each is understood whole by the program that gives it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::inside::{packaging, run, tried};

/// The profiles, without what they include.
fn profiles() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(packaging("apparmor"))
        .expect("the profiles' folder")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    assert!(found.len() >= 5, "only {found:?}");
    found
}

/// Compiles a profile as the image does, which loads nothing.
fn compile(profile: &Path) -> (bool, Vec<u8>) {
    let done = Command::new("apparmor_parser")
        .args([
            "--skip-kernel-load",
            "--skip-cache",
            "--stdout",
            "--Include",
        ])
        .arg(packaging("apparmor"))
        .args(["--Include", "/etc/apparmor.d"])
        .arg(profile)
        .output()
        .expect("apparmor_parser starts: install apparmor");
    (done.status.success(), done.stdout)
}

#[test]
fn every_profile_compiles() {
    for profile in profiles() {
        let (well, policy) = compile(&profile);
        assert!(well, "{}", profile.display());
        let name = profile.file_name().expect("it was listed");
        let name = name.to_string_lossy();
        let holds = |word: &str| policy.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(
            holds("version") && holds(&name),
            "{name} is not in its policy"
        );
    }
}

#[test]
fn a_profile_that_is_wrong_does_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lane = fs::read_to_string(packaging("apparmor/sealpoint-lane")).expect("a profile");
    let path = folder.path().join("sealpoint-lane");
    fs::write(&path, lane.replace("mrix,", "mrix")).expect("a file in it");
    let (well, policy) = compile(&path);
    assert!(!well && policy.is_empty());
}

#[test]
fn no_profile_gives_a_capability_or_runs_freely() {
    for profile in profiles() {
        let text = fs::read_to_string(&profile).expect("a profile");
        let text = text
            + &fs::read_to_string(packaging("apparmor/abstractions/sealpoint")).expect("a file");
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
        {
            let words: Vec<&str> = line.trim_end_matches(',').split_whitespace().collect();
            let rights = words.last().copied().unwrap_or_default();
            assert!(
                !matches!(
                    words.first(),
                    Some(&("capability" | "ptrace" | "mount" | "change_profile"))
                ),
                "{}: {line}",
                profile.display()
            );
            assert!(
                !line.starts_with('/') || !rights.to_lowercase().contains("ux"),
                "{}: {line}",
                profile.display()
            );
            let network = line.starts_with("network inet");
            let may = profile.ends_with("sealpoint-uplink");
            assert!(may || !network, "{}: {line}", profile.display());
        }
    }
}

#[test]
fn every_setting_of_the_kernel_is_one_and_says_why() {
    let text = fs::read_to_string(packaging("sysctl.d/60-sealpoint-till.conf")).expect("settings");
    let mut explained = false;
    let mut names = vec![];
    for line in text.lines() {
        match line.split_once(" = ") {
            _ if line.starts_with('#') => explained = true,
            None => {
                assert_eq!(line, "");
                explained = false;
            }
            Some((name, _)) => {
                assert!(explained, "{name} is not explained");
                names.push(name.to_owned());
            }
        }
    }
    for must in [
        "kernel.sysrq = 0",
        "kernel.yama.ptrace_scope = 3",
        "kernel.kexec_load_disabled = 1",
        "kernel.unprivileged_bpf_disabled = 1",
        "kernel.unprivileged_userns_clone = 0",
        "kernel.dmesg_restrict = 1",
        "fs.suid_dumpable = 0",
        "fs.protected_symlinks = 1",
    ] {
        assert!(text.lines().any(|line| line == must), "{must} is missing");
    }
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len(), "a setting is there twice");
}

#[test]
fn users_have_the_same_numbers_in_every_image() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("etc")).expect("a folder in it");
    let mut sysusers = Command::new("systemd-sysusers");
    sysusers.arg("--root").arg(folder.path());
    run(sysusers.arg(packaging("sysusers.d/sealpoint-till.conf")));
    let made = fs::read_to_string(folder.path().join("etc/passwd")).expect("it was made");
    let mut users: Vec<(u32, &str)> = made
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split(':').collect();
            assert_eq!(words[6], "/usr/sbin/nologin", "{line}");
            words[0]
                .starts_with("sealpoint-")
                .then(|| (words[2].parse().expect("a number"), words[0]))
        })
        .collect();
    users.sort_unstable();
    assert_eq!(
        users,
        [
            (930, "sealpoint-till"),
            (931, "sealpoint-lane"),
            (932, "sealpoint-uplink"),
            (933, "sealpoint-display"),
            (934, "sealpoint-site"),
            (935, "sealpoint-firewall"),
            (936, "sealpoint-attest"),
            (937, "sealpoint-update"),
            (938, "sealpoint-clock"),
            (939, "sealpoint-doctor"),
        ]
    );
    let shadow = fs::read_to_string(folder.path().join("etc/shadow")).expect("it was made");
    for line in shadow.lines() {
        let password = line.split(':').nth(1).unwrap_or_default();
        assert!(password.starts_with('!'), "{line}");
    }
}

#[test]
fn a_misspelt_type_of_line_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("etc")).expect("a folder in it");
    let wrong = folder.path().join("wrong.conf");
    fs::write(&wrong, "u sealpoint-till 930 \"Sealpoint: a colon\"\n").expect("a file in it");
    let mut sysusers = Command::new("systemd-sysusers");
    let (well, said) = tried(sysusers.arg("--root").arg(folder.path()).arg(&wrong));
    assert!(!well, "{said}");
}
