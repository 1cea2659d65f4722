//! One host, spoken to in every way.

use sealpoint_acquirer::{NetworkCode, Profile};
use sealpoint_hostsim::{AnswerMode, Config, HostSim};
use sealpoint_wire::{AdviceKind, Currency, HostDecision};

use crate::rig::{Charge, Folder, Line8583, advice, inquiry, undo};

const PROFILES: [&str; 6] = [
    "",
    "bitmap = \"hex\"",
    "numbers = \"bcd\"\ntpdu = \"6000010002\"\nmessages = { advice = 220, reversal = 420 }",
    "edition = 1993",
    "edition = 1993\nnumbers = \"bcd\"\nacquiring_institution = \"12345\"",
    "edition = 1993\nbitmap = \"hex\"\ntpdu = \"6000010002\"\nmerchant = \"SHOP\"\nreference = true",
];

#[test]
fn every_way_of_speaking_is_understood_and_answered_in_kind() {
    for text in PROFILES {
        let folder = Folder::new();
        let host = folder.start();
        let profile = Profile::from_toml(text).expect("a profile");
        let mut line = Line8583::to(host.addr());
        let echo = profile.network(NetworkCode::Echo, 1).expect("an echo");
        assert!(line.ask_as(&profile, &echo).is_network_ok(), "{text}");

        let request = folder.request(&Charge::numbered(1));
        let message = profile.authorisation(&request).expect("a request");
        let answer = line.ask_as(&profile, &message);
        let told = answer.host_answer(1234, Currency::Eur).expect("believed");
        assert_eq!(told.decision, HostDecision::Approved, "{text}");
        assert_eq!(
            folder.card_takes(&Charge::numbered(1), &answer),
            Some(true),
            "{text}"
        );
        let message = profile.inquiry(&inquiry(&request)).expect("an inquiry");
        let inquired = line.ask_as(&profile, &message);
        assert_eq!(inquired.approval_code, answer.approval_code, "{text}");
        let message = profile.reversal(&undo(&request), true).expect("a reversal");
        assert!(line.ask_as(&profile, &message).is_reversed(), "{text}");
        assert_eq!(host.captured(), 0);

        let other = folder.request(&Charge::numbered(2));
        let told = advice(&other, AdviceKind::Deferred);
        let message = profile.advice(&told, false).expect("an advice");
        let answer = line.ask_as(&profile, &message);
        let told = answer.host_answer(1234, Currency::Eur).expect("believed");
        assert_eq!(told.decision, HostDecision::Approved, "{text}");

        host.set_answer(AnswerMode::Partial(1000));
        let third = folder.request(&Charge::numbered(3));
        let message = profile.authorisation(&third).expect("a request");
        let answer = line.ask_as(&profile, &message);
        let told = answer.host_answer(1234, Currency::Eur).expect("believed");
        assert_eq!(told.approved_minor, Some(1000), "{text}");
        assert_eq!(host.captured(), 2);
    }
}

#[test]
fn a_host_with_a_profile_takes_nothing_else() {
    let folder = Folder::new();
    let text = "edition = 1993\nfields = { attempt = 63, card = [61, 62] }";
    let profile = Profile::from_toml(text).expect("a profile");
    let config = Config {
        profile: Some(profile.clone()),
        ..folder.config(AnswerMode::Normal)
    };
    let host = HostSim::start(&config).expect("the host starts");
    let request = folder.request(&Charge::numbered(1));
    let message = profile.authorisation(&request).expect("a request");
    let answer = Line8583::to(host.addr()).ask_as(&profile, &message);
    assert_eq!(answer.response_code, "00");
    let mut stranger = Line8583::to(host.addr());
    stranger.send(&sealpoint_acquirer::authorisation(&request).expect("a request"));
    assert_eq!(stranger.receive(), None, "it hangs up");
}
