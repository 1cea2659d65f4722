//! What the issuer, who has the card's keys, knows of a charge; and TLV read without the kernel.

use sealpoint_cardsim::cryptogram::{AcElements, ChargeKeys, CryptogramVersion};
use sealpoint_emv::ChargeKind;

use crate::{cards::Cards, scene::Scene};

/// Bits of TVR byte 5 that scripts after the last cryptogram may set.
const AFTER_CRYPTOGRAM: u8 = 0x10;

/// A cryptogram that only the card can have made, for this very charge.
pub struct Verified {
    version: CryptogramVersion,
    keys: ChargeKeys,
    cryptogram: [u8; 8],
}

impl Verified {
    /// Issuer authentication data that the card will believe.
    pub fn answer(&self, arc: [u8; 2]) -> Vec<u8> {
        self.version
            .issuer_authentication_data(&self.keys, self.cryptogram, arc, true)
    }
}

/// Verifies the cryptogram of DE 55 over the amount, currency, date and number of the charge as the
/// till wanted it, whatever DE 55 says of them.
pub fn verified(scene: &Scene<'_>, cards: &Cards, de55: &[u8]) -> Option<Verified> {
    let objects = objects(de55)?;
    let find = |tag| value(&objects, tag);
    let cryptogram: [u8; 8] = find(0x9F26)?.try_into().ok()?;
    let (iad, atc) = (find(0x9F10)?, find(0x9F36)?.try_into().ok()?);
    let tvr: [u8; 5] = find(0x95)?.try_into().ok()?;
    let earlier = tvr.map(|byte| byte).split_last().map(|(last, first)| {
        let mut tvr = first.to_vec();
        tvr.push(last & !AFTER_CRYPTOGRAM);
        tvr
    })?;
    let holders = [&scene.profile.holder].into_iter();
    let second = scene.profile.second.iter().map(|second| &second.holder);
    for holder in holders.chain(second) {
        let found = cards.issuer.session_key(&holder.pan, holder.psn, atc, iad);
        let Ok((version, keys)) = found else {
            continue;
        };
        for tvr in [&tvr[..], &earlier, &[0; 5]] {
            let elements = elements(scene, tvr, find(0x82)?, atc)?;
            if version.verify(&keys, &elements, iad, &cryptogram) {
                return Some(Verified {
                    version,
                    keys,
                    cryptogram,
                });
            }
        }
    }
    None
}

fn elements(scene: &Scene<'_>, tvr: &[u8], aip: &[u8], atc: [u8; 2]) -> Option<AcElements> {
    let charge = &scene.charge;
    Some(AcElements {
        amount: digits(charge.amount_minor),
        amount_other: digits(charge.cashback_minor),
        country: digits(scene.terminal.country.into()),
        tvr: tvr.try_into().ok()?,
        currency: digits(charge.currency.into()),
        date: charge.date,
        kind: [match charge.kind {
            ChargeKind::Purchase => 0x00,
            ChargeKind::Cash => 0x01,
            ChargeKind::PurchaseWithCashback => 0x09,
            ChargeKind::Refund => 0x20,
            _ => return None,
        }],
        unpredictable_number: charge.unpredictable_number,
        aip: aip.try_into().ok()?,
        atc,
    })
}

/// A number as BCD.
pub fn digits<const N: usize>(number: i64) -> [u8; N] {
    let text = format!("{number:0width$}", width = 2 * N);
    let pairs = text.as_bytes();
    std::array::from_fn(|place| (pairs[2 * place] - b'0') << 4 | (pairs[2 * place + 1] - b'0'))
}

/// The objects of one level; none if they are not whole.
pub fn objects(mut bytes: &[u8]) -> Option<Vec<(u32, &[u8])>> {
    let mut found = Vec::new();
    while let [first, rest @ ..] = bytes {
        bytes = rest;
        let mut tag = u32::from(*first);
        if first & 0x1F == 0x1F {
            loop {
                let [next, rest @ ..] = bytes else {
                    return None;
                };
                bytes = rest;
                tag = tag << 8 | u32::from(*next);
                if next & 0x80 == 0 {
                    break;
                }
            }
        }
        let length = match bytes {
            [length @ 0..=0x7F, rest @ ..] => {
                bytes = rest;
                usize::from(*length)
            }
            [0x81, length, rest @ ..] => {
                bytes = rest;
                usize::from(*length)
            }
            [0x82, high, low, rest @ ..] => {
                bytes = rest;
                usize::from(u16::from_be_bytes([*high, *low]))
            }
            _ => return None,
        };
        let (value, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        found.push((tag, value));
    }
    Some(found)
}

/// The value of a tag among objects.
pub fn value<'a>(objects: &[(u32, &'a [u8])], tag: u32) -> Option<&'a [u8]> {
    objects
        .iter()
        .find_map(|(found, value)| (*found == tag).then_some(*value))
}

/// What a genuine answer holds in its one template, or in its format 1.
pub struct Answered<'a> {
    /// The objects of template 77 or 70.
    pub objects: Vec<(u32, &'a [u8])>,
    /// The value of template 80.
    pub format_1: Option<&'a [u8]>,
}

impl<'a> Answered<'a> {
    /// Reads an answer without its status word; none if it is not of one template.
    pub fn read(answer: &'a [u8]) -> Option<Self> {
        match objects(answer)?.as_slice() {
            [(0x80, value)] => Some(Self {
                objects: Vec::new(),
                format_1: Some(value),
            }),
            [(0x70 | 0x77, value)] => Some(Self {
                objects: objects(value)?,
                format_1: None,
            }),
            _ => None,
        }
    }

    pub fn find(&self, tag: u32) -> Option<&'a [u8]> {
        value(&self.objects, tag)
    }

    /// AIP and AFL of an answer to GET PROCESSING OPTIONS.
    pub fn options(&self) -> Option<(&'a [u8], &'a [u8])> {
        match self.format_1 {
            Some(value) => value.split_at_checked(2),
            None => Some((self.find(0x82)?, self.find(0x94).unwrap_or(&[]))),
        }
    }

    /// CID of an answer to GENERATE AC, or of a tapped card to GET PROCESSING OPTIONS.
    pub fn cid(&self) -> Option<u8> {
        match self.format_1 {
            Some(value) => value.first().copied(),
            None => self.find(0x9F27)?.first().copied(),
        }
    }
}
