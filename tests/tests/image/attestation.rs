//! The collector asks the machine's TPM what booted, and believes it by the values that the image's
//! build left.

use std::fs;

use sealpoint_tests::built::target;
use sealpoint_tests::child::run;
use serde_json::Value;

use crate::machine::Extra;
use crate::office::{Office, TERMINAL, program};
use crate::till::{Till, image};

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn the_collector_trusts_a_machine_that_runs_the_image_it_knows() {
    let (state, mut office) = Till::copy("attest");
    add_reference(&office, &reference());
    office.open();
    let mut till = Till::switch_on(&state, office, "attest", &Extra::default());
    till.until_ready();
    let said = verdict(&mut till);
    assert_eq!(said["verdict"], "trusted", "{said:#}");
}

/// The control: a value of the image that is one digit off is another image.
#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn the_collector_does_not_trust_an_image_that_it_does_not_know() {
    let (state, mut office) = Till::copy("attest-unknown");
    let mut reference = reference();
    for value in reference["pcrs"]["11"].as_array_mut().expect("values") {
        let digits = value.as_str().expect("digits");
        let first = if digits.starts_with('0') { "1" } else { "0" };
        *value = format!("{first}{}", &digits[1..]).into();
    }
    add_reference(&office, &reference);
    office.open();
    let mut till = Till::switch_on(&state, office, "attest-unknown", &Extra::default());
    till.until_ready();
    let said = verdict(&mut till);
    assert_ne!(said["verdict"], "trusted", "{said:#}");
}

/// What the image's build left.
fn reference() -> Value {
    let image = image();
    let name = image.file_stem().expect("an image has a name");
    let file = target().join(format!("image/{}.reference.json", name.to_string_lossy()));
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask image`", file.display()));
    serde_json::from_str(&text).expect("JSON")
}

fn add_reference(office: &Office, reference: &Value) {
    let file = office.file("reference.json");
    fs::write(&file, reference.to_string()).expect("a folder of this test");
    run(program("collector")
        .args(["attest", "reference", "add", "--store", &office.store()])
        .arg(file));
}

/// What the collector thinks of the till, once this machine has been asked, and not the one before.
fn verdict(till: &mut Till) -> Value {
    let since_ms = till.since_ms();
    let office = &till.office;
    till.machine.until("a verdict on the machine", |_| {
        let said = program("collector")
            .args(["attest", "list", "--json", "--store", &office.store()])
            .output()
            .ok()?;
        let tills: Value = serde_json::from_slice(&said.stdout).ok()?;
        let all = tills["tills"].as_array()?.clone();
        let one = all.into_iter().find(|one| one["terminal"] == TERMINAL)?;
        (one["verdict_ms"].as_u64()? > since_ms).then_some(one)
    })
}
