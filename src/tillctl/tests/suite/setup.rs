//! `tillctl setup`: the keys that a till makes for itself, with the system's own `systemd-creds`.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    bench::{Ran, folder},
    keys::office::{assert_refused, text},
};

/// A machine without a TPM, with a host key of its own.
struct Machine(TempDir);

impl Machine {
    fn new() -> Self {
        let machine = folder();
        fs::create_dir(machine.path().join("till")).expect("made");
        let new = Self(machine);
        assert!(new.creds(&["setup"], &[]).status.success());
        new
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `systemd-creds` with this machine's host key.
    fn creds(&self, arguments: &[&str], input: &[u8]) -> std::process::Output {
        let mut child = Command::new("/usr/bin/systemd-creds")
            .args(arguments)
            .env("SYSTEMD_CREDENTIAL_SECRET", self.at("host.secret"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the Debian package systemd is installed");
        let mut stdin = child.stdin.take().expect("piped");
        std::io::Write::write_all(&mut stdin, input).expect("written");
        drop(stdin);
        child.wait_with_output().expect("our child")
    }

    fn setup(&self, more: &[&str]) -> Ran {
        let (out, state) = (self.at("credentials"), self.at("till"));
        let output = Command::new(env!("CARGO_BIN_EXE_tillctl"))
            .args(["setup", "credentials"])
            .args(["--out", text(&out), "--state", text(&state)])
            .args(more)
            .env("SYSTEMD_CREDENTIAL_SECRET", self.at("host.secret"))
            .output()
            .expect("tillctl runs");
        Ran {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// What a credential holds, as the system gives it to a unit.
    fn opened(&self, name: &str) -> Vec<u8> {
        let sealed = fs::read(self.at("credentials").join(name)).expect("it is there");
        let name = format!("--name={name}");
        let output = self.creds(&["decrypt", &name, "--newline=no", "-", "-"], &sealed);
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }
}

#[test]
fn a_till_makes_two_keys_that_its_system_alone_opens() {
    let machine = Machine::new();
    let ran = machine.setup(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (db, lane) = (machine.opened("db.key"), machine.opened("lane.key"));
    assert_eq!((db.len(), lane.len()), (32, 32));
    assert_ne!(db, lane);
    let folder = machine.at("credentials");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    assert_eq!(mode(&folder), 0o700);
    let mut names: Vec<_> = fs::read_dir(&folder)
        .expect("a folder")
        .flatten()
        .map(|entry| {
            assert_eq!(mode(&entry.path()), 0o600);
            let sealed = fs::read(entry.path()).expect("there");
            for key in [&db, &lane] {
                assert!(!sealed.windows(32).any(|part| part == key), "in clear");
            }
            entry.file_name().into_string().expect("text")
        })
        .collect();
    names.sort();
    assert_eq!(names, ["db.key", "lane.key"], "nothing else is left");
    // Another machine's system does not open them.
    fs::remove_file(machine.at("host.secret")).expect("it was there");
    assert!(machine.creds(&["setup"], &[]).status.success());
    let sealed = fs::read(folder.join("db.key")).expect("there");
    let output = machine.creds(&["decrypt", "--name=db.key", "-", "-"], &sealed);
    assert!(!output.status.success(), "opened with another host key");
}

#[test]
fn a_key_that_is_there_is_never_replaced() {
    let machine = Machine::new();
    assert_eq!(machine.setup(&[]).code, 0);
    let db = fs::read(machine.at("credentials/db.key")).expect("there");
    let lane = machine.opened("lane.key");
    fs::remove_file(machine.at("credentials/lane.key")).expect("it was there");
    fs::write(machine.at("till/journal.db"), "a journal").expect("written");
    let ran = machine.setup(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("db.key is there already"), "{}", ran.out);
    let after = fs::read(machine.at("credentials/db.key")).expect("there");
    assert_eq!(after, db, "left as it was");
    assert_ne!(machine.opened("lane.key"), lane, "a new one was made");
}

#[test]
fn where_there_is_a_journal_no_new_key_locks_it() {
    let machine = Machine::new();
    fs::write(machine.at("till/journal.db"), "a journal").expect("written");
    let ran = machine.setup(&[]);
    assert_refused(&ran, 110, "would lock it for good");
    assert!(ran.err.contains("Bring db.key back"), "{}", ran.err);
    let left = fs::read_dir(machine.at("credentials")).expect("a folder");
    assert_eq!(left.count(), 0);
}

#[test]
fn what_cannot_be_sealed_or_not_be_opened_again_is_not_kept() {
    let machine = Machine::new();
    // One that fails, one that gives nothing, one that seals and then opens to something else.
    for (program, told) in [
        ("/usr/bin/false", "ends with exit status: 1"),
        ("/usr/bin/true", "gives another key back"),
        ("/nowhere/systemd-creds", "does not start"),
        ("/usr/bin/echo", "gives another key back"),
    ] {
        let ran = machine.setup(&["--systemd-creds", program]);
        assert_refused(&ran, 111, told);
        let left = fs::read_dir(machine.at("credentials")).expect("a folder");
        assert_eq!(left.count(), 0, "{program}");
    }
}
