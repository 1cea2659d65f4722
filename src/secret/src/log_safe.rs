//! Logs are a boundary: what crosses it is declared.

use core::fmt::{self, Display, Formatter};

use crate::TruncatedPan;

/// Declares that a type's `Display` never shows card data, a key or a PIN.
///
/// Implement it for your own type next to the type, where a reviewer sees both. Deliberately absent:
/// `String`, `&str` of any lifetime but `'static`, and byte slices: they can hold anything.
pub trait LogSafe: Display {}

/// A value that may be logged; made by [`log_safe`].
pub struct Shown<'a, T: ?Sized>(&'a T);

/// Lets a declared value into a log line: `tracing::info!(aid = %log_safe(&aid))`.
#[must_use]
pub fn log_safe<T: LogSafe + ?Sized>(value: &T) -> Shown<'_, T> {
    Shown(value)
}

impl<T: LogSafe + ?Sized> Display for Shown<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// A text that stands in the source, short numbers, and what PCI DSS lets be shown. 64-bit numbers
// are absent because a PAN fits into one.
impl LogSafe for &'static str {}
impl LogSafe for bool {}
impl LogSafe for u8 {}
impl LogSafe for u16 {}
impl LogSafe for u32 {}
impl LogSafe for TruncatedPan {}
