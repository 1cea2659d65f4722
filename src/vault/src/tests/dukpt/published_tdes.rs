//! The vectors of X9.24-1:2009 annex A.4.

use sealpoint_secret::{Pan, PinBlock, SecretBytes};
use sealpoint_wire::seal::DukptScheme;
use serde::Deserialize;

use super::{Host, hex, host, number};
use crate::{Registers, dukpt::Purpose};

#[derive(Deserialize)]
struct File {
    bdk: String,
    initial_ksn: String,
    initial_key: String,
    pin_block: String,
    data: String,
    transaction: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    ksn: String,
    key: String,
    enciphered_pin_block: String,
    mac_request: String,
    mac_response: String,
    enciphered_data: String,
}

fn file() -> File {
    toml::from_str(include_str!("published-tdes.toml")).expect("the file is TOML")
}

impl File {
    fn registers(&self) -> Registers {
        let initial_key = SecretBytes::from_slice(&hex(&self.initial_key));
        let id = hex(&self.initial_ksn);
        Registers::from_initial_key(DukptScheme::Tdes2, &initial_key, &id)
            .expect("a good initial key")
    }

    fn host(&self) -> Host {
        Host {
            scheme: DukptScheme::Tdes2,
            bdk: hex(&self.bdk),
            id: hex(&self.initial_ksn),
        }
    }

    /// The sample data, filled up with zeros to whole blocks.
    fn blocks(&self) -> Vec<u8> {
        let mut data = self.data.clone().into_bytes();
        data.resize(data.len().next_multiple_of(8), 0);
        data
    }
}

/// The left half of the MAC of ANSI X9.19 (ISO/IEC 9797-1 algorithm 3), which the sample has.
fn x9_19(key: &[u8], blocks: &[u8]) -> Vec<u8> {
    let mut chain = vec![0; 8];
    for block in blocks.chunks(8) {
        let added: Vec<u8> = chain.iter().zip(block).map(|(a, b)| a ^ b).collect();
        chain = host::des(&key[..8], &added, true);
    }
    let between = host::des(&key[8..], &chain, false);
    host::des(&key[..8], &between, true)[..4].to_vec()
}

#[test]
fn the_terminal_gives_the_published_serial_numbers_and_keys_in_their_order() {
    let file = file();
    let mut registers = file.registers();
    assert_eq!(file.transaction.len(), 21 + 13);
    for vector in &file.transaction {
        let ksn = hex(&vector.ksn);
        // The second sequence begins at EFF800 and leaves out what has more than ten ones.
        if vector.ksn.ends_with("EFF800") {
            registers
                .skip_to(number(DukptScheme::Tdes2, &ksn))
                .expect("ahead");
        }
        let key = registers.advance().expect("not used up");
        assert_eq!(key.ksn(), ksn);
        assert_eq!(key.expose(), hex(&vector.key));
    }
}

#[test]
fn pin_mac_and_data_come_out_as_published() {
    let file = file();
    let pan = Pan::from_digits(b"4012345678909").expect("a PAN");
    for vector in &file.transaction {
        let mut registers = file.registers();
        let number = number(DukptScheme::Tdes2, &hex(&vector.ksn));
        registers.skip_to(number).expect("ahead");
        let key = registers.advance().expect("not used up");

        let mac = x9_19(key.working_key(Purpose::Mac).expose(), &file.blocks());
        assert_eq!(mac, hex(&vector.mac_request));
        let data = key.working_key(Purpose::Data);
        let scheme = DukptScheme::Tdes2;
        let clear = host::decrypt_cbc(data.expose(), &hex(&vector.enciphered_data), scheme);
        assert_eq!(clear, file.blocks());
        let clear = PinBlock::from_slice(&hex(&file.pin_block)).expect("a PIN block");
        let sent = key.encipher_pin_block(clear, &pan).expect("format 0");
        assert_eq!(sent.block.as_slice(), hex(&vector.enciphered_pin_block));
        assert_eq!(sent.ksn.as_slice(), hex(&vector.ksn));
    }
}

/// What the other tests compare with is itself compared with the standard.
#[test]
fn the_host_of_these_tests_gives_the_published_keys() {
    let file = file();
    let host = file.host();
    assert_eq!(host.initial_key(), hex(&file.initial_key));
    for vector in &file.transaction {
        let number = number(DukptScheme::Tdes2, &hex(&vector.ksn));
        assert_eq!(host.ksn(number), hex(&vector.ksn));
        assert_eq!(host.transaction_key(number), hex(&vector.key));
        let keys = host.working_keys(number);
        assert_eq!(x9_19(&keys.mac, &file.blocks()), hex(&vector.mac_request));
        let response = x9_19(&keys.mac_response, &file.blocks());
        assert_eq!(response, hex(&vector.mac_response));
        let clear = hex(&file.pin_block);
        assert_eq!(
            host::encrypt(&keys.pin, &clear, DukptScheme::Tdes2),
            hex(&vector.enciphered_pin_block)
        );
    }
}
