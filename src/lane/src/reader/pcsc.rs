//! Readers behind the machine's card service, `pcscd`.
//!
//! The service, the readers and the card may each go and come back at any time, so nothing is kept
//! but the powered card: each look asks again. Waiting is the caller's; SCardCancel is not used,
//! since it may be lost when nobody waits yet.

use std::{ffi::CString, time::Duration};

use pcsc::{Card, Context, Disposition, Error, Protocol, Protocols, Scope, ShareMode, State};
use sealpoint_secret::SecretBytes;
use sealpoint_wire::ReaderState;

use super::{CardError, MAX_ATR, Reader};

/// Readers that are looked at; the service itself knows at most sixteen.
const MAX_READERS: usize = 16;
/// How long the service may take to notice that a card which stopped answering has gone. Its
/// drivers look about twice a second.
const REMOVAL_NOTICED: Duration = Duration::from_millis(1_500);
/// Bytes of a status word, with which every answer ends.
const STATUS_WORD: usize = 2;
/// Bytes of the header, Lc and data of a command without data.
const HEADER_AND_LC: usize = 5;

/// The readers of the card service, as one reader: the first with a card, or the first of all.
pub struct PcscReader {
    /// Part of the name of the only readers to use; any reader without it.
    wanted: Option<String>,
    context: Option<Context>,
    powered: Option<Powered>,
}

struct Powered {
    card: Card,
    protocol: Option<Protocol>,
    reader: CString,
    /// The service's count of insertions and removals when the card was powered.
    events: u32,
}

/// A reader as the service sees it.
struct Seen {
    reader: CString,
    state: State,
    events: u32,
}

impl PcscReader {
    /// The readers whose name contains `wanted`, or all.
    #[must_use]
    pub fn new(wanted: Option<String>) -> Self {
        Self {
            wanted,
            context: None,
            powered: None,
        }
    }

    fn service(&mut self) -> Result<Context, Error> {
        if let Some(context) = &self.context {
            return Ok(context.clone());
        }
        let context = Context::establish(Scope::System)?;
        self.context = Some(context.clone());
        Ok(context)
    }

    /// Forgets a connection that failed; the next look makes a new one.
    fn give_up(&mut self, error: Error) -> String {
        self.powered = None;
        self.context = None;
        match error {
            Error::NoService | Error::ServiceStopped => "The card service does not run. Start it \
                 with `systemctl start pcscd.socket`."
                .to_owned(),
            Error::SecurityViolation | Error::NoAccess => {
                "This till may not use the card service. \
                 Allow the user that runs the lane to access pcscd (polkit)."
                    .to_owned()
            }
            error => format!(
                "The card service fails ({error}). Unplug the reader and plug it in again; if that \
                 does not help, restart the service with `systemctl restart pcscd`."
            ),
        }
    }

    /// The wanted readers with their states.
    fn look(&mut self) -> Result<Vec<Seen>, Error> {
        let context = self.service()?;
        let mut readers: Vec<_> = context
            .list_readers_owned()?
            .into_iter()
            .filter(|name| {
                let wanted = self.wanted.as_deref().unwrap_or_default();
                name.to_string_lossy().contains(wanted)
            })
            .take(MAX_READERS)
            .map(|name| pcsc::ReaderState::new(name, State::UNAWARE))
            .collect();
        if readers.is_empty() {
            return Ok(Vec::new());
        }
        // From UNAWARE every reader has changed, so the service answers at once.
        context.get_status_change(Duration::ZERO, &mut readers)?;
        Ok(readers.iter().map(Seen::from).collect())
    }

    fn state_of_powered(&mut self) -> Result<Option<ReaderState>, Error> {
        let Some(powered) = &self.powered else {
            return Ok(None);
        };
        let (reader, events) = (powered.reader.clone(), powered.events);
        let seen = self.look()?.into_iter().find(|seen| seen.reader == reader);
        Ok(Some(match seen {
            Some(seen) if seen.has_card() && seen.events == events => seen.card_in(),
            Some(seen) => seen.ready(),
            None => self.missing(),
        }))
    }

    fn missing(&self) -> ReaderState {
        let why = match &self.wanted {
            None => "No card reader is connected. Plug one in.".to_owned(),
            Some(name) => {
                format!("No card reader whose name contains {name:?} is connected. Plug it in.")
            }
        };
        ReaderState::Missing { why }
    }

    fn connect(&mut self) -> Result<(Powered, Vec<u8>), Error> {
        let seen = self
            .look()?
            .into_iter()
            .find(Seen::has_card)
            .ok_or(Error::NoSmartcard)?;
        let context = self.service()?;
        // Exclusive: no other program may speak to the card in the middle of a charge.
        let card = context.connect(&seen.reader, ShareMode::Exclusive, Protocols::ANY)?;
        let status = card.status2_owned()?;
        let atr = status.atr().iter().copied().take(MAX_ATR).collect();
        let protocol = status.protocol2();
        let powered = Powered {
            card,
            protocol,
            reader: seen.reader,
            events: seen.events,
        };
        Ok((powered, atr))
    }

    /// What a failed call means: the card went, or the reader failed. The error alone does not
    /// tell, so the service is asked, and given time to notice.
    fn why(&mut self, error: Error) -> CardError {
        match error {
            Error::RemovedCard | Error::NoSmartcard => return CardError::Removed,
            Error::UnresponsiveCard | Error::UnpoweredCard | Error::UnsupportedCard => {
                return CardError::Mute;
            }
            Error::SharingViolation => {
                return CardError::Failed(
                    "Another program uses the card reader. Close it, then charge again.".to_owned(),
                );
            }
            _ => {}
        }
        match self.card_has_gone() {
            Ok(true) => CardError::Removed,
            // Too long an answer is the card's fault as well.
            Ok(false)
                if matches!(
                    error,
                    Error::NotTransacted | Error::ResetCard | Error::InsufficientBuffer
                ) =>
            {
                CardError::Mute
            }
            Ok(false) | Err(_) => CardError::Failed(self.give_up(error)),
        }
    }

    fn card_has_gone(&mut self) -> Result<bool, Error> {
        let Some(Powered { reader, events, .. }) = &self.powered else {
            return Ok(false);
        };
        let (reader, events) = (reader.clone(), *events);
        let context = self.service()?;
        let mut state = [pcsc::ReaderState::new(reader, State::UNAWARE)];
        context.get_status_change(Duration::ZERO, &mut state)?;
        let gone = |state: &pcsc::ReaderState| {
            let seen = Seen::from(state);
            !seen.has_card() || seen.events != events
        };
        if gone(&state[0]) {
            return Ok(true);
        }
        state[0].sync_current_state();
        match context.get_status_change(REMOVAL_NOTICED, &mut state) {
            Ok(()) => Ok(gone(&state[0])),
            Err(Error::Timeout) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Reader for PcscReader {
    fn state(&mut self) -> ReaderState {
        let seen = match self.state_of_powered() {
            Ok(Some(state)) => return state,
            Ok(None) => self.look(),
            Err(error) => Err(error),
        };
        match seen {
            Ok(seen) => match seen.iter().find(|seen| seen.has_card()).or(seen.first()) {
                Some(seen) if seen.has_card() => seen.card_in(),
                Some(seen) => seen.ready(),
                None => self.missing(),
            },
            Err(error) => ReaderState::Missing {
                why: self.give_up(error),
            },
        }
    }

    fn power_on(&mut self) -> Result<Vec<u8>, CardError> {
        self.power_off();
        let (powered, atr) = self.connect().map_err(|error| self.why(error))?;
        self.powered = Some(powered);
        Ok(atr)
    }

    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError> {
        answer.clear();
        let Some(powered) = &self.powered else {
            return Err(CardError::Removed);
        };
        let command = match powered.protocol {
            Some(Protocol::T0) => without_le(command),
            _ => command,
        };
        let heard = answer.fill(|buffer| powered.card.transmit(command, buffer).map(<[u8]>::len));
        match heard {
            // A driver that lost its card may call that an answer without a status word.
            Ok(length) if length < STATUS_WORD => {
                answer.clear();
                Err(self.why(Error::NotTransacted))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(self.why(error)),
        }
    }

    fn power_off(&mut self) {
        if let Some(powered) = self.powered.take() {
            // If it fails, the card or the service is gone, and the power with it.
            let _gone = powered.card.disconnect(Disposition::UnpowerCard);
        }
    }
}

/// A command with data as T=0 carries it: the card asks for the answer's length itself
/// (EMV 4.4 Book 1 section 9.3.1.1.4).
fn without_le(command: &[u8]) -> &[u8] {
    let data = command
        .get(HEADER_AND_LC - 1)
        .map_or(0, |lc| usize::from(*lc));
    match command.split_last() {
        Some((_le, rest)) if data > 0 && rest.len() == HEADER_AND_LC + data => rest,
        _ => command,
    }
}

impl From<&pcsc::ReaderState> for Seen {
    fn from(state: &pcsc::ReaderState) -> Self {
        Self {
            reader: state.name().to_owned(),
            state: state.event_state(),
            events: state.event_count(),
        }
    }
}

impl Seen {
    fn has_card(&self) -> bool {
        self.state.contains(State::PRESENT)
    }

    fn name(&self) -> String {
        self.reader.to_string_lossy().into_owned()
    }

    fn ready(&self) -> ReaderState {
        ReaderState::Ready { name: self.name() }
    }

    fn card_in(&self) -> ReaderState {
        ReaderState::CardIn { name: self.name() }
    }
}
