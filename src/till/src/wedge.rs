//! The keyboard wedge: a barcode scanner that types.
//!
//! A scanner sends its digits a few milliseconds apart and ends with Enter or Tab. No field ever
//! has the keyboard, so a scan is told from typing by its speed alone, wherever the cashier is.

/// A scanner's keys come at most this far apart, milliseconds; nobody types that fast for long.
const MAX_GAP_MS: i64 = 50;
/// A scan has at least this many characters: EAN-8.
const MIN_SCAN: usize = 8;
/// And at most this many.
const MAX_SCAN: usize = 64;

/// A burst of keys that may turn out to be a scan.
#[derive(Default, Debug)]
pub struct Wedge {
    burst: String,
    last_ms: i64,
}

/// What a key turned out to be.
#[derive(PartialEq, Eq, Debug)]
pub enum Key {
    /// First key of a burst: what it changes must be taken back if a scan comes of it.
    Starts,
    /// A key like any other.
    Plain,
    /// The burst was this scan.
    Scan(String),
}

impl Wedge {
    /// Takes a key press at `now_ms`.
    pub fn press(&mut self, key: &str, now_ms: i64) -> Key {
        let fast = now_ms.saturating_sub(self.last_ms) <= MAX_GAP_MS && now_ms >= self.last_ms;
        self.last_ms = now_ms;
        let mut characters = key.chars();
        match (characters.next(), characters.next()) {
            // A code may hold any character: a web address on a poster is a scan, not typing.
            (Some(c), None) if !c.is_control() => {
                let starts = !fast || self.burst.is_empty();
                if starts {
                    self.burst.clear();
                }
                if self.burst.len() < MAX_SCAN {
                    self.burst.push(c);
                }
                if starts { Key::Starts } else { Key::Plain }
            }
            _ => {
                let burst = std::mem::take(&mut self.burst);
                let ended = matches!(key, "Enter" | "Tab");
                if ended && fast && burst.len() >= MIN_SCAN {
                    Key::Scan(burst)
                } else {
                    Key::Plain
                }
            }
        }
    }
}
