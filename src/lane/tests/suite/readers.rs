//! The drivers by themselves.

use std::{sync::mpsc, time::Duration};

use sealpoint_cardsim::{IssuerKeys, Slot, VirtualReader as Simulator, profile};
use sealpoint_lane::reader::{ANSWER_BOUND, Bounded, CardError, Reader, VirtualReader};
use sealpoint_secret::SecretBytes;
use sealpoint_wire::ReaderState;
use tempfile::TempDir;

/// SELECT by name of the payment system environment (EMV 4.4 Book 1 section 12.2.2).
const SELECT_PSE: &[u8] = b"\x00\xA4\x04\x00\x0E1PAY.SYS.DDF01\x00";

#[test]
fn the_virtual_reader_comes_and_goes_with_its_simulator() {
    let folder = TempDir::new().expect("a folder");
    let socket = folder.path().join("reader");
    let mut reader = VirtualReader::new(socket.clone());
    let ReaderState::Missing { why } = reader.state() else {
        panic!("nobody is there")
    };
    assert!(why.contains("Start `cardsim reader` there."), "{why}");

    let issuer = IssuerKeys::create(&folder.path().join("issuer.toml")).expect("keys");
    let slot = Slot::new(&profile::shipped(), &issuer).expect("cards");
    let simulator = Simulator::bind(&socket, slot.clone()).expect("bound");
    assert!(matches!(reader.state(), ReaderState::Ready { .. }));
    assert_eq!(reader.power_on(), Err(CardError::Removed));

    slot.insert("visa-approved").expect("inserted");
    assert!(matches!(reader.state(), ReaderState::CardIn { .. }));
    assert_eq!(reader.power_on().expect("powered")[0], 0x3B);
    let mut answer = SecretBytes::with_bound(ANSWER_BOUND);
    reader.transmit(SELECT_PSE, &mut answer).expect("answers");
    assert!(answer.expose().ends_with(&[0x90, 0x00]));
    assert!(matches!(
        reader.transmit(&[0x04], &mut answer),
        Err(CardError::Failed(_))
    ));
    reader.power_on().expect("powered again");

    slot.remove();
    assert_eq!(
        reader.transmit(SELECT_PSE, &mut answer),
        Err(CardError::Removed)
    );
    assert!(answer.is_empty());

    drop(simulator);
    assert!(matches!(reader.state(), ReaderState::Missing { .. }));
    let _simulator = Simulator::bind(&socket, slot).expect("bound again");
    assert!(matches!(reader.state(), ReaderState::Ready { .. }));
}

/// A driver whose every call lasts until it is released.
struct Hanging(mpsc::Receiver<()>);

impl Reader for Hanging {
    fn state(&mut self) -> ReaderState {
        // Released, or the test is over.
        let _released = self.0.recv();
        ReaderState::Ready {
            name: "slow".to_owned(),
        }
    }

    fn power_on(&mut self) -> Result<Vec<u8>, CardError> {
        Ok(vec![0x3B, 0x00])
    }

    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError> {
        answer.append(command).map_err(|_| CardError::Mute)
    }

    fn power_off(&mut self) {}
}

#[test]
fn a_driver_that_hangs_counts_as_missing_until_it_is_back() {
    let (release, hanging) = mpsc::channel();
    let mut reader = Bounded::new(Hanging(hanging), Duration::from_millis(50));
    let mut answer = SecretBytes::with_bound(ANSWER_BOUND);
    for _ in 0..2 {
        assert!(matches!(reader.state(), ReaderState::Missing { .. }));
        assert!(matches!(reader.power_on(), Err(CardError::Failed(_))));
        let stuck = reader.transmit(&[1, 2], &mut answer);
        assert!(matches!(stuck, Err(CardError::Failed(why)) if why.contains("plug it in again")));
    }
    release.send(()).expect("it waits");
    let mut tries = 0;
    while reader.power_on().is_err() {
        tries += 1;
        assert!(tries < 1_000, "the driver is back");
        std::thread::sleep(Duration::from_millis(1));
    }
    reader
        .transmit(&[1, 2], &mut answer)
        .expect("it works again");
    assert_eq!(answer.expose(), &[1, 2]);
    release.send(()).expect("it waits");
    assert!(matches!(reader.state(), ReaderState::Ready { .. }));
}
