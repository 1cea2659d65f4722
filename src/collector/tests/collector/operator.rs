//! What an operator sees: the page, health, metrics, and the OpenAPI document.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use sealpoint_collector::api::openapi::openapi;

use crate::client::{Client, get_in_clear};
use crate::process::{Running, Shop, read_address};
use crate::shapes::{TILL, cash, push, record, record_of, sale};

fn open() -> (Shop, Running, SocketAddr, Client) {
    let shop = Shop::new();
    let till = shop.enrol(TILL);
    let port_file = shop.text("pages");
    let collector = shop.start_with(&["--pages", "127.0.0.1:0", "--pages-port-file", &port_file]);
    let pages = read_address(Path::new(&port_file), || {});
    let client = Client::of_till(collector.address, &till);
    (shop, collector, pages, client)
}

#[tokio::test]
async fn the_page_shows_totals_sales_and_alarms() {
    let (_shop, _collector, pages, client) = open();
    let empty = get_in_clear(pages, "/", "127.0.0.1").await;
    assert!(empty.text.contains("No till has sent a sale yet."));
    assert!(empty.text.contains("No alarms."));

    let mut changed = record(1);
    changed.at_ms += 1;
    changed.hash = changed.compute_hash();
    let short = sale(2, TILL, vec![cash(100)], 150);
    let short = record_of(&short, 2, sealpoint_wire::RecordKind::Sale);
    client
        .post("/v1/records", &push(vec![record(1), changed, short]))
        .await;
    let page = get_in_clear(pages, "/", "localhost:80").await;
    assert_eq!(page.kind, "text/html; charset=utf-8");
    for part in [
        "T0000001",
        "<p class=\"total\">2.50 EUR</p>",
        "The same id is stored with another content.",
        "its tenders do not pay exactly its total",
        "href=\"/openapi.json\"",
    ] {
        assert!(page.text.contains(part), "{part}\n{}", page.text);
    }
}

#[tokio::test]
async fn a_page_under_a_foreign_name_is_not_served() {
    let (_shop, _collector, pages, _client) = open();
    for host in [
        "evil.example",
        "evil.example:80",
        "10.0.0.1",
        "localhost.evil.example",
    ] {
        assert_eq!(get_in_clear(pages, "/", host).await.code, 421, "{host}");
    }
    assert_eq!(get_in_clear(pages, "/", "[::1]:80").await.code, 200);
}

#[tokio::test]
async fn health_and_metrics_say_what_happened() {
    let (_shop, _collector, pages, client) = open();
    client.post("/v1/records", &push(vec![record(1)])).await;
    client.post("/v1/records", &push(vec![record(1)])).await;
    assert_eq!(
        get_in_clear(pages, "/healthz", "127.0.0.1").await.text,
        "ok\n"
    );
    assert_eq!(
        get_in_clear(pages, "/readyz", "127.0.0.1").await.text,
        "ready\n"
    );
    let metrics = get_in_clear(pages, "/metrics", "127.0.0.1").await.text;
    for line in [
        "sealpoint_records_total{outcome=\"created\"} 1",
        "sealpoint_records_total{outcome=\"exists\"} 1",
        "sealpoint_records_total{outcome=\"refused\"} 0",
        "sealpoint_connections_total{outcome=\"accepted\"} 2",
        "sealpoint_stored_records 1",
        "sealpoint_alarms 0",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line}\n{metrics}");
    }
}

/// `SEALPOINT_WRITE_OPENAPI=1 cargo nextest run -p sealpoint-collector` writes it anew.
#[tokio::test]
async fn the_openapi_document_is_the_one_under_version_control() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = openapi().to_pretty_json().expect("it is JSON") + "\n";
    if std::env::var_os("SEALPOINT_WRITE_OPENAPI").is_some() {
        fs::write(&file, &made).expect("written");
    }
    let committed = fs::read_to_string(&file).expect("openapi.json is under version control");
    assert_eq!(
        made, committed,
        "run again with SEALPOINT_WRITE_OPENAPI=1 and review the change"
    );

    let (_shop, _collector, pages, client) = open();
    let committed: serde_json::Value = serde_json::from_str(&committed).expect("JSON");
    let served: serde_json::Value = client.get("/openapi.json").await.json();
    assert_eq!(served, committed);
    let on_page: serde_json::Value = get_in_clear(pages, "/openapi.json", "127.0.0.1")
        .await
        .json();
    assert_eq!(on_page, committed);
}

/// Every name that the document refers to is in it, and every operation answers errors as
/// `ApiError`.
#[test]
fn the_openapi_document_is_whole() {
    let document: serde_json::Value = serde_json::to_value(openapi()).expect("JSON");
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().expect("a name");
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name} is missing"
        );
    }
    let paths = document["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 17);
    for operation in paths
        .values()
        .flat_map(|path| path.as_object().expect("methods").values())
    {
        for (code, response) in operation["responses"].as_object().expect("responses") {
            let schema = &response["content"]["application/json"]["schema"]["$ref"];
            let is_error = schema == "#/components/schemas/ApiError";
            assert_eq!(is_error, !code.starts_with('2'), "{code}: {response}");
        }
    }
}
