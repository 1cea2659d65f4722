//! How long the kernel waits. It has no clock: the driver tells how long it has waited, and the
//! kernel decides when that is enough.

/// For one answer of the card; milliseconds.
pub const CARD_ANSWER_MS: u32 = 30_000;
/// For all answers of the card together: one that is slow every time keeps a queue waiting.
pub const CARD_TOTAL_MS: u32 = 90_000;
/// For the cardholder's choice of an application.
pub const CHOICE_MS: u32 = 60_000;
/// For one PIN entry.
pub const PIN_MS: u32 = 60_000;
/// For the host's answer.
pub const HOST_MS: u32 = 60_000;
/// For what the driver can say at once.
const DRIVER_MS: u32 = 30_000;

/// Who has the next word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Awaited {
    Card,
    Choice,
    Pin,
    Host,
    Driver,
}

/// The time that has gone by.
#[derive(Default)]
pub(crate) struct Patience {
    /// Since the last request.
    waited_ms: u32,
    /// For the card's answers before it.
    card_ms: u32,
}

impl Patience {
    /// Takes how long the last request has stood; says whether that is too long.
    pub(crate) fn ends(&mut self, awaited: Awaited, waited_ms: u32) -> bool {
        self.waited_ms = self.waited_ms.max(waited_ms);
        let bound = match awaited {
            Awaited::Card => CARD_ANSWER_MS.min(CARD_TOTAL_MS.saturating_sub(self.card_ms)),
            Awaited::Choice => CHOICE_MS,
            Awaited::Pin => PIN_MS,
            Awaited::Host => HOST_MS,
            Awaited::Driver => DRIVER_MS,
        };
        self.waited_ms >= bound
    }

    /// What was awaited has come, or is awaited no more.
    pub(crate) fn over(&mut self, awaited: Awaited) {
        if awaited == Awaited::Card {
            self.card_ms = self.card_ms.saturating_add(self.waited_ms);
        }
        self.waited_ms = 0;
    }
}
