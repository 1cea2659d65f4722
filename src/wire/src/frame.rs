//! Frames on a Unix socket pair: a 4-byte big-endian length, then that many bytes of JSON.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// At most this many bytes in a frame: a full batch of ordinary records fits several times.
pub const MAX_FRAME: usize = 32 * 1024 * 1024;

/// Writes one message and flushes it.
///
/// # Errors
/// The writer's error, or `InvalidData` if the message is larger than [`MAX_FRAME`].
pub fn write<W: Write, T: Serialize>(writer: &mut W, message: &T) -> io::Result<()> {
    let body = serde_json::to_vec(message).map_err(io::Error::other)?;
    let len = u32::try_from(body.len())
        .ok()
        .filter(|_| body.len() <= MAX_FRAME)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "message larger than a frame"))?;
    let mut frame = Vec::with_capacity(4 + body.len());
    frame.extend_from_slice(&len.to_be_bytes());
    frame.extend_from_slice(&body);
    writer.write_all(&frame)?;
    writer.flush()
}

/// Reads one message; `None` when the other side closed between messages.
///
/// # Errors
/// The reader's error, `UnexpectedEof` inside a frame, or `InvalidData` for a frame that is too
/// large or is not a `T`.
pub fn read<R: Read, T: DeserializeOwned>(reader: &mut R) -> io::Result<Option<T>> {
    let mut len = [0; 4];
    match reader.read(&mut len[..1])? {
        0 => return Ok(None),
        _ => reader.read_exact(&mut len[1..])?,
    }
    let body = read_body(reader, len)?;
    decode(&body).map(Some)
}

/// Reads one message of at most so many bytes; `None` when the other side closed before it.
///
/// # Errors
/// As [`read`], and `InvalidData` for a frame over `most`.
pub fn read_at_most<R: Read, T: DeserializeOwned>(
    reader: &mut R,
    most: usize,
) -> io::Result<Option<T>> {
    let mut len = [0; 4];
    match reader.read(&mut len[..1])? {
        0 => return Ok(None),
        _ => reader.read_exact(&mut len[1..])?,
    }
    if body_len(len)? > most {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "frame larger than this reader takes",
        ));
    }
    let body = read_body(reader, len)?;
    decode(&body).map(Some)
}

/// The length that a frame's head announces.
///
/// # Errors
/// `InvalidData` if it is over [`MAX_FRAME`].
pub fn body_len(head: [u8; 4]) -> io::Result<usize> {
    usize::try_from(u32::from_be_bytes(head))
        .ok()
        .filter(|len| *len <= MAX_FRAME)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "frame larger than its bound"))
}

/// Decodes a frame's body.
///
/// # Errors
/// `InvalidData` if it is not a `T`; the text names the position, never the content.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> io::Result<T> {
    serde_json::from_slice(body).map_err(|e| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("message not understood at column {}", e.column()),
        )
    })
}

fn read_body<R: Read>(reader: &mut R, head: [u8; 4]) -> io::Result<Vec<u8>> {
    let mut body = vec![0; body_len(head)?];
    reader.read_exact(&mut body)?;
    Ok(body)
}
