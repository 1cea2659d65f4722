//! The data object lists that a card asks the terminal with (EMV 4.4 Book 3 5.4).

use crate::profile::{Application, Interface, IssuerCheck, Scheme};

/// What every cryptogram covers: 9F02 9F03 9F1A 95 5F2A 9A 9C 9F37
/// (EMV 4.4 Book 2 8.1.1).
const ELEMENTS: &[u8] = &[
    0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F,
    0x37, 4,
];
/// What M/Chip also wants the first time: 9F35 9F45 9F4C 9F34.
const MCHIP_FIRST: &[u8] = &[0x9F, 0x35, 1, 0x9F, 0x45, 2, 0x9F, 0x4C, 8, 0x9F, 0x34, 3];
/// What M/Chip wants the second time, besides response code and issuer's answer: 95 9F37 9F4C.
const MCHIP_SECOND: &[u8] = &[0x95, 5, 0x9F, 0x37, 4, 0x9F, 0x4C, 8];
/// Response code and issuer's answer.
const RESPONSE_CODE: &[u8] = &[0x8A, 2];
const ISSUER_ANSWER: &[u8] = &[0x91, 10];
/// Unpredictable number: what INTERNAL AUTHENTICATE signs.
pub(super) const DDOL: &[u8] = &[0x9F, 0x37, 4];
/// Terminal Transaction Qualifiers, which every contactless application asks for first.
const QUALIFIERS: &[u8] = &[0x9F, 0x66, 4];

/// PDOL, CDOL1 and CDOL2.
pub(super) struct Lists {
    pub(super) pdol: Vec<u8>,
    pub(super) cdol1: Vec<u8>,
    pub(super) cdol2: Vec<u8>,
}

impl Lists {
    pub(super) fn of(application: &Application, interface: Interface) -> Self {
        // A tapped card makes its cryptogram at once, so its PDOL asks for everything.
        let pdol = match interface {
            Interface::Contactless => [QUALIFIERS, ELEMENTS].concat(),
            Interface::Contact => application.pdol.0.clone(),
        };
        let answer = match application.checks_issuer() {
            IssuerCheck::Cdol2 => ISSUER_ANSWER,
            IssuerCheck::External | IssuerCheck::None => &[],
        };
        let (first, second) = match application.scheme {
            Scheme::Visa => (&[][..], ELEMENTS),
            Scheme::Mastercard => (MCHIP_FIRST, MCHIP_SECOND),
        };
        Self {
            pdol,
            cdol1: [ELEMENTS, first].concat(),
            cdol2: [answer, RESPONSE_CODE, second].concat(),
        }
    }
}
