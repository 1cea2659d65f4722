//! Terminal risk management (EMV 4.4 Book 3 §10.6).
//!
//! Of its three checks an online terminal needs the floor limit alone: random selection and velocity
//! checks choose which of the offline charges go online, and here all do.

use crate::{
    dialogue::Dialogue,
    verification::{Tsi, Tvr},
};

/// Compares the amount with the floor limit (§10.6.1). Performed whatever the AIP says, as the
/// schemes ask.
pub(crate) fn check(dialogue: &mut Dialogue) {
    let floor_limit = dialogue
        .selected
        .as_ref()
        .map_or(0, |selected| selected.application.floor_limit_minor);
    if dialogue.charge.amount_minor >= i64::from(floor_limit) {
        dialogue.tvr |= Tvr::OVER_FLOOR_LIMIT;
    }
    dialogue.tsi |= Tsi::TERMINAL_RISK;
}
