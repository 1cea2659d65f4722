//! What the till's image holds and does not hold, read from the image itself: nothing is booted.
//!
//! `cargo xtask image` leaves three things: the root file system as a folder, with true
//! owners, modes and attributes; beside it the unified kernel image (`.efi`). They are looked for at
//! `target/image/root` and `target/image/root.efi`, or where `SEALPOINT_IMAGE_ROOT` says. An image
//! that is missing or empty fails every test here.
//!
//! What may be there says `packaging/image/allowed/`: lists of what stays, each line with its
//! reason, so that what nobody thought of is found as well. [`controls`] plants each defect in a
//! small sound tree and has the gates find it.

mod allowed;
mod controls;
mod cpio;
mod elf;
mod fixture;
mod gates;
mod image;
mod pe;
mod tree;

use gates::Gate;
use image::Image;

/// Runs a gate over the image that was built.
#[track_caller]
fn hold(gate: Gate) {
    let image = Image::built().unwrap_or_else(|why| panic!("{why}"));
    match gate(&image) {
        Ok(faults) => assert!(
            faults.is_empty(),
            "{} found in the image:\n{}",
            faults.len(),
            faults.join("\n")
        ),
        Err(why) => panic!("the gate itself could not be run: {why}"),
    }
}

#[test]
fn every_program_in_the_image_is_on_the_list() {
    hold(gates::programs::root);
}

#[test]
fn every_program_in_the_first_stage_is_on_the_list() {
    hold(gates::programs::initrd);
}

#[test]
fn there_is_no_shell_interpreter_package_manager_or_way_to_log_in() {
    hold(gates::programs::named);
}

#[test]
fn no_file_gives_its_starter_more_rights() {
    hold(gates::rights::check);
}

#[test]
fn no_account_can_log_in() {
    hold(gates::accounts::check);
}

#[test]
fn exactly_the_listed_units_start() {
    hold(gates::units::enabled);
}

#[test]
fn no_unit_offers_a_console_and_no_key_reaches_systemd() {
    hold(gates::units::consoles);
}

#[test]
fn no_service_of_the_message_bus_is_unlisted() {
    hold(gates::units::bus);
}

#[test]
fn the_kernel_settings_are_the_hardened_ones() {
    hold(gates::settings::sysctl);
}

#[test]
fn the_image_says_who_it_is_and_whom_it_trusts() {
    hold(gates::settings::identity);
}

#[test]
fn the_kernel_command_line_is_the_listed_one() {
    hold(gates::boot::check);
}

#[test]
fn no_private_key_and_no_state_of_a_machine_lies_in_the_image() {
    hold(gates::secrets::check);
}

#[test]
fn there_is_no_driver_for_what_a_till_refuses() {
    hold(gates::drivers::check);
}
