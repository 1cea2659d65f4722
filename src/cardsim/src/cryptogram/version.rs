//! Cryptogram versions: which data, which key derivation, which ARPC.
//!
//! The card says its version in the Issuer Application Data (9F10), whose form
//! each scheme defines:
//!
//! | version | 9F10 | data after the ten elements | card key | key of a use | ARPC |
//! |---|---|---|---|---|---|
//! | Visa CVN 10 | `06` DKI `0A` CVR(4) | the CVR, padded with zeroes | option A | the card's | method 1, ARC |
//! | Visa CVN 18 | `06` DKI `12` CVR(4) | the whole 9F10 | option B | EMV common | method 2, CSU |
//! | M/Chip CVN 16 | KDI `10` CVR(6) DAC(2) counters(8) | the CVR | option A | ATC and UN; ARPC: the card's | method 1, ARC |
//! | M/Chip CVN 17 | KDI `11` and so on | the CVR and the counters | as 16 | as 16 | as 16 |
//! | M/Chip CVN 20 | KDI `14` and so on | the CVR | option A | EMV common | method 1, ARC |
//! | M/Chip CVN 21 | KDI `15` and so on | the CVR and the counters | option A | EMV common | method 1, ARC |

use serde::Deserialize;

use super::{AcElements, ChargeKeys, Derivation};

/// Where Visa's CVN stands in 9F10.
const VISA_CVN: usize = 2;
/// Length indicator and total length of Visa's 9F10, format 0/1.
const VISA_IAD: (u8, usize) = (0x06, 7);
/// Where Visa's CVR stands in 9F10, its own length included.
const VISA_CVR: usize = 3;
/// Where Mastercard's CVN stands in 9F10.
const MCHIP_CVN: usize = 1;
/// Length of M/Chip's 9F10.
const MCHIP_IAD: usize = 18;
/// The CVR inside M/Chip's 9F10.
const MCHIP_CVR: std::ops::Range<usize> = 2..8;
/// The counters inside M/Chip's 9F10.
const MCHIP_COUNTERS: std::ops::Range<usize> = 10..18;

/// A cryptogram version that this simulator can make and check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum CryptogramVersion {
    /// Visa Integrated Circuit Card Specification, CVN 10 (hexadecimal 0A).
    #[serde(rename = "visa-10")]
    Visa10,
    /// The same, CVN 18 (hexadecimal 12).
    #[serde(rename = "visa-18")]
    Visa18,
    /// M/Chip 4, CVN 16 (hexadecimal 10): Mastercard's own keys, no counters.
    #[serde(rename = "mchip-16")]
    MChip16,
    /// M/Chip 4, CVN 17 (hexadecimal 11): Mastercard's own keys, counters.
    #[serde(rename = "mchip-17")]
    MChip17,
    /// M/Chip Advance, CVN 20 (hexadecimal 14): EMV common keys, no counters.
    #[serde(rename = "mchip-20")]
    MChip20,
    /// M/Chip Advance, CVN 21 (hexadecimal 15): EMV common keys, counters.
    #[serde(rename = "mchip-21")]
    MChip21,
}

/// The Issuer Application Data isn't of a known form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Issuer Application Data (9F10) names no known cryptogram version; use a card with Visa CVN 10 or 18, or M/Chip CVN 16, 17, 20 or 21"
)]
pub struct UnknownVersion;

/// Card Status Update of ARPC method 2 (EMV 4.4 Book 3 Annex C10, CCD).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardStatusUpdate(pub [u8; 4]);

impl CardStatusUpdate {
    /// Byte 2 bit 8: the issuer approves the online request.
    pub const APPROVED: Self = Self([0x00, 0x80, 0x00, 0x00]);
    /// Nothing set: the issuer doesn't approve.
    pub const DECLINED: Self = Self([0x00, 0x00, 0x00, 0x00]);

    /// Whether the issuer approves.
    #[must_use]
    pub fn approves(self) -> bool {
        self.0[1] & 0x80 != 0
    }
}

impl CryptogramVersion {
    const VISA: [Self; 2] = [Self::Visa10, Self::Visa18];
    const MCHIP: [Self; 4] = [Self::MChip16, Self::MChip17, Self::MChip20, Self::MChip21];

    /// Reads version from a card's Issuer Application Data (9F10).
    ///
    /// # Errors
    /// [`UnknownVersion`] if the form is none of those above.
    pub fn from_issuer_application_data(iad: &[u8]) -> Result<Self, UnknownVersion> {
        let (number, known) = match iad.len() {
            MCHIP_IAD => (iad[MCHIP_CVN], &Self::MCHIP[..]),
            length if length == VISA_IAD.1 && iad[0] == VISA_IAD.0 => {
                (iad[VISA_CVN], &Self::VISA[..])
            }
            _ => return Err(UnknownVersion),
        };
        let mut known = known.iter();
        known
            .find(|version| version.number() == number)
            .copied()
            .ok_or(UnknownVersion)
    }

    /// The cryptogram version number as 9F10 has it.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Visa10 => 0x0A,
            Self::Visa18 => 0x12,
            Self::MChip16 => 0x10,
            Self::MChip17 => 0x11,
            Self::MChip20 => 0x14,
            Self::MChip21 => 0x15,
        }
    }

    /// Whether it is one of Visa's.
    #[must_use]
    pub fn is_visa(self) -> bool {
        Self::VISA.contains(&self)
    }

    /// The derivation key index in a 9F10 of this version, 0 if it is short.
    #[must_use]
    pub fn key_index(self, iad: &[u8]) -> u8 {
        let index = usize::from(self.is_visa());
        iad.get(index).copied().unwrap_or(0)
    }

    /// How the card's master keys are derived (EMV 4.4 Book 2 A1.4).
    #[must_use]
    pub fn derivation(self) -> Derivation {
        match self {
            Self::Visa18 => Derivation::OptionB,
            _ => Derivation::OptionA,
        }
    }

    /// The Card Verification Results in a 9F10 of this version, without length.
    #[must_use]
    pub fn card_verification_results(self, iad: &[u8]) -> &[u8] {
        let place = if self.is_visa() {
            VISA_CVR + 1..VISA_IAD.1
        } else {
            MCHIP_CVR
        };
        iad.get(place).unwrap_or_default()
    }

    /// 9F10 with this key index and these Card Verification Results: three
    /// bytes for Visa, six for M/Chip; what is missing is zero.
    #[must_use]
    pub fn issuer_application_data(self, key_index: u8, results: &[u8]) -> Vec<u8> {
        let (mut iad, place) = if self.is_visa() {
            let head = [VISA_IAD.0, key_index, self.number(), 0x03];
            ([&head[..], &[0; 3]].concat(), VISA_CVR + 1)
        } else {
            let head = [key_index, self.number()];
            ([&head[..], &[0; MCHIP_IAD - 2]].concat(), MCHIP_CVR.start)
        };
        let end = if self.is_visa() {
            VISA_IAD.1
        } else {
            MCHIP_CVR.end
        };
        for (slot, byte) in iad[place..end].iter_mut().zip(results) {
            *slot = *byte;
        }
        iad
    }

    /// The application cryptogram over `elements` and this version's part of
    /// the Issuer Application Data.
    #[must_use]
    pub fn cryptogram(self, keys: &ChargeKeys, elements: &AcElements, iad: &[u8]) -> [u8; 8] {
        let part = |place: std::ops::Range<usize>| iad.get(place).unwrap_or_default();
        let own = match self {
            Self::Visa10 => part(VISA_CVR..VISA_IAD.1).to_vec(),
            Self::Visa18 => iad.to_vec(),
            Self::MChip16 | Self::MChip20 => part(MCHIP_CVR).to_vec(),
            Self::MChip17 | Self::MChip21 => [part(MCHIP_CVR), part(MCHIP_COUNTERS)].concat(),
        };
        let data = [elements.to_bytes(), own].concat();
        let key = keys.cryptogram(self, elements.unpredictable_number);
        match self {
            Self::Visa10 => key.application_cryptogram_zeroes(&data),
            _ => key.application_cryptogram(&data),
        }
    }

    /// Whether `cryptogram` is the one that this card must have made.
    /// The comparison takes the same time wherever they differ.
    #[must_use]
    pub fn verify(
        self,
        keys: &ChargeKeys,
        elements: &AcElements,
        iad: &[u8],
        cryptogram: &[u8],
    ) -> bool {
        same(&self.cryptogram(keys, elements, iad), cryptogram)
    }

    /// The issuer's answer to an ARQC: the value of tag 91.
    ///
    /// `response_code` is the Authorisation Response Code (8A) in ASCII; the
    /// host must send the same one to the terminal.
    #[must_use]
    pub fn issuer_authentication_data(
        self,
        keys: &ChargeKeys,
        arqc: [u8; 8],
        response_code: [u8; 2],
        approved: bool,
    ) -> Vec<u8> {
        let key = keys.arpc(self);
        if self == Self::Visa18 {
            let status = if approved {
                CardStatusUpdate::APPROVED
            } else {
                CardStatusUpdate::DECLINED
            };
            let arpc = key.arpc_method_2(arqc, status.0, &[]);
            [arpc, status.0].concat()
        } else {
            let arpc = key.arpc_method_1(arqc, response_code);
            [&arpc[..], &response_code].concat()
        }
    }

    /// The card's side of [`Self::issuer_authentication_data`]: whether tag 91
    /// is genuine, and if so whether the issuer approves.
    ///
    /// Method 1 carries no approval of its own, so the response code decides:
    /// 00, 10 and 11 approve (EMV 4.4 Book 4 Annex A6, ISO 8583:1987).
    #[must_use]
    pub fn check_issuer_authentication(
        self,
        keys: &ChargeKeys,
        arqc: [u8; 8],
        data: &[u8],
    ) -> Option<bool> {
        let key = keys.arpc(self);
        if self == Self::Visa18 {
            let (arpc, rest) = data.split_at_checked(4)?;
            let (status, proprietary) = rest.split_at_checked(4)?;
            let status: [u8; 4] = status.try_into().ok()?;
            let genuine = same(&key.arpc_method_2(arqc, status, proprietary), arpc);
            genuine.then(|| CardStatusUpdate(status).approves())
        } else {
            let (arpc, code) = data.split_at_checked(8)?;
            let code: [u8; 2] = code.try_into().ok()?;
            let genuine = same(&key.arpc_method_1(arqc, code), arpc);
            genuine.then_some(approves(code))
        }
    }
}

/// Whether a response code (8A) approves.
#[must_use]
pub fn approves(response_code: [u8; 2]) -> bool {
    matches!(&response_code, b"00" | b"10" | b"11")
}

/// Compares in the same time wherever the two differ.
pub(super) fn same(expected: &[u8], given: &[u8]) -> bool {
    expected.len() == given.len()
        && expected
            .iter()
            .zip(given)
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}
