//! Terminal action analysis (EMV 4.4 Book 3 §10.7). What it finds is obeyed.

use crate::{
    charge::ChargeKind,
    dialogue::Dialogue,
    fault::Fault,
    generate_ac::AcType,
    outcome::Decliner,
    tag::{self, Tag},
    terminal::ActionCodes,
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
    /// The cryptogram to ask for.
    pub(crate) fn cryptogram(self) -> AcType {
        match self {
            Self::Decline(_) => AcType::Aac,
            Self::GoOnline => AcType::Arqc,
            Self::ApproveOffline => AcType::Tc,
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

/// Weighs the TVR before the first GENERATE AC: denial codes, then online codes. Money back, and more
/// than the charge may be without the host, is for the host to grant, whatever they are.
pub(crate) fn before_host(dialogue: &Dialogue) -> Result<Verdict, Fault> {
    let terminal = actions(dialogue)?;
    // An issuer who says nothing denies nothing and wants everything online.
    let denial = issuer_code(dialogue, tag::IAC_DENIAL, Tvr::empty())? | terminal.denial;
    let online = issuer_code(dialogue, tag::IAC_ONLINE, Tvr::from_bits_retain(u64::MAX))?;
    let denied = dialogue.tvr & denial;
    Ok(if !denied.is_empty() {
        Verdict::Decline(denied)
    } else if needs_host(dialogue) || dialogue.tvr.intersects(online | terminal.online) {
        Verdict::GoOnline
    } else {
        Verdict::ApproveOffline
    })
}

/// Weighs the TVR once the host could not be asked: default codes. An online-only terminal has no
/// say then, nor has any about what only the host may grant: it declines whatever they are.
pub(crate) fn without_host(dialogue: &Dialogue) -> Result<Verdict, Fault> {
    if needs_host(dialogue) {
        return Ok(Verdict::Decline(dialogue.tvr));
    }
    let terminal = actions(dialogue)?;
    let issuer = issuer_code(dialogue, tag::IAC_DEFAULT, Tvr::from_bits_retain(u64::MAX))?;
    let denied = dialogue.tvr & (issuer | terminal.default);
    Ok(if denied.is_empty() {
        Verdict::ApproveOffline
    } else {
        Verdict::Decline(denied)
    })
}

/// Whether nothing but the host may approve it.
fn needs_host(dialogue: &Dialogue) -> bool {
    let charge = &dialogue.charge;
    dialogue.terminal.kind.online_only()
        || charge.kind == ChargeKind::Refund
        || charge.amount_minor > charge.offline_up_to_minor
}

fn actions(dialogue: &Dialogue) -> Result<ActionCodes, Fault> {
    dialogue
        .selected
        .as_ref()
        .map(|selected| selected.application.actions)
        .ok_or(Fault::OutOfTurn)
}

fn issuer_code(dialogue: &Dialogue, tag: Tag, absent: Tvr) -> Result<Tvr, Fault> {
    Ok(dialogue
        .store
        .optional(tag)?
        .map_or(absent, Tvr::from_bytes))
}
