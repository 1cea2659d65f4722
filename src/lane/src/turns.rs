//! One charge, turn by turn between kernel, card and till, until the kernel has an outcome.

use std::time::{Duration, Instant};

use sealpoint_emv::{
    CApdu, Command, Input, Interface, Kernel, Known, OnlineRequest, Output, PinPad, Sw,
};
use sealpoint_secret::{SecretBytes, log_safe};
use sealpoint_vault::seal;
use sealpoint_wire::{
    AttemptId, Bytes, CardOutcome, FromLane, ReaderState, SealContext,
    lane::{CardPrompt, OutcomeKind, ReadCard},
    seal::SealKind,
};

use crate::{
    answers,
    charge::Fault,
    lane::{Lane, POLL, Word},
    reader::{ANSWER_BOUND, CardError},
    set_up::Ready,
};

/// How long the till may take with the host's answer before the card is told that there is none.
const HOST_TIMEOUT: Duration = Duration::from_secs(60);

/// How long the card may take for all its answers together. Each alone is bounded by the reader,
/// but a card that is slow every time would keep the queue at the till waiting.
const MAX_CARD_TIME: Duration = Duration::from_secs(90);

/// What the driver knows of a charge beside the kernel.
#[derive(Default)]
struct Course {
    /// The cashier gave up.
    cancelled: bool,
    /// A cryptogram was asked for: the card counts this charge, so it is brought to its end.
    committed: bool,
    /// How long the card has taken so far.
    card_time: Duration,
    /// Why it ends, where the kernel only sees that it does.
    fault: Option<Fault>,
}

impl Course {
    /// Counts the time of one answer.
    fn took(&mut self, time: Duration) -> Result<(), Fault> {
        self.card_time = self.card_time.saturating_add(time);
        if self.card_time > MAX_CARD_TIME {
            return Err(Fault::new(
                OutcomeKind::CardFault,
                "The card takes too long. Ask for another card or cash.",
            ));
        }
        Ok(())
    }

    /// Notes a fault and gives the kernel's view of it.
    fn stop(&mut self, fault: Fault) -> Input<'static> {
        let input = match fault.kind {
            OutcomeKind::CannotSeal | OutcomeKind::UnableToGoOnline => Input::UnableToGoOnline,
            _ => Input::CardRemoved,
        };
        self.fault = Some(fault);
        input
    }
}

impl Lane {
    /// Runs the kernel to its outcome. The kernel bounds the number of turns.
    pub(crate) fn converse(
        &mut self,
        mut kernel: Kernel,
        atr: &[u8],
        ready: &Ready,
        read: &ReadCard,
    ) -> CardOutcome {
        let mut course = Course::default();
        let mut answer = SecretBytes::with_bound(ANSWER_BOUND);
        let mut output = kernel.step(Input::Start {
            atr,
            interface: Interface::Contact,
            pad: PinPad::NONE,
        });
        loop {
            let input = match output {
                Output::Send(command) => {
                    self.send(&command, &mut answer, &mut course, read.attempt)
                }
                // A profile that lets the cardholder choose was refused.
                Output::Choose(_) | Output::AskPin(_) => Input::Cancel,
                Output::LookUp(_) => Input::Known(Known::default()),
                Output::Wait => Input::Tick {
                    waited_ms: u32::MAX,
                },
                Output::GoOnline(_) if course.cancelled => Input::UnableToGoOnline,
                Output::GoOnline(request) => self
                    .go_online(*request, ready, read)
                    .unwrap_or_else(|fault| course.stop(fault)),
                Output::Done(outcome) => {
                    let mut outcome = answers::outcome(&outcome);
                    // An approval stands even if the card left in the issuer's last script.
                    if let Some(Fault { kind, why }) = course.fault
                        && outcome.kind != OutcomeKind::Approved
                    {
                        outcome.kind = kind;
                        outcome.why = Some(why);
                    }
                    return outcome;
                }
            };
            output = kernel.step(input);
        }
    }

    /// One command and its answer, unless the cashier gave up while that is still allowed.
    fn send<'a>(
        &mut self,
        command: &CApdu,
        answer: &'a mut SecretBytes,
        course: &mut Course,
        attempt: AttemptId,
    ) -> Input<'a> {
        if let Word::Cancel = self.word(attempt, Duration::ZERO) {
            course.cancelled = true;
        }
        course.committed |= command.command() == Command::GenerateAc && !course.cancelled;
        if course.cancelled && !course.committed {
            return Input::Cancel;
        }
        let start = Instant::now();
        let sent = self.reader.transmit(command.expose(), answer);
        note(command.command(), answer);
        match sent
            .map_err(Fault::from)
            .and_then(|()| course.took(start.elapsed()))
        {
            Ok(()) => Input::RApdu(answer.expose()),
            Err(fault) => course.stop(fault),
        }
    }

    /// Seals at once, hands the sealed card to the till, and waits for the host's answer.
    fn go_online(
        &mut self,
        request: OnlineRequest,
        ready: &Ready,
        read: &ReadCard,
    ) -> Result<Input<'static>, Fault> {
        let attempt = read.attempt;
        let OnlineRequest {
            de55,
            card,
            truncated_pan,
            aid,
            label,
            interface: _,
            pin: _,
        } = request;
        let context = SealContext {
            terminal: read.terminal.clone(),
            attempt,
            key_id: ready.key.key_id().clone(),
            amount_minor: read.amount_minor,
            currency: read.currency,
            kind: SealKind::Authorisation,
        };
        let sealed = seal(answers::card_data(card), &context, &ready.key, &self.random)
            .map_err(|error| Fault::new(OutcomeKind::CannotSeal, error.to_string()))?;
        let de55 = Bytes::try_from(de55)
            .map_err(|error| Fault::new(OutcomeKind::CannotSeal, error.to_string()))?;
        let card = answers::card_summary(label, aid, &truncated_pan);
        self.prompt(attempt, CardPrompt::Authorising);
        self.till.tell(&FromLane::Online {
            attempt,
            card,
            sealed,
            de55,
        });
        self.await_host(attempt)
    }

    fn await_host(&mut self, attempt: AttemptId) -> Result<Input<'static>, Fault> {
        let start = Instant::now();
        loop {
            match self.word(attempt, POLL) {
                Word::Host(answer) => {
                    return answers::host_answer(&answer)
                        .map(Input::HostAnswer)
                        .map_err(|why| Fault::new(OutcomeKind::UnableToGoOnline, why));
                }
                Word::UnableToGoOnline | Word::Cancel => return Ok(Input::UnableToGoOnline),
                Word::Silence => {}
            }
            match self.look() {
                ReaderState::CardIn { .. } => {}
                ReaderState::Ready { .. } => return Err(CardError::Removed.into()),
                ReaderState::Missing { why } => return Err(CardError::Failed(why).into()),
            }
            if start.elapsed() >= HOST_TIMEOUT {
                tracing::warn!(%attempt, "no word on the host's answer");
                return Ok(Input::UnableToGoOnline);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_is_slow_every_time_is_given_up() {
        let mut course = Course::default();
        for _ in 0..3 {
            assert!(course.took(MAX_CARD_TIME / 3).is_ok());
        }
        let fault = course.took(Duration::from_millis(1)).err();
        assert!(fault.is_some_and(|fault| fault.kind == OutcomeKind::CardFault));
    }
}
