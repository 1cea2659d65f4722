//! Cards in slots, and slots in readers.

use crate::rig::{
    Client, SELECT_PSE, ask, beside_named, beside_pcscd, card, expect_answer, reader, t0,
};

#[test]
fn a_reader_with_two_slots_is_two_readers() {
    beside_pcscd("cards::two_slots", &[2]);
}

#[test]
#[ignore = "run by a_reader_with_two_slots_is_two_readers"]
fn two_slots() {
    let reader = reader(0, 2, &[card("visa-approved"), card("qvsdc")]);
    let client = Client::start();
    let names = client.readers();
    let said: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
    assert_eq!(said, ["Sealpoint Reader 00 00", "Sealpoint Reader 00 01"]);
    let slots: Vec<_> = reader.slots().collect();
    slots[1].insert("qvsdc").expect("held");
    let second = client.connect(&names[1]);
    client.await_empty(&names[0]);
    slots[0].insert("visa-approved").expect("inserted");
    let first = client.connect(&names[0]);
    // A card with contacts alone is not noticed through the air.
    slots[1].remove();
    assert!(slots[1].insert("visa-approved").is_err());
    assert!(ask(&second, SELECT_PSE).is_err());
    expect_answer(&first);
}

#[test]
fn two_readers_with_one_driver_share_nothing() {
    beside_pcscd("cards::two_readers", &[1, 2]);
}

#[test]
#[ignore = "run by two_readers_with_one_driver_share_nothing"]
fn two_readers() {
    let one = reader(0, 1, &[card("visa-approved")]);
    let other = reader(1, 2, &[card("qvsdc")]);
    let client = Client::start();
    let names = client.readers();
    assert_eq!(names.len(), 3, "{names:?}");
    one.slots()
        .next()
        .expect("a slot")
        .insert("visa-approved")
        .expect("inserted");
    let visa = client.connect(&names[0]);
    client.await_empty(&names[1]);
    let last = other.slots().nth(1).expect("two slots");
    last.insert("qvsdc").expect("held");
    let tapped = client.connect(&names[2]);
    client.await_empty(&names[1]);
    expect_answer(&visa);
    expect_answer(&tapped);
    one.unplug();
    client.await_unavailable(&names[0]);
    expect_answer(&tapped);
    client.await_empty(&names[1]);
}

#[test]
fn both_protocols_of_cards_go_through() {
    beside_pcscd("cards::protocols", &[1]);
}

#[test]
#[ignore = "run by both_protocols_of_cards_go_through"]
fn protocols() {
    let reader = reader(0, 1, &[card("visa-approved"), t0("visa-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    let t1 = client.connect(&name);
    let protocol = |card: &pcsc::Card| card.status2_owned().expect("its state").protocol2();
    assert_eq!(protocol(&t1), Some(pcsc::Protocol::T1));
    expect_answer(&t1);
    drop(t1);
    slot.remove();
    client.await_empty(&name);
    slot.insert("t0").expect("inserted");
    let t0 = client.connect(&name);
    assert_eq!(protocol(&t0), Some(pcsc::Protocol::T0));
    // The reader takes the answer's length from nobody: 61xx comes through, and so does 6Cxx.
    let without_le = &SELECT_PSE[..SELECT_PSE.len() - 1];
    let more = ask(&t0, without_le).expect("an answer");
    assert_eq!((more.len(), more[0]), (2, 0x61));
    let wrong = ask(&t0, &[0x00, 0xC0, 0x00, 0x00, 0x01]).expect("an answer");
    assert_eq!(wrong, [0x6C, more[1]]);
    let right = ask(&t0, &[0x00, 0xC0, 0x00, 0x00, more[1]]).expect("an answer");
    assert!(right.ends_with(&[0x90, 0x00]));
}

#[test]
fn the_slots_of_one_device_may_have_names_of_their_own() {
    let slot = |name, slots: &str| (name, 0, slots.to_owned());
    let readers = [slot("Till Contact", "1"), slot("Till Contactless", "1@1")];
    beside_named("cards::named_slots", &readers);
}

#[test]
#[ignore = "run by the_slots_of_one_device_may_have_names_of_their_own"]
fn named_slots() {
    let reader = reader(0, 2, &[card("visa-approved"), card("qvsdc")]);
    let client = Client::start();
    let names = client.readers();
    let said: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
    assert_eq!(said, ["Till Contact 00 00", "Till Contactless 01 00"]);
    let second = reader.slots().nth(1).expect("two slots");
    second.insert("qvsdc").expect("held");
    expect_answer(&client.connect(&names[1]));
    client.await_empty(&names[0]);
}
