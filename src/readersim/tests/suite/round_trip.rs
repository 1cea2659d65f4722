//! What a command costs through `pcscd`, by our driver and by vsmartcard's. A measurement, not a
//! test: run it with `cargo nextest run -p sealpoint-readersim --run-ignored all --no-capture
//! what_a_command_costs`.

use std::time::{Duration, Instant};

use sealpoint_cardsim::VpcdClient;
use sealpoint_cardsim::vpcd::VPCD_PORT;

use crate::rig::{Client, beside_both, card, expect_answer, reader};

const COMMANDS: usize = 500;
const SWAPS: usize = 10;

#[test]
#[ignore = "a measurement"]
fn what_a_command_costs() {
    beside_both("round_trip::measured");
}

#[test]
#[ignore = "run by what_a_command_costs"]
fn measured() {
    let reader = reader(0, 1, &[card("visa-approved")]);
    let slot = reader.slots().next().expect("a slot");
    let client = Client::start();
    let names = client.readers();
    for name in names {
        let vpcd = name.to_string_lossy().contains("Virtual PCD");
        // The second slot of vpcd has no card.
        if vpcd && !name.to_string_lossy().ends_with("00") {
            continue;
        }
        let start = || VpcdClient::start("127.0.0.1", VPCD_PORT, slot.clone()).expect("threads");
        let _card = vpcd.then(start);
        client.await_empty(&name);
        slot.insert("visa-approved").expect("inserted");
        let held = client.connect(&name);
        let mut times: Vec<Duration> = (0..COMMANDS)
            .map(|_| {
                let sent = Instant::now();
                expect_answer(&held);
                sent.elapsed()
            })
            .collect();
        times.sort_unstable();
        let (median, slowest) = (times[COMMANDS / 2], times[COMMANDS * 99 / 100]);
        drop(held);
        slot.remove();
        client.await_empty(&name);
        let mut noticed: Vec<Duration> = (0..SWAPS)
            .map(|_| {
                let put = Instant::now();
                slot.insert("visa-approved").expect("inserted");
                client.await_card(&name);
                let noticed = put.elapsed();
                slot.remove();
                client.await_empty(&name);
                noticed
            })
            .collect();
        noticed.sort_unstable();
        println!(
            "{}: a command takes {median:?} (99 % within {slowest:?}), a card is noticed after {:?}",
            name.to_string_lossy(),
            noticed[SWAPS / 2],
        );
    }
}
