//! RSA with a private key: EMV 4.4 Book 2 Annex B2.1.

use num_bigint::BigUint;

/// An RSA key pair. A test key: everybody knows it, so nothing here is wiped.
pub struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
    primes: [BigUint; 2],
    /// The private exponent modulo each prime less one.
    private: [BigUint; 2],
    /// The second prime's inverse modulo the first.
    inverse: BigUint,
    size: usize,
}

impl RsaKey {
    /// A key from its public exponent and its two primes; nothing if they make none.
    #[must_use]
    pub fn new(exponent: u32, primes: [&[u8]; 2]) -> Option<Self> {
        let exponent = BigUint::from(exponent);
        let primes = primes.map(BigUint::from_bytes_be);
        let private = |prime: &BigUint| {
            let one = BigUint::from(1_u8);
            (*prime > one).then(|| exponent.modinv(&(prime - one)))?
        };
        let modulus = &primes[0] * &primes[1];
        Some(Self {
            size: usize::try_from(modulus.bits().div_ceil(8)).ok()?,
            private: [private(&primes[0])?, private(&primes[1])?],
            inverse: primes[1].modinv(&primes[0])?,
            modulus,
            exponent,
            primes,
        })
    }

    /// Length of the modulus in bytes, and so of every signature.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The modulus, most significant byte first.
    #[must_use]
    pub fn modulus(&self) -> Vec<u8> {
        self.modulus.to_bytes_be()
    }

    /// The public exponent in as many bytes as it needs: 03 or 010001.
    #[must_use]
    pub fn exponent(&self) -> Vec<u8> {
        self.exponent.to_bytes_be()
    }

    /// The private operation on a block that is less than the modulus: a signature, or the
    /// decipherment of what the public key has enciphered.
    #[must_use]
    pub fn private(&self, block: &[u8]) -> Vec<u8> {
        let [p, q] = &self.primes;
        let block = BigUint::from_bytes_be(block);
        let first = block.modpow(&self.private[0], p);
        let second = block.modpow(&self.private[1], q);
        // Garner: the difference may be negative, so a multiple of p is added first.
        let difference = (first + p - &second % p) % p;
        self.pad(&(second + difference * &self.inverse % p * q))
    }

    /// The public operation: what a terminal does with a certificate or a PIN.
    #[must_use]
    pub fn public(&self, block: &[u8]) -> Vec<u8> {
        self.pad(&BigUint::from_bytes_be(block).modpow(&self.exponent, &self.modulus))
    }

    fn pad(&self, number: &BigUint) -> Vec<u8> {
        let bytes = number.to_bytes_be();
        let zeros = vec![0; self.size.saturating_sub(bytes.len())];
        [zeros, bytes].concat()
    }
}
