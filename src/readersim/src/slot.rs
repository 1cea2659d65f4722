//! The slots that `pcscd` has opened.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::code::Code;
use crate::device::{Device, MAX_SLOTS};
use crate::link::Link;
use crate::watch::Watch;

/// One slot. Whoever is inside a call holds it, so that closing it pulls nothing away.
pub(crate) struct Slot {
    pub(crate) device: Device,
    pub(crate) watch: Watch,
    pub(crate) link: Link,
    /// The answer to the last reset; empty without power.
    pub(crate) atr: Mutex<Vec<u8>>,
}

impl Slot {
    pub(crate) fn atr(&self) -> MutexGuard<'_, Vec<u8>> {
        self.atr.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All slots by their logical unit number: the reader in the upper half, the slot in the lower.
/// The list is all that two readers with this library share.
static SLOTS: Mutex<BTreeMap<u32, Arc<Slot>>> = Mutex::new(BTreeMap::new());

fn slots() -> MutexGuard<'static, BTreeMap<u32, Arc<Slot>>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a slot.
pub(crate) fn open(lun: u32, device: Device) -> Result<(), Code> {
    let number = u8::try_from(lun & 0xFFFF).map_err(|_| Code::NoSuchDevice)?;
    if number >= device.slots {
        return Err(Code::NoSuchDevice);
    }
    // Within bounds: a device has no slot beyond the last that can be numbered.
    let number = device.first + number;
    let watch = Watch::start(device.clone(), number).map_err(|_| Code::CommunicationError)?;
    let slot = Slot {
        link: Link::new(device.clone(), number),
        device,
        watch,
        atr: Mutex::default(),
    };
    let mut slots = slots();
    if slots.contains_key(&lun) || slots.len() >= usize::from(MAX_SLOTS) {
        return Err(Code::CommunicationError);
    }
    slots.insert(lun, Arc::new(slot));
    Ok(())
}

/// The slot of this number.
pub(crate) fn find(lun: u32) -> Result<Arc<Slot>, Code> {
    slots().get(&lun).cloned().ok_or(Code::NoSuchDevice)
}

/// Closes a slot; whoever waits in it is sent away.
pub(crate) fn close(lun: u32) -> Result<(), Code> {
    let slot = slots().remove(&lun).ok_or(Code::NoSuchDevice)?;
    slot.watch.close();
    slot.link.close();
    Ok(())
}
