use sealpoint_hostsim::AnswerMode;
use sealpoint_hostsim::ledger::Event;
use sealpoint_wire::{AdviceKind, Currency, HostDecision};

use crate::rig::{Charge, Folder, Line8583, VISA_DECLINED, advice, bytes, emv};

fn events(folder: &Folder) -> Vec<Event> {
    folder.ledger().into_iter().map(|line| line.event).collect()
}

#[test]
fn an_advice_captures_once_however_often_it_comes() {
    let folder = Folder::new();
    let request = advice(&folder.request(&Charge::numbered(1)), AdviceKind::Deferred);
    let first = {
        let host = folder.start();
        let mut line = Line8583::to(host.addr());
        let first = line.advise(&request, false);
        assert_eq!(line.advise(&request, true), first);
        first
    };
    let host = folder.start();
    let again = Line8583::to(host.addr()).advise(&request, true);
    assert_eq!(again, first, "after a restart too");
    assert_eq!((first.response_code.as_str(), host.captured()), ("00", 1));
    assert_eq!(
        events(&folder),
        [Event::Advised, Event::Repeated, Event::Repeated]
    );
}

#[test]
fn a_card_that_approved_by_itself_is_taken_in_an_advice_alone() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let charge = Charge::numbered(1);
    let mut asked = folder.request(&charge);
    let mut objects = folder.emv(&charge);
    for (tag, value) in &mut objects {
        if *tag == 0x9F27 {
            *value = vec![0x40];
        }
    }
    asked.de55 = bytes(&emv(&objects));
    assert_eq!(
        line.authorise(&asked).response_code,
        "88",
        "a TC asks nobody"
    );
    let other = Charge {
        stan: 9,
        ..Charge::numbered(2)
    };
    let mut told = folder.request(&other);
    let mut objects = folder.emv(&other);
    for (tag, value) in &mut objects {
        if *tag == 0x9F27 {
            *value = vec![0x40];
        }
    }
    told.de55 = bytes(&emv(&objects));
    let answer = line.advise(&advice(&told, AdviceKind::OfflineApproved), false);
    assert_eq!(answer.response_code, "00");
}

#[test]
fn an_advice_may_come_after_what_the_card_did_later() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let earlier = folder.request(&Charge::numbered(1));
    let later = folder.request(&Charge::numbered(2));
    assert_eq!(line.authorise(&later).response_code, "00");
    let told = advice(&earlier, AdviceKind::Deferred);
    assert_eq!(line.advise(&told, false).response_code, "00");
    assert_eq!(host.captured(), 2);
    // The card's counter has not gone back by that.
    let replayed = Charge {
        stan: 7,
        ..Charge::numbered(2)
    };
    let mut again = folder.request(&replayed);
    again.attempt = crate::rig::attempt(7);
    assert_ne!(line.authorise(&again).response_code, "00");
}

#[test]
fn an_advice_is_declined_by_card_and_by_amount() {
    let folder = Folder::new();
    let host = folder.start();
    let mut line = Line8583::to(host.addr());
    let by_card = Charge {
        pan: VISA_DECLINED,
        ..Charge::numbered(1)
    };
    let told = advice(&folder.request(&by_card), AdviceKind::Deferred);
    assert_eq!(line.advise(&told, false).response_code, "51");
    host.set_answer(AnswerMode::DeclineOver(1000));
    let told = advice(&folder.request(&Charge::numbered(2)), AdviceKind::Deferred);
    assert_eq!(line.advise(&told, false).response_code, "51");
    host.set_answer(AnswerMode::DeclineOver(1234));
    let told = advice(&folder.request(&Charge::numbered(3)), AdviceKind::Deferred);
    assert_eq!(line.advise(&told, false).response_code, "00");
    assert_eq!(
        events(&folder),
        [Event::AdviceDeclined, Event::AdviceDeclined, Event::Advised]
    );
    assert_eq!(host.captured(), 1);
}

#[test]
fn a_part_is_approved_and_a_reversal_undoes_it() {
    let folder = Folder::new();
    let host = folder.start();
    host.set_answer(AnswerMode::Partial(1000));
    let mut line = Line8583::to(host.addr());
    let request = folder.request(&Charge::numbered(1));
    let answer = line.authorise(&request);
    let told = answer.host_answer(1234, Currency::Eur).expect("a part");
    assert_eq!(told.decision, HostDecision::PartlyApproved);
    assert_eq!(told.approved_minor, Some(1000));
    assert_eq!(answer.original_minor, Some(1234));
    assert_eq!(line.authorise(&request), answer, "the same answer again");
    assert_eq!(host.captured(), 1);
    assert!(line.reverse(&request, false).is_reversed());
    assert_eq!(host.captured(), 0);
}
