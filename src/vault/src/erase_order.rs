//! The erase order: the retailer takes a till out of service, and its keys are destroyed.
//!
//! ```text
//! erase order
//! terminal T0000001
//! issued 2026-11-23
//! id 0A58DE0C10F5BC1EC0A9F2A2C4E4D6B1
//! -- erase order signed by root-2026
//! <signature>
//! ```
//! It fits one terminal. It does not age: a till that was lost long ago must still be wiped when it
//! comes back. `id` tells two orders apart, for whoever keeps records of them.

use core::fmt;

use data_encoding::HEXUPPER;
use ring::rand::SecureRandom;
use sealpoint_wire::TerminalId;

use crate::{
    Day,
    card_code::NoRandomBytes,
    signed::{self, BadSignature, Purpose, RootPublicKey},
};

/// First line of every order.
const TITLE: &str = "erase order";
/// Bytes of an id.
const ID_LEN: usize = 16;

/// An order to destroy the keys of one till.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    terminal: TerminalId,
    issued: Day,
    id: [u8; ID_LEN],
}

/// Why a text is no order to this till.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadErasure {
    /// The retailer did not sign it.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// A line is not what it must be, or there is another one behind the last.
    #[error("line {line} is not `{wanted}`; ask the retailer for the order again")]
    Line {
        /// From 1.
        line: usize,
        /// How the line begins, or all of it.
        wanted: &'static str,
    },
    /// It names another terminal.
    #[error(
        "it is for the terminal {found}, and this one is {wanted}; ask the retailer which is right"
    )]
    OtherTerminal {
        /// Whom it names.
        found: TerminalId,
        /// Who was asked.
        wanted: TerminalId,
    },
}

impl Erasure {
    /// A new order to that terminal.
    ///
    /// # Errors
    /// [`NoRandomBytes`] if the operating system gives none for its id.
    pub fn new(
        terminal: TerminalId,
        issued: Day,
        random: &dyn SecureRandom,
    ) -> Result<Self, NoRandomBytes> {
        let mut id = [0; ID_LEN];
        random.fill(&mut id).map_err(|_| NoRandomBytes)?;
        Ok(Self {
            terminal,
            issued,
            id,
        })
    }

    /// Reads a signed order and checks all of it.
    ///
    /// # Errors
    /// [`BadErasure`]; nothing is to be erased then.
    pub fn verify(
        text: &str,
        root: &RootPublicKey,
        terminal: &TerminalId,
    ) -> Result<Self, BadErasure> {
        let body = signed::verify(text, Purpose::Erasure, root)?;
        let order = Self::parse(body)?;
        if order.terminal != *terminal {
            return Err(BadErasure::OtherTerminal {
                found: order.terminal,
                wanted: terminal.clone(),
            });
        }
        Ok(order)
    }

    /// Checks the content alone.
    fn parse(body: &str) -> Result<Self, BadErasure> {
        let mut lines = body.split_terminator('\n');
        let mut value = |line: usize, wanted: &'static str| {
            let value = lines.next().and_then(|text| text.strip_prefix(wanted));
            value.ok_or(BadErasure::Line { line, wanted })
        };
        let bad = |line, wanted| BadErasure::Line { line, wanted };
        if !value(1, TITLE)?.is_empty() {
            return Err(bad(1, TITLE));
        }
        let terminal = value(2, "terminal ")?.parse().ok();
        let issued = value(3, "issued ")?.parse().ok();
        let id = HEXUPPER.decode(value(4, "id ")?.as_bytes()).ok();
        if lines.next().is_some() {
            return Err(bad(5, "the end"));
        }
        Ok(Self {
            terminal: terminal.ok_or_else(|| bad(2, "terminal "))?,
            issued: issued.ok_or_else(|| bad(3, "issued "))?,
            id: id
                .and_then(|id| id.try_into().ok())
                .ok_or_else(|| bad(4, "id "))?,
        })
    }

    /// The terminal whose keys are to be destroyed.
    #[must_use]
    pub const fn terminal(&self) -> &TerminalId {
        &self.terminal
    }

    /// The day on which the retailer wrote it.
    #[must_use]
    pub const fn issued(&self) -> Day {
        self.issued
    }

    /// Its id, hexadecimal in upper case.
    #[must_use]
    pub fn id(&self) -> String {
        HEXUPPER.encode(&self.id)
    }
}

/// The body that is to be signed ([`Purpose::Erasure`]).
impl fmt::Display for Erasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            terminal, issued, ..
        } = self;
        writeln!(
            f,
            "{TITLE}\nterminal {terminal}\nissued {issued}\nid {}",
            self.id()
        )
    }
}
