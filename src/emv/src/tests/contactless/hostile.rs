//! Cards and devices that lie: whatever they answer, the charge ends, nothing panics, and nothing
//! pays that the host did not approve.

use proptest::{collection::vec, prelude::*};

use super::card::{Tap, TapCard, of};
use crate::{Ending, HostVerdict, MAX_APDUS, tag, tlv};

/// One lie: in which answer, where, and how.
type Lie = (usize, prop::sample::Index, u8, u8);

fn told(mut answer: Vec<u8>, lie: &Lie) -> Vec<u8> {
    let (_, index, how, byte) = lie;
    let place = index.index(answer.len().max(1));
    match how % 5 {
        _ if answer.is_empty() => {}
        0 => answer[place] = *byte,
        1 => answer.truncate(place),
        2 => answer.insert(place, *byte),
        3 => {
            let piece = answer[place..].to_vec();
            answer.splice(place..place, piece);
        }
        _ => {
            let statuses = [[0x61, 0x10], [0x6C, 0x20], [0x69, 0x85], [0x69, 0x86]];
            let length = answer.len().saturating_sub(2);
            answer.truncate(length);
            answer.extend(statuses[usize::from(*byte) % statuses.len()]);
        }
    }
    answer
}

/// Plays a charge and checks what must hold of every one.
fn hold(amount_minor: i64, card: impl Fn(usize, &[u8]) -> Vec<u8>) -> Ending {
    let heard = std::cell::Cell::new(0);
    let answers = |command: &[u8]| {
        let place = heard.get();
        heard.set(place + 1);
        card(place, command)
    };
    let tapped = Tap::new(of(amount_minor), &answers).run();
    assert!(tapped.sent.len() <= usize::from(MAX_APDUS));
    let evidence = tapped.evidence();
    if tapped.outcome.pays() {
        assert_eq!(tapped.ending(), Ending::Approved);
        assert_eq!(evidence.host, HostVerdict::Approved);
        assert!(tapped.request.is_some());
    }
    for object in tlv::objects(&evidence.de55) {
        let tag = object.expect("what we wrote is TLV").tag;
        assert!(!tag::ACCOUNT_DATA.contains(&tag));
    }
    tapped.ending()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_lying_card_ends_and_never_pays_alone(
        lies in vec((0..6usize, any::<prop::sample::Index>(), any::<u8>(), any::<u8>()), 0..5),
        offline in any::<bool>(),
        ctq in any::<u16>(),
        amount in prop_oneof![Just(900i64), Just(1_001), Just(5_000)],
    ) {
        let card = if offline { TapCard::offline() } else { TapCard::online() };
        let card = card.with(tag::CTQ, &format!("{ctq:04X}"));
        hold(amount, |place, command| {
            let lies = lies.iter().filter(|lie| lie.0 == place);
            lies.fold(card.answer(command), told)
        });
    }

    #[test]
    fn random_answers_never_pay(answers in vec(vec(any::<u8>(), 0..300), 0..32)) {
        let ending = hold(900, |place, _| {
            answers.get(place).cloned().unwrap_or_else(|| vec![0x6F, 0x00])
        });
        prop_assert_ne!(ending, Ending::Approved);
    }

    #[test]
    fn random_elements_end(
        elements in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 0..40)), 0..6),
    ) {
        let mut card = TapCard::offline();
        for (index, value) in elements {
            let place = index.index(card.options.len());
            card.options[place].1 = value;
        }
        hold(900, |_, command| card.answer(command));
    }
}
