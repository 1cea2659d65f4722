//! The uplink finds its collector by name from within its limits.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use sealpoint_wire::{FromUplink, LinkState};

use crate::rig::{Running, command, folder, program};

/// An uplink with real files, for a collector at that address.
fn uplink(folder: &std::path::Path, address: &str) -> Running {
    let run = |arguments: &[&str]| {
        let status = Command::new(program("collector"))
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("the collector runs").success());
    };
    run(&["ca", "--tls", "tls"]);
    run(&[
        "enrol",
        "--terminal",
        "T0000001",
        "--tls",
        "tls",
        "--out",
        "uplink",
    ]);
    let mut command = command(&[], "uplink");
    command.args(["--collector", address]);
    let files = std::fs::read_dir(folder.join("uplink")).expect("enrolled");
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
    loop {
        if let FromUplink::Link {
            state: LinkState::Down { why },
        } = uplink.uplink_says()
        {
            assert!(why.contains("The collector "), "{why}");
            break;
        }
    }
}
