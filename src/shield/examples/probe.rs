//! A process that was taken over, for the tests: locks itself down as `lane` or `uplink` does and
//! then tries one thing that it should not be able to do. Says how that went, if it lives.
//!
//! usage: probe lane|uplink FOLDER PORT ATTEMPT [ARGUMENT]
//!
//! It may read FOLDER/read, write FOLDER/write and, as `uplink`, connect to PORT. The attempt
//! `start` comes before it locks itself down: it asks a starter, which knows one program, for the one
//! with that number.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    net::{SocketAddrV4, TcpStream, UdpSocket},
    os::unix::{
        fs::symlink,
        net::{UnixListener, UnixStream},
        process::CommandExt,
    },
    path::Path,
    process::{self, Command},
    thread,
};

use memmap2::MmapMut;
use rustix::{
    fs::{FileType, Mode},
    net::{AddressFamily, SendFlags, SocketType, ipproto},
    process::{DumpableBehavior, Pid, PidfdFlags, PidfdGetfdFlags, Resource, Rlimit, Signal},
};
use sealpoint_shield::{
    Memory, Plan, calls, clean, lock_down,
    starter::{self, Recipe, Starter},
};

/// Bytes that a card process never has at once.
const MUCH: usize = 2 << 20;

fn main() -> Result<(), String> {
    if starter::run().is_some() {
        return Ok(());
    }
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().unwrap_or_default();
    let (process, folder, port, attempt, argument) = (next(), next(), next(), next(), next());
    let cleaned = clean::begin_with(&[], clean::SMALL).map_err(|error| error.to_string())?;
    let folder = Path::new(&folder);
    if attempt == "start" {
        match started(folder, &argument) {
            Ok(()) => say("done"),
            Err(error) => say(&format!("failed {error}")),
        }
        return Ok(());
    }
    let as_uplink = process == "uplink";
    let plan = Plan {
        process: "probe",
        production: true,
        read: vec![folder.join("read"), "/lib".into(), "/usr/lib".into()],
        write: if as_uplink {
            vec![]
        } else {
            vec![folder.join("write")]
        },
        execute: vec![],
        tcp_connect: port
            .parse()
            .ok()
            .filter(|_| as_uplink)
            .into_iter()
            .collect(),
        alone: true,
        memory: Memory::Locked { room_kib: 5 * 1024 },
        calls: if as_uplink {
            &calls::UPLINK
        } else {
            &calls::LANE
        },
    };
    // A test may have taken something away, to see what remains.
    let (posture, how) = match lock_down(&plan, cleaned) {
        Ok(posture) => (posture, "full".to_owned()),
        Err(refused) => (refused.posture().clone(), refused.to_string()),
    };
    say(&format!("locked {how}"));
    if attempt == "posture" {
        for measure in posture.measures {
            say(&format!(
                "{} {:?} {}",
                measure.measure, measure.reach, measure.detail
            ));
        }
        return Ok(());
    }
    match attempted(&attempt, &argument) {
        Ok(()) => say("done"),
        Err(error) => say(&format!("failed {:?}", error.kind())),
    }
    Ok(())
}

fn say(line: &str) {
    // Nobody is left to tell if this fails.
    let _told = writeln!(io::stdout(), "{line}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "how a process that ends in the middle ends: no core may be left of it"
)]
fn attempted(attempt: &str, argument: &str) -> io::Result<()> {
    match attempt {
        "nothing" => Ok(()),
        "read" => fs::read(argument).map(drop),
        "list" => fs::read_dir(argument).map(drop),
        "create" => fs::write(argument, "x"),
        "append" => OpenOptions::new().append(true).open(argument).map(drop),
        "truncate" => OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(argument)
            .map(drop),
        "remove" => fs::remove_file(argument),
        "replace" => fs::rename(argument, format!("{argument}.old")),
        "folder" => fs::create_dir(argument),
        "link" => symlink("/etc/passwd", argument),
        "chmod" => fs::set_permissions(argument, fs::metadata(argument)?.permissions()),
        "device" => rustix::fs::mknodat(
            rustix::fs::CWD,
            argument,
            FileType::CharacterDevice,
            Mode::RWXU,
            259,
        )
        .map_err(Into::into),
        "exec" => Err(Command::new("/bin/true").exec()),
        "spawn" => Command::new("/bin/true").status().map(drop),
        "thread" => thread::spawn(|| ())
            .join()
            .map_err(|_| io::Error::other("panic")),
        "memory" => {
            let many = vec![1_u8; MUCH];
            many.last()
                .map(|_| ())
                .ok_or_else(|| io::Error::other("nothing"))
        }
        "code" => {
            let mut memory = MmapMut::map_anon(4096)?;
            memory[0] = 0xC3;
            memory.make_exec().map(drop)
        }
        "tcp" => TcpStream::connect(argument).map(drop),
        "tcp-at-once" => {
            let to = internet(argument)?;
            let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
            let at_once = SendFlags::from_bits_retain(libc::MSG_FASTOPEN.unsigned_abs());
            rustix::net::sendto(socket, b"x", at_once, &to)?;
            Ok(())
        }
        "mptcp" => {
            let to = internet(argument)?;
            let (family, stream) = (AddressFamily::INET, SocketType::STREAM);
            let socket = rustix::net::socket(family, stream, Some(ipproto::MPTCP))?;
            Ok(rustix::net::connect(socket, &to)?)
        }
        "listen" => std::net::TcpListener::bind(argument).map(drop),
        "udp" => UdpSocket::bind(argument).map(drop),
        "name" => std::net::ToSocketAddrs::to_socket_addrs(&(argument, 80)).map(drop),
        "unix" => UnixStream::connect(argument).map(drop),
        "unix-listen" => UnixListener::bind(argument).map(drop),
        "netlink" => socket(AddressFamily::NETLINK, SocketType::RAW),
        "packets" => socket(AddressFamily::PACKET, SocketType::RAW),
        "raw" => socket(AddressFamily::INET, SocketType::RAW),
        "descriptor" => {
            let pidfd = rustix::process::pidfd_open(pid(argument)?, PidfdFlags::empty())?;
            rustix::process::pidfd_getfd(pidfd, 0, PidfdGetfdFlags::empty())?;
            Ok(())
        }
        "signal" => Ok(rustix::process::kill_process(pid(argument)?, Signal::KILL)?),
        "dumpable" => Ok(rustix::process::set_dumpable_behavior(
            DumpableBehavior::Dumpable,
        )?),
        "limit" => {
            let none = Rlimit {
                current: None,
                maximum: None,
            };
            Ok(rustix::process::setrlimit(Resource::Core, none)?)
        }
        "swap" => Ok(rustix::mm::munlockall()?),
        "memory-of" => File::open(format!("/proc/{argument}/mem")).map(drop),
        "abort" => process::abort(),
        other => Err(io::Error::other(other.to_owned())),
    }
}

/// Has a starter start the program with that number, counted from 0.
fn started(folder: &Path, number: &str) -> io::Result<()> {
    let recipe = Recipe {
        program: "probe".to_owned(),
        arguments: ["lane", &folder.display().to_string(), "0", "nothing"]
            .map(str::to_owned)
            .to_vec(),
    };
    let mut starter = Starter::launch(&[recipe])?;
    let (input, _other_end) = UnixStream::pair()?;
    let number = number.parse().map_err(io::Error::other)?;
    starter.start(number, input.into()).map(drop)
}

fn internet(address: &str) -> io::Result<SocketAddrV4> {
    address.parse().map_err(io::Error::other)
}

fn socket(family: AddressFamily, kind: SocketType) -> io::Result<()> {
    rustix::net::socket(family, kind, None)
        .map(drop)
        .map_err(Into::into)
}

fn pid(text: &str) -> io::Result<Pid> {
    text.parse()
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("no process"))
}
