//! The system under a till is replaced: with the real till, what `tillctl update` waits for.
//! `systemctl` is a stand-in that stops the till as the system does; what writes the other slot is
//! one that writes nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_tests::built::program;
use serde_json::{Value, json};

use crate::rig::{Reader, Shop, Till};

const ITEM: &str = "2900000011014";
const UUID: &str = "11111111-2222-3333-4444-555555555555";

/// An image that runs on the shop's till, and a release that is newer.
struct Image<'a>(&'a Shop);

impl<'a> Image<'a> {
    fn new(shop: &'a Shop) -> Self {
        let image = Self(shop);
        for folder in [
            "etc/sealpoint",
            "usr/share/sealpoint",
            "usr/bin",
            "usr/lib/systemd",
            "var/lib/sealpoint/update/incoming",
            "proc/sys/kernel/random",
            "efi/EFI/Linux",
        ] {
            fs::create_dir_all(shop.at("system").join(folder)).expect("a folder");
        }
        symlink(shop.at("till"), shop.at("system/var/lib/sealpoint/till")).expect("a link");
        image.write("proc/sys/kernel/random/boot_id", "boot-1\n");
        image.write("etc/os-release", "IMAGE_VERSION=1.0.0\n");
        let about = "version = \"1.0.0\"\nrollback_index = 1\njournal_reads = [1, 2]\n";
        image.write("usr/share/sealpoint/image.toml", about);
        image.stands_in("usr/lib/systemd/systemd-sysupdate", "exit 0");
        let incoming = "var/lib/sealpoint/update/incoming";
        for name in [
            "1.1.0.efi".to_owned(),
            format!("1.1.0.root_{UUID}.raw"),
            format!("1.1.0.verity_{UUID}.raw"),
            format!("1.1.0.sig_{UUID}.raw"),
        ] {
            image.write(&format!("{incoming}/sealpoint_{name}"), &name);
        }
        let trust = shop.at("system/etc/sealpoint");
        let mut root = Command::new(program("tillctl"));
        root.args(["keys", "root", "--id", "root-1", "--out"])
            .arg(&trust);
        assert!(root.status().expect("tillctl runs").success());
        let mut make = Command::new(program("tillctl"));
        make.args(["update", "make"])
            .arg(shop.at("system").join(incoming))
            .arg("--root")
            .arg(trust.join("retailer.key.toml"))
            .args([
                "--version",
                "1.1.0",
                "--from",
                "1.0.0",
                "--rollback-index",
                "1",
            ])
            .args(["--journal-reads", "1,2"]);
        assert!(make.status().expect("tillctl runs").success());
        image.write(&format!("{incoming}/ready"), "");
        image
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.0.at("system").join(path), text).expect("a file");
    }

    fn stands_in(&self, path: &str, then: &str) {
        self.write(path, &format!("#!/bin/sh\n{then}\n"));
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.0.at("system").join(path), mode).expect("ours");
    }

    /// What `systemctl` does from now on: it stops this till, and writes down what it was asked for.
    fn stops(&self, till: &Till) {
        let (pid, asked) = (till.process.pid(), self.0.at("asked"));
        let status = self.0.at("till/status.json");
        let then = format!(
            "echo \"$*\" >> {}\ncase \"$*\" in *stop*) kill -TERM {pid}\n\
             while ! grep -q '\"ended\": true' {}; do sleep 0.05; done;; esac",
            asked.display(),
            status.display()
        );
        self.stands_in("usr/bin/systemctl", &then);
    }

    /// What it was asked for so far.
    fn asked(&self) -> String {
        fs::read_to_string(self.0.at("asked")).unwrap_or_default()
    }

    /// Exit code and sentence of one turn of the service, whoever used the till a moment ago.
    fn turn(&self) -> (i32, String) {
        self.update(&["run", "--rest-minutes", "0"])
    }

    /// Exit code and sentence of a look at the release.
    fn check(&self) -> (i32, String) {
        let incoming = self.0.at("system/var/lib/sealpoint/update/incoming");
        self.update(&["check", incoming.to_str().expect("text")])
    }

    fn update(&self, arguments: &[&str]) -> (i32, String) {
        let ran = Command::new(program("tillctl"))
            .arg("update")
            .args(arguments)
            .args(["--json", "--system"])
            .arg(self.0.at("system"))
            .output()
            .expect("tillctl runs");
        let said: Value = serde_json::from_slice(&ran.stdout).expect("one object");
        let told = said["told"].as_str().or(said["error"]["what"].as_str());
        let code = ran.status.code().expect("it ends by itself");
        (code, told.unwrap_or_default().to_owned())
    }

    /// What the till wrote of itself, once that is so.
    fn until(&self, is_so: impl Fn(&Value) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let said = fs::read(self.0.at("till/status.json")).unwrap_or_default();
            let said: Value = serde_json::from_slice(&said).unwrap_or_default();
            if is_so(&said) {
                return;
            }
            assert!(Instant::now() < end, "the till says {said:#}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn an_update_waits_for_a_charge_that_a_kill_left_open_until_it_is_undone() {
    let mut shop = Shop::open(&Reader::Virtual);
    let mut till = shop.till();
    till.wait_for_cards();
    till.scan(ITEM);
    shop.host_answers("drop-answer");
    till.act(json!({ "do": "card" }));
    till.act(json!({ "do": "demo", "insert": "visa-approved" }));
    let end = Instant::now() + Duration::from_secs(30);
    while shop.captured() == 0 {
        assert!(Instant::now() < end, "the acquirer was never asked");
        thread::sleep(Duration::from_millis(5));
    }
    till.kill();
    {
        let image = Image::new(&shop);
        let (code, told) = image.check();
        assert_eq!((code, told.contains("is in flight")), (123, true), "{told}");
    }

    // It starts again and knows that the charge is to be undone, but nobody can be told.
    shop.kill_collector();
    let mut till = shop.till();
    {
        let image = Image(&shop);
        image.stops(&till);
        image.until(|said| said["open_charges"]["reversing"] == 1);
        let (code, told) = image.check();
        assert_eq!((code, told.contains("to be undone")), (123, true), "{told}");
        let (code, told) = image.turn();
        assert_eq!((code, told.contains("to be undone")), (0, true), "{told}");
        assert_eq!(image.asked(), "", "the till was left alone");
    }

    shop.host_answers("normal");
    shop.start_collector();
    till.wait("drained");
    assert_eq!(shop.captured(), 0);
    let image = Image(&shop);
    image.until(|said| said["open_charges"]["reversing"] == 0);
    let (code, told) = image.check();
    assert_eq!(code, 0, "{told}");

    // Its basket is still rung up: the update is written, and the machine goes on.
    let (code, told) = image.turn();
    assert_eq!(
        (code, told.contains("somebody uses the till")),
        (0, true),
        "{told}"
    );
    assert_eq!(image.asked(), "");
    till.act(json!({ "do": "cash_exact" }));
    image.until(|said| said["at_rest_since_ms"].is_i64());
    let (code, told) = image.turn();
    assert_eq!(
        (code, told.as_str()),
        (0, "The machine starts again, into 1.1.0.")
    );
    assert!(
        image.asked().ends_with("reboot.target\n"),
        "{}",
        image.asked()
    );
    let ended = till.process.0.wait().expect("a child can be waited for");
    assert!(ended.success(), "it was asked to end, and did");
}

#[test]
fn a_till_that_is_stopped_for_a_restart_brings_the_card_to_its_end_first() {
    let shop = Shop::open(&Reader::Virtual);
    let image = Image::new(&shop);
    let mut till = shop.till();
    till.wait_for_cards();
    image.stops(&till);
    image.until(|said| said["at_rest_since_ms"].is_i64());
    // A cashier begins right after the last look: the stand-in has her do it before it stops the till.
    let began = shop.at("began");
    let script = fs::read_to_string(shop.at("system/usr/bin/systemctl")).expect("it is there");
    let begins = format!(
        "case \"$*\" in *stop*) touch {0}.asked\nwhile ! [ -e {0} ]; do sleep 0.05; done;; esac\n",
        began.display()
    );
    let script = script.replacen("#!/bin/sh\n", &format!("#!/bin/sh\n{begins}"), 1);
    fs::write(shop.at("system/usr/bin/systemctl"), script).expect("ours");
    thread::scope(|scope| {
        let turn = scope.spawn(|| image.turn());
        let asked = shop.at("began.asked");
        let end = Instant::now() + Duration::from_secs(60);
        while !asked.exists() {
            assert!(Instant::now() < end, "the till was never stopped");
            thread::sleep(Duration::from_millis(20));
        }
        till.scan(ITEM);
        till.act(json!({ "do": "card" }));
        fs::write(&began, "").expect("a file");
        let (code, told) = turn.join().expect("no defect");
        assert_eq!(code, 0, "{told}");
        assert!(told.contains("Not now"), "{told}");
    });
    let asked = image.asked();
    assert!(asked.contains("stop sealpoint-till.service"), "{asked}");
    assert!(
        asked.ends_with("start --no-block sealpoint-till.service\n"),
        "{asked}"
    );
    assert!(!asked.contains("reboot.target"), "{asked}");
    let ended = till.process.0.wait().expect("a child can be waited for");
    assert!(
        ended.success(),
        "the card was waited for, and the till ended by itself"
    );
    assert_eq!(shop.captured(), 0);
}
