//! The payment application on a card.

use serde::Deserialize;

use super::Hex;
use crate::cryptogram::CryptogramVersion;

/// A payment application on the card.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Decides the keys, the data object lists and what is not said below.
    pub scheme: Scheme,
    /// How its cryptograms are made; the scheme's usual one if it isn't said.
    pub cryptogram: Option<CryptogramVersion>,
    /// Application Identifier (4F, 84), 5 to 16 bytes.
    pub aid: Hex,
    /// Application Label (50), 1 to 16 characters.
    pub label: String,
    /// Application Priority Indicator (87), 1 to 15.
    #[serde(default = "defaults::priority")]
    pub priority: u8,
    /// Whether the cardholder must confirm it (87, bit 8).
    #[serde(default)]
    pub confirm: bool,
    /// Application Version Number (9F08).
    pub version: Hex,
    /// Processing Options Data Object List (9F38); empty for none.
    #[serde(default)]
    pub pdol: Hex,
    /// Whether the card has a Payment System Environment to select by name.
    #[serde(default = "defaults::yes")]
    pub pse: bool,
    /// Form of the answers to GET PROCESSING OPTIONS and GENERATE AC: 1 is a
    /// bare string under tag 80, 2 is data objects under tag 77.
    pub answer_format: u8,
    /// Application Usage Control (9F07).
    #[serde(default = "defaults::usage")]
    pub usage: Hex,
    /// Cardholder verification rules of the CVM list (8E), two bytes each;
    /// empty for a card without cardholder verification.
    pub cvm_rules: Hex,
    /// The two amounts of the CVM list.
    #[serde(default)]
    pub cvm_amounts: CvmAmounts,
    /// How it proves to be genuine while nobody is online.
    #[serde(default)]
    pub authentication: Authentication,
    /// Whether it has a key of its own for enciphered PINs (9F2D).
    #[serde(default)]
    pub pin_key: bool,
    /// How it learns that an answer is its issuer's; the scheme's usual way if it isn't said.
    pub issuer_check: Option<IssuerCheck>,
    /// Lower and Upper Consecutive Offline Limit (9F14, 9F23).
    pub offline_limits: Option<[u8; 2]>,
    /// What it says and does without contacts.
    pub contactless: Option<Contactless>,
    /// Issuer Action Code, Denial (9F0E).
    pub iac_denial: Hex,
    /// Issuer Action Code, Online (9F0F).
    pub iac_online: Hex,
    /// Issuer Action Code, Default (9F0D).
    pub iac_default: Hex,
}

/// Payment schemes whose cards we imitate.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Cryptogram version 18, ARPC method 2, EXTERNAL AUTHENTICATE.
    Visa,
    /// Cryptogram version 20, ARPC method 1, in the second GENERATE AC.
    Mastercard,
}

impl Application {
    /// How its cryptograms are made.
    #[must_use]
    pub fn version(&self) -> CryptogramVersion {
        self.cryptogram.unwrap_or(match self.scheme {
            Scheme::Visa => CryptogramVersion::Visa18,
            Scheme::Mastercard => CryptogramVersion::MChip20,
        })
    }

    /// How it learns that an answer is its issuer's.
    #[must_use]
    pub fn checks_issuer(&self) -> IssuerCheck {
        self.issuer_check.unwrap_or(match self.scheme {
            Scheme::Visa => IssuerCheck::External,
            Scheme::Mastercard => IssuerCheck::Cdol2,
        })
    }
}

/// Amounts X and Y of the CVM list, minor units of the application's currency (EMV 4.4 Book 3
/// 10.5).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct CvmAmounts {
    /// Amount X.
    pub x: u32,
    /// Amount Y.
    pub y: u32,
}

/// Offline data authentication that a card can do (AIP, EMV 4.4 Book 3 Annex C1).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Authentication {
    /// None.
    #[default]
    None,
    /// Its static data are signed.
    Sda,
    /// It signs what the terminal sends, by INTERNAL AUTHENTICATE.
    Dda,
    /// It does that, and signs its cryptograms too.
    Cda,
}

/// How a card learns that an answer comes from its issuer (EMV 4.4 Book 3 10.9).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum IssuerCheck {
    /// By EXTERNAL AUTHENTICATE.
    External,
    /// With the second GENERATE AC, whose CDOL2 asks for 91.
    Cdol2,
    /// Not at all.
    None,
}

/// The contactless side of an application: Visa's qVSDC (EMV contactless book C-3).
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Contactless {
    /// Card Transaction Qualifiers (9F6C): in byte 1 the CVMs that it can ask for, 80 online PIN
    /// and 40 signature; in byte 2 80 for a device that has verified its holder. Those are said
    /// when the reader requires a CVM, the rest always.
    #[serde(default = "defaults::qualifiers")]
    pub qualifiers: Hex,
    /// Form Factor Indicator (9F6E); not sent if empty.
    #[serde(default)]
    pub form_factor: Hex,
    /// The status word with which it refuses GET PROCESSING OPTIONS, if it does: 6984 for the
    /// other interface, 6985 for another application, 6986 for the holder's device.
    pub refuses: Option<Hex>,
}

mod defaults {
    use super::Hex;

    pub(super) fn priority() -> u8 {
        1
    }
    pub(super) fn yes() -> bool {
        true
    }
    pub(super) fn usage() -> Hex {
        Hex(vec![0xFF, 0x00])
    }
    pub(super) fn qualifiers() -> Hex {
        Hex(vec![0x00, 0x00])
    }
}
