use proptest::prelude::*;

use crate::editions::is_private;
use crate::table::{Alphabet, Edition, LONGEST, Length, Rule};
use crate::{Bitmap, Format, Message, Mti, Numbers, Tpdu};

const EDITIONS: [Edition; 2] = [Edition::Y1987, Edition::Y1993];

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

fn message(edition: Edition) -> impl Strategy<Value = Message> {
    let elements: Vec<_> = edition
        .table()
        .rules
        .iter()
        .map(|rule| proptest::option::weighted(0.3, content(rule)))
        .collect();
    let mti = proptest::sample::select(Mti::ALL.to_vec());
    (mti, elements).prop_map(move |(mti, elements)| {
        let mut message = Message::of(edition, mti);
        for (de, content) in elements.into_iter().flatten() {
            message.set(de, &content).expect("made by the rule");
        }
        message
    })
}

fn format(edition: Edition) -> impl Strategy<Value = Format> {
    let numbers = proptest::sample::select(vec![Numbers::Ascii, Numbers::Bcd]);
    let bitmap = proptest::sample::select(vec![Bitmap::Packed, Bitmap::Hex]);
    let tpdu = proptest::option::of(any::<[u8; 4]>());
    (numbers, bitmap, tpdu).prop_map(move |(numbers, bitmap, tpdu)| Format {
        edition,
        numbers,
        bitmap,
        tpdu: tpdu.and_then(|[a, b, c, d]| Tpdu::new([0x60, a, b, c, d])),
    })
}

fn written() -> impl Strategy<Value = (Format, Message)> {
    proptest::sample::select(EDITIONS.to_vec())
        .prop_flat_map(|edition| (format(edition), message(edition)))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back((format, message) in written()) {
        let bytes = message.write(&format);
        prop_assert_eq!(Message::read(&format, &bytes), Ok(message));
        let seen = Format::of_request(&bytes).expect("it begins like a message");
        prop_assert_eq!((seen.edition, seen.numbers, seen.tpdu),
            (format.edition, format.numbers, format.tpdu));
    }

    #[test]
    fn a_message_with_any_byte_changed_is_refused_or_another_message(
        (format, message) in written(), at in any::<usize>(), to in any::<u8>(), cut in any::<usize>()
    ) {
        let whole = message.write(&format);
        let mut bytes = whole.clone();
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(other) = Message::read(&format, &bytes)
            && format.tpdu.is_none()
        {
            let again = other.write(&format);
            let same = again == bytes
                || format.bitmap == Bitmap::Hex && again.eq_ignore_ascii_case(&bytes);
            prop_assert!(same, "read otherwise than written");
        }
        prop_assert!(Message::read(&format, &whole[..cut % whole.len()]).is_err());
    }
}

#[test]
fn every_element_at_its_longest_fits_a_frame() {
    for edition in EDITIONS {
        let mut message = Message::of(edition, Mti::Authorisation);
        for rule in edition.table().rules {
            let (Length::Fixed(len) | Length::Two(len) | Length::Three(len)) = rule.length;
            message
                .set(rule.de, &vec![b'0'; len])
                .expect("the longest that the rule allows");
        }
        assert!(crate::frame(&message.encode()).is_ok());
    }
}

#[test]
fn the_tables_are_in_order_and_their_lengths_fit_their_prefixes() {
    for edition in EDITIONS {
        let rules = edition.table().rules;
        assert!(rules.windows(2).all(|pair| pair[0].de < pair[1].de));
        for rule in rules {
            let fits = match rule.length {
                Length::Fixed(len) => len > 0,
                Length::Two(max) => max <= 99,
                Length::Three(max) => max <= LONGEST,
            };
            let possible = fits && (2..=128).contains(&rule.de) && rule.de != 65;
            assert!(possible, "DE {}", rule.de);
            assert!(rule.alphabet != Alphabet::Bytes || !matches!(rule.length, Length::Two(_)));
        }
        for de in (1..=128).filter(|de| is_private(*de)) {
            let rule = edition
                .table()
                .rule(de)
                .expect("private elements are there");
            assert_eq!(
                (rule.alphabet, rule.length),
                (Alphabet::Bytes, Length::Three(LONGEST))
            );
        }
    }
}

#[test]
fn no_edition_has_an_element_for_a_card_number_a_track_or_a_pin() {
    for edition in EDITIONS {
        for de in [2, 14, 34, 35, 36, 45, 52] {
            assert!(edition.table().rule(de).is_none(), "DE {de}");
        }
    }
}
