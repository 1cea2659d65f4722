//! Pre-processing: which applications may be used without contacts for this charge, and what their
//! kernels must ask of the card (Book B §3.1.1).

use crate::{
    charge::ChargeKind,
    contactless::qualifiers::Ttq,
    dialogue::Dialogue,
    terminal::{Application, Contactless, ContactlessKernel},
};

/// An AID and the kernel for it, which this charge may use (Book B §3.1.1.2, *Combination*).
#[derive(Clone, Copy, Debug)]
pub(super) struct Combination {
    /// Which of the terminal's applications it is.
    pub(super) place: usize,
    /// The kernel.
    pub(super) kernel: ContactlessKernel,
    /// Terminal transaction qualifiers for this charge.
    pub(super) ttq: Ttq,
}

/// The combinations that are left; none if the charge needs another interface.
pub(super) fn combinations(dialogue: &Dialogue) -> Vec<Combination> {
    let applications = dialogue.terminal.applications.iter().enumerate();
    applications
        .filter_map(|(place, application)| {
            let contactless = application.contactless?;
            let ttq = qualifiers(dialogue, application, &contactless)?;
            Some(Combination {
                place,
                kernel: contactless.kernel,
                ttq,
            })
        })
        .collect()
}

/// The qualifiers for this charge; none if the application may not be used for it.
fn qualifiers(dialogue: &Dialogue, application: &Application, limits: &Contactless) -> Option<Ttq> {
    let amount = dialogue.charge.amount_minor;
    let reaches = |limit: Option<u32>| limit.is_some_and(|limit| amount >= i64::from(limit));
    if reaches(limits.transaction_limit_minor) {
        return None;
    }
    let mut ttq = Ttq::configured(limits.ttq);
    if !ttq.contains(Ttq::EMV_MODE) {
        return None;
    }
    // A promise to the card that the pad or the till could not keep.
    if !dialogue.pad.online {
        ttq.remove(Ttq::ONLINE_PIN);
    }
    if !dialogue.terminal.collects_signatures() {
        ttq.remove(Ttq::SIGNATURE);
    }
    // What varies with the charge, whatever was configured.
    ttq.set(
        Ttq::ONLINE_CRYPTOGRAM,
        goes_online(dialogue, application, limits),
    );
    ttq.set(Ttq::CVM_REQUIRED, reaches(limits.cvm_limit_minor));
    Some(ttq)
}

/// Whether the card shall give an ARQC: above the floor limit (without one of its own for contactless
/// use, the application's, tag 9F1B), and wherever terminal, merchant, kind or the charge's own limit do
/// not let a card approve by itself.
fn goes_online(dialogue: &Dialogue, application: &Application, limits: &Contactless) -> bool {
    let floor_limit = limits
        .floor_limit_minor
        .unwrap_or(application.floor_limit_minor);
    let charge = &dialogue.charge;
    charge.amount_minor > i64::from(floor_limit)
        || charge.amount_minor > charge.offline_up_to_minor
        || charge.forced_online
        || charge.kind == ChargeKind::Refund
        || dialogue.terminal.kind.online_only()
}
