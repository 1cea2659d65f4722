//! Issuer scripts: written as words, sent as commands with a MAC (EMV 4.4 Book 3 10.10, Book 2 9).
//!
//! ```text
//! 72 pin-unblock
//! 71 put-data 9F58 03, put-data 9F59 06
//! ```
//!
//! The number is the template: 71 runs before the second GENERATE AC, 72 after it. Then come
//! commands, with commas between: `application-block`, `application-unblock`, `card-block`,
//! `pin-unblock`, `pin-change PIN`, `put-data TAG VALUE`, `update-record SFI RECORD BYTES`.

use std::str::FromStr;

use data_encoding::HEXUPPER_PERMISSIVE;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cryptogram::{MAC_BYTES, Messaging};
use crate::tlv::{object, template};

/// The most commands of one script.
const COMMANDS_MAX: usize = 8;
/// The most data of one command in bytes, so that all of it fits into a short APDU.
const DATA_MAX: usize = 128;

/// One script: which template, and the commands in it.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Script {
    /// Whether it runs before the second GENERATE AC (template 71).
    pub before: bool,
    /// What it tells the card.
    pub commands: Vec<ScriptCommand>,
}

/// One command of a script (EMV 4.4 Book 3 6.5.1 to 6.5.3, 6.5.10; PUT DATA and UPDATE RECORD as
/// the schemes define them).
#[derive(Clone)]
pub enum ScriptCommand {
    /// APPLICATION BLOCK.
    ApplicationBlock,
    /// APPLICATION UNBLOCK.
    ApplicationUnblock,
    /// CARD BLOCK.
    CardBlock,
    /// PIN CHANGE/UNBLOCK: sets the try counter back.
    PinUnblock,
    /// PIN CHANGE/UNBLOCK with a new PIN, enciphered.
    PinChange(Zeroizing<String>),
    /// PUT DATA.
    PutData(u16, Vec<u8>),
    /// UPDATE RECORD: short file identifier, record, content.
    UpdateRecord(u8, u8, Vec<u8>),
}

/// These words are no script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no script; write 71 or 72 and commands with commas between: application-block, \
     application-unblock, card-block, pin-unblock, pin-change PIN, put-data TAG VALUE or \
     update-record SFI RECORD BYTES"
)]
pub struct ScriptError;

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let (number, commands) = text.trim().split_once(' ').ok_or(ScriptError)?;
        let before = match number {
            "71" => true,
            "72" => false,
            _ => return Err(ScriptError),
        };
        let commands: Vec<_> = commands
            .split(',')
            .map(ScriptCommand::read)
            .collect::<Option<_>>()
            .ok_or(ScriptError)?;
        if commands.len() > COMMANDS_MAX {
            return Err(ScriptError);
        }
        Ok(Self { before, commands })
    }
}

impl TryFrom<String> for Script {
    type Error = ScriptError;

    fn try_from(text: String) -> Result<Self, ScriptError> {
        text.parse()
    }
}

impl Script {
    /// The template (71 or 72) with a script identifier (9F18) and its commands (86). `number` is
    /// how many commands this use of the card has had before.
    #[must_use]
    pub fn template(&self, messaging: &Messaging<'_>, id: [u8; 4], number: u8) -> Vec<u8> {
        let commands = (number..).zip(&self.commands);
        let commands = commands.map(|(number, command)| {
            let apdu = command.apdu(messaging, number);
            object(0x86, &apdu)
        });
        let objects: Vec<_> = std::iter::once(object(0x9F18, &id))
            .chain(commands)
            .collect();
        template(if self.before { 0x71 } else { 0x72 }, &objects)
    }
}

impl ScriptCommand {
    /// The command with its MAC.
    #[must_use]
    pub fn apdu(&self, messaging: &Messaging<'_>, number: u8) -> Vec<u8> {
        let (header, data) = match self {
            Self::ApplicationBlock => ([0x84, 0x1E, 0, 0], Vec::new()),
            Self::ApplicationUnblock => ([0x84, 0x18, 0, 0], Vec::new()),
            Self::CardBlock => ([0x84, 0x16, 0, 0], Vec::new()),
            Self::PinUnblock => ([0x84, 0x24, 0, 0], Vec::new()),
            Self::PinChange(pin) => ([0x84, 0x24, 0, 2], messaging.encipher_pin(number, pin)),
            Self::PutData(tag, value) => {
                let [p1, p2] = tag.to_be_bytes();
                ([0x04, 0xDA, p1, p2], value.clone())
            }
            Self::UpdateRecord(sfi, record, content) => {
                ([0x04, 0xDC, *record, sfi << 3 | 0x04], content.clone())
            }
        };
        let [cla, ins, p1, p2] = header;
        let length = u8::try_from(data.len() + MAC_BYTES).unwrap_or(u8::MAX);
        let header = [cla, ins, p1, p2, length];
        let mac = messaging.mac(number, header, &data);
        [&header[..], &data, &mac].concat()
    }

    fn read(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Some(match words[..] {
            ["application-block"] => Self::ApplicationBlock,
            ["application-unblock"] => Self::ApplicationUnblock,
            ["card-block"] => Self::CardBlock,
            ["pin-unblock"] => Self::PinUnblock,
            ["pin-change", pin]
                if (4..=12).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Self::PinChange(Zeroizing::new(pin.to_owned()))
            }
            ["put-data", tag, value] => {
                let tag = match hex(tag)?[..] {
                    [low] => u16::from(low),
                    [high, low] => u16::from_be_bytes([high, low]),
                    _ => return None,
                };
                Self::PutData(tag, hex(value)?)
            }
            ["update-record", sfi, record, content] => {
                let sfi = sfi.parse().ok().filter(|sfi| (1..=30).contains(sfi))?;
                Self::UpdateRecord(sfi, record.parse().ok()?, hex(content)?)
            }
            _ => return None,
        })
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let bytes = HEXUPPER_PERMISSIVE.decode(text.as_bytes()).ok()?;
    (bytes.len() <= DATA_MAX).then_some(bytes)
}
