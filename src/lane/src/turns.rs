//! One card, turn by turn between kernel, card and the other side, until the kernel has an outcome.

use std::time::{Duration, Instant};

use sealpoint_emv::{CApdu, Command, Input, Interface, Kernel, Output, PinEntry, PinRequest, Sw};
use sealpoint_secret::{SecretBytes, log_safe};
use sealpoint_wire::lane::{CardPrompt, MAX_CHOICES, OutcomeKind};

use crate::{
    charge::{Charging, Ended, POLL},
    counterpart::{Fault, Word},
    reader::{ANSWER_BOUND, CardError, PadAnswer, PadPin, Powered, Slot},
};

/// How often a kernel that waits for the cardholder or the host is told how long it has waited. It
/// decides how long is too long.
const TICK: Duration = Duration::from_secs(1);
/// Bytes of the command by which the pad gives a card the PIN, and of its answer.
const VERIFY: usize = 13;
const SW: usize = 2;
/// How often the pad may refuse a PIN for its length before it counts as not entered.
const MAX_WRONG_LENGTHS: u32 = 3;

/// What is known of a charge beside the kernel.
struct Course<'a> {
    slot: &'a Slot,
    interface: Interface,
    /// The other side gave up.
    cancelled: bool,
    /// A cryptogram was asked for: the card counts this charge, so it is brought to its end.
    committed: bool,
    /// Whether a PIN was asked for already.
    pin_asked: bool,
    /// What is waited for, and when that, and the part that the kernel was told of, began.
    awaited: Option<Awaited>,
    /// Why it ends, where the kernel only sees that it does.
    fault: Option<Fault>,
}

struct Awaited {
    what: What,
    since: Instant,
    told: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// One of so many applications.
    Choice(usize),
    Host,
}

impl Course<'_> {
    /// Notes a fault and gives the kernel's view of it.
    fn stop(&mut self, fault: Fault) -> Input<'static> {
        let input = match fault.kind {
            // Not the same as a host that could not be asked: what cannot be sealed cannot be told
            // later either, and a host whose answer makes no sense may have approved. The card is told
            // to decline.
            OutcomeKind::CannotSeal | OutcomeKind::UnableToGoOnline => Input::Cancel,
            _ => Input::CardRemoved,
        };
        self.fault = Some(fault);
        input
    }

    fn awaits(&mut self, what: What) {
        let now = Instant::now();
        self.awaited = Some(Awaited {
            what,
            since: now,
            told: now,
        });
    }
}

impl Charging<'_> {
    /// Runs the kernel to its outcome. The kernel bounds the number of turns.
    pub(crate) fn converse(&mut self, mut kernel: Kernel, card: &Powered, slot: &Slot) -> Ended {
        let mut course = Course {
            slot,
            interface: card.interface,
            cancelled: false,
            committed: false,
            pin_asked: false,
            awaited: None,
            fault: None,
        };
        let mut answer = SecretBytes::with_bound(ANSWER_BOUND);
        let mut output = kernel.step(Input::Start {
            atr: &card.atr,
            interface: card.interface,
            pad: card.pad,
        });
        loop {
            let input = match output {
                Output::Send(command) => {
                    let start = Instant::now();
                    let input = self.send(&command, &mut answer, &mut course);
                    let took = start.elapsed();
                    self.times.card = self.times.card.saturating_add(took);
                    // It bounds what the card may take, for one answer and for all.
                    if let Output::Done(outcome) = kernel.step(tick(took)) {
                        return Ended::of_kernel(outcome, course.fault, course.interface);
                    }
                    input
                }
                Output::Choose(choices) => {
                    let labels: Vec<_> = choices
                        .into_iter()
                        .take(MAX_CHOICES)
                        .map(|choice| choice.label)
                        .collect();
                    course.awaits(What::Choice(labels.len()));
                    self.counterpart.choose(labels);
                    self.wait(&mut course)
                }
                Output::LookUp(card) => Input::Known(self.counterpart.known(&card)),
                Output::AskPin(request) => {
                    let start = Instant::now();
                    let input = self.ask_pin(&request, &mut course);
                    self.times.cardholder = self.times.cardholder.saturating_add(start.elapsed());
                    input
                }
                Output::GoOnline(_) if course.cancelled => Input::Cancel,
                Output::GoOnline(request) => {
                    self.counterpart.prompt(CardPrompt::Authorising);
                    match self.counterpart.ask_host(*request) {
                        Ok(()) => {
                            course.awaits(What::Host);
                            self.wait(&mut course)
                        }
                        Err(fault) => course.stop(fault),
                    }
                }
                Output::Wait => self.wait(&mut course),
                Output::Done(outcome) => {
                    if let Some(request) = kernel.take_advice()
                        && let Err(fault) = self.counterpart.owe_advice(*request)
                    {
                        course.fault = Some(fault);
                    }
                    return Ended::of_kernel(outcome, course.fault, course.interface);
                }
            };
            output = kernel.step(input);
        }
    }

    /// One command and its answer, unless the other side gave up while that is still allowed.
    fn send<'a>(
        &mut self,
        command: &CApdu,
        answer: &'a mut SecretBytes,
        course: &mut Course<'_>,
    ) -> Input<'a> {
        if let Word::Cancel = self.counterpart.hear(Duration::ZERO) {
            course.cancelled = true;
        }
        course.committed |= command.command() == Command::GenerateAc && !course.cancelled;
        if course.cancelled && !course.committed {
            return Input::Cancel;
        }
        let sent = self.reader.transmit(command.expose(), answer);
        self.counts.add(command.expose().len(), answer.len());
        note(command.command(), answer);
        if let Some(transcript) = self.transcript.as_deref_mut() {
            transcript.note(command.command(), command.expose(), answer.expose());
        }
        match sent {
            Ok(()) => Input::RApdu(answer.expose()),
            Err(error) => course.stop(error.into()),
        }
    }

    /// Has the reader's own pad take a PIN, and give it to the card or encipher it for the card.
    fn ask_pin(&mut self, request: &PinRequest, course: &mut Course<'_>) -> Input<'static> {
        let (PinRequest::Plaintext { tries_left } | PinRequest::Enciphered { tries_left, .. }) =
            request
        else {
            // No driver here has a pad that enciphers for the host, and none says that it has.
            return Input::Pin(PinEntry::PadFailed);
        };
        let prompt = match tries_left {
            Some(1) => CardPrompt::LastPinTry,
            _ if course.pin_asked => CardPrompt::EnterPinAgain,
            _ => CardPrompt::EnterPin,
        };
        course.pin_asked = true;
        for _ in 0..MAX_WRONG_LENGTHS {
            self.counterpart.prompt(prompt);
            let entered = match request {
                PinRequest::Enciphered { key, challenge, .. } => {
                    self.reader.encipher_pin(key, *challenge)
                }
                _ => self.reader.verify_pin().map(PadPin::Said),
            };
            let entry = match entered {
                Ok(PadPin::Enciphered(pin)) => PinEntry::Enciphered(pin),
                Ok(PadPin::Said(PadAnswer::WrongLength)) => continue,
                Ok(PadPin::Said(PadAnswer::Card(sw))) => {
                    tracing::debug!(sw = %log_safe(&sw), "the card was given a PIN by the pad");
                    self.counts.add(VERIFY, SW);
                    if let Some(transcript) = self.transcript.as_deref_mut() {
                        transcript.note_pin(sw);
                    }
                    PinEntry::Verified(sw)
                }
                Ok(PadPin::Said(PadAnswer::Cancelled | PadAnswer::TimedOut)) => break,
                Ok(PadPin::Said(PadAnswer::Failed)) => PinEntry::PadFailed,
                Err(error) => return course.stop(error.into()),
            };
            self.counterpart.prompt(CardPrompt::Reading);
            return Input::Pin(entry);
        }
        course.fault = Some(Fault::new(
            OutcomeKind::Cancelled,
            "No PIN was entered. Start again or take cash.",
        ));
        Input::Pin(PinEntry::Cancelled)
    }

    /// Waits for what was asked for last, at most until the kernel is to be told the time.
    fn wait(&mut self, course: &mut Course<'_>) -> Input<'static> {
        let Some(Awaited {
            what,
            since,
            mut told,
        }) = course.awaited.take()
        else {
            return Input::Cancel;
        };
        loop {
            let word = self.counterpart.hear(POLL);
            let input = match (what, word) {
                (What::Choice(many), Word::Chosen(index)) if index < many => {
                    Some(Input::Choice(index))
                }
                (What::Choice(_), Word::Cancel) => Some(Input::Cancel),
                (What::Host, Word::Host(answer)) => Some(Input::HostAnswer(answer)),
                (What::Host, Word::Unusable(fault)) => Some(course.stop(fault)),
                (What::Host, Word::UnableToGoOnline) => Some(Input::UnableToGoOnline),
                // Not the same: what a terminal may approve without its host, it may not approve for
                // a cashier who gave up.
                (What::Host, Word::Cancel) => Some(Input::Cancel),
                _ => self.gone(course),
            };
            let share = match what {
                What::Choice(_) => &mut self.times.cardholder,
                What::Host => &mut self.times.host,
            };
            if let Some(input) = input {
                *share = share.saturating_add(since.elapsed());
                return input;
            }
            if told.elapsed() >= TICK {
                told = Instant::now();
                course.awaited = Some(Awaited { what, since, told });
                return tick(since.elapsed());
            }
        }
    }

    /// What the kernel is told if the card is not where it was. Held to the reader, it need not be: all
    /// that it has to say is said before the host is asked.
    fn gone(&mut self, course: &mut Course<'_>) -> Option<Input<'static>> {
        let look = self.look();
        if course.interface == Interface::Contactless || look.has(course.slot) {
            return None;
        }
        let error = match look.missing() {
            Some(missing) => CardError::Failed(missing.why.clone()),
            None => CardError::Removed,
        };
        Some(course.stop(error.into()))
    }
}

fn tick(waited: Duration) -> Input<'static> {
    Input::Tick {
        waited_ms: waited.as_millis().try_into().unwrap_or(u32::MAX),
    }
}

/// Logs which command was answered with which status word.
fn note(command: Command, answer: &SecretBytes) {
    match answer.expose().last_chunk() {
        Some(sw) => {
            let sw = Sw(u16::from_be_bytes(*sw));
            tracing::debug!(command = %log_safe(&command), sw = %log_safe(&sw), "the card answered");
        }
        None => tracing::debug!(command = %log_safe(&command), "the card did not answer"),
    }
}
