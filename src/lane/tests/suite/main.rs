//! The real `lane` binary between a till that is played here and a simulated card, over real
//! sockets; and with a real `pcscd` between lane and card.

mod at_bench;
mod bench;
mod card_pulled;
mod command_line;
mod conversation;
mod defect;
mod demo_cards;
mod dukpt;
mod erase;
mod hands;
mod host;
mod ifd;
mod key_trouble;
mod listening;
mod logs;
mod managed;
mod memory;
mod offline;
mod offline_pcscd;
mod pcscd;
mod readers;
mod retailer;
mod tokens;
