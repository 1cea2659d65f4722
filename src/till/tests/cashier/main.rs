//! The till as a cashier meets it: what goes in are taps, keys, scans and what the processes say;
//! what is asserted is the screen, and what the journal holds.

mod age;
mod bar;
mod basket;
mod card;
mod card_choice;
mod card_goes_wrong;
mod card_host;
mod cash;
mod disk;
mod hostile;
mod journal;
mod keys;
mod link;
mod lookup;
mod offline;
mod park;
mod part;
mod restart;
mod sequences;
mod stands;
mod twice;
mod unmade;
mod void_sale;
mod warnings;
mod wedge;
mod world;
