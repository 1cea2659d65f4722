//! What the reader can do beyond cards (PC/SC part 10, and `reader.h` of pcsc-lite).

use crate::code::Code;

/// Asks which features there are (part 10 section 2.2).
pub const GET_FEATURES: u32 = control_code(3400);

/// Lets the pad ask for a PIN and give it to the card (section 2.5.2).
pub const VERIFY_PIN_DIRECT: Feature = Feature(0x06);
/// Asks what the pad is like (section 2.5.4).
pub const PIN_PROPERTIES: Feature = Feature(0x0A);
/// Asks what the reader is like, as TLV (section 2.6.14).
pub const TLV_PROPERTIES: Feature = Feature(0x12);

/// Lets the pad ask for a PIN and encipher it with the card's key. A feature of our own, since
/// part 10 has none; `docs/reader.md` says what goes in and out.
pub const ENCIPHER_PIN: Feature = Feature(0x80);

/// Digits of the shortest and the longest PIN (EMV 4.4 Book 3 §6.5.12).
const PIN_DIGITS: (u8, u8) = (4, 12);

/// The PIN ends with the validation key.
const ENDS_WITH_KEY: u8 = 0x02;

/// Two lines of sixteen characters.
const DISPLAY: [u8; 2] = [0x10, 0x02];

/// A feature, by its tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Feature(u8);

impl Feature {
    /// The control code that calls it: of the class that CCID readers use, so that whoever
    /// knows those can call ours.
    #[must_use]
    pub const fn control_code(self) -> u32 {
        control_code(0x0033_0000 + self.0 as u32)
    }
}

/// `SCARD_CTL_CODE` of pcsc-lite.
const fn control_code(function: u32) -> u32 {
    0x4200_0000 + function
}

/// What may be asked of the reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// The list of features.
    Features,
    /// A PIN.
    VerifyPin,
    /// A PIN, enciphered.
    EncipherPin,
    /// What the pad is like.
    PinProperties,
    /// What the reader is like.
    TlvProperties,
}

impl Control {
    /// What the code asks for, of a slot with or without a pad.
    ///
    /// # Errors
    /// [`Code::NotSupported`] for what there is not.
    pub fn decode(code: u32, pin_pad: bool) -> Result<Self, Code> {
        let all = [
            (GET_FEATURES, Self::Features, true),
            (TLV_PROPERTIES.control_code(), Self::TlvProperties, true),
            (PIN_PROPERTIES.control_code(), Self::PinProperties, pin_pad),
            (VERIFY_PIN_DIRECT.control_code(), Self::VerifyPin, pin_pad),
            (ENCIPHER_PIN.control_code(), Self::EncipherPin, pin_pad),
        ];
        let found = all.iter().find(|(one, _, has)| *one == code && *has);
        found.map(|(_, asked, _)| *asked).ok_or(Code::NotSupported)
    }
}

/// The list of features: tag, length, control code with its most significant byte first.
#[must_use]
pub fn list(pin_pad: bool) -> Vec<u8> {
    let all: &[Feature] = match pin_pad {
        true => &[
            VERIFY_PIN_DIRECT,
            PIN_PROPERTIES,
            TLV_PROPERTIES,
            ENCIPHER_PIN,
        ],
        false => &[TLV_PROPERTIES],
    };
    let entry = |feature: &Feature| {
        let code = feature.control_code().to_be_bytes();
        [&[feature.0, 4][..], &code].concat()
    };
    all.iter().flat_map(entry).collect()
}

/// `PIN_PROPERTIES_STRUCTURE`: display, how a PIN ends, no second time-out.
#[must_use]
pub fn pin_properties() -> Vec<u8> {
    vec![DISPLAY[0], DISPLAY[1], ENDS_WITH_KEY, 0]
}

/// The properties as TLV, numbers with their least significant byte first.
#[must_use]
pub fn tlv_properties(pin_pad: bool) -> Vec<u8> {
    let (shortest, longest) = PIN_DIGITS;
    let of_the_pad: [(u8, &[u8]); 5] = [
        (1, &DISPLAY),
        (2, &[ENDS_WITH_KEY]),
        (3, &[0]),
        (6, &[shortest]),
        (7, &[longest]),
    ];
    let of_the_reader: [(u8, &[u8]); 3] = [
        (8, b"readersim"),
        // No PPDU: everything goes by control code.
        (9, &[0]),
        // No extended APDU.
        (10, &[0; 4]),
    ];
    let pad = of_the_pad.iter().filter(|_| pin_pad);
    pad.chain(&of_the_reader)
        .filter_map(|(tag, value)| {
            let length = u8::try_from(value.len()).ok()?;
            Some([&[*tag, length][..], value].concat())
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Control, GET_FEATURES, VERIFY_PIN_DIRECT, list, tlv_properties};
    use crate::code::Code;

    #[test]
    fn the_list_names_the_code_of_each_feature() {
        assert_eq!(GET_FEATURES, 0x4200_0D48);
        let listed = list(true);
        assert_eq!(
            listed,
            [
                [0x06, 4, 0x42, 0x33, 0x00, 0x06],
                [0x0A, 4, 0x42, 0x33, 0x00, 0x0A],
                [0x12, 4, 0x42, 0x33, 0x00, 0x12],
                [0x80, 4, 0x42, 0x33, 0x00, 0x80]
            ]
            .concat()
        );
        for entry in listed.chunks_exact(6) {
            let code = u32::from_be_bytes([entry[2], entry[3], entry[4], entry[5]]);
            assert!(Control::decode(code, true).is_ok());
        }
    }

    #[test]
    fn a_slot_without_a_pad_has_nothing_of_a_pad() {
        assert_eq!(list(false), [0x12, 4, 0x42, 0x33, 0x00, 0x12]);
        assert_eq!(
            Control::decode(VERIFY_PIN_DIRECT.control_code(), false),
            Err(Code::NotSupported)
        );
        assert!(tlv_properties(true).starts_with(&[1, 2, 0x10, 0x02]));
        assert!(tlv_properties(false).starts_with(&[8, 9]));
    }
}
