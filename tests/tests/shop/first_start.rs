//! A till's first start, by its site bundle alone: from IT's desk to a till that has its keys and its
//! certificate. What runs on the till are the command lines of its units, with their folders moved
//! into this test's; the test is the system that starts them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sealpoint_tests::built::program;

use crate::rig::{Reader, Shop};

/// The till that is set up; the rig's own is another.
const TILL: &str = "T0000007";

/// A machine without a TPM, on which nothing of a till is yet.
struct Machine<'a> {
    shop: &'a Shop,
}

impl<'a> Machine<'a> {
    fn new(shop: &'a Shop) -> Self {
        for folder in [
            "etc",
            "run",
            "var/till/lane",
            "var/till/uplink",
            "var/site",
            "given",
        ] {
            fs::create_dir_all(shop.at(folder)).expect("a folder");
        }
        let partition = File::create(shop.at("partition")).expect("a file");
        partition
            .set_len(16 << 20)
            .expect("sixteen mebibytes of zeros");
        Self { shop }
    }

    fn text(&self, name: &str) -> String {
        self.shop.at(name).display().to_string()
    }

    /// The till's variables, as the system reads them for a unit.
    fn environment(&self) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.shop.at("run/till.env")).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned()))
            .collect()
    }

    /// Runs the lines of a unit; how each ended.
    fn starts(&self, unit: &str) -> Vec<Output> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
        let text = fs::read_to_string(root.join(unit)).expect("a unit");
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("ExecStart="));
        lines.map(|line| self.runs(line, &text)).collect()
    }

    fn runs(&self, line: &str, unit: &str) -> Output {
        let variables = self.environment();
        let words = line.trim_start_matches('-').split(' ').flat_map(|word| {
            if let Some(name) = word.strip_prefix("${") {
                return vec![variables[name.trim_end_matches('}')].clone()];
            }
            if let Some(name) = word.strip_prefix('$') {
                return variables[name]
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect();
            }
            let place = word
                .replace(
                    "/dev/disk/by-partlabel/sealpoint-site",
                    &self.text("partition"),
                )
                .replace("/run/sealpoint/site", &self.text("run"))
                .replace("/var/lib/sealpoint", &self.text("var"))
                .replace("/etc/sealpoint", &self.text("etc"));
            vec![place]
        });
        // What the unit's own hosts file does.
        let words: Vec<String> = words
            .map(|word| word.replace("collector.example", "127.0.0.1"))
            .collect();
        let (name, arguments) = words.split_first().expect("a program");
        let name = name.rsplit('/').next().expect("its name");
        let mut command = Command::new(program(name));
        command
            .args(arguments)
            .env("SYSTEMD_CREDENTIAL_SECRET", self.shop.at("host.secret"))
            .stdin(Stdio::null());
        if unit.contains("StandardInput=file:") {
            let code = File::open(self.shop.at("run/enrol.code")).expect("a code");
            command.stdin(code);
        }
        if unit.contains("LoadCredentialEncrypted=lane.key") {
            self.opens("lane.key");
            command.env("CREDENTIALS_DIRECTORY", self.shop.at("given"));
        }
        command.output().expect("it runs")
    }

    /// The system opens a credential for a unit.
    fn opens(&self, name: &str) {
        let (sealed, given) = (
            self.shop.at("var/credentials").join(name),
            self.shop.at("given").join(name),
        );
        let _gone = fs::remove_file(&given);
        let done = Command::new("systemd-creds")
            .args(["decrypt", &format!("--name={name}"), "--newline=no"])
            .args([&sealed, &given])
            .env("SYSTEMD_CREDENTIAL_SECRET", self.shop.at("host.secret"))
            .status();
        assert!(done.expect("systemd-creds runs").success());
        fs::set_permissions(given, fs::Permissions::from_mode(0o400)).expect("ours");
    }
}

fn said(done: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    )
}

#[track_caller]
fn well(command: &mut Command) -> String {
    let done = command.output().expect("a built program runs");
    assert!(done.status.success(), "{command:?}: {}", said(&done));
    String::from_utf8(done.stdout).expect("text")
}

/// IT's desk: root, manifest, profile, CA, code, bundle; and the bundle in the till's partition.
fn signs_a_bundle(shop: &Shop) {
    let desk = shop.at("desk");
    fs::create_dir(&desk).expect("a folder");
    let write = |name: &str, text: &str| fs::write(desk.join(name), text).expect("written");
    let tillctl = || Command::new(program("tillctl"));
    let root = desk.join("retailer.key.toml");
    well(
        tillctl()
            .args(["keys", "root", "--id", "root-1", "--out"])
            .arg(&desk),
    );
    let acquirer = fs::read_to_string(shop.at("till/lane/acquirer.pub.toml")).expect("its key");
    let value = |name: &str| {
        let line = acquirer.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split('"').nth(1))
            .expect("a value")
    };
    write(
        "body.toml",
        &format!(
            "version = 1\nissued = \"2026-11-23\"\n[[key]]\nid = \"{}\"\nkind = \"x_wing\"\n\
             valid_from = \"2026-01-01\"\nvalid_until = \"2099-12-31\"\npublic = \"{}\"\n",
            value("key_id"),
            value("public")
        ),
    );
    well(
        tillctl()
            .args(["keys", "sign"])
            .arg(desk.join("body.toml"))
            .arg("--root")
            .arg(&root)
            .arg("--out")
            .arg(desk.join("manifest.toml")),
    );
    write(
        "profile.toml",
        include_str!("../../../src/emv/src/demo.toml"),
    );
    fs::copy(shop.at("tls/ca.pem"), desk.join("ca.pem")).expect("copied");
    let url = shop.collector_url();
    let port = url.rsplit(':').next().expect("a port");
    write(
        "site.toml",
        &format!(
            "version = 1\nstore = \"Test Market\"\n[collector]\nname = \"collector.example\"\n\
             address = \"127.0.0.1\"\nport = {port}\n[files]\nprofile = \"profile.toml\"\n\
             manifest = \"manifest.toml\"\nca = \"ca.pem\"\n"
        ),
    );
    let printed = well(
        Command::new(program("collector"))
            .args(["enrol-code", "--terminal", TILL, "--hours", "72", "--store"])
            .arg(format!("sqlite:{}", shop.at("collector.db").display()))
            .arg("--tls")
            .arg(shop.at("tls")),
    );
    let code = printed.lines().next().expect("a code");
    well(
        tillctl()
            .args(["site", "sign", "--terminal", TILL, "--code", code])
            .arg(desk.join("site.toml"))
            .arg("--root")
            .arg(&root)
            .arg("--out")
            .arg(desk.join("site.bundle")),
    );
    let public = desk.join("retailer.pub.toml");
    fs::copy(public, shop.at("etc/retailer.pub.toml")).expect("copied");
    well(
        tillctl()
            .args(["site", "write"])
            .arg(desk.join("site.bundle"))
            .arg("--to")
            .arg(shop.at("partition")),
    );
}

#[test]
fn a_till_is_set_up_by_its_bundle_alone_and_once() {
    let shop = Shop::open(&Reader::Virtual);
    let machine = Machine::new(&shop);
    let first = machine.starts("sealpoint-site.service");
    assert_eq!(
        first[0].status.code(),
        Some(73),
        "no root yet: {}",
        said(&first[0])
    );
    signs_a_bundle(&shop);
    let made = |name: &str| fs::read(shop.at(name)).unwrap_or_default();
    let mut before = Vec::new();
    for start in ["the first", "the next"] {
        for unit in [
            "sealpoint-site.service",
            "sealpoint-credentials.service",
            "sealpoint-keys.service",
        ] {
            for done in machine.starts(unit) {
                assert!(done.status.success(), "{start}: {unit}: {}", said(&done));
            }
        }
        // The unit's condition: as long as there is no certificate.
        if !shop.at("var/till/uplink/cert.pem").exists() {
            let done = &machine.starts("sealpoint-enrol.service")[0];
            assert!(done.status.success(), "{start}: {}", said(done));
            assert!(said(done).contains(TILL), "{}", said(done));
        }
        let now = [
            "var/credentials/db.key",
            "var/credentials/lane.key",
            "var/till/uplink/key.pem",
        ]
        .map(made);
        assert!(now.iter().all(|file| !file.is_empty()), "{start}");
        assert!(before.is_empty() || before == now, "each is made once");
        before = now.to_vec();
    }
    // The lane has what its profile needs.
    let shown = well(
        Command::new(program("tillctl"))
            .args(["keys", "show", "--production", "--keys"])
            .arg(shop.at("var/till/lane"))
            .arg("--profile")
            .arg(shop.at("run/profile.toml"))
            .env("CREDENTIALS_DIRECTORY", shop.at("given")),
    );
    for part in [
        "version 1 of 2026-11-23",
        "in use",
        "the system's credential",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}
