//! The intermediate derivation key registers (ANSI X9.24-3:2017 annex B.6; "future key registers" in
//! ANSI X9.24-1:2009).

use sealpoint_secret::SecretBytes;
use sealpoint_wire::seal::DukptScheme;
use zeroize::{Zeroize, Zeroizing};

use super::{
    aes,
    shape::{MAX_KEY_LEN, Shape, node},
    tdes,
    transaction_key::TransactionKey,
};

/// A till's place in a DUKPT key set: the last number that was used or skipped, and what derives
/// every key above it and none at or below it.
///
/// It knows nothing of disks. Whoever keeps it writes its [`Registers::state`] down before a key
/// that it gave is used.
pub struct Registers {
    pub(super) scheme: DukptScheme,
    pub(super) id: Vec<u8>,
    pub(super) counter: u32,
    /// One place of [`Shape::key_len`] bytes for each bit of the counter, the lowest first; zeros
    /// where [`Shape::holds`] says that there is nothing.
    pub(super) keys: Zeroizing<Box<[u8]>>,
}

/// Why an initial key is none. Says nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadInitialKey {
    /// The key has another length than the scheme.
    #[error(
        "the initial key has {offered} bytes and this DUKPT scheme needs {expected}; load the key \
         of the right scheme"
    )]
    KeyLength {
        /// Bytes that the scheme needs.
        expected: usize,
        /// Bytes that were offered.
        offered: usize,
    },
    /// The id has another length than the scheme's.
    #[error(
        "the initial key's id has {offered} bytes and this DUKPT scheme needs {expected} (AES: the \
         initial key id, TDES: the whole initial key serial number); ask the acquirer for it"
    )]
    IdLength {
        /// Bytes that the scheme needs.
        expected: usize,
        /// Bytes that were offered.
        offered: usize,
    },
    /// The last 21 bits of the initial key serial number are not all zero (TDES).
    #[error(
        "the initial key serial number counts already: its last 21 bits have to be zero; ask the \
         acquirer for the initial one"
    )]
    CounterNotZero,
    /// Both halves of the key are the same, which makes single DES of it (TDES).
    #[error("both halves of the initial key are the same; have the acquirer make another key")]
    EqualHalves,
}

/// No key is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("every key of this DUKPT key set is used up; load a new initial key")]
pub struct Exhausted;

impl Registers {
    /// Starts at number 0 with an initial key and its id: the 8-byte initial key id (AES) or the
    /// 10-byte initial key serial number with its counter at zero (TDES). The registers derive
    /// every key from here on; the initial key is needed no more and should be dropped.
    ///
    /// # Errors
    /// [`BadInitialKey`] if key and id do not fit the scheme.
    pub fn from_initial_key(
        scheme: DukptScheme,
        initial_key: &SecretBytes,
        id: &[u8],
    ) -> Result<Self, BadInitialKey> {
        let shape = Shape::of(scheme);
        if initial_key.len() != shape.key_len {
            return Err(BadInitialKey::KeyLength {
                expected: shape.key_len,
                offered: initial_key.len(),
            });
        }
        if id.len() != shape.id_len {
            return Err(BadInitialKey::IdLength {
                expected: shape.id_len,
                offered: id.len(),
            });
        }
        if scheme == DukptScheme::Tdes2 {
            if id != ksn(scheme, id, 0) {
                return Err(BadInitialKey::CounterNotZero);
            }
            let (left, right) = initial_key.expose().split_at(shape.key_len / 2);
            if same_but_parity(left, right) {
                return Err(BadInitialKey::EqualHalves);
            }
        }
        let mut registers = Self::empty(scheme, id);
        for place in 0..shape.counter_bits {
            registers.put_child(initial_key.expose(), place, node(0, place));
        }
        Ok(registers)
    }

    /// Number 0, and no key in any register.
    pub(super) fn empty(scheme: DukptScheme, id: &[u8]) -> Self {
        let shape = Shape::of(scheme);
        let places = shape.counter_bits as usize;
        Self {
            scheme,
            id: id.to_vec(),
            counter: 0,
            keys: Zeroizing::new(vec![0; places * shape.key_len].into_boxed_slice()),
        }
    }

    /// Derivation, and algorithm of the working keys.
    #[must_use]
    pub fn scheme(&self) -> DukptScheme {
        self.scheme
    }

    /// The initial key's id, as [`Registers::from_initial_key`] took it.
    #[must_use]
    pub fn initial_key_id(&self) -> &[u8] {
        &self.id
    }

    /// The last number that was used or skipped; 0 before the first.
    #[must_use]
    pub fn counter(&self) -> u32 {
        self.counter
    }

    /// How many keys are left.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        Shape::of(self.scheme).remaining(self.counter)
    }

    /// The next key. From here on the registers cannot derive it again.
    ///
    /// # Errors
    /// [`Exhausted`] if there is none; nothing changes then.
    pub fn advance(&mut self) -> Result<TransactionKey, Exhausted> {
        let number = self.next_from(self.counter)?;
        let mut key = SecretBytes::with_bound(MAX_KEY_LEN);
        key.fill(|key| Ok(self.go_to(number, key)))?;
        let ksn = ksn(self.scheme, &self.id, number);
        Ok(TransactionKey::new(self.scheme, ksn, key))
    }

    /// Leaves out every number below `number`: [`Registers::advance`] then gives the first one at or
    /// above it that has a key. Never goes back: a `number` that was passed already changes nothing.
    ///
    /// # Errors
    /// [`Exhausted`] if no number at or above it has a key; nothing changes then.
    pub fn skip_to(&mut self, number: u32) -> Result<(), Exhausted> {
        let Some(before) = number.checked_sub(1).filter(|last| *last > self.counter) else {
            return Ok(());
        };
        self.next_from(before)?;
        let mut skipped = Zeroizing::new([0; MAX_KEY_LEN]);
        self.go_to(before, skipped.as_mut());
        Ok(())
    }

    fn next_from(&self, counter: u32) -> Result<u32, Exhausted> {
        let number = Shape::of(self.scheme).next_number(counter);
        number.ok_or(Exhausted)
    }

    /// Moves on to `number`, which is above the counter: wipes what derives the numbers below it,
    /// and spreads the node that stands above it. Leaves its key in `key` and gives the key's
    /// length; if the number has too many one-bits for a key, an ancestor's key is left there, for
    /// the caller to wipe.
    fn go_to(&mut self, number: u32, key: &mut [u8]) -> usize {
        let shape = Shape::of(self.scheme);
        let key = &mut key[..shape.key_len];
        // The highest bit in which they differ: there the number has a one and the counter a zero,
        // so the register at that place is the number's nearest ancestor.
        let top = (self.counter ^ number).ilog2();
        key.copy_from_slice(self.place(top));
        for place in 0..=top {
            self.place_mut(place).zeroize();
        }
        let mut at = node(number, top);
        for place in (0..top).rev() {
            if at.count_ones() >= shape.most_ones {
                break;
            }
            let child = at | 1 << place;
            if number & 1 << place == 0 {
                self.put_child(key, place, child);
            } else {
                let mut next = Zeroizing::new([0; MAX_KEY_LEN]);
                self.derive_child(key, child, &mut next[..shape.key_len]);
                key.copy_from_slice(&next[..shape.key_len]);
                at = child;
            }
        }
        self.counter = number;
        shape.key_len
    }

    /// Derives the key of `number` from its `parent` into the register at `place`.
    fn put_child(&mut self, parent: &[u8], place: u32, number: u32) {
        let mut child = Zeroizing::new([0; MAX_KEY_LEN]);
        let len = Shape::of(self.scheme).key_len;
        self.derive_child(parent, number, &mut child[..len]);
        self.place_mut(place).copy_from_slice(&child[..len]);
    }

    fn derive_child(&self, parent: &[u8], number: u32, into: &mut [u8]) {
        match self.scheme {
            DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256 => {
                aes::child(self.scheme, parent, &self.id, number, into);
            }
            DukptScheme::Tdes2 => tdes::child(parent, &ksn(self.scheme, &self.id, number), into),
        }
    }

    pub(super) fn place(&self, place: u32) -> &[u8] {
        &self.keys[self.range(place)]
    }

    fn place_mut(&mut self, place: u32) -> &mut [u8] {
        let range = self.range(place);
        &mut self.keys[range]
    }

    fn range(&self, place: u32) -> core::ops::Range<usize> {
        let len = Shape::of(self.scheme).key_len;
        let start = place as usize * len;
        start..start + len
    }
}

/// The key serial number: the id, with the counter behind it (AES) or in its last 21 bits (TDES).
fn ksn(scheme: DukptScheme, id: &[u8], counter: u32) -> Vec<u8> {
    let mut ksn = id.to_vec();
    ksn.resize(scheme.ksn_len(), 0);
    let bits = Shape::of(scheme).counter_bits;
    let fixed = u32::MAX.checked_shl(bits).unwrap_or(0);
    let start = ksn.len() - 4;
    let mut last = [0; 4];
    last.copy_from_slice(&ksn[start..]);
    let last = u32::from_be_bytes(last) & fixed | counter;
    ksn[start..].copy_from_slice(&last.to_be_bytes());
    ksn
}

/// Whether two halves of a TDES key are one DES key: the lowest bit of a byte is parity.
fn same_but_parity(left: &[u8], right: &[u8]) -> bool {
    let differs = left
        .iter()
        .zip(right)
        .fold(0, |all, (one, other)| all | (one ^ other) & 0xFE);
    differs == 0
}
