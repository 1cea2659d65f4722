//! Asking a real host: through the collector, by the same `uplink` that a till has, and undone at
//! once, for there is no sale behind a charge on a bench.

use std::{
    env,
    io::{self, stderr},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sealpoint_emv::{OnlineRequest, Sealing};
use sealpoint_lane::{
    bench::{HostSaid, host_answer},
    keys::{Keys, ReadyKeys},
};
use sealpoint_vault::{Day, SystemRandom};
use sealpoint_wire::{
    AttemptId, AuthoriseRequest, AuthoriseResult, FromUplink, ReversalRequest, SaleId, SealContext,
    ToUplink, frame, host::HostDecision as Decision, seal::SealKind,
};
use uuid::Uuid;

use crate::{
    args::{Collector, Wanted},
    fault::Fault,
    say,
};

/// The uplink answers an authorisation within this.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a reversal is tried for.
const UNDO: Duration = Duration::from_secs(30);
/// Trace number of the one charge (DE 11).
const STAN: u32 = 1;
/// The program beside this one that speaks with collectors.
const UPLINK: &str = "uplink";

/// One authorisation, and its reversal.
pub(super) struct Asking {
    context: SealContext,
    keys: Keys,
    ready: ReadyKeys,
    local_time: String,
    uplink: Uplink,
    response_code: Option<[u8; 2]>,
    /// Whether the acquirer may have heard of it.
    sent: bool,
}

impl Asking {
    /// Everything that can be wrong before a card is in.
    pub(super) fn new(
        collector: &Collector,
        wanted: &Wanted,
        sealing: Sealing,
        local_time: &str,
    ) -> Result<Self, Fault> {
        let today = Day::from_local_time(local_time).map_err(|error| {
            Fault::not_set_up(
                format!("This machine's clock gives no date: {error}."),
                "Set it.",
            )
        })?;
        // A bench is no shop: it takes what a demo takes.
        let mut keys = Keys::new(&collector.keys, false);
        let ready = keys.ready(sealing, today).map_err(|why| {
            Fault::not_set_up(why, "`tillctl keys show` says which keys there are.")
        })?;
        for warning in ready.warnings() {
            say(&mut stderr(), &format!("tillctl: {warning}"));
        }
        let context = SealContext {
            terminal: collector.terminal.clone(),
            attempt: AttemptId::new(Uuid::now_v7()),
            key_id: ready.key_id().clone(),
            amount_minor: wanted.amount_minor,
            currency: collector.currency,
            kind: SealKind::Authorisation,
        };
        let uplink = Uplink::start(collector).map_err(|error| {
            Fault::not_set_up(
                format!("The program `{UPLINK}` beside this one does not start: {error}."),
                "Install tillctl and uplink from the same release.",
            )
        })?;
        Ok(Self {
            context,
            keys,
            ready,
            local_time: local_time.to_owned(),
            uplink,
            response_code: None,
            sent: false,
        })
    }

    /// What the host answered (DE 39).
    pub(super) fn response_code(&self) -> Option<[u8; 2]> {
        self.response_code
    }

    /// Asks the acquirer through the collector.
    pub(super) fn ask(&mut self, request: OnlineRequest) -> HostSaid {
        let attempt = self.context.attempt;
        let sealed = self
            .keys
            .seal(request, &self.context, &self.ready, &SystemRandom::new());
        let sealed = match sealed {
            Ok(sealed) => sealed,
            Err(why) => return unreachable(&why),
        };
        // Said before it is sent: whoever stops this program here can have it undone.
        say(&mut stderr(), &format!("attempt {attempt}"));
        let request = AuthoriseRequest {
            attempt,
            sale: SaleId::new(Uuid::now_v7()),
            terminal: self.context.terminal.clone(),
            stan: STAN,
            local_time: self.local_time.clone(),
            amount_minor: self.context.amount_minor,
            currency: self.context.currency,
            card: sealed.card,
            sealed: sealed.sealed,
            de55: sealed.de55,
        };
        self.sent = true;
        let heard =
            self.uplink.ask(
                &ToUplink::Authorise(Box::new(request)),
                ANSWER,
                |message| match message {
                    FromUplink::Authorised {
                        attempt: of,
                        result,
                    } if of == attempt => Some(result),
                    _ => None,
                },
            );
        match heard {
            Ok(AuthoriseResult::Answered { answer }) => self.answered(&answer),
            Ok(AuthoriseResult::NotSent { why }) => {
                self.sent = false;
                unreachable(&why)
            }
            Ok(AuthoriseResult::Unknown { why }) => unreachable(&why),
            Err(error) => unreachable(&error.to_string()),
        }
    }

    fn answered(&mut self, answer: &sealpoint_wire::HostAnswer) -> HostSaid {
        let code = answer.response_code.as_bytes().try_into().unwrap_or([0; 2]);
        self.response_code = Some(code);
        if answer.decision == Decision::Declined {
            self.sent = false;
        }
        match host_answer(answer) {
            Ok(answer) => HostSaid::Answered(answer),
            Err(why) => unreachable(&why),
        }
    }

    /// Has the acquirer undo what it may have approved.
    pub(super) fn undo(&mut self) -> Option<Result<(), String>> {
        if !std::mem::take(&mut self.sent) {
            return None;
        }
        let attempt = self.context.attempt;
        let request = ReversalRequest {
            attempt,
            terminal: self.context.terminal.clone(),
            stan: STAN,
            local_time: self.local_time.clone(),
            amount_minor: self.context.amount_minor,
            currency: self.context.currency,
        };
        let undone = self
            .uplink
            .ask(&ToUplink::Reverse(request), UNDO, |message| match message {
                FromUplink::Reversed { attempt: of } if of == attempt => Some(()),
                _ => None,
            });
        Some(undone.map_err(|error| {
            format!(
                "Attempt {attempt} is not undone ({error}). Have the acquirer undo it, or wait \
                 until it forgets it."
            )
        }))
    }
}

fn unreachable(why: &str) -> HostSaid {
    say(&mut stderr(), &format!("tillctl: {why}"));
    HostSaid::Unreachable
}

/// The process that speaks with the collector.
struct Uplink {
    child: Child,
    socket: UnixStream,
}

impl Uplink {
    fn start(collector: &Collector) -> io::Result<Self> {
        let beside = env::current_exe()?;
        let program = beside.parent().unwrap_or(Path::new(".")).join(UPLINK);
        let (socket, theirs) = UnixStream::pair()?;
        let child = Command::new(program)
            .args(["--collector", &collector.url])
            .arg("--ca")
            .arg(&collector.ca)
            .arg("--cert")
            .arg(&collector.cert)
            .arg("--key")
            .arg(&collector.key)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { child, socket })
    }

    /// Sends a message and waits for the one that answers it.
    fn ask<A>(
        &mut self,
        message: &ToUplink,
        at_most: Duration,
        answers: impl Fn(FromUplink) -> Option<A>,
    ) -> io::Result<A> {
        let deadline = Instant::now() + at_most;
        frame::write(&mut self.socket, message)?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.socket.set_read_timeout(Some(left))?;
            match frame::read(&mut self.socket)? {
                Some(heard) => {
                    if let Some(answer) = answers(heard) {
                        return Ok(answer);
                    }
                }
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        // Its socket goes with it, and what it still tries is tried no more.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}
