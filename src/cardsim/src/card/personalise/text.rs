//! Digits as bytes: BCD, track 2, PIN block.

use crate::profile::Holder;

/// Track 2 Equivalent Data (57): PAN, separator D, expiry, service code,
/// discretionary data.
pub(in crate::card) fn track2(holder: &Holder) -> Vec<u8> {
    let text = format!(
        "{}D{}{}{}",
        holder.pan,
        holder.expiry.year_month(),
        holder.service_code,
        holder.discretionary
    );
    bcd(&text, 'F')
}

/// Two characters a byte; an odd count is filled up on the right.
pub(super) fn bcd(text: &str, filler: char) -> Vec<u8> {
    let nibbles: Vec<u8> = text
        .chars()
        .chain((!text.len().is_multiple_of(2)).then_some(filler))
        .map(|character| character.to_digit(16).map_or(0xF, |digit| digit as u8))
        .collect();
    nibbles
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// The first digits of `text` as so many bytes, filled up with F.
pub(super) fn filled<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0xFF; N];
    for (slot, byte) in bytes.iter_mut().zip(bcd(text, 'F')) {
        *slot = byte;
    }
    bytes
}

/// The plaintext PIN block that VERIFY carries (EMV 4.4 Book 3 table 24).
pub(super) fn pin_block(pin: &str) -> [u8; 8] {
    filled(&format!("2{:X}{pin:F<14}", pin.len()))
}
