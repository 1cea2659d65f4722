//! Card read complete: whether everything mandatory is there, and what the card decided (Book C-3
//! §5.4).

use sealpoint_secret::SecretBytes;

use crate::{
    charge::is_date,
    dialogue::Dialogue,
    fault::Fault,
    generate_ac::{AcType, Cryptogram},
    tag::{self, Tag},
};

/// Bytes of the longest issuer application data.
const MAX_IAD: usize = 32;
/// Bytes of the longest PAN in tag 5A.
const MAX_PAN: usize = 10;
/// Where issuer application data says what the cryptogram is: byte 5, bits 6 and 5.
const IAD_KIND: usize = 4;
/// Bits 6 and 5.
const IAD_KIND_BITS: u8 = 0x30;
/// Form factor indicator, byte 4: how the device was read; the reader's to write (0: contactless).
const FORM_FACTOR_TECHNOLOGY: u8 = 0x0F;
/// The nibble between PAN and expiry in track 2 (ISO/IEC 7813).
const TRACK2_SEPARATOR: u8 = 0xD;

/// Checks what the card gave, and takes the cryptogram.
///
/// Track 2 names the account; a PAN of its own must be the same. Every field of a record that may
/// come twice came once: the store has refused anything else (§5.4.2.2).
pub(super) fn complete(dialogue: &mut Dialogue) -> Result<AcType, Fault> {
    account(dialogue)?;
    form_factor(dialogue)?;
    let cryptogram = cryptogram(dialogue)?;
    dialogue.cryptogram = Some(cryptogram);
    Ok(cryptogram.kind)
}

fn account(dialogue: &mut Dialogue) -> Result<(), Fault> {
    let store = &mut dialogue.store;
    let track2 = store.track2()?.ok_or(Fault::Missing(tag::TRACK2))?;
    let erroneous = Fault::Erroneous(tag::TRACK2);
    let pan = track2.pan().map_err(|_| erroneous)?;
    if store.for_card(tag::PAN).is_none() {
        let mut packed = SecretBytes::with_bound(MAX_PAN);
        pan.write_bcd(&mut packed).map_err(|_| erroneous)?;
        store.learn(tag::PAN, packed.expose())?;
    } else if !store.pan()?.same_as(&pan) {
        return Err(Fault::AccountsDiffer);
    }
    dialogue.know_account(&pan)
}

fn form_factor(dialogue: &mut Dialogue) -> Result<(), Fault> {
    let Some(value) = dialogue.store.public(tag::FORM_FACTOR) else {
        return Ok(());
    };
    let [a, b, c, d] =
        *<&[u8; 4]>::try_from(value).map_err(|_| Fault::Erroneous(tag::FORM_FACTOR))?;
    dialogue.store.forget(tag::FORM_FACTOR);
    let written = [a, b, c, d & !FORM_FACTOR_TECHNOLOGY];
    dialogue.store.learn(tag::FORM_FACTOR, &written)
}

/// §5.4.3: the cryptogram. A card that gives no CID says what it is in its issuer application data.
fn cryptogram(dialogue: &mut Dialogue) -> Result<Cryptogram, Fault> {
    let store = &mut dialogue.store;
    let iad = store.public(tag::IAD).ok_or(Fault::Missing(tag::IAD))?;
    if iad.len() > MAX_IAD {
        return Err(Fault::Erroneous(tag::IAD));
    }
    let in_iad = iad.get(IAD_KIND).map(|byte| (byte & IAD_KIND_BITS) << 2);
    let cid = match store.optional(tag::CID)? {
        Some([cid]) => cid,
        None => {
            let cid = in_iad.ok_or(Fault::Erroneous(tag::IAD))?;
            store.learn(tag::CID, &[cid])?;
            cid
        }
    };
    Ok(Cryptogram {
        kind: AcType::from_cid(cid).ok_or(Fault::Erroneous(tag::CID))?,
        cid,
        atc: u16::from_be_bytes(store.mandatory(tag::ATC)?),
        value: store.mandatory(tag::AC)?,
    })
}

/// Fills in the expiry date from track 2 where the card gives none of its own: charges that go online
/// need no 5F24, the host wants one all the same.
pub(super) fn date(dialogue: &mut Dialogue) -> Result<(), Fault> {
    let store = &mut dialogue.store;
    if let Some(expiry) = store.optional(tag::EXPIRY)? {
        return valid(expiry, tag::EXPIRY);
    }
    let track2 = store.track2()?.ok_or(Fault::Missing(tag::TRACK2))?;
    let mut behind = track2
        .expose()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0F])
        .skip_while(|nibble| *nibble != TRACK2_SEPARATOR)
        .skip(1);
    let mut pair = || Some(behind.next()? << 4 | behind.next()?);
    let year_and_month = pair().zip(pair());
    let (year, month) = year_and_month.ok_or(Fault::Erroneous(tag::TRACK2))?;
    let expiry = [year, month, last_day(month)];
    valid(expiry, tag::TRACK2)?;
    store.learn(tag::EXPIRY, &expiry)
}

fn valid(expiry: [u8; 3], source: Tag) -> Result<(), Fault> {
    if is_date(expiry) {
        Ok(())
    } else {
        Err(Fault::Erroneous(source))
    }
}

/// The last day of a BCD month, in BCD; of February the one that it has every year.
fn last_day(month: u8) -> u8 {
    match month {
        0x02 => 0x28,
        0x04 | 0x06 | 0x09 | 0x11 => 0x30,
        _ => 0x31,
    }
}
