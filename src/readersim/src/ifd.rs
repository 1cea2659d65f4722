//! The functions of an IFD handler 3.0 (`ifdhandler.h` of pcsc-lite), in safe Rust.
//!
//! `pcscd` calls them from several threads; each slot is safe by itself. A `lun` is the reader's
//! number in its upper sixteen bits and the slot's in the lower.

use std::io;
use std::time::Duration;

use crate::code::Code;
use crate::device::Device;
use crate::features::{self, Control};
use crate::presence::Sight;
use crate::protocol::{Reply, Request};
use crate::slot;

/// How many readers one copy of this library serves; asked before `pcscd` gives a second entry
/// with the same library a number of its own.
const READERS: u8 = 16;

/// What `pcscd` may ask with `IFDHGetCapabilities`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Capability {
    /// The answer to the last reset.
    Atr,
    /// How many slots the reader has.
    Slots,
    /// How many readers the library serves.
    Readers,
    /// That calls may come from several threads.
    ThreadSafe,
    /// That calls for several slots may come at once.
    SlotThreadSafe,
    /// Who made it.
    Vendor,
    /// Whether there is a card: 0 or 2 (part 3: present, not swallowed).
    CardPresence,
}

impl Capability {
    /// By its tag, `SCARD_ATTR_` values included.
    #[must_use]
    pub fn decode(tag: u64) -> Option<Self> {
        Some(match tag {
            0x0303 | 0x0009_0303 => Self::Atr,
            0x0FAC => Self::SlotThreadSafe,
            0x0FAD => Self::ThreadSafe,
            0x0FAE => Self::Slots,
            0x0FAF => Self::Readers,
            0x0001_0100 => Self::Vendor,
            0x0009_0300 => Self::CardPresence,
            _ => return None,
        })
    }
}

/// What to do with a card's power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    /// On, or off and on again.
    Up,
    /// Off.
    Down,
}

impl Power {
    /// By its number in `IFDHPowerICC`.
    #[must_use]
    pub fn decode(action: u64) -> Option<Self> {
        match action {
            500 | 502 => Some(Self::Up),
            501 => Some(Self::Down),
            _ => None,
        }
    }
}

/// `IFDHCreateChannelByName`: opens a slot of the reader at `device`. It succeeds also if nobody
/// is there yet, for `pcscd` asks only once.
///
/// # Errors
/// [`Code::NoSuchDevice`] for a name or a slot that cannot be; [`Code::CommunicationError`] if
/// the slot is open or there are too many.
pub fn create_channel_by_name(lun: u32, device: &str) -> Result<(), Code> {
    let device = Device::parse(device).ok_or(Code::NoSuchDevice)?;
    slot::open(lun, device)
}

/// `IFDHCloseChannel`.
///
/// # Errors
/// [`Code::NoSuchDevice`] if the slot is not open.
pub fn close_channel(lun: u32) -> Result<(), Code> {
    slot::close(lun)
}

/// `IFDHGetCapabilities`.
///
/// # Errors
/// [`Code::NoSuchDevice`] if the slot is not open.
pub fn get_capability(lun: u32, capability: Capability) -> Result<Vec<u8>, Code> {
    let slot = slot::find(lun)?;
    Ok(match capability {
        Capability::Atr => slot.atr().clone(),
        Capability::Slots => vec![slot.device.slots],
        Capability::Readers => vec![READERS],
        Capability::ThreadSafe | Capability::SlotThreadSafe => vec![1],
        Capability::Vendor => b"Sealpoint".to_vec(),
        Capability::CardPresence => match slot.watch.look() {
            Sight::Card(_) => vec![2],
            Sight::Gone | Sight::Empty => vec![0],
        },
    })
}

/// `IFDHSetProtocolParameters`: T=0 and T=1 need no preparation here.
///
/// # Errors
/// [`Code::ProtocolNotSupported`] for any other.
pub fn set_protocol(lun: u32, protocol: u64) -> Result<(), Code> {
    slot::find(lun)?;
    match protocol {
        1 | 2 => Ok(()),
        _ => Err(Code::ProtocolNotSupported),
    }
}

/// `IFDHPowerICC`: gives the answer to reset, or nothing after powering down.
///
/// # Errors
/// [`Code::PowerFailed`] without a card that answers; [`Code::CommunicationError`] without a
/// reader.
pub fn power(lun: u32, action: Power) -> Result<Vec<u8>, Code> {
    let slot = slot::find(lun)?;
    slot.atr().clear();
    match action {
        Power::Down => {
            // Without reader or card there is no power either.
            let _gone = slot.link.ask(&Request::PowerDown);
            Ok(Vec::new())
        }
        Power::Up => match slot.link.ask(&Request::PowerUp) {
            Ok(Reply::Done(atr)) if !atr.is_empty() => {
                slot.atr().clone_from(&atr);
                Ok(atr)
            }
            Ok(_) => Err(Code::PowerFailed),
            Err(_) => Err(Code::CommunicationError),
        },
    }
}

/// `IFDHTransmitToICC`: hands the card a command and gives its response.
///
/// # Errors
/// [`Code::Timeout`] if the card does not answer; [`Code::CommunicationError`] if card, power or
/// reader is gone, or the command is too long for any card.
pub fn transmit(lun: u32, command: &[u8]) -> Result<Vec<u8>, Code> {
    let slot = slot::find(lun)?;
    answered(slot.link.ask(&Request::Apdu(command.into())))
}

/// `IFDHICCPresence`.
#[must_use]
pub fn presence(lun: u32) -> Code {
    match slot::find(lun).map(|slot| slot.watch.look()) {
        Ok(Sight::Card(_)) => Code::CardPresent,
        Ok(Sight::Empty) => Code::CardAbsent,
        // Not NoSuchDevice: pcscd can drop a reader of reader.conf but never look for it again.
        Ok(Sight::Gone) => Code::CommunicationError,
        Err(code) => code,
    }
}

/// `IFDHControl`: the features of PC/SC part 10.
///
/// # Errors
/// [`Code::NotSupported`] for what the reader cannot do, or a request that it does not
/// understand; [`Code::CommunicationError`] without a powered card or without a reader.
pub fn control(lun: u32, code: u32, request: &[u8]) -> Result<Vec<u8>, Code> {
    let slot = slot::find(lun)?;
    let pin_pad = slot.watch.has_pin_pad();
    Ok(match Control::decode(code, pin_pad)? {
        Control::Features => features::list(pin_pad),
        Control::PinProperties => features::pin_properties(),
        Control::TlvProperties => features::tlv_properties(pin_pad),
        Control::VerifyPin => answered(slot.link.ask(&Request::VerifyPin(request.into())))?,
        Control::EncipherPin => answered(slot.link.ask(&Request::EncipherPin(request.into())))?,
    })
}

fn answered(reply: io::Result<Reply>) -> Result<Vec<u8>, Code> {
    match reply {
        Ok(Reply::Done(answer)) => Ok(answer),
        Ok(Reply::Mute) => Err(Code::Timeout),
        Ok(Reply::Refused) => Err(Code::NotSupported),
        Ok(Reply::NoCard | Reply::NoPower) | Err(_) => Err(Code::CommunicationError),
    }
}

/// Waits until something happens in the slot, at most so long: what `pcscd` calls in place of a
/// look every 400 ms (`TAG_IFD_POLLING_THREAD_WITH_TIMEOUT`).
pub fn wait_for_event(lun: u32, at_most: Duration) -> Code {
    match slot::find(lun) {
        Ok(slot) => {
            slot.watch.wait(at_most);
            Code::Success
        }
        Err(code) => code,
    }
}

/// Ends the wait that is under way, or the next (`TAG_IFD_STOP_POLLING_THREAD`).
pub fn stop_waiting(lun: u32) -> Code {
    match slot::find(lun) {
        Ok(slot) => {
            slot.watch.interrupt();
            Code::Success
        }
        Err(code) => code,
    }
}
