//! Whether a till's evidence shows an image that the retailer knows. Nothing here asks a clock, a store
//! or chance.

use std::collections::BTreeMap;
use std::fmt::Write;

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use sealpoint_wire::attest::{NONCE_BYTES, PCRS, Quote, Verdict};
use sha2::{Digest as _, Sha256};

use super::public::Key;
use super::quoted::{self, Bank, Clock, GENERATED, QUOTE};
use super::reference::{Digest, IMAGE_PCR, Reference};

/// Registers that stand for the machine and not for an image: its firmware, what cards in it bring
/// along, and its Secure Boot keys. What they held when the till became known is good until an operator
/// says otherwise, unless an image's reference names them.
pub const FIRMWARE: [u8; 4] = [0, 2, 3, 7];

/// What is known of a till from before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// What [`FIRMWARE`] held when it became known.
    pub firmware: BTreeMap<u8, Digest>,
    /// How often its TPM had been switched on when it last showed that.
    pub resets: u32,
}

/// Why a till is not trusted.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Reason {
    /// No challenge, or one that ended or was used.
    #[error("It answered no challenge that was open. It asks for a new one by itself.")]
    NoChallenge,
    /// The credential was not opened.
    #[error(
        "Its attestation key is not in the TPM that it says it is in. Look at this till: something \
         speaks for its TPM."
    )]
    NotOneTpm,
    /// Another key than before.
    #[error(
        "It has another TPM than before. If its mainboard was replaced: collector attest accept \
         --terminal ID. If not, look at this till."
    )]
    KeyChanged,
    /// No signature by its key.
    #[error("Its quote is not signed by its attestation key. Look at this till.")]
    Signature,
    /// No such structure.
    #[error("Its quote is not of the form that TPM 2.0 gives it. Look at this till.")]
    Malformed,
    /// Not made in a TPM.
    #[error("Its quote was not made by a TPM. Look at this till.")]
    NotGenerated,
    /// Something else was attested.
    #[error("What it shows is signed by a TPM and is no quote. Look at this till.")]
    NotAQuote,
    /// For another question.
    #[error(
        "Its quote answers another challenge: it is old, or another till's. Look at this till."
    )]
    Nonce,
    /// By a key in another place.
    #[error("Its quote names another signer than its attestation key. Look at this till.")]
    Signer,
    /// Another hash.
    #[error("Its quote is of another bank of registers than SHA-256. Look at this till.")]
    Bank,
    /// Other registers.
    #[error("Its quote does not cover the registers that were asked for. Look at this till.")]
    Selection,
    /// The values do not fit what was signed.
    #[error(
        "The register values that it tells are not those that its TPM signed. If this happens once, it \
         was starting at the time; if again, look at this till."
    )]
    Digest,
    /// The TPM was cleared.
    #[error(
        "Its TPM was cleared since it was last seen. If IT did that: collector attest accept --terminal \
         ID. If not, look at this till."
    )]
    Cleared,
    /// Nothing to compare with.
    #[error(
        "No reference values are loaded, so nobody can say what it runs: collector attest reference add \
         FILE."
    )]
    NoReference,
    /// An image that nobody loaded the values of.
    #[error(
        "It runs no image that this collector knows. Load its reference values (collector attest \
         reference add FILE), or install an image that has them."
    )]
    UnknownImage,
    /// A known image in other circumstances.
    #[error(
        "It runs image {image}, but not as that was built: register {} differs. Look at this till: its \
         command line or its system was changed.", list(.pcrs)
    )]
    Changed {
        /// The image that comes closest.
        image: String,
        /// The registers that differ.
        pcrs: Vec<u8>,
    },
    /// The machine below is another.
    #[error(
        "Its firmware or its Secure Boot keys are not what they were: register {} differs. If IT updated \
         them: collector attest accept --terminal ID. If not, look at this till.", list(.0)
    )]
    Firmware(Vec<u8>),
    /// It says that it has none.
    #[error("It has no TPM, so nobody can say what it runs.")]
    NoTpm,
}

impl Reason {
    /// The word that programs read.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::NoChallenge => "no_challenge",
            Self::NotOneTpm => "not_one_tpm",
            Self::KeyChanged => "key_changed",
            Self::Signature => "signature",
            Self::Malformed => "malformed",
            Self::NotGenerated => "not_generated",
            Self::NotAQuote => "not_a_quote",
            Self::Nonce => "nonce",
            Self::Signer => "signer",
            Self::Bank => "bank",
            Self::Selection => "selection",
            Self::Digest => "pcr_digest",
            Self::Cleared => "tpm_cleared",
            Self::NoReference => "no_reference",
            Self::UnknownImage => "unknown_image",
            Self::Changed { .. } => "image_changed",
            Self::Firmware(_) => "firmware_changed",
            Self::NoTpm => "no_tpm",
        }
    }

    /// The verdict that it leads to.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::NoTpm => Verdict::NoTpm,
            _ => Verdict::Untrusted,
        }
    }
}

fn list(pcrs: &[u8]) -> String {
    let mut said = String::new();
    for (at, pcr) in pcrs.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(said, "{comma}{pcr}").expect("a String takes everything");
    }
    said
}

/// What is made of evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appraisal {
    /// Why the till is not trusted, if it is not.
    pub reason: Option<Reason>,
    /// The image that its registers stand for.
    pub image: Option<String>,
    /// What its TPM signed; `None` if no quote was signed as it must be.
    pub shown: Option<Shown>,
}

/// What a TPM signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Its registers.
    pub pcrs: BTreeMap<u8, Digest>,
    /// Its clock and counts.
    pub clock: Clock,
}

impl Appraisal {
    /// For evidence that shows nothing.
    #[must_use]
    pub const fn of_nothing(reason: Reason) -> Self {
        Self {
            reason: Some(reason),
            image: None,
            shown: None,
        }
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.reason
            .as_ref()
            .map_or(Verdict::Trusted, Reason::verdict)
    }
}

/// Appraises a quote that answers this nonce, by this key. `known` is what was seen of the till before,
/// under the same key.
#[must_use]
pub fn appraise(
    quote: &Quote,
    nonce: &[u8; NONCE_BYTES],
    key: &Key,
    known: Option<&Known>,
    references: &[Reference],
) -> Appraisal {
    let shown = match authentic(quote, nonce, key) {
        Ok(shown) => shown,
        Err(reason) => return Appraisal::of_nothing(reason),
    };
    let (image, reason) = judge(&shown, known, references);
    Appraisal {
        reason,
        image,
        shown: Some(shown),
    }
}

/// What the TPM signed, if it did.
fn authentic(quote: &Quote, nonce: &[u8; NONCE_BYTES], key: &Key) -> Result<Shown, Reason> {
    let attest = quote.attest.as_slice();
    let signature = quoted::signature(quote.signature.as_slice()).map_err(|_| Reason::Signature)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.point())
        .verify(attest, &signature)
        .map_err(|_| Reason::Signature)?;
    let (head, quoted) = quoted::read(attest).map_err(|_| Reason::Malformed)?;
    if head.magic != GENERATED {
        return Err(Reason::NotGenerated);
    }
    let quoted = quoted
        .filter(|_| head.kind == QUOTE)
        .ok_or(Reason::NotAQuote)?;
    if head.extra != nonce {
        return Err(Reason::Nonce);
    }
    if head.signer != key.qualified_name() {
        return Err(Reason::Signer);
    }
    let asked = Bank::sha256(&PCRS);
    if quoted.banks.iter().any(|b| b.algorithm != asked.algorithm) {
        return Err(Reason::Bank);
    }
    if quoted.banks != [asked] {
        return Err(Reason::Selection);
    }
    let pcrs = values(quote).ok_or(Reason::Digest)?;
    let mut all = Sha256::new();
    for value in pcrs.values() {
        all.update(value);
    }
    if quoted.digest != <[u8; 32]>::from(all.finalize()) {
        return Err(Reason::Digest);
    }
    Ok(Shown {
        pcrs,
        clock: head.clock,
    })
}

/// The values that came beside the quote: one for each register that was asked for, in their order.
fn values(quote: &Quote) -> Option<BTreeMap<u8, Digest>> {
    if !quote.pcrs.iter().map(|value| value.pcr).eq(PCRS) {
        return None;
    }
    quote
        .pcrs
        .iter()
        .map(|value| Some((value.pcr, value.sha256.as_slice().try_into().ok()?)))
        .collect()
}

/// Which image it is, and why it is not trusted.
fn judge(
    shown: &Shown,
    known: Option<&Known>,
    references: &[Reference],
) -> (Option<String>, Option<Reason>) {
    if known.is_some_and(|known| shown.clock.resets < known.resets) {
        return (None, Some(Reason::Cleared));
    }
    if references.is_empty() {
        return (None, Some(Reason::NoReference));
    }
    let compared = references
        .iter()
        .map(|reference| (reference, reference.differing(&shown.pcrs)));
    let Some((reference, pcrs)) = compared.min_by_key(|(_, pcrs)| {
        // The image that runs, before one that differs in fewer registers.
        (pcrs.contains(&IMAGE_PCR), pcrs.len())
    }) else {
        return (None, Some(Reason::NoReference));
    };
    if pcrs.contains(&IMAGE_PCR) {
        return (None, Some(Reason::UnknownImage));
    }
    let image = reference.image.clone();
    if !pcrs.is_empty() {
        let changed = Reason::Changed {
            image: image.clone(),
            pcrs,
        };
        return (Some(image), Some(changed));
    }
    let moved: Vec<u8> = known
        .into_iter()
        .flat_map(|known| &known.firmware)
        .filter(|(pcr, was)| !reference.pcrs.contains_key(pcr) && shown.pcrs.get(pcr) != Some(*was))
        .map(|(pcr, _)| *pcr)
        .collect();
    let reason = (!moved.is_empty()).then_some(Reason::Firmware(moved));
    (Some(image), reason)
}
