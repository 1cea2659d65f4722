//! Cards that lie: whatever they answer, the charge ends, nothing panics, and nothing pays unless
//! host and card agreed, or card and a terminal that may.

use proptest::{collection::vec, prelude::*};

use super::card::{Card, Scene, approval, hex};
use crate::{
    AcType, ActionCodes, Ending, HostAnswer, HostDecision, HostVerdict, MAX_APDUS, PinEntry,
    PinPad, Sw, TerminalData, TerminalType, Tvr, demo_profile, tag, tlv,
};

/// Charges that the seeded mutations play.
const SEEDED_RUNS: u64 = 10_000;

/// A pseudo-random sequence: enough to pick mutations, and the seed reproduces a failure.
struct Sequence(u64);

impl Sequence {
    /// SplitMix64 (Steele, Lea, Flood 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

fn mutate(mut answer: Vec<u8>, sequence: &mut Sequence) -> Vec<u8> {
    // Half of the answers stay as they are, so that later phases are reached too.
    if sequence.below(2) == 0 || answer.is_empty() {
        return answer;
    }
    let place = sequence.below(answer.len());
    match sequence.below(6) {
        0 => answer[place] = sequence.byte(),
        1 => answer[place] ^= 1 << sequence.below(8),
        2 => answer.truncate(place),
        3 => answer.insert(place, sequence.byte()),
        4 => {
            let length = answer.len().saturating_sub(2);
            answer.truncate(length);
            answer.extend(
                [[0x61, 0x10], [0x6C, 0x20], [0x62, 0x83], [0x69, 0x85]][sequence.below(4)],
            );
        }
        _ => {
            let piece = answer[place..].to_vec();
            answer.splice(place..place, piece);
        }
    }
    answer
}

/// Plays a charge and checks what must hold of every one.
fn hold(
    terminal: &TerminalData,
    card: impl FnMut(&[u8]) -> Vec<u8>,
    host: Option<&HostAnswer>,
) -> Ending {
    let scene = Scene {
        pad: PAD,
        pins: pins(),
        choose: |choices| choices.len() / 2,
        ..Scene::at(terminal, host)
    };
    let ran = scene.play(card);
    assert!(ran.sent.len() <= usize::from(MAX_APDUS));
    let evidence = ran.evidence();
    if ran.outcome.pays() {
        assert_eq!(evidence.cryptogram.map(|one| one.kind), Some(AcType::Tc));
    }
    match ran.outcome.ending {
        Ending::Approved => {
            assert_eq!(evidence.host, HostVerdict::Approved);
            assert_eq!(host.map(|host| host == &declined()), Some(false));
        }
        Ending::ApprovedOffline => {
            assert!(!terminal.kind.online_only());
            let actions = terminal.applications[0].actions;
            let against = match evidence.host {
                HostVerdict::NotAsked => actions.online,
                HostVerdict::Unreachable => actions.default,
                _ => panic!("the host had its say"),
            };
            assert!(!evidence.tvr.intersects(actions.denial | against));
        }
        _ => assert!(!ran.outcome.pays()),
    }
    for object in tlv::objects(&evidence.de55) {
        let tag = object.expect("what we wrote is TLV").tag;
        assert!(!tag::ACCOUNT_DATA.contains(&tag));
    }
    ran.outcome.ending
}

/// A pad that can do everything but encipher, for which these cards have no key.
const PAD: PinPad = PinPad {
    plaintext: true,
    enciphered: true,
    online: true,
};

/// A PIN that is wrong, one that is right, and a cardholder who has had enough.
fn pins() -> Vec<PinEntry> {
    vec![
        PinEntry::Verified(Sw(0x63C2)),
        PinEntry::Verified(Sw::OK),
        PinEntry::Bypassed,
    ]
}

/// A terminal that takes PINs and may approve by itself what nothing speaks against.
fn trusting() -> TerminalData {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    terminal.capabilities[1] = 0xF8;
    terminal.pin_bypass = true;
    let application = &mut terminal.applications[0];
    application.floor_limit_minor = 10_000;
    application.actions = ActionCodes {
        denial: Tvr::SERVICE_NOT_ALLOWED,
        online: Tvr::EXPIRED | Tvr::CVM_FAILED | Tvr::UPPER_OFFLINE_LIMIT,
        default: Tvr::EXPIRED | Tvr::CVM_FAILED,
    };
    terminal
}

/// A card that asks for all that a card can ask for, and lets the terminal decide.
fn demanding() -> Card {
    let mut card = Card::good()
        .with(tag::CVM_LIST, "000003E800001388 4100 4400 4200 1F00")
        .with(tag::LOWER_OFFLINE_LIMIT, "03")
        .with(tag::UPPER_OFFLINE_LIMIT, "05")
        .with(tag::TDOL, "9F0206 9505")
        .with(tag::CDOL1, "9814 9505 9F3704")
        .with(tag::IAC_ONLINE, "0000000000")
        .with(tag::IAC_DEFAULT, "0000000000");
    card.counters = vec![
        (tag::PIN_TRIES, vec![3]),
        (tag::ATC, hex("0043")),
        (tag::LAST_ONLINE_ATC, hex("0042")),
    ];
    card
}

fn declined() -> HostAnswer {
    HostAnswer::new(HostDecision::Declined, *b"05", &[], &[]).expect("a host answer")
}

fn hosts() -> [Option<HostAnswer>; 4] {
    let scripts = hex("7109 9F180400000001 86048418 7206 860484180000");
    let full = HostAnswer::new(HostDecision::Approved, *b"00", &[7; 10], &scripts);
    [
        Some(approval()),
        Some(full.expect("a host answer")),
        Some(declined()),
        None,
    ]
}

#[test]
fn ten_thousand_lying_cards_end_and_never_pay_alone() {
    let hosts = hosts();
    let mut choosing = demo_profile();
    choosing.cardholder_choice = true;
    let terminals = [demo_profile(), choosing, trusting()];
    let (mut approved, mut approved_offline) = (0, 0);
    for seed in 0..SEEDED_RUNS {
        let mut sequence = Sequence(seed);
        let mut card = [Card::good(), demanding()][sequence.below(2)].clone();
        card.first = [0x80, 0x80, 0x80, 0x40, 0x00, 0xC0][sequence.below(6)];
        card.second = [0x40, 0x40, 0x00, 0x80][sequence.below(4)];
        let host = &hosts[sequence.below(hosts.len())];
        let terminal = &terminals[sequence.below(terminals.len())];
        // From which command on it lies, so that every phase meets lies.
        let honest = sequence.below(14);
        let mut heard = 0;
        let ending = hold(
            terminal,
            |command| {
                heard += 1;
                let answer = card.answer(command);
                if heard <= honest {
                    return answer;
                }
                mutate(answer, &mut sequence)
            },
            host.as_ref(),
        );
        approved += u64::from(ending == Ending::Approved);
        approved_offline += u64::from(ending == Ending::ApprovedOffline);
    }
    assert!(
        approved > 0 && approved_offline > 0,
        "the mutations must let some charges through"
    );
}

proptest! {
    #[test]
    fn random_answers_never_pay(answers in vec(vec(any::<u8>(), 0..300), 0..64)) {
        let mut answers = answers.into_iter();
        let ending = hold(
            &demo_profile(),
            |_| answers.next().unwrap_or_else(|| vec![0x6F, 0x00]),
            Some(&approval()),
        );
        prop_assert_ne!(ending, Ending::Approved);
    }

    #[test]
    fn random_elements_end(elements in vec((any::<prop::sample::Index>(), vec(any::<u8>(), 0..40)), 0..6)) {
        let mut card = Card::good();
        for (index, value) in elements {
            let place = index.index(card.elements.len());
            card.elements[place].1 = value;
        }
        hold(&demo_profile(), |command| card.answer(command), Some(&approval()));
    }

    #[test]
    fn random_scripts_change_no_ending(scripts in vec(any::<u8>(), 0..1024)) {
        let host = HostAnswer::new(HostDecision::Approved, *b"00", &[], &scripts).expect("a host answer");
        let card = Card::good();
        let ending = hold(&demo_profile(), |command| card.answer(command), Some(&host));
        prop_assert_eq!(ending, Ending::Approved);
    }

    #[test]
    fn any_bytes_are_read_as_tlv_without_panic(bytes in vec(any::<u8>(), 0..600)) {
        let read: usize = tlv::objects(&bytes)
            .filter_map(Result::ok)
            .map(|object| object.value.len())
            .sum();
        prop_assert!(read <= bytes.len());
    }
}
