//! How the card was read, as its own EMV data say (DE 22).

use crate::tlv;

/// EMV tags of the entry mode (BCD), of the terminal's capabilities and of the CVM's results.
const ENTRY_MODE: u32 = 0x9F39;
const CAPABILITIES: u32 = 0x9F33;
const CVM_RESULTS: u32 = 0x9F34;
/// Terminal capabilities, byte 2: any kind of PIN (EMV 4.4 Book 4 Annex A2).
const ANY_PIN: u8 = 0x80 | 0x40 | 0x10;
/// CVM results, byte 1: the method without the bit for what comes next (Book 3 Annex C3).
const METHOD: u8 = 0x3F;
/// CVM results, byte 3: it succeeded, or nobody knows yet (signature, online PIN).
const FAILED: u8 = 0x01;

/// What a chip card was read with.
struct Read {
    contactless: bool,
    takes_pin: bool,
    method: Option<u8>,
}

impl Read {
    fn of(de55: &[u8]) -> Self {
        let value = |tag| tlv::only(de55, tag).ok().flatten();
        Self {
            contactless: value(ENTRY_MODE) == Some(&[0x07]),
            takes_pin: matches!(value(CAPABILITIES), Some([_, cvm, _]) if cvm & ANY_PIN != 0),
            method: match value(CVM_RESULTS) {
                Some(&[method, _, result]) if result != FAILED => Some(method & METHOD),
                _ => None,
            },
        }
    }
}

/// Three digits of 1987: 05 with contacts, 07 without; and whether a PIN can be entered at the
/// terminal (1) or not (2).
pub(crate) fn entry_mode(de55: &[u8]) -> &'static [u8; 3] {
    let read = Read::of(de55);
    match (read.contactless, read.takes_pin) {
        (false, false) => b"052",
        (false, true) => b"051",
        (true, false) => b"072",
        (true, true) => b"071",
    }
}

/// The twelve positions of 1993 (Annex A.8). A chip without contacts is none of its own there: that
/// is in DE 55, tag 9F39.
pub(crate) fn data_code(de55: &[u8]) -> [u8; 12] {
    let read = Read::of(de55);
    let pin = if read.takes_pin { b'1' } else { b'0' };
    let (method, entity) = match read.method {
        // Offline PIN, in clear or enciphered, with a signature or without: the card compared it.
        Some(0x01 | 0x03 | 0x04 | 0x05) => (b'1', b'1'),
        // Online PIN: the issuer compares it.
        Some(0x02) => (b'1', b'3'),
        // Signature: the merchant compares it.
        Some(0x1E) => (b'5', b'4'),
        _ => (b'0', b'0'),
    };
    [
        b'5',                                     // 1: the terminal reads chips
        pin,                                      // 2: and takes a PIN, or nothing
        b'0',                                     // 3: it keeps no cards
        b'1',                                     // 4: attended, at the merchant's
        b'0',                                     // 5: the cardholder is present
        b'1',                                     // 6: so is the card
        b'5',                                     // 7: its chip was read
        method,                                   // 8: how the cardholder was authenticated
        entity,                                   // 9: and by whom
        b'3',                                     // 10: the terminal writes to chips
        b'4',                                     // 11: it prints and shows
        if read.takes_pin { b'C' } else { b'0' }, // 12: digits of a PIN at most
    ]
}
