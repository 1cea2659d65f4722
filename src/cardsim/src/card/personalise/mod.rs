//! What personalisation writes on the card: FCI, records, AFL, certificates.

mod directory;
mod lists;
mod records;
mod text;

use std::collections::BTreeMap;

pub(super) use directory::{Directory, directory};
pub(super) use text::track2;

use crate::cryptogram::CryptogramVersion;
use crate::issuer::KEY_INDEX;
use crate::oda::Chain;
use crate::profile::{
    Application, Authentication, Contactless, Holder, Interface, IssuerCheck, Misbehaviour,
};
use crate::tlv::Dol;
use text::{bcd, pin_block};

/// AIP byte 1 (EMV 4.4 Book 3 Annex C1).
const AIP_SDA: u8 = 0x40;
const AIP_DDA: u8 = 0x20;
const AIP_CARDHOLDER_VERIFICATION: u8 = 0x10;
const AIP_RISK_MANAGEMENT: u8 = 0x08;
const AIP_ISSUER_AUTHENTICATION: u8 = 0x04;
const AIP_CDA: u8 = 0x01;

/// READ RECORD's address: short file identifier and record number.
pub(super) type Address = (u8, u8);

/// One application as it leaves the factory.
pub(super) struct Personalisation {
    pub(super) version: CryptogramVersion,
    pub(super) key_index: u8,
    pub(super) format: u8,
    pub(super) authentication: Authentication,
    pub(super) issuer_check: IssuerCheck,
    pub(super) aid: Vec<u8>,
    pub(super) fci: Vec<u8>,
    pub(super) aip: [u8; 2],
    pub(super) afl: Vec<u8>,
    pub(super) records: BTreeMap<Address, Vec<u8>>,
    pub(super) pdol: Dol,
    pub(super) cdol1: Dol,
    pub(super) cdol2: Dol,
    pub(super) ddol: Dol,
    pub(super) track2: Vec<u8>,
    pub(super) sequence: u8,
    pub(super) pin_block: Option<[u8; 8]>,
    pub(super) pin_key: bool,
    /// The scheme's keys, for what the card signs.
    pub(super) chain: &'static Chain,
    /// The contactless side, on a card that is tapped.
    pub(super) contactless: Option<Contactless>,
}

impl Personalisation {
    pub(super) fn new(
        application: &Application,
        holder: &Holder,
        interface: Interface,
        misbehaves: Option<Misbehaviour>,
    ) -> Self {
        let lists = lists::Lists::of(application, interface);
        let aip = aip(application, interface);
        let files = records::Files::write(application, holder, &lists, aip, misbehaves);
        let dol = |bytes: &[u8]| Dol::parse(bytes).unwrap_or_default();
        let tapped = interface == Interface::Contactless;
        Self {
            version: application.version(),
            key_index: KEY_INDEX,
            format: application.answer_format,
            authentication: application.authentication,
            issuer_check: application.checks_issuer(),
            aid: application.aid.0.clone(),
            fci: directory::fci(application, holder, &lists.pdol),
            aip,
            afl: files.locator(),
            records: files.records,
            pdol: dol(&lists.pdol),
            cdol1: dol(&lists.cdol1),
            cdol2: dol(&lists.cdol2),
            ddol: dol(lists::DDOL),
            track2: track2(holder),
            sequence: bcd(&format!("{:02}", holder.psn), 'F')[0],
            pin_block: holder.pin.as_deref().map(pin_block),
            pin_key: application.pin_key,
            chain: Chain::of(application.scheme),
            contactless: application.contactless.clone().filter(|_| tapped),
        }
    }

    pub(super) fn new_pin(&mut self, pin: &str) {
        self.pin_block = Some(pin_block(pin));
    }
}

fn aip(application: &Application, interface: Interface) -> [u8; 2] {
    let authentication = match application.authentication {
        Authentication::None => 0,
        Authentication::Sda => AIP_SDA,
        Authentication::Dda => AIP_DDA,
        Authentication::Cda if interface == Interface::Contactless => AIP_DDA,
        Authentication::Cda => AIP_DDA | AIP_CDA,
    };
    if interface == Interface::Contactless {
        return [authentication, 0x00];
    }
    let verification = match application.cvm_rules.0[..] {
        [] => 0,
        _ => AIP_CARDHOLDER_VERIFICATION,
    };
    let issuer = match application.checks_issuer() {
        IssuerCheck::External => AIP_ISSUER_AUTHENTICATION,
        IssuerCheck::Cdol2 | IssuerCheck::None => 0,
    };
    [
        authentication | verification | AIP_RISK_MANAGEMENT | issuer,
        0x00,
    ]
}
