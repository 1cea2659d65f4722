//! The collector dies: at any moment, between the store and the sink, and between the sink and the
//! row's going.

use std::time::{Duration, Instant};

use crate::collector::{Collector, Shop};
use crate::inside::{alone, rounds};
use crate::nats::Cluster;
use crate::oracle::{assert_published, assert_stored, repeats, while_tills_push};
use crate::process::until;
use crate::proxy::Proxy;
use crate::till::Till;

#[test]
fn a_collector_killed_at_any_moment_publishes_each_record_exactly_once() {
    alone(
        "killed::a_collector_killed_at_any_moment_publishes_each_record_exactly_once",
        || {
            let shop = Shop::new();
            let cluster = Cluster::start(&shop.at("nats"), 3);
            let mut tills = shop.tills(2);
            let sink = cluster.url();
            let mut collector = shop.collector(7001, &shop.sqlite(), &["--sink", &sink]);
            let address = collector.address;
            while_tills_push(&mut tills, address, 7, || {
                for round in 0..rounds(8) {
                    // Elsewhere within a claim each time.
                    cluster.wait_for_more(1 + 37 * round as u64 % 101);
                    collector.kill();
                    collector.start();
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
fn a_record_stored_while_the_sink_was_away_is_published_by_the_next_collector() {
    alone(
        "killed::a_record_stored_while_the_sink_was_away_is_published_by_the_next_collector",
        || {
            let shop = Shop::new();
            let mut tills = shop.tills(1);
            let sink = "nats://127.0.0.1:4222,127.0.0.1:4223,127.0.0.1:4224";
            let mut collector = shop.collector(7001, &shop.sqlite(), &["--sink", sink]);
            for till in &mut tills {
                till.push(collector.address, 100);
                till.push(collector.address, 40);
            }
            assert!(collector.log().contains("The sink does not answer"));
            collector.kill();
            let cluster = Cluster::start(&shop.at("nats"), 3);
            collector.start();
            let heard = assert_published(&tills, &cluster);
            assert_eq!(repeats(&heard), 0);
        },
    );
}

#[test]
fn a_record_that_was_published_when_the_collector_died_comes_once_within_the_window() {
    alone(
        "killed::a_record_that_was_published_when_the_collector_died_comes_once_within_the_window",
        || {
            let mut scene = Scene::open(&[]);
            scene.die_before_the_acknowledgement();
            scene.collector.start();
            let heard = assert_published(&scene.tills, &scene.cluster);
            assert_eq!(repeats(&heard), 0, "the same ids were dropped");
            scene.collector.wait_until_nothing_waits();
            assert_eq!(scene.cluster.held(), heard.len() as u64);
        },
    );
}

#[test]
fn a_record_that_comes_again_after_the_window_has_the_same_id() {
    alone(
        "killed::a_record_that_comes_again_after_the_window_has_the_same_id",
        || {
            let mut scene = Scene::open(&["--sink-window", "1"]);
            let published = scene.die_before_the_acknowledgement();
            // The servers' window runs by their clocks; nothing tells when it has passed.
            let passed = Instant::now() + Duration::from_millis(2500);
            until("the window has passed", || {
                (Instant::now() > passed).then_some(())
            });
            scene.collector.start();
            scene.collector.wait_until_nothing_waits();
            let heard = assert_published(&scene.tills, &scene.cluster);
            assert_eq!(repeats(&heard), published, "each came twice, under one id");
        },
    );
}

/// A collector whose line to its sink goes through a proxy.
struct Scene {
    _shop: Shop,
    cluster: Cluster,
    collector: Collector,
    proxy: Proxy,
    tills: Vec<Till>,
}

impl Scene {
    fn open(more: &[&str]) -> Self {
        let shop = Shop::new();
        let cluster = Cluster::start(&shop.at("nats"), 3);
        let tills = shop.tills(1);
        let proxy = Proxy::start(&[([127, 0, 0, 1], 4222).into()]);
        let sink = format!("nats://{}", proxy.address);
        let more = [&["--sink", &sink], more].concat();
        let collector = shop.collector(7001, &shop.sqlite(), &more);
        Self {
            _shop: shop,
            cluster,
            collector,
            proxy,
            tills,
        }
    }

    /// The servers store a batch, their word does not come back, and the collector dies. The next
    /// one will reach them. Gives the size of the batch.
    fn die_before_the_acknowledgement(&mut self) -> usize {
        let till = self.tills.first_mut().expect("one till");
        till.push(self.collector.address, 3);
        until("the line works", || {
            (self.cluster.held() == 3).then_some(())
        });
        self.proxy.mute();
        till.push(self.collector.address, 20);
        until("the batch is published", || {
            (self.cluster.held() == 23).then_some(())
        });
        self.collector.kill();
        let (proxy, direct) = (self.proxy.address.to_string(), "127.0.0.1:4222");
        self.collector.change(|words| {
            for word in words {
                *word = word.replace(&proxy, direct);
            }
        });
        20
    }
}
