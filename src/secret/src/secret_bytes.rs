//! A bounded buffer for what may hold card data: APDUs, records, plaintexts to seal.

use std::io;

use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes with a fixed bound; wiped on drop and on [`SecretBytes::clear`].
///
/// All its memory is taken at the start: a buffer that grows leaves unwiped copies behind.
pub struct SecretBytes {
    bytes: Zeroizing<Box<[u8]>>,
    len: usize,
}

/// A [`SecretBytes`] has no room for what was to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{wanted} bytes do not fit into a buffer of {bound}; the sender must send less")]
pub struct Full {
    /// Bytes that there would have been.
    pub wanted: usize,
    /// Bytes that there may be.
    pub bound: usize,
}

impl SecretBytes {
    /// An empty buffer for at most `bound` bytes.
    #[must_use]
    pub fn with_bound(bound: usize) -> Self {
        Self {
            bytes: Zeroizing::new(vec![0; bound].into_boxed_slice()),
            len: 0,
        }
    }

    /// A copy of `bytes`, bound to their length; wiping the source is the caller's duty.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Self {
        Self {
            bytes: Zeroizing::new(bytes.into()),
            len: bytes.len(),
        }
    }

    /// Appends `more`.
    ///
    /// # Errors
    /// [`Full`] if it does not fit; nothing is written then.
    pub fn append(&mut self, more: &[u8]) -> Result<(), Full> {
        let wanted = self.len.saturating_add(more.len());
        let bound = self.bytes.len();
        let room = self
            .bytes
            .get_mut(self.len..wanted)
            .ok_or(Full { wanted, bound })?;
        room.copy_from_slice(more);
        self.len = wanted;
        Ok(())
    }

    /// Replaces the content with what `fill` writes: it gets the whole buffer and returns how many
    /// bytes it wrote (at most the bound counts).
    ///
    /// # Errors
    /// Whatever `fill` fails with; the buffer is empty and wiped then.
    pub fn fill<E>(
        &mut self,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        self.clear();
        match fill(&mut self.bytes) {
            Ok(len) => {
                self.len = len.min(self.bytes.len());
                Ok(self.len)
            }
            Err(error) => {
                self.clear();
                Err(error)
            }
        }
    }

    /// Replaces the content with what `from` gives, until it ends or the buffer is full, and gives
    /// their number. A buffer with room for one byte more than there may be tells a longer source.
    ///
    /// # Errors
    /// What `from` fails with; the buffer is empty and wiped then.
    pub fn fill_from(&mut self, mut from: impl io::Read) -> io::Result<usize> {
        self.fill(|room| {
            let mut len = 0;
            while let Some(rest) = room.get_mut(len..).filter(|rest| !rest.is_empty()) {
                match from.read(rest) {
                    Ok(0) => break,
                    Ok(more) => len += more,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(len)
        })
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes there may be.
    #[must_use]
    pub fn bound(&self) -> usize {
        self.bytes.len()
    }

    /// Wipes the content; the bound stays.
    pub fn clear(&mut self) {
        self.bytes.zeroize();
        self.len = 0;
    }
}

impl ZeroizeOnDrop for SecretBytes {}
