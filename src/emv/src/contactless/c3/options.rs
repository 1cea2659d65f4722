//! GET PROCESSING OPTIONS, whose answer holds the cryptogram (Book C-3 §5.3.1).

use crate::{
    apdu::{CApdu, Sw},
    contactless::kernel::KernelOutcome,
    dialogue::Dialogue,
    dol,
    exchange::Answer,
    fault::Fault,
    records::Reading,
    tag, tlv,
    verification::Aip,
};

/// The card wants another interface.
const ANOTHER_INTERFACE: Sw = Sw(0x6984);
/// The cardholder's device wants something done on it.
const SEE_DEVICE: Sw = Sw(0x6986);

/// What the card answered.
pub(super) enum Options {
    /// Its data; more lies in these records, if it names any.
    Given { records: Option<Reading> },
    /// Nothing that this kernel can go on with.
    Refused(KernelOutcome),
}

/// The command, with what the PDOL asks for.
pub(super) fn command(dialogue: &mut Dialogue) -> Result<CApdu, Fault> {
    dialogue.write_results();
    let selected = dialogue.selected.as_ref().ok_or(Fault::OutOfTurn)?;
    let values = dol::build(&selected.pdol, &dialogue.store)
        .map_err(|error| Fault::Dol(tag::PDOL, error))?;
    Ok(CApdu::get_processing_options(&values))
}

/// Takes the answer. One without a cryptogram is a magnetic stripe's, or a contact chip's by the
/// wrong way: the contacts are the way to go on.
pub(super) fn answered(dialogue: &mut Dialogue, answer: &Answer) -> Result<Options, Fault> {
    let refused = match answer.sw {
        ANOTHER_INTERFACE => Some(KernelOutcome::TryAnotherInterface),
        Sw::CONDITIONS => Some(KernelOutcome::SelectNext),
        SEE_DEVICE => Some(KernelOutcome::TryAgain),
        _ => None,
    };
    if let Some(outcome) = refused {
        return Ok(Options::Refused(outcome));
    }
    let malformed = Fault::Malformed(answer.command);
    let mut objects = tlv::objects(answer.ok()?);
    let template = match (objects.next(), objects.next()) {
        (Some(Ok(template)), None) => template,
        _ => return Err(malformed),
    };
    match template.tag {
        tag::FORMAT_2 => {}
        tag::FORMAT_1 => return Ok(Options::Refused(KernelOutcome::TryAnotherInterface)),
        _ => return Err(malformed),
    }
    for object in tlv::objects(template.value) {
        let object = object.map_err(|_| malformed)?;
        if !object.tag.is_constructed() {
            dialogue.store.learn(object.tag, object.value)?;
        }
    }
    let aip = dialogue.store.mandatory(tag::AIP)?;
    dialogue.aip = Aip::from_bits_retain(u16::from_be_bytes(aip));
    if dialogue.store.public(tag::AC).is_none() {
        return Ok(Options::Refused(KernelOutcome::TryAnotherInterface));
    }
    let afl = dialogue.store.public(tag::AFL);
    let records = afl.map(Reading::plan).transpose()?;
    Ok(Options::Given { records })
}
