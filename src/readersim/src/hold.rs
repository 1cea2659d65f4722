//! When `pcscd` may be told what is new in a slot.
//!
//! A client that gives up a card, or resets one, has `pcscd` look for the card and power it, and
//! only then write down what came of it: over what its event thread may have written meanwhile. A
//! card that was put in at that very moment would be taken for absent for as long as it stays in.
//! No hand is so fast, but a simulated one is. So news waits until `pcscd` is through.

use std::time::{Duration, Instant};

/// How long `pcscd` may take to write down what came of a client's look, on a busy machine.
const WRITING: Duration = Duration::from_millis(100);

/// How long news waits at most, for clients that look again and again.
const LONGEST: Duration = Duration::from_secs(1);

/// Whether news waits.
#[derive(Debug, Default)]
pub struct Hold {
    /// When a client last looked, if `pcscd` may not be through yet.
    looked: Option<Instant>,
    /// Since when there is news.
    news: Option<Instant>,
}

impl Hold {
    /// A client's call looks for the card.
    pub fn looked(&mut self, now: Instant) {
        self.looked = Some(now);
    }

    /// `pcscd` is through with what it did for its clients.
    pub fn through(&mut self) {
        self.looked = None;
    }

    /// When the news that there is now may be told; now, if nothing is in the way.
    pub fn until(&mut self, now: Instant) -> Instant {
        let news = *self.news.get_or_insert(now);
        let written = self.looked.map_or(now, |looked| looked + WRITING);
        written.min(news + LONGEST).max(now)
    }

    /// The news was told, or is none any more.
    pub fn told(&mut self) {
        self.news = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_is_told_at_once_unless_a_client_has_just_looked() {
        let start = Instant::now();
        let mut hold = Hold::default();
        assert_eq!(hold.until(start), start);
        hold.told();
        hold.looked(start);
        assert_eq!(hold.until(start), start + WRITING);
        let later = start + WRITING;
        assert_eq!(hold.until(later), later);
    }

    #[test]
    fn news_waits_no_longer_once_the_service_is_through() {
        let start = Instant::now();
        let mut hold = Hold::default();
        hold.looked(start);
        hold.through();
        assert_eq!(hold.until(start), start);
    }

    #[test]
    fn clients_that_look_all_the_time_keep_no_news_away() {
        let start = Instant::now();
        let mut hold = Hold::default();
        let told = (0..).find(|many| {
            let now = start + WRITING / 2 * *many;
            hold.looked(now);
            hold.until(now) == now
        });
        assert_eq!(told, Some(20));
        // What comes next waits for its own time.
        hold.told();
        let now = start + LONGEST;
        hold.looked(now);
        assert_eq!(hold.until(now), now + WRITING);
    }
}
