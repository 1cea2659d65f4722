//! Symmetric keys.

use thiserror::Error;

use crate::hidden::{Hidden, same};

/// A symmetric key of `N` bytes; wiped on drop.
pub struct Key<const N: usize>(Hidden<N>);

/// The bytes offered are not as long as the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a key of {expected} bytes was offered {offered} bytes; give exactly {expected}")]
pub struct KeyLengthError {
    /// Bytes of the key.
    pub expected: usize,
    /// Bytes that were offered.
    pub offered: usize,
}

impl<const N: usize> Key<N> {
    /// A key written in place by `fill`, which gets `N` zero bytes (a random source, a derivation).
    #[must_use]
    pub fn filled(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut hidden = Hidden::empty();
        fill(hidden.fill());
        Self(hidden)
    }

    /// A key written in place by `fill`, which may fail.
    ///
    /// # Errors
    /// Whatever `fill` fails with; what it had written is wiped.
    pub fn try_filled<E>(fill: impl FnOnce(&mut [u8; N]) -> Result<(), E>) -> Result<Self, E> {
        let mut hidden = Hidden::empty();
        fill(hidden.fill())?;
        Ok(Self(hidden))
    }

    /// A copy of key bytes; wiping the source is the caller's duty.
    ///
    /// # Errors
    /// [`KeyLengthError`] unless there are exactly `N` bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyLengthError> {
        if bytes.len() != N {
            return Err(KeyLengthError {
                expected: N,
                offered: bytes.len(),
            });
        }
        Ok(Self::filled(|key| key.copy_from_slice(bytes)))
    }

    /// The key bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        self.0.whole()
    }

    /// Whether two keys are the same, in constant time.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        same(self.0.bytes(), other.0.bytes())
    }
}
