//! Words to the person who typed the command.
//!
//! They go to standard output, or to standard error when standard output is the till's
//! (`demo --stdio`).

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static ON_STDERR: AtomicBool = AtomicBool::new(false);

/// From here on, standard output belongs to somebody else.
pub fn leave_stdout_alone() {
    ON_STDERR.store(true, Ordering::Relaxed);
}

/// Whether somebody watches, so that a line may be drawn over and colours are welcome.
pub fn is_watched() -> bool {
    if ON_STDERR.load(Ordering::Relaxed) {
        io::stderr().is_terminal()
    } else {
        io::stdout().is_terminal()
    }
}

/// A line as it is.
pub fn line(text: &str) {
    put(&format!("{text}\n"));
}

/// The head of a piece of work.
pub fn heading(text: &str) {
    if is_watched() && std::env::var_os("NO_COLOR").is_none() {
        line(&format!("\x1b[1m==> {text}\x1b[0m"));
    } else {
        line(&format!("==> {text}"));
    }
}

/// Something about the work at hand.
pub fn note(text: &str) {
    line(&format!("    {text}"));
}

/// A line that the next one draws over; nothing where nobody watches.
pub fn passing(text: &str) {
    if is_watched() {
        let short: String = text.chars().take(72).collect();
        put(&format!("\r\x1b[K    {short}"));
    }
}

/// Takes the passing line away.
pub fn clear_passing() {
    if is_watched() {
        put("\r\x1b[K");
    }
}

/// Why the command ends without having done its job.
pub fn stopped(why: &str) {
    eprintln!("xtask: {why}");
}

/// `1 m 05 s`, or `4.2 s` when it is short.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        60..3600 => format!("{} m {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} m", seconds / 3600, seconds % 3600 / 60),
    }
}

fn put(text: &str) {
    // Who does not listen any more is not told.
    let _ = if ON_STDERR.load(Ordering::Relaxed) {
        let mut out = io::stderr().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    } else {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    };
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn durations_are_read_at_a_glance() {
        for (ms, shown) in [
            (4_230, "4.2 s"),
            (65_000, "1 m 05 s"),
            (3_720_000, "1 h 02 m"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), shown);
        }
    }
}
