//! The PIN pad through the control codes of PC/SC part 10.

use std::time::Instant;

use pcsc::{Card, Error, ctl_code};
use sealpoint_cardsim::Slot;
use sealpoint_cardsim::keypad::Press;
use sealpoint_cardsim::oda::Chain;
use sealpoint_cardsim::profile::Scheme;

use crate::rig::{Client, PATIENCE, ask, beside_pcscd, card, reader};

const VERIFY_PIN_DIRECT: u8 = 0x06;
const PIN_PROPERTIES: u8 = 0x0A;
const TLV_PROPERTIES: u8 = 0x12;
/// Our own.
const ENCIPHER_PIN: u8 = 0x80;

/// The control code of each feature, by its tag.
fn features(card: &Card) -> Vec<(u8, u32)> {
    let mut buffer = [0; 64];
    let list = card.control(ctl_code(3400), &[], &mut buffer);
    let list = list.expect("a list of features");
    let entries = list.chunks_exact(6);
    assert!(entries.remainder().is_empty());
    let entry = |entry: &[u8]| {
        assert_eq!(entry[1], 4);
        let code = u32::from_be_bytes(entry[2..].try_into().expect("four bytes"));
        (entry[0], code)
    };
    entries.map(entry).collect()
}

fn code(card: &Card, feature: u8) -> u32 {
    let all = features(card);
    let found = all.iter().find(|(tag, _)| *tag == feature);
    found.expect("the reader has it").1
}

/// EMV's plaintext PIN block, four to twelve digits, with this time-out.
fn request(timeout_s: u8) -> Vec<u8> {
    let command = [&[0x00, 0x20, 0x00, 0x80, 0x08, 0x20][..], &[0xFF; 7]].concat();
    let header = [
        timeout_s, 0, 0x89, 0x47, 0x04, 12, 4, 2, 0xFF, 9, 4, 0, 0, 0, 0,
    ];
    [&header[..], &13_u32.to_le_bytes(), &command].concat()
}

fn verify(card: &Card, request: &[u8]) -> Result<Vec<u8>, Error> {
    let mut buffer = [0; 16];
    let code = code(card, VERIFY_PIN_DIRECT);
    card.control(code.into(), request, &mut buffer)
        .map(<[u8]>::to_vec)
}

fn select(card: &Card, aid: &[u8; 7]) {
    let command = [&[0x00, 0xA4, 0x04, 0x00, 0x07], &aid[..], &[0x00]].concat();
    let answer = ask(card, &command).expect("an answer");
    assert!(answer.ends_with(&[0x90, 0x00]), "{answer:02X?}");
}

fn select_mastercard(card: &Card) {
    select(card, &[0xA0, 0, 0, 0, 0x04, 0x10, 0x10]);
    let gpo = b"\x80\xA8\x00\x00\x02\x83\x00\x00";
    let answer = ask(card, gpo).expect("an answer");
    assert!(answer.ends_with(&[0x90, 0x00]), "{answer:02X?}");
}

fn select_visa(card: &Card) {
    select(card, &[0xA0, 0, 0, 0, 0x03, 0x10, 0x10]);
    let gpo = b"\x80\xA8\x00\x00\x06\x83\x04\xE0\xF8\xC8\x22\x00";
    let answer = ask(card, gpo).expect("an answer");
    assert!(answer.ends_with(&[0x90, 0x00]), "{answer:02X?}");
}

#[test]
fn the_slot_with_contacts_has_a_pad_and_says_what_it_can() {
    beside_pcscd("pin_pad::said", &[2]);
}

#[test]
#[ignore = "run by the_slot_with_contacts_has_a_pad_and_says_what_it_can"]
fn said() {
    let reader = reader(0, 2, &[card("visa-approved"), card("qvsdc")]);
    let client = Client::start();
    let names = client.readers();
    let slots: Vec<_> = reader.slots().collect();
    slots[0].insert("visa-approved").expect("inserted");
    slots[1].insert("qvsdc").expect("held");
    let contact = client.connect(&names[0]);
    let tags: Vec<u8> = features(&contact).iter().map(|(tag, _)| *tag).collect();
    assert_eq!(
        tags,
        [
            VERIFY_PIN_DIRECT,
            PIN_PROPERTIES,
            TLV_PROPERTIES,
            ENCIPHER_PIN
        ]
    );
    let mut buffer = [0; 64];
    let properties = contact.control(code(&contact, PIN_PROPERTIES).into(), &[], &mut buffer);
    assert_eq!(properties.expect("properties"), [0x10, 0x02, 0x02, 0x00]);
    let tlv = contact.control(code(&contact, TLV_PROPERTIES).into(), &[], &mut buffer);
    let tlv = tlv.expect("properties").to_vec();
    // bMinPINSize and bMaxPINSize, as EMV has them.
    for expected in [[6, 1, 4], [7, 1, 12]] {
        assert!(tlv.windows(3).any(|part| part == expected), "{tlv:?}");
    }
    let through_air = client.connect(&names[1]);
    let tags: Vec<u8> = features(&through_air).iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [TLV_PROPERTIES]);
    let refused = through_air.control(code(&contact, VERIFY_PIN_DIRECT).into(), &[], &mut buffer);
    assert_eq!(refused, Err(Error::UnsupportedFeature));
}

#[test]
fn the_pad_gives_the_card_the_pin_and_the_host_only_the_answer() {
    beside_pcscd("pin_pad::entered", &[1]);
}

#[test]
#[ignore = "run by the_pad_gives_the_card_the_pin_and_the_host_only_the_answer"]
fn entered() {
    let reader = reader(0, 1, &[card("visa-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    let held = client.connect(&name);
    select_visa(&held);
    let after = |press: Press| {
        slot.press(press).expect("few presses");
        verify(&held, &request(30)).expect("a status word")
    };
    assert_eq!(after(Press::Pin("4321".into())), [0x63, 0xC2]);
    assert_eq!(after(Press::Cancel), [0x64, 0x01]);
    assert_eq!(after(Press::Timeout), [0x64, 0x00]);
    assert_eq!(after(Press::WrongLength), [0x64, 0x03]);
    assert_eq!(after(Press::Pin("123".into())), [0x64, 0x03]);
    // None of the pad's own answers cost a try: the next wrong PIN leaves one.
    assert_eq!(after(Press::Pin("0000".into())), [0x63, 0xC1]);
    assert_eq!(after(Press::Pin("1234".into())), [0x90, 0x00]);
    // A request for another command than VERIFY gets no PIN.
    let mut request = request(30);
    request[20] = 0xB2;
    assert_eq!(
        verify(&held, &request).expect("a status word"),
        [0x6B, 0x80]
    );
    assert!(!slot.asks_for_pin());
}

#[test]
fn a_pad_that_waits_ends_when_time_card_or_reader_goes() {
    beside_pcscd("pin_pad::waits", &[1]);
}

#[test]
#[ignore = "run by a_pad_that_waits_ends_when_time_card_or_reader_goes"]
fn waits() {
    let reader = reader(0, 1, &[card("visa-approved")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    let held = client.connect(&name);
    select_visa(&held);
    assert_eq!(verify(&held, &request(1)), Ok(vec![0x64, 0x00]));
    let while_asking = |held: &Card, does: &(dyn Fn() + Sync)| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                await_asking(slot);
                does();
            });
            let asked = Instant::now();
            let answer = verify(held, &request(250));
            assert!(asked.elapsed() < PATIENCE, "the pad went on waiting");
            answer
        })
    };
    let enters = || slot.press(Press::Pin("1234".into())).expect("few presses");
    assert_eq!(while_asking(&held, &enters), Ok(vec![0x90, 0x00]));
    let takes_card = || slot.remove();
    assert_eq!(while_asking(&held, &takes_card), Err(Error::NotTransacted));
    client.await_empty(&name);
    slot.insert("visa-approved").expect("inserted");
    drop(held);
    let held = client.connect(&name);
    select_visa(&held);
    let pulls_plug = || reader.unplug();
    assert_eq!(while_asking(&held, &pulls_plug), Err(Error::NotTransacted));
}

#[test]
fn the_pad_enciphers_a_pin_for_the_card_that_is_in() {
    beside_pcscd("pin_pad::enciphered", &[1]);
}

#[test]
#[ignore = "run by the_pad_enciphers_a_pin_for_the_card_that_is_in"]
fn enciphered() {
    let reader = reader(0, 1, &[card("cda-pin")]);
    let client = Client::start();
    let name = client.readers().remove(0);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("cda-pin").expect("inserted");
    let held = client.connect(&name);
    select_mastercard(&held);
    let key = Chain::of(Scheme::Mastercard).pin.key.modulus();
    let after = |press: Press| {
        let challenge = ask(&held, &[0x00, 0x84, 0x00, 0x00, 0x00]).expect("an answer");
        assert_eq!(challenge[8..], [0x90, 0x00]);
        slot.press(press).expect("few presses");
        let request = [&[30, 4, 12], &challenge[..8], &[1, 3], &key].concat();
        let mut buffer = [0; 258];
        let code = code(&held, ENCIPHER_PIN);
        let answer = held.control(code.into(), &request, &mut buffer);
        answer.expect("the pad's answer").to_vec()
    };
    let verify = |answer: Vec<u8>| {
        let (data, sw) = answer.split_at(answer.len() - 2);
        assert_eq!((data.len(), sw), (key.len(), &[0x90, 0x00][..]));
        let length = u8::try_from(data.len()).expect("short");
        let command = [&[0x00, 0x20, 0x00, 0x88, length], data].concat();
        ask(&held, &command).expect("a status word")
    };
    assert_eq!(verify(after(Press::Pin("4321".into()))), [0x63, 0xC2]);
    assert_eq!(verify(after(Press::Pin("1234".into()))), [0x90, 0x00]);
    assert_eq!(after(Press::Cancel), [0x64, 0x01]);
    assert_eq!(after(Press::Pin("123".into())), [0x64, 0x03]);
    // The same PIN never looks the same: the padding is random.
    let twice = [(); 2].map(|()| after(Press::Pin("1234".into())));
    assert_ne!(twice[0], twice[1]);
    let mut buffer = [0; 258];
    let nonsense = held.control(code(&held, ENCIPHER_PIN).into(), &[30, 4], &mut buffer);
    assert_eq!(nonsense.expect("the pad's answer"), [0x6B, 0x80]);
}

fn await_asking(slot: &Slot) {
    while !slot.asks_for_pin() {
        std::thread::yield_now();
    }
}
