//! The vectors of the X9.24-3:2017 supplement.

use sealpoint_secret::{Pan, PinBlock, SecretBytes};
use sealpoint_wire::seal::DukptScheme;
use serde::Deserialize;

use super::{Host, hex};
use crate::{
    Registers,
    dukpt::{Purpose, derive},
};

#[derive(Deserialize)]
struct File {
    set: Vec<Set>,
}

#[derive(Deserialize)]
struct Set {
    scheme: DukptScheme,
    bdk: String,
    initial_key_id: String,
    initial_key: String,
    transaction: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    counter: String,
    key: String,
    #[serde(default)]
    working: Vec<Working>,
}

#[derive(Deserialize)]
struct Working {
    len: usize,
    pin_encryption: String,
    mac_generation: String,
    data_encryption: String,
    pin_block: Option<String>,
}

fn sets() -> Vec<Set> {
    let file: File = toml::from_str(include_str!("published-aes.toml")).expect("the file is TOML");
    assert_eq!(file.set.len(), 3);
    file.set
}

impl Set {
    fn registers(&self) -> Registers {
        let initial_key = SecretBytes::from_slice(&hex(&self.initial_key));
        Registers::from_initial_key(self.scheme, &initial_key, &hex(&self.initial_key_id))
            .expect("a good initial key")
    }
}

impl Vector {
    fn number(&self) -> u32 {
        u32::from_str_radix(&self.counter, 16).expect("a counter")
    }
}

#[test]
fn the_terminal_gives_the_published_working_keys() {
    for set in sets() {
        let mut registers = set.registers();
        for vector in &set.transaction {
            registers.skip_to(vector.number()).expect("ahead");
            let key = registers.advance().expect("not used up");
            assert_eq!(
                key.ksn(),
                hex(&(set.initial_key_id.clone() + &vector.counter))
            );
            for working in &vector.working {
                if working.len != hex(&set.initial_key).len() {
                    continue;
                }
                for (purpose, expected) in [
                    (Purpose::Pin, &working.pin_encryption),
                    (Purpose::Mac, &working.mac_generation),
                    (Purpose::Data, &working.data_encryption),
                ] {
                    assert_eq!(key.working_key(purpose).expose(), hex(expected));
                }
            }
        }
    }
}

#[test]
fn the_first_eight_follow_each_other_and_the_key_of_each_is_the_published_one() {
    for set in sets() {
        let mut registers = set.registers();
        for vector in &set.transaction[..8] {
            let key = registers.advance().expect("not used up");
            assert_eq!(registers.counter(), vector.number());
            assert_eq!(key.expose(), hex(&vector.key));
        }
    }
}

#[test]
fn a_counter_with_more_than_sixteen_ones_is_left_out_and_the_last_is_the_last() {
    for set in sets() {
        let follow = |from: usize, count: usize| {
            let mut registers = set.registers();
            registers
                .skip_to(set.transaction[from].number())
                .expect("ahead");
            for vector in &set.transaction[from..from + count] {
                let key = registers.advance().expect("not used up");
                assert_eq!(registers.counter(), vector.number());
                assert_eq!(key.expose(), hex(&vector.key));
            }
            registers
        };
        // 1FFFE, then 20000 because 1FFFF has seventeen ones, then 20001.
        follow(8, 3);
        // FFFE2000, FFFE4000, FFFE8000, FFFF0000.
        let mut used_up = follow(11, 4);
        assert_eq!(used_up.remaining(), 0);
        assert!(used_up.advance().is_err());
    }
}

#[test]
fn shorter_working_keys_are_derived_as_published_too() {
    for set in sets() {
        for vector in &set.transaction {
            for working in &vector.working {
                for (usage, expected) in [
                    (0x1000, &working.pin_encryption),
                    (0x2000, &working.mac_generation),
                    (0x3000, &working.data_encryption),
                ] {
                    let mut key = vec![0; working.len];
                    let id = hex(&set.initial_key_id);
                    let from = hex(&vector.key);
                    derive(set.scheme, &from, usage, &id, vector.number(), &mut key);
                    assert_eq!(key, hex(expected));
                }
            }
        }
    }
}

#[test]
fn the_sample_pin_block_is_enciphered_as_published() {
    let pan = Pan::from_digits(b"4111111111111111").expect("a PAN");
    for set in sets() {
        let mut registers = set.registers();
        for vector in &set.transaction[..8] {
            let expected = vector.working.iter().find_map(|all| all.pin_block.as_ref());
            let pin_field = PinBlock::from_slice(&hex("441234AAAAAAAAAA2F69ADDE2E9E7ACE"))
                .expect("a PIN block");
            let key = registers.advance().expect("not used up");
            let sent = key.encipher_pin_block(pin_field, &pan).expect("format 4");
            assert_eq!(sent.block.as_slice(), hex(expected.expect("a PIN block")));
            assert_eq!(
                sent.ksn.as_slice(),
                hex(&(set.initial_key_id.clone() + &vector.counter))
            );
        }
    }
}

/// What the other tests compare with is itself compared with the standard.
#[test]
fn the_host_of_these_tests_gives_the_published_keys() {
    for set in sets() {
        let host = Host {
            scheme: set.scheme,
            bdk: hex(&set.bdk),
            id: hex(&set.initial_key_id),
        };
        assert_eq!(host.initial_key(), hex(&set.initial_key));
        for vector in &set.transaction {
            assert_eq!(host.transaction_key(vector.number()), hex(&vector.key));
        }
    }
}
