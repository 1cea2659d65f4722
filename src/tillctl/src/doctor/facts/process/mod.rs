//! A process as the kernel tells of it, which a process cannot talk round.

mod maps;
mod sockets;
mod text;

pub use maps::{Code, Mapped};
pub use sockets::{Family, Socket, Tables};
pub use text::socket_inode;

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf};

use super::super::places::{Places, names};

/// At most this many processes are looked at.
const MAX_PIDS: usize = 65_536;
/// At most this many descriptors of one process.
const MAX_DESCRIPTORS: usize = 4_096;
/// Standard input, output and error: whoever starts a process chooses where they lead.
const STANDARD: u32 = 2;

/// The programs of a till.
pub const PROGRAMS: [&str; 3] = ["till", "lane", "uplink"];

/// A process that runs a program of the till. What could not be seen is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Process {
    /// Which program.
    pub name: String,
    /// Its id.
    pub pid: u32,
    /// Its parent's id.
    pub parent: u32,
    /// The program's file, without the kernel's mark for one that is gone.
    pub program: Option<PathBuf>,
    /// Whether that file was removed or replaced since.
    pub replaced: Option<bool>,
    /// What it was called with, the program first.
    pub arguments: Vec<String>,
    /// Its effective user.
    pub user: Option<u32>,
    /// `/proc/PID/status`: no program that it starts gains rights.
    pub no_new_privileges: Option<bool>,
    /// Its seccomp mode; 2 is a filter.
    pub seccomp: Option<u32>,
    /// Every capability that it has or may regain, of all sets together.
    pub capabilities: Option<u64>,
    /// Its umask.
    pub umask: Option<u32>,
    /// Memory that is never swapped, KiB.
    pub locked_kib: Option<u64>,
    /// Memory that is in swap, KiB.
    pub swapped_kib: Option<u64>,
    /// The process that debugs it, or 0.
    pub tracer: Option<u32>,
    /// Whether its core limits, soft and hard, are both 0.
    pub core_limit_zero: Option<bool>,
    /// Whether a dump would hold nothing (`/proc/PID/coredump_filter`).
    pub dump_filter_empty: Option<bool>,
    /// Whether its own user may look into it. Not to be seen of a process of root.
    pub dumpable: Option<bool>,
    /// The names in its environment when it began; never a value.
    pub variables: Option<Vec<String>>,
    /// Its sockets.
    pub sockets: Option<Vec<Socket>>,
    /// Files that it has open, without its standard streams.
    pub files: Option<Vec<PathBuf>>,
    /// Code that it has loaded.
    pub code: Option<Code>,
}

/// Every process that runs a program of a till, whosever it is.
pub fn gather(places: &Places) -> Vec<Process> {
    let pids = names(&places.path("proc")).unwrap_or_default();
    let number = |name: &String| name.parse().ok();
    let mut found: Vec<(Process, Option<Vec<u64>>)> = pids
        .iter()
        .filter_map(number)
        .take(MAX_PIDS)
        .filter_map(|pid| look(places, pid))
        .collect();
    // Each process may have a network name space of its own, and sockets that were made in another:
    // by the system, which started it (the log's), and by the till, which connected to it. The tables
    // are read after the descriptors, or a socket that came in between would be in none.
    let folders = found
        .iter()
        .map(|(one, _)| format!("proc/{}/net", one.pid))
        .chain(["proc/self/net".to_owned()]);
    let tables: Tables = folders.map(|net| Tables::read(places, &net)).collect();
    for (process, inodes) in &mut found {
        let sockets = |all: Vec<u64>| all.iter().map(|inode| tables.socket(*inode)).collect();
        process.sockets = inodes.take().map(sockets);
    }
    found.into_iter().map(|(process, _)| process).collect()
}

/// Looks at one process and at its sockets' inodes; `None` if it runs another program or has just
/// ended.
fn look(places: &Places, pid: u32) -> Option<(Process, Option<Vec<u64>>)> {
    let own = |rest: &str| format!("proc/{pid}/{rest}");
    let comm = places.text(&own("comm")).ok()?;
    let link = fs::read_link(places.path(&own("exe"))).ok();
    let shown = link
        .as_ref()
        .map(|link| link.to_string_lossy().into_owned());
    let program = shown.as_deref().map(text::without_deleted);
    let name = match &program {
        Some((path, _)) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        None => comm.clone(),
    };
    // The starter runs the till's program and has a name of its own.
    if !PROGRAMS.contains(&name.as_str()) || comm == "starter" {
        return None;
    }
    let told = places.text(&own("status")).ok()?;
    let status = text::Fields::new(&told);
    let user = status.number("Uid", 1, 10).and_then(to_u32);
    let mut process = Process {
        name,
        pid,
        parent: status.number("PPid", 0, 10).and_then(to_u32).unwrap_or(0),
        program: program.map(|(path, _)| path.into()),
        replaced: program.map(|(_, replaced)| replaced),
        arguments: arguments(places, pid),
        user,
        no_new_privileges: status.number("NoNewPrivs", 0, 10).map(|set| set == 1),
        seccomp: status.number("Seccomp", 0, 10).and_then(to_u32),
        capabilities: text::capabilities(&status),
        umask: status.number("Umask", 0, 8).and_then(to_u32),
        locked_kib: status.number("VmLck", 0, 10),
        swapped_kib: status.number("VmSwap", 0, 10),
        tracer: status.number("TracerPid", 0, 10).and_then(to_u32),
        ..Process::default()
    };
    let limits = places.text(&own("limits")).ok();
    process.core_limit_zero = limits.as_deref().and_then(text::core_limit_zero);
    let filter = places.text(&own("coredump_filter")).ok();
    process.dump_filter_empty = filter.map(|bits| bits.bytes().all(|digit| digit == b'0'));
    // The kernel gives the files of a process that is not dumpable to root.
    let owner = fs::metadata(places.path(&own("environ"))).map(|found| found.uid());
    process.dumpable = match (owner, user) {
        (Ok(owner), Some(user)) if user != 0 => Some(owner == user),
        _ => None,
    };
    process.variables = places
        .text(&own("environ"))
        .ok()
        .map(|all| text::variables(&all));
    process.code = places
        .text(&own("maps"))
        .ok()
        .map(|lines| maps::read(places, &lines));
    let inodes = descriptors(places, &mut process);
    Some((process, inodes))
}

fn arguments(places: &Places, pid: u32) -> Vec<String> {
    let line = places.text(&format!("proc/{pid}/cmdline"));
    let line = line.unwrap_or_default();
    line.split('\0').map(str::to_owned).collect()
}

/// Fills in the open files; the inodes of its sockets, if its descriptors may be seen.
fn descriptors(places: &Places, process: &mut Process) -> Option<Vec<u64>> {
    let folder = places.path(&format!("proc/{}/fd", process.pid));
    let numbers = names(&folder).ok()?;
    let (mut inodes, mut files) = (Vec::new(), Vec::new());
    for number in numbers.iter().take(MAX_DESCRIPTORS) {
        let Ok(target) = fs::read_link(folder.join(number)) else {
            continue;
        };
        let shown = target.to_string_lossy();
        let standard = number.parse().is_ok_and(|number: u32| number <= STANDARD);
        if let Some(inode) = text::socket_inode(&shown) {
            inodes.push(inode);
        } else if shown.starts_with('/') && !standard {
            files.push(text::without_deleted(&shown).0.into());
        }
    }
    process.files = Some(files);
    Some(inodes)
}

fn to_u32(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_socket_that_another_process_of_the_till_made_is_known_by_its_tables() {
        let root = TempDir::new().expect("a folder");
        let process = |pid: u32, name: &str, unix: &str, inode: u64| {
            let folder = root.path().join(format!("proc/{pid}"));
            fs::create_dir_all(folder.join("net")).expect("a folder");
            fs::create_dir(folder.join("fd")).expect("a folder");
            for (file, text) in [("comm", name), ("status", "Uid:\t930\t930\n")] {
                fs::write(folder.join(file), format!("{text}\n")).expect("written");
            }
            let table = format!("Num RefCount Protocol Flags Type St Inode Path\n{unix}\n");
            fs::write(folder.join("net/unix"), table).expect("written");
            symlink(format!("/usr/lib/sealpoint/{name}"), folder.join("exe")).expect("linked");
            symlink(format!("socket:[{inode}]"), folder.join("fd/0")).expect("linked");
        };
        // The kernel puts what a listener accepts into the name space of who connected.
        let accepted = "0: 00000003 00000000 00000000 0001 03 77 /run/sealpoint-lane.sock";
        process(10, "till", accepted, 77);
        process(20, "lane", "", 77);
        process(30, "uplink", "", 78);
        let found = gather(&Places::at(root.path()));
        let families = |name: &str| {
            let one = found.iter().find(|process| process.name == name);
            let sockets = one.expect("it was found").sockets.as_ref();
            let sockets = sockets.expect("they were seen").iter();
            sockets.map(|socket| socket.family).collect::<Vec<_>>()
        };
        assert_eq!(families("till"), [Family::Unix]);
        assert_eq!(families("lane"), [Family::Unix]);
        assert_eq!(families("uplink"), [Family::Unknown], "in nobody's table");
    }
}
