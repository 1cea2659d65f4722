//! What goes over the socket between the driver and `cardsim`.
//!
//! A frame is its length in two bytes, most significant first, and so many bytes, at most
//! [`MAX_FRAME`]. A connection is for one slot and one [`Role`]: the driver says which in a
//! [`Hello`], the reader answers with its [`Facts`], or hangs up if it has no such slot. Then,
//! for commands, each [`Request`] has one [`Reply`]; for events, the reader sends a [`Sighting`]
//! at once and whenever a card comes or goes.

use std::io::{self, Read, Write};

/// Bytes of the longest frame: a command APDU with what PC/SC part 10 puts around it.
pub const MAX_FRAME: usize = 1024;

/// The version of this language, in each [`Hello`].
const VERSION: u8 = 1;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Requests of the driver.
    Commands,
    /// News of the reader.
    Events,
}

/// The driver's first frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hello {
    /// What the connection is for.
    pub role: Role,
    /// Which slot, from 0.
    pub slot: u8,
}

/// The reader's first frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Whether the slot has a PIN pad.
    pub pin_pad: bool,
}

/// What the driver asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Power the card, or reset it. Answered with the ATR.
    PowerUp,
    /// Take the power away. Answered with nothing.
    PowerDown,
    /// A command for the card. Answered with its response.
    Apdu(Vec<u8>),
    /// Ask the pad for a PIN and give it to the card (PC/SC part 10, `PIN_VERIFY_STRUCTURE`).
    /// Answered with a status word, the card's or the pad's.
    VerifyPin(Vec<u8>),
    /// Ask the pad for a PIN and encipher it with the card's key. Answered with the enciphered
    /// PIN and 9000, or with the pad's status word.
    EncipherPin(Vec<u8>),
}

/// What the reader answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// It is done.
    Done(Vec<u8>),
    /// There is no card (any more).
    NoCard,
    /// The card has no power.
    NoPower,
    /// The card did not answer.
    Mute,
    /// The reader cannot do that.
    Refused,
}

/// What is in a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sighting {
    /// No card.
    Empty,
    /// A card; each insertion has a number of its own.
    Card(u64),
}

impl Hello {
    /// As a frame.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let role = match self.role {
            Role::Commands => 1,
            Role::Events => 2,
        };
        vec![VERSION, role, self.slot]
    }

    /// From a frame; nothing if it is none of ours.
    #[must_use]
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let &[VERSION, role, slot] = frame else {
            return None;
        };
        let role = match role {
            1 => Role::Commands,
            2 => Role::Events,
            _ => return None,
        };
        Some(Self { role, slot })
    }
}

impl Facts {
    /// As a frame.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        vec![u8::from(self.pin_pad)]
    }

    /// From a frame; nothing if it is none of ours.
    #[must_use]
    pub fn decode(frame: &[u8]) -> Option<Self> {
        match frame {
            [pin_pad @ 0..=1] => Some(Self {
                pin_pad: *pin_pad == 1,
            }),
            _ => None,
        }
    }
}

impl Request {
    /// As a frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::PowerUp => vec![1],
            Self::PowerDown => vec![2],
            Self::Apdu(command) => tagged(3, command),
            Self::VerifyPin(structure) => tagged(4, structure),
            Self::EncipherPin(request) => tagged(5, request),
        }
    }

    /// From a frame; nothing if it is none of ours.
    #[must_use]
    pub fn decode(frame: &[u8]) -> Option<Self> {
        match frame {
            [1] => Some(Self::PowerUp),
            [2] => Some(Self::PowerDown),
            [3, command @ ..] => Some(Self::Apdu(command.into())),
            [4, structure @ ..] => Some(Self::VerifyPin(structure.into())),
            [5, request @ ..] => Some(Self::EncipherPin(request.into())),
            _ => None,
        }
    }
}

impl Reply {
    /// As a frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Done(answer) => tagged(0, answer),
            Self::NoCard => vec![1],
            Self::NoPower => vec![2],
            Self::Mute => vec![3],
            Self::Refused => vec![4],
        }
    }

    /// From a frame; nothing if it is none of ours.
    #[must_use]
    pub fn decode(frame: &[u8]) -> Option<Self> {
        match frame {
            [0, answer @ ..] => Some(Self::Done(answer.into())),
            [1] => Some(Self::NoCard),
            [2] => Some(Self::NoPower),
            [3] => Some(Self::Mute),
            [4] => Some(Self::Refused),
            _ => None,
        }
    }
}

impl Sighting {
    /// As a frame.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        match self {
            Self::Empty => vec![0],
            Self::Card(number) => tagged(1, &number.to_be_bytes()),
        }
    }

    /// From a frame; nothing if it is none of ours.
    #[must_use]
    pub fn decode(frame: &[u8]) -> Option<Self> {
        match frame {
            [0] => Some(Self::Empty),
            [1, number @ ..] => Some(Self::Card(u64::from_be_bytes(number.try_into().ok()?))),
            _ => None,
        }
    }
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag], content].concat()
}

/// Reads one frame; nothing if the other side hung up between two frames.
///
/// # Errors
/// The connection's, and `InvalidData` for a frame that is too long.
pub fn receive(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    if stream.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut length[1..])?;
    let length = usize::from(u16::from_be_bytes(length));
    if length > MAX_FRAME {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    Ok(Some(frame))
}

/// Writes one frame at once: two small writes would be two wake-ups for the other side.
///
/// # Errors
/// The connection's, and `InvalidData` for a frame that is too long.
pub fn send(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let length = u16::try_from(frame.len()).ok();
    let length = length.filter(|_| frame.len() <= MAX_FRAME);
    let length = length.ok_or(io::ErrorKind::InvalidData)?;
    stream.write_all(&[&length.to_be_bytes()[..], frame].concat())
}

#[cfg(test)]
mod tests {
    use super::{Facts, Hello, MAX_FRAME, Reply, Request, Role, Sighting, receive, send};

    #[test]
    fn both_sides_read_what_the_other_wrote() {
        for role in [Role::Commands, Role::Events] {
            let hello = Hello { role, slot: 3 };
            assert_eq!(Hello::decode(&hello.encode()), Some(hello));
        }
        for facts in [Facts { pin_pad: true }, Facts { pin_pad: false }] {
            assert_eq!(Facts::decode(&facts.encode()), Some(facts));
        }
        let bytes = vec![0x00, 0xA4];
        for request in [
            Request::PowerUp,
            Request::PowerDown,
            Request::Apdu(bytes.clone()),
            Request::VerifyPin(bytes.clone()),
            Request::EncipherPin(bytes.clone()),
        ] {
            assert_eq!(Request::decode(&request.encode()), Some(request));
        }
        for reply in [
            Reply::Done(bytes),
            Reply::Done(Vec::new()),
            Reply::NoCard,
            Reply::NoPower,
            Reply::Mute,
            Reply::Refused,
        ] {
            assert_eq!(Reply::decode(&reply.encode()), Some(reply));
        }
        for sighting in [Sighting::Empty, Sighting::Card(u64::MAX)] {
            assert_eq!(Sighting::decode(&sighting.encode()), Some(sighting));
        }
    }

    #[test]
    fn frames_of_others_are_nothing() {
        for frame in [&[][..], &[9], &[2, 1, 0], &[1, 3, 0], &[1, 1], &[1, 0, 0]] {
            assert_eq!(Hello::decode(frame), None);
            assert_eq!(Sighting::decode(frame), None, "{frame:?}");
        }
        assert_eq!(Facts::decode(&[2]), None);
        assert_eq!(Request::decode(&[9]), None);
        assert_eq!(Request::decode(&[1, 1]), None);
        assert_eq!(Reply::decode(&[5]), None);
    }

    #[test]
    fn a_frame_has_a_bound_on_both_sides() {
        let mut wire = Vec::new();
        send(&mut wire, &[7; MAX_FRAME]).expect("fits");
        let frame = receive(&mut &wire[..]).expect("read").expect("a frame");
        assert_eq!(frame, [7; MAX_FRAME]);
        assert!(send(&mut Vec::new(), &[7; MAX_FRAME + 1]).is_err());
        assert!(receive(&mut &[0xFF, 0xFF, 0x00][..]).is_err());
        assert!(receive(&mut &wire[..5]).is_err());
        assert_eq!(receive(&mut &[][..]).expect("hung up"), None);
    }
}
