//! The retailer's root key: who may say which keys this till uses.

use data_encoding::{BASE64, HEXUPPER};
use ring::{
    digest,
    rand::SecureRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use sealpoint_secret::{Key, SecretBytes};
use sealpoint_wire::KeyId;
use serde::Deserialize;

/// Name of the root's public key in the lane's folder.
pub const ROOT_FILE: &str = "retailer.pub.toml";
/// Name of the root's private key. It stays on the retailer's offline machine.
pub const PRIVATE_ROOT_FILE: &str = "retailer.key.toml";
/// At most this many bytes in a root key's file.
pub const MAX_ROOT_FILE: usize = 4 * 1024;
/// The only kind of root key, as its files name it.
const KIND: &str = "ed25519";
/// Bytes of a public key, and of the seed that is the private key (RFC 8032 section 5.1.5).
const KEY_LEN: usize = 32;
/// Bytes of the digest of the public key that people compare.
const FINGERPRINT_LEN: usize = 10;

/// The public half: checks signatures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RootPublicKey {
    id: KeyId,
    public: [u8; KEY_LEN],
}

/// The private half; its seed is wiped on drop.
///
/// `ring` does not wipe its own copy of it: make and use it on a machine without a network that is
/// switched off afterwards.
pub struct RootPrivateKey {
    seed: Key<KEY_LEN>,
    pair: Ed25519KeyPair,
    public: RootPublicKey,
}

/// Why a text is no root key. Says nothing of a private key's value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadRootKey {
    /// More than [`MAX_ROOT_FILE`] bytes.
    #[error("it has more than {MAX_ROOT_FILE} bytes")]
    TooLong,
    /// Not TOML, or a field is missing, unknown or of the wrong type.
    #[error("it is not a root key file ({0})")]
    Syntax(String),
    /// Another kind than Ed25519.
    #[error("`kind` is \"{0}\", but a root key is \"{KIND}\"")]
    Kind(String),
    /// Not 32 bytes in base64.
    #[error("`{0}` is not {KEY_LEN} bytes in base64")]
    Value(&'static str),
    /// Every signature would fit such a key, or none.
    #[error("`public` is not a key that anybody can sign with")]
    Weak,
    /// The operating system gave no random bytes.
    #[error("this machine gave no random bytes; restart it")]
    NoRandomBytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicFile {
    id: KeyId,
    kind: String,
    public: String,
}

impl RootPublicKey {
    /// Reads the text of [`ROOT_FILE`].
    ///
    /// # Errors
    /// [`BadRootKey`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, BadRootKey> {
        if text.len() > MAX_ROOT_FILE {
            return Err(BadRootKey::TooLong);
        }
        let file: PublicFile = toml::from_str(text).map_err(|error| syntax(error.message()))?;
        if file.kind != KIND {
            return Err(BadRootKey::Kind(file.kind.chars().take(40).collect()));
        }
        Self::from_base64(file.id, &file.public)
    }

    /// A root key with that id and those 32 bytes in base64, as a manifest names the next one.
    pub(crate) fn from_base64(id: KeyId, public: &str) -> Result<Self, BadRootKey> {
        let public = BASE64
            .decode(public.as_bytes())
            .ok()
            .and_then(|bytes| <[u8; KEY_LEN]>::try_from(bytes).ok())
            .ok_or(BadRootKey::Value("public"))?;
        if is_of_small_order(&public) {
            return Err(BadRootKey::Weak);
        }
        Ok(Self { id, public })
    }

    /// The text of [`ROOT_FILE`].
    #[must_use]
    pub fn to_toml(&self) -> String {
        format!(
            "# The retailer's root key, public half. Fingerprint {}\n\
             id = \"{}\"\nkind = \"{KIND}\"\npublic = \"{}\"\n",
            self.fingerprint(),
            self.id,
            BASE64.encode(&self.public)
        )
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key.
    pub(crate) const fn public(&self) -> &[u8; KEY_LEN] {
        &self.public
    }

    /// What two people compare over another way: the first ten bytes of the key's SHA-256, in
    /// groups of four digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = digest::digest(&digest::SHA256, &self.public);
        let digits = HEXUPPER.encode(&digest.as_ref()[..FINGERPRINT_LEN]);
        let groups: Vec<&str> = (0..digits.len())
            .step_by(4)
            .filter_map(|at| digits.get(at..at + 4))
            .collect();
        groups.join(" ")
    }

    /// Whether that is this root's signature of the message (RFC 8032 section 5.1.7).
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(message, signature)
            .is_ok()
    }
}

impl RootPrivateKey {
    /// A new key pair.
    ///
    /// # Errors
    /// [`BadRootKey::NoRandomBytes`].
    pub fn generate(id: KeyId, random: &dyn SecureRandom) -> Result<Self, BadRootKey> {
        let seed = Key::try_filled(|seed| random.fill(seed));
        Self::from_seed(id, seed.map_err(|_| BadRootKey::NoRandomBytes)?)
    }

    /// The key pair of a seed (RFC 8032 section 5.1.5).
    ///
    /// # Errors
    /// [`BadRootKey::Weak`], which no seed is known for.
    pub fn from_seed(id: KeyId, seed: Key<KEY_LEN>) -> Result<Self, BadRootKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose())
            .map_err(|_| BadRootKey::Value("private"))?;
        let public =
            <[u8; KEY_LEN]>::try_from(pair.public_key().as_ref()).map_err(|_| BadRootKey::Weak)?;
        let public = RootPublicKey { id, public };
        Ok(Self { seed, pair, public })
    }

    /// Reads the text of [`PRIVATE_ROOT_FILE`]. Wiping the text is the caller's duty.
    ///
    /// # Errors
    /// [`BadRootKey`] says which part is wrong, and nothing of the key.
    pub fn parse(text: &str) -> Result<Self, BadRootKey> {
        if text.len() > MAX_ROOT_FILE {
            return Err(BadRootKey::TooLong);
        }
        // By hand, for a TOML reader keeps copies of what it read.
        let (mut id, mut kind, mut private) = (None, None, None);
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once('=').ok_or_else(|| syntax("a line"))?;
            let value = value.trim().strip_prefix('"');
            let value = value.and_then(|value| value.strip_suffix('"'));
            let value = value.ok_or_else(|| syntax("a value has no quotes"))?;
            let place = match name.trim() {
                "id" => &mut id,
                "kind" => &mut kind,
                "private" => &mut private,
                _ => return Err(syntax("it has a field that is none")),
            };
            if place.replace(value).is_some() {
                return Err(syntax("a field stands there twice"));
            }
        }
        let missing = || syntax("a field is missing: id, kind or private");
        let id = id.ok_or_else(missing)?;
        let id = id.parse().map_err(|_| syntax("`id` is no key id"))?;
        let kind = kind.ok_or_else(missing)?;
        if kind != KIND {
            return Err(BadRootKey::Kind(kind.chars().take(40).collect()));
        }
        let value = private.ok_or_else(missing)?.as_bytes();
        Self::from_seed(id, decoded(value).ok_or(BadRootKey::Value("private"))?)
    }

    /// The text of [`PRIVATE_ROOT_FILE`].
    #[must_use]
    pub fn to_toml(&self) -> SecretBytes {
        let mut text = SecretBytes::with_bound(MAX_ROOT_FILE);
        let head = format!(
            "# The retailer's root key, private half: who has it says which keys every till uses.\n\
             # Keep it on a machine without a network, and a copy in a safe.\n\
             id = \"{}\"\nkind = \"{KIND}\"\nprivate = \"",
            self.public.id
        );
        let mut seed = SecretBytes::with_bound(BASE64.encode_len(KEY_LEN));
        let encoded = seed.fill::<()>(|into| {
            BASE64.encode_mut(self.seed.expose(), into);
            Ok(into.len())
        });
        debug_assert!(encoded.is_ok());
        for part in [head.as_bytes(), seed.expose(), b"\"\n"] {
            let written = text.append(part);
            debug_assert!(written.is_ok(), "the bound is far above these lines");
        }
        text
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &RootPublicKey {
        &self.public
    }

    /// The signature of a message (RFC 8032 section 5.1.6).
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

/// 32 bytes in base64, decoded in place.
fn decoded(text: &[u8]) -> Option<Key<KEY_LEN>> {
    if text.len() != BASE64.encode_len(KEY_LEN) {
        return None;
    }
    let mut bytes = SecretBytes::with_bound(BASE64.decode_len(text.len()).ok()?);
    let len = bytes.fill(|into| BASE64.decode_mut(text, into)).ok()?;
    (len == KEY_LEN)
        .then(|| Key::from_slice(bytes.expose()).ok())
        .flatten()
}

/// Whether a public key is one of the few points of small order, which signatures can be made up
/// for without a private key (RFC 8032 section 5.1.7 lets them pass): with the sign bit left aside,
/// y is 0, 1, p-1 or one of the two of order 8, or one of these that was not reduced.
fn is_of_small_order(public: &[u8; KEY_LEN]) -> bool {
    const EIGHTH: [&[u8]; 2] = [
        b"26E8958FC2B227B045C3F489F2EF98F0D5DFAC05D3C63339B13802886D53FC05",
        b"C7176A703D4DD84FBA3C0B760D10670F2A2053FA2C39CCC64EC7FD7792AC037A",
    ];
    let mut y = *public;
    y[KEY_LEN - 1] &= 0x7F;
    let (low, middle, high) = (y[0], &y[1..KEY_LEN - 1], y[KEY_LEN - 1]);
    let small = low <= 1 && high == 0 && middle.iter().all(|byte| *byte == 0);
    // From p-1 on: EC, ED (p) and EE (p+1), behind which nothing has a small order.
    let large =
        (0xEC..=0xEE).contains(&low) && high == 0x7F && middle.iter().all(|byte| *byte == 0xFF);
    small || large || EIGHTH.contains(&HEXUPPER.encode(&y).as_bytes())
}

fn syntax(what: &str) -> BadRootKey {
    BadRootKey::Syntax(what.chars().take(160).collect())
}
