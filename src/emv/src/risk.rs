//! Terminal risk management (EMV 4.4 Book 3 §10.6, Book 4 §6.3.5).
//!
//! Performed whatever the card's AIP says of it, as §10.6 lets the terminal and the schemes ask: a
//! card cannot opt out of the merchant's floor limit.

use crate::{
    apdu::{CApdu, Sw},
    dialogue::Dialogue,
    exchange::Answer,
    fault::Fault,
    tag::{self, Tag},
    terminal::RandomSelection,
    tlv,
    verification::{Tsi, Tvr},
};

/// Velocity checking under way: which of the card's counters is asked for.
pub(crate) struct Checking {
    limits: Limits,
    awaited: Awaited,
}

/// The offline charges in a row that the issuer allows (tags 9F14 and 9F23).
#[derive(Clone, Copy)]
struct Limits {
    lower: u8,
    upper: u8,
}

/// The counter whose value is awaited, with the one that is known.
enum Awaited {
    Atc,
    LastOnline { atc: Option<u16> },
}

/// How it goes on.
pub(crate) enum Step {
    /// Give the answer to this, too.
    Send(Checking, CApdu),
    /// All checks are made.
    Done,
}

/// Makes the checks that need nothing more of the card, and begins the one that does.
pub(crate) fn start(dialogue: &mut Dialogue) -> Result<Step, Fault> {
    if dialogue.known.on_exception_file {
        dialogue.tvr |= Tvr::ON_EXCEPTION_FILE;
    }
    if dialogue.charge.forced_online {
        dialogue.tvr |= Tvr::FORCED_ONLINE;
    }
    floor_limit(dialogue);
    dialogue.tsi |= Tsi::TERMINAL_RISK;
    Ok(match limits(dialogue)? {
        None => Step::Done,
        Some(limits) => Step::Send(
            Checking {
                limits,
                awaited: Awaited::Atc,
            },
            CApdu::get_data(tag::ATC),
        ),
    })
}

/// Floor limit with split sales (§10.6.1), and below it random selection (§10.6.2).
fn floor_limit(dialogue: &mut Dialogue) {
    let (floor_limit, random) =
        dialogue
            .selected
            .as_ref()
            .map_or((0, RandomSelection::default()), |selected| {
                let application = &selected.application;
                (dialogue.floor_limit(application), application.random)
            });
    let amount = dialogue.charge.amount_minor;
    let together = amount.saturating_add(dialogue.known.earlier_minor.max(0));
    if together >= i64::from(floor_limit) {
        dialogue.tvr |= Tvr::OVER_FLOOR_LIMIT;
    }
    // Which offline charges go online has no meaning where all do.
    if !dialogue.terminal.kind.online_only()
        && amount < i64::from(floor_limit)
        && is_selected(random, amount, floor_limit, dialogue.charge.random_draw)
    {
        dialogue.tvr |= Tvr::RANDOMLY_ONLINE;
    }
}

/// Whether the draw falls into the share of charges of this amount that go online. The share grows
/// from the target at the threshold to the maximum at the floor limit; compared as fractions, for
/// rounding would shift it.
fn is_selected(random: RandomSelection, amount: i64, floor_limit: u32, draw: u8) -> bool {
    let (amount, draw) = (i128::from(amount), i128::from(draw));
    let target = i128::from(random.target_percent);
    let threshold = i128::from(random.threshold_minor);
    if amount < threshold {
        return draw <= target;
    }
    let growth = i128::from(random.max_target_percent) - target;
    // Positive, for the threshold is at most the amount and the amount is below the floor limit.
    let span = i128::from(floor_limit) - threshold;
    (draw - target) * span <= growth * (amount - threshold)
}

/// Both limits, or none: without one of them velocity is not checked (§10.6.3).
fn limits(dialogue: &Dialogue) -> Result<Option<Limits>, Fault> {
    let lower: Option<[u8; 1]> = dialogue.store.optional(tag::LOWER_OFFLINE_LIMIT)?;
    let upper: Option<[u8; 1]> = dialogue.store.optional(tag::UPPER_OFFLINE_LIMIT)?;
    Ok(lower
        .zip(upper)
        .map(|([lower], [upper])| Limits { lower, upper }))
}

impl Checking {
    /// Takes the value of a counter. A card that does not give it ends nothing: the TVR says so.
    pub(crate) fn answered(self, dialogue: &mut Dialogue, answer: &Answer) -> Step {
        match self.awaited {
            Awaited::Atc => Step::Send(
                Self {
                    awaited: Awaited::LastOnline {
                        atc: counter(answer, tag::ATC),
                    },
                    ..self
                },
                CApdu::get_data(tag::LAST_ONLINE_ATC),
            ),
            Awaited::LastOnline { atc } => {
                let last_online = counter(answer, tag::LAST_ONLINE_ATC);
                dialogue.tvr |= velocity(self.limits, atc, last_online);
                Step::Done
            }
        }
    }
}

/// Velocity checking (§10.6.3). A counter that the card does not give although its limits need it is
/// missing data, too (§7.5, table 33).
fn velocity(limits: Limits, atc: Option<u16>, last_online: Option<u16>) -> Tvr {
    let mut found = Tvr::empty();
    if atc.is_none() || last_online.is_none() {
        found |= Tvr::CARD_DATA_MISSING;
    }
    if last_online == Some(0) {
        found |= Tvr::NEW_CARD;
    }
    match atc.zip(last_online) {
        Some((atc, last_online)) if atc > last_online => {
            let offline = atc - last_online;
            if offline > u16::from(limits.lower) {
                found |= Tvr::LOWER_OFFLINE_LIMIT;
            }
            if offline > u16::from(limits.upper) {
                found |= Tvr::UPPER_OFFLINE_LIMIT;
            }
        }
        // A counter is missing, or they contradict each other.
        _ => found |= Tvr::LOWER_OFFLINE_LIMIT | Tvr::UPPER_OFFLINE_LIMIT,
    }
    found
}

/// The value in the answer to GET DATA.
fn counter(answer: &Answer, tag: Tag) -> Option<u16> {
    if answer.sw != Sw::OK {
        return None;
    }
    let value = tlv::find(answer.bytes(), tag).ok()??;
    Some(u16::from_be_bytes(value.try_into().ok()?))
}
