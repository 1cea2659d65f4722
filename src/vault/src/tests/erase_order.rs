//! The erase order: only the retailer's, only for its terminal, and nothing else passes for one.

use sealpoint_wire::TerminalId;

use super::signed::root;
use crate::{
    BadErasure, Erasure, SystemRandom,
    signed::{self, BadSignature, Purpose, RootPrivateKey},
};

const BODY: &str = "erase order\nterminal T0000001\nissued 2026-11-23\n\
                    id 0A58DE0C10F5BC1EC0A9F2A2C4E4D6B1\n";

fn terminal(id: &str) -> TerminalId {
    id.parse().expect("a terminal id")
}

fn sign(body: &str, purpose: Purpose) -> String {
    signed::sign(body, purpose, &root()).expect("signed")
}

fn read(text: &str) -> Result<Erasure, BadErasure> {
    Erasure::verify(text, root().public(), &terminal("T0000001"))
}

#[test]
fn an_order_that_is_made_is_read_by_its_terminal_and_no_other() {
    let day = "2026-11-23".parse().expect("a day");
    let made = Erasure::new(terminal("T0000001"), day, &SystemRandom::new());
    let made = made.expect("random bytes");
    let text = sign(&made.to_string(), Purpose::Erasure);
    assert_eq!(read(&text), Ok(made.clone()));
    assert_eq!((made.issued(), made.id().len()), (day, 32));
    for other in ["T0000002", "T000000", "T00000011"] {
        let Ok(other) = other.parse() else { continue };
        let told = Erasure::verify(&text, root().public(), &other);
        assert!(
            matches!(told, Err(BadErasure::OtherTerminal { .. })),
            "{told:?}"
        );
    }
    let again = Erasure::new(terminal("T0000001"), day, &SystemRandom::new());
    assert_ne!(again.expect("random bytes").id(), made.id());
}

#[test]
fn the_written_form_is_the_documented_one() {
    let order = read(&sign(BODY, Purpose::Erasure)).expect("an order");
    assert_eq!(order.to_string(), BODY);
    assert_eq!(order.id(), "0A58DE0C10F5BC1EC0A9F2A2C4E4D6B1");
}

#[test]
fn nothing_else_that_the_root_signed_is_an_order() {
    for purpose in [Purpose::Manifest, Purpose::HotList] {
        let text = sign(BODY, purpose);
        let told = read(&text).expect_err("refused");
        assert!(
            matches!(
                &told,
                BadErasure::Signature(BadSignature::OtherPurpose { .. })
            ),
            "{told}"
        );
        let renamed = text.replace(&format!("-- {}", purpose.name()), "-- erase order");
        assert!(
            matches!(
                read(&renamed),
                Err(BadErasure::Signature(BadSignature::Wrong(_)))
            ),
            "{renamed}"
        );
    }
    let order = sign(BODY, Purpose::Erasure);
    assert_eq!(Purpose::claimed_by(&order), Some(Purpose::Erasure));
    for purpose in [Purpose::Manifest, Purpose::HotList] {
        assert!(signed::verify(&order, purpose, root().public()).is_err());
    }
}

#[test]
fn another_root_gives_no_orders() {
    let id = "root-test".parse().expect("a key id");
    let namesake = RootPrivateKey::generate(id, &SystemRandom::new()).expect("a key");
    let text = signed::sign(BODY, Purpose::Erasure, &namesake).expect("signed");
    assert!(matches!(
        read(&text),
        Err(BadErasure::Signature(BadSignature::Wrong(_)))
    ));
}

#[test]
fn an_altered_or_shortened_order_does_not_count() {
    let text = sign(BODY, Purpose::Erasure);
    for end in 0..text.len() {
        assert!(read(&text[..end]).is_err(), "cut at {end}");
    }
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(altered) = String::from_utf8(bytes) else {
            continue;
        };
        assert!(read(&altered).is_err(), "altered at {at}");
    }
}

#[test]
fn a_body_that_is_signed_and_no_order_is_refused_with_its_line() {
    let line = |line, wanted| BadErasure::Line { line, wanted };
    for (body, told) in [
        (BODY.replace("erase order", "erase"), line(1, "erase order")),
        (
            BODY.replace("erase order", "erase orders"),
            line(1, "erase order"),
        ),
        (BODY.replace("T0000001", "T 1"), line(2, "terminal ")),
        (BODY.replace("terminal T", "till T"), line(2, "terminal ")),
        (BODY.replace("2026-11-23", "2026-13-23"), line(3, "issued ")),
        (BODY.replace("0A58", "0a58"), line(4, "id ")),
        (BODY.replace("0A58", ""), line(4, "id ")),
        (format!("{BODY}stolen\n"), line(5, "the end")),
        ("erase order\n".to_owned(), line(2, "terminal ")),
    ] {
        assert_eq!(read(&sign(&body, Purpose::Erasure)), Err(told), "{body}");
    }
}
