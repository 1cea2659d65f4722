//! The kernel's words in the till's words.

use data_encoding::HEXUPPER;
use sealpoint_emv::{
    Aid, Charge, ChargeKind, Ending, Evidence, Fault as KernelFault, HostAnswer, HostDecision,
    Outcome, SecretCard,
};
use sealpoint_secret::TruncatedPan;
use sealpoint_vault::CardData;
use sealpoint_wire::{
    Bytes, CardOutcome, CardSummary, SealedCard,
    host::{HostAnswer as WireAnswer, HostDecision as WireDecision},
    lane::{EmvResult, OfflineApproval, OutcomeKind, ReadCard},
};

use crate::{charge::Ended, counterpart::Fault};

/// Response codes that ask for a call to the issuer (ISO 8583 DE 39).
const REFER_TO_ISSUER: [[u8; 2]; 2] = [*b"01", *b"02"];
/// Width of a terminal identification (EMV tag 9F1C).
const TERMINAL_ID: usize = 8;

/// What the kernel is to charge, but for what is drawn at random; without the host at most so much.
pub(crate) fn charge(read: &ReadCard, offline_up_to_minor: i64) -> Charge {
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
        offline_up_to_minor,
        date: bcd(&read.local_time, 2),
        time: bcd(&read.local_time, 8),
        unpredictable_number: [0; 4],
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
    // What has another length is refused like what has other characters.
    let code = answer.response_code.as_bytes().try_into().unwrap_or([0; 2]);
    let decision = match answer.decision {
        WireDecision::Approved | WireDecision::PartlyApproved => HostDecision::Approved,
        WireDecision::Declined if REFER_TO_ISSUER.contains(&code) => HostDecision::Referred,
        WireDecision::Declined => HostDecision::Declined,
    };
    HostAnswer::new(
        decision,
        code,
        answer.issuer_authentication.as_slice(),
        answer.scripts.as_slice(),
    )
    .map_err(|error| format!("The host's answer cannot be used: {error}."))
}

/// How the attempt ended for the till, with all that is known of the card. An approval without the
/// host pays only with what the acquirer must be told of it: `owed`, the card as it was sealed.
pub(crate) fn outcome(
    mut ended: Ended,
    owed: impl FnOnce() -> Result<SealedCard, Fault>,
) -> CardOutcome {
    let de55 = match &ended.outcome {
        Some(outcome) if outcome.ending == Ending::ApprovedOffline => outcome.evidence.de55.clone(),
        _ => return summarised(ended),
    };
    let advice = match ended.fault.take() {
        Some(fault) => Err(fault),
        None => owed().and_then(|sealed| approval(sealed, de55)),
    };
    let outcome = summarised(ended);
    match advice {
        Ok(advice) => CardOutcome {
            kind: OutcomeKind::ApprovedOffline,
            advice: Some(Box::new(advice)),
            ..outcome
        },
        Err(Fault { kind, why }) => CardOutcome {
            kind,
            why: Some(why),
            ..outcome
        },
    }
}

/// What the acquirer must be told. DE 55 is empty where a card has put its number into it.
fn approval(sealed: SealedCard, de55: Vec<u8>) -> Result<OfflineApproval, Fault> {
    let unusable = || {
        let why = "The card's data cannot be given to its issuer, so nothing was charged. Ask for \
                   another card or cash.";
        Fault::new(OutcomeKind::CardFault, why)
    };
    if de55.is_empty() {
        return Err(unusable());
    }
    let de55 = Bytes::try_from(de55).map_err(|_| unusable())?;
    Ok(OfflineApproval { sealed, de55 })
}

/// How a charge ended, whoever wanted it.
pub(crate) fn summarised(ended: Ended) -> CardOutcome {
    let Some(outcome) = ended.outcome else {
        let Fault { kind, why } = ended
            .fault
            .unwrap_or_else(|| Fault::new(OutcomeKind::Cancelled, Ending::Cancelled.to_string()));
        return without_card(kind, why);
    };
    let (mut kind, mut why) = match outcome.ending {
        ending if outcome.pays() => (kind(ending), None),
        ending => (kind(ending), Some(ending.to_string())),
    };
    // An approval stands even if the card left in the issuer's last script, and so does a decline.
    if let Some(fault) = ended.fault
        && !is_settled(&outcome)
    {
        kind = fault.kind;
        why = Some(fault.why);
    }
    CardOutcome {
        kind,
        card: summary(&outcome.evidence),
        emv: emv(&outcome.evidence),
        why,
        advice: None,
    }
}

/// Whether nothing that reader or card did in the end can change how it ended.
fn is_settled(outcome: &Outcome) -> bool {
    outcome.pays()
        || matches!(
            outcome.ending,
            Ending::DeclinedOffline(_)
                | Ending::DeclinedByHost(_)
                | Ending::Referred(_)
                // A reader that is still waiting for its card is not broken.
                | Ending::Terminated(KernelFault::TooSlow)
        )
}

/// An end without a card, or before anything is known of it.
pub(crate) fn without_card(kind: OutcomeKind, why: impl Into<String>) -> CardOutcome {
    CardOutcome {
        kind,
        card: None,
        emv: None,
        why: Some(why.into()),
        advice: None,
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
        token: None,
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
