//! File control information and the payment system directory (EMV 4.4 Book 1 section 12).

use crate::card::read::{CONTACT_DIRECTORY, CONTACTLESS_DIRECTORY};
use crate::profile::{Application, Holder, Interface, Profile, Scheme};
use crate::tlv::{object, template};

/// Application Priority Indicator: the cardholder must confirm (Book 1 table 48).
const CONFIRM: u8 = 0x80;

/// The directory of a card.
pub(in crate::card) struct Directory {
    /// By which it is selected.
    pub(in crate::card) name: &'static [u8],
    pub(in crate::card) fci: Vec<u8>,
    /// Its only record, in SFI 1; a contactless directory is in the FCI itself.
    pub(in crate::card) record: Option<Vec<u8>>,
}

/// File Control Information of an application (Book 1 table 45).
pub(super) fn fci(application: &Application, holder: &Holder, pdol: &[u8]) -> Vec<u8> {
    let mut proprietary = vec![
        object(0x50, application.label.as_bytes()),
        object(0x87, &[indicator(application)]),
        object(0x5F2D, holder.language.as_bytes()),
    ];
    if !pdol.is_empty() {
        proprietary.push(object(0x9F38, pdol));
    }
    template(
        0x6F,
        &[
            object(0x84, &application.aid.0),
            template(0xA5, &proprietary),
        ],
    )
}

/// The directory of all applications that want to be in it, if any.
pub(in crate::card) fn directory(profile: &Profile) -> Option<Directory> {
    let second = profile.second.as_ref().map(|second| &second.application);
    let entries: Vec<_> = std::iter::once(&profile.application)
        .chain(second)
        .filter(|application| application.pse)
        .map(|application| entry(application, profile.interface))
        .collect();
    if entries.is_empty() {
        return None;
    }
    Some(match profile.interface {
        // Book 1 12.2 and table 43: the directory is file 1.
        Interface::Contact => Directory {
            name: CONTACT_DIRECTORY,
            fci: template(
                0x6F,
                &[
                    object(0x84, CONTACT_DIRECTORY),
                    template(
                        0xA5,
                        &[
                            object(0x88, &[1]),
                            object(0x5F2D, profile.holder.language.as_bytes()),
                        ],
                    ),
                ],
            ),
            record: Some(template(0x70, &entries)),
        },
        // Contactless book B 3.3.1: the entries are in the FCI.
        Interface::Contactless => Directory {
            name: CONTACTLESS_DIRECTORY,
            fci: template(
                0x6F,
                &[
                    object(0x84, CONTACTLESS_DIRECTORY),
                    template(0xA5, &[template(0xBF0C, &entries)]),
                ],
            ),
            record: None,
        },
    })
}

fn entry(application: &Application, interface: Interface) -> Vec<u8> {
    let mut objects = vec![
        object(0x4F, &application.aid.0),
        object(0x50, application.label.as_bytes()),
        object(0x87, &[indicator(application)]),
    ];
    if interface == Interface::Contactless {
        let kernel = match application.scheme {
            Scheme::Visa => 0x03,
            Scheme::Mastercard => 0x02,
        };
        objects.push(object(0x9F2A, &[kernel]));
    }
    template(0x61, &objects)
}

fn indicator(application: &Application) -> u8 {
    application.priority | if application.confirm { CONFIRM } else { 0 }
}
