//! Issues cards under keys of the tests' own, and signs what a card signs, with other arithmetic than
//! the kernel's. Change a field, and the card has that defect.

use num_bigint::BigUint;
use sha1::{Digest, Sha1};

use super::keys::{self, KeyText};
use crate::{
    Aip, Capk, Flaw, Tag, TerminalData, Tsi, Tvr, demo_profile,
    dialogue::Dialogue,
    oda, tag,
    tests::card::{charge, hex, object},
};

/// The application that the tests select, and its scheme.
pub(in crate::tests) const AID: &str = "A0000000031010";
pub(super) const RID: [u8; 5] = [0xA0, 0x00, 0x00, 0x00, 0x03];
/// Index of the tests' authority.
pub(super) const INDEX: u8 = 0xEE;
pub(in crate::tests) const PAN: &str = "4761739001010119";

/// A key pair of the tests.
#[derive(Clone)]
pub(super) struct TestKey {
    pub(super) modulus: Vec<u8>,
    private: Vec<u8>,
    pub(super) exponent: u32,
}

impl TestKey {
    pub(super) fn of(text: &KeyText) -> Self {
        Self {
            modulus: hex(text.modulus),
            private: hex(text.private),
            exponent: text.exponent,
        }
    }

    pub(super) fn exponent_bytes(&self) -> Vec<u8> {
        let bytes = self.exponent.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes[zeros..].to_vec()
    }

    /// The message to the power of the private exponent, as long as the modulus.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        assert_eq!(message.len(), self.modulus.len());
        let modulus = BigUint::from_bytes_be(&self.modulus);
        let private = BigUint::from_bytes_be(&self.private);
        let signature = BigUint::from_bytes_be(message).modpow(&private, &modulus);
        let bytes = signature.to_bytes_be();
        let zeros = self.modulus.len() - bytes.len();
        [vec![0; zeros], bytes].concat()
    }
}

/// What frames a signed message (Annex A2.1).
#[derive(Clone)]
pub(super) struct Frame {
    pub(super) header: u8,
    pub(super) format: u8,
    pub(super) hash_algorithm: u8,
    pub(super) trailer: u8,
    /// Whether the hash is that of the message.
    pub(super) hashed: bool,
}

impl Frame {
    pub(super) fn of(format: u8) -> Self {
        Self {
            header: 0x6A,
            format,
            hash_algorithm: 0x01,
            trailer: 0xBC,
            hashed: true,
        }
    }

    /// Signs what follows the format byte; the hash covers that and `besides`.
    pub(super) fn sign(&self, key: &TestKey, fields: &[u8], besides: &[u8]) -> Vec<u8> {
        let padded = key.modulus.len() - 22;
        let mut body = [&[self.format], fields].concat();
        assert!(body.len() <= padded, "the fields fit under the key");
        body.resize(padded, 0xBB);
        let mut hash = Sha1::digest([&body, besides].concat()).to_vec();
        if !self.hashed {
            hash[7] ^= 0x10;
        }
        key.sign(&[&[self.header][..], &body, &hash, &[self.trailer]].concat())
    }
}

/// A certificate before it is signed (tables 6, 14 and 23).
#[derive(Clone)]
pub(super) struct Certificate {
    pub(super) frame: Frame,
    pub(super) key: TestKey,
    /// Issuer identifier or PAN, padded.
    pub(super) owner: Vec<u8>,
    /// Month and year.
    pub(super) expires: [u8; 2],
    pub(super) serial: [u8; 3],
    pub(super) key_algorithm: u8,
    /// What it says of the lengths of its key, if not the truth.
    pub(super) key_length: Option<u8>,
    pub(super) exponent_length: Option<u8>,
}

impl Certificate {
    fn of(format: u8, key: &KeyText, owner: &str) -> Self {
        Self {
            frame: Frame::of(format),
            key: TestKey::of(key),
            owner: hex(owner),
            expires: [0x12, 0x30],
            serial: [0x00, 0x01, 0x02],
            key_algorithm: 0x01,
            key_length: None,
            exponent_length: None,
        }
    }

    /// The certificate and the remainder of the key.
    fn sign(&self, signer: &TestKey, static_data: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let modulus = &self.key.modulus;
        let exponent = self.key.exponent_bytes();
        let short = |length: usize| u8::try_from(length).expect("a key has up to 248 bytes");
        let key_length = self.key_length.unwrap_or(short(modulus.len()));
        let exponent_length = self.exponent_length.unwrap_or(short(exponent.len()));
        let terms = [
            &self.owner[..],
            &self.expires,
            &self.serial,
            &[
                self.frame.hash_algorithm,
                self.key_algorithm,
                key_length,
                exponent_length,
            ],
        ]
        .concat();
        let room = signer.modulus.len() - 23 - terms.len();
        let (leftmost, remainder) = modulus.split_at(room.min(modulus.len()));
        let fields = [&terms, leftmost].concat();
        let besides = [remainder, &exponent, static_data].concat();
        (
            self.frame.sign(signer, &fields, &besides),
            remainder.to_vec(),
        )
    }
}

/// What spoils a card, and the flaw that it then has.
pub(super) type Defect = (fn(&mut Plan), Flaw);

/// A card before it is issued.
#[derive(Clone)]
pub(in crate::tests) struct Plan {
    pub(super) authority: TestKey,
    pub(super) issuer: Certificate,
    pub(super) card: Certificate,
    pub(super) pin: Certificate,
    /// Signed static data.
    pub(super) static_frame: Frame,
    /// The card's signature over a charge.
    pub(super) dynamic_frame: Frame,
    pub(in crate::tests) aip: Aip,
    pub(super) tag_list: Option<Vec<u8>>,
    /// The records that the AFL marks, and their file.
    pub(in crate::tests) records: Vec<(u8, Vec<u8>)>,
    /// What was issued, once it was.
    issued: Option<Vec<(Tag, Vec<u8>)>>,
    /// What is on the card at last, instead of what was issued; none for nothing.
    instead: Vec<(Tag, Option<Vec<u8>>)>,
    pub(in crate::tests) terminal: TerminalData,
    pub(super) date: [u8; 3],
}

impl Plan {
    /// A card that supports this, at a terminal that supports all.
    pub(in crate::tests) fn new(aip: Aip) -> Self {
        let authority = TestKey::of(&keys::AUTHORITY);
        let mut terminal = demo_profile();
        terminal.capabilities[2] |= 0xC8;
        terminal.keys = vec![Capk {
            rid: RID,
            index: INDEX,
            modulus: authority.modulus.clone(),
            exponent: authority.exponent,
            expires: [0x30, 0x12, 0x31],
        }];
        for application in &mut terminal.applications {
            application.default_ddol = hex("9F3704");
        }
        let record = [
            object(tag::PAN, &hex(PAN)),
            object(tag::EXPIRY, &hex("301231")),
        ]
        .concat();
        let pan = format!("{PAN}FFFF");
        Self {
            authority,
            issuer: Certificate::of(0x02, &keys::ISSUER, "476173FF"),
            card: Certificate::of(0x04, &keys::CARD, &pan),
            pin: Certificate::of(0x04, &keys::PIN, &pan),
            static_frame: Frame::of(0x03),
            dynamic_frame: Frame::of(0x05),
            aip,
            tag_list: Some(vec![0x82]),
            records: vec![(1, object(tag::RECORD, &record))],
            issued: None,
            instead: Vec::new(),
            terminal,
            date: charge().date,
        }
    }

    /// Issues the card: what changes from here on, its issuer did not sign.
    pub(in crate::tests) fn issue(mut self) -> Self {
        self.issued = Some(self.elements());
        self
    }

    /// The card with something else in place of what was issued.
    pub(super) fn with(mut self, tag: Tag, value: &[u8]) -> Self {
        self.instead.push((tag, Some(value.to_vec())));
        self
    }

    pub(super) fn without(mut self, tag: Tag) -> Self {
        self.instead.push((tag, None));
        self
    }

    /// The bytes that issuer and terminal authenticate, as the issuer saw them: records without their
    /// template in the first ten files.
    fn static_data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for (file, record) in &self.records {
            let header = match record.get(1) {
                _ if *file > 10 => 0,
                Some(0x81) => 3,
                _ => 2,
            };
            data.extend(&record[header..]);
        }
        if self.tag_list.is_some() {
            data.extend(self.aip.bits().to_be_bytes());
        }
        data
    }

    /// All that the card holds.
    pub(in crate::tests) fn elements(&self) -> Vec<(Tag, Vec<u8>)> {
        let mut elements = self.issued.clone().unwrap_or_else(|| self.sign_all());
        for (tag, value) in &self.instead {
            elements.retain(|(known, _)| known != tag);
            elements.extend(value.clone().map(|value| (*tag, value)));
        }
        elements
    }

    /// The value of one of them.
    pub(super) fn element(&self, wanted: Tag) -> Vec<u8> {
        let mut elements = self.elements().into_iter();
        let found = elements.find(|(tag, _)| *tag == wanted);
        found.expect("the card holds it").1
    }

    fn sign_all(&self) -> Vec<(Tag, Vec<u8>)> {
        let static_data = self.static_data();
        let (issuer, issuer_rest) = self.issuer.sign(&self.authority, &[]);
        let (card, card_rest) = self.card.sign(&self.issuer.key, &static_data);
        let (pin, pin_rest) = self.pin.sign(&self.issuer.key, &[]);
        let dac = [self.static_frame.hash_algorithm, 0xDA, 0xC0];
        let ssad = self.static_frame.sign(&self.issuer.key, &dac, &static_data);
        vec![
            (tag::AIP, self.aip.bits().to_be_bytes().to_vec()),
            (tag::PAN, hex(PAN)),
            (tag::EXPIRY, hex("301231")),
            (tag::CAPK_INDEX_CARD, vec![INDEX]),
            (tag::ISSUER_CERTIFICATE, issuer),
            (tag::ISSUER_REMAINDER, issuer_rest),
            (tag::ISSUER_EXPONENT, self.issuer.key.exponent_bytes()),
            (tag::SIGNED_STATIC_DATA, ssad),
            (tag::ICC_CERTIFICATE, card),
            (tag::ICC_REMAINDER, card_rest),
            (tag::ICC_EXPONENT, self.card.key.exponent_bytes()),
            (tag::PIN_CERTIFICATE, pin),
            (tag::PIN_REMAINDER, pin_rest),
            (tag::PIN_EXPONENT, self.pin.key.exponent_bytes()),
            (tag::SDA_TAG_LIST, self.tag_list.clone().unwrap_or_default()),
        ]
    }

    /// A charge after the card's records were read.
    pub(super) fn read(&self) -> Dialogue {
        let mut charge = charge();
        charge.date = self.date;
        let mut dialogue = Dialogue::new(self.terminal.clone(), charge);
        dialogue.take_up(super::selected(&self.terminal, AID));
        dialogue.aip = self.aip;
        for (tag, value) in self.elements() {
            dialogue.store.learn(tag, &value).expect("each once");
        }
        for (file, record) in &self.records {
            oda::gather(&mut dialogue, *file, record);
        }
        dialogue
    }

    /// Signs dynamic data: number, and whatever follows it, over what the terminal sent.
    pub(in crate::tests) fn sign(&self, dynamic: &[u8], sent: &[u8]) -> Vec<u8> {
        let length = u8::try_from(dynamic.len()).expect("a few bytes");
        let fields = [&[self.dynamic_frame.hash_algorithm, length], dynamic].concat();
        self.dynamic_frame.sign(&self.card.key, &fields, sent)
    }

    /// Starts authentication, and gives how it stands.
    pub(super) fn start(&self) -> (Dialogue, bool) {
        let mut dialogue = self.read();
        let asked = oda::start(&mut dialogue).is_some();
        (dialogue, asked)
    }
}

/// What the terminal found: TVR byte 1, whether the TSI says performed, and the flaw.
pub(super) fn found(dialogue: &Dialogue) -> (Tvr, bool, Option<Flaw>) {
    (
        dialogue.tvr,
        dialogue.tsi.contains(Tsi::ODA),
        dialogue.oda.flaw(),
    )
}
