//! The answer to reset (EMV 4.4 Book 1 §8, ISO/IEC 7816-3 §8; without contacts PC/SC part 3
//! §3.1.3.2.3).
//!
//! The terminal of the books powers the card itself. Here a reader and its driver have done so before
//! the kernel sees a byte, and have settled voltage, clock and bit rate. So this is strict where a
//! misread reset would put the exchange of commands at risk: the form of the answer, its check byte,
//! the protocol, and what no reader can settle. It lets pass what concerns the wire alone:
//!
//! * TA1, TC1, TB3, TC3: bit rate, guard and waiting times, error code. The reader negotiates them or
//!   has failed already.
//! * TB1: a programming voltage, which no reader has supplied for decades. Book 1 §8.3.3.2 refuses it
//!   after a cold reset and not after a warm one, and PC/SC doesn't say which of them this was.

use core::ops::RangeInclusive;

use sealpoint_secret::LogSafe;
use thiserror::Error;

use crate::fault::Fault;

/// Bytes of an answer to reset, TS included (ISO/IEC 7816-3 §8.2.1).
const LENGTH: RangeInclusive<usize> = 2..=33;
/// TS: direct and inverse convention (Book 1 §8.3.3.1, table 17).
const CONVENTIONS: [u8; 2] = [0x3B, 0x3F];
/// T0 of a card that is spoken to through the air, without its count of historical bytes; TD1 and TD2
/// follow (PC/SC part 3).
const AIR: (u8, [u8; 2]) = (0x80, [0x80, 0x01]);
/// TA2: the parameters are not in the interface bytes.
const IMPLICIT: u8 = 0x10;
/// TA3: bytes of a T=1 block that the card takes (Book 1 §8.3.3.10).
const BLOCK_SIZES: RangeInclusive<u8> = 0x10..=0xFE;

/// An answer to reset that commands can follow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Atr {
    protocol: Protocol,
    contactless: bool,
}

/// The protocol that a card offers first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// T=0: by characters.
    T0,
    /// T=1: by blocks.
    T1,
}

/// Why no command can follow an answer to reset.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Error)]
pub enum AtrFault {
    /// Not 2 to 33 bytes.
    #[error("it has not 2 to 33 bytes (ISO/IEC 7816-3 §8.2.1)")]
    Length,
    /// TS is neither 3B nor 3F.
    #[error("its first byte names no convention (Book 1 §8.3.3.1)")]
    Convention,
    /// It announces more bytes than it has, or has more than it announces.
    #[error("it has not the bytes that it announces (Book 1 §8.2)")]
    Form,
    /// TCK does not fit.
    #[error("its check byte does not fit (Book 1 §8.3.4)")]
    CheckByte,
    /// TD1 names neither T=0 nor T=1.
    #[error("it offers neither T=0 nor T=1 (Book 1 §8.3.3.4)")]
    Protocol,
    /// TA2 wants a mode whose parameters it does not say, or for another protocol.
    #[error("its specific mode cannot be known (Book 1 §8.3.3.5)")]
    SpecificMode,
    /// TB2 is there.
    #[error("it wants a programming voltage (Book 1 §8.3.3.6)")]
    ProgrammingVoltage,
    /// TC2 is 0.
    #[error("it wants no time to work in (Book 1 §8.3.3.7)")]
    WaitingTime,
    /// TA3 is below 16 or 255.
    #[error("it wants blocks of an impossible size (Book 1 §8.3.3.10)")]
    BlockSize,
}

/// Interface bytes of one level: TA, TB, TC and TD, as far as they are there.
#[derive(Clone, Copy, Default)]
struct Level {
    ta: Option<u8>,
    tb: Option<u8>,
    tc: Option<u8>,
    td: Option<u8>,
}

impl Atr {
    /// Reads an answer to reset.
    ///
    /// # Errors
    /// [`AtrFault`] for the first reason why no command can follow it.
    pub fn parse(bytes: &[u8]) -> Result<Self, AtrFault> {
        if !LENGTH.contains(&bytes.len()) {
            return Err(AtrFault::Length);
        }
        let (&[ts, t0], mut rest) = bytes.split_first_chunk().ok_or(AtrFault::Length)?;
        if !CONVENTIONS.contains(&ts) {
            return Err(AtrFault::Convention);
        }
        // Each level but the last takes a byte, so the length bounds them.
        let mut levels = Vec::new();
        let mut announced = t0;
        loop {
            let level = Level::take(announced, &mut rest).ok_or(AtrFault::Form)?;
            levels.push(level);
            match level.td {
                Some(td) => announced = td,
                None => break,
            }
        }
        // T=0 alone goes without a check byte (§8.3.4).
        let mut named = levels.iter().filter_map(|level| level.names());
        let checked = named.any(|protocol| protocol != 0);
        let historical = usize::from(t0 & 0x0F);
        if rest.len() != historical + usize::from(checked) {
            return Err(AtrFault::Form);
        }
        if checked && bytes[1..].iter().fold(0, |sum, byte| sum ^ byte) != 0 {
            return Err(AtrFault::CheckByte);
        }
        let protocol = match levels[0].names() {
            None | Some(0) => Protocol::T0,
            Some(1) => Protocol::T1,
            Some(_) => return Err(AtrFault::Protocol),
        };
        check_specific(protocol, &levels)?;
        Ok(Self {
            protocol,
            contactless: t0 & 0xF0 == AIR.0 && bytes[2..].starts_with(&AIR.1),
        })
    }

    /// The protocol that the card offers first; the reader may have agreed on another with it.
    #[must_use]
    pub fn protocol(self) -> Protocol {
        self.protocol
    }

    /// Whether the reader made this up for a card that it speaks to through the air: 3B 8n 80 01,
    /// historical bytes, check byte (PC/SC part 3). A card with contacts has no reason to look so, and
    /// one that does is asked for its contactless side.
    #[must_use]
    pub fn is_contactless(self) -> bool {
        self.contactless
    }
}

impl Level {
    /// Takes the bytes that the high bits of T0 or the last TD announce.
    fn take(announced: u8, rest: &mut &[u8]) -> Option<Self> {
        let mut next = |bit: u8| -> Option<Option<u8>> {
            if announced & bit == 0 {
                return Some(None);
            }
            let (first, behind) = rest.split_first()?;
            *rest = behind;
            Some(Some(*first))
        };
        Some(Self {
            ta: next(0x10)?,
            tb: next(0x20)?,
            tc: next(0x40)?,
            td: next(0x80)?,
        })
    }

    /// The protocol that its TD names. A card without TD1 speaks T=0.
    fn names(self) -> Option<u8> {
        self.td.map(|td| td & 0x0F)
    }
}

/// What no reader can settle for the card.
fn check_specific(protocol: Protocol, levels: &[Level]) -> Result<(), AtrFault> {
    let Some(second) = levels.get(1) else {
        return Ok(());
    };
    if let Some(ta) = second.ta {
        let wanted = match protocol {
            Protocol::T0 => 0,
            Protocol::T1 => 1,
        };
        if ta & IMPLICIT != 0 || ta & 0x0F != wanted {
            return Err(AtrFault::SpecificMode);
        }
    }
    if second.tb.is_some() {
        return Err(AtrFault::ProgrammingVoltage);
    }
    if second.tc == Some(0) {
        return Err(AtrFault::WaitingTime);
    }
    let blocks = levels.get(2).filter(|_| second.names() == Some(1));
    if let Some(size) = blocks.and_then(|third| third.ta)
        && !BLOCK_SIZES.contains(&size)
    {
        return Err(AtrFault::BlockSize);
    }
    Ok(())
}

impl From<AtrFault> for Fault {
    fn from(fault: AtrFault) -> Self {
        match fault {
            AtrFault::Length => Self::Reset,
            other => Self::Atr(other),
        }
    }
}

impl LogSafe for AtrFault {}
