//! vpcd's framing and commands, from the card's side.
//!
//! A frame is its length in two bytes, most significant first, and so many
//! bytes. A frame of one byte may be a control command; any other frame is a
//! command APDU. Only "get ATR" and APDUs are answered; an empty answer means
//! that there is no card. (vsmartcard's `vpcd.h` and `vpcd.c`.)

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use crate::slot::Slot;

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const GET_ATR: u8 = 0x04;

/// What to do when the card in the slot has gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenGone {
    /// Answer with empty frames: the reader stays, the card doesn't.
    AnswerEmpty,
    /// End the connection: it is the card.
    Disconnect,
}

/// Answers frames from `stream` with the slot's card until the other side
/// closes. `before_receive` runs before each read.
pub(crate) fn serve<S: Read + Write>(
    mut stream: S,
    slot: &Slot,
    when_gone: WhenGone,
    before_receive: impl Fn(&S),
) -> io::Result<()> {
    loop {
        before_receive(&stream);
        let Some(frame) = receive(&mut stream, &before_receive)? else {
            return Ok(());
        };
        let answer = match frame[..] {
            [] => return Err(io::ErrorKind::InvalidData.into()),
            [POWER_OFF] => {
                slot.power_off();
                continue;
            }
            [POWER_ON | RESET] => {
                slot.power_on();
                continue;
            }
            [GET_ATR] => slot.atr().unwrap_or_default(),
            _ => {
                thread::sleep(Duration::from_millis(slot.delay_ms()));
                slot.transmit(&frame)
            }
        };
        if answer.is_empty() && when_gone == WhenGone::Disconnect {
            return Ok(());
        }
        send(&mut stream, &answer)?;
    }
}

/// One frame; nothing if the other side closed between two frames.
fn receive<S: Read>(stream: &mut S, before_receive: &impl Fn(&S)) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    if stream.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut length[1..])?;
    before_receive(stream);
    let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut frame)?;
    Ok(Some(frame))
}

/// Writes header and payload at once: two small writes would wait for each
/// other's acknowledgement.
fn send(stream: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let length = u16::try_from(payload.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    stream.write_all(&[&length.to_be_bytes()[..], payload].concat())
}
