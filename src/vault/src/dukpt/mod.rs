//! DUKPT, the terminal's side: a key of its own for each card, from an initial key that is gone
//! after the first moment.
//!
//! | part | what | where |
//! |---|---|---|
//! | [`Registers`] | what the till keeps: enough for every key to come, nothing of a key that was | `registers` |
//! | their state | the same as bytes, for the key store | `state` |
//! | [`TransactionKey`] | one key and its serial number; sealing with it uses it up | `transaction_key` |
//! | AES DUKPT | ANSI X9.24-3:2017: derivation data, working keys | `aes` |
//! | TDES DUKPT | ANSI X9.24-1:2009, for legacy acquirers: key generation that cannot be reversed, variants | `tdes` |
//! | how many and how long | counter bits, one-bits, lengths | `shape` |
//! | block ciphers | one block, CBC, CMAC | `cipher` |
//!
//! **The tree.** Both standards derive the key of a counter from the initial key along the
//! counter's one-bits, highest first. So keys are the nodes of a tree: the parent of a number is the
//! number without its lowest one-bit, and nobody gets from a node to its parent or to a sibling. The
//! registers hold, at any moment, the highest nodes that have only numbers still to come below
//! them. To go on, a register's node is taken out, its children take the registers below it, and
//! it is wiped once it was used.
//!
//! **What a copy of the registers gives away.** Every key to come, none that was. That is the promise
//! of DUKPT, and it is why skipping forward wipes as well.
//!
//! **Time.** The `aes` crate uses the processor's AES instructions, or bit-sliced code without
//! tables. The `des` crate looks up tables at places that depend on the key: a program on the same
//! processor that measures its cache could learn of TDES keys. One more reason why TDES DUKPT is
//! for legacy acquirers alone.
//!
//! **What is wiped.** Registers, nodes, working keys, plaintexts and key schedules. The crates'
//! round functions leave parts of them in registers and on the stack, as `ring` does.
//!
//! Keys and registers cannot speak, and there is one of each:
//! ```compile_fail,E0277
//! fn copies<T: Clone>() {}
//! copies::<sealpoint_vault::TransactionKey>();
//! ```
//! ```compile_fail,E0277
//! fn copies<T: Clone>() {}
//! copies::<sealpoint_vault::Registers>();
//! ```
//! ```compile_fail,E0277
//! fn speaks<T: core::fmt::Debug>() {}
//! speaks::<sealpoint_vault::TransactionKey>();
//! ```
//! ```compile_fail,E0277
//! fn speaks<T: core::fmt::Debug>() {}
//! speaks::<sealpoint_vault::Registers>();
//! ```
//! A key seals by way of the store alone, which writes its number down first:
//! ```compile_fail,E0624
//! use sealpoint_vault::{CardData, TransactionKey};
//! use sealpoint_wire::SealContext;
//! fn not_yet_written_down(key: TransactionKey, card: CardData, context: &SealContext) {
//!     let _ = key.seal(card, context, &context.key_id);
//! }
//! ```

mod aes;
mod cipher;
mod registers;
mod shape;
mod state;
mod tdes;
mod transaction_key;

pub use registers::{BadInitialKey, Exhausted, Registers};
pub(crate) use shape::Shape;
pub use state::BadState;
pub use transaction_key::{BadPinBlock, EncipheredPinBlock, TransactionKey};

#[cfg(test)]
pub(crate) use self::{aes::derive, transaction_key::Purpose};
