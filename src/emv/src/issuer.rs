//! What the host answers, and issuer authentication (EMV 4.4 Book 3 §10.9).

use thiserror::Error;

use crate::{
    apdu::{CApdu, Sw},
    dialogue::Dialogue,
    exchange::Answer,
    generate_ac::AcType,
    outcome::HostVerdict,
    tag,
    verification::{Aip, Tsi, Tvr},
};

/// Bytes of the scripts of one answer together.
const MAX_SCRIPTS: usize = 1024;
/// Authorisation response codes that the terminal gives itself (Book 4 Annex A6): approved and
/// declined offline, and the same because the host could not be asked.
const ARC_OFFLINE: OwnCodes = OwnCodes {
    approved: *b"Y1",
    declined: *b"Z1",
};
const ARC_UNABLE: OwnCodes = OwnCodes {
    approved: *b"Y3",
    declined: *b"Z3",
};

struct OwnCodes {
    approved: [u8; 2],
    declined: [u8; 2],
}

/// Whether the host approves the whole amount.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostDecision {
    /// It does.
    Approved,
    /// It does not.
    Declined,
    /// It wants a call first (Book 4 §6.3.7).
    Referred,
}

/// The host's answer, checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostAnswer {
    decision: HostDecision,
    arc: [u8; 2],
    authentication: Option<Vec<u8>>,
    scripts: Vec<u8>,
}

/// Why an answer of a host cannot be given to a card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum HostAnswerError {
    /// The response code is not two letters or digits.
    #[error("the host's response code is not two letters or digits; reverse the authorisation")]
    ResponseCode,
    /// The issuer authentication data has not 8 to 16 bytes.
    #[error("the issuer authentication data has not 8 to 16 bytes; reverse the authorisation")]
    Authentication,
    /// More scripts than there may be.
    #[error("the issuer scripts have more than 1024 bytes; reverse the authorisation")]
    Scripts,
}

impl HostAnswer {
    /// An answer: decision, response code (DE 39, tag 8A), issuer authentication data (tag 91) or
    /// nothing, and script templates 71 and 72 one after the other, or nothing.
    ///
    /// # Errors
    /// [`HostAnswerError`] if a part has no place in its data element.
    pub fn new(
        decision: HostDecision,
        arc: [u8; 2],
        authentication: &[u8],
        scripts: &[u8],
    ) -> Result<Self, HostAnswerError> {
        if !arc.iter().all(u8::is_ascii_alphanumeric) {
            return Err(HostAnswerError::ResponseCode);
        }
        let authentication = match authentication.len() {
            0 => None,
            8..=16 => Some(authentication.to_vec()),
            _ => return Err(HostAnswerError::Authentication),
        };
        if scripts.len() > MAX_SCRIPTS {
            return Err(HostAnswerError::Scripts);
        }
        Ok(Self {
            decision,
            arc,
            authentication,
            scripts: scripts.to_vec(),
        })
    }

    /// Script templates 71 and 72.
    pub(crate) fn scripts(&self) -> &[u8] {
        &self.scripts
    }
}

/// Takes the answer; gives EXTERNAL AUTHENTICATE if the card does it as a command of its own.
/// Otherwise the data reaches the card through CDOL2.
pub(crate) fn answered(dialogue: &mut Dialogue, answer: &HostAnswer) -> Option<CApdu> {
    dialogue.host = match answer.decision {
        HostDecision::Approved => HostVerdict::Approved,
        HostDecision::Declined => HostVerdict::Declined(answer.arc),
        HostDecision::Referred => HostVerdict::Referred(answer.arc),
    };
    dialogue.store.set(tag::ARC, &answer.arc);
    let data = answer.authentication.as_ref()?;
    dialogue.store.set(tag::ISSUER_AUTHENTICATION, data);
    dialogue
        .aip
        .contains(Aip::ISSUER_AUTHENTICATION)
        .then(|| CApdu::external_authenticate(data))
}

/// Notes for the card what the terminal decided without asking the host (Book 4 §6.3.6): nothing
/// yet, if it wants to ask.
pub(crate) fn decided_offline(dialogue: &mut Dialogue, asked: AcType) {
    note(dialogue, asked, &ARC_OFFLINE);
}

/// Notes that no answer came: declined, unless the terminal may decide otherwise.
pub(crate) fn unreachable(dialogue: &mut Dialogue) {
    dialogue.host = HostVerdict::Unreachable;
    decided_without_host(dialogue, AcType::Aac);
}

/// Notes what the terminal decided after no answer had come.
pub(crate) fn decided_without_host(dialogue: &mut Dialogue, asked: AcType) {
    note(dialogue, asked, &ARC_UNABLE);
}

fn note(dialogue: &mut Dialogue, asked: AcType, codes: &OwnCodes) {
    match asked {
        AcType::Tc => dialogue.store.set(tag::ARC, &codes.approved),
        AcType::Aac => dialogue.store.set(tag::ARC, &codes.declined),
        AcType::Arqc => dialogue.store.unset(tag::ARC),
    }
}

/// Takes the answer to EXTERNAL AUTHENTICATE. A failure ends nothing: the card decides, and the TVR
/// tells it.
pub(crate) fn authenticated(dialogue: &mut Dialogue, answer: &Answer) {
    dialogue.tsi |= Tsi::ISSUER_AUTHENTICATION;
    if answer.sw != Sw::OK {
        dialogue.tvr |= Tvr::ISSUER_AUTHENTICATION_FAILED;
    }
}
