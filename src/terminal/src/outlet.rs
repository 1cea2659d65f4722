//! Standard output behind a thread of its own: whoever reads slowly, or not at all, never holds up
//! the engine, and with it a card in flight.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// At most this many lines that nobody asked for wait to be read; then the oldest of them goes,
/// for a view is the whole screen and a later one replaces it. Answers are never dropped: there is
/// one at a time, because the next line is only read when it was written.
const MAX_UNREAD: usize = 64;
/// How long whoever reads may take for the last lines when the till ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Takes lines at once and writes them as fast as they are read.
pub struct Outlet {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pile: Mutex<Pile>,
    changed: Condvar,
}

#[derive(Default)]
struct Pile {
    lines: VecDeque<Line>,
    /// A line is being written.
    writing: bool,
    /// Whoever read has gone.
    gone: bool,
    ended: bool,
}

struct Line {
    text: String,
    /// Of an answer: told once it was written.
    done: Option<Sender<()>>,
}

impl Outlet {
    /// An outlet into `out`. Without a thread nothing is written, as if nobody read.
    pub fn new(mut out: Box<dyn Write + Send>) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let started = thread::Builder::new()
            .name("views".to_owned())
            .spawn(move || theirs.write_all(out.as_mut()));
        if let Err(error) = started {
            tracing::error!(%error, "nothing is written to standard output");
            shared.pile().gone = true;
        }
        Self { shared }
    }

    /// A line that nobody asked for.
    pub fn tell(&self, text: String) {
        self.put(Line { text, done: None });
    }

    /// The answer to a line; `done` is told once it was written.
    pub fn answer(&self, text: String, done: Sender<()>) {
        let done = Some(done);
        self.put(Line { text, done });
    }

    fn put(&self, line: Line) {
        let mut pile = self.shared.pile();
        if pile.gone {
            line.written();
            return;
        }
        if line.done.is_none() {
            let unasked = |line: &Line| line.done.is_none();
            if pile.lines.iter().filter(|line| unasked(line)).count() >= MAX_UNREAD
                && let Some(oldest) = pile.lines.iter().position(unasked)
            {
                pile.lines.remove(oldest);
            }
        }
        pile.lines.push_back(line);
        self.shared.changed.notify_all();
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut pile = self.shared.pile();
        pile.ended = true;
        self.shared.changed.notify_all();
        let unread = |pile: &mut Pile| !pile.gone && (pile.writing || !pile.lines.is_empty());
        // Whoever has not read by then does not read.
        let _ = self
            .shared
            .changed
            .wait_timeout_while(pile, LAST_WORDS, unread);
    }
}

impl Shared {
    fn pile(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, out: &mut dyn Write) {
        while let Some(mut line) = self.next() {
            line.text.push('\n');
            let written = out
                .write_all(line.text.as_bytes())
                .and_then(|()| out.flush());
            line.written();
            let mut pile = self.pile();
            pile.writing = false;
            if let Err(error) = written {
                // Whoever listened has gone: the till goes on selling.
                tracing::info!(%error, "standard output is not read any more");
                pile.gone = true;
                pile.lines.drain(..).for_each(|line| line.written());
            }
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<Line> {
        let pile = self.pile();
        let idle = |pile: &mut Pile| pile.lines.is_empty() && !pile.ended && !pile.gone;
        let mut pile = self
            .changed
            .wait_while(pile, idle)
            .unwrap_or_else(PoisonError::into_inner);
        let line = pile.lines.pop_front();
        pile.writing = line.is_some();
        line
    }
}

impl Line {
    fn written(&self) {
        if let Some(done) = &self.done {
            // It fails only if the reader of lines has ended.
            let _ = done.send(());
        }
    }
}

#[cfg(test)]
#[path = "tests/outlet.rs"]
mod tests;
