//! This room's fuzz targets in the ordinary run. `tests/fuzz` has the targets, the corpus and the
//! fuzzers themselves.

#[path = "../../../../tests/fuzz/src/iso8583.rs"]
mod iso8583;
#[path = "../../../../tests/fuzz/src/ordinary.rs"]
mod ordinary;

/// Mutations of the corpus. `SEALPOINT_FUZZ=100000` tries so many instead.
const SHARE: u64 = 20_000;
/// Bytes that mean something in a message: digits, bits of a bitmap, lengths.
const TELLING: &[u8] = &[
    b'0', b'1', b'2', b'4', b'8', b'9', b' ', b'A', 0x00, 0x01, 0x02, 0x10, 0x20, 0x40, 0x60, 0x80,
    0x99, 0xFF,
];
/// Characters that mean something in a profile.
const WORDS: &[u8] = b"0123456789=\"[]_,\n abcdeinrst";

#[test]
fn iso8583() {
    ordinary::run("iso8583", iso8583::iso8583, TELLING, SHARE);
}

#[test]
fn acquirer_profile() {
    ordinary::run("acquirer_profile", iso8583::acquirer_profile, WORDS, SHARE);
}
