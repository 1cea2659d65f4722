//! What a terminal claims of itself, held against what it can do (EMV 4.4 Book 4 Annexes A1 to A3).
//!
//! Card and issuer decide by these bits, so each is either true or refused.

use super::{error::ProfileError, section::Entry};
use crate::terminal::TerminalType;

/// Annex A2 byte 1: chip with contacts.
const CONTACT_CHIP: u8 = 0x20;
/// Manual key entry, magnetic stripe, chip with contacts.
const INPUTS: u8 = 0xE0;

/// Annex A2 byte 2: plaintext PIN for the card to verify.
pub(super) const PLAINTEXT_PIN: u8 = 0x80;
/// Enciphered PIN for the host to verify.
pub(super) const ONLINE_PIN: u8 = 0x40;
/// Signature on paper.
pub(super) const SIGNATURE: u8 = 0x20;
/// Enciphered PIN for the card to verify.
pub(super) const ENCIPHERED_PIN: u8 = 0x10;
/// No CVM required.
const NO_CVM: u8 = 0x08;
const CVMS: u8 = PLAINTEXT_PIN | ONLINE_PIN | SIGNATURE | ENCIPHERED_PIN | NO_CVM;

/// Annex A2 byte 3: SDA.
const SDA: u8 = 0x80;
/// DDA.
pub(super) const DDA: u8 = 0x40;
/// The terminal can keep a card.
const CARD_CAPTURE: u8 = 0x20;
/// CDA.
pub(super) const CDA: u8 = 0x08;

/// Annex A3 byte 1, as a whole: cash, goods, services, cashback, inquiry, transfer, payment,
/// administrative.
const CASH: u8 = 0x80;
const GOODS: u8 = 0x40;
const SERVICES: u8 = 0x20;
const CASHBACK: u8 = 0x10;
/// Annex A3 byte 2: cash deposit.
const CASH_DEPOSIT: u8 = 0x80;
/// Annex A3 byte 3: numeric, alphabetic and special, command, function keys.
const KEYPADS: u8 = 0xF0;
/// Annex A3 byte 4: print for the attendant.
const PRINT_ATTENDANT: u8 = 0x80;
/// Print and display, for attendant and cardholder, and code tables 10 and 9.
const OUTPUTS: u8 = 0xF3;

/// Terminal capabilities, tag 9F33.
pub(super) fn read(entry: &Entry<'_>, kind: TerminalType) -> Result<[u8; 3], ProfileError> {
    let [inputs, cvms, security] = entry.hex()?;
    entry.check(
        inputs & !INPUTS == 0,
        "sets reserved bits in byte 1",
        "write 20 there: chip with contacts",
    )?;
    entry.check(
        inputs & CONTACT_CHIP != 0,
        "does not claim to read chips with contacts",
        "set 20 in byte 1",
    )?;
    entry.check(
        cvms & !CVMS == 0,
        "claims verification methods in byte 2 that are reserved or biometric, which is not performed",
        "write a sum of 80 plaintext PIN, 40 online PIN, 20 signature, 10 enciphered PIN, 08 no CVM",
    )?;
    entry.check(
        cvms & SIGNATURE == 0 || attended(kind),
        "claims signatures at a terminal without an attendant who could compare them",
        "clear 20 in byte 2, or write type 21 or 22",
    )?;
    entry.check(
        security & CARD_CAPTURE == 0,
        "claims to keep cards, which no reader here does",
        "clear 20 in byte 3",
    )?;
    entry.check(
        security & !(SDA | DDA | CDA) == 0,
        "claims reserved or elliptic curve authentication in byte 3, which is not performed",
        "write a sum of 80 SDA, 40 DDA, 08 CDA",
    )?;
    entry.check(
        kind.online_only() || security & (DDA | CDA) != 0,
        "claims no dynamic data authentication (byte 3) at a terminal that approves without the host",
        "set 40 or 08, or write type 21 or 24",
    )?;
    Ok([inputs, cvms, security])
}

/// Additional terminal capabilities, tag 9F40. `capabilities` is the entry of 9F33.
pub(super) fn read_more(
    entry: &Entry<'_>,
    capabilities: &Entry<'_>,
) -> Result<[u8; 5], ProfileError> {
    let [kinds, deposit, keys, outputs, tables] = entry.hex()?;
    entry.check(
        kinds & (CASH | GOODS | SERVICES) != 0,
        "claims neither goods nor services nor cash in byte 1",
        "write a sum of 80 cash, 40 goods, 20 services, 10 cashback",
    )?;
    entry.check(
        kinds & CASHBACK == 0 || kinds & (GOODS | SERVICES) != 0,
        "claims cashback in byte 1 without the goods or services that it goes with",
        "clear 10, or set 40 or 20",
    )?;
    entry.check(
        deposit & !CASH_DEPOSIT == 0,
        "sets reserved bits in byte 2",
        "write 00 there",
    )?;
    entry.check(
        keys & !KEYPADS == 0,
        "sets reserved bits in byte 3",
        "write a sum of 80 numeric, 40 alphabetic, 20 command, 10 function keys there",
    )?;
    entry.check(
        outputs & !OUTPUTS == 0,
        "sets reserved bits in byte 4",
        "write a sum of 80 and 40 print, 20 and 10 display, 02 and 01 code tables 10 and 9 there",
    )?;
    let [_, cvms, _] = capabilities.hex()?;
    entry.check(
        cvms & SIGNATURE == 0 || outputs & PRINT_ATTENDANT != 0,
        "claims no printer for the attendant, yet `capabilities` claims signatures",
        "set 80 in byte 4, or clear 20 in byte 2 of `capabilities`",
    )?;
    Ok([kinds, deposit, keys, outputs, tables])
}

fn attended(kind: TerminalType) -> bool {
    matches!(
        kind,
        TerminalType::AttendedOnlineOnly | TerminalType::Attended
    )
}
