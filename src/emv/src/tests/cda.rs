//! A charge whose card signs its cryptograms: what follows when it does, and when it does not (EMV
//! 4.4 Book 2 §6.6, Book 4 §6.3.2.1).

use sha1::{Digest, Sha1};

use super::{
    card::{Card, Ran, Scene, approval, ends, hex, object, ok},
    oda::forge::Plan,
};
use crate::{
    AcType, ActionCodes, Aip, Decliner, Ending, HostAnswer, HostVerdict, Input, Kernel, Known,
    Output, PinPad, Tag, TerminalData, TerminalType, Tsi, Tvr, demo_profile, tag, tlv,
};

/// How a card signs its first and its second cryptogram.
#[derive(Clone, Copy, PartialEq)]
enum Signs {
    Well,
    /// The signature does not hold.
    Wrongly,
    /// Format 2 without one.
    Not,
    /// Format 1, which has no place for one.
    InFormat1,
}

struct Signing {
    card: Card,
    plan: Plan,
    proofs: Vec<Vec<u8>>,
    signs: [Signs; 2],
    heard: Vec<u8>,
    rounds: usize,
}

impl Signing {
    fn new(first: Signs, second: Signs) -> Self {
        Self::of(Card::good(), first, second)
    }

    fn of(mut card: Card, first: Signs, second: Signs) -> Self {
        card.options = ok(&object(tag::FORMAT_1, &hex("1D00 08010101 10010300")));
        let mut plan = Plan::new(Aip::from_bits_retain(0x1D00));
        plan.records = vec![(1, card.record())];
        let elements = plan.elements();
        let of = |wanted: &[Tag]| {
            let chosen = elements.iter().filter(|(tag, _)| wanted.contains(tag));
            let objects: Vec<u8> = chosen
                .flat_map(|(tag, value)| object(*tag, value))
                .collect();
            object(tag::RECORD, &objects)
        };
        let proofs = vec![
            of(&[tag::CAPK_INDEX_CARD, tag::ISSUER_CERTIFICATE]),
            of(&[
                tag::ISSUER_REMAINDER,
                tag::ISSUER_EXPONENT,
                tag::SDA_TAG_LIST,
            ]),
            of(&[tag::ICC_CERTIFICATE, tag::ICC_REMAINDER, tag::ICC_EXPONENT]),
        ];
        Self {
            card,
            plan,
            proofs,
            signs: [first, second],
            heard: Vec::new(),
            rounds: 0,
        }
    }

    /// The terminal that trusts the card's scheme.
    fn terminal(&self) -> TerminalData {
        let mut terminal = demo_profile();
        terminal.capabilities[2] |= 0xC8;
        terminal.keys.clone_from(&self.plan.terminal.keys);
        terminal.applications[0].actions.denial = Tvr::empty();
        terminal
    }

    /// One that may approve by itself, whatever the card's issuer says.
    fn offline_terminal(&self) -> TerminalData {
        let mut terminal = self.terminal();
        terminal.kind = TerminalType::Attended;
        let application = &mut terminal.applications[0];
        application.floor_limit_minor = 10_000;
        application.actions = ActionCodes {
            denial: Tvr::empty(),
            online: Tvr::empty(),
            default: Tvr::empty(),
        };
        terminal
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        match command {
            [_, 0xB2, number @ 1..=3, 0x14, ..] => ok(&self.proofs[usize::from(*number) - 1]),
            [_, 0xAE, asked, _, length, data @ ..] => {
                self.heard.extend(&data[..usize::from(*length)]);
                let signs = self.signs[self.rounds.min(1)];
                self.rounds += 1;
                let plain = self.card.answer(command);
                if asked & 0x10 == 0 {
                    return plain;
                }
                self.signed(signs, plain)
            }
            _ => self.card.answer(command),
        }
    }

    /// What the card would answer without a signature, with one.
    fn signed(&self, signs: Signs, plain: Vec<u8>) -> Vec<u8> {
        let cid = plain[2];
        if signs == Signs::InFormat1 || cid & 0xC0 == 0 {
            return plain;
        }
        let ac = &plain[5..13];
        let shown = [
            object(tag::CID, &[cid]),
            object(tag::ATC, &self.card.atc.to_be_bytes()),
            object(tag::IAD, &self.card.iad),
        ]
        .concat();
        let proof = match signs {
            Signs::Not => object(tag::AC, ac),
            _ => {
                let hash = Sha1::digest([&self.heard[..], &shown].concat());
                let dynamic = [&[2, 0xD1, 0xCE, cid][..], ac, &hash].concat();
                let number = super::card::charge().unpredictable_number;
                let mut signature = self.plan.sign(&dynamic, &number);
                signature[9] ^= u8::from(signs == Signs::Wrongly);
                object(tag::SIGNED_DYNAMIC_DATA, &signature)
            }
        };
        ok(&object(tag::FORMAT_2, &[shown, proof].concat()))
    }

    fn play(mut self, terminal: &TerminalData, host: Option<&HostAnswer>) -> Ran {
        Scene::at(terminal, host).play(|command| self.answer(command))
    }
}

const CDA_FAILED: Ending = Ending::DeclinedOffline(Decliner::Terminal(Tvr::CDA_FAILED));
const UNSIGNED: [Signs; 3] = [Signs::Wrongly, Signs::Not, Signs::InFormat1];

/// P1 of each GENERATE AC.
fn asked(ran: &Ran) -> Vec<u8> {
    ran.commands(0xAE)
        .iter()
        .map(|command| command[2])
        .collect()
}

#[test]
fn a_card_that_signs_both_cryptograms_pays() {
    let signing = Signing::new(Signs::Well, Signs::Well);
    let terminal = signing.terminal();
    let ran = signing.play(&terminal, Some(&approval()));
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(asked(&ran), [0x90, 0x50]);
    assert_eq!(ran.tvr(), Tvr::OVER_FLOOR_LIMIT);
    assert!(ran.evidence().tsi.contains(Tsi::ODA));
    let de55 = ran.request.expect("asked").de55;
    let ac = tlv::find(&de55, tag::AC).expect("TLV");
    assert_eq!(
        ac,
        Some(&hex("0102030405060708")[..]),
        "out of the signature"
    );
}

#[test]
fn a_request_without_a_good_signature_is_declined_and_the_host_not_asked() {
    for signs in UNSIGNED {
        let signing = Signing::new(signs, Signs::Well);
        let terminal = signing.terminal();
        let ran = signing.play(&terminal, Some(&approval()));
        assert_eq!(ran.outcome.ending, CDA_FAILED);
        assert!(CDA_FAILED.to_string().contains("could not prove"));
        assert!(ran.request.is_none());
        assert_eq!(asked(&ran), [0x90, 0x00], "an AAC at once");
        assert_eq!(ran.commands(0xAE)[1][5..7], *b"Z1");
        assert_eq!(ran.evidence().host, HostVerdict::NotAsked);
        assert!(ran.evidence().tsi.contains(Tsi::ODA));
        assert!(!ran.outcome.may_need_reversal());
    }
}

#[test]
fn a_certificate_without_a_good_signature_is_declined_at_once() {
    for signs in UNSIGNED {
        let signing = Signing::of(approving(), signs, Signs::Well);
        let terminal = signing.offline_terminal();
        let ran = signing.play(&terminal, Some(&approval()));
        assert_eq!(ran.outcome.ending, CDA_FAILED);
        assert_eq!(asked(&ran), [0x50]);
    }
}

#[test]
fn a_certificate_with_a_good_signature_pays_without_the_host() {
    let signing = Signing::of(approving(), Signs::Well, Signs::Well);
    let terminal = signing.offline_terminal();
    let ran = signing.play(&terminal, None);
    assert_eq!(ran.outcome.ending, Ending::ApprovedOffline);
    assert_eq!(ran.cryptogram().kind, AcType::Tc);
    assert_eq!(ran.tvr(), Tvr::empty());
}

#[test]
fn a_card_that_declines_need_not_sign() {
    let mut signing = Signing::new(Signs::Well, Signs::Well);
    signing.card.first = 0x00;
    let terminal = signing.terminal();
    let ran = signing.play(&terminal, Some(&approval()));
    let declined = Ending::DeclinedOffline(Decliner::Card);
    assert_eq!(ran.outcome.ending, declined);
    assert_eq!(ran.tvr(), Tvr::OVER_FLOOR_LIMIT);
}

#[test]
fn a_card_that_is_told_to_decline_is_not_asked_to_sign() {
    let card = Card::good().with(tag::IAC_DENIAL, "0000008000");
    let signing = Signing::of(card, Signs::Well, Signs::Well);
    let terminal = signing.terminal();
    let ran = signing.play(&terminal, Some(&approval()));
    assert_eq!(asked(&ran), [0x00]);
    let not_performed = Tvr::ODA_NOT_PERFORMED | Tvr::OVER_FLOOR_LIMIT;
    assert_eq!(ran.tvr(), not_performed);
    assert_eq!(ran.commands(0xAE)[0][19..24], not_performed.to_bytes());
}

#[test]
fn a_card_that_is_told_to_decline_at_last_was_authenticated_before() {
    let signing = Signing::new(Signs::Well, Signs::Well);
    let terminal = signing.terminal();
    let ran = signing.play(&terminal, None);
    assert_eq!(asked(&ran), [0x90, 0x00]);
    assert_eq!(ran.tvr(), Tvr::OVER_FLOOR_LIMIT);
}

#[test]
fn an_approval_without_a_good_signature_is_reversed() {
    for signs in UNSIGNED {
        let signing = Signing::new(Signs::Well, signs);
        let terminal = signing.terminal();
        let ran = signing.play(&terminal, Some(&approval()));
        assert_eq!(ran.outcome.ending, Ending::DeclinedByCard);
        assert!(ran.outcome.may_need_reversal());
        assert!(ran.tvr().contains(Tvr::CDA_FAILED));
        assert_eq!(
            ran.cryptogram().kind,
            AcType::Arqc,
            "the last that was proven"
        );
    }
}

#[test]
fn a_card_that_is_gone_after_its_signature_failed_changes_nothing() {
    let mut signing = Signing::new(Signs::Not, Signs::Well);
    let mut kernel = Kernel::new(&signing.terminal(), super::card::charge()).expect("a charge");
    let mut output = kernel.step(super::card::started(PinPad::NONE));
    loop {
        output = match output {
            Output::Send(_) if signing.rounds == 1 => break,
            Output::Send(command) => kernel.step(Input::RApdu(&signing.answer(command.expose()))),
            Output::LookUp(_) => kernel.step(Input::Known(Known::default())),
            _ => panic!("the second GENERATE AC did not come"),
        };
    }
    assert_eq!(ends(&mut kernel, Input::CardRemoved).ending, CDA_FAILED);
}

/// A card that approves, and whose issuer lets the terminal decide.
fn approving() -> Card {
    let mut card = Card::good()
        .with(tag::IAC_ONLINE, "0000000000")
        .with(tag::IAC_DEFAULT, "0000000000");
    card.first = 0x40;
    card
}
