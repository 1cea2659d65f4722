//! The header of a key block (X9.143:2022 section 6.2).

use super::{
    MAX_LEN,
    attributes::{Algorithm, Exportability, KeyContext, KeyVersion, ModeOfUse, Version},
    errors::BadKeyBlock,
    optional::{self, OptionalBlock},
    usage::Usage,
};

/// Characters before the optional blocks.
pub(super) const FIXED_LEN: usize = 16;

/// What a key block says of its key. Not secret, and not to be believed before the block was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// How the block is protected.
    pub version: Version,
    /// What the key is for.
    pub usage: Usage,
    /// For which cipher or scheme.
    pub algorithm: Algorithm,
    /// For which half of an operation.
    pub mode_of_use: ModeOfUse,
    /// Which version of the key, or which component.
    pub key_version: KeyVersion,
    /// Whether it may go on to somebody else.
    pub exportability: Exportability,
    /// Where the block may be used.
    pub context: KeyContext,
    /// What else there is to say; the padding `PB` is shown here when it was read, and made anew when
    /// it is written.
    pub optional: Vec<OptionalBlock>,
}

impl Header {
    /// A header of a key that nobody may export, without optional blocks.
    #[must_use]
    pub fn new(
        version: Version,
        usage: Usage,
        algorithm: Algorithm,
        mode_of_use: ModeOfUse,
    ) -> Self {
        Self {
            version,
            usage,
            algorithm,
            mode_of_use,
            key_version: KeyVersion::Unused,
            exportability: Exportability::NONE,
            context: KeyContext::BY_PROTECTION_KEY,
            optional: Vec::new(),
        }
    }

    /// The optional block of that name, if there is one.
    #[must_use]
    pub fn optional(&self, id: &str) -> Option<&OptionalBlock> {
        self.optional.iter().find(|block| block.id() == id)
    }

    /// Reads the header of a whole block, which is printable ASCII; returns it with how many
    /// characters it takes.
    pub(super) fn parse(block: &str) -> Result<(Self, usize), BadKeyBlock> {
        let fixed: &[u8; FIXED_LEN] = block
            .as_bytes()
            .first_chunk()
            .ok_or(BadKeyBlock::Size(block.len()))?;
        let version = Version::of(fixed[0]).ok_or(BadKeyBlock::Version(fixed[0] as char))?;
        let stated = decimal(&fixed[1..5]).ok_or(BadKeyBlock::Field("length"))?;
        if stated != block.len() {
            return Err(BadKeyBlock::Length {
                stated,
                found: block.len(),
            });
        }
        let named = |field, code: &[u8]| {
            let letters_or_digits = code.iter().all(u8::is_ascii_alphanumeric);
            letters_or_digits
                .then_some(())
                .ok_or(BadKeyBlock::Field(field))
        };
        named("usage", &fixed[5..7])?;
        named("algorithm", &fixed[7..8])?;
        named("mode of use", &fixed[8..9])?;
        named("key version number", &fixed[9..11])?;
        named("exportability", &fixed[11..12])?;
        let count =
            decimal(&fixed[12..14]).ok_or(BadKeyBlock::Field("number of optional blocks"))?;
        let context = KeyContext::of(fixed[14]).ok_or(BadKeyBlock::Field("key context"))?;
        if fixed[15] != b'0' {
            return Err(BadKeyBlock::Field("reserved character"));
        }
        let behind = block.get(FIXED_LEN..).unwrap_or_default();
        let (optional, len) = optional::parse(behind, count, version)?;
        let header = Self {
            version,
            usage: Usage::of([fixed[5], fixed[6]]),
            algorithm: Algorithm::of(fixed[7]),
            mode_of_use: ModeOfUse::of(fixed[8]),
            key_version: KeyVersion::of([fixed[9], fixed[10]]),
            exportability: Exportability::of(fixed[11]),
            context,
            optional,
        };
        Ok((header, FIXED_LEN + len))
    }

    /// The header of a block with `behind` characters behind it; nothing if that is too long.
    pub(super) fn write(&self, behind: usize) -> Option<String> {
        let (optional, count) = optional::write(&self.optional, self.version)?;
        let len = FIXED_LEN + optional.len() + behind;
        let usage = self.usage.code().map(char::from);
        let text = format!(
            "{}{len:04}{}{}{}{}{}{count:02}{}0{optional}",
            self.version,
            String::from_iter(usage),
            self.algorithm.letter(),
            char::from(self.mode_of_use.code()),
            self.key_version,
            char::from(self.exportability.code()),
            char::from(self.context.code()),
        );
        (len <= MAX_LEN).then_some(text)
    }
}

/// A number in decimal digits, as many as there are.
fn decimal(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| usize::from(digit - b'0'))?;
        Some(number * 10 + digit)
    })
}
