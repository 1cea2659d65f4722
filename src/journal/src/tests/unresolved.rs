//! Which charges are open, as whoever replaces the system asks.

use super::{Folder, approve, attempt, card_sale, cash_sale, intent, sale, send};
use crate::Unresolved;

#[test]
fn a_charge_counts_as_open_until_its_sale_is_written_or_it_is_undone() {
    let folder = Folder::new();
    let mut journal = folder.open();
    let open = |journal: &crate::Journal| journal.unresolved().expect("they can be counted");
    let none = Unresolved::default();
    assert_eq!(open(&journal), none);

    journal.save_draft(sale(1), "{}").expect("none is open");
    let _no_card_is_read = journal.write_intent(&intent(1, 1)).expect("the first");
    let in_flight = Unresolved {
        in_flight: 1,
        ..none
    };
    assert_eq!(open(&journal), in_flight);
    journal
        .write_declined(attempt(1), "05")
        .expect("it is legal");
    assert_eq!(open(&journal), none);
    let _paid_in_cash = journal.commit_sale(&cash_sale(1)).expect("it is paid");

    send(&mut journal, 2);
    assert_eq!(open(&journal), in_flight);
    journal
        .write_unknown(attempt(2), "no answer")
        .expect("it was sent");
    assert_eq!(open(&journal), Unresolved { unknown: 1, ..none });
    journal
        .write_reversal_due(attempt(2), "no answer", None)
        .expect("it is unknown");
    let reversing = Unresolved {
        reversing: 1,
        ..none
    };
    assert_eq!(open(&journal), reversing);
    let _voided = journal.commit_sale(&cash_sale(2)).expect("it is paid");

    approve(&mut journal, 3);
    assert_eq!(
        open(&journal),
        Unresolved {
            approved: 1,
            ..reversing
        }
    );
    let _printed = journal.commit_sale(&card_sale(3)).expect("it is paid");
    assert_eq!(open(&journal), reversing);
    journal.write_reversed(attempt(2)).expect("it is due");
    assert_eq!(open(&journal), none);
}

#[test]
fn a_start_leaves_no_charge_of_unknown_fate_to_the_next_system() {
    let folder = Folder::new();
    let mut journal = folder.open();
    send(&mut journal, 1);
    drop(journal);
    let open = folder.open().unresolved().expect("they can be counted");
    let reversing = Unresolved {
        reversing: 1,
        ..Unresolved::default()
    };
    assert_eq!(open, reversing, "what the stop left open is to be undone");
}
