//! What the card remembers from GET PROCESSING OPTIONS to its last cryptogram, and what it tells
//! its issuer of it.

use std::collections::BTreeMap;

use crate::cryptogram::{ChargeKeys, CryptogramVersion};

/// The kind of cryptogram, as in P1 and the Cryptogram Information Data
/// (EMV 4.4 Book 3 tables 12 and 15).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Aac = 0x00,
    Tc = 0x40,
    Arqc = 0x80,
}

pub(super) struct Charge {
    /// What the terminal has handed over, by tag, and ATC and AIP.
    pub(super) elements: BTreeMap<u16, Vec<u8>>,
    /// The values of PDOL, CDOL1 and CDOL2 one after the other: what CDA signs the hash of.
    pub(super) said: Vec<u8>,
    pub(super) keys: ChargeKeys,
    pub(super) pin: Pin,
    /// The number that GET CHALLENGE gave and VERIFY has not used.
    pub(super) challenge: Option<[u8; 8]>,
    pub(super) dda: bool,
    /// The first cryptogram and its kind.
    pub(super) first: Option<(Kind, [u8; 8])>,
    pub(super) issuer: IssuerAuthentication,
    /// Script commands so far.
    pub(super) scripts: u8,
    /// Records that are only good for this use.
    pub(super) records: BTreeMap<(u8, u8), Vec<u8>>,
}

/// What came of VERIFY.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Pin {
    #[default]
    NotGiven,
    Right {
        enciphered: bool,
    },
    Wrong,
}

/// What the card knows of the issuer's answer (EMV 4.4 Book 3 10.9).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum IssuerAuthentication {
    #[default]
    NotDone,
    Failed,
    Genuine {
        approves: bool,
    },
}

/// CVR: no second cryptogram has been asked for yet.
const NO_SECOND: u8 = 0x80;
/// CVM Results: a PIN that the card verified (Book 3 table 42), and that it was right.
const OFFLINE_PIN: [u8; 4] = [0x01, 0x03, 0x04, 0x05];
const SUCCESSFUL: u8 = 0x02;

impl Charge {
    pub(super) fn new(keys: ChargeKeys, atc: u16, aip: [u8; 2]) -> Self {
        Self {
            elements: BTreeMap::from([(0x9F36, atc.to_be_bytes().to_vec()), (0x82, aip.to_vec())]),
            said: Vec::new(),
            keys,
            pin: Pin::default(),
            challenge: None,
            dda: false,
            first: None,
            issuer: IssuerAuthentication::default(),
            scripts: 0,
            records: BTreeMap::new(),
        }
    }

    /// What the terminal said under this tag; zeroes if it said nothing.
    pub(super) fn element<const N: usize>(&self, tag: u16) -> [u8; N] {
        let value = self.elements.get(&tag);
        value
            .and_then(|value| value.as_slice().try_into().ok())
            .unwrap_or([0; N])
    }

    /// The authorisation response code, once the terminal has handed it over.
    pub(super) fn response_code(&self) -> Option<[u8; 2]> {
        self.elements.get(&0x8A)?.as_slice().try_into().ok()
    }

    /// Card Verification Results for a cryptogram of this kind: Visa's three bytes (VIS 1.5) or
    /// M/Chip's six (M/Chip Advance).
    pub(super) fn verification_results(
        &self,
        version: CryptogramVersion,
        kind: Kind,
        pin_tries_left: u8,
        signed: bool,
    ) -> Vec<u8> {
        let asked = match self.first {
            None => NO_SECOND | kind as u8 >> 2,
            Some((first, _)) => kind as u8 | first as u8 >> 2,
        };
        let offline_pin = self.pin != Pin::NotGiven;
        let wrong = self.pin == Pin::Wrong;
        let blocked = pin_tries_left == 0;
        let bit = |holds: bool, bit: u8| if holds { bit } else { 0 };
        let unable = matches!(self.response_code().as_ref(), Some(b"Y3" | b"Z3"));
        if version.is_visa() {
            let failed = self.issuer == IssuerAuthentication::Failed;
            return vec![
                asked
                    | bit(failed, 0x08)
                    | bit(offline_pin, 0x04)
                    | bit(wrong, 0x02)
                    | bit(unable, 0x01),
                bit(blocked, 0x40),
                self.scripts.min(0x0F) << 4 | bit(self.dda, 0x02),
            ];
        }
        let right = matches!(self.pin, Pin::Right { .. });
        let enciphered = self.pin == Pin::Right { enciphered: true };
        let genuine = matches!(self.issuer, IssuerAuthentication::Genuine { .. });
        // The terminal says in its CVM Results that the card found the PIN right.
        let [method, _, result] = self.element(0x9F34);
        let believes = result == SUCCESSFUL && OFFLINE_PIN.contains(&(method & 0x3F));
        vec![
            asked | bit(offline_pin, 0x04) | bit(enciphered, 0x02) | bit(right, 0x01),
            bit(self.dda, 0x80)
                | bit(signed && self.first.is_none(), 0x40)
                | bit(signed && self.first.is_some(), 0x20)
                | bit(genuine, 0x10),
            self.scripts.min(0x0F) << 4 | pin_tries_left.min(0x0F),
            bit(unable, 0x40)
                | bit(!offline_pin, 0x20)
                | bit(wrong, 0x10)
                | bit(blocked, 0x08)
                | bit(believes && !right, 0x01),
            0,
            0,
        ]
    }
}
