//! The tables `[application.contactless]`.

use super::{
    capabilities::{CDA, DDA, ENCIPHERED_PIN, ONLINE_PIN, PLAINTEXT_PIN, SIGNATURE},
    error::ProfileError,
    section::{Entry, Section},
};
use crate::{
    aid::Aid,
    contactless::default_kernel,
    terminal::{Contactless, ContactlessKernel, TerminalData},
};

pub(super) const KEYS: [&str; 5] = [
    "kernel",
    "ttq",
    "transaction_limit_minor",
    "cvm_limit_minor",
    "floor_limit_minor",
];

/// The kernels that EMVCo has numbered.
const NUMBERED: core::ops::RangeInclusive<i64> = 2..=8;

/// Book C-3 Annex A, tag 9F66. Byte 1: magnetic stripe mode.
const STRIPE_MODE: u8 = 0x80;
/// EMV mode.
const EMV_MODE: u8 = 0x20;
/// Chip with contacts.
const CONTACT_CHIP: u8 = 0x10;
/// The reader never goes online.
const OFFLINE_ONLY: u8 = 0x08;
/// Online PIN.
const TTQ_ONLINE_PIN: u8 = 0x04;
/// Signature.
const TTQ_SIGNATURE: u8 = 0x02;
/// Offline data authentication for charges that go online.
const ODA_ONLINE: u8 = 0x01;
/// Byte 2: an online cryptogram, or a CVM, is required: said by each charge.
const BY_CHARGE: u8 = 0xC0;
/// Offline PIN, by the contacts.
const OFFLINE_PIN: u8 = 0x20;
/// Byte 3: the issuer may update the card after the charge.
const ISSUER_UPDATE: u8 = 0x80;
/// The cardholder's device verifies them.
const DEVICE_CVM: u8 = 0x40;
/// Byte 4: fDDA version 01.
const FDDA_1: u8 = 0x80;

const LIMIT: &str = "write an amount in minor units, 0 to 4294967295, or take the key away";
const KERNEL: &str = "write 3: Visa's kernel, book C-3";
const TTQ: &str = "write 8 hexadecimal digits (Book C-3 Annex A)";

/// The contactless side of the application of that AID.
pub(super) fn read(
    entry: &Entry<'_>,
    aid: &Aid,
    terminal: &TerminalData,
) -> Result<Contactless, ProfileError> {
    let table = entry.table(&KEYS)?;
    let kernel = kernel(&table.entry("kernel", KERNEL)?, aid)?;
    let ttq = ttq(&table.entry("ttq", TTQ)?, terminal)?;
    let whole = limit(&table, "transaction_limit_minor")?;
    let cvm = limit(&table, "cvm_limit_minor")?;
    let floor = limit(&table, "floor_limit_minor")?;
    if let Some((most, entry)) = &whole {
        entry.check(
            *most > 0,
            "refuses every charge",
            "write more than 0, or take [application.contactless] away",
        )?;
        for (limit, lower) in [&cvm, &floor].into_iter().flatten() {
            lower.check(
                limit <= most,
                "is above the transaction limit, so it is never reached",
                "write at most `transaction_limit_minor`, or take the key away",
            )?;
        }
    }
    let amount = |limit: Option<(u32, Entry<'_>)>| limit.map(|(amount, _)| amount);
    Ok(Contactless {
        kernel,
        ttq,
        transaction_limit_minor: amount(whole),
        cvm_limit_minor: amount(cvm),
        floor_limit_minor: amount(floor),
    })
}

fn limit<'d>(table: &Section<'d>, name: &str) -> Result<Option<(u32, Entry<'d>)>, ProfileError> {
    table
        .optional(name, LIMIT)
        .map(|entry| Ok((entry.number(0..=u32::MAX)?, entry)))
        .transpose()
}

fn kernel(entry: &Entry<'_>, aid: &Aid) -> Result<ContactlessKernel, ProfileError> {
    let number: i64 = entry.number(i64::MIN..=i64::MAX)?;
    match (number, default_kernel(aid)) {
        (3, other @ (1..=2 | 4..)) => Err(entry.wrong(
            &format!("is Visa's, and cards of this AID speak to kernel {other}"),
            "take [application.contactless] away: that kernel is not built",
        )),
        (3, _) => Ok(ContactlessKernel::C3),
        (number, _) if NUMBERED.contains(&number) => {
            Err(entry.wrong("names a kernel that is not built", KERNEL))
        }
        _ => Err(entry.wrong("is no kernel's number", KERNEL)),
    }
}

/// Terminal transaction qualifiers: the bits that no charge changes, and none against the terminal's
/// capabilities.
fn ttq(entry: &Entry<'_>, terminal: &TerminalData) -> Result<[u8; 4], ProfileError> {
    let ttq: [u8; 4] = entry.hex()?;
    let [reader, required, more, fdda] = ttq;
    let [_, cvms, security] = terminal.capabilities;
    let known = STRIPE_MODE
        | EMV_MODE
        | CONTACT_CHIP
        | OFFLINE_ONLY
        | TTQ_ONLINE_PIN
        | TTQ_SIGNATURE
        | ODA_ONLINE;
    let reserved = reader & !known != 0
        || required & !(BY_CHARGE | OFFLINE_PIN) != 0
        || more & !(ISSUER_UPDATE | DEVICE_CVM) != 0
        || fdda & !FDDA_1 != 0;
    let same = |ttq_bit: bool, capability: u8| ttq_bit == (cvms & capability != 0);
    let offline_pin = cvms & (PLAINTEXT_PIN | ENCIPHERED_PIN) != 0;
    let rules = [
        (!reserved, "sets reserved bits", TTQ),
        (
            reader & STRIPE_MODE == 0,
            "claims magnetic stripe mode, which is not built",
            "clear 80 in byte 1",
        ),
        (
            reader & EMV_MODE != 0,
            "does not claim EMV mode, which is all there is",
            "set 20 in byte 1",
        ),
        (
            reader & CONTACT_CHIP != 0,
            "does not claim the chip with contacts, which `capabilities` claims",
            "set 10 in byte 1",
        ),
        (
            reader & OFFLINE_ONLY == 0,
            "claims a reader that never goes online, against `type`",
            "clear 08 in byte 1",
        ),
        (
            same(reader & TTQ_ONLINE_PIN != 0, ONLINE_PIN),
            "differs from `capabilities` about online PIN",
            "write 04 in byte 1 just where `capabilities` has 40 in byte 2",
        ),
        (
            same(reader & TTQ_SIGNATURE != 0, SIGNATURE),
            "differs from `capabilities` about signatures",
            "write 02 in byte 1 just where `capabilities` has 20 in byte 2",
        ),
        (
            reader & ODA_ONLINE == 0 || security & (DDA | CDA) != 0,
            "claims data authentication, which `capabilities` does not",
            "clear 01 in byte 1, or set 40 in byte 3 of `capabilities`",
        ),
        (
            required & BY_CHARGE == 0,
            "sets bits in byte 2 that each charge sets for itself",
            "clear 80 and 40 in byte 2",
        ),
        (
            required & OFFLINE_PIN == 0 || offline_pin,
            "claims offline PIN, which `capabilities` does not",
            "clear 20 in byte 2",
        ),
        (
            more & ISSUER_UPDATE == 0,
            "claims issuer updates by a second tap, which is not built",
            "clear 80 in byte 3",
        ),
    ];
    for (holds, reason, remedy) in rules {
        entry.check(holds, reason, remedy)?;
    }
    Ok(ttq)
}
