//! The program `tillctl`, run as IT runs it.

mod bench;
mod command_line;
mod pcscd;
mod virtual_reader;
