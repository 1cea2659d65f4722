//! A plain terminal and a host, to talk to a card with.

use std::collections::BTreeMap;

use sealpoint_cardsim::cryptogram::{AcElements, ChargeKeys, CryptogramVersion};
use sealpoint_cardsim::{Card, IssuerKeys, Profile, profile};

pub const OK: u16 = 0x9000;
pub const ARQC: u8 = 0x80;
pub const TC: u8 = 0x40;
pub const AAC: u8 = 0x00;

/// Fresh issuer keys; the file is gone when this returns.
pub fn issuer() -> IssuerKeys {
    let folder = tempfile::tempdir().expect("a temporary folder");
    IssuerKeys::create(&folder.path().join("issuer.toml")).expect("new issuer keys")
}

pub fn shipped(name: &str) -> Profile {
    let mut all = profile::all().into_iter();
    all.find(|profile| profile.name == name)
        .expect("a shipped card")
}

/// Data objects by tag, templates opened.
pub type Objects = BTreeMap<u16, Vec<u8>>;

/// Opens BER-TLV; panics on anything malformed, as a test should.
pub fn objects(mut bytes: &[u8]) -> Objects {
    let mut found = Objects::new();
    while !bytes.is_empty() {
        let constructed = bytes[0] & 0x20 != 0;
        let wide = bytes[0] & 0x1F == 0x1F;
        let tag = if wide {
            u16::from_be_bytes([bytes[0], bytes[1]])
        } else {
            u16::from(bytes[0])
        };
        bytes = &bytes[1 + usize::from(wide)..];
        let (length, header) = match bytes[0] {
            0x81 => (usize::from(bytes[1]), 2),
            short @ ..=0x7F => (usize::from(short), 1),
            other => panic!("length {other:02X}"),
        };
        let value = &bytes[header..header + length];
        if constructed {
            found.extend(objects(value));
        }
        assert!(found.insert(tag, value.to_vec()).is_none(), "{tag:X} twice");
        bytes = &bytes[header + length..];
    }
    found
}

pub struct Terminal {
    pub card: Card,
    /// Everything the card has given and the terminal knows, by tag.
    pub known: Objects,
    /// The values of PDOL and CDOLs so far.
    pub said: Vec<u8>,
    /// What is signed statically: records and AIP.
    pub static_data: Vec<u8>,
}

impl Terminal {
    pub fn new(profile: &Profile, keys: &IssuerKeys) -> Self {
        let mut card = Card::new(profile, keys).expect("a key for the card");
        card.power_on();
        let mut terminal = Self {
            card,
            known: Objects::new(),
            said: Vec::new(),
            static_data: Vec::new(),
        };
        terminal.know(&[
            (0x9F02, &[0, 0, 0, 0, 0x12, 0x34]),
            (0x9F03, &[0; 6]),
            (0x9F1A, &[0x02, 0x76]),
            (0x95, &[0x80, 0, 0, 0x80, 0]),
            (0x5F2A, &[0x09, 0x78]),
            (0x9A, &[0x26, 0x11, 0x22]),
            (0x9C, &[0]),
            (0x9F37, &[0xDE, 0xAD, 0xBE, 0xEF]),
            (0x9F33, &[0xE0, 0x08, 0xC8]),
            (0x9F35, &[0x22]),
            (0x9F34, &[0x1F, 0x03, 0x02]),
        ]);
        terminal
    }

    pub fn know(&mut self, objects: &[(u16, &[u8])]) {
        self.known
            .extend(objects.iter().map(|(tag, value)| (*tag, value.to_vec())));
    }

    /// The raw answer, split into data and status word.
    pub fn raw(&mut self, command: &[u8]) -> (Vec<u8>, u16) {
        let mut answer = self.card.apdu(command);
        assert!(answer.len() >= 2, "the card is gone");
        let status = answer.split_off(answer.len() - 2);
        (answer, u16::from_be_bytes([status[0], status[1]]))
    }

    /// One command, fetched under T=0 as EMV Book 1 Annex A says.
    pub fn send(&mut self, header: [u8; 4], data: &[u8]) -> (Vec<u8>, u16) {
        let mut command = header.to_vec();
        if !data.is_empty() {
            command.push(u8::try_from(data.len()).expect("short data"));
            command.extend(data);
        }
        // The commands without data in the answer.
        if !matches!(
            header[1],
            0x20 | 0x82 | 0x16 | 0x18 | 0x1E | 0x24 | 0xDA | 0xDC
        ) {
            command.push(0);
        }
        let (body, status) = self.raw(&command);
        match status.to_be_bytes() {
            [0x61, waiting] => self.raw(&[0x00, 0xC0, 0x00, 0x00, waiting]),
            [0x6C, exact] => {
                command.truncate(4);
                command.push(exact);
                self.raw(&command)
            }
            _ => (body, status),
        }
    }

    pub fn ok(&mut self, header: [u8; 4], data: &[u8]) -> Vec<u8> {
        let (body, status) = self.send(header, data);
        assert_eq!(status, OK, "{header:02X?}");
        body
    }

    /// SELECT by AID, GET PROCESSING OPTIONS and every record of the AFL.
    pub fn initiate(&mut self, aid: &[u8]) {
        self.select(aid);
        let values = self.fill(0x9F38);
        let length = u8::try_from(values.len()).expect("a short PDOL");
        self.said = values.clone();
        let options = self.ok([0x80, 0xA8, 0, 0], &[&[0x83, length][..], &values].concat());
        let mut opened = objects(&options);
        if let Some(bare) = opened.remove(&0x80) {
            opened.insert(0x82, bare[..2].to_vec());
            opened.insert(0x94, bare[2..].to_vec());
        }
        self.static_data.clear();
        let afl = opened.get(&0x94).cloned().unwrap_or_default();
        for entry in afl.chunks_exact(4) {
            for record in entry[1]..=entry[2] {
                let body = self.ok([0x00, 0xB2, record, entry[0] | 0x04], &[]);
                let opened = objects(&body);
                if record - entry[1] < entry[3] {
                    self.static_data.extend(&opened[&0x70]);
                }
                self.known.extend(opened);
            }
        }
        self.static_data.extend(&opened[&0x82]);
        self.known.extend(opened);
    }

    /// GENERATE AC with CDOL1 (8C) or CDOL2 (8D); gives the CID.
    pub fn generate_ac(&mut self, kind: u8, list: u16) -> u8 {
        let data = self.fill(list);
        self.said.extend(&data);
        let body = self.ok([0x80, 0xAE, kind, 0], &data);
        let mut opened = objects(&body);
        if let Some(bare) = opened.remove(&0x80) {
            opened.insert(0x9F27, bare[..1].to_vec());
            opened.insert(0x9F36, bare[1..3].to_vec());
            opened.insert(0x9F26, bare[3..11].to_vec());
            opened.insert(0x9F10, bare[11..].to_vec());
        }
        self.known.remove(&0x9F4B);
        self.known.extend(opened);
        self.known[&0x9F27][0]
    }

    /// SELECT by AID alone.
    pub fn select(&mut self, aid: &[u8]) {
        let (fci, status) = self.send([0x00, 0xA4, 0x04, 0x00], aid);
        // A blocked application is selected too.
        assert!(matches!(status, OK | 0x6283), "{status:04X}");
        self.known.extend(objects(&fci));
    }

    /// Fills a data object list from what is known; unknown is zero.
    pub fn fill(&self, list: u16) -> Vec<u8> {
        let mut filled = Vec::new();
        let mut rest = &self.known.get(&list).cloned().unwrap_or_default()[..];
        while let [first, ..] = rest {
            let wide = usize::from(first & 0x1F == 0x1F);
            let tag = if wide == 1 {
                u16::from_be_bytes([rest[0], rest[1]])
            } else {
                u16::from(*first)
            };
            let mut value = self.known.get(&tag).cloned().unwrap_or_default();
            value.resize(usize::from(rest[1 + wide]), 0);
            filled.extend(value);
            rest = &rest[2 + wide..];
        }
        filled
    }

    /// The host's part: checks the cryptogram that the card gave last, and
    /// makes the issuer's answer (tag 91).
    pub fn host(&self, keys: &IssuerKeys, code: [u8; 2], approved: bool) -> Vec<u8> {
        let (version, key) = self.session_key(keys);
        let arqc = self.known[&0x9F26].as_slice().try_into().expect("8 bytes");
        version.issuer_authentication_data(&key, arqc, code, approved)
    }

    /// Whether the last cryptogram is genuine.
    pub fn genuine(&self, keys: &IssuerKeys) -> bool {
        let (version, key) = self.session_key(keys);
        let find = |tag: u16| self.known.get(&tag).map(Vec::as_slice);
        let elements = AcElements::collect(find).expect("all elements");
        version.verify(&key, &elements, &self.known[&0x9F10], &self.known[&0x9F26])
    }

    pub fn session_key(&self, keys: &IssuerKeys) -> (CryptogramVersion, ChargeKeys) {
        let psn = self.known[&0x5F34][0];
        let atc = self.known[&0x9F36].as_slice().try_into().expect("2 bytes");
        keys.session_key(
            &self.pan(),
            psn / 16 * 10 + psn % 16,
            atc,
            &self.known[&0x9F10],
        )
        .expect("a key for the card")
    }

    pub fn pan(&self) -> String {
        let digits: String = self.known[&0x5A]
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        digits.trim_end_matches('F').to_owned()
    }

    /// Hands the issuer's answer over the way this card wants it, and asks
    /// for a TC; gives the CID.
    pub fn complete(&mut self, code: [u8; 2], answer: &[u8]) -> u8 {
        self.know(&[(0x8A, &code), (0x91, answer)]);
        if self.known[&0x82][0] & 0x04 != 0 {
            self.send([0x00, 0x82, 0, 0], answer);
        }
        self.generate_ac(TC, 0x8D)
    }
}
