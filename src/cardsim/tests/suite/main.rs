//! The card seen from its contacts, its sockets and its files.

mod commands;
mod cryptogram_vectors;
mod dialogues;
mod issuer_file;
mod mutated_commands;
mod offline_pin;
mod profiles;
mod sockets;
mod terminal;
mod vpcd_client;
