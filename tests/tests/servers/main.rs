//! The collector with real servers around it: PostgreSQL, a JetStream cluster of three, a network
//! that is cut. Whatever is killed, nothing is lost and nothing comes twice.
//!
//! Each test runs in namespaces of its own (network, processes), so that ports are its own, a cut
//! cable is nobody else's, and whatever it started ends with it. docs/servers.md says what is needed.
//!
//! `SEALPOINT_SERVERS=N` runs each disturbance N times as often; `SEALPOINT_LOAD=MINUTES` lets the
//! load run that long.

mod collector;
mod inside;
mod killed;
mod load;
mod nats;
mod nats_client;
mod network;
mod nodes;
mod oracle;
mod postgres;
mod process;
mod proxy;
mod reference;
mod refused;
mod several;
mod till;
