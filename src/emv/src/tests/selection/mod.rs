//! Application selection (EMV 4.4 Book 1 §12).

mod choice;
mod directory;
mod list;

use super::card::{Card, charge, hex, object, ok, play, started};
use crate::{Input, Kernel, Output, PinPad, TerminalData, demo_profile, tag};

fn entry(aid: &str, label: &[u8], priority: u8) -> Vec<u8> {
    let parts = [
        object(tag::AID_CARD, &hex(aid)),
        object(tag::LABEL, label),
        object(tag::PRIORITY, &[priority]),
    ];
    object(tag::DIRECTORY_ENTRY, &parts.concat())
}

fn directory_fci(file: u8) -> Vec<u8> {
    let parts = [
        object(tag::DF_NAME, b"1PAY.SYS.DDF01"),
        object(tag::PROPRIETARY, &object(tag::SFI, &[file])),
    ];
    ok(&object(tag::FCI, &parts.concat()))
}

fn with_directory(entries: &[Vec<u8>]) -> Card {
    let mut card = Card::good();
    card.directory = directory_fci(1);
    card.directory_records = vec![object(tag::RECORD, &entries.concat())];
    card
}

/// Plays until GET PROCESSING OPTIONS and gives the AIDs that were selected on the way.
fn selected(card: &Card) -> Vec<Vec<u8>> {
    let ran = play(
        &terminal(),
        charge(),
        |command| match command {
            [_, 0xA4, _, _, length, data @ ..] if !data.starts_with(b"1PAY") => Card {
                aid: data[..usize::from(*length)].to_vec(),
                ..card.clone()
            }
            .answer(command),
            _ => card.answer(command),
        },
        None,
    );
    ran.commands(0xA4)
        .into_iter()
        .map(|command| command[5..command.len() - 1].to_vec())
        .collect()
}

/// The applications that the cardholder is offered.
fn choices(terminal: &TerminalData, card: &Card) -> Vec<String> {
    let mut kernel = Kernel::new(terminal, charge()).expect("a charge");
    let mut output = kernel.step(started(PinPad::NONE));
    while let Output::Send(command) = output {
        output = kernel.step(Input::RApdu(&card.answer(command.expose())));
    }
    match output {
        Output::Choose(choices) => choices.into_iter().map(|choice| choice.label).collect(),
        _ => panic!("the cardholder was not asked"),
    }
}

/// A terminal whose cardholder is not asked.
fn terminal() -> TerminalData {
    let mut terminal = demo_profile();
    terminal.cardholder_choice = false;
    terminal
}
