//! The processes of a shop by name, their threads, and their end.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What may be killed.
pub const TARGETS: [&str; 5] = ["till", "lane", "uplink", "collector", "hostsim"];

/// What lasts and what is said: every call by which a process changes a file that may survive it, or
/// tells another process something.
const LASTING: &str = "write,writev,pwrite64,pwritev,sendto,sendmsg,fsync,fdatasync,ftruncate,rename,\
renameat,renameat2,link,linkat,unlink,unlinkat";

/// Starting a tracer takes less than this, and so does dying.
const PATIENCE: Duration = Duration::from_secs(20);

/// The process of that name that was started for this folder.
pub fn pid_of(name: &str, folder: &Path) -> Option<u32> {
    let folder = folder.to_string_lossy();
    let processes = fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let mut found = processes.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let line = fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let comm = fs::read_to_string(entry.path().join("comm")).ok()?;
        (comm.trim_end() == name && line.contains(&*folder) && is_alive(pid)).then_some(pid)
    });
    found.next()
}

/// Whether the process runs: one that was killed and not waited for does not.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some(None | Some('Z' | 'X')))
}

/// The threads of a process, oldest first, with their names.
pub fn threads_of(pid: u32) -> Vec<(u32, String)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let mut threads: Vec<(u32, String)> = tasks
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = fs::read_to_string(entry.path().join("comm")).ok()?;
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                name.trim_end().to_owned(),
            ))
        })
        .collect();
    threads.sort_unstable();
    threads
}

/// SIGKILL; comes back when the process is dead.
pub fn kill(pid: u32) {
    let _ = Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    let end = Instant::now() + PATIENCE;
    while is_alive(pid) && Instant::now() < end {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A tracer; it lets go when it is dropped.
pub struct Tracer(Child);

impl Tracer {
    /// Kills the process of these threads as one of them begins its `nth` call of that name, before
    /// the call is done (strace(1), `inject`: it counts for each thread and each call). `with_new`:
    /// threads that come later count too.
    pub fn at_call(call: &str, nth: u32, threads: &[u32], with_new: bool) -> Self {
        let follow: &[&str] = if with_new { &["-f"] } else { &[] };
        let inject = format!("inject={call}:signal=KILL:when={nth}");
        let trace = format!("trace={call}");
        let options = ["-e", &trace, "-e", &inject, "-o", "/dev/null"];
        Self::attach(&[follow, &options].concat(), threads)
    }

    /// Writes each call that lasts of all threads of a process into a file.
    pub fn listing(pid: u32, into: &Path) -> Self {
        let (trace, into) = (format!("trace={LASTING}"), into.to_string_lossy());
        let options = ["-f", "-e", &trace, "-s", "0", "-o", &into];
        Self::attach(&options, &[pid])
    }

    fn attach(options: &[&str], threads: &[u32]) -> Self {
        let mut command = Command::new("strace");
        command
            .args(["-e", "signal=none"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for thread in threads {
            command.args(["-p", &thread.to_string()]);
        }
        let child = command
            .spawn()
            .expect("strace is there: `cargo xtask test` installs it");
        let end = Instant::now() + PATIENCE;
        while !threads.iter().all(|thread| is_traced(*thread)) {
            assert!(
                Instant::now() < end,
                "strace does not attach to {threads:?}"
            );
            thread::sleep(Duration::from_millis(2));
        }
        Self(child)
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // SIGTERM has it detach; killed, it would leave threads stopped.
        let _ = Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .stderr(Stdio::null())
            .status();
        let _ = self.0.wait();
    }
}

fn is_traced(thread: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    let tracer = status
        .lines()
        .find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|pid| pid.trim() != "0")
}
