//! How many numbers a scheme has and how long its parts are.

use sealpoint_wire::seal::DukptScheme;

/// Bytes of the longest key.
pub(crate) const MAX_KEY_LEN: usize = 32;
/// Bytes of the longest cipher block.
pub(crate) const MAX_BLOCK_LEN: usize = 16;

/// The fixed measures of a scheme.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// Bits of the counter: as many registers.
    pub(crate) counter_bits: u32,
    /// A number with more one-bits than this has no key, so that the host derives few times.
    pub(crate) most_ones: u32,
    /// Bytes of the initial key, of each register and of a working key.
    pub(crate) key_len: usize,
    /// Bytes of the initial key's id.
    pub(crate) id_len: usize,
}

impl Shape {
    pub(crate) const fn of(scheme: DukptScheme) -> Self {
        match scheme {
            DukptScheme::Aes128 => Self::aes(16),
            DukptScheme::Aes192 => Self::aes(24),
            DukptScheme::Aes256 => Self::aes(32),
            // X9.24-1:2009 annex A: 21 bits, at most ten of them one; two-key TDES. The id is the
            // initial key serial number, all ten bytes of it.
            DukptScheme::Tdes2 => Self {
                counter_bits: 21,
                most_ones: 10,
                key_len: 16,
                id_len: 10,
            },
        }
    }

    /// X9.24-3:2017 section 6 and annex B: 32 bits, at most sixteen of them one; an id of eight
    /// bytes. (The supplement lists a key for number 1FFFF, which has seventeen. A terminal that
    /// leaves it out as the text says is understood by every host.)
    const fn aes(key_len: usize) -> Self {
        Self {
            counter_bits: 32,
            most_ones: 16,
            key_len,
            id_len: 8,
        }
    }

    /// The first number above `counter` that has a key, if there is one.
    pub(crate) fn next_number(self, counter: u32) -> Option<u32> {
        let mut next = u64::from(counter) + 1;
        // Each round clears the lowest one-bit, so there are at most as many as a counter has bits.
        while next.count_ones() > self.most_ones {
            next += 1 << next.trailing_zeros();
        }
        if next >> self.counter_bits != 0 {
            return None;
        }
        u32::try_from(next).ok()
    }

    /// Whether the register at `place` holds a node when `counter` was the last number: it stands
    /// for the numbers that are as `counter` above that bit, and have a one where it has a zero.
    pub(crate) const fn holds(self, counter: u32, place: u32) -> bool {
        let node = node(counter, place);
        counter & (1 << place) == 0 && node.count_ones() <= self.most_ones
    }

    /// How many numbers above `counter` have a key.
    pub(crate) fn remaining(self, counter: u32) -> u64 {
        (0..self.counter_bits)
            .filter(|place| self.holds(counter, *place))
            .map(|place| self.tails(place, node(counter, place).count_ones()))
            .sum()
    }

    /// In how many ways the bits below `place` can stand in a number that has a key, where `ones`
    /// bits above them are one; at most [`Shape::most_ones`].
    pub(crate) fn tails(self, place: u32, ones: u32) -> u64 {
        (0..=self.most_ones - ones)
            .map(|more| choices(place, more))
            .sum()
    }
}

/// The number of the node at `place`: `counter` above that bit, a one there, zeros below.
pub(crate) const fn node(counter: u32, place: u32) -> u32 {
    (counter >> place | 1) << place
}

/// In how many ways `ones` of `bits` bits can be one.
fn choices(bits: u32, ones: u32) -> u64 {
    (0..ones).fold(1, |ways, chosen| {
        ways * u64::from(bits.saturating_sub(chosen)) / u64::from(chosen + 1)
    })
}
