//! What the till asks the acquirer through the collector, and what it is told.

use sealpoint_sale::{AttemptId, Currency, SaleId};
use serde::{Deserialize, Serialize};

use crate::{Bytes, CardSummary, SealedCard, TerminalId};

/// Asks the acquirer to authorise one attempt. Durable as SENT before its first byte leaves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthoriseRequest {
    /// The attempt; the collector asks the acquirer at most once for it.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
    /// The sale that the attempt pays for.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub sale: SaleId,
    /// The terminal that asks.
    pub terminal: TerminalId,
    /// System trace audit number, 1 to 999999 (ISO 8583 DE 11); a reversal repeats it.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999))]
    pub stan: u32,
    /// Local date and time at the till, `YYYYMMDDhhmmss` (DE 12 and DE 13).
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9]{14}$"))]
    pub local_time: String,
    /// Minor units, positive (DE 4).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999999999_i64))]
    pub amount_minor: i64,
    /// Their currency (DE 49).
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^(EUR|GBP|CHF|USD|JPY)$", example = "EUR"))]
    pub currency: Currency,
    /// What may be shown and stored of the card.
    pub card: CardSummary,
    /// The card data, sealed to the acquirer's key for this attempt alone.
    pub sealed: SealedCard,
    /// EMV data for the issuer, BER-TLV (DE 55); never a PAN or track 2.
    pub de55: Bytes,
}

/// What the acquirer decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HostDecision {
    /// The issuer approves the whole amount.
    Approved,
    /// The issuer approves less than was asked for: [`HostAnswer::approved_minor`]. Whoever refuses
    /// it reverses the attempt.
    PartlyApproved,
    /// The issuer declines. An outcome, not an error.
    Declined,
}

/// The acquirer's answer to an authorisation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostAnswer {
    /// Approved or declined.
    pub decision: HostDecision,
    /// Response code, two characters (ISO 8583 DE 39, EMV tag 8A): `00` is approved.
    pub response_code: String,
    /// Authorisation code, six characters, on approval (DE 38, EMV tag 89).
    pub approval_code: Option<String>,
    /// What the issuer approves, minor units, where that is less than was asked for (response code
    /// `10`, DE 4); set exactly with [`HostDecision::PartlyApproved`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999999999_i64))]
    pub approved_minor: Option<i64>,
    /// Issuer authentication data for the card (EMV tag 91), 8 to 16 bytes, or empty.
    #[serde(default)]
    pub issuer_authentication: Bytes,
    /// Issuer script templates 71 and 72, BER-TLV, or empty.
    #[serde(default)]
    pub scripts: Bytes,
}

/// What became of an authorisation request, as the uplink tells the till.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum AuthoriseResult {
    /// The acquirer answered.
    Answered {
        /// What it said.
        answer: HostAnswer,
    },
    /// No byte of the request left this machine, so there is nothing to reverse.
    NotSent {
        /// What stopped it, for the log.
        why: String,
    },
    /// The request may have reached the acquirer: its fate is unknown and it must be reversed.
    Unknown {
        /// What was seen, for the log.
        why: String,
    },
}

/// Undoes an authorisation whose fate is unknown or whose sale did not complete.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReversalRequest {
    /// The attempt to undo.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
    /// The terminal that asked for it.
    pub terminal: TerminalId,
    /// The same trace number as the authorisation (DE 11, DE 90).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999))]
    pub stan: u32,
    /// The same local date and time as the authorisation.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9]{14}$"))]
    pub local_time: String,
    /// The same amount as the authorisation, minor units.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999999999_i64))]
    pub amount_minor: i64,
    /// Their currency.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^(EUR|GBP|CHF|USD|JPY)$", example = "EUR"))]
    pub currency: Currency,
}
