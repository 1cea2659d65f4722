//! Readers behind the machine's card service, `pcscd`.
//!
//! The service, the readers and the card may each go and come back at any time, so nothing is kept
//! but the powered card: each look asks again. Waiting is the caller's; SCardCancel is not used,
//! since it may be lost when nobody waits yet.

use std::{
    ffi::{CStr, CString},
    time::Duration,
};

use pcsc::{
    Card, Context, Disposition, Error, Protocol, Protocols, Scope, ShareMode, State, ctl_code,
};
use sealpoint_emv::{PinKey, PinPad};
use sealpoint_secret::SecretBytes;

use super::{
    CardError, MAX_ATR, Missing, PadAnswer, PadPin, Powered, Reader, Slot, interface,
    pin_pad::{Features, GET_FEATURE_REQUEST, MAX_ANSWER, Pad},
};

/// Readers that are looked at; the service itself knows at most sixteen.
const MAX_READERS: usize = 16;
/// How often to look again when a reader comes or goes in the middle of a look.
const MAX_LOOKS: usize = 3;
/// How long the service may take to notice that a card which stopped answering has gone. Its
/// drivers look about twice a second.
const REMOVAL_NOTICED: Duration = Duration::from_millis(1_500);
/// Bytes of a status word, with which every answer ends.
const STATUS_WORD: usize = 2;
/// Bytes of the header, Lc and data of a command without data.
const HEADER_AND_LC: usize = 5;
/// Control codes that there are room for behind the first (`SCARD_CTL_CODE` of pcsc-lite).
const CONTROL_CODES: u64 = 0x0100_0000;
/// Words by which makers name the slot for cards without contacts; the service has no other sign.
const CONTACTLESS_WORDS: [&str; 5] = ["contactless", "picc", "nfc", " cl ", "cl smart"];

/// The readers of the card service, as one reader with a slot for each.
pub struct PcscReader {
    /// Part of the name of the only readers to use; any reader without it.
    wanted: Option<String>,
    context: Option<Context>,
    powered: Option<Connected>,
}

struct Connected {
    card: Card,
    protocol: Option<Protocol>,
    reader: CString,
    /// The service's count of insertions and removals when the card was powered.
    events: u32,
    pad: Option<Pad>,
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

    /// The wanted readers with their states; none if they keep coming and going.
    fn look(&mut self) -> Result<Vec<Slot>, Error> {
        for _ in 0..MAX_LOOKS {
            match self.look_once() {
                // The list changed between two questions.
                Err(
                    Error::UnknownReader | Error::ReaderUnavailable | Error::InsufficientBuffer,
                ) => {}
                seen => return seen,
            }
        }
        Ok(Vec::new())
    }

    fn look_once(&mut self) -> Result<Vec<Slot>, Error> {
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
        // A driver whose device does not answer stays on the list.
        let works = |reader: &&pcsc::ReaderState| {
            !reader
                .event_state()
                .intersects(State::UNAVAILABLE | State::UNKNOWN)
        };
        Ok(readers.iter().filter(works).map(slot).collect())
    }

    fn missing(&self) -> Missing {
        let why = match &self.wanted {
            None => "No card reader is connected. Plug one in.".to_owned(),
            Some(name) => {
                format!("No card reader whose name contains {name:?} is connected. Plug it in.")
            }
        };
        Missing { why }
    }

    fn connect(&mut self, slot: &Slot) -> Result<Powered, Error> {
        let name = CString::new(slot.name.as_bytes()).map_err(|_| Error::UnknownReader)?;
        let events = slot.card.ok_or(Error::NoSmartcard)?;
        let context = self.service()?;
        // Exclusive: no other program may speak to the card in the middle of a charge.
        let card = context.connect(&name, ShareMode::Exclusive, Protocols::ANY)?;
        let status = card.status2_owned()?;
        let atr: Vec<u8> = status.atr().iter().copied().take(MAX_ATR).collect();
        let pad = pad(&card);
        let connected = self.powered.insert(Connected {
            protocol: status.protocol2(),
            card,
            reader: name,
            events,
            pad,
        });
        let powered = Powered {
            interface: interface(slot, &atr),
            pad: PinPad {
                plaintext: connected.pad.is_some(),
                enciphered: connected.pad.is_some_and(|pad| pad.encipher.is_some()),
                ..PinPad::NONE
            },
            atr,
        };
        // It may be another card than the one that was seen: then that one has gone.
        if self.card_has_gone(Duration::ZERO)? {
            return Err(Error::RemovedCard);
        }
        Ok(powered)
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
        match self.card_has_gone(REMOVAL_NOTICED) {
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

    /// Whether the powered card is not in any more, as the service finds within `at_most`.
    fn card_has_gone(&mut self, at_most: Duration) -> Result<bool, Error> {
        let Some(Connected { reader, events, .. }) = &self.powered else {
            return Ok(false);
        };
        let (reader, events) = (reader.clone(), *events);
        let context = self.service()?;
        let mut state = [pcsc::ReaderState::new(reader, State::UNAWARE)];
        context.get_status_change(Duration::ZERO, &mut state)?;
        let gone = |state: &pcsc::ReaderState| slot(state).card != Some(events);
        if gone(&state[0]) || at_most.is_zero() {
            return Ok(gone(&state[0]));
        }
        state[0].sync_current_state();
        match context.get_status_change(at_most, &mut state) {
            Ok(()) => Ok(gone(&state[0])),
            Err(Error::Timeout) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Reader for PcscReader {
    fn slots(&mut self) -> Result<Vec<Slot>, Missing> {
        match self.look() {
            Ok(slots) if slots.is_empty() => Err(self.missing()),
            Ok(slots) => Ok(slots),
            Err(error) => Err(Missing {
                why: self.give_up(error),
            }),
        }
    }

    fn power_on(&mut self, slot: &Slot) -> Result<Powered, CardError> {
        self.power_off();
        self.connect(slot).map_err(|error| {
            let why = self.why(error);
            self.power_off();
            why
        })
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

    fn verify_pin(&mut self) -> Result<PadAnswer, CardError> {
        let Some(powered) = &self.powered else {
            return Err(CardError::Removed);
        };
        let Some(pad) = powered.pad else {
            return Ok(PadAnswer::Failed);
        };
        let mut answer = [0; MAX_ANSWER];
        let said = powered
            .card
            .control(pad.verify.into(), &pad.order(), &mut answer)
            .map(PadAnswer::read);
        said.map_err(|error| self.why(error))
    }

    fn encipher_pin(&mut self, key: &PinKey, challenge: [u8; 8]) -> Result<PadPin, CardError> {
        let Some(powered) = &self.powered else {
            return Err(CardError::Removed);
        };
        let able = powered.pad.and_then(|pad| Some((pad, pad.encipher?)));
        let Some((pad, code)) = able else {
            return Ok(PadPin::Said(PadAnswer::Failed));
        };
        let order = pad.order_enciphered(key, challenge);
        let mut answer = SecretBytes::with_bound(MAX_ANSWER);
        answer
            .fill(|buffer| {
                let said = powered.card.control(code.into(), &order, buffer);
                said.map(<[u8]>::len)
            })
            .map_err(|error| self.why(error))?;
        Ok(PadPin::read(answer.expose(), key))
    }

    fn power_off(&mut self) {
        if let Some(powered) = self.powered.take() {
            // If it fails, the card or the service is gone, and the power with it.
            let _gone = powered.card.disconnect(Disposition::UnpowerCard);
        }
    }
}

/// The pad of the reader in which the card is, if it has one. Most have none and say so with an
/// error.
fn pad(card: &Card) -> Option<Pad> {
    let mut answer = [0; MAX_ANSWER];
    let listed = card
        .control(ctl_code(GET_FEATURE_REQUEST.into()), &[], &mut answer)
        .ok()?;
    let features = Features::read(listed, is_control_code)?;
    let mut ask = |code: Option<u32>| {
        let said = code.and_then(|code| card.control(code.into(), &[], &mut answer).ok());
        said.map(<[u8]>::to_vec).unwrap_or_default()
    };
    let pin = ask(features.pin_properties);
    let tlv = ask(features.tlv_properties);
    features.pad(&pin, &tlv)
}

/// Whether the service would pass that number on to a driver as a control code.
fn is_control_code(code: u32) -> bool {
    u64::from(code)
        .checked_sub(ctl_code(0))
        .is_some_and(|code| (1..CONTROL_CODES).contains(&code))
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

/// A reader as the service sees it. Its count of insertions and removals names the insertion.
fn slot(state: &pcsc::ReaderState) -> Slot {
    Slot {
        name: state.name().to_string_lossy().into_owned(),
        contactless: is_contactless(state.name()),
        card: state
            .event_state()
            .contains(State::PRESENT)
            .then(|| state.event_count()),
    }
}

fn is_contactless(name: &CStr) -> bool {
    let name = format!("{} ", name.to_string_lossy().to_lowercase());
    CONTACTLESS_WORDS.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_code_is_one_of_the_services_own() {
        // What drivers list for features, and the request itself.
        for code in [0x4233_0006, 0x4200_0D48, 0x4200_0001] {
            assert!(is_control_code(code), "{code:X}");
        }
        // Windows' way of numbering, a bare feature tag, and what lies beside the range.
        for code in [0x0031_2018, 0x06, 0, 0x4200_0000, 0x4300_0000, u32::MAX] {
            assert!(!is_control_code(code), "{code:X}");
        }
    }

    #[test]
    fn a_slot_for_cards_without_contacts_is_known_by_its_name() {
        for (name, contactless) in [
            (
                c"ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00",
                true,
            ),
            (c"HID Global OMNIKEY 5422CL Smartcard Reader 01 00", true),
            (c"Identiv uTrust 4700 F CL Reader [uTrust CL] 00 00", true),
            (c"SCM SDI010 Contactless Reader 00 00", true),
            (c"Cherry ST-1144 00 00", false),
            (c"NXP NFC Reader", true),
            (c"OMNIKEY CardMan CL", true),
        ] {
            assert_eq!(is_contactless(name), contactless, "{name:?}");
        }
    }

    #[test]
    fn for_t0_a_command_with_data_goes_without_le() {
        let with_data = [0x00, 0xA4, 0x04, 0x00, 0x02, 0xAA, 0xBB, 0x00];
        assert_eq!(without_le(&with_data), &with_data[..7]);
        for whole in [
            &[0x00, 0xB2, 0x01, 0x0C, 0x00][..],
            &[0x00, 0x82, 0x00, 0x00, 0x02, 0xAA, 0xBB],
            &[0x00, 0xB2, 0x01, 0x0C],
            &[],
        ] {
            assert_eq!(without_le(whole), whole);
        }
    }
}
