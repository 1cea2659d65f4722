use core::time::Duration;

use crate::{Format, Mti, Profile};

#[test]
fn nothing_said_is_the_ordinary_profile() {
    let plain = Profile::from_toml("").expect("an empty profile");
    assert_eq!(plain, Profile::default());
    assert_eq!(plain.format, Format::plain(crate::Edition::Y1987));
    assert_eq!(plain.reversal, Mti::Reversal);
    assert!(!plain.inquiries);
    let later = Profile::from_toml("edition = 1993").expect("a profile");
    assert_eq!(later.reversal, Mti::ReversalAdvice);
    assert_eq!(later.network_codes.echo, 831);
}

#[test]
fn every_key_is_read() {
    let text = r#"
        edition = 1987
        numbers = "bcd"
        bitmap = "hex"
        tpdu = "60000a0000"
        merchant = "000000012345678"
        acquiring_institution = "123456"
        reference = true
        inquiries = true
        partial_approvals = false
        [fields]
        attempt = 63
        card = [61, 62]
        [messages]
        advice = 220
        reversal = 420
        [network]
        sign_on = 61
        sign_off = 62
        echo = 270
        echo_after_s = 60
        [time_outs]
        connect_s = 5
        network_s = 6
        answer_s = 30
    "#;
    let profile = Profile::from_toml(text).expect("a profile");
    assert_eq!(profile.card_fields, [61, 62]);
    assert_eq!(profile.attempt_field, 63);
    assert_eq!(profile.advice, Mti::FinancialAdvice);
    assert_eq!(profile.reversal, Mti::ReversalAdvice);
    assert!(profile.inquiries && !profile.partial_approvals && profile.reference);
    assert_eq!(profile.network_codes.echo, 270);
    assert_eq!(profile.echo_after, Duration::from_secs(60));
    assert_eq!(profile.connect_within, Duration::from_secs(5));
    assert_eq!(profile.network_answer_within, Duration::from_secs(6));
    assert_eq!(profile.answer_within, Duration::from_secs(30));
}

#[test]
fn what_cannot_be_is_refused_with_its_key() {
    for (text, key) in [
        ("edition = 2003", "edition"),
        ("tpdu = \"6100000000\"", "tpdu"),
        ("tpdu = \"60\"", "tpdu"),
        ("merchant = \"0123456789012345\"", "merchant"),
        ("merchant = \"\"", "merchant"),
        ("acquiring_institution = \"A\"", "acquiring_institution"),
        ("[fields]\ncard = [120, 121]", "fields.card"),
        ("[fields]\ncard = []", "fields.card"),
        ("[fields]\ncard = [55]", "fields.card"),
        ("[fields]\nattempt = 4", "fields.card"),
        ("[messages]\nadvice = 100", "messages.advice"),
        ("[messages]\nreversal = 100", "messages.reversal"),
        ("[network]\necho = 1000", "network"),
        ("[network]\necho = 1", "network"),
        ("[time_outs]\nanswer_s = 0", "time_outs.answer_s"),
        ("[time_outs]\nanswer_s = 601", "time_outs.answer_s"),
    ] {
        let error = Profile::from_toml(text).expect_err(text).to_string();
        assert!(error.contains(&format!("says {key} = ")), "{text}: {error}");
    }
    for text in [
        "answer_s = 3",
        "numbers = \"ebcdic\"",
        "edition = ",
        "[fields]\npin = 52",
    ] {
        let error = Profile::from_toml(text).expect_err(text).to_string();
        assert!(error.contains("docs/acquirer.md"), "{error}");
    }
    assert!(Profile::from_toml(&" ".repeat(20_000)).is_err());
}
