//! A real EMV contact card in software, for the demo and for tests.
//!
//! Never part of a production image: it exists so that a till, its kernel and
//! a real `pcscd` can be driven through every card behaviour without plastic.
//!
//! * [`cryptogram`]: issuer key derivation, ARQC/TC/AAC and ARPC (EMV 4.4
//!   Book 2); the simulated host uses the same code from the other side.
//! * [`oda`]: RSA test keys, certificates and signatures of the cards (Book 2, sections 5 to 7).
//! * [`script`]: issuer scripts, as words and as commands.
//! * [`issuer`]: the issuer's test keys, decline list and scripts, made at first run.
//! * [`profile`]: a card as data (TOML), and the named cards that we ship.
//! * [`card`]: the card itself; APDU in, answer out, no I/O and no clock.
//! * [`hostile`]: the same card, some of whose answers are damaged.
//! * [`pad`]: what a PIN pad makes of a PIN, for tests that are the pad.
//! * [`card_file`]: what the cards remember from one simulator to the next.
//! * [`slot`]: the place where one card is or is not; shared by the drivers.
//! * [`reader`]: a virtual reader on a Unix socket.
//! * [`ifd`]: a reader with slots and a PIN pad behind a real `pcscd`, through our own driver.
//! * [`keypad`]: the PIN pad. [`faults`]: what goes wrong on command.
//! * [`vpcd`]: the same card behind a real `pcscd` through `vsmartcard-vpcd`.
//! * [`listener`]: a test's ear on a log, which fails it on card data.
//! * [`control`]: insert and remove cards, one JSON object per line.
//!
//! The TLV and DOL code here is deliberately not the terminal's: a card that
//! shared its parser with the kernel would agree with the kernel's mistakes.

pub mod card;
pub mod card_file;
pub mod control;
pub mod cryptogram;
pub mod faults;
mod framing;
pub mod hostile;
pub mod ifd;
pub mod issuer;
pub mod keypad;
pub mod listener;
pub mod oda;
pub mod pad;
pub mod profile;
pub mod reader;
pub mod script;
pub mod slot;
mod socket;
pub mod tlv;
pub mod vpcd;
mod wallet;

pub use card::{Card, Memory};
pub use control::Control;
pub use ifd::IfdReader;
pub use issuer::IssuerKeys;
pub use profile::Profile;
pub use reader::VirtualReader;
pub use slot::Slot;
pub use vpcd::VpcdClient;
