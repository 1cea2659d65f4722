//! Offline data authentication: whether card and data are what an issuer made (EMV 4.4 Book 3 §10.3,
//! Book 2 §5 to §7).
//!
//! | what | module | source |
//! |---|---|---|
//! | the schemes' keys | `capk` | Book 2 §5.2, §11.2.2 |
//! | from them to the card's keys | `chain`, `certificate` | Book 2 §5.3, §6.3, §6.4, §7.1 |
//! | what is authenticated | `static_data` | Book 3 §10.3 |
//! | SDA | `sda` | Book 2 §5.4 |
//! | DDA | `dda` | Book 2 §6.5 |
//! | CDA | `cda` | Book 2 §6.6 |
//! | fast DDA | `fdda` | Book C-3 Annex C |
//! | what a signature says | `rsa`, `signature`, `dynamic` | Book 2 Annex A2, B2 |
//! | what is told of it | `verdict` | |
//!
//! A failure is no fault: it sets bits, and terminal action analysis decides.

mod capk;
mod cda;
mod certificate;
mod chain;
mod dda;
mod dynamic;
mod fdda;
mod flaw;
mod rsa;
mod sda;
mod signature;
mod static_data;
mod verdict;

use sealpoint_secret::SecretBytes;

use crate::{
    apdu::CApdu,
    dialogue::Dialogue,
    exchange::Answer,
    fault::Fault,
    tag, tlv,
    verification::{Aip, Tsi, Tvr},
};

pub use capk::{Capk, Revoked};
pub use flaw::Flaw;
pub use verdict::{DataAuthentication, OdaMethod};

/// The card's key for enciphering a PIN (Book 2 §7.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PinKey {
    /// The modulus.
    pub modulus: Vec<u8>,
    /// The exponent: 3 or 65537.
    pub exponent: u32,
}

/// What offline data authentication has gathered and found in one charge.
#[derive(Default)]
pub(crate) struct Oda {
    static_data: static_data::StaticData,
    /// The values that the card was sent: they are part of what CDA signs.
    pdol: Option<SecretBytes>,
    cdol1: Option<SecretBytes>,
    cdol2: Option<SecretBytes>,
    ddol: Option<SecretBytes>,
    method: Option<Method>,
    /// The card's key, once its chain was verified.
    key: Option<rsa::PublicKey>,
    flaw: Option<Flaw>,
    verdict: DataAuthentication,
}

/// Which of the two GENERATE AC commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Round {
    First,
    Second,
}

/// A method, by terminal capabilities and AIP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Method {
    Sda,
    Dda,
    Cda,
}

impl Method {
    /// The strongest one that terminal and card both have (Book 3 §10.3).
    fn of(dialogue: &Dialogue) -> Option<Self> {
        let [_, _, here] = dialogue.terminal.capabilities;
        [Self::Cda, Self::Dda, Self::Sda]
            .into_iter()
            .find(|method| here & method.capability() != 0 && dialogue.aip.contains(method.aip()))
    }

    /// Its bit in terminal capabilities byte 3 (Book 4 Annex A2).
    fn capability(self) -> u8 {
        match self {
            Self::Sda => 0x80,
            Self::Dda => 0x40,
            Self::Cda => 0x08,
        }
    }

    fn aip(self) -> Aip {
        match self {
            Self::Sda => Aip::SDA,
            Self::Dda => Aip::DDA,
            Self::Cda => Aip::CDA,
        }
    }

    fn failed(self) -> Tvr {
        match self {
            Self::Sda => Tvr::SDA_FAILED,
            Self::Dda => Tvr::DDA_FAILED,
            Self::Cda => Tvr::CDA_FAILED,
        }
    }
}

impl Oda {
    /// Takes the values sent with GET PROCESSING OPTIONS; empty if the card has no PDOL.
    pub(crate) fn heard_pdol(&mut self, values: &[u8]) {
        self.pdol = Some(SecretBytes::from_slice(values));
    }

    /// Takes the values sent with the first GENERATE AC.
    pub(crate) fn heard_cdol1(&mut self, values: &[u8]) {
        self.cdol1 = Some(SecretBytes::from_slice(values));
    }

    /// Takes the values sent with the second GENERATE AC.
    pub(crate) fn heard_cdol2(&mut self, values: &[u8]) {
        self.cdol2 = Some(SecretBytes::from_slice(values));
    }

    /// Wipes the records, which hold the account: from the first cryptogram on the card's key is all
    /// that is needed.
    pub(crate) fn forget_records(&mut self) {
        self.static_data = static_data::StaticData::default();
    }

    /// Why authentication failed, if it did.
    pub(crate) fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// What it came to so far.
    pub(crate) fn verdict(&self) -> DataAuthentication {
        self.verdict
    }
}

/// Takes a record that the AFL marks, as READ RECORD answered it.
pub(crate) fn gather(dialogue: &mut Dialogue, sfi: u8, record: &[u8]) {
    dialogue.oda.static_data.gather(sfi, record);
}

/// Chooses the method and does what can be done of it now: all of SDA, and for DDA and CDA the card's
/// key. Gives INTERNAL AUTHENTICATE for DDA.
pub(crate) fn start(dialogue: &mut Dialogue) -> Option<CApdu> {
    let Some(method) = Method::of(dialogue) else {
        dialogue.tvr |= Tvr::ODA_NOT_PERFORMED;
        return None;
    };
    dialogue.oda.method = Some(method);
    let prepared = match method {
        Method::Sda => {
            dialogue.tvr |= Tvr::SDA_SELECTED;
            sda(dialogue).map(|()| None)
        }
        Method::Dda => dda::prepare(dialogue).map(Some),
        Method::Cda => cda::prepare(dialogue).map(|()| None),
    };
    if prepared.is_ok() {
        let index = dialogue
            .store
            .public(tag::CAPK_INDEX_CARD)
            .map(<[u8]>::to_vec);
        dialogue
            .store
            .set(tag::CAPK_INDEX, &index.unwrap_or_default());
    }
    match prepared {
        Ok(told) => {
            let command = told.as_ref().map(CApdu::internal_authenticate);
            dialogue.oda.ddol = told;
            command
        }
        Err(flaw) => {
            failed(dialogue, method, flaw);
            None
        }
    }
}

fn sda(dialogue: &mut Dialogue) -> Result<(), Flaw> {
    let code = sda::verify(dialogue)?;
    dynamic::keep(dialogue, tag::DATA_AUTHENTICATION_CODE, &code)?;
    done(dialogue, Method::Sda);
    Ok(())
}

/// Takes the answer to INTERNAL AUTHENTICATE (Book 3 §6.5.9.4).
///
/// # Errors
/// [`Fault`] if the card refuses the command or answers no signature, which ends the charge; a wrong
/// signature does not.
pub(crate) fn answered(dialogue: &mut Dialogue, answer: &Answer) -> Result<(), Fault> {
    let data = answer.ok()?;
    let malformed = Fault::Malformed(answer.command);
    let object = tlv::objects(data)
        .next()
        .and_then(Result::ok)
        .ok_or(malformed)?;
    let signature = match object.tag {
        tag::FORMAT_1 => object.value,
        tag::FORMAT_2 => tlv::find(object.value, tag::SIGNED_DYNAMIC_DATA)
            .map_err(|_| malformed)?
            .ok_or(Fault::Missing(tag::SIGNED_DYNAMIC_DATA))?,
        _ => return Err(malformed),
    };
    match dda::verify(dialogue, signature) {
        Ok(()) => done(dialogue, Method::Dda),
        Err(flaw) => failed(dialogue, Method::Dda, flaw),
    }
    Ok(())
}

/// Whether GENERATE AC is to ask for a signature with a TC or ARQC: CDA was chosen, and nothing has
/// failed so far (Book 2 §6.6).
pub(crate) fn wants_cda(dialogue: &Dialogue) -> bool {
    let oda = &dialogue.oda;
    oda.method == Some(Method::Cda) && oda.flaw.is_none()
}

/// Verifies the signature among the objects (of template 77) that answered a GENERATE AC which asked
/// for one and got a TC or ARQC, and that it covers the CID shown (Book 2 §6.6.2). Gives the
/// cryptogram; none if the signature is missing or wrong, which the TVR then says.
pub(crate) fn check_cda(
    dialogue: &mut Dialogue,
    round: Round,
    cid: u8,
    objects: &[u8],
) -> Option<[u8; 8]> {
    match cda::verify(dialogue, round, cid, objects) {
        Ok(cryptogram) => {
            done(dialogue, Method::Cda);
            Some(cryptogram)
        }
        Err(flaw) => {
            failed(dialogue, Method::Cda, flaw);
            None
        }
    }
}

/// The card's key for enciphering a PIN, whatever the AIP says of data authentication: its own, or
/// else the card's (Book 2 §7.1).
pub(crate) fn pin_key(dialogue: &Dialogue) -> Option<PinKey> {
    let key = chain::pin(dialogue).ok()?;
    Some(PinKey {
        modulus: key.modulus().to_vec(),
        exponent: key.exponent(),
    })
}

/// A message as long as the key's modulus, to the power of its exponent: what only the card can undo
/// (Book 2 Annex B2.1). None if the key is not one.
pub(crate) fn raise(key: &PinKey, message: &SecretBytes) -> Option<SecretBytes> {
    rsa::PublicKey::new(&key.modulus, &key.exponent.to_be_bytes())?.recover(message.expose())
}

/// Verifies fast DDA. TVR and TSI stay as they are: the card's cryptogram is older than the result.
pub(crate) fn check_fdda(dialogue: &mut Dialogue, signed: &[u8]) -> bool {
    let flaw = fdda::verify(dialogue, signed).err();
    dialogue.oda.verdict = match flaw {
        None => DataAuthentication::Done(OdaMethod::Fdda),
        Some(_) => DataAuthentication::Failed(OdaMethod::Fdda),
    };
    dialogue.oda.flaw = flaw;
    flaw.is_none()
}

fn done(dialogue: &mut Dialogue, method: Method) {
    dialogue.oda.verdict = DataAuthentication::Done(method.into());
    dialogue.tsi |= Tsi::ODA;
}

fn failed(dialogue: &mut Dialogue, method: Method, flaw: Flaw) {
    dialogue.oda.flaw = Some(flaw);
    dialogue.oda.verdict = DataAuthentication::Failed(method.into());
    dialogue.tvr |= method.failed();
    if let Flaw::Missing(_) = flaw {
        dialogue.tvr |= Tvr::CARD_DATA_MISSING;
    }
    dialogue.tsi |= Tsi::ODA;
}
