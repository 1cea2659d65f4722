//! QEMU's own wire (QMP): what a person would do at the machine, one JSON object a line.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::wait::within;

/// How long QEMU may take to begin, and to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a look for events waits for one that is on its way.
const GLANCE: Duration = Duration::from_millis(5);

/// A conversation with one QEMU.
pub struct Qmp {
    to: UnixStream,
    from: BufReader<UnixStream>,
    half: String,
    /// What happened and was not looked at yet.
    events: Vec<Value>,
}

impl Qmp {
    /// Waits until QEMU listens, and greets it.
    pub fn connect(socket: &Path) -> Self {
        let to = within(PATIENCE, || UnixStream::connect(socket).ok())
            .unwrap_or_else(|| panic!("QEMU does not listen on {}", socket.display()));
        let from = to.try_clone().expect("a second handle on a socket");
        let mut qmp = Self {
            to,
            from: BufReader::new(from),
            half: String::new(),
            events: vec![],
        };
        let greeting = qmp.line(PATIENCE).expect("QEMU greets whoever connects");
        assert!(greeting.get("QMP").is_some(), "{greeting}");
        qmp.ask("qmp_capabilities", &json!({}));
        qmp
    }

    /// Has something done and gives the answer.
    pub fn ask(&mut self, what: &str, with: &Value) -> Value {
        self.try_ask(what, with)
            .unwrap_or_else(|error| panic!("QEMU does not {what} {with}: {error}"))
    }

    /// Has something done that may be refused.
    ///
    /// # Errors
    /// QEMU's own words.
    pub fn try_ask(&mut self, what: &str, with: &Value) -> Result<Value, String> {
        let line = json!({ "execute": what, "arguments": with });
        writeln!(self.to, "{line}").map_err(|error| error.to_string())?;
        loop {
            let said = self
                .line(PATIENCE)
                .ok_or_else(|| "no answer in a minute".to_owned())?;
            if let Some(answer) = said.get("return") {
                return Ok(answer.clone());
            }
            if let Some(error) = said.get("error") {
                return Err(error.to_string());
            }
            self.events.push(said);
        }
    }

    /// Whether an event of this name happened since it was last asked for.
    pub fn happened(&mut self, event: &str) -> bool {
        while let Some(said) = self.line(GLANCE) {
            self.events.push(said);
        }
        let before = self.events.len();
        self.events.retain(|said| said["event"] != event);
        self.events.len() < before
    }

    /// One line, if a whole one comes in time.
    fn line(&mut self, patience: Duration) -> Option<Value> {
        self.from
            .get_ref()
            .set_read_timeout(Some(patience))
            .expect("a time that is not zero");
        let read = self.from.read_line(&mut self.half);
        if !self.half.ends_with('\n') {
            // Half a line stays for the next look; the end of QEMU is seen elsewhere.
            let _ = read;
            return None;
        }
        let line = std::mem::take(&mut self.half);
        Some(serde_json::from_str(&line).expect("QEMU speaks JSON"))
    }
}
