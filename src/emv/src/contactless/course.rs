//! The course of a charge without contacts: the entry point between the kernel's inputs and outputs.

use crate::{
    contactless::entry_point::{EntryPoint, Step},
    dialogue::Dialogue,
    exchange::Answer,
    fault::Fault,
    kernel::{self, Input, Kernel, Output, Stage},
    online,
    outcome::{Ending, HostVerdict},
};

impl Kernel {
    /// A card is in the field. Its answer to reset is the reader's invention (PC/SC part 3), so that
    /// nothing hangs on it.
    pub(crate) fn present(&mut self) -> kernel::Step {
        let (entry_point, command) = EntryPoint::start(&self.dialogue)?;
        self.send(command, Stage::Contactless(entry_point))
    }

    /// The card's whole answer.
    pub(crate) fn presented(
        &mut self,
        mut entry_point: EntryPoint,
        answer: &Answer,
    ) -> kernel::Step {
        let step = entry_point.answered(&mut self.dialogue, answer)?;
        self.stage = Stage::Contactless(entry_point);
        self.follow(step)
    }

    /// Anything else that may happen while a card is, or was, in the field.
    pub(crate) fn contactless(&mut self, input: Input<'_>) -> kernel::Step {
        let Stage::Contactless(entry_point) = &mut self.stage else {
            return Err(Fault::OutOfTurn.into());
        };
        let dialogue = &mut self.dialogue;
        let step = match input {
            Input::CardRemoved => match entry_point.removed() {
                Some(ending) => return Err(ending),
                None => return Ok(Output::Wait),
            },
            Input::Known(known) => entry_point.known(dialogue, known)?,
            Input::Pin(entry) => entry_point.entered(dialogue, entry)?,
            Input::HostAnswer(answer) => return Err(entry_point.host_answered(dialogue, &answer)),
            Input::UnableToGoOnline => return Err(entry_point.unreachable(dialogue)),
            Input::Cancel => return Err(cancelled(entry_point, dialogue)),
            Input::Start { .. } | Input::RApdu(_) | Input::Choice(_) | Input::Tick { .. } => {
                return Err(Fault::OutOfTurn.into());
            }
        };
        self.follow(step)
    }

    fn follow(&mut self, step: Step) -> kernel::Step {
        match step {
            Step::Send(command) => Ok(Output::Send(self.exchange.send(command)?)),
            Step::LookUp(look_up) => Ok(Output::LookUp(look_up)),
            Step::AskPin(request) => Ok(Output::AskPin(request)),
            Step::GoOnline => {
                let request = online::request(&mut self.dialogue)?;
                self.dialogue.host = HostVerdict::Asked;
                Ok(Output::GoOnline(Box::new(request)))
            }
        }
    }
}

/// Giving up while the host is asked is the same as not reaching it: its fate must be cleared up.
fn cancelled(entry_point: &EntryPoint, dialogue: &mut Dialogue) -> Ending {
    if entry_point.is_online() {
        entry_point.unreachable(dialogue)
    } else {
        Ending::Cancelled
    }
}
