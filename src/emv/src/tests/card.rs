//! A card that is its answers, and a driver that plays a charge with it.

use data_encoding::HEXUPPER_PERMISSIVE;

use crate::{
    Charge, ChargeKind, Cryptogram, Evidence, HostAnswer, HostDecision, Input, Kernel, MAX_APDUS,
    OnlineRequest, Outcome, Output, Tag, TerminalData, Tvr, demo_profile, tag, tlv,
};

/// Inputs after which a charge must be over, whatever happens.
const MAX_STEPS: usize = MAX_APDUS as usize + 8;

pub(super) fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    HEXUPPER_PERMISSIVE
        .decode(text.as_bytes())
        .expect("test data is hexadecimal")
}

pub(super) fn object(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    tlv::push(&mut bytes, tag, value);
    bytes
}

pub(super) fn ok(data: &[u8]) -> Vec<u8> {
    [data, &[0x90, 0x00]].concat()
}

pub(super) const NOT_FOUND: [u8; 2] = [0x6A, 0x82];
pub(super) const NO_RECORD: [u8; 2] = [0x6A, 0x83];

/// What a card answers, command by command. Change a field, and the card has that property.
#[derive(Clone)]
pub(super) struct Card {
    pub(super) aid: Vec<u8>,
    /// Answer to SELECT of the directory, and its records.
    pub(super) directory: Vec<u8>,
    pub(super) directory_records: Vec<Vec<u8>>,
    /// Objects in the FCI's proprietary template.
    pub(super) fci: Vec<u8>,
    /// Answer to GET PROCESSING OPTIONS.
    pub(super) options: Vec<u8>,
    /// The elements of the one record.
    pub(super) elements: Vec<(Tag, Vec<u8>)>,
    pub(super) authenticate: Vec<u8>,
    /// CID of the first and second cryptogram; with 0 the card declines.
    pub(super) first: u8,
    pub(super) second: u8,
    pub(super) script: Vec<u8>,
    /// Issuer application data of its cryptograms.
    pub(super) iad: Vec<u8>,
    pub(super) atc: u16,
}

impl Card {
    /// A Visa card that goes online and approves.
    pub(super) fn good() -> Self {
        let aip = hex("1C00");
        let afl = hex("08010100");
        Self {
            aid: hex("A0000000031010"),
            directory: NOT_FOUND.to_vec(),
            directory_records: Vec::new(),
            fci: [
                object(tag::LABEL, b"VISA CREDIT"),
                object(tag::PRIORITY, &[1]),
            ]
            .concat(),
            options: ok(&object(tag::FORMAT_1, &[aip, afl].concat())),
            elements: vec![
                (tag::PAN, hex("4761739001010119")),
                (tag::TRACK2, hex("4761739001010119D301220112345F")),
                (tag::CARDHOLDER_NAME, b"TEST/CARD".to_vec()),
                (tag::EXPIRY, hex("301231")),
                (tag::EFFECTIVE, hex("200101")),
                (tag::PAN_SEQUENCE, hex("01")),
                (tag::USAGE_CONTROL, hex("FF80")),
                (tag::ISSUER_COUNTRY, hex("0276")),
                (tag::VERSION_CARD, hex("0096")),
                (tag::CVM_LIST, hex("0000000000000000 1F00")),
                (tag::IAC_DENIAL, hex("0000000000")),
                (tag::IAC_ONLINE, hex("FFFFFFFFFF")),
                (tag::IAC_DEFAULT, hex("FFFFFFFFFF")),
                (
                    tag::CDOL1,
                    hex("9F02069F03069F1A0295055F2A029A039C019F3704"),
                ),
                (tag::CDOL2, hex("8A0291109F02065F2A0295059F3704")),
            ],
            authenticate: ok(&[]),
            first: 0x80,
            second: 0x40,
            script: ok(&[]),
            iad: hex("06010A03A00000"),
            atc: 0x0042,
        }
    }

    pub(super) fn with(mut self, tag: Tag, value: &str) -> Self {
        self = self.without(tag);
        self.elements.push((tag, hex(value)));
        self
    }

    pub(super) fn without(mut self, tag: Tag) -> Self {
        self.elements.retain(|(known, _)| *known != tag);
        self
    }

    pub(super) fn record(&self) -> Vec<u8> {
        let elements: Vec<u8> = self
            .elements
            .iter()
            .flat_map(|(tag, value)| object(*tag, value))
            .collect();
        object(tag::RECORD, &elements)
    }

    pub(super) fn application_fci(&self) -> Vec<u8> {
        let proprietary = object(tag::PROPRIETARY, &self.fci);
        object(
            tag::FCI,
            &[object(tag::DF_NAME, &self.aid), proprietary].concat(),
        )
    }

    pub(super) fn answer(&self, command: &[u8]) -> Vec<u8> {
        let data = command.get(5..).unwrap_or(&[]);
        match command {
            [_, 0xA4, ..] if data.starts_with(b"1PAY") => self.directory.clone(),
            [_, 0xA4, _, 0x00, length, ..]
                if self.aid.starts_with(&data[..usize::from(*length)]) =>
            {
                ok(&self.application_fci())
            }
            [_, 0xA4, ..] => NOT_FOUND.to_vec(),
            [_, 0xA8, ..] => self.options.clone(),
            [_, 0xB2, record, 0x0C, ..] if self.directory != NOT_FOUND => self
                .directory_records
                .get(usize::from(*record) - 1)
                .map_or(NO_RECORD.to_vec(), |record| ok(record)),
            [_, 0xB2, 0x01, 0x0C, ..] => ok(&self.record()),
            [_, 0xB2, ..] => NO_RECORD.to_vec(),
            [_, 0xAE, asked, ..] => {
                let second =
                    data.starts_with(b"00") || data.starts_with(b"05") || data.starts_with(b"Z3");
                let cid = if *asked == 0 {
                    0
                } else if second {
                    self.second
                } else {
                    self.first
                };
                ok(&self.cryptogram(cid))
            }
            [_, 0x82, ..] => self.authenticate.clone(),
            _ => self.script.clone(),
        }
    }

    fn cryptogram(&self, cid: u8) -> Vec<u8> {
        let [high, low] = self.atc.to_be_bytes();
        let fixed = [cid, high, low, 1, 2, 3, 4, 5, 6, 7, 8];
        object(tag::FORMAT_1, &[&fixed[..], &self.iad].concat())
    }
}

pub(super) fn charge() -> Charge {
    Charge {
        amount_minor: 1_234,
        currency: 978,
        exponent: 2,
        cashback_minor: 0,
        kind: ChargeKind::Purchase,
        random_draw: 99,
        forced_online: false,
        date: [0x26, 0x11, 0x22],
        time: [0x19, 0x48, 0x00],
        unpredictable_number: [0xDE, 0xAD, 0xBE, 0xEF],
        counter: 7,
        terminal_id: *b"LANE0001",
    }
}

pub(super) fn approval() -> HostAnswer {
    HostAnswer::new(HostDecision::Approved, *b"00", &[], &[]).expect("a host answer")
}

/// What a charge came to.
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    pub(super) sent: Vec<Vec<u8>>,
    pub(super) request: Option<OnlineRequest>,
}

impl Ran {
    pub(super) fn evidence(&self) -> &Evidence {
        &self.outcome.evidence
    }

    pub(super) fn tvr(&self) -> Tvr {
        self.evidence().tvr
    }

    pub(super) fn cryptogram(&self) -> Cryptogram {
        self.evidence().cryptogram.expect("the card gave one")
    }

    /// The commands with that instruction byte.
    pub(super) fn commands(&self, instruction: u8) -> Vec<&[u8]> {
        self.sent
            .iter()
            .filter(|command| command.get(1) == Some(&instruction))
            .map(Vec::as_slice)
            .collect()
    }
}

/// Plays a charge: what the card answers, what the host says (none: unable to go online), and what
/// the cardholder chooses.
pub(super) fn play(
    terminal: &TerminalData,
    charge: Charge,
    mut card: impl FnMut(&[u8]) -> Vec<u8>,
    host: Option<&HostAnswer>,
) -> Ran {
    let mut kernel = Kernel::new(terminal, charge).expect("a charge");
    let mut sent = Vec::new();
    let mut request = None;
    let mut output = kernel.step(Input::Start {
        atr: &[0x3B, 0x00],
        interface: crate::Interface::Contact,
        pad: crate::PinPad::NONE,
    });
    for _ in 0..MAX_STEPS {
        output = match output {
            Output::Send(command) => {
                sent.push(command.expose().to_vec());
                kernel.step(Input::RApdu(&card(command.expose())))
            }
            Output::Choose(choices) => kernel.step(Input::Choice(choices.len() - 1)),
            Output::LookUp(_) => kernel.step(Input::Known(crate::Known::default())),
            Output::AskPin(_) | Output::Wait => kernel.step(Input::Cancel),
            Output::GoOnline(asked) => {
                request = Some(*asked);
                match host {
                    Some(answer) => kernel.step(Input::HostAnswer(answer.clone())),
                    None => kernel.step(Input::UnableToGoOnline),
                }
            }
            Output::Done(outcome) => {
                return Ran {
                    outcome: *outcome,
                    sent,
                    request,
                };
            }
        };
    }
    panic!("the charge did not end");
}

/// A charge at the demo's terminal with a host that approves.
pub(super) fn pay(card: &Card) -> Ran {
    pay_with(card, Some(&approval()))
}

pub(super) fn pay_with(card: &Card, host: Option<&HostAnswer>) -> Ran {
    play(
        &demo_profile(),
        charge(),
        |command| card.answer(command),
        host,
    )
}
