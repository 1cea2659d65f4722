//! What goes wrong on command, as a client of the card service sees it.

use pcsc::Error;
use sealpoint_cardsim::faults::Faults;

use crate::rig::{Client, SELECT_PSE, ask, beside_pcscd, card, expect_answer, reader};

#[test]
fn a_card_pulled_out_at_a_command_is_not_transacted_and_then_removed() {
    beside_pcscd("faults::pulled", &[1]);
}

#[test]
#[ignore = "run by a_card_pulled_out_at_a_command_is_not_transacted_and_then_removed"]
fn pulled() {
    let reader = reader(0, 1, &[card("visa-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    for number in 1..=3 {
        slot.set_faults(Faults {
            remove_at: Some(number),
            ..Faults::default()
        });
        slot.insert("visa-approved").expect("inserted");
        let held = client.connect(&name);
        for _ in 1..number {
            expect_answer(&held);
        }
        assert_eq!(ask(&held, SELECT_PSE), Err(Error::NotTransacted));
        client.await_empty(&name);
        assert_eq!(ask(&held, SELECT_PSE), Err(Error::RemovedCard));
    }
}

#[test]
fn a_lost_answer_and_a_mute_card_are_not_transacted_while_the_card_stays() {
    beside_pcscd("faults::lost", &[1]);
}

#[test]
#[ignore = "run by a_lost_answer_and_a_mute_card_are_not_transacted_while_the_card_stays"]
fn lost() {
    let reader = reader(0, 1, &[card("visa-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    slot.set_faults(Faults {
        drop_at: Some(2),
        mute_from: Some(4),
        delay_ms: 20,
        ..Faults::default()
    });
    let held = client.connect(&name);
    expect_answer(&held);
    assert_eq!(ask(&held, SELECT_PSE), Err(Error::NotTransacted));
    expect_answer(&held);
    for _ in 0..2 {
        assert_eq!(ask(&held, SELECT_PSE), Err(Error::NotTransacted));
    }
    client.await_card(&name);
    slot.set_faults(Faults::default());
    expect_answer(&held);
}

#[test]
fn too_long_a_command_reaches_no_card_and_breaks_nothing() {
    beside_pcscd("faults::too_long", &[1]);
}

#[test]
#[ignore = "run by too_long_a_command_reaches_no_card_and_breaks_nothing"]
fn too_long() {
    let reader = reader(0, 1, &[card("visa-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    let held = client.connect(&name);
    assert_eq!(ask(&held, &[0; 3000]), Err(Error::NotTransacted));
    expect_answer(&held);
    // An answer that is longer than the room for it.
    let short = held.transmit(SELECT_PSE, &mut [0; 2]).map(<[u8]>::len);
    assert!(short.is_err(), "{short:?}");
    expect_answer(&held);
}
