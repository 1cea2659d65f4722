//! What is charged, and by which terminal.

use jiff::Zoned;
use sealpoint_emv::{Charge, TerminalData};
use sealpoint_lane::set_up::read_profile;

use crate::{args::Wanted, fault::Fault};

/// Terminal identification of a bench (tag 9F1C), where no other is given.
const BENCH: [u8; 8] = *b"BENCH001";
/// Currencies whose minor unit is not a hundredth: ISO 4217 number and decimals.
const EXPONENTS: &[(u16, u8)] = &[
    (48, 3),
    (108, 0),
    (152, 0),
    (174, 0),
    (262, 0),
    (324, 0),
    (352, 0),
    (368, 3),
    (392, 0),
    (400, 3),
    (410, 0),
    (414, 3),
    (434, 3),
    (512, 3),
    (548, 0),
    (600, 0),
    (646, 0),
    (704, 0),
    (788, 3),
    (800, 0),
    (927, 4),
    (940, 0),
    (950, 0),
    (952, 0),
    (953, 0),
    (990, 4),
];

/// The terminal of the profile that was named, or the demo's.
pub(super) fn terminal(wanted: &Wanted) -> Result<TerminalData, Fault> {
    let Some(path) = &wanted.profile else {
        return built_in();
    };
    read_profile(path).map_err(|why| {
        Fault::not_set_up(
            format!("The terminal profile {path:?} is refused: {why}."),
            "Correct it; docs/profile.md says what each key means.",
        )
    })
}

#[cfg(feature = "demo")]
fn built_in() -> Result<TerminalData, Fault> {
    Ok(sealpoint_emv::demo_profile())
}

#[cfg(not(feature = "demo"))]
fn built_in() -> Result<TerminalData, Fault> {
    Err(Fault::not_set_up(
        "There is no terminal profile.",
        "Name one with `--profile`: the file that your acquirer agreed to.",
    ))
}

/// The charge, and its local time, `YYYYMMDDhhmmss`.
pub(super) fn plan(wanted: &Wanted) -> Result<(Charge, String), Fault> {
    let now = Zoned::now();
    let bcd = |number: i16| {
        let two = u8::try_from(number.rem_euclid(100)).unwrap_or_default();
        ((two / 10) << 4) | (two % 10)
    };
    let narrow = |number: i8| bcd(i16::from(number));
    let charge = Charge {
        amount_minor: wanted.amount_minor,
        cashback_minor: 0,
        currency: wanted.currency,
        exponent: exponent(wanted.currency),
        kind: wanted.kind,
        date: [bcd(now.year()), narrow(now.month()), narrow(now.day())],
        time: [
            narrow(now.hour()),
            narrow(now.minute()),
            narrow(now.second()),
        ],
        // The lane draws these afresh.
        unpredictable_number: [0; 4],
        random_draw: 1,
        forced_online: false,
        offline_up_to_minor: i64::MAX,
        counter: 1,
        terminal_id: BENCH,
    };
    Ok((charge, now.strftime("%Y%m%d%H%M%S").to_string()))
}

/// Decimal places of a currency.
fn exponent(currency: u16) -> u8 {
    EXPONENTS
        .iter()
        .find(|(number, _)| *number == currency)
        .map_or(2, |(_, exponent)| *exponent)
}
