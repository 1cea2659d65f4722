//! Book 2 §6.5: dynamic data authentication.

use sealpoint_secret::SecretBytes;

use super::forge::{Defect, Plan, TestKey, found};
use crate::{
    Aip, Command, Fault, Flaw, Sw, Tvr,
    dialogue::Dialogue,
    exchange::Answer,
    oda, tag,
    tests::card::{charge, hex, object},
};

const GOOD: (Tvr, bool, Option<Flaw>) = (Tvr::empty(), true, None);

/// ICC dynamic data: a number of eight bytes.
const NUMBER: &str = "08 D89A8AB98969D82A";

fn plan() -> Plan {
    Plan::new(Aip::DDA)
}

fn number() -> [u8; 4] {
    charge().unpredictable_number
}

fn answer(data: &[u8], sw: Sw) -> Answer {
    Answer {
        command: Command::InternalAuthenticate,
        data: SecretBytes::from_slice(data),
        sw,
    }
}

/// Plays DDA: the card is asked, and answers this.
fn answered(plan: &Plan, data: &[u8]) -> (Dialogue, Result<(), Fault>) {
    let mut dialogue = plan.read();
    let command = oda::start(&mut dialogue).expect("the card is asked to sign");
    assert_eq!(command.command(), Command::InternalAuthenticate);
    let ended = oda::answered(&mut dialogue, &answer(data, Sw::OK));
    (dialogue, ended)
}

fn failed(plan: &Plan, signature: &[u8]) -> Flaw {
    let (dialogue, ended) = answered(plan, &object(tag::FORMAT_1, signature));
    assert_eq!(ended, Ok(()));
    let (tvr, performed, flaw) = found(&dialogue);
    assert_eq!((tvr, performed), (Tvr::DDA_FAILED, true));
    assert_eq!(dialogue.store.public(tag::ICC_DYNAMIC_NUMBER), None);
    flaw.expect("a flaw")
}

#[test]
fn the_card_is_told_what_its_ddol_asks_for() {
    let mut dialogue = plan().with(tag::DDOL, &hex("9F37049F0206")).read();
    let command = oda::start(&mut dialogue).expect("a command");
    assert_eq!(
        command.expose(),
        hex("00 88 00 00 0A DEADBEEF 000000001234 00")
    );
    let mut dialogue = plan().read();
    let command = oda::start(&mut dialogue).expect("a command");
    assert_eq!(
        command.expose(),
        hex("00 88 00 00 04 DEADBEEF 00"),
        "the default"
    );
}

#[test]
fn a_list_without_the_whole_number_fails() {
    for ddol in [
        "9F0206",
        "9F3703",
        "9F3700",
        "9F37",
        "9F370",
        "9F02069F3702",
        "9F3704FF",
    ] {
        let odd = format!("{ddol}{}", if ddol.len() % 2 == 1 { "0" } else { "" });
        let (dialogue, asked) = plan().with(tag::DDOL, &hex(&odd)).start();
        assert_eq!(
            found(&dialogue),
            (Tvr::DDA_FAILED, true, Some(Flaw::Ddol)),
            "{ddol}"
        );
        assert!(!asked);
    }
    for default in ["", "9F0206"] {
        let mut plan = plan();
        for application in &mut plan.terminal.applications {
            application.default_ddol = hex(default);
        }
        let (dialogue, asked) = plan.start();
        assert_eq!(found(&dialogue), (Tvr::DDA_FAILED, true, Some(Flaw::Ddol)));
        assert!(!asked);
    }
}

#[test]
fn a_list_that_asks_for_too_much_fails() {
    let (dialogue, _) = plan().with(tag::DDOL, &hex("9F37049F02FF")).start();
    assert_eq!(found(&dialogue).2, Some(Flaw::Ddol));
}

#[test]
fn a_signature_in_either_format_is_verified() {
    let signature = plan().sign(&hex(NUMBER), &number());
    let format_2 = object(
        tag::FORMAT_2,
        &[
            object(tag::ATC, &[0, 1]),
            object(tag::SIGNED_DYNAMIC_DATA, &signature),
        ]
        .concat(),
    );
    for data in [object(tag::FORMAT_1, &signature), format_2] {
        let (dialogue, ended) = answered(&plan(), &data);
        assert_eq!((ended, found(&dialogue)), (Ok(()), GOOD));
        assert_eq!(
            dialogue.store.public(tag::ICC_DYNAMIC_NUMBER),
            Some(&hex(NUMBER)[1..])
        );
    }
}

#[test]
fn the_signature_covers_all_that_the_card_was_told() {
    let plan = plan().with(tag::DDOL, &hex("9F37049F0206"));
    let told = hex("DEADBEEF 000000001234");
    let signature = plan.sign(&hex(NUMBER), &told);
    let (dialogue, _) = answered(&plan, &object(tag::FORMAT_1, &signature));
    assert_eq!(found(&dialogue), GOOD);
    let cheaper = plan.sign(&hex(NUMBER), &hex("DEADBEEF 000000000001"));
    assert_eq!(
        failed(&plan, &cheaper),
        Flaw::Hash(tag::SIGNED_DYNAMIC_DATA)
    );
}

#[test]
fn a_signature_of_another_charge_fails() {
    let replayed = plan().sign(&hex(NUMBER), &[1, 2, 3, 4]);
    assert_eq!(
        failed(&plan(), &replayed),
        Flaw::Hash(tag::SIGNED_DYNAMIC_DATA)
    );
}

#[test]
fn defects_of_the_signature_fail() {
    let signed = tag::SIGNED_DYNAMIC_DATA;
    let defects: [Defect; 6] = [
        (
            |plan| plan.dynamic_frame.header = 0x6B,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.dynamic_frame.trailer = 0x00,
            Flaw::Recovered(signed),
        ),
        (
            |plan| plan.dynamic_frame.format = 0x03,
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
        let signature = plan.sign(&hex(NUMBER), &number());
        assert_eq!(failed(&plan, &signature), expected);
    }
    for length in [0, 1, 127, 129] {
        assert_eq!(failed(&plan(), &vec![0x11; length]), Flaw::Length(signed));
    }
}

#[test]
fn a_signature_under_another_key_fails() {
    let mut other = plan();
    other.card.key = TestKey::of(&super::keys::SMALL_ISSUER);
    let signature = other.sign(&hex(NUMBER), &number());
    let flaw = failed(&plan(), &signature);
    assert!(
        matches!(flaw, Flaw::Recovered(_) | Flaw::Length(_)),
        "{flaw}"
    );
}

#[test]
fn an_icc_dynamic_number_has_two_to_eight_bytes() {
    for (dynamic, good) in [
        ("02 0102", true),
        ("08 0102030405060708 FFFF", true),
        ("", false),
        ("00", false),
        ("01 01", false),
        ("02 01", false),
        ("08 01020304050607", false),
        ("09 010203040506070809", false),
        ("FF 0102", false),
    ] {
        let signature = plan().sign(&hex(dynamic), &number());
        if good {
            let (dialogue, _) = answered(&plan(), &object(tag::FORMAT_1, &signature));
            assert_eq!(found(&dialogue), GOOD, "{dynamic}");
        } else {
            assert_eq!(failed(&plan(), &signature), Flaw::DynamicData, "{dynamic}");
        }
    }
}

#[test]
fn a_length_beyond_the_message_fails() {
    let mut plan = plan();
    // The length of the dynamic data stands where the frame's fields begin.
    let fields = [&[plan.dynamic_frame.hash_algorithm, 0xFF][..], &hex(NUMBER)].concat();
    let signature = plan.dynamic_frame.sign(&plan.card.key, &fields, &number());
    assert_eq!(failed(&plan, &signature), Flaw::DynamicData);
    plan.dynamic_frame.hash_algorithm = 0xFF;
    let signature = plan.sign(&hex(NUMBER), &number());
    assert_eq!(
        failed(&plan, &signature),
        Flaw::Algorithm(tag::SIGNED_DYNAMIC_DATA)
    );
}

#[test]
fn a_card_that_does_not_sign_ends_the_charge() {
    let malformed = Err(Fault::Malformed(Command::InternalAuthenticate));
    let missing = Err(Fault::Missing(tag::SIGNED_DYNAMIC_DATA));
    for (data, expected) in [
        (vec![], malformed),
        (hex("8003"), malformed),
        (object(tag::RECORD, &[1]), malformed),
        (hex("7703 9F4B81"), malformed),
        (object(tag::FORMAT_2, &object(tag::ATC, &[0, 1])), missing),
        (object(tag::FORMAT_2, &[]), missing),
    ] {
        assert_eq!(answered(&plan(), &data).1, expected);
    }
    let mut dialogue = plan().read();
    oda::start(&mut dialogue);
    assert_eq!(
        oda::answered(&mut dialogue, &answer(&[], Sw(0x6985))),
        Err(Fault::Answer(Command::InternalAuthenticate, Sw(0x6985)))
    );
}
