//! A machine that does not exist: firmware, TPM, disk, keyboard, screen and a network cable, all in
//! software and all the test's own.

mod cable;
mod disk;
mod firmware;
mod gpt;
mod keyboard;
pub mod packet;
mod qmp;
mod reader;
mod run;
mod screen;
mod state;
mod tools;
mod wait;

pub use cable::Cable;
pub use disk::Disk;
pub use firmware::keys as firmware_keys;
pub use gpt::{Partition, TABLE_BYTES, partitions};
pub use keyboard::Chord;
pub use reader::Reader;
pub use run::{Extra, Machine};
pub use screen::Screen;
pub use state::State;
pub use tools::Tools;
pub use wait::within;
