//! Offline data authentication: fDDA, the card's signature over this charge (Book C-3 §5.6 and Annex
//! C).

use crate::{
    contactless::{
        c3::{C3, Course},
        qualifiers::Ctq,
    },
    dialogue::Dialogue,
    oda, tag,
    verification::{Aip, Tvr},
};

impl C3 {
    /// Proves the card that approves by itself; where the host is asked, the host proves it.
    ///
    /// If it is not proven the card's qualifiers say how to go on: online, by contacts, or not.
    pub(super) fn authenticate(&mut self, dialogue: &mut Dialogue) -> Course {
        if self.online || !self.decline.is_empty() || is_proven(dialogue) {
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

fn is_proven(dialogue: &mut Dialogue) -> bool {
    let signed = dialogue.store.public(tag::SIGNED_DYNAMIC_DATA);
    let Some(signed) = signed
        .filter(|_| dialogue.aip.contains(Aip::DDA))
        .map(<[u8]>::to_vec)
    else {
        return false;
    };
    oda::check_fdda(dialogue, &signed)
}
