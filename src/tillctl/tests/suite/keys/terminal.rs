//! At a terminal: a component is not shown, and nobody sees what the one before saw.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Command, Stdio},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use super::office::{KBPK_CHECK, ONE, ONE_CHECK, Office, TWO, protection, text};

/// A terminal, from the side of who sits there.
struct Desk {
    keyboard: File,
    /// What the screen showed and nobody looked at yet.
    unread: String,
}

impl Desk {
    /// Waits until the screen shows that; what it showed since the last time, up to there.
    fn until(&mut self, part: &str) -> String {
        let mut room = [0; 512];
        loop {
            if let Some(at) = self.unread.find(part) {
                return self.unread.drain(..at + part.len()).collect();
            }
            match self.keyboard.read(&mut room) {
                Ok(len) if len > 0 => self.unread += &String::from_utf8_lossy(&room[..len]),
                _ => panic!("the terminal closed without {part}: {}", self.unread),
            }
        }
    }

    fn types(&mut self, line: &str) {
        self.keyboard
            .write_all(format!("{line}\r").as_bytes())
            .expect("typed");
    }
}

#[test]
fn a_component_is_not_shown_and_the_screen_is_cleared_between_people() {
    let office = Office::managed(&[protection()]);
    let desk: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&desk).expect("granted");
    unlockpt(&desk).expect("unlocked");
    let name = ptsname(&desk, Vec::new()).expect("a name");
    let name = name.to_str().expect("text");
    let open = || -> File {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .open(name)
            .expect("its other side")
    };
    let before = tcgetattr(open()).expect("a terminal").local_modes;
    assert!(before.contains(LocalModes::ECHO));
    let mut child = Command::new(env!("CARGO_BIN_EXE_tillctl"))
        .args([
            "keys",
            "ceremony",
            "--id",
            "kbpk-1",
            "--keys",
            text(&office.keys),
        ])
        .stdin(Stdio::from(open()))
        .stderr(Stdio::from(open()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("tillctl runs");
    // Held, so that the terminal stays when the program goes.
    let mine = open();
    let mut desk = Desk {
        keyboard: File::from(desk),
        unread: String::new(),
    };
    desk.until("Name and role");
    desk.types("Anna Berg, manager");
    desk.until("not shown): ");
    // Mistyped once and corrected with the backspace key.
    desk.types(&format!("{}X\u{7f}{}", &ONE[..10], &ONE[10..]));
    let first = desk.until("Is that the one on your paper?");
    assert!(first.contains(ONE_CHECK), "{first}");
    assert!(!first.contains(&ONE[..4]), "the component was shown");
    desk.types("yes");
    let between = desk.until("Component 2 of 2");
    assert!(between.contains("\x1b[2J\x1b[3J"), "{between:?}");
    desk.until("Name and role");
    desk.types("Ben Roth, IT");
    desk.until("not shown): ");
    desk.types("nothexadecimal");
    desk.until("Component 2 is not hexadecimal");
    desk.until("not shown): ");
    desk.types(TWO);
    let second = desk.until("Is that the one on your paper?");
    assert!(!second.contains(&TWO[..4]), "the component was shown");
    desk.types("yes");
    let output = child.stdout.take().expect("piped");
    let report = std::io::read_to_string(output).expect("text");
    assert!(child.wait().expect("our child").success(), "{report}");
    assert!(report.contains(KBPK_CHECK), "{report}");
    let after = tcgetattr(&mine).expect("a terminal").local_modes;
    assert_eq!(after, before, "the terminal is as it was");
}

#[test]
fn whoever_interrupts_gets_his_terminal_back_and_changes_nothing() {
    let office = Office::managed(&[protection()]);
    let desk: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&desk).expect("granted");
    unlockpt(&desk).expect("unlocked");
    let name = ptsname(&desk, Vec::new()).expect("a name");
    let name = name.to_str().expect("text");
    let mut options = OpenOptions::new();
    let mine = options
        .read(true)
        .write(true)
        .open(name)
        .expect("its other side");
    let before = tcgetattr(&mine).expect("a terminal").local_modes;
    let mut child = Command::new(env!("CARGO_BIN_EXE_tillctl"))
        .args([
            "keys",
            "ceremony",
            "--id",
            "kbpk-1",
            "--keys",
            text(&office.keys),
        ])
        .args(super::office::PEOPLE)
        .stdin(Stdio::from(mine.try_clone().expect("the same")))
        .stderr(Stdio::from(mine.try_clone().expect("the same")))
        .stdout(Stdio::null())
        .spawn()
        .expect("tillctl runs");
    let mut desk = Desk {
        keyboard: File::from(desk),
        unread: String::new(),
    };
    desk.until("not shown): ");
    desk.keyboard.write_all(b"19AD\x03").expect("typed");
    let ended = child.wait().expect("our child");
    assert_eq!(ended.code(), Some(72));
    let after = tcgetattr(&mine).expect("a terminal").local_modes;
    assert_eq!(after, before, "the terminal is as it was");
    assert_eq!(office.of("kbpk-1", "loaded"), false);
}
