use super::Chords;

const BACKSPACE: u32 = 14;
const Q: u32 = 16;
const LEFT_CTRL: u32 = 29;
const LEFT_ALT: u32 = 56;
const F2: u32 = 60;
const RIGHT_CTRL: u32 = 97;
const SYSRQ: u32 = 99;
const RIGHT_ALT: u32 = 100;
const UP: u32 = 103;
const DELETE: u32 = 111;

/// Holds these and says whether the key's press passes.
fn passes(held: &[u32], key: u32) -> bool {
    let mut chords = Chords::default();
    for key in held {
        assert!(!chords.swallows(*key, true), "{key} alone is no chord");
    }
    !chords.swallows(key, true)
}

#[test]
fn nothing_that_is_pressed_with_ctrl_and_alt_passes() {
    for control in [LEFT_CTRL, RIGHT_CTRL] {
        for alt in [LEFT_ALT, RIGHT_ALT] {
            for key in [DELETE, BACKSPACE, F2, UP, SYSRQ, Q, 58, 700] {
                assert!(!passes(&[control, alt], key), "{control} {alt} {key}");
                assert!(!passes(&[alt, control], key), "{alt} {control} {key}");
            }
        }
    }
}

#[test]
fn what_a_cashier_presses_passes() {
    // A till that swallowed everything would pass the test above.
    for held in [
        &[][..],
        &[LEFT_CTRL],
        &[LEFT_ALT],
        &[RIGHT_ALT],
        &[LEFT_CTRL, RIGHT_CTRL],
        &[LEFT_ALT, RIGHT_ALT],
    ] {
        for key in [DELETE, BACKSPACE, F2, UP, Q] {
            assert!(passes(held, key), "{held:?} {key}");
        }
    }
}

#[test]
fn a_chord_ends_when_every_keyboard_let_go() {
    let mut chords = Chords::default();
    for key in [LEFT_CTRL, LEFT_ALT, LEFT_CTRL] {
        chords.swallows(key, true);
    }
    chords.swallows(LEFT_CTRL, false);
    assert!(
        chords.swallows(DELETE, true),
        "the other one still holds it"
    );
    chords.swallows(LEFT_CTRL, false);
    assert!(!chords.swallows(BACKSPACE, true));
    // More releases than presses: a keyboard was plugged in with a key down.
    chords.swallows(LEFT_CTRL, false);
    chords.swallows(LEFT_CTRL, true);
    assert!(chords.swallows(F2, true));
}

#[test]
fn a_release_goes_where_its_press_went() {
    let mut chords = Chords::default();
    assert!(!chords.swallows(Q, true));
    chords.swallows(LEFT_CTRL, true);
    chords.swallows(LEFT_ALT, true);
    assert!(!chords.swallows(Q, false), "its press passed");
    assert!(chords.swallows(DELETE, true));
    chords.swallows(LEFT_ALT, false);
    assert!(chords.swallows(DELETE, false), "its press did not pass");
    assert!(!chords.swallows(DELETE, true));
    assert!(!chords.swallows(DELETE, false));
}
