//! Starts the other processes of a till for a till that may start none itself.
//!
//! A till that has locked itself down cannot run a program, and what it could start would have to
//! live within its own limits: no network, for example, which the uplink needs. So before it locks
//! itself down the till starts a *starter*, the same program under the name `starter`, and tells it
//! what may be started: a list that is fixed from then on. Over a socket the till asks for an entry
//! of the list and hands over the descriptor that becomes the new process's standard input. A till
//! that was taken over can ask for these programs with these arguments, and for nothing else.
//!
//! A starter starts one process and its own successor, and ends; the till is the subreaper, so both
//! become the till's own children, whom it can wait for and kill. When the till is gone, its end of
//! the socket is too, and the starter ends.
//!
//! In production the system starts the processes, each under its own user, and there is no starter.

use std::{
    env,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use rustix::{
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
    },
    process::{DumpableBehavior, Pid, WaitOptions, set_dumpable_behavior},
};
use serde::{Deserialize, Serialize};

/// The word that makes the program a starter; the recipes follow as one argument.
pub const STARTER: &str = "--starter";
/// Programs that one starter knows.
const MAX_RECIPES: usize = 8;
/// How long a starter may take to start something.
const ANSWER: Duration = Duration::from_secs(5);
/// Bytes of an answer: two process ids, each 0 if there is none.
const ANSWER_LEN: usize = 8;

/// A program that may be started: its file name beside this one, and its arguments. No secret may
/// stand in them: every user of the machine sees a command line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recipe {
    /// File name of the program.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// The till's end.
pub struct Starter {
    socket: UnixStream,
    /// The starter that answers next.
    now: Pid,
    /// Starters that have answered and were not yet seen to end.
    spent: Vec<Pid>,
}

impl Starter {
    /// Starts the first starter. Call this before locking down.
    ///
    /// # Errors
    /// The system's, if the program cannot be started or the till cannot be made the subreaper.
    pub fn launch(recipes: &[Recipe]) -> io::Result<Self> {
        // The parent to whom orphans of this process's children go: itself.
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(ANSWER))?;
        ours.set_write_timeout(Some(ANSWER))?;
        let list = serde_json::to_string(recipes).map_err(io::Error::other)?;
        let first = spawn_starter(&list, theirs.into())?;
        Ok(Self {
            socket: ours,
            now: pid(&first)?,
            spent: Vec::new(),
        })
    }

    /// Starts the program of that recipe with `input` as its standard input; its process id.
    ///
    /// # Errors
    /// The system's, if the starter is gone or could not start it.
    pub fn start(&mut self, recipe: usize, input: OwnedFd) -> io::Result<Pid> {
        self.reap();
        let number = [u8::try_from(recipe).map_err(io::Error::other)?];
        let descriptors = [input.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::Error::other("no room for a descriptor"));
        }
        sendmsg(
            &self.socket,
            &[IoSlice::new(&number)],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        )?;
        drop(input);
        let mut answer = [0; ANSWER_LEN];
        self.socket.read_exact(&mut answer)?;
        let [started, successor] = ids(answer);
        if let Some(successor) = successor {
            self.spent.push(std::mem::replace(&mut self.now, successor));
        }
        started.ok_or_else(|| {
            io::Error::other("the program could not be started; install the till again")
        })
    }

    /// Takes note of starters that have ended, so that none stays behind as a zombie.
    pub fn reap(&mut self) {
        self.spent.retain(
            |pid| match rustix::process::waitpid(Some(*pid), WaitOptions::NOHANG) {
                Ok(None) => true,
                Ok(Some(_)) | Err(_) => false,
            },
        );
    }
}

/// Runs as a starter, if the arguments behind the program's name say so. `None` if they do not.
#[must_use]
pub fn run() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    if arguments.next()? != STARTER {
        return None;
    }
    let list = arguments.next().and_then(|list| list.into_string().ok());
    let done = list
        .ok_or_else(|| io::Error::other("a starter is started by the till"))
        .and_then(|list| serve(&list));
    Some(match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    })
}

/// Waits for one order, carries it out, leaves the socket to a successor.
fn serve(list: &str) -> io::Result<()> {
    // Who took it over would choose what becomes the till's card process.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    // So that a look at the processes tells it from the till.
    rustix::thread::set_name(c"starter")?;
    let recipes: Vec<Recipe> = serde_json::from_str(list).map_err(io::Error::other)?;
    if recipes.len() > MAX_RECIPES {
        return Err(io::Error::other("too many programs"));
    }
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let Some((number, input)) = order(&socket)? else {
        return Ok(());
    };
    let started = recipes
        .get(usize::from(number))
        .ok_or_else(|| io::Error::other("no such program"))
        .and_then(|recipe| spawn(recipe, input))
        .and_then(|child| pid(&child));
    let successor = spawn_starter(list, socket.try_clone()?.into()).and_then(|child| pid(&child));
    let number = |pid: io::Result<Pid>| pid.map_or(0, |pid| pid.as_raw_nonzero().get());
    let mut answer = [0; ANSWER_LEN];
    answer[..4].copy_from_slice(&number(started).to_be_bytes());
    answer[4..].copy_from_slice(&number(successor).to_be_bytes());
    socket.write_all(&answer)
}

/// The next order: which program, and its standard input. `None` once the till is gone.
fn order(socket: &UnixStream) -> io::Result<Option<(u8, OwnedFd)>> {
    let mut number = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut number)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    if received.bytes == 0 {
        return Ok(None);
    }
    let input = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    input
        .map(|input| Some((number[0], input)))
        .ok_or_else(|| io::Error::other("an order without a descriptor"))
}

fn spawn(recipe: &Recipe, input: OwnedFd) -> io::Result<Child> {
    Command::new(beside_this_program(&recipe.program)?)
        .args(&recipe.arguments)
        .stdin(Stdio::from(input))
        .stdout(Stdio::null())
        .spawn()
}

fn spawn_starter(list: &str, socket: OwnedFd) -> io::Result<Child> {
    Command::new(env::current_exe()?)
        .arg0("starter")
        .args([STARTER, list])
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .spawn()
}

fn beside_this_program(name: &str) -> io::Result<PathBuf> {
    let path = env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

fn pid(child: &Child) -> io::Result<Pid> {
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("a process without an id"))
}

fn ids(answer: [u8; ANSWER_LEN]) -> [Option<Pid>; 2] {
    let [a, b, c, d, e, f, g, h] = answer;
    [[a, b, c, d], [e, f, g, h]].map(|id| Pid::from_raw(i32::from_be_bytes(id)))
}
