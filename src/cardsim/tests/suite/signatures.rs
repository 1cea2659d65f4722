//! Offline data authentication, checked as a terminal checks it (EMV 4.4 Book 2 5 and 6).

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use sealpoint_cardsim::oda::{Chain, RsaKey};
use sealpoint_cardsim::profile::{Authentication, Profile, Scheme};
use sealpoint_cardsim::{IssuerKeys, profile};

use crate::terminal::{AAC, ARQC, TC, Terminal, issuer, objects, shipped};

const SIGNED: u8 = 0x10;

/// What a signature holds between header and hash, if it is sound.
fn recover(key: &RsaKey, signature: &[u8], hashed_too: &[&[u8]]) -> Option<Vec<u8>> {
    if signature.len() != key.size() {
        return None;
    }
    let block = key.public(signature);
    let (inner, hash) = block.split_at(block.len() - 21);
    let (&[header], middle) = inner.split_first_chunk()?;
    let all = [middle, &hashed_too.concat()].concat();
    let sound = header == 0x6A
        && block.ends_with(&[0xBC])
        && digest(&SHA1_FOR_LEGACY_USE_ONLY, &all).as_ref() == &hash[..20];
    sound.then(|| middle.to_vec())
}

fn initiated(profile: &Profile, keys: &IssuerKeys) -> Terminal {
    let mut terminal = Terminal::new(profile, keys);
    terminal.initiate(&profile.application.aid.0);
    terminal
}

/// The modulus that a certificate certifies: what is in it and the remainder.
fn certified(
    by: &RsaKey,
    known: &crate::terminal::Objects,
    [certificate, remainder, exponent]: [u16; 3],
    name: usize,
    static_data: &[u8],
) -> Option<Vec<u8>> {
    let empty = Vec::new();
    let remainder = known.get(&remainder).unwrap_or(&empty);
    let signed = [remainder, &known[&exponent][..], static_data];
    let middle = recover(by, known.get(&certificate)?, &signed)?;
    let length = usize::from(middle[name + 7]);
    let inside = middle[name + 9..].iter().copied().take(length);
    let modulus: Vec<u8> = inside.take(length - remainder.len()).collect();
    Some([&modulus[..], remainder].concat())
}

/// Whether certificates and static signature are sound, down to the card's key.
fn sound(terminal: &Terminal, profile: &Profile) -> bool {
    let chain = Chain::of(profile.application.scheme);
    let known = &terminal.known;
    let issuer = certified(&chain.authority.key, known, [0x90, 0x92, 0x9F32], 5, &[]);
    if known[&0x8F] != [chain.authority.index] || issuer != Some(chain.issuer.key.modulus()) {
        return false;
    }
    let by = &chain.issuer.key;
    if let Some(signed) = known.get(&0x93) {
        return recover(by, signed, &[&terminal.static_data]).is_some();
    }
    let static_data = &terminal.static_data;
    let card = certified(by, known, [0x9F46, 0x9F48, 0x9F47], 11, static_data);
    card == Some(chain.icc.key.modulus())
}

#[test]
fn both_key_files_are_read_and_their_check_values_hold() {
    for scheme in [Scheme::Visa, Scheme::Mastercard] {
        let authority = &Chain::of(scheme).authority;
        assert_eq!(authority.check, authority.check_value());
        let block: Vec<u8> = (1..=64).collect();
        let signed = authority.key.private(&block);
        assert!(authority.key.public(&signed).ends_with(&block));
    }
}

/// The terminal's profile for the demo has the public halves, by another room's hand.
#[test]
fn the_demo_terminal_trusts_the_authorities_of_these_cards() {
    let text = include_str!("../../../emv/src/demo.toml");
    let profile: toml::Table = text.parse().expect("TOML");
    let known = profile["capk"].as_array().expect("a list of keys");
    for scheme in [Scheme::Visa, Scheme::Mastercard] {
        let authority = &Chain::of(scheme).authority;
        let hex = |bytes: &[u8]| data_encoding::HEXUPPER.encode(bytes);
        let rid = hex(&authority.rid);
        let has = |key: &&toml::Value| key["rid"].as_str() == Some(&rid);
        let key = known.iter().find(has).expect("the scheme's key");
        let text = |name: &str| -> String {
            let value = key[name].as_str().expect("a string");
            value.split_whitespace().collect()
        };
        assert_eq!(text("index"), hex(&[authority.index]));
        assert_eq!(text("modulus"), hex(&authority.key.modulus()));
        assert_eq!(text("check_value"), hex(&authority.check));
        let exponent = key["exponent"].as_integer().expect("a number");
        let [.., a, b, c] = exponent.to_be_bytes();
        assert!([a, b, c].ends_with(&authority.key.exponent()));
        let [year, month, day] = authority.expires.bcd();
        let expires = format!("20{year:02X}-{month:02X}-{day:02X}");
        assert_eq!(key["expires"].to_string(), expires);
    }
}

#[test]
fn every_cards_certificates_are_sound_unless_it_is_made_not_to_be() {
    let keys = issuer();
    let mut counted = 0;
    for card in profile::all() {
        let plain = card.application.contactless.is_none() && !card.behaviour.blocked;
        if card.application.authentication == Authentication::None || !plain {
            continue;
        }
        let terminal = initiated(&card, &keys);
        let spoilt = [
            "bad-static-signature",
            "bad-issuer-certificate",
            "bad-card-certificate",
        ];
        let expected = !spoilt.contains(&card.name.as_str());
        assert_eq!(sound(&terminal, &card), expected, "{}", card.name);
        counted += 1;
    }
    assert!(counted > 30, "{counted}");
}

#[test]
fn a_record_fits_into_one_answer_on_every_card() {
    let keys = issuer();
    for card in profile::all() {
        if card.behaviour.blocked || card.application.contactless.is_some() {
            continue;
        }
        let mut terminal = Terminal::new(&card, &keys);
        terminal.select(&card.application.aid.0);
        let values = terminal.fill(0x9F38);
        let length = u8::try_from(values.len()).expect("short");
        terminal.ok([0x80, 0xA8, 0, 0], &[&[0x83, length][..], &values].concat());
        for (file, record) in (1..5).flat_map(|file| (1..6).map(move |record| (file, record))) {
            let (body, _) = terminal.send([0x00, 0xB2, record, file << 3 | 4], &[]);
            assert!(body.len() <= 256, "{} {file}/{record}", card.name);
        }
    }
}

#[test]
fn internal_authenticate_signs_the_terminals_number() {
    let keys = issuer();
    for (name, format) in [("dda", 0x80), ("mchip-17", 0x9F4B)] {
        let profile = shipped(name);
        let mut terminal = initiated(&profile, &keys);
        let values = terminal.fill(0x9F49);
        let answer = terminal.ok([0x00, 0x88, 0, 0], &values);
        let signed = objects(&answer)[&format].clone();
        let key = &Chain::of(profile.application.scheme).icc.key;
        let middle = recover(key, &signed, &[&values]).expect("a sound signature");
        assert_eq!(middle[..4], [0x05, 0x01, 9, 8], "{name}");
        assert_eq!(recover(key, &signed, &[&[0; 4]]), None, "{name}");
        // Another use, another number of the card.
        let again = terminal.ok([0x00, 0x88, 0, 0], &values);
        assert_ne!(objects(&again)[&format], signed, "{name}");
        assert_eq!(terminal.send([0x00, 0x88, 0, 0], &values[1..]).1, 0x6700);
    }
    let mut spoilt = initiated(&shipped("bad-dda-signature"), &keys);
    let signed = spoilt.ok([0x00, 0x88, 0, 0], &[0, 0, 0, 1]);
    let key = &Chain::of(Scheme::Visa).icc.key;
    assert_eq!(
        recover(key, &objects(&signed)[&0x80], &[&[0, 0, 0, 1]]),
        None
    );
}

/// The cryptogram of a signed answer whose signature is sound and covers what was said.
fn signed_cryptogram(terminal: &Terminal, scheme: Scheme) -> Option<Vec<u8>> {
    let known = &terminal.known;
    let signed = known.get(&0x9F4B)?;
    let middle = recover(&Chain::of(scheme).icc.key, signed, &[&known[&0x9F37]])?;
    let rest = |tag: u16| sealpoint_cardsim::tlv::object(tag, &known[&tag]);
    let said = [
        &terminal.said[..],
        &rest(0x9F27),
        &rest(0x9F36),
        &rest(0x9F10),
    ]
    .concat();
    let data = &middle[3..];
    let number = usize::from(data[0]);
    let (information, data) = (data[1 + number], &data[2 + number..]);
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &said);
    let covers = data[8..28] == *hash.as_ref() && information == known[&0x9F27][0];
    covers.then(|| data[..8].to_vec())
}

#[test]
fn a_cda_card_signs_both_cryptograms_and_all_that_was_said() {
    for name in ["cda", "visa-approved", "t0"] {
        let keys = issuer();
        let profile = shipped(name);
        let scheme = profile.application.scheme;
        let mut terminal = initiated(&profile, &keys);
        terminal.known.remove(&0x9F26);
        assert_eq!(terminal.generate_ac(ARQC | SIGNED, 0x8C), ARQC, "{name}");
        assert!(!terminal.known.contains_key(&0x9F26), "only signed");
        let cryptogram = signed_cryptogram(&terminal, scheme).expect("a sound signature");
        terminal.know(&[(0x9F26, &cryptogram)]);
        assert!(terminal.genuine(&keys), "{name}");
        let answer = terminal.host(&keys, *b"00", true);
        terminal.know(&[(0x8A, b"00"), (0x91, &answer)]);
        if terminal.known[&0x82][0] & 0x04 != 0 {
            terminal.send([0x00, 0x82, 0, 0], &answer);
        }
        assert_eq!(terminal.generate_ac(TC | SIGNED, 0x8D), TC, "{name}");
        let cryptogram = signed_cryptogram(&terminal, scheme).expect("a sound signature");
        terminal.know(&[(0x9F26, &cryptogram)]);
        assert!(terminal.genuine(&keys), "{name}");
    }
}

#[test]
fn an_aac_is_never_signed_and_only_a_cda_card_signs() {
    let keys = issuer();
    let mut terminal = initiated(&shipped("declines-offline"), &keys);
    assert_eq!(terminal.generate_ac(ARQC | SIGNED, 0x8C), AAC);
    assert!(terminal.known.contains_key(&0x9F26));
    assert!(!terminal.known.contains_key(&0x9F4B));
    let mut terminal = initiated(&shipped("dda"), &keys);
    let data = terminal.fill(0x8C);
    assert_eq!(terminal.send([0x80, 0xAE, 0x90, 0], &data).1, 0x6A86);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC);
}

#[test]
fn the_cards_made_to_sign_wrongly_do() {
    let keys = issuer();
    for name in ["bad-cda-signature", "other-amount-signed"] {
        let profile = shipped(name);
        let mut terminal = initiated(&profile, &keys);
        assert!(sound(&terminal, &profile), "{name}");
        assert_eq!(terminal.generate_ac(ARQC | SIGNED, 0x8C), ARQC, "{name}");
        let scheme = profile.application.scheme;
        assert_eq!(signed_cryptogram(&terminal, scheme), None, "{name}");
    }
}
