//! Recognising a card without keeping its number.

use ring::{hmac, rand::SecureRandom};
use sealpoint_secret::Pan;

/// Makes codes of cards under a key that is drawn at random and never leaves (HMAC-SHA256, RFC 2104
/// and FIPS 180-4). A plain hash would not do: there are few enough card numbers to try them all.
pub struct CardCoder(hmac::Key);

/// Stands for one card as long as its coder lives; tells nothing of its number without the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CardCode([u8; 32]);

/// The operating system gave no random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("This machine gave no random bytes. Restart the till; if it happens again, call service.")]
pub struct NoRandomBytes;

impl CardCoder {
    /// A coder with a key of its own.
    ///
    /// # Errors
    /// [`NoRandomBytes`] if there is none to be had.
    pub fn new(random: &dyn SecureRandom) -> Result<Self, NoRandomBytes> {
        hmac::Key::generate(hmac::HMAC_SHA256, random)
            .map(Self)
            .map_err(|_| NoRandomBytes)
    }

    /// The code of the card with that PAN and PAN sequence number (EMV 4.4 Book 3 Annex A, tags 5A
    /// and 5F34).
    #[must_use]
    pub fn code(&self, pan: &Pan, sequence: Option<u8>) -> CardCode {
        let mut context = hmac::Context::with_key(&self.0);
        // A PAN has digits alone, so what follows it cannot be a part of it.
        context.update(pan.expose());
        match sequence {
            Some(number) => context.update(&[b':', number]),
            None => context.update(b"-"),
        }
        let mut code = [0; 32];
        code.copy_from_slice(context.sign().as_ref());
        CardCode(code)
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;

    fn pan(digits: &[u8]) -> Pan {
        Pan::from_digits(digits).expect("digits")
    }

    fn coder() -> CardCoder {
        CardCoder::new(&SystemRandom::new()).expect("random bytes")
    }

    #[test]
    fn a_card_has_one_code_and_another_card_another() {
        let coder = coder();
        let code = coder.code(&pan(b"12345678"), Some(1));
        assert!(code == coder.code(&pan(b"12345678"), Some(1)));
        assert!(code != coder.code(&pan(b"12345679"), Some(1)));
        assert!(code != coder.code(&pan(b"12345678"), Some(2)));
        assert!(code != coder.code(&pan(b"12345678"), None));
    }

    #[test]
    fn another_coder_gives_another_code() {
        let (one, other) = (coder(), coder());
        let card = pan(b"12345678");
        assert!(one.code(&card, None) != other.code(&card, None));
    }
}
