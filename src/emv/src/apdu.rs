//! Commands and status words (EMV 4.4 Book 3 §6, Book 1 §11).

use core::fmt::{self, Debug, Display, Formatter};

use sealpoint_secret::{LogSafe, SecretBytes};

use crate::{
    generate_ac::AcType,
    tag::{self, Tag},
    tlv,
};

/// Bytes of the longest answer: 256 of data and the status word (Book 3 §6.3.3).
pub const MAX_R_APDU: usize = 258;
/// Bytes of the longest command: header, Lc, 255 of data, Le (Book 3 §6.3.2).
const MAX_C_APDU: usize = 261;
/// Bytes of the longest public key (Book 2 §11.1).
const MAX_KEY: usize = 248;
/// GENERATE AC, P1: the card signs its answer (Book 3 table 12).
const SIGNED: u8 = 0x10;

/// Which command was sent; safe to log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Command {
    /// SELECT (Book 1 §11.3).
    Select,
    /// READ RECORD (Book 3 §6.5.11).
    ReadRecord,
    /// GET PROCESSING OPTIONS (Book 3 §6.5.8).
    GetProcessingOptions,
    /// GENERATE APPLICATION CRYPTOGRAM (Book 3 §6.5.5).
    GenerateAc,
    /// EXTERNAL AUTHENTICATE (Book 3 §6.5.4).
    ExternalAuthenticate,
    /// GET DATA (Book 3 §6.5.7).
    GetData,
    /// GET CHALLENGE (Book 3 §6.5.6).
    GetChallenge,
    /// INTERNAL AUTHENTICATE (Book 3 §6.5.9).
    InternalAuthenticate,
    /// VERIFY (Book 3 §6.5.12).
    Verify,
    /// GET RESPONSE (Book 1 §9.3.1.3).
    GetResponse,
    /// An issuer script command (Book 3 §10.10).
    IssuerScript,
}

/// A command for the card. Its data may be card data, so it is wiped on drop and cannot be printed.
pub struct CApdu {
    command: Command,
    bytes: SecretBytes,
    /// Whether the last byte is Le, which a 6Cxx can correct.
    has_le: bool,
}

/// A status word, SW1 SW2 (Book 3 §6.3.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sw(pub u16);

impl Sw {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// Selected file invalidated: a blocked application.
    pub const BLOCKED: Self = Self(0x6283);
    /// Conditions of use not satisfied.
    pub const CONDITIONS: Self = Self(0x6985);
    /// Function not supported: to the first SELECT, a blocked card.
    pub const NOT_SUPPORTED: Self = Self(0x6A81);
    /// Record not found.
    pub const NO_RECORD: Self = Self(0x6A83);

    /// SW1.
    #[must_use]
    pub fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// SW2.
    #[must_use]
    pub fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }
}

impl CApdu {
    /// A command with the parts of its data, which are at most 255 bytes together.
    fn new(command: Command, header: [u8; 4], data: &[&[u8]], le: bool) -> Self {
        let length: usize = data.iter().map(|part| part.len()).sum();
        let lc = u8::try_from(length).expect("no caller has more than 255 bytes of data");
        let mut bytes = SecretBytes::with_bound(MAX_C_APDU);
        let fits = "a header, Lc, 255 bytes of data and Le fit into 261 bytes";
        bytes.append(&header).expect(fits);
        if !data.is_empty() {
            bytes.append(&[lc]).expect(fits);
        }
        for part in data {
            bytes.append(part).expect(fits);
        }
        if le {
            bytes.append(&[0]).expect(fits);
        }
        Self {
            command,
            bytes,
            has_le: le,
        }
    }

    // Case 4 commands carry Le = 00 as the books write them. With T=0 the reader's driver leaves it
    // out on the line and the card asks for GET RESPONSE, which `exchange` follows.

    pub(crate) fn select(name: &[u8], next: bool) -> Self {
        let p2 = if next { 0x02 } else { 0x00 };
        Self::new(Command::Select, [0x00, 0xA4, 0x04, p2], &[name], true)
    }

    pub(crate) fn read_record(sfi: u8, record: u8) -> Self {
        let header = [0x00, 0xB2, record, sfi << 3 | 0x04];
        Self::new(Command::ReadRecord, header, &[], true)
    }

    /// The values of a PDOL go into the command template, tag 83 (Book 3 §6.5.8.3).
    pub(crate) fn get_processing_options(values: &SecretBytes) -> Self {
        let header = [0x80, 0xA8, 0x00, 0x00];
        let template: Vec<u8> = tlv::tag_bytes(tag::COMMAND_TEMPLATE)
            .chain(tlv::length_bytes(values.len()))
            .collect();
        let data = [&template, values.expose()];
        Self::new(Command::GetProcessingOptions, header, &data, true)
    }

    /// With `signed` the card is to sign its answer (CDA; table 12).
    pub(crate) fn generate_ac(asked: AcType, signed: bool, values: &SecretBytes) -> Self {
        let control = asked.reference_control() | if signed { SIGNED } else { 0 };
        let header = [0x80, 0xAE, control, 0x00];
        Self::new(Command::GenerateAc, header, &[values.expose()], true)
    }

    pub(crate) fn external_authenticate(data: &[u8]) -> Self {
        let header = [0x00, 0x82, 0x00, 0x00];
        Self::new(Command::ExternalAuthenticate, header, &[data], false)
    }

    /// An element that stands in no record, by its tag of two bytes.
    pub(crate) fn get_data(tag: Tag) -> Self {
        let [_, _, high, low] = tag.0.to_be_bytes();
        Self::new(Command::GetData, [0x80, 0xCA, high, low], &[], true)
    }

    pub(crate) fn get_challenge() -> Self {
        Self::new(Command::GetChallenge, [0x00, 0x84, 0x00, 0x00], &[], true)
    }

    /// The values of a DDOL; at most 252 bytes.
    pub(crate) fn internal_authenticate(values: &SecretBytes) -> Self {
        let header = [0x00, 0x88, 0x00, 0x00];
        Self::new(
            Command::InternalAuthenticate,
            header,
            &[values.expose()],
            true,
        )
    }

    /// An enciphered PIN (table 23); nothing if it is longer than any key.
    pub(crate) fn verify_enciphered(pin: &SecretBytes) -> Option<Self> {
        let header = [0x00, 0x20, 0x00, 0x88];
        (pin.len() <= MAX_KEY).then(|| Self::new(Command::Verify, header, &[pin.expose()], false))
    }

    pub(crate) fn get_response(le: u8) -> Self {
        Self::new(Command::GetResponse, [0x00, 0xC0, 0x00, 0x00], &[], true).with_le(le)
    }

    /// An issuer's command as it came, if its length is that of one of the four cases (Book 3
    /// §6.3.2): a card could wait for ever for the rest of another.
    pub(crate) fn issuer_script(raw: &[u8]) -> Option<Self> {
        let has_le = match raw {
            [_, _, _, _] => false,
            [_, _, _, _, _] => true,
            [_, _, _, _, lc, data @ ..] => match data.len().checked_sub(usize::from(*lc)) {
                Some(0) => false,
                Some(1) if *lc > 0 => true,
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            command: Command::IssuerScript,
            bytes: SecretBytes::from_slice(raw),
            has_le,
        })
    }

    /// The same command again, as the one kept for a 6Cxx.
    pub(crate) fn duplicate(&self) -> Self {
        Self {
            command: self.command,
            bytes: SecretBytes::from_slice(self.bytes.expose()),
            has_le: self.has_le,
        }
    }

    pub(crate) fn has_le(&self) -> bool {
        self.has_le
    }

    /// The same command with another Le.
    pub(crate) fn with_le(self, le: u8) -> Self {
        let mut bytes = SecretBytes::with_bound(self.bytes.len());
        let all = self.bytes.expose();
        let without = &all[..all.len().saturating_sub(1)];
        if bytes
            .append(without)
            .and_then(|()| bytes.append(&[le]))
            .is_err()
        {
            return self;
        }
        Self { bytes, ..self }
    }

    /// Which command it is; safe to log.
    #[must_use]
    pub fn command(&self) -> Command {
        self.command
    }

    /// The bytes for the reader.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Select => "SELECT",
            Self::ReadRecord => "READ RECORD",
            Self::GetProcessingOptions => "GET PROCESSING OPTIONS",
            Self::GenerateAc => "GENERATE AC",
            Self::ExternalAuthenticate => "EXTERNAL AUTHENTICATE",
            Self::GetData => "GET DATA",
            Self::GetChallenge => "GET CHALLENGE",
            Self::InternalAuthenticate => "INTERNAL AUTHENTICATE",
            Self::Verify => "VERIFY",
            Self::GetResponse => "GET RESPONSE",
            Self::IssuerScript => "an issuer script command",
        })
    }
}

impl Display for Sw {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl Debug for Sw {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Sw({self})")
    }
}

impl LogSafe for Command {}
impl LogSafe for Sw {}
