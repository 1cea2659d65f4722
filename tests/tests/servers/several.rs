//! Several collectors on one PostgreSQL, behind a balancer, while things break.

use crate::collector::Shop;
use crate::inside::{alone, rounds};
use crate::nats::Cluster;
use crate::oracle::{assert_published, assert_stored, repeats, while_tills_push};
use crate::postgres::Postgres;
use crate::process::until;
use crate::proxy::Proxy;
use crate::till::Till;

#[test]
fn two_collectors_on_one_postgresql_store_and_publish_each_record_once() {
    alone(
        "several::two_collectors_on_one_postgresql_store_and_publish_each_record_once",
        || {
            let shop = Shop::new();
            let mut postgres = Postgres::start(&shop.at("postgres"));
            let cluster = Cluster::start(&shop.at("nats"), 3);
            let mut tills = shop.tills(4);
            let (store, sink) = (postgres.url(), cluster.url());
            let mut collectors =
                [7001, 7002].map(|port| shop.collector(port, &store, &["--sink", &sink]));
            let balancer = Proxy::start(&collectors.each_ref().map(|one| one.address));
            while_tills_push(&mut tills, balancer.address, 5, || {
                for round in 0..rounds(2) {
                    cluster.wait_for_more(60);
                    let one = &mut collectors[round % 2];
                    one.kill();
                    cluster.wait_for_more(60);
                    one.start();
                    cluster.wait_for_more(60);
                    postgres.stop_at_once();
                    postgres.resume();
                }
                cluster.wait_for_more(60);
            });
            for handed in balancer.handed() {
                assert!(
                    handed > 10,
                    "the balancer used both: {:?}",
                    balancer.handed()
                );
            }
            assert_stored(&tills, balancer.address);
            let count = postgres.ask("SELECT count(*), count(DISTINCT id) FROM record");
            let acknowledged: u64 = tills.iter().map(Till::count).sum();
            assert_eq!(count, format!("{acknowledged}|{acknowledged}"));
            let heard = assert_published(&tills, &cluster);
            assert_eq!(repeats(&heard), 0, "the servers dropped what came again");
            until("nothing waits for the sink", || {
                (postgres.ask("SELECT count(*) FROM sink_outbox") == "0").then_some(())
            });
            for mut collector in collectors {
                collector.terminate();
            }
        },
    );
}

#[test]
fn pushes_of_one_till_through_two_collectors_at_once_are_stored_once() {
    alone(
        "several::pushes_of_one_till_through_two_collectors_at_once_are_stored_once",
        || {
            let shop = Shop::new();
            let postgres = Postgres::start(&shop.at("postgres"));
            let mut tills = shop.tills(1);
            let collectors = [7001, 7002].map(|port| shop.collector(port, &postgres.url(), &[]));
            let till = tills.first_mut().expect("one till");
            for _ in 0..rounds(20) {
                let records = till.next_records(30);
                let answers = std::thread::scope(|scope| {
                    let both = collectors.each_ref().map(|collector| {
                        let (till, records) = (&*till, &records);
                        scope.spawn(move || {
                            until("a push of two at once is answered", || {
                                till.connect(collector.address).ok()?.push(records).ok()
                            })
                        })
                    });
                    both.map(|one| one.join().expect("a thread that asks"))
                });
                for answer in answers {
                    till.note(records.clone(), &answer);
                }
            }
            for collector in &collectors {
                assert_stored(&tills, collector.address);
            }
            let alarms = postgres.ask("SELECT count(*) FROM alarm");
            assert_eq!(alarms, "0", "the same record twice is no clone");
        },
    );
}
