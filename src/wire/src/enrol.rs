//! A till's identity at the collector: `POST /v1/enrolments`, `POST /v1/renewals`,
//! `GET /v1/standing`, `GET /v1/time`.

use serde::{Deserialize, Serialize};

use crate::{Bytes, Standing, TerminalId};

/// `POST /v1/enrolments`, without a client certificate: a till that has none yet asks for its first
/// one, or for a new one where the old cannot be renewed any more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolRequest {
    /// Version of the messages, [`crate::WIRE_VERSION`].
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// The single-use code that `collector enrol-code` printed: eight groups of five characters.
    /// It says which terminal this is.
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub code: String,
    /// Certification request, PKCS #10 (RFC 2986), DER. Only its public key counts, ECDSA on P-256.
    pub request: Bytes,
}

/// `POST /v1/renewals`, with the certificate that is to be renewed: valid, or expired for at most
/// 90 days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewRequest {
    /// Version of the messages, [`crate::WIRE_VERSION`].
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// Certification request, PKCS #10 (RFC 2986), DER, for a new key.
    pub request: Bytes,
}

/// Answer to an enrolment or a renewal. The same request again is answered again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CertificateAnswer {
    /// The terminal that the certificate names.
    pub terminal: TerminalId,
    /// The till's certificate, PEM.
    pub certificate: String,
    /// The retailer's CA, PEM.
    pub ca: String,
    /// Serial number of the certificate, hexadecimal.
    pub serial: String,
    /// When it expires, milliseconds since the Unix epoch.
    pub expires_ms: i64,
}

/// Answer to `GET /v1/standing`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StandingAnswer {
    /// How the till stands with the retailer.
    pub standing: Standing,
    /// Set while what this till sends is kept apart and no card can be charged, because its
    /// certificate is expired or revoked: what happened and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
    /// When the certificate that was shown expires, milliseconds since the Unix epoch.
    pub expires_ms: i64,
}

/// Answer to `GET /v1/time?nonce=`: the collector's time, signed by the key of its certificate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimeAnswer {
    /// Milliseconds since the Unix epoch, when the question was answered.
    pub at_ms: i64,
    /// The nonce of the question, 32 hexadecimal digits.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]{32}$"))]
    pub nonce: String,
    /// Signature over the text `Sealpoint signed time, version 1`, the nonce and the time in decimal,
    /// each ended by a line feed. ECDSA on P-256 with SHA-256, ASN.1 DER, for a key on that curve.
    pub signature: Bytes,
}
