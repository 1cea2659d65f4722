//! What the system that starts a till hears from it (sd_notify(3)), with the real program on a real
//! display.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use sealpoint_tests::built::program;
use sealpoint_tests::child::Running;
use tempfile::TempDir;

/// Nothing here takes longer than this unless it is broken.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long this system waits for a sign of life, microseconds.
const WATCHDOG_US: &str = "900000";
/// At most this many words before the one that is waited for.
const MAX_WORDS: usize = 100;

/// A till on a display in memory, and the socket on which the system listens.
struct Kiosk {
    till: Running,
    system: UnixDatagram,
    /// The till's window is on it until the test ends.
    _display: Running,
    _folder: TempDir,
}

impl Kiosk {
    /// Starts a till with the file of that name, and with the text in it, beside its configuration.
    fn start(name: &str, text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path(name), text).expect("our own folder");
        let system = UnixDatagram::bind(path("notify")).expect("a socket");
        system
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket that waits");
        let (display, number) = display();
        let mut till = Command::new(program("till"));
        till.arg("--state")
            .arg(path("state"))
            .arg("--config")
            .arg(path("till.toml"))
            .env_clear()
            .env("DISPLAY", format!(":{number}"))
            .env("NOTIFY_SOCKET", path("notify"))
            .env("WATCHDOG_USEC", WATCHDOG_US)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            till: Running::spawn(&mut till),
            system,
            _display: display,
            _folder: folder,
        }
    }

    /// The next word that the system hears.
    fn word(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.system.recv(&mut buffer).expect("the till says more");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Waits for a word that begins so.
    fn hears(&self, start: &str) {
        let heard = (0..MAX_WORDS).any(|_| self.word().starts_with(start));
        assert!(heard, "{start} was not among {MAX_WORDS} words");
    }
}

/// A display in memory and its number.
fn display() -> (Running, String) {
    let mut display = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1024x768x24"])
        .args(["-nolisten", "tcp"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the package xvfb is there");
    let output = display.stdout.take().expect("it is piped");
    let mut number = String::new();
    BufReader::new(output)
        .read_line(&mut number)
        .expect("it says its number");
    (Running(display), number.trim().to_owned())
}

#[test]
fn a_till_says_that_it_sells_then_that_it_lives_and_that_it_ends() {
    let mut kiosk = Kiosk::start("till.toml", "fullscreen = true\n");
    assert_eq!(kiosk.word(), "READY=1\nSTATUS=The till sells.");
    kiosk.hears("WATCHDOG=1");
    kiosk.hears("WATCHDOG=1");
    kiosk.till.signal("TERM");
    kiosk.hears("STOPPING=1");
    let end = kiosk.till.0.wait().expect("it is ours");
    assert!(end.success(), "{end}");
}

#[test]
fn a_till_whose_settings_were_refused_says_why_and_is_not_ready() {
    let why = "The site bundle is refused: it has version 3, and version 4 was accepted before.";
    let kiosk = Kiosk::start("refused.txt", why);
    assert_eq!(
        kiosk.word(),
        format!("STATUS=The till cannot sell: {why}"),
        "and not READY"
    );
}
