//! Book 2 §6.6: combined DDA and application cryptogram generation.

use sha1::{Digest, Sha1};

use super::forge::{Defect, Plan, found};
use crate::{
    Aip, Flaw, Tvr,
    dialogue::Dialogue,
    oda::{self, Round},
    tag,
    tests::card::{charge, hex, object},
};

const PDOL: &[u8] = &[0xAA; 11];
const CDOL1: &[u8] = &[0xBB; 29];
const CDOL2: &[u8] = &[0xCC; 31];
const AC: [u8; 8] = *b"ACACACAC";

/// What a card signs in its answer to GENERATE AC, before it signs it.
#[derive(Clone)]
struct Answering {
    round: Round,
    /// CID in clear and signed.
    cid: u8,
    signed_cid: u8,
    /// Objects before and behind the signature.
    before: Vec<u8>,
    behind: Vec<u8>,
    /// What the card believes it heard.
    heard: Vec<u8>,
    number_heard: [u8; 4],
    number: Vec<u8>,
}

impl Answering {
    fn new(round: Round, cid: u8) -> Self {
        let heard = match round {
            Round::First => [PDOL, CDOL1].concat(),
            Round::Second => [PDOL, CDOL1, CDOL2].concat(),
        };
        Self {
            round,
            cid,
            signed_cid: cid,
            before: [object(tag::CID, &[cid]), object(tag::ATC, &[0, 0x42])].concat(),
            behind: object(tag::IAD, &hex("06010A03A00000")),
            heard,
            number_heard: charge().unpredictable_number,
            number: hex("08 1122334455667788"),
        }
    }

    fn sign(&self, plan: &Plan) -> Vec<u8> {
        let hashed = [&self.heard[..], &self.before, &self.behind].concat();
        let dynamic = [
            &self.number[..],
            &[self.signed_cid],
            &AC,
            &Sha1::digest(hashed),
        ]
        .concat();
        plan.sign(&dynamic, &self.number_heard)
    }

    /// The objects of template 77.
    fn objects(&self, plan: &Plan) -> Vec<u8> {
        let signature = object(tag::SIGNED_DYNAMIC_DATA, &self.sign(plan));
        [&self.before[..], &signature, &self.behind].concat()
    }

    fn check(&self, plan: &Plan) -> (Dialogue, Option<[u8; 8]>) {
        let mut dialogue = begun(plan);
        let checked = oda::check_cda(&mut dialogue, self.round, self.cid, &self.objects(plan));
        (dialogue, checked)
    }

    fn failed(&self, plan: &Plan) -> Flaw {
        let (dialogue, checked) = self.check(plan);
        assert_eq!(checked, None);
        failure(&dialogue)
    }
}

fn plan() -> Plan {
    Plan::new(Aip::CDA | Aip::DDA | Aip::SDA)
}

/// A charge whose card has heard PDOL, CDOL1 and CDOL2.
fn begun(plan: &Plan) -> Dialogue {
    let mut dialogue = plan.read();
    dialogue.oda.heard_pdol(PDOL);
    assert!(
        oda::start(&mut dialogue).is_none(),
        "CDA asks nothing by itself"
    );
    assert!(oda::wants_cda(&dialogue));
    dialogue.oda.heard_cdol1(CDOL1);
    dialogue.oda.heard_cdol2(CDOL2);
    dialogue
}

fn failure(dialogue: &Dialogue) -> Flaw {
    let (tvr, performed, flaw) = found(dialogue);
    assert_eq!((tvr, performed), (Tvr::CDA_FAILED, true));
    assert!(
        !oda::wants_cda(dialogue),
        "no further signature is asked for"
    );
    flaw.expect("a flaw")
}

#[test]
fn before_the_cryptogram_nothing_is_performed() {
    let dialogue = begun(&plan());
    assert_eq!(found(&dialogue), (Tvr::empty(), false, None));
}

#[test]
fn a_chain_that_fails_asks_for_no_signature() {
    let (dialogue, _) = plan().without(tag::ICC_CERTIFICATE).start();
    let missing = Flaw::Missing(tag::ICC_CERTIFICATE);
    let failed = Tvr::CDA_FAILED | Tvr::CARD_DATA_MISSING;
    assert_eq!(found(&dialogue), (failed, true, Some(missing)));
    assert!(!oda::wants_cda(&dialogue));
}

#[test]
fn another_method_asks_for_no_signature() {
    for aip in [Aip::empty(), Aip::SDA, Aip::DDA] {
        assert!(!oda::wants_cda(&Plan::new(aip).start().0), "{aip:?}");
    }
}

#[test]
fn a_signed_cryptogram_is_verified_in_both_rounds() {
    for (round, cid) in [
        (Round::First, 0x80),
        (Round::First, 0x40),
        (Round::Second, 0x40),
    ] {
        let (dialogue, checked) = Answering::new(round, cid).check(&plan());
        assert_eq!(checked, Some(AC), "{round:?}");
        assert_eq!(found(&dialogue), (Tvr::empty(), true, None));
        assert!(oda::wants_cda(&dialogue));
        assert_eq!(
            dialogue.store.public(tag::ICC_DYNAMIC_NUMBER),
            Some(&hex("1122334455667788")[..])
        );
    }
}

#[test]
fn both_rounds_of_one_charge_are_verified() {
    let plan = plan();
    let mut dialogue = begun(&plan);
    for (round, cid) in [(Round::First, 0x80), (Round::Second, 0x40)] {
        let objects = Answering::new(round, cid).objects(&plan);
        assert_eq!(
            oda::check_cda(&mut dialogue, round, cid, &objects),
            Some(AC)
        );
    }
}

#[test]
fn a_card_without_pdol_signs_without_it() {
    let plan = plan();
    let mut dialogue = begun(&plan);
    dialogue.oda.heard_pdol(&[]);
    let mut answering = Answering::new(Round::First, 0x80);
    answering.heard = CDOL1.to_vec();
    let objects = answering.objects(&plan);
    assert_eq!(
        oda::check_cda(&mut dialogue, Round::First, 0x80, &objects),
        Some(AC)
    );
}

#[test]
fn an_amount_changed_on_its_way_fails() {
    for (place, round) in [
        (0, Round::First),
        (PDOL.len(), Round::First),
        (PDOL.len() + CDOL1.len() - 1, Round::Second),
        (PDOL.len() + CDOL1.len(), Round::Second),
    ] {
        let mut answering = Answering::new(round, 0x40);
        answering.heard[place] ^= 1;
        assert_eq!(answering.failed(&plan()), Flaw::Charge);
    }
}

#[test]
fn a_decision_changed_on_its_way_fails() {
    // A wedge turns the signed ARQC into a TC for the terminal.
    let mut answering = Answering::new(Round::First, 0x40);
    answering.signed_cid = 0x80;
    assert_eq!(answering.failed(&plan()), Flaw::Decision);
    // The advice bits are part of it.
    answering.signed_cid = 0x48;
    assert_eq!(answering.failed(&plan()), Flaw::Decision);
}

#[test]
fn an_answer_changed_on_its_way_fails() {
    let plan = plan();
    let honest = Answering::new(Round::First, 0x80);
    let signature = object(tag::SIGNED_DYNAMIC_DATA, &honest.sign(&plan));
    let counter = [object(tag::CID, &[0x80]), object(tag::ATC, &[0, 0x43])].concat();
    let swapped = [object(tag::ATC, &[0, 0x42]), object(tag::CID, &[0x80])].concat();
    let iad = object(tag::IAD, &hex("06010A03A00001"));
    let more = [&honest.behind[..], &object(tag::PROGRAM_ID, &[1])].concat();
    // The same value under a longer form of its length.
    let longer = [object(tag::CID, &[0x80]), hex("9F36 8102 0042")].concat();
    for (before, behind) in [
        (&counter, &honest.behind),
        (&swapped, &honest.behind),
        (&honest.before, &iad),
        (&honest.before, &more),
        (&honest.before, &Vec::new()),
        (&longer, &honest.behind),
    ] {
        let mut dialogue = begun(&plan);
        let objects = [&before[..], &signature, behind].concat();
        assert_eq!(
            oda::check_cda(&mut dialogue, Round::First, 0x80, &objects),
            None
        );
        assert_eq!(failure(&dialogue), Flaw::Charge);
    }
}

#[test]
fn objects_count_as_they_came_and_zeros_between_them_do_not() {
    let plan = plan();
    let mut answering = Answering::new(Round::First, 0x80);
    answering.before = [object(tag::CID, &[0x80]), hex("9F36 8102 0042")].concat();
    assert_eq!(answering.check(&plan).1, Some(AC));

    let signature = object(tag::SIGNED_DYNAMIC_DATA, &answering.sign(&plan));
    let objects = [
        &[0, 0][..],
        &answering.before,
        &[0],
        &signature,
        &[0, 0, 0],
        &answering.behind,
        &[0],
    ]
    .concat();
    let mut dialogue = begun(&plan);
    assert_eq!(
        oda::check_cda(&mut dialogue, Round::First, 0x80, &objects),
        Some(AC)
    );
}

#[test]
fn a_signature_of_another_charge_fails() {
    let mut answering = Answering::new(Round::First, 0x80);
    answering.number_heard = [1, 2, 3, 4];
    assert_eq!(
        answering.failed(&plan()),
        Flaw::Hash(tag::SIGNED_DYNAMIC_DATA)
    );
}

#[test]
fn a_signature_of_the_first_round_fails_in_the_second() {
    let plan = plan();
    let first = Answering::new(Round::First, 0x40).objects(&plan);
    let mut dialogue = begun(&plan);
    assert_eq!(
        oda::check_cda(&mut dialogue, Round::Second, 0x40, &first),
        None
    );
    assert_eq!(failure(&dialogue), Flaw::Charge);
}

#[test]
fn a_missing_or_doubled_signature_fails() {
    let plan = plan();
    let honest = Answering::new(Round::First, 0x80);
    let signature = object(tag::SIGNED_DYNAMIC_DATA, &honest.sign(&plan));
    for objects in [
        Vec::new(),
        [&honest.before[..], &honest.behind].concat(),
        [&honest.objects(&plan)[..], &signature].concat(),
        [&honest.objects(&plan)[..], &[0x9F]].concat(),
    ] {
        let mut dialogue = begun(&plan);
        assert_eq!(
            oda::check_cda(&mut dialogue, Round::First, 0x80, &objects),
            None
        );
        assert_eq!(failure(&dialogue), Flaw::Unsigned);
    }
}

#[test]
fn dynamic_data_that_is_cut_off_fails() {
    let plan = plan();
    let whole = [&hex("02 0102")[..], &[0x80], &AC, &[0; 20]].concat();
    for length in 0..whole.len() {
        let signature = plan.sign(&whole[..length], &charge().unpredictable_number);
        let mut dialogue = begun(&plan);
        let objects = object(tag::SIGNED_DYNAMIC_DATA, &signature);
        oda::check_cda(&mut dialogue, Round::First, 0x80, &objects);
        assert_eq!(failure(&dialogue), Flaw::DynamicData, "{length} bytes");
    }
}

#[test]
fn defects_of_the_signature_fail() {
    let signed = tag::SIGNED_DYNAMIC_DATA;
    let defects: [Defect; 5] = [
        (
            |plan| plan.dynamic_frame.header = 0x6B,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.dynamic_frame.trailer = 0x00,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.dynamic_frame.format = 0x95,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.dynamic_frame.hash_algorithm = 0x02,
            Flaw::Algorithm(signed),
        ),
        (|plan| plan.dynamic_frame.hashed = false, Flaw::Hash(signed)),
    ];
    for (spoil, expected) in defects {
        let mut plan = plan();
        spoil(&mut plan);
        assert_eq!(Answering::new(Round::First, 0x80).failed(&plan), expected);
    }
}
