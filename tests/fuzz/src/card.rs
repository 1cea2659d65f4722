//! A card that is its answers, without status words unless they are odd. Change one, and see.

use sealpoint_emv::{Tag, tag, tlv};

/// Visa's test application.
pub const AID: [u8; 7] = [0xA0, 0, 0, 0, 3, 0x10, 0x10];
/// A public test account.
pub const PAN: [u8; 8] = [0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x00, 0x10];

/// What the card answers, command by command.
pub struct Card {
    pub atr: Vec<u8>,
    /// The answer to SELECT of the directory.
    pub directory: Vec<u8>,
    pub directory_record: Vec<u8>,
    /// The answer to SELECT of the application.
    pub fci: Vec<u8>,
    pub options: Vec<u8>,
    /// File, number, content.
    pub records: Vec<(u8, u8, Vec<u8>)>,
    pub authenticate: Vec<u8>,
    pub first_ac: Vec<u8>,
    pub second_ac: Vec<u8>,
    initiated: bool,
}

/// One object.
pub fn object(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    tlv::push(&mut bytes, tag, value);
    bytes
}

/// Objects in a template.
pub fn template(tag: Tag, objects: &[Vec<u8>]) -> Vec<u8> {
    object(tag, &objects.concat())
}

impl Card {
    /// A card that goes online and approves, with these elements besides what every card has.
    pub fn with(aip: [u8; 2], elements: &[(Tag, &[u8])]) -> Self {
        let common: [(Tag, &[u8]); 9] = [
            (tag::PAN, &PAN),
            (tag::EXPIRY, &[0x30, 0x12, 0x31]),
            (tag::CDOL1, &[0x9F, 0x02, 0x06, 0x9F, 0x37, 0x04, 0x95, 5]),
            (tag::CDOL2, &[0x8A, 0x02, 0x9F, 0x02, 0x06, 0x91, 0x0A]),
            (tag::CVM_LIST, &[0, 0, 0, 0, 0, 0, 0, 0, 0x1F, 0x03]),
            (tag::USAGE_CONTROL, &[0xFF, 0x00]),
            (tag::IAC_DENIAL, &[0; 5]),
            (tag::IAC_ONLINE, &[0; 5]),
            (tag::IAC_DEFAULT, &[0; 5]),
        ];
        let own = |tag: &Tag| elements.iter().any(|(given, _)| given == tag);
        let kept = common.iter().filter(|(tag, _)| !own(tag));
        let objects = kept.chain(elements);
        let mut records: Vec<(u8, u8, Vec<u8>)> = Vec::new();
        let mut content = Vec::new();
        let mut push = |content: &mut Vec<Vec<u8>>| {
            let number = u8::try_from(records.len() + 1).unwrap_or(u8::MAX);
            records.push((1, number, template(tag::RECORD, content)));
            content.clear();
        };
        for (tag, value) in objects {
            let object = object(*tag, value);
            if content.iter().map(Vec::len).sum::<usize>() + object.len() > 240 {
                push(&mut content);
            }
            content.push(object);
        }
        push(&mut content);
        let count = u8::try_from(records.len()).unwrap_or(u8::MAX);
        let application = [object(tag::AID_CARD, &AID), object(tag::LABEL, b"VISA")];
        Self {
            atr: vec![0x3B, 0x60, 0x00, 0x00],
            directory: template(
                tag::FCI,
                &[
                    object(tag::DF_NAME, b"1PAY.SYS.DDF01"),
                    template(tag::PROPRIETARY, &[object(tag::SFI, &[1])]),
                ],
            ),
            directory_record: template(
                tag::RECORD,
                &[template(tag::DIRECTORY_ENTRY, &application)],
            ),
            fci: fci(&[object(tag::LABEL, b"VISA")]),
            options: object(tag::FORMAT_1, &[&aip[..], &[0x08, 1, count, 0]].concat()),
            records,
            authenticate: Vec::new(),
            first_ac: cryptogram(0x80),
            second_ac: cryptogram(0x40),
            initiated: false,
        }
    }

    pub fn plain() -> Self {
        Self::with([0x18, 0x00], &[])
    }

    /// Answers a command, with a status word.
    pub fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        let [class, instruction, p1, p2, ..] = *command else {
            return vec![0x67, 0x00];
        };
        let selects_directory =
            command.get(5..7) == Some(b"1P") || command.get(5..7) == Some(b"2P");
        let found = match (class, instruction) {
            (0x00, 0xA4) if selects_directory => Some(&self.directory),
            (0x00, 0xA4) if p2 == 0 => Some(&self.fci),
            (0x00, 0xB2) if p2 == 0x0C && p1 == 1 && self.records_are_closed() => {
                Some(&self.directory_record)
            }
            (0x00, 0xB2) => self
                .records
                .iter()
                .find(|(file, number, _)| p2 == file << 3 | 4 && p1 == *number)
                .map(|(_, _, content)| content),
            (0x80, 0xA8) => {
                self.initiated = true;
                Some(&self.options)
            }
            (0x00, 0x88) => Some(&self.authenticate),
            (0x00, 0x84) => return vec![1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0x00],
            (0x80, 0xCA) => return vec![0x9F, 0x17, 0x01, 0x03, 0x90, 0x00],
            (0x80, 0xAE) => Some(&self.first_ac),
            _ => return vec![0x90, 0x00],
        };
        let answer = match found {
            Some(data) => [&data[..], &[0x90, 0x00]].concat(),
            None => vec![0x6A, 0x83],
        };
        if (class, instruction) == (0x80, 0xAE) {
            self.first_ac = self.second_ac.clone();
        }
        answer
    }

    /// Until the application is initiated, file 1 is the directory.
    fn records_are_closed(&self) -> bool {
        !self.initiated
    }
}

/// The answer to SELECT of the application, with these objects in its proprietary template.
pub fn fci(proprietary: &[Vec<u8>]) -> Vec<u8> {
    template(
        tag::FCI,
        &[
            object(tag::DF_NAME, &AID),
            template(tag::PROPRIETARY, proprietary),
        ],
    )
}

/// CID, ATC, a cryptogram and issuer application data in format 1.
fn cryptogram(cid: u8) -> Vec<u8> {
    let value = [
        &[cid, 0x00, 0x01][..],
        &[0xAC; 8],
        &[0x06, 1, 0x0A, 3, 0, 0, 0],
    ];
    object(tag::FORMAT_1, &value.concat())
}
