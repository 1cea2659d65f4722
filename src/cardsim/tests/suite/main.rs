//! The card seen from its contacts, its sockets and its files.

mod behaviours;
mod card_file;
mod commands;
mod cryptogram_vectors;
mod dialogues;
mod enciphered_pin;
mod ifd_reader;
mod issuer_file;
mod issuer_scripts;
mod listener;
mod mutated_commands;
mod offline_pin;
mod profiles;
mod signatures;
mod sockets;
mod tapped;
mod terminal;
mod version_vectors;
mod vpcd_client;
