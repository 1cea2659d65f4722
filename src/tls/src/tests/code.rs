use crate::certificate::KeyHash;
use crate::code::EnrolmentCode;

fn code() -> (EnrolmentCode, KeyHash) {
    let ca = KeyHash::of(b"the CA's key");
    (EnrolmentCode::generate(&ca).expect("random bytes"), ca)
}

#[test]
fn a_code_is_eight_groups_of_five_and_comes_back_whole() {
    let (code, ca) = code();
    let text = code.text();
    let groups: Vec<_> = text.split('-').collect();
    assert_eq!(groups.len(), 8);
    assert!(groups.iter().all(|group| group.len() == 5), "{groups:?}");
    let again: EnrolmentCode = text.parse().expect("its own text");
    assert_eq!(again.hash(), code.hash());
    assert_eq!(again.name(), code.name());
    assert!(again.pin().is_of(&ca));
    assert!(!again.pin().is_of(&KeyHash::of(b"another CA's key")));
}

#[test]
fn people_may_write_it_small_without_hyphens_and_mistake_o_and_l() {
    let (code, _) = code();
    let text = code.text().replace('-', " ").to_lowercase();
    let slipped = text.replace('0', "o").replace('1', "l");
    for text in [text, slipped] {
        let again: EnrolmentCode = text.parse().expect("it means the same");
        assert_eq!(again.hash(), code.hash());
    }
}

#[test]
fn a_slip_is_noticed_before_anything_is_sent() {
    let (code, _) = code();
    let text = code.text();
    let mut noticed = 0;
    for place in 0..text.len() {
        for letter in ["0", "7", "Z"] {
            let mut slip = text.to_string();
            if &slip[place..=place] == letter || &slip[place..=place] == "-" {
                continue;
            }
            slip.replace_range(place..=place, letter);
            noticed += usize::from(slip.parse::<EnrolmentCode>().is_err());
        }
    }
    // One byte of check: about one slip in 256 is not noticed.
    assert!(noticed > 100, "{noticed} of about 117 were noticed");
    for text in [
        "",
        "-",
        "AAAAA",
        "no code at all, but rather long and with commas",
        &"A".repeat(65),
    ] {
        assert!(text.parse::<EnrolmentCode>().is_err(), "{text}");
    }
}

#[test]
fn no_two_codes_are_the_same() {
    let (one, _) = code();
    let (two, _) = code();
    assert_ne!(one.hash(), two.hash());
}
