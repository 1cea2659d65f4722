//! A bound on every call of a driver that cannot bound its calls itself.

use std::{
    panic::resume_unwind,
    sync::mpsc::{
        Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use sealpoint_emv::PinKey;
use sealpoint_secret::SecretBytes;

use super::{
    ANSWER_BOUND, CardError, Missing, PAD_TIMEOUT, PadAnswer, PadPin, Powered, Reader, Slot,
};

/// How long a driver may take for one call. An honest card may ask for more time several times
/// over (EMV 4.4 Book 1 sections 9.2.2.1 and 9.2.4.3), so it is generous.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a driver may take to let go of its reader at the end.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs a driver in a thread of its own, because a call into the card service ends when that
/// service wants. A call that overruns counts as a failed reader until the thread is back.
pub struct Bounded {
    /// None while it is dropped.
    calls: Option<SyncSender<Call>>,
    answers: Receiver<Answer>,
    /// None once it has fallen.
    thread: Option<JoinHandle<()>>,
    timeout: Duration,
    /// Whether the thread still owes the answer to a call that nobody waits for any more.
    overdue: bool,
}

enum Call {
    Slots,
    PowerOn(Slot),
    Transmit(SecretBytes),
    VerifyPin,
    EncipherPin(PinKey, [u8; 8]),
    PowerOff,
}

enum Answer {
    Slots(Result<Vec<Slot>, Missing>),
    PoweredOn(Result<Powered, CardError>),
    Transmitted(Result<SecretBytes, CardError>),
    PinVerified(Result<PadAnswer, CardError>),
    PinEnciphered(Result<PadPin, CardError>),
    PoweredOff,
}

impl Bounded {
    /// Starts the driver's thread. It ends when this is dropped and its last call is over.
    #[must_use]
    pub fn new(driver: impl Reader + 'static, timeout: Duration) -> Self {
        // One call is under way at most, so neither side ever waits for room.
        let (calls, incoming) = sync_channel(1);
        let (outgoing, answers) = sync_channel(1);
        let thread = thread::spawn(move || drive(driver, &incoming, &outgoing));
        Self {
            calls: Some(calls),
            answers,
            thread: Some(thread),
            timeout,
            overdue: false,
        }
    }

    fn ask(&mut self, call: Call) -> Option<Answer> {
        self.ask_for(call, self.timeout)
    }

    /// The cardholder's time, and then the card's.
    fn ask_pad(&mut self, call: Call) -> Option<Answer> {
        self.ask_for(call, PAD_TIMEOUT.saturating_add(self.timeout))
    }

    fn ask_for(&mut self, call: Call, timeout: Duration) -> Option<Answer> {
        if self.overdue {
            match self.answers.try_recv() {
                Ok(_) => self.overdue = false,
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return self.fall(),
            }
        }
        match self.calls.as_ref()?.try_send(call) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return None,
            Err(TrySendError::Disconnected(_)) => return self.fall(),
        }
        match self.answers.recv_timeout(timeout) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => {
                self.overdue = true;
                None
            }
            Err(RecvTimeoutError::Disconnected) => self.fall(),
        }
    }

    /// The thread ends by itself only by a defect in it. What it had is wiped by then; what this
    /// thread has is wiped the same way.
    fn fall(&mut self) -> Option<Answer> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(defect)) => resume_unwind(defect),
            Some(Ok(())) | None => None,
        }
    }
}

impl Drop for Bounded {
    /// A program that ended while its thread is in the card service's library would crash: the
    /// library is taken down with it. So the thread is given time to end.
    fn drop(&mut self) {
        self.calls = None;
        let start = Instant::now();
        while let Some(left) = LEAVE_TIMEOUT.checked_sub(start.elapsed()) {
            if let Err(RecvTimeoutError::Disconnected) = self.answers.recv_timeout(left) {
                return;
            }
        }
    }
}

fn drive(mut driver: impl Reader, calls: &Receiver<Call>, answers: &SyncSender<Answer>) {
    for call in calls {
        let answer = match call {
            Call::Slots => Answer::Slots(driver.slots()),
            Call::PowerOn(slot) => Answer::PoweredOn(driver.power_on(&slot)),
            Call::Transmit(command) => {
                let mut answer = SecretBytes::with_bound(ANSWER_BOUND);
                let done = driver.transmit(command.expose(), &mut answer);
                Answer::Transmitted(done.map(|()| answer))
            }
            Call::VerifyPin => Answer::PinVerified(driver.verify_pin()),
            Call::EncipherPin(key, challenge) => {
                Answer::PinEnciphered(driver.encipher_pin(&key, challenge))
            }
            Call::PowerOff => {
                driver.power_off();
                Answer::PoweredOff
            }
        };
        if answers.send(answer).is_err() {
            return;
        }
    }
}

fn stuck() -> String {
    "The card reader does not answer. Unplug it, wait a moment and plug it in again.".to_owned()
}

impl Reader for Bounded {
    fn slots(&mut self) -> Result<Vec<Slot>, Missing> {
        match self.ask(Call::Slots) {
            Some(Answer::Slots(slots)) => slots,
            _ => Err(Missing { why: stuck() }),
        }
    }

    fn power_on(&mut self, slot: &Slot) -> Result<Powered, CardError> {
        match self.ask(Call::PowerOn(slot.clone())) {
            Some(Answer::PoweredOn(done)) => done,
            _ => Err(CardError::Failed(stuck())),
        }
    }

    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError> {
        answer.clear();
        match self.ask(Call::Transmit(SecretBytes::from_slice(command))) {
            Some(Answer::Transmitted(done)) => {
                let heard = done?;
                answer
                    .append(heard.expose())
                    .map_err(|_| CardError::Failed(stuck()))
            }
            _ => Err(CardError::Failed(stuck())),
        }
    }

    fn verify_pin(&mut self) -> Result<PadAnswer, CardError> {
        match self.ask_pad(Call::VerifyPin) {
            Some(Answer::PinVerified(done)) => done,
            _ => Err(CardError::Failed(stuck())),
        }
    }

    fn encipher_pin(&mut self, key: &PinKey, challenge: [u8; 8]) -> Result<PadPin, CardError> {
        match self.ask_pad(Call::EncipherPin(key.clone(), challenge)) {
            Some(Answer::PinEnciphered(done)) => done,
            _ => Err(CardError::Failed(stuck())),
        }
    }

    fn power_off(&mut self) {
        self.ask(Call::PowerOff);
    }
}
