//! Any sequence of events keeps the machine's promises.

use proptest::prelude::*;
use sealpoint_sync::machine::{Exchange, Input, Machine, Moment, Request};
use sealpoint_wire::api::PushRequest;
use sealpoint_wire::{
    AdviceRequest, AuthoriseRequest, Fate, InquiryRequest, ReversalRequest, Standing, ToUplink,
};

use crate::onlooker::{Onlooker, body};
use crate::rig::{
    advise, advised, answered, approval, authorise, fate, inquire, lost, not_sent, offer,
    push_answer, refused, refused_for, reverse, reversed, standing,
};

#[derive(Clone, Debug)]
enum Event {
    Authorise(u8),
    Reverse(u8),
    Inquire(u8),
    Advise(u8),
    Offer(u8),
    Stands,
    Time(u16),
    /// Ends an open request: which, and how.
    End(u8, u8),
}

/// How an exchange may end; beyond these it is answered well.
const ENDS: u8 = 12;

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (0..6u8).prop_map(Event::Authorise),
        2 => (0..6u8).prop_map(Event::Reverse),
        1 => (0..6u8).prop_map(Event::Inquire),
        1 => (0..6u8).prop_map(Event::Advise),
        1 => (0..4u8).prop_map(Event::Offer),
        1 => Just(Event::Stands),
        3 => any::<u16>().prop_map(Event::Time),
        8 => (any::<u8>(), 0..2 * ENDS).prop_map(|(which, how)| Event::End(which, how)),
    ]
}

fn ending(request: &Request, how: u8) -> Exchange {
    match (how, request.path) {
        (0, _) => not_sent(),
        (1, _) => lost(),
        (2, _) => refused_for(503, "busy", 3),
        (3, _) => refused(503, "not_sent"),
        (4..=6, _) => refused(403, "forbidden"),
        (7, _) => answered(200, &serde_json::json!({"another": "answer"})),
        (8, "/v1/authorisations") => refused(409, "under_way"),
        (9, "/v1/authorisations") => refused(504, "unknown_fate"),
        (8, "/v1/records") => refused(413, "too_large"),
        (9, "/v1/records") => refused_for(429, "rate", 2),
        (how, "/v1/inquiries") => {
            let number = body::<InquiryRequest>(request).attempt.as_bytes()[15];
            let answer = approval(number).answer;
            let found = match how {
                8 => Fate::NeverSeen,
                9 => Fate::Unknown,
                10 => Fate::Reversed,
                11 => Fate::ReversalDue,
                _ => Fate::Answered { answer },
            };
            answered(200, &fate(number, found))
        }
        (_, "/v1/authorisations") => {
            let number = body::<AuthoriseRequest>(request).attempt.as_bytes()[15];
            answered(200, &approval(number))
        }
        (_, "/v1/advices") => {
            let number = body::<AdviceRequest>(request).attempt.as_bytes()[15];
            answered(200, &advised(number))
        }
        (_, "/v1/reversals") => {
            let number = body::<ReversalRequest>(request).attempt.as_bytes()[15];
            answered(200, &reversed(number))
        }
        (_, "/v1/records") => answered(200, &push_answer(&body::<PushRequest>(request).records)),
        (8, "/v1/standing") => answered(200, &standing(Standing::Active, Some("It expired."))),
        (9, "/v1/standing") => refused(404, "not_found"),
        (_, "/v1/standing") => answered(200, &standing(Standing::Active, None)),
        _ => answered(200, &serde_json::json!({})),
    }
}

struct World {
    machine: Machine,
    seen: Onlooker,
    now_ms: u64,
}

impl World {
    fn new() -> Self {
        Self {
            machine: Machine::new(true),
            seen: Onlooker::default(),
            now_ms: 0,
        }
    }

    fn step(&mut self, input: Input) {
        // The till keeps one advice open, as the wire asks of it.
        if let Input::Till(ToUplink::Advise(request)) = &input
            && self.seen.advice.is_none()
        {
            self.seen.advice = Some(request.attempt);
        }
        self.seen.sees_input(&input);
        let now_ms = self.now_ms;
        self.machine.input(Moment { now_ms, jitter: 3 }, input);
        while let Some(output) = self.machine.poll() {
            self.seen.sees_output(output);
        }
    }

    fn happens(&mut self, event: Event) {
        let input = match event {
            Event::Authorise(number) => Input::Till(authorise(number)),
            Event::Reverse(number) => Input::Till(reverse(number)),
            Event::Inquire(number) => Input::Till(inquire(number)),
            Event::Advise(number) => Input::Till(advise(number)),
            Event::Offer(number) => Input::Till(offer(u64::from(number))),
            Event::Stands => Input::Stands,
            Event::Time(ms) => {
                self.now_ms += u64::from(ms);
                Input::Tick
            }
            Event::End(which, how) => {
                let Some(at) = usize::from(which).checked_rem(self.seen.open.len()) else {
                    return;
                };
                let request = &self.seen.open[at];
                Input::Exchanged {
                    request: request.id,
                    exchange: ending(request, how),
                }
            }
        };
        self.step(input);
    }

    /// The collector is there and answers: everything comes to an end.
    fn comes_to_rest(&mut self) {
        for _ in 0..400 {
            if let Some(request) = self.seen.open.first() {
                let input = Input::Exchanged {
                    request: request.id,
                    exchange: ending(request, ENDS),
                };
                self.step(input);
            } else if self.seen.is_at_rest() {
                return;
            } else {
                let wake_ms = self.machine.wake_at_ms().expect("it waits for time");
                self.now_ms = self.now_ms.max(wake_ms);
                self.step(Input::Tick);
            }
        }
        let seen = &self.seen;
        panic!(
            "left over: {:?} {:?} {:?} {:?} {:?}",
            seen.unanswered, seen.reversals, seen.inquiries, seen.advice, seen.offers
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn each_question_is_answered_once_and_reversals_go_first(
        events in prop::collection::vec(event(), 0..160),
    ) {
        let mut world = World::new();
        for event in events {
            world.happens(event);
        }
        world.comes_to_rest();
    }

    #[test]
    fn nothing_comes_after_the_word_to_erase(
        before in prop::collection::vec(event(), 0..40),
        after in prop::collection::vec(event(), 0..40),
    ) {
        let mut world = World::new();
        for event in before {
            world.happens(event);
        }
        world.step(Input::Till(ToUplink::Erase));
        for event in after {
            world.happens(event);
        }
        assert_eq!(world.machine.wake_at_ms(), None);
    }
}
