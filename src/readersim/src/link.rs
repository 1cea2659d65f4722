//! A slot's connection for what is asked of it: one request at a time, one reply each.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::device::Device;
use crate::protocol::{self, Facts, Hello, MAX_FRAME, Reply, Request, Role};

/// How long the reader may take to say what it is.
const HELLO_PATIENCE: Duration = Duration::from_secs(1);

/// How long the reader may take for a card's answer, the slowest card included.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take for a PIN: the longest time-out that a request can name is 255 s.
const PIN_PATIENCE: Duration = Duration::from_secs(300);

/// The commands' connection of one slot; made when it is first needed, and again after it broke.
pub struct Link {
    device: Device,
    slot: u8,
    stream: Mutex<Option<UnixStream>>,
    /// The same connection, to hang up while a request is under way.
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    open: Option<UnixStream>,
    closed: bool,
}

impl Link {
    /// A link that is not connected yet.
    #[must_use]
    pub fn new(device: Device, slot: u8) -> Self {
        Self {
            device,
            slot,
            stream: Mutex::default(),
            line: Mutex::default(),
        }
    }

    /// Asks the reader. A broken connection is given up. To power a card up is a new beginning,
    /// so it alone is asked again over a new connection; any other request was meant for a card
    /// whose power went with the old one.
    ///
    /// # Errors
    /// The connection's; `InvalidInput` for a request that is too long, `InvalidData` for an
    /// answer that is none.
    pub fn ask(&self, request: &Request) -> io::Result<Reply> {
        if request.encode().len() > MAX_FRAME {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut stream = lock(&self.stream);
        let kept = stream.is_some();
        let answer = self.ask_once(&mut stream, request);
        match answer {
            Err(_) if kept && *request == Request::PowerUp => self.ask_once(&mut stream, request),
            answer => answer,
        }
    }

    /// Hangs up for good: a request that is under way fails, and so does every later one.
    pub fn close(&self) {
        let mut line = lock(&self.line);
        line.closed = true;
        if let Some(stream) = &line.open {
            // A peer that has gone already is as good as hung up.
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    fn ask_once(&self, stream: &mut Option<UnixStream>, request: &Request) -> io::Result<Reply> {
        let mut open = match stream.take() {
            Some(open) => open,
            None => self.connect()?,
        };
        let patience = match request {
            Request::VerifyPin(_) | Request::EncipherPin(_) => PIN_PATIENCE,
            _ => PATIENCE,
        };
        open.set_read_timeout(Some(patience))?;
        protocol::send(&mut open, &request.encode())?;
        let frame = protocol::receive(&mut open)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let reply = Reply::decode(&frame).ok_or(io::ErrorKind::InvalidData)?;
        // Kept only now: after an error the next answer would belong to the last request.
        *stream = Some(open);
        Ok(reply)
    }

    fn connect(&self) -> io::Result<UnixStream> {
        let (stream, _) = connect(&self.device, self.slot, Role::Commands)?;
        let mut line = lock(&self.line);
        if line.closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        line.open = Some(stream.try_clone()?);
        Ok(stream)
    }
}

/// Connects to the reader for one slot and one role.
pub(crate) fn connect(device: &Device, slot: u8, role: Role) -> io::Result<(UnixStream, Facts)> {
    let mut stream = UnixStream::connect(&device.socket)?;
    stream.set_read_timeout(Some(HELLO_PATIENCE))?;
    stream.set_write_timeout(Some(HELLO_PATIENCE))?;
    protocol::send(&mut stream, &Hello { role, slot }.encode())?;
    let frame = protocol::receive(&mut stream)?.ok_or(io::ErrorKind::ConnectionRefused)?;
    let facts = Facts::decode(&frame).ok_or(io::ErrorKind::InvalidData)?;
    Ok((stream, facts))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
