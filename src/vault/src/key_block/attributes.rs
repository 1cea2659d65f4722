//! What a key block says of its key: the attributes of X9.143:2022 section 6.3.
//!
//! A code that the standard does not name is kept and shown as it is: numbers are set apart for
//! makers' own use. Nothing is *done* with such a key; see [`super::OpenedKey`].

use core::fmt;

/// How a key block is protected (X9.143:2022 table 1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Version {
    /// TDES key variant binding, of 2005; deprecated.
    A,
    /// TDES key derivation binding.
    B,
    /// TDES key variant binding, as `A` with other rules for the header; deprecated.
    C,
    /// AES key derivation binding.
    D,
}

/// A cipher or scheme that a key is for (X9.143:2022 table 3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Algorithm {
    /// AES.
    Aes,
    /// Single DES.
    Des,
    /// Elliptic curves.
    EllipticCurve,
    /// HMAC; an optional block `HM` names the hash.
    Hmac,
    /// RSA.
    Rsa,
    /// DSA.
    Dsa,
    /// Triple DES, of two or three keys.
    Tdes,
    /// A letter or digit that the standard does not name.
    Other(char),
}

/// Which half of an operation a key may do: a character (X9.143:2022 table 4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModeOfUse(u8);

/// Whether a key may be wrapped again for somebody else: a character (X9.143:2022 table 6).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exportability(u8);

/// Where the block may be used: a character (X9.143:2022 table 1, key context).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyContext(u8);

/// Which version of its key this is, or which component (X9.143:2022 table 5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyVersion {
    /// `00`: not used.
    Unused,
    /// `c` and the component's number: no whole key.
    Component(char),
    /// Two characters that the key's maker counts with.
    Number([char; 2]),
}

impl Version {
    /// The version of that letter.
    pub(super) const fn of(letter: u8) -> Option<Self> {
        Some(match letter {
            b'A' => Self::A,
            b'B' => Self::B,
            b'C' => Self::C,
            b'D' => Self::D,
            _ => return None,
        })
    }

    /// The version's letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
        }
    }

    /// The cipher of the protection key.
    #[must_use]
    pub const fn cipher(self) -> Algorithm {
        match self {
            Self::A | Self::B | Self::C => Algorithm::Tdes,
            Self::D => Algorithm::Aes,
        }
    }

    /// Bytes of a cipher block; all optional blocks together are a multiple of it.
    pub(super) const fn block_len(self) -> usize {
        match self {
            Self::A | Self::B | Self::C => 8,
            Self::D => 16,
        }
    }

    /// Bytes of the MAC.
    pub(super) const fn mac_len(self) -> usize {
        match self {
            Self::A | Self::C => 4,
            Self::B => 8,
            Self::D => 16,
        }
    }

    /// Whether the keys are variants of the protection key rather than derived from it.
    pub(super) const fn binds_by_variant(self) -> bool {
        matches!(self, Self::A | Self::C)
    }
}

impl Algorithm {
    pub(super) const fn of(letter: u8) -> Self {
        match letter {
            b'A' => Self::Aes,
            b'D' => Self::Des,
            b'E' => Self::EllipticCurve,
            b'H' => Self::Hmac,
            b'R' => Self::Rsa,
            b'S' => Self::Dsa,
            b'T' => Self::Tdes,
            other => Self::Other(other as char),
        }
    }

    /// The algorithm's letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Aes => 'A',
            Self::Des => 'D',
            Self::EllipticCurve => 'E',
            Self::Hmac => 'H',
            Self::Rsa => 'R',
            Self::Dsa => 'S',
            Self::Tdes => 'T',
            Self::Other(letter) => letter,
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Aes => "AES",
            Self::Des => "DES",
            Self::EllipticCurve => "elliptic curve",
            Self::Hmac => "HMAC",
            Self::Rsa => "RSA",
            Self::Dsa => "DSA",
            Self::Tdes => "triple DES",
            Self::Other(_) => return None,
        })
    }
}

impl ModeOfUse {
    /// Encrypt and decrypt, wrap and unwrap.
    pub const BOTH_WAYS: Self = Self(b'B');
    /// Generate and verify.
    pub const GENERATE_AND_VERIFY: Self = Self(b'C');
    /// Decrypt or unwrap only.
    pub const DECRYPT: Self = Self(b'D');
    /// Encrypt or wrap only.
    pub const ENCRYPT: Self = Self(b'E');
    /// Generate only.
    pub const GENERATE: Self = Self(b'G');
    /// Whatever the usage allows.
    pub const ANY: Self = Self(b'N');
    /// Derive keys.
    pub const DERIVE: Self = Self(b'X');

    pub(super) const fn of(code: u8) -> Self {
        Self(code)
    }

    pub(super) const fn code(self) -> u8 {
        self.0
    }

    /// What people call it, if the standard names it.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            b'B' => "encrypt and decrypt",
            b'C' => "generate and verify",
            b'D' => "decrypt only",
            b'E' => "encrypt only",
            b'G' => "generate only",
            b'N' => "whatever the usage allows",
            b'S' => "sign only",
            b'T' => "sign and decrypt",
            b'V' => "verify only",
            b'X' => "derive keys",
            b'Y' => "make variants",
            _ => return None,
        })
    }
}

impl Exportability {
    /// Under a trusted key, in a form that X9.24 allows.
    pub const TRUSTED: Self = Self(b'E');
    /// Never.
    pub const NONE: Self = Self(b'N');
    /// Under a key, in other forms too.
    pub const SENSITIVE: Self = Self(b'S');

    pub(super) const fn of(code: u8) -> Self {
        Self(code)
    }

    pub(super) const fn code(self) -> u8 {
        self.0
    }

    /// What people call it, if the standard names it.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            b'E' => "exportable under a trusted key",
            b'N' => "not exportable",
            b'S' => "sensitive",
            _ => return None,
        })
    }
}

impl KeyContext {
    /// The protection key says where.
    pub const BY_PROTECTION_KEY: Self = Self(b'0');
    /// For keeping.
    pub const STORAGE: Self = Self(b'1');
    /// For travelling.
    pub const EXCHANGE: Self = Self(b'2');

    pub(super) const fn of(code: u8) -> Option<Self> {
        match code {
            b'0'..=b'2' => Some(Self(code)),
            _ => None,
        }
    }

    pub(super) const fn code(self) -> u8 {
        self.0
    }
}

impl KeyVersion {
    pub(super) const fn of(code: [u8; 2]) -> Self {
        match code {
            [b'0', b'0'] => Self::Unused,
            [b'c', number] => Self::Component(number as char),
            [first, second] => Self::Number([first as char, second as char]),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.letter())
    }
}

/// The code, and what people call it.
pub(super) fn show(f: &mut fmt::Formatter<'_>, code: &str, name: Option<&str>) -> fmt::Result {
    match name {
        Some(name) => write!(f, "{code} ({name})"),
        None => write!(f, "{code} (unknown)"),
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.letter().to_string(), self.name())
    }
}

impl fmt::Display for ModeOfUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &char::from(self.0).to_string(), self.name())
    }
}

impl fmt::Display for Exportability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &char::from(self.0).to_string(), self.name())
    }
}

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused => f.write_str("00"),
            Self::Component(number) => write!(f, "c{number}"),
            Self::Number([first, second]) => write!(f, "{first}{second}"),
        }
    }
}

impl fmt::Debug for ModeOfUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Exportability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for KeyContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(self.0))
    }
}
