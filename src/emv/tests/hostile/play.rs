//! Plays one charge, and keeps all that was said.

use sealpoint_cardsim::{Card, hostile::Garbler};
use sealpoint_emv::{
    HOST_MS, HostAnswer, HostDecision, Input, Kernel, Known, NO_CHOICE, OnlinePin, Outcome, Output,
    PinEntry, Sw,
};

use crate::{
    cards::Cards,
    holder, host,
    numbers::Numbers,
    scene::{Host, Scene},
};

/// Inputs after which a charge must be over.
const MAX_STEPS: usize = 600;

/// How many of a thousand answers with a cryptogram say that it is a higher one, besides all other
/// damage.
const UPGRADED: usize = 30;

/// One command and its answer.
pub struct Exchange {
    pub command: Vec<u8>,
    /// As the card gave it.
    pub genuine: Vec<u8>,
    /// As the kernel got it.
    pub delivered: Vec<u8>,
}

/// What was seen of a charge.
pub struct Seen {
    pub outcome: Outcome,
    pub exchanges: Vec<Exchange>,
    /// What the kernel itself says that it sent.
    pub apdus: u16,
    /// DE 55 and the application's name, as the host was asked.
    pub requests: Vec<(Vec<u8>, String)>,
    /// Whether the host approved while it was asked.
    pub approved: bool,
}

impl Seen {
    /// Answers, and those of them that were damaged.
    pub fn answers(&self) -> [u64; 2] {
        let damaged = self.exchanges.iter().filter(|one| one.is_damaged());
        [self.exchanges.len() as u64, damaged.count() as u64]
    }
}

impl Exchange {
    pub fn is_damaged(&self) -> bool {
        self.genuine != self.delivered
    }
}

/// An answer must outlive its input.
enum Next {
    Answer(Vec<u8>),
    Input(Input<'static>),
}

/// Everything outside of the kernel.
struct Stage<'a> {
    scene: &'a Scene<'a>,
    cards: &'a Cards,
    card: Card,
    garbler: Garbler,
    numbers: Numbers,
    exchanges: Vec<Exchange>,
    requests: Vec<(Vec<u8>, String)>,
    approved: bool,
}

/// Plays it to its end.
///
/// # Errors
/// If it has none, or goes on after it.
pub fn play(scene: &Scene<'_>, cards: &Cards) -> Result<Seen, String> {
    let kernel = Kernel::new(scene.terminal, scene.charge.clone());
    let mut kernel = kernel.map_err(|error| error.to_string())?;
    let mut stage = Stage {
        scene,
        cards,
        card: cards.personalise(scene.profile),
        garbler: scene.garbler.clone(),
        numbers: scene.events(),
        exchanges: Vec::new(),
        requests: Vec::new(),
        approved: false,
    };
    let atr = stage.card.power_on();
    let atr = match scene.honest {
        0 => stage.garbler.garble(atr),
        _ => atr,
    };
    let mut output = kernel.step(Input::Start {
        atr: &atr,
        interface: scene.interface,
        pad: scene.pad,
    });
    let mut asked = Output::Wait;
    for _ in 0..MAX_STEPS {
        match output {
            Output::Done(outcome) => {
                let again = kernel.step(Input::RApdu(&[0x90, 0x00]));
                if !matches!(again, Output::Done(same) if same == outcome) {
                    return Err("another outcome after the outcome".to_owned());
                }
                return Ok(Seen {
                    outcome: *outcome,
                    exchanges: stage.exchanges,
                    apdus: kernel.counts().apdus,
                    requests: stage.requests,
                    approved: stage.approved,
                });
            }
            Output::Wait => {}
            other => asked = stage.noted(other),
        }
        output = match stage.next(&asked) {
            Next::Answer(answer) => kernel.step(Input::RApdu(&answer)),
            Next::Input(input) => kernel.step(input),
        };
    }
    Err(format!("it is not over after {MAX_STEPS} inputs"))
}

impl Stage<'_> {
    fn noted(&mut self, output: Output) -> Output {
        if let Output::GoOnline(request) = &output {
            self.requests
                .push((request.de55.clone(), request.label.clone()));
        }
        output
    }

    fn next(&mut self, asked: &Output) -> Next {
        if self.numbers.chance(self.scene.trouble) {
            return self.trouble(asked);
        }
        Next::Input(match asked {
            Output::Send(command) => return self.sent(command.expose()),
            Output::Choose(choices) => Input::Choice(match self.numbers.below(10) {
                0 => NO_CHOICE,
                1 => choices.len(),
                _ => self.numbers.below(choices.len()),
            }),
            Output::LookUp(_) => Input::Known(self.scene.known),
            Output::AskPin(request) => {
                let (card, garbler) = (&mut self.card, &mut self.garbler);
                let entry = holder::enter(request, &mut self.numbers, |command| {
                    garbler.garble(card.apdu(command))
                });
                Input::Pin(entry)
            }
            Output::GoOnline(request) => {
                let silent = self.scene.host == Host::Silent;
                match host::answer(self.scene, self.cards, request, &mut self.numbers) {
                    Some((decision, answer)) => {
                        self.approved |= decision == HostDecision::Approved;
                        Input::HostAnswer(answer)
                    }
                    None if silent => Input::Tick { waited_ms: HOST_MS },
                    None => Input::UnableToGoOnline,
                }
            }
            Output::Wait | Output::Done(_) => Input::CardRemoved,
        })
    }

    fn sent(&mut self, command: &[u8]) -> Next {
        let genuine = self.card.apdu(command);
        if genuine.is_empty() {
            return Next::Input(Input::CardRemoved);
        }
        let mut delivered = match self.exchanges.len() < self.scene.honest {
            true => genuine.clone(),
            false => self.garbler.garble(genuine.clone()),
        };
        if self.scene.one_bit {
            let place = self.numbers.below(delivered.len());
            if self.exchanges.len() == self.scene.honest {
                delivered[place] ^= 1 << self.numbers.below(8);
            }
        } else if self.numbers.chance(UPGRADED) {
            delivered = upgraded(command, &delivered).unwrap_or(delivered);
        }
        self.exchanges.push(Exchange {
            command: command.to_vec(),
            genuine,
            delivered: delivered.clone(),
        });
        Next::Answer(delivered)
    }

    /// Something that nobody waits for.
    fn trouble(&mut self, asked: &Output) -> Next {
        let numbers = &mut self.numbers;
        Next::Input(match numbers.below(16) {
            0..4 => Input::Tick {
                waited_ms: u32::from(numbers.byte()) * 10,
            },
            4 => Input::Tick {
                waited_ms: u32::MAX,
            },
            5 => Input::Choice(numbers.below(4)),
            6 => Input::Known(Known::default()),
            7 => Input::Pin(PinEntry::Verified(Sw::OK)),
            8 => Input::Pin(PinEntry::Online(OnlinePin {
                block: numbers.bytes(8),
                ksn: numbers.bytes(10),
            })),
            9 => Input::UnableToGoOnline,
            10 => {
                // An approval counts where it was asked for, from whomever it comes.
                self.approved |= matches!(asked, Output::GoOnline(_));
                let answer = HostAnswer::new(HostDecision::Approved, *b"00", &[], &[]);
                Input::HostAnswer(answer.expect("a plain approval is an answer"))
            }
            11 => Input::Start {
                atr: &[0x3B, 0x60, 0x00, 0x00],
                interface: self.scene.interface,
                pad: self.scene.pad,
            },
            12 => Input::Cancel,
            13 => {
                self.card.power_off();
                Input::CardRemoved
            }
            _ => {
                let length = numbers.below(270);
                let answer = numbers.bytes(length);
                if let Output::Send(command) = asked {
                    self.exchanges.push(Exchange {
                        command: command.expose().to_vec(),
                        genuine: Vec::new(),
                        delivered: answer.clone(),
                    });
                }
                return Next::Answer(answer);
            }
        })
    }
}

/// The answer to a GENERATE AC that asked for no TC, turned into one: no terminal may believe that,
/// signed or not (Book 3 §10.8). None for any other answer.
fn upgraded(command: &[u8], answer: &[u8]) -> Option<Vec<u8>> {
    let asked = command.strip_prefix(&[0x80, 0xAE])?.first()? & 0xC0;
    let body = answer.len().checked_sub(2)?;
    let marks: [&[u8]; 2] = [&[0x9F, 0x27, 0x01], &[0x80]];
    let place = marks.iter().find_map(|mark| {
        let found = answer[..body]
            .windows(mark.len())
            .position(|at| at == *mark)?;
        Some(found + mark.len() + usize::from(mark.len() == 1))
    })?;
    let mut answer = answer.to_vec();
    *answer.get_mut(place).filter(|_| asked != 0x40)? = 0x40;
    Some(answer)
}
