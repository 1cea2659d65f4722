//! The one place that owns secret memory.

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// `N` bytes on the heap, of which the first `len` are the secret; wiped on drop, by their type, so
/// that no `Drop` can forget to.
///
/// Boxed because a Rust move copies bytes and wipes nothing behind it: here only the pointer moves.
pub(crate) struct Hidden<const N: usize> {
    bytes: Box<Zeroizing<[u8; N]>>,
    len: usize,
}

impl<const N: usize> Hidden<N> {
    pub(crate) fn empty() -> Self {
        Self {
            bytes: Box::new(Zeroizing::new([0; N])),
            len: 0,
        }
    }

    /// Appends a byte; `false` if there is no room.
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        match self.bytes.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// The whole buffer, to be filled in place; all of it then counts as the secret.
    pub(crate) fn fill(&mut self) -> &mut [u8; N] {
        self.len = N;
        &mut self.bytes
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn whole(&self) -> &[u8; N] {
        &self.bytes
    }
}

impl<const N: usize> ZeroizeOnDrop for Hidden<N> {}

/// Whether two secrets are the same, in a time that depends on their lengths alone.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |all, (x, y)| all | (x ^ y));
    a.len() == b.len() && core::hint::black_box(difference) == 0
}
