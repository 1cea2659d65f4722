//! What keys are for (X9.143:2022 section 6.3.1).

use core::fmt;

use super::attributes::show;

/// What a key is for: two characters (X9.143:2022 table 2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Usage([u8; 2]);

impl Usage {
    /// Initial DUKPT key: what a terminal is loaded with.
    pub const INITIAL_DUKPT_KEY: Self = Self(*b"B1");
    /// Key that enciphers or wraps keys.
    pub const KEY_ENCRYPTION: Self = Self(*b"K0");
    /// Key block protection key (KBPK).
    pub const KEY_BLOCK_PROTECTION: Self = Self(*b"K1");
    /// Key for HMAC.
    pub const HMAC: Self = Self(*b"M7");

    pub(super) const fn of(code: [u8; 2]) -> Self {
        Self(code)
    }

    pub(super) const fn code(self) -> [u8; 2] {
        self.0
    }

    /// What people call it, if the standard names it.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match &self.0 {
            b"B0" => "DUKPT base derivation key",
            b"B1" => "initial DUKPT key",
            b"B2" => "base key variant key",
            b"B3" => "key derivation key outside X9.24",
            b"C0" => "card verification key",
            b"D0" => "key for data encryption",
            b"D1" => "asymmetric key for data encryption",
            b"D2" => "key for a decimalisation table",
            b"D3" => "key for sensitive data",
            b"E0" => "EMV issuer master key for application cryptograms",
            b"E1" => "EMV issuer master key for confidential messages",
            b"E2" => "EMV issuer master key for authentic messages",
            b"E3" => "EMV issuer master key for data authentication codes",
            b"E4" => "EMV issuer master key for dynamic numbers",
            b"E5" => "EMV issuer master key for personalisation",
            b"E6" => "EMV issuer master key for other uses",
            b"E7" => "EMV key pair for PIN encryption",
            b"I0" => "initialisation vector",
            b"K0" => "key encryption or wrapping key",
            b"K1" => "key block protection key",
            b"K2" => "X9.139 key pair of a receiving device",
            b"K3" => "asymmetric key for key agreement or wrapping",
            b"K4" => "ISO 20038 key block protection key",
            b"M0" => "key for ISO 16609 MAC algorithm 1",
            b"M1" => "key for ISO 9797-1 MAC algorithm 1",
            b"M2" => "key for ISO 9797-1 MAC algorithm 2",
            b"M3" => "key for ISO 9797-1 MAC algorithm 3",
            b"M4" => "key for ISO 9797-1 MAC algorithm 4",
            b"M5" => "key for ISO 9797-1:1999 MAC algorithm 5",
            b"M6" => "key for ISO 9797-1:2011 MAC algorithm 5 (CMAC)",
            b"M7" => "key for HMAC",
            b"M8" => "key for ISO 9797-1 MAC algorithm 6",
            b"P0" => "PIN encryption key",
            b"P1" => "PIN generation key",
            b"S0" => "key pair for signatures",
            b"S1" => "key pair of a certification authority",
            b"S2" => "key pair for uses outside X9.24",
            b"V0" => "PIN verification key",
            b"V1" => "PIN verification key of IBM 3624",
            b"V2" => "PIN verification key of Visa PVV",
            b"V3" => "PIN verification key of X9.132 algorithm 1",
            b"V4" => "PIN verification key of X9.132 algorithm 2",
            b"V5" => "PIN verification key of X9.132 algorithm 3",
            _ => return None,
        })
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &String::from_utf8_lossy(&self.0), self.name())
    }
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
