//! The demo's reader: a Unix socket on which the card simulator answers, in vpcd's framing.
//!
//! We are the reader: we send power off, power on, "get ATR" and command APDUs, each in a frame of
//! a two-byte big-endian length and so many bytes. Only "get ATR" and APDUs are answered; an empty
//! answer means that there is no card.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::Duration,
};

use sealpoint_emv::PinPad;
use sealpoint_secret::SecretBytes;

use super::{CardError, MAX_ATR, Missing, PadAnswer, Powered, Reader, Slot, interface};

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const GET_ATR: u8 = 0x04;
/// Frames that are shorter are control commands, so no command APDU may be (ISO 7816-4: a header).
const SHORTEST_APDU: usize = 4;
/// How long the simulator may take for an answer; its slowest card takes a fraction of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// What the cashier reads as the reader's name.
const NAME: &str = "Virtual reader";

/// The virtual reader at a Unix socket. Connects by itself, and again when the simulator restarts.
pub struct VirtualReader {
    socket: PathBuf,
    stream: Option<UnixStream>,
    /// Insertions that were seen so far.
    insertions: u32,
    /// Whether the last of them lasts, as far as is known.
    card_in: bool,
}

impl VirtualReader {
    /// A reader at that socket; the simulator need not run yet.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            stream: None,
            insertions: 0,
            card_in: false,
        }
    }

    fn connected(&mut self) -> io::Result<&mut UnixStream> {
        if self.stream.is_none() {
            let stream = UnixStream::connect(&self.socket)?;
            stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
            stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
            self.stream = Some(stream);
        }
        self.stream
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Does `exchange` on the connection. After an error frames may be out of step, so the
    /// connection is given up.
    fn with<T>(
        &mut self,
        exchange: impl FnOnce(&mut UnixStream) -> io::Result<T>,
    ) -> Result<T, String> {
        let done = self.connected().and_then(exchange);
        done.map_err(|error| {
            self.stream = None;
            format!(
                "The virtual reader at {:?} does not answer ({error}). Start `cardsim reader` there.",
                self.socket
            )
        })
    }

    fn atr(&mut self) -> Result<Vec<u8>, String> {
        self.with(|stream| {
            send(stream, &[GET_ATR])?;
            let mut atr = SecretBytes::with_bound(MAX_ATR);
            receive(stream, &mut atr)?;
            Ok(atr.expose().to_vec())
        })
    }
}

impl Reader for VirtualReader {
    fn slots(&mut self) -> Result<Vec<Slot>, Missing> {
        let atr = self.atr().map_err(|why| Missing { why })?;
        if atr.is_empty() {
            self.card_in = false;
        } else if !self.card_in {
            self.card_in = true;
            self.insertions = self.insertions.wrapping_add(1);
        }
        Ok(vec![Slot {
            name: NAME.to_owned(),
            contactless: false,
            card: self.card_in.then_some(self.insertions),
        }])
    }

    fn power_on(&mut self, slot: &Slot) -> Result<Powered, CardError> {
        if !self.card_in || slot.card != Some(self.insertions) {
            return Err(CardError::Removed);
        }
        self.with(|stream| send(stream, &[POWER_ON]))
            .map_err(CardError::Failed)?;
        let atr = self.atr().map_err(CardError::Failed)?;
        if atr.is_empty() {
            self.card_in = false;
            return Err(CardError::Removed);
        }
        Ok(Powered {
            interface: interface(slot, &atr),
            pad: PinPad::NONE,
            atr,
        })
    }

    fn transmit(&mut self, command: &[u8], answer: &mut SecretBytes) -> Result<(), CardError> {
        answer.clear();
        self.with(|stream| {
            if command.len() < SHORTEST_APDU {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            send(stream, command)?;
            receive(stream, answer)
        })
        .map_err(CardError::Failed)?;
        if answer.is_empty() {
            self.card_in = false;
            Err(CardError::Removed)
        } else {
            Ok(())
        }
    }

    fn verify_pin(&mut self) -> Result<PadAnswer, CardError> {
        // It has no keys.
        Ok(PadAnswer::Failed)
    }

    fn power_off(&mut self) {
        // A simulator that cannot be told has lost its card's power anyway.
        let _told = self.with(|stream| send(stream, &[POWER_OFF]));
    }
}

/// Writes length and content at once: two writes could be taken for two frames' worth of waiting.
fn send(stream: &mut UnixStream, content: &[u8]) -> io::Result<()> {
    let length = u16::try_from(content.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut frame = SecretBytes::with_bound(2 + content.len());
    for part in [&length.to_be_bytes()[..], content] {
        frame.append(part).map_err(io::Error::other)?;
    }
    stream.write_all(frame.expose())
}

/// Reads one frame into `into`, which bounds it.
fn receive(stream: &mut UnixStream, into: &mut SecretBytes) -> io::Result<()> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let length = usize::from(u16::from_be_bytes(length));
    into.fill(|buffer| {
        let room = buffer.get_mut(..length).ok_or(io::ErrorKind::InvalidData)?;
        stream.read_exact(room)?;
        Ok::<_, io::Error>(length)
    })?;
    Ok(())
}
