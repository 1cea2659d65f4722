//! The locked-down image in a machine: it boots, sells, and is attacked.
//!
//! Each test is one row of the table in `packaging/README.md`, with its negative control. The machine
//! is QEMU without any of the host's virtualisation, with the builder's keys in its firmware and a
//! TPM in software. What it showed and said is kept in `target/image/evidence`.
//!
//! These tests want an image (`cargo xtask image`) and minutes, so they are asked for by name:
//! `cargo xtask test --image` or `cargo xtask image --boot`.

mod attestation;
mod boot;
mod card;
mod chain;
mod machine;
mod network;
mod office;
mod readback;
mod slots;
mod state;
mod storm;
mod till;
mod updates;
mod usb;
