#![no_main]

#[path = "../src/key_block.rs"]
mod key_block;

libfuzzer_sys::fuzz_target!(|data: &[u8]| key_block::key_block(data));
