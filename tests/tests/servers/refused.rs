//! A sink that may lose records is refused at the start, with what to do; one that is away is not.

use std::fs;
use std::process::{Command, Stdio};

use sealpoint_tests::built::program;
use serde_json::json;

use crate::collector::Shop;
use crate::inside::alone;
use crate::nats::Cluster;

/// Starts a collector that is to end by itself, and gives what it said.
fn refusal(shop: &Shop, more: &[&str]) -> String {
    let mut command = Command::new(program("collector"));
    if !more.contains(&"--store") {
        command.args(["--store", &shop.sqlite()]);
    }
    let output = command
        .args(["--listen", "127.0.0.1:0", "--tls"])
        .arg(shop.at("tls"))
        .args(more)
        .env("SEALPOINT_LOG", "off")
        .stdin(Stdio::null())
        .output()
        .expect("the collector starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).expect("sentences")
}

#[test]
fn a_command_line_that_is_no_sink_is_refused() {
    let shop = Shop::new();
    for (words, said) in [
        (["--store", "nats://127.0.0.1:4222"], "--sink"),
        (
            ["--sink", "nats://me:secret@127.0.0.1:4222"],
            "--sink-creds",
        ),
        (["--sink", "http://127.0.0.1:4222"], "nats://"),
        (["--sink-replicas", "1"], "--sink"),
    ] {
        let refused = refusal(&shop, &words);
        assert!(refused.contains(said), "{words:?}: {refused}");
    }
    let secret = refusal(&shop, &["--sink", "tls://127.0.0.1:4222"]);
    assert!(secret.contains("--sink-ca"), "{secret}");
    let missing = refusal(
        &shop,
        &[
            "--sink",
            "nats://127.0.0.1:4222",
            "--sink-creds",
            "/nowhere.creds",
        ],
    );
    assert!(missing.contains("/nowhere.creds"), "{missing}");
}

#[test]
fn a_stream_that_may_lose_records_is_refused_at_the_start() {
    alone(
        "refused::a_stream_that_may_lose_records_is_refused_at_the_start",
        || {
            let shop = Shop::new();
            let cluster = Cluster::start(&shop.at("nats"), 1);
            let sink = cluster.url();
            let alone = refusal(&shop, &["--sink", &sink]);
            assert!(alone.contains("--sink-replicas 1"), "{alone}");

            let make = |config: serde_json::Value| {
                let name = config["name"].as_str().expect("a name");
                let subject = format!("$JS.API.STREAM.CREATE.{name}");
                let made = cluster.client().ask(&subject, &config.to_string());
                let made = made.expect("an answer");
                assert!(made.get("error").is_none(), "{made}");
            };
            make(
                json!({ "name": "MEMORY", "subjects": ["a"], "storage": "memory", "num_replicas": 1 }),
            );
            let one = ["--sink", &sink, "--sink-replicas", "1", "--sink-stream"];
            let memory = refusal(&shop, &[&one[..], &["MEMORY"]].concat());
            assert!(memory.contains("in memory"), "{memory}");
            make(
                json!({ "name": "OTHER", "subjects": ["b"], "storage": "file", "num_replicas": 1 }),
            );
            let other = refusal(&shop, &[&one[..], &["OTHER"]].concat());
            assert!(
                other.contains("does not take sealpoint.records.*"),
                "{other}"
            );
            make(
                json!({ "name": "TAKEN", "subjects": ["sealpoint.>"], "storage": "file", "num_replicas": 1 }),
            );
            let taken = refusal(&shop, &[&one[..], &["MINE"]].concat());
            assert!(taken.contains("Another stream takes"), "{taken}");
            let window = refusal(&shop, &[&one[..], &["TAKEN"]].concat());
            assert!(window.contains("--sink-window"), "{window}");

            let told = [&one[..], &["TAKEN", "--sink-window", "60"]].concat();
            let mut collector = shop.collector(7001, &shop.sqlite(), &told);
            collector.terminate();
        },
    );
}

#[test]
fn a_server_with_tls_is_fed_with_a_certificate_and_refuses_without() {
    alone(
        "refused::a_server_with_tls_is_fed_with_a_certificate_and_refuses_without",
        || {
            let shop = Shop::new();
            let mut tills = shop.tills(2);
            let at = |name: &str| shop.at(name).display().to_string();
            // The shop's CA has signed a server's certificate for the loopback, and tills'.
            let tls = format!(
                "tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}\n",
                at("tls/server.pem"),
                at("tls/server.key.pem"),
                at("tls/ca.pem")
            );
            let _cluster = Cluster::start_with(&shop.at("nats"), 1, &tls);
            let (ca, cert, key) = (
                at("tls/ca.pem"),
                at("T0000002/cert.pem"),
                at("T0000002/key.pem"),
            );
            let trusted = [
                "--sink",
                "tls://127.0.0.1:4222",
                "--sink-replicas",
                "1",
                "--sink-ca",
                &ca,
            ];
            let more = [&trusted[..], &["--sink-cert", &cert, "--sink-key", &key]].concat();
            let mut collector = shop.collector(7001, &shop.sqlite(), &more);
            for till in &mut tills {
                till.push(collector.address, 10);
            }
            collector.wait_until_nothing_waits();
            let stored = "sealpoint_sink_records_total{outcome=\"stored\"} ";
            assert_eq!(collector.metric(stored), Some(20));
            collector.terminate();
            assert!(!collector.log().contains("in clear"));

            // Without a certificate the server closes, which is not told apart from being away.
            let mut collector = shop.collector(7001, &shop.sqlite(), &trusted);
            for till in &mut tills {
                till.push(collector.address, 10);
            }
            assert_eq!(collector.metric("sealpoint_sink_waiting "), Some(20));
            collector.terminate();
        },
    );
}

#[test]
fn a_collector_with_wrong_credentials_is_told() {
    alone(
        "refused::a_collector_with_wrong_credentials_is_told",
        || {
            let shop = Shop::new();
            fs::write(shop.at("x.creds"), "nothing of the sort").expect("a file");
            let wrong = shop.at("x.creds").display().to_string();
            let sink = ["--sink", "nats://127.0.0.1:4222", "--sink-replicas", "1"];
            let no_credentials = refusal(&shop, &[&sink[..], &["--sink-creds", &wrong]].concat());
            assert!(
                no_credentials.contains("holds no credentials"),
                "{no_credentials}"
            );

            let closed = "authorization { user: chain, password: \"not told\" }\n";
            let _cluster = Cluster::start_with(&shop.at("nats"), 1, closed);
            let refused = refusal(&shop, &sink);
            assert!(refused.contains("refuse this collector"), "{refused}");
        },
    );
}
