//! The binary `uplink` as a process, with a till's socket as its standard input.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sealpoint_wire::{FromUplink, LinkState, ToUplink, WIRE_VERSION, frame};

/// Everything here is said in well under a second; this is for a machine under load.
const PATIENCE: Duration = Duration::from_secs(20);

struct Uplink {
    till: UnixStream,
    child: Child,
}

impl Uplink {
    fn start(arguments: &[&str]) -> Self {
        let (till, stdin) = UnixStream::pair().expect("a socket pair");
        till.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let child = Command::new(env!("CARGO_BIN_EXE_uplink"))
            .args(arguments)
            .stdin(Stdio::from(OwnedFd::from(stdin)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the uplink's binary runs");
        Self { till, child }
    }

    fn for_collector(address: &str) -> Self {
        let missing = "/nonexistent/uplink";
        let files = ["ca", "cert", "key"].map(|name| format!("{missing}/{name}.pem"));
        let mut arguments = vec!["--collector", address];
        for (option, file) in ["--ca", "--cert", "--key"].into_iter().zip(&files) {
            arguments.extend([option, file]);
        }
        Self::start(&arguments)
    }

    fn next(&mut self) -> FromUplink {
        frame::read(&mut self.till)
            .expect("a whole frame")
            .expect("the uplink lives")
    }

    fn why_down(&mut self) -> String {
        loop {
            if let FromUplink::Link {
                state: LinkState::Down { why },
            } = self.next()
            {
                return why;
            }
        }
    }

    fn exit_code(mut self) -> Option<i32> {
        drop(self.till);
        self.child.wait().expect("its own child").code()
    }
}

#[test]
fn it_says_hello_and_ends_well_when_the_till_is_gone() {
    let mut uplink = Uplink::start(&[]);
    assert!(matches!(
        uplink.next(),
        FromUplink::Hello {
            version: WIRE_VERSION,
            ..
        }
    ));
    assert_eq!(
        uplink.next(),
        FromUplink::Link {
            state: LinkState::NotSetUp
        }
    );
    assert_eq!(uplink.exit_code(), Some(0));
}

#[test]
fn it_ends_well_when_the_till_is_killed_with_words_unread_or_half_said() {
    let mut uplink = Uplink::start(&[]);
    uplink
        .till
        .read_exact(&mut [0])
        .expect("it has said something");
    assert_eq!(uplink.exit_code(), Some(0));
    let mut uplink = Uplink::start(&[]);
    uplink
        .till
        .write_all(b"\0\0\0\x20{\"to")
        .expect("the uplink reads");
    assert_eq!(uplink.exit_code(), Some(0));
}

#[test]
fn an_offer_without_a_collector_is_answered() {
    let mut uplink = Uplink::start(&[]);
    let offer = ToUplink::Offer {
        offer: 7,
        records: vec![],
    };
    frame::write(&mut uplink.till, &offer).expect("the uplink reads");
    uplink.next();
    uplink.next();
    assert!(matches!(
        uplink.next(),
        FromUplink::NotAcked { offer: 7, .. }
    ));
    assert_eq!(uplink.exit_code(), Some(0));
}

#[test]
fn missing_files_are_a_reason_why_the_link_is_down_and_it_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("https://{}", listener.local_addr().expect("bound"));
    let mut uplink = Uplink::for_collector(&address);
    let why = uplink.why_down();
    assert!(why.contains(".pem cannot be read"), "{why}");
    assert!(why.contains("Enrol this till"), "{why}");
    assert!(
        uplink.child.try_wait().expect("its own child").is_none(),
        "it goes on"
    );
    assert_eq!(uplink.exit_code(), Some(0));
}

#[test]
fn a_bad_address_is_a_reason_why_the_link_is_down() {
    for address in [
        "http://127.0.0.1:1",
        "127.0.0.1:1",
        "https://a b",
        "https://h/path",
        "https://u@h",
    ] {
        let mut uplink = Uplink::for_collector(address);
        let why = uplink.why_down();
        assert!(
            why.contains("is not a collector's address. Use https://HOST:PORT"),
            "{why}"
        );
        assert_eq!(uplink.exit_code(), Some(0));
    }
}

#[test]
fn a_frame_that_is_no_message_ends_it() {
    let mut uplink = Uplink::start(&[]);
    uplink
        .till
        .write_all(b"\0\0\0\x02{}")
        .expect("the uplink reads");
    assert_eq!(uplink.exit_code(), Some(1));
    let mut uplink = Uplink::start(&[]);
    uplink.till.write_all(&[0xff; 8]).expect("the uplink reads");
    assert_eq!(uplink.exit_code(), Some(1));
}

#[test]
fn wrong_arguments_are_told_off() {
    for arguments in [&["--colour"][..], &["--collector", "https://h:1"]] {
        assert_eq!(Uplink::start(arguments).exit_code(), Some(2));
    }
}
