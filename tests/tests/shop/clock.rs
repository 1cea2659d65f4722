//! The machine's clock follows the collector by way of the uplink: real programs from end to end. The
//! test is the system, which starts the clock's program for the uplink's connection; without the right
//! to set a clock, so that this machine's stays as it is.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sealpoint_tests::built::program;
use sealpoint_tests::child::Running;

use crate::rig::{Reader, Shop, log};

/// Nothing here takes longer than this unless it is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// The uplink's connection.
fn accepted(listener: &UnixListener) -> UnixStream {
    listener.set_nonblocking(true).expect("our socket");
    let began = Instant::now();
    loop {
        match listener.accept() {
            Ok((socket, _)) => {
                socket.set_nonblocking(false).expect("our socket");
                return socket;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                assert!(began.elapsed() < PATIENCE, "the uplink does not come");
                thread::sleep(Duration::from_millis(50));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_clock_follows_the_collector_by_way_of_the_uplink() {
    let shop = Shop::open(&Reader::Virtual);
    for name in ["clock", "clock.run"] {
        fs::create_dir(shop.at(name)).expect("a folder");
    }
    let listener = UnixListener::bind(shop.at("clock.sock")).expect("a socket");
    let (_till, uplinks) = UnixStream::pair().expect("a pair");
    let files = shop.at("till/uplink");
    let _uplink = Running::spawn(
        Command::new(program("uplink"))
            .args(["--collector", &shop.collector_url()])
            .arg("--ca")
            .arg(files.join("ca.pem"))
            .arg("--cert")
            .arg(files.join("cert.pem"))
            .arg("--key")
            .arg(files.join("key.pem"))
            .arg("--clock")
            .arg(shop.at("clock.sock"))
            .stdin(Stdio::from(OwnedFd::from(uplinks)))
            .stdout(log(&shop.at("uplink.out")))
            .stderr(log(&shop.at("uplink.log"))),
    );
    let set = Command::new("setpriv")
        .args(["--bounding-set=-sys_time", "--inh-caps=-sys_time", "--"])
        .arg(program("tillctl"))
        .args(["clock", "set", "--name", "127.0.0.1", "--ca"])
        .arg(files.join("ca.pem"))
        .arg("--state")
        .arg(shop.at("clock"))
        .arg("--run")
        .arg(shop.at("clock.run"))
        .stdin(Stdio::from(OwnedFd::from(accepted(&listener))))
        .output()
        .expect("setpriv runs");
    let said = String::from_utf8_lossy(&set.stdout);
    let why = String::from_utf8_lossy(&set.stderr);
    assert!(set.status.success(), "{said}{why}");
    assert!(said.contains("The clock is right"), "{said}");
    assert!(shop.at("clock/proved").exists() && shop.at("clock.run/set").exists());
}
