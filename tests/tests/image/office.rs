//! The retailer's side: a collector, an acquirer behind it, the retailer's root, and the site bundle
//! that tells a till which shop it is in.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sealpoint_tests::built::{self, target};
use sealpoint_tests::child::{Running, run};
use serde_json::Value;

use crate::machine::{Disk, firmware_keys, within};

/// The till.
pub const TERMINAL: &str = "T0000001";
/// What the collector's certificate names. No name is looked up on a till: the bundle has the address.
const NAME: &str = "collector.sealpoint.test";
/// The host's loopback, seen from behind QEMU's router.
const ADDRESS: &str = "10.0.2.2";
/// The only port of it that the till may use. Tests run one at a time.
pub const PORT: u16 = 17_443;
/// Nothing here takes longer than this unless it is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everything of the retailer's in a folder; what runs ends when this is dropped.
pub struct Office {
    folder: PathBuf,
    collector: Option<Running>,
    host: Option<Running>,
    updates: Option<PathBuf>,
}

impl Office {
    /// A new retailer, without tills.
    pub fn found(folder: &Path) -> Self {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).expect("a folder in the target folder");
        let office = Self::at(folder);
        run(program("hostsim")
            .args(["keys", "--dir"])
            .arg(office.file("host"))
            .arg("--public-out")
            .arg(office.file("acquirer.pub.toml")));
        run(program("collector")
            .args(["ca", "--name", NAME, "--tls"])
            .arg(office.file("tls")));
        office
    }

    /// The retailer whose things are in a folder.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            collector: None,
            host: None,
            updates: None,
        }
    }

    /// The same retailer at the same moment, whose collector goes its own way from here.
    pub fn copy(from: &Path, to: &Path) -> Self {
        let _ = fs::remove_dir_all(to);
        run(Command::new("cp").arg("-a").arg(from).arg(to));
        Self::at(to)
    }

    /// A file of the retailer's.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Has the collector offer the releases in a folder from its next start on.
    pub fn offer(&mut self, updates: &Path) {
        self.updates = Some(updates.to_path_buf());
    }

    /// Opens the acquirer and the collector.
    pub fn open(&mut self) {
        let host = self.file("host.port");
        let _ = fs::remove_file(&host);
        self.host = Some(Running::start(
            program("hostsim")
                .args(["serve", "--listen", "127.0.0.1:0", "--dir"])
                .arg(self.file("host"))
                .arg("--port-file")
                .arg(&host),
            &self.file("hostsim.log"),
        ));
        let acquirer = text_in(&host);
        let listens = self.file("collector.port");
        let _ = fs::remove_file(&listens);
        let mut collector = program("collector");
        if let Some(updates) = &self.updates {
            collector.arg("--updates").arg(updates);
        }
        self.collector = Some(Running::start(
            collector
                .args(["--listen", &format!("127.0.0.1:{PORT}"), "--acquirer"])
                .arg(format!("127.0.0.1:{}", port_of(&acquirer)))
                .args(["--store", &self.store(), "--tls"])
                .arg(self.file("tls"))
                .args(["--pages", "127.0.0.1:0", "--pages-port-file"])
                .arg(self.file("pages.port"))
                .arg("--port-file")
                .arg(&listens),
            &self.file("collector.log"),
        ));
        let running = self.collector.as_mut().expect("started above");
        let begun = within(PATIENCE, || match running.ended() {
            Some(status) => Some(Err(status)),
            None => fs::read(&listens).ok().map(Ok),
        });
        let begun = begun.expect("the collector listens in time");
        assert!(
            begun.is_ok(),
            "the collector ended {begun:?}: {}",
            self.log()
        );
    }

    /// Signs what the till is to know and writes it into its disk, as IT does before it is sent out.
    pub fn write_site(&self, disk: &Disk, version: u32, network: &str, more: &str) {
        let bundle = self.site(version, network, more);
        let room = disk.partition("sealpoint-site");
        let mut bytes = fs::read(bundle).expect("tillctl has just written it");
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        assert!(bytes.len() as u64 <= room.bytes, "the bundle fits");
        disk.write(room.at, &bytes);
    }

    /// A signed bundle with a new code for the till's certificate.
    pub fn site(&self, version: u32, network: &str, more: &str) -> PathBuf {
        let code = run(program("collector")
            .args(["enrol-code", "--hours", "2", "--terminal", TERMINAL])
            .args(["--store", &self.store(), "--tls"])
            .arg(self.file("tls")));
        let code = code.lines().next().expect("the first line is the code");
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/emv/src/demo.toml");
        fs::copy(demo, self.file("profile.toml")).expect("the demo's terminal profile");
        fs::copy(self.file("tls/ca.pem"), self.file("ca.pem")).expect("the retailer's CA");
        self.sign_manifest();
        let site = format!(
            "version = {version}\nstore = \"Sealpoint Market 12\"\n\
             [terminal]\nid = \"{TERMINAL}\"\nenrol_code = \"{code}\"\n\
             [network]\n{network}\n\
             [collector]\nname = \"{NAME}\"\naddress = \"{ADDRESS}\"\nport = {PORT}\n\
             [till]\ncashier = \"Kim\"\nreader = \"pcsc\"\n{more}\n\
             [files]\nprofile = \"profile.toml\"\nmanifest = \"manifest.signed\"\nca = \"ca.pem\"\n"
        );
        fs::write(self.file("site.toml"), site).expect("a folder of this test");
        let bundle = self.file("site.bundle");
        let _ = fs::remove_file(&bundle);
        run(program("tillctl")
            .args(["site", "sign"])
            .arg(self.file("site.toml"))
            .arg("--root")
            .arg(root())
            .arg("--out")
            .arg(&bundle));
        bundle
    }

    fn sign_manifest(&self) {
        let acquirer = fs::read_to_string(self.file("acquirer.pub.toml")).expect("hostsim's key");
        let value = |name: &str| {
            let line = acquirer.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split('"').nth(1))
                .expect("a value in quotes")
        };
        let body = format!(
            "version = 1\nissued = \"2026-11-23\"\n[[key]]\nid = \"{}\"\nkind = \"x_wing\"\n\
             valid_from = \"2026-01-01\"\nvalid_until = \"2099-12-31\"\npublic = \"{}\"\n",
            value("key_id"),
            value("public")
        );
        fs::write(self.file("manifest.toml"), body).expect("a folder of this test");
        let signed = self.file("manifest.signed");
        let _ = fs::remove_file(&signed);
        run(program("tillctl")
            .args(["keys", "sign"])
            .arg(self.file("manifest.toml"))
            .arg("--root")
            .arg(root())
            .arg("--out")
            .arg(signed));
    }

    /// What the collector has of the till: the figures of its summary.
    pub fn till(&self) -> Option<Value> {
        let summary: Value = serde_json::from_str(&self.page("/summary.json")?).ok()?;
        let terminals = summary["terminals"].as_array()?.clone();
        terminals
            .into_iter()
            .find(|terminal| terminal["terminal"] == TERMINAL)
    }

    /// The collector's list of tills.
    pub fn tills(&self) -> Value {
        let said = run(program("collector").args(["tills", "--json", "--store", &self.store()]));
        serde_json::from_str(&said).expect("the collector writes JSON")
    }

    /// A page for the operator.
    pub fn page(&self, path: &str) -> Option<String> {
        let pages = fs::read_to_string(self.file("pages.port")).ok()?;
        let port = port_of(&pages);
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .ok()?;
        let ask =
            format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
    }

    /// What the collector has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.file("collector.log")).unwrap_or_default()
    }

    /// The address of the collector's store.
    pub fn store(&self) -> String {
        format!("sqlite:{}", self.file("store.db").display())
    }
}

/// The retailer's private root, whose public half is in the image.
pub fn root() -> PathBuf {
    let path = firmware_keys().join("retailer.key.toml");
    assert!(
        path.is_file(),
        "{} is not there: run `cargo xtask image` first",
        path.display()
    );
    path
}

/// A command for a program of the workspace.
pub fn program(name: &str) -> Command {
    Command::new(built::program(name))
}

/// Where machines and their retailers lie between tests.
pub fn machines() -> PathBuf {
    target().join("image/machines")
}

fn text_in(file: &Path) -> String {
    within(PATIENCE, || {
        fs::read_to_string(file)
            .ok()
            .filter(|text| !text.is_empty())
    })
    .unwrap_or_else(|| panic!("{} was not written in time", file.display()))
}

fn port_of(address: &str) -> u16 {
    let digits = address.trim().rsplit(':').next().unwrap_or_default();
    digits
        .parse()
        .unwrap_or_else(|_| panic!("no port in {address:?}"))
}
