//! The pages as they are used: by touch, by keyboard, by screen reader, by scanner.

mod controls;
mod keys;
mod shop;
