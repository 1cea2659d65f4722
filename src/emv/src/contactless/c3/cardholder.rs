//! Cardholder verification (Book C-3 §5.7).
//!
//! Card and reader have settled it in TTQ and CTQ. The book fills no CVM results (tag 9F34); the host
//! gets them in the words of EMV 4.4 Book 4 Annex A4: what was done, always, and how it came out.

use crate::{
    contactless::{
        c3::C3,
        qualifiers::{Ctq, Ttq},
    },
    cvm::CvmResult,
    dialogue::Dialogue,
    fault::Fault,
    generate_ac::AcType,
    pin::PinRequest,
    tag,
    verification::Tvr,
};

/// The cardholder's device has verified them: for the host as a card that has verified a PIN.
const BY_DEVICE: CvmResult = CvmResult {
    bytes: [0x01, 0x00, 0x02],
    signature: false,
};
/// The host will verify a PIN.
const BY_HOST: CvmResult = CvmResult {
    bytes: [0x02, 0x00, 0x00],
    signature: false,
};
/// The host would have, but got none.
pub(super) const WITHOUT_PIN: CvmResult = CvmResult {
    bytes: [0x02, 0x00, 0x01],
    signature: false,
};
/// The cashier will verify a signature.
const BY_SIGNATURE: CvmResult = CvmResult {
    bytes: [0x1E, 0x00, 0x00],
    signature: true,
};
/// Neither side asks for any.
const NOT_NEEDED: CvmResult = CvmResult {
    bytes: [0x1F, 0x00, 0x02],
    signature: false,
};
/// The reader asks for one that the card does not offer.
const NOT_OFFERED: CvmResult = CvmResult {
    bytes: [0x3F, 0x00, 0x01],
    signature: false,
};
/// Where card authentication related data (tag 9F69) repeats the CTQ: bytes 6 and 7.
const SIGNED_CTQ: core::ops::Range<usize> = 5..7;

/// How the cardholder is verified.
enum Method {
    None,
    Device,
    OnlinePin,
    Signature,
    Impossible,
}

impl C3 {
    /// Chooses the method; what to ask the pad for, if it is a PIN.
    pub(super) fn verify(
        &mut self,
        dialogue: &mut Dialogue,
        kind: AcType,
    ) -> Result<Option<PinRequest>, Fault> {
        dialogue.cvm = match self.method(dialogue, kind) {
            Method::None => NOT_NEEDED,
            Method::Device => BY_DEVICE,
            Method::Signature => BY_SIGNATURE,
            Method::OnlinePin => {
                dialogue.cvm = BY_HOST;
                self.online = true;
                let pan = dialogue.store.pan()?;
                return Ok(Some(PinRequest::Online { pan }));
            }
            Method::Impossible => {
                self.decline |= Tvr::CVM_FAILED;
                NOT_OFFERED
            }
        };
        Ok(None)
    }

    fn method(&self, dialogue: &Dialogue, kind: AcType) -> Method {
        let required = self.ttq.contains(Ttq::CVM_REQUIRED);
        let can = |bit| self.ttq.contains(bit);
        let Some(ctq) = self.ctq else {
            // §5.7.1.1: the card leaves it to the reader.
            return match required {
                false => Method::None,
                true if can(Ttq::SIGNATURE) => Method::Signature,
                true if can(Ttq::ONLINE_PIN) => Method::OnlinePin,
                true => Method::Impossible,
            };
        };
        if ctq.contains(Ctq::ONLINE_PIN) && can(Ttq::ONLINE_PIN) {
            Method::OnlinePin
        } else if ctq.contains(Ctq::DEVICE_CVM) {
            if is_believed(dialogue, kind) {
                Method::Device
            } else {
                Method::Impossible
            }
        } else if ctq.contains(Ctq::SIGNATURE) && can(Ttq::SIGNATURE) {
            Method::Signature
        } else if required {
            Method::Impossible
        } else {
            Method::None
        }
    }
}

/// Whether it is the card that says its device has verified the cardholder: as it has signed, or, if
/// it gives nothing signed, to an issuer who will be asked.
fn is_believed(dialogue: &Dialogue, kind: AcType) -> bool {
    let store = &dialogue.store;
    match store.public(tag::CARD_AUTHENTICATION) {
        Some(signed) => signed.get(SIGNED_CTQ) == store.public(tag::CTQ),
        None => kind == AcType::Arqc,
    }
}
