//! The network cable: a socket of its own on the same segment as the machine and its router, which
//! hears every frame and can send any.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::wait::within;

/// No frame on this segment is longer.
const LONGEST: usize = 65_536;
/// How long QEMU may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// One end of a cable into the segment (QEMU's `stream` back end: each frame behind its length).
pub struct Cable {
    to: UnixStream,
    heard: Receiver<Vec<u8>>,
}

impl Cable {
    /// Plugs in.
    pub fn plug_in(socket: &Path) -> Self {
        let to = within(PATIENCE, || UnixStream::connect(socket).ok())
            .unwrap_or_else(|| panic!("QEMU does not listen on {}", socket.display()));
        let mut from = to.try_clone().expect("a second handle on a socket");
        let (tell, heard) = channel();
        thread::spawn(move || {
            while let Some(frame) = read_frame(&mut from) {
                if tell.send(frame).is_err() {
                    break;
                }
            }
        });
        Self { to, heard }
    }

    /// Sends a frame.
    pub fn send(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).expect("a short frame");
        let whole = [&length.to_be_bytes(), frame].concat();
        self.to.write_all(&whole).expect("QEMU listens");
    }

    /// The next frame, if one comes in time.
    pub fn hear(&self, patience: Duration) -> Option<Vec<u8>> {
        self.heard.recv_timeout(patience).ok()
    }
}

fn read_frame(from: &mut UnixStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length).ok()?;
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return None;
    }
    let mut frame = vec![0; length];
    from.read_exact(&mut frame).ok()?;
    Some(frame)
}
