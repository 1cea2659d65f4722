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
pub(crate) fn command(dialogue: &Dialogue) -> Result<CApdu, Fault> {
    let selected = dialogue.selected.as_ref().ok_or(Fault::OutOfTurn)?;
    let values = dol::build(&selected.pdol, &dialogue.store)
        .map_err(|error| Fault::Dol(tag::PDOL, error))?;
    Ok(CApdu::get_processing_options(&values))
}

/// Takes AIP and AFL in format 1 or 2 (§6.5.8.4).
pub(crate) fn answered(dialogue: &mut Dialogue, answer: &Answer) -> Result<Initiated, Fault> {
    if answer.sw == Sw::CONDITIONS {
        return Ok(Initiated::ConditionsNotSatisfied);
    }
    let data = answer.ok()?;
    let malformed = Fault::Malformed(answer.command);
    let object = tlv::objects(data)
        .next()
        .and_then(Result::ok)
        .ok_or(malformed)?;
    let (aip, afl) = match object.tag {
        tag::FORMAT_1 => object.value.split_first_chunk::<2>().ok_or(malformed)?,
        tag::FORMAT_2 => {
            let find = |wanted| {
                tlv::find(object.value, wanted)
                    .map_err(|_| malformed)?
                    .ok_or(Fault::Missing(wanted))
            };
            let aip = find(tag::AIP)?;
            let aip = aip.try_into().map_err(|_| Fault::Erroneous(tag::AIP))?;
            (aip, find(tag::AFL)?)
        }
        _ => return Err(malformed),
    };
    dialogue.aip = Aip::from_bits_retain(u16::from_be_bytes(*aip));
    dialogue.store.learn(tag::AIP, aip)?;
    Ok(Initiated::Ready { afl: afl.to_vec() })
}
