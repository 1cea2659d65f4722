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

/// Every capability that it has or may regain (capabilities(7)). From the bounding set comes nothing
/// without new privileges, and a process that a unit starts as an ordinary user cannot empty it.
pub fn capabilities(status: &Fields<'_>) -> Option<u64> {
    let gains_none = status.number("NoNewPrivs", 0, 10) == Some(1);
    ["CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"]
        .into_iter()
        .filter(|set| !(gains_none && *set == "CapBnd"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounding_set_counts_where_new_privileges_may_be_gained() {
        let status = |nnp: u8, effective: u8, bounding: &str| {
            let others = "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n\
                          CapAmb:\t0000000000000000\n";
            let text = format!(
                "{others}CapEff:\t000000000000000{effective}\nCapBnd:\t{bounding}\n\
                 NoNewPrivs:\t{nnp}\n"
            );
            capabilities(&Fields::new(&text))
        };
        // An ordinary user's process, with all it may take from itself.
        assert_eq!(status(1, 0, "000001ffffffffff"), Some(0));
        assert_eq!(status(0, 0, "000001ffffffffff"), Some(0x1ff_ffff_ffff));
        assert_eq!(status(1, 2, "0000000000000000"), Some(2));
        assert_eq!(capabilities(&Fields::new("NoNewPrivs:\t1\n")), None);
    }
}
