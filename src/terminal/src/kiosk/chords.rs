//! Keys that never reach the window: where there is no compositor Slint itself ends at Ctrl+Alt+Del
//! and Ctrl+Alt+Backspace. Nothing in the till is reached by Ctrl and Alt together, so nothing that
//! is pressed while both are held passes, whatever the keyboard's layout makes of the key.

use std::collections::BTreeSet;

/// Ctrl, left and right, as the kernel numbers keys (linux/input-event-codes.h).
const CONTROLS: [u32; 2] = [29, 97];
/// Alt, left and right. The right one may be AltGr, which alone or with Shift types signs; with Ctrl
/// it types none.
const ALTS: [u32; 2] = [56, 100];
/// No keyboard has more keys than the kernel has numbers (KEY_MAX).
const MAX_KEYS: usize = 0x2FF;

/// What is held down, on all keyboards together.
#[derive(Default)]
pub struct Chords {
    /// How many keyboards hold each: as many must let go of it.
    controls: [u8; 2],
    alts: [u8; 2],
    /// Keys of which the press did not pass, so that their release does not either.
    swallowed: BTreeSet<u32>,
}

impl Chords {
    /// Whether this key, pressed or released, is kept from the window. Call it for every key.
    pub fn swallows(&mut self, key: u32, pressed: bool) -> bool {
        if count(&CONTROLS, &mut self.controls, key, pressed)
            || count(&ALTS, &mut self.alts, key, pressed)
        {
            return false;
        }
        if !pressed {
            return self.swallowed.remove(&key);
        }
        let both = [self.controls, self.alts]
            .iter()
            .all(|held| held.iter().any(|keyboards| *keyboards > 0));
        if both && self.swallowed.len() < MAX_KEYS {
            self.swallowed.insert(key);
        }
        both
    }
}

/// Counts the key if it is one of these.
fn count(keys: &[u32; 2], held: &mut [u8; 2], key: u32, pressed: bool) -> bool {
    let Some(at) = keys.iter().position(|one| *one == key) else {
        return false;
    };
    held[at] = if pressed {
        held[at].saturating_add(1)
    } else {
        held[at].saturating_sub(1)
    };
    true
}

#[cfg(test)]
#[path = "../tests/chords.rs"]
mod tests;
