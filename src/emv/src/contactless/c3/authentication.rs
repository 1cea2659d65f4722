//! Offline data authentication: fDDA, the card's signature over this charge (Book C-3 §5.6 and Annex
//! C).

use crate::{
    contactless::{
        c3::{C3, Course},
        qualifiers::{Ctq, Ttq},
    },
    dialogue::Dialogue,
    generate_ac::AcType,
    oda, tag,
    verification::{Aip, Tvr},
};

impl C3 {
    /// Proves the card that approves by itself. If it is not proven the card's qualifiers say how to go
    /// on: online, by contacts, or not.
    ///
    /// Where the host is asked, the host proves it, unless the reader offered to: then a card that
    /// signs must sign right.
    pub(super) fn authenticate(&mut self, dialogue: &mut Dialogue, kind: AcType) -> Course {
        if !self.decline.is_empty() {
            return Course::Stay;
        }
        let signature = signature(dialogue);
        if self.online {
            let offered = kind == AcType::Arqc && self.ttq.contains(Ttq::ODA_ONLINE);
            if let Some(signature) = signature.filter(|_| offered)
                && !oda::check_fdda(dialogue, &signature)
            {
                self.decline |= Tvr::DDA_FAILED;
            }
            return Course::Stay;
        }
        if signature.is_some_and(|signature| oda::check_fdda(dialogue, &signature)) {
            return Course::Stay;
        }
        if self.card_wants(Ctq::ONLINE_IF_ODA_FAILS) {
            self.online = true;
        } else if self.switches(Ctq::SWITCH_IF_ODA_FAILS) {
            return Course::Switch;
        } else {
            self.decline |= Tvr::DDA_FAILED;
        }
        Course::Stay
    }
}

/// What the card signed, if its profile says that it does.
fn signature(dialogue: &Dialogue) -> Option<Vec<u8>> {
    dialogue
        .store
        .public(tag::SIGNED_DYNAMIC_DATA)
        .filter(|_| dialogue.aip.contains(Aip::DDA))
        .map(<[u8]>::to_vec)
}
