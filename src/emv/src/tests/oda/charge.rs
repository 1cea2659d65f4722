//! Whole charges with cards that sign (Book 3 §8.1): what the terminal asks, what it finds, and what it
//! does about it.

use sha1::{Digest, Sha1};

use super::forge::Plan;
use crate::{
    Aip, DataAuthentication, Decliner, Ending, Flaw, OdaMethod, Tag, Tsi, Tvr, tag,
    tests::card::{Card, Ran, Scene, approval, hex, object, ok},
    tlv,
};

const INTERNAL_AUTHENTICATE: u8 = 0x88;
const GENERATE_AC: u8 = 0xAE;
/// P1 of GENERATE AC: a signature is asked for (Book 3 table 12).
const SIGN: u8 = 0x10;

/// A card that holds keys and signs.
struct Signing {
    card: Card,
    plan: Plan,
    /// Its records, the first of them in the one file that is authenticated.
    records: Vec<Vec<u8>>,
    /// All values it heard in PDOL and CDOLs.
    heard: Vec<u8>,
    /// What somebody between card and terminal makes of an answer to GENERATE AC.
    between: fn(Vec<u8>) -> Vec<u8>,
}

impl Signing {
    fn new(aip: Aip) -> Self {
        let mut plan = Plan::new(aip);
        let card = Card::good();
        plan.records = vec![(1, card.record())];
        let elements = plan.elements();
        let record = |tags: &[Tag]| {
            let chosen = elements.iter().filter(|(tag, _)| tags.contains(tag));
            let content: Vec<u8> = chosen
                .flat_map(|(tag, value)| object(*tag, value))
                .collect();
            object(tag::RECORD, &content)
        };
        let records = vec![
            card.record(),
            record(&[tag::CAPK_INDEX_CARD, tag::ISSUER_CERTIFICATE]),
            record(&[
                tag::ISSUER_REMAINDER,
                tag::ISSUER_EXPONENT,
                tag::ICC_REMAINDER,
                tag::ICC_EXPONENT,
                tag::SDA_TAG_LIST,
            ]),
            record(&[tag::ICC_CERTIFICATE]),
            record(&[tag::SIGNED_STATIC_DATA]),
        ];
        Self {
            card,
            plan,
            records,
            heard: Vec::new(),
            between: |answer| answer,
        }
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let data = match command {
            [_, _, _, _, length, data @ ..] => &data[..usize::from(*length).min(data.len())],
            _ => &[],
        };
        match command {
            [_, 0xA8, ..] => {
                // File 1 record 1, authenticated; file 2 records 1 to 4, not.
                let afl = hex("08010101 10010400");
                let aip = self.plan.aip.bits().to_be_bytes();
                ok(&object(tag::FORMAT_1, &[&aip[..], &afl].concat()))
            }
            [_, 0xB2, 0x01, 0x0C, ..] => ok(&self.records[0]),
            [_, 0xB2, number @ 1..=4, 0x14, ..] => ok(&self.records[usize::from(*number)]),
            [_, INTERNAL_AUTHENTICATE, ..] => {
                let signature = self.plan.sign(&hex("08 0102030405060708"), data);
                ok(&object(tag::FORMAT_1, &signature))
            }
            [_, GENERATE_AC, asked, ..] => {
                self.heard.extend(data);
                let answer = self.cryptogram(*asked);
                ok(&(self.between)(answer))
            }
            _ => self.card.answer(command),
        }
    }

    /// Gives what was asked for; signs it if that was asked for too.
    fn cryptogram(&self, asked: u8) -> Vec<u8> {
        let cid = asked & 0xC0;
        let ac = [cid | 0x0A; 8];
        let before = [object(tag::CID, &[cid]), object(tag::ATC, &[0, 0x42])].concat();
        let behind = object(tag::IAD, &self.card.iad);
        let proof = if asked & SIGN == 0 || cid == 0 {
            object(tag::AC, &ac)
        } else {
            let charge = Sha1::digest([&self.heard[..], &before, &behind].concat());
            let dynamic = [&hex("02 0042")[..], &[cid], &ac, &charge].concat();
            let number = hex("DEADBEEF");
            object(tag::SIGNED_DYNAMIC_DATA, &self.plan.sign(&dynamic, &number))
        };
        object(tag::FORMAT_2, &[before, proof, behind].concat())
    }

    fn pay(mut self) -> Ran {
        let terminal = self.plan.terminal.clone();
        let approval = approval();
        Scene::at(&terminal, Some(&approval)).play(|command| self.answer(command))
    }
}

/// P1 of the GENERATE AC commands.
fn asked(ran: &Ran) -> Vec<u8> {
    ran.commands(GENERATE_AC)
        .iter()
        .map(|command| command[2])
        .collect()
}

#[test]
fn a_cda_card_signs_both_cryptograms() {
    let ran = Signing::new(Aip::CDA | Aip::DDA | Aip::SDA).pay();
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(asked(&ran), [0x90, 0x50]);
    assert!(ran.commands(INTERNAL_AUTHENTICATE).is_empty());
    let evidence = ran.evidence();
    assert!(evidence.tsi.contains(Tsi::ODA));
    assert_eq!(evidence.oda_flaw, None);
    assert_eq!(evidence.oda, DataAuthentication::Done(OdaMethod::Cda));
    assert_eq!(
        ran.cryptogram().value,
        [0x4A; 8],
        "the one out of the signature"
    );
    let request = ran.request.as_ref().expect("the host was asked");
    let sent = tlv::find(&request.de55, tag::AC).expect("TLV");
    assert_eq!(sent, Some(&[0x8A; 8][..]));
}

#[test]
fn a_dda_card_signs_before_it_decides() {
    let ran = Signing::new(Aip::DDA | Aip::SDA).pay();
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert_eq!(
        ran.commands(INTERNAL_AUTHENTICATE),
        [hex("00 88 00 00 04 DEADBEEF 00")]
    );
    assert_eq!(asked(&ran), [0x80, 0x40]);
    assert!(ran.evidence().tsi.contains(Tsi::ODA));
    let done = DataAuthentication::Done(OdaMethod::Dda);
    assert_eq!(ran.evidence().oda, done);
    assert!(
        !ran.tvr()
            .intersects(Tvr::DDA_FAILED | Tvr::ODA_NOT_PERFORMED)
    );
}

#[test]
fn an_sda_card_is_asked_nothing() {
    let ran = Signing::new(Aip::SDA).pay();
    assert_eq!(ran.outcome.ending, Ending::Approved);
    assert!(ran.commands(INTERNAL_AUTHENTICATE).is_empty());
    assert_eq!(asked(&ran), [0x80, 0x40]);
    assert!(ran.evidence().tsi.contains(Tsi::ODA));
    assert!(ran.tvr().contains(Tvr::SDA_SELECTED));
    let done = DataAuthentication::Done(OdaMethod::Sda);
    assert_eq!(ran.evidence().oda, done);
    assert!(
        !ran.tvr()
            .intersects(Tvr::SDA_FAILED | Tvr::ODA_NOT_PERFORMED)
    );
}

#[test]
fn a_card_without_a_method_is_not_authenticated() {
    let ran = Signing::new(Aip::empty()).pay();
    assert!(ran.tvr().contains(Tvr::ODA_NOT_PERFORMED));
    assert!(!ran.evidence().tsi.contains(Tsi::ODA));
    assert_eq!(ran.evidence().oda, DataAuthentication::NotPerformed);
}

#[test]
fn each_method_says_that_it_failed() {
    for (aip, method) in [
        (Aip::SDA, OdaMethod::Sda),
        (Aip::DDA, OdaMethod::Dda),
        (Aip::CDA, OdaMethod::Cda),
    ] {
        let mut card = Signing::new(aip);
        card.plan.terminal.keys.clear();
        let failed = DataAuthentication::Failed(method);
        assert_eq!(card.pay().evidence().oda, failed);
    }
}

/// Changes the value of the ATC.
fn another_counter(mut answer: Vec<u8>) -> Vec<u8> {
    let place = answer
        .windows(3)
        .position(|three| three == [0x9F, 0x36, 0x02]);
    answer[place.expect("an ATC") + 4] ^= 0x01;
    answer
}

#[test]
fn an_answer_changed_on_its_way_does_not_reach_the_host() {
    let mut card = Signing::new(Aip::CDA);
    card.between = another_counter;
    let ran = card.pay();
    assert!(ran.request.is_none(), "the host is not asked");
    assert_eq!(asked(&ran)[0], 0x90);
    assert_eq!(
        asked(&ran).get(1),
        Some(&0x00),
        "the card is told to decline"
    );
    assert!(!ran.outcome.pays());
    assert_eq!(ran.evidence().oda_flaw, Some(Flaw::Charge));
    assert!(ran.tvr().contains(Tvr::CDA_FAILED));
    assert!(ran.evidence().tsi.contains(Tsi::ODA));
    // What the card is told with the second command says so too: CDOL2 asks for the TVR.
    let second = ran.commands(GENERATE_AC)[1];
    let tvr = second.windows(5).any(|five| five == ran.tvr().to_bytes());
    assert!(tvr, "the TVR stands in it");
}

#[test]
fn a_card_that_leaves_its_signature_out_is_declined() {
    let mut card = Signing::new(Aip::CDA);
    card.between = |_| hex("7714 9F270180 9F36020042 9F2608 0102030405060708");
    let ran = card.pay();
    assert!(ran.request.is_none());
    assert!(!ran.outcome.pays());
    assert_eq!(ran.evidence().oda_flaw, Some(Flaw::Unsigned));
    assert!(ran.tvr().contains(Tvr::CDA_FAILED));
}

#[test]
fn a_second_answer_changed_on_its_way_does_not_pay() {
    let mut card = Signing::new(Aip::CDA);
    card.between = |answer| {
        let tc = answer
            .windows(4)
            .any(|four| four == [0x9F, 0x27, 0x01, 0x40]);
        let mut changed = answer;
        if tc {
            let last = changed.len() - 1;
            changed[last] ^= 0x01;
        }
        changed
    };
    let ran = card.pay();
    assert_eq!(asked(&ran), [0x90, 0x50]);
    assert!(!ran.outcome.pays());
    let failed = DataAuthentication::Failed(OdaMethod::Cda);
    assert_eq!(ran.evidence().oda, failed, "the last one counts");
    assert_eq!(ran.evidence().oda_flaw, Some(Flaw::Charge));
}

#[test]
fn a_chain_that_fails_before_the_cryptogram_asks_for_no_signature() {
    let mut card = Signing::new(Aip::CDA);
    card.plan.terminal.keys.clear();
    let ran = card.pay();
    assert!(asked(&ran).iter().all(|p1| p1 & SIGN == 0));
    assert_eq!(ran.evidence().oda_flaw, Some(Flaw::UnknownKey));
    assert!(ran.tvr().contains(Tvr::CDA_FAILED));
    assert!(!ran.tvr().contains(Tvr::CARD_DATA_MISSING));
}

#[test]
fn a_failed_method_is_left_to_the_action_codes() {
    let mut card = Signing::new(Aip::DDA);
    card.plan.terminal.keys.clear();
    for application in &mut card.plan.terminal.applications {
        application.actions.denial |= Tvr::DDA_FAILED;
    }
    let ran = card.pay();
    assert_eq!(
        ran.outcome.ending,
        Ending::DeclinedOffline(Decliner::Terminal(Tvr::DDA_FAILED))
    );
    assert_eq!(asked(&ran), [0x00]);
}
