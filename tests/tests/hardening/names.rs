//! The uplink finds its collector by name from within its limits, and reads no more than that takes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use sealpoint_tests::built::program;
use sealpoint_tests::child::run;
use sealpoint_wire::{FromUplink, LinkState};

use crate::rig::{Running, command, folder};

/// Puts an uplink's files into the folder `uplink`.
fn enrol(folder: &Path) {
    let collector = |arguments: &[&str]| {
        run(Command::new(program("collector"))
            .args(arguments)
            .current_dir(folder))
    };
    collector(&["ca", "--tls", "tls"]);
    collector(&[
        "enrol",
        "--terminal",
        "T0000001",
        "--tls",
        "tls",
        "--out",
        "uplink",
    ]);
}

/// An uplink with real files, for a collector at that address.
fn uplink(folder: &Path, address: &str) -> Running {
    enrol(folder);
    start(folder, address)
}

/// An uplink with the files that are there.
fn start(folder: &Path, address: &str) -> Running {
    let mut command = command(&[], "uplink");
    command.args(["--collector", address]);
    let files = fs::read_dir(folder.join("uplink")).expect("enrolled");
    let files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    for option in ["ca", "cert", "key"] {
        let file = files
            .iter()
            .find(|file| file.file_stem().is_some_and(|stem| stem == option));
        command
            .arg(format!("--{option}"))
            .arg(file.expect("a file of that name"));
    }
    Running::start(&mut command)
}

#[test]
fn a_name_of_this_machine_leads_to_the_collectors_port() {
    let folder = folder();
    let collector = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = collector.local_addr().expect("bound").port();
    let mut uplink = uplink(folder.path(), &format!("https://localhost:{port}"));
    assert!(uplink.uplink_posture().is_full());
    let (_, from) = collector.accept().expect("the uplink comes");
    assert!(from.ip().is_loopback());
}

#[test]
fn a_name_that_nobody_has_is_a_reason_why_the_link_is_down() {
    let folder = folder();
    let mut uplink = uplink(folder.path(), "https://collector.invalid:8443");
    assert!(uplink.uplink_posture().is_full());
    let why = link_down(&mut uplink);
    assert!(why.contains("The collector "), "{why}");
}

#[test]
fn an_uplink_reads_nothing_outside_of_its_own_folder() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    enrol(folder.path());
    // Where a journal lies, for example.
    fs::create_dir(at("other")).expect("a folder in a temporary folder");
    fs::rename(at("uplink/cert.pem"), at("other/cert.pem")).expect("moved");
    symlink(at("other/cert.pem"), at("uplink/cert.pem")).expect("a link");
    let mut uplink = start(folder.path(), "https://127.0.0.1:9");
    assert!(uplink.uplink_posture().is_full());
    let why = link_down(&mut uplink);
    assert!(why.contains("permission denied"), "{why}");
}

/// Why there is no link, as the uplink says.
fn link_down(uplink: &mut Running) -> String {
    loop {
        if let FromUplink::Link {
            state: LinkState::Down { why },
        } = uplink.uplink_says()
        {
            return why;
        }
    }
}
