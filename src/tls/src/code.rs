//! The enrolment code: what a person carries from the collector to a till that has nothing yet.
//!
//! Two things in 40 characters. A secret, by which the collector knows the till: it is good once, for
//! ten minutes, for one terminal. And the beginning of the CA's key hash, by which the till knows
//! the collector before it tells the secret: it believes a server whose certificate that CA signed
//! (as a TLSA record with usage 2 would say, RFC 7671 section 5.2).
//!
//! | bytes | what |
//! |---|---|
//! | 3 | the code's name, so that wrong secrets count against it |
//! | 9 | the secret |
//! | 12 | the first bytes of the [`KeyHash`] of the CA |
//! | 1 | the first byte of SHA-256 of the others, against slips |
//!
//! Written in Crockford's base 32, where O is 0, and I and L are 1, in eight groups of five.

use core::str::FromStr;

use data_encoding::{Encoding, HEXLOWER, Specification, SpecificationError};
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::certificate::KeyHash;

const NAME_LEN: usize = 3;
const SECRET_LEN: usize = 9;
const PIN_LEN: usize = 12;
const BODY_LEN: usize = NAME_LEN + SECRET_LEN + PIN_LEN;
const LEN: usize = BODY_LEN + 1;
/// Characters of a group.
const GROUP: usize = 5;
/// At most this many characters are looked at.
const MAX_TEXT: usize = 64;
/// What is hashed with the secret, so that the hash serves nothing else.
const LABEL: &[u8] = b"Sealpoint enrolment code, version 1\n";

/// A text that is no enrolment code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "This is no enrolment code. It has eight groups of five characters; type it again as collector \
     enrol-code printed it."
)]
pub struct BadCode;

/// The operating system gives no random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("The operating system gives no random bytes. Restart this machine.")]
pub struct NoRandomBytes;

/// An enrolment code. Wiped when dropped; no Debug, for it is a secret for ten minutes.
pub struct EnrolmentCode(Zeroizing<[u8; LEN]>);

impl EnrolmentCode {
    /// A new code that names the CA whose key this is.
    ///
    /// # Errors
    /// [`NoRandomBytes`].
    pub fn generate(ca: &KeyHash) -> Result<Self, NoRandomBytes> {
        let mut bytes = Zeroizing::new([0; LEN]);
        SystemRandom::new()
            .fill(&mut bytes[..NAME_LEN + SECRET_LEN])
            .map_err(|_| NoRandomBytes)?;
        bytes[NAME_LEN + SECRET_LEN..BODY_LEN].copy_from_slice(&ca.as_bytes()[..PIN_LEN]);
        bytes[BODY_LEN] = check(&bytes[..BODY_LEN]);
        Ok(Self(bytes))
    }

    /// For people to read and type.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LEN * 2));
        let letters = Zeroizing::new(alphabet().encode(self.0.as_slice()));
        for (place, letter) in letters.chars().enumerate() {
            if place > 0 && place % GROUP == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        text
    }

    /// The code's name: no secret.
    #[must_use]
    pub fn name(&self) -> String {
        HEXLOWER.encode(&self.0[..NAME_LEN])
    }

    /// What the collector keeps in place of the secret.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(LABEL);
        context.update(&self.0[..NAME_LEN + SECRET_LEN]);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }

    /// What it says of the CA's key.
    #[must_use]
    pub fn pin(&self) -> CaPin {
        let mut pin = [0; PIN_LEN];
        pin.copy_from_slice(&self.0[NAME_LEN + SECRET_LEN..BODY_LEN]);
        CaPin(pin)
    }
}

/// The beginning of a CA's key hash, 96 bits: finding another key that fits is out of reach.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CaPin([u8; PIN_LEN]);

impl CaPin {
    /// Whether it is of that key.
    #[must_use]
    pub fn is_of(&self, ca: &KeyHash) -> bool {
        self.0 == ca.as_bytes()[..PIN_LEN]
    }
}

impl FromStr for EnrolmentCode {
    type Err = BadCode;

    fn from_str(text: &str) -> Result<Self, BadCode> {
        if text.len() > MAX_TEXT {
            return Err(BadCode);
        }
        let letters: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|letter| !letter.is_whitespace() && *letter != '-')
                .collect(),
        );
        let given = alphabet()
            .decode(letters.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| BadCode)?;
        if given.len() != LEN || given[BODY_LEN] != check(&given[..BODY_LEN]) {
            return Err(BadCode);
        }
        let mut bytes = Zeroizing::new([0; LEN]);
        bytes.copy_from_slice(&given);
        Ok(Self(bytes))
    }
}

fn check(body: &[u8]) -> u8 {
    digest::digest(&digest::SHA256, body).as_ref()[0]
}

fn alphabet() -> Encoding {
    crockford().expect("the alphabet is a constant that a test has made")
}

fn crockford() -> Result<Encoding, SpecificationError> {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification
        .translate
        .from
        .push_str("abcdefghjkmnpqrstvwxyzOoIiLl");
    specification
        .translate
        .to
        .push_str("ABCDEFGHJKMNPQRSTVWXYZ001111");
    specification.encoding()
}
