use proptest::prelude::*;

use crate::table::{Alphabet, ISO_8583_1987, Length, Rule};
use crate::{Message, Mti};

/// Some content that the rule allows.
fn content(rule: &'static Rule) -> impl Strategy<Value = (u8, Vec<u8>)> {
    let lengths = match rule.length {
        Length::Fixed(len) => len..=len,
        Length::Two(max) | Length::Three(max) => 0..=max,
    };
    let allowed: Vec<u8> = (0..=u8::MAX)
        .filter(|byte| rule.alphabet.has(*byte))
        .collect();
    let byte = proptest::sample::select(allowed);
    proptest::collection::vec(byte, lengths).prop_map(|bytes| (rule.de, bytes))
}

fn message() -> impl Strategy<Value = Message> {
    let elements: Vec<_> = ISO_8583_1987
        .rules
        .iter()
        .map(|rule| proptest::option::weighted(0.4, content(rule)))
        .collect();
    let mti = proptest::sample::select(vec![Mti::Authorisation, Mti::ReversalAnswer, Mti::Network]);
    (mti, elements).prop_map(|(mti, elements)| {
        let mut message = Message::new(mti);
        for (de, content) in elements.into_iter().flatten() {
            message.set(de, &content).expect("made by the rule");
        }
        message
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(message in message()) {
        prop_assert_eq!(Message::decode(&ISO_8583_1987, &message.encode()), Ok(message));
    }
}

#[test]
fn every_element_at_its_longest_fits_a_frame() {
    let mut message = Message::new(Mti::Authorisation);
    for rule in ISO_8583_1987.rules {
        let (Length::Fixed(len) | Length::Two(len) | Length::Three(len)) = rule.length;
        message
            .set(rule.de, &vec![b'0'; len])
            .expect("the longest that the rule allows");
    }
    assert!(crate::frame(&message.encode()).is_ok());
}

#[test]
fn the_table_is_in_order_and_its_lengths_fit_their_prefixes() {
    assert!(
        ISO_8583_1987
            .rules
            .windows(2)
            .all(|pair| pair[0].de < pair[1].de)
    );
    for rule in ISO_8583_1987.rules {
        let fits = match rule.length {
            Length::Fixed(len) => len > 0,
            Length::Two(max) => max <= 99,
            Length::Three(max) => max <= 999,
        };
        assert!(
            fits && (2..=128).contains(&rule.de) && rule.de != 65,
            "DE {}",
            rule.de
        );
        assert!(rule.alphabet != Alphabet::Bytes || !matches!(rule.length, Length::Two(_)));
    }
}
