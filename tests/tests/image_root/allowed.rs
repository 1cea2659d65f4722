//! The lists of what stays: one thing a line, then why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A list: what is allowed, each with its reason.
#[derive(Debug, Default, Clone)]
pub struct Allowed {
    lines: BTreeMap<String, String>,
}

impl Allowed {
    /// Reads `packaging/image/allowed/NAME.txt`.
    pub fn read(folder: &Path, name: &str) -> Result<Self, String> {
        let path = folder.join(format!("{name}.txt"));
        let text = fs::read_to_string(&path)
            .map_err(|why| format!("{} cannot be read: {why}", path.display()))?;
        Self::parse(&text).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// One thing a line, a run of blanks, the reason. `#` begins a comment line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((what, why)) = line.split_once(char::is_whitespace) else {
                return Err(format!("line {}: no reason is given", number + 1));
            };
            if lines
                .insert(what.to_owned(), why.trim().to_owned())
                .is_some()
            {
                return Err(format!("line {}: {what} a second time", number + 1));
            }
        }
        Ok(Self { lines })
    }

    /// What is there and not on the list, and what is on the list and not there.
    ///
    /// A line whose last character is `*` stands for everything that begins so. A reason that begins
    /// with a bracket says on what it depends: such a line may be without its thing.
    pub fn compare<'a>(&self, what: &str, there: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let mut met = BTreeMap::new();
        let mut faults = vec![];
        for one in there {
            let line = self.lines.keys().find(|line| covers(line, one));
            match line {
                Some(line) => {
                    met.insert(line.as_str(), ());
                }
                None => faults.push(format!("{one}: {what} that is not on the list")),
            }
        }
        let stale = self
            .lines
            .iter()
            .filter(|(line, why)| !met.contains_key(line.as_str()) && !why.starts_with('('));
        faults
            .extend(stale.map(|(line, _)| format!("{line}: on the list of {what}s and not there")));
        faults
    }
}

fn covers(line: &str, one: &str) -> bool {
    match line.strip_suffix('*') {
        Some(start) => one.starts_with(start),
        None => line == one,
    }
}
