//! Keys in parts that people hold.

use data_encoding::HEXUPPER;
use proptest::{collection::vec, prelude::*, sample::select};
use ring::rand::SystemRandom;
#[expect(
    deprecated,
    reason = "ring's only deterministic random source; no other can be given to it, since its \
              trait is sealed"
)]
use ring::test::rand::FixedByteRandom;
use sealpoint_secret::SecretBytes;

use crate::{
    CheckValue,
    components::{BadComponents, Component, combine, split},
    key_block::Algorithm,
};

fn secret(hex: &str) -> SecretBytes {
    SecretBytes::from_slice(&HEXUPPER.decode(hex.as_bytes()).expect("hexadecimal"))
}

fn component(hex: &str) -> Component {
    Component {
        value: secret(hex),
        check_value: None,
    }
}

fn combined(algorithm: Algorithm, components: &[&str]) -> Result<String, BadComponents> {
    let components: Vec<_> = components.iter().map(|hex| component(hex)).collect();
    combine(algorithm, &components).map(|key| HEXUPPER.encode(key.expose()))
}

const ONE: &str = "0123456789ABCDEFFEDCBA9876543210";
const TWO: &str = "1F1F1F1F2E2E2E2E3D3D3D3D4C4C4C4C";
const THREE: &str = "A1B2C3D4E5F60718293A4B5C6D7E8F90";

#[test]
fn a_key_is_the_xor_of_its_components() {
    let key = combined(Algorithm::Aes, &[ONE, TWO]).expect("a key");
    assert_eq!(key, "1E3C5A78A785E3C1C3E187A53A187E5C");
    let key = combined(Algorithm::Aes, &[ONE, TWO, THREE]).expect("a key");
    assert_eq!(key, "BF8E99AC4273E4D9EADBCCF95766F1CC");
}

#[test]
fn a_triple_des_key_of_components_with_odd_parity_has_it_too() {
    let odd = "1F1F1F1F2F2F2F2F3D3D3D3D4C4C4C4C";
    let key = combined(Algorithm::Tdes, &[ONE, odd]).expect("a key");
    assert_eq!(key, "1F3D5B79A785E3C1C2E086A43B197F5D");
    let sum = combined(Algorithm::Aes, &[ONE, odd]).expect("a key");
    assert_ne!(key, sum);
    assert_eq!(
        CheckValue::of(Algorithm::Tdes, &secret(&sum)),
        CheckValue::of(Algorithm::Tdes, &secret(&key))
    );
}

#[test]
fn a_triple_des_key_of_which_all_bits_may_count_is_left_as_it_is() {
    // The initial key of the published TDES DUKPT vectors has bytes of either parity.
    let initial = "6AC292FAA1315B4D858AB3A3D7D5933A";
    let components = split(Algorithm::Tdes, &secret(initial), 3, &SystemRandom::new());
    let again = combine(Algorithm::Tdes, &components.expect("it is split"));
    assert_eq!(
        HEXUPPER.encode(again.expect("it is combined").expose()),
        initial
    );
}

#[test]
#[expect(deprecated, reason = "see the import")]
fn an_unlucky_draw_does_not_change_the_parity_of_a_key() {
    // Components of odd parity alone would say that the key has it too.
    let even = "00112233445566778899AABBCCDDEEFF";
    let random = FixedByteRandom { byte: 0x10 };
    let components = split(Algorithm::Tdes, &secret(even), 2, &random).expect("it is split");
    let again = combine(Algorithm::Tdes, &components).expect("it is combined");
    assert_eq!(HEXUPPER.encode(again.expose()), even);
}

#[test]
fn a_key_takes_two_to_four_people() {
    assert_eq!(combined(Algorithm::Aes, &[]), Err(BadComponents::Count(0)));
    assert_eq!(
        combined(Algorithm::Aes, &[ONE]),
        Err(BadComponents::Count(1))
    );
    let four = "00000000000000000000000000000001";
    assert!(combined(Algorithm::Aes, &[ONE, TWO, THREE, four]).is_ok());
    let five = [ONE, TWO, THREE, four, "00000000000000000000000000000002"];
    assert_eq!(
        combined(Algorithm::Aes, &five),
        Err(BadComponents::Count(5))
    );
}

#[test]
fn a_component_that_adds_nothing_is_refused() {
    let zeros = "00000000000000000000000000000000";
    assert_eq!(
        combined(Algorithm::Aes, &[ONE, zeros]),
        Err(BadComponents::Zeros(2))
    );
    let parity_alone = "01010101010101010101010101010100";
    assert_eq!(
        combined(Algorithm::Tdes, &[parity_alone, ONE]),
        Err(BadComponents::Zeros(1))
    );
    assert!(combined(Algorithm::Aes, &[parity_alone, ONE]).is_ok());
}

#[test]
fn components_that_cancel_each_other_are_refused() {
    assert_eq!(
        combined(Algorithm::Aes, &[ONE, ONE]),
        Err(BadComponents::Same(1, 2))
    );
    assert_eq!(
        combined(Algorithm::Aes, &[TWO, ONE, ONE]),
        Err(BadComponents::Same(2, 3))
    );
    assert_eq!(
        combined(Algorithm::Aes, &[ONE, TWO, ONE]),
        Err(BadComponents::Same(1, 3))
    );
    let other_parity = "0022446688AACCEEFFDDBB9977553311";
    assert_eq!(
        combined(Algorithm::Tdes, &[ONE, other_parity]),
        Err(BadComponents::Same(1, 2))
    );
    let both = HEXUPPER.encode(
        &secret(ONE)
            .expose()
            .iter()
            .zip(secret(TWO).expose())
            .map(|(one, two)| one ^ two)
            .collect::<Vec<_>>(),
    );
    assert_eq!(
        combined(Algorithm::Aes, &[ONE, TWO, &both]),
        Err(BadComponents::ZeroKey)
    );
}

#[test]
fn a_triple_des_key_with_equal_parts_is_refused() {
    let equal = "FEDCBA98765432100123456789ABCDEF";
    // The halves differ by what the other component's halves differ.
    assert_eq!(
        combined(Algorithm::Tdes, &[ONE, equal]),
        Err(BadComponents::EqualParts)
    );
    assert!(combined(Algorithm::Aes, &[ONE, equal]).is_ok());
    let (a, b, c) = ("1111111111111110", "2222222222222220", "4444444444444440");
    let (x, y) = ("F0E0D0C0B0A09080", "0E1E2E3E4E5E6E7E");
    let three = |left: [&str; 3], right: [&str; 3]| {
        combined(Algorithm::Tdes, &[&left.concat(), &right.concat()])
    };
    assert!(three([a, b, c], [x, x, y]).is_ok());
    assert_eq!(three([a, a, c], [x, x, x]), Err(BadComponents::EqualParts));
    assert_eq!(three([a, b, b], [x, x, x]), Err(BadComponents::EqualParts));
    assert_eq!(three([a, b, a], [x, x, x]), Err(BadComponents::EqualParts));
}

#[test]
fn each_persons_check_value_is_compared_with_their_component() {
    let with = |hex: &str, check_value: &str| Component {
        value: secret(hex),
        check_value: Some(check_value.parse().expect("a check value")),
    };
    let right = CheckValue::of(Algorithm::Aes, &secret(TWO))
        .expect("AES")
        .to_string();
    assert!(combine(Algorithm::Aes, &[component(ONE), with(TWO, &right)]).is_ok());
    assert!(combine(Algorithm::Aes, &[component(ONE), with(TWO, &right[..6])]).is_ok());
    let refused = combine(Algorithm::Aes, &[component(ONE), with(TWO, "000000")]).err();
    let Some(BadComponents::CheckValue {
        number: 2, found, ..
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(found.to_string(), right);
}

#[test]
fn components_are_as_long_as_keys_are() {
    let length = |number, len, algorithm| {
        Err(BadComponents::Length {
            number,
            len,
            algorithm,
        })
    };
    let long = &[ONE, TWO].concat();
    assert_eq!(
        combined(Algorithm::Aes, &[ONE, "0123"]),
        length(2, 2, Algorithm::Aes)
    );
    assert_eq!(
        combined(Algorithm::Tdes, &[long, long]),
        length(1, 32, Algorithm::Tdes)
    );
    assert_eq!(
        combined(Algorithm::Hmac, &[ONE, TWO]),
        length(1, 16, Algorithm::Hmac)
    );
    assert_eq!(
        combined(Algorithm::Rsa, &[ONE, TWO]),
        length(1, 16, Algorithm::Rsa)
    );
    assert_eq!(
        combined(Algorithm::Aes, &[ONE, long]),
        Err(BadComponents::Unequal(2))
    );
    assert!(combined(Algorithm::Hmac, &[long, &[TWO, ONE].concat()]).is_ok());
}

#[test]
fn a_key_that_could_not_be_combined_again_is_not_split() {
    let refused = |algorithm, key: &str, count| {
        split(algorithm, &secret(key), count, &SystemRandom::new()).err()
    };
    assert_eq!(
        refused(Algorithm::Aes, ONE, 1),
        Some(BadComponents::Count(1))
    );
    assert_eq!(
        refused(Algorithm::Aes, ONE, 5),
        Some(BadComponents::Count(5))
    );
    let zeros = "00000000000000000000000000000000";
    assert_eq!(
        refused(Algorithm::Aes, zeros, 3),
        Some(BadComponents::ZeroKey)
    );
    let equal = "0123456789ABCDEF0123456789ABCDEF";
    assert_eq!(
        refused(Algorithm::Tdes, equal, 2),
        Some(BadComponents::EqualParts)
    );
    assert!(refused(Algorithm::Aes, "0123", 2).is_some());
    assert!(refused(Algorithm::Rsa, ONE, 2).is_some());
}

proptest! {
    #[test]
    fn what_is_split_is_combined_again(
        (algorithm, len) in select(vec![
            (Algorithm::Aes, 16),
            (Algorithm::Aes, 24),
            (Algorithm::Aes, 32),
            (Algorithm::Tdes, 16),
            (Algorithm::Tdes, 24),
            (Algorithm::Hmac, 32),
        ]),
        key in vec(any::<u8>(), 32),
        count in 2..=4_usize,
    ) {
        let key = SecretBytes::from_slice(&key[..len]);
        let components = split(algorithm, &key, count, &SystemRandom::new()).expect("it is split");
        prop_assert_eq!(components.len(), count);
        for component in &components {
            let check_value = CheckValue::of(algorithm, &component.value).expect("it has one");
            prop_assert_eq!(component.check_value, Some(check_value));
            prop_assert_ne!(component.value.expose(), key.expose());
        }
        let again = combine(algorithm, &components).expect("it is combined");
        prop_assert_eq!(again.expose(), key.expose());
    }

    #[test]
    fn any_parity_of_a_triple_des_key_comes_back(
        key in vec(any::<u8>(), 16),
        flips in select(vec![0_u8, 1]),
        count in 2..=4_usize,
    ) {
        // All bytes odd, or all even.
        let odd = |byte: u8| (byte & 0xFE) | u8::from((byte & 0xFE).count_ones().is_multiple_of(2));
        let bytes: Vec<_> = key.iter().map(|byte| odd(*byte) ^ flips).collect();
        let key = SecretBytes::from_slice(&bytes);
        let components = split(Algorithm::Tdes, &key, count, &SystemRandom::new());
        let components = components.expect("it is split");
        let is_odd = |component: &Component| {
            component.value.expose().iter().all(|byte| byte.count_ones() % 2 == 1)
        };
        prop_assert_eq!(components.iter().all(is_odd), flips == 0);
        let again = combine(Algorithm::Tdes, &components).expect("it is combined");
        prop_assert_eq!(again.expose(), key.expose());
    }
}
