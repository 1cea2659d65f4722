//! How a charge ends. A decline or a removed card is an outcome, not an error.

use core::fmt::{self, Display, Formatter};

use sealpoint_secret::{LogSafe, TruncatedPan};

use crate::{
    aid::Aid,
    dialogue::Dialogue,
    fault::Fault,
    generate_ac::Cryptogram,
    oda::{DataAuthentication, Flaw},
    online,
    script::ScriptResult,
    verification::{Tsi, Tvr},
};

/// The end of a charge and what is known of it. Holds nothing that may not be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// What the receipt and the record need.
    pub evidence: Evidence,
}

/// How a charge ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The host approved and the card agreed: with a TC, or without contacts by having asked. Pays.
    Approved,
    /// Card and terminal approved without the host, with a TC. Pays, and the host must still be told.
    ApprovedOffline,
    /// Declined without asking the host.
    DeclinedOffline(Decliner),
    /// The host declined; these two characters are its answer (tag 8A).
    DeclinedByHost([u8; 2]),
    /// The host approved and the card refused, or did not prove that it agreed: the host's approval
    /// must be reversed.
    DeclinedByCard,
    /// The issuer wants to be called (Book 4 §6.3.7); these two characters are its answer. Nothing is
    /// charged here.
    Referred([u8; 2]),
    /// The host could not be asked, so the charge was declined.
    UnableToGoOnline,
    /// Without contacts it does not go on: insert the card (Book A §5.8, Try Another Interface).
    UseContacts,
    /// The cardholder's device wants something done on it; present it again (Book C-3 §5.8).
    SeePhone,
    /// The card left the field before it had said all; present it again.
    PresentAgain,
    /// The card was taken out before the end.
    Removed,
    /// The driver gave up.
    Cancelled,
    /// This card cannot be used here.
    NotAccepted(Refusal),
    /// The card, or the driver, broke the protocol.
    Terminated(Fault),
}

/// Who declined without asking the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decliner {
    /// The terminal, because an action code of the card or the acquirer denies these TVR bits.
    Terminal(Tvr),
    /// The card answered AAC.
    Card,
}

/// Why a card cannot be used here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// The card is blocked, or does not know SELECT (Book 1 §12.3.2).
    CardBlocked,
    /// None of its applications is accepted here.
    NoCommonApplication,
    /// It has one, but its issuer has blocked it.
    ApplicationBlocked,
    /// It has one, but the cardholder would have to confirm it, which this terminal does not offer.
    NeedsConfirmation,
    /// Its application is not meant for this (reason code of the CID, Book 4 §6.3.7).
    ServiceNotAllowed,
    /// Its application does not allow this use (6985 to GET PROCESSING OPTIONS, Book 3 §10.1).
    ConditionsOfUse,
}

/// How a card is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Interface {
    /// By its contacts.
    Contact,
    /// Through the air.
    Contactless,
}

/// What the host said.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostVerdict {
    /// The kernel never asked for it.
    NotAsked,
    /// The kernel asked and was told nothing yet: the fate is unknown to it.
    Asked,
    /// It approved.
    Approved,
    /// It declined, with this answer.
    Declined([u8; 2]),
    /// It wants the merchant to call the issuer, with this answer.
    Referred([u8; 2]),
    /// It could not be asked or did not answer.
    Unreachable,
}

/// What the receipt and the record need of a charge; empty as far as it did not get.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// How the card was read.
    pub interface: Interface,
    /// DF name of the selected application; before the PAN is known, the terminal's AID that it
    /// matched.
    pub aid: Option<Aid>,
    /// Its name, as the cardholder knows it.
    pub label: Option<String>,
    /// What may be shown of the PAN.
    pub truncated_pan: Option<TruncatedPan>,
    /// Terminal verification results.
    pub tvr: Tvr,
    /// Which phases were performed.
    pub tsi: Tsi,
    /// What offline data authentication came to, with contacts and without.
    pub oda: DataAuthentication,
    /// Why offline data authentication failed, if it did: for whoever looks for the reason. What
    /// counts is the TVR.
    pub oda_flaw: Option<Flaw>,
    /// CVM results, tag 9F34.
    pub cvm_results: [u8; 3],
    /// Whether the receipt needs the cardholder's signature.
    pub signature: bool,
    /// Whether the card asked for an advice to its issuer (CID bit 4, Book 3 table 15), or the
    /// terminal owes one (Book 4 §6.3.6).
    pub advice: bool,
    /// The last cryptogram.
    pub cryptogram: Option<Cryptogram>,
    /// What the host said.
    pub host: HostVerdict,
    /// What became of the issuer's scripts.
    pub scripts: Vec<ScriptResult>,
    /// EMV data for the acquirer as it stands now (DE 55); never account data.
    pub de55: Vec<u8>,
}

impl Evidence {
    /// What is known of a charge now.
    pub(crate) fn of(dialogue: &mut Dialogue) -> Self {
        let de55 = online::de55(dialogue);
        let selected = dialogue.selected.as_ref();
        // A card that writes its PAN where everybody reads has it left out.
        let shown = |data: &[u8]| !dialogue.names_account(data);
        // Until the PAN is known nothing can be compared with it, and of the card's name for the
        // application only the terminal's part is sure to be none of it.
        let known = dialogue.truncated_pan.is_some();
        let aid = selected
            .filter(|selected| shown(selected.df_name.as_slice()))
            .map(|selected| match known {
                true => selected.df_name,
                false => selected.application.aid,
            });
        let whole = selected.is_none_or(|selected| aid == Some(selected.df_name));
        Self {
            interface: dialogue.interface,
            advice: dialogue.advice,
            aid,
            label: selected
                .map(|selected| selected.label.clone())
                .filter(|label| shown(label.as_bytes())),
            truncated_pan: dialogue.truncated_pan.clone(),
            tvr: dialogue.tvr,
            tsi: dialogue.tsi,
            oda: dialogue.oda.verdict(),
            oda_flaw: dialogue.oda.flaw(),
            cvm_results: dialogue.cvm.bytes,
            signature: dialogue.cvm.signature,
            cryptogram: dialogue.cryptogram,
            host: dialogue.host,
            scripts: dialogue.scripts.clone(),
            de55: if whole && shown(&de55) {
                de55
            } else {
                Vec::new()
            },
        }
    }
}

impl Outcome {
    /// Whether this pays.
    #[must_use]
    pub fn pays(&self) -> bool {
        matches!(self.ending, Ending::Approved | Ending::ApprovedOffline)
    }

    /// Whether the host may hold an approval that the charge does not use: one that was approved
    /// without it, after it could not be asked, does not. Only the driver knows whether an
    /// unreachable host was asked at all.
    #[must_use]
    pub fn may_need_reversal(&self) -> bool {
        self.ending != Ending::Approved
            && matches!(
                self.evidence.host,
                HostVerdict::Asked | HostVerdict::Approved | HostVerdict::Unreachable
            )
    }
}

impl Display for Ending {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approved => f.write_str("Approved by the host and the card."),
            Self::ApprovedOffline => f.write_str("Approved by the card without the host."),
            Self::Referred(_) => f.write_str(
                "The issuer wants to be called, so nothing was charged. Ask for another card or cash.",
            ),
            Self::UseContacts => f.write_str("This needs the chip. Insert the card."),
            Self::SeePhone => {
                f.write_str("The device wants its holder to confirm. Look at it, then present it again.")
            }
            Self::PresentAgain => f.write_str("The card left too soon. Present it again."),
            Self::DeclinedOffline(Decliner::Card) => {
                f.write_str("The card declined. Ask for another card or cash.")
            }
            Self::DeclinedOffline(Decliner::Terminal(tvr)) => {
                let why = if tvr.contains(Tvr::EXPIRED) {
                    "the card has expired"
                } else if tvr.contains(Tvr::NOT_YET_EFFECTIVE) {
                    "the card is not valid yet"
                } else if tvr.contains(Tvr::SERVICE_NOT_ALLOWED) {
                    "the card is not meant for this kind of sale"
                } else if tvr.intersects(Tvr::SDA_FAILED | Tvr::DDA_FAILED | Tvr::CDA_FAILED) {
                    "the card could not prove that it is genuine"
                } else if tvr.contains(Tvr::CVM_FAILED) {
                    "the cardholder was not verified"
                } else {
                    "a rule of the issuer or the acquirer forbids it"
                };
                write!(
                    f,
                    "Declined: {why} (TVR {tvr}). Ask for another card or cash."
                )
            }
            Self::DeclinedByHost(_) => {
                f.write_str("The issuer declined. Ask for another card or cash.")
            }
            Self::DeclinedByCard => f.write_str(
                "The card declined after the host had approved. Ask for another card or cash.",
            ),
            Self::UnableToGoOnline => f.write_str(
                "The host could not be reached, so nothing was charged. Try again or take cash.",
            ),
            Self::Removed => {
                f.write_str("The card was taken out too soon. Insert it again and leave it in.")
            }
            Self::Cancelled => f.write_str("Cancelled at the till. Start again or take cash."),
            Self::NotAccepted(refusal) => refusal.fmt(f),
            Self::Terminated(fault) => {
                write!(
                    f,
                    "Stopped: {fault}. Try once more, then ask for another card or cash."
                )
            }
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CardBlocked => "The card is blocked. Ask for another card or cash.",
            Self::NoCommonApplication => {
                "No application of this card is accepted here. Ask for another card or cash."
            }
            Self::ApplicationBlocked => {
                "The issuer has blocked this card's application. Ask for another card or cash."
            }
            Self::NeedsConfirmation => {
                "This card must be confirmed by its holder, which this till does not offer. Ask for another card or cash."
            }
            Self::ServiceNotAllowed | Self::ConditionsOfUse => {
                "The card does not allow this use. Ask for another card or cash."
            }
        })
    }
}

impl LogSafe for Ending {}
impl LogSafe for Refusal {}
