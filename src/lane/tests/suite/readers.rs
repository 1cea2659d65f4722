//! The drivers by themselves.

use std::{sync::mpsc, time::Duration};

use sealpoint_cardsim::{IssuerKeys, Slot, VirtualReader as Simulator, profile};
use sealpoint_emv::{Interface, PinKey, PinPad};
use sealpoint_lane::reader::{
    ANSWER_BOUND, Bounded, CardError, Missing, PadAnswer, PadPin, Powered, Reader,
    Slot as ReaderSlot, VirtualReader,
};
use sealpoint_secret::SecretBytes;
use tempfile::TempDir;

/// SELECT by name of the payment system environment (EMV 4.4 Book 1 section 12.2.2).
const SELECT_PSE: &[u8] = b"\x00\xA4\x04\x00\x0E1PAY.SYS.DDF01\x00";

#[test]
fn the_virtual_reader_comes_and_goes_with_its_simulator() {
    let folder = TempDir::new().expect("a folder");
    let socket = folder.path().join("reader");
    let mut reader = VirtualReader::new(socket.clone());
    let Missing { why } = reader.slots().expect_err("nobody is there");
    assert!(why.contains("Start `cardsim reader` there."), "{why}");

    let issuer = IssuerKeys::create(&folder.path().join("issuer.toml")).expect("keys");
    let slot = Slot::new(&profile::shipped(), &issuer).expect("cards");
    let simulator = Simulator::bind(&socket, slot.clone()).expect("bound");
    let empty = only_slot(&mut reader);
    assert_eq!((empty.card, empty.contactless), (None, false));
    assert_eq!(reader.power_on(&empty), Err(CardError::Removed));

    slot.insert("visa-approved").expect("inserted");
    let first = only_slot(&mut reader);
    assert!(first.card.is_some());
    assert_eq!(only_slot(&mut reader), first, "the same insertion");
    let powered = reader.power_on(&first).expect("powered");
    assert_eq!(powered.atr[0], 0x3B);
    assert_eq!(powered.interface, Interface::Contact);
    assert_eq!(powered.pad, PinPad::NONE);
    let mut answer = SecretBytes::with_bound(ANSWER_BOUND);
    reader.transmit(SELECT_PSE, &mut answer).expect("answers");
    assert!(answer.expose().ends_with(&[0x90, 0x00]));
    assert!(matches!(
        reader.transmit(&[0x04], &mut answer),
        Err(CardError::Failed(_))
    ));
    reader.power_on(&first).expect("powered again");

    slot.remove();
    assert_eq!(
        reader.transmit(SELECT_PSE, &mut answer),
        Err(CardError::Removed)
    );
    assert!(answer.is_empty());
    slot.insert("visa-approved").expect("inserted");
    let second = only_slot(&mut reader);
    assert_ne!(second.card, first.card, "another insertion");
    assert_eq!(reader.power_on(&first), Err(CardError::Removed));
    reader.power_on(&second).expect("powered");
    slot.remove();

    drop(simulator);
    assert!(reader.slots().is_err());
    let _simulator = Simulator::bind(&socket, slot).expect("bound again");
    assert_eq!(only_slot(&mut reader).card, None);
}

fn only_slot(reader: &mut dyn Reader) -> ReaderSlot {
    let mut slots = reader.slots().expect("a reader");
    assert_eq!(slots.len(), 1);
    slots.remove(0)
}

/// A driver whose every call lasts until it is released.
struct Hanging(mpsc::Receiver<()>);

impl Reader for Hanging {
    fn slots(&mut self) -> Result<Vec<ReaderSlot>, Missing> {
        // Released, or the test is over.
        let _released = self.0.recv();
        Ok(vec![slot()])
    }

    fn power_on(&mut self, _slot: &ReaderSlot) -> Result<Powered, CardError> {
        Ok(Powered {
            atr: vec![0x3B, 0x00],
            interface: Interface::Contact,
            pad: PinPad::NONE,
        })
    }

    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError> {
        answer.append(command).map_err(|_| CardError::Mute)
    }

    fn verify_pin(&mut self) -> Result<PadAnswer, CardError> {
        Ok(PadAnswer::Cancelled)
    }

    fn encipher_pin(&mut self, key: &PinKey, challenge: [u8; 8]) -> Result<PadPin, CardError> {
        let pin = [&key.modulus[..], &challenge].concat();
        Ok(PadPin::Enciphered(SecretBytes::from_slice(&pin)))
    }

    fn power_off(&mut self) {}
}

fn key() -> PinKey {
    PinKey {
        modulus: vec![5; 2],
        exponent: 3,
    }
}

fn slot() -> ReaderSlot {
    ReaderSlot {
        name: "slow".to_owned(),
        contactless: false,
        card: Some(1),
    }
}

#[test]
fn a_driver_that_hangs_counts_as_missing_until_it_is_back() {
    let (release, hanging) = mpsc::channel();
    let mut reader = Bounded::new(Hanging(hanging), Duration::from_millis(50));
    let mut answer = SecretBytes::with_bound(ANSWER_BOUND);
    for _ in 0..2 {
        assert!(reader.slots().is_err());
        assert!(matches!(
            reader.power_on(&slot()),
            Err(CardError::Failed(_))
        ));
        assert!(matches!(reader.verify_pin(), Err(CardError::Failed(_))));
        assert!(matches!(
            reader.encipher_pin(&key(), [7; 8]),
            Err(CardError::Failed(_))
        ));
        let stuck = reader.transmit(&[1, 2], &mut answer);
        assert!(matches!(stuck, Err(CardError::Failed(why)) if why.contains("plug it in again")));
    }
    release.send(()).expect("it waits");
    let mut tries = 0;
    while reader.power_on(&slot()).is_err() {
        tries += 1;
        assert!(tries < 1_000, "the driver is back");
        std::thread::sleep(Duration::from_millis(1));
    }
    reader
        .transmit(&[1, 2], &mut answer)
        .expect("it works again");
    assert_eq!(answer.expose(), &[1, 2]);
    assert_eq!(reader.verify_pin(), Ok(PadAnswer::Cancelled));
    let enciphered = reader.encipher_pin(&key(), [7; 8]);
    let Ok(PadPin::Enciphered(pin)) = enciphered else {
        panic!("no enciphered PIN");
    };
    assert_eq!(pin.expose(), [5, 5, 7, 7, 7, 7, 7, 7, 7, 7]);
    release.send(()).expect("it waits");
    assert_eq!(reader.slots(), Ok(vec![slot()]));
}
