//! The card service comes and goes; the reader stays.

use pcsc::{Context, Scope};

use crate::rig::{Client, SELECT_PSE, ask, beside_pcscd, card, expect_answer, reader, service};

#[test]
fn a_card_service_that_is_stopped_or_killed_finds_its_reader_again() {
    beside_pcscd("service::again", &[2]);
}

#[test]
#[ignore = "run by a_card_service_that_is_stopped_or_killed_finds_its_reader_again"]
fn again() {
    let reader = reader(0, 2, &[card("visa-approved")]);
    let slot = reader.slots().next().expect("a slot");
    slot.insert("visa-approved").expect("inserted");
    for word in ["stop", "kill"] {
        let client = Client::start();
        let names = client.readers();
        let held = client.connect(&names[0]);
        expect_answer(&held);
        service(word);
        assert!(ask(&held, SELECT_PSE).is_err());
        assert!(Context::establish(Scope::System).is_err(), "after {word}");
        service("start");
        let client = Client::start();
        assert_eq!(client.readers(), names);
        client.await_empty(&names[1]);
        expect_answer(&client.connect(&names[0]));
    }
    // And once more while it runs: the driver ends its threads, or this would hang.
    service("restart");
    let client = Client::start();
    let name = client.readers().remove(0);
    expect_answer(&client.connect(&name));
}
