//! What the entry point asks of a kernel, and what a kernel may say (Book A §6).

use crate::{
    apdu::CApdu,
    contactless::c3::C3,
    dialogue::Dialogue,
    exchange::Answer,
    fault::Fault,
    lookup::{Known, LookUp},
    outcome::{Decliner, Ending},
    pin::{PinEntry, PinRequest},
    terminal::ContactlessKernel,
    wait::Awaited,
};

use super::qualifiers::Ttq;

/// The kernel at work.
pub(super) enum Kernel {
    /// Kernel 3.
    C3(C3),
}

/// What a kernel does next. A [`Fault`] instead is the outcome *End Application*.
pub(super) enum Turn {
    /// Asks the card.
    Send(CApdu),
    /// Asks what the terminal remembers of the card.
    LookUp(LookUp),
    /// Asks for a PIN.
    AskPin(PinRequest),
    /// Is done with the card.
    Done(KernelOutcome),
}

/// The outcome of a kernel (Book A §6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KernelOutcome {
    /// *Select Next*: another application of the card may do it.
    SelectNext,
    /// *Try Again*, after the cardholder has looked at the device.
    TryAgain,
    /// *Try Another Interface*.
    TryAnotherInterface,
    /// *Approved*, by the card.
    Approved,
    /// *Declined*.
    Declined(Decliner),
    /// *Online Request*: the card is no longer needed.
    OnlineRequest,
    /// *End Application*, for a reason that is no fault.
    EndApplication(Ending),
}

/// Number of a kernel, as cards ask for it (Book B table 3-6).
pub(super) fn id(kernel: ContactlessKernel) -> u8 {
    match kernel {
        ContactlessKernel::C3 => 3,
    }
}

/// Whether a kernel can run an application with that PDOL (Book B §3.3.3.6).
pub(super) fn can_run(kernel: ContactlessKernel, pdol: &[u8]) -> bool {
    match kernel {
        ContactlessKernel::C3 => C3::can_run(pdol),
    }
}

impl Kernel {
    /// Activates the kernel for the selected application (Book B §3.4).
    pub(super) fn start(
        kernel: ContactlessKernel,
        dialogue: &mut Dialogue,
        ttq: Ttq,
    ) -> Result<(Self, CApdu), Fault> {
        match kernel {
            ContactlessKernel::C3 => {
                let (c3, command) = C3::start(dialogue, ttq)?;
                Ok((Self::C3(c3), command))
            }
        }
    }

    /// Takes the card's answer.
    pub(super) fn answered(
        &mut self,
        dialogue: &mut Dialogue,
        answer: &Answer,
    ) -> Result<Turn, Fault> {
        match self {
            Self::C3(c3) => c3.answered(dialogue, answer),
        }
    }

    /// Takes what the terminal remembers of the card.
    pub(super) fn known(&mut self, dialogue: &mut Dialogue, known: Known) -> Result<Turn, Fault> {
        match self {
            Self::C3(c3) => c3.known(dialogue, known),
        }
    }

    /// Takes what came of the PIN.
    pub(super) fn entered(
        &mut self,
        dialogue: &mut Dialogue,
        entry: PinEntry,
    ) -> Result<Turn, Fault> {
        match self {
            Self::C3(c3) => c3.entered(dialogue, entry),
        }
    }

    /// Who has the next word.
    pub(super) fn awaited(&self) -> Awaited {
        match self {
            Self::C3(c3) => c3.awaited(),
        }
    }

    /// Whether all is read of the card: it may leave the field (*Card Read Complete*).
    pub(super) fn has_read_card(&self) -> bool {
        match self {
            Self::C3(c3) => c3.has_read_card(),
        }
    }
}
