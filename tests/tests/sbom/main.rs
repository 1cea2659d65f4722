//! The list of what an image and a package are made of: `cargo xtask sbom`, held against the schema
//! of CycloneDX 1.6 and against sources that it was not made from.

mod checks;
mod image;
mod rig;

use std::collections::BTreeSet;

use rig::{Faults, Rig, validate};
use serde_json::{Value, json};

/// Breaks a document at one place.
type Damage = fn(&mut Value);

#[test]
fn the_document_is_cyclonedx_1_6() {
    let document = Rig::new().document();
    assert_eq!(validate(&document), Faults::none());
    // The check can fail: each of these breaks the schema at one place.
    let broken: [(&str, Damage); 4] = [
        ("components/0", |d| {
            d["components"][0]
                .as_object_mut()
                .expect("a component")
                .remove("name");
        }),
        ("specVersion", |d| d["specVersion"] = json!(16)),
        ("serialNumber", |d| {
            d["serialNumber"] = json!("urn:uuid:none")
        }),
        ("components/0", |d| {
            d["components"][0]["type"] = json!("thing")
        }),
    ];
    for (place, damage) in broken {
        let mut document = document.clone();
        damage(&mut document);
        let found = validate(&document);
        assert!(found.names(place), "{place}: {found:?}");
    }
}

#[test]
fn every_reference_leads_to_a_component() {
    let document = Rig::new().document();
    assert_eq!(checks::dangling(&document), Vec::<String>::new());
    let mut document = document;
    document["dependencies"][0]["dependsOn"] = json!(["crate:nobody@1.0.0"]);
    assert_eq!(checks::dangling(&document), ["crate:nobody@1.0.0"]);
}

#[test]
fn every_crate_that_a_program_must_link_is_named_and_no_other() {
    let rig = Rig::new();
    let mut document = rig.document();
    for (program, package) in [
        ("tillctl", "sealpoint-tillctl"),
        ("uplink", "sealpoint-sync"),
    ] {
        let bounds = checks::Bounds::of(package);
        assert_eq!(bounds.faults(&document, program), Vec::<String>::new());
    }
    let bounds = checks::Bounds::of("sealpoint-sync");
    rig::drop_component(&mut document, "crate:rustls@");
    let found = bounds.faults(&document, "uplink");
    assert!(
        found.len() == 1 && found[0].contains("rustls@") && found[0].contains("is not named"),
        "{found:?}"
    );
    let mut document = rig.document();
    rig::add_crate(&mut document, "left-pad", "1.3.0", "uplink");
    assert_eq!(
        bounds.faults(&document, "uplink"),
        ["left-pad@1.3.0 is named and is no part of uplink"]
    );
}

#[test]
fn a_demo_never_goes_into_a_programs_list() {
    let document = Rig::new().document();
    let names: BTreeSet<&str> = checks::components(&document)
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert!(names.contains("sealpoint-lane"));
    for simulator in [
        "sealpoint-cardsim",
        "sealpoint-hostsim",
        "sealpoint-readersim",
    ] {
        assert!(!names.contains(simulator), "{simulator}");
    }
}

#[test]
fn a_crate_of_a_registry_has_its_checksum_and_every_program_its_own() {
    let rig = Rig::new();
    let document = rig.document();
    let without: Vec<&Value> = checks::components(&document)
        .filter(|one| {
            let name = one["name"].as_str().unwrap_or_default();
            let package = one["bom-ref"]
                .as_str()
                .is_some_and(|r| r.starts_with("deb:"));
            let ours = name.starts_with("sealpoint-") || name == "rust-std" || package;
            let hash = one["hashes"][0]["content"].as_str().unwrap_or_default();
            !ours && hash.len() != 64
        })
        .collect();
    assert_eq!(without, Vec::<&Value>::new());
    let program = checks::components(&document)
        .find(|one| one["bom-ref"] == "program:tillctl")
        .expect("the program itself");
    assert_eq!(program["hashes"][0]["content"], rig.sha256("tillctl"));
}

#[test]
fn every_package_of_the_list_is_named() {
    let rig = Rig::new();
    let mut document = rig.document();
    let installed = rig::installed();
    assert_eq!(
        checks::packages(&document, &installed),
        Vec::<String>::new()
    );
    rig::drop_component(&mut document, "deb:coreutils@");
    let found = checks::packages(&document, &installed);
    assert!(
        found.len() == 1 && found[0].starts_with("coreutils "),
        "{found:?}"
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_and_another_program_another_number() {
    let rig = Rig::new();
    let first = rig.text();
    assert_eq!(first, rig.text());
    let document: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(document["metadata"]["timestamp"], "2026-01-01T00:00:00Z");
    rig.change("tillctl");
    assert_ne!(rig.document()["serialNumber"], document["serialNumber"]);
}

#[test]
fn what_is_not_known_or_not_there_is_refused() {
    let rig = Rig::new();
    assert!(
        rig.refusal(&["stranger"])
            .contains("no program of the house")
    );
    assert!(rig.refusal(&["lane"]).contains("cannot be read"));
}
