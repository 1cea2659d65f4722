use crate::{ProfileError, TerminalData, TerminalType, demo_profile};

const DEMO: &str = include_str!("../demo.toml");

fn wrong_key(from: &str, to: &str) -> String {
    assert!(DEMO.contains(from), "{from}");
    match TerminalData::from_toml(&DEMO.replacen(from, to, 1)) {
        Err(ProfileError::Value { key, .. }) => key,
        Err(ProfileError::Toml(why)) => panic!("{why}"),
        Ok(_) => panic!("it was accepted"),
    }
}

#[test]
fn the_demo_profile_is_an_attended_online_terminal_in_germany() {
    let demo = demo_profile();
    assert_eq!(demo.kind, TerminalType::AttendedOnlineOnly);
    assert_eq!((demo.kind.bcd(), demo.country), (0x21, 276));
    let aids: Vec<String> = demo
        .applications
        .iter()
        .map(|one| one.aid.to_string())
        .collect();
    assert_eq!(aids, ["A0000000031010", "A0000000041010", "A0000000043060"]);
}

#[test]
fn a_wrong_value_names_its_key() {
    assert_eq!(wrong_key("type = 21", "type = 23"), "terminal.type");
    assert_eq!(
        wrong_key("country = 276", "country = 0"),
        "terminal.country"
    );
    assert_eq!(wrong_key("200800", "2008"), "terminal.capabilities");
    assert_eq!(wrong_key("200800", "400800"), "terminal.capabilities");
    assert_eq!(
        wrong_key("200800", "208800"),
        "terminal.capabilities",
        "PIN"
    );
    assert_eq!(
        wrong_key("200800", "200880"),
        "terminal.capabilities",
        "SDA"
    );
    assert_eq!(wrong_key("SEALDEMO", "SEALDEMO9"), "terminal.serial");
    assert_eq!(wrong_key("DEMO0000001", ""), "terminal.merchant_id");
    assert_eq!(
        wrong_key("Demostadt", "Demöstadt"),
        "terminal.merchant_name"
    );
    assert_eq!(wrong_key("5411", "54110"), "terminal.merchant_category");
    assert_eq!(wrong_key("A0000000041010", "A000"), "application[2].aid");
    assert_eq!(
        wrong_key("A0000000041010", "A0000000031010"),
        "application[2].aid"
    );
    assert_eq!(
        wrong_key("DC4004F800", "DC4004F8"),
        "application[1].tac_online"
    );
}

#[test]
fn an_unknown_a_missing_and_a_mistyped_key_are_named() {
    for (from, to, key) in [
        ("country = 276", "country = 276\npin_pad = true", "pin_pad"),
        ("country = 276", "", "country"),
        ("country = 276", "country = \"DE\"", "country"),
        ("partial = true", "partial = 1", "partial"),
    ] {
        let error = TerminalData::from_toml(&DEMO.replacen(from, to, 1)).expect_err("wrong");
        let text = error.to_string();
        assert!(text.contains(key), "{text}");
    }
}

#[test]
fn a_wrong_value_is_one_sentence_that_says_what_to_do() {
    let text = TerminalData::from_toml(&DEMO.replace("type = 21", "type = 99"))
        .expect_err("wrong")
        .to_string();
    assert_eq!(
        text,
        "the terminal profile has a wrong `terminal.type`; write 21, 22, 24 or 25: a merchant's terminal that can go online"
    );
}
