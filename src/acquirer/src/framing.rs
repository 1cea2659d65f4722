//! The length before each message on a TCP stream: two bytes, big-endian, not counting themselves.

/// The longest message in bytes. Every element of the table at its longest fits.
pub const MAX_MESSAGE: usize = 32 * 1024;

/// Bytes of the length.
const HEAD: usize = 2;

/// A length that no message of this profile has: the stream cannot be followed any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "A message of {0} bytes is longer than {MAX_MESSAGE}. Close the connection and dial again; if \
     it happens again, the other side frames its messages in another way."
)]
pub struct FrameTooLong(usize);

/// Puts the length before a message.
///
/// # Errors
/// [`FrameTooLong`] over [`MAX_MESSAGE`] bytes.
pub fn frame(message: &[u8]) -> Result<Vec<u8>, FrameTooLong> {
    let len = u16::try_from(message.len())
        .ok()
        .filter(|_| message.len() <= MAX_MESSAGE)
        .ok_or(FrameTooLong(message.len()))?;
    Ok([&len.to_be_bytes()[..], message].concat())
}

/// Cuts a stream of bytes into messages, however the bytes arrive.
#[derive(Default)]
pub struct Deframer(Vec<u8>);

impl Deframer {
    /// Takes bytes as they came from the stream. What has been taken leaves by [`Self::message`]:
    /// drain it after each read, and the buffer never outgrows one read and one message.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole message, or `None` until more bytes come. A length of 0 gives an empty
    /// message, which some hosts send to keep the line up.
    ///
    /// # Errors
    /// [`FrameTooLong`]: the stream is of no further use.
    pub fn message(&mut self) -> Result<Option<Vec<u8>>, FrameTooLong> {
        let Some((head, rest)) = self.0.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let len = usize::from(u16::from_be_bytes(*head));
        if len > MAX_MESSAGE {
            return Err(FrameTooLong(len));
        }
        let Some(message) = rest.get(..len).map(<[u8]>::to_vec) else {
            return Ok(None);
        };
        self.0.drain(..HEAD + len);
        Ok(Some(message))
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        !self.0.is_empty()
    }
}
