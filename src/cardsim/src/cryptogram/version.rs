//! Cryptogram versions: which data, which key derivation, which ARPC.
//!
//! The card says its version in the Issuer Application Data (9F10), whose form
//! each scheme defines. Two are enough to exercise both ARPC methods and both
//! ways to hand the answer to the card:
//!
//! | version | 9F10 | data after the ten elements | MK | ARPC |
//! |---|---|---|---|---|
//! | Visa CVN 18 | `06` DKI `12` CVR(4) | the whole 9F10 | option B | method 2, CSU |
//! | M/Chip CVN 20 | KDI `14` CVR(6) DAC(2) counters(8) | the CVR | option A | method 1, ARC |

use super::{AcElements, Derivation, SessionKey};

/// Where Visa's CVN stands in 9F10, and its value.
const VISA_CVN: (usize, u8) = (2, 0x12);
/// Length indicator and total length of Visa's 9F10, format 0/1.
const VISA_IAD: (u8, usize) = (0x06, 7);
/// Where Mastercard's CVN stands in 9F10, and its value.
const MCHIP_CVN: (usize, u8) = (1, 0x14);
/// Length of the 9F10 of M/Chip with CVN 20.
const MCHIP_IAD: usize = 18;
/// The CVR inside M/Chip's 9F10.
const MCHIP_CVR: std::ops::Range<usize> = 2..8;

/// A cryptogram version that this simulator can make and check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptogramVersion {
    /// Visa Integrated Circuit Card Specification, CVN 18 (hexadecimal 12).
    Visa18,
    /// M/Chip Advance, CVN 20 (hexadecimal 14): EMV session keys, no counters.
    MChip20,
}

/// The Issuer Application Data isn't of a known form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the Issuer Application Data (9F10) names no known cryptogram version; use a card with Visa CVN 18 or M/Chip CVN 20"
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
    /// Reads version from a card's Issuer Application Data (9F10).
    ///
    /// # Errors
    /// [`UnknownVersion`] if the form is neither of the two above.
    pub fn from_issuer_application_data(iad: &[u8]) -> Result<Self, UnknownVersion> {
        let byte = |(index, value): (usize, u8)| iad.get(index) == Some(&value);
        if iad.len() == MCHIP_IAD && byte(MCHIP_CVN) {
            Ok(Self::MChip20)
        } else if iad.len() == VISA_IAD.1 && byte((0, VISA_IAD.0)) && byte(VISA_CVN) {
            Ok(Self::Visa18)
        } else {
            Err(UnknownVersion)
        }
    }

    /// The derivation key index in a 9F10 of this version, 0 if it is short.
    #[must_use]
    pub fn key_index(self, iad: &[u8]) -> u8 {
        let index = match self {
            Self::Visa18 => 1,
            Self::MChip20 => 0,
        };
        iad.get(index).copied().unwrap_or(0)
    }

    /// How the card's master key is derived (EMV 4.4 Book 2 A1.4).
    #[must_use]
    pub fn derivation(self) -> Derivation {
        match self {
            Self::Visa18 => Derivation::OptionB,
            Self::MChip20 => Derivation::OptionA,
        }
    }

    /// 9F10 with this key index; `results` is the first byte of the Card
    /// Verification Results after any length, the rest of them is zero.
    #[must_use]
    pub fn issuer_application_data(self, key_index: u8, results: u8) -> Vec<u8> {
        match self {
            Self::Visa18 => vec![VISA_IAD.0, key_index, VISA_CVN.1, 0x03, results, 0, 0],
            Self::MChip20 => {
                let mut iad = vec![0; MCHIP_IAD];
                iad[0] = key_index;
                iad[MCHIP_CVN.0] = MCHIP_CVN.1;
                iad[MCHIP_CVR.start] = results;
                iad
            }
        }
    }

    /// The application cryptogram over `elements` and this version's part of
    /// the Issuer Application Data.
    #[must_use]
    pub fn cryptogram(self, key: &SessionKey, elements: &AcElements, iad: &[u8]) -> [u8; 8] {
        let own = match self {
            Self::Visa18 => iad,
            Self::MChip20 => iad.get(MCHIP_CVR).unwrap_or_default(),
        };
        key.application_cryptogram(&[&elements.to_bytes()[..], own].concat())
    }

    /// Whether `cryptogram` is the one that this card must have made.
    /// The comparison takes the same time wherever they differ.
    #[must_use]
    pub fn verify(
        self,
        key: &SessionKey,
        elements: &AcElements,
        iad: &[u8],
        cryptogram: &[u8],
    ) -> bool {
        same(&self.cryptogram(key, elements, iad), cryptogram)
    }

    /// The issuer's answer to an ARQC: the value of tag 91.
    ///
    /// `response_code` is the Authorisation Response Code (8A) in ASCII; the
    /// host must send the same one to the terminal.
    #[must_use]
    pub fn issuer_authentication_data(
        self,
        key: &SessionKey,
        arqc: [u8; 8],
        response_code: [u8; 2],
        approved: bool,
    ) -> Vec<u8> {
        match self {
            Self::Visa18 => {
                let status = if approved {
                    CardStatusUpdate::APPROVED
                } else {
                    CardStatusUpdate::DECLINED
                };
                let arpc = key.arpc_method_2(arqc, status.0, &[]);
                [arpc, status.0].concat()
            }
            Self::MChip20 => {
                let arpc = key.arpc_method_1(arqc, response_code);
                [&arpc[..], &response_code].concat()
            }
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
        key: &SessionKey,
        arqc: [u8; 8],
        data: &[u8],
    ) -> Option<bool> {
        match self {
            Self::Visa18 => {
                let (arpc, rest) = data.split_at_checked(4)?;
                let (status, proprietary) = rest.split_at_checked(4)?;
                let status: [u8; 4] = status.try_into().ok()?;
                let genuine = same(&key.arpc_method_2(arqc, status, proprietary), arpc);
                genuine.then(|| CardStatusUpdate(status).approves())
            }
            Self::MChip20 => {
                let (arpc, code) = data.split_at_checked(8)?;
                let code: [u8; 2] = code.try_into().ok()?;
                let genuine = same(&key.arpc_method_1(arqc, code), arpc);
                genuine.then_some(matches!(&code, b"00" | b"10" | b"11"))
            }
        }
    }
}

fn same(expected: &[u8], given: &[u8]) -> bool {
    expected.len() == given.len()
        && expected
            .iter()
            .zip(given)
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}
