//! Bodies of the collector's HTTPS requests. Paths: `POST /v1/records`, `POST /v1/authorisations`,
//! `POST /v1/reversals`, `POST /v1/advices`, `POST /v1/inquiries`, `GET /v1/summary`,
//! `GET /openapi.json`. A till's identity and standing: [`crate::enrol`].

use sealpoint_sale::AttemptId;
use serde::{Deserialize, Serialize};

use crate::{Fate, HostAnswer, Record, RecordHash, RecordId, TerminalId};

/// `POST /v1/records`: at most [`crate::record::MAX_BATCH`] records of one terminal, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushRequest {
    /// Version of the messages, [`crate::WIRE_VERSION`].
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// The records.
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub records: Vec<Record>,
}

/// Answer to a push. Every record that it names as created or existing is durable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushAnswer {
    /// One for each record, in the order of the request.
    pub results: Vec<RecordAck>,
    /// Highest sequence below which nothing is missing, for the terminal's newest epoch.
    pub contiguous_seq: u64,
}

/// The collector's word on one record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordAck {
    /// The record.
    pub id: RecordId,
    /// Its hash as the collector stores it.
    pub hash: RecordHash,
    /// What the collector did with it.
    pub outcome: AckOutcome,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What the collector did with a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AckOutcome {
    /// Stored now.
    Created,
    /// Was stored before, the same to the byte. Success.
    Exists,
    /// Not stored: the same id or sequence with another body, or a broken record. Alarmed.
    Refused,
}

/// Answer to `POST /v1/authorisations`, HTTP 200. Any other code is an [`ApiError`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthoriseAnswer {
    /// The attempt that was asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
    /// What the acquirer answered; the same answer again if the same attempt is asked again.
    pub answer: HostAnswer,
}

/// Answer to `POST /v1/reversals`, HTTP 200: the acquirer acknowledged, or never saw the attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReversalAnswer {
    /// The attempt that is undone.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
}

/// Answer to `POST /v1/advices`, HTTP 200: the acquirer answered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdviceAnswer {
    /// The attempt that was advised.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
    /// What the acquirer answered; the same answer again if the same advice comes again.
    pub answer: HostAnswer,
}

/// Answer to `POST /v1/inquiries`, HTTP 200.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InquiryAnswer {
    /// The attempt that was asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
    pub attempt: AttemptId,
    /// What became of it.
    pub fate: Fate,
    /// Whether a committed sale that names the attempt is among the records.
    pub committed: bool,
}

/// Body of every answer that is not a success.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiError {
    /// A word for programs: `bad_request`, `forbidden`, `not_sent`, `unknown_fate`, `busy`, ...
    pub error: String,
    /// What happened and what to do, for people.
    pub message: String,
}

/// `GET /v1/summary`: what the collector holds, for comparison with a till's totals.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// One for each terminal, by name.
    pub terminals: Vec<TerminalSummary>,
}

/// What the collector holds of one terminal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TerminalSummary {
    /// The terminal.
    pub terminal: TerminalId,
    /// Paid sales.
    pub sales: u64,
    /// Voided sales.
    pub voided: u64,
    /// Sum of the paid sales, minor units.
    pub total_minor: i64,
    /// Of that in cash, after change.
    pub cash_minor: i64,
    /// Of that by card.
    pub card_minor: i64,
    /// Highest sequence below which nothing is missing, for the newest epoch.
    pub contiguous_seq: u64,
}
