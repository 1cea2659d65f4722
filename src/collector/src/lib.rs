//! The collector: receives what tills record, keeps each record once, and asks the acquirer.
//!
//! * [`api`]: the HTTPS interface for tills, and its OpenAPI document.
//! * [`store`]: the database: records, attempts, alarms.
//! * [`switch`]: authorisations and reversals, and the line to the acquirer.
//! * [`attest`]: what a till's TPM says, and whether that is an image of the retailer's.
//! * [`tls`]: the retailer's CA, the server's and the tills' certificates.
//! * [`sink`]: the stream that a chain's own systems read the records from.
//! * [`serve`]: listening, limits, an orderly end.
//! * [`pages`]: what an operator sees, on the loopback only.
//! * [`commands`]: enrolment codes, revocation, quarantine: what an operator does at a shell.
//! * [`reconcile`]: till log, batch and ledger, matched per attempt.
//! * [`updates`]: releases of the tills' image that are offered.
//! * [`program`]: everything put together from the command line's words.
//!
//! What is deliberately absent: card data in clear. A sealed card goes through the switch to the
//! acquirer and is not stored, not even sealed.

pub mod api;
pub mod args;
pub mod attest;
pub mod commands;
pub mod counters;
pub mod pages;
pub mod program;
pub mod reconcile;
pub mod serve;
pub mod sink;
pub mod store;
pub mod switch;
pub mod tls;
pub mod updates;

/// Milliseconds since the Unix epoch by this machine's clock.
#[must_use]
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
