//! Certificates and signatures with any content: their makers hold the keys, as a dishonest issuer or
//! a cardholder with a certified card would. The fuzzer's bytes are what a terminal recovers.

use std::sync::OnceLock;

use sealpoint_cardsim::{oda::Chain, oda::RsaKey, profile::Scheme};
use sealpoint_emv::{Tag, tag};
use sha1::{Digest, Sha1};

use super::{
    bytes::Bytes,
    card::{Card, PAN, object, template},
    charge,
};

/// Header and trailer of what is recovered (Book 2 Annex A2.1), and the bytes around the content.
const HEADER: u8 = 0x6A;
const TRAILER: u8 = 0xBC;
const AROUND: usize = 22;
const FILLER: u8 = 0xBB;
/// The terminal's unpredictable number.
const NUMBER: [u8; 4] = [1, 2, 3, 4];

/// A key of the chain and its certificate, as records hold it.
#[derive(Clone)]
struct Certificate {
    signed: Vec<u8>,
    remainder: Vec<u8>,
    exponent: Vec<u8>,
}

/// What each link is when nobody tampers with it. Signing takes far longer than a charge, so it is done
/// once.
struct Good {
    issuer: Certificate,
    card: Certificate,
    pin: Certificate,
    signed_data: Vec<u8>,
    dynamic: Vec<u8>,
}

impl Good {
    fn of(chain: &Chain) -> &'static Self {
        static GOOD: OnceLock<Good> = OnceLock::new();
        GOOD.get_or_init(|| {
            let account = [&PAN[..], &[0xFF; 2]].concat();
            let number = [&[0x05, 0x01, 0x09, 0x08][..], &[7; 8]].concat();
            let (issuer, card) = (&chain.issuer.key, &chain.icc.key);
            Self {
                issuer: certificate(&chain.authority.key, issuer, 0x02, &PAN[..4]),
                card: certificate(issuer, card, 0x04, &account),
                pin: certificate(issuer, &chain.pin.key, 0x04, &account),
                signed_data: sign(issuer, &[0x03, 0x01, 0xDA, 0xC0], &[], 1),
                dynamic: sign(card, &number, &NUMBER, 1),
            }
        })
    }
}

/// One link of the chain has the fuzzer's content, the others are good.
pub fn certificates(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (place, flags) = (bytes.byte() % 6, bytes.byte());
    let content = bytes.rest();
    let chain = Chain::of(Scheme::Visa);
    let good = Good::of(chain);
    let forged = |by: &RsaKey, behind: &[u8]| sign(by, content, behind, flags);
    let behind = |one: &Certificate| [&one.remainder[..], &one.exponent].concat();
    let (mut issuer, mut card, mut pin) =
        (good.issuer.clone(), good.card.clone(), good.pin.clone());
    let (mut signed_data, mut dynamic) = (good.signed_data.clone(), good.dynamic.clone());
    match place {
        0 => issuer.signed = forged(&chain.authority.key, &behind(&issuer)),
        1 => card.signed = forged(&chain.issuer.key, &behind(&card)),
        2 => pin.signed = forged(&chain.issuer.key, &behind(&pin)),
        3 => signed_data = forged(&chain.issuer.key, &[]),
        _ => dynamic = forged(&chain.icc.key, &NUMBER),
    }
    let aip = match place {
        3 => 0x58,
        5 => 0x19,
        _ => 0x38,
    };
    let elements: [(Tag, &[u8]); 12] = [
        (tag::CAPK_INDEX_CARD, &[chain.authority.index]),
        (tag::ISSUER_CERTIFICATE, &issuer.signed),
        (tag::ISSUER_REMAINDER, &issuer.remainder),
        (tag::ISSUER_EXPONENT, &issuer.exponent),
        (tag::ICC_CERTIFICATE, &card.signed),
        (tag::ICC_REMAINDER, &card.remainder),
        (tag::ICC_EXPONENT, &card.exponent),
        (tag::PIN_CERTIFICATE, &pin.signed),
        (tag::PIN_REMAINDER, &pin.remainder),
        (tag::PIN_EXPONENT, &pin.exponent),
        (tag::SIGNED_STATIC_DATA, &signed_data),
        (
            tag::CVM_LIST,
            &[0, 0, 0, 0, 0, 0, 0, 0, 0x44, 0x03, 0x1F, 0x03],
        ),
    ];
    let given: Vec<_> = elements
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let mut it = Card::with([aip, 0x00], &given);
    it.authenticate = object(tag::FORMAT_1, &dynamic);
    if place == 5 {
        it.first_ac = signed_cryptogram(0x40, &dynamic);
        it.second_ac = signed_cryptogram(0x40, &dynamic);
    }
    charge::play(it, charge::offline(), charge::approval());
}

fn signed_cryptogram(cid: u8, signed: &[u8]) -> Vec<u8> {
    template(
        tag::FORMAT_2,
        &[
            object(tag::CID, &[cid]),
            object(tag::ATC, &[0, 1]),
            object(tag::SIGNED_DYNAMIC_DATA, signed),
            object(tag::IAD, &[6, 1, 0x0A, 3, 0, 0, 0]),
        ],
    )
}

/// A good certificate (Book 2 tables 2 and 13) for data that is not signed.
fn certificate(by: &RsaKey, of: &RsaKey, format: u8, name: &[u8]) -> Certificate {
    let (modulus, exponent) = (of.modulus(), of.exponent());
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap_or(u8::MAX);
    let head = [
        &[format][..],
        name,
        &[0x12, 0x30, 0, 0, 1, 0x01, 0x01],
        &[length(&modulus), length(&exponent)],
    ]
    .concat();
    let room = by.size().saturating_sub(AROUND + head.len());
    let (inside, remainder) = modulus.split_at(modulus.len().min(room));
    let content = [&head, inside].concat();
    Certificate {
        signed: sign(by, &content, &[remainder, &exponent].concat(), 1),
        remainder: remainder.to_vec(),
        exponent,
    }
}

/// Signs content of any kind. Of `flags`, bit 1 says that the hash is right, bit 2 spoils the header,
/// bit 3 the trailer.
fn sign(by: &RsaKey, content: &[u8], behind: &[u8], flags: u8) -> Vec<u8> {
    let mut middle = content.to_vec();
    middle.resize(by.size().saturating_sub(AROUND), FILLER);
    let mut hash = Sha1::new();
    hash.update(&middle);
    hash.update(behind);
    let mut hash = hash.finalize();
    if flags & 1 == 0 {
        hash[0] ^= 1;
    }
    let header = HEADER ^ (flags & 2) >> 1;
    let trailer = TRAILER ^ (flags & 4) >> 2;
    by.private(&[&[header][..], &middle, &hash, &[trailer]].concat())
}
