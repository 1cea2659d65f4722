//! What a terminal remembers of cards: split sales and the exception file (EMV 4.4 Book 3 §10.6.1,
//! Book 4 §6.3.5).

use sealpoint_secret::Pan;

/// Which card to look up. Has no `Debug`: it holds the PAN, which is wiped with it.
pub struct LookUp {
    /// The PAN.
    pub pan: Pan,
    /// PAN sequence number (tag 5F34), if the card gave it.
    pub sequence: Option<u8>,
}

/// What is known of a card here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// What the same card was lately charged here, minor units: a sale split into several charges
    /// counts as one against the floor limit (Book 3 §10.6.1).
    pub earlier_minor: i64,
    /// Whether it is on the terminal's exception file.
    pub on_exception_file: bool,
}
