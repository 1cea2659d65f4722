//! The control socket: one JSON object per line in, one out.
//!
//! | in | out |
//! |---|---|
//! | `{"answer":"silent"}` | the view |
//! | `{"script":"72 pin-unblock"}` | the view; the script goes with the next answer to a genuine card |
//! | `{"state":true}` | the view |
//! | `{"batch":true}` | `{"batch":"..."}`: the approvals that stand, as [`crate::batch`] writes them |
//!
//! The view is `{"answer":"normal","approvals":3,"captured":2,"alarms":0}`: approvals ever, approvals
//! that stand (not reversed), and how often fraud was suspected: a cryptogram that came again, or a
//! PIN that the card never saw. The words of a script are those of `sealpoint_cardsim::script`. An
//! error is `{"error":"a sentence"}`.

use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealpoint_cardsim::script::Script;
use serde::{Deserialize, Serialize};

use crate::answer_mode::AnswerMode;
use crate::batch;
use crate::lines::Desk;
use crate::server::Shared;

/// The longest request in bytes.
const MAX_LINE: u64 = 1024;
/// Panels and tests that may be connected at a time.
const MAX_CONNECTIONS: usize = 8;

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Somebody answers there already.
    #[error("another program already listens at {0:?}; stop it or choose another path")]
    InUse(PathBuf),
    /// There is something that is no socket.
    #[error("{0:?} exists and is not a socket; choose another path")]
    NotASocket(PathBuf),
    /// The system refused.
    #[error(
        "no socket could be made at {path:?} ({source}); choose a short path in your own folder"
    )]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An open control socket; dropping it closes and removes it.
pub(crate) struct Control {
    path: PathBuf,
    desk: Option<Desk<UnixStream>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Request {
    Answer(AnswerMode),
    Script(Script),
    State(bool),
    Batch(bool),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    View {
        answer: AnswerMode,
        approvals: u32,
        captured: usize,
        alarms: u32,
    },
    Batch {
        batch: String,
    },
    Refusal {
        error: String,
    },
}

impl Control {
    /// Opens the socket with mode 0600 and serves a few connections at a time.
    pub(crate) fn bind(path: &Path, shared: &Arc<Shared>) -> Result<Self, ControlError> {
        let io = |source| ControlError::Io {
            path: path.to_owned(),
            source,
        };
        match fs::symlink_metadata(path) {
            Ok(about) if !about.file_type().is_socket() => {
                return Err(ControlError::NotASocket(path.to_owned()));
            }
            Ok(_) if UnixStream::connect(path).is_ok() => {
                return Err(ControlError::InUse(path.to_owned()));
            }
            // Left behind by a host that was killed.
            Ok(_) => fs::remove_file(path).map_err(io)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(error)),
        }
        let listener = UnixListener::bind(path).map_err(io)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(io)?;
        let (ours, shared) = (path.to_owned(), shared.clone());
        let desk = Desk::open(
            MAX_CONNECTIONS,
            move || listener.accept().map(|(stream, _)| stream),
            move || UnixStream::connect(&ours).is_ok(),
            move |stream| converse(stream, &shared),
        )
        .map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            desk: Some(desk),
        })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // First the desk, which needs the path to wake its accept.
        drop(self.desk.take());
        // If the path has vanished meanwhile, that is what we want.
        let _ = fs::remove_file(&self.path);
    }
}

fn converse(stream: UnixStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut line = Vec::new();
    loop {
        line.clear();
        reader
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let mut answer = serde_json::to_vec(&answer(&line, shared)).map_err(io::Error::other)?;
        answer.push(b'\n');
        writer.write_all(&answer)?;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
    }
}

fn answer(line: &[u8], shared: &Shared) -> Answer {
    match serde_json::from_slice(line) {
        Ok(Request::Answer(mode)) => shared.set_mode(mode),
        Ok(Request::Script(script)) => shared.host().send_script(script),
        Ok(Request::State(true)) => {}
        Ok(Request::Batch(true)) => {
            return Answer::Batch {
                batch: batch::csv(&shared.host().book().batch()),
            };
        }
        Ok(Request::State(false) | Request::Batch(false)) | Err(_) => {
            return Answer::Refusal {
                error: "not understood; send {\"answer\":\"MODE\"} with normal, decline, \
                        decline-over:MINOR, partial:MINOR, silent, late:MS, drop-answer, \
                        refuse-reversals or garble, {\"script\":\"72 pin-unblock\"}, \
                        {\"state\":true}, or {\"batch\":true}"
                    .to_owned(),
            };
        }
    }
    let answer = shared.mode();
    let host = shared.host();
    Answer::View {
        answer,
        approvals: host.book().approvals(),
        captured: host.book().captured(),
        alarms: host.book().alarms(),
    }
}
