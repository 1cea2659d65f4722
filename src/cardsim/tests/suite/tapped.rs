//! Tapped cards: directory, cryptogram in GET PROCESSING OPTIONS, fDDA (EMV contactless book C-3).

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use sealpoint_cardsim::oda::Chain;
use sealpoint_cardsim::profile::Scheme;

use crate::terminal::{AAC, ARQC, OK, TC, Terminal, issuer, objects, shipped};

const VISA: &[u8] = &[0xA0, 0, 0, 0, 0x03, 0x10, 0x10];
const DIRECTORY: &[u8] = b"2PAY.SYS.DDF01";
/// qVSDC, online PIN and signature; online cryptogram required; nothing else.
const ONLINE: [u8; 4] = [0x26, 0x80, 0x00, 0x00];
/// The same, and the cardholder must be verified.
const VERIFIED: [u8; 4] = [0x26, 0xC0, 0x00, 0x00];
/// qVSDC; may stay offline.
const OFFLINE: [u8; 4] = [0x22, 0x00, 0x00, 0x00];

/// SELECT and GET PROCESSING OPTIONS; the status word.
fn tap(terminal: &mut Terminal, qualifiers: [u8; 4]) -> u16 {
    terminal.know(&[(0x9F66, &qualifiers)]);
    terminal.select(VISA);
    let values = terminal.fill(0x9F38);
    let length = u8::try_from(values.len()).expect("short");
    let (body, status) =
        terminal.send([0x80, 0xA8, 0, 0], &[&[0x83, length][..], &values].concat());
    terminal.known.extend(objects(&body));
    status
}

fn tapped(card: &str, qualifiers: [u8; 4]) -> (Terminal, u16) {
    let mut terminal = Terminal::new(&shipped(card), &issuer());
    let status = tap(&mut terminal, qualifiers);
    (terminal, status)
}

#[test]
fn a_tapped_card_shows_in_its_atr_and_has_its_directory_in_the_fci() {
    let mut terminal = Terminal::new(&shipped("qvsdc"), &issuer());
    assert_eq!(terminal.card.atr(), [0x3B, 0x80, 0x80, 0x01, 0x01]);
    let found = objects(&terminal.ok([0x00, 0xA4, 0x04, 0x00], DIRECTORY));
    assert_eq!(found[&0x4F], VISA);
    assert_eq!(found[&0x9F2A], [3]);
    assert_eq!(
        terminal.send([0x00, 0xA4, 0x04, 0x00], b"1PAY.SYS.DDF01").1,
        0x6A82
    );
}

#[test]
fn the_cryptogram_comes_at_once_and_is_genuine() {
    let keys = issuer();
    let mut terminal = Terminal::new(&shipped("qvsdc"), &keys);
    assert_eq!(tap(&mut terminal, ONLINE), OK);
    assert_eq!(terminal.known[&0x9F27], [ARQC]);
    let digits = data_encoding::HEXUPPER.encode(&terminal.known[&0x57]);
    let pan = digits.split('D').next().expect("track 2");
    terminal.known.insert(
        0x5A,
        data_encoding::HEXUPPER
            .decode(pan.as_bytes())
            .expect("even"),
    );
    assert!(terminal.genuine(&keys));
    assert!(!terminal.known.contains_key(&0x94), "nothing to read");
    assert_eq!(terminal.send([0x80, 0xAE, 0x80, 0], &[0; 29]).1, 0x6985);
}

#[test]
fn who_must_be_verified_is_asked_in_a_way_that_both_sides_know() {
    assert_eq!(tapped("qvsdc-cvm", ONLINE).0.known[&0x9F6C], [0, 0]);
    assert_eq!(tapped("qvsdc-cvm", VERIFIED).0.known[&0x9F6C], [0x80, 0]);
    let signature = [0x22, 0xC0, 0, 0];
    assert_eq!(tapped("qvsdc-cvm", signature).0.known[&0x9F6C], [0x40, 0]);
    let nothing = [0x20, 0xC0, 0, 0];
    assert_eq!(tapped("qvsdc-cvm", nothing).1, 0x6984);
    assert_eq!(tapped("qvsdc", VERIFIED).1, 0x6984);
    let device = [0x26, 0xC0, 0x40, 0];
    assert_eq!(tapped("qvsdc-device", device).0.known[&0x9F6C], [0, 0x80]);
    assert_eq!(tapped("qvsdc-device", VERIFIED).1, 0x6984);
}

#[test]
fn a_card_refuses_with_its_status_word_and_a_reader_without_qvsdc() {
    for (card, status) in [
        ("qvsdc-insert", 0x6984),
        ("qvsdc-next", 0x6985),
        ("qvsdc-see-phone", 0x6986),
    ] {
        assert_eq!(tapped(card, ONLINE).1, status, "{card}");
    }
    assert_eq!(tapped("qvsdc", [0x80, 0x80, 0, 0]).1, 0x6985);
}

/// Whether the signature covers number, amount, currency and 9F69, as fDDA version 01 says.
fn fast_signature_holds(terminal: &mut Terminal) -> bool {
    let afl = terminal.known[&0x94].clone();
    for entry in afl.chunks_exact(4) {
        for record in entry[1]..=entry[2] {
            let body = terminal.ok([0x00, 0xB2, record, entry[0] | 4], &[]);
            terminal.known.extend(objects(&body));
        }
    }
    let known = &terminal.known;
    let block = Chain::of(Scheme::Visa).icc.key.public(&known[&0x9F4B]);
    let (inner, hash) = block.split_at(block.len() - 21);
    let terminals = [0x9F37, 0x9F02, 0x5F2A, 0x9F69].map(|tag| known[&tag].clone());
    let all = [&inner[1..], &terminals.concat()].concat();
    assert_eq!((known[&0x9F69][0], known[&0x9F69].len()), (1, 7));
    assert_eq!(known[&0x9F69][5..], known[&0x9F6C]);
    inner[..3] == [0x6A, 0x05, 0x01]
        && digest(&SHA1_FOR_LEGACY_USE_ONLY, &all).as_ref() == &hash[..20]
}

#[test]
fn offline_it_signs_fast_and_the_terminal_can_check_it() {
    let (mut terminal, _) = tapped("qvsdc-offline", OFFLINE);
    assert_eq!(terminal.known[&0x9F27], [TC]);
    assert!(fast_signature_holds(&mut terminal));
    // Not if the reader wants to go online.
    assert_eq!(tapped("qvsdc-offline", ONLINE).0.known[&0x9F27], [ARQC]);
    let (mut terminal, _) = tapped("qvsdc-bad-signature", OFFLINE);
    assert!(!fast_signature_holds(&mut terminal));
    // With an ARQC only if the reader wants that.
    let (mut terminal, _) = tapped("qvsdc", [0x27, 0x80, 0, 0]);
    assert_eq!(terminal.known[&0x9F27], [ARQC]);
    assert!(fast_signature_holds(&mut terminal));
}

#[test]
fn an_offline_reader_gets_no_arqc_and_a_declining_card_an_aac() {
    assert_eq!(tapped("qvsdc", [0x2A, 0, 0, 0]).0.known[&0x9F27], [AAC]);
    assert_eq!(tapped("qvsdc-declines", ONLINE).0.known[&0x9F27], [AAC]);
}
