//! Files of reference values: as they are documented, and no others.

use crate::attest::reference::Reference;

fn file(pcrs: &str) -> String {
    format!(
        "{{\"format\": \"sealpoint reference values\", \"version\": 1, \"image\": \"1.4.0\", \
         \"rollback_index\": 7, \"pcrs\": {pcrs}}}"
    )
}

#[test]
fn a_file_names_its_image_and_what_each_register_may_hold() {
    let (one, two) = ("ab".repeat(32), "CD".repeat(32));
    let text = file(&format!(
        "{{\"11\": [\"{one}\", \"{two}\"], \"12\": [\"{one}\"]}}"
    ));
    let reference = Reference::parse(&text).expect("it is one");
    assert_eq!(
        (reference.image.as_str(), reference.rollback_index),
        ("1.4.0", 7)
    );
    assert_eq!(reference.pcrs[&11], [[0xab; 32], [0xcd; 32]]);
    assert_eq!(reference.pcrs[&12], [[0xab; 32]]);
}

#[test]
fn a_file_that_says_less_or_more_or_something_else_is_refused() {
    let good = "ab".repeat(32);
    let of = |pcr: &str, value: &str| file(&format!("{{\"{pcr}\": [\"{value}\"]}}"));
    Reference::parse(&of("11", &good)).expect("the control");
    let many = format!("[\"{good}\"]").replace(']', &format!(", \"{good}\"").repeat(16)) + "]";
    for (text, what) in [
        (of("12", &good), "register 11 is missing"),
        (of("11", &good[1..]), "64 hexadecimal digits"),
        (of("11", &format!("{good}00")), "64 hexadecimal digits"),
        (of("11", &"xy".repeat(32)), "64 hexadecimal digits"),
        (of("10", &good), "register 10 is not in a quote"),
        (of("eleven", &good), "a register has a number"),
        (file("{\"11\": []}"), "1 to 16 values"),
        (file(&format!("{{\"11\": {many}}}")), "1 to 16 values"),
        (
            of("11", &good).replace("\"version\": 1", "\"version\": 2"),
            "another format",
        ),
        (
            of("11", &good).replace("reference values", "something"),
            "another format",
        ),
        (of("11", &good).replace("1.4.0", ""), "no version"),
        (of("11", &good).replace("1.4.0", "1 4"), "no version"),
        (
            of("11", &good).replace("\"image\"", "\"more\": 1, \"image\""),
            "at line 1",
        ),
        ("{}".to_owned(), "at line 1"),
    ] {
        let error = Reference::parse(&text).expect_err(&text);
        assert!(error.to_string().contains(what), "{error}: {text}");
    }
}
