//! Eight sales were taken while the device was offline; the link returns and they drain; while they
//! drain a new sale is made. The case that charged nineteen times elsewhere: here each record is
//! pushed once, in the order of the sales, the new one last, and the new customer is asked for once.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use sealpoint_sync::machine::Input;
use sealpoint_wire::api::{AckOutcome, PushRequest};
use sealpoint_wire::record::MAX_BATCH;
use sealpoint_wire::{AuthoriseResult, FromUplink, Record, RecordId, ToUplink};

use crate::rig::{
    Rig, answered, approval, attempt, authorise, lost, not_sent, push_answer, record,
};

/// A till as its journal makes it: the oldest records are offered, one offer is open at a time, and
/// a record is gone when its acknowledgement is written.
struct Till {
    rig: Rig,
    outbox: VecDeque<Record>,
    offers: u64,
    open: Option<u64>,
    batch: usize,
    sales: u64,
    /// What the collector has stored, and what reached it, in order.
    stored: BTreeMap<RecordId, Record>,
    arrived: Vec<u64>,
}

impl Till {
    fn new(rig: Rig, batch: usize) -> Self {
        Self {
            rig,
            outbox: VecDeque::new(),
            offers: 0,
            open: None,
            batch,
            sales: 0,
            stored: BTreeMap::new(),
            arrived: vec![],
        }
    }

    fn sell(&mut self) {
        self.sales += 1;
        self.outbox.push_back(record(self.sales));
        self.pump();
    }

    /// What the terminal does after each event: hear what was said, offer what waits.
    fn pump(&mut self) {
        loop {
            let heard: Vec<_> = self.rig.told.drain(..).collect();
            for message in heard {
                if let FromUplink::Acked { offer, results, .. } = message {
                    assert_eq!(self.open.take(), Some(offer));
                    for ack in results {
                        assert_ne!(ack.outcome, AckOutcome::Refused);
                        self.outbox.retain(|record| record.id != ack.id);
                    }
                }
            }
            if self.open.is_some() || self.outbox.is_empty() {
                return;
            }
            self.offers += 1;
            self.open = Some(self.offers);
            let records = self.outbox.iter().take(self.batch).cloned().collect();
            self.rig.till(ToUplink::Offer {
                offer: self.offers,
                records,
            });
        }
    }

    /// The open push reaches the collector, which stores it; its answer does or does not come back.
    fn deliver(&mut self, answer_arrives: bool) {
        let push: PushRequest =
            serde_json::from_value(self.rig.body("/v1/records")).expect("a push");
        assert!(push.records.len() <= MAX_BATCH);
        let mut answer = push_answer(&push.records);
        for (record, ack) in push.records.iter().zip(&mut answer.results) {
            self.arrived.push(record.seq);
            if self.stored.insert(record.id, record.clone()).is_some() {
                ack.outcome = AckOutcome::Exists;
            }
        }
        let end = if answer_arrives {
            answered(200, &answer)
        } else {
            lost()
        };
        self.rig.end("/v1/records", end);
        self.pump();
    }

    fn is_pushing(&self) -> bool {
        self.rig.paths().contains(&"/v1/records")
    }

    /// Time passes until something is asked; the collector is there.
    fn link_returns(&mut self) {
        while !self.is_pushing() && !self.outbox.is_empty() {
            for path in self.rig.paths() {
                match path {
                    "/v1/health" => self.rig.answer_ok(path, &serde_json::json!({})),
                    "/v1/standing" => self.rig.answer_error(path, 404, "not_found"),
                    _ => {}
                }
            }
            if self.rig.asked.is_empty() {
                self.rig.wake();
            }
            self.pump();
        }
    }
}

#[test]
fn eight_orders_and_a_new_sale_while_they_drain_are_nine_records_and_one_charge() {
    // Batches of three, so that the queue takes several turns.
    let mut till = Till::new(Rig::connecting(), 3);
    till.rig.end("/v1/health", not_sent());
    for _ in 0..8 {
        till.sell();
    }
    assert!(till.arrived.is_empty(), "offline");
    till.link_returns();
    till.deliver(true);

    // A card is charged, and its sale committed, while the second batch is on its way.
    assert!(till.is_pushing());
    till.rig.till(authorise(9));
    let asked = |till: &Till| {
        let paths = till.rig.paths();
        paths.iter().filter(|p| **p == "/v1/authorisations").count()
    };
    assert_eq!(asked(&till), 1, "the customer does not wait for the queue");
    till.rig.answer_ok("/v1/authorisations", &approval(9));
    assert!(till.rig.told.iter().any(|message| matches!(
        message,
        FromUplink::Authorised { attempt: a, result: AuthoriseResult::Answered { .. } }
            if *a == attempt(9)
    )));
    till.sell();
    while till.is_pushing() {
        assert_eq!(asked(&till), 0, "nothing charges again");
        till.deliver(true);
    }
    assert_eq!(till.arrived, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(till.outbox.is_empty());
}

#[derive(Clone, Debug)]
enum Event {
    Sell,
    Charge(u8),
    Deliver,
    AnswerLost,
    NotDelivered,
    Time(u16),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Sell),
        1 => (0..200_u8).prop_map(Event::Charge),
        3 => Just(Event::Deliver),
        1 => Just(Event::AnswerLost),
        1 => Just(Event::NotDelivered),
        2 => any::<u16>().prop_map(Event::Time),
    ]
}

fn play(batch: usize, events: Vec<Event>) {
    let mut till = Till::new(Rig::up(), batch);
    let mut lost_answers = 0;
    for event in events {
        match event {
            Event::Sell => till.sell(),
            Event::Charge(number) => {
                let asked = till.rig.paths().contains(&"/v1/authorisations");
                till.rig.till(authorise(number));
                if !asked {
                    till.rig
                        .end("/v1/authorisations", answered(200, &approval(number)));
                }
            }
            Event::Deliver if till.is_pushing() => till.deliver(true),
            Event::AnswerLost if till.is_pushing() => {
                lost_answers += 1;
                till.deliver(false);
            }
            Event::NotDelivered if till.is_pushing() => till.rig.end("/v1/records", not_sent()),
            Event::Deliver | Event::AnswerLost | Event::NotDelivered => till.link_returns(),
            Event::Time(ms) => {
                till.rig.now_ms += u64::from(ms);
                till.rig.input(Input::Tick);
            }
        }
        till.pump();
    }
    // The collector is there.
    while !till.outbox.is_empty() {
        till.link_returns();
        if till.is_pushing() {
            till.deliver(true);
        }
    }
    let stored: Vec<u64> = till.stored.values().map(|record| record.seq).collect();
    assert_eq!(
        stored,
        (1..=till.sales).collect::<Vec<_>>(),
        "every sale, once"
    );
    let mut first: Vec<u64> = vec![];
    for seq in &till.arrived {
        if !first.contains(seq) {
            first.push(*seq);
        }
    }
    assert!(first.is_sorted(), "in the order of the sales: {first:?}");
    if lost_answers == 0 {
        assert_eq!(
            till.arrived.len(),
            first.len(),
            "nothing is sent twice for nothing"
        );
    }
}

proptest! {
    #[test]
    fn whatever_happens_while_a_queue_drains_each_sale_arrives_once_and_in_order(
        batch in 1..8_usize,
        events in prop::collection::vec(event(), 0..80),
    ) {
        play(batch, events);
    }
}
