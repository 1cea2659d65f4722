use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use super::{Notifier, watchdog};

/// What the system hears by now; what a till says is there when the call comes back.
fn heard(system: &UnixDatagram) -> Vec<String> {
    system.set_nonblocking(true).expect("our own socket");
    let mut words = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        match system.recv(&mut buffer) {
            Ok(length) => words.push(String::from_utf8_lossy(&buffer[..length]).into_owned()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return words,
            Err(error) => panic!("{error}"),
        }
    }
}

fn pair(every: Option<Duration>) -> (UnixDatagram, Notifier, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let system = UnixDatagram::bind(&path).expect("a socket");
    let till = Notifier::to(path.as_os_str(), every).expect("it listens");
    (system, till, folder)
}

#[test]
fn the_system_hears_once_that_the_till_sells() {
    let (system, till, _folder) = pair(None);
    assert!(heard(&system).is_empty(), "nothing before the first view");
    till.ready();
    till.ready();
    till.ending();
    let ready = "READY=1\nSTATUS=The till sells.";
    assert_eq!(heard(&system), [ready, "STOPPING=1"]);
}

#[test]
fn a_sign_of_life_takes_both_the_engine_and_the_window() {
    let (system, till, _folder) = pair(Some(Duration::from_secs(60)));
    assert_eq!(till.interval(), Some(Duration::from_secs(20)));
    till.window_lives();
    assert!(heard(&system).is_empty(), "the engine has not begun");
    till.engine_lives();
    assert!(heard(&system).is_empty(), "the window has not gone round");
    till.window_lives();
    assert_eq!(heard(&system), ["WATCHDOG=1"]);
    till.window_lives();
    assert!(heard(&system).is_empty(), "the engine hangs");
}

#[test]
fn a_till_that_cannot_sell_says_why_in_one_line_and_not_that_it_is_ready() {
    let (system, till, _folder) = pair(None);
    till.blocked("The site bundle is refused.\nREADY=1");
    let words = heard(&system);
    let why = "STATUS=The till cannot sell: The site bundle is refused. READY=1";
    assert_eq!(words, [why]);
}

#[test]
fn a_socket_may_have_a_name_that_is_no_file() {
    let name = format!("sealpoint-notify-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a short name");
    let system = UnixDatagram::bind_addr(&address).expect("a socket");
    let till = Notifier::to(OsStr::new(&format!("@{name}")), None).expect("it listens");
    till.ending();
    assert_eq!(heard(&system), ["STOPPING=1"]);
    for wrong in ["", "notify", "vsock:2:1", "@"] {
        // "@" alone would be a name of no bytes, on which nobody listens.
        assert!(Notifier::to(OsStr::new(wrong), None).is_err(), "{wrong:?}");
    }
    assert!(Notifier::to(OsStr::from_bytes(b"/\0"), None).is_err());
}

#[test]
fn a_watchdog_is_for_the_process_that_it_names() {
    let with = |every: Option<&str>, of: Option<&str>| {
        watchdog(
            |name| match name {
                "WATCHDOG_USEC" => every.map(OsString::from),
                _ => of.map(OsString::from),
            },
            7,
        )
    };
    let minute = Some(Duration::from_secs(60));
    assert_eq!(with(Some("60000000"), Some("7")), minute);
    assert_eq!(with(Some("60000000"), None), minute);
    for (every, of) in [
        (Some("60000000"), Some("8")),
        (Some("60000000"), Some("x")),
        (Some("0"), Some("7")),
        (Some("-1"), None),
        (None, Some("7")),
    ] {
        assert_eq!(with(every, of), None, "{every:?} {of:?}");
    }
}
