//! A till that is all that its machine shows.
//!
//! - [`refused`]: why there are no settings of the shop, as whoever unpacked them wrote it down.
//! - `chords`: keys that would end the till where no compositor keeps them from it.
//! - `screen`: the screen and the keys without a compositor.

#[cfg(any(test, feature = "kms"))]
mod chords;
pub mod refused;
#[cfg(feature = "kms")]
pub mod screen;
