//! A card that is its answers, and a driver that plays a charge with it.

use data_encoding::HEXUPPER_PERMISSIVE;

use crate::{
    Charge, ChargeKind, Choice, Counts, Cryptogram, Evidence, HostAnswer, HostDecision, Input,
    Interface, Kernel, Known, MAX_APDUS, OnlineRequest, Outcome, Output, PinEntry, PinPad, Tag,
    TerminalData, Tvr, demo_profile, tag, tlv,
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
    /// Its counters: answers to GET DATA of 9F36, 9F13 and others.
    pub(super) counters: Vec<(Tag, Vec<u8>)>,
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
            counters: Vec::new(),
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
                let second = [b"00", b"05", b"01", b"Y3", b"Z3"]
                    .iter()
                    .any(|code| data.starts_with(*code));
                let cid = if *asked == 0 {
                    0
                } else if second {
                    self.second
                } else {
                    self.first
                };
                ok(&self.cryptogram(cid))
            }
            [_, 0xCA, high, low, ..] => {
                let asked = Tag(u32::from(u16::from_be_bytes([*high, *low])));
                self.counters
                    .iter()
                    .find(|(tag, _)| *tag == asked)
                    .map_or(vec![0x6A, 0x88], |(tag, value)| ok(&object(*tag, value)))
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
        offline_up_to_minor: i64::MAX,
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

/// What stands around a card in a charge.
pub(super) struct Scene<'a> {
    pub(super) terminal: &'a TerminalData,
    pub(super) charge: Charge,
    pub(super) pad: PinPad,
    /// What comes of each PIN that is asked for; after that, nothing more.
    pub(super) pins: Vec<PinEntry>,
    pub(super) known: Known,
    /// What the host answers; none: unable to go online.
    pub(super) host: Option<&'a HostAnswer>,
    /// Which of the applications offered the cardholder takes.
    pub(super) choose: fn(&[Choice]) -> usize,
}

impl<'a> Scene<'a> {
    /// A terminal without a PIN pad that remembers nothing, and a cardholder who takes the last.
    pub(super) fn at(terminal: &'a TerminalData, host: Option<&'a HostAnswer>) -> Self {
        Self {
            terminal,
            charge: charge(),
            pad: PinPad::NONE,
            pins: Vec::new(),
            known: Known::default(),
            host,
            choose: |choices| choices.len() - 1,
        }
    }

    /// Plays the charge to its end.
    pub(super) fn play(self, mut card: impl FnMut(&[u8]) -> Vec<u8>) -> Ran {
        let mut kernel = Kernel::new(self.terminal, self.charge).expect("a charge");
        let mut pins = self.pins.into_iter();
        let mut sent = Vec::new();
        let mut request = None;
        let mut output = kernel.step(started(self.pad));
        for _ in 0..MAX_STEPS {
            let input = match output {
                Output::Send(command) => {
                    sent.push(command.expose().to_vec());
                    let answer = card(command.expose());
                    output = kernel.step(Input::RApdu(&answer));
                    continue;
                }
                Output::Choose(choices) => Input::Choice((self.choose)(&choices)),
                Output::LookUp(_) => Input::Known(self.known),
                Output::AskPin(_) => pins.next().map_or(Input::Cancel, Input::Pin),
                Output::Wait => Input::Cancel,
                Output::GoOnline(asked) => {
                    request = Some(*asked);
                    match self.host {
                        Some(answer) => Input::HostAnswer(answer.clone()),
                        None => Input::UnableToGoOnline,
                    }
                }
                Output::Done(outcome) => {
                    return Ran {
                        outcome: *outcome,
                        sent,
                        request,
                        counts: kernel.counts(),
                        advice: kernel.take_advice(),
                    };
                }
            };
            output = kernel.step(input);
        }
        panic!("the charge did not end");
    }
}

/// The first input: a card by its contacts.
pub(super) fn started(pad: PinPad) -> Input<'static> {
    Input::Start {
        atr: &[0x3B, 0x00],
        interface: Interface::Contact,
        pad,
    }
}

/// Plays until the kernel says what `stop` looks for, and gives the kernel as it waits then.
pub(super) fn reach(
    terminal: &TerminalData,
    card: &Card,
    host: &HostAnswer,
    mut stop: impl FnMut(&Output) -> bool,
) -> Kernel {
    let mut kernel = Kernel::new(terminal, charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    while !stop(&output) {
        output = match output {
            Output::Send(command) => kernel.step(Input::RApdu(&card.answer(command.expose()))),
            Output::LookUp(_) => kernel.step(Input::Known(Known::default())),
            Output::Choose(_) => kernel.step(Input::Choice(0)),
            Output::GoOnline(_) => kernel.step(Input::HostAnswer(host.clone())),
            Output::AskPin(_) | Output::Wait | Output::Done(_) => panic!("it was not reached"),
        };
    }
    kernel
}

/// How a charge ends if this comes now.
pub(super) fn ends(kernel: &mut Kernel, input: Input<'_>) -> Outcome {
    match kernel.step(input) {
        Output::Done(outcome) => *outcome,
        _ => panic!("it went on"),
    }
}

/// What a charge came to.
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    pub(super) sent: Vec<Vec<u8>>,
    pub(super) request: Option<OnlineRequest>,
    pub(super) counts: Counts,
    pub(super) advice: Option<Box<OnlineRequest>>,
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

/// Plays a charge: what the card answers, and what the host says (none: unable to go online).
pub(super) fn play(
    terminal: &TerminalData,
    charge: Charge,
    card: impl FnMut(&[u8]) -> Vec<u8>,
    host: Option<&HostAnswer>,
) -> Ran {
    Scene {
        charge,
        ..Scene::at(terminal, host)
    }
    .play(card)
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
