//! GET PROCESSING OPTIONS of a tapped card: Visa's qVSDC, where the cryptogram comes at once
//! (EMV contactless book C-3).

use super::charge::{Charge, Kind};
use super::command::{Answer, status};
use super::{Card, Stage};
use crate::oda::{Dynamic, dda, fdda_input};
use crate::profile::{Authentication, Contactless};
use crate::tlv::{object, template};

/// Terminal Transaction Qualifiers (9F66), byte 1.
const QVSDC: u8 = 0x20;
const OFFLINE_ONLY: u8 = 0x08;
const ONLINE_PIN: u8 = 0x04;
const SIGNATURE: u8 = 0x02;
const ODA_FOR_ONLINE: u8 = 0x01;
/// Byte 2.
const ONLINE_REQUIRED: u8 = 0x80;
const CVM_REQUIRED: u8 = 0x40;
/// Byte 3.
const DEVICE_VERIFIES: u8 = 0x40;
/// Card Transaction Qualifiers (9F6C): the CVMs of byte 1, and of byte 2.
const CTQ_ONLINE_PIN: u8 = 0x80;
const CTQ_SIGNATURE: u8 = 0x40;
const CTQ_DEVICE_VERIFIED: u8 = 0x80;
/// fDDA version number of Card Authentication Related Data (9F69).
const FDDA_VERSION: u8 = 0x01;
/// Where the record with 9F69 is, behind the certificates.
const RELATED_RECORD: (u8, u8) = (4, 1);

impl Card {
    pub(super) fn tap(&mut self, side: &Contactless, mut charge: Charge) -> Answer {
        if let Some([high, low]) = side.refuses.as_ref().map(|status| &status.0[..]) {
            return Answer::from(u16::from_be_bytes([*high, *low]));
        }
        let [what, needs, can, _] = charge.element::<4>(0x9F66);
        if what & QVSDC == 0 {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        }
        let Some(qualifiers) = qualifiers(side, [what, needs, can]) else {
            // No way to verify the holder that both sides know.
            return Answer::from(status::OTHER_INTERFACE);
        };
        let declines = self.behaviour.declines_offline || self.application().blocked;
        let must_go_online = needs & ONLINE_REQUIRED != 0 || !self.behaviour.approves_offline;
        let kind = match (declines, must_go_online) {
            (true, _) => Kind::Aac,
            (false, false) => Kind::Tc,
            (false, true) if what & OFFLINE_ONLY != 0 => Kind::Aac,
            (false, true) => Kind::Arqc,
        };
        let authentication = self.application().data.authentication;
        let signs = authentication != Authentication::None
            && match kind {
                Kind::Aac => false,
                Kind::Tc => true,
                Kind::Arqc => what & ODA_FOR_ONLINE != 0,
            };
        let Ok((iad, cryptogram)) = self.cryptogram(kind, false, &charge) else {
            return Answer::from(status::CONDITIONS_NOT_SATISFIED);
        };
        let data = &self.application().data;
        let mut objects = vec![
            object(0x82, &data.aip),
            object(0x57, &data.track2),
            object(0x5F34, &[data.sequence]),
            object(0x9F10, &iad),
            object(0x9F26, &cryptogram),
            object(0x9F27, &[kind as u8]),
            object(0x9F36, &charge.element::<2>(0x9F36)),
            object(0x9F6C, &qualifiers),
        ];
        if !side.form_factor.0.is_empty() {
            objects.push(object(0x9F6E, &side.form_factor.0));
        }
        if signs {
            let afl = [
                &data.afl[..],
                &[RELATED_RECORD.0 << 3, RELATED_RECORD.1, RELATED_RECORD.1, 0],
            ]
            .concat();
            objects.insert(1, object(0x94, &afl));
            objects.push(object(0x9F4B, &self.sign_fast(&mut charge, qualifiers)));
        }
        charge.first = Some((kind, cryptogram));
        self.stage = Stage::Complete(charge);
        Answer::from(template(0x77, &objects))
    }

    /// fDDA: signs number, amount, currency and what the card adds, and leaves the addition to be
    /// read.
    fn sign_fast(&mut self, charge: &mut Charge, qualifiers: [u8; 2]) -> Vec<u8> {
        let [a, b, c, d, ..] = self.draw(b"related");
        let related = [&[FDDA_VERSION, a, b, c, d][..], &qualifiers].concat();
        let terminal = fdda_input(
            &charge.element::<4>(0x9F37),
            &charge.element::<6>(0x9F02),
            &charge.element::<2>(0x5F2A),
            &related,
        );
        charge
            .records
            .insert(RELATED_RECORD, template(0x70, &[object(0x9F69, &related)]));
        let number = self.draw(b"number");
        let key = &self.application().data.chain.icc.key;
        self.spoil(dda(key, &Dynamic::Number(&number), &terminal))
    }
}

/// What the card asks for in its Card Transaction Qualifiers; nothing if the reader requires that
/// the holder be verified and no way suits both.
fn qualifiers(side: &Contactless, [what, needs, can]: [u8; 3]) -> Option<[u8; 2]> {
    let [first, second] = <[u8; 2]>::try_from(side.qualifiers.0.as_slice()).unwrap_or_default();
    let rest = [
        first & !(CTQ_ONLINE_PIN | CTQ_SIGNATURE),
        second & !CTQ_DEVICE_VERIFIED,
    ];
    if needs & CVM_REQUIRED == 0 {
        return Some(rest);
    }
    if second & CTQ_DEVICE_VERIFIED != 0 && can & DEVICE_VERIFIES != 0 {
        Some([rest[0], rest[1] | CTQ_DEVICE_VERIFIED])
    } else if first & CTQ_ONLINE_PIN != 0 && what & ONLINE_PIN != 0 {
        Some([rest[0] | CTQ_ONLINE_PIN, rest[1]])
    } else if first & CTQ_SIGNATURE != 0 && what & SIGNATURE != 0 {
        Some([rest[0] | CTQ_SIGNATURE, rest[1]])
    } else {
        None
    }
}
