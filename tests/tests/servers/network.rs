//! The network is cut with nftables: between till and collector, collector and PostgreSQL,
//! collector and sink.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use sealpoint_tests::child::run;

use crate::collector::Shop;
use crate::inside::{alone, rounds};
use crate::nats::Cluster;
use crate::oracle::{assert_published, assert_stored, repeats, while_tills_push};
use crate::postgres::Postgres;

/// How long a cut lasts: longer than several retransmissions.
const CUT: Duration = Duration::from_secs(3);

/// Drops every packet to and from these ports for a while, as a pulled cable does: nobody is told.
fn cut(ports: &str, meanwhile: impl FnOnce()) {
    let rules = format!(
        "table inet cut {{\nchain in {{\ntype filter hook input priority 0;\n\
         tcp dport {{ {ports} }} counter drop\ntcp sport {{ {ports} }} counter drop\n}}\n}}"
    );
    run(Command::new("nft").arg(rules));
    meanwhile();
    sleep(CUT);
    let said = run(Command::new("nft").arg("list table inet cut"));
    let felt = said
        .split("packets ")
        .skip(1)
        .any(|rest| !rest.starts_with("0 "));
    assert!(felt, "something was dropped: {said}");
    run(Command::new("nft").arg("delete table inet cut"));
}

#[test]
fn cut_cables_lose_nothing_and_double_nothing() {
    alone(
        "network::cut_cables_lose_nothing_and_double_nothing",
        || {
            let shop = Shop::new();
            let postgres = Postgres::start(&shop.at("postgres"));
            let cluster = Cluster::start(&shop.at("nats"), 3);
            let mut tills = shop.tills(2);
            let (store, sink) = (postgres.url(), cluster.url());
            let mut collector = shop.collector(7001, &store, &["--sink", &sink]);
            let stored = || {
                let count = postgres.ask("SELECT count(*) FROM record");
                count.parse::<u64>().expect("a number")
            };
            while_tills_push(&mut tills, collector.address, 5, || {
                for _ in 0..rounds(1) {
                    // Till and collector.
                    cluster.wait_for_more(50);
                    cut("7001", || ());
                    // Collector and store.
                    cluster.wait_for_more(50);
                    cut("5432", || ());
                    // Collector and sink: tills do not notice.
                    cluster.wait_for_more(50);
                    let before = stored();
                    cut("4222, 4223, 4224", || {
                        crate::process::until("tills push on without the sink", || {
                            (stored() > before + 100).then_some(())
                        });
                    });
                    cluster.wait_for_more(50);
                }
            });
            assert_stored(&tills, collector.address);
            let heard = assert_published(&tills, &cluster);
            assert_eq!(repeats(&heard), 0, "the servers dropped what came again");
            collector.terminate();
        },
    );
}
