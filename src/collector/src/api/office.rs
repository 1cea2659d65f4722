//! What enrolment, renewal and the signed time need beside the store.

use std::sync::Mutex;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rustls::sign::SigningKey;

use crate::tls::Authority;

/// Enrolments that may come at once.
const BURST: u32 = 30;
/// After these, one each so often.
const EACH: Duration = Duration::from_secs(1);

/// The retailer's CA, if its key is here, and the collector's own key.
pub struct Office {
    authority: Option<Authority>,
    signer: Arc<dyn SigningKey>,
    bucket: Mutex<Bucket>,
}

/// Enrolments are asked for by whoever reaches the port. What makes guessing hopeless is in the
/// store; this spares the collector the work.
struct Bucket {
    tokens: u32,
    filled: Instant,
}

impl Office {
    /// From the files that the collector was started with.
    #[must_use]
    pub fn new(authority: Option<Authority>, signer: Arc<dyn SigningKey>) -> Self {
        Self {
            authority,
            signer,
            bucket: Mutex::new(Bucket {
                tokens: BURST,
                filled: Instant::now(),
            }),
        }
    }

    pub(super) const fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    pub(super) fn signer(&self) -> &dyn SigningKey {
        self.signer.as_ref()
    }

    /// Whether one more enrolment may be tried now.
    pub(super) fn may_enrol(&self, now: Instant) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now.duration_since(bucket.filled).as_secs() / EACH.as_secs();
        let due = u32::try_from(due).unwrap_or(BURST).min(BURST);
        if due > 0 {
            bucket.filled += EACH * due;
            bucket.tokens = (bucket.tokens + due).min(BURST);
        }
        if bucket.tokens == BURST {
            bucket.filled = now;
        }
        let may = bucket.tokens > 0;
        bucket.tokens = bucket.tokens.saturating_sub(1);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_served_and_then_one_a_second() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let key = rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let signer = rustls::crypto::ring::sign::any_supported_type(&key).expect("ring knows it");
        let office = Office::new(None, signer);
        let start = Instant::now();
        let served = |at: Instant| (0..100).filter(|_| office.may_enrol(at)).count();
        assert_eq!(served(start), 30);
        assert_eq!(served(start + Duration::from_millis(999)), 0);
        assert_eq!(served(start + Duration::from_millis(1_001)), 1);
        assert_eq!(served(start + Duration::from_secs(4)), 3);
        assert_eq!(served(start + Duration::from_secs(3600)), 30);
    }
}
