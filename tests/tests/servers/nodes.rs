//! Nodes of the JetStream cluster die while tills push.

use crate::collector::Shop;
use crate::inside::{alone, rounds};
use crate::nats::Cluster;
use crate::oracle::{assert_published, assert_stored, repeats, while_tills_push};

#[test]
fn a_node_and_a_leader_that_die_lose_nothing_and_double_nothing() {
    alone(
        "nodes::a_node_and_a_leader_that_die_lose_nothing_and_double_nothing",
        || {
            let shop = Shop::new();
            let mut cluster = Cluster::start(&shop.at("nats"), 3);
            let mut tills = shop.tills(3);
            let sink = cluster.url();
            let mut collector = shop.collector(7001, &shop.sqlite(), &["--sink", &sink]);
            while_tills_push(&mut tills, collector.address, 5, || {
                cluster.wait_for_more(50);
                for _ in 0..rounds(2) {
                    let leader = cluster.leader();
                    for node in [(leader + 1) % 3, leader] {
                        cluster.kill(node);
                        cluster.wait_for_more(100);
                        cluster.resume(node);
                        cluster.wait_until_it_is_whole();
                    }
                }
            });
            assert_stored(&tills, collector.address);
            let heard = assert_published(&tills, &cluster);
            assert_eq!(repeats(&heard), 0, "the servers dropped what came again");
            collector.terminate();
        },
    );
}

#[test]
fn a_cluster_without_a_majority_takes_nothing_and_gets_everything_later() {
    alone(
        "nodes::a_cluster_without_a_majority_takes_nothing_and_gets_everything_later",
        || {
            let shop = Shop::new();
            let mut cluster = Cluster::start(&shop.at("nats"), 3);
            let mut tills = shop.tills(1);
            let sink = cluster.url();
            let collector = shop.collector(7001, &shop.sqlite(), &["--sink", &sink]);
            let till = tills.first_mut().expect("one till");
            till.push(collector.address, 10);
            cluster.wait_for_more(10_u64.saturating_sub(cluster.held()));
            cluster.kill(0);
            cluster.kill(1);
            // The till does not notice.
            for _ in 0..5 {
                till.push(collector.address, 10);
            }
            assert_eq!(till.failures, 0);
            cluster.kill(2);
            for node in 0..3 {
                cluster.resume(node);
            }
            cluster.wait_until_it_answers();
            assert_stored(&tills, collector.address);
            assert_eq!(repeats(&assert_published(&tills, &cluster)), 0);
        },
    );
}
