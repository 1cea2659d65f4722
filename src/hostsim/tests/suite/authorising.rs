use sealpoint_acquirer::{NetworkCode, network};
use sealpoint_cardsim::cryptogram::CryptogramVersion;
use sealpoint_hostsim::AnswerMode;
use sealpoint_wire::{AuthoriseRequest, Currency, HostDecision, HpkeSealed, SealedCard};

use crate::rig::{Charge, Folder, Line8583, MASTERCARD, VISA_DECLINED, attempt, bytes, emv};

/// The response code that a request gets from a fresh host which must not have captured anything.
fn refused(folder: &Folder, request: &AuthoriseRequest) -> String {
    let host = folder.start();
    let answer = Line8583::to(host.addr()).authorise(request);
    assert_eq!(host.captured(), 0);
    assert!(answer.approval_code.is_none());
    answer.response_code
}

#[test]
fn genuine_cards_are_approved_and_the_card_believes_it() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let visa = Charge::numbered(1);
    let mastercard = Charge {
        pan: MASTERCARD,
        version: CryptogramVersion::MChip20,
        ..Charge::numbered(2)
    };
    for charge in [visa, mastercard] {
        let answer = line.authorise(&folder.request(&charge));
        let told = answer
            .host_answer(1234, Currency::Eur)
            .expect("the same amount");
        assert_eq!(told.decision, HostDecision::Approved);
        assert_eq!(told.approval_code, Some(format!("{:06}", charge.stan)));
        assert_eq!(folder.card_takes(&charge, &answer), Some(true));
    }
    assert_eq!(host.captured(), 2);
}

#[test]
fn a_card_of_the_decline_list_gets_its_code_and_the_card_learns_of_it() {
    let folder = Folder::new();
    let host = folder.start();
    let charge = Charge {
        pan: VISA_DECLINED,
        ..Charge::numbered(1)
    };
    let answer = Line8583::to(host.addr()).authorise(&folder.request(&charge));
    assert_eq!(answer.response_code, "51");
    assert_eq!(folder.card_takes(&charge, &answer), Some(false));
    assert_eq!(host.captured(), 0);
}

#[test]
fn a_false_cryptogram_is_refused() {
    let folder = Folder::new();
    let mut request = folder.request(&Charge::numbered(1));
    for (changed, value) in [
        (0x9F26, vec![0; 8]),
        (0x9F26, vec![0; 7]),
        (0x9F27, vec![0x40]),
        (0x9F36, vec![0, 8]),
        (0x95, vec![0; 5]),
        (0x9F10, vec![6, 1, 0x0A, 3, 0, 0, 0]),
        (0x9F37, vec![]),
    ] {
        let mut objects = folder.emv(&Charge::numbered(1));
        for object in objects.iter_mut().filter(|(tag, _)| *tag == changed) {
            object.1.clone_from(&value);
        }
        request.attempt = attempt(1);
        request.de55 = bytes(&emv(&objects));
        std::fs::remove_file(folder.ledger_file()).ok();
        assert_eq!(refused(&folder, &request), "88", "{changed:X}");
    }
}

#[test]
fn a_card_that_saw_another_amount_is_refused() {
    let folder = Folder::new();
    let mut request = folder.request(&Charge::numbered(1));
    let cheaper = Charge {
        amount_minor: 1,
        ..Charge::numbered(1)
    };
    request.de55 = bytes(&emv(&folder.emv(&cheaper)));
    assert_eq!(refused(&folder, &request), "13");
}

#[test]
fn an_unknown_range_and_an_expired_card_are_refused() {
    let folder = Folder::new();
    let unknown = Charge {
        pan: "9999990000000006",
        ..Charge::numbered(1)
    };
    assert_eq!(refused(&folder, &folder.request(&unknown)), "14");
    let expired = Charge {
        expiry: [0x26, 0x10, 0x31],
        ..Charge::numbered(2)
    };
    assert_eq!(refused(&folder, &folder.request(&expired)), "54");
}

#[test]
fn a_sealed_card_opens_for_its_own_attempt_amount_and_terminal_only() {
    let folder = Folder::new();
    let own = folder.request(&Charge::numbered(1));
    let mut moved = own.clone();
    moved.attempt = attempt(9);
    assert_eq!(refused(&folder, &moved), "96", "another attempt");
    let mut moved = own.clone();
    (moved.stan, moved.amount_minor) = (2, 1235);
    assert_eq!(refused(&folder, &moved), "96", "another amount");
    std::fs::remove_file(folder.ledger_file()).expect("a ledger");
    let mut moved = own.clone();
    moved.currency = Currency::Gbp;
    assert_eq!(refused(&folder, &moved), "96", "another currency");
    std::fs::remove_file(folder.ledger_file()).expect("a ledger");
    let mut moved = own;
    moved.terminal = "T0000002".parse().expect("a terminal id");
    assert_eq!(refused(&folder, &moved), "96", "another terminal");
}

#[test]
fn a_card_sealed_to_another_key_or_damaged_stays_closed() {
    let (folder, other) = (Folder::new(), Folder::new());
    assert_eq!(refused(&folder, &other.request(&Charge::numbered(1))), "96");
    let mut damaged = folder.request(&Charge::numbered(2));
    let mut ciphertext = hpke(&mut damaged).ciphertext.as_slice().to_vec();
    ciphertext[0] ^= 1;
    hpke(&mut damaged).ciphertext = bytes(&ciphertext);
    assert_eq!(refused(&folder, &damaged), "96");
    let mut short = folder.request(&Charge::numbered(3));
    hpke(&mut short).enc = bytes(&[0; 32]);
    assert_eq!(refused(&folder, &short), "96");
    let mut suite = folder.request(&Charge::numbered(4));
    hpke(&mut suite).aead = 3;
    assert_eq!(refused(&folder, &suite), "96");
}

#[test]
fn a_host_told_to_decline_declines_what_it_would_approve() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::Decline);
    let charge = Charge::numbered(1);
    let answer = Line8583::to(host.addr()).authorise(&folder.request(&charge));
    assert_eq!(answer.response_code, "05");
    assert_eq!(folder.card_takes(&charge, &answer), Some(false));
}

#[test]
fn sign_on_and_echo_are_answered() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    for code in [NetworkCode::SignOn, NetworkCode::Echo] {
        assert!(
            line.ask(&network(code, 5).expect("an ordinary request"))
                .is_network_ok()
        );
    }
}

fn hpke(request: &mut AuthoriseRequest) -> &mut HpkeSealed {
    match &mut request.sealed {
        SealedCard::Hpke(sealed) => sealed,
        SealedCard::Dukpt(_) => panic!("the request was sealed to a public key"),
    }
}
