//! Answers that were taken from a card beforehand, for a number that the attacker hoped for (Bond,
//! Choudary, Murdoch, Skorobogatov, Anderson: "Chip and Skim", 2012). How good the number is, is the
//! driver's part: it comes from the system's generator, for each charge anew.

use super::{charge, data, genuine, has, issuer, nobody, online_only, pay, pay_for, told};
use crate::{Aip, Ending, TerminalData, Tvr, tag, tests::attacks::genuine::Genuine};

const GUESSED: [u8; 4] = [0x00, 0x00, 0x00, 0x01];

#[test]
fn the_number_of_this_charge_is_what_card_and_host_get() {
    let mut card = Genuine::new(Aip::DDA, genuine::NO_CVM);
    let terminal = online_only(card.terminal());
    let mut charge = charge();
    charge.unpredictable_number = [0x5E, 0xED, 0x0F, 0x12];
    let ran = pay_for(charge.clone(), &terminal, issuer, |command| {
        card.answer(command)
    });
    let number = charge.unpredictable_number;
    assert!(data(ran.commands(0xA8)[0]).ends_with(&number), "PDOL");
    assert_eq!(data(ran.commands(0x88)[0]), number, "DDOL");
    assert_eq!(data(ran.commands(0xAE)[0])[25..29], number, "CDOL1");
    assert!(data(ran.commands(0xAE)[1]).ends_with(&number), "CDOL2");
    assert_eq!(told(&ran, tag::UNPREDICTABLE), number, "DE 55");
}

/// What a card answered in a whole charge with the guessed number.
struct Recording(Vec<(Vec<u8>, Vec<u8>)>);

impl Recording {
    /// Takes the recording, and gives a terminal for that card besides.
    fn of(ways: Aip) -> (Self, TerminalData) {
        let mut card = Genuine::new(ways, genuine::NO_CVM);
        let terminal = card.terminal();
        let mut charge = charge();
        charge.unpredictable_number = GUESSED;
        let mut answers = Vec::new();
        let ran = pay_for(charge, &online_only(terminal.clone()), issuer, |command| {
            let answer = card.answer(command);
            answers.push((Self::kind(command), answer.clone()));
            answer
        });
        assert_eq!(ran.outcome.ending, Ending::Approved);
        (Self(answers), terminal)
    }

    /// What tells one command from another: instruction and, of READ RECORD, which record.
    fn kind(command: &[u8]) -> Vec<u8> {
        match command {
            [_, 0xB2, number, file, ..] => vec![0xB2, *number, *file],
            _ => command[1..2].to_vec(),
        }
    }

    /// The next answer to such a command; "not supported" to one that never came.
    fn play(&mut self, command: &[u8]) -> Vec<u8> {
        let wanted = Self::kind(command);
        let place = self.0.iter().position(|(kind, _)| *kind == wanted);
        place.map_or(vec![0x6D, 0x00], |place| self.0.remove(place).1)
    }
}

#[test]
fn a_cryptogram_for_another_number_is_not_recognised_by_the_issuer() {
    let (mut recording, terminal) = Recording::of(Aip::empty());
    let ran = pay(&terminal, issuer, |command| recording.play(command));
    assert_eq!(ran.outcome.ending, Ending::DeclinedByHost(*b"05"));
}

#[test]
fn a_signature_for_another_number_fails_dda_and_cda() {
    for (ways, failed) in [(Aip::DDA, Tvr::DDA_FAILED), (Aip::CDA, Tvr::CDA_FAILED)] {
        let (mut recording, terminal) = Recording::of(ways);
        let terminal = online_only(terminal);
        let ran = pay(&terminal, issuer, |command| recording.play(command));
        assert!(has(&ran, failed), "{failed:?}");
        assert!(!ran.outcome.pays(), "{failed:?}");
    }
}

#[test]
fn offline_a_recording_pays_nothing() {
    for ways in [Aip::SDA, Aip::DDA, Aip::CDA] {
        let (mut recording, terminal) = Recording::of(ways);
        let ran = pay(&terminal, nobody, |command| recording.play(command));
        assert!(!ran.outcome.pays(), "{ways:?}");
    }
}
