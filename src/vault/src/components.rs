//! Key components: a key in parts, so that nobody who holds one knows anything of it (split
//! knowledge, X9.24-2:2021 and ISO 11568).
//!
//! A key is the XOR of two to four components of its own length. Each has its own check value, so
//! that whoever types one hears at once whether it was right, and the key has one for all to compare.
//!
//! **Parity of triple DES.** The lowest bit of each byte of a DES key is a parity bit, which the
//! cipher does not look at; nor does any check here. Hardware security modules give odd parity to
//! components and key alike: where all components have it, so has the key. Otherwise the key is
//! the XOR as it is, because there is a kind of key of which all bits count: an initial TDES DUKPT
//! key.

use ring::rand::SecureRandom;
use sealpoint_secret::SecretBytes;

use crate::{
    CheckValue,
    check_value::{NoCheckValue, same},
    key_block::Algorithm,
};

/// At least so many components: one would be the key.
pub const MIN_COMPONENTS: usize = 2;
/// At most so many.
pub const MAX_COMPONENTS: usize = 4;
/// Bytes of the key of single DES, of which triple DES has two or three.
const DES_KEY_LEN: usize = 8;
/// The bit of a byte of a DES key that the cipher does not look at.
const PARITY_BIT: u8 = 0x01;
/// Lengths of HMAC keys: a hash to a hash block of SHA-256.
const HMAC_KEY_LEN: core::ops::RangeInclusive<usize> = 32..=64;

/// A part of a key, as one person holds it.
pub struct Component {
    /// As long as the key.
    pub value: SecretBytes,
    /// What the component's check value should be, if the person has that too.
    pub check_value: Option<CheckValue>,
}

/// Why components make no key. Components are counted from 1, in the order in which they came.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadComponents {
    /// Too few or too many.
    #[error(
        "{0} components were given, and a key has {MIN_COMPONENTS} to {MAX_COMPONENTS}. Let each \
         person enter one."
    )]
    Count(usize),
    /// No key of that algorithm is as long, or keys of it are not made of components.
    #[error(
        "Component {number} has {len} bytes, which no key for {algorithm} has. Enter it again, \
         whole."
    )]
    Length {
        /// Which one.
        number: usize,
        /// Its bytes.
        len: usize,
        /// What the key is for.
        algorithm: Algorithm,
    },
    /// As long as no other.
    #[error("Component {0} is not as long as component 1. Enter it again, whole.")]
    Unequal(usize),
    /// Not what it should be.
    #[error(
        "Component {number} has the check value {found}, and {stated} was given with it. Enter it \
         again."
    )]
    CheckValue {
        /// Which one.
        number: usize,
        /// What was given.
        stated: CheckValue,
        /// What it has.
        found: CheckValue,
    },
    /// Zeros leave the key to the others.
    #[error(
        "Component {0} is zeros, which makes it no part of the key. Use one that was made at random."
    )]
    Zeros(usize),
    /// Two that are the same cancel each other.
    #[error(
        "Components {0} and {1} are the same, so that they cancel each other. Let each person enter \
         their own."
    )]
    Same(usize, usize),
    /// Together they are zeros.
    #[error("The components make a key of zeros. Make new components, at random.")]
    ZeroKey,
    /// Two of the keys of triple DES are the same, which leaves less of it.
    #[error(
        "The components make a triple DES key of which two parts are the same, which is weaker than \
         it looks. Make new components, at random."
    )]
    EqualParts,
    /// There is no check value to compare.
    #[error(transparent)]
    NoCheckValue(#[from] NoCheckValue),
    /// The operating system gave no random bytes.
    #[error("This machine gave no random bytes. Restart it; if it happens again, call service.")]
    NoRandomBytes,
}

/// The key that components make.
///
/// # Errors
/// [`BadComponents`] says which component is wrong, and why.
pub fn combine(
    algorithm: Algorithm,
    components: &[Component],
) -> Result<SecretBytes, BadComponents> {
    if !(MIN_COMPONENTS..=MAX_COMPONENTS).contains(&components.len()) {
        return Err(BadComponents::Count(components.len()));
    }
    let mut first_len = None;
    for (number, component) in (1..).zip(components) {
        check(algorithm, number, component)?;
        if *first_len.get_or_insert(component.value.len()) != component.value.len() {
            return Err(BadComponents::Unequal(number));
        }
    }
    for (number, one) in (1..).zip(components) {
        for (other_number, other) in (1..).zip(components).skip(number) {
            if are_same(algorithm, one.value.expose(), other.value.expose()) {
                return Err(BadComponents::Same(number, other_number));
            }
        }
    }
    let values = components.iter().map(|component| &component.value);
    let key = xor(first_len.unwrap_or_default(), values.clone());
    check_key(algorithm, &key)?;
    if algorithm == Algorithm::Tdes && values.into_iter().all(has_odd_parity) {
        return Ok(with_odd_parity(&key));
    }
    Ok(key)
}

/// Splits a key into so many components, all but one of them at random, that [`combine`] to the very
/// same bytes. Any of them tells nothing of the key without all the others.
///
/// # Errors
/// [`BadComponents`] if it is no key that could be combined again.
pub fn split(
    algorithm: Algorithm,
    key: &SecretBytes,
    count: usize,
    random: &dyn SecureRandom,
) -> Result<Vec<Component>, BadComponents> {
    if !(MIN_COMPONENTS..=MAX_COMPONENTS).contains(&count) {
        return Err(BadComponents::Count(count));
    }
    let len = key.len();
    let is_odd = algorithm == Algorithm::Tdes && has_odd_parity(key);
    let mut values = Vec::with_capacity(count);
    for _ in 1..count {
        let mut value = SecretBytes::with_bound(len);
        value.fill(|bytes| {
            random
                .fill(bytes)
                .map_err(|_| BadComponents::NoRandomBytes)?;
            if algorithm == Algorithm::Tdes && !is_odd {
                // One byte without odd parity says that the key is to be left as it is.
                for byte in bytes.iter_mut().take(1) {
                    *byte = odd(*byte) ^ PARITY_BIT;
                }
            }
            Ok::<_, BadComponents>(bytes.len())
        })?;
        values.push(if is_odd {
            with_odd_parity(&value)
        } else {
            value
        });
    }
    let last = xor(len, values.iter().chain([key]));
    values.push(if is_odd { with_odd_parity(&last) } else { last });
    let component = |value| {
        let check_value = Some(CheckValue::of(algorithm, &value)?);
        Ok::<_, NoCheckValue>(Component { value, check_value })
    };
    let components = values.into_iter().map(component);
    let components: Vec<_> = components.collect::<Result<_, _>>()?;
    // What would not be taken is not given away: two that are the same, by an unlucky draw.
    combine(algorithm, &components)?;
    Ok(components)
}

/// What can be said of a component by itself.
fn check(algorithm: Algorithm, number: usize, component: &Component) -> Result<(), BadComponents> {
    let len = component.value.len();
    let fits = match algorithm {
        Algorithm::Aes => matches!(len, 16 | 24 | 32),
        Algorithm::Tdes => matches!(len, 16 | 24),
        Algorithm::Hmac => HMAC_KEY_LEN.contains(&len),
        _ => false,
    };
    if !fits {
        return Err(BadComponents::Length {
            number,
            len,
            algorithm,
        });
    }
    if is_zeros(algorithm, component.value.expose()) {
        return Err(BadComponents::Zeros(number));
    }
    let Some(stated) = component.check_value else {
        return Ok(());
    };
    let found = CheckValue::of(algorithm, &component.value)?;
    if found.matches(&stated) {
        Ok(())
    } else {
        Err(BadComponents::CheckValue {
            number,
            stated,
            found,
        })
    }
}

fn check_key(algorithm: Algorithm, key: &SecretBytes) -> Result<(), BadComponents> {
    if is_zeros(algorithm, key.expose()) {
        return Err(BadComponents::ZeroKey);
    }
    if algorithm == Algorithm::Tdes {
        let parts: Vec<&[u8]> = key.expose().chunks(DES_KEY_LEN).collect();
        for (number, part) in (1..).zip(&parts) {
            if parts
                .iter()
                .skip(number)
                .any(|other| are_same(algorithm, part, other))
            {
                return Err(BadComponents::EqualParts);
            }
        }
    }
    Ok(())
}

/// The bits of a byte that the cipher looks at.
fn mask(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::Tdes => !PARITY_BIT,
        _ => 0xFF,
    }
}

/// Whether two keys do the same, in a time that depends on their lengths alone.
fn are_same(algorithm: Algorithm, one: &[u8], other: &[u8]) -> bool {
    let mask = mask(algorithm);
    let differences = one.iter().zip(other);
    let difference = differences.fold(0, |all, (x, y)| all | ((x ^ y) & mask));
    one.len() == other.len() && same(&[difference], &[0])
}

fn is_zeros(algorithm: Algorithm, key: &[u8]) -> bool {
    let mask = mask(algorithm);
    let bits = key.iter().fold(0, |all, byte| all | (byte & mask));
    same(&[bits], &[0])
}

/// XOR of values of `len` bytes.
fn xor<'a>(len: usize, values: impl Iterator<Item = &'a SecretBytes>) -> SecretBytes {
    let mut sum = SecretBytes::with_bound(len);
    let filled = sum.fill(|bytes| {
        for value in values {
            for (byte, with) in bytes.iter_mut().zip(value.expose()) {
                *byte ^= with;
            }
        }
        Ok::<_, core::convert::Infallible>(bytes.len())
    });
    match filled {
        Ok(_) => sum,
        Err(never) => match never {},
    }
}

fn has_odd_parity(key: &SecretBytes) -> bool {
    key.expose().iter().all(|byte| *byte == odd(*byte))
}

fn with_odd_parity(key: &SecretBytes) -> SecretBytes {
    let mut adjusted = SecretBytes::with_bound(key.len());
    let filled = adjusted.fill(|bytes| {
        for (byte, of) in bytes.iter_mut().zip(key.expose()) {
            *byte = odd(*of);
        }
        Ok::<_, core::convert::Infallible>(bytes.len())
    });
    match filled {
        Ok(_) => adjusted,
        Err(never) => match never {},
    }
}

/// A byte of a DES key with odd parity.
fn odd(byte: u8) -> u8 {
    let bits = byte & !PARITY_BIT;
    bits | u8::from(bits.count_ones().is_multiple_of(2))
}
