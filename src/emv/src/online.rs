//! Online processing: what goes to the host (EMV 4.4 Book 3 §10.9, Book 4 §12.1).

use sealpoint_secret::{Pan, Track2, TruncatedPan};

use crate::{
    aid::Aid,
    dialogue::Dialogue,
    fault::Fault,
    generate_ac,
    outcome::Interface,
    pin::OnlinePin,
    tag::{self, Tag},
    tlv,
};

/// What DE 55 holds, in this order, as far as the charge has it. No account data: that is sealed.
///
/// The first of it is what the issuer needs to verify the cryptogram (what cryptogram versions 10,
/// 18 and M/Chip's hash), then what tells it how the terminal came to its decision. The response code
/// (8A) is there once there is one: the second cryptogram covers it. 9F66, 9F6E and 9F7C exist
/// without contacts alone. What lies in the authorisation request's own fields (time, merchant,
/// terminal identification) or what only the card checks (9F45, 9F4C) is not repeated.
const DE55: [Tag; 28] = [
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
    tag::ENTRY_MODE,
    tag::ARC,
    tag::TTQ,
    tag::FORM_FACTOR,
    tag::CUSTOMER_DATA,
    tag::SCRIPT_RESULTS,
];

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
    /// How the card was read (ISO 8583 DE 22: 05 or 07).
    pub interface: Interface,
    /// The enciphered PIN block, if the host is to verify a PIN.
    pub pin: Option<OnlinePin>,
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
}

/// What to ask the host with, after the card gave an ARQC. The account data moves out: what stays
/// is what CDOL2 asks for, which is as a rule nothing.
pub(crate) fn request(dialogue: &mut Dialogue) -> Result<OnlineRequest, Fault> {
    let de55 = de55(dialogue);
    if dialogue.names_account(&de55) {
        return Err(Fault::AccountShown);
    }
    let selected = dialogue.selected.as_ref().ok_or(Fault::OutOfTurn)?;
    let card = SecretCard::of(dialogue)?;
    let request = OnlineRequest {
        de55,
        truncated_pan: card.pan.truncated(),
        card,
        aid: selected.df_name,
        label: selected.label.clone(),
        interface: dialogue.interface,
        pin: dialogue.online_pin.take(),
    };
    let needed = generate_ac::second_needs(dialogue);
    dialogue.store.forget_account(|tag| needed.contains(&tag));
    dialogue.oda.forget_records();
    Ok(request)
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
