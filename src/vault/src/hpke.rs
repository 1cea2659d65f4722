//! HPKE base mode, single shot, sender only (RFC 9180 sections 4, 5.1 and 6.1).

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{self, HKDF_SHA256, KeyType, Prk},
    hmac,
    rand::SecureRandom,
};
use sealpoint_secret::{Key, SecretBytes};
use sealpoint_wire::seal::{AEAD_AES_256_GCM, KDF_HKDF_SHA256, KEM_X_WING};
use zeroize::Zeroizing;

use crate::x_wing::{PublicKey, SHARED_SECRET_LEN};

/// Bytes of an AES-256-GCM key (RFC 9180 table 5, Nk).
pub(crate) const KEY_LEN: usize = 32;
/// Bytes of an AES-256-GCM nonce (Nn).
pub(crate) const NONCE_LEN: usize = 12;
/// Bytes of an AES-256-GCM tag (Nt).
pub(crate) const TAG_LEN: usize = 16;
/// Mode of a sender that does not authenticate itself (RFC 9180 table 1).
const MODE_BASE: u8 = 0;
/// First part of every label (RFC 9180 section 4).
const VERSION: &[u8] = b"HPKE-v1";
/// Bytes of a SHA-256 digest (Nh).
const HASH_LEN: usize = 32;

/// What was sealed, and the encapsulation to open it with.
pub(crate) struct Sealed {
    pub(crate) enc: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
}

/// The random source or a primitive failed; nothing was sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failed;

/// Seals `plaintext` to `to` with a fresh encapsulation.
pub(crate) fn seal(
    to: &PublicKey,
    info: &[u8],
    aad: &[u8],
    plaintext: &SecretBytes,
    random: &dyn SecureRandom,
) -> Result<Sealed, Failed> {
    let (shared_secret, enc) = to.encapsulate(random).map_err(|_| Failed)?;
    let schedule = Schedule::derive(&shared_secret, info, &suite_id(AEAD_AES_256_GCM))?;
    let ciphertext = schedule.seal(aad, plaintext)?;
    Ok(Sealed { enc, ciphertext })
}

/// `suite_id` of the key schedule for X-Wing, HKDF-SHA256 and the AEAD (RFC 9180 section 5.1).
pub(crate) fn suite_id(aead: u16) -> [u8; 10] {
    let mut id = *b"HPKE\0\0\0\0\0\0";
    for (place, part) in [KEM_X_WING, KDF_HKDF_SHA256, aead].into_iter().enumerate() {
        id[4 + 2 * place..6 + 2 * place].copy_from_slice(&part.to_be_bytes());
    }
    id
}

/// Key and base nonce of one message.
pub(crate) struct Schedule {
    pub(crate) key: Key<KEY_LEN>,
    pub(crate) base_nonce: Key<NONCE_LEN>,
}

impl Schedule {
    /// `KeySchedule` of RFC 9180 section 5.1 in base mode: no pre-shared key.
    pub(crate) fn derive(
        shared_secret: &Key<SHARED_SECRET_LEN>,
        info: &[u8],
        suite_id: &[u8],
    ) -> Result<Self, Failed> {
        let mut context = Vec::with_capacity(1 + 2 * HASH_LEN);
        context.push(MODE_BASE);
        context.extend_from_slice(public_extract(suite_id, b"psk_id_hash", b"").as_ref());
        context.extend_from_slice(public_extract(suite_id, b"info_hash", info).as_ref());

        let labeled_psk = labeled(suite_id, b"secret", b"");
        let secret = hkdf::Salt::new(HKDF_SHA256, shared_secret.expose()).extract(&labeled_psk);
        Ok(Self {
            key: labeled_expand(&secret, suite_id, b"key", &context)?,
            base_nonce: labeled_expand(&secret, suite_id, b"base_nonce", &context)?,
        })
    }

    /// `Seal` of RFC 9180 section 5.2 with AES-256-GCM: ciphertext, then tag.
    pub(crate) fn seal(self, aad: &[u8], plaintext: &SecretBytes) -> Result<Vec<u8>, Failed> {
        let key = UnboundKey::new(&AES_256_GCM, self.key.expose()).map_err(|_| Failed)?;
        // Each key seals one message, so the nonce for sequence 0 is the base nonce itself.
        let nonce =
            Nonce::try_assume_unique_for_key(self.base_nonce.expose()).map_err(|_| Failed)?;
        // Taken whole at the start, so that no unwiped copy is left behind by growing.
        let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_LEN));
        buffer.extend_from_slice(plaintext.expose());
        let tag = LessSafeKey::new(key)
            .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut buffer)
            .map_err(|_| Failed)?;
        buffer.extend_from_slice(tag.as_ref());
        Ok(core::mem::take(&mut *buffer))
    }
}

/// `LabeledExtract("", label, ikm)` for material that is no secret. HMAC itself, because `ring`
/// never gives the bytes of an extracted key back.
fn public_extract(suite_id: &[u8], label: &[u8], ikm: &[u8]) -> hmac::Tag {
    hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, b""),
        &labeled(suite_id, label, ikm),
    )
}

/// `labeled_ikm` of RFC 9180 section 4.
fn labeled(suite_id: &[u8], label: &[u8], ikm: &[u8]) -> Vec<u8> {
    [VERSION, suite_id, label, ikm].concat()
}

/// `LabeledExpand(secret, label, context, N)`.
fn labeled_expand<const N: usize>(
    secret: &Prk,
    suite_id: &[u8],
    label: &[u8],
    context: &[u8],
) -> Result<Key<N>, Failed> {
    let len = u16::try_from(N).map_err(|_| Failed)?.to_be_bytes();
    let info = [&len[..], VERSION, suite_id, label, context];
    let output = secret.expand(&info, Len(N)).map_err(|_| Failed)?;
    Key::try_filled(|key: &mut [u8; N]| output.fill(key)).map_err(|_| Failed)
}

/// How many bytes to expand to.
struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}
