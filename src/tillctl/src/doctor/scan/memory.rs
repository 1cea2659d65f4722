//! The memory of running processes, as a RAM scraper would read it.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

use super::{
    report::{Report, Searched},
    search::{Found, Search},
};

/// The till's programs.
const PROGRAMS: [&str; 3] = ["till", "lane", "uplink"];
/// Processes that are searched in one run, at most.
const MAX_PROCESSES: usize = 256;
/// Mappings of one process.
const MAX_MAPPINGS: usize = 65_536;
/// What the kernel shows of itself in every process, and does not let be read.
const KERNELS_OWN: [&str; 4] = ["[vvar]", "[vvar_vclock]", "[vsyscall]", "[vectors]"];

/// A process that is searched.
struct Process {
    pid: u32,
    name: String,
    passes: u64,
    mappings: u64,
    bytes: u64,
}

/// A part of a process's memory.
struct Mapping {
    begin: u64,
    end: u64,
    name: String,
}

/// Searches memory once, or again and again for so long. Stops when every process has ended.
pub fn search(
    search: &Search,
    pids: &[u32],
    for_long: Option<Duration>,
    start: Instant,
    report: &mut Report,
) {
    let mut processes: Vec<Process> = Vec::new();
    let mut refused = BTreeSet::new();
    let begin = Instant::now();
    loop {
        let now = if pids.is_empty() {
            running()
        } else {
            pids.to_vec()
        };
        let mut alive = false;
        for pid in now {
            if refused.contains(&pid) {
                continue;
            }
            let at = match processes.iter().position(|process| process.pid == pid) {
                Some(at) => at,
                None if processes.len() < MAX_PROCESSES => {
                    let name = name(pid).unwrap_or_else(|| "process".to_owned());
                    processes.push(Process {
                        pid,
                        name,
                        passes: 0,
                        mappings: 0,
                        bytes: 0,
                    });
                    processes.len() - 1
                }
                None => continue,
            };
            let process = &mut processes[at];
            let label = format!("{} (process {pid})", process.name);
            match pass(search, pid, &mut |mapping, hit| {
                report.found(&format!("{label} {mapping}"), hit, start.elapsed());
            }) {
                Ok(passed) => {
                    alive = true;
                    process.passes += 1;
                    process.mappings = passed.mappings;
                    process.bytes += passed.bytes;
                    for mapping in passed.unread {
                        let why = "The kernel does not let this mapping be read.";
                        report.gap(format!("{label} {mapping}"), why);
                    }
                }
                Err(why) if has_gone(&why) && process.passes > 0 => {}
                Err(why) => {
                    refused.insert(pid);
                    let why = format!("Its memory cannot be read ({why}). Run as root.");
                    report.gap(label, why);
                }
            }
        }
        let over = for_long.is_none_or(|long| begin.elapsed() >= long);
        // Without names, a till may still start; with them, nothing more can come.
        if over || (!alive && (!pids.is_empty() || processes.is_empty())) {
            break;
        }
    }
    if processes.is_empty() {
        report.left_out("memory", "No till, lane or uplink runs.");
    }
    for process in processes.iter().filter(|process| process.passes > 0) {
        report.searched.push(Searched {
            kind: "memory",
            name: format!("{} (process {})", process.name, process.pid),
            parts: process.mappings,
            bytes: process.bytes,
            passes: process.passes,
        });
    }
}

/// What one pass over a process came to.
#[derive(Default)]
pub struct Passed {
    /// Mappings that were read.
    pub mappings: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Mappings that could not be read though they are there.
    pub unread: Vec<String>,
}

/// Searches every readable mapping of a process once.
pub fn pass(search: &Search, pid: u32, found: &mut dyn FnMut(&str, Found)) -> io::Result<Passed> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let all = mappings(pid)?;
    if all.is_empty() {
        // Ended, and not waited for yet.
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut passed = Passed::default();
    let mut pieces = search.pieces(false);
    for mapping in &all {
        pieces.jump(mapping.begin);
        let mut at = mapping.begin;
        let mut found = |hit: Found| found(&mapping.name, hit);
        let mut whole = true;
        while at < mapping.end {
            let room = pieces.room();
            let left = usize::try_from(mapping.end - at).unwrap_or(usize::MAX);
            let len = room.len().min(left);
            match memory.read_at(&mut room[..len], at) {
                Ok(read @ 1..) => {
                    pieces.searched(read, &mut found);
                    at += read as u64;
                    passed.bytes += read as u64;
                }
                Ok(_) | Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        pieces.end(&mut found);
        passed.mappings += 1;
        if !whole && still_there(pid, mapping) {
            passed.unread.push(mapping.name.clone());
        }
    }
    Ok(passed)
}

/// Whether a mapping that could not be read is still what it was.
fn still_there(pid: u32, wanted: &Mapping) -> bool {
    mappings(pid).unwrap_or_default().iter().any(|mapping| {
        mapping.begin <= wanted.begin && mapping.end >= wanted.end && mapping.name == wanted.name
    })
}

/// The mappings that can be read (proc_pid_maps(5)).
fn mappings(pid: u32) -> io::Result<Vec<Mapping>> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let parsed = maps.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (begin, end) = words.next()?.split_once('-')?;
        let rights = words.next()?;
        let name = words.skip(3).collect::<Vec<_>>().join(" ");
        let readable = rights.starts_with('r') && !KERNELS_OWN.contains(&name.as_str());
        readable.then_some(Mapping {
            begin: u64::from_str_radix(begin, 16).ok()?,
            end: u64::from_str_radix(end, 16).ok()?,
            name: if name.is_empty() {
                "[anonymous]".to_owned()
            } else {
                name
            },
        })
    });
    Ok(parsed.take(MAX_MAPPINGS).collect())
}

/// Every till, lane and uplink that runs.
fn running() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let ours =
        pids.filter(|pid: &u32| name(*pid).is_some_and(|name| PROGRAMS.contains(&name.as_str())));
    ours.take(MAX_PROCESSES).collect()
}

/// The name of a process's program: of its file, or where that is not shown, its own.
fn name(pid: u32) -> Option<String> {
    let program = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let file = program.as_deref().and_then(Path::file_name);
    let name = match file {
        Some(file) => file.to_string_lossy().into_owned(),
        None => fs::read_to_string(format!("/proc/{pid}/comm")).ok()?,
    };
    let name = name.trim().trim_end_matches(" (deleted)");
    Some(name.chars().filter(|c| !c.is_control()).collect())
}

fn has_gone(why: &io::Error) -> bool {
    const ESRCH: i32 = 3;
    why.kind() == io::ErrorKind::NotFound || why.raw_os_error() == Some(ESRCH)
}
