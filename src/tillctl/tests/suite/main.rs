//! The program `tillctl`, run as IT runs it.

mod backup;
mod bench;
mod clock;
mod command_line;
mod doctor;
mod doctor_processes;
mod keys;
mod pcscd;
mod scan;
mod setup;
mod site;
mod units;
mod update;
mod virtual_reader;
mod work;
