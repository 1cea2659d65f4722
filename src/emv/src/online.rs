//! Online processing: what goes to the host (EMV 4.4 Book 3 §10.9, Book 4 §12.1).

use sealpoint_secret::{Full, Pan, SecretBytes, Track2, TruncatedPan};

use crate::{
    aid::Aid,
    dialogue::Dialogue,
    fault::Fault,
    tag::{self, Tag},
    tlv,
};

/// What DE 55 holds, in this order, as far as the charge has it. No account data: that is sealed.
const DE55: [Tag; 23] = [
    tag::AC,
    tag::CID,
    tag::IAD,
    tag::UNPREDICTABLE,
    tag::ATC,
    tag::TVR,
    tag::TSI,
    tag::DATE,
    tag::KIND,
    tag::AMOUNT,
    tag::AMOUNT_OTHER,
    tag::CURRENCY,
    tag::AIP,
    tag::COUNTRY,
    tag::CAPABILITIES,
    tag::CVM_RESULTS,
    tag::TERMINAL_TYPE,
    tag::SERIAL,
    tag::DF_NAME,
    tag::VERSION_TERMINAL,
    tag::COUNTER,
    tag::PAN_SEQUENCE,
    tag::SCRIPT_RESULTS,
];
/// Bytes of the longest [`SecretCard::seal_input`]: 5A, 57, 5F24 and 5F34 with tags and lengths.
const MAX_SEAL_INPUT: usize = 64;

/// What the host is to be asked with. Has no `Debug`: it holds the card.
pub struct OnlineRequest {
    /// EMV data for the issuer (DE 55), BER-TLV, without account data.
    pub de55: Vec<u8>,
    /// The account data, to be sealed and dropped.
    pub card: SecretCard,
    /// What may be shown of the PAN.
    pub truncated_pan: TruncatedPan,
    /// DF name of the application.
    pub aid: Aid,
    /// Its name, as the cardholder knows it.
    pub label: String,
}

/// The account data of a card; wiped on drop.
pub struct SecretCard {
    /// The PAN.
    pub pan: Pan,
    /// Track 2 equivalent data, if the card gave it.
    pub track2: Option<Track2>,
    /// Expiration date, BCD YYMMDD (tag 5F24).
    pub expiry: [u8; 3],
    /// PAN sequence number (tag 5F34), if the card gave it.
    pub sequence: Option<u8>,
}

impl SecretCard {
    fn of(dialogue: &Dialogue) -> Result<Self, Fault> {
        let store = &dialogue.store;
        Ok(Self {
            pan: store.pan()?,
            track2: store.track2()?,
            expiry: store.mandatory(tag::EXPIRY)?,
            sequence: store.optional(tag::PAN_SEQUENCE)?.map(|[number]| number),
        })
    }

    /// The plaintext of a sealed card: BER-TLV 5A, 57 if given, 5F24, 5F34 if given.
    ///
    /// # Errors
    /// [`Full`] cannot happen with what a card may hold; it is passed on rather than hidden.
    pub fn seal_input(&self) -> Result<SecretBytes, Full> {
        let mut plain = SecretBytes::with_bound(MAX_SEAL_INPUT);
        start(&mut plain, tag::PAN, self.pan.digits().div_ceil(2))?;
        self.pan.write_bcd(&mut plain)?;
        if let Some(track2) = &self.track2 {
            start(&mut plain, tag::TRACK2, track2.packed_len())?;
            track2.write_bcd(&mut plain)?;
        }
        start(&mut plain, tag::EXPIRY, self.expiry.len())?;
        plain.append(&self.expiry)?;
        if let Some(sequence) = self.sequence {
            start(&mut plain, tag::PAN_SEQUENCE, 1)?;
            plain.append(&[sequence])?;
        }
        Ok(plain)
    }
}

fn start(plain: &mut SecretBytes, tag: Tag, length: usize) -> Result<(), Full> {
    for byte in tlv::tag_bytes(tag).chain(tlv::length_bytes(length)) {
        plain.append(&[byte])?;
    }
    Ok(())
}

/// What to ask the host with, after the card gave an ARQC.
pub(crate) fn request(dialogue: &mut Dialogue) -> Result<OnlineRequest, Fault> {
    let de55 = de55(dialogue);
    let selected = dialogue.selected.as_ref().ok_or(Fault::OutOfTurn)?;
    let card = SecretCard::of(dialogue)?;
    Ok(OnlineRequest {
        de55,
        truncated_pan: card.pan.truncated(),
        card,
        aid: selected.df_name,
        label: selected.label.clone(),
    })
}

/// DE 55 as the charge stands.
pub(crate) fn de55(dialogue: &mut Dialogue) -> Vec<u8> {
    dialogue.write_results();
    let mut data = Vec::new();
    for tag in DE55 {
        if let Some(value) = dialogue.store.public(tag) {
            tlv::push(&mut data, tag, value);
        }
    }
    data
}
