//! A card for the reader's field that is its answers, and a driver that plays a charge with it.

use crate::{
    Charge, ChargeKind, Contactless, ContactlessKernel, Ending, Evidence, HostAnswer, Input,
    Interface, Kernel, Known, MAX_APDUS, OnlinePin, OnlineRequest, Outcome, Output, PinEntry,
    PinPad, Tag, TerminalData, TerminalType, demo_profile, tag,
    tests::card::{NO_RECORD, NOT_FOUND, approval, charge, hex, object, ok},
};

/// Inputs after which a charge must be over, whatever happens.
const MAX_STEPS: usize = MAX_APDUS as usize + 8;
/// Answer to reset as PC/SC makes it up for a card in the field (part 3).
const ATR: [u8; 5] = [0x3B, 0x80, 0x80, 0x01, 0x01];

pub(super) const VISA: &str = "A0000000031010";

/// What a card answers, command by command. Change a field, and the card has that property.
#[derive(Clone)]
pub(super) struct TapCard {
    /// Entries of its directory.
    pub(super) entries: Vec<Vec<u8>>,
    /// Answer to SELECT of the directory, if not that.
    pub(super) directory: Option<Vec<u8>>,
    /// Its applications: name, and the answer to SELECT.
    pub(super) applications: Vec<(Vec<u8>, Vec<u8>)>,
    /// Elements of the answer to GET PROCESSING OPTIONS.
    pub(super) options: Vec<(Tag, Vec<u8>)>,
    /// Answer to GET PROCESSING OPTIONS, if not that.
    pub(super) answer: Option<Vec<u8>>,
    /// Elements of record 1 of file 2.
    pub(super) record: Vec<(Tag, Vec<u8>)>,
    /// Records, if not that one: file, number, content.
    pub(super) records: Vec<(u8, u8, Vec<u8>)>,
}

impl TapCard {
    /// A Visa card that wants to go online.
    pub(super) fn online() -> Self {
        Self {
            entries: vec![entry(VISA, &[(tag::PRIORITY, "01")])],
            directory: None,
            applications: vec![(hex(VISA), ok(&fci(VISA, PDOL)))],
            options: vec![
                (tag::AIP, hex("2000")),
                (tag::AC, hex("0102030405060708")),
                (tag::CID, hex("80")),
                (tag::IAD, hex("06011203A00000")),
                (tag::ATC, hex("0042")),
                (tag::TRACK2, hex("4761739001010119D301220112345F")),
                (tag::PAN_SEQUENCE, hex("01")),
                (tag::CTQ, hex("0000")),
                (tag::FORM_FACTOR, hex("2070000F")),
            ],
            answer: None,
            record: Vec::new(),
            records: Vec::new(),
        }
    }

    /// The same card, asked to approve by itself, with its records.
    pub(super) fn offline() -> Self {
        let mut card = Self::online()
            .with(tag::CID, "40")
            .with(tag::AFL, "10010101");
        card.record = vec![
            (tag::PAN, hex("4761739001010119")),
            (tag::EXPIRY, hex("301231")),
            (tag::USAGE_CONTROL, hex("FFC0")),
            (tag::ISSUER_COUNTRY, hex("0276")),
        ];
        card
    }

    /// With another value in the answer to GET PROCESSING OPTIONS.
    pub(super) fn with(mut self, tag: Tag, value: &str) -> Self {
        self.options.retain(|(known, _)| *known != tag);
        self.options.push((tag, hex(value)));
        self
    }

    /// Without an element, wherever it was.
    pub(super) fn without(mut self, tag: Tag) -> Self {
        self.options.retain(|(known, _)| *known != tag);
        self.record.retain(|(known, _)| *known != tag);
        self
    }

    /// With another value in the record.
    pub(super) fn recording(mut self, tag: Tag, value: &str) -> Self {
        self.record.retain(|(known, _)| *known != tag);
        self.record.push((tag, hex(value)));
        self
    }

    /// Answering that status word to GET PROCESSING OPTIONS.
    pub(super) fn refusing(mut self, status: &str) -> Self {
        self.answer = Some(hex(status));
        self
    }

    pub(super) fn answer(&self, command: &[u8]) -> Vec<u8> {
        let data = match command {
            [_, _, _, _, length, data @ ..] => &data[..data.len().min(usize::from(*length))],
            _ => &[],
        };
        match command {
            [_, 0xA4, ..] if data.starts_with(b"2PAY") => self
                .directory
                .clone()
                .unwrap_or_else(|| ok(&directory(&self.entries))),
            [_, 0xA4, ..] => self
                .applications
                .iter()
                .find(|(name, _)| name == data)
                .map_or(NOT_FOUND.to_vec(), |(_, answer)| answer.clone()),
            [_, 0xA8, ..] => self
                .answer
                .clone()
                .unwrap_or_else(|| ok(&template(tag::FORMAT_2, &self.options))),
            [_, 0xB2, 0x01, 0x14, ..] if self.records.is_empty() => {
                ok(&template(tag::RECORD, &self.record))
            }
            [_, 0xB2, number, reference, ..] => self
                .records
                .iter()
                .find(|(file, record, _)| (*record, *file) == (*number, reference >> 3))
                .map_or(NO_RECORD.to_vec(), |(_, _, content)| ok(content)),
            _ => NO_RECORD.to_vec(),
        }
    }
}

/// What a Visa card asks for: TTQ, amounts, country, TVR, currency, date, kind, number.
pub(super) const PDOL: &str = "9F66049F02069F03069F1A0295055F2A029A039C019F3704";

pub(super) fn template(tag: Tag, elements: &[(Tag, Vec<u8>)]) -> Vec<u8> {
    let elements: Vec<u8> = elements
        .iter()
        .flat_map(|(tag, value)| object(*tag, value))
        .collect();
    object(tag, &elements)
}

pub(super) fn entry(aid: &str, more: &[(Tag, &str)]) -> Vec<u8> {
    let more = more.iter().map(|(tag, value)| (*tag, hex(value)));
    let elements: Vec<_> = [(tag::AID_CARD, hex(aid))]
        .into_iter()
        .chain(more)
        .collect();
    template(tag::DIRECTORY_ENTRY, &elements)
}

pub(super) fn directory(entries: &[Vec<u8>]) -> Vec<u8> {
    let discretionary = object(tag::DISCRETIONARY, &entries.concat());
    let proprietary = object(tag::PROPRIETARY, &discretionary);
    let name = object(tag::DF_NAME, b"2PAY.SYS.DDF01");
    object(tag::FCI, &[name, proprietary].concat())
}

pub(super) fn fci(aid: &str, pdol: &str) -> Vec<u8> {
    let proprietary = template(
        tag::PROPRIETARY,
        &[
            (tag::LABEL, b"VISA CREDIT".to_vec()),
            (tag::PDOL, hex(pdol)),
        ],
    );
    let name = object(tag::DF_NAME, &hex(aid));
    object(tag::FCI, &[name, proprietary].concat())
}

/// A terminal that can do everything: attended, offline with online capability; for Visa cards, with
/// a TTQ of EMV mode, contact chip, online PIN, signature, consumer device CVM. Floor limit 10.00,
/// CVM limit 50.00, transaction limit 250.00.
pub(super) fn terminal() -> TerminalData {
    let mut terminal = demo_profile();
    terminal.kind = TerminalType::Attended;
    terminal.country = 276;
    terminal.capabilities = [0x20, 0x68, 0x48];
    for application in &mut terminal.applications {
        let is_visa = application.aid.as_slice() == hex(VISA);
        application.floor_limit_minor = 0;
        application.contactless = is_visa.then_some(Contactless {
            kernel: ContactlessKernel::C3,
            ttq: [0x36, 0x00, 0x40, 0x80],
            transaction_limit_minor: Some(25_000),
            cvm_limit_minor: Some(5_000),
            floor_limit_minor: Some(1_000),
        });
    }
    terminal
}

/// The same, with other terms for Visa cards.
pub(super) fn terminal_with(change: impl Fn(&mut Contactless)) -> TerminalData {
    let mut terminal = terminal();
    for application in &mut terminal.applications {
        application.contactless.iter_mut().for_each(&change);
    }
    terminal
}

pub(super) const PAD: PinPad = PinPad {
    plaintext: false,
    enciphered: false,
    online: true,
};

/// A purchase below every limit.
pub(super) fn small() -> Charge {
    of(900)
}

pub(super) fn of(amount_minor: i64) -> Charge {
    Charge {
        amount_minor,
        ..charge()
    }
}

pub(super) fn cash() -> Charge {
    Charge {
        kind: ChargeKind::Cash,
        ..small()
    }
}

pub(super) fn pin() -> PinEntry {
    PinEntry::Online(OnlinePin {
        block: vec![0xB1; 8],
        ksn: vec![0x4B; 10],
    })
}

/// A card held to the reader.
pub(super) struct Tap<'a> {
    pub(super) terminal: TerminalData,
    pub(super) charge: Charge,
    pub(super) pad: PinPad,
    pub(super) known: Known,
    /// What the pad gives; what the host says (none: it cannot be asked).
    pub(super) pin: Option<PinEntry>,
    pub(super) host: Option<HostAnswer>,
    pub(super) card: &'a dyn Fn(&[u8]) -> Vec<u8>,
}

/// What a charge came to.
pub(super) struct Tapped {
    pub(super) outcome: Outcome,
    pub(super) sent: Vec<Vec<u8>>,
    pub(super) request: Option<OnlineRequest>,
    pub(super) asked_pin: bool,
    pub(super) looked_up: bool,
}

impl<'a> Tap<'a> {
    pub(super) fn new(charge: Charge, card: &'a dyn Fn(&[u8]) -> Vec<u8>) -> Self {
        Self {
            terminal: terminal(),
            charge,
            pad: PAD,
            known: Known::default(),
            pin: Some(pin()),
            host: Some(approval()),
            card,
        }
    }

    pub(super) fn run(mut self) -> Tapped {
        let mut kernel = Kernel::new(&self.terminal, self.charge).expect("a charge");
        let mut sent = Vec::new();
        let mut request = None;
        let (mut asked_pin, mut looked_up) = (false, false);
        let mut output = kernel.step(start(self.pad));
        for _ in 0..MAX_STEPS {
            output = match output {
                Output::Send(command) => {
                    sent.push(command.expose().to_vec());
                    kernel.step(Input::RApdu(&(self.card)(command.expose())))
                }
                Output::LookUp(_) => {
                    looked_up = true;
                    kernel.step(Input::Known(self.known))
                }
                Output::AskPin(_) => {
                    asked_pin = true;
                    kernel.step(match self.pin.take() {
                        Some(entry) => Input::Pin(entry),
                        None => Input::Cancel,
                    })
                }
                Output::GoOnline(asked) => {
                    request = Some(*asked);
                    kernel.step(match self.host.take() {
                        Some(answer) => Input::HostAnswer(answer),
                        None => Input::UnableToGoOnline,
                    })
                }
                Output::Choose(_) | Output::Wait => panic!("nothing to choose or to wait for"),
                Output::Done(outcome) => {
                    return Tapped {
                        outcome: *outcome,
                        sent,
                        request,
                        asked_pin,
                        looked_up,
                    };
                }
            };
        }
        panic!("the charge did not end");
    }
}

impl Tapped {
    pub(super) fn ending(&self) -> Ending {
        self.outcome.ending
    }

    pub(super) fn evidence(&self) -> &Evidence {
        &self.outcome.evidence
    }

    /// The names that were selected, the directory first.
    pub(super) fn selected(&self) -> Vec<Vec<u8>> {
        self.sent
            .iter()
            .filter(|command| command[1] == 0xA4)
            .map(|command| command[5..5 + usize::from(command[4])].to_vec())
            .collect()
    }

    /// The TTQ that the card was told: first in its PDOL.
    pub(super) fn ttq(&self) -> [u8; 4] {
        let options = self.sent.iter().find(|command| command[1] == 0xA8);
        let options = options.expect("GET PROCESSING OPTIONS was sent");
        options[7..11].try_into().expect("four bytes")
    }
}

pub(super) fn start(pad: PinPad) -> Input<'static> {
    Input::Start {
        atr: &ATR,
        interface: Interface::Contactless,
        pad,
    }
}

/// A charge of that card, with a host that approves.
pub(super) fn tap(charge: Charge, card: &TapCard) -> Tapped {
    Tap::new(charge, &|command| card.answer(command)).run()
}

pub(super) fn tap_at(terminal: TerminalData, charge: Charge, card: &TapCard) -> Tapped {
    Tap {
        terminal,
        ..Tap::new(charge, &|command| card.answer(command))
    }
    .run()
}
