//! Whatever the list, the terminal, the pad and the cardholder: the results say what happened.

use proptest::{collection::vec, prelude::*};

use super::{card, terminal, verify};
use crate::{OnlinePin, PinEntry, PinPad, PinRequest, Sw, Tvr, tests::card::charge};

const CORRECT: u16 = 0x9000;
/// CVM code bits that name the method.
const METHOD: u8 = 0x3F;

fn status_word() -> impl Strategy<Value = u16> {
    prop_oneof![
        3 => Just(CORRECT),
        3 => 0x63C0_u16..=0x63CF,
        1 => Just(0x6983),
        1 => Just(0x6984),
    ]
}

fn code() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => prop::sample::select(vec![0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x1E, 0x1F]),
        1 => any::<u8>(),
    ]
}

proptest! {
    #[test]
    fn the_results_say_what_happened(
        rules in vec((code(), any::<bool>(), 0_u8..12), 0..12),
        methods in any::<u8>(),
        pad in any::<(bool, bool)>(),
        entries in vec((status_word(), 0_u8..6), 0..40),
    ) {
        let rules: String = rules
            .into_iter()
            .map(|(code, next, condition)| {
                format!("{:02X}{condition:02X}", code | u8::from(next) << 6)
            })
            .collect();
        let pad = PinPad { plaintext: pad.0, enciphered: false, online: pad.1 };
        let mut terminal = terminal(methods);
        terminal.pin_bypass = true;
        let card = card(&rules);
        let mut entries = entries.into_iter();
        let (mut correct, mut bypassed) = (false, false);
        let verified = verify(
            &terminal,
            charge(),
            pad,
            |command| card.answer(command),
            |request| match (request, entries.next()) {
                (_, None) => PinEntry::Cancelled,
                (_, Some((_, 0))) => {
                    bypassed = true;
                    PinEntry::Bypassed
                }
                (_, Some((_, 1))) => PinEntry::PadFailed,
                (PinRequest::Online { .. }, Some(_)) => PinEntry::Online(OnlinePin {
                    block: vec![0; 8],
                    ksn: vec![0; 10],
                }),
                (_, Some((sw, _))) => {
                    correct |= sw == CORRECT;
                    PinEntry::Verified(Sw(sw))
                }
            },
        );
        if verified.generate_ac.is_empty() {
            // The cardholder gave up before there were results.
            return Ok(());
        }
        let ([code, _, result], bits) = verified.said();
        prop_assert_eq!(bits.contains(Tvr::CVM_FAILED), result == 0x01);
        let method = code & METHOD;
        let by_card = matches!(method, 0x01 | 0x03) && result != 0x01;
        prop_assert_eq!(by_card, correct, "a PIN counts if the card said so, and only then");
        let by_issuer = method == 0x02 && result == 0x00;
        prop_assert_eq!(by_issuer, bits.contains(Tvr::ONLINE_PIN_ENTERED));
        let signed = matches!(method, 0x03 | 0x05 | 0x1E) && result == 0x00;
        prop_assert_eq!(signed, verified.outcome.evidence.signature);
        prop_assert_eq!(bypassed, bits.contains(Tvr::PIN_NOT_ENTERED));
    }
}
