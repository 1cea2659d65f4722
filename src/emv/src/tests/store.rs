use super::card::{Card, approval, charge, hex};
use crate::{Fault, Input, Kernel, MAX_ELEMENTS, Output, Tag, demo_profile, store::Store, tag};

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
fn a_card_may_give_a_bounded_number_of_elements() {
    let mut store = Store::default();
    for tag in (0xDF01..).take(MAX_ELEMENTS) {
        assert_eq!(store.learn(Tag(tag), &[1]), Ok(()));
    }
    assert_eq!(store.learn(Tag(0xDF7F01), &[1]), Err(Fault::TooMuchData));
}

#[test]
fn once_it_is_over_the_kernel_holds_nothing_of_the_card() {
    let card = Card::good();
    let mut kernel = Kernel::new(&demo_profile(), charge()).expect("a charge");
    let mut output = kernel.step(Input::Start { atr: &[0x3B, 0x00] });
    loop {
        output = match output {
            Output::Send(command) => kernel.step(Input::RApdu(&card.answer(command.expose()))),
            Output::GoOnline(_) => {
                assert!(kernel.dialogue.store.pan().is_ok());
                kernel.step(Input::HostAnswer(approval()))
            }
            Output::Choose(_) => panic!("nothing to choose"),
            Output::Done(_) => break,
        };
    }
    for (tag, _) in card.elements {
        assert!(kernel.dialogue.store.for_card(tag).is_none(), "{tag}");
    }
}
