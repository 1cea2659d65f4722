//! The card is elsewhere, at the end of a wire (Drimer, Murdoch: "Keep Your Enemies Close", 2007). The
//! contact books measure no distance: what there is are bounds on the time of each answer.

use super::genuine;
use crate::{
    Aip, CARD_ANSWER_MS, CARD_TOTAL_MS, Ending, Fault, Input, Kernel, Known, Output, PinPad,
    tests::{
        attacks::genuine::Genuine,
        card::{charge, started},
    },
};

/// Plays with a card that needs so long for each answer.
fn with_delay(delay_ms: u32) -> Ending {
    let mut card = Genuine::new(Aip::CDA, genuine::NO_CVM);
    let mut kernel = Kernel::new(&card.terminal(), charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    loop {
        output = match output {
            Output::Send(command) => match kernel.step(Input::Tick {
                waited_ms: delay_ms,
            }) {
                Output::Wait => kernel.step(Input::RApdu(&card.answer(command.expose()))),
                over => over,
            },
            Output::LookUp(_) => kernel.step(Input::Known(Known::default())),
            Output::Done(outcome) => return outcome.ending,
            _ => panic!("a card that approves offline needs nothing else"),
        };
    }
}

#[test]
fn a_card_that_takes_too_long_for_one_answer_is_given_up() {
    assert_eq!(
        with_delay(CARD_ANSWER_MS),
        Ending::Terminated(Fault::TooSlow)
    );
}

#[test]
fn a_card_that_is_slow_every_time_is_given_up() {
    assert_eq!(
        with_delay(CARD_TOTAL_MS / 5),
        Ending::Terminated(Fault::TooSlow)
    );
}

/// Not stopped: a wire that is faster than that.
#[test]
fn a_relay_within_the_bounds_is_not_noticed() {
    assert_eq!(with_delay(500), Ending::ApprovedOffline);
}
