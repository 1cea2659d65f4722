//! The reader's control socket, as a panel or a test in another process uses it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use sealpoint_cardsim::Control;
use serde_json::{Value, json};

use crate::rig::{Client, beside_pcscd, card, folder, reader};

#[test]
fn everything_that_a_hand_can_do_goes_over_the_control_socket() {
    beside_pcscd("control::hands", &[2]);
}

struct Panel(BufReader<UnixStream>);

impl Panel {
    fn says(&mut self, line: &Value) -> Value {
        writeln!(self.0.get_mut(), "{line}").expect("sent");
        let mut answer = String::new();
        self.0.read_line(&mut answer).expect("an answer");
        serde_json::from_str(&answer).expect("one JSON object")
    }
}

#[test]
#[ignore = "run by everything_that_a_hand_can_do_goes_over_the_control_socket"]
fn hands() {
    let reader = reader(0, 2, &[card("visa-approved"), card("qvsdc")]);
    let path = folder().join("control");
    let _control = Control::bind(&path, reader.clone()).expect("a control socket");
    let mut panel = Panel(BufReader::new(UnixStream::connect(&path).expect("open")));
    let client = Client::start();
    let names = client.readers();

    let view = panel.says(&json!({ "insert": "visa-approved" }));
    assert_eq!(view["card"], "visa-approved");
    let view = panel.says(&json!({ "slot": 1, "insert": "qvsdc" }));
    assert_eq!(view["card"], "qvsdc");
    assert_eq!(
        view["slots"],
        json!([
            { "contactless": false, "card": "visa-approved", "asks_for_pin": false },
            { "contactless": true, "card": "qvsdc", "asks_for_pin": false },
        ])
    );
    client.await_card(&names[1]);
    panel.says(&json!({ "slot": 1, "remove": true }));
    client.await_empty(&names[1]);
    client.await_card(&names[0]);

    let view = panel.says(&json!({ "reader": "unplug" }));
    assert!(view["error"].is_null());
    client.await_unavailable(&names[0]);
    panel.says(&json!({ "reader": "plug" }));
    client.await_card(&names[0]);

    for (line, says) in [
        (json!({ "slot": 2, "remove": true }), "there is no slot 2"),
        (
            json!({ "slot": 1, "insert": "visa-approved" }),
            "cannot be used in this slot",
        ),
        (json!({ "faults": { "remove_it": 1 } }), "not understood"),
        (json!({ "reader": "burn" }), "not understood"),
    ] {
        let error = panel.says(&line)["error"].to_string();
        assert!(error.contains(says), "{line}: {error}");
    }
    for _ in 0..8 {
        let view = panel.says(&json!({ "press": { "pin": "1234" } }));
        assert!(view["error"].is_null());
    }
    let view = panel.says(&json!({ "press": "cancel" }));
    assert!(view["error"].to_string().contains("enough to do"));
}
