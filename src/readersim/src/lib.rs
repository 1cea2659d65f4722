//! A card reader in software, as a driver that `pcscd` loads (IFD handler 3.0).
//!
//! Never part of a production image. With it the whole way from the lane through a real card
//! service to a card can be driven without a reader of plastic: cards go in and out at once and
//! not at the next look of half a second, there are several slots and a PIN pad, and every fault
//! that a reader can have happens on command.
//!
//! ```text
//! # /etc/reader.conf.d/sealpoint
//! FRIENDLYNAME "Sealpoint Reader"
//! DEVICENAME   /run/sealpoint/ifd:2
//! LIBPATH      /usr/lib/pcsc/drivers/serial/libsealpoint_readersim.so
//! CHANNELID    0
//! ```
//!
//! The name of the device is a Unix socket, at which `cardsim ifd` is the reader, and the number
//! of slots (one, if it is left out); `:1@1` means one slot, the second at that socket. The
//! driver itself knows no card: it hands on.
//!
//! * [`protocol`]: what goes over the socket; `cardsim` imports it.
//! * [`device`]: the name of the device.
//! * [`presence`]: which comings and goings `pcscd` is told, so that it misses none.
//! * [`hold`]: when `pcscd` is told, so that it forgets none.
//! * [`watch`] and [`link`]: a slot's two connections, for what happens and for what is asked.
//! * [`features`]: what the reader can do beyond cards (PC/SC part 10).
//! * [`ifd`]: the functions of an IFD handler, in safe Rust; [`ffi`] makes them C.
//!
//! Two entries with this one library share nothing but the list of their slots: each slot has
//! its logical unit number from `pcscd` and its own connections.

pub mod code;
pub mod device;
pub mod features;
pub mod ffi;
pub mod hold;
pub mod ifd;
pub mod link;
pub mod presence;
pub mod protocol;
mod slot;
pub mod watch;
