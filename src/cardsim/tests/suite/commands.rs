//! Status words: wrong order, wrong lengths, unknown commands.

use crate::terminal::{AAC, ARQC, OK, Terminal, issuer, objects, shipped};

const VISA: &[u8] = &[0xA0, 0, 0, 0, 0x03, 0x10, 0x10];
const GPO: &[u8] = &[0x80, 0xA8, 0, 0, 6, 0x83, 4, 0xE0, 0x08, 0xC8, 0x22, 0];

fn selected() -> Terminal {
    let mut terminal = Terminal::new(&shipped("visa-approved"), &issuer());
    assert_eq!(terminal.send([0x00, 0xA4, 0x04, 0x00], VISA).1, OK);
    terminal
}

fn initiated() -> Terminal {
    let mut terminal = Terminal::new(&shipped("visa-approved"), &issuer());
    terminal.initiate(VISA);
    terminal
}

#[test]
fn a_partial_name_selects_and_there_is_no_next_occurrence() {
    let mut terminal = selected();
    let (fci, status) = terminal.send([0x00, 0xA4, 0x04, 0x00], &VISA[..5]);
    assert_eq!((objects(&fci)[&0x84].as_slice(), status), (VISA, OK));
    assert_eq!(
        terminal.send([0x00, 0xA4, 0x04, 0x02], &VISA[..5]).1,
        0x6A82
    );
}

#[test]
fn select_checks_its_parameters_and_its_length() {
    let mut terminal = selected();
    assert_eq!(terminal.send([0x00, 0xA4, 0x00, 0x00], VISA).1, 0x6A86);
    assert_eq!(
        terminal.send([0x00, 0xA4, 0x04, 0x00], &VISA[..4]).1,
        0x6700
    );
    // The data are cut off.
    assert_eq!(terminal.raw(&[0x00, 0xA4, 0x04, 0x00, 7, 0xA0]).1, 0x6700);
    // Case 4 without Le.
    let without_le = [&[0x00, 0xA4, 0x04, 0x00, 7][..], VISA].concat();
    assert_eq!(terminal.raw(&without_le).1, 0x6700);
    assert_eq!(terminal.raw(&[0x00, 0xA4]).1, 0x6700);
}

#[test]
fn commands_out_of_order_are_refused_and_change_nothing() {
    let mut terminal = Terminal::new(&shipped("visa-approved"), &issuer());
    assert_eq!(terminal.raw(GPO).1, 0x6985);
    assert_eq!(terminal.send([0x00, 0xB2, 1, 0x0C], &[]).1, 0x6985);
    assert_eq!(terminal.send([0x80, 0xAE, 0x80, 0], &[0; 29]).1, 0x6985);
    assert_eq!(terminal.send([0x00, 0x82, 0, 0], &[0; 8]).1, 0x6985);
    assert_eq!(terminal.send([0x80, 0xCA, 0x9F, 0x36], &[]).1, 0x6985);
    assert_eq!(terminal.send([0x84, 0x1E, 0, 0], &[0; 8]).1, 0x6985);
    terminal.initiate(VISA);
    assert_eq!(terminal.raw(GPO).1, 0x6985);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC);
    assert_eq!(terminal.known[&0x9F36], [0, 1]);
}

#[test]
fn get_processing_options_checks_what_the_pdol_asked_for() {
    let mut terminal = selected();
    assert_eq!(terminal.raw(&[0x80, 0xA8, 0, 0, 2, 0x83, 0, 0]).1, 0x6700);
    assert_eq!(terminal.raw(&[0x80, 0xA8, 0, 0, 2, 0x84, 0, 0]).1, 0x6A80);
    assert_eq!(terminal.raw(&[0x80, 0xA8, 0, 1, 2, 0x83, 0, 0]).1, 0x6A86);
    let (answer, status) = terminal.raw(GPO);
    assert_eq!(status, OK);
    // Format 1: AIP 3D00, then one AFL entry per file.
    assert_eq!(
        objects(&answer)[&0x80],
        [0x3D, 0, 0x08, 1, 1, 0, 0x10, 1, 2, 2, 0x18, 1, 2, 0]
    );
}

#[test]
fn read_record_tells_a_missing_file_from_a_missing_record() {
    let mut terminal = initiated();
    assert_eq!(terminal.send([0x00, 0xB2, 2, 0x0C], &[]).1, 0x6A83);
    assert_eq!(terminal.send([0x00, 0xB2, 1, 0x24], &[]).1, 0x6A82);
    assert_eq!(terminal.send([0x00, 0xB2, 0, 0x0C], &[]).1, 0x6A86);
    assert_eq!(terminal.send([0x00, 0xB2, 1, 0x08], &[]).1, 0x6A86);
    // A Le that is too short is corrected.
    let (record, _) = terminal.send([0x00, 0xB2, 1, 0x0C], &[]);
    let exact = 0x6C00 | u16::try_from(record.len()).expect("a short record");
    assert_eq!(terminal.raw(&[0x00, 0xB2, 1, 0x0C, 1]).1, exact);
}

#[test]
fn generate_ac_checks_type_and_length_and_can_be_tried_again() {
    let mut terminal = initiated();
    assert_eq!(terminal.send([0x80, 0xAE, 0x80, 0], &[0; 28]).1, 0x6700);
    assert_eq!(terminal.send([0x80, 0xAE, 0xC0, 0], &[0; 29]).1, 0x6A86);
    assert_eq!(terminal.send([0x80, 0xAE, 0x91, 0], &[0; 29]).1, 0x6A86);
    assert_eq!(terminal.generate_ac(ARQC, 0x8C), ARQC);
    // A second ARQC doesn't exist.
    assert_eq!(terminal.send([0x80, 0xAE, 0x80, 0], &[0; 31]).1, 0x6985);
    assert_eq!(terminal.send([0x80, 0xAE, 0x40, 0], &[0; 30]).1, 0x6700);
    assert_eq!(terminal.generate_ac(AAC, 0x8D), AAC);
    assert_eq!(terminal.send([0x80, 0xAE, 0x00, 0], &[0; 31]).1, 0x6985);
}

#[test]
fn unknown_classes_and_instructions_have_their_own_answers() {
    let mut terminal = selected();
    assert_eq!(terminal.send([0x00, 0x86, 0, 0], &[]).1, 0x6D00);
    assert_eq!(terminal.send([0x00, 0xAE, 0x80, 0], &[]).1, 0x6D00);
    assert_eq!(terminal.send([0xB0, 0xA4, 0x04, 0], &[]).1, 0x6E00);
    assert_eq!(terminal.send([0x80, 0xCA, 0x00, 0x5A], &[]).1, 0x6A88);
}

#[test]
fn under_t0_an_answer_waits_for_get_response_with_the_exact_length() {
    let mut terminal = Terminal::new(&shipped("maestro-approved"), &issuer());
    let select = [0x00, 0xA4, 0x04, 0x00, 7, 0xA0, 0, 0, 0, 0x04, 0x30, 0x60];
    let (body, status) = terminal.raw(&select);
    let [class, waiting] = status.to_be_bytes();
    assert_eq!((body.len(), class), (0, 0x61));
    let exact = 0x6C00 | u16::from(waiting);
    assert_eq!(terminal.raw(&[0x00, 0xC0, 0, 0, waiting - 1]).1, exact);
    let (fci, status) = terminal.raw(&[0x00, 0xC0, 0, 0, waiting]);
    assert_eq!((fci.len(), status), (usize::from(waiting), OK));
    assert_eq!(terminal.raw(&[0x00, 0xC0, 0, 0, waiting]).1, 0x6985);
    // No directory on this card.
    let pse = terminal.send([0x00, 0xA4, 0x04, 0x00], b"1PAY.SYS.DDF01");
    assert_eq!(pse.1, 0x6A82);
}

#[test]
fn without_power_the_card_is_silent() {
    let mut terminal = selected();
    terminal.card.power_off();
    assert_eq!(terminal.card.apdu(GPO), b"");
}
