use super::{all_refused, error, with};
use crate::{ContactlessKernel, ProfileError, TerminalData};

#[test]
fn limits_and_qualifiers_are_read() {
    let bench = TerminalData::from_toml(super::BENCH).expect("a profile");
    let visa = bench.applications[0]
        .contactless
        .expect("it has a contactless side");
    assert_eq!(visa.kernel, ContactlessKernel::C3);
    assert_eq!(visa.ttq, [0x37, 0x20, 0x40, 0x80]);
    assert_eq!(visa.transaction_limit_minor, Some(25_000));
    assert_eq!(visa.cvm_limit_minor, Some(5_000));
    assert_eq!(visa.floor_limit_minor, Some(2_500));
    assert_eq!(bench.applications[1].contactless, None);
    let unlimited = with("transaction_limit_minor = 25000\n", "");
    let unlimited = TerminalData::from_toml(&unlimited).expect("a profile");
    let visa = unlimited.applications[0].contactless.expect("it has one");
    assert_eq!(visa.transaction_limit_minor, None);
}

#[test]
fn only_the_kernel_that_is_built_and_fits_the_scheme_is_taken() {
    let key = "application[1].contactless.kernel";
    for number in ["2", "4", "5", "6", "7", "8"] {
        all_refused(
            key,
            &[("kernel = 3", &format!("kernel = {number}"), "not built")],
        );
    }
    for number in ["0", "1", "9", "-3", "3000000000000"] {
        all_refused(
            key,
            &[(
                "kernel = 3",
                &format!("kernel = {number}"),
                "no kernel's number",
            )],
        );
    }
    // Mastercard's cards speak to kernel 2.
    let text = with("A0000000031010", "A0000000042010");
    let ProfileError::Value {
        key: named, reason, ..
    } = error(&text)
    else {
        panic!("not about a value");
    };
    assert_eq!(named, key);
    assert!(reason.contains("kernel 2"), "{reason}");
}

/// Book C-3 Annex A.
#[test]
fn qualifiers_agree_with_the_capabilities_and_with_what_is_built() {
    for (ttq, words) in [
        ("3720408", "hexadecimal"),
        ("372040", "too short"),
        ("77204080", "reserved bits"),
        ("37304080", "reserved bits"),
        ("37206080", "reserved bits"),
        ("37204081", "reserved bits"),
        ("B7204080", "magnetic stripe mode"),
        ("17204080", "EMV mode"),
        ("27204080", "chip with contacts"),
        ("3F204080", "never goes online"),
        ("33204080", "online PIN"),
        ("35204080", "signatures"),
        ("37A04080", "each charge"),
        ("37604080", "each charge"),
        ("3720C080", "issuer updates"),
    ] {
        let to = format!("ttq = \"{ttq}\"");
        all_refused(
            "application[1].contactless.ttq",
            &[("ttq = \"37204080\"", &to, words)],
        );
    }
    for ttq in ["36204080", "37004080", "37200080", "37204000"] {
        let less = with("37204080", ttq);
        assert!(TerminalData::from_toml(&less).is_ok(), "{ttq}");
    }
}

#[test]
fn qualifiers_claim_no_capability_that_the_terminal_has_not() {
    // No signature, no online PIN, no offline PIN, no data authentication.
    let bare = with("type = 22", "type = 21").replace("20F8C8", "200800");
    for (ttq, words) in [
        ("32004000", "signatures"),
        ("34004000", "online PIN"),
        ("30204000", "offline PIN"),
        ("31004000", "data authentication"),
    ] {
        let ProfileError::Value { key, reason, .. } = error(&bare.replace("37204080", ttq)) else {
            panic!("{ttq}: not about a value");
        };
        assert_eq!(key, "application[1].contactless.ttq");
        assert!(reason.contains(words), "{ttq}: {reason}");
    }
    assert!(TerminalData::from_toml(&bare.replace("37204080", "30004000")).is_ok());
}

#[test]
fn no_limit_is_above_the_transaction_limit() {
    let whole = "application[1].contactless.transaction_limit_minor";
    all_refused(
        whole,
        &[
            (
                "transaction_limit_minor = 25000",
                "transaction_limit_minor = 0",
                "every charge",
            ),
            (
                "transaction_limit_minor = 25000",
                "transaction_limit_minor = -1",
                "out of range",
            ),
        ],
    );
    all_refused(
        "application[1].contactless.cvm_limit_minor",
        &[(
            "cvm_limit_minor = 5000",
            "cvm_limit_minor = 25001",
            "above the transaction limit",
        )],
    );
    all_refused(
        "application[1].contactless.floor_limit_minor",
        &[(
            "floor_limit_minor = 2500",
            "floor_limit_minor = 25001",
            "above the transaction limit",
        )],
    );
    assert!(
        TerminalData::from_toml(&with("cvm_limit_minor = 5000", "cvm_limit_minor = 25000")).is_ok()
    );
}
