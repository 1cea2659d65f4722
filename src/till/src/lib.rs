//! The cashier's flow: [`Action`] in, [`View`] and effects out; no screen, no I/O, no clock.

pub mod action;
pub mod notice;
pub mod view;

pub use action::Action;
pub use notice::{Level, Notice, NoticeCode};
pub use view::View;
