//! What goes wrong on command between reader and card.

use serde::Deserialize;

use crate::hostile::{self, Garbler};

/// The longest delay in milliseconds.
const MAX_DELAY_MS: u64 = 30_000;

/// Faults of one slot. Commands are counted from 1, since the card was last powered.
#[derive(Clone, Default, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Each answer comes so much later.
    pub delay_ms: u64,
    /// The card is pulled out when this command comes.
    pub remove_at: Option<u16>,
    /// The card carries this command out, and its answer is lost.
    pub drop_at: Option<u16>,
    /// From this command on the card says nothing.
    pub mute_from: Option<u16>,
    /// Answers are damaged on their way.
    pub garble: Option<Garble>,
}

/// Which answers are damaged, and how: the same ones for the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Garble {
    /// Where the damage begins.
    pub seed: u64,
    /// How many of a hundred answers are damaged.
    #[serde(default = "usual_percent")]
    pub percent: u8,
}

fn usual_percent() -> u8 {
    hostile::PERCENT
}

/// What becomes of one command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Delivered,
    Removed,
    AnswerLost,
    Ignored,
}

impl Faults {
    /// What becomes of the command of this number.
    pub(crate) fn fate(&self, number: u16) -> Fate {
        if self.remove_at == Some(number) {
            Fate::Removed
        } else if self.mute_from.is_some_and(|from| from <= number) {
            Fate::Ignored
        } else if self.drop_at == Some(number) {
            Fate::AnswerLost
        } else {
            Fate::Delivered
        }
    }

    /// Who damages the answers, from the beginning of its seed.
    pub(crate) fn garbler(&self) -> Option<Garbler> {
        let garble = self.garble?;
        Some(Garbler::new(garble.seed).percent(garble.percent))
    }

    pub(crate) fn delay_ms(&self) -> u64 {
        self.delay_ms.min(MAX_DELAY_MS)
    }
}
