//! Initiate application processing (EMV 4.4 Book 3 §10.1 and §6.5.8).

use crate::{
    apdu::{CApdu, Sw},
    dialogue::Dialogue,
    dol,
    exchange::Answer,
    fault::Fault,
    tag, tlv,
    verification::Aip,
};

/// Bytes of the AIP.
const AIP_LENGTH: usize = 2;

/// What the card answered.
pub(crate) enum Initiated {
    /// It supports this, and its data lies there.
    Ready {
        /// The application file locator.
        afl: Vec<u8>,
    },
    /// It does not want this charge; another application may.
    ConditionsNotSatisfied,
}

/// GET PROCESSING OPTIONS with the data that the PDOL asks for, or none.
pub(crate) fn command(dialogue: &mut Dialogue) -> Result<CApdu, Fault> {
    let selected = dialogue.selected.as_ref().ok_or(Fault::OutOfTurn)?;
    let values = dol::build(&selected.pdol, &dialogue.store)
        .map_err(|error| Fault::Dol(tag::PDOL, error))?;
    // CDA signs them (Book 2 §6.6.1).
    dialogue.oda.heard_pdol(values.expose());
    Ok(CApdu::get_processing_options(&values))
}

/// Takes AIP and AFL in format 1 or 2 (§6.5.8.4).
pub(crate) fn answered(dialogue: &mut Dialogue, answer: &Answer) -> Result<Initiated, Fault> {
    if answer.sw == Sw::CONDITIONS {
        return Ok(Initiated::ConditionsNotSatisfied);
    }
    let data = answer.ok()?;
    let malformed = Fault::Malformed(answer.command);
    let (aip, afl) = match (
        tlv::only(data, tag::FORMAT_1),
        tlv::only(data, tag::FORMAT_2),
    ) {
        (Some(value), _) => value.split_at_checked(AIP_LENGTH).ok_or(malformed)?,
        (None, Some(value)) => format_2(value, malformed)?,
        (None, None) => return Err(malformed),
    };
    let bits: [u8; AIP_LENGTH] = aip.try_into().map_err(|_| Fault::Erroneous(tag::AIP))?;
    dialogue.aip = Aip::from_bits_retain(u16::from_be_bytes(bits));
    dialogue.store.learn(tag::AIP, aip)?;
    Ok(Initiated::Ready { afl: afl.to_vec() })
}

/// AIP and AFL out of format 2. What else stands there is the card's own affair, but neither may
/// stand there twice.
fn format_2(value: &[u8], malformed: Fault) -> Result<(&[u8], &[u8]), Fault> {
    let (mut aip, mut afl) = (None, None);
    for object in tlv::objects(value) {
        let object = object.map_err(|_| malformed)?;
        let place = match object.tag {
            tag::AIP => &mut aip,
            tag::AFL => &mut afl,
            _ => continue,
        };
        if place.replace(object.value).is_some() {
            return Err(Fault::Repeated(object.tag));
        }
    }
    let aip = aip.ok_or(Fault::Missing(tag::AIP))?;
    let afl = afl.ok_or(Fault::Missing(tag::AFL))?;
    Ok((aip, afl))
}
