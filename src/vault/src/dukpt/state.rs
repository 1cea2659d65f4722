//! Registers as bytes, for the key store. They are as secret as the registers.
//!
//! | bytes | |
//! |---|---|
//! | 1 | layout version, 1 |
//! | 1 | scheme: 1, 2, 3 for AES-128, -192, -256, 4 for two-key TDES |
//! | 8 or 10 | the initial key's id (AES, TDES) |
//! | 4 | counter, big-endian: the last number that was used or skipped |
//! | 32 or 21 keys | a register for each bit of the counter, the lowest first, of the scheme's key length; zeros where there is nothing |
//! | 8 | the first bytes of SHA-256 of all that is before |
//!
//! The check is against damage, not against people: who keeps the state keeps it authentic.

use ring::digest::{SHA256, digest};
use sealpoint_secret::SecretBytes;
use sealpoint_wire::seal::DukptScheme;

use super::{Registers, shape::Shape};

/// Version of the layout.
const LAYOUT: u8 = 1;
/// Bytes of layout version and scheme.
const HEAD_LEN: usize = 2;
/// Bytes of the counter.
const COUNTER_LEN: usize = 4;
/// Bytes of the check at the end.
const CHECK_LEN: usize = 8;

/// Why bytes are no state of [`Registers`]. Says nothing of the keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadState {
    /// Of another layout, so of another version of this program.
    #[error("the DUKPT key was kept by another version of this program; load the key again")]
    Layout,
    /// Of no known scheme.
    #[error("the DUKPT key is of an unknown scheme; load the key again")]
    Scheme,
    /// Too short or too long.
    #[error("the DUKPT key is cut off or too long; load the key again")]
    Length,
    /// The check does not hold, or a register is filled where there can be none, or empty where
    /// there has to be one.
    #[error("the DUKPT key is damaged; load the key again")]
    Damaged,
}

impl Registers {
    /// What is to be kept, in a layout of fixed length.
    #[must_use]
    pub fn state(&self) -> SecretBytes {
        let mut state = SecretBytes::with_bound(len(self.scheme));
        let head = [LAYOUT, code(self.scheme)];
        let written = [&head[..], &self.id, &self.counter.to_be_bytes(), &self.keys]
            .into_iter()
            .try_for_each(|part| state.append(part))
            .and_then(|()| {
                let check = check(state.expose());
                state.append(&check)
            });
        written.expect("the bound is the sum of the parts' lengths");
        state
    }

    /// Goes on from what [`Registers::state`] gave.
    ///
    /// # Errors
    /// [`BadState`] if it is anything else.
    pub fn from_state(state: &[u8]) -> Result<Self, BadState> {
        let [LAYOUT, code, ..] = *state else {
            return Err(BadState::Layout);
        };
        let scheme = scheme(code).ok_or(BadState::Scheme)?;
        if state.len() != len(scheme) {
            return Err(BadState::Length);
        }
        let shape = Shape::of(scheme);
        let (body, said) = state.split_at(state.len() - CHECK_LEN);
        if check(body) != said {
            return Err(BadState::Damaged);
        }
        let (id, rest) = body[HEAD_LEN..].split_at(shape.id_len);
        let (counter, keys) = rest.split_at(COUNTER_LEN);
        let counter = counter
            .iter()
            .fold(0, |all, byte| all << 8 | u32::from(*byte));

        let mut registers = Self::empty(scheme, id);
        registers.counter = counter;
        registers.keys.copy_from_slice(keys);
        let fits = |place| {
            let filled = registers.place(place).iter().any(|byte| *byte != 0);
            filled == shape.holds(counter, place)
        };
        let in_range = counter.checked_shr(shape.counter_bits).unwrap_or(0) == 0;
        if in_range && (0..shape.counter_bits).all(fits) {
            Ok(registers)
        } else {
            Err(BadState::Damaged)
        }
    }
}

/// Bytes of a state.
fn len(scheme: DukptScheme) -> usize {
    let shape = Shape::of(scheme);
    let registers = shape.counter_bits as usize * shape.key_len;
    HEAD_LEN + shape.id_len + COUNTER_LEN + registers + CHECK_LEN
}

fn check(body: &[u8]) -> [u8; CHECK_LEN] {
    let mut check = [0; CHECK_LEN];
    check.copy_from_slice(&digest(&SHA256, body).as_ref()[..CHECK_LEN]);
    check
}

const fn code(scheme: DukptScheme) -> u8 {
    match scheme {
        DukptScheme::Aes128 => 1,
        DukptScheme::Aes192 => 2,
        DukptScheme::Aes256 => 3,
        DukptScheme::Tdes2 => 4,
    }
}

const fn scheme(code: u8) -> Option<DukptScheme> {
    match code {
        1 => Some(DukptScheme::Aes128),
        2 => Some(DukptScheme::Aes192),
        3 => Some(DukptScheme::Aes256),
        4 => Some(DukptScheme::Tdes2),
        _ => None,
    }
}
