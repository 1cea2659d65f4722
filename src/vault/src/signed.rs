//! A text that ends with its signature by the retailer's root key.
//!
//! ```text
//! the body, any lines
//! -- manifest signed by root-2026
//! <64 bytes in base64, 88 characters>
//! ```
//! The signature is Ed25519 (RFC 8032, the pure variant) over [`CONTEXT`], a zero byte, the
//! [`Purpose`]'s name, a zero byte, the root's id, a zero byte and the body with its last line
//! feed. None of the names holds a zero byte, so no two of these read the same, and a manifest's
//! signature is none for a hot list. Every line ends with one line feed; a text whose line ends were
//! changed on its way is another text.

mod root;

pub use root::{
    BadRootKey, MAX_ROOT_FILE, PRIVATE_ROOT_FILE, ROOT_FILE, RootPrivateKey, RootPublicKey,
};

use data_encoding::BASE64;

/// What every signature begins with.
pub const CONTEXT: &[u8] = b"sealpoint signed text v1";
/// What the line above the signature begins with.
const MARK: &str = "-- ";
/// What stands between the purpose and the root's id.
const BY: &str = " signed by ";
/// Bytes of a signature (RFC 8032 section 5.1.6).
const SIGNATURE_LEN: usize = 64;
/// At most this much of somebody's text in an error.
const QUOTED: usize = 60;

/// What a signed text is for; a signature for one is none for the other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Purpose {
    /// Which keys may be used: [`crate::Manifest`].
    Manifest,
    /// Which cards are not to be taken.
    HotList,
    /// That a till destroys its keys: [`crate::Erasure`].
    Erasure,
    /// What a till is told of its shop: collector, network, devices, looks.
    Site,
    /// That a system image may be installed over the one that runs.
    Release,
}

impl Purpose {
    /// Its name, in the line above the signature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::HotList => "hot list",
            Self::Erasure => "erase order",
            Self::Site => "site",
            Self::Release => "release",
        }
    }

    /// Bytes that the whole text may have at most.
    #[must_use]
    pub const fn max_len(self) -> usize {
        match self {
            // 64 keys of at most 1,900 bytes.
            Self::Manifest => 128 * 1024,
            // 100,000 tokens of 33 bytes, and room for the head.
            Self::HotList => 4 * 1024 * 1024,
            // Four short lines and the signature.
            Self::Erasure => 1024,
            // A profile, a manifest and a catalogue of some ten thousand articles.
            Self::Site => 8 * 1024 * 1024,
            // Ten files with their hashes.
            Self::Release => 16 * 1024,
        }
    }

    /// The purpose that the last lines of a text claim. Nothing is checked: for who wants to know
    /// what to check the text as.
    #[must_use]
    pub fn claimed_by(text: &str) -> Option<Self> {
        let (purpose, _) = Trailer::split(text)?.claims()?;
        [
            Self::Manifest,
            Self::HotList,
            Self::Erasure,
            Self::Site,
            Self::Release,
        ]
        .into_iter()
        .find(|known| known.name() == purpose)
    }
}

/// Why a text does not count as signed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSignature {
    /// More than [`Purpose::max_len`].
    #[error("it has more than {0} bytes; ask the retailer for the file again")]
    TooLong(usize),
    /// The last two lines are no signature.
    #[error(
        "it does not end with a signature; ask the retailer for the signed file, and copy it \
         without changing its line ends"
    )]
    Unsigned,
    /// It was signed as something else.
    #[error(
        "it was signed as \"{found}\", not as \"{wanted}\"; ask the retailer for the right file"
    )]
    OtherPurpose {
        /// What it says that it is.
        found: String,
        /// What it was to be.
        wanted: &'static str,
    },
    /// Another root signed it.
    #[error(
        "it was signed by \"{found}\", but this till trusts \"{wanted}\"; ask the retailer which of \
         the two is right"
    )]
    OtherRoot {
        /// Who signed it, as it says.
        found: String,
        /// Whom this till trusts.
        wanted: String,
    },
    /// The signature is not that of this text by this root.
    #[error(
        "the signature is not that of this text by \"{0}\": one of the two was changed; do not use \
         it, and ask the retailer for the file again"
    )]
    Wrong(String),
}

/// Why a text was not signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadBody {
    /// There is nothing to sign.
    #[error("there is nothing in it; write its content first")]
    Empty,
    /// With its signature it has more than [`Purpose::max_len`] bytes.
    #[error("signed, it has more than {0} bytes; make it shorter")]
    TooLong(usize),
    /// It ends with a signature already.
    #[error("it ends with a signature already; sign the text without it")]
    Signed,
}

/// The body of a signed text, if this root signed it for that purpose.
///
/// # Errors
/// [`BadSignature`]; nothing of the text is to be believed then.
pub fn verify<'a>(
    text: &'a str,
    purpose: Purpose,
    root: &RootPublicKey,
) -> Result<&'a str, BadSignature> {
    if text.len() > purpose.max_len() {
        return Err(BadSignature::TooLong(purpose.max_len()));
    }
    let trailer = Trailer::split(text).ok_or(BadSignature::Unsigned)?;
    let (claimed, signer) = trailer.claims().ok_or(BadSignature::Unsigned)?;
    if claimed != purpose.name() {
        return Err(BadSignature::OtherPurpose {
            found: quoted(claimed),
            wanted: purpose.name(),
        });
    }
    if signer != root.id().as_str() {
        return Err(BadSignature::OtherRoot {
            found: quoted(signer),
            wanted: root.id().to_string(),
        });
    }
    let wrong = || BadSignature::Wrong(signer.to_owned());
    let signature = BASE64
        .decode(trailer.signature.as_bytes())
        .map_err(|_| wrong())?;
    if signature.len() != SIGNATURE_LEN {
        return Err(wrong());
    }
    let message = message(trailer.body, purpose, signer);
    if root.signed(&message, &signature) {
        Ok(trailer.body)
    } else {
        Err(wrong())
    }
}

/// A body with the root's signature at its end. A last line without its line feed gets one.
///
/// # Errors
/// [`BadBody`] if it cannot be signed.
pub fn sign(body: &str, purpose: Purpose, root: &RootPrivateKey) -> Result<String, BadBody> {
    if body.trim().is_empty() {
        return Err(BadBody::Empty);
    }
    if Trailer::split(body).is_some_and(|trailer| trailer.claims().is_some()) {
        return Err(BadBody::Signed);
    }
    let mut text = body.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let id = root.public().id();
    let signature = root.sign(&message(&text, purpose, id.as_str()));
    text.push_str(&format!("{MARK}{}{BY}{id}\n", purpose.name()));
    text.push_str(&BASE64.encode(&signature));
    text.push('\n');
    if text.len() > purpose.max_len() {
        return Err(BadBody::TooLong(purpose.max_len()));
    }
    Ok(text)
}

/// The bytes that are signed.
fn message(body: &str, purpose: Purpose, signer: &str) -> Vec<u8> {
    let parts = [
        CONTEXT,
        purpose.name().as_bytes(),
        signer.as_bytes(),
        body.as_bytes(),
    ];
    parts.join(&0)
}

/// A text, taken apart.
struct Trailer<'a> {
    body: &'a str,
    mark: &'a str,
    signature: &'a str,
}

impl<'a> Trailer<'a> {
    /// The two last lines, and what is before them.
    fn split(text: &'a str) -> Option<Self> {
        let text = text.strip_suffix('\n')?;
        let (rest, signature) = text.rsplit_once('\n')?;
        let end = rest.rfind('\n')? + 1;
        let (body, mark) = rest.split_at(end);
        Some(Self {
            body,
            mark,
            signature,
        })
    }

    /// Purpose and signer, as the line above the signature says.
    fn claims(&self) -> Option<(&'a str, &'a str)> {
        self.mark.strip_prefix(MARK)?.split_once(BY)
    }
}

/// The beginning of somebody's text, for an error.
fn quoted(text: &str) -> String {
    let printable = |c: &char| !c.is_control();
    text.chars().filter(printable).take(QUOTED).collect()
}
