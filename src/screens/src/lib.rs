//! The Rust face of `ui/`: the types that Slint generates, and nothing else.
//!
//! `.slint` files own the looks. The globals re-exported here (`TillView`,
//! `StatusView`, `DemoView`, `KeyNames`, `TillActions`, `Words`, `Theme`) are the
//! whole seam: Rust fills the views and answers the actions.

slint::include_modules!();
