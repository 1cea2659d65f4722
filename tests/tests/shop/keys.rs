//! Keys as a retailer and his acquirer give them to a till: with their own programs, as people do.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use sealpoint_tests::built::program;
use sealpoint_tests::child::run;

use crate::rig::Shop;

/// The halves of the key-block protection key, and the key.
const PROTECTION: [&str; 2] = [
    "8F1E2D3C4B5A69788796A5B4C3D2E1F00112233445566778899AABBCCDDEEFF0",
    "13579BDF02468ACE13579BDF02468ACE13579BDF02468ACE13579BDF02468ACE",
];
const PROTECTION_KEY: &str = "9C49B6E3491CE3B694C13E6BC1946B3E1245B8EB4710EDB69ACD3063CF98653E";
/// The halves of the token key 00 01 02 .. 1F, and its check value.
const TOKEN: [&str; 2] = [
    "A11AE06469C63740D7B0ECF802F282A0D46E94F31A654DFCD3C0DC6DC277F904",
    "A11BE2676DC33147DFB9E6F30EFF8CAFC47F86E00E705BEBCBD9C676DE6AE71B",
];
const TOKEN_CHECK: &str = "D38B42096D";

/// The retailer's side of a shop: a root key, and what was loaded into the till.
pub struct Retailer<'a> {
    shop: &'a Shop,
    scheme: &'a str,
    /// Whether the till's keys are under the system's credential.
    production: bool,
}

impl<'a> Retailer<'a> {
    /// Makes a root and loads it, a manifest that names the acquirer's public key, one DUKPT key set
    /// and a token key, and those keys, the DUKPT key in a block from the acquirer.
    pub fn sets_up(shop: &'a mut Shop, scheme: &'a str) -> Self {
        Self::set_up(shop, scheme, false)
    }

    /// The same for a till in production, whose credentials are there already.
    pub fn sets_up_in_production(shop: &'a mut Shop, scheme: &'a str) -> Self {
        Self::set_up(shop, scheme, true)
    }

    fn set_up(shop: &'a mut Shop, scheme: &'a str, production: bool) -> Self {
        for id in ["dukpt-1", "dukpt-2"] {
            run(&mut host(
                shop,
                &["bdk", "--key-id", id, "--scheme", scheme],
            ));
        }
        // It reads its keys when it starts.
        shop.kill_host();
        shop.start_host();
        let retailer = Self {
            shop,
            scheme,
            production,
        };
        fs::create_dir(shop.at("retailer")).expect("a folder in a temporary folder");
        let root_folder = shop.at("retailer").display().to_string();
        retailer.tillctl(&["root", "--id", "root-1", "--out", &root_folder], "");
        retailer.load(&shop.at("retailer/retailer.pub.toml"));
        retailer.gives_manifest(1, &["dukpt-1"], "");
        let halves = format!("{}\n{}\n", PROTECTION[0], PROTECTION[1]);
        let people = ["--person", "Ada, shop", "--person", "Bo, security"];
        retailer.tillctl(
            &[&["ceremony", "--id", "kbpk-1"], &people[..]].concat(),
            &halves,
        );
        let halves = format!("{}\n{}\n", TOKEN[0], TOKEN[1]);
        retailer.tillctl(
            &[&["ceremony", "--id", "token-1"], &people[..]].concat(),
            &halves,
        );
        retailer.load(&retailer.key_block("dukpt-1"));
        retailer
    }

    /// The shop that this retailer's till is in.
    pub fn shop(&self) -> &'a Shop {
        self.shop
    }

    /// Names a second DUKPT key, which began later than the first, and loads it.
    pub fn rotates(&self) {
        self.gives_manifest(2, &["dukpt-1", "dukpt-2"], "");
        self.load(&self.key_block("dukpt-2"));
    }

    /// Revokes every key that cards could be sealed with.
    pub fn revokes(&self) {
        let revoked = "revoked = \"a test\"\n";
        self.gives_manifest(3, &["dukpt-1", "dukpt-2"], revoked);
    }

    /// Allows charges without the issuer, as the table `[offline]` says.
    pub fn allows_offline(&self, policy: &str) {
        let body = self.manifest(2, &["dukpt-1"], "");
        self.load(&self.signed("manifest-2", &format!("{body}{policy}"), &[]));
    }

    /// Loads the manifest that was signed first; what is said to that.
    pub fn loads_the_first_manifest(&self) -> String {
        let first = self.shop.at("retailer/manifest-1.signed");
        let done = self.ask(&["load", &first.display().to_string()], "");
        assert_eq!(done.status.code(), Some(72), "refused");
        String::from_utf8(done.stderr).expect("text")
    }

    fn gives_manifest(&self, version: u8, dukpt: &[&str], more: &str) {
        let body = self.manifest(version, dukpt, more);
        self.load(&self.signed(&format!("manifest-{version}"), &body, &[]));
    }

    /// Puts cards on the hot list and loads it.
    pub fn lists_as_hot(&self, tokens: &[&str]) {
        let lines: String = tokens.iter().map(|token| format!("{token}\n")).collect();
        let body = format!(
            "hot list\nversion 1\nissued 2026-11-23\nkey token-1\ncards {}\n{lines}",
            tokens.len()
        );
        self.load(&self.signed("hot-list", &body, &["--hot-list"]));
    }

    /// Gives the till the demo's profile with other lines behind it, and with Visa cards declined
    /// that are on the hot list.
    pub fn gives_profile(&self, sealing: &str) {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/emv/src/demo.toml");
        let demo = fs::read_to_string(demo).expect("the demo's profile");
        let profile = self.shop.at("profile.toml");
        fs::write(&profile, format!("{demo}\n[sealing]\n{sealing}\n")).expect("written");
        let config = self.shop.at("till/till.toml");
        let mut text = fs::read_to_string(&config).expect("the till's configuration");
        text.push_str(&format!("profile = {:?}\n", profile.display().to_string()));
        fs::write(config, text).expect("written");
    }

    fn manifest(&self, version: u8, dukpt: &[&str], more: &str) -> String {
        let acquirer = self.shop.at("till/lane/acquirer.pub.toml");
        let acquirer = fs::read_to_string(acquirer).expect("the acquirer's public key");
        let value = |name: &str| {
            let line = acquirer.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split('"').nth(1))
                .expect("a value")
        };
        let key = |id: &str, kind: &str, proof: &str| {
            format!(
                "[[key]]\nid = \"{id}\"\nkind = \"{kind}\"\nvalid_until = \"2099-12-31\"\n\
                 {proof}\n"
            )
        };
        let since = "valid_from = \"2026-01-01\"";
        let differs = format!("{since}\ncheck_value = \"differs\"");
        // A later one of the same kind began later.
        let dukpt = dukpt.iter().zip(1..).map(|(id, month)| {
            let proof =
                format!("valid_from = \"2026-{month:02}-01\"\ncheck_value = \"differs\"\n{more}");
            key(id, &format!("dukpt_{}", self.scheme), &proof)
        });
        [
            format!("version = {version}\nissued = \"2026-11-23\"\n"),
            key(
                value("key_id"),
                "x_wing",
                &format!("{since}\npublic = \"{}\"\n{more}", value("public")),
            ),
            dukpt.collect(),
            key("kbpk-1", "key_block_protection", &differs),
            key(
                "token-1",
                "token",
                &format!("{since}\ncheck_value = \"{TOKEN_CHECK}\""),
            ),
        ]
        .concat()
    }

    fn signed(&self, name: &str, body: &str, more: &[&str]) -> PathBuf {
        let at = |name: &str| self.shop.at("retailer").join(name);
        let (written, signed) = (at(name), at(&format!("{name}.signed")));
        fs::write(&written, body).expect("written");
        let (root, out) = (at("retailer.key.toml"), signed.display().to_string());
        let (written, root) = (written.display().to_string(), root.display().to_string());
        let arguments = ["sign", &written, "--root", &root, "--out", &out];
        self.tillctl(&[&arguments[..], more].concat(), "");
        signed
    }

    /// The acquirer's key for this till.
    fn key_block(&self, id: &str) -> PathBuf {
        let (kbpk, out) = (self.shop.at("kbpk"), self.shop.at(&format!("{id}.block")));
        fs::write(&kbpk, PROTECTION_KEY).expect("written");
        fs::set_permissions(&kbpk, fs::Permissions::from_mode(0o600)).expect("ours");
        let mut block = host(self.shop, &["key-block", "--key-id", id]);
        block.arg("--kbpk-file").arg(&kbpk).arg("--out").arg(&out);
        run(&mut block);
        out
    }

    fn load(&self, file: &std::path::Path) {
        self.tillctl(&["load", &file.display().to_string()], "");
    }

    /// Does `tillctl keys` on the till's keys.
    pub fn tillctl(&self, arguments: &[&str], typed: &str) {
        let done = self.ask(arguments, typed);
        assert!(
            done.status.success(),
            "{arguments:?}: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }

    fn ask(&self, arguments: &[&str], typed: &str) -> Output {
        let mut command = Command::new(program("tillctl"));
        command.arg("keys").args(arguments);
        // The retailer's own commands know no till.
        if !matches!(arguments.first(), Some(&("root" | "sign"))) {
            command.arg("--keys").arg(self.shop.at("till/lane"));
            if self.production {
                command.arg("--production");
                command.env("CREDENTIALS_DIRECTORY", self.shop.at("credentials"));
            }
        }
        let mut running = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a built program starts");
        let mut input = running.stdin.take().expect("standard input is piped");
        input.write_all(typed.as_bytes()).expect("it reads");
        drop(input);
        running.wait_with_output().expect("it ends")
    }
}

fn host(shop: &Shop, arguments: &[&str]) -> Command {
    let mut command = Command::new(program("hostsim"));
    command.args(arguments).arg("--dir").arg(shop.at("host"));
    command
}
