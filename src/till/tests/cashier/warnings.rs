//! What is less safe than in a shop stands on the screen for as long as it is so.

use sealpoint_till::{Action, Input, Level, NoticeCode, Restored, Settings, Till};
use sealpoint_wire::posture::{Achieved, Measure, Posture, Reach};
use sealpoint_wire::{FromLane, FromUplink, LinkState};

use crate::world::{MILK, World, open, settings, stock};

fn till(settings: Settings) -> World {
    World::with(Till::new(settings, stock(), Restored::default()))
}

fn posture(process: &str, short: &[Measure]) -> Posture {
    Posture {
        process: process.to_owned(),
        pid: 1,
        production: false,
        measures: Measure::ALL
            .iter()
            .map(|measure| Achieved {
                measure: *measure,
                reach: if short.contains(measure) {
                    Reach::Nothing
                } else {
                    Reach::Full
                },
                detail: String::new(),
            })
            .collect(),
    }
}

fn lane(short: &[Measure]) -> Input {
    Input::Lane(FromLane::Hello {
        version: 1,
        cannot_charge: None,
        posture: Some(posture("lane", short)),
    })
}

fn set_up(warnings: &[&str]) -> Input {
    Input::Lane(FromLane::SetUp {
        offline: None,
        cannot_charge: None,
        warnings: warnings.iter().map(|text| (*text).to_owned()).collect(),
    })
}

#[test]
fn a_key_beside_the_data_is_warned_of_from_the_first_view_on() {
    let mut world = till(Settings {
        key_in_file: true,
        ..settings()
    });
    let view = world.act(Action::View);
    assert_eq!(view.warnings.len(), 1);
    assert_eq!(view.warnings[0].code, NoticeCode::KeyInFile);
    assert_eq!(view.warnings[0].level, Level::Warning);
    // Whatever is done, it stays.
    let view = world.act(Action::Dismiss);
    assert_eq!(view.warnings[0].code, NoticeCode::KeyInFile);
}

#[test]
fn a_link_that_may_be_classical_is_warned_of_where_there_is_a_link() {
    let classical = |collector| Settings {
        collector,
        classical: true,
        ..settings()
    };
    let view = till(classical(true)).act(Action::View);
    assert_eq!(view.warnings.len(), 1);
    assert_eq!(view.warnings[0].code, NoticeCode::ClassicalLink);
    assert!(till(classical(false)).act(Action::View).warnings.is_empty());
    assert!(till(settings()).act(Action::View).warnings.is_empty());
}

#[test]
fn what_a_program_lacks_is_named_until_it_lacks_nothing() {
    let mut world = till(Settings {
        posture: Some(posture("till", &[Measure::Files])),
        ..settings()
    });
    let view = world.input(lane(&[Measure::MemoryLocked, Measure::SystemCalls]));
    let said: Vec<&[String]> = view.warnings.iter().map(|w| w.args.as_slice()).collect();
    assert_eq!(
        said,
        [
            ["lane".to_owned(), "memory_locked, system_calls".to_owned()],
            ["till".to_owned(), "files".to_owned()],
        ]
    );
    let hello = FromUplink::Hello {
        version: 1,
        posture: Some(posture("uplink", &[Measure::Network])),
    };
    assert_eq!(world.input(Input::Uplink(hello)).warnings.len(), 3);
    let view = world.input(lane(&[]));
    assert!(view.warnings.iter().all(|w| w.args[0] != "lane"));
}

#[test]
fn the_lanes_warnings_replace_each_other_and_have_a_bound() {
    let mut world = till(settings());
    let view = world.input(set_up(&["The key ends in 5 days.", "The list is old."]));
    let said: Vec<&str> = view.warnings.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(said, ["The key ends in 5 days.", "The list is old."]);
    assert!(world.input(set_up(&[])).warnings.is_empty());
    let many = vec!["x"; 1000];
    assert_eq!(world.input(set_up(&many)).warnings.len(), 8);
    let long = "y".repeat(100_000);
    let view = world.input(set_up(&[&long]));
    assert!(view.warnings[0].text.len() <= 200);
}

#[test]
fn asking_tells_one_warning_after_the_other() {
    let mut world = till(Settings {
        key_in_file: true,
        ..settings()
    });
    world.input(set_up(&["The key ends in 5 days."]));
    let mut asked = || {
        let view = world.act(Action::Warnings);
        view.notice.expect("a warning in the bar").code
    };
    assert_eq!(asked(), NoticeCode::KeyInFile);
    assert_eq!(asked(), NoticeCode::LaneWarning);
    assert_eq!(asked(), NoticeCode::KeyInFile);
}

#[test]
fn a_till_without_a_fault_says_so() {
    let mut world = till(settings());
    let view = world.act(Action::Warnings);
    assert!(view.warnings.is_empty());
    assert_eq!(
        view.notice.map(|notice| notice.code),
        Some(NoticeCode::NoWarnings)
    );
}

#[test]
fn a_key_that_may_no_longer_be_used_stops_cards_and_not_cash() {
    let mut world = open();
    world.act(Action::Scan {
        code: MILK.to_owned(),
    });
    let why = "No card can be charged: the acquirer's key was revoked. Load the next one.";
    let view = world.input(Input::Lane(FromLane::SetUp {
        offline: None,
        cannot_charge: Some(why.to_owned()),
        warnings: vec![],
    }));
    let obstacle = view.card_unavailable.expect("cards are off");
    assert!(obstacle.text.contains("was revoked"), "{}", obstacle.text);
    let view = world.act(Action::CashExact);
    assert!(view.paid.is_some(), "cash goes on: {:?}", view.notice);
    let view = world.input(set_up(&[]));
    assert!(
        view.card_unavailable
            .is_none_or(|why| !why.text.contains("revoked"))
    );
}

#[test]
fn a_lane_that_refuses_to_run_has_its_reason_on_the_screen_and_cash_goes_on() {
    let mut world = open();
    world.act(Action::Scan {
        code: MILK.to_owned(),
    });
    let why = "lane does not start in production: its memory is not locked. Raise the limit.";
    for _ in 0..3 {
        world.input(Input::Lane(FromLane::Hello {
            version: 1,
            cannot_charge: Some(why.to_owned()),
            posture: Some(posture("lane", &[Measure::MemoryLocked])),
        }));
        let view = world.input(Input::LaneDown);
        let said = view.notice.expect("it is said in the bar").text;
        assert!(said.contains("its memory is not locked"), "{said}");
        let obstacle = view.card_unavailable.expect("cards are off").text;
        assert!(obstacle.contains("Raise the limit"), "{obstacle}");
    }
    assert!(world.act(Action::CashExact).paid.is_some());
}

#[test]
fn a_reason_that_was_read_is_not_said_again_each_time_the_lane_is_tried_again() {
    let mut world = open();
    let refusal = |why: &str| {
        Input::Lane(FromLane::Hello {
            version: 1,
            cannot_charge: Some(why.to_owned()),
            posture: Some(posture("lane", &[Measure::MemoryLocked])),
        })
    };
    world.input(refusal("Raise the limit."));
    world.input(Input::LaneDown);
    world.act(Action::Dismiss);
    for _ in 0..3 {
        let view = world.input(refusal("Raise the limit."));
        assert_eq!(view.notice, None, "it is not back");
        let view = world.input(Input::LaneDown);
        assert_eq!(view.notice, None);
        assert!(view.card_unavailable.is_some(), "and stays where cards are");
    }
    world.input(refusal("Update the kernel."));
    let said = world.input(Input::LaneDown).notice.expect("another reason");
    assert!(said.text.contains("Update the kernel"), "{}", said.text);
    world.act(Action::Dismiss);
    world.input(lane(&[]));
    // Now it is the reader that is waited for.
    let obstacle = world.act(Action::View).card_unavailable;
    assert_eq!(
        obstacle.map(|notice| notice.code),
        Some(NoticeCode::NoReader)
    );
}

#[test]
fn an_uplink_that_refuses_to_run_has_its_reason_at_the_link_and_says_it_once() {
    let mut world = open();
    world.scan(MILK);
    let why =
        "uplink does not start in production: this kernel has no Landlock. Start it with one.";
    for _ in 0..3 {
        world.input(Input::Uplink(FromUplink::Hello {
            version: 1,
            posture: Some(Posture {
                production: true,
                ..posture("uplink", &[Measure::Files])
            }),
        }));
        world.link(LinkState::Down {
            why: why.to_owned(),
        });
        let view = world.input(Input::UplinkDown);
        assert_eq!(
            view.link,
            LinkState::Down {
                why: why.to_owned()
            }
        );
        assert_eq!(view.notice, None);
    }
    assert!(world.act(Action::CashExact).paid.is_some());
    // One that runs again, and then crashes, does not stand there with the old reason.
    world.input(Input::Uplink(FromUplink::Hello {
        version: 1,
        posture: Some(Posture {
            production: true,
            ..posture("uplink", &[])
        }),
    }));
    let view = world.input(Input::UplinkDown);
    let LinkState::Down { why: now } = view.link else {
        panic!("it is down");
    };
    assert!(now.contains("being started again"), "{now}");
}
