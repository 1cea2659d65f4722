//! The terminal beside the window: pulls the network, puts it back, ends the demo.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::demo::surroundings::Surroundings;
use crate::demo::totals::money;
use crate::process::Process;
use crate::{interrupt, say};

/// How often to look whether the window was closed.
const LOOK: Duration = Duration::from_millis(200);
/// At most this many bytes of a typed line.
const MAX_LINE: u64 = 1024;

/// Does what is typed until the window is closed, `quit` is typed or Ctrl-C pressed.
///
/// # Errors
/// The till's last words, if it ended because it could not go on.
pub fn run(till: &mut Process, surroundings: &mut Surroundings) -> Result<(), String> {
    let typed = listen();
    while !till.has_ended() && !interrupt::has_come() {
        let line = match typed.recv_timeout(LOOK) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => continue,
            // Nobody types: the window is enough.
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(LOOK);
                continue;
            }
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["collector", "stop"] => {
                surroundings.stop_collector();
                say::note("The collector is stopped. Sell on: the queue keeps what it must know.");
            }
            ["collector", "start"] => match surroundings.start_collector() {
                Ok(()) => say::note("The collector runs. Watch the queue drain."),
                Err(why) => say::note(&why),
            },
            ["totals"] => match surroundings.collector_totals() {
                Ok(held) => say::note(&format!(
                    "The collector holds {} sales and {} voided ones, {} in all: {} in cash, {} by card.",
                    held.sales,
                    held.voided,
                    money(held.total_minor),
                    money(held.cash_minor),
                    money(held.card_minor)
                )),
                Err(why) => say::note(&why),
            },
            ["quit" | "exit"] => break,
            [] => {}
            _ => say::note("Type: collector stop | collector start | totals | quit"),
        }
    }
    if till.has_ended() && !till.ended_well() {
        return Err(till.last_words());
    }
    till.stop();
    Ok(())
}

fn listen() -> Receiver<String> {
    let (sender, typed) = channel();
    thread::spawn(move || {
        let mut input = BufReader::new(std::io::stdin());
        loop {
            let mut line = String::new();
            match input.by_ref().take(MAX_LINE).read_line(&mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) if sender.send(line).is_err() => return,
                Ok(_) => {}
            }
        }
    });
    typed
}
