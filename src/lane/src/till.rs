//! The socket to the till.

use std::{
    io::{self, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    sync::mpsc::{Receiver, RecvTimeoutError, sync_channel},
    thread,
    time::Duration,
};

use sealpoint_wire::{FromLane, Posture, ToLane, WIRE_VERSION, frame};

/// Messages that may wait for the lane; a till that sends more waits itself.
const INBOX: usize = 16;
/// How long the till may take to read what the lane says.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// The till at the other end of the socket.
pub struct Till {
    socket: UnixStream,
    inbox: Receiver<io::Result<ToLane>>,
    /// Why there is no till any more, if so.
    end: Option<End>,
}

/// Tells the till on standard input why this lane does not run, as its only word: whoever stands at
/// the till has no other way to hear it.
///
/// # Errors
/// The system's error if standard input is no Unix socket, or nobody reads.
pub fn refuse(why: &str, posture: Posture) -> io::Result<()> {
    let mut socket = socket_on_stdin()?;
    socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let hello = FromLane::Hello {
        version: WIRE_VERSION,
        cannot_charge: Some(why.to_owned()),
        posture: Some(posture),
    };
    frame::write(&mut socket, &hello)
}

fn socket_on_stdin() -> io::Result<UnixStream> {
    let input: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
    let socket = UnixStream::from(input);
    // Fails on anything that is no connected Unix socket.
    socket.peer_addr()?;
    Ok(socket)
}

/// Why the conversation is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The till closed its end.
    Closed,
    /// The till sent something that is not a message to a lane.
    NotUnderstood,
}

impl Till {
    /// The socket that was handed over as standard input.
    ///
    /// # Errors
    /// The system's error if standard input is no Unix socket.
    pub fn on_stdin() -> io::Result<Self> {
        Self::on(socket_on_stdin()?)
    }

    /// A till at the other end of `socket`. Reads in a thread that ends with the socket.
    ///
    /// # Errors
    /// The system's error.
    pub fn on(socket: UnixStream) -> io::Result<Self> {
        socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let mut incoming = socket.try_clone()?;
        let (into_inbox, inbox) = sync_channel(INBOX);
        thread::spawn(move || {
            while let Some(message) = frame::read(&mut incoming).transpose() {
                let last = message.is_err();
                if into_inbox.send(message).is_err() || last {
                    return;
                }
            }
        });
        Ok(Self {
            socket,
            inbox,
            end: None,
        })
    }

    /// Says something. If the till is gone, that is remembered and the rest of the charge goes on:
    /// a card must be brought to an end whoever listens.
    pub fn tell(&mut self, message: &FromLane) {
        if self.end.is_none()
            && let Err(error) = frame::write(&mut self.socket, message)
        {
            tracing::warn!(%error, "the till does not listen any more");
            self.end = Some(End::Closed);
            let _closed = self.socket.flush();
        }
    }

    /// The next message, if one comes within `at_most`. Once the till is gone it is none, at once.
    pub fn hear(&mut self, at_most: Duration) -> Option<ToLane> {
        if self.end.is_some() {
            return None;
        }
        match self.inbox.recv_timeout(at_most) {
            Ok(Ok(message)) => return Some(message),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                tracing::error!(%error, "a message from the till is not understood");
                self.end = Some(End::NotUnderstood);
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => self.end = Some(End::Closed),
            Err(RecvTimeoutError::Timeout) => {}
        }
        None
    }

    /// Why the conversation is over, if it is.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.end
    }
}
