//! The machine comes up, sells, and goes on where it was.

use crate::machine::Extra;
use crate::till::Till;

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn a_machine_from_the_factory_enrols_sells_and_the_collector_has_the_sale() {
    Till::first_boot().becomes_golden();
}

#[test]
#[ignore = "wants an image and minutes: cargo xtask test --image"]
fn the_same_machine_opens_its_state_again_and_goes_on_where_it_was() {
    let mut till = Till::start("again", &Extra::default());
    till.until_ready();
    till.machine.keep_picture("ready");
    assert_eq!(till.sold(), 1, "what was sold before the plug was pulled");
    till.sells();
    till.machine.keep_picture("sold");
    let known = till.office.till().expect("the collector knows the till");
    assert_eq!(
        known["contiguous_seq"], 2,
        "the second record follows the first: the journal is the one from before"
    );
}
