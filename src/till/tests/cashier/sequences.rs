//! Anything in any order: the till never panics, no money is lost, nothing is charged twice.
//!
//! The journal of these tests asserts the rules at each write; the world asserts the sums at each
//! view; here the end of the day is checked.

use proptest::prelude::*;
use sealpoint_sale::Tender;
use sealpoint_till::effect::Failed;
use sealpoint_till::view::{Pane, Question};
use sealpoint_till::{Action, Input};
use sealpoint_wire::lane::{CardPrompt, OutcomeKind};
use sealpoint_wire::{AttemptId, Currency, FromLane, LinkState, OfflinePolicy, ReaderState};
use uuid::Uuid;

use crate::journal::State;
use crate::world::{
    APPLES_750_G, MILK, NOBODYS, OATS, World, approved, approved_part, declined, not_sent, open,
    unknown,
};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    Act(Action),
    Key(&'static str),
    Alt(&'static str),
    Control(&'static str),
    Wedge(&'static str),
    Passes(i64),
    Prompt(CardPrompt),
    Online(Who),
    Host(u8, Who),
    Outcome(OutcomeKind, Who),
    LaneDown,
    LaneBack,
    UplinkDown,
    Link(bool),
    Fails(Vec<Failed>),
    /// The retailer's policy for charges without the bank comes, or goes.
    Policy(Option<i64>),
    /// Whether the same charge twice is asked about.
    Remembers(bool),
    /// A card that goes right, so that deep states are reached often.
    GoodCard,
}

/// Which attempt a message is about.
#[derive(Clone, Copy, Debug)]
enum Who {
    Newest,
    Older(usize),
    Nobody,
}

const KEYS: &[&str] = &[
    "F1",
    "F2",
    "F3",
    "F5",
    "F9",
    "F10",
    "F11",
    "F12",
    "Enter",
    "Escape",
    "Delete",
    "Backspace",
    "Tab",
    "Up",
    "Down",
    "Left",
    "Right",
    "PageUp",
    "PageDown",
    "0",
    "1",
    "2",
    "5",
    ".",
    ",",
    "*",
    "o",
    "M",
    " ",
    "é",
];

fn action() -> impl Strategy<Value = Action> {
    let sku = prop::sample::select(vec!["MILK", "OATS", "APPLES", "BEER", "GIN", "BAG", "X"]);
    let quantity = prop::option::of(prop::sample::select(vec![
        "1", "3", "0.5", "0", "-1", "1000",
    ]));
    let code = prop::sample::select(vec![MILK, OATS, APPLES_750_G, NOBODYS, "4006381333932", ""]);
    let amount = prop_oneof![
        Just(None),
        (-5_i64..400).prop_map(Some),
        Just(Some(i64::MAX))
    ];
    prop_oneof![
        4 => code.prop_map(|c| Action::Scan { code: c.to_owned() }),
        4 => (sku, quantity.clone()).prop_map(|(sku, q)| Action::Add {
            sku: sku.to_owned(),
            quantity: q.map(str::to_owned),
        }),
        1 => quantity.prop_map(|q| Action::Quantity { quantity: q.unwrap_or_default().to_owned() }),
        2 => amount.clone().prop_map(|given_minor| Action::Cash { given_minor }),
        3 => amount.prop_map(|amount_minor| Action::Card { amount_minor }),
        3 => any::<bool>().prop_map(|yes| Action::Answer { yes }),
        1 => prop::option::of(0_u32..5).prop_map(|line| Action::VoidLine { line }),
        1 => (0_u32..5).prop_map(|line| Action::Select { line }),
        6 => prop::sample::select(vec![
            Action::Total,
            Action::CashExact,
            Action::CancelCard,
            Action::VoidSale,
            Action::Park,
            Action::Back,
            Action::Next,
            Action::Dismiss,
            Action::Help,
            Action::View,
            Action::SaveReceipt,
            Action::Receipt { receipt_no: None },
            Action::Theme { theme: None },
            Action::PriceCheck { code: String::new() },
            Action::Search { query: "oat".to_owned() },
            Action::Page { page: 1 },
        ]),
    ]
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        8 => Just(Who::Newest),
        1 => (0_usize..9).prop_map(Who::Older),
        1 => Just(Who::Nobody),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let prompt = prop::sample::select(vec![
        CardPrompt::InsertCard,
        CardPrompt::Reading,
        CardPrompt::Authorising,
        CardPrompt::RemoveCard,
    ]);
    let kind = prop::sample::select(vec![
        OutcomeKind::Approved,
        OutcomeKind::ApprovedOffline,
        OutcomeKind::DeclinedByHost,
        OutcomeKind::DeclinedByCard,
        OutcomeKind::UnableToGoOnline,
        OutcomeKind::CardRemoved,
        OutcomeKind::NoCard,
        OutcomeKind::Cancelled,
        OutcomeKind::NotAccepted,
        OutcomeKind::CardFault,
        OutcomeKind::ReaderFault,
        OutcomeKind::CannotSeal,
    ]);
    let failing = prop::sample::subsequence(
        vec![
            Failed::Draft,
            Failed::Attempt,
            Failed::Send,
            Failed::Settle,
            Failed::Commit,
            Failed::QueueFull,
        ],
        0..3,
    );
    prop_oneof![
        20 => action().prop_map(Event::Act),
        8 => prop::sample::select(KEYS).prop_map(Event::Key),
        1 => prop::sample::select(vec!["1", "9", "r", "s", "t", "0"]).prop_map(Event::Alt),
        1 => prop::sample::select(vec!["Delete", "a"]).prop_map(Event::Control),
        2 => prop::sample::select(vec![MILK, OATS, NOBODYS, "https://x.invalid/*"]).prop_map(Event::Wedge),
        4 => prop_oneof![0_i64..3_000, 20_000_i64..90_000, -50_000_i64..0].prop_map(Event::Passes),
        2 => prompt.prop_map(Event::Prompt),
        5 => who().prop_map(Event::Online),
        6 => (0_u8..6, who()).prop_map(|(answer, who)| Event::Host(answer, who)),
        5 => (kind, who()).prop_map(|(kind, who)| Event::Outcome(kind, who)),
        4 => Just(Event::GoodCard),
        2 => prop::option::weighted(0.8, 100_i64..2_000).prop_map(Event::Policy),
        1 => any::<bool>().prop_map(Event::Remembers),
        1 => Just(Event::LaneDown),
        4 => Just(Event::LaneBack),
        1 => Just(Event::UplinkDown),
        3 => prop::bool::weighted(0.8).prop_map(Event::Link),
        2 => failing.prop_map(Event::Fails),
        5 => Just(Event::Fails(vec![])),
    ]
}

fn meant(world: &World, who: Who) -> AttemptId {
    let nobody = AttemptId::new(Uuid::nil());
    match who {
        Who::Newest => world.attempt.unwrap_or(nobody),
        Who::Older(n) => world
            .journal
            .attempts
            .keys()
            .nth(n)
            .copied()
            .unwrap_or(nobody),
        Who::Nobody => nobody,
    }
}

fn happens(world: &mut World, event: Event) {
    match event {
        Event::Act(action) => drop(world.act(action)),
        Event::Key(key) => drop(world.key(key)),
        Event::Alt(key) => drop(world.alt(key)),
        Event::Control(key) => drop(world.control(key)),
        Event::Wedge(code) => drop(world.wedge(code)),
        Event::Passes(ms) => drop(world.passes(ms)),
        Event::Prompt(prompt) => {
            let attempt = meant(world, Who::Newest);
            world.lane(FromLane::Prompt { attempt, prompt });
        }
        Event::Online(who) => {
            let attempt = meant(world, who);
            world.online_for(attempt);
        }
        Event::Host(answer, who) => {
            let attempt = meant(world, who);
            let result = match answer {
                0 => approved(),
                1 => declined(),
                2 => not_sent(),
                3 => approved_part(40),
                4 => approved_part(0),
                _ => unknown(),
            };
            world.host_on(attempt, result);
        }
        Event::Outcome(kind, who) => {
            let attempt = meant(world, who);
            world.outcome_of(attempt, kind);
        }
        Event::GoodCard => {
            world.act(Action::Card { amount_minor: None });
            if world.view().pane == Pane::Question {
                world.yes();
            }
            let attempt = meant(world, Who::Newest);
            world.online_for(attempt);
            world.host_on(attempt, approved());
            world.outcome_of(attempt, OutcomeKind::Approved);
        }
        Event::Policy(per_till_minor) => {
            let offline = per_till_minor.map(|per_till_minor| OfflinePolicy {
                currency: Currency::Eur,
                per_sale_minor: 500,
                per_till_minor,
                per_card_day_minor: 400,
                per_card_day_count: 3,
                max_records: 4,
                max_hours: 1,
                deferred: true,
            });
            world.lane(FromLane::SetUp {
                cannot_charge: None,
                warnings: vec![],
                offline,
            });
        }
        Event::Remembers(remembers) => world.remembers = remembers,
        Event::LaneDown => drop(world.input(Input::LaneDown)),
        Event::LaneBack => {
            world.lane(FromLane::Hello {
                version: 1,
                cannot_charge: None,
                posture: None,
            });
            let state = ReaderState::CardIn {
                name: "Reader".to_owned(),
            };
            world.lane(FromLane::Reader { state });
        }
        Event::UplinkDown => drop(world.input(Input::UplinkDown)),
        Event::Link(true) => drop(world.link(LinkState::Up)),
        Event::Link(false) => drop(world.link_down()),
        Event::Fails(failing) => world.journal.failing = failing,
    }
}

fn screen_makes_sense(world: &mut World) {
    let view = world.view();
    let asked_twice = matches!(view.question, Some(Question::ChargeTwice { .. }));
    assert_eq!(
        view.card.is_some(),
        view.pane == Pane::Card || asked_twice,
        "{:?}",
        view.pane
    );
    assert_eq!(view.question.is_some(), view.pane == Pane::Question);
    assert!(view.pane != Pane::Paid || view.paid.is_some());
    assert!(view.pane != Pane::Receipt || view.receipt.is_some());
    assert!(
        view.due_minor >= 0,
        "a customer never overpaid without change"
    );
    if view.card.is_some() {
        let open = |s: State| matches!(s, State::Intent | State::Sent | State::ReversalDue);
        assert!(open(world.journal.attempts[&world.attempt()].state));
    }
}

/// The evening: everything works again, and time goes by until all is settled.
fn the_day_ends(world: &mut World) {
    world.journal.failing.clear();
    for _ in 0..24 {
        world.passes(200_000);
    }
    for (attempt, written) in &world.journal.attempts {
        let paid_by = world
            .journal
            .commits
            .iter()
            .filter(|c| c.attempts.contains(attempt));
        let in_draft = world.journal.draft.iter().flat_map(|d| &d.tenders);
        let open_tender =
            in_draft.filter(|t| matches!(t, Tender::Card(c) if c.attempt == *attempt));
        let (commits, open) = (paid_by.filter(|c| c.paid).count(), open_tender.count());
        match written.state {
            State::Intent | State::Sent => panic!("{attempt} is not settled"),
            State::Committed => assert_eq!((commits, open), (1, 0)),
            State::Approved => assert_eq!((commits, open), (0, 1), "it pays for the open sale"),
            State::Declined | State::ReversalDue => assert_eq!((commits, open), (0, 0)),
        }
    }
    for request in &world.asked_host {
        let times = world
            .asked_host
            .iter()
            .filter(|r| r.attempt == request.attempt);
        assert_eq!(times.count(), 1, "asked once for an attempt");
    }
    let view = world.view();
    assert!(view.card.is_none(), "nothing waits for ever");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_loses_money_or_charges_twice(
        events in prop::collection::vec(event(), 300..400),
    ) {
        let mut world = open();
        for event in events {
            happens(&mut world, event);
            screen_makes_sense(&mut world);
        }
        the_day_ends(&mut world);
    }
}
