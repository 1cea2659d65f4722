//! The collector's SQLite: a real collector is recorded while a till sells to it, is killed and
//! started again, and the power cut at every call of its store.

mod check;
mod shift;

use crate::disk::{Deaf, Found};
use crate::states::{self, Moment};
use check::Expected;
use shift::Shift;

/// Crash states that a plain run opens.
const STATES: usize = 2000;
/// Crash states that are enough to see that a disk which ignores syncs loses something.
const BROKEN_STATES: usize = 100;

#[test]
fn a_power_cut_at_any_call_loses_nothing_that_the_collector_acknowledged() {
    let shift = Shift::record();
    let whole = check(&shift, Deaf::No, states::wanted(STATES));
    let broken = check(&shift, Deaf::ToTheLog, BROKEN_STATES);
    whole.assert_whole("the collector's store");
    // What the same check says of a store that does not wait for its log to be on the disk.
    broken.assert_broken("a collector's disk that ignores the syncs of the log");
}

fn check(shift: &Shift, deaf: Deaf, wanted: usize) -> states::Report {
    let moments = shift.calls.iter().map(|timed| Moment {
        expected: Expected {
            acknowledged: shift.acknowledged_at(timed.at_us),
        },
        call: timed.call.clone(),
    });
    states::check(moments, deaf, wanted, |found: &Found, expected| {
        check::check(&shift.store, &shift.records, found, expected)
    })
}
