//! Remote attestation in the words of RFC 9334: the till's TPM is the attester, the collector the
//! verifier, and what the till posts is evidence.
//!
//! [`ToAttester`] and [`FromAttester`] cross the Unix socket between `uplink` and `attest`; the rest
//! are bodies of `POST /v1/attestation/challenges` and `POST /v1/attestation/evidence`. TPM
//! structures travel as the TPM made them (TPM 2.0 Library, Part 2), for the verifier reads what was
//! signed and nothing that was made of it.

use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 32;
/// Bytes of a frame between `uplink` and `attest`, at most: an endorsement certificate needs 2 KiB.
pub const MAX_FRAME: usize = 64 * 1024;
/// The registers that a quote covers, in the bank of SHA-256: firmware and its settings (0 to 3), what
/// it booted (4, 5), Secure Boot (7), initrd (9), the unified kernel image and the boot's phases (11),
/// overrides of command line and credentials (12), system extensions (13), the machine's own shim keys
/// (14), the system's identity (15), and 6, which nobody should have touched. Not 8, which no loader of
/// ours extends, and not 10, which a running kernel extends at any time.
pub const PCRS: [u8; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 15];

/// What `uplink` asks of `attest`: one request for each connection.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask", deny_unknown_fields)]
pub enum ToAttester {
    /// The TPM's keys.
    Identity,
    /// A quote over [`PCRS`].
    Quote {
        /// The verifier's nonce, [`NONCE_BYTES`].
        nonce: Bytes,
    },
    /// To open a credential that only the TPM of this endorsement key can open, for this attestation
    /// key alone.
    Activate {
        /// The credential.
        credential: Credential,
    },
}

/// What `attest` answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer", deny_unknown_fields)]
pub enum FromAttester {
    /// The TPM's keys.
    Identity {
        /// They.
        identity: Identity,
    },
    /// A quote.
    Quote {
        /// It.
        quote: Quote,
    },
    /// What was in the credential.
    Activated {
        /// It.
        secret: Bytes,
    },
    /// This machine has no TPM.
    NoTpm {
        /// What was looked for, a sentence.
        why: String,
    },
    /// The TPM did not do it.
    Failed {
        /// What happened and what to do.
        why: String,
    },
}

/// The keys of a till's TPM.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identity {
    /// The attestation key, `TPMT_PUBLIC` (Part 2, 12.2.4).
    pub attestation_key: Bytes,
    /// The endorsement key, `TPMT_PUBLIC`.
    pub endorsement_key: Bytes,
    /// The manufacturer's certificate for it, X.509 DER, if the TPM has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endorsement_certificate: Option<Bytes>,
}

/// A secret for one TPM and one attestation key in it (`TPM2_MakeCredential`, Part 3, 12.6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credential {
    /// `TPMS_ID_OBJECT` (Part 2, 12.4.3), without a size before it.
    pub blob: Bytes,
    /// The contents of a `TPM2B_ENCRYPTED_SECRET`.
    pub secret: Bytes,
}

/// A quote.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quote {
    /// What was signed, `TPMS_ATTEST` (Part 2, 10.12.8).
    pub attest: Bytes,
    /// `TPMT_SIGNATURE` (Part 2, 11.3.4), ECDSA on P-256 with SHA-256.
    pub signature: Bytes,
    /// What the registers held, one for each of [`PCRS`] in their order.
    #[cfg_attr(feature = "openapi", schema(max_items = 24))]
    pub pcrs: Vec<PcrValue>,
}

/// What a register held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PcrValue {
    /// Its number, 0 to 23.
    #[cfg_attr(feature = "openapi", schema(maximum = 23))]
    pub pcr: u8,
    /// 32 bytes.
    pub sha256: Bytes,
}

/// `POST /v1/attestation/challenges`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeRequest {
    /// Version of the messages, [`crate::WIRE_VERSION`].
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// The keys that the evidence will be signed with.
    pub identity: Identity,
}

/// Answer to it. An earlier challenge of the same till is void.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeAnswer {
    /// 32 bytes, good once.
    pub nonce: Bytes,
    /// Set until the collector has seen that the two keys are one TPM's: what this holds goes back
    /// with the evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    /// When the nonce ends, milliseconds since the Unix epoch.
    pub until_ms: i64,
}

/// `POST /v1/attestation/evidence`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceRequest {
    /// Version of the messages, [`crate::WIRE_VERSION`].
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// The evidence.
    pub evidence: Evidence,
}

/// What a till shows of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Evidence {
    /// A quote for the last challenge.
    Quote {
        /// The quote.
        quote: Quote,
        /// What was in the challenge's credential, if it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<Bytes>,
    },
    /// It has no TPM, and says so.
    NoTpm {
        /// What was looked for, a sentence.
        why: String,
    },
}

/// What the collector makes of a till's evidence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    /// It runs an image that the retailer knows.
    Trusted,
    /// It does not, or that cannot be told.
    Untrusted,
    /// It has no TPM.
    NoTpm,
}

impl Verdict {
    /// The word that programs read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Untrusted => "untrusted",
            Self::NoTpm => "no_tpm",
        }
    }
}

/// Answer to the evidence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerdictAnswer {
    /// The verdict.
    pub verdict: Verdict,
    /// A word for programs, `none` where the verdict is `trusted`: `signature`, `pcr_digest`, ...
    pub reason: String,
    /// The same for people, with what to do.
    pub why: String,
    /// Version of the image that the registers stand for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}
