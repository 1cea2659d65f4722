//! Plays a dialogue: everything outside of the kernel, and a record of what it did.

use sealpoint_cardsim::pad;
use sealpoint_emv::{
    CApdu, Charge, ChargeKind, HOST_MS, HostAnswer, HostDecision, Input, Interface, Kernel, Known,
    NO_CHOICE, OnlinePin, Outcome, Output, PIN_MS, PinEntry, PinPad, PinRequest, Sw,
};
use sealpoint_secret::SecretBytes;

use crate::{
    card::{Card, macros},
    dialogue::{ChargeData, Dialogue, HostSays, PadAbility},
    notation, terminal,
};

/// Inputs after which a charge must be over.
const MAX_STEPS: usize = 400;

/// What was seen of a charge.
pub struct Seen {
    pub outcome: Outcome,
    pub commands: Vec<Vec<u8>>,
    pub apdus: u16,
    pub offered: Vec<Vec<String>>,
    pub pins: Vec<String>,
    /// DE 55 as the host was asked.
    pub request: Option<Vec<u8>>,
}

/// What an input is made of: answers must outlive it.
enum Next {
    Answer(Vec<u8>),
    Input(Input<'static>),
}

/// Plays it to its end.
pub fn play(dialogue: &Dialogue) -> Result<Seen, String> {
    let terminal = terminal::of(&dialogue.terminal)?;
    let charge = charge(&dialogue.charge)?;
    let mut kernel = Kernel::new(&terminal, charge).map_err(|error| error.to_string())?;
    let mut stage = Stage {
        dialogue,
        card: Card::of(dialogue)?,
        pins: dialogue.pins.iter(),
        choices: dialogue.choices.iter(),
        commands: Vec::new(),
        offered: Vec::new(),
        asked: Vec::new(),
        request: None,
        pending: None,
    };
    let able = |ability| dialogue.pad.contains(&ability);
    let mut output = kernel.step(Input::Start {
        atr: &stage.card.atr.clone(),
        interface: match dialogue.contactless {
            true => Interface::Contactless,
            false => Interface::Contact,
        },
        pad: PinPad {
            plaintext: able(PadAbility::Plaintext),
            enciphered: able(PadAbility::Enciphered),
            online: able(PadAbility::Online),
        },
    });
    for _ in 0..MAX_STEPS {
        if let Output::Done(outcome) = output {
            stage.finish()?;
            return Ok(Seen {
                outcome: *outcome,
                commands: stage.commands,
                apdus: kernel.counts().apdus,
                offered: stage.offered,
                pins: stage.asked,
                request: stage.request,
            });
        }
        output = match stage.next(output)? {
            Next::Answer(answer) => kernel.step(Input::RApdu(&answer)),
            Next::Input(input) => kernel.step(input),
        };
    }
    Err("it does not end".to_owned())
}

/// Card, cardholder, pad and host of one dialogue.
struct Stage<'a> {
    dialogue: &'a Dialogue,
    card: Card,
    pins: std::slice::Iter<'a, String>,
    choices: std::slice::Iter<'a, i64>,
    commands: Vec<Vec<u8>>,
    offered: Vec<Vec<String>>,
    asked: Vec<String>,
    request: Option<Vec<u8>>,
    /// An answer that is late.
    pending: Option<Vec<u8>>,
}

impl Stage<'_> {
    fn next(&mut self, output: Output) -> Result<Next, String> {
        Ok(Next::Input(match output {
            Output::Send(command) => return self.sent(&command),
            Output::Wait => match self.pending.take() {
                Some(answer) => return Ok(Next::Answer(answer)),
                None => return Err("it waits where it need not".to_owned()),
            },
            Output::Choose(choices) => {
                let labels = choices.into_iter().map(|choice| choice.label).collect();
                self.offered.push(labels);
                let index = *self.choices.next().ok_or("a choice nobody makes")?;
                Input::Choice(usize::try_from(index).unwrap_or(NO_CHOICE))
            }
            Output::LookUp(_) => Input::Known(Known {
                earlier_minor: self.dialogue.known.earlier,
                on_exception_file: self.dialogue.known.exception_file,
            }),
            Output::AskPin(request) => self.asked_for_pin(&request)?,
            Output::GoOnline(request) => {
                self.request = Some(request.de55);
                self.host()?
            }
            Output::Done(_) => return Err("it went on after its end".to_owned()),
        }))
    }

    fn sent(&mut self, command: &CApdu) -> Result<Next, String> {
        let command = command.expose();
        self.commands.push(command.to_vec());
        let reaction = self.card.answer(command)?;
        let Some(event) = reaction.event else {
            return Ok(Next::Answer(reaction.answer));
        };
        Ok(Next::Input(match event.as_str() {
            "removed" => Input::CardRemoved,
            "cancel" => Input::Cancel,
            event => {
                let time = event.strip_prefix("tick:").map(str::parse);
                let Some(Ok(waited_ms)) = time else {
                    return Err(format!("`@{event}` is no event"));
                };
                self.pending = Some(reaction.answer);
                Input::Tick { waited_ms }
            }
        }))
    }

    fn asked_for_pin(&mut self, request: &PinRequest) -> Result<Input<'static>, String> {
        let tries = |tries: &Option<u8>| tries.map_or("-".to_owned(), |tries| tries.to_string());
        self.asked.push(match request {
            PinRequest::Plaintext { tries_left } => format!("plaintext {}", tries(tries_left)),
            PinRequest::Enciphered { tries_left, .. } => {
                format!("enciphered {}", tries(tries_left))
            }
            PinRequest::Online { .. } => "online".to_owned(),
        });
        let entry = self.pins.next().ok_or("a PIN nobody enters")?;
        let entry = match (entry.as_str(), request) {
            ("bypass", _) => PinEntry::Bypassed,
            ("cancel", _) => PinEntry::Cancelled,
            ("failed", _) => PinEntry::PadFailed,
            ("silence", _) => return Ok(Input::Tick { waited_ms: PIN_MS }),
            ("removed", _) => return Ok(Input::CardRemoved),
            ("online", _) => PinEntry::Online(OnlinePin {
                block: vec![0xB1; 8],
                ksn: vec![0xFF; 10],
            }),
            (digits, PinRequest::Enciphered { key, challenge, .. }) => {
                let data = pad::encipher(&key.modulus, key.exponent, digits, *challenge, &[0x5A])
                    .ok_or("the card's key is of no use")?;
                PinEntry::Enciphered(SecretBytes::from_slice(&data))
            }
            (status, _) => match notation::hex(status)?.try_into() {
                Ok(status) => PinEntry::Verified(Sw(u16::from_be_bytes(status))),
                Err(_) => return Err(format!("`{status}` is no PIN entry")),
            },
        };
        Ok(Input::Pin(entry))
    }

    fn host(&self) -> Result<Input<'static>, String> {
        let host = &self.dialogue.host;
        let decision = match host.says {
            HostSays::Approve => HostDecision::Approved,
            HostSays::Decline => HostDecision::Declined,
            HostSays::Refer => HostDecision::Referred,
            HostSays::Nothing => return Ok(Input::UnableToGoOnline),
            HostSays::Silence => return Ok(Input::Tick { waited_ms: HOST_MS }),
            HostSays::Cancel => return Ok(Input::Cancel),
            HostSays::CardRemoved => return Ok(Input::CardRemoved),
        };
        let arc = host.arc.as_bytes().try_into();
        let answer = HostAnswer::new(
            decision,
            arc.map_err(|_| "a response code has two characters")?,
            &notation::hex(&host.authentication)?,
            &notation::bytes(&host.scripts, macros())?,
        );
        answer
            .map(Input::HostAnswer)
            .map_err(|error| error.to_string())
    }

    /// Whether everything that was written down was needed.
    fn finish(&self) -> Result<(), String> {
        if let [pattern, ..] = self.card.unasked().as_slice() {
            return Err(format!("nobody asked for {pattern}"));
        }
        match (self.pins.len(), self.choices.len()) {
            (0, 0) => Ok(()),
            _ => Err("PINs or choices are left over".to_owned()),
        }
    }
}

fn charge(data: &ChargeData) -> Result<Charge, String> {
    let kind = match data.kind.as_deref() {
        None | Some("purchase") => ChargeKind::Purchase,
        Some("cashback") => ChargeKind::PurchaseWithCashback,
        Some("cash") => ChargeKind::Cash,
        Some("refund") => ChargeKind::Refund,
        Some(other) => return Err(format!("`{other}` is no kind of charge")),
    };
    let date = notation::hex(data.date.as_deref().unwrap_or("261122"))?;
    Ok(Charge {
        amount_minor: data.amount.unwrap_or(1_000),
        currency: data.currency.unwrap_or(978),
        exponent: 2,
        cashback_minor: data.cashback.unwrap_or(0),
        kind,
        date: date.try_into().map_err(|_| "a date has three bytes")?,
        time: [0x12, 0x34, 0x56],
        unpredictable_number: [0x01, 0x02, 0x03, 0x04],
        random_draw: data.draw.unwrap_or(99),
        forced_online: data.forced_online,
        offline_up_to_minor: i64::MAX,
        counter: 1,
        terminal_id: *b"TERM0001",
    })
}
