//! RSA with a public key: what a signature says (EMV 4.4 Book 2 Annex B2.1 and A2.1).
//!
//! Everything in it is public, so nothing needs to take the same time; what comes out may hold a
//! PAN, so it is wiped.

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
        let base = BoxedMontyForm::new(signature, &BoxedMontyParams::new_vartime(modulus));
        let squarings = match self.exponent {
            Exponent::Three => 1,
            Exponent::Fermat4 => 16,
        };
        let mut power = base.square();
        for _ in 1..squarings {
            power = power.square();
        }
        let mut power = power.mul(&base);
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
