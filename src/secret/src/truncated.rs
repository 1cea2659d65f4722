//! What may be shown of a PAN.

use core::fmt::{self, Display, Formatter};

/// Digits shown at the left, at most.
const FIRST: usize = 6;
/// Digits shown at the right.
const LAST: usize = 4;
/// The shortest PAN of which the left digits are shown too: enough stay hidden.
const SHORTEST_WITH_FIRST: usize = 15;

/// A PAN with at most its first six and last four digits (PCI DSS 3.4.1), the others as `*`.
///
/// Of PANs with fewer than 15 digits only the last four are kept, so that at least five are always
/// hidden. The hidden digits are not in it: it may be shown, printed, logged and stored.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TruncatedPan(String);

/// The payment scheme that an account number range points to; a hint for a picture, no more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Scheme {
    /// Leading 4.
    Visa,
    /// Leading 51 to 55, or 2221 to 2720.
    Mastercard,
    /// Leading 50, 56 to 58, 6 and no other known range.
    Maestro,
    /// Leading 34 or 37.
    AmericanExpress,
    /// Leading 3528 to 3589.
    Jcb,
    /// Leading 6011, 644 to 649 or 65; also 30, 36, 38, 39 (Diners Club).
    Discover,
    /// Leading 62 or 81.
    UnionPay,
}

impl TruncatedPan {
    pub(crate) fn of(digits: &[u8]) -> Self {
        let first = if digits.len() >= SHORTEST_WITH_FIRST {
            FIRST
        } else {
            0
        };
        let last_from = digits.len().saturating_sub(LAST);
        let shown = digits.iter().enumerate().map(|(place, digit)| {
            if place < first || place >= last_from {
                char::from(*digit)
            } else {
                '*'
            }
        });
        Self(shown.collect())
    }

    /// All of it: `476173******0119`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits.
    #[must_use]
    pub fn last4(&self) -> &str {
        self.0
            .get(self.0.len().saturating_sub(LAST)..)
            .unwrap_or("")
    }

    /// Which scheme the first digits point to, if they are shown and known.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        let leading = |digits: usize| self.0.get(..digits)?.parse::<u16>().ok();
        let (two, three, four) = (leading(2)?, leading(3)?, leading(4)?);
        Some(match (two, three, four) {
            (40..=49, ..) => Scheme::Visa,
            (51..=55, ..) | (_, _, 2221..=2720) => Scheme::Mastercard,
            (34 | 37, ..) => Scheme::AmericanExpress,
            (_, _, 3528..=3589) => Scheme::Jcb,
            (65, ..) | (_, 644..=649, _) | (_, _, 6011) | (30 | 36 | 38 | 39, ..) => {
                Scheme::Discover
            }
            (62 | 81, ..) => Scheme::UnionPay,
            (50 | 56..=58 | 60..=69, ..) => Scheme::Maestro,
            _ => return None,
        })
    }
}

impl Display for TruncatedPan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
