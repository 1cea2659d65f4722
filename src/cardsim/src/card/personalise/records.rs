//! The records of an application and its file locator (EMV 4.4 Book 3 10.2, Book 2 5 and 6).
//!
//! | file | records | signed |
//! |---|---|---|
//! | 1 | track 2 and name | no |
//! | 2 | the cardholder's data; the terminal's instructions | if there is offline authentication |
//! | 3 | certificates or the static signature | no |

use std::collections::{BTreeMap, BTreeSet};

use super::Address;
use super::lists::{DDOL, Lists};
use super::text::{bcd, filled, track2};
use crate::oda::{self, Certificate, Chain};
use crate::profile::{Application, Authentication, Holder, Misbehaviour};
use crate::tlv::{object, template};

/// Data Authentication Code (9F45) that the terminal learns from the static signature.
const AUTHENTICATION_CODE: [u8; 2] = [0xDA, 0xC0];
/// The PAN digits that a certificate names an issuer by.
const ISSUER_DIGITS: usize = 6;
/// The most bytes in a record's template, so that it fits into one answer.
const CONTENT_MAX: usize = 250;
/// Static Data Authentication Tag List (9F4A): the AIP and nothing else (Book 3 10.3).
const STATIC_TAGS: &[u8] = &[0x82];

/// An application's files.
pub(super) struct Files {
    pub(super) records: BTreeMap<Address, Vec<u8>>,
    signed: BTreeSet<Address>,
}

impl Files {
    pub(super) fn write(
        application: &Application,
        holder: &Holder,
        lists: &Lists,
        aip: [u8; 2],
        misbehaves: Option<Misbehaviour>,
    ) -> Self {
        let mut contents = vec![((2, 1), cardholder(holder))];
        if application.contactless.is_some() && lists.pdol.starts_with(&[0x9F, 0x66]) {
            // A tapped card gives track 2 and sequence number with its cryptogram.
            contents = vec![((2, 1), contactless_holder(application, holder))];
        } else {
            contents.push(((1, 1), track(holder)));
            contents.push(((2, 2), instructions(application, holder, lists)));
        }
        if misbehaves == Some(Misbehaviour::RepeatedTag) {
            contents[0].1.push(object(0x5F24, &holder.expiry.bcd()));
        }
        let mut signed = BTreeSet::new();
        if application.authentication != Authentication::None {
            signed.extend(contents.iter().map(|(address, _)| *address));
            signed.retain(|(file, _)| *file == 2);
            let mut data: Vec<_> = contents
                .iter()
                .filter(|(address, _)| signed.contains(address))
                .cloned()
                .collect();
            data.sort();
            let mut data = data.into_iter().flat_map(|(_, objects)| objects.concat());
            let data: Vec<u8> = data.by_ref().chain(aip).collect();
            contents.extend(certificates(application, holder, &data, misbehaves));
        }
        let mut records: BTreeMap<Address, Vec<u8>> = contents
            .into_iter()
            .map(|(address, objects)| (address, template(0x70, &objects)))
            .collect();
        if misbehaves == Some(Misbehaviour::StrayData)
            && let Some(record) = records.get_mut(&(2, 1))
        {
            record.extend([0x00, 0x01]);
        }
        Self { records, signed }
    }

    /// Application File Locator: SFI, first and last record, how many of them are signed
    /// (Book 3 10.2).
    pub(super) fn locator(&self) -> Vec<u8> {
        let mut files: BTreeMap<u8, (u8, u8, u8)> = BTreeMap::new();
        for address @ (sfi, record) in self.records.keys() {
            let file = files.entry(*sfi).or_insert((*record, *record, 0));
            file.1 = *record;
            file.2 += u8::from(self.signed.contains(address));
        }
        files
            .iter()
            .flat_map(|(sfi, (first, last, signed))| [sfi << 3, *first, *last, *signed])
            .collect()
    }
}

fn track(holder: &Holder) -> Vec<Vec<u8>> {
    vec![
        object(0x57, &track2(holder)),
        object(0x5F20, holder.name.as_bytes()),
    ]
}

fn cardholder(holder: &Holder) -> Vec<Vec<u8>> {
    let service_code = bcd(&format!("0{}", holder.service_code), '0');
    vec![
        object(0x5A, &bcd(&holder.pan, 'F')),
        object(0x5F34, &bcd(&format!("{:02}", holder.psn), 'F')),
        object(0x5F24, &holder.expiry.bcd()),
        object(0x5F25, &holder.effective.bcd()),
        object(0x5F28, &holder.country.0),
        object(0x5F30, &service_code),
    ]
}

fn contactless_holder(application: &Application, holder: &Holder) -> Vec<Vec<u8>> {
    let mut objects = vec![
        object(0x5A, &bcd(&holder.pan, 'F')),
        object(0x5F24, &holder.expiry.bcd()),
        object(0x5F28, &holder.country.0),
        object(0x9F07, &application.usage.0),
    ];
    if application.authentication != Authentication::None {
        objects.push(object(0x9F4A, STATIC_TAGS));
    }
    objects
}

fn instructions(application: &Application, holder: &Holder, lists: &Lists) -> Vec<Vec<u8>> {
    let mut objects = vec![object(0x8C, &lists.cdol1), object(0x8D, &lists.cdol2)];
    if !application.cvm_rules.0.is_empty() {
        let amounts = [application.cvm_amounts.x, application.cvm_amounts.y];
        let amounts = amounts.map(u32::to_be_bytes).concat();
        objects.push(object(
            0x8E,
            &[amounts, application.cvm_rules.0.clone()].concat(),
        ));
    }
    objects.extend([
        object(0x9F07, &application.usage.0),
        object(0x9F08, &application.version.0),
        object(0x9F0D, &application.iac_default.0),
        object(0x9F0E, &application.iac_denial.0),
        object(0x9F0F, &application.iac_online.0),
        object(0x9F42, &holder.currency.0),
    ]);
    if let Some([lower, upper]) = application.offline_limits {
        objects.extend([object(0x9F14, &[lower]), object(0x9F23, &[upper])]);
    }
    if application.authentication != Authentication::None {
        objects.push(object(0x9F4A, STATIC_TAGS));
    }
    objects
}

/// The records of file 3. The keys are long enough for everything that is signed with them.
fn certificates(
    application: &Application,
    holder: &Holder,
    static_data: &[u8],
    misbehaves: Option<Misbehaviour>,
) -> Vec<(Address, Vec<Vec<u8>>)> {
    let spoilt = |misbehaviour, mut bytes: Vec<u8>| {
        if misbehaves == Some(misbehaviour) {
            bytes
                .iter_mut()
                .skip(7)
                .take(1)
                .for_each(|byte| *byte ^= 0x10);
        }
        bytes
    };
    let chain = Chain::of(application.scheme);
    let digits = holder.pan.get(..ISSUER_DIGITS).unwrap_or_default();
    let fits = "a test makes every certificate with these keys";
    let issuer = oda::issuer(&chain.authority.key, &chain.issuer, filled(digits)).expect(fits);
    let issuer = Certificate {
        signed: spoilt(Misbehaviour::WrongIssuerCertificate, issuer.signed),
        ..issuer
    };
    let mut issuer = key_objects([0x90, 0x92, 0x9F32], issuer);
    issuer.push(object(0x8F, &[chain.authority.index]));
    let mut records = Vec::new();
    if issuer.concat().len() > CONTENT_MAX {
        // The certificate is the first object, and has a record of its own.
        records.push(issuer.split_off(1));
    }
    records.push(issuer);
    let by = &chain.issuer.key;
    if application.authentication == Authentication::Sda {
        let signed = oda::static_data(by, AUTHENTICATION_CODE, static_data).expect(fits);
        let signed = spoilt(Misbehaviour::WrongStaticSignature, signed);
        records.push(vec![object(0x93, &signed)]);
    } else {
        let card = oda::icc(by, &chain.icc, filled(&holder.pan), static_data).expect(fits);
        let card = Certificate {
            signed: spoilt(Misbehaviour::WrongCardCertificate, card.signed),
            ..card
        };
        let mut objects = key_objects([0x9F46, 0x9F48, 0x9F47], card);
        objects.push(object(0x9F49, DDOL));
        records.push(objects);
    }
    if application.pin_key {
        let pin = oda::icc(by, &chain.pin, filled(&holder.pan), &[]).expect(fits);
        records.push(key_objects([0x9F2D, 0x9F2F, 0x9F2E], pin));
    }
    (1..).map(|number| (3, number)).zip(records).collect()
}

fn key_objects([signed, remainder, exponent]: [u16; 3], key: Certificate) -> Vec<Vec<u8>> {
    let mut objects = vec![object(signed, &key.signed), object(exponent, &key.exponent)];
    if !key.remainder.is_empty() {
        objects.push(object(remainder, &key.remainder));
    }
    objects
}
