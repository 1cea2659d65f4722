//! Any sequence of events keeps the machine's promises.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use sealpoint_sync::machine::{Channel, Exchange, Input, Machine, Moment, Output, Request};
use sealpoint_wire::{
    AttemptId, AuthoriseRequest, AuthoriseResult, FromUplink, ReversalRequest, ToUplink,
};

use crate::rig::{
    answered, approval, authorise, lost, not_sent, offer, push_answer, reverse, reversed,
};

#[derive(Clone, Debug)]
enum Event {
    Authorise(u8),
    Reverse(u8),
    Offer(u8),
    Time(u16),
    /// Ends an open request: which, and how.
    End(u8, u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..6u8).prop_map(Event::Authorise),
        (0..6u8).prop_map(Event::Reverse),
        (0..4u8).prop_map(Event::Offer),
        any::<u16>().prop_map(Event::Time),
        (any::<u8>(), 0..5u8).prop_map(|(which, how)| Event::End(which, how)),
        (any::<u8>(), 0..5u8).prop_map(|(which, how)| Event::End(which, how)),
    ]
}

/// What an onlooker between the till and the network has seen.
#[derive(Default)]
struct Onlooker {
    open: Vec<Request>,
    /// Authorisations not answered yet; the same attempt again while open shares its answer.
    unanswered: HashSet<AttemptId>,
    /// Attempts whose request went out and whose exchange did not end in "not sent".
    may_have_left: HashMap<AttemptId, bool>,
    reversals: HashSet<AttemptId>,
}

impl Onlooker {
    fn sees_input(&mut self, input: &Input) {
        match input {
            Input::Till(ToUplink::Authorise(request)) => {
                self.unanswered.insert(request.attempt);
            }
            Input::Till(ToUplink::Reverse(request)) => {
                self.reversals.insert(request.attempt);
            }
            Input::Exchanged { request, exchange } => {
                let at = self
                    .open
                    .iter()
                    .position(|r| r.id == *request)
                    .expect("open");
                let request = self.open.remove(at);
                if request.path == "/v1/authorisations" {
                    let asked: AuthoriseRequest = body(&request);
                    let left = !matches!(exchange, Exchange::NotSent { .. });
                    self.may_have_left.insert(asked.attempt, left);
                }
            }
            Input::Till(_) | Input::Tick => {}
        }
    }

    fn sees_output(&mut self, output: Output) {
        match output {
            Output::Request(request) => {
                let busy = self.open.iter().any(|open| open.channel == request.channel);
                assert!(!busy, "two requests in flight on {:?}", request.channel);
                match request.path {
                    "/v1/authorisations" => {
                        let asked: AuthoriseRequest = body(&request);
                        assert!(self.reversals.is_empty(), "a reversal goes first");
                        self.may_have_left.insert(asked.attempt, true);
                    }
                    "/v1/reversals" => {
                        let asked: ReversalRequest = body(&request);
                        assert!(self.reversals.contains(&asked.attempt));
                    }
                    _ => assert_eq!(request.channel, Channel::Records),
                }
                self.open.push(request);
            }
            Output::Abandon(id) => self.open.retain(|request| request.id != id),
            Output::Till(FromUplink::Authorised { attempt, result }) => {
                assert!(self.unanswered.remove(&attempt), "answered twice");
                let in_flight = self.may_have_left.remove(&attempt).unwrap_or(false);
                if matches!(result, AuthoriseResult::NotSent { .. }) {
                    assert!(!in_flight, "said not sent, but it may have left");
                }
            }
            Output::Till(FromUplink::Reversed { attempt }) => {
                assert!(
                    self.reversals.remove(&attempt),
                    "reversed what was not asked for"
                );
            }
            Output::Till(_) => {}
        }
    }
}

fn body<T: serde::de::DeserializeOwned>(request: &Request) -> T {
    serde_json::from_slice(&request.body).expect("the body is JSON of its type")
}

fn ending(request: &Request, how: u8) -> Exchange {
    match (how, request.path) {
        (0, _) => not_sent(),
        (1, _) => lost(),
        (2, _) => answered(
            503,
            &serde_json::json!({"error": "busy", "message": "Wait."}),
        ),
        (_, "/v1/authorisations") => {
            let asked: AuthoriseRequest = body(request);
            answered(200, &approval(asked.attempt.as_bytes()[15]))
        }
        (_, "/v1/reversals") => {
            let asked: ReversalRequest = body(request);
            answered(200, &reversed(asked.attempt.as_bytes()[15]))
        }
        (_, "/v1/records") => {
            let push: sealpoint_wire::api::PushRequest = body(request);
            answered(200, &push_answer(&push.records))
        }
        _ => answered(200, &serde_json::json!({})),
    }
}

fn play(events: Vec<Event>) {
    let mut machine = Machine::new(true);
    let mut seen = Onlooker::default();
    let mut now_ms = 0;
    let step = |machine: &mut Machine, seen: &mut Onlooker, now_ms: u64, input: Input| {
        seen.sees_input(&input);
        machine.input(Moment { now_ms, jitter: 3 }, input);
        while let Some(output) = machine.poll() {
            seen.sees_output(output);
        }
    };
    for event in events {
        let input = match event {
            Event::Authorise(number) => Input::Till(authorise(number)),
            Event::Reverse(number) => Input::Till(reverse(number)),
            Event::Offer(number) => Input::Till(offer(u64::from(number))),
            Event::Time(ms) => {
                now_ms += u64::from(ms);
                Input::Tick
            }
            Event::End(which, how) => {
                let Some(at) = usize::from(which).checked_rem(seen.open.len()) else {
                    continue;
                };
                let request = &seen.open[at];
                Input::Exchanged {
                    request: request.id,
                    exchange: ending(request, how),
                }
            }
        };
        step(&mut machine, &mut seen, now_ms, input);
    }
    // Then the collector is there and answers: everything comes to an end.
    for _ in 0..200 {
        if let Some(request) = seen.open.first() {
            let input = Input::Exchanged {
                request: request.id,
                exchange: ending(request, 9),
            };
            step(&mut machine, &mut seen, now_ms, input);
        } else if seen.reversals.is_empty() && seen.unanswered.is_empty() {
            return;
        } else {
            now_ms = machine.wake_at_ms().expect("it waits for time").max(now_ms);
            step(&mut machine, &mut seen, now_ms, Input::Tick);
        }
    }
    assert!(
        seen.unanswered.is_empty(),
        "an authorisation was never answered"
    );
    assert!(seen.reversals.is_empty(), "a reversal was dropped");
}

proptest! {
    #[test]
    fn each_authorisation_is_answered_once_and_reversals_go_first(
        events in prop::collection::vec(event(), 0..120),
    ) {
        play(events);
    }
}
