use proptest::prelude::*;
use sealpoint_acquirer::{Message, Mti, authorisation, frame, network};

use crate::rig::{Charge, Folder, Line8583};

/// The host hangs up on this and still serves the next line.
fn hung_up_on(folder: &Folder, bytes: &[u8]) {
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    line.send_bytes(bytes);
    line.finish();
    assert_eq!(line.receive(), None);
    let echo = network(sealpoint_acquirer::NetworkCode::Echo, 1).expect("an ordinary request");
    assert!(Line8583::to(host.addr()).ask(&echo).is_network_ok());
}

#[test]
fn the_host_hangs_up_on_bytes_that_are_no_request_and_lives_on() {
    let folder = Folder::new();
    let mut answer = Message::new(Mti::AuthorisationAnswer);
    answer.set(39, b"00").expect("a response code");
    let nameless = Message::new(Mti::Authorisation);
    let request = authorisation(&folder.request(&Charge::numbered(1))).expect("a request");
    let whole = frame(&request.encode()).expect("short");
    hung_up_on(&folder, b"GET / HTTP/1.1\r\n\r\n");
    hung_up_on(&folder, &[0xFF; 64]);
    hung_up_on(&folder, &[0, 4, b'0', b'1', b'0', b'0']);
    hung_up_on(&folder, &whole[..whole.len() - 1]);
    hung_up_on(&folder, &frame(&answer.encode()).expect("short"));
    hung_up_on(&folder, &frame(&nameless.encode()).expect("short"));
    assert_eq!(folder.ledger().len(), 0);
}

#[test]
fn an_empty_message_keeps_the_line_up() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    line.send_bytes(&[0, 0]);
    assert_eq!(
        line.authorise(&folder.request(&Charge::numbered(1)))
            .response_code,
        "00"
    );
}

#[test]
fn a_request_that_lacks_an_element_is_a_format_error() {
    let folder = Folder::new();
    let host = folder.start();
    let whole = authorisation(&folder.request(&Charge::numbered(1))).expect("a request");
    for lost in [4, 12, 13, 41, 49, 55, 120, 121, 122] {
        let mut message = Message::new(whole.mti());
        for de in (2..=128).filter(|de| *de != lost) {
            if let Some(content) = whole.get(de) {
                message.set(de, content).expect("from a whole message");
            }
        }
        let mut line = Line8583::to(host.addr());
        line.send(&message);
        let bytes = line.receive().expect("the host answers");
        let answer = Message::decode(&sealpoint_acquirer::ISO_8583_1987, &bytes).expect("whole");
        assert_eq!(answer.text(39), Ok("30"), "without DE {lost}");
    }
    assert_eq!(host.captured(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_request_with_changed_bytes_never_captures_another_amount(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        thread_local! {
            static FOLDER: Folder = Folder::new();
        }
        FOLDER.with(|folder| -> Result<(), TestCaseError> {
            std::fs::remove_file(folder.ledger_file()).ok();
            let host = folder.start();
            let request = authorisation(&folder.request(&Charge::numbered(1))).expect("a request");
            let mut bytes = request.encode();
            for (at, to) in changes {
                let at = at.index(bytes.len());
                bytes[at] = to;
            }
            let mut line = Line8583::to(host.addr());
            line.send_bytes(&frame(&bytes).expect("short"));
            line.finish();
            line.receive();
            for line in folder.ledger() {
                prop_assert!(line.approval_code.is_none() || line.trace.amount_minor == 1234);
            }
            Ok(())
        })?;
    }
}
