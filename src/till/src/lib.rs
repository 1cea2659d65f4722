//! The cashier's flow: [`Action`] in, [`View`] and [`Effect`]s out; no screen, no I/O, no clock.

pub mod action;
pub mod attempt;
mod bar;
mod card;
pub mod draft;
pub mod effect;
mod guard;
mod keys;
mod link;
pub mod notice;
pub mod offline;
mod park;
mod pay;
mod protection;
mod ring;
mod screen;
mod settle;
mod shelf;
mod standing;
mod till;
pub mod view;
mod wedge;

pub use action::Action;
pub use effect::{Effect, Input, Restored, Settings, Stamp, Stock};
pub use keys::KEYS;
pub use notice::{Level, Notice, NoticeCode};
pub use standing::ALARM_TRIES;
pub use till::Till;
pub use view::View;
