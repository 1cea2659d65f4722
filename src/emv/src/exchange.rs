//! One command and its whole answer, and the bound on all of them.

use sealpoint_secret::SecretBytes;

use crate::{
    apdu::{CApdu, Command, MAX_R_APDU, Sw},
    fault::Fault,
};

/// Commands that one charge may send, GET RESPONSE and repetitions included.
pub const MAX_APDUS: u16 = 200;
/// GET RESPONSE commands that may follow one command.
pub const MAX_FOLLOW_UPS: u8 = 8;
/// Bytes that one charge may send and receive together.
pub const MAX_BYTES: u32 = 65_536;
/// Data bytes of one whole answer (Book 3 §6.3.3).
const MAX_DATA: usize = MAX_R_APDU - 2;

/// Hides 61xx and 6Cxx, which a T=0 card may answer with (Book 1 §9.3.1), from the phases.
pub(crate) struct Exchange {
    /// What a phase sent and waits for.
    awaited: Option<Command>,
    /// What the card was sent last: that, or a GET RESPONSE for it.
    sent: Option<CApdu>,
    gathered: SecretBytes,
    follow_ups: u8,
    corrected: bool,
    counts: Counts,
}

/// What a charge has exchanged with the card. What a reader's PIN pad sends by itself is not in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Commands, GET RESPONSE and repetitions included.
    pub apdus: u16,
    /// Bytes of the commands.
    pub bytes_sent: u32,
    /// Bytes of the answers, status words included.
    pub bytes_received: u32,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) command: Command,
    pub(crate) data: SecretBytes,
    pub(crate) sw: Sw,
}

/// What a raw answer comes to.
pub(crate) enum Heard {
    /// The card wants another command first.
    Ask(CApdu),
    /// The answer is whole.
    Whole(Answer),
}

impl Exchange {
    pub(crate) fn new() -> Self {
        Self {
            awaited: None,
            sent: None,
            gathered: SecretBytes::with_bound(MAX_DATA),
            follow_ups: 0,
            corrected: false,
            counts: Counts::default(),
        }
    }

    /// Counts a command and keeps a copy until its answer is whole.
    pub(crate) fn send(&mut self, command: CApdu) -> Result<CApdu, Fault> {
        self.gathered.clear();
        self.follow_ups = 0;
        self.corrected = false;
        let copy = command.duplicate();
        self.awaited = Some(command.command());
        self.sent = Some(command);
        self.count(copy)
    }

    fn count(&mut self, command: CApdu) -> Result<CApdu, Fault> {
        if self.counts.apdus >= MAX_APDUS {
            return Err(Fault::TooManyApdus);
        }
        self.counts.apdus += 1;
        self.counts.bytes_sent += bytes(command.expose());
        self.within_bound()?;
        Ok(command)
    }

    fn within_bound(&self) -> Result<(), Fault> {
        if self.counts.bytes_sent + self.counts.bytes_received > MAX_BYTES {
            return Err(Fault::TooMuchData);
        }
        Ok(())
    }

    /// What was exchanged so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Wipes what it holds of the card. An answer that still comes is out of turn.
    pub(crate) fn close(&mut self) {
        (self.awaited, self.sent) = (None, None);
        self.gathered.clear();
    }

    /// Takes what the card answered.
    pub(crate) fn hear(&mut self, raw: &[u8]) -> Result<Heard, Fault> {
        let (command, sent) = self
            .awaited
            .zip(self.sent.as_ref())
            .ok_or(Fault::OutOfTurn)?;
        let (data, status) = raw
            .split_last_chunk::<2>()
            .filter(|_| raw.len() <= MAX_R_APDU)
            .ok_or(Fault::AnswerLength(command))?;
        self.counts.bytes_received += bytes(raw);
        self.within_bound()?;
        let sw = Sw(u16::from_be_bytes(*status));
        match sw.sw1() {
            0x6C if sent.has_le() && !self.corrected => {
                self.corrected = true;
                let again = sent.duplicate().with_le(sw.sw2());
                return self.count(again).map(Heard::Ask);
            }
            0x61 => {
                if self.follow_ups >= MAX_FOLLOW_UPS || self.gathered.append(data).is_err() {
                    return Err(Fault::EndlessAnswer(command));
                }
                self.follow_ups += 1;
                self.corrected = false;
                let more = CApdu::get_response(sw.sw2());
                self.sent = Some(more.duplicate());
                return self.count(more).map(Heard::Ask);
            }
            _ => {}
        }
        if self.gathered.append(data).is_err() {
            return Err(Fault::EndlessAnswer(command));
        }
        (self.awaited, self.sent) = (None, None);
        Ok(Heard::Whole(Answer {
            command,
            data: std::mem::replace(&mut self.gathered, SecretBytes::with_bound(MAX_DATA)),
            sw,
        }))
    }
}

/// Bytes of one command or answer, each of which is at most 261 long.
fn bytes(apdu: &[u8]) -> u32 {
    u32::try_from(apdu.len()).unwrap_or(u32::MAX)
}

impl Answer {
    /// The data of a good answer; any other status word is a fault.
    pub(crate) fn ok(&self) -> Result<&[u8], Fault> {
        match self.sw {
            Sw::OK => Ok(self.data.expose()),
            sw => Err(Fault::Answer(self.command, sw)),
        }
    }

    /// The data, whatever the status word.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.data.expose()
    }
}
