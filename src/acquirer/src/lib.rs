//! Host protocols behind the collector's switch: ISO 8583 in, ISO 8583 out; no I/O, no clock.
//!
//! * [`table`]: which data elements a profile has and how each is written, as data.
//! * [`message`]: a message that can only hold what its table allows; [`codec`] is its bytes.
//! * [`framing`]: the two length bytes before each message on a TCP stream.
//! * [`request`]: what a till asks, as a message: authorisation, reversal, network management.
//! * [`sealed`]: how a sealed card and its attempt travel in the private-use elements.
//! * [`answer`]: what the host said, and which request it answers.
//! * [`tlv`]: the BER-TLV objects inside DE 55.
//!
//! **Profile.** ISO 8583:1987 with ASCII digits and text, packed bitmaps, and DE 55 and DE 120 to
//! 123 as bytes; length prefixes are two or three ASCII digits. See [`table::ISO_8583_1987`].
//!
//! **Deliberately absent.** DE 2, 14, 35, 36, 45 and 52 are not in the table: no message of this
//! room can carry a clear card number, track or PIN block, and one that does is refused whole.

pub mod answer;
pub mod codec;
pub mod framing;
pub mod message;
pub mod request;
pub mod sealed;
pub mod table;
pub mod tlv;

#[cfg(test)]
mod tests;

pub use answer::{Answer, AnswerError, AnswerKey, AnswerTo, parse_answer};
pub use framing::{Deframer, FrameTooLong, MAX_MESSAGE, frame};
pub use message::{LocalTime, Message, MessageError, Mti, Place, Why};
pub use request::{NetworkCode, RequestError, authorisation, network, reversal};
pub use table::{ISO_8583_1987, Table};
