//! `tillctl keys`: the life of a till's keys, as IT lives it.

mod block;
mod ceremony;
mod destroy;
mod documented;
mod erase_order;
mod interrupted;
mod load;
pub mod office;
mod rotate;
mod show;
mod terminal;
