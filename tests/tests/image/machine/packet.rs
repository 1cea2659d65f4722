//! Frames: read as far as a test asks, and made as far as a scan needs them.

use std::net::Ipv4Addr;

/// The machine's network card.
pub const MACHINE_MAC: [u8; 6] = [0x52, 0x54, 0x00, 0x5e, 0xa1, 0x01];

/// What a frame is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Packet {
    /// Who has an address (RFC 826).
    Arp,
    /// TCP over IPv4.
    Tcp {
        /// Sender.
        from: (Ipv4Addr, u16),
        /// Receiver.
        to: (Ipv4Addr, u16),
        /// The flags' byte (RFC 9293, 3.1).
        flags: u8,
    },
    /// UDP over IPv4.
    Udp {
        /// Sender.
        from: (Ipv4Addr, u16),
        /// Receiver.
        to: (Ipv4Addr, u16),
    },
    /// Another protocol over IPv4, by number.
    Ipv4(Ipv4Addr, u8),
    /// IPv6: the next header's number.
    Ipv6(u8),
    /// Something else, by its EtherType.
    Other(u16),
}

/// Frames of a capture in libpcap's format, each with its sender's card.
pub fn capture(pcap: &[u8]) -> Vec<([u8; 6], Packet)> {
    let mut rest = pcap.get(24..).unwrap_or_default();
    let mut found = vec![];
    while let Some(length) = rest.get(8..12).and_then(|four| four.try_into().ok()) {
        let end = 16 + u32::from_le_bytes(length) as usize;
        let Some(frame) = rest.get(16..end) else {
            break;
        };
        if let Some(sender) = frame.get(6..12).and_then(|six| six.try_into().ok()) {
            found.push((sender, read(frame)));
        }
        rest = &rest[end..];
    }
    found
}

/// What a frame is.
pub fn read(frame: &[u8]) -> Packet {
    let kind = word(frame, 12);
    match kind {
        0x0806 => Packet::Arp,
        0x86DD => Packet::Ipv6(byte(frame, 20)),
        0x0800 => {
            let (from, to) = (address(frame, 26), address(frame, 30));
            let body = 14 + usize::from(byte(frame, 14) & 15) * 4;
            let from = (from, word(frame, body));
            let to = (to, word(frame, body + 2));
            match byte(frame, 23) {
                6 => Packet::Tcp {
                    from,
                    to,
                    flags: byte(frame, body + 13),
                },
                17 => Packet::Udp { from, to },
                other => Packet::Ipv4(to.0, other),
            }
        }
        other => Packet::Other(other),
    }
}

/// The first segment of a TCP connection.
pub fn syn(mac: [u8; 6], from: (Ipv4Addr, u16), to: (Ipv4Addr, u16)) -> Vec<u8> {
    let mut segment = vec![];
    segment.extend(from.1.to_be_bytes());
    segment.extend(to.1.to_be_bytes());
    segment.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xFF, 0xFF, 0, 0, 0, 0]);
    ipv4(mac, from.0, to.0, 6, segment, 16)
}

/// A datagram of four bytes.
pub fn datagram(mac: [u8; 6], from: (Ipv4Addr, u16), to: (Ipv4Addr, u16)) -> Vec<u8> {
    let mut segment = vec![];
    segment.extend(from.1.to_be_bytes());
    segment.extend(to.1.to_be_bytes());
    segment.extend([0, 12, 0, 0, b'h', b'e', b'y', b'!']);
    ipv4(mac, from.0, to.0, 17, segment, 6)
}

/// An echo request (RFC 792).
pub fn ping(mac: [u8; 6], from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let mut message = vec![8, 0, 0, 0, 0x5E, 0xA1, 0, 1];
    let sum = checksum(&message).to_be_bytes();
    message[2..4].copy_from_slice(&sum);
    ipv4_with(mac, from, to, 1, &message)
}

/// Who has this address? Asked by another card than the machine's.
pub fn who_has(from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let mut frame = [&[0xFF; 6], SCANNER.as_slice(), &[0x08, 0x06]].concat();
    frame.extend([0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend(SCANNER);
    frame.extend(from.octets());
    frame.extend([0; 6]);
    frame.extend(to.octets());
    frame
}

/// I have this address, said to a card.
pub fn i_have(card: [u8; 6], mine: Ipv4Addr, theirs: Ipv4Addr) -> Vec<u8> {
    let mut frame = [card.as_slice(), &SCANNER, &[0x08, 0x06]].concat();
    frame.extend([0, 1, 8, 0, 6, 4, 0, 2]);
    frame.extend(SCANNER);
    frame.extend(mine.octets());
    frame.extend(card);
    frame.extend(theirs.octets());
    frame
}

/// The card of whoever scans.
pub const SCANNER: [u8; 6] = [0x52, 0x54, 0x00, 0x5e, 0xa1, 0xFF];

fn ipv4(
    mac: [u8; 6],
    from: Ipv4Addr,
    to: Ipv4Addr,
    protocol: u8,
    mut segment: Vec<u8>,
    sum_at: usize,
) -> Vec<u8> {
    let length = u16::try_from(segment.len()).expect("a short segment");
    let pseudo = [
        from.octets().as_slice(),
        &to.octets(),
        &[0, protocol],
        &length.to_be_bytes(),
        &segment,
    ]
    .concat();
    let sum = checksum(&pseudo).to_be_bytes();
    segment[sum_at..sum_at + 2].copy_from_slice(&sum);
    ipv4_with(mac, from, to, protocol, &segment)
}

fn ipv4_with(mac: [u8; 6], from: Ipv4Addr, to: Ipv4Addr, protocol: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + body.len()).expect("a short packet");
    let mut head = vec![0x45, 0];
    head.extend(length.to_be_bytes());
    head.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
    head.extend(from.octets());
    head.extend(to.octets());
    let sum = checksum(&head).to_be_bytes();
    head[10..12].copy_from_slice(&sum);
    [mac.as_slice(), &SCANNER, &[0x08, 0x00], &head, body].concat()
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair.get(1).copied().unwrap_or(0)))
        .sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

fn byte(frame: &[u8], at: usize) -> u8 {
    frame.get(at).copied().unwrap_or(0)
}

fn word(frame: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([byte(frame, at), byte(frame, at + 1)])
}

fn address(frame: &[u8], at: usize) -> Ipv4Addr {
    Ipv4Addr::from([0, 1, 2, 3].map(|next| byte(frame, at + next)))
}
