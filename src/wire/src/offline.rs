//! Charges without the issuer: what the retailer allows, and how the acquirer hears of them.

use sealpoint_sale::{AttemptId, Currency, SaleId};
use serde::{Deserialize, Serialize};

use crate::{AuthoriseRequest, Bytes, CardSummary, HostAnswer, SealedCard, TerminalId};

/// What the retailer allows without the issuer. Part of the manifest that he signed; without one
/// nothing is allowed. A limit of 0 allows nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflinePolicy {
    /// Currency of the limits.
    pub currency: Currency,
    /// Minor units of one charge.
    pub per_sale_minor: i64,
    /// Minor units of all charges of this till that the acquirer has not answered.
    pub per_till_minor: i64,
    /// Minor units of one card on one local day.
    pub per_card_day_minor: i64,
    /// Charges of one card on one local day.
    pub per_card_day_count: u32,
    /// Charges of this till that the acquirer has not answered.
    pub max_records: u32,
    /// Hours since the oldest of them; also the time to live of each: an older one is not sent any
    /// more, a person decides.
    pub max_hours: u32,
    /// Whether a charge is also taken where the card wants its issuer and that cannot be reached:
    /// the retailer carries the risk (deferred authorisation). Otherwise only a card's own
    /// approval counts.
    pub deferred: bool,
}

/// How a charge came about without the issuer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AdviceKind {
    /// Card and terminal approved, with a TC (EMV 4.4 Book 4 annex A6: Y1 or Y3).
    OfflineApproved,
    /// The card asked for the issuer with an ARQC, which could not be reached.
    Deferred,
}

impl AdviceKind {
    /// The word that stores keep.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OfflineApproved => "offline_approved",
            Self::Deferred => "deferred",
        }
    }

    /// The kind that this word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::OfflineApproved, Self::Deferred]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// Tells the acquirer of a charge that was taken without it. Sent first in, first out, once its
/// sale is committed, until there is an answer; the same advice again gives the same answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdviceRequest {
    /// The attempt.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
    /// The committed sale that it paid for.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub sale: SaleId,
    /// The terminal that charged.
    pub terminal: TerminalId,
    /// How the charge came about.
    pub kind: AdviceKind,
    /// System trace audit number, 1 to 999999 (DE 11); each repeat has the same.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999))]
    pub stan: u32,
    /// Local date and time of the charge, `YYYYMMDDhhmmss` (DE 12 and DE 13).
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
    /// The card data, sealed to the acquirer for this attempt alone.
    pub sealed: SealedCard,
    /// EMV data (DE 55): with the TC of an offline approval, or the ARQC of a deferred charge.
    pub de55: Bytes,
}

/// What became of an advice, as the uplink tells the till.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum AdviceResult {
    /// The acquirer answered, with a decline too: what is sealed can be erased. A decline is a
    /// person's work, not a retry.
    Answered {
        /// What it said.
        answer: HostAnswer,
    },
    /// The collector will never take it: a person's work.
    Refused {
        /// What happened and what to do.
        why: String,
    },
    /// There was no answer; offer it again.
    NotAnswered {
        /// What happened, for the log.
        why: String,
    },
}

/// Asks the collector what became of an attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InquiryRequest {
    /// The attempt.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
    /// The terminal that made it.
    pub terminal: TerminalId,
    /// Its trace number (DE 11).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999))]
    pub stan: u32,
    /// Its local date and time.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9]{14}$"))]
    pub local_time: String,
    /// Its amount, minor units.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 999999999999_i64))]
    pub amount_minor: i64,
    /// Their currency.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^(EUR|GBP|CHF|USD|JPY)$", example = "EUR"))]
    pub currency: Currency,
}

impl InquiryRequest {
    /// About this authorisation.
    #[must_use]
    pub fn about(request: &AuthoriseRequest) -> Self {
        Self {
            attempt: request.attempt,
            terminal: request.terminal.clone(),
            stan: request.stan,
            local_time: request.local_time.clone(),
            amount_minor: request.amount_minor,
            currency: request.currency,
        }
    }
}

/// What became of an attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fate")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Fate {
    /// The collector never saw it, and from now on refuses to ask the acquirer for it: nothing is
    /// charged and nothing is to be reversed.
    NeverSeen,
    /// The acquirer answered.
    Answered {
        /// What it said.
        answer: HostAnswer,
    },
    /// The acquirer was asked and has not answered: reverse.
    Unknown,
    /// A reversal is due or under way.
    ReversalDue,
    /// It is reversed.
    Reversed,
}
