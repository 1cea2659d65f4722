//! A card is charged in the image: a USB reader, the system's card service, the card process, the
//! link, the collector, the acquirer, and back.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use sealpoint_tests::child::Running;

use crate::machine::Chord;
use crate::office::{machines, program};
use crate::till::Till;

/// A card of the simulation that pays. QEMU's reader speaks T=0 alone.
const CARD: &str = "t0";

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_card_in_a_usb_reader_pays_and_the_acquirer_has_it() {
    let (mut till, reader) = Till::start_with_reader("card");
    let control = machines().join("card/cards.sock");
    let _ = std::fs::remove_file(&control);
    let _cards = Running::start(
        program("cardsim")
            .args(["vpcd", "--port", &reader.port().to_string(), "--control"])
            .arg(&control)
            .arg("--issuer")
            .arg(till.office.file("host/issuer.toml")),
        &till.office.file("cardsim.log"),
    );
    till.until_ready();
    till.machine.wait_for("cards can be charged");
    till.machine.wait_for("the reader changed");
    till.rings_up();
    let rung_up = till.machine.screen();
    let rung_up = till.until_still(rung_up);
    till.machine.press(&Chord::of(&["f11"]));
    till.machine.wait_for("an attempt begins");
    // It never stands still while it waits for a card.
    till.until_other_than(&rung_up);
    till.machine.keep_picture("insert-card");
    tell(&control, &format!("{{\"insert\":\"{CARD}\"}}"));
    till.until_sold(2);
    till.machine.keep_picture("paid");
    tell(&control, "{\"remove\":true}");
    let known = till.office.till().expect("the collector knows the till");
    let card = known["card_minor"].as_i64().unwrap_or(0);
    assert!(card > 0, "paid by card: {known:#}");
}

/// One line for the simulated reader's control socket, and its answer.
fn tell(control: &Path, line: &str) {
    let mut stream = UnixStream::connect(control).expect("cardsim listens");
    writeln!(stream, "{line}").expect("cardsim reads");
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .expect("cardsim answers");
}
