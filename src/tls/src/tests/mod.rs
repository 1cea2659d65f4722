mod code;
mod handshake;
mod identity;
mod shares;
mod signed_time;
