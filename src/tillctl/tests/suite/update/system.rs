//! A system in a folder: an image, a till's word, stand-ins for what the programs call.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::{Ran, folder, tillctl};

pub const UUID: &str = "11111111-2222-3333-4444-555555555555";

pub struct System {
    folder: TempDir,
}

/// A release to be made.
#[derive(Clone)]
pub struct Wanted {
    pub version: &'static str,
    pub from: &'static str,
    pub index: &'static str,
    pub reads: &'static str,
    pub writes: &'static str,
}

pub const NEXT: Wanted = Wanted {
    version: "1.1.0",
    from: "1.0.0",
    index: "3",
    reads: "1,2",
    writes: "2",
};

impl System {
    /// Image 1.0.0 with roll-back index 3, a till at rest with nothing open.
    pub fn new() -> Self {
        let system = Self { folder: folder() };
        for folder in [
            "etc/sealpoint",
            "usr/share/sealpoint",
            "usr/bin",
            "usr/lib/systemd",
            "usr/lib/sealpoint",
            "usr/lib/sysupdate.d",
            "var/lib/sealpoint/till",
            "var/lib/sealpoint/update/incoming",
            "proc/sys/kernel/random",
            "sys/firmware/efi/efivars",
            "efi/EFI/Linux",
        ] {
            fs::create_dir_all(system.at(folder)).expect("a folder");
        }
        let key = [
            "keys",
            "root",
            "--id",
            "root-1",
            "--out",
            system.text("etc/sealpoint"),
        ];
        assert_eq!(tillctl(&key).code, 0);
        system.runs("1.0.0");
        system.boots("boot-1");
        for program in [
            "usr/bin/systemctl",
            "usr/lib/systemd/systemd-sysupdate",
            "usr/lib/sealpoint/attest",
        ] {
            system.stands_in(program, "");
        }
        system.says(json!({}));
        system
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn text(&self, path: &str) -> &'static str {
        let path = self.at(path);
        // Few and short, for the length of a test.
        String::leak(path.to_str().expect("text").to_owned())
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).expect("a file");
    }

    pub fn runs(&self, version: &str) {
        let image =
            format!("version = \"{version}\"\nrollback_index = 3\njournal_reads = [1, 2]\n");
        self.write("usr/share/sealpoint/image.toml", &image);
        self.write(
            "etc/os-release",
            &format!("ID=debian\nIMAGE_VERSION=\"{version}\"\n"),
        );
    }

    pub fn boots(&self, id: &str) {
        self.write("proc/sys/kernel/random/boot_id", &format!("{id}\n"));
    }

    /// A program that writes its arguments down and then does that.
    pub fn stands_in(&self, program: &str, then: &str) {
        let called = self.text("called");
        let script = format!("#!/bin/sh\necho \"${{0##*/}} $*\" >> {called}\n{then}\n");
        self.write(program, &script);
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.at(program), mode).expect("ours");
    }

    /// How the stand-ins were called, since this was asked last.
    pub fn called(&self) -> Vec<String> {
        let called = fs::read_to_string(self.at("called")).unwrap_or_default();
        let _gone = fs::remove_file(self.at("called"));
        called.lines().map(str::to_owned).collect()
    }

    /// The till's word: at rest for an hour with nothing open, but for these fields.
    pub fn says(&self, but: Value) {
        // Whole or not at all, as a till does it: somebody may be reading.
        let [part, status] =
            ["part", "json"].map(|end| format!("var/lib/sealpoint/till/status.{end}"));
        self.write(&part, &word(but).to_string());
        fs::rename(self.at(&part), self.at(&status)).expect("ours");
    }

    /// Signs a release over four files in that folder.
    pub fn release(&self, folder: &str, wanted: &Wanted) -> Ran {
        fs::create_dir_all(self.at(folder)).expect("a folder");
        for (name, content) in parts(wanted.version) {
            self.write(&format!("{folder}/{name}"), &content);
        }
        let made = tillctl(&[
            "update",
            "make",
            self.text(folder),
            "--root",
            self.text("etc/sealpoint/retailer.key.toml"),
            "--version",
            wanted.version,
            "--from",
            wanted.from,
            "--rollback-index",
            wanted.index,
            "--journal-reads",
            wanted.reads,
            "--journal-writes",
            wanted.writes,
        ]);
        assert_eq!(made.code, 0, "{}{}", made.out, made.err);
        made
    }

    /// The same, as if it was downloaded.
    pub fn arrives(&self, wanted: &Wanted) {
        let _gone = fs::remove_file(self.at("var/lib/sealpoint/update/incoming/release.txt"));
        self.release("var/lib/sealpoint/update/incoming", wanted);
        self.write("var/lib/sealpoint/update/incoming/ready", "");
    }

    pub fn update(&self, arguments: &[&str]) -> Ran {
        let system = ["--system", self.text(""), "--json"];
        tillctl(&[&["update"][..], arguments, &system].concat())
    }

    /// One turn of the service.
    pub fn turn(&self) -> Ran {
        self.update(&["run"])
    }

    pub fn check(&self) -> Ran {
        self.update(&["check", self.text("release")])
    }

    pub fn remembers(&self) -> Value {
        let text = fs::read(self.at("var/lib/sealpoint/update/state.json")).expect("it remembers");
        serde_json::from_slice(&text).expect("JSON")
    }

    pub fn spool(&self) -> bool {
        Path::exists(&self.at("var/lib/sealpoint/update/spool"))
    }
}

/// Name and content of each file of a release.
pub fn parts(version: &str) -> [(String, String); 4] {
    [
        (
            format!("sealpoint_{version}.efi"),
            format!("kernel {version}"),
        ),
        (
            format!("sealpoint_{version}.root_{UUID}.raw.xz"),
            format!("root {version}").repeat(100_000),
        ),
        (
            format!("sealpoint_{version}.verity_{UUID}.raw.xz"),
            format!("tree {version}"),
        ),
        (
            format!("sealpoint_{version}.sig_{UUID}.raw"),
            format!("signature {version}"),
        ),
    ]
}

/// A till's word: at rest for an hour with nothing open, but for these fields.
pub fn word(but: Value) -> Value {
    let now_ms = now_ms();
    let mut said = json!({
        "version": 1, "release": "0.1.0", "written_at_ms": now_ms, "pid": 100,
        "terminal": "T0000001", "production": true, "processes": [],
        "lane": { "up": true, "cannot_charge": null, "warnings": [] },
        "reader": { "state": "ready", "name": "Reader" },
        "link": { "state": "up" },
        "queue": { "count": 7, "held": 0, "at_risk_minor": 100, "currency": "EUR",
                   "oldest_at_ms": null, "card_limit": 10_000 },
        "reversals_due": 0, "advices_due": 2, "work_items": 1,
        "open_charges": { "in_flight": 0, "unknown": 0, "approved": 0, "reversing": 0 },
        "at_rest_since_ms": now_ms - 3_600_000, "ended": false,
        "journal": { "integrity": "ok", "checked_at_ms": now_ms, "key_source": "credential",
                     "schema": 2 },
    });
    merge(&mut said, but);
    said
}

fn merge(into: &mut Value, but: Value) {
    match (into, but) {
        (Value::Object(into), Value::Object(but)) => {
            for (name, value) in but {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, but) => *into = but,
    }
}

pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.expect("a clock").as_millis()).expect("a time")
}
