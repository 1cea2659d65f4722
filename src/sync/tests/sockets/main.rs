//! Machine and driver over real sockets, against a collector that does as a script says.

mod charges;
mod collector;
mod drain;
mod ends;
mod packed;
mod shapes;
mod till;
