//! The kernel's words in the till's words.

use data_encoding::HEXUPPER;
use sealpoint_emv::{
    Aid, Charge, ChargeKind, Ending, Evidence, HostAnswer, HostDecision, Outcome, SecretCard,
};
use sealpoint_secret::TruncatedPan;
use sealpoint_vault::CardData;
use sealpoint_wire::{
    CardOutcome, CardSummary,
    host::{HostAnswer as WireAnswer, HostDecision as WireDecision},
    lane::{EmvResult, OutcomeKind, ReadCard},
};

/// Width of a terminal identification (EMV tag 9F1C).
const TERMINAL_ID: usize = 8;

/// What the kernel is to charge.
pub(crate) fn charge(read: &ReadCard, unpredictable_number: [u8; 4]) -> Charge {
    let mut terminal_id = [b' '; TERMINAL_ID];
    for (place, byte) in terminal_id.iter_mut().zip(read.terminal.as_str().bytes()) {
        *place = byte;
    }
    Charge {
        amount_minor: read.amount_minor,
        currency: read.currency.numeric(),
        exponent: read.currency.exponent(),
        cashback_minor: 0,
        kind: ChargeKind::Purchase,
        random_draw: 1,
        forced_online: false,
        date: bcd(&read.local_time, 2),
        time: bcd(&read.local_time, 8),
        unpredictable_number,
        counter: read.stan,
        terminal_id,
    }
}

/// Six digits of `YYYYMMDDhhmmss` from `at` on as BCD; FF, which the kernel refuses, where there
/// are none.
fn bcd(local_time: &str, at: usize) -> [u8; 3] {
    let digit = |place| match local_time.as_bytes().get(place) {
        Some(byte @ b'0'..=b'9') => byte - b'0',
        _ => 0x0F,
    };
    [0, 2, 4].map(|pair| digit(at + pair) << 4 | digit(at + pair + 1))
}

/// The card data for the vault. Moves the secrets; nothing is copied.
pub(crate) fn card_data(card: SecretCard) -> CardData {
    let SecretCard {
        pan,
        track2,
        expiry,
        sequence,
    } = card;
    CardData {
        pan,
        track2,
        expiry,
        sequence,
    }
}

/// The host's answer for the kernel; a sentence if no card can be given it.
pub(crate) fn host_answer(answer: &WireAnswer) -> Result<HostAnswer, String> {
    let decision = match answer.decision {
        WireDecision::Approved => HostDecision::Approved,
        WireDecision::Declined => HostDecision::Declined,
    };
    // What has another length is refused like what has other characters.
    let code = answer.response_code.as_bytes().try_into().unwrap_or([0; 2]);
    HostAnswer::new(
        decision,
        code,
        answer.issuer_authentication.as_slice(),
        answer.scripts.as_slice(),
    )
    .map_err(|error| format!("The host's answer cannot be used: {error}."))
}

/// How the attempt ended, with all that is known of the card.
pub(crate) fn outcome(outcome: &Outcome) -> CardOutcome {
    let (kind, why) = match outcome.ending {
        Ending::Approved => (OutcomeKind::Approved, None),
        ending => (kind(ending), Some(ending.to_string())),
    };
    CardOutcome {
        kind,
        card: summary(&outcome.evidence),
        emv: emv(&outcome.evidence),
        why,
    }
}

/// An end without a card, or before anything is known of it.
pub(crate) fn without_card(kind: OutcomeKind, why: impl Into<String>) -> CardOutcome {
    CardOutcome {
        kind,
        card: None,
        emv: None,
        why: Some(why.into()),
    }
}

fn kind(ending: Ending) -> OutcomeKind {
    match ending {
        Ending::Approved | Ending::ApprovedOffline => OutcomeKind::Approved,
        Ending::DeclinedOffline(_) | Ending::DeclinedByCard => OutcomeKind::DeclinedByCard,
        Ending::DeclinedByHost(_) | Ending::Referred(_) => OutcomeKind::DeclinedByHost,
        Ending::UnableToGoOnline => OutcomeKind::UnableToGoOnline,
        Ending::Removed | Ending::PresentAgain => OutcomeKind::CardRemoved,
        Ending::Cancelled => OutcomeKind::Cancelled,
        Ending::NotAccepted(_) | Ending::UseContacts | Ending::SeePhone => OutcomeKind::NotAccepted,
        Ending::Terminated(_) => OutcomeKind::CardFault,
    }
}

fn summary(evidence: &Evidence) -> Option<CardSummary> {
    let pan = evidence.truncated_pan.as_ref()?;
    Some(card_summary(evidence.label.clone()?, evidence.aid?, pan))
}

/// What may be shown of a card.
pub(crate) fn card_summary(label: String, aid: Aid, pan: &TruncatedPan) -> CardSummary {
    CardSummary {
        label,
        aid: HEXUPPER.encode(aid.as_slice()),
        truncated_pan: pan.as_str().to_owned(),
        last4: pan.last4().to_owned(),
    }
}

/// EMV results, once the card gave a cryptogram.
fn emv(evidence: &Evidence) -> Option<EmvResult> {
    let cryptogram = evidence.cryptogram?;
    Some(EmvResult {
        tvr: HEXUPPER.encode(&evidence.tvr.to_bytes()),
        tsi: HEXUPPER.encode(&evidence.tsi.bits().to_be_bytes()),
        cvm_results: HEXUPPER.encode(&evidence.cvm_results),
        ac_type: cryptogram.kind.to_string(),
        ac: HEXUPPER.encode(&cryptogram.value),
        atc: format!("{:04X}", cryptogram.atc),
    })
}
