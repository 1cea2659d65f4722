//! What personalisation writes on the card: FCI, directory, records, AFL.

use std::collections::BTreeMap;

use crate::cryptogram::CryptogramVersion;
use crate::issuer::KEY_INDEX;
use crate::profile::{Holder, Profile, Scheme};
use crate::tlv::{Dol, object, template};

/// What every cryptogram covers: 9F02 9F03 9F1A 95 5F2A 9A 9C 9F37
/// (EMV 4.4 Book 2 8.1.1).
const CDOL1_VISA: &[u8] = &[
    0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F,
    0x37, 4,
];

/// As Visa's, then what M/Chip also wants: 9F35 9F45 9F4C 9F34.
const CDOL1_MASTERCARD: &[u8] = &[
    0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F,
    0x37, 4, 0x9F, 0x35, 1, 0x9F, 0x45, 2, 0x9F, 0x4C, 8, 0x9F, 0x34, 3,
];

/// 8A, then everything again.
const CDOL2_VISA: &[u8] = &[
    0x8A, 2, 0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1,
    0x9F, 0x37, 4,
];

/// 91 8A 95 9F37 9F4C: the issuer's answer, and what may have changed.
const CDOL2_MASTERCARD: &[u8] = &[0x91, 10, 0x8A, 2, 0x95, 5, 0x9F, 0x37, 4, 0x9F, 0x4C, 8];

/// Cardholder verification and terminal risk management are to be performed
/// (AIP byte 1 bits 5 and 4; EMV 4.4 Book 3 Annex C1).
const AIP_PLAIN: u8 = 0x18;
/// Issuer authentication is by EXTERNAL AUTHENTICATE (AIP byte 1 bit 3).
const AIP_ISSUER_AUTHENTICATION: u8 = 0x04;

/// READ RECORD's address: short file identifier and record number.
type Address = (u8, u8);

pub(super) struct Personalisation {
    pub(super) version: CryptogramVersion,
    pub(super) key_index: u8,
    pub(super) format: u8,
    pub(super) aid: Vec<u8>,
    pub(super) fci: Vec<u8>,
    /// FCI and only record of the Payment System Environment, if there is one.
    pub(super) directory: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) aip: [u8; 2],
    pub(super) afl: Vec<u8>,
    pub(super) records: BTreeMap<Address, Vec<u8>>,
    pub(super) pdol: Dol,
    pub(super) cdol1: Dol,
    pub(super) cdol2: Dol,
    pub(super) pin_block: Option<[u8; 8]>,
}

impl Personalisation {
    pub(super) fn new(profile: &Profile) -> Self {
        let (application, holder) = (&profile.application, &profile.holder);
        let (version, cdol1, cdol2, issuer) = match application.scheme {
            Scheme::Visa => (
                CryptogramVersion::Visa18,
                CDOL1_VISA,
                CDOL2_VISA,
                AIP_ISSUER_AUTHENTICATION,
            ),
            Scheme::Mastercard => (
                CryptogramVersion::MChip20,
                CDOL1_MASTERCARD,
                CDOL2_MASTERCARD,
                0,
            ),
        };
        let dol = |bytes: &[u8]| Dol::parse(bytes).unwrap_or_default();
        let records = records(profile, cdol1, cdol2);
        Self {
            version,
            key_index: KEY_INDEX,
            format: application.answer_format,
            aid: application.aid.0.clone(),
            fci: fci(profile),
            directory: application.pse.then(|| directory(profile)),
            aip: [AIP_PLAIN | issuer, 0x00],
            afl: file_locator(&records),
            records,
            pdol: dol(&application.pdol.0),
            cdol1: dol(cdol1),
            cdol2: dol(cdol2),
            pin_block: holder.pin.as_deref().map(pin_block),
        }
    }
}

/// File Control Information of the application (EMV 4.4 Book 1 table 45).
fn fci(profile: &Profile) -> Vec<u8> {
    let application = &profile.application;
    let mut proprietary = vec![
        object(0x50, application.label.as_bytes()),
        object(0x87, &[application.priority]),
        object(0x5F2D, profile.holder.language.as_bytes()),
    ];
    if !application.pdol.0.is_empty() {
        proprietary.push(object(0x9F38, &application.pdol.0));
    }
    template(
        0x6F,
        &[
            object(0x84, &application.aid.0),
            template(0xA5, &proprietary),
        ],
    )
}

/// The directory's FCI, whose file is SFI 1, and its one record
/// (EMV 4.4 Book 1 12.2 and table 43).
fn directory(profile: &Profile) -> (Vec<u8>, Vec<u8>) {
    let application = &profile.application;
    let fci = template(
        0x6F,
        &[
            object(0x84, super::read::DIRECTORY_NAME),
            template(
                0xA5,
                &[
                    object(0x88, &[1]),
                    object(0x5F2D, profile.holder.language.as_bytes()),
                ],
            ),
        ],
    );
    let entry = template(
        0x61,
        &[
            object(0x4F, &application.aid.0),
            object(0x50, application.label.as_bytes()),
            object(0x87, &[application.priority]),
        ],
    );
    (fci, template(0x70, &[entry]))
}

/// The application's records: track 2 and name; the cardholder's data; the
/// terminal's instructions.
fn records(profile: &Profile, cdol1: &[u8], cdol2: &[u8]) -> BTreeMap<Address, Vec<u8>> {
    let (application, holder) = (&profile.application, &profile.holder);
    let service_code = bcd(&format!("0{}", holder.service_code), '0');
    let cvm_list = [&[0; 8][..], &application.cvm_rules.0].concat();
    BTreeMap::from([
        (
            (1, 1),
            template(
                0x70,
                &[
                    object(0x57, &track2(holder)),
                    object(0x5F20, holder.name.as_bytes()),
                ],
            ),
        ),
        (
            (2, 1),
            template(
                0x70,
                &[
                    object(0x5A, &bcd(&holder.pan, 'F')),
                    object(0x5F34, &bcd(&format!("{:02}", holder.psn), 'F')),
                    object(0x5F24, &holder.expiry.bcd()),
                    object(0x5F25, &holder.effective.bcd()),
                    object(0x5F28, &holder.country.0),
                    object(0x5F30, &service_code),
                ],
            ),
        ),
        (
            (2, 2),
            template(
                0x70,
                &[
                    object(0x8C, cdol1),
                    object(0x8D, cdol2),
                    object(0x8E, &cvm_list),
                    object(0x9F07, &application.usage.0),
                    object(0x9F08, &application.version.0),
                    object(0x9F0D, &application.iac_default.0),
                    object(0x9F0E, &application.iac_denial.0),
                    object(0x9F0F, &application.iac_online.0),
                    object(0x9F42, &holder.currency.0),
                ],
            ),
        ),
    ])
}

/// Application File Locator: SFI, first and last record, none of them signed
/// (EMV 4.4 Book 3 10.2).
fn file_locator(records: &BTreeMap<Address, Vec<u8>>) -> Vec<u8> {
    let mut files: BTreeMap<u8, (u8, u8)> = BTreeMap::new();
    for (sfi, record) in records.keys() {
        let range = files.entry(*sfi).or_insert((*record, *record));
        range.1 = *record;
    }
    files
        .iter()
        .flat_map(|(sfi, (first, last))| [sfi << 3, *first, *last, 0])
        .collect()
}

/// Track 2 Equivalent Data (57): PAN, separator D, expiry, service code,
/// discretionary data.
fn track2(holder: &Holder) -> Vec<u8> {
    let text = format!(
        "{}D{}{}{}",
        holder.pan,
        holder.expiry.year_month(),
        holder.service_code,
        holder.discretionary
    );
    bcd(&text, 'F')
}

/// Two characters a byte; an odd count is filled up on the right.
fn bcd(text: &str, filler: char) -> Vec<u8> {
    let nibbles: Vec<u8> = text
        .chars()
        .chain((!text.len().is_multiple_of(2)).then_some(filler))
        .map(|character| character.to_digit(16).map_or(0xF, |digit| digit as u8))
        .collect();
    nibbles
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// The plaintext PIN block that VERIFY carries (EMV 4.4 Book 3 table 24).
fn pin_block(pin: &str) -> [u8; 8] {
    let text = format!("2{:X}{pin:F<14}", pin.len());
    let mut block = [0xFF; 8];
    block
        .iter_mut()
        .zip(bcd(&text, 'F'))
        .for_each(|(slot, byte)| *slot = byte);
    block
}
