//! What happened since the collector started, for the metrics page.

use std::sync::atomic::{AtomicU64, Ordering};

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
    /// Reversals that are done.
    reversals_done => "sealpoint_reversals_total", "outcome", "done";
    /// Reversals that the acquirer did not acknowledge yet.
    reversals_pending => "sealpoint_reversals_total", "outcome", "pending";
    /// Connections with a terminal's certificate.
    connections_accepted => "sealpoint_connections_total", "outcome", "accepted";
    /// Connections refused: no certificate, no TLS 1.3, or too many.
    connections_refused => "sealpoint_connections_total", "outcome", "refused";
}
