//! Cardholder and PIN pad.

use sealpoint_cardsim::pad;
use sealpoint_emv::{OnlinePin, PinEntry, PinRequest, Sw};
use sealpoint_secret::SecretBytes;

use crate::numbers::Numbers;

/// The PIN of every card that has one, and one that is of none.
const PINS: [&str; 3] = ["1234", "1234", "9999"];

/// What comes of a PIN request. `card` is asked by the pad itself.
pub fn enter(
    request: &PinRequest,
    numbers: &mut Numbers,
    card: impl FnOnce(&[u8]) -> Vec<u8>,
) -> PinEntry {
    match numbers.below(20) {
        0 => return PinEntry::Bypassed,
        1 => return PinEntry::Cancelled,
        2 => return PinEntry::PadFailed,
        3 => return PinEntry::Verified(Sw(0x6000 | u16::from(numbers.byte()))),
        _ => {}
    }
    let digits = *numbers.pick(&PINS);
    match request {
        PinRequest::Plaintext { .. } => match card(&pad::verify(digits)).last_chunk::<2>() {
            Some(status) => PinEntry::Verified(Sw(u16::from_be_bytes(*status))),
            None => PinEntry::PadFailed,
        },
        PinRequest::Enciphered { key, challenge, .. } => {
            let padding = numbers.array::<16>();
            let data = pad::encipher(&key.modulus, key.exponent, digits, *challenge, &padding)
                .filter(|_| !numbers.chance(100));
            let data = data.unwrap_or_else(|| {
                let length = numbers.below(300);
                numbers.bytes(length)
            });
            PinEntry::Enciphered(SecretBytes::from_slice(&data))
        }
        PinRequest::Online { .. } => {
            let [block, ksn] = [
                *numbers.pick(&[8, 16, 0, 7, 64]),
                *numbers.pick(&[10, 12, 0]),
            ];
            PinEntry::Online(OnlinePin {
                block: numbers.bytes(block),
                ksn: numbers.bytes(ksn),
            })
        }
    }
}
