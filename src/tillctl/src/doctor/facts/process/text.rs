//! What the files in `/proc/PID` say (proc(5)).

/// At most this many variables of one process.
const MAX_VARIABLES: usize = 512;
/// The kernel's mark behind the name of a file that is gone.
const DELETED: &str = " (deleted)";

/// `Name:<tab>values` lines, as in `/proc/PID/status`.
pub struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    /// The lines of a file.
    pub const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The value in that column of the line that is called so.
    pub fn number(&self, name: &str, column: usize, radix: u32) -> Option<u64> {
        let line = self.0.lines().find_map(|line| {
            let (found, values) = line.split_once(':')?;
            (found == name).then_some(values)
        })?;
        let value = line.split_whitespace().nth(column)?;
        u64::from_str_radix(value, radix).ok()
    }
}

/// Every capability in any of the five sets (capabilities(7)).
pub fn capabilities(status: &Fields<'_>) -> Option<u64> {
    ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]
        .into_iter()
        .map(|set| status.number(set, 0, 16))
        .try_fold(0, |all, set| set.map(|set| all | set))
}

/// Whether both core limits in `/proc/PID/limits` are 0.
pub fn core_limit_zero(limits: &str) -> Option<bool> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"))?;
    let mut values = line.split_whitespace();
    Some(values.next()? == "0" && values.next()? == "0")
}

/// The names in `/proc/PID/environ`.
pub fn variables(environ: &str) -> Vec<String> {
    environ
        .split('\0')
        .filter_map(|entry| entry.split_once('='))
        .map(|(name, _)| name.chars().take(80).collect())
        .take(MAX_VARIABLES)
        .collect()
}

/// The inode of a socket, from where a descriptor leads: `socket:[4711]`.
pub fn socket_inode(target: &str) -> Option<u64> {
    let inode = target.strip_prefix("socket:[")?.strip_suffix(']')?;
    inode.parse().ok()
}

/// A path without the mark of a file that is gone, and whether it had it.
pub fn without_deleted(path: &str) -> (&str, bool) {
    match path.strip_suffix(DELETED) {
        Some(path) => (path, true),
        None => (path, false),
    }
}
