//! What is done about a clock that is wrong. No clock here: all times come in.
//!
//! A till's clock stands on receipts and in charges, and certificates end by it. So it follows the
//! collector, but time does not run backwards while the shop sells, and no answer, however well signed,
//! takes it to before what was proved already.
//!
//! | the clock is | first time since the machine started | later |
//! |---|---|---|
//! | right within [`GOOD_MS`] | kept | kept |
//! | off by at most [`SLEW_MS`] | runs faster or slower until it is right | the same |
//! | behind | set forward, however far | set forward, at most [`JUMP_MS`]; more is refused |
//! | ahead | set back | left: it is set at the next start, before much was sold |

/// A clock that is off by no more is right: what a network takes.
pub const GOOD_MS: i64 = 100;
/// A clock that is off by no more is made to run faster or slower.
pub const SLEW_MS: i64 = 900;
/// A running clock is not off by more: its crystal drifts some seconds a day.
pub const JUMP_MS: i64 = 15 * 60 * 1000;

/// What is known when an answer is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// What this machine's clock says, milliseconds since the Unix epoch.
    pub clock_ms: i64,
    /// What the collector's says at the same moment.
    pub collector_ms: i64,
    /// It was never earlier than this.
    pub floor_ms: i64,
    /// Whether the clock was set since the machine started.
    pub was_set: bool,
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// Nothing.
    Keep,
    /// Run faster, or slower if negative, until that is caught up, milliseconds.
    Slew(i64),
    /// Set it by that, milliseconds.
    Step(i64),
    /// Leave it as it is.
    Refuse(Refusal),
}

/// Why a proved time is not taken. Two sentences each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The collector said a later time before.
    #[error(
        "The collector's clock is {behind_s} s behind what was proved to this till before. Set the \
         collector's clock."
    )]
    BeforeFloor {
        /// By how much.
        behind_s: i64,
    },
    /// A running clock does not get that wrong.
    #[error(
        "The collector's clock is {by_s} s ahead of this till's, which was set since it started. Check \
         the collector's clock; if it is right, restart the till."
    )]
    TooFar {
        /// By how much.
        by_s: i64,
    },
    /// Time would run backwards.
    #[error(
        "This till's clock is {by_s} s ahead, and it sells. It is set when the till starts the next \
         time."
    )]
    Backwards {
        /// By how much.
        by_s: i64,
    },
}

/// What to do about it.
pub fn judge(known: Known) -> Judgement {
    let offset = known.collector_ms.saturating_sub(known.clock_ms);
    if known.collector_ms < known.floor_ms {
        return Judgement::Refuse(Refusal::BeforeFloor {
            behind_s: known.floor_ms.saturating_sub(known.collector_ms) / 1000,
        });
    }
    let size = offset.saturating_abs();
    if size <= GOOD_MS {
        Judgement::Keep
    } else if size <= SLEW_MS {
        Judgement::Slew(offset)
    } else if !known.was_set {
        Judgement::Step(offset)
    } else if offset < 0 {
        Judgement::Refuse(Refusal::Backwards { by_s: size / 1000 })
    } else if offset > JUMP_MS {
        Judgement::Refuse(Refusal::TooFar { by_s: size / 1000 })
    } else {
        Judgement::Step(offset)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_795_000_000_000;

    fn known(offset_ms: i64, was_set: bool) -> Known {
        Known {
            clock_ms: NOON,
            collector_ms: NOON + offset_ms,
            floor_ms: NOON - 1_000_000_000,
            was_set,
        }
    }

    #[test]
    fn a_clock_is_set_as_far_as_needed_once_and_then_kept_close() {
        let year = 365 * 24 * 3_600_000;
        for (offset, was_set, expected) in [
            (0, false, Judgement::Keep),
            (-GOOD_MS, true, Judgement::Keep),
            (GOOD_MS + 1, true, Judgement::Slew(GOOD_MS + 1)),
            (-SLEW_MS, true, Judgement::Slew(-SLEW_MS)),
            (SLEW_MS + 1, true, Judgement::Step(SLEW_MS + 1)),
            (JUMP_MS, true, Judgement::Step(JUMP_MS)),
            (year, false, Judgement::Step(year)),
            (-60_000, false, Judgement::Step(-60_000)),
            (
                year,
                true,
                Judgement::Refuse(Refusal::TooFar { by_s: year / 1000 }),
            ),
            (
                -60_000,
                true,
                Judgement::Refuse(Refusal::Backwards { by_s: 60 }),
            ),
        ] {
            assert_eq!(
                judge(known(offset, was_set)),
                expected,
                "{offset} {was_set}"
            );
        }
    }

    #[test]
    fn a_time_before_what_was_proved_is_refused_at_any_moment() {
        for was_set in [false, true] {
            let at = Known {
                floor_ms: NOON + 5_000,
                ..known(0, was_set)
            };
            let expected = Judgement::Refuse(Refusal::BeforeFloor { behind_s: 5 });
            assert_eq!(judge(at), expected);
        }
    }

    proptest! {
        #[test]
        fn no_answer_sets_a_running_clock_back_or_any_clock_to_before_its_floor(
            clock_ms in any::<i64>(),
            collector_ms in any::<i64>(),
            floor_ms in any::<i64>(),
            was_set in any::<bool>(),
        ) {
            let known = Known { clock_ms, collector_ms, floor_ms, was_set };
            if let Judgement::Step(by) = judge(known) {
                prop_assert!(!was_set || (0..=JUMP_MS).contains(&by));
                prop_assert!(clock_ms.saturating_add(by) >= floor_ms || by == i64::MIN || by == i64::MAX);
            }
        }
    }
}
