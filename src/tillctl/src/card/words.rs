//! Names that people and programs know things by.

use sealpoint_emv::{DataAuthentication, Interface, OdaMethod};
use sealpoint_wire::lane::CardPrompt;

/// Registered application providers (first five bytes of an AID, ISO/IEC 7816-5) and their schemes.
const SCHEMES: &[([u8; 5], &str)] = &[
    ([0xA0, 0x00, 0x00, 0x00, 0x03], "visa"),
    ([0xA0, 0x00, 0x00, 0x00, 0x04], "mastercard"),
    ([0xA0, 0x00, 0x00, 0x00, 0x05], "mastercard"),
    ([0xA0, 0x00, 0x00, 0x00, 0x25], "amex"),
    ([0xA0, 0x00, 0x00, 0x00, 0x42], "cb"),
    ([0xA0, 0x00, 0x00, 0x00, 0x65], "jcb"),
    ([0xA0, 0x00, 0x00, 0x01, 0x52], "discover"),
    ([0xA0, 0x00, 0x00, 0x02, 0x77], "interac"),
    ([0xA0, 0x00, 0x00, 0x03, 0x33], "unionpay"),
    ([0xA0, 0x00, 0x00, 0x03, 0x59], "girocard"),
];
/// The Mastercard AIDs that are sold under a name of their own.
const MAESTRO: [u8; 7] = [0xA0, 0x00, 0x00, 0x00, 0x04, 0x30, 0x60];

/// The scheme of an AID, in lower case; `other` for one that is not known here.
pub(super) fn scheme(aid: &[u8]) -> &'static str {
    if aid.starts_with(&MAESTRO) {
        return "maestro";
    }
    SCHEMES
        .iter()
        .find(|(provider, _)| aid.starts_with(provider))
        .map_or("other", |(_, scheme)| scheme)
}

/// What the cardholder should do.
pub(super) fn prompt(prompt: CardPrompt) -> &'static str {
    match prompt {
        CardPrompt::InsertCard => "Insert the card.",
        CardPrompt::PresentCard => "Hold the card to the reader, or insert it.",
        CardPrompt::UseContacts => "Insert the card: this needs its chip.",
        CardPrompt::PresentAgain => "Hold the card to the reader again.",
        CardPrompt::SeePhone => "Confirm on the device, then hold it to the reader again.",
        CardPrompt::ChooseApplication => "Choose an application.",
        CardPrompt::EnterPin => "Enter the PIN on the reader.",
        CardPrompt::EnterPinAgain => "The PIN was wrong. Enter it again on the reader.",
        CardPrompt::LastPinTry => "The PIN was wrong. This is the last try.",
        CardPrompt::Reading => "Reading the card.",
        CardPrompt::Authorising => "Asking the host.",
        CardPrompt::RemoveCard => "Take the card out.",
    }
}

/// The cardholder verification that CVM results tell of (EMV 4.4 Book 3 Annex C3, Book 4 Annex A4).
pub(super) fn cvm([method, _, result]: [u8; 3]) -> String {
    let name = match method & 0x3F {
        0x00 => "fail CVM processing",
        0x01 => "plaintext PIN, verified by the card",
        0x02 => "enciphered PIN, verified by the host",
        0x03 => "plaintext PIN, verified by the card, and signature",
        0x04 => "enciphered PIN, verified by the card",
        0x05 => "enciphered PIN, verified by the card, and signature",
        0x1E => "signature",
        0x1F => "no CVM required",
        0x3F => "none performed",
        other => return format!("method {other:02X}"),
    };
    let result = match result {
        _ if method == 0x3F && result == 0x00 => return name.to_owned(),
        0x01 => "failed",
        0x02 => "successful",
        _ => "result unknown here",
    };
    format!("{name}: {result}")
}

/// How the card was spoken to.
pub(super) fn interface(interface: Interface) -> &'static str {
    match interface {
        Interface::Contact => "contact",
        Interface::Contactless => "contactless",
    }
}

/// What came of offline data authentication.
pub(super) fn data_authentication(verdict: DataAuthentication) -> &'static str {
    use OdaMethod::{Cda, Dda, Fdda, Sda};
    match verdict {
        DataAuthentication::NotPerformed => "not_performed",
        DataAuthentication::Done(Sda) => "sda_ok",
        DataAuthentication::Done(Dda) => "dda_ok",
        DataAuthentication::Done(Cda) => "cda_ok",
        DataAuthentication::Done(Fdda) => "fdda_ok",
        DataAuthentication::Failed(Sda) => "sda_failed",
        DataAuthentication::Failed(Dda) => "dda_failed",
        DataAuthentication::Failed(Cda) => "cda_failed",
        DataAuthentication::Failed(Fdda) => "fdda_failed",
    }
}
