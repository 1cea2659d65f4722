//! `tillctl site show`: what is in a bundle.

use std::path::Path;

use serde::Serialize;

use super::{
    bundle::Bundle,
    source,
    text::{Brand, Collector, Display, Network, Till, Usb},
    trusted,
};
use crate::fault::Fault;

/// Version of the JSON object.
pub const VERSION: u8 = 1;

/// What is shown: everything but the enrolment code and the files' texts.
#[derive(Serialize)]
struct Report<'a> {
    version: u8,
    exit_code: u8,
    signed_by: &'a str,
    issued: String,
    site_version: u64,
    store: String,
    terminal: &'a str,
    has_enrol_code: bool,
    network: &'a Network,
    collector: &'a Collector,
    till: &'a Till,
    display: &'a Display,
    usb: &'a Usb,
    brand: &'a Brand,
    files: Files,
}

/// Bytes of each file.
#[derive(Serialize)]
struct Files {
    profile: usize,
    manifest: usize,
    ca: usize,
    catalogue: Option<usize>,
}

/// Shows a bundle that this root signed.
pub fn show(file: &Path, trust: &Path, json: bool) -> Result<String, Fault> {
    let root = trusted(trust)?;
    let (_, text) = source::first(&[file])?;
    let bundle =
        Bundle::verify(&text, &root).map_err(|bad| source::refused(file, &bad.to_string()))?;
    let site = &bundle.site;
    let report = Report {
        version: VERSION,
        exit_code: 0,
        signed_by: root.id().as_str(),
        issued: bundle.issued.to_string(),
        site_version: site.version,
        store: site.store.to_string(),
        terminal: bundle.terminal.as_str(),
        has_enrol_code: site.terminal.enrol_code.is_some(),
        network: &site.network,
        collector: &site.collector,
        till: &site.till,
        display: &site.display,
        usb: &site.usb,
        brand: &site.brand,
        files: Files {
            profile: site.files.profile.len(),
            manifest: site.files.manifest.len(),
            ca: site.files.ca.len(),
            catalogue: site.files.catalogue.as_ref().map(String::len),
        },
    };
    if json {
        return Ok(serde_json::to_string_pretty(&report).unwrap_or_default());
    }
    Ok(page(&report))
}

fn page(report: &Report<'_>) -> String {
    let or = |text: Option<String>, without: &str| text.unwrap_or_else(|| without.to_owned());
    let devices: Vec<String> = report.usb.devices.iter().map(ToString::to_string).collect();
    let code = if report.has_enrol_code {
        "in it"
    } else {
        "none"
    };
    let catalogue = report.files.catalogue.map(|len| format!("{len} bytes"));
    let reader = report.till.reader.as_ref().map(ToString::to_string);
    let gateway = report
        .network
        .gateway
        .map(|gateway| format!(", by way of {gateway}"));
    [
        (
            "Signed by",
            format!("{}, {}", report.signed_by, report.issued),
        ),
        ("Version", report.site_version.to_string()),
        ("Shop", report.store.clone()),
        ("Till", report.terminal.to_owned()),
        ("Enrolment code", code.to_owned()),
        (
            "Address",
            format!("{}{}", report.network.address, or(gateway, "")),
        ),
        (
            "Collector",
            format!(
                "{} at {}, port {}",
                report.collector.name, report.collector.address, report.collector.port
            ),
        ),
        ("Card reader", or(reader, "pcsc")),
        ("Display", report.display.profile.name().to_owned()),
        (
            "USB devices",
            if devices.is_empty() {
                "none listed".to_owned()
            } else {
                devices.join(", ")
            },
        ),
        (
            "Files",
            format!(
                "profile {} bytes, manifest {} bytes, CA {} bytes, catalogue {}",
                report.files.profile,
                report.files.manifest,
                report.files.ca,
                or(catalogue, "none")
            ),
        ),
    ]
    .iter()
    .map(|(name, value)| format!("{name:<16}{value}"))
    .collect::<Vec<_>>()
    .join("\n")
}
