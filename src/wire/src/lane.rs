//! Messages between `till` and `lane`, and what of a card may be shown.

use sealpoint_sale::{AttemptId, Currency};
use serde::{Deserialize, Serialize};

use crate::{Bytes, CardToken, HostAnswer, OfflinePolicy, Posture, SealedCard, TerminalId};

/// What may be shown, printed and stored of a card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardSummary {
    /// Application label or preferred name, as the cardholder knows it: `VISA CREDIT`.
    pub label: String,
    /// Application identifier, hexadecimal (EMV tag 4F/84).
    pub aid: String,
    /// PAN truncated to at most the first six and last four digits (PCI DSS 3.4.1).
    pub truncated_pan: String,
    /// Last four digits, for the screen and the receipt.
    pub last4: String,
    /// Stands for the card where the profile's policy lets it leave the lane; then `truncated_pan`
    /// holds no more than the last four digits, unless the policy allows both side by side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<CardToken>,
}

/// To `lane`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to_lane")]
pub enum ToLane {
    /// Read a card for this attempt. The attempt is durable before this is sent.
    Read(ReadCard),
    /// The host answered: finish with the card.
    Host {
        /// The attempt that was sent to the host.
        attempt: AttemptId,
        /// Its answer.
        answer: HostAnswer,
    },
    /// The host was provably not asked: finish with the card without it, which may then approve by
    /// itself. Where the host may have been asked, it is [`ToLane::Cancel`].
    UnableToGoOnline {
        /// The attempt that was to go online.
        attempt: AttemptId,
    },
    /// The cardholder chose one of the applications of their card.
    Chosen {
        /// The attempt that asked.
        attempt: AttemptId,
        /// Which one, counted from 0.
        index: u8,
    },
    /// The cashier gave up: end the attempt as soon as it is safe.
    Cancel {
        /// The attempt to end.
        attempt: AttemptId,
    },
    /// This till is taken out of service: destroy every key. Done only if the retailer's root
    /// signed the order and it names this terminal; answered with [`FromLane::Erased`].
    Erase {
        /// The order, as in [`crate::Standing::Lost`].
        order: String,
        /// The terminal that it must name.
        terminal: TerminalId,
    },
}

/// The order to read one card for one attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadCard {
    /// The attempt.
    pub attempt: AttemptId,
    /// The terminal that charges, for the seal's context and EMV tag 9F1C.
    pub terminal: TerminalId,
    /// Minor units, positive (EMV tag 9F02).
    pub amount_minor: i64,
    /// Their currency (EMV tag 5F2A).
    pub currency: Currency,
    /// Local date and time at the till, `YYYYMMDDhhmmss` (EMV tags 9A and 9F21).
    pub local_time: String,
    /// The trace number, for EMV tag 9F41.
    pub stan: u32,
    /// How long to wait for a card to be inserted.
    pub insert_timeout_ms: u32,
    /// Up to this amount, minor units, card and terminal may approve without the issuer; 0 for
    /// never. Never more than the signed policy's limit for one sale.
    #[serde(default)]
    pub offline_up_to_minor: i64,
}

/// From `lane`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from_lane")]
pub enum FromLane {
    /// First message: who speaks, and whether it can seal.
    Hello {
        /// [`crate::WIRE_VERSION`] of the lane.
        version: u16,
        /// Why no card can be charged, if so (no acquirer key, bad profile): what happened and what to do.
        cannot_charge: Option<String>,
        /// How the lane protects itself.
        #[serde(default)]
        posture: Option<Posture>,
    },
    /// What its keys and profile allow changed.
    SetUp {
        /// Why no card can be charged, if so.
        cannot_charge: Option<String>,
        /// What will soon be in the way, or is less than production asks for: what is so and what
        /// to do, one sentence each; at most [`MAX_WARNINGS`].
        warnings: Vec<String>,
        /// What the retailer's signed manifest allows without the issuer.
        #[serde(default)]
        offline: Option<OfflinePolicy>,
    },
    /// The reader changed.
    Reader {
        /// How it stands now.
        state: ReaderState,
    },
    /// Something that the cardholder should do or wait for.
    Prompt {
        /// The attempt that it belongs to.
        attempt: AttemptId,
        /// What to show.
        prompt: CardPrompt,
    },
    /// The card has several applications, and its holder is to choose one.
    Choose {
        /// The attempt.
        attempt: AttemptId,
        /// Their names as the cardholder knows them, in the card's order; at most
        /// [`MAX_CHOICES`].
        labels: Vec<String>,
    },
    /// The card asks for the issuer: the till must write SENT, then ask the host.
    Online {
        /// The attempt.
        attempt: AttemptId,
        /// What may be shown of the card.
        card: CardSummary,
        /// The card data, sealed.
        sealed: SealedCard,
        /// EMV data for the issuer (DE 55), without PAN or track 2.
        de55: Bytes,
    },
    /// The attempt is over at the card.
    Outcome {
        /// The attempt.
        attempt: AttemptId,
        /// How it ended.
        outcome: CardOutcome,
    },
    /// What became of [`ToLane::Erase`].
    Erased {
        /// Why nothing was erased, if so.
        refused: Option<String>,
    },
}

/// What the reader is doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReaderState {
    /// There is no reader, or the card service does not run.
    Missing {
        /// What happened and what to do, one sentence each.
        why: String,
    },
    /// A reader waits without a card.
    Ready {
        /// The reader's name.
        name: String,
    },
    /// A card is in the reader.
    CardIn {
        /// The reader's name.
        name: String,
    },
}

/// Warnings in one [`FromLane::SetUp`].
pub const MAX_WARNINGS: usize = 8;

/// Applications that a cardholder is asked to choose from.
pub const MAX_CHOICES: usize = 8;

/// What the cardholder should do or wait for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardPrompt {
    /// Insert the card.
    InsertCard,
    /// Hold the card to the reader, or insert it.
    PresentCard,
    /// Without contacts it does not go on: insert the card.
    UseContacts,
    /// The card left the field too soon: hold it there again.
    PresentAgain,
    /// The holder's device wants something done on it; then hold it there again.
    SeePhone,
    /// Choose one of the card's applications.
    ChooseApplication,
    /// Enter the PIN on the reader's own keys.
    EnterPin,
    /// The PIN was wrong: enter it again on the reader's own keys.
    EnterPinAgain,
    /// The same, and this is the last try.
    LastPinTry,
    /// The card is being read: leave it in.
    Reading,
    /// The host is being asked: leave the card in.
    Authorising,
    /// Done with the card: take it out.
    RemoveCard,
}

/// How an attempt ended at the card. A decline is an outcome, not an error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardOutcome {
    /// How it ended.
    pub kind: OutcomeKind,
    /// What may be shown of the card, once it was read.
    pub card: Option<CardSummary>,
    /// EMV results for the receipt and the record, once there are any.
    pub emv: Option<EmvResult>,
    /// Why, in a sentence for the log and the cashier; never card data.
    pub why: Option<String>,
    /// What the acquirer must be told of an [`OutcomeKind::ApprovedOffline`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Box<OfflineApproval>>,
}

/// An approval by card and terminal, for the acquirer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfflineApproval {
    /// The card data, sealed.
    pub sealed: SealedCard,
    /// EMV data with the TC (DE 55), without PAN or track 2.
    pub de55: Bytes,
}

/// How an attempt ended at the card.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// The host approved and the card agreed (TC).
    Approved,
    /// Card and terminal approved without the host (TC), within what the till allowed for this
    /// attempt. Pays once the advice is on the disk.
    ApprovedOffline,
    /// The host declined.
    DeclinedByHost,
    /// The card declined (AAC), before or after the host was asked.
    DeclinedByCard,
    /// The host could not be asked, and the card declined because of it.
    UnableToGoOnline,
    /// The card was removed before the end.
    CardRemoved,
    /// No card was inserted in time.
    NoCard,
    /// The cashier cancelled before the card was asked for a cryptogram.
    Cancelled,
    /// The card cannot be used here: no common application, blocked, not a payment card.
    NotAccepted,
    /// The card broke the protocol or answered nonsense.
    CardFault,
    /// The reader failed or went away.
    ReaderFault,
    /// The lane cannot seal, so no card may be read.
    CannotSeal,
}

/// EMV results of an attempt (names as in EMV 4.4 Book 3 Annex A).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmvResult {
    /// Terminal verification results, tag 95, hexadecimal.
    pub tvr: String,
    /// TSI, tag 9B, hexadecimal.
    pub tsi: String,
    /// CVM results, tag 9F34, hexadecimal.
    pub cvm_results: String,
    /// Last cryptogram's type: `TC`, `ARQC` or `AAC`; empty if the card gave none.
    pub ac_type: String,
    /// Last application cryptogram, tag 9F26, hexadecimal.
    pub ac: String,
    /// Application transaction counter, tag 9F36, hexadecimal.
    pub atc: String,
}
