//! What the host answers, and issuer authentication (EMV 4.4 Book 3 §10.9).

use thiserror::Error;

use crate::{
    apdu::{CApdu, Sw},
    dialogue::Dialogue,
    exchange::Answer,
    outcome::HostVerdict,
    tag,
    verification::{Aip, Tsi, Tvr},
};

/// Bytes of the scripts of one answer together.
const MAX_SCRIPTS: usize = 1024;
/// Authorisation response code: declined offline (Book 4 Annex A6).
const ARC_DECLINED_OFFLINE: [u8; 2] = *b"Z1";
/// Authorisation response code: unable to go online, declined.
const ARC_UNABLE_DECLINED: [u8; 2] = *b"Z3";

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

/// Notes that no answer came. An online-only terminal then declines, and so does this kernel on any
/// other (Book 3 §10.7): what the default action codes would allow needs an authenticated card.
pub(crate) fn unreachable(dialogue: &mut Dialogue) {
    dialogue.host = HostVerdict::Unreachable;
    dialogue.store.set(tag::ARC, &ARC_UNABLE_DECLINED);
}

/// Notes that the terminal declines without the host (Book 4 §6.3.6).
pub(crate) fn declined_offline(dialogue: &mut Dialogue) {
    dialogue.store.set(tag::ARC, &ARC_DECLINED_OFFLINE);
}

/// Takes the answer to EXTERNAL AUTHENTICATE. A failure ends nothing: the card decides, and the TVR
/// tells it.
pub(crate) fn authenticated(dialogue: &mut Dialogue, answer: &Answer) {
    dialogue.tsi |= Tsi::ISSUER_AUTHENTICATION;
    if answer.sw != Sw::OK {
        dialogue.tvr |= Tvr::ISSUER_AUTHENTICATION_FAILED;
    }
}
