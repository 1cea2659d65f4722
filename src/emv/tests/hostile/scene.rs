//! What a seed draws before a charge begins.

use sealpoint_cardsim::{
    Profile,
    hostile::{self, Garbler},
    profile,
};
use sealpoint_emv::{Charge, ChargeKind, Interface, Known, PinPad, TerminalData};

use crate::{cards::Cards, numbers::Numbers, terminals::Terminals};

/// Amounts around what means something to a terminal, minor units.
const AMOUNTS: [i64; 8] = [1, 250, 250, 4_999, 5_000, 9_999, 10_000, 999_999_999_999];
const KINDS: [ChargeKind; 6] = [
    ChargeKind::Purchase,
    ChargeKind::Purchase,
    ChargeKind::Purchase,
    ChargeKind::PurchaseWithCashback,
    ChargeKind::Cash,
    ChargeKind::Refund,
];
/// How many of a hundred answers are damaged where damage begins late.
const LATE_PERCENT: u8 = 30;
/// What the numbers are for.
const SCENE: u64 = 1;
const DAMAGE: u64 = 2;
const EVENTS: u64 = 3;

/// Who answers for the issuer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host {
    /// It verifies the cryptogram over what the terminal is to charge, and signs its answer.
    Genuine,
    /// It approves whatever it is asked, with whatever else in its answer.
    Credulous,
    Declining,
    Referring,
    Unreachable,
    Silent,
}

const HOSTS: [Host; 8] = [
    Host::Genuine,
    Host::Genuine,
    Host::Credulous,
    Host::Credulous,
    Host::Declining,
    Host::Referring,
    Host::Unreachable,
    Host::Silent,
];

/// One charge to be.
pub struct Scene<'a> {
    pub seed: u64,
    pub profile: &'a Profile,
    pub terminal: &'a TerminalData,
    pub interface: Interface,
    pub charge: Charge,
    pub pad: PinPad,
    pub host: Host,
    pub known: Known,
    /// Events among a thousand steps: something out of turn, an impatient clock, a pulled card.
    pub trouble: usize,
    /// Answers before any is damaged, so that late phases are damaged too.
    pub honest: usize,
    /// Whether then but one bit of one answer is wrong, and nothing else ever.
    pub one_bit: bool,
    /// What goes wrong on the way.
    pub garbler: Garbler,
}

impl<'a> Scene<'a> {
    pub fn of(seed: u64, cards: &'a Cards, terminals: &'a Terminals) -> Self {
        let mut numbers = Numbers::new(seed, SCENE);
        let profile = cards.pick(&mut numbers);
        let tapped = profile.interface == profile::Interface::Contactless;
        // Now and then a card is spoken to as what it is not.
        let tapped = tapped != numbers.chance(20);
        let kind = *numbers.pick(&KINDS);
        let amount_minor = *numbers.pick(&AMOUNTS);
        let kind = match kind {
            ChargeKind::PurchaseWithCashback if amount_minor < 2 => ChargeKind::Purchase,
            kind => kind,
        };
        // Half of the charges lose 12 of 100 answers from the start, a quarter more and later, and in a
        // quarter there is one wrong bit.
        let (honest, percent) = match numbers.below(4) {
            0 => (1 + numbers.below(20), LATE_PERCENT),
            1 => (1 + numbers.below(20), 0),
            _ => (0, hostile::PERCENT),
        };
        let cashback = kind == ChargeKind::PurchaseWithCashback;
        Self {
            seed,
            profile,
            terminal: terminals.pick(numbers.below(usize::MAX)),
            interface: match tapped {
                true => Interface::Contactless,
                false => Interface::Contact,
            },
            charge: Charge {
                amount_minor,
                currency: 978,
                exponent: 2,
                cashback_minor: if cashback { amount_minor / 2 } else { 0 },
                kind,
                date: [0x26, 0x11, 0x22],
                time: [0x12, 0x34, 0x56],
                unpredictable_number: numbers.array(),
                random_draw: 99,
                forced_online: numbers.chance(100),
                // One charge in eight may not be as much without the host.
                offline_up_to_minor: match seed % 8 {
                    0 => amount_minor - 1,
                    _ => i64::MAX,
                },
                counter: 1,
                terminal_id: *b"TERM0001",
            },
            pad: PinPad {
                plaintext: numbers.chance(700),
                enciphered: numbers.chance(700),
                online: numbers.chance(500),
            },
            host: *numbers.pick(&HOSTS),
            known: Known {
                earlier_minor: if numbers.chance(50) { i64::MAX } else { 0 },
                on_exception_file: numbers.chance(20),
            },
            trouble: *numbers.pick(&[0, 0, 0, 20, 60]),
            honest,
            one_bit: percent == 0,
            garbler: Garbler::new(Numbers::new(seed, DAMAGE).next()).percent(percent),
        }
    }

    /// The numbers for what happens on the way.
    pub fn events(&self) -> Numbers {
        Numbers::new(self.seed, EVENTS)
    }
}
