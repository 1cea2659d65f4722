//! Comings and goings of cards and of the reader itself.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

use pcsc::{Disposition, State};
use sealpoint_cardsim::faults::Faults;
use sealpoint_cardsim::{IfdReader, IssuerKeys, Slot};
use sealpoint_readersim::code::Code;
use sealpoint_readersim::ifd;
use tempfile::TempDir;

use crate::rig::{Client, PATIENCE, SELECT_PSE, ask, beside_pcscd, card, expect_answer, reader};

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
fn a_card_put_in_while_the_one_before_is_given_up_is_told() {
    beside_pcscd("events::given_up", &[1]);
}

/// At each time another moment of what the service does when a client gives up a pulled card.
#[test]
#[ignore = "run by a_card_put_in_while_the_one_before_is_given_up_is_told"]
fn given_up() {
    const TIMES: u16 = 400;
    let reader = reader(0, 1, &[card("visa-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    for time in 1..=TIMES {
        slot.set_faults(Faults {
            remove_at: Some(1 + time % 2),
            ..Faults::default()
        });
        slot.insert("visa-approved").expect("inserted");
        let held = client.connect(&name);
        let before = client.await_card(&name).event_count();
        while ask(&held, SELECT_PSE).is_ok() {}
        client.await_state(&name, |state| state.event_count() > before);
        let start = Instant::now();
        let hand = thread::spawn({
            let slot = slot.clone();
            move || {
                while start.elapsed() < Duration::from_micros(time.into()) {
                    hint::spin_loop();
                }
                slot.insert("visa-approved")
            }
        });
        // It fails: the card has gone.
        drop(held.disconnect(Disposition::UnpowerCard));
        hand.join().expect("a hand").expect("inserted");
        client.await_state(&name, |state| {
            state.event_count() == before + 2 && state.event_state().contains(State::PRESENT)
        });
        slot.remove();
        client.await_empty(&name);
    }
}

/// The driver as the service sees it: what a client's call has just found is not outdated before
/// the service has written it down.
#[test]
fn a_card_is_told_a_moment_after_a_client_looked() {
    const SERVICE: Duration = Duration::from_millis(50);
    let folder = TempDir::new().expect("a folder");
    let issuer = IssuerKeys::create(&folder.path().join("issuer")).expect("keys");
    let slot = Slot::new(&[card("visa-approved")], &issuer).expect("cards");
    let socket = folder.path().join("ifd");
    let _reader = IfdReader::bind(&socket, vec![slot.clone()]).expect("a reader");
    ifd::create_channel_by_name(0, socket.to_str().expect("text")).expect("a slot");
    ifd::wait_for_event(0, Duration::ZERO);
    // From one thread the service waits, from others it looks for its clients.
    let client = || thread::spawn(|| ifd::presence(0)).join().expect("a look");
    let until = |wanted| {
        while ifd::presence(0) != wanted {
            ifd::wait_for_event(0, PATIENCE);
        }
    };
    let looked = Instant::now();
    assert_eq!(client(), Code::CardAbsent);
    slot.insert("visa-approved").expect("inserted");
    until(Code::CardPresent);
    assert!(looked.elapsed() >= SERVICE);
    // Once the service is through, it is told at once, if this machine is not too busy each time.
    let at_once = (0..50).any(|_| {
        assert_eq!(client(), Code::CardPresent);
        ifd::stop_waiting(0);
        let looked = Instant::now();
        slot.remove();
        until(Code::CardAbsent);
        let took = looked.elapsed();
        slot.insert("visa-approved").expect("inserted");
        until(Code::CardPresent);
        took < SERVICE
    });
    assert!(at_once);
    ifd::close_channel(0).expect("it is open");
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
