//! What happened since the collector started, for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the histogram's steps, milliseconds.
const STEPS_MS: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

/// How long something took, counted by steps.
#[derive(Debug, Default)]
pub struct Histogram {
    steps: [AtomicU64; STEPS_MS.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub fn add(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(step) = STEPS_MS.iter().position(|ms| us <= ms * 1000) {
            self.steps[step].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Each step's upper bound in milliseconds with all that took no longer, then the count of all
    /// and their sum in microseconds.
    #[must_use]
    pub fn read(&self) -> (Vec<(u64, u64)>, u64, u64) {
        let mut so_far = 0;
        let steps = STEPS_MS.iter().zip(&self.steps).map(|(ms, step)| {
            so_far += step.load(Ordering::Relaxed);
            (*ms, so_far)
        });
        let steps = steps.collect();
        // Read last, so that no step is above it.
        (
            steps,
            self.count.load(Ordering::Relaxed),
            self.sum_us.load(Ordering::Relaxed),
        )
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Its value.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident => $metric:literal, $label:literal, $value:literal;)*) => {
        /// All counters of the collector.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $field: Counter,)*
            /// From a push's last byte to its acknowledgement, which is durable.
            pub acknowledged: Histogram,
        }

        impl Counters {
            /// Each counter as metric, label, label's value and count; one metric's together.
            #[must_use]
            pub fn all(&self) -> Vec<(&'static str, &'static str, &'static str, u64)> {
                vec![$(($metric, $label, $value, self.$field.get()),)*]
            }
        }
    };
}

counters! {
    /// Records stored.
    records_created => "sealpoint_records_total", "outcome", "created";
    /// Records that were stored before.
    records_existing => "sealpoint_records_total", "outcome", "exists";
    /// Records refused and alarmed.
    records_refused => "sealpoint_records_total", "outcome", "refused";
    /// Authorisations that the acquirer answered.
    authorisations_answered => "sealpoint_authorisations_total", "outcome", "answered";
    /// Authorisations that provably did not reach the acquirer.
    authorisations_not_sent => "sealpoint_authorisations_total", "outcome", "not_sent";
    /// Authorisations whose fate is unknown.
    authorisations_unknown => "sealpoint_authorisations_total", "outcome", "unknown";
    /// Authorisations refused here: reversed, or asked with another content.
    authorisations_refused => "sealpoint_authorisations_total", "outcome", "refused";
    /// Advices that the acquirer answered.
    advices_answered => "sealpoint_advices_total", "outcome", "answered";
    /// Advices that it did not answer, or that are refused here.
    advices_not_answered => "sealpoint_advices_total", "outcome", "not_answered";
    /// Inquiries that were answered.
    inquiries => "sealpoint_inquiries_total", "outcome", "answered";
    /// Reversals that are done.
    reversals_done => "sealpoint_reversals_total", "outcome", "done";
    /// Reversals that the acquirer did not acknowledge yet.
    reversals_pending => "sealpoint_reversals_total", "outcome", "pending";
    /// Records that the sink stored.
    sink_stored => "sealpoint_sink_records_total", "outcome", "stored";
    /// Records that the sink had stored before, under the same id.
    sink_duplicate => "sealpoint_sink_records_total", "outcome", "duplicate";
    /// Records that the sink did not acknowledge; they are published again.
    sink_unacknowledged => "sealpoint_sink_records_total", "outcome", "unacknowledged";
    /// Records larger than the sink takes.
    sink_too_large => "sealpoint_sink_records_total", "outcome", "too_large";
    /// Records that were removed from the store before the sink had them.
    sink_gone => "sealpoint_sink_records_total", "outcome", "gone";
    /// Rounds of feeding the sink that ended before their time.
    sink_failures => "sealpoint_sink_rounds_total", "outcome", "failed";
    /// Tills that got a certificate for a code.
    tills_enrolled => "sealpoint_certificates_total", "how", "enrolled";
    /// Certificates that were renewed.
    certificates_renewed => "sealpoint_certificates_total", "how", "renewed";
    /// Evidence that shows an image of the retailer's.
    attestations_trusted => "sealpoint_attestations_total", "verdict", "trusted";
    /// Evidence that does not.
    attestations_untrusted => "sealpoint_attestations_total", "verdict", "untrusted";
    /// Tills that said that they have no TPM.
    attestations_without_tpm => "sealpoint_attestations_total", "verdict", "no_tpm";
    /// Requests by a certificate that is expired or revoked, refused.
    admissions_refused => "sealpoint_requests_total", "outcome", "certificate_not_good";
    /// Requests that a till made faster than its rate.
    requests_limited => "sealpoint_requests_refused_total", "why", "rate";
    /// Requests for whose body there was no memory.
    requests_turned_away => "sealpoint_requests_refused_total", "why", "memory";
    /// Pushes for which the store's queue was full.
    pushes_turned_away => "sealpoint_requests_refused_total", "why", "queue";
    /// Connections with a terminal's certificate, or without one to be enrolled.
    connections_accepted => "sealpoint_connections_total", "outcome", "accepted";
    /// Connections refused: no certificate, no TLS 1.3, or too many.
    connections_refused => "sealpoint_connections_total", "outcome", "refused";
}
