use super::BENCH;
use crate::{TerminalData, TerminalType, demo_profile};

const DEMO: &str = include_str!("../../demo.toml");
const OFFLINE: &str = include_str!("../../../profiles/demo-offline.toml");

fn aids(terminal: &TerminalData) -> Vec<String> {
    let aid = |one: &crate::Application| one.aid.to_string();
    terminal.applications.iter().map(aid).collect()
}

#[test]
fn the_demo_profile_is_an_attended_online_terminal_in_germany() {
    let demo = demo_profile();
    assert_eq!(demo.kind, TerminalType::AttendedOnlineOnly);
    assert_eq!((demo.kind.bcd(), demo.country), (0x21, 276));
    assert_eq!(
        aids(&demo),
        ["A0000000031010", "A0000000041010", "A0000000043060"]
    );
    assert!(!demo.collects_signatures() && !demo.pin_bypass);
}

#[test]
fn the_bench_profile_may_approve_without_the_host_and_claims_every_verification() {
    let bench = TerminalData::from_toml(BENCH).expect("a profile");
    assert_eq!(bench.kind, TerminalType::Attended);
    assert_eq!(bench.capabilities, [0x20, 0xF8, 0xC8]);
    assert_eq!(aids(&bench), aids(&demo_profile()));
    assert!(
        bench
            .applications
            .iter()
            .all(|one| one.floor_limit_minor == 10_000)
    );
}

#[test]
fn the_demos_offline_profile_may_approve_and_claims_no_more_than_the_demo() {
    let offline = TerminalData::from_toml(OFFLINE).expect("a profile");
    let demo = demo_profile();
    assert_eq!(offline.kind, TerminalType::Attended);
    assert_eq!(offline.capabilities, demo.capabilities);
    assert_eq!(offline.more_capabilities, demo.more_capabilities);
    assert_eq!(aids(&offline), aids(&demo));
    assert!(!offline.collects_signatures() && !offline.pin_bypass);
}

/// Files with the same keys: what one card proves to one terminal it proves to the others.
#[test]
fn all_profiles_trust_the_same_keys() {
    let keys = |text: &str| text[text.find("[[capk]]").expect("a key")..].to_owned();
    assert_eq!(keys(DEMO), keys(BENCH));
    assert_eq!(keys(DEMO), keys(OFFLINE));
}

/// The simulator's cards are certified by these keys.
#[test]
fn the_trusted_keys_are_those_of_the_simulated_schemes() {
    let simulated = [
        include_str!("../../../../cardsim/keys/visa.toml"),
        include_str!("../../../../cardsim/keys/mastercard.toml"),
    ];
    let demo = demo_profile();
    assert_eq!(demo.keys.len(), simulated.len());
    for (key, file) in demo.keys.iter().zip(simulated) {
        let file: toml::Table = toml::from_str(file).expect("TOML");
        let field = |name: &str| file["ca"][name].as_str().expect("text").replace('\n', "");
        let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
        assert_eq!(field("rid"), hex(&key.rid));
        assert_eq!(field("index"), hex(&[key.index]));
        assert_eq!(field("modulus"), hex(&key.modulus));
        assert_eq!(field("check"), hex(&key.check_value()));
        assert_eq!(
            file["ca"]["exponent"].as_integer(),
            Some(i64::from(key.exponent))
        );
    }
}
