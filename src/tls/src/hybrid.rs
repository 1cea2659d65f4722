//! X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): the link stays closed as long as one of X25519
//! (RFC 7748) and ML-KEM-768 (FIPS 203) holds, also for whoever records it today.
//!
//! | what | bytes |
//! |---|---|
//! | client's share | ML-KEM encapsulation key (1184), X25519 public key (32) |
//! | server's share | ML-KEM ciphertext (1088), X25519 public key (32) |
//! | shared secret | ML-KEM's (32), X25519's (32) |

use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PublicKey};
use ring::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::crypto::{
    ActiveKeyExchange, CompletedKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};
use zeroize::Zeroizing;

/// Bytes of an X25519 public key and of its shared secret.
const X25519_LEN: usize = 32;
/// Bytes of an ML-KEM-768 encapsulation key (FIPS 203 table 3).
const ENCAPSULATION_KEY_LEN: usize = 1184;
/// Bytes of an ML-KEM-768 ciphertext.
const CIPHERTEXT_LEN: usize = 1088;
/// Bytes of ML-KEM's shared secret.
const ML_KEM_SECRET_LEN: usize = 32;
/// Bytes of the randomness that a key pair is made from (FIPS 203 algorithm 19: d and z).
const SEED_LEN: usize = 64;

/// The group 0x11EC. In TLS 1.3 alone.
pub static X25519MLKEM768: &dyn SupportedKxGroup = &Hybrid;

#[derive(Debug)]
struct Hybrid;

/// A client that has sent its share. What it holds of its ML-KEM key is the seed, which it wipes:
/// libcrux does not wipe a key pair.
struct Started {
    seed: Zeroizing<[u8; SEED_LEN]>,
    x25519: EphemeralPrivateKey,
    share: Vec<u8>,
}

impl SupportedKxGroup for Hybrid {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let random = SystemRandom::new();
        let mut seed = Zeroizing::new([0; SEED_LEN]);
        random.fill(seed.as_mut()).map_err(|_| GetRandomFailed)?;
        let (x25519, public) = x25519_key(&random)?;
        let mut share = mlkem768::generate_key_pair(*seed).pk().to_vec();
        share.extend_from_slice(public.as_ref());
        Ok(Box::new(Started {
            seed,
            x25519,
            share,
        }))
    }

    fn start_and_complete(&self, client: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (key, peer) = split(client, ENCAPSULATION_KEY_LEN)?;
        let key = MlKem768PublicKey::try_from(key).map_err(|_| refused())?;
        // FIPS 203 section 7.2: whoever encapsulates checks the key first.
        if !mlkem768::validate_public_key(&key) {
            return Err(refused());
        }
        let random = SystemRandom::new();
        let mut chance = Zeroizing::new([0; ML_KEM_SECRET_LEN]);
        random.fill(chance.as_mut()).map_err(|_| GetRandomFailed)?;
        let (ciphertext, secret) = mlkem768::encapsulate(&key, *chance);
        let secret = Zeroizing::new(secret);
        let (private, public) = x25519_key(&random)?;
        let mut share = ciphertext.as_slice().to_vec();
        share.extend_from_slice(public.as_ref());
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: share,
            secret: agree(&secret, private, peer)?,
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

impl ActiveKeyExchange for Started {
    fn complete(self: Box<Self>, server: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, peer) = split(server, CIPHERTEXT_LEN)?;
        let ciphertext = MlKem768Ciphertext::try_from(ciphertext).map_err(|_| refused())?;
        let pair = mlkem768::generate_key_pair(*self.seed);
        let secret = Zeroizing::new(mlkem768::decapsulate(pair.private_key(), &ciphertext));
        agree(&secret, self.x25519, peer)
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

/// A share's halves: `ml_kem` bytes, then an X25519 key, then nothing.
fn split(share: &[u8], ml_kem: usize) -> Result<(&[u8], &[u8; X25519_LEN]), Error> {
    let (first, rest) = share.split_at_checked(ml_kem).ok_or_else(refused)?;
    Ok((first, rest.try_into().map_err(|_| refused())?))
}

fn x25519_key(random: &SystemRandom) -> Result<(EphemeralPrivateKey, agreement::PublicKey), Error> {
    let private =
        EphemeralPrivateKey::generate(&agreement::X25519, random).map_err(|_| GetRandomFailed)?;
    let public = private.compute_public_key().map_err(|_| GetRandomFailed)?;
    Ok((private, public))
}

/// Both secrets, ML-KEM's first. A point that makes X25519's all zero is refused (RFC 7748 section
/// 6.1), by `ring`.
fn agree(
    ml_kem: &[u8; ML_KEM_SECRET_LEN],
    private: EphemeralPrivateKey,
    peer: &[u8; X25519_LEN],
) -> Result<SharedSecret, Error> {
    let mut both = Zeroizing::new([0; ML_KEM_SECRET_LEN + X25519_LEN]);
    both[..ML_KEM_SECRET_LEN].copy_from_slice(ml_kem);
    let peer = UnparsedPublicKey::new(&agreement::X25519, peer);
    agreement::agree_ephemeral(private, &peer, |shared| {
        both[ML_KEM_SECRET_LEN..].copy_from_slice(shared);
    })
    .map_err(|_| refused())?;
    Ok(SharedSecret::from(both.as_slice()))
}

/// The alert is illegal_parameter (RFC 8446 section 4.2.8).
fn refused() -> Error {
    PeerMisbehaved::InvalidKeyShare.into()
}
