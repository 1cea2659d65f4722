//! `till.toml` and `till.env`.

use std::path::Path;

use serde::Serialize;

use super::{super::bundle::Bundle, CATALOGUE};
use crate::site::text::{DuplicateGuard, FileTexts, Site, Theme};

/// Where the system waits to make the card process.
const LANE_SOCKET: &str = "/run/sealpoint-lane.sock";
/// Where it waits to make the link process.
const UPLINK_SOCKET: &str = "/run/sealpoint-uplink.sock";

/// What the till's own configuration may say (src/terminal/src/config.rs).
#[derive(Serialize)]
struct Configuration<'a> {
    mode: &'static str,
    store: String,
    terminal: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cashier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalogue: Option<String>,
    reader: String,
    profile: String,
    collector: String,
    classical: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    insert_timeout_s: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_card_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_guard: Option<DuplicateGuard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<Theme>,
    fullscreen: bool,
    lane_socket: &'static str,
    uplink_socket: &'static str,
    receipt: Receipt,
}

#[derive(Serialize)]
struct Receipt {
    head: Vec<String>,
    foot: Vec<String>,
}

/// The till's configuration; `folder` is where it will lie, with the files that it names.
pub fn configuration(bundle: &Bundle, folder: &Path) -> String {
    let site = &bundle.site;
    let beside = |name: &str| folder.join(name).display().to_string();
    let lines = |lines: &[_]| lines.iter().map(ToString::to_string).collect();
    let text = Configuration {
        mode: "production",
        store: site.store.to_string(),
        terminal: bundle.terminal.as_str(),
        cashier: site.till.cashier.as_ref().map(ToString::to_string),
        currency: site.till.currency.map(sealpoint_sale::Currency::alpha),
        mark: site.till.mark.as_ref().map(ToString::to_string),
        catalogue: site.files.catalogue.as_ref().map(|_| beside(CATALOGUE)),
        reader: reader(site),
        profile: beside("profile.toml"),
        collector: collector(site),
        classical: site.collector.classical,
        insert_timeout_s: site.till.insert_timeout_s,
        queue_card_limit: site.till.queue_card_limit,
        duplicate_guard: site.till.duplicate_guard,
        theme: site.brand.theme,
        fullscreen: true,
        lane_socket: LANE_SOCKET,
        uplink_socket: UPLINK_SOCKET,
        receipt: Receipt {
            head: lines(&site.brand.receipt_head),
            foot: lines(&site.brand.receipt_foot),
        },
    };
    toml::to_string(&text).unwrap_or_default()
}

/// The variables of the units (`EnvironmentFile=`, systemd.exec(5)). Between double quotes only `"`,
/// `\`, a backtick and `$` mean something there, and no value may hold one of these.
pub fn environment(bundle: &Bundle) -> String {
    let site = &bundle.site;
    let classical = if site.collector.classical {
        "--classical"
    } else {
        ""
    };
    let mut variables = vec![
        ("SEALPOINT_SITE_VERSION", site.version.to_string()),
        ("SEALPOINT_SITE_ISSUED", bundle.issued.to_string()),
        ("SEALPOINT_TERMINAL", bundle.terminal.to_string()),
        ("SEALPOINT_COLLECTOR", collector(site)),
        ("SEALPOINT_COLLECTOR_NAME", site.collector.name.to_string()),
        (
            "SEALPOINT_COLLECTOR_ADDRESS",
            site.collector.address.to_string(),
        ),
        ("SEALPOINT_COLLECTOR_PORT", site.collector.port.to_string()),
        ("SEALPOINT_UPLINK_OPTIONS", classical.to_owned()),
        ("SEALPOINT_READER", reader(site)),
        ("SEALPOINT_DISPLAY", site.display.profile.name().to_owned()),
    ];
    let optional = [
        (
            "SLINT_SCALE_FACTOR",
            site.display.scale.map(|scale| scale.to_string()),
        ),
        (
            "XKB_DEFAULT_LAYOUT",
            site.display.keyboard.as_ref().map(ToString::to_string),
        ),
        (
            "SEALPOINT_UPDATE_OPTIONS",
            site.update
                .rest_minutes
                .map(|minutes| format!("--rest-minutes {}", u16::from(minutes))),
        ),
        ("TZ", site.till.timezone.as_ref().map(ToString::to_string)),
    ];
    for (name, value) in optional {
        variables.extend(value.map(|value| (name, value)));
    }
    variables
        .into_iter()
        .map(|(name, value)| format!("{name}=\"{value}\"\n"))
        .collect()
}

fn reader(site: &Site<FileTexts>) -> String {
    let reader = site.till.reader.as_ref();
    reader.map_or_else(|| "pcsc".to_owned(), ToString::to_string)
}

fn collector(site: &Site<FileTexts>) -> String {
    format!("https://{}:{}", site.collector.name, site.collector.port)
}
