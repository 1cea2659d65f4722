//! Optional blocks: what else a header says (X9.143:2022 section 6.3.6).

use data_encoding::HEXUPPER;

use super::{
    MAX_LEN,
    attributes::Version,
    errors::{BadKeyBlock, BadOptionalBlock},
};
use crate::check_value::{CheckMethod, CheckValue};

/// At most this many in a header: the count has two digits.
pub const MAX_OPTIONAL_BLOCKS: usize = 99;
/// Characters of identifier and length.
const SHORT_HEADER: usize = 4;
/// The same with the extended length: identifier, `00`, how long the length is, length.
const EXTENDED_HEADER: usize = 10;
/// How the length of an extended length is written: it has four digits. The standard's samples
/// (sections 8.5 and 8.6) count digits; readers of TR-31:2018 count bytes. Both mean these four.
const FOUR_DIGITS: [&str; 2] = ["04", "02"];
/// The longest block whose length has two digits.
const MAX_SHORT: usize = 0xFF;
/// The block that fills up to a whole cipher block; always the last.
const PADDING: &str = "PB";

/// An optional block: two characters that name it, and printable ASCII.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptionalBlock {
    id: String,
    data: String,
}

/// The hash of an HMAC key, as optional block `HM` names it (X9.143:2022 table 13).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HmacHash(u8);

impl HmacHash {
    /// SHA-256.
    pub const SHA_256: Self = Self(0x21);

    /// The hash that a block `HM` names.
    pub(super) fn of(block: &OptionalBlock) -> Option<Self> {
        match block.bytes()?.as_slice() {
            [code] => Some(Self(*code)),
            _ => None,
        }
    }
}

impl OptionalBlock {
    /// A block of any name.
    ///
    /// # Errors
    /// [`BadOptionalBlock`] if the name is not two letters or digits or is the padding's, or the data
    /// is not printable ASCII.
    pub fn new(id: &str, data: &str) -> Result<Self, BadOptionalBlock> {
        if id == PADDING || !is_id(id) {
            return Err(BadOptionalBlock::Id);
        }
        if !data.bytes().all(super::is_printable) {
            return Err(BadOptionalBlock::Data);
        }
        Ok(Self {
            id: id.to_owned(),
            data: data.to_owned(),
        })
    }

    /// `IK`: the initial key id of an initial AES DUKPT key.
    #[must_use]
    pub fn initial_key_id(id: &[u8; 8]) -> Self {
        Self::hex("IK", id)
    }

    /// `KS`: the initial key serial number of an initial TDES DUKPT key.
    #[must_use]
    pub fn key_serial_number(ksn: &[u8; 10]) -> Self {
        Self::hex("KS", ksn)
    }

    /// `HM`: the hash of an HMAC key.
    #[must_use]
    pub fn hash(hash: HmacHash) -> Self {
        Self::hex("HM", &[hash.0])
    }

    /// `KC`: the check value of the key in the block.
    #[must_use]
    pub fn key_check(method: CheckMethod, value: &CheckValue) -> Self {
        Self::check("KC", method, value)
    }

    /// `KP`: the check value of the protection key.
    #[must_use]
    pub fn protection_key_check(method: CheckMethod, value: &CheckValue) -> Self {
        Self::check("KP", method, value)
    }

    /// The two characters that name it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it says, as it is written.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// What people call it, if the standard names it.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.id.as_str() {
            "AL" => "life of an asymmetric key",
            "BI" => "base derivation key id",
            "CT" => "certificate",
            "DA" => "derivations allowed",
            "FL" => "flags",
            "HM" => "hash of HMAC",
            "IK" => "initial key id",
            "KC" => "check value of the key",
            "KP" => "check value of the protection key",
            "KS" => "initial key serial number",
            "KV" => "key block values",
            "LB" => "label",
            "PB" => "padding",
            "PK" => "check value of the exporting protection key",
            "TC" => "time of creation",
            "TS" => "time stamp",
            "WP" => "wrapping pedigree",
            _ => return None,
        })
    }

    /// The data as bytes, if it is capital hexadecimal digits.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        HEXUPPER.decode(self.data.as_bytes()).ok()
    }

    /// Method and value, of a block `KC` or `KP` (table 15).
    pub(super) fn check_value(&self) -> Option<(CheckMethod, CheckValue)> {
        let bytes = self.bytes()?;
        let (method, value) = bytes.split_first()?;
        let method = match method {
            0x00 if value.len() <= 3 => CheckMethod::Legacy,
            0x01 => CheckMethod::Cmac,
            _ => return None,
        };
        Some((method, CheckValue::stated(value).ok()?))
    }

    pub(super) fn is_padding(&self) -> bool {
        self.id == PADDING
    }

    fn hex(id: &str, bytes: &[u8]) -> Self {
        Self {
            id: id.to_owned(),
            data: HEXUPPER.encode(bytes),
        }
    }

    fn check(id: &str, method: CheckMethod, value: &CheckValue) -> Self {
        let method = match method {
            CheckMethod::Legacy => 0x00,
            CheckMethod::Cmac => 0x01,
        };
        Self::hex(id, &[&[method], value.as_bytes()].concat())
    }
}

fn is_id(id: &str) -> bool {
    id.len() == 2 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Reads `count` optional blocks from the start of `text`; returns them with how many characters
/// they take.
pub(super) fn parse(
    text: &str,
    count: usize,
    version: Version,
) -> Result<(Vec<OptionalBlock>, usize), BadKeyBlock> {
    let mut blocks: Vec<OptionalBlock> = Vec::with_capacity(count.min(MAX_OPTIONAL_BLOCKS));
    let mut read = 0;
    for number in 1..=count {
        let bad = |fault| BadKeyBlock::Optional { number, fault };
        let (block, len) = parse_one(text.get(read..).unwrap_or_default()).map_err(bad)?;
        if blocks.iter().any(|earlier| earlier.id == block.id) {
            return Err(bad(BadOptionalBlock::Twice));
        }
        if blocks.last().is_some_and(OptionalBlock::is_padding) {
            return Err(bad(BadOptionalBlock::AfterPadding));
        }
        blocks.push(block);
        read += len;
    }
    if !read.is_multiple_of(version.block_len()) {
        return Err(BadKeyBlock::Unpadded);
    }
    Ok((blocks, read))
}

fn parse_one(text: &str) -> Result<(OptionalBlock, usize), BadOptionalBlock> {
    let id = text.get(..2).ok_or(BadOptionalBlock::Length)?;
    if !is_id(id) {
        return Err(BadOptionalBlock::Id);
    }
    let (header, len) = match text.get(2..SHORT_HEADER) {
        Some("00") => {
            let digits = text.get(4..6).ok_or(BadOptionalBlock::Length)?;
            if !FOUR_DIGITS.contains(&digits) {
                return Err(BadOptionalBlock::Length);
            }
            (EXTENDED_HEADER, number(text.get(6..EXTENDED_HEADER))?)
        }
        short => (SHORT_HEADER, number(short)?),
    };
    let data = text.get(header..len).ok_or(BadOptionalBlock::Length)?;
    let block = OptionalBlock {
        id: id.to_owned(),
        data: data.to_owned(),
    };
    Ok((block, len))
}

/// Two or four capital hexadecimal digits.
fn number(digits: Option<&str>) -> Result<usize, BadOptionalBlock> {
    let digits = digits.ok_or(BadOptionalBlock::Length)?;
    let bytes = HEXUPPER.decode(digits.as_bytes());
    let bytes = bytes.map_err(|_| BadOptionalBlock::Length)?;
    Ok(bytes
        .iter()
        .fold(0, |number, byte| number * 256 + usize::from(*byte)))
}

/// Writes optional blocks, with padding where the cipher needs it. Returns them with how many they
/// are; nothing if they are too many or too long.
pub(super) fn write(blocks: &[OptionalBlock], version: Version) -> Option<(String, usize)> {
    let (mut text, mut count) = (String::new(), 0);
    for block in blocks.iter().filter(|block| !block.is_padding()) {
        text.push_str(&block.id);
        let short = SHORT_HEADER + block.data.len();
        if short <= MAX_SHORT {
            text.push_str(&format!("{short:02X}"));
        } else {
            let len = EXTENDED_HEADER + block.data.len();
            text.push_str(&format!("00{}{len:04X}", FOUR_DIGITS[0]));
        }
        text.push_str(&block.data);
        count += 1;
        if text.len() > MAX_LEN {
            return None;
        }
    }
    let unfilled = text.len() % version.block_len();
    if unfilled != 0 {
        let mut len = version.block_len() - unfilled;
        if len < SHORT_HEADER {
            len += version.block_len();
        }
        let zeros = "0".repeat(len - SHORT_HEADER);
        text.push_str(&format!("{PADDING}{len:02X}{zeros}"));
        count += 1;
    }
    (count <= MAX_OPTIONAL_BLOCKS).then_some((text, count))
}
