//! A retailer's office and a till of his, each a folder.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::{ToSpan, Zoned};
use sealpoint_vault::Day;
use tempfile::TempDir;

use crate::bench::{Ran, tillctl};

/// Components and the keys that they make, with check values by another implementation (the Python
/// package `cryptography`): the CMAC of a block of zeros.
pub const ONE: &str = "19ADB2F1C7176C2B52A5AB9BD78B886C9529CB3C73B1467BF40879690F621A19";
pub const ONE_CHECK: &str = "BC393B3711";
pub const TWO: &str = "F139C73FB65369C648933DC9B571B33BD2C1EEE2E4A3C1A7408087EF549265A1";
pub const THREE: &str = "A2FFCFC45CD9718D964D6FE7C0604549997013701C497A1BD7DAD775ED7859E3";
/// The key of components one and two.
pub const KBPK: &str = "E89475CE714405ED1A36965262FA3B5747E825DE971287DCB488FE865BF07FB8";
pub const KBPK_CHECK: &str = "3A7F7DDE32";
/// The check value of the key of all three.
pub const THREE_CHECK: &str = "33F1979A9E";
/// An initial DUKPT key, its components and its check value.
pub const INITIAL: &str = "AC1B5C0961A7269B6A053EE64276ED0E";
pub const INITIAL_PARTS: [&str; 2] = [
    "EC7CA2F5BF9A90A9ABBF81B1A2603589",
    "4067FEFCDE3DB632C1BABF57E016D887",
];
pub const INITIAL_CHECK: &str = "89352BEE76";
/// The retailer's acquirer, who made it for a demo.
pub const ACQUIRER: &str = include_str!("acquirer.pub.toml");

/// Two people.
pub const PEOPLE: [&str; 4] = ["--person", "Anna Berg, manager", "--person", "Ben Roth, IT"];

/// A retailer's office with a root key, and the folder of a till's lane.
pub struct Office {
    _folder: TempDir,
    pub office: PathBuf,
    pub keys: PathBuf,
}

/// A day so many days from today, as it is written.
pub fn day(from_today: i64) -> String {
    let today = Zoned::now().date();
    today
        .checked_add(from_today.days())
        .expect("a day near today")
        .to_string()
}

pub fn today() -> Day {
    day(0).parse().expect("a day")
}

/// A key of a manifest; `more` are its other lines.
pub fn key(id: &str, kind: &str, from: i64, until: i64, more: &str) -> String {
    format!(
        "[[key]]\nid = \"{id}\"\nkind = \"{kind}\"\nvalid_from = \"{}\"\nvalid_until = \"{}\"\n{more}\n",
        day(from),
        day(until)
    )
}

/// The acquirer's public key, in a manifest.
pub fn acquirer(id: &str, from: i64, until: i64, more: &str) -> String {
    let public = ACQUIRER.lines().find(|line| line.starts_with("public"));
    let public = public.expect("a public key");
    key(id, "x_wing", from, until, &format!("{public}\n{more}"))
}

/// A secret key that each till has its own of.
pub fn own(id: &str, kind: &str, from: i64, until: i64) -> String {
    key(id, kind, from, until, "check_value = \"differs\"")
}

pub fn protection() -> String {
    own("kbpk-1", "key_block_protection", -30, 300)
}

pub fn dukpt() -> String {
    own("dukpt-1", "dukpt_aes128", -30, 300)
}

impl Office {
    /// With a root key called `root-1` in the office, and an empty folder at the till.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let office = folder.path().join("office");
        let keys = folder.path().join("lane");
        fs::create_dir(&office).expect("made");
        fs::create_dir(&keys).expect("made");
        let new = Self {
            _folder: folder,
            office,
            keys,
        };
        new.root("root-1");
        new
    }

    /// With the root key and a manifest of these keys at the till.
    pub fn managed(keys: &[String]) -> Self {
        let office = Self::new();
        assert_eq!(office.load("retailer.pub.toml").code, 0);
        let ran = office.load_manifest(1, keys);
        assert_eq!(ran.code, 0, "{}", ran.err);
        office
    }

    /// As that, and with the protection key of components one and two.
    pub fn with_protection_key(keys: &[String]) -> Self {
        let office = Self::managed(keys);
        let lines = [ONE, TWO].join("\n");
        let ran = office.fed(
            &[&["ceremony", "--id", "kbpk-1"][..], &PEOPLE].concat(),
            &lines,
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        office
    }

    /// Makes another root key; its files replace those of the one before in the office.
    pub fn root(&self, id: &str) {
        for file in ["retailer.key.toml", "retailer.pub.toml"] {
            let _gone = fs::remove_file(self.office.join(file));
        }
        let ran = self.ran(&["root", "--id", id, "--out", text(&self.office)]);
        assert_eq!(ran.code, 0, "{}", ran.err);
    }

    /// A file in the office.
    pub fn file(&self, name: &str) -> PathBuf {
        self.office.join(name)
    }

    pub fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, content).expect("written");
        path
    }

    /// A manifest, signed by the office's root key; its file.
    pub fn manifest(&self, version: u64, head: &str, keys: &[String]) -> PathBuf {
        let body = format!(
            "version = {version}\nissued = \"{}\"\n{head}{}",
            day(0),
            keys.concat()
        );
        let body = self.write("body.toml", body.as_bytes());
        let signed = self.file(&format!("manifest-{version}.toml"));
        let _gone = fs::remove_file(&signed);
        let root = self.file("retailer.key.toml");
        let ran = self.ran(&[
            "sign",
            text(&body),
            "--root",
            text(&root),
            "--out",
            text(&signed),
        ]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        signed
    }

    pub fn load_manifest(&self, version: u64, keys: &[String]) -> Ran {
        let signed = self.manifest(version, "", keys);
        self.load_file(&signed)
    }

    /// A key block under the protection key of components one and two.
    pub fn key_block(&self, id: &str, arguments: &[&str], parts: [&str; 2]) -> PathBuf {
        let out = self.file(&format!("{id}.key-block"));
        let lines = [ONE, TWO, parts[0], parts[1]].join("\n");
        let head = ["wrap", "--id", id, "--out", text(&out)];
        let ran = self.fed(&[&head[..], &PEOPLE, arguments].concat(), &lines);
        assert_eq!(ran.code, 0, "{}", ran.err);
        out
    }

    /// The initial key in a key block, as `id`.
    pub fn initial(&self, id: &str, initial_key_id: &str) -> PathBuf {
        let arguments = ["--kind", "dukpt_aes128", "--initial-key-id", initial_key_id];
        self.key_block(id, &arguments, INITIAL_PARTS)
    }

    /// Loads a file of the office.
    pub fn load(&self, name: &str) -> Ran {
        self.load_file(&self.file(name))
    }

    pub fn load_file(&self, path: &Path) -> Ran {
        self.ran(&["load", text(path)])
    }

    /// Runs a command on the till's folder.
    pub fn ran(&self, arguments: &[&str]) -> Ran {
        let keys = ["--keys", text(&self.keys)];
        tillctl(&[&["keys"][..], arguments, &keys].concat())
    }

    /// The same with something on standard input.
    pub fn fed(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tillctl"))
            .arg("keys")
            .args(arguments)
            .args(["--keys", text(&self.keys)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tillctl runs");
        let mut stdin = child.stdin.take().expect("piped");
        // A command that refuses before it reads closes its end.
        let _written = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("our child");
        Ran {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// What `show --json` says.
    pub fn shown(&self) -> serde_json::Value {
        self.ran(&["show", "--json"]).json()
    }

    /// A field of a key that is shown.
    pub fn of(&self, id: &str, field: &str) -> serde_json::Value {
        let shown = self.shown();
        let keys = shown["keys"].as_array().expect("keys").clone();
        let key = keys.into_iter().find(|key| key["id"] == id);
        key.unwrap_or_else(|| panic!("no {id} in {shown}"))[field].clone()
    }

    /// Every file in the till's folder, by name, with its content.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(&self.keys)
            .expect("a folder")
            .flatten()
            .map(|entry| {
                let name = entry.file_name().into_string().expect("text");
                (name, fs::read(entry.path()).expect("a file"))
            })
            .collect();
        files.sort();
        files
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are text")
}

/// The program refused, said what and what to do, and gave nothing on standard output.
#[track_caller]
pub fn assert_refused(ran: &Ran, code: i32, part: &str) {
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(part), "{}\nshould say {part}", ran.err);
    assert_eq!(ran.out, "");
}

/// Nothing of these secrets, as bytes or written, is in what was said.
#[track_caller]
pub fn assert_silent(ran: &Ran, secrets: &[&str]) {
    for secret in secrets {
        for said in [&ran.out, &ran.err] {
            let said = said.to_uppercase();
            assert!(!said.contains(&secret[..8]), "a secret was said");
            assert!(
                !said.contains(&secret[secret.len() - 8..]),
                "a secret was said"
            );
        }
    }
}
