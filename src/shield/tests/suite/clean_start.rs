//! What the starter of a process leaves in its environment and its descriptors.

use std::{
    fs::File,
    process::{Command, Output},
};

use crate::rig::{Ended, Ground, ended, probe};

fn posture(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_full_environment_is_left_behind() {
    let ground = Ground::new();
    let mut command = ground.command(&[], "lane", "posture");
    command.env_clear();
    for number in 0..5 {
        command.env(format!("VARIABLE_{number}"), "secret");
    }
    let said = posture(&command.output().expect("the probe runs"));
    assert!(
        said.contains("environment Full Only what it needs is there; 5 other variables"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn a_library_that_an_environment_names_is_not_there_afterwards() {
    let ground = Ground::new();
    // Any library that the probe does not need by itself.
    let library = "libpcsclite.so.1";
    let mut command = ground.command(&[], "lane", "posture");
    command.env("LD_PRELOAD", library).env("LD_AUDIT", library);
    let said = posture(&command.output().expect("the probe runs"));
    assert!(said.contains("environment Full"), "{said}");
}

#[test]
fn an_open_file_of_somebody_else_is_closed() {
    let ground = Ground::new();
    let script = "exec 7<\"$1\" 9>&1; shift; exec \"$@\"";
    let mut command = Command::new("bash");
    command
        .args(["-c", script, "-"])
        .arg(ground.at("journal.db"))
        .arg(probe());
    command
        .arg("lane")
        .arg(ground.path())
        .args(["0", "posture"]);
    let said = posture(&command.output().expect("bash runs"));
    // Whoever runs the tests may have left more open.
    let closed = said
        .split_once("descriptors Full Only the standard three were open; ")
        .and_then(|(_, rest)| rest.split(' ').next()?.parse::<u32>().ok());
    assert!(closed.is_some_and(|closed| closed >= 2), "{said}");
}

#[test]
fn it_is_run_again_once_even_if_told_that_it_was() {
    let ground = Ground::new();
    // A mark of another process is as good as none.
    let mut command = ground.command(&[], "lane", "nothing");
    command
        .env("SEALPOINT_CLEANED", "1 0 0")
        .env("LD_LIBRARY_PATH", "/tmp");
    assert_eq!(
        ended(&command.output().expect("the probe runs")),
        Ended::Done
    );
    // The right mark does not hide what is there: production refuses.
    let script = "SEALPOINT_CLEANED=\"$$ 0 0\" LD_BIND_NOW=1 exec \"$@\"";
    let mut command = ground.command(&["bash", "-c", script, "-"], "lane", "posture");
    command.env_clear();
    let output = command.output().expect("bash runs");
    let said = posture(&output);
    assert!(
        said.starts_with("locked probe does not start in production"),
        "{said}"
    );
    assert!(
        said.contains("environment Nothing Variables that it does not need are there: "),
        "{said}"
    );
    assert!(said.contains("LD_BIND_NOW"), "{said}");
}

#[test]
fn standard_input_stays() {
    let ground = Ground::new();
    let file = File::open(ground.at("journal.db")).expect("a file");
    let mut command = ground.command(&[], "lane", "nothing");
    command.stdin(file);
    assert_eq!(
        ended(&command.output().expect("the probe runs")),
        Ended::Done
    );
}
