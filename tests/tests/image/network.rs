//! The network, seen by the auditor: every frame that the machine sends, and what answers it gives.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::machine::packet::{self, MACHINE_MAC, Packet};
use crate::machine::{Cable, Extra};
use crate::office::PORT;
use crate::till::Till;

/// The till, and the collector behind QEMU's router.
const TILL: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
const COLLECTOR: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// Whoever scans; an address of the same segment that nobody has.
const SCANNER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 99);
const SCANNER_PORT: u16 = 40_000;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The flags of a segment that accepts a connection, and of one that refuses it.
const SYN_ACK: u8 = 0x12;
const RST: u8 = 0x04;

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn nothing_leaves_the_machine_but_what_goes_to_the_collector() {
    let mut till = Till::start("network-out", &Extra::default());
    till.until_ready();
    till.sells();
    let (expected, foreign) = sent(&till.machine.frames());
    assert!(expected > 0, "the capture sees what is sent");
    assert!(foreign.is_empty(), "the machine sent {foreign:?}");
}

/// The capture is no wall: one frame to somebody else is enough.
#[test]
fn a_capture_with_one_frame_to_somebody_else_is_not_passed() {
    let to_the_collector = packet::syn([0; 6], (TILL, 5000), (COLLECTOR, PORT));
    let to_a_name_server = packet::datagram([0; 6], (TILL, 5000), (COLLECTOR, 53));
    let to_another_port = packet::syn([0; 6], (TILL, 5000), (COLLECTOR, PORT + 1));
    let mut capture = vec![0; 24];
    for frame in [to_the_collector, to_a_name_server, to_another_port] {
        let mut frame = frame;
        frame[6..12].copy_from_slice(&MACHINE_MAC);
        let length = u32::try_from(frame.len()).expect("short").to_le_bytes();
        capture.extend([&[0; 8], length.as_slice(), &length, &frame].concat());
    }
    let (expected, foreign) = sent(&capture);
    assert_eq!((expected, foreign.len()), (1, 2), "{foreign:?}");
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn no_port_of_the_machine_answers() {
    let mut till = Till::start("network-in", &Extra::default());
    till.until_ready();
    let mut cable = till.machine.cable();
    // The router answers: so would the machine, if it did.
    let router = mac_of(&mut cable, COLLECTOR);
    let open = answers(&mut cable, COLLECTOR, router, &[PORT]);
    assert!(open.contains(&PORT), "the scan finds a port that is open");
    let card = mac_of(&mut cable, TILL);
    assert_eq!(card, MACHINE_MAC, "the machine is there");
    let all: Vec<u16> = (1..=u16::MAX).collect();
    let mut open = BTreeSet::new();
    for ports in all.chunks(2048) {
        open.extend(answers(&mut cable, TILL, card, ports));
    }
    assert!(open.is_empty(), "the machine answers at {open:?}");
    till.sells();
}

/// The ports, of these, at which something answers to TCP, UDP or an echo request; 0 is the latter.
fn answers(cable: &mut Cable, whom: Ipv4Addr, card: [u8; 6], ports: &[u16]) -> BTreeSet<u16> {
    let me = (SCANNER, SCANNER_PORT);
    cable.send(&packet::ping(card, SCANNER, whom));
    for port in ports {
        cable.send(&packet::syn(card, me, (whom, *port)));
        cable.send(&packet::datagram(card, me, (whom, *port)));
    }
    let mut open = BTreeSet::new();
    // What comes after this is an answer to what was sent before.
    let mut asked = false;
    while let Some(frame) = cable.hear(if asked { PATIENCE / 10 } else { PATIENCE }) {
        asked = true;
        // The router hears what is sent to the machine, and would answer for it.
        if frame.get(6..12) != Some(card.as_slice()) {
            continue;
        }
        match packet::read(&frame) {
            Packet::Tcp { from, to, flags } if to == me => {
                assert!(flags == SYN_ACK || flags & RST != 0);
                open.insert(from.1);
            }
            Packet::Udp { from, to } if to == me => {
                open.insert(from.1);
            }
            Packet::Ipv4(to, 1) if to == SCANNER => {
                open.insert(0);
            }
            // Somebody has an answer for us and asks where we are.
            Packet::Arp if frame.get(38..42) == Some(SCANNER.octets().as_slice()) => {
                cable.send(&packet::i_have(card, SCANNER, whom));
            }
            _ => {}
        }
    }
    open
}

/// The card that has an address.
fn mac_of(cable: &mut Cable, whom: Ipv4Addr) -> [u8; 6] {
    cable.send(&packet::who_has(SCANNER, whom));
    while let Some(frame) = cable.hear(PATIENCE) {
        let sender = frame.get(28..32) == Some(whom.octets().as_slice());
        if packet::read(&frame) == Packet::Arp && sender {
            return frame[22..28].try_into().expect("six bytes");
        }
    }
    panic!("nobody has {whom}");
}

/// How many frames the machine sent to the collector, and what else it sent, but questions for cards.
fn sent(capture: &[u8]) -> (usize, BTreeSet<Packet>) {
    let to_the_collector = Packet::Tcp {
        from: (TILL, 0),
        to: (COLLECTOR, PORT),
        flags: 0,
    };
    let (mut expected, mut foreign) = (0, BTreeSet::new());
    for (card, packet) in packet::capture(capture) {
        let packet = without_detail(packet);
        if packet == to_the_collector {
            expected += usize::from(card == MACHINE_MAC);
        } else if card == MACHINE_MAC && packet != Packet::Arp {
            foreign.insert(packet);
        }
    }
    (expected, foreign)
}

/// The same without the port that the system chose and the flags.
fn without_detail(packet: Packet) -> Packet {
    match packet {
        Packet::Tcp { from, to, .. } => Packet::Tcp {
            from: (from.0, 0),
            to,
            flags: 0,
        },
        other => other,
    }
}
