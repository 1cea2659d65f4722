//! `tillctl site`: what a till is told of its shop, from IT's desk to the till.

mod device;
mod shop;
mod sign;
mod unpack;
