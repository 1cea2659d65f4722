//! The roll-back counter: an index in the TPM's own memory that only ever goes up, and the image that
//! must not be behind it.
//!
//! **A counter does not begin at nothing.** A new one begins above the highest value that any counter
//! of this TPM ever had, deleted ones included (Part 3, 31.8): that is why deleting and making it again
//! cannot turn it back, and why its value alone says nothing on a machine that had another life before.
//! So the value at which ours began is written into its index as it is made, in the place of a policy
//! hash, which nothing here uses and nobody can change while the index lives. What counts is how far
//! the counter is above that: the *floor*.
//!
//! **Who may do what.** The index lies in the owner's range, with the owner's authorisation, which is
//! empty on a till: whoever may open the TPM's device may raise the counter (a till that is raised too
//! far refuses its own image: trouble, no roll-back) or delete it. A till that was set up and has no
//! counter is refused, so deleting alone wins nothing. Deleting it and making another in its place
//! takes code that runs as root in a verified image; who has that needs no older image.

use crate::tpm::{NvPublic, Tpm, TpmError, handle};

/// The index, in the range for the machine's owner (TCG Registry of Reserved TPM 2.0 Handles).
pub const INDEX: u32 = 0x0180_5EA1;
/// `TPMA_NV` (Part 2, 13.4): a counter (`TPM_NT_COUNTER`), raised by the owner, read by the owner and
/// by its own, empty, password; outside of the count of wrong passwords. Not `ORDERLY`: each step is in
/// the memory before the command ends.
const ATTRIBUTES: u32 = 0x1 << 4 | 1 << 1 | 1 << 17 | 1 << 18 | 1 << 25;
/// `TPMA_NV_WRITTEN`, which the TPM sets.
const WRITTEN: u32 = 1 << 29;
/// A counter's bytes.
const SIZE: u16 = 8;
/// What stands before the beginning in the index's policy.
const MARK: [u8; 24] = *b"Sealpoint roll-back, v1.";
/// The counter is raised by at most so many at a time: each step is a write to memory that wears out,
/// and no release is a thousand security releases behind the last one.
pub const MAX_RAISE: u64 = 1000;

/// Why the counter does not let this image run, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// The image is older.
    #[error(
        "This image is older than what this till has run: its roll-back index is {index}, the TPM asks \
         for {floor} or more. Install a newer image."
    )]
    Older {
        /// The image's.
        index: u64,
        /// The till's.
        floor: u64,
    },
    /// The till was set up, and the counter is not there.
    #[error(
        "This till was set up, but its TPM holds no roll-back counter: it was cleared or tampered with. \
         Set the till up again."
    )]
    Missing,
    /// Another index is under our handle.
    #[error(
        "The TPM's memory at 0x{INDEX:08x} holds something else than the roll-back counter. Have the till \
         looked at, and set it up again."
    )]
    Foreign,
    /// It would be raised too far.
    #[error(
        "The roll-back counter is at {floor} and would go to {to}, more than {MAX_RAISE} further. Check \
         the image's roll-back index."
    )]
    TooFar {
        /// Where it is.
        floor: u64,
        /// Where it would go.
        to: u64,
    },
    /// The TPM.
    #[error(transparent)]
    Tpm(#[from] TpmError),
}

impl RollbackError {
    /// Whether the image is refused, rather than the TPM in trouble.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Older { .. } | Self::Missing | Self::Foreign)
    }
}

/// How far the counter is above its beginning; `None` if there is none.
///
/// # Errors
/// [`RollbackError`]. So with all below.
pub fn floor(tpm: &mut Tpm) -> Result<Option<u64>, RollbackError> {
    let Some(public) = tpm.nv_public(INDEX)? else {
        return Ok(None);
    };
    let began = beginning(&public).ok_or(RollbackError::Foreign)?;
    if public.attributes & WRITTEN == 0 {
        // Its making was broken off before its first step: it never held a floor.
        return Ok(None);
    }
    // Below its beginning it never was; an index that says so is not one that we made.
    value(tpm)?
        .checked_sub(began)
        .ok_or(RollbackError::Foreign)
        .map(Some)
}

/// Whether an image with this index may run. `set_up` says that this till has state that a counter
/// must stand beside; a till without any gets its counter here.
///
/// # Errors
/// [`RollbackError::Older`], [`RollbackError::Missing`].
pub fn check(tpm: &mut Tpm, index: u64, set_up: bool) -> Result<u64, RollbackError> {
    let floor = match floor(tpm)? {
        Some(floor) => floor,
        None if set_up => return Err(RollbackError::Missing),
        None => {
            create(tpm)?;
            0
        }
    };
    if index < floor {
        return Err(RollbackError::Older { index, floor });
    }
    Ok(floor)
}

/// Raises the counter until images below `to` are refused. Gives where it is then; it never goes down.
///
/// # Errors
/// [`RollbackError::TooFar`]; [`RollbackError::Missing`] if there is none.
pub fn raise(tpm: &mut Tpm, to: u64) -> Result<u64, RollbackError> {
    let mut floor = self::floor(tpm)?.ok_or(RollbackError::Missing)?;
    if to > floor.saturating_add(MAX_RAISE) {
        return Err(RollbackError::TooFar { floor, to });
    }
    while floor < to {
        tpm.nv_increment(handle::OWNER, INDEX)?;
        floor += 1;
    }
    // What it says, not what was counted.
    self::floor(tpm)?.ok_or(RollbackError::Missing)
}

/// Makes the counter. Where counters of this TPM stand is learned from one that is made and deleted.
fn create(tpm: &mut Tpm) -> Result<(), RollbackError> {
    if tpm.nv_public(INDEX)?.is_some() {
        tpm.nv_undefine(handle::OWNER, INDEX)?;
    }
    tpm.nv_define(handle::OWNER, &public(0))?;
    tpm.nv_increment(handle::OWNER, INDEX)?;
    let stands = value(tpm)?;
    tpm.nv_undefine(handle::OWNER, INDEX)?;
    // The next one's first step goes one above.
    let began = stands.saturating_add(1);
    tpm.nv_define(handle::OWNER, &public(began))?;
    tpm.nv_increment(handle::OWNER, INDEX)?;
    match floor(tpm)? {
        Some(0) => Ok(()),
        _ => Err(RollbackError::Foreign),
    }
}

fn value(tpm: &mut Tpm) -> Result<u64, RollbackError> {
    let bytes = tpm.nv_read(INDEX, SIZE)?;
    let bytes = bytes.try_into().map_err(|_| RollbackError::Foreign)?;
    Ok(u64::from_be_bytes(bytes))
}

fn public(began: u64) -> NvPublic {
    NvPublic {
        index: INDEX,
        attributes: ATTRIBUTES,
        policy: [&MARK[..], &began.to_be_bytes()].concat(),
        size: SIZE,
    }
}

/// Where an index began, if it is one that we made.
fn beginning(public: &NvPublic) -> Option<u64> {
    let ours = public.attributes & !WRITTEN == ATTRIBUTES && public.size == SIZE;
    let began = public.policy.strip_prefix(&MARK).filter(|_| ours)?;
    Some(u64::from_be_bytes(began.try_into().ok()?))
}
