//! A reader behind a real `pcscd`, through our own driver (the room `readersim`).
//!
//! The driver connects twice for each slot: for what it asks, and for what happens.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sealpoint_readersim::protocol::{self, Facts, Hello, Reply, Request, Role, Sighting};

use crate::keypad::{EncipherRequest, Press, VerifyRequest, answer};
use crate::slot::{Exchange, Slot};
use crate::socket::{Server, SocketError};

/// Connections of one slot: two, and two more while a driver that was killed is replaced.
const SEATS_PER_SLOT: usize = 4;

/// A reader with slots and a PIN pad, on a Unix socket at which the driver connects.
pub struct IfdReader {
    path: PathBuf,
    bays: Arc<[Bay]>,
    /// Nothing while it is unplugged.
    server: Mutex<Option<Server>>,
}

struct Bay {
    slot: Slot,
    /// Whose requests it carries out: one driver's at a time.
    driver: Mutex<()>,
}

impl IfdReader {
    /// Opens the socket with mode 0600.
    ///
    /// # Errors
    /// [`SocketError`] if the path is in use or cannot be made.
    pub fn bind(path: &Path, slots: Vec<Slot>) -> Result<Self, SocketError> {
        let bay = |slot| Bay {
            slot,
            driver: Mutex::default(),
        };
        let reader = Self {
            path: path.into(),
            bays: slots.into_iter().map(bay).collect(),
            server: Mutex::default(),
        };
        reader.plug()?;
        Ok(reader)
    }

    /// The slots, in their order.
    pub fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.bays.iter().map(|bay| &bay.slot)
    }

    /// Pulls the reader's plug: every connection ends, and none can be made.
    pub fn unplug(&self) {
        for slot in self.slots() {
            slot.set_unplugged(true);
        }
        let server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        drop({ server }.take());
        for slot in self.slots() {
            slot.power_off();
        }
    }

    /// Plugs it in, unless it is.
    ///
    /// # Errors
    /// [`SocketError`] if somebody took the path meanwhile.
    pub fn plug(&self) -> Result<(), SocketError> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if server.is_some() {
            return Ok(());
        }
        for slot in self.slots() {
            slot.set_unplugged(false);
        }
        let bays = self.bays.clone();
        let seats = SEATS_PER_SLOT * bays.len();
        *server = Some(Server::bind(&self.path, seats, move |stream| {
            if let Err(error) = welcome(stream, &bays) {
                tracing::debug!(%error, "a connection to the driver broke");
            }
        })?);
        Ok(())
    }
}

impl Drop for IfdReader {
    /// Else a pad that asks would go on asking.
    fn drop(&mut self) {
        self.unplug();
    }
}

fn welcome(mut stream: UnixStream, bays: &[Bay]) -> io::Result<()> {
    let Some(frame) = protocol::receive(&mut stream)? else {
        return Ok(());
    };
    let hello = Hello::decode(&frame).ok_or(io::ErrorKind::InvalidData)?;
    // Hanging up is the answer for a slot that isn't there.
    let Some(bay) = bays.get(usize::from(hello.slot)) else {
        return Ok(());
    };
    let facts = Facts {
        pin_pad: !bay.slot.is_contactless(),
    };
    match hello.role {
        Role::Commands => {
            let _driver = bay.driver.lock().unwrap_or_else(PoisonError::into_inner);
            protocol::send(&mut stream, &facts.encode())?;
            let carried_out = carry_out(stream, &bay.slot);
            // A reader that nobody drives gives its card no power.
            bay.slot.power_off();
            carried_out
        }
        Role::Events => {
            protocol::send(&mut stream, &facts.encode())?;
            report(stream, &bay.slot)
        }
    }
}

/// Answers requests until the driver hangs up.
fn carry_out(mut stream: UnixStream, slot: &Slot) -> io::Result<()> {
    while let Some(frame) = protocol::receive(&mut stream)? {
        let reply = match Request::decode(&frame).ok_or(io::ErrorKind::InvalidData)? {
            Request::PowerUp => {
                slot.power_on();
                slot.atr().map_or(Reply::NoCard, Reply::Done)
            }
            Request::PowerDown => {
                slot.power_off();
                Reply::Done(Vec::new())
            }
            Request::Apdu(command) => exchange(slot, &command),
            Request::VerifyPin(_) | Request::EncipherPin(_) if slot.is_contactless() => {
                Reply::Refused
            }
            Request::VerifyPin(structure) => verify_pin(slot, &structure),
            Request::EncipherPin(request) => encipher_pin(slot, &request),
        };
        protocol::send(&mut stream, &reply.encode())?;
    }
    Ok(())
}

fn exchange(slot: &Slot, command: &[u8]) -> Reply {
    slot.wait_delay();
    match slot.exchange(command) {
        Exchange::Answer(answer) => Reply::Done(answer),
        Exchange::NoCard => Reply::NoCard,
        Exchange::NoPower => Reply::NoPower,
        Exchange::Mute => Reply::Mute,
    }
}

fn verify_pin(slot: &Slot, structure: &[u8]) -> Reply {
    let Some(request) = VerifyRequest::parse(structure) else {
        return said_by_pad(answer::INVALID_REQUEST);
    };
    enter(slot, request.patience, |pin| {
        let command = request.command(pin)?;
        Some(exchange(slot, &command))
    })
}

fn encipher_pin(slot: &Slot, request: &[u8]) -> Reply {
    let Some(request) = EncipherRequest::parse(request) else {
        return said_by_pad(answer::INVALID_REQUEST);
    };
    enter(slot, request.patience, |pin| {
        let enciphered = request.encipher(pin)?;
        Some(Reply::Done([&enciphered[..], &answer::DONE].concat()))
    })
}

/// Asks for a PIN; `with` it happens what was asked for, unless it has a wrong length.
fn enter(slot: &Slot, patience: Duration, with: impl FnOnce(&str) -> Option<Reply>) -> Reply {
    match slot.ask_for_pin(patience) {
        None => Reply::NoCard,
        Some(Press::Cancel) => said_by_pad(answer::CANCELLED),
        Some(Press::Timeout) => said_by_pad(answer::TIMED_OUT),
        Some(Press::WrongLength) => said_by_pad(answer::WRONG_LENGTH),
        Some(Press::Pin(pin)) => with(&pin).unwrap_or(said_by_pad(answer::WRONG_LENGTH)),
    }
}

fn said_by_pad(answer: [u8; 2]) -> Reply {
    Reply::Done(answer.into())
}

/// Says what is in the slot, now and at every change, until the driver hangs up.
fn report(stream: UnixStream, slot: &Slot) -> io::Result<()> {
    let mut heard = stream.try_clone()?;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let told = scope.spawn(|| tell(stream, slot, &over));
        // The driver says nothing more, so the only thing to hear is that it hangs up.
        let hung_up = protocol::receive(&mut heard).map(drop);
        over.store(true, Ordering::SeqCst);
        slot.wake();
        let told = told.join().unwrap_or(Ok(()));
        hung_up.and(told)
    })
}

fn tell(mut stream: UnixStream, slot: &Slot, over: &AtomicBool) -> io::Result<()> {
    while !over.load(Ordering::SeqCst) {
        let (change, insertion) = slot.sighting();
        let sighting = insertion.map_or(Sighting::Empty, Sighting::Card);
        protocol::send(&mut stream, &sighting.encode())?;
        slot.wait_change(change, None);
    }
    Ok(())
}
