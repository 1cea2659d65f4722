//! The fuzzers' targets in the ordinary run. `tests/fuzz` has the targets, the corpus and the fuzzers
//! themselves.

#[path = "../../../../tests/fuzz/src/ordinary.rs"]
mod ordinary;
#[path = "../../../../tests/fuzz/src/lib.rs"]
mod targets;

/// Mutations of each target's corpus. `SEALPOINT_FUZZ=100000` tries so many instead.
const SHARE: u64 = 30_000;
/// Mutations of the target that signs, which takes a thousand times as long.
const SIGNED_SHARE: u64 = 1_000;
/// Bytes that mean something to whoever reads EMV data.
const TELLING: [u8; 16] = [
    0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF, 0x9F, 0x5F, 0x1F, 0x70, 0x77, 0x6F, 0x61, 0x90,
];

fn run(name: &str, share: u64) {
    let found = targets::TARGETS.iter().find(|(target, _)| *target == name);
    let (_, target) = found.expect("a target that there is");
    ordinary::run(name, *target, &TELLING, share);
}

/// A test for each target.
macro_rules! targets {
    ($($name:ident: $share:expr;)*) => {
        const RUN: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                run(stringify!($name), $share);
            }
        )*
    };
}

targets! {
    tlv: SHARE * 10;
    atr: SHARE;
    profile: SHARE / 4;
    dol: SHARE;
    records: SHARE;
    selection: SHARE;
    certificates: SIGNED_SHARE;
    issuer: SHARE;
    kernel: SHARE * 3;
}

#[test]
fn every_target_is_run() {
    let names: Vec<_> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, RUN);
}
