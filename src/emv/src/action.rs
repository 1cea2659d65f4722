//! Terminal action analysis (EMV 4.4 Book 3 §10.7).

use crate::{
    dialogue::Dialogue,
    fault::Fault,
    generate_ac::AcType,
    outcome::Decliner,
    tag::{self, Tag},
    verification::Tvr,
};

/// What the action codes say about the TVR.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Decline, because of these bits.
    Decline(Tvr),
    /// Ask the host.
    GoOnline,
    /// Nothing speaks against approving offline.
    ApproveOffline,
}

impl Verdict {
    /// The cryptogram to ask for. Where the books would let the terminal approve by itself this
    /// kernel asks the host all the same: without offline data authentication a card's TC proves
    /// nothing.
    pub(crate) fn cryptogram(self) -> AcType {
        match self {
            Self::Decline(_) => AcType::Aac,
            Self::GoOnline | Self::ApproveOffline => AcType::Arqc,
        }
    }

    /// Who declines, if the card answers AAC.
    pub(crate) fn decliner(self) -> Decliner {
        match self {
            Self::Decline(denied) => Decliner::Terminal(denied),
            Self::GoOnline | Self::ApproveOffline => Decliner::Card,
        }
    }
}

/// Weighs the TVR before the host is asked.
pub(crate) fn before_host(dialogue: &Dialogue) -> Result<Verdict, Fault> {
    let Some(selected) = &dialogue.selected else {
        return Err(Fault::OutOfTurn);
    };
    let terminal = selected.application.actions;
    // An issuer who says nothing denies nothing and wants everything online.
    let denial = issuer_code(dialogue, tag::IAC_DENIAL, Tvr::empty())? | terminal.denial;
    let online =
        issuer_code(dialogue, tag::IAC_ONLINE, Tvr::from_bits_retain(u64::MAX))? | terminal.online;
    let denied = dialogue.tvr & denial;
    Ok(if !denied.is_empty() {
        Verdict::Decline(denied)
    } else if dialogue.terminal.kind.online_only() || dialogue.tvr.intersects(online) {
        Verdict::GoOnline
    } else {
        Verdict::ApproveOffline
    })
}

fn issuer_code(dialogue: &Dialogue, tag: Tag, absent: Tvr) -> Result<Tvr, Fault> {
    Ok(dialogue
        .store
        .optional(tag)?
        .map_or(absent, Tvr::from_bytes))
}
