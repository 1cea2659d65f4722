//! This room's fuzz target in the ordinary run. `tests/fuzz` has the target, the corpus and the
//! fuzzers themselves.

#[path = "../../../../tests/fuzz/src/key_block.rs"]
mod key_block;
#[path = "../../../../tests/fuzz/src/ordinary.rs"]
mod ordinary;

/// Mutations of the corpus. `SEALPOINT_FUZZ=100000` tries so many instead.
const SHARE: u64 = 30_000;
/// Characters that mean something in a key block.
const TELLING: &[u8] = b"0123456789ABCDEFKTPIS ";

#[test]
fn key_block() {
    ordinary::run("key_block", key_block::key_block, TELLING, SHARE);
}
