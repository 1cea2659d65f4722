//! The state of the link, and what the collector says of this till by the way.
//!
//! It follows the records channel: `Up` means that the collector answered its last request there,
//! and said that this till may charge cards. A link that was down is up again when the collector has
//! answered a probe or a push and then said how this till stands; one of an earlier release, which
//! does not know that question, stands in for a till that stands well. A host request that could not
//! be sent takes the link down; one that got lost makes a probe due, and the probe decides.

use sealpoint_wire::enrol::StandingAnswer;
use sealpoint_wire::{FromUplink, LinkState, Standing};

use serde::de::IgnoredAny;

use super::answer::{self, Failure, Refusal};
use super::records::Errand;
use super::{Channel, Exchange, Machine, Method, Moment, host};

/// A probe is small; a collector that needs longer is as good as gone.
pub const PROBE_TIMEOUT_MS: u64 = 5_000;
/// While the link is up and idle, the collector is asked this long after its last answer.
pub const PROBE_EVERY_MS: u64 = 5_000;
/// How this till stands is asked when the link comes up, and this often while it is.
pub const STANDING_EVERY_MS: u64 = 180_000;

impl Machine {
    /// Whether the collector takes records.
    pub(super) fn is_linked(&self) -> bool {
        matches!(self.link, LinkState::Up | LinkState::Quarantined { .. })
    }

    pub(super) fn probe(&mut self) {
        self.ask_records(Errand::Probe, "/v1/health");
    }

    pub(super) fn ask_standing(&mut self) {
        self.ask_records(Errand::Standing, "/v1/standing");
    }

    fn ask_records(&mut self, errand: Errand, path: &'static str) {
        let (get, body) = (Method::Get, Vec::new());
        let id = self.request(Channel::Records, get, path, body, PROBE_TIMEOUT_MS);
        self.records.asked(id, errand);
    }

    pub(super) fn probed(&mut self, moment: Moment, exchange: Exchange) {
        match answer::success::<IgnoredAny>(exchange) {
            Ok(_) => self.link_answered(moment),
            // It is there, but this till's certificate is not what it was.
            Err(Failure::Refused(refusal)) if refusal.is_quarantine() => {
                self.records.standing_is_due = true;
            }
            // It is there, and has heard enough of this till for now.
            Err(Failure::Refused(refusal)) if refusal.code == 429 && self.is_linked() => {
                self.records.rest(moment, refusal.retry_after_s);
            }
            Err(failure) => self.link_down(moment, failure.why()),
        }
    }

    /// The collector took a push or a probe. If the link was down, how this till stands is the next
    /// question, and the last one before it is up.
    pub(super) fn link_answered(&mut self, moment: Moment) {
        self.records.succeeded(moment);
        if !self.is_linked() {
            self.records.standing_is_due = true;
        }
    }

    pub(super) fn stood(&mut self, moment: Moment, exchange: Exchange) {
        self.records.standing_is_due = false;
        self.records.standing_ms = moment.now_ms + STANDING_EVERY_MS;
        match answer::success::<StandingAnswer>(exchange) {
            Ok(answer) => {
                self.tell_standing(answer.standing);
                self.link_up(moment, answer.quarantined);
            }
            Err(Failure::Refused(Refusal {
                code: 404 | 405, ..
            })) => self.link_up(moment, None),
            Err(Failure::Refused(refusal)) if refusal.is_busy() && self.is_linked() => {
                self.records.rest(moment, refusal.retry_after_s);
            }
            Err(failure) => self.link_down(moment, failure.why()),
        }
    }

    /// An order to erase is told each time, so that one that could not be carried out is not
    /// forgotten; that all is well is told when it changes.
    fn tell_standing(&mut self, standing: Standing) {
        if standing != Standing::Active || self.standing.as_ref() != Some(&standing) {
            self.standing = Some(standing.clone());
            self.tell(FromUplink::Standing { standing });
        }
    }

    fn link_up(&mut self, moment: Moment, quarantined: Option<String>) {
        self.records.succeeded(moment);
        let was_up = self.link == LinkState::Up;
        match quarantined {
            None => self.set_link(LinkState::Up),
            Some(why) => {
                if self.host.errand() != Some(host::Errand::Advise) {
                    self.put_advice_back(&why);
                }
                self.set_link(LinkState::Quarantined { why });
            }
        }
        if !was_up {
            self.host.retry_now(moment);
        }
    }

    pub(super) fn link_down(&mut self, moment: Moment, why: String) {
        self.records.failed(moment);
        self.link_lost_on_host(&why);
        self.set_link(LinkState::Down { why });
    }

    fn set_link(&mut self, state: LinkState) {
        if self.link != state {
            self.link = state.clone();
            self.tell(FromUplink::Link { state });
        }
    }
}
