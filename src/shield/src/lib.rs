//! What a process of the till takes from itself before it begins.

pub mod starter;
