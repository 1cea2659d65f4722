//! A person at the keyboard has the till and nothing else.

use crate::machine::{Chord, Extra, Machine};
use crate::till::{ALIKE, BAR_ROWS, Till};

/// What leads out of one system or another. None of it means anything to a till.
const CHORDS: &[&[&str]] = &[
    // another console
    &["ctrl", "alt", "f1"],
    &["ctrl", "alt", "f2"],
    &["ctrl", "alt", "f3"],
    &["ctrl", "alt", "f4"],
    &["ctrl", "alt", "f5"],
    &["ctrl", "alt", "f6"],
    &["ctrl", "alt", "f7"],
    &["ctrl", "alt", "f8"],
    &["ctrl", "alt", "f9"],
    &["ctrl", "alt", "f10"],
    &["ctrl", "alt", "f11"],
    &["ctrl", "alt", "f12"],
    &["alt", "left"],
    &["alt", "right"],
    // the end of a display server or of a compositor
    &["ctrl", "alt", "backspace"],
    &["ctrl", "alt", "esc"],
    &["alt", "esc"],
    &["alt", "shift", "esc"],
    &["ctrl", "shift", "esc"],
    &["meta_l", "shift", "e"],
    &["alt", "shift", "q"],
    // another window, no window, a menu of windows
    &["alt", "tab"],
    &["alt", "shift", "tab"],
    &["alt", "f4"],
    &["alt", "f2"],
    &["alt", "spc"],
    &["meta_l"],
    &["meta_l", "ret"],
    &["meta_l", "d"],
    &["meta_l", "l"],
    &["meta_l", "r"],
    &["menu"],
    &["compose"],
    // a terminal
    &["ctrl", "alt", "t"],
    &["ctrl", "c"],
    &["ctrl", "d"],
    &["ctrl", "z"],
    &["ctrl", "backslash"],
    &["ctrl", "s"],
    &["ctrl", "q"],
    // the kernel: keyboard, memory, tasks, mounts, crash, end, reboot
    &["alt", "sysrq", "h"],
    &["alt", "sysrq", "r"],
    &["alt", "sysrq", "k"],
    &["alt", "sysrq", "e"],
    &["alt", "sysrq", "i"],
    &["alt", "sysrq", "s"],
    &["alt", "sysrq", "u"],
    &["alt", "sysrq", "m"],
    &["alt", "sysrq", "t"],
    &["alt", "sysrq", "g"],
    &["alt", "sysrq", "c"],
    &["alt", "sysrq", "o"],
    &["alt", "sysrq", "b"],
    // what a machine's own keys ask for
    &["power"],
    &["sleep"],
    &["wake"],
    &["computer"],
    &["calculator"],
    &["ac_home"],
    &["mail"],
];

/// Colours that a till can have, and one to come round.
const THEMES: usize = 5;

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_storm_of_keys_leads_nowhere_but_the_till() {
    let mut till = Till::start("keys", &Extra::default());
    let before = till.until_ready();
    till.machine.keep_picture("before");
    till.machine.happened("RESET");
    for chord in CHORDS {
        press(&mut till.machine, &Chord::of(chord));
    }
    till.machine.keep_picture("after-chords");
    // Seven times within two seconds is what systemd takes for "at once".
    for _ in 0..10 {
        till.machine.press(&Chord::of(&["ctrl", "alt", "delete"]));
    }
    till.machine.keep_picture("after-ctrl-alt-delete");
    // What the till itself knows is left the way that a cashier leaves it: a search or a question by
    // Escape, other colours by Alt+T, which goes round.
    for _ in 0..4 {
        till.machine.press(&Chord::of(&["esc"]));
    }
    let mut after = till.machine.screen();
    for _ in 0..THEMES {
        after = till.until_still(after);
        if after.differs_per_mille(&before, BAR_ROWS) < ALIKE {
            break;
        }
        till.machine.press(&Chord::of(&["alt", "t"]));
    }
    let differs = after.differs_per_mille(&before, BAR_ROWS);
    assert!(differs < ALIKE, "the till as it was before: {differs}");
    till.machine.keep_picture("after");
    assert_eq!((after.width, after.height), (before.width, before.height));
    for event in ["RESET", "SHUTDOWN", "POWERDOWN", "SUSPEND", "SUSPEND_DISK"] {
        assert!(!till.machine.happened(event), "{event}");
    }
    // The same till still runs, and takes the same keyboard's keys.
    till.sells();
    till.machine.keep_picture("sold");
}

/// The storm is a storm: the same keys do something where nothing keeps them from it.
#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn the_same_keys_reach_what_listens() {
    let mut till = Till::start("keys-control", &Extra::default());
    let before = till.until_ready();
    press(&mut till.machine, &Chord::of(&["f1"]));
    till.machine.until("the till's own help", |machine| {
        (machine.screen().differs_per_mille(&before, BAR_ROWS) > ALIKE).then_some(())
    });
    till.machine.keep_picture("help");
}

fn press(machine: &mut Machine, chord: &Chord) {
    println!("{}", chord.name());
    machine.press(chord);
}
