//! Offline data authentication: cards issued under the tests' own keys, one per defect, and published
//! ones.

mod cda;
mod certificates;
mod charge;
mod dda;
mod fdda;
pub(super) mod forge;
mod hostile;
mod keys;
mod pin_key;
mod published;
mod sda;
mod static_data;
mod vectors;

use crate::{Aid, Aip, Capk, Tag, TerminalData, selection::Selected, tests::card::hex};

/// The application of that AID, selected.
fn selected(terminal: &TerminalData, aid: &str) -> Selected {
    let df_name = Aid::from_slice(&hex(aid)).expect("an AID");
    let application = terminal
        .applications
        .iter()
        .find(|application| df_name.as_slice().starts_with(application.aid.as_slice()));
    Selected {
        df_name,
        application: application.expect("the demo accepts it").clone(),
        label: String::new(),
        pdol: Vec::new(),
    }
}

/// A card with a key for PINs, for the tests of cardholder verification.
pub(super) struct Deciphering(forge::Plan);

impl Deciphering {
    pub(super) fn new() -> Self {
        Self(forge::Plan::new(Aip::CVM))
    }

    /// A terminal that knows the card's scheme.
    pub(super) fn terminal(&self) -> TerminalData {
        self.0.terminal.clone()
    }

    /// All that the card holds.
    pub(super) fn elements(&self) -> Vec<(Tag, Vec<u8>)> {
        self.0.elements()
    }

    /// What the card makes of enciphered PIN data.
    pub(super) fn decipher(&self, data: &[u8]) -> Vec<u8> {
        self.0.pin.key.sign(data)
    }
}

/// A card that signs a charge of its own, for the tests without contacts.
pub(super) struct Signing(forge::Plan);

impl Signing {
    /// One that supports this.
    pub(super) fn new(aip: Aip) -> Self {
        Self(forge::Plan::new(aip))
    }

    /// The keys by which the card can be proven.
    pub(super) fn keys(&self) -> Vec<Capk> {
        self.0.terminal.keys.clone()
    }

    /// All that the card holds.
    pub(super) fn elements(&self) -> Vec<(Tag, Vec<u8>)> {
        self.0.elements()
    }

    /// The records that its issuer has signed, in file 1.
    pub(super) fn records(&self) -> impl Iterator<Item = Vec<u8>> {
        self.0.records.iter().map(|(_, record)| record.clone())
    }

    /// The card's signature over its own number and what it was sent.
    pub(super) fn sign(&self, number: &[u8], sent: &[u8]) -> Vec<u8> {
        self.0.sign(number, sent)
    }
}
