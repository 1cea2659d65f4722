//! A card that an attacker has to get past: certified, with a cryptogram key that its issuer shares,
//! and a memory of its own of what it was told.

use sha1::{Digest, Sha1};

use crate::{
    AcType, Aip, HostAnswer, HostDecision, Tag, TerminalData, tag,
    tests::{
        card::{NOT_FOUND, hex, object, ok},
        oda::forge::{self, Plan},
    },
    tlv,
};

/// What the card wants to be told: amount and number, before it answers anything.
const PDOL: &str = "9F0206 9F3704";
/// Amounts, country, TVR, currency, date, kind, number, CVM results.
const CDOL1: [(Tag, usize); 9] = [
    (tag::AMOUNT, 6),
    (tag::AMOUNT_OTHER, 6),
    (tag::COUNTRY, 2),
    (tag::TVR, 5),
    (tag::CURRENCY, 2),
    (tag::DATE, 3),
    (tag::KIND, 1),
    (tag::UNPREDICTABLE, 4),
    (tag::CVM_RESULTS, 3),
];
const CDOL2: &str = "8A02 9F0206 9505 9F3704";
/// The key of card and issuer.
const KEY: [u8; 16] = *b"the issuer's key";
/// Where the card says in its issuer application data that it has verified a PIN.
const PIN_VERIFIED: u8 = 0x04;

/// CVM lists: rules by the schemes' habit.
pub(super) const NO_CVM: &str = "0000000000000000 1F00";
/// Plaintext PIN by the card where the terminal supports it, else fail.
pub(super) const PIN: &str = "0000000000000000 0103";

/// The card.
pub(super) struct Genuine {
    plan: Plan,
    /// Elements of the first record, which the issuer has signed.
    pub(super) elements: Vec<(Tag, Vec<u8>)>,
    /// Whether it has verified a PIN.
    pub(super) pin_verified: bool,
    /// Whether it declines when the CVM results say otherwise than it remembers.
    pub(super) compares_cvm: bool,
    /// Whether it asks for the host where it was asked to approve.
    pub(super) forces_online: bool,
    /// Whether it declines by itself.
    pub(super) declines: bool,
    pub(super) atc: u16,
    pdol: Vec<u8>,
    cdol1: Vec<u8>,
    arqc: Option<[u8; 8]>,
    issuer_failed: bool,
}

impl Genuine {
    /// A card with these ways of authentication, and this CVM list.
    pub(super) fn new(ways: Aip, cvm_list: &str) -> Self {
        let cdol1: Vec<u8> = CDOL1
            .iter()
            .flat_map(|(tag, length)| {
                let length = u8::try_from(*length).expect("a few bytes");
                tlv::tag_bytes(*tag).chain([length])
            })
            .collect();
        let elements = vec![
            (tag::PAN, hex(forge::PAN)),
            (tag::EXPIRY, hex("301231")),
            (tag::USAGE_CONTROL, hex("FF80")),
            (tag::ISSUER_COUNTRY, hex("0276")),
            (tag::VERSION_CARD, hex("0096")),
            (tag::CVM_LIST, hex(cvm_list)),
            (tag::IAC_DENIAL, hex("0000000000")),
            (tag::IAC_ONLINE, hex("FC50BCF800")),
            (tag::IAC_DEFAULT, hex("FC50BCA000")),
            (tag::CDOL1, cdol1),
            (tag::CDOL2, hex(CDOL2)),
        ];
        let mut card = Self {
            plan: Plan::new(ways | Aip::CVM | Aip::TERMINAL_RISK | Aip::ISSUER_AUTHENTICATION),
            elements,
            pin_verified: false,
            compares_cvm: false,
            forces_online: false,
            declines: false,
            atc: 0x0042,
            pdol: Vec::new(),
            cdol1: Vec::new(),
            arqc: None,
            issuer_failed: false,
        };
        card.plan.records = vec![(1, card.first_record())];
        card.plan = card.plan.issue();
        card
    }

    /// A terminal that trusts its scheme's key and may approve without the host.
    pub(super) fn terminal(&self) -> TerminalData {
        let mut terminal = super::bench();
        terminal.keys.clone_from(&self.plan.terminal.keys);
        terminal
    }

    fn first_record(&self) -> Vec<u8> {
        record(self.elements.iter().map(|(tag, value)| (*tag, value)))
    }

    /// Certificates and signatures, as many records as they need.
    fn proofs(&self) -> [Vec<u8>; 3] {
        let all = self.plan.elements();
        let these = |wanted: &[Tag]| {
            let chosen = all.iter().filter(|(tag, _)| wanted.contains(tag));
            record(chosen.map(|(tag, value)| (*tag, value)))
        };
        [
            these(&[
                tag::CAPK_INDEX_CARD,
                tag::ISSUER_CERTIFICATE,
                tag::ISSUER_REMAINDER,
                tag::ISSUER_EXPONENT,
            ]),
            these(&[
                tag::ICC_CERTIFICATE,
                tag::ICC_REMAINDER,
                tag::ICC_EXPONENT,
                tag::SDA_TAG_LIST,
            ]),
            these(&[tag::SIGNED_STATIC_DATA]),
        ]
    }

    /// What it answers to a command.
    pub(super) fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let length = usize::from(command.get(4).copied().unwrap_or(0));
        let data = command.get(5..5 + length).unwrap_or(&[]);
        match command {
            [_, 0xA4, ..] if hex(forge::AID).starts_with(data) => self.selected(),
            [_, 0xA4, ..] => NOT_FOUND.to_vec(),
            [_, 0xA8, ..] => self.began(&data[2..]),
            [_, 0xB2, 1, 0x0C, ..] => ok(&self.first_record()),
            [_, 0xB2, number @ 1..=3, 0x14, ..] => ok(&self.proofs()[usize::from(*number) - 1]),
            [_, 0x88, ..] => {
                let signed = self.plan.sign(&[2, 0xD1, 0xCE], data);
                ok(&object(tag::FORMAT_1, &signed))
            }
            [_, 0x82, ..] => self.heard_issuer(data),
            [_, 0xAE, control, ..] => self.cryptogram(*control, data),
            _ => vec![0x6D, 0x00],
        }
    }

    fn selected(&self) -> Vec<u8> {
        let proprietary = [object(tag::LABEL, b"VISA"), object(tag::PDOL, &hex(PDOL))].concat();
        let fci = [
            object(tag::DF_NAME, &hex(forge::AID)),
            object(tag::PROPRIETARY, &proprietary),
        ];
        ok(&object(tag::FCI, &fci.concat()))
    }

    /// Its interchange profile.
    pub(super) fn aip(&self) -> [u8; 2] {
        self.plan.aip.bits().to_be_bytes()
    }

    fn began(&mut self, pdol: &[u8]) -> Vec<u8> {
        self.pdol = pdol.to_vec();
        self.cdol1.clear();
        self.issuer_failed = false;
        self.atc += 1;
        let afl = hex("08010101 10010300");
        ok(&object(tag::FORMAT_1, &[&self.aip()[..], &afl].concat()))
    }

    fn heard_issuer(&mut self, data: &[u8]) -> Vec<u8> {
        let expected = self.arqc.map(|arqc| proof(arqc, *b"00"));
        self.issuer_failed = expected.as_deref() != Some(data);
        if self.issuer_failed {
            vec![0x63, 0x00]
        } else {
            ok(&[])
        }
    }

    fn cryptogram(&mut self, control: u8, values: &[u8]) -> Vec<u8> {
        let first = self.cdol1.is_empty();
        let kind = match AcType::from_cid(control).unwrap_or(AcType::Aac) {
            AcType::Aac => AcType::Aac,
            _ if self.declines || self.was_lied_to(values) || self.issuer_failed => AcType::Aac,
            AcType::Tc if first && self.forces_online => AcType::Arqc,
            asked => asked,
        };
        let cid = kind.reference_control();
        let pin = if self.pin_verified { PIN_VERIFIED } else { 0 };
        let iad = [0x06, 0x01, 0x0A, 0x03, 0xA0 | pin, 0x00, 0x00];
        let ac = mac(&[values, &self.aip(), &self.atc.to_be_bytes(), &iad]);
        let mut heard = [&self.pdol[..], &self.cdol1, values].concat();
        if first {
            self.cdol1 = values.to_vec();
            self.arqc = Some(ac);
            heard = [&self.pdol[..], values].concat();
        }
        let shown = [
            object(tag::CID, &[cid]),
            object(tag::ATC, &self.atc.to_be_bytes()),
            object(tag::IAD, &iad),
        ]
        .concat();
        let proof = if control & 0x10 != 0 && kind != AcType::Aac {
            let hash = Sha1::digest([heard, shown.clone()].concat());
            let dynamic = [&[2, 0xD1, 0xCE, cid][..], &ac, &hash].concat();
            let sent = &self.pdol[6..];
            object(tag::SIGNED_DYNAMIC_DATA, &self.plan.sign(&dynamic, sent))
        } else {
            object(tag::AC, &ac)
        };
        ok(&object(tag::FORMAT_2, &[shown, proof].concat()))
    }

    /// Whether the CVM results say that it found a PIN right which it never saw.
    fn was_lied_to(&self, values: &[u8]) -> bool {
        let claimed = matches!(values, [.., method, _, 0x02] if (1..=5).contains(&(method & 0x3F)));
        self.compares_cvm && self.cdol1.is_empty() && claimed && !self.pin_verified
    }
}

fn record<'a>(elements: impl Iterator<Item = (Tag, &'a Vec<u8>)>) -> Vec<u8> {
    let all: Vec<u8> = elements
        .flat_map(|(tag, value)| object(tag, value))
        .collect();
    object(tag::RECORD, &all)
}

/// Stands for a MAC under the key.
fn mac(parts: &[&[u8]]) -> [u8; 8] {
    let digest = Sha1::digest([&KEY[..], &parts.concat()].concat());
    let mut mac = [0; 8];
    mac.copy_from_slice(&digest[..8]);
    mac
}

/// What proves to the card that this answer is its issuer's.
fn proof(arqc: [u8; 8], arc: [u8; 2]) -> Vec<u8> {
    [&mac(&[&arqc, &arc])[..], &arc].concat()
}

/// The issuer's view of DE 55: whether a card of its own made that cryptogram, over just these data.
pub(super) fn issuer_recognises(de55: &[u8]) -> bool {
    let find = |tag| tlv::find(de55, tag).expect("DE 55 is TLV").unwrap_or(&[]);
    let values: Vec<u8> = CDOL1
        .iter()
        .flat_map(|(tag, _)| find(*tag).to_vec())
        .collect();
    let made = mac(&[&values, find(tag::AIP), find(tag::ATC), find(tag::IAD)]);
    find(tag::AC) == made
}

/// Whether the card told the issuer that it has verified a PIN.
pub(super) fn card_saw_pin(de55: &[u8]) -> bool {
    let iad = tlv::find(de55, tag::IAD).expect("DE 55 is TLV");
    iad.is_some_and(|iad| iad[4] & PIN_VERIFIED != 0)
}

/// The issuer's approval of that request.
pub(super) fn approval(de55: &[u8]) -> HostAnswer {
    let ac = tlv::find(de55, tag::AC)
        .expect("DE 55 is TLV")
        .expect("a cryptogram");
    let arqc = ac.try_into().expect("eight bytes");
    HostAnswer::new(HostDecision::Approved, *b"00", &proof(arqc, *b"00"), &[]).expect("an answer")
}
