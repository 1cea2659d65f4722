//! Host protocols behind the collector's switch: ISO 8583 in, ISO 8583 out; no I/O, no clock.
//!
//! * [`profile`]: how an acquirer's host wants to be spoken to, as TOML.
//! * [`table`] and [`editions`]: which data elements an edition has and how each is written, as
//!   data; [`mti`]: the message types.
//! * [`message`]: a message that can only hold what its table allows; [`codec`] is its bytes, in a
//!   [`format`] of digits, bitmaps and TPDU.
//! * [`framing`]: the two length bytes before each message on a TCP stream.
//! * [`request`]: what a till asks, as a message: authorisation, advice, reversal, inquiry, network
//!   management; [`point_of_service`]: how the card was read.
//! * [`sealed`]: how a sealed card and its attempt travel in the private-use elements.
//! * [`answer`]: what the host said, and which request it answers; [`action_code`]: its codes.
//! * [`tlv`]: the BER-TLV objects inside DE 55.
//!
//! **Deliberately absent.** DE 2, 14, 35, 36, 45 and 52 are not in the tables: no message of this
//! room can carry a clear card number, track or PIN block, and one that does is refused whole.

pub mod action_code;
pub mod answer;
pub mod codec;
pub mod editions;
pub mod format;
pub mod framing;
pub mod local_time;
pub mod message;
pub mod mti;
pub mod point_of_service;
pub mod profile;
pub mod request;
pub mod sealed;
pub mod table;
pub mod tlv;

#[cfg(test)]
mod tests;

pub use answer::{Answer, AnswerError, AnswerKey, parse_answer, parse_answer_as};
pub use format::{Bitmap, Format, Numbers, Tpdu};
pub use framing::{Deframer, FrameTooLong, MAX_MESSAGE, frame};
pub use local_time::LocalTime;
pub use message::{Message, MessageError, Place, Why};
pub use mti::{AnswerTo, Mti};
pub use profile::{Profile, ProfileError};
pub use request::{NetworkCode, RequestError, authorisation, network, reversal};
pub use table::{Edition, ISO_8583_1987, ISO_8583_1993, Table};
