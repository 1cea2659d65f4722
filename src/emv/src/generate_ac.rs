//! GENERATE AC, first and second (EMV 4.4 Book 3 §6.5.5, §10.8, §10.11).

use core::fmt::{self, Display, Formatter};

use sealpoint_secret::LogSafe;

use crate::{
    apdu::CApdu,
    dialogue::Dialogue,
    dol,
    exchange::Answer,
    fault::Fault,
    oda::{self, Round},
    tag::{self, Tag},
    tc_hash, tlv,
    verification::Tvr,
};

/// Bytes of the longest issuer application data.
const MAX_IAD: usize = 32;
/// CID bits that say which cryptogram it is (table 15).
const CID_KIND: u8 = 0xC0;
/// CID bit that asks for an advice to the issuer.
const CID_ADVICE: u8 = 0x08;
/// CID bits that say why.
const CID_REASON: u8 = 0x07;
/// The reason that is an answer of its own: this service is not allowed.
const SERVICE_NOT_ALLOWED: u8 = 0x01;

/// The kind of an application cryptogram.
/// From the lowest to the highest (§9.3): a card may answer lower than it was asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AcType {
    /// Application authentication cryptogram: declined.
    Aac,
    /// Authorisation request cryptogram: ask the issuer.
    Arqc,
    /// Certificate that the card approves.
    Tc,
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
}

impl Cryptogram {
    /// Whether the card declines because it is not meant for this (Book 4 §6.3.7: not accepted).
    pub(crate) fn refuses_service(&self) -> bool {
        self.kind == AcType::Aac && self.cid & CID_REASON == SERVICE_NOT_ALLOWED
    }
}

/// What a GENERATE AC asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) kind: AcType,
    pub(crate) round: Round,
    /// Whether the card was to sign its answer (CDA).
    signed: bool,
}

/// What an answer comes to.
pub(crate) enum Given {
    /// A cryptogram that may follow the request.
    Cryptogram(Cryptogram),
    /// One of this kind, but its signature does not hold: nothing of it is believed.
    Unproven(AcType),
}

/// The card's answer, read and not yet believed.
struct Response<'a> {
    cid: u8,
    atc: u16,
    ac: Option<[u8; 8]>,
    iad: &'a [u8],
    /// The objects of format 2, which a signature covers.
    objects: &'a [u8],
}

/// GENERATE AC with the data that the CDOL of this round asks for.
pub(crate) fn command(
    dialogue: &mut Dialogue,
    kind: AcType,
    round: Round,
) -> Result<(Asked, CApdu), Fault> {
    let cdol = cdol(round);
    let could_sign = oda::wants_cda(dialogue);
    if could_sign && kind == AcType::Aac && round == Round::First {
        // An AAC is never signed, so that nothing of the card will be authenticated (Book 2 §6.6).
        dialogue.tvr |= Tvr::ODA_NOT_PERFORMED;
    }
    dialogue.write_results();
    tc_hash::fill(dialogue, cdol)?;
    let store = &dialogue.store;
    let list = store.public(cdol).ok_or(Fault::Missing(cdol))?;
    let values = dol::build(list, store).map_err(|error| Fault::Dol(cdol, error))?;
    match round {
        Round::First => dialogue.oda.heard_cdol1(values.expose()),
        Round::Second => dialogue.oda.heard_cdol2(values.expose()),
    }
    let signed = could_sign && kind != AcType::Aac;
    let asked = Asked {
        kind,
        round,
        signed,
    };
    Ok((asked, CApdu::generate_ac(kind, signed, &values)))
}

/// The elements that the second GENERATE AC asks for.
pub(crate) fn second_needs(dialogue: &Dialogue) -> Vec<Tag> {
    let list = dialogue.store.public(tag::CDOL2).unwrap_or(&[]);
    let mut needed = dol::wanted(list);
    needed.extend(tc_hash::ingredients(dialogue, tag::CDOL2));
    needed
}

/// Takes the cryptogram. Only one that is whole, allowed and proven replaces what the dialogue holds
/// of an earlier one.
pub(crate) fn answered(
    dialogue: &mut Dialogue,
    asked: Asked,
    answer: &Answer,
) -> Result<Given, Fault> {
    let response = Response::read(answer)?;
    let kind = response.kind(asked)?;
    if dialogue
        .cryptogram
        .is_some_and(|first| first.atc != response.atc)
    {
        return Err(Fault::CounterChanged);
    }
    if dialogue.names_account(response.iad) {
        return Err(Fault::AccountShown);
    }
    let value = if asked.signed && kind != AcType::Aac {
        match oda::check_cda(dialogue, asked.round, response.cid, response.objects) {
            Some(value) => value,
            None => return Ok(Given::Unproven(kind)),
        }
    } else {
        response.ac.ok_or(Fault::Missing(tag::AC))?
    };
    let cryptogram = Cryptogram {
        kind,
        cid: response.cid,
        atc: response.atc,
        value,
    };
    believe(dialogue, &cryptogram, response.iad)?;
    Ok(Given::Cryptogram(cryptogram))
}

/// Puts a cryptogram where DE 55 and the outcome read it.
fn believe(dialogue: &mut Dialogue, cryptogram: &Cryptogram, iad: &[u8]) -> Result<(), Fault> {
    let elements: [(Tag, &[u8]); 4] = [
        (tag::CID, &[cryptogram.cid]),
        (tag::ATC, &cryptogram.atc.to_be_bytes()),
        (tag::AC, &cryptogram.value),
        (tag::IAD, iad),
    ];
    for (tag, value) in elements {
        dialogue.store.forget(tag);
        dialogue.store.learn(tag, value)?;
    }
    dialogue.advice |= cryptogram.kind != AcType::Arqc && cryptogram.cid & CID_ADVICE != 0;
    dialogue.cryptogram = Some(*cryptogram);
    Ok(())
}

fn cdol(round: Round) -> Tag {
    match round {
        Round::First => tag::CDOL1,
        Round::Second => tag::CDOL2,
    }
}

impl<'a> Response<'a> {
    /// Reads format 1 or 2 (§6.5.5.4), and nothing behind it.
    fn read(answer: &'a Answer) -> Result<Self, Fault> {
        let data = answer.ok()?;
        let malformed = Fault::Malformed(answer.command);
        let mut objects = tlv::objects(data);
        let response = match (objects.next(), objects.next()) {
            (Some(Ok(object)), None) if object.tag == tag::FORMAT_1 => {
                Self::format_1(object.value).ok_or(malformed)?
            }
            (Some(Ok(object)), None) if object.tag == tag::FORMAT_2 => {
                Self::format_2(object.value, malformed)?
            }
            _ => return Err(malformed),
        };
        if response.iad.len() > MAX_IAD {
            return Err(Fault::Erroneous(tag::IAD));
        }
        Ok(response)
    }

    /// CID, ATC, cryptogram and, if there is any, issuer application data.
    fn format_1(value: &'a [u8]) -> Option<Self> {
        let ([cid], rest) = value.split_first_chunk::<1>()?;
        let (atc, rest) = rest.split_first_chunk::<2>()?;
        let (ac, iad) = rest.split_first_chunk::<8>()?;
        Some(Self {
            cid: *cid,
            atc: u16::from_be_bytes(*atc),
            ac: Some(*ac),
            iad,
            objects: &[],
        })
    }

    fn format_2(objects: &'a [u8], malformed: Fault) -> Result<Self, Fault> {
        let [mut cid, mut atc, mut ac, mut iad] = [None; 4];
        for object in tlv::objects(objects) {
            let object = object.map_err(|_| malformed)?;
            let place = match object.tag {
                tag::CID => &mut cid,
                tag::ATC => &mut atc,
                tag::AC => &mut ac,
                tag::IAD => &mut iad,
                _ => continue,
            };
            if place.replace(object.value).is_some() {
                return Err(Fault::Repeated(object.tag));
            }
        }
        let [cid] = fixed(tag::CID, cid)?.ok_or(Fault::Missing(tag::CID))?;
        let atc = fixed(tag::ATC, atc)?.ok_or(Fault::Missing(tag::ATC))?;
        Ok(Self {
            cid,
            atc: u16::from_be_bytes(atc),
            ac: fixed(tag::AC, ac)?,
            iad: iad.unwrap_or(&[]),
            objects,
        })
    }

    /// Which cryptogram it counts as. One that is higher than what was asked for is an error of the
    /// card: the first ends the charge, the second counts as an AAC, for nothing is left to ask
    /// (§9.3). So does an ARQC in the second place.
    fn kind(&self, asked: Asked) -> Result<AcType, Fault> {
        let claimed = AcType::from_cid(self.cid);
        match asked.round {
            Round::First => {
                let got = claimed.ok_or(Fault::Erroneous(tag::CID))?;
                if got > asked.kind {
                    return Err(Fault::WrongCryptogram {
                        asked: asked.kind,
                        got,
                    });
                }
                Ok(got)
            }
            Round::Second if claimed == Some(AcType::Tc) && asked.kind == AcType::Tc => {
                Ok(AcType::Tc)
            }
            Round::Second => Ok(AcType::Aac),
        }
    }
}

fn fixed<const N: usize>(tag: Tag, value: Option<&[u8]>) -> Result<Option<[u8; N]>, Fault> {
    value
        .map(|value| value.try_into().map_err(|_| Fault::Erroneous(tag)))
        .transpose()
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
