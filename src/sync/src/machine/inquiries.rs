//! What the till asks about attempts of before: at its start, or when a reversal waits for a word.

use std::collections::VecDeque;

use sealpoint_wire::{FromUplink, InquiryRequest, LinkState};

use super::{Exchange, Machine, answer};

/// At most this many inquiries wait here.
pub const MAX_INQUIRIES: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Inquiries(VecDeque<InquiryRequest>);

impl Inquiries {
    pub(super) fn next(&self) -> Option<&InquiryRequest> {
        self.0.front()
    }

    /// All but so many at the front.
    pub(super) fn drop_after(&mut self, kept: usize) -> VecDeque<InquiryRequest> {
        self.0.split_off(kept.min(self.0.len()))
    }
}

impl Machine {
    /// Asks once. Where the collector cannot be asked the till hears that, and asks again when it
    /// sees fit.
    pub(super) fn inquire(&mut self, request: InquiryRequest) {
        let attempt = request.attempt;
        if self.host.inquiries.0.iter().any(|i| i.attempt == attempt) {
            return;
        }
        let away = matches!(self.link, LinkState::NotSetUp | LinkState::Down { .. });
        if away || self.host.inquiries.0.len() >= MAX_INQUIRIES {
            return self.tell(FromUplink::Inquired {
                attempt,
                fate: None,
                committed: false,
            });
        }
        self.host.inquiries.0.push_back(request);
    }

    pub(super) fn inquiry_ended(&mut self, exchange: Exchange) {
        let Some(request) = self.host.inquiries.0.pop_front() else {
            return;
        };
        let attempt = request.attempt;
        let (fate, committed) = match answer::inquiry(exchange, attempt) {
            Ok(answer) => (Some(answer.fate), answer.committed),
            Err(_) => (None, false),
        };
        self.tell(FromUplink::Inquired {
            attempt,
            fate,
            committed,
        });
    }
}
