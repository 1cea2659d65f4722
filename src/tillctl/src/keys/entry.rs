//! What people type, or pipe in: names, yes and no, and components that nobody may see.

use std::{
    io::{IsTerminal, Stdin, Write, stderr, stdin},
    os::fd::AsFd,
};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use sealpoint_secret::SecretBytes;

use crate::{fault::Fault, say};

/// Clears the screen and what can be scrolled back to, and goes to the top (ECMA-48 ED, CUP).
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";
/// Ctrl-C and Ctrl-D, which are read as characters while nothing is echoed.
const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
/// The two that a terminal may send for the backspace key.
const ERASE: [u8; 2] = [0x08, 0x7F];

/// Standard input, as who types there.
pub struct Entry {
    input: Stdin,
    /// Somebody sits there; else it is a file or a pipe.
    terminal: bool,
}

impl Entry {
    /// Whoever is at standard input.
    pub fn new() -> Self {
        let input = stdin();
        let terminal = input.is_terminal();
        Self { input, terminal }
    }

    /// Whether somebody sits there.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Says something to who sits there.
    pub fn tell(&self, text: &str) {
        if self.terminal {
            say(&mut stderr(), text);
        }
    }

    /// Takes everything off the screen.
    pub fn clear(&self) {
        self.ask(CLEAR);
    }

    /// A line that may be seen, of at most `bound` bytes.
    pub fn line(&self, prompt: &str, bound: usize) -> Result<String, Fault> {
        self.ask(prompt);
        let line = self.read(bound, false)?;
        let text = str::from_utf8(line.expose())
            .map_err(|_| Fault::refused("What was typed is not text.", "Try again."))?;
        Ok(text.trim().to_owned())
    }

    /// A line that nobody may see, of at most `bound` bytes.
    pub fn secret(&self, prompt: &str, bound: usize) -> Result<SecretBytes, Fault> {
        if !self.terminal {
            return self.read(bound, false);
        }
        // Quiet before it is asked: nobody is too quick for it.
        let quiet = Quiet::of(&self.input)?;
        self.ask(prompt);
        let line = self.read(bound, true);
        drop(quiet);
        // The line feed that was typed was not echoed either.
        say(&mut stderr(), "");
        line
    }

    /// Reads a line byte by byte: a buffered reader would keep a copy of what follows.
    fn read(&self, bound: usize, raw: bool) -> Result<SecretBytes, Fault> {
        let mut line = SecretBytes::with_bound(bound);
        let mut byte = [0; 1];
        let read = line.fill(|room| {
            let mut len = 0;
            loop {
                match rustix::io::read(self.input.as_fd(), &mut byte) {
                    Ok(0) if len == 0 => return Err(ended()),
                    Ok(0) => return Ok(len),
                    Ok(_) => {}
                    Err(rustix::io::Errno::INTR) => continue,
                    Err(error) => return Err(unread(error)),
                }
                match byte[0] {
                    b'\n' => return Ok(len),
                    b'\r' if raw => return Ok(len),
                    INTERRUPT if raw => return Err(ended()),
                    END if raw && len == 0 => return Err(ended()),
                    erase if raw && ERASE.contains(&erase) => len = len.saturating_sub(1),
                    other => {
                        *room.get_mut(len).ok_or_else(|| too_long(bound))? = other;
                        len += 1;
                    }
                }
            }
        });
        byte = [0; 1];
        std::hint::black_box(&byte);
        read.map(|_| line)
    }

    fn ask(&self, prompt: &str) {
        if self.terminal {
            let mut to = stderr();
            // Nobody is left to tell if that fails.
            let _asked = to.write_all(prompt.as_bytes()).and_then(|()| to.flush());
        }
    }
}

/// A terminal that shows nothing of what is typed, until it is dropped.
struct Quiet<'a> {
    input: &'a Stdin,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn of(input: &'a Stdin) -> Result<Self, Fault> {
        let before = tcgetattr(input).map_err(unread)?;
        let mut quiet = before.clone();
        // Signals off as well: a program that is interrupted here would leave the terminal mute.
        quiet.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed before the question is not the answer.
        tcsetattr(input, OptionalActions::Flush, &quiet).map_err(unread)?;
        Ok(Self { input, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that went away needs nothing restored.
        let _restored = tcsetattr(self.input, OptionalActions::Flush, &self.before);
    }
}

fn ended() -> Fault {
    Fault::refused(
        "The input ended before everything was entered; nothing was changed.",
        "Begin again.",
    )
}

fn too_long(bound: usize) -> Fault {
    Fault::refused(
        format!("A line has more than {bound} characters; nothing was changed."),
        "Begin again.",
    )
}

fn unread(error: rustix::io::Errno) -> Fault {
    Fault::files(
        format!("The input cannot be read ({error}); nothing was changed."),
        "Begin again at a terminal.",
    )
}
