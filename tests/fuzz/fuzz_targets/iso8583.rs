#![no_main]

#[path = "../src/iso8583.rs"]
mod iso8583;

libfuzzer_sys::fuzz_target!(|data: &[u8]| iso8583::iso8583(data));
