//! RSA with a public key: what a signature says (EMV 4.4 Book 2 Annex B2.1 and A2.1).
//!
//! The keys are public; what goes in may hold a PIN and what comes out a PAN, so both are wiped, and
//! the time taken does not depend on them.

use crypto_bigint::{
    BoxedUint, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
    zeroize::Zeroize,
};
use sealpoint_secret::SecretBytes;

/// Bytes of the longest modulus (Annex B2.1).
const MAX_MODULUS: usize = 248;
/// Bytes of the longest exponent; longer ones begin with zeros or are none of the two.
const MAX_EXPONENT: usize = 4;

/// The two exponents that there are (Annex B2.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exponent {
    Three,
    Fermat4,
}

/// A public key that can be computed with.
pub(crate) struct PublicKey {
    modulus: Vec<u8>,
    exponent: Exponent,
}

impl PublicKey {
    /// A key, unless the modulus is even, empty, begins with a zero or has more than 248 bytes, or
    /// the exponent is neither 3 nor 65537.
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let odd = modulus.last().is_some_and(|last| last & 1 == 1);
        let full = modulus.first().is_some_and(|first| *first != 0);
        if !odd || !full || modulus.len() > MAX_MODULUS || exponent.len() > MAX_EXPONENT {
            return None;
        }
        let exponent = exponent
            .iter()
            .fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        let exponent = match exponent {
            3 => Exponent::Three,
            65537 => Exponent::Fermat4,
            _ => return None,
        };
        Some(Self {
            modulus: modulus.to_vec(),
            exponent,
        })
    }

    /// The modulus, most significant byte first.
    pub(super) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The exponent.
    pub(super) fn exponent(&self) -> u32 {
        match self.exponent {
            Exponent::Three => 3,
            Exponent::Fermat4 => 65537,
        }
    }

    /// The signature to the power of the exponent, as long as the modulus; none if it is not as long
    /// as the modulus or not less than it.
    pub(super) fn recover(&self, signature: &[u8]) -> Option<SecretBytes> {
        let length = self.modulus.len();
        if signature.len() != length {
            return None;
        }
        let modulus = BoxedUint::from_be_slice_vartime(&self.modulus);
        let signature = BoxedUint::from_be_slice_vartime(signature);
        if signature >= modulus {
            return None;
        }
        let modulus: Odd<BoxedUint> = Odd::new(modulus).into_option()?;
        let mut base = BoxedMontyForm::new(signature, &BoxedMontyParams::new_vartime(modulus));
        let squarings = match self.exponent {
            Exponent::Three => 1,
            Exponent::Fermat4 => 16,
        };
        let mut power = base.clone();
        for _ in 0..squarings {
            replace(&mut power, |power| power.square());
        }
        replace(&mut power, |power| power.mul(&base));
        base.zeroize();
        let mut message = power.retrieve();
        // Whole limbs: as a rule more bytes than the modulus has, zeros on the left.
        let mut bytes = message.to_be_bytes();
        let recovered = bytes
            .len()
            .checked_sub(length)
            .map(|zeros| SecretBytes::from_slice(&bytes[zeros..]));
        bytes.zeroize();
        message.zeroize();
        power.zeroize();
        recovered
    }
}

/// Puts a number in the place of one that is wiped.
fn replace(number: &mut BoxedMontyForm, by: impl FnOnce(&BoxedMontyForm) -> BoxedMontyForm) {
    let next = by(number);
    number.zeroize();
    *number = next;
}
