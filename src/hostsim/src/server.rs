//! The host on a TCP port: messages in frames, answered as the mode says.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sealpoint_acquirer::{AnswerTo, Deframer, Format, Message, Profile, frame};
use sealpoint_cardsim::IssuerKeys;
use sealpoint_cardsim::issuer::IssuerError;

use crate::answer_mode::AnswerMode;
use crate::base_key::{BaseKeyError, BaseKeys};
use crate::control::{Control, ControlError};
use crate::host::{Host, Keys};
use crate::key_file::{HostKey, ISSUER_FILE, KeyFileError};
use crate::late::Late;
use crate::ledger::LedgerError;
use crate::lines::Desk;
use crate::request::Layout;

/// Name of the ledger in the host's folder, unless another is given.
pub const LEDGER_FILE: &str = "ledger.ndjson";

/// Connections at a time; one too many is closed.
const MAX_CONNECTIONS: usize = 32;
/// How long a message may take from its first byte to its last.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take to leave.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes per read.
const READ: usize = 4096;

/// What a host is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The folder with `acquirer.key.toml`, `issuer.toml` and, if it has any, `bdk.toml`.
    pub dir: PathBuf,
    /// The ledger; [`LEDGER_FILE`] in the folder if not given.
    pub ledger: Option<PathBuf>,
    /// How the host is spoken to. If not given, it takes what each message begins like, and the
    /// ordinary elements.
    pub profile: Option<Profile>,
    /// How to answer at first.
    pub answer: AnswerMode,
    /// Where to listen for changes of the answer mode, if anywhere.
    pub control: Option<PathBuf>,
}

/// Why the host did not start: one sentence, what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken.
    #[error("{0} is taken by another program; stop that one or choose another port")]
    PortTaken(SocketAddr),
    /// The address cannot be listened at.
    #[error("{addr} cannot be listened at ({source}); choose an address of this machine")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// No base derivation keys.
    #[error(transparent)]
    BaseKey(#[from] BaseKeyError),
    /// No issuer keys.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// No ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No control socket.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// No thread.
    #[error("no thread could be started ({0}); end other programs and try again")]
    Thread(io::Error),
}

/// The simulated host.
pub struct HostSim;

/// A running host; dropping it stops the host and frees port, ledger and control socket.
pub struct Handle {
    addr: SocketAddr,
    shared: Arc<Shared>,
    desk: Desk<TcpStream>,
    _control: Option<Control>,
}

/// What the host's threads share.
pub(crate) struct Shared {
    host: Mutex<Host>,
    mode: Mutex<AnswerMode>,
    late: Late,
    /// How messages are written, unless each may be as it likes.
    format: Option<Format>,
}

impl HostSim {
    /// Loads the keys, goes on where the ledger ends and listens.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(config: &Config) -> Result<Handle, StartError> {
        let keys = Keys {
            acquirer: HostKey::load(&config.dir)?,
            base: BaseKeys::load(&config.dir)?,
            issuer: IssuerKeys::load(&config.dir.join(ISSUER_FILE))?,
        };
        let ledger = config
            .ledger
            .clone()
            .unwrap_or_else(|| config.dir.join(LEDGER_FILE));
        let listen = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::PortTaken(config.listen),
            _ => StartError::Listen {
                addr: config.listen,
                source,
            },
        };
        let listener = TcpListener::bind(config.listen).map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let layout = config.profile.as_ref().map(|profile| Layout {
            attempt: profile.attempt_field,
            card: profile.card_fields.clone(),
        });
        let layout = layout.unwrap_or_default();
        let shared = Arc::new(Shared {
            host: Mutex::new(Host::new(keys, &ledger, layout)?),
            mode: Mutex::new(config.answer),
            late: Late::default(),
            format: config.profile.as_ref().map(|profile| profile.format),
        });
        let control = config
            .control
            .as_deref()
            .map(|path| Control::bind(path, &shared))
            .transpose()?;
        let desk = Desk::open(
            MAX_CONNECTIONS,
            move || listener.accept().map(|(stream, _)| stream),
            move || TcpStream::connect(addr).is_ok(),
            {
                let shared = shared.clone();
                move |stream| serve(stream, &shared)
            },
        )
        .map_err(StartError::Thread)?;
        Ok(Handle {
            addr,
            shared,
            desk,
            _control: control,
        })
    }
}

impl Handle {
    /// Where the host listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Changes how the host answers, from the next message on.
    pub fn set_answer(&self, mode: AnswerMode) {
        self.shared.set_mode(mode);
    }

    /// How many approvals stand: those that a settlement would pay.
    #[must_use]
    pub fn captured(&self) -> usize {
        self.shared.host().book().captured()
    }

    /// Serves until the process ends.
    pub fn serve_forever(self) {
        self.desk.serve_forever();
    }
}

impl Shared {
    pub(crate) fn mode(&self) -> AnswerMode {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_mode(&self, mode: AnswerMode) {
        tracing::info!(%mode, "answers change");
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    pub(crate) fn host(&self) -> MutexGuard<'_, Host> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(MESSAGE_TIMEOUT))?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let writer = Arc::new(Mutex::new(stream.try_clone()?));
    let (mut deframer, mut buffer) = (Deframer::default(), [0; READ]);
    // When the message that has begun and not ended began.
    let mut begun: Option<Instant> = None;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(len) => deframer.push(buffer.get(..len).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Between messages a line may be quiet as long as it likes.
            Err(error) if is_timeout(&error) && !deframer.is_inside() => {}
            Err(error) => return Err(error),
        }
        while let Some(bytes) = deframer.message().map_err(io::Error::other)? {
            begun = None;
            take(&bytes, shared, &writer)?;
        }
        begun = deframer
            .is_inside()
            .then(|| begun.unwrap_or_else(Instant::now));
        if begun.is_some_and(|since| since.elapsed() > MESSAGE_TIMEOUT) {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Takes one message and answers it as the mode says.
///
/// # Errors
/// Bytes that are no message or have no answer: what follows them cannot be trusted.
fn take(bytes: &[u8], shared: &Shared, writer: &Arc<Mutex<TcpStream>>) -> io::Result<()> {
    let mode = shared.mode();
    // An empty message keeps the line up and has no answer.
    if bytes.is_empty() || mode == AnswerMode::Silent {
        return Ok(());
    }
    let seen = Format::of_request(bytes);
    let format = shared.format.or(seen).unwrap_or_default();
    let request = Message::read(&format, bytes).map_err(io::Error::other)?;
    // The addresses of this very message, wherever it came from.
    let answer_format = Format {
        tpdu: format.tpdu.and(seen.and_then(|seen| seen.tpdu)),
        ..format
    }
    .of_answer();
    let answer = shared
        .host()
        .answer(&request, mode, now_ms())
        .map_err(io::Error::other)?
        .write(&answer_format);
    if !matches!(
        request.mti().to(),
        AnswerTo::Authorisation | AnswerTo::Advice
    ) {
        return send(writer, &answer);
    }
    match mode {
        AnswerMode::Normal
        | AnswerMode::Decline
        | AnswerMode::DeclineOver(_)
        | AnswerMode::Partial(_)
        | AnswerMode::RefuseReversals => send(writer, &answer),
        AnswerMode::Garble => send(writer, &answer.iter().map(|byte| !byte).collect::<Vec<_>>()),
        AnswerMode::DropAnswer | AnswerMode::Silent => Ok(()),
        AnswerMode::Late(ms) => {
            let writer = writer.clone();
            shared
                .late
                .hold(Duration::from_millis(u64::from(ms)), move || {
                    if let Err(error) = send(&writer, &answer) {
                        tracing::info!(%error, "a late answer found nobody");
                    }
                });
            Ok(())
        }
    }
}

fn send(writer: &Mutex<TcpStream>, message: &[u8]) -> io::Result<()> {
    let frame = frame(message).map_err(io::Error::other)?;
    writer
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .write_all(&frame)
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
