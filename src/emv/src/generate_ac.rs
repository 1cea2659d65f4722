//! GENERATE AC, first and second (EMV 4.4 Book 3 §6.5.5, §10.8, §10.11).

use core::fmt::{self, Display, Formatter};

use sealpoint_secret::LogSafe;

use crate::{
    apdu::CApdu,
    dialogue::Dialogue,
    dol,
    exchange::Answer,
    fault::Fault,
    tag::{self, Tag},
    tlv,
};

/// Bytes of the longest issuer application data.
const MAX_IAD: usize = 32;
/// CID bits that say which cryptogram it is (table 15).
const CID_KIND: u8 = 0xC0;
/// What GENERATE AC answers: earlier values of these count no longer.
const ANSWERED: [Tag; 4] = [tag::CID, tag::ATC, tag::AC, tag::IAD];

/// The kind of an application cryptogram.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AcType {
    /// Application authentication cryptogram: declined.
    Aac,
    /// Certificate that the card approves.
    Tc,
    /// Authorisation request cryptogram: ask the issuer.
    Arqc,
}

/// An application cryptogram with what describes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cryptogram {
    /// Its kind.
    pub kind: AcType,
    /// Cryptogram information data, tag 9F27.
    pub cid: u8,
    /// Application transaction counter, tag 9F36.
    pub atc: u16,
    /// The cryptogram, tag 9F26.
    pub value: [u8; 8],
}

impl AcType {
    /// P1 of GENERATE AC (table 12).
    pub(crate) fn reference_control(self) -> u8 {
        match self {
            Self::Aac => 0x00,
            Self::Tc => 0x40,
            Self::Arqc => 0x80,
        }
    }

    pub(crate) fn from_cid(cid: u8) -> Option<Self> {
        match cid & CID_KIND {
            0x00 => Some(Self::Aac),
            0x40 => Some(Self::Tc),
            0x80 => Some(Self::Arqc),
            _ => None,
        }
    }

    /// Whether a card may answer this to a request for `asked`: the same, or it declines.
    fn may_answer(self, asked: Self) -> bool {
        self == asked || self == Self::Aac
    }
}

/// GENERATE AC with the data that CDOL1 or CDOL2 asks for.
pub(crate) fn command(dialogue: &mut Dialogue, asked: AcType, cdol: Tag) -> Result<CApdu, Fault> {
    dialogue.write_results();
    let store = &dialogue.store;
    let list = store.public(cdol).ok_or(Fault::Missing(cdol))?;
    let values = dol::build(list, store).map_err(|error| Fault::Dol(cdol, error))?;
    Ok(CApdu::generate_ac(asked, false, &values))
}

/// Takes the cryptogram in format 1 or 2 and refuses one that may not follow the request.
pub(crate) fn answered(
    dialogue: &mut Dialogue,
    asked: AcType,
    answer: &Answer,
) -> Result<Cryptogram, Fault> {
    let data = answer.ok()?;
    let malformed = Fault::Malformed(answer.command);
    let object = tlv::objects(data)
        .next()
        .and_then(Result::ok)
        .ok_or(malformed)?;
    for tag in ANSWERED {
        dialogue.store.forget(tag);
    }
    match object.tag {
        tag::FORMAT_1 => {
            let (cid, rest) = object.value.split_at_checked(1).ok_or(malformed)?;
            let (atc, rest) = rest.split_at_checked(2).ok_or(malformed)?;
            let (ac, iad) = rest.split_at_checked(8).ok_or(malformed)?;
            for (tag, value) in ANSWERED.into_iter().zip([cid, atc, ac, iad]) {
                if !value.is_empty() {
                    dialogue.store.learn(tag, value)?;
                }
            }
        }
        tag::FORMAT_2 => {
            for object in tlv::objects(object.value) {
                let object = object.map_err(|_| malformed)?;
                if ANSWERED.contains(&object.tag) {
                    dialogue.store.learn(object.tag, object.value)?;
                }
            }
        }
        _ => return Err(malformed),
    }
    let cryptogram = read(dialogue)?;
    if !cryptogram.kind.may_answer(asked) {
        return Err(Fault::WrongCryptogram {
            asked,
            got: cryptogram.kind,
        });
    }
    if let Some(first) = dialogue.cryptogram.replace(cryptogram)
        && first.atc != cryptogram.atc
    {
        return Err(Fault::CounterChanged);
    }
    Ok(cryptogram)
}

fn read(dialogue: &Dialogue) -> Result<Cryptogram, Fault> {
    let store = &dialogue.store;
    let [cid] = store.mandatory(tag::CID)?;
    let iad = store.public(tag::IAD).unwrap_or(&[]);
    if iad.len() > MAX_IAD {
        return Err(Fault::Erroneous(tag::IAD));
    }
    Ok(Cryptogram {
        kind: AcType::from_cid(cid).ok_or(Fault::Erroneous(tag::CID))?,
        cid,
        atc: u16::from_be_bytes(store.mandatory(tag::ATC)?),
        value: store.mandatory(tag::AC)?,
    })
}

impl Display for AcType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aac => "AAC",
            Self::Tc => "TC",
            Self::Arqc => "ARQC",
        })
    }
}

impl LogSafe for AcType {}
