//! The vpcd client against a listener that speaks as `vpcd` does.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use sealpoint_cardsim::{Slot, VpcdClient, profile};

use crate::terminal::issuer;

struct Bench {
    vpcd: TcpListener,
    slot: Slot,
    client: VpcdClient,
}

fn bench() -> Bench {
    let vpcd = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = vpcd.local_addr().expect("an address").port();
    let slot = Slot::new(&profile::shipped(), &issuer()).expect("all cards");
    let client = VpcdClient::start("127.0.0.1", port, slot.clone()).expect("a client");
    Bench { vpcd, slot, client }
}

fn ask(card: &mut TcpStream, payload: &[u8]) -> Vec<u8> {
    send(card, payload);
    let mut length = [0; 2];
    card.read_exact(&mut length).expect("a length");
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    card.read_exact(&mut answer).expect("a payload");
    answer
}

fn send(card: &mut TcpStream, payload: &[u8]) {
    let length = u16::try_from(payload.len()).expect("a short frame");
    card.write_all(&[&length.to_be_bytes()[..], payload].concat())
        .expect("sent");
}

fn closed(card: &mut TcpStream) -> bool {
    matches!(card.read(&mut [0]), Ok(0))
}

#[test]
fn inserting_connects_and_removing_disconnects_every_time() {
    let bench = bench();
    for name in ["visa-approved", "mastercard-approved"] {
        bench.slot.insert(name).expect("inserted");
        let (mut card, _) = bench.vpcd.accept().expect("a card");
        send(&mut card, &[0x01]);
        assert_eq!(ask(&mut card, &[0x04])[0], 0x3B);
        let answer = ask(&mut card, b"\x00\xA4\x04\x00\x0E1PAY.SYS.DDF01\x00");
        assert!(answer.ends_with(&[0x90, 0x00]));
        bench.slot.remove();
        assert!(closed(&mut card));
    }
}

#[test]
fn a_card_that_vanishes_disconnects_without_an_answer() {
    let bench = bench();
    bench.slot.insert("visa-approved").expect("inserted");
    let (mut card, _) = bench.vpcd.accept().expect("a card");
    // No power: a command gets no answer, as from an empty reader.
    send(&mut card, &[0x00, 0xB2, 0x01, 0x0C, 0x00]);
    assert!(closed(&mut card));
}

#[test]
fn the_card_comes_back_when_vpcd_hangs_up() {
    let bench = bench();
    bench.slot.insert("visa-approved").expect("inserted");
    drop(bench.vpcd.accept().expect("a card"));
    let (mut card, _) = bench.vpcd.accept().expect("the card again");
    assert_eq!(ask(&mut card, &[0x04])[0], 0x3B);
}

#[test]
fn stopping_disconnects() {
    let bench = bench();
    bench.slot.insert("visa-approved").expect("inserted");
    let (mut card, _) = bench.vpcd.accept().expect("a card");
    assert_eq!(ask(&mut card, &[0x04])[0], 0x3B);
    drop(bench.client);
    assert!(closed(&mut card));
}
