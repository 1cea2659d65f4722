//! The Debian packages: what is in them, what their units may do, what their rules let through, and
//! that nothing a package manager does loses a sale.
//!
//! Everything is made and run for real: packages by debhelper, Debian in a folder of its own, packets
//! in network namespaces, devices that udev takes for real. It needs root, or user namespaces.

mod booted;
mod debian;
mod firewall;
mod inside;
mod life;
mod lint;
mod made;
mod policy;
mod till;
mod units;
mod usb;
