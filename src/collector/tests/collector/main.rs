//! The real collector as a process, over real sockets and real TLS, with certificates that its own
//! commands made.

mod at_rest;
mod certificates;
mod client;
mod fake_acquirer;
mod hosts;
mod operator;
mod process;
mod records;
mod shapes;
mod start;
mod till;
mod uplink;
