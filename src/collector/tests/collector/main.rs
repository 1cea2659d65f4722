//! The real collector as a process, over real sockets and real TLS, with certificates that its own
//! commands made.

mod acquirer_profile;
mod advices;
mod at_rest;
mod attempts;
mod attestation;
mod attester;
mod books;
mod bounds;
mod certificates;
mod client;
mod fake_acquirer;
mod hosts;
mod inquiries;
mod migration;
mod on_postgres;
mod operator;
mod postgres;
mod process;
mod pushes;
mod records;
mod relay;
mod renewals;
mod reversals;
mod server_store;
mod shapes;
mod sink_outbox;
mod start;
mod till;
mod tills;
mod updates;
mod uplink;
