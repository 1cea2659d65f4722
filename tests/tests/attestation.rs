//! What a till runs, from its TPM to the collector, with the programs as they run on a till: `attest`
//! on a TPM in software, started for each connection as the system would; `uplink`, locked down;
//! `collector`.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use sealpoint_attest::simulator::SoftTpm;
use sealpoint_attest::tpm;
use sealpoint_tests::built::program;
use sealpoint_tests::child::{Running, run};
use sealpoint_wire::attest::PCRS;
use serde_json::{Value, json};
use tempfile::TempDir;

/// For a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const TILL: &str = "T0000001";

/// A shop with a collector, and a till with a TPM.
struct Shop {
    address: String,
    tpm: SoftTpm,
    _collector: Running,
    folder: TempDir,
}

impl Shop {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = |name: &str| folder.path().join(name);
        let tls = place("tls").display().to_string();
        let till = place("till").display().to_string();
        collector(&["ca", "--tls", &tls]);
        collector(&["enrol", "--tls", &tls, "--terminal", TILL, "--out", &till]);
        let port_file = place("port");
        let store = format!("sqlite:{}", place("store.db").display());
        let mut command = Command::new(program("collector"));
        command
            .args(["--listen", "127.0.0.1:0", "--store", &store, "--tls", &tls])
            .arg("--port-file")
            .arg(&port_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let collector = Running::spawn(&mut command);
        let address = until(|| fs::read_to_string(&port_file).ok());
        fs::create_dir(place("machine")).expect("a folder");
        let tpm = SoftTpm::on(&place("machine")).expect("swtpm is installed");
        Self {
            address: address.trim().to_owned(),
            tpm,
            _collector: collector,
            folder,
        }
    }

    fn store(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("store.db").display())
    }

    /// Loads the values of what the till runs now, as an image of this version.
    fn trust(&self, image: &str) {
        let mut tpm = tpm::open(&self.tpm.path()).expect("it is on");
        let held: BTreeMap<u8, [u8; 32]> = PCRS
            .into_iter()
            .zip(tpm.pcr_read(&PCRS).expect("read"))
            .collect();
        let value = |pcr: u8| vec![HEXLOWER.encode(&held[&pcr])];
        let reference = json!({
            "format": "sealpoint reference values",
            "version": 1,
            "image": image,
            "rollback_index": 1,
            "pcrs": { "11": value(11), "12": value(12) },
        });
        let file = self.folder.path().join("reference.json");
        fs::write(&file, reference.to_string()).expect("written");
        let file = file.display().to_string();
        collector(&[
            "attest",
            "reference",
            "add",
            "--store",
            &self.store(),
            &file,
        ]);
    }

    /// A start of the till's link: what the collector makes of what it shows.
    fn verdict(&self) -> Value {
        let before = self.said();
        let socket = self.folder.path().join("attest.sock");
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).expect("a free name");
        let device = self.tpm.path();
        // As a socket unit with Accept=yes.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                let attest = Command::new(program("attest"))
                    .arg("--tpm")
                    .arg(&device)
                    .stdin(OwnedFd::from(stream))
                    .stderr(Stdio::null())
                    .status();
                assert!(attest.expect("it runs").success());
            }
        });
        let (till, its) = UnixStream::pair().expect("a socket pair");
        let file = |name: &str| self.folder.path().join("till").join(name);
        let _uplink = Running::spawn(
            Command::new(program("uplink"))
                .arg("--collector")
                .arg(format!("https://{}", self.address))
                .arg("--ca")
                .arg(file("ca.pem"))
                .arg("--cert")
                .arg(file("cert.pem"))
                .arg("--key")
                .arg(file("key.pem"))
                .arg("--attest")
                .arg(&socket)
                .stdin(OwnedFd::from(its))
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let said = until(|| Some(self.said()).filter(|said| *said != before));
        drop(till);
        said["tills"][0].clone()
    }

    fn said(&self) -> Value {
        // A till that is not trusted is an exit code of its own.
        let said = Command::new(program("collector"))
            .args(["attest", "list", "--json", "--store", &self.store()])
            .output();
        serde_json::from_slice(&said.expect("the collector runs").stdout).expect("JSON")
    }
}

/// One of the collector's commands, which must end well.
fn collector(words: &[&str]) {
    run(Command::new(program("collector")).args(words));
}

/// Looks until there is something.
fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "nothing came");
        thread::sleep(LOOK_AGAIN);
    }
}

#[test]
fn a_till_is_trusted_while_it_runs_an_image_of_the_retailers_and_no_longer() {
    let shop = Shop::open();
    shop.trust("1.0.0");
    let good = shop.verdict();
    assert_eq!(good["verdict"], "trusted", "{good}");
    assert_eq!(good["image"], "1.0.0");
    let mut tpm = tpm::open(&shop.tpm.path()).expect("it is on");
    tpm.pcr_extend(12, &[1; 32]).expect("another command line");
    drop(tpm);
    let bad = shop.verdict();
    assert_eq!(bad["verdict"], "untrusted", "{bad}");
    assert_eq!(bad["reason"], "image_changed", "{bad}");
}
