//! CVM results, tag 9F34 (EMV 4.4 Book 4 §6.3.4.5 and Annex A4).

use crate::cvm::list::Rule;

/// Annex A4, byte 3: the terminal does not know, as after a signature or a PIN for the issuer.
const UNKNOWN: u8 = 0x00;
/// Annex A4, byte 3: failed.
const FAILED: u8 = 0x01;
/// Annex A4, byte 3: successful.
const SUCCESSFUL: u8 = 0x02;
/// Annex A4, byte 1: no CVM performed.
const NONE: u8 = 0x3F;

/// CVM results, and what they ask of the receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct CvmResult {
    /// Tag 9F34: method, condition, result.
    pub(crate) bytes: [u8; 3],
    /// Whether the cardholder must sign.
    pub(crate) signature: bool,
}

impl CvmResult {
    /// The card does not ask for cardholder verification, or brings no list of rules.
    pub(crate) const NOT_PERFORMED: Self = Self::new([NONE, 0x00, UNKNOWN], false);
    /// No rule's condition was met, or none of those met could be performed (Book 4 table 2).
    pub(super) const NOTHING_PERFORMED: Self = Self::new([NONE, 0x00, FAILED], false);

    const fn new(bytes: [u8; 3], signature: bool) -> Self {
        Self { bytes, signature }
    }

    pub(super) fn successful(rule: Rule) -> Self {
        Self::new([rule.code, rule.condition, SUCCESSFUL], false)
    }

    pub(super) fn failed(rule: Rule) -> Self {
        Self::new([rule.code, rule.condition, FAILED], false)
    }

    /// The issuer will know.
    pub(super) fn sent_online(rule: Rule) -> Self {
        Self::new([rule.code, rule.condition, UNKNOWN], false)
    }

    /// Whether the signature is the cardholder's, the terminal does not know; beside a good PIN
    /// neither.
    pub(super) fn to_be_signed(rule: Rule) -> Self {
        Self::new([rule.code, rule.condition, UNKNOWN], true)
    }
}
