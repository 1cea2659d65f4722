//! Card tokens: what stands for a card where its number may not go.

use ring::hmac;
use sealpoint_secret::{Key, Pan, SecretBytes};
use sealpoint_wire::CardToken;
use sealpoint_wire::seal::CARD_TOKEN_LEN;

/// Bytes of a token key.
pub const TOKEN_KEY_LEN: usize = 32;

/// What every token is made of, besides the digits; the zero byte ends it.
const LABEL: &[u8] = b"sealpoint card token v1\0";

/// The retailer's key that makes tokens; wiped on drop.
///
/// A token is the first 16 bytes of HMAC-SHA256 (RFC 2104, FIPS 180-4) under this key over
/// `sealpoint card token v1`, a zero byte and the PAN's digits. A plain hash would not do: there are
/// few enough card numbers to try them all (PCI DSS 4.0.1 requirement 3.5.1.1 asks for a key). All of
/// a retailer's tills have the same key, so that a card has one token in every shop; it is in the
/// card process alone, in its key store.
///
/// **The PAN sequence number is not in it.** A token stands for the account. A stolen card that was
/// reissued, or a second card of the same account, has another sequence number and must still be
/// found on a hot list; money goes back to the account though the card was replaced meanwhile; a
/// magnetic stripe and some contactless cards give no sequence number at all.
///
/// `ring` does not wipe the key schedule that it makes for each token.
pub struct TokenKey(Key<TOKEN_KEY_LEN>);

/// Bytes that are no token key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a token key has {TOKEN_KEY_LEN} bytes, not {0}; ask the retailer for the key again")]
pub struct BadTokenKey(usize);

impl TokenKey {
    /// The key of these bytes.
    ///
    /// # Errors
    /// [`BadTokenKey`] unless there are [`TOKEN_KEY_LEN`].
    pub fn from_bytes(bytes: &SecretBytes) -> Result<Self, BadTokenKey> {
        Key::from_slice(bytes.expose())
            .map(Self)
            .map_err(|error| BadTokenKey(error.offered))
    }

    /// The card's token.
    #[must_use]
    pub fn token(&self, pan: &Pan) -> CardToken {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let mut context = hmac::Context::with_key(&key);
        context.update(LABEL);
        context.update(pan.expose());
        let tag = context.sign();
        let mut token = [0; CARD_TOKEN_LEN];
        for (byte, of_tag) in token.iter_mut().zip(tag.as_ref()) {
            *byte = *of_tag;
        }
        CardToken::new(token)
    }
}
