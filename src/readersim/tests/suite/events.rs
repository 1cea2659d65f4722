//! Comings and goings of cards and of the reader itself.

use pcsc::State;

use crate::rig::{Client, beside_pcscd, card, expect_answer, reader};

#[test]
fn every_insertion_and_removal_is_counted_however_fast() {
    beside_pcscd("events::fast_hands", &[1]);
}

/// A service that looks every 400 ms would miss nearly all of them.
#[test]
#[ignore = "run by every_insertion_and_removal_is_counted_however_fast"]
fn fast_hands() {
    const TIMES: u32 = 50;
    let reader = reader(0, 1, &[card("visa-approved"), card("mastercard-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let before = client.await_empty(&name).event_count();
    let slot = reader.slots().next().expect("a slot");
    for _ in 0..TIMES {
        slot.insert("visa-approved").expect("inserted");
        client.await_card(&name);
        slot.remove();
        client.await_empty(&name);
    }
    let after = client.await_empty(&name).event_count();
    assert_eq!(after - before, 2 * TIMES);
    // Faster than anybody looks: one card for another, and the first is not taken for the second.
    slot.insert("visa-approved").expect("inserted");
    let first = client.await_card(&name).event_count();
    slot.remove();
    slot.insert("mastercard-approved").expect("inserted");
    let state = client.await_state(&name, |state| state.event_count() >= first + 2);
    assert!(state.event_state().contains(State::PRESENT));
    expect_answer(&client.connect(&name));
}

#[test]
fn a_swapped_card_is_told_to_whoever_holds_the_first_one() {
    beside_pcscd("events::swapped", &[1]);
}

#[test]
#[ignore = "run by a_swapped_card_is_told_to_whoever_holds_the_first_one"]
fn swapped() {
    let reader = reader(0, 1, &[card("visa-approved"), card("mastercard-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    let held = client.connect(&name);
    let before = client.await_card(&name).event_count();
    expect_answer(&held);
    slot.remove();
    slot.insert("mastercard-approved").expect("inserted");
    client.await_state(&name, |state| state.event_count() >= before + 2);
    let error = crate::rig::ask(&held, crate::rig::SELECT_PSE);
    assert_eq!(error, Err(pcsc::Error::RemovedCard));
}

#[test]
fn a_reader_that_is_unplugged_is_unavailable_until_it_is_plugged_in() {
    beside_pcscd("events::unplugged", &[2]);
}

#[test]
#[ignore = "run by a_reader_that_is_unplugged_is_unavailable_until_it_is_plugged_in"]
fn unplugged() {
    let client = Client::start();
    let names = client.readers();
    // Nobody listens at the socket yet: the service runs, and its readers do not work.
    for name in &names {
        client.await_unavailable(name);
    }
    let reader = reader(0, 2, &[card("visa-approved")]);
    for name in &names {
        client.await_empty(name);
    }
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    let held = client.connect(&names[0]);
    expect_answer(&held);
    reader.unplug();
    for name in &names {
        client.await_unavailable(name);
    }
    assert!(crate::rig::ask(&held, crate::rig::SELECT_PSE).is_err());
    reader.plug().expect("the path is free");
    client.await_card(&names[0]);
    client.await_empty(&names[1]);
    // The card lost its power meanwhile: whoever held it must know.
    assert_eq!(
        crate::rig::ask(&held, crate::rig::SELECT_PSE),
        Err(pcsc::Error::RemovedCard)
    );
    drop(held);
    expect_answer(&client.connect(&names[0]));
}
