//! The terminal: adapters, threads and supervision around the till's pure core.
//!
//! One engine thread owns the core, the journal and the sockets to `lane` and `uplink`. The window
//! and standard input are two faces of it; neither knows more than a [`sealpoint_till::View`].

// The running window can be read and driven over HTTP with this feature: never in a shop.
#[cfg(feature = "inspect")]
const _: () = assert!(
    option_env!("SEALPOINT_RELEASE_IMAGE").is_none(),
    "a release image must not have the feature `inspect`: build it without"
);

#[cfg(not(any(feature = "wayland", feature = "kms")))]
compile_error!(
    "a till draws somewhere: build sealpoint-terminal with --features wayland, or kms for a \
     machine without a compositor"
);

mod child;
mod clock;
pub mod config;
mod demo;
mod effects;
pub mod engine;
mod erase;
pub mod event;
mod key;
pub mod kiosk;
mod lane;
pub mod lines;
pub mod lock_down;
pub mod notify;
mod offscreen;
mod outlet;
mod pdf;
pub mod present;
mod receipts;
mod restored;
pub mod run;
pub mod sources;
mod standing;
pub mod start;
pub mod state;
mod uplink;
#[cfg(test)]
#[path = "tests/uplink.rs"]
mod uplink_tests;

pub use config::Config;
