//! The two keys, each made again from its template when it is needed: nothing of them is stored on
//! the till, so nothing can be lost, copied or forgotten when a till changes hands.
//!
//! Both belong to the endorsement hierarchy, whose seed the manufacturer put in and which clearing the
//! TPM leaves alone: a till stays known by its TPM. A quote by a key of that hierarchy also says the
//! TPM's counts of resets and restarts in clear, where the owner's would be blurred (Part 1, "Clock
//! Info Obfuscation").

use sealpoint_wire::Bytes;
use sealpoint_wire::attest::{Credential, Identity};

use crate::tpm::{Auth, Broken, Made, Reader, Tpm, TpmError, Writer, algorithm, handle};

/// What the attestation key may and must be (`TPMA_OBJECT`, Part 2, 8.3): fixed to this TPM and to its
/// place there, made by the TPM, used with an empty password, outside of the count of wrong
/// passwords; restricted, so that it signs nothing that claims to come from a TPM and does not; for
/// signing alone.
const ATTESTATION: u32 = FIXED | WITH_AUTH | NO_DA | RESTRICTED | SIGN;
/// The same for the endorsement key (TCG EK Credential Profile, template L-2): used by its policy
/// alone, for decrypting.
const ENDORSEMENT: u32 = FIXED | ADMIN_WITH_POLICY | RESTRICTED | DECRYPT;
/// `fixedTPM`, `fixedParent` and `sensitiveDataOrigin`.
const FIXED: u32 = 1 << 1 | 1 << 4 | 1 << 5;
const WITH_AUTH: u32 = 1 << 6;
const ADMIN_WITH_POLICY: u32 = 1 << 7;
const NO_DA: u32 = 1 << 10;
const RESTRICTED: u32 = 1 << 16;
const DECRYPT: u32 = 1 << 17;
const SIGN: u32 = 1 << 18;
/// "PolicyA" of the EK Credential Profile: `TPM2_PolicySecret` for the endorsement hierarchy.
const POLICY_A: [u8; 32] = [
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
];
/// What tells our key from another by the same template (`unique`). A new version here is a new key.
const OURS: &[u8] = b"Sealpoint attestation key 1";
/// Where a manufacturer leaves the certificate of an endorsement key on P-256 (EK Credential Profile,
/// "Handle Values Ranges and Templates").
const CERTIFICATE: u32 = 0x01C0_000A;
/// Bytes of that certificate at most.
const MAX_CERTIFICATE: u16 = 4096;

/// The attestation key's template: ECDSA on P-256 with SHA-256.
fn attestation_template() -> Result<Vec<u8>, Broken> {
    let template = Writer::default()
        .u16(algorithm::ECC)
        .u16(algorithm::SHA256)
        .u32(ATTESTATION)
        .empty()
        .u16(algorithm::NULL)
        .u16(algorithm::ECDSA)
        .u16(algorithm::SHA256)
        .u16(algorithm::P256)
        .u16(algorithm::NULL)
        .sized(OURS)?
        .empty();
    Ok(template.done())
}

/// The endorsement key's template, L-2 of the EK Credential Profile.
fn endorsement_template() -> Result<Vec<u8>, Broken> {
    let template = Writer::default()
        .u16(algorithm::ECC)
        .u16(algorithm::SHA256)
        .u32(ENDORSEMENT)
        .sized(&POLICY_A)?
        .u16(algorithm::AES)
        .u16(128)
        .u16(algorithm::CFB)
        .u16(algorithm::NULL)
        .u16(algorithm::P256)
        .u16(algorithm::NULL)
        .sized(&[0; 32])?
        .sized(&[0; 32])?;
    Ok(template.done())
}

/// Works with the attestation key and frees its room.
pub(crate) fn with_attestation_key<T>(
    tpm: &mut Tpm,
    work: impl FnOnce(&mut Tpm, &Made) -> Result<T, TpmError>,
) -> Result<T, TpmError> {
    with_key(tpm, &attestation_template()?, work)
}

fn with_key<T>(
    tpm: &mut Tpm,
    template: &[u8],
    work: impl FnOnce(&mut Tpm, &Made) -> Result<T, TpmError>,
) -> Result<T, TpmError> {
    let key = tpm.create_primary(handle::ENDORSEMENT, template)?;
    let done = work(tpm, &key);
    let flushed = tpm.flush(key.handle);
    let done = done?;
    flushed?;
    Ok(done)
}

/// The public parts of both keys, and the manufacturer's certificate if there is one.
///
/// # Errors
/// [`TpmError`].
pub fn identity(tpm: &mut Tpm) -> Result<Identity, TpmError> {
    let attestation_key = with_attestation_key(tpm, |_, key| bytes(key.public.clone()))?;
    let endorsement_key = with_key(tpm, &endorsement_template()?, |_, key| {
        bytes(key.public.clone())
    })?;
    Ok(Identity {
        attestation_key,
        endorsement_key,
        endorsement_certificate: certificate(tpm)?,
    })
}

/// The certificate, without what pads it in the TPM's memory; `None` if there is none that can be read.
fn certificate(tpm: &mut Tpm) -> Result<Option<Bytes>, TpmError> {
    let Some(public) = tpm.nv_public(CERTIFICATE)? else {
        return Ok(None);
    };
    if public.size > MAX_CERTIFICATE {
        return Ok(None);
    }
    match tpm.nv_read(CERTIFICATE, public.size) {
        Ok(read) => der(&read).map(|der| bytes(der.to_vec())).transpose(),
        Err(TpmError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The one DER sequence with a length in two bytes (X.690, 8.1.3) that begins here.
fn der(read: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(read);
    if reader.array::<2>().ok()? != [0x30, 0x82] {
        return None;
    }
    let length = usize::from(reader.u16().ok()?);
    read.get(..length.checked_add(4)?)
}

/// What is in a credential that was made for these two keys (`TPM2_ActivateCredential`).
///
/// # Errors
/// [`TpmError`]; refused if it was made for another TPM or another key.
pub fn activate(tpm: &mut Tpm, credential: &Credential) -> Result<Bytes, TpmError> {
    let (blob, secret) = (credential.blob.as_slice(), credential.secret.as_slice());
    let opened = with_attestation_key(tpm, |tpm, attestation| {
        with_key(tpm, &endorsement_template()?, |tpm, endorsement| {
            let policy = tpm.policy_secret(handle::ENDORSEMENT)?;
            let with = (endorsement.handle, Auth::Policy(policy));
            let opened = tpm.activate_credential(attestation.handle, with, blob, secret);
            if opened.is_err() {
                // A command that failed leaves the policy where it was.
                let _ = tpm.flush(policy);
            }
            opened
        })
    })?;
    bytes(opened)
}

/// As it crosses to the uplink.
pub(crate) fn bytes(bytes: Vec<u8>) -> Result<Bytes, TpmError> {
    Bytes::try_from(bytes).map_err(|_| TpmError::Request(Broken))
}
