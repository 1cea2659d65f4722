use super::card::{Card, approval, charge, hex, pay};
use crate::{Input, Kernel, Output, Tag, demo_profile, store::Store, tag};

#[test]
fn account_data_goes_to_the_card_alone() {
    for tag in tag::ACCOUNT_DATA {
        let mut store = Store::default();
        store.learn(tag, &hex("4761739001010119")).expect("room");
        assert!(store.public(tag).is_none(), "{tag}");
        assert!(store.for_card(tag).is_some(), "{tag}");
    }
}

#[test]
fn what_is_unknown_or_empty_is_not_kept() {
    let mut store = Store::default();
    for tag in (0xDF01..=0xDFFF).map(Tag).chain([tag::LANGUAGE]) {
        assert_eq!(store.learn(tag, &[]), Ok(()));
        assert_eq!(store.for_card(tag), None, "{tag}");
    }
    for _ in 0..2 {
        assert_eq!(store.learn(Tag(0xDF01), &[1]), Ok(()));
        assert_eq!(store.for_card(Tag(0xDF01)), None);
    }
}

/// Plays a charge and gives what the kernel's store holds of these elements while the host is asked.
fn held_while_the_host_is_asked(card: &Card, tags: &[Tag]) -> Vec<bool> {
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    let mut output = kernel.step(Input::Start {
        atr: &[0x3B, 0x00],
        interface: crate::Interface::Contact,
        pad: crate::PinPad::NONE,
    });
    while let Output::Send(command) = output {
        output = kernel.step(Input::RApdu(&card.answer(command.expose())));
    }
    assert!(matches!(output, Output::GoOnline(_)));
    let held = |tag: &Tag| kernel.dialogue.store.for_card(*tag).is_some();
    tags.iter().map(held).collect()
}

#[test]
fn once_the_account_is_out_to_be_sealed_the_kernel_holds_it_no_more() {
    let tags = [tag::PAN, tag::TRACK2, tag::CARDHOLDER_NAME, tag::CDOL2];
    let held = held_while_the_host_is_asked(&Card::good(), &tags);
    assert_eq!(held, [false, false, false, true]);
}

#[test]
fn what_cdol2_asks_for_stays_until_the_card_has_it() {
    let card = Card::good().with(tag::CDOL2, "8A02 5A08");
    let held = held_while_the_host_is_asked(&card, &[tag::PAN, tag::TRACK2]);
    assert_eq!(held, [true, false]);
    let second = pay(&card).commands(0xAE)[1].to_vec();
    assert!(second.ends_with(&hex("3030 4761739001010119 00")));
}

#[test]
fn once_it_is_over_the_kernel_holds_nothing_of_the_card() {
    let card = Card::good();
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    let mut output = kernel.step(Input::Start {
        atr: &[0x3B, 0x00],
        interface: crate::Interface::Contact,
        pad: crate::PinPad::NONE,
    });
    loop {
        output = match output {
            Output::Send(command) => kernel.step(Input::RApdu(&card.answer(command.expose()))),
            Output::GoOnline(_) => kernel.step(Input::HostAnswer(approval())),
            Output::LookUp(_) | Output::AskPin(_) | Output::Wait | Output::Choose(_) => {
                panic!("nothing to choose")
            }
            Output::Done(_) => break,
        };
    }
    for (tag, _) in card.elements {
        assert!(kernel.dialogue.store.for_card(tag).is_none(), "{tag}");
    }
}
