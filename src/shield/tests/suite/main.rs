//! A process that locked itself down and was then taken over: what it can still do.

mod clean_start;
mod files;
mod network;
mod process;
mod refusal;
mod rig;
